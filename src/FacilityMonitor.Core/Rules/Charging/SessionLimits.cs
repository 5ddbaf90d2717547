namespace FacilityMonitor.Rules;

/// <summary>The numbers by which a session and the stages of its curve are told apart. They are those of real piles, see the members.</summary>
/// <param name="FullW">Below this a battery takes what a full one takes, W: 15 on JUY boards, 5 to 45 on others, so a device's registry entry may say otherwise.</param>
internal readonly record struct SessionLimits(float FullW)
{
    /// <summary>A socket that stayed below this never had a load, W: the pile's own test for a blown fuse (X10P).</summary>
    public const float LoadW = 7;

    /// <summary>At or below this nothing is plugged in, W (X10P).</summary>
    public const float UnpluggedW = 1.5f;

    /// <summary>… for this long, ms (X10P: 300 s).</summary>
    public const int UnpluggedMs = 300_000;

    /// <summary>… and this long while the device itself still says that it charges, ms: later X10P firmware waits 10 min, we three times that. Our choice.</summary>
    public const int UnpluggedAgainstWordMs = 1_800_000;

    /// <summary>Least samples without a load that prove it. Our choice: one zero is a lost measurement.</summary>
    public const int UnpluggedSamples = 3;

    /// <summary>A full battery's power changes no more than this, W (X10P).</summary>
    public const float FullBandW = 6;

    /// <summary>… for this long, ms (X10P: 45 min for those who pay by the hour).</summary>
    public const int FullHoldMs = 45 * 60_000;

    /// <summary>A full battery that draws more than this again has started again, W (DESIGN §5).</summary>
    public const float RestartW = 20;

    /// <summary>At this share of the peak and above the current is constant.</summary>
    public const float ConstantShare = 0.8f;

    /// <summary>Below this share of the peak it is nearly full: chargers show green at about a tenth of their current, and what an old lead-acid pack takes for hours after that heats nothing.</summary>
    public const float TrickleShare = 0.1f;

    /// <summary>A fall below this share and a return above <see cref="ConstantShare"/> is the next pack (Bosch pairs dip to half).</summary>
    public const float DipShare = 0.6f;

    /// <summary>Least length of a stage that counts for the shape, ms. Our choice: warm-up and a plug that is moved are shorter.</summary>
    public const int StageMs = 600_000;

    /// <summary>A curve whose peak is that early and whose constant stage is no longer than twice this began in its taper, ms: constant current climbs, its peak is at its end.</summary>
    public const int EarlyPeakMs = 900_000;

    /// <summary>A start that is told this long after the load was seen belongs to it, ms: piles wait up to 120 s for the plug, and a report may be as old as a period of 180 s.</summary>
    public const long StartSlackMs = 300_000;

    /// <summary>After the device said that a session is over, its readings may lag this long, ms. Our choice: one usual period and a half.</summary>
    public const long LagMs = 90_000;

    /// <summary>Without any sign for this long a session is given up, ms: firmware forces an end after 24 h (X10P).</summary>
    public const long LostMs = 24 * 3_600_000L;

    /// <summary>Within this time of its end a session without a name takes a settlement that bears one, ms: piles send it again after an outage, up to 8 times. Our choice.</summary>
    public const long SettleMs = 2 * 3_600_000L;

    /// <summary>What holds where nobody says otherwise.</summary>
    public static SessionLimits Default => new(15);
}

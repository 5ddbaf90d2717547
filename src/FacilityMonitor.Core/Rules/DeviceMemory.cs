using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>A circuit that a channel's current flows into.</summary>
internal readonly record struct Feed(int Circuit, int Slot);

/// <summary>What is known of one channel of a device.</summary>
internal struct ChannelMemory
{
    public ChannelId Channel;

    /// <summary>Whether <see cref="OffWatches"/> wants its readings.</summary>
    public bool IsWatched;

    /// <summary>Its first track; the others follow, one a rule. -1: no rule judges it.</summary>
    public int FirstTrack;

    /// <summary>Circuits its current is part of.</summary>
    public Feed[] Feeds;

    /// <summary>Last counter of energy, Wh, and when, for a channel that tells neither current nor power.</summary>
    public double Wh;

    public long WhMs;
}

/// <summary>A rule with its limits for one device.</summary>
internal readonly record struct ChannelPlan(ChannelRule Rule, Grade[] Grades);

/// <summary>What one site's engine knows of one device.</summary>
internal sealed class DeviceMemory(int place, DeviceId id, RegisteredDevice? registered)
{
    /// <summary>Longest time without a gap where nobody contributes yet, ms.</summary>
    public const long GapMsDefault = 180_000;

    private ChannelMemory[] _channels = [];

    public int Place => place;

    public DeviceId Id => id;

    public RegisteredDevice? Registered => registered;

    public required ChannelPlan[] Plans { get; init; }

    /// <summary>Limits of <see cref="WeldedRelay"/>.</summary>
    public required Grade[] Welded { get; init; }

    /// <summary>Whether somebody may be on it.</summary>
    public bool CarriesPeople { get; } = registered?.Entry.Kind is DeviceKind.Climber or DeviceKind.LiftBlocker;

    public required long OfflineHoldMs { get; init; }

    public required SilenceLimits Silence { get; init; }

    /// <summary>Gateway's place in the site; null: none, or not seen yet.</summary>
    public DeviceMemory? Gateway { get; set; }

    public Presence Presence { get; set; }

    public long PresenceMs { get; set; }

    public long HeardMs { get; set; }

    /// <summary>As its birth promised; 0: it promised nothing.</summary>
    public long BirthPeriodMs { get; set; }

    public long BirthBd { get; set; } = -1;

    public BootId BirthBoot { get; set; }

    /// <summary>Boot and highest number of its live messages, and the newest instant they were judged at; shows a clock that was set back.</summary>
    public BootId LiveBoot { get; set; }

    public long LiveSeq { get; set; } = -1;

    public long LiveMs { get; set; }

    public AbsenceMemory Offline;

    public AbsenceMemory Silent;

    /// <summary>When it was last back from an absence; children of a gateway wait for 60 s after it.</summary>
    public long BackMs { get; set; }

    /// <summary>The registry's word goes before the device's; 0: not supervised.</summary>
    public long PeriodMs => registered?.Entry.PeriodS is { } seconds ? (long)(seconds * 1000) : BirthPeriodMs;

    public long GapMs => 3 * UsualMs;

    public long NoDataMs => 5 * UsualMs;

    private long UsualMs => PeriodMs > 0 ? PeriodMs : DialectPeriods.DefaultMs(id.Dialect);

    public int ChannelCount { get; private set; }

    public Span<ChannelMemory> Channels => _channels.AsSpan(0, ChannelCount);

    /// <summary>Place of a channel, or -1. Messages list channels in the same order every time, so the guess is nearly always right.</summary>
    public int Find(ChannelId channel, int guess)
    {
        if ((uint)guess < (uint)ChannelCount && _channels[guess].Channel == channel)
            return guess;
        for (var index = 0; index < ChannelCount; index++)
        {
            if (_channels[index].Channel == channel)
                return index;
        }

        return -1;
    }

    public int Add(ChannelMemory channel)
    {
        if (ChannelCount == _channels.Length)
            Array.Resize(ref _channels, ChannelCount == 0 ? Math.Max(1, registered?.Entry.Sockets ?? 1) : ChannelCount * 2);
        _channels[ChannelCount] = channel;
        return ChannelCount++;
    }
}

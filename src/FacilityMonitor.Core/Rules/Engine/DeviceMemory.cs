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

    /// <summary>Nobody told how warm it is.</summary>
    public const sbyte WarmthUnknown = sbyte.MinValue;

    // Two answers in one byte: with a byte more every idle socket would cost eight.
    private Marks _marks;

    /// <summary>How warm it last was, whole °C: enough to compare it with its neighbours. <see cref="WarmthUnknown"/> again when that was too long ago, see <see cref="DeviceMemory.WarmMs"/>.</summary>
    public sbyte WarmthC;

    /// <summary>Its first track; the others follow, one a rule of <see cref="ChannelForm.Graded"/>.</summary>
    public int FirstTrack;

    /// <summary>Whether <see cref="OffWatches"/> wants its readings.</summary>
    public bool IsWatched
    {
        readonly get => (_marks & Marks.Watched) != 0;
        set => _marks = value ? _marks | Marks.Watched : _marks & ~Marks.Watched;
    }

    /// <summary>Whether <see cref="WarmthC"/> was told before <see cref="DeviceMemory.WarmMs"/>.</summary>
    public bool IsWarmthOld
    {
        readonly get => (_marks & Marks.WarmthOld) != 0;
        set => _marks = value ? _marks | Marks.WarmthOld : _marks & ~Marks.WarmthOld;
    }

    /// <summary>Which rules judge it.</summary>
    public ChannelForm Form;

    /// <summary>What rules with a state of their own remember of it; null: nothing, as of most channels that are not in use.</summary>
    public Timeline? Watches;

    /// <summary>Its part in the load of circuits; null: none.</summary>
    public Wiring? Wiring;

    [Flags]
    private enum Marks : byte
    {
        None = 0,
        Watched = 1,
        WarmthOld = 2,
    }
}

/// <summary>What a channel is to the circuits its current is part of.</summary>
internal sealed class Wiring
{
    public Feed[] Feeds { get; set; } = [];

    /// <summary>Of a channel that tells neither current nor power: its counter of energy; null: it never told one alone.</summary>
    public CounterSlope? Counter { get; set; }
}

/// <summary>A rule with its limits for one device.</summary>
internal readonly record struct ChannelPlan(ChannelRule Rule, Grade[] Grades);

/// <summary>A rule with a state of its own, with its limits for one subject.</summary>
internal readonly record struct StatePlan(StateRule Rule, object Limits);

/// <summary>The rules that judge a channel, with their limits. Channels of which the same holds share one.</summary>
internal sealed class ChannelForm(ChannelPlan[] graded, StatePlan[] states)
{
    public ChannelPlan[] Graded { get; } = graded;

    public StatePlan[] States { get; } = states;

    /// <summary>Metrics by which one of <see cref="States"/> may begin to remember.</summary>
    public MetricSet Metrics { get; } = new(states.Aggregate(0UL, (bits, plan) => bits | plan.Rule.Metrics.Bits));

    private readonly MetricSet[] _wakeMetrics = [.. states.Select(plan => plan.Rule.IsWokenByReadings(plan.Limits) ? plan.Rule.Metrics : default)];

    private readonly (Metric Metric, double AtLeast)?[] _wakesFrom = [.. states.Select(plan => plan.Rule.WakesFrom)];

    /// <summary>Whether a reading may wake one of <see cref="States"/>: what nearly every reading of an idle channel is asked, and denies.</summary>
    public bool MayWake(in Values values)
    {
        for (var plan = 0; plan < _wakesFrom.Length; plan++)
        {
            if (MayWake(plan, values))
                return true;
        }

        return false;
    }

    public bool MayWake(int plan, in Values values) => _wakesFrom[plan] is { } from
        ? values.TryGet(from.Metric, out var value) && value >= from.AtLeast
        : _wakeMetrics[plan].Overlaps(values.Present);

    public EventSet Events { get; } = new(states.Aggregate(0U, (bits, plan) => bits | plan.Rule.Events.Bits));

    public bool IsSame(ChannelForm other) => States.AsSpan().SequenceEqual(other.States) && Graded.Length == other.Graded.Length
        && Graded.Zip(other.Graded).All(pair => pair.First.Rule == pair.Second.Rule && pair.First.Grades.AsSpan().SequenceEqual(pair.Second.Grades));

    /// <summary>Place among <see cref="Graded"/> of the rule that keeps a socket's newest power; -1: it is no socket.</summary>
    public int SocketTrack { get; } = Array.FindIndex(graded, plan => plan.Rule == SocketOverload.Instance);

    public int TrackOf(ChannelRule rule) => Array.FindIndex(Graded, plan => plan.Rule == rule);
}

/// <summary>Limits of the rules about a device that are no channel's. Devices of which the same holds share one.</summary>
internal sealed class DeviceForm
{
    /// <summary>Of <see cref="WeldedRelay"/>.</summary>
    public required Grade[] Welded { get; init; }

    /// <summary>Of <see cref="Offline"/>.</summary>
    public required long OfflineHoldMs { get; init; }

    /// <summary>Of <see cref="Silent"/>.</summary>
    public required SilenceLimits Silence { get; init; }

    public required HealthLimits Health { get; init; }

    /// <summary>By what charging sessions are told apart.</summary>
    public required SessionLimits Sessions { get; init; }

    /// <summary>Of each of <see cref="RuleCatalogue.OfSessions"/>, in their order.</summary>
    public required object[] OfSessions { get; init; }

    public bool IsSame(DeviceForm other) => Welded.AsSpan().SequenceEqual(other.Welded) && OfflineHoldMs == other.OfflineHoldMs && Silence == other.Silence
        && Health == other.Health && Sessions == other.Sessions && OfSessions.AsSpan().SequenceEqual(other.OfSessions);
}

/// <summary>What one site's engine knows of one device.</summary>
internal sealed class DeviceMemory(Device self, RegisteredDevice? registered)
{
    /// <summary>Longest time without a gap where nobody contributes yet, ms.</summary>
    public const long GapMsDefault = 180_000;

    private ChannelMemory[] _channels = [];

    // There are as many as devices: a message names three thousand channels at most.
    private ushort _channelCount;

    public int Place => self.Number;

    public DeviceId Id => self.Id;

    /// <summary>The device itself, for facts about its sessions.</summary>
    public Device Self => self;

    /// <summary>Whether people charge at its sockets or slots.</summary>
    public bool HasSessions { get; } = registered?.Entry.Kind is null or DeviceKind.Pile or DeviceKind.Cabinet;

    public RegisteredDevice? Registered => registered;

    /// <summary>What rules with a state of their own remember of it as a whole; null: none judges it.</summary>
    public Timeline? Watches { get; set; }

    /// <summary>Rules about it as the sum of its sockets.</summary>
    public StatePlan[] PilePlans { get; set; } = [];

    /// <summary>Below this sum, W, none of them is near a limit.</summary>
    public float PileNearW { get; set; }

    /// <summary>That sum with its order and memory; null while it is far from any limit.</summary>
    public LoadTrack? Load { get; set; }

    /// <summary>Place of <see cref="DeviceEntry.Place"/> among the site's; -1: it stands directly on the site.</summary>
    public int PlaceNumber { get; } = registered?.Entry.Place is { } id ? registered.Site.Places.Select(place => place.Id).ToList().IndexOf(id) : -1;

    /// <summary>The limits that hold for it.</summary>
    public required DeviceForm Form { get; init; }

    /// <summary>Whether somebody may be on it.</summary>
    public bool CarriesPeople { get; } = registered?.Entry.Kind is DeviceKind.Climber or DeviceKind.LiftBlocker;

    /// <summary>Whether it tells words of its sockets in messages without power: then <see cref="OffWatches"/> keeps them.</summary>
    public bool TellsWordsApart { get; set; }

    /// <summary>Whether rules were shown that it is not heard any more, see <see cref="StateRule.HearsSilence"/>. Not saved: to show it twice changes nothing.</summary>
    public bool IsUnheard { get; set; }

    /// <summary>Whether any of its sockets ever told power or current: then those it leaves out draw nothing.</summary>
    public bool TellsPower { get; set; }

    /// <summary>Gateway's place in the site; null: none, or not seen yet.</summary>
    public DeviceMemory? Gateway { get; set; }

    /// <summary>Circuits whose meter measures its sockets again, as a rule wants to know, and what they draw together, 0.1 W.</summary>
    public Feed[] Below { get; set; } = [];

    public int BelowDeciwatts { get; set; }

    /// <summary>The newest instant that a live message of it told a value of that counts, rounded down to a second, ms; 0: none did.</summary>
    public long SaidMs
    {
        get => _saidS * 1000L;
        set => _saidS = (uint)(value / 1000);
    }

    public bool IsBelow(int circuit)
    {
        foreach (var feed in Below)
        {
            if (feed.Circuit == circuit)
                return true;
        }

        return false;
    }

    public Presence Presence { get; set; }

    public long PresenceMs { get; set; }

    public long HeardMs { get; set; }

    // Small ones where large ones lay: there are as many as devices.
    private uint _birthPeriodMs;
    private uint _saidS;
    private uint _lateUntilS;
    private uint _warmS;

    /// <summary>How warm its channels were is told of by now or a gap before it, as <see cref="ChannelMemory.IsWarmthOld"/> says; rounded down to a second, ms; 0: nobody told. A time for each channel would
    /// cost every idle socket eight bytes.</summary>
    public long WarmMs
    {
        get => _warmS * 1000L;
        set => _warmS = (uint)(value / 1000);
    }

    /// <summary>As its birth promised, 49 days at most; 0: it promised nothing.</summary>
    public long BirthPeriodMs
    {
        get => _birthPeriodMs;
        set => _birthPeriodMs = (uint)Math.Clamp(value, 0, uint.MaxValue);
    }

    public long BirthBd { get; set; } = -1;

    public BootId BirthBoot { get; set; }

    /// <summary>Boot and highest number of its live messages, and the newest instant they were judged at; shows a clock that was set back.</summary>
    public BootId LiveBoot { get; set; }

    public long LiveSeq { get; set; } = -1;

    public long LiveMs { get; set; }

    public AbsenceMemory Offline;

    public AbsenceMemory Silent;

    /// <summary>How well it does its own work.</summary>
    public HealthMemory? Health { get; set; }

    /// <summary>Highest number of its messages in this boot; -1: none yet.</summary>
    public long TopSeq { get; set; } = -1;

    /// <summary>Which of the 32 numbers below it came, the nearest first: a message that comes twice fills no gap.</summary>
    public uint Came { get; set; }

    /// <summary>When it was last back from an absence; children of a gateway wait for 60 s after it.</summary>
    public long BackMs { get; set; }

    /// <summary>Steps that were derived anew for what it said late, see <see cref="LateWork"/>, and until when they count, ms of engine time, rounded up to a second.</summary>
    public int LateSteps { get; set; }

    public long LateUntilMs
    {
        get => _lateUntilS * 1000L;
        set => _lateUntilS = (uint)((value + 999) / 1000);
    }

    /// <summary>The registry's word goes before the device's; 0: not supervised.</summary>
    public long PeriodMs => registered?.Entry.PeriodS is { } seconds ? (long)(seconds * 1000) : BirthPeriodMs;

    public long GapMs => 3 * UsualMs;

    public long NoDataMs => 5 * UsualMs;

    private long UsualMs => PeriodMs > 0 ? PeriodMs : DialectPeriods.DefaultMs(self.Id.Dialect);

    /// <summary>What was told of warmth a gap ago grows old, and what was old already is forgotten: so a word of it counts for one gap at least and two at most.</summary>
    public void AgeWarmth(long atMs)
    {
        var passedMs = atMs - WarmMs;
        if (passedMs < GapMs)
            return;
        WarmMs = atMs;
        foreach (ref var channel in Channels)
        {
            if (channel.IsWarmthOld || passedMs >= 2 * GapMs)
                channel.WarmthC = ChannelMemory.WarmthUnknown;
            channel.IsWarmthOld = true;
        }
    }

    public int ChannelCount => _channelCount;

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
        return _channelCount++;
    }
}

using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>Somebody sits on a stair-climber that stands still on the stairs (|pitch| ≥ 15°): 60 s without a step ring the operator (P1); 180 s, or emergency stop, fault, empty battery or a lost link meanwhile (P0).</summary>
/// <remarks>One that tells no steps is judged by its own word, emergency stop, fault or empty battery alone, and by no clock: most stair-climbers keep one pitch all the way up, so nothing else tells a trip from standing still.
/// A link that is lost takes nothing back: who sat there sits there still, and time goes on. Of one that moved then nobody knows whether it goes on: 60 s without a word of it are P1, 180 s P0.
/// Its link is lost, too, when its gateway is, and when it says nothing for a gap: three of its periods.</remarks>
internal sealed class Stuck : StateRule<Stuck.State, Stuck.StuckLimits>
{
    /// <summary>Below this many steps a minute it stands, 1/min.</summary>
    internal const double StandsSpm = 0.5;

    /// <summary>At or below this its battery is empty, %.</summary>
    private const double EmptyPercent = 3;

    private static readonly RuleSetting PitchDeg = new("pitch_deg", "°", 15, 5, 45, "stairs are 25° to 40°, a ramp or threshold less than 10°; our choice");
    private static readonly RuleSetting HoldS = new("hold_s", "s", 60, 10, 600, "a landing and a word with the passenger; our choice");
    private static readonly RuleSetting UrgentS = new("urgent_s", "s", 180, 20, 1800, "our choice: an old person cannot sit tilted for long");

    private Stuck()
    {
    }

    /// <summary>The rule.</summary>
    public static Stuck Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "stuck";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("爬楼机载人停在楼梯上", "Stair-climber stuck with a passenger");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new(
        "有人、倾斜 15° 以上、60 秒没有动：P1（呼叫操作员）；180 秒，或期间急停、故障、没电、失联：P0；移动中失联按没有动计时；所属网关离线、3 个周期没有消息也算失联",
        "Occupied, pitched by 15° and no step for 60 s: P1, ring the operator; for 180 s, or with an emergency stop, a fault, an empty battery or a lost link meanwhile: P0; one whose link is lost while it moves counts as standing; a lost gateway or three periods of silence are a lost link");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [PitchDeg, HoldS, UrgentS];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("乘坐的老人悬在楼梯上，可能惊慌或自行起身跌落", "The passenger hangs on the stairs and may panic, get up and fall");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("马上打操作员电话，不通就派人去", "Ring the operator at once; send somebody if there is no answer"),
        new("到场先稳住人，两人扶稳，不要松开安全带", "Calm the passenger, hold the machine with two people, keep the belt closed"),
        new("动不了就打 119 请求救援", "If it cannot move, call 119 for help"),
    ];

    /// <inheritdoc/>
    public override SubjectKind Subject => SubjectKind.Device;

    /// <inheritdoc/>
    internal override MetricSet Metrics { get; } = MetricSet.Of(Metric.Occupied, Metric.Pitch, Metric.Spm, Metric.EStop, Metric.Batt);

    /// <inheritdoc/>
    internal override EventSet Events { get; } = EventSet.Of(EventKind.EStop, EventKind.TripEnd);

    internal override bool HearsPresence => true;

    internal override bool HearsSilence => true;

    /// <inheritdoc/>
    internal override bool HearsWords => true;

    /// <inheritdoc/>
    internal override int StateVersion => 2;

    internal override bool IsTimed => true;

    /// <inheritdoc/>
    internal override bool NeedsData => false;

    internal override bool AppliesTo(in Subject subject) => subject.Device?.Kind == DeviceKind.Climber;

    internal override StuckLimits LimitsFor(in Subject subject, SettingScopes scopes) =>
        new(scopes.Value(this, PitchDeg), (long)(scopes.Value(this, HoldS) * 1000), (long)(scopes.Value(this, UrgentS) * 1000));

    internal override void Step(ref State state, in Sight sight, StuckLimits limits)
    {
        switch (sight.Kind)
        {
            case SightKind.Presence:
                state.IsAway = sight.Presence != Presence.Online;
                // Not one that sleeps or was shut down: somebody did that, or it said so itself.
                state.IsLost |= sight.Presence == Presence.Offline;
                break;
            case SightKind.Event when sight.IsEvent(EventKind.TripEnd):
                state = default;
                break;
            case SightKind.Event:
                state.IsStopped = sight.Event!.On != false;
                if (state.IsStopped)
                    state.Spm = 0;
                break;
            case SightKind.Reading:
                Read(ref state, sight);
                break;
            case SightKind.Load:
            case SightKind.Finding:
            case SightKind.Boot:
                break;
        }

        // After every sight: a stop may be the last word before the link is lost.
        var stands = state.IsOccupied && Math.Abs(state.PitchDeg) >= limits.PitchDeg && state.Stands;
        if (!stands)
            state.SinceMs = 0;
        else if (state.SinceMs == 0)
            state.SinceMs = sight.AtMs;
    }

    private static void Read(ref State state, in Sight sight)
    {
        (state.IsAway, state.IsLost) = (false, false);
        // A metric that is missing says nothing: the last word of it holds.
        if (sight.Values.Has(Metric.Occupied))
            state.IsOccupied = sight.Values.Is(Metric.Occupied);
        if (sight.Values.TryGet(Metric.Pitch, out var pitch))
            state.PitchDeg = (float)pitch;
        if (sight.Values.Has(Metric.EStop))
            state.IsStopped = sight.Values.Is(Metric.EStop);
        if (sight.Values.TryGet(Metric.Batt, out var percent))
            state.IsEmpty = percent <= EmptyPercent;
        if (sight.State is { } word)
            state.IsFaulty = word is "fault" or "error" or "jammed";
        if (sight.State is { } own)
            state.SaysItStands = own is "stopped" or "standing" or "paused" or "stuck";
        if (sight.Values.TryGet(Metric.Spm, out var spm))
            (state.Spm, state.HasSpm) = ((float)Math.Abs(spm), true);
        else if (SaysStop(state, sight))
            state.Spm = 0;
    }

    /// <summary>Whether this very reading says that it stands or cannot move: the steps that were told before are over then.</summary>
    private static bool SaysStop(in State state, in Sight sight) =>
        sight.Values.Is(Metric.EStop) || (sight.Values.Has(Metric.Batt) && state.IsEmpty) || (sight.State is not null && (state.IsFaulty || state.SaysItStands));

    internal override Verdict Judge(in State state, StuckLimits limits, long nowMs)
    {
        if (state.SinceMs == 0)
            return Verdict.Normal;
        var ms = nowMs - state.SinceMs;
        var isUrgent = ms >= limits.UrgentMs || (state.Reason is not (StuckReason.Time or StuckReason.Unseen) && ms >= Math.Min(limits.HoldMs, limits.UrgentMs));
        return Verdict.When(ms >= Math.Min(limits.HoldMs, limits.UrgentMs), isUrgent ? Priority.P0 : Priority.P1, state.SinceMs);
    }

    internal override LocalText Explain(in State state, StuckLimits limits, in Telling telling, SortedDictionary<string, object> evidence)
    {
        if (state.SinceMs == 0)
            return new LocalText("又动了，或人已下来", "it moves again, or the passenger is off");
        var seconds = (telling.NowMs - state.SinceMs) / 1000;
        evidence["pitch_deg"] = Math.Round((double)state.PitchDeg, 1);
        evidence["still_s"] = seconds;
        var (zh, en) = state.Reason switch
        {
            StuckReason.EmergencyStop => ("，急停已按下", ", emergency stop pressed"),
            StuckReason.Fault => ("，设备报故障", ", it reports a fault"),
            StuckReason.Empty => ("，电池没电", ", its battery is empty"),
            StuckReason.Link => ("，设备已失联", ", its link is lost"),
            StuckReason.Time or StuckReason.Unseen => ("", ""),
        };
        if (state.Reason == StuckReason.Unseen)
        {
            return new LocalText(
                string.Create(CultureInfo.InvariantCulture, $"有人，倾斜 {state.PitchDeg:0}°，移动中失联 {seconds} 秒，不知是否停在楼梯上"),
                string.Create(CultureInfo.InvariantCulture, $"occupied, pitched by {state.PitchDeg:0}°, its link was lost while it moved, {seconds} s ago: nobody knows whether it stands on the stairs"));
        }

        return new LocalText(
            string.Create(CultureInfo.InvariantCulture, $"有人，倾斜 {state.PitchDeg:0}°，{seconds} 秒没有动{zh}"),
            string.Create(CultureInfo.InvariantCulture, $"occupied, pitched by {state.PitchDeg:0}°, no step for {seconds} s{en}"));
    }

    internal enum StuckReason
    {
        Time,
        EmergencyStop,
        Fault,
        Empty,
        Link,

        /// <summary>It moved when its link was lost: it may be stuck.</summary>
        Unseen,
    }

    internal record struct State
    {
        public long SinceMs;
        public float PitchDeg;

        /// <summary>Steps a minute as last told; 0 since it said that it stands or cannot move, until it tells steps again.</summary>
        public float Spm;

        /// <summary>Whether it tells its steps at all. Without them a trip looks like standing still: its pitch is the same all the way.</summary>
        public bool HasSpm;

        /// <summary>Whether its own state word says that it stands.</summary>
        public bool SaysItStands;
        public bool IsOccupied;
        public bool IsStopped;
        public bool IsFaulty;
        public bool IsEmpty;
        public bool IsAway;

        /// <summary>Whether its link was lost and no reading has come since: what it said of its steps is no longer known.</summary>
        /// <remarks>It takes the last byte of a state that was saved without it, where 0 stands: whoever sits on the stairs is not forgotten by an upgrade.</remarks>
        public bool IsLost;

        /// <summary>Whether it stands still as far as it tells: by its steps; of one that tells none, by its own word, or because it cannot move.</summary>
        public readonly bool Stands => HasSpm ? Spm < StandsSpm || IsLost : SaysItStands || IsStopped || IsFaulty || IsEmpty;

        /// <summary>Whether it moved as far as it told, and nobody has heard it since.</summary>
        private readonly bool IsUnseen => IsLost && HasSpm && Spm >= StandsSpm;

        public readonly StuckReason Reason => IsStopped ? StuckReason.EmergencyStop : IsFaulty ? StuckReason.Fault : IsEmpty ? StuckReason.Empty : IsUnseen ? StuckReason.Unseen : IsAway ? StuckReason.Link : StuckReason.Time;
    }

    internal sealed record StuckLimits(double PitchDeg, long HoldMs, long UrgentMs);
}

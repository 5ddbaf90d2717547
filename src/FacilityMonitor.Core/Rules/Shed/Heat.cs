using System.Globalization;
using System.Runtime.CompilerServices;
using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>Heat by the rate-of-rise and fixed algorithm of EN 54-5 detectors (Panasonic EBL128, class A1): a rise of ≥ 4 K/min over 2 min is fast and alarms at 46 °C, else 56 °C; 10 K earlier a pre-alarm. P0, P3.</summary>
/// <remarks>One wild value rings nobody out of bed: without a value of the pre-alarm before it, it takes a second. What a detector says itself, as an event, counts at once.</remarks>
internal sealed class Heat : StateRule<Heat.State, Heat.HeatLimits>
{
    /// <summary>How far apart two samples must be for a rate, ms: a sensor of whole degrees that steps once within 15 s would rise by 4 K/min.</summary>
    private const long RateLeastMs = 60_000;

    private static readonly RuleSetting FixedC = new("fixed_c", "°C", 56, 30, 120, "class A1 (EBL128); a registered heat-class B, under a sun roof, is 74 °C");
    private static readonly RuleSetting FastC = new("fast_c", "°C", 46, 25, 110, "as above; class B 64 °C");
    private static readonly RuleSetting RateKMin = new("rate_k_min", "K/min", 4, 1, 20, "EBL128: below 4 K/min slow");
    private static readonly RuleSetting EarlyK = new("early_k", "K", 10, 1, 30, "EBL128: pre-warning 10 K earlier");

    private Heat()
    {
    }

    /// <summary>The rule.</summary>
    public static Heat Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "heat";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("温度异常", "Heat");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new(
        "2 分钟内升温每分钟 4 K 以上时 46 °C，否则 56 °C（B 级探测器 64、74 °C）：P0，没有先预警的要连续两个读数；提前 10 K 预警：P3",
        "46 °C while it rises by 4 K a minute over 2 min, else 56 °C (class B 64 and 74 °C): P0, by two values running where none of the pre-alarm came before; 10 K earlier: P3");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [FixedC, FastC, RateKMin, EarlyK];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("附近可能已经起火", "Something nearby may be on fire");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("看监控或派人远看，有火有烟拨打 119 并疏散", "Look by camera or from afar; with fire or smoke call 119 and get people out"),
        new("断开充电回路", "Switch the charging circuit off"),
        new("无火情时查明热源", "Without a fire find what gives the heat"),
    ];

    /// <inheritdoc/>
    public override SubjectKind Subject => SubjectKind.Channel;

    /// <inheritdoc/>
    internal override MetricSet Metrics { get; } = MetricSet.Of(Metric.Tc);

    /// <inheritdoc/>
    internal override EventSet Events { get; } = EventSet.Of(EventKind.Heat);

    /// <inheritdoc/>
    internal override int StateVersion => 2;

    /// <inheritdoc/>
    internal override bool AppliesTo(in Subject subject) => true;

    /// <inheritdoc/>
    internal override bool IsWokenByReadings(object limits) => ((HeatLimits)limits).IsAir;

    internal override HeatLimits LimitsFor(in Subject subject, SettingScopes scopes)
    {
        // What a socket or slot warms to is over-temperature's; whoever detects heat himself may be anything.
        if (subject is not { Channel.Kind: ChannelKind.Main, Device.Kind: DeviceKind.Shed })
            return HeatLimits.OfEvents;
        var raise = subject.Device?.HeatClass == HeatClass.B ? 18 : 0;
        return new HeatLimits(
            true,
            scopes.Override(this, FixedC) ?? FixedC.Default + raise, scopes.Override(this, FastC) ?? FastC.Default + raise, scopes.Value(this, RateKMin), scopes.Value(this, EarlyK));
    }

    internal override void Step(ref State state, in Sight sight, HeatLimits limits)
    {
        var counted = state.Pace.Next(sight);
        if (sight.Event is { } fact)
        {
            // Who measures no air, or never did, is not looked at again: what he takes back is over.
            if (fact.On == false && (!limits.IsAir || !state.IsMeasured))
            {
                state.Alarm = default;
                return;
            }

            state.Alarm.Step(fact.On != false, fact.On == false, sight.AtMs, counted, HeatLimits.AlarmTiming);
            return;
        }

        if (!limits.IsAir || !sight.Values.TryGet(Metric.Tc, out var celsius))
            return;

        (state.Celsius, state.IsMeasured) = ((float)celsius, true);
        state.RateKMin = state.Rises.Rate(sight.AtMs, (float)celsius, RateLeastMs, sight.GapMs);
        var limit = state.RateKMin >= limits.RateKMin ? limits.FastC : limits.FixedC;
        // A fire passes through the pre-alarm: after a word of that one is enough. A step past it waits for a second, as a common sensor says 85 °C after each dip of its supply.
        var timing = state.WasEarly && counted > 0 ? HeatLimits.AlarmTiming : HeatLimits.StepTiming;
        state.WasEarly = celsius >= limit - limits.EarlyK;
        // An alarm that came by the rate stays while the air is as hot as that: a fire that burns steadily rises no more.
        // Nor need its second word rise as fast as the first.
        state.Alarm.Step(celsius >= (state.Alarm.Phase == HoldPhase.Pending ? limits.FastC : limit), celsius < limits.FastC - 2, sight.AtMs, counted, timing);
        state.Early.Step(state.WasEarly, celsius < limits.FastC - limits.EarlyK - 2, sight.AtMs, counted, HeatLimits.EarlyTiming);
    }

    internal override Verdict Judge(in State state, HeatLimits limits, long nowMs) => Verdict.Normal.Or(Priority.P3, state.Early).Or(Priority.P0, state.Alarm);

    internal override bool IsQuiet(in State state) => !state.IsMeasured && state.Alarm.Phase == HoldPhase.Idle;

    internal override LocalText Explain(in State state, HeatLimits limits, in Telling telling, SortedDictionary<string, object> evidence)
    {
        if (!state.IsMeasured)
        {
            evidence["detector"] = state.Alarm.Phase == HoldPhase.On;
            return state.Alarm.Phase == HoldPhase.On ? new LocalText("探测器报高温", "the detector says heat") : new LocalText("探测器不再报高温", "the detector no longer says heat");
        }

        var celsius = Math.Round((double)state.Celsius, 1);
        var rate = Math.Round((double)state.RateKMin, 1);
        evidence["tc"] = celsius;
        evidence["rise_k_min"] = rate;
        evidence["limit_c"] = (state.RateKMin >= limits.RateKMin ? limits.FastC : limits.FixedC) - (telling.Priority == Priority.P0 ? 0 : limits.EarlyK);
        var culture = CultureInfo.InvariantCulture;
        return new LocalText(string.Create(culture, $"{celsius} °C，每分钟升 {rate} K"), string.Create(culture, $"{celsius} °C, rising by {rate} K a minute"));
    }

    internal record struct State
    {
        public Pace Pace;
        public Hold Alarm;
        public Hold Early;
        public TemperatureRise Rises;
        public float Celsius;
        public float RateKMin;

        /// <summary>Whether the temperature of the air is measured, and not only heat told.</summary>
        public bool IsMeasured;

        /// <summary>Whether the last sample was one of the pre-alarm.</summary>
        /// <remarks>It takes a byte that was none of the state's before, where 0 stands: whatever is on stays on over an upgrade.</remarks>
        public bool WasEarly;
    }

    /// <summary>Limits of one channel.</summary>
    /// <param name="IsAir">Whether its temperature is that of the air of a room; else only what the device itself calls heat counts.</param>
    /// <param name="FixedC">Alarm whatever the rate, °C.</param>
    /// <param name="FastC">Alarm at a fast rise, °C.</param>
    /// <param name="RateKMin">What is fast, K/min.</param>
    /// <param name="EarlyK">How much earlier the pre-alarm comes, K.</param>
    internal sealed record HeatLimits(bool IsAir, double FixedC, double FastC, double RateKMin, double EarlyK)
    {
        /// <summary>Of a device that measures no air.</summary>
        public static HeatLimits OfEvents { get; } = new(false, double.NaN, double.NaN, double.NaN, double.NaN);

        public static HoldTiming AlarmTiming => new(0, 1, AlertTiming.OffDelayMs(Priority.P0));

        public static HoldTiming StepTiming => AlarmTiming with { Samples = 2 };

        public static HoldTiming EarlyTiming => new(0, 1, AlertTiming.OffDelayMs(Priority.P3));
    }
}

/// <summary>How fast a temperature, or a level of water, rises over the last 2 min, from a sample every 15 s at most; of a sensor that speaks less often, over the time between two of its samples.</summary>
internal struct TemperatureRise
{
    /// <summary>Over what time the rise is taken, ms.</summary>
    public const long WindowMs = 120_000;

    /// <summary>Least time between two samples that are kept, ms.</summary>
    private const long KeptEveryMs = 15_000;

    private Samples _samples;
    private int _count;

    /// <summary>Takes a sample.</summary>
    /// <param name="atMs">When.</param>
    /// <param name="celsius">Temperature, °C.</param>
    /// <param name="leastMs">Least time between two samples for a rate.</param>
    /// <param name="gapMs">Longest time between two samples of this sensor that is no gap.</param>
    /// <returns>Rise over the window, or over as much of it as was seen, K/min; 0 while that is too short.</returns>
    public float Rate(long atMs, float celsius, long leastMs, long gapMs)
    {
        var dropped = 0;
        while (dropped < _count && atMs - _samples[dropped].AtMs > WindowMs)
            dropped++;
        // The next of those that are left may be too near for a rate: then the last one before the window is its base, if no gap lies between.
        if (dropped > 0 && (dropped == _count || atMs - _samples[dropped].AtMs < leastMs) && atMs - _samples[dropped - 1].AtMs <= gapMs)
            dropped--;
        if (dropped > 0)
        {
            for (var index = dropped; index < _count; index++)
                _samples[index - dropped] = _samples[index];
            _count -= dropped;
        }

        var passed = _count == 0 ? 0 : atMs - _samples[0].AtMs;
        var rate = passed < leastMs ? 0 : (celsius - _samples[0].Celsius) * 60_000f / passed;
        if (_count < Samples.Length && (_count == 0 || atMs - _samples[_count - 1].AtMs >= KeptEveryMs))
            _samples[_count++] = new AirSample(atMs, celsius);
        return rate;
    }

    private readonly record struct AirSample(long AtMs, float Celsius);

    [InlineArray(Length)]
    private struct Samples
    {
        public const int Length = 9;

        private AirSample _first;
    }
}

using System.Globalization;
using System.Runtime.CompilerServices;
using FacilityMonitor.Alerts;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>A battery that runs away: any two of gas, smoke, heat (not its pre-alarm), and a slot or socket of a cabinet at ≥ 60 °C that rises by ≥ 2 K a minute, in one place. P0.</summary>
internal sealed class ThermalRunaway : StateRule<ThermalRunaway.State, ThermalRunaway.RunawayLimits>
{
    private static readonly RuleSetting SlotC = new("slot_c", "°C", 60, 30, 120, "our choice: above what a slot reaches in August, below the onset of runaway (70 to 90 °C at the cell)");
    private static readonly RuleSetting SlotKMin = new("slot_k_min", "K/min", 2, 0.5, 20, "our choice: charging alone warms a slot by less than 0.5 K a minute");

    /// <summary>Least time between two samples for a rise, ms; and the least that the rate of one is taken over.</summary>
    private const long LeastMs = 30_000;
    private const float RateMs = 60_000;

    private ThermalRunaway()
    {
    }

    /// <summary>The rule.</summary>
    public static ThermalRunaway Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "thermal-runaway";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("电池热失控", "Thermal runaway");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new(
        "同一处气体、烟雾、高温、仓位 60 °C 以上且每分钟升 2 K，四样占两样：P0", "Any two of gas, smoke, heat, and a slot at 60 °C that rises by 2 K a minute, in one place: P0");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [SlotC, SlotKMin];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("几十秒内就会喷火，灭火后还会复燃", "It bursts into flame within seconds and may reignite");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("拨打 119，疏散楼上楼下和附近的人", "Call 119 and get everybody nearby and above out"),
        new("断开充电回路", "Switch the charging circuit off"),
        new("不要进去，不要打开柜门", "Do not go in, do not open the cabinet"),
    ];

    /// <inheritdoc/>
    public override SubjectKind Subject => SubjectKind.Place;

    /// <inheritdoc/>
    internal override MetricSet Metrics { get; } = MetricSet.Of(Metric.Tc);

    internal override bool AppliesTo(in Subject subject) => subject.Place!.Kind is PlaceKind.Shed or PlaceKind.Garage or PlaceKind.CabinetRoom or PlaceKind.Ground or PlaceKind.Row;

    internal override bool Hears(in Subject place, DeviceEntry device, ChannelId channel) => device.Kind == DeviceKind.Cabinet && channel.Kind == ChannelKind.Slot;

    internal override bool Hears(Rule other) => other == Smoke.Instance || other == Heat.Instance || other == Gas.Instance;

    /// <inheritdoc/>
    internal override int StateVersion => 2;

    internal override RunawayLimits LimitsFor(in Subject subject, SettingScopes scopes) => new(scopes.Value(this, SlotC), scopes.Value(this, SlotKMin));

    internal override void Step(ref State state, in Sight sight, RunawayLimits limits)
    {
        if (sight.Kind == SightKind.Finding)
            Found(ref state, sight);
        else if (sight.Values.TryGet(Metric.Tc, out var celsius))
            Slot(ref state, sight, (float)celsius, limits);
        var signs = state.Signs;
        if (signs < 2)
            state.SinceMs = 0;
        else if (state.SinceMs == 0)
            state.SinceMs = sight.AtMs;
    }

    private static void Found(ref State state, in Sight sight) =>
        Count(ref state, sight.Rule!, (IsSign(sight.Rule!, sight.Found) ? 1 : 0) - (IsSign(sight.Rule!, sight.FoundBefore) ? 1 : 0));

    /// <summary>Several sensors of one place can say the same.</summary>
    private static void Count(ref State state, Rule rule, int change)
    {
        if (rule == Smoke.Instance)
            state.Smoke = (byte)Math.Max(0, state.Smoke + change);
        else if (rule == Gas.Instance)
            state.Gas = (byte)Math.Max(0, state.Gas + change);
        else
            state.Heat = (byte)Math.Max(0, state.Heat + change);
    }

    internal override void Recount(ref State state, IReadOnlyList<Finding> findings, Func<int, bool> stands)
    {
        (state.Smoke, state.Gas, state.Heat) = (0, 0, 0);
        foreach (var finding in findings)
            Count(ref state, finding.Rule, IsSign(finding.Rule, finding.Found) ? 1 : 0);
        foreach (ref var slot in (Span<SlotHeat>)state.Hot)
        {
            if (slot.Key != 0 && !stands(slot.Key >> 12))
                slot = default;
        }

        if (state.Signs < 2)
            state.SinceMs = 0;
    }

    /// <summary>A pre-alarm of heat is a summer's afternoon under the roof as often as a fire.</summary>
    private static bool IsSign(Rule rule, Priority? found) => found is { } priority && (rule != Rules.Heat.Instance || priority == Priority.P0);

    private static void Slot(ref State state, in Sight sight, float celsius, RunawayLimits limits)
    {
        var key = (sight.Speaker.Device << 12) | sight.Speaker.Channel.Number;
        ref var slot = ref PlaceOf(ref state.Hot, key);
        if (slot.Key != key)
        {
            // More slots in one room than there is room for: the hotter are followed.
            if (slot.Key != 0 && celsius < slot.Celsius)
                return;
            slot = new SlotHeat { Key = key, FromMs = sight.AtMs, FromC = celsius, Celsius = celsius };
            return;
        }

        slot.Celsius = celsius;
        var passed = sight.AtMs - slot.FromMs;
        if (passed < LeastMs)
            return;
        // Against a minute at least: a sensor of whole degrees that steps once within half a minute does not rise by 2 K a minute.
        var rate = (celsius - slot.FromC) * RateMs / Math.Max(passed, RateMs);
        var isHot = passed <= Math.Max(sight.GapMs, TemperatureRise.WindowMs) && celsius >= limits.SlotC && rate >= limits.SlotKMin;
        // One that is as hot as that stays a sign until it has cooled: what burns steadily rises no more.
        slot.IsHot = isHot || (slot.IsHot && celsius >= limits.SlotC - 5);
        if (passed >= RateMs)
            (slot.FromMs, slot.FromC) = (sight.AtMs, celsius);
    }

    /// <summary>Where a slot is followed: its own place; else a free one; else that of the coolest which is no sign.</summary>
    private static ref SlotHeat PlaceOf(ref Slots slots, int key)
    {
        // It is nearly always found at once: the search begins where it was put when nothing else was there.
        var first = (int)(((uint)key * 2_654_435_769UL & uint.MaxValue) * Slots.Length >> 32);
        var (free, coolest) = (-1, first);
        for (var step = 0; step < Slots.Length; step++)
        {
            var place = (first + step) % Slots.Length;
            if (slots[place].Key == key)
                return ref slots[place];
            if (slots[place].Key == 0)
                free = free < 0 ? place : free;
            else if (!slots[place].IsHot && (slots[coolest].IsHot || slots[place].Celsius < slots[coolest].Celsius))
                coolest = place;
        }

        return ref slots[free >= 0 ? free : coolest];
    }

    internal override Verdict Judge(in State state, RunawayLimits limits, long nowMs) => Verdict.When(state.SinceMs > 0, Priority.P0, state.SinceMs);

    internal override LocalText Explain(in State state, RunawayLimits limits, in Telling telling, SortedDictionary<string, object> evidence)
    {
        var slot = state.HottestC;
        (evidence["smoke"], evidence["gas"], evidence["heat"]) = (state.Smoke > 0, state.Gas > 0, state.Heat > 0);
        if (slot > 0)
            evidence["slot_c"] = Math.Round((double)slot, 1);
        List<LocalText> signs = [];
        if (state.Gas > 0)
            signs.Add(new LocalText("电池气体", "battery gas"));
        if (state.Smoke > 0)
            signs.Add(new LocalText("烟雾", "smoke"));
        if (state.Heat > 0)
            signs.Add(new LocalText("高温", "heat"));
        if (slot > 0)
            signs.Add(new LocalText(string.Create(CultureInfo.InvariantCulture, $"仓位 {slot:0.#} °C 且在升温"), string.Create(CultureInfo.InvariantCulture, $"a slot at {slot:0.#} °C and rising")));
        return signs.Count == 0
            ? new LocalText("征兆已消失", "the signs are gone")
            : new LocalText(string.Join("、", signs.Select(sign => sign.Zh)), string.Join(" and ", signs.Select(sign => sign.En)));
    }

    internal record struct SlotHeat
    {
        public int Key;
        public float Celsius;
        public float FromC;
        public long FromMs;
        public bool IsHot;
    }

    [InlineArray(Length)]
    internal struct Slots
    {
        /// <summary>Slots followed of one place: four cabinets of twelve.</summary>
        public const int Length = 48;

        private SlotHeat _first;
    }

    internal struct State
    {
        public long SinceMs;
        public byte Smoke;
        public byte Gas;
        public byte Heat;
        public Slots Hot;

        /// <summary>The hottest slot that is a sign; 0: none is.</summary>
        public readonly float HottestC
        {
            get
            {
                var hottest = 0f;
                foreach (ref readonly var slot in Hot)
                    hottest = slot.IsHot ? Math.Max(hottest, slot.Celsius) : hottest;
                return hottest;
            }
        }

        public readonly int Signs => (Smoke > 0 ? 1 : 0) + (Gas > 0 ? 1 : 0) + (Heat > 0 ? 1 : 0) + (HottestC > 0 ? 1 : 0);
    }

    internal sealed record RunawayLimits(double SlotC, double SlotKMin);
}

using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>A lamp that stays dark for two nights in a row. P3. A night is judged by 20 to 5 o'clock, when the sun is down in Shanghai all the year.</summary>
internal sealed class LampFailure : StateRule<LampFailure.State, LampFailure.LampLimits>
{
    private const double FromHour = 20;
    private const double ToHour = 5;

    /// <summary>A lamp below this is dark whatever it says, W: its driver's standby.</summary>
    private const double DarkW = 1;

    private static readonly RuleSetting Nights = new("nights", "", 2, 1, 14, "our choice: one night may be somebody's switch");
    private static readonly RuleSetting LeastMin = new("least_min", "min", 60, 5, 540, "our choice: darkness that was seen, without gaps, before a night counts as dark");

    private LampFailure()
    {
    }

    /// <summary>The rule.</summary>
    public static LampFailure Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "lamp-failure";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("路灯不亮", "Lamp failure");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new(
        "连续 2 个夜里（20–5 时）都不亮：P3", "Dark for 2 nights in a row (20–5 h): P3");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [Nights, LeastMin];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("夜里走路不安全", "People walk in the dark");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("检查该灯的开关和断路器", "Check its switch and breaker"),
        new("报修换灯", "Have the lamp replaced"),
    ];

    /// <inheritdoc/>
    public override SubjectKind Subject => SubjectKind.Device;

    // A lamp controller tells its lamp a few times an hour at most.
    internal override long GapLeastMs => 3_600_000;

    /// <inheritdoc/>
    internal override MetricSet Metrics { get; } = MetricSet.Of(Metric.Lamp, Metric.W);

    /// <inheritdoc/>
    internal override bool NeedsData => false;

    internal override bool AppliesTo(in Subject subject) => subject.Device?.Kind == DeviceKind.Lamp;

    internal override LampLimits LimitsFor(in Subject subject, SettingScopes scopes) => new((int)scopes.Value(this, Nights), (long)(scopes.Value(this, LeastMin) * 60_000));

    internal override void Step(ref State state, in Sight sight, LampLimits limits)
    {
        var counted = state.Pace.Next(sight, GapLeastMs);
        var isLit = sight.Values.TryGet(Metric.W, out var watts) ? watts > DarkW : sight.Values.Is(Metric.Lamp);
        if (isLit)
        {
            (state.DarkNights, state.DarkMs, state.IsCounted, state.SinceMs) = (0, 0, true, 0);
            state.Night = NightOf(sight.AtMs);
            return;
        }

        if (!ShanghaiTime.IsBetween(sight.AtMs, FromHour, ToHour))
            return;
        var night = NightOf(sight.AtMs);
        if (night != state.Night)
        {
            // A night of which nothing was seen breaks the row: no data is no darkness.
            if (night != state.Night + 1 || !state.IsCounted)
                (state.DarkNights, state.SinceMs) = (0, 0);
            (state.Night, state.DarkMs, state.IsCounted) = (night, 0, false);
            counted = 0;
        }

        state.DarkMs += counted;
        if (state.IsCounted || state.DarkMs < limits.LeastMs)
            return;
        state.IsCounted = true;
        state.DarkNights++;
        if (state.SinceMs == 0)
            state.SinceMs = sight.AtMs;
    }

    /// <summary>The day on which the night began.</summary>
    private static int NightOf(long atMs) => ShanghaiTime.DayOf(atMs - (12 * 3_600_000L)).DayNumber;

    internal override Verdict Judge(in State state, LampLimits limits, long nowMs) => Verdict.When(state.DarkNights >= limits.Nights, Priority.P3, state.SinceMs);

    internal override LocalText Explain(in State state, LampLimits limits, in Telling telling, SortedDictionary<string, object> evidence)
    {
        evidence["dark_nights"] = (int)state.DarkNights;
        return state.DarkNights == 0
            ? new LocalText("又亮了", "it is lit again")
            : new LocalText(string.Create(CultureInfo.InvariantCulture, $"连续 {state.DarkNights} 夜不亮"), string.Create(CultureInfo.InvariantCulture, $"dark for {state.DarkNights} nights in a row"));
    }

    internal record struct State
    {
        public Pace Pace;
        public long SinceMs;
        public long DarkMs;
        public int Night;
        public short DarkNights;

        /// <summary>Whether the night is judged: as dark, or because it was lit.</summary>
        public bool IsCounted;
    }

    internal sealed record LampLimits(int Nights, long LeastMs);
}

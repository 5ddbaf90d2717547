using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>A circuit that carries more than its breaker is made for. Judged per phase; one alert a circuit, as urgent as its worst phase.</summary>
/// <remarks>
/// Four limits: the breaker is about to trip (lower edge of the predicted time &lt; 15 min for 30 s and ≥ 3 samples, or level H ≥ 0.9: P1);
/// I &gt; 1.05·In for 10 min (P2); mean &gt; 90 % of In over 3 h (P2), &gt; 80 % (P3). Without a registered rated current nothing is computed.
/// </remarks>
public sealed class CircuitOverload : Rule
{
    private static readonly RuleSetting K = new("k", "", 1.25, 1.13, 1.45, "IEC 60898-1 between conventional non-tripping and tripping current");
    private static readonly RuleSetting KLow = new("k_low", "", 1.13, 1.05, 1.45, "IEC 60898-1 conventional non-tripping current");
    private static readonly RuleSetting KHigh = new("k_high", "", 1.45, 1.13, 1.6, "IEC 60898-1 conventional tripping current");
    private static readonly RuleSetting TauS = new("tau_s", "s", 180, 4, 600, "meets the three IEC 60898-1 points for In ≤ 32 A; lumped cable of 2.5 mm²");
    private static readonly RuleSetting TauLowS = new("tau_low_s", "s", 90, 4, 600, "our choice: half of tau_s");
    private static readonly RuleSetting TauHighS = new("tau_high_s", "s", 360, 4, 1200, "our choice: twice tau_s; about a 10 mm² cable");
    private static readonly RuleSetting TripWithinS = new("trip_within_s", "s", 900, 60, 7200, "time for somebody to come");
    private static readonly RuleSetting TripHoldS = new("trip_hold_s", "s", 30, 0, 600, "our choice: longer than several chargers starting together");
    private static readonly RuleSetting TripSamples = new("trip_samples", "", 3, 1, 20, "our choice");
    private static readonly RuleSetting LevelMax = new("level_max", "", 0.9, 0.5, 1, "our choice: 10 % below the trip level");
    private static readonly RuleSetting OverRatio = new("over_ratio", "", 1.05, 1, 1.13, "our choice: above what the breaker is rated for, below what it must hold");
    private static readonly RuleSetting OverHoldS = new("over_hold_s", "s", 600, 10, 7200, "our choice");
    private static readonly RuleSetting MeanRatio = new("mean_ratio", "", 0.8, 0.5, 1, "continuous load practice: 80 % of the device for 3 h or more");
    private static readonly RuleSetting MeanUrgentRatio = new("mean_urgent_ratio", "", 0.9, 0.5, 1, "our choice");
    private static readonly RuleSetting ClearRatio = new("clear_ratio", "", 0.95, 0.5, 1, "5 % below the limit, ISA-18.2 practice for power and current");

    private CircuitOverload()
    {
    }

    /// <summary>The rule.</summary>
    public static CircuitOverload Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "circuit-overload";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("回路过载", "Circuit overload");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } =
    [
        K, KLow, KHigh, TauS, TauLowS, TauHighS, TripWithinS, TripHoldS, TripSamples, LevelMax, OverRatio, OverHoldS, MeanRatio, MeanUrgentRatio,
        ClearRatio,
    ];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("若负荷不降，线路会发热，断路器可能跳闸断电", "If the load stays, the wiring heats up and the breaker may cut the supply");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("减少该回路的充电，先停功率最大的充电口", "Stop charging on this circuit, the largest sockets first"),
        new("检查配电箱和线缆是否发烫、有焦味", "Check box and cables for heat and smell"),
        new("跳闸后查明原因再合闸", "After a trip find the cause before closing the breaker"),
    ];

    internal CircuitLimits LimitsFor(Circuit circuit, SettingScopes scopes) => new(
        circuit.RatedA,
        new ThermalImage(scopes.Value(this, K), scopes.Value(this, TauS)),
        new ThermalImage(scopes.Value(this, KLow), scopes.Value(this, TauLowS)),
        new ThermalImage(scopes.Value(this, KHigh), scopes.Value(this, TauHighS)))
    {
        TripWithinS = scopes.Value(this, TripWithinS),
        TripTiming = Timing(scopes.Value(this, TripHoldS), (int)scopes.Value(this, TripSamples), Priority.P1),
        LevelMax = scopes.Value(this, LevelMax),
        OverRatio = scopes.Value(this, OverRatio),
        OverTiming = Timing(scopes.Value(this, OverHoldS), 1, Priority.P2),
        MeanRatio = scopes.Value(this, MeanRatio),
        MeanUrgentRatio = scopes.Value(this, MeanUrgentRatio),
        ClearRatio = scopes.Value(this, ClearRatio),
    };

    internal static LocalText What(in PhaseReport report, double ratedA)
    {
        var culture = CultureInfo.InvariantCulture;
        var load = report.Amps / ratedA * 100;
        var (zhPhase, enPhase) = report.Phase is { } phase ? ($"L{phase} 相", $" on phase L{phase}") : ("", "");
        var (zhTrip, enTrip) = report.Trip is { } trip ? Expected(trip) : ("", "");
        return new LocalText(
            string.Create(culture, $"{zhPhase}电流 {report.Amps:0.0} A，为额定 {ratedA:0.#} A 的 {load:0}%{zhTrip}"),
            string.Create(culture, $"{report.Amps:0.0} A{enPhase}, {load:0} % of the rated {ratedA:0.#} A{enTrip}"));
    }

    private static (string Zh, string En) Expected(TripBand trip)
    {
        var culture = CultureInfo.InvariantCulture;
        var from = Math.Floor(trip.FromS / 60);
        if (trip.ToS is not { } to)
        {
            return from < 1
                ? ("，预计跳闸：最快 1 分钟内，也可能不跳", ", trip expected within a minute at the earliest, possibly not at all")
                : (string.Create(culture, $"，预计跳闸：最快 {from:0} 分钟后，也可能不跳"),
                    string.Create(culture, $", trip expected in {from:0} {Minutes(from)} at the earliest, possibly not at all"));
        }

        var until = Math.Max(1, Math.Ceiling(to / 60));
        return from < 1
            ? (string.Create(culture, $"，预计跳闸：{until:0} 分钟内"), string.Create(culture, $", trip expected within {until:0} {Minutes(until)}"))
            : (string.Create(culture, $"，预计跳闸：{from:0} 到 {until:0} 分钟后"), string.Create(culture, $", trip expected in {from:0} to {until:0} minutes"));
    }

    private static string Minutes(double count) => count == 1 ? "minute" : "minutes";

    private static HoldTiming Timing(double holdS, int samples, Priority priority) =>
        new((int)(holdS * 1000), samples, AlertTiming.OffDelayMs(priority));
}

/// <summary>The settings of <see cref="CircuitOverload"/> for one circuit.</summary>
internal sealed record CircuitLimits(double? RatedA, ThermalImage Nominal, ThermalImage Early, ThermalImage Late)
{
    public required double TripWithinS { get; init; }

    public required HoldTiming TripTiming { get; init; }

    public required double LevelMax { get; init; }

    public required double OverRatio { get; init; }

    public required HoldTiming OverTiming { get; init; }

    public required double MeanRatio { get; init; }

    public required double MeanUrgentRatio { get; init; }

    public required double ClearRatio { get; init; }

    public static HoldTiming AtOnce(Priority priority) => new(0, 1, AlertTiming.OffDelayMs(priority));
}

/// <summary>What one phase of a circuit carries now.</summary>
/// <param name="Phase">1 to 3; null on a single-phase circuit.</param>
/// <param name="Amps">Current, A.</param>
/// <param name="Level">Thermal level H.</param>
/// <param name="Trip">Expected trip; null: not at this load.</param>
/// <param name="MeanA">Mean over the last 3 h, A; null while fewer than 90 % of them are covered.</param>
internal readonly record struct PhaseReport(int? Phase, double Amps, double Level, TripBand? Trip, double? MeanA);

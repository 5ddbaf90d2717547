using System.Globalization;
using System.Runtime.CompilerServices;
using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>A circuit that carries more than its breaker is made for. Judged per phase; one alert a circuit, as urgent as its worst phase.</summary>
/// <remarks>
/// Four limits: the breaker is about to trip (lower edge of the predicted time &lt; 15 min for 30 s and ≥ 3 samples, or level H ≥ 0.9 and the current of two samples running above what no breaker may trip at: P1);
/// I &gt; 1.05·In for 10 min (P2); mean &gt; 90 % of In over 3 h (P2), &gt; 80 % (P3). Without a registered rated current nothing is computed.
/// </remarks>
internal sealed class CircuitOverload : StateRule<CircuitHeat, CircuitLimits>
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
    private static readonly RuleSetting RampS = new("ramp_s", "s", 600, 0, 3600, "our choice: sockets that ramp now go on as they do for this long; 0: the present current lasts");
    private static readonly RuleSetting RampMax = new("ramp_max", "", 1.16, 1, 1.5, "a charger climbs 4 to 16 % while its current is constant, measured on real curves");
    private static readonly RuleSetting OverRatio = new("over_ratio", "", 1.05, 1, 1.13, "our choice: above what the breaker is rated for, below what it must hold");
    private static readonly RuleSetting OverHoldS = new("over_hold_s", "s", 600, 10, 7200, "our choice");
    private static readonly RuleSetting MeanRatio = new("mean_ratio", "", 0.8, 0.5, 1, "continuous load practice: 80 % of the device for 3 h or more");
    private static readonly RuleSetting MeanUrgentRatio = new("mean_urgent_ratio", "", 0.9, 0.5, 1, "our choice");
    private static readonly RuleSetting ClearRatio = new("clear_ratio", "", 0.95, 0.5, 1, "5 % below the limit, ISA-18.2 practice for power and current");

    /// <summary>A change between two samples above this part of the current is a jump.</summary>
    private const double RampStepMax = 0.05;

    /// <summary>A rise is smoothed over this time, s: the noise of a meter must not look like one.</summary>
    private const double RampTauS = 300;

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
    public override LocalText Detects { get; } = new(
        "断路器即将跳闸（热像推算 15 分钟内，或热度达 0.9）：P1；电流超过额定 1.05 倍 10 分钟：P2；3 小时平均超过额定 90%：P2，80%：P3",
        "The breaker is about to trip (thermal image: within 15 minutes, or level 0.9): P1; more than 1.05 of the rating for 10 minutes: P2; mean of 3 hours above 90 %: P2, above 80 %: P3");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } =
    [
        K, KLow, KHigh, TauS, TauLowS, TauHighS, TripWithinS, TripHoldS, TripSamples, LevelMax, RampS, RampMax, OverRatio, OverHoldS, MeanRatio, MeanUrgentRatio,
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

    /// <inheritdoc/>
    public override SubjectKind Subject => SubjectKind.Circuit;

    /// <inheritdoc/>
    internal override int StateVersion => 2;

    internal override bool AppliesTo(in Subject subject) => true;

    internal override CircuitLimits LimitsFor(in Subject subject, SettingScopes scopes) => new(
        subject.Circuit!.RatedA,
        new ThermalImage(scopes.Value(this, K), scopes.Value(this, TauS)),
        new ThermalImage(scopes.Value(this, KLow), scopes.Value(this, TauLowS)),
        new ThermalImage(scopes.Value(this, KHigh), scopes.Value(this, TauHighS)))
    {
        TripWithinS = scopes.Value(this, TripWithinS),
        TripTiming = Timing(scopes.Value(this, TripHoldS), (int)scopes.Value(this, TripSamples), Priority.P1),
        LevelMax = scopes.Value(this, LevelMax),
        RampS = scopes.Value(this, RampS),
        RampMax = scopes.Value(this, RampMax),
        OverRatio = scopes.Value(this, OverRatio),
        OverTiming = Timing(scopes.Value(this, OverHoldS), 1, Priority.P2),
        MeanRatio = scopes.Value(this, MeanRatio),
        MeanUrgentRatio = scopes.Value(this, MeanUrgentRatio),
        ClearRatio = scopes.Value(this, ClearRatio),
    };

    internal override void Step(ref CircuitHeat state, in Sight sight, CircuitLimits limits)
    {
        var load = sight.Load!;
        for (var index = 0; index < load.Phases.Length; index++)
        {
            ref readonly var phase = ref load.Phases[index];
            if (!phase.IsTouched)
                continue;
            Ramp(ref state[index], phase);
            var beforeA = phase.PassedMs > 0 ? state[index].Amps : 0;
            state[index].LastMs = phase.LastMs;
            state[index].Amps = phase.Amps;
            if (limits.RatedA is { } rated)
                StepPhase(ref state[index], phase, limits, rated, beforeA);
        }
    }

    internal override Verdict Judge(in CircuitHeat state, CircuitLimits limits, long nowMs)
    {
        var verdict = Verdict.Normal;
        for (var index = 0; index < CircuitHeat.PhasesMax; index++)
        {
            ref readonly var phase = ref state[index];
            verdict = verdict.Or(Priority.P1, phase.Trip).Or(Priority.P1, phase.Warm).Or(Priority.P2, phase.Over)
                .Or(Priority.P2, phase.MeanUrgent).Or(Priority.P3, phase.Mean);
        }

        return verdict;
    }

    internal override LocalText Explain(in CircuitHeat state, CircuitLimits limits, in Telling telling, SortedDictionary<string, object> evidence)
    {
        var worst = Report(state, limits, telling.Subject.Circuit!).OrderByDescending(report => report.Amps).FirstOrDefault();
        var rated = limits.RatedA ?? 0;
        evidence["a"] = Math.Round(worst.Amps, 2);
        evidence["rated_a"] = rated;
        evidence["thermal_level"] = Math.Round(worst.Level, 3);
        if (worst.Phase is { } phase)
            evidence["phase"] = phase;
        if (worst.Trip is { } trip)
        {
            evidence["trip_from_s"] = Math.Round(trip.FromS);
            if (trip.ToS is { } to)
                evidence["trip_to_s"] = Math.Round(to);
        }

        if (worst.ForecastA is { } forecast)
            evidence["forecast_a"] = Math.Round(forecast, 2);
        if (worst.MeanA is { } mean)
            evidence["mean_3h_a"] = Math.Round(mean, 2);
        return What(worst, rated);
    }

    /// <summary>What each phase that was heard of carries.</summary>
    internal static List<PhaseReport> Report(in CircuitHeat state, CircuitLimits limits, Circuit circuit)
    {
        var reports = new List<PhaseReport>();
        for (var index = 0; index < (circuit.Phases == 3 ? 3 : 1); index++)
        {
            ref readonly var phase = ref state[index];
            if (phase.LastMs == 0)
                continue;
            TripBand? trip = null;
            var forecast = limits.ForecastA(phase);
            if (limits.RatedA is { } rated && limits.Early.TimeToTripS(phase.EarlyLevel, forecast, rated) is var from && double.IsFinite(from))
            {
                var to = limits.Late.TimeToTripS(phase.LateLevel, phase.Amps, rated);
                trip = new TripBand(from, double.IsFinite(to) ? to : null);
            }

            reports.Add(new PhaseReport(circuit.Phases == 3 ? index + 1 : null, phase.Amps, phase.Level, trip, forecast > phase.Amps ? forecast : null, phase.Mean3h.Mean(MeanWindow.ThreeHours)));
        }

        return reports;
    }

    /// <summary>Follows a rise of the load that is no jump. A charger that starts is a jump: it has its whole current at once, and what it has still to climb is small.</summary>
    private static void Ramp(ref PhaseHeat phase, in PhaseLoad load)
    {
        if (load.PassedMs == 0 || Math.Abs(load.Amps - phase.Amps) > RampStepMax * Math.Max(phase.Amps, 1))
        {
            phase.RampAps = 0;
            return;
        }

        var seconds = load.PassedMs / 1000.0;
        phase.RampAps += (((load.Amps - phase.Amps) / seconds) - phase.RampAps) * (1 - Math.Exp(-seconds / RampTauS));
    }

    private static void StepPhase(ref PhaseHeat phase, in PhaseLoad load, CircuitLimits limits, double rated, double beforeA)
    {
        var seconds = load.PassedMs / 1000.0;
        if (phase.IsBegun)
        {
            phase.Level = limits.Nominal.Next(phase.Level, phase.Amps, rated, seconds);
            phase.EarlyLevel = limits.Early.Next(phase.EarlyLevel, phase.Amps, rated, seconds);
            phase.LateLevel = limits.Late.Next(phase.LateLevel, phase.Amps, rated, seconds);
        }
        else
        {
            phase.IsBegun = true;
            phase.Level = limits.Nominal.HotStart(phase.Amps, rated);
            phase.EarlyLevel = limits.Early.HotStart(phase.Amps, rated);
            phase.LateLevel = limits.Late.HotStart(phase.Amps, rated);
        }

        phase.Mean3h.Add(MeanWindow.ThreeHours, phase.LastMs, phase.Amps, seconds);

        // Without word of every contributor the sum, which is of those who were heard, is a lower bound: it may raise, and must not clear.
        phase.PartialMs = load.IsComplete ? 0 : (int)Math.Min(int.MaxValue, phase.PartialMs + load.PassedMs);
        Hold(ref phase, load, limits, rated, beforeA);
    }

    private static void Hold(ref PhaseHeat phase, in PhaseLoad load, CircuitLimits limits, double rated, double beforeA)
    {
        var complete = load.IsComplete;
        var clear = limits.ClearRatio;
        var forecast = limits.ForecastA(phase);
        // An image that is at the trip level already, of a load that would trip nothing, is one that cools: of a motor that has started, or of a breaker that held.
        var soon = forecast > rated * limits.Early.K && limits.Early.TimeToTripS(phase.EarlyLevel, forecast, rated) < limits.TripWithinS;

        // The clear level of a prediction: it would not be one even if the current were those few percent higher.
        var nearlySoon = limits.Early.TimeToTripS(phase.EarlyLevel, forecast / clear, rated) < limits.TripWithinS;
        Step(ref phase.Trip, soon, complete && !nearlySoon, phase.PartialMs, load, limits.TripTiming);

        // The image takes the newest current for all the time since the word before, so one word that caught a pump or a lift starting heats it as minutes of it would. A load that lasts is in two
        // words running. It is the current that must be in two, not the level: where words are minutes apart the second rings if by then the image is hot. What trips a breaker before a second
        // word comes nobody can be warned of; that it tripped is told.
        var lasts = Math.Min(phase.Amps, beforeA) > rated * limits.LastingRatio;
        Step(ref phase.Warm, phase.Level >= limits.LevelMax && lasts, complete && phase.Level < limits.LevelMax * clear, phase.PartialMs, load, CircuitLimits.AtOnce(Priority.P1));

        var over = rated * limits.OverRatio;
        Step(ref phase.Over, phase.Amps > over, complete && phase.Amps < over * clear, phase.PartialMs, load, limits.OverTiming);

        var mean = phase.Mean3h.Mean(MeanWindow.ThreeHours);
        var urgent = rated * limits.MeanUrgentRatio;
        var high = rated * limits.MeanRatio;
        Step(ref phase.MeanUrgent, mean > urgent, complete && mean < urgent * clear, phase.PartialMs, load, CircuitLimits.AtOnce(Priority.P2));
        Step(ref phase.Mean, mean > high, complete && mean < high * clear, phase.PartialMs, load, CircuitLimits.AtOnce(Priority.P3));
    }

    /// <summary>A sum of only some can breach, but that it does not says nothing: whoever is not heard may draw what he drew. So a hold that is pending waits; no longer than its own length, or
    /// one who never comes back would keep it for ever.</summary>
    private static void Step(ref Hold hold, bool breach, bool clear, int partialMs, in PhaseLoad load, in HoldTiming timing)
    {
        var waits = hold.Phase == HoldPhase.Pending && !breach && !load.IsComplete && partialMs <= timing.OnMs;
        if (!waits)
            hold.Step(breach, clear, load.LastMs, load.PassedMs, timing);
    }

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

/// <summary>What <see cref="CircuitOverload"/> remembers of one phase.</summary>
internal struct PhaseHeat
{
    /// <summary>When it was last told of; 0: never.</summary>
    public long LastMs;
    public double Amps;

    /// <summary>Whether the images are warm: they begin with the first current after the rating is known.</summary>
    public bool IsBegun;

    /// <summary>For how long not every contributor was heard, counted, ms; 0: all are.</summary>
    public int PartialMs;

    /// <summary>How fast the current rises without a jump, A/s, smoothed.</summary>
    public double RampAps;

    /// <summary>Thermal level H, and what it would be for the breaker that trips earliest and the one that trips latest.</summary>
    public double Level;
    public double EarlyLevel;
    public double LateLevel;
    public Hold Trip;
    public Hold Warm;
    public Hold Over;
    public Hold MeanUrgent;
    public Hold Mean;
    public RollingMean Mean3h;
}

/// <summary>What <see cref="CircuitOverload"/> remembers of a circuit, phase by phase.</summary>
[InlineArray(PhasesMax)]
internal struct CircuitHeat
{
    public const int PhasesMax = 3;

    private PhaseHeat _first;
}

/// <summary>The settings of <see cref="CircuitOverload"/> for one circuit.</summary>
internal sealed record CircuitLimits(double? RatedA, ThermalImage Nominal, ThermalImage Early, ThermalImage Late)
{
    public required double TripWithinS { get; init; }

    public required HoldTiming TripTiming { get; init; }

    public required double LevelMax { get; init; }

    public required double RampS { get; init; }

    public required double RampMax { get; init; }

    public required double OverRatio { get; init; }

    public required HoldTiming OverTiming { get; init; }

    public required double MeanRatio { get; init; }

    public required double MeanUrgentRatio { get; init; }

    public required double ClearRatio { get; init; }

    /// <summary>Whatever lasts and heats the image to <see cref="LevelMax"/> is above this multiple of the rated current, with other settings than ours as well.</summary>
    public double LastingRatio => Math.Min(Early.K, Nominal.K * Math.Sqrt(LevelMax));

    /// <summary>A rise of less than this part of the current is noise.</summary>
    private const double ForecastLeast = 1.03;

    /// <summary>The current that the earliest trip is reckoned with: the present one, or what it comes to while it goes on rising.</summary>
    public double ForecastA(in PhaseHeat phase)
    {
        var risen = Math.Min(phase.Amps + (phase.RampAps * RampS), phase.Amps * RampMax);
        return risen >= phase.Amps * ForecastLeast ? risen : phase.Amps;
    }

    public static HoldTiming AtOnce(Priority priority) => new(0, 1, AlertTiming.OffDelayMs(priority));
}

/// <summary>What one phase of a circuit carries now.</summary>
/// <param name="Phase">1 to 3; null on a single-phase circuit.</param>
/// <param name="Amps">Current, A.</param>
/// <param name="Level">Thermal level H.</param>
/// <param name="Trip">Expected trip; null: not at this load.</param>
/// <param name="ForecastA">Current to come while sockets ramp as they do now, A; null: it does not rise.</param>
/// <param name="MeanA">Mean over the last 3 h, A; null while fewer than 90 % of them are covered.</param>
internal readonly record struct PhaseReport(int? Phase, double Amps, double Level, TripBand? Trip, double? ForecastA, double? MeanA);

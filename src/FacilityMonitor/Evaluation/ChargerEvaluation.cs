namespace FacilityMonitor.Evaluation;

/// <summary>Holds the rules that tell of fly-wires against traces whose truth is known.</summary>
/// <remarks>
/// Alone: every trace on a public circuit of its own, an appliance at the hours at which it ran, a charge by day and by night, of which the worse counts. Mixture: each charge on a
/// circuit with two to four appliances, a lift and a lamp timer, at twenty offsets, and as many circuit-days without. A charge whose own sampling is coarser than the meter's is judged
/// at its own, the whole circuit with it: nothing is ever interpolated.
/// </remarks>
internal static class ChargerEvaluation
{
    public const int Offsets = 20;
    public const ulong Seed = 20261120;

    private const double MinutesADay = 1440;

    /// <summary>Further apart than the offsets of one evaluation.</summary>
    private const ulong SeedStep = 1_000_003;

    /// <summary>A charge comes to a circuit that has been quiet for this long, minutes.</summary>
    private const double IdleMin = 60;

    /// <summary>Minutes of the day at which a lone charge is plugged in: a charge at noon is less likely than one at ten in the evening, and must be found all the same.</summary>
    private static readonly double[] AloneAtMin = [12 * 60, 22 * 60];

    /// <summary>The meters mixtures are looked at through.</summary>
    public static IReadOnlyList<MeterModel> Meters { get; } =
    [
        new(0, 60), new(0.5, 60), new(1, 60), new(2, 60), new(0, 60, StepW: 1), new(0.5, 300), new(0.5, 900),
    ];

    /// <summary>A meter that is finer than most traces: only for those that are as fine.</summary>
    public static MeterModel FineMeter { get; } = new(0.5, 10);

    public static EvaluationResult Run(TraceFolder traces, MeterModel alone, IReadOnlyList<MeterModel> mixtures)
    {
        var falseDays = new List<FoundDay>();
        foreach (var day in traces.Days)
        {
            if (WatchedCircuit.FirstAlert(alone.See(day.Samples, Dice.For(Seed, day.Name))) is { } minute)
                falseDays.Add(new FoundDay(day.Category, day.Name, minute));
        }

        var charges = traces.Charges.Select(charge => Alone(charge, alone)).ToList();
        var categories = traces.Days.GroupBy(day => day.Category, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => new CategoryResult(group.Key, group.Count(), falseDays.Count(found => found.Category == group.Key))).ToList();
        var background = traces.Days.Where(PublicCircuit.IsBackground).ToList();
        var rows = background.Count == 0 ? [] : mixtures.Select(meter => Mixture(traces.Charges, background, meter, Seed)).OfType<MixtureResult>().ToList();
        return new EvaluationResult(traces.Days.Count, falseDays, categories, charges, rows);
    }

    /// <summary>The same mixture with other offsets, appliances, lifts and noise, so often: how much of a result is chance.</summary>
    public static IReadOnlyList<MixtureResult> Repeat(TraceFolder traces, MeterModel meter, int times)
    {
        var background = traces.Days.Where(PublicCircuit.IsBackground).ToList();
        return background.Count == 0 ? [] : [.. Enumerable.Range(0, times).Select(time => Mixture(traces.Charges, background, meter, Seed + ((ulong)time * SeedStep))).OfType<MixtureResult>()];
    }

    private static ChargeResult Alone(Trace charge, MeterModel meter)
    {
        var shape = ChargeShape.Of(charge);
        var spacing = Math.Max(1, charge.SpacingMin);
        var idle = new List<PowerSample>();
        for (var minute = charge.Samples[0].Minute - IdleMin; minute < charge.Samples[0].Minute - (spacing / 2); minute += spacing)
            idle.Add(new PowerSample(minute, 0));
        // The same values at both hours: what differs is what the hour says.
        var seen = meter.See([.. idle, .. charge.Samples], Dice.For(Seed, charge.Name));
        var found = AloneAtMin.Select(at => WatchedCircuit.FirstAlert([.. seen.Select(sample => sample with { Minute = sample.Minute + at })]) - at).ToList();
        return new ChargeResult(charge.Name, found.All(at => at >= shape.StartMin) ? found.Max() - shape.StartMin : null, shape);
    }

    private static MixtureResult? Mixture(IReadOnlyList<Trace> charges, List<Trace> background, MeterModel meter, ulong seed)
    {
        var rows = new List<ChargeInMixture>();
        foreach (var charge in charges)
        {
            // What is finer than a trace would be made up.
            if (meter.IntervalS < 60 && charge.SpacingMin > 1.5 * meter.IntervalS / 60)
                continue;
            var shape = ChargeShape.Of(charge);
            var days = new List<DayDecision>();
            for (var offset = 0; offset < Offsets; offset++)
            {
                days.Add(Judge(charge, shape, background, meter, Dice.For(seed + (ulong)offset, charge.Name), isThere: true));
                days.Add(Judge(charge, shape, background, meter, Dice.For(seed + (ulong)offset, charge.Name + " without"), isThere: false));
            }

            rows.Add(ChargeInMixture.Of(charge.Name, shape.ClimbPercentAMin >= ChargeShape.StrongClimb, days));
        }

        return rows.Count == 0 ? null : new MixtureResult(meter, rows);
    }

    /// <summary>One circuit-day, on which one decision is taken: the first alert.</summary>
    private static DayDecision Judge(Trace charge, ChargeShape shape, List<Trace> background, MeterModel meter, Dice dice, bool isThere)
    {
        var (samples, offset) = CircuitDay(charge, background, dice, isThere);
        var told = WatchedCircuit.FirstAlert(meter.See(samples, dice));
        return isThere ? DayDecisions.OnCharge(told - offset, shape) : DayDecisions.OnNone(told);
    }

    /// <summary>The power of a circuit over a day, with a charge that is plugged in at some minute, or without it at the same times.</summary>
    internal static (IReadOnlyList<PowerSample> Samples, double OffsetMin) CircuitDay(Trace charge, IReadOnlyList<Trace> background, Dice dice, bool isThere)
    {
        var circuit = PublicCircuit.Compose(background, dice);
        var length = charge.Samples[^1].Minute;
        var offset = Math.Floor(dice.Between(IdleMin, Math.Max(IdleMin + 1, MinutesADay - length)));
        var samples = new List<PowerSample>();
        var spacing = charge.SpacingMin;
        if (spacing <= 1.5)
        {
            // Written in whole steps, so that rounding does not add up over the day.
            var steps = Math.Max(1, (int)Math.Round(1 / spacing));
            for (var step = 0; step < MinutesADay * steps; step++)
            {
                var minute = (double)step / steps;
                samples.Add(new PowerSample(minute, circuit.At(minute) + (isThere ? charge.At(minute - offset, 1.5) : 0)));
            }

            return (samples, offset);
        }

        for (var minute = 0.0; minute < offset + charge.Samples[0].Minute - (spacing / 2); minute += spacing)
            samples.Add(new PowerSample(minute, circuit.At(minute)));
        foreach (var sample in charge.Samples)
        {
            if (offset + sample.Minute < MinutesADay)
                samples.Add(new PowerSample(offset + sample.Minute, circuit.At(offset + sample.Minute) + (isThere ? sample.Watts : 0)));
        }

        for (var minute = offset + length + spacing; minute < MinutesADay; minute += spacing)
            samples.Add(new PowerSample(minute, circuit.At(minute)));
        return (samples, offset);
    }
}

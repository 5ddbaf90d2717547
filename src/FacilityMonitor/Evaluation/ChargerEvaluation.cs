using FacilityMonitor.Rules;

namespace FacilityMonitor.Evaluation;

/// <summary>Holds the charger signature against traces whose truth is known.</summary>
/// <remarks>
/// Alone: every trace on a public circuit of its own. Mixture: each charge on a circuit with two to four appliances, a lift and a lamp timer, at
/// twenty offsets, and as many circuit-days without. A charge whose own sampling is coarser than the meter's is judged at its own, the whole
/// circuit with it: nothing is ever interpolated.
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
            if (FirstFound(alone.See(day.Samples, Dice.For(Seed, day.Name))) is { } minute)
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

    /// <summary>Minute at which a charger is first suspected with the probability at which somebody is told; null: never.</summary>
    public static double? FirstFound(IReadOnlyList<PowerSample> samples)
    {
        var signature = new ChargerSignature();
        foreach (var sample in samples)
        {
            signature.Add(sample.Minute, sample.Watts);
            if (signature.TryBest(out var place) && ChargerOdds.Probability(signature.Candidates[place].Nats + ChargerOdds.PriorNats) >= ChargerOdds.Told)
                return sample.Minute;
        }

        return null;
    }

    private static ChargeResult Alone(Trace charge, MeterModel meter)
    {
        var shape = ChargeShape.Of(charge);
        var spacing = Math.Max(1, charge.SpacingMin);
        var idle = new List<PowerSample>();
        for (var minute = charge.Samples[0].Minute - IdleMin; minute < charge.Samples[0].Minute - (spacing / 2); minute += spacing)
            idle.Add(new PowerSample(minute, 0));
        var found = FirstFound(meter.See([.. idle, .. charge.Samples], Dice.For(Seed, charge.Name)));
        return new ChargeResult(charge.Name, found is { } at && at >= shape.StartMin ? at - shape.StartMin : null, shape);
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
            var (found, wrong) = (0, 0);
            for (var offset = 0; offset < Offsets; offset++)
            {
                var (at, start, end) = Judge(charge, shape, background, meter, Dice.For(seed + (ulong)offset, charge.Name), isThere: true);
                if (at < start)
                    wrong++;
                else if (at <= end)
                    found++;
                if (Judge(charge, shape, background, meter, Dice.For(seed + (ulong)offset, charge.Name + " without"), isThere: false).Found is not null)
                    wrong++;
            }

            rows.Add(new ChargeInMixture(charge.Name, shape.ClimbPercentAMin >= ChargeShape.StrongClimb, found, wrong));
        }

        return rows.Count == 0 ? null : new MixtureResult(meter, rows);
    }

    /// <summary>One circuit-day: when a charger was found, when the charge began, and when it was unplugged.</summary>
    private static (double? Found, double StartMin, double EndMin) Judge(Trace charge, ChargeShape shape, List<Trace> background, MeterModel meter, Dice dice, bool isThere)
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
        }
        else
        {
            for (var minute = 0.0; minute < offset + charge.Samples[0].Minute - (spacing / 2); minute += spacing)
                samples.Add(new PowerSample(minute, circuit.At(minute)));
            foreach (var sample in charge.Samples)
            {
                if (offset + sample.Minute < MinutesADay)
                    samples.Add(new PowerSample(offset + sample.Minute, circuit.At(offset + sample.Minute) + (isThere ? sample.Watts : 0)));
            }

            for (var minute = offset + length + spacing; minute < MinutesADay; minute += spacing)
                samples.Add(new PowerSample(minute, circuit.At(minute)));
        }

        return (FirstFound(meter.See(samples, dice)), offset + shape.StartMin, offset + length);
    }
}

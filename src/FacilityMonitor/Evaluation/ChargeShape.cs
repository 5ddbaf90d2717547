namespace FacilityMonitor.Evaluation;

/// <summary>What a charge is asked for, read off the charge itself.</summary>
/// <param name="StartMin">Its first sample of at least 20 W.</param>
/// <param name="EndMin">Its last one.</param>
/// <param name="ConstantMin">How long its current is constant: until the power has sunk 3 % below its highest.</param>
/// <param name="ClimbPercentAMin">How fast its power climbs meanwhile.</param>
/// <param name="LimitMin">Minutes after its start within which it must be found.</param>
internal sealed record ChargeShape(double StartMin, double EndMin, double ConstantMin, double ClimbPercentAMin, double LimitMin)
{
    /// <summary>Chargers that climb as fast as this are asked for a higher recall, %/min.</summary>
    public const double StrongClimb = 0.1;

    private const double SunkShare = 0.97;
    private const double WarmUpMin = 16;
    private const double LongMin = 60;
    private const double TaperStartMin = 15;
    private const double TaperLimitMin = 120;
    private const double TaperShare = 0.3;

    public static ChargeShape Of(Trace charge)
    {
        var on = charge.Samples.Where(sample => sample.Watts >= Trace.StartW).ToList();
        if (on.Count == 0)
            return new ChargeShape(double.NaN, double.NaN, 0, 0, double.NaN);
        var start = on[0].Minute;
        var end = on[^1].Minute;
        var constantEnd = end;
        var highest = 0.0;
        for (var index = 0; index < on.Count; index++)
        {
            highest = Math.Max(highest, on[index].Watts);
            // One low sample is a change of packs or a bad word; two are the taper. The first minute is the meter's.
            if (on[index].Minute > start + 2 && on[index].Watts < SunkShare * highest && (index + 1 == on.Count || on[index + 1].Watts < SunkShare * highest))
            {
                constantEnd = on[index].Minute;
                break;
            }
        }

        var constant = constantEnd - start;
        var climb = Climb([.. on.Where(sample => sample.Minute >= start + WarmUpMin && sample.Minute < constantEnd)]);
        var limit = constant >= LongMin ? LongMin : constant < TaperStartMin ? Math.Max(TaperLimitMin, Sunk(on, start)) : end - start;
        return new ChargeShape(start, end, constant, climb, limit);
    }

    private static double Sunk(List<PowerSample> on, double start)
    {
        var first = on.Where(sample => sample.Minute <= start + 5).Average(sample => sample.Watts);
        foreach (var sample in on)
        {
            if (sample.Watts < TaperShare * first)
                return sample.Minute - start;
        }

        return on[^1].Minute - start;
    }

    private static double Climb(List<PowerSample> samples)
    {
        if (samples.Count < 3)
            return 0;
        var minutes = samples.Average(sample => sample.Minute);
        var watts = samples.Average(sample => sample.Watts);
        var squares = samples.Sum(sample => (sample.Minute - minutes) * (sample.Minute - minutes));
        return squares == 0 ? 0 : samples.Sum(sample => (sample.Minute - minutes) * (sample.Watts - watts)) / squares / watts * 100;
    }
}

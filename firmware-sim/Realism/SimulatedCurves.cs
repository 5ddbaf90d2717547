using FirmwareSim.Physics;

namespace FirmwareSim.Realism;

/// <summary>Simulated charges as a one-minute meter would see them.</summary>
internal static class SimulatedCurves
{
    private const double LongestMin = 1_000;
    private const double TailMin = 70;

    /// <summary>One charge from plug to an hour of tail, one mean a minute.</summary>
    public static IReadOnlyList<(double Minute, double Watts)> Run(ChargerModel model, double soc, Randomness random)
    {
        const int pieces = 4;
        var charger = new Charger(model, soc, random);
        var curve = new List<(double, double)>();
        var after = 0.0;
        for (var minute = 0; minute < LongestMin && after < TailMin; minute++)
        {
            var sum = 0.0;
            for (var piece = 0; piece < pieces; piece++)
            {
                charger.Step(60.0 / pieces);
                sum += charger.Watts;
            }

            curve.Add((minute + 0.5, sum / pieces));
            after += charger.IsDone ? 1 : 0;
        }

        return curve;
    }

    /// <summary>Many bikes of one kind, of all ages, from plugged in nearly empty to half full.</summary>
    public static IEnumerable<IReadOnlyList<(double Minute, double Watts)>> Of(ChargerModel model, int count, ulong seed)
    {
        var random = new Randomness(seed, "realism/" + model.Name);
        for (var bike = 0; bike < count; bike++)
            yield return Run(PackCatalogue.Vary(model, random), random.Between(0.1, 0.6), random);
    }

    /// <summary>How far the nearest of many simulated charges is from a real one: root mean square over the minutes both have, in % of the real peak, after both are put
    /// to the same peak and shifted so that they fit best in time.</summary>
    public static (double RmsPercent, IReadOnlyList<(double Minute, double Watts)> Curve) Nearest(
        Trace trace, IEnumerable<IReadOnlyList<(double Minute, double Watts)>> simulated)
    {
        var real = trace.Points.Where(point => point.Watts >= Trace.ChargingW).ToList();
        var peak = real.Max(point => point.Watts);
        var best = (Rms: double.MaxValue, Curve: (IReadOnlyList<(double Minute, double Watts)>)[], Ratio: 1.0, Shift: 0);
        foreach (var curve in simulated)
        {
            var ratio = peak / curve.Max(point => point.Watts);
            double At(int shift) => Rms(real, curve, ratio, shift) / peak * 100;
            // Coarse first, then minute by minute around the best.
            var coarse = Enumerable.Range(0, 55).Select(step => (step * 10) - 120).MinBy(At);
            var fine = Enumerable.Range(coarse - 9, 19).MinBy(At);
            if (At(fine) < best.Rms)
                best = (At(fine), curve, ratio, fine);
        }

        var length = 1 + (int)(real[^1].Minute - real[0].Minute);
        return (best.Rms, [.. best.Curve.Skip(best.Shift).Take(length).Select((point, position) => (position + real[0].Minute, best.Ratio * point.Watts))]);
    }

    private static double Rms(List<(double Minute, double Watts)> real, IReadOnlyList<(double Minute, double Watts)> curve, double ratio, int shift)
    {
        var sum = 0.0;
        var count = 0;
        foreach (var (minute, watts) in real)
        {
            var index = (int)Math.Round(minute - real[0].Minute) + shift;
            if (index < 0 || index >= curve.Count)
                continue;
            var difference = watts - (ratio * curve[index].Watts);
            sum += difference * difference;
            count++;
        }

        // A fit of a few minutes is none.
        return count < 0.9 * real.Count ? double.MaxValue : Math.Sqrt(sum / count);
    }
}

namespace FacilityMonitor.Evaluation;

/// <summary>The meter all traces are seen through, so that the decimals of a file cannot give it away: 0.1 W, then noise, then its sampling.</summary>
/// <param name="NoiseW">Standard deviation of what is added to each value, W.</param>
/// <param name="IntervalS">Least time between values, s; values in between are averaged. A trace that is coarser keeps its own sampling.</param>
/// <param name="StepW">Smallest difference the meter tells, W.</param>
internal sealed record MeterModel(double NoiseW, int IntervalS, double StepW = MeterModel.CommonStepW)
{
    /// <summary>The resolution every trace is brought to before anything else, W.</summary>
    public const double CommonStepW = 0.1;

    /// <summary>What the meter says of a trace.</summary>
    public IReadOnlyList<PowerSample> See(IReadOnlyList<PowerSample> samples, Dice dice)
    {
        var seen = new List<PowerSample>(samples.Count);
        var interval = IntervalS / 60.0;
        double slot = double.NaN, sum = 0, first = 0;
        var count = 0;
        foreach (var sample in samples)
        {
            // A hundredth of a sample's spacing: minutes written as 5.999 belong to the sixth.
            var at = Math.Floor((sample.Minute / interval) + 0.01);
            if (at != slot && count > 0)
                Say();
            if (count == 0)
                (slot, first) = (at, sample.Minute);
            sum += Math.Round(sample.Watts / CommonStepW) * CommonStepW;
            count++;
        }

        if (count > 0)
            Say();
        return seen;

        void Say()
        {
            var value = (sum / count) + (NoiseW > 0 ? NoiseW * dice.Normal() : 0);
            seen.Add(new PowerSample(first, Math.Max(0, Math.Round(value / StepW) * StepW)));
            (sum, count) = (0, 0);
        }
    }
}

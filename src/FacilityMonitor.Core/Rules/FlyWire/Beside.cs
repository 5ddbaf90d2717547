namespace FacilityMonitor.Rules;

/// <summary>What was measured apart and taken off a line's power before a charger is looked for in the rest.</summary>
/// <param name="Watts">How much, W.</param>
/// <param name="Meters">How many meters of lines it is the sum of; 0: of sockets, each with an element of its own.</param>
/// <remarks>
/// The rest inherits the errors of both sides. A common one is learned (<see cref="UnmeteredRemainder.Gain"/>), but each element has its own: while bikes taper and come and go, the rest then
/// climbs and sinks by a percent of what they change, as smoothly as they do. That much is no evidence of anything.
/// </remarks>
/// <param name="StepW">Smallest step of the rest, W, see <see cref="JointStepW"/>; 0: nothing was taken off, and it shows in the values.</param>
internal readonly record struct Beside(double Watts, int Meters, double StepW = 0)
{
    /// <summary>Deviation of one element from the common gain: the limit of class 2, ± 2 %, is kept by nearly all, which makes it three standard deviations: 0.67 %.</summary>
    private const double ElementShare = 0.0067;

    /// <summary>A bike's charge, W: what sums change by consists of so many (reference §2.1: 97 to 300).</summary>
    private const double ChargeW = 180;

    /// <summary>Smallest step of what is left when several meters are taken off another: their roundings are independent, and those that draw nothing have none.</summary>
    /// <param name="ownW">Step of the line's meter, W.</param>
    /// <param name="theirsW">Step of those that were taken off, W.</param>
    /// <param name="watts">What they tell together, W.</param>
    /// <param name="meters">How many meters of lines that is; 0: sockets, and so many of them as charges fit into it.</param>
    public static double JointStepW(double ownW, double theirsW, double watts, int meters) =>
        Math.Sqrt((ownW * ownW) + (theirsW * theirsW * (meters > 0 ? meters : Math.Max(0, watts) / ChargeW)));

    /// <summary>How far the rest may have moved by errors of elements alone, W, as a standard deviation: those of several elements are independent.</summary>
    /// <param name="rangeW">Between the least and the most that was taken off, W.</param>
    public double ErrorW(double rangeW) => ElementShare * (Meters == 0 ? Math.Sqrt(rangeW * Math.Min(rangeW, ChargeW)) : rangeW / Math.Sqrt(Meters));
}

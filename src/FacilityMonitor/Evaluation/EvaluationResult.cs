namespace FacilityMonitor.Evaluation;

/// <summary>An appliance-day on which a charger was suspected.</summary>
internal sealed record FoundDay(string Category, string Name, double Minute);

/// <summary>False days of one kind of appliance.</summary>
internal sealed record CategoryResult(string Category, int Days, int FalseDays);

/// <summary>A charge on a circuit of its own.</summary>
/// <param name="File">Its file.</param>
/// <param name="Minutes">Minutes from its start until it was found; null: never.</param>
/// <param name="Shape">What it is asked for.</param>
internal sealed record ChargeResult(string File, double? Minutes, ChargeShape Shape)
{
    /// <summary>Whether it was found in time.</summary>
    public bool IsInTime => Minutes <= Shape.LimitMin;
}

/// <summary>One charge on its circuit-days.</summary>
/// <param name="File">Its file.</param>
/// <param name="IsStrong">Whether it climbs fast.</param>
/// <param name="Found">Days with the charge on which it was found after it began and before it was unplugged: where its trace ends, tail included.</param>
/// <param name="Wrong">Days on which a charger was suspected that was not there, or not yet.</param>
internal sealed record ChargeInMixture(string File, bool IsStrong, int Found, int Wrong);

/// <summary>All charges seen through one meter.</summary>
internal sealed record MixtureResult(MeterModel Meter, IReadOnlyList<ChargeInMixture> Charges)
{
    public int Found => Charges.Sum(charge => charge.Found);

    public int Wrong => Charges.Sum(charge => charge.Wrong);

    /// <summary>Share of what was suspected that was there; 1 when nothing was suspected.</summary>
    public double Precision => Found + Wrong == 0 ? 1 : (double)Found / (Found + Wrong);

    /// <summary>Share of what was there that was found.</summary>
    public double Recall => (double)Found / (Charges.Count * ChargerEvaluation.Offsets);

    /// <summary>The same of the chargers that climb fast; null when there are none.</summary>
    public double? StrongRecall => Charges.Any(charge => charge.IsStrong)
        ? Charges.Where(charge => charge.IsStrong).Average(charge => (double)charge.Found / ChargerEvaluation.Offsets)
        : null;
}

/// <summary>What an evaluation found.</summary>
internal sealed record EvaluationResult(int Days, IReadOnlyList<FoundDay> False, IReadOnlyList<CategoryResult> Categories, IReadOnlyList<ChargeResult> Charges, IReadOnlyList<MixtureResult> Mixtures)
{
    /// <summary>One false day in a thousand is allowed, and one in fewer.</summary>
    public bool IsQuietEnough => False.Count <= Math.Max(1, Days / 1000.0);
}

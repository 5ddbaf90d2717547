namespace FacilityMonitor.Evaluation;

/// <summary>An appliance-day on which a charger was suspected.</summary>
internal sealed record FoundDay(string Category, string Name, double Minute);

/// <summary>False days of one kind of appliance.</summary>
internal sealed record CategoryResult(string Category, int Days, int FalseDays);

/// <summary>A charge on a circuit of its own.</summary>
/// <param name="File">Its file.</param>
/// <param name="Minutes">Minutes from its start until it was found, by day or by night, whichever took longer; null: at one of them never.</param>
/// <param name="Shape">What it is asked for.</param>
internal sealed record ChargeResult(string File, double? Minutes, ChargeShape Shape)
{
    /// <summary>Whether it was found in time.</summary>
    public bool IsInTime => Minutes <= Shape.LimitMin;
}

/// <summary>One charge on its circuit-days.</summary>
/// <param name="File">Its file.</param>
/// <param name="IsStrong">Whether it climbs fast.</param>
/// <param name="Found">Days with the charge on which somebody was told while it drew power.</param>
/// <param name="Early">Days with the charge on which somebody was told before it began.</param>
/// <param name="Late">Days with the charge on which somebody was told of it when it was over: true, and too late to find anybody.</param>
/// <param name="Without">Days without it on which somebody was told.</param>
internal sealed record ChargeInMixture(string File, bool IsStrong, int Found, int Early, int Late, int Without)
{
    /// <summary>Days on which what somebody was told was not so.</summary>
    public int Wrong => Early + Without;

    public static ChargeInMixture Of(string file, bool isStrong, IReadOnlyCollection<DayDecision> days)
    {
        return new ChargeInMixture(file, isStrong, Count(DayDecision.Found), Count(DayDecision.Early), Count(DayDecision.Late), Count(DayDecision.Without));

        int Count(DayDecision which) => days.Count(day => day == which);
    }
}

/// <summary>All charges seen through one meter.</summary>
internal sealed record MixtureResult(MeterModel Meter, IReadOnlyList<ChargeInMixture> Charges)
{
    public int Found => Charges.Sum(charge => charge.Found);

    public int Wrong => Charges.Sum(charge => charge.Wrong);

    public int Early => Charges.Sum(charge => charge.Early);

    public int Late => Charges.Sum(charge => charge.Late);

    public int Without => Charges.Sum(charge => charge.Without);

    /// <summary>Share of the alerts that were true, also those that came when the charge was over; 1 when there were none.</summary>
    public double Precision => Found + Late + Wrong == 0 ? 1 : (Found + Late) / (double)(Found + Late + Wrong);

    /// <summary>Share of the charges that were told of while they drew 20 W or more.</summary>
    public double Recall => (double)Found / (Charges.Count * ChargerEvaluation.Offsets);

    /// <summary>Share of the charges that were told of at all.</summary>
    public double ToldShare => (double)(Found + Late) / (Charges.Count * ChargerEvaluation.Offsets);

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

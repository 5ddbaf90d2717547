namespace FirmwareSim.People;

/// <summary>When people bring their bikes: an evening peak from 18 to 21 h, a small one after the morning's errands, hardly anybody by night.</summary>
internal static class Rhythm
{
    /// <summary>A published model puts the mean start at 18:00 ± 90 min; sheds fill from 18 to 21 h.</summary>
    private static readonly double[] WeekdayWeights =
        [0.6, 0.3, 0.1, 0.1, 0.1, 0.3, 0.8, 1.6, 2.2, 2.4, 2.4, 2.8, 3.0, 2.4, 2.2, 2.4, 4.0, 8.0, 13.0, 14.5, 13.0, 9.0, 4.5, 1.8];

    private static readonly double[] WeekendWeights =
        [0.8, 0.4, 0.2, 0.1, 0.1, 0.3, 0.6, 1.2, 2.4, 3.6, 4.2, 4.4, 4.2, 3.6, 3.4, 3.8, 5.0, 7.5, 10.5, 11.5, 10.5, 8.0, 4.2, 2.0];

    private static readonly double WeekdaySum = WeekdayWeights.Sum();
    private static readonly double WeekendSum = WeekendWeights.Sum();

    /// <summary>Share of a day's arrivals that come per hour, now.</summary>
    public static double ShareOfDayPerHour(in Moment now) =>
        now.IsWeekend ? WeekendWeights[(int)now.Hour] / WeekendSum : WeekdayWeights[(int)now.Hour] / WeekdaySum;

    /// <summary>Share of the bikes that are at home: nearly all by night, a good half at noon.</summary>
    public static double ShareAtHome(in Moment now) => now.IsBetween(21, 6) ? 0.95 : now.IsBetween(9, 16) ? 0.55 : 0.75;
}

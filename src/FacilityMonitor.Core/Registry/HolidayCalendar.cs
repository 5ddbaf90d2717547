namespace FacilityMonitor.Registry;

/// <summary>Holidays and make-up workdays of one year, as the State Council announces them in November of the year before.</summary>
/// <param name="Year">The year.</param>
/// <param name="Off">Days off that are no ordinary weekend, or are announced as part of a holiday.</param>
/// <param name="Work">Saturdays and Sundays on which offices work (调休).</param>
public sealed record HolidayYear(int Year, IReadOnlyList<DateOnly> Off, IReadOnlyList<DateOnly> Work);

/// <summary>Which days offices work. No formula gives it: the make-up workdays are decided year by year.</summary>
public sealed class HolidayCalendar
{
    private readonly Dictionary<int, HolidayYear> _years;

    /// <summary>A calendar of given years; a later one with the same year wins.</summary>
    public HolidayCalendar(IEnumerable<HolidayYear> years)
    {
        ArgumentNullException.ThrowIfNull(years);
        _years = [];
        foreach (var year in years)
            _years[year.Year] = year;
    }

    /// <summary>2025 (国办发明电〔2024〕12号, 12 November 2024) and 2026 (announced 4 November 2025).</summary>
    public static HolidayCalendar BuiltIn { get; } = new(
    [
        new HolidayYear(
            2025,
            [.. Days(2025, 1, 1, 1), .. Days(2025, 1, 28, 8), .. Days(2025, 4, 4, 3), .. Days(2025, 5, 1, 5), .. Days(2025, 5, 31, 3), .. Days(2025, 10, 1, 8)],
            [new(2025, 1, 26), new(2025, 2, 8), new(2025, 4, 27), new(2025, 9, 28), new(2025, 10, 11)]),
        new HolidayYear(
            2026,
            [.. Days(2026, 1, 1, 3), .. Days(2026, 2, 15, 9), .. Days(2026, 4, 4, 3), .. Days(2026, 5, 1, 5), .. Days(2026, 6, 19, 3), .. Days(2026, 9, 25, 3), .. Days(2026, 10, 1, 7)],
            [new(2026, 1, 4), new(2026, 2, 14), new(2026, 2, 28), new(2026, 5, 9), new(2026, 9, 20), new(2026, 10, 10)]),
    ]);

    /// <summary>The years that are known, in order.</summary>
    public IReadOnlyList<int> Years => [.. _years.Keys.Order()];

    /// <summary>Whether a year is known.</summary>
    public bool Knows(int year) => _years.ContainsKey(year);

    /// <summary>What is known of a year; null: nothing.</summary>
    public HolidayYear? Find(int year) => _years.GetValueOrDefault(year);

    /// <summary>These years, and others; the others win.</summary>
    public HolidayCalendar With(IEnumerable<HolidayYear> others) => new([.. _years.Values, .. others]);

    /// <summary>Whether offices work on a day.</summary>
    /// <returns>Null: the year is not known, and any answer would be a guess.</returns>
    public bool? IsWorkday(DateOnly day)
    {
        if (!_years.TryGetValue(day.Year, out var year))
            return null;
        if (year.Work.Contains(day))
            return true;
        return !year.Off.Contains(day) && day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday);
    }

    private static IEnumerable<DateOnly> Days(int year, int month, int day, int count) => Enumerable.Range(0, count).Select(number => new DateOnly(year, month, day).AddDays(number));
}

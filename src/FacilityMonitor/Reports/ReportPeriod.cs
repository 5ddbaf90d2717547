using System.Globalization;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Reports;

/// <summary>The time that a report is about: whole days on the wall clock of the sites.</summary>
/// <param name="First">Its first day.</param>
/// <param name="Last">Its last day, included.</param>
internal sealed record ReportPeriod(DateOnly First, DateOnly Last)
{
    /// <summary>Longest time: a year, and the same month of the year before beside it. Readings and alerts are kept for hardly longer.</summary>
    public const int MonthsMax = 13;

    /// <summary>No device of ours spoke before; what is earlier is a slip of the pen.</summary>
    public const int YearMin = 2020;

    private const string MonthForm = "yyyy-MM";
    private const string DayForm = "yyyy-MM-dd";

    /// <summary>Begin, included; ms since 1970-01-01 UTC. A whole hour.</summary>
    public long FromMs => ShanghaiTime.MidnightMs(First);

    /// <summary>End, excluded.</summary>
    public long ToMs => ShanghaiTime.MidnightMs(Last.AddDays(1));

    /// <summary>Whether it is one whole month.</summary>
    public bool IsMonth => First.Day == 1 && Last == First.AddMonths(1).AddDays(-1);

    /// <summary>As an address writes a month, and a file name either: <c>2026-10</c>, <c>2026-10-03_2026-10-09</c>.</summary>
    public string Key => IsMonth ? First.ToString(MonthForm, CultureInfo.InvariantCulture) : $"{First.ToString(DayForm, CultureInfo.InvariantCulture)}_{Last.ToString(DayForm, CultureInfo.InvariantCulture)}";

    /// <summary>As people say it.</summary>
    public LocalText Name => IsMonth
        ? new LocalText(string.Create(CultureInfo.InvariantCulture, $"{First.Year} 年 {First.Month} 月"), First.ToString("MMMM yyyy", CultureInfo.InvariantCulture))
        : new LocalText(string.Create(CultureInfo.InvariantCulture, $"{First:yyyy-MM-dd} 至 {Last:yyyy-MM-dd}"), string.Create(CultureInfo.InvariantCulture, $"{First:yyyy-MM-dd} to {Last:yyyy-MM-dd}"));

    /// <summary>The day as a form writes it.</summary>
    public static string Day(DateOnly day) => day.ToString(DayForm, CultureInfo.InvariantCulture);

    /// <summary>The month that ended last.</summary>
    public static ReportPeriod LastCompleteMonth(long nowMs)
    {
        var today = ShanghaiTime.DayOf(nowMs);
        return Month(new DateOnly(today.Year, today.Month, 1).AddMonths(-1));
    }

    /// <summary>Today and the days before it.</summary>
    public static ReportPeriod LastDays(long nowMs, int days)
    {
        var today = ShanghaiTime.DayOf(nowMs);
        return new ReportPeriod(today.AddDays(1 - days), today);
    }

    /// <summary>Reads a month.</summary>
    /// <returns>Why it is none that can be reported on; null when it is.</returns>
    public static LocalText? ReadMonth(string text, long nowMs, out ReportPeriod period)
    {
        period = LastCompleteMonth(nowMs);
        if (!DateOnly.TryParseExact(text, MonthForm, CultureInfo.InvariantCulture, DateTimeStyles.None, out var first))
            return new LocalText($"month：“{Quoted(text)}”不是月份，应像 {period.Key}", $"month: \"{Quoted(text)}\" is no month; write it like {period.Key}");
        if (Bounds("month", first, first, nowMs) is { } refusal)
            return refusal;
        period = Month(first);
        return null;
    }

    /// <summary>Reads a first and a last day.</summary>
    /// <returns>Why they are none that can be reported on; null when they are.</returns>
    public static LocalText? ReadDays(string from, string to, long nowMs, out ReportPeriod period)
    {
        period = LastDays(nowMs, 31);
        foreach (var (key, text) in ((string, string)[])[("from", from), ("to", to)])
        {
            if (!DateOnly.TryParseExact(text, DayForm, CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
                return new LocalText($"{key}：“{Quoted(text)}”不是日期，应像 {Day(period.First)}", $"{key}: \"{Quoted(text)}\" is no date; write it like {Day(period.First)}");
        }

        var (first, last) = (DateOnly.ParseExact(from, DayForm, CultureInfo.InvariantCulture), DateOnly.ParseExact(to, DayForm, CultureInfo.InvariantCulture));
        if (last < first)
            return new LocalText($"to：{to} 早于 from：{from}；请对调", $"to: {to} is before from: {from}; exchange them");
        if (Bounds("from", first, last, nowMs) is { } refusal)
            return refusal;
        if (last >= first.AddMonths(MonthsMax))
        {
            var (earliest, latest) = (last.AddMonths(-MonthsMax).AddDays(1), first.AddMonths(MonthsMax).AddDays(-1));
            // A begin that is yet to come would only be refused next.
            return earliest > ShanghaiTime.DayOf(nowMs)
                ? new LocalText($"最长 {MonthsMax} 个月；请把 to 改成 {Day(latest)} 或更早", $"at most {MonthsMax} months; let to be {Day(latest)} or earlier")
                : new LocalText($"最长 {MonthsMax} 个月；请把 from 改成 {Day(earliest)} 或更晚", $"at most {MonthsMax} months; set from to {Day(earliest)} or later");
        }

        period = new ReportPeriod(first, last);
        return null;
    }

    private static ReportPeriod Month(DateOnly first) => new(first, first.AddMonths(1).AddDays(-1));

    private static LocalText? Bounds(string key, DateOnly first, DateOnly last, long nowMs)
    {
        var today = ShanghaiTime.DayOf(nowMs);
        if (first.Year < YearMin)
            return new LocalText($"{key}：{Day(first)} 太早，从 {YearMin} 年起", $"{key}: {Day(first)} is too early; from {YearMin} on");
        if (first > today)
            return new LocalText($"{key}：{Day(first)} 还没有到；今天是 {Day(today)}", $"{key}: {Day(first)} is yet to come; today is {Day(today)}");
        // The last day may be to come: a form that stands over midnight is no mistake.
        return last.Year > today.Year + 1
            ? new LocalText($"to：{Day(last)} 太远；今天是 {Day(today)}", $"to: {Day(last)} is too far ahead; today is {Day(today)}")
            : null;
    }

    private static string Quoted(string text) => text.Length > 20 ? text[..20] + "…" : text;
}

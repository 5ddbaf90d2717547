using System.Globalization;
using System.Text.RegularExpressions;
using FacilityMonitor.Configuration;
using FacilityMonitor.Users;

namespace FacilityMonitor.Edits;

/// <summary>What a form says of the holidays of a year, in the words of the announcement.</summary>
internal sealed record HolidayFields
{
    public string? Year { get; init; }

    /// <summary>Days off: <c>1月1日至3日、2月15日至23日</c>, or <c>1-1~1-3 2-15~2-23</c>.</summary>
    public string? Off { get; init; }

    /// <summary>Saturdays and Sundays on which offices work.</summary>
    public string? Work { get; init; }
}

/// <summary>Holidays and make-up workdays of a year: shifts of workdays and days off go by them.</summary>
internal static partial class HolidayEdit
{
    /// <summary>Longest range that is taken for one: the longest holiday had nine days.</summary>
    private const int RangeMax = 31;

    /// <param name="year">The year.</param>
    /// <param name="fields">What somebody said.</param>
    /// <returns>The edit; or why there is none.</returns>
    public static (RegistryEdit? Edit, EditRefusal? Refusal) Of(int year, HolidayFields fields)
    {
        var (off, work) = (Days(fields.Off, year), Days(fields.Work, year));
        if (off is null or [])
            return (null, Wrong("off"));
        if (work is null)
            return (null, Wrong("work"));
        var id = year.ToString(CultureInfo.InvariantCulture);
        return (new RegistryEdit
        {
            Name = new EditName(EditKind.Holidays, id),
            Content = Yaml.Listed("holidays", ("year", Yaml.Text(id)), ("off", Texts(off)), ("work", Texts(work))),
            Word = "holidays-edit",
            Sites = SiteScope.All,
            Part = written => Part(written, year),
            Fields = [(" › off", "off"), (" › work", "work"), (" › year", "year")],
        }, null);
    }

    /// <summary>What is written of a year; null: nothing.</summary>
    public static YamlElement? Part(WrittenRegistry written, int year) => (written.People?.Find("holidays") as YamlSequence)?.Items.OfType<YamlMapping>()
        .FirstOrDefault(item => item.Find("year") is YamlScalar { Text: var text } && text == year.ToString(CultureInfo.InvariantCulture));

    /// <summary>Days as a form has them: single ones and ranges.</summary>
    public static string Say(IReadOnlyList<DateOnly> days)
    {
        var said = new List<string>();
        for (var from = 0; from < days.Count;)
        {
            var to = from;
            while (to + 1 < days.Count && days[to + 1] == days[to].AddDays(1))
                to++;
            said.Add(from == to ? Say(days[from]) : $"{Say(days[from])}~{Say(days[to])}");
            from = to + 1;
        }

        return string.Join(' ', said);

        static string Say(DateOnly day) => string.Create(CultureInfo.InvariantCulture, $"{day.Month}-{day.Day}");
    }

    /// <summary>Days in their order; null: something else is written too.</summary>
    private static List<DateOnly>? Days(string? text, int year)
    {
        var days = new SortedSet<DateOnly>();
        var rest = Range().Replace(text ?? "", match =>
        {
            if (Day(year, match.Groups["month"].Value, match.Groups["day"].Value) is not { } from)
                return match.Value;
            var to = from;
            if (match.Groups["today"].Success)
            {
                if (Day(year, match.Groups["tomonth"] is { Success: true } month ? month.Value : match.Groups["month"].Value, match.Groups["today"].Value) is not { } end || end < from || end > from.AddDays(RangeMax))
                    return match.Value;
                to = end;
            }

            for (var day = from; day <= to; day = day.AddDays(1))
                days.Add(day);
            return "";
        });
        return Between().IsMatch(rest) ? [.. days] : null;
    }

    private static DateOnly? Day(int year, string month, string day) =>
        DateOnly.TryParseExact($"{year}-{month}-{day}", "yyyy-M-d", CultureInfo.InvariantCulture, DateTimeStyles.None, out var found) ? found : null;

    private static YamlSequence Texts(List<DateOnly> days) => Yaml.List(days.Select(day => Yaml.Text(day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture))));

    private static EditRefusal Wrong(string field) => EditRefusal.At(field, "请写这一年的日期，例如 1月1日至3日、2月15日至23日，或 1-1~1-3 2-15~2-23", "write days of this year, such as 1-1~1-3 2-15~2-23");

    [GeneratedRegex("(?<month>[0-9]{1,2})[月/.-](?<day>[0-9]{1,2})日?(\\s*[至到~～–—]\\s*((?<tomonth>[0-9]{1,2})[月/.-])?(?<today>[0-9]{1,2})日?)?", RegexOptions.ExplicitCapture)]
    private static partial Regex Range();

    /// <summary>What may stand between days.</summary>
    [GeneratedRegex("^[\\s,，、;；。.]*$")]
    private static partial Regex Between();
}

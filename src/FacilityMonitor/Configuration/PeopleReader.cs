using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;

namespace FacilityMonitor.Configuration;

/// <summary>Reads who is called, and when, out of a <c>people.yaml</c>.</summary>
/// <param name="file">The file.</param>
/// <param name="environment">Looks up a variable that an address names.</param>
/// <param name="folder">Where files lie that an address names.</param>
/// <param name="keep">Remembers where something was written.</param>
internal sealed class PeopleReader(MappingReader file, Func<string, string?> environment, string folder, Action<object, MappingReader> keep)
{
    private static readonly Dictionary<string, DayOfWeek> Weekdays = new(StringComparer.Ordinal)
    {
        ["mon"] = DayOfWeek.Monday,
        ["tue"] = DayOfWeek.Tuesday,
        ["wed"] = DayOfWeek.Wednesday,
        ["thu"] = DayOfWeek.Thursday,
        ["fri"] = DayOfWeek.Friday,
        ["sat"] = DayOfWeek.Saturday,
        ["sun"] = DayOfWeek.Sunday,
    };

    public People Read() => new()
    {
        Persons = [.. file.Each("people", "person").Select(Person)],
        Teams = [.. file.Each("teams", "team").Select(Team)],
        Chains = [.. file.Each("chains", "chain").Select(Chain).OfType<SiteChain>()],
        Holidays = HolidayCalendar.BuiltIn.With(Years()),
    };

    private List<HolidayYear> Years()
    {
        var years = new List<HolidayYear>();
        foreach (var reader in file.Each("holidays", "year"))
        {
            if (Year(reader) is not { } year)
                continue;
            if (years.Exists(known => known.Year == year.Year))
                reader.Error("year", $"{year.Year} 年写了两次；请合成一条", $"{year.Year} is there twice; make them one");
            years.Add(year);
        }

        return years;
    }

    private Person Person(MappingReader reader) => Keep(reader, new Person
    {
        Id = reader.Id(),
        Name = reader.RequiredName("name", untranslated: null),
        Contacts = [.. reader.Each("reach", "way").Select(Contact)],
        NightCalls = reader.YesOrNo("night-calls") ?? false,
        Language = reader.OneOf("language", "zh", "en") ?? "zh",
        Until = reader.Date("until"),
        Away = [.. reader.Each("away", "absence").Select(Absence).OfType<Absence>()],
    });

    private PersonContact Contact(MappingReader reader)
    {
        if (reader.Find("channel") is null)
            reader.Missing("channel", "sms");
        var contact = new PersonContact(reader.Reference("channel") ?? "", SecretText.Read(reader, "address", environment, folder) ?? "", reader.Date("verified"));
        reader.Close();
        return contact;
    }

    private static Absence? Absence(MappingReader reader)
    {
        Named(reader);
        var times = Period(reader);
        reader.Close();
        return times is { } period ? new Absence(period.From, period.To) : null;
    }

    private Team Team(MappingReader reader) => Keep(reader, new Team
    {
        Id = reader.Id(),
        Name = reader.RequiredName("name", untranslated: null),
        Tier = reader.Kind<Tier>("tier") ?? Tier.Guard,
        Sites = reader.References("sites"),
        Shifts = [.. reader.Each("shifts", "shift").Select(Shift)],
        Overrides = [.. reader.Each("overrides", "override").Select(StandIn).OfType<StandIn>()],
        Swaps = [.. reader.Each("swaps", "swap").Select(Swap).OfType<Swap>()],
        Fallback = reader.Reference("fallback"),
        AlwaysCovered = reader.YesOrNo("always-covered") ?? true,
    });

    /// <summary>Absences, shifts, overrides and swaps need no id; one that an edit adds has one, so that it comes beside the others instead of in their place.</summary>
    private static void Named(MappingReader reader) => reader.Reference("id");

    private Shift Shift(MappingReader reader)
    {
        Named(reader);
        var people = reader.References("people");
        if (people.Count == 0)
            reader.Missing("people", "[wang, li]");
        var turns = reader.Find("turns") is null ? ShiftTurns.Together : reader.Kind<ShiftTurns>("turns") ?? ShiftTurns.Together;
        var since = reader.Date("since");
        if (turns != ShiftTurns.Together && since is null)
            reader.Error("turns", "轮流值班要写明从哪天由第一个人开始；请加一行，例如 since: 2026-11-23", "turns need the day on which the first person begins; add a line such as since: 2026-11-23");
        return Keep(reader, new Shift
        {
            Days = reader.Find("days") is null ? DayKind.All : reader.Kind<DayKind>("days") ?? DayKind.All,
            Weekdays = [.. reader.Texts("weekdays").Select(text => Weekday(reader, text)).OfType<DayOfWeek>()],
            From = reader.Time("from") ?? TimeOnly.MinValue,
            To = reader.Time("to") ?? TimeOnly.MinValue,
            Persons = people,
            Turns = turns,
            Since = since ?? new DateOnly(2026, 1, 5),
        });
    }

    private static DayOfWeek? Weekday(MappingReader reader, YamlScalar text)
    {
        if (Weekdays.TryGetValue(text.Text, out var day))
            return day;
        reader.Error("weekdays", $"'{text.Text}' 不是星期；请写 mon、tue、wed、thu、fri、sat、sun", $"'{text.Text}' is no day of the week; write mon, tue, wed, thu, fri, sat or sun");
        return null;
    }

    private SiteChain? Chain(MappingReader reader)
    {
        if (reader.Find("priority") is null)
            reader.Missing("priority", "P0");
        var word = reader.OneOf("priority", Enum.GetNames<Priority>());
        var priority = word is null ? default(Priority?) : Enum.Parse<Priority>(word);
        var sites = reader.References("sites");
        var steps = reader.Each("steps", "step").Select(step => Step(step, priority)).ToList();
        if (steps.Count == 0 && reader.Find("steps") is null or YamlSequence { Items.Count: 0 })
            reader.Missing("steps", "[{after-s: 0, tiers: [guard]}, {after-s: 60, tiers: [property-manager]}]");
        if (steps.Count > EscalationChain.StepsMax)
            reader.Error("steps", $"有 {steps.Count} 步，上限是 {EscalationChain.StepsMax}；请删去一些", $"holds {steps.Count} steps, the limit is {EscalationChain.StepsMax}; remove some");
        for (var number = 1; number < steps.Count; number++)
        {
            if (steps[number].AfterS <= steps[number - 1].AfterS)
                reader.Error("steps", $"第 {number + 1} 步的 after-s {steps[number].AfterS} 不比前一步的 {steps[number - 1].AfterS} 晚；请按先后写，同时通知的写进一步的 tiers",
                    $"after-s {steps[number].AfterS} of step {number + 1} is not later than {steps[number - 1].AfterS} of the one before; write them in their order, and who is called together into the tiers of one step");
        }

        // Nothing makes life safety wait: the first seconds are the ones that count.
        if (priority == Priority.P0 && steps is [{ AfterS: > 0 }, ..])
            reader.Error("steps", $"P0 的第一步 after-s 是 {steps[0].AfterS}；生命安全不能等，请写 0", $"the first step of P0 has after-s {steps[0].AfterS}; life safety does not wait, write 0");
        var repeat = reader.Integer("repeat-s", EscalationChain.RepeatMinS, EscalationChain.RepeatMaxS) ?? (priority is { } known ? EscalationChain.Of(known).RepeatS : EscalationChain.RepeatMaxS);
        return priority is { } of && steps.Count > 0 ? Keep(reader, new SiteChain(of, sites, new EscalationChain(steps, repeat))) : Nothing<SiteChain>(reader);
    }

    /// <summary>Life safety rings unless something else is written.</summary>
    private static EscalationStep Step(MappingReader reader, Priority? priority)
    {
        if (reader.Find("after-s") is null)
            reader.Missing("after-s", "60");
        var after = reader.Integer("after-s", 0, EscalationChain.AfterMaxS) ?? 0;
        var tiers = reader.Texts("tiers").Select(text => TierOf(reader, text)).OfType<Tier>().Distinct().ToList();
        var loudness = reader.Find("loudness") is null ? null : reader.Kind<Loudness>("loudness");
        var siren = reader.YesOrNo("siren") ?? false;
        if (reader.Find("tiers") is null && !siren)
            reader.Missing("tiers", "[guard, property-manager]");
        reader.Close();
        return new EscalationStep(after, tiers, loudness ?? (priority == Priority.P0 ? Loudness.Voice : Loudness.Message), siren);
    }

    private static Tier? TierOf(MappingReader reader, YamlScalar text)
    {
        var tiers = Words.All<Tier>();
        if (tiers.FirstOrDefault(tier => tier.Word == text.Text) is { Word: not null } found)
            return found.Kind;
        var (near, all) = (Suggestion.For(text.Text, [.. tiers.Select(tier => tier.Word)]), string.Join(", ", tiers.Select(tier => tier.Word)));
        reader.Error("tiers", near is null ? $"没有 '{text.Text}' 这一级；请写其中之一：{all}" : $"没有 '{text.Text}' 这一级；是不是 '{near}'？",
            near is null ? $"there is no tier '{text.Text}'; write one of: {all}" : $"there is no tier '{text.Text}'; did you mean '{near}'?");
        return null;
    }

    private StandIn? StandIn(MappingReader reader)
    {
        Named(reader);
        var times = Period(reader);
        if (reader.Find("person") is null)
            reader.Missing("person", "wang");
        var (person, place) = (reader.Reference("person"), reader.Reference("for"));
        if (person is not null && person == place)
            reader.Error("for", $"'{place}' 不能替自己；请写替的是谁，或删去 for（替整个班组）", $"'{place}' cannot stand in for themselves; name whose place it is, or remove 'for' (the whole team's)");
        return times is { } period && person is not null ? Keep(reader, new StandIn(period.From, period.To, person, place)) : Nothing<StandIn>(reader);
    }

    private Swap? Swap(MappingReader reader)
    {
        Named(reader);
        var times = Period(reader);
        foreach (var key in (string[])["one", "other"])
        {
            if (reader.Find(key) is null)
                reader.Missing(key, "wang");
        }

        var (one, other) = (reader.Reference("one"), reader.Reference("other"));
        if (one is not null && one == other)
            reader.Error("other", $"'{other}' 不能跟自己换班；请写另一个人", $"'{other}' cannot exchange with themselves; name somebody else");
        return times is { } period && one is not null && other is not null ? Keep(reader, new Swap(period.From, period.To, one, other)) : Nothing<Swap>(reader);
    }

    private static HolidayYear? Year(MappingReader reader)
    {
        if (reader.Find("year") is null)
            reader.Missing("year", "2027");
        var year = reader.Integer("year", 2025, 2099);
        var (off, work) = (Days(reader, "off", year), Days(reader, "work", year));
        foreach (var day in work.Where(day => day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday)))
            reader.Error("work", $"{day:yyyy-MM-dd} 不是周六或周日；调休上班日只能是周末", $"{day:yyyy-MM-dd} is no Saturday or Sunday; a make-up workday is");
        foreach (var day in off.Intersect(work))
            reader.Error("work", $"{day:yyyy-MM-dd} 同时写在 off 和 work；请删去一处", $"{day:yyyy-MM-dd} stands in off and in work; remove one");
        if (off.Count == 0 && reader.Find("off") is null)
            reader.Missing("off", "[2027-01-01]");
        reader.Close();
        return year is { } known ? new HolidayYear(known, off, work) : null;
    }

    private static List<DateOnly> Days(MappingReader reader, string key, int? year)
    {
        var days = new List<DateOnly>();
        foreach (var text in reader.Texts(key))
        {
            if (!DateOnly.TryParseExact(text.Text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
                reader.Error(key, $"'{text.Text}' 不是日期；请写成 2027-03-31", $"'{text.Text}' is no date; write it as 2027-03-31");
            else if (year is { } known && day.Year != known)
                reader.Error(key, $"{text.Text} 不在 {known} 年", $"{text.Text} is not in {known}");
            else
                days.Add(day);
        }

        return days;
    }

    private static (DateTime From, DateTime To)? Period(MappingReader reader)
    {
        foreach (var key in (string[])["from", "to"])
        {
            if (reader.Find(key) is null)
                reader.Missing(key, "2026-12-01 20:00");
        }

        var (from, to) = (reader.Moment("from"), reader.Moment("to"));
        if (from is not { } begin || to is not { } end)
            return null;
        if (end > begin)
            return (begin, end);
        reader.Error("to", $"要在 from（{begin:yyyy-MM-dd HH:mm}）之后", $"must be after from ({begin:yyyy-MM-dd HH:mm})");
        return null;
    }

    private static T? Nothing<T>(MappingReader reader)
        where T : class
    {
        reader.Close();
        return null;
    }

    private T Keep<T>(MappingReader reader, T read)
        where T : class
    {
        keep(read, reader);
        reader.Close();
        return read;
    }
}

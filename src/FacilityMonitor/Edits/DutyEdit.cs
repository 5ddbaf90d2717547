using FacilityMonitor.Configuration;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;
using FacilityMonitor.Web;

namespace FacilityMonitor.Edits;

/// <summary>What a form says of a roster.</summary>
internal sealed record DutyFields
{
    public string? Team { get; init; }

    /// <summary>Who is on duty then; of a swap one of the two.</summary>
    public string? Person { get; init; }

    /// <summary>Who shares a shift with <see cref="Person"/>, in the order of their turns; an empty one is nobody.</summary>
    public string? Second { get; init; }

    /// <inheritdoc cref="Second"/>
    public string? Third { get; init; }

    /// <inheritdoc cref="Second"/>
    public string? Fourth { get; init; }

    /// <summary>How they share it; empty: together.</summary>
    public string? Turns { get; init; }

    /// <summary>The day of the first person's turn.</summary>
    public string? Since { get; init; }

    /// <summary>Whose place it is, empty: the whole team's; of a swap the other.</summary>
    public string? Other { get; init; }

    /// <summary>A moment, or of a shift a time of day.</summary>
    public string? From { get; init; }

    public string? To { get; init; }

    /// <summary>Which days a shift begins on.</summary>
    public string? Days { get; init; }

    /// <summary>What a new team is called.</summary>
    public string? Name { get; init; }

    public string? Tier { get; init; }

    public string? Site { get; init; }

    /// <summary>Whether a new team has to cover every moment.</summary>
    public string? Always { get; init; }
}

/// <summary>Who is on duty: a new team, a shift, somebody who stands in, two who exchange, somebody who is away.</summary>
internal static class DutyEdit
{
    /// <summary>What is written of that among which the form lets one choose.</summary>
    public static YamlElement? Part(WrittenRegistry written, EditKind kind) => written.People?.Find(kind == EditKind.Absence ? "people" : "teams");

    /// <summary>Somebody is away; until he is back he is not on duty.</summary>
    /// <param name="person">Who.</param>
    /// <param name="people">The people in force.</param>
    /// <param name="fields">What somebody said.</param>
    /// <param name="drawn">The id it gets.</param>
    public static (RegistryEdit? Edit, EditRefusal? Refusal) Absence(string person, People people, DutyFields fields, DrawnId drawn)
    {
        var id = drawn.ToString();
        var at = $"absence {id}";
        if (Unfinished(("from", fields.From), ("to", fields.To)) is { } refusal)
            return (null, refusal);
        var content = Yaml.Listed("people", ("id", Yaml.Text(person)), ("away", Yaml.List(Yaml.Map(("id", Yaml.Text(id)), ("from", Yaml.Text(fields.From!)), ("to", Yaml.Text(fields.To!))))));
        return (Edit(PersonEdit.SitesOf(person, people), new EditName(EditKind.Absence, person, id), "absence", content, [($"{at} › from", "from"), ($"{at} › to", "to"), (at, "from")]), null);
    }

    /// <summary>Somebody stands in.</summary>
    /// <param name="team">The team.</param>
    /// <param name="fields">What somebody said; the persons are such that he sees.</param>
    /// <param name="drawn">The id it gets.</param>
    public static (RegistryEdit? Edit, EditRefusal? Refusal) StandIn(Team team, DutyFields fields, DrawnId drawn)
    {
        var id = drawn.ToString();
        var at = $"override {id}";
        if (Unfinished(("from", fields.From), ("to", fields.To), ("person", fields.Person)) is { } refusal)
            return (null, refusal);
        return (In(team, new EditName(EditKind.StandIn, team.Id, id), "stand-in", "overrides",
            [("id", Yaml.Text(id)), ("from", Yaml.Text(fields.From!)), ("to", Yaml.Text(fields.To!)), ("person", Yaml.Text(fields.Person!)), ("for", Yaml.TextOrNone(fields.Other))],
            [($"{at} › from", "from"), ($"{at} › to", "to"), ($"{at} › person", "person"), ($"{at} › for", "other"), (at, "from")]), null);
    }

    /// <summary>Two exchange their duties.</summary>
    /// <inheritdoc cref="StandIn" path="/param"/>
    public static (RegistryEdit? Edit, EditRefusal? Refusal) Swap(Team team, DutyFields fields, DrawnId drawn)
    {
        var id = drawn.ToString();
        var at = $"swap {id}";
        if (Unfinished(("from", fields.From), ("to", fields.To), ("person", fields.Person), ("other", fields.Other)) is { } refusal)
            return (null, refusal);
        return (In(team, new EditName(EditKind.Swap, team.Id, id), "swap", "swaps",
            [("id", Yaml.Text(id)), ("from", Yaml.Text(fields.From!)), ("to", Yaml.Text(fields.To!)), ("one", Yaml.Text(fields.Person!)), ("other", Yaml.Text(fields.Other!))],
            [($"{at} › from", "from"), ($"{at} › to", "to"), ($"{at} › one", "person"), ($"{at} › other", "other"), (at, "from")]), null);
    }

    /// <summary>Somebody takes a shift, or several share it.</summary>
    /// <inheritdoc cref="StandIn" path="/param"/>
    public static (RegistryEdit? Edit, EditRefusal? Refusal) Shift(Team team, DutyFields fields, DrawnId drawn)
    {
        var id = drawn.ToString();
        var at = $"shift {id}";
        if (Unfinished(("from", fields.From), ("to", fields.To), ("person", fields.Person)) is { } refusal)
            return (null, refusal);
        List<string> persons = [fields.Person!];
        foreach (var (field, person) in (ReadOnlySpan<(string, string?)>)[("second", fields.Second), ("third", fields.Third), ("fourth", fields.Fourth)])
        {
            if (string.IsNullOrEmpty(person))
                continue;
            if (persons.Contains(person))
                return (null, EditRefusal.At(field, "这个人已经选过了", "this person is chosen already"));
            persons.Add(person);
        }

        var areTurns = fields.Turns is { Length: > 0 } how && how != Words.Of(ShiftTurns.Together);
        if (areTurns && persons.Count == 1)
            return (null, EditRefusal.At("second", "轮流要两个人以上", "turns need two persons or more"));
        if (areTurns && Unfinished(("since", fields.Since)) is { } dayless)
            return (null, dayless);
        var shift = ShiftOf(team, id, persons, fields.From, fields.To, fields.Days, areTurns ? fields.Turns : null, areTurns ? fields.Since : null);
        return (Edit(SiteView.SitesOf(team), new EditName(EditKind.Shift, team.Id, id), "shift-add", Yaml.Map(("teams", Yaml.List(shift))),
            [($"{at} › from", "from"), ($"{at} › to", "to"), ($"{at} › people", "person"), ($"{at} › days", "days"), ($"{at} › turns", "turns"), ($"{at} › since", "since"), (at, "from")]), null);
    }

    /// <summary>A team of a site.</summary>
    public static (RegistryEdit? Edit, EditRefusal? Refusal) Team(Site site, DutyFields fields, DrawnId drawn)
    {
        if (Unfinished(("name", fields.Name)) is { } refusal)
            return (null, refusal);
        var id = "team-" + drawn;
        var at = $"team {id}";
        var content = Yaml.Listed("teams", ("id", Yaml.Text(id)), ("name", Yaml.Text(fields.Name!.Trim())), ("tier", Yaml.Text(fields.Tier ?? "")), ("sites", Yaml.List(Yaml.Text(site.Id))),
            ("always-covered", Yaml.Text(fields.Always is null ? "false" : "true")));
        return (Edit(SiteScope.Of([site.Id]), new EditName(EditKind.Team, id), "team-add", content, [($"{at} › name", "name"), ($"{at} › tier", "tier"), ($"{at} › sites", "site"), (at, "name")]), null);
    }

    /// <summary>A team with one more shift.</summary>
    public static YamlMapping ShiftOf(Team team, string id, IEnumerable<string> persons, string? from, string? to, string? days, string? turns, string? since) => Yaml.Map(
        ("id", Yaml.Text(team.Id)),
        ("shifts", Yaml.List(Yaml.Map(
            ("id", Yaml.Text(id)), ("from", Yaml.Text(from is { Length: > 0 } ? from : "00:00")), ("to", Yaml.Text(to is { Length: > 0 } ? to : "24:00")),
            ("days", Yaml.TextOrNone(days)), ("people", Yaml.List(persons.Select(Yaml.Text))), ("turns", Yaml.TextOrNone(turns)), ("since", Yaml.TextOrNone(since))))));

    private static RegistryEdit In(Team team, EditName name, string word, string list, (string, YamlElement?)[] entries, (string, string)[] fields) =>
        Edit(SiteView.SitesOf(team), name, word, Yaml.Listed("teams", ("id", Yaml.Text(team.Id)), (list, Yaml.List(Yaml.Map(entries)))), fields);

    private static RegistryEdit Edit(SiteScope sites, EditName name, string word, YamlMapping content, (string, string)[] fields) => new()
    {
        Name = name,
        Content = content,
        Word = word,
        Sites = sites,
        Part = written => Part(written, name.Kind),
        Fields = fields,
    };

    private static EditRefusal? Unfinished(params (string Field, string? Value)[] fields)
    {
        var missing = fields.Where(field => string.IsNullOrWhiteSpace(field.Value)).Select(field => (field.Field, new LocalText("请填写", "is missing"))).ToList();
        return missing.Count == 0 ? null : new EditRefusal(missing, []);
    }
}

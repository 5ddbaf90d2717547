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

/// <summary>Who is on duty: a new team, a shift of somebody, somebody who stands in, two who exchange.</summary>
internal static class DutyEdit
{
    /// <summary>What is written of the teams: the form lets one choose among them.</summary>
    public static YamlElement? Part(WrittenRegistry written) => written.People?.Find("teams");

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

    /// <summary>Somebody takes a shift.</summary>
    /// <inheritdoc cref="StandIn" path="/param"/>
    public static (RegistryEdit? Edit, EditRefusal? Refusal) Shift(Team team, DutyFields fields, DrawnId drawn)
    {
        var id = drawn.ToString();
        var at = $"shift {id}";
        if (Unfinished(("from", fields.From), ("to", fields.To), ("person", fields.Person)) is { } refusal)
            return (null, refusal);
        var shift = ShiftOf(team, id, fields.Person!, fields.From, fields.To, fields.Days);
        return (Edit(SiteView.SitesOf(team), new EditName(EditKind.Shift, team.Id, id), "shift-add", Yaml.Map(("teams", Yaml.List(shift))),
            [($"{at} › from", "from"), ($"{at} › to", "to"), ($"{at} › people", "person"), ($"{at} › days", "days"), (at, "from")]), null);
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
    public static YamlMapping ShiftOf(Team team, string id, string person, string? from, string? to, string? days) => Yaml.Map(
        ("id", Yaml.Text(team.Id)),
        ("shifts", Yaml.List(Yaml.Map(
            ("id", Yaml.Text(id)), ("from", Yaml.Text(from is { Length: > 0 } ? from : "00:00")), ("to", Yaml.Text(to is { Length: > 0 } ? to : "24:00")),
            ("days", Yaml.TextOrNone(days)), ("people", Yaml.List(Yaml.Text(person)))))));

    private static RegistryEdit In(Team team, EditName name, string word, string list, (string, YamlElement?)[] entries, (string, string)[] fields) =>
        Edit(SiteView.SitesOf(team), name, word, Yaml.Listed("teams", ("id", Yaml.Text(team.Id)), (list, Yaml.List(Yaml.Map(entries)))), fields);

    private static RegistryEdit Edit(SiteScope sites, EditName name, string word, YamlMapping content, (string, string)[] fields) => new()
    {
        Name = name,
        Content = content,
        Word = word,
        Sites = sites,
        Part = Part,
        Fields = fields,
    };

    private static EditRefusal? Unfinished(params (string Field, string? Value)[] fields)
    {
        var missing = fields.Where(field => string.IsNullOrWhiteSpace(field.Value)).Select(field => (field.Field, new LocalText("请填写", "is missing"))).ToList();
        return missing.Count == 0 ? null : new EditRefusal(missing, []);
    }
}

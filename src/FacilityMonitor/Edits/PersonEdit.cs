using FacilityMonitor.Configuration;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;
using FacilityMonitor.Web;

namespace FacilityMonitor.Edits;

/// <summary>What a form says of a person.</summary>
internal sealed record PersonFields
{
    /// <summary>Ways to a person in one form.</summary>
    public const int WaysMax = 4;

    public string? Name { get; init; }

    public string? NameEn { get; init; }

    /// <summary>Names of channels, the way to try first in front; an empty one is no way.</summary>
    public IReadOnlyList<string?>? Channels { get; init; }

    /// <summary>Addresses, as the channels; an empty one stays what it is.</summary>
    public IReadOnlyList<string?>? Addresses { get; init; }

    public string? NightCalls { get; init; }

    /// <summary>Of somebody known: the last day with us; empty: none is known.</summary>
    public string? Until { get; init; }

    /// <summary>Only of somebody new: the team that calls him; empty: none.</summary>
    public string? Team { get; init; }

    public string? From { get; init; }

    public string? To { get; init; }

    public string? Channel(int row) => Channels?.ElementAtOrDefault(row) is { Length: > 0 } channel ? channel : null;

    public string Address(int row) => Addresses?.ElementAtOrDefault(row)?.Trim() ?? "";
}

/// <summary>A person: name, ways to reach, and for somebody new the team that calls him.</summary>
internal static class PersonEdit
{
    /// <summary>The id of somebody new. Names in Chinese make none, and nobody has to read it.</summary>
    public static string IdOf(DrawnId drawn) => "person-" + drawn;

    /// <param name="id">Who.</param>
    /// <param name="fields">What somebody said.</param>
    /// <param name="registry">The registry in force.</param>
    /// <param name="channels">The channels in force.</param>
    /// <param name="desk">What is written.</param>
    /// <returns>The edit; or why there is none.</returns>
    public static (RegistryEdit? Edit, EditRefusal? Refusal) Of(string id, PersonFields fields, Facility registry, IReadOnlyList<ChannelDefinition> channels, RegistryDesk desk)
    {
        var name = new EditName(EditKind.Person, id);
        var refused = new List<(string, LocalText)>();
        if (string.IsNullOrWhiteSpace(fields.Name))
            refused.Add(("name", new("请写姓名或称呼", "write the name, or how the person is called")));
        var written = desk.Written().Person(id);
        var ways = Ways(fields, written, channels, refused);
        var joined = fields.Team is { Length: > 0 } team ? registry.People.Teams.FirstOrDefault(known => known.Id == team) : null;
        if (refused.Count > 0)
            return (null, new EditRefusal(refused, []));
        var person = Yaml.Map([("id", Yaml.Text(id)), .. Yaml.Beyond(desk.WrittenWithout(name).Person(id),
            ("name", Yaml.Name(fields.Name, fields.NameEn)), ("reach", Yaml.List(ways)), ("night-calls", Yaml.Text(fields.NightCalls is null ? "false" : "true")), ("until", Yaml.TextOrNone(fields.Until)))]);
        var at = $"person {id}";
        return (new RegistryEdit
        {
            Name = name,
            Content = Yaml.Map(("people", Yaml.List(person)), ("teams", joined is null ? Kept(desk, id) : Yaml.List(DutyEdit.ShiftOf(joined, id, [id], fields.From, fields.To, null, null, null)))),
            Word = "person-edit",
            Sites = joined is null ? SitesOf(id, registry.People) : SiteView.SitesOf(joined),
            Part = all => Part(all, id),
            Fields =
            [
                ($"{at} › name", "name"), ($"{at} › name › zh", "name"), ($"{at} › name › en", "nameEn"), ($"{at} › id", "name"), ($"{at} › until", "until"), (at, "name"), ($"shift {id} › from", "from"), ($"shift {id} › to", "to"),
                .. Enumerable.Range(1, PersonFields.WaysMax).SelectMany(row => ((string, string)[])
                    [($"{at} › way {row} › address", $"addresses-{row}"), ($"{at} › way {row} › channel", $"channels-{row}"), ($"{at} › way {row}", $"channels-{row}")]),
            ],
        }, null);
    }

    /// <summary>What is written of a person, and the shift that came with him.</summary>
    public static YamlElement? Part(WrittenRegistry written, string id)
    {
        var shift = (written.People?.Find("teams") as YamlSequence)?.Items.OfType<YamlMapping>()
            .Select(team => (Team: (team.Find("id") as YamlScalar)?.Text ?? "", Shift: WrittenRegistry.Item(team, "shifts", id))).FirstOrDefault(team => team.Shift is not null);
        return written.Person(id) is not { } person ? null : shift?.Shift is null ? person : Yaml.Map(("person", person), (shift.Value.Team, shift.Value.Shift));
    }

    /// <summary>The sites whose teams call somebody.</summary>
    public static SiteScope SitesOf(string person, People people) =>
        people.TeamsOf(person).Aggregate(SiteScope.Of([]), (sites, team) => sites.With(SiteView.SitesOf(team)));

    /// <summary>The teams that an earlier edit of this person names.</summary>
    private static YamlSequence? Kept(RegistryDesk desk, string id)
    {
        var without = desk.WrittenWithout(new EditName(EditKind.Person, id)).People;
        var joined = (desk.Written().People?.Find("teams") as YamlSequence)?.Items.OfType<YamlMapping>()
            .Select(team => (Id: (team.Find("id") as YamlScalar)?.Text ?? "", Shift: WrittenRegistry.Item(team, "shifts", id)))
            .Where(team => team.Shift is not null && WrittenRegistry.Item(WrittenRegistry.Item(without, "teams", team.Id), "shifts", id) is null)
            .Select(team => Yaml.Map(("id", Yaml.Text(team.Id)), ("shifts", Yaml.List(team.Shift!)))).ToList();
        return joined is { Count: > 0 } ? Yaml.List(joined) : null;
    }

    private static List<YamlElement> Ways(PersonFields fields, YamlMapping? written, IReadOnlyList<ChannelDefinition> channels, List<(string, LocalText)> refused)
    {
        var before = (written?.Find("reach") as YamlSequence)?.Items.OfType<YamlMapping>().ToList() ?? [];
        var ways = new List<YamlElement>();
        for (var row = 0; row < PersonFields.WaysMax; row++)
        {
            if (fields.Channel(row) is not { } channel)
                continue;
            var (field, address) = (string.Create(System.Globalization.CultureInfo.InvariantCulture, $"addresses-{row + 1}"), fields.Address(row));
            var kept = address.Length == 0 && before.ElementAtOrDefault(row) is { } way && way.Find("channel") is YamlScalar { Text: var same } && same == channel ? way : null;
            if (kept is not null)
            {
                ways.Add(kept);
                continue;
            }

            // A page that could name files or variables of this machine would show what stands in them.
            if (address.StartsWith("env:", StringComparison.Ordinal) || address.StartsWith("file:", StringComparison.Ordinal))
                refused.Add((field, new("env: 和 file: 只能写在文件里，网页上请直接写号码", "env: and file: are for files; write the number itself here")));
            else if (channels.FirstOrDefault(known => known.Id == channel) is not { } known)
                refused.Add((field, new($"没有通道 '{channel}'，请重新选", $"there is no channel '{channel}', choose again")));
            else if (!known.Form.Address.Fits(address))
                refused.Add((field, new($"请写{known.Form.Address.Zh}", $"write {known.Form.Address.En}")));
            ways.Add(Yaml.Map(("channel", Yaml.Text(channel)), ("address", Yaml.TextOrNone(address))));
        }

        return ways;
    }
}

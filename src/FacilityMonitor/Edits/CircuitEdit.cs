using FacilityMonitor.Configuration;
using FacilityMonitor.Users;

namespace FacilityMonitor.Edits;

/// <summary>What a form says of a circuit.</summary>
internal sealed record CircuitFields
{
    public string? Name { get; init; }

    public string? NameEn { get; init; }

    public string? Kind { get; init; }

    /// <summary>Id of the circuit above; empty: it is at the top.</summary>
    public string? Parent { get; init; }

    /// <summary>Rated current of the breaker, A; empty: 额定未登记.</summary>
    public string? RatedA { get; init; }

    public string? Curve { get; init; }

    public string? Phases { get; init; }

    public string? Phase { get; init; }

    /// <summary>Id of its meter; empty: its load is what hangs below it.</summary>
    public string? Meter { get; init; }

    public string? Note { get; init; }
}

/// <summary>A circuit: what it is called, its breaker, what feeds it and what measures it.</summary>
internal static class CircuitEdit
{
    /// <summary>Phases of a circuit of which nothing else is written.</summary>
    private const string Single = "1";

    private static readonly string[] Keys = ["name", "kind", "parent", "rated-a", "curve", "phases", "phase", "meter", "meter-channel", "note"];

    /// <summary>The id of a new one. Nobody has to read it: alerts and pages say its name.</summary>
    public static string IdOf(DrawnId drawn) => "circuit-" + drawn;

    /// <param name="site">Where it is.</param>
    /// <param name="id">Which one.</param>
    /// <param name="fields">What somebody said of it.</param>
    /// <param name="desk">What is written.</param>
    /// <returns>The edit; or why there is none.</returns>
    public static (RegistryEdit? Edit, EditRefusal? Refusal) Of(string site, string id, CircuitFields fields, RegistryDesk desk)
    {
        if (string.IsNullOrWhiteSpace(fields.Name))
            return (null, EditRefusal.At("name", "请写名称，大家怎么叫它就怎么写", "give it a name, as people call it"));
        var name = Name(site, id);
        var below = Item(desk.WrittenWithout(name), site, id);
        // The channel is of the meter it was written for.
        (string Key, YamlElement? Value)[] channel = (below?.Find("meter") as YamlScalar)?.Text == fields.Meter && fields.Phases == Single ? [] : [("meter-channel", null)];
        var said = Yaml.Beyond(below, [
            ("name", Yaml.Name(fields.Name, fields.NameEn)), ("kind", Yaml.TextOrNone(fields.Kind)), ("parent", Yaml.TextOrNone(fields.Parent)),
            ("rated-a", Yaml.TextOrNone(fields.RatedA)), ("curve", Yaml.TextOrNone(fields.Curve)), ("phases", below?.Find("phases") is null && fields.Phases == Single ? null : Yaml.TextOrNone(fields.Phases)), ("phase", Yaml.TextOrNone(fields.Phase)),
            ("meter", Yaml.TextOrNone(fields.Meter)), ("note", Yaml.TextOrNone(fields.Note)), .. channel]).ToList();
        if (said.Count == 0)
            return (null, EditRefusal.SaysNothing);
        var at = $"circuit {id}";
        return (new RegistryEdit
        {
            Name = name,
            Content = Yaml.Listed("sites", ("id", Yaml.Text(site)), ("circuits", Yaml.List(Yaml.Map([("id", Yaml.Text(id)), .. said])))),
            Word = "circuit-edit",
            Sites = SiteScope.Of([site]),
            Part = written => Part(written, site, id),
            Fields =
            [
                ($"{at} › name", "name"), ($"{at} › name › zh", "name"), ($"{at} › name › en", "nameEn"), ($"{at} › kind", "kind"), ($"{at} › parent", "parent"), ($"{at} › rated-a", "ratedA"),
                ($"{at} › curve", "curve"), ($"{at} › phases", "phases"), ($"{at} › phase", "phase"), ($"{at} › meter", "meter"), ($"{at} › meter-channel", "meter"), ($"{at} › note", "note"), (at, "name"),
            ],
        }, null);
    }

    /// <summary>What is written of a circuit, as far as the form shows it; null: nothing.</summary>
    public static YamlElement? Part(WrittenRegistry written, string site, string id) => Yaml.Only(Item(written, site, id), Keys);

    private static EditName Name(string site, string id) => new(EditKind.Circuit, site, id);

    private static YamlMapping? Item(WrittenRegistry written, string site, string id) => WrittenRegistry.Item(written.Site(site), "circuits", id);
}

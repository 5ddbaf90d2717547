using FacilityMonitor.Configuration;
using FacilityMonitor.Users;

namespace FacilityMonitor.Edits;

/// <summary>What a form says of an extinguisher or hydrant.</summary>
internal sealed record FireEquipmentFields
{
    public string? Name { get; init; }

    public string? NameEn { get; init; }

    /// <summary>Id of a place; empty: directly on the site.</summary>
    public string? Place { get; init; }

    /// <summary>The day it has to be checked next.</summary>
    public string? Due { get; init; }
}

/// <summary>An extinguisher or hydrant: where it is and when it is checked next. Whoever has checked it writes the next day.</summary>
internal static class FireEquipmentEdit
{
    private static readonly string[] Keys = ["name", "place", "due"];

    /// <summary>The id of a new one.</summary>
    public static string IdOf(DrawnId drawn) => "fire-" + drawn;

    /// <param name="site">Where it is.</param>
    /// <param name="id">Which one.</param>
    /// <param name="fields">What somebody said of it.</param>
    /// <param name="desk">What is written.</param>
    /// <returns>The edit; or why there is none.</returns>
    public static (RegistryEdit? Edit, EditRefusal? Refusal) Of(string site, string id, FireEquipmentFields fields, RegistryDesk desk)
    {
        if (string.IsNullOrWhiteSpace(fields.Name))
            return (null, EditRefusal.At("name", "请写名称，大家怎么叫它就怎么写", "give it a name, as people call it"));
        if (string.IsNullOrWhiteSpace(fields.Due))
            return (null, EditRefusal.At("due", "请填下次检查的日期", "write the day of the next check"));
        var name = new EditName(EditKind.FireEquipment, site, id);
        var said = Yaml.Beyond(Item(desk.WrittenWithout(name), site, id), ("name", Yaml.Name(fields.Name, fields.NameEn)), ("place", Yaml.TextOrNone(fields.Place)), ("due", Yaml.Text(fields.Due.Trim()))).ToList();
        if (said.Count == 0)
            return (null, EditRefusal.SaysNothing);
        var at = $"fire-equipment {id}";
        return (new RegistryEdit
        {
            Name = name,
            Content = Yaml.Listed("sites", ("id", Yaml.Text(site)), ("fire-equipment", Yaml.List(Yaml.Map([("id", Yaml.Text(id)), .. said])))),
            Word = "fire-equipment-edit",
            Sites = SiteScope.Of([site]),
            Part = written => Part(written, site, id),
            Fields = [($"{at} › name", "name"), ($"{at} › name › zh", "name"), ($"{at} › name › en", "nameEn"), ($"{at} › place", "place"), ($"{at} › due", "due"), (at, "name")],
        }, null);
    }

    /// <summary>What is written of it; null: nothing.</summary>
    public static YamlElement? Part(WrittenRegistry written, string site, string id) => Yaml.Only(Item(written, site, id), Keys);

    private static YamlMapping? Item(WrittenRegistry written, string site, string id) => WrittenRegistry.Item(written.Site(site), "fire-equipment", id);
}

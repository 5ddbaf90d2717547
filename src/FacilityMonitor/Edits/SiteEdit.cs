using FacilityMonitor.Configuration;
using FacilityMonitor.Users;

namespace FacilityMonitor.Edits;

/// <summary>What a form says of a site.</summary>
internal sealed record SiteFields
{
    /// <summary>Only of a new site: how its devices name it in their topics.</summary>
    public string? Id { get; init; }

    public string? Name { get; init; }

    public string? NameEn { get; init; }

    public string? Address { get; init; }

    public string? AddressEn { get; init; }

    public string? GuardPhone { get; init; }

    /// <summary>Whether anybody may see its free sockets; null: no.</summary>
    public string? Public { get; init; }
}

/// <summary>A site: what it is called, where it is, whom the guard room's telephone reaches, and whether its free sockets are public.</summary>
internal static class SiteEdit
{
    private static readonly string[] Keys = ["name", "address", "guard-phone", "public"];

    /// <param name="id">Which site.</param>
    /// <param name="fields">What somebody said of it.</param>
    /// <param name="desk">What is written.</param>
    /// <returns>The edit; or why there is none.</returns>
    public static (RegistryEdit? Edit, EditRefusal? Refusal) Of(string id, SiteFields fields, RegistryDesk desk)
    {
        if (!MappingReader.IsId(id))
        {
            return (null, EditRefusal.At("id", $"请写 1 到 {MappingReader.IdLengthMax} 个小写字母、数字或 -，例如 huaihai",
                $"write 1 to {MappingReader.IdLengthMax} of a-z, 0-9 and -, such as huaihai"));
        }

        if (string.IsNullOrWhiteSpace(fields.Name))
            return (null, EditRefusal.At("name", "请写名称，大家怎么叫它就怎么写", "give it a name, as people call it"));
        if (string.IsNullOrWhiteSpace(fields.Address) && !string.IsNullOrWhiteSpace(fields.AddressEn))
            return (null, EditRefusal.At("address", "只写了英文；请也写中文地址", "there is an English one only; write the Chinese address too"));
        var name = new EditName(EditKind.Site, id);
        var below = desk.WrittenWithout(name).Site(id);
        var isPublic = fields.Public is not null;
        var said = Yaml.Beyond(below,
            ("name", Yaml.Name(fields.Name, fields.NameEn)), ("address", Yaml.Name(fields.Address, fields.AddressEn)), ("guard-phone", Yaml.TextOrNone(fields.GuardPhone)),
            ("public", isPublic || below?.Find("public") is not null ? Yaml.Text(isPublic ? "true" : "false") : null)).ToList();
        if (said.Count == 0)
            return (null, EditRefusal.SaysNothing);
        var at = $"site {id}";
        return (new RegistryEdit
        {
            Name = name,
            Content = Yaml.Listed("sites", [("id", Yaml.Text(id)), .. said]),
            Word = "site-edit",
            Sites = SiteScope.Of([id]),
            Part = written => Part(written, id),
            Fields =
            [
                ($"{at} › name", "name"), ($"{at} › name › zh", "name"), ($"{at} › name › en", "nameEn"), ($"{at} › address", "address"), ($"{at} › address › zh", "address"), ($"{at} › address › en", "addressEn"),
                ($"{at} › guard-phone", "guardPhone"), ($"{at} › id", "id"), (at, "name"),
            ],
        }, null);
    }

    /// <summary>What is written of a site, as far as the form shows it; null: nothing.</summary>
    public static YamlElement? Part(WrittenRegistry written, string id) => Yaml.Only(written.Site(id), Keys);
}

using FacilityMonitor.Configuration;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;

namespace FacilityMonitor.Edits;

/// <summary>One thing that the page changes in the registry. It is a file of its own, laid over what the owner's files say: those stay as they are, and without the file all is as before.</summary>
internal sealed record RegistryEdit
{
    /// <summary>What is edited.</summary>
    public required EditName Name { get; init; }

    /// <summary>What stands in the file.</summary>
    public required YamlMapping Content { get; init; }

    /// <summary>The word in the audit.</summary>
    public required string Word { get; init; }

    /// <summary>The sites it is about.</summary>
    public required SiteScope Sites { get; init; }

    /// <summary>What of all that is written it changes: a form is drawn from it, and whoever else changed it meanwhile is not overwritten.</summary>
    public required Func<WrittenRegistry, YamlElement?> Part { get; init; }

    /// <summary>Ends of the ways of keys that errors name, and the field of the form each is about; the longest that fits counts.</summary>
    public required IReadOnlyList<(string Way, string Field)> Fields { get; init; }
}

/// <summary>What an edit is about, in the name of its file.</summary>
/// <param name="Kind">What is edited.</param>
/// <param name="Ids">Which one.</param>
internal sealed record EditName(EditKind Kind, params IReadOnlyList<string> Ids)
{
    private const string Extension = ".yaml";

    /// <summary>The file, relative to the configuration folder. Ids hold no underscore, so no two things have one file.</summary>
    public string File => Path.Combine(IsOfPeople ? ConfigurationFolder.PeopleEditsFolder : ConfigurationFolder.EditsFolder, $"{Words.Of(Kind)}_{string.Join('_', Ids)}{Extension}");

    /// <summary>Whether it is about people, whose files nobody else may read.</summary>
    public bool IsOfPeople => Kind is EditKind.Person or EditKind.Team or EditKind.Shift or EditKind.StandIn or EditKind.Swap or EditKind.Absence or EditKind.Holidays;

    /// <summary>What it is about, as the audit writes it.</summary>
    public string Subject => string.Join('/', Ids);

    /// <summary>What a file is about; null: it is no edit of the page.</summary>
    public static EditName? Of(string file)
    {
        if (!file.EndsWith(Extension, StringComparison.Ordinal))
            return null;
        var parts = Path.GetFileName(file)[..^Extension.Length].Split('_');
        var ids = parts[1..];
        if (ids.Length == 0 || !ids.All(MappingReader.IsId))
            return null;
        foreach (var (word, kind) in Words.All<EditKind>())
        {
            var name = new EditName(kind, ids);
            if (word == parts[0] && name.File == file)
                return name;
        }

        return null;
    }
}

/// <summary>What can be edited on the page.</summary>
internal enum EditKind
{
    /// <summary>A device that was heard becomes a registered one.</summary>
    Device,

    /// <summary>A person: name and ways to reach.</summary>
    Person,

    /// <summary>A team.</summary>
    Team,

    /// <summary>Somebody takes a shift of a team.</summary>
    Shift,

    /// <summary>Somebody stands in.</summary>
    StandIn,

    /// <summary>Two exchange their duties.</summary>
    Swap,

    /// <summary>Somebody is away.</summary>
    Absence,

    /// <summary>Numbers of a rule for a site, circuit or device.</summary>
    Limits,

    /// <summary>A site: what it is called, where it is, whom the guard room's telephone reaches.</summary>
    Site,

    /// <summary>A circuit: its name, breaker and meter.</summary>
    Circuit,

    /// <summary>What is registered of a device. Its files come behind those of <see cref="Device"/>, which they correct.</summary>
    Equipment,

    /// <summary>An extinguisher or hydrant.</summary>
    FireEquipment,

    /// <summary>Holidays and make-up workdays of a year.</summary>
    Holidays,
}

/// <summary>Why an edit was not made. Nothing was changed.</summary>
/// <param name="Fields">What is wrong with which field of the form.</param>
/// <param name="General">What is wrong with none of them; empty: nothing.</param>
internal sealed record EditRefusal(IReadOnlyList<(string Field, LocalText Text)> Fields, IReadOnlyList<LocalText> General)
{
    /// <summary>Somebody else was quicker.</summary>
    public static EditRefusal Stale { get; } = Of(new LocalText(
        "你打开这一页以后，别人改过同一项内容，所以没有保存。下面是现在的内容和你填的；核对后再按一次就会保存。",
        "Somebody else changed the same thing after you opened this page, so nothing was saved. Below is what you wrote beside what holds now; look at it, and press again to save."));

    /// <summary>All that was written stands in the files already.</summary>
    public static EditRefusal SaysNothing { get; } = Of(new LocalText(
        "没有跟文件里不同的内容，所以没有保存；要恢复原来的，请在“网页上的改动”里撤销", "Nothing differs from what the files say, so nothing was saved; to have the former back, undo the edit under changes"));

    public static EditRefusal Of(LocalText text) => new([], [text]);

    public static EditRefusal At(string field, string zh, string en) => new([(field, new LocalText(zh, en))], []);

    /// <summary>What is wrong with a field; null: nothing.</summary>
    public LocalText? this[string field] => Fields.FirstOrDefault(one => one.Field == field).Text;
}

/// <summary>Makes pieces of YAML as an edit writes them.</summary>
internal static class Yaml
{
    /// <summary>Keys with values; what has none is left out.</summary>
    public static YamlMapping Map(params IEnumerable<(string Key, YamlElement? Value)> entries) =>
        new("", 0, 0, [.. entries.Where(entry => entry.Value is not null).Select(entry => (Text(entry.Key), entry.Value!))]);

    /// <summary>What of these keys is not said below already: a later change there must not be hidden by saying the same again. What is empty here and said below is taken back.</summary>
    public static IEnumerable<(string Key, YamlElement? Value)> Beyond(YamlMapping? below, params IEnumerable<(string Key, YamlElement? Value)> values) =>
        values.Select(one => (one.Key, Value: one.Value ?? (below?.Find(one.Key) is null or YamlScalar { IsNothing: true } ? null : Nothing))).Where(one => one.Value is not null && Print(below?.Find(one.Key)) != Print(one.Value));

    /// <summary>Some of the keys; null: none of them is there.</summary>
    public static YamlMapping? Only(YamlMapping? mapping, IReadOnlyCollection<string> keys) =>
        mapping?.Entries.Where(entry => keys.Contains(entry.Key.Text)).Select(entry => (entry.Key.Text, (YamlElement?)entry.Value)).ToList() is { Count: > 0 } found ? Map(found) : null;

    public static YamlSequence List(params IEnumerable<YamlElement> items) => new("", 0, 0, [.. items]);

    public static YamlScalar Text(string text) => new("", 0, 0, text, plain: false);

    /// <summary>A text, or nothing where nothing was written.</summary>
    public static YamlScalar? TextOrNone(string? text) => string.IsNullOrWhiteSpace(text) ? null : Text(text.Trim());

    /// <summary>A key without a value: what is written below it does not count.</summary>
    public static YamlScalar Nothing { get; } = new("", 0, 0, "", plain: true);

    /// <summary>Texts, or nothing where there is none.</summary>
    public static YamlSequence? TextsOrNone(IReadOnlyList<string>? texts) => texts is { Count: > 0 } ? List(texts.Select(Text)) : null;

    /// <summary>A name, in one language or in both.</summary>
    public static YamlElement? Name(string? zh, string? en) =>
        string.IsNullOrWhiteSpace(zh) ? null : string.IsNullOrWhiteSpace(en) ? Text(zh.Trim()) : Map(("zh", Text(zh.Trim())), ("en", Text(en.Trim())));

    private static string? Print(YamlElement? element) => element is null ? null : YamlPrinter.Print(Map(("it", element)));

    /// <summary>One item of a list by its id, with what is said of it.</summary>
    public static YamlMapping Listed(string list, params IEnumerable<(string Key, YamlElement? Value)> entries) => Map((list, List(Map(entries))));
}

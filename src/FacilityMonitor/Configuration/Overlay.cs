namespace FacilityMonitor.Configuration;

/// <summary>Lays a later edit over what was written before: keys replace keys, items of a list with the same id (of holidays the same year) are merged, others are added.</summary>
internal static class Overlay
{
    /// <summary>The files with an edit in them. Sites that are there change where they stand; what only the edit knows follows as a file of its own.</summary>
    public static List<YamlMapping> Apply(YamlMapping edit, List<YamlMapping> files)
    {
        if (edit.Find("sites") is not YamlSequence edited)
            return [.. files, edit];
        var there = files.SelectMany(SitesOf).Select(IdOf).Where(id => id is not null).ToHashSet(StringComparer.Ordinal);
        var known = new YamlSequence(edited.File, edited.Line, edited.Column, [.. edited.Items.Where(item => there.Contains(IdOf(item)))]);
        var fresh = new YamlSequence(edited.File, edited.Line, edited.Column, [.. edited.Items.Where(item => !there.Contains(IdOf(item)))]);
        return [.. files.Select(file => WithSites(file, sites => Sequences(known, sites, addNew: false))), WithSites(edit, _ => fresh)];
    }

    /// <summary>One file with an edit over it.</summary>
    public static YamlMapping Over(YamlMapping edit, YamlMapping below) => Mappings(edit, below);

    private static IReadOnlyList<YamlElement> SitesOf(YamlMapping file) => file.Find("sites") is YamlSequence sites ? sites.Items : [];

    private static YamlMapping WithSites(YamlMapping file, Func<YamlSequence, YamlSequence> change) => new(file.File, file.Line, file.Column,
        [.. file.Entries.Select(entry => entry is { Key.Text: "sites", Value: YamlSequence sites } ? (entry.Key, change(sites)) : entry)]);

    private static YamlElement Lay(YamlElement over, YamlElement below) => (over, below) switch
    {
        (YamlMapping top, YamlMapping bottom) => Mappings(top, bottom),
        (YamlSequence top, YamlSequence bottom) when top.Items.Count > 0 && top.Items.All(item => IdOf(item) is not null) => Sequences(top, bottom, addNew: true),
        _ => over,
    };

    private static YamlMapping Mappings(YamlMapping over, YamlMapping below)
    {
        var laid = new HashSet<string>(StringComparer.Ordinal);
        var entries = below.Entries.Select(entry => over.Find(entry.Key.Text) is { } top && laid.Add(entry.Key.Text) ? (entry.Key, Lay(top, entry.Value)) : entry).ToList();
        // A key doubled in the edit is kept, for the reader to report.
        entries.AddRange(over.Entries.Where(entry => !laid.Remove(entry.Key.Text)));
        return new YamlMapping(below.File, below.Line, below.Column, entries);
    }

    private static YamlSequence Sequences(YamlSequence over, YamlSequence below, bool addNew)
    {
        var edits = over.Items.ToLookup(item => IdOf(item)!, StringComparer.Ordinal);
        var items = below.Items.Select(item => IdOf(item) is { } id ? edits[id].Aggregate(item, (at, edit) => Lay(edit, at)) : item).ToList();
        var there = below.Items.Select(IdOf).ToHashSet(StringComparer.Ordinal);
        if (addNew)
            items.AddRange(over.Items.Where(item => !there.Contains(IdOf(item))));
        return new YamlSequence(below.File, below.Line, below.Column, items);
    }

    /// <summary>What tells it from the others of its list: its id, of holidays their year.</summary>
    private static string? IdOf(YamlElement item) => item is YamlMapping mapping && (mapping.Find("id") ?? mapping.Find("year")) is YamlScalar id ? id.Text : null;
}

namespace FacilityMonitor.Configuration;

/// <summary>What is written in the files of the registry, with every edit laid over, before anything is made of it: how it stands there, references to secrets included.</summary>
/// <param name="Files">The sites, file by file; what only an edit knows is in a file of its own.</param>
/// <param name="People">Who is called; null: nobody is written.</param>
/// <param name="IsWhole">Whether every file could be read; if not, no edit is laid over.</param>
internal sealed record WrittenRegistry(IReadOnlyList<YamlMapping> Files, YamlMapping? People, bool IsWhole)
{
    /// <summary>Reads the files; what is wrong with their form is among the problems then.</summary>
    public static WrittenRegistry Of(ConfigurationFolder folder, Problems problems)
    {
        var parsed = new List<(string Name, YamlMapping Mapping)>();
        foreach (var (name, content) in folder.Files)
        {
            var element = YamlText.Read(content, name, problems);
            if (element is YamlMapping mapping)
                parsed.Add((name, mapping));
            else if (element is not null)
                problems.Error(element, "", $"应是一组键值，却是{element.Shape.Zh}；请以 sites: 开头", $"should be keys with values but is {element.Shape.En}; begin with sites:");
        }

        // Where a file could not be read, what refers to it is not wrong too: neither an edit of its sites nor a contact who looks after them.
        var isWhole = !problems.HasErrors && parsed.All(file => file.Mapping.Find("sites") is null or YamlSequence);
        var files = new List<YamlMapping>();
        YamlMapping? people = null;
        foreach (var (name, mapping) in parsed)
        {
            if (name == ConfigurationFolder.PeopleFile)
                people = mapping;
            else if (ConfigurationFolder.IsPeopleEdit(name))
                people = !isWhole ? people : people is null ? mapping : Overlay.Over(mapping, people);
            else if (!ConfigurationFolder.IsEdit(name))
                files.Add(mapping);
            else if (isWhole)
                files = Overlay.Apply(mapping, files);
        }

        return new WrittenRegistry(files, people, isWhole);
    }

    /// <summary>What is written of a site; null: nothing.</summary>
    public YamlMapping? Site(string id) => Files.Select(file => Item(file, "sites", id)).FirstOrDefault(site => site is not null);

    /// <summary>What is written of a person.</summary>
    public YamlMapping? Person(string id) => Item(People, "people", id);

    /// <summary>The item of a list that has this id; null: there is none.</summary>
    public static YamlMapping? Item(YamlMapping? mapping, string list, string id) => (mapping?.Find(list) as YamlSequence)?.Items.OfType<YamlMapping>()
        .FirstOrDefault(item => item.Find("id") is YamlScalar { Text: var text } && text == id);
}

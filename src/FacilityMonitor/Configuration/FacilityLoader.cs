using FacilityMonitor.Registry;

namespace FacilityMonitor.Configuration;

/// <summary>What reading a configuration folder gave.</summary>
/// <param name="Facility">The registry; null when there are errors.</param>
/// <param name="Errors">Everything there is to mend, warnings too, by file and line.</param>
internal sealed record LoadResult(Facility? Facility, IReadOnlyList<ConfigurationError> Errors)
{
    public bool HasErrors => Facility is null;
}

/// <summary>Reads the registry: <c>facility.yaml</c>, <c>facility/*.yaml</c>, the edits in <c>facility.d/*.yaml</c>, and <c>people.yaml</c> with its edits in <c>people.d/*.yaml</c>.</summary>
internal static class FacilityLoader
{
    /// <summary>Reads and checks a folder; finds every error in one go and never throws for what stands in the files.</summary>
    /// <param name="folder">The configuration folder.</param>
    /// <param name="rules">The rules whose numbers may be overridden; null: names of rules are not checked.</param>
    /// <param name="environment">Looks up a variable that a webhook names; null: the process's own.</param>
    public static LoadResult Load(string folder, KnownRules? rules = null, Func<string, string?>? environment = null)
    {
        var problems = new Problems();
        return Load(ConfigurationFolder.Read(folder, problems), problems, rules, environment);
    }

    /// <summary>The same from files that were read already, with what was wrong in reading them.</summary>
    public static LoadResult Load(ConfigurationFolder folder, Problems problems, KnownRules? rules = null, Func<string, string?>? environment = null)
    {
        var written = WrittenRegistry.Of(folder, problems);
        var (files, isWhole) = (written.Files, written.IsWhole);
        var reader = new FacilityReader(problems);
        if (written.People is { } people)
            reader.ReadPeople(people, environment ?? Environment.GetEnvironmentVariable, folder.Path);
        foreach (var file in files)
            reader.Read(file);
        // An emptied file must not read as "there is nothing to watch"; who means that writes sites: [].
        if (!problems.HasErrors && !files.Any(file => file.Find("sites") is YamlSequence))
        {
            problems.Error(ConfigurationFolder.FacilityFile, "没有 sites；请复制 demo/facility.yaml 来改，暂时没有点位就写 sites: []",
                "there are no sites; copy demo/facility.yaml and change it, or write sites: [] while there are none");
        }

        var facility = reader.Finish(folder.Version(), rules, isWhole);
        return new LoadResult(problems.HasErrors ? null : facility, problems.ToList());
    }
}

using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Registry;
using FacilityMonitor.Tests.Conventions;

namespace FacilityMonitor.Tests.Contract;

/// <summary>The vendor formats we ship, copied into <c>facility/</c> of a configuration folder as their first lines tell an installer to.</summary>
internal static class ShippedMappings
{
    public static IReadOnlyList<string> Files { get; } = [.. SourceTree.Files("src/FacilityMonitor/demo/mappings", "*.yaml")];

    public static JsonMappings All { get; } = new(Load().Mappings);

    public static Facility Load()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "facility"));
        File.WriteAllText(Path.Combine(folder.Path, "facility.yaml"), "sites: []\n");
        foreach (var file in Files)
            File.Copy(file, Path.Combine(folder.Path, "facility", Path.GetFileName(file)));
        var loaded = FacilityLoader.Load(folder.Path);
        Assert.Empty(loaded.Errors);
        return loaded.Facility!;
    }
}

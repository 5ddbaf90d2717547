using System.Runtime.CompilerServices;

namespace FacilityMonitor.Tests.Conventions;

/// <summary>The repository on disk, found from where this file was compiled.</summary>
internal static class SourceTree
{
    public static string Root { get; } = Find();

    /// <summary>Tracked kinds of files below a folder, build output and installed packages left out.</summary>
    public static IEnumerable<string> Files(string folder, string pattern) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories)
            .Where(path => !Path.GetRelativePath(Root, path).Split(Path.DirectorySeparatorChar)
                .Any(part => part is "bin" or "obj" or "node_modules" or ".run" or ".git"))
            .Order(StringComparer.Ordinal);

    private static string Find([CallerFilePath] string here = "")
    {
        var folder = new DirectoryInfo(Path.GetDirectoryName(here)!);
        while (!File.Exists(Path.Combine(folder.FullName, "FacilityMonitor.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("FacilityMonitor.sln is in no folder above the tests.");
        return folder.FullName;
    }
}

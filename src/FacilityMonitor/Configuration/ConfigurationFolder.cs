using System.Security.Cryptography;

namespace FacilityMonitor.Configuration;

/// <summary>The files of the registry in a configuration folder, read at one moment.</summary>
/// <param name="Path">The folder.</param>
/// <param name="Files">Name relative to the folder → content, in the order they are merged.</param>
internal sealed record ConfigurationFolder(string Path, IReadOnlyList<(string Name, byte[] Content)> Files)
{
    public const string SettingsFile = "settings.yaml";
    public const string PeopleFile = "people.yaml";
    public const string FacilityFile = "facility.yaml";
    private const string FacilityFolder = "facility";

    /// <summary>Later edits, made by the page; they win over what the other files say.</summary>
    public const string EditsFolder = "facility.d";

    /// <summary>The same for people: files of their own, for telephone numbers stand in them.</summary>
    public const string PeopleEditsFolder = "people.d";

    /// <summary>Most files of a registry.</summary>
    public const int FilesMax = 2_000;

    /// <summary>Where the demo neighbourhood lies beside the executable.</summary>
    public static string Demo => System.IO.Path.Combine(AppContext.BaseDirectory, "demo");

    /// <summary>The folder meant, absolute: the one given, else <c>./config</c> if it is there, else the demo.</summary>
    public static string Resolve(DirectoryInfo? given) => given?.FullName ?? (Directory.Exists("config") ? System.IO.Path.GetFullPath("config") : Demo);

    /// <summary>Whether a file is an edit made by the page.</summary>
    public static bool IsEdit(string name) => System.IO.Path.GetDirectoryName(name) == EditsFolder;

    /// <summary>Whether a file is an edit of people made by the page.</summary>
    public static bool IsPeopleEdit(string name) => System.IO.Path.GetDirectoryName(name) == PeopleEditsFolder;

    /// <summary>The same files with one written anew, or taken away: what would be read then.</summary>
    /// <param name="name">Name of the file, relative to the folder.</param>
    /// <param name="content">What stands in it; null: it is gone.</param>
    public ConfigurationFolder With(string name, byte[]? content)
    {
        var files = Files.Where(file => file.Name != name).ToList();
        if (content is not null)
            files.Add((name, content));
        return this with { Files = [.. files.OrderBy(file => Rank(file.Name)).ThenBy(file => file.Name, StringComparer.Ordinal)] };
    }

    /// <summary>The content of <c>settings.yaml</c>; null when it is missing, or cannot be read, which is among the problems then.</summary>
    public static byte[]? ReadSettings(string folder, Problems problems) => ReadOther(folder, SettingsFile, problems);

    /// <summary>The content of a file that is not of the registry; null as for the settings.</summary>
    public static byte[]? ReadOther(string folder, string name, Problems problems)
    {
        var path = System.IO.Path.Combine(folder, name);
        return File.Exists(path) ? ReadFile(path, name, problems) : null;
    }

    /// <summary>Hash over names and contents: changes with any edit, not with a mere touch. 16 hexadecimal digits.</summary>
    public string Version()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[8];
        foreach (var (name, content) in Files)
        {
            hash.AppendData(System.Text.Encoding.UTF8.GetBytes(name));
            System.Buffers.Binary.BinaryPrimitives.WriteInt64LittleEndian(length, content.Length);
            hash.AppendData(length);
            hash.AppendData(content);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }

    /// <summary>Names, sizes and times of the files: cheap to ask often. Null when the folder cannot be looked at now.</summary>
    public static string? Stamp(string folder)
    {
        try
        {
            return string.Join('\n', Paths(folder).Select(path => new FileInfo(path))
                .Select(file => FormattableString.Invariant($"{file.FullName}|{(file.Exists ? file.Length : -1)}|{(file.Exists ? file.LastWriteTimeUtc.Ticks : 0)}")));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public static ConfigurationFolder Read(string folder, Problems problems)
    {
        var files = new List<(string, byte[])>();
        if (!Directory.Exists(folder))
        {
            problems.Error(folder, "没有这个文件夹；请核对 --config", "there is no such folder; check --config");
            return new ConfigurationFolder(folder, files);
        }

        try
        {
            var paths = Paths(folder).ToList();
            if (paths.Count > FilesMax)
                problems.Error(folder, $"有 {paths.Count} 个文件，上限是 {FilesMax}；请合并一些", $"has {paths.Count} files, the limit is {FilesMax}; put some together");
            foreach (var path in paths.Take(FilesMax))
            {
                var name = System.IO.Path.GetRelativePath(folder, path);
                if (ReadFile(path, name, problems) is { } content)
                    files.Add((name, content));
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            problems.Error(folder, $"读不了这个文件夹：{error.Message}", $"cannot be read: {error.Message}");
        }

        return new ConfigurationFolder(folder, files);
    }

    /// <summary>Place of a file in the order of <see cref="Paths"/>.</summary>
    private static int Rank(string name) => name switch
    {
        FacilityFile => 0,
        PeopleFile => 3,
        _ when IsEdit(name) => 2,
        _ when IsPeopleEdit(name) => 4,
        _ => 1,
    };

    private static byte[]? ReadFile(string path, string name, Problems problems)
    {
        try
        {
            // A file beyond the limit is not taken into memory only to be refused.
            var length = new FileInfo(path).Length;
            if (length <= YamlText.BytesMax)
                return File.ReadAllBytes(path);
            problems.Error(name, $"文件有 {length} 字节，上限是 {YamlText.BytesMax}；请拆成 facility/*.yaml 多个文件",
                $"has {length} bytes, the limit is {YamlText.BytesMax}; split it into several facility/*.yaml");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            problems.Error(name, $"读不了：{error.Message}；请核对权限", $"cannot be read: {error.Message}; check its permissions");
        }

        return null;
    }

    /// <summary>The files of the registry, in the order they are merged.</summary>
    private static IEnumerable<string> Paths(string folder)
    {
        return [.. Single(FacilityFile), .. In(FacilityFolder), .. In(EditsFolder), .. Single(PeopleFile), .. In(PeopleEditsFolder)];

        IEnumerable<string> Single(string name) => new[] { System.IO.Path.Combine(folder, name) }.Where(File.Exists);

        IEnumerable<string> In(string name)
        {
            var below = System.IO.Path.Combine(folder, name);
            return Directory.Exists(below) ? Directory.EnumerateFiles(below, "*.yaml").Order(StringComparer.Ordinal) : [];
        }
    }
}

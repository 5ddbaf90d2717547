namespace FacilityMonitor.Tests;

/// <summary>A folder whose files take no write until this is disposed, not even through handles that are open.</summary>
/// <remarks>
/// What a file system does that went read-only after an error, without one: the immutable attribute refuses every write in the same way and can be taken back.
/// SQLite's <c>-shm</c> is left out: it is only ever written as mapped memory, and there an immutable file is no error but a SIGBUS. A file system that fails
/// goes on taking such writes in memory: <see cref="BreakableDisk"/> has one.
/// </remarks>
internal sealed class FrozenFiles : IDisposable
{
    private readonly string[] _paths;

    private FrozenFiles(string[] paths) => _paths = paths;

    /// <summary>Freezes a folder and the files in it.</summary>
    public static FrozenFiles Freeze(string folder)
    {
        var files = new FrozenFiles([folder, .. Directory.GetFiles(folder).Where(path => !path.EndsWith("-shm", StringComparison.Ordinal))]);
        if (!Change("+i", files._paths))
        {
            files.Dispose();
            throw new InvalidOperationException($"chattr could not freeze {folder}.");
        }

        return files;
    }

    /// <summary>Whether this may be done here.</summary>
    public static bool IsPossible()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "probe");
        File.WriteAllText(path, "");
        var frozen = Change("+i", path);
        return Change("-i", path) && frozen;
    }

    public void Dispose() => Change("-i", _paths);

    private static bool Change(string attribute, params string[] paths) => SystemTool.Run("chattr", [attribute, .. paths]);
}

/// <summary>A test on a disk that refuses every write for a while. Where that cannot be had the test says that it was skipped and why.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FrozenFilesFactAttribute : FactAttribute
{
    private static readonly Lazy<bool> MayFreeze = new(FrozenFiles.IsPossible);

    public FrozenFilesFactAttribute()
    {
        if (!MayFreeze.Value)
            Skip = "Files cannot be made immutable here (chattr +i): it needs the rights of root and a file system that knows the attribute.";
    }
}

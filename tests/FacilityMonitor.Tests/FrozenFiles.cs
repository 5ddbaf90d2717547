using System.Diagnostics;

namespace FacilityMonitor.Tests;

/// <summary>A folder whose files take no write until this is disposed, not even through handles that are open.</summary>
/// <remarks>
/// What a file system does that was mounted read-only after an error. A real remount is refused while files are open for writing, and one that the kernel forces
/// cannot be undone while they are; the immutable attribute refuses every write in the same way and can be taken back.
/// SQLite's <c>-shm</c> is left out: it is only ever written as mapped memory, and a refused page there is no error but a SIGBUS, depending on whether a reader
/// had come since the last commit. On a real remount it may end the process; the supervisor starts it again, as after kill -9.
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

    private static bool Change(string attribute, params string[] paths)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("chattr", [attribute, .. paths]) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
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

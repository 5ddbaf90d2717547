using System.Globalization;

namespace FacilityMonitor.Tests;

/// <summary>A real file system of a few megabytes, so that it can really be full. Mounting one needs the rights of root.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private SmallDisk(string? path) => Path = path ?? _folder.Path;

    public string Path { get; }

    public long FreeBytes => new DriveInfo(Path).AvailableFreeSpace;

    private string Ballast => System.IO.Path.Combine(Path, "ballast");

    /// <summary>Mounts one; null where that is not allowed.</summary>
    /// <param name="mebibytes">How much it holds.</param>
    /// <param name="path">Where; null: in a folder of its own.</param>
    public static SmallDisk? TryMount(int mebibytes, string? path = null)
    {
        var disk = new SmallDisk(path);
        Directory.CreateDirectory(disk.Path);
        if (SystemTool.Run("mount", "-t", "tmpfs", "-o", string.Create(CultureInfo.InvariantCulture, $"size={mebibytes}m"), "tmpfs", disk.Path))
            return disk;
        disk._folder.Dispose();
        return null;
    }

    /// <summary>Something else fills it until no more than this is left.</summary>
    public void FillUpTo(long freeBytes)
    {
        using var file = new FileStream(Ballast, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, 1);
        var block = new byte[64 << 10];
        try
        {
            while (FreeBytes - freeBytes is > 0 and var over)
                file.Write(block, 0, (int)Math.Min(over, block.Length));
        }
        catch (IOException)
        {
            // No space left: what was wanted.
        }
    }

    /// <summary>Somebody makes room.</summary>
    public void Clear() => File.Delete(Ballast);

    /// <summary>From now on nobody can write to it.</summary>
    public bool TryMakeReadOnly() => SystemTool.Run("mount", "-o", "remount,ro", Path);

    public void Dispose()
    {
        SystemTool.Run("umount", "-l", Path);
        _folder.Dispose();
    }
}

/// <summary>A test on a disk of its own. Where none may be mounted the test says that it was skipped and why.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SmallDiskFactAttribute : FactAttribute
{
    private static readonly Lazy<bool> MayMount = new(() =>
    {
        using var disk = SmallDisk.TryMount(1);
        return disk is not null;
    });

    public SmallDiskFactAttribute()
    {
        if (!MayMount.Value)
            Skip = "A disk that can be filled cannot be mounted here (mount -t tmpfs); run the tests as root.";
    }
}

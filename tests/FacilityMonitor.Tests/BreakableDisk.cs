using System.Globalization;

namespace FacilityMonitor.Tests;

/// <summary>A real ext4 file system that notices an error and goes read-only under whoever has files open on it, as <c>errors=remount-ro</c> of a Debian machine has it.</summary>
/// <remarks>Nothing but an unmount and a check brings it back, so whoever uses it has to be ended first. It needs the rights of root and a loop device.</remarks>
internal sealed class BreakableDisk : IDisposable
{
    // More than disk-low asks for; the image has holes, so it costs what is written.
    private const long Bytes = 1L << 30;

    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    private BreakableDisk(string path) => _path = path;

    private string Image => Path.Combine(_folder.Path, "image");

    /// <summary>Mounts one; null where that is not allowed.</summary>
    /// <param name="path">Where.</param>
    public static BreakableDisk? TryMount(string path)
    {
        var disk = new BreakableDisk(path);
        Directory.CreateDirectory(path);
        using (var image = File.Create(disk.Image))
            image.SetLength(Bytes);
        if (SystemTool.Run("mkfs.ext4", "-q", disk.Image) && disk.TryMount() && File.Exists(disk.Trigger))
            return disk;
        disk.Dispose();
        return null;
    }

    /// <summary>The kernel's own way of trying the path that an error takes.</summary>
    private string Trigger
    {
        get
        {
            var device = File.ReadLines("/proc/self/mounts").Select(line => line.Split(' ')).Last(mount => mount[1] == _path)[0];
            return string.Create(CultureInfo.InvariantCulture, $"/sys/fs/ext4/{Path.GetFileName(device)}/trigger_fs_error");
        }
    }

    /// <summary>What was written lies on the disk; then the file system finds an error.</summary>
    public void Break()
    {
        Assert.True(SystemTool.Run("sync", "-f", _path));
        File.WriteAllText(Trigger, "test");
        Assert.ThrowsAny<IOException>(() => File.WriteAllText(Path.Combine(_path, "probe"), ""));
    }

    /// <summary>Somebody checks it and mounts it again.</summary>
    public void Repair()
    {
        Assert.True(SystemTool.Run("umount", _path), "Somebody still uses it.");
        // 1: there were errors, and there are none any more.
        SystemTool.Run("e2fsck", "-p", Image);
        Assert.True(SystemTool.Run("e2fsck", "-fn", Image), "It is not whole.");
        Assert.True(TryMount());
    }

    public void Dispose()
    {
        SystemTool.Run("umount", "-l", _path);
        _folder.Dispose();
    }

    private bool TryMount() => SystemTool.Run("mount", "-o", "loop,errors=remount-ro", Image, _path);
}

/// <summary>A test on a disk that breaks. Where there can be none the test says that it was skipped and why.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BreakableDiskFactAttribute : FactAttribute
{
    private static readonly Lazy<bool> MayMount = new(() =>
    {
        using var folder = new TemporaryFolder();
        using var disk = BreakableDisk.TryMount(Path.Combine(folder.Path, "disk"));
        return disk is not null;
    });

    public BreakableDiskFactAttribute()
    {
        if (!MayMount.Value)
            Skip = "No file system can be mounted here that breaks (mount -o loop, /sys/fs/ext4): it needs the rights of root, a loop device and ext4.";
    }
}

using System.Globalization;

namespace FacilityMonitor.Tests.Storage;

/// <summary>A disk on which every fsync takes as long as a test says, under a service that runs as a process of its own: a startup hook lays it between SQLite and the file system.</summary>
/// <remarks>A dying disk, a full write cache, or storage over a network that stutters: nothing fails, everything takes seconds.</remarks>
internal sealed class SlowDisk(string folder)
{
    private const string FolderKey = "TEST_SLOW_DISK";

    private readonly string _told = Path.Combine(folder, "sync-takes-ms");

    /// <summary>What the process has to be started with.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string>
    {
        [FolderKey] = folder,
        ["DOTNET_STARTUP_HOOKS"] = typeof(SlowDisk).Assembly.Location,
    };

    /// <summary>From the next fsync on each takes so long.</summary>
    public void SyncTakes(TimeSpan time)
    {
        var next = _told + ".next";
        File.WriteAllText(next, time.TotalMilliseconds.ToString(CultureInfo.InvariantCulture));
        File.Move(next, _told, overwrite: true);
    }

    /// <summary>In the process under test, before its first file is opened.</summary>
    internal static void LayUnderThisProcess()
    {
        if (System.Environment.GetEnvironmentVariable(FolderKey) is not { } folder)
            return;
        var told = new SlowDisk(folder)._told;
        _ = new FaultyDisk(folder)
        {
            SyncTakes = () => File.Exists(told) ? TimeSpan.FromMilliseconds(double.Parse(File.ReadAllText(told), CultureInfo.InvariantCulture)) : TimeSpan.Zero,
        };
    }
}

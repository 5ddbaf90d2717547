using System.Diagnostics;
using System.Globalization;
using FacilityMonitor.Journal;
using FacilityMonitor.Readings;
using FacilityMonitor.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.Storage;

/// <summary>A real process that is killed with no warning while it journals and stores.</summary>
public sealed class CrashTests : IDisposable
{
    private const string ChildDirectory = "FM_CRASH_CHILD";

    // 2026-11-20 10:00 UTC; every reading lies in this one hour.
    private const long At = 1_795_168_800_000;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Killed_again_and_again_nothing_acknowledged_is_lost_and_nothing_is_stored_twice()
    {
        var acknowledged = 0L;
        foreach (var killAfter in new[] { 1, 7, 30, 90, 250 })
        {
            acknowledged = Math.Max(acknowledged, await RunAndKillAsync(killAfter));
            await VerifyAsync(acknowledged);
        }
    }

    private async Task<long> RunAndKillAsync(int killAfter)
    {
        using var child = ChildProgram.Start(ChildDirectory, _folder.Path);
        try
        {
            return await KillAfterAsync(child, killAfter);
        }
        finally
        {
            if (!child.HasExited)
                child.Kill();
        }
    }

    private static async Task<long> KillAfterAsync(Process child, int killAfter)
    {
        var last = 0L;
        for (var lines = 0; lines < killAfter; lines++)
        {
            var line = await child.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30), WakingTime.Clock);
            Assert.NotNull(line);
            last = long.Parse(line, CultureInfo.InvariantCulture);
        }

        child.Kill();
        // What it said before it died counts as well.
        while (await child.StandardOutput.ReadLineAsync() is { Length: > 0 } line)
            last = long.TryParse(line, CultureInfo.InvariantCulture, out var more) ? more : last;
        await child.WaitForExitAsync();
        return last;
    }

    private async Task VerifyAsync(long acknowledged)
    {
        await using var data = new StoreFixture(_folder.Path);
        await data.StartAsync();
        await data.Worker.ReadOnAsync(data.Reader, CancellationToken.None);
        await data.Worker.FlushAsync();
        var device = data.Devices.All.Single();
        var readings = await ReadingStoreTests.Collect(data.Store.ReadingsAsync(device, 0, At * 2, CancellationToken.None));

        Assert.True(readings.Count >= acknowledged, $"{acknowledged} were acknowledged, {readings.Count} are stored");
        Assert.Equal(Enumerable.Range(1, readings.Count).Select(number => At + number), readings.Select(reading => reading.AtMs));
        // The books count messages taken, so one taken twice from the journal would show here though sorting hides it above.
        Assert.Equal(readings.Count, data.Count("select sum(stored) from book"));
    }

    internal static void RunAsChild()
    {
        if (Environment.GetEnvironmentVariable(ChildDirectory) is { } directory)
            AppendForEverAsync(directory).GetAwaiter().GetResult();
    }

    private static async Task AppendForEverAsync(string directory)
    {
        var devices = new DeviceTable();
        await using var database = Database.Open(directory, TimeProvider.System);
        var journal = new MessageJournal(database, devices);
        var store = new EmbeddedStore(database, devices, NullLogger<EmbeddedStore>.Instance);
        var worker = new StoreWorker(database, journal, store, devices, TimeProvider.System, NullLogger<StoreWorker>.Instance);
        using var reader = await worker.OpenAsync();
        var writer = new JournalWriter();
        for (var number = journal.Last + 1; ; number++)
        {
            writer.Clear();
            writer.Message(ReadingStoreTests.Message(devices.Resolve(Dialect.Fm1, "huaihai"u8, "pile-01"u8)!, (1, At + number, [new MetricValue(Metric.W, number)], null)));
            await journal.AppendAsync(writer);
            await Console.Out.WriteLineAsync(number.ToString(CultureInfo.InvariantCulture));
            await Console.Out.FlushAsync();
            await worker.ReadOnAsync(reader, CancellationToken.None);
            if (number % 5 == 0)
                await worker.FlushAsync();
        }
    }
}

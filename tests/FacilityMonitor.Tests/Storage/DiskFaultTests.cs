using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using FacilityMonitor.Readings;
using FacilityMonitor.Storage;

namespace FacilityMonitor.Tests.Storage;

/// <summary>Whatever write of whatever file fails, and however: what was acknowledged is there, once, and the rest goes in when the disk works again.</summary>
public sealed class DiskFaultTests : IDisposable
{
    private const long At = 1_795_168_800_000;
    private const int Messages = 4;
    private const int ReadingsEach = 30;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Full", false)]
    [InlineData("Full", true)]
    [InlineData("Error", false)]
    [InlineData("Error", true)]
    [InlineData("Torn", false)]
    [InlineData("Torn", true)]
    public async Task Whatever_operation_of_the_disk_fails_nothing_acknowledged_is_lost_or_doubled(string fault, bool lasts)
    {
        await using (var template = new StoreFixture(Sub("template")))
            await template.StartAsync();

        var failAt = 0;
        while (await FailAsync(++failAt, Enum.Parse<DiskFault>(fault), lasts))
        {
            // Every operation in its turn, until there are not so many.
        }

        // A commit writes its frames and syncs; fewer would mean that nothing was in the way of anything.
        Assert.InRange(failAt, 40, 2_000);
    }

    /// <summary>Messages, blocks, alerts, trimming and joining: whichever operation is the last of the process or of the machine.</summary>
    [Theory]
    [InlineData("Killed")]
    [InlineData("PowerCut")]
    public async Task Whatever_operation_of_the_disk_is_the_last_one_nothing_acknowledged_is_lost_or_doubled_and_the_work_goes_on(string fault)
    {
        await using (var template = new StoreFixture(Sub("template")))
            await template.StartAsync();

        Assert.InRange(await DiskTrouble.EveryOperationAsync(failAt => EndAsync(failAt, Enum.Parse<DiskFault>(fault))), 40, 2_000);
    }

    [Fact]
    public async Task Whoever_read_the_journal_before_reads_on_though_the_disk_refuses_what_others_write()
    {
        using var disk = new FaultyDisk(_folder.Path);
        await using var data = new StoreFixture(_folder.Path);
        await data.StartAsync();
        disk.Arm(1, DiskFault.Error, lasts: true);
        using var other = new ManualResetEventSlim();
        // Both wait meanwhile, and would be one commit.
        var busy = data.Database.CommitAsync(CommitPriority.Housekeeping, _ => other.Wait());
        var append = data.AppendAsync(Message(data, 1));
        var register = data.Journal.RegisterAsync(StoreWorker.Cursor);
        other.Set();
        // Whether it shared a commit with what is refused is a matter of who came first.
        await busy.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await Assert.ThrowsAsync<DatabaseUnavailableException>(() => append);
        Assert.Equal(0, await register);
        disk.Heal();
    }

    private async Task<bool> FailAsync(int failAt, DiskFault fault, bool lasts)
    {
        var folder = Sub($"run-{failAt}");
        FaultyDisk.CopyFiles(Sub("template"), folder);
        using var disk = new FaultyDisk(folder);
        await using (var data = new StoreFixture(folder))
        {
            await StartAsync(data);
            disk.Arm(failAt, fault, lasts);
            var isCrashTried = false;
            await WorkAsync(data, disk.InsistAsync, async message =>
            {
                if (!disk.HasFailed || isCrashTried)
                    return;
                // It is killed now: its files have to hold what was acknowledged so far.
                isCrashTried = true;
                var crashed = Sub($"crashed-{failAt}");
                FaultyDisk.CopyFiles(folder, crashed);
                await VerifyAsync(crashed, message, message);
                Directory.Delete(crashed, recursive: true);
            });
            disk.Heal();
            await disk.InsistAsync(data.Worker.FlushAsync);
        }

        var hasFailed = disk.HasFailed;
        await VerifyAsync(folder, Messages, Messages);
        Directory.Delete(folder, recursive: true);
        return hasFailed;
    }

    private async Task<bool> EndAsync(int failAt, DiskFault fault)
    {
        var (folder, remains) = (Sub($"run-{failAt}"), Sub($"remains-{failAt}"));
        FaultyDisk.CopyFiles(Sub("template"), folder);
        using var disk = new FaultyDisk(folder);
        var acknowledged = 0;
        await using (var data = new StoreFixture(folder))
        {
            await StartAsync(data);
            disk.Arm(failAt, fault, lasts: true);
            try
            {
                await WorkAsync(data, write => write(), message => Task.FromResult(acknowledged = message));
            }
            catch (DatabaseUnavailableException) when (disk.HasFailed)
            {
                // The last one.
            }

            disk.CopyRemains(folder, remains);
            disk.Heal();
        }

        // What was written and not acknowledged may be there or not.
        await VerifyAsync(remains, acknowledged, Math.Min(acknowledged + 1, Messages));
        Directory.Delete(folder, recursive: true);
        Directory.Delete(remains, recursive: true);
        return disk.HasFailed;
    }

    private static async Task StartAsync(StoreFixture data)
    {
        await data.StartAsync();
        // Checkpoints too: the log is worked into the file every few pages, not every sixteen megabytes.
        await data.Database.CommitAsync(CommitPriority.Alerts, connection => Database.Execute(connection, "pragma wal_autocheckpoint = 8"));
    }

    /// <summary>What the service does: messages in, blocks out, alerts, trimming, joining.</summary>
    /// <param name="data">Where.</param>
    /// <param name="write">Does each write.</param>
    /// <param name="acknowledged">Told of each message that was.</param>
    private static async Task WorkAsync(StoreFixture data, Func<Func<Task>, Task> write, Func<int, Task> acknowledged)
    {
        var writer = new JournalWriter();
        for (var message = 1; message <= Messages; message++)
        {
            writer.Clear();
            writer.Message(Message(data, message));
            var batch = new JournalBatch(writer);
            await write(() => data.Journal.AppendAsync(batch));
            await acknowledged(message);
            var number = message;
            await write(() => data.Database.CommitAsync(CommitPriority.Alerts, connection => Database.Execute(
                connection, "insert or ignore into alert_transition (alert, number, at_ms, body) values ('a', $number, 0, '{}')", ("$number", number))));
            await data.Worker.ReadOnAsync(data.Reader, CancellationToken.None);
            if (message % 2 == 0)
                await write(data.Worker.FlushAsync);
        }

        await write(() => data.Journal.TrimAsync(20));
        await write(() => data.Merger.MergeAsync(everything: true, CancellationToken.None));
    }

    private static async Task VerifyAsync(string folder, int least, int most)
    {
        await using var data = new StoreFixture(folder);
        await data.StartAsync();
        await data.Worker.ReadOnAsync(data.Reader, CancellationToken.None);
        await data.Worker.FlushAsync();
        using var reader = data.Database.OpenReader();
        using var check = Database.Command(reader, "pragma integrity_check");
        Assert.Equal("ok", check.ExecuteScalar());
        // Read, then trimmed and joined, which changes nothing of it.
        var readings = await ReadAsync(data);
        Assert.Equal(0, readings.Count % ReadingsEach);
        var messages = readings.Count / ReadingsEach;
        Assert.InRange(messages, least, most);
        Assert.Equal(Enumerable.Range(1, messages).SelectMany(message => Enumerable.Range(0, ReadingsEach).Select(index => At + (message * 1000) + index)), readings);
        await data.Journal.TrimAsync(20);
        await data.Merger.MergeAsync(everything: true, CancellationToken.None);
        Assert.Equal(readings, await ReadAsync(data));
        Assert.Equal(messages, data.Count("select coalesce(sum(stored), 0) from book"));
    }

    private static async Task<List<long>> ReadAsync(StoreFixture data) => data.Devices.All.SingleOrDefault() is { } device
        ? [.. (await ReadingStoreTests.Collect(data.Store.ReadingsAsync(device, 0, At * 2, CancellationToken.None))).Select(reading => reading.AtMs)]
        : [];

    private static DeviceMessage Message(StoreFixture data, int number)
    {
        var message = new DeviceMessage
        {
            Kind = MessageKind.Data,
            Device = data.Devices.Resolve(Dialect.Fm1, "huaihai"u8, "pile-01"u8)!,
            ReceivedMs = At + (number * 1000),
        };
        for (var index = 0; index < ReadingsEach; index++)
        {
            ref var reading = ref message.Readings.Add();
            reading.Channel = ChannelId.Socket(1);
            reading.AtMs = reading.DeviceMs = At + (number * 1000) + index;
            message.Readings.AddValue(Metric.W, 100 + index);
        }

        return message;
    }

    private string Sub(string name) => Path.Combine(_folder.Path, name);
}

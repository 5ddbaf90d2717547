using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Storage;

namespace FacilityMonitor.Tests.Storage;

public sealed class MemoryStoreTests : ReadingStoreTests
{
    private readonly MemoryStore _store = new();

    protected override DeviceTable Devices { get; } = new();

    internal override Task<IReadingStore> StoreAsync(params DeviceMessage[] messages)
    {
        foreach (var message in messages)
            _store.Add(message);
        return Task.FromResult<IReadingStore>(_store);
    }
}

public sealed class EmbeddedStoreOpenTests : EmbeddedStoreTests
{
    protected override Task SettleAsync(StoreFixture fixture) => fixture.Worker.ReadOnAsync(fixture.Reader, CancellationToken.None);
}

public sealed class EmbeddedStoreFlushedTests : EmbeddedStoreTests
{
    protected override async Task SettleAsync(StoreFixture fixture)
    {
        await fixture.Worker.ReadOnAsync(fixture.Reader, CancellationToken.None);
        await fixture.Worker.FlushAsync();
    }
}

public sealed class EmbeddedStoreMergedTests : EmbeddedStoreTests
{
    protected override async Task SettleAsync(StoreFixture fixture)
    {
        await fixture.Worker.ReadOnAsync(fixture.Reader, CancellationToken.None);
        await fixture.Worker.FlushAsync();
        await fixture.Merger.MergeAsync(everything: true, CancellationToken.None);
    }
}

/// <summary>The embedded store with its readings open, flushed, or merged: it must not matter.</summary>
#pragma warning disable CA1001 // xunit disposes it through IAsyncLifetime.
public abstract class EmbeddedStoreTests : ReadingStoreTests, IAsyncLifetime
#pragma warning restore CA1001
{
    private readonly StoreFixture _fixture = new();

    protected override DeviceTable Devices => _fixture.Devices;

    public Task InitializeAsync() => _fixture.StartAsync();

    public Task DisposeAsync() => _fixture.DisposeAsync().AsTask();

    protected abstract Task SettleAsync(StoreFixture fixture);

    internal override async Task<IReadingStore> StoreAsync(params DeviceMessage[] messages)
    {
        foreach (var message in messages)
        {
            await _fixture.AppendAsync(message);
            await SettleAsync(_fixture);
        }

        return _fixture.Store;
    }

    /// <summary>Hourly figures are made when blocks are merged.</summary>
    protected override async Task FinishHoursAsync()
    {
        await _fixture.Worker.ReadOnAsync(_fixture.Reader, CancellationToken.None);
        await _fixture.Worker.FlushAsync();
        await _fixture.Merger.MergeAsync(everything: true, CancellationToken.None);
    }
}

/// <summary>What every store must do; run on each.</summary>
public abstract class ReadingStoreTests
{
    // 2026-01-01 00:00 UTC, a whole hour.
    private const long Hour = 1_767_225_600_000;
    private const long Minute = 60_000;
    private static readonly CancellationToken None = CancellationToken.None;

    protected abstract DeviceTable Devices { get; }

    internal abstract Task<IReadingStore> StoreAsync(params DeviceMessage[] messages);

    protected virtual Task FinishHoursAsync() => Task.CompletedTask;

    private Device Pile => Devices.Resolve(Dialect.Fm1, "huaihai"u8, "pile-01"u8)!;

    private Device Meter => Devices.Resolve(Dialect.Fm1, "huaihai"u8, "meter-shed"u8)!;

    [Fact]
    public async Task What_a_device_said_last_is_whole_even_when_it_tells_only_changes()
    {
        var store = await StoreAsync(
            Message(Pile, (1, Hour, [new(Metric.W, 130), new(Metric.V, 228)], "charging")),
            Message(Pile, (1, Hour + Minute, [new(Metric.W, 5)], null)));

        var latest = Assert.Single(await store.LatestAsync([Pile], None));

        Assert.Equal((5d, 228d, "charging", Hour + Minute), (latest[Metric.W], latest[Metric.V], latest.State, latest.AtMs));
    }

    [Fact]
    public async Task A_late_reading_does_not_replace_a_newer_one()
    {
        var store = await StoreAsync(
            Message(Pile, (1, Hour + Minute, [new(Metric.W, 5)], "idle")),
            Message(Pile, (1, Hour, [new(Metric.W, 130)], "charging")));

        var latest = Assert.Single(await store.LatestAsync([Pile], None));

        Assert.Equal((5d, "idle"), (latest[Metric.W], latest.State));
    }

    [Fact]
    public async Task Readings_come_back_in_order_each_once_and_only_of_the_time_asked_for()
    {
        var store = await StoreAsync(
            Message(Pile, (2, Hour + (2 * Minute), [new(Metric.W, 3)], null)),
            Message(Pile, (2, Hour, [new(Metric.W, 1)], null), (1, Hour, [new(Metric.W, 9)], "charging")),
            Message(Pile, (2, Hour, [new(Metric.W, 2)], null)),
            Message(Pile, (2, Hour + (60 * Minute), [new(Metric.W, 4)], null)));

        var readings = await Collect(store.ReadingsAsync(Pile, Hour, Hour + (60 * Minute), None));

        Assert.Equal([("s1", 9d), ("s2", 2d), ("s2", 3d)], readings.Select(reading => (reading.Channel.ToString(), reading.Values[0].Value)));
        Assert.Equal("charging", readings[0].State);
    }

    [Fact]
    public async Task A_peak_of_one_reading_is_seen_however_few_points_are_asked_for()
    {
        var messages = Enumerable.Range(0, 120).Select(minute => Message(Pile, (1, Hour + (minute * Minute), [new(Metric.W, minute == 77 ? 3000 : 100)], null))).ToArray();
        var store = await StoreAsync(messages);

        var points = await store.SeriesAsync(Pile, ChannelId.Socket(1), Metric.W, Hour, Hour + (120 * Minute), 6, None);

        Assert.Equal(6, points.Count);
        Assert.Equal(3000, points.Max(point => point.Max));
        Assert.Equal(100, points.Min(point => point.Min));
        Assert.Equal(120, points.Sum(point => point.Count));
        Assert.Equal(Hour + (60 * Minute), points[3].AtMs);
    }

    [Fact]
    public async Task With_no_more_readings_than_points_each_is_shown_at_its_own_time()
    {
        var store = await StoreAsync(Message(Pile, (1, Hour + 7, [new(Metric.W, 1)], null)), Message(Pile, (1, Hour + 9, [new(Metric.W, 2)], null)));

        var points = await store.SeriesAsync(Pile, ChannelId.Socket(1), Metric.W, Hour, Hour + Minute, 2, None);

        Assert.Equal([(Hour + 7, 1d), (Hour + 9, 2d)], points.Select(point => (point.AtMs, point.Mean)));
    }

    [Fact]
    public async Task Energy_of_hours_adds_up_to_what_the_counter_rose_by()
    {
        var store = await StoreAsync([.. Enumerable.Range(0, 13).Select(step =>
            Message(Pile, (1, Hour + (step * 10 * Minute), [new(Metric.W, 600), new(Metric.Wh, 1000 + (step * 100))], null)))]);
        await FinishHoursAsync();

        var hours = await store.HourlyAsync([Pile], Hour, Hour + (180 * Minute), None);

        Assert.Equal([500d, 600d, 100d], hours.Select(hour => hour.Wh!.Value));
        Assert.Equal([6, 6, 1], hours.Select(hour => hour.Readings));
        Assert.Equal(600, hours[0].MaxW);
        Assert.Equal(
            [(new DateOnly(2026, 1, 1), 1200d)],
            hours.ByDay(TimeZoneInfo.FindSystemTimeZoneById("Asia/Shanghai")));
    }

    [Fact]
    public async Task A_reading_that_comes_late_corrects_its_hour_and_the_next()
    {
        var store = await StoreAsync(
            Message(Pile, (1, Hour, [new(Metric.Wh, 100)], null)),
            Message(Pile, (1, Hour + (70 * Minute), [new(Metric.Wh, 400)], null)));
        await FinishHoursAsync();
        Assert.Equal([0d, 300d], (await store.HourlyAsync([Pile], Hour, Hour + (120 * Minute), None)).Select(hour => hour.Wh!.Value));

        await StoreAsync(Message(Pile, (1, Hour + (50 * Minute), [new(Metric.Wh, 350)], null)));
        await FinishHoursAsync();

        var hours = await store.HourlyAsync([Pile], Hour, Hour + (120 * Minute), None);
        Assert.Equal([250d, 50d], hours.Select(hour => hour.Wh!.Value));
        if (store is EmbeddedStore)
            Assert.All(hours, hour => Assert.Equal(1, hour.Revision));
    }

    [Fact]
    public async Task The_greatest_loads_come_first_and_old_ones_not_at_all()
    {
        var store = await StoreAsync(
            Message(Pile, (1, Hour + 1, [new(Metric.W, 100)], null), (2, Hour + 1, [new(Metric.W, 900)], null)),
            Message(Meter, (3, Hour, [new(Metric.W, 5000)], null)));

        var loads = await store.TopLoadsAsync([Pile, Meter], Hour + 1, 5, None);

        Assert.Equal([900d, 100d], loads.Select(load => load.W));
        Assert.Equal(5000, (await store.TopLoadsAsync([Pile, Meter], Hour, 1, None)).Single().W);
    }

    internal static DeviceMessage Message(Device device, params (int Socket, long AtMs, MetricValue[] Values, string? State)[] readings)
    {
        var message = new DeviceMessage { Kind = MessageKind.Data, Device = device, ReceivedMs = readings[0].AtMs };
        foreach (var (socket, atMs, values, state) in readings)
        {
            ref var reading = ref message.Readings.Add();
            reading.Channel = ChannelId.Socket(socket);
            reading.AtMs = reading.DeviceMs = atMs;
            reading.State = state;
            foreach (var value in values)
                message.Readings.AddValue(value.Metric, value.Value);
        }

        return message;
    }

    internal static async Task<List<StoredReading>> Collect(IAsyncEnumerable<StoredReading> readings)
    {
        var list = new List<StoredReading>();
        await foreach (var reading in readings)
            list.Add(reading);
        return list;
    }
}

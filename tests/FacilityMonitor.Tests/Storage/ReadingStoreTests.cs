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

    protected override bool KeepsHours => true;

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
    protected const long Hour = 1_767_225_600_000;
    private const long Minute = 60_000;
    private static readonly int[] Sockets = [1, 2, 3, 77, 999];
    private static readonly CancellationToken None = CancellationToken.None;

    protected abstract DeviceTable Devices { get; }

    internal abstract Task<IReadingStore> StoreAsync(params DeviceMessage[] messages);

    protected virtual Task FinishHoursAsync() => Task.CompletedTask;

    /// <summary>Whether hourly figures are kept, with a revision; else they are reckoned when somebody asks.</summary>
    protected virtual bool KeepsHours => false;

    private Device Pile => Devices.Resolve(Dialect.Fm1, "huaihai"u8, "pile-01"u8)!;

    private Device Meter => Devices.Resolve(Dialect.Fm1, "huaihai"u8, "meter-shed"u8)!;

    [StoreFact]
    public async Task What_a_device_said_last_is_whole_even_when_it_tells_only_changes()
    {
        var store = await StoreAsync(
            Message(Pile, (1, Hour, [new(Metric.W, 130), new(Metric.V, 228)], "charging")),
            Message(Pile, (1, Hour + Minute, [new(Metric.W, 5)], null)));

        var latest = Assert.Single(await store.LatestAsync([Pile], None));

        Assert.Equal((5d, 228d, "charging", Hour + Minute), (latest[Metric.W], latest[Metric.V], latest.State, latest.AtMs));
    }

    [StoreFact]
    public async Task Days_in_whole_hours_tell_of_every_hour_the_least_the_most_and_the_mean_from_every_store()
    {
        const int Hours = 50;
        var store = await StoreAsync([.. Enumerable.Range(0, Hours / 10).Select(part => Message(Pile, [.. Enumerable.Range(part * 10, 10).SelectMany(hour => new (int, long, MetricValue[], string?)[]
        {
            (1, Hour + (hour * 60 * Minute), [new(Metric.W, hour), new(Metric.Relay, hour % 2)], "charging"),
            (1, Hour + (hour * 60 * Minute) + (20 * Minute), [new(Metric.W, hour + 0.5)], null),
            (1, Hour + (hour * 60 * Minute) + (59 * Minute), [new(Metric.W, hour - 2.25)], null),
            (2, Hour + (hour * 60 * Minute) + Minute, [new(Metric.W, 100), new(Metric.V, 229)], null),
        })]))]);

        var series = await store.SeriesAsync(Pile, [ChannelId.Socket(2), ChannelId.Socket(1), ChannelId.Socket(3)], Metric.W, Hour, Hour + (Hours * 60 * Minute), Hours / 2, None);

        Assert.Equal(Enumerable.Range(0, Hours / 2).Select(stretch => (Hour + (stretch * 120 * Minute), (stretch * 2) - 2.25, (stretch * 2) + 1.5, 6)), series[1].Select(point => (point.AtMs, point.Min, point.Max, point.Count)));
        Assert.All(series[1], point => Assert.Equal(((point.AtMs - Hour) / (60 * Minute)) + 0.5 - (1.75 / 3), point.Mean, 9));
        Assert.Equal(Hours / 2, series[0].Count);
        Assert.All(series[0], point => Assert.Equal((100d, 100d, 100d, 2), (point.Min, point.Max, point.Mean, point.Count)));
        Assert.Empty(series[2]);
        // What is yes or no is told alike.
        var relay = await store.SeriesAsync(Pile, ChannelId.Socket(1), Metric.Relay, Hour, Hour + (Hours * 60 * Minute), Hours / 2, None);
        Assert.All(relay, point => Assert.Equal((0d, 1d, 0.5, 2), (point.Min, point.Max, point.Mean, point.Count)));
    }

    [StoreFact]
    public async Task A_late_reading_does_not_replace_a_newer_one()
    {
        var store = await StoreAsync(
            Message(Pile, (1, Hour + Minute, [new(Metric.W, 5)], "idle")),
            Message(Pile, (1, Hour, [new(Metric.W, 130)], "charging")));

        var latest = Assert.Single(await store.LatestAsync([Pile], None));

        Assert.Equal((5d, "idle"), (latest[Metric.W], latest.State));
    }

    [StoreFact]
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

    [StoreFact]
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

    [StoreFact]
    public async Task With_no_more_readings_than_points_each_is_shown_at_its_own_time()
    {
        var store = await StoreAsync(Message(Pile, (1, Hour + 7, [new(Metric.W, 1)], null)), Message(Pile, (1, Hour + 9, [new(Metric.W, 2)], null)));

        var points = await store.SeriesAsync(Pile, ChannelId.Socket(1), Metric.W, Hour, Hour + Minute, 2, None);

        Assert.Equal([(Hour + 7, 1d), (Hour + 9, 2d)], points.Select(point => (point.AtMs, point.Mean)));
    }

    [StoreFact]
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

    [StoreFact]
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
        if (KeepsHours)
            Assert.All(hours, hour => Assert.Equal(1, hour.Revision));
    }

    [StoreFact]
    public async Task The_greatest_loads_come_first_and_old_ones_not_at_all()
    {
        var store = await StoreAsync(
            Message(Pile, (1, Hour + 1, [new(Metric.W, 100)], null), (2, Hour + 1, [new(Metric.W, 900)], null)),
            Message(Meter, (3, Hour, [new(Metric.W, 5000)], null)));

        var loads = await store.TopLoadsAsync([Pile, Meter], Hour + 1, 5, None);

        Assert.Equal([900d, 100d], loads.Select(load => load.W));
        Assert.Equal(5000, (await store.TopLoadsAsync([Pile, Meter], Hour, 1, None)).Single().W);
    }

    [StoreFact]
    public async Task Nothing_is_found_where_nothing_was_stored_and_a_reading_belongs_to_the_time_that_begins_with_it()
    {
        var store = await StoreAsync(Message(Pile, (1, Hour, [new(Metric.W, 1)], null)), Message(Pile, (1, Hour + Minute, [new(Metric.W, 2)], null)));
        await FinishHoursAsync();

        Assert.Empty(await Collect(store.ReadingsAsync(Meter, 0, long.MaxValue / 2, None)));
        Assert.Empty(await Collect(store.ReadingsAsync(Pile, Hour - Minute, Hour, None)));
        Assert.Empty(await Collect(store.ReadingsAsync(Pile, Hour, Hour, None)));
        Assert.Equal([Hour], (await Collect(store.ReadingsAsync(Pile, Hour, Hour + Minute, None))).Select(reading => reading.AtMs));
        Assert.Equal([Hour, Hour + Minute], (await Collect(store.ReadingsAsync(Pile, 0, long.MaxValue / 2, None))).Select(reading => reading.AtMs));
        Assert.Empty(await store.SeriesAsync(Pile, ChannelId.Socket(1), Metric.V, Hour, Hour + Minute, 5, None));
        Assert.Empty(await store.SeriesAsync(Pile, ChannelId.Socket(2), Metric.W, Hour, Hour + Minute, 5, None));
        Assert.Empty(await store.HourlyAsync([Pile], Hour + 1, Hour + (60 * Minute), None));
        Assert.Empty(await store.HourlyAsync([Meter], Hour, Hour + (60 * Minute), None));
        Assert.Single(await store.HourlyAsync([Pile], Hour, Hour + 1, None));
        Assert.Empty(await store.LatestAsync([Meter], None));
    }

    [StoreFact]
    public async Task Every_kind_of_value_comes_back_as_it_was_told()
    {
        MetricValue[] values = [new(Metric.W, -0.1), new(Metric.Wh, 1e15), new(Metric.A, double.Epsilon), new(Metric.V, 228.12345678901234), new(Metric.Smoke, 1), new(Metric.Relay, 0), new(Metric.Bikes, 12)];
        var message = Message(Pile, (1, Hour + 5, values, "充电 \"满\" a\\b, c=d'e"));
        ref var reading = ref message.Readings.Readings[0];
        (reading.DeviceMs, reading.Quality, reading.CounterEpoch, reading.Channel) = (Hour - 86_400_000, Quality.Clock, uint.MaxValue, ChannelId.Main);
        var store = await StoreAsync(message, Message(Pile, (999, Hour + 6, [], null)));

        var readings = await Collect(store.ReadingsAsync(Pile, Hour, Hour + Minute, None));

        Assert.Equal(2, readings.Count);
        Assert.Equal(
            (ChannelId.Main, Hour + 5, Hour - 86_400_000, Quality.Clock, (uint?)uint.MaxValue, "充电 \"满\" a\\b, c=d'e"),
            (readings[0].Channel, readings[0].AtMs, readings[0].DeviceMs, readings[0].Quality, readings[0].CounterEpoch, readings[0].State));
        Assert.Equal(values.OrderBy(value => value.Metric), readings[0].Values);
        Assert.Equal((ChannelId.Socket(999), null, null, 0), (readings[1].Channel, readings[1].State, readings[1].CounterEpoch, readings[1].Values.Count));
    }

    [StoreFact]
    public async Task A_device_is_found_whatever_it_calls_itself_and_never_another_in_its_place()
    {
        string[] names = ["x' OR 'a'='a", "x\"; DROP MEASUREMENT \"unknown\" --", "充电桩 一号", "a=b,c d", "--", "x'", "/.*/", "$device", "x"];
        var devices = names.Select(name => Devices.Resolve(Dialect.Tasmota, default, System.Text.Encoding.UTF8.GetBytes(name))!).ToList();
        // The same name at a site of ours is another device.
        devices.Add(Devices.Resolve(Dialect.Fm1, "huaihai"u8, "x"u8)!);
        devices.Add(Devices.Resolve(Dialect.Fm1, "jiugeng"u8, "x"u8)!);
        var store = await StoreAsync([.. devices.Select((device, index) => Message(device, (1, Hour, [new(Metric.W, index)], null)))]);

        for (var index = 0; index < devices.Count; index++)
        {
            var found = Assert.Single(await Collect(store.ReadingsAsync(devices[index], 0, long.MaxValue / 2, None)));
            Assert.Equal(index, Assert.Single(found.Values).Value);
        }
    }

    [StoreFact]
    public async Task Energy_is_right_across_resets_epochs_and_glitches_and_bad_readings_do_not_count()
    {
        (int Minute, double Wh, uint? Epoch, Quality Quality)[] told =
        [
            (0, 1_000, 1, Quality.Good), (55, 1_040, 1, Quality.Good), (59, 0, 1, Quality.Good), (61, 1_050, 1, Quality.Good), (70, 9_000_000, 1, Quality.Bad), (80, 1_060, 1, Quality.Suspect),
            (90, 1_070, 1, Quality.Stale), (125, 5, 2, Quality.Good), (150, 25, 2, Quality.Clock), (200, 30, null, Quality.Good), (210, 3, null, Quality.Good), (400, 9, 2, Quality.Good),
        ];
        var store = await StoreAsync([.. told.Select(one =>
        {
            var message = Message(Pile, (1, Hour + (one.Minute * Minute), [new(Metric.Wh, one.Wh), new(Metric.W, one.Minute), new(Metric.A, one.Minute / 10d)], null));
            ref var reading = ref message.Readings.Readings[0];
            (reading.CounterEpoch, reading.Quality) = (one.Epoch, one.Quality);
            return message;
        })]);
        await FinishHoursAsync();

        var hours = await store.HourlyAsync([Pile], Hour, Hour + (420 * Minute), None);
        Assert.Equal([40d, 30d, 25d, 8d, 6d], hours.Select(hour => hour.Wh!.Value));
        Assert.Equal([3, 4, 2, 2, 1], hours.Select(hour => hour.Readings));
        Assert.Equal((61d, 90d, 9d), (hours[1].MinW!.Value, hours[1].MaxW!.Value, hours[1].MaxA!.Value));

        // Only what is good enough is drawn: a bad value is not, a suspected one is.
        Assert.Equal([61, 80, 90], (await store.SeriesAsync(Pile, ChannelId.Socket(1), Metric.W, Hour + (60 * Minute), Hour + (120 * Minute), 9, None)).Select(point => (int)point.Mean));
        // An hour asked for alone knows where the counter stood before it.
        Assert.Equal([6d], (await store.HourlyAsync([Pile], Hour + (300 * Minute), Hour + (420 * Minute), None)).Select(hour => hour.Wh!.Value));
    }

    [StoreFact]
    public async Task Whatever_is_told_in_whatever_order_is_answered_as_by_the_store_in_memory()
    {
        var random = new Random(20_261_121);
        var memory = new MemoryStore();
        var devices = new[] { Pile, Meter, Devices.Resolve(Dialect.Shelly, default, "shellyplug-7"u8)! };
        var messages = Enumerable.Range(0, 400).Select(number => Anything(random, devices[random.Next(devices.Length)], number)).OrderBy(_ => random.Next()).ToArray();
        foreach (var message in messages)
            memory.Add(message);
        var store = await StoreAsync(messages);
        await FinishHoursAsync();

        foreach (var device in devices)
        {
            foreach (var (from, to) in new[] { (0, long.MaxValue / 2), (Hour, Hour + 1), (Hour + (30 * Minute) + 1, Hour + (150 * Minute) + 77), (Hour + (60 * Minute), Hour + (120 * Minute)), (Hour + (299 * Minute), Hour + (900 * Minute)) })
            {
                var (expected, found) = (await Collect(memory.ReadingsAsync(device, from, to, None)), await Collect(store.ReadingsAsync(device, from, to, None)));
                Assert.Equal(expected.Select(Text), found.Select(Text));
                foreach (var (channel, metric, points) in new[] { (1, Metric.W, 3), (2, Metric.Wh, 50), (77, Metric.Relay, 1_000), (1, Metric.V, 1) })
                {
                    Assert.Equal(
                        await memory.SeriesAsync(device, ChannelId.Socket(channel), metric, from, to, points, None),
                        await store.SeriesAsync(device, ChannelId.Socket(channel), metric, from, to, points, None), SamePoint);
                }
            }
        }

        foreach (var (from, to) in new[] { (Hour, Hour + (300 * Minute)), (Hour + (60 * Minute), Hour + (120 * Minute)), (Hour + 1, Hour + (240 * Minute)) })
        {
            Assert.Equal(
                (await memory.HourlyAsync(devices, from, to, None)).Select(row => row with { Revision = 0 }),
                (await store.HourlyAsync(devices, from, to, None)).Select(row => row with { Revision = 0 }));
        }

        Assert.Equal((await memory.LatestAsync(devices, None)).Select(Text), (await store.LatestAsync(devices, None)).Select(Text));
        Assert.Equal(await memory.TopLoadsAsync(devices, Hour, 7, None), await store.TopLoadsAsync(devices, Hour, 7, None));

        static string Text(object reading) => reading switch
        {
            StoredReading stored => FormattableString.Invariant(
                $"{stored.Channel} {stored.AtMs} {stored.DeviceMs} {stored.Quality} {stored.CounterEpoch} {stored.State} {stored.Index} {stored.Seq % 1000} {string.Join(' ', stored.Values.Select(value => FormattableString.Invariant($"{value.Metric}={value.Value:R}")))}"),
            LatestReading latest => FormattableString.Invariant(
                $"{latest.Device} {latest.Channel} {latest.AtMs} {latest.Quality} {latest.State} {string.Join(' ', latest.Values.OrderBy(value => value.Metric).Select(value => value.ToString()))}"),
            _ => "",
        };
    }

    /// <summary>A message of some channels with anything a device may tell, somewhere in five hours; no two of them tell the same of one channel and millisecond.</summary>
    private static DeviceMessage Anything(Random random, Device device, int number)
    {
        var at = Hour + (random.Next(300) * Minute) + (number % 50);
        var message = new DeviceMessage { Kind = MessageKind.Data, Device = device, HasEnvelope = true, ReceivedMs = at };
        message.Envelope = new Envelope(default, number * 7, at, null, ClockSource.Ntp);
        foreach (var socket in Sockets.Where(_ => random.Next(2) == 0).DefaultIfEmpty(4))
        {
            ref var reading = ref message.Readings.Add();
            (reading.Channel, reading.AtMs, reading.Quality) = (ChannelId.Socket(socket), at - (1_000L * number), (Quality)random.Next(5));
            reading.DeviceMs = reading.Quality == Quality.Clock ? at + 12_345 : reading.AtMs;
            reading.CounterEpoch = random.Next(4) == 0 ? (uint)random.Next(3) : null;
            reading.State = random.Next(3) == 0 ? $"st {number}，充电" : null;
            foreach (var metric in Enum.GetValues<Metric>().Where(_ => random.Next(4) == 0))
                message.Readings.AddValue(metric, metric.IsBoolean() ? random.Next(2) : metric.IsCounter() ? random.Next(100_000) / 10d : (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(6)));
        }

        return message;
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

    /// <summary>The same but for the last digit of a mean: a database that reckons it itself adds in an order of its own.</summary>
    private static bool SamePoint(SeriesPoint one, SeriesPoint other) =>
        one with { Mean = 0 } == other with { Mean = 0 } && Math.Abs(one.Mean - other.Mean) <= 1e-12 * Math.Max(Math.Abs(one.Min), Math.Abs(one.Max));

    internal static async Task<List<StoredReading>> Collect(IAsyncEnumerable<StoredReading> readings)
    {
        var list = new List<StoredReading>();
        await foreach (var reading in readings)
            list.Add(reading);
        return list;
    }
}

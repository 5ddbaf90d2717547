using FacilityMonitor.Journal;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Storage;
using FacilityMonitor.Web;

namespace FacilityMonitor.Tests.Storage;

/// <summary>Charts of weeks and months read what each hour came to; which readings were unpacked for them is counted. The answer is the one of a store that reads everything.</summary>
public sealed class HourFiguresTests : IAsyncLifetime, IDisposable
{
    private const long HourMs = HourlyRollup.HourMs;
    private const int Hours = 240;
    private const int PerHour = 6;
    private const int Points = Hours / 3;

    // 2026-11-08 00:00 UTC; the test clock begins on the 20th.
    private const long From = 1_794_096_000_000;
    private const long To = From + (Hours * HourMs);

    private static readonly ChannelId[] Sockets = [ChannelId.Socket(1), ChannelId.Socket(2)];
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly TemporaryFolder _folder = new();
    private readonly MemoryStore _everything = new();
    private readonly StoreFixture _data;

    public HourFiguresTests() => _data = new StoreFixture(_folder.Path) { Options = new StorageOptions { RetentionDays = 20 } };

    private Device Pile => _data.Devices.Resolve(Dialect.Fm1, "huaihai"u8, "pile-01"u8)!;

    public async Task InitializeAsync()
    {
        await _data.StartAsync();
        for (var hour = 0; hour < Hours; hour++)
        {
            var begin = From + (hour * HourMs);
            await SayAsync(Enumerable.Range(0, PerHour).SelectMany(step => Sockets.Select((_, index) => (index + 1, begin + (step * 600_000L), new MetricValue[]
            {
                new(Metric.W, ((hour * 7) + (step * 31) + index) % 900 / 10d), new(Metric.V, 229.4), new(Metric.Tc, Math.Sin(hour + (step / 7d))),
            }, (string?)null))));
        }

        await JoinAsync();
    }

    public async Task DisposeAsync() => await _data.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Metric.W)]
    [InlineData(Metric.V)]
    [InlineData(Metric.Tc)]
    [InlineData(Metric.A)]
    public async Task Weeks_of_a_chart_unpack_no_readings_and_say_the_same(Metric metric)
    {
        Assert.Equal(0, await HoursReadAsync(metric));
    }

    [Fact]
    public async Task What_the_last_minutes_brought_is_in_it_and_only_its_hour_is_unpacked()
    {
        await SayAsync([(1, To - 60_000, [new MetricValue(Metric.W, 8_000)], null)]);
        Assert.Equal(1, await HoursReadAsync(Metric.W));

        await _data.Worker.FlushAsync();
        Assert.Equal(1, await HoursReadAsync(Metric.W));

        await JoinAsync();
        Assert.Equal(0, await HoursReadAsync(Metric.W));
    }

    [Fact]
    public async Task A_late_reading_of_an_hour_long_joined_counts_at_once()
    {
        await SayAsync([(2, From + (5 * HourMs) + 1, [new MetricValue(Metric.W, 9_000)], null)]);
        await _data.Worker.FlushAsync();

        Assert.Equal(1, await HoursReadAsync(Metric.W));
        Assert.Equal(9_000, (await SeriesAsync(_data.Store, Metric.W))[1][1].Max);
    }

    [Fact]
    public async Task Where_there_are_few_readings_each_is_a_point_at_its_own_time_and_only_their_hours_are_unpacked()
    {
        long[] times = [From + 61_000, From + (100 * HourMs) + 7, From + (101 * HourMs), To - 1];
        foreach (var atMs in times)
            await SayAsync([(1, atMs, [new MetricValue(Metric.Rh, 50)], null)]);
        await JoinAsync();

        Assert.Equal(times.Length, await HoursReadAsync(Metric.Rh));
        Assert.Equal(times, (await SeriesAsync(_data.Store, Metric.Rh))[0].Select(point => point.AtMs));
    }

    [Fact]
    public async Task Bad_readings_stay_out_and_suspect_ones_in()
    {
        await SayAsync([(1, From + 1, [new MetricValue(Metric.W, 50_000)], null)], Quality.Bad);
        await SayAsync([(1, From + 2, [new MetricValue(Metric.W, 40_000)], null)], Quality.Suspect);
        await JoinAsync();

        Assert.Equal(0, await HoursReadAsync(Metric.W));
        Assert.Equal(40_000, (await SeriesAsync(_data.Store, Metric.W))[0][0].Max);
    }

    [Fact]
    public async Task A_damaged_figure_is_counted_and_its_hour_read_again()
    {
        await _data.Database.CommitAsync(CommitPriority.Housekeeping, connection => BlockTable.SaveFigures(connection, Pile.Number, HourlyRollup.HourOf(From) + 3, new byte[] { 0x90 }));

        Assert.Equal(1, await HoursReadAsync(Metric.W));
        Assert.InRange(_data.Store.Damaged, 1, 2);
    }

    [Fact]
    public async Task Hours_from_before_there_were_figures_are_read_until_they_are_reckoned()
    {
        await _data.Database.CommitAsync(CommitPriority.Housekeeping, connection => Database.Execute(connection, "delete from hour_figures"));
        Assert.Equal(Hours, await HoursReadAsync(Metric.W));

        Assert.Equal(Hours, await _data.Merger.FillAsync(None));

        Assert.Equal(0, await HoursReadAsync(Metric.W));
        Assert.Equal(0, await _data.Merger.FillAsync(None));
    }

    [Fact]
    public async Task Figures_go_with_the_readings()
    {
        Assert.Equal(Hours, _data.Count("select count(*) from hour_figures"));
        _data.Time.Advance(TimeSpan.FromDays(10));
        await _data.Merger.DropAsync(None);

        Assert.InRange(_data.Count("select count(*) from hour_figures"), 1, Hours - 1);
        Assert.Equal(_data.Count("select count(distinct hour) from block"), _data.Count("select count(*) from hour_figures"));
        Assert.Equal(_data.Count("select min(hour) from block"), _data.Count("select min(hour) from hour_figures"));
    }

    [Fact]
    public async Task Where_the_embedded_store_begins_later_the_other_has_what_was_before()
    {
        var layered = new LayeredStore(_data.Store, _everything, () => HourlyRollup.HourOf(From) + 100);

        Same(await SeriesAsync(_everything, Metric.W), await SeriesAsync(layered, Metric.W));
    }

    [Theory]
    [InlineData(double.MinValue, double.MaxValue)]
    [InlineData(-0.0, 0.0)]
    [InlineData(1e-300, 1e300)]
    [InlineData(-12.75, -12.75)]
    public void Figures_are_written_and_read_exactly(double one, double other)
    {
        var block = new ReadingBlock();
        foreach (var (channel, value, atMs) in ((ChannelId, double, long)[])[(ChannelId.Main, one, 1), (ChannelId.Main, other, 2), (ChannelId.Socket(999), other, 3)])
            block.Add(new BlockRow(channel, atMs, atMs, Quality.Good, null, null, 0, 0, 0, 0), [new MetricValue(Metric.W, value), new MetricValue(Metric.Relay, 1)]);
        var bytes = new ByteBuffer();
        ChannelId[] asked = [ChannelId.Socket(999), ChannelId.Socket(3), ChannelId.Main];

        HourFigures.Write(7, block, bytes);

        Assert.Equal(HourFigures.Of(7, block, asked, Metric.W), HourFigures.Read(7, bytes.Span, asked, Metric.W));
        Assert.Equal([(0, 1), (2, 2)], HourFigures.Read(7, bytes.Span, asked, Metric.Relay).Select(figure => (figure.Channel, figure.Figure.Count)));
        Assert.Empty(HourFigures.Read(7, bytes.Span, asked, Metric.A));
        for (var length = 1; length < bytes.Length - 1; length++)
        {
            // Cut off anywhere it is refused, or is a part of what it was.
            try
            {
                HourFigures.Read(7, bytes.Span[..length], asked, Metric.W);
            }
            catch (InvalidDataException)
            {
            }
        }
    }

    [Theory]
    // A day and a week are told as asked; so is what the page asks of ninety days.
    [InlineData(24, 720, 24, 720)]
    [InlineData(7 * 24, 672, 7 * 24, 672)]
    [InlineData(90 * 24, 720, 90 * 24, 720)]
    // A zoom of about a month and half one: whole hours, a little more than was asked for.
    [InlineData((30 * 24) + 1, 720, (30 * 24) + 2, 361)]
    [InlineData(20 * 24, 720, 20 * 24, 480)]
    public void Long_stretches_are_whole_hours(int hours, int points, int thenHours, int thenPoints)
    {
        var entry = new DeviceEntry { Id = "meter-shed", Name = new LocalText("电表", "Meter"), Kind = DeviceKind.Meter };
        var device = new RegisteredDevice(new Site { Id = "huaihai", Name = new LocalText("淮海里", "Huaihai Lane"), Devices = [entry] }, entry);

        var query = SeriesEndpoints.WholeHours(new SeriesQuery(device, Sockets, Metric.W, From, From + (hours * HourMs), points));

        Assert.Equal((From, From + (thenHours * HourMs), thenPoints), (query.FromMs, query.ToMs, query.Points));
        var later = SeriesEndpoints.WholeHours(query with { FromMs = From + 1, ToMs = From + (hours * HourMs) + 1, Points = points });
        var isWhole = SeriesBuckets.WidthOf(From, From + (hours * HourMs), points) >= HourMs / 2;
        Assert.Equal(isWhole, SeriesBuckets.AreWholeHours(later.FromMs, later.ToMs, later.Points));
        Assert.InRange(later.FromMs, From, From + 1);
        Assert.True(later.ToMs > From + (hours * HourMs));
        Assert.InRange(later.Points, 1, SeriesDesk.PointsMax);
    }

    /// <summary>How many hours were unpacked for the chart, whose answer is that of a store which reads everything.</summary>
    private async Task<long> HoursReadAsync(Metric metric)
    {
        var before = _data.Store.HoursRead;
        var series = await SeriesAsync(_data.Store, metric);
        var read = _data.Store.HoursRead - before;
        Same(await SeriesAsync(_everything, metric), series);
        return read;
    }

    private async Task<IReadOnlyList<IReadOnlyList<SeriesPoint>>> SeriesAsync(IReadingStore store, Metric metric) => await store.SeriesAsync(Pile, Sockets, metric, From, To, Points, None);

    private static void Same(IReadOnlyList<IReadOnlyList<SeriesPoint>> expected, IReadOnlyList<IReadOnlyList<SeriesPoint>> series)
    {
        Assert.Equal(expected.Count, series.Count);
        foreach (var (one, other) in expected.Zip(series))
        {
            Assert.Equal(one.Select(point => point with { Mean = 0 }), other.Select(point => point with { Mean = 0 }));
            Assert.All(one.Zip(other), pair => Assert.Equal(pair.First.Mean, pair.Second.Mean, 9));
        }
    }

    private async Task SayAsync(IEnumerable<(int Socket, long AtMs, MetricValue[] Values, string? State)> readings, Quality quality = Quality.Good)
    {
        var message = ReadingStoreTests.Message(Pile, [.. readings]);
        foreach (ref var reading in message.Readings.Readings)
            reading.Quality = quality;
        _everything.Add(message);
        await _data.AppendAsync(message);
        await _data.Worker.ReadOnAsync(_data.Reader, None);
    }

    private async Task JoinAsync()
    {
        await _data.Worker.FlushAsync();
        await _data.Merger.MergeAsync(everything: true, None);
    }
}

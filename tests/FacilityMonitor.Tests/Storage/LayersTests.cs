using FacilityMonitor.Influx;
using FacilityMonitor.Journal;
using FacilityMonitor.Readings;
using FacilityMonitor.Storage;

namespace FacilityMonitor.Tests.Storage;

/// <summary>What the embedded store keeps where InfluxDB has the readings too, or alone.</summary>
public sealed class LayersTests : IDisposable
{
    private const long HourMs = 3_600_000;
    private const long DayMs = 24 * HourMs;

    // Six days after 2026-11-20 10:00 UTC, where the test clock begins.
    private const long Now = 1_795_168_800_000 + (6 * DayMs);
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_influxdb_has_goes_after_the_recent_days_and_what_it_has_not_got_stays()
    {
        await using var data = await OpenAsync(new StorageOptions { RecentDays = 2 });
        await StoreDaysAsync(data, 0, 6);
        await NoteAsync(data, gapDay: 4);

        await data.Merger.DropAsync(None);

        Assert.Equal([Now - (4 * DayMs), Now - (2 * DayMs), Now - DayMs, Now], Days(data));
        Assert.Equal(3, data.Merger.Shared);
        Assert.Equal(0, data.Merger.Dropped);
        Assert.Equal(HourlyRollup.HourOf(Now) - 48, data.Merger.WholeFrom);
        // The books are no readings.
        Assert.True(data.Count("select count(*) from book") > 0);

        await data.Database.CommitAsync(CommitPriority.Housekeeping, connection => ShippingGaps.Fill(connection, Now - (5 * DayMs), Now, long.MaxValue));
        data.Time.Advance(TimeSpan.FromHours(1));
        await data.Merger.DropAsync(None);
        Assert.Equal([Now - DayMs, Now], Days(data));
        Assert.Equal(5, data.Merger.Shared);
    }

    [Fact]
    public async Task Before_anything_was_shipped_nothing_goes()
    {
        await using var data = await OpenAsync(new StorageOptions { RecentDays = 2 });
        await StoreDaysAsync(data, 0, 6);
        await data.Merger.DropAsync(None);
        Assert.Equal(7, Days(data).Count);
        await NoteAsync(data, gapDay: null);
        await data.Merger.DropAsync(None);
        Assert.Equal(3, Days(data).Count);
    }

    [Fact]
    public async Task Older_than_the_retention_even_a_gap_goes_and_a_restart_remembers_from_where_on_the_store_is_whole()
    {
        await using (var data = await OpenAsync(new StorageOptions { RecentDays = 2, RetentionDays = 5 }))
        {
            await StoreDaysAsync(data, 0, 6);
            await NoteAsync(data, gapDay: 6);
            await data.Merger.DropAsync(None);
            Assert.Equal(3, Days(data).Count);
        }

        await using var again = await OpenAsync(new StorageOptions());
        Assert.Equal(HourlyRollup.HourOf(Now) - 48, again.Merger.WholeFrom);
        using var reader = again.Database.OpenReader();
        Assert.Equal(again.Merger.WholeFrom, BlockMerger.ReadWholeFrom(reader));
    }

    [Fact]
    public async Task Where_influxdb_alone_has_the_readings_no_block_is_written_and_what_was_said_last_is_still_known()
    {
        await using (var data = await OpenAsync(new StorageOptions { KeepsReadings = false }))
        {
            await StoreDaysAsync(data, 0, 3);
            await data.Merger.MergeAsync(everything: true, None);
            Assert.Equal(0, data.Count("select count(*) from block"));
            Assert.Equal(4, data.Count("select position from cursor where name = 'store'"));
            Assert.Equal(4, data.Count("select sum(stored) from book"));
        }

        await using var again = await OpenAsync(new StorageOptions { KeepsReadings = false });
        var latest = Assert.Single(await again.Store.LatestAsync([Pile(again)], None));
        Assert.Equal((Now, 0d), (latest.AtMs, latest[Metric.W]));
    }

    [Fact]
    public async Task What_was_stored_before_influxdb_alone_was_chosen_stays_until_it_is_filled()
    {
        await using (var data = await OpenAsync(new StorageOptions()))
            await StoreDaysAsync(data, 0, 3);
        await using var alone = await OpenAsync(new StorageOptions { KeepsReadings = false });
        await NoteAsync(alone, gapDay: 3);
        await alone.Merger.DropAsync(None);
        Assert.Equal([Now - (3 * DayMs)], Days(alone));
        await alone.Database.CommitAsync(CommitPriority.Housekeeping, connection => ShippingGaps.Fill(connection, 0, Now, long.MaxValue));
        alone.Time.Advance(TimeSpan.FromHours(1));
        await alone.Merger.DropAsync(None);
        Assert.Empty(Days(alone));
    }

    private async Task<StoreFixture> OpenAsync(StorageOptions options)
    {
        var data = new StoreFixture(_folder.Path) { Options = options };
        await data.StartAsync();
        data.Time.Advance(TimeSpan.FromDays(6));
        return data;
    }

    private static Device Pile(StoreFixture data) => data.Devices.Resolve(Dialect.Fm1, "lane"u8, "pile-01"u8)!;

    /// <summary>A reading of each day, the newest first.</summary>
    private static async Task StoreDaysAsync(StoreFixture data, int from, int to)
    {
        for (var day = from; day <= to; day++)
            await data.AppendAsync(ReadingStoreTests.Message(Pile(data), (1, Now - (day * DayMs), [new MetricValue(Metric.W, day)], null)));
        await data.Worker.ReadOnAsync(data.Reader, None);
        await data.Worker.FlushAsync();
    }

    /// <summary>Something was shipped; of one day not everything.</summary>
    private static Task NoteAsync(StoreFixture data, int? gapDay) => data.Database.CommitAsync(CommitPriority.Housekeeping, connection =>
    {
        Database.Execute(connection, "insert into shipping (name, position, alert_change) values ('influx', 1, 0)");
        if (gapDay is { } day)
            ShippingGaps.Add(connection, Now - (day * DayMs), Now - (day * DayMs) + HourMs);
    });

    private static List<long> Days(StoreFixture data)
    {
        using var reader = data.Database.OpenReader();
        using var command = Database.Command(reader, "select distinct hour from block order by hour");
        using var rows = command.ExecuteReader();
        var days = new List<long>();
        while (rows.Read())
            days.Add(rows.GetInt64(0) * HourMs);
        return days;
    }
}

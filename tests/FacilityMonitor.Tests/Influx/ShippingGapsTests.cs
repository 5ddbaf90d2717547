using FacilityMonitor.Influx;
using FacilityMonitor.Journal;
using FacilityMonitor.Tests.Storage;

namespace FacilityMonitor.Tests.Influx;

/// <summary>What InfluxDB has not got.</summary>
public sealed class ShippingGapsTests : IAsyncDisposable
{
    private readonly StoreFixture _data = new();

    public ValueTask DisposeAsync() => _data.DisposeAsync();

    [Fact]
    public async Task Gaps_that_touch_are_one_and_others_are_not()
    {
        await _data.StartAsync();
        Assert.Equal(["10-20", "30-40"], await AfterAsync(connection => { ShippingGaps.Add(connection, 30, 40); ShippingGaps.Add(connection, 10, 20); }));
        Assert.Equal(["10-29", "30-40"], await AfterAsync(connection => ShippingGaps.Add(connection, 20, 29)));
        Assert.Equal(["10-29", "30-40"], await AfterAsync(connection => ShippingGaps.Add(connection, 12, 13)));
        Assert.Equal(["5-50"], await AfterAsync(connection => { ShippingGaps.Add(connection, 29, 30); ShippingGaps.Add(connection, 5, 50); }));
    }

    [Theory]
    [InlineData(0, 10, "10-20 30-40")]
    [InlineData(0, 11, "11-20 30-40")]
    [InlineData(12, 15, "10-12 15-20 30-40")]
    [InlineData(10, 20, "30-40")]
    [InlineData(15, 35, "10-15 35-40")]
    [InlineData(20, 30, "10-20 30-40")]
    [InlineData(0, 99, "")]
    public async Task What_is_filled_is_taken_away_and_nothing_else(long from, long to, string left)
    {
        await _data.StartAsync();
        await AfterAsync(connection => { ShippingGaps.Add(connection, 10, 20); ShippingGaps.Add(connection, 30, 40); });
        Assert.Equal(left, string.Join(' ', await AfterAsync(connection => ShippingGaps.Fill(connection, from, to, lastBlock: 0))));
    }

    [Fact]
    public async Task An_hour_that_got_more_while_it_was_being_filled_is_filled_once_more()
    {
        const long Hour = 3_600_000;
        await _data.StartAsync();
        await AfterAsync(connection =>
        {
            ShippingGaps.Add(connection, 0, 3 * Hour);
            Database.Execute(connection, "insert into block (id, device, hour, generation, first_ms, last_ms, readings, body) values (7, 1, 1, 0, 0, 0, 1, x'00'), (8, 1, 2, 0, 0, 0, 1, x'00'), (9, 1, 5, 0, 0, 0, 1, x'00')");
        });
        Assert.Equal([$"{2 * Hour}-{3 * Hour}"], await AfterAsync(connection => ShippingGaps.Fill(connection, 0, 9 * Hour, lastBlock: 7)));
    }

    private async Task<IEnumerable<string>> AfterAsync(Action<Microsoft.Data.Sqlite.SqliteConnection> change)
    {
        await _data.Database.CommitAsync(CommitPriority.Housekeeping, change);
        using var reader = _data.Database.OpenReader();
        return ShippingGaps.Read(reader).Select(gap => $"{gap.FromMs}-{gap.ToMs}");
    }
}

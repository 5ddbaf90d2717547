using System.Text.RegularExpressions;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Influx;
using FacilityMonitor.Readings;
using FacilityMonitor.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.Influx;

/// <summary>The alert about a database that takes nothing.</summary>
public sealed class ShipWatchTests : IAsyncDisposable
{
    private readonly StoreFixture _data = new();
    private readonly List<AlertTransition> _told = [];
    private ShipState _state = new("http://influx.example (facility)", 0, 0, 0, 0, null, null);

    public ValueTask DisposeAsync() => _data.DisposeAsync();

    [Fact]
    public async Task A_restart_of_the_database_disturbs_nobody_and_a_minute_without_it_is_told_once()
    {
        var watch = await StartAsync();
        Trouble(needsSomebody: false, "ConnectionError");
        _data.Time.Advance(ShipWatch.Patience - TimeSpan.FromMilliseconds(1));
        watch.Check();
        Assert.Empty(_told);

        _data.Time.Advance(TimeSpan.FromMilliseconds(1));
        watch.Check();
        watch.Check();
        var alert = Assert.Single(_told);
        Assert.Equal((ShipWatch.Rule, ShipWatch.Asset, Condition.Active, Priority.P2), (alert.Rule, alert.Asset, alert.Condition, alert.Priority));
        Assert.Contains("ConnectionError", alert.Text.Zh, StringComparison.Ordinal);
        Assert.DoesNotMatch(new Regex(@"\p{IsCJKUnifiedIdeographs}"), alert.Text.En);
    }

    [Fact]
    public async Task A_wrong_token_is_told_at_once_and_again_when_the_reason_changes()
    {
        var watch = await StartAsync();
        Trouble(needsSomebody: true, "HTTP 401 unauthorized access");
        watch.Check();
        Trouble(needsSomebody: true, "HTTP 404 database not found");
        watch.Check();
        watch.Check();
        Assert.Equal(2, _told.Count);
        Assert.Equal((_told[0].AlertId, 1), (_told[1].AlertId, _told[1].Sequence));
        Assert.Contains("influx.token-file", _told[0].Text.En, StringComparison.Ordinal);
        Assert.Contains("HTTP 404", _told[1].Text.En, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_clears_when_readings_are_taken_again()
    {
        var watch = await StartAsync();
        Trouble(needsSomebody: true, "HTTP 401");
        watch.Check();
        _state = _state with { Trouble = null };
        watch.Check();
        Assert.Single(_told);
        _state = _state with { Shipped = 1 };
        watch.Check();
        watch.Check();
        Assert.Equal([Condition.Active, Condition.Cleared], _told.Select(step => step.Condition));
    }

    [Fact]
    public async Task How_long_the_journal_has_room_comes_from_how_it_grows()
    {
        var watch = await StartAsync();
        Trouble(needsSomebody: false, "ConnectionError");
        watch.Check();
        Assert.Null(watch.TimeToFull);

        var before = _data.Journal.Bytes;
        await _data.AppendAsync(Message());
        var grown = _data.Journal.Bytes - before;
        _data.Time.Advance(TimeSpan.FromMinutes(2));
        watch.Check();
        var left = ((JournalBytes * ShipWorker.JournalShare) - _data.Journal.Bytes) / grown * 2;
        Assert.Equal(left, watch.TimeToFull!.Value.TotalMinutes, tolerance: 0.01);
        Assert.Contains("room for about", Assert.Single(_told).Text.En, StringComparison.Ordinal);
    }

    [Fact]
    public async Task That_part_was_left_out_is_said_too()
    {
        var watch = await StartAsync();
        Trouble(needsSomebody: false, "ConnectionError");
        _data.Time.Advance(ShipWatch.Patience);
        watch.Check();
        _state = _state with { Skipped = 1 };
        watch.Check();
        Assert.Equal(2, _told.Count);
        Assert.Contains("no room left", _told[1].Text.En, StringComparison.Ordinal);
    }

    private const long JournalBytes = 1 << 20;

    private async Task<ShipWatch> StartAsync()
    {
        await _data.StartAsync();
        return new ShipWatch(
            () => _state, new DataSettings { Directory = "", RetentionDays = 1, RetentionBytes = 1, JournalBytes = JournalBytes, ReserveBytes = 0 },
            _told.Add, _data.Database, _data.Journal, _data.Time, NullLogger<ShipWatch>.Instance);
    }

    private void Trouble(bool needsSomebody, string words) =>
        _state = _state with { Trouble = new ShipTrouble(_data.Time.GetUtcNow().ToUnixTimeMilliseconds(), needsSomebody, words) };

    private DeviceMessage Message()
    {
        var message = new DeviceMessage { Kind = MessageKind.Data, Device = _data.Devices.Resolve(Dialect.Fm1, "a"u8, "b"u8), HasEnvelope = true, ReceivedMs = 1_795_168_800_000 };
        message.Readings.Add().AtMs = message.ReceivedMs;
        message.Readings.AddValue(Metric.W, 1);
        return message;
    }
}

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
    private ShipState _state = new("http://influx.example (facility)", 0, 0, 0, 0, null, false, null);

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

    [Theory]
    [InlineData(0.05, "about 3 minutes", "约 3 分钟")]
    [InlineData(1, "about 1.0 hours", "约 1.0 小时")]
    [InlineData(9.9, "about 9.9 hours", "约 9.9 小时")]
    [InlineData(10, "about 10 hours", "约 10 小时")]
    [InlineData(71.4, "about 71 hours", "约 71 小时")]
    [InlineData(72, "about 3 days", "约 3 天")]
    [InlineData(99 * 24, "about 99 days", "约 99 天")]
    [InlineData((99 * 24) + 1, "more than 99 days", "99 天以上")]
    public void A_time_is_told_as_a_person_would_plan_by_it(double hours, string en, string zh) => Assert.Equal((en, zh), (ShipWatch.About(TimeSpan.FromHours(hours)).En, ShipWatch.About(TimeSpan.FromHours(hours)).Zh));

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

    [Fact]
    public async Task A_database_that_takes_readings_too_slowly_is_told_before_anything_is_left_out()
    {
        var watch = await StartAsync();
        Waits(TimeSpan.Zero);
        _data.Time.Advance(ShipWatch.BehindMax - TimeSpan.FromMilliseconds(1));
        watch.Check();
        Assert.Empty(_told);
        _data.Time.Advance(TimeSpan.FromMilliseconds(1));
        watch.Check();
        watch.Check();
        var alert = Assert.Single(_told);
        Assert.Equal((ShipWatch.Rule, Condition.Active, _state.OldestMs), (alert.Rule, alert.Condition, alert.OnsetMs));
        Assert.Contains("2 minutes ago", alert.Text.En, StringComparison.Ordinal);
        Assert.Contains("已晚 2 分钟", alert.Text.Zh, StringComparison.Ordinal);
        Assert.DoesNotMatch(new Regex(@"\p{IsCJKUnifiedIdeographs}"), alert.Text.En);
        Assert.True(watch.IsBehind);

        // It does not flap at the bound.
        Waits(ShipWatch.BehindMax / 2);
        watch.Check();
        Assert.Single(_told);
        Waits((ShipWatch.BehindMax / 2) - TimeSpan.FromMilliseconds(1));
        watch.Check();
        Assert.Equal(Condition.Cleared, _told[^1].Condition);
        Assert.False(watch.IsBehind);
    }

    [Fact]
    public async Task What_is_sent_again_after_a_restart_of_the_database_is_old_and_not_late()
    {
        var watch = await StartAsync();
        Waits(Horizon + ShipWatch.BehindMax - TimeSpan.FromMilliseconds(1));
        _state = _state with { IsRepeating = true };
        watch.Check();
        Assert.Empty(_told);
        _data.Time.Advance(TimeSpan.FromMilliseconds(1));
        watch.Check();
        Assert.Single(_told);
    }

    [Fact]
    public async Task After_it_was_away_the_alert_stays_until_what_it_missed_is_there()
    {
        var watch = await StartAsync();
        Waits(TimeSpan.Zero);
        Trouble(needsSomebody: false, "ConnectionError");
        _data.Time.Advance(TimeSpan.FromMinutes(10));
        watch.Check();
        _state = _state with { Trouble = null };
        watch.Check();
        Assert.Equal([Condition.Active, Condition.Active], _told.Select(step => step.Condition));
        Assert.Contains("is behind", _told[^1].Text.En, StringComparison.Ordinal);
        _state = _state with { OldestMs = null };
        watch.Check();
        Assert.Equal(Condition.Cleared, _told[^1].Condition);
    }

    [Fact]
    public async Task That_the_journal_is_full_within_the_hour_is_said_anew()
    {
        var watch = await StartAsync();
        Waits(ShipWatch.BehindMax);
        watch.Check();
        Assert.Single(_told);
        var before = _data.Journal.Bytes;
        for (var message = 0; message < 100; message++)
            await _data.AppendAsync(Message());
        var perMinute = _data.Journal.Bytes - before;
        _data.Time.Advance(TimeSpan.FromMinutes(1));
        watch.Check();
        watch.Check();
        Assert.InRange(((JournalBytes * ShipWorker.JournalShare) - _data.Journal.Bytes) / perMinute, 61, 1000);
        Assert.Single(_told);

        while (((JournalBytes * ShipWorker.JournalShare) - _data.Journal.Bytes) / (_data.Journal.Bytes - before) >= 59)
            await _data.AppendAsync(Message());
        watch.Check();
        watch.Check();
        Assert.Equal(2, _told.Count);
        Assert.Matches("room for about 5[0-9] minutes", _told[1].Text.En);
    }

    private const long JournalBytes = 1 << 20;

    private static readonly TimeSpan Horizon = TimeSpan.FromMinutes(10);

    private async Task<ShipWatch> StartAsync()
    {
        await _data.StartAsync();
        return new ShipWatch(
            () => _state, Horizon, new DataSettings { Directory = "", RetentionDays = 1, RetentionBytes = 1, JournalBytes = JournalBytes, ReserveBytes = 0 },
            _told.Add, _data.Database, _data.Journal, _data.Time, NullLogger<ShipWatch>.Instance);
    }

    private void Trouble(bool needsSomebody, string words) =>
        _state = _state with { Trouble = new ShipTrouble(_data.Time.GetUtcNow().ToUnixTimeMilliseconds(), needsSomebody, words) };

    private void Waits(TimeSpan age) =>
        _state = _state with { Shipped = 1, OldestMs = (_data.Time.GetUtcNow() - age).ToUnixTimeMilliseconds() };

    private DeviceMessage Message()
    {
        var message = new DeviceMessage { Kind = MessageKind.Data, Device = _data.Devices.Resolve(Dialect.Fm1, "a"u8, "b"u8), HasEnvelope = true, ReceivedMs = 1_795_168_800_000 };
        message.Readings.Add().AtMs = message.ReceivedMs;
        message.Readings.AddValue(Metric.W, 1);
        return message;
    }
}

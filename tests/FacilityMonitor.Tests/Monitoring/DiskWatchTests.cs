using System.Text.RegularExpressions;
using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.Monitoring;

public sealed class DiskWatchTests : IAsyncDisposable
{
    private const long Min = 100 << 20;
    private readonly StoreFixture _data = new() { ReserveBytes = 0 };
    private readonly List<AlertTransition> _told = [];
    private long _free = Min;

    public ValueTask DisposeAsync() => _data.DisposeAsync();

    [Fact]
    public async Task A_disk_with_just_enough_room_says_nothing_and_one_byte_less_is_told_once()
    {
        var watch = await StartAsync();
        watch.Check();
        Assert.Empty(_told);

        _free = Min - 1;
        watch.Check();
        watch.Check();

        var alert = Assert.Single(_told);
        Assert.Equal((DiskWatch.Rule, Condition.Active, Priority.P1), (alert.Rule, alert.Condition, alert.Priority));
        Assert.Equal(99L, alert.Evidence["free_mib"]);
        Assert.DoesNotMatch(new Regex(@"\p{IsCJKUnifiedIdeographs}"), alert.Text.En);
    }

    [Fact]
    public async Task It_is_over_only_when_there_is_a_quarter_more_than_wanted()
    {
        var watch = await StartAsync();
        _free = 0;
        watch.Check();

        _free = Min + (Min / 4) - 1;
        watch.Check();
        Assert.Single(_told);

        _free++;
        watch.Check();
        Assert.Equal((_told[0].AlertId, Condition.Cleared, 1), (_told[1].AlertId, _told[1].Condition, _told[1].Sequence));
    }

    [Fact]
    public async Task A_disk_that_refuses_readings_is_told_again_and_when_it_takes_them_but_is_still_nearly_full_that_too()
    {
        var watch = await StartAsync();
        _free = Min - 1;
        watch.Check();
        await FillAsync();
        watch.Check();
        watch.Check();

        Assert.Equal(2, _told.Count);
        Assert.Contains("error", _told[1].Evidence.Keys);
        Assert.Equal((_told[0].AlertId, _told[0].OnsetMs, 1), (_told[1].AlertId, _told[1].OnsetMs, _told[1].Sequence));

        await LimitAsync(100_000);
        await _data.Database.CommitAsync(CommitPriority.Ingest, _ => { });
        watch.Check();
        Assert.Equal((3, Condition.Active), (_told.Count, _told[2].Condition));
        Assert.DoesNotContain("error", _told[2].Evidence.Keys);
    }

    [Fact]
    public async Task An_alert_written_meanwhile_does_not_make_a_refusal_look_over()
    {
        var watch = await StartAsync();
        await FillAsync();
        await _data.Database.CommitAsync(CommitPriority.Alerts, _ => { });

        watch.Check();

        Assert.Contains("error", Assert.Single(_told).Evidence.Keys);
    }

    [Fact]
    public async Task A_restart_does_not_raise_it_twice()
    {
        var watch = await StartAsync();
        _free = 0;
        watch.Check();
        await _data.Database.CommitAsync(CommitPriority.Alerts, connection => AlertLog.Write(connection, _told[0]));

        var restarted = Watch();
        restarted.Check();
        Assert.Single(_told);
        _free = 2 * Min;
        restarted.Check();
        Assert.Equal(Condition.Cleared, _told[1].Condition);
    }

    private async Task<DiskWatch> StartAsync()
    {
        await _data.StartAsync();
        return Watch();
    }

    private DiskWatch Watch() => new(_data.Database, Min, () => _free, _data.Time, _told.Add, NullLogger<DiskWatch>.Instance);

    private async Task FillAsync()
    {
        await LimitAsync(1);
        var writer = new JournalWriter();
        for (var letter = 0; letter < 100; letter++)
            writer.DeadLetter("t"u8, new byte[8_000], FacilityMonitor.Contract.RejectReason.BadJson, "x", 1, null);
        await Assert.ThrowsAsync<DatabaseUnavailableException>(() => _data.Journal.AppendAsync(writer));
    }

    private Task LimitAsync(int pages) =>
        _data.Database.CommitAsync(CommitPriority.Alerts, connection => Database.Execute(connection, $"pragma max_page_count = {pages}"));
}

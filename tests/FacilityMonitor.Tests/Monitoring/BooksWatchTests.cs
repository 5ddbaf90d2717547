using System.Text.RegularExpressions;
using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Readings;
using FacilityMonitor.Tests.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.Monitoring;

public sealed class BooksWatchTests : IAsyncDisposable
{
    private readonly StoreFixture _data = new();
    private readonly List<AlertTransition> _told = [];

    public ValueTask DisposeAsync() => _data.DisposeAsync();

    [Fact]
    public async Task Books_that_balance_say_nothing()
    {
        var watch = await StartAsync();
        await BookAsync(hoursAgo: 2, received: 10, duplicates: 2, deadLetters: 1, stored: 7);

        watch.Check();

        Assert.Empty(_told);
        Assert.Empty(watch.State.Holes);
        Assert.Equal(0, Assert.Single(watch.State.Hours).Open);
    }

    [Theory]
    [InlineData(9)]
    [InlineData(11)]
    public async Task A_message_too_few_or_too_many_is_an_alert_about_ourselves(long stored)
    {
        var watch = await StartAsync();
        await BookAsync(hoursAgo: 2, received: 10, duplicates: 0, deadLetters: 0, stored);

        watch.Check();
        watch.Check();

        var alert = Assert.Single(_told);
        Assert.Equal((BooksWatch.Rule, Condition.Active, Priority.P1, (string?)null), (alert.Rule, alert.Condition, alert.Priority, alert.Site));
        Assert.Equal((Hour - 2) * HourBook.HourMs, alert.OnsetMs);
        Assert.Equal(10 - stored, alert.Evidence["missing"]);
        Assert.Contains("huaihai/pile-01", alert.Text.Zh, StringComparison.Ordinal);
        Assert.Contains("huaihai/pile-01", alert.Text.En, StringComparison.Ordinal);
        Assert.DoesNotMatch(new Regex(@"\p{IsCJKUnifiedIdeographs}"), alert.Text.En);
    }

    [Fact]
    public async Task What_is_on_its_way_is_not_missing()
    {
        var watch = await StartAsync();
        await BookAsync(hoursAgo: 0, received: 10, duplicates: 0, deadLetters: 0, stored: 3);

        watch.Check();

        Assert.Empty(_told);
        Assert.Equal(7, Assert.Single(watch.State.Hours).Open);
    }

    [Fact]
    public async Task An_hour_the_store_has_not_read_to_its_end_is_not_judged()
    {
        var watch = await StartAsync();
        await BookAsync(hoursAgo: 2, received: 10, duplicates: 0, deadLetters: 0, stored: 3);
        var writer = new JournalWriter();
        writer.Tick((Hour - 2) * HourBook.HourMs);
        await _data.Journal.AppendAsync(writer);

        watch.Check();
        Assert.Empty(_told);

        await MoveAsync("store");
        watch.Check();
        Assert.Empty(_told);

        await MoveAsync("ingest");
        watch.Check();
        Assert.Single(_told);
    }

    [Fact]
    public async Task The_alert_clears_when_the_books_balance_again_and_a_restart_does_not_raise_it_twice()
    {
        var watch = await StartAsync();
        await BookAsync(hoursAgo: 2, received: 10, duplicates: 0, deadLetters: 0, stored: 9);
        watch.Check();
        var raised = Assert.Single(_told);
        await _data.Database.CommitAsync(CommitPriority.Alerts, connection => AlertLog.Write(connection, raised));

        var restarted = Watch();
        restarted.Check();
        Assert.Single(_told);
        await BookAsync(hoursAgo: 2, received: 10, duplicates: 0, deadLetters: 0, stored: 1);
        restarted.Check();

        Assert.Equal((raised.AlertId, Condition.Cleared, 1, raised.OnsetMs), (_told[1].AlertId, _told[1].Condition, _told[1].Sequence, _told[1].OnsetMs));
    }

    [Fact]
    public async Task Every_alert_of_the_day_is_in_one_place_of_the_books()
    {
        var watch = await StartAsync();
        await _data.Database.CommitAsync(CommitPriority.Alerts, connection =>
        {
            AddAlert(connection, "told", "active", outbox: [4, 1]);
            AddAlert(connection, "on-its-way", "active", outbox: [2, 0]);
            AddAlert(connection, "given-up", "active", outbox: [3]);
            AddAlert(connection, "stranger", "active", outbox: [5, 5]);
            AddAlert(connection, "stranger-told-to-one", "active", outbox: [5, 1]);
            AddAlert(connection, "stranger-refused-by-one", "active", outbox: [2, 5]);
            AddAlert(connection, "nobody", "active", outbox: []);
            AddAlert(connection, "only-pending", "pending", outbox: []);
        });

        watch.Check();

        Assert.Equal(new AlertBooks(Raised: 7, Notified: 2, InFlight: 1, Undelivered: 2, Withheld: 1, Nobody: 1), watch.State.Alerts);
    }

    private long NowMs => _data.Time.GetUtcNow().ToUnixTimeMilliseconds();

    private long Hour => NowMs / HourBook.HourMs;

    private async Task<BooksWatch> StartAsync()
    {
        await _data.StartAsync();
        await _data.Journal.RegisterAsync("ingest");
        _data.Devices.Resolve(Dialect.Fm1, "huaihai"u8, "pile-01"u8);
        return Watch();
    }

    private Task MoveAsync(string cursor) =>
        _data.Database.CommitAsync(CommitPriority.Alerts, connection => _data.Journal.SetCursor(connection, cursor, _data.Journal.Last));

    private BooksWatch Watch() => new(_data.Database, _data.Devices, _data.Time, _told.Add, NullLogger<BooksWatch>.Instance);

    /// <summary>What was stored adds up, as the store writes it.</summary>
    private Task BookAsync(int hoursAgo, long received, long duplicates, long deadLetters, long stored) => _data.Database.CommitAsync(CommitPriority.Alerts, connection =>
    {
        HourBook.SaveReceived(connection, Hour - hoursAgo, 1, received, duplicates, deadLetters);
        HourBook.AddStored(connection, Hour - hoursAgo, 1, stored);
    });

    private void AddAlert(SqliteConnection connection, string id, string state, int[] outbox)
    {
        Database.Execute(
            connection, "insert into alert (id, rule, asset, priority, condition, onset_ms, changed_ms, body) values ($id, 'socket-overload', 'a/b', 1, 4, $now, $now, '{}')", ("$id", id), ("$now", NowMs));
        Database.Execute(
            connection, "insert into alert_transition (alert, number, at_ms, body) values ($id, 0, $now, json_object('state', $state))", ("$id", id), ("$now", NowMs), ("$state", state));
        for (var row = 0; row < outbox.Length; row++)
        {
            Database.Execute(
                connection, "insert into outbox (alert, transition, recipient, channel, payload, state, attempts, due_ms, created_ms) values ($id, $row, 'guard', 'webhook', '{}', $state, 0, $now, $now)",
                ("$id", id), ("$row", row), ("$state", outbox[row]), ("$now", NowMs));
        }
    }
}

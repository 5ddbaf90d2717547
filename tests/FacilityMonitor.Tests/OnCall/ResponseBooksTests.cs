using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Notices;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Response;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.OnCall;

public sealed class ResponseBooksTests
{
    [Fact]
    public async Task Every_alert_is_in_one_place_and_the_places_sum_up()
    {
        await using var fixture = new ResponseFixture();
        await fixture.RaiseAsync(
            ResponseFixture.Step("fire", Condition.Active, Priority.P0, "smoke", "huaihai/far-01"),
            ResponseFixture.Step("lead", Condition.Active, asset: "huaihai/pile-01"), ResponseFixture.Step("member", Condition.Active, asset: "huaihai/pile-02"),
            ResponseFixture.Step("root", Condition.Active, Priority.P1, "supply-lost", "huaihai/c-shed") with { Site = "huaihai" },
            ResponseFixture.Step("hidden", Condition.Active, Priority.P2, "offline", "huaihai/pile-03"),
            ResponseFixture.Step("shelved", Condition.Active, Priority.P2, "blocker-fault", "huaihai/far-02"),
            ResponseFixture.Step("quick", Condition.Active, Priority.P2, "blocker-fault", "huaihai/far-03"),
            ResponseFixture.Step("digest", Condition.Active, Priority.P3, "lamp-failure", "huaihai/gate"));
        await fixture.DoesAsync("manager", "shelved", new ResponseCommand.Shelve(fixture.NowMs + 3_600_000, "等配件"));
        await fixture.DoesAsync("manager", "quick", new ResponseCommand.Acknowledge());
        await fixture.PassAsync(6);
        await fixture.ReportAsync("fire", 1, "guard", DeliveryKind.Accepted);
        await fixture.CommitAsync(connection => Database.Execute(connection, "update notice set state = 1 where alert = 'fire' and person = 'guard'"));

        var books = Count(fixture);

        Assert.Equal(new ResponseBooks(8, 1, 2, 1, 1, 0, 2, 1, []) with { Holes = books.Holes }, books);
        Assert.Empty(books.Holes);
        Assert.True(books.Balance);
        Assert.Empty(Stuck(fixture));
    }

    [Fact]
    public async Task A_page_that_came_to_nothing_counts_as_expired_only_while_another_follows()
    {
        await using var fixture = new ResponseFixture { MayBeOpen = true };
        await fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active));
        await fixture.PassAsync(6);
        await fixture.CommitAsync(connection => Database.Execute(connection, "update notice set state = 4"));
        Assert.Equal((1, true), (Count(fixture).Expired, Count(fixture).Balance));

        await fixture.CommitAsync(connection => Database.Execute(connection, "update response set due_ms = null"));
        Assert.Equal(["a1"], Count(fixture).Holes);
        Assert.Equal(["a1"], Stuck(fixture));
    }

    [Fact]
    public async Task An_alert_that_the_response_never_heard_of_is_a_hole_and_raises_an_alert_about_ourselves()
    {
        await using var fixture = new ResponseFixture();
        var told = new List<AlertTransition>();
        using var watch = new ResponseWatch(fixture.Database, fixture.Time, told.Add, NullLogger<ResponseWatch>.Instance);
        await fixture.CommitAsync(connection => Monitor(connection, "lost"));

        watch.Check();
        Assert.Equal((ResponseWatch.Rule, Priority.P1, Condition.Active), (told[0].Rule, told[0].Priority, told[0].Condition));
        Assert.False(watch.Books.Balance);
        watch.Check();
        Assert.Single(told);

        await fixture.CommitAsync(connection => fixture.Log.Observe(connection, [ResponseFixture.Step("lost", Condition.Active)]));
        watch.Check();
        Assert.Equal(Condition.Cleared, told[^1].Condition);
    }

    [Fact]
    public async Task The_books_are_added_up_each_minute_and_an_alert_without_a_next_step_is_told()
    {
        await using var fixture = new ResponseFixture { MayBeOpen = true };
        var told = new System.Collections.Concurrent.ConcurrentQueue<AlertTransition>();
        using var watch = new ResponseWatch(fixture.Database, fixture.Time, told.Enqueue, NullLogger<ResponseWatch>.Instance);
        await watch.StartAsync(CancellationToken.None);
        await fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active));
        await fixture.CommitAsync(connection => Database.Execute(connection, "update response set due_ms = null"));

        fixture.Time.Advance(TimeSpan.FromSeconds(59));
        Assert.Empty(told);
        fixture.Time.Advance(TimeSpan.FromSeconds(1));
        await Mqtt.Until.TrueAsync(() => told.Count == 1, "the minute is over");
        Assert.Contains("a1", told.First().Text.Zh, StringComparison.Ordinal);

        await fixture.CommitAsync(connection => Database.Execute(connection, "update response set due_ms = $due", ("$due", fixture.NowMs + 120_000)));
        fixture.Time.Advance(TimeSpan.FromMinutes(1));
        await Mqtt.Until.TrueAsync(() => told.Count == 2, "the next minute");
        Assert.Equal(Condition.Cleared, told.Last().Condition);
        await watch.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_notice_that_nobody_would_ever_try_again_is_told_by_the_alert_it_is_about()
    {
        await using var fixture = new ResponseFixture { MayBeOpen = true };
        var told = new List<AlertTransition>();
        using var watch = new ResponseWatch(fixture.Database, fixture.Time, told.Add, NullLogger<ResponseWatch>.Instance);
        await fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active, Priority.P0, "smoke"));
        watch.Check();
        Assert.Empty(told);
        await fixture.CommitAsync(connection => Database.Execute(connection, "update notice_way set state = 4"));
        watch.Check();
        Assert.Contains("a1", Assert.Single(told).Text.En, StringComparison.Ordinal);
    }

    /// <summary>Whoever opens a database for on-call does so by a fixture that adds up its books at the end of every test.</summary>
    [Fact]
    public void Every_test_of_on_call_ends_with_its_books_added_up()
    {
        var folder = Path.Combine(Conventions.SourceTree.Root, "tests/FacilityMonitor.Tests/OnCall");
        var opening = Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).Where(file => File.ReadAllText(file).Contains("Database." + "Open(", StringComparison.Ordinal)).ToList();
        Assert.Equal(["NoticeFixture.cs", "OutboxFixture.cs", "ResponseFixture.cs"], opening.Select(file => Path.GetFileName(file)).Order());
        Assert.All(opening, file => Assert.Matches(@"DisposeAsync\(\)[\s\S]*(AssertConserved\(\)|books\.Balance)", File.ReadAllText(file)));
    }

    [Fact]
    public async Task Devices_that_nobody_registered_and_alerts_of_long_ago_are_no_holes()
    {
        await using var fixture = new ResponseFixture();
        await fixture.RaiseAsync(ResponseFixture.Step("stranger", Condition.Active) with { IsStranger = true });
        await fixture.CommitAsync(connection => Monitor(connection, "old"));
        fixture.Time.Advance(TimeSpan.FromMilliseconds(ResponseBooks.LookBackMs));
        Assert.Equal(["old"], Count(fixture).Holes);
        fixture.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(Count(fixture).Balance);
    }

    [Fact]
    public async Task A_step_that_is_more_than_five_seconds_late_is_told()
    {
        await using var fixture = new ResponseFixture();
        await fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active));
        fixture.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Empty(Stuck(fixture));
        fixture.Time.Advance(TimeSpan.FromSeconds(0.001));
        Assert.Equal(["a1"], Stuck(fixture));
        await fixture.TurnAsync();
        Assert.Empty(Stuck(fixture));
    }

    private static void Monitor(Microsoft.Data.Sqlite.SqliteConnection connection, string alert) =>
        FacilityMonitor.Monitoring.AlertLog.Write(connection, ResponseFixture.Step(alert, Condition.Active));

    private static ResponseBooks Count(ResponseFixture fixture)
    {
        using var reader = fixture.Database.OpenReader();
        return ResponseBooks.Count(reader, fixture.NowMs);
    }

    private static List<string> Stuck(ResponseFixture fixture)
    {
        using var reader = fixture.Database.OpenReader();
        return ResponseBooks.WithoutNextStep(reader, fixture.NowMs);
    }
}

using System.Globalization;
using System.Net;
using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall;

namespace FacilityMonitor.Tests.OnCall;

/// <summary>From a step of an alert to somebody who was told.</summary>
public sealed class OutboxTests
{
    [Fact]
    public async Task An_alert_is_told_once_in_both_languages_with_a_key_to_know_it_by()
    {
        await using var fixture = new OutboxFixture(("guard", []));
        await fixture.StartAsync();

        await fixture.TellAsync(OutboxFixture.Step("a", 0, Condition.Pending), OutboxFixture.Step("a", 1, Condition.Active));
        await fixture.UntilAsync(() => fixture.Count(OutboxState.Sent) == 1, "it is booked as sent");
        await fixture.AdvanceUntilAsync(() => fixture.Worker.Books.Sent == 1, "it is counted");

        var attempt = Assert.Single(fixture.Attempts);
        Assert.Equal("a-1-guard", attempt.Key);
        Assert.Equal(
            """
            {"at":"2026-11-20T10:00:12.000Z","alert":"a","rule":"socket-overload","priority":"P2","state":"active","site":"huaihai","device":null,"channel":null,"asset":"huaihai/shed-1/pile-02/s7","text":{"zh":"过载，淮海里 7 号充电口","en":"Overload, Huaihai Lane, socket 7"},"evidence":{},"onset":"2026-11-20T10:00:02.000Z","number":1,"untold":0,"key":"a-1-guard"}
            """,
            attempt.Body.GetRawText());
        Assert.Equal((1L, 1L, 0L), (fixture.Worker.Attempts, fixture.Worker.Sent, fixture.Worker.GivenUp));
    }

    [Fact]
    public async Task Who_looks_after_another_site_is_not_told()
    {
        await using var fixture = new OutboxFixture(("guard", ["jiugeng"]), ("committee", ["huaihai", "panyu-road"]), ("office", []));
        await fixture.StartAsync();

        await fixture.TellAsync(OutboxFixture.Step("a", 0, Condition.Active), OutboxFixture.Step("b", 0, Condition.Active, site: null));
        await fixture.UntilAsync(() => fixture.Count(OutboxState.Sent) == 3, "all are told");

        Assert.Equal(["a-0-committee", "a-0-office", "b-0-office"], fixture.Attempts.Select(attempt => attempt.Key).Order());
    }

    [Fact]
    public async Task A_load_that_swings_about_its_limit_pages_once_until_it_is_over()
    {
        await using var fixture = new OutboxFixture(("guard", []));

        var number = 0;
        foreach (var condition in (Condition[])[Condition.Pending, Condition.Active, Condition.Recovering, Condition.Active, Condition.Recovering, Condition.Cleared, Condition.Pending, Condition.Cleared, Condition.Active])
            await fixture.TellAsync(OutboxFixture.Step("a", number++, condition));

        Assert.Equal([1, 5, 8], fixture.Rows().Select(row => row.Number));
    }

    [Fact]
    public async Task More_urgent_than_ever_is_news_and_less_urgent_is_none()
    {
        await using var fixture = new OutboxFixture(("guard", []));

        var number = 0;
        foreach (var priority in (Priority[])[Priority.P3, Priority.P2, Priority.P3, Priority.P2, Priority.P1, Priority.P2, Priority.P1, Priority.P0])
            await fixture.TellAsync(OutboxFixture.Step("a", number++, Condition.Active, priority));

        Assert.Equal([0, 1, 4, 7], fixture.Rows().Select(row => row.Number));
    }

    [Fact]
    public async Task No_data_is_told_and_the_end_of_what_was_never_told_is_not()
    {
        await using var fixture = new OutboxFixture(("guard", []));

        await fixture.TellAsync(OutboxFixture.Step("a", 0, Condition.Pending), OutboxFixture.Step("a", 1, Condition.Cleared));
        await fixture.TellAsync(OutboxFixture.Step("b", 0, Condition.Active), OutboxFixture.Step("b", 1, Condition.NoData), OutboxFixture.Step("b", 2, Condition.Active), OutboxFixture.Step("b", 3, Condition.Cleared));

        Assert.Equal([("b", 0), ("b", 1), ("b", 2), ("b", 3)], fixture.Rows().Select(row => (row.Alert, row.Number)));
    }

    [Fact]
    public async Task A_step_that_a_replay_comes_to_again_is_not_told_again()
    {
        await using var fixture = new OutboxFixture(("guard", []));

        await fixture.TellAsync(OutboxFixture.Step("a", 0, Condition.Active));
        await fixture.TellAsync(OutboxFixture.Step("a", 0, Condition.Active), OutboxFixture.Step("a", 1, Condition.Cleared));
        await fixture.TellAsync(OutboxFixture.Step("a", 0, Condition.Active), OutboxFixture.Step("a", 1, Condition.Cleared));

        Assert.Equal([("a", 0), ("a", 1)], fixture.Rows().Select(row => (row.Alert, row.Number)));
    }

    [Fact]
    public async Task A_receiver_that_is_down_is_told_when_it_is_back_and_not_hammered_meanwhile()
    {
        await using var fixture = new OutboxFixture(("guard", []));
        var failures = 0;
        fixture.Answer = (_, _) => ++failures <= 4 ? throw new HttpRequestException(HttpRequestError.ConnectionError) : OutboxFixture.Status(HttpStatusCode.OK);
        await fixture.StartAsync();

        await fixture.TellAsync(OutboxFixture.Step("a", 0, Condition.Active));
        await fixture.AdvanceUntilAsync(() => fixture.Count(OutboxState.Sent) == 1, "it is told");

        var attempts = fixture.Attempts.ToList();
        Assert.Equal(5, attempts.Count);
        Assert.All(attempts, attempt => Assert.Equal("a-0-guard", attempt.Key));
        Assert.All(attempts.Zip(attempts.Skip(1)), (pair, index) => Assert.True((pair.Second.At - pair.First.At).TotalSeconds >= Math.Pow(2, index) / 2, $"pause {index}"));
        Assert.Contains("guard could not be told of alert a (ConnectionError); trying again", fixture.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_receiver_that_asks_for_a_pause_gets_it_for_everything()
    {
        await using var fixture = new OutboxFixture(("guard", []));
        var asked = false;
        fixture.Answer = (_, _) =>
        {
            if (asked)
                return OutboxFixture.Status(HttpStatusCode.OK);
            asked = true;
            var answer = new HttpResponseMessage(HttpStatusCode.TooManyRequests);
            answer.Headers.RetryAfter = new(TimeSpan.FromSeconds(90));
            return Task.FromResult(answer);
        };
        await fixture.StartAsync();

        await fixture.TellAsync(OutboxFixture.Step("a", 0, Condition.Active));
        await fixture.UntilAsync(() => fixture.Attempts.Count == 1, "the first attempt");
        await fixture.TellAsync(OutboxFixture.Step("b", 0, Condition.Active));
        await fixture.AdvanceUntilAsync(() => fixture.Count(OutboxState.Sent) == 2, "both are told", stepS: 1);

        var attempts = fixture.Attempts.ToList();
        Assert.Equal(3, attempts.Count);
        Assert.All(attempts.Skip(1), attempt => Assert.True(attempt.At - attempts[0].At >= TimeSpan.FromSeconds(90)));
    }

    [Fact]
    public async Task What_is_refused_for_good_is_told_to_us_counted_and_not_tried_again()
    {
        await using var fixture = new OutboxFixture(("guard", []));
        fixture.Answer = (attempt, _) => OutboxFixture.Status(attempt.Key[0] == 'a' ? HttpStatusCode.NotFound : HttpStatusCode.OK);
        await fixture.StartAsync();

        await fixture.TellAsync(OutboxFixture.Step("a", 0, Condition.Active));
        await fixture.UntilAsync(() => fixture.Count(OutboxState.Refused) == 1, "it is refused");
        await fixture.TellAsync(OutboxFixture.Step("b", 0, Condition.Active));
        await fixture.UntilAsync(() => fixture.Count(OutboxState.Sent) == 1, "the next one is told");
        await fixture.AdvanceUntilAsync(() => fixture.Worker.Books.Refused == 1, "it is counted");

        Assert.Equal(["a-0-guard", "b-0-guard"], fixture.Attempts.Select(attempt => attempt.Key));
        Assert.Equal(("a", 0, "guard", OutboxState.Refused, "HTTP 404"), fixture.Rows()[0]);
        Assert.Equal(1, fixture.Worker.GivenUp);
        Assert.Contains("Error guard was not told of alert a: HTTP 404", fixture.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_over_before_it_could_be_told_is_told_once_as_begun_and_over()
    {
        await using var fixture = new OutboxFixture(("guard", []));
        var isDown = true;
        fixture.Answer = (_, _) => OutboxFixture.Status(isDown ? HttpStatusCode.BadGateway : HttpStatusCode.OK);
        await fixture.StartAsync();

        await fixture.TellAsync(OutboxFixture.Step("a", 0, Condition.Active));
        await fixture.UntilAsync(() => fixture.Attempts.Count == 1, "the first attempt");
        await fixture.TellAsync(OutboxFixture.Step("a", 1, Condition.Active, Priority.P1), OutboxFixture.Step("a", 2, Condition.Cleared, Priority.P1));
        isDown = false;
        await fixture.AdvanceUntilAsync(() => fixture.Count(OutboxState.Sent) == 1, "it is told");
        await fixture.TellAsync(OutboxFixture.Step("a", 3, Condition.Active));
        await fixture.AdvanceUntilAsync(() => fixture.Count(OutboxState.Sent) == 2, "that it is back is told");

        Assert.Equal([OutboxState.Superseded, OutboxState.Superseded, OutboxState.Sent, OutboxState.Sent], fixture.Rows().Select(row => row.State));
        var (over, back) = (fixture.Attempts.First(attempt => attempt.Key == "a-2-guard"), fixture.Attempts.Last());
        Assert.Equal(("cleared", 2), (over.Body.GetProperty("state").GetString(), over.Body.GetProperty("untold").GetInt32()));
        Assert.Equal(("active", 0), (back.Body.GetProperty("state").GetString(), back.Body.GetProperty("untold").GetInt32()));
    }

    [Fact]
    public async Task One_that_is_on_its_way_is_waited_for_before_the_next_of_the_same_alert()
    {
        await using var fixture = new OutboxFixture(("guard", []));
        var first = new TaskCompletionSource<HttpResponseMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        fixture.Answer = (attempt, _) => attempt.Key == "a-0-guard" ? first.Task : OutboxFixture.Status(HttpStatusCode.OK);
        await fixture.StartAsync();

        await fixture.TellAsync(OutboxFixture.Step("a", 0, Condition.Active));
        await fixture.UntilAsync(() => fixture.Attempts.Count == 1, "the first is on its way");
        await fixture.TellAsync(OutboxFixture.Step("a", 1, Condition.Cleared));
        Assert.Single(fixture.Attempts);
        first.SetResult(new HttpResponseMessage(HttpStatusCode.OK));
        await fixture.UntilAsync(() => fixture.Count(OutboxState.Sent) == 2, "both are told");

        // The first was taken after all, so the second says that nothing was missed.
        Assert.Equal([("a-0-guard", 0), ("a-1-guard", 0)], fixture.Attempts.Select(attempt => (attempt.Key, attempt.Body.GetProperty("untold").GetInt32())));
    }

    [Fact]
    public async Task What_cannot_be_told_for_as_long_as_is_allowed_is_given_up_with_its_reason()
    {
        await using var fixture = new OutboxFixture(("guard", []));
        fixture.Answer = (_, _) => OutboxFixture.Status(HttpStatusCode.InternalServerError);
        await fixture.StartAsync();

        await fixture.TellAsync(OutboxFixture.Step("a", 0, Condition.Active));
        var created = fixture.Time.GetUtcNow();
        await fixture.AdvanceUntilAsync(() => fixture.Count(OutboxState.Expired) == 1, "it expires", stepS: 30);

        Assert.True(fixture.Attempts.Last().At - created >= TimeSpan.FromHours(1), "the last attempt stands at the end of the time allowed");
        Assert.All(fixture.Attempts.SkipLast(1), attempt => Assert.True(attempt.At - created < TimeSpan.FromHours(1)));
        Assert.Equal((1L, "HTTP 500"), (fixture.Worker.GivenUp, fixture.Rows().Single().Result));
        Assert.Contains($"Error guard was not told of alert a: expired after {fixture.Attempts.Count} attempts, the last: HTTP 500", fixture.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_receiver_that_does_not_answer_keeps_nobody_else_waiting()
    {
        await using var fixture = new OutboxFixture(("guard", []), ("committee", []));
        fixture.Answer = async (attempt, cancellation) =>
        {
            if (attempt.Recipient == "guard")
                await Task.Delay(Timeout.Infinite, cancellation);
            return new HttpResponseMessage(HttpStatusCode.OK);
        };
        await fixture.StartAsync();

        for (var alert = 0; alert < 40; alert++)
            await fixture.TellAsync(OutboxFixture.Step($"a{alert}", 0, Condition.Active));
        await fixture.UntilAsync(() => fixture.Count(OutboxState.Sent) == 40, "the other one hears of all");

        Assert.Single(fixture.Attempts, attempt => attempt.Recipient == "guard");
        Assert.Equal(Enumerable.Range(0, 40).Select(alert => $"a{alert}-0-committee"), fixture.Attempts.Where(attempt => attempt.Recipient == "committee").Select(attempt => attempt.Key));
    }

    [Fact]
    public async Task The_most_urgent_is_told_first_and_one_that_always_fails_gives_way()
    {
        await using var fixture = new OutboxFixture(("guard", []));
        fixture.Answer = (attempt, _) => OutboxFixture.Status(attempt.Key[0] == 'p' ? HttpStatusCode.BadGateway : HttpStatusCode.OK);
        await fixture.TellAsync(OutboxFixture.Step("c", 0, Condition.Active, Priority.P3), OutboxFixture.Step("b", 0, Condition.Active, Priority.P2));
        await fixture.TellAsync(OutboxFixture.Step("poison", 0, Condition.Active, Priority.P1), OutboxFixture.Step("a", 0, Condition.Active, Priority.P0));

        await fixture.StartAsync();
        await fixture.AdvanceUntilAsync(() => fixture.Count(OutboxState.Sent) == 3, "all but one are told");

        Assert.Equal(["a", "b", "c"], fixture.Attempts.Select(attempt => attempt.Key.Split('-')[0]).Where(alert => alert != "poison"));
        Assert.InRange(fixture.Attempts.Count(attempt => attempt.Key == "poison-0-guard"), 1, 3);
    }

    [Fact]
    public async Task After_a_kill_between_sending_and_booking_it_is_sent_again_under_the_same_key()
    {
        await using var fixture = new OutboxFixture(("guard", []));
        fixture.Answer = async (_, cancellation) =>
        {
            // It was taken; we were killed before the answer came.
            await Task.Delay(Timeout.Infinite, cancellation);
            throw new InvalidOperationException();
        };
        await fixture.StartAsync();
        await fixture.TellAsync(OutboxFixture.Step("a", 0, Condition.Active));
        await fixture.UntilAsync(() => fixture.Attempts.Count == 1, "it is on its way");

        fixture.Answer = (_, _) => OutboxFixture.Status(HttpStatusCode.OK);
        await fixture.RestartAsync();
        await fixture.UntilAsync(() => fixture.Count(OutboxState.Sent) == 1, "it is told");
        await fixture.RestartAsync();
        await fixture.TellAsync(OutboxFixture.Step("b", 0, Condition.Active));
        await fixture.UntilAsync(() => fixture.Count(OutboxState.Sent) == 2, "the next one is told");

        Assert.Equal(["a-0-guard", "a-0-guard", "b-0-guard"], fixture.Attempts.Select(attempt => attempt.Key));
        Assert.Equal(fixture.Attempts.First().Body.GetRawText(), fixture.Attempts.ElementAt(1).Body.GetRawText());
    }

    [Fact]
    public async Task What_was_taken_is_not_sent_again_while_our_disk_refuses_to_book_it()
    {
        await using var fixture = new OutboxFixture(("guard", []));
        var answer = new TaskCompletionSource<HttpResponseMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        fixture.Answer = (_, _) => answer.Task;
        await fixture.StartAsync();
        await fixture.TellAsync(OutboxFixture.Step("a", 0, Condition.Active));
        await fixture.UntilAsync(() => fixture.Attempts.Count == 1, "it is on its way");

        var refused = 0;
        await fixture.Database.CommitAsync(CommitPriority.Alerts, connection =>
        {
            connection.CreateFunction("disk", () => Interlocked.Increment(ref refused) <= 3 ? throw new Microsoft.Data.Sqlite.SqliteException("disk I/O error", 10) : 0);
            Database.Execute(connection, "create temp trigger refuse before update on outbox begin select disk(); end");
        });
        answer.SetResult(new HttpResponseMessage(HttpStatusCode.OK));
        await fixture.AdvanceUntilAsync(() => fixture.Count(OutboxState.Sent) == 1, "it is booked");

        Assert.True(refused > 3, $"refused {refused} times");
        Assert.Single(fixture.Attempts);
    }

    [Fact]
    public async Task Nothing_of_an_address_is_ever_logged_or_stored()
    {
        await using var fixture = new OutboxFixture(("guard", []));
        var attempts = 0;
        fixture.Answer = (_, _) => ++attempts switch
        {
            1 => throw new HttpRequestException(HttpRequestError.NameResolutionError, $"http://{OutboxFixture.Secret}@guard.example/hook?key={OutboxFixture.Secret} is unknown"),
            2 => OutboxFixture.Status(HttpStatusCode.BadGateway),
            3 => throw new OperationCanceledException($"{OutboxFixture.Secret}"),
            _ => OutboxFixture.Status(HttpStatusCode.Forbidden),
        };
        await fixture.StartAsync();

        await fixture.TellAsync(OutboxFixture.Step("a", 0, Condition.Active));
        await fixture.AdvanceUntilAsync(() => fixture.Count(OutboxState.Refused) == 1, "it is given up");

        Assert.Equal(4, attempts);
        Assert.Contains("guard", fixture.Log, StringComparison.Ordinal);
        Assert.DoesNotContain(OutboxFixture.Secret, fixture.Log, StringComparison.Ordinal);
        Assert.All(fixture.Rows(), row => Assert.DoesNotContain(OutboxFixture.Secret, row.Result ?? "", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Outbox.QueuedMax - 1, Priority.P2, true)]
    [InlineData(Outbox.QueuedMax, Priority.P2, false)]
    [InlineData(Outbox.QueuedMax, Priority.P1, true)]
    [InlineData((2 * Outbox.QueuedMax) - 1, Priority.P0, true)]
    [InlineData(2 * Outbox.QueuedMax, Priority.P0, false)]
    public async Task A_full_outbox_keeps_room_for_hazards_and_says_what_it_refused(int queued, Priority priority, bool hasRoom)
    {
        await using var fixture = new OutboxFixture(("guard", []));
        await FillAsync(fixture, queued, OutboxState.Queued);

        await fixture.TellAsync(OutboxFixture.Step("a", 0, Condition.Active, priority));

        Assert.Equal(("a", 0, "guard", hasRoom ? OutboxState.Queued : OutboxState.Refused, hasRoom ? null : Outbox.NoRoom), fixture.Rows().Last());
    }

    [Fact]
    public async Task Of_what_is_done_with_the_newest_is_kept_and_of_what_waits_everything()
    {
        await using var fixture = new OutboxFixture(("guard", []));
        await FillAsync(fixture, 5, OutboxState.Queued);
        await FillAsync(fixture, 20, OutboxState.Sent);

        for (var step = 0; step < 3; step++)
            await fixture.Database.CommitAsync(CommitPriority.Housekeeping, connection => Outbox.Prune(connection, kept: 8, most: 7));

        Assert.Equal((5, 8), (fixture.Count(OutboxState.Queued), fixture.Count(OutboxState.Sent)));
        Assert.Equal(12, fixture.Rows().Where(row => row.State == OutboxState.Sent).Min(row => int.Parse(row.Alert[4..], CultureInfo.InvariantCulture)));
    }

    private static Task FillAsync(OutboxFixture fixture, int letters, OutboxState state) => fixture.Database.CommitAsync(CommitPriority.Alerts, connection => Database.Execute(
        connection, """
        with recursive number (n) as (select 0 union all select n + 1 from number where n + 1 < $count)
        insert into outbox (alert, transition, recipient, channel, payload, state, attempts, due_ms, created_ms, done_ms) select 'fill' || n, $state, 'guard', 'webhook', '{}', $state, 0, 0, 0, iif($state = 0, null, 0) from number
        """,
        ("$count", letters), ("$state", (int)state)));
}

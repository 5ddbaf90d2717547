using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Notices;
using FacilityMonitor.Tests.OnCall.Channels;

namespace FacilityMonitor.Tests.OnCall.Notices;

/// <summary>From a notice in the outbox to a person who was told.</summary>
public sealed class NoticeWorkerTests
{
    private static readonly (string, string) Bot = ("wecom-bot", "");
    private static readonly (string, string) App = ("wecom-app", "zhang");
    private static readonly (string, string) Sms = ("aliyun-sms", ChannelBench.Phone);

    [Fact]
    public async Task A_person_is_told_once_by_the_first_way_and_the_timeline_says_so()
    {
        await using var fixture = new NoticeFixture("wecom-bot", "aliyun-sms");
        await fixture.StartAsync();
        var notice = NoticeFixture.Notice(ways: [Bot, Sms]);

        await fixture.PutAsync(notice);
        await fixture.PutAsync(notice);
        await fixture.AdvanceUntilAsync(() => fixture.StateOf(notice) == NoticeState.Accepted, "it is accepted");
        await fixture.PassAsync(TimeSpan.FromSeconds(30));

        Assert.Equal("wecom-bot", Assert.Single(fixture.Provider.Ledger).Provider);
        Assert.Equal(["guard 1 Accepted wecom-bot"], fixture.Timeline());
        Assert.Equal(1, fixture.Count("select count(*) from notice_way where state = 5 and result = 'another-way'"));
    }

    [Theory]
    [InlineData(Priority.P0, 10)]
    [InlineData(Priority.P1, 60)]
    [InlineData(Priority.P2, 900)]
    public async Task The_next_way_is_tried_when_the_first_has_not_taken_it_in_time(Priority priority, int seconds)
    {
        await using var fixture = new NoticeFixture("wecom-bot", "aliyun-sms");
        fixture.Provider.Mischief = request => request.RequestUri!.Host == "wecom.test" ? Mischief.SlowBody : Mischief.None;
        await fixture.StartAsync();
        var began = fixture.Time.GetUtcNow();
        // What the bot shows is not the point here: its answer never comes.
        await fixture.PutAsync(NoticeFixture.Notice(priority: priority, ways: [Bot, Sms]));
        await fixture.AdvanceUntilAsync(() => fixture.Provider.Ledger.Any(arrival => arrival.Provider == "aliyun-sms"), "the second way", stepS: seconds / 100.0);

        var after = (fixture.Provider.Ledger.Single(arrival => arrival.Provider == "aliyun-sms").At - began).TotalSeconds;
        // An open breaker hurries life safety and hazards; nobody is hurried before three failures.
        Assert.InRange(after, Math.Min(seconds, 25) - 0.01, seconds + (seconds / 20.0) + 3);
        Assert.Contains("guard 1 FailedOver aliyun-sms", fixture.Timeline());
    }

    [Theory]
    [InlineData("93000")]
    [InlineData("45009")]
    public async Task A_way_that_cannot_work_soon_hands_over_at_once(string code)
    {
        await using var fixture = new NoticeFixture("wecom-bot", "aliyun-sms");
        fixture.Provider.Refuse = code;
        fixture.Provider.Mischief = request =>
        {
            if (request.RequestUri!.Host == "aliyun.test")
                fixture.Provider.Refuse = null;
            return Mischief.None;
        };
        await fixture.StartAsync();
        var began = fixture.Time.GetUtcNow();
        await fixture.PutAsync(NoticeFixture.Notice(ways: [Bot, Sms]));
        await fixture.AdvanceUntilAsync(() => fixture.Provider.Ledger.Count == 1, "the second way", stepS: 0.1);

        Assert.InRange((fixture.Provider.Ledger[0].At - began).TotalSeconds, 0, 5);
        Assert.Equal("aliyun-sms", fixture.Provider.Ledger[0].Provider);
        Assert.Contains($"guard 1 Failed wecom-bot {code}", fixture.Timeline());
    }

    [Fact]
    public async Task Who_cannot_be_reached_by_any_way_is_said_to_be_unreached_with_the_last_reason()
    {
        await using var fixture = new NoticeFixture("wecom-app", "aliyun-sms");
        fixture.Provider.OnlyAddress = "somebody-else";
        await fixture.StartAsync();
        var notice = NoticeFixture.Notice(ways: [App, Sms, ("gone", "x")]);
        await fixture.PutAsync(notice);
        await fixture.AdvanceUntilAsync(() => fixture.StateOf(notice) == NoticeState.Unreached, "it is given up");

        Assert.Equal(
            [
                "guard 1 Failed wecom-app invaliduser", "guard 1 FailedOver aliyun-sms", "guard 1 Failed aliyun-sms isv.MOBILE_NUMBER_ILLEGAL",
                "guard 1 Failed gone no-such-channel", "guard 1 Unreached  no-such-channel",
            ],
            fixture.Timeline());
    }

    [Fact]
    public async Task A_notice_without_a_way_ends_at_once_and_says_why()
    {
        await using var fixture = new NoticeFixture("wecom-bot");
        var notice = NoticeFixture.Notice();

        await fixture.PutAsync(notice);

        Assert.Equal(NoticeState.Unreached, fixture.StateOf(notice));
        Assert.Equal(["guard 1 Unreached  no-channel"], fixture.Timeline());
    }

    [Fact]
    public async Task What_is_acknowledged_pages_nobody_any_more()
    {
        await using var fixture = new NoticeFixture("wecom-bot", "aliyun-sms");
        fixture.Provider.Mischief = _ => Mischief.BadGateway;
        await fixture.StartAsync();
        var (first, other) = (NoticeFixture.Notice(ways: [Bot, Sms]), NoticeFixture.Notice(alert: "other", ways: [Bot]));
        await fixture.PutAsync(first, other);
        await fixture.AdvanceUntilAsync(() => fixture.Worker.Attempts >= 2, "it was tried");

        var now = fixture.Time.GetUtcNow().ToUnixTimeMilliseconds();
        await fixture.Database.CommitAsync(CommitPriority.Alerts, connection => NoticeBook.Withdraw(connection, first.Alert, null, "acknowledged", now, [fixture]));
        fixture.Provider.Mischief = _ => Mischief.None;
        await fixture.AdvanceUntilAsync(() => fixture.StateOf(other) == NoticeState.Accepted, "the other alert goes on");
        await fixture.PassAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(NoticeState.Withdrawn, fixture.StateOf(first));
        Assert.Single(fixture.Provider.Ledger);
        Assert.Contains("guard 1 Withdrawn  acknowledged", fixture.Timeline());
    }

    [Theory]
    [InlineData(Priority.P0, 10)]
    [InlineData(Priority.P1, 60)]
    public async Task What_nobody_takes_expires_with_its_last_reason(Priority priority, int minutes)
    {
        await using var fixture = new NoticeFixture("wecom-bot");
        fixture.Provider.Mischief = _ => Mischief.LostBefore;
        await fixture.StartAsync();
        var notice = NoticeFixture.Notice(priority: priority, ways: [Bot]);
        await fixture.PutAsync(notice);
        await fixture.PassAsync(TimeSpan.FromMinutes(minutes) - TimeSpan.FromSeconds(20), stepS: minutes / 2.0);
        Assert.Equal(NoticeState.Queued, fixture.StateOf(notice));
        await fixture.AdvanceUntilAsync(() => fixture.StateOf(notice) == NoticeState.Expired, "it expires", stepS: 1);

        Assert.Equal("guard 1 Expired  ConnectionError", fixture.Timeline()[^1]);
        Assert.Empty(fixture.Provider.Ledger);
    }

    [Fact]
    public async Task Three_tenths_of_a_bot_are_kept_for_life_safety()
    {
        await using var fixture = new NoticeFixture("wecom-bot");
        await fixture.StartAsync();
        await fixture.PutAsync([.. Enumerable.Range(0, 40).Select(number => NoticeFixture.Notice($"a{number}", priority: Priority.P2, ways: [Bot]))]);
        await fixture.AdvanceUntilAsync(() => fixture.Provider.Ledger.Count == 12, "the others have had their part", stepS: 0.05);
        await fixture.PassAsync(TimeSpan.FromSeconds(5), stepS: 0.05);
        Assert.Equal(12, fixture.Provider.Ledger.Count);

        var fires = Enumerable.Range(0, 7).Select(number => NoticeFixture.Notice($"fire{number}", ways: [Bot])).ToArray();
        await fixture.PutAsync(fires);
        await fixture.AdvanceUntilAsync(() => fixture.Provider.Ledger.Count == 18, "life safety has the rest", stepS: 0.05);
        await fixture.PassAsync(TimeSpan.FromSeconds(5), stepS: 0.05);

        Assert.Equal(18, fixture.Provider.Ledger.Count);
        Assert.Equal(6, fires.Count(fire => fixture.StateOf(fire) == NoticeState.Accepted));
    }

    [Theory]
    [InlineData(29, "hazard")]
    [InlineData(31, "news")]
    public async Task What_is_less_urgent_is_overtaken_but_not_for_ever(int minutes, string first)
    {
        await using var fixture = new NoticeFixture("wecom-bot");
        await fixture.PutAsync(NoticeFixture.Notice("news", priority: Priority.P3, ways: [Bot]));
        fixture.Time.Advance(TimeSpan.FromMinutes(minutes));
        await fixture.PutAsync(NoticeFixture.Notice("hazard", priority: Priority.P1, ways: [Bot]), NoticeFixture.Notice("fire", ways: [Bot]));

        using var reader = fixture.Database.OpenReader();
        var due = NoticeWays.Due(reader, "wecom-bot", onlyLifeSafety: false, fixture.Time.GetUtcNow().ToUnixTimeMilliseconds(), 10);

        // Nothing ever overtakes life safety.
        Assert.Equal(["fire", first], due.Take(2).Select(way => way.Notice.Alert));
    }

    [Fact]
    public async Task Limits_and_locks_outlast_a_restart()
    {
        await using var fixture = new NoticeFixture("dingtalk-bot", "wecom-bot");
        await fixture.StartAsync();
        await fixture.PutAsync([.. Enumerable.Range(0, 30).Select(number => NoticeFixture.Notice($"a{number}", ways: [Bot]))]);
        await fixture.AdvanceUntilAsync(() => fixture.Provider.Ledger.Count == 18, "the bot's minute is full", stepS: 0.05);
        fixture.Provider.Refuse = "130101";
        await fixture.PutAsync(NoticeFixture.Notice("lock", ways: [("dingtalk-bot", "")]));
        await fixture.AdvanceUntilAsync(() => fixture.Timeline().Exists(said => said.EndsWith("130101", StringComparison.Ordinal)), "DingTalk locks us", stepS: 0.05);
        fixture.Provider.Refuse = null;
        var locked = fixture.Provider.Requests.Count(request => request.Contains("dingtalk", StringComparison.Ordinal));

        await fixture.RestartAsync();
        await fixture.PassAsync(TimeSpan.FromSeconds(20), stepS: 0.1);

        Assert.Equal(18, fixture.Provider.Ledger.Count);
        Assert.Equal(locked, fixture.Provider.Requests.Count(request => request.Contains("dingtalk", StringComparison.Ordinal)));
        await fixture.PassAsync(TimeSpan.FromMinutes(9), stepS: 5);
        Assert.Equal(locked, fixture.Provider.Requests.Count(request => request.Contains("dingtalk", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_edit_of_the_channels_holds_for_the_next_message_and_what_was_sent_still_counts()
    {
        var bot = ChannelBench.Definition("wecom-bot");
        await using var fixture = new NoticeFixture([bot]);
        await fixture.StartAsync();
        await fixture.PutAsync([.. Enumerable.Range(0, 30).Select(number => NoticeFixture.Notice($"a{number}", ways: [Bot]))]);
        await fixture.AdvanceUntilAsync(() => fixture.Provider.Ledger.Count == 18, "the bot's minute is full", stepS: 0.05);

        fixture.Worker.Use([bot with { Language = "en" }, ChannelBench.Definition("ntfy")]);
        await fixture.PutAsync(NoticeFixture.Notice("new", ways: [("ntfy", "shed")]));
        await fixture.AdvanceUntilAsync(() => fixture.Provider.Ledger.Count == 19, "the new channel is used", stepS: 0.05);
        Assert.Equal(["wecom-bot", "ntfy"], fixture.Worker.Channels.Select(channel => channel.Id));
        await fixture.PassAsync(TimeSpan.FromSeconds(20), stepS: 0.1);
        Assert.Equal(19, fixture.Provider.Ledger.Count);

        // Taken away, its people are reached by their next way at once, and the others are told to nobody and say why.
        fixture.Worker.Use([ChannelBench.Definition("ntfy")]);
        var both = NoticeFixture.Notice("both", ways: [Bot, ("ntfy", "shed")]);
        await fixture.PutAsync(both);
        await fixture.AdvanceUntilAsync(() => fixture.Provider.Ledger.Count == 20, "the next way is used", stepS: 0.1);
        Assert.Null(fixture.Worker.NotifierOf("wecom-bot"));
        await fixture.AdvanceUntilAsync(() => fixture.Count("select count(*) from notice where state = 0") == 0, "nothing waits for a channel that is gone", stepS: 0.1);
        Assert.Equal(12, fixture.Count("select count(*) from notice where state = 3 and result = 'no-such-channel'"));
    }

    [Fact]
    public async Task A_provider_that_does_not_answer_is_left_in_peace_and_asked_once_whether_it_is_back()
    {
        await using var fixture = new NoticeFixture("wecom-bot");
        fixture.Provider.Mischief = _ => Mischief.LostBefore;
        await fixture.StartAsync();
        await fixture.PutAsync([.. Enumerable.Range(0, 8).Select(number => NoticeFixture.Notice($"a{number}", priority: Priority.P1, ways: [Bot]))]);
        await fixture.AdvanceUntilAsync(() => fixture.Provider.Requests.Count >= 3, "three failures");
        await fixture.PassAsync(TimeSpan.FromSeconds(3));
        var before = fixture.Provider.Requests.Count;
        Assert.InRange(before, 3, 3 + NoticeWorker.AtOnceMax);

        await fixture.PassAsync(TimeSpan.FromSeconds(50), stepS: 1);
        Assert.Equal(before, fixture.Provider.Requests.Count);
        await fixture.AdvanceUntilAsync(() => fixture.Provider.Requests.Count > before, "it is asked once");
        await fixture.PassAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(before + 1, fixture.Provider.Requests.Count);

        fixture.Provider.Mischief = _ => Mischief.None;
        await fixture.AdvanceUntilAsync(() => fixture.Provider.Ledger.Count == 8, "it is back");
    }

    [Fact]
    public async Task Life_safety_is_tried_though_the_breaker_is_open()
    {
        await using var fixture = new NoticeFixture("wecom-bot");
        fixture.Provider.Mischief = _ => Mischief.LostBefore;
        await fixture.StartAsync();
        await fixture.PutAsync([.. Enumerable.Range(0, 4).Select(number => NoticeFixture.Notice($"a{number}", priority: Priority.P1, ways: [Bot]))]);
        await fixture.AdvanceUntilAsync(() => fixture.Provider.Requests.Count >= 3, "three failures");
        fixture.Provider.Mischief = _ => Mischief.None;

        var fire = NoticeFixture.Notice("fire", ways: [Bot]);
        var began = fixture.Time.GetUtcNow();
        await fixture.PutAsync(fire);
        await fixture.AdvanceUntilAsync(() => fixture.StateOf(fire) == NoticeState.Accepted, "the fire gets through", stepS: 0.1);

        Assert.InRange((fixture.Time.GetUtcNow() - began).TotalSeconds, 0, 6);
    }

    [Fact]
    public async Task A_number_that_had_too_much_keeps_nobody_else_waiting()
    {
        await using var fixture = new NoticeFixture("aliyun-voice", "wecom-bot");
        await fixture.StartAsync();
        await fixture.PutAsync(
            [.. Enumerable.Range(0, 3).Select(number => NoticeFixture.Notice($"a{number}", priority: Priority.P1, ways: [("aliyun-voice", ChannelBench.Phone)])),
            NoticeFixture.Notice("b", priority: Priority.P1, ways: [("aliyun-voice", "13900139000")])]);
        await fixture.PassAsync(TimeSpan.FromSeconds(10));

        // Calls to two numbers go out side by side.
        Assert.Equal(["13800138000", "13900139000"], fixture.Provider.Ledger.Select(arrival => arrival.Address).Order(StringComparer.Ordinal));
        // A second call to the first number would wait a minute: life safety goes to the next way at once.
        await fixture.PutAsync(NoticeFixture.Notice("fire", ways: [("aliyun-voice", ChannelBench.Phone), Bot]));
        await fixture.PassAsync(TimeSpan.FromSeconds(3));
        Assert.Equal("wecom-bot", fixture.Provider.Ledger[^1].Provider);
    }

    /// <summary>Put in, tried, leased and limited by a clock that was an hour ahead: nobody waits for that hour to come again.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_clock_that_is_set_back_keeps_no_message_waiting(bool isRestarted)
    {
        await using var fixture = new NoticeFixture("wecom-bot", "aliyun-sms");
        fixture.Provider.Mischief = request => request.RequestUri!.Host == "wecom.test" ? Mischief.LostBefore : Mischief.None;
        var notice = NoticeFixture.Notice(priority: Priority.P1, ways: [("wecom-bot", ""), ("aliyun-sms", ChannelBench.Phone)]);
        await fixture.StartAsync();
        await fixture.PutAsync(notice);
        await fixture.AdvanceUntilAsync(() => fixture.Worker.Attempts >= 1 && fixture.Count("select count(*) from notice_attempt where ended_ms is not null") >= 1, "the first attempt being booked");

        fixture.Time.SetBack(TimeSpan.FromHours(1));
        if (isRestarted)
            await fixture.RestartAsync();
        var began = fixture.Time.GetUtcNow();
        await fixture.AdvanceUntilAsync(() => fixture.StateOf(notice) == NoticeState.Accepted, "the next way being taken");

        // A minute for the next way of a hazard, and what the clock's steps add.
        Assert.InRange((fixture.Time.GetUtcNow() - began).TotalSeconds, 0, 63);
        Assert.Equal(0, fixture.Count("select count(*) from notice_attempt where at_ms > " + fixture.Time.GetUtcNow().ToUnixTimeMilliseconds()));
    }

    [Fact]
    public async Task A_message_that_replaces_another_says_so_to_its_provider_and_stands_in_its_place()
    {
        await using var fixture = new NoticeFixture("ntfy");
        await fixture.StartAsync();
        var first = NoticeFixture.Notice(ways: ("ntfy", "topic-1"));
        await fixture.PutAsync(first);
        await fixture.AdvanceUntilAsync(() => fixture.StateOf(first) == NoticeState.Accepted, "the first being taken");
        var receipt = (string)fixture.Scalar("select receipt from notice_way")!;
        var mark = NoticeFixture.Notice(alert: "done-8c1f2000aabbccdd", priority: Priority.P3) with { Reaches = [new Reach("ntfy", "topic-1", receipt)], Text = new("已有人处理。", "Taken.") };
        await fixture.PutAsync(mark);
        await fixture.AdvanceUntilAsync(() => fixture.StateOf(mark) == NoticeState.Accepted, "the mark being taken");

        Assert.Equal([receipt], fixture.Provider.Replaced.Keys);
        Assert.Contains("已有人处理", fixture.Provider.Replaced[receipt], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_drill_is_marked_in_every_text()
    {
        await using var fixture = new NoticeFixture("wecom-bot");
        await fixture.StartAsync();

        await fixture.PutAsync(NoticeFixture.Notice(ways: [Bot]) with { IsDrill = true });
        await fixture.AdvanceUntilAsync(() => fixture.Provider.Ledger.Count == 1, "it arrives");

        Assert.StartsWith("【演练】【P0】烟雾", fixture.Provider.Ledger[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_secret_stands_in_the_log_or_in_the_tables()
    {
        await using var fixture = new NoticeFixture("wecom-bot", "dingtalk-bot", "webhook");
        fixture.Provider.Mischief = _ => Mischief.LostBefore;
        await fixture.StartAsync();
        await fixture.PutAsync(NoticeFixture.Notice("a", ways: [Bot]), NoticeFixture.Notice("b", ways: [("dingtalk-bot", "")]), NoticeFixture.Notice("c", ways: [("webhook", "x")]));
        await fixture.AdvanceUntilAsync(() => fixture.Worker.Attempts >= 3, "all were tried");
        fixture.Provider.Mischief = _ => Mischief.None;
        fixture.Provider.Refuse = "310000";
        await fixture.PassAsync(TimeSpan.FromSeconds(10));

        var tables = (string?)fixture.Scalar("select group_concat(coalesce(result, '') || coalesce(receipt, '')) from notice_way") + fixture.Scalar("select group_concat(coalesce(outcome, '')) from notice_attempt");
        foreach (var text in (string[])[fixture.Log, tables, string.Concat(fixture.Timeline())])
        {
            Assert.DoesNotContain(FakeProviders.Key, text, StringComparison.Ordinal);
            Assert.DoesNotContain(FakeProviders.Secret, text, StringComparison.Ordinal);
        }

        Assert.Contains("did not take what guard should hear of alert a (ConnectionError)", fixture.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_outbox_refuses_with_a_row_and_life_safety_still_has_room()
    {
        await using var fixture = new NoticeFixture("wecom-bot");
        await fixture.PutAsync([.. Enumerable.Range(0, NoticeBook.QueuedMax).Select(number => NoticeFixture.Notice($"a{number}", priority: Priority.P2, ways: [Bot]))]);
        var (refused, fire) = (NoticeFixture.Notice("one-more", priority: Priority.P2, ways: [Bot]), NoticeFixture.Notice("fire", ways: [Bot]));

        await fixture.PutAsync(refused, fire);

        Assert.Equal(NoticeState.Unreached, fixture.StateOf(refused));
        Assert.Equal(NoticeState.Queued, fixture.StateOf(fire));
        Assert.Equal(["guard 1 Unreached  outbox-full"], fixture.Timeline());
    }
}

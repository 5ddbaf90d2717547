using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Control;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Tests.Mqtt;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.Control;

public sealed class CommandWorkerTests
{
    [Fact]
    public async Task A_command_goes_out_with_its_expiry_in_the_body_and_on_the_wire_and_the_rules_are_told()
    {
        await using var fixture = await CommandFixture.StartAsync();
        await fixture.InsertAsync(fixture.Order());
        await fixture.UntilPublishedAsync(1);

        var sent = fixture.Published[0];
        Assert.Equal("fm/1/lane/pile-01/cmd", sent.Topic);
        Assert.Equal(("c-1", "off", "s1", "manager", "test"), (Text("id"), Text("op"), Text("ch"), Text("by"), Text("why")));
        Assert.Equal((fixture.NowMs + 20_000, 20), (sent.Body.GetProperty("exp").GetInt64(), sent.Body.GetProperty("ttl").GetInt32()));
        Assert.Equal((TimeSpan.FromSeconds(20), "fm/1/lane/pile-01/ack"), (sent.Properties.MessageExpiry, sent.Properties.ResponseTopic));
        Assert.Equal("c-1"u8.ToArray(), sent.Properties.CorrelationData.ToArray());
        Assert.Equal((CommandState.Sent, fixture.NowMs), (fixture.Find().State, fixture.Find().SentMs));
        var notice = Assert.Single(fixture.Notices());
        Assert.Equal(("c-1", Operation.Off, "s1", fixture.NowMs + 20_000, false), (notice.Id, notice.Operation, notice.Channel.ToString(), notice.ExpiresMs, notice.IsVoid));

        string Text(string name) => sent.Body.GetProperty(name).GetString()!;
    }

    [Theory]
    [InlineData(19_999, true)]
    [InlineData(20_000, false)]
    public async Task A_command_waits_for_the_broker_until_its_expiry_and_is_never_sent_at_it(int awayMs, bool isSent)
    {
        await using var fixture = await CommandFixture.StartAsync();
        fixture.IsUp = false;
        await fixture.InsertAsync(fixture.Order());
        fixture.Time.Advance(TimeSpan.FromMilliseconds(awayMs));
        fixture.IsUp = true;
        fixture.Words.Announce();

        await fixture.UntilAsync(isSent ? CommandState.Sent : CommandState.Expired);
        if (isSent)
            await fixture.UntilPublishedAsync(1);
        Assert.Equal(isSent ? 1 : 0, fixture.Published.Count);
        await Until.TrueAsync(() => fixture.Counts.Expired == (isSent ? 0 : 1), "what is booked being counted");
        Assert.Equal(isSent ? 1 : 0, fixture.Notices().Count);
    }

    [Fact]
    public async Task The_same_id_is_the_same_command_and_is_not_put_into_the_book_twice()
    {
        await using var fixture = await CommandFixture.StartAsync();

        Assert.True(await fixture.InsertAsync(fixture.Order()));
        Assert.False(await fixture.InsertAsync(fixture.Order(operation: Operation.On)));

        await fixture.UntilPublishedAsync(1);
        Assert.Equal(Operation.Off, fixture.Find().Order.Operation);
    }

    [Fact]
    public async Task What_is_not_answered_goes_out_again_under_the_same_id_with_less_time_to_live_and_never_after_its_expiry()
    {
        await using var fixture = await CommandFixture.StartAsync();
        await fixture.InsertAsync(fixture.Order());
        await fixture.UntilPublishedAsync(1);
        for (var again = 2; again <= 4; again++)
        {
            fixture.Time.Advance(TimeSpan.FromSeconds(5));
            await fixture.UntilPublishedAsync(again);
        }

        // Without an answer or a measurement: 20 s of life and 60 s for the measurement.
        fixture.Time.Advance(TimeSpan.FromMilliseconds(64_999));
        fixture.Words.Announce();
        Assert.Equal(CommandState.Sent, fixture.Find().State);
        fixture.Time.Advance(TimeSpan.FromMilliseconds(1));
        fixture.Words.Announce();
        await fixture.UntilAsync(CommandState.Unverified);

        Assert.Equal([20, 15, 10, 5], fixture.Published.Select(sent => sent.Body.GetProperty("ttl").GetInt32()));
        Assert.Single(fixture.Published.Select(sent => (sent.Body.GetProperty("id").GetString(), sent.Body.GetProperty("exp").GetInt64())).Distinct());
        // The rules hear of it once.
        Assert.Single(fixture.Notices());
        Assert.Equal("no answer", fixture.Find().Result);
    }

    [Fact]
    public async Task What_is_answered_is_not_sent_again()
    {
        await using var fixture = await CommandFixture.StartAsync();
        await fixture.InsertAsync(fixture.Order(operation: Operation.Limit));
        await fixture.UntilPublishedAsync(1);
        await fixture.AckAsync("c-1", CommandResult.Accepted);
        fixture.Time.Advance(TimeSpan.FromSeconds(10));
        await fixture.AckAsync("c-1", CommandResult.Done);
        await fixture.UntilAsync(CommandState.Done);
        // Another command shows that the worker has looked since.
        await fixture.InsertAsync(fixture.Order("c-2"));
        await fixture.UntilPublishedAsync(2);

        Assert.Equal(["c-1", "c-2"], fixture.Published.Select(sent => sent.Body.GetProperty("id").GetString()));
    }

    [Fact]
    public async Task A_service_that_was_killed_between_sent_and_answered_sends_it_again_and_tells_the_rules_once()
    {
        await using var fixture = await CommandFixture.StartAsync();
        await fixture.InsertAsync(fixture.Order());
        await fixture.UntilPublishedAsync(1);

        await fixture.RestartAsync(away: TimeSpan.FromSeconds(3));
        await fixture.UntilPublishedAsync(2);
        await fixture.AckAsync("c-1", CommandResult.Done);
        await fixture.UntilAsync(CommandState.Done);

        Assert.Equal([20, 17], fixture.Published.Select(sent => sent.Body.GetProperty("ttl").GetInt32()));
        Assert.Single(fixture.Notices());
    }

    [Fact]
    public async Task A_service_that_was_away_for_longer_than_a_command_lives_does_not_send_it_any_more()
    {
        await using var fixture = await CommandFixture.StartAsync();
        await fixture.InsertAsync(fixture.Order("went", Operation.Limit));
        await fixture.UntilPublishedAsync(1);
        fixture.IsUp = false;
        await fixture.InsertAsync(fixture.Order("waits"));

        await fixture.RestartAsync(away: TimeSpan.FromMinutes(5));
        await fixture.UntilAsync(CommandState.Expired, "waits");
        await fixture.UntilAsync(CommandState.Unverified, "went");

        Assert.Single(fixture.Published);
    }

    [Theory]
    [InlineData(MqttReasonCode.NotAuthorized, CommandState.Failed, 2)]
    [InlineData(MqttReasonCode.ServerUnavailable, CommandState.Unverified, 1)]
    public async Task What_the_broker_refuses_has_failed_and_what_it_may_have_had_is_unproven(MqttReasonCode answer, CommandState state, int notices)
    {
        await using var fixture = await CommandFixture.StartAsync();
        fixture.Answer = answer;
        await fixture.InsertAsync(fixture.Order());
        await fixture.UntilPublishedAsync(1);
        fixture.Time.Advance(TimeSpan.FromSeconds(90));
        fixture.Words.Announce();
        await fixture.UntilAsync(state);

        await fixture.UntilToldAsync(notices);
        Assert.Equal(notices == 2, fixture.Notices()[^1].IsVoid);
    }

    [Fact]
    public async Task Answers_that_come_twice_late_from_a_stranger_or_to_nothing_are_counted_and_harmless()
    {
        await using var fixture = await CommandFixture.StartAsync();
        await fixture.InsertAsync(fixture.Order());
        await fixture.UntilPublishedAsync(1);

        await fixture.AckAsync("c-1", CommandResult.Done, device: fixture.Pile.Number + 1);
        Assert.Equal(CommandState.Sent, fixture.Find().State);
        await fixture.AckAsync("c-1", CommandResult.Done);
        await fixture.AckAsync("c-1", CommandResult.Done);
        await fixture.AckAsync("c-1", CommandResult.Accepted);
        await fixture.AckAsync("c-1", CommandResult.Rejected, reason: "too late");
        await fixture.AckAsync("c-2", CommandResult.Done);
        await fixture.AckAsync("resend-17-1", CommandResult.Done);

        Assert.Equal((CommandState.Done, "done"), (fixture.Find().State, fixture.Find().Result));
        Assert.Equal((1, 3, 2), (fixture.Counts.Answers, fixture.Counts.AnswersRepeated, fixture.Counts.AnswersUnknown));
    }

    [Fact]
    public async Task What_is_ordered_after_somebody_deleted_the_file_and_it_was_put_back_goes_out_like_what_was_before()
    {
        await using var fixture = await CommandFixture.StartAsync();
        await fixture.InsertAsync(fixture.Order("before"));
        await fixture.UntilPublishedAsync(1);
        foreach (var file in Directory.GetFiles(fixture.Database.Directory, Database.FileName + "*"))
            File.Delete(file);

        await fixture.InsertAsync(fixture.Order("after", channel: "s2"));
        await fixture.UntilPublishedAsync(2);

        Assert.Equal(1, fixture.Database.Rescues);
        await fixture.UntilAsync(CommandState.Sent, "after");
        Assert.Equal(["before", "after"], fixture.Published.Select(sent => sent.Body.GetProperty("id").GetString()));
        // What is over is over: a book that is not there any more would have it sent again, and the journal told of it at every look.
        await fixture.AckAsync("after", CommandResult.Rejected);
        fixture.Time.Advance(TimeSpan.FromSeconds(6));
        await fixture.UntilPublishedAsync(3);
        Assert.Equal("before", fixture.Published[2].Body.GetProperty("id").GetString());
        Assert.Equal(2, fixture.Notices().Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_buzzer_of_a_pile_is_not_followed_by_an_off_that_might_cut_all_its_sockets_off(bool diskRefuses)
    {
        FacilityMonitor.Tests.Storage.FaultyDisk disk = null!;
        await using var fixture = await CommandFixture.StartAsync(folder => disk = new(folder));
        using var under = disk;
        fixture.IsUp = false;
        await fixture.InsertAsync(fixture.Order(operation: Operation.Siren, seconds: 3, channel: null));
        if (diskRefuses)
            disk.Arm(1, FacilityMonitor.Tests.Storage.DiskFault.Error, lasts: true);
        fixture.IsUp = true;
        fixture.Words.Announce();
        await fixture.UntilPublishedAsync(1);
        for (var second = 0; second < 15; second++)
        {
            fixture.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(20);
        }

        disk.Heal();
        await Until.TrueAsync(
            () =>
            {
                fixture.Time.Advance(TimeSpan.FromMilliseconds(200));
                return fixture.Find().State != CommandState.Queued;
            },
            "the siren being booked");
        Assert.All(fixture.Published, published => Assert.Equal("siren", published.Body.GetProperty("op").GetString()));
        Assert.Null(fixture.Find("c-1-end"));
    }

    [Fact]
    public async Task A_siren_is_ended_by_command_whatever_becomes_of_us()
    {
        await using var fixture = await CommandFixture.StartAsync(hasSockets: false);
        await fixture.InsertAsync(fixture.Order(operation: Operation.Siren, seconds: 30, channel: null));
        await fixture.UntilPublishedAsync(1);
        await fixture.AckAsync("c-1", CommandResult.Done);

        // Down when it should have ended: up again, it is ended at once.
        await fixture.RestartAsync(away: TimeSpan.FromSeconds(600));
        await fixture.UntilPublishedAsync(2);

        var end = fixture.Published[1].Body;
        Assert.Equal(("c-1-end", "off"), (end.GetProperty("id").GetString(), end.GetProperty("op").GetString()));
    }

    [Fact]
    public async Task A_siren_that_is_asked_again_sounds_to_its_new_end()
    {
        await using var fixture = await CommandFixture.StartAsync(hasSockets: false);
        await fixture.InsertAsync(fixture.Order("first", Operation.Siren, seconds: 30, channel: null));
        await fixture.UntilPublishedAsync(1);
        fixture.Time.Advance(TimeSpan.FromSeconds(1));
        await fixture.AckAsync("first", CommandResult.Done);
        fixture.Time.Advance(TimeSpan.FromSeconds(19));
        await fixture.InsertAsync(fixture.Order("second", Operation.Siren, seconds: 30, channel: null));
        await fixture.UntilAsync(CommandState.Sent, "second");
        await fixture.AckAsync("second", CommandResult.Done);
        Assert.Equal((CommandState.Expired, "replaced"), (fixture.Find("first-end").State, fixture.Find("first-end").Result));

        fixture.Time.Advance(TimeSpan.FromMilliseconds(31_999));
        fixture.Words.Announce();
        Assert.Equal(CommandState.Queued, fixture.Find("second-end").State);
        fixture.Time.Advance(TimeSpan.FromMilliseconds(1));
        fixture.Words.Announce();
        await fixture.UntilAsync(CommandState.Sent, "second-end");
        Assert.Equal(0, fixture.Counts.Expired);
    }

    [Fact]
    public async Task An_older_on_is_not_done_behind_a_newer_off_though_it_lives_longer()
    {
        await using var fixture = await CommandFixture.StartAsync();
        await fixture.InsertAsync(fixture.Order("on", Operation.On, ttlS: 30));
        await fixture.UntilPublishedAsync(1);
        fixture.Time.Advance(TimeSpan.FromSeconds(1));
        await fixture.InsertAsync(fixture.Order("off", ttlS: 10));
        await fixture.UntilPublishedAsync(2);
        // The pile is away: nobody answers either of them.
        await LookAsync(fixture, seconds: 28);

        Assert.Equal(["on", "off", "off"], Ids(fixture).Where(id => id is "on" or "off"));
        Assert.Equal((CommandState.Unverified, "replaced by off · 已被 off 取代"), (fixture.Find("on").State, fixture.Find("on").Result));
    }

    [Fact]
    public async Task Of_orders_that_follow_each_other_the_last_is_the_last_that_goes_out()
    {
        await using var fixture = await CommandFixture.StartAsync();
        foreach (var (id, operation) in new[] { ("on-1", Operation.On), ("off-1", Operation.Off), ("on-2", Operation.On), ("off-2", Operation.Off) })
        {
            await fixture.InsertAsync(fixture.Order(id, operation));
            await fixture.UntilAsync(CommandState.Sent, id);
            fixture.Time.Advance(TimeSpan.FromSeconds(2));
        }

        var before = Ids(fixture).Length;
        await LookAsync(fixture, seconds: 18);

        Assert.Equal(["off-2"], Ids(fixture).Skip(before).Where(id => !id.StartsWith("look", StringComparison.Ordinal)).Distinct());
        Assert.Equal((CommandState.Unverified, CommandState.Unverified, CommandState.Unverified), (fixture.Find("on-1").State, fixture.Find("off-1").State, fixture.Find("on-2").State));
    }

    [Fact]
    public async Task An_on_that_waits_for_the_broker_is_not_sent_once_off_was_ordered_though_that_came_too_late_itself()
    {
        await using var fixture = await CommandFixture.StartAsync();
        fixture.IsUp = false;
        await fixture.InsertAsync(fixture.Order("on", Operation.On, ttlS: 30));
        fixture.Time.Advance(TimeSpan.FromSeconds(1));
        await fixture.InsertAsync(fixture.Order("off", ttlS: 5));
        fixture.Time.Advance(TimeSpan.FromSeconds(10));
        await fixture.UntilAsync(CommandState.Expired, "off");
        fixture.IsUp = true;
        await LookAsync(fixture, seconds: 10);

        Assert.DoesNotContain("on", Ids(fixture));
        Assert.Equal((CommandState.Expired, "replaced by off · 已被 off 取代"), (fixture.Find("on").State, fixture.Find("on").Result));
    }

    [Theory]
    [InlineData(Operation.Off, Operation.On, 30, "s1", true)]
    [InlineData(Operation.Off, Operation.On, 30, "s2", false)]
    [InlineData(Operation.Off, Operation.Limit, 120, "s1", true)]
    [InlineData(Operation.Off, Operation.Unlock, 120, "s1", true)]
    [InlineData(Operation.Off, Operation.Reset, 30, null, true)]
    [InlineData(Operation.Off, Operation.SelfTest, 120, "s1", false)]
    [InlineData(Operation.Off, Operation.Off, 20, "s1", true)]
    [InlineData(Operation.Off, Operation.Off, 21, "s1", false)]
    [InlineData(Operation.On, Operation.Off, 120, "s1", true)]
    [InlineData(Operation.On, Operation.Off, 120, "s2", false)]
    [InlineData(Operation.On, Operation.Limit, 120, "s1", false)]
    [InlineData(Operation.Limit, Operation.Limit, 120, "s1", true)]
    [InlineData(Operation.Limit, Operation.On, 30, "s1", false)]
    [InlineData(Operation.Siren, Operation.Off, 120, "s1", true)]
    [InlineData(Operation.Off, Operation.Siren, 120, "s1", true)]
    public async Task A_command_ends_the_older_ones_that_would_undo_it_and_no_others(Operation newer, Operation older, int olderTtlS, string? olderChannel, bool isEnded)
    {
        await using var fixture = await CommandFixture.StartAsync(hasSockets: older != Operation.Siren);
        await fixture.InsertAsync(fixture.Order("older", older, olderTtlS, older == Operation.Siren ? 30 : null, olderChannel));
        await fixture.UntilAsync(CommandState.Sent, "older");
        await fixture.InsertAsync(fixture.Order("newer", newer, seconds: newer == Operation.Siren ? 30 : null));
        await fixture.UntilAsync(CommandState.Sent, "newer");

        // What an "on" replaces is ended in a commit of its own, right behind.
        if (isEnded)
            await fixture.UntilAsync(CommandState.Unverified, "older");
        Assert.Equal(isEnded ? CommandState.Unverified : CommandState.Sent, fixture.Find("older").State);
        // What went out may have been done: a late word still counts.
        await fixture.AckAsync("older", CommandResult.Failed);
        Assert.Equal(CommandState.Failed, fixture.Find("older").State);
        if (older == Operation.Siren)
            Assert.Equal(CommandState.Queued, fixture.Find("older-end").State);
    }

    /// <summary>The worker ends what an <c>on</c> replaces a moment after it is booked as sent; an <c>off</c> may come in between.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public async Task An_off_of_the_same_moment_or_of_a_clock_that_was_set_back_is_newer_all_the_same(int setBackS)
    {
        await using var fixture = await CommandFixture.StartAsync();
        fixture.IsUp = false;
        await fixture.InsertAsync(fixture.Order("on", Operation.On));
        fixture.Time.SetBack(TimeSpan.FromSeconds(setBackS));
        await fixture.InsertAsync(fixture.Order("off"));
        Assert.Equal((CommandState.Expired, "replaced by off · 已被 off 取代"), (fixture.Find("on").State, fixture.Find("on").Result));

        var on = fixture.Find("on");
        await fixture.Database.CommitAsync(CommitPriority.Alerts, connection => CommandBook.EndReplaced(connection, on, fixture.NowMs));

        Assert.Equal(CommandState.Queued, fixture.Find("off").State);
    }

    [Fact]
    public async Task The_siren_of_a_pile_leaves_alone_what_cuts_one_of_its_sockets_off()
    {
        await using var fixture = await CommandFixture.StartAsync();
        await fixture.InsertAsync(fixture.Order("off"));
        await fixture.UntilAsync(CommandState.Sent, "off");
        await fixture.InsertAsync(fixture.Order("siren", Operation.Siren, seconds: 30, channel: null));
        await fixture.UntilAsync(CommandState.Sent, "siren");

        Assert.Equal(CommandState.Sent, fixture.Find("off").State);
    }

    [Fact]
    public async Task What_a_device_accepted_is_left_to_its_end()
    {
        await using var fixture = await CommandFixture.StartAsync();
        await fixture.InsertAsync(fixture.Order("on", Operation.On));
        await fixture.UntilAsync(CommandState.Sent, "on");
        await fixture.AckAsync("on", CommandResult.Accepted);
        await fixture.InsertAsync(fixture.Order("off"));
        await fixture.UntilAsync(CommandState.Sent, "off");

        Assert.Equal(CommandState.Accepted, fixture.Find("on").State);
    }

    [Fact]
    public async Task A_device_that_comes_back_under_another_boot_was_reset()
    {
        await using var fixture = await CommandFixture.StartAsync();
        await BirthAsync(fixture, "boot-1");
        await fixture.InsertAsync(fixture.Order(operation: Operation.Reset, channel: null));
        await fixture.UntilAsync(CommandState.Sent);

        await BirthAsync(fixture, "boot-1");
        Assert.Equal(CommandState.Sent, fixture.Find().State);
        await BirthAsync(fixture, "boot-2");

        Assert.Equal(CommandState.Verified, fixture.Find().State);
    }

    [Fact]
    public async Task Commands_of_a_minute_are_counted_by_device_site_and_class_without_the_ends_of_sirens()
    {
        await using var fixture = await CommandFixture.StartAsync();
        fixture.IsUp = false;
        await fixture.InsertAsync(fixture.Order("a"));
        await fixture.InsertAsync(fixture.Order("b", Operation.Siren));
        await fixture.InsertAsync(fixture.Order("c", Operation.On));
        await fixture.InsertAsync(fixture.Order("d") with { Ends = "b" });
        using var reader = fixture.Database.OpenReader();

        Assert.Equal((3, 2), CommandBook.Since(reader, fixture.Pile.Number, "lane", protective: true, fixture.NowMs - 60_000));
        Assert.Equal((1, 1), CommandBook.Since(reader, fixture.Pile.Number, "lane", protective: false, fixture.NowMs - 60_000));
        Assert.Equal((0, 2), CommandBook.Since(reader, fixture.Pile.Number + 1, "lane", protective: true, fixture.NowMs - 60_000));
        // The siren's minute is over and its end has still to go out.
        Assert.Equal((1, 0), CommandBook.Since(reader, fixture.Pile.Number, "lane", protective: true, fixture.NowMs + 1_000));
        Assert.Equal((0, 0), CommandBook.Since(reader, fixture.Pile.Number, "lane", protective: false, fixture.NowMs + 1_000));
    }

    [Fact]
    public async Task Within_the_longest_life_of_a_command_a_device_is_told_no_more_ids_than_it_remembers()
    {
        await using var fixture = await CommandFixture.StartAsync(hasSockets: false);
        using var desk = new CommandDesk(
            fixture.Database, fixture.Scenes, fixture.Devices, fixture.Words, fixture.Unwritten, fixture.Sender, fixture.Counts, fixture.Time, NullLogger<CommandDesk>.Instance);
        // One that sounded before: its end is due within the two minutes.
        await OrderAsync("before", Operation.Siren, 90);
        await fixture.UntilAsync(CommandState.Sent, "before");
        await fixture.AckAsync("before", CommandResult.Done);
        fixture.Time.Advance(TimeSpan.FromSeconds(61));
        var before = Ids(fixture).Length;
        for (var second = 0; second < CommandLimits.TtlMaxS; second += 4)
        {
            // The end of each goes out before the next sounds, or that would end it; that of the first is due at 31 s.
            if (second >= 36 && await OrderAsync($"siren-{second}", Operation.Siren, 1))
                await fixture.UntilAsync(CommandState.Sent, $"siren-{second}");
            for (var number = 0; await OrderAsync($"test-{second}-{number}", Operation.SelfTest, null); number++)
            {
                await fixture.UntilAsync(CommandState.Sent, $"test-{second}-{number}");
                fixture.Time.Advance(TimeSpan.FromMilliseconds(1));
            }

            fixture.Time.Advance(TimeSpan.FromSeconds(3));
            fixture.Words.Announce();
            if (fixture.Find($"siren-{second}") is not null)
                await fixture.UntilAsync(CommandState.Sent, $"siren-{second}-end");
            await fixture.AckAsync($"siren-{second}-end", CommandResult.Done);
            fixture.Time.Advance(TimeSpan.FromMilliseconds(980));
        }

        var ids = Ids(fixture).Skip(before).Distinct().Count();
        Assert.InRange(ids, CommandLimits.IdsRemembered - 3, CommandLimits.IdsRemembered);

        async Task<bool> OrderAsync(string id, Operation operation, int? seconds) =>
            await desk.OrderAsync(fixture.Order(id, operation, CommandLimits.TtlMaxS, seconds, channel: null).Order) is OrderOutcome.Taken;
    }

    [Theory]
    [InlineData(Operation.On, "s1")]
    [InlineData(Operation.Reset, null)]
    public async Task What_switches_on_is_not_sent_again_once_a_fire_is_known_on_the_site(Operation operation, string? channel)
    {
        await using var fixture = await CommandFixture.StartAsync();
        await fixture.InsertAsync(fixture.Order("on", operation, channel: channel));
        await fixture.UntilPublishedAsync(1);
        fixture.Monitoring = Smoke;
        fixture.Time.Advance(TimeSpan.FromSeconds(5));
        await fixture.UntilAsync(CommandState.Unverified, "on");
        await LookAsync(fixture, seconds: 10);

        Assert.Single(Ids(fixture), "on");
        Assert.StartsWith("hazard: lane/shed-1/shed-01 has an open alert (smoke, P0)", fixture.Find("on").Result, StringComparison.Ordinal);
        Assert.Contains("不能通电", fixture.Find("on").Result, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_switches_on_and_waits_for_the_broker_is_not_sent_once_a_fire_is_known_but_off_is()
    {
        await using var fixture = await CommandFixture.StartAsync();
        fixture.IsUp = false;
        await fixture.InsertAsync(fixture.Order("on", Operation.On));
        await fixture.InsertAsync(fixture.Order("off") with { Order = fixture.Order("off").Order with { Channel = ChannelId.Socket(2) } });
        fixture.Monitoring = Smoke;
        fixture.Time.Advance(TimeSpan.FromSeconds(5));
        fixture.IsUp = true;
        fixture.Words.Announce();
        await fixture.UntilAsync(CommandState.Expired, "on");
        await fixture.UntilAsync(CommandState.Sent, "off");
        await fixture.UntilPublishedAsync(1);

        Assert.Equal(["off"], Ids(fixture));
        Assert.StartsWith("hazard: ", fixture.Find("on").Result, StringComparison.Ordinal);
        Assert.Equal((0, "off"), (fixture.Counts.Expired, Assert.Single(fixture.Notices()).Id));
    }

    [Fact]
    public async Task An_off_is_not_given_up_for_an_on_that_does_not_go_out_after_all()
    {
        await using var fixture = await CommandFixture.StartAsync();
        await fixture.InsertAsync(fixture.Order("off", ttlS: 120));
        await fixture.UntilAsync(CommandState.Sent, "off");
        await fixture.Database.CommitAsync(CommitPriority.Alerts, connection => CommandBook.Insert(connection, fixture.Order("on", Operation.On)));
        using var disk = new ManualResetEventSlim();
        var slow = fixture.Database.CommitAsync(CommitPriority.Alerts, _ => disk.Wait());
        var asked = fixture.Asked;
        fixture.Words.Announce();
        // It was judged, and waits for the disk, when the fire is told.
        await Until.TrueAsync(() => fixture.Asked >= asked + 2, "it is judged");
        fixture.Monitoring = Smoke;
        disk.Set();
        await slow;
        await fixture.UntilAsync(CommandState.Expired, "on");

        Assert.Equal(CommandState.Sent, fixture.Find("off").State);
        Assert.DoesNotContain("on", Ids(fixture));
    }

    [Fact]
    public async Task After_a_start_what_switches_on_waits_until_the_open_alerts_were_read()
    {
        await using var fixture = await CommandFixture.StartAsync();
        fixture.Monitoring = new MonitoringState(0, [], [], 0);
        await fixture.InsertAsync(fixture.Order("on", Operation.On));
        await LookAsync(fixture, seconds: 10);
        Assert.Equal(CommandState.Queued, fixture.Find("on").State);

        fixture.Monitoring = new MonitoringState(1, [], [], 0);
        fixture.Words.Announce();
        await fixture.UntilAsync(CommandState.Sent, "on");
    }

    [Fact]
    public async Task What_carries_people_is_told_nothing_more_once_somebody_is_on_it()
    {
        await using var fixture = await CommandFixture.StartAsync();
        await fixture.SayAsync(new DeviceWord(fixture.Pile.Number, fixture.NowMs, null, new DeviceAbilities(["off"], [ChannelId.Main], CarriesPeople: true), "boot-0", null));
        fixture.Monitoring = Seat(inUse: false);
        await fixture.InsertAsync(fixture.Order(channel: null));
        await fixture.UntilPublishedAsync(1);
        fixture.Monitoring = Seat(inUse: true);
        fixture.Time.Advance(TimeSpan.FromSeconds(5));
        await fixture.UntilAsync(CommandState.Unverified);

        Assert.Single(fixture.Published);
        Assert.StartsWith("in-use: ", fixture.Find().Result, StringComparison.Ordinal);

        MonitoringState Seat(bool inUse) => new(1, [], [], 0) { Seats = new Dictionary<DeviceId, SeatState> { [fixture.Pile.Id] = new(inUse, fixture.NowMs) } };
    }

    private static MonitoringState Smoke => new(
        2,
        [
            new AlertTransition
            {
                AlertId = "1", Rule = "smoke", Priority = Priority.P0, Condition = Condition.Active, AtMs = 0, OnsetMs = 0, Site = "lane", Asset = "lane/shed-1/shed-01", Text = new LocalText("", ""),
            },
        ],
        [], 0);

    private static string[] Ids(CommandFixture fixture) => [.. fixture.Published.Select(sent => sent.Body.GetProperty("id").GetString()!)];

    /// <summary>Lets seconds go by, and sees the worker look after each five of them: a command of another channel goes out.</summary>
    private static async Task LookAsync(CommandFixture fixture, int seconds)
    {
        for (var left = seconds; left > 0; left -= 5)
        {
            fixture.Time.Advance(TimeSpan.FromSeconds(Math.Min(left, 5)));
            var id = $"look-{fixture.NowMs}";
            await fixture.InsertAsync(fixture.Order(id, Operation.SelfTest, ttlS: 5, channel: null));
            await fixture.UntilAsync(CommandState.Sent, id);
            await fixture.AckAsync(id, CommandResult.Done);
        }
    }

    private static Task BirthAsync(CommandFixture fixture, string boot)
    {
        var keep = fixture.Words.Keep([new DeviceWord(fixture.Pile.Number, fixture.NowMs, null, new DeviceAbilities(["reset"], [], false), boot, null)], []);
        return fixture.Database.CommitAsync(FacilityMonitor.Journal.CommitPriority.Ingest, connection => keep(connection, 0));
    }
}

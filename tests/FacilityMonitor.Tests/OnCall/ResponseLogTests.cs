using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.OnCall.Notices;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Tests.OnCall;

public sealed class ResponseLogTests
{
    /// <summary>As the service reads them when it starts again: pages show the probability of a suspicion, and of no other alert any number.</summary>
    [Theory]
    [InlineData("unmetered-load", 0.87)]
    [InlineData("socket-overload", null)]
    public async Task What_is_open_is_read_back_with_the_probability_of_a_suspicion(string rule, double? likelihood)
    {
        await using var fixture = new ResponseFixture();
        var step = ResponseFixture.Step("a1", Condition.Active) with { Rule = rule, Evidence = new SortedDictionary<string, object>(StringComparer.Ordinal) { ["level_w"] = 151.5, ["p"] = 0.87 } };
        await fixture.RaiseAsync(step);

        using var reader = fixture.Database.OpenReader();
        var open = Assert.Single(AlertLog.ReadOpen(reader));

        Assert.Equal(likelihood, FlyWireCase.LikelihoodOf(open.Evidence));
        Assert.Equal(likelihood is null ? 0 : 1, open.Evidence.Count);
    }

    /// <summary>Whoever asks a year later why it rang is told by which rules and which limits, whatever was edited since.</summary>
    [Fact]
    public async Task An_alert_keeps_by_which_rules_and_which_registry_it_was_judged()
    {
        await using var fixture = new ResponseFixture(ResponseFixture.OneSite() with { Version = "5b1d3c20a0000001" });
        await fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active));
        fixture.Register(fixture.Facility with { Version = "77aa3c20a0000002" });
        await fixture.RaiseAsync(ResponseFixture.Step("a2", Condition.Active, asset: "huaihai/pile-02"));

        Assert.Equal(("5b1d3c20a0000001", "77aa3c20a0000002"), (Judged("a1").Registry, Judged("a2").Registry));
        Assert.Matches(@"^\d+\.\d+\.\d+(\+[0-9a-f]{1,8})?$", Judged("a1").Rules);
        var (zh, en) = (Told("zh"), Told("en"));
        Assert.Equal($"P1 告警，规则版本 {Judged("a1").Rules}，登记版本 5b1d3c20a0000001", zh);
        Assert.Equal($"P1 raised, by rules {Judged("a1").Rules} and registry 5b1d3c20a0000001", en);

        JudgedBy Judged(string alert) => Assert.IsType<ResponseEvent.Raised>(fixture.Timeline(alert)[0].Fact).JudgedBy!;
        string Told(string language) => FacilityMonitor.Web.TimelineText.Of(fixture.Timeline("a1")[0].Fact, language, person => person);
    }

    [Fact]
    public async Task A_fire_is_told_in_the_same_commit_that_knows_of_it()
    {
        await using var fixture = new ResponseFixture();

        await fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active, Priority.P0, "smoke"));

        Assert.Equal(["a1 0 siren-1", "a1 1 guard", "a1 1 fire"], fixture.Notices());
        Assert.Equal(["siren/huaihai/siren-1", "voice/guard", "sms/guard", "app/guard", "voice/fire", "sms/fire", "app/fire"],
            fixture.Rows("select channel || '/' || address from notice_way order by notice, ordinal"));
    }

    [Fact]
    public async Task The_chain_goes_on_by_the_second_until_two_have_answered_and_their_pages_are_withdrawn()
    {
        await using var fixture = new ResponseFixture();
        await fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active, Priority.P0, "smoke"));
        await fixture.PassAsync(61);
        Assert.Equal(["a1 2 manager", "a1 2 grid"], fixture.Notices("step = 2"));

        await fixture.DoesAsync("guard", "a1", new ResponseCommand.Acknowledge());
        Assert.Equal(["a1 1 guard withdrawn"], fixture.Notices("state = 5"));
        await fixture.DoesAsync("grid", "a1", new ResponseCommand.Acknowledge());
        await fixture.PassAsync(500);

        Assert.Empty(fixture.Notices("state = 0"));
        Assert.Equal(3, fixture.State("a1").Pages);
    }

    [Fact]
    public async Task A_key_on_the_phone_acknowledges_and_says_by_which_way()
    {
        await using var fixture = new ResponseFixture();
        await fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active, Priority.P1));
        await fixture.PassAsync(10);

        await fixture.ReportAsync("a1", 0, "guard", DeliveryKind.Accepted);
        await fixture.ReportAsync("a1", 0, "guard", DeliveryKind.Acknowledged, "1");

        Assert.Equal(("guard", "sms"), (fixture.State("a1").Acknowledgements[0].Person, fixture.State("a1").Acknowledgements[0].Via));
        Assert.Contains(fixture.Timeline("a1"), entry => entry.Fact is ResponseEvent.PageReported { Outcome: DeliveryOutcome.Accepted, Channel: "sms" });
    }

    [Fact]
    public async Task A_replay_of_known_steps_pages_nobody_twice()
    {
        await using var fixture = new ResponseFixture();
        var step = ResponseFixture.Step("a1", Condition.Active, Priority.P0, "smoke");
        await fixture.RaiseAsync(step);
        await fixture.RaiseAsync(step);
        Assert.Equal(3, fixture.Notices().Count);
    }

    [Fact]
    public async Task Devices_that_nobody_registered_wake_nobody()
    {
        await using var fixture = new ResponseFixture();
        await fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active, Priority.P0, "smoke") with { IsStranger = true });
        await fixture.PassAsync(60);
        Assert.Empty(fixture.Notices());
    }

    [Fact]
    public async Task A_command_for_an_alert_that_is_not_there_says_so()
    {
        await using var fixture = new ResponseFixture();
        Assert.IsType<ResponseOutcome.Unknown>(await fixture.DoesAsync("guard", "zz", new ResponseCommand.Acknowledge()));
    }

    [Fact]
    public async Task What_happened_cannot_be_rewritten_and_a_timeline_that_was_tampered_with_shows_it()
    {
        await using var fixture = new ResponseFixture();
        await fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active, Priority.P0, "smoke"));
        await fixture.DoesAsync("guard", "a1", new ResponseCommand.Acknowledge());
        Assert.True(ResponseTable.IsIntact(fixture.Timeline("a1")));

        await Assert.ThrowsAsync<SqliteException>(() => fixture.CommitAsync(connection => Database.Execute(connection, "update response_event set at_ms = 1 where number = 1")));
        await fixture.CommitAsync(connection =>
        {
            Database.Execute(connection, "drop trigger response_event_is_final");
            Database.Execute(connection, "update response_event set body = replace(body, 'guard', 'fire') where number = (select max(number) from response_event)");
        });
        Assert.False(ResponseTable.IsIntact(fixture.Timeline("a1")));
    }

    /// <summary>After a service that knew more was taken back.</summary>
    [Fact]
    public async Task What_a_newer_version_wrote_and_this_one_does_not_know_is_no_tampering()
    {
        await using var fixture = new ResponseFixture();
        await fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active, Priority.P0, "smoke"));
        await fixture.CommitAsync(connection =>
        {
            Database.Execute(connection, "drop trigger response_event_is_final");
            var hash = "";
            foreach (var entry in fixture.Timeline("a1"))
            {
                var body = $"{entry.Body[..^1]},\"later\":1}}";
                hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(hash + body)))[..32];
                Database.Execute(connection, "update response_event set body = $body, hash = $hash where alert = 'a1' and number = $number", ("$body", body), ("$hash", hash), ("$number", entry.Number));
            }
        });

        Assert.All(fixture.Timeline("a1"), entry => Assert.Contains("later", entry.Body, StringComparison.Ordinal));
        Assert.True(ResponseTable.IsIntact(fixture.Timeline("a1")));
    }

    [Fact]
    public async Task Alerts_of_one_site_that_come_together_are_one_message_and_each_knows_it()
    {
        await using var fixture = new ResponseFixture();
        await fixture.RaiseAsync([.. Enumerable.Range(1, 12).Select(number => ResponseFixture.Step($"a{number:00}", Condition.Active, asset: $"huaihai/pile-{number:00}"))]);
        await fixture.PassAsync(6);

        Assert.Equal(["a01 0 guard", "a01 0 manager"], fixture.Notices());
        var text = fixture.Rows("select text_zh from notice limit 1")[0];
        Assert.StartsWith("共 12 条。", text, StringComparison.Ordinal);
        Assert.Contains("另有 1 条", text, StringComparison.Ordinal);
        Assert.Equal("a01", fixture.State("a07").GroupedInto);
        await fixture.ReportAsync("a01", 0, "guard", DeliveryKind.Accepted);
        Assert.True(fixture.State("a12").IsToldToAnybody);

        // One of them was answered; the message stays for the others.
        await fixture.DoesAsync("manager", "a01", new ResponseCommand.Acknowledge());
        Assert.Contains("a01 0 guard", fixture.Notices("state = 0"));
        // A key of the phone means all that it told of.
        await fixture.ReportAsync("a01", 0, "guard", DeliveryKind.Acknowledged, "1");
        Assert.All(Enumerable.Range(1, 12), number => Assert.True(fixture.State($"a{number:00}").IsAnswered));
    }

    [Fact]
    public async Task A_cabinet_without_power_is_one_message_for_thirty_things_that_fell_silent()
    {
        await using var fixture = new ResponseFixture();
        await fixture.RaiseAsync([.. Silent(30)]);
        await fixture.PassAsync(10);
        await fixture.RaiseAsync(ResponseFixture.Step("root", Condition.Active, Priority.P1, "supply-lost", "huaihai/c-shed"));
        await fixture.PassAsync(60);

        Assert.Equal(["root 0 guard", "root 0 manager"], fixture.Notices());
        Assert.Contains("连带 30 项", fixture.Rows("select text_zh from notice limit 1")[0], StringComparison.Ordinal);
        Assert.All(Enumerable.Range(1, 30), number => Assert.Equal("root", fixture.State($"s{number:00}").SuppressedBy));
    }

    [Fact]
    public async Task What_falls_silent_after_its_parent_is_hidden_from_the_first_moment_and_what_hangs_elsewhere_is_not()
    {
        await using var fixture = new ResponseFixture();
        await fixture.RaiseAsync(ResponseFixture.Step("root", Condition.Active, Priority.P1, "supply-lost", "huaihai/c-shed"));
        await fixture.RaiseAsync(
            Silent(1).First(),
            ResponseFixture.Step("far", Condition.Active, Priority.P2, "offline", "huaihai/far-01"),
            ResponseFixture.Step("fire", Condition.Active, Priority.P0, "smoke", "huaihai/pile-01"));
        await fixture.PassAsync(40);

        Assert.Equal("root", fixture.State("s01").SuppressedBy);
        Assert.Null(fixture.State("far").SuppressedBy);
        Assert.Contains("far 0 guard", fixture.Notices());
        Assert.Contains("fire 1 guard", fixture.Notices());
    }

    [Fact]
    public async Task A_minute_after_the_parent_is_back_those_still_silent_are_told_and_the_others_never()
    {
        await using var fixture = new ResponseFixture();
        await fixture.RaiseAsync(ResponseFixture.Step("root", Condition.Active, Priority.P1, "supply-lost", "huaihai/c-shed"));
        await fixture.RaiseAsync([.. Silent(30)]);
        await fixture.PassAsync(30);
        await fixture.RaiseAsync(ResponseFixture.Step("root", Condition.Cleared, Priority.P1, "supply-lost", "huaihai/c-shed", 1));
        await fixture.RaiseAsync([.. Silent(29).Select(step => step with { Condition = Condition.Cleared, Sequence = 1 })]);

        await fixture.PassAsync(59);
        Assert.Equal("root", fixture.State("s30").SuppressedBy);
        await fixture.PassAsync(3);

        Assert.Null(fixture.State("s30").SuppressedBy);
        await fixture.PassAsync(120);
        Assert.Equal(["s30 0 guard"], fixture.Notices("alert like 's%'"));
    }

    [Fact]
    public async Task In_a_flood_service_alerts_become_one_message_in_five_minutes_and_a_fire_goes_through()
    {
        await using var fixture = new ResponseFixture();
        for (var number = 0; number < 11; number++)
        {
            await fixture.RaiseAsync(ResponseFixture.Step($"h{number:00}", Condition.Active, Priority.P0, "smoke", $"huaihai/pile-{number + 5:00}"));
            await fixture.DoesAsync("manager", $"h{number:00}", new ResponseCommand.Acknowledge());
            await fixture.DoesAsync("fire", $"h{number:00}", new ResponseCommand.Acknowledge());
            await fixture.PassAsync(10);
        }

        var before = fixture.Notices("person = 'guard'").Count;
        Assert.True(before > ResponseLog.FloodPages);
        for (var number = 0; number < 8; number++)
        {
            await fixture.RaiseAsync(ResponseFixture.Step($"p{number}", Condition.Active, Priority.P2, "blocker-fault"));
            await fixture.PassAsync(10);
        }

        await fixture.RaiseAsync(ResponseFixture.Step("fire", Condition.Active, Priority.P0, "smoke", "huaihai/far-01"));
        Assert.Contains("fire 1 guard", fixture.Notices());
        await fixture.PassAsync(600);

        Assert.Single(fixture.Notices("alert like 'p%' and person = 'guard'"));
        Assert.Contains(fixture.Timeline("p0"), entry => entry.Fact is ResponseEvent.Postponed);
        Assert.All(Enumerable.Range(0, 8), number => Assert.True(fixture.State($"p{number}").GroupedInto is not null || fixture.State($"p{number}").Pages > 0));
    }

    [Fact]
    public async Task A_test_marks_what_it_raises_and_ends_by_itself()
    {
        await using var fixture = new ResponseFixture();
        await fixture.CommitAsync(connection => PermitTable.Ask(connection, new Permit("t1", PermitKind.Test, "huaihai/pile-01", fixture.NowMs, fixture.NowMs + 900_000, "manager", null, "年检", null), fixture.NowMs));

        await fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active, Priority.P0, "smoke"), ResponseFixture.Step("a2", Condition.Active, Priority.P0, "smoke", "huaihai/pile-02"));

        Assert.Equal(["a1 0 manager", "a2 0 siren-1", "a2 1 fire", "a2 1 guard"], fixture.Notices().Order());
        Assert.Equal(["manager"], fixture.Rows("select person from notice where drill = 1"));
        await fixture.PassAsync(901);
        Assert.Contains("a1 2 guard", fixture.Notices());
    }

    /// <summary>Two thousand devices at once and three fires: the fires do not wait for the others, and the others are a handful of messages.</summary>
    [Fact]
    public async Task A_storm_is_a_handful_of_messages_and_its_fires_do_not_wait()
    {
        await using var fixture = new ResponseFixture();
        const int Devices = 2_000;
        await fixture.RaiseAsync([.. Enumerable.Range(0, Devices).Select(number => ResponseFixture.Step($"d{number:00000}", Condition.Active, Priority.P2, "offline", $"huaihai/x-{number}"))]);
        for (var fire = 0; fire < 3; fire++)
            await fixture.RaiseAsync(ResponseFixture.Step($"fire{fire}", Condition.Active, Priority.P0, "smoke", $"huaihai/y-{fire}"));
        Assert.Equal(9, fixture.Notices("alert like 'fire%'").Count);

        await fixture.PassAsync(31);

        Assert.Equal(2, fixture.Notices("alert like 'd%' and person = 'guard'").Count);
        using var reader = fixture.Database.OpenReader();
        var books = ResponseBooks.Count(reader, fixture.NowMs);
        Assert.True(books.Balance);
        Assert.Equal(Devices + 3, books.Raised);
    }

    /// <summary>Ten people who read the same chat: each had one message, and the chat ten.</summary>
    [Theory]
    [InlineData(10, false)]
    [InlineData(11, true)]
    public async Task A_group_chat_that_had_more_than_ten_messages_in_ten_minutes_is_flooded_for_everybody_who_reads_there(int messages, bool isFlooded)
    {
        await using var fixture = new ResponseFixture(rooms: "app");
        await fixture.CommitAsync(connection =>
        {
            for (var number = 0; number < messages; number++)
                Database.Execute(connection, "insert into notice_attempt (notice, ordinal, channel, address, priority, at_ms) values ($n, 0, 'app', '', 2, $now)", ("$n", -1 - number), ("$now", fixture.NowMs));
        });

        await fixture.RaiseAsync(ResponseFixture.Step("p1", Condition.Active, Priority.P2, "blocker-fault"), ResponseFixture.Step("fire", Condition.Active, Priority.P0, "smoke", "huaihai/far-01"));
        await fixture.PassAsync(31);
        Assert.Equal(isFlooded, fixture.Timeline("p1").Exists(entry => entry.Fact is ResponseEvent.Postponed));
        Assert.Equal(isFlooded, fixture.Notices("alert = 'p1'").Count == 0);
        Assert.NotEmpty(fixture.Notices("alert = 'fire'"));

        // The next full five minutes: told, all in one.
        await fixture.PassAsync(300);
        Assert.NotEmpty(fixture.Notices("alert = 'p1'"));
    }

    /// <summary>A wrong clock is set right in the middle of a fire: who is next is called in their time, and not an hour later.</summary>
    [Theory]
    [InlineData(2.001, true)]
    [InlineData(3_600, true)]
    [InlineData(86_400 * 3, true)]
    [InlineData(2, false)]
    public async Task A_clock_that_is_set_back_keeps_nobody_waiting(double seconds, bool isSaid)
    {
        await using var fixture = new ResponseFixture();
        await fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active, Priority.P0, "smoke"));
        fixture.Time.SetBack(TimeSpan.FromSeconds(seconds));
        await fixture.TurnAsync();
        await fixture.PassAsync(60);
        Assert.DoesNotContain(fixture.Notices(), notice => isSaid && notice.EndsWith(" street", StringComparison.Ordinal));
        Assert.Equal(isSaid, fixture.Notices().Any(notice => notice.EndsWith(" manager", StringComparison.Ordinal)));
        await fixture.PassAsync(2);
        Assert.Contains(fixture.Notices(), notice => notice.EndsWith(" manager", StringComparison.Ordinal));
        await fixture.PassAsync(120);
        Assert.Contains(fixture.Notices(), notice => notice.EndsWith(" street", StringComparison.Ordinal));
        Assert.Equal(isSaid ? 1 : 0, fixture.Timeline("a1").Count(entry => entry.Fact is ResponseEvent.ClockSetBack));
        Assert.True(ResponseTable.IsIntact(fixture.Timeline("a1")));
    }

    [Fact]
    public async Task After_a_clock_was_set_back_new_hazards_do_not_wait_for_the_old_hour_and_what_is_held_back_is_so_no_longer_than_it_was_to_be()
    {
        await using var fixture = new ResponseFixture();
        await fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active), ResponseFixture.Step("a2", Condition.Active, asset: "huaihai/pile-02"));
        await fixture.PassAsync(6);
        await fixture.DoesAsync("manager", "a2", new ResponseCommand.Shelve(fixture.NowMs + 1_800_000, "等配件"));
        fixture.Time.SetBack(TimeSpan.FromHours(1));
        // A restart finds it on disk.
        await fixture.KillAsync();
        await fixture.TurnAsync();
        await fixture.RaiseAsync(ResponseFixture.Step("a3", Condition.Active, asset: "huaihai/far-01"));
        Assert.InRange(fixture.State("a3").StepDueMs - fixture.NowMs, 0, 60_000);
        Assert.InRange(fixture.State("a2").ShelvedUntilMs!.Value - fixture.NowMs, 0, 1_800_000);
        await fixture.PassAsync(61);
        Assert.NotEmpty(fixture.Notices("alert = 'a3'"));
    }

    /// <summary>An exercise ends by itself: nobody goes anywhere for it, and so nobody shows the progress that keeps a real alert quiet.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_exercise_is_over_when_it_was_answered_and_after_an_hour_in_any_case(bool isAnswered)
    {
        await using var fixture = new ResponseFixture();
        var desk = new ResponseDesk(fixture.Database, fixture.Registry, fixture.Log, fixture.Time);
        var alert = (await desk.DrillAsync("huaihai", Priority.P0, withSiren: false, new Actor("manager", "cli")))!;
        await fixture.PassAsync(30);
        foreach (var person in isAnswered ? (string[])["guard", "fire"] : [])
            await fixture.DoesAsync(person, alert, new ResponseCommand.Acknowledge());
        await fixture.PassAsync(isAnswered ? 9 * 60 : 59 * 60);
        Assert.NotEqual(ResponseStage.Closed, fixture.State(alert).Stage);
        var told = fixture.Notices().Count;
        if (isAnswered)
            Assert.Equal(2, told);
        await fixture.PassAsync(2 * 60);
        Assert.Equal(ResponseStage.Closed, fixture.State(alert).Stage);
        await fixture.PassAsync(86_400);
        Assert.InRange(fixture.Notices().Count, told, isAnswered ? told : told + 6);
        // It can be held again.
        Assert.NotNull(await desk.DrillAsync("huaihai", Priority.P0, withSiren: false, new Actor("manager", "cli")));
    }

    /// <summary>Where a message can be replaced on the telephone, it says who has taken it as soon as enough have.</summary>
    [Fact]
    public async Task What_was_answered_is_marked_so_on_every_telephone_whose_messages_can_be_replaced()
    {
        await using var fixture = new ResponseFixture();
        await fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active, Priority.P0, "smoke"));
        await fixture.CommitAsync(connection => Database.Execute(connection, "update notice_way set state = 2, receipt = channel || notice where channel = 'app'"));
        await fixture.DoesAsync("guard", "a1", new ResponseCommand.Acknowledge());
        Assert.Empty(fixture.Notices("alert = 'done-a1'"));

        await fixture.DoesAsync("fire", "a1", new ResponseCommand.Acknowledge());

        Assert.Equal(["done-a1 1 guard", "done-a1 1 fire"], fixture.Notices("alert = 'done-a1'"));
        Assert.Equal(fixture.Rows("select receipt from notice_way where receipt is not null order by notice"), fixture.Rows("select replaces from notice_way where replaces is not null order by notice"));
        Assert.StartsWith("已有人处理（guard、fire），", fixture.Rows("select text_zh from notice where alert = 'done-a1' limit 1").Single(), StringComparison.Ordinal);
        Assert.StartsWith("Taken by guard, fire, ", fixture.Rows("select text_en from notice where alert = 'done-a1' limit 1").Single(), StringComparison.Ordinal);
        // A mark is quiet, told once, and no page.
        Assert.Equal(["3", "3"], fixture.Rows("select priority from notice where alert = 'done-a1'"));
        await fixture.DoesAsync("guard", "a1", new ResponseCommand.Arrive());
        Assert.Equal(2, fixture.Notices("alert = 'done-a1'").Count);
        await fixture.CommitAsync(connection => fixture.Log.Write(connection, new FacilityMonitor.OnCall.Notices.DeliveryEvent("done-a1", 1, "guard", false, FacilityMonitor.OnCall.Notices.DeliveryKind.Accepted, "app", null, fixture.NowMs)));
    }

    /// <summary>Killed after every commit in turn: who is called, and when, is the same to the row.</summary>
    [Fact]
    public async Task A_kill_after_any_commit_loses_nobody_and_calls_nobody_twice()
    {
        var whole = await StoryAsync(killAfter: -1);
        Assert.True(whole.Commits > 10);
        for (var commit = 0; commit < whole.Commits; commit++)
        {
            var killed = await StoryAsync(commit);
            Assert.Equal(whole.Told, killed.Told);
        }
    }

    /// <summary>Of a commit that fails half-way nothing remains, and the next turn does it all.</summary>
    [Fact]
    public async Task A_tag_on_a_feeder_explains_what_is_dead_below_it_and_no_danger()
    {
        var site = ResponseFixture.Site();
        var facility = Facility.Empty with
        {
            Sites = [site with { Circuits = [new Circuit { Id = "c-main", Name = new LocalText("总闸", "Main"), Kind = CircuitKind.Feeder }, .. site.Circuits.Select(circuit => circuit with { Parent = "c-main" })] }],
            People = ResponseFixture.Everybody(),
        };
        await using var fixture = new ResponseFixture(facility);
        var tag = new Permit("tag", PermitKind.Maintenance, "huaihai/c-main", fixture.NowMs, fixture.NowMs + 7_200_000, "manager", null, "换总闸", null);
        await fixture.CommitAsync(connection => PermitTable.Ask(connection, tag, fixture.NowMs));

        await fixture.RaiseAsync(
            ResponseFixture.Step("silent", Condition.Active, Priority.P2, "offline"),
            ResponseFixture.Step("dead", Condition.Active, Priority.P1, "circuit-tripped", "huaihai/c-shed"),
            ResponseFixture.Step("leak", Condition.Active, Priority.P1, "residual-current", "huaihai/c-shed"),
            ResponseFixture.Step("hot", Condition.Active, Priority.P1, "over-temperature", "huaihai/pile-02"));

        Assert.Equal(["dead", "silent"], fixture.Rows("select alert from response where service_ms is not null order by alert"));

        // Taken off after an hour: what is dead still is no longer explained.
        await fixture.PassAsync(3_600);
        await fixture.CommitAsync(connection =>
        {
            PermitTable.End(connection, tag.Id, "manager", fixture.NowMs);
            fixture.Log.Ended(connection, tag.Id);
        });
        await fixture.PassAsync(120);

        Assert.Empty(fixture.Rows("select alert from response where service_ms is not null"));
        Assert.Contains(fixture.Notices(), notice => notice.StartsWith("dead ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_commit_that_fails_leaves_nothing_half()
    {
        await using var fixture = new ResponseFixture();
        await Assert.ThrowsAsync<InvalidOperationException>(() => fixture.CommitAsync(connection =>
        {
            var step = ResponseFixture.Step("a1", Condition.Active, Priority.P0, "smoke");
            AlertLog.Write(connection, step);
            fixture.Log.Observe(connection, [step]);
            throw new InvalidOperationException("the power fails");
        }));
        Assert.Empty(fixture.Notices());
        Assert.Empty(fixture.Rows("select alert from response union all select alert from response_event union all select id from alert"));

        await fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active, Priority.P0, "smoke"));
        Assert.Equal(3, fixture.Notices().Count);
    }

    private static async Task<(string[] Told, int Commits)> StoryAsync(int killAfter)
    {
        await using var fixture = new ResponseFixture();
        var commits = 0;
        await DoAsync(() => fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active, Priority.P0, "smoke")));
        await DoAsync(() => fixture.RaiseAsync([.. Silent(4)]));
        await PassAsync(62);
        await DoAsync(() => fixture.ReportAsync("a1", 1, "guard", DeliveryKind.Accepted));
        await DoAsync(() => fixture.DoesAsync("guard", "a1", new ResponseCommand.Acknowledge()));
        await DoAsync(() => fixture.RaiseAsync(ResponseFixture.Step("root", Condition.Active, Priority.P1, "supply-lost", "huaihai/c-shed")));
        await PassAsync(65);
        await DoAsync(() => fixture.DoesAsync("grid", "a1", new ResponseCommand.Arrive()));
        await DoAsync(() => fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Cleared, Priority.P0, "smoke", number: 1)));
        await DoAsync(() => fixture.RaiseAsync(ResponseFixture.Step("root", Condition.Cleared, Priority.P1, "supply-lost", "huaihai/c-shed", 1)));
        await PassAsync(200);
        return ([.. fixture.Rows("select key || '|' || created_ms || '|' || state || '|' || text_zh from notice order by key"), .. fixture.Rows("select alert || number || body || hash from response_event order by 1"), .. fixture.Rows("select alert || coalesce(due_ms, '') || stage || told || calling from response order by 1")], commits);

        async Task PassAsync(int seconds)
        {
            var end = fixture.NowMs + (seconds * 1_000L);
            while (fixture.NextTurnMs() is { } due && due <= end)
            {
                fixture.Time.Advance(TimeSpan.FromMilliseconds(Math.Max(0, due - fixture.NowMs)));
                await DoAsync(fixture.TurnAsync);
            }

            fixture.Time.Advance(TimeSpan.FromMilliseconds(Math.Max(0, end - fixture.NowMs)));
        }

        async Task DoAsync(Func<Task> what)
        {
            await what();
            if (commits++ == killAfter)
                await fixture.KillAsync();
        }
    }

    private static IEnumerable<AlertTransition> Silent(int count) =>
        Enumerable.Range(1, count).Select(number => ResponseFixture.Step($"s{number:00}", Condition.Active, Priority.P2, "offline", $"huaihai/pile-{number:00}"));
}

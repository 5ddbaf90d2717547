using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Monitoring;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Rules;
using FacilityMonitor.Tests.Rules;
using FacilityMonitor.Web;

namespace FacilityMonitor.Tests.OnCall;

/// <summary>A suspected fly-wire from the alert to the end of its case, on a real database.</summary>
public sealed class FlyWireCaseLifeTests : IAsyncDisposable
{
    private const string Corridor = "huaihai/c-corridor";

    private readonly ResponseFixture _fixture = new();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Theory]
    [InlineData("charger-on-public-circuit", true)]
    [InlineData("unmetered-load", true)]
    [InlineData("fly-wire-report", true)]
    [InlineData("circuit-overload", false)]
    public async Task A_suspicion_opens_a_case_and_nothing_else_does(string rule, bool opens)
    {
        await _fixture.RaiseAsync(Suspicion("a1") with { Rule = rule });

        Assert.Equal(opens, _fixture.State("a1").Case is { Stage: FlyWireStage.Suspected });
        Assert.Equal(opens ? 1 : 0, Cases().Count);
    }

    [Fact]
    public async Task A_case_goes_its_way_after_the_alert_is_over_and_keeps_its_evidence_to_the_end_and_through_a_kill()
    {
        await _fixture.RaiseAsync(Suspicion("a1"));
        await MoveAsync("a1", FlyWireStage.Confirmed, "三楼窗口");
        await _fixture.RaiseAsync(Suspicion("a1") with { Condition = Condition.Cleared, Sequence = 1, Evidence = new SortedDictionary<string, object>() });
        await _fixture.PassAsync(25 * 3600);
        Assert.Equal(ResponseStage.Closed, _fixture.State("a1").Stage);
        Assert.Contains(_fixture.Timeline("a1"), entry => entry.Fact is ResponseEvent.Closed { Cause: CauseCode.FlyWire });
        await MoveAsync("a1", FlyWireStage.Advised);
        await _fixture.KillAsync();
        await MoveAsync("a1", FlyWireStage.Recheck);

        await MoveAsync("a1", FlyWireStage.Closed, "没有了");

        var entry = Assert.Single(Cases());
        Assert.Equal((FlyWireStage.Closed, null, "没有了"), (entry.Case.Stage, entry.Case.DueMs, entry.Case.Text));
        Assert.Equal(["climb_pct_min", "curve", "fallen_pct", "fit_error_pct", "hour", "level_w", "minutes"], entry.Case.Evidence.Keys.Order());
        Assert.Equal("151.5", entry.Case.Evidence["level_w"].ToString());
        Assert.True(ResponseTable.IsIntact(_fixture.Timeline("a1")));
        Assert.Equal(new FlyWireLesson(1, 0), Lessons()[Corridor]);
    }

    [Fact]
    public async Task The_case_of_a_report_is_closed_a_day_after_the_last_word_of_it_and_the_next_word_begins_another()
    {
        var eyes = new DeviceEntry { Id = "eyes-1", Name = new LocalText("巡查扫码", "Patrol by QR code"), Kind = DeviceKind.Camera };
        var scene = new Scene(Scene.Lane(more: [eyes]));
        Report(0);
        await TellAsync();
        var alert = scene.Steps[0].AlertId;
        foreach (var stage in (FlyWireStage[])[FlyWireStage.Confirmed, FlyWireStage.Advised, FlyWireStage.Recheck])
            await MoveAsync(alert, stage);
        Assert.Equal("still-on", await RefusedAsync(alert, FlyWireStage.Closed, "没有了"));

        scene.Ticks(1, 24 * 3600);
        await TellAsync();
        await MoveAsync(alert, FlyWireStage.Closed, "没有了");
        Assert.Equal(FlyWireStage.Closed, Assert.Single(Cases()).Case.Stage);

        Report(25 * 3600);
        await TellAsync();
        Assert.Contains(Cases(), entry => entry.Case.Stage == FlyWireStage.Suspected);

        void Report(double atS)
        {
            var message = new DeviceMessage { Kind = MessageKind.Event, Device = scene.Device("eyes-1"), ReceivedMs = Scene.At(atS) };
            message.Events.Add(new DeviceEvent { Kind = EventKind.Camera, Channel = ChannelId.Main, AtMs = Scene.At(atS), DeviceMs = Scene.At(atS) });
            scene.Observe(message);
        }

        Task TellAsync() => _fixture.RaiseAsync([.. scene.Steps.Select(step => step with { Site = "huaihai", Asset = Corridor })]);
    }

    [Fact]
    public async Task A_dismissal_needs_a_reason_ends_the_alert_and_teaches_the_circuit_also_after_a_kill()
    {
        await _fixture.RaiseAsync(Suspicion("a1"));
        Assert.Equal("no-reason", await RefusedAsync("a1", FlyWireStage.Dismissed, " "));
        Assert.Empty(Lessons());

        await MoveAsync("a1", FlyWireStage.Dismissed, "楼道里的除湿机");

        await _fixture.KillAsync();
        Assert.Equal(new FlyWireLesson(0, 1), Lessons()[Corridor]);
        Assert.Equal((ResponseStage.Closed, true), (_fixture.State("a1").Stage, _fixture.State("a1").IsMarkedFalse));
        var facts = _fixture.Timeline("a1").Count;
        await MoveAsync("a1", FlyWireStage.Dismissed, " 楼道里的除湿机 ");
        await MoveAsync("a1", FlyWireStage.Dismissed);
        Assert.Equal(facts, _fixture.Timeline("a1").Count);
    }

    [Fact]
    public async Task Of_two_who_take_the_same_step_at_once_both_are_heard()
    {
        await _fixture.RaiseAsync(Suspicion("a1"));
        await MoveAsync("a1", FlyWireStage.Confirmed, "三楼窗口");

        await MoveAsync("a1", FlyWireStage.Confirmed, "线从四楼下来");

        Assert.Equal((FlyWireStage.Confirmed, "三楼窗口"), (Assert.Single(Cases()).Case.Stage, Cases()[0].Case.Text));
        Assert.Contains(_fixture.Timeline("a1"), entry => entry.Fact is ResponseEvent.Commented { Text: "线从四楼下来" });
    }

    [Fact]
    public async Task The_second_of_two_who_presses_twice_is_heard_once()
    {
        await _fixture.RaiseAsync(Suspicion("a1"), Suspicion("b1") with { Asset = "huaihai/c-other" });
        await MoveAsync("a1", FlyWireStage.Confirmed, "三楼窗口");
        foreach (var person in (string[])["grid", "grid", "manager", "grid"])
            Assert.IsType<ResponseOutcome.Done>(await _fixture.DoesAsync(person, "a1", new ResponseCommand.MoveCase(FlyWireStage.Confirmed, "线从四楼下来")));

        Assert.Equal(["grid", "manager"], _fixture.Timeline("a1").Where(entry => entry.Fact is ResponseEvent.Commented).Select(entry => entry.Fact.By!.Person));
        // The same word about the next step is another word.
        await MoveAsync("a1", FlyWireStage.Advised);
        await _fixture.DoesAsync("grid", "a1", new ResponseCommand.MoveCase(FlyWireStage.Advised, "线从四楼下来"));
        Assert.Equal(3, _fixture.Timeline("a1").Count(entry => entry.Fact is ResponseEvent.Commented));
    }

    [Theory]
    [InlineData("Dismissed")]
    [InlineData("Closed")]
    public async Task A_word_about_a_case_that_has_ended_does_not_close_what_has_rung_again_since(string word)
    {
        var stage = Enum.Parse<FlyWireStage>(word);
        await _fixture.RaiseAsync(Suspicion("a1"));
        await _fixture.RaiseAsync(Suspicion("a2"));
        Assert.Equal("a1", _fixture.State("a2").CaseOf);
        foreach (var alert in (string[])["a1", "a2"])
            await _fixture.RaiseAsync(Suspicion(alert) with { Condition = Condition.Cleared, Sequence = 1 });
        foreach (var before in stage == FlyWireStage.Closed ? [FlyWireStage.Confirmed, FlyWireStage.Advised, FlyWireStage.Recheck] : (FlyWireStage[])[])
            await MoveAsync("a1", before);
        await MoveAsync("a1", stage, "水泵");
        Assert.Equal(ResponseStage.Closed, _fixture.State("a2").Stage);
        await _fixture.RaiseAsync(Suspicion("a2") with { Sequence = 2, FlapCount = 1 });
        Assert.Equal(ResponseStage.Open, _fixture.State("a2").Stage);

        await _fixture.DoesAsync("grid", "a1", new ResponseCommand.MoveCase(stage, "我看是除湿机"));

        Assert.Equal((ResponseStage.Open, true), (_fixture.State("a2").Stage, _fixture.State("a2").IsOn));
        Assert.Contains(_fixture.Timeline("a1"), entry => entry.Fact is ResponseEvent.Commented { Text: "我看是除湿机" });
    }

    [Fact]
    public async Task When_the_load_is_off_the_case_has_its_whole_curve_with_the_taper_also_after_a_kill()
    {
        await _fixture.RaiseAsync(Suspicion("a1"));

        await _fixture.RaiseAsync(Ended("a1", minutes: 190, fallen: 97));

        await _fixture.KillAsync();
        var row = Assert.Single(Cases()).Case;
        Assert.Equal(("190", "97", 1), (row.Evidence["minutes"].ToString(), row.Evidence["fallen_pct"].ToString(), row.Sights));
        Assert.Equal((FlyWireStage.Suspected, row.OpenedMs), (row.Stage, row.SeenMs));
        Assert.Contains("97 %", new FlyWireView(row, _fixture.NowMs).Evidence("en"), StringComparison.Ordinal);
        Assert.Single(_fixture.Timeline("a1"), entry => entry.Fact is ResponseEvent.CaseMeasured);
        Assert.True(ResponseTable.IsIntact(_fixture.Timeline("a1")));
    }

    [Fact]
    public async Task The_whole_curve_of_the_next_evening_goes_to_the_case_that_is_open()
    {
        await _fixture.RaiseAsync(Suspicion("a1"));
        await _fixture.RaiseAsync(Ended("a1", minutes: 190, fallen: 97));
        await _fixture.PassAsync(20 * 3600);
        await _fixture.RaiseAsync(Suspicion("a2", minutes: 60));
        Assert.Equal("60", Assert.Single(Cases()).Case.Evidence["minutes"].ToString());

        await _fixture.RaiseAsync(Ended("a2", minutes: 150, fallen: 40));

        var row = Assert.Single(Cases());
        Assert.Equal(("a1", "150", "40", 2), (row.Alert, row.Case.Evidence["minutes"].ToString(), row.Case.Evidence["fallen_pct"].ToString(), row.Case.Sights));
    }

    [Fact]
    public async Task A_case_that_has_ended_keeps_the_numbers_it_ended_with()
    {
        await _fixture.RaiseAsync(Suspicion("a1"));
        await MoveAsync("a1", FlyWireStage.Dismissed, "水泵");

        await _fixture.RaiseAsync(Ended("a1", minutes: 190, fallen: 97));

        Assert.Equal("45", Assert.Single(Cases()).Case.Evidence["minutes"].ToString());
    }

    [Theory]
    [InlineData("Advised")]
    [InlineData("Recheck")]
    [InlineData("Closed")]
    public async Task Nobody_is_advised_and_nothing_is_closed_before_somebody_has_looked(string stage)
    {
        await _fixture.RaiseAsync(Suspicion("a1"));
        Assert.Equal("not-next", await RefusedAsync("a1", Enum.Parse<FlyWireStage>(stage), "x"));
        Assert.Equal(FlyWireStage.Suspected, _fixture.State("a1").Case!.Stage);
    }

    [Fact]
    public async Task The_next_evening_on_the_same_circuit_is_the_same_case_and_it_is_not_closed_while_it_is_seen()
    {
        await _fixture.RaiseAsync(Suspicion("a1"));
        await MoveAsync("a1", FlyWireStage.Confirmed);
        await MoveAsync("a1", FlyWireStage.Advised);
        await MoveAsync("a1", FlyWireStage.Recheck);
        await _fixture.RaiseAsync(Suspicion("a1") with { Condition = Condition.Cleared, Sequence = 1 });
        await _fixture.PassAsync(20 * 3600);
        await _fixture.RaiseAsync(Suspicion("a2", minutes: 90), Suspicion("b1") with { Asset = "huaihai/c-other" });

        var first = Assert.Single(Cases(), entry => entry.Asset == Corridor);
        Assert.Equal(("a1", 2, "90"), (first.Alert, first.Case.Sights, first.Case.Evidence["minutes"].ToString()));
        Assert.Equal(("a1", null), (_fixture.State("a2").CaseOf, _fixture.State("a2").Case));
        Assert.Equal("still-on", await RefusedAsync("a2", FlyWireStage.Closed, ""));
        await _fixture.RaiseAsync(Suspicion("a2") with { Condition = Condition.Cleared, Sequence = 1 });

        await MoveAsync("a2", FlyWireStage.Closed);

        Assert.Equal((ResponseStage.Closed, ResponseStage.Closed), (_fixture.State("a1").Stage, _fixture.State("a2").Stage));
        Assert.Equal(new FlyWireLesson(1, 0), Lessons()[Corridor]);
        await _fixture.RaiseAsync(Suspicion("a3"));
        Assert.Equal(FlyWireStage.Suspected, _fixture.State("a3").Case!.Stage);
    }

    [Fact]
    public async Task Whoever_closes_the_alert_with_its_cause_has_looked()
    {
        await _fixture.RaiseAsync(Suspicion("a1"), Suspicion("b1") with { Asset = "huaihai/c-other" });
        await _fixture.RaiseAsync(Suspicion("a1") with { Condition = Condition.Cleared, Sequence = 1 });
        Assert.IsType<ResponseOutcome.Done>(await _fixture.DoesAsync("guard", "a1", new ResponseCommand.Close(CauseCode.FlyWire, "门厅", [], null)));
        Assert.IsType<ResponseOutcome.Refused>(await _fixture.DoesAsync("guard", "b1", new ResponseCommand.Close(CauseCode.FalseAlarm, "", [], null)));
        Assert.IsType<ResponseOutcome.Done>(await _fixture.DoesAsync("guard", "b1", new ResponseCommand.Close(CauseCode.FalseAlarm, "水泵", [], null)));

        Assert.Equal((FlyWireStage.Confirmed, FlyWireStage.Dismissed), (_fixture.State("a1").Case!.Stage, _fixture.State("b1").Case!.Stage));
    }

    [Fact]
    public async Task What_comes_back_after_it_was_dismissed_is_a_case_of_its_own_and_the_first_lesson_stays()
    {
        await _fixture.RaiseAsync(Suspicion("a1"));
        await MoveAsync("a1", FlyWireStage.Dismissed, "水泵");
        await _fixture.RaiseAsync(Suspicion("a1") with { Condition = Condition.Cleared, Sequence = 1 });
        await _fixture.PassAsync(60);
        await _fixture.RaiseAsync(Suspicion("a1") with { Sequence = 2, FlapCount = 1 });

        Assert.Equal(FlyWireStage.Suspected, _fixture.State("a1").Case!.Stage);
        Assert.Equal(2, Cases().Count);
        Assert.Equal(new FlyWireLesson(0, 1), Lessons()[Corridor]);
    }

    [Fact]
    public async Task An_open_case_keeps_its_alert_from_being_deleted_and_one_that_has_ended_keeps_its_evidence()
    {
        await _fixture.RaiseAsync(Suspicion("a1"));
        await _fixture.RaiseAsync(Suspicion("a1") with { Condition = Condition.Cleared, Sequence = 1 });
        await _fixture.PassAsync(25 * 3600);
        var late = _fixture.NowMs + 1_000_000;
        Assert.Equal(0, await PruneAsync(late));

        await MoveAsync("a1", FlyWireStage.Dismissed, "水泵");

        Assert.Equal(1, await PruneAsync(late));
        Assert.Equal("151.5", Assert.Single(Cases()).Case.Evidence["level_w"].ToString());
        Assert.Equal(new FlyWireLesson(0, 1), Lessons()[Corridor]);
    }

    [Fact]
    public async Task A_day_without_a_look_is_late()
    {
        await _fixture.RaiseAsync(Suspicion("a1"));
        Assert.False(Cases()[0].Case.IsOverdue(_fixture.NowMs + (24 * 3_600_000L)));
        Assert.True(Cases()[0].Case.IsOverdue(_fixture.NowMs + (24 * 3_600_000L) + 1));
    }

    private static AlertTransition Suspicion(string alert, int minutes = 45) => ResponseFixture.Step(alert, Condition.Active, Priority.P2, "charger-on-public-circuit", Corridor) with
    {
        Evidence = new SortedDictionary<string, object>(StringComparer.Ordinal)
        {
            ["level_w"] = 151.5,
            ["minutes"] = minutes,
            ["climb_pct_min"] = 0.05,
            ["fit_error_pct"] = 0.3,
            ["fallen_pct"] = 0,
            ["hour"] = 20.5,
            ["curve"] = "0:150 10:151 20:152",
        },
    };

    private static AlertTransition Ended(string alert, int minutes, int fallen)
    {
        var on = Suspicion(alert, minutes);
        return on with { Condition = Condition.Cleared, Sequence = 1, Evidence = new SortedDictionary<string, object>(on.Evidence.ToDictionary()) { ["fallen_pct"] = fallen } };
    }

    private async Task MoveAsync(string alert, FlyWireStage stage, string text = "") =>
        Assert.IsType<ResponseOutcome.Done>(await _fixture.DoesAsync("guard", alert, new ResponseCommand.MoveCase(stage, text)));

    private async Task<string> RefusedAsync(string alert, FlyWireStage stage, string text) =>
        Assert.IsType<ResponseOutcome.Refused>(await _fixture.DoesAsync("guard", alert, new ResponseCommand.MoveCase(stage, text))).Refusal.Reason;

    private async Task<int> PruneAsync(long beforeMs)
    {
        var deleted = 0;
        await _fixture.CommitAsync(connection => deleted = AlertLog.Prune(connection, beforeMs, 100));
        return deleted;
    }

    private List<FlyWireCaseEntry> Cases()
    {
        using var reader = _fixture.Database.OpenReader();
        return FlyWireCaseTable.List(reader, FacilityMonitor.Users.SiteScope.All, 100);
    }

    private Dictionary<string, FlyWireLesson> Lessons()
    {
        using var reader = _fixture.Database.OpenReader();
        return FlyWireCaseTable.Lessons(reader);
    }
}

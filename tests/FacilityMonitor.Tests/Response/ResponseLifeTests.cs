using System.Text.Json;
using FacilityMonitor.Alerts;
using FacilityMonitor.Response;
using FsCheck;

namespace FacilityMonitor.Tests.Response;

public sealed class ResponseLifeTests
{
    private const double Minute = 60;
    private const double Hour = 3_600;

    [Fact]
    public void One_acknowledgement_stops_the_calls_for_a_hazard()
    {
        var life = new Life(Priority.P1);
        Assert.True(life.State.IsCalling);

        life.At(20).Acknowledges("wang");

        Assert.False(life.State.IsCalling);
        Assert.Equal(ResponseStage.Acked, life.Stage);
    }

    [Fact]
    public void Life_safety_wants_two_persons()
    {
        var life = new Life(Priority.P0);

        life.At(5).Acknowledges("wang");
        Assert.True(life.State.IsCalling);
        Assert.Equal(ResponseStage.Open, life.Stage);
        life.At(6).Acknowledges("wang");
        Assert.True(life.State.IsCalling);
        life.At(7).Acknowledges("li");

        Assert.False(life.State.IsCalling);
        Assert.Equal(ResponseStage.Acked, life.Stage);
        Assert.Equal(2, life.Count<ResponseEvent.Acknowledged>());
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(9, 2)]
    public void No_more_persons_are_wanted_than_there_are(int onDuty, int wanted)
    {
        var life = new Life(Priority.P0) { OnDuty = onDuty };
        life.Acknowledges("wang");
        Assert.Equal(wanted == 2, life.State.IsCalling);
        life.Acknowledges("li");

        Assert.False(life.State.IsCalling);
    }

    [Fact]
    public void A_second_press_of_any_button_changes_nothing()
    {
        var life = new Life(Priority.P1);
        ResponseCommand[] buttons = [new ResponseCommand.Acknowledge(), new ResponseCommand.SetOut(), new ResponseCommand.Arrive(), new ResponseCommand.Extinguished(), new ResponseCommand.FalseAlarm(), new ResponseCommand.Assign("li")];
        foreach (var button in buttons)
        {
            Assert.Null(life.Does("wang", button));
            var facts = life.Facts.Count;
            Assert.Null(life.Does("wang", button));
            Assert.Equal(facts, life.Facts.Count);
        }
    }

    [Theory]
    [InlineData(Priority.P0, 10 * Minute)]
    [InlineData(Priority.P1, 30 * Minute)]
    [InlineData(Priority.P2, 8 * Hour)]
    public void An_acknowledgement_without_progress_expires(Priority priority, double after)
    {
        var life = new Life(priority) { OnDuty = 1 };
        life.At(30).Acknowledges("wang");
        life.Add(new ResponseEvent.StepFired(PageReason.Step, 0, 0, ["wang"], life.NowMs + 60_000) { AtMs = life.NowMs });

        life.At(30 + after - 0.001).Elapses();
        Assert.False(life.State.IsCalling);
        life.At(30 + after).Elapses();

        Assert.True(life.State.IsCalling);
        Assert.Equal(ResponseStage.Open, life.Stage);
        // One step up, at once.
        Assert.Equal((1, life.NowMs), (life.State.NextStep, life.State.StepDueMs));
    }

    [Fact]
    public void Being_on_the_way_is_no_progress_but_a_word_a_photo_and_an_arrival_are()
    {
        var life = new Life(Priority.P0) { OnDuty = 1 };
        life.Acknowledges("wang");
        life.At(9 * Minute);
        Assert.Null(life.Does("wang", new ResponseCommand.SetOut()));
        life.At(10 * Minute).Elapses();
        Assert.True(life.State.IsCalling);

        life.Acknowledges("wang").At(19 * Minute);
        Assert.Null(life.Does("wang", new ResponseCommand.Comment("看见烟了", null)));
        life.At(28 * Minute).Elapses();
        Assert.False(life.State.IsCalling);
        Assert.Null(life.Does("wang", new ResponseCommand.Comment("", "photo-1")));
        life.At(37 * Minute).Elapses();
        Assert.False(life.State.IsCalling);
        Assert.Null(life.Does("wang", new ResponseCommand.Arrive()));

        // Who stands there has an hour.
        life.At((97 * Minute) - 1).Elapses();
        Assert.False(life.State.IsCalling);
        life.At(97 * Minute).Elapses();
        Assert.True(life.State.IsCalling);
    }

    [Fact]
    public void Who_takes_an_acknowledgement_back_starts_the_calls_again()
    {
        var life = new Life(Priority.P1);
        life.At(10).Acknowledges("wang");
        life.At(20);

        Assert.Null(life.Does("wang", new ResponseCommand.Unacknowledge()));

        Assert.True(life.State.IsCalling);
        Assert.Equal(ResponseStage.Open, life.Stage);
        Assert.True(life.State.StepDueMs <= life.NowMs);
        Assert.Equal("not-acknowledged", life.Does("li", new ResponseCommand.Unacknowledge()));
    }

    [Fact]
    public void A_rising_severity_calls_everybody_anew_and_a_falling_one_nobody()
    {
        var life = new Life(Priority.P2);
        life.At(40).Acknowledges("wang");

        life.At(100).Rules(Condition.Active, Priority.P1);
        Assert.True(life.State.IsCalling);
        Assert.Equal(0, life.State.NextStep);
        Assert.Equal(life.NowMs + 5_000, life.State.StepDueMs);
        life.At(110).Acknowledges("wang");
        life.At(200).Rules(Condition.Active, Priority.P2);

        Assert.False(life.State.IsCalling);
        Assert.Equal(Priority.P2, life.State.Priority);
        Assert.Equal(Priority.P1, life.State.HighestPriority);
    }

    [Fact]
    public void What_comes_back_calls_people_again_and_counts_how_often()
    {
        var life = new Life(Priority.P1);
        life.Acknowledges("wang").At(100).Rules(Condition.Cleared);
        Assert.Equal(ResponseStage.Acked, life.Stage);

        life.At(400).Rules(Condition.Active);

        Assert.True(life.State.IsCalling);
        Assert.Equal(1, life.State.FlapCount);
        Assert.Empty(life.State.Acknowledgements);
    }

    [Fact]
    public void A_closed_alert_that_comes_back_is_open_again()
    {
        var life = new Life(Priority.P2);
        life.Acknowledges("wang").At(100).Rules(Condition.Cleared);
        Assert.Null(life.Does("wang", new ResponseCommand.Close(CauseCode.Network, "重启了", [], null)));
        Assert.Null(ResponseLife.NextDueMs(life.State));

        life.At(300).Rules(Condition.Active);

        Assert.Equal(ResponseStage.Open, life.Stage);
        Assert.True(life.State.IsCalling);
    }

    [Fact]
    public void What_comes_and_goes_too_often_is_latched_and_pages_no_more()
    {
        var life = new Life(Priority.P1);
        life.At(10).Acknowledges("wang");
        life.At(20).Rules(Condition.Cleared).At(25).Rules(Condition.Active).At(30).Acknowledges("wang");
        life.At(35).Rules(Condition.Cleared);
        Assert.False(life.State.IsChattering);
        life.At(50).Rules(Condition.Active);
        Assert.True(life.State.IsChattering);
        life.At(52).Acknowledges("wang");

        // It goes on for a while; those who know of it are not called for it.
        for (var second = 60; second < 600; second += 20)
            life.At(second).Rules(Condition.Cleared).At(second + 10).Rules(Condition.Active);
        Assert.Equal(1, life.Count<ResponseEvent.ChatterBegan>());
        Assert.False(life.State.IsCalling);
        life.At(700).Rules(Condition.Cleared);
        Assert.True(life.State.IsOn);
        Assert.Equal("still-on", life.Does("wang", new ResponseCommand.Close(CauseCode.Unknown, "", ["p"], null)));

        life.At(700 + (30 * Minute) - 1).Elapses();
        Assert.True(life.State.IsChattering);
        life.At(700 + (30 * Minute)).Elapses();
        Assert.False(life.State.IsOn);
    }

    [Fact]
    public void Three_activations_in_more_than_a_minute_are_no_chatter()
    {
        var life = new Life(Priority.P1);
        life.At(20).Rules(Condition.Cleared).At(40).Rules(Condition.Active).At(50).Rules(Condition.Cleared).At(60.001).Rules(Condition.Active);
        Assert.False(life.State.IsChattering);
    }

    [Theory]
    [InlineData(Priority.P1, 8)]
    [InlineData(Priority.P2, 24)]
    [InlineData(Priority.P3, 168)]
    public void Shelving_has_a_reason_an_end_and_a_limit(Priority priority, int hours)
    {
        var life = new Life(priority);
        var until = life.NowMs + (hours * 3_600_000L);
        Assert.Equal("no-reason", life.Does("wang", new ResponseCommand.Shelve(until, " ")));
        Assert.Equal("no-end", life.Does("wang", new ResponseCommand.Shelve(life.NowMs, "换电表")));
        Assert.Equal("too-long", life.Does("wang", new ResponseCommand.Shelve(until + 1, "换电表")));
        Assert.Null(life.Does("wang", new ResponseCommand.Shelve(until, "换电表")));
        Assert.False(life.State.IsCalling);

        life.At((hours * Hour) - 1).Elapses();
        Assert.False(life.State.IsCalling);
        life.At(hours * Hour).Elapses();

        // Told at once when it ends.
        Assert.True(life.State.IsCalling);
        Assert.Equal(life.NowMs, life.State.StepDueMs);
        Assert.Null(life.Facts.OfType<ResponseEvent.Unshelved>().Single().By);
    }

    [Fact]
    public void Life_safety_is_never_shelved_and_what_becomes_life_safety_is_shelved_no_more()
    {
        Assert.Equal("never-p0", new Life(Priority.P0).Does("wang", new ResponseCommand.Shelve(Life.StartMs + 60_000, "看过了")));
        var life = new Life(Priority.P1);
        Assert.Null(life.Does("wang", new ResponseCommand.Shelve(Life.StartMs + 3_600_000, "看过了")));

        life.At(60).Rules(Condition.Active, Priority.P0);

        Assert.True(life.State.IsCalling);
        Assert.Null(life.State.ShelvedUntilMs);
    }

    [Fact]
    public void Shelving_can_be_ended_early_and_by_name()
    {
        var life = new Life(Priority.P1);
        Assert.Null(life.Does("wang", new ResponseCommand.Shelve(Life.StartMs + 3_600_000, "换电表")));
        Assert.Null(life.At(60).Does("li", new ResponseCommand.Unshelve()));
        Assert.True(life.State.IsCalling);
        Assert.Equal("li", life.Facts.OfType<ResponseEvent.Unshelved>().Single().By!.Person);
    }

    [Fact]
    public void What_is_still_on_is_closed_only_as_a_false_alarm_or_a_faulty_sensor()
    {
        var life = new Life(Priority.P1);
        life.Acknowledges("wang");
        Assert.Equal("still-on", life.Does("wang", new ResponseCommand.Close(CauseCode.Overload, "", ["p"], null)));
        Assert.Null(life.Does("wang", new ResponseCommand.Close(CauseCode.SensorFault, "探头进水", ["p"], null)));
        Assert.Equal(ResponseStage.Closed, life.Stage);
    }

    [Fact]
    public void A_hazard_is_closed_with_a_photo_or_the_reason_why_there_is_none()
    {
        var life = new Life(Priority.P1);
        life.Acknowledges("wang").At(100).Rules(Condition.Cleared);
        Assert.Equal("no-photo", life.Does("wang", new ResponseCommand.Close(CauseCode.Overload, "", [], " ")));
        Assert.Null(life.Does("wang", new ResponseCommand.Comment("", "photo-1")));
        Assert.Null(life.Does("wang", new ResponseCommand.Close(CauseCode.Overload, "拔掉了", [], null)));
        var other = new Life(Priority.P1);
        other.Acknowledges("wang").At(100).Rules(Condition.Cleared);
        Assert.Null(other.Does("wang", new ResponseCommand.Close(CauseCode.Overload, "拔掉了", [], "手机没电")));
    }

    [Fact]
    public void One_person_alone_cannot_call_a_fire_a_false_alarm()
    {
        var life = new Life(Priority.P0);
        Assert.Null(life.Does("wang", new ResponseCommand.FalseAlarm()));
        Assert.True(life.State.IsCalling);
        Assert.Equal("not-answered", life.Does("wang", new ResponseCommand.Close(CauseCode.FalseAlarm, "", ["p"], null)));

        Assert.Null(life.Does("li", new ResponseCommand.FalseAlarm()));
        Assert.False(life.State.IsCalling);
        Assert.Null(life.Does("li", new ResponseCommand.Close(CauseCode.FalseAlarm, "做饭的烟", ["p"], null)));
    }

    [Fact]
    public void Service_alerts_close_by_themselves_a_day_after_they_cleared_and_hazards_never()
    {
        var service = new Life(Priority.P2);
        service.Acknowledges("wang").At(100).Rules(Condition.Cleared).At(100 + (24 * Hour) - 1).Elapses();
        Assert.NotEqual(ResponseStage.Closed, service.Stage);
        service.At(100 + (24 * Hour)).Elapses();
        Assert.Equal(ResponseStage.Closed, service.Stage);

        var hazard = new Life(Priority.P1);
        hazard.Acknowledges("wang").At(100).Rules(Condition.Cleared).At(30 * 24 * Hour).Elapses();
        Assert.NotEqual(ResponseStage.Closed, hazard.Stage);
        Assert.NotNull(ResponseLife.NextDueMs(hazard.State));
    }

    [Fact]
    public void What_was_hazardous_and_fell_is_closed_by_a_person_too()
    {
        var life = new Life(Priority.P1);
        life.Acknowledges("wang").At(50).Rules(Condition.Active, Priority.P2).At(100).Rules(Condition.Cleared).At(48 * Hour).Elapses();
        Assert.NotEqual(ResponseStage.Closed, life.Stage);
    }

    [Fact]
    public void What_is_over_goes_on_calling_until_one_person_was_told_and_life_safety_until_it_is_answered()
    {
        var hazard = new Life(Priority.P1);
        hazard.At(3).Rules(Condition.Cleared);
        Assert.True(hazard.State.IsCalling);
        // A siren is nobody who knows.
        hazard.Add(new ResponseEvent.PageReported(0, "siren-1", "siren", DeliveryOutcome.Accepted, null) { AtMs = hazard.NowMs });
        Assert.True(hazard.State.IsCalling);
        hazard.Add(new ResponseEvent.StepFired(PageReason.Step, 0, 1, ["wang"], hazard.NowMs + 60_000) { AtMs = hazard.NowMs });
        hazard.Add(new ResponseEvent.PageReported(0, "wang", "sms", DeliveryOutcome.Accepted, null) { AtMs = hazard.NowMs });
        Assert.False(hazard.State.IsCalling);

        var fire = new Life(Priority.P0);
        fire.At(3).Rules(Condition.Cleared);
        fire.Add(new ResponseEvent.StepFired(PageReason.Step, 0, 0, ["wang"], fire.NowMs + 60_000) { AtMs = fire.NowMs });
        fire.Add(new ResponseEvent.PageReported(0, "wang", "voice", DeliveryOutcome.Delivered, null) { AtMs = fire.NowMs });
        Assert.True(fire.State.IsCalling);
    }

    [Fact]
    public void No_data_is_never_the_same_as_over()
    {
        var life = new Life(Priority.P1);
        life.At(60).Rules(Condition.NoData);
        Assert.True(life.State.IsOn);
        Assert.True(life.State.IsCalling);
        life.At(90).Rules(Condition.Active);
        Assert.Equal(0, life.State.FlapCount);
        Assert.Equal(1, life.Count<ResponseEvent.DataBack>());
    }

    [Fact]
    public void Every_fact_survives_being_written_and_read()
    {
        var all = EveryFact.Samples("“烟”");
        Assert.Equal(EveryFact.Kinds, all.Select(fact => fact.GetType()).Distinct().Count());
        Assert.All(all, fact =>
        {
            var text = ResponseJson.Write(fact);
            Assert.Equal(text, ResponseJson.Write(ResponseJson.Read(text)));
            Assert.Equal(fact.GetType(), ResponseJson.Read(text).GetType());
        });
        Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(ResponseJson.Write(all[0])).RootElement.GetProperty("chain").ValueKind);
    }

    /// <summary>The chain of hashes is of what was written: an alert that was raised before a part was added must not get that part by being read and written again.</summary>
    [Fact]
    public void What_was_raised_before_it_was_noted_by_what_it_was_judged_is_written_again_as_it_was()
    {
        var raised = (ResponseEvent.Raised)EveryFact.Samples("烟")[0] with { JudgedBy = null };

        var text = ResponseJson.Write(raised);

        Assert.DoesNotContain("judged", text, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(text, ResponseJson.Write(ResponseJson.Read(text)));
    }

    /// <summary>Whatever is pressed in whatever order: who has not closed it has something that comes next, and its stage fits its acknowledgements.</summary>
    [Fact]
    public void Whatever_happens_an_open_alert_has_a_next_step() =>
        Prop.ForAll<byte, byte[]>(Press).Check(new FsCheck.Configuration { MaxNbOfTest = 500, QuietOnSuccess = true, Runner = Config.QuickThrowOnFailure.Runner });

    private static void Press(byte priority, byte[] presses)
    {
        var life = new Life((Priority)(priority % 4));
        var at = 0.0;
        foreach (var press in presses)
        {
            at += press * 7 % 3_000;
            life.At(at).Elapses();
            var person = press % 2 == 0 ? "wang" : "li";
            switch (press % 13)
            {
                case 0: life.Does(person, new ResponseCommand.Acknowledge()); break;
                case 1: life.Does(person, new ResponseCommand.Unacknowledge()); break;
                case 2: life.Does(person, new ResponseCommand.Arrive()); break;
                case 3: life.Does(person, new ResponseCommand.FalseAlarm()); break;
                case 4: life.Does(person, new ResponseCommand.Close(CauseCode.Unknown, "", ["p"], null)); break;
                case 5: life.Does(person, new ResponseCommand.Shelve(life.NowMs + 60_000, "r")); break;
                case 6: life.Does(person, new ResponseCommand.SetOut()); break;
                case 7: life.Rules(Condition.Cleared); break;
                case 8: life.Rules(Condition.Active); break;
                case 9: life.Rules(Condition.NoData); break;
                case 10: life.Rules(Condition.Active, (Priority)(press % 4)); break;
                case 11: life.Does(person, new ResponseCommand.Comment("x", null)); break;
                case 12: life.Does(person, new ResponseCommand.Unshelve()); break;
            }

            life.Elapses();
            Assert.Equal(life.Stage == ResponseStage.Closed, ResponseLife.NextDueMs(life.State) is null);
            Assert.False(life.Stage == ResponseStage.Acked && life.State.Acknowledgements.Count == 0);
            Assert.False(life.State is { Priority: Priority.P0, ShelvedUntilMs: not null });
        }
    }
}

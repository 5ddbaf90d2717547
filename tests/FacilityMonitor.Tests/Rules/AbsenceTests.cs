using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Tests.Rules;

public sealed class AbsenceTests
{
    private static readonly DeviceEntry Gateway = new() { Id = "gw-1", Name = new LocalText("网关", "Gateway"), Kind = DeviceKind.Gateway };
    private static readonly DeviceEntry Child = new() { Id = "child-1", Name = new LocalText("门磁", "Door sensor"), Kind = DeviceKind.Shed, Gateway = "gw-1" };

    [Fact]
    public void A_device_is_offline_ninety_seconds_after_its_will_and_not_a_second_sooner()
    {
        var scene = new Scene().Birth(0, null).Status(10, Presence.Offline).Ticks(11, 99);
        Assert.Equal(["11 pending P2 lane/shed-1/pile-01"], scene.Told);

        scene.Tick(100);
        Assert.Equal(["11 pending P2 lane/shed-1/pile-01", "100 active P2 lane/shed-1/pile-01"], scene.Told);
        Assert.Equal(("offline", Scene.At(10), "pile-01"), (scene.Steps[1].Rule, scene.Steps[1].OnsetMs, scene.Steps[1].Device));
    }

    [Fact]
    public void Who_is_back_before_is_not_called_offline()
    {
        var scene = new Scene().Birth(0, null).Status(10, Presence.Offline).Ticks(11, 99).Status(99.5, Presence.Online).Ticks(100, 300);

        Assert.Equal(["11 pending P2", "100 cleared P2"], scene.Course);
    }

    [Fact]
    public void Coming_back_clears_it_two_minutes_later()
    {
        var scene = new Scene().Birth(0, null).Status(10, Presence.Offline).Ticks(11, 200).Status(200, Presence.Online).Ticks(201, 320);
        Assert.Equal(["11 pending P2", "100 active P2", "201 recovering P2"], scene.Course);

        scene.Tick(321);
        Assert.Equal("321 cleared P2", scene.Course.Last());
    }

    [Fact]
    public void Who_came_back_for_a_moment_is_said_to_be_gone_again_since_then()
    {
        var scene = new Scene().Birth(0, null).Status(10, Presence.Offline).Ticks(11, 200).Watts(200, 5).Ticks(201, 204).Status(205, Presence.Offline).Ticks(206, 210);

        Assert.Equal(["11 pending P2", "100 active P2", "201 recovering P2", "206 active P2"], scene.Course);
        Assert.Contains("最后一次有消息是 11-20 18:00:00", scene.Steps[1].Text.Zh, StringComparison.Ordinal);
        Assert.Contains("last heard at 20 Nov 18:03:20", scene.Steps[2].Text.En, StringComparison.Ordinal);
        Assert.Contains("其间短暂恢复过，11-20 18:03:20 又没有消息。自 11-20 18:00:10 起", scene.Steps[3].Text.Zh, StringComparison.Ordinal);
        Assert.Contains("gone again since 20 Nov 18:03:20. Since 20 Nov 18:00:10", scene.Steps[3].Text.En, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(MessageKind.Data, true)]
    [InlineData(MessageKind.Hist, false)]
    public void Live_words_prove_that_it_is_back_and_buffered_ones_do_not(MessageKind kind, bool isBack)
    {
        var scene = new Scene().Birth(0, null).Status(10, Presence.Offline).Ticks(11, 200).Watts(200, 5, kind: kind).Tick(201);

        Assert.Equal(isBack, scene.Course.Contains("201 recovering P2"));
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(null, true)]
    public void A_will_older_than_the_last_birth_is_ignored(int? bd, bool counts)
    {
        var scene = new Scene().Birth(0, null, bd: 2).Status(10, Presence.Offline, bd: bd).Ticks(11, 120);

        Assert.Equal(counts, scene.Steps.Count > 0);
    }

    [Fact]
    public void Who_was_switched_off_is_neither_offline_nor_silent() =>
        Assert.Empty(new Scene().Birth(0, 60).Status(10, Presence.Shutdown).Ticks(11, 1000).Steps);

    [Fact]
    public void Who_sleeps_must_wake_within_what_it_declared()
    {
        var scene = new Scene().Birth(0, 100).Status(10, Presence.Sleep).Ticks(11, 310);
        Assert.Empty(scene.Steps);

        scene.Tick(311);
        Assert.Equal(["311 active P2"], scene.Course);
        Assert.Equal(("silent", Scene.At(10)), (scene.Steps[0].Rule, scene.Steps[0].OnsetMs));
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 1)]
    public void One_that_says_again_that_it_sleeps_was_heard_and_a_retained_word_is_an_old_one(bool isRetained, int alerts)
    {
        var scene = new Scene().Birth(0, 100).Status(10, Presence.Sleep).Ticks(11, 200);
        scene.Observe(new DeviceMessage
        {
            Kind = MessageKind.Status,
            Retained = isRetained,
            Device = scene.Device("pile-01"),
            ReceivedMs = Scene.At(200),
            Status = new DeviceStatus { Presence = Presence.Sleep, Bd = 1, Boot = default },
        });
        scene.Ticks(201, 400);

        Assert.Equal(alerts, scene.Steps.Count);
    }

    [Fact]
    public void One_that_promised_nothing_may_sleep_for_ever() =>
        Assert.Empty(new Scene().Birth(0, null).Status(10, Presence.Sleep).Ticks(11, 4000).Steps);

    [Theory]
    [InlineData(60, 180)]
    [InlineData(10, 180)]
    [InlineData(120, 360)]
    public void A_device_is_silent_after_three_of_its_own_heartbeats_and_at_least_three_minutes(double periodS, int silentAfterS)
    {
        var scene = new Scene().Birth(0, periodS).Watts(5, 1).Ticks(6, 5 + silentAfterS);
        Assert.Empty(scene.Steps);

        scene.Tick(6 + silentAfterS);
        var step = Assert.Single(scene.Steps);
        Assert.Equal(("silent", Condition.Active, Priority.P2, Scene.At(5)), (step.Rule, step.Condition, step.Priority, step.OnsetMs));
        Assert.Equal("2026-11-20T10:00:05.000Z", step.Evidence["last_heard"]);
    }

    [Fact]
    public void Who_promised_no_heartbeat_is_not_supervised() =>
        Assert.Empty(new Scene().Birth(0, null).Watts(5, 1).Ticks(6, 4000).Steps);

    [Fact]
    public void The_registry_knows_the_heartbeat_better_than_the_device()
    {
        var scene = new Scene(Scene.Lane(periodS: 100)).Birth(0, 1000).Watts(5, 1).Ticks(6, 306);

        Assert.Equal(["306 active P2"], scene.Course);
    }

    [Fact]
    public void A_silent_device_that_speaks_again_clears_after_two_minutes_and_another_silence_is_the_same_alert()
    {
        var scene = new Scene().Birth(0, 60).Watts(5, 1).Ticks(6, 200).Watts(200, 1).Ticks(201, 321);
        Assert.Equal(["186 active P2", "201 recovering P2", "321 cleared P2"], scene.Course);

        scene.Ticks(322, 400);
        Assert.Equal("381 active P2", scene.Course.Last());
        Assert.Single(scene.Steps.Select(step => step.AlertId).Distinct());
        Assert.Equal(1, scene.Steps[^1].FlapCount);
    }

    [Fact]
    public void Offline_is_not_also_silent()
    {
        var scene = new Scene().Birth(0, 60).Status(10, Presence.Offline).Ticks(11, 1000);

        Assert.All(scene.Steps, step => Assert.Equal("offline", step.Rule));
    }

    [Fact]
    public void For_two_minutes_after_our_start_nobody_is_called_offline()
    {
        var scene = new Scene(graceEndsS: 200).Birth(0, null).Status(10, Presence.Offline).Ticks(11, 199);
        Assert.Equal(["11 pending P2"], scene.Course);

        scene.Tick(200);
        Assert.Equal(["11 pending P2", "200 active P2"], scene.Course);
    }

    [Fact]
    public void Our_own_absence_is_nobodys_silence()
    {
        // It speaks every 10 minutes; we were away from 100 s to 3,000 s and cannot have heard it.
        var scene = new Scene().Birth(0, 600).Watts(5, 1).Ticks(6, 100);
        scene.Engine.Started(Scene.At(3000));
        scene.Ticks(3001, 4800);
        Assert.Empty(scene.Steps);

        scene.Tick(4801);
        Assert.Equal(["4801 active P2"], scene.Course);
        Assert.Equal(Scene.At(5), scene.Steps[0].OnsetMs);
    }

    [Fact]
    public void Who_was_silent_before_our_restart_stays_so()
    {
        var scene = new Scene().Birth(0, 60).Watts(5, 1).Ticks(6, 300);
        scene.Engine.Started(Scene.At(310));
        scene.Ticks(311, 1000);

        Assert.Equal(["186 active P2"], scene.Course);
    }

    [Fact]
    public void Children_wait_while_their_gateway_is_offline_and_a_minute_longer()
    {
        var scene = WithGateway().Status(10, Presence.Offline, "child-1").Status(12, Presence.Offline, "gw-1").Ticks(13, 300);
        Assert.Equal(["13 pending P2 lane/child-1", "13 pending P2 lane/gw-1", "102 active P2 lane/gw-1"], scene.Told);

        scene.Status(300, Presence.Online, "gw-1").Ticks(301, 359);
        Assert.DoesNotContain("lane/child-1", scene.Steps.Where(step => step.Condition == Condition.Active).Select(step => step.Asset));
        scene.Tick(360);
        Assert.Equal("360 active P2 lane/child-1", scene.Told.Last());
    }

    [Fact]
    public void Children_wait_while_their_gateway_is_silent_though_they_fell_silent_first()
    {
        var scene = WithGateway().Birth(1, 60, "child-1").Birth(20, 60, "gw-1").Ticks(21, 1000);

        Assert.Equal(["201 active P2 lane/gw-1"], scene.Told.Where(told => told.Contains("active", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_child_is_called_silent_when_its_gateway_speaks()
    {
        var scene = WithGateway().Birth(1, 60, "child-1");
        for (var second = 2; second <= 300; second++)
            scene.Observe(scene.Message(second, "main", Metric.Rssi, -60, device: "gw-1")).Tick(second);

        Assert.Equal(["182 active P2 lane/child-1"], scene.Told);
    }

    [Fact]
    public void A_gateway_that_comes_back_before_its_own_alert_gives_its_children_a_minute_too()
    {
        var scene = WithGateway().Status(10, Presence.Offline, "child-1").Status(10, Presence.Offline, "gw-1").Ticks(11, 95).Status(95, Presence.Online, "gw-1").Ticks(96, 154);
        Assert.DoesNotContain(scene.Steps, step => step.Condition == Condition.Active);

        scene.Tick(155);
        Assert.Equal("155 active P2 lane/child-1", scene.Told.Last());
    }

    [Fact]
    public void An_alert_whose_values_stop_coming_has_no_data_and_is_not_over()
    {
        var scene = new Scene(Scene.Lane(periodS: 60)).Watts(0, 1200).Watts(10, 1200).Ticks(11, 310);
        Assert.DoesNotContain(scene.Steps, step => step.Condition == Condition.NoData);

        scene.Tick(311);
        Assert.Equal("311 nodata P2 lane/shed-1/pile-01/s1", scene.Told.Last());
    }

    [Theory]
    [InlineData(1200, new[] { "400 active P2" })]
    [InlineData(100, new[] { "400 recovering P2" })]
    [InlineData(970, new[] { "400 active P2" })]
    public void When_values_come_again_the_alert_goes_on_where_it_was(double watts, string[] told)
    {
        var scene = new Scene(Scene.Lane(periodS: 60)).Watts(0, 1200).Watts(10, 1200).Ticks(11, 311);
        var before = scene.Steps.Count;
        scene.Watts(400, watts);

        Assert.Equal(told, scene.Course.Skip(before));
        Assert.Equal(0, scene.Steps[^1].FlapCount);
        Assert.Equal(Scene.At(0), scene.Steps[^1].OnsetMs);
    }

    [Fact]
    public void A_circuit_whose_meter_falls_silent_has_no_data_and_goes_on_when_it_speaks_again()
    {
        var scene = new Scene().Birth(0, 60, "meter-1").Amps(0, 30, 10, 24).Ticks(31, 331);
        Assert.Equal("331 nodata P1 lane/c1", scene.Told.Last(told => told.EndsWith("c1", StringComparison.Ordinal)));

        scene.Amps(400, 24);
        Assert.Equal("400 active P1 lane/c1", scene.Told.Last());
    }

    private static Scene WithGateway()
    {
        var scene = new Scene(Scene.Lane(more: [Gateway, Child]));
        // The child first: the order in which devices are judged must not matter.
        return scene.Birth(0, null, "child-1").Birth(0, null, "gw-1");
    }
}

using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Tests.Rules;

/// <summary>A circuit of 20 A. Its breaker may trip from 22.6 A (1.13 In) on; 24 A would trip it after 89 s at the earliest.</summary>
public sealed class CircuitOverloadTests
{
    [Theory]
    [InlineData(22.6, false)]
    [InlineData(22.61, true)]
    public void What_a_breaker_must_hold_for_ever_is_no_trip_and_a_little_more_is_one(double amps, bool alerts)
    {
        var scene = new Scene().Amps(0, 60, 10, amps);

        Assert.Equal(alerts, scene.Course.Contains("30 active P1"));
        Assert.Equal(alerts ? Condition.Active : Condition.Pending, scene.Steps[^1].Condition);
    }

    [Theory]
    [InlineData(89, false)]
    [InlineData(90, true)]
    public void A_trip_is_near_when_its_earliest_moment_is_within_the_time_somebody_needs(double withinS, bool isNear)
    {
        var scene = new Scene(Scene.Lane(ofCircuit: Scene.Set("circuit-overload", "trip_within_s", withinS))).Amps(0, 24);

        Assert.Equal(isNear ? "0 pending P1" : "0 pending P2", scene.Course.Single());
    }

    [Theory]
    [InlineData(29.9, false)]
    [InlineData(30, true)]
    public void A_near_trip_must_last_half_a_minute(double seconds, bool alerts)
    {
        var scene = new Scene().Amps(0, 24).Amps(10, 24).Amps(seconds, 24);

        Assert.Equal(alerts, scene.Course.Contains("30 active P1"));
    }

    [Fact]
    public void Two_samples_are_not_enough_and_three_are()
    {
        var scene = new Scene().Amps(0, 24).Amps(40, 24);
        Assert.Equal(["0 pending P1"], scene.Course);

        scene.Amps(41, 24);
        Assert.Equal(["0 pending P1", "41 active P1"], scene.Course);
    }

    [Theory]
    [InlineData(1.18, null)]
    [InlineData(1.2, "463 active P1")]
    public void From_nine_tenths_of_the_trip_level_it_is_urgent_at_once(double timesRated, string? told)
    {
        // With the prediction held back as long as it can be, the level alone decides: 0.9216 - 0.2816 e^(-t/180) = 0.9 after 462.2 s.
        var scene = new Scene(Scene.Lane(ofCircuit: Scene.Set("circuit-overload", "trip_hold_s", 600))).Amps(0, 599, 1, timesRated * 20);

        Assert.Equal(told, scene.Course.FirstOrDefault(course => course.Contains("active", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(21, 600, false)]
    [InlineData(21.1, 599, false)]
    [InlineData(21.1, 600, true)]
    public void Five_percent_above_the_rating_for_ten_minutes_needs_service(double amps, double untilS, bool alerts)
    {
        var scene = new Scene().Amps(0, untilS - 60, 60, amps).Amps(untilS, amps);

        Assert.Equal(alerts, scene.Course.Contains("600 active P2"));
        Assert.Equal(alerts, scene.Steps.Exists(step => step.Condition == Condition.Active));
    }

    [Theory]
    [InlineData(16, 9780, null)]
    [InlineData(16.1, 9660, null)]
    [InlineData(16.1, 9720, "9720 active P3")]
    [InlineData(18, 9720, "9720 active P3")]
    [InlineData(18.1, 9720, "9720 active P2")]
    public void A_load_near_the_rating_for_hours_is_told_once_nine_tenths_of_them_were_seen(double amps, double untilS, string? told)
    {
        var scene = new Scene().Amps(0, untilS, 60, amps);

        Assert.Equal(told, scene.Course.FirstOrDefault());
    }

    [Fact]
    public void Without_a_registered_rating_nothing_is_computed_and_the_circuit_says_so()
    {
        var scene = new Scene(Scene.Lane(ratedA: null)).Amps(0, 12_000, 60, 500);

        Assert.Empty(scene.Steps);
        var circuit = Assert.Single(scene.Engine.Circuits);
        Assert.Equal(("lane/c1", 500.0), (circuit.Path, circuit.Amps[0]));
        Assert.Null(circuit.RatedA);
        Assert.Null(circuit.Trip);
        Assert.Equal(0, circuit.Level);
    }

    [Fact]
    public void A_circuit_that_is_heavily_loaded_tells_when_it_is_expected_to_trip()
    {
        // 2 In: the quickest breaker has tripped after 30 s; the slowest does 135 s later: 360 ln((1.9025 - 0.5897) / 0.9025).
        var step = new Scene().Amps(0, 30, 10, 40).Steps[^1];

        Assert.Equal(Condition.Active, step.Condition);
        Assert.Equal(0.0, step.Evidence["trip_from_s"]);
        Assert.Equal(135.0, step.Evidence["trip_to_s"]);
        Assert.Contains("电流 40.0 A，为额定 20 A 的 200%，预计跳闸：3 分钟内", step.Text.Zh, StringComparison.Ordinal);
        Assert.Contains("40.0 A, 200 % of the rated 20 A, trip expected within 3 minutes", step.Text.En, StringComparison.Ordinal);
        Assert.Equal(("lane/c1", null, null), (step.Asset, step.Device, step.Channel));
    }

    [Theory]
    [InlineData(240.0, 2400.0, "in 4 to 40 minutes", "4 到 40 分钟后")]
    [InlineData(60.0, 61.0, "in 1 to 2 minutes", "1 到 2 分钟后")]
    [InlineData(59.0, 61.0, "within 2 minutes", "2 分钟内")]
    [InlineData(0.0, 0.0, "within 1 minute", "1 分钟内")]
    [InlineData(60.0, null, "in 1 minute at the earliest, possibly not at all", "最快 1 分钟后，也可能不跳")]
    [InlineData(59.0, null, "within a minute at the earliest, possibly not at all", "最快 1 分钟内，也可能不跳")]
    [InlineData(899.0, null, "in 14 minutes at the earliest, possibly not at all", "最快 14 分钟后，也可能不跳")]
    public void The_band_is_told_in_whole_minutes_that_contain_it(double fromS, double? toS, string en, string zh)
    {
        var text = CircuitOverload.What(new PhaseReport(null, 24, 0.8, new TripBand(fromS, toS), null, null), 20);

        Assert.EndsWith(", trip expected " + en, text.En, StringComparison.Ordinal);
        Assert.EndsWith("，预计跳闸：" + zh, text.Zh, StringComparison.Ordinal);
    }

    [Fact]
    public void The_worst_phase_is_named()
    {
        var scene = new Scene(Scene.Lane(phases: 3));
        foreach (var second in new[] { 0, 10, 20, 30 })
            scene.Amps(second, 5, "l1").Amps(second, 24, "l2").Amps(second, 5, "l3");

        var step = Assert.Single(scene.Steps, step => step.Condition == Condition.Active);
        Assert.Equal(2, step.Evidence["phase"]);
        Assert.Contains("L2 相电流 24.0 A", step.Text.Zh, StringComparison.Ordinal);
        Assert.Contains("24.0 A on phase L2, 120 %", step.Text.En, StringComparison.Ordinal);
        Assert.Equal([5, 24, 5], scene.Engine.Circuits.Single().Amps);
    }

    [Fact]
    public void Three_phases_are_one_alert_and_it_ends_when_the_last_of_them_is_quiet()
    {
        var scene = new Scene(Scene.Lane(phases: 3));
        foreach (var second in new[] { 0, 10, 20, 30 })
            scene.Amps(second, 24, "l1").Amps(second, 24, "l2");
        for (var second = 40; second <= 100; second += 10)
            scene.Amps(second, 0, "l1").Amps(second, 24, "l2");
        Assert.Equal(["0 pending P1", "30 active P1"], scene.Course);

        // L1 was quiet long ago; L2 must be for a minute, and not above the rating for two.
        for (var second = 110; second <= 240; second += 10)
            scene.Amps(second, 0, "l1").Amps(second, 0, "l2");
        Assert.Equal(["0 pending P1", "30 active P1", "110 recovering P1", "170 cleared P1"], scene.Course);
    }

    [Fact]
    public void A_circuit_without_a_meter_carries_the_sum_of_its_sockets()
    {
        var scene = new Scene(Scene.Lane(metered: false, socketRatedW: 7000));
        foreach (var second in new[] { 0, 10, 20, 30 })
            scene.Watts(second, 2640, "s1").Watts(second, 2640, "s2");

        // 12 A and 12 A; at 0 s the second socket has not spoken when the first has.
        Assert.Equal(["0 pending P1", "30 active P1"], scene.Course);
        Assert.Equal(("w/v", 24.0), (scene.Steps[^1].Evidence["current_from"], scene.Steps[^1].Evidence["a"]));
    }

    [Fact]
    public void A_circuit_above_carries_what_the_circuits_below_it_carry()
    {
        var below = new Circuit { Id = "c2", Name = new LocalText("二层", "Upper"), Kind = CircuitKind.Charging, RatedA = 40, Parent = "c1" };
        var pile = new DeviceEntry { Id = "pile-02", Name = new LocalText("2 号桩", "Pile 2"), Kind = DeviceKind.Pile, Circuit = "c2", Sockets = 1, SocketRatedW = 7000 };
        var scene = new Scene(Scene.Lane(metered: false, more: [pile], below: [below], socketRatedW: 7000));
        foreach (var second in new[] { 0, 10, 20, 30 })
            scene.Observe(scene.Message(second, "s1", Metric.A, 14, device: "pile-02")).Watts(second, 2200);

        Assert.Contains("30 active P1 lane/c1", scene.Told);
        Assert.Equal([24, 14], scene.Engine.Circuits.Select(circuit => circuit.Amps[0]));
    }

    [Fact]
    public void Who_fell_silent_may_still_draw_what_it_drew_so_nothing_clears()
    {
        var scene = new Scene(Scene.Lane(metered: false, socketRatedW: 7000, periodS: 10));
        foreach (var second in new[] { 0, 10, 20, 30 })
            scene.Watts(second, 2640, "s1").Watts(second, 2640, "s2");

        for (var second = 61; second <= 400; second += 10)
            scene.Watts(second, 0, "s1");
        Assert.Equal(["0 pending P1", "30 active P1"], scene.Course);

        for (var second = 401; second <= 600; second += 10)
            scene.Watts(second, 0, "s1").Watts(second, 0, "s2");
        Assert.Equal("cleared", scene.Course.Last().Split(' ')[1]);
    }

    [Fact]
    public void What_was_last_said_before_the_gap_raises_nothing()
    {
        var pile = new DeviceEntry { Id = "pile-02", Name = new LocalText("2 号桩", "Pile 2"), Kind = DeviceKind.Pile, Circuit = "c1", Sockets = 1, SocketRatedW = 7000, PeriodS = 10 };
        var scene = new Scene(Scene.Lane(ratedA: 16, metered: false, more: [pile], socketRatedW: 7000, periodS: 10));
        for (var second = 0; second <= 400; second += 10)
        {
            if (second <= 100)
                scene.Watts(second, 2200);
            scene.Observe(scene.Message(second, "s1", Metric.A, second < 140 ? 0 : 9.5, device: "pile-02"));
        }

        Assert.Empty(scene.Steps);
        Assert.Equal(9.5, scene.Engine.Circuits.Single().Amps[0]);
    }

    [Fact]
    public void A_batch_is_judged_at_each_of_its_instants()
    {
        var scene = new Scene();
        var message = scene.Message(0, "main", Metric.A, 24, device: "meter-1", receivedS: 200);
        for (var second = 10; second <= 200; second += 10)
            Scene.Add(message, second, "main", Metric.A, second <= 40 ? 24 : 1);
        scene.Observe(message);

        Assert.Equal(["0 pending P1", "30 active P1", "50 recovering P1", "110 cleared P1"], scene.Course);
    }

    [Fact]
    public void What_was_buffered_while_others_went_on_is_no_present_load()
    {
        var pile = new DeviceEntry { Id = "pile-02", Name = new LocalText("2 号桩", "Pile 2"), Kind = DeviceKind.Pile, Circuit = "c1", Sockets = 1, SocketRatedW = 7000 };
        var scene = new Scene(Scene.Lane(metered: false, more: [pile]));
        scene.Observe(scene.Message(0, "s1", Metric.A, 0, device: "pile-02"));
        for (var second = 0; second <= 600; second += 10)
            scene.Watts(second, 220);
        for (var second = 100; second <= 140; second += 10)
            scene.Observe(scene.Message(second, "s1", Metric.A, 30, device: "pile-02", kind: MessageKind.Hist, receivedS: 601));
        scene.Watts(610, 220);

        Assert.Empty(scene.Steps);
        Assert.Equal(1, scene.Engine.Circuits.Single().Amps[0]);
    }

    [Fact]
    public void Who_is_a_minute_slow_counts_all_the_same_up_and_down()
    {
        var pile = new DeviceEntry { Id = "pile-02", Name = new LocalText("2 号桩", "Pile 2"), Kind = DeviceKind.Pile, Circuit = "c1", Sockets = 1, SocketRatedW = 7000 };
        var scene = new Scene(Scene.Lane(metered: false, more: [pile]));
        for (var second = 0; second <= 600; second += 10)
        {
            scene.Watts(second, 220);
            scene.Observe(scene.Message(second - 60, "s1", Metric.A, second is >= 100 and < 300 ? 30 : 1, device: "pile-02", receivedS: second));
        }

        Assert.Equal(["pending", "active", "recovering", "cleared"], scene.Course.Select(told => told.Split(' ')[1]));
        Assert.Equal(2, scene.Engine.Circuits.Single().Amps[0]);
    }

    [Fact]
    public void An_older_word_of_a_slow_contributor_does_not_stand_after_its_newer_one()
    {
        var pile = new DeviceEntry { Id = "pile-02", Name = new LocalText("2 号桩", "Pile 2"), Kind = DeviceKind.Pile, Circuit = "c1", Sockets = 1, SocketRatedW = 7000 };
        var scene = new Scene(Scene.Lane(metered: false, more: [pile]));
        scene.Observe(scene.Message(20, "s1", Metric.A, 5, device: "pile-02"));
        for (var second = 0; second <= 100; second += 10)
            scene.Watts(second, 220);
        scene.Observe(scene.Message(10, "s1", Metric.A, 25, device: "pile-02", receivedS: 100, kind: MessageKind.Hist)).Watts(110, 220);

        Assert.Equal(6, scene.Engine.Circuits.Single().Amps[0]);
    }

    [Theory]
    [InlineData(30, true)]
    [InlineData(31, false)]
    public void The_gap_of_a_circuit_is_that_of_its_meter_as_soon_as_it_said_how_often_it_speaks(double seconds, bool alerts)
    {
        var facility = Scene.Lane(ofCircuit: Scene.Set("circuit-overload", "over_hold_s", 30));
        var scene = new Scene(facility).Amps(0, 21.5).Birth(0, 10, "meter-1").Amps(seconds, 21.5);

        Assert.Equal(alerts, scene.Steps.Exists(step => step.Condition == Condition.Active));
    }

    [Theory]
    [InlineData(19.95, false)]
    [InlineData(19.94, true)]
    public void It_recovers_only_five_percent_below_the_limit(double amps, bool recovers)
    {
        var scene = new Scene().Amps(0, 600, 60, 21.1).Amps(610, amps);

        Assert.Equal(recovers, scene.Course.Contains("610 recovering P2"));
    }

    [Fact]
    public void Energy_alone_gives_a_current_and_a_counter_that_fell_gives_none()
    {
        var scene = new Scene(Scene.Lane(metered: false, socketRatedW: 7000));
        foreach (var (second, wh) in new[] { (0, 100.0), (36, 122.0), (72, 3.0), (108, 25.0) })
        {
            scene.Observe(scene.Message(second, "s1", Metric.Wh, wh));
            if (second is 36 or 108)
                Assert.Equal(10, scene.Engine.Circuits.Single().Amps[0], 6);
        }

        Assert.Equal(10, scene.Engine.Circuits.Single().Amps[0], 6);
    }
}

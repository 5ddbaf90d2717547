using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Tests.Rules;

public sealed class SocketOverloadTests
{
    [Theory]
    [InlineData(1000, false)]
    [InlineData(1000.5, true)]
    public void A_socket_nobody_rated_may_deliver_1000_W_and_no_more(double watts, bool alerts)
    {
        var scene = new Scene().Watts(0, watts).Watts(10, watts);

        Assert.Equal(alerts, scene.Course.Contains("10 active P2"));
    }

    [Theory]
    [InlineData(9.999, false)]
    [InlineData(10, true)]
    public void It_must_last_ten_seconds(double seconds, bool alerts)
    {
        var scene = new Scene().Watts(0, 1200).Watts(seconds, 1200);

        Assert.Equal(alerts ? ["0 pending P2", "10 active P2"] : ["0 pending P2"], scene.Course);
    }

    [Theory]
    [InlineData(Dialect.Tasmota, 300, true)]
    [InlineData(Dialect.Tasmota, 901, false)]
    [InlineData(Dialect.Zigbee2Mqtt, 3600, true)]
    [InlineData(Dialect.Zigbee2Mqtt, 3601, false)]
    public void A_plug_that_speaks_as_seldom_as_its_maker_chose_is_judged_all_the_same(Dialect dialect, double everyS, bool alerts)
    {
        var plug = new DeviceEntry { Id = "plug-1", Name = new LocalText("插座", "Plug"), Kind = DeviceKind.Plug, Sockets = 1, Foreign = new DeviceId(dialect, null, "plug-1") };
        var scene = new Scene(Scene.Lane(more: [plug]));
        for (var sample = 0; sample < 2; sample++)
        {
            var message = scene.Message(sample * everyS, "s1", Metric.W, 1200);
            message.Device = scene.Devices.Resolve(dialect, default, "plug-1"u8);
            scene.Observe(message);
        }

        Assert.Equal(alerts, scene.Course.Any(told => told.Contains("active", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(2, 3, "20 active P2")]
    [InlineData(3, 3, "20 active P2")]
    [InlineData(4, 3, null)]
    [InlineData(1, 1, "0 active P2")]
    public void It_must_be_seen_often_enough(int samples, int sent, string? active)
    {
        // Without a hold only the number of samples decides.
        var rules = Scene.Set("socket-overload", "samples", samples);
        if (samples != 2)
            rules = new RuleSettings(new Dictionary<string, IReadOnlyDictionary<string, double>> { ["socket-overload"] = new Dictionary<string, double> { ["samples"] = samples, ["hold_s"] = samples == 1 ? 0 : 10 } });
        var scene = new Scene(Scene.Lane(everywhere: rules));
        for (var sample = 0; sample < sent; sample++)
            scene.Watts(sample * (samples == 2 ? 20 : 10), 1200);

        Assert.Equal(active, scene.Course.FirstOrDefault(told => told.Contains("active", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(1249.9, "10 active P2")]
    [InlineData(1250, "10 active P1")]
    public void From_a_quarter_above_the_limit_it_is_urgent(double watts, string told)
    {
        var scene = new Scene().Watts(0, watts).Watts(10, watts);

        Assert.Equal(told, scene.Course.Last());
    }

    [Fact]
    public void A_single_wild_reading_is_no_overload()
    {
        var scene = new Scene().Watts(0, 300).Watts(5, 3600).Watts(10, 300).Watts(15, 3600).Watts(20, 300);

        Assert.DoesNotContain(scene.Course, told => told.Contains("active", StringComparison.Ordinal));
    }

    [Fact]
    public void A_gap_of_more_than_three_periods_neither_counts_nor_starts_anew()
    {
        // The device promised to speak every 10 s: 30 s are no gap, 31 s are one.
        var scene = new Scene(Scene.Lane(periodS: 10)).Watts(0, 1200).Watts(4, 1200).Watts(35, 1200);
        Assert.Equal(["0 pending P2"], scene.Course);

        // 4 s before the gap and 6 s after it make ten.
        scene.Watts(40, 1200);
        Assert.Equal(["0 pending P2"], scene.Course);
        scene.Watts(41, 1200);
        Assert.Equal(["0 pending P2", "41 active P2"], scene.Course);
    }

    [Fact]
    public void Three_periods_are_no_gap()
    {
        var scene = new Scene(Scene.Lane(periodS: 10)).Watts(0, 1200).Watts(30, 1200);

        Assert.Equal(["0 pending P2", "30 active P2"], scene.Course);
    }

    [Theory]
    [InlineData(950, false)]
    [InlineData(949, true)]
    public void It_recovers_only_five_percent_below_the_limit(double watts, bool recovers)
    {
        var scene = new Scene().Watts(0, 1200).Watts(10, 1200).Watts(20, watts);

        Assert.Equal(recovers, scene.Course.Contains("20 recovering P2"));
    }

    [Theory]
    [InlineData(139.9, false)]
    [InlineData(140, true)]
    public void It_clears_after_two_quiet_minutes(double seconds, bool clears)
    {
        var scene = new Scene().Watts(0, 1200).Watts(10, 1200).Watts(20, 100).Watts(80, 100).Watts(seconds, 100);

        Assert.Equal(clears, scene.Course.Contains("140 cleared P2"));
    }

    [Fact]
    public void Between_limit_and_clear_level_an_alert_stays_and_a_breach_that_was_not_yet_one_ends()
    {
        var active = new Scene().Watts(0, 1200).Watts(10, 1200).Watts(20, 100).Watts(80, 970).Watts(139, 100).Watts(150, 100);
        Assert.Equal(["0 pending P2", "10 active P2", "20 recovering P2", "80 active P2", "139 recovering P2"], active.Course);

        var pending = new Scene().Watts(0, 1200).Watts(5, 970).Watts(10, 1200);
        Assert.Equal(["0 pending P2", "5 cleared P2", "10 pending P2"], pending.Course);
    }

    [Fact]
    public void It_rises_to_urgent_and_falls_back_a_minute_after()
    {
        var scene = new Scene().Watts(0, 1100).Watts(10, 1100).Watts(20, 1300).Watts(30, 1300).Watts(40, 1100).Watts(99, 1100).Watts(100, 1100);

        Assert.Equal(["0 pending P2", "10 active P2", "30 active P1", "100 active P2"], scene.Course);
        Assert.Single(scene.Steps.Select(step => step.AlertId).Distinct());
    }

    public static TheoryData<string, double> Limits => new()
    {
        { "rule", 1000 }, { "everywhere", 600 }, { "site", 700 }, { "circuit", 750 }, { "rated", 800 }, { "device", 900 },
    };

    [Theory]
    [MemberData(nameof(Limits))]
    public void The_narrowest_limit_holds(string narrowest, double limit)
    {
        var order = Limits.Select(row => (string)row[0]).ToList();
        var upTo = order.IndexOf(narrowest);
        RuleSettings? Own(string level) => order.IndexOf(level) <= upTo ? Scene.Set("socket-overload", "limit_w", (double)Limits.Single(row => (string)row[0] == level)[1]) : null;
        var facility = Scene.Lane(
            everywhere: Own("everywhere"), ofSite: Own("site"), ofCircuit: Own("circuit"), socketRatedW: upTo >= 4 ? 800 : null, ofDevice: Own("device"));

        Assert.Empty(new Scene(facility).Watts(0, limit).Watts(10, limit).Steps);
        Assert.Contains("10 active P2", new Scene(facility).Watts(0, limit + 1).Watts(10, limit + 1).Course);
    }

    [Theory]
    [InlineData(9.9, 1000)]
    [InlineData(double.NaN, 1000)]
    [InlineData(7801, 1000)]
    [InlineData(10, 10)]
    [InlineData(7800, 7800)]
    public void A_limit_outside_its_range_never_holds(double configured, double holds)
    {
        var facility = Scene.Lane(everywhere: Scene.Set("socket-overload", "limit_w", configured));

        Assert.Empty(new Scene(facility).Watts(0, holds).Watts(10, holds).Steps);
        Assert.NotEmpty(new Scene(facility).Watts(0, holds + 1).Watts(10, holds + 1).Steps);
    }

    [Theory]
    [InlineData(Quality.Good, true)]
    [InlineData(Quality.Clock, true)]
    [InlineData(Quality.Stale, false)]
    [InlineData(Quality.Suspect, false)]
    [InlineData(Quality.Bad, false)]
    public void Only_what_can_be_believed_is_judged(Quality quality, bool alerts)
    {
        var raised = new Scene().Watts(0, 1200, quality: quality).Watts(10, 1200, quality: quality);
        Assert.Equal(alerts, raised.Steps.Count > 0);

        var cleared = new Scene().Watts(0, 1200).Watts(10, 1200).Watts(20, 0, quality: quality);
        Assert.Equal(alerts, cleared.Course.Contains("20 recovering P2"));
    }

    [Fact]
    public void What_our_clock_placed_counts_only_while_it_is_live()
    {
        var scene = new Scene()
            .Watts(0, 1200, quality: Quality.Clock, kind: MessageKind.Hist).Watts(10, 1200, quality: Quality.Clock, kind: MessageKind.Hist);

        Assert.Empty(scene.Steps);
    }

    [Theory]
    [InlineData(5.0, 220.0, "v*a", true)]
    [InlineData(4.5, 220.0, null, false)]
    [InlineData(5.0, null, "220*a", true)]
    [InlineData(5.0, 0.0, "220*a", true)]
    [InlineData(5.0, 50.0, "220*a", true)]
    public void Where_only_current_is_told_power_is_computed_and_the_alert_says_so(double amps, double? volts, string? from, bool alerts)
    {
        var scene = new Scene();
        foreach (var second in new[] { 0, 10 })
        {
            var message = scene.Message(second, "s1", Metric.A, amps);
            if (volts is { } v)
                message.Readings.AddValue(Metric.V, v);
            scene.Observe(message);
        }

        Assert.Equal(alerts, scene.Steps.Count > 0);
        if (alerts)
            Assert.Equal((1100.0, from), (scene.Steps[^1].Evidence["w"], scene.Steps[^1].Evidence["w_from"]));
    }

    [Fact]
    public void Measured_power_goes_before_voltage_times_current()
    {
        var scene = new Scene();
        foreach (var second in new[] { 0, 10 })
        {
            var message = scene.Message(second, "s1", Metric.W, 900);
            message.Readings.AddValue(Metric.A, 6);
            scene.Observe(message);
        }

        Assert.Empty(scene.Steps);
    }

    [Theory]
    [InlineData("s1", true)]
    [InlineData("k3", true)]
    [InlineData("main", false)]
    [InlineData("l1", false)]
    public void Sockets_and_slots_are_judged_and_a_whole_pile_is_not(string channel, bool alerts)
    {
        var scene = new Scene().Watts(0, 1200, channel).Watts(10, 1200, channel);

        Assert.Equal(alerts, scene.Steps.Count > 0);
    }

    [Fact]
    public void A_plug_is_one_socket()
    {
        var plug = new DeviceEntry { Id = "plug-1", Name = new LocalText("插座", "Plug"), Kind = DeviceKind.Plug };
        var scene = new Scene(Scene.Lane(more: [plug]));
        scene.Observe(scene.Message(0, "main", Metric.W, 1200, device: "plug-1")).Observe(scene.Message(10, "main", Metric.W, 1200, device: "plug-1"));

        Assert.Equal(["0 pending P2 lane/plug-1", "10 active P2 lane/plug-1"], scene.Told);
        Assert.Null(scene.Steps[1].Channel);
    }

    [Fact]
    public void A_device_nobody_registered_is_watched_with_the_defaults()
    {
        var scene = new Scene();
        scene.Observe(scene.Message(0, "s2", Metric.W, 1300, device: "newcomer")).Observe(scene.Message(10, "s2", Metric.W, 1300, device: "newcomer"));

        Assert.Equal(["0 pending P1 lane/newcomer/s2", "10 active P1 lane/newcomer/s2"], scene.Told);
    }

    [Fact]
    public void Two_sockets_are_two_alerts()
    {
        var scene = new Scene().Watts(0, 1200).Watts(0, 1200, "s2").Watts(10, 1200).Watts(10, 1200, "s2");

        Assert.Equal(2, scene.Steps.Where(step => step.Condition == FacilityMonitor.Alerts.Condition.Active).Select(step => step.AlertId).Distinct().Count());
    }
}

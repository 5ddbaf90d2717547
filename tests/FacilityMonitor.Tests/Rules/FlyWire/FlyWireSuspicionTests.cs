using FacilityMonitor.Registry;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Tests.Rules.FlyWire;

public sealed class FlyWireSuspicionTests
{
    /// <summary>2026-11-20, 21:00 in Shanghai.</summary>
    private const long EveningMs = 1_795_179_600_000;
    private const double Evening = EveningMs / 60_000.0;

    private static readonly double Prior = Math.Log(0.01 / 0.99);

    [Fact]
    public void The_odds_are_what_they_were_times_the_curve_times_the_night_times_the_bike()
    {
        var (plain, withBike) = (new FlyWireState(), new FlyWireState());
        Charge(ref plain, Limits, 60, 45);
        withBike.Bikes.Watch(Evening);
        withBike.Bikes.Came(Evening + 48);
        Charge(ref withBike, Limits, 60, 45);

        var curve = plain.Signature.Candidates[0].Nats;
        Assert.InRange(curve, 3, 15);
        Assert.Equal(0.01 / 0.99 * 1.6 * Math.Exp(curve), Odds(plain), 1e-4 * Odds(plain));
        // Four bikes in 3.042 days, three of each imagined, are 1.315 a day: by chance 1 − e^(−3·1.315·30/1440) = 0.0789, so (0.3 + 0.7·0.0789)/0.0789 = 4.50 times.
        Assert.Equal(4.50, Odds(withBike) / Odds(plain), 1e-2 * 4.50);
        Assert.Equal(12, withBike.Signs[0].BikeMin, 3);
    }

    [Fact]
    public void Terminals_that_grow_warm_count_from_5_K_and_make_it_urgent()
    {
        var (warm, hardly) = (new FlyWireState(), new FlyWireState());
        Warm(ref warm, 27);
        Warm(ref hardly, 26);

        // (0.2 + 0.8·0.07)/0.07
        Assert.Equal(3.657, Math.Exp(warm.Signs[0].HeatNats), 2);
        Assert.Equal(0, hardly.Signs[0].HeatNats);
        Assert.Equal(FacilityMonitor.Alerts.Priority.P1, FlyWireSuspicion.Judge(warm, Limits).Priority);
        Assert.Equal(FacilityMonitor.Alerts.Priority.P2, FlyWireSuspicion.Judge(hardly, Limits).Priority);

        static void Warm(ref FlyWireState state, double celsius)
        {
            state.Warmth.Take(Evening, 22);
            Charge(ref state, Limits, 60, 30);
            state.Warmth.Take(Evening + 90, celsius);
            Charge(ref state, Limits, 60, 45, from: 90);
        }
    }

    [Fact]
    public void An_undecided_night_raises_the_next_and_one_that_was_told_or_expected_does_not()
    {
        var (undecided, told, expected) = (new FlyWireState(), new FlyWireState(), new FlyWireState());
        var unsure = Limits with { Least = 0.999_999 };
        Charge(ref undecided, unsure, 60, 45);
        var believed = undecided.Signs[0].Probability;
        Charge(ref told, Limits, 60, 45);
        var known = Limits with { Least = 0.999_999, Expected = [new ExpectedCharger(new LocalText("保洁车", "Cart"), 150, 0, 24)] };
        Charge(ref expected, known, 60, 45);
        Next(ref undecided, unsure);
        Next(ref told, unsure);
        Next(ref expected, known);

        Assert.InRange(believed, 0.9, 0.999_999);
        Assert.Equal(1 + (believed * Math.Pow(0.5, 1 / 7.0)), Math.Exp(Last(undecided).NightsNats), 2);
        Assert.Equal(0, Last(told).NightsNats);
        Assert.Equal(0, Last(expected).NightsNats);

        static void Next(ref FlyWireState state, FlyWireLimits limits)
        {
            Idle(ref state, limits, 105, 60);
            Charge(ref state, limits, 60 + 1440, 45, from: 1440);
        }
    }

    [Fact]
    public void A_lamp_is_never_suspected_whatever_stands_beside_it()
    {
        var state = new FlyWireState();
        var eager = Limits with { PriorNats = 0, BikeShare = 0.95, HeatShare = 0.95 };
        for (var minute = 0; minute < 240; minute++)
        {
            if (minute % 40 == 20)
                state.Bikes.Came(Evening + minute);
            if (minute == 70)
                state.Warmth.Take(Evening + minute, 40);
            if (minute == 0)
                state.Warmth.Take(Evening, 22);
            FlyWireSuspicion.Take(ref state, EveningMs + (minute * 60_000L), minute < 60 ? 20 : 170, 1, eager);
        }

        Assert.True(Last(state).BikeNats > 0 && Last(state).HeatNats > 0 && Last(state).Probability > 0.9);
        Assert.Equal(0, state.SuspectMin);
    }

    [Fact]
    public void A_load_that_is_only_sure_when_it_draws_nothing_any_more_wakes_nobody()
    {
        var (drawing, after) = (0.0, 0.0);
        Taper(Limits with { Least = 1 }, (in FlyWireState state) =>
        {
            for (var place = 0; place < ChargerSignature.TracesMax; place++)
            {
                var trace = state.Signature.Candidates[place];
                if (trace.IsOn && trace.LastW > 0.1 * trace.StepW)
                    drawing = Math.Max(drawing, state.Signs[place].Probability);
                else if (trace.IsOn)
                    after = Math.Max(after, state.Signs[place].Probability);
            }
        });

        // Between the two: sure enough at last, and too late.
        Assert.True(after > drawing);
        Assert.False(Told((drawing + after) / 2));
        Assert.True(Told(drawing - 0.001));

        static bool Told(double least)
        {
            var told = false;
            Taper(Limits with { Least = least }, (in FlyWireState state) => told |= state.SuspectMin != 0);
            return told;
        }

        static void Taper(FlyWireLimits limits, Look look)
        {
            var state = new FlyWireState();
            for (var minute = 0; minute < 304; minute += 8)
            {
                var watts = 20 + (minute < 60 ? 0 : minute < 180 ? 107 : Math.Max(4, 107 * Math.Exp(-(minute - 180) / 18.0)));
                FlyWireSuspicion.Take(ref state, EveningMs + (minute * 60_000L), Math.Round(watts, 1), 1, limits);
                look(state);
            }
        }
    }

    private delegate void Look(in FlyWireState state);

    [Theory]
    [InlineData(1, 0.1, 60)]
    [InlineData(1, 1, 60)]
    [InlineData(5, 0.1, 300)]
    public void The_evidence_says_what_resolution_it_had(int everyMin, double stepW, int seconds)
    {
        var state = new FlyWireState();
        for (var minute = 0; minute < 240; minute += everyMin)
            FlyWireSuspicion.Take(ref state, EveningMs + (minute * 60_000L), Math.Round((minute < 60 ? 20 : 270 + (0.23 * (minute - 60))) / stepW) * stepW, 1, Limits);

        var evidence = Evidence(state);

        // Learned as a running mean.
        Assert.Equal(seconds, (double)evidence["interval_s"], 0.02 * seconds);
        Assert.Equal(stepW, evidence["meter_step_w"]);
        Assert.Equal(Math.Round(state.Signature.SigmaW, 2), evidence["noise_w"]);
        // A meter in whole watts scatters by q/√12 at least.
        Assert.True((double)evidence["noise_w"] >= Math.Round(0.29 * stepW, 2));
        Assert.InRange((double)evidence["p"], 0.9, 1);
    }

    [Fact]
    public void A_meter_in_tens_of_watts_is_known_as_such_and_scatters_by_its_rounding()
    {
        var (state, dice) = (new FlyWireState(), new FacilityMonitor.Evaluation.Dice(7));
        for (var minute = 0; minute < 480; minute++)
        {
            // Some hours of lamps, and then a charger whose climb is hardly more than a step.
            var watts = minute < 240 ? 60 + (30 * dice.Normal()) : 240 + (0.07 * (minute - 240)) + (2 * dice.Normal());
            FlyWireSuspicion.Take(ref state, EveningMs + (minute * 60_000L), Math.Round(watts / 10) * 10, 1, Limits);
        }

        var evidence = Evidence(state);
        Assert.Equal(10.0, evidence["meter_step_w"]);
        Assert.True((double)evidence["noise_w"] >= 2.88, $"{evidence["noise_w"]}");
    }

    [Fact]
    public void The_evidence_has_every_number_of_the_charge_and_the_points_of_its_curve()
    {
        var state = new FlyWireState();
        Charge(ref state, Limits, 60, 120);

        var evidence = Evidence(state);

        Assert.Equal(150, (double)evidence["level_w"], 1.0);
        Assert.Equal(115, (double)evidence["minutes"], 6.0);
        // 0.04 W a minute of 150 W.
        Assert.Equal(0.027, (double)evidence["climb_pct_min"], 3);
        Assert.InRange((double)evidence["fit_error_pct"], 0, 0.1);
        Assert.Equal(22.0, (double)evidence["hour"], 0.1);
        Assert.Equal(0.0, evidence["fallen_pct"]);
        var points = evidence["curve"].ToString()!.Split(' ').Select(point => point.Split(':')).ToList();
        Assert.True(points.Count >= 20, $"{points.Count} points");
        Assert.All(points, point => Assert.InRange(double.Parse(point[1], System.Globalization.CultureInfo.InvariantCulture), 148, 157));
    }

    [Fact]
    public void A_load_that_is_registered_while_it_is_suspected_is_suspected_no_more_and_grows_no_more_urgent()
    {
        var state = new FlyWireState();
        Charge(ref state, Limits, 60, 45);
        Assert.Equal(FacilityMonitor.Alerts.Condition.Active, FlyWireSuspicion.Judge(state, Limits).Condition);
        var known = Limits with { Expected = [new ExpectedCharger(new LocalText("保洁车", "Cart"), 150, 0, 24)] };

        Charge(ref state, known, 60, 46, from: 105);

        Assert.Equal(FacilityMonitor.Alerts.Condition.Normal, FlyWireSuspicion.Judge(state, known).Condition);
        Assert.Contains("registered there", FlyWireSuspicion.Explain(state, known, [], new LocalText("楼道", "the stairs")).En, StringComparison.Ordinal);
        // It carries more than its breaker is rated for: that is another rule's matter now.
        for (var minute = 106; minute < 130; minute++)
            FlyWireSuspicion.Take(ref state, EveningMs + (minute * 60_000L), 172, 2, known);
        Assert.Equal(FacilityMonitor.Alerts.Condition.Normal, FlyWireSuspicion.Judge(state, known).Condition);
    }

    /// <summary>Sockets tell what they draw a little later than the feeder does, and the last minutes are judged anew with it: what was likely for a moment wakes nobody.</summary>
    [Fact]
    public void Where_meters_are_compared_it_is_suspected_when_it_has_been_likely_for_two_minutes()
    {
        Assert.Equal(FirstOn(new Beside(300, 0, 0)) + 2, FirstOn(new Beside(300, 0, 0.1)));

        static int FirstOn(Beside beside)
        {
            var state = new FlyWireState();
            for (var minute = 0; minute < 150; minute++)
            {
                FlyWireSuspicion.Take(ref state, EveningMs + (minute * 60_000L), minute < 60 ? 20 : Math.Round((170 + (0.04 * (minute - 60))) * 10) / 10, 1, Limits, beside);
                if (FlyWireSuspicion.Judge(state, Limits).Condition == FacilityMonitor.Alerts.Condition.Active)
                    return minute;
            }

            return -1;
        }
    }

    [Fact]
    public void When_it_is_over_the_evidence_is_of_the_whole_charge_with_its_taper()
    {
        var state = new FlyWireState();
        Charge(ref state, Limits, 60, 90);
        Assert.Equal(FacilityMonitor.Alerts.Condition.Active, FlyWireSuspicion.Judge(state, Limits).Condition);
        for (var minute = 150; minute < 330; minute++)
            FlyWireSuspicion.Take(ref state, EveningMs + (minute * 60_000L), Math.Round((20 + Math.Max(4, 153.6 * Math.Exp(-(minute - 150) / 40.0))) * 10) / 10, 1, Limits);
        Idle(ref state, Limits, 330, 40);

        Assert.Equal(0, state.SuspectMin);
        var evidence = Evidence(state);
        Assert.InRange((double)evidence["fallen_pct"], 85, 102);
        // On from minute 60 to 330; that four watts are gone is seen a little later.
        Assert.InRange((double)evidence["minutes"], 265, 310);
        Assert.InRange((double)evidence["energy_wh"], 280, 370);
        Assert.True((double)evidence["nats_taper"] > 4, $"{evidence["nats_taper"]}");
    }

    /// <summary>What else is switched on the line, and stays for hours, makes several loads of one charge: each is seen from another floor.</summary>
    [Fact]
    public void Of_150_charges_among_other_loads_hardly_one_is_suspected_a_second_time()
    {
        var (found, lingered, again) = (0, 0, new List<int>());
        for (var seed = 0; seed < 150; seed++)
        {
            var random = new Random(seed);
            double Between(double least, double most) => least + ((most - least) * random.NextDouble());
            var others = Enumerable.Range(0, 4).Select(_ => (From: Between(0, 400), For: Between(30, 400), Watts: Between(10, 120))).ToArray();
            var (step, tau, full) = (Between(100, 250), Between(25, 60), Between(60, 150));
            var state = new FlyWireState();
            var (rang, wasOn) = (0, false);
            for (var minute = 0; minute < 900; minute++)
            {
                var since = minute - 60;
                var charger = since is < 0 or >= 360 ? 0 : step * (since < full ? 1 + (0.0004 * since) : (1 + (0.0004 * full)) * Math.Exp((full - since) / tau));
                var beside = others.Sum(other => minute >= other.From && minute < other.From + other.For ? other.Watts : 0);
                var noise = 0.5 * (random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5);
                FlyWireSuspicion.Take(ref state, EveningMs + (minute * 60_000L), Math.Round((20 + charger + beside + noise) * 10) / 10, 1, Limits);
                var isOn = FlyWireSuspicion.Judge(state, Limits).Condition == FacilityMonitor.Alerts.Condition.Active;
                rang += isOn && !wasOn ? 1 : 0;
                wasOn = isOn;
            }

            // All was off at minute 800 at the latest. What was astray may be held for as long as its curve is kept.
            lingered += wasOn ? 1 : 0;
            for (var minute = 900; wasOn && minute < 900 + (13 * 60); minute++)
                FlyWireSuspicion.Take(ref state, EveningMs + (minute * 60_000L), 20, 1, Limits);
            Assert.Equal(0, state.SuspectMin);
            found += Math.Min(rang, 1);
            if (rang > 1)
                again.Add(seed);
        }

        Assert.True(found >= 135, $"{found} found");
        // It was 25 when each of those loads rang for itself. Of those that are left the first suspicion was another load's.
        Assert.True(again.Count <= 3, $"again: {string.Join(' ', again)}");
        // 24 when a suspicion could stand on a floor below zero, and 19 of them for ever.
        Assert.InRange(lingered, 0, 3);
    }

    /// <summary>Who unplugs one bike and plugs in the next, minutes later, charges on; also where the meter now and then tells nothing.</summary>
    [Theory]
    [InlineData(3, 0)]
    [InlineData(6, 0)]
    [InlineData(8, 0.01)]
    [InlineData(12, 0.01)]
    [InlineData(-20, 0.01)]
    public void Who_plugs_in_soon_after_another_left_or_before_is_suspected_too(int gapMin, double badShare)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var random = new Random(seed);
            var state = new FlyWireState();
            for (var minute = 0; minute < 560; minute++)
            {
                // Values do not come by the clock's minute.
                var at = minute + 0.33 + (0.1 * (random.NextDouble() - 0.5));
                var first = at is >= 60 and < 200 ? 150 * (1 + (0.0004 * (at - 60))) : 0;
                var second = at >= 200 + gapMin ? 180 * (1 + (0.0004 * (at - 200 - gapMin))) : 0;
                var watts = random.NextDouble() < badShare ? 0 : 20 + first + second + (0.3 * (random.NextDouble() + random.NextDouble() - 1));
                FlyWireSuspicion.Take(ref state, EveningMs + (long)(at * 60_000), Math.Round(watts * 10) / 10, 1, Limits);
            }

            Assert.True(state.SuspectMin > 0, $"seed {seed}");
        }
    }

    /// <summary>Of two that overlap each may be given what the other did: while one of them charges, the suspicion should not end. In a quarter of all cases it still does.</summary>
    [Fact]
    public void Of_150_pairs_of_chargers_few_are_left_alone_while_one_charges()
    {
        var dark = 0;
        for (var seed = 1_000; seed < 1_150; seed++)
        {
            var random = new Random(seed);
            double Between(double least, double most) => least + ((most - least) * random.NextDouble());
            var (stepOne, stepTwo, gap) = (Between(100, 250), Between(100, 250), Between(15, 240));
            var (fullOne, fullTwo, tauOne, tauTwo) = (Between(60, 150), Between(120, 300), Between(25, 60), Between(25, 60));
            var state = new FlyWireState();
            var (rang, alone) = (false, 0);
            for (var minute = 0; minute < 700; minute++)
            {
                var at = minute + 0.33 + (0.1 * (random.NextDouble() - 0.5));
                var (one, two) = (at < 420 ? Charging(at - 60, stepOne, fullOne, tauOne) : 0, Charging(at - 60 - gap, stepTwo, fullTwo, tauTwo));
                var noise = 0.5 * (random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5);
                FlyWireSuspicion.Take(ref state, EveningMs + (long)(at * 60_000), Math.Round((20 + one + two + noise) * 10) / 10, 1, Limits);
                rang |= state.SuspectMin > 0;
                alone += rang && state.SuspectMin == 0 && Math.Max(one, two) >= 50 ? 1 : 0;
            }

            dark += alone >= 30 ? 1 : 0;
        }

        // 52 when the end of one suspicion forgot whatever another load's path said of itself.
        Assert.True(dark <= 42, $"{dark}");

        static double Charging(double since, double step, double full, double tau) =>
            since < 0 ? 0 : step * (since < full ? 1 + (0.0004 * since) : (1 + (0.0004 * full)) * Math.Exp((full - since) / tau));
    }

    [Theory]
    [InlineData(14 * 60, 0)]
    [InlineData(90, 4 * 60)]
    public void A_load_that_is_followed_no_more_is_called_off_only_when_its_level_fell(int minutes, int silent)
    {
        var state = new FlyWireState();
        Charge(ref state, Limits, 60, 90);
        var (watts, minute) = (173.6, 150);
        for (; minute < 60 + minutes; minute++)
            Take(ref state, minute, watts);
        minute += silent;
        // Something else comes and goes above it.
        for (var until = minute + 60; minute < until; minute++)
            Take(ref state, minute, minute % 20 < 10 ? watts : watts + 120);

        var evidence = new SortedDictionary<string, object>(StringComparer.Ordinal);
        var text = FlyWireSuspicion.Explain(state, Limits, evidence, new LocalText("楼道", "the stairs"));
        Assert.Equal(FacilityMonitor.Alerts.Condition.Active, FlyWireSuspicion.Judge(state, Limits).Condition);
        Assert.Contains("仍在", text.Zh, StringComparison.Ordinal);
        Assert.Contains("are still there", text.En, StringComparison.Ordinal);
        Assert.Equal(minute - 1.0 - 60, (double)evidence["minutes"], 1.0);
        Assert.InRange((double)evidence["level_w"], 140, 160);

        // It goes, and what came and went goes on: half an hour after both were off it is over.
        for (var until = minute + 29; minute < until; minute++)
            Take(ref state, minute, minute % 20 < 10 ? 20 : 140);
        Assert.Equal(FacilityMonitor.Alerts.Condition.Active, FlyWireSuspicion.Judge(state, Limits).Condition);
        for (var until = minute + 15; minute < until; minute++)
            Take(ref state, minute, minute % 20 < 10 ? 20 : 140);
        Assert.Equal(FacilityMonitor.Alerts.Condition.Normal, FlyWireSuspicion.Judge(state, Limits).Condition);
        Assert.Contains("已停止", FlyWireSuspicion.Explain(state, Limits, [], new LocalText("楼道", "the stairs")).Zh, StringComparison.Ordinal);

        static void Take(ref FlyWireState state, int minute, double watts) => FlyWireSuspicion.Take(ref state, EveningMs + (minute * 60_000L), watts, 1, Limits);
    }

    [Fact]
    public void Lights_that_go_off_below_it_after_ten_hours_do_not_end_it()
    {
        var state = new FlyWireState();
        for (var minute = 0; minute < 60 + (11 * 60); minute++)
            FlyWireSuspicion.Take(ref state, EveningMs + (minute * 60_000L), (minute < 60 + (10 * 60) + 20 ? 120 : 20) + (minute < 60 ? 0 : Math.Min(154, 150 + (0.06 * (minute - 60)))), 1, Limits);

        Assert.Equal(FacilityMonitor.Alerts.Condition.Active, FlyWireSuspicion.Judge(state, Limits).Condition);
    }

    [Theory]
    [InlineData(true, "12 分钟前楼里的电梯进了电动自行车 ×", "an e-bike was in a lift of the building 12 minutes before ×")]
    [InlineData(false, "12 分钟前来了电动自行车，没有充电口开始充电 ×", "an e-bike came 12 minutes before and no socket began to charge ×")]
    public void Of_a_bike_is_said_what_was_seen_of_it(bool inLift, string zh, string en)
    {
        var state = new FlyWireState();
        var limits = Limits with { SeesLifts = inLift };
        state.Bikes.Watch(Evening);
        state.Bikes.Came(Evening + 48);
        Charge(ref state, limits, 60, 45);

        var text = FlyWireSuspicion.Explain(state, limits, [], new LocalText("楼道", "the stairs"));

        Assert.Contains(zh, text.Zh, StringComparison.Ordinal);
        Assert.Contains(en, text.En, StringComparison.Ordinal);
    }

    private static SortedDictionary<string, object> Evidence(in FlyWireState state)
    {
        var evidence = new SortedDictionary<string, object>(StringComparer.Ordinal);
        FlyWireSuspicion.Explain(state, Limits, evidence, new LocalText("楼道", "the stairs"));
        return evidence;
    }

    private static FlyWireLimits Limits { get; } = new(Prior, 0.9, 1, IsEscapeRoute: false, []) { BikeShare = 0.3 };

    private static double Odds(in FlyWireState state) => Math.Exp(state.Signs[0].OddsNats);

    /// <summary>The signs of the load that began last.</summary>
    private static LoadSigns Last(in FlyWireState state)
    {
        var last = state.Signs[0];
        foreach (ref readonly var signs in (ReadOnlySpan<LoadSigns>)state.Signs)
            last = signs.StartMin > last.StartMin ? signs : last;
        return last;
    }

    /// <summary>20 W, and from a minute on 150 W more that climb by 0.04 % a minute, for so long.</summary>
    private static void Charge(ref FlyWireState state, FlyWireLimits limits, int atMinute, int minutes, int from = 0)
    {
        for (var minute = from; minute < atMinute + minutes; minute++)
            FlyWireSuspicion.Take(ref state, EveningMs + (minute * 60_000L), minute < atMinute ? 20 : Math.Round((170 + (0.04 * (minute - atMinute))) * 10) / 10, 1, limits);
    }

    private static void Idle(ref FlyWireState state, FlyWireLimits limits, int from, int minutes)
    {
        for (var minute = from; minute < from + minutes; minute++)
            FlyWireSuspicion.Take(ref state, EveningMs + (minute * 60_000L), 20, 1, limits);
    }
}

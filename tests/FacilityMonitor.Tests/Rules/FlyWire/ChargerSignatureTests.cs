using System.Runtime.CompilerServices;
using FacilityMonitor.Evaluation;
using FacilityMonitor.Rules;
using FacilityMonitor.Tests.Evaluation;

namespace FacilityMonitor.Tests.Rules.FlyWire;

public sealed class ChargerSignatureTests
{
    private const double Climb = 0.08 / 100;

    /// <summary>Loads only add, so where a circuit falls far below a load that was off. A bad word in a hundred is forgiven each meter, and a remainder has those of two sides.</summary>
    [Theory]
    [InlineData(0, 45, 0.1, 5)]
    [InlineData(0.1, 45, 0, 0)]
    [InlineData(0, 7, 10, 1_000)]
    [InlineData(0.1, 7, 5, 1_000)]
    public void Values_far_below_it_speak_against_a_load_where_there_are_more_than_bad_words(double besideStepW, int everyMin, double least, double most)
    {
        var signature = new ChargerSignature();
        for (var minute = 0; minute < 240; minute++)
        {
            var watts = minute < 60 ? 20 : minute > 100 && minute % everyMin == 0 ? 70 : 170 + (0.06 * (minute - 60));
            signature.Add(minute, Math.Round(watts * 10) / 10, new Beside(300, 0, besideStepW));
        }

        Assert.True(signature.TryBest(out var place));
        Assert.InRange(signature.Candidates[place].StepW, 149, 153);
        Assert.InRange(signature.Candidates[place].RestlessNats, least, most);
    }

    [Fact]
    public void A_load_that_climbs_slowly_and_steadily_is_a_charger_within_the_hour() =>
        Assert.InRange(Found(minute => minute < 60 ? 0 : 150 * (1 + (Climb * (minute - 60)))) - 60, 25, 60);

    [Fact]
    public void A_load_that_stays_level_is_none() =>
        Assert.True(double.IsNaN(Found(minute => minute < 60 ? 0 : 150)));

    [Theory]
    [InlineData(0.03, true)]
    [InlineData(0.005, false)]
    [InlineData(0.2, true)]
    [InlineData(0.5, false)]
    public void A_climb_slower_or_faster_than_a_battery_s_is_none(double percentAMin, bool isCharger) =>
        Assert.Equal(isCharger, !double.IsNaN(Found(minute => minute < 60 ? 0 : 150 * (1 + (percentAMin / 100 * (minute - 60))), 200)));

    [Theory]
    [InlineData(45, false)]
    [InlineData(70, true)]
    [InlineData(700, true)]
    [InlineData(900, false)]
    public void Only_loads_of_60_to_700_W_are_looked_at(double watts, bool isLookedAt) =>
        Assert.Equal(isLookedAt, !double.IsNaN(Found(minute => minute < 60 ? 0 : watts * (1 + (Climb * (minute - 60))), 300)));

    [Fact]
    public void A_lamp_that_warms_up_is_none() =>
        Assert.True(double.IsNaN(Found(minute => minute < 60 ? 0 : 120 - (15 * Math.Exp(-(minute - 60) / 12.0)))));

    [Fact]
    public void A_lamp_that_fades_as_it_warms_up_is_none() =>
        Assert.True(double.IsNaN(Found(minute => minute < 60 ? 0 : 100 + (12 * Math.Exp(-(minute - 60) / 20.0)))));

    [Fact]
    public void A_freezer_whose_cycles_climb_all_day_is_none() =>
        Assert.True(double.IsNaN(Found(minute => minute % 60 < 30 ? 110 * (1 + (0.0012 * (minute % 60))) : 0, 1440)));

    [Fact]
    public void A_charge_that_starts_in_its_taper_is_found_within_two_hours()
    {
        var found = Found(minute => minute < 60 ? 0 : 180 * Math.Exp(-(minute - 60) / 60.0));

        Assert.InRange(found - 60, 20, 120);
    }

    [Fact]
    public void A_small_battery_that_tapers_may_be_a_laptop_s_and_is_none() =>
        Assert.True(double.IsNaN(Found(minute => minute < 60 ? 0 : 65 * Math.Exp(-(minute - 60) / 30.0))));

    [Fact]
    public void A_fridge_above_the_charger_hides_it_only_while_it_runs() =>
        Assert.InRange(Found(minute => (minute % 45 < 12 ? 130 - (20 * Math.Min(1, minute % 45 / 8.0)) : 0) + (minute < 200 ? 30 : 30 + (150 * (1 + (Climb * (minute - 200))))), 700) - 200, 25, 150);

    [Fact]
    public void A_lift_s_trips_are_passed_over() =>
        Assert.InRange(Found(minute => 60 + (minute % 7 == 3 ? 900 + (31 * (minute % 11)) : 0) + (minute < 200 ? 0 : 150 * (1 + (Climb * (minute - 200)))), 500) - 200, 25, 90);

    [Fact]
    public void A_lamp_that_comes_on_over_the_charger_and_stays_does_not_hide_it() =>
        Assert.InRange(Found(minute => (minute < 60 ? 0 : 150 * (1 + (Climb / 2 * (minute - 60)))) + (minute >= 75 ? 80 : 0), 400) - 60, 25, 90);

    [Fact]
    public void A_load_that_was_there_before_and_goes_off_is_not_the_charger_s_end() =>
        Assert.InRange(Found(minute => (minute < 75 ? 90 : 20) + (minute < 60 ? 0 : 150 * (1 + (Climb / 2 * (minute - 60)))), 400) - 60, 25, 90);

    [Fact]
    public void A_load_that_sinks_smoothly_but_comes_to_rest_half_way_is_none() =>
        Assert.True(double.IsNaN(Found(minute => minute < 60 ? 0 : minute < 120 ? 200 : 100 + (100 * Math.Exp(-(minute - 120) / 12.0)), 600)));

    [Theory]
    [InlineData(30)]
    [InlineData(45)]
    public void A_taper_behind_a_fine_meter_is_followed_to_its_tail(double tauMin)
    {
        var signature = new ChargerSignature();
        for (var minute = 0; minute < 300; minute++)
            signature.Add(minute, Math.Round(20 + (minute < 60 ? 0 : minute < 150 ? 150 + (0.04 * (minute - 60)) : Math.Max(4, 153.6 * Math.Exp(-(minute - 150) / tauMin))), 1));

        Assert.True(signature.TryBest(out var place));
        Assert.InRange(signature.Candidates[place].Fallen, 0.95, 1.02);
    }

    [Fact]
    public void A_taper_that_others_hide_for_half_an_hour_is_still_one() =>
        Assert.False(double.IsNaN(Found(
            minute => 20 + (minute < 60 ? 0 : minute < 100 ? 150 : 150 * Math.Exp(-(minute - 100) / 35.0)) + (minute is >= 108 and < 138 ? 90 + (7 * (minute % 5)) : 0), 300)));

    [Fact]
    public void Loads_that_go_off_one_after_the_other_unseen_behind_others_are_none() =>
        Assert.True(double.IsNaN(Found(
            minute => 20 + (minute < 60 ? 0 : minute < 100 ? 240 : minute < 140 ? 165 : minute < 175 ? 70 : 5) + (minute is (>= 90 and < 112) or (>= 130 and < 150) or (>= 165 and < 185) ? 130 + (9 * (minute % 7)) : 0), 400)));

    [Fact]
    public void Where_another_load_left_a_taper_begins_anew() =>
        Assert.False(double.IsNaN(Found(
            minute => 45 + (minute < 50 ? 0 : minute < 110 ? 45 : 0) + (minute < 52 ? 0 : minute < 190 ? 107 : 107 * Math.Exp(-(minute - 190) / 30.0)), 330)));

    [Fact]
    public void A_load_that_is_switched_down_in_steps_is_none() =>
        Assert.True(double.IsNaN(Found(minute => minute < 60 ? 0 : Math.Max(20, 200 - (60 * ((minute - 60) / 50))), 600)));

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void Where_the_line_lies_at_nothing_between_two_values_no_charge_sinks(bool isOffBetween, bool isFound)
    {
        // A lift hides every second value, or at half of them the line lies where it did before.
        double Watts(int minute) => minute < 60 || minute >= 330 ? 20 : minute % 10 == 5 ? (isOffBetween && minute % 20 == 15 ? 20 : 420 + minute) : 20 + (minute < 150 ? 180 : 180 * Math.Exp(-(minute - 150) / 60.0));

        Assert.Equal(isFound, !double.IsNaN(Found(Watts, 320, skip: minute => minute % 5 != 0)));
    }

    [Fact]
    public void Where_constant_current_ends_the_curve_may_have_a_knee()
    {
        // The knots of a real charge at five to ten minutes: constant, then down in a line.
        static double Watts(int minute) => 20 + (minute < 60 ? 0 : minute < 120 ? 104 : 104 - (0.75 * (minute - 120)));

        Assert.InRange(Found(Watts, 240, skip: minute => minute % 10 != 0), 120, 220);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(1.5)]
    public void A_lift_in_every_other_value_is_no_noise(double noiseW)
    {
        var signature = new ChargerSignature();
        var dice = new Dice(5);
        for (var minute = 0; minute < 1200; minute++)
            signature.Add(minute, 80 + (dice.Chance(0.5) ? dice.Between(20, 3_000) : 0) + (noiseW * dice.Normal()));

        // A quarter of the pairs are quiet, fewer than the quantile asks for.
        Assert.InRange(signature.SigmaW, 0.6 * noiseW, 1.6 * noiseW);
    }

    [Fact]
    public void A_silence_of_hours_ends_what_was_believed()
    {
        var signature = new ChargerSignature();
        for (var minute = 0; minute < 90; minute++)
            signature.Add(minute, minute < 60 ? 0 : 150 * (1 + (Climb * (minute - 60))));
        signature.Add(90 + 240, 160);

        Assert.False(signature.TryBest(out _));
    }

    [Fact]
    public void A_gap_within_a_charge_does_not_end_it() =>
        Assert.False(double.IsNaN(Found(minute => minute < 60 ? 0 : 150 * (1 + (Climb * (minute - 60))), 240, skip: minute => minute is > 90 and < 140)));

    [Fact]
    public void A_meter_in_whole_watts_is_enough_and_is_known_as_such()
    {
        var signature = new ChargerSignature();
        var found = Found(ref signature, minute => Math.Round(minute < 60 ? 0 : 200 * (1 + (Climb * (minute - 60)))), 300);

        Assert.False(double.IsNaN(found));
        Assert.Equal(1, signature.MeterStepW);
    }

    [Fact]
    public void The_noise_of_the_meter_is_measured()
    {
        var signature = new ChargerSignature();
        var dice = new Dice(5);
        for (var minute = 0; minute < 200; minute++)
            signature.Add(minute, 80 + (0.5 * dice.Normal()));

        Assert.InRange(signature.SigmaW, 0.35, 0.7);
    }

    [Fact]
    public void Saved_and_restored_after_every_value_it_says_the_same()
    {
        var charge = new GeneratedTraces(3).Charge(2);
        var (straight, restored) = (new ChargerSignature(), new ChargerSignature());
        foreach (var sample in Enumerable.Range(-60, 60).Select(minute => new PowerSample(minute, 0)).Concat(charge.Take(200)))
        {
            straight.Add(sample.Minute, sample.Watts);
            var bytes = System.Runtime.InteropServices.MemoryMarshal.AsBytes(new Span<ChargerSignature>(ref restored)).ToArray();
            restored = System.Runtime.InteropServices.MemoryMarshal.Read<ChargerSignature>(bytes);
            restored.Add(sample.Minute, sample.Watts);
        }

        Assert.True(straight.TryBest(out var first) & restored.TryBest(out var second));
        Assert.Equal(straight.Candidates[first].Nats, restored.Candidates[second].Nats);
    }

    [Fact]
    public void It_needs_a_few_kilobytes_and_allocates_nothing()
    {
        var signature = new ChargerSignature();
        Func<int, double> watts = minute => 100 + (minute % 45 < 12 ? 130 : 0);
        Found(ref signature, watts, 300);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Found(ref signature, watts, 900, from: 300);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.InRange(Unsafe.SizeOf<ChargerSignature>(), 1, 2_560);
    }

    private static double Found(Func<int, double> watts, int until = 480, Func<int, bool>? skip = null)
    {
        var signature = new ChargerSignature();
        return Found(ref signature, watts, until, skip);
    }

    private static double Found(ref ChargerSignature signature, Func<int, double> watts, int until, Func<int, bool>? skip = null, int from = 0)
    {
        for (var minute = from; minute < until; minute++)
        {
            if (skip?.Invoke(minute) == true)
                continue;
            signature.Add(minute, Math.Round(watts(minute), 1));
            if (signature.TryBest(out var place) && ChargerOdds.Probability(signature.Candidates[place].Nats + ChargerOdds.PriorNats) >= ChargerOdds.Told)
                return minute;
        }

        return double.NaN;
    }
}

using FacilityMonitor.Evaluation;

namespace FacilityMonitor.Tests.Evaluation;

public sealed class WatchedCircuitTests
{
    private const double Noon = 12 * 60;
    private const double Evening = 22 * 60;

    private const int LongMin = 180;

    /// <summary>So long that it is told of by night and not yet by day: the odds of its curve lie between what the two hours ask for.</summary>
    private static int UnsureMin { get; } = (int)(WatchedCircuit.FirstAlert(Load(Evening, LongMin))!.Value - Evening) + 2;

    [Fact]
    public void A_load_is_told_of_at_the_hour_at_which_the_service_would_tell()
    {
        Assert.InRange(UnsureMin, 30, LongMin - 10);
        Assert.NotNull(WatchedCircuit.FirstAlert(Load(Evening, UnsureMin)));
        Assert.Null(WatchedCircuit.FirstAlert(Load(Noon, UnsureMin)));
        // It is the hour and nothing else: what goes on for longer is told of by day as well.
        Assert.NotNull(WatchedCircuit.FirstAlert(Load(Noon, LongMin)));
    }

    [Fact]
    public void A_false_day_is_false_at_its_own_hour()
    {
        var (noon, evening) = (new Trace("Lamp", "noon", Load(Noon, UnsureMin)), new Trace("Lamp", "evening", Load(Evening, UnsureMin)));

        var result = ChargerEvaluation.Run(new TraceFolder([], [noon, evening]), new MeterModel(0, 60), []);

        Assert.Equal("evening", Assert.Single(result.False).Name);
    }

    [Fact]
    public void A_lone_charge_must_be_found_by_day_and_by_night()
    {
        var unsure = new Trace("", "unsure", Load(0, UnsureMin, idleMin: 0));
        var sure = new Trace("", "sure", Load(0, LongMin, idleMin: 0));

        var charges = ChargerEvaluation.Run(new TraceFolder([unsure, sure], []), new MeterModel(0, 60), []).Charges;

        Assert.Null(charges[0].Minutes);
        // The later of the two counts.
        Assert.Equal(WatchedCircuit.FirstAlert(Load(Noon, LongMin)) - Noon, charges[1].Minutes);
        Assert.True(WatchedCircuit.FirstAlert(Load(Evening, LongMin)) - Evening < charges[1].Minutes);
    }

    [Fact]
    public void A_day_is_decided_by_its_first_alert()
    {
        var shape = ChargeShape.Of(new Trace("", "", Load(0, LongMin, idleMin: 0)));
        IReadOnlyList<PowerSample> twice = [.. Load(200, LongMin, tailMin: 400), .. Load(Noon + 200, LongMin)];

        var told = WatchedCircuit.FirstAlert(twice);

        Assert.InRange(told!.Value, 200, 200 + LongMin);
        Assert.Equal(DayDecision.Found, DayDecisions.OnCharge(told - 200, shape));
        Assert.Equal(DayDecision.Early, DayDecisions.OnCharge(told - (Noon + 200), shape));
    }

    /// <summary>150 W that climb by 0.023 % a minute, after an idle hour.</summary>
    private static List<PowerSample> Load(double atMin, int minutes, int idleMin = 60, int tailMin = 60)
    {
        var samples = new List<PowerSample>();
        for (var minute = -idleMin; minute < minutes + tailMin; minute++)
            samples.Add(new PowerSample(atMin + minute, minute < 0 || minute >= minutes ? 0 : 150 + (0.035 * minute)));
        return samples;
    }
}

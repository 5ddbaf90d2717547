using FacilityMonitor.Evaluation;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Tests.Rules.FlyWire;

public sealed class MeterStepTests
{
    [Theory]
    [InlineData(0.1)]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(10)]
    public void The_step_of_a_meter_is_known_after_some_changes(double stepW)
    {
        var step = Told(stepW, 200);

        Assert.Equal(stepW, step.Watts);
    }

    [Fact]
    public void Before_some_changes_nothing_coarser_than_a_watt_is_believed()
    {
        var step = new MeterStep();
        Assert.Equal(1, step.Watts);
        // Two lamps: however often, 20 and 60 W are steps of 20 at most, and few changes are none.
        for (var value = 0; value < 15; value++)
            step.Take(value % 2 == 0 ? 20 : 60);
        Assert.Equal(1, step.Watts);
        step.Take(60);
        Assert.Equal(20, step.Watts);
        step.Take(171);
        Assert.Equal(1, step.Watts);
        step.Take(171.3);
        Assert.Equal(0.1, step.Watts);
    }

    [Fact]
    public void A_first_value_with_a_fraction_is_of_a_meter_that_tells_fractions()
    {
        var step = new MeterStep();
        step.Take(120.1);

        Assert.Equal(0.1, step.Watts);
    }

    [Fact]
    public void One_odd_value_is_forgotten()
    {
        var step = Told(10, 200);
        step.Take(103.7);
        Assert.Equal(0.1, step.Watts);

        for (var value = 0; value < 70; value++)
            step.Take(100 + (10 * (value % 7)));

        Assert.Equal(10, step.Watts);
    }

    [Fact]
    public void Roundings_of_several_meters_add_as_squares()
    {
        Assert.Equal(1, Beside.JointStepW(1, 1, 0, 0));
        Assert.Equal(Math.Sqrt(11), Beside.JointStepW(1, 1, 1800, 0), 9);
        Assert.Equal(Math.Sqrt(104), Beside.JointStepW(10, 1, 1800, 4), 9);
    }

    private static MeterStep Told(double stepW, int values)
    {
        var (step, dice) = (new MeterStep(), new Dice(5));
        for (var value = 0; value < values; value++)
            step.Take(Math.Round((150 + (40 * dice.Normal())) / stepW) * stepW);
        return step;
    }
}

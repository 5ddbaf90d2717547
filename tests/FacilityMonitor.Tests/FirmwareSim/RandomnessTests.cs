using FirmwareSim;

namespace FacilityMonitor.Tests.FirmwareSim;

public sealed class RandomnessTests
{
    [Fact]
    public void The_sequence_of_a_seed_never_changes()
    {
        var random = new Randomness(1, "jiugeng/pile-g1");
        ulong[] first = [random.Next(), random.Next(), random.Next()];
        var again = new Randomness(1, "jiugeng/pile-g1");
        Assert.Equal(first, new[] { again.Next(), again.Next(), again.Next() });
        Assert.Equal(Golden, first);
    }

    [Fact]
    public void Another_seed_and_another_name_are_other_streams()
    {
        var first = new Randomness(1, "a").Next();
        Assert.NotEqual(first, new Randomness(2, "a").Next());
        Assert.NotEqual(first, new Randomness(1, "b").Next());
    }

    [Fact]
    public void Its_distributions_have_the_means_and_spreads_they_claim()
    {
        var random = new Randomness(9, "statistics");
        var unit = Enumerable.Range(0, 20_000).Select(_ => random.Unit()).ToArray();
        Assert.All(unit, value => Assert.InRange(value, 0, 0.9999999999999999));
        Assert.Equal(0.5, unit.Average(), 0.02);
        var normal = Enumerable.Range(0, 20_000).Select(_ => random.Normal(10, 3)).ToArray();
        Assert.Equal(10, normal.Average(), 0.1);
        Assert.Equal(9, normal.Average(value => (value - 10) * (value - 10)), 0.5);
        Assert.Equal(0.7, Enumerable.Range(0, 20_000).Average(_ => random.Poisson(0.7)), 0.03);
    }

    private static readonly ulong[] Golden = [4847874462683911240, 10370218387850705842, 9779863438952209601];
}

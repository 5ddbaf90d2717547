using FacilityMonitor.Rules;

namespace FacilityMonitor.Tests.Rules.FlyWire;

public sealed class BikesAtSocketsTests
{
    private const double Begin = 29_000_000;

    [Theory]
    [InlineData(10, false)]
    [InlineData(11, true)]
    [InlineData(-10, false)]
    [InlineData(-11, true)]
    public void A_bike_whose_socket_begins_within_ten_minutes_is_a_customer(double startsAfter, bool isWithout)
    {
        var sockets = new BikesAtSockets();
        sockets.Count(Begin, 4);
        var events = new List<(double At, Action Act)> { (20, () => sockets.Count(Begin + 20, 5)), (20 + startsAfter, () => sockets.Started(Begin + 20 + startsAfter)) };
        foreach (var (_, act) in events.OrderBy(one => one.At))
            act();

        Assert.Equal(isWithout ? 0 : null, Settled(ref sockets, 60).Before(Begin + 20));
    }

    [Fact]
    public void The_first_count_and_bikes_that_leave_are_no_arrivals()
    {
        var sockets = new BikesAtSockets();
        sockets.Count(Begin, 4);
        sockets.Count(Begin + 5, 2);

        Assert.Null(Settled(ref sockets, 60).Before(Begin + 5));
    }

    [Fact]
    public void Of_two_that_come_together_one_may_plug_in()
    {
        var sockets = new BikesAtSockets();
        sockets.Count(Begin, 4);
        sockets.Count(Begin + 20, 6);
        sockets.Started(Begin + 22);

        Assert.Equal(0, Settled(ref sockets, 60).Before(Begin + 20));
    }

    [Fact]
    public void Nobody_is_without_a_socket_before_his_ten_minutes_are_over_or_while_sockets_are_not_heard()
    {
        var sockets = new BikesAtSockets();
        sockets.Count(Begin, 4);
        sockets.Count(Begin + 20, 5);
        Assert.Null(Settled(ref sockets, 30).Before(Begin + 20));

        sockets.Forget();
        Assert.Null(Settled(ref sockets, 60).Before(Begin + 20));
    }

    private static BikeArrivals Settled(ref BikesAtSockets sockets, double minute)
    {
        var arrivals = new BikeArrivals();
        sockets.Settle(Begin + minute, ref arrivals);
        return arrivals;
    }
}

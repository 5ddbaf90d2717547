using FacilityMonitor.Registry;
using FacilityMonitor.Reports;

namespace FacilityMonitor.Tests.Reports;

/// <summary>When nobody who came could have charged.</summary>
public sealed class UnmetDemandTests
{
    /// <summary>18:00 in Shanghai.</summary>
    private static readonly long From = new DateTimeOffset(2026, 10, 1, 10, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    private static readonly HashSet<string> Two = ["p/s1", "p/s2"];

    [Fact]
    public void Only_the_time_in_which_every_socket_is_in_use_counts()
    {
        var demand = Of(("p/s1", 0, 100), ("p/s2", 30, 80), ("p/s2", 90, 95));

        Assert.Equal((55 * 60_000L, 2, 50 * 60_000L), (demand.FullMs, demand.Times, demand.LongestMs));
    }

    [Fact]
    public void A_bike_that_takes_the_place_of_another_at_the_same_moment_leaves_no_gap()
    {
        var demand = Of(("p/s1", 0, 100), ("p/s2", 30, 60), ("p/s2", 60, 90));

        Assert.Equal((60 * 60_000L, 1), (demand.FullMs, demand.Times));
    }

    [Fact]
    public void One_free_socket_is_enough_and_a_socket_told_twice_is_still_one()
    {
        Assert.Equal(0, Of(("p/s1", 0, 100), ("p/s1", 10, 90)).FullMs);
        Assert.Equal(0, Of(("p/s1", 0, 50), ("p/s2", 50, 100)).Times);
    }

    [Fact]
    public void Reserved_sockets_and_those_elsewhere_help_nobody_and_what_lies_outside_the_period_is_cut_off()
    {
        var demand = Of(("p/s1", -500, 500), ("p/s2", -500, 20), ("p/s9", 0, 600), ("p/s2", 590, 700));

        // The period ends after ten hours; s1 is free again by then.
        Assert.Equal((20 * 60_000L, 1), (demand.FullMs, demand.Times));
    }

    [Fact]
    public void The_hour_of_the_day_with_most_of_it_is_named_by_the_clock_of_Shanghai()
    {
        Assert.Equal(19, Of(("p/s1", 0, 600), ("p/s2", 50, 130)).WorstHour);
        Assert.Null(Of(("p/s1", 0, 600)).WorstHour);
    }

    [Fact]
    public void A_place_that_is_full_to_the_end_counts_to_the_end() =>
        Assert.Equal((600 * 60_000L, 1), (Of(("p/s1", 0, 9_000), ("p/s2", 0, 9_000)).FullMs, Of(("p/s1", 0, 9_000), ("p/s2", 0, 9_000)).Times));

    private static UnmetDemand Of(params (string Socket, int FromMin, int ToMin)[] uses) => UnmetDemand.Of(
        new Place { Id = "shed", Name = new LocalText("车棚", "Shed"), Kind = PlaceKind.Shed }, Two,
        uses.Select(use => new SocketUse(use.Socket, From + (use.FromMin * 60_000L), From + (use.ToMin * 60_000L))), From, From + (10 * 3_600_000L), 0);
}

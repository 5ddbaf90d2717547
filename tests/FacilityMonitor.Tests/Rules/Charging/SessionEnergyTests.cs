using FacilityMonitor.Rules;

namespace FacilityMonitor.Tests.Rules.Charging;

public sealed class SessionEnergyTests
{
    private readonly ChargingSocket _socket = new();

    [Fact]
    public void Energy_is_what_the_counter_rose_by_from_before_the_start_to_the_reading_after_the_stop()
    {
        _socket.Sample(0, 0, 1000, relay: false, st: "idle").Starts(0.5);
        for (var minute = 1; minute <= 60; minute++)
            _socket.Sample(minute, 120, 1000 + (2 * minute), relay: true, st: "charging");
        _socket.Stops(60.5, wh: 55).Sample(61, 0, 1121, relay: false, st: "idle");

        Assert.Equal((121, EnergySource.Counter, 55), (_socket.Only.Wh!.Value, _socket.Only.EnergyFrom, _socket.Only.SettledWh!.Value));
    }

    [Fact]
    public void A_counter_that_begins_anew_with_the_order_counts_from_zero()
    {
        _socket.Sample(0, 0, 800, relay: false, st: "idle").Starts(0.5);
        for (var minute = 1; minute <= 60; minute++)
            _socket.Sample(minute, 120, 2 * minute, relay: true, st: "charging");
        _socket.Stops(60.5).Sample(61, 0, 121, relay: false, st: "idle");

        Assert.Equal(121, _socket.Only.Wh);
    }

    [Fact]
    public void A_counter_that_falls_to_zero_after_the_order_takes_nothing_back()
    {
        _socket.Sample(0, 0, 0, relay: false, st: "idle").Starts(0.5);
        for (var minute = 1; minute <= 60; minute++)
            _socket.Sample(minute, 120, 2 * minute, relay: true, st: "charging");
        _socket.Stops(60.5).Sample(61, 0, 0, relay: false, st: "idle");

        Assert.Equal(120, _socket.Only.Wh);
    }

    [Fact]
    public void A_meter_reset_in_the_middle_of_a_charge_loses_nothing_and_splits_nothing()
    {
        _socket.Sample(0, 0, 1000, 3, false, "idle").Starts(0.5);
        for (var minute = 1; minute <= 30; minute++)
            _socket.Sample(minute, 120, 1000 + (2 * minute), 3, true, "charging");
        for (var minute = 31; minute <= 60; minute++)
            _socket.Sample(minute, 120, 2 * (minute - 30), 4, true, "charging");
        _socket.Stops(60.5).Sample(61, 0, 60, 4, false, "idle");

        Assert.Equal(120, _socket.Only.Wh);
    }

    [Fact]
    public void Where_nobody_tells_orders_another_number_of_the_count_is_another_order()
    {
        _socket.Sample(0, 0, 0, 7, null, "idle");
        for (var minute = 1; minute <= 30; minute++)
            _socket.Sample(minute, 120, 2 * minute, 8, null, "charging");
        for (var minute = 31; minute <= 60; minute++)
            _socket.Sample(minute, 150, 2.5 * (minute - 30), 9, null, "charging");
        _socket.Sample(61, 0, 75, 9, null, "idle").Sample(62, 0, 75, 9, null, "idle").Tick(70);

        var sessions = _socket.Facts.Cast<ChargingSession>().ToList();
        Assert.Equal([60, 75], sessions.Select(session => session.Wh!.Value));
        Assert.Equal(SessionSigns.Successor, sessions[0].EndedBy);
    }

    [Fact]
    public void Without_a_counter_the_settlement_counts()
    {
        _socket.Starts(0).Charges(1, 60, 120).Stops(61, wh: 121.5).Idles(62, 62);

        Assert.Equal((121.5, EnergySource.Settlement), (_socket.Only.Wh!.Value, _socket.Only.EnergyFrom));
    }

    [Fact]
    public void With_neither_power_is_added_up_and_the_session_says_so()
    {
        _socket.Starts(0).Charges(1, 61, 120).Stops(61.5).Idles(62, 62);

        Assert.Equal((120, EnergySource.Power), (_socket.Only.Wh!.Value, _socket.Only.EnergyFrom));
    }

    [Theory]
    [InlineData(3, 0, 126)]
    [InlineData(3.1, 3.1, 120)]
    public void A_gap_is_not_added_up_but_told(double gapMinutes, double unseenMinutes, double wh)
    {
        _socket.Starts(0).Charges(1, 31, 120).Charges(31 + gapMinutes, 61 + gapMinutes, 120).Stops(61.5 + gapMinutes).Idles(63 + gapMinutes, 63 + gapMinutes);

        Assert.Equal((unseenMinutes, wh), (_socket.Only.UnseenMs / 60_000.0, _socket.Only.Wh!.Value));
    }

    [Fact]
    public void A_counter_bridges_a_gap()
    {
        _socket.Sample(0, 0, 10).Starts(0.5).Sample(1, 120, 12).Sample(2, 120, 14).Sample(100, 120, 210).Stops(100.5).Sample(101, 0, 211);

        Assert.Equal(201, _socket.Only.Wh);
    }

    [Fact]
    public void A_plug_that_tells_zero_for_a_moment_neither_loses_nor_invents_energy()
    {
        _socket.Sample(0, 0, 10_482).Starts(0.5).Sample(1, 120, 10_484).Sample(1.1, 120, 0).Sample(1.2, 120, 10_484.4).Sample(2, 120, 10_486).Stops(2.5).Sample(3, 0, 10_487);

        Assert.Equal(5, _socket.Only.Wh);
    }

    [Fact]
    public void A_sample_that_comes_after_a_newer_one_changes_nothing()
    {
        _socket.Sample(0, 0, 10).Starts(0.5).Sample(1, 120, 12).Sample(3, 120, 16).Sample(2, 900, 14).Sample(3, 120, 16).Stops(3.5).Sample(4, 0, 17);

        Assert.Equal((7, 120), (_socket.Only.Wh!.Value, _socket.Only.PeakW));
        Assert.Equal(1, _socket.Sessions.LateSamples);
    }
}

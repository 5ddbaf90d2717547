using FacilityMonitor.Contract;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Tests.Rules.Charging;

public sealed class CurveShapeTests
{
    private readonly ChargingSocket _socket = new();

    [Fact]
    public void Constant_current_then_taper_then_tail_is_a_charge_as_it_should_be()
    {
        _socket.Starts(0).Charges(1, 180, 104, 112).Charges(181, 250, 110, 15).Charges(251, 300, 4.5).Stops(300.5, StopReason.Full).Idles(301, 301);

        var session = _socket.Only;
        Assert.Equal((CurveShape.ConstantTaper, 1), (session.Shape, session.Packs));
        Assert.InRange(session.PeakW, 111.9, 112);
        Assert.InRange(session.ConstantMs / 60_000.0, 190, 200);
        Assert.InRange(session.TaperMs / 60_000.0, 45, 60);
        Assert.Equal(50, session.TailMs / 60_000.0);
        Assert.Equal(251, ChargingSocket.Minutes(session.FullMs!.Value));
    }

    [Fact]
    public void A_charge_that_is_cut_off_at_its_height_has_no_taper()
    {
        _socket.Starts(0).Charges(1, 90, 169, 186).Stops(90.5).Idles(91, 91);

        Assert.Equal((CurveShape.Constant, false), (_socket.Only.Shape, _socket.Only.FullMs.HasValue));
    }

    [Fact]
    public void A_top_up_begins_in_its_taper()
    {
        _socket.Starts(0).Charges(1, 76, 103, 20).Charges(77, 90, 5).Stops(90.5).Idles(91, 91);

        Assert.Equal(CurveShape.Taper, _socket.Only.Shape);
    }

    [Fact]
    public void Two_packs_in_sequence_are_two_packs()
    {
        _socket.Starts(0).Charges(1, 90, 160, 180).Sample(91, 90, relay: true, st: "charging").Charges(92, 180, 162, 180).Charges(181, 233, 178, 42).Stops(234).Idles(235, 235);

        Assert.Equal((CurveShape.Packs, 2), (_socket.Only.Shape, _socket.Only.Packs));
    }

    [Fact]
    public void A_socket_that_never_carried_a_load_says_so()
    {
        _socket.Starts(0).Charges(1, 10, 0.6).Stops(10.5, StopReason.NoLoad).Idles(11, 11);

        Assert.Equal((CurveShape.NoLoad, 0), (_socket.Only.Shape, _socket.Only.Packs));
    }

    [Fact]
    public void Nine_minutes_are_too_short_to_say_anything()
    {
        _socket.Starts(0).Charges(1, 10, 120).Stops(10.5).Idles(11, 11);

        Assert.Equal(CurveShape.TooShort, _socket.Only.Shape);
    }

    [Fact]
    public void One_wild_reading_is_no_peak()
    {
        _socket.Starts(0).Charges(1, 30, 120).Sample(31, 900, relay: true, st: "charging").Charges(32, 90, 120).Stops(90.5).Idles(91, 91);

        Assert.Equal((120, CurveShape.Constant), (_socket.Only.PeakW, _socket.Only.Shape));
    }

    [Theory]
    [InlineData(44, false)]
    [InlineData(45, true)]
    public void A_battery_is_full_after_three_quarters_of_an_hour_of_steady_float(int minutes, bool isFull)
    {
        _socket.Starts(0).Charges(1, 60, 120).Charges(61, 61 + minutes, 5);

        Assert.Equal(isFull ? 61 : 0, _socket.Live!.FullMs == 0 ? 0 : ChargingSocket.Minutes(_socket.Live.FullMs));
    }

    [Theory]
    [InlineData(14.9, true)]
    [InlineData(15, false)]
    public void Fifteen_watts_are_not_full(double watts, bool isFull)
    {
        _socket.Starts(0).Charges(1, 60, 120).Charges(61, 120, watts);

        Assert.Equal(isFull, _socket.Live!.FullMs != 0);
    }

    [Fact]
    public void A_float_that_still_moves_is_not_full()
    {
        _socket.Starts(0).Charges(1, 60, 120);
        for (var minute = 61; minute < 180; minute += 20)
            _socket.Charges(minute, minute + 9, 3).Charges(minute + 10, minute + 19, 10);

        Assert.Equal(0, _socket.Live!.FullMs);
    }

    [Fact]
    public void A_full_battery_that_draws_more_than_twenty_watts_for_two_samples_has_started_again()
    {
        _socket.Starts(0).Charges(1, 60, 120).Charges(61, 110, 5).Charges(111, 111, 90).Charges(112, 120, 5).Charges(121, 122, 20).Charges(123, 130, 5);
        Assert.Equal(0, _socket.Live!.Restarts);

        _socket.Charges(131, 140, 20.1).Charges(141, 150, 5).Charges(151, 160, 60);
        Assert.Equal(2, _socket.Live.Restarts);
        Assert.Equal(1, _socket.Live.RestartedMs.Within(20 * 60_000 - 1, ChargingSocket.At(151)));
        Assert.Equal(2, _socket.Live.RestartedMs.Within(20 * 60_000, ChargingSocket.At(151)));
    }

    [Fact]
    public void The_device_s_word_and_its_settlement_make_a_battery_full_too()
    {
        _socket.Starts(0).Charges(1, 60, 120).Charges(61, 62, 12, st: "full");
        Assert.Equal(61, ChargingSocket.Minutes(_socket.Live!.FullMs));

        _socket.Stops(63, StopReason.Full).Sample(64, 0, relay: false, st: "full");
        Assert.Equal(StopReason.Full, _socket.Only.Reason);
        Assert.Equal(61, ChargingSocket.Minutes(_socket.Sessions.FullSince(_socket.Socket)));
        Assert.True(_socket.Sessions.IsTaken(_socket.Socket));

        _socket.Idles(65, 65);
        Assert.Equal(0, _socket.Sessions.FullSince(_socket.Socket));
        Assert.False(_socket.Sessions.IsTaken(_socket.Socket));
    }
}

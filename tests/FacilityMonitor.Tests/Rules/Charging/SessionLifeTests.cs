using FacilityMonitor.Contract;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Tests.Rules.Charging;

public sealed class SessionLifeTests
{
    private readonly ChargingSocket _socket = new();

    [Fact]
    public void A_charge_that_is_told_at_both_ends_is_one_session_with_its_reason_and_user()
    {
        _socket.Idles(0, 5).Starts(5.5).Charges(6, 100, 120).Stops(100.5, StopReason.Full, wh: 190).Idles(101, 102);

        var session = _socket.Only;
        Assert.Equal((5.5, 100.5), (ChargingSocket.Minutes(session.StartMs), ChargingSocket.Minutes(session.EndMs)));
        Assert.Equal(("a1", "h:1", StopReason.Full, 190.0), (session.Name, session.User, session.Reason!.Value, session.SettledWh!.Value));
        Assert.Equal((SessionSigns.Told, SessionSigns.Told, true), (session.StartedBy, session.EndedBy, session.IsWhole));
        Assert.Equal(120, session.PeakW);
    }

    [Fact]
    public void A_settlement_that_firmware_repeats_eight_times_is_one_session()
    {
        _socket.Starts(0).Charges(1, 60, 120).Stops(61, StopReason.Time, wh: 118);
        for (var again = 1; again <= 4; again++)
            _socket.Stops(61, StopReason.Time, wh: 118, told: 61 + (again * 0.2));
        _socket.Idles(62, 70);
        for (var again = 1; again <= 3; again++)
            _socket.Stops(61, StopReason.Time, wh: 118, told: 70 + again);

        Assert.Equal(StopReason.Time, _socket.Only.Reason);
        Assert.Equal(7, _socket.Sessions.Repeated);
    }

    [Fact]
    public void A_begin_that_is_told_again_begins_nothing()
    {
        _socket.Starts(0).Charges(1, 10, 120).Starts(0, told: 10).Charges(11, 30, 120).Stops(31).Starts(0, told: 32).Idles(33, 40);

        Assert.Equal(31, ChargingSocket.Minutes(_socket.Only.EndMs));
    }

    [Fact]
    public void A_lost_stop_is_seen_by_two_signs_that_agree()
    {
        _socket.Starts(0).Charges(1, 60, 120).Idles(61, 62).Tick(66);

        var session = _socket.Only;
        Assert.Equal(61, ChargingSocket.Minutes(session.EndMs));
        Assert.Equal(SessionSigns.Word | SessionSigns.Relay | SessionSigns.Power, session.EndedBy);
        Assert.Null(session.Reason);
    }

    [Fact]
    public void One_idle_sample_between_two_of_a_charge_ends_nothing()
    {
        _socket.Starts(0).Charges(1, 60, 120).Idles(61, 61).Charges(62, 90, 120);

        Assert.Empty(_socket.Facts);
        Assert.False(_socket.Live!.IsOver);
    }

    [Fact]
    public void A_relay_that_is_called_open_while_the_charge_goes_on_ends_nothing()
    {
        _socket.Starts(0).Charges(1, 60, 120).Charges(61, 70, 120, relay: false, st: "charging");

        Assert.False(_socket.Live!.IsOver);
    }

    [Fact]
    public void What_flows_though_two_signs_call_it_over_is_no_session_any_more()
    {
        _socket.Starts(0).Charges(1, 60, 120).Charges(61, 70, 120, relay: false, st: "idle").Tick(80);

        Assert.Equal(61, ChargingSocket.Minutes(_socket.Only.EndMs));
        Assert.Null(_socket.Live);
    }

    [Theory]
    [InlineData(4, false)]
    [InlineData(5, true)]
    public void A_socket_that_tells_only_its_power_is_unplugged_after_five_minutes_at_a_watt_and_a_half(int minutes, bool isOver)
    {
        _socket.Charges(0, 60, 120, relay: null, st: null).Charges(61, 61 + minutes, 1.5, relay: null, st: null);

        Assert.Equal(isOver, _socket.Live!.IsOver);
        _socket.Tick(80);
        if (isOver)
            Assert.Equal((61, StopReason.Unplugged, SessionSigns.Power), (ChargingSocket.Minutes(_socket.Only.EndMs), _socket.Only.Reason!.Value, _socket.Only.EndedBy));
    }

    [Fact]
    public void A_little_more_than_a_watt_and_a_half_is_a_plug_that_is_still_in()
    {
        _socket.Charges(0, 60, 120, relay: null, st: null).Charges(61, 90, 1.6, relay: null, st: null);

        Assert.False(_socket.Live!.IsOver);
    }

    [Theory]
    [InlineData(29, false)]
    [InlineData(30, true)]
    public void A_load_that_is_gone_while_the_device_says_charging_ends_it_after_half_an_hour(int minutes, bool isOver)
    {
        _socket.Starts(0).Charges(1, 60, 120).Charges(61, 61 + minutes, 0);

        Assert.Equal(isOver, _socket.Live!.IsOver);
        if (isOver)
            Assert.Equal(61, ChargingSocket.Minutes(_socket.Charges(92, 100, 0).Only.EndMs));
    }

    [Theory]
    [InlineData(44, false)]
    [InlineData(45, true)]
    public void A_full_battery_that_was_changed_within_one_report_is_two_sessions_once_the_next_has_lasted(int minutes, bool isNext)
    {
        _socket.Charges(0, 120, 300, relay: null, st: null).Charges(121, 180, 4, relay: null, st: null).Charges(181, 181 + minutes, 290, relay: null, st: null);

        Assert.Equal(isNext ? 1 : 0, _socket.Facts.Count);
        Assert.Equal(isNext ? 181 : 0, ChargingSocket.Minutes(_socket.Live!.StartMs));
        if (!isNext)
            return;
        var full = _socket.Only;
        Assert.Equal((180, StopReason.Full, SessionSigns.Successor), (ChargingSocket.Minutes(full.EndMs), full.Reason!.Value, full.EndedBy));
        Assert.Equal((0, 300.0), (full.Restarts, full.PeakW));
        // 2 h at 300 W and 1 h at 4 W, with the steps between; the three quarters of an hour at 290 W are the next one's.
        Assert.Equal(606.5, full.Wh!.Value, 0);
        Assert.Equal(290 * 45 / 60.0, _socket.Live.Wh!.Value, 0.1);
        Assert.Equal((0, 290f, true), ((int)_socket.Live.FullMs, _socket.Live.Curve.PeakW, _socket.Live.IsWhole));
    }

    [Fact]
    public void The_counter_of_a_battery_that_was_changed_is_divided_at_its_first_sample()
    {
        var wh = 1000.0;
        _socket.Sample(-1, 0, wh);
        for (var minute = 0; minute <= 230; minute++)
        {
            var watts = minute is > 120 and <= 180 ? 4 : 300;
            wh += minute == 0 ? 0 : watts / 60.0;
            _socket.Sample(minute, watts, Math.Round(wh, 3));
        }

        Assert.Equal((120 * 5) + (60 * 4 / 60.0), _socket.Only.Wh!.Value, 0.1);
        Assert.Equal(50 * 5, _socket.Live!.Wh!.Value, 0.1);
    }

    [Fact]
    public void A_short_top_up_and_one_at_half_the_power_stay_restarts_of_the_same_session()
    {
        _socket.Charges(0, 120, 300, relay: null, st: null).Charges(121, 180, 4, relay: null, st: null).Charges(181, 195, 300, relay: null, st: null).Charges(196, 200, 4, relay: null, st: null)
            .Charges(201, 230, 170, relay: null, st: null).Charges(231, 240, 4, relay: null, st: null);

        Assert.Empty(_socket.Facts);
        Assert.Equal((0, 2), (ChargingSocket.Minutes(_socket.Live!.StartMs), _socket.Live.Restarts));
    }

    [Fact]
    public void Where_sessions_are_told_the_device_says_when_the_next_begins()
    {
        _socket.Starts(0).Charges(1, 120, 300).Charges(121, 180, 4).Charges(181, 220, 300);

        Assert.Empty(_socket.Facts);
    }

    [Fact]
    public void A_restart_of_the_service_while_a_battery_may_have_been_changed_changes_nothing()
    {
        var other = new ChargingSocket();
        foreach (var socket in new[] { _socket, other })
        {
            socket.Charges(0, 120, 300, relay: null, st: null).Charges(121, 180, 4, relay: null, st: null).Charges(181, 186, 290, relay: null, st: null);
            if (socket == other)
                socket.Restarts();
            socket.Charges(187, 230, 290, relay: null, st: null).Charges(231, 231, 0, relay: false, st: "idle").Charges(232, 232, 0, relay: false, st: "idle").Tick(240);
        }

        Assert.Equal(2, _socket.Facts.Count);
        Assert.Equal(_socket.Facts.Select(fact => fact.ToString()), other.Facts.Select(fact => fact.ToString()));
    }

    [Theory]
    [InlineData(40, StopReason.Full)]
    [InlineData(90, StopReason.Unplugged)]
    public void A_charger_that_cuts_itself_off_behind_its_taper_is_full_and_one_that_is_pulled_out_before_is_not(double lastW, StopReason reason)
    {
        _socket.Charges(0, 120, 180, 186, relay: null, st: null).Charges(121, 180, 180, lastW, relay: null, st: null).Charges(181, 190, 0, relay: null, st: null).Tick(195);

        Assert.Equal(reason, _socket.Only.Reason);
    }

    [Fact]
    public void Silence_is_no_end()
    {
        _socket.Starts(0).Charges(1, 60, 120).Tick(60 + (23.9 * 60));
        Assert.Empty(_socket.Facts);

        _socket.Charges(60 + (23.9 * 60), 60 + (23.9 * 60) + 1, 90).Stops(60 + (23.9 * 60) + 2).Tick(60 + (24 * 60));
        Assert.Equal(StopReason.Unplugged, _socket.Only.Reason);
    }

    [Fact]
    public void After_a_day_without_any_sign_a_session_is_given_up_at_its_last_one()
    {
        _socket.Starts(0).Charges(1, 60, 120).Tick(60 + (24 * 60) - 0.1);
        Assert.False(_socket.Live!.IsOver);

        _socket.Tick(60 + (24 * 60)).Tick(60 + (24 * 60) + 4);
        Assert.Equal((60, SessionSigns.Silence), (ChargingSocket.Minutes(_socket.Only.EndMs), _socket.Only.EndedBy));
    }

    [Fact]
    public void A_charge_that_nobody_told_begins_with_two_signs_in_one_sample()
    {
        _socket.Idles(0, 5).Sample(6, 120, st: "charging");

        Assert.Equal(SessionSigns.Word | SessionSigns.Power, _socket.Live!.StartedBy);
        Assert.Equal(6, ChargingSocket.Minutes(_socket.Live.StartMs));
        Assert.True(_socket.Live.IsWhole);
    }

    [Fact]
    public void Power_alone_begins_with_its_second_sample_and_counts_from_its_first()
    {
        _socket.Sample(0, 0).Sample(1, 130);
        Assert.Null(_socket.Live);

        _socket.Sample(2, 130);
        Assert.Equal(1, ChargingSocket.Minutes(_socket.Live!.StartMs));
    }

    [Fact]
    public void One_wild_reading_is_no_charge()
    {
        _socket.Sample(0, 0).Sample(1, 130).Sample(2, 0).Sample(3, 130).Sample(4, 0);

        Assert.Null(_socket.Live);
    }

    [Theory]
    [InlineData(7, false)]
    [InlineData(7.1, true)]
    public void Up_to_seven_watts_are_no_charge(double watts, bool begins)
    {
        _socket.Sample(0, watts).Sample(1, watts);

        Assert.Equal(begins, _socket.Live is not null);
    }

    [Fact]
    public void A_relay_that_is_on_is_no_charge()
    {
        _socket.Charges(0, 30, 0.4, relay: true, st: null);

        Assert.Null(_socket.Live);
    }

    [Fact]
    public void Power_on_a_socket_that_calls_itself_off_is_a_welded_relay_and_no_charge()
    {
        _socket.Charges(0, 30, 120, relay: false, st: "idle");

        Assert.Null(_socket.Live);
    }

    [Fact]
    public void A_charge_that_ran_already_when_we_first_heard_of_it_is_not_whole()
    {
        _socket.Charges(0, 10, 120).Idles(11, 13).Tick(20);

        Assert.False(_socket.Only.IsWhole);
    }

    [Theory]
    [InlineData(5, 1)]
    [InlineData(5.1, 2)]
    public void A_begin_told_within_five_minutes_of_the_load_is_that_load_s(double afterMinutes, int sessions)
    {
        _socket.Charges(0, 10, 120).Starts(afterMinutes, told: 10).Charges(11, 60, 120).Stops(61).Idles(62, 62);

        Assert.Equal(sessions, _socket.Facts.Count);
    }

    [Fact]
    public void Another_begin_on_the_socket_ends_what_ran_there()
    {
        _socket.Starts(0).Charges(1, 60, 120).Starts(70, "a2", "h:2").Charges(71, 80, 150).Stops(81, session: "a2").Idles(82, 82);

        var sessions = _socket.Facts.Cast<ChargingSession>().ToList();
        Assert.Equal(["a1", "a2"], sessions.Select(session => session.Name));
        Assert.Equal((60, SessionSigns.Successor), (ChargingSocket.Minutes(sessions[0].EndMs), sessions[0].EndedBy));
        Assert.Equal(150, sessions[1].PeakW);
    }

    [Fact]
    public void A_settlement_that_comes_hours_late_amends_the_session_whose_end_was_only_seen()
    {
        _socket.Starts(0).Charges(1, 60, 120).Idles(61, 70).Stops(60.8, StopReason.Money, wh: 119, told: 300);

        Assert.Null(((ChargingSession)_socket.Facts[0]).Reason);
        var amendment = Assert.IsType<SessionAmendment>(_socket.Facts[1]);
        Assert.Equal((_socket.Facts[0].OpenedMs, StopReason.Money, 119.0), (amendment.OpenedMs, amendment.Reason!.Value, amendment.SettledWh!.Value));

        _socket.Stops(60.8, StopReason.Money, wh: 119, told: 301);
        Assert.Equal(2, _socket.Facts.Count);
    }

    [Fact]
    public void A_late_settlement_of_the_session_before_leaves_the_next_one_alone()
    {
        _socket.Starts(0).Charges(1, 60, 120).Idles(61, 70).Starts(80, "a2", "h:2").Charges(81, 90, 150).Stops(60.8, StopReason.Full, told: 90);

        Assert.False(_socket.Live!.IsOver);
        Assert.Equal("a2", _socket.Live.Name);
        Assert.Equal(StopReason.Full, Assert.IsType<SessionAmendment>(_socket.Facts[1]).Reason);
    }

    [Theory]
    [InlineData(120, 2, 0)]
    [InlineData(121, 1, 1)]
    public void A_session_without_a_name_takes_a_settlement_for_two_hours(double afterMinutes, int facts, int strays)
    {
        _socket.Idles(0, 1).Charges(2, 60, 120).Idles(61, 70).Stops(61 + afterMinutes, StopReason.Full, session: "b7");

        Assert.Equal((facts, strays), (_socket.Facts.Count, (int)_socket.Sessions.Strays));
    }

    [Fact]
    public void A_settlement_of_a_session_nobody_knows_is_counted_and_changes_nothing()
    {
        _socket.Stops(5, session: "zz");

        Assert.Empty(_socket.Facts);
        Assert.Equal(1, _socket.Sessions.Strays);
    }

    [Fact]
    public void The_reading_that_lags_behind_a_settlement_begins_no_new_session()
    {
        _socket.Starts(0).Charges(1, 60, 120).Stops(60.2, StopReason.Full).Sample(60.5, 120, relay: true, st: "charging").Idles(61, 70);

        Assert.Equal(60.2, ChargingSocket.Minutes(_socket.Only.EndMs));
        Assert.Null(_socket.Live);
    }

    [Fact]
    public void A_restart_of_the_service_at_any_moment_changes_nothing()
    {
        static ChargingSocket Play(int restartAt)
        {
            var socket = new ChargingSocket();
            var step = 0;
            foreach (var act in Acts())
            {
                if (step++ == restartAt)
                    socket.Restarts();
                act(socket);
            }

            return socket;
        }

        var expected = Play(-1).Facts;
        Assert.Equal(3, expected.Count);
        Assert.All(Enumerable.Range(0, Acts().Count()), step => Assert.Equal(expected, Play(step).Facts));
    }

    private static IEnumerable<Action<ChargingSocket>> Acts()
    {
        yield return socket => socket.Sample(0, 0, 500, 1, false, "idle");
        yield return socket => socket.Starts(1);
        for (var minute = 2; minute < 30; minute++)
        {
            var at = minute;
            yield return socket => socket.Sample(at, 120 + at, 500 + (2.1 * (at - 1)), 1, true, "charging");
        }

        yield return socket => socket.Sample(30, 0, 562, 1, false, "idle");
        yield return socket => socket.Sample(31, 0, 562, 1, false, "idle");
        yield return socket => socket.Sample(32, 0, 562, 1, false, "idle");
        yield return socket => socket.Stops(29.8, StopReason.Unplugged, told: 40);
        yield return socket => socket.Sample(41, 9, 0, 2, null, null);
        yield return socket => socket.Sample(42, 9, 1, 2, null, null);
        yield return socket => socket.Sample(43, 0, 2, 2, false, "idle");
        yield return socket => socket.Sample(44, 0, 2, 2, false, "idle");
        yield return socket => socket.Tick(60);
    }
}

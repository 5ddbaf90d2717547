using FacilityMonitor.Alerts;
using FacilityMonitor.Control;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Tests.Rules;

namespace FacilityMonitor.Tests.Control;

public sealed class InterlockTests
{
    private const long Now = Scene.StartMs;

    private static readonly FacilityIndex Index = new(Lane());

    [Fact]
    public void A_socket_where_nothing_is_wrong_is_switched_on_and_off()
    {
        Assert.Null(Reason(Order(Operation.On)));
        Assert.Null(Reason(Order(Operation.Off)));
        Assert.Null(Reason(Order(Operation.Reset, channel: null)));
    }

    [Theory]
    [InlineData("lane/shed-1/pile-01/s1", "socket-overload", Priority.P2, true)]
    [InlineData("lane/shed-1/pile-01/s1", "welded-relay", Priority.P1, true)]
    [InlineData("lane/shed-1/pile-01/s1", "charge-too-long", Priority.P3, false)]
    [InlineData("lane/shed-1/pile-01/s2", "socket-overload", Priority.P1, false)]
    [InlineData("lane/shed-1/pile-01", "pile-overload", Priority.P1, true)]
    [InlineData("lane/shed-1/pile-01", "offline", Priority.P2, false)]
    [InlineData("lane/c1", "circuit-overload", Priority.P3, true)]
    [InlineData("lane/feeder", "circuit-overload", Priority.P1, true)]
    [InlineData("lane/c2", "circuit-overload", Priority.P1, false)]
    [InlineData("lane/shed-1/shed-01", "heat", Priority.P3, true)]
    [InlineData("lane/shed-2/shed-02", "heat", Priority.P3, false)]
    [InlineData("lane/shed-2/shed-02", "smoke", Priority.P0, true)]
    [InlineData("elsewhere/shed-1/shed-01", "smoke", Priority.P0, false)]
    public void Nothing_is_switched_on_where_an_alert_speaks_against_current(string asset, string rule, Priority priority, bool refused)
    {
        var alert = Alert(asset, rule, priority);

        Assert.Equal(refused ? "hazard" : null, Reason(Order(Operation.On), alert));
        // Off is always right.
        Assert.Null(Reason(Order(Operation.Off), alert));
    }

    [Theory]
    [InlineData(Condition.Active, true)]
    [InlineData(Condition.Recovering, true)]
    [InlineData(Condition.NoData, true)]
    [InlineData(Condition.Pending, true)]
    [InlineData(Condition.Cleared, false)]
    public void A_hazard_counts_until_it_is_cleared_and_silence_does_not_clear_it(Condition condition, bool refused)
    {
        var alert = Alert("lane/shed-1/pile-01/s1", "over-temperature", Priority.P1) with { Condition = condition };

        Assert.Equal(refused ? "hazard" : null, Reason(Order(Operation.On), alert));
    }

    [Fact]
    public void A_pile_does_not_start_anew_while_one_of_its_sockets_is_a_hazard()
    {
        Assert.Equal("hazard", Reason(Order(Operation.Reset, channel: null), Alert("lane/shed-1/pile-01/s2", "socket-overload", Priority.P1)));
        Assert.Null(Reason(Order(Operation.Reset, channel: null), Alert("lane/shed-1/pile-010/s2", "socket-overload", Priority.P1)));
    }

    [Theory]
    [InlineData("climber-1", false, 60_000, null)]
    [InlineData("climber-1", false, 60_001, "maybe-in-use")]
    [InlineData("climber-1", true, 0, "in-use")]
    [InlineData("blocker-1", true, 0, "in-use")]
    [InlineData("blocker-1", false, 0, null)]
    public void A_climber_or_a_held_lift_with_somebody_in_it_is_not_touched_by_remote(string device, bool inUse, long ageMs, string? reason)
    {
        foreach (var operation in new[] { Operation.Off, Operation.On, Operation.Reset, Operation.Unlock })
            Assert.Equal(reason, Reason(Order(operation, device, channel: null), seat: new SeatState(inUse, Now - ageMs)));
        Assert.Null(Reason(Order(Operation.Rebirth, device, channel: null), seat: new SeatState(inUse, Now - ageMs)));
    }

    [Fact]
    public void A_seat_that_was_never_measured_counts_as_taken() => Assert.Equal("maybe-in-use", Reason(Order(Operation.Off, "climber-1", channel: null)));

    [Fact]
    public void What_measures_a_seat_carries_people_whatever_the_registry_calls_it()
    {
        var abilities = new DeviceAbilities(["off"], [ChannelId.Main], CarriesPeople: true);

        Assert.Equal("maybe-in-use", Interlocks.Judge(Order(Operation.Off, "plug-1", channel: null), SceneOf("plug-1") with { Abilities = abilities })?.Reason);
    }

    [Fact]
    public void A_reserved_socket_is_touched_only_when_it_is_said_twice_or_when_it_is_a_hazard()
    {
        var reserved = Order(Operation.Off) with { Channel = ChannelId.Socket(2) };

        Assert.Equal("confirm", Reason(reserved));
        Assert.Null(Reason(reserved with { IsConfirmed = true }));
        Assert.Null(Reason(reserved, Alert("lane/shed-1/pile-01/s2", "socket-overload", Priority.P2)));
        Assert.Equal("confirm", Reason(reserved with { Operation = Operation.Limit, Watts = 100 }, Alert("lane/shed-1/pile-01/s2", "socket-overload", Priority.P2)));
        // The whole pile is the reserved socket, too.
        Assert.Equal("confirm", Reason(Order(Operation.Reset, channel: null) with { IsConfirmed = false }, confirmed: false));
    }

    [Theory]
    [InlineData(Operation.Ota, "operation")]
    [InlineData(Operation.Resend, "operation")]
    [InlineData(Operation.Unlock, "not-announced")]
    [InlineData(Operation.Rebirth, null)]
    public void A_device_is_told_only_what_it_announced(Operation operation, string? reason) => Assert.Equal(reason, Reason(Order(operation)));

    [Fact]
    public void A_device_that_never_said_a_birth_is_told_nothing() =>
        Assert.Equal("no-birth", Interlocks.Judge(Order(Operation.Off), SceneOf("pile-01") with { Abilities = null })?.Reason);

    [Theory]
    [InlineData(Operation.Off, null)]
    [InlineData(Operation.On, "not-registered")]
    [InlineData(Operation.Siren, "not-registered")]
    public void A_device_nobody_registered_can_only_be_switched_off(Operation operation, string? reason) =>
        Assert.Equal(reason, Interlocks.Judge(Order(operation), SceneOf("pile-01") with { Registered = null })?.Reason);

    [Theory]
    [InlineData("s1", null)]
    [InlineData("s9", "no-such-channel")]
    [InlineData(null, "channel-missing")]
    [InlineData("main", "no-such-channel")]
    public void Of_a_pile_the_socket_is_named(string? channel, string? reason) => Assert.Equal(reason, Reason(Order(Operation.Off, channel: channel)));

    [Theory]
    [InlineData(9.9, "watts")]
    [InlineData(10.0, null)]
    [InlineData(800.0, null)]
    [InlineData(800.1, "watts")]
    [InlineData(double.NaN, "watts")]
    [InlineData(null, "watts")]
    public void A_power_limit_lies_between_the_smallest_charger_and_what_the_socket_is_rated_for(double? watts, string? reason) =>
        Assert.Equal(reason, Reason(Order(Operation.Limit) with { Watts = watts }));

    [Theory]
    [InlineData(0, "seconds")]
    [InlineData(1, null)]
    [InlineData(180, null)]
    [InlineData(181, "seconds")]
    [InlineData(null, "seconds")]
    public void A_siren_sounds_for_a_time_that_is_said_and_short(int? seconds, string? reason) =>
        Assert.Equal(reason, Reason(Order(Operation.Siren, "siren-1", channel: null) with { Seconds = seconds }));

    [Fact]
    public void A_siren_that_cannot_be_ended_is_not_started() => Assert.Equal("cannot-be-ended", Interlocks.Judge(
        Order(Operation.Siren, "siren-1", channel: null) with { Seconds = 10 }, SceneOf("siren-1") with { Abilities = new DeviceAbilities(["siren"], [ChannelId.Main], false) })?.Reason);

    [Theory]
    [InlineData(4, "ttl")]
    [InlineData(5, null)]
    [InlineData(120, null)]
    [InlineData(121, "ttl")]
    public void A_command_is_worth_doing_for_a_short_time_only(int ttlS, string? reason) => Assert.Equal(reason, Reason(Order(Operation.Off) with { TtlS = ttlS }));

    [Theory]
    [InlineData(Operation.On, "s1")]
    [InlineData(Operation.Reset, null)]
    public void What_may_energise_is_worth_doing_for_half_a_minute_only(Operation operation, string? channel)
    {
        Assert.Null(Reason(Order(operation, channel: channel) with { TtlS = 30 }));
        Assert.Equal("ttl", Reason(Order(operation, channel: channel) with { TtlS = 31 }));
    }

    [Fact]
    public void Only_what_may_energise_or_touch_a_person_is_judged_again_before_it_goes_out()
    {
        Assert.True(Interlocks.IsJudgedAgain(Order(Operation.On), SceneOf("pile-01")));
        Assert.True(Interlocks.IsJudgedAgain(Order(Operation.Off, "climber-1", channel: null), SceneOf("climber-1")));
        Assert.False(Interlocks.IsJudgedAgain(Order(Operation.Off), SceneOf("pile-01")));
        Assert.False(Interlocks.IsJudgedAgain(Order(Operation.Siren, "siren-1", channel: null), SceneOf("siren-1")));
    }

    [Theory]
    [InlineData("a", null)]
    [InlineData("", "id")]
    [InlineData("resend-1", "id")]
    [InlineData("a b", "id")]
    [InlineData("ü", "id")]
    [InlineData("0123456789-0123456789-0123456789-0123456789-0123456789-1", null)]
    [InlineData("0123456789-0123456789-0123456789-0123456789-0123456789-12", "id")]
    public void An_id_is_short_plain_and_not_one_of_ours(string id, string? reason) => Assert.Equal(reason, Reason(Order(Operation.Off) with { Id = id }));

    [Theory]
    [InlineData("a\nb", "manager", "text")]
    [InlineData("焦味", "manager", null)]
    [InlineData("", "", "text")]
    public void A_reason_is_a_line_and_somebody_ordered_it(string why, string by, string? reason) => Assert.Equal(reason, Reason(Order(Operation.Off) with { Why = why, By = by }));

    [Theory]
    [InlineData(7, 0, null)]
    [InlineData(8, 0, "device-rate")]
    [InlineData(0, 119, null)]
    [InlineData(0, 120, "site-rate")]
    public void A_device_and_a_site_take_so_many_commands_a_minute(int ofDevice, int ofSite, string? reason) =>
        Assert.Equal(reason, Interlocks.Judge(Order(Operation.On), SceneOf("pile-01") with { OfDeviceInAMinute = ofDevice, OfSiteInAMinute = ofSite })?.Reason);

    [Theory]
    [InlineData(6, null)]
    [InlineData(7, "device-rate")]
    public void A_siren_counts_with_its_end(int ofDevice, string? reason) =>
        Assert.Equal(reason, Interlocks.Judge(Order(Operation.Siren, "siren-1", channel: null) with { Seconds = 1 }, SceneOf("siren-1") with { OfDeviceInAMinute = ofDevice })?.Reason);

    [Fact]
    public void Every_refusal_says_in_both_languages_what_stands_in_the_way()
    {
        var refusal = Interlocks.Judge(Order(Operation.On), SceneOf("pile-01") with { OpenAlerts = [Alert("lane/c1", "circuit-overload", Priority.P1)] });

        Assert.Contains("lane/c1", refusal!.Text.Zh, StringComparison.Ordinal);
        Assert.Contains("circuit-overload", refusal.Text.En, StringComparison.Ordinal);
    }

    private static Facility Lane()
    {
        var lane = Scene.Lane(
            socketRatedW: 800,
            more:
            [
                Device("climber-1", DeviceKind.Climber), Device("blocker-1", DeviceKind.LiftBlocker), Device("siren-1", DeviceKind.Siren), Device("plug-1", DeviceKind.Plug),
            ],
            below: [new Circuit { Id = "c2", Name = new LocalText("二", "Two"), Kind = CircuitKind.Charging }, new Circuit { Id = "feeder", Name = new LocalText("总", "Main"), Kind = CircuitKind.Feeder }]);
        var site = lane.Sites[0];
        return lane with
        {
            Sites =
            [
                site with
                {
                    Circuits = [.. site.Circuits.Select(circuit => circuit.Id == "c1" ? circuit with { Parent = "feeder" } : circuit)],
                    Devices = [.. site.Devices.Select(device => device.Id == "pile-01" ? device with { Reserved = [ChannelId.Socket(2)] } : device)],
                },
            ],
        };
    }

    private static DeviceEntry Device(string id, DeviceKind kind) => new() { Id = id, Name = new LocalText(id, id), Kind = kind };

    private static CommandOrder Order(Operation operation, string device = "pile-01", string? channel = "s1") => new()
    {
        Id = "c-1",
        Device = new DeviceId(Dialect.Fm1, "lane", device),
        Channel = channel is null ? null : ChannelId.TryParse(channel, out var parsed) ? parsed : throw new ArgumentException(channel),
        Operation = operation,
        By = "manager",
        // The pile has a reserved socket, and to reset it is to switch that off.
        IsConfirmed = operation == Operation.Reset,
    };

    private static CommandScene SceneOf(string device) => new()
    {
        NowMs = Now,
        Registered = Index.Find(new DeviceId(Dialect.Fm1, "lane", device)),
        Abilities = device == "pile-01"
            ? new DeviceAbilities(["off", "on", "limit", "reset"], [ChannelId.Socket(1), ChannelId.Socket(2)], false)
            : new DeviceAbilities(["off", "on", "reset", "unlock", "siren"], [ChannelId.Main], false),
    };

    private static string? Reason(CommandOrder order, AlertTransition? alert = null, SeatState? seat = null, bool? confirmed = null) => Interlocks.Judge(
        confirmed is { } said ? order with { IsConfirmed = said } : order,
        SceneOf(order.Device.Name) with { OpenAlerts = alert is null ? [] : [alert], Seat = seat })?.Reason;

    private static AlertTransition Alert(string asset, string rule, Priority priority) => new()
    {
        AlertId = "1",
        Rule = rule,
        Priority = priority,
        Condition = Condition.Active,
        AtMs = Now,
        OnsetMs = Now,
        Site = asset.Split('/')[0],
        Asset = asset,
        Text = new LocalText("", ""),
    };
}

using FirmwareSim.Scripting;

namespace FacilityMonitor.Tests.FirmwareSim;

/// <summary>Networks that go and come back: who is said to be gone, by whom, and how everybody returns.</summary>
public sealed class GatewayTests
{
    private const long Second = 1_000;
    private const long Minute = 60_000;

    private static readonly string[] Everybody = ["panyu-road/gateway-1", "panyu-road/pile-r1", "panyu-road/pile-r2", "panyu-road/noise-1"];
    private static readonly Lazy<Recording> Shared = new(() => Recording.Of("shared-gateway"));
    private static readonly Lazy<Recording> Storm = new(() => Recording.Of("reconnect-storm"));

    [Fact]
    public void A_pile_that_its_gateway_no_longer_hears_is_said_to_be_offline_with_the_number_of_its_birth()
    {
        var offline = Assert.Single(Shared.Value.Of("panyu-road/pile-r2", "status"), status => status.Status == "offline");
        Assert.InRange(Since(offline), 3 * Minute, (3 * Minute) + (20 * Second));
        Assert.Contains(Shared.Value.Of("panyu-road/pile-r2", "birth"), birth => birth.Number == offline.Number);
        Assert.Equal(0, Shared.Value.Of("panyu-road/pile-r1", "status").Count(status => status.Status == "offline"));
    }

    [Fact]
    public void When_the_gateway_is_gone_its_own_will_is_the_only_word()
    {
        var gone = Shared.Value.Messages.Where(message => message.Status == "offline" && Since(message) > 12 * Minute).ToList();
        Assert.Equal("panyu-road/gateway-1", Assert.Single(gone).Device);
        Assert.InRange(Since(gone[0]), 13 * Minute, (13 * Minute) + (20 * Second));
        Assert.DoesNotContain(Shared.Value.Messages, message => message.Device != "panyu-road/meter-row" && Since(message) > Since(gone[0]) && Since(message) < 19 * Minute);
    }

    [Fact]
    public void When_it_is_back_everybody_is_born_again_and_brings_what_was_measured_meanwhile()
    {
        foreach (var device in Everybody)
        {
            var birth = Shared.Value.Of(device, "birth")[^1];
            Assert.InRange(Since(birth), 19 * Minute, (19 * Minute) + (25 * Second));
            Assert.Equal("online", Shared.Value.Of(device, "status").First(status => status.AtMs >= birth.AtMs).Status);
            var numbers = Shared.Value.Messages.Where(message => message.Device == device && message.Seq >= 0).Select(message => message.Seq).ToHashSet();
            Assert.Equal(numbers.Max() + 1, numbers.Count);
            Assert.True(Shared.Value.Of(device, "hist").Count >= 30);
        }
    }

    [Fact]
    public void Only_what_somebody_was_left_to_tell_is_asked_of_a_monitor()
    {
        var asked = Shared.Value.Truths.Where(truth => truth is { Rule: "offline", May: false }).Select(truth => truth.Asset);
        Assert.Equal(["panyu-road/gateway-1", "panyu-road/row/pile-r2"], asked.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_thousand_piles_come_back_spread_over_two_minutes_and_none_later()
    {
        var back = Storm.Value.Scenario.Script[0] is { AtS: var at, ForS: var length } ? (long)(1_000 * (at + length)) : 0;
        var waits = Storm.Value.Messages.Where(message => message.Kind == "birth" && SinceStart(Storm.Value, message) > back)
            .Select(message => (SinceStart(Storm.Value, message) - back) / 1_000.0).Order().ToList();
        Assert.Equal(1_000, waits.Count);
        Assert.InRange(waits[^1], 110, 122);
        // Evenly: a tenth of them in each twelve seconds, by chance a few more or fewer.
        foreach (var part in waits.GroupBy(wait => (int)Math.Min(9, wait / 12)))
            Assert.InRange(part.Count(), 60, 145);
        Assert.True(waits.Zip(waits.Skip(1)).Count(pair => pair.Second - pair.First < 0.001) < 100);
    }

    [Fact]
    public void Without_a_reconnect_time_they_come_back_all_at_once()
    {
        var scenario = Scenes.Shipped("reconnect-storm");
        var recording = Recording.Of(scenario with { Fleet = scenario.Fleet! with { Devices = 50, ReconnectWithinS = 0 } });
        var last = recording.Messages.Where(message => message.Kind == "birth").Max(message => SinceStart(recording, message));
        Assert.InRange(last, 120_000, 122_000);
    }

    [Fact]
    public void A_fleet_behind_gateways_is_shared_out_evenly_and_has_them_for_devices()
    {
        var world = Scenes.World("""
            name: fleet
            start: 2026-11-20T18:00:00+08:00
            fleet: { site: f, devices: 7, sockets: 2, period: 10s, gateways: 3 }
            """);
        Assert.Equal(["f/gateway-001", "f/gateway-002", "f/gateway-003"], world.Devices.Take(3).Select(device => device.ToString()));
        Assert.Equal([3, 3, 1], world.Devices.Skip(3).GroupBy(device => device.Behind).Select(group => group.Count()));
        Assert.All(world.Devices.Skip(3), device => Assert.True(device.SharesConnection));
    }

    [Theory]
    [InlineData("{ id: l, kind: lamp, shared: true }", "only a gateway")]
    [InlineData("{ id: l, kind: pile, dialect: tasmota, gateway: g }", "speaks for itself")]
    [InlineData("{ id: l, kind: lamp, gateway: no-such }", "not in this site")]
    public void What_cannot_share_a_connection_is_refused(string device, string fix)
    {
        var result = ScenarioReader.Read("x.yaml", new StringReader($$"""
            name: x
            start: 2026-11-20T18:00:00+08:00
            sites: [{ id: a, devices: [{ id: g, kind: gateway, shared: true }, {{device}}] }]
            """));
        Assert.Contains(fix, Assert.Single(result.Errors).Fix, StringComparison.Ordinal);
    }

    private static long Since(Recording.Message message) => SinceStart(Shared.Value, message);

    private static long SinceStart(Recording recording, Recording.Message message) => message.AtMs - recording.Scenario.StartMs;
}

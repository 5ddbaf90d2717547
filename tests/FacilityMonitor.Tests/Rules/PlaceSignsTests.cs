using System.Globalization;
using FacilityMonitor.Contract;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Tests.Rules;

/// <summary>What stands in a place can be taken out of the registry, or moved, while its alert is on: then it is no sign there any more.</summary>
public sealed class PlaceSignsTests
{
    private static readonly DeviceEntry Smoke = Sensor("smoke-1", "shed-1");
    private static readonly DeviceEntry Gas = Sensor("gas-1", "shed-1");
    private static readonly DeviceEntry Heat = Sensor("heat-1", "shed-1");
    private static readonly DeviceEntry Cabinet = new() { Id = "cabinet-1", Name = new LocalText("充电柜", "Cabinet"), Kind = DeviceKind.Cabinet, Place = "shed-1", Sockets = 4 };

    [Theory]
    [InlineData(null)]
    [InlineData("shed-2")]
    public void A_sensor_that_left_leaves_no_sign_behind(string? to)
    {
        var scene = Begin(Smoke, Gas);
        Say(scene, 0, "smoke-1", EventKind.Smoke);
        Registry(scene, [.. to is null ? Array.Empty<DeviceEntry>() : [Smoke with { Place = to }], Gas]);
        Say(scene, 60, "gas-1", EventKind.Gas);
        Assert.Empty(Runaways(scene));

        // And what it takes back later, wherever it stands now, takes back no sign of another.
        Say(scene, 70, "heat-1", EventKind.Heat);
        Registry(scene, [Gas, Heat]);
        Say(scene, 80, "smoke-1", EventKind.Smoke, on: false);
        Say(scene, 90, "gas-1", EventKind.Gas, on: false);
        Say(scene, 100, "gas-1", EventKind.Gas);
        Assert.Equal(["100 active"], Runaways(scene));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(55)]
    public void With_the_sensor_its_alert_is_over_also_in_what_is_derived_anew(double smokeS)
    {
        var scene = Begin(Smoke, Gas, Heat);
        Say(scene, smokeS, "smoke-1", EventKind.Smoke);
        Say(scene, 60, "gas-1", EventKind.Gas);
        Assert.Equal(["60 active"], Runaways(scene));

        Registry(scene, [Gas, Heat]);
        Assert.DoesNotContain(scene.Steps.Last(step => step.Rule == "thermal-runaway").AlertId, scene.Engine.OpenAlerts);
        Say(scene, 64, "heat-1", EventKind.Heat);
        Assert.Equal(["60 active", "64 active"], Runaways(scene));
        // It comes after the heat: all that is not older than 30 s is gone through again.
        Say(scene, 62, "gas-1", EventKind.Gas, on: false, receivedS: 65);
        Assert.Equal(["60 active", "64 active", "64 cleared"], Runaways(scene));
    }

    [Fact]
    public void A_sensor_that_came_brings_its_sign_and_takes_it_back()
    {
        var scene = Begin(Smoke with { Place = "shed-2" }, Gas);
        Say(scene, 0, "smoke-1", EventKind.Smoke);
        Registry(scene, [Smoke, Gas]);
        Say(scene, 60, "gas-1", EventKind.Gas);
        Assert.Equal(["60 active"], Runaways(scene));
        Say(scene, 70, "smoke-1", EventKind.Smoke, on: false);
        Assert.Equal(["60 active", "70 cleared"], Runaways(scene));
    }

    [Fact]
    public void A_hot_slot_leaves_with_its_cabinet()
    {
        var scene = Begin(Cabinet, Gas);
        for (var second = 0; second <= 120; second += 30)
            scene.Observe(scene.Message(second, "k1", Metric.Tc, 60 + (second / 10), device: "cabinet-1"));
        Registry(scene, Gas);
        Say(scene, 130, "gas-1", EventKind.Gas);
        Assert.Empty(Runaways(scene));

        Registry(scene, Cabinet, Gas);
        for (var second = 140; second <= 260; second += 30)
            scene.Observe(scene.Message(second, "k1", Metric.Tc, 60 + (second / 10), device: "cabinet-1"));
        Assert.Equal(["170 active"], Runaways(scene));
    }

    private static DeviceEntry Sensor(string id, string place) => new() { Id = id, Name = new LocalText("传感器", "Sensor"), Kind = DeviceKind.Shed, Place = place };

    private static Facility Shed(DeviceEntry[] sensors)
    {
        var lane = Scene.Lane(more: sensors);
        var second = new Place { Id = "shed-2", Name = new LocalText("2 号车棚", "Shed 2"), Kind = PlaceKind.Shed };
        return lane with { Sites = [lane.Sites[0] with { Places = [.. lane.Sites[0].Places, second] }] };
    }

    private static Scene Begin(params DeviceEntry[] sensors) => new(Shed(sensors));

    private static void Registry(Scene scene, params DeviceEntry[] sensors) => scene.Engine.Reconfigure(new FacilityIndex(Shed(sensors)));

    private static void Say(Scene scene, double atS, string device, EventKind kind, bool on = true, double? receivedS = null)
    {
        var message = new DeviceMessage { Kind = MessageKind.Event, Device = scene.Device(device), ReceivedMs = Scene.At(receivedS ?? atS) };
        message.Events.Add(new DeviceEvent { Kind = kind, Channel = ChannelId.Main, AtMs = Scene.At(atS), DeviceMs = Scene.At(atS), On = on });
        scene.Observe(message);
    }

    private static IEnumerable<string> Runaways(Scene scene) => scene.Steps.Where(step => step.Rule == "thermal-runaway")
        .Select(step => string.Create(CultureInfo.InvariantCulture, $"{(step.AtMs - Scene.StartMs) / 1000} {TransitionJson.State(step.Condition)}"));
}

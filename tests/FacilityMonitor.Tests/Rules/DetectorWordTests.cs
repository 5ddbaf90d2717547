using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Tests.Rules;

/// <summary>What a detector says by itself is told as its word; a number only where one was measured.</summary>
public sealed class DetectorWordTests
{
    private static readonly DeviceEntry Sensor = new() { Id = "shed-01", Name = new LocalText("车棚环境", "Shed sensors"), Kind = DeviceKind.Shed, Place = "shed-1" };

    [Fact]
    public void Gas_that_the_detector_tells_is_its_word_and_no_number()
    {
        var scene = new Scene(Scene.Lane(more: [Sensor]));
        var active = Say(scene, 0, EventKind.Gas);
        Assert.Contains("探测器报气体", active.Text.Zh, StringComparison.Ordinal);
        Assert.Contains("the detector says gas", active.Text.En, StringComparison.Ordinal);
        Assert.DoesNotContain("ppm", active.Text.Zh + active.Text.En, StringComparison.Ordinal);
        Assert.Equal(["detector=True"], Evidence(active));

        var over = Say(scene, 10, EventKind.Gas, on: false);
        Assert.Equal(Condition.Cleared, over.Condition);
        Assert.Equal(["detector=False"], Evidence(over));
    }

    [Fact]
    public void Beside_a_little_carbon_monoxide_it_is_still_the_detector_that_says_gas()
    {
        var scene = new Scene(Scene.Lane(more: [Sensor]));
        scene.Observe(scene.Message(0, "main", Metric.CoPpm, 3, device: "shed-01"));
        var active = Say(scene, 5, EventKind.Gas);
        Assert.Contains("the detector says gas", active.Text.En, StringComparison.Ordinal);
        Assert.Contains("co_ppm=3", Evidence(active));
        Assert.Contains("detector=True", Evidence(active));
        Assert.DoesNotContain(Evidence(active), text => text.StartsWith("h2", StringComparison.Ordinal));

        // With carbon monoxide as well the number counts.
        foreach (var second in new[] { 10, 20, 30, 40 })
            scene.Observe(scene.Message(second, "main", Metric.CoPpm, 80, device: "shed-01"));
        var over = Say(scene, 45, EventKind.Gas, on: false);
        Assert.Equal(Priority.P1, over.Priority);
        Assert.Contains("carbon monoxide 80 ppm", over.Text.En, StringComparison.Ordinal);
        Assert.DoesNotContain(Evidence(over), text => text.StartsWith("detector", StringComparison.Ordinal));
    }

    [Fact]
    public void Hydrogen_alone_is_told_without_carbon_monoxide_that_nobody_measured()
    {
        var scene = new Scene(Scene.Lane(more: [Sensor]));
        foreach (var second in new[] { 0, 10, 20, 30, 40, 50 })
            scene.Observe(scene.Message(second, "main", Metric.H2Ppm, second < 10 ? 2 : 80, device: "shed-01"));
        var active = scene.Steps[^1];
        Assert.Equal((Condition.Active, "gas"), (active.Condition, active.Rule));
        Assert.Contains("hydrogen 78 ppm over its baseline", active.Text.En, StringComparison.Ordinal);
        Assert.DoesNotContain("carbon monoxide", active.Text.En, StringComparison.Ordinal);
        Assert.DoesNotContain("一氧化碳", active.Text.Zh, StringComparison.Ordinal);
        Assert.DoesNotContain(Evidence(active), text => text.Contains("co_ppm", StringComparison.Ordinal));
    }

    [Fact]
    public void Water_that_a_float_switch_tells_has_no_depth()
    {
        var scene = new Scene(Scene.Lane(more: [Sensor]));
        var active = Say(scene, 0, EventKind.Water);
        Assert.Contains("探测器报积水", active.Text.Zh, StringComparison.Ordinal);
        Assert.Contains("the detector says water", active.Text.En, StringComparison.Ordinal);
        Assert.Equal(["detector=True"], Evidence(active));
    }

    private static IEnumerable<string> Evidence(AlertTransition step) => step.Evidence.Select(pair => $"{pair.Key}={pair.Value}");

    private static AlertTransition Say(Scene scene, double atS, EventKind kind, bool on = true)
    {
        var message = new DeviceMessage { Kind = MessageKind.Event, Device = scene.Device("shed-01"), ReceivedMs = Scene.At(atS) };
        message.Events.Add(new DeviceEvent { Kind = kind, Channel = ChannelId.Main, AtMs = Scene.At(atS), DeviceMs = Scene.At(atS), On = on });
        scene.Observe(message);
        return scene.Steps[^1];
    }
}

using FacilityMonitor.Alerts;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Tests.Rules.FlyWire;

public sealed class FlyWireLessonTests
{
    private const string Stair = "lane/c-stair";

    [Fact]
    public void Dismissals_make_a_circuit_harder_to_suspect_and_confirmations_easier()
    {
        Assert.Equal(0.1, new FlyWireLesson(0, 0).Taught(0.1), 12);
        Assert.Equal(1 / 19.0, new FlyWireLesson(0, 1).Taught(0.1), 12);
        Assert.Equal(0.2 / 1.1, new FlyWireLesson(1, 0).Taught(0.1), 12);
        Assert.Equal(0.1, new FlyWireLesson(3, 3).Taught(0.1), 12);
    }

    [Fact]
    public void The_same_load_has_to_show_more_where_staff_found_something_else_and_less_where_they_found_a_charger()
    {
        var untaught = ToldAfterMinutes(null, default);

        var (dismissed, confirmed) = (ToldAfterMinutes(Stair, new FlyWireLesson(0, 200)), ToldAfterMinutes(Stair, new FlyWireLesson(8, 0)));
        Assert.True(confirmed < untaught && (dismissed is null || untaught < dismissed), $"{confirmed} {untaught} {dismissed}");
        Assert.Equal(untaught, ToldAfterMinutes("lane/c-other", new FlyWireLesson(0, 20)));
    }

    [Fact]
    public void What_is_known_of_a_charge_stays_known_when_somebody_teaches_in_the_middle_of_it()
    {
        var (scene, other) = (NewScene(), NewScene());
        Run(scene, 0, 145);
        Run(other, 0, 145);

        Assert.True(scene.Engine.Teach("lane/c-other", new FlyWireLesson(1, 0)));
        Assert.False(scene.Engine.Teach("lane/c-other", new FlyWireLesson(1, 0)));
        Run(scene, 145, 230);
        Run(other, 145, 230);

        Assert.NotEmpty(other.Steps);
        Assert.Equal(other.Told, scene.Told);
    }

    private static double? ToldAfterMinutes(string? circuit, FlyWireLesson lesson)
    {
        var scene = NewScene();
        if (circuit is not null)
            scene.Engine.Teach(circuit, lesson);
        Run(scene, 0, 230);
        return scene.Steps.Where(step => step is { Rule: "charger-on-public-circuit", Condition: Condition.Active }).Select(step => (double?)(step.AtMs - Scene.StartMs) / 60_000).FirstOrDefault();
    }

    private static Scene NewScene() => new(Scene.Lane(
        more: [new DeviceEntry { Id = "meter-stair", Name = new LocalText("楼道表", "Stair meter"), Kind = DeviceKind.Meter, PeriodS = 60 }],
        below: [new Circuit { Id = "c-stair", Name = new LocalText("楼道", "Stair"), Kind = CircuitKind.Corridor, RatedA = 16, Meter = "meter-stair" }]));

    /// <summary>20 W of lamps; from a quarter past eight in the evening a charger that climbs by 0.05 % a minute, seen in whole watts.</summary>
    private static void Run(Scene scene, int fromMinute, int toMinute)
    {
        for (var minute = fromMinute; minute < toMinute; minute++)
            scene.Observe(scene.Message(minute * 60, "main", Metric.W, minute < 135 ? 20 : Math.Round(170 + (0.08 * (minute - 135))), device: "meter-stair"));
    }
}

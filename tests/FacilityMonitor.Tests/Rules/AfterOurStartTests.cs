using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Tests.Rules;

/// <summary>A call at 0 s; the service is away from 5 s to 240 s, and what was said meanwhile waits at the broker.</summary>
public sealed class AfterOurStartTests
{
    private static readonly DeviceEntry Button = new() { Id = "call-1", Name = new LocalText("呼叫按钮", "Call button"), Kind = DeviceKind.CallButton };
    private static readonly Facility Registry = Scene.Lane(more: [Button]);

    [Fact]
    public void A_call_that_was_answered_while_we_were_away_rings_nobody()
    {
        var scene = Away(new Scene(Registry));
        scene.Engine.Started(Scene.At(240));
        scene.Tick(240);
        Say(scene, 20, EventKind.CallAnswered, receivedS: 242);
        scene.Ticks(241, 300);

        Assert.Empty(Unanswered(scene));
    }

    [Fact]
    public void A_call_of_which_we_hear_only_from_the_broker_rings_nobody_if_its_answer_comes_behind_it()
    {
        var scene = new Scene(Registry).Ticks(-20, -10);
        scene.Engine.Started(Scene.At(240));
        scene.Tick(240);
        Say(scene, 0, EventKind.Call, receivedS: 241);
        scene.Tick(241);
        Say(scene, 20, EventKind.CallAnswered, receivedS: 241.5);
        scene.Ticks(242, 300);

        Assert.Empty(Unanswered(scene));
    }

    [Fact]
    public void A_call_that_nobody_answered_waits_for_15_s_at_most()
    {
        var scene = Away(new Scene(Registry));
        scene.Engine.Started(Scene.At(240));
        scene.Ticks(240, 260);

        Assert.Equal(["255 active P0 lane/call-1"], Unanswered(scene));
    }

    [Fact]
    public void Once_somebody_speaks_of_now_all_that_waited_is_read()
    {
        var scene = Away(new Scene(Registry));
        scene.Engine.Started(Scene.At(240));
        scene.Tick(240).Watts(239, 5, receivedS: 241).Tick(241).Watts(241.5, 5, receivedS: 242).Tick(242);

        Assert.Equal(["242 active P0 lane/call-1"], Unanswered(scene));
    }

    [Fact]
    public void A_clock_that_is_ahead_speaks_of_no_now()
    {
        var scene = Away(new Scene(Registry));
        scene.Engine.Started(Scene.At(240));
        scene.Tick(240).Watts(270, 5, receivedS: 241).Ticks(241, 260);

        Assert.Equal(["255 active P0 lane/call-1"], Unanswered(scene));
    }

    [Fact]
    public void What_was_told_before_stays_told_while_we_wait()
    {
        var scene = Away(new Scene(Registry)).Ticks(6, 70);
        Assert.Equal(["60 active P1 lane/call-1"], Unanswered(scene));

        scene.Engine.Started(Scene.At(240));
        Say(scene.Tick(240), 30, EventKind.Call, receivedS: 241);
        Assert.Equal(["60 active P1 lane/call-1"], Unanswered(scene.Ticks(241, 254)));

        Assert.Equal(["60 active P1 lane/call-1", "255 active P0 lane/call-1"], Unanswered(scene.Tick(255)));
    }

    [Fact]
    public void A_restart_at_any_moment_of_the_wait_changes_nothing()
    {
        List<Action<Scene>> acts =
        [
            scene => Away(scene), scene => scene.Engine.Started(Scene.At(240)), scene => scene.Tick(240), scene => Say(scene, 3, EventKind.Call, receivedS: 240.5), scene => Watts(scene, 239, receivedS: 241, seq: 1),
            scene => scene.Ticks(241, 244), scene => Watts(scene, 243, receivedS: 244.5, seq: 2), scene => scene.Tick(245), scene => Say(scene, 246, EventKind.CallAnswered, receivedS: 246), scene => scene.Ticks(247, 300),
        ];
        var whole = new Scene(Registry);
        foreach (var act in acts)
            act(whole);
        Assert.Equal("245 active P0 lane/call-1", Unanswered(whole).First());

        var before = new Scene(Registry, whole.Devices);
        before.Engine.Started(Scene.StartMs - 120_000);
        for (var position = 0; position < acts.Count; position++)
        {
            var after = before.Restarted(Registry);
            foreach (var act in acts.Skip(position))
                act(after);
            Assert.Equal(whole.Told, after.Told);
            Assert.Equal(whole.SiteBytes(), after.SiteBytes());
            acts[position](before);
        }
    }

    private static Scene Away(Scene scene)
    {
        Say(scene.Tick(-1), 0, EventKind.Call, receivedS: 0);
        return scene.Ticks(0, 5);
    }

    private static void Watts(Scene scene, double atS, double receivedS, long seq) => scene.Observe(scene.Message(atS, "s1", Metric.W, 5, receivedS: receivedS, seq: seq));

    private static void Say(Scene scene, double atS, EventKind kind, double receivedS)
    {
        var message = new DeviceMessage { Kind = MessageKind.Event, Device = scene.Device("call-1"), ReceivedMs = Scene.At(receivedS) };
        message.Events.Add(new DeviceEvent { Kind = kind, Channel = ChannelId.Main, AtMs = Scene.At(atS), DeviceMs = Scene.At(atS) });
        scene.Observe(message);
    }

    private static IEnumerable<string> Unanswered(Scene scene) => scene.Steps.Zip(scene.Told).Where(pair => pair.First.Rule == "call-unanswered").Select(pair => pair.Second);
}

using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Tests.Rules;

/// <summary>What the engine knows survives a restart and an edit of the registry.</summary>
public sealed class SnapshotTests
{
    private static readonly DeviceEntry Gateway = new() { Id = "gw-1", Name = new LocalText("网关", "Gateway"), Kind = DeviceKind.Gateway };
    private static readonly DeviceEntry Second = new() { Id = "pile-02", Name = new LocalText("2 号桩", "Pile 2"), Kind = DeviceKind.Pile, Circuit = "c1", Gateway = "gw-1", Sockets = 2 };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_restart_at_any_moment_changes_nothing(bool metered)
    {
        var facility = Scene.Lane(metered ? 20 : 9, metered, more: [Gateway, Second]);
        var whole = new Scene(facility, new DeviceTable());
        var day = Day(whole);
        foreach (var act in day)
            act(whole);
        var (expected, saved) = (Lines(whole), whole.SiteBytes());
        Assert.Equal(["active", "cleared", "nodata", "pending", "recovering"], whole.Steps.Select(step => TransitionJson.State(step.Condition)).Distinct().Order());
        Assert.Equal(["circuit-overload", "offline", "silent", "socket-overload"], whole.Steps.Select(step => step.Rule).Distinct().Order());

        var before = new Scene(facility, whole.Devices);
        for (var position = 0; position < day.Count; position++)
        {
            var after = before.Restarted(facility);
            foreach (var act in day.Skip(position))
                act(after);
            Assert.Equal(expected, Lines(after));
            Assert.Equal(saved, after.SiteBytes());
            day[position](before);
        }
    }

    [Fact]
    public void A_restart_every_time_changes_nothing()
    {
        var facility = Scene.Lane(metered: false, more: [Gateway, Second]);
        var whole = new Scene(facility, new DeviceTable());
        var day = Day(whole);
        foreach (var act in day)
            act(whole);

        var restarted = new Scene(facility, whole.Devices);
        var disk = new Dictionary<string, byte[]>();
        foreach (var act in day)
        {
            // A site that nothing touched since was not saved again: what is saved last is the truth.
            foreach (var (site, bytes) in restarted.Sites)
                disk[site] = bytes;
            var next = new Scene(facility, whole.Devices);
            next.Engine.Restore(restarted.Engine.CheckpointAfter(disk.Keys.ToHashSet()));
            foreach (var (site, bytes) in disk)
                next.Engine.RestoreSite(site, 0, bytes);
            next.Steps.AddRange(restarted.Steps);
            act(next);
            restarted = next;
        }

        Assert.Equal(Lines(whole), Lines(restarted));
    }

    [Fact]
    public void What_was_saved_before_the_time_of_a_temperature_was_known_is_read_and_compared_with_nobody()
    {
        var scene = new Scene();
        foreach (var (socket, celsius) in (ReadOnlySpan<(string, double)>)[("s2", 28), ("s3", 29), ("s4", 30)])
            scene.Observe(scene.Message(0, socket, Metric.Tc, celsius));
        var older = scene.SiteBytes().ToList();
        Assert.Equal(SiteEngine.Format, older[0]);
        // Nobody charged, so what users drew, format 13, is in neither.
        older[0] = 11;
        // Format 11 has neither the time of the device's warmth, which lies between what is below it (0) and how many channels it has, nor whether each channel's is old.
        var warmMs = IndexOf([.. BitConverter.GetBytes(0), .. BitConverter.GetBytes(Scene.At(0)), .. BitConverter.GetBytes(3)], from: 0) + sizeof(int);
        foreach (var celsius in (byte[])[28, 29, 30])
            older.RemoveAt(IndexOf([celsius, 0, 1], from: warmMs) + 1);
        older.RemoveRange(warmMs, sizeof(long));

        var next = new Scene(Scene.Lane(), scene.Devices);
        next.Engine.Restore(scene.Engine.CheckpointAfter(new HashSet<string>(["lane"])));
        next.Engine.RestoreSite("lane", 0, older.ToArray());
        for (var second = 10; second < 60; second += 10)
            next.Observe(next.Message(second, "s1", Metric.Tc, 66));
        Assert.Empty(next.Steps);

        var same = scene.Restarted(Scene.Lane());
        for (var second = 10; second < 60; second += 10)
            same.Observe(same.Message(second, "s1", Metric.Tc, 66));
        Assert.Contains("20 active P1", same.Course);

        int IndexOf(ReadOnlySpan<byte> sought, int from)
        {
            var at = older.ToArray().AsSpan(from).IndexOf(sought);
            Assert.True(at >= 0);
            return from + at;
        }
    }

    [Fact]
    public void What_stood_before_an_upgrade_that_only_added_to_a_state_stands_after_it()
    {
        var on = new Hold { Phase = HoldPhase.On, SinceMs = Scene.At(0), Samples = 3 };
        var timing = new HoldTiming(0, 1, 60_000);

        var smoke = Upgraded(Smoke.Instance, new(0.1, timing), new() { Said = on, IsMeasured = true }, fromVersion: 2)!;
        Assert.Equal((Verdict.When(true, Priority.P0, Scene.At(0)), true), (smoke.Judge(Scene.At(60)), smoke.Live.IsMeasured));
        var gas = Upgraded(Gas.Instance, new(100, 200, 30, 60, timing, timing), new() { Said = on, Baseline = 7, HasBaseline = true, HasCo = true }, fromVersion: 2)!;
        Assert.Equal((Priority.P0, 7, true, true), (gas.Judge(Scene.At(60)).Priority, gas.Live.Baseline, gas.Live.HasBaseline, gas.Live.HasCo));
        var tilt = Upgraded(Tilt.Instance, new(40, 15, timing), new() { Rolled = on, RollDeg = 21 }, fromVersion: 1)!;
        Assert.Equal((Tilt.Instance.Judge(tilt.Live, tilt.Limits, Scene.At(60)).Code, 21), (Upgraded(Tilt.Instance, tilt.Limits, tilt.Live, fromVersion: 1)!.Judge(Scene.At(60)).Code, tilt.Live.RollDeg));
        Assert.NotEqual(0, tilt.Judge(Scene.At(60)).Code);

        // Of another layout, and of a version that is not known yet.
        Assert.Null(Upgraded(Smoke.Instance, smoke.Limits, smoke.Live, fromVersion: 1));
        Assert.Null(Upgraded(Smoke.Instance, smoke.Limits, smoke.Live, fromVersion: 4));
        Assert.Null(Upgraded(Smoke.Instance, smoke.Limits, smoke.Live, fromVersion: 3));
    }

    /// <summary>What a cell knows that was saved without the pace that now stands last; null when it begins anew.</summary>
    private static Cell<TState, TLimits>? Upgraded<TState, TLimits>(StateRule<TState, TLimits> rule, TLimits limits, TState state, int fromVersion)
        where TState : unmanaged
        where TLimits : class
    {
        var shorter = MemoryMarshal.AsBytes(new TState[] { state }.AsSpan())[..^Unsafe.SizeOf<Pace>()].ToArray();
        var saved = new ArrayBufferWriter<byte>();
        var writer = new SnapshotWriter(saved);
        writer.Byte(0);
        writer.Int32(fromVersion);
        writer.Int32(shorter.Length);
        writer.Bytes(shorter);
        writer.Bytes(shorter);
        var reader = new SnapshotReader(saved.WrittenSpan);
        var cell = new Cell<TState, TLimits>(rule, limits);
        return cell.Load(ref reader) ? cell : null;
    }

    [Fact]
    public void A_snapshot_that_breaks_off_anywhere_is_refused()
    {
        var scene = new Scene().Watts(0, 1200).Watts(10, 1200).Amps(10, 24);
        var snapshot = scene.SiteBytes();
        for (var length = 0; length < snapshot.Length; length++)
            Assert.Throws<InvalidDataException>(() => new Scene(Scene.Lane(), scene.Devices).Engine.RestoreSite("lane", 0, snapshot.AsSpan(0, length)));
        new Scene(Scene.Lane(), scene.Devices).Engine.RestoreSite("lane", 0, snapshot);
    }

    [Fact]
    public void A_snapshot_in_which_any_byte_is_another_is_restored_or_refused_and_nothing_else()
    {
        var scene = new Scene().Watts(0, 1200).Watts(10, 1200).Amps(10, 24);
        var snapshot = scene.SiteBytes();
        var refused = 0;
        for (var at = 0; at < snapshot.Length; at++)
        {
            foreach (var other in (byte[])[0xFF, 0x7F, 0x10, (byte)(snapshot[at] + 1)])
            {
                var damaged = snapshot.ToArray();
                damaged[at] = other;
                var next = new Scene(Scene.Lane(), scene.Devices);
                next.Engine.Restore(new RuleCheckpoint(9, Scene.StartMs, Scene.At(60)));
                if (Record.Exception(() => next.Engine.RestoreSite("lane", 1, damaged)) is not { } error)
                    continue;
                Assert.IsType<InvalidDataException>(error);
                refused++;
            }
        }

        Assert.True(refused > 100);
    }

    [Fact]
    public void A_site_that_cannot_be_taken_over_under_another_registry_begins_anew_and_is_told()
    {
        var scene = new Scene().Watts(0, 1200).Watts(10, 1200);
        // A device of which the table knows nothing: what is saved of it cannot be read again.
        var strangers = new DeviceTable();
        for (var number = 0; number < 9; number++)
            strangers.Resolve(Dialect.Fm1, "lane"u8, System.Text.Encoding.UTF8.GetBytes($"pile-{number}"));
        var message = scene.Message(11, "s1", Metric.W, 5);
        message.Device = strangers.Resolve(Dialect.Fm1, "lane"u8, "other"u8);
        scene.Engine.Observe(message, scene.Steps);

        scene.Engine.Reconfigure(new FacilityIndex(Scene.Lane(more: [Second])));

        Assert.Equal("lane", Assert.Single(scene.Engine.BegunAnew).Site);
        Assert.Empty(scene.Engine.OpenAlerts);
        scene.Watts(20, 1200).Watts(30, 1200);
        Assert.Equal(["0 pending P2", "10 active P2", "20 pending P2", "30 active P2"], scene.Course);
    }

    [Fact]
    public void A_snapshot_of_another_format_is_refused()
    {
        var scene = new Scene().Watts(0, 1200);
        var snapshot = scene.SiteBytes();
        snapshot[0]++;

        Assert.Contains("format", Assert.Throws<InvalidDataException>(() => new Scene(Scene.Lane(), scene.Devices).Engine.RestoreSite("lane", 0, snapshot)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_edit_elsewhere_leaves_a_pending_breach_alone()
    {
        var scene = new Scene().Watts(0, 1200).Watts(5, 1200);
        scene.Engine.Reconfigure(new FacilityIndex(Scene.Lane(more: [Second])));
        scene.Watts(10, 1200);

        Assert.Equal(["0 pending P2", "10 active P2"], scene.Course);
    }

    [Fact]
    public void A_limit_that_was_raised_ends_the_alert_in_its_usual_time()
    {
        var scene = new Scene().Watts(0, 1200).Watts(10, 1200);
        scene.Engine.Reconfigure(new FacilityIndex(Scene.Lane(socketRatedW: 2000)));
        scene.Watts(20, 1200).Watts(140, 1200);

        Assert.Equal(["0 pending P2", "10 active P2", "20 recovering P2", "140 cleared P2"], scene.Course);
    }

    [Fact]
    public void A_rating_that_was_registered_later_counts_from_then_on()
    {
        var scene = new Scene(Scene.Lane(ratedA: null)).Amps(0, 60, 10, 24);
        scene.Engine.Reconfigure(new FacilityIndex(Scene.Lane(ratedA: 20)));
        scene.Amps(70, 100, 10, 24);

        Assert.Equal(["70 pending P1", "100 active P1"], scene.Course);
    }

    [Fact]
    public void A_circuit_of_another_rating_begins_anew_and_its_alert_is_no_longer_open()
    {
        var scene = new Scene().Amps(0, 30, 10, 24);
        Assert.Equal([scene.Steps[0].AlertId], scene.Engine.OpenAlerts);

        scene.Engine.Reconfigure(new FacilityIndex(Scene.Lane(ratedA: 18)));
        Assert.Empty(scene.Engine.OpenAlerts);

        scene.Amps(40, 70, 10, 24);
        Assert.Equal(["0 pending P1", "30 active P1", "40 pending P1", "70 active P1"], scene.Course);
        Assert.Equal([scene.Steps[2].AlertId], scene.Engine.OpenAlerts);
    }

    [Fact]
    public void A_setting_of_the_circuit_keeps_how_warm_it_is()
    {
        var scene = new Scene().Amps(0, 30, 10, 24);
        var level = scene.Engine.Circuits.Single().Level;
        scene.Engine.Reconfigure(new FacilityIndex(Scene.Lane(ofCircuit: Scene.Set("circuit-overload", "mean_ratio", 0.7))));

        Assert.Equal(level, scene.Engine.Circuits.Single().Level);
    }

    [Fact]
    public void A_pile_that_was_put_on_a_circuit_is_part_of_its_load_and_one_that_was_taken_off_is_not()
    {
        var elsewhere = Second with { Circuit = null, Gateway = null };
        var scene = new Scene(Scene.Lane(metered: false, more: [elsewhere], socketRatedW: 7000)).Watts(0, 220);
        scene.Observe(scene.Message(0, "s1", Metric.A, 3, device: "pile-02"));
        Assert.Equal(1, Load());

        scene.Engine.Reconfigure(new FacilityIndex(Scene.Lane(metered: false, more: [Second])));
        scene.Watts(10, 220).Observe(scene.Message(10, "s1", Metric.A, 3, device: "pile-02"));
        Assert.Equal(4, Load());

        scene.Engine.Reconfigure(new FacilityIndex(Scene.Lane(metered: false, more: [elsewhere])));
        scene.Watts(20, 220).Observe(scene.Message(20, "s1", Metric.A, 3, device: "pile-02"));
        Assert.Equal(1, Load());

        double Load() => scene.Engine.Circuits.Single().Amps[0];
    }

    [Fact]
    public void A_circuit_that_got_a_meter_is_measured_by_it()
    {
        var scene = new Scene(Scene.Lane(metered: false, socketRatedW: 7000)).Watts(0, 220).Amps(0, 9);
        scene.Engine.Reconfigure(new FacilityIndex(Scene.Lane(metered: true)));
        scene.Watts(10, 220).Amps(10, 9);

        Assert.Equal(9, scene.Engine.Circuits.Single().Amps[0]);
    }

    [Fact]
    public void A_plug_that_turns_out_to_be_a_gateway_is_judged_as_one_and_its_alert_is_no_longer_open()
    {
        var plug = new DeviceEntry { Id = "plug-1", Name = new LocalText("插座", "Plug"), Kind = DeviceKind.Plug };
        var scene = new Scene(Scene.Lane(more: [plug]));
        scene.Observe(scene.Message(0, "main", Metric.W, 1200, device: "plug-1")).Observe(scene.Message(10, "main", Metric.W, 1200, device: "plug-1"));
        scene.Engine.Reconfigure(new FacilityIndex(Scene.Lane(more: [plug with { Kind = DeviceKind.Gateway }])));
        scene.Observe(scene.Message(20, "main", Metric.W, 1200, device: "plug-1")).Tick(21);

        Assert.Equal(["0 pending P2 lane/plug-1", "10 active P2 lane/plug-1"], scene.Told);
        Assert.All(scene.Steps, step => Assert.False(step.IsStranger));
        Assert.Empty(scene.Engine.OpenAlerts);
    }

    [Fact]
    public void A_foreign_device_that_was_adopted_leaves_the_unregistered_ones_and_its_alert_there_is_no_longer_open()
    {
        var scene = new Scene();
        var plug = scene.Devices.Resolve(Dialect.Tasmota, default, "plug-1"u8)!;
        foreach (var second in new[] { 0, 10 })
        {
            var message = scene.Message(second, "s1", Metric.W, 1200);
            message.Device = plug;
            scene.Observe(message);
        }

        Assert.Equal("10 active P2 unregistered/plug-1/s1", scene.Told.Last());
        Assert.Equal(AlertId.Of(null, "socket-overload", "unregistered/plug-1/s1", Scene.At(0)), scene.Steps[^1].AlertId);
        Assert.All(scene.Steps, step => Assert.True(step.IsStranger));

        scene.Engine.Reconfigure(new FacilityIndex(Scene.Lane(more: [new DeviceEntry { Id = "plug", Name = new LocalText("插座", "Plug"), Kind = DeviceKind.Plug, Foreign = plug.Id }])));
        Assert.Empty(scene.Engine.OpenAlerts);
    }

    private static List<string> Lines(Scene scene) =>
        [.. scene.Steps.Select(step => string.Create(CultureInfo.InvariantCulture, $"{TransitionJson.Write(step)} {step.OnsetMs} {step.Sequence} {step.FlapCount}"))];

    /// <summary>Everything at once: overloads with late and doubled readings, wills, silence, reboots, a slow clock, our own restart.</summary>
    private static List<Action<Scene>> Day(Scene maker)
    {
        var day = new List<Action<Scene>>();
        void Say(DeviceMessage message) => day.Add(scene => scene.Observe(message));

        day.Add(scene => scene.Engine.Started(Scene.At(-100)));
        day.Add(scene => scene.Birth(0, 20).Birth(0, 30, "pile-02").Birth(0, 40, "gw-1"));
        var random = new Random(11);
        for (var second = 0; second < 700; second += 4)
        {
            var time = second;
            var late = random.Next(3) == 0 ? random.Next(29) : 0;
            if (second is < 300 or > 430)
                Say(maker.Message(second - late, "s1", Metric.W, second % 200 < 60 ? 1300 : 400, receivedS: second));
            if (second < 400)
                Say(maker.Message(second, "s2", Metric.A, second < 250 ? 4.9 : 1, device: "pile-02", receivedS: second));
            if (second % 12 == 0)
                Say(maker.Message(second, "main", Metric.A, second is > 40 and < 140 ? 24 : 9, device: "meter-1"));
            if (second is > 560)
                Say(maker.Message(second - 2000, "s2", Metric.W, 1100, receivedS: second, boot: "boot-2"));
            if (second == 556)
                day.Add(scene => scene.Birth(556, 20, bd: 2, boot: "boot-2"));
            if (second == 440)
                day.Add(scene => scene.Status(440, Presence.Offline, "gw-1"));
            if (second == 600)
                day.Add(scene => scene.Status(600, Presence.Online, "gw-1"));
            if (second == 640)
                day.Add(scene => scene.Engine.Started(Scene.At(600)));
            if (second == 644)
                Say(maker.Message(second, "s1", Metric.W, 1200, device: "stranger", site: "elsewhere"));
            day.Add(scene => scene.Tick(time));
        }

        return day;
    }
}

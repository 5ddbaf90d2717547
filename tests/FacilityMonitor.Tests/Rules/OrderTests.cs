using System.Buffers;
using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;
using FsCheck;
using Random = System.Random;

namespace FacilityMonitor.Tests.Rules;

/// <summary>Readings that come twice, late, out of order, after a reboot or with a wrong clock.</summary>
public sealed class OrderTests
{
    private static readonly double[] Powers = [100, 960, 1100, 1300];
    private static readonly double[] Currents = [5, 21.5, 24, 40];

    private static readonly string[] Assets = ["lane/shed-1/pile-01/s1", "lane/c1"];

    private static readonly Grade[] Grades = SocketOverload.Instance.Grades(default, SettingScopes.Defaults);

    [Fact]
    public void A_thousand_orders_within_half_a_minute_leave_a_socket_in_one_state() => Thousand(seed =>
    {
        var random = new Random(seed);
        var window = Enumerable.Range(0, 25).Select(number => (AtMs: Scene.At(100 + (number * 1.2)), Value: (float)Pick(random, Powers))).ToArray();
        return SocketState(window).AsSpan().SequenceEqual(SocketState(Shuffled(random, window)));
    });

    [Fact]
    public void A_thousand_orders_within_half_a_minute_leave_a_circuit_in_one_state() => Thousand(seed =>
    {
        var random = new Random(seed);
        var window = Enumerable.Range(0, 29).Select(number => (AtMs: Scene.At(100 + number), Slot: number % 3, Milliamps: (int)(Pick(random, Currents) * 1000))).ToArray();
        return CircuitState(window).AsSpan().SequenceEqual(CircuitState(Shuffled(random, window)));
    });

    [Fact]
    public void A_thousand_orders_of_an_overload_raise_one_alert_of_one_urgency_and_clear_it_once() => Thousand(seed =>
    {
        var random = new Random(seed);
        var watts = Pick(random, [1100, 1300]);
        var began = 100 + random.Next(15);
        var (inOrder, shuffled) = (new Scene(), new Scene());
        foreach (var (scene, window) in new[] { (inOrder, Window()), (shuffled, Shuffled(random, Window())) })
        {
            for (var second = 0; second < 100; second += 5)
                scene.Watts(second, 100);
            foreach (var second in window)
                scene.Watts(second, second < began ? 100 : watts, receivedS: 129);
            for (var second = 130; second <= 400; second += 10)
                scene.Watts(second, 100);
        }

        return Essence(inOrder).SequenceEqual(Essence(shuffled));

        static int[] Window() => [.. Enumerable.Range(100, 29)];
        static IEnumerable<(Condition, Priority, string)> Essence(Scene scene) =>
            scene.Steps.SkipWhile(step => step.Condition != Condition.Active).Select(step => (step.Condition, step.Priority, step.Asset)).Distinct();
    });

    [Fact]
    public void No_order_of_readings_hides_an_alert_or_leaves_a_false_one_standing() => Thousand(seed =>
    {
        var random = new Random(seed);
        var (inOrder, shuffled) = (new Scene(), new Scene());
        var window = Enumerable.Range(100, 28).Select(second => (Second: second, Watts: Pick(random, Powers), Amps: Pick(random, Currents))).ToArray();
        foreach (var (scene, order) in new[] { (inOrder, window), (shuffled, Shuffled(random, window)) })
        {
            scene.Watts(99, 100).Amps(99, 5);
            foreach (var (second, watts, amps) in order)
                scene.Watts(second, watts, receivedS: 128).Amps(second, amps, receivedS: 128);
        }

        return Assets.All(asset => Stands(inOrder, asset) == Stands(shuffled, asset))
            && inOrder.Engine.Circuits.Single() is var one && shuffled.Engine.Circuits.Single() is var other
            && one.Level.Equals(other.Level) && one.Trip.Equals(other.Trip);

        static (Condition, Priority)? Stands(Scene scene, string asset) => scene.Steps.LastOrDefault(step => step.Asset == asset) is { Condition: Condition.Active } step
            ? (step.Condition, step.Priority)
            : null;
    });

    [Fact]
    public void Duplicates_change_nothing()
    {
        var random = new Random(7);
        var (once, twice) = (new Scene(), new Scene());
        foreach (var scene in new[] { once, twice })
        {
            random = new Random(7);
            var earlier = new Queue<DeviceMessage>();
            for (var second = 0; second < 300; second++)
            {
                var socket = scene.Message(second, "s1", Metric.W, Pick(random, Powers), seq: 2 * second);
                var meter = scene.Message(second, "main", Metric.A, Pick(random, Currents), device: "meter-1", seq: (2 * second) + 1);
                scene.Observe(socket).Observe(meter);
                if (scene == once)
                    continue;
                // At once, and once more 25 s later.
                scene.Observe(socket).Observe(meter);
                earlier.Enqueue(socket);
                earlier.Enqueue(meter);
                if (earlier.Count <= 50)
                    continue;
                for (var again = 0; again < 2; again++)
                {
                    var old = earlier.Dequeue();
                    old.ReceivedMs = socket.ReceivedMs;
                    scene.Observe(old);
                }
            }
        }

        Assert.NotEmpty(once.Steps);
        Assert.Equal(once.Told, twice.Told);
        Assert.Equal(once.SiteBytes(), twice.SiteBytes());
    }

    [Theory]
    [InlineData(10, true)]
    [InlineData(9.999, false)]
    public void A_reading_later_than_thirty_seconds_cannot_raise(double atS, bool raises)
    {
        var scene = new Scene().Watts(40, 1200).Watts(atS, 1200, receivedS: 40);

        Assert.Equal(raises, scene.Steps.Exists(step => step.Condition == Condition.Active));
    }

    [Theory]
    [InlineData(10, 100)]
    [InlineData(9.999, 60)]
    public void A_reading_later_than_thirty_seconds_cannot_end_a_breach(double atS, double raisedAtS)
    {
        var rules = Scene.Set("socket-overload", "hold_s", 60);
        var scene = new Scene(Scene.Lane(everywhere: rules)).Watts(0, 1200).Watts(40, 1200).Watts(atS, 100, receivedS: 40);
        for (var second = 50; second <= 100; second += 10)
            scene.Watts(second, 1200);

        Assert.Equal(Scene.At(raisedAtS), scene.Steps.First(step => step.Condition == Condition.Active).AtMs);
    }

    [Fact]
    public void A_late_meter_reading_cannot_raise_or_clear_a_circuit()
    {
        var scene = new Scene().Amps(0, 90, 10, 24).Steps.Count;
        var late = new Scene().Amps(0, 90, 10, 24);
        late.Amps(59.9, 0, receivedS: 90).Amps(59.8, 400, receivedS: 90);

        Assert.Equal(scene, late.Steps.Count);
        Assert.Equal(24, late.Engine.Circuits.Single().Amps[0]);
    }

    [Fact]
    public void A_breach_that_a_late_reading_disproves_is_not_left_standing()
    {
        var scene = new Scene().Watts(0, 1200).Watts(10, 1200).Watts(5, 100, receivedS: 10).Watts(15, 100);

        Assert.Equal(["0 pending P2", "10 active P2", "10 recovering P2", "15 cleared P2"], scene.Course);
    }

    [Fact]
    public void An_onset_that_a_late_reading_moves_gives_the_alert_its_true_name()
    {
        var scene = new Scene().Watts(10, 1200).Watts(15, 1200).Watts(0, 1200, receivedS: 15);

        Assert.Equal(["10 pending P2", "15 cleared P2", "15 active P2"], scene.Course);
        Assert.Equal(Scene.At(0), scene.Steps[^1].OnsetMs);
        Assert.Equal(AlertId.Of("lane", "socket-overload", "lane/shed-1/pile-01/s1", Scene.At(0)), scene.Steps[^1].AlertId);
    }

    [Fact]
    public void The_same_breach_seen_again_goes_on_counting_the_steps_of_its_name()
    {
        // 100 W and 1200 W for the same instant: the larger counts, so the pending breach of 0 s is back.
        var scene = new Scene().Watts(0, 1200).Watts(5, 100).Tick(6).Watts(5, 1200, receivedS: 6).Watts(10, 1200);

        Assert.Equal(["0 pending P2", "5 cleared P2", "5 pending P2", "10 active P2"], scene.Course);
        Assert.Single(scene.Steps.Select(step => step.AlertId).Distinct());
        Assert.Equal([0, 1, 2, 3], scene.Steps.Select(step => step.Sequence));
    }

    [Fact]
    public void A_reboot_neither_raises_nor_hides()
    {
        var scene = new Scene().Birth(0, 60).Watts(0, 1200).Watts(4, 1200)
            .Birth(5, 60, bd: 2, boot: "boot-2").Watts(6, 1200, boot: "boot-2").Watts(9.9, 1200, boot: "boot-2");
        Assert.Equal(["0 pending P2"], scene.Course);

        scene.Watts(10, 1200, boot: "boot-2");
        Assert.Equal(["0 pending P2", "10 active P2"], scene.Course);
    }

    [Fact]
    public void A_clock_that_is_an_hour_slow_after_a_reboot_hides_nothing()
    {
        var scene = new Scene().Birth(0, 60).Watts(0, 100).Watts(60, 100).Birth(61, 60, bd: 2, boot: "boot-2");
        for (var second = 62; second <= 100; second++)
            scene.Watts(second - 3600, 1200, boot: "boot-2", receivedS: second);

        Assert.Equal(["62 pending P2", "72 active P2"], scene.Course);

        // And when the clock is right again, the alert goes as it came.
        for (var second = 101; second <= 300; second += 10)
            scene.Watts(second, 100, boot: "boot-2");
        Assert.Equal("221 cleared P2", scene.Course.Last());
    }

    [Fact]
    public void A_clock_that_runs_back_without_a_reboot_hides_nothing()
    {
        var scene = new Scene();
        for (var second = 0; second <= 60; second += 5)
            scene.Watts(second, 100);
        for (var second = 65; second <= 80; second += 5)
            scene.Watts(second - 600, 1200, receivedS: second);

        Assert.Equal(["65 pending P2", "75 active P2"], scene.Course);
    }

    [Theory]
    [InlineData(MessageKind.Data, "boot-0")]
    [InlineData(MessageKind.Hist, "boot-1")]
    public void Old_words_of_the_boot_before_and_buffered_ones_are_not_taken_for_a_slow_clock(MessageKind kind, string boot)
    {
        var scene = new Scene().Birth(0, 60).Watts(3600, 100);
        scene.Watts(0, 1200, kind: kind, boot: boot, receivedS: 3601).Watts(10, 1200, kind: kind, boot: boot, receivedS: 3602);

        Assert.Empty(scene.Steps);
    }

    [Fact]
    public void A_number_sent_before_is_not_taken_for_a_slow_clock()
    {
        var scene = new Scene();
        scene.Observe(scene.Message(3600, "s1", Metric.W, 100, seq: 50));
        scene.Observe(scene.Message(0, "s1", Metric.W, 1200, seq: 40, receivedS: 3601)).Observe(scene.Message(10, "s1", Metric.W, 1200, seq: 41, receivedS: 3602));

        Assert.Empty(scene.Steps);
    }

    [Fact]
    public void A_queue_that_is_delivered_an_hour_late_keeps_its_own_times()
    {
        var scene = new Scene();
        for (var second = 0; second <= 20; second += 10)
            scene.Watts(second, 1200, receivedS: 3600);

        Assert.Equal(["0 pending P2", "10 active P2"], scene.Course);
    }

    [Fact]
    public void More_samples_than_are_kept_for_half_a_minute_are_settled_early_and_counted()
    {
        var scene = new Scene();
        for (var sample = 0; sample < 64; sample++)
            scene.Watts(sample * 0.1, 1200);
        Assert.Equal(0, scene.Engine.WindowOverflows);

        for (var sample = 64; sample <= 100; sample++)
            scene.Watts(sample * 0.1, 1200);
        Assert.Equal(37, scene.Engine.WindowOverflows);
        Assert.Equal(["0 pending P2", "10 active P2"], scene.Course);
    }

    private static void Thousand(Func<int, bool> holds) =>
        Prop.ForAll(Arb.From(Gen.Choose(0, int.MaxValue)), holds).Check(new FsCheck.Configuration { MaxNbOfTest = 1000, QuietOnSuccess = true, Runner = Config.QuickThrowOnFailure.Runner });

    private static double Pick(Random random, double[] values) => values[random.Next(values.Length)];

    private static T[] Shuffled<T>(Random random, T[] items)
    {
        T[] copy = [.. items];
        random.Shuffle(copy);
        return copy;
    }

    private static byte[] SocketState((long AtMs, float Value)[] window)
    {
        var tracks = new ChannelTracks();
        ref var track = ref tracks[tracks.Add()];
        for (var second = 0; second < 100; second += 10)
            tracks.Observe(ref track, Grades, Scene.At(second), second < 50 ? 1200 : 100, 180_000);
        foreach (var (atMs, value) in window)
            Assert.True(tracks.Observe(ref track, Grades, atMs, value, 180_000) is Accepted.InOrder or Accepted.Reordered);
        var output = new ArrayBufferWriter<byte>();
        var writer = new SnapshotWriter(output);
        tracks.Save(ref writer, track);
        return output.WrittenSpan.ToArray();
    }

    private static byte[] CircuitState((long AtMs, int Slot, int Milliamps)[] window)
    {
        var circuit = new Circuit { Id = "c1", Name = new LocalText("一", "one"), Kind = CircuitKind.Charging, RatedA = 20 };
        var subject = new Subject(SubjectKind.Circuit, null, null, ChannelId.Main, circuit, null);
        var track = new LoadTrack(circuit, [CircuitOverload.Instance.NewCell(CircuitOverload.Instance.LimitsFor(subject, SettingScopes.Defaults))]);
        for (var slot = 0; slot < 3; slot++)
            track.AddSlot(new LoadSlot(slot, ChannelId.Socket(1), 0, false));
        for (var second = 0; second < 100; second += 5)
            Take(Scene.At(second), second / 5 % 3, 4000);
        foreach (var (atMs, slot, milliamps) in window)
            Take(atMs, slot, milliamps);
        var output = new ArrayBufferWriter<byte>();
        var writer = new SnapshotWriter(output);
        track.Save(ref writer);
        return output.WrittenSpan.ToArray();

        void Take(long atMs, int slot, int milliamps)
        {
            Assert.True(track.Add(new LoadSample(atMs, slot, milliamps), isLive: true) is Accepted.InOrder or Accepted.Reordered);
            track.Rederive();
            while (track.StepNext())
            {
                // Every instant is judged.
            }
        }
    }
}

using System.Buffers;
using System.Globalization;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;
using FsCheck;
using Random = System.Random;

namespace FacilityMonitor.Tests.Rules;

/// <summary>What comes late is put at its place once a message, and whoever is always late uses up his own share and nobody else's. Counted in steps, never in time.</summary>
public sealed class LateWorkTests
{
    [Fact]
    public void A_message_of_many_late_facts_derives_a_full_circuit_anew_once()
    {
        var scene = Full();
        var before = scene.Engine.LateSteps;

        scene.Observe(Trips(scene, -29.9, 560));

        Assert.InRange(scene.Engine.LateSteps - before, 3_000, LoadTrack.SamplesMax + 100);
    }

    [Fact]
    public void Facts_that_come_in_order_derive_nothing_anew()
    {
        var scene = Full();
        var before = scene.Engine.LateSteps;

        for (var number = 0; number < 60; number++)
            scene.Observe(Trips(scene, 1 + (number * 0.01), 1));

        Assert.Equal(before, scene.Engine.LateSteps);
        Assert.Contains(scene.Told, told => told.StartsWith("1 active P1", StringComparison.Ordinal));
    }

    [Fact]
    public void A_message_in_which_a_terminal_is_warmer_and_colder_by_turns_derives_a_full_circuit_anew_once()
    {
        var scene = Full();
        var before = scene.Engine.LateSteps;

        var message = Begin(scene, 0, "meter-1");
        for (var reading = 0; reading < 900; reading++)
            Scene.Add(message, -29.98 + (reading * 0.03), "main", Metric.Tc, 30 + (reading % 2));
        scene.Observe(message);

        Assert.InRange(scene.Engine.LateSteps - before, 3_000, (2 * LoadTrack.SamplesMax) + 100);
    }

    [Fact]
    public void A_message_of_many_late_readings_shows_a_channels_half_minute_anew_once()
    {
        var scene = new Scene();
        for (var reading = 0; reading < 1_000; reading++)
            scene.Observe(scene.Message(reading * 0.02, "main", Metric.SmokeDbm, 0.01));
        Assert.Equal(0, scene.Engine.LateSteps);

        var message = Begin(scene, 20, "pile-01");
        for (var reading = 0; reading < 500; reading++)
            Scene.Add(message, 0.01 + (reading * 0.02), "main", Metric.SmokeDbm, 0.01);
        scene.Observe(message);

        Assert.InRange(scene.Engine.LateSteps, Timeline.EntriesMax / 2, Timeline.EntriesMax + 1);
    }

    [Fact]
    public void A_channel_that_is_derived_anew_in_the_middle_of_a_message_is_forgotten_at_its_end_and_no_sooner()
    {
        var scene = new Scene();
        scene.Observe(scene.Message(0, "s1", Metric.Tc, 41));
        scene.Observe(scene.Message(10, "s1", Metric.W, 3));
        // The first comes late, the second is so much newer that what is late has to be settled before it; then nothing is warm any more.
        var message = Begin(scene, 45, "pile-01");
        Scene.Add(message, 5, "s1", Metric.Tc, 39);
        Scene.Add(message, 45, "s1", Metric.Tc, 39);
        scene.Observe(message);
        scene.Observe(scene.Message(60, "s1", Metric.Tc, 39));

        Assert.Empty(scene.Told);
    }

    [Fact]
    public void A_device_that_is_always_late_uses_up_its_own_share_and_nobody_elses()
    {
        var scene = new Scene(TwoPiles());
        Fill(scene, "pile-01", "s1", 0);
        for (var number = 0; number < 100; number++)
            scene.Observe(scene.Message(-20 + (number * 0.001), "s2", Metric.W, 50, receivedS: 0));

        Assert.InRange(scene.Engine.LateSteps, LateWork.StepsMax, LateWork.StepsMax + LoadTrack.SamplesMax + 100);
        Assert.InRange(scene.Engine.LateRefused, 1, 100);

        var (steps, refused) = (scene.Engine.LateSteps, scene.Engine.LateRefused);
        scene.Observe(scene.Message(-10, "s1", Metric.W, 50, device: "pile-02", receivedS: 1));
        Assert.InRange(scene.Engine.LateSteps - steps, 1, LoadTrack.SamplesMax + 100);
        Assert.Equal(refused, scene.Engine.LateRefused);
    }

    [Theory]
    [InlineData(29.999, 1)]
    [InlineData(30, 0)]
    public void Its_share_is_for_half_a_minute(double afterS, int refused)
    {
        var scene = Spent(out var firstS);
        var before = scene.Engine.LateRefused;

        scene.Observe(scene.Message(-9, "s2", Metric.W, 60, receivedS: firstS + afterS));

        Assert.Equal(refused, scene.Engine.LateRefused - before);
    }

    [Fact]
    public void What_comes_in_order_counts_though_the_share_is_used_up()
    {
        var scene = Spent(out _);

        scene.Watts(1, 1_200).Watts(11, 1_200).Observe(Trips(scene, 12, 1));

        Assert.Contains("11 active P2 lane/shed-1/pile-01/s1", scene.Told);
        Assert.Contains(scene.Told, told => told.StartsWith("12 active P1", StringComparison.Ordinal));
    }

    [Fact]
    public void A_restart_gives_nobody_a_new_share()
    {
        var scene = Spent(out _);
        var restarted = scene.Restarted(TwoPiles());

        foreach (var one in new[] { scene, restarted })
            one.Observe(scene.Message(-9, "s2", Metric.W, 60, receivedS: 0, seq: 5_000));

        Assert.Equal(1, restarted.Engine.LateRefused);
        Assert.Equal(scene.SiteBytes(), restarted.SiteBytes());
    }

    [Fact]
    public void Any_order_of_words_and_loads_in_batches_with_restarts_anywhere_leads_to_one_state() =>
        Prop.ForAll<int>(seed => Any(seed)).Check(new FsCheck.Configuration { MaxNbOfTest = 2_000, QuietOnSuccess = true, Runner = Config.QuickThrowOnFailure.Runner });

    private static bool Any(int seed)
    {
        var random = new Random(seed);
        var (atMs, told) = (Scene.StartMs, new List<(long AtMs, bool IsWord)>());
        for (var count = random.Next(2, 40); count > 0; count--)
        {
            atMs += 1 + random.Next(12_000);
            told.Add((atMs, random.Next(2) == 0));
        }

        var inOrder = NewTrack();
        foreach (var one in told)
            Judge(Take(inOrder, one));
        // The next word shows all before it in its order, also loads that came after a word that was ahead of them.
        var last = (atMs + 1, IsWord: true);
        Judge(Take(inOrder, last));
        var shuffled = NewTrack();
        foreach (var one in told.OrderBy(one => one.AtMs + random.Next((int)ReorderWindow.LatenessMaxMs / 2)))
        {
            Take(shuffled, one);
            if (random.Next(3) != 0)
                continue;
            Judge(shuffled);
            if (random.Next(3) == 0)
                shuffled = Restarted(shuffled);
        }

        Judge(shuffled);
        Judge(Take(shuffled, last));
        return Seen(inOrder) == Seen(shuffled);
    }

    private static LoadTrack NewTrack()
    {
        var track = new LoadTrack(new Circuit { Id = "c1", Name = new LocalText("一", "one"), Kind = CircuitKind.Charging, RatedA = 20 }, [Witness.Instance.NewCell(new Witness.None())]);
        track.AddSlot(new LoadSlot(0, ChannelId.Main, 0, false));
        return track;
    }

    private static LoadTrack Restarted(LoadTrack track)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new SnapshotWriter(output);
        track.Save(ref writer);
        var next = NewTrack();
        var reader = new SnapshotReader(output.WrittenSpan);
        next.Load(ref reader, hasValues: true, hasOrder: true);
        return next;
    }

    private static LoadTrack Take(LoadTrack track, (long AtMs, bool IsWord) told)
    {
        if (told.IsWord)
            track.Add(Trip(told.AtMs, "s"));
        else
            track.Add(new LoadSample(told.AtMs, 0, 4_000), isLive: true);
        return track;
    }

    private static void Judge(LoadTrack track)
    {
        track.Rederive();
        while (track.StepNext())
        {
            // Every instant is judged.
        }
    }

    private static Witness.Seen Seen(LoadTrack track) => ((Cell<Witness.Seen, Witness.None>)track.Cells.Single()).Live;

    /// <summary>A circuit whose meter filled all that is remembered of half a minute.</summary>
    private static Scene Full()
    {
        var scene = new Scene();
        Fill(scene, "meter-1", "main", 0);
        return scene;
    }

    /// <summary>A pile that used up its share with late readings received at one moment.</summary>
    private static Scene Spent(out double atS)
    {
        atS = 0;
        var scene = new Scene(TwoPiles());
        Fill(scene, "pile-01", "s1", 0);
        for (var number = 0; scene.Engine.LateRefused == 0; number++)
            scene.Observe(scene.Message(-20 + (number * 0.001), "s2", Metric.W, 50, receivedS: 0));
        return scene;
    }

    private static void Fill(Scene scene, string device, string channel, double receivedS)
    {
        for (var part = 0; part < 5; part++)
        {
            var message = Begin(scene, receivedS, device);
            for (var reading = 0; reading < 810; reading++)
                Scene.Add(message, -29.99 + (((part * 810) + reading) * 0.007), channel, device == "meter-1" ? Metric.A : Metric.W, 4);
            scene.Observe(message);
        }
    }

    private static DeviceMessage Begin(Scene scene, double receivedS, string device)
    {
        var message = scene.Message(receivedS, "main", Metric.A, 0, device: device, receivedS: receivedS);
        message.Readings.Clear();
        return message;
    }

    private static DeviceMessage Trips(Scene scene, double fromS, int count)
    {
        var message = Begin(scene, Math.Max(0, fromS), "pile-01");
        message.Kind = MessageKind.Event;
        for (var number = 0; number < count; number++)
            message.Events.Add(Trip(Scene.At(fromS) + number, string.Create(CultureInfo.InvariantCulture, $"a{number}")));
        return message;
    }

    private static DeviceEvent Trip(long atMs, string session) => new() { Kind = EventKind.Trip, Channel = ChannelId.Main, AtMs = atMs, DeviceMs = atMs, Session = session };

    private static Facility TwoPiles() => Scene.Lane(metered: false, more:
    [
        new DeviceEntry { Id = "pile-02", Name = new LocalText("2 号桩", "Pile 2"), Kind = DeviceKind.Pile, Place = "shed-1", Circuit = "c1", Sockets = 2 },
    ]);

    /// <summary>Remembers all that it was shown, and in which order.</summary>
    private sealed class Witness : StateRule<Witness.Seen, Witness.None>
    {
        public static Witness Instance { get; } = new();

        public override string Name => "witness";

        public override LocalText Title { get; } = new("", "");

        public override LocalText Detects => Title;

        public override IReadOnlyList<RuleSetting> Settings => [];

        public override LocalText Next => Title;

        public override IReadOnlyList<LocalText> Steps => [];

        public override SubjectKind Subject => SubjectKind.Circuit;

        internal override EventSet Events { get; } = EventSet.Of(EventKind.Trip);

        internal override bool AppliesTo(in Subject subject) => true;

        internal override None LimitsFor(in Subject subject, SettingScopes scopes) => new();

        internal override void Step(ref Seen state, in Sight sight, None limits) =>
            state = new Seen(state.Count + 1, HashCode.Combine(state.All, sight.AtMs, sight.Kind));

        internal override Verdict Judge(in Seen state, None limits, long nowMs) => Verdict.Normal;

        internal override LocalText Explain(in Seen state, None limits, in Telling telling, SortedDictionary<string, object> evidence) => Title;

        internal readonly record struct Seen(int Count, int All);

        internal sealed record None;
    }
}

using System.Buffers;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;
using FsCheck;
using Random = System.Random;

namespace FacilityMonitor.Tests.Rules;

/// <summary>In whatever order sights come, up to half a minute late, twice, with restarts between: the rules see them in one order.</summary>
public sealed class TimelineOrderTests
{
    private static readonly EventKind[] Kinds = [EventKind.Call, EventKind.CallAnswered, EventKind.Camera];

    [Fact]
    public void Any_order_within_half_a_minute_with_duplicates_and_restarts_anywhere_leads_to_one_state() =>
        Prop.ForAll<int>(seed => Any(seed)).Check(new FsCheck.Configuration { MaxNbOfTest = 2_000, QuietOnSuccess = true, Runner = Config.QuickThrowOnFailure.Runner });

    private static bool Any(int seed)
    {
        var random = new Random(seed);
        var sights = Sights(random);
        var inOrder = Begin();
        foreach (var sight in sights.OrderBy(sight => sight.AtMs))
        {
            Show(inOrder, sight);
            CatchUp(inOrder);
        }

        var arrivals = new List<(long AtMs, Told Sight)>();
        foreach (var sight in sights)
        {
            // Exactly as late as is allowed, too.
            for (var copies = 1 + (random.Next(3) == 0 ? random.Next(3) : 0); copies > 0; copies--)
                arrivals.Add((sight.AtMs + (random.Next(5) == 0 ? ReorderWindow.LatenessMaxMs : random.Next((int)ReorderWindow.LatenessMaxMs + 1)), sight));
        }

        var shuffled = Begin();
        foreach (var (_, sight) in arrivals.OrderBy(arrival => arrival.AtMs).ThenBy(_ => random.Next()))
        {
            if (shuffled.MustCatchUp(sight.AtMs))
                CatchUp(shuffled);
            Show(shuffled, sight);
            // Messages hold several sights: it is judged after some of them only.
            if (random.Next(3) != 0)
                continue;
            CatchUp(shuffled);
            if (random.Next(8) == 0)
                shuffled = Restarted(shuffled);
        }

        CatchUp(shuffled);
        return Seen(inOrder) == Seen(shuffled);
    }

    private static Witness.Seen Seen(Timeline timeline) => ((Cell<Witness.Seen, Witness.None>)timeline.Cells.Single()).Live;

    private static Timeline Begin()
    {
        var timeline = new Timeline(new Subject(SubjectKind.Device, null, null, ChannelId.Main, null, null), 1, [new StatePlan(Witness.Instance, new Witness.None())]);
        timeline.WakeAll();
        return timeline;
    }

    private static Timeline Restarted(Timeline timeline)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new SnapshotWriter(output);
        timeline.Save(ref writer);
        var next = Begin();
        var reader = new SnapshotReader(output.WrittenSpan);
        next.Load(ref reader, _ => null);
        return next;
    }

    /// <summary>Some minutes of three speakers: readings with one or two values and a word, events that differ in little, presence. Several at one instant.</summary>
    private static List<Told> Sights(Random random)
    {
        var (sights, atMs) = (new List<Told>(), 1_000_000L);
        for (var count = random.Next(2, 40); count > 0; count--)
        {
            atMs += random.Next(4) * random.Next(12_000);
            var speaker = random.Next(3);
            sights.Add(random.Next(6) switch
            {
                0 => new Told(atMs, speaker, SightKind.Presence, (byte)random.Next(2), null, 0, null),
                1 or 2 => new Told(atMs, speaker, SightKind.Event, 0, Event(random, atMs), 0, null),
                var which => new Told(atMs, speaker, SightKind.Reading, 0, null, random.Next(5), which == 3 ? "ab"[random.Next(2)].ToString() : null),
            });
        }

        return sights;
    }

    private static DeviceEvent Event(Random random, long atMs) => new()
    {
        Kind = Kinds[random.Next(Kinds.Length)],
        Channel = ChannelId.Main,
        AtMs = atMs,
        DeviceMs = atMs,
        Session = random.Next(3) == 0 ? "s" : null,
        User = random.Next(3) == 0 ? "u" + random.Next(2) : null,
        On = random.Next(3) switch { 0 => null, 1 => true, _ => false },
        Wh = random.Next(4) == 0 ? random.Next(3) : null,
    };

    private static void Show(Timeline timeline, Told sight)
    {
        var speaker = timeline.SpeakerOf(1 + sight.Speaker, null, ChannelId.Main, ofFacts: sight.Kind != SightKind.Reading);
        if (sight.Kind != SightKind.Reading)
        {
            timeline.Fact(speaker, sight.AtMs, sight.Kind, sight.Side, sight.Event, 60_000, isLive: true);
            return;
        }

        var present = MetricSet.Of(Metric.W, Metric.A);
        Span<double> values = [sight.Value, sight.Value * 2];
        timeline.Reading(speaker, sight.AtMs, new Values(present, present, values), sight.State, 60_000, isLive: true);
    }

    private static void CatchUp(Timeline timeline)
    {
        timeline.Rederive();
        while (timeline.StepNext())
        {
            // Every sight is judged.
        }
    }

    private sealed record Told(long AtMs, int Speaker, SightKind Kind, byte Side, DeviceEvent? Event, double Value, string? State);

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

        public override SubjectKind Subject => SubjectKind.Device;

        internal override MetricSet Metrics { get; } = MetricSet.Of(Metric.W, Metric.A);

        internal override EventSet Events { get; } = EventSet.Of(Kinds);

        internal override bool HearsPresence => true;

        internal override bool AppliesTo(in Subject subject) => true;

        internal override None LimitsFor(in Subject subject, SettingScopes scopes) => new();

        internal override void Step(ref Seen state, in Sight sight, None limits)
        {
            var what = HashCode.Combine(
                sight.AtMs, sight.Kind, sight.Speaker.Device, sight.Presence, sight.IsReading ? HashCode.Combine(sight.Values.Or(Metric.W), sight.Values.Or(Metric.A), sight.State) : 0,
                sight.Event is { } fact ? HashCode.Combine(fact.Kind, fact.Session, fact.User, fact.On, fact.Wh) : 0);
            state = new Seen(state.Count + 1, HashCode.Combine(state.All, what), sight.AtMs);
        }

        internal override Verdict Judge(in Seen state, None limits, long nowMs) => Verdict.Normal;

        internal override LocalText Explain(in Seen state, None limits, in Telling telling, SortedDictionary<string, object> evidence) => Title;

        internal readonly record struct Seen(int Count, int All, long LastMs);

        internal sealed record None;
    }
}

using System.Runtime.CompilerServices;
using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>One limit of a rule and the priority its breach has.</summary>
/// <param name="Priority">How urgent a breach is.</param>
/// <param name="Limit">The limit, in the unit the rule measures.</param>
/// <param name="Inclusive">Whether the limit itself is a breach already.</param>
/// <param name="Clear">Below this the value is quiet.</param>
/// <param name="Timing">How long it must last.</param>
internal readonly record struct Grade(Priority Priority, float Limit, bool Inclusive, float Clear, HoldTiming Timing)
{
    public bool Breached(float value) => Inclusive ? value >= Limit : value > Limit;
}

/// <summary>A rule that compares one measured value of one channel with limits. Its state is the same for all: see <see cref="ChannelTracks"/>.</summary>
internal abstract class ChannelRule : Rule
{
    /// <summary>Most limits one rule has.</summary>
    internal const int GradesMax = 4;

    /// <summary>Whether it judges this channel; its device is null where nobody registered it.</summary>
    internal abstract bool AppliesTo(in Subject subject);

    /// <summary>Its limits for a channel, the lowest first.</summary>
    internal abstract Grade[] Grades(in Subject subject, SettingScopes scopes);

    /// <summary>Metrics it measures by: a reading without any of them is not shown to it.</summary>
    internal abstract MetricSet Metrics { get; }

    /// <summary>The value it judges, of one reading; false when the reading does not hold it.</summary>
    /// <param name="values">What was measured.</param>
    /// <param name="value">The value.</param>
    /// <param name="origin">From what the value was computed, in the rule's own numbers; 0: it was measured.</param>
    internal abstract bool TryMeasure(in Values values, out float value, out byte origin);

    /// <summary>The numbers behind an alert.</summary>
    internal abstract void Explain(in Grade grade, float value, byte origin, SortedDictionary<string, object> evidence);

    /// <summary>What is the matter, in a few words.</summary>
    internal abstract LocalText What(in Grade grade, float value);
}

/// <summary>Holds of one channel's limits.</summary>
[InlineArray(ChannelRule.GradesMax)]
internal struct Holds
{
    private Hold _first;
}

/// <summary>What a channel rule knows of one channel, in 40 bytes while nothing is near a limit.</summary>
internal record struct ChannelTrack
{
    /// <summary>A settled sample is never remembered as older than this beside the newest, ms: any such time is a gap.</summary>
    private const long SettledAgoMaxMs = 1_000_000_000;

    /// <summary>Time of the newest sample; 0: none yet.</summary>
    public long NewestMs { get; private set; }

    private int _settledAgo;

    /// <summary>Time of the newest settled sample; 0: none. Kept as its distance from the newest sample.</summary>
    public long SettledMs
    {
        readonly get => _settledAgo == 0 ? 0 : NewestMs + 1 - _settledAgo;
        set => _settledAgo = value == 0 ? 0 : (int)Math.Min(NewestMs + 1 - value, SettledAgoMaxMs);
    }

    /// <summary>Goes on to a newer sample.</summary>
    public void Advance(long newestMs)
    {
        var settled = SettledMs;
        NewestMs = newestMs;
        SettledMs = settled;
    }

    public ReorderWindow.Run Run;

    /// <summary>One more than the place of its holds; 0: every hold is idle, now and at the settled time.</summary>
    public int Busy { get; set; }

    /// <summary>The newest value.</summary>
    public float Value { get; set; }

    /// <summary><see cref="Verdict.Code"/> as last told.</summary>
    public byte Told;

    /// <summary>From what the newest value was computed; 0: it was measured.</summary>
    public byte Origin { get; set; }

    /// <summary>Of the first track of a socket: three more than its place among <see cref="SocketSessions"/>; 0: nobody has charged there yet; 1, 2: its newest sample alone showed a begin, of a socket that was
    /// not (1) or was (2) seen before. It stands here because here it costs nothing.</summary>
    public ushort Socket { get; set; }
}

/// <summary>What became of a sample.</summary>
internal enum Accepted : byte
{
    InOrder,
    Reordered,
    Duplicate,
    TooLate,
}

/// <summary>The state of every channel that one site's channel rules judge.</summary>
/// <remarks>
/// A channel's state is kept twice: as of now, and settled as of 30 s before its newest sample, with the samples between. A sample in order steps the
/// present state; one that comes late is put at its place, and the present state is derived again from the settled one. So the order of arrival
/// within 30 s never matters, and no alert waits for stragglers. Of two values for one instant the larger counts, whichever came first.
/// </remarks>
internal sealed class ChannelTracks
{
    private readonly ReorderWindow _window = new();
    private readonly Stack<int> _freeHolds = [];
    private ChannelTrack[] _tracks = new ChannelTrack[16];
    private (Holds Live, Holds Settled)[] _holds = new (Holds, Holds)[4];
    private int _holdsUsed;

    public int Count { get; private set; }

    /// <summary>Samples that were settled early because a channel sent more than <see cref="ReorderWindow.SamplesMax"/> in 30 s.</summary>
    public long WindowOverflows { get; private set; }

    public ref ChannelTrack this[int index] => ref _tracks[index];

    public int Add()
    {
        if (Count == _tracks.Length)
            Array.Resize(ref _tracks, Count + 16 + (Count / 8));
        return Count++;
    }

    /// <summary>Empties a track that is to be used for another channel; its block of samples stays with it.</summary>
    public void Reset(int index)
    {
        ref var track = ref _tracks[index];
        if (track.Busy > 0)
            _freeHolds.Push(track.Busy - 1);
        _window.RemoveFirst(ref track.Run, track.Run.Count);
        track = new ChannelTrack { Run = track.Run };
    }

    /// <summary>Takes a sample into a channel's state.</summary>
    public Accepted Observe(ref ChannelTrack track, Grade[] grades, long atMs, float value, long gapMs)
    {
        if (atMs > track.NewestMs)
        {
            if (track.Run.Count == ReorderWindow.SamplesMax)
            {
                WindowOverflows++;
                SettleFirst(ref track, grades, 1, gapMs);
            }

            var last = track.NewestMs;
            track.Advance(atMs);
            track.Value = value;
            Settle(ref track, grades, last, gapMs);
            _window.Insert(ref track.Run, track.Run.Count, new Sample((uint)atMs, value));
            StepLive(ref track, grades, last, atMs, value, gapMs);
            return Accepted.InOrder;
        }

        // What is settled stays settled, or the same sample could count twice.
        if (atMs < track.NewestMs - ReorderWindow.LatenessMaxMs || atMs <= track.SettledMs)
            return Accepted.TooLate;
        return Reorder(ref track, grades, atMs, value, gapMs);
    }

    public Verdict Judge(in ChannelTrack track, Grade[] grades)
    {
        var verdict = Verdict.Normal;
        if (track.Busy == 0)
            return verdict;
        ref readonly var live = ref _holds[track.Busy - 1].Live;
        for (var grade = 0; grade < grades.Length; grade++)
            verdict = verdict.Or(grades[grade].Priority, live[grade]);
        return verdict;
    }

    /// <summary>Ends every breach of a track of which it is known that nothing is left to judge. What was said before and comes late changes it no more.</summary>
    public void Release(ref ChannelTrack track)
    {
        if (track.Busy > 0)
            _freeHolds.Push(track.Busy - 1);
        track.Busy = 0;
        _window.RemoveFirst(ref track.Run, track.Run.Count);
        track.SettledMs = track.NewestMs;
    }

    /// <summary>Reads over a track that nobody needs any more.</summary>
    public static void Skip(ref SnapshotReader reader)
    {
        reader.Bytes(8 + 8 + 4 + 1 + 1);
        reader.Bytes(reader.Byte() * (8 + 4));
        if (reader.Byte() == 0)
            return;
        for (var hold = 0; hold < 2 * ChannelRule.GradesMax; hold++)
            reader.Hold();
    }

    private Accepted Reorder(ref ChannelTrack track, Grade[] grades, long atMs, float value, long gapMs)
    {
        var samples = _window.Of(track.Run);
        var index = samples.Length;
        while (index > 0 && samples[index - 1].AtMs(track.NewestMs) > atMs)
            index--;
        if (index > 0 && samples[index - 1].AtMs(track.NewestMs) == atMs)
        {
            if (samples[index - 1].Value >= value)
                return Accepted.Duplicate;
            samples[index - 1] = new Sample((uint)atMs, value);
        }
        else
        {
            if (track.Run.Count == ReorderWindow.SamplesMax)
                return Accepted.TooLate;
            _window.Insert(ref track.Run, index, new Sample((uint)atMs, value));
        }

        samples = _window.Of(track.Run);
        track.Value = samples[^1].Value;
        if (track.Busy == 0 && !AnyBreach(samples, grades))
            return Accepted.Reordered;
        ref var holds = ref Busy(ref track);
        holds.Live = holds.Settled;
        var last = track.SettledMs;
        foreach (var sample in samples)
        {
            var at = sample.AtMs(track.NewestMs);
            Step(ref holds.Live, grades, last, at, sample.Value, gapMs);
            last = at;
        }

        ReleaseIfIdle(ref track, grades.Length);
        return Accepted.Reordered;
    }

    private static bool AnyBreach(ReadOnlySpan<Sample> samples, Grade[] grades)
    {
        foreach (var sample in samples)
        {
            if (grades[0].Breached(sample.Value))
                return true;
        }

        return false;
    }

    private void Settle(ref ChannelTrack track, Grade[] grades, long newestBeforeMs, long gapMs)
    {
        var samples = _window.Of(track.Run);
        var count = 0;
        while (count < samples.Length && samples[count].AtMs(newestBeforeMs) < track.NewestMs - ReorderWindow.LatenessMaxMs)
            count++;
        if (count > 0)
            SettleFirst(ref track, grades, count, gapMs, newestBeforeMs);
    }

    private void SettleFirst(ref ChannelTrack track, Grade[] grades, int count, long gapMs, long? newestMs = null)
    {
        var samples = _window.Of(track.Run);
        for (var index = 0; index < count; index++)
        {
            var at = samples[index].AtMs(newestMs ?? track.NewestMs);
            if (track.Busy > 0 || grades[0].Breached(samples[index].Value))
                Step(ref Busy(ref track).Settled, grades, track.SettledMs, at, samples[index].Value, gapMs);
            track.SettledMs = at;
        }

        _window.RemoveFirst(ref track.Run, count);
    }

    private void StepLive(ref ChannelTrack track, Grade[] grades, long lastMs, long atMs, float value, long gapMs)
    {
        if (track.Busy == 0 && !grades[0].Breached(value))
            return;
        Step(ref Busy(ref track).Live, grades, lastMs, atMs, value, gapMs);
        ReleaseIfIdle(ref track, grades.Length);
    }

    private static void Step(ref Holds holds, Grade[] grades, long lastMs, long atMs, float value, long gapMs)
    {
        var passed = atMs - lastMs;
        var counted = lastMs == 0 || passed > gapMs ? 0 : passed;
        for (var grade = 0; grade < grades.Length; grade++)
        {
            ref readonly var limit = ref grades[grade];
            holds[grade].Step(limit.Breached(value), value < limit.Clear, atMs, counted, limit.Timing);
        }
    }

    private ref (Holds Live, Holds Settled) Busy(ref ChannelTrack track)
    {
        if (track.Busy == 0)
        {
            if (!_freeHolds.TryPop(out var free))
            {
                if (_holdsUsed == _holds.Length)
                    Array.Resize(ref _holds, _holdsUsed + 4 + (_holdsUsed / 4));
                free = _holdsUsed++;
            }

            _holds[free] = default;
            track.Busy = free + 1;
        }

        return ref _holds[track.Busy - 1];
    }

    private void ReleaseIfIdle(ref ChannelTrack track, int grades)
    {
        if (track.Busy == 0)
            return;
        ref readonly var holds = ref _holds[track.Busy - 1];
        for (var grade = 0; grade < grades; grade++)
        {
            if (holds.Live[grade].Phase != HoldPhase.Idle || holds.Settled[grade].Phase != HoldPhase.Idle)
                return;
        }

        _freeHolds.Push(track.Busy - 1);
        track.Busy = 0;
    }

    public void Save(ref SnapshotWriter writer, in ChannelTrack track)
    {
        writer.Int64(track.NewestMs);
        writer.Int64(track.SettledMs);
        writer.Single(track.Value);
        writer.Byte(track.Told);
        writer.Byte(track.Origin);
        writer.Byte(track.Run.Count);
        foreach (var sample in _window.Of(track.Run))
        {
            writer.Int64(sample.AtMs(track.NewestMs));
            writer.Single(sample.Value);
        }

        writer.Byte(track.Busy > 0 ? (byte)1 : (byte)0);
        for (var grade = 0; track.Busy > 0 && grade < ChannelRule.GradesMax; grade++)
        {
            writer.Hold(_holds[track.Busy - 1].Live[grade]);
            writer.Hold(_holds[track.Busy - 1].Settled[grade]);
        }
    }

    public void Load(ref SnapshotReader reader, ref ChannelTrack track)
    {
        track = default;
        track.Advance(reader.Int64());
        track.SettledMs = reader.Int64();
        (track.Value, track.Told, track.Origin) = (reader.Single(), reader.Byte(), reader.Byte());
        var samples = reader.Byte();
        for (var index = 0; index < samples; index++)
            _window.Insert(ref track.Run, index, new Sample((uint)reader.Int64(), reader.Single()));
        if (reader.Byte() == 0)
            return;
        ref var holds = ref Busy(ref track);
        for (var grade = 0; grade < ChannelRule.GradesMax; grade++)
        {
            holds.Live[grade] = reader.Hold();
            holds.Settled[grade] = reader.Hold();
        }
    }
}

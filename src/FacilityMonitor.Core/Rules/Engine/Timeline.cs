using System.Runtime.InteropServices;
using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>One remembered sight; its values lie beside it.</summary>
internal struct TimelineEntry
{
    public long AtMs;
    public int Speaker;
    public SightKind Kind;

    /// <summary>Of a presence: which. Of a finding: see <see cref="FoundSide"/>.</summary>
    public byte Side;
    public MetricSet Present;

    /// <summary>State text, event or rule.</summary>
    public object? Word;
}

/// <summary>A finding in a byte: how urgent the verdict is now in the low half, and was before in the high one. Stored.</summary>
internal static class FoundSide
{
    private const int On = 8;

    /// <summary>Of two <see cref="Verdict.Code"/>s.</summary>
    public static byte Of(byte before, byte now) => (byte)((Half(before) << 4) | Half(now));

    public static Priority? Now(byte side) => Read(side & 15);

    public static Priority? Before(byte side) => Read(side >> 4);

    private static int Half(byte code) => Verdict.IsOn(code) ? On | (code & 3) : 0;

    private static Priority? Read(int half) => (half & On) != 0 ? (Priority)(half & 3) : null;
}

/// <summary>What the rules with a state of their own remember of one subject, and what it said in the last 30 s.</summary>
/// <remarks>Every cell's state is kept twice: as of now, and settled as of 30 s ago. In order, both take one step; what comes late is put at its place, and the
/// present is derived again from the settled state, once a message (<see cref="Rederive"/>). A speaker whose clock lags the others' by more is not dropped for it: it counts as now.</remarks>
internal sealed class Timeline
{
    /// <summary>Most sights kept for reordering; of more, the oldest is settled early and counted.</summary>
    public const int EntriesMax = 1024;

    private readonly MetricSet _layout;
    private readonly List<SpeakerMemory> _speakers = [];
    private TimelineEntry[] _entries = [];
    private double[] _values = [];
    private int _count;

    private readonly StatePlan[] _plans;
    private ulong _awake;

    /// <summary>While sights that came late wait: how many of all were shown, and up to when they had been before.</summary>
    private int _shown;
    private long _shownMs;

    private long _promptestMs = long.MaxValue;

    /// <summary>A timeline in which no rule remembers anything yet.</summary>
    public Timeline(Subject subject, int number, StatePlan[] plans)
    {
        (Subject, Number, _plans) = (subject, number, plans);
        foreach (var plan in plans)
        {
            _layout |= plan.Rule.Metrics;
            Events |= plan.Rule.Events;
            HearsPresence |= plan.Rule.HearsPresence;
            HearsSilence |= plan.Rule.HearsSilence;
            HearsBoots |= plan.Rule.HearsBoots;
            HearsWords |= plan.Rule.HearsWords;
            IsTimed |= plan.Rule.IsTimed;
        }
    }

    public Subject Subject { get; }

    /// <summary>Number of the device, or place of the place in the site.</summary>
    public int Number { get; }

    /// <summary>What the rules that began remember, in the order of the catalogue.</summary>
    public Cell[] Cells { get; private set; } = [];

    public EventSet Events { get; }

    public bool HearsPresence { get; }

    public bool HearsSilence { get; }

    public bool HearsBoots { get; }

    public bool HearsWords { get; }

    public bool IsTimed { get; }

    public MetricSet Metrics => _layout;

    /// <summary>Time of the newest sight.</summary>
    public long NewestMs { get; private set; }

    public long SettledMs { get; private set; }

    /// <summary>How slow the clock is that its sights are told by, ms: as their promptest live one lay behind when it came. 0 up to <see cref="ReorderWindow.LatenessMaxMs"/>, which a way may take.</summary>
    /// <remarks>What passes between its sights and now is measured by the same clock: one that is five minutes slow must not make a stop of a second last for five minutes. One late sight is no
    /// slow clock, it was held up; a clock that is set back is seen to (<c>SiteEngine.BehindMs</c>), and one that is put right is believed at once.</remarks>
    public long LagMs => _promptestMs is > ReorderWindow.LatenessMaxMs and < long.MaxValue ? _promptestMs : 0;

    /// <summary>A live sight came now, in order.</summary>
    public void Came(long nowMs) => _promptestMs = Math.Min(_promptestMs, Math.Max(0, nowMs - NewestMs));

    /// <summary>Longest time without a gap among those who speak, ms.</summary>
    public long GapMs { get; private set; } = DeviceMemory.GapMsDefault;

    /// <summary>What deriving anew costs, and whom.</summary>
    public LateWork Late { get; init; } = new();

    /// <summary>Whether something came late since <see cref="Rederive"/>: until then the present state is not what was seen, and nothing more is shown to the rules.</summary>
    public bool IsBehind { get; private set; }

    /// <summary>Whether a sight of this time would settle some that no rule was shown yet.</summary>
    public bool MustCatchUp(long atMs) => IsBehind && atMs - ReorderWindow.LatenessMaxMs > _shownMs;

    /// <summary>Whether the rule at a place of the plans remembers something.</summary>
    public bool IsAwake(int plan) => (_awake & (1UL << plan)) != 0;

    /// <summary>Lets a rule begin to remember, with what was seen in the last 30 s.</summary>
    public Cell Wake(int plan)
    {
        var cell = _plans[plan].Rule.NewCell(_plans[plan].Limits);
        var place = System.Numerics.BitOperations.PopCount(_awake & ((1UL << plan) - 1));
        _awake |= 1UL << plan;
        Cells = [.. Cells[..place], cell, .. Cells[place..]];
        // Whoever lets it begin again and again does not get half a minute each time.
        if (Late.IsSpent)
            return cell;
        for (var index = 0; index < _count; index++)
            Step(index, settled: false, cell);
        Late.Take(_count, charged: _count);
        return cell;
    }

    /// <summary>Lets every rule begin.</summary>
    public void WakeAll()
    {
        for (var plan = 0; plan < _plans.Length; plan++)
            Wake(plan);
    }

    /// <summary>Forgets what says nothing any more.</summary>
    /// <returns>Whether anything is left.</returns>
    public bool Rest()
    {
        for (var place = Cells.Length - 1; place >= 0; place--)
        {
            var cell = Cells[place];
            if (cell.Told != 0 || !cell.IsQuiet)
                continue;
            _awake &= ~(1UL << Array.FindIndex(_plans, plan => plan.Rule == cell.Rule));
            Cells = [.. Cells[..place], .. Cells[(place + 1)..]];
        }

        return Cells.Length > 0;
    }

    public int SpeakerOf(int device, DeviceEntry? entry, ChannelId channel, bool ofFacts)
    {
        for (var index = 0; index < _speakers.Count; index++)
        {
            ref readonly var known = ref CollectionsMarshal.AsSpan(_speakers)[index];
            if (known.Who.Device == device && known.Who.Channel == channel && known.OfFacts == ofFacts)
                return index;
        }

        _speakers.Add(new SpeakerMemory { Who = new Speaker(device, entry, channel), OfFacts = ofFacts });
        return _speakers.Count - 1;
    }

    /// <summary>Takes in a reading.</summary>
    public Accepted Reading(int speaker, long atMs, in Values values, string? state, long gapMs, bool isLive)
    {
        var entry = new TimelineEntry { AtMs = atMs, Speaker = speaker, Kind = SightKind.Reading, Present = new MetricSet(values.Present.Bits & _layout.Bits), Word = state };
        return Add(entry, values, gapMs, isLive);
    }

    /// <summary>Takes in anything else.</summary>
    public Accepted Fact(int speaker, long atMs, SightKind kind, byte side, object? word, long gapMs, bool isLive) =>
        Add(new TimelineEntry { AtMs = atMs, Speaker = speaker, Kind = kind, Side = side, Word = word }, default, gapMs, isLive);

    private Accepted Add(TimelineEntry entry, in Values values, long gapMs, bool isLive)
    {
        ref var speaker = ref CollectionsMarshal.AsSpan(_speakers)[entry.Speaker];
        if (speaker.GapMs != gapMs)
            MeasureGap(ref speaker, gapMs);
        if (entry.AtMs > NewestMs)
        {
            speaker.NewestMs = entry.AtMs;
            NewestMs = entry.AtMs;
            Settle();
            Insert(_count, entry, values);
            if (!IsBehind)
                Step(_count - 1, settled: false);
            return Accepted.InOrder;
        }

        if (Late.IsSpent)
        {
            Late.Refuse();
            return Accepted.TooLate;
        }

        var inOrder = entry.AtMs > speaker.NewestMs;
        var isSettled = entry.AtMs <= SettledMs || entry.AtMs < NewestMs - ReorderWindow.LatenessMaxMs;
        if (entry.AtMs < speaker.NewestMs - ReorderWindow.LatenessMaxMs || (isSettled && !(inOrder && isLive)))
            return Accepted.TooLate;
        speaker.NewestMs = Math.Max(speaker.NewestMs, entry.AtMs);
        if (isSettled)
            entry.AtMs = NewestMs;
        return Reorder(entry, values);
    }

    private Accepted Reorder(in TimelineEntry entry, in Values values)
    {
        var index = _count;
        while (index > 0 && Compare(_entries[index - 1], entry) > 0)
            index--;
        if (index > 0 && Compare(_entries[index - 1], entry) == 0)
        {
            // Of two values, or words, for one instant the larger counts, whichever came first; the same fact twice is one.
            if (entry.Kind != SightKind.Reading || !Merge(index - 1, entry, values))
                return Accepted.Duplicate;
        }
        else
        {
            Insert(index, entry, values);
        }

        if (!IsBehind)
            (IsBehind, _shownMs) = (true, NewestMs);
        return Accepted.Reordered;
    }

    /// <summary>Derives the present state anew if something came late; false when nothing did. However much it was, once is enough.</summary>
    public bool Rederive()
    {
        if (!IsBehind)
            return false;
        foreach (var cell in Cells)
            cell.Restore();
        for (_shown = 0; _shown < _count && _entries[_shown].AtMs <= _shownMs; _shown++)
            Step(_shown, settled: false);
        Late.Take(_shown + 1, charged: _shown + 1);
        return true;
    }

    /// <summary>After <see cref="Rederive"/>: shows the next sight that came in order meanwhile, so that each is judged; false at the end.</summary>
    public bool StepNext()
    {
        if (!IsBehind)
            return false;
        if (_shown == _count)
        {
            IsBehind = false;
            return false;
        }

        Step(_shown++, settled: false);
        return true;
    }

    private bool Merge(int index, in TimelineEntry entry, in Values values)
    {
        ref var known = ref _entries[index];
        var changed = false;
        var into = _values.AsSpan(index * _layout.Count, _layout.Count);
        for (var bits = entry.Present.Bits; bits != 0; bits &= bits - 1)
        {
            var metric = (Metric)System.Numerics.BitOperations.TrailingZeroCount(bits);
            values.TryGet(metric, out var value);
            var place = _layout.PlaceOf(metric);
            if (known.Present.Has(metric) && into[place] >= value)
                continue;
            into[place] = value;
            changed = true;
        }

        known.Present |= entry.Present;
        if (string.CompareOrdinal(entry.Word as string, known.Word as string) > 0)
            (known.Word, changed) = (entry.Word, true);
        return changed;
    }

    /// <summary>Sights of one instant have an order too, or the order of arrival would show.</summary>
    private int Compare(in TimelineEntry left, in TimelineEntry right)
    {
        if (left.AtMs != right.AtMs)
            return left.AtMs < right.AtMs ? -1 : 1;
        if (left.Kind != right.Kind)
            return left.Kind.CompareTo(right.Kind);
        if (left.Speaker != right.Speaker)
        {
            var (one, other) = (_speakers[left.Speaker].Who, _speakers[right.Speaker].Who);
            return one.Device != other.Device ? one.Device.CompareTo(other.Device) : one.Channel.Code.CompareTo(other.Channel.Code);
        }

        if (left.Word is DeviceEvent first && right.Word is DeviceEvent second)
            return Compare(first, second);

        if (left.Word is Rule rule && right.Word is Rule otherRule && rule != otherRule)
            return string.CompareOrdinal(rule.Name, otherRule.Name);
        return left.Kind == SightKind.Reading ? 0 : left.Side.CompareTo(right.Side);
    }

    /// <summary>Every property counts: of two facts that differ in one, which comes first must not hang on which arrived first.</summary>
    private static int Compare(DeviceEvent left, DeviceEvent right)
    {
        if (left == right)
            return 0;
        var order = left.Kind.CompareTo(right.Kind);
        order = order != 0 ? order : string.CompareOrdinal(left.Session, right.Session);
        order = order != 0 ? order : left.Channel.Code.CompareTo(right.Channel.Code);
        order = order != 0 ? order : Nullable.Compare(left.On, right.On);
        order = order != 0 ? order : Nullable.Compare(left.Wh, right.Wh);
        order = order != 0 ? order : string.CompareOrdinal(left.User, right.User);
        order = order != 0 ? order : Nullable.Compare((int?)left.Reason, (int?)right.Reason);
        order = order != 0 ? order : left.Quality.CompareTo(right.Quality);
        return order != 0 ? order : left.DeviceMs.CompareTo(right.DeviceMs);
    }

    private void Insert(int index, in TimelineEntry entry, in Values values)
    {
        if (_count == EntriesMax)
        {
            // Several at once: to move a thousand for each new one would cost more than to judge it.
            var early = Math.Clamp(index, 1, EntriesMax / 8);
            Late.Overflow(early);
            SettleFirst(early);
            index = Math.Max(0, index - early);
        }

        var stride = _layout.Count;
        if (_count == _entries.Length)
        {
            var room = _count == 0 ? 2 : _count * 2;
            Array.Resize(ref _entries, room);
            Array.Resize(ref _values, room * stride);
        }

        _entries.AsSpan(index, _count - index).CopyTo(_entries.AsSpan(index + 1));
        _values.AsSpan(index * stride, (_count - index) * stride).CopyTo(_values.AsSpan((index + 1) * stride));
        _entries[index] = entry;
        _count++;
        var place = _values.AsSpan(index * stride, stride);
        for (var bits = entry.Present.Bits; bits != 0; bits &= bits - 1)
        {
            var metric = (Metric)System.Numerics.BitOperations.TrailingZeroCount(bits);
            values.TryGet(metric, out place[_layout.PlaceOf(metric)]);
        }
    }

    private void Settle()
    {
        var count = 0;
        while (count < _count && _entries[count].AtMs < NewestMs - ReorderWindow.LatenessMaxMs)
            count++;
        if (count > 0)
            SettleFirst(count);
    }

    private void SettleFirst(int count)
    {
        for (var index = 0; index < count; index++)
        {
            Step(index, settled: true);
            SettledMs = _entries[index].AtMs;
        }

        var stride = _layout.Count;
        _entries.AsSpan(count, _count - count).CopyTo(_entries);
        _values.AsSpan(count * stride, (_count - count) * stride).CopyTo(_values);
        Array.Clear(_entries, _count - count, count);
        _count -= count;
    }

    private void Step(int index, bool settled, Cell? only = null)
    {
        ref readonly var entry = ref _entries[index];
        ref readonly var speaker = ref CollectionsMarshal.AsSpan(_speakers)[entry.Speaker];
        var stride = _layout.Count;
        var sight = new Sight
        {
            Kind = entry.Kind,
            AtMs = entry.AtMs,
            GapMs = speaker.GapMs,
            Speaker = speaker.Who,
            Values = new Values(entry.Present, _layout, _values.AsSpan(index * stride, stride)),
            State = entry.Word as string,
            Event = entry.Word as DeviceEvent,
            Presence = (Presence)entry.Side,
            Rule = entry.Word as Rule,
            Found = FoundSide.Now(entry.Side),
            FoundBefore = FoundSide.Before(entry.Side),
        };
        if (only is not null)
        {
            only.Step(sight, settled);
            return;
        }

        foreach (var cell in Cells)
            cell.Step(sight, settled);
    }

    private void MeasureGap(ref SpeakerMemory speaker, long gapMs)
    {
        speaker.GapMs = gapMs;
        GapMs = 0;
        foreach (ref readonly var one in CollectionsMarshal.AsSpan(_speakers))
            GapMs = Math.Max(GapMs, one.GapMs);
    }

    // ---- memory ------------------------------------------------------------------------------------------------------

    public void Save(ref SnapshotWriter writer)
    {
        writer.Int32(Cells.Length);
        foreach (var cell in Cells)
        {
            writer.Text(cell.Rule.Name);
            cell.Save(ref writer);
        }

        writer.Int64(NewestMs);
        writer.Int64(SettledMs);
        writer.Int32(_speakers.Count);
        foreach (var speaker in _speakers)
        {
            writer.Int32(speaker.Who.Device);
            writer.Int32(speaker.Who.Channel.Code);
            writer.Byte(speaker.OfFacts ? (byte)1 : (byte)0);
            writer.Int64(speaker.NewestMs);
            writer.Int64(speaker.GapMs);
        }

        writer.Int64((long)_layout.Bits);
        writer.Int32(_count);
        for (var index = 0; index < _count; index++)
            SaveEntry(ref writer, index);
        writer.Int64(_promptestMs);
    }

    /// <summary>Takes back what <see cref="Save"/> wrote, into a timeline whose cells are those of today. A rule that is new begins now; one that is gone is read over.</summary>
    /// <param name="reader">What was written.</param>
    /// <param name="entryOf">What the registry says of a device by its number.</param>
    public void Load(ref SnapshotReader reader, Func<int, DeviceEntry?> entryOf)
    {
        for (var cells = reader.Int32(); cells > 0; cells--)
        {
            var name = reader.Text();
            var plan = Array.FindIndex(_plans, candidate => candidate.Rule.Name == name);
            if (plan < 0)
                Cell.Skip(ref reader);
            else
                (Array.Find(Cells, candidate => candidate.Rule.Name == name) ?? Wake(plan)).Load(ref reader);
        }

        NewestMs = reader.Int64();
        SettledMs = reader.Int64();
        for (var speakers = reader.Int32(); speakers > 0; speakers--)
        {
            var device = reader.Int32();
            var channel = ChannelId.FromCode((ushort)reader.Int32());
            _speakers.Add(new SpeakerMemory
            {
                Who = new Speaker(device, entryOf(device), channel),
                OfFacts = reader.Byte() == 1,
                NewestMs = reader.Int64(),
                GapMs = reader.Int64(),
            });
            GapMs = _speakers.Max(speaker => speaker.GapMs);
        }

        var layout = new MetricSet((ulong)reader.Int64());
        for (var entries = reader.Int32(); entries > 0; entries--)
            LoadEntry(ref reader, layout);
        // What was saved before it was measured ends here.
        _promptestMs = reader.AtEnd ? long.MaxValue : reader.Int64();
    }

    /// <summary>Of a place, after <see cref="Load"/>: forgets what those said who stand there no more, and counts anew what the others find.</summary>
    /// <param name="findings">What is on there now.</param>
    /// <param name="stands">Whether the device with a number stands there.</param>
    public void Recount(IReadOnlyList<Finding> findings, Func<int, bool> stands)
    {
        Forget(stands);
        // The settled state is that of before the first sight that is remembered: so is what was found then.
        var before = new Dictionary<(int Device, ChannelId Channel, Rule Rule), Priority?>();
        for (var index = 0; index < _count; index++)
        {
            if (_entries[index] is { Kind: SightKind.Finding, Word: Rule rule } entry)
                before.TryAdd((_speakers[entry.Speaker].Who.Device, _speakers[entry.Speaker].Who.Channel, rule), FoundSide.Before(entry.Side));
        }

        foreach (var finding in findings)
            before.TryAdd((finding.Device, finding.Channel, finding.Rule), finding.Found);
        List<Finding> settled = [.. before.Where(pair => pair.Value is not null).Select(pair => new Finding(pair.Key.Device, pair.Key.Channel, pair.Key.Rule, pair.Value!.Value))];
        foreach (var cell in Cells)
            cell.Recount(findings, settled, stands);
    }

    private void Forget(Func<int, bool> stands)
    {
        var (stride, kept) = (_layout.Count, 0);
        for (var index = 0; index < _count; index++)
        {
            if (!stands(_speakers[_entries[index].Speaker].Who.Device))
                continue;
            _entries[kept] = _entries[index];
            _values.AsSpan(index * stride, stride).CopyTo(_values.AsSpan(kept * stride));
            kept++;
        }

        Array.Clear(_entries, kept, _count - kept);
        _count = kept;
    }

    private void SaveEntry(ref SnapshotWriter writer, int index)
    {
        ref readonly var entry = ref _entries[index];
        writer.Int64(entry.AtMs);
        writer.Int32(entry.Speaker);
        writer.Byte((byte)entry.Kind);
        writer.Byte(entry.Side);
        writer.Int64((long)entry.Present.Bits);
        for (var bits = entry.Present.Bits; bits != 0; bits &= bits - 1)
            writer.Double(_values[(index * _layout.Count) + _layout.PlaceOf((Metric)System.Numerics.BitOperations.TrailingZeroCount(bits))]);
        writer.Text(entry.Word as string ?? (entry.Word as Rule)?.Name);
        if (entry.Kind != SightKind.Event)
            return;
        writer.Event((DeviceEvent)entry.Word!);
    }

    private void LoadEntry(ref SnapshotReader reader, MetricSet saved)
    {
        var entry = new TimelineEntry { AtMs = reader.Int64(), Speaker = reader.Int32(), Kind = (SightKind)reader.Byte(), Side = reader.Byte() };
        if ((uint)entry.Speaker >= (uint)_speakers.Count)
            throw new InvalidDataException("The rule snapshot tells a sight of nobody.");
        var present = new MetricSet((ulong)reader.Int64());
        Span<double> values = stackalloc double[saved.Count];
        for (var bits = present.Bits; bits != 0; bits &= bits - 1)
            values[saved.PlaceOf((Metric)System.Numerics.BitOperations.TrailingZeroCount(bits))] = reader.Double();
        var text = reader.Text();
        entry.Word = entry.Kind == SightKind.Finding ? RuleCatalogue.Find(text!) : text;
        entry.Present = new MetricSet(present.Bits & _layout.Bits);
        if (entry.Kind == SightKind.Event)
            entry.Word = reader.Event();
        if (entry.Kind is SightKind.Reading or SightKind.Presence or SightKind.Boot || entry.Word is not null)
            Insert(_count, entry, new Values(entry.Present, saved, values));
    }

    private struct SpeakerMemory
    {
        public Speaker Who;

        /// <summary>Facts are counted apart from readings: one that is delayed is not too late because its device measured on meanwhile.</summary>
        public bool OfFacts;
        public long NewestMs;
        public long GapMs;
    }
}

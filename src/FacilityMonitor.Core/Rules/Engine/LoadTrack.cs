using System.Runtime.InteropServices;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>A word about a circuit that is no load: a fact, or a value measured at it or near it.</summary>
/// <param name="ShownMs">Its place among the loads, ms since 1970-01-01 UTC.</param>
/// <param name="Event">The fact; null: a value.</param>
/// <param name="Metric">Of a value: what was measured.</param>
/// <param name="Value">Of a value.</param>
internal readonly record struct CircuitWord(long ShownMs, DeviceEvent? Event, Metric Metric = default, double Value = 0);

/// <summary>The load of one circuit over time, from its meter or from what hangs below it, with the state of every rule about it now and 30 s before.</summary>
internal sealed class LoadTrack
{
    /// <summary>Most samples kept for reordering; of more, the oldest instant is settled early and counted.</summary>
    public const int SamplesMax = 4096;

    /// <summary>Most words kept for reordering while no load is told; of more, the oldest is settled early and counted.</summary>
    public const int WordsMax = 64;

    /// <summary>A word of those who only stand near is shown as much later than it was said, ms: what came before a load still tells of it, when a camera's cloud is slow.</summary>
    public const long NearbyLateMaxMs = 20 * 60_000;

    private readonly LoadPicture _settled;

    /// <summary>The present picture as it was before its newest instant: devices with good clocks all speak at the same instants, and each after the first would
    /// otherwise derive half a minute anew. Its time is 0 while it is not known.</summary>
    private readonly LoadPicture _before;
    private bool _isBeforeKnown;
    private readonly List<LoadSample> _window = [];
    private readonly List<long> _newestOfSlot = [];
    private long _changedFrom = long.MaxValue;

    /// <summary>In the order in which they are shown.</summary>
    private readonly List<CircuitWord> _words = [];

    /// <summary>Whether the present picture saw a word before a load of an earlier instant, as it comes when a word is ahead of the loads: the next word puts that right.</summary>
    private bool _isMixed;
    private readonly Circuit? _circuit;

    /// <summary>The load of a circuit.</summary>
    public LoadTrack(Circuit circuit, Cell[] cells)
        : this(circuit.Phases == 3 ? 3 : 1, cells) => _circuit = circuit;

    /// <summary>The load of something else: a pile as the sum of its sockets.</summary>
    public LoadTrack(int phases, Cell[] cells)
    {
        Cells = cells;
        (_settled, _before, Live) = (new LoadPicture(phases, Slots), new LoadPicture(phases, Slots), new LoadPicture(phases, Slots));
        foreach (var cell in cells)
            Events |= cell.Rule.Events;
    }

    public Circuit Circuit => _circuit ?? throw new InvalidOperationException("The load of a pile is of no circuit.");

    /// <summary>Events that a rule about it wants to see.</summary>
    public EventSet Events { get; }

    /// <summary>Whether another circuit of the site has voltage at an instant; null: nobody can tell.</summary>
    public Func<LoadTrack, long, bool>? IsSiblingLive { get; init; }

    /// <summary>The circuits above it that have a meter.</summary>
    public LoadTrack[] Above { get; set; } = [];

    /// <summary>What the rules about it remember, in the order of the catalogue.</summary>
    public Cell[] Cells { get; }

    public LoadPicture Live { get; }

    /// <summary>Whether a rule about it wants to know what hangs below its meter.</summary>
    public bool NeedsBelow => _circuit?.Meter is not null && Array.Exists(Cells, cell => cell.Rule.NeedsBelow);

    public List<LoadSlot> Slots { get; } = [];

    /// <summary>What the sockets below its meter draw together, 0.1 W.</summary>
    public long BelowDeciwatts { get; set; }

    /// <summary>What the sum below its meter is to it, the same for every device; null: nothing is summed yet.</summary>
    public Feed[]? BelowFeed { get; private set; }

    /// <summary>Longest time between samples that is no gap, ms: three times the longest period of a contributor.</summary>
    public long GapMs { get; set; } = DeviceMemory.GapMsDefault;

    /// <summary>From what the current was computed where it was not measured; null: measured.</summary>
    public string? Derived { get; set; }

    /// <summary>What deriving anew costs, and whom.</summary>
    public LateWork Late { get; init; } = new();

    public Cell<TState, TLimits>? CellOf<TState, TLimits>(StateRule<TState, TLimits> rule)
        where TState : unmanaged
        where TLimits : class
    {
        foreach (var cell in Cells)
        {
            if (cell.Rule == rule)
                return (Cell<TState, TLimits>)cell;
        }

        return null;
    }

    public int AddSlot(LoadSlot slot)
    {
        Slots.Add(slot);
        _newestOfSlot.Add(0);
        return Slots.Count - 1;
    }

    /// <summary>When a contributor last spoke; 0: never.</summary>
    public long NewestOf(int slot) => _newestOfSlot[slot];

    /// <summary>Makes room for the sum of what hangs below its meter.</summary>
    /// <param name="place">Its own place.</param>
    /// <returns>What every device below it gets.</returns>
    public Feed[] SumBelow(int place) => BelowFeed ??= [new Feed(place, AddSlot(LoadSlot.SumBelow))];

    /// <summary>Takes in a sample; <see cref="Rederive"/> and <see cref="StepNext"/> then judge. A contributor whose clock lags the others' by more than
    /// 30 s counts from now on: shifted by what its clock is off, but never dropped for it, and never for the 30 s that are past. What it had buffered is dropped:
    /// an old current is no present one.</summary>
    public Accepted Add(in LoadSample sample, bool isLive)
    {
        var slot = sample.Slot;
        var inOrder = sample.AtMs > _newestOfSlot[slot];
        var isSettled = sample.AtMs <= _settled.LastMs;
        if (!isSettled && Late.IsSpent && (sample.AtMs < Live.LastMs || (sample.AtMs == Live.LastMs && _isMixed)))
        {
            isSettled = true;
            Late.Refuse();
        }

        // What this contributor said later is settled already: an older word must not stand after it.
        if (sample.AtMs < _newestOfSlot[slot] - ReorderWindow.LatenessMaxMs || (isSettled && !(inOrder && isLive)))
            return Accepted.TooLate;
        _newestOfSlot[slot] = Math.Max(_newestOfSlot[slot], sample.AtMs);
        var counted = sample with { AtMs = isSettled ? Live.LastMs + 1 : sample.AtMs };
        var index = PlaceOf(counted.AtMs, slot);
        if (index > 0 && _window[index - 1].AtMs == counted.AtMs && _window[index - 1].Slot == slot)
        {
            // Of two values for one instant the larger counts; but two that a slow clock put there follow one another, and so do the sums below a meter when several devices
            // tell of one instant.
            var larger = isSettled || Slots[slot].IsSum ? counted : _window[index - 1].Larger(counted);
            if (_window[index - 1] == larger)
                return Accepted.Duplicate;
            _window[index - 1] = larger;
        }
        else
        {
            // Making room in the middle costs too: of a full window about four steps.
            Late.Charge((_window.Count - index) / 1024);
            _window.Insert(index, counted);
        }

        if (counted.AtMs <= Live.LastMs)
            _changedFrom = Math.Min(_changedFrom, counted.AtMs);
        return inOrder ? Accepted.InOrder : Accepted.Reordered;
    }

    /// <summary>Takes in a fact that a device on the circuit told; false when it was told before or is too old. <see cref="Rederive"/> and <see cref="StepNext"/> then judge.</summary>
    public bool Add(DeviceEvent fact) => fact.AtMs > SettledMs && Add(new CircuitWord(fact.AtMs, fact));

    /// <summary>Takes in what was said or measured beside the load. It is shown late rather than not at all; false when it was told before or is too old.
    /// <see cref="Rederive"/> and <see cref="StepNext"/> then judge.</summary>
    /// <param name="atMs">When it was so.</param>
    /// <param name="word">The word; its place is found here.</param>
    public bool AddNearby(long atMs, in CircuitWord word) => atMs >= Live.LastMs - NearbyLateMaxMs && Add(word with { ShownMs = Math.Max(atMs, SettledMs + 1) });

    private long SettledMs => Math.Max(_settled.LastMs, _settled.FactsMs);

    private bool Add(in CircuitWord word)
    {
        if (_words.Contains(word))
            return false;
        var isAfterAll = word.ShownMs > Math.Max(Live.LastMs, Live.FactsMs);
        if (Late.IsSpent && (!isAfterAll || _words.Count == WordsMax))
        {
            Late.Refuse();
            return false;
        }

        Insert(word);
        if (!isAfterAll || (_isMixed && !Late.IsSpent))
            _changedFrom = Math.Min(_changedFrom, word.ShownMs);
        if (_words.Count <= WordsMax)
            return true;
        // The oldest now stands before loads that it followed, and perhaps nobody has heard it yet.
        Late.Overflow(1);
        _isMixed = true;
        _changedFrom = Math.Min(_changedFrom, _words[0].ShownMs);
        Tell(_settled, _words[0].ShownMs, settled: true);
        return true;
    }

    /// <summary>Derives the present state anew if what was added belongs before it; false when all of it comes later. However much was added, once is enough.</summary>
    public bool Rederive()
    {
        var from = _changedFrom;
        if (from == long.MaxValue)
            return false;
        _changedFrom = long.MaxValue;
        var (until, heard) = (Live.LastMs, Live.FactsMs);
        // What it is charged with must not hang on what is not saved.
        var isCheap = from >= until && !_isMixed;
        var isNewest = isCheap && _isBeforeKnown;
        Live.CopyFrom(isNewest ? _before : _settled);
        foreach (var cell in Cells)
        {
            if (isNewest)
                cell.Back();
            else
                cell.Restore();
        }

        (_isMixed, _isBeforeKnown) = (false, isNewest);
        var steps = 1;
        for (; Live.LastMs < until; steps++)
            Step(Live, settled: false, keepFrom: until);
        // Words that are ahead of the loads were heard before, and still are.
        var samples = CollectionsMarshal.AsSpan(_window);
        var next = FirstAfter(samples, until);
        Tell(Live, next < samples.Length ? Math.Min(heard, samples[next].AtMs) : heard, settled: false);
        Late.Take(steps, charged: isCheap ? 1 : steps);
        return true;
    }

    /// <summary>Takes the present state to the next instant that was added, so that a batch is judged at each of its instants and not only at its end;
    /// false at the end, when what is older than 30 s has been settled.</summary>
    public bool StepNext()
    {
        if (Step(Live, settled: false) || TellNext())
            return true;
        Settle();
        return false;
    }

    public void Save(ref SnapshotWriter writer)
    {
        writer.Int64(GapMs);
        _settled.Save(ref writer);
        Live.Save(ref writer);
        writer.Text(Derived);
        writer.Byte(_isMixed ? (byte)1 : (byte)0);
        writer.Int32(_words.Count);
        foreach (var word in _words)
        {
            writer.Int64(word.ShownMs);
            writer.Byte(word.Event is null ? (byte)0 : (byte)1);
            if (word.Event is { } fact)
                writer.Event(fact);
            writer.Byte((byte)word.Metric);
            writer.Double(word.Value);
        }

        writer.Int32(_window.Count);
        foreach (ref readonly var sample in CollectionsMarshal.AsSpan(_window))
        {
            writer.Int64(sample.AtMs);
            writer.Int32(sample.Slot);
            writer.Int32(sample.Milliamps);
            writer.Int32(sample.Deciwatts);
            writer.Int32(sample.Decivolts);
        }

        foreach (var newest in _newestOfSlot)
            writer.Int64(newest);
        writer.Int32(Cells.Length);
        foreach (var cell in Cells)
        {
            writer.Text(cell.Rule.Name);
            cell.Save(ref writer);
        }
    }

    /// <summary>Takes back what <see cref="Save"/> wrote, after the slots were added.</summary>
    /// <param name="reader">What was written.</param>
    /// <param name="hasValues">Whether values can be among the words; before, they were facts only.</param>
    /// <param name="hasOrder">Whether it says if words and loads were seen in their order.</param>
    public void Load(ref SnapshotReader reader, bool hasValues, bool hasOrder)
    {
        GapMs = reader.Int64();
        _settled.Load(ref reader, GapMs);
        Live.Load(ref reader, GapMs);
        Derived = reader.Text();
        // Nobody kept it before: the next word derives anew, as every word did then.
        _isMixed = !hasOrder || reader.Byte() == 1;
        for (var words = reader.Int32(); words > 0; words--)
            Insert(hasValues ? LoadWord(ref reader) : reader.Event() is var fact ? new CircuitWord(fact.AtMs, fact) : default);
        var samples = reader.Int32();
        for (var index = 0; index < samples; index++)
            _window.Add(new LoadSample(reader.Int64(), reader.Int32(), reader.Int32(), reader.Int32(), (ushort)reader.Int32()));
        for (var slot = 0; slot < _newestOfSlot.Count; slot++)
            _newestOfSlot[slot] = reader.Int64();
        for (var cells = reader.Int32(); cells > 0; cells--)
        {
            var name = reader.Text();
            var cell = Array.Find(Cells, candidate => candidate.Rule.Name == name);
            if (cell is null)
                Cell.Skip(ref reader);
            else
                cell.Load(ref reader);
        }
    }

    private static CircuitWord LoadWord(ref SnapshotReader reader)
    {
        var (shownMs, isFact) = (reader.Int64(), reader.Byte() == 1);
        var fact = isFact ? reader.Event() : null;
        return new CircuitWord(shownMs, fact, (Metric)reader.Byte(), reader.Double());
    }

    private static bool IsAfter(in LoadSample sample, long atMs, int slot) => sample.AtMs > atMs || (sample.AtMs == atMs && sample.Slot > slot);

    /// <summary>Where a sample belongs: behind the one of the same instant and contributor, if there is one.</summary>
    private int PlaceOf(long atMs, int slot)
    {
        var index = _window.Count;
        while (index > 0 && _window.Count - index < 8 && IsAfter(_window[index - 1], atMs, slot))
            index--;
        if (index == 0 || !IsAfter(_window[index - 1], atMs, slot))
            return index;
        var (low, high) = (0, index - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (IsAfter(_window[middle], atMs, slot))
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }

    /// <summary>Steps over the first instant after a picture's; false when there is none.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="settled">Whether it is the settled one.</param>
    /// <param name="keepFrom">The first instant before which the present is kept: of a stretch only the last is asked for.</param>
    private bool Step(LoadPicture picture, bool settled, long keepFrom = long.MinValue)
    {
        var samples = CollectionsMarshal.AsSpan(_window);
        var start = FirstAfter(samples, picture.LastMs);
        if (start == samples.Length)
            return false;
        var end = start + 1;
        while (end < samples.Length && samples[end].AtMs == samples[start].AtMs)
            end++;
        if (!settled && samples[start].AtMs >= keepFrom)
            Keep();
        _isMixed |= !settled && samples[start].AtMs < picture.FactsMs && picture.FactsMs > _settled.FactsMs;
        Tell(picture, samples[start].AtMs, settled);
        picture.Step(samples[start..end], GapMs);
        picture.IsSiblingLive = IsDead(picture) && IsSiblingLive is { } ask && ask(this, picture.LastMs);
        var sight = new Sight { Kind = SightKind.Load, AtMs = picture.LastMs, GapMs = GapMs, Load = picture, Above = VoltageAboveAt(picture.LastMs) };
        foreach (var cell in Cells)
            cell.Step(sight, settled);
        return true;
    }

    private void Keep()
    {
        _before.CopyFrom(Live);
        foreach (var cell in Cells)
            cell.Keep();
        _isBeforeKnown = true;
    }

    /// <summary>Shows the words of a stretch of time, its end included.</summary>
    private void Tell(LoadPicture picture, long untilMs, bool settled)
    {
        if (_words.Count == 0)
            return;
        for (var index = NextWord(picture); index < _words.Count && _words[index].ShownMs <= untilMs; index++)
            Show(picture, _words[index], settled);
        if (!settled)
            return;
        var told = 0;
        while (told < _words.Count && _words[told].ShownMs <= untilMs)
            told++;
        _words.RemoveRange(0, told);
    }

    /// <summary>Shows the words of the next instant that has any; false when all were shown.</summary>
    private bool TellNext()
    {
        var next = NextWord(Live);
        if (next == _words.Count)
            return false;
        Tell(Live, _words[next].ShownMs, settled: false);
        return true;
    }

    /// <summary>The first word that a picture was not shown.</summary>
    private int NextWord(LoadPicture picture)
    {
        var index = 0;
        while (index < _words.Count && _words[index].ShownMs <= picture.FactsMs)
            index++;
        return index;
    }

    private void Show(LoadPicture picture, in CircuitWord word, bool settled)
    {
        picture.FactsMs = word.ShownMs;
        var only = word.Event is null ? MetricSet.Of(word.Metric) : default;
        var sight = new Sight
        {
            Kind = word.Event is null ? SightKind.Reading : SightKind.Event,
            AtMs = word.ShownMs,
            GapMs = GapMs,
            Event = word.Event,
            Values = new Values(only, only, [word.Value]),
        };
        foreach (var cell in Cells)
            cell.Step(sight, settled);
    }

    /// <summary>Puts a word behind all that are shown before it or were told before it.</summary>
    private void Insert(in CircuitWord word)
    {
        var index = _words.Count;
        while (index > 0 && Compare(_words[index - 1], word) > 0)
            index--;
        _words.Insert(index, word);
    }

    private static int Compare(in CircuitWord left, in CircuitWord right)
    {
        var order = left.ShownMs.CompareTo(right.ShownMs);
        order = order != 0 ? order : Nullable.Compare(left.Event?.Kind, right.Event?.Kind);
        return order != 0 ? order : left.Metric.CompareTo(right.Metric);
    }

    /// <summary>Read from their present pictures, like <see cref="IsSiblingLive"/>: it decides only of whom one fact is told. A meter without a reference for its voltage tells none.</summary>
    private VoltageAbove VoltageAboveAt(long atMs)
    {
        var (most, fresh, ringing) = (double.NaN, double.NaN, VoltageGrades.None);
        foreach (var above in Above)
        {
            foreach (ref readonly var phase in above.Live.Phases)
            {
                if (phase.VoltsMs == 0 || phase.VoltsMs < atMs - above.GapMs || phase.Volts < SocketOverload.LeastV)
                    continue;
                if (!(phase.Volts <= most))
                    most = phase.Volts;
                if (phase.VoltsMs >= atMs - VoltageOutOfRange.FreshMs && !(phase.Volts <= fresh))
                    fresh = phase.Volts;
            }

            if (above.CellOf(VoltageOutOfRange.Instance) is { } cell)
                ringing |= VoltageOutOfRange.RingingOf(cell.Live);
        }

        return new VoltageAbove(most, fresh, ringing);
    }

    private static bool IsDead(LoadPicture picture)
    {
        foreach (ref readonly var phase in picture.Phases)
        {
            if (phase.VoltsMs == picture.LastMs && phase.Volts < SupplyLoss.LostMaxV)
                return true;
        }

        return false;
    }

    private static int FirstAfter(ReadOnlySpan<LoadSample> samples, long atMs)
    {
        // The next instant is nearly always the newest sample or one close to it.
        var index = samples.Length;
        while (index > 0 && samples.Length - index < 8 && samples[index - 1].AtMs > atMs)
            index--;
        if (index == 0 || samples[index - 1].AtMs <= atMs)
            return index;
        var (low, high) = (0, index);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (samples[middle].AtMs > atMs)
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }

    private void Settle()
    {
        var before = Live.LastMs - ReorderWindow.LatenessMaxMs;
        if (_window.Count > SamplesMax)
        {
            before = Math.Max(before, _window[_window.Count - SamplesMax].AtMs);
            Late.Overflow(1);
        }

        var count = FirstAfter(CollectionsMarshal.AsSpan(_window), before - 1);
        if (count == 0)
            return;
        while (_settled.LastMs < _window[count - 1].AtMs)
            Step(_settled, settled: true);
        _window.RemoveRange(0, count);
    }
}

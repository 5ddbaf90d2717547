using System.Runtime.InteropServices;
using FacilityMonitor.Alerts;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>What a rule is about. The numbers are stored: add at the end.</summary>
internal enum SubjectKind : byte
{
    /// <summary>One channel of a device.</summary>
    Channel = 0,

    /// <summary>A device with all its channels.</summary>
    Device = 1,

    /// <summary>A circuit or feeder: the sum of what hangs on it, or its meter.</summary>
    Circuit = 2,

    /// <summary>A place with every device that stands in it.</summary>
    Place = 3,

    /// <summary>Something with a due date in the registry.</summary>
    Due = 4,

    /// <summary>A pile or cabinet as the sum of its sockets; alerts name the device.</summary>
    Pile = 5,
}

/// <summary>The thing a rule is asked about.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Site">The site; null for a device nobody registered.</param>
/// <param name="Device">Of a channel or device: what the registry says; null: nothing.</param>
/// <param name="Channel">Of a channel.</param>
/// <param name="Circuit">Of a circuit; of a channel or device: the one it hangs on, or measures, where it is registered.</param>
/// <param name="Place">Of a place; of a channel or device: where it stands.</param>
internal readonly record struct Subject(SubjectKind Kind, Site? Site, DeviceEntry? Device, ChannelId Channel, Circuit? Circuit, Place? Place)
{
    /// <summary>Of a circuit: what staff found there when a fly-wire was suspected.</summary>
    public FlyWireLesson Lesson { get; init; }
}

/// <summary>A rule that remembers more than hold times. Its state is a plain value; the engine keeps, copies, saves and restores it.</summary>
/// <remarks>
/// The state is kept twice, as of now and as of 30 s before, with the sights between: what comes late is put at its place and the present state is
/// derived again. So a step is only ever shown sights in the order of event time, and needs no care for lateness, duplicates or restarts.
/// </remarks>
internal abstract class StateRule : Rule
{
    /// <summary>What it is about.</summary>
    public abstract SubjectKind Subject { get; }

    /// <summary>Metrics it wants to see; a reading without any of them is not shown.</summary>
    internal virtual MetricSet Metrics => default;

    /// <summary>Events it wants to see.</summary>
    internal virtual EventSet Events => default;

    /// <summary>Whether it wants to see devices come and go.</summary>
    internal virtual bool HearsPresence => false;

    /// <summary>Of a device, beside <see cref="HearsPresence"/>: whether one that is not heard for a gap though nothing says that it left, or whose gateway is gone, is shown as offline. Of timed rules: it is told with the seconds.</summary>
    internal virtual bool HearsSilence => false;

    /// <summary>Of a device, and timed: whether it is shown that the device began anew, and remembers nothing of what it said before.</summary>
    internal virtual bool HearsBoots => false;

    /// <summary>Whether its verdict can change because time goes by: then it is asked every second as well.</summary>
    internal virtual bool IsTimed => false;

    /// <summary>Whether an alert of it becomes "no data" when nothing is heard any more. False for what one event says for good.</summary>
    internal virtual bool NeedsData => true;

    /// <summary>Rises with every change of the state's layout: an older state is then begun anew.</summary>
    internal virtual int StateVersion => 1;

    /// <summary>The oldest version whose state is the beginning of today's: what it did not have is 0 then. What stood before an upgrade goes on; without it an alert would be over, though nothing is.</summary>
    internal virtual int StateVersionOldest => StateVersion;

    /// <summary>Whether it judges this.</summary>
    internal abstract bool AppliesTo(in Subject subject);

    /// <summary>Of a circuit with a meter: whether what hangs below it is summed as well, see <see cref="LoadPicture.BelowWatts"/>.</summary>
    internal virtual bool NeedsBelow => false;

    /// <summary>Of a place: whether it listens to this channel of a device that stands there.</summary>
    internal virtual bool Hears(in Subject place, DeviceEntry device, ChannelId channel) => true;

    /// <summary>Of a place: whether verdicts of another rule about what stands there are shown.</summary>
    internal virtual bool Hears(Rule other) => false;

    /// <summary>Of a channel: only a reading in which this metric reaches this value may make it begin to remember; asked before <see cref="Wakes"/>, of every reading of every idle channel.
    /// Null: any reading that it wants to see may.</summary>
    internal virtual (Metric Metric, double AtLeast)? WakesFrom => null;

    /// <summary>Of a channel: whether readings may make it begin to remember with these limits; false: events alone do.</summary>
    internal virtual bool IsWokenByReadings(object limits) => true;

    /// <summary>Whether it wants to see what a device calls its own state, also in a reading without any of <see cref="Metrics"/>.</summary>
    internal virtual bool HearsWords => false;

    /// <summary>Of a channel: whether this sight makes it begin to remember. Until then the channel costs it nothing.</summary>
    internal virtual bool Wakes(in Sight sight) => true;

    /// <summary>Of a pile: below this sum of its sockets, W, it is far from any limit, and nothing is remembered.</summary>
    internal virtual double WakesAboveW(object limits) => 0;

    /// <summary>Its limits for a subject, compared by value so that they are kept once.</summary>
    internal abstract object Limits(in Subject subject, SettingScopes scopes);

    /// <summary>A memory for one subject.</summary>
    internal abstract Cell NewCell(object limits);
}

/// <summary>A rule that remembers a <typeparamref name="TState"/> of each subject.</summary>
/// <typeparam name="TState">A plain value without references; its default is "nothing seen yet".</typeparam>
/// <typeparam name="TLimits">Its settings as they hold for one subject; a record.</typeparam>
internal abstract class StateRule<TState, TLimits> : StateRule
    where TState : unmanaged
    where TLimits : class
{
    internal sealed override object Limits(in Subject subject, SettingScopes scopes) => LimitsFor(subject, scopes);

    internal sealed override Cell NewCell(object limits) => new Cell<TState, TLimits>(this, (TLimits)limits);

    /// <summary>Its limits for a subject.</summary>
    internal abstract TLimits LimitsFor(in Subject subject, SettingScopes scopes);

    /// <summary>The state after a sight. Pure: depends on nothing but its arguments.</summary>
    internal abstract void Step(ref TState state, in Sight sight, TLimits limits);

    /// <summary>What the state means. Pure.</summary>
    /// <param name="state">The state.</param>
    /// <param name="limits">The limits.</param>
    /// <param name="nowMs">The engine's time: it goes on when nobody speaks.</param>
    internal abstract Verdict Judge(in TState state, TLimits limits, long nowMs);

    /// <summary>What is the matter in a few words, and the numbers behind it.</summary>
    internal abstract LocalText Explain(in TState state, TLimits limits, in Telling telling, SortedDictionary<string, object> evidence);

    /// <summary>Of a place that hears other rules: puts what is found by those who stand there now in place of what was counted. Somebody may have left, or come, with the registry.</summary>
    /// <param name="state">The state.</param>
    /// <param name="findings">What is on, of those who stand there.</param>
    /// <param name="stands">Whether the device with a number does.</param>
    internal virtual void Recount(ref TState state, IReadOnlyList<Finding> findings, Func<int, bool> stands)
    {
    }

    /// <summary>Whether the state says nothing that has to be remembered: a channel then forgets it.</summary>
    internal virtual bool IsQuiet(in TState state) => false;
}

/// <summary>Another rule's verdict that is on about a channel of somebody in a place.</summary>
/// <param name="Device">Number of the device.</param>
/// <param name="Channel">Its channel.</param>
/// <param name="Rule">Whose verdict.</param>
/// <param name="Found">How urgent.</param>
internal readonly record struct Finding(int Device, ChannelId Channel, Rule Rule, Priority Found);

/// <summary>The step of an alert that has to be put into words.</summary>
/// <param name="Subject">What it is about.</param>
/// <param name="Condition">The new condition.</param>
/// <param name="Priority">How urgent.</param>
/// <param name="OnsetMs">Since when.</param>
/// <param name="NowMs">The engine's time.</param>
internal readonly record struct Telling(Subject Subject, Condition Condition, Priority Priority, long OnsetMs, long NowMs);

/// <summary>What one rule remembers of one subject.</summary>
internal abstract class Cell(StateRule rule)
{
    public StateRule Rule => rule;

    /// <summary><see cref="Verdict.Code"/> as last told.</summary>
    public byte Told;

    public abstract void Step(in Sight sight, bool settled);

    /// <summary>Goes back to the settled state.</summary>
    public abstract void Restore();

    /// <summary>Keeps the present state, for <see cref="Back"/>. It is not saved.</summary>
    public abstract void Keep();

    /// <summary>Goes back to what was kept.</summary>
    public abstract void Back();

    /// <summary>Puts what is found by those who stand in a place now in place of what was counted, see <see cref="StateRule{TState, TLimits}.Recount"/>.</summary>
    /// <param name="live">What is on now.</param>
    /// <param name="settled">What was on before the sights that are remembered.</param>
    /// <param name="stands">Whether the device with a number stands there.</param>
    public abstract void Recount(IReadOnlyList<Finding> live, IReadOnlyList<Finding> settled, Func<int, bool> stands);

    public abstract Verdict Judge(long nowMs);

    public abstract LocalText Explain(in Telling telling, SortedDictionary<string, object> evidence);

    /// <summary>Whether neither state has anything to remember.</summary>
    public abstract bool IsQuiet { get; }

    public abstract void Save(ref SnapshotWriter writer);

    /// <returns>False when what was saved has another layout: it is read over.</returns>
    public abstract bool Load(ref SnapshotReader reader);

    /// <summary>Whether this sight is one of those the rule asked for.</summary>
    protected bool Wants(in Sight sight) => sight.Kind switch
    {
        SightKind.Reading => rule.Metrics.Overlaps(sight.Values.Present) || (rule.HearsWords && sight.State is not null),
        SightKind.Event => rule.Events.Has(sight.Event!.Kind),
        SightKind.Presence => rule.HearsPresence,
        SightKind.Boot => rule.HearsBoots,
        SightKind.Load => true,
        SightKind.Finding => rule.Hears(sight.Rule!),
    };

    /// <summary>Reads over a cell that nobody needs any more; its rule's name was read.</summary>
    public static void Skip(ref SnapshotReader reader)
    {
        reader.Byte();
        reader.Int32();
        reader.Bytes(2 * reader.Int32());
    }
}

/// <inheritdoc/>
internal sealed class Cell<TState, TLimits>(StateRule<TState, TLimits> rule, TLimits limits) : Cell(rule)
    where TState : unmanaged
    where TLimits : class
{
    private TState _live;
    private TState _settled;
    private TState[]? _kept;

    public ref readonly TState Live => ref _live;

    public TLimits Limits => limits;

    public override bool IsQuiet => rule.IsQuiet(_live) && rule.IsQuiet(_settled);

    public override void Step(in Sight sight, bool settled)
    {
        if (!Wants(sight))
            return;
        if (settled)
            rule.Step(ref _settled, sight, limits);
        else
            rule.Step(ref _live, sight, limits);
    }

    public override void Restore() => _live = _settled;

    // Only circuits ask for it: an array of one costs a channel a reference where the state itself would cost it as much again.
    // And of a state in which nothing was seen yet nothing is kept.
    public override void Keep()
    {
        if (_kept is null && !Bytes(ref _live).ContainsAnyExcept((byte)0))
            return;
        (_kept ??= new TState[1])[0] = _live;
    }

    public override void Back() => _live = _kept is null ? default : _kept[0];

    public override void Recount(IReadOnlyList<Finding> live, IReadOnlyList<Finding> settled, Func<int, bool> stands)
    {
        rule.Recount(ref _live, live, stands);
        rule.Recount(ref _settled, settled, stands);
    }

    public override Verdict Judge(long nowMs) => rule.Judge(_live, limits, nowMs);

    public override LocalText Explain(in Telling telling, SortedDictionary<string, object> evidence) => rule.Explain(_live, limits, telling, evidence);

    public override void Save(ref SnapshotWriter writer)
    {
        writer.Byte(Told);
        writer.Int32(rule.StateVersion);
        writer.Int32(Bytes(ref _live).Length);
        writer.Bytes(Bytes(ref _live));
        writer.Bytes(Bytes(ref _settled));
    }

    public override bool Load(ref SnapshotReader reader)
    {
        var told = reader.Byte();
        var (version, size) = (reader.Int32(), reader.Int32());
        var live = reader.Bytes(size);
        var settled = reader.Bytes(size);
        var today = Bytes(ref _live).Length;
        if (version > rule.StateVersion || version < rule.StateVersionOldest || (version == rule.StateVersion ? size != today : size > today))
            return false;
        Told = told;
        live.CopyTo(Bytes(ref _live));
        settled.CopyTo(Bytes(ref _settled));
        return true;
    }

    private static Span<byte> Bytes(ref TState state) => MemoryMarshal.AsBytes(new Span<TState>(ref state));
}

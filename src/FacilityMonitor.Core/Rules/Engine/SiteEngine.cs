using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Control;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>The rules of one site over its devices and circuits: readings and seconds in, steps of alerts out. Pure: knows no clock but the seconds it is told.</summary>
/// <remarks>
/// Devices without a place in the registry are judged with the defaults; those of a foreign dialect share an engine without a site. Not thread-safe.
/// </remarks>
internal sealed partial class SiteEngine
{
    /// <summary>After our own start nobody is called silent for this long: devices come back one by one.</summary>
    public const long GraceMs = 120_000;

    /// <summary>After our own start rules that judge by time alone wait at most so long for what the broker kept for us: it may hold the answer to the call that seems to wait since before.</summary>
    public const long AwaitMs = 15_000;

    /// <summary>Devices behind a gateway have this long to speak after it is back.</summary>
    private const long BackAfterMs = 60_000;

    /// <summary>Of what <see cref="Save"/> writes.</summary>
    public const byte Format = 13;

    /// <summary>The first format that knows what power users drew at most.</summary>
    private const byte FormatOfPowers = 13;

    /// <summary>The first format that knows when the warmth of channels was told.</summary>
    private const byte FormatOfWarmthTimes = 12;

    /// <summary>The first format that knows how many users each device brought.</summary>
    private const byte FormatOfShares = 11;

    /// <summary>The first format that knows what was derived anew for whom, and whether words and loads were seen in their order.</summary>
    private const byte FormatOfLateWork = 10;

    /// <summary>The first format that knows what sockets say of themselves (off, welded, and what flowed meanwhile), and of a battery that follows a full one.</summary>
    public const byte FormatOfOffWords = 10;

    /// <summary>The first format that knows when a device last said anything, what was summed up of its sockets, and what the service may have missed while it was away.</summary>
    private const byte FormatOfAbsences = 10;

    /// <summary>The first format in which circuits hear of values, and of what is said near them.</summary>
    private const byte FormatOfNearbyWords = 9;

    /// <summary>The first format that knows which channels of a device say nothing that can be used.</summary>
    private const byte FormatOfPoorChannels = 8;

    /// <summary>The first format that knows since when a place has no free socket, and how long a charge only trickles.</summary>
    public const byte FormatOfCrowds = 7;

    /// <summary>The first format with charging sessions; those before are still read, and sessions then begin anew.</summary>
    private const byte FormatOfSessions = 6;

    /// <summary>The first format with rules that have a state of their own; the one before is still read, and circuits then begin anew.</summary>
    private const byte FormatOfStates = 5;

    /// <summary>The oldest format that is read.</summary>
    private const byte FormatOldest = 4;

    private readonly string? _siteId;
    private readonly Site? _site;
    private readonly FacilityIndex _index;
    private readonly Dictionary<int, DeviceMemory> _devices = [];
    private readonly List<LoadTrack> _circuits = [];
    private readonly List<Neighbourhood> _neighbourhoods = [];
    private readonly List<int> _touched = [];
    private readonly List<Timeline> _behind = [];
    private readonly LateWork _late = new();
    private readonly ChannelTracks _tracks = new();
    private readonly LimitShelf _shelf;
    private readonly OffWatches _offs = new();
    private readonly Dictionary<DeviceId, SeatState> _seats = [];
    private readonly List<CommandEffect> _effects;
    private readonly AlertBook _book;
    private Timeline?[] _places = [];
    private List<AlertTransition> _output = [];
    private bool _changed;
    private long _nowMs;
    private long _startedMs;
    private long _begunMs;

    /// <summary>The engine's time before the service began.</summary>
    private long _beforeMs;

    /// <summary>Whether a message came that was measured after the service began: the broker delivers what it kept in order, and first.</summary>
    private bool _isCaughtUp;

    /// <param name="siteId">The site; null: of devices of a foreign dialect without one.</param>
    /// <param name="index">The registry.</param>
    /// <param name="shelf">Where limits are kept once.</param>
    /// <param name="effects">Where effects of commands go.</param>
    /// <param name="sessions">Where charging sessions go.</param>
    /// <param name="lessons">What staff found, by the path of the circuit.</param>
    public SiteEngine(
        string? siteId, FacilityIndex index, LimitShelf shelf, List<CommandEffect> effects, List<SessionFact> sessions, IReadOnlyDictionary<string, FlyWireLesson> lessons)
    {
        _shelf = shelf;
        _sessions = new SocketSessions(sessions, number => _devices[number].Self, isRegistered: siteId is not null && index.FindSite(siteId) is not null);
        _effects = effects;
        _siteId = siteId;
        _index = index;
        _site = siteId is null ? null : index.FindSite(siteId);
        _book = new AlertBook(siteId ?? "unregistered");
        foreach (var circuit in _site?.Circuits ?? [])
        {
            var subject = new Subject(SubjectKind.Circuit, _site, null, ChannelId.Main, circuit, null) { Lesson = lessons.GetValueOrDefault($"{siteId}/{circuit.Id}") };
            var plans = Plans(subject, new SettingScopes(circuit.Rules, _site!.Rules, index.Facility.Rules));
            _circuits.Add(new LoadTrack(circuit, [.. plans.Select(plan => plan.Rule.NewCell(plan.Limits))]) { IsSiblingLive = IsSiblingLive, Late = _late });
            _neighbourhoods.Add(Neighbourhood.Of(_site!, circuit, _circuits[^1].Cells));
        }

        foreach (var circuit in _circuits)
            circuit.Above = [.. ElectricalTree.Feeding(_site!.Circuits, circuit.Circuit).Skip(1).Where(above => above.Meter is not null).Select(above => _circuits.Find(track => track.Circuit == above)!)];
        if (_site is not null)
            PrepareSite(_site);
    }

    /// <summary>The circuits, with what they carry.</summary>
    public IEnumerable<(Circuit Circuit, IReadOnlyList<PhaseReport> Phases)> Circuits => _circuits.Select(track => (track.Circuit, (IReadOnlyList<PhaseReport>)Report(track)));

    /// <summary>Samples and sights that were settled early because more was sent than is kept.</summary>
    public long WindowOverflows => _tracks.WindowOverflows + _offs.Tracks.WindowOverflows + _late.Overflows;

    /// <summary>What words that come late cost.</summary>
    public LateWork Late => _late;

    /// <summary>Names of the alerts that are not over.</summary>
    public IEnumerable<string> OpenAlerts => _book.All.Where(alert => alert.IsOpen).Select(alert => alert.Id);

    /// <summary>Devices that carry people, and whether somebody is on them.</summary>
    public IReadOnlyDictionary<DeviceId, SeatState> Seats => _seats;

    /// <summary>Rises whenever somebody sits down or gets off.</summary>
    public long SeatChanges { get; private set; }

    /// <summary>The service began.</summary>
    /// <param name="atMs">When.</param>
    /// <param name="graceMs">For how long nobody is called silent from then on.</param>
    public void Started(long atMs, long graceMs)
    {
        // A grace of its own length is as if the service had begun earlier or later.
        _startedMs = atMs + graceMs - GraceMs;
        (_begunMs, _beforeMs, _isCaughtUp) = (atMs, _nowMs, false);
    }

    /// <summary>Seconds went by in which nothing happened here.</summary>
    public void Pass(long atMs)
    {
        _nowMs = Math.Max(_nowMs, atMs);
        _minute = Math.Max(_minute, _nowMs / MinuteMs);
    }

    /// <summary>Takes in a message of one of its devices.</summary>
    public void Observe(DeviceMessage message, List<AlertTransition> output)
    {
        _output = output;
        _nowMs = Math.Max(_nowMs, message.ReceivedMs);
        _isCaughtUp |= IsOfNow(message);
        var device = MemoryOf(message.Device!);
        _late.Begin(device, _nowMs);
        _touched.Clear();
        Take(device, message);
        foreach (var circuit in _touched)
            JudgeCircuit(circuit);
        if (device.PilePlans.Length > 0 && message.Kind is MessageKind.Data or MessageKind.Hist)
            JudgePile(device);
        CatchUp();
        _late.Begin(null, _nowMs);
    }

    private void Take(DeviceMemory device, DeviceMessage message)
    {
        if (message.Birth is { } birth)
            Born(device, birth);
        if (message.Status is { } status)
            Presence(device, status, message.Retained);
        else if (!message.Retained)
            Heard(device, message);
        if (!message.Retained)
            Examine(device, message);
        if (message.CommandAck is { } ack)
            _offs.Take(ack, device.Place, message.ReceivedMs);
        if (message.Events.Count > 0)
        {
            SessionsBegin(device, message.Events);
            TakeSessions(device, message.Events);
            WatchEvents(device, message.Events);
        }

        if (message.Kind is not (MessageKind.Data or MessageKind.Hist))
            return;

        var isLive = message.Kind == MessageKind.Data;
        var behindMs = isLive ? BehindMs(device, message) : 0;
        long newestMs = 0;
        for (var index = 0; index < message.Readings.Count; index++)
        {
            var reading = message.Readings.Readings[index];
            // What the device or we doubt decides nothing; what was placed by our clock counts only while it is live.
            if (!Counts(reading, isLive))
                continue;
            reading.AtMs += behindMs;
            Judge(device, message.Readings, reading, index, isLive);
            newestMs = Math.Max(newestMs, reading.AtMs);
        }

        if (isLive && !message.Retained && newestMs > 0 && newestMs >= device.SaidMs)
        {
            device.SaidMs = newestMs;
            if (device.HasSessions)
                FeedIdle(device, newestMs);
        }

        if (device.Below.Length > 0)
            FeedBelow(device, isLive);
    }

    /// <summary>Takes in a command that goes out.</summary>
    public void Command(CommandNotice notice, long atMs)
    {
        _nowMs = Math.Max(_nowMs, atMs);
        var device = MemoryOf(notice.Device);
        _offs.Take(notice, device.Place, atMs);
        var place = device.Find(notice.Channel, 0);
        if (place >= 0)
            device.Channels[place].IsWatched = _offs.Find(device.Place, notice.Channel.Code) is not null;
    }

    private SettingScopes SiteScopes => new(_site?.Rules ?? RuleSettings.None, _index.Facility.Rules);

    /// <summary>Whether verdicts by time alone wait for what was said while we were away.</summary>
    private bool IsAwaiting => !_isCaughtUp && _nowMs - _begunMs < AwaitMs;

    /// <summary>Whether it was said after the service began, by a clock that is not ahead of ours.</summary>
    private bool IsOfNow(DeviceMessage message) => message is { Kind: MessageKind.Data or MessageKind.Event, HasEnvelope: true, Retained: false, Envelope.Clock: not ClockSource.None }
        && message.Envelope.TsMs >= _begunMs && message.Envelope.TsMs <= message.ReceivedMs;

    private static bool Counts(in Reading reading, bool isLive) =>
        reading.Quality is Quality.Good || (reading.Quality == Quality.Clock && isLive);

    /// <summary>How far the readings of a live message must be moved on because the device's clock was set back, ms; nearly always 0.</summary>
    /// <remarks>
    /// A clock that is an hour slow after a reboot is believed by the contract, and for an hour all it says would be later than 30 s: an overload would
    /// stay hidden. But a message that was numbered later cannot have been measured earlier. So its newest sample counts as measured when we received it, as
    /// that of a device without a clock does. A queue that is delivered late is in order and is not touched.
    /// </remarks>
    private static long BehindMs(DeviceMemory device, DeviceMessage message)
    {
        if (!message.HasEnvelope)
            return 0;
        long newestMs = 0;
        foreach (ref readonly var reading in message.Readings.Readings)
        {
            if (Counts(reading, isLive: true))
                newestMs = Math.Max(newestMs, reading.AtMs);
        }

        var (boot, seq) = (message.Envelope.Boot, message.Envelope.Seq);
        var isNewBoot = boot != device.LiveBoot && (boot == device.BirthBoot || device.LiveSeq < 0);
        if (newestMs == 0 || (!isNewBoot && (boot != device.LiveBoot || seq <= device.LiveSeq)))
            return 0;
        var wentBack = newestMs < device.LiveMs - ReorderWindow.LatenessMaxMs && newestMs < message.ReceivedMs - ClockCorrection.AheadMaxMs;
        var behind = wentBack ? message.ReceivedMs - newestMs : 0;
        (device.LiveBoot, device.LiveSeq, device.LiveMs) = (boot, seq, Math.Max(device.LiveMs, newestMs + behind));
        return behind;
    }

    /// <summary>A second went by.</summary>
    /// <returns>Whether it changed anything but the time.</returns>
    public bool Tick(long atMs, List<AlertTransition> output)
    {
        _output = output;
        _changed = false;
        _nowMs = Math.Max(_nowMs, atMs);
        foreach (var device in _devices.Values)
            JudgeAbsence(device);
        JudgeTimed();
        JudgeDates();
        TickSessions();
        CatchUp();
        // After our own absence it was we who heard nothing, not they who said nothing.
        if (_book.IsEmpty || _nowMs - _startedMs < GraceMs)
            return _changed;
        List<ToldAlert>? lost = null;
        foreach (var alert in _book.All)
        {
            if (alert.Condition is Condition.Active or Condition.Recovering && IsOfValues(alert.Key) && _nowMs - alert.HeardMs > NoDataMs(alert.Key))
                (lost ??= []).Add(alert);
        }

        // By name: the order of the book is not the same after a restart, and what is told must be.
        foreach (var alert in lost?.OrderBy(alert => alert.Id, StringComparer.Ordinal) ?? Enumerable.Empty<ToldAlert>())
            AlertBook.NoData(alert, _nowMs, Tell);
        return _book.Prune(_nowMs) || _changed;
    }
}

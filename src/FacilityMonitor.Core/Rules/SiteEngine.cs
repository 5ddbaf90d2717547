using System.Buffers;
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
internal sealed class SiteEngine
{
    /// <summary>After our own start nobody is called silent for this long: devices come back one by one.</summary>
    public const long GraceMs = 120_000;

    /// <summary>Devices behind a gateway have this long to speak after it is back.</summary>
    private const long BackAfterMs = 60_000;

    /// <summary>Of what <see cref="Save"/> writes.</summary>
    private const byte Format = 4;

    /// <summary>The format before: without the channels that are meant to be off. It is still read.</summary>
    private const byte FormatBefore = 3;

    private readonly string? _siteId;
    private readonly Site? _site;
    private readonly FacilityIndex _index;
    private readonly Dictionary<int, DeviceMemory> _devices = [];
    private readonly List<CircuitTrack> _circuits = [];
    private readonly List<int> _touched = [];
    private readonly ChannelTracks _tracks = new();
    private readonly List<ChannelPlan[]> _plans = [];
    private readonly OffWatches _offs = new();
    private readonly List<Grade[]> _welded = [];
    private readonly Dictionary<DeviceId, SeatState> _seats = [];
    private readonly List<CommandEffect> _effects;
    private readonly AlertBook _book;
    private List<AlertTransition> _output = [];
    private bool _changed;
    private long _nowMs;
    private long _startedMs;

    public SiteEngine(string? siteId, FacilityIndex index, List<CommandEffect> effects)
    {
        _effects = effects;
        _siteId = siteId;
        _index = index;
        _site = siteId is null ? null : index.FindSite(siteId);
        _book = new AlertBook(siteId ?? "unregistered");
        foreach (var circuit in _site?.Circuits ?? [])
            _circuits.Add(new CircuitTrack(circuit, CircuitOverload.Instance.LimitsFor(circuit, new SettingScopes(circuit.Rules, _site!.Rules, index.Facility.Rules))));
    }

    /// <summary>The circuits, with what they carry.</summary>
    public IEnumerable<(Circuit Circuit, IReadOnlyList<PhaseReport> Phases)> Circuits => _circuits.Select(track => (track.Circuit, (IReadOnlyList<PhaseReport>)Report(track)));

    /// <summary>Samples that were settled early because a channel or circuit sent more than is kept.</summary>
    public long WindowOverflows => _tracks.WindowOverflows + _offs.Tracks.WindowOverflows + _circuits.Sum(circuit => circuit.WindowOverflows);

    /// <summary>Names of the alerts that are not over.</summary>
    public IEnumerable<string> OpenAlerts => _book.All.Where(alert => alert.IsOpen).Select(alert => alert.Id);

    /// <summary>Devices that carry people, and whether somebody is on them.</summary>
    public IReadOnlyDictionary<DeviceId, SeatState> Seats => _seats;

    /// <summary>Rises whenever somebody sits down or gets off.</summary>
    public long SeatChanges { get; private set; }

    /// <summary>The service began; grace runs from here.</summary>
    public void Started(long atMs) => _startedMs = atMs;

    /// <summary>Seconds went by in which nothing happened here.</summary>
    public void Pass(long atMs) => _nowMs = Math.Max(_nowMs, atMs);

    /// <summary>Takes in a message of one of its devices.</summary>
    public void Observe(DeviceMessage message, List<AlertTransition> output)
    {
        _output = output;
        _nowMs = Math.Max(_nowMs, message.ReceivedMs);
        var device = MemoryOf(message.Device!);
        if (message.Birth is { } birth)
            Born(device, birth);
        if (message.Status is { } status)
            Presence(device, status);
        else if (!message.Retained)
            Heard(device, message);
        if (message.CommandAck is { } ack)
            _offs.Take(ack, device.Place, message.ReceivedMs);
        if (message.Events.Count > 0)
            SessionsBegin(device, message.Events);
        if (message.Kind is not (MessageKind.Data or MessageKind.Hist))
            return;

        _touched.Clear();
        var isLive = message.Kind == MessageKind.Data;
        var behindMs = isLive ? BehindMs(device, message) : 0;
        for (var index = 0; index < message.Readings.Count; index++)
        {
            var reading = message.Readings.Readings[index];
            // What the device or we doubt decides nothing; what was placed by our clock counts only while it is live.
            if (!Counts(reading, isLive))
                continue;
            reading.AtMs += behindMs;
            Judge(device, message.Readings, reading, index, isLive);
        }

        foreach (var circuit in _touched)
            JudgeCircuit(circuit);
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

    // ---- devices -----------------------------------------------------------------------------------------------------

    private DeviceMemory MemoryOf(Device device) => _devices.TryGetValue(device.Number, out var known) ? known : NewMemory(device);

    // Apart from the look-up: its closure would be allocated with every message.
    private DeviceMemory NewMemory(Device device)
    {
        var registered = _index.Find(device.Id);
        var scopes = registered is null
            ? new SettingScopes(_index.Facility.Rules)
            : new SettingScopes(registered.Entry.Rules, RulesOfCircuit(registered), registered.Site.Rules, _index.Facility.Rules);
        var memory = new DeviceMemory(device.Number, device.Id, registered)
        {
            Welded = SharedWelded(WeldedRelay.Instance.Grades(scopes)),
            Plans = Shared([.. RuleCatalogue.OfChannels.Select(rule => new ChannelPlan(rule, rule.Grades(registered?.Entry, scopes)))]),
            OfflineHoldMs = Offline.Instance.HoldMs(scopes),
            Silence = Silent.Instance.LimitsFor(scopes),
            HeardMs = _nowMs,
            Presence = Contract.Presence.Online,
        };
        _devices[device.Number] = memory;
        return memory;
    }

    /// <summary>The same limits are kept once: most devices of a site have the same.</summary>
    private ChannelPlan[] Shared(ChannelPlan[] plans)
    {
        foreach (var known in _plans)
        {
            if (known.Zip(plans).All(pair => pair.First.Rule == pair.Second.Rule && pair.First.Grades.AsSpan().SequenceEqual(pair.Second.Grades)))
                return known;
        }

        _plans.Add(plans);
        return plans;
    }

    private Grade[] SharedWelded(Grade[] grades)
    {
        foreach (var known in _welded)
        {
            if (known.AsSpan().SequenceEqual(grades))
                return known;
        }

        _welded.Add(grades);
        return grades;
    }

    private static RuleSettings RulesOfCircuit(RegisteredDevice device) =>
        device.Site.Circuits.FirstOrDefault(circuit => circuit.Id == device.Entry.Circuit)?.Rules ?? RuleSettings.None;

    private void Born(DeviceMemory device, Birth birth)
    {
        var gapMs = device.GapMs;
        device.BirthPeriodMs = (long)((birth.PeriodS ?? 0) * 1000);
        if (device.GapMs != gapMs)
            MeasureGaps();
        device.BirthBd = birth.Bd;
        device.BirthBoot = birth.Boot;
    }

    private void Presence(DeviceMemory device, DeviceStatus status)
    {
        // A will from before the last birth speaks of a connection that is long replaced.
        if (status.Bd is { } bd && bd < device.BirthBd)
            return;
        if (device.Presence == status.Presence)
            return;
        if (device.Presence == Contract.Presence.Offline)
            device.BackMs = _nowMs;
        device.Presence = status.Presence;
        device.PresenceMs = _nowMs;
        if (status.Presence == Contract.Presence.Online)
            device.HeardMs = _nowMs;
    }

    private void Heard(DeviceMemory device, DeviceMessage message)
    {
        device.HeardMs = Math.Max(device.HeardMs, message.ReceivedMs);
        // A device that speaks live is there, whatever its will said before; buffered words prove nothing.
        if (device.Presence == Contract.Presence.Offline && message.Kind is MessageKind.Data or MessageKind.Event or MessageKind.Birth)
            (device.Presence, device.PresenceMs, device.BackMs) = (Contract.Presence.Online, _nowMs, _nowMs);
    }

    private void JudgeAbsence(DeviceMemory device)
    {
        var offline = device.Presence == Contract.Presence.Offline;
        JudgeAbsence(device, ref device.Offline, Offline.Instance, offline, device.PresenceMs, device.OfflineHoldMs);

        var period = device.PeriodMs;
        // While we were away nobody could be heard: the silence of a device that was well before counts from our start.
        var since = device.Silent.Phase == HoldPhase.Idle ? Math.Max(device.HeardMs, _startedMs) : device.HeardMs;
        var silent = period > 0 && device.Presence == Contract.Presence.Online && _nowMs - since > device.Silence.TimeoutMs(period);
        JudgeAbsence(device, ref device.Silent, Silent.Instance, silent, device.HeardMs, 0);
    }

    private void JudgeAbsence(DeviceMemory device, ref AbsenceMemory absence, Rule rule, bool absent, long sinceMs, long holdMs)
    {
        if (absence.Phase == HoldPhase.Idle && !absent)
            return;
        var before = absence;
        var due = absent && _nowMs - _startedMs >= GraceMs && _nowMs - sinceMs >= holdMs && !IsExplained(device);
        absence.Step(absent, sinceMs, due, _nowMs);
        _changed |= absence != before;
        if (before.Phase is HoldPhase.Pending or HoldPhase.On && !absent && rule == Silent.Instance)
            device.BackMs = _nowMs;
        var verdict = absence.Judge();
        if (verdict.Code == absence.Told)
            return;
        absence.Told = verdict.Code;
        Apply(AlertKey.OfChannel(rule, device.Place, ChannelId.Main), verdict, _nowMs);
    }

    /// <summary>Whether the gateway a device is reached through is away, may be about to be called so, or has only just come back.</summary>
    private bool IsExplained(DeviceMemory device) => GatewayOf(device) is { } gateway
        && (gateway.Presence == Contract.Presence.Offline
            || gateway.Silent.Phase == HoldPhase.On
            || (gateway.PeriodMs > 0 && gateway.Presence == Contract.Presence.Online && _nowMs - gateway.HeardMs > gateway.PeriodMs)
            || _nowMs - gateway.BackMs < BackAfterMs);

    private DeviceMemory? GatewayOf(DeviceMemory device)
    {
        if (device.Gateway is null && device.Registered is { Entry.Gateway: { } gateway, Site: { } site })
            device.Gateway = _devices.Values.FirstOrDefault(candidate => candidate.Registered?.Entry.Id == gateway && candidate.Registered.Site == site);
        return device.Gateway;
    }

    // ---- channels ----------------------------------------------------------------------------------------------------

    private void Judge(DeviceMemory device, ReadingBuffer readings, in Reading reading, int guess, bool isLive)
    {
        var place = device.Find(reading.Channel, guess);
        if (place < 0)
        {
            place = device.Add(NewChannel(device, reading.Channel));
            Connect(device, ref device.Channels[place]);
        }

        ref var channel = ref device.Channels[place];
        if (channel.FirstTrack >= 0)
        {
            var number = 0;
            foreach (ref readonly var plan in device.Plans.AsSpan())
            {
                if (plan.Rule.AppliesTo(device.Registered?.Entry, reading.Channel))
                    JudgeChannel(device, plan, channel.FirstTrack + number++, readings, reading);
            }
        }

        JudgeOff(device, ref channel, readings, reading);
        if (device.CarriesPeople)
            Seat(device, readings, reading);
        if (channel.Feeds.Length > 0 && Amps(ref channel, readings, reading, out var derived) is { } amps)
        {
            foreach (var feed in channel.Feeds)
            {
                var circuit = _circuits[feed.Circuit];
                circuit.Derived = derived ?? circuit.Derived;
                if (circuit.Add(reading.AtMs, feed.Slot, (int)Math.Clamp(Math.Abs(amps) * 1000, 0, int.MaxValue), isLive) is Accepted.InOrder or Accepted.Reordered && !_touched.Contains(feed.Circuit))
                    _touched.Add(feed.Circuit);
            }
        }
    }

    private void JudgeChannel(DeviceMemory device, in ChannelPlan plan, int trackNumber, ReadingBuffer readings, in Reading reading)
    {
        if (!plan.Rule.TryMeasure(readings, reading, out var value, out var origin))
            return;
        ref var track = ref _tracks[trackNumber];
        var accepted = _tracks.Observe(ref track, plan.Grades, reading.AtMs, value, device.GapMs);
        if (accepted is not (Accepted.InOrder or Accepted.Reordered))
            return;
        if (accepted == Accepted.InOrder)
            track.Origin = origin;
        var verdict = _tracks.Judge(track, plan.Grades);
        if (IsNews(verdict, ref track.Told, AlertKey.OfChannel(plan.Rule, device.Place, reading.Channel)))
            Apply(AlertKey.OfChannel(plan.Rule, device.Place, reading.Channel), verdict, track.NewestMs);
    }

    // ---- what is meant to be off ---------------------------------------------------------------------------------------

    private void JudgeOff(DeviceMemory device, ref ChannelMemory channel, ReadingBuffer readings, in Reading reading)
    {
        var isSocket = channel.Channel.Kind is ChannelKind.Socket or ChannelKind.Slot;
        if (!channel.IsWatched && !isSocket)
            return;
        bool? closed = readings.TryGet(reading, Metric.Relay, out var relay) ? relay != 0 : null;
        // Nearly every reading ends here: nobody switched it off, and it does not call itself off.
        if (!channel.IsWatched && closed != false)
            return;
        var measures = SocketOverload.Instance.TryMeasure(readings, reading, out var watts, out _);
        var flows = measures && watts > device.Welded[0].Limit;
        if (!channel.IsWatched && !flows)
            return;
        var watch = _offs.FindOrAdd(device.Place, channel.Channel.Code);
        channel.IsWatched = true;
        ref var track = ref _offs.Tracks[watch.Track];
        if (reading.AtMs > track.NewestMs)
            Learn(watch, reading.AtMs, closed, measures, flows);
        if (measures)
        {
            var value = watch.IsOff && reading.AtMs > watch.OffMs ? watts : 0;
            if (_offs.Tracks.Observe(ref track, device.Welded, reading.AtMs, value, device.GapMs) is Accepted.InOrder or Accepted.Reordered)
                TellOff(device, channel.Channel, watch, ref track);
        }

        if (watch.IsDone && track.Busy == 0)
        {
            _offs.Remove(device.Place, channel.Channel.Code);
            channel.IsWatched = false;
        }
    }

    /// <summary>What a sample says of a command, and of whether the socket is meant to be off at all.</summary>
    private void Learn(OffWatch watch, long atMs, bool? closed, bool measures, bool flows)
    {
        if (closed == false && flows && !watch.IsOff)
            (watch.IsOff, watch.OffMs, watch.LastCommand) = (true, atMs - 1, null);
        // The device says that its relay is open: there is no need to wait for an answer.
        if (closed == false && flows && watch.OffMs >= atMs)
            watch.OffMs = atMs - 1;
        if (closed == true && watch.WasOpen)
            watch.IsOff = false;
        watch.WasOpen |= closed == false;
        // Without a measurement the relay's own word is all there is; it can prove, never accuse.
        var isDead = measures ? !flows : closed == false;
        if (watch.Command is { } command && atMs > watch.SentMs)
        {
            var isSeen = watch.Operation switch
            {
                Operation.Off => isDead,
                Operation.On => closed == true || flows,
                _ => closed == true,
            };
            if (isSeen)
            {
                watch.Command = null;
                _effects.Add(new CommandEffect(command, IsSeen: true, atMs));
            }
        }

        if (isDead && atMs > watch.SentMs)
            watch.IsOff = false;
    }

    private void TellOff(DeviceMemory device, ChannelId channel, OffWatch watch, ref ChannelTrack track)
    {
        var verdict = _offs.Tracks.Judge(track, device.Welded);
        var key = AlertKey.OfChannel(WeldedRelay.Instance, device.Place, channel);
        if (IsNews(verdict, ref track.Told, key))
            Apply(key, verdict, track.NewestMs);
        if (verdict.Condition != Condition.Active || watch.Command is not { } command || watch.Operation != Operation.Off)
            return;
        watch.Command = null;
        _effects.Add(new CommandEffect(command, IsSeen: false, track.NewestMs));
    }

    /// <summary>Somebody who charges after an <c>off</c> switched it on again; it is no fault that current flows.</summary>
    private void SessionsBegin(DeviceMemory device, List<DeviceEvent> events)
    {
        foreach (var fact in events)
        {
            if (fact.Kind == EventKind.SessionStart && _offs.Find(device.Place, fact.Channel.Code) is { IsOff: true } watch && fact.AtMs > Math.Min(watch.OffMs, watch.SentMs))
                watch.IsOff = false;
        }
    }

    private void Seat(DeviceMemory device, ReadingBuffer readings, in Reading reading)
    {
        var known = false;
        var inUse = false;
        ReadOnlySpan<Metric> signs = [Metric.Occupied, Metric.Belt, Metric.Door];
        foreach (var sign in signs)
        {
            if (!readings.TryGet(reading, sign, out var value))
                continue;
            known = true;
            inUse |= value != 0;
        }

        if (!known || (_seats.TryGetValue(device.Id, out var before) && before.AtMs >= reading.AtMs))
            return;
        if (before.AtMs == 0 || before.InUse != inUse)
            SeatChanges++;
        _seats[device.Id] = new SeatState(inUse, reading.AtMs);
    }

    /// <summary>Whether a verdict must be told: it is another than before, or its alert had fallen silent and data came again.</summary>
    private bool IsNews(in Verdict verdict, ref byte told, in AlertKey key)
    {
        if (verdict.Code == told)
            return verdict.Code != 0 && _book.Heard(key, _nowMs) is { Condition: Condition.NoData };
        told = verdict.Code;
        return true;
    }

    private ChannelMemory NewChannel(DeviceMemory device, ChannelId channel)
    {
        var first = -1;
        foreach (var plan in device.Plans)
        {
            if (!plan.Rule.AppliesTo(device.Registered?.Entry, channel))
                continue;
            var track = _tracks.Add();
            if (first < 0)
                first = track;
        }

        return new ChannelMemory { Channel = channel, FirstTrack = first, Feeds = [], IsWatched = _offs.Find(device.Place, channel.Code) is not null };
    }

    /// <summary>Makes a channel part of every circuit that its current flows through and that does not know it yet.</summary>
    private void Connect(DeviceMemory device, ref ChannelMemory channel)
    {
        if (device.Registered is null)
            return;
        var feeds = channel.Feeds.ToList();
        for (var circuit = 0; circuit < _circuits.Count; circuit++)
        {
            if (feeds.Exists(feed => feed.Circuit == circuit) || Contribution(_circuits[circuit].Circuit, device.Registered.Entry, channel.Channel) is not { } part)
                continue;
            feeds.Add(new Feed(circuit, _circuits[circuit].AddSlot(new CircuitSlot(device.Place, channel.Channel, part.Phase, part.Balanced))));
        }

        if (feeds.Count == channel.Feeds.Length)
            return;
        channel.Feeds = [.. feeds];
        MeasureGaps();
    }

    /// <summary>A gap in a circuit's current is three times the longest period of those who carry it.</summary>
    private void MeasureGaps()
    {
        foreach (var circuit in _circuits)
        {
            long longest = 0;
            foreach (var slot in circuit.Slots)
                longest = Math.Max(longest, _devices[slot.Device].GapMs);
            circuit.GapMs = longest == 0 ? DeviceMemory.GapMsDefault : longest;
        }
    }

    /// <summary>Whether a channel's current is part of a circuit's load, and on which phase: its meter's, or everything below it that has none.</summary>
    private (int Phase, bool Balanced)? Contribution(Circuit circuit, DeviceEntry entry, ChannelId channel)
    {
        var threePhase = circuit.Phases == 3;
        if (circuit.Meter is not null)
        {
            if (entry.Id != circuit.Meter)
                return null;
            if (circuit.MeterChannel is { } named)
                return channel == named ? (0, false) : null;
            if (threePhase)
                return channel.Kind == ChannelKind.Phase ? (channel.Number - 1, false) : null;
            return channel == ChannelId.Main || channel == ChannelId.Phase(1) ? (0, false) : null;
        }

        if (entry.Circuit == circuit.Id && entry.Kind != DeviceKind.Meter && (channel.Kind is ChannelKind.Socket or ChannelKind.Slot || (channel == ChannelId.Main && entry.Sockets == 0)))
            return threePhase ? (-1, true) : (0, false);
        foreach (var below in _site!.Circuits)
        {
            if (below.Parent != circuit.Id || Contribution(below, entry, channel) is not { } part)
                continue;
            if (!threePhase)
                return (0, false);
            if (below.Phases == 3)
                return part;
            return below.Phase is { } phase ? (phase - 1, false) : (-1, true);
        }

        return null;
    }

    private static double? Amps(ref ChannelMemory channel, ReadingBuffer readings, in Reading reading, out string? derived)
    {
        derived = null;
        if (readings.TryGet(reading, Metric.A, out var amps))
            return amps;
        var volts = readings.TryGet(reading, Metric.V, out var told) && told > SocketOverload.LeastV ? told : SocketOverload.NominalV;
        if (readings.TryGet(reading, Metric.W, out var watts))
        {
            derived = "w/v";
            return watts / volts;
        }

        if (!readings.TryGet(reading, Metric.Wh, out var energy))
            return null;
        var (beforeWh, beforeMs) = (channel.Wh, channel.WhMs);
        if (reading.AtMs <= beforeMs)
            return null;
        (channel.Wh, channel.WhMs) = (energy, reading.AtMs);
        if (beforeMs == 0 || energy < beforeWh)
            return null;
        derived = "wh/v";
        return (energy - beforeWh) * 3_600_000 / (reading.AtMs - beforeMs) / volts;
    }

    // ---- circuits ----------------------------------------------------------------------------------------------------

    private void JudgeCircuit(int place)
    {
        var circuit = _circuits[place];
        if (circuit.Rederive())
            TellCircuit(place);
        while (circuit.StepNext())
            TellCircuit(place);
    }

    private void TellCircuit(int place)
    {
        var circuit = _circuits[place];
        var verdict = circuit.Live.Judge();
        var key = AlertKey.OfCircuit(CircuitOverload.Instance, place);
        if (IsNews(verdict, ref circuit.Told, key))
            Apply(key, verdict, circuit.Live.LastMs);
    }

    private static List<PhaseReport> Report(CircuitTrack track)
    {
        var reports = new List<PhaseReport>();
        for (var index = 0; index < track.Live.Phases.Length; index++)
        {
            ref readonly var phase = ref track.Live.Phases[index];
            if (phase.LastMs == 0)
                continue;
            TripBand? trip = null;
            if (track.Limits.RatedA is { } rated && track.Limits.Early.TimeToTripS(phase.EarlyLevel, phase.Amps, rated) is var from && double.IsFinite(from))
            {
                var to = track.Limits.Late.TimeToTripS(phase.LateLevel, phase.Amps, rated);
                trip = new TripBand(from, double.IsFinite(to) ? to : null);
            }

            reports.Add(new PhaseReport(track.Circuit.Phases == 3 ? index + 1 : null, phase.Amps, phase.Level, trip, track.Live.MeanA(index)));
        }

        return reports;
    }

    // ---- alerts ------------------------------------------------------------------------------------------------------

    private static bool IsOfValues(AlertKey key) => key.Rule != Offline.Instance.Name && key.Rule != Silent.Instance.Name;

    private long NoDataMs(AlertKey key) => key.IsCircuit ? 5 * _circuits[key.Circuit].GapMs / 3 : _devices.TryGetValue(key.Subject, out var device) ? device.NoDataMs : DeviceMemory.GapMsDefault;

    private void Apply(AlertKey key, in Verdict verdict, long atMs) => _book.Apply(key, SubjectOf, verdict, atMs, _nowMs, Tell);

    private AlertSubject SubjectOf(AlertKey key)
    {
        if (key.IsCircuit)
            return new AlertSubject($"{_siteId}/{_circuits[key.Circuit].Circuit.Id}", null, _circuits[key.Circuit].Circuit.Id);
        var device = _devices[key.Subject];
        return new AlertSubject(_index.AssetPath(device.Id, ChannelId.FromCode(key.Channel)), device.Registered?.Entry.Id ?? device.Id.Name, null);
    }

    private void Tell(ToldAlert alert, long atMs)
    {
        _changed = true;
        var rule = RuleCatalogue.Find(alert.Key.Rule)!;
        var evidence = new SortedDictionary<string, object>(StringComparer.Ordinal);
        _output.Add(new AlertTransition
        {
            AlertId = alert.Id,
            Sequence = alert.NextSequence,
            Rule = rule.Name,
            Priority = alert.Priority,
            Condition = alert.Condition,
            AtMs = atMs,
            OnsetMs = alert.OnsetMs,
            Site = _siteId,
            Device = alert.Subject.Device,
            Channel = alert.Key.Channel == 0 ? null : ChannelId.FromCode(alert.Key.Channel),
            Asset = alert.Subject.Asset,
            IsStranger = !alert.Key.IsCircuit && _devices.TryGetValue(alert.Key.Subject, out var device) && device.Registered is null,
            Text = AlertText.Compose(rule, Where(alert.Key), Explain(alert, rule, evidence), alert, atMs),
            Evidence = evidence,
            FlapCount = alert.FlapCount,
        });
    }

    private LocalText Explain(ToldAlert alert, Rule rule, SortedDictionary<string, object> evidence)
    {
        if (alert.Key.IsCircuit)
        {
            var track = _circuits[alert.Key.Circuit];
            var worst = Report(track).OrderByDescending(report => report.Amps).FirstOrDefault();
            var rated = track.Limits.RatedA ?? 0;
            evidence["a"] = Math.Round(worst.Amps, 2);
            evidence["rated_a"] = rated;
            evidence["thermal_level"] = Math.Round(worst.Level, 3);
            if (worst.Phase is { } phase)
                evidence["phase"] = phase;
            if (worst.Trip is { } trip)
            {
                evidence["trip_from_s"] = Math.Round(trip.FromS);
                if (trip.ToS is { } to)
                    evidence["trip_to_s"] = Math.Round(to);
            }

            if (worst.MeanA is { } mean)
                evidence["mean_3h_a"] = Math.Round(mean, 2);
            if (track.Derived is { } derived)
                evidence["current_from"] = derived;
            return CircuitOverload.What(worst, rated);
        }

        var device = _devices[alert.Key.Subject];
        if (rule == WeldedRelay.Instance)
        {
            var watch = _offs.Find(alert.Key.Subject, alert.Key.Channel);
            return WeldedRelay.Explain(watch, watch is null ? 0 : _offs.Tracks[watch.Track].Value, device.Welded[0].Limit, evidence);
        }

        if (rule is not ChannelRule channelRule)
        {
            evidence["last_heard"] = ReadingJson.Instant(device.HeardMs);
            // It came back, but not for long enough to be over: said plainly, or the two times would contradict each other.
            if (alert.Condition == Condition.Active && device.HeardMs > alert.OnsetMs)
                return new LocalText($"其间短暂恢复过，{AlertText.Clock(device.HeardMs)} 又没有消息", $"it came back for a moment and has been gone again since {AlertText.Clock(device.HeardMs)}");
            return new LocalText($"最后一次有消息是 {AlertText.Clock(device.HeardMs)}", $"last heard at {AlertText.Clock(device.HeardMs)}");
        }

        var plan = device.Plans.First(candidate => candidate.Rule == channelRule);
        ref readonly var judged = ref _tracks[TrackOf(device, device.Find(ChannelId.FromCode(alert.Key.Channel), 0), channelRule)];
        var grade = plan.Grades.LastOrDefault(candidate => candidate.Priority == alert.Priority, plan.Grades[0]);
        channelRule.Explain(grade, judged.Value, judged.Origin, evidence);
        return channelRule.What(grade, judged.Value);
    }

    /// <summary>The track in which a rule judges a channel; -1: it does not.</summary>
    private static int TrackOf(DeviceMemory device, int channel, ChannelRule rule)
    {
        if (channel < 0)
            return -1;
        var track = device.Channels[channel].FirstTrack;
        foreach (ref readonly var plan in device.Plans.AsSpan())
        {
            var applies = plan.Rule.AppliesTo(device.Registered?.Entry, device.Channels[channel].Channel);
            if (plan.Rule == rule)
                return applies ? track : -1;
            track += applies ? 1 : 0;
        }

        return -1;
    }

    private LocalText Where(AlertKey key)
    {
        var site = _site?.Name ?? new LocalText(_siteId ?? "未登记设备", _siteId ?? "Unregistered");
        if (key.IsCircuit)
            return AlertText.Join(site, _circuits[key.Circuit].Circuit.Name);
        var device = _devices[key.Subject];
        var place = device.Registered is { } registered ? registered.Site.Places.FirstOrDefault(candidate => candidate.Id == registered.Entry.Place)?.Name : null;
        var name = device.Registered?.Entry.Name ?? new LocalText(device.Id.Name, device.Id.Name);
        return AlertText.Join(site, place, name, AlertText.Channel(ChannelId.FromCode(key.Channel)));
    }

    // ---- memory ------------------------------------------------------------------------------------------------------

    /// <summary>Writes everything it knows; <see cref="Load"/> gives it back, also into an engine with another registry.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="scratch">For the work: what is in it goes.</param>
    public void Save(IBufferWriter<byte> output, ArrayBufferWriter<byte> scratch)
    {
        var writer = new SnapshotWriter(output);
        writer.Byte(Format);
        writer.Int64(_nowMs);
        writer.Int64(_startedMs);
        writer.Int32(_devices.Count);
        foreach (var (number, device) in _devices)
            SaveDevice(ref writer, number, device);
        writer.Int32(_circuits.Count);
        foreach (var circuit in _circuits)
        {
            writer.Text(Fingerprint(circuit.Circuit));
            scratch.ResetWrittenCount();
            var inner = new SnapshotWriter(scratch);
            inner.Int32(circuit.Slots.Count);
            foreach (var slot in circuit.Slots)
            {
                inner.Int32(slot.Device);
                inner.Int32(slot.Channel.Code);
                inner.Int32(slot.Phase);
                inner.Byte(slot.Balanced ? (byte)1 : (byte)0);
            }

            circuit.Save(ref inner);
            writer.Int32(scratch.WrittenCount);
            output.Write(scratch.WrittenSpan);
        }

        _offs.Save(ref writer);
        writer.Int32(_book.All.Count);
        foreach (var alert in _book.All)
            SaveAlert(ref writer, alert);
    }

    /// <summary>Takes back what <see cref="Save"/> wrote. What the registry no longer knows, or knows otherwise, begins anew.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or of a newer format.</exception>
    public void Load(ReadOnlySpan<byte> input, DeviceTable devices)
    {
        var reader = new SnapshotReader(input);
        var format = reader.Byte();
        if (format is not (Format or FormatBefore))
            throw new InvalidDataException("The rule snapshot is of a format this service does not know.");
        _nowMs = reader.Int64();
        _startedMs = reader.Int64();
        for (var count = reader.Int32(); count > 0; count--)
            LoadDevice(ref reader, devices);
        var kept = new HashSet<int>();
        for (var count = reader.Int32(); count > 0; count--)
        {
            if (LoadCircuit(ref reader) is { } place)
                kept.Add(place);
        }

        // What the registry has put on a circuit since: the channel is known, so no first reading will connect it.
        foreach (var device in _devices.Values)
        {
            foreach (ref var channel in device.Channels)
                Connect(device, ref channel);
        }

        MeasureGaps();
        if (format == Format)
            LoadOffs(ref reader);
        for (var count = reader.Int32(); count > 0; count--)
            LoadAlert(ref reader, kept);
    }

    private void LoadOffs(ref SnapshotReader reader)
    {
        _offs.Load(ref reader, _devices.ContainsKey);
        foreach (var device in _devices.Values)
        {
            foreach (ref var channel in device.Channels)
                channel.IsWatched = _offs.Find(device.Place, channel.Channel.Code) is not null;
        }
    }

    private void SaveDevice(ref SnapshotWriter writer, int number, DeviceMemory device)
    {
        writer.Int32(number);
        writer.Byte((byte)device.Presence);
        writer.Int64(device.PresenceMs);
        writer.Int64(device.HeardMs);
        writer.Int64(device.BirthPeriodMs);
        writer.Int64(device.BirthBd);
        writer.Boot(device.BirthBoot);
        writer.Int64(device.BackMs);
        writer.Boot(device.LiveBoot);
        writer.Int64(device.LiveSeq);
        writer.Int64(device.LiveMs);
        SaveAbsence(ref writer, device.Offline);
        SaveAbsence(ref writer, device.Silent);
        writer.Int32(device.ChannelCount);
        foreach (ref readonly var channel in device.Channels)
        {
            writer.Int32(channel.Channel.Code);
            writer.Double(channel.Wh);
            writer.Int64(channel.WhMs);
            byte rules = 0;
            foreach (ref readonly var plan in device.Plans.AsSpan())
                rules += plan.Rule.AppliesTo(device.Registered?.Entry, channel.Channel) ? (byte)1 : (byte)0;
            writer.Byte(rules);
            var track = channel.FirstTrack;
            foreach (ref readonly var plan in device.Plans.AsSpan())
            {
                if (!plan.Rule.AppliesTo(device.Registered?.Entry, channel.Channel))
                    continue;
                writer.Text(plan.Rule.Name);
                _tracks.Save(ref writer, _tracks[track++]);
            }
        }
    }

    private void LoadDevice(ref SnapshotReader reader, DeviceTable devices)
    {
        var number = reader.Int32();
        var known = devices.Find(number) ?? throw new InvalidDataException($"The rule snapshot names device {number}, which the device table does not know.");
        var device = MemoryOf(known);
        device.Presence = (Contract.Presence)reader.Byte();
        device.PresenceMs = reader.Int64();
        device.HeardMs = reader.Int64();
        device.BirthPeriodMs = reader.Int64();
        device.BirthBd = reader.Int64();
        device.BirthBoot = LoadBoot(ref reader);
        device.BackMs = reader.Int64();
        device.LiveBoot = LoadBoot(ref reader);
        device.LiveSeq = reader.Int64();
        device.LiveMs = reader.Int64();
        device.Offline = LoadAbsence(ref reader);
        device.Silent = LoadAbsence(ref reader);
        for (var channels = reader.Int32(); channels > 0; channels--)
        {
            // Circuits get their slots from their own part of the snapshot, in their own order.
            var id = ChannelId.FromCode((ushort)reader.Int32());
            var channel = NewChannel(device, id);
            channel.Wh = reader.Double();
            channel.WhMs = reader.Int64();
            var place = device.Add(channel);
            for (var tracks = reader.Byte(); tracks > 0; tracks--)
            {
                // A rule that does not judge it any more, because the registry now says it is something else, has left.
                var track = RuleCatalogue.Find(reader.Text()!) is ChannelRule rule ? TrackOf(device, place, rule) : -1;
                if (track < 0)
                    ChannelTracks.Skip(ref reader);
                else
                    _tracks.Load(ref reader, ref _tracks[track]);
            }
        }

        // The registry may have given it to another site meanwhile; here it would only fall silent.
        if ((_index.Find(known.Id)?.Site.Id ?? known.Id.Site) != _siteId)
            _devices.Remove(number);
    }

    /// <returns>The place of the circuit; null when it begins anew.</returns>
    private int? LoadCircuit(ref SnapshotReader reader)
    {
        var fingerprint = reader.Text();
        var part = reader.Bytes(reader.Int32());
        var place = _circuits.FindIndex(candidate => Fingerprint(candidate.Circuit) == fingerprint);
        var inner = new SnapshotReader(part);
        var slots = new List<CircuitSlot>();
        for (var count = inner.Int32(); count > 0; count--)
            slots.Add(new CircuitSlot(inner.Int32(), ChannelId.FromCode((ushort)inner.Int32()), inner.Int32(), inner.Byte() == 1));
        // A circuit that hangs or is rated otherwise now, or lost a contributor, begins anew. One more contributor is no reason to forget.
        if (place < 0 || !slots.TrueForAll(slot => StillFeeds(_circuits[place].Circuit, slot)))
            return null;
        var track = _circuits[place];
        foreach (var slot in slots)
        {
            var device = _devices[slot.Device];
            ref var channel = ref device.Channels[device.Find(slot.Channel, 0)];
            channel.Feeds = [.. channel.Feeds, new Feed(place, track.AddSlot(slot))];
        }

        track.Load(ref inner);
        return place;
    }

    private bool StillFeeds(Circuit circuit, CircuitSlot slot) =>
        _devices.GetValueOrDefault(slot.Device) is { Registered.Entry: { } entry } device
        && device.Find(slot.Channel, 0) >= 0
        && Contribution(circuit, entry, slot.Channel) == (slot.Phase, slot.Balanced);

    private static void SaveAlert(ref SnapshotWriter writer, ToldAlert alert)
    {
        writer.Text(alert.Key.Rule);
        writer.Text(alert.Subject.Circuit);
        writer.Text(alert.Subject.Device);
        writer.Text(alert.Subject.Asset);
        writer.Int32(alert.Subject.Circuit is null ? alert.Key.Subject : 0);
        writer.Int32(alert.Key.Channel);
        writer.Text(alert.Id);
        writer.Int64(alert.OnsetMs);
        writer.Byte((byte)alert.Condition);
        writer.Byte((byte)alert.Priority);
        writer.Int32(alert.NextSequence);
        writer.Int32(alert.FlapCount);
        writer.Int64(alert.ClearedMs);
        writer.Int64(alert.HeardMs);
    }

    private void LoadAlert(ref SnapshotReader reader, HashSet<int> keptCircuits)
    {
        var rule = reader.Text()!;
        var circuit = reader.Text();
        var subject = new AlertSubject(Device: reader.Text(), Asset: reader.Text()!, Circuit: circuit);
        var device = reader.Int32();
        var channel = (ushort)reader.Int32();
        var place = circuit is null ? -1 : _circuits.FindIndex(candidate => candidate.Circuit.Id == circuit);
        var alert = new ToldAlert
        {
            Key = new AlertKey(rule, circuit is null ? device : -1 - place, channel),
            Subject = subject,
            Id = reader.Text()!,
            OnsetMs = reader.Int64(),
            Condition = (Condition)reader.Byte(),
            Priority = (Priority)reader.Byte(),
            NextSequence = reader.Int32(),
            FlapCount = reader.Int32(),
            ClearedMs = reader.Int64(),
            HeardMs = reader.Int64(),
        };
        // An alert whose state begins anew would never clear: nothing remembers that it was told. Who keeps the alerts ends it, see OpenAlerts.
        if (circuit is null ? IsJudged(device, ChannelId.FromCode(channel), rule, alert.IsOpen) : keptCircuits.Contains(place))
            _book.Add(alert);
    }

    private bool IsJudged(int number, ChannelId channel, string rule, bool isOpen) => _devices.TryGetValue(number, out var device)
        && (rule != WeldedRelay.Instance.Name || !isOpen || _offs.Find(number, channel.Code) is not null)
        && (RuleCatalogue.Find(rule) is not ChannelRule ofChannel || TrackOf(device, device.Find(channel, 0), ofChannel) >= 0);

    private static void SaveAbsence(ref SnapshotWriter writer, in AbsenceMemory absence)
    {
        writer.Int64(absence.SinceMs);
        writer.Int64(absence.BackMs);
        writer.Byte((byte)absence.Phase);
        writer.Byte(absence.Told);
    }

    private static BootId LoadBoot(ref SnapshotReader reader) =>
        BootId.TryParse(System.Text.Encoding.ASCII.GetBytes(reader.Text() ?? ""), out var boot) ? boot : default;

    private static AbsenceMemory LoadAbsence(ref SnapshotReader reader) => new()
    {
        SinceMs = reader.Int64(),
        BackMs = reader.Int64(),
        Phase = (HoldPhase)reader.Byte(),
        Told = reader.Byte(),
    };

    private static string Fingerprint(Circuit circuit) => $"{circuit.Id}|{circuit.RatedA}|{circuit.Phases}|{circuit.Phase}|{circuit.Parent}|{circuit.Meter}|{circuit.MeterChannel}";
}

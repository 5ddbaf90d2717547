using System.Buffers;
using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <content>Snapshots.</content>
internal sealed partial class SiteEngine
{
    /// <summary>Writes everything it knows; <see cref="Load"/> gives it back, also into an engine with another registry.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="scratch">For the work: what is in it goes.</param>
    public void Save(IBufferWriter<byte> output, ArrayBufferWriter<byte> scratch)
    {
        var writer = new SnapshotWriter(output);
        writer.Byte(Format);
        writer.Int64(_nowMs);
        writer.Int64(_startedMs);
        writer.Int64(_begunMs);
        writer.Int64(_beforeMs);
        writer.Byte(_isCaughtUp ? (byte)1 : (byte)0);
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
                inner.Byte((byte)((slot.Balanced ? 1 : 0) | (slot.IsBelow ? 2 : 0) | (slot.IsSum ? 4 : 0)));
            }

            circuit.Save(ref inner);
            writer.Int32(scratch.WrittenCount);
            output.Write(scratch.WrittenSpan);
        }

        _offs.Save(ref writer);
        SaveWatches(ref writer, output, scratch);
        SaveSessions(ref writer);
        SaveHealth(ref writer);
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
        if (format is < FormatOldest or > Format)
            throw new InvalidDataException("The rule snapshot is of a format this service does not know.");
        _nowMs = reader.Int64();
        _startedMs = reader.Int64();
        if (format >= FormatOfAbsences)
            (_begunMs, _beforeMs, _isCaughtUp) = (reader.Int64(), reader.Int64(), reader.Byte() == 1);
        for (var count = reader.Int32(); count > 0; count--)
            LoadDevice(ref reader, devices, format);
        var kept = new HashSet<int>();
        for (var count = reader.Int32(); count > 0; count--)
        {
            if (LoadCircuit(ref reader, format) is { } place)
                kept.Add(place);
        }

        // What the registry has put on a circuit since: the channel is known, so no first reading will connect it.
        foreach (var device in _devices.Values)
        {
            foreach (ref readonly var channel in device.Channels)
                device.TellsPower |= channel.Form.SocketTrack >= 0 && SocketTrackOf(channel).NewestMs > 0;
            if (format < FormatOfAbsences)
                device.BelowDeciwatts = SumOf(device).Deciwatts;
            foreach (ref var channel in device.Channels)
                Connect(device, ref channel);
        }

        MeasureGaps();
        LoadOffs(ref reader, format);
        if (format >= FormatOfStates)
            LoadWatches(ref reader, format);
        if (format >= FormatOfSessions)
        {
            LoadSessions(ref reader, format);
            LoadHealth(ref reader, format);
        }

        for (var count = reader.Int32(); count > 0; count--)
            LoadAlert(ref reader, kept, format);
    }

    private void LoadOffs(ref SnapshotReader reader, byte format)
    {
        _offs.Load(ref reader, format >= FormatOfOffWords, _devices.ContainsKey);
        foreach (var device in _devices.Values)
        {
            foreach (ref var channel in device.Channels)
            {
                channel.IsWatched = _offs.Find(device.Place, channel.Channel.Code) is not null;
                device.TellsWordsApart |= _offs.SaidOffMs(device.Place, channel.Channel.Code) != 0;
            }
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
        writer.Int64(device.SaidMs);
        writer.Int32(device.BelowDeciwatts);
        writer.Int64(device.WarmMs);
        writer.Int32(device.ChannelCount);
        foreach (ref readonly var channel in device.Channels)
        {
            writer.Int32(channel.Channel.Code);
            CounterSlope.Save(ref writer, channel.Wiring?.Counter);
            writer.Byte((byte)channel.WarmthC);
            writer.Byte(channel.IsWarmthOld ? (byte)1 : (byte)0);
            writer.Byte((byte)channel.Form.Graded.Length);
            for (var rule = 0; rule < channel.Form.Graded.Length; rule++)
            {
                writer.Text(channel.Form.Graded[rule].Rule.Name);
                _tracks.Save(ref writer, _tracks[channel.FirstTrack + rule]);
            }
        }
    }

    private void LoadDevice(ref SnapshotReader reader, DeviceTable devices, byte format)
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
        if (format >= FormatOfAbsences)
            (device.SaidMs, device.BelowDeciwatts) = (reader.Int64(), reader.Int32());
        if (format >= FormatOfWarmthTimes)
            device.WarmMs = reader.Int64();
        for (var channels = reader.Int32(); channels > 0; channels--)
        {
            // Circuits get their slots from their own part of the snapshot, in their own order.
            var id = ChannelId.FromCode((ushort)reader.Int32());
            var channel = NewChannel(device, id);
            var counter = format >= FormatOfAbsences ? CounterSlope.Load(ref reader) : CounterSlope.LoadOld(ref reader);
            // Before its time was known it may be of any night.
            if (format >= FormatOfPoorChannels && (sbyte)reader.Byte() is var warmthC && format >= FormatOfWarmthTimes)
                (channel.WarmthC, channel.IsWarmthOld) = (warmthC, reader.Byte() == 1);
            if (counter is not null)
                channel.Wiring = new Wiring { Counter = counter };
            device.Add(channel);
            for (var tracks = reader.Byte(); tracks > 0; tracks--)
            {
                // A rule that does not judge it any more, because the registry now says it is something else, has left.
                var among = RuleCatalogue.Find(reader.Text()!) is ChannelRule rule ? channel.Form.TrackOf(rule) : -1;
                var track = among < 0 ? -1 : channel.FirstTrack + among;
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
    private int? LoadCircuit(ref SnapshotReader reader, byte format)
    {
        var fingerprint = reader.Text();
        var part = reader.Bytes(reader.Int32());
        var place = _circuits.FindIndex(candidate => Fingerprint(candidate.Circuit) == fingerprint);
        var inner = new SnapshotReader(part);
        var slots = new List<LoadSlot>();
        for (var count = inner.Int32(); count > 0; count--)
        {
            var (device, channel, phase, flags) = (inner.Int32(), ChannelId.FromCode((ushort)inner.Int32()), inner.Int32(), inner.Byte());
            slots.Add(new LoadSlot(device, channel, phase, (flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0));
        }

        // A circuit that hangs or is rated otherwise now, or lost a contributor, begins anew. One more contributor is no reason to forget.
        if (place < 0 || format < FormatOfStates || !slots.TrueForAll(slot => StillFeeds(_circuits[place], slot)))
            return null;
        var track = _circuits[place];
        foreach (var slot in slots)
        {
            if (slot.IsSum)
            {
                // Who is below it is found when all are known.
                track.SumBelow(place);
                continue;
            }

            var device = _devices[slot.Device];
            ref var channel = ref device.Channels[device.Find(slot.Channel, 0)];
            channel.Wiring ??= new Wiring();
            channel.Wiring.Feeds = [.. channel.Wiring.Feeds, new Feed(place, track.AddSlot(slot))];
        }

        track.Load(ref inner, format >= FormatOfNearbyWords, format >= FormatOfLateWork);
        return place;
    }

    private bool StillFeeds(LoadTrack track, LoadSlot slot)
    {
        if (slot.IsSum)
            return track.NeedsBelow;
        if (_devices.GetValueOrDefault(slot.Device) is not { Registered: not null } device || device.Find(slot.Channel, 0) is not (var place and >= 0))
            return false;
        return SlotOf(track, device, slot.Channel, device.Channels[place].Form) == slot;
    }

    private void SaveWatches(ref SnapshotWriter writer, IBufferWriter<byte> output, ArrayBufferWriter<byte> scratch)
    {
        var timelines = Timelines().ToList();
        writer.Int32(timelines.Count);
        foreach (var timeline in timelines)
        {
            SaveName(ref writer, timeline);
            scratch.ResetWrittenCount();
            var inner = new SnapshotWriter(scratch);
            timeline.Save(ref inner);
            writer.Int32(scratch.WrittenCount);
            output.Write(scratch.WrittenSpan);
        }

        writer.Int32(_timed.Count);
        foreach (var timeline in _timed)
            SaveName(ref writer, timeline);
        SavePiles(ref writer, output, scratch);
    }

    private void SavePiles(ref SnapshotWriter writer, IBufferWriter<byte> output, ArrayBufferWriter<byte> scratch)
    {
        writer.Int32(_devices.Values.Count(device => device.Load is not null));
        foreach (var device in _devices.Values)
        {
            if (device.Load is not { } load)
                continue;
            writer.Int32(device.Place);
            writer.Int32(load.Slots.Count);
            scratch.ResetWrittenCount();
            var inner = new SnapshotWriter(scratch);
            load.Save(ref inner);
            writer.Int32(scratch.WrittenCount);
            output.Write(scratch.WrittenSpan);
        }
    }

    private void LoadPiles(ref SnapshotReader reader, byte format)
    {
        for (var count = reader.Int32(); count > 0; count--)
        {
            var (number, slots) = (reader.Int32(), reader.Int32());
            var part = reader.Bytes(reader.Int32());
            // Slots are the device's channels in their order; one that left takes its pile's sum with it.
            if (!_devices.TryGetValue(number, out var device) || device.PilePlans.Length == 0 || slots > device.ChannelCount)
                continue;
            var load = NewPileLoad(device, slots);
            var inner = new SnapshotReader(part);
            load.Load(ref inner, format >= FormatOfNearbyWords, format >= FormatOfLateWork);
            device.Load = load;
        }
    }

    private IEnumerable<Timeline> Timelines()
    {
        foreach (var device in _devices.Values)
        {
            if (device.Watches is { } ofDevice)
                yield return ofDevice;
            for (var channel = 0; channel < device.ChannelCount; channel++)
            {
                if (device.Channels[channel].Watches is { } ofChannel)
                    yield return ofChannel;
            }
        }

        foreach (var place in _places)
        {
            if (place is not null)
                yield return place;
        }
    }

    private static void SaveName(ref SnapshotWriter writer, Timeline timeline)
    {
        writer.Byte((byte)timeline.Subject.Kind);
        writer.Int32(timeline.Number);
        writer.Int32(timeline.Subject.Channel.Code);
        writer.Text(timeline.Subject.Kind == SubjectKind.Place ? timeline.Subject.Place!.Id : null);
    }

    private void LoadWatches(ref SnapshotReader reader, byte format)
    {
        for (var count = reader.Int32(); count > 0; count--)
        {
            var timeline = LoadName(ref reader);
            var inner = new SnapshotReader(reader.Bytes(reader.Int32()));
            timeline?.Load(ref inner, number => _devices.GetValueOrDefault(number)?.Registered?.Entry);
        }

        var order = new List<Timeline>();
        for (var count = reader.Int32(); count > 0; count--)
        {
            if (LoadName(ref reader) is { } timeline && _timed.Remove(timeline))
                order.Add(timeline);
        }

        // Those of a rule that is new come last.
        _timed.InsertRange(0, order);
        for (var place = 0; place < _places.Length; place++)
            Recount(place);
        LoadPiles(ref reader, format);
    }

    /// <summary>Who was taken out of the registry, or stands elsewhere now, takes back nothing that it said here: what is on is counted anew.</summary>
    private void Recount(int number)
    {
        if (_places[number] is not { } place)
            return;
        List<Finding> findings = [];
        foreach (var device in _devices.Values)
        {
            if (!Stands(device.Place))
                continue;
            foreach (ref readonly var channel in device.Channels)
            {
                foreach (var cell in channel.Watches?.Cells ?? [])
                {
                    if (Verdict.Found(cell.Told) is { } found && Array.Exists(place.Cells, candidate => candidate.Rule.Hears(cell.Rule)))
                        findings.Add(new Finding(device.Place, channel.Channel, cell.Rule, found));
                }
            }
        }

        place.Recount(findings, Stands);
        foreach (var cell in place.Cells)
        {
            // It is over, and nobody is left to say so: its alert is no longer open, see IsJudged.
            if (cell.Told != 0 && cell.Judge(_nowMs).Code == 0)
                cell.Told = 0;
        }

        bool Stands(int device) => _devices.TryGetValue(device, out var known) && known.PlaceNumber == number;
    }

    /// <returns>The timeline it names; null when the registry no longer knows it, or no rule judges it any more.</returns>
    private Timeline? LoadName(ref SnapshotReader reader)
    {
        var (kind, number, channel, id) = ((SubjectKind)reader.Byte(), reader.Int32(), ChannelId.FromCode((ushort)reader.Int32()), reader.Text());
        if (kind == SubjectKind.Place)
            return _places.FirstOrDefault(place => place?.Subject.Place!.Id == id);
        if (!_devices.TryGetValue(number, out var device))
            return null;
        if (kind == SubjectKind.Device)
            return device.Watches;
        if (device.Find(channel, 0) is not (>= 0 and var index))
            return null;
        ref var memory = ref device.Channels[index];
        return memory.Watches ??= NewTimeline(SubjectOf(device, SubjectKind.Channel, channel), number, memory.Form.States);
    }

    private static void SaveAlert(ref SnapshotWriter writer, ToldAlert alert)
    {
        writer.Text(alert.Key.Rule);
        writer.Text(alert.Subject.Circuit);
        writer.Text(alert.Subject.Device);
        writer.Text(alert.Subject.Asset);
        writer.Byte((byte)alert.Key.Kind);
        writer.Int32(alert.Key.Kind is SubjectKind.Channel or SubjectKind.Device ? alert.Key.Number : 0);
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

    private void LoadAlert(ref SnapshotReader reader, HashSet<int> keptCircuits, byte format)
    {
        var rule = reader.Text()!;
        var circuit = reader.Text();
        var subject = new AlertSubject(Device: reader.Text(), Asset: reader.Text()!, Circuit: circuit);
        SubjectKind? kind = format < FormatOfStates ? null : (SubjectKind)reader.Byte();
        var device = reader.Int32();
        var channel = (ushort)reader.Int32();
        kind ??= circuit is not null ? SubjectKind.Circuit : channel == 0 ? SubjectKind.Device : SubjectKind.Channel;
        var number = kind switch
        {
            SubjectKind.Circuit => _circuits.FindIndex(candidate => candidate.Circuit.Id == circuit),
            SubjectKind.Place => _site?.Places.ToList().FindIndex(place => $"{_siteId}/{place.Id}" == subject.Asset) ?? -1,
            SubjectKind.Due => _dues.FindIndex(due => due.Rule.Name == rule && due.Thing.Asset == subject.Asset),
            _ => device,
        };
        var alert = new ToldAlert
        {
            Key = new AlertKey(rule, kind.Value, number, channel),
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
        if (number >= 0 && (kind != SubjectKind.Circuit || keptCircuits.Contains(number)) && IsJudged(alert))
            _book.Add(alert);
    }

    private bool IsJudged(ToldAlert alert)
    {
        var key = alert.Key;
        if (RuleCatalogue.Find(key.Rule) is not { } rule)
            return false;
        if (rule is StateRule)
            return CellOf(key) is { } cell ? cell.Told != 0 || !alert.IsOpen : !alert.IsOpen && key.Kind is SubjectKind.Channel or SubjectKind.Device && _devices.ContainsKey(key.Number);
        if (rule is DateRule)
            return true;
        if (rule is SessionRule ofSessions)
            return IsJudgedBySessions(key, ofSessions, alert.IsOpen);
        if (rule == FullNotUnplugged.Instance)
            return !alert.IsOpen || _crowded[key.Number].Told != 0;
        return _devices.TryGetValue(key.Number, out var device)
            && (rule != WeldedRelay.Instance || !alert.IsOpen || _offs.Find(key.Number, key.Channel) is not null)
            && (rule is not ChannelRule ofChannel || (device.Find(ChannelId.FromCode(key.Channel), 0) is >= 0 and var place && device.Channels[place].Form.TrackOf(ofChannel) >= 0));
    }

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

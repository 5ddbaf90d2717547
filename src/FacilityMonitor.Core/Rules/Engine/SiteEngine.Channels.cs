using FacilityMonitor.Control;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <content>Single channels: what a reading means for the rules about it, and for the circuits it feeds.</content>
internal sealed partial class SiteEngine
{
    /// <summary>Of the reading that is judged, each value at the place of its metric.</summary>
    private readonly double[] _values = new double[64];

    /// <summary>The sum below a meter is told at least as often, and at once when it has moved by this much: a fifth of the smallest jump that is looked for below.</summary>
    private const long BelowEveryMs = 10_000;
    private const int BelowMovedDeciwatts = 50;

    private void Judge(DeviceMemory device, ReadingBuffer readings, in Reading reading, int guess, bool isLive)
    {
        var place = device.Find(reading.Channel, guess);
        if (place < 0)
        {
            place = device.Add(NewChannel(device, reading.Channel));
            Connect(device, ref device.Channels[place]);
        }

        // Laid out once: every rule then finds its values without looking for them.
        ulong bits = 0;
        foreach (ref readonly var value in readings.ValuesOf(reading))
        {
            _values[(int)value.Metric] = value.Value;
            bits |= 1UL << (int)value.Metric;
        }

        ref var channel = ref device.Channels[place];
        var warmth = channel.WarmthC;
        if ((bits & (1UL << (int)Metric.Tc)) != 0)
            bits |= Neighbours(device, ref channel, reading.AtMs);
        var values = new Values(new MetricSet(bits), MetricSet.All, _values);
        // Before the others: they take the sample's time for the newest.
        FollowSession(device, ref channel, values, reading);
        var plans = channel.Form.Graded;
        for (var number = 0; number < plans.Length; number++)
        {
            if (plans[number].Rule.Metrics.Overlaps(values.Present))
                JudgeChannel(device, plans[number], channel.FirstTrack + number, values, reading);
        }

        JudgeOff(device, ref channel, values, reading);
        if (device.CarriesPeople)
            Seat(device, values, reading);
        Watch(device, ref channel, values, reading, isLive);
        if (device.Registered is not null)
            Witness(device, values, reading, channel.WarmthC != warmth);
        if (channel.Wiring is { } wiring)
            Feed(wiring, values, reading, isLive);
        if (device.Load is not null && channel.Form.SocketTrack >= 0 && SocketOverload.Instance.TryMeasure(values, out var watts, out _))
            FeedPile(device, place, reading.AtMs, watts, isLive);
    }

    /// <summary>Shows circuits what is measured near them: how many bikes stand in a place, and terminals that became warmer or colder by a degree.</summary>
    private void Witness(DeviceMemory device, in Values values, in Reading reading, bool isOtherWarmth)
    {
        if (values.TryGet(Metric.Bikes, out var bikes))
            WatchCircuits(device, Metric.Bikes, reading, bikes);
        if (isOtherWarmth && values.TryGet(Metric.Tc, out var celsius))
            WatchCircuits(device, Metric.Tc, reading, celsius);
    }

    /// <summary>Lays out how warm the other channels of the device are, in the middle; nothing where fewer than two others are known. What they were last night, when the last of them ended, says
    /// nothing of noon.</summary>
    private ulong Neighbours(DeviceMemory device, ref ChannelMemory channel, long atMs)
    {
        device.AgeWarmth(atMs);
        // Buffered: of the neighbours of then nobody knows.
        if (atMs < device.WarmMs - device.GapMs)
            return 0;
        channel.IsWarmthOld = false;
        channel.WarmthC = (sbyte)Math.Clamp(Math.Round(_values[(int)Metric.Tc]), sbyte.MinValue + 1, sbyte.MaxValue);
        // Nobody asks while it is cool.
        if (_values[(int)Metric.Tc] < OverTemperature.WakeC)
            return 0;
        Span<sbyte> others = stackalloc sbyte[64];
        var count = 0;
        foreach (ref readonly var other in device.Channels)
        {
            if (other.WarmthC == ChannelMemory.WarmthUnknown || other.Channel == channel.Channel || other.Channel.Kind != channel.Channel.Kind || count == others.Length)
                continue;
            others[count++] = other.WarmthC;
        }

        if (count < 2)
            return 0;
        others[..count].Sort();
        _values[(int)MetricSet.NeighboursTc] = others[count / 2];
        return 1UL << (int)MetricSet.NeighboursTc;
    }

    private void JudgeChannel(DeviceMemory device, in ChannelPlan plan, int trackNumber, in Values values, in Reading reading)
    {
        if (!plan.Rule.TryMeasure(values, out var value, out var origin))
            return;
        ref var track = ref _tracks[trackNumber];
        var accepted = _tracks.Observe(ref track, plan.Grades, reading.AtMs, value, Math.Max(device.GapMs, plan.Rule.GapLeastMs));
        if (accepted is not (Accepted.InOrder or Accepted.Reordered))
            return;
        if (accepted == Accepted.InOrder)
            track.Origin = origin;
        device.TellsPower |= plan.Rule == SocketOverload.Instance;
        // Nearly every reading ends here: nothing is near a limit, and nothing was.
        if (track is { Busy: 0, Told: 0 })
            return;
        TellDevice(device, plan.Rule, reading.Channel, _tracks.Judge(track, plan.Grades), ref track.Told, track.NewestMs);
    }

    private void Feed(Wiring wiring, in Values values, in Reading reading, bool isLive)
    {
        var amps = Amps(wiring, values, reading, out var derived);
        if (amps is null && !values.Has(Metric.V))
            return;
        var milliamps = amps is { } known ? (int)Math.Clamp(Math.Abs(known) * 1000, 0, int.MaxValue) : LoadSample.Unknown;
        var deciwatts = values.TryGet(Metric.W, out var watts) ? (int)Math.Clamp(Math.Round(watts * 10), int.MinValue + 1, int.MaxValue) : LoadSample.Unknown;
        var decivolts = values.TryGet(Metric.V, out var volts) ? (ushort)Math.Clamp(Math.Round(volts * 10), 0, LoadSample.NoVoltage - 1) : LoadSample.NoVoltage;
        foreach (var feed in wiring.Feeds)
        {
            var circuit = _circuits[feed.Circuit];
            if (!circuit.Slots[feed.Slot].IsBelow)
                circuit.Derived = derived ?? circuit.Derived;
            Take(feed, new LoadSample(reading.AtMs, feed.Slot, milliamps, deciwatts, decivolts), isLive);
        }
    }

    /// <summary>Whether nobody draws anything from a socket though it does not say so: its device spoke, and many piles leave out sockets that nobody uses. A socket is idle with no session running
    /// and no word within the gap, or none since its last session. Who is in the middle of a session, or drew something when they were heard last, may draw it still; and of sockets that tell
    /// energy alone nobody knows.</summary>
    private bool IsIdle(DeviceMemory device, in ChannelMemory channel)
    {
        if (!device.TellsPower)
            return false;
        var told = Math.Max(SocketTrackOf(channel).NewestMs, channel.Wiring?.Counter?.NewestMs ?? 0);
        if (told >= device.SaidMs || !HasSessions(device, channel.Channel))
            return false;
        // Nobody may be using a port whose relay is welded: that it is left out says nothing of what flows.
        if (channel.IsWatched && _offs.Find(device.Place, channel.Channel.Code) is { Welded: WeldedWord.Said })
            return false;
        var (drew, isLongAgo) = (SocketTrackOf(channel).Value > SessionLimits.LoadW, told < device.SaidMs - device.GapMs);
        if (SocketOf(channel) < 0)
            return isLongAgo && !drew;
        ref readonly var socket = ref _sessions[SocketOf(channel)];
        if (socket.Live is { IsOver: false } || socket.IsBeginning || socket.IsLost)
            return false;
        var endedMs = socket.Live?.EndMs ?? socket.Past?.EndMs ?? 0;
        return endedMs >= told || (isLongAgo && (!drew || endedMs >= told - SessionLimits.LagMs));
    }

    /// <summary>Sockets that their pile leaves out because nobody uses them draw nothing: they are overloaded no more, and it is told where the load is summed, before the last word of theirs would be
    /// too old. How warm they are nobody knows, so heat is not over by it.</summary>
    private void FeedIdle(DeviceMemory device, long atMs)
    {
        for (var place = 0; place < device.ChannelCount; place++)
        {
            ref readonly var channel = ref device.Channels[place];
            if (channel.Form.SocketTrack < 0)
                continue;
            ref var track = ref _tracks[channel.FirstTrack + channel.Form.SocketTrack];
            var isJudged = track.Busy > 0 || track.Told != 0;
            if ((!isJudged && channel.Wiring is null && device.Load is null) || !IsIdle(device, channel))
                continue;
            // Not by a sample of 0 W: its time would be that of the socket's newest word, and nobody would call it idle any more.
            if (isJudged)
            {
                _tracks.Release(ref track);
                TellDevice(device, SocketOverload.Instance, channel.Channel, Verdict.Normal, ref track.Told, atMs);
            }

            foreach (var feed in channel.Wiring?.Feeds ?? [])
            {
                var circuit = _circuits[feed.Circuit];
                if (circuit.Live.MilliampsOf(feed.Slot) != 0 || atMs - circuit.NewestOf(feed.Slot) > device.GapMs / 2)
                    Take(feed, new LoadSample(atMs, feed.Slot, 0, 0), isLive: true);
            }

            if (device.Load is { } load && (load.Live.DeciwattsOf(place) != 0 || atMs - load.NewestOf(place) > device.GapMs / 2))
                FeedPile(device, place, atMs, 0, isLive: true);
        }
    }

    /// <summary>Tells the circuits that measure the sockets of a device again what all sockets below them draw together: the newest word of each, when the sum has moved or some seconds
    /// have passed. One socket that was not heard within the gap leaves the sum unknown, unless nobody uses it.</summary>
    private void FeedBelow(DeviceMemory device, bool isLive)
    {
        var (deciwatts, newestMs) = SumOf(device);
        if (newestMs == 0)
            return;
        var moved = deciwatts - device.BelowDeciwatts;
        device.BelowDeciwatts = deciwatts;
        foreach (var feed in device.Below)
        {
            var circuit = _circuits[feed.Circuit];
            circuit.BelowDeciwatts += moved;
            var toldMs = circuit.NewestOf(feed.Slot);
            var told = circuit.Live.DeciwattsOf(feed.Slot);
            if (told != LoadSample.Unknown && newestMs - toldMs < BelowEveryMs && Math.Abs(circuit.BelowDeciwatts - told) < BelowMovedDeciwatts)
                continue;
            // The instant is that of the fastest clock below.
            var atMs = Math.Max(newestMs, toldMs);
            var watts = IsBelowHeard(feed.Circuit, atMs - circuit.GapMs) ? (int)Math.Clamp(circuit.BelowDeciwatts, int.MinValue + 1, int.MaxValue) : LoadSample.Unknown;
            Take(feed, new LoadSample(atMs, feed.Slot, 0, watts), isLive);
        }
    }

    private bool IsBelowHeard(int circuit, long sinceMs)
    {
        foreach (var device in _devices.Values)
        {
            if (!device.IsBelow(circuit))
                continue;
            foreach (ref readonly var channel in device.Channels)
            {
                if (channel.Form.SocketTrack >= 0 && SocketTrackOf(channel).NewestMs < sinceMs && (device.SaidMs < sinceMs || !IsIdle(device, channel)))
                    return false;
            }
        }

        return true;
    }

    /// <summary>What the sockets of a device draw together, 0.1 W, and when it last told of them, were it by leaving them out; 0: it did not.</summary>
    private (int Deciwatts, long NewestMs) SumOf(DeviceMemory device)
    {
        var (watts, newestMs) = (0.0, device.HasSessions ? device.SaidMs : 0);
        foreach (ref readonly var channel in device.Channels)
        {
            if (channel.Form.SocketTrack < 0)
                continue;
            ref readonly var socket = ref SocketTrackOf(channel);
            (watts, newestMs) = (watts + (IsIdle(device, channel) ? 0 : socket.Value), Math.Max(newestMs, socket.NewestMs));
        }

        return ((int)Math.Clamp(Math.Round(watts * 10), int.MinValue + 1, int.MaxValue), newestMs);
    }

    private ref readonly ChannelTrack SocketTrackOf(in ChannelMemory channel) => ref _tracks[channel.FirstTrack + channel.Form.SocketTrack];

    private void Take(in Feed feed, in LoadSample sample, bool isLive)
    {
        if (_circuits[feed.Circuit].Add(sample, isLive) is Accepted.InOrder or Accepted.Reordered)
            Touch(feed.Circuit);
    }

    private void Seat(DeviceMemory device, in Values values, in Reading reading)
    {
        var known = false;
        var inUse = false;
        ReadOnlySpan<Metric> signs = [Metric.Occupied, Metric.Belt, Metric.Door];
        foreach (var sign in signs)
        {
            if (!values.TryGet(sign, out var value))
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

    private ChannelMemory NewChannel(DeviceMemory device, ChannelId channel)
    {
        var form = FormOf(device, channel);
        var first = 0;
        for (var number = 0; number < form.Graded.Length; number++)
        {
            var track = _tracks.Add();
            first = number == 0 ? track : first;
        }

        return new ChannelMemory
        {
            Channel = channel,
            Form = form,
            FirstTrack = first,
            IsWatched = _offs.Find(device.Place, channel.Code) is not null,
            WarmthC = ChannelMemory.WarmthUnknown,
        };
    }

    /// <summary>The rules of a channel and their limits; the same ones are kept once.</summary>
    private ChannelForm FormOf(DeviceMemory device, ChannelId channel)
    {
        var (subject, scopes) = (SubjectOf(device, SubjectKind.Channel, channel), ScopesOf(device.Registered));
        return _shelf.Shared(new ChannelForm(
            [.. RuleCatalogue.OfChannels.Where(rule => rule.AppliesTo(subject)).Select(rule => new ChannelPlan(rule, rule.Grades(subject, scopes)))],
            [.. Plans(subject, scopes)]));
    }

    /// <summary>Makes a channel part of every circuit that its current flows through and that does not know it yet.</summary>
    private void Connect(DeviceMemory device, ref ChannelMemory channel)
    {
        if (device.Registered is null)
            return;
        var (feeds, below) = (channel.Wiring?.Feeds.ToList() ?? [], device.Below.ToList());
        for (var circuit = 0; circuit < _circuits.Count; circuit++)
        {
            var track = _circuits[circuit];
            if (SlotOf(track, device, channel.Channel, channel.Form) is not { } slot)
                continue;
            if (!slot.IsSum && !feeds.Exists(feed => feed.Circuit == circuit))
                feeds.Add(new Feed(circuit, track.AddSlot(slot)));
            if (!slot.IsSum || below.Exists(feed => feed.Circuit == circuit))
                continue;
            below.AddRange(track.SumBelow(circuit));
            track.BelowDeciwatts += device.BelowDeciwatts;
        }

        var isSummed = below.Count > device.Below.Length;
        if (isSummed)
            device.Below = below is [var only] ? _circuits[only.Circuit].SumBelow(only.Circuit) : [.. below];
        var isFed = feeds.Count > (channel.Wiring?.Feeds.Length ?? 0);
        if (isFed)
        {
            channel.Wiring ??= new Wiring();
            channel.Wiring.Feeds = [.. feeds];
        }

        if (isSummed || isFed)
            MeasureGaps();
    }

    /// <summary>A gap in a circuit's current is three times the longest period of those who carry it.</summary>
    private void MeasureGaps()
    {
        for (var place = 0; place < _circuits.Count; place++)
        {
            long longest = 0;
            foreach (var slot in _circuits[place].Slots)
                longest = Math.Max(longest, slot.IsSum ? LongestBelow(place) : _devices[slot.Device].GapMs);
            _circuits[place].GapMs = longest == 0 ? DeviceMemory.GapMsDefault : longest;
        }
    }

    private long LongestBelow(int circuit)
    {
        long longest = 0;
        foreach (var device in _devices.Values)
            longest = Math.Max(longest, device.IsBelow(circuit) ? device.GapMs : 0);
        return longest;
    }

    /// <summary>What a channel is to a circuit: its load, or below its meter where a rule subtracts the two; null: nothing.</summary>
    private LoadSlot? SlotOf(LoadTrack track, DeviceMemory device, ChannelId channel, ChannelForm form)
    {
        if (Contribution(track.Circuit, device.Registered!.Entry, channel) is { } part)
            return new LoadSlot(device.Place, channel, part.Phase, part.Balanced);
        if (!track.NeedsBelow || Contribution(track.Circuit with { Meter = null }, device.Registered.Entry, channel) is not { } below)
            return null;
        return form.SocketTrack >= 0 ? LoadSlot.SumBelow : new LoadSlot(device.Place, channel, below.Phase, below.Balanced, IsBelow: true);
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

    private static double? Amps(Wiring wiring, in Values values, in Reading reading, out string? derived)
    {
        derived = null;
        if (values.TryGet(Metric.A, out var amps))
            return amps;
        var volts = values.TryGet(Metric.V, out var told) && told > SocketOverload.LeastV ? told : SocketOverload.NominalV;
        if (values.TryGet(Metric.W, out var watts))
        {
            derived = "w/v";
            return watts / volts;
        }

        if (!values.TryGet(Metric.Wh, out var energy))
            return null;
        if ((wiring.Counter ??= new CounterSlope()).Watts(reading.AtMs, energy) is not { } average)
            return null;
        derived = "wh/v";
        return average / volts;
    }
}

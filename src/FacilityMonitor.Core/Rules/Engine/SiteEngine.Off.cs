using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Control;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Rules;

/// <content>What is meant to be off and is not, and what measurements say of commands.</content>
internal sealed partial class SiteEngine
{
    private void JudgeOff(DeviceMemory device, ref ChannelMemory channel, in Values values, in Reading reading)
    {
        var isSocket = channel.Channel.Kind is ChannelKind.Socket or ChannelKind.Slot;
        if (!channel.IsWatched && !isSocket)
            return;
        bool? closed = values.TryGet(Metric.Relay, out var relay) ? relay != 0 : null;
        var word = isSocket ? SocketWords.Of(reading.State) : SocketWord.None;
        var off = IsCalledOff(closed, word);
        var isApart = off is not null && isSocket && !values.Has(Metric.W) && !values.Has(Metric.A);
        device.TellsWordsApart |= isApart;
        var wordMs = device.TellsWordsApart ? _offs.SaidOffMs(device.Place, channel.Channel.Code) : 0;
        if (device.TellsWordsApart && off is { } isOff && reading.AtMs > Math.Abs(wordMs))
            _offs.Say(device.Place, channel.Channel.Code, reading.AtMs, isOff);
        // Nearly every reading ends here: nobody switched it off, and it does not call itself off.
        if (!channel.IsWatched && word != SocketWord.Welded && (off == false || (off is null && wordMs <= 0)))
            return;
        var measures = SocketOverload.Instance.TryMeasure(values, out var watts, out _);
        var sample = new OffSample(reading.AtMs, closed, off, word, measures ? watts : float.NaN, measures && watts > device.Form.Welded[0].Limit)
        {
            // Boards tell words and power in messages of their own: the word of one holds for one gap.
            WordMs = off is null && wordMs > 0 && reading.AtMs > wordMs && reading.AtMs - wordMs <= device.GapMs ? wordMs : 0,
        };
        if (!channel.IsWatched && word != SocketWord.Welded && !(sample.Flows && (off == true || sample.WordMs > 0)))
            return;
        var watch = _offs.FindOrAdd(device.Place, channel.Channel.Code);
        channel.IsWatched = true;
        if (word == SocketWord.Welded && float.IsNaN(watch.Watts) && channel.Form.SocketTrack >= 0 && SocketTrackOf(channel) is { NewestMs: > 0 } known && reading.AtMs - known.NewestMs <= device.GapMs)
            watch.Watts = known.Value;
        ref var track = ref _offs.Tracks[watch.Track];
        var (valueMs, value) = Weigh(watch, track.NewestMs, sample, device.GapMs);
        if (!float.IsNaN(value) && _offs.Tracks.Observe(ref track, device.Form.Welded, valueMs, value, device.GapMs) is Accepted.InOrder or Accepted.Reordered)
            TellOff(device, channel.Channel, watch, ref track);
        if (watch.IsDone && track.Busy == 0)
        {
            _offs.Remove(device.Place, channel.Channel.Code);
            channel.IsWatched = false;
        }
    }

    /// <summary>Whether a socket calls itself off (true) or on (false); null: it does not say. A relay goes before the state word, which firmware may forget to change.</summary>
    private static bool? IsCalledOff(bool? closed, SocketWord word) => closed is { } isClosed ? !isClosed : word switch
    {
        SocketWord.None or SocketWord.Welded => null,
        SocketWord.Idle => true,
        SocketWord.Charging or SocketWord.Full or SocketWord.Stopped or SocketWord.Fault or SocketWord.Fuse => false,
    };

    /// <summary>What a sample is to the limits, W, and of when; NaN: nothing.</summary>
    private (long AtMs, float Watts) Weigh(OffWatch watch, long newestMs, in OffSample sample, long gapMs)
    {
        if (sample.AtMs > newestMs)
            Learn(watch, sample, newestMs, gapMs);
        if (watch.Welded == WeldedWord.Said)
            return (sample.AtMs, WeldedRelay.SaidW);
        if (!sample.Measures)
        {
            if (sample.Off == true && watch.FlowMs > 0 && sample.AtMs > watch.FlowMs)
            {
                // Off before and off after: what flowed between flowed through a socket that is called off. One sample of each stretch counts: it may have been one short session.
                var (flowMs, flowW) = (watch.FlowMs, watch.FlowW);
                watch.FlowMs = 0;
                if (!watch.IsOff)
                    (watch.LastCommand, watch.IsSessionOver, watch.Welded) = (null, false, WeldedWord.None);
                return sample.AtMs - flowMs <= gapMs ? (flowMs, flowW) : (0, float.NaN);
            }

            // It calls itself on, or no longer welded; or off, and for a whole gap it told of no power: boards report sockets in use alone.
            var isOver = sample.Off == false || watch.Welded == WeldedWord.Withdrawn || (sample.Off == true && sample.AtMs - newestMs > gapMs);
            return isOver && !watch.IsOff ? (sample.AtMs, 0) : (0, float.NaN);
        }

        if (sample.Flows && sample.WordMs > 0 && !watch.IsOff)
        {
            (watch.FlowMs, watch.FlowW) = sample.AtMs > watch.FlowMs ? (sample.AtMs, sample.Watts) : (watch.FlowMs, watch.FlowW);
            return (0, float.NaN);
        }

        watch.FlowMs = 0;
        return (sample.AtMs, watch.IsOff && sample.AtMs > watch.OffMs ? sample.Watts : 0);
    }

    /// <summary>What a sample says of a command, and of whether the socket is meant to be off at all.</summary>
    private void Learn(OffWatch watch, in OffSample sample, long newestMs, long gapMs)
    {
        if (sample.Measures)
            watch.Watts = sample.Watts;
        if (sample.Word == SocketWord.Welded)
            watch.Welded = WeldedWord.Said;
        else if (sample.Word != SocketWord.None && watch.Welded == WeldedWord.Said)
            watch.Welded = WeldedWord.Withdrawn;
        var contradicts = sample is { Off: true, Flows: true };
        if (contradicts && !watch.IsOff)
            (watch.IsOff, watch.OffMs, watch.LastCommand, watch.IsSessionOver) = (true, sample.AtMs - 1, null, false);
        if (contradicts && watch.Welded == WeldedWord.Withdrawn)
            watch.Welded = WeldedWord.None;
        // The device says that its relay is open: there is no need to wait for an answer.
        if (contradicts && watch.OffMs >= sample.AtMs)
            watch.OffMs = sample.AtMs - 1;
        if (sample.Closed == true && watch.WasOpen)
            watch.IsOff = false;
        watch.WasOpen |= sample.Closed == false;
        if (sample.Off == false)
        {
            watch.FlowMs = 0;
            // Who called it off himself may call it on; a command stands until its effect is seen.
            watch.IsOff &= watch.LastCommand is not null;
        }

        // After the end of a session somebody may have begun another that we were not told of: only what never fell, and was seen all the time, is the charge that should be over.
        if (watch.IsSessionOver && ((sample.Measures && sample.Watts <= SessionLimits.RestartW) || sample.AtMs - Math.Max(newestMs, watch.OffMs) > gapMs))
            watch.IsOff = false;
        // Without a measurement the device's own word is all there is; it can prove, never accuse. One that is welded proves nothing. Boards that report the power of sockets in use alone say of one
        // that is off nothing but that it is idle: power together with that word, or between two such words, is a welded relay all the same.
        var isDead = watch.Welded != WeldedWord.Said
            && (sample.Measures ? !sample.Flows : sample.Closed == false || (sample is { Closed: null, Off: true } && sample.AtMs > watch.OffMs));
        if (watch.Command is { } command && sample.AtMs > watch.SentMs)
        {
            var isSeen = watch.Operation switch
            {
                Operation.Off => isDead,
                Operation.On => sample.Closed == true || sample.Flows,
                _ => sample.Closed == true,
            };
            if (isSeen)
            {
                watch.Command = null;
                _effects.Add(new CommandEffect(command, IsSeen: true, sample.AtMs));
            }
        }

        if (isDead && sample.AtMs > watch.SentMs)
            watch.IsOff = false;
    }

    /// <summary>What one sample says of a socket that may be off.</summary>
    /// <param name="AtMs">When.</param>
    /// <param name="Closed">What it says of its relay.</param>
    /// <param name="Off">Whether it calls itself off; null: it does not say.</param>
    /// <param name="Word">Its state word.</param>
    /// <param name="Watts">Power, W; NaN: not measured.</param>
    /// <param name="Flows">Whether that is more than a full battery's float.</param>
    private readonly record struct OffSample(long AtMs, bool? Closed, bool? Off, SocketWord Word, float Watts, bool Flows)
    {
        public bool Measures => !float.IsNaN(Watts);

        /// <summary>Of a power without a word: when an earlier message called the socket off; 0: none did, or it is too old.</summary>
        public long WordMs { get; init; }
    }

    private void TellOff(DeviceMemory device, ChannelId channel, OffWatch watch, ref ChannelTrack track)
    {
        var verdict = _offs.Tracks.Judge(track, device.Form.Welded);
        TellDevice(device, WeldedRelay.Instance, channel, verdict, ref track.Told, track.NewestMs);
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

    /// <summary>A device told the end of a session whose begin it told as well: the charge it was must not go on.</summary>
    private void SessionEnds(DeviceMemory device, ref ChannelMemory channel, DeviceEvent fact)
    {
        if (fact.Kind == EventKind.SessionStart && _offs.Find(device.Place, fact.Channel.Code) is { IsSessionOver: true } before && fact.AtMs >= before.OffMs - SessionLimits.LagMs)
            before.IsOff = false;
        ref readonly var socket = ref _sessions[SocketOf(channel)];
        if (fact.Kind != EventKind.SessionStop || socket.Live is not { IsOver: false } live || (live.StartedBy & SessionSigns.Told) == 0)
            return;
        var isOfIt = fact.AtMs >= live.StartMs && (fact.Session is null || live.Name is null || fact.Session == live.Name);
        // One that is told late speaks of a time that is over: readings since then may be of the next session.
        if (!isOfIt || _nowMs - fact.AtMs > SessionLimits.LagMs || !(socket.Watts > SessionLimits.RestartW))
            return;
        var watch = _offs.FindOrAdd(device.Place, fact.Channel.Code);
        channel.IsWatched = true;
        if (watch.IsOff || watch.Command is not null)
            return;
        (watch.IsOff, watch.OffMs, watch.WasOpen, watch.LastCommand, watch.IsSessionOver) = (true, fact.AtMs + SessionLimits.LagMs, false, null, true);
    }
}

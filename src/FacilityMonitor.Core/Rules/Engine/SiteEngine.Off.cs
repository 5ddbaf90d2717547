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
        // Nearly every reading ends here: nobody switched it off, and it does not call itself off.
        if (!channel.IsWatched && closed != false)
            return;
        var measures = SocketOverload.Instance.TryMeasure(values, out var watts, out _);
        var flows = measures && watts > device.Form.Welded[0].Limit;
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
            if (_offs.Tracks.Observe(ref track, device.Form.Welded, reading.AtMs, value, device.GapMs) is Accepted.InOrder or Accepted.Reordered)
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
}

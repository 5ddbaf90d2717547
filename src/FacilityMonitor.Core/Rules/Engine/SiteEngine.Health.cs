using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Rules;

/// <content>Whether a device that is there does its own work: its values, its clock, its numbers.</content>
internal sealed partial class SiteEngine
{
    /// <summary>Takes in what a message shows of the device itself, before any of it is judged.</summary>
    private void Examine(DeviceMemory device, DeviceMessage message)
    {
        if (message.HasEnvelope)
            Number(device, message);
        if (message.Kind != MessageKind.Data || message.Readings.Count == 0)
            return;
        var (good, wrong, poor) = (false, false, false);
        foreach (ref readonly var reading in message.Readings.Readings)
        {
            var counts = Counts(reading, isLive: true);
            (good, poor) = (good | counts, poor | !counts);
            wrong |= reading.Quality == Quality.Clock;
        }

        // One that says it has no clock is placed by ours, and is right.
        wrong &= message.HasEnvelope && message.Envelope.Clock != ClockSource.None;
        if (good && !wrong && !poor && device.Health is null)
            return;
        var health = device.Health ??= new HealthMemory();
        health.PoorSinceMs = good ? 0 : health.PoorSinceMs == 0 ? _nowMs : health.PoorSinceMs;
        health.WrongClockMs = !wrong ? 0 : health.WrongClockMs == 0 ? _nowMs : health.WrongClockMs;
        if (poor || health.Poor is { Count: > 0 })
            NoteChannels(device, health, message);
    }

    /// <summary>Of several values of a channel in one message a good one counts. Channels that nothing good was ever heard of are judged with the whole device: their number has no other bound.</summary>
    private void NoteChannels(DeviceMemory device, HealthMemory health, DeviceMessage message)
    {
        foreach (ref readonly var reading in message.Readings.Readings)
        {
            if (!Counts(reading, isLive: true) && device.Find(reading.Channel, 0) >= 0)
                health.Note(reading.Channel, isGood: false, _nowMs);
        }

        foreach (ref readonly var reading in message.Readings.Readings)
        {
            if (Counts(reading, isLive: true))
                health.Note(reading.Channel, isGood: true, _nowMs);
        }
    }

    /// <summary>Takes the number of a message: one that was left out is missing until it comes after all, buffered or only late.</summary>
    private void Number(DeviceMemory device, DeviceMessage message)
    {
        var (boot, seq, isLive) = (message.Envelope.Boot, message.Envelope.Seq, message.Kind != MessageKind.Hist);
        if (boot != device.LiveBoot || device.TopSeq < 0)
        {
            // Of the first message of a boot that we hear nobody knows what was before it; what was missing of the last one never comes.
            if (!isLive)
                return;
            (device.TopSeq, device.Came) = (seq, uint.MaxValue);
            if (device.Health is { } before)
                before.Missing = 0;
            return;
        }

        var ahead = seq - device.TopSeq;
        if (ahead > 0)
        {
            if (isLive && ahead > 1)
                (device.Health ??= new HealthMemory()).Miss(ahead - 1, _nowMs);
            device.Came = ahead > 32 ? 0 : (ahead == 32 ? 0 : device.Came << (int)ahead) | (1U << (int)(ahead - 1));
            device.TopSeq = seq;
            return;
        }

        // Further back nobody remembers which came; a device resends only what it was asked for.
        var bit = ahead < 0 && ahead >= -32 ? 1U << (int)(-ahead - 1) : 0;
        if (ahead == 0 || (device.Came & bit) != 0 || (bit == 0 && isLive))
            return;
        device.Came |= bit;
        if (device.Health is { Missing: > 0 } gaps)
            gaps.Missing--;
    }

    private void JudgeHealth(DeviceMemory device, bool isHeard)
    {
        if (device.Health is not { } health)
            return;
        var limits = device.Form.Health;
        var period = device.PeriodMs > 0 ? device.PeriodMs : device.GapMs / 3;
        // What a device says of itself as a whole stands on its main channel.
        var poorSinceMs = health.PoorSinceMs > 0 ? health.PoorSinceMs : health.Poor?.Find(one => one.Channel == ChannelId.Main)?.SinceMs ?? 0;
        var timeoutMs = limits.Stale.TimeoutMs(period);
        JudgeAbsence(device, ref health.Stale, Stale.Instance, isHeard && IsPoor(poorSinceMs), poorSinceMs, 0, Priority.P3);
        // Where nothing can be used one alert says so; its channels are judged again when some of them can.
        if (health is { Poor: { Count: > 0 } channels, PoorSinceMs: 0 })
        {
            foreach (var one in channels.Where(one => one.Channel != ChannelId.Main))
                JudgeAbsence(device, ref one.Stale, Stale.Instance, isHeard && IsPoor(one.SinceMs), one.SinceMs, 0, Priority.P3, one.Channel);
            channels.RemoveAll(one => one.IsWell);
        }

        // While it says nothing its clock is no better than it was.
        var isOff = health.WrongClockMs > 0 && _nowMs - health.WrongClockMs >= limits.ClockHoldMs;
        JudgeAbsence(device, ref health.Clock, ClockOff.Instance, isOff, health.WrongClockMs, 0, Priority.P3);

        if (health.Missing > 0 && _nowMs - health.GapLastMs >= SequenceGap.ToldMs)
            health.Missing = 0;
        // Most gaps are filled within seconds, and nobody needs to read of them.
        var isMissing = health.Missing > 0 && _nowMs - health.GapFirstMs >= limits.GapHoldMs;
        JudgeAbsence(device, ref health.Gap, SequenceGap.Instance, isMissing, health.GapFirstMs, 0, Priority.P3);
        if (health.IsWell)
            device.Health = null;

        bool IsPoor(long sinceMs) => sinceMs > 0 && _nowMs - sinceMs >= timeoutMs;
    }

    private void SaveHealth(ref SnapshotWriter writer)
    {
        writer.Int32(_devices.Count);
        foreach (var (number, device) in _devices)
        {
            writer.Int32(number);
            writer.Int64(device.TopSeq);
            writer.Int32(unchecked((int)device.Came));
            writer.Int32(device.LateSteps);
            writer.Int64(device.LateUntilMs);
            writer.Byte(device.Health is null ? (byte)0 : (byte)1);
            if (device.Health is not { } health)
                continue;
            writer.Int64(health.PoorSinceMs);
            writer.Int64(health.WrongClockMs);
            writer.Int64(health.Missing);
            writer.Int64(health.GapFirstMs);
            writer.Int64(health.GapLastMs);
            SaveAbsence(ref writer, health.Stale);
            SaveAbsence(ref writer, health.Clock);
            SaveAbsence(ref writer, health.Gap);
            writer.Int32(health.Poor?.Count ?? 0);
            foreach (var one in health.Poor ?? [])
            {
                writer.Int32(one.Channel.Code);
                writer.Int64(one.SinceMs);
                SaveAbsence(ref writer, one.Stale);
            }
        }
    }

    private void LoadHealth(ref SnapshotReader reader, byte format)
    {
        for (var count = reader.Int32(); count > 0; count--)
        {
            var (number, topSeq, came) = (reader.Int32(), reader.Int64(), unchecked((uint)reader.Int32()));
            var late = format >= FormatOfLateWork ? (Steps: reader.Int32(), UntilMs: reader.Int64()) : default;
            HealthMemory? health = null;
            if (reader.Byte() == 1)
            {
                health = new HealthMemory { PoorSinceMs = reader.Int64(), WrongClockMs = reader.Int64(), Missing = reader.Int64(), GapFirstMs = reader.Int64(), GapLastMs = reader.Int64() };
                (health.Stale, health.Clock, health.Gap) = (LoadAbsence(ref reader), LoadAbsence(ref reader), LoadAbsence(ref reader));
                for (var channels = format >= FormatOfPoorChannels ? reader.Int32() : 0; channels > 0; channels--)
                    (health.Poor ??= []).Add(new PoorChannel(ChannelId.FromCode((ushort)reader.Int32())) { SinceMs = reader.Int64(), Stale = LoadAbsence(ref reader) });
            }

            if (_devices.TryGetValue(number, out var device))
                (device.Health, device.TopSeq, device.Came, device.LateSteps, device.LateUntilMs) = (health, topSeq, came, late.Steps, late.UntilMs);
        }
    }
}

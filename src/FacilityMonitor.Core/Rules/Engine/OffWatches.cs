using FacilityMonitor.Contract;
using FacilityMonitor.Control;

namespace FacilityMonitor.Rules;

/// <summary>One channel of which we know that it is meant to be off, or of which a command has still to be proven.</summary>
internal sealed class OffWatch
{
    /// <summary>Its track among <see cref="OffWatches.Tracks"/>.</summary>
    public required int Track { get; init; }

    /// <summary>The command whose effect has still to be measured; null: none.</summary>
    public string? Command { get; set; }

    /// <summary>What that command wants.</summary>
    public Operation Operation { get; set; }

    /// <summary>When it went out; samples of the time before prove nothing.</summary>
    public long SentMs { get; set; }

    /// <summary>Whether no current should flow.</summary>
    public bool IsOff { get; set; }

    /// <summary>Current after this moment contradicts it.</summary>
    public long OffMs { get; set; }

    /// <summary>Whether the relay was reported open since: one that is closed later was closed by somebody.</summary>
    public bool WasOpen { get; set; }

    /// <summary>The last <c>off</c>, for those who read the alert; null: the device itself called it off.</summary>
    public string? LastCommand { get; set; }

    /// <summary>Whether the device answered that <c>off</c>.</summary>
    public bool IsAnswered { get; set; }

    /// <summary>Whether it is off because the device told the end of its session, and for no other reason.</summary>
    public bool IsSessionOver { get; set; }

    /// <summary>What the board itself says of its relay.</summary>
    public WeldedWord Welded { get; set; }

    /// <summary>When power was last measured by a message without a word, after one that called the socket off: it accuses only if the next word is the same. 0: none.</summary>
    public long FlowMs { get; set; }

    /// <summary>How much that was, W.</summary>
    public float FlowW { get; set; }

    /// <summary>The last power that was measured, W; NaN: none.</summary>
    public float Watts { get; set; } = float.NaN;

    /// <summary>Whether there is nothing left to watch.</summary>
    public bool IsDone => Command is null && !IsOff && FlowMs == 0 && Welded != WeldedWord.Said;
}

/// <summary>What a board says of its own relay. The numbers are stored.</summary>
internal enum WeldedWord : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>It is welded.</summary>
    Said = 1,

    /// <summary>It was said to be, and is no longer.</summary>
    Withdrawn = 2,
}

/// <summary>The channels of one site that are watched because they are meant to be off or were commanded. There are few: most are forgotten with the next sample.</summary>
internal sealed class OffWatches
{
    private readonly Dictionary<(int Device, ushort Channel), OffWatch> _watches = [];
    private readonly Dictionary<(int Device, ushort Channel), long> _saidOffMs = [];
    private readonly Stack<int> _freeTracks = [];

    /// <summary>The samples and holds of the watched channels.</summary>
    public ChannelTracks Tracks { get; } = new();

    public OffWatch? Find(int device, ushort channel) => _watches.GetValueOrDefault((device, channel));

    /// <summary>When a socket whose board tells words and power in messages of their own last called itself off (relay open, idle), ms; the same below zero: on. 0: it never said.</summary>
    public long SaidOffMs(int device, ushort channel) => _saidOffMs.GetValueOrDefault((device, channel));

    /// <summary>Keeps such a word.</summary>
    public void Say(int device, ushort channel, long atMs, bool isOff) => _saidOffMs[(device, channel)] = isOff ? atMs : -atMs;

    public OffWatch FindOrAdd(int device, ushort channel)
    {
        if (!_watches.TryGetValue((device, channel), out var watch))
            _watches[(device, channel)] = watch = new OffWatch { Track = _freeTracks.TryPop(out var free) ? free : Tracks.Add() };
        return watch;
    }

    /// <summary>The watch that waits for this command.</summary>
    public OffWatch? Of(int device, string command)
    {
        foreach (var (key, watch) in _watches)
        {
            if (key.Device == device && (watch.Command == command || watch.LastCommand == command))
                return watch;
        }

        return null;
    }

    public void Remove(int device, ushort channel)
    {
        if (!_watches.Remove((device, channel), out var watch))
            return;
        Tracks.Reset(watch.Track);
        _freeTracks.Push(watch.Track);
    }

    /// <summary>A command goes out; or it did not after all.</summary>
    public void Take(CommandNotice notice, int device, long atMs)
    {
        if (notice.IsVoid)
        {
            if (Of(device, notice.Id) is { } known)
                Forget(known, notice.Id);
            return;
        }

        if (notice.Operation is not (Operation.Off or Operation.On or Operation.Siren))
            return;
        var watch = FindOrAdd(device, notice.Channel.Code);
        (watch.Command, watch.Operation, watch.SentMs) = (notice.Id, notice.Operation, atMs);
        // Nobody waits for an older command of this channel any more: what follows is the effect of the newest.
        watch.IsOff = notice is { Operation: Operation.Off, IsEnd: false };
        if (!watch.IsOff)
            return;
        (watch.OffMs, watch.WasOpen, watch.LastCommand, watch.IsAnswered, watch.IsSessionOver) = (notice.ExpiresMs, false, notice.Id, false, false);
    }

    /// <summary>A device answered.</summary>
    public void Take(CommandAck ack, int device, long atMs)
    {
        if (Of(device, ack.Id) is not { } watch)
            return;
        switch (ack.Result)
        {
            case CommandResult.Done:
            case CommandResult.Failed:
                // One that tried to switch off and failed is as live as one that says nothing.
                if (watch.IsOff && watch.LastCommand == ack.Id)
                    (watch.OffMs, watch.IsAnswered) = (Math.Min(watch.OffMs, atMs), true);
                break;
            case CommandResult.Rejected:
            case CommandResult.Expired:
                Forget(watch, ack.Id);
                break;
            case CommandResult.Accepted:
                break;
        }
    }

    public void Save(ref SnapshotWriter writer)
    {
        writer.Int32(_watches.Count);
        foreach (var ((device, channel), watch) in _watches)
        {
            writer.Int32(device);
            writer.Int32(channel);
            writer.Text(watch.Command);
            writer.Byte((byte)watch.Operation);
            writer.Int64(watch.SentMs);
            writer.Byte((byte)((watch.IsOff ? 1 : 0) | (watch.WasOpen ? 2 : 0) | (watch.IsAnswered ? 4 : 0) | (watch.IsSessionOver ? 8 : 0)));
            writer.Int64(watch.OffMs);
            writer.Text(watch.LastCommand);
            writer.Byte((byte)watch.Welded);
            writer.Int64(watch.FlowMs);
            writer.Single(watch.FlowW);
            writer.Single(watch.Watts);
            Tracks.Save(ref writer, Tracks[watch.Track]);
        }

        writer.Int32(_saidOffMs.Count);
        foreach (var ((device, channel), atMs) in _saidOffMs)
        {
            writer.Int32(device);
            writer.Int32(channel);
            writer.Int64(atMs);
        }
    }

    /// <param name="reader">What <see cref="Save"/> wrote.</param>
    /// <param name="hasWords">Whether it was written with what devices say of themselves.</param>
    /// <param name="isKnown">Whether a device is still this site's; what is watched of another is read over.</param>
    public void Load(ref SnapshotReader reader, bool hasWords, Func<int, bool> isKnown)
    {
        for (var count = reader.Int32(); count > 0; count--)
        {
            var (device, channel) = (reader.Int32(), (ushort)reader.Int32());
            var watch = FindOrAdd(device, channel);
            watch.Command = reader.Text();
            watch.Operation = (Operation)reader.Byte();
            watch.SentMs = reader.Int64();
            var flags = reader.Byte();
            (watch.IsOff, watch.WasOpen, watch.IsAnswered, watch.IsSessionOver) = ((flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0, (flags & 8) != 0);
            watch.OffMs = reader.Int64();
            watch.LastCommand = reader.Text();
            if (hasWords)
                (watch.Welded, watch.FlowMs, watch.FlowW, watch.Watts) = ((WeldedWord)reader.Byte(), reader.Int64(), reader.Single(), reader.Single());
            Tracks.Load(ref reader, ref Tracks[watch.Track]);
            if (!isKnown(device))
                Remove(device, channel);
        }

        for (var count = hasWords ? reader.Int32() : 0; count > 0; count--)
        {
            var (device, channel, atMs) = (reader.Int32(), (ushort)reader.Int32(), reader.Int64());
            if (isKnown(device))
                _saidOffMs[(device, channel)] = atMs;
        }
    }

    private static void Forget(OffWatch watch, string command)
    {
        if (watch.Command == command)
            watch.Command = null;
        if (watch.LastCommand == command)
            watch.IsOff = false;
    }
}

using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using FacilityMonitor.Contract;
using FacilityMonitor.Control;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Journal;

/// <summary>Walks the records of a journal body. Used again for the next body; reading a message of readings allocates nothing.</summary>
internal sealed class JournalRecords(DeviceTable devices)
{
    private readonly StateTexts _states = new();
    // The array itself: a span asked of a memory for every byte takes longer than what is done with the byte.
    private byte[] _body = [];
    private int _at;
    private int _end;
    private long _base;

    /// <summary>Whether the readings of messages are passed over: who wants to know only what came, and when, is done in a quarter of the time.</summary>
    public bool WithoutReadings { get; init; }

    /// <summary>What the last record of the kind <see cref="JournalRecordKind.Command"/> says; null before there was one.</summary>
    public CommandNotice? Command { get; private set; }

    /// <summary>Begins a body.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or of a newer format.</exception>
    public void Open(JournalEntry entry)
    {
        if (!JournalFormat.IsWhole(entry.Body.Span))
            throw new InvalidDataException($"Journal position {entry.Position} is damaged: its checksum does not fit.");
        var body = MemoryMarshal.TryGetArray(entry.Body, out var there) ? there : new ArraySegment<byte>(entry.Body.ToArray());
        (_body, _at, _end) = (body.Array!, body.Offset + JournalFormat.HeaderBytes, body.Offset + body.Count);
        _base = 0;
    }

    /// <summary>The next record; false at the end.</summary>
    /// <param name="message">Filled when the record is a message, else left alone.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="atMs">When it was received, ms since 1970-01-01 UTC.</param>
    /// <param name="device">Whose it is; null for a record that is of no device.</param>
    /// <exception cref="InvalidDataException">It is not what we wrote, though its checksum fits.</exception>
    public bool TryRead(DeviceMessage message, out JournalRecordKind kind, out long atMs, out int? device)
    {
        kind = default;
        atMs = 0;
        device = null;
        if (_at >= _end)
            return false;
        try
        {
            kind = (JournalRecordKind)Byte();
            atMs = _base += Signed();
            if (kind == JournalRecordKind.Message)
            {
                Message(message, atMs);
                device = message.Device!.Number;
            }
            else if (kind is JournalRecordKind.Duplicate or JournalRecordKind.DeadLetter)
            {
                device = (int)Unsigned();
            }
            else if (kind == JournalRecordKind.Command)
            {
                Command = Notice(atMs);
                device = Command.Device.Number;
            }

            // The array may be longer than the body.
            return _at <= _end ? true : throw EndsInTheMiddle(null);
        }
        catch (Exception error) when (error is IndexOutOfRangeException or ArgumentOutOfRangeException)
        {
            throw EndsInTheMiddle(error);
        }
    }

    private static InvalidDataException EndsInTheMiddle(Exception? error) => new("The journal holds a record that ends in the middle.", error);

    private void Message(DeviceMessage message, long receivedMs)
    {
        message.Clear();
        message.ReceivedMs = receivedMs;
        message.Device = Device();
        message.Kind = (MessageKind)Byte();
        var flags = Byte();
        message.HasEnvelope = (flags & 1) != 0;
        message.Retained = (flags & 2) != 0;
        message.UnknownFields = (int)Unsigned();
        if (message.HasEnvelope)
        {
            var boot = Boot();
            var seq = (long)Unsigned();
            var ts = receivedMs + Signed();
            long? up = (flags & 4) != 0 ? (long)Unsigned() : null;
            message.Envelope = new Envelope(boot, seq, ts, up, (ClockSource)Byte());
        }

        if ((flags & 64) != 0)
        {
            message.ForeignHash = BinaryPrimitives.ReadUInt128LittleEndian(_body.AsSpan(_at));
            _at += JournalFormat.HashBytes;
        }

        if (WithoutReadings)
            PassReadings();
        else
            Readings(message);
        for (var events = Unsigned(); events > 0; events--)
            message.Events.Add(Event(receivedMs));
        if ((flags & 8) != 0)
            message.Birth = Birth();
        if ((flags & 16) != 0)
            message.Status = Status();
        if ((flags & 32) != 0)
            message.CommandAck = new CommandAck(Text(), (CommandResult)Byte(), OptionalText());
        if ((flags & 128) != 0)
            Cfg(message, Text());
    }

    private static void Cfg(DeviceMessage message, string hash)
    {
        if (message.Birth is { } birth)
            message.Birth = birth with { Cfg = hash };
        else if (message.Status is { } status)
            message.Status = status with { Cfg = hash };
    }

    private CommandNotice Notice(long atMs)
    {
        var device = Device();
        var operation = (Operation)Byte();
        var flags = Byte();
        var channel = ChannelId.FromCode((ushort)Unsigned());
        return new CommandNotice(device, ExpiresMs: atMs + Signed(), Id: Text(), Operation: operation, Channel: channel, IsVoid: (flags & 1) != 0, IsEnd: (flags & 2) != 0);
    }

    private Device Device()
    {
        var number = (int)Unsigned();
        return devices.Find(number) ?? throw new InvalidDataException($"The journal names device {number}, which the device table does not know.");
    }

    /// <summary>Compiled at once: a start after a stop at full load walks through ten seconds of it before anything else, which is over before the runtime would get to it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PassReadings()
    {
        for (var count = Unsigned(); count > 0; count--)
        {
            Unsigned();
            var flags = Byte();
            Unsigned();
            if ((flags & 32) != 0)
                Unsigned();
            if ((flags & 8) != 0)
                Unsigned();
            if ((flags & 16) != 0)
                Slice();
            for (var values = Unsigned(); values > 0; values--)
            {
                Byte();
                if (Byte() == JournalFormat.RawDouble)
                    _at += sizeof(double);
                else
                    Unsigned();
            }
        }
    }

    private void Readings(DeviceMessage message)
    {
        for (var count = Unsigned(); count > 0; count--)
        {
            ref var reading = ref message.Readings.Add();
            reading.Channel = ChannelId.FromCode((ushort)Unsigned());
            var flags = Byte();
            reading.Quality = (Quality)(flags & 7);
            reading.AtMs = message.ReceivedMs + Signed();
            reading.DeviceMs = (flags & 32) != 0 ? message.ReceivedMs + Signed() : reading.AtMs;
            if ((flags & 8) != 0)
                reading.CounterEpoch = (uint)Unsigned();
            if ((flags & 16) != 0)
                reading.State = _states.Get(Slice());
            for (var values = Unsigned(); values > 0; values--)
                message.Readings.AddValue((Metric)Byte(), Double());
        }
    }

    private DeviceEvent Event(long receivedMs) => new()
    {
        Kind = (EventKind)Byte(),
        Channel = ChannelId.FromCode((ushort)Unsigned()),
        AtMs = receivedMs + Signed(),
        DeviceMs = receivedMs + Signed(),
        Quality = (Quality)Byte(),
        Reason = Byte() is > 0 and var reason ? (StopReason)(reason - 1) : null,
        Session = OptionalText(),
        User = OptionalText(),
        Wh = OptionalDouble(),
        On = Byte() is > 0 and var on ? on == 2 : null,
    };

    private Birth Birth() => new()
    {
        Boot = Boot(),
        Bd = (long)Unsigned(),
        TsMs = Signed(),
        Model = Text(),
        Firmware = Text(),
        Clock = (ClockSource)Byte(),
        PeriodS = OptionalDouble(),
        Buffer = Signed() is >= 0 and var buffer ? buffer : null,
        Channels = Channels(),
        Ops = Texts(),
    };

    private List<BirthChannel> Channels()
    {
        var channels = new List<BirthChannel>();
        for (var count = Unsigned(); count > 0; count--)
            channels.Add(new BirthChannel(ChannelId.FromCode((ushort)Unsigned()), OptionalDouble(), Texts()));
        return channels;
    }

    private DeviceStatus Status() => new()
    {
        Presence = (Presence)Byte(),
        Bd = Signed() is >= 0 and var bd ? bd : null,
        Boot = Boot(),
        TsMs = Byte() == 0 ? null : Signed(),
    };

    private BootId Boot()
    {
        var length = Byte();
        if (length == 0)
            return default;
        var boot = BootId.TryParse(_body.AsSpan(_at, length), out var read) ? read : throw new InvalidDataException("The journal holds a boot id that is none.");
        _at += length;
        return boot;
    }

    private List<string> Texts()
    {
        var texts = new List<string>();
        for (var count = Unsigned(); count > 0; count--)
            texts.Add(Text());
        return texts;
    }

    private string? OptionalText() => Byte() == 0 ? null : Text();

    private string Text() => Encoding.UTF8.GetString(Slice());

    private ReadOnlySpan<byte> Slice()
    {
        var length = (int)Unsigned();
        var slice = _body.AsSpan(_at, length);
        _at += length;
        return slice;
    }

    private double? OptionalDouble() => Byte() == 0 ? null : Double();

    private double Double()
    {
        var exponent = Byte();
        if (exponent != JournalFormat.RawDouble)
            return Signed() / JournalFormat.Powers[exponent];
        var value = BinaryPrimitives.ReadDoubleLittleEndian(_body.AsSpan(_at));
        _at += sizeof(double);
        return value;
    }

    private long Signed()
    {
        var value = Unsigned();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private ulong Unsigned()
    {
        var (body, at) = (_body, _at);
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var part = body[at++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part >= 0x80)
                continue;
            _at = at;
            return value;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte Byte() => _body[_at++];
}

using System.Buffers.Binary;
using System.Text;
using FacilityMonitor.Contract;
using FacilityMonitor.Control;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Journal;

/// <summary>A message that could not be used, on its way into the same commit as its neighbours.</summary>
internal sealed record DeadLetter(long ReceivedMs, byte[] Topic, byte[] Payload, string Reason, string Detail, int? Device, bool IsStranger = false);

/// <summary>Gathers what one commit will hold. Its buffer is used again: writing a message allocates nothing once it has grown. One thread at a time.</summary>
internal sealed class JournalWriter
{
    private readonly List<DeadLetter> _deadLetters = [];
    private byte[] _buffer = new byte[64 * 1024];
    private int _length = JournalFormat.HeaderBytes;
    private long _base;

    /// <summary>Messages in it.</summary>
    public int Messages { get; private set; }

    /// <summary>Whether there is nothing to commit.</summary>
    public bool IsEmpty => _length == JournalFormat.HeaderBytes && _deadLetters.Count == 0;

    /// <summary>When its first record was received, ms since 1970-01-01 UTC.</summary>
    public long FirstMs { get; private set; }

    /// <summary>When its last record was received.</summary>
    public long LastMs { get; private set; }

    /// <summary>What was set aside.</summary>
    public IReadOnlyList<DeadLetter> DeadLetters => _deadLetters;

    /// <summary>A copy of the body, sealed.</summary>
    public byte[] ToBody()
    {
        var body = _buffer.AsSpan(0, _length).ToArray();
        JournalFormat.Seal(body);
        return body;
    }

    /// <summary>Empties it and keeps the buffer.</summary>
    public void Clear()
    {
        _length = JournalFormat.HeaderBytes;
        _deadLetters.Clear();
        _base = 0;
        Messages = 0;
        FirstMs = LastMs = 0;
    }

    public void Tick(long atMs) => Begin(JournalRecordKind.Tick, atMs);

    public void Started(long atMs) => Begin(JournalRecordKind.Started, atMs);

    /// <summary>Books a message that was told before, so that the count of a device's hour survives a crash.</summary>
    public void Duplicate(Device device, long receivedMs)
    {
        Begin(JournalRecordKind.Duplicate, receivedMs);
        Unsigned((ulong)device.Number);
    }

    /// <param name="topic">Its topic in UTF-8.</param>
    /// <param name="payload">Its payload.</param>
    /// <param name="reason">Why it is set aside.</param>
    /// <param name="detail">What is wrong.</param>
    /// <param name="receivedMs">When it was received.</param>
    /// <param name="device">Whose it is, as far as is known.</param>
    /// <param name="isStranger">Whether it is of nobody whom the registry names; such letters leave room for the others.</param>
    public void DeadLetter(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload, RejectReason reason, string detail, long receivedMs, Device? device, bool isStranger = false)
    {
        Begin(JournalRecordKind.DeadLetter, receivedMs);
        Unsigned((ulong)(device?.Number ?? HourBook.NobodysDevice));
        _deadLetters.Add(new DeadLetter(receivedMs, Journal.DeadLetters.Stored(topic), payload.ToArray(), reason.Key(), detail, device?.Number, isStranger));
    }

    /// <summary>A command, so that the rules know what a measurement has to follow.</summary>
    public void Command(CommandNotice notice, long atMs)
    {
        Begin(JournalRecordKind.Command, atMs);
        Unsigned((ulong)notice.Device.Number);
        Byte((byte)notice.Operation);
        Byte((byte)((notice.IsVoid ? 1 : 0) | (notice.IsEnd ? 2 : 0)));
        Unsigned(notice.Channel.Code);
        Signed(notice.ExpiresMs - atMs);
        Text(notice.Id);
    }

    public void Message(DeviceMessage message)
    {
        Begin(JournalRecordKind.Message, message.ReceivedMs);
        Messages++;
        Unsigned((ulong)message.Device!.Number);
        Byte((byte)message.Kind);
        Byte((byte)((message.HasEnvelope ? 1 : 0) | (message.Retained ? 2 : 0) | (message.Envelope.UpMs is not null ? 4 : 0)
            | (message.Birth is not null ? 8 : 0) | (message.Status is not null ? 16 : 0) | (message.CommandAck is not null ? 32 : 0) | (message.ForeignHash is not null ? 64 : 0)
            | (CfgOf(message) is not null ? 128 : 0)));
        Unsigned((ulong)message.UnknownFields);
        if (message.HasEnvelope)
            Envelope(message.Envelope, message.ReceivedMs);
        if (message.ForeignHash is { } hash)
        {
            Room(JournalFormat.HashBytes);
            BinaryPrimitives.WriteUInt128LittleEndian(_buffer.AsSpan(_length), hash);
            _length += JournalFormat.HashBytes;
        }

        Readings(message);
        Events(message);
        if (message.Birth is { } birth)
            Birth(birth);
        if (message.Status is { } status)
            Status(status);
        if (message.CommandAck is { } ack)
        {
            Text(ack.Id);
            Byte((byte)ack.Result);
            OptionalText(ack.Reason);
        }

        if (CfgOf(message) is { } cfg)
            Text(cfg);
    }

    /// <summary>A message is a birth or a status, never both.</summary>
    private static string? CfgOf(DeviceMessage message) => message.Birth?.Cfg ?? message.Status?.Cfg;

    private void Envelope(in Envelope envelope, long receivedMs)
    {
        Boot(envelope.Boot);
        Unsigned((ulong)envelope.Seq);
        Signed(envelope.TsMs - receivedMs);
        if (envelope.UpMs is { } up)
            Unsigned((ulong)up);
        Byte((byte)envelope.Clock);
    }

    private void Readings(DeviceMessage message)
    {
        var readings = message.Readings;
        Unsigned((ulong)readings.Count);
        foreach (ref readonly var reading in readings.Readings)
        {
            Unsigned(reading.Channel.Code);
            Byte((byte)((byte)reading.Quality | (reading.CounterEpoch is not null ? 8 : 0) | (reading.State is not null ? 16 : 0) | (reading.DeviceMs != reading.AtMs ? 32 : 0)));
            Signed(reading.AtMs - message.ReceivedMs);
            if (reading.DeviceMs != reading.AtMs)
                Signed(reading.DeviceMs - message.ReceivedMs);
            if (reading.CounterEpoch is { } epoch)
                Unsigned(epoch);
            if (reading.State is { } state)
                Text(state);
            var values = readings.ValuesOf(reading);
            Unsigned((ulong)values.Length);
            foreach (ref readonly var value in values)
            {
                Byte((byte)value.Metric);
                Double(value.Value);
            }
        }
    }

    private void Events(DeviceMessage message)
    {
        Unsigned((ulong)message.Events.Count);
        foreach (var fact in message.Events)
        {
            Byte((byte)fact.Kind);
            Unsigned(fact.Channel.Code);
            Signed(fact.AtMs - message.ReceivedMs);
            Signed(fact.DeviceMs - message.ReceivedMs);
            Byte((byte)fact.Quality);
            Byte(fact.Reason is { } reason ? (byte)(reason + 1) : (byte)0);
            OptionalText(fact.Session);
            OptionalText(fact.User);
            OptionalDouble(fact.Wh);
            Byte(fact.On is { } on ? (byte)(on ? 2 : 1) : (byte)0);
        }
    }

    private void Birth(Birth birth)
    {
        Boot(birth.Boot);
        Unsigned((ulong)birth.Bd);
        Signed(birth.TsMs);
        Text(birth.Model);
        Text(birth.Firmware);
        Byte((byte)birth.Clock);
        OptionalDouble(birth.PeriodS);
        Signed(birth.Buffer ?? -1);
        Unsigned((ulong)birth.Channels.Count);
        foreach (var channel in birth.Channels)
        {
            Unsigned(channel.Channel.Code);
            OptionalDouble(channel.RatedA);
            Texts(channel.Metrics);
        }

        Texts(birth.Ops);
    }

    private void Status(DeviceStatus status)
    {
        Byte((byte)status.Presence);
        Signed(status.Bd ?? -1);
        Boot(status.Boot);
        Byte(status.TsMs is null ? (byte)0 : (byte)1);
        if (status.TsMs is { } ts)
            Signed(ts);
    }

    private void Begin(JournalRecordKind kind, long atMs)
    {
        Received(atMs);
        Byte((byte)kind);
        Signed(atMs - _base);
        _base = atMs;
    }

    private void Received(long atMs)
    {
        if (FirstMs == 0)
            FirstMs = atMs;
        LastMs = atMs;
    }

    private void Boot(BootId boot)
    {
        Room(BootId.LengthMax + 1);
        var length = boot.CopyTo(_buffer.AsSpan(_length + 1));
        _buffer[_length] = (byte)length;
        _length += length + 1;
    }

    private void Texts(IReadOnlyList<string> texts)
    {
        Unsigned((ulong)texts.Count);
        foreach (var text in texts)
            Text(text);
    }

    private void OptionalText(string? text)
    {
        Byte(text is null ? (byte)0 : (byte)1);
        if (text is not null)
            Text(text);
    }

    private void Text(string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        Unsigned((ulong)bytes);
        Room(bytes);
        _length += Encoding.UTF8.GetBytes(text, _buffer.AsSpan(_length));
    }

    private void OptionalDouble(double? value)
    {
        Byte(value is null ? (byte)0 : (byte)1);
        if (value is { } number)
            Double(number);
    }

    /// <summary>A decimal of few places as a scaled whole number, anything else as it is; either comes back bit for bit.</summary>
    private void Double(double value)
    {
        var powers = JournalFormat.Powers;
        for (byte exponent = 0; exponent < powers.Length; exponent++)
        {
            var scaled = Math.Round(value * powers[exponent]);
            // Whole numbers know no negative zero.
            if (Math.Abs(scaled) >= 1L << 50 || (scaled == 0 && double.IsNegative(value)))
                break;
            if (BitConverter.DoubleToInt64Bits(scaled / powers[exponent]) == BitConverter.DoubleToInt64Bits(value))
            {
                Byte(exponent);
                Signed((long)scaled);
                return;
            }
        }

        Byte(JournalFormat.RawDouble);
        Room(sizeof(double));
        BinaryPrimitives.WriteDoubleLittleEndian(_buffer.AsSpan(_length), value);
        _length += sizeof(double);
    }

    private void Signed(long value) => Unsigned((ulong)((value << 1) ^ (value >> 63)));

    private void Unsigned(ulong value)
    {
        Room(10);
        while (value >= 0x80)
        {
            _buffer[_length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _buffer[_length++] = (byte)value;
    }

    private void Byte(byte value)
    {
        Room(1);
        _buffer[_length++] = value;
    }

    private void Room(int bytes)
    {
        if (_length + bytes > _buffer.Length)
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + bytes));
    }
}

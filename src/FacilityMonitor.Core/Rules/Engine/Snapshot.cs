using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Rules;

/// <summary>Writes rule state as little-endian bytes.</summary>
internal ref struct SnapshotWriter(IBufferWriter<byte> output)
{
    public void Byte(byte value)
    {
        output.GetSpan(1)[0] = value;
        output.Advance(1);
    }

    public void Int32(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(output.GetSpan(4), value);
        output.Advance(4);
    }

    public void Int64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(output.GetSpan(8), value);
        output.Advance(8);
    }

    public void Single(float value) => Int32(BitConverter.SingleToInt32Bits(value));

    public void Double(double value) => Int64(BitConverter.DoubleToInt64Bits(value));

    public void Bytes(ReadOnlySpan<byte> value)
    {
        value.CopyTo(output.GetSpan(Math.Max(1, value.Length)));
        output.Advance(value.Length);
    }

    /// <summary>A text, or null.</summary>
    public void Text(string? value)
    {
        if (value is null)
        {
            Int32(-1);
            return;
        }

        var length = Encoding.UTF8.GetByteCount(value);
        Int32(length);
        Encoding.UTF8.GetBytes(value, output.GetSpan(Math.Max(1, length)));
        output.Advance(length);
    }

    /// <summary>The same bytes as its text.</summary>
    public void Boot(BootId boot)
    {
        Span<byte> text = stackalloc byte[BootId.LengthMax];
        var length = boot.CopyTo(text);
        Int32(length);
        text[..length].CopyTo(output.GetSpan(Math.Max(1, length)));
        output.Advance(length);
    }

    public void Event(DeviceEvent fact)
    {
        Byte((byte)fact.Kind);
        Int32(fact.Channel.Code);
        Int64(fact.AtMs);
        Int64(fact.DeviceMs);
        Byte((byte)fact.Quality);
        Byte(fact.Reason is { } reason ? (byte)reason : byte.MaxValue);
        Text(fact.Session);
        Text(fact.User);
        Double(fact.Wh ?? double.NaN);
        Byte(fact.On is { } on ? on ? (byte)1 : (byte)0 : byte.MaxValue);
    }

    public void Hold(in Hold hold)
    {
        Byte((byte)hold.Phase);
        if (hold.Phase == HoldPhase.Idle)
            return;
        Int64(hold.SinceMs);
        Int32(hold.CountedMs);
        Int32(hold.Samples);
    }
}

/// <summary>Reads what <see cref="SnapshotWriter"/> wrote. A snapshot that breaks off or makes no sense throws <see cref="InvalidDataException"/>:
/// it is our own file, so the state is rebuilt from the journal instead.</summary>
internal ref struct SnapshotReader(ReadOnlySpan<byte> input)
{
    private ReadOnlySpan<byte> _rest = input;

    public readonly bool AtEnd => _rest.IsEmpty;

    public byte Byte() => Take(1)[0];

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    public float Single() => BitConverter.Int32BitsToSingle(Int32());

    public double Double() => BitConverter.Int64BitsToDouble(Int64());

    public string? Text()
    {
        var length = Int32();
        return length < 0 ? null : Encoding.UTF8.GetString(Take(length));
    }

    public Hold Hold()
    {
        var phase = (HoldPhase)Byte();
        return phase == HoldPhase.Idle
            ? default
            : new Hold { Phase = phase, SinceMs = Int64(), CountedMs = Int32(), Samples = (ushort)Int32() };
    }

    public DeviceEvent Event()
    {
        var (kind, channel, atMs, deviceMs, quality, reason) = ((EventKind)Byte(), ChannelId.FromCode((ushort)Int32()), Int64(), Int64(), (Quality)Byte(), Byte());
        var (session, user, wh, on) = (Text(), Text(), Double(), Byte());
        return new DeviceEvent
        {
            Kind = kind,
            Channel = channel,
            AtMs = atMs,
            DeviceMs = deviceMs,
            Quality = quality,
            Reason = reason == byte.MaxValue ? null : (StopReason)reason,
            Session = session,
            User = user,
            Wh = double.IsNaN(wh) ? null : wh,
            On = on == byte.MaxValue ? null : on == 1,
        };
    }

    public ReadOnlySpan<byte> Bytes(int count) => Take(count);

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > _rest.Length)
            throw new InvalidDataException("The rule snapshot breaks off.");
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}

namespace FacilityMonitor.Mqtt.Packets;

internal enum HeaderStatus
{
    Read,
    NeedMore,
    Malformed,
    TooLarge,
}

/// <summary>The first 2 to 5 bytes of every packet: type, flags, and the length of what follows.</summary>
internal readonly record struct FixedHeader(byte First, int Length, int BodyLength)
{
    public PacketType Type => (PacketType)(First >> 4);

    public int Flags => First & 0x0F;

    public int PacketLength => Length + BodyLength;

    /// <summary>Judges size before a byte of the body is waited for, so a hostile length costs no memory.</summary>
    public static HeaderStatus TryRead(ReadOnlySpan<byte> bytes, int maximumPacketSize, out FixedHeader header)
    {
        header = default;
        if (bytes.Length < 2)
            return HeaderStatus.NeedMore;

        var (status, length, used) = VariableInteger.Read(bytes[1..]);
        if (status != HeaderStatus.Read)
            return status;

        header = new FixedHeader(bytes[0], 1 + used, length);
        return header.PacketLength > maximumPacketSize ? HeaderStatus.TooLarge : HeaderStatus.Read;
    }
}

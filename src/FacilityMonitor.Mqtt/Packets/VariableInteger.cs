namespace FacilityMonitor.Mqtt.Packets;

/// <summary>Lengths of 1 to 4 bytes, seven bits each, lowest first (MQTT 5 §1.5.5).</summary>
internal static class VariableInteger
{
    public const int Maximum = 268_435_455;

    public static (HeaderStatus Status, int Value, int Used) Read(ReadOnlySpan<byte> bytes)
    {
        var value = 0;
        for (var i = 0; i < 4; i++)
        {
            if (i == bytes.Length)
                return (HeaderStatus.NeedMore, 0, 0);
            value |= (bytes[i] & 0x7F) << (7 * i);
            if (bytes[i] < 0x80)
                return (HeaderStatus.Read, value, i + 1);
        }

        return (HeaderStatus.Malformed, 0, 0);
    }

    public static int SizeOf(int value) => value switch
    {
        < 128 => 1,
        < 16_384 => 2,
        < 2_097_152 => 3,
        _ => 4,
    };

    public static int Write(Span<byte> target, int value)
    {
        var at = 0;
        while (value >= 0x80)
        {
            target[at++] = (byte)(value | 0x80);
            value >>= 7;
        }

        target[at++] = (byte)value;
        return at;
    }
}

using System.Globalization;
using System.Text;

namespace FacilityMonitor.Readings;

/// <summary>What a channel is.</summary>
public enum ChannelKind : byte
{
    /// <summary>The whole device: <c>main</c>.</summary>
    Main = 0,

    /// <summary>A phase: <c>l1</c> to <c>l3</c>.</summary>
    Phase = 1,

    /// <summary>A socket of a pile: <c>s1</c> and up.</summary>
    Socket = 2,

    /// <summary>A slot of a cabinet: <c>k1</c> and up.</summary>
    Slot = 3,

    /// <summary>A bay of a shed: <c>b1</c> and up.</summary>
    Bay = 4,
}

/// <summary>One channel of a device: <c>main</c>, or a phase, socket, slot or bay with its number. The default value is <c>main</c>.</summary>
/// <remarks>Numbers run from 1 to <see cref="NumberMax"/> (phases to 3). The code is stored: 4 bits of kind above 12 bits of number.</remarks>
public readonly record struct ChannelId : IUtf8SpanFormattable
{
    /// <summary>Highest number a channel can have.</summary>
    public const int NumberMax = 999;

    private const string Letters = " lskb";

    private ChannelId(ushort code) => Code = code;

    /// <summary>The whole device.</summary>
    public static ChannelId Main => default;

    /// <summary>The stored form.</summary>
    public ushort Code { get; }

    /// <summary>What the channel is.</summary>
    public ChannelKind Kind => (ChannelKind)(Code >> 12);

    /// <summary>The number from 1; 0 for <c>main</c>.</summary>
    public int Number => Code & 0xFFF;

    /// <summary>The channel of this kind and number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is outside 1 to <see cref="NumberMax"/> (3 for a phase), or not 0 for main.</exception>
    public static ChannelId Of(ChannelKind kind, int number)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, kind switch { ChannelKind.Main => 0, ChannelKind.Phase => 3, _ => NumberMax });
        ArgumentOutOfRangeException.ThrowIfLessThan(number, kind == ChannelKind.Main ? 0 : 1);
        return new ChannelId((ushort)(((int)kind << 12) | number));
    }

    /// <summary>Socket <paramref name="number"/>, from 1.</summary>
    public static ChannelId Socket(int number) => Of(ChannelKind.Socket, number);

    /// <summary>Phase <paramref name="number"/>, 1 to 3.</summary>
    public static ChannelId Phase(int number) => Of(ChannelKind.Phase, number);

    /// <summary>The channel that <see cref="Code"/> gave.</summary>
    public static ChannelId FromCode(ushort code) => Of((ChannelKind)(code >> 12), code & 0xFFF);

    /// <summary>Reads <c>main</c>, <c>l2</c>, <c>s14</c> … without allocating; false for anything else, leading zeros included.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out ChannelId channel)
    {
        channel = default;
        if (text.SequenceEqual("main"u8))
            return true;
        if (text.Length is < 2 or > 4 || text[1] == (byte)'0')
            return false;
        var kind = (int)(text[0] switch
        {
            (byte)'l' => ChannelKind.Phase,
            (byte)'s' => ChannelKind.Socket,
            (byte)'k' => ChannelKind.Slot,
            (byte)'b' => ChannelKind.Bay,
            _ => ChannelKind.Main,
        });
        if (kind == (int)ChannelKind.Main)
            return false;
        var number = 0;
        foreach (var digit in text[1..])
        {
            if (digit is < (byte)'0' or > (byte)'9')
                return false;
            number = (number * 10) + (digit - '0');
        }

        if (kind == (int)ChannelKind.Phase && number > 3)
            return false;
        channel = new ChannelId((ushort)((kind << 12) | number));
        return true;
    }

    /// <inheritdoc cref="TryParse(ReadOnlySpan{byte}, out ChannelId)"/>
    public static bool TryParse(string text, out ChannelId channel)
    {
        channel = default;
        return text.Length <= 4 && TryParse(Encoding.UTF8.GetBytes(text), out channel);
    }

    /// <summary>The wire form: <c>main</c>, <c>l2</c>, <c>s14</c>.</summary>
    public override string ToString() =>
        Kind == ChannelKind.Main ? "main" : string.Create(CultureInfo.InvariantCulture, $"{Letters[(int)Kind]}{Number}");

    /// <summary>Writes the wire form in UTF-8 without allocating; false, and nothing written, when there is no room.</summary>
    /// <param name="utf8Destination">Where to; four bytes are always enough.</param>
    /// <param name="bytesWritten">How many bytes it took.</param>
    /// <param name="format">Has no meaning here.</param>
    /// <param name="provider">Has no meaning here.</param>
    public bool TryFormat(Span<byte> utf8Destination, out int bytesWritten, ReadOnlySpan<char> format, IFormatProvider? provider)
    {
        if (Kind == ChannelKind.Main)
        {
            bytesWritten = "main"u8.TryCopyTo(utf8Destination) ? "main"u8.Length : 0;
            return bytesWritten > 0;
        }

        bytesWritten = 0;
        if (utf8Destination.Length < 2 || !Number.TryFormat(utf8Destination[1..], out var digits, provider: CultureInfo.InvariantCulture))
            return false;
        utf8Destination[0] = (byte)Letters[(int)Kind];
        bytesWritten = digits + 1;
        return true;
    }
}

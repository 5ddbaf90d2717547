using System.Globalization;
using System.Text;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Storage;

namespace FacilityMonitor.Influx;

/// <summary>
/// Readings as InfluxDB line protocol: measurement = kind of device; tags <c>site</c>, <c>device</c>, <c>channel</c>; fields = metrics, as floats or booleans.
/// The same reading is always the same line with the same time, so that one sent twice overwrites itself.
/// </summary>
/// <remarks>See the line protocol reference of InfluxDB 1.8 and 2.7; written so that 1.x, 2.x, 3.x and VictoriaMetrics read it alike.</remarks>
internal static class LineProtocol
{
    /// <summary>More than the longest number that "R" writes, <c>-1.7976931348623157E+308</c>.</summary>
    private const int LengthMax = 32;

    private static readonly int[] Powers = [1, 10, 100, 1_000];

    /// <summary>Measurement of devices that the registry does not know.</summary>
    public const string UnknownMeasurement = "unknown";

    /// <summary>A measurement's name: the kind's word.</summary>
    public static string Measurement(DeviceKind? kind) => kind is { } known ? Word(known) : UnknownMeasurement;

    /// <summary>What all lines of a device begin with: <c>pile,site=jiugeng,device=pile-01,channel=</c>.</summary>
    /// <param name="kind">What it is; null when it is not registered.</param>
    /// <param name="site">Its site; null for a foreign device nobody adopted.</param>
    /// <param name="device">What it is called at its site.</param>
    public static byte[] Head(DeviceKind? kind, string? site, string device)
    {
        // A tag may not be empty; a device nobody adopted has no site.
        var tags = site is null ? "" : ",site=" + Tag(site);
        return Encoding.UTF8.GetBytes($"{Measurement(kind)}{tags},device={Tag(device)},channel=");
    }

    /// <summary>ms, then the sequence number and the place in the message in the digits below: a replay overwrites itself and distinct samples do not collide.</summary>
    /// <param name="atMs">When it was measured.</param>
    /// <param name="seq">What sets its message apart from others of the same millisecond, see <see cref="DeviceMessage.Distinction"/>.</param>
    /// <param name="index">Its place among the readings of the message.</param>
    public static long Nanoseconds(long atMs, long seq, int index) => (atMs * 1_000_000) + (seq % 1000 * 1000) + (index % 1000);

    /// <summary>Writes one reading with its line end. Allocates nothing once the buffer has grown.</summary>
    /// <param name="lines">Where to.</param>
    /// <param name="head">What <see cref="Head"/> made for its device.</param>
    /// <param name="reading">The reading.</param>
    /// <param name="values">Its values.</param>
    /// <param name="nanoseconds">What <see cref="Nanoseconds"/> made for it.</param>
    public static void Write(ByteBuffer lines, ReadOnlySpan<byte> head, in Reading reading, ReadOnlySpan<MetricValue> values, long nanoseconds)
    {
        lines.Bytes(head);
        Formatted(lines, reading.Channel, "");
        lines.Bytes(" quality=\""u8);
        Text(lines, ReadingJson.Key(reading.Quality));
        lines.Byte((byte)'"');
        foreach (ref readonly var value in values)
        {
            lines.Byte((byte)',');
            lines.Bytes(value.Metric.Utf8Key());
            lines.Byte((byte)'=');
            if (value.Metric.IsBoolean())
                lines.Bytes(value.Value != 0 ? "true"u8 : "false"u8);
            else
                Number(lines, value.Value);
        }

        if (reading.CounterEpoch is { } epoch)
        {
            lines.Bytes(",ce="u8);
            Number(lines, epoch);
            lines.Byte((byte)'i');
        }

        if (reading.State is { } state)
        {
            lines.Bytes(",st=\""u8);
            Quoted(lines, state);
            lines.Byte((byte)'"');
        }

        // What the device's own clock said, where it was corrected: the original is never lost.
        if (reading.DeviceMs != reading.AtMs)
        {
            lines.Bytes(",device_ms="u8);
            Number(lines, reading.DeviceMs);
            lines.Byte((byte)'i');
        }

        lines.Byte((byte)' ');
        Number(lines, nanoseconds);
        lines.Byte((byte)'\n');
    }

    /// <summary>What stands between the quotes of a string field. A line end inside would end the line for some servers.</summary>
    public static void Quoted(ByteBuffer lines, string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is '"' or '\\')
                lines.Byte((byte)'\\');
            var shown = rune.Value is '\n' or '\r' ? new Rune(' ') : rune;
            shown.EncodeToUtf8(lines.Take(shown.Utf8SequenceLength));
        }
    }

    /// <summary>Text that needs no escapes.</summary>
    public static void Text(ByteBuffer lines, string text) => Encoding.UTF8.GetBytes(text, lines.Take(Encoding.UTF8.GetByteCount(text)));

    /// <summary>A tag's value as the database keeps it. A backslash cannot be escaped in a tag, and one at the end would eat the comma.</summary>
    public static string TagValue(string text) => text.ReplaceLineEndings(" ").Replace("\\", "/", StringComparison.Ordinal);

    /// <summary>A tag's value as a line has it.</summary>
    public static string Tag(string text) => TagValue(text).Replace(",", "\\,", StringComparison.Ordinal)
        .Replace("=", "\\=", StringComparison.Ordinal).Replace(" ", "\\ ", StringComparison.Ordinal);

    /// <summary>
    /// The shortest text that is read back as the same number. Meters speak in tenths and hundredths, for which whole numbers are several times cheaper: a decimal of up to
    /// 15 digits that is read as this number is its shortest text, as no two of them are read as the same one.
    /// </summary>
    internal static void Number(ByteBuffer lines, double value)
    {
        foreach (var power in Powers)
        {
            var whole = Math.Round(value * power);
            if (whole / power != value || Math.Abs(whole) >= 1e15)
                continue;
            // "R" writes a zero below zero with its sign.
            if (whole == 0)
                break;
            Decimals(lines, (long)whole, power);
            return;
        }

        Formatted(lines, value, "R");
    }

    private static void Decimals(ByteBuffer lines, long whole, int power)
    {
        if (whole < 0)
            lines.Byte((byte)'-');
        whole = Math.Abs(whole);
        Number(lines, whole / power);
        if (power == 1)
            return;
        lines.Byte((byte)'.');
        for (whole %= power; power > 1; whole %= power)
            lines.Byte((byte)('0' + (whole / (power /= 10))));
    }

    private static void Number(ByteBuffer lines, long value) => Formatted(lines, value, "");

    private static void Formatted<T>(ByteBuffer lines, T value, string format)
        where T : IUtf8SpanFormattable
    {
        var start = lines.Length;
        value.TryFormat(lines.Take(LengthMax), out var length, format, CultureInfo.InvariantCulture);
        lines.Truncate(start + length);
    }

    private static string Word(DeviceKind kind) => kind switch
    {
        DeviceKind.Pile => "pile",
        DeviceKind.Cabinet => "cabinet",
        DeviceKind.Meter => "meter",
        DeviceKind.Shed => "shed",
        DeviceKind.Climber => "climber",
        DeviceKind.LiftBlocker => "lift-blocker",
        DeviceKind.Noise => "noise",
        DeviceKind.Lamp => "lamp",
        DeviceKind.CallButton => "call-button",
        DeviceKind.Plug => "plug",
        DeviceKind.Gateway => "gateway",
        DeviceKind.Siren => "siren",
        DeviceKind.Camera => "camera",
    };
}

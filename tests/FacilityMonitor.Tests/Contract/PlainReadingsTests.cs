using System.Globalization;
using System.Text;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Tests.Conventions;

namespace FacilityMonitor.Tests.Contract;

public sealed class PlainReadingsTests
{
    private const long Received = 1_767_225_605_000;

    private static readonly Fm1Kind[] Kinds = [Fm1Kind.Data, Fm1Kind.Data, Fm1Kind.Hist, Fm1Kind.Event];

    private static readonly Device Pile = new DeviceTable().Resolve(Dialect.Fm1, "lane"u8, "pile-1"u8)!;

    /// <summary>What stands in texts that a mutation puts into a message.</summary>
    private static readonly string[] Pieces =
    [
        "\"", "\\", "\\u0077", "{", "}", "[", "]", ",", ":", " ", "\n", "\t", "null", "true", "false", "0", "-", "-0", "007", "1.", ".5", "1e5", "1e-400", "1e400", "4294967295", "9007199254740993",
        "12345678901234567890", "\"w\":1", "\"w\":null", "\"wh\":-1", "\"relay\":1", "\"x\":{\"y\":[1]}", "\"ch\":\"s1\"", "\"ch\":\"s0\"", "\"dt\":-400", "\"dt\":1.5", "\"dt\":1e3", "\"st\":\"充电\"", "\"st\":\"\\u5145\"",
        "\"q\":\"b\"", "\"q\":\"x\"", "\"ce\":3", "\"ev\":\"trip\"", "\"ev\":\"start\",\"reason\":\"none\"", "{\"ch\":\"s2\",\"w\":5}", "\"r\":[]", "\"v\":2", "\"seq\":7", "]}", "}]}", "]}x", "\u0001", "充",
    ];

    [Theory]
    [InlineData("""{"ch":"s1","w":5}""", 1)]
    [InlineData("""{"dt":-1500,"ch":"main","v":229.8,"a":60e-2,"w":-0.5,"wh":12345.6,"relay":true,"smoke":false,"st":"充电"}""", 1)]
    [InlineData("""{ "ch" : "s1" , "w" : 5 } , {"ch":"s2"}""", 2)]
    [InlineData("""{"ch":"s1","w":5,"w":6},{"w":7,"ch":"s2"}""", 2)]
    [InlineData("""{"ch":"s1","w":5},{"ch":"s2","w":null}""", 1)]
    [InlineData("""{"ch":"s1","w":5},""", 1)]
    [InlineData("""{"w":5}""", 0)]
    [InlineData("""{}""", 0)]
    [InlineData("""{"ch":"s1","new":5}""", 0)]
    [InlineData("""{"ch":"s1","\u0077":5}""", 0)]
    [InlineData("""{"ch":"s\u0031"}""", 0)]
    [InlineData("""{"ch":"s0"}""", 0)]
    [InlineData("""{"ch":"s1","wh":-5}""", 0)]
    [InlineData("""{"ch":"s1","w":1e15}""", 0)]
    [InlineData("""{"ch":"s1","w":05}""", 0)]
    [InlineData("""{"ch":"s1","w":5.}""", 0)]
    [InlineData("""{"ch":"s1","w":.5}""", 0)]
    [InlineData("""{"ch":"s1","w":-}""", 0)]
    [InlineData("""{"ch":"s1","w":5e}""", 0)]
    [InlineData("""{"ch":"s1","w":"5"}""", 0)]
    [InlineData("""{"ch":"s1","relay":1}""", 0)]
    [InlineData("""{"ch":"s1","relay":truth}""", 0)]
    [InlineData("""{"ch":"s1","w":5 6}""", 0)]
    [InlineData("""{"ch":"s1","w":5""", 0)]
    [InlineData("""{"ch":"s1""", 0)]
    [InlineData("""{"ch":"s1","w":5,}""", 0)]
    [InlineData("""{"ch":"s1","st":"123456789012345678901234567890123"}""", 0)]
    public void What_is_plain_is_taken_and_anything_else_left(string text, int plain)
    {
        var readings = new ReadingBuffer();
        var utf8 = Encoding.UTF8.GetBytes(text);

        var taken = PlainReadings.Read(utf8, ReadingBuffer.ReadingsMax, readings, new StateTexts());

        Assert.Equal((plain, plain > 0), (readings.Count, taken > 0));
        if (taken > 0)
            Assert.Equal((byte)'}', utf8[taken - 1]);
    }

    [Fact]
    public void No_more_are_taken_than_there_is_room_for()
    {
        var readings = new ReadingBuffer();

        PlainReadings.Read("""{"ch":"s1"},{"ch":"s2"},{"ch":"s3"}"""u8, room: 2, readings, new StateTexts());

        Assert.Equal(2, readings.Count);
    }

    /// <summary>Whatever comes: what is read is the same, and so is what is said of what cannot be read.</summary>
    [Fact]
    public void It_makes_no_difference_whether_readings_are_read_plainly()
    {
        const int Messages = 100_000;
        var random = new Random(20_261_123);
        var shapes = SourceTree.Files("tests/FacilityMonitor.Tests/Payloads/fm1", "*.payload").Select(File.ReadAllBytes).Where(bytes => bytes.Length is > 0 and < 2_000).ToList();
        Assert.True(shapes.Count > 20, "The payloads that are read as they always were are not there.");
        var (plain, full) = (new Fm1Decoder(), new Fm1Decoder { ReadsPlainly = false });
        var decoded = 0;
        for (var number = 0; number < Messages; number++)
        {
            var payload = random.Next(3) == 0 ? shapes[random.Next(shapes.Count)] : Typical(random);
            for (var mutations = random.Next(3); mutations > 0; mutations--)
                payload = Mutate(payload, random);
            var kind = Kinds[random.Next(Kinds.Length)];

            var (plainly, fully) = (Said(plain, kind, payload), Said(full, kind, payload));

            if (plainly != fully)
                Assert.Fail($"{number}: {Encoding.UTF8.GetString(payload)}\n{plainly}\n{fully}");
            decoded += plainly.StartsWith("Decoded", StringComparison.Ordinal) ? 1 : 0;
        }

        // Neither all well nor all spoilt: else the above shows little.
        Assert.InRange(decoded, Messages / 5, Messages * 4 / 5);
    }

    private static byte[] Typical(Random random)
    {
        var body = new StringBuilder();
        body.Append(CultureInfo.InvariantCulture, $"{{\"v\":1,\"boot\":\"c4-1\",\"seq\":{random.Next(99)},\"ts\":{Received - random.Next(9_000)},\"clk\":\"ntp\",\"r\":[");
        for (var (socket, count) = (1, 1 + random.Next(5)); socket <= count; socket++)
        {
            var space = random.Next(4) == 0 ? " " : "";
            body.Append(socket > 1 ? "," + space : "");
            body.Append(CultureInfo.InvariantCulture, $"{{\"dt\":{-random.Next(2_000)},{space}\"ch\":{space}\"s{socket}\",\"w\":{random.Next(9_000) / 10.0:0.0},\"v\":{random.Next(2_500) / 10.0:0.0},");
            body.Append(CultureInfo.InvariantCulture, $"\"a\":{random.Next(99)}e-2,\"wh\":{random.Next(99_999)},\"relay\":{(random.Next(2) == 0 ? "true" : "false")},\"st\":\"{(random.Next(2) == 0 ? "charging" : "充电")}\"}}");
        }

        return Encoding.UTF8.GetBytes(body.Append("]}").ToString());
    }

    private static byte[] Mutate(byte[] payload, Random random)
    {
        var at = random.Next(payload.Length + 1);
        var end = Math.Min(payload.Length, at + random.Next(8));
        return random.Next(5) switch
        {
            0 => [.. payload[..at], .. payload[end..]],
            1 => [.. payload[..at], .. payload[at..end], .. payload[at..]],
            2 when at < payload.Length => [.. payload[..at], (byte)random.Next(256), .. payload[(at + 1)..]],
            3 when payload.AsSpan(at).IndexOf((byte)',') is >= 0 and var next => [.. payload[..(at + next + 1)], .. Piece(), (byte)',', .. payload[(at + next + 1)..]],
            _ => [.. payload[..at], .. Piece(), .. payload[at..]],
        };

        byte[] Piece() => Encoding.UTF8.GetBytes(Pieces[random.Next(Pieces.Length)]);
    }

    private static string Said(Fm1Decoder decoder, Fm1Kind kind, byte[] payload)
    {
        var message = new DeviceMessage { Device = Pile, ReceivedMs = Received };
        var outcome = decoder.Decode(kind, payload, message);
        var text = new StringBuilder(256);
        text.Append(CultureInfo.InvariantCulture, $"{outcome.Result} {outcome.Reason} {outcome.Detail} {message.Kind} {message.HasEnvelope} {message.Envelope} {message.UnknownFields} {message.OutOfRange} {message.Readings.Refused}");
        foreach (ref readonly var reading in message.Readings.Readings)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n{reading.Index} {reading.Channel} {reading.AtMs} {reading.DeviceMs} {reading.Quality} {reading.CounterEpoch} {reading.State}");
            foreach (ref readonly var value in message.Readings.ValuesOf(reading))
                text.Append(CultureInfo.InvariantCulture, $" {value.Metric}={BitConverter.DoubleToInt64Bits(value.Value)}");
        }

        foreach (var fact in message.Events)
            text.Append(CultureInfo.InvariantCulture, $"\n{fact}");
        return text.ToString();
    }
}

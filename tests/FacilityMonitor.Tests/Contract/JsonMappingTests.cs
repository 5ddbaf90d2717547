using System.Text;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Tests.Conventions;

namespace FacilityMonitor.Tests.Contract;

public sealed class JsonMappingTests
{
    private const long Received = 1_767_225_605_000;

    private readonly DeviceTable _devices = new();
    private readonly DeviceMessage _message = new();

    [Fact]
    public void A_mapping_wins_over_a_dialect_whose_topic_looks_the_same()
    {
        var decoder = Decoder("- {id: v, topic: +/status/+, device-level: 1, when: {path: $.kind, is: [report]}, fields: [{path: $.p, metric: w}]}");

        Assert.Equal(DecodeResult.Decoded, Decode(decoder, "pile/status/now", """{"kind":"report","p":5}""").Result);
        Assert.Equal("mapped:v/pile", _message.Device!.Id.ToString());
        Decode(decoder, "shellyplusplug-1/status/switch:0", """{"id":0,"apower":7}""");
        Assert.Equal("shelly:shellyplusplug-1", _message.Device!.Id.ToString());
    }

    [Fact]
    public void Several_mappings_of_one_topic_each_take_what_they_ask_for()
    {
        var decoder = Decoder(
            "- {id: a, vendor: v, topic: v/+, device-level: 2, when: {path: $.cmd, is: [1]}, fields: [{path: $.x, metric: w}]}",
            "- {id: b, vendor: v, topic: v/+, device-level: 2, when: {path: $.cmd, is: [2, two]}, fields: [{path: $.x, metric: tc}]}");

        Decode(decoder, "v/1", """{"x":5,"cmd":2}""");
        Assert.Equal(Metric.Tc, Values()[0].Metric);
        Decode(decoder, "v/1", """{"cmd":1,"x":5}""");
        Assert.Equal(Metric.W, Values()[0].Metric);
        Assert.Equal(1, _devices.Count);
        Assert.Equal(DecodeResult.Ignored, Decode(decoder, "v/1", """{"cmd":3,"x":"not a number"}""").Result);
    }

    [Theory]
    [InlineData("""{"p":1}""", DecodeResult.Decoded)]
    [InlineData("""{"p":"1"}""", DecodeResult.Decoded)]
    [InlineData("""{"p":null}""", DecodeResult.Ignored)]
    [InlineData("""{"q":1}""", DecodeResult.Ignored)]
    [InlineData("""{"p":"--"}""", DecodeResult.Ignored)]
    [InlineData("""{"p":""}""", DecodeResult.Rejected)]
    [InlineData("""{"p":true}""", DecodeResult.Rejected)]
    [InlineData("""{"p":{}}""", DecodeResult.Rejected)]
    [InlineData("""{"p":[1]}""", DecodeResult.Rejected)]
    [InlineData("""{"p":"NaN"}""", DecodeResult.Rejected)]
    [InlineData("""{"p":1e999}""", DecodeResult.Rejected)]
    [InlineData("""{"p":"1 W"}""", DecodeResult.Rejected)]
    [InlineData("""5""", DecodeResult.Ignored)]
    [InlineData("""[1]""", DecodeResult.Ignored)]
    public void A_number_is_a_number_also_in_quotes_and_anything_else_is_said(string payload, DecodeResult expected)
    {
        var decoder = Decoder("- {id: v, topic: v, device: $.id, fields: [{path: $.p, metric: w, not-measured: ['--']}]}");

        var outcome = Decode(decoder, "v", payload.Replace("{\"", "{\"id\":7,\"", StringComparison.Ordinal));

        Assert.Equal(payload is "5" or "[1]" ? DecodeResult.Rejected : expected, outcome.Result);
    }

    [Theory]
    [InlineData("0.1", "0", "2291", 229.1)]
    [InlineData("1000", "0", "10.4823", 10482.3)]
    [InlineData("2", "-113", "25", -63)]
    [InlineData("0.001", "0", "\"610\"", 0.61)]
    [InlineData("1e9", "0", "1e300", double.NaN)]
    [InlineData("0.5", "0", "2e9", 1e9)]
    [InlineData("0.1", "0", "1e10", 1e9)]
    public void A_scale_moves_the_decimal_point_and_leaves_no_dust(string scale, string offset, string written, double expected)
    {
        var decoder = Decoder($"- {{id: v, topic: v/+, device-level: 2, fields: [{{path: $.p, metric: w, scale: {scale}, offset: {offset}}}]}}");

        var outcome = Decode(decoder, "v/1", $$"""{"p":{{written}}}""");

        Assert.Equal(double.IsNaN(expected) ? DecodeResult.Rejected : DecodeResult.Decoded, outcome.Result);
        if (outcome.Result == DecodeResult.Decoded)
            Assert.Equal(expected, Values()[0].Value);
    }

    [Theory]
    [InlineData("s", "1767225600", 1_767_225_600_000, Quality.Good)]
    [InlineData("ms", "\"1767225600000\"", 1_767_225_600_000, Quality.Good)]
    [InlineData("iso", "\"2026-01-01T08:00:00\"", 1_767_225_600_000, Quality.Good)]
    [InlineData("iso", "\"20260101080000\"", 1_767_225_600_000, Quality.Good)]
    [InlineData("iso", "\"2026-01-01T00:00:00Z\"", 1_767_225_600_000, Quality.Good)]
    [InlineData("", "1767225600.5", 1_767_225_600_500, Quality.Good)]
    [InlineData("", "1767225600500", 1_767_225_600_500, Quality.Good)]
    [InlineData("s", "0", Received, Quality.Clock)]
    [InlineData("s", "9999999999", Received, Quality.Clock)]
    [InlineData("s", "null", Received, Quality.Good)]
    public void A_time_is_taken_as_it_is_written_and_a_wrong_clock_is_corrected(string unit, string written, long expected, Quality quality)
    {
        var decoder = Decoder($"- {{id: v, topic: v/+, device-level: 2, time: {{path: $.t{(unit.Length > 0 ? ", unit: " + unit : "")}}}, fields: [{{path: $.p, metric: w}}]}}");

        var outcome = Decode(decoder, "v/1", $$"""{"p":1,"t":{{written}}}""");

        Assert.Null(outcome.Detail);
        Assert.Equal((expected, quality), (_message.Readings.Readings[0].AtMs, _message.Readings.Readings[0].Quality));
    }

    [Theory]
    [InlineData("s", "\"soon\"")]
    [InlineData("iso", "1767225600")]
    [InlineData("ms", "1e300")]
    [InlineData("", "{}")]
    [InlineData("", "true")]
    public void A_time_of_no_calendar_is_refused(string unit, string written)
    {
        var decoder = Decoder($"- {{id: v, topic: v/+, device-level: 2, time: {{path: $.t{(unit.Length > 0 ? ", unit: " + unit : "")}}}, fields: [{{path: $.p, metric: w}}]}}");

        Assert.Equal(RejectReason.BadField, Decode(decoder, "v/1", $$"""{"p":1,"t":{{written}}}""").Reason);
    }

    [Theory]
    [InlineData("999999999.5", true)]
    [InlineData("1000000000.5", false)]
    [InlineData("-1e39", false)]
    public void A_value_that_nothing_can_measure_is_set_aside_named_and_counted_and_the_rest_holds(string written, bool isTaken)
    {
        var decoder = Decoder("- {id: v, topic: v/+, device-level: 2, fields: [{path: $.w, metric: w}, {path: $.v, metric: v}]}");

        Assert.Equal(DecodeResult.Decoded, Decode(decoder, "v/1", $$"""{"w":{{written}},"v":230}""").Result);

        Assert.Equal(isTaken ? 2 : 1, Values().Length);
        Assert.Equal((isTaken ? 0 : 1, isTaken ? null : "$.w"), (_message.OutOfRange.Count, _message.OutOfRange.Path));
    }

    [Fact]
    public void What_a_message_says_of_a_channel_in_several_places_comes_together()
    {
        var decoder = Decoder("""
            - id: v
              topic: v/+
              device-level: 2
              fields: [{path: $.u, metric: v, on-every-channel: true}, {path: '$.tops[0]', metric: tc, channel: s2}]
              channels:
                - {each: '$.w[*]', kind: socket, number: position, fields: [{path: '$.w[*]', metric: w}]}
                - {each: '$.list[*]', kind: socket, number: '$.list[*].n', number-offset: 1, fields: [{path: '$.list[*].on', metric: relay}]}
            """);

        Decode(decoder, "v/1", """{"list":[{"on":1,"n":1},{"n":0,"on":"off"}],"w":[10,20],"u":230,"tops":[40]}""");

        Assert.Equal(["s2 v=230 relay=1 w=20 tc=40", "s1 v=230 relay=0 w=10"], Told());
    }

    [Fact]
    public void A_value_told_twice_is_the_last_and_null_takes_it_back()
    {
        var decoder = Decoder("- {id: v, topic: v/+, device-level: 2, fields: [{path: $.p, metric: w}, {path: $.t, metric: tc}]}");

        Decode(decoder, "v/1", """{"p":1,"t":5,"p":2,"t":null}""");

        Assert.Equal(["main w=2"], Told());
    }

    [Fact]
    public void A_device_named_by_the_payload_has_a_name_a_registry_can_hold()
    {
        var decoder = Decoder("- {id: v, topic: v, device: $.id, fields: [{path: $.p, metric: w}]}");

        Assert.Equal(DecodeResult.Decoded, Decode(decoder, "v", $$"""{"id":"{{new string('x', 126)}}","p":1}""").Result);
        Assert.Equal(RejectReason.BadId, Decode(decoder, "v", $$"""{"id":"{{new string('x', 127)}}","p":1}""").Reason);
        Assert.Equal(RejectReason.BadId, Decode(decoder, "v", $$"""{"id":"{{new string('x', 60_000)}}","p":1}""").Reason);
        Assert.Equal(RejectReason.BadId, Decode(decoder, "v", """{"id":"","p":1}""").Reason);
        Assert.Equal(RejectReason.BadId, Decode(decoder, "v", """{"id":"a#","p":1}""").Reason);
        Assert.Equal(RejectReason.BadId, Decode(decoder, "v", """{"id":"a\u0001","p":1}""").Reason);
        Assert.Equal(RejectReason.BadField, Decode(decoder, "v", """{"id":{"a":1},"p":1}""").Reason);
        Assert.Equal(1, _devices.Count);
    }

    [Theory]
    [InlineData("0", true)]
    [InlineData("31", true)]
    [InlineData("\"31\"", true)]
    [InlineData("31.5", false)]
    [InlineData("-1", false)]
    [InlineData("105", false)]
    [InlineData("1e9", false)]
    public void A_value_outside_the_range_of_its_mapping_is_set_aside_named_and_counted_and_the_rest_holds(string written, bool isTrue)
    {
        var decoder = Decoder("- {id: v, topic: v/+, device-level: 2, fields: [{path: $.csq, metric: rssi, scale: 2, offset: -113, range: [0, 31]}, {path: $.p, metric: w}]}");

        Assert.Equal(DecodeResult.Decoded, Decode(decoder, "v/1", $$"""{"csq":{{written}},"p":7}""").Result);

        Assert.Equal(isTrue ? 2 : 1, Values().Length);
        Assert.Equal((isTrue ? 0 : 1, isTrue ? null : "$.csq"), (_message.OutOfRange.Count, _message.OutOfRange.Path));
        Decode(decoder, "v/1", """{"csq":1,"p":7}""");
        Assert.Equal(0, _message.OutOfRange.Count);
    }

    [Fact]
    public void A_true_value_that_is_told_again_out_of_range_was_not_measured()
    {
        var decoder = Decoder("- {id: v, topic: v/+, device-level: 2, fields: [{path: $.csq, metric: rssi, range: [0, 31]}, {path: $.p, metric: w}]}");

        Decode(decoder, "v/1", """{"csq":5,"p":1,"csq":99}""");

        Assert.Equal(["main w=1"], Told());
    }

    [Fact]
    public void No_number_of_a_signal_that_is_none_becomes_a_strong_signal()
    {
        var decoder = new MessageDecoder(_devices);
        decoder.Use(ShippedMappings.All);
        for (var signal = 0; signal <= 255; signal++)
        {
            Decode(decoder, "JUY/D2S/867924060525709/82/DEV", $$"""{"signal":{{signal}},"temp":34,"state":[0]}""");

            var rssi = Values().Where(value => value.Metric == Metric.Rssi).Select(value => value.Value).ToArray();
            Assert.Equal(signal <= 32 ? [(2 * signal) - 113] : [], rssi);
            Assert.Equal(signal is <= 32 or (>= 99 and <= 104) ? 0 : 1, _message.OutOfRange.Count);
        }
    }

    [Fact]
    public void Fields_nobody_asked_for_are_counted()
    {
        var decoder = Decoder("- {id: v, topic: v/+, device-level: 2, fields: [{path: $.a.p, metric: w}]}");

        Decode(decoder, "v/1", """{"x":1,"y":{"z":[1,2]},"a":{"p":5,"q":6}}""");

        Assert.Equal(3, _message.UnknownFields);
    }

    /// <summary>Made inside the test: the runner keeps what it is given.</summary>
    private static string Hostile(string what) => what switch
    {
        "deep nesting" => new string('[', 20_000),
        "deep nesting of an unknown field" => """{"p":1,"x":""" + new string('[', 20_000) + new string(']', 20_000) + "}",
        "a megabyte of text" => $$"""{"p":"{{new string('x', 1 << 20)}}"}""",
        "60 KB of text" => $$"""{"p":"{{new string('x', 60_000)}}"}""",
        "60 KB of name" => $$"""{"{{new string('x', 60_000)}}":1}""",
        "a huge number" => $$"""{"p":{{new string('9', 60_000)}}}""",
        "a tiny number" => $$"""{"p":0.{{new string('0', 60_000)}}1}""",
        "many doubled keys" => "{" + string.Join(',', Enumerable.Repeat("\"p\":1", 9_000)) + "}",
        "many ports" => """{"ports":[""" + string.Join(',', Enumerable.Repeat("""{"n":1,"p":1}""", 4_600)) + "]}",
        "many numbers" => """{"w":[""" + string.Join(',', Enumerable.Repeat("1", 30_000)) + "]}",
        "truncated" => """{"ports":[{"n":1,"p":""",
        "two values" => """{"p":1} {"p":2}""",
        "nothing" => " ",
        "half a character" => """{"p":"\ud800"}""",
        _ => throw new ArgumentOutOfRangeException(nameof(what)),
    };

    [Theory]
    [InlineData("deep nesting")]
    [InlineData("deep nesting of an unknown field")]
    [InlineData("a megabyte of text")]
    [InlineData("60 KB of text")]
    [InlineData("60 KB of name")]
    [InlineData("a huge number")]
    [InlineData("a tiny number")]
    [InlineData("many doubled keys")]
    [InlineData("many ports")]
    [InlineData("many numbers")]
    [InlineData("truncated")]
    [InlineData("two values")]
    [InlineData("nothing")]
    [InlineData("half a character")]
    public void A_hostile_payload_gets_an_answer_soon_and_never_an_exception(string what)
    {
        var decoder = Decoder("""
            - id: v
              topic: v/+
              device-level: 2
              fields: [{path: $.p, metric: w}]
              channels:
                - {each: '$.ports[*]', kind: socket, number: '$.ports[*].n', fields: [{path: '$.ports[*].p', metric: w}]}
                - {each: '$.w[*]', kind: slot, number: position, fields: [{path: '$.w[*]', metric: w}]}
            """);
        var bytes = Encoding.UTF8.GetBytes(Hostile(what));

        foreach (var topic in new[] { "v/1", "tb/d/v1/devices/me/telemetry", "v1/gateway/telemetry", "v1/gateway/connect" })
        {
            var began = WakingTime.Clock.GetTimestamp();
            var outcome = decoder.Decode(Encoding.UTF8.GetBytes(topic), bytes, false, Received, _message);

            Assert.True(WakingTime.Clock.GetElapsedTime(began) < TimeSpan.FromSeconds(2), what);
            Assert.Equal(outcome.Result == DecodeResult.Rejected, outcome.Detail is not null);
            Assert.True((outcome.Detail?.Length ?? 0) < 300, outcome.Detail);
        }
    }

    [Fact]
    public void Broken_utf8_is_refused()
    {
        var decoder = Decoder("- {id: v, topic: v/+, device-level: 2, fields: [{path: $.p, metric: w}]}");

        Assert.Equal(RejectReason.BadUtf8, decoder.Decode("v/1"u8, [(byte)'{', (byte)'"', 0xC3, (byte)'"', (byte)':', (byte)'1', (byte)'}'], false, Received, _message).Reason);
    }

    [Fact]
    public void Sixty_thousand_damaged_messages_of_vendors_are_answered_and_none_throws()
    {
        var random = new Random(20261121);
        var decoder = new MessageDecoder(_devices);
        decoder.Use(ShippedMappings.All);
        var cases = SourceTree.Files("tests/FacilityMonitor.Tests/Payloads/mapped", "*.payload").Concat(SourceTree.Files("tests/FacilityMonitor.Tests/Payloads/thingsboard", "*.payload"))
            .Select(path => (Topic: Encoding.UTF8.GetBytes(File.ReadAllText(path[..^".payload".Length] + ".topic").Trim()), Payload: File.ReadAllBytes(path))).ToArray();
        string[] grafts = ["\\ud800", "\\", "1e999", "-1e-999", "79228162514264337593543950335", "[[[[[[[[[[[[[[[[[", "{\"", "null", "\"\\u0077\"", "\0", "\"ts\":", "\"values\":{", ",", "]", "}"];
        var results = new int[3];
        for (var round = 0; round < 60_000; round++)
        {
            var (topic, original) = cases[random.Next(cases.Length)];
            var payload = original;
            for (var damage = random.Next(1, 5); damage > 0 && payload.Length > 0; damage--)
            {
                var at = random.Next(payload.Length);
                payload = random.Next(5) switch
                {
                    0 => [.. payload[..at], .. payload[(at + 1)..]],
                    1 => [.. payload[..at], (byte)random.Next(256), .. payload[at..]],
                    2 => payload[..at],
                    3 => [.. payload[..at], .. Encoding.UTF8.GetBytes(grafts[random.Next(grafts.Length)]), .. payload[at..]],
                    _ => [.. payload[..at], (byte)random.Next(32, 127), .. payload[(at + 1)..]],
                };
            }

            var outcome = decoder.Decode(topic, payload, random.Next(10) == 0, Received, _message);
            results[(int)outcome.Result]++;
            Assert.Equal(outcome.Result == DecodeResult.Rejected, outcome.Detail is not null);
            do
            {
                foreach (ref var reading in _message.Readings.Readings)
                {
                    foreach (ref readonly var value in _message.Readings.ValuesOf(reading))
                        Assert.True(double.IsFinite(value.Value));
                }
            }
            while (decoder.TryNext(_message));
        }

        Assert.All(results, count => Assert.True(count > 500));
    }

    [Theory]
    [InlineData("mapped/ansheng-status")]
    [InlineData("mapped/juy-ports-in-use")]
    [InlineData("mapped/x10p-report")]
    [InlineData("thingsboard/gateway-two-devices")]
    [InlineData("thingsboard/device-timed")]
    public void Reading_a_vendors_message_allocates_nothing(string name)
    {
        var path = Path.Combine(SourceTree.Root, "tests/FacilityMonitor.Tests/Payloads", name);
        var topic = Encoding.UTF8.GetBytes(File.ReadAllText(path + ".topic").Trim());
        var payload = File.ReadAllBytes(path + ".payload");
        var decoder = new MessageDecoder(_devices);
        decoder.Use(ShippedMappings.All);
        for (var round = 0; round < 200; round++)
            Read();

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 1_000; round++)
            Read();

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Read()
        {
            decoder.Decode(topic, payload, false, Received, _message);
            while (decoder.TryNext(_message))
            {
            }
        }
    }

    private MessageDecoder Decoder(params string[] mappings)
    {
        using var folder = new TemporaryFolder();
        var yaml = "sites: []\nmappings:\n" + string.Concat(mappings.Select(mapping => string.Concat(mapping.Split('\n').Select(line => "  " + line + "\n"))));
        File.WriteAllText(Path.Combine(folder.Path, "facility.yaml"), yaml);
        var loaded = FacilityLoader.Load(folder.Path);
        Assert.Empty(loaded.Errors);
        var decoder = new MessageDecoder(_devices);
        decoder.Use(new JsonMappings(loaded.Facility!.Mappings));
        return decoder;
    }

    private DecodeOutcome Decode(MessageDecoder decoder, string topic, string payload) =>
        decoder.Decode(Encoding.UTF8.GetBytes(topic), Encoding.UTF8.GetBytes(payload), false, Received, _message);

    private MetricValue[] Values() => _message.Readings.ValuesOf(_message.Readings.Readings[0]).ToArray();

    private string[] Told()
    {
        var told = new List<string>();
        foreach (ref var reading in _message.Readings.Readings)
            told.Add($"{reading.Channel} {string.Join(' ', _message.Readings.ValuesOf(reading).ToArray().Select(value => FormattableString.Invariant($"{value.Metric.Key()}={value.Value}")))}");
        return [.. told];
    }
}

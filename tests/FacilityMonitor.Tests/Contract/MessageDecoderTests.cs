using System.Text;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Tests.Conventions;

namespace FacilityMonitor.Tests.Contract;

public sealed class MessageDecoderTests
{
    private const long Received = 1_767_225_605_000;

    /// <summary>What random bytes hardly ever make, and firmware does.</summary>
    private static readonly byte[][] Grafts = [.. new[] { "\\ud800", "\\", "1e999", "-1e-999", "[[[[[[[[[[[[[[[[[", "{\"", "null", "9007199254740993", "\"\\u0077\"", "\0" }.Select(Encoding.UTF8.GetBytes)];

    private readonly MessageDecoder _decoder = new(new DeviceTable());
    private readonly DeviceMessage _message = new();

    [Fact]
    public void A_rejected_message_still_tells_its_number_so_that_the_books_stay_right()
    {
        var outcome = Decode("fm/1/a/b/data", """{"v":1,"boot":"x1","seq":9,"ts":1767225600000,"clk":"ntp","r":[{"ch":"nowhere"}]}""");

        Assert.Equal(RejectReason.BadField, outcome.Reason);
        Assert.True(_message.HasEnvelope);
        Assert.Equal(9, _message.Envelope.Seq);
        Assert.Equal("a/b", _message.Device!.Id.ToString());
        Assert.Equal(0, _message.Readings.Count);
    }

    [Theory]
    [InlineData("""{"r":[{"ch":"s1","w":"x"}],"clk":"ntp","ts":1767225600000,"boot":"x1","seq":9,"v":1}""", RejectReason.BadField)]
    [InlineData("""{"r":[{"w":1}],"boot":"x1","seq":9,"ts":1767225600000,"clk":"ntp","v":1}""", RejectReason.MissingField)]
    [InlineData("""{"r":{"s1":[[1]]},"boot":"x1","seq":9,"ts":1767225600000,"clk":"ntp","v":1}""", RejectReason.BadField)]
    [InlineData("""{"v":1,"ts":"yesterday","boot":"x1","seq":9,"clk":"ntp","r":[]}""", RejectReason.BadField)]
    [InlineData("""{"v":1,"boot":"x1","seq":9,"ts":1767225600000,"clk":"ntp","r":[{"ch":"s1","w":13""", RejectReason.BadJson)]
    [InlineData("""{"v":2,"boot":"x1","seq":9,"ts":"2026-01-01","clk":"gps","r":"none"}""", RejectReason.UnsupportedVersion)]
    public void The_number_is_found_wherever_it_stands_and_whatever_is_wrong(string payload, RejectReason reason)
    {
        var outcome = Decode("fm/1/a/b/data", payload);

        Assert.Equal(reason, outcome.Reason);
        Assert.True(_message.HasEnvelope);
        Assert.Equal(("x1", 9), (_message.Envelope.Boot.ToString(), _message.Envelope.Seq));
        Assert.Equal(0, _message.Readings.Count);
    }

    [Fact]
    public void A_message_that_is_nothing_has_not_the_number_of_the_one_before()
    {
        Decode("fm/1/a/b/data", """{"v":1,"boot":"x1","seq":9,"ts":1767225600000,"clk":"ntp","r":[]}""");

        var outcome = Decode("fm/1/a/b/data", "nothing");

        Assert.Equal(RejectReason.BadJson, outcome.Reason);
        Assert.False(_message.HasEnvelope);
    }

    [Theory]
    [InlineData("fm/1/a/b/ack", """{"id":"\ud800","result":"done"}""")]
    [InlineData("fm/1/a/b/event", """{"v":1,"boot":"x1","seq":9,"ts":1767225600000,"clk":"ntp","r":[{"ev":"call","session":"a\udc00b"}]}""")]
    [InlineData("fm/1/a/b/data", """{"v":1,"boot":"x1","seq":9,"ts":1767225600000,"clk":"ntp","\ud83d":1,"r":[]}""")]
    [InlineData("tele/p/SENSOR", """{"Time":"\ud83d\ud83d","ENERGY":{"Power":1}}""")]
    [InlineData("s/events/rpc", """{"method":"\uDFFF"}""")]
    [InlineData("zigbee2mqtt/p", """{"state":"\ud800x"}""")]
    public void Half_a_character_is_refused_and_stops_nobody(string topic, string payload)
    {
        Assert.Equal(RejectReason.BadUtf8, Decode(topic, payload).Reason);
    }

    [Theory]
    [InlineData("""\ud83d\udd0c""", "🔌")]
    [InlineData("""\u5145\u7535""", "充电")]
    [InlineData("""a\\ud800""", """a\ud800""")]
    public void A_state_may_be_written_with_escapes(string written, string state)
    {
        var outcome = Decode("fm/1/a/b/data", $$"""{"v":1,"boot":"x1","seq":9,"ts":1767225600000,"clk":"ntp","r":[{"ch":"s1","st":"{{written}}"}]}""");

        Assert.Null(outcome.Detail);
        Assert.Equal(state, _message.Readings.Readings[0].State);
    }

    [Theory]
    [InlineData(ReadingBuffer.StateLengthMax, DecodeResult.Decoded)]
    [InlineData(ReadingBuffer.StateLengthMax + 1, DecodeResult.Rejected)]
    public void A_state_has_32_bytes_and_no_more(int length, DecodeResult expected)
    {
        var outcome = Decode("fm/1/a/b/data", $$"""{"v":1,"boot":"x1","seq":9,"ts":1767225600000,"clk":"ntp","r":[{"ch":"s1","st":"{{new string('x', length)}}"}]}""");

        Assert.Equal(expected, outcome.Result);
    }

    [Fact]
    public void A_value_taken_back_by_null_was_not_measured()
    {
        Decode("fm/1/a/b/data", """{"v":1,"boot":"x1","seq":9,"ts":1767225600000,"clk":"ntp","r":[{"ch":"s1","w":5,"v":230,"w":null}]}""");

        ref var reading = ref _message.Readings.Readings[0];
        Assert.Equal([new MetricValue(Metric.V, 230)], _message.Readings.ValuesOf(reading).ToArray());
    }

    [Theory]
    [InlineData(60_000, Quality.Good)]
    [InlineData(60_001, Quality.Clock)]
    public void A_sample_cannot_lie_in_the_future_by_its_offset_either(long offsetMs, Quality expected)
    {
        Decode("fm/1/a/b/hist", $$"""{"v":1,"boot":"x1","seq":9,"ts":{{Received}},"clk":"ntp","r":[{"dt":{{offsetMs}},"ch":"s1","w":5}]}""");

        ref var reading = ref _message.Readings.Readings[0];
        Assert.Equal(expected, reading.Quality);
        Assert.Equal(expected == Quality.Good ? Received + offsetMs : Received, reading.AtMs);
        Assert.Equal(Received + offsetMs, reading.DeviceMs);
    }

    [Fact]
    public void The_alarm_of_a_device_whose_clock_is_wrong_is_placed_when_it_came()
    {
        Decode("fm/1/a/b/event", $$"""{"v":1,"boot":"x1","seq":9,"ts":{{Received + 3_600_000}},"clk":"rtc","r":[{"ch":"main","ev":"smoke","on":true}]}""");

        var fact = Assert.Single(_message.Events);
        Assert.Equal((Received, Received + 3_600_000, Quality.Clock), (fact.AtMs, fact.DeviceMs, fact.Quality));
    }

    [Fact]
    public void Readings_that_come_retained_are_old_ones()
    {
        var outcome = Decode("fm/1/a/b/data", """{"v":1,"boot":"x1","seq":9,"ts":1767225600000,"clk":"ntp","r":[]}""", retained: true);

        Assert.Equal(RejectReason.RetainedData, outcome.Reason);
    }

    [Fact]
    public void A_retained_value_of_last_week_keeps_its_week()
    {
        Decode("tele/plug/SENSOR", """{"Time":"2025-12-25T08:00:00","ENERGY":{"Power":5000}}""", retained: true);

        ref var reading = ref _message.Readings.Readings[0];
        Assert.Equal(Quality.Stale, reading.Quality);
        Assert.Equal(new DateTimeOffset(2025, 12, 25, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds(), reading.AtMs);
    }

    [Theory]
    [InlineData(24 * 3_600, Quality.Good)]
    [InlineData((24 * 3_600) + 1, Quality.Stale)]
    public void What_zigbee2mqtt_remembers_of_yesterday_is_not_told_as_new(int agoS, Quality expected)
    {
        Decode("zigbee2mqtt/p", $$"""{"power":5,"last_seen":{{Received - (agoS * 1_000L)}}}""");

        ref var reading = ref _message.Readings.Readings[0];
        Assert.Equal((expected, Received - (agoS * 1_000L)), (reading.Quality, reading.AtMs));
    }

    [Fact]
    public void The_first_of_several_sockets_stays_the_first_when_it_speaks_alone()
    {
        const string Alone = """{"method":"NotifyStatus","params":{"ts":1767225601,"switch:0":{"apower":60}}}""";
        Decode("shellypro2pm-1/events/rpc", Alone);
        Assert.Equal(ChannelId.Main, _message.Readings.Readings[0].Channel);

        Decode("shellypro2pm-1/status/switch:1", """{"id":1,"output":true}""");
        Decode("shellypro2pm-1/events/rpc", Alone);

        Assert.Equal(ChannelId.Socket(1), _message.Readings.Readings[0].Channel);
        Decode("shellyplusplugs-1/events/rpc", Alone);
        Assert.Equal(ChannelId.Main, _message.Readings.Readings[0].Channel);
    }

    [Theory]
    [InlineData(128, DecodeResult.Decoded)]
    [InlineData(129, DecodeResult.Rejected)]
    public void A_foreign_name_has_128_bytes_and_no_more(int length, DecodeResult expected)
    {
        Assert.Equal(expected, Decode("zigbee2mqtt/" + new string('x', length), """{"power":5}""").Result);
    }

    [Theory]
    [InlineData("柜台 3 号", true)]
    [InlineData("Küche-1 (a)", true)]
    [InlineData("🔌", true)]
    [InlineData("a\u007fb", false)]
    [InlineData("a\u0085b", false)]
    [InlineData("a\u009b2J", false)]
    [InlineData("a\u2028b", false)]
    [InlineData("a\u2029b", false)]
    [InlineData("a\u202eb", false)]
    [InlineData("a\u2066b", false)]
    [InlineData("a\u200eb", false)]
    [InlineData("a\u061cb", false)]
    // Copied from a chat.
    [InlineData("a\u200bb", true)]
    [InlineData("\ufeffa", true)]
    public void A_foreign_name_shows_as_what_it_is(string name, bool isTaken)
    {
        (string Topic, string Payload)[] messages =
        [
            ($"zigbee2mqtt/{name}", """{"power":60}"""),
            ("v1/gateway/telemetry", $$$"""{"{{{name}}}":[{"ts":{{{Received}}},"values":{"power":60}}]}"""),
            ("v1/gateway/connect", $$"""{"device":"{{name}}"}"""),
        ];
        foreach (var (topic, payload) in messages)
        {
            var outcome = Decode(topic, payload);

            Assert.Equal(isTaken ? DecodeResult.Decoded : DecodeResult.Rejected, outcome.Result);
            if (!isTaken)
                Assert.Equal(RejectReason.BadId, outcome.Reason);
        }
    }

    [Fact]
    public void A_list_of_many_hundred_instants_is_merged_where_it_says_one_twice()
    {
        var list = string.Join(',', Enumerable.Range(0, 1_600).Select(at => $$$"""{"ts":{{{Received - 9_999 + at}}},"values":{"w":1}}""").Append($$$"""{"ts":{{{Received - 9_999}}},"values":{"v":230,"w":2}}"""));
        var payload = Encoding.UTF8.GetBytes($"[{list}]");
        var topic = "tb/x/v1/devices/me/telemetry"u8;
        _decoder.Decode(topic, payload, retained: false, Received, _message);
        Assert.Equal(1_600, _message.Readings.Count);
        Assert.Equal([new MetricValue(Metric.W, 1), new MetricValue(Metric.V, 230)], _message.Readings.ValuesOf(_message.Readings.Readings[0]).ToArray());
    }

    [Fact]
    public void A_list_of_many_instants_that_says_nothing_twice_allocates_nothing()
    {
        var payload = Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Range(0, 500).Select(at => $$$"""{"ts":{{{Received - 9_999 + at}}},"values":{"w":1}}"""))}]");
        var topic = "tb/x/v1/devices/me/telemetry"u8.ToArray();
        var least = long.MaxValue;
        for (var round = 0; round < 10; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var attempt = 0; attempt < 50; attempt++)
                _decoder.Decode(topic, payload, retained: false, Received, _message);
            // Where better code of a method arrives in a round, the runtime allocates tables of its own on whatever thread calls it: of that one round, and not of ten.
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
        Assert.Equal(500, _message.Readings.Count);
    }

    [Fact]
    public void A_retained_foreign_value_is_stale()
    {
        Decode("tele/plug/SENSOR", """{"ENERGY":{"Power":5}}""", retained: true);

        Assert.Equal(Quality.Stale, _message.Readings.Readings[0].Quality);
    }

    [Theory]
    [InlineData(0, DecodeResult.Decoded)]
    [InlineData(1, DecodeResult.Rejected)]
    public void A_payload_may_have_16_KiB_and_no_more(int beyond, DecodeResult expected)
    {
        const string Body = """{"v":1,"boot":"x1","seq":9,"ts":1767225600000,"clk":"ntp","r":[]}""";

        var outcome = Decode("fm/1/a/b/data", Body + new string(' ', (16 * 1024) - Body.Length + beyond));

        Assert.Equal(expected, outcome.Result);
    }

    [Theory]
    [InlineData(60_000, Quality.Good)]
    [InlineData(60_001, Quality.Clock)]
    public void A_clock_may_run_a_minute_ahead_and_no_more(long aheadMs, Quality expected)
    {
        Decode("fm/1/a/b/data", $$"""{"v":1,"boot":"x1","seq":9,"ts":{{Received + aheadMs}},"clk":"ntp","r":[{"ch":"s1","w":1}]}""");

        ref var reading = ref _message.Readings.Readings[0];
        Assert.Equal(expected, reading.Quality);
        Assert.Equal(Received + aheadMs, reading.DeviceMs);
        Assert.Equal(expected == Quality.Good ? Received + aheadMs : Received, reading.AtMs);
    }

    [Fact]
    public void The_history_of_a_device_without_a_clock_is_placed_by_its_uptime()
    {
        Decode("fm/1/a/b/data", """{"v":1,"boot":"x1","seq":1,"ts":0,"up":3600000,"clk":"none","r":[{"ch":"s1","w":1}]}""");

        Decode("fm/1/a/b/hist", """{"v":1,"boot":"x1","seq":0,"ts":0,"up":600000,"clk":"none","r":[{"dt":-1000,"ch":"s1","w":1}]}""");

        Assert.Equal(Received - 3_000_000 - 1_000, _message.Readings.Readings[0].AtMs);
    }

    [Fact]
    public void Deltas_laid_over_each_other_give_the_full_status()
    {
        var latest = new Dictionary<(ChannelId, Metric), double>();
        Lay("""{"method":"NotifyFullStatus","params":{"ts":1767225600,"switch:0":{"output":true,"apower":10,"voltage":230,"current":0.05},"switch:1":{"output":false,"apower":0}}}""");
        Lay("""{"method":"NotifyStatus","params":{"ts":1767225601,"switch:0":{"apower":60,"current":0.3}}}""");
        Lay("""{"method":"NotifyStatus","params":{"ts":1767225601,"switch:1":{"output":true}}}""");
        var merged = new Dictionary<(ChannelId, Metric), double>(latest);
        latest.Clear();
        Lay("""{"method":"NotifyFullStatus","params":{"ts":1767225601,"switch:0":{"output":true,"apower":60,"voltage":230,"current":0.3},"switch:1":{"output":true,"apower":0}}}""");

        Assert.Equal(latest, merged);

        void Lay(string payload)
        {
            Decode("shellypro2pm/events/rpc", payload);
            foreach (ref var reading in _message.Readings.Readings)
            {
                foreach (ref readonly var value in _message.Readings.ValuesOf(reading))
                    latest[(reading.Channel, value.Metric)] = value.Value;
            }
        }
    }

    [Theory]
    [InlineData("1577836800000", "ntp", "0", "0", false)]
    [InlineData("1577836800000", "ntp", "0", "-1", true)]
    [InlineData("1577836800000", "ntp", "0", "-31622400000", true)]
    // By the uptime it told before, this boot began 285,000 years ago.
    [InlineData("0", "none", "5", "0", true)]
    public void What_was_kept_cannot_be_older_than_any_device(string ts, string clock, string up, string offset, bool isCorrected)
    {
        Decode("fm/1/a/b/data", """{"v":1,"boot":"x1","seq":0,"ts":0,"clk":"none","up":9007199254740992,"r":[{"ch":"s1","w":1}]}""");
        Decode("fm/1/a/b/hist", $$"""{"v":1,"boot":"x1","seq":1,"ts":{{ts}},"clk":"{{clock}}","up":{{up}},"r":[{"dt":{{offset}},"ch":"s1","w":1}]}""");

        var reading = Assert.Single(_message.Readings.Readings.ToArray());
        Assert.Equal(isCorrected ? (Received, Quality.Clock) : (ClockCorrection.EarliestMs, Quality.Good), (reading.AtMs, reading.Quality));
    }

    [Fact]
    public void Reading_a_message_allocates_nothing()
    {
        var topic = "fm/1/huaihai/pile-01/data"u8.ToArray();
        var payload = File.ReadAllBytes(Path.Combine(SourceTree.Root, "tests/FacilityMonitor.Tests/Payloads/fm1/two-sockets.payload"));
        for (var round = 0; round < 100; round++)
            _decoder.Decode(topic, payload, false, Received, _message);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 1_000; round++)
            _decoder.Decode(topic, payload, false, Received, _message);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Twenty_thousand_damaged_messages_are_answered_and_none_throws()
    {
        var random = new Random(20261120);
        var cases = SourceTree.Files("tests/FacilityMonitor.Tests/Payloads", "*.payload")
            .Select(path => (Topic: Encoding.UTF8.GetBytes(File.ReadAllText(path[..^".payload".Length] + ".topic").Trim()), Payload: File.ReadAllBytes(path))).ToArray();
        var results = new int[3];
        for (var round = 0; round < 20_000; round++)
        {
            var (topic, original) = cases[random.Next(cases.Length)];
            var payload = original.ToArray();
            for (var damage = random.Next(1, 6); damage > 0 && payload.Length > 0; damage--)
            {
                var at = random.Next(payload.Length);
                payload = random.Next(5) switch
                {
                    4 => [.. payload[..at], .. Grafts[random.Next(Grafts.Length)], .. payload[at..]],
                    0 => [.. payload[..at], .. payload[(at + 1)..]],
                    1 => [.. payload[..at], (byte)random.Next(256), .. payload[at..]],
                    2 => payload[..at],
                    _ => [.. payload[..at], (byte)random.Next(256), .. payload[(at + 1)..]],
                };
            }

            var outcome = _decoder.Decode(topic, payload, random.Next(10) == 0, Received, _message);

            results[(int)outcome.Result]++;
            Assert.Equal(outcome.Result == DecodeResult.Rejected, outcome.Detail is not null);
            foreach (ref var reading in _message.Readings.Readings)
            {
                foreach (ref readonly var value in _message.Readings.ValuesOf(reading))
                    Assert.True(double.IsFinite(value.Value));
            }
        }

        Assert.All(results, count => Assert.True(count > 100));
    }

    private DecodeOutcome Decode(string topic, string payload, bool retained = false) =>
        _decoder.Decode(Encoding.UTF8.GetBytes(topic), Encoding.UTF8.GetBytes(payload), retained, Received, _message);
}

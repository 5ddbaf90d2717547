using System.Text;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Tests.Conventions;

namespace FacilityMonitor.Tests.Contract;

public sealed class MessageDecoderTests
{
    private const long Received = 1_767_225_605_000;

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

    [Fact]
    public void Readings_that_come_retained_are_old_ones()
    {
        var outcome = Decode("fm/1/a/b/data", """{"v":1,"boot":"x1","seq":9,"ts":1767225600000,"clk":"ntp","r":[]}""", retained: true);

        Assert.Equal(RejectReason.RetainedData, outcome.Reason);
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
        Lay("""{"method":"NotifyStatus","params":{"ts":1767225601,"switch:0":{"apower":60,"current":0.3},"switch:1":{"output":true}}}""");
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
                payload = random.Next(4) switch
                {
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

using System.Text;
using System.Text.Json;
using FacilityMonitor.Commands;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Ingest;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Readings;
using FacilityMonitor.Storage;
using FacilityMonitor.Tests.Storage;
using FacilityMonitor.Web;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.Hostile;

/// <summary>A number that no meter can tell stops nobody: it is kept out where it comes in, and what an older version let in does no harm.</summary>
public sealed class ImpossibleNumberTests
{
    private const long AtMs = 1_767_225_600_000;

    private readonly DeviceTable _devices = new();
    private readonly DeviceMessage _message = new();

    private static string[] Impossible => ["1e999", "-1e999", "1e39", "-1e39", "3.5e38", "1.0000001e9", "-1.0000001e9", "79228162514264337593543950335"];

    private static (string Topic, string Payload)[] Shapes =>
    [
        ("tele/x/SENSOR", """{"AM2301":{"Temperature":#,"Humidity":40}}"""),
        ("tele/x/SENSOR", """{"AM2301":{"Temperature":#,"Humidity":40},"TempUnit":"F"}"""),
        ("tele/x/SENSOR", """{"ENERGY":{"Power":#,"Voltage":230}}"""),
        ("tele/x/SENSOR", """{"ENERGY":{"Total":#,"Voltage":230}}"""),
        ("tele/x/SENSOR", """{"ENERGY":{"Power":[#,1],"Voltage":230}}"""),
        ("tele/x/SENSOR", """{"ANALOG":{"CTEnergy1":{"Power":#,"Voltage":230}}}"""),
        ("tele/x/STATE", """{"POWER":"ON","Wifi":{"Signal":#}}"""),
        ("x/events/rpc", """{"method":"NotifyStatus","params":{"switch:0":{"apower":#,"voltage":230}}}"""),
        ("x/status/switch:0", """{"apower":#,"aenergy":{"total":#},"voltage":230}"""),
        ("zigbee2mqtt/x", """{"power":#,"voltage":230}"""),
        ("zigbee2mqtt/x", """{"energy":#,"temperature":#,"voltage":230}"""),
        ("zigbee2mqtt/x/power", "#"),
        ("zigbee2mqtt/x/energy", "#"),
        ("tb/x/v1/devices/me/telemetry", """{"w":#,"v":230}"""),
        ("tb/x/v1/devices/me/telemetry", """{"power_kw":#,"v":230}"""),
        ("v1/gateway/telemetry", """{"x":[{"ts":1767225600000,"values":{"w":#,"v":230}}]}"""),
        ("fm/1/a/x/data", """{"v":1,"boot":"x1","seq":9,"ts":1767225600000,"clk":"ntp","r":[{"ch":"s1","w":#}]}"""),
        ("fm/1/a/x/event", """{"v":1,"boot":"x1","seq":9,"ts":1767225600000,"clk":"ntp","r":[{"ev":"session-stop","wh":#}]}"""),
    ];

    [Fact]
    public void Whatever_a_device_calls_a_number_what_is_read_is_one_that_can_be()
    {
        foreach (var (topic, payload) in Shapes)
        {
            foreach (var number in Impossible)
            {
                var decoder = new MessageDecoder(_devices);
                var outcome = decoder.Decode(Encoding.UTF8.GetBytes(topic), Encoding.UTF8.GetBytes(payload.Replace("#", number, StringComparison.Ordinal)), retained: false, AtMs, _message);
                // A register may stand higher than a power, and one below zero is left out as it always was; in Celsius a number of Fahrenheit is half as large.
                var mayHold = (topic + payload).Contains("energy", StringComparison.Ordinal) || payload.Contains("Total", StringComparison.Ordinal) || payload.Contains("TempUnit", StringComparison.Ordinal);
                Assert.True(
                    outcome.Result == DecodeResult.Rejected ? outcome.Reason == RejectReason.BadField : mayHold || _message.OutOfRange.Count > 0,
                    $"{topic} {payload} {number}: {outcome.Result} {outcome.Detail}");
                foreach (ref readonly var reading in _message.Readings.Readings)
                {
                    Assert.True(reading.ValueCount > 0);
                    foreach (ref readonly var value in _message.Readings.ValuesOf(reading))
                        Assert.True(value.Metric.IsPossible(value.Value), $"{topic} {payload} {number}");
                }

                foreach (var told in _message.Events)
                    Assert.True(told.Wh is null or (>= -1e9 and <= 1e9));
            }
        }
    }

    [Theory]
    [InlineData("tele/x/SENSOR", """{"AM2301":{"Temperature":1e999}}""")]
    [InlineData("zigbee2mqtt/x/power", "1e30")]
    [InlineData("fm/1/a/x/data", """{"v":1,"boot":"x1","seq":9,"ts":1767225600000,"clk":"ntp","r":[{"ch":"s1","w":1e39}]}""")]
    public void A_message_of_nothing_else_is_a_dead_letter_that_names_the_metric(string topic, string payload)
    {
        var books = new IngestBooks();
        var writer = new JournalWriter();
        new IngestPipeline(_devices, books, new DeviceLedger()).Take(Encoding.UTF8.GetBytes(topic), Encoding.UTF8.GetBytes(payload), retained: false, dup: false, AtMs, position: 0, writer);

        Assert.Equal((1, 0), (books.DeadLettered(RejectReason.BadField), books.Journaled));
        Assert.Matches("^(tc|power|w): ", Assert.Single(writer.DeadLetters).Detail);
    }

    [Fact]
    public void Beside_others_it_is_left_out_counted_and_told_of()
    {
        var books = new IngestBooks();
        var pipeline = new IngestPipeline(_devices, books, new DeviceLedger());
        var told = new List<OutOfRange>();
        pipeline.OutOfRange += (_, value) => told.Add(value);

        for (var time = 0; time < 2; time++)
            pipeline.Take("tele/x/SENSOR"u8, """{"AM2301":{"Temperature":1e999,"Humidity":40}}"""u8, retained: false, dup: false, AtMs + time, position: 0, new JournalWriter());

        Assert.Equal((2, 2, 0), (books.Journaled, books.OutOfRange, books.DeadLetteredTotal));
        Assert.Equal(new OutOfRange(1, "tc", double.PositiveInfinity), Assert.Single(told));
    }

    /// <summary>A register of all ones, as boards show what they cannot read, costs its own value only.</summary>
    [Theory]
    [InlineData("fm/1/a/x/data", """{"v":1,"boot":"x1","seq":9,"ts":1767225600000,"clk":"ntp","r":[{"ch":"s1","w":4294967295,"v":230},{"ch":"s2","w":1e999},{"ch":"s3","w":7}]}""", 2, "230 7")]
    [InlineData("fm/1/a/x/data", """{"v":1,"boot":"x1","seq":9,"ts":1767225600000,"clk":"ntp","r":[{"ch":"s1","w":4294967295,"st":"charging"}]}""", 1, "")]
    [InlineData("fm/1/a/x/event", """{"v":1,"boot":"x1","seq":9,"ts":1767225600000,"clk":"ntp","r":[{"ev":"session-stop","ch":"s1","wh":4294967295}]}""", 1, "")]
    [InlineData("tb/x/v1/devices/me/telemetry", """{"power":4294967295,"s1_power_kw":1e308,"voltage":230}""", 2, "230")]
    [InlineData("v1/gateway/telemetry", """{"x":[{"power":4294967295}],"y":[{"voltage":230,"current":-1e999}],"z":[{"power":7}]}""", 2, "230 7")]
    public void Only_the_value_is_left_out_and_counted(string topic, string payload, int leftOut, string kept)
    {
        var books = new IngestBooks();
        var pipeline = new IngestPipeline(_devices, books, new DeviceLedger());
        var decoder = new MessageDecoder(_devices);

        pipeline.Take(Encoding.UTF8.GetBytes(topic), Encoding.UTF8.GetBytes(payload), retained: false, dup: false, AtMs, position: 0, new JournalWriter());
        Assert.Equal(DecodeResult.Decoded, decoder.Decode(Encoding.UTF8.GetBytes(topic), Encoding.UTF8.GetBytes(payload), retained: false, AtMs, _message).Result);
        var values = new List<double>();
        do
        {
            foreach (ref readonly var reading in _message.Readings.Readings)
                values.AddRange(_message.Readings.ValuesOf(reading).ToArray().Select(value => value.Value));
        }
        while (decoder.TryNext(_message));

        Assert.Equal((leftOut, 0), (books.OutOfRange, books.DeadLetteredTotal));
        Assert.Equal(kept, string.Join(' ', values));
    }

    /// <summary>A gateway speaks for many: what is wrong with one of them is set aside with its reason, and the others are taken.</summary>
    [Theory]
    [InlineData(""" "a\u0007b":[{"power":9}] """, "device: a name is text", RejectReason.BadId)]
    [InlineData(""" "":{"power":9} """, "device: a name is text", RejectReason.BadId)]
    [InlineData(""" "bad":[{"power":9},{"ts":"noon","values":{"power":1}}] """, "ts: allowed are", RejectReason.BadField)]
    [InlineData(""" "bad":[{"power":9},[[{"x":1}]]] """, "telemetry: a list of objects", RejectReason.BadField)]
    [InlineData(""" "bad":7 """, "telemetry: allowed are", RejectReason.BadField)]
    public void One_device_that_cannot_be_read_does_not_silence_those_behind_the_same_gateway(string bad, string detail, RejectReason reason)
    {
        var books = new IngestBooks();
        var pipeline = new IngestPipeline(_devices, books, new DeviceLedger());
        var writer = new JournalWriter();

        var payload = $$"""{"first":{"power":1},{{bad}},"last":[{"power":3}]}""";
        var answer = pipeline.Take("v1/gateway/telemetry"u8, Encoding.UTF8.GetBytes(payload), retained: false, dup: false, AtMs, position: 0, writer);

        Assert.Equal((2, 1), (books.Journaled, books.DeadLettered(reason)));
        Assert.Equal(FacilityMonitor.Mqtt.MqttReasonCode.PayloadFormatInvalid, answer);
        Assert.StartsWith(detail, Assert.Single(writer.DeadLetters).Detail, StringComparison.Ordinal);
        Assert.Equal(["first", "last"], _devices.All.Select(device => device.Id.Name).Order());

        pipeline.Take("v1/gateway/telemetry"u8, Encoding.UTF8.GetBytes($$"""{ {{bad}} }"""), retained: false, dup: false, AtMs + 1, position: 0, writer);
        Assert.Equal((2, 2), (books.Journaled, books.DeadLettered(reason)));
    }

    /// <summary>Neither may one of them take what the others need: the depth of the message, or its readings.</summary>
    [Fact]
    public void One_device_that_nests_deep_or_tells_too_much_leaves_the_others_their_room()
    {
        var (deep, much) = ($"{{\"x\":{new string('[', 40)}1{new string(']', 40)}}}", $"[{string.Join(',', Enumerable.Repeat("{\"ts\":1,\"values\":{\"w\":1}}", ReadingBuffer.ReadingsMax + 1))}]");
        var most = "[" + much[(much.IndexOf(',', much.IndexOf('}')) + 1)..];
        foreach (var (bad, faults, journaled) in ((string, int, int)[])[(deep, 0, 2), (most, 0, 3), (much, 1, 2)])
        {
            var books = new IngestBooks();
            var payload = Encoding.UTF8.GetBytes($$"""{"first":{"power":1},"bad":{{bad}},"last":[{"power":3}]}""");
            new IngestPipeline(_devices, books, new DeviceLedger()).Take("v1/gateway/telemetry"u8, payload, retained: false, dup: false, AtMs, position: 0, new JournalWriter());
            Assert.Equal((journaled, faults), (books.Journaled, books.DeadLetteredTotal));
        }
    }

    [Theory]
    [InlineData("w", "1000000000", true)]
    [InlineData("w", "-1000000000", true)]
    [InlineData("w", "1000000001", false)]
    [InlineData("wh", "1000000000000000", true)]
    [InlineData("wh", "1000000000000001", false)]
    public void What_a_value_can_be_ends_where_the_contract_says(string metric, string number, bool isTaken)
    {
        var payload = $$"""{"v":1,"boot":"x1","seq":9,"ts":1767225600000,"clk":"ntp","r":[{"ch":"s1","{{metric}}":{{number}}}]}""";

        var outcome = new MessageDecoder(_devices).Decode("fm/1/a/x/data"u8, Encoding.UTF8.GetBytes(payload), retained: false, AtMs, _message);

        Assert.Equal(isTaken ? DecodeResult.Decoded : DecodeResult.Rejected, outcome.Result);
    }

    [Theory]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NaN)]
    public void The_buffer_takes_none_whoever_brings_it(double value)
    {
        var readings = new ReadingBuffer();
        readings.Add();
        readings.AddValue(Metric.V, 230);
        readings.AddValue(Metric.W, 5);
        readings.AddValue(Metric.W, value);

        Assert.Equal([new MetricValue(Metric.V, 230)], readings.ValuesOf(readings.Readings[0]).ToArray());
        Assert.Equal((1, new MetricValue(Metric.W, value)), (readings.Refused, readings.FirstRefused));
        readings.Clear();
        Assert.Equal(0, readings.Refused);
    }

    [Fact]
    public async Task What_stands_in_a_database_already_is_dropped_when_it_is_read()
    {
        await using var data = new StoreFixture();
        await data.StartAsync();
        var device = data.Devices.Resolve(Dialect.Tasmota, [], "x"u8)!;
        MetricValue[] values = [new(Metric.W, double.NaN), new(Metric.Tc, double.PositiveInfinity), new(Metric.Rh, 40)];
        var row = new BlockRow(ChannelId.Main, AtMs, AtMs, Quality.Good, null, null, 0, 0, 0, 0);
        var block = new ReadingBlock();
        block.Add(row, values);
        var latest = new LatestTable();
        latest.Add(device.Number, row, values);
        var hour = HourlyRollup.HourOf(AtMs);
        var (bodies, figures) = (new ByteBuffer(), new ByteBuffer());
        var body = new BlockCodec().Encode(block, bodies);
        HourFigures.Write(hour, block, figures);
        await data.Database.CommitAsync(CommitPriority.Housekeeping, connection =>
        {
            BlockTable.Insert(connection, new EncodedBlock(device.Number, hour, AtMs, AtMs, 1, body), generation: 1);
            BlockTable.SaveLatest(connection, device.Number, latest.Write(device.Number, new ByteBuffer()));
            BlockTable.SaveFigures(connection, device.Number, hour, figures.Memory);
            BlockTable.Save(connection, [new HourlyRollup(device.Number, ChannelId.Main, hour, 1, double.NegativeInfinity, double.PositiveInfinity, 7, null, null, 0)]);
        });

        using var reader = data.Database.OpenReader();
        var read = Assert.Single(BlockTable.Latest(reader, data.Devices, (_, why) => Assert.Fail(why)));
        Assert.Equal([(Metric.Rh, 40.0)], read.Values.Select(value => (value.Metric, value.Value)));
        var stored = new ReadingBlock();
        BlockCodec.Decode(body.Span, stored);
        Assert.Equal([new MetricValue(Metric.Rh, 40)], stored.ValuesOf(stored.Rows[0]).ToArray());
        var hourly = Assert.Single(BlockTable.Hourly(reader, device.Number, hour, hour));
        Assert.Equal((null, null, 7.0), (hourly.MinW, hourly.MaxW, hourly.MeanW));
        foreach (var (metric, expected) in ((Metric, int)[])[(Metric.Tc, 0), (Metric.W, 0), (Metric.Rh, 1)])
        {
            var found = new List<HourFigure>();
            await foreach (var figure in data.Store.FiguresAsync(device, [ChannelId.Main], metric, hour, hour + 1, CancellationToken.None))
                found.Add(figure);
            Assert.Equal(expected, found.Count);
        }
    }

    [Fact]
    public void One_device_that_cannot_be_written_does_not_take_the_page_from_the_others()
    {
        var demo = Path.Combine(AppContext.BaseDirectory, "demo");
        using var registry = new FacilitySource(demo, FacilityLoader.Load(demo, RunCommand.Rules).Facility!, new ManualTime(), NullLogger<FacilitySource>.Instance);
        var view = new LiveView(registry);
        foreach (var (name, value) in ((string, double)[])[("one", 1), ("bad", double.PositiveInfinity), ("two", 2)])
            view.Load(new LatestReading(_devices.Resolve(Dialect.Tasmota, [], Encoding.UTF8.GetBytes(name))!, ChannelId.Main, AtMs, Quality.Good, null, [new LatestValue(Metric.Tc, value, AtMs)]));
        var leftOut = new List<string>();

        var json = LiveJson.Devices(view, view.All, AtMs, null, (device, _) => leftOut.Add(device.Id.Name));

        Assert.Equal(["bad"], leftOut);
        Assert.Equal(["one", "two"], JsonDocument.Parse(json).RootElement.GetProperty("devices").EnumerateArray().Select(device => device.GetProperty("name").GetString()));
    }

    [Fact]
    public void A_circuit_whose_load_is_no_number_does_not_take_the_page_from_the_others()
    {
        var state = new MonitoringState(1, [], [new("a/one", [double.NaN], 20, 0.5, null), new("a/two", [3], 20, double.PositiveInfinity, null), new("a/three", [3], 20, 0.5, null)], 0);

        Assert.Equal(["a/three"], JsonDocument.Parse(LiveJson.Circuits(state)).RootElement.EnumerateArray().Select(circuit => circuit.GetProperty("path").GetString()));
    }
}

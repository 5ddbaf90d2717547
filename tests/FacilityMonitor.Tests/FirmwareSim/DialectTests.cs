using System.Globalization;
using System.Text;
using System.Text.Json;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FirmwareSim;
using FirmwareSim.Writing;

namespace FacilityMonitor.Tests.FirmwareSim;

/// <summary>What simulated foreign devices say, read by the service's own decoders; and their habits.</summary>
public sealed class DialectTests
{
    private const string Board = "867924060525709";
    private const string MisspeltBoard = "867924060525710";
    private static readonly string[] Gangs = ["l1", "l2"];
    private static readonly Lazy<IReadOnlyList<Line>> Written = new(Write);

    [Theory]
    [InlineData("plug-tasmota", "s1 s2 s3 s4")]
    [InlineData("plug-shelly", "s1 s2 s3 s4")]
    [InlineData("plug-zigbee", "s1 s2")]
    [InlineData("meter-1", "l1 l2 l3")]
    [InlineData("meter-2", "main")]
    [InlineData("meter-3", "main")]
    [InlineData(MisspeltBoard, "s1 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 s12")]
    public void Every_dialect_is_read_with_its_channels_power_and_voltage(string device, string channels)
    {
        var readings = Decoded().Where(reading => reading.Device == device).ToList();
        Assert.Equal(channels.Split(' ').Order(StringComparer.Ordinal), readings.Select(reading => reading.Channel).Where(channel => channel != "main" || channels == "main").Distinct().Order(StringComparer.Ordinal));
        Assert.Contains(readings, reading => reading.Watts > 60);
        Assert.All(readings.Where(reading => !double.IsNaN(reading.Volts)), reading => Assert.InRange(reading.Volts, 205, 240));
    }

    [Fact]
    public void Nothing_they_say_is_refused_but_the_settlements_nobody_asked_for()
    {
        var refused = Decode((_, _) => { });
        Assert.All(refused, topic => Assert.EndsWith("/84/DEV", topic, StringComparison.Ordinal));
        Assert.NotEmpty(refused);
    }

    [Fact]
    public void A_board_reports_used_ports_only_by_numbers_from_1_in_whole_watts_and_hundredths()
    {
        var ports = Of($"JUY/D2S/{Board}/88/DEV").SelectMany(line => line.Payload.GetProperty("ports").EnumerateArray()).ToList();
        Assert.True(ports.Count > 100);
        Assert.All(ports, port => Assert.InRange(port.GetProperty("port").GetInt32(), 1, 12));
        Assert.All(ports, port => Assert.Equal(port.GetProperty("power").GetDouble(), Math.Round(port.GetProperty("power").GetDouble())));
        Assert.All(ports, port => Assert.InRange(port.GetProperty("energy").GetInt32(), 0, 300));
        var states = Of($"JUY/D2S/{Board}/82/DEV").Select(line => line.Payload.GetProperty("state").EnumerateArray().Select(state => state.GetInt32()).ToList()).ToList();
        Assert.All(states, state => Assert.Equal(12, state.Count));
        // Heartbeats tell of idle ports that the port reports leave out.
        Assert.Contains(states, state => state.Contains(0));
        Assert.All(Of($"JUY/D2S/{Board}/88/DEV"), line => Assert.True(line.Payload.GetProperty("ports").GetArrayLength() is > 0 and <= 12));
    }

    [Fact]
    public void A_counter_begins_anew_with_every_order()
    {
        var falls = 0;
        foreach (var board in new[] { Board, MisspeltBoard })
        {
            var last = new Dictionary<int, int>();
            foreach (var port in Of($"JUY/D2S/{board}/88/DEV").SelectMany(line => line.Payload.GetProperty("ports").EnumerateArray()))
            {
                var (number, energy) = (port.GetProperty("port").GetInt32(), port.GetProperty("energy").GetInt32());
                falls += last.TryGetValue(number, out var before) && energy < before ? 1 : 0;
                last[number] = energy;
            }
        }

        Assert.True(falls > 0);
    }

    [Fact]
    public void A_settlement_comes_three_to_eight_times()
    {
        var orders = Written.Value.Where(line => line.Topic.EndsWith("/84/DEV", StringComparison.Ordinal)).GroupBy(line => line.Payload.GetProperty("order").GetString()).ToList();
        var end = Written.Value[^1].AtMs - 90_000;
        Assert.NotEmpty(orders);
        foreach (var order in orders.Where(order => order.First().AtMs < end && !order.First().Topic.Contains(Board, StringComparison.Ordinal)))
        {
            Assert.InRange(order.Count(), 3, 8);
            Assert.Single(order.Select(line => line.Payload.GetRawText()).Distinct());
        }
    }

    [Fact]
    public void A_board_of_misspelt_fields_tells_no_temperature_of_its_ports_and_the_other_does()
    {
        Assert.Contains(Decoded(), reading => reading.Device == Board && reading.Channel != "main" && reading.HasTemperature);
        Assert.DoesNotContain(Decoded(), reading => reading.Device == MisspeltBoard && reading.Channel != "main" && reading.HasTemperature);
    }

    [Fact]
    public void A_Shelly_tells_only_what_changed_and_everything_once_it_is_back()
    {
        var lines = Of("plug-shelly/events/rpc").ToList();
        var parts = lines.Select(line => line.Payload.GetProperty("params").EnumerateObject().Count(part => part.Name.StartsWith("switch:", StringComparison.Ordinal))).ToList();
        Assert.Contains(parts, count => count < 4);
        var full = lines.Where((_, index) => parts[index] == 4).Where(line => line.Payload.GetRawText().Split("\"output\"").Length == 5).ToList();
        Assert.Equal(2, full.Count);
        Assert.Equal(["dHJ1ZQ==", "ZmFsc2U=", "dHJ1ZQ=="], Of("plug-shelly/online").Select(line => line.Base64));
        Assert.DoesNotContain(Of("plug-shelly/online"), line => line.IsRetained);
        Assert.DoesNotContain(lines, line => line.AtMs > full[1].AtMs - 230_000 && line.AtMs < full[1].AtMs - 20_000);
    }

    [Fact]
    public void A_Zigbee_plug_tells_values_of_different_ages_in_one_message()
    {
        var stale = Of("zigbee2mqtt/plug-zigbee").Where(line => line.Payload.TryGetProperty("power_l1", out _)).Count(line => Gangs.Any(gang =>
            line.Payload.GetProperty("power_" + gang).GetDouble() > 30 ^ line.Payload.GetProperty("current_" + gang).GetDouble() > 0.1));
        Assert.True(stale > 0);
        Assert.All(Of("zigbee2mqtt/plug-zigbee"), line => Assert.False(line.Payload.TryGetProperty("time", out _)));
    }

    [Fact]
    public void A_Tasmota_plug_writes_local_time_without_an_offset_and_tells_relays_at_once()
    {
        var report = Of("tele/plug-tasmota/SENSOR").First();
        var utc = DateTimeOffset.FromUnixTimeMilliseconds(report.AtMs);
        var told = DateTime.ParseExact(report.Payload.GetProperty("Time").GetString()!, "yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture);
        Assert.InRange((told - utc.UtcDateTime).TotalSeconds, (8 * 3_600) - 2, 8 * 3_600);
        Assert.Contains(Written.Value, line => line.Topic.StartsWith("stat/plug-tasmota/POWER", StringComparison.Ordinal) && line.Base64 is "T04=" or "T0ZG");
        Assert.True(Of("tele/plug-tasmota/LWT").Single().IsRetained);
    }

    private static IEnumerable<Line> Of(string topic) => Written.Value.Where(line => line.Topic == topic);

    private static List<Seen> Decoded()
    {
        var seen = new List<Seen>();
        Decode((device, message) =>
        {
            foreach (var reading in message.Readings.Readings)
            {
                double Of(Metric metric) => message.Readings.TryGet(reading, metric, out var value) ? value : double.NaN;
                seen.Add(new Seen(device, reading.Channel.ToString(), Of(Metric.W), Of(Metric.V), !double.IsNaN(Of(Metric.Tc))));
            }
        });
        return seen;
    }

    private static List<string> Decode(Action<string, DeviceMessage> take)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "facility"));
        File.Copy(Path.Combine(AppContext.BaseDirectory, "demo", "mappings", "juy.yaml"), Path.Combine(folder.Path, "facility", "juy.yaml"));
        File.WriteAllText(Path.Combine(folder.Path, "facility", "sites.yaml"), "sites:\n  - id: mixed\n    name: {zh: 混合, en: Mixed}\n");
        var loaded = FacilityLoader.Load(folder.Path);
        Assert.Empty(loaded.Errors);
        var decoder = new MessageDecoder(new DeviceTable());
        decoder.Use(new JsonMappings(loaded.Facility!.Mappings));
        var message = new DeviceMessage();
        var refused = new List<string>();
        foreach (var line in Written.Value)
        {
            var payload = line.Base64 is null ? Encoding.UTF8.GetBytes(line.Payload.GetRawText()) : Convert.FromBase64String(line.Base64);
            var outcome = decoder.Decode(Encoding.UTF8.GetBytes(line.Topic), payload, line.IsRetained, line.AtMs, message);
            if (outcome.Result == DecodeResult.Rejected)
                refused.Add(line.Topic);
            else if (outcome.Result == DecodeResult.Decoded && message.Device is { } device)
                take(device.Id.Name.Split('/')[^1], message);
        }

        return refused;
    }

    private static IReadOnlyList<Line> Write()
    {
        var scenario = Scenes.Shipped("dialects");
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        using (var file = new MessageFile(new World(scenario, 1, scenario.StartMs), scenario, 1, text))
            file.Write(scenario.DurationS);
        return [.. text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(written =>
        {
            var root = JsonDocument.Parse(written).RootElement;
            return new Line(
                root.GetProperty("at").GetDateTimeOffset().ToUnixTimeMilliseconds(),
                root.GetProperty("topic").GetString()!,
                root.TryGetProperty("payload", out var payload) ? payload : default,
                root.TryGetProperty("base64", out var base64) ? base64.GetString() : null,
                root.TryGetProperty("retain", out _));
        })];
    }

    private sealed record Line(long AtMs, string Topic, JsonElement Payload, string? Base64, bool IsRetained);

    private sealed record Seen(string Device, string Channel, double Watts, double Volts, bool HasTemperature);
}

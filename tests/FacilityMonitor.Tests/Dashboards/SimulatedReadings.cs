using FacilityMonitor.Alerts;
using FacilityMonitor.Commands;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Influx;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FirmwareSim.Commands;

namespace FacilityMonitor.Tests.Dashboards;

/// <summary>Half an hour of the simulated neighbourhood, decoded by our decoder and written to InfluxDB by our writer, with some alerts.</summary>
internal static class SimulatedReadings
{
    /// <summary>23:45 to 00:15 of Shanghai time: an hour and a day end in between, so that energy per hour and per day has something to tell.</summary>
    private const string From = "2026-11-20T15:45:00Z";

    private const int LinesAtOnce = 20_000;

    /// <summary>The moment at which the dashboards are looked at: when the simulation ends.</summary>
    public static DateTimeOffset Now { get; } = new(2026, 11, 20, 16, 15, 0, TimeSpan.Zero);

    public static async Task WriteAsync(InfluxClient target)
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "simulated.jsonl");
        Assert.Equal(0, WriteCommand.Run("demo", file, seed: 1, From, "30m", speed: null, devices: null, TextWriter.Null));
        var facility = FacilityLoader.Load(Path.Combine(AppContext.BaseDirectory, "demo")).Facility!;
        var index = new FacilityIndex(facility);
        var decoder = new MessageDecoder(new DeviceTable());
        decoder.Use(new JsonMappings(facility.Mappings));
        var message = new DeviceMessage();
        var lines = new LineBatch();
        foreach (var text in File.ReadLines(file).Append(Doubtful()))
        {
            Assert.True(MessageLine.TryRead(text, out var read, out _));
            if (decoder.Decode(read.Topic, read.Payload, read.Retain, read.AtMs, message).Result != DecodeResult.Decoded)
                continue;
            do
                Add(lines, index, message);
            while (decoder.TryNext(message));
            if (lines.Count >= LinesAtOnce)
                await SendAsync(target, lines);
        }

        foreach (var step in Alerts())
            AlertChanges.Write(lines, step, change: 0);
        await SendAsync(target, lines);
    }

    /// <summary>A reading that its own device calls bad: no simulated one does.</summary>
    private static string Doubtful()
    {
        var atMs = Now.ToUnixTimeMilliseconds() - 60_000;
        return $$$"""{"at":"{{{Now.AddMinutes(-1):yyyy-MM-ddTHH:mm:ssZ}}}","topic":"fm/1/huaihai/shed-01/data","payload":{"v":1,"boot":"worn","seq":1,"ts":{{{atMs}}},"clk":"ntp","r":[{"ch":"main","tc":21.5,"q":"b"}]}}""";
    }

    private static void Add(LineBatch lines, FacilityIndex index, DeviceMessage message)
    {
        var known = index.Find(message.Device!.Id);
        var head = LineProtocol.Head(known?.Entry.Kind, known?.Site.Id ?? message.Device.Id.Site, known?.Entry.Id ?? message.Device.Id.Name);
        foreach (ref readonly var reading in message.Readings.Readings)
        {
            var nanoseconds = LineProtocol.Nanoseconds(reading.AtMs, message.Distinction, reading.Index);
            LineProtocol.Write(lines.Bytes, head, reading, message.Readings.ValuesOf(reading), nanoseconds);
            lines.Added(message.Device.Number, position: 0, message.ReceivedMs, nanoseconds);
        }
    }

    /// <summary>Of each priority one that is open, one that is over, and one about ourselves, which has no site.</summary>
    private static IEnumerable<AlertTransition> Alerts()
    {
        foreach (var (site, device) in new[] { ("jiugeng", "ground/pile-g1"), ("huaihai", "shed-1/pile-02") })
        {
            yield return Alert("smoke", Priority.P0, Condition.Active, site, $"{site}/{device}");
            yield return Alert("socket-overload", Priority.P1, Condition.Recovering, site, $"{site}/{device}/s7");
            yield return Alert("offline", Priority.P2, Condition.Active, site, $"{site}/{device}");
            yield return Alert("silent", Priority.P2, Condition.Cleared, site, $"{site}/{device}");
        }

        yield return Alert("disk-low", Priority.P1, Condition.Active, null, "facility-monitor");
    }

    private static AlertTransition Alert(string rule, Priority priority, Condition condition, string? site, string asset) => new()
    {
        AlertId = $"{rule}-{site}",
        Rule = rule,
        Priority = priority,
        Condition = condition,
        AtMs = Now.AddMinutes(-2).ToUnixTimeMilliseconds(),
        OnsetMs = Now.AddMinutes(-7).ToUnixTimeMilliseconds(),
        Site = site,
        Asset = asset,
        Text = new LocalText("出事了：请去看", "Something happened: go and look"),
    };

    private static async Task SendAsync(InfluxClient target, LineBatch lines)
    {
        Assert.IsType<WriteAnswer.Written>(await target.WriteAsync(lines.Lines(..), CancellationToken.None));
        lines.Clear();
    }
}

using System.Globalization;
using System.Text.Json;
using FirmwareSim;
using FirmwareSim.Scripting;
using FirmwareSim.Writing;

namespace FacilityMonitor.Tests.FirmwareSim;

/// <summary>A scenario written into memory and read again as anybody else would read the file: from its lines alone.</summary>
internal sealed class Recording
{
    private readonly Dictionary<string, List<Sample>> _channels = [];

    private Recording(Scenario scenario) => Scenario = scenario;

    public Scenario Scenario { get; }

    public List<Message> Messages { get; } = [];

    public List<TruthRow> Truths { get; } = [];

    /// <summary>Every line as it was written, as far as it is JSON.</summary>
    public List<(string Topic, string Payload, long AtMs)> Lines { get; } = [];

    /// <summary>Every channel by <c>site/device/channel</c>, its samples by receipt.</summary>
    public IReadOnlyDictionary<string, List<Sample>> Channels => _channels;

    public static Recording Of(string scenario, ulong seed = 1) => Of(Scenes.Shipped(scenario), seed);

    public static Recording Of(Scenario scenario, ulong seed = 1)
    {
        using var messages = new StringWriter(CultureInfo.InvariantCulture);
        using var truth = new StringWriter(CultureInfo.InvariantCulture);
        using (var file = new MessageFile(new World(scenario, seed, scenario.StartMs), scenario, seed, messages))
        {
            file.Write(scenario.DurationS);
            file.WriteTruth(truth);
        }

        var recording = new Recording(scenario);
        foreach (var line in messages.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries))
            recording.Take(line);
        foreach (var line in truth.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            recording.Truths.Add(new TruthRow(
                At(root, "from"), At(root, "to"), root.GetProperty("rule").GetString()!, root.GetProperty("asset").GetString()!, root.TryGetProperty("may", out _)));
        }

        return recording;
    }

    /// <summary>Messages of one device, of one kind.</summary>
    public IReadOnlyList<Message> Of(string device, string kind) => [.. Messages.Where(message => message.Device == device && message.Kind == kind)];

    /// <summary>The channels of an asset: a socket's own, or all of a device's; a circuit's are those of its meter.</summary>
    public IEnumerable<KeyValuePair<string, List<Sample>>> ChannelsOf(string asset) => _channels.Where(channel => AssetsOf(channel.Key).Contains(asset));

    /// <summary>The registry path of a channel, of its device, and of the circuit it measures.</summary>
    public IEnumerable<string> AssetsOf(string channel)
    {
        var parts = channel.Split('/');
        var site = Scenario.Sites.First(site => site.Id == parts[0]);
        if (site.Circuits.FirstOrDefault(circuit => circuit.Meter == parts[1]) is { } circuit)
            return [$"{parts[0]}/{circuit.Id}", $"{parts[0]}/{parts[1]}"];
        var place = site.Devices.First(device => device.Id == parts[1]).Place;
        var device = place is null ? $"{parts[0]}/{parts[1]}" : $"{parts[0]}/{place}/{parts[1]}";
        return parts[2] == "main" ? [device] : [$"{device}/{parts[2]}", device];
    }

    private static long At(JsonElement root, string name) => root.GetProperty(name).GetDateTimeOffset().ToUnixTimeMilliseconds();

    private void Take(string line)
    {
        using var document = JsonDocument.Parse(line);
        var root = document.RootElement;
        var topic = root.GetProperty("topic").GetString()!.Split('/');
        var atMs = At(root, "at");
        var device = $"{topic[2]}/{topic[3]}";
        if (!root.TryGetProperty("payload", out var payload))
        {
            Messages.Add(new Message(atMs, device, topic[4], null, -1, 0, -1, "", []));
            return;
        }

        Lines.Add((root.GetProperty("topic").GetString()!, payload.GetRawText(), atMs));
        var tsMs = payload.TryGetProperty("ts", out var ts) ? ts.GetInt64() : atMs;
        var events = new List<string>();
        if (payload.TryGetProperty("r", out var elements))
        {
            foreach (var element in elements.EnumerateArray())
            {
                var channel = $"{device}/{element.GetProperty("ch").GetString()}";
                if (element.TryGetProperty("ev", out var fact))
                    events.Add($"{channel} {fact.GetString()}");
                else
                    Add(channel, atMs, tsMs, topic[4] == "hist", element);
            }
        }

        Messages.Add(new Message(
            atMs, device, topic[4],
            payload.TryGetProperty("boot", out var boot) ? boot.GetString() : null,
            payload.TryGetProperty("seq", out var seq) ? seq.GetInt64() : -1,
            tsMs, payload.TryGetProperty("bd", out var number) ? number.GetInt64() : -1, payload.TryGetProperty("s", out var word) ? word.GetString()! : "", events));
    }

    private void Add(string channel, long atMs, long tsMs, bool isHistory, JsonElement element)
    {
        var values = new Dictionary<string, double>();
        var state = "";
        foreach (var property in element.EnumerateObject())
        {
            switch (property.Value.ValueKind)
            {
                case JsonValueKind.Number:
                    values[property.Name] = property.Value.GetDouble();
                    break;
                case JsonValueKind.True or JsonValueKind.False:
                    values[property.Name] = property.Value.GetBoolean() ? 1 : 0;
                    break;
                case JsonValueKind.String when property.Name == "st":
                    state = property.Value.GetString()!;
                    break;
            }
        }

        if (!_channels.TryGetValue(channel, out var samples))
            _channels[channel] = samples = [];
        samples.Add(new Sample(atMs, tsMs, isHistory, state, values));
    }

    internal sealed record TruthRow(long FromMs, long ToMs, string Rule, string Asset, bool May);

    internal sealed record Message(long AtMs, string Device, string Kind, string? Boot, long Seq, long TsMs, long Number, string Status, IReadOnlyList<string> Events);

    internal sealed record Sample(long AtMs, long TsMs, bool IsHistory, string State, IReadOnlyDictionary<string, double> Values)
    {
        /// <summary>A value; NaN when it is not told.</summary>
        public double this[string key] => Values.TryGetValue(key, out var value) ? value : double.NaN;
    }
}

using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FacilityMonitor.Contract;
using FacilityMonitor.Control;
using FacilityMonitor.Readings;
using FacilityMonitor.Tests.Conventions;

namespace FacilityMonitor.Tests.Contract;

/// <summary><c>asyncapi.yaml</c> says what the code does: every kind, word and field, and no other.</summary>
public sealed class AsyncApiTests
{
    private const long Received = 1_767_225_605_000;

    private static readonly Dictionary<string, object?> Document = JsonSchema.ReadYaml(Path.Combine(SourceTree.Root, "src/FacilityMonitor.Core/Contract/asyncapi.yaml"));

    private static readonly JsonSchema Schemas = new(Document);

    private static readonly Fm1Kind[] Down = [Fm1Kind.Cmd, Fm1Kind.Cfg, Fm1Kind.Acked];

    [Fact]
    public void It_is_an_asyncapi_3_document_whose_every_reference_leads_somewhere()
    {
        Assert.Equal("3.0.0", Document["asyncapi"]);
        Assert.Equal(("fm/1", "1"), ((string)Map(Document, "info")["title"]!, (string)Map(Document, "info")["version"]!));
        Assert.True(References(Document) > 100);
    }

    [Fact]
    public void Every_kind_has_its_channel_and_goes_the_way_the_code_sends_it()
    {
        var kinds = Enum.GetValues<Fm1Kind>().Select(Fm1Topic.Key).ToList();
        var channels = Map(Document, "channels");
        var operations = Map(Document, "operations");

        Assert.Equal(kinds.Append("state").Order(), channels.Keys.Order());
        Assert.Equal(channels.Count, operations.Count);
        foreach (var kind in Enum.GetValues<Fm1Kind>())
        {
            var key = Fm1Topic.Key(kind);
            Assert.Equal(Fm1Topic.Of("{site}", "{device}", kind), Map(channels, key)["address"]);
            var operation = Map(operations, (Down.Contains(kind) ? "send-" : "receive-") + key);
            Assert.Equal(Down.Contains(kind) ? "send" : "receive", operation["action"]);
            Assert.Same(Map(channels, key), Schemas.Resolve(operation["channel"]));
            Assert.Equal(kind is Fm1Kind.Birth or Fm1Kind.Status or Fm1Kind.Cfg or Fm1Kind.Acked, Map(Map(operation, "bindings"), "mqtt")["retain"]);
        }
    }

    [Fact]
    public void Its_words_are_those_of_the_code()
    {
        Assert.Equal(Fm1Words.Events, Words(Schemas.Schema("ev")));
        Assert.Equal([.. Fm1Words.StopReasons, null], Words(Schemas.Schema("reason")));
        Assert.Equal(Fm1Words.Operations, Words(Schemas.Schema("op")));
        Assert.Equal(Fm1Words.ClockSources, Words(Schemas.Schema("clk")));
        Assert.Equal(Fm1Words.Presences, Words(Property("status", "s")));
        Assert.Equal(Fm1Words.CommandResults, Words(Property("ack", "result")));
        Assert.Equal(Enumerable.Range(0, MetricKeys.Count).Select(index => ((Metric)index).Key()), Words(Schemas.Schema("metric")));
    }

    [Fact]
    public void Every_metric_is_a_field_of_the_right_kind()
    {
        foreach (var metric in Enumerable.Range(0, MetricKeys.Count).Select(index => (Metric)index))
        {
            var field = Property("reading", metric.Key());
            Assert.Equal([metric.IsBoolean() ? "boolean" : "number", "null"], (List<object?>)field["type"]!);
            double? largest = metric.IsBoolean() ? null : metric.Largest();
            Assert.Equal((metric.IsCounter() ? 0 : -largest, largest), (Bound("minimum"), Bound("maximum")));

            double? Bound(string key) => field.TryGetValue(key, out var bound) ? Convert.ToDouble(bound, CultureInfo.InvariantCulture) : null;
        }
    }

    [Theory]
    [InlineData("data", "data", """{"v":1,"boot":"x","seq":1,"ts":1767225600000,"clk":"ntp","r":[],KEY}""")]
    [InlineData("reading", "data", """{"v":1,"boot":"x","seq":1,"ts":1767225600000,"clk":"ntp","r":[{"ch":"s1",KEY}]}""")]
    [InlineData("fact", "event", """{"v":1,"boot":"x","seq":1,"ts":1767225600000,"clk":"ntp","r":[{"ev":"call",KEY}]}""")]
    [InlineData("birth", "birth", """{"v":1,"boot":"x","bd":1,"ts":1767225600000,"clk":"ntp","channels":{},KEY}""")]
    [InlineData("birth-channel", "birth", """{"v":1,"boot":"x","bd":1,"ts":1767225600000,"clk":"ntp","channels":{"s1":{KEY}}}""")]
    [InlineData("status", "status", """{"s":"online","bd":1,KEY}""")]
    [InlineData("ack", "ack", """{"id":"1","result":"done",KEY}""")]
    public void A_field_is_in_the_schema_when_the_decoder_knows_it_and_only_then(string schema, string kind, string payload)
    {
        var all = Map(Map(Document, "components"), "schemas").Values.SelectMany(one => Properties((Dictionary<string, object?>)one!)).Append("nonsense").Distinct().ToList();
        var known = Properties(Schemas.Schema(schema)).ToHashSet(StringComparer.Ordinal);
        var decoder = new MessageDecoder(new DeviceTable());
        var message = new DeviceMessage();
        foreach (var key in all)
        {
            // A number is refused by fields that want something else, and so they are known; an unknown field is passed over.
            var outcome = decoder.Decode(Encoding.UTF8.GetBytes($"fm/1/a/b/{kind}"), Encoding.UTF8.GetBytes(payload.Replace("KEY", $"\"{key}\":1e-3", StringComparison.Ordinal)), false, Received, message);
            var isKnown = outcome.Result == DecodeResult.Rejected || message.UnknownFields == 0;
            Assert.True(known.Contains(key) == isKnown, $"{schema}.{key}: in the schema {known.Contains(key)}, known to the decoder {isKnown}");
        }
    }

    [Fact]
    public void What_must_be_there_is_what_the_decoder_misses()
    {
        foreach (var (schema, kind, whole) in new[]
        {
            ("data", "data", """{"v":1,"boot":"x","seq":1,"ts":1767225600000,"clk":"ntp","r":[],"up":1}"""),
            ("birth", "birth", """{"v":1,"boot":"x","bd":1,"ts":1767225600000,"clk":"ntp","channels":{},"model":"m"}"""),
            ("status", "status", """{"s":"online","bd":1,"ts":1}"""),
            ("ack", "ack", """{"id":"1","result":"done","reason":"r"}"""),
        })
        {
            var members = JsonDocument.Parse(whole).RootElement.EnumerateObject().ToList();
            var missed = members.Where(member => Decode(kind, "{" + string.Join(',', members.Where(other => other.Name != member.Name).Select(other => $"\"{other.Name}\":{other.Value.GetRawText()}")) + "}").Reason == RejectReason.MissingField);
            Assert.Equal(missed.Select(member => member.Name).Order(), ((List<object?>)Schemas.Schema(schema)["required"]!).Cast<string>().Order());
        }
    }

    public static TheoryData<string> Golden() =>
        [.. SourceTree.Files("tests/FacilityMonitor.Tests/Payloads/fm1", "*.payload").Select(path => Path.GetFileNameWithoutExtension(path))];

    [Theory]
    [MemberData(nameof(Golden))]
    public void A_golden_payload_fits_its_schema_exactly_when_it_is_decoded(string name)
    {
        var path = Path.Combine(SourceTree.Root, "tests/FacilityMonitor.Tests/Payloads/fm1", name);
        var topic = File.ReadAllText(path + ".topic").Trim();
        var kind = topic[(topic.LastIndexOf('/') + 1)..];
        if (!topic.StartsWith("fm/1/", StringComparison.Ordinal) || !Enum.GetValues<Fm1Kind>().Select(Fm1Topic.Key).Contains(kind) || NotOfTheSchema.Contains(name))
            return;
        JsonElement payload;
        try
        {
            payload = JsonDocument.Parse(File.ReadAllBytes(path + ".payload")).RootElement;
        }
        catch (JsonException)
        {
            Assert.True(name.EndsWith("-is-refused", StringComparison.Ordinal) || name == "cleared-birth-is-ignored");
            return;
        }

        var fault = Schemas.Fault(Schemas.Schema(kind), payload);

        Assert.True(name.EndsWith("-is-refused", StringComparison.Ordinal) == fault is not null, fault ?? "fits");
    }

    [Theory]
    [InlineData("acked")]
    [InlineData("state")]
    [InlineData("cmd")]
    [InlineData("cfg")]
    public void What_we_send_fits_its_schema_and_has_every_field_of_it_and_no_other(string schema)
    {
        var sent = Sent(schema).Select(payload => JsonDocument.Parse(payload).RootElement).ToList();

        Assert.All(sent, payload => Assert.Null(Schemas.Fault(Schemas.Schema(schema), payload)));
        // Documented is what is sent: all of it by somebody, and always what is said to be always there.
        Assert.Equal(Documented(Schemas.Schema(schema)).Order(), sent.SelectMany(Members).Distinct().Order());
        Assert.Equal(
            ((List<object?>)Schemas.Schema(schema)["required"]!).Cast<string>().Order(),
            sent.Select(payload => payload.EnumerateObject().Select(member => member.Name)).Aggregate((one, other) => one.Intersect(other)).Order());
        // A field that nobody documented does not pass, wherever it stands.
        foreach (var payload in sent.SelectMany(WithNonsense))
            Assert.Contains("nonsense: unknown", Schemas.Fault(Schemas.Schema(schema), payload), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cmd", "exp")]
    [InlineData("cmd", "args")]
    [InlineData("cfg", "hash")]
    [InlineData("acked", "seq")]
    [InlineData("state", "online")]
    public void What_we_send_without_a_field_that_must_be_there_does_not_pass(string schema, string field)
    {
        var payload = JsonNode.Parse(Sent(schema).First())!.AsObject();
        payload.Remove(field);

        Assert.Equal($"$: without {field}", Schemas.Fault(Schemas.Schema(schema), JsonSerializer.SerializeToElement(payload)));
    }

    /// <summary>Everything that the code can send, to its limits.</summary>
    private static IEnumerable<byte[]> Sent(string schema)
    {
        Assert.True(BootId.TryParse("c41-7f3a9e02"u8, out var boot));
        return schema switch
        {
            "acked" => [Fm1Downlink.Acked(new Watermark(boot, 0)), Fm1Downlink.Acked(new Watermark(boot, 1L << 53))],
            "state" => [Fm1Downlink.HostState(online: true, Received), Fm1Downlink.HostState(online: false, 0)],
            "cfg" =>
            [
                Fm1Downlink.Configuration(new DesiredConfiguration(PeriodS: 1, LimitW: 0), Received), Fm1Downlink.Configuration(new DesiredConfiguration(PeriodS: 3600, LimitW: null), Received),
                Fm1Downlink.Configuration(new DesiredConfiguration(PeriodS: null, LimitW: 812.5), Received),
            ],
            "cmd" =>
            [
                .. Enum.GetValues<Operation>().SelectMany(operation => Orders(operation)).Select(order => Fm1Downlink.Command(order, Received, order.TtlS)),
                Fm1Downlink.Resend(new ResendRequest(boot, 5, 1L << 53), Fm1Downlink.ResendIdPrefix + "1", Received, 20),
            ],
            _ => throw new ArgumentOutOfRangeException(nameof(schema)),
        };
    }

    /// <summary>Orders of an operation, to their limits.</summary>
    internal static IEnumerable<CommandOrder> Orders(Operation operation)
    {
        ChannelId?[] channels = [null, ChannelId.Main, ChannelId.Of(ChannelKind.Phase, 3), ChannelId.Of(ChannelKind.Socket, 1), ChannelId.Of(ChannelKind.Slot, 999), ChannelId.Of(ChannelKind.Bay, 10)];
        return channels.Select((channel, index) => new CommandOrder
        {
            // The end of a siren has the name of its beginning and a suffix.
            Id = new string('x', CommandLimits.IdLengthMax) + "-end",
            Device = new DeviceId(Dialect.Fm1, "huaihai", "pile-01"),
            Channel = channel,
            Operation = operation,
            Watts = operation != Operation.Limit ? null : index == 0 ? CommandLimits.LimitMinW : CommandLimits.LimitMaxW,
            Seconds = operation != Operation.Siren ? null : index == 0 ? CommandLimits.SirenMinS : CommandLimits.SirenMaxS,
            By = new string('管', CommandLimits.ByLengthMax),
            Why = index == 0 ? "" : new string('烟', CommandLimits.WhyLengthMax),
            TtlS = index == 0 ? 0 : CommandLimits.SirenEndTtlS,
        });
    }

    private static IEnumerable<string> Documented(Dictionary<string, object?> schema) => Properties(schema).SelectMany(name =>
        (string[])[name, .. Documented(Schemas.Resolve(Map(schema, "properties")[name])).Select(below => $"{name}.{below}")]);

    private static IEnumerable<string> Members(JsonElement value) => value.EnumerateObject().SelectMany(member =>
        (string[])[member.Name, .. member.Value.ValueKind == JsonValueKind.Object ? Members(member.Value).Select(below => $"{member.Name}.{below}") : []]);

    /// <summary>The payload once for each object in it, with one member more there.</summary>
    private static IEnumerable<JsonElement> WithNonsense(JsonElement payload)
    {
        var top = JsonNode.Parse(payload.GetRawText())!.AsObject();
        foreach (var name in (string?[])[null, .. top.Where(member => member.Value is JsonObject).Select(member => member.Key)])
        {
            var copy = JsonNode.Parse(payload.GetRawText())!.AsObject();
            (name is null ? copy : copy[name]!.AsObject())["nonsense"] = 1;
            yield return JsonSerializer.SerializeToElement(copy);
        }
    }

    /// <summary>Refused for what lies outside the payload, or for something a schema cannot say.</summary>
    private static readonly string[] NotOfTheSchema = ["half-a-character-is-refused", "too-deep-is-refused", "upper-case-site-is-refused", "broken-utf8-is-refused", "our-own-command-is-ignored", "duplicate-keys-last-wins"];

    private static DecodeOutcome Decode(string kind, string payload) =>
        new MessageDecoder(new DeviceTable()).Decode(Encoding.UTF8.GetBytes($"fm/1/a/b/{kind}"), Encoding.UTF8.GetBytes(payload), false, Received, new DeviceMessage());

    private static Dictionary<string, object?> Map(Dictionary<string, object?> parent, string key) => (Dictionary<string, object?>)parent[key]!;

    private static Dictionary<string, object?> Property(string schema, string name) => Schemas.Resolve(Map(Schemas.Schema(schema), "properties")[name]);

    private static List<string> Properties(Dictionary<string, object?> schema) => schema.TryGetValue("properties", out var properties) ? [.. ((Dictionary<string, object?>)properties!).Keys] : [];

    private static IEnumerable<string?> Words(Dictionary<string, object?> schema) => ((List<object?>)schema["enum"]!).Cast<string?>();

    private static int References(object? node) => node switch
    {
        Dictionary<string, object?> map => (map.ContainsKey("$ref") && Schemas.Resolve(map) is not null ? 1 : 0) + map.Values.Sum(References),
        List<object?> list => list.Sum(References),
        _ => 0,
    };
}

using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using FacilityMonitor.Contract;
using FacilityMonitor.Control;
using FacilityMonitor.Readings;
using FacilityMonitor.Tests.Contract;
using FacilityMonitor.Tests.Conventions;
using FirmwareSim;
using FirmwareSim.Devices;
using FirmwareSim.Protocol;

namespace FacilityMonitor.Tests.FirmwareSim;

/// <summary><c>asyncapi.yaml</c> from the device's side: what simulated devices publish is what it says, and what it says may be sent to them they understand.</summary>
public sealed partial class DeviceSideTests : IDisposable
{
    private static readonly Dictionary<string, object?> Document = JsonSchema.ReadYaml(Path.Combine(SourceTree.Root, "src/FacilityMonitor.Core/Contract/asyncapi.yaml"));

    private static readonly JsonSchema Schemas = new(Document);

    private static readonly ConcurrentDictionary<string, Lazy<Recording>> Recordings = new(StringComparer.Ordinal);

    private readonly List<Outgoing> _published = [];
    private readonly List<Firmware> _devices = [];
    private ulong _entropy = 40_000;

    /// <summary>Evenings in which devices of every kind say everything that they can say: fires, floods, calls, rides, failing networks and clocks.</summary>
    private static readonly string[] Names =
        ["demo", "gateway-reboot", "stuck-climber", "bike-in-lift", "unanswered-call", "garage-flood", "thermal-runaway", "site-network-loss", "clock-jump", "overload-to-trip", "contact-fire", "blocked-exit"];

    public static TheoryData<string> Evenings => [.. Names];

    private static Moment Now => new(Scenes.StartMs, 1, Scenes.StartMs, 1);

    public void Dispose()
    {
        foreach (var device in _devices)
            device.Dispose();
    }

    [Theory]
    [MemberData(nameof(Evenings))]
    public void Whatever_a_device_publishes_fits_its_schema_and_has_no_field_that_nobody_documented(string scenario)
    {
        var lines = Of(scenario).Lines.Where(line => line.Topic.StartsWith("fm/1/", StringComparison.Ordinal)).ToList();

        Assert.True(lines.Count > 50, $"only {lines.Count} messages");
        foreach (var (topic, payload, _) in lines)
            AssertFits(topic, payload);
    }

    [Fact]
    public void Those_evenings_have_every_kind_of_message_and_most_of_what_can_be_measured_or_happen_in_them()
    {
        var (kinds, metrics, events) = (new HashSet<string>(), new HashSet<string>(), new HashSet<string>());
        foreach (var (topic, payload, _) in Names.SelectMany(scenario => Of(scenario).Lines).Where(line => line.Topic.StartsWith("fm/1/", StringComparison.Ordinal)))
        {
            kinds.Add(topic[(topic.LastIndexOf('/') + 1)..]);
            using var document = JsonDocument.Parse(payload);
            if (!document.RootElement.TryGetProperty("r", out var elements))
                continue;
            foreach (var element in elements.EnumerateArray())
            {
                metrics.UnionWith(element.EnumerateObject().Select(member => member.Name).Intersect(Enumerable.Range(0, MetricKeys.Count).Select(index => ((Metric)index).Key())));
                if (element.TryGetProperty("ev", out var what))
                    events.Add(what.GetString()!);
            }
        }

        // Answers come only where somebody orders: below.
        Assert.Equal(["birth", "data", "event", "hist", "status"], kinds.Order());
        Assert.True(metrics.Count >= 25, $"only {string.Join(' ', metrics.Order())}");
        Assert.True(events.Count >= 11, $"only {string.Join(' ', events.Order())}");
    }

    [Fact]
    public void Births_and_statuses_are_retained_as_the_document_binds_them_and_so_is_the_will()
    {
        var pile = Start(Pile());
        AssertFits(pile.WillTopic, Encoding.UTF8.GetString(pile.NextWill()));
        pile.Receive(pile.CommandTopic, Encoding.UTF8.GetBytes("""{"id":"a","op":"rebirth","ttl":20}"""), retained: false, Now);

        Assert.Equal(["ack", "birth", "status"], _published.Select(KindOf).Distinct().Order());
        foreach (var message in _published)
        {
            AssertFits(message.Topic, Encoding.UTF8.GetString(message.Payload.Span));
            Assert.Equal(IsRetained(KindOf(message)), message.Retain);
        }
    }

    [Fact]
    public void Every_command_that_the_document_allows_is_answered_in_its_words()
    {
        var devices = new[] { Start(Pile()), Start(new Siren(new DeviceSeat { Site = "a", Id = "siren-1", PeriodS = 60 })) };
        var results = new HashSet<string>();
        foreach (var device in devices)
        {
            foreach (var order in Enum.GetValues<Operation>().SelectMany(AsyncApiTests.Orders).Select((order, number) => order with { Id = $"{number:00}{order.Id[2..]}" }))
            {
                _published.Clear();
                var command = Fm1Downlink.Command(order, Now.ClockMs + 20_000, 20);
                Assert.Null(Schemas.Fault(Schemas.Schema("cmd"), JsonDocument.Parse(command).RootElement));
                device.Receive(device.CommandTopic, command, retained: false, Now);

                var answers = _published.Where(message => KindOf(message) == "ack").Select(message => Encoding.UTF8.GetString(message.Payload.Span)).ToList();
                Assert.NotEmpty(answers);
                foreach (var answer in answers)
                {
                    AssertFits($"fm/1/a/{device.CommandTopic.Split('/')[3]}/ack", answer);
                    using var said = JsonDocument.Parse(answer);
                    Assert.Equal(order.Id, said.RootElement.GetProperty("id").GetString());
                    results.Add(said.RootElement.GetProperty("result").GetString()!);
                }
            }
        }

        Assert.Superset(new HashSet<string> { "accepted", "done", "rejected" }, results);
    }

    [Theory]
    [InlineData("siren", null, "s", 1, true)]
    [InlineData("siren", null, "s", 180, true)]
    [InlineData("siren", null, "s", 0.5, false)]
    [InlineData("siren", null, "s", 0, false)]
    [InlineData("siren", null, "s", 181, false)]
    [InlineData("limit", "s1", "w", 10, true)]
    [InlineData("limit", "s1", "w", 9.9, false)]
    [InlineData("limit", "s1", "w", 0, false)]
    [InlineData("limit", "s17", "w", 300, false)]
    public void An_argument_is_obeyed_within_the_limits_of_the_document_and_never_beyond(string operation, string? channel, string name, double value, bool isObeyed)
    {
        var device = Start(operation == "siren" ? new Siren(new DeviceSeat { Site = "a", Id = "siren-1", PeriodS = 60 }) : Pile());
        var ch = channel is null ? "" : $"\"ch\":\"{channel}\",";
        var command = FormattableString.Invariant($$"""{"id":"a","op":"{{operation}}",{{ch}}"args":{"{{name}}":{{value}}},"exp":{{Now.ClockMs + 20_000}},"ttl":20,"by":"test","why":""}""");
        if (channel != "s17")
            Assert.Equal(isObeyed, Schemas.Fault(Schemas.Schema("cmd"), JsonDocument.Parse(command).RootElement) is null);

        device.Receive(device.CommandTopic, Encoding.UTF8.GetBytes(command), retained: false, Now);

        Assert.Equal(isObeyed, _published.Exists(message => KindOf(message) == "ack" && Encoding.UTF8.GetString(message.Payload.Span).Contains("\"done\"", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_configuration_that_the_document_allows_is_taken_up_and_said_back_in_a_status_that_fits()
    {
        foreach (var desired in (DesiredConfiguration[])[new(1, 0), new(3_600, null), new(null, 812.5), new(30, 800)])
        {
            _published.Clear();
            var pile = Start(Pile());
            var configuration = Fm1Downlink.Configuration(desired, Now.ClockMs + 60_000);
            Assert.Null(Schemas.Fault(Schemas.Schema("cfg"), JsonDocument.Parse(configuration).RootElement));
            pile.Receive(pile.ConfigurationTopic, configuration, retained: true, Now);

            var status = _published.Last(message => KindOf(message) == "status");
            AssertFits(status.Topic, Encoding.UTF8.GetString(status.Payload.Span));
            Assert.Equal(desired.Hash, JsonDocument.Parse(status.Payload).RootElement.GetProperty("cfg").GetString());
        }
    }

    /// <summary>Each evening is simulated once for all tests.</summary>
    private static Recording Of(string scenario) => Recordings.GetOrAdd(scenario, name => new Lazy<Recording>(() => Recording.Of(name))).Value;

    private static void AssertFits(string topic, string payload)
    {
        Assert.Matches(Address(), topic);
        using var document = JsonDocument.Parse(payload);
        var kind = topic[(topic.LastIndexOf('/') + 1)..];
        Assert.Null(Schemas.Fault(Schemas.Schema(kind), document.RootElement));
        Assert.Empty(Undocumented(Schemas.Schema(kind), document.RootElement, kind));
        Assert.InRange(Encoding.UTF8.GetByteCount(payload), 2, 16 * 1024);
    }

    /// <summary>Members that no schema names, wherever they stand.</summary>
    private static IEnumerable<string> Undocumented(Dictionary<string, object?> schema, JsonElement value, string at)
    {
        if (value.ValueKind == JsonValueKind.Array && schema.TryGetValue("items", out var items))
        {
            var resolved = Schemas.Resolve(items);
            // Of hist each element is a fact or a reading.
            return value.EnumerateArray().SelectMany(element => Undocumented(
                resolved.TryGetValue("anyOf", out var any) ? Schemas.Resolve(((List<object?>)any!)[element.TryGetProperty("ev", out _) ? 0 : 1]) : resolved, element, at + "[]"));
        }

        if (value.ValueKind != JsonValueKind.Object)
            return [];
        var properties = schema.TryGetValue("properties", out var named) ? (Dictionary<string, object?>)named! : [];
        return value.EnumerateObject().SelectMany(member => properties.TryGetValue(member.Name, out var known)
            ? Undocumented(Schemas.Resolve(known), member.Value, $"{at}.{member.Name}")
            : schema.TryGetValue("additionalProperties", out var others) && others is Dictionary<string, object?>
                ? Undocumented(Schemas.Resolve(others), member.Value, $"{at}.{member.Name}")
                : [$"{at}.{member.Name}"]);
    }

    private static bool IsRetained(string kind) =>
        (bool)((Dictionary<string, object?>)((Dictionary<string, object?>)((Dictionary<string, object?>)((Dictionary<string, object?>)Document["operations"]!)["receive-" + kind]!)["bindings"]!)["mqtt"]!)["retain"]!;

    private static string KindOf(Outgoing message) => message.Topic[(message.Topic.LastIndexOf('/') + 1)..];

    private static Pile Pile()
    {
        var random = new Randomness(1, "test");
        var points = Enumerable.Range(1, 2).Select(number => new ChargingPoint(ChannelId.Socket(number), new PointSettings(), 1, random)).ToArray();
        return new Pile(new DeviceSeat { Site = "a", Id = "pile-1", PeriodS = 10 }, points, 16, 3);
    }

    private Firmware Start(SimulatedDevice device)
    {
        var firmware = new Firmware(device, new FirmwareSettings(), () => _entropy++, bootCount: 40, _published.Add, (_, _) => { }, _ => { });
        _devices.Add(firmware);
        firmware.PowerUp(Now);
        firmware.Connected(Now);
        firmware.Receive("fm/1/state/monitor", Fm1Downlink.HostState(online: true, Now.ClockMs), retained: true, Now);
        return firmware;
    }

    [GeneratedRegex("^fm/1/[a-z0-9-]{1,48}/[a-z0-9-]{1,48}/(birth|status|data|hist|event|ack)$")]
    private static partial Regex Address();
}

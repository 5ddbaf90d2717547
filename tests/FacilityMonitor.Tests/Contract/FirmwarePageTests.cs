using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Tests.Conventions;

namespace FacilityMonitor.Tests.Contract;

/// <summary>What <c>fm1.md</c> tells a firmware engineer is what the service reads.</summary>
public sealed partial class FirmwarePageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(SourceTree.Root, "src/FacilityMonitor.Core/Contract/fm1.md"));

    private static readonly JsonSchema Schemas = new(JsonSchema.ReadYaml(Path.Combine(SourceTree.Root, "src/FacilityMonitor.Core/Contract/asyncapi.yaml")));

    private static string Chinese => Page[Page.IndexOf("# 中文全文", StringComparison.Ordinal)..];

    public static TheoryData<string> Examples() => [.. Json().Matches(Page).Select(match => match.Groups[1].Value)];

    [Theory]
    [MemberData(nameof(Examples))]
    public void Every_example_of_the_page_is_understood_and_fits_the_schema(string example)
    {
        using var document = JsonDocument.Parse(example);
        var kind = KindOf(document.RootElement);

        Assert.Null(Schemas.Fault(Schemas.Schema(kind), document.RootElement));
        if (kind is "cmd" or "cfg")
            return;
        var outcome = new MessageDecoder(new DeviceTable()).Decode(
            Encoding.UTF8.GetBytes($"fm/1/huaihai/pile-01/{kind}"), Encoding.UTF8.GetBytes(example), kind is "birth" or "status", 1_767_225_605_000, new DeviceMessage());
        Assert.Equal((DecodeResult.Decoded, null), (outcome.Result, outcome.Detail));
    }

    [Fact]
    public void The_Chinese_half_shows_golden_payloads_and_one_of_every_kind_a_device_sends()
    {
        var golden = SourceTree.Files("tests/FacilityMonitor.Tests/Payloads/fm1", "*.payload").Where(path => !path.Contains("-is-refused", StringComparison.Ordinal) && !path.Contains("duplicate-keys", StringComparison.Ordinal) && new FileInfo(path).Length > 0)
            .Select(path => JsonNode.Parse(File.ReadAllText(path))).ToList();
        var examples = Json().Matches(Chinese).Select(match => match.Groups[1].Value).ToList();

        Assert.All(examples, example => Assert.Contains(golden, payload => JsonNode.DeepEquals(payload, JsonNode.Parse(example))));
        Assert.Equal(["ack", "birth", "data", "event", "status"], examples.Select(example => KindOf(JsonDocument.Parse(example).RootElement)).Order());
    }

    [Fact]
    public void Both_halves_name_every_topic_and_the_same_limits()
    {
        foreach (var half in new[] { Page[..^Chinese.Length], Chinese })
        {
            Assert.All(Enum.GetValues<Fm1Kind>(), kind => Assert.Contains($"| `{Fm1Topic.Key(kind)}` |", half, StringComparison.Ordinal));
            foreach (var number in new[] { "16,384", "2,048", "86,400", "65,536", "366", "180", "2^53" })
                Assert.Contains(number, half, StringComparison.Ordinal);
        }
    }

    private static string KindOf(JsonElement payload) =>
        payload.TryGetProperty("channels", out _) ? "birth"
        : payload.TryGetProperty("hash", out _) ? "cfg"
        : payload.TryGetProperty("s", out _) ? "status"
        : payload.TryGetProperty("op", out _) ? "cmd"
        : payload.TryGetProperty("result", out _) ? "ack"
        : payload.GetProperty("r").EnumerateArray().Any(entry => entry.TryGetProperty("ev", out _)) ? "event"
        : "data";

    [GeneratedRegex("```json\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Json();
}

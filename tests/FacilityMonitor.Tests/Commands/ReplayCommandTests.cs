using System.Text.Json;
using FacilityMonitor.Tests.Scenarios;

namespace FacilityMonitor.Tests.Commands;

/// <summary>The real program over message files.</summary>
public sealed class ReplayCommandTests : IDisposable
{
    private const string Offline = """{"at":"2026-11-20T10:00:00.000Z","topic":"fm/1/lane/pile-01/status","payload":{"s":"offline","bd":1}}""";

    private readonly TemporaryFolder _folder = new();

    public ReplayCommandTests() => File.WriteAllText(Path.Combine(_folder.Path, "facility.yaml"), "sites:\n  - id: lane\n    name: {zh: 淮海里, en: Huaihai Lane}\n    devices:\n      - {id: pile-01, kind: pile, name: {zh: 1 号桩, en: Pile 1}, sockets: 2}\n");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_line_has_its_properties_in_the_order_others_script_against()
    {
        var (code, output, errors) = Replay([Power(0, 1200), Power(10, 1200.5)]);

        Assert.Equal((0, ""), (code, errors));
        Assert.Equal(
            """
            {"at":"2026-11-20T10:00:10.000Z","alert":"a25c924b5a5f3014","rule":"socket-overload","priority":"P2","state":"active","site":"lane","device":"pile-01","channel":"s1","asset":"lane/pile-01/s1","text":{"zh":"充电口过载，淮海里 1 号桩 1 号充电口：功率 1200.5 W，限值 1000 W。自 11-20 18:00:00 起。若不处理，插头、线缆可能过热起火。请做：1. 断开该充电口；2. 检查插头和充电器是否发烫、有焦味；3. 联系车主，查明所接电器。","en":"Socket overload, Huaihai Lane, Pile 1, socket 1: 1200.5 W where 1000 W is the limit. Since 20 Nov 18:00:00. If nobody acts, plug and lead may overheat and catch fire. Do: 1. Switch this socket off; 2. Check plug and charger for heat and smell; 3. Find the owner and what was plugged in."},"evidence":{"limit_w":1000,"w":1200.5}}
            """,
            output.Split('\n')[1]);
        Assert.EndsWith("}\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_end_of_the_input_fires_nothing_and_a_given_end_lets_time_run_on()
    {
        Assert.Equal("", Replay([Offline]).Output);
        Assert.Equal(["pending"], States(Replay([Offline], "--until", "2026-11-20T10:01:29.999Z")));
        Assert.Equal(["pending", "active"], States(Replay([Offline], "--until", "2026-11-20T10:01:30Z")));
    }

    [Theory]
    [InlineData("2026-11-20T18:01:30", 2)]
    [InlineData("2026-11-20T10:01:30", 0)]
    [InlineData("2026-11-20T09:00:00Z", 0)]
    public void An_end_without_an_offset_is_Shanghai_time_and_one_that_is_past_changes_nothing(string until, int told) =>
        Assert.Equal(told, States(Replay([Offline], "--until", until)).Count);

    [Fact]
    public void Time_is_that_of_the_input_and_passes_second_by_second()
    {
        var (_, output, _) = Replay([Offline, Power(200.5, 1)]);

        Assert.Equal(["2026-11-20T10:00:01.000Z", "2026-11-20T10:01:30.000Z"], output.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement.GetProperty("at").GetString()));
    }

    [Fact]
    public void A_file_out_of_order_is_refused_and_the_line_is_named()
    {
        var (code, output, errors) = Replay([Power(0, 1200), "", Power(10, 1200), Power(9.999, 1200), Power(20, 1)]);

        Assert.Equal(1, code);
        Assert.Equal(2, output.TrimEnd('\n').Split('\n').Length);
        var error = JsonDocument.Parse(errors).RootElement;
        Assert.Equal((4, "out-of-order"), (error.GetProperty("line").GetInt32(), error.GetProperty("reason").GetString()));
        Assert.Contains("at 2026-11-20T10:00:09.999Z after 2026-11-20T10:00:10.000Z", error.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Two_messages_of_one_instant_are_in_order() => Assert.Equal(0, Replay([Power(0, 1), Power(0, 1, "s2")]).Code);

    [Theory]
    [InlineData("no json")]
    [InlineData("[]")]
    [InlineData("""{"topic":"fm/1/lane/pile-01/status","payload":{}}""")]
    [InlineData("""{"at":"yesterday","topic":"fm/1/lane/pile-01/status","payload":{}}""")]
    [InlineData("""{"at":"2026-11-20T10:00:00Z","payload":{}}""")]
    [InlineData("""{"at":"2026-11-20T10:00:00Z","topic":"fm/1/lane/pile-01/status"}""")]
    [InlineData("""{"at":"2026-11-20T10:00:00Z","topic":"fm/1/lane/pile-01/status","base64":"%"}""")]
    public void A_line_that_is_no_message_is_refused_and_named(string line)
    {
        var (code, _, errors) = Replay([Offline, line]);

        Assert.Equal(1, code);
        Assert.Equal((2, "bad-line"), (JsonDocument.Parse(errors).RootElement.GetProperty("line").GetInt32(), JsonDocument.Parse(errors).RootElement.GetProperty("reason").GetString()));
    }

    [Fact]
    public void A_message_that_cannot_be_decoded_is_told_and_the_others_go_on()
    {
        var (code, output, errors) = Replay([Power(0, 1200), """{"at":"2026-11-20T10:00:05Z","topic":"nobody \"knows\"","payload":"x"}""", Power(10, 1200)]);

        Assert.Equal(0, code);
        Assert.Equal(["pending", "active"], States((code, output, errors)));
        Assert.Equal((2, "unknown-topic"), (JsonDocument.Parse(errors).RootElement.GetProperty("line").GetInt32(), JsonDocument.Parse(errors).RootElement.GetProperty("reason").GetString()));
    }

    [Fact]
    public void A_number_that_was_refused_is_used_up_as_it_is_for_the_service()
    {
        const string Refused = """{"at":"2026-11-20T10:00:00Z","topic":"fm/1/lane/pile-01/data","payload":{"v":1,"boot":"b1","seq":10000,"ts":1795168800000,"clk":"ntp","r":[{"ch":"s1","w":"many"}]}}""";
        var (_, output, errors) = Replay([Power(0, 1200), Refused, Power(10, 1200)]);

        Assert.Equal(["pending"], States((0, output, "")));
        Assert.Single(errors.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public void A_registry_with_errors_is_refused()
    {
        File.WriteAllText(Path.Combine(_folder.Path, "facility.yaml"), "sites: 5\n");
        var (code, output, errors) = Replay([Offline]);

        Assert.Equal((1, ""), (code, output));
        Assert.Contains("facility.yaml:1:8", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_usage_and_a_missing_file_are_told_apart()
    {
        var missing = Path.Combine(_folder.Path, "missing.jsonl");

        Assert.Equal(2, ScenarioTests.Program("replay", "--config", _folder.Path).Code);
        Assert.Equal(2, Replay([Offline], "--until", "tomorrow").Code);
        Assert.Equal(1, ScenarioTests.Program("replay", "--config", _folder.Path, "--input", missing).Code);
        Assert.Equal(1, Replay([Offline], "--out", _folder.Path).Code);
    }

    /// <summary>A reading of the pile; its number is ten thousand at 10 s, so that a test can name it.</summary>
    private static string Power(double second, double watts, string channel = "s1")
    {
        var at = DateTimeOffset.FromUnixTimeMilliseconds(1_795_168_800_000 + (long)(second * 1000));
        return string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $$$"""{"at":"{{{at:yyyy-MM-ddTHH:mm:ss.fffZ}}}","topic":"fm/1/lane/pile-01/data","payload":{"v":1,"boot":"b1","seq":{{{(long)(second * 1000) + (channel == "s1" ? 0 : 1)}}},"ts":{{{at.ToUnixTimeMilliseconds()}}},"clk":"ntp","r":[{"ch":"{{{channel}}}","w":{{{watts}}} }]}}""");
    }

    private static List<string> States((int Code, string Output, string Errors) run) =>
        [.. run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("state").GetString()!)];

    private (int Code, string Output, string Errors) Replay(string[] lines, params string[] more)
    {
        var input = Path.Combine(_folder.Path, "input.jsonl");
        File.WriteAllLines(input, lines);
        return ScenarioTests.Program(["replay", "--config", _folder.Path, "--input", input, .. more]);
    }
}

using System.Collections;
using FacilityMonitor.Commands;
using FacilityMonitor.Tests.Conventions;

namespace FacilityMonitor.Tests.Commands;

public sealed class CheckCommandTests : IDisposable
{
    private static readonly string Demo = Path.Combine(SourceTree.Root, "src/FacilityMonitor/demo");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_demo_is_fit_to_run_and_its_gaps_are_named()
    {
        var (code, text) = Check(Demo);

        Assert.Equal(0, code);
        Assert.Contains("额定未登记", text, StringComparison.Ordinal);
        Assert.Contains("+0 秒 → 值班员乙（console）、微型消防站队员甲（console）", text, StringComparison.Ordinal);
        Assert.DoesNotContain("没有由本人确认", text, StringComparison.Ordinal);
        Assert.Contains("充电口和仓位 64，其中爱心充电口 2", text, StringComparison.Ordinal);
        Assert.DoesNotContain("已过期", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2026-12-20", false)]
    [InlineData("2026-12-21", true)]
    public void An_extinguisher_is_overdue_the_day_after_its_date_in_Shanghai(string day, bool isOverdue)
    {
        var (_, text) = Check(Demo, ("FM_LANGUAGE", "en"), at: DateTimeOffset.Parse(day + "T00:30:00+08:00", System.Globalization.CultureInfo.InvariantCulture));

        Assert.Equal(isOverdue, text.Contains("was due for its check on 2026-12-20", StringComparison.Ordinal));
    }

    [Fact]
    public void Who_is_told_tonight_is_named_and_the_address_of_the_webhook_is_not_shown()
    {
        File.WriteAllText(Path.Combine(_folder.Path, "facility.yaml"), "sites:\n  - {id: a, name: x}\n  - {id: b, name: x}\n");
        File.WriteAllText(Path.Combine(_folder.Path, "people.yaml"), "contacts: [{id: guard, name: Guard, sites: [a], webhook: 'https://hook.example/key-4711'}]\n");

        var (code, text) = Check(_folder.Path, ("FM_LANGUAGE", "en"));

        Assert.Equal(0, code);
        Assert.Contains("tonight → Guard (webhook, hook.example)", text, StringComparison.Ordinal);
        Assert.Contains("one receiver only", text, StringComparison.Ordinal);
        Assert.Contains("nobody is reached tonight", text[text.IndexOf("\nb  x", StringComparison.Ordinal)..], StringComparison.Ordinal);
        Assert.DoesNotContain("key-4711", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Tonights_chain_its_calls_and_its_gaps_are_named_and_no_number_is_shown()
    {
        WritePeople("[{channel: call, address: '13912345678', verified: 2026-11-20}]");

        var (code, text) = Check(_folder.Path, ("FM_LANGUAGE", "en"), at: new DateTimeOffset(2026, 12, 22, 4, 0, 0, TimeSpan.Zero));

        Assert.Equal(0, code);
        Assert.Contains("+0 s → Wang (call)", text, StringComparison.Ordinal);
        Assert.Contains("gap: +60 s → nobody (property-manager grid-officer stair-leader), skipped at once", text, StringComparison.Ordinal);
        Assert.Contains("gap: no siren that would sound", text, StringComparison.Ordinal);
        Assert.Contains("until 1 have acknowledged", text, StringComparison.Ordinal);
        Assert.Contains("Wang tonight: call at most 1 calls", text, StringComparison.Ordinal);
        Assert.Contains("gap: Gate, 22 Dec 12:00 – 22 Dec 20:00: nobody on duty", text, StringComparison.Ordinal);
        Assert.Contains("the holidays of 2027 are missing", text, StringComparison.Ordinal);
        Assert.DoesNotContain("13912345678", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, 1)]
    [InlineData("https://monitor.example.org", 0)]
    public void Whoever_can_acknowledge_only_by_a_link_needs_an_address_that_a_phone_can_open(string? address, int expected)
    {
        WritePeople("[{channel: push, address: wang}]");

        if (address is not null)
            File.WriteAllText(Path.Combine(_folder.Path, "settings.yaml"), $"web: {{public-url: '{address}'}}\n");

        var (code, text) = Check(_folder.Path, ("FM_LANGUAGE", "en"));

        Assert.Equal(expected, code);
        Assert.Equal(address is null, text.Contains("wang can acknowledge only by the link", StringComparison.Ordinal));
    }

    [Fact]
    public void Whoever_can_answer_in_the_chat_needs_no_such_address()
    {
        WritePeople("[{channel: chat, address: wang}]");
        File.WriteAllText(Path.Combine(_folder.Path, "app.secret"), "very-secret\n");
        File.AppendAllText(Path.Combine(_folder.Path, "channels.yaml"), "  - {id: chat, kind: dingtalk-app, client-id: ding1, client-secret-file: app.secret}\n");

        var (code, text) = Check(_folder.Path, ("FM_LANGUAGE", "en"));

        Assert.Equal(0, code);
        Assert.Contains("who gets one can answer", text, StringComparison.Ordinal);
        Assert.DoesNotContain("very-secret", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Errors_of_the_registry_and_of_the_settings_are_listed_together_and_refused()
    {
        File.WriteAllText(Path.Combine(_folder.Path, "facility.yaml"), "sites: 5\n");
        File.WriteAllText(Path.Combine(_folder.Path, "settings.yaml"), "broker: {port: 0}\n");

        var (code, text) = Check(_folder.Path);

        Assert.Equal(1, code);
        Assert.Contains("facility.yaml:1:8: 错误：", text, StringComparison.Ordinal);
        Assert.Contains("settings.yaml:1:16: 错误：", text, StringComparison.Ordinal);
        Assert.Contains("2 errors", text, StringComparison.Ordinal);
    }

    private void WritePeople(string reach)
    {
        File.WriteAllText(Path.Combine(_folder.Path, "facility.yaml"), "sites:\n  - {id: a, name: x}\n");
        File.WriteAllText(Path.Combine(_folder.Path, "call.key"), "s");
        File.WriteAllText(Path.Combine(_folder.Path, "channels.yaml"), "channels:\n  - {id: call, kind: tencent-voice, secret-id: x, secret-key-file: call.key, app-id: '1', template: '2'}\n  - {id: push, kind: ntfy}\n");
        File.WriteAllText(Path.Combine(_folder.Path, "people.yaml"), $$"""
            people:
              - {id: wang, name: {zh: 王, en: Wang}, reach: {{reach}}}
            teams:
              - {id: gate, name: {zh: 门岗, en: Gate}, tier: guard, sites: [a], shifts: [{days: workdays, from: '20:00', to: '12:00', people: [wang]}, {days: restdays, from: '20:00', to: '12:00', people: [wang]}]}
            """);
    }

    private static (int Code, string Text) Check(string folder, (string Name, string Value)? variable = null, DateTimeOffset? at = null)
    {
        var environment = new Hashtable();
        if (variable is { } given)
            environment[given.Name] = given.Value;
        var output = new StringWriter();
        var code = CheckCommand.Run(folder, environment, new ManualTime(at ?? new DateTimeOffset(2026, 11, 20, 10, 0, 0, TimeSpan.Zero)), output);
        return (code, output.ToString());
    }
}

using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using FacilityMonitor.Alerts;
using FacilityMonitor.Ingest;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Users;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Web;

/// <summary>What a device's page says of its past, and of its very words.</summary>
public sealed partial class DevicePastTests : IDisposable
{
    private const long HourMs = HourBook.HourMs;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_last_day_says_hour_by_hour_whether_it_was_heard_what_rang_and_what_was_worked_on()
    {
        await using var page = await StartAsync();
        await page.SayAsync("pile-02", "s1", 10);
        await page.UntilAsync(() => page.Channel("huaihai/pile-02", "s1") is not null, "its word");
        var (number, now) = (NumberOf(page), page.NowMs / HourMs);
        // First heard nine hours ago; the third of them without a word, and in the fifth nobody was heard at all.
        await page.Database.CommitAsync(CommitPriority.Alerts, connection =>
        {
            foreach (var back in (int[])[9, 8, 6, 5, 3, 2, 1])
                HourBook.SaveReceived(connection, now - back, number, 5, 0, 0);
            HourBook.SaveReceived(connection, now - 7, number, 3, 1, 2);
            HourBook.SaveReceived(connection, now - 12, number + 1, 5, 0, 0);
            Alert(connection, "00000000000000a1", Priority.P1, (now - 6) * HourMs, (now - 6) * HourMs + 60_000);
            Alert(connection, "00000000000000a2", Priority.P2, (now - 2) * HourMs, null);
            PermitTable.Ask(connection, new Permit("p1", PermitKind.Maintenance, "huaihai/shed-1/pile-02", (now - 9) * HourMs, (now - 8) * HourMs, "manager-a", null, "换插座", null), (now - 9) * HourMs);
            // Asked for and never agreed to: it was not in force.
            PermitTable.Ask(connection, new Permit("p2", PermitKind.OutOfService, "huaihai/shed-1", (now - 5) * HourMs, (now - 4) * HourMs, "manager-a", null, "换插座", "guard-a"), (now - 5) * HourMs);
        });

        var zh = await TextAsync(page, "/device/huaihai/pile-02");

        Assert.Equal(
            [.. Enumerable.Repeat("unknown", 14), "permit", "heard", "silent", "urgent", "heard", "unknown", "heard", "alert on", "alert on", "alert on"],
            States(zh, "past-day"));
        Assert.Equal(28, States(zh, "past-week").Count);
        // Without any colour: each box has its words, and each state but the usual one a sign.
        Assert.Contains("有消息 1 小时，检修<", zh, StringComparison.Ordinal);
        Assert.Contains("有消息 1 小时，告警 P1<", zh, StringComparison.Ordinal);
        Assert.Matches("×</span><span class=\"sr\">[^<]*没有消息 1 小时<", zh);
        Assert.Contains("not known 1 h<", await TextAsync(page, "/device/huaihai/pile-02?lang=en"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_button_that_speaks_only_when_pressed_was_not_silent()
    {
        await using var page = await StartAsync();
        await page.Database.CommitAsync(CommitPriority.Alerts, connection =>
        {
            for (var back = 0; back < 24; back++)
                HourBook.SaveReceived(connection, (page.NowMs / HourMs) - back, 99, 5, 0, 0);
        });

        Assert.All(States(await TextAsync(page, "/device/huaihai/call-1"), "past-day"), state => Assert.Equal("quiet", state));
    }

    [Fact]
    public async Task Its_last_messages_are_text_without_secrets_and_only_for_who_works_on_it()
    {
        await using var page = await StartAsync();
        await page.SayAsync("pile-02", "s1", 10);
        await page.UntilAsync(() => page.Channel("huaihai/pile-02", "s1") is not null, "its word");
        var (last, number) = (page.Services.GetRequiredService<LastMessages>(), NumberOf(page));
        Keep("""{"v":1,"r":[{"ch":"s1","w":5,"user":"card-4711","who":{"openid":"o-81","cards":["0012345678"],"tel":13800000000,"telemetry":1,"卡号":{"n":"77"}},"st":"<img src=x onerror=pwned=1>"}]}""");
        Keep("""{"password": "open sesame", "half":""");
        Keep("\u202e\u0007 not JSON <script>alert(1)</script>");
        Keep(new string('x', LastMessages.PayloadMax + 1));

        var html = await TextAsync(page, "/device/huaihai/pile-02?raw=true");

        Assert.Equal(4, Regex.Count(html, "data-testid=\"message\""));
        Assert.Contains("fm/1/huaihai/pile-02/&lt;b&gt;", html, StringComparison.Ordinal);
        var text = WebUtility.HtmlDecode(html);
        Assert.Contains("\n      \"w\": 5,\n      \"user\": \"•••\",\n      \"who\": {\n        \"openid\": \"•••\",\n        \"cards\": \"•••\",\n        \"tel\": \"•••\",\n        \"telemetry\": 1,\n        \"卡号\": \"•••\"\n      },\n      \"st\": \"<img src=x onerror=pwned=1>\"\n", text, StringComparison.Ordinal);
        Assert.Contains("{\"password\": \"•••\", \"half\":", text, StringComparison.Ordinal);
        Assert.Contains("·· not JSON", text, StringComparison.Ordinal);
        Assert.Contains($"只有开头，全长字节数： {LastMessages.PayloadMax + 1}", text, StringComparison.Ordinal);
        Assert.All((string[])["<img src=x", "<script>alert", "4711", "sesame", "\u202e"], never => Assert.DoesNotContain(never, html, StringComparison.Ordinal));
        // Nobody is sent them who did not ask, or only looks on.
        Assert.DoesNotContain("data-testid=\"message\"", await TextAsync(page, "/device/huaihai/pile-02"), StringComparison.Ordinal);
        using var guard = await page.EnterAsync("li", UserRole.OnCall, "huaihai");
        using var electrician = await page.EnterAsync("zhou", UserRole.Electrician, "huaihai");
        Assert.DoesNotContain("not JSON", await guard.TextAsync("/device/huaihai/pile-02?raw=true"), StringComparison.Ordinal);
        Assert.DoesNotContain("raw=true", await guard.TextAsync("/device/huaihai/pile-02"), StringComparison.Ordinal);
        Assert.Contains("not JSON", await electrician.TextAsync("/device/huaihai/pile-02?raw=true"), StringComparison.Ordinal);

        void Keep(string payload) => last.Keep(number, "fm/1/huaihai/pile-02/<b>"u8, Encoding.UTF8.GetBytes(payload), page.NowMs, MessageFate.Journaled);
    }

    private static List<string> States(string html, string strip) => [.. Box().Matches(Regex.Match(html, $"data-testid=\"{strip}\">.*?</ol>", RegexOptions.Singleline).Value).Select(box => box.Groups["state"].Value)];

    private static int NumberOf(PageUnderTest page) => page.Services.GetRequiredService<DeviceTable>().All.Single(device => device.Id.Name == "pile-02").Number;

    private static void Alert(Microsoft.Data.Sqlite.SqliteConnection connection, string id, Priority priority, long fromMs, long? overMs)
    {
        var step = new AlertTransition
        {
            AlertId = id,
            Rule = "socket-overload",
            Priority = priority,
            Condition = Condition.Active,
            AtMs = fromMs,
            OnsetMs = fromMs,
            Site = "huaihai",
            Device = "pile-02",
            Channel = ChannelId.Socket(1),
            Asset = "huaihai/shed-1/pile-02/s1",
            Text = new LocalText("过载。请做：1. 去看", "Overload. Do: 1. Go and look"),
        };
        FacilityMonitor.Monitoring.AlertLog.Write(connection, step);
        if (overMs is { } over)
            FacilityMonitor.Monitoring.AlertLog.Write(connection, step with { Condition = Condition.Cleared, AtMs = over, Sequence = 1 });
    }

    private static async Task<string> TextAsync(PageUnderTest page, string path) => await page.Client.GetStringAsync(new Uri(path, UriKind.Relative));

    private async Task<PageUnderTest> StartAsync()
    {
        var page = await PageUnderTest.StartAsync(_folder.Path);
        await page.SignInAsync(PageUnderTest.Password);
        return page;
    }

    [GeneratedRegex("class=\"past (?<state>[a-z ]+)\"")]
    private static partial Regex Box();
}

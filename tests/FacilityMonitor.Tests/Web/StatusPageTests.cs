using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.OnCall;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.OnCall.Notices;
using FacilityMonitor.Tests.Conventions;
using FacilityMonitor.Users;
using FacilityMonitor.Web;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Web;

/// <summary>The page about the monitor itself, and its file for whoever helps.</summary>
public sealed partial class StatusPageTests : IDisposable
{
    /// <summary>Every secret that the service can be given, each recognisable.</summary>
    private static readonly Dictionary<string, string> Secrets = new()
    {
        ["FM_BROKER__USERNAME"] = "monitor",
        ["FM_BROKER__PASSWORD"] = "planted-broker-password",
        ["FM_INFLUX__URL"] = "http://127.0.0.1:9",
        ["FM_INFLUX__TOKEN"] = "planted-influx-token",
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_says_what_is_wrong_first_with_what_to_do_and_what_works_in_grey()
    {
        await using var page = await StartAsync();

        var text = WebUtility.HtmlDecode(await TextAsync(page, "/status"));

        var broker = text.IndexOf("data-testid=\"trouble-broker\"", StringComparison.Ordinal);
        Assert.InRange(broker, 0, text.IndexOf("<h2>接收</h2>", StringComparison.Ordinal));
        Assert.Contains("请做：现在收不到任何消息。看代理是否在运行", text, StringComparison.Ordinal);
        Assert.Contains("没有设置：本机断电、断网时没有人会知道", text, StringComparison.Ordinal);
        Assert.Contains("data-testid=\"status-rules\" data-level=\"fine\"", text, StringComparison.Ordinal);
        foreach (var key in (string[])["broker", "rate", "lag", "set-aside", "disk", "journal", "store", "influx", "rules", "held", "heartbeat", "silent", "clocks", "messages", "hours", "alerts", "version"])
            Assert.Contains($"data-testid=\"status-{key}\"", text, StringComparison.Ordinal);
        Assert.Contains(StatusDesk.Version, text, StringComparison.Ordinal);
        Assert.Contains("href=\"/status\"", await TextAsync(page, "/"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_the_rules_are_far_behind_every_page_says_so_and_somebody_outside_hears_no_beat()
    {
        var beat = Path.Combine(_folder.Path, "beat");
        await File.WriteAllTextAsync(beat, "http://127.0.0.1:9/beat");
        await using var page = await StartAsync([], new Dictionary<string, string> { ["FM_ONCALL__HEARTBEAT_URL_FILE"] = beat });
        var (line, lag, heart) = (page.Services.GetRequiredService<DutyLine>(), page.Services.GetRequiredService<RulesLag>(), page.Services.GetRequiredService<HeartbeatWorker>());
        var link = new BrokerLink(true, page.NowMs, null, null);
        await page.SayAsync("pile-02", "s7", 123);
        await page.UntilAsync(() => page.Services.GetRequiredService<MonitoringWorker>().Position == page.Services.GetRequiredService<MessageJournal>().Last && lag.WaitsMs == 0, "the rules");
        // The first beat comes before the first round of notices.
        await page.UntilAsync(() => !heart.State.IsHeldBack && heart.State.Refusal is not null, "a beat that is sent");
        var calm = line.Of(link, SiteScope.All).Text;

        await page.Services.GetRequiredService<MonitoringWorker>().StopAsync(CancellationToken.None);
        await page.SayAsync("pile-02", "s7", 124);
        var saidAt = page.NowMs;
        await page.UntilAsync(() => page.NowMs - saidAt >= RulesLag.LateMs, "ten seconds");
        Assert.Equal((calm, 0), (line.Of(link, SiteScope.All).Text, Late()));
        await page.UntilAsync(() => page.NowMs - saidAt > RulesLag.LateMs + 1_000, "a little more");
        Assert.Equal(new DutyWords(true, new("× 规则落后 10 秒：新的危险会晚报", "× The rules are 10 s behind: a new danger is told late")), line.Of(link, SiteScope.All));
        Assert.Equal(10_000, Late());
        Assert.False(heart.State.IsHeldBack);

        await page.UntilAsync(() => heart.State.IsHeldBack, "the beat that stays away");
        Assert.InRange(lag.WaitsMs, 60_001, 125_000);
        // The rest of it works.
        Assert.True(OnCallServices.IsWorking(0, false, 60_000));
        Assert.False(OnCallServices.IsWorking(15_000, false, 0) || OnCallServices.IsWorking(0, true, 0) || OnCallServices.IsWorking(0, false, 60_001));

        int Late() => page.State().GetProperty("health").GetProperty("journal").GetProperty("rulesLateMs").GetInt32();
    }

    [Fact]
    public async Task The_equation_of_the_books_is_there_with_its_numbers()
    {
        await using var page = await StartAsync();
        await page.SayAsync("pile-02", "s7", 123);
        page.Services.GetRequiredService<FacilityMonitor.Ingest.IngestBooks>().AddDeadLetter(FacilityMonitor.Contract.RejectReason.BadJson);

        var text = WebUtility.HtmlDecode(await TextAsync(page, "/status"));

        Assert.Contains("收到 1 = 写盘 0 + 重复 0 + 死信 1 + 在途 0", text, StringComparison.Ordinal);
        Assert.Contains("启动以来 1 条：不是 JSON 1", text, StringComparison.Ordinal);
        Assert.Matches("发出 0 = 已通知 0 \\+ 合并 0 \\+ 抑制 0 \\+ 暂停 0 \\+ 过期 0 \\+ 在途 0 \\+ 未通知已处理 0", text);
    }

    [Fact]
    public async Task A_rate_is_that_of_the_last_minute()
    {
        await using var page = await StartAsync();
        var books = page.Services.GetRequiredService<FacilityMonitor.Ingest.IngestBooks>();
        for (var count = 0; count < 6_000; count++)
            books.AddDuplicate();
        for (var second = 0; second < 70; second += 5)
        {
            page.Time.Advance(TimeSpan.FromSeconds(5));
            await Task.Yield();
        }

        for (var count = 0; count < 300; count++)
            books.AddDuplicate();
        var rate = page.Services.GetRequiredService<FacilityMonitor.Ingest.MessageRate>();

        // 300 in the last minute; the 6,000 of before are none of it.
        await page.UntilAsync(() => rate.PerSecond is < 6, "the last minute");
        Assert.InRange(rate.PerSecond!.Value, 0, 6);
    }

    [Fact]
    public async Task A_channel_says_how_much_of_the_last_day_it_took_and_since_when_it_is_dead()
    {
        var channels = ChannelReader.Load(Path.Combine(SourceTree.Root, "src/FacilityMonitor/demo"), "zh").Channels;
        await using var page = await StartAsync(channels);
        Assert.Contains("通道 console", await TextAsync(page, "/status"), StringComparison.Ordinal);
        await page.Database.CommitAsync(CommitPriority.Alerts, connection =>
        {
            foreach (var (at, outcome) in new[] { (page.NowMs - 1_000, "accepted"), (page.NowMs - 2_000, "accepted"), (page.NowMs - 3_000, "timeout"), (page.NowMs - 90_000_000, "accepted") })
            {
                Database.Execute(
                    connection, "insert into notice_attempt (notice, ordinal, channel, address, priority, at_ms, ended_ms, outcome) values (1, 0, 'console', 'x', 0, $at, $at, $outcome)", ("$at", at), ("$outcome", outcome));
            }

            Database.Execute(connection, "insert into channel_state (name, failing_ms, fault) values ('console', $since, 'timeout') on conflict (name) do update set failing_ms = $since, fault = 'timeout'", ("$since", page.NowMs - 300_000));
        });

        var text = WebUtility.HtmlDecode(await TextAsync(page, "/status"));

        Assert.Contains("data-testid=\"status-channel-console\" data-level=\"bad\"", text, StringComparison.Ordinal);
        Assert.Contains("不通（timeout）；24 小时内送出 2 / 3", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_file_for_whoever_helps_holds_what_the_page_says_and_none_of_the_secrets()
    {
        var channels = ChannelReader.Load(Path.Combine(SourceTree.Root, "src/FacilityMonitor/demo"), "zh").Channels;
        var beat = Path.Combine(_folder.Path, "beat.url");
        await File.WriteAllTextAsync(beat, "http://127.0.0.1:9/planted-heartbeat-secret");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(beat, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using var page = await StartAsync([channels![0] with { Secrets = new Dictionary<string, string> { ["key"] = "planted-channel-key" } }], new Dictionary<string, string>(Secrets) { ["FM_ONCALL__HEARTBEAT_URL_FILE"] = beat });
        // What others say may repeat what they were asked with: a database its token, a disk its path, a provider its key.
        await page.Database.CommitAsync(CommitPriority.Alerts, connection => Database.Execute(
            connection, "insert into channel_state (name, failing_ms, fault) values ('console', 1, 'bad key planted-channel-key') on conflict (name) do update set failing_ms = 1, fault = 'bad key planted-channel-key'"));

        using var answer = await page.Client.GetAsync(new Uri("/status/diagnostics", UriKind.Relative));
        var file = await answer.Content.ReadAsStringAsync();

        Assert.Matches("^attachment; filename=facility-monitor-20261120-\\d{6}.json", answer.Content.Headers.ContentDisposition!.ToString());
        Assert.DoesNotContain("planted", file, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(PageUnderTest.Password, file, StringComparison.Ordinal);
        Assert.DoesNotContain(ControlKey.Read(_folder.Path)!.Secret, file, StringComparison.Ordinal);
        Assert.Contains($"bad key {KnownSecrets.Hidden}", file, StringComparison.Ordinal);
        Assert.DoesNotContain("planted", await TextAsync(page, "/status"), StringComparison.OrdinalIgnoreCase);
        var lines = JsonDocument.Parse(file).RootElement.GetProperty("lines").EnumerateArray().ToList();
        Assert.Contains(lines, line => line.GetProperty("key").GetString() == "broker" && line.GetProperty("level").GetString() == "bad");
        // Every setting that is a secret is among those that are looked for: a new one has to be named there.
        var known = page.Services.GetRequiredService<KnownSecrets>().All().ToList();
        foreach (var secret in Secrets.Values.Where(value => value.StartsWith("planted", StringComparison.Ordinal)).Append("planted-heartbeat-secret").Append("planted-channel-key").Append(PageUnderTest.Password))
            Assert.Contains(secret, known);
    }

    [Fact]
    public async Task Every_line_is_in_both_languages_and_every_one_that_is_coloured_says_what_to_do()
    {
        await using var page = await StartAsync();

        foreach (var line in page.Services.GetRequiredService<StatusDesk>().Look(SiteScope.All).Lines)
        {
            Assert.True(line.Name == new FacilityMonitor.Registry.LocalText("InfluxDB", "InfluxDB") || Chinese().IsMatch(line.Name.Zh), line.Name.Zh);
            Assert.False(Chinese().IsMatch(line.Name.En), line.Name.En);
            Assert.True(line.Do is null || (Chinese().IsMatch(line.Do.Zh) && !Chinese().IsMatch(line.Do.En)), line.Key);
            Assert.True(line.Level < StatusLevel.Attention || line.Do is not null || line.Key == "clock-alerts", $"{line.Key} is {line.Level} and says nothing to do");
        }
    }

    [Fact]
    public async Task Who_sees_some_sites_is_told_of_their_devices_and_of_nothing_that_is_added_up_over_all()
    {
        await using var page = await StartAsync();
        using var elsewhere = await page.EnterAsync("elsewhere", UserRole.PropertyManager, "panyu-road");

        var text = WebUtility.HtmlDecode(await elsewhere.TextAsync("/status"));
        var file = await elsewhere.TextAsync("/status/diagnostics");

        Assert.Contains("番禺路 路边 1 号桩", text, StringComparison.Ordinal);
        foreach (var told in (string[])[text, file])
        {
            foreach (var word in (string[])["久耕", "淮海里", "Huaihai", "死信", "journal", "数据盘"])
                Assert.DoesNotContain(word, told, StringComparison.Ordinal);
        }
    }

    private static async Task<string> TextAsync(PageUnderTest page, string path) => await page.Client.GetStringAsync(new Uri(path, UriKind.Relative));

    private async Task<PageUnderTest> StartAsync(IReadOnlyList<ChannelDefinition>? channels = null, IReadOnlyDictionary<string, string>? further = null)
    {
        var page = await PageUnderTest.StartAsync(_folder.Path, channels: channels, further: further);
        await page.SignInAsync(PageUnderTest.Password);
        return page;
    }

    [GeneratedRegex(@"\p{IsCJKUnifiedIdeographs}")]
    private static partial Regex Chinese();
}

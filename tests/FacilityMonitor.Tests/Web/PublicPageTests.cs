using System.Net;
using FacilityMonitor.Contract;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Readings;
using FacilityMonitor.Response;
using FacilityMonitor.Web;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Web;

/// <summary>The page of free sockets that everybody may see: nothing else is on it, and a crowd costs what one visitor does.</summary>
public sealed class PublicPageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_says_what_is_free_in_each_shed_and_what_is_not_known_and_nothing_else()
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path);
        await page.RaiseAsync("00000000000000a1", "huaihai", "huaihai/shed-1/pile-01/s1");
        using var stranger = new UserUnderTest(page.Url);
        var before = await stranger.TextAsync("/p/huaihai");
        Assert.Contains("× 还没有数据", before, StringComparison.Ordinal);

        // One charges, one draws next to nothing, the other eighteen are not heard of: many piles do not report idle ones. The third pile never spoke.
        await page.SayAsync("pile-01", [("s1", page.NowMs, [(Metric.W, 187)]), ("s2", page.NowMs, [(Metric.W, 2)])]);
        await page.SayAsync("pile-02", "s7", 0);
        await page.UntilAsync(() => page.Channel("huaihai/pile-02", "s7") is not null, "the last word");
        page.Time.Advance(PublicPage.KeptFor);

        using var answer = await stranger.GetAsync("/p/huaihai?lang=en");
        var text = await answer.Content.ReadAsStringAsync();
        Assert.Contains("<b>39</b> / 60 free", text, StringComparison.Ordinal);
        Assert.Contains("without data, counted as neither: 20", text, StringComparison.Ordinal);
        Assert.Contains("No data yet", text, StringComparison.Ordinal);
        Assert.DoesNotMatch("pile-|[Pp]ile|meter|Overload|a1\"|187|值班|Guard|[\\u4e00-\\u9fff]", text.Replace("中文", "", StringComparison.Ordinal));

        // What is worked on is no socket for the next bike.
        await page.Services.GetRequiredService<ResponseDesk>().AskAsync(
            new Permit("permit-1", PermitKind.Maintenance, "huaihai/shed-1/pile-02", page.NowMs, page.NowMs + 3_600_000, "manager", null, "换插座", null));
        page.Time.Advance(PublicPage.KeptFor);
        Assert.Contains("<b>19</b> / 60 free", await stranger.TextAsync("/p/huaihai?lang=en"), StringComparison.Ordinal);

        // Nobody hears of them for ten minutes: that is not nought, and not sixty.
        page.Time.Advance(TimeSpan.FromMinutes(10));
        text = await stranger.TextAsync("/p/huaihai?lang=en");
        Assert.Contains("No data since 20 Nov 18:", text, StringComparison.Ordinal);
        Assert.DoesNotContain("/ 60", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_socket_with_an_alert_is_not_free_and_a_shed_in_danger_invites_nobody_and_says_no_reason()
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path);
        using var stranger = new UserUnderTest(page.Url);
        await page.SayAsync("pile-01", [("s1", page.NowMs, [(Metric.W, 2)])]);
        await page.UntilAsync(() => page.Channel("huaihai/pile-01", "s1") is not null, "the last word");
        async Task<string> TextAsync()
        {
            page.Time.Advance(PublicPage.KeptFor);
            return await stranger.TextAsync("/p/huaihai?lang=en");
        }

        Assert.Contains("<b>20</b> / 60", await TextAsync(), StringComparison.Ordinal);

        await RingAsync(page, "00000000000000b1", "huaihai/shed-1/pile-01/s1", FacilityMonitor.Alerts.Priority.P1, "socket-overload");
        Assert.Contains("<b>19</b> / 60", await TextAsync(), StringComparison.Ordinal);
        await RingAsync(page, "00000000000000b2", "huaihai/shed-1/pile-02", FacilityMonitor.Alerts.Priority.P2, "offline");
        Assert.Contains("<b>19</b> / 60", await TextAsync(), StringComparison.Ordinal);

        await RingAsync(page, "00000000000000b3", "huaihai/shed-1", FacilityMonitor.Alerts.Priority.P0, "smoke");
        var text = await TextAsync();
        Assert.Contains("Not in use now", text, StringComparison.Ordinal);
        Assert.DoesNotMatch("/ 60|[Ss]moke|P0|Overload", text);
    }

    [Theory]
    // A danger closes what it is about: a pile, all that hangs on a circuit, a shed by what watches it.
    [InlineData("shed-1/pile-01", "P1", "pile-overload", 20)]
    [InlineData("c-shed", "P1", "circuit-overload", null)]
    [InlineData("c-shed", "P2", "circuit-overload", 40)]
    [InlineData("c-cabinet", "P1", "circuit-overload", 40)]
    [InlineData("shed-1/shed-01", "P1", "gas", null)]
    // What is about lives closes all of the shed.
    [InlineData("shed-1/pile-01/s1", "P0", "over-temperature", null)]
    // An exercise closes nothing.
    [InlineData("", "P0", "drill", 40)]
    [InlineData("shed-1", "P1", "drill", 40)]
    public async Task An_alert_closes_what_it_covers_and_no_more(string asset, string priority, string rule, int? free)
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path);
        await page.SayAsync("pile-01", "s1", 2);
        await page.SayAsync("pile-02", "s1", 2);
        await page.UntilAsync(() => page.Channel("huaihai/pile-01", "s1") is not null && page.Channel("huaihai/pile-02", "s1") is not null, "the last words");

        await RingAsync(page, "00000000000000b1", ("huaihai/" + asset).TrimEnd('/'), Enum.Parse<FacilityMonitor.Alerts.Priority>(priority), rule);

        var text = await new UserUnderTest(page.Url).TextAsync("/p/huaihai?lang=en");
        Assert.Equal(free is null, !text.Contains("/ 60 free", StringComparison.Ordinal));
        Assert.Contains(free is null ? "Not in use now" : $"<b>{free}</b> / 60 free", text, StringComparison.Ordinal);
        // Of two sheds on two circuits only the one is closed.
        Assert.Equal((free is null ? 1 : 0) + (asset == "c-cabinet" ? 1 : 0), System.Text.RegularExpressions.Regex.Count(text, "Not in use now"));
    }

    [Fact]
    public async Task A_sensor_that_somebody_tests_and_an_exercise_of_the_whole_site_close_no_shed()
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path);
        await page.SayAsync("pile-01", "s1", 2);
        await page.UntilAsync(() => page.Channel("huaihai/pile-01", "s1") is not null, "the last word");
        var desk = page.Services.GetRequiredService<ResponseDesk>();
        Assert.Null(await desk.AskAsync(new Permit("test-1", PermitKind.Test, "huaihai/shed-1/shed-01", page.NowMs, page.NowMs + 600_000, "manager", null, "试烟感", null)));
        Assert.NotNull(await desk.DrillAsync("huaihai", FacilityMonitor.Alerts.Priority.P0, withSiren: false, new Actor("manager", "page")));

        await RingAsync(page, "00000000000000b1", "huaihai/shed-1/shed-01", FacilityMonitor.Alerts.Priority.P0, "smoke");

        using var stranger = new UserUnderTest(page.Url);
        Assert.Contains("<b>20</b> / 60 free", await stranger.TextAsync("/p/huaihai?lang=en"), StringComparison.Ordinal);
        // It smokes elsewhere as well, and there nobody tests.
        await RingAsync(page, "00000000000000b2", "huaihai/shed-1", FacilityMonitor.Alerts.Priority.P0, "smoke");
        page.Time.Advance(PublicPage.KeptFor);
        Assert.Contains("Not in use now", await stranger.TextAsync("/p/huaihai?lang=en"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_a_circuit_is_switched_off_for_work_its_sockets_are_not_offered()
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path);
        await page.SayAsync("pile-01", "s1", 2);
        await page.UntilAsync(() => page.Channel("huaihai/pile-01", "s1") is not null, "the last word");

        await page.Services.GetRequiredService<ResponseDesk>().HangAsync(
            new Permit("permit-1", PermitKind.Maintenance, "huaihai/c-shed", page.NowMs, page.NowMs + 3_600_000, "manager", null, "换断路器", null), _ => { });

        using var stranger = new UserUnderTest(page.Url);
        Assert.Contains("Not in use now", await stranger.TextAsync("/p/huaihai?lang=en"), StringComparison.Ordinal);
    }

    private static async Task RingAsync(PageUnderTest page, string alert, string asset, FacilityMonitor.Alerts.Priority priority, string rule)
    {
        page.Ring(alert, "huaihai", asset, priority, rule);
        await page.UntilAsync(() => page.Feed.Look((_, state, _) => state.Alerts.Any(known => known.AlertId == alert)), "the alert on the live picture");
    }

    [Fact]
    public async Task It_is_there_only_for_a_site_that_says_so_sets_no_cookie_and_asks_not_to_be_found()
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path);
        using var stranger = new UserUnderTest(page.Url);

        using var open = await stranger.GetAsync("/p/huaihai?lang=en");
        using var shut = await stranger.GetAsync("/p/jiugeng?lang=en");
        using var nowhere = await stranger.GetAsync("/p/nowhere?lang=en");

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.NotFound, HttpStatusCode.NotFound], [open.StatusCode, shut.StatusCode, nowhere.StatusCode]);
        Assert.Equal(await shut.Content.ReadAsStringAsync(), await nowhere.Content.ReadAsStringAsync());
        foreach (var answer in (HttpResponseMessage[])[open, shut, nowhere])
        {
            Assert.Equal("noindex, nofollow", answer.Headers.GetValues("X-Robots-Tag").Single());
            Assert.False(answer.Headers.Contains("Set-Cookie"));
        }

        Assert.Empty(stranger.Cookies);
        Assert.Equal(TimeSpan.FromSeconds(5), open.Headers.CacheControl!.MaxAge);
        Assert.Contains("default-src 'none'", string.Join(' ', open.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        // Nobody's address comes back to somebody else.
        await stranger.GetAsync("/p/huaihai?lang=zh&evil=1");
        Assert.DoesNotContain("evil", await stranger.TextAsync("/p/huaihai?lang=zh"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_crowd_is_shown_what_was_written_once_and_one_place_cannot_ask_without_end()
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path);
        using var stranger = new UserUnderTest(page.Url);
        var one = page.Services.GetRequiredService<PublicPage>();

        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => stranger.TextAsync("/p/huaihai?lang=zh")));
        Assert.Equal(1, one.Written);
        page.Time.Advance(PublicPage.KeptFor - TimeSpan.FromTicks(1));
        await stranger.TextAsync("/p/huaihai?lang=zh");
        Assert.Equal(1, one.Written);
        page.Time.Advance(TimeSpan.FromTicks(1));
        await stranger.TextAsync("/p/huaihai?lang=zh");
        Assert.Equal(2, one.Written);

        var answers = new List<HttpStatusCode>();
        for (var asked = 52; asked <= PublicPage.PerMinuteMax; asked++)
            answers.Add((await stranger.GetAsync("/p/huaihai?lang=zh")).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, answers[^1]);
        using var refused = await stranger.GetAsync("/p/huaihai?lang=en");
        var words = await refused.Content.ReadAsStringAsync();
        Assert.Contains("Asked too often", words, StringComparison.Ordinal);
        Assert.Contains("href=\"/p/huaihai\"", words, StringComparison.Ordinal);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.All(answers.SkipLast(1), status => Assert.Equal(HttpStatusCode.OK, status));
        // The door has its own count.
        Assert.Equal(HttpStatusCode.OK, (await stranger.GetAsync("/sign-in")).StatusCode);
    }

    [Fact]
    public async Task A_socket_is_free_when_neither_its_word_nor_its_power_says_otherwise()
    {
        (string? Word, double Watts, bool IsFree)[] sockets =
            [("charging", 0, false), ("full", 0, false), ("fuse", 0, false), ("idle", 0, true), (null, 3, true), (null, 3.1, false), ("whatever", 0, true)];
        await using var page = await PageUnderTest.StartAsync(_folder.Path);
        using var stranger = new UserUnderTest(page.Url);
        var devices = page.Services.GetRequiredService<DeviceTable>();
        var message = new DeviceMessage { Kind = MessageKind.Data, Device = devices.Resolve(Dialect.Fm1, "huaihai"u8, "pile-01"u8) };
        var free = 20;
        for (var number = 1; number <= sockets.Length; number++)
        {
            var (word, watts, isFree) = sockets[number - 1];
            free -= isFree ? 0 : 1;
            message.ReceivedMs = page.NowMs;
            message.Readings.Clear();
            ref var reading = ref message.Readings.Add();
            (reading.Channel, reading.AtMs, reading.DeviceMs, reading.State) = (ChannelId.Socket(number), page.NowMs, page.NowMs, word);
            message.Readings.AddValue(Metric.W, watts);
            var writer = new FacilityMonitor.Journal.JournalWriter();
            writer.Message(message);
            await page.Services.GetRequiredService<FacilityMonitor.Journal.MessageJournal>().AppendAsync(writer);
            await page.UntilAsync(() => page.Channel("huaihai/pile-01", $"s{number}") is not null, "the last word");
            page.Time.Advance(PublicPage.KeptFor);

            var text = await stranger.TextAsync("/p/huaihai?lang=en");
            Assert.True(text.Contains($"<b>{free}</b> / 60", StringComparison.Ordinal), $"A socket that says {word ?? "nothing"} and draws {watts} W: {text}");
        }
    }
}

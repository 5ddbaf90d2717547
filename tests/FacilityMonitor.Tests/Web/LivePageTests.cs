using System.Net;
using System.Text.Json;
using FacilityMonitor.Web;

namespace FacilityMonitor.Tests.Web;

public sealed class LivePageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("/")]
    [InlineData("/events")]
    [InlineData("/?lang=en")]
    public async Task Whoever_has_not_signed_in_is_sent_to_the_door(string path)
    {
        await using var page = await StartAsync();

        var answer = await GetAsync(page, path);

        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal("/sign-in", answer.Headers.Location!.AbsolutePath);
    }

    [Fact]
    public async Task A_supervisor_needs_no_password_and_is_told_what_stands_in_the_way()
    {
        await using var page = await StartAsync();

        Assert.Equal(HttpStatusCode.OK, (await GetAsync(page, "/healthz")).StatusCode);
        var ready = await GetAsync(page, "/readyz");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Contains("broker", await ready.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(page, "/nowhere")).StatusCode);
    }

    [Fact]
    public async Task After_five_wrong_passwords_everybody_waits_half_a_minute()
    {
        await using var page = await StartAsync();
        for (var attempt = 0; attempt < SignIn.AttemptsMax; attempt++)
            Assert.Equal(HttpStatusCode.Unauthorized, (await page.SignInAsync("wrong")).StatusCode);

        Assert.Equal(HttpStatusCode.TooManyRequests, (await page.SignInAsync(PageUnderTest.Password)).StatusCode);
        page.Time.Advance(SignIn.Wait - TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.TooManyRequests, (await page.SignInAsync(PageUnderTest.Password)).StatusCode);
        page.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(HttpStatusCode.Redirect, (await page.SignInAsync(PageUnderTest.Password)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(page, "/")).StatusCode);
    }

    [Fact]
    public async Task A_form_of_another_site_signs_nobody_in()
    {
        await using var page = await StartAsync();

        Assert.Equal(HttpStatusCode.BadRequest, (await page.SignInAsync(PageUnderTest.Password, withToken: false)).StatusCode);

        Assert.Equal(HttpStatusCode.Redirect, (await GetAsync(page, "/")).StatusCode);
    }

    [Theory]
    [InlineData("/sign-in")]
    [InlineData("/healthz")]
    [InlineData("/")]
    public async Task Every_answer_forbids_foreign_scripts_frames_and_copies(string path)
    {
        await using var page = await StartAsync();

        var headers = (await GetAsync(page, path)).Headers;

        var policy = headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", headers.GetValues("X-Content-Type-Options").Single());
        Assert.True(headers.CacheControl!.NoStore);
    }

    [Fact]
    public async Task The_page_is_chinese_until_english_is_chosen_and_then_stays_english()
    {
        await using var page = await StartAsync();
        await page.SignInAsync(PageUnderTest.Password);

        Assert.Contains("没有告警", await TextAsync(page, "/"), StringComparison.Ordinal);
        Assert.Contains("No alerts", await TextAsync(page, "/?lang=en"), StringComparison.Ordinal);
        Assert.Contains("No alerts", await TextAsync(page, "/"), StringComparison.Ordinal);
        Assert.Contains("没有告警", await TextAsync(page, "/?lang=zh"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_scripts_the_page_still_says_what_is_in_use()
    {
        await using var page = await StartAsync();
        await page.SignInAsync(PageUnderTest.Password);
        await page.SayAsync("pile-02", "s7", 742);
        await page.UntilAsync(() => Devices(page.Feed).TryGetProperty("s7", out _), "the value on the page");

        var text = await TextAsync(page, "/?lang=en");

        Assert.Matches("Pile 2</th><td class=\"n\">1/20</td><td class=\"n\">742</td>", text);
    }

    [Fact]
    public async Task The_stream_begins_with_the_whole_picture_and_goes_on_with_changes()
    {
        await using var page = await StartAsync();
        await page.SignInAsync(PageUnderTest.Password);
        using var stream = await page.Client.GetAsync(new Uri("/events", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", stream.Content.Headers.ContentType!.MediaType);
        using var reader = new StreamReader(await stream.Content.ReadAsStreamAsync());

        Assert.Equal(["hello", "registry", "devices", "alerts", "health"], [await EventAsync(reader), await EventAsync(reader), await EventAsync(reader), await EventAsync(reader), await EventAsync(reader)]);
        await page.SayAsync("pile-02", "s7", 742);
        await page.UntilAsync(() => Devices(page.Feed).TryGetProperty("s7", out _), "the value in the feed");

        string name;
        do
            name = await EventAsync(reader);
        while (name == "health");
        Assert.Equal("devices", name);
    }

    [Fact]
    public async Task A_page_that_does_not_read_is_sent_away_and_holds_up_nobody()
    {
        await using var page = await StartAsync();
        var slow = page.Feed.Open()!.Value.Changes;

        await page.UntilAsync(() => page.Feed.SentAway == 1, "the slow page being sent away");

        while (slow.TryRead(out _))
        {
        }

        Assert.True(slow.Completion.IsCompleted);
    }

    [Fact]
    public async Task There_is_room_for_a_thousand_pages_and_one_more_is_refused()
    {
        await using var page = await StartAsync();
        var first = page.Feed.Open()!.Value.Changes;
        for (var viewer = 1; viewer < LiveFeed.ViewersMax; viewer++)
            Assert.NotNull(page.Feed.Open());

        Assert.Null(page.Feed.Open());
        Assert.Equal(1, page.Feed.Refused);
        page.Feed.Close(first);
        Assert.NotNull(page.Feed.Open());
    }

    [Fact]
    public async Task A_restart_does_not_empty_the_page_and_an_old_value_keeps_its_time()
    {
        long saidAt;
        DateTimeOffset stoppedAt;
        await using (var first = await StartAsync())
        {
            await first.SayAsync("pile-02", "s7", 742);
            saidAt = first.NowMs;
            // Long enough for the store to close its block and for the journal behind it to be trimmed.
            await first.UntilAsync(() => first.NowMs - saidAt > 60_000, "a minute");
            stoppedAt = first.Time.GetUtcNow();
        }

        await using var second = await PageUnderTest.StartAsync(_folder.Path, new ManualTime(stoppedAt + TimeSpan.FromHours(1)));
        await second.UntilAsync(() => Devices(second.Feed).TryGetProperty("s7", out _), "the old value");

        var socket = Devices(second.Feed).GetProperty("s7");
        Assert.Equal((742d, saidAt), (socket.GetProperty("w").GetDouble(), socket.GetProperty("at").GetInt64()));
    }

    private Task<PageUnderTest> StartAsync() => PageUnderTest.StartAsync(_folder.Path);

    private static Task<HttpResponseMessage> GetAsync(PageUnderTest page, string path) => page.Client.GetAsync(new Uri(path, UriKind.Relative));

    private static async Task<string> TextAsync(PageUnderTest page, string path) => await (await GetAsync(page, path)).Content.ReadAsStringAsync();

    /// <summary>The channels of pile 2 as a page that opens now is told.</summary>
    private static JsonElement Devices(LiveFeed feed)
    {
        var opened = feed.Open()!.Value;
        feed.Close(opened.Changes);
        using var json = JsonDocument.Parse(opened.First.Single(news => news.Name == "devices").Json);
        var pile = json.RootElement.GetProperty("devices").EnumerateArray().FirstOrDefault(device => device.GetProperty("key").GetString() == "huaihai/pile-02");
        return pile.ValueKind == JsonValueKind.Undefined ? JsonDocument.Parse("{}").RootElement : pile.GetProperty("channels").Clone();
    }

    private static async Task<string> EventAsync(StreamReader reader)
    {
        while (true)
        {
            var line = await reader.ReadLineAsync() ?? throw new EndOfStreamException("The stream ended.");
            if (line.StartsWith("event:", StringComparison.Ordinal))
                return line["event:".Length..].Trim();
        }
    }
}

using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using FacilityMonitor.Alerts;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Readings;
using FacilityMonitor.Response;
using FacilityMonitor.Web;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Web;

/// <summary>The stream to the pages, over a real connection: the whole state, then what changes.</summary>
public sealed class LiveStreamTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_stream_begins_with_the_whole_state_and_goes_on_with_changes()
    {
        await using var page = await StartAsync();
        await QuietAsync(page);
        await page.SignInAsync(PageUnderTest.Password);
        using var stream = await StreamAsync(page);
        Assert.Equal("text/event-stream", stream.Content.Headers.ContentType!.MediaType);
        using var reader = new StreamReader(await stream.Content.ReadAsStreamAsync());

        var (name, hello) = await EventAsync(reader);
        Assert.Equal("hello", name);
        Assert.Equal(LiveFeed.Build, hello.GetProperty("build").GetString());
        Assert.Equal(["jiugeng", "huaihai", "panyu-road"], hello.GetProperty("registry").GetProperty("sites").EnumerateArray().Select(site => site.GetProperty("id").GetString()));
        Assert.Empty(hello.GetProperty("alerts").GetProperty("alerts").EnumerateArray());
        Assert.Equal(JsonValueKind.Object, hello.GetProperty("health").ValueKind);
        await page.SayAsync("pile-02", "s7", 742);
        await page.UntilAsync(() => page.Channel("huaihai/pile-02", "s7") is not null, "the value in the feed");

        var devices = await EventAsync(reader, "devices");
        var changed = devices.GetProperty("devices").EnumerateArray().Single();
        Assert.Equal(("huaihai/pile-02", 742d), (changed.GetProperty("key").GetString(), changed.GetProperty("channels").GetProperty("s7").GetProperty("w").GetDouble()));
    }

    [Fact]
    public async Task A_page_that_comes_back_is_given_the_whole_state_again()
    {
        await using var page = await StartAsync();
        await page.SignInAsync(PageUnderTest.Password);
        using (await StreamAsync(page))
        {
        }

        await page.SayAsync("pile-02", "s7", 742);
        await page.UntilAsync(() => page.Channel("huaihai/pile-02", "s7") is not null, "the value in the feed");
        using var again = await StreamAsync(page);
        using var reader = new StreamReader(await again.Content.ReadAsStreamAsync());

        var hello = await EventAsync(reader, "hello");
        Assert.Contains("\"w\":742", hello.GetProperty("devices").GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_alert_says_who_has_it_and_what_it_makes_of_its_thing_and_what_is_worked_on_is_told_with_it()
    {
        await using var page = await StartAsync();
        var desk = page.Services.GetRequiredService<ResponseDesk>();
        page.Ring("00000000000000c1", "huaihai", "huaihai/shed-1/pile-01/s1", Priority.P3, "restart-after-full");
        page.Ring("00000000000000a1", "huaihai", "huaihai/shed-1/pile-01/s1", Priority.P1, "welded-relay");
        page.Ring("00000000000000a2", "huaihai", "huaihai/shed-1/pile-01/s2");
        page.Ring("00000000000000a3", "huaihai", "huaihai/shed-1/pile-01/s3", Priority.P1, "welded-relay");
        await page.UntilAsync(() => desk.Find("00000000000000a3") is not null, "the alerts");
        await desk.DoAsync("00000000000000a1", new ResponseCommand.Acknowledge(), new Actor("stair-a", "page"));
        await desk.AskAsync(new Permit("permit-1", PermitKind.Test, "huaihai/shed-1/pile-01/s3", page.NowMs, page.NowMs + 600_000, "manager", null, "试继电器", null));
        await desk.HangAsync(new Permit("permit-2", PermitKind.Maintenance, "huaihai/c-cabinet", page.NowMs, page.NowMs + 3_600_000, "manager", null, "换断路器", null), _ => { });
        await page.UntilAsync(() => page.State().GetProperty("alerts").GetProperty("permits").GetArrayLength() == 3, "what is worked on");
        await page.UntilAsync(() => page.State().GetProperty("alerts").GetProperty("alerts").GetArrayLength() == 4, "every alert");

        var told = page.State().GetProperty("alerts");
        var alerts = told.GetProperty("alerts").EnumerateArray().ToDictionary(alert => alert.GetProperty("id").GetString()![^2..]);
        // Of several on one thing the most urgent makes it what it is; a test of it takes that back.
        Assert.Equal(("fault", "overload", "alert"), (alerts["a1"].GetProperty("mark").GetString(), alerts["a2"].GetProperty("mark").GetString(), alerts["a3"].GetProperty("mark").GetString()));
        Assert.False(alerts["c1"].TryGetProperty("mark", out _));
        Assert.Equal(("楼组长甲", "Stair leader A"), (alerts["a1"].GetProperty("takers").GetProperty("zh").GetString(), alerts["a1"].GetProperty("takers").GetProperty("en").GetString()));
        Assert.False(alerts["a2"].TryGetProperty("takers", out _));
        Assert.Equal(
            ["huaihai/c-cabinet False 检修", "huaihai/cabinet/cabinet-1 True 检修", "huaihai/shed-1/pile-01/s3 False 测试"],
            told.GetProperty("permits").EnumerateArray().Select(permit => $"{permit.GetProperty("asset").GetString()} {permit.TryGetProperty("feed", out _)} {permit.GetProperty("text").GetProperty("zh").GetString()!.Split(' ')[0]}").Order(StringComparer.Ordinal));
        // Who sees another site is told of none of it.
        using var viewer = page.Feed.Open(FacilityMonitor.Users.SiteScope.Of(["panyu-road"]), () => true)!;
        Assert.True(viewer.Frames.TryRead(out var hello));
        Assert.DoesNotContain("huaihai", PageUnderTest.Body(hello!).GetProperty("alerts").GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_nothing_changes_a_heartbeat_tells_that_the_stream_stands()
    {
        await using var page = await StartAsync();
        using var viewer = page.Feed.Open(FacilityMonitor.Users.SiteScope.All, () => true)!;
        var words = new List<LiveFrame>();
        await page.UntilAsync(Read, "a first heartbeat");
        await page.UntilAsync(Read, "a second one");

        // Not before ten seconds of silence: with every other word the stream is known to stand.
        var beats = words.Where(word => word.Name == "heartbeat").Select(word => PageUnderTest.Body(word).GetProperty("now").GetInt64()).ToList();
        Assert.InRange(beats[1] - beats[0], LiveFeed.HeartbeatEvery.TotalMilliseconds, double.MaxValue);

        bool Read()
        {
            var any = false;
            while (!any && viewer.Frames.TryRead(out var frame))
            {
                words.Add(frame);
                any = frame.Name == "heartbeat";
            }

            return any;
        }
    }

    [Theory]
    [InlineData(1, 500)]
    [InlineData(LiveFeed.FewViewers, 500)]
    [InlineData(LiveFeed.FewViewers + 1, 1_000)]
    public async Task Values_are_told_at_a_calm_pace_and_the_last_one_is_not_forgotten(int viewers, int paceMs)
    {
        Assert.Equal(paceMs, LiveFeed.PaceOf(viewers).TotalMilliseconds);
        await using var page = await StartAsync();
        await QuietAsync(page);
        for (var other = 1; other < viewers; other++)
            Assert.NotNull(page.Feed.Open(FacilityMonitor.Users.SiteScope.All, () => true));
        using var viewer = page.Feed.Open(FacilityMonitor.Users.SiteScope.All, () => true)!;
        var told = new List<JsonElement>();
        for (var watts = 1; watts <= 20; watts++)
        {
            await page.SayAsync("pile-02", "s7", watts);
            // What the feed has taken in: a page that opens is told what was told last, and would be a pace behind.
            await page.UntilAsync(() => page.Feed.Look((view, _, _) => Taken(view) == watts), "the value in the feed");
            told.AddRange(Values(viewer));
        }

        await page.UntilAsync(
            () =>
            {
                told.AddRange(Values(viewer));
                return told.Count > 0 && Watts(told[^1]) == 20;
            },
            "the last value");
        var times = told.ConvertAll(values => values.GetProperty("now").GetInt64());
        Assert.InRange(times.Count, 3, 19);
        Assert.All(times.Zip(times.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, paceMs, long.MaxValue));
    }

    [Fact]
    public async Task An_alert_does_not_wait_for_the_pace_of_values_and_takes_them_along()
    {
        await using var page = await StartAsync();
        await QuietAsync(page);
        using var viewer = page.Feed.Open(FacilityMonitor.Users.SiteScope.All, () => true)!;
        var (watts, before, isHurried) = (0, 0L, false);
        // On a busy machine the pace may be over before the rules have spoken: then the pace alone explains it, and it is tried again.
        for (var attempt = 0; !isHurried && attempt < 50; attempt++)
        {
            await page.SayAsync("pile-02", "s7", ++watts);
            // In small steps: one of its looks, 250 ms apart, is to be between the value and the pace.
            await page.UntilAsync(() => Values(viewer).Any(values => (before = values.GetProperty("now").GetInt64()) > 0), "a value", stepMs: 50);
            await page.SayAsync("pile-02", "s7", ++watts);
            page.Ring($"alert-{attempt}", "huaihai", "huaihai/shed-1/pile-02/s7");
            List<LiveFrame> frames = [];
            await page.UntilAsync(
                () =>
                {
                    frames.AddRange(Drain(viewer));
                    return frames.Exists(frame => frame.Name == "alerts");
                },
                "the alert",
                stepMs: 50);
            var next = frames.FindIndex(frame => frame.Name == "alerts") + 1;
            isHurried = next < frames.Count && frames[next].Name == "devices" && PageUnderTest.Body(frames[next]) is var values && Watts(values) == watts
                && values.GetProperty("now").GetInt64() - before < LiveFeed.PaceOf(1).TotalMilliseconds;
        }

        Assert.True(isHurried, "An alert never took along the value before its time.");
    }

    [Fact]
    public async Task Every_page_is_sent_the_same_bytes()
    {
        await using var page = await StartAsync();
        await QuietAsync(page);
        var viewers = Enumerable.Range(0, 200).Select(_ => page.Feed.Open(FacilityMonitor.Users.SiteScope.All, () => true)!).ToList();
        await page.SayAsync("pile-02", "s7", 742);
        await page.UntilAsync(() => page.Channel("huaihai/pile-02", "s7") is not null, "the value in the feed");

        var told = viewers.ConvertAll(Drain);
        Assert.Contains(told[0], frame => frame.Name == "hello");
        Assert.Contains(told[0], frame => frame.Name == "devices");
        Assert.All(told, frames => Assert.True(frames.Count >= told[0].Count && frames.Zip(told[0]).All(pair => ReferenceEquals(pair.First, pair.Second))));
    }

    [Fact]
    public async Task Telling_two_hundred_pages_allocates_nothing_for_each()
    {
        await using var page = await StartAsync();
        await QuietAsync(page);
        var viewers = Enumerable.Range(0, 200).Select(_ => page.Feed.Open(FacilityMonitor.Users.SiteScope.All, () => true)!).ToList();
        var frame = LiveFrame.Of("devices", Encoding.UTF8.GetBytes($"{{\"x\":\"{new string('x', 10_000)}\"}}"));
        TellAll();

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var change = 0; change < 100; change++)
            TellAll();

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200);

        void TellAll()
        {
            page.Feed.Tell(frame);
            foreach (var viewer in viewers)
            {
                while (viewer.Frames.TryRead(out _))
                {
                    // Taken, as a connection takes it.
                }
            }
        }
    }

    [Fact]
    public async Task A_page_that_does_not_read_is_cut_off_and_holds_up_nobody()
    {
        await using var page = await StartAsync();
        var session = (await page.SignInAsync(PageUnderTest.Password)).Headers.GetValues("Set-Cookie").Single(cookie => cookie.StartsWith("fm=", StringComparison.Ordinal)).Split(';')[0];
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(page.Url.Host, page.Url.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes($"GET /events HTTP/1.1\r\nHost: {page.Url.Authority}\r\nCookie: {session}\r\n\r\n"));
        using var attentive = page.Feed.Open(FacilityMonitor.Users.SiteScope.All, () => true)!;
        await page.UntilAsync(() => Pages(page) >= 2, "both pages");
        var big = LiveFrame.Of("devices", Encoding.UTF8.GetBytes($"{{\"x\":\"{new string('x', 1 << 20)}\"}}"));

        for (var told = 0; told < 200 && page.Feed.SentAway == 0; told++)
        {
            page.Feed.Tell(big);
            while (attentive.Frames.TryRead(out _))
            {
            }
        }

        Assert.Equal(1, page.Feed.SentAway);
        // The connection itself ends: nothing waits for a reader that is not there.
        var buffer = new byte[1 << 16];
        try
        {
            while (await socket.ReceiveAsync(buffer).WaitAsync(TimeSpan.FromSeconds(30), WakingTime.Clock) > 0)
            {
            }
        }
        catch (SocketException error)
        {
            Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
        }

        page.Feed.Tell(big);
        Assert.True(attentive.Frames.TryRead(out _));
    }

    [Fact]
    public async Task There_is_room_for_a_thousand_pages_and_one_more_is_refused()
    {
        await using var page = await StartAsync();
        await page.SignInAsync(PageUnderTest.Password);
        var first = page.Feed.Open(FacilityMonitor.Users.SiteScope.All, () => true)!;
        for (var viewer = 1; viewer < LiveFeed.ViewersMax; viewer++)
            Assert.NotNull(page.Feed.Open(FacilityMonitor.Users.SiteScope.All, () => true));

        using var refused = await StreamAsync(page);
        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal(1, page.Feed.Refused);
        page.Feed.Close(first);
        using var again = await StreamAsync(page);
        Assert.Equal(System.Net.HttpStatusCode.OK, again.StatusCode);
    }

    [Fact]
    public async Task Whoever_has_a_hundred_pages_open_is_told_so_in_words_and_takes_nobody_elses_room()
    {
        await using var page = await StartAsync();
        await page.SignInAsync(PageUnderTest.Password);
        using var other = await page.EnterAsync("other", FacilityMonitor.Users.UserRole.OnCall, "huaihai");
        var first = page.Feed.Open(FacilityMonitor.Users.SiteScope.All, () => true, "manager")!;
        for (var viewer = 1; viewer < LiveFeed.ViewersOfOneMax; viewer++)
            Assert.NotNull(page.Feed.Open(FacilityMonitor.Users.SiteScope.Of(["huaihai"]), () => true, "manager"));

        using var refused = await StreamAsync(page);
        Assert.Equal(System.Net.HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Contains("这个用户打开的页面太多", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal((1, 0), (page.Feed.RefusedToOne, page.Feed.Refused));
        using var theirs = await other.Client.GetAsync(new Uri("/events", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(System.Net.HttpStatusCode.OK, theirs.StatusCode);

        page.Feed.Close(first);
        page.Feed.Close(first);
        using var again = await StreamAsync(page);
        Assert.Equal(System.Net.HttpStatusCode.OK, again.StatusCode);
        using var beyond = await StreamAsync(page);
        Assert.Equal(System.Net.HttpStatusCode.TooManyRequests, beyond.StatusCode);
    }

    [Fact]
    public async Task A_page_that_goes_makes_room()
    {
        await using var page = await StartAsync();
        await page.SignInAsync(PageUnderTest.Password);
        using (await StreamAsync(page))
            await page.UntilAsync(() => Pages(page) == 1, "the page being counted");

        await page.UntilAsync(() => Pages(page) == 0, "the page being gone");
    }

    [Fact]
    public async Task When_the_service_stops_the_stream_ends_at_once()
    {
        await using var page = await StartAsync();
        await page.SignInAsync(PageUnderTest.Password);
        using var stream = await StreamAsync(page);
        using var reader = new StreamReader(await stream.Content.ReadAsStreamAsync());
        await EventAsync(reader, "hello");

        var stopped = page.StopAsync();

        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(4), WakingTime.Clock);
        while (await reader.ReadLineAsync(deadline.Token) is not null)
        {
        }

        await stopped;
    }

    [Fact]
    public async Task A_crowd_of_devices_is_told_in_portions_and_nobody_is_forgotten()
    {
        const int Devices = LiveFeed.DevicesPerEventMax + 7;
        await using var page = await StartAsync();
        await QuietAsync(page);
        using var viewer = page.Feed.Open(FacilityMonitor.Users.SiteScope.All, () => true)!;
        for (var number = 0; number < Devices; number++)
            await page.SayAsync(string.Create(CultureInfo.InvariantCulture, $"new-{number}"), "s1", number);

        var told = new HashSet<string>();
        await page.UntilAsync(
            () =>
            {
                while (viewer.Frames.TryRead(out var frame))
                {
                    if (frame.Name != "devices")
                        continue;
                    var devices = PageUnderTest.Body(frame).GetProperty("devices").EnumerateArray().Select(device => device.GetProperty("key").GetString()!).ToList();
                    Assert.InRange(devices.Count, 1, LiveFeed.DevicesPerEventMax);
                    told.UnionWith(devices);
                }

                return told.Count == Devices;
            },
            "every device being told");
    }

    [Fact]
    public async Task Who_sees_one_site_is_told_of_that_site_alone_however_busy_another_is()
    {
        await using var page = await StartAsync();
        using var all = page.Feed.Open(FacilityMonitor.Users.SiteScope.All, () => true)!;
        using var quiet = page.Feed.Open(FacilityMonitor.Users.SiteScope.Of(["panyu-road"]), () => true)!;
        var (toAll, toQuiet) = (new List<LiveFrame>(), new List<LiveFrame>());
        for (var second = 0; second < 5; second++)
        {
            await page.SayAsync("pile-02", "s7", 100 + second);
            var before = toAll.Count(frame => frame.Name == "devices");
            await page.UntilAsync(
                () =>
                {
                    toAll.AddRange(Drain(all));
                    toQuiet.AddRange(Drain(quiet));
                    return toAll.Count(frame => frame.Name == "devices") > before;
                },
                "The change");
            page.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.All(toQuiet, frame => Assert.DoesNotContain("huaihai", System.Text.Encoding.UTF8.GetString(frame.Bytes.Span), StringComparison.Ordinal));
        Assert.DoesNotContain(toQuiet, frame => frame.Name == "devices");
        Assert.Equal("hello", toQuiet[0].Name);
    }

    [Fact]
    public async Task The_books_of_all_sites_are_told_to_who_sees_all_of_them()
    {
        await using var page = await StartAsync();
        await page.UntilAsync(() => page.State().GetProperty("health").TryGetProperty("limits", out _), "the health being known");
        using var viewer = page.Feed.Open(FacilityMonitor.Users.SiteScope.Of(["panyu-road"]), () => true)!;
        Assert.True(viewer.Frames.TryRead(out var hello));

        var (all, some) = (page.State().GetProperty("health"), PageUnderTest.Body(hello!).GetProperty("health"));

        foreach (var books in (string[])["books", "alertBooks"])
        {
            Assert.True(all.TryGetProperty(books, out _));
            Assert.False(some.TryGetProperty(books, out _));
        }

        Assert.True(all.GetProperty("limits").TryGetProperty("wrongPasswords", out _));
        Assert.False(some.GetProperty("limits").TryGetProperty("wrongPasswords", out _));
        Assert.Empty(some.GetProperty("hours").EnumerateArray());
        Assert.True(some.TryGetProperty("journal", out _));
    }

    private static double? Taken(LiveView view) =>
        view.Find("huaihai", "pile-02")?.Channels.Where(channel => channel.Now.Channel.ToString() == "s7").Select(channel => channel.Now.Values.TryGet(Metric.W, out var watts) ? watts.Value : (double?)null).FirstOrDefault();

    private static IEnumerable<JsonElement> Values(LiveViewer viewer) => Drain(viewer).Where(frame => frame.Name == "devices").Select(PageUnderTest.Body);

    private static double? Watts(JsonElement values) =>
        values.GetProperty("devices").EnumerateArray().Select(device => (double?)device.GetProperty("channels").GetProperty("s7").GetProperty("w").GetDouble()).FirstOrDefault();

    private Task<PageUnderTest> StartAsync() => PageUnderTest.StartAsync(_folder.Path);

    private static Task<HttpResponseMessage> StreamAsync(PageUnderTest page) => page.Client.GetAsync(new Uri("/events", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);

    private static List<LiveFrame> Drain(LiveViewer viewer)
    {
        var frames = new List<LiveFrame>();
        while (viewer.Frames.TryRead(out var frame))
            frames.Add(frame);
        return frames;
    }

    /// <summary>Open pages as the health section tells; counted every two seconds.</summary>
    private static int Pages(PageUnderTest page) => page.State().GetProperty("health").TryGetProperty("limits", out var limits) ? limits.GetProperty("pages").GetInt32() : -1;

    /// <summary>Until nothing is told any more: the attempts to reach the broker that is not there end, and the health is known.</summary>
    private static async Task QuietAsync(PageUnderTest page)
    {
        using var viewer = page.Feed.Open(FacilityMonitor.Users.SiteScope.All, () => true)!;
        await page.UntilAsync(() => viewer.Frames.TryRead(out var frame) && frame.Name == "heartbeat", "quiet");
        page.Feed.Close(viewer);
    }

    private static async Task<JsonElement> EventAsync(StreamReader reader, string name)
    {
        while (true)
        {
            var (told, body) = await EventAsync(reader);
            if (told == name)
                return body;
        }
    }

    private static async Task<(string Name, JsonElement Body)> EventAsync(StreamReader reader)
    {
        var name = "";
        while (true)
        {
            var line = await reader.ReadLineAsync() ?? throw new EndOfStreamException("The stream ended.");
            if (line.StartsWith("event: ", StringComparison.Ordinal))
                name = line["event: ".Length..];
            if (!line.StartsWith("data: ", StringComparison.Ordinal))
                continue;
            using var json = JsonDocument.Parse(line["data: ".Length..]);
            return (name, json.RootElement.Clone());
        }
    }
}

using System.Net;
using System.Text.Json;
using FacilityMonitor.Alerts;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;
using FacilityMonitor.Tests.Influx;
using FacilityMonitor.Tests.Storage;

namespace FacilityMonitor.Tests.Web;

/// <summary>Readings in the embedded store.</summary>
public sealed class EmbeddedCircuitPageTests : CircuitPageTests
{
    protected override IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>();
}

/// <summary>Readings in a real InfluxDB alone.</summary>
[NeedsServer(InfluxServer.Influxd)]
public sealed class InfluxCircuitPageTests : CircuitPageTests, IAsyncLifetime
{
    private InfluxServer _influx = null!;

    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string> { ["FM_INFLUX__URL"] = _influx.Url.ToString(), ["FM_DATA__READINGS"] = "influxdb" };

    public async Task InitializeAsync() => _influx = await InfluxServer.StartAsync(InfluxServer.Influxd);

    public async Task DisposeAsync() => await _influx.DisposeAsync();

    [StoreFact]
    public async Task While_the_database_is_away_the_page_stands_and_its_history_says_why_it_does_not()
    {
        await using var page = await StartAsync();
        await HistoryAsync(page);

        await _influx.KillAsync();

        Assert.Contains("车棚充电回路", await TextAsync(page, "/circuit/huaihai/c-shed"), StringComparison.Ordinal);
        using var answer = await page.Client.GetAsync(Series("channel=l1"));
        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Contains("读数库没有应答", (await JsonAsync(answer)).GetProperty("zh").GetString(), StringComparison.Ordinal);
    }
}

/// <summary>The page of a circuit, wherever its readings are: the same page, the same numbers.</summary>
public abstract class CircuitPageTests : IDisposable
{
    private const int Minutes = 300;

    private readonly TemporaryFolder _folder = new();

    protected abstract IReadOnlyDictionary<string, string> Settings { get; }

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    [StoreFact]
    public async Task What_a_circuit_draws_beyond_its_sockets_is_a_line_of_its_chart_where_all_of_them_were_heard()
    {
        await using var page = await StartAsync();
        var address = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"/series/huaihai/circuit/c-shed/unmetered?channel=main&metric=w&from={From()}&to={From() + 3_600_000}&points=720");
        string[] below = ["pile-01", "pile-02", "pile-03"], phases = ["l1", "l2", "l3"];
        await page.SayAsync("meter-shed", Enumerable.Range(0, 60).SelectMany(minute => phases.Select(phase => (phase, From() + (minute * 60_000L), new[] { (Metric.W, 100d) }))));
        foreach (var pile in below[1..])
            await SayAsync(pile, 60);
        await page.UntilAsync(() => page.Channel("huaihai/" + below[^1], "s1") is not null, "the last pile");

        // Of one pile nothing was ever heard: what is left then would be its load too.
        Assert.Empty(Numbers(await LineAsync(), "at"));
        Assert.DoesNotContain("/unmetered", await TextAsync(page, "/circuit/huaihai/c-shed"), StringComparison.Ordinal);

        // It says nothing in the second half of the hour.
        await SayAsync(below[0], 30);
        await page.UntilAsync(async () => Numbers(await LineAsync(), "at").Count == 15, "half an hour of the remainder");

        Assert.All(Numbers(await LineAsync(), "mean"), mean => Assert.Equal(240, mean));
        Assert.Contains("/series/huaihai/circuit/c-shed/unmetered", await TextAsync(page, "/circuit/huaihai/c-shed"), StringComparison.Ordinal);
        foreach (var (path, status) in ((string, HttpStatusCode)[])
                 [("huaihai/circuit/c-shed", HttpStatusCode.UnprocessableEntity), ("huaihai/circuit/nothing", HttpStatusCode.NotFound), ("nowhere/circuit/c-shed", HttpStatusCode.NotFound)])
            Assert.Equal(status, (await page.Client.GetAsync(new Uri($"/series/{path}/unmetered?channel=l1&metric=a&from=0&to=1&points=1", UriKind.Relative))).StatusCode);

        Task SayAsync(string pile, int minutes) => page.SayAsync(pile, Enumerable.Range(0, minutes).Select(minute => ("s1", From() + (minute * 60_000L), new[] { (Metric.W, 20d) })));

        async Task<JsonElement> LineAsync() => (await JsonAsync(await page.Client.GetAsync(new Uri(address, UriKind.Relative)))).GetProperty("channels")[0];
    }

    [StoreFact]
    public async Task It_says_what_the_circuit_carries_how_many_more_bikes_it_could_and_what_draws_from_it()
    {
        await using var page = await StartAsync();
        Assert.Contains("电表还没有上报过", await TextAsync(page, "/circuit/huaihai/c-shed"), StringComparison.Ordinal);
        await MeterAsync(page, 20, 10, 5);
        await page.SayAsync("pile-01", "s7", 187);
        await page.SayAsync("pile-02", "s1", 2);
        await page.UntilAsync(() => page.Channel("huaihai/pile-02", "s1") is not null, "the last word");

        var text = await TextAsync(page, "/circuit/huaihai/c-shed");

        Assert.Contains("<b>20.0 A</b>", text, StringComparison.Ordinal);
        Assert.Contains("20.0 / 10.0 / 5.0 A", text, StringComparison.Ordinal);
        Assert.Contains("32 % · 额定 63 A", text, StringComparison.Ordinal);
        // To 80 % of 63 A: 30.4, 40.4 and 45.4 A are left, for 20, 26 and 30 bikes of 1.5 A.
        Assert.Contains("<b>76</b>", text, StringComparison.Ordinal);
        Assert.Contains("这样的负荷不会跳闸", text, StringComparison.Ordinal);
        Assert.Matches("pile-01\\?channel=s7\">1 号桩 7 号充电口</a></th><td class=\"n\">187 W</td><td class=\"n\">2 %", text);
        Assert.DoesNotContain("2 号桩 1 号充电口", text, StringComparison.Ordinal);
        // The third pile never spoke: what is unmetered cannot be told, and is not called nothing.
        Assert.Contains("算不出来，没有新数据的有： 1", text, StringComparison.Ordinal);

        await page.SayAsync("pile-03", "s1", 0);
        await page.UntilAsync(() => page.Channel("huaihai/pile-03", "s1") is not null, "the third pile");
        text = await TextAsync(page, "/circuit/huaihai/c-shed?lang=en");
        Assert.Contains("<b>7511 W</b> · error ±81 W", text, StringComparison.Ordinal);

        page.Time.Advance(TimeSpan.FromMinutes(10));
        text = await TextAsync(page, "/circuit/huaihai/c-shed?lang=en");
        Assert.Contains("Nothing new from the meter", text, StringComparison.Ordinal);
        Assert.DoesNotContain("20.0 A", text, StringComparison.Ordinal);
    }

    [StoreFact]
    public async Task Beyond_its_rating_it_says_so_with_a_sign_and_when_the_breaker_is_expected_to_trip()
    {
        await using var page = await StartAsync();
        for (var second = 0; second < 60; second += 10)
        {
            await MeterAsync(page, 100, 30, 30);
            page.Time.Advance(TimeSpan.FromSeconds(10));
        }

        await page.UntilAsync(async () => (await TextAsync(page, "/circuit/huaihai/c-shed?lang=en")).Contains("from a thermal image", StringComparison.Ordinal), "a time to trip");

        var text = await TextAsync(page, "/circuit/huaihai/c-shed?lang=en");
        Assert.Contains("▲ 159 % of rated 63 A", text, StringComparison.Ordinal);
        Assert.Contains("figure over", text, StringComparison.Ordinal);
    }

    [StoreFact]
    public async Task Its_history_has_no_more_points_than_asked_for_and_never_loses_the_peak_of_one_reading()
    {
        await using var page = await StartAsync();
        await HistoryAsync(page);

        var lines = (await JsonAsync(await page.Client.GetAsync(Series("channel=l1&channel=l2", points: 50)))).GetProperty("channels");

        var (l1, l2) = (lines[0], lines[1]);
        Assert.Equal("l1", l1.GetProperty("channel").GetString());
        Assert.False(l1.GetProperty("raw").GetBoolean());
        Assert.InRange(Numbers(l1, "at").Count, 40, 50);
        Assert.Equal(71, Numbers(l1, "max").Max());
        Assert.Equal(10, Numbers(l1, "min").Min());
        Assert.All(Numbers(l2, "mean"), mean => Assert.Equal(8, mean));
        // The peak is one of six readings of its stretch.
        Assert.Contains(20.1667, Numbers(l1, "mean"));

        var raw = (await JsonAsync(await page.Client.GetAsync(Series("channel=l1", points: 720)))).GetProperty("channels")[0];
        Assert.True(raw.GetProperty("raw").GetBoolean());
        Assert.Equal(Minutes, Numbers(raw, "at").Count);
    }

    [StoreFact]
    public async Task A_question_beyond_its_limits_is_refused_in_words_and_a_stranger_is_told_nothing()
    {
        await using var page = await StartAsync();
        string[] wrong =
        [
            "metric=a&from=0&to=1&points=1", "channel=l1&metric=a&from=0&to=1", "channel=x9&metric=a&from=0&to=1&points=1", "channel=l1&metric=amps&from=0&to=1&points=1",
            "channel=l1&metric=a&from=5&to=5&points=1", "channel=l1&metric=a&from=0&to=7948800001&points=1", "channel=l1&metric=a&from=0&to=1&points=1501", "channel=l1&metric=a&from=0&to=1&points=0",
            "channel=l1&channel=l2&channel=l3&channel=main&channel=s1&metric=a&from=0&to=1&points=1", "channel=l1&metric=a&from=-1&to=1&points=1", "channel=l1&metric=a&from=0&to=99999999999999999999&points=1",
        ];

        foreach (var query in wrong)
        {
            using var answer = await page.Client.GetAsync(new Uri("/series/huaihai/meter-shed?" + query, UriKind.Relative));
            Assert.True(answer.StatusCode == HttpStatusCode.UnprocessableEntity, query);
            Assert.True((await JsonAsync(answer)).GetProperty("en").GetString()!.Length > 10, query);
        }

        // The longest time and the most points that are allowed.
        using var most = await page.Client.GetAsync(new Uri("/series/huaihai/meter-shed?channel=l1&channel=l2&channel=l3&channel=main&metric=a&from=0&to=7948800000&points=1500", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, most.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await page.Client.GetAsync(new Uri("/series/huaihai/nothing?channel=l1&metric=a&from=0&to=1&points=1", UriKind.Relative))).StatusCode);
        using var stranger = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = page.Url };
        foreach (var path in (string[])["/circuit/huaihai/c-shed", "/series/huaihai/meter-shed?channel=l1&metric=a&from=0&to=1&points=1"])
            Assert.Equal(HttpStatusCode.Redirect, (await stranger.GetAsync(new Uri(path, UriKind.Relative))).StatusCode);
    }

    [StoreFact]
    public async Task What_is_not_registered_is_not_found_in_words_and_what_has_no_rating_computes_nothing()
    {
        await using var page = await StartAsync();
        using var missing = await page.Client.GetAsync(new Uri("/circuit/huaihai/c-gone", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        Assert.Contains("没有登记这条回路", await missing.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        var text = await TextAsync(page, "/circuit/jiugeng/c-guard");

        Assert.Contains("额定未登记，不计算负荷率", text, StringComparison.Ordinal);
        Assert.Contains("href=\"/circuit/jiugeng/feeder-1\"", text, StringComparison.Ordinal);
        Assert.Contains("href=\"/circuit/jiugeng/c-garage\"", await TextAsync(page, "/circuit/jiugeng/feeder-1"), StringComparison.Ordinal);
    }

    [StoreFact]
    public async Task Alerts_on_it_and_a_suspected_fly_wire_with_all_that_happened_since_stand_on_it()
    {
        await using var page = await StartAsync();
        await RaiseAsync(page, "00000000000000a1", ChargerOnPublicCircuit.Instance.Name, Condition.Active);
        await RaiseAsync(page, "00000000000000a2", "circuit-overload", Condition.Pending);

        var text = await TextAsync(page, "/circuit/huaihai/c-stair");

        Assert.Contains("data-testid=\"case-00000000000000a1\"", text, StringComparison.Ordinal);
        Assert.Contains("151.5 W", text, StringComparison.Ordinal);
        Assert.Contains("疑似飞线，等待现场核实", text, StringComparison.Ordinal);
        Assert.Contains("/alert/00000000000000a1\">P2", text, StringComparison.Ordinal);
        // Whoever has the page open sees the next one, too.
        Assert.Contains("<section id=\"past-alerts\" data-fresh>", text, StringComparison.Ordinal);
        Assert.DoesNotContain("00000000000000a2", text, StringComparison.Ordinal);
        Assert.DoesNotContain("00000000000000a1", await TextAsync(page, "/circuit/huaihai/c-shed"), StringComparison.Ordinal);
    }

    [StoreFact]
    public async Task Who_did_something_to_a_suspicion_stands_there_by_the_name_that_people_know()
    {
        await using var page = await StartAsync();
        await RaiseAsync(page, "00000000000000a1", ChargerOnPublicCircuit.Instance.Name, Condition.Active);
        using var user = await page.EnterAsync("zhou", FacilityMonitor.Users.UserRole.Electrician, "huaihai", "周电工");
        var html = await user.TextAsync("/alert/00000000000000a1");
        Assert.Equal(HttpStatusCode.SeeOther, (await user.PostAsync("/alert/00000000000000a1/comment", html, ("text", "去看看"))).StatusCode);

        var text = await TextAsync(page, "/circuit/huaihai/c-stair");

        Assert.Contains("周电工：去看看", text, StringComparison.Ordinal);
        Assert.DoesNotContain("zhou", text, StringComparison.Ordinal);
    }

    private protected async Task<PageUnderTest> StartAsync()
    {
        var page = await PageUnderTest.StartAsync(_folder.Path, further: Settings);
        await page.SignInAsync(PageUnderTest.Password);
        return page;
    }

    /// <summary>Five hours of the meter, a reading a minute, with one peak; all of it is in the store.</summary>
    private protected static async Task HistoryAsync(PageUnderTest page)
    {
        var from = From();
        await page.SayAsync("meter-shed", Enumerable.Range(0, Minutes).SelectMany(minute => new[]
        {
            ("l1", from + (minute * 60_000L), new[] { (Metric.A, minute == 100 ? 71d : 10d) }),
            ("l2", from + (minute * 60_000L), [(Metric.A, 8d)]),
        }));
        await page.UntilAsync(async () => Numbers((await JsonAsync(await page.Client.GetAsync(Series("channel=l2", points: 720)))).GetProperty("channels")[0], "at").Count == Minutes, "every reading in the store");
    }

    private protected static Uri Series(string channels, int points = 720) =>
        new(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"/series/huaihai/meter-shed?{channels}&metric=a&from={From()}&to={From() + (Minutes * 60_000L)}&points={points}"), UriKind.Relative);

    private protected static async Task<JsonElement> JsonAsync(HttpResponseMessage answer) => JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;

    private protected static async Task<string> TextAsync(PageUnderTest page, string path) => await page.Client.GetStringAsync(new Uri(path, UriKind.Relative));

    /// <summary>A round hour, six hours before the clock began: moving it moves nothing here.</summary>
    private static long From() => new DateTimeOffset(2026, 11, 20, 4, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    private static Task MeterAsync(PageUnderTest page, double l1, double l2, double l3) =>
        page.SayAsync("meter-shed", new[] { ("l1", l1), ("l2", l2), ("l3", l3) }.Select(phase => (phase.Item1, page.NowMs, new[] { (Metric.A, phase.Item2), (Metric.W, phase.Item2 * 220) })));

    private static Task RaiseAsync(PageUnderTest page, string alert, string rule, Condition condition) => page.Database.CommitAsync(FacilityMonitor.Journal.CommitPriority.Alerts, connection =>
    {
        var step = new AlertTransition
        {
            AlertId = alert,
            Rule = rule,
            Priority = Priority.P2,
            Condition = condition,
            AtMs = page.NowMs,
            OnsetMs = page.NowMs,
            Site = "huaihai",
            Asset = "huaihai/c-stair",
            Text = new LocalText("疑似飞线。请做：1. 去看", "Suspected fly-wire. Do: 1. Go and look"),
            Evidence = new SortedDictionary<string, object> { ["level_w"] = 151.5 },
        };
        AlertLog.Write(connection, step);
        page.Responses.Observe(connection, [step]);
    });

    private static List<double> Numbers(JsonElement line, string column) => [.. line.GetProperty(column).EnumerateArray().Select(number => number.GetDouble())];
}

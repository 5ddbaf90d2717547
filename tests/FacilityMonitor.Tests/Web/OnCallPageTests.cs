using System.Net;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Monitoring;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Tests.Response;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Web;

/// <summary>What whoever is signed in does about alerts, on the demo neighbourhood with its own people.</summary>
public sealed class OnCallPageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Who_is_on_duty_who_comes_next_and_where_nobody_would_come_stands_on_one_page()
    {
        await using var page = await StartAsync(isSignedIn: false);
        Assert.Equal(HttpStatusCode.Redirect, (await page.Client.GetAsync(new Uri("/on-call", UriKind.Relative))).StatusCode);
        await page.SignInAsync(PageUnderTest.Password);
        var text = await TextAsync(page, "/on-call");
        Assert.Matches("门岗 \\(久耕小区\\) <b>值班员[甲乙]</b> · 交班 \\d\\d-\\d\\d (08|20):00 → 值班员[甲乙]", text);
        Assert.Contains("居委会值班 (全部点位) <b>居委会值班员", text, StringComparison.Ordinal);
        Assert.Contains("都确认过", text, StringComparison.Ordinal);
        Assert.Contains("href=\"/on-call\"", await TextAsync(page, "/"), StringComparison.Ordinal);
        Assert.Contains("On duty now", await TextAsync(page, "/on-call?lang=en"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_says_who_is_called_for_what_and_after_how_long()
    {
        await using var page = await StartAsync();

        var text = System.Net.WebUtility.HtmlDecode(await TextAsync(page, "/on-call"));

        var chains = text[text.IndexOf("data-testid=\"chains\"", StringComparison.Ordinal)..text.IndexOf("<section id=\"week\"", StringComparison.Ordinal)];
        Assert.Matches("data-testid=\"chain-P0\"><summary><b>P0</b> 生命安全", chains);
        foreach (var priority in (string[])["P0", "P1", "P2"])
            Assert.Contains($"chain-{priority}", chains, StringComparison.Ordinal);
        var facility = page.Services.GetRequiredService<FacilitySource>().Current.Facility;
        var life = facility.People.ChainOf(Priority.P0, facility.Sites[0].Id);
        var first = chains[chains.IndexOf("chain-P0", StringComparison.Ordinal)..].Split("</details>")[0];
        Assert.Equal(life.Steps.Count, System.Text.RegularExpressions.Regex.Count(first, "<li><b>"));
        Assert.Contains("值班员", first, StringComparison.Ordinal);
        Assert.Contains("再从头叫一遍，每隔 3 分钟", first, StringComparison.Ordinal);
        // Of one site nobody of another is named.
        using var elsewhere = await page.EnterAsync("elsewhere", FacilityMonitor.Users.UserRole.OnCall, "panyu-road");
        Assert.DoesNotContain("楼组长甲", await elsewhere.TextAsync("/on-call"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_is_signed_in_acts_by_the_same_buttons_and_a_form_of_another_page_does_nothing()
    {
        await using var page = await StartAsync();
        await RaiseAsync(page, "00000000000000a1", Priority.P1);
        const string Path = "/alert/00000000000000a1";
        var html = await TextAsync(page, Path);
        Assert.Contains("我来处理", html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(page, Path + "/acknowledge", null)).StatusCode);
        Assert.Empty(State(page).Acknowledgements);

        Assert.Equal(HttpStatusCode.SeeOther, (await PostAsync(page, Path + "/acknowledge", html)).StatusCode);

        Assert.Equal((ActPageManager, "page"), (State(page).Acknowledgements.Single().Person, State(page).Acknowledgements.Single().Via));
        Assert.Equal(HttpStatusCode.SeeOther, (await PostAsync(page, Path + "/shelve", html, ("hours", "8"), ("reason", "等电工"))).StatusCode);
        Assert.NotNull(State(page).ShelvedUntilMs);
        // The day stands there where it is another one.
        Assert.Contains($"暂停提醒到 {(DutyRoster.Wall(State(page).ShelvedUntilMs!.Value).Date == DutyRoster.Wall(page.NowMs).Date ? "" : AlertText.Clock(State(page).ShelvedUntilMs!.Value)[..6])}{AlertText.Clock(State(page).ShelvedUntilMs!.Value)[6..]}</p>", await TextAsync(page, Path), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.SeeOther, (await PostAsync(page, Path + "/unshelve", html)).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PostAsync(page, Path + "/shelve", html, ("hours", "9"), ("reason", "等电工"))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(page, Path + "/shelve", html, ("hours", "169"), ("reason", "等电工"))).StatusCode);
        Assert.Contains("管理员", await TextAsync(page, Path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_that_was_left_open_too_long_keeps_what_was_typed_and_is_sent_with_one_more_press()
    {
        await using var page = await StartAsync();
        await RaiseAsync(page, "00000000000000a1", Priority.P1);
        const string Path = "/alert/00000000000000a1";

        var refused = await PostAsync(page, Path + "/shelve", null, ("hours", "8"), ("reason", "等电工"));

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Null(State(page).ShelvedUntilMs);
        var again = Assert.Single(FormOnPage.Of(await refused.Content.ReadAsStringAsync()));
        Assert.Equal((Path + "/shelve", "8", "等电工"), (again.Action, again["hours"], again["reason"]));
        using var body = new FormUrlEncodedContent(again.Fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        Assert.Equal(HttpStatusCode.SeeOther, (await page.Client.PostAsync(new Uri(again.Action, UriKind.Relative), body)).StatusCode);
        Assert.NotNull(State(page).ShelvedUntilMs);
    }

    [Fact]
    public async Task What_changes_without_oneself_is_renewed_says_as_of_when_and_holds_no_field_to_write_in()
    {
        await using var page = await StartAsync();
        await RaiseAsync(page, "00000000000000a1", Priority.P2, step => step with { Rule = "charger-on-public-circuit", Asset = "jiugeng/c-corridor-1", Evidence = new SortedDictionary<string, object> { ["level_w"] = 151.5 } });
        var clock = AlertText.Clock(page.NowMs);
        foreach (var (path, parts, asOf) in ((string, string[], string)[])[("/alert/00000000000000a1", ["title", "facts", "buttons", "case-facts", "timeline"], clock[6..]), ("/on-call", ["title", "now", "open", "gaps", "week"], clock)])
        {
            var html = await TextAsync(page, path);
            Assert.Contains("src=\"/web/detail/fresh.js\"", html, StringComparison.Ordinal);
            Assert.Contains("截至 " + asOf, html.Replace("<span data-clock>", "", StringComparison.Ordinal), StringComparison.Ordinal);
            foreach (var part in parts)
            {
                var tag = System.Text.RegularExpressions.Regex.Match(html, $"<(?<tag>\\w+) id=\"{part}\" data-fresh");
                Assert.True(tag.Success, $"{path}: {part} is not renewed");
                var body = html[tag.Index..];
                body = body[..body.IndexOf($"</{tag.Groups["tag"].Value}>", StringComparison.Ordinal)];
                Assert.DoesNotMatch("<(form|textarea|select)", body);
            }
        }

        // By a link no script runs: the page says as of when it is, and is asked for again with one tap.
        var links = (ActLinks)page.Services.GetService(typeof(ActLinks))!;
        var link = "/a/" + links.Token("00000000000000a1", "guard-a", page.NowMs);
        var phone = await TextAsync(page, link);
        Assert.DoesNotContain("<script", phone, StringComparison.Ordinal);
        Assert.Contains($"截至 {clock[6..]} · <a href=\"{link}\">看最新情况</a>", phone, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_photo_from_the_page_is_kept_too_and_a_fire_is_never_shelved()
    {
        await using var page = await StartAsync();
        await RaiseAsync(page, "00000000000000a1", Priority.P0);
        const string Path = "/alert/00000000000000a1";
        var html = await TextAsync(page, Path);
        Assert.DoesNotContain("data-testid=\"shelve\"", html, StringComparison.Ordinal);
        using var content = new MultipartFormDataContent { { new StringContent(TokenOf(html)), "__RequestVerificationToken" }, { new StringContent("看见烟"), "text" } };
        using var file = new ByteArrayContent(PhotoFileTests.Jpeg());
        content.Add(file, "photo", "x.jpg");
        Assert.Equal(HttpStatusCode.SeeOther, (await page.Client.PostAsync(new Uri(Path + "/comment", UriKind.Relative), content)).StatusCode);
        var name = Assert.Single(State(page).Photos);
        Assert.Equal("image/jpeg", (await page.Client.GetAsync(new Uri($"{Path}/photo/{name}", UriKind.Relative))).Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task An_alert_that_calls_nobody_says_so_and_a_stranger_sees_no_alert()
    {
        await using var page = await StartAsync();
        var unknown = await page.Client.GetAsync(new Uri("/alert/00000000000000ff", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Contains("这条告警不叫人", await unknown.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var stranger = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = page.Url };
        Assert.Equal(HttpStatusCode.Redirect, (await stranger.GetAsync(new Uri("/alert/00000000000000ff", UriKind.Relative))).StatusCode);
        using var nothing = new FormUrlEncodedContent([]);
        Assert.Equal(HttpStatusCode.Redirect, (await stranger.PostAsync(new Uri("/alert/00000000000000ff/acknowledge", UriKind.Relative), nothing)).StatusCode);
    }

    [Fact]
    public async Task Suspected_fly_wires_stand_on_a_list_and_are_taken_further_on_the_page_of_their_alert()
    {
        await using var page = await StartAsync(isSignedIn: false);
        Assert.Equal(HttpStatusCode.Redirect, (await page.Client.GetAsync(new Uri("/fly-wire", UriKind.Relative))).StatusCode);
        await page.SignInAsync(PageUnderTest.Password);
        var none = await TextAsync(page, "/fly-wire");
        Assert.Contains("没有未结的案件", none, StringComparison.Ordinal);
        // What it cannot see is said on the page itself.
        Assert.Contains("疑似只是线索，先到现场看", none, StringComparison.Ordinal);
        Assert.Contains("家用电表后的飞线系统看不到，只能靠巡查", none, StringComparison.Ordinal);
        await RaiseAsync(page, "00000000000000a1", Priority.P2, step => step with { Rule = "charger-on-public-circuit", Asset = "jiugeng/c-corridor-1", Evidence = new SortedDictionary<string, object> { ["level_w"] = 151.5, ["curve"] = "0:150 10:<b> 20:152" } });
        var list = await TextAsync(page, "/fly-wire");
        Assert.Contains("久耕小区 1、2 号楼楼道照明", list, StringComparison.Ordinal);
        Assert.Contains("151.5 W", list, StringComparison.Ordinal);
        Assert.Contains("href=\"/alert/00000000000000a1#case\"", list, StringComparison.Ordinal);
        Assert.DoesNotContain("<polyline", list, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>", list, StringComparison.Ordinal);
        var inEnglish = await TextAsync(page, "/fly-wire?lang=en");
        Assert.Contains("Fly-wire cases", inEnglish, StringComparison.Ordinal);
        Assert.Contains("A suspicion is only a hint: look first", inEnglish, StringComparison.Ordinal);
        Assert.Contains("meter nothing is seen; only a patrol finds it", inEnglish, StringComparison.Ordinal);
        const string Path = "/alert/00000000000000a1";
        var html = await TextAsync(page, Path);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(page, Path + "/case", null, ("stage", "confirmed"))).StatusCode);

        Assert.Equal(HttpStatusCode.SeeOther, (await PostAsync(page, Path + "/case", html, ("stage", "dismissed"), ("text", "水泵"))).StatusCode);

        Assert.Equal(FlyWireStage.Dismissed, State(page).Case!.Stage);
        Assert.Contains("Ended", await TextAsync(page, "/fly-wire"), StringComparison.Ordinal);
        Assert.Contains("href=\"/fly-wire\"", await TextAsync(page, "/"), StringComparison.Ordinal);
    }

    private const string ActPageManager = FacilityMonitor.Web.ActPage.Manager;

    private static async Task RaiseAsync(PageUnderTest page, string alert, Priority priority, Func<AlertTransition, AlertTransition>? change = null) => await page.Database.CommitAsync(FacilityMonitor.Journal.CommitPriority.Alerts, connection =>
    {
        var step = new AlertTransition
        {
            AlertId = alert,
            Rule = priority == Priority.P0 ? "smoke" : "socket-overload",
            Priority = priority,
            Condition = Condition.Active,
            AtMs = page.NowMs,
            OnsetMs = page.NowMs,
            Site = "jiugeng",
            Asset = "jiugeng/garage/pile-u1",
            Text = new LocalText("过载，车库 1 号桩。请做：1. 去看", "Overload, garage pile 1. Do: 1. Go and look"),
        };
        step = change?.Invoke(step) ?? step;
        AlertLog.Write(connection, step);
        page.Responses.Observe(connection, [step]);
    });

    private static AlertResponse State(PageUnderTest page)
    {
        using var reader = page.Database.OpenReader();
        return ResponseTable.Load(reader, "00000000000000a1")!;
    }

    private async Task<PageUnderTest> StartAsync(bool isSignedIn = true)
    {
        var channels = FacilityMonitor.OnCall.Channels.ChannelReader.Load(System.IO.Path.Combine(Conventions.SourceTree.Root, "src/FacilityMonitor/demo"), "zh").Channels;
        var page = await PageUnderTest.StartAsync(_folder.Path, channels: channels);
        if (isSignedIn)
            await page.SignInAsync(PageUnderTest.Password);
        return page;
    }

    private static string TokenOf(string html) => System.Text.RegularExpressions.Regex.Match(html, "name=\"__RequestVerificationToken\" value=\"([^\"]+)\"").Groups[1].Value;

    private static async Task<string> TextAsync(PageUnderTest page, string path) => await page.Client.GetStringAsync(new Uri(path, UriKind.Relative));

    private static async Task<HttpResponseMessage> PostAsync(PageUnderTest page, string path, string? html, params (string Name, string Value)[] fields)
    {
        using var content = new FormUrlEncodedContent([.. fields.Select(field => KeyValuePair.Create(field.Name, field.Value)), .. html is null ? [] : new[] { KeyValuePair.Create("__RequestVerificationToken", TokenOf(html)) }]);
        return await page.Client.PostAsync(new Uri(path, UriKind.Relative), content);
    }
}

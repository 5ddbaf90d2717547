using System.Net;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Response;
using FacilityMonitor.Users;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Web;

/// <summary>What the administrator does about users on the page, what a person does for himself, and what both leave behind.</summary>
public sealed class UserPagesTests : IDisposable
{
    private const string Alert = "00000000000000a1";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_administrator_adds_somebody_who_sets_a_password_and_takes_an_alert_as_the_person_on_call()
    {
        await using var page = await StartAsync();
        using var admin = await AdministratorAsync(page);
        var made = await (await admin.PostAsync("/users", await admin.TextAsync("/users"), ("name", "wang"), ("display", "王师傅"), ("role", "on-call"), ("sites", "jiugeng"), ("person", "guard-a"))).Content.ReadAsStringAsync();
        var path = new Uri(System.Text.RegularExpressions.Regex.Match(made, "http[^<]+/welcome/[0-9a-f]+").Value).AbsolutePath;
        using var wang = new UserUnderTest(page.Url);
        Assert.Equal(HttpStatusCode.Redirect, (await wang.PostAsync(path, await wang.TextAsync(path), ("password", PageUnderTest.UserPassword), ("again", PageUnderTest.UserPassword))).StatusCode);

        Assert.Equal(HttpStatusCode.SeeOther, (await wang.PostAsync($"/alert/{Alert}/acknowledge", await wang.TextAsync("/me"))).StatusCode);

        Assert.Equal(("guard-a", "page"), (State(page).Acknowledgements.Single().Person, State(page).Acknowledgements.Single().Via));
        Assert.Contains("值班员甲", await wang.TextAsync("/alert/" + Alert), StringComparison.Ordinal);
        Assert.Contains(Entries(page), entry => entry is { Who: "wang", What: "act", Subject: "/alert/00000000000000a1/acknowledge", Site: "jiugeng" });
    }

    [Fact]
    public async Task A_user_of_the_name_of_a_person_is_that_person_and_another_acts_by_his_own_name()
    {
        await using var page = await StartAsync();
        using var guard = await page.EnterAsync("guard-b", UserRole.OnCall, "all");
        using var other = await page.EnterAsync("zhou", UserRole.Electrician, "all", displayName: "周电工");
        foreach (var user in (UserUnderTest[])[guard, other])
            Assert.Equal(HttpStatusCode.SeeOther, (await user.PostAsync($"/alert/{Alert}/acknowledge", await user.TextAsync("/me"))).StatusCode);

        Assert.Equal(["guard-b", "zhou"], State(page).Acknowledgements.Select(one => one.Person).Order());
        var shown = await other.TextAsync("/alert/" + Alert);
        Assert.Contains("值班员乙", shown, StringComparison.Ordinal);
        Assert.Contains("周电工", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_who_signed_in_acts_in_the_name_of_somebody_else()
    {
        await using var page = await StartAsync();
        using var user = await page.EnterAsync("zhou", UserRole.PropertyManager, "all");
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"/api/alerts/{Alert}/acknowledge", UriKind.Relative))
        {
            Content = new StringContent("""{"by":"guard-a"}""", System.Text.Encoding.UTF8, "application/json"),
            Headers = { { "RequestVerificationToken", UserUnderTest.ProofOf(await user.TextAsync("/me")) } },
        };

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await user.Client.SendAsync(request)).StatusCode);

        Assert.Empty(State(page).Acknowledgements);
    }

    [Fact]
    public async Task Names_and_notes_are_shown_as_text_and_never_as_markup()
    {
        const string Markup = "<img src=x onerror=alert(1)>\"'";
        await using var page = await StartAsync();
        using var admin = await AdministratorAsync(page);
        var proof = await admin.TextAsync("/users");
        Assert.Equal(HttpStatusCode.OK, (await admin.PostAsync("/users", proof, ("name", "zhou"), ("display", Markup), ("note", Markup), ("role", "electrician"), ("sites", "all"))).StatusCode);
        var refused = await admin.PostAsync("/users", proof, ("name", Markup), ("display", Markup), ("note", Markup), ("role", Markup), ("sites", Markup), ("person", Markup));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        admin.Client.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", Markup);
        await admin.SignInAsync("manager", PageUnderTest.Password);
        await page.Services.GetRequiredService<UserDesk>().SetPasswordAsync(Visitor.Machine(Visitor.CommandLine, ""), "zhou", PageUnderTest.UserPassword);
        using var zhou = new UserUnderTest(page.Url);
        await zhou.SignInAsync("zhou", PageUnderTest.UserPassword);
        Assert.Equal(HttpStatusCode.SeeOther, (await zhou.PostAsync($"/alert/{Alert}/acknowledge", await zhou.TextAsync("/me"))).StatusCode);

        string[] shown =
        [
            await refused.Content.ReadAsStringAsync(), await admin.TextAsync("/users"), await admin.TextAsync("/users/zhou"), await admin.TextAsync("/audit"), await zhou.TextAsync("/me"),
            await admin.TextAsync("/me"), await zhou.TextAsync("/alert/" + Alert), await admin.TextAsync("/"),
        ];

        Assert.All(shown, html => Assert.DoesNotContain("<img", html, StringComparison.OrdinalIgnoreCase));
        Assert.All(shown[1..5], html => Assert.Contains("&lt;img src=x onerror=alert(1)&gt;", html, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("disable", null)]
    [InlineData("save", "auditor")]
    [InlineData("end", null)]
    [InlineData("link", null)]
    public async Task What_the_administrator_changes_holds_at_once_for_pages_and_for_the_live_stream(string handler, string? role)
    {
        await using var page = await StartAsync();
        using var admin = await AdministratorAsync(page);
        using var user = await page.EnterAsync("zhou", UserRole.Electrician, "jiugeng");
        using var stream = await user.Client.GetAsync(new Uri("/events", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        var end = ToItsEndAsync(stream);
        await page.UntilAsync(() => page.Feed.Watching == 1, "The stream");

        var answer = await admin.PostAsync("/users/zhou?handler=" + handler, await admin.TextAsync("/users"), ("role", role ?? "electrician"), ("sites", "jiugeng"));
        Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Redirect);

        if (handler == "link")
        {
            // A link alone changes nothing: the person goes on until he uses it.
            Assert.Equal(HttpStatusCode.OK, (await user.GetAsync("/me")).StatusCode);
            var path = new Uri(System.Text.RegularExpressions.Regex.Match(await answer.Content.ReadAsStringAsync(), "http[^<]+/welcome/[0-9a-f]+").Value).AbsolutePath;
            using var elsewhere = new UserUnderTest(page.Url);
            await elsewhere.PostAsync(path, await elsewhere.TextAsync(path), ("password", PageUnderTest.UserPassword + "2"), ("again", PageUnderTest.UserPassword + "2"));
        }

        Assert.Equal(HttpStatusCode.Redirect, (await user.GetAsync("/me")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await user.GetAsync("/api/alerts")).StatusCode);
        await page.UntilAsync(() => end.IsCompleted, "The end of the stream");
        Assert.Equal(HttpStatusCode.Unauthorized, (await user.GetAsync("/events")).StatusCode);
        Assert.Contains(Entries(page), entry => entry is { Who: "manager", Subject: "zhou", Place: "127.0.0.1" });
    }

    [Fact]
    public async Task A_person_changes_his_own_password_which_ends_his_other_sessions_and_not_this_one()
    {
        await using var page = await StartAsync();
        using var here = await page.EnterAsync("zhou", UserRole.Electrician, "all");
        using var there = new UserUnderTest(page.Url);
        await there.SignInAsync("zhou", PageUnderTest.UserPassword);
        var form = await here.TextAsync("/me");
        const string Next = "nine blue ladders";

        foreach (var (old, first, again) in ((string, string, string)[])[("wrong", Next, Next), (PageUnderTest.UserPassword, Next, "other"), (PageUnderTest.UserPassword, "zhou12345678", "zhou12345678")])
            Assert.Equal(HttpStatusCode.UnprocessableEntity, (await here.PostAsync("/me?handler=password", form, ("old", old), ("password", first), ("again", again))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await there.GetAsync("/me")).StatusCode);
        var before = here.Cookies["fm"]!.Value;

        Assert.Equal(HttpStatusCode.Redirect, (await here.PostAsync("/me?handler=password", form, ("old", PageUnderTest.UserPassword), ("password", Next), ("again", Next))).StatusCode);

        Assert.NotEqual(before, here.Cookies["fm"]!.Value);
        Assert.Contains("已保存", await here.TextAsync("/me?saved"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Redirect, (await there.GetAsync("/me")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await there.SignInAsync("zhou", PageUnderTest.UserPassword)).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await there.SignInAsync("zhou", Next)).StatusCode);
    }

    [Fact]
    public async Task A_language_that_a_person_chose_comes_back_wherever_he_signs_in()
    {
        await using var page = await StartAsync();
        using var here = await page.EnterAsync("zhou", UserRole.Electrician, "all");
        Assert.Equal(HttpStatusCode.Redirect, (await here.PostAsync("/me?handler=language", await here.TextAsync("/me"), ("language", "en"))).StatusCode);
        using var there = new UserUnderTest(page.Url);
        Assert.Contains("用户名", await there.TextAsync("/sign-in"), StringComparison.Ordinal);

        await there.SignInAsync("zhou", PageUnderTest.UserPassword);

        Assert.Contains("Electrician", await there.TextAsync("/me"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await here.PostAsync("/me?handler=language", await here.TextAsync("/me"), ("language", "fr"))).StatusCode);
    }

    [Fact]
    public async Task Each_sees_the_ways_and_buttons_that_are_for_him()
    {
        await using var page = await StartAsync();
        using var auditor = await page.EnterAsync("audit", UserRole.Auditor, "all");
        using var guard = await page.EnterAsync("guard", UserRole.OnCall, "jiugeng");
        using var electrician = await page.EnterAsync("zhou", UserRole.Electrician, "jiugeng");

        var (seen, taken, held) = (await auditor.TextAsync("/alert/" + Alert), await guard.TextAsync("/alert/" + Alert), await electrician.TextAsync("/alert/" + Alert));

        Assert.DoesNotContain("data-testid=\"acknowledge\"", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("/comment", seen, StringComparison.Ordinal);
        Assert.Contains("href=\"/audit\"", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("href=\"/users\"", seen, StringComparison.Ordinal);
        Assert.Contains("data-testid=\"acknowledge\"", taken, StringComparison.Ordinal);
        Assert.DoesNotContain("data-testid=\"shelve\"", taken, StringComparison.Ordinal);
        Assert.DoesNotContain("href=\"/audit\"", taken, StringComparison.Ordinal);
        Assert.Contains("data-testid=\"shelve\"", held, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("zh", "没有这个用户")]
    [InlineData("en", "There is no such user")]
    public async Task A_user_who_is_not_there_is_said_in_words_on_a_page_of_ours(string language, string said)
    {
        await using var page = await StartAsync();
        using var admin = await AdministratorAsync(page);

        using var answer = await admin.GetAsync($"/users/nobody?lang={language}");

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.Contains(said, text, StringComparison.Ordinal);
        // With the ways on, as on any page.
        Assert.Contains("href=\"/users\"", text, StringComparison.Ordinal);
        // So is one whose button is pressed after somebody else has removed the page from under it.
        var html = await admin.TextAsync("/users/manager");
        using var pressed = await admin.PostAsync("/users/nobody?handler=end", html);
        Assert.Contains("/users", await pressed.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, pressed.StatusCode);
    }

    [Fact]
    public async Task The_pages_speak_english_throughout()
    {
        await using var page = await StartAsync();
        using var admin = await AdministratorAsync(page);
        foreach (var path in (string[])["/users", "/users/manager", "/audit", "/me", "/welcome/x"])
        {
            var text = await (await admin.GetAsync(path + "?lang=en")).Content.ReadAsStringAsync();
            // The way to the other language, and names.
            Assert.DoesNotMatch("[\\u4e00-\\u9fff]", text.Replace("中文", "", StringComparison.Ordinal));
        }
    }

    private static async Task ToItsEndAsync(HttpResponseMessage stream)
    {
        using var body = await stream.Content.ReadAsStreamAsync();
        await body.CopyToAsync(Stream.Null);
    }

    private static List<AuditEntry> Entries(PageUnderTest page)
    {
        using var reader = page.Database.OpenReader();
        return AuditLog.Newest(reader, SiteScope.All, 0, null, 1_000);
    }

    private static AlertResponse State(PageUnderTest page)
    {
        using var reader = page.Database.OpenReader();
        return ResponseTable.Load(reader, Alert)!;
    }

    private static async Task<UserUnderTest> AdministratorAsync(PageUnderTest page)
    {
        var admin = new UserUnderTest(page.Url);
        Assert.Equal(HttpStatusCode.Redirect, (await admin.SignInAsync("manager", PageUnderTest.Password)).StatusCode);
        return admin;
    }

    private async Task<PageUnderTest> StartAsync()
    {
        var channels = FacilityMonitor.OnCall.Channels.ChannelReader.Load(Path.Combine(Conventions.SourceTree.Root, "src/FacilityMonitor/demo"), "zh").Channels;
        var page = await PageUnderTest.StartAsync(_folder.Path, channels: channels);
        await page.RaiseAsync(Alert, "jiugeng", "jiugeng/garage/pile-u1");
        return page;
    }
}

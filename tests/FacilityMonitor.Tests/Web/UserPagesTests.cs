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

        var html = await admin.TextAsync("/users/zhou");
        var answer = await admin.PostAsync("/users/zhou?handler=" + handler, html, ("seen", Hidden(html, "seen")), ("role", role ?? "electrician"), ("sites", "jiugeng"));
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

    [Fact]
    public async Task An_administrator_of_one_site_makes_nobody_a_person_of_another_and_nobody_is_told_of_users_elsewhere()
    {
        await using var page = await StartAsync();
        using var there = await page.EnterAsync("zhao", UserRole.Administrator, "panyu-road");
        using var here = await page.EnterAsync("qian", UserRole.Administrator, "huaihai");
        var html = await there.TextAsync("/users");
        Assert.Contains("<option value=\"committee-a\"", html, StringComparison.Ordinal);
        foreach (var foreign in (string[])["guard-a", "stair-a", "fire-a", "manager-a"])
            Assert.DoesNotContain(foreign, html, StringComparison.Ordinal);

        // By a form of his own making neither, nor by a user who has the name of a person, nor by changing one.
        Assert.Contains("没有人员", await RefusedAsync(there, "/users", html, ("name", "sun"), ("role", "on-call"), ("sites", "panyu-road"), ("person", "stair-a")), StringComparison.Ordinal);
        Assert.Contains("请换一个", await RefusedAsync(there, "/users", html, ("name", "stair-a"), ("role", "on-call"), ("sites", "panyu-road")), StringComparison.Ordinal);
        Assert.Contains("请换一个", await RefusedAsync(there, "/users", html, ("name", "qian"), ("role", "on-call"), ("sites", "panyu-road")), StringComparison.Ordinal);
        var sites = await RefusedAsync(there, "/users", html, ("name", "sun"), ("role", "on-call"), ("sites", "nowhere"));
        Assert.DoesNotContain("jiugeng", sites, StringComparison.Ordinal);
        var own = await there.TextAsync("/users/zhao");
        Assert.Contains("没有人员", await RefusedAsync(there, "/users/zhao?handler=save", own, ("seen", Hidden(own, "seen")), ("role", "administrator"), ("sites", "panyu-road"), ("person", "stair-a")), StringComparison.Ordinal);
        Assert.DoesNotContain(page.Services.GetRequiredService<UserDirectory>().All, user => user.Actor == "stair-a");

        // Who looks after both sites may be a user of either; whose it is stays unsaid.
        var fire = await here.TextAsync("/users");
        Assert.Equal(HttpStatusCode.OK, (await here.PostAsync("/users", fire, ("name", "li"), ("role", "on-call"), ("sites", "huaihai"), ("person", "committee-a"))).StatusCode);
        var said = await RefusedAsync(there, "/users", html, ("name", "sun"), ("role", "on-call"), ("sites", "panyu-road"), ("person", "committee-a"));
        Assert.Contains("已经有一个用户", said, StringComparison.Ordinal);
        Assert.DoesNotContain("'li'", WebUtility.HtmlDecode(said), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_that_is_older_than_what_somebody_else_changed_gives_no_role_back()
    {
        await using var page = await StartAsync();
        using var admin = await AdministratorAsync(page);
        using var wang = await page.EnterAsync("wang", UserRole.Administrator, "all");
        var users = page.Services.GetRequiredService<UserDirectory>();
        var old = await admin.TextAsync("/users/wang");
        await page.Services.GetRequiredService<UserDesk>().DoAsync(Visitor.Machine(Visitor.CommandLine, ""), "wang", new UserChange.Role(UserRole.Auditor));
        (string, string)[] typed = [("role", "administrator"), ("sites", "all"), ("note", "周一休息")];

        var refused = await RefusedAsync(admin, "/users/wang?handler=save", old, [("seen", Hidden(old, "seen")), .. typed]);

        Assert.Equal((UserRole.Auditor, ""), (users.Find("wang")!.Role, users.Find("wang")!.Note));
        // What was typed is there, beside what holds now.
        Assert.Contains("value=\"周一休息\"", refused, StringComparison.Ordinal);
        Assert.Matches("data-testid=\"now\">[^<]*审计员", refused);
        // A form without what it was drawn from is old too; pressed with it, knowing what holds, it is done, and pressed twice it is done once.
        Assert.Contains("别人改过", await RefusedAsync(admin, "/users/wang?handler=save", old, typed), StringComparison.Ordinal);
        (string, string)[] again = [("seen", Hidden(refused, "seen")), ("role", "auditor"), .. typed[1..]];
        foreach (var press in (int[])[1, 2])
            Assert.Equal(HttpStatusCode.Redirect, (await admin.PostAsync("/users/wang?handler=save", refused, again)).StatusCode);
        Assert.Equal((UserRole.Auditor, "周一休息"), (users.Find("wang")!.Role, users.Find("wang")!.Note));
        Assert.Single(Entries(page), entry => entry is { What: "user-names", Subject: "wang" });
    }

    [Fact]
    public async Task What_is_refused_of_a_user_changes_nothing_and_keeps_what_was_typed()
    {
        await using var page = await StartAsync();
        using var admin = await AdministratorAsync(page);
        using var wang = await page.EnterAsync("wang", UserRole.OnCall, "jiugeng");
        using var li = await page.EnterAsync("li", UserRole.OnCall, "jiugeng", person: "guard-a");
        var html = await admin.TextAsync("/users/wang");
        var before = page.Services.GetRequiredService<UserDirectory>().Find("wang");

        var refused = await RefusedAsync(
            admin, "/users/wang?handler=save", html, ("seen", Hidden(html, "seen")), ("role", "electrician"), ("sites", "huaihai"), ("display", "王工"), ("person", "guard-a"));

        Assert.Contains("一个人只能有一个用户", refused, StringComparison.Ordinal);
        Assert.Equal(before, page.Services.GetRequiredService<UserDirectory>().Find("wang"));
        Assert.Equal(HttpStatusCode.OK, (await wang.GetAsync("/me")).StatusCode);
        Assert.Contains("value=\"王工\"", refused, StringComparison.Ordinal);
        Assert.Contains("<option value=\"electrician\" selected", refused, StringComparison.Ordinal);
        Assert.Contains("value=\"huaihai\" checked", refused, StringComparison.Ordinal);
        Assert.Contains("<option value=\"guard-a\" selected", refused, StringComparison.Ordinal);
        // It is as fresh as it was: the person put right, it goes through.
        (string, string)[] mended = [("seen", Hidden(refused, "seen")), ("role", "electrician"), ("sites", "huaihai"), ("display", "王工")];
        Assert.Equal(HttpStatusCode.Redirect, (await admin.PostAsync("/users/wang?handler=save", refused, mended)).StatusCode);
        Assert.Equal(["user-names", "user-role", "user-sites"], Entries(page).Where(entry => entry is { Subject: "wang", Who: "manager" }).Select(entry => entry.What).Order());
    }

    [Fact]
    public async Task A_form_that_is_sent_twice_adds_one_user_and_the_second_answer_shows_the_way_to_a_link()
    {
        await using var page = await StartAsync();
        using var admin = await AdministratorAsync(page);
        var html = await admin.TextAsync("/users");
        (string, string)[] fields = [("drawn", Hidden(html, "drawn")), ("name", "wang"), ("role", "on-call"), ("sites", "jiugeng")];
        var first = await admin.PostAsync("/users", html, fields);
        Assert.Contains("/welcome/", await first.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        var second = await admin.PostAsync("/users", html, fields);

        Assert.Equal(HttpStatusCode.OK, second.StatusCode);
        var answer = await second.Content.ReadAsStringAsync();
        Assert.Contains("data-testid=\"added\"", answer, StringComparison.Ordinal);
        Assert.Contains("action=\"/users/wang?handler=link\"", answer, StringComparison.Ordinal);
        Assert.Contains("/welcome/", await (await admin.PostAsync("/users/wang?handler=link", answer)).Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Single(Entries(page), entry => entry is { What: "user-add", Subject: "wang" });
        // Another form with the same name is another matter.
        var other = await admin.TextAsync("/users");
        Assert.Contains("已有用户", await RefusedAsync(admin, "/users", other, [("drawn", Hidden(other, "drawn")), .. fields[1..]]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_the_disk_refuses_the_pages_of_users_say_so_and_keep_what_was_typed()
    {
        using var disk = new Storage.FaultyDisk(_folder.Path);
        await using var page = await StartAsync();
        using var admin = await AdministratorAsync(page);
        using var wang = await page.EnterAsync("wang", UserRole.OnCall, "jiugeng");
        var (html, one) = (await admin.TextAsync("/users"), await admin.TextAsync("/users/wang"));
        (string, string)[] fields = [("name", "li"), ("role", "electrician"), ("sites", "jiugeng"), ("note", "周一休息")];
        disk.Arm(1, Storage.DiskFault.Error, lasts: true);

        foreach (var (path, form) in ((string, string)[])[("/users", html), ("/users/wang?handler=save", one), ("/users/wang?handler=link", one), ("/users/wang?handler=disable", one), ("/users/wang?handler=end", one)])
        {
            using var answer = await admin.PostAsync(path, form, path == "/users" ? fields : [("seen", Hidden(one, "seen")), .. fields[1..]]);
            var said = await answer.Content.ReadAsStringAsync();
            Assert.True(answer.StatusCode == HttpStatusCode.ServiceUnavailable, $"{path}: {answer.StatusCode} {said}");
            Assert.Contains("没有保存成功", said, StringComparison.Ordinal);
            Assert.True(path.Contains("handler=", StringComparison.Ordinal) && !path.EndsWith("save", StringComparison.Ordinal) || said.Contains("value=\"周一休息\"", StringComparison.Ordinal), $"{path} forgets what was typed");
        }

        disk.Heal();
        Assert.Null(page.Services.GetRequiredService<UserDirectory>().Find("li"));
        await page.UntilAsync(async () => (await admin.PostAsync("/users", html, fields)).StatusCode == HttpStatusCode.OK, "The disk that takes it again");
        Assert.NotNull(page.Services.GetRequiredService<UserDirectory>().Find("li"));
    }

    private static string Hidden(string html, string name) => System.Text.RegularExpressions.Regex.Match(html, $"name=\"{name}\" value=\"([^\"]*)\"").Groups[1].Value;

    private static async Task<string> RefusedAsync(UserUnderTest user, string path, string html, params (string, string)[] fields)
    {
        using var answer = await user.PostAsync(path, html, fields);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
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

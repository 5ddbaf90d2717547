using System.Net;
using System.Text.RegularExpressions;
using FacilityMonitor.Tests.Web;
using FacilityMonitor.Users;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Users;

/// <summary>How the first person comes in, and that nobody who came in before an update is shut out by it.</summary>
public sealed class FirstAdministratorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Without_a_user_a_link_that_works_once_makes_the_first_administrator()
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path, password: null);
        using var browser = new UserUnderTest(page.Url);
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.SignInAsync("manager", "")).StatusCode);
        var secret = (await page.Services.GetRequiredService<UserDesk>().FirstLinkAsync(Visitor.Machine(Visitor.CommandLine, "")))!;
        var path = "/welcome/" + secret;
        var form = await browser.TextAsync(path);
        Assert.Contains("第一个管理员", form, StringComparison.Ordinal);
        // Looking at it, as programs do that preview links, uses nothing up.
        await browser.TextAsync(path);

        Assert.Equal(HttpStatusCode.BadRequest, (await browser.PostAsync(path, null, ("user", "wu"), ("password", PageUnderTest.UserPassword), ("again", PageUnderTest.UserPassword))).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await browser.PostAsync(path, form, ("user", "wu"), ("password", "password1234"), ("again", "password1234"))).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await browser.PostAsync(path, form, ("user", "wu"), ("password", PageUnderTest.UserPassword), ("again", "another"))).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await browser.PostAsync(path, form, ("user", "<b>"), ("password", PageUnderTest.UserPassword), ("again", PageUnderTest.UserPassword))).StatusCode);
        var done = await browser.PostAsync(path, form, ("user", "wu"), ("password", PageUnderTest.UserPassword), ("again", PageUnderTest.UserPassword));

        Assert.Equal((HttpStatusCode.Redirect, "/"), (done.StatusCode, done.Headers.Location!.OriginalString));
        Assert.Contains("管理员", await browser.TextAsync("/me"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/users")).StatusCode);
        using var second = new UserUnderTest(page.Url);
        Assert.Equal(HttpStatusCode.NotFound, (await second.GetAsync(path)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await second.PostAsync(path, await second.TextAsync("/sign-in"), ("user", "evil"), ("password", PageUnderTest.UserPassword), ("again", PageUnderTest.UserPassword))).StatusCode);
        Assert.Null(await page.Services.GetRequiredService<UserDesk>().FirstLinkAsync(Visitor.Machine(Visitor.CommandLine, "")));
    }

    [Fact]
    public async Task The_link_in_the_log_works_after_a_restart_too_and_a_new_one_is_made_when_it_is_too_old()
    {
        string secret;
        var time = new ManualTime();
        await using (var page = await PageUnderTest.StartAsync(_folder.Path, time, password: null))
        {
            secret = (await page.Services.GetRequiredService<UserDesk>().FirstLinkAsync(Visitor.Machine(Visitor.CommandLine, "")))!;
        }

        await using (var again = await PageUnderTest.StartAsync(_folder.Path, time, password: null))
        {
            Assert.NotNull(again.Services.GetRequiredService<UserDesk>().FindLink(secret));
            Assert.Single(LinkEntries(again), entry => entry.Who == "first start");
        }

        time.Advance(UserDesk.LinkValidFor);
        await using var later = await PageUnderTest.StartAsync(_folder.Path, time, password: null);
        Assert.Null(later.Services.GetRequiredService<UserDesk>().FindLink(secret));
        Assert.Equal(2, LinkEntries(later).Count(entry => entry.Who == "first start"));
    }

    [Fact]
    public async Task Whoever_signed_in_by_the_settings_before_goes_on_to_do_so_and_is_the_administrator()
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path, password: "kurz");
        using var browser = new UserUnderTest(page.Url);

        Assert.Equal(HttpStatusCode.Redirect, (await browser.SignInAsync("manager", "kurz")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/users")).StatusCode);
    }

    [Fact]
    public async Task A_name_of_the_settings_that_no_new_user_could_have_signs_in_as_before()
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path, further: new Dictionary<string, string> { ["FM_WEB__SIGN_IN__USER"] = "物业 Wu" });
        using var browser = new UserUnderTest(page.Url);

        Assert.Equal(HttpStatusCode.Redirect, (await browser.SignInAsync("物业 Wu", PageUnderTest.Password)).StatusCode);
        var proof = await browser.TextAsync("/me");
        Assert.Equal(HttpStatusCode.Redirect, (await browser.PostAsync("/me?handler=language", proof, ("language", "en"))).StatusCode);
        await page.RaiseAsync("00000000000000a1", "jiugeng", "jiugeng/garage/pile-u1");
        Assert.Equal(HttpStatusCode.SeeOther, (await browser.PostAsync("/alert/00000000000000a1/acknowledge", proof)).StatusCode);
    }

    [Fact]
    public async Task A_password_that_was_changed_on_the_page_stays_until_the_settings_have_a_new_one()
    {
        await using (var page = await PageUnderTest.StartAsync(_folder.Path))
        {
            Assert.Null(await page.Services.GetRequiredService<UserDesk>().SetPasswordAsync(Visitor.Machine(Visitor.CommandLine, ""), "manager", PageUnderTest.UserPassword));
        }

        await using (var same = await PageUnderTest.StartAsync(_folder.Path))
        {
            using var browser = new UserUnderTest(same.Url);
            Assert.Equal(HttpStatusCode.Unauthorized, (await browser.SignInAsync("manager", PageUnderTest.Password)).StatusCode);
            Assert.Equal(HttpStatusCode.Redirect, (await browser.SignInAsync("manager", PageUnderTest.UserPassword)).StatusCode);
        }

        await using var changed = await PageUnderTest.StartAsync(_folder.Path, password: "a way back in");
        using var owner = new UserUnderTest(changed.Url);
        Assert.Equal(HttpStatusCode.Unauthorized, (await owner.SignInAsync("manager", PageUnderTest.UserPassword)).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await owner.SignInAsync("manager", "a way back in")).StatusCode);
    }

    [Fact]
    public async Task Links_name_this_machine_by_the_settings_whatever_a_request_calls_it()
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path, further: new Dictionary<string, string> { ["FM_WEB__PUBLIC_URL"] = "https://monitor.example.org/" });
        using var admin = new UserUnderTest(page.Url);
        await admin.SignInAsync("manager", PageUnderTest.Password);
        var proof = await admin.TextAsync("/users");
        admin.Client.DefaultRequestHeaders.Host = "evil.example.com";
        admin.Client.DefaultRequestHeaders.Add("X-Forwarded-Host", "evil.example.com");

        var made = await (await admin.PostAsync("/users", proof, ("name", "guard"), ("role", "on-call"), ("sites", "all"))).Content.ReadAsStringAsync();

        Assert.Matches("https://monitor\\.example\\.org/welcome/[0-9a-f]{64}", made);
        Assert.DoesNotContain("evil.example.com", made, StringComparison.Ordinal);
        using var guard = new UserUnderTest(page.Url);
        var path = "/welcome/" + Regex.Match(made, "[0-9a-f]{64}").Value;
        Assert.Equal(HttpStatusCode.Redirect, (await guard.PostAsync(path, await guard.TextAsync(path), ("password", PageUnderTest.UserPassword), ("again", PageUnderTest.UserPassword))).StatusCode);
        Assert.Contains("值班人员", await guard.TextAsync("/me"), StringComparison.Ordinal);
    }

    private static IEnumerable<AuditEntry> LinkEntries(PageUnderTest page)
    {
        using var reader = page.Database.OpenReader();
        return AuditLog.Newest(reader, SiteScope.All, 0, null, 100).Where(entry => entry.What == "link-made");
    }
}

using FacilityMonitor.Tests.Web;
using FacilityMonitor.Users;
using Microsoft.Playwright;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>The four ways at the foot of a telephone, in a real browser.</summary>
public sealed class PhoneBarTests : IDisposable
{
    /// <summary>How far what stands above the bar reaches down when everything is scrolled through, against where the bar begins, px.</summary>
    private const string Covered = """
        () => {
          scrollTo({ top: document.body.scrollHeight, behavior: 'instant' });
          const bar = document.querySelector('.thumb').getBoundingClientRect();
          const last = [...document.querySelectorAll('main, body > footer a')].filter((one) => one.getClientRects().length).map((one) => one.getBoundingClientRect().bottom);
          return Math.max(...last) - bar.top;
        }
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [RealServerFact(BrowserUnderTest.Program, PageRules.Library)]
    public async Task On_a_phone_the_four_main_pages_are_at_the_thumb_without_scripts_and_hide_nothing()
    {
        await using var service = await PageUnderTest.StartAsync(_folder.Path);
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await chromium.OpenAsync(scripts: false);
        await SignInAsync(page, service, "manager", PageUnderTest.Password);
        var bar = page.Locator(".thumb");
        string[] words = ["总览", "告警", "点位", "我的"];
        foreach (var (index, path) in ((string[])["/", "/alerts", "/sites", "/me"]).Index())
        {
            await page.SetViewportSizeAsync(320, 640);
            await bar.Locator("a").Nth(index).ClickAsync();
            Assert.Equal(path, new Uri(page.Url).AbsolutePath);
            // A press waits until the page comes, not until its styles have come too.
            await Assertions.Expect(bar).ToHaveCSSAsync("position", "fixed");
            Assert.Equal(words, (await bar.Locator("a").AllInnerTextsAsync()).Select(text => text.Trim()));
            Assert.Equal(words[index], (await bar.Locator("[aria-current=page]").InnerTextAsync()).Trim());
            foreach (var way in await bar.Locator("a").AllAsync())
            {
                var box = (await way.BoundingBoxAsync())!;
                Assert.True(box is { Height: >= 44, Width: >= 44 } && box.Y + box.Height <= 640, $"{path}: {box.Width} × {box.Height} at {box.Y}");
            }

            // What the bar leads to has no second place above it; what it does not lead to has its only one there.
            foreach (var other in ((string[])["/today", "/fly-wire", "/on-call"]).Where(other => other != path))
                Assert.True(await page.Locator($"header nav a[href='{other}']").IsVisibleAsync(), $"{other} cannot be reached from {path}");
            Assert.Equal(0, await page.Locator("header nav a[href='/alerts']:visible, footer a[href='/me']:visible").CountAsync());
            await page.SetViewportSizeAsync(1440, 900);
            Assert.False(await bar.IsVisibleAsync());
            Assert.Equal(2, await page.Locator("header nav a[href='/alerts']:visible, footer a[href='/me']:visible").CountAsync());
        }

        var live = await chromium.OpenAsync();
        await SignInAsync(live, service, "manager", PageUnderTest.Password);
        foreach (var path in (string[])["/", "/today", "/alerts", "/sites", "/site/huaihai", "/me", "/settings/power-off", "/users"])
        {
            await live.SetViewportSizeAsync(320, 640);
            await live.GotoAsync(new Uri(service.Url, path).ToString());
            Assert.True(await live.EvaluateAsync<double>(Covered) <= 0, $"{path}: the bar covers what stands last");
        }

        await PageRules.HoldAsync(live, service.Url + "sites");
        await PageRules.HoldAsync(live, service.Url + "me");
        Assert.Empty(chromium.Errors);
    }

    [RealServerFact(BrowserUnderTest.Program)]
    public async Task Every_role_has_the_four_ways_and_whoever_looks_after_one_site_gets_to_it_with_one_tap()
    {
        await using var service = await PageUnderTest.StartAsync(_folder.Path);
        await using var chromium = await BrowserUnderTest.StartAsync();
        foreach (var (role, sites, way) in ((UserRole, string, string)[])
            [(UserRole.OnCall, "huaihai", "/site/huaihai"), (UserRole.Electrician, "huaihai,jiugeng", "/sites"), (UserRole.Auditor, "all", "/sites"), (UserRole.PropertyManager, "jiugeng", "/site/jiugeng")])
        {
            using var user = await service.EnterAsync($"somebody-{role.ToString().ToLowerInvariant()}", role, sites);
            var page = await chromium.OpenAsync(scripts: false);
            await page.SetViewportSizeAsync(320, 640);
            await SignInAsync(page, service, $"somebody-{role.ToString().ToLowerInvariant()}", PageUnderTest.UserPassword);
            await page.Locator(".thumb a").Nth(2).ClickAsync();
            Assert.Equal(way, new Uri(page.Url).AbsolutePath);
            Assert.Equal(4, await page.Locator(".thumb a:visible").CountAsync());
            if (way == "/sites")
                Assert.Equal(sites == "all" ? 3 : 2, await page.Locator("#sites li").CountAsync());
            await page.Context.CloseAsync();
        }
    }

    private static async Task SignInAsync(IPage page, PageUnderTest service, string name, string password)
    {
        await page.GotoAsync(new Uri(service.Url, "/sign-in").ToString());
        await page.FillAsync("[name=user]", name);
        await page.FillAsync("[name=password]", password);
        await page.ClickAsync("main button");
        // A property manager begins elsewhere than the others.
        await page.Locator(".thumb").WaitForAsync(new() { State = WaitForSelectorState.Attached });
    }
}

using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Readings;
using FacilityMonitor.Tests.Web;
using FacilityMonitor.Users;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>What opens at night from a message, and the door, in a real browser: nobody has signed in there, so nobody else's test comes by.</summary>
public sealed class PhonePagesTests : IDisposable
{
    /// <summary>Width and height of what a phone shows, px: a usual one, and the smallest that are in use.</summary>
    private static readonly (int Width, int Height)[] Phones = [(390, 844), (320, 640), (320, 568)];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [RealServerFact(BrowserUnderTest.Program, PageRules.Library)]
    public async Task A_fire_is_taken_without_scrolling_on_the_smallest_phone_without_scripts_and_every_page_before_the_door_keeps_the_rules()
    {
        await using var service = await PageUnderTest.StartAsync(_folder.Path);
        var alert = await SmokeAsync(service);
        var addresses = await AddressesAsync(service, alert);
        // Whatever opens without signing in is looked at: a new page is found here without anybody remembering it.
        Assert.Equal(addresses.Keys.Order(StringComparer.Ordinal), PageList.OfAnybody(service));
        await using var chromium = await BrowserUnderTest.StartAsync();

        var phone = await chromium.OpenAsync(scripts: false);
        foreach (var language in (string[])["zh", "en"])
            await AtTheThumbAsync(phone, At(service, addresses["/a/{token}"]) + "?lang=" + language, "acknowledge");
        await phone.GetByTestId("acknowledge").ClickAsync();
        await Assertions.Expect(phone.Locator("#facts")).ToContainTextAsync("Stair leader A");
        await AtTheThumbAsync(phone, phone.Url, "arrive");

        var (page, eye) = (await chromium.OpenAsync(), await chromium.OpenAsync());
        // The same link at a change of shift.
        var handOver = "/a/" + service.Services.GetRequiredService<ActLinks>().Token(ActLinks.HandOver, "stair-a", service.NowMs);
        foreach (var address in (string[])[.. addresses.Values.Where(address => address.Length > 0), handOver])
        {
            await HoldAsync(page, At(service, address));
            // The door is no place of alarm; a fire is one.
            if (!address.StartsWith("/a/", StringComparison.Ordinal))
                Assert.Equal(0, await PageRules.AlarmingAsync(eye, Convert.ToBase64String(await page.ScreenshotAsync(new() { FullPage = true }))));
        }

        await page.GotoAsync(At(service, "/sign-in"));
        await BrowserUnderTest.SignInAsync(page, PageUnderTest.Password);
        await page.WaitForURLAsync(service.Url.ToString());
        await HoldAsync(page, At(service, "/alert/" + alert));
        foreach (var language in (string[])["zh", "en"])
            await AtTheThumbAsync(page, At(service, $"/alert/{alert}?lang={language}"), "acknowledge");
        Assert.Empty(chromium.Errors);
    }

    /// <summary>By day, and by night in its dark colours.</summary>
    private static async Task HoldAsync(IPage page, string address)
    {
        await PageRules.HoldAsync(page, address);
        await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        var broken = await PageRules.BrokenAsync(page);
        await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light });
        Assert.True(broken.Length == 0, $"{address} in the dark: {broken}");
    }

    /// <summary>The button, and the way to the fire brigade below it, lie wholly in the picture as the page opens, above whatever else stays there.</summary>
    private static async Task AtTheThumbAsync(IPage page, string address, string button)
    {
        foreach (var (width, height) in Phones)
        {
            await page.SetViewportSizeAsync(width, height);
            await page.GotoAsync(address);
            var (first, call) = ((await page.GetByTestId(button).BoundingBoxAsync())!, (await page.Locator("a[href='tel:119']").BoundingBoxAsync())!);
            var bar = page.Locator(".thumb:visible");
            var end = await bar.CountAsync() > 0 ? (await bar.BoundingBoxAsync())!.Y : height;
            var where = $"{address} at {width} × {height}: {first.Width} × {first.Height} at {first.Y}, the call at {call.Y}, room to {end}";
            Assert.True(first is { Height: >= 72, X: >= 0, Y: > 0 } && first.X + first.Width <= width && first.Width >= width - 40, where);
            Assert.True(call.Height >= 44 && call.Y >= first.Y + first.Height && call.Y + call.Height <= end + 0.5, where);
            if (Environment.GetEnvironmentVariable("FM_SCREENSHOTS") is { } folder)
                await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"phone-{new Uri(address).AbsolutePath.Split('/')[1]}-{button}-{await page.Locator("html").GetAttributeAsync("lang")}-{width}x{height}.png") });
        }
    }

    private static string At(PageUnderTest service, string path) => new Uri(service.Url, path).ToString();

    /// <summary>An address for every page that nobody has to sign in for; empty where it is no page, each with its reason.</summary>
    private static async Task<Dictionary<string, string>> AddressesAsync(PageUnderTest service, string alert)
    {
        var links = service.Services.GetRequiredService<ActLinks>();
        var desk = service.Services.GetRequiredService<UserDesk>();
        var machine = Visitor.Machine(Visitor.CommandLine, "");
        Assert.Null(await desk.AddAsync(machine, "zhou", "周电工", "", UserRole.Electrician, SiteScope.Of(["huaihai"]), null));
        var welcome = (await desk.LinkAsync(machine, "zhou")).Secret!;
        return new Dictionary<string, string>
        {
            ["/a/{token}"] = "/a/" + links.Token(alert, "stair-a", service.NowMs),
            ["/a/{token}/{what}"] = "", // Leads back to the page.
            ["/a/{token}/photo/{name}"] = "", // A file.
            ["/healthz"] = "", // For programs.
            ["/readyz"] = "",
            ["/p/{site}"] = "", // PublicPageTests; where nobody opened it, it is not there.
            ["/sign-in"] = "/sign-in",
            ["/welcome/{secret}"] = "/welcome/" + welcome,
        };
    }

    /// <summary>Smoke as the rule itself tells it, with the people called for it.</summary>
    private static async Task<string> SmokeAsync(PageUnderTest service)
    {
        await service.SayAsync("shed-01", [("main", service.NowMs, [(Metric.Smoke, 1)])]);
        var alert = "";
        await service.UntilAsync(
            () =>
            {
                using var reader = service.Database.OpenReader();
                using var command = FacilityMonitor.Journal.Database.Command(reader, "select alert from response where rule = 'smoke'");
                return (alert = command.ExecuteScalar() as string ?? "").Length > 0;
            },
            "the fire");
        return alert;
    }
}

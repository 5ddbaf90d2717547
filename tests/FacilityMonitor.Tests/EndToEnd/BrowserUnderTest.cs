using Microsoft.Playwright;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>A browser, and what its pages complained of. Each test has its own: Playwright is for one thread, and tests run side by side.</summary>
internal sealed class BrowserUnderTest(IPlaywright playwright, IBrowser browser) : IAsyncDisposable
{
    /// <summary>Chromium without its own windows, bars and services: it draws the same pages in half the processor time.</summary>
    public const string Program = "chromium-headless-shell";

    /// <summary>How long a page may take to say what is expected of it, ms.</summary>
    public const float Patience = 240_000;

    public List<string> Errors { get; } = [];

    public static async Task<BrowserUnderTest> StartAsync()
    {
        var playwright = await Playwright.CreateAsync();
        return new BrowserUnderTest(playwright, await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = RealServerFactAttribute.FindProgram(Program),
            Args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        }));
    }

    public async Task<IPage> OpenAsync(bool scripts = true)
    {
        var context = await browser.NewContextAsync(new() { Locale = "zh-CN", JavaScriptEnabled = scripts });
        context.SetDefaultTimeout(Patience);
        Assertions.SetDefaultExpectTimeout(Patience);
        var page = await context.NewPageAsync();
        page.PageError += (_, error) => Errors.Add(error);
        page.Console += (_, message) =>
        {
            // A refused sign-in is an error to the console, and meant.
            if (message.Type == "error" && !message.Text.Contains("401", StringComparison.Ordinal))
                Errors.Add(message.Text);
        };
        return page;
    }

    public static async Task SignInAsync(IPage page, string password)
    {
        await page.FillAsync("[name=user]", "manager");
        await page.FillAsync("[name=password]", password);
        await page.ClickAsync("main button");
    }

    public async ValueTask DisposeAsync()
    {
        await browser.DisposeAsync();
        playwright.Dispose();
    }
}

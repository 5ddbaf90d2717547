using Microsoft.Playwright;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>A browser's profile of its own, and what its pages complained of. The browser itself is started once for all tests: each start costs a second of both processors.</summary>
internal sealed class BrowserUnderTest(IBrowser browser) : IAsyncDisposable
{
    /// <summary>Chromium without its own windows, bars and services: it draws the same pages in half the processor time.</summary>
    public const string Program = "chromium-headless-shell";

    /// <summary>How long a page may take to say what is expected of it, ms.</summary>
    public const float Patience = 150_000;

    private static readonly SemaphoreSlim Starting = new(1);
    private static IPlaywright? _playwright;
    private static IBrowser? _browser;

    private readonly List<IBrowserContext> _contexts = [];

    public List<string> Errors { get; } = [];

    public static async Task<BrowserUnderTest> StartAsync()
    {
        await Starting.WaitAsync();
        try
        {
            _playwright ??= await Playwright.CreateAsync();
            // One that crashed costs the tests that were in it, and no other.
            if (_browser is not { IsConnected: true })
            {
                _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
                {
                    ExecutablePath = RealServerFactAttribute.FindProgram(Program),
                    Args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
                });
            }

            return new BrowserUnderTest(_browser);
        }
        finally
        {
            Starting.Release();
        }
    }

    public async Task<IPage> OpenAsync(bool scripts = true)
    {
        var context = await browser.NewContextAsync(new() { Locale = "zh-CN", JavaScriptEnabled = scripts });
        _contexts.Add(context);
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
        foreach (var context in _contexts)
            await context.DisposeAsync();
    }
}

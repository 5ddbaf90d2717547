using FacilityMonitor.Tests.Conventions;
using Microsoft.Playwright;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>What every page keeps to, in a real browser: it fits the width, and breaks no rule of access.</summary>
internal static class PageRules
{
    /// <summary>The library that judges, installed with the page's modules.</summary>
    public const string Library = "dashboards/web/node_modules/axe-core/axe.min.js";

    /// <summary>Rules of WCAG 2.2 A and AA, and good practice.</summary>
    private const string Axe = "async () => (await axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})).violations.map((one) => `${one.id}: ${one.nodes[0].html.slice(0, 160)}`).join('; ')";

    private static readonly int[] Widths = [320, 390, 1440];

    /// <summary>Looks at a page in both languages at a phone's and a desk's width.</summary>
    /// <param name="page">A browser that has signed in.</param>
    /// <param name="address">The page; <c>lang</c> is added to it.</param>
    public static async Task HoldAsync(IPage page, string address)
    {
        var library = await File.ReadAllTextAsync(Path.Combine(SourceTree.Root, Library));
        foreach (var language in (string[])["zh", "en"])
        {
            await page.SetViewportSizeAsync(1440, 900);
            await page.GotoAsync($"{address}{(address.Contains('?', StringComparison.Ordinal) ? '&' : '?')}lang={language}");
            await page.EvaluateAsync(library);
            foreach (var width in Widths)
            {
                await page.SetViewportSizeAsync(width, 900);
                Assert.True(await page.EvaluateAsync<int>("document.documentElement.scrollWidth - innerWidth") == 0, $"{address} in {language} is wider than {width} px");
                var broken = await page.EvaluateAsync<string>(Axe);
                Assert.True(broken.Length == 0, $"{address} in {language} at {width} px: {broken}");
                if (Environment.GetEnvironmentVariable("FM_SCREENSHOTS") is { } folder)
                    await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{new Uri(address).AbsolutePath.Trim('/').Replace('/', '-')}-{language}-{width}.png"), FullPage = true });
            }
        }
    }
}

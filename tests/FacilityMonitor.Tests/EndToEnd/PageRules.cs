using System.Globalization;
using System.Text.RegularExpressions;
using FacilityMonitor.Tests.Conventions;
using Microsoft.Playwright;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>What every page keeps to, in a real browser: it fits the width, and breaks no rule of access.</summary>
internal static partial class PageRules
{
    /// <summary>The library that judges, installed with the page's modules.</summary>
    public const string Library = "dashboards/web/node_modules/axe-core/axe.min.js";

    /// <summary>Rules of WCAG 2.2 A and AA, and good practice.</summary>
    private const string Axe = "async () => (await axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})).violations.map((one) => `${one.id}: ${one.nodes[0].html.slice(0, 160)}`).join('; ')";

    /// <summary>Pixels of a picture in one of the colours; text is drawn with softer edges, so what is near counts.</summary>
    private const string Alarming = """
        async ([png, palette]) => {
          const picture = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
          const canvas = new OffscreenCanvas(picture.width, picture.height);
          const context = canvas.getContext('2d');
          context.drawImage(picture, 0, 0);
          const { data } = context.getImageData(0, 0, picture.width, picture.height);
          let count = 0;
          for (let at = 0; at < data.length; at += 4)
            if (palette.some((colour) => colour.every((part, index) => Math.abs(part - data[at + index]) < 12))) count++;
          return count;
        }
        """;

    private static readonly int[] Widths = [320, 390, 1440];

    /// <summary>The colours of alerts as the style sheet has them, by day and in the dark: red, green and blue.</summary>
    private static readonly int[][] Palette =
    [
        .. AlertColour().Matches(File.ReadAllText(Path.Combine(SourceTree.Root, "dashboards/web/style.css"))).Select(match => int.Parse(match.Groups["rgb"].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture))
            .Select(rgb => (int[])[rgb >> 16, (rgb >> 8) & 0xff, rgb & 0xff]),
    ];

    /// <summary>Whether every look is taken; else narrow in Chinese and wide in English are judged, and the others only measured.</summary>
    public static bool IsLong { get; } = Environment.GetEnvironmentVariable("FM_LONG") == "1";

    /// <summary>Looks at a page in both languages at the widths of phones and of a desk.</summary>
    /// <param name="page">A browser that has signed in.</param>
    /// <param name="address">The page; <c>lang</c> is added to it.</param>
    /// <param name="prepare">What is done to the page once it is loaded, before anything is judged.</param>
    public static async Task HoldAsync(IPage page, string address, Func<Task>? prepare = null)
    {
        foreach (var language in (string[])["zh", "en"])
        {
            await page.SetViewportSizeAsync(1440, 900);
            await page.GotoAsync($"{address}{(address.Contains('?', StringComparison.Ordinal) ? '&' : '?')}lang={language}");
            if (prepare is not null)
                await prepare();
            foreach (var width in Widths)
            {
                await page.SetViewportSizeAsync(width, 900);
                Assert.True(await page.EvaluateAsync<int>("document.documentElement.scrollWidth - innerWidth") == 0, $"{address} in {language} is wider than {width} px");
                if (IsLong || (language, width) is ("zh", 320) or ("en", 1440))
                {
                    var broken = await BrokenAsync(page);
                    Assert.True(broken.Length == 0, $"{address} in {language} at {width} px: {broken}");
                }

                if (Environment.GetEnvironmentVariable("FM_SCREENSHOTS") is { } folder)
                    await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{new Uri(address).AbsolutePath.Trim('/').Replace('/', '-')}-{language}-{width}.png"), FullPage = true });
            }
        }
    }

    /// <summary>How many pixels of a picture have a colour of the alert palette.</summary>
    /// <param name="eye">A page whose policy lets it look at a picture: none of ours.</param>
    /// <param name="png">The picture, as text.</param>
    public static Task<int> AlarmingAsync(IPage eye, string png) => eye.EvaluateAsync<int>(Alarming, new object[] { png, Palette });

    /// <summary>The rules of access that the page breaks as it stands, each with the element; empty for none.</summary>
    public static async Task<string> BrokenAsync(IPage page)
    {
        if (await page.EvaluateAsync<bool>("() => typeof axe === 'undefined'"))
            await page.EvaluateAsync(await File.ReadAllTextAsync(Path.Combine(SourceTree.Root, Library)));
        return await page.EvaluateAsync<string>(Axe);
    }

    [GeneratedRegex("--(alarm|alarm-edge|warn|pale): *#(?<rgb>[0-9a-f]{6});")]
    private static partial Regex AlertColour();
}

using FacilityMonitor.Readings;
using FacilityMonitor.Tests.Web;
using Microsoft.Playwright;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>Pages for who sees no colours, and for a language that needs more room than ours.</summary>
public sealed class PlainSightTests : IDisposable
{
    /// <summary>Makes every text of a page two fifths longer, by its own words; numbers stay.</summary>
    private const string Lengthen = """
        () => {
          const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          const all = [];
          while (walk.nextNode()) all.push(walk.currentNode);
          let count = 0;
          for (const node of all) {
            const text = node.textContent.trim();
            if (!/[a-z]{2}|\p{Script=Han}/iu.test(text) || node.parentElement.closest('code, pre, script, style, noscript, option')) continue;
            const more = Math.ceil(0.4 * text.length), words = text.split(' ');
            let longer = text;
            for (let at = 0; longer.length < text.length + more; at++) longer += ` ${words[at % words.length]}`;
            node.textContent = node.textContent.replace(text, () => longer);
            count++;
          }
          return count;
        }
        """;

    /// <summary>Elements that cut off what they say, with nowhere to scroll to it. Meant are three dots whose whole text is a title, and what is there for ears alone.</summary>
    private const string Clipped = """
        () => [...document.querySelectorAll('body *')].filter((one) => {
          const style = getComputedStyle(one);
          if (one.getClientRects().length === 0 || style.clipPath !== 'none' || !one.textContent.trim() || one.closest('svg')) return false;
          const cuts = (overflow) => /hidden|clip/.test(overflow) || overflow === 'visible' && /paint|content|strict/.test(style.contain);
          const [across, down] = [cuts(style.overflowX) && one.scrollWidth > one.clientWidth, cuts(style.overflowY) && one.scrollHeight > one.clientHeight];
          return down || across && !(style.textOverflow === 'ellipsis' && one.closest('[title]'));
        }).slice(0, 3).map((one) => `${one.outerHTML.slice(0, 160)} (${one.scrollWidth} × ${one.scrollHeight} in ${one.clientWidth} × ${one.clientHeight})`).join(' | ')
        """;

    /// <summary>Which two of the pictures a person without colours could take for each other: fewer points than a sign has differ by more than a shade.</summary>
    private const string Alike = """
        async ([names, pictures]) => {
          const grey = await Promise.all(pictures.map(async (png) => {
            const picture = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
            const context = new OffscreenCanvas(picture.width, picture.height).getContext('2d');
            context.drawImage(picture, 0, 0);
            const { data } = context.getImageData(0, 0, picture.width, picture.height);
            return { width: picture.width, height: picture.height, at: (x, y) => { const i = 4 * (y * picture.width + x); return 0.2126 * data[i] + 0.7152 * data[i + 1] + 0.0722 * data[i + 2]; } };
          }));
          const alike = [];
          for (let one = 0; one < grey.length; one++) for (let other = one + 1; other < grey.length; other++) {
            let differ = 0;
            for (let y = 0; y < Math.min(grey[one].height, grey[other].height); y++)
              for (let x = 0; x < Math.min(grey[one].width, grey[other].width); x++)
                if (Math.abs(grey[one].at(x, y) - grey[other].at(x, y)) > 40) differ++;
            if (differ < 20) alike.push(`${names[one]} and ${names[other]}: ${differ}`);
          }
          return alike.join('; ');
        }
        """;

    private static readonly string[] Main =
        ["/", "/today", "/alerts", "/alert/00000000000000a1", "/sites", "/site/huaihai", "/circuit/huaihai/c-shed", "/device/huaihai/pile-02", "/climbers", "/on-call", "/reports", "/status", "/me", "/settings"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [RealServerFact(BrowserUnderTest.Program)]
    public async Task Every_state_is_told_apart_without_colours_and_the_main_pages_have_room_for_longer_words()
    {
        await using var service = await PageUnderTest.StartAsync(_folder.Path);
        await service.SayAsync("pile-02", [("s1", service.NowMs, [(Metric.W, 180)]), ("s2", service.NowMs, [(Metric.W, 0)])]);
        service.Ring("00000000000000a1", "huaihai", "huaihai/shed-1/pile-02/s7");
        await service.UntilAsync(() => service.State().GetProperty("alerts").GetProperty("alerts").GetArrayLength() == 1, "the alert");
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await chromium.OpenAsync();
        await page.GotoAsync(At(service, "/sign-in"));
        await BrowserUnderTest.SignInAsync(page, PageUnderTest.Password);
        await page.GetByTestId("health").WaitForAsync();
        var eye = await chromium.OpenAsync();

        // Of the legend the words are taken away: what is left is sign and pattern.
        await page.Locator(".legend summary").ClickAsync();
        await ApartAsync(page, eye, ".legend .tile", ".legend .no", least: 8);
        await page.GotoAsync(At(service, "/device/huaihai/pile-02"));
        await ApartAsync(page, eye, ".signs .past", null, least: 6);

        var wrong = new List<string>();
        foreach (var path in Main)
        {
            foreach (var language in (string[])["zh", "en"])
            {
                await page.SetViewportSizeAsync(390, 844);
                await page.GotoAsync(At(service, $"{path}?lang={language}"));
                if (path == "/")
                    await page.GetByTestId("health").WaitForAsync();
                Assert.True(await page.EvaluateAsync<int>(Lengthen) > 10, path);
                foreach (var width in (int[])[390, 320])
                {
                    await page.SetViewportSizeAsync(width, 844);
                    if (await page.EvaluateAsync<int>("document.documentElement.scrollWidth - innerWidth") is var over and > 0)
                        wrong.Add($"{path} {language} {width}: {over} px too wide: {await page.EvaluateAsync<string>("[...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > innerWidth && !one.closest('.scroll')).slice(0, 3).map((one) => one.outerHTML.slice(0, 120)).join(' | ')")}");
                    if (await page.EvaluateAsync<string>(Clipped) is { Length: > 0 } clipped)
                        wrong.Add($"{path} {language} {width}: cut off: {clipped}");
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        // The eye itself sees: a heading that ends at its box is found, and three dots that stand for a title are not.
        await page.EvaluateAsync("Object.assign(document.querySelector('h1').style, { width: '1em', whiteSpace: 'nowrap', overflow: 'hidden' })");
        Assert.Contains("<h1", await page.EvaluateAsync<string>(Clipped), StringComparison.Ordinal);
        await page.EvaluateAsync("Object.assign(document.querySelector('h1'), { title: document.querySelector('h1').textContent }).style.textOverflow = 'ellipsis'");
        Assert.Equal("", await page.EvaluateAsync<string>(Clipped));
        Assert.Empty(chromium.Errors);
    }

    private static string At(PageUnderTest service, string path) => new Uri(service.Url, path).ToString();

    /// <summary>Looks at real pictures of all of them, in shades of grey.</summary>
    private static async Task ApartAsync(IPage page, IPage eye, string tiles, string? words, int least)
    {
        var all = await page.Locator(tiles).AllAsync();
        Assert.True(all.Count >= least, $"{tiles}: {all.Count}");
        if (words is not null)
            await page.Locator(words).EvaluateAllAsync<int>("all => all.map((one) => { one.style.visibility = 'hidden'; }).length");
        var (names, pictures) = (new List<string>(), new List<string>());
        foreach (var tile in all)
        {
            var name = (await tile.GetAttributeAsync("class"))!;
            // One state with two reasons; its words tell them apart.
            if (name.Contains("stale", StringComparison.Ordinal))
                continue;
            names.Add(name);
            // Each by itself at the same place: half a point further and the same border is drawn otherwise.
            await tile.EvaluateAsync("one => { document.body.style.visibility = 'hidden'; Object.assign(one.style, { position: 'fixed', left: 0, top: 0, width: '60px', height: '44px', visibility: 'visible' }); }");
            pictures.Add(Convert.ToBase64String(await page.ScreenshotAsync(new() { Clip = new() { X = 0, Y = 0, Width = 60, Height = 44 } })));
            await tile.EvaluateAsync("one => { document.body.style.visibility = ''; one.removeAttribute('style'); }");
        }

        var alike = await eye.EvaluateAsync<string>(Alike, new object[] { names, pictures });
        Assert.True(alike.Length == 0, alike);
        // The eye itself sees: two of the same are alike.
        Assert.NotEmpty(await eye.EvaluateAsync<string>(Alike, new object[] { names.Take(2).ToArray(), Enumerable.Repeat(pictures[0], 2).ToArray() }));
    }
}

using System.Net;
using System.Text.RegularExpressions;
using FacilityMonitor.Configuration;
using FacilityMonitor.Readings;
using FacilityMonitor.Tests.EndToEnd;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Web;

/// <summary>What stands on the pages as they are sent: Chinese pages speak Chinese, English ones English.</summary>
public sealed partial class WordsOnPagesTests : IDisposable
{
    /// <summary>Words of another script that a Chinese reader knows as they are: units, formats, names of what others made.</summary>
    private static readonly HashSet<string> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        "kW", "kWh", "Wh", "VA", "mA", "Hz", "dB", "ppm", "kPa", "cm", "kg", "ms", "MiB", "KiB", "GiB", "min",
        "MQTT", "InfluxDB", "CSV", "XLSX", "PDF", "JPEG", "PNG", "HEIC", "JSON", "YAML", "SMS", "HTTP", "HTTPS", "URL", "IP", "ID", "ISO",
        "fm", "NET", "Debian", "GNU", "Linux", "bookworm",
        "rules", // A key of the registry's file, to be found there.
        "Connection", "refused", // What the network itself said: no broker runs here.
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Chinese_pages_hold_no_word_of_another_language_and_English_ones_none_of_Chinese()
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path);
        await page.SignInAsync(PageUnderTest.Password);
        await page.SayAsync("pile-02", [("s1", page.NowMs, [(Metric.W, 180), (Metric.Tc, 31.5)]), ("s2", page.NowMs, [(Metric.W, 0)])]);
        await page.SayAsync("shed-01", [("main", page.NowMs, [(Metric.Smoke, 1), (Metric.Tc, 21.5), (Metric.Rh, 61)])]);
        page.Ring("00000000000000a1", "huaihai", "huaihai/shed-1/pile-02/s7");
        await page.UntilAsync(() => page.State().GetProperty("alerts").GetProperty("alerts").GetArrayLength() == 2, "both alerts");
        var names = NamesOf(page);
        var wrong = new List<string>();
        var pages = PageList.Of(page, new Dictionary<string, string>
        {
            ["{site}"] = "huaihai",
            ["{device}"] = "pile-02",
            ["{circuit}"] = "c-shed",
            ["{alert}"] = "00000000000000a1",
            ["{name}"] = "manager",
            ["{person}"] = "guard-a",
            ["{what}"] = "stand-in",
        });
        var (zhWords, enWords) = (0, 0);
        foreach (var path in (string[])[.. pages, "/?wall=1", "/device/huaihai/pile-02?raw=true", "/climbers/jiugeng/climber-1", "/sign-in"])
        {
            var (zh, en) = (await WordsAsync(page, path, "zh"), await WordsAsync(page, path, "en"));
            zhWords += Chinese().Count(zh);
            enWords += Latin().Count(en);
            wrong.AddRange(Latin().Matches(zh).Select(word => word.Value).Where(word => !Known.Contains(word) && !names.Contains(word)).Distinct().Select(word => $"{path}, zh: {word}"));
            if (Chinese().Match(en) is { Success: true } found)
                wrong.Add($"{path}, en: {en[Math.Max(0, found.Index - 30)..Math.Min(en.Length, found.Index + 30)].ReplaceLineEndings(" ")}");
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        // They were there to be read.
        Assert.True(zhWords > 5_000 && enWords > 5_000, $"{zhWords} and {enWords}");
    }

    /// <summary>Every text that a reader meets, and what is read aloud or told under the pointer. What is written in letters for machines, and the other language's own name, is not.</summary>
    private static async Task<string> WordsAsync(PageUnderTest page, string path, string language)
    {
        var answer = await page.Client.GetAsync(new Uri($"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}lang={language}", UriKind.Relative));
        if (answer.StatusCode != HttpStatusCode.OK)
            return "";
        var html = ForMachines().Replace(await answer.Content.ReadAsStringAsync(), " ");
        var told = string.Join('\n', Told().Matches(html).Select(told => told.Groups["told"].Value));
        return Typed().Replace(WebUtility.HtmlDecode(Tag().Replace(html, "\n") + "\n" + told), " ");
    }

    /// <summary>What the registry calls its things, and people themselves: ids that a person chose, and that stand on pages to be typed.</summary>
    private static HashSet<string> NamesOf(PageUnderTest page)
    {
        var facility = page.Services.GetRequiredService<FacilitySource>().Current.Facility;
        IEnumerable<string> ids =
        [
            .. facility.Sites.SelectMany(site => (string[])[site.Id, .. site.Devices.Select(device => device.Id), .. site.Circuits.Select(circuit => circuit.Id), .. site.Places.Select(place => place.Id)]),
            .. facility.People.Persons.Select(person => person.Id), .. facility.People.Teams.Select(team => team.Id), "console", "siren", "manager",
        ];
        return [.. ids.SelectMany(id => Latin().Matches(id).Select(word => word.Value))];
    }

    [GeneratedRegex("""<(script|style|code|pre|head|svg)\b.*?</\1>|<(a|span|h2|p)\b[^>]*\blang="[^"]*"[^>]*>.*?</\2>|<option value="(en|zh)".*?</option>""", RegexOptions.Singleline)]
    private static partial Regex ForMachines();

    /// <summary>Files, settings, what is left of a number that is nobody's business, and versions.</summary>
    [GeneratedRegex("[A-Za-z0-9_-]+\\.yaml|[a-z]+(?:[.-][a-z_]+)*\\.[a-z][a-z_-]*|…[A-Za-z0-9-]+|[A-Za-z0-9-]*•+[A-Za-z0-9-]*|\\b(?=[a-f]*[0-9])[0-9a-f]{7,}\\b")]
    private static partial Regex Typed();

    [GeneratedRegex("\\b(?:title|aria-label|alt|placeholder)=\"(?<told>[^\"]*)\"")]
    private static partial Regex Told();

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tag();

    [GeneratedRegex("[A-Za-z]{2,}")]
    private static partial Regex Latin();

    [GeneratedRegex(@"\p{IsCJKUnifiedIdeographs}")]
    private static partial Regex Chinese();
}

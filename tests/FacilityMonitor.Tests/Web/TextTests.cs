using System.Text.RegularExpressions;
using FacilityMonitor.Readings;
using FacilityMonitor.Tests.Conventions;
using FacilityMonitor.Web;

namespace FacilityMonitor.Tests.Web;

/// <summary>The page speaks both languages completely.</summary>
public sealed partial class TextTests
{
    private static readonly string Folder = Path.Combine(SourceTree.Root, "dashboards/web");

    [Fact]
    public void Every_text_of_the_server_is_there_in_both_languages()
    {
        foreach (var (key, (zh, en)) in Texts.All)
            AssertBoth(key, zh, en);
    }

    [Fact]
    public void Every_text_of_the_page_is_there_in_both_languages_and_is_used()
    {
        var texts = TextLine().Matches(File.ReadAllText(Path.Combine(Folder, "texts.js")));
        var scripts = string.Concat(Directory.GetFiles(Folder, "*.js").Select(File.ReadAllText));
        Assert.True(texts.Count > 50, $"{texts.Count} texts were found");

        foreach (Match text in texts)
        {
            var key = text.Groups["key"].Value;
            AssertBoth(key, text.Groups["zh"].Value, text.Groups["en"].Value);
            var used = Regex.Count(scripts, $@"['`]{key}['`]") + Regex.Count(scripts, $@"\b{key}:") + (key.StartsWith("behind_", StringComparison.Ordinal) ? 1 : 0);
            Assert.True(used > 1 || MetricKeys.TryParse(key, out _), $"The text '{key}' is used nowhere.");
        }
    }

    [Fact]
    public void Every_text_the_page_asks_for_is_there()
    {
        var known = TextLine().Matches(File.ReadAllText(Path.Combine(Folder, "texts.js"))).Select(text => text.Groups["key"].Value).ToHashSet();
        var asked = Asked().Matches(File.ReadAllText(Path.Combine(Folder, "live.js"))).Select(call => call.Groups["key"].Value).ToHashSet();

        Assert.NotEmpty(asked);
        Assert.Empty(asked.Except(known));
    }

    private static void AssertBoth(string key, string zh, string en)
    {
        Assert.True(zh.Length > 0 && en.Length > 0, $"'{key}' lacks a language.");
        Assert.False(Chinese().IsMatch(en), $"'{key}' has Chinese in its English: {en}");
        // Units and names of dialects are the same in every language.
        Assert.True(Chinese().IsMatch(zh) || zh == en, $"'{key}' is not Chinese: {zh}");
    }

    [GeneratedRegex(@"^  (?<key>\w+): \{ zh: '(?<zh>[^']*)', en: '(?<en>[^']*)' \}", RegexOptions.Multiline)]
    private static partial Regex TextLine();

    [GeneratedRegex(@"\bt\('(?<key>\w+)'\)")]
    private static partial Regex Asked();

    [GeneratedRegex(@"\p{IsCJKUnifiedIdeographs}")]
    private static partial Regex Chinese();
}

using System.Text.RegularExpressions;
using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;
using FacilityMonitor.Tests.Conventions;
using FacilityMonitor.Web;

namespace FacilityMonitor.Tests.Web;

/// <summary>The page speaks both languages completely.</summary>
public sealed partial class TextTests
{
    private static readonly string Folder = Path.Combine(SourceTree.Root, "dashboards/web");
    private static readonly string Script = File.ReadAllText(Path.Combine(Folder, "live.js")) + File.ReadAllText(Path.Combine(Folder, "health/health.js")) + File.ReadAllText(Path.Combine(Folder, "sockets/sockets.js"));
    private static readonly string TextScript = File.ReadAllText(Path.Combine(Folder, "texts.js"));

    private static readonly Dictionary<string, (string Zh, string En)> Known = TextLine().Matches(TextScript)
        .ToDictionary(text => text.Groups["key"].Value, text => (text.Groups["zh"].Value, text.Groups["en"].Value), StringComparer.Ordinal);

    /// <summary>Keys that the page puts together, and what each family has to name.</summary>
    private static readonly Dictionary<string, IReadOnlyList<string>> Families = new(StringComparer.Ordinal)
    {
        ["P"] = [.. Enum.GetNames<Priority>().Select(name => name[1..])],
        ["reason_"] = [.. Enum.GetValues<RejectReason>().Select(reason => reason.Key())],
        ["behind_"] = ["monitoring", "store"],
        ["limit_"] = WrittenIn("limits"),
        ["alerts_"] = WrittenIn("alertBooks"),
        ["loss_"] = [.. Enum.GetNames<FacilityMonitor.Mqtt.MqttLossReason>().Where(name => name != nameof(FacilityMonitor.Mqtt.MqttLossReason.None))],
    };

    [Fact]
    public void Every_line_of_the_pages_texts_is_understood_by_these_tests()
    {
        var lines = TextScript.Split('\n').SkipWhile(line => !line.StartsWith("export const texts", StringComparison.Ordinal)).Skip(1).TakeWhile(line => line != "};").ToList();

        Assert.True(lines.Count > 100, $"{lines.Count} texts were found");
        Assert.Equal(lines.Count, Known.Count);
    }

    [Fact]
    public void Every_text_of_the_server_is_there_in_both_languages_and_is_used()
    {
        var sources = string.Concat(Sources());
        foreach (var (key, (zh, en)) in Texts.All)
        {
            AssertBoth(key, zh, en);
            Assert.True(Regex.Count(sources, $"\"{key}\"") > 1, $"The text '{key}' is used nowhere.");
        }
    }

    [Fact]
    public void Every_text_the_server_asks_for_is_there()
    {
        var asked = Sources().SelectMany(source => AskedOfServer().Matches(source)).Select(call => call.Groups["key"].Value).ToHashSet();

        Assert.True(asked.Count > 10, $"{asked.Count} were found");
        Assert.Empty(asked.Except(Texts.All.Keys));
    }

    [Fact]
    public void Every_text_of_the_page_is_there_in_both_languages_and_is_used()
    {
        var own = Own(TextScript);
        foreach (var (key, (zh, en)) in Known)
        {
            AssertBoth(key, zh, en);
            var isUsed = Regex.IsMatch(Script + own, $@"'{Regex.Escape(key)}'") || Regex.IsMatch(Script, $@"\b{Regex.Escape(key)}: (\[|'|t\()") || Regex.IsMatch(Script, $@"^const signs = .*\b{Regex.Escape(key)}:", RegexOptions.Multiline);
            var isOfFamily = Families.Any(family => key.StartsWith(family.Key, StringComparison.Ordinal) && family.Value.Contains(key[family.Key.Length..]));
            Assert.True(isUsed || isOfFamily, $"The text '{key}' is used nowhere.");
        }
    }

    [Fact]
    public void Every_text_the_page_asks_for_is_there()
    {
        var asked = Asked().Matches(Script).Select(call => call.Groups["key"].Value).ToHashSet();
        Assert.True(asked.Count > 40, $"{asked.Count} were found");
        Assert.Empty(asked.Except(Known.Keys));

        foreach (var (prefix, members) in Families)
        {
            Assert.NotEmpty(members);
            Assert.All(members, member => Assert.Contains(prefix + member, Known.Keys));
        }
    }

    [Fact]
    public void Every_state_of_a_socket_has_a_word_and_a_sign_of_its_own()
    {
        var told = Told().Matches(Script[Script.IndexOf("function tileState", StringComparison.Ordinal)..Script.IndexOf("const signs", StringComparison.Ordinal)]).Select(state => state.Groups["state"].Value).ToHashSet();
        var signs = Script.Split('\n').Single(line => line.StartsWith("export const signs", StringComparison.Ordinal));

        Assert.Equal(9, told.Count);
        Assert.Contains("maintenance", told);
        Assert.All(told, state => Assert.Contains($" {state}:", signs, StringComparison.Ordinal));
        Assert.All(told, state => Assert.Contains(state, Known.Keys));
    }

    [Fact]
    public void Every_quantity_the_page_shows_has_a_name_and_a_unit_or_two_words()
    {
        foreach (var key in KeysOf("const units"))
        {
            Assert.True(FacilityMonitor.Readings.MetricKeys.TryParse(key, out _), $"{key} is no quantity.");
            Assert.Contains(key, Known.Keys);
        }

        foreach (var key in KeysOf("const words"))
        {
            Assert.True(FacilityMonitor.Readings.MetricKeys.TryParse(key, out var metric) && FacilityMonitor.Readings.MetricKeys.IsBoolean(metric), $"{key} is not true or false.");
            Assert.Contains(key, Known.Keys);
        }
    }

    [Fact]
    public void What_is_put_into_a_text_is_the_same_in_both_languages()
    {
        Assert.Contains(Known.Values, text => Placeholder().IsMatch(text.Zh));
        foreach (var (key, (zh, en)) in Known)
            Assert.True(Names(zh).SetEquals(Names(en)), $"'{key}' puts in other things in one language than in the other.");

        foreach (Match call in CallWithValues().Matches(Script + Own(TextScript)))
        {
            var given = Given().Matches(call.Groups["values"].Value).Select(value => value.Groups["name"].Value).ToHashSet();
            Assert.True(Names(Known[call.Groups["key"].Value].Zh).SetEquals(given), $"'{call.Groups["key"].Value}' is given {string.Join(", ", given)}.");
        }
    }

    [Fact]
    public void Every_text_of_the_charts_is_there_in_both_languages_and_is_used()
    {
        var (texts, script) = (File.ReadAllText(Path.Combine(Folder, "detail/texts.js")), File.ReadAllText(Path.Combine(Folder, "detail/chart.js")) + File.ReadAllText(Path.Combine(Folder, "detail/fresh.js")));
        var known = TextLine().Matches(texts).ToDictionary(text => text.Groups["key"].Value, text => (Zh: text.Groups["zh"].Value, En: text.Groups["en"].Value), StringComparer.Ordinal);
        var ranges = Range().Matches(script).Select(range => "range_" + range.Groups["name"].Value).ToList();

        Assert.Equal(texts.Split('\n').Count(line => line.Contains("zh: '", StringComparison.Ordinal)), known.Count);
        Assert.Equal(4, ranges.Count);
        Assert.Empty(Asked().Matches(script).Select(call => call.Groups["key"].Value).Concat(ranges).Except(known.Keys));
        foreach (var (key, (zh, en)) in known)
        {
            // A pattern of names and numbers alone is the same in every language.
            if (Chinese().IsMatch(zh) || !Placeholder().IsMatch(zh))
                AssertBoth(key, zh, en);
            Assert.True(Names(zh).SetEquals(Names(en)), $"'{key}' puts in other things in one language than in the other.");
            Assert.True(script.Contains($"'{key}'", StringComparison.Ordinal) || ranges.Contains(key), $"The text '{key}' is used nowhere.");
        }
    }

    [Fact]
    public void A_priority_has_one_word_on_the_start_page_in_the_inbox_and_in_reports()
    {
        var report = File.ReadAllText(Path.Combine(SourceTree.Root, "src/FacilityMonitor/Reports/MonthDocument.cs"));
        foreach (var priority in Enum.GetValues<Priority>())
        {
            var (zh, en) = Texts.All[FacilityMonitor.Web.Pages.AlertsModel.PriorityKey(priority)];
            Assert.Equal(Known[priority.ToString()], (zh, en));
            Assert.Contains($"{priority} {zh}", report, StringComparison.Ordinal);
            Assert.Contains($"{priority} {en}", report, StringComparison.Ordinal);
        }

        Assert.Contains($"{Texts.All["priority-information"].Zh}（P3）", Texts.All["today-information"].Zh, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_number_of_a_rule_is_called_by_the_words_of_the_pages()
    {
        foreach (var limit in FacilityMonitor.Edits.TunableLimit.All)
        {
            AssertBoth(limit.Setting.Name, limit.Label.Zh, limit.Label.En);
            // One idea, one word: what a meter of the page calls residual current is no leakage where its limit is set.
            Assert.Equal(limit.Label.En.Contains("esidual current", StringComparison.Ordinal), limit.Label.Zh.Contains("剩余电流", StringComparison.Ordinal));
            Assert.DoesNotContain("漏电", limit.Label.Zh, StringComparison.Ordinal);
        }

        Assert.Contains(FacilityMonitor.Edits.TunableLimit.All, limit => limit.Label.Zh.Contains("剩余电流", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_rule_has_a_name_a_consequence_and_steps_in_both_languages()
    {
        foreach (var rule in RuleCatalogue.All)
        {
            foreach (var text in (LocalText[])[rule.Title, rule.Next, .. rule.Steps])
                AssertBoth(rule.Name, text.Zh, text.En);
        }
    }

    /// <summary>The code and the views of the pages.</summary>
    private static IEnumerable<string> Sources() => SourceTree.Files("src/FacilityMonitor/Web", "*.cs").Concat(SourceTree.Files("src/FacilityMonitor/Web", "*.cshtml")).Select(File.ReadAllText);

    /// <summary>What an object of the health section holds, from the code that writes it.</summary>
    private static List<string> WrittenIn(string name)
    {
        var source = File.ReadAllText(Path.Combine(SourceTree.Root, "src/FacilityMonitor/Web/LiveJson.cs"));
        var begin = source.IndexOf($"WriteStartObject(\"{name}\")", StringComparison.Ordinal);
        return [.. Written().Matches(source[begin..source.IndexOf("WriteEndObject", begin, StringComparison.Ordinal)]).Select(field => field.Groups["name"].Value)];
    }

    private static string Own(string script) => script[script.IndexOf("export const language", StringComparison.Ordinal)..];

    private static HashSet<string> Names(string text) => [.. Placeholder().Matches(text).Select(name => name.Value)];

    private static List<string> KeysOf(string declaration)
    {
        var begin = Script.IndexOf(declaration, StringComparison.Ordinal);
        var keys = Key().Matches(Script[begin..Script.IndexOf("};", begin, StringComparison.Ordinal)]).Select(key => key.Groups["key"].Value).ToList();
        Assert.NotEmpty(keys);
        return keys;
    }

    private static void AssertBoth(string key, string zh, string en)
    {
        Assert.True(zh.Length > 0 && en.Length > 0, $"'{key}' lacks a language.");
        Assert.False(Chinese().IsMatch(en), $"'{key}' has Chinese in its English: {en}");
        Assert.True(Chinese().IsMatch(zh), $"'{key}' is not Chinese: {zh}");
    }

    [GeneratedRegex(@"^  '?(?<key>[\w-]+)'?: \{ zh: '(?<zh>[^']*)', en: '(?<en>[^']*)' \},$", RegexOptions.Multiline)]
    private static partial Regex TextLine();

    [GeneratedRegex(@"\bt\('(?<key>[\w-]+)'")]
    private static partial Regex Asked();

    [GeneratedRegex(@"\bt\('(?<key>[\w-]+)', \{ (?<values>[^}]*) \}")]
    private static partial Regex CallWithValues();

    [GeneratedRegex(@"(?:^|, )(?<name>\w+)(?=:|,|$)")]
    private static partial Regex Given();

    [GeneratedRegex("\\bSay\\(\"(?<key>[^\"]+)\"\\)|\\bT\\[\"(?<key>[^\"]+)\"\\]|Texts\\.In\\((?:context|language), \"(?<key>[^\"]+)\"\\)")]
    private static partial Regex AskedOfServer();

    [GeneratedRegex(@"(?:return|\?|:) '(?<state>\w+)'")]
    private static partial Regex Told();

    [GeneratedRegex(@"\b(?<key>[a-z]\w*): \[")]
    private static partial Regex Key();

    [GeneratedRegex(@"'(?<name>\w+)': \[")]
    private static partial Regex Range();

    [GeneratedRegex("WriteNumber\\(\"(?<name>\\w+)\"")]
    private static partial Regex Written();

    [GeneratedRegex(@"(?<=\{)\w+(?=\})")]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"\p{IsCJKUnifiedIdeographs}")]
    private static partial Regex Chinese();
}

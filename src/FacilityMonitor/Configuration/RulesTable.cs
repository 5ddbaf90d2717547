using System.Globalization;
using System.Text;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Configuration;

/// <summary>The table of rules in the README, out of the rules themselves.</summary>
internal static class RulesTable
{
    public const string Begin = "<!-- rules -->";
    public const string End = "<!-- /rules -->";

    public static string Markdown()
    {
        var table = new StringBuilder("| 规则 rule | 何时告警 when | 设置与默认值 settings and defaults |\n|---|---|---|\n");
        foreach (var rule in RuleCatalogue.All)
        {
            var settings = string.Join(", ", rule.Settings.Select(setting => string.Create(
                CultureInfo.InvariantCulture, $"`{setting.Name}` {setting.Default}{(setting.Unit.Length > 0 ? " " : "")}{setting.Unit}")));
            table.Append(CultureInfo.InvariantCulture, $"| `{rule.Name}`<br>{rule.Title.Zh}<br>{rule.Title.En} | {rule.Detects.Zh}<br>{rule.Detects.En} | {settings} |\n");
        }

        return table.ToString();
    }

    /// <summary>What stands between the markers; null when they are not there.</summary>
    public static string? In(string readme)
    {
        var begin = readme.IndexOf(Begin, StringComparison.Ordinal);
        var end = readme.IndexOf(End, StringComparison.Ordinal);
        return begin < 0 || end < begin ? null : readme[(begin + Begin.Length)..end].TrimStart('\n');
    }
}

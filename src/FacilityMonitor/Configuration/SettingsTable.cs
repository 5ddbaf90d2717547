using System.Globalization;
using System.Text;

namespace FacilityMonitor.Configuration;

/// <summary>The table of settings in the README, out of the same definitions that read them.</summary>
internal static class SettingsTable
{
    public const string Begin = "<!-- settings -->";
    public const string End = "<!-- /settings -->";

    public static string Markdown()
    {
        var table = new StringBuilder("| 键 key | 默认 default | 范围 range | 含义 meaning | 变量 variable |\n|---|---|---|---|---|\n");
        foreach (var setting in SettingsCatalogue.All)
        {
            var value = setting.DefaultText.Length > 0 ? $"`{setting.DefaultText}`" : "–";
            table.Append(CultureInfo.InvariantCulture, $"| `{setting.Key}` | {value} | {setting.Range} | {setting.Zh}<br>{setting.En} | `{setting.Variable}` |\n");
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

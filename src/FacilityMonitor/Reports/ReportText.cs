using System.Globalization;

namespace FacilityMonitor.Reports;

/// <summary>How cells are written for people.</summary>
internal static class ReportText
{
    /// <summary>Longest file name that every system takes, in characters, without the ending: Chinese has three bytes a character.</summary>
    private const int FileStemMax = 80;

    private static readonly TimeSpan Shanghai = TimeSpan.FromHours(8);

    /// <summary>A cell as the page shows it.</summary>
    public static string Of(ReportCell cell, string language) => cell switch
    {
        ReportCell.Text text => text.Value,
        ReportCell.Number number => Number(number),
        ReportCell.Share share => Percent(share) + " %",
        ReportCell.Moment moment => Clock(moment.AtMs),
        ReportCell.Span span => Time(span.Ms, language),
        ReportCell.Nothing nothing => nothing.Why,
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    public static string Number(ReportCell.Number number) => number.Value.ToString("F" + number.Digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    /// <summary>A share in percent. All but all is not all: what is below 1 never shows as 100.</summary>
    public static string Percent(ReportCell.Share share) => Rounded(share).ToString("F1", CultureInfo.InvariantCulture);

    /// <summary>The same as a number: what a file shows and what the page shows are one.</summary>
    public static double Rounded(ReportCell.Share share)
    {
        var percent = Math.Round(share.Value * 100, 1);
        return share.Value < 1 && percent >= 100 ? 99.9 : percent;
    }

    /// <summary>An instant on the wall clock of the sites, with its year.</summary>
    public static string Clock(long ms) => Local(ms).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>The wall clock of the sites.</summary>
    public static DateTime Local(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).ToOffset(Shanghai).DateTime;

    /// <summary>A stretch of time in the two largest units that it has.</summary>
    public static string Time(long ms, string language)
    {
        var seconds = (ms + 500) / 1000;
        var english = language == "en";
        var (day, hour, minute, second) = english ? (" d", " h", " min", " s") : (" 天", " 小时", " 分", " 秒");
        return seconds switch
        {
            < 60 => Join(seconds, second, 0, ""),
            < 3_600 => Join(seconds / 60, minute, seconds % 60, second),
            < 86_400 => Join(seconds / 3_600, hour, seconds % 3_600 / 60, minute),
            _ => Join(seconds / 86_400, day, seconds % 86_400 / 3_600, hour),
        };
    }

    /// <summary>Words as part of a file name, on every system.</summary>
    public static string FileStem(params string[] words)
    {
        var stem = string.Join('_', words.Select(word => string.Concat(word.Select(letter => char.IsControl(letter) || char.IsWhiteSpace(letter) || "\\/:*?\"<>|%".Contains(letter, StringComparison.Ordinal) ? '-' : letter)).Trim('.', '-')));
        return stem.Length > FileStemMax ? stem[..FileStemMax] : stem;
    }

    private static string Join(long large, string largeUnit, long small, string smallUnit) =>
        small == 0 ? string.Create(CultureInfo.InvariantCulture, $"{large}{largeUnit}") : string.Create(CultureInfo.InvariantCulture, $"{large}{largeUnit} {small}{smallUnit}");
}

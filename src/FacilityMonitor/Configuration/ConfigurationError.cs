using FacilityMonitor.Registry;

namespace FacilityMonitor.Configuration;

/// <summary>One thing to mend in the configuration: where it stands, what is wrong and how to mend it.</summary>
/// <param name="File">File name relative to the configuration folder, or <c>environment</c>.</param>
/// <param name="Line">Line from 1; 0 when it concerns the whole file.</param>
/// <param name="Column">Column from 1; 0 as for the line.</param>
/// <param name="Key">The way of keys to it: <c>site jiugeng › place ground › capacity</c>.</param>
/// <param name="Text">What is wrong, with the value (never of a secret), and the fix.</param>
/// <param name="IsWarning">It can run like this.</param>
internal sealed record ConfigurationError(string File, int Line, int Column, string Key, LocalText Text, bool IsWarning)
{
    /// <summary>One line, in the form that editors and compilers share.</summary>
    public string In(string language)
    {
        var place = Line > 0 ? $"{File}:{Line}:{Column}" : File;
        var weight = (language == "en", IsWarning) switch
        {
            (true, true) => "warning: ",
            (true, false) => "error: ",
            (false, true) => "警告：",
            (false, false) => "错误：",
        };
        return $"{place}: {weight}{(Key.Length > 0 ? Key + ": " : "")}{Text.In(language)}";
    }

    public override string ToString() => In("en");
}

using System.Globalization;

namespace FacilityMonitor.Configuration;

/// <summary>One thing that is wrong in a configuration file, and how to mend it.</summary>
/// <param name="File">File name, relative to the folder; an environment variable's name where it came from one.</param>
/// <param name="Line">Line from 1; 0 when it is about the whole file.</param>
/// <param name="Column">Column from 1; 0 when it is about the whole line.</param>
/// <param name="Key">Path of the key.</param>
/// <param name="Text">What is wrong, the value, and the fix.</param>
/// <param name="IsWarning">It works, and somebody should still look.</param>
internal sealed record ConfigurationError(string File, int Line, int Column, string Key, string Text, bool IsWarning = false)
{
    public override string ToString()
    {
        var place = Line == 0 ? File : string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}:{Column}");
        return $"{place}: {(IsWarning ? "warning: " : "")}{(Key.Length == 0 ? "" : Key + ": ")}{Text}";
    }
}

using System.Text.RegularExpressions;

namespace FacilityMonitor.Web;

/// <summary>What an alert says, taken apart as it is read at night: what is the matter, then each thing to do on a line of its own.</summary>
/// <param name="Facts">What, where, since when, and what happens next.</param>
/// <param name="Steps">What to do, each with its number; empty where the text names nothing.</param>
internal sealed partial record AlertWords(string Facts, IReadOnlyList<string> Steps)
{
    /// <summary>Takes the text of one language apart; every word of it stays.</summary>
    public static AlertWords Of(string text)
    {
        if (Do().Match(text) is not { Success: true } head)
            return new AlertWords(text, []);
        return new AlertWords(text[..head.Index].TrimEnd(), Between().Split(text[(head.Index + head.Length)..].Trim()));
    }

    [GeneratedRegex("请做：|(?<=^|\\s)Do: ")]
    private static partial Regex Do();

    [GeneratedRegex("(?:；|; )(?=[0-9]+\\. )")]
    private static partial Regex Between();
}

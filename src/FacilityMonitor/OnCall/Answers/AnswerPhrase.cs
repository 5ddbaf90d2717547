using System.Text;
using System.Text.RegularExpressions;

namespace FacilityMonitor.OnCall.Answers;

/// <summary>Reads what a person wrote: "确认 1234", "收到", "ack 1234". People write full-width digits, no blank, and a full stop.</summary>
/// <param name="Code">The four digits, or the first letters of an alert's name; empty: none was written.</param>
internal sealed partial record AnswerPhrase(string Code)
{
    /// <summary>Longer than this is a conversation, not an answer.</summary>
    public const int LengthMax = 60;

    /// <summary>The answer in a text; null: it is none.</summary>
    public static AnswerPhrase? Read(string text)
    {
        if (text.Length > LengthMax)
            return null;
        var match = Written().Match(text.Normalize(NormalizationForm.FormKC));
        return match.Success ? new AnswerPhrase(match.Groups[1].Value.ToLowerInvariant()) : null;
    }

    [GeneratedRegex("^\\s*(?:确认|收到|我来处理|我来|ack|ok)\\s*#?\\s*([0-9a-z-]{0,20})\\s*[。.!]?\\s*$", RegexOptions.IgnoreCase)]
    private static partial Regex Written();
}

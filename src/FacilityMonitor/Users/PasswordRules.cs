using System.Collections.Frozen;
using System.Text;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Users;

/// <summary>Which passwords people may choose: long enough, and not what everybody tries first. Nothing else; no digits or signs on demand, no expiry.</summary>
/// <remarks>NIST SP 800-63B, 5.1.1.2 (rev. 3): at least 8 characters, every character allowed and counted as one, at least 64 taken, compared with a list of common ones, no rules of
/// composition, no change without a reason. Rev. 4 asks for 15 where nothing but the password protects; with a hundred guesses a name at most and nothing common allowed we ask for 12,
/// so that a guard can still type it.</remarks>
internal static class PasswordRules
{
    /// <summary>Fewest characters (Unicode code points).</summary>
    public const int LengthMin = 12;

    /// <summary>Most characters.</summary>
    public const int LengthMax = 128;

    /// <summary>What has to be left when common words, rows of keys and names are taken out.</summary>
    public const int OwnCharactersMin = 6;

    /// <summary>A row such as 1234 or aaaa counts as one from so many characters.</summary>
    private const int RowMin = 3;

    private static readonly string[] Common = ReadCommon();
    private static readonly FrozenSet<string> CommonWhole = Common.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>As it is hashed and compared: the same characters typed on another keyboard are the same password.</summary>
    public static string Normal(string password) => password.IsNormalized(NormalizationForm.FormKC) ? password : password.Normalize(NormalizationForm.FormKC);

    /// <summary>Why it may not be used; null: it may.</summary>
    /// <param name="password">What was typed.</param>
    /// <param name="names">The user's own names.</param>
    public static LocalText? Refusal(string password, params IEnumerable<string> names)
    {
        // A lone surrogate is no character, and normalizing it throws.
        if (HasLoneSurrogate(password) || password.Any(char.IsControl))
            return new("口令里有不能用的字符（控制字符）；请换一个", "the password holds characters that cannot be used (control characters); choose another one");
        var normal = Normal(password);
        var length = normal.EnumerateRunes().Count();
        if (length < LengthMin)
            return new($"口令要 {LengthMin} 个字符以上，现在是 {length} 个；几个不相干的词连起来就好记", $"a password has at least {LengthMin} characters, this one has {length}; some unrelated words in a row are easy to keep in mind");
        if (length > LengthMax)
            return new($"口令最多 {LengthMax} 个字符，现在是 {length} 个", $"a password has at most {LengthMax} characters, this one has {length}");
        return IsCommon(normal.ToLowerInvariant(), names)
            ? new("口令太常见：除去常用词、连续按键和自己的名字，剩下的不到 6 个字符；请换一个", "this password is too common: without usual words, rows of keys and your own name fewer than 6 characters are left; choose another one")
            : null;
    }

    private static bool IsCommon(string password, IEnumerable<string> names)
    {
        if (CommonWhole.Contains(password))
            return true;
        var rest = password;
        foreach (var word in names.Select(name => Normal(name).ToLowerInvariant()).Where(name => name.Length >= RowMin).Concat(Common))
            rest = rest.Replace(word, "\n", StringComparison.Ordinal);
        rest = WithoutRows(rest.Replace("\n", "", StringComparison.Ordinal));
        return rest.EnumerateRunes().Count() < OwnCharactersMin || rest.EnumerateRunes().Distinct().Count() < OwnCharactersMin - 1;
    }

    /// <summary>Without 1234, dcba, aaaa.</summary>
    private static string WithoutRows(string text)
    {
        var kept = new StringBuilder(text.Length);
        var start = 0;
        while (start < text.Length)
        {
            var end = start + 1;
            var step = end < text.Length ? text[end] - text[start] : 2;
            while (step is >= -1 and <= 1 && end < text.Length && text[end] - text[end - 1] == step)
                end++;
            if (end - start < RowMin)
                kept.Append(text[start++]);
            else
                start = end;
        }

        return kept.ToString();
    }

    private static bool HasLoneSurrogate(string text)
    {
        for (var index = 0; index < text.Length; index++)
        {
            if (!char.IsSurrogate(text[index]))
                continue;
            if (index + 1 >= text.Length || !char.IsSurrogatePair(text[index], text[index + 1]))
                return true;
            index++;
        }

        return false;
    }

    /// <summary>The longest first, so that a part of a word does not spoil the whole.</summary>
    private static string[] ReadCommon()
    {
        using var stream = typeof(PasswordRules).Assembly.GetManifestResourceStream("common-passwords.txt")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(line => line[0] != '#').SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Distinct().OrderByDescending(word => word.Length)];
    }
}

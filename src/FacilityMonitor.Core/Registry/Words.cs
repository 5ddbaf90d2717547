using System.Text;

namespace FacilityMonitor.Registry;

/// <summary>The written form of the registry's kinds: <c>LiftBlocker</c> is <c>lift-blocker</c>.</summary>
public static class Words
{
    /// <summary>The word for a kind.</summary>
    public static string Of<T>(T kind)
        where T : struct, Enum
    {
        var name = kind.ToString();
        var word = new StringBuilder(name.Length + 4);
        foreach (var letter in name)
        {
            if (char.IsAsciiLetterUpper(letter) && word.Length > 0)
                word.Append('-');
            word.Append(char.ToLowerInvariant(letter));
        }

        return word.ToString();
    }

    /// <summary>Every kind with its word, in the order of the enum.</summary>
    public static IReadOnlyList<(string Word, T Kind)> All<T>()
        where T : struct, Enum => Cache<T>.All;

    /// <summary>Once an enum: a registry asks for every device.</summary>
    private static class Cache<T>
        where T : struct, Enum
    {
        public static readonly IReadOnlyList<(string Word, T Kind)> All = [.. Enum.GetValues<T>().Select(kind => (Of(kind), kind))];
    }
}

namespace FacilityMonitor.Registry;

/// <summary>Finds the word somebody meant.</summary>
public static class Suggestion
{
    /// <summary>The known word nearest to a misspelt one; null when none is near (a third of its letters, at least two).</summary>
    public static string? For(string word, IEnumerable<string> known)
    {
        ArgumentNullException.ThrowIfNull(word);
        // Longer words than any key are no misspelling, and the table below grows with them.
        if (word.Length is 0 or > 64)
            return null;
        var near = known.Where(candidate => candidate.Length <= 64)
            .Select(candidate => (Word: candidate, Distance: Distance(word, candidate)))
            .Where(pair => pair.Distance <= Math.Max(2, word.Length / 3) && pair.Distance < Math.Max(word.Length, pair.Word.Length))
            .OrderBy(pair => pair.Distance)
            .Select(pair => pair.Word)
            .FirstOrDefault();
        return near ?? known.FirstOrDefault(candidate => word.Length >= 3 && candidate.StartsWith(word + "-", StringComparison.Ordinal));
    }

    /// <summary>Letters to change, add or leave out, a swap of neighbours counting one (optimal string alignment).</summary>
    private static int Distance(string left, string right)
    {
        var table = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++)
            table[i, 0] = i;
        for (var j = 0; j <= right.Length; j++)
            table[0, j] = j;
        for (var i = 1; i <= left.Length; i++)
        {
            for (var j = 1; j <= right.Length; j++)
            {
                var change = left[i - 1] == right[j - 1] ? 0 : 1;
                table[i, j] = Math.Min(Math.Min(table[i - 1, j] + 1, table[i, j - 1] + 1), table[i - 1, j - 1] + change);
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                    table[i, j] = Math.Min(table[i, j], table[i - 2, j - 2] + 1);
            }
        }

        return table[left.Length, right.Length];
    }
}

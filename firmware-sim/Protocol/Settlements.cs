using System.Diagnostics.CodeAnalysis;

namespace FirmwareSim.Protocol;

/// <summary>Settlements that a board tells again and again because nobody acknowledges them: three to eight times in all, ten seconds apart.</summary>
internal sealed class Settlements<T>
{
    private const int EveryMs = 10_000;
    private const int TimesMin = 3;
    private const int TimesMax = 8;

    private readonly List<(long DueMs, int Left, T Settlement)> _waiting = [];

    /// <summary>One has just been told for the first time.</summary>
    /// <param name="settlement">What it says, the same each time.</param>
    /// <param name="nowMs">The moment by the device's clock.</param>
    /// <param name="bits">Random bits that decide how often.</param>
    public void Repeat(T settlement, long nowMs, ulong bits) =>
        _waiting.Add((nowMs + EveryMs, TimesMin - 1 + (int)(bits % (TimesMax - TimesMin + 1)), settlement));

    /// <summary>One that is to be told again now; the next call gives the next one.</summary>
    public bool TryTakeDue(long nowMs, [MaybeNullWhen(false)] out T settlement)
    {
        var index = _waiting.FindIndex(entry => entry.DueMs <= nowMs);
        if (index < 0)
        {
            settlement = default;
            return false;
        }

        (_, var left, settlement) = _waiting[index];
        if (left > 1)
            _waiting[index] = (nowMs + EveryMs, left - 1, settlement);
        else
            _waiting.RemoveAt(index);
        return true;
    }
}

namespace FacilityMonitor.OnCall.Channels;

/// <summary>Keeps to a channel's limits. One thread at a time.</summary>
/// <remarks>
/// A log of moments instead of a bucket that fills: a bucket of 20 that refills in a minute lets 39 through within one, and nobody outside knows whether a
/// provider's minute slides or starts on the clock. No window of a log, wherever it starts, ever holds more than the limit.
/// </remarks>
internal sealed class SendBudget(IReadOnlyList<SendLimit> limits)
{
    /// <summary>Lists that are looked through for empty ones beyond so many.</summary>
    private const int ListsMax = 10_000;

    private const long HourMs = 3_600_000;
    private const long DayMs = 24 * HourMs;

    /// <summary>22 o'clock in Shanghai is 14 o'clock UTC.</summary>
    private const long NightStartsMs = 14 * HourMs;

    private const long NightLastsMs = 10 * HourMs;

    private readonly Dictionary<(int Limit, string Address), List<long>> _sent = [];

    /// <summary>How long until one more may go out; zero: now.</summary>
    /// <param name="address">To whom.</param>
    /// <param name="isLifeSafety">Whether it may use what is kept for life safety.</param>
    /// <param name="nowMs">Now, ms since 1970-01-01 UTC.</param>
    /// <param name="scope">Of which limits; null: of all.</param>
    public TimeSpan Wait(string address, bool isLifeSafety, long nowMs, LimitScope? scope = null)
    {
        var longest = 0L;
        for (var index = 0; index < limits.Count; index++)
        {
            var limit = limits[index];
            if ((scope is { } only && limit.Per != only) || !_sent.TryGetValue(KeyOf(index, address), out var moments))
                continue;
            longest = Math.Max(longest, WaitMs(limit, moments, isLifeSafety, nowMs));
        }

        return TimeSpan.FromMilliseconds(longest);
    }

    /// <summary>Notes that one goes out.</summary>
    public void Take(string address, long nowMs)
    {
        if (_sent.Count > ListsMax)
            Forget(nowMs);
        for (var index = 0; index < limits.Count; index++)
        {
            var key = KeyOf(index, address);
            if (!_sent.TryGetValue(key, out var moments))
                _sent[key] = moments = [];
            var windowMs = (long)limits[index].Window.TotalMilliseconds;
            moments.RemoveAll(at => at <= nowMs - windowMs);
            moments.Add(nowMs);
        }
    }

    private static long WaitMs(SendLimit limit, List<long> moments, bool isLifeSafety, long nowMs)
    {
        // The clock was set back: what was sent "later" was sent before now, and would block the number until that hour comes again.
        for (var index = moments.Count - 1; index >= 0 && moments[index] > nowMs; index--)
            moments[index] = nowMs;
        var sinceMs = nowMs - (long)limit.Window.TotalMilliseconds;
        if (limit.IsNight)
        {
            var intoNightMs = (nowMs - NightStartsMs + DayMs) % DayMs;
            if (intoNightMs >= NightLastsMs)
                return 0;
            sinceMs = nowMs - intoNightMs - 1;
        }

        var first = moments.FindIndex(at => at > sinceMs);
        var used = first < 0 ? 0 : moments.Count - first;
        var allowed = isLifeSafety ? limit.Max : limit.Max - limit.Reserved;
        if (used < allowed)
            return 0;
        if (limit.IsNight)
            return sinceMs + 1 + NightLastsMs - nowMs;
        // Nothing is allowed to others at all: ask again when the window has passed.
        return allowed == 0 ? (long)limit.Window.TotalMilliseconds : moments[first + used - allowed] + (long)limit.Window.TotalMilliseconds - nowMs;
    }

    private void Forget(long nowMs)
    {
        foreach (var (key, moments) in _sent)
        {
            if (moments[^1] <= nowMs - (long)limits[key.Limit].Window.TotalMilliseconds)
                _sent.Remove(key);
        }
    }

    private (int Limit, string Address) KeyOf(int index, string address) => (index, limits[index].Per == LimitScope.Channel ? "" : address);
}

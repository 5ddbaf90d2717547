namespace FacilityMonitor.Influx;

/// <summary>
/// Finds the lines of a batch that a database finds fault with, by halves: each takes about twice the binary logarithm of the batch in requests, and what is good is
/// written on the way. It asks nothing itself, so that between any two requests somebody may pause, stop or give up, and go on later.
/// </summary>
internal sealed class FaultSearch
{
    private readonly Stack<Range> _open = [];
    private readonly List<(int Line, string Words)> _faults = [];

    /// <param name="lines">How many lines the batch has, of which at least one is at fault.</param>
    public FaultSearch(int lines) => _open.Push(0..lines);

    /// <summary>The lines at fault that were found, each with what the database said to it.</summary>
    public IReadOnlyList<(int Line, string Words)> Faults => _faults;

    /// <summary>What to send next; null when every line was taken or is at fault.</summary>
    public Range? Next => _open.TryPeek(out var next) ? next : null;

    /// <summary>The next were taken.</summary>
    public void Taken() => _open.Pop();

    /// <summary>The next hold a fault, or are too many.</summary>
    /// <param name="words">What the database said.</param>
    /// <param name="dropped">How many it says it left out; null when it does not say.</param>
    public void Refused(string words, int? dropped)
    {
        var (from, to) = (_open.Peek().Start.Value, _open.Pop().End.Value);
        if (to - from > 1 && !(dropped >= to - from))
        {
            var middle = (from + to) / 2;
            _open.Push(middle..to);
            _open.Push(from..middle);
            return;
        }

        for (var line = from; line < to; line++)
            _faults.Add((line, words));
    }
}

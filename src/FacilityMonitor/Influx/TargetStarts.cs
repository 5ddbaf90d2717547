namespace FacilityMonitor.Influx;

/// <summary>What a look at when the database started means.</summary>
internal enum TargetStart
{
    /// <summary>It runs on, or does not say and was not away.</summary>
    Same,

    /// <summary>It may have lost what it had taken.</summary>
    Restarted,

    /// <summary>A server that was met before: several share the address.</summary>
    KnownServer,

    /// <summary>What it tells of its start is another at every look, and is not believed from here on.</summary>
    Unreliable,
}

/// <summary>
/// When the database started, as far as it tells. Several servers may stand behind one address, and something on the way may answer with another start every time:
/// neither is a restart, and to send everything again at each look would never end.
/// </summary>
/// <param name="last">What it told last, before a restart of ours; null: nothing.</param>
internal sealed class TargetStarts(string? last)
{
    /// <summary>As many servers behind one address are told apart.</summary>
    public const int KnownMax = 16;

    /// <summary>As many restarts in a row, each without a single request that failed, are believed: a database that starts again is away for a moment, which may pass unseen.</summary>
    public const int UnseenMax = 8;

    /// <summary>After as many looks without a change what was counted is forgotten: ten minutes.</summary>
    public const int SameMax = 20;

    private readonly Queue<string> _known = new(last is null ? [] : [last]);
    private int _unseen;
    private int _same;

    /// <summary>What it told last; null: nothing yet.</summary>
    public string? Last { get; private set; } = last;

    /// <summary>Whether what it tells was found to mean nothing.</summary>
    public bool IsUnreliable => _unseen > UnseenMax;

    /// <summary>Judges what it tells now.</summary>
    /// <param name="told">What it tells; null: nothing.</param>
    /// <param name="wasAway">Whether a request failed since the last look.</param>
    /// <param name="isBack">Whether it was away and takes lines again.</param>
    public TargetStart Note(string? told, bool wasAway, bool isBack)
    {
        // One that tells nothing has perhaps restarted whenever it was away.
        if (told is null || Last is null || IsUnreliable)
        {
            Last = told ?? Last;
            Know(told);
            return isBack ? TargetStart.Restarted : TargetStart.Same;
        }

        if (told == Last)
        {
            if (++_same >= SameMax)
                _unseen = 0;
            return TargetStart.Same;
        }

        (Last, _same) = (told, 0);
        if (_known.Contains(told))
            return TargetStart.KnownServer;
        Know(told);
        _unseen = wasAway ? 0 : _unseen + 1;
        return IsUnreliable ? TargetStart.Unreliable : TargetStart.Restarted;
    }

    private void Know(string? told)
    {
        if (told is null || _known.Contains(told))
            return;
        if (_known.Count == KnownMax)
            _known.Dequeue();
        _known.Enqueue(told);
    }
}

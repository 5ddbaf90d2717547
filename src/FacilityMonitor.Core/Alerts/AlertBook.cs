using FacilityMonitor.Rules;

namespace FacilityMonitor.Alerts;

/// <summary>What an alert is about, inside one site.</summary>
/// <param name="Rule">Rule name.</param>
/// <param name="Kind">What the number counts.</param>
/// <param name="Number">Number of the device; place of the circuit, place or due thing in the site.</param>
/// <param name="Channel">Code of the channel; 0: the whole.</param>
internal readonly record struct AlertKey(string Rule, SubjectKind Kind, int Number, ushort Channel);

/// <summary>What an alert is about, as it is told.</summary>
/// <param name="Asset">Registry path.</param>
/// <param name="Device">Device name; null where it is about no device.</param>
/// <param name="Circuit">Circuit id; null where it is about no circuit.</param>
internal sealed record AlertSubject(string Asset, string? Device, string? Circuit);

/// <summary>One alert as it was told.</summary>
internal sealed class ToldAlert
{
    public required AlertKey Key { get; init; }

    public required AlertSubject Subject { get; init; }

    public required string Id { get; set; }

    public required long OnsetMs { get; set; }

    public Condition Condition { get; set; }

    public Priority Priority { get; set; }

    public int NextSequence { get; set; }

    public int FlapCount { get; set; }

    /// <summary>When it last cleared after having been active; 0: it was never active.</summary>
    public long ClearedMs { get; set; }

    /// <summary>Engine time of the last sample that counted; a value rule without one for long has no data.</summary>
    public long HeardMs { get; set; }

    public bool IsOpen => Condition != Condition.Cleared;
}

/// <summary>The alerts of one site as they were told: one open alert per rule and asset, its name, its onset, its way back.</summary>
/// <remarks>A verdict is what readings say, and may be derived anew when one comes late; what was told cannot be taken back. This book turns the
/// one into the other: a breach that a late reading disproves is cleared, one that it proves is told as active first.</remarks>
internal sealed class AlertBook(string site)
{
    private readonly Dictionary<AlertKey, ToldAlert> _alerts = [];

    public IReadOnlyCollection<ToldAlert> All => _alerts.Values;

    public bool IsEmpty => _alerts.Count == 0;

    /// <summary>A sample of it counted; returns the alert, if there is one.</summary>
    public ToldAlert? Heard(AlertKey key, long nowMs)
    {
        if (_alerts.TryGetValue(key, out var alert))
            alert.HeardMs = nowMs;
        return alert;
    }

    public void Add(ToldAlert alert) => _alerts[alert.Key] = alert;

    /// <summary>Tells what a verdict changes; each step goes to <paramref name="tell"/>.</summary>
    public void Apply(AlertKey key, Func<AlertKey, AlertSubject> subject, in Verdict verdict, long atMs, long nowMs, Action<ToldAlert, long> tell)
    {
        var alert = _alerts.GetValueOrDefault(key);
        switch (verdict.Condition)
        {
            case Condition.Pending:
                if (alert is null || !alert.IsOpen)
                    Move(Open(alert, key, subject, verdict, atMs), Condition.Pending, verdict.Priority, atMs, tell);
                else if (alert.Condition is Condition.Active or Condition.NoData)
                    Move(alert, Condition.Recovering, alert.Priority, atMs, tell);
                break;
            case Condition.Active:
                Activate(alert, key, subject, verdict, atMs, tell);
                break;
            case Condition.Recovering:
                if (alert is null or { Condition: Condition.Cleared or Condition.Pending })
                    Activate(alert, key, subject, verdict, atMs, tell);
                alert = _alerts[key];
                if (alert.Condition != Condition.Recovering || alert.Priority != verdict.Priority)
                    Move(alert, Condition.Recovering, verdict.Priority, atMs, tell);
                break;
            default:
                if (alert is { IsOpen: true })
                    Clear(alert, atMs, tell);
                break;
        }

        Heard(key, nowMs);
    }

    public static void NoData(ToldAlert alert, long atMs, Action<ToldAlert, long> tell) => Move(alert, Condition.NoData, alert.Priority, atMs, tell);

    public static void Clear(ToldAlert alert, long atMs, Action<ToldAlert, long> tell)
    {
        if (alert.Condition != Condition.Pending)
            alert.ClearedMs = atMs;
        Move(alert, Condition.Cleared, alert.Priority, atMs, tell);
    }

    /// <summary>Forgets what is over for so long that it cannot come back.</summary>
    /// <returns>Whether there was any.</returns>
    public bool Prune(long nowMs)
    {
        var before = _alerts.Count;
        foreach (var (key, alert) in _alerts)
        {
            // One that never became active is kept while a late reading can still revive it: its steps must go on counting.
            var over = alert.ClearedMs > 0
                ? nowMs - alert.ClearedMs > AlertTiming.ReopenWindowMs(alert.Priority)
                : nowMs - alert.HeardMs > 2 * ReorderWindow.LatenessMaxMs;
            if (!alert.IsOpen && over)
                _alerts.Remove(key);
        }

        return _alerts.Count != before;
    }

    private void Activate(ToldAlert? alert, AlertKey key, Func<AlertKey, AlertSubject> subject, in Verdict verdict, long atMs, Action<ToldAlert, long> tell)
    {
        if (alert is { Condition: Condition.Pending } && !Comes(alert, atMs) && alert.OnsetMs != verdict.SinceMs)
        {
            // A late reading moved the onset, and with it the name: the pending one is over, this one is the alert.
            Clear(alert, atMs, tell);
        }

        if (alert is null || !alert.IsOpen)
            alert = Open(alert, key, subject, verdict, atMs);
        if (alert.Condition is Condition.Pending or Condition.Cleared && alert.ClearedMs > 0)
            alert.FlapCount++;
        if (alert.Condition != Condition.Active || alert.Priority != verdict.Priority)
            Move(alert, Condition.Active, verdict.Priority, atMs, tell);
    }

    private ToldAlert Open(ToldAlert? before, AlertKey key, Func<AlertKey, AlertSubject> subject, in Verdict verdict, long atMs)
    {
        // The same onset is the same name, and a name counts its steps once.
        if (before is not null && (Comes(before, atMs) || before.OnsetMs == verdict.SinceMs))
            return before;
        var about = subject(key);
        return _alerts[key] = new ToldAlert
        {
            Key = key,
            Subject = about,
            Id = AlertId.Of(site, key.Rule, about.Asset, verdict.SinceMs),
            OnsetMs = verdict.SinceMs,
            Condition = Condition.Cleared,
            // Readings out of order can move an onset to and fro: a name that comes again must not use a number twice.
            NextSequence = before is { ClearedMs: 0 } ? before.NextSequence : 0,
        };
    }

    /// <summary>Whether an alert that was active and cleared would come back under its old name.</summary>
    private static bool Comes(ToldAlert alert, long atMs) =>
        alert.ClearedMs > 0 && atMs - alert.ClearedMs <= AlertTiming.ReopenWindowMs(alert.Priority);

    private static void Move(ToldAlert alert, Condition condition, Priority priority, long atMs, Action<ToldAlert, long> tell)
    {
        alert.Condition = condition;
        alert.Priority = priority;
        tell(alert, atMs);
        alert.NextSequence++;
    }
}

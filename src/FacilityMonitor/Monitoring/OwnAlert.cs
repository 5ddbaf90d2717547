using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Monitoring;

/// <summary>An alert about ourselves: at most one is open, and a restart does not raise it twice. One thread at a time.</summary>
internal sealed class OwnAlert(string rule, string asset, Action<AlertTransition> tell)
{
    /// <summary>What the assets of all of them begin with; the rules of the neighbourhood know nothing of these.</summary>
    public const string AssetPrefix = "facility-monitor/";

    private AlertTransition? _open;
    private bool _isRestored;

    /// <summary>Whether it is on.</summary>
    public bool IsOpen => _open is not null;

    /// <summary>Finds what was open before the restart.</summary>
    public void Restore(SqliteConnection connection)
    {
        if (_isRestored)
            return;
        _open = AlertLog.ReadOpen(connection).Find(step => step.Rule == rule);
        _isRestored = true;
    }

    /// <summary>Raises it; when it is open, says the new state of it.</summary>
    /// <param name="priority">How soon somebody has to come.</param>
    /// <param name="onsetMs">Since when, ms since 1970-01-01 UTC; an open one keeps its own.</param>
    /// <param name="nowMs">Now.</param>
    /// <param name="text">What a person reads.</param>
    /// <param name="evidence">What it rests on.</param>
    public void Raise(Priority priority, long onsetMs, long nowMs, LocalText text, SortedDictionary<string, object> evidence)
    {
        var onset = _open?.OnsetMs ?? onsetMs;
        _open = new AlertTransition
        {
            AlertId = AlertId.Of(null, rule, asset, onset),
            Rule = rule,
            Priority = priority,
            Condition = Condition.Active,
            AtMs = nowMs,
            OnsetMs = onset,
            Asset = asset,
            Sequence = _open is { } before ? before.Sequence + 1 : 0,
            Text = text,
            Evidence = evidence,
        };
        tell(_open);
    }

    /// <summary>Clears it if it is open.</summary>
    public void Clear(long nowMs, LocalText text)
    {
        if (_open is not { } open)
            return;
        _open = null;
        tell(open with { Condition = Condition.Cleared, AtMs = nowMs, Sequence = open.Sequence + 1, Text = text });
    }
}

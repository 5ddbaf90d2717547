using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Response;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>Does each second what has come due: steps of chains, ends of shelving and permits, expired acknowledgements, releases; and looks for lost parents.</summary>
/// <remarks>It remembers nothing: when something is due stands on disk. After a restart at any instant it goes on where the facts end.</remarks>
internal sealed partial class EscalationWorker(Database database, ResponseLog log, MonitoringWorker monitoring, TimeProvider time, ILogger<EscalationWorker> logger) : BackgroundService
{
    /// <summary>Urgent alerts taken in one commit: some ms of the writer's time.</summary>
    public const int BatchMax = 100;

    /// <summary>Others taken in one commit: what is told together must be in one.</summary>
    public const int OthersMax = 1_000;

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    private readonly ILogger<EscalationWorker> _logger = logger;
    private readonly Dictionary<string, AlertTransition> _lost = new(StringComparer.Ordinal);
    private bool _failing;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Restore();
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            await TurnAsync();
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>One turn.</summary>
    internal async Task TurnAsync()
    {
        try
        {
            LookForLosses();
            var more = IsAnythingDue();
            while (more)
            {
                await database.CommitAsync(CommitPriority.Alerts, connection => more = log.Elapse(connection, BatchMax, OthersMax));
                log.Announce();
            }

            _failing = false;
        }
        catch (Exception error) when (error is DatabaseUnavailableException or SqliteException)
        {
            // What is due stays due; the disk is told of elsewhere, too.
            if (!_failing)
                LogFailing(error.Message);
            _failing = true;
        }
    }

    private bool IsAnythingDue()
    {
        using var reader = database.OpenReader();
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        return ResponseTable.Due(reader, now, 1, 1).Count > 0 || ResponseTable.Releasable(reader, now, 1).Count > 0 || ResponseTable.Ahead(reader, now, 1).Count > 0;
    }

    private void Restore()
    {
        using var reader = database.OpenReader();
        foreach (var step in AlertLog.ReadOpen(reader).Where(step => step.Rule == Inhibition.LossRule))
            _lost[step.Asset] = step;
    }

    /// <summary>A cabinet that lost its power says nothing: thirty things fall silent. That is one alert.</summary>
    private void LookForLosses()
    {
        using var reader = database.OpenReader();
        var silent = ResponseTable.Silent(reader);
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var tree = log.Tree;
        foreach (var (node, open) in _lost.Where(pair => tree.IsBack(pair.Key, silent)).ToList())
        {
            _lost.Remove(node);
            monitoring.Tell(open with { Condition = Condition.Cleared, AtMs = now, Sequence = open.Sequence + 1, Text = LossText.Over(tree.NameOf(node), open.OnsetMs, now) });
        }

        if (silent.Count < Inhibition.LossMin)
            return;
        foreach (var node in tree.Lost(silent, now).Where(node => !_lost.ContainsKey(node) && !IsExplained(reader, tree, node)))
        {
            var devices = tree.Nodes[node];
            var onset = devices.Where(silent.ContainsKey).Min(device => silent[device]);
            var site = node.Split('/')[0];
            monitoring.Tell(_lost[node] = new AlertTransition
            {
                AlertId = AlertId.Of(site, Inhibition.LossRule, node, onset),
                Rule = Inhibition.LossRule,
                Priority = Priority.P1,
                Condition = Condition.Active,
                AtMs = now,
                OnsetMs = onset,
                Site = site,
                Asset = node,
                Text = LossText.On(tree.NameOf(node), devices.Count(silent.ContainsKey), devices.Count, onset),
                Evidence = new SortedDictionary<string, object>(StringComparer.Ordinal) { ["devices"] = (long)devices.Count, ["silent"] = (long)devices.Count(silent.ContainsKey) },
            });
        }
    }

    /// <summary>Whether something above is known to be away already, or is said to be lost itself.</summary>
    private bool IsExplained(SqliteConnection reader, Inhibition tree, string node)
    {
        var devices = tree.Nodes[node];
        if (_lost.Keys.Any(other => tree.Nodes.TryGetValue(other, out var theirs) && devices.TrueForAll(theirs.Contains)))
            return true;
        // What all of its devices share above them, the node itself included.
        var above = devices.Select(device => tree.Above(device).Where(asset => asset != device)).Aggregate((one, other) => one.Intersect(other)).ToList();
        return ResponseTable.OnAssets(reader, above).Exists(one => tree.CanHideBelow(one.Fact));
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Who is to be called next cannot be written; it is tried again each second: {Reason}")]
    private partial void LogFailing(string reason);
}

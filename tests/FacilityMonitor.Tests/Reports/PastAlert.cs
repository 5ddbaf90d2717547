using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Tests.Reports;

/// <summary>An alert that happened some time ago, with what people did about it, all in seconds from its detection.</summary>
internal sealed record PastAlert(string Id, string Rule, string Asset, Priority Priority, DateTimeOffset At)
{
    public int? Told { get; init; }

    public int? Acknowledged { get; init; }

    public string By { get; init; } = "guard-a";

    public int? Recovered { get; init; }

    public Exercise Exercise { get; init; }

    public LocalText Text { get; init; } = new("过载，1 号桩。自今天起。", "Overload, pile 1. Since today.");

    /// <summary>Whether its device is not registered.</summary>
    public bool IsStranger { get; init; }

    public string Site => Asset.Split('/')[0];

    /// <summary>Writes it as the service would have.</summary>
    public void Write(SqliteConnection connection)
    {
        var atMs = At.ToUnixTimeMilliseconds();
        long After(int seconds) => atMs + (seconds * 1_000L);
        var step = new AlertTransition
        {
            AlertId = Id,
            Rule = Rule,
            Priority = Priority,
            Condition = Condition.Active,
            AtMs = atMs,
            OnsetMs = After(-10),
            Site = Site,
            Asset = Asset,
            Text = Text,
        };
        AlertLog.Write(connection, step);
        if (Recovered is { } over)
            AlertLog.Write(connection, step with { Condition = Condition.Cleared, AtMs = After(over), Sequence = 1, Text = new LocalText("已恢复：" + Text.Zh, "Cleared: " + Text.En) });
        if (IsStranger)
        {
            ResponseTable.Exempt(connection, Id, atMs);
            return;
        }

        List<ResponseEvent> facts = [new ResponseEvent.Raised(Priority, After(-10), Rule, Asset, Site, People.None.ChainOf(Priority, Site), atMs, Exercise) { AtMs = atMs }];
        if (Told is { } told)
        {
            facts.Add(new ResponseEvent.StepFired(PageReason.Step, 0, 0, [By], null) { AtMs = atMs });
            facts.Add(new ResponseEvent.PageReported(0, By, "group", DeliveryOutcome.Failed, "500") { AtMs = After(told - 1) });
            facts.Add(new ResponseEvent.PageReported(0, By, "sms", DeliveryOutcome.Accepted, null) { AtMs = After(told) });
            facts.Add(new ResponseEvent.PageReported(0, By, "sms", DeliveryOutcome.Delivered, null) { AtMs = After(told + 5) });
        }

        if (Acknowledged is { } acknowledged)
            facts.Add(new ResponseEvent.Acknowledged(1) { AtMs = After(acknowledged), By = new Actor(By, "page") });
        if (Recovered is { } recovered)
            facts.Add(new ResponseEvent.Recovered { AtMs = After(recovered) });
        ResponseTable.Append(connection, Id, null, facts);
    }

    /// <summary>Writes several.</summary>
    public static Task WriteAsync(Database database, params IReadOnlyList<PastAlert> alerts) => database.CommitAsync(CommitPriority.Alerts, connection =>
    {
        foreach (var alert in alerts)
            alert.Write(connection);
    });
}

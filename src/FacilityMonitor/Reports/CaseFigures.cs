using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Response;

namespace FacilityMonitor.Reports;

/// <summary>A fly-wire case as it stood at the end of a period.</summary>
/// <param name="Entry">The case as it is now.</param>
/// <param name="Then">As it stood then.</param>
internal sealed record CaseThen(FlyWireCaseEntry Entry, FlyWireCase Then);

/// <summary>What became of suspected fly-wires in a period.</summary>
/// <param name="Opened">Suspicions that began in it.</param>
/// <param name="Closed">Cases that were found true and ended in it.</param>
/// <param name="Dismissed">Cases that turned out to be something else in it.</param>
/// <param name="Open">Cases that were open at its end.</param>
/// <param name="Overdue">Those of them whose next step was late by then.</param>
/// <param name="Listed">Cases that were open at its end or ended in it, the oldest first.</param>
internal sealed record CaseFigures(int Opened, int Closed, int Dismissed, int Open, int Overdue, IReadOnlyList<CaseThen> Listed)
{
    /// <summary>Adds them up.</summary>
    /// <param name="cases">The cases of a site, with the facts of each as far as they are kept.</param>
    /// <param name="fromMs">Begin of the period.</param>
    /// <param name="untilMs">Its end, or now if that is earlier.</param>
    public static CaseFigures Of(IEnumerable<(FlyWireCaseEntry Entry, IReadOnlyList<ResponseEvent> Facts)> cases, long fromMs, long untilMs)
    {
        var opened = 0;
        var listed = new List<CaseThen>();
        foreach (var (entry, facts) in cases)
        {
            if (entry.Case.OpenedMs >= untilMs)
                continue;
            opened += entry.Case.OpenedMs >= fromMs ? 1 : 0;
            var then = entry.Case.SinceMs < untilMs ? entry.Case : At(entry.Case, facts, untilMs);
            if (!then.IsOver || then.SinceMs >= fromMs)
                listed.Add(new CaseThen(entry, then));
        }

        listed.Sort((left, right) => left.Then.OpenedMs.CompareTo(right.Then.OpenedMs));
        int Ended(FlyWireStage stage) => listed.Count(one => one.Then.IsOver && one.Then.Stage == stage);
        return new CaseFigures(
            opened, Ended(FlyWireStage.Closed), Ended(FlyWireStage.Dismissed), listed.Count(one => !one.Then.IsOver), listed.Count(one => one.Then.IsOverdue(untilMs)), listed);
    }

    /// <summary>A case went on since: its facts tell how it stood then.</summary>
    private static FlyWireCase At(FlyWireCase now, IReadOnlyList<ResponseEvent> facts, long untilMs)
    {
        var then = FlyWireCase.Begin(now.OpenedMs);
        foreach (var moved in facts.OfType<ResponseEvent.CaseMoved>().Where(moved => moved.AtMs >= now.OpenedMs && moved.AtMs < untilMs))
        {
            if (then.TryMove(moved.Stage, moved.AtMs, out var next, moved.Text))
                then = next;
        }

        return then;
    }
}

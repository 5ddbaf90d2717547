using FacilityMonitor.Response;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>What became of an alert that rang: when, who took it and after how long, how it ended.</summary>
/// <param name="Row">The alert.</param>
/// <param name="Others">Alerts of the same cause beside it.</param>
/// <param name="RangMs">When somebody was called, ms since 1970-01-01 UTC; null: nobody was, and it waits for its time.</param>
/// <param name="Taken">Who took it first, and when; null: nobody, or those who did let it go and nobody came when people were called again.</param>
/// <param name="Closed">How it was closed; null: it was not.</param>
internal sealed record NightLine(AlertRow Row, int Others, long? RangMs, (string Person, long AtMs)? Taken, ResponseEvent.Closed? Closed)
{
    /// <summary>When it stands in the night: when it rang, else when it was raised.</summary>
    public long AtMs => RangMs ?? Row.State.RaisedMs;

    /// <summary>Whether people were called and nobody answered, whatever became of it.</summary>
    public bool IsUnanswered => RangMs is not null && Taken is null && Row.State.SuppressedBy is null;

    /// <summary>Whole minutes from the first call to the first who answered; null: nobody did.</summary>
    public long? Minutes => Taken is { } taken ? Math.Max(0, taken.AtMs - AtMs) / 60_000 : null;

    /// <summary>Reads it off the facts.</summary>
    /// <param name="row">The alert.</param>
    /// <param name="others">Alerts of the same cause beside it.</param>
    /// <param name="timeline">Everything that happened to it.</param>
    /// <param name="sinceMs">What was before is another night's.</param>
    public static NightLine Of(AlertRow row, int others, IReadOnlyList<TimelineEntry> timeline, long sinceMs)
    {
        var facts = timeline.Select(entry => entry.Fact).Where(fact => fact.AtMs >= sinceMs).ToList();
        var rang = facts.OfType<ResponseEvent.StepFired>().FirstOrDefault(IsCall)?.AtMs;
        var taken = TakenOf(facts);
        return new NightLine(
            row, others, rang, taken is null ? null : (taken.By!.Person, taken.AtMs),
            row.State.Stage == ResponseStage.Closed ? facts.OfType<ResponseEvent.Closed>().LastOrDefault() : null);
    }

    private static ResponseEvent.Acknowledged? TakenOf(List<ResponseEvent> facts)
    {
        ResponseEvent.Acknowledged? taken = null;
        var holders = new HashSet<string>(StringComparer.Ordinal);
        foreach (var fact in facts)
        {
            switch (fact)
            {
                case ResponseEvent.Acknowledged { By: { } by } acknowledged:
                    holders.Add(by.Person);
                    taken ??= acknowledged;
                    break;
                case ResponseEvent.AcknowledgementWithdrawn { By: { } by }:
                    holders.Remove(by.Person);
                    break;
                case ResponseEvent.WentOffDuty off:
                    holders.Remove(off.Person);
                    break;
                case ResponseEvent.AcknowledgementExpired:
                    holders.Clear();
                    break;
                // A second person of a P0 is called while the first one has it.
                case ResponseEvent.StepFired fired when IsCall(fired) && holders.Count == 0:
                    taken = null;
                    break;
            }
        }

        return taken;
    }

    private static bool IsCall(ResponseEvent.StepFired fired) => fired.People.Count > 0 && fired.Reason is PageReason.Step or PageReason.Repeat or PageReason.OccurredAndCleared;
}

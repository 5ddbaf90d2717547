using FacilityMonitor.Alerts;

namespace FacilityMonitor.Response;

/// <summary>Who is called next: from what an alert is, the time and the duty board, to facts.</summary>
internal static class Escalation
{
    /// <summary>Why a step calls nobody though somebody is there: all of them have answered. Stored.</summary>
    public const string Answered = "answered";

    /// <summary>Everything that the time leads to, in its order; the state behind it is what they add up to.</summary>
    public static IReadOnlyList<ResponseEvent> Advance(AlertResponse state, DutyBoard board, long nowMs)
    {
        var all = new List<ResponseEvent>();
        while (true)
        {
            var facts = ResponseLife.Elapse(state, nowMs);
            if (facts.Count == 0)
                facts = Call(state, board, nowMs);
            if (facts.Count == 0)
                return all;
            foreach (var fact in facts)
            {
                all.Add(fact);
                state = AlertResponse.Apply(state.Alert, state, fact);
            }
        }
    }

    private static IReadOnlyList<ResponseEvent> Call(AlertResponse state, DutyBoard board, long nowMs)
    {
        if (state.Stage == ResponseStage.Closed)
            return [];
        if (!state.IsAssigneeTold)
            return [Fire(state, PageReason.Assigned, -1, board.Find(state.Assignee!, state.Priority, nowMs) is null ? [] : [state.Assignee!], null, nowMs)];
        if (state.IsCalling && state.StepDueMs <= nowMs)
            return state.Exercise == Exercise.Test ? [Fire(state, PageReason.Test, state.NextStep, [state.Tester!], null, nowMs)] : Step(state, board, nowMs);
        if (ResponseLife.ClearUntold(state) is { Count: > 0 } untold)
            return [Fire(state, PageReason.Cleared, -1, untold, null, nowMs)];
        var isOver = !state.IsOn && !state.IsCalling && ResponseTiming.AutoCloseMs(state.HighestPriority) is null && state.Exercise != Exercise.Test;
        return isOver && state.RemindedMs + ResponseTiming.CloseReminderMs <= nowMs ? [Fire(state, PageReason.CloseReminder, -1, Closers(state, board, nowMs), null, nowMs)] : [];
    }

    private static IReadOnlyList<ResponseEvent> Step(AlertResponse state, DutyBoard board, long nowMs)
    {
        var (number, step) = (state.NextStep, state.Chain.At(state.NextStep));
        if (step.Siren && state.SirenStep != number && board.Sirens(state.Site) is { Count: > 0 } sirens)
            return [new ResponseEvent.SirenAsked(state.Pages, sirens) { AtMs = nowMs }];
        var answered = state.Acknowledgements.Select(one => one.Person).ToHashSet(StringComparer.Ordinal);
        var found = board.Find(step, number, state.Site, state.Priority, nowMs, out var why);
        var people = found.Select(callee => callee.Person.Id).Where(id => !answered.Contains(id)).ToList();
        var next = state.Chain.NextDueMs(number, state.ChainBeganMs, nowMs);
        if (people.Count > 0)
        {
            var reason = !state.IsOn && !state.IsToldToAnybody ? PageReason.OccurredAndCleared : number < state.Chain.Steps.Count ? PageReason.Step : PageReason.Repeat;
            return [Fire(state, reason, number, people, next, nowMs)];
        }

        // Nobody is there: whoever comes next is called now, not when it would have been their turn. Only the repeats keep their pace, or they would spin.
        var isLast = number + 1 >= state.Chain.Steps.Count;
        return [new ResponseEvent.StepSkipped(number, why.Length > 0 ? why : Answered, isLast ? next : nowMs) { AtMs = nowMs }];
    }

    private static List<string> Closers(AlertResponse state, DutyBoard board, long nowMs)
    {
        var known = state.Acknowledgements.Select(one => one.Person).Append(state.Assignee ?? "").Where(id => board.Find(id, Priority.P2, nowMs) is not null).Distinct().ToList();
        return known.Count > 0 ? known : [.. board.Find(new EscalationStep(0, [Registry.Tier.PropertyManager, Registry.Tier.CommitteeDuty], Loudness.Message), 0, state.Site, Priority.P2, nowMs, out _).Select(callee => callee.Person.Id)];
    }

    private static ResponseEvent.StepFired Fire(AlertResponse state, PageReason reason, int step, IReadOnlyList<string> people, long? dueMs, long nowMs) =>
        new(reason, step, state.Pages, people, dueMs) { AtMs = nowMs };
}

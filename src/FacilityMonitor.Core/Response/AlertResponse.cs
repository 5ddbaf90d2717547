using System.Diagnostics;
using FacilityMonitor.Alerts;

namespace FacilityMonitor.Response;

/// <summary>Somebody who takes care of an alert.</summary>
/// <param name="Person">Who.</param>
/// <param name="Via">By which way it was said.</param>
/// <param name="AtMs">When.</param>
internal sealed record Acknowledgement(string Person, string Via, long AtMs);

/// <summary>How far the telling of one person is.</summary>
/// <param name="LastPage">Number of the last page to this person.</param>
/// <param name="IsAccepted">Whether a provider took any page of the current alarm.</param>
/// <param name="ClearTold">Whether the person was told that it is over.</param>
internal sealed record Told(int LastPage, bool IsAccepted, bool ClearTold);

/// <summary>What somebody said as it ended.</summary>
/// <param name="Person">Who; null: it was closed by the service itself.</param>
/// <param name="AtMs">When, ms since 1970-01-01 UTC.</param>
/// <param name="Cause">What it was.</param>
/// <param name="Text">What was done.</param>
internal sealed record ClosingReport(string? Person, long AtMs, CauseCode Cause, string Text);

/// <summary>What an alert is for the people, as its facts add up. Immutable.</summary>
internal sealed record AlertResponse
{
    /// <summary>Changes to and fro that are remembered: enough to judge chatter.</summary>
    private const int ChangesKept = 8;

    /// <summary>Id of the alert.</summary>
    public required string Alert { get; init; }

    /// <summary>Facts so far; the next one has this number.</summary>
    public int Events { get; init; }

    public required string Rule { get; init; }

    public required string Asset { get; init; }

    public required string? Site { get; init; }

    public required long OnsetMs { get; init; }

    /// <summary>When it was raised, by the service's clock.</summary>
    public required long RaisedMs { get; init; }

    public required Priority Priority { get; init; }

    /// <summary>The most urgent it has been.</summary>
    public required Priority HighestPriority { get; init; }

    /// <summary>Active, NoData or Cleared.</summary>
    public Condition Condition { get; init; } = Condition.Active;

    /// <summary>When it cleared; null while it is on.</summary>
    public long? RecoveredMs { get; init; }

    public int FlapCount { get; init; }

    public Exercise Exercise { get; init; }

    public string? Tester { get; init; }

    /// <summary>Until when its sensor is tested; null: it is not.</summary>
    public long? TestUntilMs { get; init; }

    public ResponseStage Stage { get; init; }

    /// <summary>Acknowledgements in force.</summary>
    public IReadOnlyList<Acknowledgement> Acknowledgements { get; init; } = [];

    /// <summary>Persons wanted, as of the last acknowledgement.</summary>
    public int Required { get; init; } = 1;

    public string? Assignee { get; init; }

    /// <summary>Whether the assignee was told, or chose it.</summary>
    public bool IsAssigneeTold { get; init; } = true;

    /// <summary>Last acknowledgement, comment, photo or arrival, ms.</summary>
    public long ProgressMs { get; init; }

    public bool IsMarkedFalse { get; init; }

    public bool IsExtinguished { get; init; }

    /// <summary>References of photos, in the order they came.</summary>
    public IReadOnlyList<string> Photos { get; init; } = [];

    /// <summary>Until when nobody is called for it; null: it is not shelved.</summary>
    public long? ShelvedUntilMs { get; init; }

    public string? ShelvedBy { get; init; }

    /// <summary>Until when its asset is out of service; null: it is in service.</summary>
    public long? OutOfServiceUntilMs { get; init; }

    /// <summary>The permit by which it is; null: it is in service.</summary>
    public ResponseEvent.TakenOutOfService? WorkedOn { get; init; }

    /// <summary>The alert that it is a consequence of; null: none.</summary>
    public string? SuppressedBy { get; init; }

    /// <summary>The alert whose page told of this one, if none of its own did.</summary>
    public string? GroupedInto { get; init; }

    public bool IsChattering { get; init; }

    /// <summary>Latest changes to and fro: positive when it came, negative when it went, ms.</summary>
    public IReadOnlyList<long> Changes { get; init; } = [];

    public required EscalationChain Chain { get; init; }

    /// <summary>When the chain began, ms; its steps count from here.</summary>
    public long ChainBeganMs { get; init; }

    /// <summary>The step of the chain that comes next.</summary>
    public int NextStep { get; init; }

    /// <summary>When it is due, ms.</summary>
    public long StepDueMs { get; init; }

    /// <summary>Pages so far: the number of the next one.</summary>
    public int Pages { get; init; }

    /// <summary>The step for which the siren was asked last; −1: none.</summary>
    public int SirenStep { get; init; } = -1;

    /// <summary>When people were last reminded to close it, ms.</summary>
    public long RemindedMs { get; init; }

    /// <summary>What was said as it was closed: by whoever closed it first, then by those who came too late. Empty while it is not closed.</summary>
    public IReadOnlyList<ClosingReport> Reports { get; init; } = [];

    /// <summary>The fly-wire case that it began; null: none.</summary>
    public FlyWireCase? Case { get; init; }

    /// <summary>The alert whose fly-wire case it belongs to, when that was open before; null: none.</summary>
    public string? CaseOf { get; init; }

    /// <summary>Who was told, and how far that is.</summary>
    public IReadOnlyDictionary<string, Told> People { get; init; } = new Dictionary<string, Told>();

    /// <summary>Whether it counts as on: it is, or it chatters.</summary>
    public bool IsOn => Condition != Condition.Cleared || IsChattering;

    /// <summary>Whether enough people take care of it.</summary>
    public bool IsAnswered => Acknowledgements.Count >= Math.Max(1, Required);

    /// <summary>Whether some provider took some page of it, its own or one that tells of it.</summary>
    public bool IsToldToAnybody => People.Values.Any(told => told.IsAccepted);

    /// <summary>Whether people are kept from being called, by a permit, by shelving, or because it is a consequence.</summary>
    public bool IsHeldBack => ShelvedUntilMs is not null || OutOfServiceUntilMs is not null || SuppressedBy is not null;

    /// <summary>Whether the chain goes on: nobody, or too few, answered. What is over goes on until one person knows of it; life safety until it is answered.</summary>
    public bool IsCalling => Stage != ResponseStage.Closed && !IsHeldBack && !IsAnswered
        && (Exercise == Exercise.Test ? Pages == 0 : IsOn || (!EndedHidden && (Priority == Priority.P0 || !IsToldToAnybody)));

    /// <summary>It ended while it was held back, with the knowledge of whoever held it back: nobody is called for that afterwards.</summary>
    public bool EndedHidden { get; init; }

    /// <summary>The first fact makes it; every other one changes it.</summary>
    public static AlertResponse Apply(string alert, AlertResponse? before, ResponseEvent fact) => before is null
        ? Begin(alert, fact as ResponseEvent.Raised ?? throw new UnreachableException("The first fact of an alert is that it was raised."))
        : before.Apply(fact) with { Events = before.Events + 1 };

    private static AlertResponse Begin(string alert, ResponseEvent.Raised raised) => new()
    {
        Alert = alert,
        Events = 1,
        Rule = raised.Rule,
        Asset = raised.Asset,
        Site = raised.Site,
        OnsetMs = raised.OnsetMs,
        RaisedMs = raised.AtMs,
        Priority = raised.Priority,
        HighestPriority = raised.Priority,
        Exercise = raised.Exercise,
        Tester = raised.Tester,
        TestUntilMs = raised.TestUntilMs,
        Chain = raised.Chain,
        ChainBeganMs = raised.DueMs,
        StepDueMs = raised.DueMs,
        ProgressMs = raised.AtMs,
        Changes = [raised.AtMs],
    };

    private AlertResponse Apply(ResponseEvent fact) => fact switch
    {
        ResponseEvent.Raised => throw new UnreachableException("An alert is raised once."),
        ResponseEvent.PriorityRose rose => Anew(rose.DueMs) with
        {
            Priority = rose.Priority,
            HighestPriority = rose.Priority < HighestPriority ? rose.Priority : HighestPriority,
            Chain = rose.Chain,
            ShelvedUntilMs = null,
            ShelvedBy = null,
            // Work explains that something is dead or silent. What has become a fire meanwhile, it does not.
            OutOfServiceUntilMs = rose.Priority == Priority.P0 && WorkedOn is { Kind: not PermitKind.OutOfService } ? null : OutOfServiceUntilMs,
            WorkedOn = rose.Priority == Priority.P0 && WorkedOn is { Kind: not PermitKind.OutOfService } ? null : WorkedOn,
        },
        ResponseEvent.PriorityFell fell => this with { Priority = fell.Priority },
        ResponseEvent.DataLost => this with { Condition = Condition.NoData, RecoveredMs = null },
        ResponseEvent.DataBack => this with { Condition = Condition.Active, RecoveredMs = null, EndedHidden = false },
        ResponseEvent.Recovered => this with { Condition = Condition.Cleared, RecoveredMs = fact.AtMs, RemindedMs = fact.AtMs, EndedHidden = IsHeldBack, Changes = Remember(-fact.AtMs) },
        ResponseEvent.Reopened reopened => (IsChattering ? this : Anew(reopened.DueMs)) with
        {
            Condition = Condition.Active,
            RecoveredMs = null,
            EndedHidden = false,
            FlapCount = reopened.FlapCount,
            Changes = Remember(fact.AtMs),
            Stage = IsChattering && Stage != ResponseStage.Closed ? Stage : ResponseStage.Open,
            Reports = [],
        },
        ResponseEvent.ChatterBegan => this with { IsChattering = true },
        ResponseEvent.ChatterEnded => this with { IsChattering = false, Changes = [] },
        ResponseEvent.Acknowledged acknowledged => Acknowledge(fact, acknowledged.Required),
        ResponseEvent.AcknowledgementWithdrawn => Without(fact.By!.Person, fact.AtMs),
        ResponseEvent.AcknowledgementExpired expired => this with { Acknowledgements = [], Stage = ResponseStage.Open, StepDueMs = expired.DueMs },
        ResponseEvent.WentOffDuty went => Without(went.Person, went.DueMs),
        ResponseEvent.Assigned assigned => this with { Assignee = assigned.To, IsAssigneeTold = fact.By?.Person == assigned.To },
        ResponseEvent.Commented commented => Progress(fact) with
        {
            Photos = commented.Photo is { } photo ? [.. Photos, photo] : Photos,
            Reports = commented.Cause is { } cause ? [.. Reports, new ClosingReport(fact.By?.Person, fact.AtMs, cause, commented.Text)] : Reports,
        },
        ResponseEvent.SetOut => Stage is ResponseStage.Open or ResponseStage.Acked ? this with { Stage = ResponseStage.EnRoute } : this,
        ResponseEvent.Arrived => Progress(fact) with { Stage = ResponseStage.OnScene },
        ResponseEvent.Extinguished => Progress(fact) with { IsExtinguished = true },
        ResponseEvent.MarkedFalse => this with { IsMarkedFalse = true },
        ResponseEvent.Closed closed => this with
        {
            Stage = ResponseStage.Closed,
            Photos = [.. Photos, .. closed.Photos],
            ShelvedUntilMs = null,
            ShelvedBy = null,
            SuppressedBy = null,
            Reports = [new ClosingReport(fact.By?.Person, fact.AtMs, closed.Cause, closed.Text)],
        },
        ResponseEvent.Shelved shelved => this with { ShelvedUntilMs = shelved.UntilMs, ShelvedBy = fact.By!.Person },
        ResponseEvent.Unshelved unshelved => Resume(unshelved.DueMs) with { ShelvedUntilMs = null, ShelvedBy = null },
        ResponseEvent.TakenOutOfService taken => this with { OutOfServiceUntilMs = taken.UntilMs, WorkedOn = taken },
        ResponseEvent.BackInService back => Resume(back.DueMs) with { OutOfServiceUntilMs = null, WorkedOn = null },
        ResponseEvent.Suppressed suppressed => this with { SuppressedBy = suppressed.Source },
        ResponseEvent.Released released => Resume(released.DueMs) with { SuppressedBy = null },
        ResponseEvent.Grouped grouped => this with { GroupedInto = grouped.Lead },
        ResponseEvent.Postponed postponed => this with { StepDueMs = postponed.DueMs },
        ResponseEvent.StepFired fired => Fire(fired),
        ResponseEvent.TestOver over => Anew(over.DueMs) with { Exercise = Exercise.None, Tester = null, TestUntilMs = null },
        ResponseEvent.SirenAsked asked => this with { Pages = asked.Page + 1, SirenStep = NextStep },
        ResponseEvent.StepSkipped skipped => this with { NextStep = skipped.Step + 1, StepDueMs = skipped.DueMs },
        ResponseEvent.PageReported reported => Report(reported),
        ResponseEvent.ClockSetBack back => SetBack(fact.AtMs, back.ByMs),
        ResponseEvent.CaseOpened opened => this with { Case = FlyWireCase.Begin(fact.AtMs, opened.Evidence) },
        ResponseEvent.CaseJoined joined => this with { CaseOf = joined.Case },
        ResponseEvent.CaseSeen seen => this with { Case = Case!.Seen(fact.AtMs, seen.Evidence, seen.Alert != Alert) },
        ResponseEvent.CaseMeasured measured => this with { Case = Case! with { Evidence = measured.Evidence } },
        ResponseEvent.CaseMoved moved => Progress(fact) with { Case = Case!.TryMove(moved.Stage, fact.AtMs, out var then, moved.Text) ? then : throw new UnreachableException("No stage is left out.") },
        _ => throw new UnreachableException(),
    };

    /// <summary>Nothing was before now that was not, and what is to come keeps its distance; what keeps people from being called rather ends too soon than too late.</summary>
    private AlertResponse SetBack(long nowMs, long byMs)
    {
        return this with
        {
            RaisedMs = Math.Min(RaisedMs, nowMs),
            RecoveredMs = RecoveredMs is { } recovered ? Math.Min(recovered, nowMs) : null,
            ProgressMs = Math.Min(ProgressMs, nowMs),
            RemindedMs = Math.Min(RemindedMs, nowMs),
            Changes = [.. Changes.Select(change => Math.Sign(change) * Math.Min(Math.Abs(change), nowMs))],
            ChainBeganMs = ChainBeganMs - byMs,
            StepDueMs = Math.Max(nowMs, StepDueMs - byMs),
            ShelvedUntilMs = Sooner(ShelvedUntilMs),
            OutOfServiceUntilMs = Sooner(OutOfServiceUntilMs),
            TestUntilMs = Sooner(TestUntilMs),
        };

        long? Sooner(long? untilMs) => untilMs is { } until ? Math.Max(nowMs, until - byMs) : null;
    }

    /// <summary>Nobody has answered yet what it is now.</summary>
    private AlertResponse Anew(long dueMs) => this with
    {
        Stage = ResponseStage.Open,
        Reports = [],
        Acknowledgements = [],
        IsMarkedFalse = false,
        IsExtinguished = false,
        GroupedInto = null,
        ChainBeganMs = dueMs,
        NextStep = 0,
        SirenStep = -1,
        StepDueMs = dueMs,
        People = People.ToDictionary(pair => pair.Key, pair => pair.Value with { IsAccepted = false, ClearTold = false }),
    };

    private AlertResponse Resume(long dueMs) => this with { ChainBeganMs = NextStep == 0 ? dueMs : ChainBeganMs, StepDueMs = dueMs };

    private AlertResponse Progress(ResponseEvent fact) => this with { ProgressMs = fact.AtMs };

    private AlertResponse Acknowledge(ResponseEvent fact, int required)
    {
        var all = Acknowledgements.Any(one => one.Person == fact.By!.Person) ? Acknowledgements : [.. Acknowledgements, new Acknowledgement(fact.By!.Person, fact.By.Via, fact.AtMs)];
        return this with
        {
            Acknowledgements = all,
            Required = required,
            ProgressMs = fact.AtMs,
            Stage = Stage == ResponseStage.Open && all.Count >= required ? ResponseStage.Acked : Stage,
        };
    }

    private AlertResponse Without(string person, long atMs)
    {
        var left = Acknowledgements.Where(one => one.Person != person).ToList();
        return this with { Acknowledgements = left, Stage = left.Count >= Required && left.Count > 0 ? Stage : ResponseStage.Open, StepDueMs = Math.Min(StepDueMs, atMs) };
    }

    private AlertResponse Fire(ResponseEvent.StepFired fired)
    {
        var people = People.ToDictionary();
        foreach (var person in fired.People)
            people[person] = LastOf(person) with { LastPage = fired.Page, ClearTold = fired.Reason is PageReason.Cleared or PageReason.OccurredAndCleared || LastOf(person).ClearTold };
        return this with
        {
            People = people,
            Pages = fired.Page + 1,
            NextStep = fired.Step >= 0 ? fired.Step + 1 : NextStep,
            StepDueMs = fired.DueMs ?? StepDueMs,
            RemindedMs = fired.Reason == PageReason.CloseReminder ? fired.AtMs : RemindedMs,
            IsAssigneeTold = IsAssigneeTold || fired.Reason == PageReason.Assigned,
        };
    }

    /// <summary>A siren is nobody who knows: only persons who were paged count.</summary>
    private AlertResponse Report(ResponseEvent.PageReported reported) => reported.Outcome is DeliveryOutcome.Accepted or DeliveryOutcome.Delivered && People.ContainsKey(reported.Person)
        ? this with { People = With(reported.Person, LastOf(reported.Person) with { IsAccepted = true }) }
        : this;

    private Told LastOf(string person) => People.TryGetValue(person, out var told) ? told : new Told(-1, false, false);

    private Dictionary<string, Told> With(string person, Told told) => new(People.Where(pair => pair.Key != person)) { [person] = told };

    private IReadOnlyList<long> Remember(long change) => [.. Changes.Skip(Math.Max(0, Changes.Count - ChangesKept + 1)), change];
}

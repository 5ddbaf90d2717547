using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Notices;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Rules;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>What became of a command.</summary>
internal abstract record ResponseOutcome
{
    private ResponseOutcome()
    {
    }

    /// <summary>It is done, or was so before.</summary>
    /// <param name="State">What the alert is now.</param>
    /// <param name="IsNew">Whether anything changed.</param>
    public sealed record Done(AlertResponse State, bool IsNew) : ResponseOutcome;

    /// <summary>It is not done.</summary>
    public sealed record Refused(ResponseRefusal Refusal) : ResponseOutcome;

    /// <summary>There is no such alert.</summary>
    public sealed record Unknown : ResponseOutcome;
}

/// <summary>Turns what the rules say, what people do, what providers report and what the clock leads to into facts, and facts into notices: all of one thing in one commit.</summary>
/// <remarks>Every method with a connection runs on the writer's thread inside a commit; nothing is remembered between them, so that a commit that was undone leaves nothing behind.</remarks>
internal sealed class ResponseLog(FacilitySource registry, ChannelSounds sounds, ActLinks links, TimeProvider time) : IDeliveryLog
{
    /// <summary>More pages than this to one person in <see cref="FloodWindow"/> are a flood (ISA-18.2): what is not urgent waits.</summary>
    public const int FloodPages = 10;

    /// <summary>The flood is over below so many.</summary>
    public const int FloodOverPages = 5;

    /// <summary>In a flood service alerts are told so often, all as one, ms.</summary>
    public const long FloodDigestMs = 5 * 60_000;

    /// <summary>Alerts that are named in a page that tells of several.</summary>
    public const int NamedMax = 10;

    /// <summary>Alerts that one raised alert hides in the same commit. The others find it when their own turn to be told comes: a fire must not wait for ten thousand of them.</summary>
    public const int HiddenAtOnceMax = 500;

    /// <summary>Begins the name under which a message goes that only marks another as answered; alerts are named by hexadecimal digits alone.</summary>
    public const string MarkPrefix = "done-";

    /// <summary>Over which time pages are counted.</summary>
    public static readonly TimeSpan FloodWindow = TimeSpan.FromMinutes(10);

    private readonly Lock _gate = new();
    private readonly HashSet<string> _flooded = new(StringComparer.Ordinal);
    private (Facility Facility, DutyBoard Board, Inhibition Tree)? _built;
    private long _version;

    /// <summary>Rises when notices were put in.</summary>
    public long Version => Interlocked.Read(ref _version);

    /// <summary>Raised after a commit that changed something; on any thread.</summary>
    public event Action? Changed;

    /// <summary>Raised after a commit in which somebody said what a suspected fly-wire was; on any thread.</summary>
    public event Action? Taught;

    /// <summary>Who is called now, by the registry in force.</summary>
    public DutyBoard Board => Built().Board;

    /// <summary>What hangs on what, by the registry in force.</summary>
    public Inhibition Tree => Built().Tree;

    /// <summary>Says that something was committed.</summary>
    public void Announce()
    {
        Interlocked.Increment(ref _version);
        Changed?.Invoke();
    }

    /// <summary>Says that somebody's finding was committed.</summary>
    public void AnnounceTaught() => Taught?.Invoke();

    /// <summary>What new steps of the rules lead to. The first page of life safety is in the same commit as the step.</summary>
    public void Observe(SqliteConnection connection, IReadOnlyList<AlertTransition> steps, Exercise exercise = Exercise.None, EscalationChain? chain = null)
    {
        var pages = new PageBatch();
        foreach (var step in steps)
        {
            // Anybody may invent a device: who is told of those is limited elsewhere, and nobody is woken.
            if (step.IsStranger)
                ResponseTable.Exempt(connection, step.AlertId, step.Condition == Condition.Active ? step.AtMs : null);
            if (step.IsStranger || step.Condition is Condition.Pending or Condition.Normal)
                continue;
            var before = ResponseTable.Load(connection, step.AlertId);
            if (before is null && step.Condition != Condition.Active)
                continue;
            var now = NowMs();
            var due = exercise == Exercise.None ? DutyBoard.FirstDueMs(step.Priority, now, ResponseTable.LastOfGroupMs(connection, step.Site, step.Priority)) : now;
            var permit = before is null && exercise == Exercise.None ? PermitTable.Covering(connection, step.Asset, step.Rule, Tree, now) : null;
            var openCase = before is null && FlyWireCase.IsBegunBy(step.Rule) ? FlyWireCaseTable.OpenOn(connection, step.Asset) : null;
            var facts = ResponseLife.Observe(before, step, now, due, exercise, permit, chain ?? Board.Roster.People.ChainOf(step.Priority, step.Site), openCase,
                exercise == Exercise.None ? new JudgedBy(RuleCatalogue.Version, registry.Current.Facility.Version) : null);
            if (facts.Count == 0)
                continue;
            var state = Append(connection, step.AlertId, before, facts, pages);
            if (before is null && exercise == Exercise.None)
                state = Inhibit(connection, state, pages);
            Advance(connection, state, pages);
            if (before is null && state.CaseOf is { } joined)
                Join(connection, joined, step, pages);
            else if (before is { CaseOf: { } begunBy } && ResponseTable.Load(connection, begunBy) is { Case: { } at } first && ResponseLife.Measured(at, step, now) is { } measured)
                Append(connection, begunBy, first, [measured], pages);
        }

        pages.Put(this, connection);
    }

    /// <summary>Whom a new alert calls first, and the sirens that it sounds, for when nothing of it can be written. What was shelved, suppressed or told too often stands on disk and is not asked: once too often costs less.</summary>
    /// <returns>A notice for each siren and person; the keys are those that the same notices have once they are written.</returns>
    public IReadOnlyList<Notice> FirstPages(AlertTransition step)
    {
        var now = NowMs();
        AlertResponse? state = null;
        foreach (var fact in ResponseLife.Observe(null, step, now, now, chain: Board.Roster.People.ChainOf(step.Priority, step.Site)))
            state = AlertResponse.Apply(step.AlertId, state, fact);
        if (state is null)
            return [];
        var facts = Escalation.Advance(state, Board, now);
        var sirens = facts.OfType<ResponseEvent.SirenAsked>().SelectMany(asked => asked.Devices.Select(device => SirenNotice(state, asked.Page, device, step.Text)));
        if (facts.OfType<ResponseEvent.StepFired>().FirstOrDefault() is not { } fired)
            return [.. sirens];
        var text = PageText.Compose(state, fired.Reason, step.Text, hidden: 0, others: [], count: 0);
        return [.. sirens, .. fired.People.Select(person => NoticeOf(state, fired, person, Ways(state, fired, person), text))];
    }

    /// <summary>What a command leads to.</summary>
    public ResponseOutcome Command(SqliteConnection connection, string alert, ResponseCommand command, Actor by) => Command(connection, [alert], command, by)[0];

    /// <summary>What a command for several alerts leads to, in their order. A person who is told of several of one kind gets one message.</summary>
    public IReadOnlyList<ResponseOutcome> Command(SqliteConnection connection, IReadOnlyList<string> alerts, ResponseCommand command, Actor by)
    {
        var pages = new PageBatch();
        var outcomes = alerts.Select(alert => Command(connection, alert, command, by, pages)).ToList();
        pages.Put(this, connection);
        // What becomes of the messages at once is in what the alerts are now.
        return [.. outcomes.Select(outcome => outcome is ResponseOutcome.Done { IsNew: true } done ? done with { State = ResponseTable.Load(connection, done.State.Alert)! } : outcome)];
    }

    private ResponseOutcome Command(SqliteConnection connection, string alert, ResponseCommand command, Actor by, PageBatch pages)
    {
        if (ResponseTable.Load(connection, alert) is not { } state)
            return new ResponseOutcome.Unknown();
        if (command is ResponseCommand.MoveCase ofJoined && state.CaseOf is { } begunBy)
            return Command(connection, begunBy, ofJoined, by, pages);
        var joined = command is ResponseCommand.MoveCase ? Joined(connection, alert) : [];
        if (command is ResponseCommand.MoveCase { Stage: FlyWireStage.Closed } && state.Case?.Stage != FlyWireStage.Closed && joined.Exists(other => other.IsOn))
            return new ResponseOutcome.Refused(ResponseLife.SeenNow().Refusal);
        var now = NowMs();
        var required = ResponseLife.Required(state.Priority, Board.CountOnDuty(state.Chain, state.Site, state.Priority, now));
        switch (ResponseLife.Decide(state, command, by, now, required))
        {
            case ResponseDecision.Done { Events.Count: 0 }:
                return new ResponseOutcome.Done(state, IsNew: false);
            // Whoever presses twice what another did before has said it once.
            case ResponseDecision.Done { Events: [ResponseEvent.Commented said] } when command is ResponseCommand.MoveCase && IsSaid(connection, alert, said):
                return new ResponseOutcome.Done(state, IsNew: false);
            case ResponseDecision.Done done:
                state = Append(connection, alert, state, done.Events, pages);
                Advance(connection, state, pages);
                // Words about a step that was taken before move nothing: what has rung again since is not closed by them.
                if (done.Events.OfType<ResponseEvent.CaseMoved>().Any())
                {
                    foreach (var other in joined)
                        Follow(connection, other, (ResponseCommand.MoveCase)command, by, pages);
                }

                return new ResponseOutcome.Done(state, IsNew: true);
            case ResponseDecision.Refused refused:
                return new ResponseOutcome.Refused(refused.Refusal);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>What the clock leads to: for so many alerts, and for those that were hidden.</summary>
    /// <returns>Whether there may be more.</returns>
    public bool Elapse(SqliteConnection connection, int most, int others)
    {
        var now = NowMs();
        var pages = new PageBatch();
        var ahead = ResponseTable.Ahead(connection, now, most);
        foreach (var (alert, by) in ahead)
            Append(connection, alert, ResponseTable.Load(connection, alert), [new ResponseEvent.ClockSetBack(by) { AtMs = now }], pages);
        var released = ResponseTable.Releasable(connection, now, most);
        foreach (var alert in released)
        {
            if (ResponseTable.Load(connection, alert) is { } state)
                Append(connection, alert, state, [new ResponseEvent.Released(now) { AtMs = now }], pages);
        }

        var due = ResponseTable.Due(connection, now, most, others);
        foreach (var alert in due)
        {
            if (ResponseTable.Load(connection, alert) is { } state)
                Advance(connection, state, pages);
        }

        pages.Put(this, connection);
        // Behind urgent ones less urgent ones may wait.
        return ahead.Count == most || released.Count == most || due.Count == others || (due.Count > 0 && ResponseTable.Due(connection, now, 1, 1).Except(due).Any());
    }

    /// <summary>A permit has ended early: what it explained and is still on calls people now, unless another one explains it.</summary>
    public void Ended(SqliteConnection connection, string permit)
    {
        var now = NowMs();
        var pages = new PageBatch();
        foreach (var alert in ResponseTable.OutOfService(connection))
        {
            if (ResponseTable.Load(connection, alert) is not { } state || state.WorkedOn?.Permit != permit)
                continue;
            var next = PermitTable.Covering(connection, state.Asset, state.Rule, Tree, now);
            var isExplained = next is { Kind: not PermitKind.Test } && (state.Priority != Priority.P0 || next.Kind == PermitKind.OutOfService);
            ResponseEvent fact = isExplained ? new ResponseEvent.TakenOutOfService(next!.Id, next.UntilMs, next.Kind) { AtMs = now } : new ResponseEvent.BackInService(now) { AtMs = now };
            Advance(connection, Append(connection, alert, state, [fact], pages), pages);
        }

        pages.Put(this, connection);
    }

    /// <summary>What became of a notice, within the commit that books it.</summary>
    public void Write(SqliteConnection connection, DeliveryEvent happened)
    {
        if (happened.Kind == DeliveryKind.Acknowledged && happened.Alert.StartsWith(ContactTable.Prefix, StringComparison.Ordinal))
        {
            ContactTable.Confirm(connection, happened.Alert, happened.Person, happened.Channel ?? "card", happened.AtMs);
            return;
        }

        if (happened.Kind == DeliveryKind.Acknowledged)
        {
            // Whoever presses a key means everything that the call told of.
            foreach (var alert in (string[])[happened.Alert, .. ResponseTable.Members(connection, happened.Alert, happened.Step, happened.Person)])
                Command(connection, alert, new ResponseCommand.Acknowledge(), new Actor(happened.Person, happened.Channel ?? "card"));
            return;
        }

        var outcome = happened.Kind switch
        {
            DeliveryKind.Accepted => DeliveryOutcome.Accepted,
            DeliveryKind.Delivered => DeliveryOutcome.Delivered,
            DeliveryKind.Failed => DeliveryOutcome.Failed,
            DeliveryKind.FailedOver => DeliveryOutcome.FailedOver,
            DeliveryKind.Unreached => DeliveryOutcome.Unreached,
            DeliveryKind.Expired => DeliveryOutcome.Expired,
            DeliveryKind.Withdrawn => DeliveryOutcome.Withdrawn,
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        var report = new ResponseEvent.PageReported(happened.Step, happened.Person, happened.Channel, outcome, happened.Code) { AtMs = happened.AtMs };
        Report(connection, happened.Alert, report);
        foreach (var member in ResponseTable.Members(connection, happened.Alert, happened.Step, happened.Person))
            Report(connection, member, report);
    }

    /// <summary>Writes one notice. What it says is what the alert says now.</summary>
    internal void Put(SqliteConnection connection, AlertResponse state, ResponseEvent.StepFired fired, string person, IReadOnlyList<PersonContact> contacts, IReadOnlyList<string> others)
    {
        IReadOnlyList<LocalText> named = [.. others.Take(NamedMax).Select(other => ResponseTable.TextOf(connection, other))];
        var text = PageText.Compose(state, fired.Reason, ResponseTable.TextOf(connection, state.Alert), ResponseTable.HiddenBehind(connection, state.Alert), named, others.Count);
        NoticeBook.Enqueue(connection, NoticeOf(state, fired, person, contacts, text), NowMs(), [this]);
    }

    private Notice NoticeOf(AlertResponse state, ResponseEvent.StepFired fired, string person, IReadOnlyList<PersonContact> contacts, LocalText text) => new()
    {
        Alert = state.Alert,
        Step = fired.Page,
        Person = person,
        Priority = state.Priority,
        IsDrill = state.Exercise != Exercise.None,
        Reaches = [.. contacts.Select(contact => new Reach(contact.Channel, contact.Address))],
        Brief = PageText.Brief(text),
        Text = text,
        Link = LinkOf(state.Alert, person, contacts),
    };

    /// <summary>What a message by these ways can hold as its link; null: nothing that could be opened.</summary>
    public string? LinkOf(string alert, string person, IReadOnlyList<PersonContact> contacts) =>
        links.For(alert, person, NowMs(), contacts.All(contact => sounds.Logs.Contains(contact.Channel)));

    /// <summary>Somebody has been off duty for the whole overlap: what they hold and nobody heard of since is called again.</summary>
    public void WentOffDuty(SqliteConnection connection, string alert, Duty duty)
    {
        var heard = ResponseTable.Timeline(connection, alert).Where(entry => entry.Fact.By?.Person == duty.Person).Select(entry => entry.Fact.AtMs).DefaultIfEmpty().Max();
        if (ResponseTable.Load(connection, alert) is not { } state || !HandOver.Lapses(state, duty.Person, duty.LeftMs!.Value, heard) || OpenAlerts.IsOnDuty(Board.Roster, state, duty.Person, NowMs()))
            return;
        var pages = new PageBatch();
        state = Append(connection, alert, state, [new ResponseEvent.WentOffDuty(duty.Person, NowMs()) { AtMs = NowMs() }], pages);
        Advance(connection, state, pages);
        pages.Put(this, connection);
    }

    /// <summary>A later alert is another sight of an open case.</summary>
    private void Join(SqliteConnection connection, string begunBy, AlertTransition step, PageBatch pages)
    {
        FlyWireCaseTable.Join(connection, begunBy, step.AlertId);
        if (ResponseTable.Load(connection, begunBy) is { Case.IsOver: false } state)
            Append(connection, begunBy, state, [new ResponseEvent.CaseSeen(step.AlertId, step.Evidence) { AtMs = NowMs() }], pages);
    }

    private static List<AlertResponse> Joined(SqliteConnection connection, string begunBy) =>
        [.. FlyWireCaseTable.Joined(connection, begunBy).Select(alert => ResponseTable.Load(connection, alert)).OfType<AlertResponse>()];

    /// <summary>Whether somebody has written the same since the case took its last step.</summary>
    private static bool IsSaid(SqliteConnection connection, string alert, ResponseEvent.Commented said) => ResponseTable.Timeline(connection, alert).AsEnumerable().Reverse().Select(entry => entry.Fact)
        .TakeWhile(fact => fact is not ResponseEvent.CaseMoved).OfType<ResponseEvent.Commented>().Any(before => before.By?.Person == said.By?.Person && before.Text == said.Text);

    private void Follow(SqliteConnection connection, AlertResponse state, ResponseCommand.MoveCase move, Actor by, PageBatch pages)
    {
        var now = NowMs();
        var facts = ResponseLife.Follow(state, move, by, now, ResponseLife.Required(state.Priority, Board.CountOnDuty(state.Chain, state.Site, state.Priority, now)));
        if (facts.Count > 0)
            Advance(connection, Append(connection, state.Alert, state, facts, pages), pages);
    }

    private AlertResponse Append(SqliteConnection connection, string alert, AlertResponse? before, IReadOnlyList<ResponseEvent> facts, PageBatch pages)
    {
        var state = ResponseTable.Append(connection, alert, before, facts);
        foreach (var fact in facts)
            Act(connection, state, fact, pages);
        // Notices that end at once report back to this log.
        return ResponseTable.Load(connection, alert)!;
    }

    private void Act(SqliteConnection connection, AlertResponse state, ResponseEvent fact, PageBatch pages)
    {
        switch (fact)
        {
            case ResponseEvent.StepFired fired:
                foreach (var person in fired.People)
                {
                    var ways = Ways(state, fired, person);
                    pages.Add(state, fired, person, ways, IsFlooded(connection, person, ways));
                }

                break;
            case ResponseEvent.SirenAsked asked:
                foreach (var device in asked.Devices)
                    Siren(connection, state, asked.Page, device);
                break;
            case ResponseEvent.Acknowledged:
                Withdraw(connection, state, fact.By!.Person, "acknowledged");
                if (state.IsAnswered)
                {
                    Withdraw(connection, state, null, "acknowledged");
                    Mark(connection, state);
                }

                break;
            case ResponseEvent.Closed:
                Withdraw(connection, state, null, "closed");
                Mark(connection, state);
                break;
            case ResponseEvent.Shelved:
                Withdraw(connection, state, null, "shelved");
                break;
            case ResponseEvent.TakenOutOfService:
                Withdraw(connection, state, null, "out-of-service");
                break;
            case ResponseEvent.Suppressed:
                Withdraw(connection, state, null, "suppressed");
                break;
        }
    }

    /// <summary>A page that tells of others, too, stays as long as one of them is unanswered.</summary>
    private void Withdraw(SqliteConnection connection, AlertResponse state, string? person, string reason)
    {
        var needed = ResponseTable.Members(connection, state.Alert, null, person)
            .Any(member => ResponseTable.Load(connection, member) is { IsCalling: true } other && other.Acknowledgements.All(one => one.Person != person));
        if (!needed)
            NoticeBook.Withdraw(connection, state.Alert, person, reason, NowMs(), [this]);
    }

    /// <summary>Where a message can be replaced it now says that somebody has it: whoever reads it an hour later need not run. It goes its way like any notice, and its own end is nobody's fact.</summary>
    private void Mark(SqliteConnection connection, AlertResponse state)
    {
        if (sounds.Replaced.Count == 0)
            return;
        var (now, people) = (NowMs(), Board.Roster.People);
        var text = ResponseTable.TextOf(connection, state.Alert);
        var takers = state.Acknowledgements.Select(one => people.Find(one.Person)?.Name ?? new LocalText(one.Person, one.Person)).ToList();
        var (zh, en) = takers.Count == 0 ? ("已关闭", "Closed") : ($"已有人处理（{string.Join("、", takers.Select(name => name.Zh))}）", $"Taken by {string.Join(", ", takers.Select(name => name.En))}");
        var clock = AlertText.Clocks(now);
        foreach (var (step, person, told) in NoticeWays.ToldBy(connection, state.Alert, sounds.Replaced))
        {
            NoticeBook.Enqueue(
                connection, new Notice
                {
                    Alert = MarkPrefix + state.Alert,
                    Step = step,
                    Person = person,
                    // Quiet: the one it replaces has rung.
                    Priority = Priority.P3,
                    IsDrill = state.Exercise != Exercise.None,
                    Reaches = [told],
                    Brief = new LocalText($"{zh}：{PageText.Brief(text).Zh}", $"{en}: {PageText.Brief(text).En}"),
                    Text = new LocalText($"{zh}，{clock.Zh}。{text.Zh}", $"{en}, {clock.En}. {text.En}"),
                    Link = LinkOf(state.Alert, person, [new PersonContact(told.Channel, told.Address, null)]),
                },
                now, []);
        }
    }

    private void Siren(SqliteConnection connection, AlertResponse state, int page, string device) =>
        NoticeBook.Enqueue(connection, SirenNotice(state, page, device, ResponseTable.TextOf(connection, state.Alert)), NowMs(), [this]);

    private Notice SirenNotice(AlertResponse state, int page, string device, LocalText text) => new()
    {
        Alert = state.Alert,
        Step = page,
        Person = device,
        Priority = state.Priority,
        IsDrill = state.Exercise != Exercise.None,
        Reaches = sounds.Siren is { } channel ? [new Reach(channel, $"{state.Site}/{device}")] : [],
        Brief = PageText.Brief(text),
        Text = text,
    };

    private IReadOnlyList<PersonContact> Ways(AlertResponse state, ResponseEvent.StepFired fired, string person) => fired.Step >= 0 && fired.Reason != PageReason.Test
        ? Board.Find(state.Chain.At(fired.Step), fired.Step, state.Site, state.Priority, fired.AtMs, out _).FirstOrDefault(callee => callee.Person.Id == person)?.Contacts ?? []
        : Board.Find(person, fired.Reason is PageReason.Cleared or PageReason.CloseReminder ? Priority.P2 : state.Priority, fired.AtMs)?.Contacts ?? [];

    private void Advance(SqliteConnection connection, AlertResponse state, PageBatch pages)
    {
        var now = NowMs();
        if (ResponseLife.NextDueMs(state) is not { } due || due > now)
            return;
        // Before it is told for the first time: what hides it may have been raised meanwhile, with more than could be hidden at once.
        if (state is { NextStep: 0, Site: not null, Exercise: Exercise.None, IsHeldBack: false, IsCalling: true, IsToldToAnybody: false } && state.Priority != Priority.P0 && state.Condition != Condition.Cleared
            && SourceOf(connection, state) is { } source)
        {
            Append(connection, state.Alert, state, [new ResponseEvent.Suppressed(source) { AtMs = now }], pages);
            return;
        }

        if (Postpone(connection, state, now) is { } postponed)
        {
            Append(connection, state.Alert, state, [postponed], pages);
            return;
        }

        // Facts of one round; what comes of their notices is found in the next.
        if (Escalation.Advance(state, Board, now) is { Count: > 0 } facts)
            Append(connection, state.Alert, state, facts, pages);
    }

    /// <summary>In a flood, service alerts wait for the next full five minutes, all of them together.</summary>
    private ResponseEvent.Postponed? Postpone(SqliteConnection connection, AlertResponse state, long nowMs)
    {
        if (state.Priority < Priority.P2 || !state.IsCalling || state.StepDueMs > nowMs || state.Exercise != Exercise.None || state.StepDueMs % FloodDigestMs == 0)
            return null;
        var callees = Board.Find(state.Chain.At(state.NextStep), state.NextStep, state.Site, state.Priority, nowMs, out _);
        if (callees.Count == 0 || !callees.All(callee => IsFlooded(connection, callee.Person.Id, callee.Contacts)))
            return null;
        return new ResponseEvent.Postponed(((nowMs / FloodDigestMs) + 1) * FloodDigestMs) { AtMs = nowMs };
    }

    /// <summary>Whether a person has had too much, or the chat in which they would be told.</summary>
    public bool IsFlooded(SqliteConnection connection, string person, IReadOnlyList<PersonContact> ways)
    {
        var since = NowMs() - (long)FloodWindow.TotalMilliseconds;
        var isFlooded = IsFlooded(connection, "person " + person, $"select count(*) from notice where person = $who and created_ms > $since and alert not like '{MarkPrefix}%'", person, since);
        return isFlooded || (ways.Count > 0 && sounds.Rooms.Contains(ways[0].Channel)
            && IsFlooded(connection, "channel " + ways[0].Channel, "select count(*) from notice_attempt where at_ms > $since and channel = $who", ways[0].Channel, since));
    }

    /// <summary>On above ten pages in ten minutes, off below five: otherwise it would go to and fro.</summary>
    private bool IsFlooded(SqliteConnection connection, string what, string sql, string who, long sinceMs)
    {
        using var command = Database.Command(connection, sql, ("$who", who), ("$since", sinceMs));
        var pages = (long)command.ExecuteScalar()!;
        lock (_gate)
        {
            if (pages > FloodPages)
                _flooded.Add(what);
            else if (pages < FloodOverPages)
                _flooded.Remove(what);
            return _flooded.Contains(what);
        }
    }

    private void Report(SqliteConnection connection, string alert, ResponseEvent.PageReported report)
    {
        if (ResponseTable.Load(connection, alert) is not { } state)
            return;
        var pages = new PageBatch();
        state = Append(connection, alert, state, [report], pages);
        Advance(connection, state, pages);
        pages.Put(this, connection);
    }

    private AlertResponse Inhibit(SqliteConnection connection, AlertResponse state, PageBatch pages)
    {
        var (tree, own) = (Tree, new InhibitionFact(state.Rule, state.Priority, state.Asset));
        if (state.Site is null)
            return state;
        if (SourceOf(connection, state) is { } source)
            return Append(connection, state.Alert, state, [new ResponseEvent.Suppressed(source) { AtMs = NowMs() }], pages);
        // Only what can hide something below it looks at the whole site.
        if (!tree.CanHideBelow(own))
        {
            foreach (var (alert, _) in ResponseTable.OnAssets(connection, [state.Asset]).Where(one => one.Alert != state.Alert && tree.Hides(own, one.Fact)))
                Hide(alert);
            return state;
        }

        foreach (var (alert, _) in ResponseTable.OfSite(connection, state.Site).Where(one => one.Alert != state.Alert && tree.Hides(own, one.Fact)).Take(HiddenAtOnceMax))
            Hide(alert);
        return state;

        void Hide(string alert) => Append(connection, alert, ResponseTable.Load(connection, alert), [new ResponseEvent.Suppressed(state.Alert) { AtMs = NowMs() }], pages);
    }

    /// <summary>The alert that explains this one now; null: none.</summary>
    private string? SourceOf(SqliteConnection connection, AlertResponse state)
    {
        var own = new InhibitionFact(state.Rule, state.Priority, state.Asset);
        return ResponseTable.OnAssets(connection, Tree.Above(state.Asset)).Find(one => one.Alert != state.Alert && Tree.Hides(one.Fact, own)).Alert;
    }

    private (Facility Facility, DutyBoard Board, Inhibition Tree) Built()
    {
        var facility = registry.Current.Facility;
        lock (_gate)
        {
            if (_built is { } built && ReferenceEquals(built.Facility, facility))
                return built;
            var sirens = facility.Sites.ToDictionary(
                site => site.Id, site => (IReadOnlyList<string>)[.. site.Devices.Where(device => device.Kind == DeviceKind.Siren).Select(device => device.Id)], StringComparer.Ordinal);
            var board = new DutyBoard(new DutyRoster(facility.People), sounds.Of, site => sounds.Siren is not null && sirens.TryGetValue(site, out var devices) ? devices : []);
            _built = (facility, board, new Inhibition(facility));
            return _built.Value;
        }
    }

    private long NowMs() => time.GetUtcNow().ToUnixTimeMilliseconds();
}

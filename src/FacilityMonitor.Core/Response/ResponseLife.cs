using System.Diagnostics;
using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Response;

/// <summary>Decides what happens to an alert: pure functions of what it is, what is wanted and the time, to facts.</summary>
internal static class ResponseLife
{
    /// <summary>Most characters of a comment or reason.</summary>
    public const int TextMax = 2_000;

    /// <summary>Most photos of an alert.</summary>
    public const int PhotosMax = 20;

    /// <summary>Stands for the reason why there is no photo where the service itself closed it. Stored.</summary>
    public const string ClosedByItself = "closed by itself after it had cleared";

    /// <summary>The same where it was closed with its fly-wire case. Stored.</summary>
    public const string ClosedWithCase = "closed with its case";

    /// <summary>What a command leads to.</summary>
    /// <param name="state">The alert as it is.</param>
    /// <param name="command">What is wanted.</param>
    /// <param name="by">By whom.</param>
    /// <param name="nowMs">Now.</param>
    /// <param name="required">How many persons have to acknowledge: <see cref="Required"/>.</param>
    public static ResponseDecision Decide(AlertResponse state, ResponseCommand command, Actor by, long nowMs, int required)
    {
        if (command is ResponseCommand.MoveCase move)
            return MoveCase(state, move, by, nowMs, required);
        if (state.Stage == ResponseStage.Closed)
        {
            return command switch
            {
                ResponseCommand.Comment comment => Comment(state, comment, by, nowMs),
                ResponseCommand.Close close => CloseLate(state, close, by, nowMs),
                ResponseCommand.Unacknowledge or ResponseCommand.Shelve => Refuse("closed", "这条告警已经关闭", "this alert is closed"),
                _ => Done(),
            };
        }

        return command switch
        {
            ResponseCommand.Acknowledge => Done(Acknowledge(state, by, nowMs, required)),
            ResponseCommand.Unacknowledge => Unacknowledge(state, by, nowMs),
            ResponseCommand.Assign assign => state.Assignee == assign.To ? Done() : Done(new ResponseEvent.Assigned(assign.To) { AtMs = nowMs, By = by }),
            ResponseCommand.Comment comment => Comment(state, comment, by, nowMs),
            ResponseCommand.SetOut => state.Stage >= ResponseStage.EnRoute && Has(state, by)
                ? Done()
                : Done([.. Acknowledge(state, by, nowMs, required), new ResponseEvent.SetOut { AtMs = nowMs, By = by }]),
            ResponseCommand.Arrive => state.Stage == ResponseStage.OnScene && Has(state, by)
                ? Done()
                : Done([.. Acknowledge(state, by, nowMs, required), new ResponseEvent.Arrived { AtMs = nowMs, By = by }]),
            ResponseCommand.Extinguished => state.IsExtinguished && Has(state, by)
                ? Done()
                : Done([.. Acknowledge(state, by, nowMs, required), new ResponseEvent.Extinguished { AtMs = nowMs, By = by }]),
            ResponseCommand.FalseAlarm => state.IsMarkedFalse && Has(state, by)
                ? Done()
                : Done([.. Acknowledge(state, by, nowMs, required), new ResponseEvent.MarkedFalse { AtMs = nowMs, By = by }]),
            ResponseCommand.Close close => Close(state, close, by, nowMs),
            ResponseCommand.Shelve shelve => Shelve(state, shelve, by, nowMs),
            ResponseCommand.Unshelve => state.ShelvedUntilMs is null ? Done() : Done(new ResponseEvent.Unshelved(nowMs) { AtMs = nowMs, By = by }),
            _ => throw new UnreachableException(),
        };
    }

    /// <summary>How many persons have to acknowledge: two for life safety, but never more than there are.</summary>
    /// <param name="priority">Of the alert.</param>
    /// <param name="onDuty">Persons that its chain finds now.</param>
    public static int Required(Priority priority, int onDuty) => priority == Priority.P0 ? Math.Clamp(onDuty, 1, 2) : 1;

    /// <summary>What a step of the rules leads to.</summary>
    /// <param name="state">The alert as it is; null: it was never active.</param>
    /// <param name="step">What the rules say now.</param>
    /// <param name="nowMs">Now, by the service's clock.</param>
    /// <param name="firstDueMs">When the first step of a chain that begins now is due; quiet hours and groups are in it.</param>
    /// <param name="exercise">Whether it is meant.</param>
    /// <param name="permit">What is done to its sensor or place; null: nothing.</param>
    /// <param name="chain">Who hears of an alert of this priority; null: the usual ones.</param>
    /// <param name="openCase">The alert whose fly-wire case is open on the same asset; null: none is.</param>
    /// <param name="judgedBy">By which rules and which registry; null: that is not known.</param>
    public static IReadOnlyList<ResponseEvent> Observe(
        AlertResponse? state, AlertTransition step, long nowMs, long firstDueMs, Exercise exercise = Exercise.None, Permit? permit = null, EscalationChain? chain = null, string? openCase = null,
        JudgedBy? judgedBy = null)
    {
        chain ??= EscalationChain.Of(step.Priority);
        switch (step.Condition)
        {
            case Condition.Active:
            case Condition.Recovering when state is not null:
                return state is null
                    ? Raise(step, chain, nowMs, firstDueMs, exercise, permit, openCase, judgedBy)
                    : [.. Activate(state, step, nowMs, firstDueMs), .. Reprioritize(state, step, chain, nowMs, firstDueMs), .. Suspect(state, step, nowMs)];
            case Condition.NoData when state is { Condition: Condition.Active }:
                return [new ResponseEvent.DataLost { AtMs = nowMs }];
            case Condition.Cleared when state is not null && state.Condition != Condition.Cleared:
                var recovered = new List<ResponseEvent> { new ResponseEvent.Recovered { AtMs = nowMs } };
                if (Chatters(state, -nowMs))
                    recovered.Add(new ResponseEvent.ChatterBegan { AtMs = nowMs });
                if (state.Case is { } at && Measured(at, step, nowMs) is { } measured)
                    recovered.Add(measured);
                return recovered;
            default:
                // Pending and Normal are nobody's business; nor is the end of what nobody heard of.
                return [];
        }
    }

    /// <summary>When something is to be looked at again without anybody doing anything, ms; null: nothing is, because it is closed or hangs on another alert.</summary>
    public static long? NextDueMs(AlertResponse state)
    {
        if (state.Stage == ResponseStage.Closed)
            return null;
        long? due = null;
        Sooner(state.IsCalling ? state.StepDueMs : null);
        Sooner(state.ShelvedUntilMs);
        Sooner(state.OutOfServiceUntilMs);
        Sooner(state.TestUntilMs);
        Sooner(state.Exercise == Exercise.Drill ? state.RaisedMs + ResponseTiming.DrillMaxMs : null);
        Sooner(state.IsAssigneeTold ? null : state.ProgressMs);
        Sooner(ClearUntold(state).Count > 0 ? state.RecoveredMs : null);
        Sooner(state.IsChattering ? Math.Abs(state.Changes[^1]) + ResponseTiming.ChatterQuietMs : null);
        Sooner(state is { Acknowledgements.Count: > 0, IsHeldBack: false } && state.IsOn ? ExpiryMs(state) : null);
        if (!state.IsOn && !state.IsCalling && state.RecoveredMs is { } recovered)
            Sooner(AutoCloseMs(state) is { } wait ? recovered + wait : state.RemindedMs + ResponseTiming.CloseReminderMs);
        // What hangs on another alert waits for that one; everything else has a next step.
        return due;

        void Sooner(long? candidate) => due = candidate is { } at && (due is null || at < due) ? at : due;
    }

    /// <summary>When the acknowledgements in force end, unless something is heard, ms.</summary>
    public static long ExpiryMs(AlertResponse state) =>
        state.ProgressMs + (state.Stage == ResponseStage.OnScene ? ResponseTiming.OnSceneMs(state.Priority) : ResponseTiming.AcknowledgementMs(state.Priority));

    /// <summary>What the time alone leads to, calling people apart.</summary>
    public static IReadOnlyList<ResponseEvent> Elapse(AlertResponse state, long nowMs)
    {
        if (state.Stage == ResponseStage.Closed)
            return [];
        if (state.ShelvedUntilMs <= nowMs)
            return [new ResponseEvent.Unshelved(nowMs) { AtMs = nowMs }];
        if (state.OutOfServiceUntilMs <= nowMs)
            return [new ResponseEvent.BackInService(nowMs) { AtMs = nowMs }];
        // Somebody tests a detector, and it burns: when the test ends and the alert does not, it is meant.
        if (state.TestUntilMs <= nowMs && state.IsOn)
            return [new ResponseEvent.TestOver(nowMs) { AtMs = nowMs }];
        // Nobody goes anywhere for an exercise, so nobody can show progress: when enough have answered, or would have by now, it has said what it can.
        if (state.Exercise == Exercise.Drill && ((state.IsAnswered && ExpiryMs(state) <= nowMs) || state.RaisedMs + ResponseTiming.DrillMaxMs <= nowMs))
            return [new ResponseEvent.Closed(CauseCode.Test, "", [], ClosedByItself) { AtMs = nowMs }];
        if (state.IsChattering && nowMs - Math.Abs(state.Changes[^1]) >= ResponseTiming.ChatterQuietMs)
            return [new ResponseEvent.ChatterEnded { AtMs = nowMs }];
        if (state is { Acknowledgements.Count: > 0, IsHeldBack: false } && state.IsOn && ExpiryMs(state) <= nowMs)
            return [new ResponseEvent.AcknowledgementExpired(nowMs) { AtMs = nowMs }];
        var isOver = !state.IsOn && !state.IsCalling;
        if (isOver && AutoCloseMs(state) is { } wait && state.RecoveredMs + wait <= nowMs)
            return [new ResponseEvent.Closed(state.IsMarkedFalse ? CauseCode.FalseAlarm : state.Case is { IsConfirmed: true } ? CauseCode.FlyWire : CauseCode.Unknown, "", [], ClosedByItself) { AtMs = nowMs }];
        return [];
    }

    /// <summary>Who was told that it is on, and not yet that it is over.</summary>
    public static IReadOnlyList<string> ClearUntold(AlertResponse state) => state.IsOn || state.Priority == Priority.P3 || state.Stage == ResponseStage.Closed
        ? []
        : [.. state.People.Where(pair => pair.Value is { IsAccepted: true, ClearTold: false }).Select(pair => pair.Key).Order(StringComparer.Ordinal)];

    private static long? AutoCloseMs(AlertResponse state) => state.Exercise == Exercise.Test ? 0 : ResponseTiming.AutoCloseMs(state.HighestPriority);

    private static List<ResponseEvent> Raise(AlertTransition step, EscalationChain chain, long nowMs, long firstDueMs, Exercise exercise, Permit? permit, string? openCase, JudgedBy? judgedBy)
    {
        var isTest = permit?.Kind == PermitKind.Test;
        var raised = new ResponseEvent.Raised(
            step.Priority, step.OnsetMs, step.Rule, step.Asset, step.Site, chain, isTest ? nowMs : firstDueMs, isTest ? Exercise.Test : exercise,
            isTest ? permit!.By : null, isTest ? permit!.UntilMs : null, judgedBy)
        { AtMs = nowMs };
        // Work on a circuit explains that it is dead. It does not explain smoke.
        var isExplained = permit is not null && !isTest && (step.Priority != Priority.P0 || permit.Kind == PermitKind.OutOfService);
        var facts = new List<ResponseEvent> { raised };
        if (isExplained)
            facts.Add(new ResponseEvent.TakenOutOfService(permit!.Id, permit.UntilMs, permit.Kind) { AtMs = nowMs });
        if (FlyWireCase.IsBegunBy(step.Rule) && raised.Exercise == Exercise.None)
            facts.Add(openCase is null ? new ResponseEvent.CaseOpened(step.Evidence) { AtMs = nowMs } : new ResponseEvent.CaseJoined(openCase) { AtMs = nowMs });
        return facts;
    }

    /// <summary>The same suspicion again, or a surer one: its case has newer numbers, or begins anew where it had ended.</summary>
    private static IEnumerable<ResponseEvent> Suspect(AlertResponse state, AlertTransition step, long nowMs)
    {
        if (state.Case is not { } at || step.Condition != Condition.Active || (state.Condition == Condition.Active && step.Priority >= state.Priority))
            yield break;
        yield return at.IsOver
            ? new ResponseEvent.CaseOpened(step.Evidence) { AtMs = nowMs }
            : new ResponseEvent.CaseSeen(step.AlertId, step.Evidence) { AtMs = nowMs };
    }

    /// <summary>What a load that is off was as a whole; null: its case has ended, or the end tells nothing of it.</summary>
    /// <param name="at">The case it belongs to.</param>
    /// <param name="step">The end of the alert.</param>
    /// <param name="nowMs">Now, by the service's clock.</param>
    public static ResponseEvent? Measured(FlyWireCase at, AlertTransition step, long nowMs) =>
        at.IsOver || step.Condition != Condition.Cleared || !step.Evidence.ContainsKey(FlyWireCase.Curve) ? null : new ResponseEvent.CaseMeasured(step.Evidence) { AtMs = nowMs };

    private static IEnumerable<ResponseEvent> Activate(AlertResponse state, AlertTransition step, long nowMs, long firstDueMs)
    {
        if (step.Condition != Condition.Active)
            yield break;
        if (state.Condition == Condition.NoData)
        {
            yield return new ResponseEvent.DataBack { AtMs = nowMs };
        }
        else if (state.Condition == Condition.Cleared)
        {
            yield return new ResponseEvent.Reopened(Math.Max(step.FlapCount, state.FlapCount + 1), firstDueMs) { AtMs = nowMs };
            if (Chatters(state, nowMs))
                yield return new ResponseEvent.ChatterBegan { AtMs = nowMs };
        }
    }

    private static IEnumerable<ResponseEvent> Reprioritize(AlertResponse state, AlertTransition step, EscalationChain chain, long nowMs, long firstDueMs)
    {
        if (step.Priority < state.Priority)
            yield return new ResponseEvent.PriorityRose(step.Priority, chain, firstDueMs) { AtMs = nowMs };
        else if (step.Priority > state.Priority)
            yield return new ResponseEvent.PriorityFell(step.Priority) { AtMs = nowMs };
    }

    private static bool Chatters(AlertResponse state, long change)
    {
        if (state.IsChattering)
            return false;
        var now = Math.Abs(change);
        var changes = state.Changes.Append(change).ToList();
        return changes.Count(one => one > 0 && now - one <= ResponseTiming.ChatterActivationsMs) >= ResponseTiming.ChatterActivations
            || changes.Count(one => now - Math.Abs(one) <= ResponseTiming.ChatterChangesMs) > ResponseTiming.ChatterChanges;
    }

    private static IReadOnlyList<ResponseEvent> Acknowledge(AlertResponse state, Actor by, long nowMs, int required) =>
        Has(state, by) ? [] : [new ResponseEvent.Acknowledged(required) { AtMs = nowMs, By = by }];

    private static bool Has(AlertResponse state, Actor by) => state.Acknowledgements.Any(one => one.Person == by.Person);

    private static ResponseDecision Unacknowledge(AlertResponse state, Actor by, long nowMs) => Has(state, by)
        ? Done(new ResponseEvent.AcknowledgementWithdrawn { AtMs = nowMs, By = by })
        : Refuse("not-acknowledged", "你没有接下这条告警，不用取消", "you did not take this alert, there is nothing to take back");

    private static ResponseDecision Comment(AlertResponse state, ResponseCommand.Comment comment, Actor by, long nowMs)
    {
        if (comment.Text.Trim().Length == 0 && comment.Photo is null)
            return Refuse("empty", "请写点什么，或加一张照片", "write something, or add a photo");
        if (comment.Text.Length > TextMax)
            return TooLong(comment.Text.Length);
        if (comment.Photo is not null && state.Photos.Count >= PhotosMax)
            return TooManyPhotos();
        return Done(new ResponseEvent.Commented(comment.Text.Trim(), comment.Photo) { AtMs = nowMs, By = by });
    }

    private static ResponseDecision Close(AlertResponse state, ResponseCommand.Close close, Actor by, long nowMs)
    {
        if (close.Text.Length > TextMax)
            return TooLong(close.Text.Length);
        if (state.Photos.Count + close.Photos.Count > PhotosMax)
            return TooManyPhotos();
        // One pair of eyes may be wrong, and life safety wants two; what is still on may only be closed by who says that the readings, not the place, are wrong.
        if (state is { Priority: Priority.P0, IsAnswered: false, Exercise: Exercise.None })
            return Refuse("not-answered", "P0 要有足够的人确认后才能关闭；请先让第二个人确认", "a P0 is closed only when enough people have acknowledged it; a second one first");
        if (state.IsOn && close.Cause is not (CauseCode.FalseAlarm or CauseCode.SensorFault or CauseCode.Test or CauseCode.Maintenance))
            return Refuse("still-on", "告警还没有恢复，不能关闭；请先处理，或注明误报、传感器故障", "it is still on and cannot be closed; see to it first, or name it a false alarm or a faulty sensor");
        var wantsPhoto = state.HighestPriority <= Priority.P1 && state.Exercise == Exercise.None;
        if (wantsPhoto && state.Photos.Count + close.Photos.Count == 0 && string.IsNullOrWhiteSpace(close.WithoutPhoto))
            return Refuse("no-photo", "P0、P1 关闭时要有照片；没有照片请写明原因", "a P0 or P1 is closed with a photo; without one say why there is none");
        var closed = new ResponseEvent.Closed(close.Cause, close.Text.Trim(), close.Photos, string.IsNullOrWhiteSpace(close.WithoutPhoto) ? null : close.WithoutPhoto.Trim()) { AtMs = nowMs, By = by };
        if (state.Case is not { Stage: FlyWireStage.Suspected } || close.Cause is not (CauseCode.FlyWire or CauseCode.FalseAlarm))
            return Done(closed);
        // Whoever names the cause has looked: the case says the same.
        if (close.Cause == CauseCode.FalseAlarm && closed.Text.Length == 0)
            return NoReason();
        return Done(new ResponseEvent.CaseMoved(close.Cause == CauseCode.FlyWire ? FlyWireStage.Confirmed : FlyWireStage.Dismissed, closed.Text) { AtMs = nowMs, By = by }, closed);
    }

    /// <summary>Of two who close it at once the second has seen something, too: what he says is kept. The same press once more says nothing new, nor does one that only agrees.</summary>
    private static ResponseDecision CloseLate(AlertResponse state, ResponseCommand.Close close, Actor by, long nowMs)
    {
        if (close.Text.Length > TextMax)
            return TooLong(close.Text.Length);
        var (text, why, photos) = (close.Text.Trim(), string.IsNullOrWhiteSpace(close.WithoutPhoto) ? null : close.WithoutPhoto.Trim(), close.Photos.Except(state.Photos).ToList());
        if (state.Photos.Count + photos.Count > PhotosMax)
            return TooManyPhotos();
        var isSaid = state.Reports.Any(report => report.Person == by.Person && report.Cause == close.Cause && report.Text == text) || (text.Length == 0 && why is null && state.Reports[0].Cause == close.Cause);
        if (isSaid && photos.Count == 0)
            return Done();
        return Done([
            new ResponseEvent.Commented(text, photos.FirstOrDefault()) { AtMs = nowMs, By = by, Cause = close.Cause, WithoutPhoto = why },
            .. photos.Skip(1).Select(photo => new ResponseEvent.Commented("", photo) { AtMs = nowMs, By = by }),
        ]);
    }

    /// <summary>What a step of a case means for an alert that belongs to it.</summary>
    /// <param name="state">The alert: the one that began the case, or a later one.</param>
    /// <param name="move">The step.</param>
    /// <param name="by">By whom.</param>
    /// <param name="nowMs">Now.</param>
    /// <param name="required">How many persons have to acknowledge.</param>
    public static IReadOnlyList<ResponseEvent> Follow(AlertResponse state, ResponseCommand.MoveCase move, Actor by, long nowMs, int required)
    {
        if (state.Stage == ResponseStage.Closed)
            return [];
        var text = move.Text.Trim();
        return move.Stage switch
        {
            // It counts towards the precision of the rule, and nobody is called for it any more.
            FlyWireStage.Dismissed => [new ResponseEvent.MarkedFalse { AtMs = nowMs, By = by }, new ResponseEvent.Closed(CauseCode.FalseAlarm, text, [], text) { AtMs = nowMs, By = by }],
            FlyWireStage.Closed when !state.IsOn => [new ResponseEvent.Closed(CauseCode.FlyWire, text, [], ClosedWithCase) { AtMs = nowMs, By = by }],
            _ => Acknowledge(state, by, nowMs, required),
        };
    }

    private static ResponseDecision MoveCase(AlertResponse state, ResponseCommand.MoveCase move, Actor by, long nowMs, int required)
    {
        if (state.Case is not { } at)
            return Refuse("no-case", "这条告警没有飞线案件", "this alert has no fly-wire case");
        if (move.Text.Length > TextMax)
            return TooLong(move.Text.Length);
        // Of two who take the same step at once the second has seen something, too; the same press once more says nothing new.
        if (at.Stage == move.Stage)
            return move.Text.Trim() is { Length: > 0 } text && text != at.Text ? Comment(state, new ResponseCommand.Comment(text, null), by, nowMs) : Done();
        if (!at.TryMove(move.Stage, nowMs, out _))
        {
            var (zh, en) = at.Next.Count == 0 ? ("已经结束", "nothing: it has ended") : (string.Join("、", at.Next.Select(next => FlyWireWords.Of(next).Zh)), string.Join(", ", at.Next.Select(next => FlyWireWords.Of(next).En)));
            return Refuse("not-next", $"案件现在是“{FlyWireWords.Of(at.Stage).Zh}”，下一步：{zh}", $"the case is \"{FlyWireWords.Of(at.Stage).En}\"; what can follow: {en}");
        }

        if (move.Stage == FlyWireStage.Dismissed && string.IsNullOrWhiteSpace(move.Text))
            return NoReason();
        if (move.Stage == FlyWireStage.Closed && state.IsOn)
            return SeenNow();
        return Done([new ResponseEvent.CaseMoved(move.Stage, move.Text.Trim()) { AtMs = nowMs, By = by }, .. Follow(state, move, by, nowMs, required)]);
    }

    private static ResponseDecision.Refused NoReason() => Refuse("no-reason", "请写明实际是什么：系统据此了解这条回路", "say what it was instead: the circuit learns from it");

    /// <summary>A case is not closed while what it is about is seen.</summary>
    public static ResponseDecision.Refused SeenNow() => Refuse("still-on", "告警还没有恢复，现在不能销号；请再去现场复查", "it is seen right now, and its case cannot be closed; look again on the spot");

    private static ResponseDecision Shelve(AlertResponse state, ResponseCommand.Shelve shelve, Actor by, long nowMs)
    {
        if (ResponseTiming.ShelveMaxMs(state.Priority) is not { } most)
            return Refuse("never-p0", "P0 关系生命，不能暂停提醒", "a P0 is about lives and is never shelved");
        if (string.IsNullOrWhiteSpace(shelve.Reason))
            return Refuse("no-reason", "请写明暂停提醒的原因", "say why it is shelved");
        if (shelve.Reason.Length > TextMax)
            return TooLong(shelve.Reason.Length);
        // The same press once more.
        if (state.ShelvedUntilMs == shelve.UntilMs && state.ShelvedBy == by.Person)
            return Done();
        if (shelve.UntilMs <= nowMs)
            return Refuse("no-end", "请写明暂停到什么时候，要在现在之后", "say until when, a time to come");
        if (shelve.UntilMs - nowMs > most)
        {
            var hours = most / 3_600_000;
            return Refuse("too-long", string.Create(CultureInfo.InvariantCulture, $"{state.Priority} 最多暂停 {hours} 小时"), string.Create(CultureInfo.InvariantCulture, $"a {state.Priority} is shelved for {hours} hours at most"));
        }

        return Done(new ResponseEvent.Shelved(shelve.UntilMs, shelve.Reason.Trim()) { AtMs = nowMs, By = by });
    }

    private static ResponseDecision.Refused TooLong(int length) => Refuse(
        "too-long", string.Create(CultureInfo.InvariantCulture, $"有 {length} 个字符，上限是 {TextMax}"), string.Create(CultureInfo.InvariantCulture, $"{length} characters, the limit is {TextMax}"));

    private static ResponseDecision.Refused TooManyPhotos() => Refuse(
        "too-many-photos", string.Create(CultureInfo.InvariantCulture, $"一条告警最多 {PhotosMax} 张照片"), string.Create(CultureInfo.InvariantCulture, $"an alert has {PhotosMax} photos at most"));

    private static ResponseDecision.Done Done(params IReadOnlyList<ResponseEvent> events) => new(events);

    private static ResponseDecision.Refused Refuse(string reason, string zh, string en) => new(new ResponseRefusal(reason, new LocalText(zh, en)));
}

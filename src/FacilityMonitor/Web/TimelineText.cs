using FacilityMonitor.Alerts;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;

namespace FacilityMonitor.Web;

/// <summary>One line of a timeline, as a person reads it. It holds what people and devices said: text, to be escaped where it stands in a page.</summary>
internal static class TimelineText
{
    /// <summary>What happened.</summary>
    /// <param name="fact">The fact.</param>
    /// <param name="language"><c>zh</c> or <c>en</c>.</param>
    /// <param name="name">What a person is called.</param>
    public static string Of(ResponseEvent fact, string language, Func<string, string> name)
    {
        var who = fact.By is { } by ? name(by.Person) : "";
        var (zh, en) = fact switch
        {
            ResponseEvent.Raised raised => ($"{raised.Priority} 告警{Mark(raised.Exercise).Zh}{Judged(raised.JudgedBy).Zh}", $"{raised.Priority} raised{Mark(raised.Exercise).En}{Judged(raised.JudgedBy).En}"),
            ResponseEvent.PriorityRose rose => ($"升为 {rose.Priority}", $"rose to {rose.Priority}"),
            ResponseEvent.PriorityFell fell => ($"降为 {fell.Priority}", $"fell to {fell.Priority}"),
            ResponseEvent.DataLost => ("收不到数据", "no data"),
            ResponseEvent.DataBack => ("又有数据", "data again"),
            ResponseEvent.Recovered => ("读数恢复正常", "readings are well again"),
            ResponseEvent.Reopened reopened => ($"再次发生，第 {reopened.FlapCount} 次", $"came back, {reopened.FlapCount} times so far"),
            ResponseEvent.ChatterBegan => ("反复抖动，暂不重复通知", "comes and goes; not told each time"),
            ResponseEvent.ChatterEnded => ("不再抖动", "quiet again"),
            ResponseEvent.Acknowledged => ($"{who} 接下处理", $"{who} takes care of it"),
            ResponseEvent.AcknowledgementWithdrawn => ($"{who} 取消接下", $"{who} takes it back"),
            ResponseEvent.AcknowledgementExpired => ("接下后没有进展，重新通知", "acknowledged but nothing followed; people are called again"),
            ResponseEvent.WentOffDuty went => ($"{name(went.Person)} 已下班，没有人接手，重新通知", $"{name(went.Person)} went off duty and nobody took over; people are called again"),
            ResponseEvent.Assigned assigned => ($"{who} 转给 {name(assigned.To)}", $"{who} hands it to {name(assigned.To)}"),
            ResponseEvent.Commented { Cause: { } cause } late => (
                $"{who} 也来关闭：{Closing("zh", cause, late.Text, late.WithoutPhoto)}", $"{who} closes it, too: {Closing("en", cause, late.Text, late.WithoutPhoto)}"),
            ResponseEvent.Commented commented => ($"{who}：{commented.Text}", $"{who}: {commented.Text}"),
            ResponseEvent.SetOut => ($"{who} 前往中", $"{who} is on the way"),
            ResponseEvent.Arrived => ($"{who} 已到场", $"{who} is on scene"),
            ResponseEvent.Extinguished => ($"{who}：已扑灭", $"{who}: it is out"),
            ResponseEvent.MarkedFalse => ($"{who}：误报", $"{who}: false alarm"),
            ResponseEvent.Closed closed => Closing(closed, who),
            ResponseEvent.Shelved shelved => (
                $"{who} 暂停提醒到 {AlertText.Clock(shelved.UntilMs)}：{shelved.Reason}", $"{who} shelves it until {AlertText.EnglishClock(shelved.UntilMs)}: {shelved.Reason}"),
            ResponseEvent.Unshelved => who.Length > 0 ? ($"{who} 恢复提醒", $"{who} ends the shelving") : ("暂停到期，恢复提醒", "no longer shelved, its time is over"),
            ResponseEvent.TakenOutOfService taken => ($"停用或检修中，到 {AlertText.Clock(taken.UntilMs)}", $"out of service or under maintenance until {AlertText.EnglishClock(taken.UntilMs)}"),
            ResponseEvent.BackInService => ("恢复使用", "back in service"),
            ResponseEvent.Suppressed suppressed => ($"由另一告警 #{Short(suppressed.Source)} 引起，已合并", $"explained by another alert, #{Short(suppressed.Source)}"),
            ResponseEvent.Released => ("另一告警已恢复，单独通知", "the other alert is over, told on its own"),
            ResponseEvent.Grouped grouped => ($"与告警 #{Short(grouped.Lead)} 一并通知 {name(grouped.Person)}", $"told to {name(grouped.Person)} together with #{Short(grouped.Lead)}"),
            ResponseEvent.Postponed postponed => ($"消息太多，{AlertText.Clock(postponed.DueMs)} 合并通知", $"too many messages; told together at {AlertText.EnglishClock(postponed.DueMs)}"),
            ResponseEvent.StepFired { People.Count: 0 } fired => ($"{Why(fired.Reason).Zh}：没有人可以通知", $"{Why(fired.Reason).En}: nobody to tell"),
            ResponseEvent.StepFired fired => ($"{Why(fired.Reason).Zh}：通知 {string.Join("、", fired.People.Select(name))}", $"{Why(fired.Reason).En}: told {string.Join(", ", fired.People.Select(name))}"),
            ResponseEvent.StepSkipped skipped => (
                $"第 {skipped.Step + 1} 步无人可通知：{string.Join("、", Missing(skipped.Why, "zh", name))}", $"step {skipped.Step + 1} found nobody to tell: {string.Join(", ", Missing(skipped.Why, "en", name))}"),
            ResponseEvent.SirenAsked => ("鸣响警报器", "siren asked to sound"),
            ResponseEvent.TestOver => ("测试结束，告警仍在：按真实告警处理", "the test is over and the alert is not: it is meant"),
            ResponseEvent.PageReported reported => (
                $"发给 {name(reported.Person)}{(reported.Channel is { } zhBy ? $"（{zhBy}）" : "")}：{Said(reported.Outcome).Zh}{Code(reported.Code)}",
                $"to {name(reported.Person)}{(reported.Channel is { } enBy ? $" by {enBy}" : "")}: {Said(reported.Outcome).En}{Code(reported.Code)}"),
            ResponseEvent.ClockSetBack back => ($"服务器时钟被调回 {back.ByMs / 1_000} 秒，后面的步骤照原来的间隔进行", $"the server's clock was set back by {back.ByMs / 1_000} s; what comes next keeps its distance"),
            ResponseEvent.CaseOpened => ("疑似飞线，等待现场核实", "a fly-wire is suspected; to be checked on the spot"),
            ResponseEvent.CaseJoined joined => ($"这条回路已有案件 #{Short(joined.Case)}，并入处理", $"a case is open on this circuit, #{Short(joined.Case)}; this belongs to it"),
            ResponseEvent.CaseSeen => ("又看到一次", "seen once more"),
            ResponseEvent.CaseMeasured => ("负载已停止，整条曲线已记入案件", "the load is off; its whole curve is in the case"),
            ResponseEvent.CaseMoved moved => (
                $"{who}：{FlyWireWords.Of(moved.Stage).Zh}{(moved.Text.Length > 0 ? $"（{moved.Text}）" : "")}",
                $"{who}: {FlyWireWords.Of(moved.Stage).En}{(moved.Text.Length > 0 ? $" ({moved.Text})" : "")}"),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        return language == "en" ? en : zh;
    }

    private static (string Zh, string En) Closing(ResponseEvent.Closed closed, string who)
    {
        // What the service itself notes there is said by the rest of the line.
        var without = closed.WithoutPhoto is ResponseLife.ClosedByItself or ResponseLife.ClosedWithCase || closed.WithoutPhoto == closed.Text ? null : closed.WithoutPhoto;
        return (
            $"{(who.Length > 0 ? who + " 关闭" : "自动关闭")}：{Closing("zh", closed.Cause, closed.Text, without)}",
            $"{(who.Length > 0 ? who + " closes it" : "closed by itself")}: {Closing("en", closed.Cause, closed.Text, without)}");
    }

    private static string Closing(string language, CauseCode cause, string text, string? without)
    {
        var said = Texts.In(language, AlertView.CauseKey(cause));
        if (text.Length > 0)
            said += (language == "en" ? ", " : "，") + text;
        return string.IsNullOrEmpty(without) ? said : said + (language == "en" ? $" (no photo: {without})" : $"（没有照片：{without}）");
    }

    /// <summary>Empty tiers and persons without a way, as <see cref="DutyBoard.Find(EscalationStep, int, string?, Priority, long, out string)"/> names them: <c>guard property-manager:li</c>.</summary>
    internal static IEnumerable<string> Missing(string why, string language, Func<string, string> name)
    {
        foreach (var part in why.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == Escalation.Answered)
                yield return Texts.In(language, "step-answered");
            else if (part.Split(':') is var words && Words.All<Tier>().FirstOrDefault(tier => tier.Word == words[0]) is { Word: not null } known)
                yield return Texts.In(language, TierKey(known.Kind)) + (words.Length > 1 ? $" {name(words[1])} {Texts.In(language, "step-unreachable")}" : "");
            else
                yield return part;
        }
    }

    internal static string TierKey(Tier tier) => tier switch
    {
        Tier.Guard => "tier-guard",
        Tier.MicroFireStation => "tier-micro-fire-station",
        Tier.PropertyManager => "tier-property-manager",
        Tier.GridOfficer => "tier-grid-officer",
        Tier.StairLeader => "tier-stair-leader",
        Tier.CommitteeDuty => "tier-committee-duty",
        Tier.SubDistrict => "tier-sub-district",
    };

    private static string Short(string alert) => ChannelMessage.ShortName(alert);

    private static string Code(string? code) => code is null ? "" : $" ({code})";

    private static LocalText Judged(JudgedBy? by) => by is null ? new("", "") : new($"，规则版本 {by.Rules}，登记版本 {by.Registry}", $", by rules {by.Rules} and registry {by.Registry}");

    private static LocalText Mark(Exercise exercise) => exercise switch
    {
        Exercise.None => new("", ""),
        Exercise.Test => new("（测试）", " (test)"),
        Exercise.Drill => new("（演练）", " (exercise)"),
    };

    private static LocalText Why(PageReason reason) => reason switch
    {
        PageReason.Step => new("按步骤", "step of the chain"),
        PageReason.Repeat => new("再次呼叫所有人", "everybody again"),
        PageReason.Assigned => new("转交", "handed over"),
        PageReason.Cleared => new("告知已恢复", "it is over"),
        PageReason.CloseReminder => new("提醒关闭", "reminder to close it"),
        PageReason.OccurredAndCleared => new("发生过，已恢复", "it occurred and is over"),
        PageReason.Test => new("传感器测试", "test of a sensor"),
    };

    private static LocalText Said(DeliveryOutcome outcome) => outcome switch
    {
        DeliveryOutcome.Accepted => new("通道已接收", "the channel took it"),
        DeliveryOutcome.Delivered => new("已送达", "delivered"),
        DeliveryOutcome.Failed => new("发送失败", "not sent"),
        DeliveryOutcome.FailedOver => new("换下一通道", "the next channel is tried"),
        DeliveryOutcome.Unreached => new("所有通道失败", "every channel failed"),
        DeliveryOutcome.Expired => new("超时未送达", "too late, not delivered"),
        DeliveryOutcome.Withdrawn => new("已不需要", "no longer needed"),
    };
}

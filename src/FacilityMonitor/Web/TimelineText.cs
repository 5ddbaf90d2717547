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
            ResponseEvent.Raised raised => ($"{raised.Priority} 告警", $"{raised.Priority} raised"),
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
            ResponseEvent.Commented commented => ($"{who}：{commented.Text}", $"{who}: {commented.Text}"),
            ResponseEvent.SetOut => ($"{who} 前往中", $"{who} is on the way"),
            ResponseEvent.Arrived => ($"{who} 已到场", $"{who} is on scene"),
            ResponseEvent.Extinguished => ($"{who}：已扑灭", $"{who}: it is out"),
            ResponseEvent.MarkedFalse => ($"{who}：误报", $"{who}: false alarm"),
            ResponseEvent.Closed => (who.Length > 0 ? $"{who} 关闭" : "自动关闭", who.Length > 0 ? $"{who} closes it" : "closed by itself"),
            ResponseEvent.Shelved shelved => ($"{who} 暂停提醒：{shelved.Reason}", $"{who} shelves it: {shelved.Reason}"),
            ResponseEvent.Unshelved => ("恢复提醒", "no longer shelved"),
            ResponseEvent.TakenOutOfService => ("停用或检修中", "out of service or under maintenance"),
            ResponseEvent.BackInService => ("恢复使用", "back in service"),
            ResponseEvent.Suppressed => ("由另一告警引起，已合并", "explained by another alert"),
            ResponseEvent.Released => ("另一告警已恢复，单独通知", "the other alert is over, told on its own"),
            ResponseEvent.Grouped grouped => ($"与其他告警一并通知 {name(grouped.Person)}", $"told to {name(grouped.Person)} together with others"),
            ResponseEvent.Postponed => ("消息太多，稍后合并通知", "too many messages; told together later"),
            ResponseEvent.StepFired fired => ($"通知 {string.Join("、", fired.People.Select(name))}", $"told: {string.Join(", ", fired.People.Select(name))}"),
            ResponseEvent.StepSkipped skipped => ($"无人可通知：{skipped.Why}", $"nobody to tell: {skipped.Why}"),
            ResponseEvent.SirenAsked => ("鸣响警报器", "siren asked to sound"),
            ResponseEvent.TestOver => ("测试结束，告警仍在：按真实告警处理", "the test is over and the alert is not: it is meant"),
            ResponseEvent.PageReported reported => (
                $"发给 {name(reported.Person)}{(reported.Channel is { } zhBy ? $"（{zhBy}）" : "")}：{Said(reported.Outcome).Zh} {reported.Code}",
                $"to {name(reported.Person)}{(reported.Channel is { } enBy ? $" by {enBy}" : "")}: {Said(reported.Outcome).En} {reported.Code}"),
            ResponseEvent.CaseOpened => ("疑似飞线，等待现场核实", "a fly-wire is suspected; to be checked on the spot"),
            ResponseEvent.CaseJoined => ("这条回路已有案件，并入处理", "a case is open on this circuit; this belongs to it"),
            ResponseEvent.CaseSeen => ("又看到一次", "seen once more"),
            ResponseEvent.CaseMoved moved => (
                $"{who}：{FlyWireWords.Of(moved.Stage).Zh}{(moved.Text.Length > 0 ? $"（{moved.Text}）" : "")}",
                $"{who}: {FlyWireWords.Of(moved.Stage).En}{(moved.Text.Length > 0 ? $" ({moved.Text})" : "")}"),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        return language == "en" ? en : zh;
    }

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

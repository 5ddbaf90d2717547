using System.Diagnostics;
using System.Globalization;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Alerts;

/// <summary>Writes what an alert says: what, where, since when, what happens next, what to do.</summary>
internal static class AlertText
{
    /// <summary>Shanghai knows no summer time.</summary>
    private static readonly TimeSpan Shanghai = TimeSpan.FromHours(8);

    /// <summary>The text of a step; what an alert that is only pending or over says begins with that word, so that nobody runs for it.</summary>
    public static LocalText Compose(Rule rule, LocalText where, LocalText what, ToldAlert alert, long atMs)
    {
        var (zh, en) = ($"{rule.Title.Zh}，{where.Zh}", $"{rule.Title.En}, {where.En}");
        var since = Clocks(alert.OnsetMs);
        var steps = Steps(rule);
        return alert.Condition switch
        {
            Condition.Pending => new LocalText(
                $"待确认：{zh}：{what.Zh}。自 {since.Zh} 起。若持续，将发出告警。请做：暂时不用，请留意。",
                $"Pending: {en}: {what.En}. Since {since.En}. If it lasts, an alert is raised. Do: nothing yet."),
            Condition.Active => new LocalText(
                $"{zh}：{what.Zh}。自 {since.Zh} 起。{rule.Next.Zh}。请做：{steps.Zh}。",
                $"{en}: {what.En}. Since {since.En}. {rule.Next.En}. Do: {steps.En}."),
            Condition.Recovering => Recovering(zh, en, what, since, AlertTiming.OffDelayMs(alert.Priority) / 60_000, steps),
            Condition.NoData => new LocalText(
                $"无数据：{zh}。自 {since.Zh} 起告警，现在收不到数据，不能当作恢复。{rule.Next.Zh}。请做：{steps.Zh}。",
                $"No data: {en}. Alert since {since.En}; no data comes any more, which is not the same as over. {rule.Next.En}. Do: {steps.En}."),
            Condition.Cleared when alert.ClearedMs == 0 => new LocalText(
                $"已恢复：{zh}。自 {since.Zh} 起，至 {Clock(atMs)} 结束，时间太短，没有发出告警。再发生时会重新判断。请做：不用处理。",
                $"Cleared: {en}. Since {since.En}, over at {EnglishClock(atMs)}: too short for an alert. If it comes back it is judged again. Do: nothing."),
            Condition.Cleared => Over(zh, en, since, Clocks(atMs), AlertTiming.ReopenWindowMs(alert.Priority) / 60_000),
            Condition.Normal => throw new UnreachableException("Normal is never told."),
        };
    }

    private static LocalText Recovering(string zh, string en, LocalText what, LocalText since, int minutes, LocalText steps) => new(
        $"恢复中：{zh}：{what.Zh}。自 {since.Zh} 起。若保持正常，{minutes} 分钟后恢复。请做：{steps.Zh}。",
        $"Recovering: {en}: {what.En}. Since {since.En}. If it stays quiet it clears within {minutes} {(minutes == 1 ? "minute" : "minutes")}. Do: {steps.En}.");

    private static LocalText Over(string zh, string en, LocalText since, LocalText until, int minutes) => new(
        $"已恢复：{zh}。自 {since.Zh} 起，至 {until.Zh} 结束。{minutes} 分钟内再发生，会重新告警。请做：查明原因。",
        $"Cleared: {en}. Since {since.En}, over at {until.En}. If it comes back within {minutes} minutes, this alert opens again. Do: find the cause.");

    private static LocalText Steps(Rule rule)
    {
        var steps = rule.Steps.Select((step, index) => (Zh: $"{index + 1}. {step.Zh}", En: $"{index + 1}. {step.En}")).ToList();
        return new LocalText(string.Join("；", steps.Select(step => step.Zh)), string.Join("; ", steps.Select(step => step.En)));
    }

    /// <summary>A moment on the wall clock of Shanghai, as it is written in Chinese.</summary>
    public static string Clock(long ms) => At(ms, "MM-dd HH:mm:ss");

    /// <summary>The same in English: 11-22 is a day of November in Chinese, and to English readers 10-11 could be one of two.</summary>
    public static string EnglishClock(long ms) => At(ms, "d MMM HH:mm:ss");

    /// <summary>The same in both.</summary>
    public static LocalText Clocks(long ms) => new(Clock(ms), EnglishClock(ms));

    private static string At(long ms, string form) => DateTimeOffset.FromUnixTimeMilliseconds(ms).ToOffset(Shanghai).ToString(form, CultureInfo.InvariantCulture);

    public static LocalText Join(params LocalText?[] parts)
    {
        var named = parts.Where(part => part is { Zh.Length: > 0 }).ToList();
        return new LocalText(string.Join(" ", named.Select(part => part!.Zh)), string.Join(", ", named.Select(part => part!.En)));
    }

    public static LocalText? Channel(ChannelId channel) => channel.Kind switch
    {
        ChannelKind.Main => null,
        ChannelKind.Phase => new LocalText($"L{channel.Number} 相", $"phase L{channel.Number}"),
        ChannelKind.Socket => new LocalText($"{channel.Number} 号充电口", $"socket {channel.Number}"),
        ChannelKind.Slot => new LocalText($"{channel.Number} 号仓位", $"slot {channel.Number}"),
        ChannelKind.Bay => new LocalText($"{channel.Number} 号车位", $"bay {channel.Number}"),
    };
}

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

    public static LocalText Compose(Rule rule, LocalText where, LocalText what, ToldAlert alert)
    {
        var since = Clock(alert.OnsetMs);
        if (alert.Condition == Condition.Cleared)
            return new LocalText($"已恢复：{rule.Title.Zh}，{where.Zh}。自 {since} 起，现已恢复正常。", $"Cleared: {rule.Title.En}, {where.En}. It began at {since} and is over.");
        if (alert.Condition == Condition.NoData)
            return new LocalText($"{rule.Title.Zh}，{where.Zh}：自 {since} 起告警，现在收不到数据，不能当作恢复。请到现场查看。", $"{rule.Title.En}, {where.En}: alert since {since}, and no data comes any more, which is not the same as over. Go and look.");
        var steps = rule.Steps.Select((step, index) => (Zh: $"{index + 1}. {step.Zh}", En: $"{index + 1}. {step.En}")).ToList();
        return new LocalText(
            $"{rule.Title.Zh}，{where.Zh}：{what.Zh}。自 {since} 起。{rule.Next.Zh}。请做：{string.Join("；", steps.Select(step => step.Zh))}。",
            $"{rule.Title.En}, {where.En}: {what.En}. Since {since}. {rule.Next.En}. Do: {string.Join("; ", steps.Select(step => step.En))}.");
    }

    /// <summary>A moment on the wall clock of Shanghai.</summary>
    public static string Clock(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).ToOffset(Shanghai).ToString("MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

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

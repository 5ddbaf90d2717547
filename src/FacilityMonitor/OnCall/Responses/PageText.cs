using System.Globalization;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>What a page says: the alert's own text, and why it comes now.</summary>
internal static class PageText
{
    /// <summary>A page's text.</summary>
    /// <param name="state">The alert.</param>
    /// <param name="reason">Why people are paged.</param>
    /// <param name="text">What the alert says.</param>
    /// <param name="hidden">How many alerts are explained by this one.</param>
    /// <param name="others">What some of the others say that are told with it.</param>
    /// <param name="count">How many others there are.</param>
    public static LocalText Compose(AlertResponse state, PageReason reason, LocalText text, long hidden, IReadOnlyList<LocalText> others, int count)
    {
        var lead = Lead(state, reason);
        var (zh, en) = (lead.Zh + text.Zh, lead.En + text.En);
        if (hidden > 0)
        {
            zh += string.Create(CultureInfo.InvariantCulture, $" 连带 {hidden} 项已合并，不再逐条通知。");
            en += string.Create(CultureInfo.InvariantCulture, $" {hidden} consequences are folded into this and not told one by one.");
        }

        if (count > 0)
        {
            zh = string.Create(CultureInfo.InvariantCulture, $"共 {count + 1} 条。") + zh;
            en = string.Create(CultureInfo.InvariantCulture, $"{count + 1} alerts. ") + en;
            foreach (var other in others)
            {
                zh += "\n· " + Brief(other).Zh;
                en += "\n· " + Brief(other).En;
            }

            if (count > others.Count)
            {
                zh += string.Create(CultureInfo.InvariantCulture, $"\n另有 {count - others.Count} 条，请看页面。");
                en += string.Create(CultureInfo.InvariantCulture, $"\nAnd {count - others.Count} more, see the page.");
            }
        }

        return new LocalText(zh, en);
    }

    /// <summary>What and where: the first sentence.</summary>
    public static LocalText Brief(LocalText text) => new(First(text.Zh, "。"), First(text.En, ". "));

    private static LocalText Lead(AlertResponse state, PageReason reason) => reason switch
    {
        PageReason.Step when state.NextStep <= 1 => new("", ""),
        PageReason.Step => new("还没有人处理：", "Nobody has answered yet: "),
        PageReason.Repeat => new("再次通知，仍需要人处理：", "Again, somebody is still needed: "),
        PageReason.Assigned => new("已转给你：", "Handed to you: "),
        PageReason.Cleared => new("", ""),
        PageReason.CloseReminder => new("请填写原因并关闭：", "Please name the cause and close it: "),
        PageReason.OccurredAndCleared => new("发生过，现已恢复：", "It occurred and is over: "),
        PageReason.Test => new("你的测试已收到：", "Your test has arrived: "),
    };

    private static string First(string text, string end)
    {
        var cut = text.IndexOf(end, StringComparison.Ordinal);
        return cut > 0 ? text[..cut] : text;
    }
}

using System.Globalization;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>Messages that a device numbered and that did not come, nor when they were asked for again, for 10 min. P3, until an hour after the last gap: then they are booked as lost.</summary>
internal sealed class SequenceGap : Rule
{
    /// <summary>How long after the last gap it is told, ms.</summary>
    internal const long ToldMs = 3_600_000;

    private static readonly RuleSetting HoldMin = new("hold_min", "min", 10, 1, 60, "a gap is asked for after 5 s, and piles wait up to 2 min before they resend; our choice");

    private SequenceGap()
    {
    }

    /// <summary>The rule.</summary>
    public static SequenceGap Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "sequence-gap";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("消息缺失", "Messages missing");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new("设备编了号的消息 10 分钟内没有补来：P3", "Messages a device has numbered do not come within 10 min: P3");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [HoldMin];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("这段时间的用电和告警可能不完整", "Energy and alerts of that time may be incomplete");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } = [new("检查信号和网关", "Check signal and gateway"), new("经常缺失的，让厂家加大缓存", "If it goes on, have the maker enlarge its buffer")];

    internal long HoldMs(SettingScopes scopes) => (long)(scopes.Value(this, HoldMin) * 60_000);

    internal static LocalText Explain(long missing, SortedDictionary<string, object> evidence)
    {
        evidence["missing"] = missing;
        return missing == 0
            ? new LocalText("已补齐，或记为丢失", "they came, or are booked as lost")
            : new LocalText(string.Create(CultureInfo.InvariantCulture, $"缺 {missing} 条消息"), string.Create(CultureInfo.InvariantCulture, $"{missing} {(missing == 1 ? "message is" : "messages are")} missing"));
    }
}

using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>A device that speaks, and whose values, or those of one of its channels, cannot be used: it calls them bad or old itself, or they cannot be. For three of its periods. P3.</summary>
/// <remarks>That idle sockets are not reported makes no pile stale: a value that does not come is no bad value.</remarks>
internal sealed class Stale : Rule
{
    private static readonly RuleSetting Periods = new("periods", "", 3, 2, 20, "as for silence");
    private static readonly RuleSetting LeastS = new("least_s", "s", 180, 30, 3600, "as for silence");

    private Stale()
    {
    }

    /// <summary>The rule.</summary>
    public static Stale Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "stale";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("读数不可用", "Values cannot be used");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new(
        "设备在说话，但它或它的一个通道 3 个周期（至少 180 秒）的读数都是坏的、旧的或不可信：P3", "A device speaks, and for 3 of its periods, at least 180 s, all its values or those of one channel are bad, old or impossible: P3");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [Periods, LeastS];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("这台设备看着的东西现在没有人看着", "What it watches is watched by nobody now");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } = [new("检查探头和接线", "Check sensor and wiring"), new("重启设备", "Restart the device"), new("报修", "Call for repair")];

    internal SilenceLimits LimitsFor(SettingScopes scopes) => new((float)scopes.Value(this, Periods), (int)(scopes.Value(this, LeastS) * 1000));

    internal static LocalText Explain(long poorSinceMs, SortedDictionary<string, object> evidence)
    {
        if (poorSinceMs == 0)
            return new LocalText("读数又可用了", "its values can be used again");
        evidence["poor_since"] = Contract.ReadingJson.Instant(poorSinceMs);
        return new LocalText($"{AlertText.Clock(poorSinceMs)} 起没有可用的读数", $"no value that could be used since {AlertText.EnglishClock(poorSinceMs)}");
    }
}

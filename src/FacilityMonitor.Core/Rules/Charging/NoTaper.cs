using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>Limits of <see cref="NoTaper"/> for one device.</summary>
internal sealed record NoTaperLimits(long HoldMs);

/// <summary>A charge that stays at 80 % of its peak and above for more than 10 h: the charger does not know that the battery is full. P2.</summary>
internal sealed class NoTaper : SessionRule<NoTaperLimits>
{
    private static readonly RuleSetting HoldH = new("hold_h", "h", 10, 1, 48, "a 32 Ah pack at 5 A needs less than 8 h of constant current; our choice");

    private NoTaper()
    {
    }

    /// <summary>The rule.</summary>
    public static NoTaper Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "no-taper";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("充电不减流", "Charge does not taper");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new("功率保持在峰值 80 % 以上超过 10 小时：P2", "Power stays at 80 % of its peak and above for more than 10 h: P2");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [HoldH];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("充电器可能不会停，电池有过充起火的危险", "The charger may never stop; an overcharged battery can catch fire");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("断开该充电口", "Switch this socket off"),
        new("检查充电器是否与电池匹配、是否发烫", "See whether the charger fits the battery, and whether it is hot"),
        new("联系车主，换充电器前不要再充", "Tell the owner not to charge again before the charger is replaced"),
    ];

    internal override NoTaperLimits Limits(SettingScopes scopes) => new((long)(scopes.Value(this, HoldH) * 3_600_000));

    internal override Verdict Judge(in SocketPicture socket, NoTaperLimits limits) => socket.Running is { } session
        ? Verdict.When(session.Curve.UnbrokenMs > limits.HoldMs, Priority.P2, session.SeenMs)
        : Verdict.Normal;

    internal override LocalText Explain(in SocketPicture socket, NoTaperLimits limits, SortedDictionary<string, object> evidence)
    {
        if (socket.Running is not { } session)
            return new LocalText("本次充电已结束", "the session is over");
        Evidence(session, evidence);
        evidence["constant_min"] = session.Curve.UnbrokenMs / 60_000;
        var constant = Duration(session.Curve.UnbrokenMs);
        var peak = Math.Round((double)session.Curve.PeakW, 1).ToString("0.#", CultureInfo.InvariantCulture);
        return new LocalText($"{constant.Zh}一直接近峰值 {peak} W，没有减流", $"close to its peak of {peak} W for {constant.En} without a taper");
    }
}

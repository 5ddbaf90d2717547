using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>Limits of <see cref="ChargeTooLong"/> for one device.</summary>
internal sealed record ChargeTooLongLimits(long LongMs, long UrgentMs);

/// <summary>A battery that takes more than a full one does for 8 h (P3) or 12 h (P2), counted without gaps.</summary>
/// <remarks>The last tenth of the taper does not count. An old lead-acid pack falls so slowly there that its time above 15 W depends on the error of the meter more than on the pack,
/// and nobody should be told of a battery that is well and nearly full.</remarks>
internal sealed class ChargeTooLong : SessionRule<ChargeTooLongLimits>
{
    private static readonly RuleSetting FullW = new("full_w", "W", 15, 1, 100, "full threshold of real piles (JUY 15 W, X10P 45 W, AnSheng 5 W): below it time does not count, and every rule about sessions goes by it");
    private static readonly RuleSetting LongH = new("long_h", "h", 8, 1, 48, "Beijing group standard: lithium batteries should not charge for more than 8 h");
    private static readonly RuleSetting UrgentH = new("urgent_h", "h", 12, 1, 72, "longest order of real piles (X10P: 12 h)");

    private ChargeTooLong()
    {
    }

    /// <summary>The rule.</summary>
    public static ChargeTooLong Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "charge-too-long";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("充电时间过长", "Charge too long");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new("高于充满门限（15 W）和本次峰值十分之一的时间满 8 小时：P3；满 12 小时：P2", "More than a full battery takes (15 W) and more than a tenth of its peak for 8 h: P3; for 12 h: P2");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [FullW, LongH, UrgentH];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("电池可能老化或充电器不断电，继续充会发热", "The battery may be worn or its charger never stops; it will heat up if it goes on");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("到现场摸一摸充电器和电池，发烫就断电", "Feel charger and battery; switch the socket off if they are hot"),
        new("联系车主取车", "Ask the owner to fetch the bike"),
        new("再次发生时建议车主检测电池", "If it happens again, advise a battery test"),
    ];

    /// <summary>The limits by which sessions of a device are followed.</summary>
    internal SessionLimits Sessions(SettingScopes scopes) => new((float)scopes.Value(this, FullW));

    internal override ChargeTooLongLimits Limits(SettingScopes scopes) =>
        new((long)(scopes.Value(this, LongH) * 3_600_000), (long)(scopes.Value(this, UrgentH) * 3_600_000));

    internal override Verdict Judge(in SocketPicture socket, ChargeTooLongLimits limits)
    {
        // Once it is full it charges no longer, whatever the socket still delivers.
        if (socket.Running is not { FullMs: 0 } session)
            return Verdict.Normal;
        var priority = session.Curve.EarnestMs >= limits.UrgentMs ? Priority.P2 : Priority.P3;
        return Verdict.When(session.Curve.EarnestMs >= Math.Min(limits.LongMs, limits.UrgentMs), priority, session.SeenMs);
    }

    internal override LocalText Explain(in SocketPicture socket, ChargeTooLongLimits limits, SortedDictionary<string, object> evidence)
    {
        if (socket.Running is not { } session)
            return new LocalText("本次充电已结束", "the session is over");
        Evidence(session, evidence);
        evidence["charged_min"] = session.Curve.EarnestMs / 60_000;
        evidence["limit_min"] = limits.LongMs / 60_000;
        var charged = Duration(session.Curve.EarnestMs);
        return new LocalText($"已充 {charged.Zh}，还没有充满", $"charging for {charged.En} and not full yet");
    }
}

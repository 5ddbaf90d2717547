using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>Limits of <see cref="RestartAfterFull"/> for one device.</summary>
internal sealed record RestartAfterFullLimits(int Restarts, long WithinMs);

/// <summary>A full battery that starts to charge again and again: ≥ 3 times above 20 W within 2 h. P2.</summary>
internal sealed class RestartAfterFull : SessionRule<RestartAfterFullLimits>
{
    private static readonly RuleSetting Restarts = new("restarts", "", LastThree.Length, 1, LastThree.Length, "our choice: one top-up is usual, the second pack of a pair too");
    private static readonly RuleSetting WithinH = new("within_h", "h", 2, 0.25, 24, "our choice");

    private RestartAfterFull()
    {
    }

    /// <summary>The rule.</summary>
    public static RestartAfterFull Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "restart-after-full";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("充满后反复起充", "Restarts after full");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new("充满后 2 小时内 3 次重新超过 20 W：P2", "A full battery draws more than 20 W again 3 times within 2 h: P2");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [Restarts, WithinH];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("电池可能有一节已坏，反复充电会发热", "A cell may have failed; charging it again and again heats it");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("断开该充电口", "Switch this socket off"),
        new("检查电池有无鼓包、发烫、异味", "Check the battery for swelling, heat and smell"),
        new("联系车主检测电池", "Ask the owner to have the battery tested"),
    ];

    internal override RestartAfterFullLimits Limits(SettingScopes scopes) =>
        new((int)scopes.Value(this, Restarts), (long)(scopes.Value(this, WithinH) * 3_600_000));

    internal override Verdict Judge(in SocketPicture socket, RestartAfterFullLimits limits) => socket.Running is { } session
        ? Verdict.When(session.RestartedMs.Within(limits.WithinMs, session.SeenMs) >= limits.Restarts, Priority.P2, session.SeenMs)
        : Verdict.Normal;

    internal override LocalText Explain(in SocketPicture socket, RestartAfterFullLimits limits, SortedDictionary<string, object> evidence)
    {
        if (socket.Running is not { } session)
            return new LocalText("本次充电已结束", "the session is over");
        Evidence(session, evidence);
        evidence["full_since"] = Contract.ReadingJson.Instant(session.FullMs);
        evidence["restarts"] = session.Restarts;
        return new LocalText(
            $"{AlertText.Clock(session.FullMs)} 充满后已重新起充 {session.Restarts} 次", $"full since {AlertText.EnglishClock(session.FullMs)}, and started again {session.Restarts} times");
    }
}

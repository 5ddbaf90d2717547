using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary><see cref="ReservedSocketMisuse"/> has no limits.</summary>
internal sealed record ReservedSocketMisuseLimits;

/// <summary>A session on a reserved socket (爱心充电口) by a user who is not on the site's list. P3. Without a list, or without a user, nothing is said.</summary>
internal sealed class ReservedSocketMisuse : SessionRule<ReservedSocketMisuseLimits>
{
    private ReservedSocketMisuse()
    {
    }

    /// <summary>The rule.</summary>
    public static ReservedSocketMisuse Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "reserved-socket-misuse";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("爱心充电口被占用", "Reserved socket in use by others");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new("在爱心充电口充电的用户不在点位的爱心名单（reserved-users）里：P3", "A session on a reserved socket by a user who is not among the site's reserved-users: P3");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("老人和行动不便的住户今晚可能没有地方充", "Old or disabled owners may find no place to charge tonight");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("联系车主，请换到普通充电口", "Ask the owner to move to another socket"),
        new("车主也需要照顾的，加入爱心名单", "If the owner needs it too, add the user to reserved-users"),
    ];

    internal override ReservedSocketMisuseLimits Limits(SettingScopes scopes) => new();

    internal override Verdict Judge(in SocketPicture socket, ReservedSocketMisuseLimits limits) =>
        socket.Running is { User: { } user } session && socket.IsReserved && socket.Site is { ReservedUsers.Count: > 0 } site
            ? Verdict.When(!site.ReservedUsers.Contains(user), Priority.P3, session.StartMs)
            : Verdict.Normal;

    internal override LocalText Explain(in SocketPicture socket, ReservedSocketMisuseLimits limits, SortedDictionary<string, object> evidence)
    {
        if (socket.Running is not { } session)
            return new LocalText("本次充电已结束", "the session is over");
        Evidence(session, evidence);
        return new LocalText("充电的用户不在爱心名单里", "the user who charges is not on the list");
    }
}

using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>Limits of <see cref="ImplausibleEnergy"/> for one device.</summary>
internal sealed record ImplausibleEnergyLimits(double MostWh, double Ratio, double LeastWh, double PowerRatio, double PackWh, int Sessions);

/// <summary>More energy than a battery takes: &gt; 5 kWh in a session, or &gt; 1.5 × the most this user charged in the last 30 days. P2.</summary>
internal sealed class ImplausibleEnergy : SessionRule<ImplausibleEnergyLimits>
{
    private static readonly RuleSetting MostWh = new("most_wh", "Wh", 5000, 500, 50_000, "twice the largest pack in use (72 V 32 Ah, 2.3 kWh)");
    private static readonly RuleSetting Ratio = new("user_ratio", "", 1.5, 1, 10, "our choice: one battery takes no more than it took");
    private static readonly RuleSetting LeastWh = new("user_least_wh", "Wh", 1750, 0, 5000, "our choice: a common large pack (72 V 20 Ah through a charger of 85 %) takes 1.7 kWh; below it an unusual charge is only a fuller one");
    private static readonly RuleSetting PowerRatio = new("user_power_ratio", "", 1.25, 1, 10, "our choice: a second charger on a splitter adds a third at least (48 V 2 A, 105 W, to 72 V 4 A, 300 W); what draws no more than ever is the same charger");
    private static readonly RuleSetting PackWh = new("user_pack_wh", "Wh", 2750, 0, 5000, "the largest pack in use (72 V 32 Ah, 2.3 kWh) through a charger of 85 %: below it, at the power of ever, it is the same battery, fuller");
    private static readonly RuleSetting Sessions = new("user_sessions", "", 3, 1, 100, "our choice: one short charge is no record to compare with");

    private ImplausibleEnergy()
    {
    }

    /// <summary>The rule.</summary>
    public static ImplausibleEnergy Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "implausible-energy";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("充电量异常", "Implausible energy");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new(
        "一次充电超过 5 kWh，或超过该用户 30 天内最多一次的 1.5 倍：P2；功率不比以往大时，最大的电池也装得下的不算",
        "More than 5 kWh in one session, or more than 1.5 times what this user charged at most in 30 days: P2. At a power no higher than ever, not what the largest battery holds");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [MostWh, Ratio, LeastWh, PowerRatio, PackWh, Sessions];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("接的可能不是一块电池：一拖多、取暖器，或电池已坏不停吸电", "It may not be one battery: a splitter, a heater, or a failed battery that never fills");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("到现场看充电口接了什么", "Go and see what is plugged in"),
        new("有转接排插或其他电器就断电、拔除", "Switch off and unplug splitters and other appliances"),
        new("联系车主", "Call the owner"),
    ];

    internal override ImplausibleEnergyLimits Limits(SettingScopes scopes) =>
        new(
            scopes.Value(this, MostWh), scopes.Value(this, Ratio), scopes.Value(this, LeastWh), scopes.Value(this, PowerRatio), scopes.Value(this, PackWh), (int)scopes.Value(this, Sessions));

    internal override Verdict Judge(in SocketPicture socket, ImplausibleEnergyLimits limits) => socket.Running is { Wh: { } wh } session
        ? Verdict.When(wh > LimitWh(socket, session, limits, out _), Priority.P2, session.SeenMs)
        : Verdict.Normal;

    internal override LocalText Explain(in SocketPicture socket, ImplausibleEnergyLimits limits, SortedDictionary<string, object> evidence)
    {
        if (socket.Running is not { } session)
            return new LocalText("本次充电已结束", "the session is over");
        Evidence(session, evidence);
        var limit = LimitWh(socket, session, limits, out var ofUser);
        evidence["limit_wh"] = Math.Round(limit, 1);
        var culture = CultureInfo.InvariantCulture;
        var kwh = ((session.Wh ?? 0) / 1000).ToString("0.00", culture);
        if (ofUser is not { } most)
            return new LocalText($"本次已充 {kwh} kWh", $"{kwh} kWh in this session");
        evidence["user_most_wh"] = Math.Round(most.Wh, 1);
        if (most.PeakW > 0)
            evidence["user_most_w"] = Math.Round(most.PeakW, 1);
        var usual = (most.Wh / 1000).ToString("0.00", culture);
        return new LocalText($"本次已充 {kwh} kWh，该用户 30 天内最多一次 {usual} kWh", $"{kwh} kWh in this session where this user never charged more than {usual} kWh in 30 days");
    }

    private static double LimitWh(in SocketPicture socket, Session session, ImplausibleEnergyLimits limits, out UserMost? ofUser)
    {
        ofUser = null;
        if (session.User is not { } user || socket.Users.Most(user, session.SeenMs) is not { Wh: > 0 } most || most.Sessions < limits.Sessions)
            return limits.MostWh;
        // A pile that tells no power leaves the energy alone to judge by.
        var isSameCharger = session.Curve.PeakW > 0 && session.Curve.PeakW <= limits.PowerRatio * most.PeakW;
        var own = Math.Max(isSameCharger ? Math.Max(limits.LeastWh, limits.PackWh) : limits.LeastWh, limits.Ratio * most.Wh);
        if (own >= limits.MostWh)
            return limits.MostWh;
        ofUser = most;
        return own;
    }
}

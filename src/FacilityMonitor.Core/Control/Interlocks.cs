using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Control;

/// <summary>What a device said in its birth that matters to commands.</summary>
/// <param name="Operations">The operations it announced, as the contract spells them.</param>
/// <param name="Channels">Its channels.</param>
/// <param name="CarriesPeople">Whether it measures a seat or a belt.</param>
public sealed record DeviceAbilities(IReadOnlyList<string> Operations, IReadOnlyList<ChannelId> Channels, bool CarriesPeople)
{
    /// <summary>Whether it charges: then <c>off</c> without a channel may mean all its sockets to its firmware, and is never sent.</summary>
    public bool HasSockets => Channels.Any(one => one.Kind is ChannelKind.Socket or ChannelKind.Slot);

    /// <summary>What a birth says.</summary>
    public static DeviceAbilities Of(Birth birth)
    {
        ArgumentNullException.ThrowIfNull(birth);
        return new DeviceAbilities(
            birth.Ops, [.. birth.Channels.Select(channel => channel.Channel)], birth.Channels.Any(channel => channel.Metrics.Any(metric => metric is "occupied" or "belt")));
    }
}

/// <summary>Whether somebody is on a device that carries people, or in a lift whose door it holds.</summary>
/// <param name="InUse">As measured.</param>
/// <param name="AtMs">Event time of the measurement, ms since 1970-01-01 UTC.</param>
public readonly record struct SeatState(bool InUse, long AtMs);

/// <summary>What has to be known to judge an order.</summary>
public sealed record CommandScene
{
    /// <summary>The moment, ms since 1970-01-01 UTC.</summary>
    public required long NowMs { get; init; }

    /// <summary>What the registry says of the device; null: nothing.</summary>
    public RegisteredDevice? Registered { get; init; }

    /// <summary>What the device said in its birth; null: it never said one.</summary>
    public DeviceAbilities? Abilities { get; init; }

    /// <summary>Open alerts, of any site.</summary>
    public IReadOnlyList<AlertTransition> OpenAlerts { get; init; } = [];

    /// <summary>Whether somebody is on it; null: it was never measured.</summary>
    public SeatState? Seat { get; init; }

    /// <summary>Ids of commands of the same class to this device within the last minute, see <see cref="CommandLimits.IdsOf"/>.</summary>
    public int OfDeviceInAMinute { get; init; }

    /// <summary>Commands of the same class to this site within the last minute.</summary>
    public int OfSiteInAMinute { get; init; }
}

/// <summary>Why an order was refused. The word is for scripts and counters, the text for people.</summary>
/// <param name="Reason">A fixed word.</param>
/// <param name="Text">What stands in the way and what to do.</param>
public sealed record CommandRefusal(string Reason, LocalText Text);

/// <summary>What stands between an order and a device. Pure: the same order in the same scene is always judged the same.</summary>
/// <remarks>
/// Where nothing is known the answer is no. Two exceptions: <see cref="Operation.Off"/> is never refused because of an alert or a crowd of other commands,
/// and nobody has to confirm it on a reserved socket while a hazard is open there.
/// </remarks>
public static class Interlocks
{
    /// <summary>Alerts that forbid to switch on whatever their priority: heat, fire, overload and everything a breaker or a relay did about it.</summary>
    private static readonly HashSet<string> Hazards =
    [
        "smoke", "heat", "gas", "thermal-runaway", "water", "over-temperature", "socket-overload", "circuit-overload", "pile-overload", "circuit-tripped",
        "supply-lost", "residual-current", "voltage-out-of-range", "welded-relay",
    ];

    /// <summary>Those that concern everything in the same shed, garage or room.</summary>
    private static readonly HashSet<string> HazardsOfAPlace = ["smoke", "heat", "gas", "thermal-runaway", "water"];

    /// <summary>Judges an order; null: it may go.</summary>
    public static CommandRefusal? Judge(CommandOrder order, CommandScene scene)
    {
        ArgumentNullException.ThrowIfNull(order);
        ArgumentNullException.ThrowIfNull(scene);
        return Form(order, scene) ?? Announced(order, scene) ?? Arguments(order, scene) ?? Person(order, scene) ?? Hazard(order, scene) ?? Reserved(order, scene) ?? Rate(order, scene);
    }

    /// <summary>Whether it is judged again each time before it is sent: what was right when it was ordered may have become a danger since. It then has its place in the rate already.</summary>
    public static bool IsJudgedAgain(CommandOrder order, CommandScene scene)
    {
        ArgumentNullException.ThrowIfNull(order);
        ArgumentNullException.ThrowIfNull(scene);
        return order.Operation.MayEnergise() || CarriesPeople(scene);
    }

    private static bool CarriesPeople(CommandScene scene) => scene.Abilities is { CarriesPeople: true } || scene.Registered?.Entry.Kind is DeviceKind.Climber or DeviceKind.LiftBlocker;

    private static CommandRefusal? Form(CommandOrder order, CommandScene scene)
    {
        if (!CommandLimits.IsId(order.Id))
        {
            return new("id", new(
                $"命令编号不对；请用 1 到 {CommandLimits.IdLengthMax} 个字母、数字或 - _ . :", $"the id is none; use 1 to {CommandLimits.IdLengthMax} letters, digits, - _ . and :"));
        }

        var longest = CommandLimits.TtlMaxSOf(order.Operation);
        if (order.TtlS < CommandLimits.TtlMinS || order.TtlS > longest)
        {
            return new("ttl", new(
                $"有效期 {order.TtlS} 秒超出范围；请写 {CommandLimits.TtlMinS} 到 {longest} 秒",
                $"a time to live of {order.TtlS} s is out of range; use {CommandLimits.TtlMinS} to {longest} s"));
        }

        if (order.Why.Length > CommandLimits.WhyLengthMax || order.By.Length is 0 or > CommandLimits.ByLengthMax || order.Why.Any(char.IsControl) || order.By.Any(char.IsControl))
        {
            return new("text", new(
                $"原因最多 {CommandLimits.WhyLengthMax} 个字，下令人 1 到 {CommandLimits.ByLengthMax} 个字，都不能有控制字符",
                $"a reason has at most {CommandLimits.WhyLengthMax} characters, whoever orders 1 to {CommandLimits.ByLengthMax}, neither has control characters"));
        }

        if (order.Operation is Operation.Resend or Operation.Ota)
            return new("operation", new("这个操作不能由人下令", "nobody can order this operation"));
        if (order.Device.Dialect != Dialect.Fm1)
            return new("foreign", new("只有 fm/1 设备听命令", "only fm/1 devices take commands"));
        // What nobody has registered may be anything. To switch it off, or to ask who it is, is all that can be right.
        return scene.Registered is null && order.Operation is not (Operation.Off or Operation.Rebirth)
            ? new("not-registered", new("设备没有登记，只能关闭（off）或重新报到（rebirth）；请先登记", "the device is not registered: it can only be told off or rebirth; register it first"))
            : null;
    }

    private static CommandRefusal? Announced(CommandOrder order, CommandScene scene)
    {
        if (scene.Abilities is not { } abilities)
            return new("no-birth", new("设备从未报到，不知道它会做什么", "the device never said a birth, so nobody knows what it can do"));
        var word = Fm1Words.Operations[(int)order.Operation];
        // Every device of the contract can say its birth again, announced or not.
        if (order.Operation != Operation.Rebirth && !abilities.Operations.Contains(word))
            return new("not-announced", new($"设备没有声明会执行 {word}", $"the device did not announce {word}"));
        if (order.Channel is { } channel && !abilities.Channels.Contains(channel))
            return new("no-such-channel", new($"设备没有通道 {channel}", $"the device has no channel {channel}"));
        // "Off" without a socket would mean a whole pile to one firmware and nothing to another.
        if (abilities.HasSockets && order.Operation is Operation.Off or Operation.On or Operation.Limit or Operation.Unlock && order.Channel is not { Kind: ChannelKind.Socket or ChannelKind.Slot })
            return new("channel-missing", new("请指明是哪个充电口，例如 …/s7", "say which socket, such as …/s7"));
        return null;
    }

    private static CommandRefusal? Arguments(CommandOrder order, CommandScene scene)
    {
        switch (order.Operation)
        {
            case Operation.Limit:
                var most = Math.Min(scene.Registered?.Entry.SocketRatedW ?? CommandLimits.LimitMaxW, CommandLimits.LimitMaxW);
                if (order.Watts is not { } watts || !(watts >= CommandLimits.LimitMinW && watts <= most))
                {
                    return new("watts", new(
                        FormattableString.Invariant($"功率限值请写 {CommandLimits.LimitMinW} 到 {most} W（不能高于登记的额定功率）"),
                        FormattableString.Invariant($"a power limit is {CommandLimits.LimitMinW} to {most} W, never above the registered rating")));
                }

                return null;
            case Operation.Siren:
                if (order.Seconds is not (>= CommandLimits.SirenMinS and <= CommandLimits.SirenMaxS))
                {
                    return new("seconds", new(
                        $"警报请写 {CommandLimits.SirenMinS} 到 {CommandLimits.SirenMaxS} 秒", $"a siren sounds for {CommandLimits.SirenMinS} to {CommandLimits.SirenMaxS} s"));
                }

                // What cannot be silenced must not be started.
                return scene.Abilities!.Operations.Contains("off") ? null : new("cannot-be-ended", new("这个警报器没有声明 off，响了就停不下来", "this siren did not announce off: nobody could end it"));
            case Operation.Off or Operation.On or Operation.Unlock or Operation.Reset or Operation.Resend or Operation.Rebirth or Operation.SelfTest or Operation.Ota:
            default:
                return null;
        }
    }

    /// <summary>Nobody is stopped on the stairs or shut in a lift by remote. The seat must be measured empty, and lately.</summary>
    private static CommandRefusal? Person(CommandOrder order, CommandScene scene)
    {
        if (!CarriesPeople(scene) || order.Operation is Operation.Rebirth)
            return null;
        if (scene.Seat is not { } seat || scene.NowMs - seat.AtMs > CommandLimits.SeatFreshMs)
        {
            return new("maybe-in-use", new(
                "不知道上面有没有人（60 秒内没有测到空位），不能远程操作；请到现场处理",
                "nobody knows whether a person is on it (no measurement of an empty seat within 60 s): go there, it is not operated by remote"));
        }

        return seat.InUse ? new("in-use", new("上面有人，不能远程操作；请到现场处理", "a person is on it: go there, it is not operated by remote")) : null;
    }

    private static CommandRefusal? Hazard(CommandOrder order, CommandScene scene)
    {
        if (!order.Operation.MayEnergise() || OpenHazard(order, scene) is not { } alert)
            return null;
        return new("hazard", new(
            $"{alert.Asset} 有未解除的告警（{alert.Rule}，{alert.Priority}），不能通电；请先到现场处理",
            $"{alert.Asset} has an open alert ({alert.Rule}, {alert.Priority}): nothing is switched on; deal with it first"));
    }

    private static CommandRefusal? Reserved(CommandOrder order, CommandScene scene)
    {
        if (order.IsConfirmed || scene.Registered?.Entry.Reserved is not { Count: > 0 } reserved || order.Operation is Operation.Rebirth or Operation.SelfTest)
            return null;
        if (order.Channel is { } channel && !reserved.Contains(channel))
            return null;
        return order.Operation == Operation.Off && OpenHazard(order, scene) is not null
            ? null
            : new("confirm", new(
                "这是留给老人或残疾人的爱心充电口，有人可能正靠它充电；确实要操作，请加 --confirm",
                "this is a socket kept for old or disabled owners, somebody may depend on it; if it is meant, say so with --confirm"));
    }

    private static CommandRefusal? Rate(CommandOrder order, CommandScene scene)
    {
        if (scene.OfDeviceInAMinute + CommandLimits.IdsOf(order.Operation) > CommandLimits.DeviceAMinute)
        {
            return new("device-rate", new(
                $"这台设备一分钟内已收到 {scene.OfDeviceInAMinute} 条命令，上限 {CommandLimits.DeviceAMinute} 条（警报连同它的结束算两条）；请稍候", $"this device had {scene.OfDeviceInAMinute} commands within a minute, {CommandLimits.DeviceAMinute} are allowed (a siren counts two, with its end); wait a little"));
        }

        return scene.OfSiteInAMinute < CommandLimits.SiteAMinute ? null : new("site-rate", new(
            $"这个点位一分钟内已有 {scene.OfSiteInAMinute} 条命令，上限 {CommandLimits.SiteAMinute} 条；请稍候", $"this site had {scene.OfSiteInAMinute} commands within a minute, {CommandLimits.SiteAMinute} are allowed; wait a little"));
    }

    /// <summary>The alert that speaks against current: any of life safety on the site, and a hazard or P1 on the thing, its device or a circuit above it.</summary>
    private static AlertTransition? OpenHazard(CommandOrder order, CommandScene scene)
    {
        var site = order.Device.Site!;
        var paths = Paths(order, scene);
        var place = scene.Registered?.Entry.Place is { } standsIn ? $"{site}/{standsIn}/" : null;
        foreach (var alert in scene.OpenAlerts)
        {
            if (alert.Site != site || alert.Condition is Condition.Cleared or Condition.Normal)
                continue;
            var concerns = paths.Contains(alert.Asset) || (HazardsOfAPlace.Contains(alert.Rule) && place is not null && alert.Asset.StartsWith(place, StringComparison.Ordinal)) || (order.Channel is null && alert.Asset.StartsWith(paths[0] + "/", StringComparison.Ordinal));
            if (alert.Priority == Priority.P0 || (concerns && (alert.Priority == Priority.P1 || Hazards.Contains(alert.Rule))))
                return alert;
        }

        return null;
    }

    private static List<string> Paths(CommandOrder order, CommandScene scene)
    {
        if (scene.Registered is not { } registered)
            return [$"{order.Device.Site}/{order.Device.Name}", .. order.Channel is { } one ? [$"{order.Device.Site}/{order.Device.Name}/{one}"] : Array.Empty<string>()];
        List<string> paths = [registered.AssetPath(ChannelId.Main)];
        if (order.Channel is { } channel)
            paths.Add(registered.AssetPath(channel));
        var above = registered.Entry.Circuit;
        // Validation has refused trees that are none; the count keeps a mistake there from hanging a command here.
        for (var steps = 0; above is not null && steps <= registered.Site.Circuits.Count; steps++)
        {
            paths.Add($"{registered.Site.Id}/{above}");
            above = registered.Site.Circuits.FirstOrDefault(circuit => circuit.Id == above)?.Parent;
        }

        return paths;
    }
}

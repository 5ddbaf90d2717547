using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>Limits of <see cref="FullNotUnplugged"/> for one place.</summary>
internal sealed record FullNotUnpluggedLimits(long HoldMs, double FromHour, double ToHour);

/// <summary>A socket in a place that is blocked by a full battery.</summary>
/// <param name="Name">Pile and socket, for people.</param>
/// <param name="SinceMs">Since when it is full.</param>
/// <param name="IsReserved">Whether it is kept for old or disabled owners.</param>
internal readonly record struct BlockedSocket(LocalText Name, long SinceMs, bool IsReserved);

/// <summary>Bikes that are full for more than 2 h and still plugged in while their shed has no free socket, 07–22 h. One alert for the shed. P3.</summary>
internal sealed class FullNotUnplugged : Rule
{
    /// <summary>Most sockets named in the text; the rest are counted.</summary>
    private const int NamedMax = 5;

    private static readonly RuleSetting HoldH = new("hold_h", "h", 2, 0.25, 24, "our choice: an owner who comes home and eats");
    private static readonly RuleSetting FromHour = new("from_h", "h", 7, 0, 24, "X10P piles are muted from 23 to 7: nobody is rung out of bed for a full bike");
    private static readonly RuleSetting ToHour = new("to_h", "h", 22, 0, 24, "as above; night begins at 22 (GB 3096)");

    private FullNotUnplugged()
    {
    }

    /// <summary>The rule.</summary>
    public static FullNotUnplugged Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "full-not-unplugged";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("充满未拔占位", "Full and still plugged in");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new(
        "充满 2 小时以上还占着充电口，而这里已没有空位（7–22 时）：P3", "Full for more than 2 h and still plugged in while the place has no free socket (7–22 h): P3");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [HoldH, FromHour, ToHour];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("别人没有地方充电，可能会飞线充电", "Others find no place to charge and may run a lead from a window");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("请车主把充满的车拔下、挪开，先爱心充电口", "Ask the owners to unplug and move full bikes, reserved sockets first"),
        new("在群里提醒有空位了", "Tell the group that there is room again"),
    ];

    internal FullNotUnpluggedLimits LimitsFor(SettingScopes scopes) =>
        new((long)(scopes.Value(this, HoldH) * 3_600_000), scopes.Value(this, FromHour), scopes.Value(this, ToHour));

    /// <summary>What the sockets of a place mean.</summary>
    /// <param name="blocked">Those that a full battery blocks, whatever for how long.</param>
    /// <param name="free">How many can be used.</param>
    /// <param name="limits">The limits.</param>
    /// <param name="nowMs">Engine time.</param>
    internal static Verdict Judge(IReadOnlyList<BlockedSocket> blocked, int free, FullNotUnpluggedLimits limits, long nowMs)
    {
        long since = 0;
        foreach (var socket in blocked)
        {
            if (nowMs - socket.SinceMs > limits.HoldMs)
                since = since == 0 ? socket.SinceMs : Math.Min(since, socket.SinceMs);
        }

        return Verdict.When(since > 0 && free == 0 && ShanghaiTime.IsBetween(nowMs, limits.FromHour, limits.ToHour), Priority.P3, since);
    }

    internal static LocalText Explain(IReadOnlyList<BlockedSocket> blocked, FullNotUnpluggedLimits limits, long nowMs, SortedDictionary<string, object> evidence)
    {
        var late = blocked.Where(socket => nowMs - socket.SinceMs > limits.HoldMs).OrderByDescending(socket => socket.IsReserved).ThenBy(socket => socket.SinceMs).ToList();
        evidence["blocked"] = late.Count;
        evidence["blocked_reserved"] = late.Count(socket => socket.IsReserved);
        if (late.Count == 0)
            return new LocalText("已有人拔车，或有了空位", "somebody unplugged, or there is a free socket");
        var named = late.Take(NamedMax).Select(socket => new LocalText(
            $"{(socket.IsReserved ? "爱心充电口 " : "")}{socket.Name.Zh}（{AlertText.Clock(socket.SinceMs)} 充满）",
            $"{(socket.IsReserved ? "reserved " : "")}{socket.Name.En} (full since {AlertText.Clock(socket.SinceMs)})")).ToList();
        var more = late.Count - named.Count;
        return new LocalText(
            $"没有空位，{late.Count} 个充电口已充满未拔：{string.Join("、", named.Select(name => name.Zh))}{(more > 0 ? $"，另有 {more} 个" : "")}",
            $"no free socket, {late.Count} full and not unplugged: {string.Join("; ", named.Select(name => name.En))}{(more > 0 ? $", and {more} more" : "")}");
    }
}

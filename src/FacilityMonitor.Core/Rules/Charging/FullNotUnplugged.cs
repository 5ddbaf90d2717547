using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>Limits of <see cref="FullNotUnplugged"/> for one place.</summary>
/// <param name="LateMs">How long a full battery may hang on a socket before it is in the way.</param>
/// <param name="Crowded">How long the place must be without a free socket, and how long with one.</param>
/// <param name="FromHour">Hour of the day from which people are told.</param>
/// <param name="ToHour">Hour of the day at which it is over for today.</param>
internal sealed record FullNotUnpluggedLimits(long LateMs, HoldTiming Crowded, double FromHour, double ToHour);

/// <summary>What is remembered of a place: how long it has been crowded, and what was told of it.</summary>
internal record struct CrowdedPlace
{
    public Hold Crowded;

    /// <summary><see cref="Verdict.Code"/> as last told.</summary>
    public byte Told;
}

/// <summary>The sockets of a place as they are now.</summary>
/// <param name="Blocked">Those that a full battery blocks, whatever for how long.</param>
/// <param name="Free">How many can be used.</param>
/// <param name="IsComplete">Whether every pile is heard of: what hangs on one that is offline, nobody knows.</param>
internal readonly record struct SocketCensus(IReadOnlyList<BlockedSocket> Blocked, int Free, bool IsComplete);

/// <summary>A socket in a place that is blocked by a full battery.</summary>
/// <param name="Name">Pile and socket, for people.</param>
/// <param name="SinceMs">Since when it is full.</param>
/// <param name="IsReserved">Whether it is kept for old or disabled owners.</param>
internal readonly record struct BlockedSocket(LocalText Name, long SinceMs, bool IsReserved);

/// <summary>Bikes that are full for more than 2 h and still plugged in while their shed has no free socket, 07–22 h. P3.</summary>
/// <remarks>One alert for the shed and its evening, with a list: a property manager writes to the group once. In the evening peak a socket that comes free is taken by the next
/// bike within minutes, and that is no room; so the shed is judged once a minute, and not each socket.</remarks>
internal sealed class FullNotUnplugged : Rule
{
    /// <summary>Most sockets named in the text; the rest are counted.</summary>
    private const int NamedMax = 5;

    private static readonly RuleSetting CrowdedMin = new("crowded_min", "min", 10, 0, 240, "our choice: one who comes, looks and waits for a neighbour who is just leaving");
    private static readonly RuleSetting RoomMin = new("room_min", "min", 60, 1, 720, "our choice: a socket that stays free for an hour is room for whoever comes; before, the next bike of the evening takes it");
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
        "充满 2 小时以上还占着充电口，而这里已有 10 分钟没有空位（7–22 时）：P3，一晚一条",
        "Full for more than 2 h and still plugged in while the place has had no free socket for 10 min (7–22 h): P3, once an evening");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [HoldH, CrowdedMin, RoomMin, FromHour, ToHour];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("别人没有地方充电，可能会飞线充电", "Others find no place to charge and may run a lead from a window");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("请车主把充满的车拔下、挪开，先爱心充电口", "Ask the owners to unplug and move full bikes, reserved sockets first"),
        new("在群里提醒有空位了", "Tell the group that there is room again"),
    ];

    internal FullNotUnpluggedLimits LimitsFor(SettingScopes scopes) => new(
        (long)(scopes.Value(this, HoldH) * 3_600_000),
        new HoldTiming((int)(scopes.Value(this, CrowdedMin) * 60_000), 1, (int)(scopes.Value(this, RoomMin) * 60_000)),
        scopes.Value(this, FromHour),
        scopes.Value(this, ToHour));

    /// <summary>A minute went by.</summary>
    /// <param name="crowded">How long it has been so.</param>
    /// <param name="sockets">The sockets now.</param>
    /// <param name="limits">The limits.</param>
    /// <param name="nowMs">Engine time.</param>
    /// <param name="countedMs">Time since the minute before; 0 after a gap.</param>
    internal static void Step(ref Hold crowded, in SocketCensus sockets, FullNotUnpluggedLimits limits, long nowMs, long countedMs)
    {
        if (!IsHeard(limits, nowMs))
        {
            crowded = default;
            return;
        }

        var isBlocked = sockets.Blocked.Any(socket => nowMs - socket.SinceMs > limits.LateMs);
        // Nobody unplugged because a pile went offline.
        var clear = sockets.Free > 0 || (!isBlocked && sockets.IsComplete);
        crowded.Step(isBlocked && sockets.Free == 0, clear, nowMs, countedMs, limits.Crowded);
    }

    /// <summary>What that means. A socket that comes free and is taken again is not told: neither step helps anybody.</summary>
    internal static Verdict Judge(in Hold crowded) => Verdict.When(crowded.IsActive, Priority.P3, crowded.SinceMs);

    private static bool IsHeard(FullNotUnpluggedLimits limits, long nowMs) => ShanghaiTime.IsBetween(nowMs, limits.FromHour, limits.ToHour);

    internal static LocalText Explain(IReadOnlyList<BlockedSocket> blocked, FullNotUnpluggedLimits limits, long nowMs, SortedDictionary<string, object> evidence)
    {
        var late = blocked.Where(socket => nowMs - socket.SinceMs > limits.LateMs).OrderByDescending(socket => socket.IsReserved).ThenBy(socket => socket.SinceMs).ToList();
        evidence["blocked"] = late.Count;
        evidence["blocked_reserved"] = late.Count(socket => socket.IsReserved);
        if (late.Count == 0)
            return new LocalText("已有人拔车，或有了空位", "somebody unplugged, or there is a free socket");
        var named = late.Take(NamedMax).Select(socket => new LocalText(
            $"{(socket.IsReserved ? "爱心充电口 " : "")}{socket.Name.Zh}（{AlertText.Clock(socket.SinceMs)} 充满）",
            $"{(socket.IsReserved ? "reserved " : "")}{socket.Name.En} (full since {AlertText.EnglishClock(socket.SinceMs)})")).ToList();
        var more = late.Count - named.Count;
        return new LocalText(
            $"没有空位，{late.Count} 个充电口已充满未拔：{string.Join("、", named.Select(name => name.Zh))}{(more > 0 ? $"，另有 {more} 个" : "")}",
            $"no free socket, {late.Count} full and not unplugged: {string.Join("; ", named.Select(name => name.En))}{(more > 0 ? $", and {more} more" : "")}");
    }
}

using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>Limits of <see cref="SocketFuse"/> for one device.</summary>
internal sealed record SocketFuseLimits(int Starts, long WithinMs);

/// <summary>A socket on which one session after the other finds no load: ≥ 3 within 24 h that all stay below 7 W, and none between that charged; or the board itself says that its fuse is blown. P3.</summary>
internal sealed class SocketFuse : SessionRule<SocketFuseLimits>
{
    private static readonly RuleSetting Starts = new("starts", "", LastThree.Length, 1, LastThree.Length, "X10P firmware: repeated starts whose maximum stayed below 7 W");
    private static readonly RuleSetting WithinH = new("within_h", "h", 24, 1, 168, "our choice: a socket is used about once a day");

    private SocketFuse()
    {
    }

    /// <summary>The rule.</summary>
    public static SocketFuse Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "socket-fuse";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("充电口可能已烧保险", "Socket fuse may be blown");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new("24 小时内连续 3 次充电都没有超过 7 W，或充电桩自报保险烧断：P3", "3 sessions in a row within 24 h stay below 7 W, or the board itself says that the fuse is blown: P3");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [Starts, WithinH];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("居民付了钱却充不上电，会去别处拉线", "People pay and get no current, and will run a lead from elsewhere");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("用一台确认能充的车试这个充电口", "Try the socket with a bike that is known to charge"),
        new("充不上就贴停用标志并报修保险", "If it does not charge, mark it out of use and have its fuse replaced"),
        new("退还充不上的费用", "Refund what was paid in vain"),
    ];

    /// <inheritdoc/>
    internal override bool NeedsData => false;

    internal override SocketFuseLimits Limits(SettingScopes scopes) => new((int)scopes.Value(this, Starts), (long)(scopes.Value(this, WithinH) * 3_600_000));

    internal override Verdict Judge(in SocketPicture socket, SocketFuseLimits limits) => socket.Word == SocketWord.Fuse
        ? Verdict.When(true, Priority.P3, socket.NewestMs)
        : socket.Past is { } past && socket.Running is not { Curve.PeakW: >= SessionLimits.LoadW }
            ? Verdict.When(past.DeadStartsMs.Within(limits.WithinMs, socket.NowMs) >= limits.Starts, Priority.P3, past.EndMs)
            : Verdict.Normal;

    internal override LocalText Explain(in SocketPicture socket, SocketFuseLimits limits, SortedDictionary<string, object> evidence)
    {
        var count = socket.Past?.DeadStartsMs.Within(limits.WithinMs, socket.NowMs) ?? 0;
        evidence["dead_starts"] = count;
        if (socket.Word == SocketWord.Fuse)
            return new LocalText("充电桩自报保险烧断", "the board itself says that its fuse is blown");
        return count == 0
            ? new LocalText("又能充电，或一天内没有人再用", "it charges again, or nobody used it for a day")
            : new LocalText($"连续 {count} 次充电都没有电流", $"{count} sessions in a row without a load");
    }
}

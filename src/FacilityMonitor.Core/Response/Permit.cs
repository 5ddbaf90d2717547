using System.Globalization;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Response;

/// <summary>What is done to a sensor, device or place. The numbers are stored.</summary>
public enum PermitKind : byte
{
    /// <summary>One person tests one sensor for a quarter of an hour (测试): its alerts are marked and told to the tester alone.</summary>
    Test = 0,

    /// <summary>Out of service (停用): two persons decide it, and somebody patrols meanwhile. It may silence life safety, and is short.</summary>
    OutOfService = 1,

    /// <summary>A maintenance window: announced, and never silences life safety.</summary>
    Maintenance = 2,
}

/// <summary>Permission to work on something. Its end is part of it: nothing is ever forgotten in that state.</summary>
/// <param name="Id">Unique.</param>
/// <param name="Kind">What is done.</param>
/// <param name="Asset">Registry path; everything below it is covered.</param>
/// <param name="FromMs">First moment.</param>
/// <param name="UntilMs">First moment after it.</param>
/// <param name="By">Who asked for it.</param>
/// <param name="Confirmed">Who else agreed; null: nobody yet, and where two are wanted it is not in force.</param>
/// <param name="Reason">Why.</param>
/// <param name="Patrol">Who walks there meanwhile; null: nobody has to.</param>
/// <param name="EndedMs">When it was ended early; null: it was not.</param>
internal sealed record Permit(
    string Id, PermitKind Kind, string Asset, long FromMs, long UntilMs, string By, string? Confirmed, string Reason, string? Patrol, long? EndedMs = null)
{
    /// <summary>Whether it holds for an asset at a time.</summary>
    public bool Covers(string asset, long nowMs) => nowMs >= FromMs && nowMs < (EndedMs ?? UntilMs) && (Kind != PermitKind.OutOfService || Confirmed is not null)
        && asset.StartsWith(Asset, StringComparison.Ordinal) && (asset.Length == Asset.Length || asset[Asset.Length] == '/');

    /// <summary>Whether another that nobody ended is the same in all that a person says of it: what, what for, until when, who, and who walks there meanwhile.</summary>
    public bool IsAgain(Permit other) => other.EndedMs is null && (other.Kind, other.Asset, other.UntilMs, other.By, other.Reason, other.Patrol) == (Kind, Asset, UntilMs, By, Reason, Patrol);

    /// <summary>What stands against asking for it; null: nothing.</summary>
    public static ResponseRefusal? Judge(Permit wanted, long nowMs)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        if (string.IsNullOrWhiteSpace(wanted.Reason))
            return Refuse("no-reason", "请写明原因", "say why");
        if (wanted.Reason.Length > ResponseLife.TextMax)
            return Refuse("too-long", string.Create(CultureInfo.InvariantCulture, $"原因最多 {ResponseLife.TextMax} 个字符"), string.Create(CultureInfo.InvariantCulture, $"the reason has {ResponseLife.TextMax} characters at most"));
        if (wanted.UntilMs <= Math.Max(nowMs, wanted.FromMs))
            return Refuse("no-end", "请写明到什么时候，要在现在之后", "say until when, a time to come");
        var parts = wanted.Asset.Split('/').Length;
        var most = wanted.Kind switch
        {
            PermitKind.Test => ResponseTiming.TestMaxMs,
            PermitKind.OutOfService => ResponseTiming.OutOfServiceMaxMs,
            PermitKind.Maintenance => ResponseTiming.MaintenanceMaxMs,
        };
        if (wanted.UntilMs - wanted.FromMs > most)
            return Refuse("too-long", string.Create(CultureInfo.InvariantCulture, $"最多 {most / 60_000} 分钟"), string.Create(CultureInfo.InvariantCulture, $"{most / 60_000} minutes at most"));
        if (wanted.Kind == PermitKind.Test && parts < 2)
            return Refuse("too-wide", "测试只能是一个传感器或设备，不能是整个点位", "a test is of one sensor or device, never of a whole site");
        if (wanted.Kind == PermitKind.OutOfService && string.IsNullOrWhiteSpace(wanted.Patrol))
            return Refuse("no-patrol", "停用期间要有人巡查；请写明是谁", "somebody has to patrol while it is out of service; say who");
        return null;
    }

    /// <summary>What stands against testing the same thing again; null: nothing. One person alone silences a detector for a quarter of an hour in an hour, in one piece or in many.</summary>
    /// <param name="wanted">The test.</param>
    /// <param name="earlier">Tests of the same asset before it, whenever they were.</param>
    public static ResponseRefusal? JudgeTests(Permit wanted, IEnumerable<Permit> earlier)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        ArgumentNullException.ThrowIfNull(earlier);
        var usedMs = earlier.Where(test => (test.EndedMs ?? test.UntilMs) > wanted.FromMs - ResponseTiming.TestWindowMs && test.FromMs < wanted.UntilMs + ResponseTiming.TestWindowMs)
            .Sum(test => Math.Max(0, (test.EndedMs ?? test.UntilMs) - test.FromMs));
        if (usedMs + wanted.UntilMs - wanted.FromMs <= ResponseTiming.TestMaxMs)
            return null;
        var left = Math.Max(0, ResponseTiming.TestMaxMs - usedMs) / 60_000;
        return Refuse(
            "tested-enough",
            string.Create(CultureInfo.InvariantCulture, $"一小时内一个人最多测试 15 分钟，这里还剩 {left} 分钟；更久请用停用（要两个人，并写明谁巡查）"),
            string.Create(CultureInfo.InvariantCulture, $"one person tests a thing for 15 minutes an hour, and {left} are left here; for longer take it out of service, with two persons and somebody who patrols"));
    }

    /// <summary>What stands against a second person agreeing; null: nothing.</summary>
    public static ResponseRefusal? JudgeSecond(Permit permit, string person)
    {
        ArgumentNullException.ThrowIfNull(permit);
        return person == permit.By ? Refuse("same-person", "要另外一个人确认，不能自己确认自己", "somebody else has to agree, not the one who asked") : null;
    }

    private static ResponseRefusal Refuse(string reason, string zh, string en) => new(reason, new LocalText(zh, en));
}

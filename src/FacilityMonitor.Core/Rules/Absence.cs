using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>A device whose connection ended: its will came, and 90 s later it was not back.</summary>
internal sealed class Offline : Rule
{
    private static readonly RuleSetting HoldS = new("hold_s", "s", 90, 0, 3600, "longer than a modem's reconnect, so that a gateway's or supply's own alert comes first");

    private Offline()
    {
    }

    /// <summary>The rule.</summary>
    public static Offline Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "offline";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("设备离线", "Device offline");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new("设备断开连接 90 秒没有回来：P2", "A device whose connection ended is not back after 90 s: P2");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [HoldS];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("离线期间看不到它的过载和火情", "While it is offline we cannot see overload or fire there");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("查看设备供电和指示灯", "Look at its supply and its lamp"),
        new("检查网关或 SIM 卡信号", "Check gateway or SIM signal"),
        new("报修", "Call for repair"),
    ];

    internal long HoldMs(SettingScopes scopes) => (long)(scopes.Value(this, HoldS) * 1000);
}

/// <summary>A device that is connected or sleeps, as far as anybody knows, and says nothing for three of its own periods. One that shut down is not expected; one that promised no period is not supervised (不监督).</summary>
internal sealed class Silent : Rule
{
    private static readonly RuleSetting Periods = new("periods", "", 3, 2, 20, "three missed heartbeats, as the piles' own servers count");
    private static readonly RuleSetting LeastS = new("least_s", "s", 180, 30, 3600, "piles wait up to 2 min before they resend after a network loss");

    private Silent()
    {
    }

    /// <summary>The rule.</summary>
    public static Silent Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "silent";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("设备失联", "Device silent");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new(
        "设备连着或休眠，却有 3 个周期（至少 180 秒）没有消息：P2；没有声明周期的不监督",
        "A device that is connected or asleep says nothing for 3 of its periods, at least 180 s: P2; without a declared period it is not supervised");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [Periods, LeastS];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("失联期间看不到它的过载和火情", "While it is silent we cannot see overload or fire there");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("查看设备供电和指示灯", "Look at its supply and its lamp"),
        new("断电重启设备", "Switch it off and on"),
        new("报修", "Call for repair"),
    ];

    internal SilenceLimits LimitsFor(SettingScopes scopes) => new((float)scopes.Value(this, Periods), (int)(scopes.Value(this, LeastS) * 1000));
}

/// <summary>The settings of <see cref="Silent"/> for one device.</summary>
/// <param name="Periods">Own periods it may miss.</param>
/// <param name="LeastMs">Least silence that counts.</param>
internal readonly record struct SilenceLimits(float Periods, int LeastMs)
{
    public long TimeoutMs(long periodMs) => (long)Math.Max(LeastMs, (double)Periods * periodMs);
}

/// <summary>State of <see cref="Offline"/> or <see cref="Silent"/> for one device.</summary>
internal record struct AbsenceMemory
{
    /// <summary>When the device left, or was last heard.</summary>
    public long SinceMs { get; set; }

    /// <summary>When it came back, while releasing.</summary>
    public long BackMs { get; set; }

    public HoldPhase Phase { get; set; }

    /// <summary><see cref="Verdict.Code"/> as last told.</summary>
    public byte Told { get; set; }

    public readonly Verdict Judge(Priority priority) => Verdict.Normal.Or(priority, new Hold { Phase = Phase, SinceMs = SinceMs });

    /// <summary>One step at an instant.</summary>
    /// <param name="absent">Whether the device is away now.</param>
    /// <param name="sinceMs">Since when.</param>
    /// <param name="due">Whether that is long enough, and nothing above it explains it.</param>
    /// <param name="nowMs">Engine time.</param>
    public void Step(bool absent, long sinceMs, bool due, long nowMs)
    {
        switch (Phase)
        {
            case HoldPhase.Idle:
                if (absent)
                    (Phase, SinceMs) = (due ? HoldPhase.On : HoldPhase.Pending, sinceMs);
                return;
            case HoldPhase.Pending:
                if (!absent)
                    Phase = HoldPhase.Idle;
                else if (due)
                    Phase = HoldPhase.On;
                return;
            case HoldPhase.On:
                if (!absent)
                    (Phase, BackMs) = (HoldPhase.Releasing, nowMs);
                return;
            case HoldPhase.Releasing:
                if (absent)
                    Phase = HoldPhase.On;
                else if (nowMs - BackMs >= AlertTiming.OffDelayMs(Priority.P2))
                    Phase = HoldPhase.Idle;
                return;
        }
    }
}

using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>A device that claims to have a clock and tells times that cannot be, for 10 min: we place its readings by our own. P3.</summary>
internal sealed class ClockOff : Rule
{
    private static readonly RuleSetting HoldMin = new("hold_min", "min", 10, 1, 1440, "our choice: a device that starts sets its clock within minutes");

    private ClockOff()
    {
    }

    /// <summary>The rule.</summary>
    public static ClockOff Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "clock-off";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("设备时钟不准", "Device clock off");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new(
        "设备自称有时钟，却连续 10 分钟报不可信的时间：P3", "A device claims to have a clock and tells times that cannot be, for 10 min: P3");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [HoldMin];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("断网补传的数据会被放错时间", "What it buffers while it is offline will be put at the wrong time");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } = [new("检查设备能否访问对时服务器", "Check whether it reaches its time server"), new("重启后仍不准就换电池或报修", "If a restart does not help, replace its clock battery or call for repair")];

    internal long HoldMs(SettingScopes scopes) => (long)(scopes.Value(this, HoldMin) * 60_000);

    internal static LocalText Explain() => new("它报的时间不可信，现在按收到的时间计", "the times it tells cannot be; its readings count as of when they came");
}

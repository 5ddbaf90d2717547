using System.Globalization;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>The inspection date of a device has passed. P3.</summary>
internal sealed class InspectionOverdue : DateRule
{
    private InspectionOverdue()
    {
    }

    /// <summary>The rule.</summary>
    public static InspectionOverdue Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "inspection-overdue";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("检验到期", "Inspection overdue");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new(
        "登记的检验日期已过：P3", "The registered inspection date has passed: P3");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("出事时没有有效检验", "If something happens there is no valid inspection");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("停止载人，预约检验", "Carry nobody and book the inspection"),
        new("检验后在设置里更新这台设备的检验日期", "Then write its next inspection under settings"),
    ];

    internal override IEnumerable<DueThing> Things(Site site) => site.Devices.Where(device => device.InspectionDue is not null).Select(device => new DueThing(
        device.Place is null ? $"{site.Id}/{device.Id}" : $"{site.Id}/{device.Place}/{device.Id}", device.Name, device.Place, device.Id, device.InspectionDue!.Value, device.Rules));

    internal override LocalText What(DueThing thing, int daysOver) => new(
        string.Create(CultureInfo.InvariantCulture, $"检验日期 {thing.Due:yyyy-MM-dd}，已过 {daysOver} 天"),
        string.Create(CultureInfo.InvariantCulture, $"inspection was due on {thing.Due:yyyy-MM-dd}, {daysOver} {(daysOver == 1 ? "day" : "days")} ago"));
}

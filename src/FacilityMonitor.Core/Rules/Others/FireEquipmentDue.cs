using System.Globalization;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>The check of an extinguisher or hydrant is overdue. P3.</summary>
internal sealed class FireEquipmentDue : DateRule
{
    private FireEquipmentDue()
    {
    }

    /// <summary>The rule.</summary>
    public static FireEquipmentDue Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "fire-equipment-due";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("消防器材到期", "Fire equipment due");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new(
        "灭火器、消火栓的检查日期已过：P3", "The check of an extinguisher or hydrant is overdue: P3");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("起火时可能不能用", "It may not work in a fire");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("检查或更换", "Check or replace it"),
        new("在消防器材页记下下次检查日期", "Then write its next check on the page of fire equipment"),
    ];

    internal override IEnumerable<DueThing> Things(Site site) => site.FireEquipment.Select(equipment => new DueThing(
        equipment.Place is null ? $"{site.Id}/{equipment.Id}" : $"{site.Id}/{equipment.Place}/{equipment.Id}", equipment.Name, equipment.Place, null, equipment.Due, RuleSettings.None));

    internal override LocalText What(DueThing thing, int daysOver) => new(
        string.Create(CultureInfo.InvariantCulture, $"应于 {thing.Due:yyyy-MM-dd} 检查，已过 {daysOver} 天"),
        string.Create(CultureInfo.InvariantCulture, $"its check was due on {thing.Due:yyyy-MM-dd}, {daysOver} {(daysOver == 1 ? "day" : "days")} ago"));
}

using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>Something that is due by a date.</summary>
/// <param name="Asset">Its path, such as <c>site/ext-1</c>.</param>
/// <param name="Name">What people call it.</param>
/// <param name="Place">Id of the place it hangs in; null: somewhere on the site.</param>
/// <param name="Device">Id of the device, where it is one.</param>
/// <param name="Due">The last day on which it is not late.</param>
/// <param name="Rules">Settings of its own.</param>
internal sealed record DueThing(string Asset, LocalText Name, string? Place, string? Device, DateOnly Due, RuleSettings Rules);

/// <summary>A rule that compares dates of the registry with the calendar of Shanghai. It has no state: what it says follows from the registry and the day.</summary>
internal abstract class DateRule : Rule
{
    /// <summary>How urgent it is.</summary>
    internal virtual Priority Priority => Priority.P3;

    /// <summary>What of a site has a date for this rule.</summary>
    internal abstract IEnumerable<DueThing> Things(Site site);

    /// <summary>Days before the date from which it is told; 0: from the day after it.</summary>
    internal virtual int DaysBefore(SettingScopes scopes) => 0;

    /// <summary>What is the matter, in a few words.</summary>
    /// <param name="thing">What is due.</param>
    /// <param name="daysOver">Days since the date; negative while it is still to come.</param>
    internal abstract LocalText What(DueThing thing, int daysOver);
}

using FacilityMonitor.Alerts;

namespace FacilityMonitor.Web;

/// <summary>In which order open alerts are shown: what is about lives, then what nobody has taken, then what somebody has; each the most urgent first, then the oldest.</summary>
internal static class AttentionOrder
{
    public static IReadOnlyList<AlertTransition> Of(IReadOnlyList<AlertTransition> alerts, IReadOnlySet<string> answered) =>
        [.. alerts.OrderBy(alert => alert.Priority != Priority.P0).ThenBy(alert => answered.Contains(alert.AlertId)).ThenBy(alert => alert.Priority).ThenBy(alert => alert.OnsetMs)];
}

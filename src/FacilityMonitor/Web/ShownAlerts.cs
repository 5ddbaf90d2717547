using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.OnCall.Responses;

namespace FacilityMonitor.Web;

/// <summary>Other alerts that stood on a page beside its own, and how urgent each was: a press on all of them is about these, as they were.</summary>
/// <param name="Priorities">How urgent each was, by its name.</param>
internal sealed record ShownAlerts(IReadOnlyDictionary<string, Priority> Priorities)
{
    /// <summary>Most of them: one press acts on these and on the alert of the page.</summary>
    public const int Max = ResponseDesk.AtOnceMax - 1;

    public static ShownAlerts None { get; } = new(new Dictionary<string, Priority>());

    /// <summary>The first of many.</summary>
    public static ShownAlerts Of(IEnumerable<(string Alert, Priority Priority)> alerts, int most = Max) => new(alerts.Take(most).ToDictionary(one => one.Alert, one => one.Priority, StringComparer.Ordinal));

    /// <summary>As the page holds it: no more than a list changes it, so that the buttons beside it are not drawn anew every time.</summary>
    public override string ToString() => string.Join(',', Priorities.Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Key}:{(int)one.Value}")));

    /// <summary>What a page held; null: no page of ours did.</summary>
    public static ShownAlerts? Parse(string? text, int most = Max)
    {
        var shown = new Dictionary<string, Priority>(StringComparer.Ordinal);
        foreach (var one in (text ?? "").Split(','))
        {
            var colon = one.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || shown.Count == most || !int.TryParse(one.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var priority)
                || !Enum.IsDefined((Priority)priority) || !shown.TryAdd(one[..colon], (Priority)priority))
                return null;
        }

        return new ShownAlerts(shown);
    }
}

using FacilityMonitor.Registry;
using FacilityMonitor.Web.Pages;

namespace FacilityMonitor.Web;

/// <summary>What is open for whoever came on duty.</summary>
/// <param name="Path">The page.</param>
/// <param name="Name">Whose it is.</param>
/// <param name="Left">Alerts held by nobody who is still there.</param>
/// <param name="List">What is open.</param>
internal sealed record HandOverView(string Path, LocalText Name, int Left, OpenAlertsView List);

/// <summary>Asks a person whether a message arrived.</summary>
/// <param name="Path">The page.</param>
/// <param name="Name">Whose it is.</param>
/// <param name="Channel">The way it came.</param>
/// <param name="ValidTo">It was answered; the day by which it is asked again. Null: it was not.</param>
internal sealed record ContactView(string Path, LocalText Name, string Channel, DateOnly? ValidTo);

/// <summary>What became of a link or a form.</summary>
/// <param name="Text">The words.</param>
/// <param name="Back">The page to go back to; null: there is none.</param>
/// <param name="Again">The form that was refused, with what was typed into it; null: there is nothing to send again.</param>
internal sealed record SaidView(string Text, string? Back, ActFormView? Again = null)
{
    /// <summary>Whether it is about an alert: then the fire brigade is one tap away, too.</summary>
    public bool HasCall { get; init; } = Back is null;
}

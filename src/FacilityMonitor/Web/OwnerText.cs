using FacilityMonitor.Response;

namespace FacilityMonitor.Web;

/// <summary>Who has an alert, in a few words.</summary>
internal static class OwnerText
{
    public static string Of(AlertResponse state, PersonNames names, string language)
    {
        string Say(string key) => Texts.In(language, key);
        var (comma, open, close) = language == "en" ? (", ", " (", ")") : ("、", "（", "）");
        var takers = string.Join(comma, state.Acknowledgements.Select(one => names.Of(one.Person, language)));
        var wanted = Math.Max(1, state.Required) - state.Acknowledgements.Count;
        var taken = takers.Length == 0 ? Say(state.Stage == ResponseStage.Closed ? "today-nobody" : "owner-nobody") : wanted > 0 && state.Stage != ResponseStage.Closed ? $"✓ {takers}{open}{Say("act-wanted")} {wanted}{close}" : "✓ " + takers;
        // Until the other has taken it, it stays with whoever had it.
        return state.Assignee is { } to && state.Acknowledgements.All(one => one.Person != to) && state.Stage != ResponseStage.Closed
            ? $"{taken} → {names.Of(to, language)}{open}{Say("owner-waiting")}{close}"
            : taken;
    }
}

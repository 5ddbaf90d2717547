using FacilityMonitor.Response;

namespace FacilityMonitor.Web;

/// <summary>What happens to an alert next if nobody does anything.</summary>
/// <param name="Text">In words.</param>
/// <param name="DueMs">When, ms since 1970-01-01 UTC; null: at no time that is known.</param>
internal sealed record NextStep(string Text, long? DueMs)
{
    /// <summary>Reads it off the times that the response itself goes by.</summary>
    public static NextStep Of(AlertResponse state, string language)
    {
        string Say(string key) => Texts.In(language, key);
        return state switch
        {
            { Stage: ResponseStage.Closed } => new(Say("act-stage-closed"), null),
            { ShelvedUntilMs: { } until } => new(Say("next-unshelve"), until),
            { OutOfServiceUntilMs: { } until } => new(Say("next-in-service"), until),
            { SuppressedBy: not null } => new(Say("next-explained"), null),
            { IsCalling: true } => new(Calls(state, language), state.StepDueMs),
            { IsOn: true, Acknowledgements.Count: > 0 } => new(Say("next-expires"), ResponseLife.ExpiryMs(state)),
            { IsOn: false, RecoveredMs: { } recovered } => ResponseTiming.AutoCloseMs(state.HighestPriority) is { } wait ? new(Say("next-closes"), recovered + wait) : new(Say("next-close"), null),
            _ => new("—", null),
        };
    }

    private static string Calls(AlertResponse state, string language)
    {
        if (state.NextStep >= state.Chain.Steps.Count)
            return Texts.In(language, "next-repeat");
        var tiers = state.Chain.At(state.NextStep).Tiers.Select(tier => Texts.In(language, TimelineText.TierKey(tier)));
        return Texts.In(language, "next-calls") + (language == "en" ? " " + string.Join(", ", tiers) : string.Join("、", tiers));
    }
}

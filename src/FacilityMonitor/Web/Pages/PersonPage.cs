using FacilityMonitor.Configuration;
using FacilityMonitor.Edits;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Web.Pages;

/// <summary>A page with the form of a person.</summary>
internal abstract class PersonPage(FacilitySource registry, RegistryDesk desk, ChannelSource channels) : SettingsPage(registry, desk)
{
    /// <summary>Who it is; null: somebody new.</summary>
    public Person? Known { get; protected set; }

    public PersonFields Fields { get; protected set; } = new();

    /// <summary>Channels that lead to people.</summary>
    public IReadOnlyList<ChannelDefinition> Channels => [.. channels.Current.Where(channel => channel.Form.Kind != ChannelKind.Siren)];

    /// <summary>What to write as an address: what is there by its end, else what each channel wants.</summary>
    public string HintOf(int row, string language)
    {
        var contact = Known?.Contacts.ElementAtOrDefault(row);
        return contact is not null && contact.Address.Length > 0 && Fields.Channel(row) == contact.Channel
            ? $"{Texts.In(language, "person-address-now")} {EditDifference.Masked(contact.Address)}{Texts.In(language, "person-address-keep")}"
            : Texts.In(language, "person-address-hint");
    }

    /// <summary>Teams that somebody new can join; who sees some sites has to name one, else he would never see the person again.</summary>
    public IEnumerable<(string Value, string Text)> TeamChoices(string language) =>
        [.. Visitor.Sites.IsAll ? [("", Texts.In(language, "person-no-team"))] : Array.Empty<(string, string)>(), .. Teams.Select(team => (team.Id, $"{team.Name.In(language)} · {Texts.In(language, TimelineText.TierKey(team.Tier))}"))];

    protected Task<EditRefusal?> SaveAsync(string id, string? seen) => WriteAsync(PersonEdit.Of(id, Fields, Facility, Channels, Desk), seen);
}

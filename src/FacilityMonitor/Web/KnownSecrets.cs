using FacilityMonitor.Configuration;
using FacilityMonitor.OnCall.Channels;

namespace FacilityMonitor.Web;

/// <summary>Every secret that the service was given, to be taken out of what others said before it is shown: a database's or provider's answer may repeat the key it was asked with.</summary>
internal sealed class KnownSecrets(ServiceSettings settings, FacilitySource registry, ChannelSource channels)
{
    /// <summary>What stands in its place.</summary>
    public const string Hidden = "•••";

    /// <summary>Shorter ones would be found in any sentence; no channel and no broker takes such a key.</summary>
    private const int LengthMin = 4;

    /// <summary>The same of a part of an address.</summary>
    private const int PartLengthMin = 8;

    /// <summary>A text without any of them.</summary>
    public string Without(string text)
    {
        foreach (var secret in All())
            text = text.Replace(secret, Hidden, StringComparison.OrdinalIgnoreCase);
        return text;
    }

    /// <summary>The longest first: an address holds the token that stands alone elsewhere.</summary>
    internal IEnumerable<string> All() => Given().Where(secret => secret is { Length: >= LengthMin }).Select(secret => secret!).SelectMany(secret => (string[])[secret, Uri.EscapeDataString(secret)])
        .Distinct(StringComparer.Ordinal).OrderByDescending(secret => secret.Length);

    private IEnumerable<string?> Given() =>
    [
        settings.Broker.Password, settings.Broker.AdminPassword, settings.Web.Password, settings.Influx?.Password, settings.Influx?.Token,
        .. Address(settings.OnCall.Heartbeat),
        .. registry.Current.Facility.Contacts.SelectMany(contact => Address(contact.Webhook)),
        .. channels.Current.SelectMany(channel => channel.Secrets.Values.Concat(Address(channel.Url))),
        // Telephone numbers and addresses are no keys, but nobody's business in a file that goes to whoever helps.
        .. registry.Current.Facility.People.Persons.SelectMany(person => person.Contacts.Select(contact => contact.Address)),
    ];

    /// <summary>The address whole, and what of it may be a key; a short path such as "hook" is none, and stands in many a sentence.</summary>
    private static IEnumerable<string?> Address(Uri? address) => address is null ? [] : [address.ToString(), .. new[] { address.PathAndQuery.Trim('/'), address.UserInfo }.Where(part => part.Length >= PartLengthMin)];
}

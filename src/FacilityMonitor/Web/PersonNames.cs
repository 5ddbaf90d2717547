using FacilityMonitor.Configuration;
using FacilityMonitor.Users;

namespace FacilityMonitor.Web;

/// <summary>What somebody who acted is called: as people.yaml does, else as the users do.</summary>
internal sealed class PersonNames(FacilitySource registry, UserDirectory users)
{
    public string Of(string person, string language) => registry.Current.Facility.People.Find(person)?.Name.In(language) ?? users.DisplayName(person)
        ?? (person == Visitor.Manager ? Texts.In(language, "act-manager") : person);

    /// <summary>What a user is called.</summary>
    public string Of(User user, string language) => user.DisplayName.Length > 0 ? user.DisplayName : Of(user.Actor, language);
}

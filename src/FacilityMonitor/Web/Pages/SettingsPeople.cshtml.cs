using FacilityMonitor.Configuration;
using FacilityMonitor.Edits;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;

namespace FacilityMonitor.Web.Pages;

/// <summary>A person on the list.</summary>
/// <param name="Person">Who.</param>
/// <param name="Teams">The teams that call him, as far as the visitor sees them.</param>
/// <param name="MayChange">Whether the visitor may change him.</param>
internal sealed record PersonRow(Person Person, IReadOnlyList<Team> Teams, bool MayChange)
{
    /// <summary>Whether he is with us no more, by the clock of a page.</summary>
    public bool HasLeft { get; init; }

    /// <summary>The ways to him, each number by its end alone.</summary>
    public string Ways(string language) => string.Join(language == "en" ? ", " : "、", Person.Contacts.Select(contact => $"{contact.Channel} {EditDifference.Masked(contact.Address)}".TrimEnd()));
}

/// <summary><c>/settings/people</c>: who can be called, and how.</summary>
[Needs(Right.Registry)]
internal sealed class SettingsPeopleModel(FacilitySource registry, RegistryDesk desk, TimeProvider time) : SettingsPage(registry, desk)
{
    public IReadOnlyList<PersonRow> Rows
    {
        get
        {
            var (people, sites) = (Facility.People, Visitor.Sites);
            return
            [
                .. people.Persons.Where(person => sites.Has(person.Id, people))
                    .Select(person => new PersonRow(person, [.. people.TeamsOf(person.Id).Where(sites.Has)], sites.MayChange(person, people)) { HasLeft = person.HasLeft(DutyRoster.Wall(time.GetUtcNow().ToUnixTimeMilliseconds())) })
                    .OrderBy(row => row.HasLeft),
            ];
        }
    }
}

using FacilityMonitor.Configuration;
using FacilityMonitor.Edits;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Tests.Edits;

/// <summary>Edits of people lie over what the owner wrote, and never in its place.</summary>
public sealed class PeopleEditTests : IDisposable
{
    private const string Written = """
        people:
          - {id: wang, name: 王, reach: [{channel: sms, address: "13800138000"}]}
          - {id: li, name: 李}
        teams:
          - id: gate
            name: 门岗
            tier: guard
            shifts: [{from: "08:00", to: "20:00", people: [wang]}]
            overrides: [{from: 2026-12-01, to: 2026-12-02, person: li}]
        """;

    private readonly TemporaryFolder _folder = new();

    public PeopleEditTests()
    {
        Write("facility.yaml", "sites: [{id: a, name: A}]");
        Write("people.yaml", Written);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_shift_and_a_stand_in_of_an_edit_come_beside_those_that_were_written()
    {
        Write("people.d/shift_gate_1.yaml", "teams: [{id: gate, shifts: [{id: s1, from: \"20:00\", to: \"08:00\", people: [li]}]}]");
        Write("people.d/stand-in_gate_2.yaml", "teams: [{id: gate, overrides: [{id: o1, from: 2026-12-05, to: 2026-12-06, person: wang}]}]");

        var team = Assert.Single(Load().People.Teams);

        Assert.Equal([["wang"], ["li"]], team.Shifts.Select(shift => shift.Persons));
        Assert.Equal(["li", "wang"], team.Overrides.Select(one => one.Person));
    }

    [Fact]
    public void Another_number_takes_the_place_of_the_one_before_and_nothing_else()
    {
        Write("people.d/person_wang.yaml", "people: [{id: wang, reach: [{channel: voice, address: \"13900139000\"}]}]");

        var people = Load().People;

        Assert.Equal(["wang", "li"], people.Persons.Select(person => person.Id));
        Assert.Equal(("王", "voice", "13900139000"), (people.Persons[0].Name.Zh, people.Persons[0].Contacts.Single().Channel, people.Persons[0].Contacts.Single().Address));
    }

    [Fact]
    public void People_can_be_added_where_no_people_are_written()
    {
        File.Delete(Path.Combine(_folder.Path, "people.yaml"));
        Write("people.d/person_zhao.yaml", "people: [{id: zhao, name: 赵}]");

        Assert.Equal("zhao", Assert.Single(Load().People.Persons).Id);
    }

    [Fact]
    public void An_edit_of_somebody_who_is_gone_is_an_error_that_names_the_file()
    {
        Write("people.d/shift_gate_1.yaml", "teams: [{id: gate, shifts: [{id: s1, from: \"20:00\", to: \"08:00\", people: [nobody]}]}]");

        var error = Assert.Single(FacilityLoader.Load(_folder.Path).Errors, error => !error.IsWarning);

        Assert.Equal(("people.d/shift_gate_1.yaml", "team gate › shift s1 › people"), (error.File, error.Key));
    }

    [Theory]
    [InlineData("facility.d/device_huaihai_shed-02.yaml", "device")]
    [InlineData("people.d/stand-in_gate_1f.yaml", "stand-in")]
    [InlineData("people.d/person_wang.yaml", "person")]
    public void The_name_of_a_file_says_what_was_edited(string file, string kind)
    {
        var name = EditName.Of(file);

        Assert.Equal((kind, file), (Words.Of(name!.Kind), name.File));
    }

    [Theory]
    [InlineData("facility.yaml")]
    [InlineData("people.yaml")]
    [InlineData("facility.d/mine.yaml")]
    [InlineData("facility.d/person_wang.yaml")]
    [InlineData("people.d/device_a_b.yaml")]
    [InlineData("facility.d/../facility.d/device_a_b.yaml")]
    [InlineData("../people.d/person_wang.yaml")]
    [InlineData("facility.d/device_a_B.yaml")]
    [InlineData("facility.d/device_.yaml")]
    [InlineData("")]
    public void No_other_file_is_taken_for_an_edit_of_the_page(string file) => Assert.Null(EditName.Of(file));

    [Theory]
    [InlineData("13912345678", "…5678")]
    [InlineData("1234", "…")]
    [InlineData("", "")]
    [InlineData("env:WANG", "env:WANG")]
    public void Of_an_address_the_last_characters_are_told_and_of_a_short_one_none(string address, string shown) => Assert.Equal(shown, EditDifference.Masked(address));

    private Facility Load()
    {
        var loaded = FacilityLoader.Load(_folder.Path);
        Assert.DoesNotContain(loaded.Errors, error => !error.IsWarning);
        return loaded.Facility!;
    }

    private void Write(string name, string text)
    {
        var path = Path.Combine(_folder.Path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}

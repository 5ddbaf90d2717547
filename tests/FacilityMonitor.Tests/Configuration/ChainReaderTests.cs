using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;

namespace FacilityMonitor.Tests.Configuration;

/// <summary>Who hears of an alert and when, as it is written in people.yaml.</summary>
public sealed class ChainReaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_site_has_its_own_chain_all_others_the_common_one_and_without_either_the_usual()
    {
        var people = Load("""
            chains:
              - priority: P0
                sites: [a]
                steps: [{after-s: 0, tiers: [guard], siren: true}, {after-s: 45, tiers: [guard, sub-district]}]
                repeat-s: 60
              - {priority: P0, steps: [{after-s: 0, tiers: [guard], loudness: sms}]}
            """);

        var own = people.ChainOf(Priority.P0, "a");
        Assert.Equal([0, 45], own.Steps.Select(step => step.AfterS));
        Assert.Equal(60, own.RepeatS);
        Assert.Equal((true, Loudness.Voice, 2), (own.Steps[0].Siren, own.Steps[1].Loudness, own.Steps[1].Tiers.Count));
        Assert.Equal((Loudness.Sms, 180), (people.ChainOf(Priority.P0, "b").Steps[0].Loudness, people.ChainOf(Priority.P0, null).RepeatS));
        Assert.Same(EscalationChain.Of(Priority.P1), people.ChainOf(Priority.P1, "a"));
    }

    [Theory]
    [InlineData("{priority: P9, steps: [{after-s: 0, tiers: [guard]}]}", "'P9' is none of the choices")]
    [InlineData("{steps: [{after-s: 0, tiers: [guard]}]}", "'priority' is missing; add a line such as priority: P0")]
    [InlineData("{priority: P0}", "'steps' is missing")]
    [InlineData("{priority: P0, steps: []}", "'steps' is missing")]
    [InlineData("{priority: P0, steps: [{after-s: 5, tiers: [guard]}]}", "the first step of P0 has after-s 5; life safety does not wait, write 0")]
    [InlineData("{priority: P1, steps: [{after-s: 0, tiers: [guard]}, {after-s: 0, tiers: [guard]}]}", "after-s 0 of step 2 is not later than 0")]
    [InlineData("{priority: P1, steps: [{after-s: -1, tiers: [guard]}]}", "-1 is out of range; write 0…604800")]
    [InlineData("{priority: P1, steps: [{after-s: 604801, tiers: [guard]}]}", "604801 is out of range")]
    [InlineData("{priority: P1, steps: [{after-s: 0, tiers: [gard]}]}", "there is no tier 'gard'; did you mean 'guard'?")]
    [InlineData("{priority: P1, steps: [{after-s: 0}]}", "'tiers' is missing")]
    [InlineData("{priority: P1, steps: [{tiers: [guard]}]}", "'after-s' is missing")]
    [InlineData("{priority: P1, steps: [{after-s: 0, tiers: [guard], loudness: shout}]}", "'shout' is none of the choices; write one of: message, sms, voice")]
    [InlineData("{priority: P1, repeat-s: 29, steps: [{after-s: 0, tiers: [guard]}]}", "29 is out of range; write 30…2592000")]
    [InlineData("{priority: P1, sites: [x], steps: [{after-s: 0, tiers: [guard]}]}", "'x'")]
    [InlineData("{priority: P1, delay: 3, steps: [{after-s: 0, tiers: [guard]}]}", "unknown key 'delay'")]
    public void A_wrong_chain_is_refused_by_key_value_and_fix(string chain, string expected)
    {
        var errors = Errors($"chains: [{chain}]");
        Assert.Contains(expected, Assert.Single(errors, error => !error.IsWarning).Text.En, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_chains_for_the_same_site_and_priority_are_refused()
    {
        var errors = Errors("chains: [{priority: P1, sites: [a, b], steps: [{after-s: 0, tiers: [guard]}]}, {priority: P1, sites: [b], steps: [{after-s: 0, tiers: [guard]}]}]");
        Assert.Contains("b has a chain for P1 already", Assert.Single(errors).Text.En, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_many_steps_are_refused_and_as_many_as_allowed_are_not()
    {
        Assert.Empty(Errors(Steps(EscalationChain.StepsMax)));
        Assert.Contains("the limit is 12", Assert.Single(Errors(Steps(EscalationChain.StepsMax + 1))).Text.En, StringComparison.Ordinal);

        static string Steps(int count) => $"chains: [{{priority: P1, steps: [{string.Join(", ", Enumerable.Range(0, count).Select(number => $"{{after-s: {number}, tiers: [guard]}}"))}]}}]";
    }

    [Fact]
    public void A_step_that_could_call_nobody_is_a_warning_that_names_site_and_tier()
    {
        var error = Assert.Single(Errors("chains: [{priority: P1, sites: [b], steps: [{after-s: 0, tiers: [guard, grid-officer]}]}]"));
        Assert.True(error.IsWarning);
        Assert.Contains("b has no team of tier grid-officer", error.Text.En, StringComparison.Ordinal);
    }

    [Fact]
    public void The_demo_has_somebody_on_duty_at_every_hour_and_no_chain_that_finds_nobody()
    {
        var loaded = FacilityLoader.Load(Path.Combine(Conventions.SourceTree.Root, "src/FacilityMonitor/demo"));
        Assert.Empty(loaded.Errors);
        var facility = loaded.Facility!;
        var board = new DutyBoard(new DutyRoster(facility.People), channel => channel == "console" ? Loudness.Message : null, _ => []);
        foreach (var site in facility.Sites)
        {
            foreach (var priority in Enum.GetValues<Priority>())
                Assert.Empty(board.Nobody(facility.People.ChainOf(priority, site.Id), site.Id, priority, new DateTime(2026, 11, 21), new DateTime(2026, 12, 21)));
        }
    }

    private People Load(string people)
    {
        var loaded = Read(people);
        Assert.DoesNotContain(loaded.Errors, error => !error.IsWarning);
        return loaded.Facility!.People;
    }

    private IReadOnlyList<ConfigurationError> Errors(string people) => Read(people).Errors;

    private LoadResult Read(string chains)
    {
        File.WriteAllText(Path.Combine(_folder.Path, "facility.yaml"), "sites: [{id: a, name: A}, {id: b, name: B}]\n");
        File.WriteAllText(Path.Combine(_folder.Path, "people.yaml"), """
            people: [{id: wang, name: Wang, reach: [{channel: sms, address: x}]}]
            teams:
              - {id: gate, name: Gate, tier: guard, shifts: [{from: "00:00", to: "24:00", people: [wang]}]}
              - {id: office, name: Office, tier: sub-district, sites: [a], shifts: [{from: "00:00", to: "24:00", people: [wang]}]}

            """ + chains + "\n");
        return FacilityLoader.Load(_folder.Path);
    }
}

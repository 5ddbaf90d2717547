using System.Net;
using System.Text.RegularExpressions;
using FacilityMonitor.Tests.OnCall.Channels;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>A shed burns, and people are called through real servers, by a real process with a real clock; the steps are seconds apart by configuration.</summary>
public sealed class EscalationTests
{
    private const string People = """
        people:
          - {id: guard, name: Guard, reach: [{channel: hook, address: guard}]}
          - {id: manager, name: Manager, reach: [{channel: hook, address: manager}]}
          - {id: committee, name: Committee, reach: [{channel: mail, address: committee@example.org}]}
        teams:
          - {id: gate, name: Gate, tier: guard, shifts: [{from: "00:00", to: "24:00", people: [guard]}]}
          - {id: property, name: Property, tier: property-manager, shifts: [{from: "00:00", to: "24:00", people: [manager]}]}
          - {id: duty, name: Duty, tier: committee-duty, shifts: [{from: "00:00", to: "24:00", people: [committee]}]}
        chains:
          - priority: P0
            steps: [{after-s: 0, tiers: [guard]}, {after-s: 3, tiers: [property-manager]}, {after-s: 6, tiers: [committee-duty]}]
            repeat-s: 600
        """;

    private const int KillsMin = 6;
    private const int KillsMax = 40;

    [RealServerFact("mosquitto", MailServer.Library)]
    public async Task A_fire_that_nobody_answers_goes_up_the_chain_until_two_have_pressed_whatever_is_killed()
    {
        await using var place = await OnCallNeighbourhood.StartAsync(People);
        await place.SmokeAsync(true);
        await place.UntilAsync(() => place.Posts.Any(post => post.To == "guard"), "the guard being told");

        // Nobody answers, and the power of the server is cut: the chain goes on where it was.
        await place.Service.Process.KillAsync();
        place.Service.Process.Start();
        await place.Service.ReadyAsync();
        await place.UntilAsync(() => place.Posts.Any(post => post.To == "manager"), "the manager being told");
        Assert.Contains("Nobody has answered yet", place.Posts.First(post => post.To == "manager").Text, StringComparison.Ordinal);
        await place.UntilAsync(() => place.Mails.Count > 0, "the committee being told");

        // One press is not enough for a fire, and two presses of one person are one.
        var guard = place.Posts.First(post => post.To == "guard").Link!;
        for (var press = 0; press < 2; press++)
            Assert.Equal(HttpStatusCode.SeeOther, (await place.PressAsync(guard, "acknowledge")).StatusCode);
        Assert.Equal(1, place.Count("select count(*) from response where rule = 'smoke' and calling = 1 and answered = 0"));
        var mail = Regex.Match(place.Mails[0].Text, Regex.Escape(OnCallNeighbourhood.PublicUrl) + "/a/[A-Za-z0-9_-]+").Value;
        Assert.Contains("我来处理", await place.OpenAsync(mail), StringComparison.Ordinal);
        Assert.Equal(1, place.Count("select count(*) from response where rule = 'smoke' and calling = 1 and answered = 0"));
        Assert.Equal(HttpStatusCode.SeeOther, (await place.PressAsync(mail, "acknowledge")).StatusCode);
        Assert.Equal(1, place.Count("select count(*) from response where rule = 'smoke' and calling = 0 and answered = 1 and stage = 1"));

        // Nothing more is due but the question whether anything was heard, ten minutes later: nobody is called again.
        Assert.Equal(1, place.Count("select count(*) from response where rule = 'smoke' and due_ms > changed_ms + 590000"));
        Assert.Equal(["guard", "manager"], place.Posts.Select(post => post.Key).Distinct().Select(key => key[(key.LastIndexOf('-') + 1)..]).Order());
        // A kill repeats at most what was on its way, under the same key; so does a webhook that this machine let answer too late, and that is in the book.
        var unanswered = place.Count("select count(*) from notice_attempt where channel = 'hook' and ended_ms is not null and outcome <> 'accepted'");
        Assert.InRange(place.Posts.Count, 2, 3 + unanswered);
        Assert.Equal(0, place.Count("select count(*) from notice where state not in (1, 2)"));
    }

    /// <summary>The power is cut again and again while a chain of four steps runs, at moments that nobody chose: in a commit, between two, while a message is on its way.</summary>
    [Trait("length", "long")]
    [RealServerFact("mosquitto", MailServer.Library)]
    public async Task Killed_again_and_again_the_chain_calls_everybody_in_its_order_and_nobody_more_than_once_a_kill()
    {
        string[] called = ["guard", "fire", "manager", "grid"];
        var persons = string.Join('\n', called.Select(id => $"  - {{id: {id}, name: {id}, reach: [{{channel: hook, address: {id}}}]}}"));
        string[] tiers = ["guard", "micro-fire-station", "property-manager", "grid-officer"];
        var teams = string.Join('\n', called.Zip(tiers).Select(one => $$"""  - {id: {{one.First}}, name: {{one.First}}, tier: {{one.Second}}, shifts: [{from: "00:00", to: "24:00", people: [{{one.First}}]}]}"""));
        var steps = string.Join(", ", tiers.Select((tier, number) => $"{{after-s: {number * 8}, tiers: [{tier}]}}"));
        await using var place = await OnCallNeighbourhood.StartAsync($"people:\n{persons}\nteams:\n{teams}\nchains: [{{priority: P0, steps: [{steps}], repeat-s: 600}}]\n");
        await place.SmokeAsync(true);
        await place.UntilAsync(() => place.Posts.Count > 0, "the guard being told");
        var dice = new Random(20261121);
        var kills = 0;
        // Also when all have been called: nobody is called again for that.
        while ((place.Posts.Select(post => post.To).Distinct().Count() < called.Length || kills < KillsMin) && kills < KillsMax)
        {
            await Task.Delay(dice.Next(20, 900));
            await place.Service.Process.KillAsync();
            kills++;
            place.Service.Process.Start();
            await place.Service.ReadyAsync();
        }

        await place.UntilAsync(() => place.Count("select count(*) from notice where state = 1") == called.Length, "everybody being told");
        Assert.InRange(kills, KillsMin, KillsMax - 1);
        Assert.Equal(called, place.Posts.Select(post => post.To).Distinct());
        // One message a person; each kill repeats at most the one that was on its way, under the same key.
        Assert.Equal(called.Length, place.Posts.Select(post => post.Key).Distinct().Count());
        Assert.InRange(place.Posts.Count, called.Length, called.Length + kills);
        Assert.Equal(0, place.Count("select count(*) from notice where state <> 1"));
        Assert.Equal(called.Length, place.Count("select count(*) from response_event where body like '%\"what\":\"step-fired\"%'"));
        using var reader = FacilityMonitor.Journal.Database.OpenReader(place.Service.Data);
        Assert.True(FacilityMonitor.OnCall.Responses.ResponseBooks.Count(reader, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()).Balance, "the books do not balance");
    }

    /// <summary>The end of a fire is told to exactly those who were told of it. It counts as over after a minute without smoke: that is why this one is long.</summary>
    [Trait("length", "long")]
    [RealServerFact("mosquitto", MailServer.Library)]
    public async Task An_answer_in_time_spares_the_next_step_and_who_was_not_told_of_the_fire_hears_nothing_of_its_end()
    {
        await using var place = await OnCallNeighbourhood.StartAsync(People.Replace("after-s: 3,", "after-s: 60,", StringComparison.Ordinal).Replace("after-s: 6,", "after-s: 120,", StringComparison.Ordinal)
            .Replace("steps: [{after-s: 0, tiers: [guard]}", "steps: [{after-s: 0, tiers: [guard, committee-duty]}", StringComparison.Ordinal));
        await place.SmokeAsync(true);
        await place.UntilAsync(() => place.Posts.Count == 1 && place.Mails.Count == 1, "guard and committee being told");
        await place.PressAsync(place.Posts[0].Link!, "arrive");
        await place.PressAsync(Regex.Match(place.Mails[0].Text, Regex.Escape(OnCallNeighbourhood.PublicUrl) + "/a/[A-Za-z0-9_-]+").Value, "acknowledge");
        // A detector that says nothing more proves nothing: it goes on saying that there is no smoke.
        await place.Service.Process.UntilAsync(
            async () =>
            {
                await place.SmokeAsync(false);
                return place.Posts.Count == 2 && place.Mails.Count == 2;
            },
            "both being told of the end");
        Assert.DoesNotContain(place.Posts, post => post.To == "manager");
        Assert.Equal(0, place.Count("select count(*) from notice where person = 'manager'"));
        Assert.Equal(3, place.Count("select stage from response where rule = 'smoke'"));
    }
}

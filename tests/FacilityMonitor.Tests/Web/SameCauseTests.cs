using System.Net;
using FacilityMonitor.Alerts;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Tests.Journal;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Web;

/// <summary>In a storm one alert is open in one's hand and twelve others have the same cause: a line says so, and one press takes them.</summary>
public sealed class SameCauseTests(AlertPagesFixture fixture) : IClassFixture<AlertPagesFixture>, IAsyncLifetime
{
    private const string Cause = "00000000000000ff";
    private const string Told = "00000000000000a1";
    private const string Untold = "00000000000000a2";
    private const string Elsewhere = "00000000000000b1";
    private const string Alone = "00000000000000c1";

    public async Task InitializeAsync()
    {
        await fixture.ClearAsync();
        await fixture.RaiseAsync(
            fixture.Step(Cause, Priority.P1, asset: "garage", rule: "the-cause"), fixture.Step(Told, Priority.P1, asset: "garage/pile-u1", rule: "the-consequence"), fixture.Step(Untold, Priority.P3, asset: "garage/pile-u2", rule: "the-consequence"),
            fixture.Step(Elsewhere, Priority.P1, site: "huaihai", asset: "shed-1", rule: "the-cause"), fixture.Step(Alone, Priority.P1, asset: "ground", rule: "other"));
        await fixture.Page.UntilAsync(() => fixture.State(Told).People.ContainsKey("guard-a") && fixture.State(Cause).People.ContainsKey("guard-a"), "the first calls");
        Assert.DoesNotContain("guard-a", fixture.State(Untold).People.Keys);
        await fixture.ExplainAsync(Cause, Told, Untold);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task By_a_link_one_press_takes_what_that_person_was_told_of_and_nothing_else()
    {
        var link = Link(Cause, "guard-a");
        var html = await fixture.Page.Client.GetStringAsync(link);
        Assert.Contains("还有同因告警，条数： 1</p>", html, StringComparison.Ordinal);
        Assert.Contains("一并接下 (2)", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
        // Each has a link of its own, for the same person.
        var other = System.Text.RegularExpressions.Regex.Match(html, "<a href=\"/a/(?<token>[^\"]+)\">P1 ").Groups["token"].Value;
        Assert.Equal(new ActPass(Told, "guard-a"), fixture.Page.Services.GetRequiredService<ActLinks>().Read(other, fixture.Page.NowMs));

        Assert.Equal(HttpStatusCode.SeeOther, (await PressAsync(link, ("at", AtOn(html)))).StatusCode);

        Assert.Equal([("guard-a", "link"), ("guard-a", "link")], ((string[])[Cause, Told]).Select(alert => fixture.State(alert).Acknowledgements.Single()).Select(one => (one.Person, one.Via)));
        Assert.All((string[])[Untold, Elsewhere, Alone], alert => Assert.Empty(fixture.State(alert).Acknowledgements));
        Assert.DoesNotContain("data-testid=\"same\"", await fixture.Page.Client.GetStringAsync(link), StringComparison.Ordinal);
        var facts = fixture.Count("select count(*) from response_event where body like '%acknowledged%'");
        Assert.Equal(HttpStatusCode.SeeOther, (await PressAsync(link, ("at", AtOn(html)))).StatusCode);
        Assert.Equal(facts, fixture.Count("select count(*) from response_event where body like '%acknowledged%'"));
        // Another person's link says nothing of what that person was not told of.
        Assert.DoesNotContain("data-testid=\"same\"", await fixture.Page.Client.GetStringAsync(Link(Cause, "stair-a")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(-1, false)]
    public async Task What_came_after_the_page_was_written_is_not_taken_unseen(int ms, bool isTaken)
    {
        var at = fixture.State(Told).RaisedMs + ms;

        await PressAsync(Link(Cause, "guard-a"), ("at", at.ToString(System.Globalization.CultureInfo.InvariantCulture)));

        Assert.Single(fixture.State(Cause).Acknowledgements);
        Assert.Equal(isTaken, fixture.State(Told).Acknowledgements.Count == 1);
    }

    [Fact]
    public async Task A_press_that_is_not_understood_or_not_taken_by_the_disk_takes_none_and_can_be_repeated()
    {
        var link = Link(Cause, "guard-a");
        Assert.Equal(HttpStatusCode.BadRequest, (await PressAsync(link, ("at", "x"))).StatusCode);
        var html = await fixture.Page.Client.GetStringAsync(link);
        HttpResponseMessage refused;
        using (await RefusingDisk.BeginAsync(fixture.Page.Database))
            refused = await PressAsync(link, ("at", AtOn(html)));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Empty(fixture.State(Cause).Acknowledgements);
        var again = Assert.Single(FormOnPage.Of(await refused.Content.ReadAsStringAsync()));
        Assert.Equal((link + "/take-all", AtOn(html)), (again.Action, again["at"]));
        await PressAsync(link, ("at", again["at"]!));
        Assert.Single(fixture.State(Told).Acknowledgements);
    }

    [Fact]
    public async Task Whoever_is_signed_in_takes_all_that_he_sees_of_the_cause_with_a_line_in_the_audit_for_each()
    {
        var html = await fixture.Property.TextAsync("/alert/" + Told);
        Assert.Contains("还有同因告警，条数： 2</p>", html, StringComparison.Ordinal);
        var audited = fixture.Count("select max(number) from audit");

        Assert.Equal(HttpStatusCode.SeeOther, (await fixture.Property.PostAsync($"/alert/{Told}/take-all", html, ("at", AtOn(html)))).StatusCode);

        foreach (var alert in (string[])[Cause, Told, Untold])
        {
            Assert.Equal("manager-a", Assert.Single(fixture.State(alert).Acknowledgements).Person);
            Assert.Equal(1, fixture.Count($"select count(*) from audit where number > {audited} and who = 'wang' and site = 'jiugeng' and subject = '/alert/{alert}/acknowledge'"));
        }

        Assert.Equal(3, fixture.Count($"select count(*) from audit where number > {audited}"));
        Assert.All((string[])[Elsewhere, Alone], alert => Assert.Empty(fixture.State(alert).Acknowledgements));
        // Who may only look is not asked.
        Assert.DoesNotContain("data-testid=\"same\"", await fixture.Auditor.TextAsync("/alert/" + Cause), StringComparison.Ordinal);
    }

    private static string AtOn(string html) => System.Text.RegularExpressions.Regex.Match(html, "name=\"at\" form=\"act\" value=\"(?<at>\\d+)\"").Groups["at"].Value;

    private Uri Link(string alert, string person) => new("/a/" + fixture.Page.Services.GetRequiredService<ActLinks>().Token(alert, person, fixture.Page.NowMs), UriKind.Relative);

    private async Task<HttpResponseMessage> PressAsync(Uri link, params (string Name, string Value)[] fields)
    {
        using var body = new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        return await fixture.Page.Client.PostAsync(new Uri(link + "/take-all", UriKind.Relative), body);
    }
}

using System.Net;
using System.Text.RegularExpressions;
using FacilityMonitor.Alerts;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Response;
using FacilityMonitor.Tests.Journal;
using FacilityMonitor.Web;
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
        var other = Regex.Match(html, "<a href=\"/a/(?<token>[^\"]+)\">P1 ").Groups["token"].Value;
        Assert.Equal((Told, "guard-a"), fixture.Page.Services.GetRequiredService<ActLinks>().Read(other, fixture.Page.NowMs) is { } pass ? (pass.Alert, pass.Person) : default);

        Assert.Equal(HttpStatusCode.SeeOther, (await PressAsync(link, ("shown", ShownOn(html)))).StatusCode);

        Assert.Equal([("guard-a", "link"), ("guard-a", "link")], ((string[])[Cause, Told]).Select(alert => fixture.State(alert).Acknowledgements.Single()).Select(one => (one.Person, one.Via)));
        Assert.All((string[])[Untold, Elsewhere, Alone], alert => Assert.Empty(fixture.State(alert).Acknowledgements));
        Assert.DoesNotContain("data-testid=\"same\"", await fixture.Page.Client.GetStringAsync(link), StringComparison.Ordinal);
        var facts = fixture.Count("select count(*) from response_event where body like '%acknowledged%'");
        Assert.Equal(HttpStatusCode.SeeOther, (await PressAsync(link, ("shown", ShownOn(html)))).StatusCode);
        Assert.Equal(facts, fixture.Count("select count(*) from response_event where body like '%acknowledged%'"));
        // Another person's link says nothing of what that person was not told of.
        Assert.DoesNotContain("data-testid=\"same\"", await fixture.Page.Client.GetStringAsync(Link(Cause, "stair-a")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_somebody_else_closed_meanwhile_leaves_the_others_to_be_taken_and_says_so()
    {
        var link = Link(Cause, "guard-a");
        var html = await fixture.Page.Client.GetStringAsync(link);
        await fixture.DoesAsync("manager-a", Cause, new ResponseCommand.Close(CauseCode.FalseAlarm, "", [], "没有手机"));

        var pressed = await PressAsync(link, ("shown", ShownOn(html)));

        Assert.Equal((HttpStatusCode.SeeOther, link + "?taken=1&left=1"), (pressed.StatusCode, pressed.Headers.Location!.OriginalString));
        Assert.Equal("guard-a", Assert.Single(fixture.State(Told).Acknowledgements).Person);
        Assert.Empty(fixture.State(Cause).Acknowledgements);
        Assert.Matches("data-testid=\"took-some\">刚才接下的条数： 1 · 没有接下，因为情况已变，请看清再接： 1</p>", await fixture.Page.Client.GetStringAsync(pressed.Headers.Location));
        Assert.DoesNotMatch("[\u4e00-\u9fff]", Regex.Match(await fixture.Page.Client.GetStringAsync(new Uri(pressed.Headers.Location + "&lang=en", UriKind.Relative)), "<p[^>]*data-testid=\"took-some\".*?</p>").Value);
    }

    [Fact]
    public async Task What_grew_more_urgent_after_the_page_was_written_is_not_taken_unseen()
    {
        var link = Link(Cause, "guard-a");
        var html = await fixture.Page.Client.GetStringAsync(link);
        await fixture.RaiseAsync(fixture.Step(Told, Priority.P0, asset: "garage/pile-u1", rule: "the-consequence", number: 1));
        Assert.Equal(Priority.P0, fixture.State(Told).Priority);

        var pressed = await PressAsync(link, ("shown", ShownOn(html)));

        Assert.EndsWith("?taken=1&left=1", pressed.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.Single(fixture.State(Cause).Acknowledgements);
        Assert.Empty(fixture.State(Told).Acknowledgements);
    }

    [Fact]
    public async Task What_rang_again_after_the_page_was_written_is_not_taken_unseen_though_it_is_older_than_the_page()
    {
        await fixture.DoesAsync("manager-a", Told, new ResponseCommand.Close(CauseCode.FalseAlarm, "", [], "没有手机"));
        var html = await fixture.Property.TextAsync("/alert/" + Cause);
        Assert.Contains("还有同因告警，条数： 1</p>", html, StringComparison.Ordinal);
        await fixture.RaiseAsync(fixture.Step(Told, Priority.P1, asset: "garage/pile-u1", rule: "the-consequence", condition: Condition.Cleared, number: 1));
        await fixture.RaiseAsync(fixture.Step(Told, Priority.P1, asset: "garage/pile-u1", rule: "the-consequence", number: 2));
        Assert.Equal(ResponseStage.Open, fixture.State(Told).Stage);

        var pressed = await fixture.Property.PostAsync($"/alert/{Cause}/take-all", html, ("shown", ShownOn(html)));

        // Nothing that stood there was left, so nothing is said.
        Assert.Equal("/alert/" + Cause, pressed.Headers.Location!.OriginalString);
        Assert.Empty(fixture.State(Told).Acknowledgements);
        Assert.All((string[])[Cause, Untold], alert => Assert.Single(fixture.State(alert).Acknowledgements));
    }

    [Fact]
    public async Task A_form_that_names_what_its_sender_was_not_told_of_or_what_is_elsewhere_takes_none_of_it()
    {
        Assert.EndsWith("?taken=1&left=2", (await PressAsync(Link(Cause, "guard-a"), ("shown", $"{Untold}:3,{Elsewhere}:1"))).Headers.Location!.OriginalString, StringComparison.Ordinal);
        var html = await fixture.Manager.TextAsync("/alert/" + Cause);
        Assert.EndsWith("?taken=1&left=1", (await fixture.Manager.PostAsync($"/alert/{Cause}/take-all", html, ("shown", Elsewhere + ":1"))).Headers.Location!.OriginalString, StringComparison.Ordinal);

        Assert.All((string[])[Untold, Elsewhere], alert => Assert.Empty(fixture.State(alert).Acknowledgements));
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData(":1")]
    [InlineData(Told + ":4")]
    [InlineData(Told + ":-1")]
    [InlineData(Told + ":1," + Told + ":1")]
    public async Task What_no_page_of_ours_holds_takes_nothing(string shown)
    {
        Assert.Equal(HttpStatusCode.BadRequest, (await PressAsync(Link(Cause, "guard-a"), ("shown", shown))).StatusCode);

        Assert.Empty(fixture.State(Cause).Acknowledgements);
    }

    [Theory]
    [InlineData(0, HttpStatusCode.SeeOther)]
    [InlineData(1, HttpStatusCode.BadRequest)]
    public async Task One_press_is_of_no_more_alerts_than_one_press_acts_on(int more, HttpStatusCode answer)
    {
        var shown = string.Join(',', Enumerable.Range(0, ShownAlerts.Max + more).Select(number => $"{number:x16}:1"));

        Assert.Equal(answer, (await PressAsync(Link(Cause, "guard-a"), ("shown", shown))).StatusCode);
    }

    [Fact]
    public async Task A_form_that_is_longer_than_any_of_ours_is_not_read_to_its_end()
    {
        var answer = await PressAsync(Link(Cause, "guard-a"), ("shown", new string('x', ActForm.FieldsBytesMax)));
        Assert.Contains(answer.StatusCode, (HttpStatusCode[])[HttpStatusCode.BadRequest, HttpStatusCode.RequestEntityTooLarge]);
        Assert.Contains("看不懂这个请求", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(fixture.State(Cause).Acknowledgements);
    }

    /// <summary>A part that is put in anew under a finger loses the press: only what has changed is.</summary>
    [Fact]
    public async Task As_long_as_nothing_changes_only_the_clock_is_drawn_anew()
    {
        foreach (var (user, path) in ((UserUnderTest, string)[])[(fixture.Property, "/alert/" + Cause), (fixture.Property, "/alert/" + Untold), (fixture.Guard, "/alert/" + Cause)])
        {
            var (before, after, facts) = (await PartsAsync(), await PartsAsync(), -1L);
            // Until nobody is called any more in between.
            for (var looks = 0; looks < 100 && facts != fixture.Count("select count(*) from response_event"); looks++)
            {
                (facts, before) = (fixture.Count("select count(*) from response_event"), await PartsAsync());
                fixture.Page.Time.Sleep(TimeSpan.FromSeconds(3));
                after = await PartsAsync();
            }

            Assert.Equal(["title", "duty-line", "exercise", "since", "what", "facts", "as-of", "buttons", "timeline"], before.Keys);
            Assert.Equal(["since", "as-of"], after.Where(part => before[part.Key] != part.Value).Select(part => part.Key));
            Assert.Contains("do-take-all", before["buttons"], StringComparison.Ordinal);
            Assert.DoesNotContain("<button", before["since"] + before["as-of"], StringComparison.Ordinal);

            async Task<Dictionary<string, string>> PartsAsync() => PartsOf(await user.TextAsync(path));
        }
    }

    [Fact]
    public async Task A_press_that_is_not_understood_or_not_taken_by_the_disk_takes_none_and_can_be_repeated()
    {
        var link = Link(Cause, "guard-a");
        Assert.Equal(HttpStatusCode.BadRequest, (await PressAsync(link, ("shown", "x"))).StatusCode);
        var html = await fixture.Page.Client.GetStringAsync(link);
        HttpResponseMessage refused;
        using (await RefusingDisk.BeginAsync(fixture.Page.Database))
            refused = await PressAsync(link, ("shown", ShownOn(html)));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Empty(fixture.State(Cause).Acknowledgements);
        var again = Assert.Single(FormOnPage.Of(await refused.Content.ReadAsStringAsync()));
        Assert.Equal((link + "/take-all", ShownOn(html)), (again.Action, again["shown"]));
        await PressAsync(link, ("shown", again["shown"]!));
        Assert.Single(fixture.State(Told).Acknowledgements);
    }

    [Fact]
    public async Task Whoever_is_signed_in_takes_all_that_he_sees_of_the_cause_with_a_line_in_the_audit_for_each()
    {
        var html = await fixture.Property.TextAsync("/alert/" + Told);
        Assert.Contains("还有同因告警，条数： 2</p>", html, StringComparison.Ordinal);
        var audited = fixture.Count("select max(number) from audit");

        Assert.Equal(HttpStatusCode.SeeOther, (await fixture.Property.PostAsync($"/alert/{Told}/take-all", html, ("shown", ShownOn(html)))).StatusCode);

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

    private static string ShownOn(string html) => Regex.Match(html, "name=\"shown\" form=\"act\" value=\"(?<shown>[^\"]+)\"").Groups["shown"].Value;

    /// <summary>The parts of a page that are put in anew when they change, by their names.</summary>
    private static Dictionary<string, string> PartsOf(string html)
    {
        var parts = new Dictionary<string, string>();
        foreach (Match head in Regex.Matches(html, "<(?<tag>\\w+) id=\"(?<id>[^\"]+)\" data-fresh"))
        {
            var depth = 0;
            var end = Regex.Matches(html[head.Index..], $"<(?<end>/)?{head.Groups["tag"].Value}\\b").First(tag => (depth += tag.Groups["end"].Success ? -1 : 1) == 0);
            parts.Add(head.Groups["id"].Value, html.Substring(head.Index, end.Index));
        }

        return parts;
    }

    private Uri Link(string alert, string person) => new("/a/" + fixture.Page.Services.GetRequiredService<ActLinks>().Token(alert, person, fixture.Page.NowMs), UriKind.Relative);

    private async Task<HttpResponseMessage> PressAsync(Uri link, params (string Name, string Value)[] fields)
    {
        using var body = new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        return await fixture.Page.Client.PostAsync(new Uri(link + "/take-all", UriKind.Relative), body);
    }
}

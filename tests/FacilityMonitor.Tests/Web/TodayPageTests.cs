using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.Response;
using FacilityMonitor.Users;
using FacilityMonitor.Web.Pages;

namespace FacilityMonitor.Tests.Web;

/// <summary>The sheet of the morning: what the night was, what the day brings, and everything of mine handed on with one press. The clock stands at six in the evening of 20 November.</summary>
public sealed class TodayPageTests(AlertPagesFixture fixture) : IClassFixture<AlertPagesFixture>, IAsyncLifetime
{
    public Task InitializeAsync() => fixture.ClearAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task A_property_manager_begins_the_day_here_everybody_else_at_the_overview_and_a_link_that_was_followed_still_leads_where_it_led()
    {
        foreach (var (role, start) in ((UserRole, string)[])[(UserRole.PropertyManager, "/today"), (UserRole.OnCall, "/"), (UserRole.Electrician, "/"), (UserRole.Auditor, "/"), (UserRole.Administrator, "/")])
        {
            var name = "starts-" + FacilityMonitor.Registry.Words.Of(role);
            using var user = await fixture.Page.EnterAsync(name, role, "all");
            Assert.Equal(start, (await user.SignInAsync(name, PageUnderTest.UserPassword)).Headers.Location!.OriginalString);
            Assert.Contains("href=\"/today\"", await user.TextAsync("/"), StringComparison.Ordinal);
            using var linked = new UserUnderTest(fixture.Page.Url);
            await linked.GetAsync("/alerts?tab=all");
            Assert.Equal("/alerts?tab=all", (await linked.SignInAsync(name, PageUnderTest.UserPassword)).Headers.Location!.OriginalString);
        }
    }

    [Fact]
    public async Task Each_thing_that_rang_is_a_line_with_who_took_it_after_how_many_minutes_and_how_it_ended()
    {
        // The guard takes it 4 min 58 s after the call, whenever a busy machine came to that, and closes it.
        await fixture.RaiseAsync(fixture.Step("00000000000000a1", Priority.P1));
        await UntilCalledAsync("00000000000000a1");
        var rang = fixture.CalledMs("00000000000000a1");
        fixture.Page.Time.Advance(TimeSpan.FromMilliseconds(rang + 298_000 - fixture.Page.NowMs));
        await fixture.DoesAsync("guard-a", "00000000000000a1", new ResponseCommand.Acknowledge());
        await fixture.DoesAsync("guard-a", "00000000000000a1", new ResponseCommand.Close(CauseCode.SensorFault, "", [], "夜里"));
        // Nobody takes the second, and it is over by itself.
        await fixture.RaiseAsync(fixture.Step("00000000000000a2", Priority.P1, asset: "garage/pile-u2", rule: "other"));
        await UntilCalledAsync("00000000000000a2");
        await fixture.RaiseAsync(fixture.Step("00000000000000a2", Priority.P1, asset: "garage/pile-u2", rule: "other", condition: Condition.Cleared, number: 1));
        await fixture.Page.UntilAsync(() => !fixture.State("00000000000000a2").IsCalling, "somebody who knows of it");

        var html = await fixture.Property.TextAsync("/today");

        Assert.Matches($"rang-00000000000000a1\"><td>{AlertText.Clock(rang)[..^3]}</td>", html);
        Assert.Matches("过载，00000000000000a1：833 瓦</a></th>\\s*<td [^>]*>值班员甲</td><td [^>]*>4 分钟</td><td [^>]*>已关闭 \\d\\d:\\d\\d · 传感器故障</td>", html);
        Assert.Matches("过载，00000000000000a2：833 瓦</a></th>\\s*<td [^>]*attention\"?>× 没有人接</td><td [^>]*>—</td><td [^>]*>已恢复，未关闭 \\d\\d:\\d\\d</td>", html);
        Assert.Matches("data-testid=\"unanswered\".*00000000000000a2", Regex.Replace(html, "\\s+", " "));
        Assert.Contains("data-testid=\"count-unanswered\">▲ 1<", html, StringComparison.Ordinal);
        Assert.Contains("data-testid=\"count-rang\">2<", html, StringComparison.Ordinal);
        // It is over and wants a cause: still open, and what comes next is said.
        Assert.Contains("请写明原因并关闭", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_one_cause_the_alert_that_nobody_took_is_not_hidden_by_the_one_that_somebody_did()
    {
        await fixture.RaiseAsync(fixture.Step("00000000000000a1", Priority.P1), fixture.Step("00000000000000a2", Priority.P1, asset: "garage/pile-u2"), fixture.Step("00000000000000a3", Priority.P1, asset: "garage/pile-u3"));
        await UntilCalledAsync("00000000000000a2");
        await fixture.Page.Database.CommitAsync(CommitPriority.Alerts, connection => Database.Execute(connection, "update response set grouped_into = '00000000000000a1' where alert = '00000000000000a2'"));
        await fixture.ExplainAsync("00000000000000a1", "00000000000000a3");
        await fixture.DoesAsync("guard-a", "00000000000000a1", new ResponseCommand.Acknowledge());

        var html = Regex.Replace(await fixture.Property.TextAsync("/today"), "\\s+", " ");

        Assert.Contains("data-testid=\"count-rang\">1<", html, StringComparison.Ordinal);
        Assert.Contains("data-testid=\"count-unanswered\">▲ 1<", html, StringComparison.Ordinal);
        Assert.Matches("data-testid=\"open\">.*?href=\"/alert/00000000000000a2\">.*?</a>\\s*(\\+|&#x2B;)2 ", html);
        await fixture.DoesAsync("guard-a", "00000000000000a2", new ResponseCommand.Acknowledge());
        // What another explains does not count.
        Assert.Contains("data-testid=\"count-unanswered\">0<", await fixture.Property.TextAsync("/today"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_only_information_rings_for_nobody_but_is_not_nothing()
    {
        Assert.Contains("<p class=\"empty\">没有未结束的告警", await fixture.Property.TextAsync("/today"), StringComparison.Ordinal);
        await fixture.RaiseAsync(fixture.Step("00000000000000f3", Priority.P3));

        var html = await fixture.Property.TextAsync("/today");

        Assert.DoesNotContain("<p class=\"empty\">没有未结束的告警", html, StringComparison.Ordinal);
        Assert.Matches("没有要人去的告警。 <a href=\"/alerts\\?tab=all&amp;priority=P3\">还没结束的提示（P3）： 1</a>", html);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(-1, false)]
    public async Task The_night_begins_at_six_in_the_evening_of_yesterday(int ms, bool isIn)
    {
        var evening = new DateTimeOffset(fixture.Page.Time.GetUtcNow().ToOffset(TimeSpan.FromHours(8)).Date.AddDays(-1).AddHours(18), TimeSpan.FromHours(8)).ToUnixTimeMilliseconds();
        await fixture.RaiseAsync(fixture.Step("00000000000000a1", Priority.P1));
        await fixture.Page.Database.CommitAsync(CommitPriority.Alerts, connection => Database.Execute(connection, "update response set raised_ms = $at, called_ms = null", ("$at", evening + ms)));

        Assert.Equal(isIn, (await fixture.Property.TextAsync("/today")).Contains("data-testid=\"rang-00000000000000a1\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Whoever_is_offered_first_looks_after_all_of_it_and_not_only_of_what_is_shown()
    {
        await fixture.RaiseAsync([.. Enumerable.Range(1, 7).Select(number => fixture.Step($"00000000000000a{number}", number == 7 ? Priority.P3 : Priority.P2, number == 7 ? "huaihai" : "jiugeng", $"thing-{number}", $"rule-{number}"))]);
        for (var number = 1; number <= 7; number++)
            await fixture.DoesAsync("chief", $"00000000000000a{number}", new ResponseCommand.Acknowledge());

        var html = await fixture.Manager.TextAsync("/today");

        Assert.Contains("一键交班 (7)", html, StringComparison.Ordinal);
        // The guards and the manager of six of them are nobody for the seventh.
        Assert.Matches("<select id=\"to\" name=\"to\"><option value=\"(fire-a|grid-a|committee-[ab]|office-a)\">", Regex.Match(html, "<select id=\"to\".*?</option>", RegexOptions.Singleline).Value);
    }

    [Fact]
    public async Task Everything_open_of_mine_goes_to_the_next_on_duty_with_one_press_and_a_second_press_changes_nothing()
    {
        await fixture.RaiseAsync(fixture.Step("00000000000000a1"), fixture.Step("00000000000000a2", asset: "garage/pile-u2"), fixture.Step("00000000000000f0", Priority.P0, rule: "smoke"), fixture.Step("00000000000000a9", rule: "not-mine"));
        foreach (var alert in (string[])["00000000000000a1", "00000000000000a2", "00000000000000f0"])
            await fixture.DoesAsync("guard-a", alert, new ResponseCommand.Acknowledge());
        await fixture.DoesAsync("guard-a", "00000000000000a2", new ResponseCommand.Unacknowledge());
        await fixture.DoesAsync("manager-a", "00000000000000a2", new ResponseCommand.Assign("guard-a"));
        var audited = fixture.Count("select coalesce(max(number), 0) from audit");
        var html = await fixture.Guard.TextAsync("/today");
        // The guard of the night comes at eight, and is chosen already.
        Assert.Matches("<select id=\"to\" name=\"to\"><option value=\"guard-b\">值班员乙 \\(下一班 11-20 20:00\\)</option>", html);
        Assert.Contains("一键交班 (3)", html, StringComparison.Ordinal);

        var pressed = await fixture.Guard.PostAsync("/today", html, ("to", "guard-b"), ("shown", ShownOn(html)));

        Assert.Equal((HttpStatusCode.Redirect, "/today?handed=guard-b&n=3&left=0#mine"), (pressed.StatusCode, pressed.Headers.Location!.OriginalString));
        foreach (var alert in (string[])["00000000000000a1", "00000000000000a2", "00000000000000f0"])
            Assert.Equal("guard-b", fixture.State(alert).Assignee);
        Assert.Null(fixture.State("00000000000000a9").Assignee);
        // Whoever handed it over still has it until it is taken: nothing falls between two shifts.
        Assert.Equal("guard-a", Assert.Single(fixture.State("00000000000000a1").Acknowledgements).Person);
        // A fire is told by itself.
        Assert.Equal(2, fixture.Count("select count(*) from notice where person = 'guard-b' and text_zh like '%已转给你%'"));
        Assert.Equal(3, fixture.Count($"select count(*) from audit where number > {audited} and who = 'li' and subject like '/alert/%/assign'"));
        // What was only given to him is not his any more, and was handed over all the same.
        var after = await fixture.Guard.TextAsync("/today?handed=guard-b&n=3&left=0");
        Assert.Contains("✓ 已转交： 值班员乙 · 3", after, StringComparison.Ordinal);
        Assert.Contains("请再按一次；还有 7", await fixture.Guard.TextAsync("/today?handed=guard-b&n=500&left=7"), StringComparison.Ordinal);
        Assert.Contains("✓ 值班员甲 → 值班员乙（等对方接下）", after, StringComparison.Ordinal);
        var (facts, notices) = (fixture.Count("select count(*) from response_event where body like '%assigned%'"), fixture.Count("select count(*) from notice where person = 'guard-b' and text_zh like '%已转给你%'"));

        Assert.Equal("/today?handed=guard-b&n=0&left=0#mine", (await fixture.Guard.PostAsync("/today", html, ("to", "guard-b"), ("shown", ShownOn(html)))).Headers.Location!.OriginalString);

        Assert.Equal((facts, notices), (fixture.Count("select count(*) from response_event where body like '%assigned%'"), fixture.Count("select count(*) from notice where person = 'guard-b' and text_zh like '%已转给你%'")));
        Assert.Equal(3, fixture.Count($"select count(*) from audit where number > {audited} and who = 'li' and subject like '/alert/%/assign'"));
    }

    [Fact]
    public async Task Who_was_next_last_evening_gets_nothing_that_nobody_chose_to_give_him_this_morning()
    {
        await fixture.RaiseAsync(fixture.Step("00000000000000a1"));
        await fixture.DoesAsync("guard-a", "00000000000000a1", new ResponseCommand.Acknowledge());
        var html = await fixture.Guard.TextAsync("/today");
        Assert.Contains("<span id=\"hand-to\" data-fresh><input type=\"hidden\" name=\"next\" value=\"guard-b\"><select", html, StringComparison.Ordinal);

        // Drawn when another was next, and sent as it stood.
        var stale = await fixture.Guard.PostAsync("/today", html, ("to", "committee-a"), ("next", "committee-a"), ("shown", ShownOn(html)));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, stale.StatusCode);
        var again = WebUtility.HtmlDecode(await stale.Content.ReadAsStringAsync());
        Assert.Contains("下一班已经换了人", again, StringComparison.Ordinal);
        Assert.Contains("name=\"next\" value=\"guard-b\"><select id=\"to\" name=\"to\"><option value=\"guard-b\">", again, StringComparison.Ordinal);
        Assert.Null(fixture.State("00000000000000a1").Assignee);
        // Who was chosen gets it, whoever is next.
        Assert.Equal(HttpStatusCode.Redirect, (await fixture.Guard.PostAsync("/today", html, ("to", "committee-a"), ("next", "guard-b"), ("shown", ShownOn(html)))).StatusCode);
        Assert.Equal("committee-a", fixture.State("00000000000000a1").Assignee);
    }

    [Fact]
    public async Task What_was_taken_since_the_page_was_opened_is_not_handed_over_unseen()
    {
        await fixture.RaiseAsync(fixture.Step("00000000000000a1"), fixture.Step("00000000000000a2", asset: "garage/pile-u2", rule: "other"));
        await fixture.DoesAsync("guard-a", "00000000000000a1", new ResponseCommand.Acknowledge());
        var html = await fixture.Guard.TextAsync("/today");
        Assert.Contains("一键交班 (1)", html, StringComparison.Ordinal);
        await fixture.DoesAsync("guard-a", "00000000000000a2", new ResponseCommand.Acknowledge());

        var pressed = await fixture.Guard.PostAsync("/today", html, ("to", "guard-b"), ("shown", ShownOn(html)));

        Assert.Equal("/today?handed=guard-b&n=1&left=0#mine", pressed.Headers.Location!.OriginalString);
        Assert.Equal(("guard-b", null), (fixture.State("00000000000000a1").Assignee, fixture.State("00000000000000a2").Assignee));
        // A page that names nothing hands over nothing; one that names what is somebody else's does not either.
        await fixture.RaiseAsync(fixture.Step("00000000000000a3", asset: "garage/pile-u3", rule: "third"));
        Assert.EndsWith("n=0&left=0#mine", (await fixture.Guard.PostAsync("/today", html, ("to", "guard-b"))).Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.EndsWith("n=0&left=0#mine", (await fixture.Guard.PostAsync("/today", html, ("to", "guard-b"), ("shown", "00000000000000a3"))).Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.Null(fixture.State("00000000000000a3").Assignee);
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("")]
    [InlineData("guard-a")]
    [InlineData("stair-a")]
    public async Task It_is_handed_to_nobody_who_is_unknown_is_oneself_or_belongs_to_another_site(string to)
    {
        await fixture.RaiseAsync(fixture.Step("00000000000000a1"));
        await fixture.DoesAsync("guard-a", "00000000000000a1", new ResponseCommand.Acknowledge());

        var html = await fixture.Guard.TextAsync("/today");
        var answer = await fixture.Guard.PostAsync("/today", html, ("to", to), ("shown", ShownOn(html)));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Null(fixture.State("00000000000000a1").Assignee);
        // Nobody else stands chosen instead.
        Assert.Equal("", HandFormOf(await answer.Content.ReadAsStringAsync())["to"]);
    }

    [Fact]
    public async Task A_press_that_the_disk_refuses_keeps_to_whom_it_was_and_pressed_again_goes_to_him()
    {
        await fixture.RaiseAsync(fixture.Step("00000000000000a1"));
        await fixture.DoesAsync("guard-a", "00000000000000a1", new ResponseCommand.Acknowledge());
        var html = await fixture.Guard.TextAsync("/today");
        Assert.Equal("guard-b", HandFormOf(html)["to"]);
        HttpResponseMessage refused;
        using (await FacilityMonitor.Tests.Journal.RefusingDisk.BeginAsync(fixture.Page.Database))
            refused = await fixture.Guard.PostAsync("/today", html, ("to", "manager-a"), ("shown", ShownOn(html)));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        var again = await refused.Content.ReadAsStringAsync();
        Assert.Equal("manager-a", HandFormOf(again)["to"]);
        // A page that renews itself must not put the next one on duty in his place.
        Assert.Contains("id=\"hand-to\" data-fresh data-chosen>", again, StringComparison.Ordinal);
        await fixture.Guard.PostAsync("/today", again, ("to", HandFormOf(again)["to"]!), ("shown", ShownOn(again)));
        Assert.Equal("manager-a", fixture.State("00000000000000a1").Assignee);
    }

    private static FormOnPage HandFormOf(string html) => FormOnPage.Of(html).Single(form => form.Action == "/today");

    [Fact]
    public async Task What_is_due_today_stands_there_what_is_late_first_and_of_other_sites_nothing()
    {
        var (now, midnight) = (fixture.Page.NowMs, new DateTimeOffset(fixture.Page.Time.GetUtcNow().ToOffset(TimeSpan.FromHours(8)).Date.AddDays(1), TimeSpan.FromHours(8)).ToUnixTimeMilliseconds());
        await fixture.Page.Database.CommitAsync(CommitPriority.Alerts, connection =>
        {
            foreach (var (alert, site, circuit, due) in ((string, string, string, long)[])
                     [("late", "jiugeng", "c-corridor-1", now - 1), ("tonight", "jiugeng", "c-corridor-2", midnight - 1), ("tomorrow", "jiugeng", "c-lift-1", midnight), ("elsewhere", "huaihai", "c-shed", now)])
            {
                Database.Execute(
                    connection, "insert into fly_wire_case values ($alert, 0, $site, $asset, 'unmetered-load', 3, 0, $due, 1, 0, '', '{}')", ("$alert", alert), ("$site", site), ("$asset", $"{site}/{circuit}"), ("$due", due));
            }
        });
        await fixture.Desk.AskAsync(new Permit("p1", PermitKind.OutOfService, "jiugeng/garage/pile-u1", now, now + 3_600_000, "manager-a", null, "换探头", "guard-a"));
        await fixture.Desk.AskAsync(new Permit("p2", PermitKind.Maintenance, "huaihai/shed-1", now, now + 3_600_000, "manager-a", null, "刷墙", null));
        await fixture.Desk.AskAsync(new Permit("p3", PermitKind.Maintenance, "jiugeng/garage/pile-u2", now, midnight, "manager-a", null, "刷墙", null));

        var html = await fixture.Property.TextAsync("/today");

        Assert.Matches("已超期</b>.*飞线案件（已劝导）：复查 · <a href=\"/alert/late#case\">久耕小区 1、2 号楼楼道照明</a>", html);
        Assert.Contains("/alert/tonight#case", html, StringComparison.Ordinal);
        Assert.DoesNotContain("/alert/tomorrow#case", html, StringComparison.Ordinal);
        Assert.DoesNotContain("/alert/elsewhere#case", html, StringComparison.Ordinal);
        Assert.Contains("停用，等第二个人同意 · <a href=\"/settings/permits?site=jiugeng#p1\">久耕小区 地下车库 车库 1 号桩</a>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("检修", html, StringComparison.Ordinal);
        Assert.True(html.IndexOf("/alert/late", StringComparison.Ordinal) < html.IndexOf("/alert/tonight", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(19, null)]
    [InlineData(20, false)]
    [InlineData(21, true)]
    public void An_extinguisher_is_due_on_its_day_and_late_after_it(int day, bool? isLate)
    {
        var site = ((FacilitySource)fixture.Page.Services.GetService(typeof(FacilitySource))!).Current.FindSite("jiugeng")!;

        var rows = TodayModel.DueEquipment(site, new DateOnly(2026, 12, day)).Select(row => ((bool?)row.IsLate, row.Where.Zh, row.Link));

        Assert.Equal(isLate is null ? [] : [(isLate, "久耕小区 地面灭火器", "/fire-equipment")], rows);
    }

    [Fact]
    public async Task Who_is_on_duty_now_and_tonight_is_said_team_by_team()
    {
        var html = Regex.Replace(await fixture.Property.TextAsync("/today"), "\\s+", " ");

        // Six in the evening: the day's guard until eight, then the night's.
        Assert.Matches("门岗</th><td [^>]*>值班员甲</td><td [^>]*>值班员乙</td><td [^>]*>11-20 20:00</td>", html);
        Assert.DoesNotContain("楼组长", html, StringComparison.Ordinal);
        Assert.Contains("楼组长", await fixture.Manager.TextAsync("/today"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_nothing_is_received_a_night_without_alerts_is_not_called_quiet()
    {
        // There is no broker here.
        var html = await fixture.Property.TextAsync("/today");

        Assert.Contains("没有告警不等于平安", html, StringComparison.Ordinal);
        Assert.DoesNotContain("data-testid=\"calm\"", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_a_night_that_is_too_long_for_a_page_the_rest_is_counted_and_what_nobody_answered_is_not_among_it()
    {
        await fixture.RaiseAsync([.. Enumerable.Range(0, 40).Select(number => fixture.Step(string.Create(CultureInfo.InvariantCulture, $"{number:x16}"), Priority.P1, asset: $"garage/p{number}", rule: $"rule-{number}"))]);
        await UntilCalledAsync(string.Create(CultureInfo.InvariantCulture, $"{39:x16}"));
        for (var number = 0; number < 39; number++)
            await fixture.DoesAsync("guard-a", string.Create(CultureInfo.InvariantCulture, $"{number:x16}"), new ResponseCommand.Acknowledge());

        var html = await fixture.Property.TextAsync("/today");

        Assert.Equal(12, Regex.Count(html, "data-testid=\"rang-"));
        Assert.Contains("未列出: 28", html, StringComparison.Ordinal);
        Assert.Contains($"data-testid=\"rang-{39:x16}\"", html, StringComparison.Ordinal);
    }

    /// <summary>The ids that the page hands over.</summary>
    private static string ShownOn(string html) => Regex.Match(html, "name=\"shown\" form=\"hand\" value=\"(?<ids>[^\"]*)\"").Groups["ids"].Value;

    /// <summary>The workers do their part until somebody was called for an alert.</summary>
    private Task UntilCalledAsync(string alert) => fixture.Page.UntilAsync(() => fixture.State(alert).NextStep > 0, "the first call");
}

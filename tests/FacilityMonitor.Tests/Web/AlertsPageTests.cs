using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Response;

namespace FacilityMonitor.Tests.Web;

/// <summary>The inbox without scripts: every press is a plain form.</summary>
public sealed class AlertsPageTests(AlertPagesFixture fixture) : IClassFixture<AlertPagesFixture>, IAsyncLifetime
{
    public Task InitializeAsync() => fixture.ClearAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task One_press_takes_every_alert_of_a_cause_and_a_second_press_changes_nothing()
    {
        var consequences = Enumerable.Range(1, 12).Select(number => string.Create(CultureInfo.InvariantCulture, $"{number:x16}")).ToArray();
        await fixture.RaiseAsync([fixture.Step("00000000000000ff", Priority.P1), .. consequences.Select(alert => fixture.Step(alert, asset: "garage/" + alert))]);
        await fixture.ExplainAsync("00000000000000ff", consequences);
        var html = await fixture.Property.TextAsync("/alerts");
        Assert.Contains("原因 1 · 告警 13", html, StringComparison.Ordinal);
        // Ten are named, and the tick at the cause means all thirteen.
        Assert.Equal(10, Regex.Count(html, "data-testid=\"row-"));
        Assert.Contains("未列出: 3", html, StringComparison.Ordinal);
        var audited = fixture.Count("select count(*) from audit");

        var pressed = await fixture.Property.PostAsync("/alerts", html, ("group", "00000000000000ff"), ("do", "acknowledge"));

        Assert.Equal((HttpStatusCode.Redirect, "/alerts?did=acknowledge&n=13"), (pressed.StatusCode, pressed.Headers.Location!.OriginalString));
        Assert.Contains("你接下了，条数： 13", await fixture.Property.TextAsync("/alerts?did=acknowledge&n=13"), StringComparison.Ordinal);
        Assert.All(consequences, alert => Assert.Equal("manager-a", Assert.Single(fixture.State(alert).Acknowledgements).Person));
        Assert.Equal(audited + 13, fixture.Count("select count(*) from audit"));
        Assert.Equal(13, fixture.Count($"select count(*) from audit where number > {audited} and who = 'wang' and site = 'jiugeng' and subject like '/alert/%/acknowledge'"));
        var facts = fixture.Count("select count(*) from response_event");

        pressed = await fixture.Property.PostAsync("/alerts?tab=all", html, ("group", "00000000000000ff"), ("do", "acknowledge"));

        // What was so before is not counted as done.
        Assert.Equal((HttpStatusCode.Redirect, "/alerts?tab=all&did=acknowledge&n=0"), (pressed.StatusCode, pressed.Headers.Location!.OriginalString));
        Assert.Contains("原来就是这样，没有变化", await fixture.Property.TextAsync("/alerts?did=acknowledge&n=0"), StringComparison.Ordinal);
        Assert.Equal(facts, fixture.Count("select count(*) from response_event"));
        Assert.Equal(audited + 13, fixture.Count("select count(*) from audit"));
        Assert.Contains("data-testid=\"none\"", await fixture.Property.TextAsync("/alerts"), StringComparison.Ordinal);
        Assert.Contains("✓ 物业经理甲", await fixture.Property.TextAsync("/alerts?tab=mine"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_the_disk_refuses_midway_what_was_done_until_then_has_its_lines_in_the_audit()
    {
        var alerts = Enumerable.Range(1, 120).Select(number => string.Create(CultureInfo.InvariantCulture, $"{number:x16}")).ToArray();
        await fixture.RaiseAsync([.. alerts.Select(alert => fixture.Step(alert, asset: "garage/" + alert))]);
        // All of them stand on one page.
        await fixture.ExplainAsync(alerts[0], alerts[1..]);
        var html = await fixture.Property.TextAsync("/alerts");
        var audited = fixture.Count("select count(*) from audit");
        await fixture.Page.Database.CommitAsync(CommitPriority.Alerts, connection => Database.Execute(
            connection, "create trigger refuse before insert on response_event when (select count(*) from response_event where body like '%acknowledged%') >= 60 begin select raise(abort, 'refused'); end"));

        HttpResponseMessage pressed;
        try
        {
            pressed = await fixture.Property.PostAsync("/alerts", html, [("do", "acknowledge"), .. alerts.Select(alert => ("alert", alert))]);
        }
        finally
        {
            await fixture.Page.Database.CommitAsync(CommitPriority.Alerts, connection => Database.Execute(connection, "drop trigger refuse"));
        }

        Assert.NotEqual(HttpStatusCode.Redirect, pressed.StatusCode);
        var taken = alerts.Count(alert => fixture.State(alert).Acknowledgements.Count > 0);
        Assert.InRange(taken, 1, 60);
        Assert.Equal(taken, fixture.Count($"select count(*) from audit where number > {audited} and who = 'wang' and subject like '/alert/%/acknowledge'"));

        // Pressed again it goes on, and every alert has one line.
        await fixture.Property.PostAsync("/alerts", html, [("do", "acknowledge"), .. alerts.Select(alert => ("alert", alert))]);
        Assert.Equal(120, fixture.Count($"select count(distinct subject) from audit where number > {audited} and who = 'wang' and subject like '/alert/%/acknowledge'"));
        Assert.Equal(audited + 120, fixture.Count("select count(*) from audit"));
    }

    [Theory]
    [InlineData("group", "00000000000000ff", 3, 2)]
    [InlineData("alert", "0000000000000002", 0, 1)]
    [InlineData("one", "0000000000000002", 0, 1)]
    public async Task What_came_or_grew_more_urgent_after_the_page_was_written_is_not_taken_unseen(string field, string value, int taken, int left)
    {
        string[] consequences = ["0000000000000001", "0000000000000002", "0000000000000003"];
        await fixture.RaiseAsync([fixture.Step("00000000000000ff", Priority.P1), .. consequences.Select(alert => fixture.Step(alert, asset: "garage/" + alert))]);
        await fixture.ExplainAsync("00000000000000ff", consequences);
        var html = await fixture.Property.TextAsync("/alerts");
        await fixture.RaiseAsync(fixture.Step("0000000000000002", Priority.P0, asset: "garage/0000000000000002", number: 1), fixture.Step("0000000000000004", asset: "garage/0000000000000004"));
        await fixture.ExplainAsync("00000000000000ff", "0000000000000004");

        var pressed = await fixture.Property.PostAsync("/alerts", html, (field, value), ("do", "acknowledge"));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, pressed.StatusCode);
        var said = await pressed.Content.ReadAsStringAsync();
        Assert.Contains($"请看清再选： {left}</p>", said, StringComparison.Ordinal);
        Assert.Equal(taken > 0, said.Contains($"你接下了，条数： {taken}", StringComparison.Ordinal));
        Assert.All((string[])["0000000000000002", "0000000000000004"], alert => Assert.Empty(fixture.State(alert).Acknowledgements));
        Assert.Equal(taken, ((string[])["00000000000000ff", .. consequences]).Count(alert => fixture.State(alert).Acknowledgements.Count > 0));

        // On a page that is written now it is seen as it is now, and the next press takes it.
        Assert.Equal(HttpStatusCode.Redirect, (await fixture.Property.PostAsync("/alerts?tab=all", await fixture.Property.TextAsync("/alerts?tab=all"), (field, value), ("do", "acknowledge"))).StatusCode);
        Assert.Single(fixture.State("0000000000000002").Acknowledgements);
    }

    [Fact]
    public async Task A_press_from_no_page_of_ours_takes_nothing()
    {
        await fixture.RaiseAsync(fixture.Step("00000000000000a1"));
        var html = (await fixture.Property.TextAsync("/alerts")).Replace("name=\"shown\"", "name=\"other\"", StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await fixture.Property.PostAsync("/alerts", html, ("one", "00000000000000a1"))).StatusCode);

        Assert.Empty(fixture.State("00000000000000a1").Acknowledgements);
    }

    [Fact]
    public async Task One_tap_at_its_own_button_takes_that_alert_and_no_other_whatever_is_ticked()
    {
        await fixture.RaiseAsync(fixture.Step("00000000000000a1"), fixture.Step("00000000000000a2", asset: "garage/pile-u2", rule: "other"));
        var html = await fixture.Guard.TextAsync("/alerts");

        var pressed = await fixture.Guard.PostAsync("/alerts", html, ("alert", "00000000000000a2"), ("one", "00000000000000a1"));

        Assert.Equal("/alerts?did=acknowledge&n=1", pressed.Headers.Location!.OriginalString);
        Assert.Equal("guard-a", Assert.Single(fixture.State("00000000000000a1").Acknowledgements).Person);
        Assert.Empty(fixture.State("00000000000000a2").Acknowledgements);
    }

    [Fact]
    public async Task Enter_in_a_field_presses_a_button_that_does_nothing_and_what_was_typed_stays()
    {
        await fixture.RaiseAsync(fixture.Step("00000000000000a1"));
        var html = await fixture.Property.TextAsync("/alerts");
        var form = html[html.IndexOf("<form method=\"post\" action=\"/alerts\"", StringComparison.Ordinal)..];
        Assert.StartsWith("<button class=\"sr\" name=\"do\" value=\"\"", form[form.IndexOf("<button", StringComparison.Ordinal)..], StringComparison.Ordinal);
        var facts = fixture.Count("select count(*) from response_event");

        var pressed = await fixture.Property.PostAsync("/alerts", html, ("alert", "00000000000000a1"), ("do", ""), ("reason", "等电工"));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, pressed.StatusCode);
        var said = await pressed.Content.ReadAsStringAsync();
        Assert.Contains("什么也没有做", said, StringComparison.Ordinal);
        Assert.Contains("value=\"等电工\"", said, StringComparison.Ordinal);
        Assert.Equal(facts, fixture.Count("select count(*) from response_event"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_was_ticked_and_chosen_is_there_again_when_a_press_is_refused(bool byDisk)
    {
        var consequences = Enumerable.Range(1, 3).Select(number => string.Create(CultureInfo.InvariantCulture, $"{number:x16}")).ToArray();
        await fixture.RaiseAsync([fixture.Step("00000000000000ff", Priority.P1), .. consequences.Select(alert => fixture.Step(alert, asset: "garage/" + alert)), fixture.Step("00000000000000a1"), fixture.Step("00000000000000a2", asset: "garage/pile-u2", rule: "other")]);
        await fixture.ExplainAsync("00000000000000ff", consequences);
        var html = await fixture.Property.TextAsync("/alerts");
        Assert.DoesNotContain(" checked", html, StringComparison.Ordinal);
        var until = Regex.Matches(html, "<option value=\"(?<ms>\\d+)\">8 ").Single().Groups["ms"].Value;
        var to = Regex.Matches(html[html.IndexOf("<select id=\"to\"", StringComparison.Ordinal)..html.IndexOf("data-testid=\"do-assign\"", StringComparison.Ordinal)], "<option value=\"(?<who>[^\"]+)\"").Last().Groups["who"].Value;
        (string, string)[] press = [("group", "00000000000000ff"), ("alert", "00000000000000a1"), ("do", "shelve"), ("until", until), ("to", to), ("reason", byDisk ? "等电工" : "")];
        if (byDisk)
            fixture.Disk.Arm(1, Storage.DiskFault.Error, lasts: true);

        var pressed = await fixture.Property.PostAsync("/alerts", html, press);

        fixture.Disk.Heal();
        Assert.Equal(byDisk ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.UnprocessableEntity, pressed.StatusCode);
        var said = await pressed.Content.ReadAsStringAsync();
        // The bar is drawn while something is ticked: without the ticks its reason would be hidden with it.
        Assert.Matches("name=\"group\" value=\"00000000000000ff\" checked", said);
        Assert.Matches("name=\"alert\" value=\"00000000000000a1\" checked", said);
        Assert.Equal(2, Regex.Count(said, " checked"));
        Assert.Matches($"<option value=\"{until}\" selected[^>]*>8 ", said);
        Assert.Matches($"<option value=\"{to}\" selected", said);
        if (byDisk)
            Assert.Contains("value=\"等电工\"", said, StringComparison.Ordinal);
        // A press that is done leaves nothing ticked.
        Assert.DoesNotContain(" checked", await fixture.Property.TextAsync("/alerts"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fire_is_answered_as_an_emergency_call_is()
    {
        await fixture.RaiseAsync(fixture.Step("00000000000000f0", Priority.P0, rule: "smoke"), fixture.Step("00000000000000a1"));

        Assert.Contains("待接警", RowOf(await fixture.Guard.TextAsync("/alerts"), "00000000000000f0"), StringComparison.Ordinal);
        Assert.Contains("待响应", RowOf(await fixture.Guard.TextAsync("/alerts"), "00000000000000a1"), StringComparison.Ordinal);
        Assert.Contains("待接警", await fixture.Guard.TextAsync("/alert/00000000000000f0"), StringComparison.Ordinal);
        foreach (var person in (string[])["guard-a", "manager-a", "fire-a", "committee-a"])
            await fixture.DoesAsync(person, "00000000000000f0", new ResponseCommand.Acknowledge());
        await fixture.DoesAsync("guard-a", "00000000000000a1", new ResponseCommand.Acknowledge());

        var all = await fixture.Guard.TextAsync("/alerts?tab=all");
        Assert.Contains("已接警", RowOf(all, "00000000000000f0"), StringComparison.Ordinal);
        Assert.Contains("已响应", RowOf(all, "00000000000000a1"), StringComparison.Ordinal);

        static string RowOf(string html, string alert) => html[html.IndexOf($"data-testid=\"row-{alert}\"", StringComparison.Ordinal)..].Split("</li>")[0];
    }

    [Fact]
    public async Task Beyond_what_one_press_does_the_next_press_goes_on()
    {
        var alerts = Enumerable.Range(0, ResponseDesk.AtOnceMax + 1).Select(number => string.Create(CultureInfo.InvariantCulture, $"{number:x16}")).ToList();
        await fixture.RaiseAsync([fixture.Step(alerts[0], Priority.P0, rule: "smoke"), .. alerts.Skip(1).Select(alert => fixture.Step(alert, asset: "garage/" + alert))]);
        await fixture.DoesAsync("manager-a", alerts[1], new ResponseCommand.Acknowledge());

        // What is so already takes nobody's place, and what refuses comes last.
        Assert.Equal([alerts[0], .. alerts.Skip(2)], fixture.Desk.Left(alerts, new ResponseCommand.Acknowledge(), new Actor("manager-a", "link")));
        Assert.Equal([.. alerts.Skip(1), alerts[0]], fixture.Desk.Left(alerts, new ResponseCommand.Shelve(fixture.Page.NowMs + 3_600_000, "等电工"), new Actor("manager-a", "link")));
    }

    [Fact]
    public async Task A_fire_is_never_shelved_the_rest_of_what_is_ticked_is_and_the_page_says_why()
    {
        await fixture.RaiseAsync(fixture.Step("00000000000000f0", Priority.P0, rule: "smoke"), fixture.Step("00000000000000a1"));
        var html = await fixture.Property.TextAsync("/alerts");
        var until = Regex.Matches(html, "<option value=\"(?<ms>\\d+)\">4 ").Single().Groups["ms"].Value;
        (string, string)[] press = [("alert", "00000000000000f0"), ("alert", "00000000000000a1"), ("do", "shelve"), ("until", until), ("reason", "等电工 <b>")];

        var pressed = await fixture.Property.PostAsync("/alerts", html, press);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, pressed.StatusCode);
        var said = await pressed.Content.ReadAsStringAsync();
        Assert.Contains("没有做，条数 1: P0 关系生命，不能暂停提醒", said, StringComparison.Ordinal);
        Assert.Contains("已暂停提醒，条数： 1", said, StringComparison.Ordinal);
        Assert.Contains("value=\"等电工 &lt;b&gt;\"", said, StringComparison.Ordinal);
        // The hours that were chosen stay chosen when the page renews itself; of a page just opened they are drawn anew.
        Assert.Contains("id=\"shelvings\" data-fresh data-chosen>", said, StringComparison.Ordinal);
        Assert.Contains("id=\"shelvings\" data-fresh>", html, StringComparison.Ordinal);
        Assert.Null(fixture.State("00000000000000f0").ShelvedUntilMs);
        Assert.Equal((long.Parse(until, CultureInfo.InvariantCulture), "manager-a"), (fixture.State("00000000000000a1").ShelvedUntilMs!.Value, fixture.State("00000000000000a1").ShelvedBy));
        var facts = fixture.State("00000000000000a1").Events;

        await fixture.Property.PostAsync("/alerts", html, press);

        Assert.Equal(facts, fixture.State("00000000000000a1").Events);
        Assert.DoesNotContain("row-00000000000000a1", await fixture.Property.TextAsync("/alerts"), StringComparison.Ordinal);
        Assert.Contains("恢复提醒", await fixture.Property.TextAsync("/alerts?tab=all"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Priority.P1, 8, true)]
    [InlineData(Priority.P1, 24, false)]
    [InlineData(Priority.P2, 24, true)]
    [InlineData(Priority.P2, 168, false)]
    [InlineData(Priority.P3, 168, true)]
    public async Task Nothing_is_shelved_for_longer_than_its_priority_allows(Priority priority, int hours, bool isTaken)
    {
        await fixture.RaiseAsync(fixture.Step("00000000000000a1", priority));
        var html = await fixture.Property.TextAsync("/alerts");
        var until = Regex.Matches(html, $"<option value=\"(?<ms>\\d+)\">{hours} 小时").Single().Groups["ms"].Value;

        var pressed = await fixture.Property.PostAsync("/alerts", html, ("alert", "00000000000000a1"), ("do", "shelve"), ("until", until), ("reason", "等电工"));

        Assert.Equal(isTaken ? HttpStatusCode.Redirect : HttpStatusCode.UnprocessableEntity, pressed.StatusCode);
        Assert.Equal(isTaken, fixture.State("00000000000000a1").ShelvedUntilMs is not null);
    }

    [Theory]
    [InlineData("", "4")]
    [InlineData("等电工", "")]
    [InlineData("等电工", "soon")]
    [InlineData("等电工", "-1")]
    [InlineData("等电工", "1")]
    public async Task What_is_shelved_without_a_reason_or_an_end_to_come_is_not(string reason, string until)
    {
        await fixture.RaiseAsync(fixture.Step("00000000000000a1"));

        var pressed = await fixture.Property.PostAsync("/alerts", await fixture.Property.TextAsync("/alerts"), ("alert", "00000000000000a1"), ("do", "shelve"), ("until", until), ("reason", reason));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, pressed.StatusCode);
        Assert.Null(fixture.State("00000000000000a1").ShelvedUntilMs);
    }

    [Fact]
    public async Task Life_safety_wants_two_persons_here_as_well()
    {
        await fixture.RaiseAsync(fixture.Step("00000000000000f0", Priority.P0, rule: "smoke"));

        await fixture.Property.PostAsync("/alerts", await fixture.Property.TextAsync("/alerts"), ("one", "00000000000000f0"));

        var waiting = await fixture.Guard.TextAsync("/alerts");
        Assert.Contains("✓ 物业经理甲（还需要人数： 1）", waiting, StringComparison.Ordinal);
        // Who has taken it has no button for it any more; the other has.
        Assert.DoesNotContain("take-00000000000000f0", await fixture.Property.TextAsync("/alerts"), StringComparison.Ordinal);

        await fixture.Guard.PostAsync("/alerts", waiting, ("one", "00000000000000f0"));

        Assert.True(fixture.State("00000000000000f0").IsAnswered);
        Assert.Contains("data-testid=\"none\"", await fixture.Guard.TextAsync("/alerts"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_handed_on_is_told_in_one_message_and_stays_with_the_first_until_it_is_taken()
    {
        await fixture.RaiseAsync(fixture.Step("00000000000000a1"), fixture.Step("00000000000000a2", asset: "garage/pile-u2"), fixture.Step("00000000000000a3", asset: "garage/pile-u3"));
        var html = await fixture.Property.TextAsync("/alerts");
        (string, string)[] chosen = [("alert", "00000000000000a1"), ("alert", "00000000000000a2"), ("alert", "00000000000000a3")];
        await fixture.Property.PostAsync("/alerts", html, [.. chosen, ("do", "acknowledge")]);
        var told = fixture.Count("select count(*) from notice where person = 'guard-b'");

        Assert.Equal("/alerts?did=assign&n=3", (await fixture.Property.PostAsync("/alerts", html, [.. chosen, ("do", "assign"), ("to", "guard-b")])).Headers.Location!.OriginalString);
        await fixture.Property.PostAsync("/alerts", html, [.. chosen, ("do", "assign"), ("to", "guard-b")]);

        Assert.Equal(told + 1, fixture.Count("select count(*) from notice where person = 'guard-b'"));
        Assert.Equal(1, fixture.Count("select count(*) from notice where person = 'guard-b' and text_zh like '%共 3 条。已转给你%'"));
        Assert.Contains("✓ 物业经理甲 → 值班员乙（等对方接下）", await fixture.Property.TextAsync("/alerts?tab=mine"), StringComparison.Ordinal);
        var watch = (ResponseWatch)fixture.Page.Services.GetService(typeof(ResponseWatch))!;
        watch.Check();
        Assert.True(watch.Books.Balance, string.Join(' ', watch.Books.Holes));

        foreach (var to in (string[])["nobody", "", "stair-a", "manager-a"])
            Assert.Equal(HttpStatusCode.UnprocessableEntity, (await fixture.Property.PostAsync("/alerts", html, [.. chosen, ("do", "assign"), ("to", to)])).StatusCode);
        Assert.Equal("guard-b", fixture.State("00000000000000a1").Assignee);
    }

    [Fact]
    public async Task An_alert_is_handed_to_nobody_of_another_site_by_any_way_and_none_of_them_is_named()
    {
        await fixture.RaiseAsync(fixture.Step("00000000000000a1"), fixture.Step("00000000000000b1", site: "huaihai", asset: "shed-1/pile-01"));

        var html = await fixture.Property.TextAsync("/alert/00000000000000a1");
        Assert.Contains("<option value=\"guard-b\">", html, StringComparison.Ordinal);
        Assert.DoesNotContain("stair-a", html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await fixture.Property.PostAsync("/alert/00000000000000a1/assign", html, ("to", "stair-a"))).StatusCode);

        // Nor by whoever sees both.
        Assert.DoesNotContain("stair-a", await fixture.Manager.TextAsync("/alert/00000000000000a1"), StringComparison.Ordinal);
        var refused = Assert.IsType<ResponseOutcome.Refused>((await fixture.Desk.DoAsync(["00000000000000b1", "00000000000000a1"], new ResponseCommand.Assign("stair-a"), new Actor("chief", "api")))[0]);
        Assert.Equal("other-site", refused.Refusal.Reason);
        Assert.Null(fixture.State("00000000000000a1").Assignee);
        Assert.Null(fixture.State("00000000000000b1").Assignee);
        Assert.IsType<ResponseOutcome.Done>(await fixture.DoesAsync("chief", "00000000000000b1", new ResponseCommand.Assign("stair-a")));
    }

    [Fact]
    public async Task Somebody_of_one_site_sees_takes_and_counts_nothing_of_another()
    {
        await fixture.RaiseAsync(fixture.Step("00000000000000b1", site: "huaihai", asset: "shed-1/pile-01"), fixture.Step("00000000000000a1"));
        var html = await fixture.Property.TextAsync("/alerts?tab=all");
        Assert.Contains("原因 1 · 告警 1", html, StringComparison.Ordinal);
        Assert.DoesNotContain("淮海里", html, StringComparison.Ordinal);
        Assert.DoesNotContain("楼组长", html, StringComparison.Ordinal);

        var pressed = await fixture.Property.PostAsync("/alerts", html, ("alert", "00000000000000b1"), ("group", "00000000000000b1"), ("do", "acknowledge"));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, pressed.StatusCode);
        Assert.Contains("有的告警没有找到", await pressed.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(fixture.State("00000000000000b1").Acknowledgements);
        Assert.Equal(HttpStatusCode.NotFound, (await fixture.Property.GetAsync("/alerts?site=huaihai")).StatusCode);
        Assert.Contains("row-00000000000000b1", await fixture.Manager.TextAsync("/alerts?site=huaihai"), StringComparison.Ordinal);
        Assert.DoesNotContain("row-00000000000000a1", await fixture.Manager.TextAsync("/alerts?site=huaihai"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_only_looks_has_no_button_and_no_form_of_his_is_taken()
    {
        await fixture.RaiseAsync(fixture.Step("00000000000000a1"));
        var html = await fixture.Auditor.TextAsync("/alerts");
        Assert.Contains("row-00000000000000a1", html, StringComparison.Ordinal);
        Assert.DoesNotContain("name=\"alert\"", html, StringComparison.Ordinal);
        Assert.DoesNotContain("name=\"do\"", html, StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.Forbidden, (await fixture.Auditor.PostAsync("/alerts", html, ("one", "00000000000000a1"))).StatusCode);
        // Who may take may not yet shelve.
        Assert.Equal(HttpStatusCode.Forbidden, (await fixture.Guard.PostAsync("/alerts", await fixture.Guard.TextAsync("/alerts"), ("alert", "00000000000000a1"), ("do", "shelve"), ("until", "9999999999999"), ("reason", "x"))).StatusCode);
        Assert.DoesNotContain("do-shelve", await fixture.Guard.TextAsync("/alerts"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tab=done", "tab 是 done；请写其中之一：open, mine, all, recovered")]
    [InlineData("priority=P9", "priority 是 P9；请写其中之一：P0, P1, P2, P3")]
    [InlineData("site=nowhere", "site 是 nowhere；请写其中之一：jiugeng, huaihai, panyu-road")]
    [InlineData("page=0", "page 是 0；请写1 到 1000")]
    [InlineData("page=two", "page 是 two")]
    [InlineData("tab=all&tab=mine", "请写只写一次")]
    [InlineData("prio=P1", "不认识 prio")]
    public async Task A_filter_that_is_wrong_is_named_with_what_can_stand_there(string query, string said)
    {
        var answer = await fixture.Manager.GetAsync("/alerts?" + query);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Contains(said, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("do", "delete")]
    [InlineData("do", "")]
    [InlineData("do", "acknowledge")]
    [InlineData("alert", "<script>")]
    public async Task A_form_that_asks_for_nothing_or_for_what_there_is_not_says_so(string name, string value)
    {
        var answer = await fixture.Manager.PostAsync("/alerts", await fixture.Manager.TextAsync("/me"), (name, value));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Contains("data-testid=\"refused\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fifty_causes_are_a_page_and_what_is_filtered_out_takes_nobodys_place()
    {
        await fixture.RaiseAsync([.. Enumerable.Range(0, 51).Select(number => fixture.Step(string.Create(CultureInfo.InvariantCulture, $"{number:x16}"), asset: $"garage/p{number}", rule: $"rule-{number}")), fixture.Step("00000000000000f3", Priority.P3)]);
        var first = await fixture.Manager.TextAsync("/alerts");
        Assert.Equal(50, Regex.Count(first, "data-testid=\"row-"));
        Assert.Contains("1 / 2", first, StringComparison.Ordinal);
        Assert.Equal(2, Regex.Count(await fixture.Manager.TextAsync("/alerts?page=2"), "data-testid=\"row-"));
        // Beyond the last page is the last.
        Assert.Contains("2 / 2", await fixture.Manager.TextAsync("/alerts?page=7"), StringComparison.Ordinal);
        Assert.Contains("row-00000000000000f3", await fixture.Manager.TextAsync("/alerts?priority=P3"), StringComparison.Ordinal);
        Assert.Contains("原因 1 · 告警 1", await fixture.Manager.TextAsync("/alerts?priority=P3&site="), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(10, false)]
    [InlineData(11, true)]
    public async Task More_than_ten_alerts_in_ten_minutes_are_a_flood_and_the_page_says_so_first(int alerts, bool isFlood)
    {
        await fixture.RaiseAsync([.. Enumerable.Range(0, alerts).Select(number => fixture.Step(string.Create(CultureInfo.InvariantCulture, $"{number:x16}"), asset: $"garage/p{number}")), fixture.Step("00000000000000f3", Priority.P3)]);
        await fixture.ExplainAsync("0000000000000000", "0000000000000001", "0000000000000002");

        var html = await fixture.Manager.TextAsync("/alerts");

        Assert.Equal(isFlood, html.Contains("data-testid=\"flood\"", StringComparison.Ordinal));
        Assert.Equal(isFlood, html.Contains($"告警成批到来，十分钟内 {alerts} · 原因 {alerts - 1}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task How_long_it_is_to_the_next_call_is_what_the_response_itself_goes_by()
    {
        await fixture.RaiseAsync(fixture.Step("00000000000000a1", Priority.P1));
        var due = fixture.State("00000000000000a1").StepDueMs;

        var html = await fixture.Manager.TextAsync("/alerts");

        Assert.Contains($"data-due=\"{due}\">0:05</span>", html, StringComparison.Ordinal);
        Assert.Contains("接着通知门岗、物业经理", html, StringComparison.Ordinal);
        await fixture.DoesAsync("manager-a", "00000000000000a1", new ResponseCommand.Acknowledge());
        html = await fixture.Manager.TextAsync("/alerts?tab=all");
        Assert.Contains("没有进展就重新通知", html, StringComparison.Ordinal);
        Assert.Contains(">30:00</span>", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_over_within_a_week_is_listed_the_latest_first_and_what_is_older_is_for_the_reports()
    {
        await fixture.RaiseAsync(fixture.Step("00000000000000a1"));
        await fixture.RaiseAsync(fixture.Step("00000000000000a1", condition: Condition.Cleared, number: 1));
        await fixture.RaiseAsync(fixture.Step("00000000000000a2", rule: "other"));
        await fixture.RaiseAsync(fixture.Step("00000000000000a2", rule: "other", condition: Condition.Cleared, number: 1));
        await fixture.Page.Database.CommitAsync(CommitPriority.Alerts, connection => Database.Execute(
            connection, "update response set changed_ms = changed_ms - $week where alert = '00000000000000a1'", ("$week", 7 * 86_400_000L)));

        Assert.Contains("row-00000000000000a1", await fixture.Manager.TextAsync("/alerts?tab=recovered"), StringComparison.Ordinal);
        await fixture.Page.Database.CommitAsync(CommitPriority.Alerts, connection => Database.Execute(connection, "update response set changed_ms = changed_ms - 1 where alert = '00000000000000a1'"));

        var html = await fixture.Manager.TextAsync("/alerts?tab=recovered");
        Assert.DoesNotContain("row-00000000000000a1", html, StringComparison.Ordinal);
        Assert.Contains("row-00000000000000a2", html, StringComparison.Ordinal);
        Assert.Contains("最近 7 天", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_belongs_to_other_sites_takes_no_place_on_any_list_that_has_an_end()
    {
        // More of Huaihai than any list shows, all more urgent or due earlier than the one of Jiugeng.
        await fixture.RaiseAsync([.. Enumerable.Range(0, 520).Select(number => fixture.Step(string.Create(CultureInfo.InvariantCulture, $"{number:x16}"), Priority.P1, "huaihai", $"shed-1/p{number}"))]);
        await fixture.RaiseAsync(fixture.Step("00000000000fffa1"));
        await fixture.Page.Database.CommitAsync(CommitPriority.Alerts, connection =>
        {
            for (var number = 0; number < 210; number++)
            {
                Database.Execute(
                    connection, "insert into fly_wire_case values ($alert, 0, $site, $asset, 'unmetered-load', 0, 0, $due, 1, 0, '', '{\"p\":0.87}')",
                    ("$alert", number == 209 ? "00000000000fffa1" : $"case-{number}"), ("$site", number == 209 ? "jiugeng" : "huaihai"), ("$asset", number == 209 ? "jiugeng/feeder-1" : $"huaihai/c{number}"), ("$due", (long)number + 1));
            }
        });

        Assert.Contains("00000000000fffa1", await fixture.Property.TextAsync("/api/alerts"), StringComparison.Ordinal);
        Assert.Contains("00000000000fffa1", await fixture.Property.TextAsync("/api/fly-wire-cases"), StringComparison.Ordinal);
        Assert.Contains("case-00000000000fffa1", await fixture.Property.TextAsync("/fly-wire"), StringComparison.Ordinal);
        var rows = System.Text.Encoding.UTF8.GetString((await ReportPagesTests.FileAsync(fixture.Property, "/fly-wire?format=csv&lang=zh")).Bytes).Split("\r\n");
        Assert.Contains(",87.0,", Assert.Single(rows, row => row.Contains("00000000000fffa1", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains("/alert/00000000000fffa1", await fixture.Property.TextAsync("/on-call"), StringComparison.Ordinal);
        Assert.Contains("row-00000000000fffa1", await fixture.Property.TextAsync("/alerts"), StringComparison.Ordinal);
        Assert.Contains("00000000000fffa1", await fixture.Property.TextAsync("/circuit/jiugeng/feeder-1"), StringComparison.Ordinal);
        Assert.Contains(fixture.Desk.OpenFor("manager-a"), one => one.State.Alert == "00000000000fffa1");
    }
}

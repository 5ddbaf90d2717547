using System.Text;
using System.Text.RegularExpressions;
using FacilityMonitor.Alerts;
using FacilityMonitor.Ingest;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Mqtt;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Tests.Web;
using FacilityMonitor.Web.Pages;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>The sheet of the morning, the inbox and the wall in a real browser: on a phone, on a desk, on paper; in both languages; all well and in trouble.</summary>
public sealed class AlertPagesTests(HeardAlertPagesFixture fixture) : IClassFixture<HeardAlertPagesFixture>, IAsyncLifetime
{
    private static readonly string[] Pages = ["/today", "/alerts", "/alerts?tab=all", "/alerts?tab=recovered", "/?wall=1", "/?wall=1&turn=1"];

    public async Task InitializeAsync()
    {
        await fixture.ClearAsync();
        await HearAsync();
    }

    /// <summary>All of it ends, so that the rules have forgotten it when the next test begins.</summary>
    public async Task DisposeAsync()
    {
        var rules = fixture.Page.Services.GetRequiredService<MonitoringWorker>();
        foreach (var step in rules.State.Alerts)
            rules.Tell(step with { Condition = Condition.Cleared, Sequence = step.Sequence + 1 });
        await fixture.Page.UntilAsync(() => rules.State.Alerts.Count == 0, "quiet");
    }

    [RealServerFact(BrowserUnderTest.Program, PageRules.Library)]
    public async Task They_fit_every_width_break_no_rule_of_access_and_are_grey_while_all_is_well()
    {
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await OpenAsync(chromium);
        await LookAsync(page, async path =>
        {
            Assert.Empty(await page.Locator(".attention:visible, .lost:visible, .p0:visible, .p1:visible, .p2:visible, .over:visible, .near:visible").AllInnerTextsAsync());
            if (path == "/today")
                await Assertions.Expect(page.GetByTestId("calm")).ToHaveCountAsync(1);
        });
        Assert.Empty(chromium.Errors);
    }

    [RealServerFact(BrowserUnderTest.Program, PageRules.Library)]
    public async Task They_fit_every_width_and_break_no_rule_of_access_in_trouble_too()
    {
        await TroubleAsync();
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await OpenAsync(chromium);
        await LookAsync(page, async path =>
        {
            // What was ticked brings the bar, and the bar has to fit as well.
            if (path == "/alerts")
                await page.GetByTestId("pick-00000000000000c0").First.CheckAsync();
        });
        Assert.Empty(chromium.Errors);
    }

    [RealServerFact(BrowserUnderTest.Program, PageRules.Library)]
    public async Task With_scripts_off_at_most_three_taps_take_hand_on_or_shelve_a_whole_cause()
    {
        await fixture.RaiseAsync(fixture.Step("00000000000000a1", Priority.P1), fixture.Step("00000000000000a2", asset: "garage/pile-u2"), fixture.Step("00000000000000b1", asset: "ground/pile-g1", rule: "other"), fixture.Step("00000000000000b2", asset: "ground/pile-g2", rule: "other"));
        await fixture.ExplainAsync("00000000000000a1", "00000000000000a2");
        await fixture.ExplainAsync("00000000000000b1", "00000000000000b2");
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await OpenAsync(chromium, scripts: false);

        await page.SetViewportSizeAsync(390, 844);
        await page.GotoAsync(At("/alerts"));
        await page.GetByTestId("pick-00000000000000a1").First.CheckAsync();
        await page.GetByTestId("do-acknowledge").ClickAsync();
        await Assertions.Expect(page.GetByTestId("done")).ToHaveTextAsync("✓ 你接下了，条数： 2");
        Assert.True(fixture.State("00000000000000a2").IsAnswered);

        await page.GotoAsync(At("/alerts?tab=mine"));
        await page.GetByTestId("pick-00000000000000a1").First.CheckAsync();
        await page.SelectOptionAsync("#to", "guard-b");
        await page.GetByTestId("do-assign").ClickAsync();
        await Assertions.Expect(page.GetByTestId("done")).ToHaveTextAsync("✓ 已转交，条数： 2");

        await page.GotoAsync(At("/alerts"));
        await page.GetByTestId("pick-00000000000000b1").First.CheckAsync();
        await page.FillAsync("#reason", "等电工来修");
        await page.GetByTestId("do-shelve").ClickAsync();
        await Assertions.Expect(page.GetByTestId("done")).ToHaveTextAsync("✓ 已暂停提醒，条数： 2");
        Assert.NotNull(fixture.State("00000000000000b2").ShelvedUntilMs);

        // What was chosen is in the address, and to load it again presses nothing.
        Assert.EndsWith("/alerts?did=shelve&n=2", page.Url, StringComparison.Ordinal);
        var facts = fixture.Count("select count(*) from response_event");
        await page.ReloadAsync();
        Assert.Equal(facts, fixture.Count("select count(*) from response_event"));

        // And the whole shift in one tap.
        await page.GotoAsync(At("/today"));
        await page.GetByTestId("hand-over").ClickAsync();
        await Assertions.Expect(page.GetByTestId("handed")).ToContainTextAsync("已转交");
    }

    [RealServerFact(BrowserUnderTest.Program, PageRules.Library)]
    public async Task By_keyboard_j_and_k_go_through_the_list_and_a_takes_the_one()
    {
        await fixture.RaiseAsync(fixture.Step("00000000000000a1", Priority.P1), fixture.Step("00000000000000a2", asset: "ground/pile-g1", rule: "other"), fixture.Step("00000000000000a3", Priority.P3, asset: "ground/pile-g2", rule: "third"));
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await OpenAsync(chromium);
        await page.GotoAsync(At("/alerts"));
        await page.Locator("[data-due]").First.WaitForAsync();

        await page.Locator("#keys").UncheckAsync();
        await page.Keyboard.PressAsync("j");
        await Assertions.Expect(page.Locator("#keys")).ToBeFocusedAsync();
        await page.Locator("#keys").CheckAsync();
        foreach (var key in (string[])["j", "j", "j", "j", "k"])
            await page.Keyboard.PressAsync(key);
        await Assertions.Expect(page.Locator("#go-00000000000000a2")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("x");
        await Assertions.Expect(page.GetByTestId("pick-00000000000000a2")).ToBeCheckedAsync();
        await Assertions.Expect(page.GetByTestId("bar")).ToBeVisibleAsync();
        // Whoever types a reason takes nothing by it.
        await page.FillAsync("#reason", "");
        await page.Locator("#reason").PressSequentiallyAsync("jak");
        Assert.Equal("jak", await page.InputValueAsync("#reason"));
        await page.Keyboard.PressAsync("Shift+Tab");
        await page.Locator("#go-00000000000000a2").FocusAsync();
        await page.Keyboard.PressAsync("a");

        await Assertions.Expect(page.GetByTestId("done")).ToHaveTextAsync("✓ 你接下了，条数： 1");
        Assert.True(fixture.State("00000000000000a2").IsAnswered);
        Assert.False(fixture.State("00000000000000a1").IsAnswered);
        Assert.Empty(chromium.Errors);
    }

    [RealServerFact(BrowserUnderTest.Program, PageRules.Library)]
    public async Task What_somebody_else_does_is_seen_without_loading_again_and_pulls_nothing_from_under_ones_hands()
    {
        await fixture.RaiseAsync(fixture.Step("00000000000000a1", Priority.P1), fixture.Step("00000000000000a2", asset: "ground/pile-g1", rule: "other"));
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await OpenAsync(chromium);
        await page.Clock.InstallAsync();
        await page.GotoAsync(At("/alerts"));
        await page.Locator("#go-00000000000000a2").FocusAsync();
        await fixture.DoesAsync("guard-a", "00000000000000a1", new ResponseCommand.Acknowledge());

        await page.Clock.RunForAsync(10_000);

        await Assertions.Expect(page.GetByTestId("row-00000000000000a1")).ToHaveCountAsync(0);
        await Assertions.Expect(page.Locator("#go-00000000000000a2")).ToBeFocusedAsync();

        // What is ticked stays ticked, and keeps nothing else from being told.
        await page.GetByTestId("pick-00000000000000a2").CheckAsync();
        await fixture.RaiseAsync(fixture.Step("00000000000000f0", Priority.P0, asset: "garage/smoke-1", rule: "smoke"));
        await page.Clock.RunForAsync(10_000);
        await Assertions.Expect(page.GetByTestId("row-00000000000000f0")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByTestId("pick-00000000000000a2")).ToBeCheckedAsync();
        await Assertions.Expect(page.GetByTestId("pick-00000000000000f0")).Not.ToBeCheckedAsync();
        await page.GetByTestId("pick-00000000000000a2").UncheckAsync();
        await page.Clock.RunForAsync(10_000);
        await Assertions.Expect(page.GetByTestId("pick-00000000000000a2")).Not.ToBeCheckedAsync();
    }

    [RealServerFact(BrowserUnderTest.Program, PageRules.Library)]
    public async Task An_inbox_left_open_since_a_calm_hour_does_in_the_flood_what_one_opened_in_it_does_and_no_press_goes_astray()
    {
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await OpenAsync(chromium);
        // A telephone of 2021.
        await page.AddInitScriptAsync("delete AbortSignal.timeout");
        await page.Clock.InstallAsync();
        await page.GotoAsync(At("/alerts"));
        await Assertions.Expect(page.GetByTestId("none")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByTestId("flood")).ToHaveCountAsync(0);

        await fixture.RaiseAsync([.. Enumerable.Range(1, AlertsModel.GroupsMax + 1).Select(number => fixture.Step($"{number:x16}", asset: $"thing-{number}", rule: $"rule-{number}"))]);
        await page.Clock.RunForAsync(10_000);

        await Assertions.Expect(page.GetByTestId("flood")).ToContainTextAsync($"{AlertsModel.GroupsMax + 1}");
        await Assertions.Expect(page.GetByTestId("next")).ToBeVisibleAsync();
        await page.Locator("[name=alert]").First.CheckAsync();
        await page.GetByTestId("do-acknowledge").ClickAsync();
        await Assertions.Expect(page.GetByTestId("done")).ToHaveTextAsync("✓ 你接下了，条数： 1");

        // Where only time goes on a row stays the same one; two looks, as the second begins when the first is drawn.
        await page.EvaluateAsync("window.row = document.querySelector('.row')");
        for (var look = 0; look < 2; look++)
            await page.RunAndWaitForResponseAsync(() => page.Clock.RunForAsync(10_000), answer => answer.Request.ResourceType == "fetch");
        Assert.True(await page.EvaluateAsync<bool>("window.row.isConnected"), "Every row was drawn anew.");

        // What comes between finger down and finger up waits for the press.
        await page.EvaluateAsync("document.addEventListener('submit', (event) => { event.preventDefault(); (window.sent ??= []).push(event.submitter.value); })");
        var row = page.Locator("[data-take]").First;
        var pressed = (await row.GetAttributeAsync("value"))!;
        await row.HoverAsync();
        // Its clock stands: a finger that is down for ten seconds is none, and this machine may be slow.
        await page.Clock.PauseAtAsync(DateTimeOffset.FromUnixTimeMilliseconds((long)await page.EvaluateAsync<double>("Date.now()") + 1_000).UtcDateTime);
        await page.Mouse.DownAsync();
        await fixture.RaiseAsync(fixture.Step("00000000000000f0", Priority.P1, asset: "garage/pile-u9", rule: "over-temperature"));
        await page.RunAndWaitForResponseAsync(() => page.EvaluateAsync("document.dispatchEvent(new Event('visibilitychange'))"), answer => answer.Request.ResourceType == "fetch");
        await page.EvaluateAsync("fetch('/alerts').then((answer) => answer.text())");
        await page.Mouse.UpAsync();
        Assert.Equal([pressed], await page.EvaluateAsync<string[]>("window.sent"));

        // And what has just come under the finger is taken by nobody who meant its neighbour.
        await page.Clock.RunForAsync(15_000);
        await Assertions.Expect(page.GetByTestId("row-00000000000000f0")).ToBeVisibleAsync();
        await page.Clock.RunForAsync(1_000);
        var place = (await page.GetByTestId("take-00000000000000f0").BoundingBoxAsync())!;
        // The answer comes while the page's clock stands: what it brings has just come, however busy this machine is.
        var asked = new TaskCompletionSource<IRoute>();
        await page.RouteAsync(new Regex("/alerts"), route => route.Request.ResourceType == "fetch" && asked.TrySetResult(route) ? Task.CompletedTask : route.ContinueAsync());
        await fixture.RaiseAsync(fixture.Step("00000000000000f1", Priority.P0, asset: "garage/smoke-1", rule: "smoke"));
        for (var second = 0; second < 30 && !asked.Task.IsCompleted; second++)
            await page.Clock.RunForAsync(1_000);
        await (await asked.Task.WaitAsync(TimeSpan.FromMilliseconds(BrowserUnderTest.Patience), WakingTime.Clock)).ContinueAsync();
        await page.GetByTestId("row-00000000000000f1").WaitForAsync();
        double[] at = [place.X + (place.Width / 2), place.Y + (place.Height / 2)];
        Assert.Equal("00000000000000f1", await page.EvaluateAsync<string>("([x, y]) => document.elementFromPoint(x, y).value", at));
        await page.Mouse.ClickAsync((float)at[0], (float)at[1]);
        Assert.Equal([pressed], await page.EvaluateAsync<string[]>("window.sent"));
        await page.Clock.RunForAsync(500);
        await page.Mouse.ClickAsync((float)at[0], (float)at[1]);
        Assert.Equal([pressed, "00000000000000f1"], await page.EvaluateAsync<string[]>("window.sent"));
        Assert.Empty(chromium.Errors);
    }

    [RealServerFact(BrowserUnderTest.Program, PageRules.Library)]
    public async Task An_open_alert_shows_who_took_it_meanwhile_and_keeps_what_is_being_typed()
    {
        var step = fixture.Step("00000000000000a1", Priority.P2);
        await fixture.Page.Database.CommitAsync(CommitPriority.Alerts, connection =>
        {
            AlertLog.Write(connection, step);
            fixture.Page.Responses.Observe(connection, [step], Exercise.Drill);
        });
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await OpenAsync(chromium);
        await page.Clock.InstallAsync();
        await page.GotoAsync(At("/alert/00000000000000a1"));
        await Assertions.Expect(page.Locator("#facts")).ToContainTextAsync("还没有人");
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("P2 待响应");
        await Assertions.Expect(page.Locator(".exercise")).ToHaveTextAsync("演练，不是真的");
        await page.FillAsync("#text", "正在过去");
        await page.Locator("#do-arrive").FocusAsync();

        await fixture.Page.Database.CommitAsync(CommitPriority.Alerts, connection => ResponseTable.Append(
            connection, step.AlertId, ResponseTable.Load(connection, step.AlertId), [new ResponseEvent.TestOver(fixture.Page.NowMs) { AtMs = fixture.Page.NowMs }]));
        await fixture.DoesAsync("guard-a", "00000000000000a1", new ResponseCommand.Acknowledge());
        await page.Clock.RunForAsync(10_000);

        // What was none is meant: nobody reads on that it is none.
        await Assertions.Expect(page.Locator(".exercise")).ToHaveCountAsync(0);
        await Assertions.Expect(page.Locator("#facts")).ToContainTextAsync("处理人： 值班员甲");
        await Assertions.Expect(page.Locator("#timeline")).ToContainTextAsync("值班员甲 接下处理");
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("P2 已响应");
        Assert.StartsWith("P2 已响应", await page.TitleAsync(), StringComparison.Ordinal);
        Assert.Equal("正在过去", await page.InputValueAsync("#text"));
        await Assertions.Expect(page.Locator("#do-arrive")).ToBeFocusedAsync();
        // The button that was renewed does what it says, once one has seen where it went.
        await page.Clock.RunForAsync(500);
        await page.Locator("#do-arrive").ClickAsync();
        await Assertions.Expect(page.Locator("#facts")).ToContainTextAsync("值班员甲");
        Assert.Equal(ResponseStage.OnScene, fixture.State("00000000000000a1").Stage);
        Assert.Empty(chromium.Errors);
    }

    [RealServerFact(BrowserUnderTest.Program, PageRules.Library)]
    public async Task What_is_mine_is_renewed_on_the_start_page_under_the_choice_of_whom_to_hand_it_to()
    {
        await fixture.RaiseAsync(fixture.Step("00000000000000a1"), fixture.Step("00000000000000a2", asset: "ground/pile-g1", rule: "other"));
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await OpenAsync(chromium);
        await page.Clock.InstallAsync();
        await page.GotoAsync(At("/today"));
        await Assertions.Expect(page.GetByTestId("hand-over")).ToBeHiddenAsync();
        await fixture.DoesAsync(FacilityMonitor.Web.ActPage.Manager, "00000000000000a1", new ResponseCommand.Acknowledge());
        await page.Clock.RunForAsync(10_000);
        await Assertions.Expect(page.GetByTestId("hand-over")).ToHaveTextAsync("一键交班 (1)");
        // Who is next is known by now, and nobody had chosen.
        await Assertions.Expect(page.Locator("#hand-to [name=next]")).Not.ToHaveValueAsync("");
        await page.SelectOptionAsync("#to", "guard-b");

        await fixture.DoesAsync(FacilityMonitor.Web.ActPage.Manager, "00000000000000a2", new ResponseCommand.Acknowledge());
        await page.Clock.RunForAsync(10_000);

        await Assertions.Expect(page.GetByTestId("hand-over")).ToHaveTextAsync("一键交班 (2)");
        await Assertions.Expect(page.Locator("#mine-list")).ToContainTextAsync("00000000000000a2");
        Assert.Equal("guard-b", await page.InputValueAsync("#to"));
        await page.GetByTestId("hand-over").ClickAsync();
        await Assertions.Expect(page.GetByTestId("handed")).ToContainTextAsync("2");
        Assert.Equal("guard-b", fixture.State("00000000000000a2").Assignee);
    }

    [RealServerFact(BrowserUnderTest.Program, PageRules.Library)]
    public async Task Whoever_stands_in_a_table_sees_it_renewed_around_him_all_the_same()
    {
        await SayAsync(20);
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await OpenAsync(chromium);
        await page.Clock.InstallAsync();
        await page.GotoAsync(At("/site/huaihai"));
        var row = page.GetByTestId("circuit-c-shed");
        await Assertions.Expect(row).ToContainTextAsync("20.0 / 63 A");
        await page.Locator("#circuits .scroll").FocusAsync();

        await SayAsync(31);
        await page.Clock.RunForAsync(10_000);

        await Assertions.Expect(row).ToContainTextAsync("31.0 / 63 A");
        await Assertions.Expect(page.Locator("#circuits .scroll")).ToBeFocusedAsync();

        async Task SayAsync(double amps)
        {
            await fixture.Page.SayAsync("meter-shed", ((string[])["l1", "l2", "l3"]).Select(phase => (phase, fixture.Page.NowMs, new[] { (Metric.A, amps) })));
            await fixture.Page.UntilAsync(() => fixture.Page.Channel("huaihai/meter-shed", "l3")?.GetProperty("a").GetDouble() == amps, "the current");
        }
    }

    [RealServerFact(BrowserUnderTest.Program, PageRules.Library)]
    public async Task The_start_page_tells_what_rings_at_once_and_in_a_flood_asks_no_more_often_than_every_two_seconds()
    {
        var rules = fixture.Page.Services.GetRequiredService<MonitoringWorker>();
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await OpenAsync(chromium);
        await page.Clock.InstallAsync();
        await page.GotoAsync(At("/today"));
        await Assertions.Expect(page.GetByTestId("count-open")).ToHaveTextAsync("0");
        var asked = 0;
        page.Request += (_, request) => asked += request.ResourceType == "fetch" && new Uri(request.Url).AbsolutePath == "/today" ? 1 : 0;
        var began = await page.EvaluateAsync<double>("Date.now()");

        for (var number = 1; number <= 12; number++)
        {
            rules.Tell(fixture.Step($"{number:x16}", asset: $"thing-{number}", rule: $"rule-{number}"));
            await fixture.Page.UntilAsync(() => rules.State.Alerts.Count == number, "the alert");
            await page.Clock.RunForAsync(250);
        }

        var (elapsed, most) = (await page.EvaluateAsync<double>("Date.now()") - began, asked);
        Assert.InRange(most, 0, (elapsed / 2_000) + 1);
        await fixture.Page.UntilAsync(() => fixture.Count("select count(*) from response") == 12, "every alert");
        await page.Clock.RunForAsync(5_000);
        await Assertions.Expect(page.GetByTestId("count-open")).ToHaveTextAsync("12");
        Assert.Empty(chromium.Errors);
    }

    [RealServerFact(BrowserUnderTest.Program, PageRules.Library)]
    public async Task The_sheet_of_the_morning_is_one_page_of_paper_however_bad_the_night_was()
    {
        await TroubleAsync(further: 60);
        // Every list is full and more than that, and whoever prints it has a part of it.
        await fixture.Desk.DoAsync([.. Enumerable.Range(0, 20).Select(number => $"{number + 0x100:x16}")], new ResponseCommand.Acknowledge(), new Actor("manager", "page"));
        await fixture.Page.Database.CommitAsync(CommitPriority.Alerts, connection =>
        {
            for (var number = 0; number < 20; number++)
            {
                Database.Execute(
                    connection, "insert into fly_wire_case values ($alert, 0, 'jiugeng', $asset, 'unmetered-load', 3, 0, $due, 1, 0, '', '{}')",
                    ("$alert", $"case-{number}"), ("$asset", $"jiugeng/c{number}"), ("$due", fixture.Page.NowMs - number));
            }
        });
        await using var chromium = await BrowserUnderTest.StartAsync();
        foreach (var language in (string[])["zh", "en"])
        {
            var page = await OpenAsync(chromium);
            await page.GotoAsync(At("/today?lang=" + language));
            var pdf = await page.PdfAsync(new() { Format = "A4", PreferCSSPageSize = true });
            Assert.Single(Regex.Matches(Encoding.Latin1.GetString(pdf), "/Type\\s*/Page\\b"));
        }
    }

    [RealServerFact(BrowserUnderTest.Program, PageRules.Library)]
    public async Task The_wall_turns_from_site_to_site_and_keeps_what_it_knew_with_its_time_when_the_service_is_gone()
    {
        await TroubleAsync();
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await OpenAsync(chromium);
        await page.Clock.InstallAsync();
        await page.GotoAsync(At("/?wall=1"));
        await Assertions.Expect(page.GetByTestId("wall-site")).ToContainTextAsync("久耕小区 1 / 3");
        await Assertions.Expect(page.GetByTestId("link-state")).ToContainTextAsync("正在接收");
        // What nobody has taken stands before what somebody has; lives before all.
        var shown = await page.Locator(".needs li").EvaluateAllAsync<string[]>("all => all.map((one) => one.dataset.testid)");
        Assert.Equal(["wall-00000000000000f0", "wall-00000000000000c0", "wall-00000000000000d0"], shown[..3]);
        Assert.Equal(0, await page.Locator("a, button, input, select, summary").CountAsync());

        await page.Clock.RunForAsync(10_000);
        await Assertions.Expect(page.GetByTestId("wall-site")).ToContainTextAsync("淮海里 2 / 3");
        await page.Clock.RunForAsync(10_000);
        await Assertions.Expect(page.GetByTestId("wall-site")).ToContainTextAsync("番禺路 3 / 3");
        await page.Clock.RunForAsync(10_000);
        await Assertions.Expect(page.GetByTestId("wall-site")).ToContainTextAsync("久耕小区 1 / 3");

        await page.Context.SetOfflineAsync(true);
        await page.Clock.RunForAsync(10_000);
        await Assertions.Expect(page.Locator("#lost")).ToContainTextAsync("与服务的连接断了");
        await Assertions.Expect(page.GetByTestId("wall-site")).ToContainTextAsync("久耕小区");
        await page.Context.SetOfflineAsync(false);
        await page.Clock.RunForAsync(10_000);
        await Assertions.Expect(page.Locator("#lost")).ToHaveCountAsync(0);
    }

    [RealServerFact(BrowserUnderTest.Program, PageRules.Library)]
    public async Task While_the_line_is_down_an_alert_can_still_be_taken_and_anything_else_waits_and_says_why()
    {
        await TroubleAsync();
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await OpenAsync(chromium);
        await page.Clock.InstallAsync();
        foreach (var (path, taking, waiting) in new[] { ("/alerts", "[data-testid=do-acknowledge]", "[data-testid=do-shelve]"), ("/alert/00000000000000f0", "[data-testid=acknowledge]", "form[action$=comment] button") })
        {
            await page.GotoAsync(At(path));
            var (take, other) = (page.Locator(taking), page.Locator(waiting));
            await Assertions.Expect(other).ToBeEnabledAsync();

            await page.Context.SetOfflineAsync(true);
            await page.Clock.RunForAsync(10_000);

            await Assertions.Expect(page.Locator("#lost")).ToContainTextAsync("要填写的操作等连上再做");
            await Assertions.Expect(other).ToBeDisabledAsync();
            await Assertions.Expect(other).ToHaveAttributeAsync("title", "告警仍可试着接下；要填写的操作等连上再做。");
            await Assertions.Expect(take).ToBeEnabledAsync();

            await page.Context.SetOfflineAsync(false);
            await page.Clock.RunForAsync(10_000);

            await Assertions.Expect(page.Locator("#lost")).ToHaveCountAsync(0);
            await Assertions.Expect(other).ToBeEnabledAsync();
        }
    }

    private Task HearAsync() => fixture.Page.UntilAsync(() => fixture.Page.Services.GetRequiredService<IngestWorker>().Broker.State is MqttConnectionState.Subscribed, "the broker");

    private string At(string path) => new Uri(fixture.Page.Url, path).ToString();

    private async Task LookAsync(IPage page, Func<string, Task> more)
    {
        foreach (var path in Pages)
            await PageRules.HoldAsync(page, At(path), () => more(path));
    }

    private async Task<IPage> OpenAsync(BrowserUnderTest chromium, bool scripts = true)
    {
        var page = await chromium.OpenAsync(scripts);
        await page.GotoAsync(At("/sign-in"));
        await BrowserUnderTest.SignInAsync(page, PageUnderTest.Password);
        await page.WaitForURLAsync(fixture.Page.Url.ToString());
        return page;
    }

    /// <summary>A bad night: a fire that one has taken, an overload with what follows from it, something in hand, something that is over.</summary>
    private async Task TroubleAsync(int further = 0)
    {
        var rules = fixture.Page.Services.GetRequiredService<MonitoringWorker>();
        List<AlertTransition> steps =
        [
            Told("00000000000000f0", Priority.P0, "烟雾，久耕小区 地下车库 1 号烟感：烟雾 2.10 dB/m，电池架上方", "Smoke, Jiugeng Estate, underground garage, smoke sensor 1: smoke 2.10 dB/m above the battery rack", "smoke", "garage/smoke-1"),
            Told("00000000000000c0", Priority.P1, "回路过载，久耕小区 地面充电 2 组回路：31.4 A，额定 25 A，预计 12–28 分钟跳闸", "Circuit overload, Jiugeng Estate, ground group 2: 31.4 A of rated 25 A, expected to trip in 12–28 min", "circuit-overload", "c-ground-2"),
            Told("00000000000000c1", Priority.P2, "充电口过载，久耕小区 地面 2 号桩 3 号充电口：612 W", "Socket overload, Jiugeng Estate, ground pile 2, socket 3: 612 W", "socket-overload", "ground/pile-g2/s3"),
            Told("00000000000000c2", Priority.P2, "充电口过载，久耕小区 地面 2 号桩 7 号充电口：598 W", "Socket overload, Jiugeng Estate, ground pile 2, socket 7: 598 W", "socket-overload", "ground/pile-g2/s7"),
            Told("00000000000000d0", Priority.P2, "疑似飞线充电，久耕小区 1、2 号楼楼道照明：多出 151 W，像电池那样回落，概率 96%", "Perhaps fly-wire charging, Jiugeng Estate, corridor lights of buildings 1 and 2: 151 W too much, tapering as a battery does, probability 96 %", "charger-on-public-circuit", "c-corridor-1"),
            Told("00000000000000e0", Priority.P1, "剩余电流过大，淮海里 车棚充电回路：112 mA", "Residual current, Huaihai Lane, shed charging: 112 mA", "residual-current", "c-shed", "huaihai"),
            Told("00000000000000e1", Priority.P2, "设备无声，番禺路 2 号桩：12 分钟没有消息", "Silent device, Panyu Road, pile 2: no word for 12 min", "offline", "row/pile-p2", "panyu-road"),
            .. Enumerable.Range(0, further).Select(number => Told($"{number + 0x100:x16}", Priority.P1, $"电池过热，久耕小区 地下车库 {number} 号位：71 °C，高于 60 °C，两分钟内升了 9 °C", $"Overheated battery, Jiugeng Estate, underground garage, place {number}: 71 °C, above 60 °C, 9 °C more within two minutes", $"heat-{number}", $"garage/place-{number}")),
        ];
        foreach (var step in steps)
            rules.Tell(step);
        await fixture.Page.UntilAsync(() => fixture.Count("select count(*) from response") == steps.Count && rules.State.Alerts.Count == steps.Count, "every alert");
        await fixture.ExplainAsync("00000000000000c0", "00000000000000c1", "00000000000000c2");
        await fixture.DoesAsync("guard-a", "00000000000000f0", new ResponseCommand.Acknowledge());
        await fixture.DoesAsync("committee-a", "00000000000000e0", new ResponseCommand.Acknowledge());
        await fixture.DoesAsync("manager", "00000000000000d0", new ResponseCommand.Acknowledge());
        await fixture.DoesAsync("manager", "00000000000000d0", new ResponseCommand.Unacknowledge());
        await fixture.DoesAsync("fire-a", "00000000000000d0", new ResponseCommand.Assign("manager-a"));
        rules.Tell(steps[6] with { Condition = Condition.Cleared, Sequence = 1 });
        await fixture.Page.UntilAsync(() => rules.State.Alerts.Count == steps.Count - 1, "one that is over");
        // The clock ran, and the broker has waited for a word.
        await HearAsync();
    }

    private AlertTransition Told(string alert, Priority priority, string zh, string en, string rule, string asset, string site = "jiugeng") => fixture.Step(alert, priority, site, asset, rule) with
    {
        Text = new LocalText($"{zh}。自 11-20 18:00:00 起。请做：1. 去看", $"{en}. Since 20 Nov 18:00:00. Do: 1. Go and look"),
    };
}

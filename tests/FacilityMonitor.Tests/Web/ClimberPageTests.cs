using System.Net;
using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using FacilityMonitor.Readings;
using FacilityMonitor.Users;
using FacilityMonitor.Web;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Web;

/// <summary>Stair-climbers: who has one, what is wrong with it, and who may take it out; and what has to be checked by which day.</summary>
public sealed class ClimberPageTests : IDisposable
{
    private const string Climber = "/climbers/jiugeng/climber-1";

    private static readonly string[] Checks = ["battery", "brake", "belt", "emergency-stop", "tracks", "stairs"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_list_says_of_each_where_it_is_and_when_it_is_inspected_and_nothing_that_it_does_not_know()
    {
        await using var page = await StartAsync();

        var text = WebUtility.HtmlDecode(await TextAsync(page, "/climbers"));

        Assert.Contains("href=\"/climbers/jiugeng/climber-1\"", text, StringComparison.Ordinal);
        Assert.Contains("<dd>3 号楼楼道 (登记位置)</dd>", text, StringComparison.Ordinal);
        Assert.Contains("<dt>电量</dt><dd>— <small>× 还没有数据", text, StringComparison.Ordinal);
        Assert.Contains("<dt>下次检验</dt><dd>2027-03-31</dd>", text, StringComparison.Ordinal);
        Assert.Contains("<dt>座椅</dt><dd>—</dd>", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_that_is_sent_twice_does_it_once_and_says_nothing_else()
    {
        await using var page = await StartAsync();
        using var guard = await page.EnterAsync("guard", UserRole.OnCall, "jiugeng", "门岗甲");
        using var other = await page.EnterAsync("other", UserRole.OnCall, "jiugeng", "门岗乙");
        var form = await guard.TextAsync(Climber);
        (string Path, (string, string)[] Fields)[] sent =
        [
            (Climber + "?handler=out", [.. Ticked(6), ("operator", "fire-a"), ("destination", "3 号楼 5 层")]), (Climber + "?handler=in", []), (Climber + "?handler=fault", [("text", "履带松")]),
        ];
        foreach (var (path, fields) in sent)
        {
            for (var time = 0; time < 2; time++)
                Assert.Equal(HttpStatusCode.Redirect, (await guard.PostAsync(path, form, fields)).StatusCode);
        }

        using var reader = page.Database.OpenReader();
        Assert.Equal((1, 1), (FacilityMonitor.Climbers.ClimberTable.Trips(reader, "jiugeng", "climber-1", 9).Count, FacilityMonitor.Climbers.ClimberTable.Faults(reader, "jiugeng", "climber-1", 9).Count));
        // Somebody else who brings it back is told that it is there.
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await other.PostAsync(Climber + "?handler=in", await other.TextAsync(Climber))).StatusCode);
    }

    [Theory]
    [InlineData(-1, "attention", "已过 1 天")]
    [InlineData(0, "soon", "就是今天")]
    [InlineData(30, "soon", "还有 30 天")]
    [InlineData(31, null, "")]
    public void A_day_that_is_due_is_said_a_month_before_and_has_colour_only_when_it_is_over(int days, string? css, string said)
    {
        var today = new DateOnly(2026, 11, 20);

        var due = DueDay.Of(today.AddDays(days), today);

        Assert.Equal((css, days), (due.Css, due.Days));
        Assert.Contains(said, due.Say(new ViewTexts()), StringComparison.Ordinal);
        Assert.Equal(said.Length == 0, due.Say(new ViewTexts()) == "2026-12-21");
    }

    [Fact]
    public async Task Whoever_is_trained_takes_it_out_after_every_point_of_the_check_and_brings_it_back_and_the_audit_has_both()
    {
        await using var page = await StartAsync();
        using var guard = await page.EnterAsync("guard", UserRole.OnCall, "jiugeng", "门岗甲");
        var form = await guard.TextAsync(Climber);
        Assert.Contains("微型消防站队员甲", form, StringComparison.Ordinal);

        using (var unchecked_ = await guard.PostAsync(Climber + "?handler=out", form, [.. Ticked(5), ("operator", "fire-a"), ("destination", "3 号楼 5 层")]))
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, unchecked_.StatusCode);
            var said = await unchecked_.Content.ReadAsStringAsync();
            Assert.Contains("出车前的检查要一项项做完", said, StringComparison.Ordinal);
            // What was typed is not lost.
            Assert.Contains("value=\"3 号楼 5 层\"", said, StringComparison.Ordinal);
        }

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await guard.PostAsync(Climber + "?handler=out", form, [.. Ticked(6), ("operator", "guard-a")])).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await guard.PostAsync(Climber + "?handler=in", form)).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await guard.PostAsync(Climber + "?handler=out", form, [.. Ticked(6), ("operator", "fire-a"), ("destination", "3 号楼 5 层")])).StatusCode);

        Assert.Contains("取走的人： 微型消防站队员甲 → 3 号楼 5 层", WebUtility.HtmlDecode(await guard.TextAsync("/climbers")), StringComparison.Ordinal);
        // A second press, of another or of the same, takes nothing.
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await guard.PostAsync(Climber + "?handler=out", form, [.. Ticked(6), ("operator", "manager-a")])).StatusCode);
        Assert.DoesNotContain("handler=out", await guard.TextAsync(Climber), StringComparison.Ordinal);
        page.Time.Advance(TimeSpan.FromMinutes(20));
        Assert.Equal(HttpStatusCode.Redirect, (await guard.PostAsync(Climber + "?handler=in", form)).StatusCode);

        Assert.Contains("handler=out", await guard.TextAsync(Climber), StringComparison.Ordinal);
        Assert.Equal(["climber-in", "climber-out"], Audit(page, "guard").Where(entry => entry.What.StartsWith("climber", StringComparison.Ordinal)).Select(entry => entry.What));
        Assert.All(Audit(page, "guard").Where(entry => entry.What.StartsWith("climber", StringComparison.Ordinal)), entry => Assert.Equal(("jiugeng", "jiugeng/stair-3/climber-1"), (entry.Site, entry.Subject)));

        // The clock was set back by a day: the trip that ended looks newer than the one that begins.
        await page.Database.CommitAsync(CommitPriority.Alerts, connection => Database.Execute(connection, "update climber_trip set taken_ms = taken_ms + 86400000, returned_ms = returned_ms + 86400000"));
        Assert.Equal(HttpStatusCode.Redirect, (await guard.PostAsync(Climber + "?handler=out", form, [.. Ticked(6), ("operator", "fire-a"), ("destination", "3 号楼 2 层")])).StatusCode);
        Assert.Contains("取走的人： 微型消防站队员甲 → 3 号楼 2 层", WebUtility.HtmlDecode(await guard.TextAsync("/climbers")), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await guard.PostAsync(Climber + "?handler=out", form, [.. Ticked(6), ("operator", "manager-a")])).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await guard.PostAsync(Climber + "?handler=in", form)).StatusCode);
    }

    [Fact]
    public async Task It_is_booked_ahead_once_by_whom_it_is_there_for_and_given_up_by_anybody_who_may_book()
    {
        await using var page = await StartAsync();
        using var guard = await page.EnterAsync("guard", UserRole.OnCall, "jiugeng", "门岗甲");
        using var other = await page.EnterAsync("other", UserRole.OnCall, "jiugeng", "门岗乙");
        var form = await guard.TextAsync(Climber);
        var theirs = await other.TextAsync(Climber);
        Assert.Contains("name=\"from\" type=\"datetime-local\" value=\"2026-11-20T18:30\"", form, StringComparison.Ordinal);
        // Sent twice, as on a slow line.
        for (var time = 0; time < 2; time++)
            Assert.Equal(HttpStatusCode.Redirect, (await guard.PostAsync(Climber + "?handler=book", form, Booking("2026-11-21T09:00", 60))).StatusCode);

        Assert.Contains("<dt>下一个预约</dt><dd>11-21 09:00–10:00 微型消防站队员甲 → 3 号楼 5 层</dd>", WebUtility.HtmlDecode(await guard.TextAsync("/climbers")), StringComparison.Ordinal);
        using (var taken = await other.PostAsync(Climber + "?handler=book", theirs, Booking("2026-11-21T09:59", 30)))
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, taken.StatusCode);
            var said = WebUtility.HtmlDecode(await taken.Content.ReadAsStringAsync());
            Assert.Contains("11-21 09:00–10:00 已经有人约了", said, StringComparison.Ordinal);
            // What was typed is not lost.
            Assert.Contains("value=\"2026-11-21T09:59\"", said, StringComparison.Ordinal);
            Assert.Contains("<option value=\"30\" selected=\"selected\">30 分钟</option>", said, StringComparison.Ordinal);
            // And it stands in the form it came from, not in the one that takes it out.
            Assert.Contains("id=\"book-destination\" name=\"destination\" value=\"3 号楼 5 层\"", said, StringComparison.Ordinal);
            Assert.DoesNotContain("id=\"destination\" name=\"destination\" value=", said, StringComparison.Ordinal);
        }

        // One ends when the next begins.
        Assert.Equal(HttpStatusCode.Redirect, (await other.PostAsync(Climber + "?handler=book", theirs, Booking("2026-11-21T10:00", 240))).StatusCode);
        var standing = System.Text.RegularExpressions.Regex.Matches(await guard.TextAsync(Climber), "name=\"booking\" value=\"(?<id>[0-9a-f]+)\"").Select(match => match.Groups["id"].Value).ToList();
        Assert.Equal(2, standing.Count);
        for (var time = 0; time < 2; time++)
            Assert.Equal(HttpStatusCode.Redirect, (await other.PostAsync(Climber + "?handler=giveup", theirs, ("booking", standing[0]))).StatusCode);

        var text = WebUtility.HtmlDecode(await guard.TextAsync("/climbers"));
        Assert.DoesNotContain("09:00–10:00", text, StringComparison.Ordinal);
        Assert.Contains("11-21 10:00–14:00", text, StringComparison.Ordinal);
        Assert.Equal(["climber-booked"], Audit(page, "guard").Where(entry => entry.What.StartsWith("climber", StringComparison.Ordinal)).Select(entry => entry.What));
        Assert.Equal(
            [("climber-given-up", "11-21 09:00–10:00 fire-a"), ("climber-booked", "11-21 10:00–14:00 fire-a")],
            Audit(page, "other").Where(entry => entry.What.StartsWith("climber", StringComparison.Ordinal)).Select(entry => (entry.What, entry.Detail)));

        // Who takes it out within the hour before is told; when it is over nobody is told any more.
        Assert.DoesNotContain("booked-soon", await guard.TextAsync(Climber), StringComparison.Ordinal);
        page.Time.Sleep(TimeSpan.FromHours(15) + TimeSpan.FromMinutes(1));
        Assert.Contains("data-testid=\"booked-soon\"", await guard.TextAsync(Climber), StringComparison.Ordinal);
        page.Time.Sleep(TimeSpan.FromHours(5));
        Assert.DoesNotContain("10:00–14:00", WebUtility.HtmlDecode(await guard.TextAsync(Climber)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2026-11-20T17:00", 60, "fire-a", "请约从现在起 30 天以内的时间")]
    [InlineData("2026-12-20T18:01", 60, "fire-a", "请约从现在起 30 天以内的时间")]
    [InlineData("2026-11-21T09:00", 241, "fire-a", "一次最多约 4 小时")]
    [InlineData("2026-11-21T09:00", 0, "fire-a", "一次最多约 4 小时")]
    [InlineData("2026-11-21T09:00", -60, "fire-a", "一次最多约 4 小时")]
    [InlineData("2026-11-21T09:00", 60, "guard-a", "请选一位受过培训的操作员")]
    [InlineData("tomorrow", 60, "fire-a", "请写从几点")]
    [InlineData("", 60, "fire-a", "请写从几点")]
    [InlineData("0001-01-01T00:00", 60, "fire-a", "请写从几点")]
    [InlineData("9999-12-31T23:59", 60, "fire-a", "请写从几点")]
    [InlineData("2026-11-21T09:00", int.MaxValue, "fire-a", "一次最多约 4 小时")]
    public async Task What_cannot_be_booked_is_said_and_not_booked(string from, int minutes, string rider, string said)
    {
        await using var page = await StartAsync();
        using var guard = await page.EnterAsync("guard", UserRole.OnCall, "jiugeng", "门岗甲");

        using var refused = await guard.PostAsync(Climber + "?handler=book", await guard.TextAsync(Climber), Booking(from, minutes, rider));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        Assert.Contains(said, await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("没有预约。", await guard.TextAsync(Climber), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_leaves_before_that_day_is_not_booked_for_it()
    {
        await using var page = await PageUnderTest.StartAsync(Path.Combine(_folder.Path, "data"), configuration: PageUnderTest.CopyOfDemo(_folder.Path));
        using var guard = await page.EnterAsync("guard", UserRole.OnCall, "jiugeng", "门岗甲");
        using var manager = await page.EnterAsync("office", UserRole.PropertyManager, "all");
        const string Person = "/settings/people/fire-a";
        var person = await manager.TextAsync(Person);
        using (var left = await manager.PostAsync(Person, person, ("seen", SettingsPagesTests.SeenOf(person)), ("name", "微型消防站队员甲"), ("nameEn", "Fire station volunteer A"), ("channels", "console"), ("addresses", ""), ("until", "2026-11-20")))
            Assert.Equal(HttpStatusCode.Redirect, left.StatusCode);
        var form = await guard.TextAsync(Climber);

        using (var refused = await guard.PostAsync(Climber + "?handler=book", form, Booking("2026-11-21T00:00", 60)))
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
            Assert.Contains("到那天这位操作员已经离开，请选别人", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        // The last day is a day like the others.
        Assert.Equal(HttpStatusCode.Redirect, (await guard.PostAsync(Climber + "?handler=book", form, Booking("2026-11-20T23:30", 60))).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await guard.PostAsync(Climber + "?handler=out", form, [.. Ticked(6), ("operator", "fire-a")])).StatusCode);
    }

    [Fact]
    public async Task Who_only_looks_sees_what_is_booked_and_books_nothing()
    {
        await using var page = await StartAsync();
        using var guard = await page.EnterAsync("guard", UserRole.OnCall, "jiugeng", "门岗甲");
        using var auditor = await page.EnterAsync("auditor", UserRole.Auditor, "all");
        await guard.PostAsync(Climber + "?handler=book", await guard.TextAsync(Climber), Booking("2026-11-21T09:00", 60));

        Assert.Contains("11-21 09:00–10:00", WebUtility.HtmlDecode(await auditor.TextAsync("/climbers")), StringComparison.Ordinal);
        var text = await auditor.TextAsync(Climber);
        Assert.DoesNotContain("handler=book", text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, (await auditor.PostAsync(Climber + "?handler=book", await auditor.TextAsync("/me"), Booking("2026-11-22T09:00", 60))).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await auditor.PostAsync(Climber + "?handler=giveup", await auditor.TextAsync("/me"), ("booking", "0"))).StatusCode);
    }

    [Fact]
    public async Task Nobody_is_carried_while_a_fault_is_open_and_who_may_not_mend_it_cannot_say_that_it_is()
    {
        await using var page = await StartAsync();
        using var guard = await page.EnterAsync("guard", UserRole.OnCall, "jiugeng");
        using var electrician = await page.EnterAsync("electrician", UserRole.Electrician, "all");
        var form = await guard.TextAsync(Climber);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await guard.PostAsync(Climber + "?handler=fault", form, ("text", "  "))).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await guard.PostAsync(Climber + "?handler=fault", form, ("text", new string('字', 401)))).StatusCode);

        Assert.Equal(HttpStatusCode.Redirect, (await guard.PostAsync(Climber + "?handler=fault", form, ("text", "履带<script>裂了"))).StatusCode);

        var text = await guard.TextAsync(Climber);
        Assert.Contains("履带&lt;script&gt;裂了", text, StringComparison.Ordinal);
        Assert.DoesNotContain("handler=out", text, StringComparison.Ordinal);
        Assert.Contains("没修好的故障，不能载人 1", await guard.TextAsync("/climbers"), StringComparison.Ordinal);
        using (var refused = await guard.PostAsync(Climber + "?handler=out", text, [.. Ticked(6), ("operator", "fire-a")]))
            Assert.Contains("有没修好的故障，不能载人", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var fault = System.Text.RegularExpressions.Regex.Match(await electrician.TextAsync(Climber), "name=\"fault\" value=\"(?<id>[0-9a-f]+)\"").Groups["id"].Value;
        Assert.Equal(HttpStatusCode.Forbidden, (await guard.PostAsync(Climber + "?handler=mended", text, ("fault", fault), ("text", "换了履带"))).StatusCode);
        var other = await electrician.TextAsync("/climbers/jiugeng/climber-2");
        // The fault of one is not mended by a form of the other.
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await electrician.PostAsync("/climbers/jiugeng/climber-2?handler=mended", other, ("fault", fault), ("text", "换了履带"))).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await electrician.PostAsync(Climber + "?handler=mended", other, ("fault", fault), ("text", "换了履带"))).StatusCode);

        text = await guard.TextAsync(Climber);
        Assert.Contains("handler=out", text, StringComparison.Ordinal);
        Assert.Contains("→ 换了履带", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nobody_is_registered_as_trained_whoever_takes_it_answers_for_it()
    {
        await using var page = await StartAsync();
        using var guard = await page.EnterAsync("guard", UserRole.OnCall, "jiugeng", "门岗甲");
        var form = await guard.TextAsync("/climbers/jiugeng/climber-2");
        Assert.Contains("由本人负责", form, StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await guard.PostAsync("/climbers/jiugeng/climber-2?handler=out", form, [.. Ticked(6), ("operator", "manager-a")])).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await guard.PostAsync("/climbers/jiugeng/climber-2?handler=out", form, [.. Ticked(6), ("operator", "guard")])).StatusCode);
    }

    [Fact]
    public async Task What_is_no_climber_is_not_there_and_one_of_another_site_neither()
    {
        await using var page = await StartAsync();
        using var elsewhere = await page.EnterAsync("elsewhere", UserRole.Administrator, "huaihai");

        Assert.Equal(HttpStatusCode.NotFound, (await page.Client.GetAsync(new Uri("/climbers/jiugeng/pile-g1", UriKind.Relative))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await elsewhere.GetAsync(Climber)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await elsewhere.PostAsync(Climber + "?handler=fault", await elsewhere.TextAsync("/me"), ("text", "x"))).StatusCode);
        var list = await elsewhere.TextAsync("/climbers");
        Assert.DoesNotContain("爬楼机 1 号", list, StringComparison.Ordinal);
        Assert.Contains("没有登记爬楼机", list, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_it_says_of_itself_is_shown_while_it_is_new_and_a_trip_that_it_told_counts_too()
    {
        await using var page = await StartAsync();
        var devices = page.Services.GetRequiredService<DeviceTable>();
        var message = new DeviceMessage { Kind = MessageKind.Event, Device = devices.Resolve(Dialect.Fm1, "jiugeng"u8, "climber-1"u8), ReceivedMs = page.NowMs };
        message.Events.Add(new DeviceEvent { Kind = EventKind.TripEnd, Channel = ChannelId.Main, AtMs = page.NowMs - 60_000, DeviceMs = page.NowMs - 60_000 });
        ref var reading = ref message.Readings.Add();
        (reading.Channel, reading.AtMs, reading.DeviceMs, reading.State) = (ChannelId.Main, page.NowMs, page.NowMs, "dock");
        message.Readings.AddValue(Metric.Soc, 83);
        message.Readings.AddValue(Metric.Occupied, 0);
        var writer = new JournalWriter();
        writer.Message(message);
        await page.Services.GetRequiredService<MessageJournal>().AppendAsync(writer);
        await page.UntilAsync(async () => (await TextAsync(page, "/climbers")).Contains("83 %", StringComparison.Ordinal), "its word");

        var text = WebUtility.HtmlDecode(await TextAsync(page, Climber));

        Assert.Contains("<dt>在哪里</dt><dd>在充电座上</dd>", text, StringComparison.Ordinal);
        Assert.Contains("<dt>座椅</dt><dd>空</dd>", text, StringComparison.Ordinal);
        Assert.Contains("<dt>上次出车</dt><dd>11-20 17:59:00</dd>", text, StringComparison.Ordinal);
        page.Time.Sleep(TimeSpan.FromHours(1));
        text = WebUtility.HtmlDecode(await TextAsync(page, Climber));
        Assert.DoesNotContain("83 %", text, StringComparison.Ordinal);
        Assert.Contains("× 数据过时", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fire_equipment_stands_by_the_day_it_is_due_what_is_overdue_first()
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path, new ManualTime(new DateTimeOffset(2027, 1, 1, 4, 0, 0, TimeSpan.Zero)));
        await page.SignInAsync(PageUnderTest.Password);

        var text = await TextAsync(page, "/fire-equipment");

        string[] expected = ["fire-jiugeng-ext-2", "fire-jiugeng-ext-1", "fire-huaihai-ext-1", "fire-jiugeng-hyd-1"];
        var order = expected.Select(id => text.IndexOf(id, StringComparison.Ordinal)).ToList();
        Assert.DoesNotContain(-1, order);
        Assert.Equal(order.Order(), order);
        Assert.Contains("<span class=\"attention\">2026-12-20 · ▲ 已过 12 天</span>", text, StringComparison.Ordinal);
        Assert.Contains("<span class=\"soon\">2027-01-15 · 还有 14 天</span>", text, StringComparison.Ordinal);
        Assert.Contains("已过期： 1", text, StringComparison.Ordinal);
        using var elsewhere = await page.EnterAsync("elsewhere", UserRole.PropertyManager, "huaihai");
        Assert.DoesNotContain("jiugeng", await elsewhere.TextAsync("/fire-equipment"), StringComparison.Ordinal);
    }

    private static (string Name, string Value)[] Booking(string from, int minutes, string rider = "fire-a") =>
        [("from", from), ("minutes", minutes.ToString(System.Globalization.CultureInfo.InvariantCulture)), ("operator", rider), ("destination", "3 号楼 5 层")];

    private static (string Name, string Value)[] Ticked(int count) => [.. Checks.Take(count).Select(check => ("checked", check))];

    private static List<AuditEntry> Audit(PageUnderTest page, string who)
    {
        using var reader = page.Database.OpenReader();
        return AuditLog.Newest(reader, SiteScope.All, 0, who, 100);
    }

    private static async Task<string> TextAsync(PageUnderTest page, string path) => await page.Client.GetStringAsync(new Uri(path, UriKind.Relative));

    private async Task<PageUnderTest> StartAsync()
    {
        var page = await PageUnderTest.StartAsync(_folder.Path);
        await page.SignInAsync(PageUnderTest.Password);
        return page;
    }
}

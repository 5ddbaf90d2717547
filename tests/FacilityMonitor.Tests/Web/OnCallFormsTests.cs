using System.Net;
using System.Text.RegularExpressions;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Tests.OnCall;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Web;

/// <summary>What only a terminal could do: permits, exercises and tests of channels, by plain forms.</summary>
public sealed class OnCallFormsTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private PageUnderTest _page = null!;
    private WebhookReceiver _receiver = null!;
    private Func<HttpContext, Task> _answer = _ => Task.CompletedTask;

    public async Task InitializeAsync()
    {
        _receiver = await WebhookReceiver.StartAsync(context => _answer(context));
        var configuration = PageUnderTest.CopyOfDemo(_folder.Path);
        await File.WriteAllTextAsync(Path.Combine(configuration, "hook.url"), _receiver.Address + "hook");
        await File.AppendAllTextAsync(Path.Combine(configuration, "channels.yaml"), "  - {id: hook, kind: webhook, address-file: hook.url}\n");
        var people = Path.Combine(configuration, "people.yaml");
        await File.WriteAllTextAsync(people, (await File.ReadAllTextAsync(people)).Replace("[{channel: console, address: stair-a}]", "[{channel: hook, address: number-of-stair-a}]", StringComparison.Ordinal));
        var channels = ChannelReader.Load(configuration, "zh");
        Assert.Empty(channels.Errors);
        _page = await PageUnderTest.StartAsync(Path.Combine(_folder.Path, "data"), channels: channels.Channels, configuration: configuration);
    }

    public async Task DisposeAsync()
    {
        await _page.DisposeAsync();
        await _receiver.DisposeAsync();
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Out_of_service_is_asked_for_by_one_agreed_to_by_another_and_ended_on_the_page()
    {
        using var manager = await _page.EnterAsync("chen", UserRole.PropertyManager, "all");
        using var electrician = await _page.EnterAsync("zhou", UserRole.Electrician, "huaihai");
        const string Path = "/settings/permits?site=huaihai";
        var html = await manager.TextAsync(Path);
        Assert.Contains("<option value=\"huaihai/shed-1/pile-01\"", html, StringComparison.Ordinal);
        (string, string)[] fields = [("kind", "out-of-service"), ("asset", "huaihai/shed-1/pile-01"), ("until", Until(60)), ("reason", "换插座"), ("patrol", "楼组长甲")];

        foreach (var press in (int[])[1, 2])
            Assert.Equal(HttpStatusCode.Redirect, (await manager.PostAsync(Path, html, fields)).StatusCode);

        var permit = Assert.Single(Permits());
        Assert.Equal(("chen", null, "楼组长甲"), (permit.By, permit.Confirmed, permit.Patrol));
        // Who asked does not agree; the day's page leads the other one there.
        var asked = await manager.TextAsync(Path);
        Assert.DoesNotContain("data-testid=\"agree\"", asked, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await manager.PostAsync($"/settings/permits?permit={permit.Id}&handler=agree", asked)).StatusCode);
        Assert.Matches($"等第二个人同意[^\n]*<a href=\"/settings/permits\\?site=huaihai#{permit.Id}\"", await electrician.TextAsync("/today"));
        var second = await electrician.TextAsync("/settings/permits");
        Assert.Contains("data-testid=\"agree\"", second, StringComparison.Ordinal);
        foreach (var press in (int[])[1, 2])
            Assert.Equal(HttpStatusCode.Redirect, (await electrician.PostAsync($"/settings/permits?permit={permit.Id}&handler=agree", second)).StatusCode);
        permit = Assert.Single(Permits());
        Assert.Equal("zhou", permit.Confirmed);
        Assert.True(permit.Covers("huaihai/shed-1/pile-01/s3", _page.NowMs));

        Assert.Equal(HttpStatusCode.Redirect, (await electrician.PostAsync($"/settings/permits?permit={permit.Id}&handler=end", second)).StatusCode);

        Assert.NotNull(Permits().Single().EndedMs);
        Assert.Contains("data-testid=\"none\"", await electrician.TextAsync("/settings/permits"), StringComparison.Ordinal);
        Assert.Equal(["permit-agree zhou", "permit-ask chen", "permit-end zhou"], Audited("permit-").Select(line => $"{line.What} {line.Who}").Order());
        Assert.All(Audited("permit-"), line => Assert.Equal(("huaihai/shed-1/pile-01", "huaihai"), (line.Subject, line.Site)));
    }

    [Theory]
    [InlineData("kind", "请选测试或停用", "kind", "maintenance")]
    [InlineData("asset", "请选一样东西", "asset", "jiugeng/garage/pile-u1")]
    [InlineData("asset", "不能是整个点位", "asset", "huaihai")]
    [InlineData("until", "要在现在之后", "until", "-5")]
    [InlineData("until", "最多 15 分钟", "until", "20")]
    [InlineData("until", "请写到什么时候", "until", "soon")]
    [InlineData("until", "请写到什么时候", "until", "0001-01-01T00:00")]
    [InlineData("reason", "请写明原因", "reason", " ")]
    [InlineData("patrol", "请写明是谁", "kind", "out-of-service")]
    public async Task What_cannot_be_of_a_permit_is_said_beside_its_field_and_the_rest_is_kept(string field, string said, string name, string value)
    {
        using var electrician = await _page.EnterAsync("zhou", UserRole.Electrician, "huaihai");
        var fields = new Dictionary<string, string> { ["kind"] = "test", ["asset"] = "huaihai/shed-1/pile-01", ["until"] = Until(10), ["reason"] = "试一试", ["patrol"] = "" };
        fields[name] = name == "until" && int.TryParse(value, System.Globalization.CultureInfo.InvariantCulture, out var minutes) ? Until(minutes) : value;
        const string Path = "/settings/permits?site=huaihai";

        var answer = await electrician.PostAsync(Path, await electrician.TextAsync(Path), [.. fields.Select(one => (one.Key, one.Value))]);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        var html = WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync());
        Assert.Matches($"(?s)id=\"{field}-wrong\">× [^<]*{Regex.Escape(said)}", html);
        if (name != "reason")
            Assert.Contains("value=\"试一试\"", html, StringComparison.Ordinal);
        Assert.Empty(Permits());
    }

    [Fact]
    public async Task A_permit_of_another_site_is_nobodys_to_see_agree_to_or_end()
    {
        using var manager = await _page.EnterAsync("chen", UserRole.PropertyManager, "all");
        using var elsewhere = await _page.EnterAsync("zhou", UserRole.Electrician, "panyu-road");
        const string Path = "/settings/permits?site=huaihai";
        await manager.PostAsync(Path, await manager.TextAsync(Path), ("kind", "out-of-service"), ("asset", "huaihai/shed-1/pile-01"), ("until", Until(60)), ("reason", "换插座"), ("patrol", "楼组长甲"));
        var permit = Permits().Single();

        var html = await elsewhere.TextAsync("/settings/permits");

        Assert.DoesNotContain("淮海里", html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await elsewhere.GetAsync(Path)).StatusCode);
        foreach (var handler in (string[])["agree", "end"])
            Assert.Equal(HttpStatusCode.NotFound, (await elsewhere.PostAsync($"/settings/permits?permit={permit.Id}&handler={handler}", html)).StatusCode);
        Assert.Equal(permit, Permits().Single());
    }

    [Fact]
    public async Task An_exercise_says_before_who_is_called_and_after_who_answered_and_a_second_press_begins_no_other()
    {
        using var manager = await _page.EnterAsync("chen", UserRole.PropertyManager, "huaihai");
        Assert.Contains("href=\"/on-call/drill\"", await manager.TextAsync("/on-call"), StringComparison.Ordinal);
        var html = await manager.TextAsync("/on-call/drill?site=huaihai&priority=P0");
        var steps = html[html.IndexOf("data-testid=\"steps\"", StringComparison.Ordinal)..];
        foreach (var called in (string[])["微型消防站队员甲", "楼组长乙", "街道值班员甲"])
            Assert.Contains(called, steps, StringComparison.Ordinal);
        Assert.DoesNotContain("警报器响", steps, StringComparison.Ordinal);
        Assert.Contains("警报器响", await manager.TextAsync("/on-call/drill?site=huaihai&priority=P0&siren=true"), StringComparison.Ordinal);
        Assert.DoesNotContain("微型消防站队员甲", await manager.TextAsync("/on-call/drill?site=huaihai&priority=P1"), StringComparison.Ordinal);

        (string, string)[] fields = [("site", "huaihai"), ("priority", "P0"), ("siren", "")];
        var first = await manager.PostAsync("/on-call/drill", html, fields);
        var second = await manager.PostAsync("/on-call/drill", html, fields);

        Assert.Equal(HttpStatusCode.Redirect, first.StatusCode);
        Assert.Equal(first.Headers.Location, second.Headers.Location);
        Assert.DoesNotContain("data-testid=\"other\"", await manager.TextAsync(first.Headers.Location!.OriginalString), StringComparison.Ordinal);
        var path = first.Headers.Location!.OriginalString;
        var alert = path.Split('=')[^1];
        await _page.UntilAsync(() => Desk.Drill(alert)!.Called.Count > 0, "the calls");
        await Desk.DoAsync(alert, new ResponseCommand.Acknowledge(), new Actor("fire-a", "link"));
        var report = await manager.TextAsync(path);
        Assert.Matches("(?s)data-testid=\"called-fire-a\".{0,120}微型消防站队员甲.{0,120}✓ 用时", report);
        Assert.Matches("(?s)data-testid=\"called-stair-b\".{0,120}楼组长乙.{0,120}没有回应", report);
        Assert.DoesNotMatch("[\\u4e00-\\u9fff]", Regex.Match(await manager.TextAsync(path + "&lang=en"), "(?s)<section id=\"report\".*?</section>").Value);
        var line = Assert.Single(Audited("drill"));
        Assert.Equal(("chen", "huaihai", "huaihai", "P0"), (line.Who, line.Subject, line.Site, line.Detail));
        // Elsewhere there is no such exercise, nor can one be begun here.
        using var elsewhere = await _page.EnterAsync("elsewhere", UserRole.PropertyManager, "panyu-road");
        foreach (var way in (string[])[path, path + "&alert=x", path + "&site=panyu-road", path + "&site=panyu-road&site=huaihai"])
            Assert.Equal(HttpStatusCode.NotFound, (await elsewhere.GetAsync(way)).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await elsewhere.PostAsync("/on-call/drill", await elsewhere.TextAsync("/on-call/drill"), ("site", "jiugeng"), ("priority", "P0"))).StatusCode);
        Assert.Null(Desk.DrillOn("jiugeng"));
    }

    [Theory]
    [InlineData("liu", "P2")]
    [InlineData("chen", "P2")]
    [InlineData("liu", "P0")]
    public async Task Whoever_wants_an_exercise_while_one_is_on_is_told_that_none_began_and_whose_it_is(string who, string priority)
    {
        using var manager = await _page.EnterAsync("chen", UserRole.PropertyManager, "huaihai");
        using var second = who == "chen" ? null : await _page.EnterAsync(who, UserRole.PropertyManager, "huaihai");
        var later = second ?? manager;
        var first = await manager.PostAsync("/on-call/drill", await manager.TextAsync("/on-call/drill?site=huaihai"), ("site", "huaihai"), ("priority", "P0"), ("siren", ""));

        var pressed = await later.PostAsync("/on-call/drill", await later.TextAsync("/on-call/drill?site=huaihai"), ("site", "huaihai"), ("priority", priority), ("siren", ""));

        Assert.Equal(first.Headers.Location!.OriginalString + "&other", pressed.Headers.Location!.OriginalString);
        var html = await later.TextAsync(pressed.Headers.Location.OriginalString);
        Assert.Matches("data-testid=\"other\">× 这个小区已有演练在进行，没有另外开始", html);
        Assert.Matches("data-testid=\"of\">淮海里[^<]* · P0 · 发起人： chen</p>", html);
        Assert.Single(Audited("drill"));
        var english = await later.TextAsync(pressed.Headers.Location.OriginalString + "&lang=en");
        Assert.Contains("An exercise is on at this site; no other was begun", english, StringComparison.Ordinal);
        Assert.Matches("data-testid=\"of\">Huaihai[^<]* · P0 · begun by chen</p>", english);
    }

    [Fact]
    public async Task A_test_that_is_refused_keeps_to_whom_it_was()
    {
        using var manager = await _page.EnterAsync("chen", UserRole.PropertyManager, "huaihai");
        var html = await manager.TextAsync("/on-call/channels");
        Assert.DoesNotContain(" selected", html[html.IndexOf("<main", StringComparison.Ordinal)..], StringComparison.Ordinal);
        (string, string)[] fields = [("channel", "console"), ("to", "stair-b")];
        await manager.PostAsync("/on-call/channels", html, fields);

        var refused = await manager.PostAsync("/on-call/channels", html, fields);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        var again = await refused.Content.ReadAsStringAsync();
        Assert.Equal("stair-b", FormOnPage.Of(again).Single(form => form["channel"] == "console")["to"]);
        Assert.Single(Regex.Matches(again[again.IndexOf("<main", StringComparison.Ordinal)..], " selected"));
    }

    [Fact]
    public async Task A_channel_says_when_it_last_took_something_and_sends_a_test_to_somebody_of_the_site_alone()
    {
        using var manager = await _page.EnterAsync("chen", UserRole.PropertyManager, "huaihai");
        var html = await manager.TextAsync("/on-call/channels");
        var row = RowOf(html);
        Assert.Contains("还没有送出过", row, StringComparison.Ordinal);
        Assert.Contains("<option value=\"stair-a\">楼组长甲", row, StringComparison.Ordinal);
        Assert.DoesNotContain("number-of", html, StringComparison.Ordinal);
        Assert.DoesNotContain("manager-a", html, StringComparison.Ordinal);
        Assert.DoesNotContain("channel-siren", html, StringComparison.Ordinal);

        var sent = await manager.PostAsync("/on-call/channels", html, ("channel", "hook"), ("to", "stair-a"));
        Assert.Equal("/on-call/channels?tested=hook", sent.Headers.Location?.OriginalString);
        Assert.Contains("number-of-stair-a", Assert.Single(_receiver.Told).Body, StringComparison.Ordinal);
        Assert.Contains("最近一次送出", RowOf(await manager.TextAsync("/on-call/channels?tested=hook")), StringComparison.Ordinal);
        // Pressed twice it rings once, and nobody of another site is rung.
        Assert.Contains("请等一分钟", await RefusedAsync("stair-a"), StringComparison.Ordinal);
        foreach (var other in (string[])["manager-a", "guard-a", "", "number-of-stair-a"])
            await RefusedAsync(other);
        Assert.Single(_receiver.Told);
        Assert.Equal(("chen", "hook", "huaihai", "stair-a"), Assert.Single(Audited("channel-test").Select(line => (line.Who, line.Subject, line.Site, line.Detail))));

        _answer = context => { context.Response.StatusCode = StatusCodes.Status500InternalServerError; return Task.CompletedTask; };
        _page.Time.Sleep(TimeSpan.FromMinutes(1));
        Assert.Matches("hook 没有接受（[^）]+）：", await RefusedAsync("stair-a"));
        // One packet that was lost accuses no channel; what its provider says of the key does.
        Assert.DoesNotContain("×", RowOf(await manager.TextAsync("/on-call/channels")), StringComparison.Ordinal);
        _answer = context => { context.Response.StatusCode = StatusCodes.Status401Unauthorized; return Task.CompletedTask; };
        _page.Time.Sleep(TimeSpan.FromMinutes(1));
        Assert.Matches("hook 没有接受（[^）]+）：", await RefusedAsync("stair-a"));
        Assert.Contains("×", RowOf(await manager.TextAsync("/on-call/channels")), StringComparison.Ordinal);

        async Task<string> RefusedAsync(string to)
        {
            using var answer = await manager.PostAsync("/on-call/channels", html, ("channel", "hook"), ("to", to));
            Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
            return await answer.Content.ReadAsStringAsync();
        }

        static string RowOf(string page) => page[page.IndexOf("data-testid=\"channel-hook\"", StringComparison.Ordinal)..].Split("</li>")[0];
    }

    [Fact]
    public async Task Where_the_disk_refuses_every_form_says_so_and_keeps_what_was_written_in_it()
    {
        using var manager = await _page.EnterAsync("chen", UserRole.PropertyManager, "huaihai");
        (string Name, string Value)[] permit = [("kind", "out-of-service"), ("asset", "huaihai/shed-1/pile-01"), ("until", Until(60)), ("reason", "换插座"), ("patrol", "楼组长甲")];
        await RefusedAsync("/on-call?handler=ask&person=stair-a", ("channel", "hook"));
        await manager.PostAsync("/on-call?handler=ask&person=stair-a", await manager.TextAsync("/on-call"), ("channel", "hook"));
        await _page.UntilAsync(() => _receiver.Told.Count == 1, "the question");
        await manager.PostAsync("/settings/permits?site=huaihai", await manager.TextAsync("/settings/permits"), [.. permit.Select(field => field.Name == "reason" ? ("reason", "旧的") : field)]);
        var standing = Assert.Single(Permits());
        var audited = Audited("").Count;

        await RefusedAsync("/settings/permits?site=huaihai", permit);
        await RefusedAsync($"/settings/permits?permit={standing.Id}&handler=end");
        await RefusedAsync("/on-call/drill", ("site", "huaihai"), ("priority", "P1"), ("siren", "true"));
        await RefusedAsync("/on-call/channels", ("channel", "console"), ("to", "stair-b"));
        await RefusedAsync("/on-call?handler=confirm&person=stair-a", ("code", "123456"));

        Assert.Equal((standing, null, audited), (Permits().Single(), Desk.DrillOn("huaihai"), Audited("").Count));
        Assert.Single(_receiver.Told);
        // Nothing was sent, so nobody waits a minute to press again.
        Assert.Equal(HttpStatusCode.Redirect, (await manager.PostAsync("/on-call/channels", await manager.TextAsync("/on-call/channels"), ("channel", "console"), ("to", "stair-b"))).StatusCode);

        async Task RefusedAsync(string path, params (string Name, string Value)[] fields)
        {
            var html = await manager.TextAsync("/me");
            HttpResponseMessage answer;
            using (await FacilityMonitor.Tests.Journal.RefusingDisk.BeginAsync(_page.Database))
                answer = await manager.PostAsync(path, html, fields);
            var again = await answer.Content.ReadAsStringAsync();
            Assert.True(answer.StatusCode == HttpStatusCode.ServiceUnavailable, $"{path} answers {(int)answer.StatusCode}");
            Assert.Contains("没有保存", again, StringComparison.Ordinal);
            Assert.Contains(FormOnPage.Of(again), form => form.Action == path && fields.All(field => form.Fields.Contains(field)));
        }
    }

    private ResponseDesk Desk => _page.Services.GetRequiredService<ResponseDesk>();

    private List<Permit> Permits() => Desk.Permits();

    private string Until(int minutes) => DutyRoster.Wall(_page.NowMs + (minutes * 60_000)).ToString("yyyy-MM-ddTHH:mm", System.Globalization.CultureInfo.InvariantCulture);

    private List<AuditEntry> Audited(string what)
    {
        using var reader = _page.Database.OpenReader();
        return [.. AuditLog.Newest(reader, SiteScope.All, 0, null, 1_000).Where(line => line.What.StartsWith(what, StringComparison.Ordinal))];
    }
}

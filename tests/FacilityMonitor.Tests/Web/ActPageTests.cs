using System.Net;
using System.Text;
using System.Text.Json;
using FacilityMonitor.Alerts;
using FacilityMonitor.Monitoring;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Tests.Journal;
using FacilityMonitor.Tests.OnCall;
using FacilityMonitor.Tests.Response;
using FacilityMonitor.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Web;

/// <summary>The phone page and the API, on a server of their own over a real response log.</summary>
public sealed class ActPageTests : IAsyncDisposable
{
    private static readonly Uri Alerts = new("/api/alerts", UriKind.Relative);

    private readonly ResponseFixture _fixture = new();
    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _client = new(new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false });
    private WebApplication? _app;

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
            await _app.DisposeAsync();
        _client.Dispose();
        await _fixture.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task To_open_a_link_changes_nothing_however_often_and_a_button_acknowledges_by_name()
    {
        await StartAsync();
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active, Priority.P0, "smoke"));
        var path = Path("a1", "guard");
        var before = _fixture.Timeline("a1").Count;
        for (var visit = 0; visit < 3; visit++)
        {
            var page = await _client.GetStringAsync(path);
            Assert.Contains("我来处理", page, StringComparison.Ordinal);
            Assert.Contains("<a href=\"tel:119\">拨打 119</a><a href=\"tel:021-55550100\" data-testid=\"guard\">拨打门岗 021-5555 0100</a>", page, StringComparison.Ordinal);
            Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
            Assert.True(Encoding.UTF8.GetByteCount(page) < 10_000);
        }

        Assert.Equal(before, _fixture.Timeline("a1").Count);

        var answer = await PressAsync(path, "acknowledge");

        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        Assert.Equal(path.ToString(), answer.Headers.Location!.ToString());
        Assert.Equal(("guard", "link"), (_fixture.State("a1").Acknowledgements.Single().Person, _fixture.State("a1").Acknowledgements.Single().Via));
        var facts = _fixture.Timeline("a1").Count;
        Assert.Equal(HttpStatusCode.SeeOther, (await PressAsync(path, "acknowledge")).StatusCode);
        Assert.Equal(facts, _fixture.Timeline("a1").Count);
        Assert.Contains("guard", await _client.GetStringAsync(Path("a1", "fire")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("arrive", "OnScene")]
    [InlineData("set-out", "EnRoute")]
    public async Task Every_button_is_a_plain_form(string button, string stage)
    {
        await StartAsync();
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active));
        await PressAsync(Path("a1", "guard"), button);
        Assert.Equal(stage, _fixture.State("a1").Stage.ToString());
    }

    [Fact]
    public async Task What_somebody_writes_is_shown_as_text_and_never_as_markup()
    {
        await StartAsync();
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active));
        await PressAsync(Path("a1", "guard"), "comment", ("text", "<img src=x onerror=alert(1)>看见烟"));
        var page = await _client.GetStringAsync(Path("a1", "guard"));
        Assert.Contains("看见烟", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<img", page, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PressAsync(Path("a1", "guard"), "comment", ("text", " "))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await PressAsync(Path("a1", "guard"), "dance")).StatusCode);
    }

    [Fact]
    public async Task An_alert_is_handed_to_somebody_who_can_be_reached_and_to_nobody_else()
    {
        await StartAsync();
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PressAsync(Path("a1", "guard"), "assign", ("to", "nobody"))).StatusCode);
        Assert.Equal(HttpStatusCode.SeeOther, (await PressAsync(Path("a1", "guard"), "assign", ("to", "grid"))).StatusCode);
        Assert.Equal("grid", _fixture.State("a1").Assignee);
        await _fixture.TurnAsync();
        Assert.Contains(_fixture.Notices(), notice => notice.EndsWith(" grid", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_suspected_fly_wire_shows_its_numbers_and_curve_and_is_confirmed_or_dismissed_on_the_phone()
    {
        await StartAsync();
        await _fixture.RaiseAsync(Suspicion("a1"), Suspicion("a2") with { Asset = "huaihai/c-other" });
        var page = await _client.GetStringAsync(Path("a1", "guard"));
        Assert.Contains("151.5 W", page, StringComparison.Ordinal);
        Assert.Contains("<polyline", page, StringComparison.Ordinal);
        Assert.Contains("value=\"confirmed\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("data-testid=\"false-alarm\"", page, StringComparison.Ordinal);
        Assert.True(Encoding.UTF8.GetByteCount(page) < 10_000);

        Assert.Equal(HttpStatusCode.SeeOther, (await PressAsync(Path("a1", "guard"), "case", ("stage", "confirmed"), ("text", "<b>三楼"))).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PressAsync(Path("a2", "guard"), "case", ("stage", "dismissed"))).StatusCode);
        Assert.Equal(HttpStatusCode.SeeOther, (await PressAsync(Path("a2", "guard"), "case", ("stage", "dismissed"), ("text", "水泵"))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await PressAsync(Path("a1", "guard"), "case", ("stage", "guilty"))).StatusCode);

        Assert.Equal(("Confirmed", "Dismissed"), (_fixture.State("a1").Case!.Stage.ToString(), _fixture.State("a2").Case!.Stage.ToString()));
        page = await _client.GetStringAsync(Path("a1", "guard"));
        Assert.DoesNotContain("<b>", page, StringComparison.Ordinal);
        Assert.Contains("已核实", page, StringComparison.Ordinal);
        Assert.Contains("value=\"advised\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Programs_list_cases_and_take_them_further()
    {
        await StartAsync();
        await _fixture.RaiseAsync(Suspicion("a1"));
        var moved = await PostAsync("/api/alerts/a1/case", """{"stage":"confirmed","text":"三楼","by":"guard"}""");
        Assert.Equal(HttpStatusCode.OK, moved.StatusCode);
        Assert.Equal("no-case", await ReasonAsync("/api/alerts/a0/case", "a0"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PostAsync("/api/alerts/a1/case", """{"stage":"closed"}""")).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PostAsync("/api/alerts/a1/case", """{"stage":"guilty"}""")).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PostAsync("/api/alerts/a1/case", "{}")).StatusCode);

        var one = Assert.Single(JsonDocument.Parse(await _client.GetStringAsync(new Uri("/api/fly-wire-cases", UriKind.Relative))).RootElement.EnumerateArray());

        Assert.Equal(("a1", "confirmed", 151.5, false), (one.GetProperty("alert").GetString(), one.GetProperty("stage").GetString(), one.GetProperty("evidence").GetProperty("level_w").GetDouble(), one.GetProperty("overdue").GetBoolean()));
        Assert.Equal(["advised", "noticed"], one.GetProperty("next").EnumerateArray().Select(next => next.GetString()));

        async Task<string?> ReasonAsync(string path, string alert)
        {
            await _fixture.RaiseAsync(ResponseFixture.Step(alert, Condition.Active));
            var answer = await PostAsync(path, """{"stage":"confirmed"}""");
            return JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("refused").GetString();
        }
    }

    [Fact]
    public void No_word_about_a_suspected_fly_wire_accuses_anybody()
    {
        string[] accusing = ["违规", "违法", "偷", "盗", "罚", "嫌疑人", "thief", "steal", "illegal", "guilty", "offender", "penalty", "punish"];
        FacilityMonitor.Rules.Rule[] rules = [.. FacilityMonitor.Rules.RuleCatalogue.All.Where(rule => FlyWireCase.IsBegunBy(rule.Name))];
        Assert.Equal(3, rules.Length);
        string[] words =
        [
            .. rules.SelectMany(rule => (LocalText[])[rule.Title, rule.Detects, rule.Next, .. rule.Steps]).Concat(Enum.GetValues<FlyWireStage>().Select(FlyWireWords.Of)).SelectMany(text => (string[])[text.Zh, text.En]),
            .. Texts.All.Where(text => text.Key.StartsWith("case", StringComparison.Ordinal)).SelectMany(text => (string[])[text.Value.Zh, text.Value.En]),
        ];

        Assert.All(words, word => Assert.DoesNotContain(accusing, bad => word.Contains(bad, StringComparison.OrdinalIgnoreCase)));
    }

    private static AlertTransition Suspicion(string alert) => ResponseFixture.Step(alert, Condition.Active, Priority.P2, "charger-on-public-circuit", "huaihai/c-corridor") with
    {
        Evidence = new SortedDictionary<string, object>(StringComparer.Ordinal) { ["level_w"] = 151.5, ["minutes"] = 45, ["curve"] = "0:150 10:151 20:152" },
    };

    [Fact]
    public async Task A_link_that_is_forged_changed_or_too_old_opens_nothing()
    {
        await StartAsync();
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active));
        var good = _fixture.Links.Token("a1", "guard", _fixture.NowMs);
        foreach (var bad in (string[])[good[..^1] + (good[^1] == 'A' ? 'B' : 'A'), "x", new ActLinks("https://other", [1]).Token("a1", "guard", _fixture.NowMs), new string('A', 400)])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await _client.GetAsync(new Uri("/a/" + bad, UriKind.Relative))).StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, (await PressAsync(new Uri("/a/" + bad, UriKind.Relative), "acknowledge")).StatusCode);
        }

        Assert.Empty(_fixture.State("a1").Acknowledgements);
        Assert.NotNull(_fixture.Links.Read(good, _fixture.NowMs + (long)ActLinks.ValidFor.TotalMilliseconds - 60_000));
        Assert.Null(_fixture.Links.Read(good, _fixture.NowMs + (long)ActLinks.ValidFor.TotalMilliseconds));
    }

    [Fact]
    public async Task The_page_speaks_English_when_asked_and_says_that_an_exercise_is_one()
    {
        await StartAsync();
        await _fixture.CommitAsync(connection => _fixture.Log.Observe(connection, [.. new[] { ResponseFixture.Step("a1", Condition.Active, Priority.P0, "drill") }.Where(step => AlertLog.Write(connection, step))], Exercise.Drill));
        var path = Path("a1", "guard");
        Assert.Contains("演练，不是真的", await _client.GetStringAsync(path), StringComparison.Ordinal);
        var english = await _client.GetStringAsync(new Uri(path + "?lang=en", UriKind.Relative));
        Assert.Contains("An exercise, not meant", english, StringComparison.Ordinal);
        Assert.Contains("I take it", english, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_photo_is_kept_without_its_place_beside_the_timeline_and_only_the_link_opens_it()
    {
        await StartAsync();
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active), ResponseFixture.Step("a2", Condition.Active, rule: "over-temperature"));
        Assert.Equal(HttpStatusCode.SeeOther, (await SendAsync(Path("a1", "guard"), "comment", PhotoFileTests.Jpeg(6), ("text", ""))).StatusCode);

        var name = Assert.Single(_fixture.State("a1").Photos);

        Assert.StartsWith(name[..64], Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(await _client.GetByteArrayAsync(new Uri($"{Path("a1", "fire")}/photo/{name}", UriKind.Relative)))), StringComparison.Ordinal);
        Assert.Contains($"/photo/{name}", await _client.GetStringAsync(Path("a1", "guard")), StringComparison.Ordinal);
        Assert.Contains(name, ResponseJson.Write(_fixture.Timeline("a1")[^1].Fact), StringComparison.Ordinal);
        Assert.Equal(-1, (await _client.GetByteArrayAsync(new Uri($"{Path("a1", "guard")}/photo/{name}", UriKind.Relative))).AsSpan().IndexOf("GPS"u8));
        // Neither the link of another alert nor no link.
        foreach (var other in (string[])[$"{Path("a2", "guard")}/photo/{name}", $"/a/x/photo/{name}", $"{Path("a1", "guard")}/photo/..%2Fcontrol.json"])
            Assert.Equal(HttpStatusCode.NotFound, (await _client.GetAsync(new Uri(other, UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task A_hazard_is_closed_on_the_phone_with_cause_and_photo()
    {
        await StartAsync();
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active));
        await PressAsync(Path("a1", "guard"), "arrive");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await SendAsync(Path("a1", "guard"), "close", PhotoFileTests.Jpeg(), ("cause", "overload"))).StatusCode);
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Cleared, number: 1));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await SendAsync(Path("a1", "guard"), "close", null, ("cause", "overload"))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(Path("a1", "guard"), "close", PhotoFileTests.Jpeg(), ("cause", "boredom"))).StatusCode);

        Assert.Equal(HttpStatusCode.SeeOther, (await SendAsync(Path("a1", "guard"), "close", PhotoFileTests.Jpeg(), ("cause", "overload"), ("text", "换了线"))).StatusCode);

        var closed = Assert.IsType<ResponseEvent.Closed>(_fixture.Timeline("a1")[^1].Fact);
        Assert.Equal((CauseCode.Overload, "换了线", 1), (closed.Cause, closed.Text, closed.Photos.Count));
        Assert.DoesNotContain("data-testid=\"acknowledge\"", await _client.GetStringAsync(Path("a1", "guard")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_photo_that_is_too_large_or_none_is_refused_in_words_and_counted()
    {
        await StartAsync();
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active));
        var facts = _fixture.Timeline("a1").Count;
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await SendAsync(Path("a1", "guard"), "comment", "GIF89a"u8.ToArray(), ("text", "x"))).StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await SendAsync(Path("a1", "guard"), "comment", new byte[PhotoFile.BytesMax + 1], ("text", "x"))).StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await SendAsync(Path("a1", "guard"), "comment", new byte[PhotoFile.BytesMax + (64 * 1024)], ("text", "x"))).StatusCode);
        foreach (var body in (string[])["garbage", "--x\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nhalf"])
        {
            using var broken = new StringContent(body);
            broken.Headers.ContentType = new("multipart/form-data") { Parameters = { new("boundary", "x") } };
            Assert.Equal(HttpStatusCode.BadRequest, (await _client.PostAsync(new Uri(Path("a1", "guard") + "/comment", UriKind.Relative), broken)).StatusCode);
        }

        Assert.Equal(facts, _fixture.Timeline("a1").Count);
        Assert.Equal((0L, 2L, 1L), (Photos.Stored, Photos.TooLarge, Photos.OtherKind));
    }

    [Fact]
    public async Task A_HEIC_photo_is_never_lost_without_a_word_and_what_was_typed_beside_it_is_shown_again()
    {
        await StartAsync();
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active));
        var facts = _fixture.Timeline("a1").Count;
        var answer = await SendAsync(Path("a1", "guard"), "comment", "\0\0\0\u0018ftypheic"u8.ToArray(), ("text", "三号位<b>冒烟"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        var page = await answer.Content.ReadAsStringAsync();
        Assert.Contains("兼容性最佳", page, StringComparison.Ordinal);
        Assert.Contains("三号位&lt;b&gt;冒烟", page, StringComparison.Ordinal);
        Assert.Equal(facts, _fixture.Timeline("a1").Count);
        Assert.Equal(1, Photos.Heic);
        // The form asks for a JPEG: telephones that can, turn the photo into one by themselves.
        Assert.Contains("accept=\"image/jpeg,image/png\"", await _client.GetStringAsync(Path("a1", "guard")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("close", "still-on", "text=换了线 <b>", "without-photo=夜里看不清", "cause=fly-wire")]
    [InlineData("close", "no-photo", "text=换了线 <b>", "without-photo= ", "cause=fly-wire")]
    [InlineData("case", "not-next", "text=和住户谈过", "stage=recheck")]
    public async Task What_is_refused_stands_there_once_more_with_all_that_was_typed_and_chosen(string what, string why, params string[] typed)
    {
        await StartAsync();
        await _fixture.RaiseAsync(Suspicion("a1") with { Priority = Priority.P1 });
        if (why == "no-photo")
            await _fixture.RaiseAsync(Suspicion("a1") with { Priority = Priority.P1, Condition = Condition.Cleared, Sequence = 1 });
        var fields = typed.Select(field => field.Split('=')).Select(field => (field[0], field[1])).ToArray();
        var facts = _fixture.Timeline("a1").Count;

        var answer = await (what == "close" ? SendAsync(Path("a1", "guard"), what, null, fields) : PressAsync(Path("a1", "guard"), what, fields));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        var again = Assert.Single(FormOnPage.Of(await answer.Content.ReadAsStringAsync()));
        Assert.Equal($"{Path("a1", "guard")}/{what}", again.Action);
        Assert.All(fields, field => Assert.Equal(field.Item2, again[field.Item1]));
        Assert.Equal(facts, _fixture.Timeline("a1").Count);
    }

    [Theory]
    [InlineData("acknowledge")]
    [InlineData("comment", "text=三号位<b>冒烟")]
    [InlineData("assign", "to=grid")]
    public async Task What_the_disk_did_not_take_is_done_by_pressing_once_more_on_the_answer(string what, params string[] typed)
    {
        await StartAsync();
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active));
        var facts = _fixture.Timeline("a1").Count;
        HttpResponseMessage refused;
        using (await RefusingDisk.BeginAsync(_fixture.Database))
            refused = await PressAsync(Path("a1", "guard"), what, [.. typed.Select(field => field.Split('=')).Select(field => (field[0], field[1]))]);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal(facts, _fixture.Timeline("a1").Count);
        var again = Assert.Single(FormOnPage.Of(await refused.Content.ReadAsStringAsync()));
        using var body = new FormUrlEncodedContent(again.Fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        Assert.Equal(HttpStatusCode.SeeOther, (await _client.PostAsync(new Uri(again.Action, UriKind.Relative), body)).StatusCode);
        // Whom it was given to is called, which is a fact of its own.
        Assert.Single(_fixture.Timeline("a1").Skip(facts), entry => entry.Fact is ResponseEvent.Acknowledged or ResponseEvent.Commented or ResponseEvent.Assigned);
        if (what == "comment")
            Assert.Equal("三号位<b>冒烟", Assert.IsType<ResponseEvent.Commented>(_fixture.Timeline("a1")[^1].Fact).Text);
    }

    [Theory]
    [InlineData(PhotoFile.BytesMax + 1)]
    [InlineData(PhotoFile.BytesMax + (4 * 1024 * 1024))]
    public async Task A_photo_that_is_too_large_takes_nothing_of_what_was_typed_with_it_also_not_what_stands_behind_it(int bytes)
    {
        await StartAsync();
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active));
        using var content = new MultipartFormDataContent { { new StringContent("换了线"), "text" }, { new StringContent("overload"), "cause" } };
        using var file = new ByteArrayContent(new byte[bytes]);
        content.Add(file, "photo", "IMG_0001.jpg");
        content.Add(new StringContent("夜里看不清"), "without-photo");

        var answer = await _client.PostAsync(new Uri(Path("a1", "guard") + "/close", UriKind.Relative), content);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        var page = await answer.Content.ReadAsStringAsync();
        var again = Assert.Single(FormOnPage.Of(page));
        Assert.Equal(("换了线", "overload", "夜里看不清"), (again["text"], again["cause"], again["without-photo"]));
        Assert.Contains("照片没有留下，请再选一次", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_others_send_photos_words_go_through_and_a_photo_costs_no_words()
    {
        await StartAsync();
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active));
        var store = _app!.Services.GetRequiredService<PhotoStore>();
        using var first = store.Enter();
        using var second = store.Enter();

        Assert.Equal(HttpStatusCode.SeeOther, (await SendAsync(Path("a1", "guard"), "comment", null, ("text", "看见烟"))).StatusCode);
        var busy = await SendAsync(Path("a1", "guard"), "comment", PhotoFileTests.Jpeg(), ("text", "在三号位"));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, busy.StatusCode);
        Assert.Equal("在三号位", Assert.Single(FormOnPage.Of(await busy.Content.ReadAsStringAsync()))["text"]);
        Assert.Equal("看见烟", Assert.IsType<ResponseEvent.Commented>(_fixture.Timeline("a1")[^1].Fact).Text);
        Assert.Equal(0L, Photos.Stored);
    }

    [Fact]
    public async Task Of_two_who_close_at_once_the_second_loses_neither_words_nor_photo_and_hears_who_was_first()
    {
        await StartAsync();
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active));
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Cleared, number: 1));
        (string, string)[] first = [("cause", "overload"), ("text", "拔掉了"), ("without-photo", "夜里")];
        Assert.Equal(Path("a1", "guard"), (await PressAsync(Path("a1", "guard"), "close", first)).Headers.Location);

        var second = await SendAsync(Path("a1", "fire"), "close", PhotoFileTests.Jpeg(), ("cause", "overheated-battery"), ("text", "电池鼓包，已搬到空地"));

        Assert.Equal((HttpStatusCode.SeeOther, Path("a1", "fire") + "?late"), (second.StatusCode, second.Headers.Location!.ToString()));
        var kept = Assert.IsType<ResponseEvent.Commented>(_fixture.Timeline("a1")[^1].Fact);
        Assert.Equal(("fire", "电池鼓包，已搬到空地", CauseCode.OverheatedBattery, Assert.Single(_fixture.State("a1").Photos)), (kept.By!.Person, kept.Text, kept.Cause, kept.Photo));
        // It stays closed by the first, for the reason of the first.
        Assert.Equal(("guard", CauseCode.Overload), (_fixture.State("a1").Reports[0].Person, _fixture.State("a1").Reports[0].Cause));
        var page = WebUtility.HtmlDecode(await _client.GetStringAsync(second.Headers.Location!));
        Assert.Matches("data-testid=\"late\">在你之前已经关闭： guard · 12:00:00 · 你写的和照片没有丢", page);
        Assert.Contains("fire 也来关闭：电池过热，电池鼓包，已搬到空地", page, StringComparison.Ordinal);
        Assert.DoesNotContain("data-testid=\"late\"", await _client.GetStringAsync(Path("a1", "fire")), StringComparison.Ordinal);

        // The same once more says nothing new; nor does a third who only agrees, but he hears that it was closed.
        var facts = _fixture.Timeline("a1").Count;
        Assert.Equal(second.Headers.Location, (await SendAsync(Path("a1", "fire"), "close", PhotoFileTests.Jpeg(), ("cause", "overheated-battery"), ("text", "电池鼓包，已搬到空地"))).Headers.Location);
        Assert.Equal(Path("a1", "guard"), (await PressAsync(Path("a1", "guard"), "close", first)).Headers.Location);
        Assert.Equal(Path("a1", "grid") + "?late", (await PressAsync(Path("a1", "grid"), "close", ("cause", "overload"), ("text", ""))).Headers.Location!.ToString());
        Assert.Equal(facts, _fixture.Timeline("a1").Count);
        // Who thinks better of it has more to say.
        await PressAsync(Path("a1", "guard"), "close", ("cause", "overload"), ("text", "拔掉了，已联系物业"));
        Assert.Equal("拔掉了，已联系物业", Assert.IsType<ResponseEvent.Commented>(_fixture.Timeline("a1")[^1].Fact).Text);
    }

    [Fact]
    public async Task An_alert_that_comes_back_is_closed_anew_by_whoever_closed_it_before()
    {
        await StartAsync();
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active));
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Cleared, number: 1));
        (string, string)[] press = [("cause", "overload"), ("text", "拔掉了"), ("without-photo", "夜里")];
        await PressAsync(Path("a1", "guard"), "close", press);
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active, number: 2));
        Assert.Empty(_fixture.State("a1").Reports);
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Cleared, number: 3));

        await PressAsync(Path("a1", "guard"), "close", press);

        Assert.Equal(ResponseStage.Closed, _fixture.State("a1").Stage);
        Assert.Equal(2, _fixture.Timeline("a1").Count(entry => entry.Fact is ResponseEvent.Closed));
    }

    [Fact]
    public async Task What_was_on_another_day_says_so_and_how_long_ago_is_said_as_people_say_it()
    {
        await StartAsync();
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active, Priority.P3));
        await _fixture.DoesAsync("guard", "a1", new ResponseCommand.Acknowledge());
        await _fixture.DoesAsync("guard", "a1", new ResponseCommand.Comment("看过了", null));
        var page = await _client.GetStringAsync(Path("a1", "guard"));
        Assert.Contains("自 12:00:00 · 0 秒前", page, StringComparison.Ordinal);
        Assert.Contains("处理人： guard 12:00:00", page, StringComparison.Ordinal);

        // The edge is midnight.
        _fixture.Time.Advance(TimeSpan.FromHours(12) - TimeSpan.FromMilliseconds(1));
        Assert.Contains("自 12:00:00 · 11 小时前", await _client.GetStringAsync(Path("a1", "guard")), StringComparison.Ordinal);
        _fixture.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Contains("自 11-21 12:00:00 · 12 小时前", await _client.GetStringAsync(Path("a1", "guard")), StringComparison.Ordinal);
        _fixture.Time.Advance(TimeSpan.FromHours(60));
        await _fixture.DoesAsync("guard", "a1", new ResponseCommand.Shelve(_fixture.NowMs + (168 * 3_600_000L), "等备件"));

        page = await _client.GetStringAsync(Path("a1", "guard"));

        Assert.Contains("自 11-21 12:00:00 · 3 天前", page, StringComparison.Ordinal);
        Assert.Contains("处理人： guard 11-21 12:00:00", page, StringComparison.Ordinal);
        Assert.Contains("<li>11-21 12:00:00 guard：看过了", page, StringComparison.Ordinal);
        Assert.Contains("<li>12:00:00 guard 暂停提醒到 12-01 12:00:00", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_link_of_an_alert_that_came_onto_the_disk_under_another_name_leads_to_that_one()
    {
        await StartAsync();
        // Told from memory as "before"; a restart came to another onset, and so to another name.
        await _fixture.RaiseAsync(ResponseFixture.Step("after", Condition.Active, Priority.P0, "smoke"));

        var page = await _client.GetStringAsync(Path("before", "guard"));

        Assert.Contains("通知你时还没有写进磁盘", page, StringComparison.Ordinal);
        var link = System.Text.RegularExpressions.Regex.Match(page, "href=\"(/a/[^\"]+)\">P0 ").Groups[1].Value;
        Assert.Equal(("after", "guard"), _fixture.Links.Read(link["/a/".Length..], _fixture.NowMs) is { } pass ? (pass.Alert, pass.Person) : default);
        // A button of the first page that was still open leads there, too, and nothing is acknowledged that nobody looked at.
        var pressed = await PressAsync(Path("before", "guard"), "acknowledge");
        Assert.Equal((HttpStatusCode.SeeOther, Path("before", "guard")), (pressed.StatusCode, pressed.Headers.Location));
        Assert.Empty(_fixture.State("after").Acknowledgements);
    }

    [Fact]
    public async Task A_link_that_stands_on_a_page_ends_with_the_link_that_opened_the_page()
    {
        await StartAsync();
        await _fixture.RaiseAsync(ResponseFixture.Step("after", Condition.Active, Priority.P0, "smoke"));
        var path = Path("before", "guard");

        _fixture.Time.Advance(TimeSpan.FromHours(47));
        var link = new Uri(System.Text.RegularExpressions.Regex.Match(await _client.GetStringAsync(path), "href=\"(/a/[^\"]+)\">P0 ").Groups[1].Value, UriKind.Relative);
        Assert.Contains("P0", await _client.GetStringAsync(link), StringComparison.Ordinal);

        // Else whoever keeps a link opens it every other day, for ever.
        _fixture.Time.Advance(TimeSpan.FromHours(2));
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetAsync(link)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await PressAsync(link, "acknowledge")).StatusCode);
    }

    [Fact]
    public async Task Whoever_was_taken_off_the_roster_opens_nothing_and_stops_no_call()
    {
        await StartAsync();
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active));
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetAsync(Path("a1", "left"))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await PressAsync(Path("a1", "left"), "acknowledge")).StatusCode);
        Assert.Empty(_fixture.State("a1").Acknowledgements);
    }

    [Fact]
    public async Task A_link_acts_on_its_own_alert_alone_also_when_that_is_closed_and_when_it_comes_back()
    {
        await StartAsync();
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active), ResponseFixture.Step("a2", Condition.Active, asset: "huaihai/pile-02"));
        var link = Path("a1", "guard");
        await PressAsync(link, "acknowledge");
        Assert.Empty(_fixture.State("a2").Acknowledgements);
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Cleared, number: 1));
        Assert.Equal(HttpStatusCode.SeeOther, (await PressAsync(link, "close", ("cause", "overload"), ("without-photo", "夜里看不清"))).StatusCode);

        // A press after the end does no harm, and says what it is now.
        var facts = _fixture.Timeline("a1").Count;
        foreach (var button in (string[])["acknowledge", "arrive", "set-out", "extinguished", "false-alarm", "close"])
            Assert.Equal(button == "close" ? HttpStatusCode.BadRequest : HttpStatusCode.SeeOther, (await PressAsync(link, button)).StatusCode);
        Assert.Equal(facts, _fixture.Timeline("a1").Count);
        Assert.Contains("已关闭", await _client.GetStringAsync(link), StringComparison.Ordinal);

        // It comes back under its old name: the old link answers the new call.
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active, number: 2));
        Assert.Empty(_fixture.State("a1").Acknowledgements);
        await PressAsync(link, "acknowledge");
        Assert.Equal(ResponseStage.Acked, _fixture.State("a1").Stage);
    }

    [Fact]
    public async Task A_link_silences_nothing_and_lets_nothing_ring_that_somebody_silenced()
    {
        await StartAsync();
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active), ResponseFixture.Step("a2", Condition.Active, asset: "huaihai/pile-02"));
        var until = _fixture.NowMs + 3_600_000;
        await _fixture.DoesAsync("manager", "a2", new ResponseCommand.Shelve(until, "等电工"));
        var facts = (_fixture.Timeline("a1").Count, _fixture.Timeline("a2").Count);

        Assert.Equal(HttpStatusCode.Forbidden, (await PressAsync(Path("a1", "guard"), "shelve", ("hours", "8"), ("reason", "等电工"))).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await PressAsync(Path("a2", "guard"), "unshelve")).StatusCode);

        Assert.Equal((null, until), (_fixture.State("a1").ShelvedUntilMs, _fixture.State("a2").ShelvedUntilMs));
        Assert.Equal(facts, (_fixture.Timeline("a1").Count, _fixture.Timeline("a2").Count));
        Assert.True(_fixture.State("a1").IsCalling);
    }

    [Theory]
    [InlineData("acknowledge")]
    [InlineData("set-out")]
    [InlineData("arrive")]
    [InlineData("extinguished")]
    [InlineData("false-alarm")]
    [InlineData("assign")]
    [InlineData("comment")]
    [InlineData("close")]
    [InlineData("case")]
    public async Task Whatever_a_link_changes_says_who_it_was_when_and_by_which_way(string button)
    {
        await StartAsync();
        await _fixture.RaiseAsync(button == "case" ? Suspicion("a1") : ResponseFixture.Step("a1", Condition.Active));
        var facts = _fixture.Timeline("a1").Count;

        var pressed = await PressAsync(Path("a1", "guard"), button, ("to", "grid"), ("text", "看过"), ("cause", "false-alarm"), ("without-photo", "夜里看不清"), ("stage", "confirmed"));

        Assert.Equal(HttpStatusCode.SeeOther, pressed.StatusCode);
        var written = _fixture.Timeline("a1").Skip(facts).ToList();
        Assert.NotEmpty(written);
        Assert.Equal(new Actor("guard", "link"), written[0].Fact.By);
        // What the service does upon it, such as to tell the other, is nobody's.
        Assert.All(written, entry => Assert.True(entry.Fact.By is null || entry.Fact.By == written[0].Fact.By));
        Assert.All(written, entry => Assert.Equal(_fixture.NowMs, entry.Fact.AtMs));
    }

    [Fact]
    public async Task Of_two_who_press_in_the_same_moment_both_are_written_down_each_once()
    {
        await StartAsync();
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active, Priority.P0, "smoke"));
        await Task.WhenAll(Enumerable.Range(0, 12).Select(press => PressAsync(Path("a1", press % 2 == 0 ? "guard" : "fire"), "acknowledge")));
        Assert.Equal(["fire", "guard"], _fixture.State("a1").Acknowledgements.Select(one => one.Person).Order());
        Assert.Equal(2, _fixture.Timeline("a1").Count(entry => entry.Fact is ResponseEvent.Acknowledged));
        Assert.True(_fixture.State("a1").IsAnswered);
    }

    [Fact]
    public async Task The_whole_story_unfolds_below_the_newest_lines()
    {
        await StartAsync();
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active));
        for (var number = 0; number < 80; number++)
            await _fixture.DoesAsync("guard", "a1", new ResponseCommand.Comment($"第{number}句。", null));
        var page = await _client.GetStringAsync(Path("a1", "guard"));
        Assert.Contains("第79句。", page, StringComparison.Ordinal);
        Assert.Contains("第20句。", page, StringComparison.Ordinal);
        Assert.Contains("更早的记录： 69", page, StringComparison.Ordinal);
        // What is not even there is said to be missing.
        Assert.DoesNotContain("第7句。", page, StringComparison.Ordinal);
        Assert.Contains("未列出 9", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_came_on_duty_sees_what_is_open_and_takes_over_what_was_left_behind_with_one_press()
    {
        await StartAsync();
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active), ResponseFixture.Step("a2", Condition.Active, rule: "over-temperature"));
        await _fixture.DoesAsync("gone", "a1", new ResponseCommand.Acknowledge());
        var path = Path(ActLinks.HandOver, "guard");
        var page = await _client.GetStringAsync(path);
        Assert.Contains("没有结束的告警： 2", page, StringComparison.Ordinal);
        Assert.Contains("gone（已下班） 在处理", page, StringComparison.Ordinal);
        Assert.Contains("还没有人处理", page, StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.SeeOther, (await PressAsync(path, "take-over")).StatusCode);
        Assert.Equal(HttpStatusCode.SeeOther, (await PressAsync(path, "take-over")).StatusCode);

        Assert.Equal(["gone", "guard"], _fixture.State("a1").Acknowledgements.Select(one => one.Person));
        Assert.Empty(_fixture.State("a2").Acknowledgements);
        Assert.DoesNotContain("take-over", await _client.GetStringAsync(path), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await PressAsync(path, "acknowledge")).StatusCode);
        // Each line leads to the page of its alert, for this person alone.
        var link = System.Text.RegularExpressions.Regex.Match(await _client.GetStringAsync(path), "href=\"(/a/[^\"]+)\">P1").Groups[1].Value;
        Assert.Equal("guard", _fixture.Links.Read(link[3..], _fixture.NowMs)!.Person);
    }

    [Fact]
    public async Task One_press_behind_the_link_confirms_a_contact_and_a_second_does_no_harm()
    {
        await StartAsync();
        var desk = _app!.Services.GetRequiredService<ContactDesk>();
        await desk.AskAsync("guard", "sms");
        var path = Path(_fixture.Rows("select id from contact_check").Single(), "guard");
        Assert.Contains("我收到了", await _client.GetStringAsync(path), StringComparison.Ordinal);
        Assert.DoesNotContain(desk.States(), state => state.IsVerified);
        for (var press = 0; press < 2; press++)
            Assert.Equal(HttpStatusCode.SeeOther, (await PressAsync(path, "confirm")).StatusCode);
        Assert.Equal(["sms"], desk.States().Where(state => state.IsVerified).Select(state => state.Contact.Channel));
        Assert.Contains("已记下", await _client.GetStringAsync(path), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetAsync(Path("verify-00000000", "guard"))).StatusCode);
    }

    [Fact]
    public async Task A_program_asks_whether_a_way_works_and_never_sees_the_address()
    {
        await StartAsync();
        Assert.Equal(HttpStatusCode.NoContent, (await PostAsync("/api/contacts/guard/ask", """{"channel":"sms"}""")).StatusCode);
        var code = _fixture.Rows("select code from contact_check").Single();
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PostAsync("/api/contacts/guard/confirm", """{"code":"x"}""")).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PostAsync("/api/contacts/guard/confirm", "{}")).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PostAsync("/api/contacts/nobody/ask", "{}")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync("/api/contacts/guard/confirm", $$"""{"code":"{{code}}"}""")).StatusCode);
        var contacts = JsonDocument.Parse(await _client.GetStringAsync(new Uri("/api/contacts", UriKind.Relative))).RootElement.EnumerateArray().ToList();
        Assert.Equal([("guard", "sms", "2026-11-21")], contacts.Where(one => one.GetProperty("verified").GetBoolean()).Select(one => (one.GetProperty("person").GetString(), one.GetProperty("channel").GetString(), one.GetProperty("last").GetString())));
        Assert.All(contacts, contact => Assert.Equal(["person", "channel", "verified", "last"], contact.EnumerateObject().Select(property => property.Name)));
    }

    [Fact]
    public async Task The_interface_for_programs_is_closed_to_strangers()
    {
        await StartAsync(withKey: false);
        Assert.Equal(HttpStatusCode.Unauthorized, (await _client.GetAsync(Alerts)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync("/api/drills", "{}")).StatusCode);
    }

    [Fact]
    public async Task A_program_does_what_a_phone_does_and_reads_the_whole_timeline()
    {
        await StartAsync();
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active));
        Assert.Equal("a1", JsonDocument.Parse(await _client.GetStringAsync(Alerts)).RootElement[0].GetProperty("alert").GetString());
        Assert.Equal(HttpStatusCode.OK, (await PostAsync("/api/alerts/a1/acknowledge", """{"by":"grid"}""")).StatusCode);
        var refused = await PostAsync("/api/alerts/a1/close", """{"cause":"overload"}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        Assert.Equal("still-on", JsonDocument.Parse(await refused.Content.ReadAsStringAsync()).RootElement.GetProperty("refused").GetString());
        Assert.Equal(HttpStatusCode.NotFound, (await PostAsync("/api/alerts/zz/acknowledge", "{}")).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PostAsync("/api/alerts/a1/dance", "{}")).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PostAsync("/api/alerts/a1/acknowledge", "{")).StatusCode);

        var whole = JsonDocument.Parse(await _client.GetStringAsync(new Uri("/api/alerts/a1", UriKind.Relative))).RootElement;

        Assert.True(whole.GetProperty("intact").GetBoolean());
        Assert.Equal(["raised", "acknowledged"], whole.GetProperty("timeline").EnumerateArray().Select(fact => fact.GetProperty("what").GetString()));
    }

    [Fact]
    public async Task Permits_are_asked_for_confirmed_by_somebody_else_and_ended()
    {
        await StartAsync();
        var asked = await PostAsync("/api/permits", """{"kind":"out-of-service","asset":"huaihai/pile-01","until":"2026-11-21T07:00:00Z","reason":"换探头","patrol":"guard","by":"manager"}""");
        Assert.Equal(HttpStatusCode.OK, asked.StatusCode);
        var id = JsonDocument.Parse(await asked.Content.ReadAsStringAsync()).RootElement.GetProperty("permit").GetString();
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PostAsync($"/api/permits/{id}/confirm", """{"by":"manager"}""")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await PostAsync($"/api/permits/{id}/confirm", """{"by":"grid"}""")).StatusCode);
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active, Priority.P0, "smoke"));
        Assert.Empty(_fixture.Notices());
        Assert.Equal(HttpStatusCode.NoContent, (await PostAsync($"/api/permits/{id}/end", """{"by":"grid"}""")).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PostAsync("/api/permits", """{"kind":"test","asset":"elsewhere/x","until":"2026-11-21T04:10:00Z","reason":"x"}""")).StatusCode);
    }

    [Fact]
    public async Task A_detector_is_not_tested_for_ever_by_one_person()
    {
        await StartAsync();
        const string Test = """{"kind":"test","asset":"huaihai/pile-01","until":"2026-11-21T04:15:00Z","reason":"年检"}""";
        Assert.Equal(HttpStatusCode.OK, (await PostAsync("/api/permits", Test)).StatusCode);
        var refused = await PostAsync("/api/permits", Test.Replace("04:15", "04:14", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        Assert.Contains("0 are left here", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        // Another one is another matter.
        Assert.Equal(HttpStatusCode.OK, (await PostAsync("/api/permits", Test.Replace("pile-01", "pile-02", StringComparison.Ordinal))).StatusCode);
        _fixture.Time.Advance(TimeSpan.FromMinutes(75));
        Assert.Equal(HttpStatusCode.OK, (await PostAsync("/api/permits", Test.Replace("04:15", "05:30", StringComparison.Ordinal))).StatusCode);
    }

    [Fact]
    public async Task An_exercise_runs_the_real_chain_and_says_who_answered_in_how_many_minutes()
    {
        await StartAsync();
        var begun = await PostAsync("/api/drills", """{"site":"huaihai"}""");
        var alert = JsonDocument.Parse(await begun.Content.ReadAsStringAsync()).RootElement.GetProperty("alert").GetString()!;
        Assert.Equal([$"{alert} 0 guard", $"{alert} 0 fire"], _fixture.Notices());
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PostAsync("/api/drills", """{"site":"huaihai"}""")).StatusCode);
        await _fixture.PassAsync(90);
        await _fixture.DoesAsync("fire", alert, new ResponseCommand.Acknowledge());
        await _fixture.DoesAsync("grid", alert, new ResponseCommand.Acknowledge());
        Assert.All(_fixture.Rows("select drill from notice"), drill => Assert.Equal("1", drill));

        var report = JsonDocument.Parse(await _client.GetStringAsync(new Uri("/api/drills/" + alert, UriKind.Relative))).RootElement;

        Assert.True(report.GetProperty("over").GetBoolean());
        Assert.Equal(("huaihai", "P0", "manager"), (report.GetProperty("site").GetString(), report.GetProperty("priority").GetString(), report.GetProperty("by").GetString()));
        Assert.Equal([("guard", null), ("fire", 1.5), ("manager", null), ("grid", 0.5)], report.GetProperty("called").EnumerateArray()
            .Select(call => (call.GetProperty("person").GetString(), call.GetProperty("answeredAfterMin") is { ValueKind: JsonValueKind.Number } minutes ? minutes.GetDouble() : default(double?))));
    }

    [Fact]
    public async Task Who_is_on_duty_where_the_gaps_are_and_how_the_alarms_do_can_be_asked()
    {
        await StartAsync();
        var duty = JsonDocument.Parse(await _client.GetStringAsync(new Uri("/api/on-duty?site=huaihai&tier=guard&at=2025-03-01T00:00:00Z", UriKind.Relative))).RootElement;
        Assert.Equal("guard", duty[0].GetProperty("people")[0].GetProperty("id").GetString());
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetAsync(new Uri("/api/on-duty?site=nowhere", UriKind.Relative))).StatusCode);
        var gaps = JsonDocument.Parse(await _client.GetStringAsync(new Uri("/api/gaps", UriKind.Relative))).RootElement;
        Assert.All(gaps.EnumerateArray(), gap => Assert.Equal("unverified", gap.GetProperty("why").GetString()));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await _client.GetAsync(new Uri("/api/gaps?days=0", UriKind.Relative))).StatusCode);
        Assert.Equal(0, JsonDocument.Parse(await _client.GetStringAsync(new Uri("/api/figures", UriKind.Relative))).RootElement.GetProperty("standing").GetInt32());
    }

    [Fact]
    public async Task The_description_names_every_address_and_no_other()
    {
        await StartAsync();
        var described = JsonDocument.Parse(await _client.GetStringAsync(new Uri("/api/openapi.json", UriKind.Relative))).RootElement.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(verb => $"{verb.Name.ToUpperInvariant()} {path.Name}")).Order();
        var mapped = _app!.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Where(one => one.RoutePattern.RawText!.StartsWith("/api", StringComparison.Ordinal))
            .SelectMany(one => one.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(verb => $"{verb} {one.RoutePattern.RawText}")).Order();
        Assert.Equal(mapped, described);
    }

    [Theory]
    [InlineData("zh")]
    [InlineData("en")]
    public async Task Nothing_that_people_or_devices_wrote_into_a_timeline_becomes_markup(string language)
    {
        await StartAsync();
        ResponseEvent[] facts = [new ResponseEvent.Commented("<b>", null) { AtMs = 1, By = new Actor("<em>", "link") }, new ResponseEvent.StepSkipped(1, "<i>", 2) { AtMs = 1 }, new ResponseEvent.PageReported(0, "x", "<u>", DeliveryOutcome.Failed, "<s>") { AtMs = 1 }];
        var page = await DrawAsync(facts, language);
        foreach (var word in (string[])["b", "em", "i", "u", "s"])
        {
            Assert.Contains($"&lt;{word}&gt;", page, StringComparison.Ordinal);
            Assert.DoesNotContain($"<{word}>", page, StringComparison.Ordinal);
        }

        // Nor does it in any other kind of fact.
        var every = await DrawAsync(EveryFact.Samples("<kbd>"), language);
        Assert.DoesNotContain("<kbd>", every, StringComparison.Ordinal);
        Assert.True(every.Split("&lt;kbd&gt;").Length > 10);
    }

    private async Task<string> DrawAsync(ResponseEvent[] facts, string language)
    {
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active));
        var dossier = _app!.Services.GetRequiredService<ResponseDesk>().Find("a1")! with { Timeline = [.. facts.Select(fact => new TimelineEntry(0, fact, "", ""))] };
        var context = new Microsoft.AspNetCore.Http.DefaultHttpContext { RequestServices = _app.Services };
        context.Request.QueryString = new("?lang=" + language);
        using var body = new MemoryStream();
        context.Response.Body = body;
        await new ViewAnswer<AlertView>("Act", new AlertView(new ActDoor("/a/x", "a1", new Actor("<em>", "link")), dossier, _fixture.Registry.Current, _app.Services.GetRequiredService<PersonNames>(), _fixture.NowMs)).ExecuteAsync(context);
        return Encoding.UTF8.GetString(body.ToArray());
    }

    private async Task StartAsync(bool withKey = true) => _app = await ResponseServer.StartAsync(_fixture, _folder, _client, withKey);

    private PhotoCounts Photos => _app!.Services.GetRequiredService<PhotoStore>().Counts;

    private async Task<HttpResponseMessage> SendAsync(Uri path, string what, byte[]? photo, params (string Name, string Value)[] fields)
    {
        using var content = new MultipartFormDataContent();
        foreach (var (name, value) in fields)
            content.Add(new StringContent(value), name);
        using var file = new ByteArrayContent(photo ?? []);
        // A browser sends the field of a file that nobody chose, too: without a name and empty.
        if (photo is null)
            file.Headers.ContentDisposition = new("form-data") { Name = "photo", FileName = "\"\"" };
        else
            file.Headers.ContentDisposition = new("form-data") { Name = "photo", FileName = "IMG_0001.jpg" };
        content.Add(file);
        return await _client.PostAsync(new Uri($"{path}/{what}", UriKind.Relative), content);
    }

    private Uri Path(string alert, string person) => new("/a/" + _fixture.Links.Token(alert, person, _fixture.NowMs), UriKind.Relative);

    private async Task<HttpResponseMessage> PressAsync(Uri path, string what, params (string Name, string Value)[] fields)
    {
        using var content = new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        return await _client.PostAsync(new Uri($"{path}/{what}", UriKind.Relative), content);
    }

    private async Task<HttpResponseMessage> PostAsync(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        return await _client.PostAsync(new Uri(path, UriKind.Relative), content);
    }
}

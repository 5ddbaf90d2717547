using System.Net;
using System.Text;
using System.Text.Json;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Monitoring;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Response;
using FacilityMonitor.Tests.OnCall;
using FacilityMonitor.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

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

    [Fact]
    public void Every_line_of_a_timeline_is_written_in_both_languages()
    {
        ResponseEvent[] facts = [new ResponseEvent.Commented("<b>", null) { AtMs = 1, By = new Actor("x", "link") }, new ResponseEvent.StepSkipped(1, "<i>", 2) { AtMs = 1 }, new ResponseEvent.PageReported(0, "x", "<u>", DeliveryOutcome.Failed, "<s>") { AtMs = 1 }];
        Assert.All(facts, fact => Assert.DoesNotMatch("<[a-z]", TimelineText.Of(fact, "zh", Page.Encode) + TimelineText.Of(fact, "en", Page.Encode)));
    }

    private async Task StartAsync(bool withKey = true)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<TimeProvider>(_fixture.Time);
        builder.Services.AddSingleton(SettingsLoader.Load(_folder.Path, new System.Collections.Hashtable()).Settings!);
        builder.Services.AddSingleton(_fixture.Database);
        builder.Services.AddSingleton(_fixture.Log);
        builder.Services.AddSingleton(_fixture.Links);
        builder.Services.AddSingleton(_fixture.Registry);
        builder.Services.AddSingleton(_fixture.Sounds);
        builder.Services.AddSingleton<ResponseDesk>();
        builder.Services.AddSingleton(new Action<AlertTransition>(_ => { }));
        builder.Services.AddSingleton<ResponseWatch>();
        builder.Services.AddSingleton<ControlDoor>();
        _app = builder.Build();
        _app.MapAct();
        _app.MapResponseApi();
        await _app.StartAsync();
        _client.BaseAddress = new Uri(_app.Urls.Single());
        var key = ControlKey.Write(_folder.Path, _app.Urls.Single());
        _app.Services.GetRequiredService<ControlDoor>().Open(key);
        if (withKey)
            _client.DefaultRequestHeaders.Authorization = new("Bearer", key.Secret);
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

using System.Net;
using System.Text;
using System.Text.Json;
using FacilityMonitor.Alerts;
using FacilityMonitor.Response;
using FacilityMonitor.Tests.OnCall;
using FacilityMonitor.Web;
using Microsoft.AspNetCore.Builder;

namespace FacilityMonitor.Tests.Web;

/// <summary>Wrong, missing, foreign and huge fields at every address of the API: each is refused by its name, its value and what to write, and nothing is done.</summary>
public sealed class ResponseInputTests : IAsyncDisposable
{
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

    [Theory]
    // Whoever it is said to be: nobody who is not registered, and never silently the manager.
    [InlineData("alerts/a1/acknowledge", """{"by":"ghost"}""", "by is ghost; write the id of a person of people.yaml")]
    [InlineData("alerts/a1/acknowledge", """{"by":"张三"}""", "by is 张三; write the id of a person")]
    [InlineData("alerts/a1/acknowledge", """{"by":5}""", "by is 5; write a text in quotation marks")]
    [InlineData("alerts/a1/acknowledge", """{"bye":"grid"}""", "bye is not known; here can stand: by")]
    [InlineData("alerts/a1/acknowledge", """{"by":"grid","by":"guard"}""", "by stands there twice; remove one")]
    [InlineData("alerts/a1/acknowledge", "{", "this is no whole JSON")]
    [InlineData("alerts/a1/acknowledge", "[]", "a JSON object is wanted")]
    [InlineData("alerts/a1/acknowledge", "null", "a JSON object is wanted")]
    [InlineData("alerts/a1/dance", "{}", "there is no such command; write one of: acknowledge, unacknowledge, assign")]
    [InlineData("alerts/a1/assign", "{}", "to is missing; such as \"to\": \"wang\"")]
    [InlineData("alerts/a1/assign", """{"to":["grid"]}""", "to is [\"grid\"]; write a text")]
    [InlineData("alerts/a1/assign", """{"to":"ghost"}""", "nobody 'ghost' who can be reached")]
    [InlineData("alerts/a1/comment", "{}", "write something, or add a photo")]
    [InlineData("alerts/a1/comment", """{"text":true}""", "text is true; write a text")]
    [InlineData("alerts/a1/comment", """{"text":"\ud800"}""", "write whole characters")]
    [InlineData("alerts/a1/comment", """{"tekst":"x"}""", "tekst is not known; here can stand: text, photo, by")]
    [InlineData("alerts/a1/close", "{}", "cause is missing")]
    [InlineData("alerts/a1/close", """{"cause":"magic"}""", "cause is magic; write one of: fire, overheated-battery")]
    [InlineData("alerts/a1/close", """{"cause":"sensor-fault","photos":"p"}""", "photos is \"p\"; write a list of 50 texts at most")]
    [InlineData("alerts/a1/close", """{"cause":"sensor-fault","photos":[1]}""", "photos is [1]; write a list")]
    [InlineData("alerts/a1/close", """{"cause":"sensor-fault","photos":["\udfff"]}""", "write a list")]
    [InlineData("alerts/a1/close", """{"cause":"sensor-fault"}""", "without one say why there is none")]
    [InlineData("alerts/a1/shelve", """{"reason":"x"}""", "until is missing")]
    [InlineData("alerts/a1/shelve", """{"untill":"2026-11-21T07:00:00Z","reason":"x"}""", "untill is not known; here can stand: until, reason, by")]
    [InlineData("alerts/a1/shelve", """{"until":"tomorrow","reason":"x"}""", "until is tomorrow; write a time with its offset")]
    [InlineData("alerts/a1/shelve", """{"until":"2026-11-21 15:00","reason":"x"}""", "write a time with its offset, such as 2026-11-21T20:00:00+08:00")]
    [InlineData("alerts/a1/shelve", """{"until":"2026-11-21T15:00:00","reason":"x"}""", "write a time with its offset")]
    [InlineData("alerts/a1/shelve", """{"until":"2026-02-30T15:00:00Z","reason":"x"}""", "write a time with its offset")]
    [InlineData("alerts/a1/shelve", """{"until":1795500000,"reason":"x"}""", "until is 1795500000; write a text")]
    [InlineData("alerts/a1/shelve", """{"until":"9999-12-31T23:59:59Z","reason":"x"}""", "8 hours at most")]
    [InlineData("alerts/a1/shelve", """{"until":"2026-11-21T03:59:00Z","reason":"x"}""", "a time to come")]
    [InlineData("alerts/a1/shelve", """{"until":"2026-11-21T05:00:00Z"}""", "say why it is shelved")]
    [InlineData("alerts/a1/case", """{"stage":"guilty"}""", "stage is guilty; write one of: suspected, confirmed")]
    [InlineData("alerts/a1/case", "{}", "stage is missing")]
    [InlineData("alerts/a1/case", """{"stage":"confirmed"}""", "no fly-wire case")]
    [InlineData("contacts/ghost/ask", "{}", "people.yaml names no 'ghost'")]
    [InlineData("contacts/guard/ask", """{"channel":"pigeon"}""", "guard has no way pigeon that can be used")]
    [InlineData("contacts/guard/ask", """{"channel":1}""", "channel is 1; write a text")]
    [InlineData("contacts/guard/confirm", "{}", "code is missing")]
    [InlineData("contacts/guard/confirm", """{"code":12345}""", "code is 12345; write a text")]
    [InlineData("contacts/guard/confirm", """{"code":"999999"}""", "the code is wrong")]
    [InlineData("permits", "{}", "kind is missing")]
    [InlineData("permits", """{"kind":"holiday","asset":"huaihai","until":"2026-11-21T05:00:00Z","reason":"x"}""", "kind is holiday; write one of: test, out-of-service, maintenance")]
    [InlineData("permits", """{"kind":"test","until":"2026-11-21T04:10:00Z","reason":"x"}""", "asset is missing")]
    [InlineData("permits", """{"kind":"test","asset":"huaihai/pile-01","reason":"x"}""", "until is missing")]
    [InlineData("permits", """{"kind":"test","asset":"huaihai/pile-99","until":"2026-11-21T04:10:00Z","reason":"x"}""", "'huaihai/pile-99' is not registered")]
    [InlineData("permits", """{"kind":"test","asset":"huaihai/pile","until":"2026-11-21T04:10:00Z","reason":"x"}""", "'huaihai/pile' is not registered")]
    [InlineData("permits", """{"kind":"test","asset":"huaihai","until":"2026-11-21T04:10:00Z","reason":"x"}""", "never of a whole site")]
    [InlineData("permits", """{"kind":"test","asset":"huaihai/pile-01","until":"2026-11-21T04:15:00.001Z","reason":"x"}""", "15 minutes at most")]
    [InlineData("permits", """{"kind":"test","asset":"huaihai/pile-01","from":"1970-01-01T00:00:00Z","until":"2026-11-21T04:10:00Z","reason":"x"}""", "15 minutes at most")]
    [InlineData("permits", """{"kind":"out-of-service","asset":"huaihai/pile-01","until":"2026-11-21T05:00:00Z","reason":"x"}""", "somebody has to patrol")]
    [InlineData("permits", """{"kind":"test","asset":"huaihai/pile-01","until":"2026-11-21T04:10:00Z"}""", "say why")]
    [InlineData("permits", """{"kind":"test","asset":"huaihai/pile-01","until":"2026-11-21T04:10:00Z","reason":"x","by":"ghost"}""", "by is ghost")]
    [InlineData("permits/none/confirm", "{}", "no such permit")]
    [InlineData("permits/none/confirm", """{"why":"x"}""", "why is not known")]
    [InlineData("permits/none/end", "{}", "no such permit")]
    [InlineData("drills", "{}", "site is missing")]
    [InlineData("drills", """{"site":"nowhere"}""", "there is no site nowhere")]
    [InlineData("drills", """{"site":"huaihai","priority":"P9"}""", "priority is P9; write one of: P0, P1, P2, P3")]
    [InlineData("drills", """{"site":"huaihai","priority":"0"}""", "priority is 0; write one of")]
    [InlineData("drills", """{"site":"huaihai","siren":"yes"}""", "siren is \"yes\"; write true or false")]
    public async Task What_is_wrong_is_refused_by_name_value_and_fix_and_nothing_is_done(string address, string body, string expected)
    {
        await StartAsync();
        var before = Everything();

        var answer = await PostAsync("/api/" + address, body);

        await AssertRefusedAsync(answer, expected);
        Assert.Equal(before, Everything());
    }

    [Theory]
    [InlineData("on-duty", "site is missing")]
    [InlineData("on-duty?site=huaihai&tier=king", "tier is king; write one of: guard, micro-fire-station")]
    [InlineData("on-duty?site=huaihai&at=noon", "at is noon; write a time with its offset")]
    [InlineData("on-duty?site=huaihai&when=2026-11-21T04:00:00Z", "when is not known; here can stand: site, tier, at")]
    [InlineData("on-duty?site=huaihai&site=other", "site is huaihai,other; write once")]
    [InlineData("gaps?days=0", "days is 0; write 1 to 400")]
    [InlineData("gaps?days=401", "days is 401; write 1 to 400")]
    [InlineData("gaps?days=many", "days is many; write 1 to 400")]
    [InlineData("figures?days=-1", "days is -1; write 1 to 400")]
    [InlineData("figures?day=7", "day is not known; here can stand: days")]
    public async Task A_wrong_question_is_refused_too(string address, string expected)
    {
        await StartAsync();
        await AssertRefusedAsync(await _client.GetAsync(new Uri("/api/" + address, UriKind.Relative)), expected);
    }

    [Fact]
    public async Task What_is_long_is_taken_to_its_limit_and_refused_beyond_it()
    {
        await StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await PostAsync("/api/alerts/a1/comment", Comment(ResponseLife.TextMax))).StatusCode);
        await AssertRefusedAsync(await PostAsync("/api/alerts/a1/comment", Comment(ResponseLife.TextMax + 1)), "2000 characters at most");
        await AssertRefusedAsync(await PostAsync("/api/alerts/a1/comment", new string(' ', RequestFields.BodyBytesMax + 1)), "the body has more than 16384 bytes");
        await AssertRefusedAsync(await PostAsync("/api/alerts/a1/comment", $$"""{"photo":"{{new string('p', 201)}}"}"""), "200 characters at most");
        await AssertRefusedAsync(await PostAsync("/api/permits", $$"""{"kind":"test","asset":"huaihai/pile-01","until":"2026-11-21T04:10:00Z","reason":"{{new string('x', ResponseLife.TextMax + 1)}}"}"""), "2000 characters at most");
        Assert.Equal(HttpStatusCode.NotFound, (await PostAsync("/api/alerts/" + new string('a', 4_000) + "/acknowledge", "{}")).StatusCode);

        static string Comment(int length) => $$"""{"text":"{{new string('x', length)}}"}""";
    }

    /// <summary>A form of another page cannot say that it is JSON, and a body whose length nobody said is read all the same.</summary>
    [Fact]
    public async Task Only_JSON_is_taken_and_a_body_of_unsaid_length_is_read_too()
    {
        await StartAsync();
        using var form = new StringContent("""{"by":"grid"}""", Encoding.UTF8, "text/plain");
        await AssertRefusedAsync(await _client.PostAsync(new Uri("/api/alerts/a1/acknowledge", UriKind.Relative), form), "write application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/api/alerts/a1/acknowledge", UriKind.Relative)) { Content = new StringContent("""{"by":"grid"}""", Encoding.UTF8, "application/json") };
        request.Headers.TransferEncodingChunked = true;
        Assert.Equal(HttpStatusCode.OK, (await _client.SendAsync(request)).StatusCode);
        Assert.Equal("grid", _fixture.State("a1").Acknowledgements.Single().Person);
    }

    [Fact]
    public async Task An_hour_of_another_offset_is_the_same_instant()
    {
        await StartAsync();
        foreach (var at in (string[])["2026-11-21T20:00:00%2B08:00", "2026-11-21T20:00:00+08:00", "2026-11-21T12:00:00Z", "2026-11-21T12:00Z"])
            Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync(new Uri($"/api/on-duty?site=huaihai&at={at}", UriKind.Relative))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync("/api/alerts/a1/shelve", """{"until":"2026-11-21T13:00:00+08:00","reason":"等配件"}""")).StatusCode);
        Assert.Equal(_fixture.NowMs + 3_600_000, _fixture.State("a1").ShelvedUntilMs);
    }

    private async Task StartAsync()
    {
        _app = await ResponseServer.StartAsync(_fixture, _folder, _client);
        await _fixture.RaiseAsync(ResponseFixture.Step("a1", Condition.Active));
    }

    /// <summary>Everything that a request could have changed.</summary>
    private List<string> Everything() => _fixture.Rows(
        "select body from response_event union all select key from notice union all select id || tries from contact_check union all select permit || what from permit_event union all select id from alert");

    private static async Task AssertRefusedAsync(HttpResponseMessage answer, string expected)
    {
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        var said = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        Assert.Contains(expected, said.GetProperty("en").GetString(), StringComparison.Ordinal);
        Assert.Matches(@"\p{IsCJKUnifiedIdeographs}", said.GetProperty("zh").GetString());
        Assert.NotEmpty(said.GetProperty("refused").GetString()!);
    }

    private async Task<HttpResponseMessage> PostAsync(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        return await _client.PostAsync(new Uri(path, UriKind.Relative), content);
    }
}

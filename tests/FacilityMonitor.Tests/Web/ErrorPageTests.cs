using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Tests.Journal;
using FacilityMonitor.Users;
using FacilityMonitor.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FacilityMonitor.Tests.Web;

/// <summary>Where there is no page, or one fails: a person reads why and goes on, and nobody reads more than that.</summary>
public sealed class ErrorPageTests(AlertPagesFixture fixture) : IClassFixture<AlertPagesFixture>, IAsyncLifetime
{
    private const string Alert = "00000000000000a1";

    public Task InitializeAsync() => fixture.ClearAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Theory]
    [InlineData("/nowhere", "没有这一页。", "/")]
    [InlineData("/nowhere?lang=en", "There is no such page.", "/")]
    [InlineData("/settings/nowhere", "没有这一页。", "/")]
    [InlineData("/device/jiugeng", "没有这一页。", "/")]
    public async Task A_mistyped_address_says_so_and_leads_on_whoever_typed_it(string path, string words, string back)
    {
        using var stranger = new UserUnderTest(fixture.Page.Url);
        foreach (var user in (UserUnderTest[])[stranger, fixture.Property])
        {
            var answer = await user.GetAsync(path);

            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            var html = await answer.Content.ReadAsStringAsync();
            Assert.Contains(words, WebUtility.HtmlDecode(html), StringComparison.Ordinal);
            Assert.Contains($"<a href=\"{back}\">", html, StringComparison.Ordinal);
            Assert.DoesNotContain("tel:119", html, StringComparison.Ordinal);
            Assert.Contains("default-src 'none'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        }

        await fixture.Property.GetAsync("/?lang=zh");
    }

    [Fact]
    public async Task An_address_that_only_takes_forms_says_so_and_one_of_an_alert_leads_to_it()
    {
        var answer = await fixture.Property.GetAsync("/sign-out");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        Assert.Contains("请返回，用页面上的按钮", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        using var stranger = new UserUnderTest(fixture.Page.Url);
        Assert.Equal("/a/xyz", (await stranger.GetAsync("/a/xyz/close")).Headers.Location!.OriginalString);
        Assert.Equal($"/alert/{Alert}", (await fixture.Property.GetAsync($"/alert/{Alert}/close")).Headers.Location!.OriginalString);
        var photo = await stranger.GetAsync("/a/xyz/photo/none.jpg");
        Assert.Equal(HttpStatusCode.NotFound, photo.StatusCode);
        var html = await photo.Content.ReadAsStringAsync();
        Assert.Contains("tel:119", html, StringComparison.Ordinal);
        Assert.Contains("<a href=\"/a/xyz\">", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_without_proof_is_refused_on_a_page_with_a_way_back()
    {
        var answer = await fixture.Property.PostAsync("/today", null, ("to", "guard-b"));

        Assert.Equal((HttpStatusCode.BadRequest, "text/html"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
        var html = await answer.Content.ReadAsStringAsync();
        Assert.Contains("页面已过期，请再试一次。", html, StringComparison.Ordinal);
        Assert.Contains("<a href=\"/today\">", html, StringComparison.Ordinal);
        // What has no page of its own leads to the first.
        Assert.Contains("<a href=\"/\">", await (await fixture.Property.PostAsync("/sign-out", null)).Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var program = await fixture.Property.PostAsync("/api/drills", null);
        Assert.Equal((HttpStatusCode.BadRequest, "text/plain"), (program.StatusCode, program.Content.Headers.ContentType!.MediaType));
    }

    [Theory]
    [InlineData("/alert/" + Alert, true)]
    [InlineData("/today", false)]
    [InlineData("link", true)]
    public async Task A_page_that_cannot_be_read_says_so_with_a_number_that_is_in_the_log_and_with_119_where_an_alert_was_meant(string path, bool isOfAlert)
    {
        using var log = new KeptLog();
        fixture.Page.Services.GetRequiredService<ILoggerFactory>().AddProvider(log);
        await fixture.RaiseAsync(fixture.Step(Alert, Priority.P1));
        var token = fixture.Page.Services.GetRequiredService<ActLinks>().Token(Alert, "guard-a", fixture.Page.NowMs);
        path = path == "link" ? "/a/" + token : path;
        Assert.Equal(HttpStatusCode.OK, (await fixture.Property.GetAsync(path)).StatusCode);
        await ExecuteAsync("alter table response_event rename to response_event_away");
        HttpResponseMessage answer;
        try
        {
            answer = await fixture.Property.GetAsync(path);
        }
        finally
        {
            await ExecuteAsync("alter table response_event_away rename to response_event");
        }

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains("default-src 'none'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        var html = await answer.Content.ReadAsStringAsync();
        Assert.Contains("现在读写不了数据", html, StringComparison.Ordinal);
        Assert.Equal(isOfAlert, html.Contains("tel:119", StringComparison.Ordinal));
        Assert.DoesNotContain("response_event", html, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", html, StringComparison.Ordinal);
        var id = Regex.Match(html, "编号： (?<id>[0-9a-f]{8})").Groups["id"].Value;
        var line = Assert.Single(log.Lines, line => line.Contains("failed", StringComparison.Ordinal) && line.Contains(id.Length > 0 ? id : "?", StringComparison.Ordinal));
        Assert.Contains("no such table", line, StringComparison.Ordinal);
        // The link is a secret, also to whoever reads the log.
        Assert.All(log.Lines, one => Assert.DoesNotContain(token, one, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Programs_read_the_status_and_no_page()
    {
        foreach (var path in (string[])["/api/nowhere", "/api/alerts/nothing", "/series/nowhere", "/web/nowhere.js", "/healthz/nowhere", "/control/nowhere"])
        {
            var answer = await fixture.Manager.GetAsync(path);
            Assert.True((int)answer.StatusCode is >= 400 and < 500, $"{path}: {answer.StatusCode}");
            Assert.NotEqual("text/html", answer.Content.Headers.ContentType?.MediaType);
        }

        // A provider that reports with a wrong secret.
        using var nothing = new StringContent("{}");
        Assert.Equal("", await (await fixture.Page.Client.PostAsync(new Uri("/reports/console/wrong", UriKind.Relative), nothing)).Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task What_the_disk_does_not_take_of_ones_own_settings_is_said_where_the_form_is()
    {
        using var user = await fixture.Page.EnterAsync("tried-me", UserRole.OnCall, "jiugeng");
        var html = await user.TextAsync("/me");
        List<HttpResponseMessage> answers;
        using (await RefusingDisk.BeginAsync(fixture.Page.Database))
        {
            answers =
            [
                await user.PostAsync("/me?handler=language", html, ("language", "en")),
                await user.PostAsync("/me?handler=password", html, ("old", PageUnderTest.UserPassword), ("password", "nine blue ladders"), ("again", "nine blue ladders")),
                await user.PostAsync("/me?handler=end", html),
            ];
        }

        foreach (var answer in answers)
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            var said = await answer.Content.ReadAsStringAsync();
            Assert.Contains("没有保存成功，请再按一次", said, StringComparison.Ordinal);
            Assert.Contains("data-testid=\"language-save\"", said, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_chart_that_cannot_be_read_has_a_number_that_is_in_the_log(bool isAway)
    {
        using var log = new KeptLog();
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddProvider(log));
        await using var provider = services.BuildServiceProvider();
        using var body = new MemoryStream();
        var context = new DefaultHttpContext { RequestServices = provider, Response = { Body = body } };

        var result = await SeriesEndpoints.NamedAsync(
            EndpointFilterInvocationContext.Create(context),
            call => isAway ? new(SeriesEndpoints.Missing(call.HttpContext, new SeriesOutcome.Away(new IOException("disk gone")))) : throw new InvalidOperationException("disk gone"));
        await Assert.IsAssignableFrom<IResult>(result).ExecuteAsync(context);

        Assert.Equal(isAway ? StatusCodes.Status502BadGateway : StatusCodes.Status500InternalServerError, context.Response.StatusCode);
        using var told = JsonDocument.Parse(body.ToArray());
        var id = told.RootElement.GetProperty("id").GetString()!;
        Assert.Matches("^[0-9a-f]{8}$", id);
        var line = Assert.Single(log.Lines, line => line.Contains(id, StringComparison.Ordinal));
        Assert.Contains("disk gone", line, StringComparison.Ordinal);
    }

    private Task ExecuteAsync(string statement) => fixture.Page.Database.CommitAsync(CommitPriority.Alerts, connection => Database.Execute(connection, statement));

    /// <summary>Keeps what is logged, with the exceptions.</summary>
    private sealed class KeptLog : ILoggerProvider, ILogger
    {
        public ConcurrentBag<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Add($"{formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}

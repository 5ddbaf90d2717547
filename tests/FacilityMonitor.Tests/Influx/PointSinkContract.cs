using System.Text;
using FacilityMonitor.Configuration;
using FacilityMonitor.Influx;
using Microsoft.AspNetCore.Http;

namespace FacilityMonitor.Tests.Influx;

/// <summary>What every client that writes to InfluxDB owes to the one who ships, against what the documentation of each version says it answers.</summary>
public abstract class PointSinkContract : IDisposable
{
    private static readonly byte[] Lines = Encoding.UTF8.GetBytes("pile,site=a,device=b,channel=s1 w=1 1\npile,site=a,device=b,channel=s1 w=2 2\n");

    private readonly List<IPointSink> _opened = [];

    public void Dispose()
    {
        foreach (var sink in _opened.OfType<IDisposable>())
            sink.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>A client of the implementation under test.</summary>
    private protected abstract IPointSink Create(InfluxSettings settings);

    private IPointSink Open(InfluxSettings settings)
    {
        var sink = Create(settings);
        _opened.Add(sink);
        return sink;
    }

    [Fact]
    public async Task Lines_travel_compressed_with_the_token_in_the_header_alone()
    {
        await using var server = await FakeInflux.StartAsync("v2.7.1", 204);
        var client = Open(Settings(server) with { Token = "s3cret==", Organization = "lane", Database = "estate 1" });
        Assert.IsType<WriteAnswer.Written>(await client.WriteAsync(Lines, default));
        var write = Assert.Single(server.Asked, asked => asked.Method == "POST");
        Assert.Equal(("/api/v2/write", "Token s3cret==", "gzip"), (write.Path, write.Authorization, write.Encoding));
        var query = System.Web.HttpUtility.ParseQueryString(write.Query);
        Assert.Equal(("lane", "estate 1", "ns"), (query["org"], query["bucket"], query["precision"]));
        // Whether the last line has an end is nobody's concern.
        Assert.Equal(Encoding.UTF8.GetString(Lines).TrimEnd(), write.Body.TrimEnd());
        Assert.DoesNotContain("s3cret", client.Name, StringComparison.Ordinal);
    }

    [Theory]
    // 1.8, HTTP API reference: partial writes and syntax are 400 with "error".
    [InlineData(400, "{\"error\":\"partial write: field type conflict: input field \\\"w\\\" on measurement \\\"pile\\\" is type float, already exists as type string dropped=1\"}", "HTTP 400 partial write: field type conflict")]
    // 2.7, write API: malformed lines are 400, points that were rejected 422, both with "message".
    [InlineData(400, "{\"code\":\"invalid\",\"message\":\"unable to parse 'pile w=': missing field value\"}", "HTTP 400 unable to parse")]
    [InlineData(422, "{\"code\":\"unprocessable entity\",\"message\":\"failure writing points to database: partial write\"}", "HTTP 422 failure writing points")]
    // 3.x: 400 with "error", and the lines in "data".
    [InlineData(400, "{\"error\":\"partial write of line protocol occurred\",\"data\":[{\"error_message\":\"invalid column type\",\"line_number\":2,\"original_line\":\"x\"}]}", "HTTP 400 partial write of line protocol")]
    public async Task Lines_at_fault_are_told_in_the_words_of_the_server(int status, string body, string words)
    {
        await using var server = await FakeInflux.StartAsync("v2.7.1", status, body);
        var client = Open(Settings(server));
        Assert.StartsWith(words, Assert.IsType<WriteAnswer.Malformed>(await client.WriteAsync(Lines, default)).Words, StringComparison.Ordinal);
    }

    [Theory]
    // 1.6 to 1.8, and 2.7: the second text is from its documentation on how writes fail.
    [InlineData(400, "{\"error\":\"partial write: points beyond retention policy dropped=250\"}", 250)]
    [InlineData(422, "{\"code\":\"unprocessable entity\",\"message\":\"failure writing points to database: partial write: dropped 4 points outside retention policy of duration 24h0m0s - oldest point home,room=Living\\\\ Room at 1970-01-01T00:00:01.541Z dropped because it violates a Retention Policy Lower Bound at 2025-05-20T19:06:17.612973Z, newest point home,room=Living\\\\ Room at 1970-01-01T00:00:01.5410006Z dropped because it violates a Retention Policy Lower Bound at 2025-05-20T19:06:17.612973Z dropped=4 for database: 9f282d63c7d3a5c0 for retention policy: autogen\"}", 4)]
    public async Task What_lies_before_a_retention_policy_is_counted_and_is_no_fault_of_the_lines(int status, string body, int dropped)
    {
        await using var server = await FakeInflux.StartAsync("v2.7.1", status, body);
        var client = Open(Settings(server));
        var answer = Assert.IsType<WriteAnswer.BeyondRetention>(await client.WriteAsync(Lines, default));
        Assert.Equal(dropped, answer.Dropped);
        Assert.StartsWith($"HTTP {status} ", answer.Words, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("partial write: field type conflict: input field \\\"w\\\" is type float, already exists as type string dropped=12", 12)]
    [InlineData("partial write: dropped 3 points outside retention policy of duration 24h0m0s - oldest point a at 2030-01-01T00:00:00Z dropped because it violates a Write Window Upper Bound at 2026-01-01T00:00:00Z dropped=3", 3)]
    [InlineData("unable to parse 'pile w=': missing field value dropped=7", null)]
    [InlineData("partial write: points beyond retention policy dropped=0", 0)]
    public async Task Of_other_faults_it_is_kept_how_many_lines_they_cost_if_the_rest_was_written(string words, int? dropped)
    {
        await using var server = await FakeInflux.StartAsync("v2.7.1", 400, $"{{\"error\":\"{words}\"}}");
        var client = Open(Settings(server));
        Assert.Equal(dropped, Assert.IsType<WriteAnswer.Malformed>(await client.WriteAsync(Lines, default)).Dropped);
    }

    [Theory]
    [InlineData(401, "{\"code\":\"unauthorized\",\"message\":\"unauthorized access\"}", "HTTP 401 unauthorized access")]
    [InlineData(403, "{\"error\":\"\\\"u\\\" user is not authorized to write to database \\\"facility\\\"\"}", "HTTP 403 \"u\" user is not authorized")]
    [InlineData(404, "{\"error\":\"database not found: \\\"facility\\\"\"}", "HTTP 404 database not found: \"facility\"")]
    [InlineData(405, "", "HTTP 405")]
    public async Task Where_somebody_has_to_act_it_says_so(int status, string body, string words)
    {
        await using var server = await FakeInflux.StartAsync("v2.7.1", status, body);
        var client = Open(Settings(server));
        Assert.StartsWith(words, Assert.IsType<WriteAnswer.Refused>(await client.WriteAsync(Lines, default)).Words, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(429, "60", 60)]
    [InlineData(503, "7", 7)]
    [InlineData(500, null, null)]
    [InlineData(408, null, null)]
    [InlineData(302, null, null)]
    public async Task What_passes_is_tried_later_and_not_before_the_server_wants_it(int status, string? retryAfter, int? seconds)
    {
        await using var server = await FakeInflux.StartAsync("v2.7.1", status, "{\"error\":\"timeout\"}", retryAfter is null ? [("Location", "/elsewhere")] : [("Retry-After", retryAfter)]);
        var client = Open(Settings(server));
        var later = Assert.IsType<WriteAnswer.Later>(await client.WriteAsync(Lines, default));
        Assert.Equal(seconds, later.Wait?.TotalSeconds);
        Assert.StartsWith($"HTTP {status}", later.Words, StringComparison.Ordinal);
        Assert.DoesNotContain(server.Asked, asked => asked.Path == "/elsewhere");
    }

    [Fact]
    public async Task A_batch_that_is_too_large_is_said_to_be()
    {
        await using var server = await FakeInflux.StartAsync("v2.7.1", 413, "{\"code\":\"request too large\",\"message\":\"max 50000000 bytes\"}");
        var client = Open(Settings(server));
        Assert.IsType<WriteAnswer.TooLarge>(await client.WriteAsync(Lines, default));
    }

    [Fact]
    public async Task A_stop_ends_a_write_that_waits()
    {
        await using var server = await FakeInflux.StartAsync((context, asked) => asked.Path == "/ping" ? Task.CompletedTask : Task.Delay(Timeout.Infinite, context.RequestAborted));
        var client = Open(Settings(server));
        using var stop = new CancellationTokenSource();
        var write = client.WriteAsync(Lines, stop.Token);
        await Mqtt.Until.TrueAsync(() => server.Asked.Any(asked => asked.Method == "POST"), "the write is on its way");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write);
    }

    [Fact]
    public async Task Who_does_not_answer_in_time_or_hangs_up_or_is_not_there_is_asked_later()
    {
        await using var server = await FakeInflux.StartAsync((context, asked) =>
        {
            if (asked.Path == "/ping")
                return Task.CompletedTask;
            if (asked.Body.Contains("w=2", StringComparison.Ordinal))
                return Task.Delay(Timeout.Infinite, context.RequestAborted);
            context.Abort();
            return Task.CompletedTask;
        });
        var client = Open(Settings(server) with { Timeout = TimeSpan.FromMilliseconds(300) });
        Assert.IsType<WriteAnswer.Later>(await client.WriteAsync(Lines, default));
        Assert.IsType<WriteAnswer.Later>(await client.WriteAsync(Lines.AsMemory(0, 36), default));
        var nobody = Open(Settings(server) with { Url = new Uri($"http://127.0.0.1:{LoopbackPort.Free()}") });
        Assert.True(Assert.IsType<WriteAnswer.Later>(await nobody.WriteAsync(Lines, default)).MayHaveRestarted);
        Assert.Null(await nobody.BootAsync(default));
    }

    [Fact]
    public async Task When_a_database_of_version_2_started_is_known()
    {
        var started = "2026-11-21T09:59:00.5Z";
        await using var server = await FakeInflux.StartAsync(async (context, asked) =>
        {
            context.Response.ContentType = "application/json";
            if (asked.Path == "/ready")
                await context.Response.WriteAsync($"{{\"status\":\"ready\",\"started\":\"{started}\",\"up\":\"60s\"}}");
            else if (asked.Path == "/metrics")
                await context.Response.WriteAsync($"process_start_time_seconds {started.Length}{started[^3]}\n");
            else
                context.Response.StatusCode = 404;
        });
        var client = Open(Settings(server));
        var first = await client.BootAsync(default);
        Assert.NotNull(first);
        Assert.Equal(first, await client.BootAsync(default));
        started = "2026-11-21T10:00:00.25Z";
        Assert.NotEqual(first, await client.BootAsync(default));
    }

    [RealServerFact("victoria-metrics")]
    public async Task A_real_server_with_the_interface_of_version_2_has_what_was_written()
    {
        await using var server = await InfluxServer.StartAsync(InfluxServer.VictoriaMetrics);
        var client = Open(Settings(server.Url));
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        var lines = new StringBuilder();
        for (var line = 0; line < 5_000; line++)
            lines.Append(System.Globalization.CultureInfo.InvariantCulture, $"pile,site=a,device=b,channel=s1 w={line}.5 {(now - line) * 1_000_000}\n");
        Assert.IsType<WriteAnswer.Written>(await client.WriteAsync(Encoding.UTF8.GetBytes(lines.ToString()), default));
        var began = WakingTime.Clock.GetTimestamp();
        while (await server.CountAsync("w") < 5_000 && WakingTime.Clock.GetElapsedTime(began) < TimeSpan.FromSeconds(30))
            await Task.Delay(100);
        Assert.Equal(5_000, await server.CountAsync("w"));
    }

    private static InfluxSettings Settings(FakeInflux server) => Settings(server.Address);

    private static InfluxSettings Settings(Uri url) => new()
    {
        Url = url,
        Version = InfluxVersion.V2,
        Database = "facility",
        RetentionPolicy = null,
        Organization = null,
        Username = null,
        Password = null,
        Token = null,
        BatchReadings = 5_000,
        Interval = TimeSpan.FromSeconds(1),
        Timeout = TimeSpan.FromSeconds(20),
        Horizon = TimeSpan.FromMinutes(10),
    };
}

using System.Text;
using FacilityMonitor.Configuration;
using FacilityMonitor.Influx;
using FacilityMonitor.OnCall;
using Microsoft.AspNetCore.Http;

namespace FacilityMonitor.Tests.Influx;

/// <summary>The HTTP side of InfluxDB, against what the documentation of each version says it answers.</summary>
public sealed class InfluxClientTests
{
    private static readonly byte[] Lines = Encoding.UTF8.GetBytes("pile,site=a,device=b,channel=s1 w=1 1\npile,site=a,device=b,channel=s1 w=2 2\n");

    [Theory]
    [InlineData("1.6.7", "/write", "?db=estate%201&rp=year&precision=ns")]
    [InlineData("1.8.10", "/write", "?db=estate%201&rp=year&precision=ns")]
    [InlineData("v2.7.1", "/api/v2/write", "?org=lane&bucket=estate%201&precision=ns")]
    [InlineData("3.0.1", "/api/v2/write", "?org=lane&bucket=estate%201&precision=ns")]
    [InlineData(null, "/api/v2/write", "?org=lane&bucket=estate%201&precision=ns")]
    public async Task What_it_is_decides_where_lines_are_written(string? version, string path, string query)
    {
        await using var server = await FakeInflux.StartAsync(version, 204);
        using var client = Client(Settings(server) with { Username = "u", Password = "p:ä", RetentionPolicy = "year", Organization = "lane", Database = "estate 1" });
        Assert.IsType<WriteAnswer.Written>(await client.WriteAsync(Lines, default));
        Assert.IsType<WriteAnswer.Written>(await client.WriteAsync(Lines, default));

        var writes = server.Asked.Where(asked => asked.Method == "POST").ToList();
        Assert.Equal(2, writes.Count);
        Assert.Single(server.Asked, asked => asked.Path == "/ping");
        Assert.All(writes, asked => Assert.Equal(new Asked("POST", path, query, "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("u:p:ä")), "gzip", Encoding.UTF8.GetString(Lines)), asked));
    }

    [Fact]
    public async Task A_token_means_version_2_and_stands_in_the_header_alone()
    {
        await using var server = await FakeInflux.StartAsync("1.8.10", 204);
        using var client = Client(Settings(server) with { Token = "s3cret==" });
        Assert.IsType<WriteAnswer.Written>(await client.WriteAsync(Lines, default));
        var write = Assert.Single(server.Asked);
        Assert.Equal(("/api/v2/write", "?bucket=facility&precision=ns", "Token s3cret=="), (write.Path, write.Query, write.Authorization));
        Assert.DoesNotContain("s3cret", client.Name, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1", "/write")]
    [InlineData("2", "/api/v2/write")]
    public async Task A_configured_version_is_not_asked_for(string version, string path)
    {
        await using var server = await FakeInflux.StartAsync("v2.7.1", 204);
        using var client = Client(Settings(server) with { Version = version == "1" ? InfluxVersion.V1 : InfluxVersion.V2 });
        Assert.IsType<WriteAnswer.Written>(await client.WriteAsync(Lines, default));
        Assert.Equal(path, Assert.Single(server.Asked).Path);
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
        await using var server = await FakeInflux.StartAsync("1.8.10", status, body);
        using var client = Client(Settings(server));
        Assert.StartsWith(words, Assert.IsType<WriteAnswer.Malformed>(await client.WriteAsync(Lines, default)).Words, StringComparison.Ordinal);
    }

    [Theory]
    // 1.6 to 1.8, and 2.7: the second text is from its documentation on how writes fail.
    [InlineData(400, "{\"error\":\"partial write: points beyond retention policy dropped=250\"}", 250)]
    [InlineData(422, "{\"code\":\"unprocessable entity\",\"message\":\"failure writing points to database: partial write: dropped 4 points outside retention policy of duration 24h0m0s - oldest point home,room=Living\\\\ Room at 1970-01-01T00:00:01.541Z dropped because it violates a Retention Policy Lower Bound at 2025-05-20T19:06:17.612973Z, newest point home,room=Living\\\\ Room at 1970-01-01T00:00:01.5410006Z dropped because it violates a Retention Policy Lower Bound at 2025-05-20T19:06:17.612973Z dropped=4 for database: 9f282d63c7d3a5c0 for retention policy: autogen\"}", 4)]
    public async Task What_lies_before_a_retention_policy_is_counted_and_is_no_fault_of_the_lines(int status, string body, int dropped)
    {
        await using var server = await FakeInflux.StartAsync("1.8.10", status, body);
        using var client = Client(Settings(server));
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
        await using var server = await FakeInflux.StartAsync("1.8.10", 400, $"{{\"error\":\"{words}\"}}");
        using var client = Client(Settings(server));
        Assert.Equal(dropped, Assert.IsType<WriteAnswer.Malformed>(await client.WriteAsync(Lines, default)).Dropped);
    }

    [Fact]
    public async Task A_database_that_turns_out_to_be_another_version_is_asked_again_what_it_is()
    {
        var version = "1.8.10";
        await using var server = await FakeInflux.StartAsync((context, asked) =>
        {
            context.Response.Headers["X-Influxdb-Version"] = version;
            context.Response.StatusCode = asked.Path == "/ping" || asked.Path == (version[0] == '1' ? "/write" : "/api/v2/write") ? 204 : 404;
            return Task.CompletedTask;
        });
        using var client = Client(Settings(server));
        Assert.IsType<WriteAnswer.Written>(await client.WriteAsync(Lines, default));
        version = "v2.7.1";
        Assert.IsType<WriteAnswer.Refused>(await client.WriteAsync(Lines, default));
        Assert.IsType<WriteAnswer.Written>(await client.WriteAsync(Lines, default));
        Assert.Equal(["/write", "/write", "/api/v2/write"], server.Asked.Where(asked => asked.Method == "POST").Select(asked => asked.Path));
    }

    [Theory]
    [InlineData(401, "{\"code\":\"unauthorized\",\"message\":\"unauthorized access\"}", "HTTP 401 unauthorized access")]
    [InlineData(403, "{\"error\":\"\\\"u\\\" user is not authorized to write to database \\\"facility\\\"\"}", "HTTP 403 \"u\" user is not authorized")]
    [InlineData(404, "{\"error\":\"database not found: \\\"facility\\\"\"}", "HTTP 404 database not found: \"facility\"")]
    [InlineData(405, "", "HTTP 405")]
    public async Task Where_somebody_has_to_act_it_says_so(int status, string body, string words)
    {
        await using var server = await FakeInflux.StartAsync("1.8.10", status, body);
        using var client = Client(Settings(server));
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
        using var client = Client(Settings(server));
        var later = Assert.IsType<WriteAnswer.Later>(await client.WriteAsync(Lines, default));
        Assert.Equal(seconds, later.Wait?.TotalSeconds);
        Assert.Equal($"HTTP {status} timeout", later.Words);
        Assert.DoesNotContain(server.Asked, asked => asked.Path == "/elsewhere");
    }

    [Fact]
    public async Task A_batch_that_is_too_large_is_said_to_be()
    {
        await using var server = await FakeInflux.StartAsync("v2.7.1", 413, "{\"code\":\"request too large\",\"message\":\"max 50000000 bytes\"}");
        using var client = Client(Settings(server));
        Assert.IsType<WriteAnswer.TooLarge>(await client.WriteAsync(Lines, default));
    }

    [Fact]
    public async Task Who_does_not_answer_in_time_or_hangs_up_is_asked_later()
    {
        var never = new TaskCompletionSource();
        await using var server = await FakeInflux.StartAsync((context, asked) =>
        {
            if (asked.Path == "/ping")
                return Task.CompletedTask;
            if (asked.Body.Contains("w=2", StringComparison.Ordinal))
                return never.Task.WaitAsync(context.RequestAborted);
            context.Abort();
            return Task.CompletedTask;
        });
        using var client = Client(Settings(server) with { Timeout = TimeSpan.FromMilliseconds(300) });
        Assert.Equal("no answer within 0.3 s", Assert.IsType<WriteAnswer.Later>(await client.WriteAsync(Lines, default)).Words);
        Assert.IsType<WriteAnswer.Later>(await client.WriteAsync(Lines.AsMemory(0, 36), default));
    }

    [Fact]
    public async Task A_stop_ends_a_write_that_waits()
    {
        await using var server = await FakeInflux.StartAsync((context, asked) => asked.Path == "/ping" ? Task.CompletedTask : Task.Delay(Timeout.Infinite, context.RequestAborted));
        using var client = Client(Settings(server));
        using var stop = new CancellationTokenSource();
        var write = client.WriteAsync(Lines, stop.Token);
        await Mqtt.Until.TrueAsync(() => server.Asked.Any(asked => asked.Method == "POST"), "the write is on its way");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write);
    }

    [Fact]
    public async Task Nobody_listening_is_an_answer_too()
    {
        using var client = Client(new InfluxSettings
        {
            Url = new Uri($"http://127.0.0.1:{LoopbackPort.Free()}"),
            Version = InfluxVersion.Detect,
            Database = "facility",
            RetentionPolicy = null,
            Organization = null,
            Username = null,
            Password = null,
            Token = null,
            BatchReadings = 10,
            Interval = TimeSpan.FromSeconds(1),
            Timeout = TimeSpan.FromSeconds(5),
            Horizon = TimeSpan.FromMinutes(10),
        });
        Assert.Equal("ConnectionError", Assert.IsType<WriteAnswer.Later>(await client.WriteAsync(Lines, default)).Words);
        Assert.Null(await client.BootAsync(default));
    }

    [Theory]
    [InlineData("/ping", "{\"version\":\"3.0.1\",\"revision\":\"a1\",\"process_id\":\"b2bbf5a8-1\"}", "b2bbf5a8-1")]
    [InlineData("/debug/vars", "{\"system\": {\"currentTime\":\"2026-11-21T10:00:00Z\",\"started\":\"2026-11-21T09:59:00.5Z\",\"uptime\":60}}", "2026-11-21T09:59:00.5Z")]
    [InlineData("/metrics", "# HELP process_start_time_seconds x\nprocess_start_time_seconds 1.69e+09\n", "1.69e+09")]
    [InlineData("/metrics", "a 1\nvm_app_start_timestamp 1795168800\n", "1795168800")]
    [InlineData("/nothing", "", null)]
    public async Task When_it_started_is_found_where_each_version_tells_it(string path, string body, string? boot)
    {
        await using var server = await FakeInflux.StartAsync(async (context, asked) =>
        {
            context.Response.StatusCode = asked.Path == path ? 200 : asked.Path == "/ping" ? 204 : 404;
            if (asked.Path == path)
                await context.Response.WriteAsync(body);
        });
        using var client = Client(Settings(server));
        Assert.Equal(boot, await client.BootAsync(default));
    }

    private static InfluxClient Client(InfluxSettings settings) => new(settings, new HttpMessageInvoker(WebhookNotifier.Handler()), TimeProvider.System);

    private static InfluxSettings Settings(FakeInflux server) => new()
    {
        Url = server.Address,
        Version = InfluxVersion.Detect,
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

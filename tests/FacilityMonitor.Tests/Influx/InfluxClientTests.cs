using System.Text;
using FacilityMonitor.Configuration;
using FacilityMonitor.Influx;
using FacilityMonitor.OnCall;
using Microsoft.AspNetCore.Http;

namespace FacilityMonitor.Tests.Influx;

/// <summary>Our own client: the contract, and what only it does.</summary>
public sealed class InfluxClientTests : PointSinkContract
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

    private protected override IPointSink Create(InfluxSettings settings) => Client(settings);

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

using FacilityMonitor.Commands;
using FacilityMonitor.Configuration;
using FacilityMonitor.Influx;
using Microsoft.AspNetCore.Http;

namespace FacilityMonitor.Tests.Influx;

/// <summary><c>influx init</c>: on a real 1.6, and against what the documentation of 2.x and 3.x says.</summary>
public sealed class InfluxSetupTests
{
    [RealServerFact(InfluxServer.Influxd)]
    public async Task On_1x_it_makes_the_database_and_its_policy_and_a_second_time_nothing()
    {
        await using var server = await InfluxServer.StartAsync(InfluxServer.Influxd);
        var settings = InfluxdFixture.SettingsFor(server.Url) with { Database = "estate \"1\"; DROP DATABASE \"facility\"", RetentionPolicy = "a \"year\"" };

        Assert.Equal((0, ""), await InitAsync(settings, 400, out var first));
        Assert.Contains("1.6.7", first[0], StringComparison.Ordinal);
        Assert.EndsWith("made", first[1], StringComparison.Ordinal);
        Assert.EndsWith("made", first[2], StringComparison.Ordinal);
        Assert.Contains("InfluxQL answers", first[3], StringComparison.Ordinal);
        var policies = (await server.QueryAsync($"SHOW RETENTION POLICIES ON {InfluxQl.Name(settings.Database)}", null)).GetProperty("series")[0].GetProperty("values").EnumerateArray();
        Assert.Contains(policies, policy => policy[0].GetString() == "a \"year\"" && policy[1].GetString() == "9600h0m0s");

        Assert.Equal((0, ""), await InitAsync(settings, 400, out var second));
        Assert.All(second[1..3], said => Assert.EndsWith("is there, nothing changed", said, StringComparison.Ordinal));
        Assert.Contains(second, said => said.Contains("a \"year\" (400 d)", StringComparison.Ordinal));

        // A shorter time would delete readings: that is nobody's by-product.
        Assert.Equal((1, ""), await InitAsync(settings, 30, out var third));
        Assert.Contains("keeps 400 days, not the 30 of --keep-days; nothing was changed", third[^1], StringComparison.Ordinal);
        Assert.Equal((0, ""), await InitAsync(settings, null, out _));
        Assert.Equal(3, (await server.QueryAsync("SHOW DATABASES", null)).GetProperty("series")[0].GetProperty("values").EnumerateArray().Count(name => name[0].GetString() != "_internal") + 1);
    }

    [RealServerFact(InfluxServer.Influxd)]
    public async Task Without_a_policy_of_its_own_the_databases_default_keeps_as_long_as_wanted()
    {
        await using var server = await InfluxServer.StartAsync(InfluxServer.Influxd);
        Assert.Equal((0, ""), await InitAsync(InfluxdFixture.SettingsFor(server.Url) with { Database = "estate" }, 31, out var said));
        Assert.Contains(said, line => line.Contains("autogen (31 d)", StringComparison.Ordinal));
        Assert.Equal((1, ""), await InitAsync(InfluxdFixture.SettingsFor(server.Url), 31, out said));
        Assert.Contains("autogen keeps ∞ days", said[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_2x_it_makes_bucket_and_mapping_in_the_only_organisation_and_a_second_time_nothing()
    {
        var (hasBucket, hasMapping) = (false, false);
        await using var server = await FakeInflux.StartAsync((context, asked) => AnswerV2Async(context, asked, ref hasBucket, ref hasMapping));
        var settings = InfluxdFixture.SettingsFor(server.Address) with { Token = "s3cret", Database = "estate 1" };

        Assert.Equal((0, ""), await InitAsync(settings, 400, out var first));
        Assert.Equal(["bucket estate 1: made", "DBRP mapping estate 1: made"], first[1..3]);
        Assert.All(server.Asked, asked => Assert.Equal("Token s3cret", asked.Authorization));
        var made = server.Asked.Where(asked => asked.Method == "POST").ToList();
        Assert.Equal(("/api/v2/buckets", """{"orgID":"o1","name":"estate 1","retentionRules":[{"type":"expire","everySeconds":34560000}]}"""), (made[0].Path, made[0].Body));
        Assert.Equal(("/api/v2/dbrps", """{"orgID":"o1","bucketID":"b1","database":"estate 1","retention_policy":"autogen","default":true}"""), (made[1].Path, made[1].Body));

        Assert.Equal((0, ""), await InitAsync(settings, 400, out var second));
        Assert.Equal(["bucket estate 1: is there, nothing changed", "DBRP mapping estate 1: is there, nothing changed"], second[1..3]);
        Assert.Equal(2, server.Asked.Count(asked => asked.Method == "POST"));
        Assert.Equal((1, ""), await InitAsync(settings, 7, out _));
        Assert.DoesNotContain(first.Concat(second), said => said.Contains("s3cret", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"orgs":[{"id":"o1","name":"a"},{"id":"o2","name":"b"}]}""", "sees 2 organisations (a, b)")]
    [InlineData("""{"orgs":[]}""", "sees 0 organisations ()")]
    public async Task On_2x_it_does_not_guess_the_organisation(string organisations, string words)
    {
        await using var server = await FakeInflux.StartAsync("v2.7.1", 200, organisations);
        Assert.Equal((1, ""), await InitAsync(InfluxdFixture.SettingsFor(server.Address) with { Token = "t" }, null, out var said));
        Assert.Contains(words, said[^1], StringComparison.Ordinal);
        Assert.DoesNotContain(server.Asked, asked => asked.Method == "POST");
    }

    [Fact]
    public async Task Where_nobody_answers_it_says_what_to_check()
    {
        var (code, errors) = await InitAsync(InfluxdFixture.SettingsFor(new Uri($"http://127.0.0.1:{LoopbackPort.Free()}")), null, out var said);
        Assert.Equal(1, code);
        Assert.Empty(said);
        Assert.Contains("check influx.url in settings.yaml, that it runs and that this machine reaches it", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("<html>")]
    public async Task Something_that_is_no_influxdb_is_said_to_be_none(string body)
    {
        await using var server = await FakeInflux.StartAsync(null, 200, body);
        var (code, errors) = await InitAsync(InfluxdFixture.SettingsFor(server.Address), null, out _);
        Assert.Equal(1, code);
        Assert.Contains("no answer of an InfluxDB", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_2x_a_name_that_is_mapped_to_another_bucket_is_left_alone()
    {
        var hasBucket = true;
        var hasMapping = true;
        await using var server = await FakeInflux.StartAsync((context, asked) => asked.Path == "/api/v2/dbrps"
            ? context.Response.WriteAsync("""{"content":[{"id":"m","bucketID":"other","database":"facility","retention_policy":"autogen","default":true,"virtual":false}]}""")
            : AnswerV2Async(context, asked, ref hasBucket, ref hasMapping));
        Assert.Equal((1, ""), await InitAsync(InfluxdFixture.SettingsFor(server.Address) with { Token = "t" }, null, out var said));
        Assert.Contains("mapped to another bucket", said[^1], StringComparison.Ordinal);
        Assert.DoesNotContain(server.Asked, asked => asked.Method == "POST");
    }

    [Fact]
    public async Task On_3x_it_makes_the_database_and_needs_no_mapping()
    {
        var isThere = false;
        await using var server = await FakeInflux.StartAsync(async (context, asked) =>
        {
            switch (asked.Method, asked.Path)
            {
                case ("GET", "/ping"):
                    await context.Response.WriteAsync("""{"version":"3.0.1","revision":"x","process_id":"y"}""");
                    break;
                case ("GET", "/api/v3/configure/database"):
                    await context.Response.WriteAsync(isThere ? """[{"iox::database":"_internal"},{"iox::database":"facility"}]""" : """[{"iox::database":"_internal"}]""");
                    break;
                case ("POST", "/api/v3/configure/database"):
                    isThere = true;
                    break;
                default:
                    await context.Response.WriteAsync("""{"results":[{"statement_id":0}]}""");
                    break;
            }
        });
        var settings = InfluxdFixture.SettingsFor(server.Address) with { Token = "t" };
        Assert.Equal((0, ""), await InitAsync(settings, 30, out var first));
        Assert.Equal("database facility: made", first[1]);
        Assert.Equal("""{"db":"facility","retention_period":"30d"}""", Assert.Single(server.Asked, asked => asked.Method == "POST").Body);
        Assert.Equal((0, ""), await InitAsync(settings, null, out var second));
        Assert.Equal("database facility: is there, nothing changed", second[1]);
    }

    [Fact]
    public async Task A_refusal_is_told_in_the_words_of_the_server_with_what_to_do_and_without_the_token()
    {
        await using var server = await FakeInflux.StartAsync("v2.7.1", 401, """{"code":"unauthorized","message":"unauthorized access with s3cret"}""");
        var (code, errors) = await InitAsync(InfluxdFixture.SettingsFor(server.Address) with { Token = "s3cret" }, null, out _);
        Assert.Equal(1, code);
        Assert.Contains("HTTP 401 unauthorized access with ***", errors, StringComparison.Ordinal);
        Assert.Contains("FM_INFLUX__TOKEN", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", errors, StringComparison.Ordinal);
    }

    private static Task AnswerV2Async(HttpContext context, Asked asked, ref bool hasBucket, ref bool hasMapping)
    {
        var query = Uri.UnescapeDataString(asked.Query);
        const string Bucket = """{"id":"b1","name":"estate 1","retentionRules":[{"type":"expire","everySeconds":34560000}]}""";
        const string Mapping = """{"id":"m","bucketID":"b1","database":"estate 1","retention_policy":"autogen","default":true,"virtual":true}""";
        switch (asked.Method, asked.Path)
        {
            case ("GET", "/ping"):
                context.Response.Headers["X-Influxdb-Version"] = "v2.7.1";
                return Task.CompletedTask;
            case ("GET", "/api/v2/orgs"):
                return context.Response.WriteAsync("""{"orgs":[{"id":"o1","name":"lane"}]}""");
            case ("GET", "/api/v2/buckets"):
                Assert.StartsWith("?orgID=o1&name=", query, StringComparison.Ordinal);
                return context.Response.WriteAsync($$"""{"buckets":[{{(hasBucket ? Bucket.Replace("estate 1", query[(query.LastIndexOf('=') + 1)..], StringComparison.Ordinal) : "")}}]}""");
            case ("POST", "/api/v2/buckets"):
                hasBucket = true;
                context.Response.StatusCode = 201;
                return context.Response.WriteAsync(Bucket);
            case ("GET", "/api/v2/dbrps"):
                return context.Response.WriteAsync($$"""{"content":[{{(hasMapping ? Mapping : "")}}]}""");
            case ("POST", "/api/v2/dbrps"):
                hasMapping = true;
                context.Response.StatusCode = 201;
                return context.Response.WriteAsync(Mapping);
            default:
                return context.Response.WriteAsync("""{"results":[{"statement_id":0}]}""");
        }
    }

    private static Task<(int Code, string Errors)> InitAsync(InfluxSettings settings, int? keepDays, out string[] said)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var code = InfluxCommand.InitAsync(settings, keepDays, "en", output, errors, CancellationToken.None).GetAwaiter().GetResult();
        said = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return Task.FromResult((code, errors.ToString()));
    }
}

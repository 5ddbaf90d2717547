using System.Globalization;
using System.IO.Compression;
using System.Text;
using FacilityMonitor.Configuration;
using FacilityMonitor.Influx;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Storage;
using Microsoft.AspNetCore.Http;

namespace FacilityMonitor.Tests.Influx;

/// <summary>Reading by HTTP, against what the documentation of each version says it answers, and against servers that break off, lie or never end.</summary>
public sealed class InfluxQueryClientTests
{
    private const string Row = "{\"name\":\"pile\",\"tags\":{\"channel\":\"s1\",\"site\":\"a\"},\"columns\":[\"time\",\"w\"],\"values\":[[1795168800123007009,1.5]]}";

    [Fact]
    public async Task It_asks_with_a_get_in_nanoseconds_chunked_and_compressed_and_the_token_stands_in_the_header_alone()
    {
        string? accepted = null;
        await using var server = await FakeInflux.StartAsync(async (context, _) =>
        {
            accepted = context.Request.Headers.AcceptEncoding;
            await context.Response.WriteAsync("{\"results\":[{\"statement_id\":0}]}");
        });
        using var client = Client(InfluxdFixture.SettingsFor(server.Address) with { Database = "estate 1", RetentionPolicy = "year", Token = "s3cret==" });
        await client.SelectAsync("SELECT \"w\" FROM \"a&b\"", _ => { }, default);

        var asked = Assert.Single(server.Asked);
        Assert.Equal(("GET", "/query", "?db=estate%201&rp=year&epoch=ns&chunked=true&chunk_size=5000&q=SELECT%20%22w%22%20FROM%20%22a%26b%22", "Token s3cret=="), (asked.Method, asked.Path, asked.Query, asked.Authorization));
        Assert.Contains("gzip", accepted, StringComparison.Ordinal);
    }

    [Fact]
    public async Task User_and_password_of_1x_go_as_basic_authentication()
    {
        await using var server = await FakeInflux.StartAsync("1.8.10", 200, "{\"results\":[{}]}");
        using var client = Client(InfluxdFixture.SettingsFor(server.Address) with { Username = "u", Password = "p:ä" });
        await client.SelectAsync("SHOW DATABASES", _ => { }, default);
        Assert.Equal("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("u:p:ä")), Assert.Single(server.Asked).Authorization);
    }

    [Theory]
    // One after the other on lines of their own, as 1.x and 2.x send them; without line ends; in one piece, as a server that knows no chunks.
    [InlineData("{\"results\":[{\"series\":[@],\"partial\":true}]}\n{\"results\":[{\"series\":[@]}]}\n", 2)]
    [InlineData("{\"results\":[{\"series\":[@],\"partial\":true}]}{\"results\":[{\"series\":[@]}]}", 2)]
    [InlineData(" {\"results\":[{\"series\":[@,@,@]}]} ", 3)]
    [InlineData("{\"results\":[{\"statement_id\":0}]}", 0)]
    public async Task An_answer_in_parts_is_whole_in_the_end(string body, int rows)
    {
        await using var server = await FakeInflux.StartAsync("1.8.10", 200, body.Replace("@", Row, StringComparison.Ordinal));
        using var client = Client(InfluxdFixture.SettingsFor(server.Address));
        var taken = new List<(string, string, long, double)>();
        await client.SelectAsync("q", series => taken.AddRange(series.Rows.Select(row => (series.Measurement, series.Tag("channel") + series.Tag("none"), row[0].GetInt64(), row[1].GetDouble()))), default);
        Assert.Equal(Enumerable.Repeat(("pile", "s1", 1795168800123007009, 1.5), rows), taken);
    }

    [Fact]
    public async Task Chunks_may_be_cut_anywhere_on_the_way_and_compressed()
    {
        var bytes = new MemoryStream();
        await using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (var chunk = 0; chunk < 50; chunk++)
                await gzip.WriteAsync(Encoding.UTF8.GetBytes($"{{\"results\":[{{\"series\":[{string.Join(',', Enumerable.Repeat(Row, 40))}]{(chunk < 49 ? ",\"partial\":true" : "")}}}]}}\n"));
        }

        await using var server = await FakeInflux.StartAsync(async (context, _) =>
        {
            context.Response.Headers.ContentEncoding = "gzip";
            foreach (var part in bytes.ToArray().Chunk(97))
            {
                await context.Response.Body.WriteAsync(part);
                await context.Response.Body.FlushAsync();
            }
        });
        using var client = Client(InfluxdFixture.SettingsFor(server.Address));
        var rows = 0;
        await client.SelectAsync("q", series => rows += series.Rows.Count(), default);
        Assert.Equal(2_000, rows);
    }

    [Theory]
    // 1.x says most errors in an answer of status 200, also after the first chunks.
    [InlineData(200, "{\"results\":[{\"statement_id\":0,\"error\":\"database not found: facility\"}]}", "database not found: facility")]
    [InlineData(200, "{\"results\":[{\"series\":[@],\"partial\":true}]}\n{\"results\":[{\"error\":\"max-select-point limit exceeded\"}]}\n", "max-select-point limit exceeded")]
    [InlineData(200, "{\"error\":\"timeout\"}", "timeout")]
    [InlineData(400, "{\"error\":\"error parsing query: found x\"}", "HTTP 400 error parsing query: found x")]
    [InlineData(401, "{\"code\":\"unauthorized\",\"message\":\"token s3cret is not valid\\nfor this\"}", "HTTP 401 token *** is not valid for this")]
    [InlineData(404, "{\"code\":\"not found\",\"message\":\"bucket not found\"}", "HTTP 404 bucket not found")]
    [InlineData(503, "<html>", "HTTP 503 <html>")]
    [InlineData(302, "", "HTTP 302")]
    // Cut off in the middle of a part, between two, before the first; cut by the server's own limit.
    [InlineData(200, "{\"results\":[{\"series\":[@],\"part", "broke off")]
    [InlineData(200, "{\"results\":[{\"series\":[@],\"partial\":true}]}\n", "broke off")]
    [InlineData(200, "{\"results\":[{\"series\":[@]}]}\n{", "broke off")]
    [InlineData(200, "", "broke off")]
    [InlineData(200, "{\"results\":[{\"series\":[{\"name\":\"pile\",\"columns\":[\"time\"],\"values\":[],\"partial\":true}]}]}", "broke off")]
    // Something else than an InfluxDB, such as VictoriaMetrics, must not be taken for one that has nothing.
    [InlineData(200, "<html>sign in</html>", "no answer of an InfluxDB")]
    [InlineData(200, "[]", "no answer of an InfluxDB")]
    [InlineData(200, "{\"results\":[{\"series\":[{\"values\":[]}]}]}", "no answer of an InfluxDB")]
    [InlineData(200, "{\"results\":[{\"statement_id\":0,\"series\":[{\"name\":\"databases\",\"columns\":[\"name\"],\"values\":[[\"_internal\"]]}]}]}", "no answer of an InfluxDB")]
    public async Task A_refusal_and_half_an_answer_are_errors_with_the_words_of_the_server_and_without_secrets(int status, string body, string words)
    {
        await using var server = await FakeInflux.StartAsync("1.8.10", status, body.Replace("@", Row, StringComparison.Ordinal));
        using var client = Client(InfluxdFixture.SettingsFor(server.Address) with { Token = "s3cret" });
        var error = await Assert.ThrowsAsync<InfluxException>(() => client.SelectAsync("q", _ => { }, default));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.Contains("(facility)", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", error.Message, StringComparison.Ordinal);
        Assert.Equal(status >= 300 ? status : null, error.Status);
    }

    [Fact]
    public async Task A_connection_that_breaks_in_the_middle_is_an_error()
    {
        await using var server = await FakeInflux.StartAsync(async (context, _) =>
        {
            await context.Response.WriteAsync("{\"results\":[{\"series\":[" + Row + "]}]}\n");
            await context.Response.Body.FlushAsync();
            context.Abort();
        });
        using var client = Client(InfluxdFixture.SettingsFor(server.Address));
        Assert.Contains("broke off", (await Assert.ThrowsAsync<InfluxException>(() => client.SelectAsync("q", _ => { }, default))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_drips_for_ever_is_left_after_the_time_out()
    {
        var ended = new TaskCompletionSource();
        await using var server = await FakeInflux.StartAsync(async (context, _) =>
        {
            await context.Response.WriteAsync(" ");
            await context.Response.Body.FlushAsync();
            await ended.Task.WaitAsync(TimeSpan.FromSeconds(30), WakingTime.Clock);
        });
        var time = new ManualTime();
        using var client = new InfluxQueryClient(InfluxdFixture.SettingsFor(server.Address), new HttpMessageInvoker(InfluxQueryClient.Handler()), time);
        var asking = client.SelectAsync("q", _ => { }, default);
        await Mqtt.Until.TrueAsync(() => server.Asked.Count == 1, "it is asked");
        time.Advance(TimeSpan.FromSeconds(29));
        Assert.False(asking.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Contains("no whole answer within 30 s", (await Assert.ThrowsAsync<InfluxException>(() => asking)).Message, StringComparison.Ordinal);
        ended.SetResult();
    }

    [Fact]
    public async Task A_part_of_an_answer_that_never_ends_does_not_fill_the_memory()
    {
        await using var server = await FakeInflux.StartAsync(async (context, _) =>
        {
            context.Response.Headers.ContentEncoding = "gzip";
            await using var gzip = new GZipStream(context.Response.Body, CompressionLevel.Fastest);
            await gzip.WriteAsync("{\"results\":[{\"series\":["u8.ToArray());
            var blank = Encoding.UTF8.GetBytes(new string(' ', 1 << 20));
            for (var mebibyte = 0; mebibyte < 200 && !context.RequestAborted.IsCancellationRequested; mebibyte++)
                await gzip.WriteAsync(blank, context.RequestAborted);
        });
        using var client = Client(InfluxdFixture.SettingsFor(server.Address));
        Assert.Contains("more than 64 MiB", (await Assert.ThrowsAsync<InfluxException>(() => client.SelectAsync("q", _ => { }, default))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_password_or_a_token_is_never_sent_where_a_redirect_points()
    {
        await using var other = await FakeInflux.StartAsync(null, 200, "{\"results\":[{}]}");
        await using var server = await FakeInflux.StartAsync("1.8.10", 307, "", ("Location", other.Address + "query"));
        using var client = Client(InfluxdFixture.SettingsFor(server.Address) with { Token = "s3cret" });
        await Assert.ThrowsAsync<InfluxException>(() => client.SelectAsync("q", _ => { }, default));
        Assert.Empty(other.Asked);
    }

    [Fact]
    public async Task Months_are_asked_for_in_spans_of_some_thousand_readings_and_only_where_there_are_any()
    {
        // As 3.x answers: hours without readings are there too, with a count of 0.
        const long Hour = 3_600_000_000_000;
        var first = 1_767_225_600_000_000_000;
        await using var server = await FakeInflux.StartAsync(async (context, asked) =>
        {
            var query = Uri.UnescapeDataString(asked.Query);
            var body = query.Contains("first(", StringComparison.Ordinal) ? $"[[{first},\"good\"]]"
                : query.Contains("last(", StringComparison.Ordinal) ? $"[[{first + (2_000 * Hour)},\"good\"]]"
                : query.Contains("count(", StringComparison.Ordinal) ? (query.Contains($"time >= {first / 1_000_000}ms", StringComparison.Ordinal) ? $"[[{first},12000],[{first + Hour},0],[{first + (2 * Hour)},7000],[{first + (3 * Hour)},2000]]" : "[]")
                : $"[[{first},\"good\",1]]";
            await context.Response.WriteAsync($"{{\"results\":[{{\"series\":[{{\"name\":\"unknown\",\"tags\":{{\"site\":\"a\",\"channel\":\"s1\"}},\"columns\":[\"time\",\"quality\",\"w\"],\"values\":{body}}}]}}]}}\n");
        });
        using var client = Client(InfluxdFixture.SettingsFor(server.Address));
        var readings = new InfluxReadings(client, () => new FacilityIndex(Facility.Empty));
        await foreach (var (_, block) in readings.HoursAsync(new Device(1, new DeviceId(Dialect.Fm1, "a", "d")), 0, long.MaxValue / 2, ReadingParts.All, default))
            Assert.Equal(1, block.Count);

        var queries = server.Asked.Select(asked => Uri.UnescapeDataString(asked.Query)).Select(query => query[(query.IndexOf("q=", StringComparison.Ordinal) + 2)..]).ToList();
        Assert.Equal(2, queries.Count(query => query.Contains("SELECT first(", StringComparison.Ordinal) || query.Contains("SELECT last(", StringComparison.Ordinal)));
        Assert.Equal(3, queries.Count(query => query.Contains("count(", StringComparison.Ordinal)));
        Assert.Equal(
            [Span(0, 3), Span(3, 4)],
            queries.Where(query => query.StartsWith("SELECT *", StringComparison.Ordinal)));

        string Span(int from, int to) => string.Create(
            CultureInfo.InvariantCulture,
            $"SELECT * FROM \"unknown\" WHERE \"site\" = 'a' AND \"device\" = 'd' AND time >= {(first + (from * Hour)) / 1_000_000}ms AND time < {(first + (to * Hour)) / 1_000_000}ms GROUP BY *");
    }

    [Theory]
    // Times nobody asked for, a row that is shorter than it says, a time in words.
    [InlineData("[[1,5],[9000000000000000000,5]]", null)]
    [InlineData("[[1]]", "no answer of an InfluxDB")]
    [InlineData("[[\"2026-01-01T00:00:00Z\",5]]", "no answer of an InfluxDB")]
    public async Task A_server_that_answers_something_else_than_was_asked_fills_no_memory_and_breaks_nothing(string rows, string? words)
    {
        await using var server = await FakeInflux.StartAsync("1.8.10", 200, $"{{\"results\":[{{\"series\":[{{\"name\":\"unknown\",\"tags\":{{\"site\":\"a\",\"channel\":\"s1\"}},\"columns\":[\"time\",\"quality\",\"w\"],\"values\":{rows}}}]}}]}}");
        using var client = Client(InfluxdFixture.SettingsFor(server.Address));
        var store = new InfluxReadings(client, () => new FacilityIndex(Facility.Empty));
        async Task<int> ReadAsync()
        {
            var hours = 0;
            await foreach (var _ in store.HoursAsync(new Device(1, new DeviceId(Dialect.Fm1, "a", "d")), 3_600_000_000, 7_200_000_000, ReadingParts.All, default))
                hours++;
            return hours;
        }

        if (words is null)
            Assert.Equal(0, await ReadAsync());
        else
            Assert.Contains(words, (await Assert.ThrowsAsync<InfluxException>(ReadAsync)).Message, StringComparison.Ordinal);
    }

    [RealServerFact(InfluxServer.VictoriaMetrics)]
    public async Task Victoria_metrics_which_takes_lines_but_answers_no_influxql_is_not_taken_for_an_empty_database()
    {
        await using var metrics = await InfluxServer.StartAsync(InfluxServer.VictoriaMetrics);
        using var client = Client(InfluxdFixture.SettingsFor(metrics.Url));
        var readings = new InfluxReadings(client, () => new FacilityIndex(Facility.Empty));
        await Assert.ThrowsAsync<InfluxException>(async () =>
        {
            await foreach (var _ in readings.HoursAsync(new Device(1, new DeviceId(Dialect.Fm1, "a", "d")), 0, 3_600_000, ReadingParts.All, default))
            {
            }
        });
    }

    [Theory]
    [InlineData("a", "\"a\"", "'a'")]
    [InlineData("a\"b'c", "\"a\\\"b'c\"", "'a\"b\\'c'")]
    [InlineData("a\\", "\"a\\\\\"", "'a\\\\'")]
    [InlineData("a\nb", "\"a\\nb\"", "'a\\nb'")]
    public void What_somebody_calls_himself_stays_inside_its_quotes(string text, string name, string literal)
    {
        Assert.Equal(name, InfluxQl.Name(text));
        Assert.Equal(literal, InfluxQl.Text(text));
    }

    private static InfluxQueryClient Client(InfluxSettings settings) => new(settings, new HttpMessageInvoker(InfluxQueryClient.Handler()), TimeProvider.System);
}

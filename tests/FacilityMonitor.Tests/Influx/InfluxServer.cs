using System.Globalization;
using System.Text.Json;

namespace FacilityMonitor.Tests.Influx;

/// <summary>
/// A real time series database with a folder of its own on a free port: Debian's influxd 1.6, or victoria-metrics, which speaks the write interface of 2.x.
/// It can be killed and started again on the same port with what it had on disk.
/// </summary>
internal sealed class InfluxServer : IAsyncDisposable
{
    /// <summary>Program of InfluxDB 1.x.</summary>
    public const string Influxd = "influxd";

    /// <summary>Program of VictoriaMetrics.</summary>
    public const string VictoriaMetrics = "victoria-metrics";

    private readonly string _program;
    private readonly HttpServerProgram _server;

    private InfluxServer(string program, string? on)
    {
        _program = program;
        Folder = on is null ? Directory.CreateTempSubdirectory("fm-influx-").FullName : Directory.CreateDirectory(Path.Combine(on, "influx")).FullName;
        _server = program == Influxd ? new HttpServerProgram(program, "/ping", url => ["run", "-config", Configuration(url)]) : new HttpServerProgram(program, "/health", VictoriaArguments);
    }

    public string Folder { get; }

    public Uri Url => _server.Url;

    /// <summary>Starts it; influxd with an empty database of this name.</summary>
    /// <param name="program">What is started.</param>
    /// <param name="database">The database.</param>
    /// <param name="on">A disk for its folder; null: any.</param>
    public static async Task<InfluxServer> StartAsync(string program, string database = "facility", string? on = null)
    {
        var server = new InfluxServer(program, on);
        await server._server.StartAsync();
        if (program == Influxd)
            await server.QueryAsync($"CREATE DATABASE \"{database}\"", database: null);
        return server;
    }

    /// <summary>Starts it at the same address with what it had on disk.</summary>
    public Task StartAgainAsync() => _server.StartAgainAsync();

    /// <summary>kill -9.</summary>
    public Task KillAsync() => _server.KillAsync();

    /// <summary>Asks in InfluxQL; times are ns since 1970.</summary>
    /// <returns>The result of the one statement.</returns>
    /// <exception cref="InvalidOperationException">The server refused it; its words are in the message.</exception>
    public async Task<JsonElement> QueryAsync(string influxQl, string? database = "facility")
    {
        var query = new Dictionary<string, string> { ["q"] = influxQl, ["epoch"] = "ns" };
        if (database is not null)
            query["db"] = database;
        using var content = new FormUrlEncodedContent(query);
        using var answer = await _server.Client.PostAsync(new Uri(Url, "/query"), content);
        var body = await answer.Content.ReadAsStringAsync();
        var root = JsonSerializer.Deserialize<JsonElement>(body);
        var result = root.TryGetProperty("results", out var results) ? results[0] : root;
        return answer.IsSuccessStatusCode && !result.TryGetProperty("error", out _) ? result : throw new InvalidOperationException($"{influxQl}: {body}");
    }

    /// <summary>How many values of a field there are over all measurements. Of VictoriaMetrics, which keeps milliseconds only, how many samples.</summary>
    public async Task<long> CountAsync(string field)
    {
        if (_program == Influxd)
        {
            var result = await QueryAsync($"select count(\"{field}\") from /.*/");
            return result.TryGetProperty("series", out var series) ? series.EnumerateArray().Sum(one => one.GetProperty("values")[0][1].GetInt64()) : 0;
        }

        using var answer = await _server.Client.GetAsync(new Uri(Url, $"/api/v1/export?match[]={Uri.EscapeDataString($"{{__name__=~\".+_{field}\"}}")}"));
        answer.EnsureSuccessStatusCode();
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return lines.Sum(line => JsonSerializer.Deserialize<JsonElement>(line).GetProperty("timestamps").EnumerateArray().Select(at => at.GetInt64()).Distinct().Count());
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private string Configuration(Uri url)
    {
        var file = Path.Combine(Folder, "influxdb.conf");
        var backup = LoopbackPort.Free();
        File.WriteAllText(file, string.Create(CultureInfo.InvariantCulture, $"""
            reporting-disabled = true
            bind-address = "127.0.0.1:{backup}"
            [meta]
              dir = "{Folder}/meta"
            [data]
              dir = "{Folder}/data"
              wal-dir = "{Folder}/wal"
              query-log-enabled = false
            [monitor]
              store-enabled = false
            [http]
              bind-address = "{url.Authority}"
              log-enabled = false
            """));
        return file;
    }

    private string[] VictoriaArguments(Uri url) =>
    [
        $"-storageDataPath={Folder}/data", $"-httpListenAddr={url.Authority}", "-retentionPeriod=100y", "-dedup.minScrapeInterval=1ms", "-search.latencyOffset=0s",
    ];
}

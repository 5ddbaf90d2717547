using System.Diagnostics;
using FacilityMonitor.Tests;

namespace FacilityMonitor.Benchmarks;

/// <summary>Debian's influxd 1.6.7 on free ports, in a folder of its own.</summary>
internal sealed class Influxd : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _folder;
    private readonly HttpClient _client = new();

    private Influxd(Process process, string folder, Uri url) => (_process, _folder, Url) = (process, folder, url);

    public Uri Url { get; }

    public static async Task<Influxd> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("fm-benchmark-influx-").FullName;
        var (port, backup) = (LoopbackPort.Free(), LoopbackPort.Free());
        var file = Path.Combine(folder, "influxdb.conf");
        await File.WriteAllTextAsync(file, $"""
            reporting-disabled = true
            bind-address = "127.0.0.1:{backup}"
            [meta]
              dir = "{folder}/meta"
            [data]
              dir = "{folder}/data"
              wal-dir = "{folder}/wal"
              query-log-enabled = false
            [monitor]
              store-enabled = false
            [http]
              bind-address = "127.0.0.1:{port}"
              log-enabled = false
            """);
        var process = Process.Start(new ProcessStartInfo("influxd", ["run", "-config", file]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var server = new Influxd(process, folder, new Uri($"http://127.0.0.1:{port}"));
        // Whoever answers at the port may be somebody else.
        await Service.UntilAsync(() => LoopbackPort.IsListenedOnBy(port, process.Id), "influxd", everyMs: 50);
        return server;
    }

    /// <summary>Makes an empty database.</summary>
    public async Task CreateAsync(string database)
    {
        using var content = new FormUrlEncodedContent(new Dictionary<string, string> { ["q"] = $"CREATE DATABASE \"{database}\"" });
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var answer = await _client.PostAsync(new Uri(Url, "/query"), content);
                answer.EnsureSuccessStatusCode();
                return;
            }
            catch (HttpRequestException) when (attempt < 50)
            {
                await Task.Delay(100);
            }
        }
    }

    /// <summary>How many points a database holds.</summary>
    public async Task<long> CountAsync(string database)
    {
        var query = Uri.EscapeDataString("select count(\"w\") from \"pile\"");
        var body = await _client.GetStringAsync(new Uri(Url, $"/query?db={database}&q={query}"));
        using var json = System.Text.Json.JsonDocument.Parse(body);
        return json.RootElement.GetProperty("results")[0].GetProperty("series")[0].GetProperty("values")[0][1].GetInt64();
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;

namespace FacilityMonitor.Tests.OnCall.Alertmanager;

/// <summary>A notification of Alertmanager: which alerts, and which of them are over.</summary>
/// <param name="Firing">Names of those that are on.</param>
/// <param name="Resolved">Names of those that are over.</param>
internal sealed record Notification(IReadOnlySet<string> Firing, IReadOnlySet<string> Resolved);

/// <summary>Debian's prometheus-alertmanager with a folder of its own on a free port, and what it tells a webhook.</summary>
internal sealed class AlertmanagerServer : IAsyncDisposable
{
    /// <summary>Its program.</summary>
    public const string Program = "prometheus-alertmanager";

    /// <summary>How long a group gathers before it is told, as it is configured here.</summary>
    public static readonly TimeSpan GroupWait = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(20) };
    private readonly WebhookReceiver _receiver;
    private Process? _process;
    private Uri _url = null!;

    private AlertmanagerServer(WebhookReceiver receiver) => _receiver = receiver;

    /// <summary>Everything it told so far.</summary>
    public IReadOnlyList<Notification> Told => [.. _receiver.Told.Select(told => Read(told.Body))];

    public static async Task<AlertmanagerServer> StartAsync(string configuration)
    {
        var receiver = await WebhookReceiver.StartAsync();
        var server = new AlertmanagerServer(receiver);
        await File.WriteAllTextAsync(server.ConfigurationFile, configuration.Replace("RECEIVER", receiver.Address.ToString(), StringComparison.Ordinal));
        for (var attempt = 1; ; attempt++)
        {
            // Between choosing a free port and listening on it somebody else may take it.
            server._url = new Uri($"http://127.0.0.1:{LoopbackPort.Free()}");
            try
            {
                await server.StartAgainAsync();
                return server;
            }
            catch (InvalidOperationException) when (attempt < 5)
            {
                await server.KillAsync();
            }
        }
    }

    public async Task StartAgainAsync()
    {
        var path = RealServerFactAttribute.FindProgram(Program) ?? throw new InvalidOperationException($"{Program} is not installed, and FM_REQUIRE_SERVERS=1 asks for it.");
        string[] arguments =
            ["--config.file=" + ConfigurationFile, "--storage.path=" + Path.Combine(_folder.Path, "data"), "--web.listen-address=" + _url.Authority, "--cluster.listen-address="];
        _process = new Process { StartInfo = new ProcessStartInfo(path, arguments) { RedirectStandardError = true, RedirectStandardOutput = true } };
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, _) => { };
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        var began = TimeProvider.System.GetTimestamp();
        while (!LoopbackPort.IsListenedOnBy(_url.Port, _process.Id) || !await IsReadyAsync())
        {
            if (_process.HasExited || TimeProvider.System.GetElapsedTime(began) > Deadline)
                throw new InvalidOperationException($"{Program} does not listen on {_url}.");
            await Task.Delay(50);
        }
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        if (_process is null)
            return;
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    /// <summary>Posts alerts as Prometheus does.</summary>
    /// <param name="alerts">Labels of each.</param>
    /// <param name="areOver">Whether they are over.</param>
    public async Task PostAsync(IEnumerable<IReadOnlyDictionary<string, string>> alerts, bool areOver = false)
    {
        var now = TimeProvider.System.GetUtcNow();
        // An end that still lies ahead does not shorten a later one that was given before.
        var (starts, ends) = areOver ? (now.AddMilliseconds(-1), now) : (now, now.AddMinutes(30));
        using var answer = await _client.PostAsJsonAsync(
            new Uri(_url, "/api/v2/alerts"),
            // One that began longer ago than a group waits would be told at once.
            alerts.Select(labels => new { labels, startsAt = Instant(starts), endsAt = Instant(ends) }));
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Which alerts it holds back, and which of them explains each.</summary>
    public async Task<Dictionary<string, IReadOnlySet<string>>> InhibitedAsync()
    {
        using var document = JsonDocument.Parse(await _client.GetStringAsync(new Uri(_url, "/api/v2/alerts?inhibited=true&active=true")));
        var all = document.RootElement.EnumerateArray().ToList();
        var names = all.ToDictionary(alert => alert.GetProperty("fingerprint").GetString()!, NameOf, StringComparer.Ordinal);
        return all.Where(alert => alert.GetProperty("status").GetProperty("state").GetString() == "suppressed").ToDictionary(
            NameOf,
            alert => (IReadOnlySet<string>)alert.GetProperty("status").GetProperty("inhibitedBy").EnumerateArray().Select(source => names[source.GetString()!]).ToHashSet(StringComparer.Ordinal),
            StringComparer.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        await _receiver.DisposeAsync();
        _client.Dispose();
        _folder.Dispose();
    }

    private string ConfigurationFile => Path.Combine(_folder.Path, "alertmanager.yml");

    private static string Instant(DateTimeOffset at) => at.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static string NameOf(JsonElement alert) => alert.GetProperty("labels").GetProperty("alert").GetString()!;

    private static Notification Read(string body)
    {
        using var document = JsonDocument.Parse(body);
        var alerts = document.RootElement.GetProperty("alerts").EnumerateArray().Select(alert => (Status: alert.GetProperty("status").GetString(), Name: NameOf(alert))).ToList();
        return new Notification(
            alerts.Where(alert => alert.Status == "firing").Select(alert => alert.Name).ToHashSet(StringComparer.Ordinal),
            alerts.Where(alert => alert.Status == "resolved").Select(alert => alert.Name).ToHashSet(StringComparer.Ordinal));
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var answer = await _client.GetAsync(new Uri(_url, "/-/ready"));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}

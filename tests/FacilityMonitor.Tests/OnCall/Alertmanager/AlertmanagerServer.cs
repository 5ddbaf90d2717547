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

    private readonly TemporaryFolder _folder = new();
    private readonly HttpServerProgram _server;
    private readonly WebhookReceiver _receiver;

    private AlertmanagerServer(WebhookReceiver receiver)
    {
        _receiver = receiver;
        _server = new HttpServerProgram(
            Program, "/-/ready",
            url => ["--config.file=" + ConfigurationFile, "--storage.path=" + Path.Combine(_folder.Path, "data"), "--web.listen-address=" + url.Authority, "--cluster.listen-address="]);
    }

    /// <summary>Everything it told so far.</summary>
    public IReadOnlyList<Notification> Told => [.. _receiver.Told.Select(told => Read(told.Body))];

    public static async Task<AlertmanagerServer> StartAsync(string configuration)
    {
        var receiver = await WebhookReceiver.StartAsync();
        var server = new AlertmanagerServer(receiver);
        await File.WriteAllTextAsync(server.ConfigurationFile, configuration.Replace("RECEIVER", receiver.Address.ToString(), StringComparison.Ordinal));
        await server._server.StartAsync();
        return server;
    }

    /// <summary>Starts it at the same address with what it had on disk.</summary>
    public Task StartAgainAsync() => _server.StartAgainAsync();

    /// <summary>kill -9.</summary>
    public Task KillAsync() => _server.KillAsync();

    /// <summary>Posts alerts as Prometheus does.</summary>
    /// <param name="alerts">Labels of each.</param>
    /// <param name="areOver">Whether they are over.</param>
    public async Task PostAsync(IEnumerable<IReadOnlyDictionary<string, string>> alerts, bool areOver = false)
    {
        var now = TimeProvider.System.GetUtcNow();
        // An end that still lies ahead does not shorten a later one that was given before.
        var (starts, ends) = areOver ? (now.AddMilliseconds(-1), now) : (now, now.AddMinutes(30));
        using var answer = await _server.Client.PostAsJsonAsync(
            new Uri(_server.Url, "/api/v2/alerts"),
            // One that began longer ago than a group waits would be told at once.
            alerts.Select(labels => new { labels, startsAt = Instant(starts), endsAt = Instant(ends) }));
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Which alerts it holds back, and which of them explains each.</summary>
    public async Task<Dictionary<string, IReadOnlySet<string>>> InhibitedAsync()
    {
        using var document = JsonDocument.Parse(await _server.Client.GetStringAsync(new Uri(_server.Url, "/api/v2/alerts?inhibited=true&active=true")));
        var all = document.RootElement.EnumerateArray().ToList();
        var names = all.ToDictionary(alert => alert.GetProperty("fingerprint").GetString()!, NameOf, StringComparer.Ordinal);
        return all.Where(alert => alert.GetProperty("status").GetProperty("state").GetString() == "suppressed").ToDictionary(
            NameOf,
            alert => (IReadOnlySet<string>)alert.GetProperty("status").GetProperty("inhibitedBy").EnumerateArray().Select(source => names[source.GetString()!]).ToHashSet(StringComparer.Ordinal),
            StringComparer.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _receiver.DisposeAsync();
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
}

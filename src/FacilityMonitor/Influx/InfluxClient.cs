using System.Buffers;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using FacilityMonitor.Configuration;
using FacilityMonitor.OnCall;

namespace FacilityMonitor.Influx;

/// <summary>
/// InfluxDB by HTTP: <c>/write</c> of 1.x, <c>/api/v2/write</c> of 2.x, 3.x, Cloud and VictoriaMetrics. Lines travel compressed.
/// </summary>
/// <remarks>What its answers mean: <see cref="WriteJudgement"/>. No connection and no answer in time mean later. No redirect is followed.</remarks>
internal sealed partial class InfluxClient : IPointSink, IDisposable
{
    /// <summary>As much of an answer is read: a page of metrics takes some hundred KiB.</summary>
    private const int AnswerBytesMax = 1 << 20;

    /// <summary>A look at when it started must not hold up the shipping for long.</summary>
    private static readonly TimeSpan LookTimeout = TimeSpan.FromSeconds(5);

    private readonly InfluxSettings _settings;
    private readonly HttpMessageInvoker _client;
    private readonly TimeProvider _time;
    private readonly MemoryStream _zipped = new();
    private Uri? _write;

    /// <param name="settings">Where it is, and who we are there.</param>
    /// <param name="client">Sends requests; must follow no redirect.</param>
    /// <param name="time">The clock.</param>
    public InfluxClient(InfluxSettings settings, HttpMessageInvoker client, TimeProvider time) => (_settings, _client, _time) = (settings, client, time);

    public string Name => _settings.ToString();

    public async Task<WriteAnswer> WriteAsync(ReadOnlyMemory<byte> lines, CancellationToken cancellationToken)
    {
        _zipped.SetLength(0);
        await using (var gzip = new GZipStream(_zipped, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(lines.Span);
        try
        {
            _write ??= await WriteAddressAsync(cancellationToken);
            var content = new ReadOnlyMemoryContent(_zipped.GetBuffer().AsMemory(0, (int)_zipped.Length));
            content.Headers.ContentType = new MediaTypeHeaderValue("text/plain", "utf-8");
            content.Headers.ContentEncoding.Add("gzip");
            var (answer, body) = await SendAsync(new HttpRequestMessage(HttpMethod.Post, _write) { Content = content }, cancellationToken);
            using (answer)
            {
                var judged = WriteJudgement.Of((int)answer.StatusCode, body, WebhookNotifier.WaitAskedFor(answer, _time));
                // Perhaps another version than the one that was found: what stood in its place while it was updated, or before it. It is asked once more.
                if (judged is WriteAnswer.Refused)
                    _write = null;
                return judged;
            }
        }
        catch (NoAnswerException error)
        {
            return new WriteAnswer.Later(null, error.Message);
        }
    }

    public async Task<string?> BootAsync(CancellationToken cancellationToken)
    {
        try
        {
            // 3.x: an id of the process. 1.x: when it began. 2.x and VictoriaMetrics: the metric that every Prometheus client has.
            return Process(await GetAsync("ping", cancellationToken))
                ?? First(StartedOfV1(), await GetAsync("debug/vars", cancellationToken))
                ?? First(StartTime(), await GetAsync("metrics", cancellationToken));
        }
        catch (NoAnswerException)
        {
            return null;
        }
    }

    public void Dispose() => _client.Dispose();

    /// <summary>Says who we are. Never in the address: that is what logs and error messages show.</summary>
    internal static void Sign(HttpRequestMessage request, InfluxSettings settings)
    {
        if (settings.Token is { } token)
            request.Headers.TryAddWithoutValidation("Authorization", "Token " + token);
        else if (settings.Username is { } user)
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{settings.Password}")));
    }

    private static string? First(Regex pattern, string body) => pattern.Match(body) is { Success: true } match ? match.Groups[1].Value : null;

    private static string? Process(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("process_id", out var id) && id.ValueKind == JsonValueKind.String ? id.GetString() : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    [GeneratedRegex("\"started\"\\s*:\\s*\"([^\"]{1,80})\"")]
    private static partial Regex StartedOfV1();

    [GeneratedRegex("^(?:process_start_time_seconds|vm_app_start_timestamp) ([0-9.e+]{1,40})", RegexOptions.Multiline)]
    private static partial Regex StartTime();

    /// <summary>Asks what it is, unless that was configured. An answer from something that is no InfluxDB is taken for 2.x, whose path most others offer.</summary>
    private async Task<Uri> WriteAddressAsync(CancellationToken cancellationToken)
    {
        var isV1 = _settings.Version == InfluxVersion.V1;
        if (_settings.Version == InfluxVersion.Detect && _settings.Token is null)
        {
            var (answer, _) = await SendAsync(new HttpRequestMessage(HttpMethod.Get, Below("ping")), cancellationToken);
            using (answer)
            {
                // What stands before it answers while it is away; that says nothing of what it is.
                if (!answer.IsSuccessStatusCode)
                    throw new NoAnswerException($"HTTP {(int)answer.StatusCode} to /ping");
                isV1 = answer.Headers.TryGetValues("X-Influxdb-Version", out var versions) && versions.First().TrimStart('v').StartsWith("1.", StringComparison.Ordinal);
            }
        }

        var query = isV1
            ? Query(("db", _settings.Database), ("rp", _settings.RetentionPolicy), ("precision", "ns"))
            : Query(("org", _settings.Organization), ("bucket", _settings.Database), ("precision", "ns"));
        return Below((isV1 ? "write?" : "api/v2/write?") + query);
    }

    private Uri Below(string path) => new($"{_settings.Url.AbsoluteUri.TrimEnd('/')}/{path}");

    internal static string Query(params ReadOnlySpan<(string Key, string? Value)> parts)
    {
        var query = new StringBuilder();
        foreach (var (key, value) in parts)
        {
            if (value is not null)
                query.Append(query.Length > 0 ? "&" : "").Append(key).Append('=').Append(Uri.EscapeDataString(value));
        }

        return query.ToString();
    }

    private async Task<string> GetAsync(string path, CancellationToken cancellationToken)
    {
        var (answer, body) = await SendAsync(new HttpRequestMessage(HttpMethod.Get, Below(path)), _settings.Timeout < LookTimeout ? _settings.Timeout : LookTimeout, cancellationToken);
        using (answer)
            return answer.IsSuccessStatusCode ? body : "";
    }

    private Task<(HttpResponseMessage Answer, string Body)> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        SendAsync(request, _settings.Timeout, cancellationToken);

    private async Task<(HttpResponseMessage Answer, string Body)> SendAsync(HttpRequestMessage request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        Sign(request, _settings);
        using var late = new CancellationTokenSource(timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        HttpResponseMessage? answer = null;
        try
        {
            using (request)
                answer = await _client.SendAsync(request, either.Token);
            return (answer, await BodyAsync(answer, either.Token));
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            answer?.Dispose();
            throw new NoAnswerException(error is HttpRequestException { HttpRequestError: var kind } ? kind.ToString() : "connection lost", error);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            answer?.Dispose();
            throw new NoAnswerException(FormattableString.Invariant($"no answer within {timeout.TotalSeconds} s"), error);
        }
    }

    private static async Task<string> BodyAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
        var bytes = ArrayPool<byte>.Shared.Rent(AnswerBytesMax);
        try
        {
            var length = await stream.ReadAtLeastAsync(bytes, AnswerBytesMax, throwOnEndOfStream: false, cancellationToken);
            return Encoding.UTF8.GetString(bytes, 0, Math.Min(length, AnswerBytesMax));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <summary>No answer came, or not a whole one.</summary>
    private sealed class NoAnswerException(string message, Exception? inner = null) : Exception(message, inner);
}

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
/// <remarks>
/// Taken: 2xx. Lines at fault: 400 and 422 (a field of another type is 400 "partial write" on 1.x and 3.x, 422 on 2.7). Too large: 413.
/// Refused until somebody acts: 401, 403, 404 and every other 4xx. Later: 408, 429, 5xx, no connection, no answer in time, and 3xx, which is never followed.
/// </remarks>
internal sealed partial class InfluxClient : IPointSink, IDisposable
{
    /// <summary>As much of an answer is read: a page of metrics takes some hundred KiB.</summary>
    private const int AnswerBytesMax = 1 << 20;

    /// <summary>As many of the server's words are kept.</summary>
    private const int WordsMax = 300;

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
                return Judge(answer, body);
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

    private WriteAnswer Judge(HttpResponseMessage answer, string body)
    {
        if (answer.IsSuccessStatusCode)
            return new WriteAnswer.Written();
        var words = Words(answer, body);
        return (int)answer.StatusCode switch
        {
            400 or 422 => new WriteAnswer.Malformed(words),
            413 => new WriteAnswer.TooLarge(words),
            408 or 425 or 429 or >= 500 or < 400 => new WriteAnswer.Later(WebhookNotifier.WaitAskedFor(answer, _time), words) { MayHaveRestarted = (int)answer.StatusCode >= 500 },
            _ => new WriteAnswer.Refused(words),
        };
    }

    /// <summary>The status, and what the server says about it: 1.x and 3.x in <c>error</c>, 2.x in <c>message</c>.</summary>
    private static string Words(HttpResponseMessage answer, string body)
    {
        var said = body;
        try
        {
            using var json = JsonDocument.Parse(body);
            if (json.RootElement.ValueKind == JsonValueKind.Object
                && (json.RootElement.TryGetProperty("message", out var text) || json.RootElement.TryGetProperty("error", out text))
                && text.ValueKind == JsonValueKind.String)
            {
                said = text.GetString()!;
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // Not JSON: as it is.
        }

        said = string.Concat(said.Select(letter => char.IsControl(letter) ? ' ' : letter)).Trim();
        return $"HTTP {(int)answer.StatusCode} {(said.Length <= WordsMax ? said : said[..WordsMax] + "…")}".TrimEnd();
    }

    /// <summary>No answer came, or not a whole one.</summary>
    private sealed class NoAnswerException(string message, Exception? inner = null) : Exception(message, inner);
}

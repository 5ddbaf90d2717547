using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using FacilityMonitor.Configuration;

namespace FacilityMonitor.Influx;

/// <summary>Asks InfluxDB by HTTP: InfluxQL at <c>/query</c>, which 1.x, 2.x and 3.x all answer, and the addresses of their administration. Thread-safe.</summary>
/// <remarks>
/// An answer comes in chunks and is taken chunk by chunk. One that breaks off is an error, whether in the middle of a chunk or between two; so is an error that stands
/// in an answer of status 200, which is how 1.x tells most of them.
/// </remarks>
internal sealed class InfluxQueryClient(InfluxSettings settings, HttpMessageInvoker client, TimeProvider time) : IDisposable
{
    /// <summary>Rows in one chunk.</summary>
    internal const int ChunkRows = 5_000;

    /// <summary>Most bytes of one chunk. A server that does not know chunks sends everything in one.</summary>
    internal const int ChunkBytesMax = 64 << 20;

    /// <summary>As much is read of an answer that is no rows.</summary>
    private const int TextBytesMax = 1 << 20;

    /// <summary>As many of the server's words are kept.</summary>
    private const int WordsMax = 300;

    private const int BufferBytes = 64 << 10;

    /// <summary>Where it is, for people.</summary>
    public string Name => settings.ToString();

    /// <summary>How a connection for reading is made: answers come compressed, and no redirect is followed with our token.</summary>
    public static HttpMessageHandler Handler() => new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.GZip,
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        MaxResponseHeadersLength = 16,
    };

    /// <summary>Asks, and hands over what comes, series by series; of a long one a part at a time.</summary>
    /// <exception cref="InfluxException">It refused, did not answer in time, or not whole.</exception>
    public Task SelectAsync(string query, Action<InfluxSeries> take, CancellationToken cancellation) => SendAsync(
        new HttpRequestMessage(HttpMethod.Get, Below("query?" + InfluxClient.Query(
            ("db", settings.Database), ("rp", settings.RetentionPolicy), ("epoch", "ns"), ("chunked", "true"), ("chunk_size", ChunkRows.ToString(CultureInfo.InvariantCulture)), ("q", query)))),
        async (answer, late) =>
        {
            await using var stream = await answer.Content.ReadAsStreamAsync(late);
            // VictoriaMetrics answers every question by the names of its databases.
            await ReadAsync(stream, series => (series.ColumnOf("time") == 0 ? take : throw new FormatException())(series), late);
            return true;
        },
        cancellation);

    /// <summary>Has a statement carried out that changes something, or tells of the server itself.</summary>
    /// <exception cref="InfluxException">It refused or did not answer in time.</exception>
    public Task ExecuteAsync(string statement, Action<InfluxSeries> take, CancellationToken cancellation) => SendAsync(
        new HttpRequestMessage(HttpMethod.Post, Below("query")) { Content = new FormUrlEncodedContent([new("q", statement), new("epoch", "ns")]) },
        async (answer, late) =>
        {
            await using var stream = await answer.Content.ReadAsStreamAsync(late);
            await ReadAsync(stream, take, late);
            return true;
        },
        cancellation);

    /// <summary>Sends JSON, or asks for it.</summary>
    /// <returns>What it answered; undefined for an empty answer.</returns>
    /// <exception cref="InfluxException">It refused or did not answer in time.</exception>
    public Task<JsonElement> JsonAsync(HttpMethod method, string path, object? body, CancellationToken cancellation)
    {
        var request = new HttpRequestMessage(method, Below(path));
        if (body is not null)
            request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        return SendAsync(
            request,
            async (answer, late) =>
            {
                var text = await TextAsync(answer, late);
                return text.Trim().Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text);
            },
            cancellation);
    }

    /// <summary>What it says of its version; null when it does not.</summary>
    /// <exception cref="InfluxException">It does not answer.</exception>
    public Task<string?> VersionAsync(CancellationToken cancellation) => SendAsync(
        new HttpRequestMessage(HttpMethod.Get, Below("ping")),
        async (answer, late) =>
        {
            if (answer.Headers.TryGetValues("X-Influxdb-Version", out var versions))
                return versions.First();
            try
            {
                // 3.x says it in the body.
                using var json = JsonDocument.Parse(await TextAsync(answer, late));
                return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("version", out var version) ? version.ToString() : null;
            }
            catch (JsonException)
            {
                return null;
            }
        },
        cancellation);

    public void Dispose() => client.Dispose();

    private Uri Below(string path) => new($"{settings.Url.AbsoluteUri.TrimEnd('/')}/{path}");

    private async Task<T> SendAsync<T>(HttpRequestMessage request, Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken cancellation)
    {
        InfluxClient.Sign(request, settings);
        using var late = new CancellationTokenSource(settings.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        try
        {
            using (request)
            using (var answer = await client.SendAsync(request, either.Token))
            {
                return answer.IsSuccessStatusCode
                    ? await read(answer, either.Token)
                    : throw Failed(Words((int)answer.StatusCode, await TextAsync(answer, either.Token)), (int)answer.StatusCode);
            }
        }
        catch (HttpRequestException error)
        {
            throw Failed(error.HttpRequestError is HttpRequestError.Unknown or HttpRequestError.ResponseEnded ? "the answer broke off" : error.HttpRequestError.ToString(), null, error);
        }
        catch (OperationCanceledException error) when (!cancellation.IsCancellationRequested)
        {
            throw Failed(string.Create(CultureInfo.InvariantCulture, $"no whole answer within {settings.Timeout.TotalSeconds} s (influx.timeout-s)"), null, error);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or IndexOutOfRangeException)
        {
            throw Failed("it answers something that is no answer of an InfluxDB", null, error);
        }
        catch (Exception error) when (error is InvalidDataException || (error is IOException and not InfluxException))
        {
            throw Failed("the answer broke off", null, error);
        }
    }

    private InfluxException Failed(string words, int? status = null, Exception? inner = null)
    {
        // Some servers repeat what they were sent.
        foreach (var secret in new[] { settings.Token, settings.Password }.OfType<string>().Where(secret => secret.Length > 0))
            words = words.Replace(secret, "***", StringComparison.Ordinal);
        return new InfluxException($"{settings}: {words}", status, inner);
    }

    private static async Task<string> TextAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellation);
        var bytes = ArrayPool<byte>.Shared.Rent(TextBytesMax);
        try
        {
            return Encoding.UTF8.GetString(bytes, 0, await stream.ReadAtLeastAsync(bytes.AsMemory(0, TextBytesMax), TextBytesMax, throwOnEndOfStream: false, cancellation));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private async Task ReadAsync(Stream stream, Action<InfluxSeries> take, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            var (length, chunks, isPartial) = (0, 0, false);
            for (var isEnd = false; !isEnd;)
            {
                if (length == buffer.Length)
                    buffer = Larger(buffer);
                var read = await stream.ReadAsync(buffer.AsMemory(length), cancellation);
                isEnd = read == 0;
                var mayBeWhole = isEnd || length + read == buffer.Length || buffer.AsSpan(length, read).Contains((byte)'\n');
                length += read;
                // A chunk ends with its line. For a server that writes none, another look each time the buffer has doubled.
                if (!mayBeWhole)
                    continue;
                var consumed = 0;
                while (TryTake(buffer.AsSpan(consumed, length - consumed), isEnd, take, out var bytes, ref isPartial))
                {
                    consumed += bytes;
                    chunks++;
                }

                buffer.AsSpan(consumed, length - consumed).CopyTo(buffer);
                length -= consumed;
            }

            if (chunks == 0 || isPartial || buffer.AsSpan(0, length).ContainsAnyExcept(" \r\n\t"u8))
                throw Failed("the answer broke off");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private byte[] Larger(byte[] buffer)
    {
        if (buffer.Length >= ChunkBytesMax)
            throw Failed(string.Create(CultureInfo.InvariantCulture, $"one part of the answer is more than {ChunkBytesMax >> 20} MiB"));
        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    /// <summary>Takes the next chunk if it is whole.</summary>
    private bool TryTake(ReadOnlySpan<byte> bytes, bool isEnd, Action<InfluxSeries> take, out int consumed, ref bool isPartial)
    {
        consumed = 0;
        var start = bytes.IndexOfAnyExcept(" \r\n\t"u8);
        if (start < 0)
            return false;
        var reader = new Utf8JsonReader(bytes[start..], isFinalBlock: false, default);
        if (!JsonDocument.TryParseValue(ref reader, out var chunk))
            return isEnd ? throw Failed("the answer broke off") : false;
        consumed = start + (int)reader.BytesConsumed;
        using (chunk)
            isPartial = Take(chunk.RootElement, take);
        return true;
    }

    /// <returns>Whether more must follow.</returns>
    private bool Take(JsonElement chunk, Action<InfluxSeries> take)
    {
        Complain(chunk);
        var isPartial = false;
        foreach (var result in chunk.GetProperty("results").EnumerateArray())
        {
            Complain(result);
            isPartial = IsPartial(result);
            if (!result.TryGetProperty("series", out var all))
                continue;
            foreach (var series in all.EnumerateArray())
            {
                isPartial |= IsPartial(series);
                take(new InfluxSeries(series));
            }
        }

        return isPartial;
    }

    private void Complain(JsonElement element)
    {
        if (element.TryGetProperty("error", out var error))
            throw Failed(Printable(error.ToString()));
    }

    /// <summary>The status, and what the server says about it: 1.x and 3.x in <c>error</c>, 2.x in <c>message</c>.</summary>
    private static string Words(int status, string body)
    {
        var said = body;
        try
        {
            using var json = JsonDocument.Parse(body);
            if (json.RootElement.ValueKind == JsonValueKind.Object && (json.RootElement.TryGetProperty("message", out var text) || json.RootElement.TryGetProperty("error", out text)))
                said = text.ToString();
        }
        catch (JsonException)
        {
            // Not JSON: as it is.
        }

        return $"HTTP {status} {Printable(said)}".TrimEnd();
    }

    /// <summary>A server's words on one line, and not too many of them.</summary>
    private static string Printable(string said)
    {
        said = string.Concat(said.Select(letter => char.IsControl(letter) ? ' ' : letter)).Trim();
        return said.Length <= WordsMax ? said : said[..WordsMax] + "…";
    }

    private static bool IsPartial(JsonElement element) => element.TryGetProperty("partial", out var partial) && partial.ValueKind == JsonValueKind.True;
}

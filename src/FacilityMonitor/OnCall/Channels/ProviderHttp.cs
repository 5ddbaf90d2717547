using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace FacilityMonitor.OnCall.Channels;

/// <summary>What came back from a provider.</summary>
/// <param name="Status">HTTP status; 0: no answer came.</param>
/// <param name="Json">The body; null where it is no JSON object.</param>
/// <param name="Lost">Why no whole answer came; null: one did.</param>
/// <param name="Wait">When it wants to be asked again.</param>
/// <param name="IsHtml">The body is a page: somebody else answered.</param>
internal sealed record ProviderAnswer(int Status, JsonElement? Json, string? Lost, TimeSpan? Wait, bool IsHtml)
{
    /// <summary>What to make of an answer that is no JSON object: the page of a captive portal, an empty body, an overloaded gateway. It never counts as success,
    /// whatever its status.</summary>
    public Outcome.Failed Unusable() => new(
        Status == 429 ? Fault.Limited : Fault.Passing,
        Lost ?? (IsHtml ? $"html-answer-{Status}" : $"no-json-{Status}"),
        Wait);

    /// <summary>A value of the body as text, numbers included; null where it is not there.</summary>
    public string? Value(string name) => Json is { } json ? Text(json, name) : null;

    /// <summary>A whole number of the body; 0 where it is not there.</summary>
    public int Number(string name) => int.TryParse(Value(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    /// <inheritdoc cref="Value"/>
    public static string? Text(JsonElement json, string name) => json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value)
        ? value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(),
            _ => null,
        }
        : null;
}

/// <summary>Asks providers over HTTP: one deadline for the whole answer, a limit to its size, and no exception for what a network does.</summary>
internal sealed class ProviderHttp(HttpMessageInvoker client, TimeSpan timeout, TimeProvider time)
{
    /// <summary>No provider answers with more.</summary>
    public const int AnswerBytesMax = 65_536;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The clock that signatures go by.</summary>
    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Posts a JSON body.</summary>
    public Task<ProviderAnswer> PostAsync(Uri address, byte[] body, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = Json(body) };
        return SendAsync(request, cancellationToken);
    }

    /// <summary>Sends a request and reads its answer.</summary>
    /// <exception cref="OperationCanceledException">We are stopping.</exception>
    public async Task<ProviderAnswer> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            using (request)
            {
                using var answer = await client.SendAsync(request, either.Token);
                return await ReadAsync(answer, either.Token);
            }
        }
        catch (HttpRequestException error)
        {
            // Its message holds the address.
            return new ProviderAnswer(0, null, error.HttpRequestError.ToString(), null, false);
        }
        catch (IOException)
        {
            return new ProviderAnswer(0, null, "connection-lost", null, false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new ProviderAnswer(0, null, "timeout", null, false);
        }
    }

    /// <summary>Content that is JSON without a character set behind it: two of the providers refuse that.</summary>
    public static ByteArrayContent Json(byte[] body)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    /// <summary>Writes a JSON body.</summary>
    public static byte[] Write(Action<Utf8JsonWriter> write)
    {
        var output = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(output, Options))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        return output.WrittenSpan.ToArray();
    }

    private async Task<ProviderAnswer> ReadAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var buffer = new byte[AnswerBytesMax];
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        var body = buffer.AsMemory(0, length);
        var isHtml = answer.Content.Headers.ContentType?.MediaType == "text/html" || body.Span.TrimStart(" \t\r\n"u8).StartsWith("<"u8);
        return new ProviderAnswer((int)answer.StatusCode, ReadObject(body), null, WebhookNotifier.WaitAskedFor(answer, time), isHtml);
    }

    private static JsonElement? ReadObject(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

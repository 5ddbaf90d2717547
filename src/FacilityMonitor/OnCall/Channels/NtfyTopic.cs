using System.Net.Http.Headers;

namespace FacilityMonitor.OnCall.Channels;

/// <summary>A topic of ntfy, the public server or one of our own: the address is the topic.</summary>
/// <remarks>Sources: ntfy, <c>server/config.go</c> (sizes and limits), <c>server/errors.go</c> (codes), <c>docs/publish.md</c> (publish as JSON; updating notifications, from version 2.16: an older server
/// shows the update as a message of its own); 2026-01.</remarks>
internal sealed class NtfyTopic(ProviderHttp http, Uri url, string? token) : INotifier
{
    /// <summary>Bytes of UTF-8; a longer message becomes an attachment that nobody reads on the stairs.</summary>
    public const int TextBytesMax = 4_096;

    private const int TitleBytesMax = 250;

    /// <summary>The day's quota of messages is used up: asking again in some seconds is useless.</summary>
    private const string DayUsedUp = "42908";

    /// <summary>When a day's quota is asked for again: the server says nothing of when it begins anew.</summary>
    private static readonly TimeSpan DayPause = TimeSpan.FromHours(1);

    public async Task<Outcome> SendAsync(ChannelMessage message, string address, CancellationToken cancellationToken)
    {
        var body = ProviderHttp.Write(json =>
        {
            json.WriteString("topic"u8, address);
            json.WriteString("title"u8, message.Title(TitleBytesMax));
            json.WriteString("message"u8, message.Body(TextBytesMax));
            // 5 rings through do-not-disturb.
            json.WriteNumber("priority"u8, 5 - (int)message.Priority);
            if (message.Replaces is { } first)
                json.WriteString("sequence_id"u8, first);
            if (message.Link is { } link)
                json.WriteString("click"u8, link);
        });
        var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = ProviderHttp.Json(body) };
        request.Headers.Add("Idempotency-Key", message.Key);
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return Judge(await http.SendAsync(request, cancellationToken));
    }

    private static Outcome Judge(ProviderAnswer answer)
    {
        if (answer is { Status: 200 } && answer.Value("id") is { Length: > 0 } id && answer.Value("event") == "message")
            return new Outcome.Accepted(id);
        return answer.Status switch
        {
            401 or 403 or 404 => new Outcome.Failed(Fault.Misconfigured, $"HTTP {answer.Status}"),
            429 when answer.Value("code") == DayUsedUp => new Outcome.Failed(Fault.Limited, DayUsedUp, DayPause),
            429 => new Outcome.Failed(Fault.Limited, "HTTP 429", answer.Wait ?? TimeSpan.FromSeconds(5)),
            >= 400 and < 500 => new Outcome.Failed(Fault.Unfit, $"HTTP {answer.Status}"),
            _ => answer.Unusable(),
        };
    }
}

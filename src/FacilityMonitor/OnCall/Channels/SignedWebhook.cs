using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FacilityMonitor.Contract;

namespace FacilityMonitor.OnCall.Channels;

/// <summary>Posts a notice to anybody's own program.</summary>
/// <remarks>
/// <code>
/// Idempotency-Key: 8c1f…-1-guard
/// Facility-Signature: t=1795168812,v1=hex(HMAC-SHA256(secret, "1795168812." + body))
/// {"key":"8c1f…-1-guard","reference":"8c1f20-1","to":"…","priority":"P0","mark":"none","brief":{"zh":"…","en":"…"},"text":{"zh":"…","en":"…"},"link":"…","at":"…"}
/// </code>
/// 2xx is success, with any body but a page: a captive portal says 200 too. A receiver should drop a signature that is older than five minutes.
/// </remarks>
internal sealed class SignedWebhook(ProviderHttp http, Uri address, string? secret) : INotifier
{
    public async Task<Outcome> SendAsync(ChannelMessage message, string to, CancellationToken cancellationToken)
    {
        var now = http.Now;
        var body = Body(message, to, now);
        var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = ProviderHttp.Json(body) };
        request.Headers.Add("Idempotency-Key", message.Key);
        if (secret is not null)
            request.Headers.Add("Facility-Signature", Signature(secret, now.ToUnixTimeSeconds(), body));
        return Judge(await http.SendAsync(request, cancellationToken));
    }

    /// <summary>What stands in <c>Facility-Signature</c>.</summary>
    public static string Signature(string secret, long timestampS, byte[] body)
    {
        var time = timestampS.ToString(CultureInfo.InvariantCulture);
        byte[] signed = [.. Encoding.UTF8.GetBytes(time + "."), .. body];
        return $"t={time},v1={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed))}";
    }

    private static byte[] Body(ChannelMessage message, string to, DateTimeOffset now) => ProviderHttp.Write(json =>
    {
        json.WriteString("key"u8, message.Key);
        json.WriteString("reference"u8, message.Reference);
        json.WriteString("to"u8, to);
        json.WriteString("priority"u8, message.Priority.ToString());
        json.WriteString("mark"u8, message.Mark switch { Mark.None => "none", Mark.Drill => "drill", Mark.Test => "test" });
        json.WriteStartObject("brief"u8);
        json.WriteString("zh"u8, message.Brief.Zh);
        json.WriteString("en"u8, message.Brief.En);
        json.WriteEndObject();
        json.WriteStartObject("text"u8);
        json.WriteString("zh"u8, message.Text.Zh);
        json.WriteString("en"u8, message.Text.En);
        json.WriteEndObject();
        json.WriteString("link"u8, message.Link);
        json.WriteString("at"u8, ReadingJson.Instant(now.ToUnixTimeMilliseconds()));
    });

    private static Outcome Judge(ProviderAnswer answer) => answer switch
    {
        { Lost: not null } or { IsHtml: true } => answer.Unusable(),
        { Status: >= 200 and < 300 } => new Outcome.Accepted(),
        { Status: 429 } => new Outcome.Failed(Fault.Limited, "HTTP 429", answer.Wait),
        { Status: 401 or 403 or 404 or 410 } => new Outcome.Failed(Fault.Misconfigured, $"HTTP {answer.Status}"),
        { Status: 408 or 425 } => new Outcome.Failed(Fault.Passing, $"HTTP {answer.Status}", answer.Wait),
        { Status: >= 400 and < 500 } => new Outcome.Failed(Fault.Unfit, $"HTTP {answer.Status}"),
        _ => new Outcome.Failed(Fault.Passing, $"HTTP {answer.Status}", answer.Wait),
    };
}

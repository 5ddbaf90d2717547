using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace FacilityMonitor.OnCall.Channels;

/// <summary>Calls of Tencent Cloud's interface 3.0 with TC3-HMAC-SHA256. It answers 200 to everything; an <c>Error</c> in the body is a refusal. Source: 腾讯云 API 3.0, 签名方法 v3, whose example is a test here.</summary>
internal sealed class TencentCloud(ProviderHttp http, Uri url, string service, string version, string region, string keyId, string keySecret)
{
    private const string ContentType = "application/json; charset=utf-8";

    /// <summary>Calls an operation.</summary>
    public Task<ProviderAnswer> CallAsync(string action, byte[] body, CancellationToken cancellationToken)
    {
        var now = http.Now;
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(url, "/")) { Content = new ByteArrayContent(body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", ContentType);
        request.Headers.Add("X-TC-Action", action);
        request.Headers.Add("X-TC-Version", version);
        request.Headers.Add("X-TC-Region", region);
        request.Headers.Add("X-TC-Timestamp", now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        request.Headers.TryAddWithoutValidation("Authorization", Authorization(keyId, keySecret, service, url.Authority, now, body));
        return http.SendAsync(request, cancellationToken);
    }

    /// <summary>The refusal in an answer, or null: the call as such was taken.</summary>
    public static Outcome.Failed? Refusal(ProviderAnswer answer)
    {
        if (answer.Json is not { } json || !json.TryGetProperty("Response", out var response))
            return answer.Unusable();
        return response.TryGetProperty("Error", out var error) ? ProviderCodes.Tencent.Judge(ProviderAnswer.Text(error, "Code") ?? "no-code") : null;
    }

    /// <summary>Asks whether the key is right, by a call that lacks its parameters.</summary>
    public async Task<Outcome?> ProbeAsync(string action, CancellationToken cancellationToken)
    {
        var answer = await CallAsync(action, "{}"u8.ToArray(), cancellationToken);
        var refusal = Refusal(answer);
        return refusal is not null && (answer.Json is null || refusal.Code.StartsWith("AuthFailure", StringComparison.Ordinal)) ? refusal : new Outcome.Accepted();
    }

    /// <summary>The header that proves who calls.</summary>
    public static string Authorization(string keyId, string keySecret, string service, string host, DateTimeOffset now, byte[] body)
    {
        var date = now.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var scope = $"{date}/{service}/tc3_request";
        var canonical = $"POST\n/\n\ncontent-type:{ContentType}\nhost:{host}\n\ncontent-type;host\n{Convert.ToHexStringLower(SHA256.HashData(body))}";
        var toSign = string.Create(
            CultureInfo.InvariantCulture, $"TC3-HMAC-SHA256\n{now.ToUnixTimeSeconds()}\n{scope}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}");
        var key = Mac(Mac(Mac(Encoding.UTF8.GetBytes("TC3" + keySecret), date), service), "tc3_request");
        return $"TC3-HMAC-SHA256 Credential={keyId}/{scope}, SignedHeaders=content-type;host, Signature={Convert.ToHexStringLower(Mac(key, toSign))}";
    }

    private static byte[] Mac(byte[] key, string text) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text));
}

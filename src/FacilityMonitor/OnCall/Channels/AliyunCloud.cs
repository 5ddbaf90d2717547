using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace FacilityMonitor.OnCall.Channels;

/// <summary>Calls of Aliyun's open interface with signature version 3 (ACS3-HMAC-SHA256). Source: 阿里云, V3版本请求体&amp;签名机制 (2593177), whose fixed example is a test here.</summary>
/// <remarks>Its clock may differ by 15 minutes. The nonce is the message's key with the time: an attempt is never refused as a repetition of the one before.</remarks>
internal sealed class AliyunCloud(ProviderHttp http, Uri url, string keyId, string keySecret)
{
    /// <summary>Of an empty body, which all of these calls have.</summary>
    private const string EmptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    /// <summary>Calls an operation.</summary>
    /// <param name="action">Its name.</param>
    /// <param name="version">Version of the interface.</param>
    /// <param name="nonce">Names this call.</param>
    /// <param name="parameters">Its parameters.</param>
    /// <param name="receipt">Where the answer names the message.</param>
    /// <param name="cancellationToken">We are stopping.</param>
    public async Task<Outcome> CallAsync(
        string action, string version, string nonce, IEnumerable<(string Name, string Value)> parameters, string receipt, CancellationToken cancellationToken)
    {
        var query = Query(parameters);
        var date = http.Now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var headers = new (string Name, string Value)[]
        {
            ("host", url.Authority), ("x-acs-action", action), ("x-acs-content-sha256", EmptyHash), ("x-acs-date", date),
            ("x-acs-signature-nonce", Nonce(nonce, date)), ("x-acs-version", version),
        };
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(url, "/?" + query));
        foreach (var (name, value) in headers.Skip(1))
            request.Headers.Add(name, value);
        request.Headers.TryAddWithoutValidation("Authorization", Authorization(keyId, keySecret, query, headers));
        return Judge(await http.SendAsync(request, cancellationToken), receipt);
    }

    /// <summary>Asks whether key and signature are right, by a call that lacks its parameters: what is refused then is the call, not the key.</summary>
    public async Task<Outcome?> ProbeAsync(string action, string version, CancellationToken cancellationToken)
    {
        var outcome = await CallAsync(action, version, "probe", [], "", cancellationToken);
        return outcome is Outcome.Failed { Fault: Fault.Misconfigured, Code: var code } && !code.StartsWith("isv.", StringComparison.Ordinal) || outcome is Outcome.Failed { Fault: Fault.Passing, Code: "timeout" or "connection-lost" or "ConnectionError" or "NameResolutionError" or "SecureConnectionError" }
            ? outcome
            : new Outcome.Accepted();
    }

    /// <summary>Parameters in the order and form that is signed.</summary>
    public static string Query(IEnumerable<(string Name, string Value)> parameters) => string.Join('&', parameters
        .OrderBy(parameter => parameter.Name, StringComparer.Ordinal)
        .Select(parameter => $"{Uri.EscapeDataString(parameter.Name)}={Uri.EscapeDataString(parameter.Value)}"));

    /// <summary>The header that proves who calls.</summary>
    /// <param name="keyId">Names the key.</param>
    /// <param name="keySecret">The key.</param>
    /// <param name="query">See <see cref="Query"/>.</param>
    /// <param name="headers">The headers that are signed, in ordinal order.</param>
    public static string Authorization(string keyId, string keySecret, string query, IReadOnlyList<(string Name, string Value)> headers)
    {
        var names = string.Join(';', headers.Select(header => header.Name));
        var canonical = $"POST\n/\n{query}\n{string.Concat(headers.Select(header => $"{header.Name}:{header.Value}\n"))}\n{names}\n{EmptyHash}";
        var toSign = "ACS3-HMAC-SHA256\n" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)));
        var signature = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(keySecret), Encoding.UTF8.GetBytes(toSign)));
        return $"ACS3-HMAC-SHA256 Credential={keyId},SignedHeaders={names},Signature={signature}";
    }

    private string Nonce(string key, string date) => Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes($"{key}|{date}|{http.Now.Ticks.ToString(CultureInfo.InvariantCulture)}"))[..16]);

    private static Outcome Judge(ProviderAnswer answer, string receipt) => answer.Value("Code") switch
    {
        null => answer.Unusable(),
        "OK" => new Outcome.Accepted(answer.Value(receipt)),
        "isv.BUSINESS_LIMIT_CONTROL" => new Outcome.Failed(Fault.AddressLimited, "isv.BUSINESS_LIMIT_CONTROL", Window(answer.Value("Message") ?? "")),
        var code => ProviderCodes.Aliyun.Judge(code),
    };

    /// <summary>Which window is full stands in Chinese in the message: 触发天级流控Permits:10.</summary>
    private static TimeSpan Window(string message) => message switch
    {
        _ when message.Contains("天级", StringComparison.Ordinal) => TimeSpan.FromHours(24),
        _ when message.Contains("小时级", StringComparison.Ordinal) => TimeSpan.FromHours(1),
        _ => TimeSpan.FromMinutes(1),
    };
}

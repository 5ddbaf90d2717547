using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace FacilityMonitor.OnCall.Channels;

/// <summary>Feishu's custom group bot (飞书自定义机器人) with a signature. Unlike DingTalk's: the time in seconds, the key made of it, and nothing signed.</summary>
internal sealed class FeishuBot(ProviderHttp http, Uri url, string token, string secret) : INotifier
{
    /// <summary>Bytes of UTF-8 that we use of a text. A request may have 20 KiB.</summary>
    public const int TextBytesMax = 4_000;

    private readonly Uri _address = new(url, $"/open-apis/bot/v2/hook/{Uri.EscapeDataString(token)}");

    public async Task<Outcome> SendAsync(ChannelMessage message, string address, CancellationToken cancellationToken)
    {
        var timestamp = http.Now.ToUnixTimeSeconds();
        var body = ProviderHttp.Write(json =>
        {
            json.WriteString("timestamp"u8, timestamp.ToString(CultureInfo.InvariantCulture));
            json.WriteString("sign"u8, Sign(secret, timestamp));
            json.WriteString("msg_type"u8, "text"u8);
            json.WriteStartObject("content"u8);
            // A device's name must not mention anybody: tags are ours alone.
            var text = message.Body(TextBytesMax).Replace('<', '＜');
            json.WriteString("text"u8, address.Length == 0 ? text : $"{text}\n<at user_id=\"{address}\"></at>");
            json.WriteEndObject();
        });
        return Judge(await http.PostAsync(_address, body, cancellationToken));
    }

    /// <summary>A refusal has <c>code</c>, and may have <c>StatusCode</c> 0 beside it.</summary>
    private static Outcome Judge(ProviderAnswer answer) => (answer.Value("code") ?? answer.Value("StatusCode")) switch
    {
        null => answer.Unusable(),
        "0" => new Outcome.Accepted(),
        // The one code for a bad request is also that of too many.
        "9499" when (answer.Value("msg") ?? answer.Value("StatusMessage") ?? "").Contains("too many", StringComparison.OrdinalIgnoreCase) => ProviderCodes.Feishu.Judge("11232"),
        var code => ProviderCodes.Feishu.Judge(code),
    };

    /// <summary>HMAC-SHA256 with <c>timestamp\nsecret</c> as the key over nothing, the time in s.</summary>
    public static string Sign(string secret, long timestampS) => Convert.ToBase64String(HMACSHA256.HashData(
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{timestampS}\n{secret}")), Array.Empty<byte>()));
}

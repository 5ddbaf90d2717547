using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace FacilityMonitor.OnCall.Channels;

/// <summary>DingTalk's custom group bot (钉钉自定义机器人) with a signature. More than 20 messages a minute lock it for ten minutes.</summary>
internal sealed class DingTalkBot(ProviderHttp http, Uri url, string token, string secret) : INotifier
{
    /// <summary>Bytes of UTF-8 that we use of a text. A body may have 20,000; a telephone shows less than this.</summary>
    public const int TextBytesMax = 4_000;

    public async Task<Outcome> SendAsync(ChannelMessage message, string address, CancellationToken cancellationToken)
    {
        var isPhone = PhoneNumber.Is(address);
        var body = ProviderHttp.Write(json =>
        {
            json.WriteString("msgtype"u8, "text"u8);
            json.WriteStartObject("text"u8);
            // The number has to stand in the text too, or nobody is mentioned.
            json.WriteString("content"u8, message.Body(TextBytesMax) + (address.Length == 0 ? "" : $"\n@{address}"));
            json.WriteEndObject();
            if (address.Length == 0)
                return;
            json.WriteStartObject("at"u8);
            json.WriteStartArray(isPhone ? "atMobiles"u8 : "atUserIds"u8);
            json.WriteStringValue(address);
            json.WriteEndArray();
            json.WriteEndObject();
        });
        return Judge(await http.PostAsync(Signed(http.Now), body, cancellationToken));
    }

    /// <summary>HMAC-SHA256 with the secret over <c>timestamp\nsecret</c>, the time in ms.</summary>
    public static string Sign(string secret, long timestampMs) => Convert.ToBase64String(HMACSHA256.HashData(
        Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{timestampMs}\n{secret}"))));

    /// <summary>The address with a signature of this moment: it is good for an hour. Escaped once; twice is the refusal 310000.</summary>
    private Uri Signed(DateTimeOffset now)
    {
        var timestamp = now.ToUnixTimeMilliseconds();
        return new Uri(url, string.Create(
            CultureInfo.InvariantCulture, $"/robot/send?access_token={Uri.EscapeDataString(token)}&timestamp={timestamp}&sign={Uri.EscapeDataString(Sign(secret, timestamp))}"));
    }

    private static Outcome Judge(ProviderAnswer answer)
    {
        // While it is locked it also answers {"status":1111,"wait":5,"punish":…} without an errcode.
        if (answer.Value("errcode") is null && answer.Value("status") is "1111")
            return ProviderCodes.DingTalk.Judge("130101");
        return answer.Value("errcode") switch
        {
            null => answer.Unusable(),
            "0" => new Outcome.Accepted(),
            var code => ProviderCodes.DingTalk.Judge(code),
        };
    }
}

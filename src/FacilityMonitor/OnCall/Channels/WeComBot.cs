using System.Text.Json;

namespace FacilityMonitor.OnCall.Channels;

/// <summary>WeCom's group bot (企业微信群机器人). It answers 200 to everything; <c>errcode</c> says what became of it.</summary>
/// <param name="http">The way out.</param>
/// <param name="url">Where WeCom is.</param>
/// <param name="key">The bot's key: whoever knows it can write to the group.</param>
internal sealed class WeComBot(ProviderHttp http, Uri url, string key) : INotifier
{
    /// <summary>Bytes of UTF-8 in a text; one more is refused as 40058.</summary>
    public const int TextBytesMax = 2_048;

    private readonly Uri _address = new(url, $"/cgi-bin/webhook/send?key={Uri.EscapeDataString(key)}");

    public async Task<Outcome> SendAsync(ChannelMessage message, string address, CancellationToken cancellationToken)
    {
        var body = ProviderHttp.Write(json =>
        {
            json.WriteString("msgtype"u8, "text"u8);
            json.WriteStartObject("text"u8);
            json.WriteString("content"u8, message.Body(TextBytesMax));
            Mention(json, address);
            json.WriteEndObject();
        });
        return Judge(await http.PostAsync(_address, body, cancellationToken));
    }

    private static void Mention(Utf8JsonWriter json, string address)
    {
        if (address.Length == 0)
            return;
        json.WriteStartArray(PhoneNumber.Is(address) ? "mentioned_mobile_list"u8 : "mentioned_list"u8);
        json.WriteStringValue(address);
        json.WriteEndArray();
    }

    private static Outcome Judge(ProviderAnswer answer) => answer.Value("errcode") switch
    {
        null => answer.Unusable(),
        "0" => new Outcome.Accepted(),
        var code => ProviderCodes.WeCom.Judge(code),
    };
}

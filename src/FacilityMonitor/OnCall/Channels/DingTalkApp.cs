using System.Text.Json;
using FacilityMonitor.Registry;

namespace FacilityMonitor.OnCall.Channels;

/// <summary>Messages of a DingTalk app's bot (钉钉企业内部应用机器人) to one member, who can answer them: see <see cref="Answers.DingTalkStream"/>.</summary>
/// <remarks>
/// Markdown, because only there a link can be pressed that sends the answer (<c>dtmd://dingtalkclient/sendMessage</c>, known from its use in many projects; the words to
/// type stand beside it). Sources: DingTalk Open Platform, "Send messages with app bots" (<c>msgParam</c> up to 15,000 bytes) and its SDK of <c>robot_1_0</c> (request, answer,
/// the three lists of whom it was not sent to). How many messages a minute it takes is in no document at hand.
/// </remarks>
internal sealed class DingTalkApp : INotifier, IDisposable
{
    /// <summary>Bytes of UTF-8 that we use of a text, what to press included. 15,000 are allowed; a telephone shows less than this.</summary>
    public const int TextBytesMax = 4_000;

    private const int TitleBytesMax = 120;

    private readonly ProviderHttp _http;
    private readonly Uri _url;
    private readonly string _robot;
    private readonly AccessToken _token;

    /// <param name="http">The way out.</param>
    /// <param name="url">Where DingTalk is.</param>
    /// <param name="client">Client id (AppKey) of the app.</param>
    /// <param name="secret">Its client secret (AppSecret).</param>
    /// <param name="robot">Code of its bot.</param>
    public DingTalkApp(ProviderHttp http, Uri url, string client, string secret, string robot)
    {
        (_http, _url, _robot) = (http, url, robot);
        var body = ProviderHttp.Write(json =>
        {
            json.WriteString("appKey"u8, client);
            json.WriteString("appSecret"u8, secret);
        });
        _token = new AccessToken(http, async cancellationToken => ReadToken(await http.PostAsync(new Uri(url, "/v1.0/oauth2/accessToken"), body, cancellationToken)));
    }

    public void Dispose() => _token.Dispose();

    public Task<Outcome> SendAsync(ChannelMessage message, string address, CancellationToken cancellationToken)
    {
        var body = Body(message, address);
        return _token.SendAsync(
            token =>
            {
                var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_url, "/v1.0/robot/oToMessages/batchSend")) { Content = ProviderHttp.Json(body) };
                request.Headers.Add("x-acs-dingtalk-access-token", token);
                return _http.SendAsync(request, cancellationToken);
            },
            answer => answer.Value("code") == "InvalidAuthentication", answer => Judge(answer, address), cancellationToken);
    }

    public async Task<Outcome?> ProbeAsync(CancellationToken cancellationToken) => await _token.ProbeAsync(cancellationToken);

    private byte[] Body(ChannelMessage message, string address)
    {
        var tail = Tail(message);
        var plain = message with { Brief = Plain(message.Brief), Text = Plain(message.Text) };
        var param = ProviderHttp.Write(json =>
        {
            json.WriteString("title"u8, plain.Title(TitleBytesMax));
            // Two blanks end a line in markdown.
            json.WriteString("text"u8, plain.Body(TextBytesMax - ChannelMessage.Bytes(tail)).Replace("\n", "  \n", StringComparison.Ordinal) + tail);
        });
        return ProviderHttp.Write(json =>
        {
            json.WriteString("robotCode"u8, _robot);
            json.WriteStartArray("userIds"u8);
            json.WriteStringValue(address);
            json.WriteEndArray();
            json.WriteString("msgKey"u8, "sampleMarkdown"u8);
            // JSON within a text within JSON: so it is documented.
            json.WriteString("msgParam"u8, param);
        });
    }

    /// <summary>A text that markdown leaves as it is: a device's name must be neither a link nor a headline.</summary>
    private static LocalText Plain(LocalText text) => new(Plain(text.Zh), Plain(text.En));

    private static string Plain(string text) => text.Replace('[', '［').Replace(']', '］').Replace('*', '＊').Replace('`', '｀').Replace('<', '＜');

    private static string Tail(ChannelMessage message)
    {
        if (message.AnswerCode is not { } code)
            return "";
        var isEnglish = message.Language == "en";
        var phrase = AnswerCode.Phrase(code, isEnglish);
        var link = "dtmd://dingtalkclient/sendMessage?content=" + Uri.EscapeDataString(phrase);
        return isEnglish ? $"\n\n[I take care of it]({link}), or answer: {phrase}" : $"\n\n[我来处理]({link})，或回复：{phrase}";
    }

    private static Outcome Judge(ProviderAnswer answer, string address)
    {
        if (answer.Json is not { } json)
            return answer.Unusable();
        if (answer.Value("code") is { } code)
            return ProviderCodes.DingTalkApp.Judge(code);
        // Taken as a call, and told to nobody.
        if (IsIn(json, "flowControlledStaffIdList", address))
            return new Outcome.Failed(Fault.AddressLimited, "flow-controlled", TimeSpan.FromSeconds(60));
        foreach (var list in (string[])["invalidStaffIdList", "filteredStaffIdList"])
        {
            if (IsIn(json, list, address))
                return new Outcome.Failed(Fault.WrongAddress, list);
        }

        return answer.Status == 200 && answer.Value("processQueryKey") is { Length: > 0 } key ? new Outcome.Accepted(key) : answer.Unusable();
    }

    private static bool IsIn(JsonElement json, string list, string address) => json.TryGetProperty(list, out var members)
        && members.ValueKind == JsonValueKind.Array && members.EnumerateArray().Any(member => member.ValueKind == JsonValueKind.String && member.GetString() == address);

    private static TokenAnswer ReadToken(ProviderAnswer answer)
    {
        if (answer.Value("accessToken") is { Length: > 0 } token)
            return new TokenAnswer(token, TimeSpan.FromSeconds(answer.Number("expireIn")), null);
        return new TokenAnswer(null, default, answer.Value("code") is { } code ? ProviderCodes.DingTalkApp.Judge(code) : answer.Unusable());
    }
}

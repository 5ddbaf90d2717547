namespace FacilityMonitor.OnCall.Channels;

/// <summary>Messages of a WeCom app (企业微信应用消息) to one member.</summary>
/// <remarks>
/// More than 30 messages a minute to a member vanish without an error: only <see cref="ChannelKinds"/>' limit prevents that. The provider's duplicate check
/// makes a message that is sent again after a crash or a lost answer the same message; it compares the whole body, so that must not change between attempts.
/// </remarks>
internal sealed class WeComApp : INotifier, IDisposable
{
    /// <summary>Bytes of UTF-8 in a text; WeCom cuts what is longer, wherever that may be.</summary>
    public const int TextBytesMax = 2_048;

    /// <summary>The longest that identical messages can be checked for.</summary>
    private const int DuplicateCheckS = 1_800;

    private readonly ProviderHttp _http;
    private readonly Uri _url;
    private readonly int _agent;
    private readonly AccessToken _token;

    /// <param name="http">The way out.</param>
    /// <param name="url">Where WeCom is.</param>
    /// <param name="corporation">Id of the corporation.</param>
    /// <param name="agent">Id of the app.</param>
    /// <param name="secret">The app's secret.</param>
    public WeComApp(ProviderHttp http, Uri url, string corporation, int agent, string secret)
    {
        (_http, _url, _agent) = (http, url, agent);
        var address = new Uri(url, $"/cgi-bin/gettoken?corpid={Uri.EscapeDataString(corporation)}&corpsecret={Uri.EscapeDataString(secret)}");
        _token = new AccessToken(http, async cancellationToken => ReadToken(await http.SendAsync(new HttpRequestMessage(HttpMethod.Get, address), cancellationToken)));
    }

    public void Dispose() => _token.Dispose();

    public Task<Outcome> SendAsync(ChannelMessage message, string address, CancellationToken cancellationToken)
    {
        var body = Body(message, address);
        return _token.SendAsync(
            token => _http.PostAsync(new Uri(_url, $"/cgi-bin/message/send?access_token={Uri.EscapeDataString(token)}"), body, cancellationToken),
            answer => answer.Value("errcode") is "40014" or "42001", answer => Judge(answer, address), cancellationToken);
    }

    public async Task<Outcome?> ProbeAsync(CancellationToken cancellationToken) => await _token.ProbeAsync(cancellationToken);

    private byte[] Body(ChannelMessage message, string address) => ProviderHttp.Write(json =>
    {
        json.WriteString("touser"u8, address);
        json.WriteString("msgtype"u8, "text"u8);
        json.WriteNumber("agentid"u8, _agent);
        json.WriteStartObject("text"u8);
        json.WriteString("content"u8, message.Body(TextBytesMax));
        json.WriteEndObject();
        json.WriteNumber("enable_duplicate_check"u8, 1);
        json.WriteNumber("duplicate_check_interval"u8, DuplicateCheckS);
    });

    private static Outcome Judge(ProviderAnswer answer, string address)
    {
        var code = answer.Value("errcode");
        if (code is null)
            return answer.Unusable();
        if (code is "40014" or "42001")
            return new Outcome.Failed(Fault.Passing, code);
        if (code != "0")
            return ProviderCodes.WeCom.Judge(code);
        // Accepted as a call, and told to nobody: the member is not in the app's range, or has no licence.
        foreach (var list in (string[])["invaliduser", "unlicenseduser"])
        {
            if (answer.Value(list) is { Length: > 0 } members && members.Split('|').Contains(address, StringComparer.OrdinalIgnoreCase))
                return new Outcome.Failed(Fault.WrongAddress, list);
        }

        return new Outcome.Accepted(answer.Value("msgid"));
    }

    private static TokenAnswer ReadToken(ProviderAnswer answer) => answer.Value("errcode") switch
    {
        null => new TokenAnswer(null, default, answer.Unusable()),
        "0" => new TokenAnswer(answer.Value("access_token"), TimeSpan.FromSeconds(answer.Number("expires_in")), null),
        var code => new TokenAnswer(null, default, ProviderCodes.WeCom.Judge(code)),
    };
}

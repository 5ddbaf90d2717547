using System.Globalization;

namespace FacilityMonitor.OnCall.Channels;

/// <summary>Messages of a WeCom app (企业微信应用消息) to one member.</summary>
/// <remarks>
/// More than 30 messages a minute to a member vanish without an error: only <see cref="ChannelKinds"/>' limit prevents that. The provider's duplicate check
/// makes a message that is sent again after a crash or a lost answer the same message; it compares the whole body, so that must not change between attempts.
/// </remarks>
internal sealed class WeComApp(ProviderHttp http, Uri url, string corporation, int agent, string secret) : INotifier, IDisposable
{
    /// <summary>Bytes of UTF-8 in a text; WeCom cuts what is longer, wherever that may be.</summary>
    public const int TextBytesMax = 2_048;

    /// <summary>The longest that identical messages can be checked for.</summary>
    private const int DuplicateCheckS = 1_800;

    /// <summary>A token is fetched anew so long before it ends: the clocks of both sides differ.</summary>
    private static readonly TimeSpan TokenMargin = TimeSpan.FromMinutes(5);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private (string Value, DateTimeOffset Until)? _token;

    public void Dispose() => _turn.Dispose();

    public async Task<Outcome> SendAsync(ChannelMessage message, string address, CancellationToken cancellationToken)
    {
        var body = Body(message, address);
        for (var isSecondTime = false; ; isSecondTime = true)
        {
            var (token, fault) = await TokenAsync(cancellationToken);
            if (token is null)
                return fault!;
            var answer = await http.PostAsync(new Uri(url, $"/cgi-bin/message/send?access_token={Uri.EscapeDataString(token)}"), body, cancellationToken);
            // The administrator, or another program with the same secret, may end a token before its time.
            if (answer.Value("errcode") is "40014" or "42001" && !isSecondTime)
            {
                await ForgetAsync(token, cancellationToken);
                continue;
            }

            return Judge(answer, address);
        }
    }

    public async Task<Outcome?> ProbeAsync(CancellationToken cancellationToken)
    {
        var (token, fault) = await TokenAsync(cancellationToken);
        return token is null ? fault : new Outcome.Accepted();
    }

    private byte[] Body(ChannelMessage message, string address) => ProviderHttp.Write(json =>
    {
        json.WriteString("touser"u8, address);
        json.WriteString("msgtype"u8, "text"u8);
        json.WriteNumber("agentid"u8, agent);
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

    private async Task<(string? Token, Outcome.Failed? Fault)> TokenAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_token is { } known && http.Now < known.Until)
                return (known.Value, null);
            var address = new Uri(url, $"/cgi-bin/gettoken?corpid={Uri.EscapeDataString(corporation)}&corpsecret={Uri.EscapeDataString(secret)}");
            var answer = await http.SendAsync(new HttpRequestMessage(HttpMethod.Get, address), cancellationToken);
            var code = answer.Value("errcode");
            if (code is null)
                return (null, answer.Unusable());
            if (code != "0")
                return (null, ProviderCodes.WeCom.Judge(code));
            if (answer.Value("access_token") is not { Length: > 0 } token)
                return (null, new Outcome.Failed(Fault.Passing, "no-token"));
            var seconds = int.TryParse(answer.Value("expires_in"), NumberStyles.None, CultureInfo.InvariantCulture, out var told) ? told : 0;
            _token = (token, http.Now + TimeSpan.FromSeconds(seconds) - TokenMargin);
            return (token, null);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task ForgetAsync(string token, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        // Somebody else may have fetched a new one meanwhile.
        if (_token?.Value == token)
            _token = null;
        _turn.Release();
    }
}

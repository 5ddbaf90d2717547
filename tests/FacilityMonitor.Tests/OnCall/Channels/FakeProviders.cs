using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace FacilityMonitor.Tests.OnCall.Channels;

/// <summary>A message that really got through, as the provider's own ledger has it.</summary>
internal sealed record Arrival(DateTimeOffset At, string Provider, string Address, string Text, int Bytes);

/// <summary>What goes wrong on the way, whatever the provider thinks.</summary>
internal enum Mischief
{
    None,

    /// <summary>A page with 200 instead of the provider: a captive portal.</summary>
    Html,

    /// <summary>200 with nothing in it.</summary>
    Empty,

    /// <summary>The gateway in front of the provider.</summary>
    BadGateway,

    /// <summary>The connection is lost before the provider sees anything.</summary>
    LostBefore,

    /// <summary>The provider takes it, and the connection is lost before it can say so.</summary>
    LostAfter,

    /// <summary>The provider takes it, says 200, and the body never comes.</summary>
    SlowBody,
}

/// <summary>
/// Providers that keep to their documented rules, and a ledger of what truly got through, to be compared with what a client claims. Limits slide or start on
/// the clock: nobody outside knows which. Their own code computes every signature anew; nothing is shared with the clients.
/// </summary>
internal sealed class FakeProviders(ManualTime time) : HttpMessageHandler
{
    public const string Secret = "SEC0123456789abcdef";
    public const string Key = "key-6f1d2c3b";

    private readonly Lock _gate = new();
    private readonly List<Arrival> _ledger = [];
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, string> _replaced = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<DateTimeOffset>> _counted = [];
    private readonly Dictionary<string, DateTimeOffset> _seen = [];
    private readonly HashSet<string> _nights = [];
    private readonly Dictionary<string, DateTimeOffset> _tokens = [];
    private DateTimeOffset _dingTalkLockedUntil;
    private int _receipts;

    /// <summary>What really arrived.</summary>
    public IReadOnlyList<Arrival> Ledger
    {
        get
        {
            lock (_gate)
                return [.. _ledger];
        }
    }

    /// <summary>Requests seen, whatever became of them.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>What happens to a request; asked anew for each.</summary>
    public Func<HttpRequestMessage, Mischief> Mischief { get; set; } = _ => Channels.Mischief.None;

    /// <summary>A code that the provider answers with instead of taking it.</summary>
    public string? Refuse { get; set; }

    /// <summary>What a refusal says beside its code.</summary>
    public string RefusalText { get; set; } = "refused";

    /// <summary>Whether limits count by the clock's minute instead of the last 60 s.</summary>
    public bool IsFixedWindow { get; set; }

    /// <summary>How far the provider's clock is ahead.</summary>
    public TimeSpan ClockAhead { get; set; }

    /// <summary>Members of WeCom and numbers that exist; null: all.</summary>
    public string? OnlyAddress { get; set; }

    /// <summary>How long an answer takes; on the moved clock.</summary>
    public TimeSpan Latency { get; set; }

    public DateTimeOffset Now => time.GetUtcNow() + ClockAhead;

    /// <summary>Ends every token now, as an administrator can.</summary>
    public void RevokeTokens()
    {
        lock (_gate)
            _tokens.Clear();
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        if (Latency > TimeSpan.Zero)
            await Task.Delay(Latency, time, cancellationToken);
        Mischief mischief;
        lock (_gate)
        {
            Requests.Add($"{request.RequestUri} {Encoding.UTF8.GetString(body)}");
            mischief = Mischief(request);
        }

        switch (mischief)
        {
            case Channels.Mischief.Html:
                return Answer("<html><body>Please sign in to the guest network</body></html>", "text/html");
            case Channels.Mischief.Empty:
                return Answer("");
            case Channels.Mischief.BadGateway:
                return Answer("<html>502</html>", "text/html", HttpStatusCode.BadGateway);
            case Channels.Mischief.LostBefore:
                throw new HttpRequestException(HttpRequestError.ConnectionError);
            default:
                break;
        }

        HttpResponseMessage answer;
        lock (_gate)
            answer = Judge(request, body);
        if (mischief == Channels.Mischief.LostAfter)
            throw new HttpRequestException(HttpRequestError.ResponseEnded);
        if (mischief == Channels.Mischief.SlowBody)
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new EndlessWait(time)) };
        return answer;
    }

    private HttpResponseMessage Judge(HttpRequestMessage request, byte[] body)
    {
        var url = request.RequestUri!;
        return (url.Host, url.AbsolutePath) switch
        {
            ("wecom.test", "/cgi-bin/webhook/send") => WeComBot(url, body),
            ("wecom.test", "/cgi-bin/gettoken") => WeComToken(url),
            ("wecom.test", "/cgi-bin/message/send") => WeComApp(url, body),
            ("dingtalk.test", "/robot/send") => DingTalk(url, body),
            ("dingtalk.test", "/v1.0/oauth2/accessToken") => DingTalkToken(body),
            ("dingtalk.test", "/v1.0/robot/oToMessages/batchSend") => DingTalkApp(request, body),
            ("feishu.test", _) => Feishu(url, body),
            ("aliyun.test", "/") => Aliyun(request, url, body),
            ("tencent.test", "/") => Tencent(request, body),
            ("ntfy.test", "/") => Ntfy(request, body),
            ("webhook.test", "/hook") => Webhook(request, body),
            _ => Answer("<html>404</html>", "text/html", HttpStatusCode.NotFound),
        };
    }

    private HttpResponseMessage WeComBot(Uri url, byte[] body)
    {
        if (Query(url)["key"] != Key)
            return Code("errcode", "93000", "errmsg");
        if (Refuse is not null)
            return Code("errcode", Refuse, "errmsg");
        var text = Parse(body).GetProperty("text").GetProperty("content").GetString()!;
        if (text.Length == 0)
            return Code("errcode", "44004", "errmsg");
        if (Encoding.UTF8.GetByteCount(text) > 2_048)
            return Code("errcode", "40058", "errmsg");
        if (!Fits("wecom-bot", 20, 60))
            return Code("errcode", "45009", "errmsg");
        Arrive("wecom-bot", "", text);
        return Code("errcode", "0", "errmsg");
    }

    private HttpResponseMessage WeComToken(Uri url)
    {
        var query = Query(url);
        if (query["corpid"] != "ww1")
            return Code("errcode", "40013", "errmsg");
        if (query["corpsecret"] != Secret)
            return Code("errcode", "40001", "errmsg");
        var token = $"token-{_tokens.Count}-{Now.ToUnixTimeSeconds()}-{++_receipts}";
        _tokens[token] = Now + TimeSpan.FromSeconds(7_200);
        return Answer($$"""{"errcode":0,"errmsg":"ok","access_token":"{{token}}","expires_in":7200}""");
    }

    private HttpResponseMessage WeComApp(Uri url, byte[] body)
    {
        if (!_tokens.TryGetValue(Query(url)["access_token"]!, out var until))
            return Code("errcode", "40014", "errmsg");
        if (Now >= until)
            return Code("errcode", "42001", "errmsg");
        if (Refuse is not null)
            return Code("errcode", Refuse, "errmsg");
        var json = Parse(body);
        var (member, text) = (json.GetProperty("touser").GetString()!, json.GetProperty("text").GetProperty("content").GetString()!);
        if (json.GetProperty("agentid").GetInt32() != 1_000_002)
            return Code("errcode", "40056", "errmsg");
        if (OnlyAddress is not null && member != OnlyAddress)
            return Answer($$"""{"errcode":0,"errmsg":"ok","invaliduser":"{{member}}","msgid":"m"}""");
        // WeCom does not refuse what is too long: it cuts, and who cuts in the middle of a character leaves a torn one.
        var bytes = Encoding.UTF8.GetBytes(text);
        var cut = bytes.Length > 2_048 ? Encoding.UTF8.GetString(bytes[..2_048]) : text;
        var isAgain = json.TryGetProperty("enable_duplicate_check", out var check) && check.GetInt32() == 1
            && !IsNew("wecom-app" + Convert.ToHexString(SHA256.HashData(body)), json.GetProperty("duplicate_check_interval").GetInt32());
        // More than 30 a minute to a member vanish without an error.
        if (!isAgain && Fits("wecom-app/" + member, 30, 60))
            Arrive("wecom-app", member, cut);
        return Answer($$"""{"errcode":0,"errmsg":"ok","msgid":"m{{++_receipts}}"}""");
    }

    private HttpResponseMessage DingTalk(Uri url, byte[] body)
    {
        var query = Query(url);
        if (query["access_token"] != Key)
            return Code("errcode", "300001", "errmsg");
        if (!long.TryParse(query["timestamp"], out var timestamp) || Math.Abs((Now - DateTimeOffset.FromUnixTimeMilliseconds(timestamp)).TotalHours) > 1)
            return Code("errcode", "310000", "errmsg");
        var sign = Convert.ToBase64String(new HMACSHA256(Encoding.UTF8.GetBytes(Secret)).ComputeHash(Encoding.UTF8.GetBytes(timestamp + "\n" + Secret)));
        if (query["sign"] != sign)
            return Code("errcode", "310000", "errmsg");
        if (Refuse is not null)
            return Code("errcode", Refuse, "errmsg");
        if (Now < _dingTalkLockedUntil)
            return Answer("""{"status":1111,"wait":5,"source":"x5","punish":"deny"}""");
        if (body.Length > 20_000)
            return Code("errcode", "460101", "errmsg");
        if (!Fits("dingtalk", 20, 60))
        {
            _dingTalkLockedUntil = Now + TimeSpan.FromMinutes(10);
            return Code("errcode", "130101", "errmsg");
        }

        Arrive("dingtalk-bot", "", Parse(body).GetProperty("text").GetProperty("content").GetString()!);
        return Code("errcode", "0", "errmsg");
    }

    private HttpResponseMessage DingTalkToken(byte[] body)
    {
        var json = Parse(body);
        if (json.GetProperty("appKey").GetString() != "dingapp1" || json.GetProperty("appSecret").GetString() != Secret)
            return Answer("""{"requestid":"R","code":"invalidClientIdOrSecret","message":"无效的clientId或者clientSecret"}""", status: HttpStatusCode.BadRequest);
        var token = $"dingtoken-{++_receipts}";
        _tokens[token] = Now + TimeSpan.FromSeconds(7_200);
        return Answer($$"""{"accessToken":"{{token}}","expireIn":7200}""");
    }

    private HttpResponseMessage DingTalkApp(HttpRequestMessage request, byte[] body)
    {
        var token = request.Headers.TryGetValues("x-acs-dingtalk-access-token", out var values) ? values.Single() : "";
        if (!_tokens.TryGetValue(token, out var until) || Now >= until)
            return DingTalkApp("InvalidAuthentication");
        if (Refuse is not null)
            return DingTalkApp(Refuse);
        var json = Parse(body);
        if (json.GetProperty("robotCode").GetString() != "dingapp1")
            return DingTalkApp("invalidParameter.robotCode.auth");
        if (json.GetProperty("userIds").GetArrayLength() is 0 or > 20)
            return DingTalkApp("invalidParameter.userIds.overMax");
        if (json.GetProperty("msgKey").GetString() != "sampleMarkdown")
            return DingTalkApp("invalidParameter.msgKey.invalid");
        // It is a text that holds JSON, not JSON.
        if (json.GetProperty("msgParam").ValueKind != JsonValueKind.String || json.GetProperty("msgParam").GetString() is not { } param)
            return DingTalkApp("invalidParameter.msgParam.invalid");
        if (Encoding.UTF8.GetByteCount(param) > 15_000)
            return DingTalkApp("invalidParameter.msgParam.tooLong");
        var member = json.GetProperty("userIds")[0].GetString()!;
        if (OnlyAddress is not null && member != OnlyAddress)
            return Answer($$"""{"processQueryKey":"q{{++_receipts}}","invalidStaffIdList":["{{member}}"],"flowControlledStaffIdList":[]}""");
        if (!Fits("dingtalk-app/" + member, 40, 60))
            return Answer($$"""{"processQueryKey":"q{{++_receipts}}","invalidStaffIdList":[],"flowControlledStaffIdList":["{{member}}"]}""");
        Arrive("dingtalk-app", member, Parse(Encoding.UTF8.GetBytes(param)).GetProperty("text").GetString()!);
        return Answer($$"""{"processQueryKey":"q{{++_receipts}}","invalidStaffIdList":[],"flowControlledStaffIdList":[]}""");
    }

    private static HttpResponseMessage DingTalkApp(string code) => Answer(
        $$"""{"code":"{{code}}","requestid":"R","message":"refused"}""", status: code == "ServiceUnavailable" ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.BadRequest);

    private HttpResponseMessage Feishu(Uri url, byte[] body)
    {
        if (url.AbsolutePath != "/open-apis/bot/v2/hook/" + Key)
            return Code("code", "19001", "msg");
        if (body.Length > 20 * 1_024)
            return Code("code", "9499", "msg", HttpStatusCode.BadRequest);
        var json = Parse(body);
        var time = json.TryGetProperty("timestamp", out var written) && written.ValueKind == JsonValueKind.String ? written.GetString()! : "";
        if (!long.TryParse(time, out var timestamp) || Math.Abs((Now - DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(timestamp, 0, 253_402_300_799))).TotalHours) > 1)
            return Code("code", "19021", "msg");
        var sign = Convert.ToBase64String(new HMACSHA256(Encoding.UTF8.GetBytes(time + "\n" + Secret)).ComputeHash([]));
        if (json.GetProperty("sign").GetString() != sign)
            return Code("code", "19021", "msg");
        if (Refuse is not null)
            return Code("code", Refuse, "msg");
        if (!Fits("feishu-s", 5, 1) || !Fits("feishu", 100, 60))
            return Code("code", "11232", "msg");
        Arrive("feishu-bot", "", json.GetProperty("content").GetProperty("text").GetString()!);
        return Answer("""{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}""");
    }

    private HttpResponseMessage Aliyun(HttpRequestMessage request, Uri url, byte[] body)
    {
        string Header(string name) => request.Headers.TryGetValues(name, out var values) ? values.Single() : "";
        if (!DateTimeOffset.TryParse(Header("x-acs-date"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date) || Math.Abs((Now - date).TotalMinutes) > 15)
            return Aliyun("InvalidTimeStamp.Expired");
        if (!IsNew("nonce" + Header("x-acs-signature-nonce"), 900))
            return Aliyun("SignatureNonceUsed");
        var names = "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version";
        var signed = string.Concat(names.Split(';').Select(name => $"{name}:{(name == "host" ? url.Authority : Header(name))}\n"));
        var hash = Convert.ToHexStringLower(SHA256.HashData(body));
        var canonical = $"POST\n/\n{url.Query.TrimStart('?')}\n{signed}\n{names}\n{hash}";
        var mac = new HMACSHA256(Encoding.UTF8.GetBytes(Secret)).ComputeHash(Encoding.UTF8.GetBytes("ACS3-HMAC-SHA256\n" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))));
        if (Header("Authorization") != $"ACS3-HMAC-SHA256 Credential=LTAI1,SignedHeaders={names},Signature={Convert.ToHexStringLower(mac)}" || Header("x-acs-content-sha256") != hash)
            return Aliyun("SignatureDoesNotMatch");
        if (Refuse is not null)
            return Aliyun(Refuse);
        var query = Query(url);
        var action = Header("x-acs-action");
        var isSms = action == "SendSms";
        var number = query.GetValueOrDefault(isSms ? "PhoneNumbers" : "CalledNumber") ?? "";
        if (number.Length == 0)
            return Aliyun("MissingPhoneNumbers");
        if (number.Length != 11 || (OnlyAddress is not null && number != OnlyAddress))
            return Aliyun("isv.MOBILE_NUMBER_ILLEGAL");
        if (query[isSms ? "TemplateCode" : action == "IvrCall" ? "StartCode" : "TtsCode"] != "T1")
            return Aliyun(isSms ? "isv.SMS_TEMPLATE_ILLEGAL" : "isv.TTS_TEMPLATE_ILLEGAL");
        var text = Parse(Encoding.UTF8.GetBytes(query[isSms ? "TemplateParam" : action == "IvrCall" ? "StartTtsParams" : "TtsParam"]!)).GetProperty("what").GetString()!;
        if (text.EnumerateRunes().Count() > 35)
            return Aliyun("isv.PARAM_LENGTH_LIMIT");
        if (text.Contains("://", StringComparison.Ordinal))
            return Aliyun("isv.PARAM_NOT_SUPPORT_URL");
        if (isSms ? !Fits("aliyun-sms/" + number, 50, 86_400) : !Fits("aliyun-m/" + number, 1, 60) || !Fits("aliyun-h/" + number, 5, 3_600) || !Fits("aliyun-d/" + number, 20, 86_400))
            return Aliyun("isv.BUSINESS_LIMIT_CONTROL");
        Arrive(isSms ? "aliyun-sms" : "aliyun-voice", number, text);
        return Answer($$"""{"Message":"OK","RequestId":"R","Code":"OK","BizId":"b{{++_receipts}}","CallId":"c{{_receipts}}"}""");
    }

    private HttpResponseMessage Tencent(HttpRequestMessage request, byte[] body)
    {
        string Header(string name) => request.Headers.TryGetValues(name, out var values) ? values.Single() : "";
        var isSms = Header("X-TC-Action") == "SendSms";
        var timestamp = long.Parse(Header("X-TC-Timestamp"), CultureInfo.InvariantCulture);
        if (Math.Abs((Now - DateTimeOffset.FromUnixTimeSeconds(timestamp)).TotalMinutes) > 5)
            return Tencent("AuthFailure.SignatureExpire");
        var date = DateTimeOffset.FromUnixTimeSeconds(timestamp).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var scope = $"{date}/{(isSms ? "sms" : "vms")}/tc3_request";
        var canonical = $"POST\n/\n\ncontent-type:{request.Content!.Headers.ContentType}\nhost:{request.RequestUri!.Authority}\n\ncontent-type;host\n{Convert.ToHexStringLower(SHA256.HashData(body))}";
        var toSign = $"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
        byte[] key = Encoding.UTF8.GetBytes("TC3" + Secret);
        foreach (var part in (string[])[date, isSms ? "sms" : "vms", "tc3_request", toSign])
            key = new HMACSHA256(key).ComputeHash(Encoding.UTF8.GetBytes(part));
        if (Header("Authorization") != $"TC3-HMAC-SHA256 Credential=AKID1/{scope}, SignedHeaders=content-type;host, Signature={Convert.ToHexStringLower(key)}")
            return Tencent("AuthFailure.SignatureFailure");
        var json = Parse(body);
        if (!json.EnumerateObject().Any())
            return Tencent("MissingParameter");
        if (Refuse is not null && (!isSms || Refuse.StartsWith("AuthFailure", StringComparison.Ordinal)))
            return Tencent(Refuse);
        var number = isSms ? json.GetProperty("PhoneNumberSet")[0].GetString()! : json.GetProperty("CalledNumber").GetString()!;
        var text = json.GetProperty("TemplateParamSet")[0].GetString()!;
        var refusal = Refuse;
        if (!number.StartsWith("+86", StringComparison.Ordinal) || number.Length != 14 || (OnlyAddress is not null && number != "+86" + OnlyAddress))
            refusal ??= "InvalidParameterValue.IncorrectPhoneNumber";
        else if (json.GetProperty("TemplateId").GetString() != "T1")
            refusal ??= "FailedOperation.TemplateIncorrectOrUnapproved";
        else if (isSms && !Fits("tencent-sms/" + number, 1, 30))
            refusal ??= "LimitExceeded.PhoneNumberThirtySecondLimit";
        else if (!isSms && (!Fits("tencent-s/" + number, 1, 30) || !Fits("tencent-m/" + number, 2, 600) || !Fits("tencent-d/" + number, 5, 86_400) || !FitsNight("tencent-n/" + number)))
            refusal ??= "LimitExceeded.DeliveryFrequencyLimit";
        if (refusal is null)
            Arrive(isSms ? "tencent-sms" : "tencent-voice", number[3..], text);
        if (!isSms)
            return refusal is null ? Answer($$$"""{"Response":{"SendStatus":{"CallId":"c{{{++_receipts}}}","SessionContext":""},"RequestId":"R"}}""") : Tencent(refusal);
        // The call is taken; each number has a fate of its own.
        return Answer($$$"""{"Response":{"SendStatusSet":[{"SerialNo":"s{{{++_receipts}}}","PhoneNumber":"{{{number}}}","Code":"{{{refusal ?? "Ok"}}}","Message":""}],"RequestId":"R"}}""");
    }

    /// <summary>What stands on the telephones in the place of a message of ntfy, by the id of that.</summary>
    public IReadOnlyDictionary<string, string> Replaced => _replaced;

    private HttpResponseMessage Ntfy(HttpRequestMessage request, byte[] body)
    {
        if (request.Headers.Authorization?.Parameter != Key)
            return Answer("""{"code":40101,"http":401,"error":"unauthorized"}""", status: HttpStatusCode.Unauthorized);
        if (Refuse is not null)
            return Answer($$"""{"code":{{Refuse.PadRight(5, '1')}},"http":{{Refuse[..3]}},"error":"refused"}""", status: (HttpStatusCode)int.Parse(Refuse[..3], CultureInfo.InvariantCulture));
        var json = Parse(body);
        var text = json.GetProperty("message").GetString()!;
        // A longer one is taken, and becomes a file.
        // From 2.16 on the telephone shows it in the place of the first.
        if (json.TryGetProperty("sequence_id", out var sequence))
            _replaced[sequence.GetString()!] = text;
        Arrive("ntfy", json.GetProperty("topic").GetString()!, Encoding.UTF8.GetByteCount(text) > 4_096 ? "[attachment]" : text);
        return Answer($$"""{"id":"n{{++_receipts}}","time":1,"event":"message","topic":"t"}""");
    }

    private HttpResponseMessage Webhook(HttpRequestMessage request, byte[] body)
    {
        var time = Now.ToUnixTimeSeconds();
        var header = request.Headers.TryGetValues("Facility-Signature", out var values) ? values.Single() : "";
        var parts = header.Split(',');
        var stamp = parts[0].StartsWith("t=", StringComparison.Ordinal) ? parts[0][2..] : "0";
        byte[] signed = [.. Encoding.UTF8.GetBytes(stamp + "."), .. body];
        if (Math.Abs(time - long.Parse(stamp, CultureInfo.InvariantCulture)) > 300 || parts[^1] != "v1=" + Convert.ToHexStringLower(new HMACSHA256(Encoding.UTF8.GetBytes(Secret)).ComputeHash(signed)))
            return Answer("bad signature", "text/plain", HttpStatusCode.Unauthorized);
        if (Refuse is not null)
            return Answer("refused", "text/plain", (HttpStatusCode)int.Parse(Refuse, CultureInfo.InvariantCulture));
        var json = Parse(body);
        if (IsNew("hook" + request.Headers.GetValues("Idempotency-Key").Single(), 86_400))
            Arrive("webhook", json.GetProperty("to").GetString()!, json.GetProperty("text").GetProperty("zh").GetString()! + json.GetProperty("link").GetString());
        return Answer("", "text/plain", HttpStatusCode.NoContent);
    }

    private void Arrive(string provider, string address, string text) => _ledger.Add(new Arrival(Now, provider, address, text, Encoding.UTF8.GetByteCount(text)));

    /// <summary>Counts one, and says whether there was room for it. What is refused is counted by nobody here.</summary>
    private bool Fits(string what, int max, int seconds)
    {
        if (!_counted.TryGetValue(what, out var moments))
            _counted[what] = moments = [];
        var window = TimeSpan.FromSeconds(seconds);
        var since = IsFixedWindow ? new DateTimeOffset(Now.Ticks - (Now.Ticks % window.Ticks), TimeSpan.Zero) : Now - window + TimeSpan.FromTicks(1);
        moments.RemoveAll(at => at < since);
        if (moments.Count >= max)
            return false;
        moments.Add(Now);
        return true;
    }

    /// <summary>One from 22 to 8 o'clock in Shanghai.</summary>
    private bool FitsNight(string what)
    {
        var sinceTen = Now.ToOffset(TimeSpan.FromHours(8)).AddHours(2);
        if (sinceTen.Hour >= 10)
            return true;
        return _nights.Add($"{what}/{sinceTen:yyyyMMdd}");
    }

    private bool IsNew(string what, int seconds)
    {
        if (_seen.TryGetValue(what, out var at) && Now - at < TimeSpan.FromSeconds(seconds))
            return false;
        _seen[what] = Now;
        return true;
    }

    private HttpResponseMessage Aliyun(string code) => Answer(
        $$"""{"RequestId":"R","HostId":"h","Code":"{{code}}","Message":"{{RefusalText}}"}""", status: code.StartsWith("is", StringComparison.Ordinal) ? HttpStatusCode.OK : HttpStatusCode.BadRequest);

    private static HttpResponseMessage Tencent(string code) => Answer($$$"""{"Response":{"Error":{"Code":"{{{code}}}","Message":"refused"},"RequestId":"R"}}""");

    private HttpResponseMessage Code(string name, string code, string text, HttpStatusCode status = HttpStatusCode.OK) =>
        Answer($$"""{"{{name}}":{{code}},"{{text}}":"{{(code == "0" ? "ok" : $"{RefusalText}, hint: [1], more: https://example.org/{code}")}}"}""", status: status);

    private static HttpResponseMessage Answer(string body, string type = "application/json", HttpStatusCode status = HttpStatusCode.OK) =>
        new(status) { Content = new StringContent(body, Encoding.UTF8, type) };

    private static JsonElement Parse(byte[] body) => JsonDocument.Parse(body).RootElement;

    /// <summary>The query, each part unescaped once.</summary>
    private static Dictionary<string, string?> Query(Uri url) => url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries)
        .Select(part => part.Split('=', 2)).ToDictionary(part => Uri.UnescapeDataString(part[0]), part => (string?)Uri.UnescapeDataString(part[1]));

    /// <summary>A body that comes when the clock has moved by an hour.</summary>
    private sealed class EndlessWait(ManualTime time) : MemoryStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(TimeSpan.FromHours(1), time, cancellationToken);
            return 0;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }
}

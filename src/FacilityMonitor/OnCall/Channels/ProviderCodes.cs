using System.Collections.Frozen;

namespace FacilityMonitor.OnCall.Channels;

/// <summary>What the codes of a provider mean for us. A code that nobody wrote down passes: it is tried again, and the next way comes in its time.</summary>
/// <param name="codes">Code, or the beginning of codes with <c>*</c> behind it; its class; seconds to wait, 0: ours to choose.</param>
internal sealed class ProviderCodes(params (string Code, Fault Fault, int WaitS)[] codes)
{
    /// <summary>WeCom, bots and apps.</summary>
    /// <remarks>
    /// Sources: 企业微信开发者中心, 全局错误码 (90455, read 2026-11); WxJava, <c>WxCpErrorMsgEnum</c>; 群机器人配置说明 (91770). Not found in any of them, known from the field
    /// only: 93004 (the bot was switched off) and 93008 (it is not in the group).
    /// </remarks>
    public static readonly ProviderCodes WeCom = new(
        ("-1", Fault.Passing, 0),
        ("45009", Fault.Limited, 60),
        ("45033", Fault.Limited, 5),
        ("40001", Fault.Misconfigured, 0),
        ("40013", Fault.Misconfigured, 0),
        ("40056", Fault.Misconfigured, 0),
        ("40091", Fault.Misconfigured, 0),
        ("48002", Fault.Misconfigured, 0),
        ("60020", Fault.Misconfigured, 0),
        ("93000", Fault.Misconfigured, 0),
        ("93004", Fault.Misconfigured, 0),
        ("93008", Fault.Misconfigured, 0),
        ("301002", Fault.Misconfigured, 0),
        ("40003", Fault.WrongAddress, 0),
        ("40031", Fault.WrongAddress, 0),
        ("46004", Fault.WrongAddress, 0),
        ("60111", Fault.WrongAddress, 0),
        ("81013", Fault.WrongAddress, 0),
        ("82001", Fault.WrongAddress, 0),
        ("40008", Fault.Unfit, 0),
        ("40035", Fault.Unfit, 0),
        ("40058", Fault.Unfit, 0),
        ("44004", Fault.Unfit, 0),
        ("45002", Fault.Unfit, 0));

    /// <summary>DingTalk's custom bot: too fast is a lock of ten minutes.</summary>
    /// <remarks>
    /// Sources: 钉钉开放平台, 自定义机器人接入 (20 a minute, then 10 min) and 自定义机器人发送群消息 (4001xx, 410100, 310000). That a wrong token is 300005 was observed by several
    /// projects against the real address; 300001 is its older code. Observed only, in no document at hand: 460101 (longer than 20,000 bytes), 660026 (limited).
    /// </remarks>
    public static readonly ProviderCodes DingTalk = new(
        ("-1", Fault.Passing, 0),
        ("130101", Fault.Limited, 600),
        ("410100", Fault.Limited, 600),
        ("660026", Fault.Limited, 600),
        ("300001", Fault.Misconfigured, 0),
        ("300005", Fault.Misconfigured, 0),
        ("310000", Fault.Misconfigured, 0),
        ("400013", Fault.Misconfigured, 0),
        ("400101", Fault.Misconfigured, 0),
        ("400102", Fault.Misconfigured, 0),
        ("400106", Fault.Misconfigured, 0),
        ("40035", Fault.Unfit, 0),
        ("43004", Fault.Unfit, 0),
        ("400105", Fault.Unfit, 0),
        ("460101", Fault.Unfit, 0));

    /// <summary>DingTalk's app interface, whose codes are words.</summary>
    /// <remarks>
    /// Sources: DingTalk Open Platform, error codes of "Send messages with app bots" (<c>invalidParameter.*</c>, <c>staffId.notExisted</c>), and its SDK of <c>robot_1_0</c>.
    /// <c>Forbidden.AccessDenied*</c> (a permission or the address of our server is missing), <c>Throttling*</c> and <c>ServiceUnavailable</c> are those of every interface
    /// of that gateway; not every one of them was found documented for this call.
    /// </remarks>
    public static readonly ProviderCodes DingTalkApp = new(
        ("staffId.notExisted", Fault.WrongAddress, 0),
        ("invalidParameter.userId*", Fault.WrongAddress, 0),
        ("invalidParameter.msg*", Fault.Unfit, 0),
        ("invalidParameter*", Fault.Misconfigured, 0),
        ("invalidClient*", Fault.Misconfigured, 0),
        ("InvalidAuthentication", Fault.Misconfigured, 0),
        ("Forbidden*", Fault.Misconfigured, 0),
        ("resource.not.found", Fault.Misconfigured, 0),
        ("bot.stopped", Fault.Misconfigured, 0),
        ("Throttling*", Fault.Limited, 60),
        ("ServiceUnavailable", Fault.Passing, 0));

    /// <summary>Feishu's custom bot. 9499 is two things, which its text tells apart; see <see cref="FeishuBot"/>.</summary>
    /// <remarks>
    /// Source: 飞书开放平台, 自定义机器人使用指南 (11232, 19021, 19022, 19024, 9499; read 2026-11). 19001, 19002 and 19007 (the bot is switched off) were observed by several
    /// projects; that guide does not name them.
    /// </remarks>
    public static readonly ProviderCodes Feishu = new(
        ("11232", Fault.Limited, 60),
        ("19001", Fault.Misconfigured, 0),
        ("19007", Fault.Misconfigured, 0),
        ("19021", Fault.Misconfigured, 0),
        ("19022", Fault.Misconfigured, 0),
        ("19024", Fault.Misconfigured, 0),
        ("19002", Fault.Unfit, 0),
        ("9499", Fault.Unfit, 0));

    /// <summary>Aliyun, short messages and calls. Which of its windows is full stands in the message; see <see cref="AliyunCloud"/>.</summary>
    /// <remarks>
    /// Sources: 阿里云短信服务, API错误码 (101346); 语音服务, API错误码 (178344); both read 2026-11. The codes without <c>isv</c> or <c>isp</c> are those of every interface
    /// (公共错误码); of those only SignatureDoesNotMatch and InvalidTimeStamp were found in the description of the signature (2593177).
    /// </remarks>
    public static readonly ProviderCodes Aliyun = new(
        ("isv.BUSINESS_LIMIT_CONTROL", Fault.AddressLimited, 60),
        ("isv.DAY_LIMIT_CONTROL", Fault.Limited, 3_600),
        ("isv.MONTH_LIMIT_CONTROL", Fault.Misconfigured, 0),
        ("isv.MOBILE_NUMBER_ILLEGAL", Fault.WrongAddress, 0),
        ("isv.MOBILE_COUNT_OVER_LIMIT", Fault.WrongAddress, 0),
        ("isv.DOMESTIC_NUMBER_NOT_SUPPORTED", Fault.WrongAddress, 0),
        // The person called had our number blocked.
        ("isv.COMPLAINT_REJECT", Fault.WrongAddress, 0),
        ("isv.INVALID_PARAMETERS", Fault.Unfit, 0),
        ("isv.PARAM_LENGTH_LIMIT", Fault.Unfit, 0),
        ("isv.PARAM_NOT_SUPPORT_URL", Fault.Unfit, 0),
        ("isv.BLACK_KEY_CONTROL_LIMIT", Fault.Unfit, 0),
        ("isv.INVALID_JSON_PARAM", Fault.Unfit, 0),
        ("isv.SMS_CONTENT_ILLEGAL", Fault.Unfit, 0),
        ("isv.TEMPLATE_PARAMS_ILLEGAL", Fault.Unfit, 0),
        ("isv.SYSTEM_ERROR", Fault.Passing, 0),
        ("isv.VOICE_CALL_FAIL", Fault.Passing, 0),
        // The key may not use this interface: that does not pass by itself, though its code begins like a fault of theirs.
        ("isp.RAM_PERMISSION_DENY", Fault.Misconfigured, 0),
        ("isp.*", Fault.Passing, 0),
        ("isv.*", Fault.Misconfigured, 0),
        ("Throttling*", Fault.Limited, 5),
        ("ServiceUnavailable", Fault.Passing, 0),
        ("InternalError", Fault.Passing, 0),
        ("InvalidAccessKeyId*", Fault.Misconfigured, 0),
        ("InvalidTimeStamp*", Fault.Misconfigured, 0),
        ("SignatureDoesNotMatch", Fault.Misconfigured, 0),
        ("SignatureNonceUsed", Fault.Passing, 0),
        ("Forbidden*", Fault.Misconfigured, 0));

    /// <summary>Tencent Cloud, short messages and calls.</summary>
    /// <remarks>Sources: tencentcloud-sdk-go, <c>sms/v20210111/errors.go</c> and <c>vms/v20200902/errors.go</c> (read 2026-11): every code there is named here or falls under a
    /// beginning that is; 公共错误码 of interface 3.0 for AuthFailure and RequestLimitExceeded.</remarks>
    public static readonly ProviderCodes Tencent = new(
        ("LimitExceeded.PhoneNumberThirtySecondLimit", Fault.AddressLimited, 30),
        ("LimitExceeded.PhoneNumberOneHourLimit", Fault.AddressLimited, 3_600),
        ("LimitExceeded.PhoneNumber*", Fault.AddressLimited, 3_600),
        ("LimitExceeded.DeliveryFrequencyLimit", Fault.AddressLimited, 60),
        ("LimitExceeded*", Fault.Limited, 600),
        ("RequestLimitExceeded*", Fault.Limited, 1),
        ("FailedOperation.PhoneNumberInBlacklist", Fault.WrongAddress, 0),
        ("InvalidParameterValue.IncorrectPhoneNumber", Fault.WrongAddress, 0),
        ("InvalidParameterValue.CalledNumber*", Fault.WrongAddress, 0),
        ("UnsupportedOperation.UnsuportedRegion", Fault.WrongAddress, 0),
        ("FailedOperation.ContainSensitiveWord", Fault.Unfit, 0),
        ("InvalidParameter.DirtyWordFound", Fault.Unfit, 0),
        ("InvalidParameterValue.ProhibitedUseUrlInTemplateParameter", Fault.Unfit, 0),
        ("InvalidParameterValue.TemplateParameter*", Fault.Unfit, 0),
        ("InvalidParameterValue.ContentLengthLimit", Fault.Unfit, 0),
        // Our clock is ten minutes off, or the key is wrong: "internal" is only how they are filed.
        ("InternalError.RequestTimeException", Fault.Misconfigured, 0),
        ("InternalError.RestApiInterfaceNotExist", Fault.Misconfigured, 0),
        ("InternalError.Sig*", Fault.Misconfigured, 0),
        ("InternalError*", Fault.Passing, 0),
        ("FailedOperation*", Fault.Misconfigured, 0),
        ("InvalidParameter*", Fault.Misconfigured, 0),
        ("MissingParameter*", Fault.Misconfigured, 0),
        ("UnauthorizedOperation*", Fault.Misconfigured, 0),
        ("UnsupportedOperation*", Fault.Misconfigured, 0),
        ("AuthFailure*", Fault.Misconfigured, 0));

    private readonly FrozenDictionary<string, (Fault Fault, int WaitS)> _exact =
        codes.Where(code => !code.Code.EndsWith('*')).ToFrozenDictionary(code => code.Code, code => (code.Fault, code.WaitS), StringComparer.Ordinal);

    /// <summary>The longer beginning is the narrower word.</summary>
    private readonly (string Beginning, Fault Fault, int WaitS)[] _beginnings =
        [.. codes.Where(code => code.Code.EndsWith('*')).Select(code => (code.Code[..^1], code.Fault, code.WaitS)).OrderByDescending(code => code.Item1.Length)];

    /// <summary>What a code means.</summary>
    public Outcome.Failed Judge(string code)
    {
        // A provider's code goes into logs and tables: a page in its place does not.
        var shown = code.Length <= 80 ? code : code[..80];
        if (_exact.TryGetValue(code, out var known))
            return Of(known.Fault, known.WaitS, shown);
        foreach (var (beginning, fault, waitS) in _beginnings)
        {
            if (code.StartsWith(beginning, StringComparison.Ordinal))
                return Of(fault, waitS, shown);
        }

        return new Outcome.Failed(Fault.Passing, shown);
    }

    private static Outcome.Failed Of(Fault fault, int waitS, string code) => new(fault, code, waitS == 0 ? null : TimeSpan.FromSeconds(waitS));
}

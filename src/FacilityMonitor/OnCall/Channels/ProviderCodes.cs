using System.Collections.Frozen;

namespace FacilityMonitor.OnCall.Channels;

/// <summary>What the codes of a provider mean for us. A code that nobody wrote down passes: it is tried again, and the next way comes in its time.</summary>
/// <param name="codes">Code, or the beginning of codes with <c>*</c> behind it; its class; seconds to wait, 0: ours to choose.</param>
internal sealed class ProviderCodes(params (string Code, Fault Fault, int WaitS)[] codes)
{
    /// <summary>WeCom, bots and apps. Source: developer.work.weixin.qq.com, global error codes (90313), and the issues named in the tests; 2025-09.</summary>
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
        ("60111", Fault.WrongAddress, 0),
        ("81013", Fault.WrongAddress, 0),
        ("40008", Fault.Unfit, 0),
        ("40058", Fault.Unfit, 0),
        ("44004", Fault.Unfit, 0),
        ("45002", Fault.Unfit, 0));

    /// <summary>DingTalk's custom bot: too fast is a lock of ten minutes. Source: open.dingtalk.com, custom robot access; 2025.</summary>
    public static readonly ProviderCodes DingTalk = new(
        ("-1", Fault.Passing, 0),
        ("130101", Fault.Limited, 600),
        ("300001", Fault.Misconfigured, 0),
        ("300005", Fault.Misconfigured, 0),
        ("310000", Fault.Misconfigured, 0),
        ("40035", Fault.Unfit, 0),
        ("400105", Fault.Unfit, 0));

    /// <summary>Feishu's custom bot. Source: open.feishu.cn, custom bot guide; 2025.</summary>
    public static readonly ProviderCodes Feishu = new(
        ("11232", Fault.Limited, 60),
        ("19001", Fault.Misconfigured, 0),
        ("19021", Fault.Misconfigured, 0),
        ("19022", Fault.Misconfigured, 0),
        ("19024", Fault.Misconfigured, 0),
        ("19002", Fault.Unfit, 0),
        ("9499", Fault.Unfit, 0));

    /// <summary>Aliyun, short messages and calls. Which of its windows is full stands in the message; see <see cref="AliyunCloud"/>. Source: help.aliyun.com 101346, 393521; 2025.</summary>
    public static readonly ProviderCodes Aliyun = new(
        ("isv.BUSINESS_LIMIT_CONTROL", Fault.AddressLimited, 60),
        ("isv.DAY_LIMIT_CONTROL", Fault.Limited, 3_600),
        ("isv.MONTH_LIMIT_CONTROL", Fault.Misconfigured, 0),
        ("isv.MOBILE_NUMBER_ILLEGAL", Fault.WrongAddress, 0),
        ("isv.MOBILE_COUNT_OVER_LIMIT", Fault.WrongAddress, 0),
        ("isv.INVALID_PARAMETERS", Fault.Unfit, 0),
        ("isv.PARAM_LENGTH_LIMIT", Fault.Unfit, 0),
        ("isv.PARAM_NOT_SUPPORT_URL", Fault.Unfit, 0),
        ("isv.BLACK_KEY_CONTROL_LIMIT", Fault.Unfit, 0),
        ("isv.INVALID_JSON_PARAM", Fault.Unfit, 0),
        ("isv.SYSTEM_ERROR", Fault.Passing, 0),
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

    /// <summary>Tencent Cloud, short messages and calls. Source: cloud.tencent.com 382/55981, 382/59177, 1128/51558; 2025.</summary>
    public static readonly ProviderCodes Tencent = new(
        ("LimitExceeded.PhoneNumberThirtySecondLimit", Fault.AddressLimited, 30),
        ("LimitExceeded.PhoneNumberOneHourLimit", Fault.AddressLimited, 3_600),
        ("LimitExceeded.PhoneNumber*", Fault.AddressLimited, 3_600),
        ("LimitExceeded.DeliveryFrequencyLimit", Fault.AddressLimited, 60),
        ("LimitExceeded.CalledNumber*", Fault.AddressLimited, 600),
        ("LimitExceeded*", Fault.Limited, 600),
        ("RequestLimitExceeded*", Fault.Limited, 1),
        ("FailedOperation.PhoneNumberInBlacklist", Fault.WrongAddress, 0),
        ("InvalidParameterValue.IncorrectPhoneNumber", Fault.WrongAddress, 0),
        ("InvalidParameterValue.CalledNumber*", Fault.WrongAddress, 0),
        ("FailedOperation.ContainSensitiveWord", Fault.Unfit, 0),
        ("InvalidParameterValue.TemplateParameter*", Fault.Unfit, 0),
        ("InvalidParameterValue.ContentLengthLimit", Fault.Unfit, 0),
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

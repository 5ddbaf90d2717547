using System.Text;
using FacilityMonitor.OnCall.Channels;

namespace FacilityMonitor.Tests.OnCall.Channels;

/// <summary>What every channel has to keep, against a provider that keeps its own rules. It gives back what was violated, so that broken clients can be put to it too.</summary>
internal sealed class ChannelContract(string word, Func<string?, ChannelBench> bench)
{
    /// <summary>Every channel that speaks HTTP.</summary>
    public static readonly string[] Words =
        ["wecom-bot", "wecom-app", "dingtalk-bot", "dingtalk-app", "feishu-bot", "aliyun-sms", "aliyun-voice", "tencent-sms", "tencent-voice", "ntfy", "webhook"];

    /// <summary>Refusals that a provider documents, and what each must lead to.</summary>
    public static readonly (string Word, string Code, Fault Fault)[] Refusals =
    [
        ("wecom-bot", "93000", Fault.Misconfigured), ("wecom-bot", "45009", Fault.Limited), ("wecom-bot", "40058", Fault.Unfit), ("wecom-bot", "-1", Fault.Passing),
        ("wecom-app", "81013", Fault.WrongAddress), ("wecom-app", "60111", Fault.WrongAddress), ("wecom-app", "45009", Fault.Limited), ("wecom-app", "60020", Fault.Misconfigured),
        ("dingtalk-bot", "130101", Fault.Limited), ("dingtalk-bot", "310000", Fault.Misconfigured), ("dingtalk-bot", "-1", Fault.Passing),
        ("feishu-bot", "19021", Fault.Misconfigured), ("feishu-bot", "11232", Fault.Limited), ("feishu-bot", "19002", Fault.Unfit), ("feishu-bot", "19024", Fault.Misconfigured),
        ("aliyun-sms", "isv.BUSINESS_LIMIT_CONTROL", Fault.AddressLimited), ("aliyun-sms", "isv.MOBILE_NUMBER_ILLEGAL", Fault.WrongAddress),
        ("aliyun-sms", "isv.SMS_SIGNATURE_ILLEGAL", Fault.Misconfigured), ("aliyun-sms", "isv.AMOUNT_NOT_ENOUGH", Fault.Misconfigured), ("aliyun-sms", "isp.SYSTEM_ERROR", Fault.Passing),
        ("aliyun-voice", "isv.BUSINESS_LIMIT_CONTROL", Fault.AddressLimited), ("aliyun-voice", "isv.TTS_TEMPLATE_ILLEGAL", Fault.Misconfigured), ("aliyun-voice", "Throttling.User", Fault.Limited),
        ("tencent-sms", "LimitExceeded.PhoneNumberDailyLimit", Fault.AddressLimited), ("tencent-sms", "FailedOperation.SignatureIncorrectOrUnapproved", Fault.Misconfigured),
        ("tencent-sms", "InvalidParameterValue.IncorrectPhoneNumber", Fault.WrongAddress), ("tencent-sms", "FailedOperation.ContainSensitiveWord", Fault.Unfit),
        ("tencent-sms", "AuthFailure.SecretIdNotFound", Fault.Misconfigured), ("tencent-voice", "InternalError", Fault.Passing), ("tencent-voice", "RequestLimitExceeded", Fault.Limited),
        ("wecom-bot", "93008", Fault.Misconfigured), ("wecom-app", "82001", Fault.WrongAddress), ("wecom-app", "45033", Fault.Limited), ("wecom-app", "301002", Fault.Misconfigured),
        ("dingtalk-bot", "410100", Fault.Limited), ("dingtalk-bot", "660026", Fault.Limited), ("dingtalk-bot", "400102", Fault.Misconfigured),
        ("dingtalk-bot", "400013", Fault.Misconfigured), ("dingtalk-bot", "300005", Fault.Misconfigured), ("dingtalk-bot", "460101", Fault.Unfit),
        ("dingtalk-app", "staffId.notExisted", Fault.WrongAddress), ("dingtalk-app", "invalidParameter.robotCode.auth", Fault.Misconfigured),
        ("dingtalk-app", "invalidParameter.msgParam.invalid", Fault.Unfit), ("dingtalk-app", "Throttling.Api", Fault.Limited), ("dingtalk-app", "ServiceUnavailable", Fault.Passing),
        ("dingtalk-app", "Forbidden.AccessDenied.AccessTokenPermissionDenied", Fault.Misconfigured), ("dingtalk-app", "a code of next year", Fault.Passing),
        ("feishu-bot", "19007", Fault.Misconfigured), ("feishu-bot", "9499", Fault.Unfit), ("aliyun-sms", "isp.RAM_PERMISSION_DENY", Fault.Misconfigured),
        ("aliyun-sms", "isv.SMS_CONTENT_ILLEGAL", Fault.Unfit), ("aliyun-sms", "isv.DAY_LIMIT_CONTROL", Fault.Limited), ("aliyun-voice", "isv.COMPLAINT_REJECT", Fault.WrongAddress),
        ("aliyun-voice", "isv.VOICE_CALL_FAIL", Fault.Passing), ("aliyun-voice", "isv.DISPLAY_NUMBER_ILLEGAL", Fault.Misconfigured),
        ("tencent-sms", "InternalError.RequestTimeException", Fault.Misconfigured), ("tencent-sms", "InternalError.SigFieldMissing", Fault.Misconfigured),
        ("tencent-sms", "InternalError.Timeout", Fault.Passing), ("tencent-sms", "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter", Fault.Unfit),
        ("tencent-sms", "UnsupportedOperation.UnsuportedRegion", Fault.WrongAddress), ("tencent-sms", "LimitExceeded.AppDailyLimit", Fault.Limited),
        ("tencent-voice", "LimitExceeded.DeliveryFrequencyLimit", Fault.AddressLimited), ("tencent-voice", "InvalidParameterValue.CalledNumberVerifyFail", Fault.WrongAddress),
        ("tencent-voice", "InternalError.SigVerificationFail", Fault.Misconfigured), ("tencent-voice", "FailedOperation.PhonenumberUnappliedOrExpired", Fault.Misconfigured),
        ("ntfy", "413", Fault.Unfit), ("ntfy", "42908", Fault.Limited), ("ntfy", "50701", Fault.Passing), ("ntfy", "429", Fault.Limited), ("ntfy", "403", Fault.Misconfigured),
        ("webhook", "404", Fault.Misconfigured), ("webhook", "429", Fault.Limited), ("webhook", "422", Fault.Unfit), ("webhook", "503", Fault.Passing),
    ];

    private readonly List<string> _violations = [];

    /// <summary>Puts the channel to everything; empty: it keeps the contract.</summary>
    public async Task<IReadOnlyList<string>> CheckAsync()
    {
        await TakenAsync();
        await LongAsync();
        await DrillAsync();
        await MischiefAsync();
        await LostAnswerAsync();
        await HoursLaterAsync();
        await RefusalsAsync();
        await BurstAsync();
        await WrongSecretAsync();
        await WrongAddressAsync();
        return _violations;
    }

    private async Task TakenAsync()
    {
        using var one = bench(null);
        var outcome = await one.SendAsync(word);
        Expect(outcome is Outcome.Accepted, $"a good message is refused: {outcome}");
        Expect(one.Provider.Ledger.Count == 1, $"a good message arrives {one.Provider.Ledger.Count} times");
        var text = one.Provider.Ledger.Select(arrival => arrival.Text).FirstOrDefault() ?? "";
        Expect(InOrder(text, ChannelBench.ShowsLink(word) ? ["烟雾", "淮海里车棚", "自 11-20", "将依次", "请做", ChannelBench.Link] : ["烟雾", "淮海里车棚"]), $"the parts are not in their order: {text}");
    }

    private async Task LongAsync()
    {
        // Characters of three and of four bytes, shifted, so that a cut between bytes would tear one.
        foreach (var (shift, language) in from shift in Enumerable.Range(0, 4) from language in (string[])["zh", "en", ChannelMessage.Both] select (shift, language))
        {
            using var one = bench(null);
            var text = new string('a', shift) + string.Concat(Enumerable.Repeat("车棚🔥", 3_000));
            var outcome = await one.SendAsync(word, ChannelBench.Message(text: text) with { Brief = new(text, text), Text = new(text, text), Language = language });
            Expect(outcome is Outcome.Accepted, $"a long message is refused: {outcome}");
            var arrived = one.Provider.Ledger.Select(arrival => arrival.Text).FirstOrDefault() ?? "";
            Expect(arrived.Length > 0 && !arrived.Contains('\uFFFD', StringComparison.Ordinal) && Encoding.UTF8.GetByteCount(arrived) == one.Provider.Ledger[0].Bytes, "a character is torn");
            Expect(word == "webhook" || arrived.Contains('…', StringComparison.Ordinal), "it is cut and does not say so");
            Expect(!ChannelBench.ShowsLink(word) || arrived.Contains(ChannelBench.Link, StringComparison.Ordinal), "a long text costs the link");
        }
    }

    private async Task DrillAsync()
    {
        foreach (var (mark, said) in ((Mark, string)[])[(Mark.Drill, "演练"), (Mark.Test, "测试")])
        {
            using var one = bench(null);
            await one.SendAsync(word, ChannelBench.Message(mark: mark));
            var shown = word == "webhook" ? one.Provider.Requests.LastOrDefault() : one.Provider.Ledger.Select(arrival => arrival.Text).FirstOrDefault();
            Expect(shown?.Contains(word == "webhook" ? $"\"mark\":\"{mark.ToString().ToLowerInvariant()}\"" : said, StringComparison.Ordinal) == true, $"{mark} is not marked: {shown}");
        }
    }

    private async Task MischiefAsync()
    {
        foreach (var mischief in Enum.GetValues<Mischief>().Where(kind => kind != Mischief.None))
        {
            // A webhook may answer with nothing.
            if (mischief == Mischief.Empty && word == "webhook")
                continue;
            using var one = bench(null);
            one.Provider.Mischief = _ => mischief;
            var outcome = await one.SendAsync(word);
            Expect(outcome is Outcome.Failed { Fault: Fault.Passing }, $"{mischief} is taken for {outcome}");
        }
    }

    /// <summary>What was taken and whose answer was lost is sent again; a provider that can tell shows it once.</summary>
    private async Task LostAnswerAsync()
    {
        using var one = bench(null);
        var sends = 0;
        one.Provider.Mischief = request => request.RequestUri!.AbsolutePath.Contains("token", StringComparison.OrdinalIgnoreCase) || sends++ > 0 ? Mischief.None : Mischief.LostAfter;
        var first = await one.SendAsync(word);
        one.Time.Advance(TimeSpan.FromSeconds(70));
        var second = await one.SendAsync(word);
        Expect(first is Outcome.Failed { Fault: Fault.Passing } && second is Outcome.Accepted, $"lost answer: {first}, then {second}");
        var most = word is "wecom-app" or "webhook" ? 1 : 2;
        Expect(one.Provider.Ledger.Count <= most, $"a lost answer shows it {one.Provider.Ledger.Count} times");
        one.Time.Advance(TimeSpan.FromSeconds(70));
        await one.SendAsync(word, ChannelBench.Message(2));
        Expect(one.Provider.Ledger.Count is var all && all >= 2, "the next step of the same alert does not arrive");
    }

    /// <summary>Signatures and tokens end; those of a revoked token at once.</summary>
    private async Task HoursLaterAsync()
    {
        using var one = bench(null);
        await one.SendAsync(word);
        foreach (var hours in (double[])[1.1, 1.0, 2.5])
        {
            one.Time.Advance(TimeSpan.FromHours(hours));
            var outcome = await one.SendAsync(word, ChannelBench.Message((int)(hours * 10)));
            Expect(outcome is Outcome.Accepted, $"{hours} h later: {outcome}");
        }

        one.Provider.RevokeTokens();
        one.Time.Advance(TimeSpan.FromMinutes(61));
        Expect(await one.SendAsync(word, ChannelBench.Message(99)) is Outcome.Accepted, "a token that was ended early is not renewed");
        Expect(one.Provider.Ledger.Count == 5, $"{one.Provider.Ledger.Count} of 5 arrived");
    }

    private async Task RefusalsAsync()
    {
        foreach (var (_, code, fault) in Refusals.Where(refusal => refusal.Word == word))
        {
            using var one = bench(null);
            one.Provider.Refuse = code;
            var outcome = await one.SendAsync(word);
            Expect(outcome is Outcome.Failed failed && failed.Fault == fault, $"{code} is taken for {outcome}");
            Expect(one.Provider.Ledger.Count == 0, $"{code} and yet it arrived");
        }
    }

    /// <summary>Claimed equals true, in both forms of a window. Within the limits that the catalogue names, nothing is refused and nothing vanishes.</summary>
    private async Task BurstAsync()
    {
        foreach (var isFixed in (bool[])[false, true])
        {
            using var one = bench(null);
            one.Provider.IsFixedWindow = isFixed;
            var budget = new SendBudget(ChannelKinds.All.Single(kind => kind.Word == word).Limits);
            var (claimed, sent) = (0, 0);
            for (var number = 0; number < 120; number++)
            {
                one.Time.Advance(TimeSpan.FromSeconds(0.3));
                var address = ChannelBench.AddressOf(word);
                var now = one.Time.GetUtcNow().ToUnixTimeMilliseconds();
                if (budget.Wait(address, isLifeSafety: true, now) > TimeSpan.Zero)
                    continue;
                budget.Take(address, now);
                sent++;
                if (await one.SendAsync(word, ChannelBench.Message(number)) is Outcome.Accepted)
                    claimed++;
            }

            Expect(claimed == one.Provider.Ledger.Count, $"{claimed} are claimed and {one.Provider.Ledger.Count} arrived");
            Expect(claimed == sent, $"{sent - claimed} of {sent} were refused within our own limits");
        }

        using var flood = bench(null);
        var taken = 0;
        for (var number = 0; number < 60; number++)
            taken += await flood.SendAsync(word, ChannelBench.Message(number)) is Outcome.Accepted ? 1 : 0;
        // More than 30 to a member of WeCom vanish without a word: there the limit above is the only protection.
        Expect(word == "wecom-app" || taken == flood.Provider.Ledger.Count, $"in a flood {taken} are claimed and {flood.Provider.Ledger.Count} arrived");
    }

    private async Task WrongSecretAsync()
    {
        using var one = bench("another-secret-77");
        var outcome = await one.SendAsync(word);
        Expect(outcome is Outcome.Failed { Fault: Fault.Misconfigured } && one.Provider.Ledger.Count == 0, $"a wrong secret is taken for {outcome}");
        Expect(!outcome.ToString().Contains("another-secret-77", StringComparison.Ordinal), "the secret is in the reason");
    }

    /// <summary>Some providers take a message for somebody who is not there, and say so in a list beside their thanks.</summary>
    private async Task WrongAddressAsync()
    {
        if (!ChannelBench.HasAddresses(word))
            return;
        using var one = bench(null);
        one.Provider.OnlyAddress = "somebody-else";
        var outcome = await one.SendAsync(word);
        Expect(outcome is Outcome.Failed { Fault: Fault.WrongAddress } && one.Provider.Ledger.Count == 0, $"a number that nobody has is taken for {outcome}");
    }

    private static bool InOrder(string text, IEnumerable<string> parts)
    {
        var from = 0;
        foreach (var part in parts)
        {
            var at = text.IndexOf(part, from, StringComparison.Ordinal);
            if (at < 0)
                return false;
            from = at + part.Length;
        }

        return true;
    }

    private void Expect(bool isKept, string violation)
    {
        if (!isKept)
            _violations.Add(violation);
    }
}

using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using FacilityMonitor.OnCall.Channels;

namespace FacilityMonitor.Tests.OnCall.Channels;

/// <summary>Every channel keeps the contract, and clients that are broken on purpose do not get past it.</summary>
public sealed class ChannelContractTests
{
    public static TheoryData<string> Words => [.. ChannelContract.Words];

    public static TheoryData<string> Mutants => [.. BrokenClients.All.Select(mutant => mutant.Name)];

    [Theory]
    [MemberData(nameof(Words))]
    public async Task A_channel_says_of_every_message_what_the_provider_s_own_ledger_says(string word) =>
        Assert.Empty(await new ChannelContract(word, secret => new ChannelBench(word, secret: secret)).CheckAsync());

    [Theory]
    [MemberData(nameof(Mutants))]
    public async Task A_client_that_is_broken_on_purpose_does_not_keep_the_contract(string name)
    {
        var mutant = BrokenClients.All.Single(candidate => candidate.Name == name);

        Assert.NotEmpty(await new ChannelContract(mutant.Word, mutant.Make).CheckAsync());
    }

    [Fact]
    public void Signatures_are_those_that_providers_publish()
    {
        // Both bots: computed with Python, openssl and .NET alike. Aliyun and Tencent: the examples of their documentation.
        Assert.Equal("TSZbRFUuvaSQaRKUpF970OPCb2/LcQAP3wOvwZIzBZk=", DingTalkBot.Sign("SEC0123456789abcdef", 1_700_000_000_000));
        Assert.Equal("PiO7POLlSx/DM2qf8Dy/XCWeJK3exVnevp5G99LEN2M=", FeishuBot.Sign("SEC0123456789abcdef", 1_700_000_000));
        Assert.EndsWith("Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168", TencentCloud.Authorization(
            "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE", "cvm", "cvm.tencentcloudapi.com", DateTimeOffset.FromUnixTimeSeconds(1_551_113_065),
            Encoding.UTF8.GetBytes("""{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}""")), StringComparison.Ordinal);
        Assert.EndsWith("Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0", AliyunCloud.Authorization(
            "YourAccessKeyId", "YourAccessKeySecret", AliyunCloud.Query([("RegionId", "cn-shanghai"), ("ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd")]),
            [
                ("host", "ecs.cn-shanghai.aliyuncs.com"), ("x-acs-action", "RunInstances"), ("x-acs-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
                ("x-acs-date", "2023-10-26T10:22:32Z"), ("x-acs-signature-nonce", "3156853299f313e23d1673dc12e1703d"), ("x-acs-version", "2014-05-26"),
            ]), StringComparison.Ordinal);
    }

    /// <summary>A certificate that nobody vouches for is somebody else's: neither the key in the address nor the message is said to it.</summary>
    [Fact]
    public async Task A_provider_whose_certificate_nobody_vouches_for_is_told_nothing()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var heard = HearAsync();
        using var invoker = new HttpMessageInvoker(FacilityMonitor.OnCall.WebhookNotifier.Handler());
        var bot = new WeComBot(new ProviderHttp(invoker, TimeSpan.FromSeconds(20), TimeProvider.System), new Uri($"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}"), "key-4711");

        var outcome = await bot.SendAsync(ChannelBench.Message(), "", CancellationToken.None);

        Assert.IsType<Outcome.Failed>(outcome);
        Assert.DoesNotContain("4711", outcome.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, await heard);

        async Task<int> HearAsync()
        {
            using var client = await listener.AcceptTcpClientAsync();
            await using var tls = new SslStream(client.GetStream());
            try
            {
                await tls.AuthenticateAsServerAsync(certificate);
                return await tls.ReadAsync(new byte[1]);
            }
            catch (Exception error) when (error is IOException or AuthenticationException)
            {
                return 0;
            }
        }
    }

    [Fact]
    public async Task A_locked_DingTalk_bot_is_left_alone_for_ten_minutes()
    {
        using var bench = new ChannelBench("dingtalk-bot");
        var outcomes = new List<Outcome>();
        for (var number = 0; number < 22; number++)
            outcomes.Add(await bench.SendAsync("dingtalk-bot", ChannelBench.Message(number)));

        Assert.Equal(20, outcomes.OfType<Outcome.Accepted>().Count());
        Assert.All(outcomes.Skip(20), outcome => Assert.Equal(new Outcome.Failed(Fault.Limited, "130101", TimeSpan.FromMinutes(10)), outcome));
    }

    [Theory]
    [InlineData(0.9, true)]
    [InlineData(-0.9, true)]
    [InlineData(1.1, false)]
    [InlineData(-1.1, false)]
    public async Task A_clock_that_is_an_hour_off_is_told_as_wrong_configuration(double hours, bool isTaken)
    {
        foreach (var word in (string[])["dingtalk-bot", "feishu-bot"])
        {
            using var bench = new ChannelBench(word);
            bench.Provider.ClockAhead = TimeSpan.FromHours(hours);

            var outcome = await bench.SendAsync(word);

            Assert.Equal(isTaken, outcome is Outcome.Accepted);
            Assert.True(isTaken || outcome is Outcome.Failed { Fault: Fault.Misconfigured });
        }
    }

    [Theory]
    [InlineData("aliyun-sms", 14, true)]
    [InlineData("aliyun-sms", -14, true)]
    [InlineData("aliyun-sms", 16, false)]
    [InlineData("aliyun-voice", -16, false)]
    [InlineData("tencent-sms", 4, true)]
    [InlineData("tencent-sms", 6, false)]
    [InlineData("tencent-voice", -4, true)]
    [InlineData("tencent-voice", -6, false)]
    public async Task A_clock_that_is_minutes_off_is_told_as_wrong_configuration_by_the_clouds(string word, int minutes, bool isTaken)
    {
        using var bench = new ChannelBench(word);
        bench.Provider.ClockAhead = TimeSpan.FromMinutes(minutes);

        var outcome = await bench.SendAsync(word);

        Assert.Equal(isTaken, outcome is Outcome.Accepted);
        Assert.True(isTaken || outcome is Outcome.Failed { Fault: Fault.Misconfigured });
    }

    [Fact]
    public async Task What_is_too_much_for_a_member_of_WeCom_vanishes_without_a_word_and_only_our_own_limit_prevents_it()
    {
        using var bench = new ChannelBench("wecom-app");
        for (var number = 0; number < 31; number++)
            Assert.IsType<Outcome.Accepted>(await bench.SendAsync("wecom-app", ChannelBench.Message(number)));

        Assert.Equal(30, bench.Provider.Ledger.Count);
        Assert.All(ChannelKinds.All.Single(kind => kind.Word == "wecom-app").Limits.Where(limit => limit.Window == TimeSpan.FromMinutes(1) && limit.Per == LimitScope.Address), limit => Assert.InRange(limit.Max, 1, 30));
    }

    [Theory]
    [InlineData("触发分钟级流控Permits:1", 60)]
    [InlineData("触发小时级流控Permits:5", 3_600)]
    [InlineData("触发天级流控Permits:10", 86_400)]
    public async Task A_number_that_had_too_much_rests_as_long_as_Aliyun_s_message_says(string said, int seconds)
    {
        using var bench = new ChannelBench("aliyun-sms");
        (bench.Provider.Refuse, bench.Provider.RefusalText) = ("isv.BUSINESS_LIMIT_CONTROL", said);

        Assert.Equal(new Outcome.Failed(Fault.AddressLimited, "isv.BUSINESS_LIMIT_CONTROL", TimeSpan.FromSeconds(seconds)), await bench.SendAsync("aliyun-sms"));
    }

    [Theory]
    [InlineData("Bad Request", nameof(Fault.Unfit), "9499")]
    [InlineData("too many request", nameof(Fault.Limited), "11232")]
    public async Task One_code_of_Feishu_is_two_things_and_its_text_tells_them_apart(string said, string fault, string code)
    {
        using var bench = new ChannelBench("feishu-bot");
        (bench.Provider.Refuse, bench.Provider.RefusalText) = ("9499", said);

        var failed = Assert.IsType<Outcome.Failed>(await bench.SendAsync("feishu-bot"));

        Assert.Equal((fault, code), (failed.Fault.ToString(), failed.Code));
    }

    [Fact]
    public async Task A_day_s_quota_of_ntfy_that_is_used_up_is_not_asked_for_again_each_minute()
    {
        using var bench = new ChannelBench("ntfy");
        bench.Provider.Refuse = "42908";

        Assert.Equal(new Outcome.Failed(Fault.Limited, "42908", TimeSpan.FromHours(1)), await bench.SendAsync("ntfy"));
    }

    [Fact]
    public async Task Tencent_calls_a_number_once_a_night_and_our_own_limit_keeps_the_second_call_from_being_refused()
    {
        // 22:30 in Shanghai.
        var time = new ManualTime(new DateTimeOffset(2026, 11, 20, 14, 30, 0, TimeSpan.Zero));
        using var bench = new ChannelBench("tencent-voice", time: time);
        var budget = new SendBudget(ChannelKinds.All.Single(kind => kind.Word == "tencent-voice").Limits);
        Assert.Equal(TimeSpan.Zero, budget.Wait(ChannelBench.Phone, isLifeSafety: true, time.GetUtcNow().ToUnixTimeMilliseconds()));
        budget.Take(ChannelBench.Phone, time.GetUtcNow().ToUnixTimeMilliseconds());
        Assert.IsType<Outcome.Accepted>(await bench.SendAsync("tencent-voice"));
        time.Advance(TimeSpan.FromHours(2));

        var refused = await bench.SendAsync("tencent-voice", ChannelBench.Message(2));
        var wait = budget.Wait(ChannelBench.Phone, isLifeSafety: true, time.GetUtcNow().ToUnixTimeMilliseconds());

        Assert.True(refused is Outcome.Failed { Fault: Fault.AddressLimited });
        Assert.Equal(new DateTimeOffset(2026, 11, 21, 0, 0, 0, TimeSpan.Zero), time.GetUtcNow() + wait);
        time.Advance(wait);
        Assert.IsType<Outcome.Accepted>(await bench.SendAsync("tencent-voice", ChannelBench.Message(3)));
    }

    [Theory]
    [InlineData("wecom-app")]
    [InlineData("dingtalk-app")]
    [InlineData("aliyun-sms")]
    [InlineData("aliyun-voice")]
    [InlineData("tencent-sms")]
    [InlineData("tencent-voice")]
    public async Task A_probe_tells_a_wrong_key_from_a_right_one_and_tells_nobody(string word)
    {
        using var right = new ChannelBench(word);
        using var wrong = new ChannelBench(word, secret: "another");

        Assert.IsType<Outcome.Accepted>(await right.Notifier.ProbeAsync(CancellationToken.None));
        Assert.True(await wrong.Notifier.ProbeAsync(CancellationToken.None) is Outcome.Failed { Fault: Fault.Misconfigured });
        Assert.Empty(right.Provider.Ledger);
    }

    [Fact]
    public async Task Whom_a_bot_should_mention_stands_where_each_of_them_looks_for_it()
    {
        foreach (var (word, phone, member) in ((string, string, string)[])[
            ("wecom-bot", "\"mentioned_mobile_list\":[\"13800138000\"]", "\"mentioned_list\":[\"zhang\"]"),
            ("dingtalk-bot", "\\n@13800138000\"},\"at\":{\"atMobiles\":[\"13800138000\"]}", "\"atUserIds\":[\"zhang\"]"),
            ("feishu-bot", "<at user_id=", "<at user_id=\\\"zhang\\\"></at>")])
        {
            using var bench = new ChannelBench(word);
            await bench.SendAsync(word, address: "13800138000");
            await bench.SendAsync(word, address: "zhang");

            Assert.Contains(phone, bench.Provider.Requests[0], StringComparison.Ordinal);
            Assert.Contains(member, bench.Provider.Requests[1], StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("zh", "[我来处理](dtmd://dingtalkclient/sendMessage?content=%E7%A1%AE%E8%AE%A4%204711)，或回复：确认 4711")]
    [InlineData("en", "[I take care of it](dtmd://dingtalkclient/sendMessage?content=ack%204711), or answer: ack 4711")]
    public async Task A_message_that_can_be_answered_says_how_and_has_something_to_press(string language, string tail)
    {
        using var bench = new ChannelBench("dingtalk-app");

        await bench.SendAsync("dingtalk-app", ChannelBench.Message() with { Language = language, AnswerCode = "4711" });

        Assert.EndsWith("\n\n" + tail, Assert.Single(bench.Provider.Ledger).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_s_name_is_neither_a_link_nor_a_picture_in_DingTalk()
    {
        using var bench = new ChannelBench("dingtalk-app");

        await bench.SendAsync("dingtalk-app", ChannelBench.Message(text: "[点这里](https://evil.example) ![x](y) 烟雾"));

        Assert.DoesNotContain("](", Assert.Single(bench.Provider.Ledger).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_member_who_had_too_much_rests_and_is_not_called_told()
    {
        using var bench = new ChannelBench("dingtalk-app");
        var outcomes = new List<Outcome>();
        for (var number = 0; number < 41; number++)
            outcomes.Add(await bench.SendAsync("dingtalk-app", ChannelBench.Message(number)));

        Assert.Equal(new Outcome.Failed(Fault.AddressLimited, "flow-controlled", TimeSpan.FromMinutes(1)), outcomes[^1]);
        Assert.Equal(40, bench.Provider.Ledger.Count);
    }

    [Fact]
    public async Task A_device_s_name_cannot_mention_a_whole_group()
    {
        using var bench = new ChannelBench("feishu-bot");

        await bench.SendAsync("feishu-bot", ChannelBench.Message(text: "<at user_id=\"all\">所有人</at> 烟雾"));

        Assert.DoesNotContain("<at", Assert.Single(bench.Provider.Ledger).Text, StringComparison.Ordinal);
    }
}

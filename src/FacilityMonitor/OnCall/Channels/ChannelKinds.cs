using FacilityMonitor.Registry;

namespace FacilityMonitor.OnCall.Channels;

/// <summary>The kinds of channels there are.</summary>
internal enum ChannelKind
{
    WeComBot,
    WeComApp,
    DingTalkBot,
    DingTalkApp,
    FeishuBot,
    Smtp,
    AliyunSms,
    AliyunVoice,
    TencentSms,
    TencentVoice,
    Webhook,
    Ntfy,
    Siren,
    Console,
}

/// <summary>What an address of a channel looks like.</summary>
/// <param name="Zh">For people, in Chinese.</param>
/// <param name="En">The same in English.</param>
/// <param name="Fits">Whether a text is one.</param>
internal sealed record AddressForm(string Zh, string En, Func<string, bool> Fits);

/// <summary>A key of a channel's configuration.</summary>
/// <param name="Name">Its name; of a secret the name of the file follows as <c>NAME-file</c>.</param>
/// <param name="Example">What one would write.</param>
/// <param name="IsRequired">Without it the channel cannot be used.</param>
/// <param name="IsSecret">It stands alone in a file, and is never shown.</param>
/// <param name="Default">What holds where it is not written.</param>
internal sealed record ChannelKey(string Name, string Example, bool IsRequired = true, bool IsSecret = false, string? Default = null)
{
    /// <summary>As it is written in the file.</summary>
    public string Written => IsSecret ? Name + "-file" : Name;
}

/// <summary>A kind of channel: how it is written, what it takes, and how much of it.</summary>
/// <param name="Word">As it is written.</param>
/// <param name="Kind">Which.</param>
/// <param name="Name">For people.</param>
/// <param name="Url">Where the provider is; null: it has to be written, or there is none.</param>
/// <param name="Keys">What else has to be known.</param>
/// <param name="Address">What a person's address looks like.</param>
/// <param name="Limits">How much it takes.</param>
internal sealed record ChannelForm(
    string Word, ChannelKind Kind, LocalText Name, string? Url, IReadOnlyList<ChannelKey> Keys, AddressForm Address, IReadOnlyList<SendLimit> Limits)
{
    /// <summary>Whether it rings.</summary>
    public bool IsVoice => Kind is ChannelKind.AliyunVoice or ChannelKind.TencentVoice;

    /// <summary>Whether everybody in a chat reads what is sent to one of them.</summary>
    public bool IsRoom => Kind is ChannelKind.WeComBot or ChannelKind.DingTalkBot or ChannelKind.FeishuBot;

    /// <summary>Whether people can answer in it, over a connection that we open: no port of ours has to be reachable.</summary>
    public bool IsAnswered => Kind == ChannelKind.DingTalkApp;

    /// <summary>Whether a message that was sent can be replaced by another, on the telephone where it stands.</summary>
    /// <remarks>Bots of WeCom, DingTalk and Feishu, SMS, calls and mail offer nothing of the kind; the apps of WeCom and DingTalk only for cards whose buttons call back an address of ours.</remarks>
    public bool IsReplaced => Kind == ChannelKind.Ntfy;

    /// <summary>Whether its provider reports back, to an address below <c>web.public-url</c>.</summary>
    public bool Reports => IsVoice || Kind is ChannelKind.AliyunSms or ChannelKind.TencentSms;
}

/// <summary>Everything that is known of the kinds. The limits are what the providers documented at the dates given, less a margin; an account can have others, which
/// are written under <c>limits</c>.</summary>
internal static class ChannelKinds
{
    private const string CallbackExample = "callback.secret";

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Day = TimeSpan.FromHours(24);

    private static readonly AddressForm Mention = new("空，或要提醒的人（手机号或用户编号）", "empty, or whom to mention (telephone number or user id)", _ => true);
    private static readonly AddressForm Member = new("企业微信的成员账号", "the member's id in WeCom", text => text.Length is > 0 and <= 64 && !text.Contains('|', StringComparison.Ordinal));
    private static readonly AddressForm Staff = new("钉钉的员工 userId", "the member's userId in DingTalk", text => text.Length is > 0 and <= 64 && !text.Any(letter => char.IsControl(letter) || letter is ' ' or '|'));
    private static readonly AddressForm Phone = new("手机号，如 13800138000", "a telephone number such as 13800138000", PhoneNumber.Is);
    private static readonly AddressForm Mail = new("邮箱地址", "a mail address", IsMail);
    private static readonly AddressForm Topic = new("主题名（字母、数字、'-'、'_'）", "the topic (letters, digits, '-', '_')", text => text.Length is > 0 and <= 64 && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_'));
    private static readonly AddressForm Anything = new("随意，接收方自己认", "anything the receiver knows", text => text.Length <= 200);
    private static readonly AddressForm SirenDevice = new("点位/设备，如 jiugeng/siren-1", "site/device, such as jiugeng/siren-1", text => text.Split('/') is [{ Length: > 0 }, { Length: > 0 }]);

    private static readonly ChannelKey CallbackSecret = new("callback-secret", CallbackExample, IsRequired: false, IsSecret: true);

    /// <summary>Calls: at least two an hour are kept for life safety. Official 1/min, 5/h, 20 in 24 h a number, failures count. Source: 阿里云语音服务, 流控规则 (2680293).</summary>
    private static IReadOnlyList<SendLimit> AliyunCalls => [new(LimitScope.Address, 1, Minute), new(LimitScope.Address, 4, Hour, 2), new(LimitScope.Address, 18, Day), new(LimitScope.Channel, 70, Second)];

    /// <summary>Official 1 in 30 s, 2 in 10 min, 5 a day, and one from 22 to 8 o'clock, a number; a ticket raises them. Source: 腾讯云语音消息, 发送语音通知 (51558) and its FAQ. An account can have others.</summary>
    private static IReadOnlyList<SendLimit> TencentCalls =>
    [
        new(LimitScope.Address, 1, TimeSpan.FromSeconds(35)), new(LimitScope.Address, 2, TimeSpan.FromMinutes(10)), new(LimitScope.Address, 5, Day, 2),
        new(LimitScope.Address, 1, TimeSpan.FromHours(10), Reserve: 1, IsNight: true), new(LimitScope.Channel, 15, Second),
    ];

    /// <summary>Every kind.</summary>
    public static IReadOnlyList<ChannelForm> All { get; } =
    [
        // 20 a minute. 企业微信, 群机器人配置说明 (91770).
        new("wecom-bot", ChannelKind.WeComBot, new("企业微信群机器人", "WeCom group bot"), "https://qyapi.weixin.qq.com",
            [new("key", "wecom.key", IsSecret: true)], Mention, [new(LimitScope.Channel, 18, Minute)]),
        // 30 a minute and 1,000 an hour to a member, what is more vanishes. 企业微信, 发送应用消息 (90236) and 访问频率限制 (90454).
        new("wecom-app", ChannelKind.WeComApp, new("企业微信应用消息", "WeCom app message"), "https://qyapi.weixin.qq.com",
            [new("corp-id", "ww0123456789abcdef"), new("agent-id", "1000002"), new("secret", "wecom-app.secret", IsSecret: true)], Member,
            [new(LimitScope.Address, 25, Minute), new(LimitScope.Address, 900, Hour), new(LimitScope.Channel, 9_000, Minute)]),
        // 20 a minute, beyond it a lock of ten minutes. 钉钉, 自定义机器人接入.
        new("dingtalk-bot", ChannelKind.DingTalkBot, new("钉钉群机器人", "DingTalk group bot"), "https://oapi.dingtalk.com",
            [new("token", "dingtalk.token", IsSecret: true), new("secret", "dingtalk.secret", IsSecret: true)], Mention, [new(LimitScope.Channel, 15, Minute)]),
        // No document at hand says how many; these are far below what a person would read. Small organisations have 10,000 calls a month for all of their apps.
        new("dingtalk-app", ChannelKind.DingTalkApp, new("钉钉应用消息", "DingTalk app message"), "https://api.dingtalk.com",
            [new("client-id", "dingabc123"), new("client-secret", "dingtalk-app.secret", IsSecret: true), new("robot-code", "dingabc123", IsRequired: false)], Staff,
            [new(LimitScope.Address, 20, Minute), new(LimitScope.Channel, 300, Minute)]),
        // 100 a minute and 5 a second, bodies of 20 KB. 飞书, 自定义机器人使用指南.
        new("feishu-bot", ChannelKind.FeishuBot, new("飞书群机器人", "Feishu group bot"), "https://open.feishu.cn",
            [new("token", "feishu.token", IsSecret: true), new("secret", "feishu.secret", IsSecret: true)], Mention,
            [new(LimitScope.Channel, 80, Minute), new(LimitScope.Channel, 4, Second)]),
        new("smtp", ChannelKind.Smtp, new("邮件", "mail"), null,
            [
                new("host", "smtp.example.org"), new("port", "465", IsRequired: false, Default: "465"), new("tls", "implicit", IsRequired: false, Default: "implicit"),
                new("from", "monitor@example.org"), new("user", "monitor@example.org", IsRequired: false), new("password", "smtp.password", IsRequired: false, IsSecret: true),
                new("ca-file", "ca.pem", IsRequired: false),
            ],
            Mail, [new(LimitScope.Channel, 60, Minute), new(LimitScope.Address, 30, Minute)]),
        // Notices: 50 in 24 h a number and template, counted though the delivery failed. 阿里云短信服务, 短信发送频率限制 (2881383).
        new("aliyun-sms", ChannelKind.AliyunSms, new("阿里云短信", "Aliyun short message"), "https://dysmsapi.aliyuncs.com",
            [
                new("access-key-id", "LTAI…"), new("access-key-secret", "aliyun.secret", IsSecret: true), new("sign-name", "久耕物业"), new("template", "SMS_123456789"),
                new("variable", "what", IsRequired: false, Default: "what"), new("variable-length", "35", IsRequired: false, Default: "35"), CallbackSecret,
            ],
            Phone, [new(LimitScope.Address, 40, Day), new(LimitScope.Channel, 100, Second)]),
        new("aliyun-voice", ChannelKind.AliyunVoice, new("阿里云语音电话", "Aliyun call"), "https://dyvmsapi.aliyuncs.com",
            [
                new("access-key-id", "LTAI…"), new("access-key-secret", "aliyun.secret", IsSecret: true), new("caller", "02112345678"), new("template", "TTS_123456789"),
                new("key-template", "TTS_123456790", IsRequired: false), new("variable", "what", IsRequired: false, Default: "what"),
                new("variable-length", "35", IsRequired: false, Default: "35"), CallbackSecret,
            ],
            Phone, AliyunCalls),
        // The limits a number has by default differ between the documents; these are the lower ones, and the account's own settings decide. 腾讯云短信, 13303 and 59177.
        new("tencent-sms", ChannelKind.TencentSms, new("腾讯云短信", "Tencent Cloud short message"), "https://sms.tencentcloudapi.com",
            [
                new("secret-id", "AKID…"), new("secret-key", "tencent.key", IsSecret: true), new("app-id", "1400006666"), new("sign-name", "久耕物业"), new("template", "449739"),
                new("region", "ap-guangzhou", IsRequired: false, Default: "ap-guangzhou"), new("variable-length", "35", IsRequired: false, Default: "35"), CallbackSecret,
            ],
            Phone, [new(LimitScope.Address, 1, TimeSpan.FromSeconds(35)), new(LimitScope.Address, 40, Day), new(LimitScope.Channel, 100, Second)]),
        new("tencent-voice", ChannelKind.TencentVoice, new("腾讯云语音电话", "Tencent Cloud call"), "https://vms.tencentcloudapi.com",
            [
                new("secret-id", "AKID…"), new("secret-key", "tencent.key", IsSecret: true), new("app-id", "1400006666"), new("template", "1013"),
                new("region", "ap-guangzhou", IsRequired: false, Default: "ap-guangzhou"), new("variable-length", "35", IsRequired: false, Default: "35"), CallbackSecret,
            ],
            Phone, TencentCalls),
        new("webhook", ChannelKind.Webhook, new("webhook", "webhook"), null,
            [new("address", "webhook.url", IsSecret: true), new("secret", "webhook.secret", IsRequired: false, IsSecret: true)], Anything, [new(LimitScope.Channel, 600, Minute)]),
        // 60 at once, then one in 5 s. ntfy, server/config.go. A server of one's own can have others.
        new("ntfy", ChannelKind.Ntfy, new("ntfy 推送", "ntfy push"), "https://ntfy.sh",
            [new("token", "ntfy.token", IsRequired: false, IsSecret: true)], Topic, [new(LimitScope.Channel, 60, TimeSpan.FromMinutes(5))]),
        new("siren", ChannelKind.Siren, new("现场警报器", "siren on site"), null, [new("seconds", "60", IsRequired: false, Default: "60")], SirenDevice, []),
        new("console", ChannelKind.Console, new("写进服务日志", "the service's log"), null, [], Anything, []),
    ];

    private static bool IsMail(string text) => text.Length <= 254 && text.Split('@') is [{ Length: > 0 }, { Length: > 0 }]
        && !text.Any(letter => char.IsControl(letter) || letter is ' ' or '<' or '>' or ',');
}

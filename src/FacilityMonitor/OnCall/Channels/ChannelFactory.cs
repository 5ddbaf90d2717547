using FacilityMonitor.Control;

namespace FacilityMonitor.OnCall.Channels;

/// <summary>Makes what a configured channel is spoken to with.</summary>
/// <param name="http">The way to the providers.</param>
/// <param name="timeout">How long one of them may take.</param>
/// <param name="order">Takes commands for sirens.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Where the console channel writes.</param>
internal sealed class ChannelFactory(HttpMessageInvoker http, TimeSpan timeout, Func<CommandOrder, Task<OrderOutcome>> order, TimeProvider time, ILogger log)
{
    private readonly ProviderHttp _http = new(http, timeout, time);

    public INotifier Create(ChannelDefinition channel) => channel.Form.Kind switch
    {
        ChannelKind.WeComBot => new WeComBot(_http, channel.Url!, channel["key"]),
        ChannelKind.WeComApp => new WeComApp(_http, channel.Url!, channel["corp-id"], channel.Number("agent-id"), channel["secret"]),
        ChannelKind.DingTalkBot => new DingTalkBot(_http, channel.Url!, channel["token"], channel["secret"]),
        ChannelKind.DingTalkApp => new DingTalkApp(_http, channel.Url!, channel["client-id"], channel["client-secret"], channel.Find("robot-code") ?? channel["client-id"]),
        ChannelKind.FeishuBot => new FeishuBot(_http, channel.Url!, channel["token"], channel["secret"]),
        ChannelKind.Smtp => new SmtpMail(Endpoint(channel), channel["from"], timeout, time),
        ChannelKind.AliyunSms => new AliyunSms(Aliyun(channel), channel["sign-name"], channel["template"], channel["variable"], channel.Number("variable-length")),
        ChannelKind.AliyunVoice => new AliyunVoice(
            Aliyun(channel), channel["caller"], channel["template"], channel.Find("key-template"), channel["variable"], channel.Number("variable-length")),
        ChannelKind.TencentSms => new TencentSms(Tencent(channel, "sms", "2021-01-11"), channel["app-id"], channel["sign-name"], channel["template"], channel.Number("variable-length")),
        ChannelKind.TencentVoice => new TencentVoice(Tencent(channel, "vms", "2020-09-02"), channel["app-id"], channel["template"], channel.Number("variable-length")),
        ChannelKind.Webhook => new SignedWebhook(_http, new Uri(channel["address"]), channel.Find("secret")),
        ChannelKind.Ntfy => new NtfyTopic(_http, channel.Url!, channel.Find("token")),
        ChannelKind.Siren => new SiteSiren(order, channel.Number("seconds")),
        ChannelKind.Console => new ConsoleNotifier(log),
    };

    private AliyunCloud Aliyun(ChannelDefinition channel) => new(_http, channel.Url!, channel["access-key-id"], channel["access-key-secret"]);

    private TencentCloud Tencent(ChannelDefinition channel, string service, string version) =>
        new(_http, channel.Url!, service, version, channel["region"], channel["secret-id"], channel["secret-key"]);

    private static SmtpEndpoint Endpoint(ChannelDefinition channel) => new(
        channel["host"], channel.Number("port"), Tls(channel["tls"]), channel.Find("user"), channel.Find("password"), channel.Find("ca-file") is { } ca ? Path.Combine(channel.Folder, ca) : null);

    private static SmtpTls Tls(string word) => word switch { "implicit" => SmtpTls.Implicit, "starttls" => SmtpTls.StartTls, _ => SmtpTls.None };
}

using System.Text;

namespace FacilityMonitor.OnCall.Channels;

/// <summary>Short messages by Aliyun. Only an approved template with an approved signature goes out; its one variable takes what and where.</summary>
internal sealed class AliyunSms(AliyunCloud cloud, string signName, string template, string variable, int variableLength) : INotifier
{
    private const string Version = "2017-05-25";

    public Task<Outcome> SendAsync(ChannelMessage message, string address, CancellationToken cancellationToken) => cloud.CallAsync(
        "SendSms", Version, message.Key,
        [
            ("PhoneNumbers", address), ("SignName", signName), ("TemplateCode", template), ("OutId", message.Reference),
            ("TemplateParam", Encoding.UTF8.GetString(ProviderHttp.Write(json => json.WriteString(variable, message.Variable(variableLength))))),
        ],
        "BizId", cancellationToken);

    public Task<Outcome?> ProbeAsync(CancellationToken cancellationToken) => cloud.ProbeAsync("SendSms", Version, cancellationToken);
}

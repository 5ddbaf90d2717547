using System.Text.Json;

namespace FacilityMonitor.OnCall.Channels;

/// <summary>Short messages by Tencent Cloud, one number a call. Beside the call as a whole each number has a code of its own, and only <c>Ok</c> is success.</summary>
internal sealed class TencentSms(TencentCloud cloud, string application, string signName, string template, int variableLength) : INotifier
{
    public async Task<Outcome> SendAsync(ChannelMessage message, string address, CancellationToken cancellationToken)
    {
        var body = ProviderHttp.Write(json =>
        {
            json.WriteStartArray("PhoneNumberSet"u8);
            json.WriteStringValue(PhoneNumber.International(address));
            json.WriteEndArray();
            json.WriteString("SmsSdkAppId"u8, application);
            json.WriteString("SignName"u8, signName);
            json.WriteString("TemplateId"u8, template);
            json.WriteStartArray("TemplateParamSet"u8);
            json.WriteStringValue(message.Variable(variableLength));
            json.WriteEndArray();
            json.WriteString("SessionContext"u8, message.Reference);
        });
        var answer = await cloud.CallAsync("SendSms", body, cancellationToken);
        if (TencentCloud.Refusal(answer) is { } refusal)
            return refusal;
        if (!answer.Json!.Value.GetProperty("Response").TryGetProperty("SendStatusSet", out var set) || set.ValueKind != JsonValueKind.Array || set.GetArrayLength() == 0)
            return new Outcome.Failed(Fault.Passing, "no-status");
        var status = set[0];
        return ProviderAnswer.Text(status, "Code") switch
        {
            "Ok" => new Outcome.Accepted(ProviderAnswer.Text(status, "SerialNo")),
            var code => ProviderCodes.Tencent.Judge(code ?? "no-code"),
        };
    }

    public Task<Outcome?> ProbeAsync(CancellationToken cancellationToken) => cloud.ProbeAsync("SendSms", cancellationToken);
}

namespace FacilityMonitor.OnCall.Channels;

/// <summary>Calls by Tencent Cloud that speak an approved template. A key that is pressed comes back by its callback.</summary>
internal sealed class TencentVoice(TencentCloud cloud, string application, string template, int variableLength) : INotifier
{
    /// <summary>Who is woken understands it the second time.</summary>
    private const int PlayTimes = 2;

    public async Task<Outcome> SendAsync(ChannelMessage message, string address, CancellationToken cancellationToken)
    {
        var body = ProviderHttp.Write(json =>
        {
            json.WriteString("TemplateId"u8, template);
            json.WriteString("CalledNumber"u8, PhoneNumber.International(address));
            json.WriteString("VoiceSdkAppid"u8, application);
            json.WriteStartArray("TemplateParamSet"u8);
            json.WriteStringValue(message.Variable(variableLength));
            json.WriteEndArray();
            json.WriteNumber("PlayTimes"u8, PlayTimes);
            json.WriteString("SessionContext"u8, message.Reference);
        });
        var answer = await cloud.CallAsync("SendTtsVoice", body, cancellationToken);
        if (TencentCloud.Refusal(answer) is { } refusal)
            return refusal;
        return answer.Json!.Value.GetProperty("Response").TryGetProperty("SendStatus", out var status) && ProviderAnswer.Text(status, "CallId") is { Length: > 0 } call
            ? new Outcome.Accepted(call)
            : new Outcome.Failed(Fault.Passing, "no-status");
    }

    public Task<Outcome?> ProbeAsync(CancellationToken cancellationToken) => cloud.ProbeAsync("SendTtsVoice", cancellationToken);
}

using System.Text;

namespace FacilityMonitor.OnCall.Channels;

/// <summary>Calls by Aliyun that speak an approved template. With a template for the key they ask for one (IvrCall), and the key comes back as a receipt.</summary>
/// <param name="cloud">The way out.</param>
/// <param name="caller">Number that is shown.</param>
/// <param name="template">What is spoken.</param>
/// <param name="keyTemplate">What is spoken after key 1; null: nobody is asked for a key.</param>
/// <param name="variable">The template's variable.</param>
/// <param name="variableLength">Most characters of it.</param>
internal sealed class AliyunVoice(AliyunCloud cloud, string caller, string template, string? keyTemplate, string variable, int variableLength) : INotifier
{
    private const string Version = "2017-05-25";

    /// <summary>Who is woken understands it the second time.</summary>
    private const string PlayTimes = "2";

    public Task<Outcome> SendAsync(ChannelMessage message, string address, CancellationToken cancellationToken)
    {
        var words = Encoding.UTF8.GetString(ProviderHttp.Write(json => json.WriteString(variable, message.Variable(variableLength))));
        var common = new (string, string)[] { ("CalledShowNumber", caller), ("CalledNumber", address), ("PlayTimes", PlayTimes), ("OutId", message.Reference) };
        return keyTemplate is null
            ? cloud.CallAsync("SingleCallByTts", Version, message.Key, [.. common, ("TtsCode", template), ("TtsParam", words)], "CallId", cancellationToken)
            : cloud.CallAsync(
                "IvrCall", Version, message.Key,
                [.. common, ("StartCode", template), ("StartTtsParams", words), ("MenuKeyMap.1.Key", "1"), ("MenuKeyMap.1.Code", keyTemplate)], "CallId", cancellationToken);
    }

    public Task<Outcome?> ProbeAsync(CancellationToken cancellationToken) => cloud.ProbeAsync("SingleCallByTts", Version, cancellationToken);
}

using System.Text;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Tests.Mqtt;

namespace FacilityMonitor.Tests.Accounts;

/// <summary>Somebody at the broker under an account.</summary>
internal sealed class Speaker(MqttClientOptions options) : IAsyncDisposable
{
    private readonly MqttClient _client = new(options, TimeProvider.System);

    public MqttConnectionChange LastChange => _client.LastChange;

    /// <summary>Times the connection was lost, or not given.</summary>
    public long Losses => _client.Counters.Losses;

    public Task StartAsync() => _client.StartAsync();

    /// <summary>Waits until the broker has answered the subscriptions, and returns its answers.</summary>
    public async Task<IReadOnlyList<MqttReasonCode>> SubscribedAsync()
    {
        await foreach (var change in _client.WatchAsync(Until.DeadlineToken()))
        {
            if (change.State == MqttConnectionState.Subscribed)
                return [.. change.Subscriptions.Select(subscription => subscription.ReasonCode)];
        }

        throw new InvalidOperationException("The client was stopped.");
    }

    public async Task<MqttReasonCode> SayAsync(string topic, string text = "{}", bool retain = false) =>
        await _client.PublishAsync(topic, Encoding.UTF8.GetBytes(text), MqttQos.AtLeastOnce, retain, cancellationToken: Until.DeadlineToken());

    /// <summary>The topics of what was heard up to and including <paramref name="last"/>.</summary>
    public async Task<IReadOnlyList<string>> HeardUntilAsync(string last)
    {
        var heard = new List<string>();
        while (!heard.Contains(last))
        {
            using var batch = (await _client.ReceiveAsync(Until.DeadlineToken()))!;
            for (var index = 0; index < batch.Count; index++)
                heard.Add(Encoding.UTF8.GetString(batch[index].Topic));
            await batch.AcknowledgeAsync();
        }

        return heard;
    }

    /// <summary>Goes without a goodbye that would hold its will back.</summary>
    public Task VanishAsync() => _client.StopAsync(publishWill: true, Until.DeadlineToken());

    public ValueTask DisposeAsync() => _client.DisposeAsync();
}

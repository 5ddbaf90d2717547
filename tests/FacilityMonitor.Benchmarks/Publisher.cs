using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Benchmarks;

/// <summary>Devices, as far as the broker can tell.</summary>
internal sealed class Publisher : IAsyncDisposable
{
    private readonly MqttClient _client;

    private Publisher(MqttClient client) => _client = client;

    public static async Task<Publisher> StartAsync(int port)
    {
        var client = new MqttClient(new MqttClientOptions { Host = "127.0.0.1", Port = port, ClientId = "benchmark-" + Guid.NewGuid().ToString("N")[..8], Subscriptions = [] }, TimeProvider.System);
        await client.StartAsync();
        return new Publisher(client);
    }

    /// <summary>Makes the session of the service's ingest without the service, so that the broker keeps for it what is published.</summary>
    public static async Task OpenSessionAsync(int port)
    {
        string[] kinds = ["birth", "status", "data", "event", "ack"];
        await using var session = new MqttClient(
            new MqttClientOptions
            {
                Host = "127.0.0.1",
                Port = port,
                ClientId = "facility-monitor-live",
                CleanStart = true,
                SessionExpiry = TimeSpan.FromHours(1),
                Subscriptions = [.. kinds.Select(kind => new MqttSubscription($"fm/1/+/+/{kind}"))],
            },
            TimeProvider.System);
        await session.StartAsync();
        await session.WaitSubscribedAsync();
    }

    public ValueTask<MqttReasonCode> PublishAsync(string topic, byte[] payload) => _client.PublishAsync(topic, payload, MqttQos.AtLeastOnce, retain: false);

    public ValueTask DisposeAsync() => _client.DisposeAsync();
}

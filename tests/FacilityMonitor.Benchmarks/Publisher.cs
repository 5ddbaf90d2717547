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

    public ValueTask<MqttReasonCode> PublishAsync(string topic, byte[] payload) => _client.PublishAsync(topic, payload, MqttQos.AtLeastOnce, retain: false);

    public ValueTask DisposeAsync() => _client.DisposeAsync();
}

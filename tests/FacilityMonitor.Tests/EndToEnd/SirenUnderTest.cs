using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Tests.Mqtt;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>A siren on the broker that writes down what it is told, and says that it did it.</summary>
internal sealed class SirenUnderTest : IAsyncDisposable
{
    private readonly ConcurrentQueue<(string Id, string Operation, long AtMs)> _told = new();
    private readonly string _device;
    private readonly MqttClient _client;
    private Task _listening = Task.CompletedTask;

    private SirenUnderTest(MosquittoBroker broker, string device)
    {
        _device = device;
        _client = new MqttClient(
            new MqttClientOptions { Host = broker.Host, Port = broker.Port, ClientId = device, Subscriptions = [new MqttSubscription($"fm/1/{device}/cmd")] }, TimeProvider.System);
    }

    /// <summary>Ids, operations and moments of what it was told, again and again included.</summary>
    public IReadOnlyList<(string Id, string Operation, long AtMs)> Told => [.. _told];

    /// <summary>Each siren that it was asked to sound, once.</summary>
    public IReadOnlyList<string> Sounded => [.. Told.Where(told => told.Operation == "siren").Select(told => told.Id).Distinct()];

    /// <param name="broker">Its broker.</param>
    /// <param name="device"><c>site/device</c>.</param>
    public static async Task<SirenUnderTest> StartAsync(MosquittoBroker broker, string device)
    {
        var siren = new SirenUnderTest(broker, device);
        await siren._client.StartAsync();
        await siren._client.WaitSubscribedAsync(Until.DeadlineToken());
        siren._listening = siren.ListenAsync();
        await siren.SayAsync("birth", string.Create(CultureInfo.InvariantCulture, $$$"""{"v":1,"boot":"siren","bd":1,"ts":{{{NowMs}}},"model":"SIREN","fw":"1","clk":"ntp","period":60,"channels":{"main":{"metrics":["relay"]}},"ops":["siren","off"]}"""));
        return siren;
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _listening;
    }

    private static long NowMs => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    private async Task SayAsync(string kind, string body) => await _client.PublishAsync($"fm/1/{_device}/{kind}", Encoding.UTF8.GetBytes(body), MqttQos.AtLeastOnce, retain: kind == "birth");

    private async Task ListenAsync()
    {
        while (await _client.ReceiveAsync() is { } batch)
        {
            using (batch)
            {
                for (var index = 0; index < batch.Count; index++)
                {
                    var body = JsonDocument.Parse(batch[index].Payload.ToArray()).RootElement;
                    var id = body.GetProperty("id").GetString()!;
                    _told.Enqueue((id, body.GetProperty("op").GetString()!, NowMs));
                    // The broker may hold our message until the service takes it: nobody waits for that here.
                    _ = SayAsync("ack", $$"""{"id":"{{id}}","result":"done"}""");
                }

                await batch.AcknowledgeAsync();
            }
        }
    }
}

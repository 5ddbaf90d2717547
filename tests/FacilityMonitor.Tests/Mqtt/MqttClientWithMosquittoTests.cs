using System.Text;
using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Tests.Mqtt;

public sealed class MqttClientWithMosquittoTests
{
    public static MqttClientOptions To(MosquittoBrokerPort port, string clientId, MqttVersion version = MqttVersion.V500, params MqttSubscription[] subscriptions) => new()
    {
        Host = "127.0.0.1",
        Port = port.Port,
        ClientId = clientId,
        Version = version,
        Subscriptions = subscriptions,
        ReconnectMin = TimeSpan.FromMilliseconds(20),
        ReconnectMax = TimeSpan.FromMilliseconds(200),
    };

    public readonly record struct MosquittoBrokerPort(int Port);

    [RealServerFact("mosquitto")]
    public Task What_is_published_arrives_and_is_acknowledged_with_mqtt_5() => PublishedArrives(MqttVersion.V500);

    [RealServerFact("mosquitto")]
    public Task What_is_published_arrives_and_is_acknowledged_with_mqtt_3_1_1() => PublishedArrives(MqttVersion.V311);

    private static async Task PublishedArrives(MqttVersion version)
    {
        await using var broker = await MosquittoBroker.StartAsync();
        await using var client = new MqttClient(To(new(broker.Port), "worker", version, new MqttSubscription("a/#", MqttQos.ExactlyOnce)), TimeProvider.System);
        await client.StartAsync();
        await client.WaitSubscribedAsync(Until.DeadlineToken());

        Assert.Equal(MqttReasonCode.Success, await client.PublishAsync("a/1", "one"u8.ToArray(), MqttQos.AtLeastOnce, retain: false));
        using var batch = await client.ReceiveAsync(Until.DeadlineToken());
        Assert.Equal("one", Encoding.UTF8.GetString(batch![0].Payload));
        await batch.AcknowledgeAsync();
        await client.StopAsync();
        Assert.Equal(1, client.Counters.Acknowledged);
        Assert.Equal(0, client.Counters.ProtocolErrors);
    }

    [RealServerFact("mosquitto")]
    public async Task A_hundred_thousand_queued_messages_are_drained_without_loss()
    {
        const int Messages = 100_000;
        await using var broker = await MosquittoBroker.StartAsync();
        var options = To(new(broker.Port), "worker", MqttVersion.V500, new MqttSubscription("load"));
        await using (var first = new MqttClient(options, TimeProvider.System))
        {
            await first.StartAsync();
            await first.WaitSubscribedAsync(Until.DeadlineToken());
        }

        await using (var publisher = new MqttClient(To(new(broker.Port), "publisher"), TimeProvider.System))
        {
            await publisher.StartAsync();
            await publisher.WaitConnectedAsync(Until.DeadlineToken());
            var pending = new List<Task<MqttReasonCode>>();
            for (var i = 0; i < Messages; i++)
            {
                pending.Add(publisher.PublishAsync("load"u8.ToArray(), BitConverter.GetBytes(i), MqttQos.AtLeastOnce, retain: false).AsTask());
            }

            Assert.All(await Task.WhenAll(pending), code => Assert.Equal(MqttReasonCode.Success, code));
        }

        await using var client = new MqttClient(options, TimeProvider.System);
        await client.StartAsync();
        var expected = 0;
        while (expected < Messages)
        {
            using var batch = await client.ReceiveAsync(Until.DeadlineToken());
            for (var i = 0; i < batch!.Count; i++)
                Assert.Equal(expected++, BitConverter.ToInt32(batch[i].Payload));
            await batch.AcknowledgeAsync();
        }

        await client.StopAsync();
        Assert.Equal(Messages, client.Counters.Acknowledged);
    }
}

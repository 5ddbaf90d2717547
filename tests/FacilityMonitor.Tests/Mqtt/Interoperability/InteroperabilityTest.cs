using System.Text;
using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Tests.Mqtt.Interoperability;

/// <summary>Our client against servers and beside clients that others wrote.</summary>
public abstract class InteroperabilityTest : IAsyncLifetime
{
    private readonly List<MqttClient> _clients = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public virtual async Task DisposeAsync()
    {
        foreach (var client in _clients)
            await client.DisposeAsync();
    }

    protected static MqttClientOptions Options(int port, MqttVersion version, string clientId, params MqttSubscription[] subscriptions) => new()
    {
        Host = "127.0.0.1",
        Port = port,
        Version = version,
        ClientId = clientId,
        Subscriptions = subscriptions,
        ReconnectMin = TimeSpan.FromMilliseconds(20),
        ReconnectMax = TimeSpan.FromMilliseconds(200),
    };

    protected async Task<MqttClient> StartedAsync(MqttClientOptions options)
    {
        var client = new MqttClient(options, TimeProvider.System);
        _clients.Add(client);
        await client.StartAsync();
        return client;
    }

    protected async Task<MqttClient> SubscribedAsync(MqttClientOptions options)
    {
        var client = await StartedAsync(options);
        Assert.DoesNotContain(await client.WaitSubscribedAsync(Until.DeadlineToken()), result => result.Refused);
        return client;
    }

    protected static async Task PublishAsync(MqttClient client, string topic, IEnumerable<byte[]> payloads, MqttQos qos = MqttQos.AtLeastOnce)
    {
        var deadline = Until.DeadlineToken();
        var answers = payloads.Select(payload => client.PublishAsync(topic, payload, qos, retain: false, null, deadline).AsTask()).ToList();
        Assert.All(await Task.WhenAll(answers), answer => Assert.True(answer < MqttReasonCode.UnspecifiedError, $"{answer}"));
    }

    protected static IEnumerable<byte[]> Numbers(int first, int count) => Enumerable.Range(first, count).Select(BitConverter.GetBytes);

    /// <summary>Receives numbers in their order without a gap, and acknowledges batch by batch.</summary>
    protected static async Task ReceiveNumbersAsync(MqttClient client, int first, int count)
    {
        var expected = first;
        while (expected < first + count)
        {
            using var batch = (await client.ReceiveAsync(Until.DeadlineToken()))!;
            for (var i = 0; i < batch.Count; i++)
                Assert.Equal(expected++, BitConverter.ToInt32(batch[i].Payload));
            await batch.AcknowledgeAsync();
        }
    }

    /// <summary>Receives and acknowledges until so many messages are there.</summary>
    protected static async Task<List<(string Topic, MqttQos Qos, byte[] Payload)>> ReceiveAsync(MqttClient client, int messages)
    {
        var received = new List<(string, MqttQos, byte[])>();
        while (received.Count < messages)
        {
            using var batch = (await client.ReceiveAsync(Until.DeadlineToken()))!;
            for (var i = 0; i < batch.Count; i++)
                received.Add((Encoding.UTF8.GetString(batch[i].Topic), batch[i].Qos, batch[i].Payload.ToArray()));
            await batch.AcknowledgeAsync();
        }

        return received;
    }

    /// <summary>
    /// A second process with our name comes up while the first holds a message it has not made durable: the first is thrown
    /// out and stays out, the second gets the message, marked.
    /// </summary>
    protected async Task TheNewerOfTwoWithOneNameTakesOver(int port, MqttVersion version)
    {
        var patient = Options(port, version, "worker", new MqttSubscription("t")) with
        {
            ReconnectMin = TimeSpan.FromMinutes(5),
            ReconnectMax = TimeSpan.FromMinutes(5),
            Jitter = () => 0.99,
        };
        var older = await SubscribedAsync(patient);
        var device = await StartedAsync(Options(port, version, "device"));
        await PublishAsync(device, "t", Numbers(7, 1));
        using var held = (await older.ReceiveAsync(Until.DeadlineToken()))!;

        var newer = await StartedAsync(patient);
        using var again = (await newer.ReceiveAsync(Until.DeadlineToken()))!;
        Assert.Equal((7, true), (BitConverter.ToInt32(again[0].Payload), again[0].Dup));
        await Until.TrueAsync(() => older.State == MqttConnectionState.Waiting, "the older one is thrown out");
        // MQTT 5 obliges the server to say why [MQTT-3.1.4-3]; Mosquitto 2.0.11 hangs up without a word when it hands a session on.
        Assert.True(
            older.LastChange is { Loss: MqttLossReason.ClosedByServer } or { Loss: MqttLossReason.ServerDisconnect, ReasonCode: MqttReasonCode.SessionTakenOver },
            $"{older.LastChange}");

        // What the older one says now is said to nobody.
        await held.AcknowledgeAsync();
        await again.AcknowledgeAsync();
        await PublishAsync(device, "t", Numbers(8, 100));
        await ReceiveNumbersAsync(newer, 8, 100);
        Assert.Equal((1, 0, 0), (older.Counters.AcksSuppressed, newer.Counters.Losses, newer.Counters.ProtocolErrors));
    }
}

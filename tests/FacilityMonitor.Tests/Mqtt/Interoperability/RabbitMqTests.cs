using System.Text;
using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Tests.Mqtt.Interoperability;

/// <summary>RabbitMQ 3.10 speaks 3.1.1 with QoS 0 and 1. Each test has topics and names of its own, for the server is shared.</summary>
public sealed class RabbitMqTests(RabbitMqBroker broker) : InteroperabilityTest, IClassFixture<RabbitMqBroker>
{
    [RealServerFact("rabbitmq-server")]
    public async Task Both_qualities_arrive_and_a_third_is_granted_as_the_second()
    {
        await broker.StartedAsync();
        var client = await StartedAsync(Rabbit("qualities", new MqttSubscription("q/#", MqttQos.ExactlyOnce)));
        Assert.Equal(MqttReasonCode.GrantedQos1, Assert.Single(await client.WaitSubscribedAsync(Until.DeadlineToken())).ReasonCode);
        await PublishAsync(client, "q/0", [Encoding.UTF8.GetBytes("zero")], MqttQos.AtMostOnce);
        await PublishAsync(client, "q/楼/1", [Encoding.UTF8.GetBytes("一")]);

        var received = await ReceiveAsync(client, 2);
        Assert.Equal(
            [("q/0", MqttQos.AtMostOnce, "zero"), ("q/楼/1", MqttQos.AtLeastOnce, "一")],
            received.Select(message => (message.Topic, message.Qos, Encoding.UTF8.GetString(message.Payload))).Order());
    }

    [RealServerFact("rabbitmq-server")]
    public async Task Version_5_which_it_hangs_up_on_without_a_word_is_reported_as_such()
    {
        await broker.StartedAsync();
        var client = await StartedAsync(Rabbit("modern") with { Version = MqttVersion.V500 });
        await Until.TrueAsync(
            () => client.LastChange is { State: MqttConnectionState.Waiting, Loss: MqttLossReason.ClosedByServer, Detail: { } detail }
                && detail.Contains("instead of answering CONNECT", StringComparison.Ordinal),
            "the hang-up is noticed");
        Assert.Equal(0, client.Counters.Connects);
    }

    [RealServerFact("rabbitmq-server")]
    public async Task A_stream_comes_in_order_though_we_answer_late_and_the_server_has_few_under_way()
    {
        const int Messages = 3_000;
        await broker.StartedAsync();
        var client = await SubscribedAsync(Rabbit("stream", new MqttSubscription("s")) with { InboundBatchMessages = 4 });
        var device = await StartedAsync(Rabbit("stream-device"));
        var publishing = PublishAsync(device, "s", Numbers(0, Messages));
        var late = new Queue<MqttInboundBatch>();
        var expected = 0;
        while (expected < Messages)
        {
            // RabbitMQ sends ten ahead; as if a commit took as long as one more batch to arrive.
            if (late.Count == 2)
                await AcknowledgeAsync(late.Dequeue());
            var batch = (await client.ReceiveAsync(Until.DeadlineToken()))!;
            for (var i = 0; i < batch.Count; i++)
                Assert.Equal(expected++, BitConverter.ToInt32(batch[i].Payload));
            late.Enqueue(batch);
        }

        while (late.TryDequeue(out var batch))
            await AcknowledgeAsync(batch);
        await publishing;
        Assert.Equal((Messages, 0L, 0L), (client.Counters.Acknowledged, client.Counters.Losses, client.Counters.ProtocolErrors));

        static async Task AcknowledgeAsync(MqttInboundBatch batch)
        {
            using (batch)
                await batch.AcknowledgeAsync();
        }
    }

    [RealServerFact("rabbitmq-server")]
    public async Task What_was_sent_while_we_were_away_and_what_was_not_acknowledged_comes_to_the_next_process()
    {
        await broker.StartedAsync();
        var options = Rabbit("away", new MqttSubscription("a"));
        var device = await StartedAsync(Rabbit("away-device"));
        await using (var first = await SubscribedAsync(options))
        {
            await PublishAsync(device, "a", Numbers(0, 1));
            using var held = (await first.ReceiveAsync(Until.DeadlineToken()))!;
            await first.StopAsync();
        }

        await PublishAsync(device, "a", Numbers(1, 200));
        // RabbitMQ puts what was under way back beside what came meanwhile: all of it comes, in no promised order, some of it twice.
        var second = await StartedAsync(options);
        var seen = new HashSet<int>();
        while (seen.Count < 201)
            seen.UnionWith((await ReceiveAsync(second, 1)).Select(message => BitConverter.ToInt32(message.Payload)));
        Assert.Equal(Enumerable.Range(0, 201), seen.Order());
    }

    [RealServerFact("rabbitmq-server")]
    public async Task The_newer_of_two_with_one_name_takes_over()
    {
        await broker.StartedAsync();
        await TheNewerOfTwoWithOneNameTakesOver(broker.Port, MqttVersion.V311);
    }

    [RealServerFact("rabbitmq-server")]
    public async Task A_will_is_published_when_we_vanish_and_a_retained_message_kept()
    {
        await broker.StartedAsync();
        var watcher = await SubscribedAsync(Rabbit("watcher", new MqttSubscription("w/state")));
        var mortal = await StartedAsync(Rabbit("mortal") with { Will = new MqttWill("w/state", "gone"u8.ToArray(), Retain: false) });
        await mortal.PublishAsync("w/birth", "born"u8.ToArray(), MqttQos.AtLeastOnce, retain: true, null, Until.DeadlineToken());
        await mortal.StopAsync(publishWill: true);
        Assert.Equal("gone", Encoding.UTF8.GetString((await ReceiveAsync(watcher, 1))[0].Payload));

        var late = await StartedAsync(Rabbit("late", new MqttSubscription("w/birth")));
        using var batch = (await late.ReceiveAsync(Until.DeadlineToken()))!;
        Assert.Equal(("born", true), (Encoding.UTF8.GetString(batch[0].Payload), batch[0].Retain));
    }

    [RealServerFact("rabbitmq-server")]
    public async Task A_silent_connection_is_kept_alive_by_pings()
    {
        await broker.StartedAsync();
        var client = await SubscribedAsync(Rabbit("silent") with { KeepAlive = TimeSpan.FromSeconds(1) });
        var before = client.Counters.ReceivedBytes;

        // RabbitMQ hangs up after one and a half times the interval; three answers are beyond that.
        await Until.TrueAsync(() => client.Counters.ReceivedBytes >= before + 6, "three pings are answered");
        Assert.Equal(0, client.Counters.Losses);
    }

    private MqttClientOptions Rabbit(string clientId, params MqttSubscription[] subscriptions) => Options(broker.Port, MqttVersion.V311, clientId, subscriptions);
}

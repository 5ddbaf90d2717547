using System.Diagnostics;
using System.Text;
using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Tests.Mqtt;

public sealed class MqttClientWithMosquittoTests
{
    [RealServerFact("mosquitto")]
    public Task Every_quality_arrives_and_is_acknowledged_with_mqtt_5() => EveryQualityArrives(MqttVersion.V500);

    [RealServerFact("mosquitto")]
    public Task Every_quality_arrives_and_is_acknowledged_with_mqtt_3_1_1() => EveryQualityArrives(MqttVersion.V311);

    [RealServerFact("mosquitto")]
    public async Task Messages_sent_while_we_were_away_wait_in_the_session()
    {
        await using var broker = await MosquittoBroker.StartAsync();
        var options = Options(broker, "worker", new MqttSubscription("t"));
        await using (var before = await SubscribedAsync(options))
            await before.StopAsync();
        await PublishNumbersAsync(broker, "t", 0, 10);

        await using var after = await StartedAsync(options);
        await ReceiveNumbersAsync(after, 0, 10);
    }

    [RealServerFact("mosquitto")]
    public async Task What_was_not_acknowledged_comes_again_to_the_next_process_and_what_was_does_not()
    {
        await using var broker = await MosquittoBroker.StartAsync();
        var options = Options(broker, "worker", new MqttSubscription("t"));
        await using (var first = await SubscribedAsync(options))
        {
            await PublishNumbersAsync(broker, "t", 0, 1);
            await ReceiveNumbersAsync(first, 0, 1);
            await PublishNumbersAsync(broker, "t", 1, 1);
            using var batch = await first.ReceiveAsync(Until.DeadlineToken());
            await first.StopAsync();
        }

        await using var second = await StartedAsync(options);
        using var again = (await second.ReceiveAsync(Until.DeadlineToken()))!;
        Assert.Equal((1, true), (BitConverter.ToInt32(again[0].Payload), again[0].Dup));
    }

    [RealServerFact("mosquitto")]
    public async Task A_hundred_thousand_queued_messages_are_drained_without_loss()
    {
        const int Messages = 100_000;
        await using var broker = await MosquittoBroker.StartAsync();
        var options = Options(broker, "worker", new MqttSubscription("t"));
        await using (var before = await SubscribedAsync(options))
            await before.StopAsync();
        await PublishNumbersAsync(broker, "t", 0, Messages);

        await using var client = await StartedAsync(options);
        await ReceiveNumbersAsync(client, 0, Messages);
        await client.StopAsync();
        Assert.Equal((Messages, Messages), (client.Counters.Acknowledged, client.Counters.Received));

        await using var after = await SubscribedAsync(options);
        await PublishNumbersAsync(broker, "t", 7, 1);
        await ReceiveNumbersAsync(after, 7, 1);
    }

    [RealServerFact("mosquitto")]
    public async Task A_backlog_comes_in_one_connection_though_the_broker_sends_more_than_agreed_and_we_answer_late()
    {
        const int Messages = 5_000;
        await using var broker = await MosquittoBroker.StartAsync();
        var options = Options(broker, "worker", new MqttSubscription("t")) with { ReceiveMaximum = 100, EnforceReceiveMaximum = false, InboundBatchMessages = 40 };
        await using (var before = await SubscribedAsync(options))
            await before.StopAsync();
        await PublishNumbersAsync(broker, "t", 0, Messages);

        await using var client = await StartedAsync(options);
        var late = new Queue<MqttInboundBatch>();
        var received = 0;
        while (received < Messages)
        {
            // As if each commit took as long as two more to arrive.
            if (late.Count == 2)
                await AcknowledgeAsync(late.Dequeue());
            var batch = (await client.ReceiveAsync(Until.DeadlineToken()))!;
            received += batch.Count;
            late.Enqueue(batch);
        }

        while (late.TryDequeue(out var batch))
            await AcknowledgeAsync(batch);
        Assert.Equal((Messages, 0L, 0L), (received, client.Counters.Losses, client.Counters.ProtocolErrors));

        static async Task AcknowledgeAsync(MqttInboundBatch batch)
        {
            using (batch)
                await batch.AcknowledgeAsync();
        }
    }

    [RealServerFact("mosquitto")]
    public async Task A_retained_message_comes_with_a_new_subscription_and_not_with_a_resumed_one()
    {
        await using var broker = await MosquittoBroker.StartAsync();
        await using var device = await StartedAsync(Options(broker, "device"));
        await device.PublishAsync("birth/1", "born"u8.ToArray(), MqttQos.AtLeastOnce, retain: true);
        var options = Options(broker, "worker", new MqttSubscription("birth/#"));
        await using (var first = await StartedAsync(options))
        {
            using var batch = (await first.ReceiveAsync(Until.DeadlineToken()))!;
            Assert.Equal(("born", true), (Encoding.UTF8.GetString(batch[0].Payload), batch[0].Retain));
            await batch.AcknowledgeAsync();
            await first.StopAsync();
        }

        await using var second = await SubscribedAsync(options);
        await device.PublishAsync("birth/2", "live"u8.ToArray(), MqttQos.AtLeastOnce, retain: true);
        using var live = (await second.ReceiveAsync(Until.DeadlineToken()))!;
        Assert.Equal(("live", false), (Encoding.UTF8.GetString(live[0].Payload), live[0].Retain));
    }

    [RealServerFact("mosquitto")]
    public async Task The_will_is_published_when_we_ask_for_it_and_not_after_a_plain_goodbye()
    {
        await using var broker = await MosquittoBroker.StartAsync();
        await using var watcher = await SubscribedAsync(Options(broker, "watcher", new MqttSubscription("state")));
        var mortal = Options(broker, "mortal") with { Will = new MqttWill("state", "gone"u8.ToArray(), Retain: false) };
        await using (var polite = await StartedAsync(mortal))
        {
            await polite.WaitConnectedAsync(Until.DeadlineToken());
            await polite.PublishAsync("state", "polite"u8.ToArray(), MqttQos.AtLeastOnce, retain: false);
            await polite.StopAsync();
        }

        await using (var sudden = await StartedAsync(mortal))
        {
            await sudden.WaitConnectedAsync(Until.DeadlineToken());
            await sudden.StopAsync(publishWill: true);
        }

        var said = new List<string>();
        while (said.Count < 2)
        {
            using var batch = (await watcher.ReceiveAsync(Until.DeadlineToken()))!;
            for (var i = 0; i < batch.Count; i++)
                said.Add(Encoding.UTF8.GetString(batch[i].Payload));
            await batch.AcknowledgeAsync();
        }

        Assert.Equal(["polite", "gone"], said);
    }

    [RealServerFact("mosquitto")]
    public async Task User_and_password_open_the_door_and_wrong_ones_do_not()
    {
        var passwords = Path.GetTempFileName();
        using (var tool = Process.Start("mosquitto_passwd", ["-b", passwords, "pile", "s3cret"]))
            await tool.WaitForExitAsync();
        await using var guarded = await MosquittoBroker.StartAsync("allow_anonymous false", $"password_file {passwords}");

        await using var welcome = await StartedAsync(Options(guarded, "a") with { Username = "pile", Password = "s3cret" });
        await welcome.WaitConnectedAsync(Until.DeadlineToken());
        await using var stranger = await StartedAsync(Options(guarded, "b") with { Username = "pile", Password = "guess" });
        await Until.TrueAsync(
            () => stranger.LastChange is { Loss: MqttLossReason.Refused, ReasonCode: MqttReasonCode.NotAuthorized }, "the stranger was refused");
        File.Delete(passwords);
    }

    [RealServerFact("mosquitto")]
    public async Task Tls_with_our_authority_and_a_client_certificate_works_and_another_authority_is_refused()
    {
        var folder = Directory.CreateTempSubdirectory("fm-tls-").FullName;
        TestCertificates.WriteTo(folder);
        await using var broker = await MosquittoBroker.StartAsync(
            "listener {port} 127.0.0.1", $"cafile {folder}/ca.pem", $"certfile {folder}/server.pem", $"keyfile {folder}/server.key", "require_certificate true");
        var tls = new MqttTls { CaFile = $"{folder}/ca.pem", ClientCertificateFile = $"{folder}/client.pem", ClientKeyFile = $"{folder}/client.key" };

        await using (var client = await SubscribedAsync(Options(broker, "worker", new MqttSubscription("t")) with { Tls = tls }))
        {
            await client.PublishAsync("t", new byte[100_000], MqttQos.AtLeastOnce, retain: false);
            using var batch = (await client.ReceiveAsync(Until.DeadlineToken()))!;
            Assert.Equal(100_000, batch[0].Payload.Length);
            await batch.AcknowledgeAsync();
            await client.StopAsync();
            Assert.Equal((1, 0), (client.Counters.Acknowledged, client.Counters.Losses));
        }

        await using var fooled = await StartedAsync(Options(broker, "fooled") with { Tls = tls with { CaFile = $"{folder}/other-ca.pem" } });
        await Until.TrueAsync(() => fooled.LastChange.Loss == MqttLossReason.TlsFailed, "the false authority was noticed");
        await using var misnamed = await StartedAsync(Options(broker, "misnamed") with { Tls = tls with { ServerName = "broker.example" } });
        await Until.TrueAsync(() => misnamed.LastChange.Loss == MqttLossReason.TlsFailed, "the wrong name was noticed");
        Directory.Delete(folder, recursive: true);
    }

    [RealServerFact("mosquitto")]
    public async Task A_message_as_large_as_the_limit_passes_and_a_larger_one_is_kept_away()
    {
        await using var broker = await MosquittoBroker.StartAsync();
        await using var client = await SubscribedAsync(Options(broker, "worker", new MqttSubscription("t")) with { MaximumPacketSize = 3 << 20, ReadBufferBytes = 4096 });
        await using var device = await StartedAsync(Options(broker, "device"));
        var large = new byte[3 << 20];
        Random.Shared.NextBytes(large);

        // Fixed header 5, topic 3, identifier 2, no properties 1.
        await device.PublishAsync("t", large, MqttQos.AtLeastOnce, retain: false);
        await device.PublishAsync("t", large.AsMemory(11), MqttQos.AtLeastOnce, retain: false);

        using var batch = (await client.ReceiveAsync(Until.DeadlineToken()))!;
        Assert.True(batch[0].Payload.SequenceEqual(large.AsSpan(11)));
        Assert.Equal(0, client.Counters.ProtocolErrors);
    }

    [RealServerFact("mosquitto")]
    public async Task With_mqtt_3_1_1_whatever_our_brokers_limit_lets_through_arrives_whole()
    {
        await using var broker = await MosquittoBroker.StartAsync("message_size_limit 1048576");
        var topic = "t/" + new string('x', 60_000);
        await using var client = await SubscribedAsync(Options(broker, "worker", new MqttSubscription("t/#")) with { Version = MqttVersion.V311 });
        await using var device = await StartedAsync(Options(broker, "device"));
        var large = new byte[1_048_576];
        Random.Shared.NextBytes(large);

        await device.PublishAsync(topic, large, MqttQos.AtLeastOnce, retain: false);

        using var batch = (await client.ReceiveAsync(Until.DeadlineToken()))!;
        Assert.True(batch[0].Payload.SequenceEqual(large));
        Assert.Equal((0, 0), (batch[0].Missing, client.Counters.Losses));
    }

    [RealServerFact("mosquitto")]
    public async Task With_mqtt_3_1_1_a_message_that_is_too_large_is_skipped_acknowledged_and_never_sent_again()
    {
        await using var broker = await MosquittoBroker.StartAsync();
        var options = Options(broker, "worker", new MqttSubscription("t")) with { Version = MqttVersion.V311, MaximumPacketSize = 64 << 10, ReadBufferBytes = 16 << 10 };
        await using var device = await StartedAsync(Options(broker, "device"));
        var large = new byte[1_048_570];
        Random.Shared.NextBytes(large);
        await using (var client = await SubscribedAsync(options))
        {
            await device.PublishAsync("t", "before"u8.ToArray(), MqttQos.AtLeastOnce, retain: false);
            await device.PublishAsync("t", large, MqttQos.AtLeastOnce, retain: false);
            await device.PublishAsync("t", "behind"u8.ToArray(), MqttQos.AtLeastOnce, retain: false);

            var heard = new List<(int Length, int Missing)>();
            while (heard.Count < 3)
            {
                using var batch = (await client.ReceiveAsync(Until.DeadlineToken()))!;
                for (var index = 0; index < batch.Count; index++)
                {
                    heard.Add((batch[index].Payload.Length, batch[index].Missing));
                    if (batch[index].Missing > 0)
                        Assert.True(batch[index].Payload.SequenceEqual(large.AsSpan(0, batch[index].Payload.Length)));
                }

                await batch.AcknowledgeAsync();
            }

            Assert.Equal([(6, 0), (1_024, large.Length - 1_024), (6, 0)], heard);
            Assert.Equal((1, 0, 0), (client.Counters.TooLarge, client.Counters.Losses, client.Counters.ProtocolErrors));
            await client.StopAsync();
        }

        await device.PublishAsync("t", "later"u8.ToArray(), MqttQos.AtLeastOnce, retain: false);
        await using var again = await StartedAsync(options);
        using var next = (await again.ReceiveAsync(Until.DeadlineToken()))!;
        Assert.Equal(("later", 1), (Encoding.UTF8.GetString(next[0].Payload), next.Count));
    }

    private static async Task EveryQualityArrives(MqttVersion version)
    {
        await using var broker = await MosquittoBroker.StartAsync();
        await using var client = await SubscribedAsync(Options(broker, "worker", new MqttSubscription("a/#", MqttQos.ExactlyOnce)) with { Version = version });
        Assert.Equal(MqttReasonCode.Success, await client.PublishAsync("a/0", "0"u8.ToArray(), MqttQos.AtMostOnce, retain: false));
        Assert.Equal(MqttReasonCode.Success, await client.PublishAsync("a/1", "1"u8.ToArray(), MqttQos.AtLeastOnce, retain: false));
        using (var two = Process.Start("mosquitto_pub", ["-h", broker.Host, "-p", $"{broker.Port}", "-t", "a/2", "-m", "2", "-q", "2"]))
            await two.WaitForExitAsync();

        var qualities = new List<MqttQos>();
        while (qualities.Count < 3)
        {
            using var batch = (await client.ReceiveAsync(Until.DeadlineToken()))!;
            for (var i = 0; i < batch.Count; i++)
            {
                qualities.Add(batch[i].Qos);
                Assert.Equal($"{(int)batch[i].Qos}", Encoding.UTF8.GetString(batch[i].Payload));
                Assert.Equal($"a/{(int)batch[i].Qos}", Encoding.UTF8.GetString(batch[i].Topic));
            }

            await batch.AcknowledgeAsync();
        }

        await client.StopAsync();
        Assert.Equal([MqttQos.AtMostOnce, MqttQos.AtLeastOnce, MqttQos.ExactlyOnce], qualities);
        Assert.Equal((2, 0, 0), (client.Counters.Acknowledged, client.Counters.ProtocolErrors, client.Counters.Losses));
    }

    private static MqttClientOptions Options(MosquittoBroker broker, string clientId, params MqttSubscription[] subscriptions) => new()
    {
        Host = broker.Host,
        Port = broker.Port,
        ClientId = clientId,
        Subscriptions = subscriptions,
        ReconnectMin = TimeSpan.FromMilliseconds(20),
        ReconnectMax = TimeSpan.FromMilliseconds(200),
    };

    private static async Task<MqttClient> StartedAsync(MqttClientOptions options)
    {
        var client = new MqttClient(options, TimeProvider.System);
        await client.StartAsync();
        return client;
    }

    private static async Task<MqttClient> SubscribedAsync(MqttClientOptions options)
    {
        var client = await StartedAsync(options);
        Assert.DoesNotContain(await client.WaitSubscribedAsync(Until.DeadlineToken()), result => result.Refused);
        return client;
    }

    private static async Task PublishNumbersAsync(MosquittoBroker broker, string topic, int first, int count)
    {
        await using var device = await StartedAsync(Options(broker, "numbers"));
        var deadline = Until.DeadlineToken();
        var answers = Enumerable.Range(first, count)
            .Select(number => device.PublishAsync(topic, BitConverter.GetBytes(number), MqttQos.AtLeastOnce, retain: false, null, deadline).AsTask());
        Assert.All(await Task.WhenAll(answers), answer => Assert.True(answer < MqttReasonCode.UnspecifiedError));
        await device.StopAsync();
    }

    private static async Task ReceiveNumbersAsync(MqttClient client, int first, int count)
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
}

using System.Diagnostics;
using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Tests.Mqtt.Interoperability;

public sealed class MosquittoTests : InteroperabilityTest
{
    private const int Kills = 2;

    /// <summary>The broker sends so many at a time without an acknowledgement.</summary>
    private const int InFlightMax = 1_000;

    [RealServerFact("mosquitto")]
    public async Task The_newer_of_two_with_one_name_takes_over_with_mqtt_3_1_1()
    {
        await using var broker = await MosquittoBroker.StartAsync();
        await TheNewerOfTwoWithOneNameTakesOver(broker.Port, MqttVersion.V311);
    }

    [RealServerFact("mosquitto")]
    public async Task The_newer_of_two_with_one_name_takes_over_with_mqtt_5()
    {
        await using var broker = await MosquittoBroker.StartAsync();
        await TheNewerOfTwoWithOneNameTakesOver(broker.Port, MqttVersion.V500);
    }

    [RealServerFact("mosquitto")]
    public Task A_broker_killed_with_messages_both_ways_loses_nothing_that_it_had_acknowledged_and_written_with_mqtt_3_1_1() => ABrokerIsKilledInFlight(MqttVersion.V311);

    [RealServerFact("mosquitto")]
    public Task A_broker_killed_with_messages_both_ways_loses_nothing_that_it_had_acknowledged_and_written_with_mqtt_5() => ABrokerIsKilledInFlight(MqttVersion.V500);

    [RealServerFact("mosquitto")]
    public Task A_broker_killed_with_a_full_window_and_hundreds_under_way_loses_none_of_them_with_mqtt_3_1_1() => ABrokerIsKilledWithAFullWindow(MqttVersion.V311);

    [RealServerFact("mosquitto")]
    public Task A_broker_killed_with_a_full_window_and_hundreds_under_way_loses_none_of_them_with_mqtt_5() => ABrokerIsKilledWithAFullWindow(MqttVersion.V500);

    [RealServerFact("mosquitto")]
    public async Task What_is_worth_nothing_any_more_is_dropped_by_the_broker_while_its_device_is_away()
    {
        await using var broker = await MosquittoBroker.StartAsync();
        var options = Options(broker.Port, MqttVersion.V500, "device", new MqttSubscription("cmd"));
        await (await SubscribedAsync(options)).StopAsync();
        var service = await StartedAsync(Options(broker.Port, MqttVersion.V500, "service"));
        await OrderAsync(1, lifeS: 1);
        await OrderAsync(2, lifeS: 3_600);
        await OrderAsync(3, lifeS: 1);
        // The broker counts in whole seconds.
        var sent = Stopwatch.GetTimestamp();
        await Until.TrueAsync(() => Stopwatch.GetElapsedTime(sent) > TimeSpan.FromSeconds(2.5), "the first and the third have expired");

        var device = await SubscribedAsync(options);
        await OrderAsync(4, lifeS: 3_600);
        Assert.Equal([2, 4], (await ReceiveAsync(device, 2)).Select(message => BitConverter.ToInt32(message.Payload)));

        async Task OrderAsync(int number, int lifeS) => Assert.True(
            await service.PublishAsync("cmd", BitConverter.GetBytes(number), MqttQos.AtLeastOnce, retain: false, new MqttPublishProperties { MessageExpiry = TimeSpan.FromSeconds(lifeS) }, Until.DeadlineToken()) < MqttReasonCode.UnspecifiedError);
    }

    [RealServerFact("mosquitto")]
    public Task Socket_buffers_from_64_bytes_to_a_megabyte_do_not_stall_a_stream_with_mqtt_3_1_1() => NoSocketBufferStalls(MqttVersion.V311);

    [RealServerFact("mosquitto")]
    public Task Socket_buffers_from_64_bytes_to_a_megabyte_do_not_stall_a_stream_with_mqtt_5() => NoSocketBufferStalls(MqttVersion.V500);

    /// <summary>
    /// Kills the broker while a device publishes, a worker receives, and the worker publishes back; twice. The broker writes its sessions after every turn in which something
    /// changed, and each side says the next thing when the last was acknowledged. So whatever was acknowledged before the last thing said is on the broker's disk, and has
    /// to arrive: nobody sends it again.
    /// </summary>
    private async Task ABrokerIsKilledInFlight(MqttVersion version)
    {
        const int Messages = 400;
        await using var broker = await MosquittoBroker.StartAsync("autosave_on_changes true");
        var worker = await SubscribedAsync(Options(broker.Port, version, "worker", new MqttSubscription("up")));
        var device = await SubscribedAsync(Options(broker.Port, version, "device", new MqttSubscription("down")));
        var up = new Numbered(worker);
        var down = new Numbered(device);
        using var end = new CancellationTokenSource();
        Task[] readers = [up.ReadAsync(end.Token), down.ReadAsync(end.Token)];

        var kills = Task.Run(async () =>
        {
            for (var third = 1; third <= Kills; third++)
            {
                await Until.TrueAsync(() => device.Counters.Published > third * Messages / 3 && worker.Counters.Published > third * Messages / 3, $"{third} thirds were published");
                await broker.KillAsync();
                await broker.StartAgainAsync();
            }
        });
        var (upMayMiss, downMayMiss) = (SendAsync(device, "up", Messages), SendAsync(worker, "down", Messages));
        await Task.WhenAll(upMayMiss, downMayMiss, kills);
        Assert.Equal((0L, 0L), (device.Counters.PublishRefused, worker.Counters.PublishRefused));

        // The last of each side is acknowledged after everything before it: when it has come, nothing more will.
        await Until.TrueAsync(() => up.Has(Messages - 1) && down.Has(Messages - 1), "both have the last");
        await end.CancelAsync();
        await Task.WhenAll(readers);
        Assert.Subset((await upMayMiss).ToHashSet(), up.Missing(Messages).ToHashSet());
        Assert.Subset((await downMayMiss).ToHashSet(), down.Missing(Messages).ToHashSet());
        // What came twice was under way when the broker died, no more; and the client's count is ours.
        Assert.All([up, down], side => Assert.InRange(side.Twice, 0, Kills * InFlightMax));
        Assert.Equal((worker.Counters.Received, device.Counters.Received), (Messages - up.Missing(Messages).Count + up.Twice, Messages - down.Missing(Messages).Count + down.Twice));
        Assert.Equal((3L, 3L, 0L, 0L), (worker.Counters.Connects, device.Counters.Connects, worker.Counters.ProtocolErrors, device.Counters.ProtocolErrors));
    }

    /// <summary>
    /// The broker has sent as many as it may without an acknowledgement, and has more. Then it freezes: half of the window is acknowledged and hundreds are published into its
    /// sockets, and it never reads them. Killed and started again it sends the whole window once more, marked, and gets the hundreds again.
    /// </summary>
    private async Task ABrokerIsKilledWithAFullWindow(MqttVersion version)
    {
        const int Waiting = 3_000;
        const int UnderWay = 500;
        await using var broker = await MosquittoBroker.StartAsync();
        var worker = await SubscribedAsync(Options(broker.Port, version, "worker", new MqttSubscription("up")) with { ReceiveMaximum = InFlightMax, InboundBatchMessages = InFlightMax / 4 });
        var device = await StartedAsync(Options(broker.Port, version, "device"));
        await PublishAsync(device, "up", Numbers(0, Waiting));
        var (held, times) = (new Queue<MqttInboundBatch>(), new int[Waiting + UnderWay]);
        while (times.Sum() < InFlightMax)
        {
            // Quarters, and not whatever one read of the socket brings: more than four batches we may not hold.
            await Until.TrueAsync(() => worker.Counters.Received >= times.Sum() + (InFlightMax / 4), "a quarter of the window has come");
            held.Enqueue(await NextAsync());
        }

        Assert.Equal(Enumerable.Repeat(1, InFlightMax), times[..InFlightMax]);
        await broker.SaveAsync();
        await broker.FreezeAsync();

        var publishing = PublishAsync(device, "up", Numbers(Waiting, UnderWay));
        for (var acknowledged = 0; acknowledged < InFlightMax / 2;)
        {
            using var batch = held.Dequeue();
            acknowledged += batch.Count;
            await batch.AcknowledgeAsync();
        }

        await broker.KillAsync();
        await broker.StartAgainAsync();
        // Of the connection that is gone: nobody hears it.
        while (held.TryDequeue(out var batch))
        {
            await batch.AcknowledgeAsync();
            batch.Dispose();
        }

        var marked = 0;
        while (Array.Exists(times, count => count == 0))
        {
            using var batch = await NextAsync();
            for (var i = 0; i < batch.Count; i++)
                marked += batch[i].Dup ? 1 : 0;
            await batch.AcknowledgeAsync();
        }

        await publishing;
        Assert.Equal(Enumerable.Repeat(2, InFlightMax).Concat(Enumerable.Repeat(1, Waiting + UnderWay - InFlightMax)), times);
        Assert.Equal(InFlightMax, marked);
        Assert.Equal((2L, 2L, 0L, 0L), (worker.Counters.Connects, device.Counters.Connects, worker.Counters.ProtocolErrors, device.Counters.PublishRefused));

        async Task<MqttInboundBatch> NextAsync()
        {
            var batch = (await worker.ReceiveAsync(Until.DeadlineToken()))!;
            for (var i = 0; i < batch.Count; i++)
                times[BitConverter.ToInt32(batch[i].Payload)]++;
            return batch;
        }
    }

    /// <summary>Says one number after the other, each when the last was acknowledged.</summary>
    /// <returns>Those the broker had no turn to write any more: of each kill the last that it acknowledged.</returns>
    private static async Task<List<int>> SendAsync(MqttClient client, string topic, int count)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(1), WakingTime.Clock);
        var unwritten = new List<int>();
        var connects = client.Counters.Connects;
        for (var number = 0; number < count; number++)
        {
            var answer = await client.PublishAsync(topic, BitConverter.GetBytes(number), MqttQos.AtLeastOnce, retain: false, null, deadline.Token);
            Assert.True(answer < MqttReasonCode.UnspecifiedError, $"{number} was answered with {answer}.");
            if (client.Counters.Connects > connects && number > 0)
                unwritten.Add(number - 1);
            connects = client.Counters.Connects;
        }

        return unwritten;
    }

    /// <summary>
    /// A stalled window empties by the sender's probe timer, a few times a second: two thousand messages would take minutes. Here
    /// each size has ten seconds.
    /// </summary>
    private async Task NoSocketBufferStalls(MqttVersion version)
    {
        const int Messages = 2_000;
        await using var broker = await MosquittoBroker.StartAsync();
        var device = await StartedAsync(Options(broker.Port, version, "device"));
        var payload = new byte[180];
        foreach (var bytes in new[] { 64, 512, 4 << 10, 8 << 10, 16 << 10, 64 << 10, 1 << 20 })
        {
            var options = Options(broker.Port, version, $"worker-{bytes}", new MqttSubscription("t")) with { SocketReceiveBufferBytes = bytes, CleanStart = true };
            await using var client = await SubscribedAsync(options);
            var started = WakingTime.Clock.GetTimestamp();
            var publishing = PublishAsync(device, "t", Enumerable.Repeat(payload, Messages));
            await ReceiveAsync(client, Messages);
            await publishing;
            var took = WakingTime.Clock.GetElapsedTime(started);
            Assert.True(took < TimeSpan.FromSeconds(10), $"{Messages} messages took {took} with a socket buffer of {bytes} bytes.");
            Assert.Equal(0, client.Counters.Losses);
            await client.StopAsync();
        }
    }

    /// <summary>Which numbers a client has received and acknowledged.</summary>
    private sealed class Numbered(MqttClient client)
    {
        private readonly HashSet<int> _seen = [];

        /// <summary>Messages that were there already when they came.</summary>
        public int Twice { get; private set; }

        public async Task ReadAsync(CancellationToken cancellationToken)
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                try
                {
                    using var batch = (await client.ReceiveAsync(cancellationToken))!;
                    lock (_seen)
                    {
                        for (var i = 0; i < batch.Count; i++)
                            Twice += _seen.Add(BitConverter.ToInt32(batch[i].Payload)) ? 0 : 1;
                    }

                    await batch.AcknowledgeAsync();
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }
        }

        public bool Has(int number)
        {
            lock (_seen)
                return _seen.Contains(number);
        }

        public List<int> Missing(int count)
        {
            lock (_seen)
                return [.. Enumerable.Range(0, count).Where(number => !_seen.Contains(number))];
        }
    }
}

using System.Diagnostics;
using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Tests.Mqtt.Interoperability;

public sealed class MosquittoTests : InteroperabilityTest
{
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
    public Task A_broker_killed_with_messages_both_ways_loses_nothing_that_we_still_held_with_mqtt_3_1_1() => ABrokerIsKilledInFlight(MqttVersion.V311);

    [RealServerFact("mosquitto")]
    public Task A_broker_killed_with_messages_both_ways_loses_nothing_that_we_still_held_with_mqtt_5() => ABrokerIsKilledInFlight(MqttVersion.V500);

    [RealServerFact("mosquitto")]
    public Task Socket_buffers_from_64_bytes_to_a_megabyte_do_not_stall_a_stream_with_mqtt_3_1_1() => NoSocketBufferStalls(MqttVersion.V311);

    [RealServerFact("mosquitto")]
    public Task Socket_buffers_from_64_bytes_to_a_megabyte_do_not_stall_a_stream_with_mqtt_5() => NoSocketBufferStalls(MqttVersion.V500);

    /// <summary>Kills the broker while a device publishes, a worker receives, and the worker publishes back; twice.</summary>
    private async Task ABrokerIsKilledInFlight(MqttVersion version)
    {
        const int Messages = 2_000;
        await using var broker = await MosquittoBroker.StartAsync();
        var worker = await SubscribedAsync(Options(broker.Port, version, "worker", new MqttSubscription("up")));
        var device = await SubscribedAsync(Options(broker.Port, version, "device", new MqttSubscription("down")));
        await broker.SaveAsync();
        var up = new Numbered(worker);
        var down = new Numbered(device);
        using var end = new CancellationTokenSource();
        Task[] readers = [up.ReadAsync(end.Token), down.ReadAsync(end.Token)];

        var kills = Task.Run(async () =>
        {
            for (var quarter = 1; quarter <= 2; quarter++)
            {
                await Until.TrueAsync(() => device.Counters.Published > quarter * Messages / 4, $"{quarter} quarters were published");
                await broker.KillAsync();
                await broker.StartAgainAsync();
            }
        });
        await Task.WhenAll(SendAsync(device, "up", Enumerable.Range(0, Messages)), SendAsync(worker, "down", Enumerable.Range(0, Messages)));
        await kills;
        Assert.Equal((0L, 0L), (device.Counters.PublishRefused, worker.Counters.PublishRefused));

        // What the broker had acknowledged and not yet written is gone with it; who must not lose it sends it again, like our devices.
        await worker.WaitSubscribedAsync(Until.DeadlineToken());
        await device.WaitSubscribedAsync(Until.DeadlineToken());
        await SendAsync(device, "up", up.Missing(Messages));
        await SendAsync(worker, "down", down.Missing(Messages));
        await Until.TrueAsync(() => up.Missing(Messages).Count == 0 && down.Missing(Messages).Count == 0, "both have everything");
        await end.CancelAsync();
        await Task.WhenAll(readers);
        Assert.Equal((3L, 3L, 0L, 0L), (worker.Counters.Connects, device.Counters.Connects, worker.Counters.ProtocolErrors, device.Counters.ProtocolErrors));
    }

    private static async Task SendAsync(MqttClient client, string topic, IEnumerable<int> numbers)
    {
        var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(1)).Token;
        foreach (var some in numbers.Chunk(50))
        {
            var answers = some.Select(number => client.PublishAsync(topic, BitConverter.GetBytes(number), MqttQos.AtLeastOnce, retain: false, null, deadline).AsTask());
            await Task.WhenAll(answers);
        }
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
            var started = Stopwatch.GetTimestamp();
            var publishing = PublishAsync(device, "t", Enumerable.Repeat(payload, Messages));
            await ReceiveAsync(client, Messages);
            await publishing;
            var took = Stopwatch.GetElapsedTime(started);
            Assert.True(took < TimeSpan.FromSeconds(10), $"{Messages} messages took {took} with a socket buffer of {bytes} bytes.");
            Assert.Equal(0, client.Counters.Losses);
            await client.StopAsync();
        }
    }

    /// <summary>Which numbers a client has received and acknowledged.</summary>
    private sealed class Numbered(MqttClient client)
    {
        private readonly HashSet<int> _seen = [];

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
                            _seen.Add(BitConverter.ToInt32(batch[i].Payload));
                    }

                    await batch.AcknowledgeAsync();
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }
        }

        public List<int> Missing(int count)
        {
            lock (_seen)
                return [.. Enumerable.Range(0, count).Where(number => !_seen.Contains(number))];
        }
    }
}

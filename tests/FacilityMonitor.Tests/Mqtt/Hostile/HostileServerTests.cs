using System.Globalization;
using System.Text;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Mqtt.Packets;

namespace FacilityMonitor.Tests.Mqtt.Hostile;

/// <summary>
/// A server that sends whatever it likes: over a million packets, two thirds of them damaged. The same in every run, so that
/// a change is judged by itself; <c>FM_FUZZ_SEED</c> gives others, and every failure says its seed.
/// </summary>
[Collection(nameof(AloneInTheProcess))]
public sealed class HostileServerTests
{
    private const int ParsedPackets = 1_000_000;
    private const int MemoryConnections = 4_000;
    private const int SocketConnections = 1_000;
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    private static int Seed => int.TryParse(Environment.GetEnvironmentVariable("FM_FUZZ_SEED"), CultureInfo.InvariantCulture, out var seed) ? seed : 20_261_121;

    [Fact]
    public void A_million_packets_are_read_or_refused_and_reading_allocates_nothing_it_need_not()
    {
        var seed = Seed;
        var random = new Random(seed);
        MqttVersion[] versions = [MqttVersion.V311, MqttVersion.V500];
        PacketGenerator[] generators = [new(random, MqttVersion.V311), new(random, MqttVersion.V500)];
        MqttSubscription[] asked = [new("t"), new("u")];
        var outcomes = new Dictionary<(PacketType, MqttReasonCode), int>();
        for (var number = 0; number < ParsedPackets; number++)
        {
            var packet = generators[number & 1].Next();
            try
            {
                var (type, outcome) = Read(packet, versions[number & 1], asked);
                outcomes[(type, outcome)] = outcomes.GetValueOrDefault((type, outcome)) + 1;
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"Seed {seed}, packet {number}: {Convert.ToHexString(packet)}", error);
            }
        }

        // A generator that only makes rubbish, or only good packets, would prove nothing.
        foreach (var type in new[] { PacketType.Publish, PacketType.PubAck, PacketType.PubRel, PacketType.ConnAck, PacketType.SubAck, PacketType.Disconnect })
        {
            foreach (var outcome in new[] { MqttReasonCode.Success, MqttReasonCode.MalformedPacket, MqttReasonCode.ProtocolError })
                Assert.True(outcomes.GetValueOrDefault((type, outcome)) > 50, $"Seed {seed}: {type} came out as {outcome} {outcomes.GetValueOrDefault((type, outcome))} times.");
        }
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    public async Task A_hostile_stream_neither_stops_the_client_nor_lets_it_grow(MqttVersion version)
    {
        var seed = Seed;
        using var network = new HostileNetwork(seed, version, MemoryConnections);
        var options = new MqttClientOptions
        {
            Host = "in-memory",
            Network = network.Open,
            ClientId = "worker",
            Version = version,
            Subscriptions = [new MqttSubscription("t"), new MqttSubscription("u")],
            MaximumPacketSize = HostileNetwork.MaximumPacketSize,
            ReadBufferBytes = 1 << 10,
            InboundBatchMessages = 5,
            InboundBatchesInFlight = 2,
            ReceiveMaximum = 50,
            WriteBufferBytes = 4 << 10,
            // Few identifiers come round soon, so that answers at random hit them.
            OutboundWindow = 8,
            Jitter = () => 0,
        };
        await using var client = new MqttClient(options, TimeProvider.System);
        await client.StartAsync();
        using var deadline = new CancellationTokenSource(Deadline, WakingTime.Clock);
        var publishing = PublishAsync(client, deadline.Token);
        try
        {
            await ConsumeAsync(client, new Random(seed), deadline.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"Seed {seed}: the client stands still at connection {network.Opened}, {client.LastChange}.");
        }

        await client.StopAsync();
        await publishing;
        Assert.Null(network.Complaint);
        Assert.Equal(MemoryConnections + 1, network.Opened);
        Assert.True(client.Counters.ProtocolErrors > MemoryConnections / 2, $"Seed {seed}: only {client.Counters.ProtocolErrors} errors were noticed.");
        Assert.True(client.Counters.Received > 5 * MemoryConnections, $"Seed {seed}: only {client.Counters.Received} messages arrived.");
        Assert.True(network.GrowthBytes < 4 << 20, $"Seed {seed}: {network.GrowthBytes} bytes were held at the end that were not after the first tenth.");
    }

    [Fact]
    public async Task Thousands_of_hostile_packets_over_a_socket_leave_a_client_that_works()
    {
        var seed = Seed;
        using var server = new ScriptedServer();
        var random = new Random(seed);
        var generator = new PacketGenerator(random, MqttVersion.V500);
        await using var client = new MqttClient(server.Options(MqttVersion.V500, new MqttSubscription("t")), TimeProvider.System);
        await client.StartAsync();
        var started = WakingTime.Clock.GetTimestamp();
        for (var i = 0; i < SocketConnections; i++)
        {
            using var connection = await server.AcceptAsync();
            byte[] connAck = random.Next(8) == 0 ? generator.ConnAck() : [0x20, 3, 0, 0, 0];
            byte[] talk = [.. connAck, .. Enumerable.Range(0, random.Next(1, 10)).SelectMany(_ => generator.Next())];
            await IgnoringResetAsync(connection.SendAsync(talk));
            // What was received before stays with whoever holds it; nobody may be kept from the next connection.
            while (client.Counters.Received > 0 && await TryReceiveAsync(client) is { } batch)
                batch.Dispose();
            Assert.True(WakingTime.Clock.GetElapsedTime(started) < Deadline, $"Seed {seed}: connection {i} of {SocketConnections} after {Deadline}.");
        }

        using var good = await server.AcceptClientAsync();
        await good.PublishAsync("t", "sane", qos: 1, id: 1);
        while (true)
        {
            using var batch = (await client.ReceiveAsync(Until.DeadlineToken()))!;
            if (batch[batch.Count - 1].Payload.SequenceEqual("sane"u8))
                return;
        }
    }

    private static async ValueTask<MqttInboundBatch?> TryReceiveAsync(MqttClient client)
    {
        var receive = client.ReceiveAsync(new CancellationToken(canceled: true));
        try
        {
            return await receive;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private static (PacketType Type, MqttReasonCode Outcome) Read(byte[] packet, MqttVersion version, MqttSubscription[] asked)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var status = FixedHeader.TryRead(packet, 1 << 16, out var header);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        if (status is HeaderStatus.Malformed or HeaderStatus.TooLarge)
            return (PacketType.Reserved, status == HeaderStatus.TooLarge ? MqttReasonCode.PacketTooLarge : MqttReasonCode.MalformedPacket);
        // What is not whole yet is read as if it were: the parser must not trust the frame.
        ReadOnlySpan<byte> body = status == HeaderStatus.NeedMore ? packet : packet.AsSpan(header.Length, Math.Min(header.BodyLength, packet.Length - header.Length));
        var type = (PacketType)(packet[0] >> 4);
        before = GC.GetAllocatedBytesForCurrentThread();
        switch (type)
        {
            case PacketType.Publish:
                var published = PublishPacket.Read(body, packet[0] & 0x0F, version, out var layout);
                Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
                if (published == MqttReasonCode.Success)
                    CheckLayout(body, layout);
                return (type, published);
            case PacketType.PubAck or PacketType.PubRec or PacketType.PubRel or PacketType.PubComp:
                var acknowledged = AckPacket.Read(body, type, version, out _);
                Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
                return (type, acknowledged);
            case PacketType.ConnAck:
                var connected = ConnAckPacket.Read(body, version, out _);
                AssertBounded(GC.GetAllocatedBytesForCurrentThread() - before, body.Length);
                return (type, connected);
            case PacketType.SubAck:
                var subscribed = SubscribePacket.ReadAnswer(body, version, asked, out _, out _);
                AssertBounded(GC.GetAllocatedBytesForCurrentThread() - before, body.Length);
                return (type, subscribed);
            case PacketType.Disconnect:
                var disconnected = DisconnectPacket.Read(body, out _, out _);
                AssertBounded(GC.GetAllocatedBytesForCurrentThread() - before, body.Length);
                return (type, disconnected);
            default:
                return (type, MqttReasonCode.Success);
        }
    }

    /// <summary>A few objects, and the texts at two bytes a character.</summary>
    private static void AssertBounded(long allocated, int bodyLength) => Assert.True(allocated <= 512 + 4L * bodyLength, $"{allocated} bytes for a body of {bodyLength}.");

    private static void CheckLayout(ReadOnlySpan<byte> body, PublishLayout layout)
    {
        Assert.Equal(body.Length, layout.PayloadOffset + layout.PayloadLength);
        Assert.InRange(layout.TopicOffset + layout.TopicLength, 3, layout.PayloadOffset);
        var topic = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(body.Slice(layout.TopicOffset, layout.TopicLength));
        Assert.False(topic.Contains('\0') || topic.Contains('#') || topic.Contains('+'));
    }

    /// <summary>Every way a caller may treat a batch, to the message that ends the play.</summary>
    private static async Task ConsumeAsync(MqttClient client, Random random, CancellationToken cancellationToken)
    {
        var held = new Queue<MqttInboundBatch>();
        for (var ended = false; !ended;)
        {
            var batch = (await client.ReceiveAsync(cancellationToken))!;
            for (var i = 0; i < batch.Count; i++)
            {
                ended |= batch[i].Topic.SequenceEqual(HostileNetwork.LastTopic);
                if (random.Next(10) == 0)
                    batch.Reject(i, MqttReasonCode.PayloadFormatInvalid);
            }

            if (random.Next(3) == 0 && held.Count == 0)
            {
                held.Enqueue(batch);
                continue;
            }

            await SettleAsync(batch, random);
            while (held.TryDequeue(out var late))
                await SettleAsync(late, random);
        }

        while (held.TryDequeue(out var last))
            last.Dispose();
    }

    private static async Task SettleAsync(MqttInboundBatch batch, Random random)
    {
        using (batch)
        {
            if (random.Next(10) > 0)
                await batch.AcknowledgeAsync();
        }
    }

    private static async Task PublishAsync(MqttClient client, CancellationToken cancellationToken)
    {
        try
        {
            while (client.State != MqttConnectionState.Stopped)
            {
                await client.PublishAsync("u", "hello"u8.ToArray(), MqttQos.AtLeastOnce, retain: false, null, cancellationToken);
                await Task.Yield();
            }
        }
        catch (OperationCanceledException)
        {
            // The play is over.
        }
    }

    private static async Task IgnoringResetAsync(Task sending)
    {
        try
        {
            await sending;
        }
        catch (Exception error) when (error is IOException or System.Net.Sockets.SocketException)
        {
            // The client hung up in the middle of the nonsense.
        }
    }
}

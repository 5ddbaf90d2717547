using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Benchmarks;

/// <summary>
/// How fast QoS 1 messages waiting in a broker's session come out of it: through our client with deferred acknowledgement,
/// and through a bare socket that only finds packet boundaries and answers, which is what this machine and broker allow.
/// </summary>
internal static class MqttDrain
{
    private const int Messages = 200_000;
    private const int PayloadBytes = 200;
    private const int Rounds = 3;
    private static readonly byte[] Topic = "fm/1/demo/pile-01/data"u8.ToArray();

    public static async Task RunAsync(Report report)
    {
        var output = report.Output;
        await using var broker = await Broker.StartAsync();
        var port = broker.Port;
        await output.WriteLineAsync($"{Messages} QoS 1 messages of {PayloadBytes} bytes, preloaded in mosquitto; {Rounds} rounds, alternating");
        var client = new List<Result>();
        var socket = new List<Result>();
        for (var round = 0; round < Rounds; round++)
        {
            socket.Add(await MeasureAsync(port, "raw-socket", () => Task.Run(() => DrainSocket(port))));
            client.Add(await MeasureAsync(port, "client", () => DrainClientAsync(port)));
        }

        await PrintAsync(output, "raw socket", socket);
        await PrintAsync(output, "client, deferred ack", client);
        var ratio = Median(client, result => result.PerSecond) / Median(socket, result => result.PerSecond);
        report.Add(
            "MQTT 客户端本身（QoS 1，延迟回执，不处理）", "MQTT client alone (QoS 1, deferred acknowledgement, no work)",
            $"{Report.Number(Median(client, result => result.PerSecond))} msg/s, {Report.Number(Median(client, result => result.CpuUs), "F1")} µs CPU, {Report.Number(Median(client, result => result.AllocatedBytes))} B",
            "≥ 200,000 msg/s", $"{Report.Number(ratio, "F2")} × 只找包边界的裸套接字 a bare socket that only finds packet boundaries");
    }

    private static async Task<Result> MeasureAsync(int port, string clientId, Func<Task> drain)
    {
        await PreloadAsync(port, clientId);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var cpu = Environment.CpuUsage.TotalTime;
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var started = Stopwatch.GetTimestamp();
        await drain();
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        return new Result(
            Messages / seconds,
            (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / Messages,
            (GC.GetTotalAllocatedBytes(precise: true) - allocated) / (double)Messages);
    }

    private static async Task PreloadAsync(int port, string clientId)
    {
        await using (var session = new MqttClient(Options(port, clientId) with { CleanStart = true }, TimeProvider.System))
        {
            await session.StartAsync();
            await session.WaitSubscribedAsync();
        }

        await using var publisher = new MqttClient(Options(port, "preload") with { Subscriptions = [] }, TimeProvider.System);
        await publisher.StartAsync();
        var payload = new byte[PayloadBytes];
        var answers = new Task<MqttReasonCode>[Messages];
        for (var i = 0; i < Messages; i++)
            answers[i] = publisher.PublishAsync(Topic, payload, MqttQos.AtLeastOnce, retain: false).AsTask();
        await Task.WhenAll(answers);
    }

    private static async Task DrainClientAsync(int port)
    {
        await using var client = new MqttClient(Options(port, "client"), TimeProvider.System);
        await client.StartAsync();
        for (var received = 0; received < Messages;)
        {
            using var batch = (await client.ReceiveAsync())!;
            received += batch.Count;
            await batch.AcknowledgeAsync();
        }
    }

    /// <summary>The least a reader can do: one read, a look at each header, one write of acknowledgements.</summary>
    private static void DrainSocket(int port)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = 512 << 10 };
        socket.Connect(IPAddress.Loopback, port);
        var id = Encoding.ASCII.GetBytes("raw-socket");
        // MQTT 3.1.1 without clean session: the queue of the session made before is delivered.
        socket.Send([0x10, (byte)(12 + id.Length), 0, 4, .. "MQTT"u8, 4, 0, 0, 0, 0, (byte)id.Length, .. id]);
        var buffer = new byte[256 << 10];
        var acks = new byte[buffer.Length];
        var filled = 0;
        for (var received = 0; received < Messages;)
        {
            filled += socket.Receive(buffer.AsSpan(filled));
            var (used, count, ackBytes) = Scan(buffer.AsSpan(0, filled), acks);
            received += count;
            buffer.AsSpan(used, filled - used).CopyTo(buffer);
            filled -= used;
            if (ackBytes > 0)
                socket.Send(acks.AsSpan(0, ackBytes));
        }
    }

    private static (int Used, int Count, int AckBytes) Scan(ReadOnlySpan<byte> bytes, Span<byte> acks)
    {
        int at = 0, count = 0, ackBytes = 0;
        while (bytes.Length - at >= 3)
        {
            // Bodies here are shorter than 16,384 bytes.
            var longForm = bytes[at + 1] >= 0x80;
            var header = longForm ? 3 : 2;
            var length = header + (longForm ? (bytes[at + 1] & 0x7F) + (bytes[at + 2] << 7) : bytes[at + 1]);
            if (bytes.Length - at < length)
                break;
            if (bytes[at] >> 4 == 3)
            {
                var id = at + header + 2 + (bytes[at + header] << 8 | bytes[at + header + 1]);
                acks[ackBytes] = 0x40;
                acks[ackBytes + 1] = 2;
                acks[ackBytes + 2] = bytes[id];
                acks[ackBytes + 3] = bytes[id + 1];
                ackBytes += 4;
                count++;
            }

            at += length;
        }

        return (at, count, ackBytes);
    }

    private static MqttClientOptions Options(int port, string clientId) => new()
    {
        Host = "127.0.0.1",
        Port = port,
        ClientId = clientId,
        Version = MqttVersion.V500,
        Subscriptions = [new MqttSubscription("fm/#")],
    };

    private static double Median(IEnumerable<Result> results, Func<Result, double> of) => results.Select(of).Order().ElementAt(Rounds / 2);

    private static Task PrintAsync(TextWriter output, string what, List<Result> results) => output.WriteLineAsync(string.Create(
        CultureInfo.InvariantCulture,
        $"{what,-22} {Median(results, r => r.PerSecond),10:N0} msg/s {Median(results, r => r.CpuUs),7:F2} us CPU/msg {Median(results, r => r.AllocatedBytes),7:F1} B/msg   ({string.Join(", ", results.Select(r => r.PerSecond.ToString("N0", CultureInfo.InvariantCulture)))})"));

    private sealed record Result(double PerSecond, double CpuUs, double AllocatedBytes);
}

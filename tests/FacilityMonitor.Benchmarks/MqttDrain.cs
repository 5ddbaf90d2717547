using System.Diagnostics;
using System.Globalization;
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
            socket.Add(await MeasureAsync(port, RawReader.ClientId, () => Task.Run(() => RawReader.Drain(port, Messages))));
            client.Add(await MeasureAsync(port, "client", () => DrainClientAsync(port)));
        }

        await PrintAsync(output, "raw socket", socket);
        await PrintAsync(output, "client, deferred ack", client);
        var ratio = Median(client, result => result.PerSecond) / Median(socket, result => result.PerSecond);
        report.Add(
            "MQTT 客户端本身（QoS 1，延迟回执，不处理）", "MQTT client alone (QoS 1, deferred acknowledgement, no work)",
            $"{Report.Number(Median(client, result => result.PerSecond))} msg/s, {Report.Number(Median(client, result => result.CpuUs), "F1")} µs CPU, {Report.Number(Median(client, result => result.AllocatedBytes))} B",
            "≥ 200,000 msg/s", Median(client, result => result.PerSecond) >= 200_000, $"{Report.Number(ratio, "F2")} × 只找包边界的裸套接字 a bare socket that only finds packet boundaries");
    }

    private static async Task<Result> MeasureAsync(int port, string clientId, Func<Task<int>> drain)
    {
        await PreloadAsync(port, clientId);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var cpu = Environment.CpuUsage;
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var started = Stopwatch.GetTimestamp();
        var batches = await drain();
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var used = Environment.CpuUsage;
        return new Result(
            Messages / seconds,
            (used.UserTime - cpu.UserTime).TotalMicroseconds / Messages,
            (used.PrivilegedTime - cpu.PrivilegedTime).TotalMicroseconds / Messages,
            Messages / (double)batches,
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

    /// <returns>In how many batches they came.</returns>
    private static async Task<int> DrainClientAsync(int port)
    {
        await using var client = new MqttClient(Options(port, "client"), TimeProvider.System);
        await client.StartAsync();
        var batches = 0;
        for (var received = 0; received < Messages; batches++)
        {
            using var batch = (await client.ReceiveAsync())!;
            received += batch.Count;
            await batch.AcknowledgeAsync();
        }

        return batches;
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
        $"{what,-22} {Median(results, r => r.PerSecond),10:N0} msg/s {Median(results, r => r.CpuUs),7:F2} us CPU/msg ({Median(results, r => r.UserUs):F2} ours, the rest the kernel's, {Median(results, r => r.PerBatch):F0} messages a read) {Median(results, r => r.AllocatedBytes),7:F1} B/msg   ({string.Join(", ", results.Select(r => r.PerSecond.ToString("N0", CultureInfo.InvariantCulture)))})"));

    /// <param name="PerSecond">Messages a second.</param>
    /// <param name="UserUs">Processor time of our own code a message, µs.</param>
    /// <param name="KernelUs">Processor time of the system calls a message, µs. It follows from how many messages the broker hands over at once, and so from how
    /// busy the machine is: from 0.2 µs at a thousand a read to 5 µs at twenty.</param>
    /// <param name="PerBatch">Messages a read.</param>
    /// <param name="AllocatedBytes">Bytes allocated a message.</param>
    private sealed record Result(double PerSecond, double UserUs, double KernelUs, double PerBatch, double AllocatedBytes)
    {
        public double CpuUs => UserUs + KernelUs;
    }
}

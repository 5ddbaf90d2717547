using System.Globalization;
using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using FacilityMonitor.Readings;
using FacilityMonitor.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Benchmarks;

/// <summary>What the way of a 10-socket message costs: into the journal with its fsync, out again, and into the store.</summary>
internal static class JournalThroughput
{
    private const int Messages = 100_000;
    private const int BatchMessages = 500;
    private const int DeviceCount = 200;

    public static async Task RunAsync(TextWriter output)
    {
        var directory = Directory.CreateTempSubdirectory("facility-monitor-").FullName;
        try
        {
            await RunAsync(directory, output);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task RunAsync(string directory, TextWriter output)
    {
        var devices = new DeviceTable();
        await using var database = Database.Open(directory, TimeProvider.System);
        var journal = new MessageJournal(database, devices);
        var store = new EmbeddedStore(database, devices, NullLogger<EmbeddedStore>.Instance);
        var worker = new StoreWorker(database, journal, store, devices, TimeProvider.System, NullLogger<StoreWorker>.Instance);
        using var reader = await worker.OpenAsync();
        var messages = TenSocketMessages(devices);
        var writer = new JournalWriter();
        // Compiled and grown before anything is counted.
        Encode(writer, messages);
        Decode(devices, writer.ToBody());

        var encode = Meter.Start();
        Encode(writer, messages);
        encode.Stop(output, "encode");
        var body = writer.ToBody();
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"journal        {body.Length / (Messages * 10.0):F1} B/reading"));
        var target = new byte[body.Length];
        var copy = Meter.Start();
        body.CopyTo(target, 0);
        var copyUs = copy.Stop(output, "memcpy");
        var decode = Meter.Start();
        Decode(devices, body);
        var decodeUs = decode.Stop(output, "decode");
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"decode/memcpy  {decodeUs / copyUs:F0} x"));

        var append = Meter.Start();
        for (var first = 0; first < Messages; first += BatchMessages)
        {
            writer.Clear();
            for (var index = first; index < first + BatchMessages; index++)
                writer.Message(Later(messages, index));
            await journal.AppendAsync(writer);
        }

        append.Stop(output, "make+append");
        var storing = Meter.Start();
        await worker.ReadOnAsync(reader, CancellationToken.None);
        await worker.FlushAsync();
        storing.Stop(output, "store");
        await new BlockMerger(database, store, new StorageOptions(), TimeProvider.System).MergeAsync(everything: true, CancellationToken.None);
        using var connection = database.OpenReader();
        var bytes = BlockTable.Number(connection, "select sum(length(body)) from block") ?? 0;
        var readings = BlockTable.Number(connection, "select sum(readings) from block") ?? 1;
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"blocks         {(double)bytes / readings:F1} B/reading of {readings}"));
    }

    private static void Encode(JournalWriter writer, DeviceMessage[] messages)
    {
        writer.Clear();
        for (var index = 0; index < Messages; index++)
            writer.Message(messages[index % DeviceCount]);
    }

    private static void Decode(DeviceTable devices, byte[] body)
    {
        var (records, message) = (new JournalRecords(devices), new DeviceMessage());
        records.Open(new JournalEntry(1, body));
        while (records.TryRead(message, out _, out _, out _))
        {
        }
    }

    /// <summary>The device's message six seconds later, with other figures: constant ones would flatter the blocks.</summary>
    private static DeviceMessage Later(DeviceMessage[] messages, int index)
    {
        var message = messages[index % DeviceCount];
        var atMs = message.ReceivedMs + 6_000;
        message.ReceivedMs = atMs;
        message.Envelope = message.Envelope with { Seq = message.Envelope.Seq + 1, TsMs = atMs };
        message.Readings.Clear();
        Fill(message, atMs, new Random(index));
        return message;
    }

    private static DeviceMessage[] TenSocketMessages(DeviceTable devices)
    {
        var random = new Random(1);
        var messages = new DeviceMessage[DeviceCount];
        for (var device = 0; device < DeviceCount; device++)
        {
            var boot = BootId.TryParse("c41-7f3a9e02"u8, out var parsed) ? parsed : default;
            var message = messages[device] = new DeviceMessage
            {
                Device = devices.Resolve(Dialect.Fm1, "huaihai"u8, System.Text.Encoding.ASCII.GetBytes("pile-" + device)),
                ReceivedMs = 1_767_225_600_000,
                HasEnvelope = true,
                Envelope = new Envelope(boot, 1234, 1_767_225_600_000, 8_123_456, ClockSource.Ntp),
            };
            Fill(message, message.ReceivedMs, random);
        }

        return messages;
    }

    private static void Fill(DeviceMessage message, long atMs, Random random)
    {
        for (var socket = 1; socket <= 10; socket++)
        {
            ref var reading = ref message.Readings.Add();
            (reading.Channel, reading.AtMs, reading.DeviceMs, reading.State) = (ChannelId.Socket(socket), atMs, atMs, "charging");
            message.Readings.AddValue(Metric.W, Math.Round(130 + (random.NextDouble() * 2), 1));
            message.Readings.AddValue(Metric.V, Math.Round(226 + (random.NextDouble() * 3), 1));
            message.Readings.AddValue(Metric.A, Math.Round(0.6 + (random.NextDouble() * 0.02), 2));
            message.Readings.AddValue(Metric.Wh, Math.Round((atMs - 1_767_225_600_000) / 30_000d, 1));
            message.Readings.AddValue(Metric.Tc, Math.Round(25 + random.NextDouble(), 1));
            message.Readings.AddValue(Metric.Relay, 1);
        }
    }

    /// <summary>Processor time and memory of a stretch of work, for each message.</summary>
    private readonly struct Meter
    {
        private readonly TimeSpan _cpu;
        private readonly long _allocated;
        private readonly long _began;

        private Meter(TimeSpan cpu, long allocated, long began) => (_cpu, _allocated, _began) = (cpu, allocated, began);

        public static Meter Start() => new(Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes(precise: true), TimeProvider.System.GetTimestamp());

        public double Stop(TextWriter output, string what)
        {
            var cpuUs = (Environment.CpuUsage.TotalTime - _cpu).TotalMicroseconds / Messages;
            var wallUs = TimeProvider.System.GetElapsedTime(_began).TotalMicroseconds / Messages;
            var bytes = (double)(GC.GetTotalAllocatedBytes(precise: true) - _allocated) / Messages;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-14} {cpuUs,6:F2} us CPU {wallUs,6:F2} us wall {bytes,6:F0} B allocated a message"));
            return wallUs;
        }
    }
}

using System.Text;
using FacilityMonitor.Alerts;
using FacilityMonitor.Commands;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Ingest;
using FacilityMonitor.Journal;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;
using FacilityMonitor.Storage;
using FacilityMonitor.Web;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Benchmarks;

/// <summary>
/// What a district of 200,000 live sockets takes in memory: the heap of each part by itself, and beside their sum what the whole service holds as a process, buffers, code
/// and uncollected garbage included.
/// </summary>
internal static class DistrictMemory
{
    private const int Piles = 20_000;

    private const int Rounds = 3;

    public static async Task RunAsync(Report report)
    {
        var folder = Directory.CreateTempSubdirectory("fm-benchmark-").FullName;
        var place = new Neighbourhood(Piles);
        place.Write(folder);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var facility = FacilityLoader.Load(folder, RunCommand.Rules).Facility!;
        var registry = Used(before, out var afterRegistry);
        var devices = new DeviceTable();
        var engine = new RuleEngine(new FacilityIndex(facility), devices);
        var ledger = new DeviceLedger();
        var latest = new LatestTable();
        var open = new OpenBlocks();
        using var source = new FacilitySource(folder, facility, TimeProvider.System, NullLogger<FacilitySource>.Instance);
        var view = new LiveView(source);
        var messages = Messages(place, devices).ToList();
        var baseline = GC.GetTotalMemory(forceFullCollection: true);
        Feed(messages, message =>
        {
            ledger.Observe(message.Device!.Number, message.Envelope, message.ReceivedMs, 0);
            ledger.Book(message.Device.Number, MessageFate.Journaled, message.ReceivedMs, 0);
        });
        var books = Used(baseline, out baseline);
        var steps = new List<AlertTransition>();
        engine.Started(0);
        Feed(messages, message => engine.Observe(message, steps));
        var rules = Used(baseline, out baseline);
        Feed(messages, message =>
        {
            open.Add(message, latest);
            open.Clear(OpenBlocks.PartOf(message.Device!.Number));
        });
        var values = Used(baseline, out baseline);
        Feed(messages, view.Apply);
        view.TakeChanged(int.MaxValue);
        var live = Used(baseline, out _);
        var total = registry + books + rules + values + live;
        GC.KeepAlive((engine, ledger, latest, open, view, facility));
        baseline = GC.GetTotalMemory(forceFullCollection: true);
        var texts = Enumerable.Range(0, Piles).Select(pile => Neighbourhood.TenSockets(0, 1_767_225_600_000, new Random(pile))).ToArray();
        var bare = Used(baseline, out _);
        GC.KeepAlive(texts);
        messages.Clear();
        var resident = await ResidentAsync(folder, place);
        Directory.Delete(folder, recursive: true);
        report.Output.WriteLine($"MiB: registry {registry:F0}, sequence books {books:F0}, rules {rules:F0} ({rules * (1 << 20) / 200_000:F0} B a socket), latest values {values:F0}, live view {live:F0}");
        report.Add(
            "20 万个在用充电口的内存（登记、序号、规则、最新值、页面）", "memory of 200,000 live sockets (registry, books, rules, latest values, page)",
            $"{Report.Number(total)} MiB heap, {Report.Number(resident)} MiB RSS, 规则 rules {Report.Number(rules * (1 << 20) / 200_000)} B/口 socket", "≤ 400 MB, ≤ 1 KB/口 socket",
            Math.Max(total, resident) * 1.048576 <= 400 && rules * (1 << 20) / 200_000 <= 1_024,
            $"{Report.Number(total / bare, "F1")} × 每桩最后一条消息的字节 the bytes of each pile's last message ({Report.Number(bare)} MiB)");
    }

    /// <summary>A real service with the same registry, and every pile talking to it through a broker.</summary>
    private static async Task<double> ResidentAsync(string folder, Neighbourhood place)
    {
        await using var broker = await Broker.StartAsync();
        await using var service = new ServiceProcess(folder, broker.Port);
        await service.StartAsync();
        await using var publisher = await Publisher.StartAsync(broker.Port);
        for (var round = 0; round < Rounds; round++)
        {
            var atMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
            foreach (var some in Enumerable.Range(0, place.Piles).Chunk(1_000))
                await Task.WhenAll(some.Select(pile => publisher.PublishAsync(place.Topic(pile, "data"), Neighbourhood.TenSockets(round, atMs, new Random(pile))).AsTask()));
        }

        while (Stored(service.Data) < Rounds * place.Piles)
            await Task.Delay(200);
        return service.ResidentMebibytes;
    }

    private static long Stored(string data)
    {
        using var connection = Database.OpenReader(data);
        using var command = Database.Command(connection, "select sum(stored) from book");
        return command.ExecuteScalar() is long count ? count : 0;
    }

    private static double Used(long before, out long now)
    {
        now = GC.GetTotalMemory(forceFullCollection: true);
        return (now - before) / (double)(1 << 20);
    }

    private static void Feed(List<Func<DeviceMessage>> messages, Action<DeviceMessage> take)
    {
        foreach (var make in messages)
            take(make());
    }

    private static IEnumerable<Func<DeviceMessage>> Messages(Neighbourhood place, DeviceTable devices)
    {
        var decoder = new MessageDecoder(devices);
        var message = new DeviceMessage();
        for (var round = 0; round < Rounds; round++)
        {
            for (var pile = 0; pile < place.Piles; pile++)
            {
                var (seq, number) = (round, pile);
                yield return () =>
                {
                    var atMs = 1_767_225_600_000 + (seq * 10_000L);
                    decoder.Decode(Encoding.ASCII.GetBytes(place.Topic(number, "data")), Neighbourhood.TenSockets(seq, atMs, new Random(number)), false, atMs, message);
                    return message;
                };
            }
        }
    }
}

using System.Globalization;
using System.Text.Json;
using FacilityMonitor.Journal;
using FacilityMonitor.Readings;
using FacilityMonitor.Storage;
using FacilityMonitor.Tests.Mqtt;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>Promise 1 on real processes: whatever is killed, nothing under <c>acked</c> is lost or counted twice.</summary>
public sealed class KillTests
{
    private static bool IsLong => Environment.GetEnvironmentVariable("FM_LONG") == "1";

    [RealServerFact("mosquitto")]
    public async Task Whatever_is_killed_nothing_that_was_acknowledged_is_lost_or_stored_twice()
    {
        var (serviceKills, brokerKills) = IsLong ? (100, 20) : (10, 3);
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync();
        await using var service = await ServiceUnderTest.StartAsync(broker, folder.Path);
        var ledger = Path.Combine(folder.Path, "ledger.jsonl");
        await using var simulator = new ProcessUnderTest(
            "firmware-sim", ["run", "--scenario", "load", "--devices", "40", "--seed", "7", "--broker", $"mqtt://127.0.0.1:{broker.Port}", "--ledger", ledger], new Dictionary<string, string>());
        simulator.Start();
        await simulator.UntilAsync(() => Task.FromResult(Read(ledger).Acked.Count > 0), "a first receipt");

        var random = new Random(20261121);
        var kills = Enumerable.Repeat(true, serviceKills).Concat(Enumerable.Repeat(false, brokerKills)).ToArray();
        random.Shuffle(kills);
        foreach (var ofService in kills)
        {
            await Task.Delay(random.Next(200, 2_000));
            if (ofService)
            {
                await service.Process.KillAsync();
                service.Process.Start();
            }
            else
            {
                await broker.KillAsync();
                await broker.StartAgainAsync();
            }
        }

        await service.ReadyAsync();
        var atLastKill = Read(ledger).Produced.Count;
        // Everything that was under way at the last kill is settled in the end.
        await simulator.UntilAsync(() => Task.FromResult(Read(ledger).Acked.Count > atLastKill), "receipts for all that was under way");
        await simulator.StopAsync();
        Assert.Equal(0, await service.Process.StopAsync());

        var (produced, acked) = Read(ledger);
        var stored = await StoredAsync(service.Data);
        Assert.True(acked.Count > 1_000, $"only {acked.Count} messages were acknowledged");
        Assert.All(stored, pair => Assert.Equal(1, pair.Value));
        var missing = acked.Where(key => produced[key] != "event" && !stored.ContainsKey(key)).ToList();
        Assert.Empty(missing);
    }

    [RealServerFact("mosquitto")]
    public async Task A_stop_drains_what_is_on_its_way_and_a_start_is_ready_again()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync("allow_anonymous true");
        await using var service = await ServiceUnderTest.StartAsync(broker, folder.Path);

        Assert.Equal(0, await service.Process.StopAsync());
        service.Process.Start();
        await service.ReadyAsync();

        Assert.Equal(System.Net.HttpStatusCode.OK, await service.StatusAsync("/healthz"));
        await broker.StopAsync();
        await service.Process.UntilAsync(async () => await service.StatusAsync("/readyz") == System.Net.HttpStatusCode.ServiceUnavailable, "the lost broker being told");
    }

    private static (Dictionary<Key, string> Produced, HashSet<Key> Acked) Read(string ledger)
    {
        var produced = new Dictionary<Key, string>();
        var acked = new HashSet<Key>();
        if (!File.Exists(ledger))
            return (produced, acked);
        using var reader = new StreamReader(new FileStream(ledger, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        while (reader.ReadLine() is { } line)
        {
            // The last line may be half written while the simulator runs.
            if (!line.EndsWith("}}", StringComparison.Ordinal))
                break;
            using var document = JsonDocument.Parse(line);
            if (document.RootElement.TryGetProperty("produced", out var message))
                produced[KeyOf(message)] = message.GetProperty("kind").GetString()!;
            else
                acked.Add(KeyOf(document.RootElement.GetProperty("acked")));
        }

        return (produced, acked);
    }

    private static Key KeyOf(JsonElement message) => new(message.GetProperty("device").GetString()!, message.GetProperty("seq").GetInt64());

    /// <summary>How often each message is in the store, by its first reading. The simulated devices keep one boot, so the number names the message.</summary>
    private static async Task<Dictionary<Key, int>> StoredAsync(string data)
    {
        await using var database = Database.Open(data, TimeProvider.System);
        var devices = new DeviceTable();
        _ = new MessageJournal(database, devices);
        var store = new EmbeddedStore(database, devices, NullLogger<EmbeddedStore>.Instance);
        var stored = new Dictionary<Key, int>();
        foreach (var device in devices.All)
        {
            await foreach (var reading in store.ReadingsAsync(device, 0, long.MaxValue / 2, CancellationToken.None))
            {
                if (reading.Index != 0)
                    continue;
                var key = new Key(device.Id.Name, reading.Seq);
                stored[key] = stored.GetValueOrDefault(key) + 1;
            }
        }

        return stored;
    }

    private sealed record Key(string Device, long Seq)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Device}#{Seq}");
    }
}

using System.Globalization;
using System.Net;
using System.Text;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Tests.Mqtt;

namespace FacilityMonitor.Tests.EndToEnd;

public sealed class FullDiskTests
{
    private const string NothingAcknowledged = "nothing is acknowledged";

    [SmallDiskFact]
    public async Task A_disk_that_fills_up_is_told_in_time_the_reserve_carries_on_and_nothing_acknowledged_is_lost_when_even_that_is_gone()
    {
        using var disk = SmallDisk.TryMount(128)!;
        await using var broker = await MosquittoBroker.StartAsync();
        await using var service = await ServiceUnderTest.StartAsync(
            broker, disk.Path, settings: new Dictionary<string, string> { ["FM_DATA__RESERVE_MIB"] = "16", ["FM_INGEST__DISK_FREE_MIN_MIB"] = "24" });
        var reserve = Path.Combine(service.Data, "reserve");
        Assert.Equal(16 << 20, new FileInfo(reserve).Length);
        using var end = new CancellationTokenSource();
        var sending = SendAsync(broker, end.Token);
        await service.Process.UntilAsync(() => Task.FromResult(Stored(service) > 0), "the first reading being stored");

        disk.FillUpTo(20 << 20);
        await service.Process.UntilAsync(() => Task.FromResult(Steps(service) == 1), "the alert that the disk is nearly full");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await service.StatusAsync("/readyz"));

        // Full: the reserve is given, and readings go on in its first half.
        await service.Process.UntilAsync(
            () =>
            {
                if (File.Exists(reserve))
                    disk.FillUpTo(0);
                return Task.FromResult(!File.Exists(reserve));
            }, "the reserve being given");
        var before = Stored(service);
        await service.Process.UntilAsync(() => Task.FromResult(Stored(service) > before), "readings being stored on the reserve");

        // Less than its half left: no reading is acknowledged any more, but alerts are written.
        var log = service.Process.Log.Length;
        await service.Process.UntilAsync(
            () =>
            {
                disk.FillUpTo(4 << 20);
                return Task.FromResult(service.Process.Log[log..].Contains(NothingAcknowledged, StringComparison.Ordinal));
            }, "readings being refused");
        await service.Process.UntilAsync(() => Task.FromResult(Steps(service) == 2), "the alert saying that the disk refuses");
        await end.CancelAsync();
        var sent = await sending;

        disk.Clear();
        await service.Process.UntilAsync(() => Task.FromResult(Stored(service) >= sent), "everything that waited at the broker being stored");
        await service.Process.UntilAsync(() => Task.FromResult(Count(service, "select count(*) from alert where rule = $rule and condition = 4") == 1), "the alert being over");
        await service.Process.UntilAsync(() => Task.FromResult(File.Exists(reserve) && new FileInfo(reserve).Length == 16 << 20), "the reserve being taken back");
        await service.ReadyAsync();
        Assert.Equal(0, await service.Process.StopAsync());
        Assert.Equal(sent, Stored(service));
        Assert.Equal(sent, Count(service, "select sum(received) - sum(duplicates) - sum(dead_letters) from book"));
        Assert.Equal(sent, Count(service, "select sum(readings) from block"));
    }

    [SmallDiskFact]
    public async Task On_a_disk_that_has_room_for_alerts_alone_the_siren_of_a_fire_sounds_and_ends()
    {
        const string People = """
            people:
              - {id: guard, name: Guard, reach: [{channel: hook, address: guard}]}
            teams:
              - {id: gate, name: Gate, tier: guard, shifts: [{from: "00:00", to: "24:00", people: [guard]}]}
            chains:
              - priority: P0
                steps: [{after-s: 0, tiers: [guard], siren: true}]
                repeat-s: 600
            """;
        SmallDisk disk = null!;
        await using var place = await OnCallNeighbourhood.StartAsync(
            People, "      - {id: siren-1, kind: siren, name: Siren, place: shed}", settings: new Dictionary<string, string> { ["FM_DATA__RESERVE_MIB"] = "16", ["FM_INGEST__DISK_FREE_MIN_MIB"] = "24" },
            prepare: data => disk = SmallDisk.TryMount(128, data)!);
        using var under = disk;
        var service = place.Service;
        await using var siren = await SirenUnderTest.StartAsync(place.Broker, "lane/siren-1");
        await place.UntilAsync(() => Count(service, "select count(*) from device_birth") == 1, "the siren being known");
        var reserve = Path.Combine(service.Data, "reserve");
        using var end = new CancellationTokenSource();
        var sending = SendAsync(place.Broker, end.Token);
        // Full: the reserve is given, and readings go on in its first half. Then less than that is left.
        await place.UntilAsync(
            () =>
            {
                if (File.Exists(reserve))
                    disk.FillUpTo(0);
                return !File.Exists(reserve);
            }, "the reserve being given");
        var before = Count(service, "select count(*) from journal");
        await place.UntilAsync(() => Count(service, "select count(*) from journal") > before, "readings being taken on the reserve");
        var log = service.Process.Log.Length;
        await place.UntilAsync(
            () =>
            {
                disk.FillUpTo(4 << 20);
                return service.Process.Log[log..].Contains(NothingAcknowledged, StringComparison.Ordinal);
            },
            "readings being refused");

        await place.SmokeAsync(true);
        await place.UntilAsync(() => siren.Sounded.Count == 1, "the siren sounding");
        // The order is in the book, that it went out is not: there is no room for what the rules read.
        Assert.Equal((1L, 0L), (Count(service, "select count(*) from command where operation = 7"), Count(service, "select count(*) from command where sent_ms is not null")));
        await place.UntilAsync(() => siren.Told.Any(told => told.Operation == "off"), "the siren being ended");
        await end.CancelAsync();
        await sending;

        disk.Clear();
        await place.UntilAsync(() => Count(service, "select count(*) from command where operation = 7 and done_ms is not null") == 1, "the siren and its answer being booked");
        Assert.Single(siren.Sounded);
    }

    private static long Steps(ServiceUnderTest service) => Count(service, "select count(*) from alert_transition where alert in (select id from alert where rule = $rule)");

    private static long Stored(ServiceUnderTest service) => Count(service, "select sum(stored) from book");

    private static long Count(ServiceUnderTest service, string sql)
    {
        using var connection = Database.OpenReader(service.Data);
        using var command = sql.Contains("$rule", StringComparison.Ordinal) ? Database.Command(connection, sql, ("$rule", DiskWatch.Rule)) : Database.Command(connection, sql);
        return command.ExecuteScalar() is long count ? count : 0;
    }

    /// <summary>One reading a message, a hundred messages a second, until it is ended; how many there were.</summary>
    private static async Task<long> SendAsync(MosquittoBroker broker, CancellationToken end)
    {
        await using var pile = new MqttClient(new MqttClientOptions { Host = broker.Host, Port = broker.Port, ClientId = "pile-02" }, TimeProvider.System);
        await pile.StartAsync(CancellationToken.None);
        var start = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        var seq = 0;
        for (; !end.IsCancellationRequested; seq++)
        {
            var body = string.Create(CultureInfo.InvariantCulture, $$"""{"v":1,"boot":"full","seq":{{seq}},"ts":{{start + (seq * 10)}},"clk":"ntp","r":[{"ch":"s7","w":{{150 + (seq % 7)}},"st":"charging"}]}""");
            await pile.PublishAsync("fm/1/huaihai/pile-02/data", Encoding.UTF8.GetBytes(body), MqttQos.AtLeastOnce, retain: false, cancellationToken: CancellationToken.None);
            await Task.Delay(10, CancellationToken.None);
        }

        return seq;
    }
}

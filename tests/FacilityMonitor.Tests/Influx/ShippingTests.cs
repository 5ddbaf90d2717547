using System.Globalization;
using System.Net;
using System.Text;
using FacilityMonitor.Journal;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Storage;
using FacilityMonitor.Tests.EndToEnd;
using FacilityMonitor.Tests.Mqtt;

namespace FacilityMonitor.Tests.Influx;

/// <summary>The whole way on real processes: what was journaled is in the database in the end, to the point, whatever was killed.</summary>
public sealed class ShippingTests
{
    private const int Sockets = 10;

    private static readonly long Began = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    private static readonly TimeSpan Away = TimeSpan.FromSeconds(Environment.GetEnvironmentVariable("FM_LONG") == "1" ? 600 : 20);

    /// <summary>How long the database answers each of its faults: with receipts, alerts and readings all the while.</summary>
    private static readonly TimeSpan Spoilt = TimeSpan.FromSeconds(Environment.GetEnvironmentVariable("FM_LONG") == "1" ? 60 : 4);

    [RealServerFact("mosquitto", "/usr/bin/influxd")]
    public async Task Influxd_killed_under_load_and_away_for_a_while_has_every_reading_in_the_end_and_nobody_noticed()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync();
        await using var influx = await InfluxServer.StartAsync(InfluxServer.Influxd);
        await using var service = await StartAsync(broker, folder.Path, influx);
        await using var pile = await PileAsync(broker);
        var seq = await SayAsync(pile, 0, 1_000);
        await service.Process.UntilAsync(async () => await influx.CountAsync("w") > 0, "first readings in the database");

        await influx.KillAsync();
        // A message a millisecond, as fast as their clock: readings from the future would be given our time.
        using var everyTenth = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        for (var killedAt = TimeProvider.System.GetTimestamp(); TimeProvider.System.GetElapsedTime(killedAt) < Away; await everyTenth.WaitForNextTickAsync())
        {
            seq = await SayAsync(pile, seq, 100);
            Assert.Equal(HttpStatusCode.OK, await service.StatusAsync("/readyz"));
        }

        await service.Process.UntilAsync(() => Task.FromResult(Stored(service) == seq * Sockets), "our own store having everything meanwhile");
        Assert.Contains("takes no readings", service.Process.Log, StringComparison.Ordinal);

        await influx.StartAgainAsync();
        await service.Process.UntilAsync(async () => await influx.CountAsync("w") == seq * Sockets, $"{seq * Sockets} readings in the database");
        Assert.Equal(0, await service.Process.StopAsync());
        Assert.Equal(seq * Sockets, Stored(service));
    }

    [RealServerFact("mosquitto", "/usr/bin/influxd")]
    public async Task Service_and_influxd_killed_at_once_lose_none_of_45000_readings()
    {
        const int Messages = 4_500;
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync();
        await using var influx = await InfluxServer.StartAsync(InfluxServer.Influxd);
        await using var service = await StartAsync(broker, folder.Path, influx);
        await using var pile = await PileAsync(broker);
        var seq = await SayAsync(pile, 0, Messages / 2);
        await service.Process.UntilAsync(async () => await influx.CountAsync("w") > 0, "first readings in the database");
        var rest = SayAsync(pile, seq, Messages - seq);
        await Task.WhenAll(influx.KillAsync(), service.Process.KillAsync());
        await rest;

        await influx.StartAgainAsync();
        service.Process.Start();
        await service.ReadyAsync();
        await service.Process.UntilAsync(async () => await influx.CountAsync("w") == Messages * Sockets, "every reading in the database");
        await service.Process.UntilAsync(() => Task.FromResult(Stored(service) == Messages * Sockets), "every reading in our own store");
    }

    [RealServerFact("mosquitto", "/usr/bin/victoria-metrics")]
    public async Task Victoria_metrics_which_forgets_in_a_crash_what_it_acknowledged_is_sent_it_again()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync();
        await using var metrics = await InfluxServer.StartAsync(InfluxServer.VictoriaMetrics);
        await using var service = await StartAsync(broker, folder.Path, metrics, ("FM_INFLUX__VERSION", "2"));
        await using var pile = await PileAsync(broker);
        var seq = await SayAsync(pile, 0, 1_000);
        await service.Process.UntilAsync(() => Task.FromResult(Shipped(service) > 0 && Stored(service) == seq * Sockets && Shipped(service) == Last(service)), "everything being acknowledged");

        var start = Start(service);
        await metrics.KillAsync();
        await metrics.StartAgainAsync();
        var left = await metrics.CountAsync("w");
        seq = await SayAsync(pile, seq, 10);
        await service.Process.UntilAsync(async () => await metrics.CountAsync("w") == seq * Sockets, $"{seq * Sockets} readings in the database, of which the crash had left {left}");
        // Where the crash had left everything, nothing is missing before the new start is noticed.
        await service.Process.UntilAsync(() => Task.FromResult(Start(service) != start), "the new start being known");
    }

    [RealServerFact("mosquitto", "/usr/bin/influxd")]
    public async Task Slow_or_failing_or_forgetful_it_has_every_reading_in_the_end_and_alerts_and_receipts_went_on()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync();
        await using var influx = await InfluxServer.StartAsync(InfluxServer.Influxd);
        await using var proxy = await FaultProxy.StartAsync(influx);
        await using var service = await ServiceUnderTest.StartAsync(broker, folder.Path, settings: new Dictionary<string, string> { ["FM_INFLUX__URL"] = proxy.Url.ToString() });
        await using var pile = await PileAsync(broker);
        var seq = await SayAsync(pile, 0, 100);
        await service.Process.UntilAsync(async () => await influx.CountAsync("w") > 0, "first readings in the database");
        var journaled = 0;
        foreach (var fault in new[] { WriteFault.Slow, WriteFault.ServerError, WriteFault.Busy, WriteFault.TakenAndLost })
        {
            var (alerts, spoiled) = (Number(service, "select count(*) from alert"), proxy.Spoiled);
            proxy.Fault = fault;
            // Each message waits for its receipt: that they come is what the devices notice of the database, nothing.
            seq = await SayForAsync(pile, seq, Spoilt);
            journaled = (seq * Sockets) + await OverloadAsync(pile, (int)fault);
            await service.Process.UntilAsync(() => Task.FromResult(Number(service, "select count(*) from alert") > alerts), $"an alert while the database answers {fault}");
            await service.Process.UntilAsync(() => Task.FromResult(proxy.Spoiled > spoiled), $"a write that was answered {fault}");
            if (fault == WriteFault.TakenAndLost)
            {
                await service.Process.UntilAsync(() => Task.FromResult(Shipped(service) == Last(service)), "everything being acknowledged");
                Assert.True(await influx.CountAsync("w") < journaled);
                proxy.Restart();
            }

            proxy.Fault = WriteFault.None;
            await service.Process.UntilAsync(async () => await influx.CountAsync("w") == journaled, $"{journaled} readings in the database after {fault}");
        }

        await service.Process.UntilAsync(() => Task.FromResult(Stored(service) == journaled), "our own store having everything");
        Assert.Equal(0, Number(service, "select count(*) from dead_letter"));
        Assert.Equal(0, Number(service, "select count(*) from shipping_gap"));
    }

    [SmallDiskFact]
    public async Task Its_disk_full_and_then_not_it_has_every_reading_in_the_end()
    {
        using var folder = new TemporaryFolder();
        using var disk = SmallDisk.TryMount(mebibytes: 32)!;
        await using var broker = await MosquittoBroker.StartAsync();
        await using var influx = await InfluxServer.StartAsync(InfluxServer.Influxd, on: disk.Path);
        await using var service = await StartAsync(broker, folder.Path, influx);
        await using var pile = await PileAsync(broker);
        var seq = await SayAsync(pile, 0, 100);
        await service.Process.UntilAsync(async () => await influx.CountAsync("w") == seq * Sockets, "first readings in the database");
        disk.FillUpTo(freeBytes: 0);
        seq = await SayForAsync(pile, seq, Spoilt);
        await service.Process.UntilAsync(() => Task.FromResult(service.Process.Log.Contains("no space left on device", StringComparison.Ordinal)), "what the database says of its disk");
        seq = await SayAsync(pile, seq, 100);
        Assert.Equal(HttpStatusCode.OK, await service.StatusAsync("/readyz"));

        disk.Clear();
        // influxd 1.6.7 goes on refusing what it could have written, until somebody starts it anew.
        await influx.KillAsync();
        await influx.StartAgainAsync();
        await service.Process.UntilAsync(async () => await influx.CountAsync("w") == seq * Sockets, $"{seq * Sockets} readings in the database");
        Assert.Equal(0, Number(service, "select count(*) from dead_letter"));
        Assert.Equal(0, Number(service, "select count(*) from shipping_gap"));
    }

    [RealServerFact("mosquitto", "/usr/bin/influxd")]
    public async Task With_all_readings_in_influxd_an_export_has_every_one_and_says_so_when_it_cannot()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync();
        await using var influx = await InfluxServer.StartAsync(InfluxServer.Influxd, "unused");
        (string, string)[] settings = [("FM_INFLUX__URL", influx.Url.ToString()), ("FM_DATA__READINGS", "influxdb"), ("FM_DATA__DIRECTORY", ServiceUnderTest.DataOf(folder.Path)), ("FM_LANGUAGE", "en")];
        Assert.Equal(0, (await Terminal.MonitorAsync(folder.Path, ["influx", "init"], settings)).Code);
        await using var service = await StartAsync(broker, folder.Path, influx, ("FM_DATA__READINGS", "influxdb"));
        await using var pile = await PileAsync(broker);
        var seq = await SayAsync(pile, 0, 500);
        await service.Process.UntilAsync(async () => await influx.CountAsync("w") == seq * Sockets, "every reading in the database");
        await service.Process.UntilAsync(() => Task.FromResult(Number(service, "select count(*) from latest") > 0), "what was said last in our own store");
        Assert.Equal(0, Number(service, "select count(*) from block"));

        string[] export = ["export", "--site", "huaihai", "--from", "2020-01-01", "--to", "2100-01-01", "--format", "jsonl"];
        var (code, output, errors) = await Terminal.MonitorAsync(folder.Path, export, settings);
        Assert.Equal((0, seq * Sockets), (code, output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Distinct().Count()));
        Assert.Contains("5000 readings", errors, StringComparison.Ordinal);

        await influx.KillAsync();
        (code, output, errors) = await Terminal.MonitorAsync(folder.Path, export, settings);
        Assert.Equal((1, ""), (code, output));
        Assert.Contains("(facility): ConnectionError", errors, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await service.StatusAsync("/readyz"));
    }

    [RealServerFact("mosquitto", "/usr/bin/influxd")]
    public async Task Influxdb_that_is_turned_on_later_gets_the_history_by_a_backfill_beside_the_running_service()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync();
        await using var influx = await InfluxServer.StartAsync(InfluxServer.Influxd);
        int seq;
        await using (var before = await ServiceUnderTest.StartAsync(broker, folder.Path))
        {
            await using var pile = await PileAsync(broker);
            seq = await SayAsync(pile, 0, 200);
            await before.Process.UntilAsync(() => Task.FromResult(Stored(before) == seq * Sockets), "everything in our own store");
            Assert.Equal(0, await before.Process.StopAsync());
        }

        (string, string)[] settings = [("FM_INFLUX__URL", influx.Url.ToString()), ("FM_DATA__DIRECTORY", ServiceUnderTest.DataOf(folder.Path)), ("FM_LANGUAGE", "en")];
        await using var service = await StartAsync(broker, folder.Path, influx);
        await service.Process.UntilAsync(() => Task.FromResult(Number(service, "select count(*) from shipping_gap") == 1), "the history being known as a gap");
        Assert.Contains(" … ", (await Terminal.MonitorAsync(folder.Path, ["influx", "backfill", "--list"], settings)).Output, StringComparison.Ordinal);
        await influx.QueryAsync("DROP SERIES FROM /.*/");

        // More than once only if the hour ends meanwhile, and its blocks are joined.
        await service.Process.UntilAsync(
            async () => (await Terminal.MonitorAsync(folder.Path, ["influx", "backfill"], settings)) is { Code: 0 } && Number(service, "select count(*) from shipping_gap") == 0, "the gap being filled");
        Assert.Equal(seq * Sockets, await influx.CountAsync("w"));
        Assert.Contains("no known gap", (await Terminal.MonitorAsync(folder.Path, ["influx", "backfill", "--list"], settings)).Output, StringComparison.Ordinal);
    }

    private static Task<ServiceUnderTest> StartAsync(MosquittoBroker broker, string folder, InfluxServer influx, params (string Name, string Value)[] more) =>
        ServiceUnderTest.StartAsync(broker, folder, settings: more.Append(("FM_INFLUX__URL", influx.Url.ToString())).ToDictionary(pair => pair.Item1, pair => pair.Item2));

    private static async Task<MqttClient> PileAsync(MosquittoBroker broker)
    {
        var pile = new MqttClient(new MqttClientOptions { Host = broker.Host, Port = broker.Port, ClientId = "pile-02" }, TimeProvider.System);
        await pile.StartAsync();
        return pile;
    }

    /// <summary>A pile of ten sockets says something so many times; every time is another.</summary>
    private static async Task<int> SayAsync(MqttClient pile, int from, int messages)
    {
        var acknowledged = new List<Task>();
        for (var seq = from; seq < from + messages; seq++)
        {
            var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"{{\"v\":1,\"boot\":\"e2e\",\"seq\":{seq},\"ts\":{Began + seq},\"clk\":\"ntp\",\"r\":["));
            for (var socket = 1; socket <= Sockets; socket++)
                text.Append(CultureInfo.InvariantCulture, $"{(socket > 1 ? "," : "")}{{\"ch\":\"s{socket}\",\"w\":{100 + socket}.5,\"v\":230.1,\"a\":0.44}}");
            acknowledged.Add(pile.PublishAsync("fm/1/huaihai/pile-02/data", Encoding.UTF8.GetBytes(text.Append("]}").ToString()), MqttQos.AtLeastOnce, retain: false).AsTask());
            if (acknowledged.Count < 200)
                continue;
            await Task.WhenAll(acknowledged);
            acknowledged.Clear();
        }

        await Task.WhenAll(acknowledged);
        return from + messages;
    }

    /// <summary>The pile goes on speaking for a time, a message a hundredth of a second.</summary>
    private static async Task<int> SayForAsync(MqttClient pile, int from, TimeSpan time)
    {
        using var everyTenth = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        for (var began = TimeProvider.System.GetTimestamp(); TimeProvider.System.GetElapsedTime(began) < time; await everyTenth.WaitForNextTickAsync())
            from = await SayAsync(pile, from, 10);
        return from;
    }

    /// <summary>One socket after the other of another pile takes far too much for eleven seconds.</summary>
    /// <returns>How many readings it was from the beginning.</returns>
    private static async Task<int> OverloadAsync(MqttClient pile, int socket)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var (seq, at) in new[] { ((socket - 1) * 2, now - 11_000), (((socket - 1) * 2) + 1, now) })
        {
            var text = $$"""{"v":1,"boot":"e2e","seq":{{seq}},"ts":{{at}},"clk":"ntp","r":[{"dt":0,"ch":"s{{socket}}","w":2500}]}""";
            await pile.PublishAsync("fm/1/huaihai/pile-03/data", Encoding.UTF8.GetBytes(text), MqttQos.AtLeastOnce, retain: false);
        }

        return socket * 2;
    }

    private static long Stored(ServiceUnderTest service) => Number(service, "select coalesce(sum(readings), 0) from block");

    private static long Shipped(ServiceUnderTest service) => Number(service, "select coalesce(max(position), 0) from shipping");

    private static long Last(ServiceUnderTest service) => Number(service, "select max(position) from cursor where name = 'store'");

    /// <summary>What is known of when the database started.</summary>
    private static string? Start(ServiceUnderTest service)
    {
        using var reader = Database.OpenReader(service.Data);
        using var command = Database.Command(reader, "select boot from shipping");
        return command.ExecuteScalar() as string;
    }

    private static long Number(ServiceUnderTest service, string sql)
    {
        using var reader = Database.OpenReader(service.Data);
        return BlockTable.Number(reader, sql) ?? 0;
    }
}

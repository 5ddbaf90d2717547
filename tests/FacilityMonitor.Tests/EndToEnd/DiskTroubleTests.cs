using System.Globalization;
using System.Net;
using System.Text;
using FacilityMonitor.Journal;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Tests.Mqtt;

namespace FacilityMonitor.Tests.EndToEnd;

public sealed class DiskTroubleTests
{
    [RealServerFact("mosquitto")]
    public async Task A_database_file_that_somebody_deletes_is_put_back_with_everything_in_it()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync();
        await using var service = await ServiceUnderTest.StartAsync(broker, folder.Path);
        await using var pile = await PileAsync(broker);
        for (var seq = 0; seq < 10; seq++)
            await SayAsync(pile, "data", seq);
        await service.Process.UntilAsync(() => Task.FromResult(Stored(service) == 10), "the first readings being stored");

        foreach (var file in Directory.GetFiles(service.Data, Database.FileName + "*"))
            File.Delete(file);
        for (var seq = 10; seq < 20; seq++)
            await SayAsync(pile, "data", seq);

        await service.Process.UntilAsync(() => Task.FromResult(File.Exists(Path.Combine(service.Data, Database.FileName)) && Stored(service) == 20), "all readings being in the file again");
        Assert.False(service.Process.HasExited);
        // What was deleted cannot come from memory after a restart.
        await service.Process.KillAsync();
        service.Process.Start();
        await service.ReadyAsync();
        await SayAsync(pile, "data", 20);
        await service.Process.UntilAsync(() => Task.FromResult(Stored(service) == 21), "the next reading being stored");
    }

    [FrozenFilesFact]
    public async Task While_the_disk_takes_no_write_nothing_is_acknowledged_and_once_it_does_everything_that_waited_is_stored()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync();
        await using var service = await ServiceUnderTest.StartAsync(broker, folder.Path);
        await using var pile = await PileAsync(broker);
        for (var seq = 0; seq < 10; seq++)
            await SayAsync(pile, "data", seq);
        await service.Process.UntilAsync(() => Task.FromResult(Stored(service) == 10), "the first readings being stored");

        using (FrozenFiles.Freeze(service.Data))
        {
            for (var seq = 10; seq < 30; seq++)
                await SayAsync(pile, "data", seq);
            await service.Process.UntilAsync(async () => await service.StatusAsync("/readyz") == HttpStatusCode.ServiceUnavailable, "the service saying that it takes nothing");
            Assert.Equal(HttpStatusCode.OK, await service.StatusAsync("/"));
            Assert.Equal(10, Stored(service));
        }

        await service.ReadyAsync();
        await service.Process.UntilAsync(() => Task.FromResult(Stored(service) == 30), "everything that waited being stored");
        Assert.False(service.Process.HasExited);
        Assert.Equal(0, await service.Process.StopAsync());
        Assert.Equal(30, Stored(service));
    }

    [RealServerFact("mosquitto")]
    public async Task History_goes_on_after_a_slow_commit_though_nobody_says_anything_live_any_more()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync();
        await using var service = await ServiceUnderTest.StartAsync(broker, folder.Path);
        await using var pile = await PileAsync(broker);

        // Somebody else holds the database for longer than history waits for live messages.
        using (var other = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(service.Data, Database.FileName)};Pooling=False"))
        {
            other.Open();
            Database.Execute(other, "begin immediate");
            var began = TimeProvider.System.GetTimestamp();
            await SayAsync(pile, "data", 0);
            await service.Process.UntilAsync(() => Task.FromResult(TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromSeconds(1.5)), "more than a second");
            Database.Execute(other, "rollback");
        }

        for (var seq = 1; seq <= 20; seq++)
            await SayAsync(pile, "hist", seq);
        await service.Process.UntilAsync(() => Task.FromResult(Stored(service) == 21), "history being stored");
    }

    [RealServerFact("mosquitto")]
    public async Task A_stop_takes_the_seconds_that_a_slow_disk_needs_and_is_an_ordinary_end()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync();
        await using var service = await ServiceUnderTest.StartAsync(broker, folder.Path);
        await using var pile = await PileAsync(broker);
        await SayAsync(pile, "data", 0);
        await service.Process.UntilAsync(() => Task.FromResult(Stored(service) == 1), "the first reading being stored");

        Task<int> stop;
        using (var other = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(service.Data, Database.FileName)};Pooling=False"))
        {
            other.Open();
            Database.Execute(other, "begin immediate");
            var began = TimeProvider.System.GetTimestamp();
            stop = service.Process.StopAsync();
            // Longer than the two seconds after which command lines are cut off that were told to end.
            await service.Process.UntilAsync(() => Task.FromResult(TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromSeconds(3)), "three seconds");
            Assert.False(stop.IsCompleted);
            Database.Execute(other, "rollback");
        }

        Assert.Equal(0, await stop);
        Assert.Equal(1, Stored(service));
    }

    private static async Task<MqttClient> PileAsync(MosquittoBroker broker)
    {
        var pile = new MqttClient(new MqttClientOptions { Host = broker.Host, Port = broker.Port, ClientId = "pile-02" }, TimeProvider.System);
        await pile.StartAsync();
        return pile;
    }

    private static long Stored(ServiceUnderTest service)
    {
        using var connection = Database.OpenReader(service.Data);
        using var command = Database.Command(connection, "select sum(stored) from book");
        return command.ExecuteScalar() is long count ? count : 0;
    }

    private static async Task SayAsync(MqttClient pile, string kind, int seq)
    {
        var at = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() + seq;
        var body = string.Create(CultureInfo.InvariantCulture, $$"""{"v":1,"boot":"slow","seq":{{seq}},"ts":{{at}},"clk":"ntp","r":[{"ch":"s7","w":150,"st":"charging"}]}""");
        await pile.PublishAsync($"fm/1/huaihai/pile-02/{kind}", Encoding.UTF8.GetBytes(body), MqttQos.AtLeastOnce, retain: false);
    }
}

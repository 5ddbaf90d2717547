using System.Text;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Tests.Conventions;
using FacilityMonitor.Tests.Mqtt;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>A vendor's devices are taken in by editing a file, while the service runs.</summary>
public sealed class MappingTests
{
    private const string Topic = "JUY/D2S/867924060525709/88/DEV";

    [RealServerFact("mosquitto")]
    public async Task A_mapping_written_while_the_service_runs_brings_its_devices_and_taken_away_leaves_them_alone()
    {
        using var folder = new TemporaryFolder();
        var configuration = Path.Combine(folder.Path, "config");
        Directory.CreateDirectory(Path.Combine(configuration, "facility"));
        await File.WriteAllTextAsync(Path.Combine(configuration, ConfigurationFolder.FacilityFile), "sites: []\n");
        var mapping = Path.Combine(configuration, "facility", "juy.yaml");
        await using var broker = await MosquittoBroker.StartAsync("allow_anonymous true");
        await using var service = await ServiceUnderTest.StartAsync(broker, folder.Path, configuration);
        await using var pile = await PileAsync(broker);

        await SayAsync(pile, 1);
        File.Copy(Path.Combine(SourceTree.Root, "src/FacilityMonitor/demo/mappings/juy.yaml"), mapping);
        await service.Process.UntilAsync(
            async () =>
            {
                await SayAsync(pile, 2);
                return Numbers(service, "select count(*) from device where dialect = 5 and name = 'juy/867924060525709'") == 1;
            },
            "the pile being known");
        // What was said before anybody listened is no message of ours.
        Assert.Equal(0, Numbers(service, "select count(*) from dead_letter"));

        File.Delete(mapping);
        await service.Process.UntilAsync(() => Task.FromResult(service.Process.Log.Split(" is in force: ").Length > 2), "the edit being in force");
        // What still comes is of no dialect now and is set aside; once the broker has heard that nobody wants it, nothing comes.
        await service.Process.UntilAsync(
            async () =>
            {
                var before = Numbers(service, "select count(*) from dead_letter");
                await SayAsync(pile, 3);
                await SayAsync(pile, 4);
                return Numbers(service, "select count(*) from dead_letter") == before;
            },
            "nobody listening any more");
    }

    [RealServerFact("mosquitto")]
    public async Task A_mapping_taken_away_while_the_service_is_down_leaves_its_devices_alone_from_the_next_start_on()
    {
        using var folder = new TemporaryFolder();
        var configuration = Path.Combine(folder.Path, "config");
        Directory.CreateDirectory(Path.Combine(configuration, "facility"));
        await File.WriteAllTextAsync(Path.Combine(configuration, ConfigurationFolder.FacilityFile), "sites: []\n");
        var mapping = Path.Combine(configuration, "facility", "juy.yaml");
        File.Copy(Path.Combine(SourceTree.Root, "src/FacilityMonitor/demo/mappings/juy.yaml"), mapping);
        await using var broker = await MosquittoBroker.StartAsync("allow_anonymous true");
        await using var service = await ServiceUnderTest.StartAsync(broker, folder.Path, configuration);
        await using var pile = await PileAsync(broker);
        await SayAsync(pile, 1);
        await service.Process.UntilAsync(() => Task.FromResult(Numbers(service, "select count(*) from device where dialect = 5") == 1), "the pile being known");
        await service.Process.UntilAsync(() => Task.FromResult(Numbers(service, "select count(*) from subscription where filter = 'JUY/D2S/+/88/DEV'") == 1), "the topic being kept");

        Assert.Equal(0, await service.Process.StopAsync());
        File.Delete(mapping);
        service.Process.Start();
        await service.ReadyAsync();

        await service.Process.UntilAsync(
            async () =>
            {
                var before = Numbers(service, "select count(*) from dead_letter");
                await SayAsync(pile, 2);
                await SayAsync(pile, 3);
                return Numbers(service, "select count(*) from dead_letter") == before;
            },
            "nobody listening any more");
        await service.Process.UntilAsync(() => Task.FromResult(Numbers(service, "select count(*) from subscription where filter like 'JUY/%'") == 0), "the topic being forgotten");
    }

    private static async Task<MqttClient> PileAsync(MosquittoBroker broker)
    {
        var pile = new MqttClient(new MqttClientOptions { Host = broker.Host, Port = broker.Port, ClientId = "pile" }, TimeProvider.System);
        await pile.StartAsync();
        await pile.WaitConnectedAsync();
        return pile;
    }

    private static async Task SayAsync(MqttClient pile, int watts)
    {
        await pile.PublishAsync(Topic, Encoding.UTF8.GetBytes($$"""{"count":1,"voltage":2291,"ports":[{"port":1,"power":{{watts}}}]}"""), MqttQos.AtLeastOnce, retain: false);
        await Task.Delay(TimeSpan.FromMilliseconds(200));
    }

    private static long Numbers(ServiceUnderTest service, string sql)
    {
        using var connection = Database.OpenReader(service.Data);
        using var command = Database.Command(connection, sql);
        return command.ExecuteScalar() is long number ? number : 0;
    }
}

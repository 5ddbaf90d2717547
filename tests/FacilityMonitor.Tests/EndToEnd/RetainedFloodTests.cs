using System.Globalization;
using System.Text;
using FacilityMonitor.Journal;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Readings;
using FacilityMonitor.Tests.Mqtt;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>A broker full of retained messages tells all of them to whoever subscribes anew.</summary>
public sealed class RetainedFloodTests
{
    private const int Invented = 10_000;
    private const int Plugs = 10_000;
    private const int Broken = 5_000;
    private const int Huge = 8;
    private const int HugeBytes = 900_000;

    /// <summary>All of it is in memory for a moment, and ten thousand strangers stay. It was 180 MiB.</summary>
    private const long ResidentMax = 300L << 20;

    [RealServerFact("mosquitto")]
    public async Task Tens_of_thousands_of_old_messages_raise_nothing_hide_nothing_and_come_once()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync("max_queued_bytes 0");
        await using var devices = new MqttClient(
            new MqttClientOptions { Host = broker.Host, Port = broker.Port, ClientId = "devices", OutboundQueue = 60_000, ReconnectMax = TimeSpan.FromSeconds(1) }, TimeProvider.System);
        await devices.StartAsync();
        await RetainAsync(devices);

        await using var service = await ServiceUnderTest.StartAsync(broker, folder.Path);
        await UntilAsync(service, "select count(*) from dead_letter where reason = 'retained-data'", Invented + 1);
        await UntilAsync(service, "select count(*) from dead_letter where reason = 'too-large'", Huge);
        await OverloadAsync(service, devices, "pile-02", boot: "one");

        // A connection that breaks does not bring them again: they are asked for where the subscription is new, and the session was kept.
        await broker.SaveAsync();
        await broker.KillAsync();
        await broker.StartAgainAsync();
        await service.Process.UntilAsync(() => Task.FromResult(service.Process.Log.Split("Connected to the broker").Length > 2), "the service being back at the broker");
        await OverloadAsync(service, devices, "pile-03", boot: "two");
        Assert.Equal(Invented + 1, Number(service, "select count(*) from dead_letter where reason = 'retained-data'"));

        Assert.Equal(2, Number(service, "select count(*) from alert where rule not like 'broker%' and asset not like 'monitor/%'"));
        Assert.InRange(Number(service, "select count(*) from device"), 1_000, DeviceTable.UnregisteredMax + 10);
        Assert.InRange(service.Process.PeakBytes, 1, ResidentMax);
        Assert.False(service.Process.HasExited);
    }

    private static async Task RetainAsync(MqttClient devices)
    {
        var sent = new List<Task<MqttReasonCode>>();
        void Retain(string topic, byte[] payload) => sent.Add(devices.PublishAsync(topic, payload, MqttQos.AtLeastOnce, retain: true).AsTask());
        for (var i = 0; i < Invented; i++)
            Retain($"fm/1/ghost/pile-{i}/data", Data(0, 1_767_225_600_000, "old"));
        Retain("fm/1/huaihai/pile-01/data", Data(0, 1_767_225_600_000, "old"));
        for (var i = 0; i < Plugs; i++)
            Retain($"tele/plug-{i}/SENSOR", """{"Time":"2026-01-01T00:00:00","ENERGY":{"Power":3000}}"""u8.ToArray());
        for (var i = 0; i < Broken; i++)
            Retain($"zigbee2mqtt/plug-{i}", "not json"u8.ToArray());
        for (var i = 0; i < Huge; i++)
            Retain($"fm/1/huaihai/pile-{i}/birth", Encoding.ASCII.GetBytes(new string('[', HugeBytes)));
        Assert.All(await Task.WhenAll(sent), answer => Assert.True(answer < MqttReasonCode.UnspecifiedError));
    }

    private static async Task OverloadAsync(ServiceUnderTest service, MqttClient devices, string pile, string boot)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        long[] times = [now - 11_000, now - 5_000, now];
        for (var seq = 0; seq < times.Length; seq++)
            Assert.True(await devices.PublishAsync($"fm/1/huaihai/{pile}/data", Data(seq, times[seq], boot), MqttQos.AtLeastOnce, retain: false) < MqttReasonCode.UnspecifiedError);
        await UntilAsync(service, $"select count(*) from alert where rule = 'socket-overload' and asset = 'huaihai/shed-1/{pile}/s7' and condition = 2", 1);
    }

    private static byte[] Data(int seq, long atMs, string boot) => Encoding.ASCII.GetBytes(string.Create(
        CultureInfo.InvariantCulture, $$"""{"v":1,"boot":"{{boot}}","seq":{{seq}},"ts":{{atMs}},"clk":"ntp","r":[{"ch":"s7","w":1400}]}"""));

    private static Task UntilAsync(ServiceUnderTest service, string sql, long least) =>
        service.Process.UntilAsync(() => Task.FromResult(Number(service, sql) >= least), $"{sql} being {least}");

    private static long Number(ServiceUnderTest service, string sql)
    {
        using var connection = Database.OpenReader(service.Data);
        using var command = Database.Command(connection, sql);
        return command.ExecuteScalar() is long number ? number : 0;
    }
}

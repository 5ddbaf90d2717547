using System.Diagnostics;
using System.Text;
using System.Text.Json;
using FacilityMonitor.Commands;
using FacilityMonitor.Control;
using FacilityMonitor.Journal;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Tests.Mqtt;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>Commands on real processes: service, simulator, broker and command line.</summary>
public sealed class ControlTests
{
    [RealServerFact("mosquitto")]
    public async Task Off_stops_the_current_and_is_proven_a_welded_relay_raises_the_alert_and_a_siren_ends()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync();
        var configuration = Configure(folder.Path);
        await using var service = await ServiceUnderTest.StartAsync(broker, folder.Path, configuration);
        await using var simulator = Simulator(broker);
        simulator.Start();
        // Both sockets charge before anything is switched.
        await UntilAsync(service, "select count(*) from device_birth where device in (select number from device where name in ('pile-02', 'siren-1'))", 2);
        await UntilAsync(service, "select count(*) from (select 1 from journal where messages > 0 limit 20)", 20);

        // The device was told how the registry wants it, and says that it runs so.
        await UntilAsync(service, "select count(*) from device_cfg join device using (site, name) join device_birth on device_birth.device = device.number where cfg = hash", 1);

        var sound = await OrderAsync(service, "huaihai/pile-02/s1", "off", "--id", "sound", "--why", "test");
        Assert.Equal((0, true), (sound.Code, sound.Text.Contains("sound verified (measured)", StringComparison.Ordinal)));
        // The same id once more: what it said, and nothing is done.
        Assert.Equal(0, (await OrderAsync(service, "huaihai/pile-02/s1", "off", "--id", "sound")).Code);
        Assert.Equal(1, Count(service, "select count(*) from command"));

        var welded = await OrderAsync(service, "huaihai/pile-02/s2", "off", "--id", "welded");
        Assert.Equal((ControlCommand.Unproven, true), (welded.Code, welded.Text.Contains("welded unverified (current still flows)", StringComparison.Ordinal)));
        await UntilAsync(service, "select count(*) from alert where rule = 'welded-relay' and asset = 'huaihai/shed-1/pile-02/s2' and condition = 2 and priority = 1", 1);
        Assert.Equal(0, Count(service, "select count(*) from alert where rule = 'welded-relay' and asset like '%/s1'"));
        // Nobody switches on what cannot be switched off.
        var on = await OrderAsync(service, "huaihai/pile-02/s2", "on");
        Assert.Equal((1, true), (on.Code, on.Text.StartsWith("refused hazard", StringComparison.Ordinal)));

        Assert.Equal(0, (await OrderAsync(service, "jiugeng/siren-1", "siren", "s=1", "--id", "siren")).Code);
        await UntilAsync(service, $"select count(*) from command where id = 'siren-end' and state = {(int)CommandState.Verified}", 1);
        Assert.Equal(2, (await OrderAsync(service, "huaihai", "off")).Code);
        Assert.Equal(0, await service.Process.StopAsync());
    }

    [RealServerFact("mosquitto")]
    public async Task What_expires_while_the_broker_is_away_is_never_done_and_a_killed_service_loses_and_doubles_nothing()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync();
        await using var service = await ServiceUnderTest.StartAsync(broker, folder.Path, Configure(folder.Path));
        await using var device = new MqttClient(
            new MqttClientOptions
            {
                Host = broker.Host,
                Port = broker.Port,
                ClientId = "pile-01",
                CleanStart = false,
                SessionExpiry = TimeSpan.FromHours(1),
                ReconnectMax = TimeSpan.FromSeconds(1),
                Subscriptions = [new MqttSubscription("fm/1/huaihai/pile-01/cmd")],
            },
            TimeProvider.System);
        await device.StartAsync();
        await device.WaitSubscribedAsync(Until.DeadlineToken());
        await SayAsync(device, "birth", """{"v":1,"boot":"e2e","bd":1,"ts":1767225600000,"model":"PILE","fw":"1","clk":"ntp","period":60,"channels":{"s1":{"metrics":["w"]}},"ops":["off","limit"]}""");
        await UntilAsync(service, "select count(*) from device_birth", 1);

        // A persistent session, and a broker that is away for longer than the command lives.
        await broker.KillAsync();
        await service.Process.UntilAsync(async () => await service.StatusAsync("/readyz") == System.Net.HttpStatusCode.ServiceUnavailable, "the lost broker being seen");
        var late = await OrderAsync(service, "huaihai/pile-01/s1", "off", "--id", "late", "--ttl", "5");
        Assert.Equal((ControlCommand.TooLate, true), (late.Code, late.Text.Contains("late expired (not sent in time)", StringComparison.Ordinal)));
        await broker.StartAgainAsync();
        await service.ReadyAsync();
        await device.WaitSubscribedAsync(Until.DeadlineToken());

        // Killed after it was sent and before it is answered.
        var killed = OrderAsync(service, "huaihai/pile-01/s1", "limit", "w=300", "--id", "killed", "--ttl", "60");
        var first = await NextAsync(device);
        Assert.Equal("killed", first.GetProperty("id").GetString());
        await service.Process.KillAsync();
        Assert.Equal(1, (await killed).Code);
        service.Process.Start();
        await service.ReadyAsync();
        var again = await NextAsync(device);
        Assert.Equal(
            (first.GetProperty("id").GetString(), first.GetProperty("exp").GetInt64()), (again.GetProperty("id").GetString(), again.GetProperty("exp").GetInt64()));
        Assert.True(again.GetProperty("ttl").GetInt32() < 60);
        await SayAsync(device, "ack", """{"id":"killed","result":"done"}""");
        await SayAsync(device, "ack", """{"id":"killed","result":"done"}""");
        await SayAsync(device, "ack", """{"id":"nobody","result":"done"}""");

        var outcome = await OrderAsync(service, "huaihai/pile-01/s1", "limit", "w=300", "--id", "killed");
        Assert.Equal((0, "killed done (done)"), (outcome.Code, outcome.Text.Trim()));
        // The audit says of each order what it was, and for which device of which site.
        Assert.Equal(1, Count(service, "select count(*) from audit where subject = '/control/commands' and site = 'huaihai' and detail = 'POST off huaihai/pile-01/s1'"));
        Assert.NotEqual(0, Count(service, "select count(*) from audit where subject = '/control/commands' and site = 'huaihai' and detail = 'POST limit huaihai/pile-01/s1'"));
        // The device's name for another command is refused, and what expired came to nobody.
        Assert.Equal(1, (await OrderAsync(service, "huaihai/pile-01/s1", "limit", "w=200", "--id", "killed")).Code);
        Assert.Equal(2, Count(service, "select count(*) from command"));
        Assert.Equal(0, Count(service, "select count(*) from command where id = 'late' and sent_ms is not null"));
        Assert.Equal(0, await service.Process.StopAsync());
    }

    [RealServerFact("mosquitto")]
    public async Task Only_who_may_read_the_services_files_can_order()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync();
        await using var service = await ServiceUnderTest.StartAsync(broker, folder.Path);
        var key = Path.Combine(service.Data, FacilityMonitor.Web.ControlKey.FileName);
        await service.Process.UntilAsync(() => Task.FromResult(File.Exists(key)), "the key being written");
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));

        using var client = new HttpClient();
        foreach (var authorization in new[] { null, "Bearer", "Bearer 00", "Basic bWFuYWdlcjp4" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, service.Url + "/control/commands")
            {
                Content = new StringContent("""{"id":"a","site":"huaihai","device":"pile-01","op":"off"}""", Encoding.UTF8, "application/json"),
            };
            if (authorization is not null)
                request.Headers.TryAddWithoutValidation("Authorization", authorization);
            using var answer = await client.SendAsync(request);
            Assert.Equal(System.Net.HttpStatusCode.Unauthorized, answer.StatusCode);
        }

        Assert.Equal(0, Count(service, "select count(*) from command"));
        Assert.Equal(0, await service.Process.StopAsync());
    }

    /// <summary>The demo's configuration, where a welded relay is told after ten seconds.</summary>
    private static string Configure(string folder)
    {
        var configuration = Path.Combine(folder, "config");
        Directory.CreateDirectory(configuration);
        foreach (var file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "demo"), "*.yaml"))
            File.Copy(file, Path.Combine(configuration, Path.GetFileName(file)));
        var facility = Path.Combine(configuration, "facility.yaml");
        File.WriteAllText(facility, File.ReadAllText(facility).Replace("- {id: pile-02, kind: pile,", "- {id: pile-02, kind: pile, desired: {period-s: 1, limit-w: 900},", StringComparison.Ordinal));
        File.AppendAllText(facility, "\nrules: {welded-relay: {hold_s: 10}}\n");
        return configuration;
    }

    private static ProcessUnderTest Simulator(MosquittoBroker broker) => new(
        "firmware-sim", ["run", "--scenario", "welded-relay", "--seed", "7", "--broker", $"mqtt://127.0.0.1:{broker.Port}"], new Dictionary<string, string>());

    private static async Task<(int Code, string Text)> OrderAsync(ServiceUnderTest service, string target, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "facility-monitor.dll"), "command", target, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.Environment["FM_DATA__DIRECTORY"] = service.Data;
        start.Environment["FM_LANGUAGE"] = "en";
        using var process = Process.Start(start)!;
        var text = await process.StandardOutput.ReadToEndAsync(Deadline());
        await process.WaitForExitAsync(Deadline());
        return (process.ExitCode, text);
    }

    private static CancellationToken Deadline() => new CancellationTokenSource(TimeSpan.FromSeconds(120), WakingTime.Clock).Token;

    private static Task UntilAsync(ServiceUnderTest service, string sql, long count) => service.Process.UntilAsync(() => Task.FromResult(Count(service, sql) == count), sql);

    private static long Count(ServiceUnderTest service, string sql)
    {
        using var connection = Database.OpenReader(service.Data);
        using var command = Database.Command(connection, sql);
        return command.ExecuteScalar() is long count ? count : 0;
    }

    private static async Task SayAsync(MqttClient device, string kind, string body) =>
        Assert.True(await device.PublishAsync($"fm/1/huaihai/pile-01/{kind}", Encoding.UTF8.GetBytes(body), MqttQos.AtLeastOnce, retain: kind == "birth") < MqttReasonCode.UnspecifiedError);

    private static async Task<JsonElement> NextAsync(MqttClient device)
    {
        using var batch = (await device.ReceiveAsync(Until.DeadlineToken()))!;
        var body = JsonDocument.Parse(batch[batch.Count - 1].Payload.ToArray()).RootElement;
        await batch.AcknowledgeAsync();
        return body;
    }
}

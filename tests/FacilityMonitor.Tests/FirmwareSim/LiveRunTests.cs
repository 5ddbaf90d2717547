using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using FacilityMonitor.Contract;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Tests.Mqtt;
using FirmwareSim.Commands;
using FirmwareSim.Running;

namespace FacilityMonitor.Tests.FirmwareSim;

/// <summary>The simulator on a real broker, with a host that keeps everything and says so.</summary>
public sealed partial class LiveRunTests
{
    private const string Yard = """
        name: yard
        start: 2026-11-20T18:00:00+08:00
        speed: 60
        warm_up: 3h
        step: 50ms
        sites:
          - id: a
            devices:
              - { id: pile-1, kind: pile, place: x, sockets: 10, period: 200ms }
              - { id: pile-2, kind: pile, place: x, sockets: 10, period: 200ms }
              - { id: lamp-1, kind: lamp, period: 500ms }
            people: [{ place: x }]
        """;

    [RealServerFact("mosquitto")]
    public async Task Devices_come_up_speak_and_say_goodbye()
    {
        await using var broker = await MosquittoBroker.StartAsync();
        await using var host = await Host.StartAsync(broker);
        using var stop = new CancellationTokenSource();
        var run = Run(Yard, broker, Ledger.None, stop.Token);

        await Until.TrueAsync(() => host.Count("a/pile-1") >= 5 && host.Count("a/lamp-1") >= 1, "two devices speak");
        Assert.Equal("online", host.Status("a/pile-2"));
        Assert.Equal(1, host.Birth("a/pile-1")!.Value.GetProperty("bd").GetInt64());
        await stop.CancelAsync();
        var counters = await run;

        await Until.TrueAsync(() => host.Status("a/lamp-1") == "shutdown" && host.Status("a/pile-1") == "shutdown", "they say goodbye");
        Assert.Equal((3, 0, 0L, 0L), (counters.Devices, counters.Connected, counters.Losses, counters.Refused));
        Assert.Equal(counters.Produced, counters.Sent);
    }

    [RealServerFact("mosquitto")]
    public async Task Whatever_happens_to_the_broker_every_message_arrives_and_only_with_one_body()
    {
        await using var broker = await MosquittoBroker.StartAsync();
        await using var host = await Host.StartAsync(broker);
        using var ledgerText = new LineCounter();
        using var ledger = new Ledger(ledgerText);
        using var stop = new CancellationTokenSource();
        var run = Run(Yard, broker, ledger, stop.Token);

        await Until.TrueAsync(() => host.Count("a/pile-1") >= 5, "the first messages");
        for (var round = 2; round <= 3; round++)
        {
            await broker.KillAsync();
            // However fast the broker is back: something has to be in the buffers for history to be told.
            var said = ledgerText.Lines;
            await Until.TrueAsync(() => ledgerText.Lines >= said + 6, "the piles go on measuring");
            await broker.StartAgainAsync();
            var number = round;
            await Until.TrueAsync(() => host.Birth("a/pile-1")?.GetProperty("bd").GetInt64() >= number, "the pile is back");
            var before = host.Count("a/pile-2");
            await Until.TrueAsync(() => host.Count("a/pile-2") >= before + 5, "messages flow again");
        }

        await Until.TrueAsync(() => host.IsWithoutGaps("a/pile-1") && host.IsWithoutGaps("a/pile-2"), "the backlog is in");
        await stop.CancelAsync();
        var counters = await run;

        Assert.True(counters.Losses >= 4, "every pile lost the broker twice");
        Assert.Equal(0, counters.Dropped);
        Assert.Equal(0, host.ChangedBodies);
        Assert.True(host.HistMessages > 0);
        var lines = ledgerText.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.Equal(counters.Produced, lines.Count(line => line.TryGetProperty("produced", out _)));
        var acked = lines.Where(line => line.TryGetProperty("acked", out _)).Select(line => line.GetProperty("acked")).ToArray();
        Assert.Equal(counters.WatermarkAcked, acked.Length);
        Assert.NotEmpty(acked);
        Assert.All(acked, line => Assert.True(host.Has(
            $"{line.GetProperty("site").GetString()}/{line.GetProperty("device").GetString()}", line.GetProperty("boot").GetString()!, line.GetProperty("seq").GetInt64())));
    }

    [RealServerFact("mosquitto")]
    public async Task A_lost_network_brings_the_will_and_the_return_brings_the_backlog()
    {
        await using var broker = await MosquittoBroker.StartAsync();
        await using var host = await Host.StartAsync(broker);
        using var stop = new CancellationTokenSource();
        var run = Run(
            Yard + """

                script:
                  - { at: 1500ms, for: 2s, do: offline, on: a/pile-1, rule: offline }
                """,
            broker,
            Ledger.None,
            stop.Token);

        await Until.TrueAsync(() => host.Status("a/pile-1") == "offline", "the will is published");
        var unheard = host.Count("a/pile-1");
        await Until.TrueAsync(() => host.Status("a/pile-1") == "online" && host.Birth("a/pile-1")!.Value.GetProperty("bd").GetInt64() == 2, "it is back");
        await Until.TrueAsync(() => host.Count("a/pile-1") >= unheard + 9 && host.IsWithoutGaps("a/pile-1"), "it brought what it had measured meanwhile");
        Assert.True(host.HistMessages >= 5);
        await stop.CancelAsync();
        await run;
    }

    [RealServerFact("mosquitto")]
    public async Task Piles_behind_two_gateways_lose_nothing_with_the_broker()
    {
        await using var broker = await MosquittoBroker.StartAsync("log_dest file {folder}/log");
        await using var host = await Host.StartAsync(broker);
        using var stop = new CancellationTokenSource();
        var run = Run(
            """
            name: fleet
            start: 2026-11-20T18:00:00+08:00
            step: 50ms
            fleet: { site: f, devices: 7, sockets: 2, period: 200ms, gateways: 2 }
            """,
            broker,
            Ledger.None,
            stop.Token);

        await Until.TrueAsync(() => Enumerable.Range(1, 7).All(number => host.Count($"f/pile-000{number}") >= 3), "all seven speak");
        await broker.KillAsync();
        await broker.StartAgainAsync();
        await Until.TrueAsync(() => Enumerable.Range(1, 7).All(number => host.Birth($"f/pile-000{number}")?.GetProperty("bd").GetInt64() >= 2), "all are back");
        var before = host.Count("f/pile-0007");
        await Until.TrueAsync(() => host.Count("f/pile-0007") >= before + 5 && Enumerable.Range(1, 7).All(number => host.IsWithoutGaps($"f/pile-000{number}")), "nothing is missing");
        await stop.CancelAsync();
        var counters = await run;

        await Until.TrueAsync(() => Enumerable.Range(1, 7).All(number => host.Status($"f/pile-000{number}") == "shutdown"), "they say goodbye");
        Assert.Equal("shutdown", host.Status("f/gateway-002"));
        Assert.Equal((9, 0L, 0L), (counters.Devices, counters.Dropped, counters.Refused));
        // The broker saw no more than the two of them: before it died, and after it was back.
        Assert.Equal(["sim-f-gateway-001", "sim-f-gateway-002"], SimulatedClients(broker));
    }

    [RealServerFact("mosquitto")]
    public async Task A_gateway_that_is_gone_leaves_its_will_and_speaks_for_a_pile_that_it_no_longer_hears()
    {
        await using var broker = await MosquittoBroker.StartAsync("log_dest file {folder}/log");
        await using var host = await Host.StartAsync(broker);
        using var stop = new CancellationTokenSource();
        var run = Run(
            """
            name: row
            start: 2026-11-20T18:00:00+08:00
            step: 50ms
            sites:
              - id: a
                devices:
                  - { id: gw, kind: gateway, shared: true, period: 200ms }
                  - { id: pile-1, kind: pile, sockets: 2, period: 200ms, gateway: gw }
                  - { id: pile-2, kind: pile, sockets: 2, period: 200ms, gateway: gw }
            script:
              - { at: 1500ms, for: 2s, do: offline, on: a/pile-1 }
              - { at: 6s, for: 2s, do: offline, on: a/gw }
            """,
            broker,
            Ledger.None,
            stop.Token);

        await Until.TrueAsync(() => host.Status("a/pile-1") == "offline", "the gateway says that the pile is gone");
        Assert.Equal(("online", "online"), (host.Status("a/gw"), host.Status("a/pile-2")));
        await Until.TrueAsync(() => host.Status("a/pile-1") == "online" && host.Birth("a/pile-1")!.Value.GetProperty("bd").GetInt64() == 2, "the pile is back");
        await Until.TrueAsync(() => host.Status("a/gw") == "offline", "the broker publishes the gateway's will");
        Assert.Equal(("online", "online"), (host.Status("a/pile-1"), host.Status("a/pile-2")));
        await Until.TrueAsync(
            () => host.Birth("a/gw")!.Value.GetProperty("bd").GetInt64() == 2 && host.Birth("a/pile-1")!.Value.GetProperty("bd").GetInt64() == 3
                && host.Birth("a/pile-2")!.Value.GetProperty("bd").GetInt64() == 2,
            "everybody is born again");
        await Until.TrueAsync(() => host.IsWithoutGaps("a/gw") && host.IsWithoutGaps("a/pile-1") && host.IsWithoutGaps("a/pile-2") && host.HistMessages > 10, "nothing is missing");
        await stop.CancelAsync();
        var counters = await run;

        await Until.TrueAsync(() => host.Status("a/gw") == "shutdown" && host.Status("a/pile-2") == "shutdown", "they say goodbye");
        Assert.Equal(0, host.ChangedBodies);
        Assert.Equal(0, counters.Refused);
        Assert.Equal(["sim-a-gw"], SimulatedClients(broker));
    }

    /// <summary>Ids under which simulated devices connected, as the broker's own log tells.</summary>
    private static IEnumerable<string> SimulatedClients(MosquittoBroker broker) =>
        ConnectedAs().Matches(File.ReadAllText(Path.Combine(broker.Folder, "log"))).Select(match => match.Groups[1].Value).Distinct().Order(StringComparer.Ordinal);

    [GeneratedRegex(@"client connected from \S+ as (sim-\S+)")]
    private static partial Regex ConnectedAs();

    /// <summary>A ledger's text, and how many lines it has while it is still being written.</summary>
    private sealed class LineCounter() : StringWriter(CultureInfo.InvariantCulture)
    {
        private int _lines;

        public int Lines => Volatile.Read(ref _lines);

        public override void Write(string? value)
        {
            base.Write(value);
            if (value?.EndsWith('\n') == true)
                Interlocked.Increment(ref _lines);
        }
    }

    [Theory]
    [InlineData("mqtt://127.0.0.1:1884", "127.0.0.1", 1884, false, null, null)]
    [InlineData("mqtt://broker", "broker", 1883, false, null, null)]
    [InlineData("mqtts://u:p%40ss:word@broker", "broker", 8883, true, "u", "p@ss:word")]
    [InlineData("mqtt://devices@[::1]:1", "::1", 1, false, "devices", null)]
    public void A_broker_address_is_read(string text, string host, int port, bool tls, string? user, string? password)
    {
        var address = BrokerAddress.TryParse(text)!;
        Assert.Equal((host, port, tls, user, password), (address.Host.Trim('[', ']'), address.Port, address.IsTls, address.User, address.Password));
        Assert.DoesNotContain("word", address.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("broker:1883")]
    [InlineData("http://broker")]
    [InlineData("mqtt://broker/path")]
    [InlineData("")]
    public void Other_texts_are_no_broker_address(string text) => Assert.Null(BrokerAddress.TryParse(text));

    [Theory]
    [InlineData("demo", "no-broker", null, null, 2)]
    [InlineData("demo", "mqtt://127.0.0.1:1", "soon", null, 2)]
    [InlineData("demo", "mqtt://127.0.0.1:1", null, "/no/such/file", 1)]
    [InlineData("no-such", "mqtt://127.0.0.1:1", null, null, 1)]
    public async Task Run_refuses_with_the_exit_codes_of_the_contract(string scenario, string broker, string? duration, string? passwordFile, int code)
    {
        var request = new RunCommand.Request(scenario, broker, passwordFile, null, 1, null, null, duration);
        Assert.Equal(code, await RunCommand.RunAsync(request, TextWriter.Null, TimeProvider.System, CancellationToken.None));
    }

    private static async Task<RunCounters> Run(string yaml, MosquittoBroker broker, Ledger ledger, CancellationToken cancellationToken)
    {
        var address = new BrokerAddress(broker.Host, broker.Port, false, null, null);
        var run = new LiveRun(Scenes.Parse(yaml), 1, null, address, ledger, TextWriter.Null, TimeProvider.System);
        await run.RunAsync(null, cancellationToken);
        return run.Counters;
    }

    /// <summary>A host that keeps every message, says it is there, and acknowledges what it holds without a gap.</summary>
    private sealed class Host : IAsyncDisposable
    {
        private readonly MqttClient _client;
        private readonly ConcurrentDictionary<(string Device, string Boot, long Seq), byte[]> _kept = new();
        private readonly ConcurrentDictionary<string, JsonElement> _births = new();
        private readonly ConcurrentDictionary<string, string> _statuses = new();
        private readonly CancellationTokenSource _ended = new();
        private Task _receiving = Task.CompletedTask;
        private int _changed;
        private int _hist;

        private Host(MqttClient client) => _client = client;

        /// <summary>Messages that came a second time with another body.</summary>
        public int ChangedBodies => _changed;

        public int HistMessages => _hist;

        public static async Task<Host> StartAsync(MosquittoBroker broker)
        {
            var client = new MqttClient(
                new MqttClientOptions
                {
                    Host = broker.Host,
                    Port = broker.Port,
                    ClientId = "test-host",
                    ReconnectMin = TimeSpan.FromMilliseconds(50),
                    ReconnectMax = TimeSpan.FromMilliseconds(200),
                    Subscriptions = [new MqttSubscription("fm/1/+/+/+")],
                    Will = new MqttWill("fm/1/state/test", Fm1Downlink.HostState(online: false, 0)),
                },
                TimeProvider.System);
            var host = new Host(client);
            await client.StartAsync();
            host._receiving = host.ReceiveAsync();
            await client.WaitSubscribedAsync(Until.DeadlineToken());
            host._receiving = Task.WhenAll(host._receiving, host.AnnounceAsync());
            return host;
        }

        public int Count(string device) => _kept.Keys.Count(key => key.Device == device);

        public bool Has(string device, string boot, long seq) => _kept.ContainsKey((device, boot, seq));

        public string? Status(string device) => _statuses.GetValueOrDefault(device);

        public JsonElement? Birth(string device) => _births.TryGetValue(device, out var birth) ? birth : null;

        public bool IsWithoutGaps(string device) => _kept.Keys.Where(key => key.Device == device).GroupBy(key => key.Boot)
            .All(boot => boot.Max(key => key.Seq) == boot.Count() - 1);

        public async ValueTask DisposeAsync()
        {
            await _client.StopAsync(Until.DeadlineToken());
            await _ended.CancelAsync();
            await _receiving;
            await _client.DisposeAsync();
            _ended.Dispose();
        }

        /// <summary>After every reconnect: mosquitto without a saved file has forgotten who was there.</summary>
        private async Task AnnounceAsync()
        {
            try
            {
                await foreach (var change in _client.WatchAsync(_ended.Token))
                {
                    if (change.State == MqttConnectionState.Subscribed)
                        await _client.PublishAsync("fm/1/state/test"u8.ToArray(), Fm1Downlink.HostState(online: true, 0), MqttQos.AtLeastOnce, retain: true, null, _ended.Token);
                }
            }
            catch (OperationCanceledException)
            {
                // Ended.
            }
        }

        private async Task ReceiveAsync()
        {
            while (await _client.ReceiveAsync() is { } batch)
            {
                using (batch)
                {
                    for (var index = 0; index < batch.Count; index++)
                        Keep(Encoding.UTF8.GetString(batch[index].Topic), batch[index].Payload.ToArray());
                    await batch.AcknowledgeAsync();
                }
            }
        }

        private void Keep(string topic, byte[] payload)
        {
            var parts = topic.Split('/');
            var device = $"{parts[2]}/{parts[3]}";
            if (parts[4] is "cmd" or "cfg" or "acked")
                return;
            var body = JsonDocument.Parse(payload).RootElement;
            switch (parts[4])
            {
                case "birth":
                    _births[device] = body;
                    break;
                case "status":
                    _statuses[device] = body.GetProperty("s").GetString()!;
                    break;
                case "data" or "hist" or "event":
                    _hist += parts[4] == "hist" ? 1 : 0;
                    var boot = body.GetProperty("boot").GetString()!;
                    var kept = _kept.GetOrAdd((device, boot, body.GetProperty("seq").GetInt64()), payload);
                    _changed += kept.AsSpan().SequenceEqual(payload) ? 0 : 1;
                    Acknowledge(parts, device, boot);
                    break;
            }
        }

        private void Acknowledge(string[] parts, string device, string boot)
        {
            var through = -1L;
            while (_kept.ContainsKey((device, boot, through + 1)))
                through++;
            Assert.True(BootId.TryParse(Encoding.ASCII.GetBytes(boot), out var id));
            _ = PublishAsync($"fm/1/{parts[2]}/{parts[3]}/acked", Fm1Downlink.Acked(new Watermark(id, through)));
        }

        private async Task PublishAsync(string topic, byte[] payload)
        {
            try
            {
                await _client.PublishAsync(Encoding.UTF8.GetBytes(topic), payload, MqttQos.AtLeastOnce, retain: true, null, _ended.Token);
            }
            catch (OperationCanceledException)
            {
                // Ended.
            }
        }
    }
}

using System.Text;
using FacilityMonitor.Contract;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Readings;
using FacilityMonitor.Tests.Mqtt;
using FirmwareSim;
using FirmwareSim.Devices;
using FirmwareSim.Protocol;
using FirmwareSim.Running;

namespace FacilityMonitor.Tests.FirmwareSim;

/// <summary>Commands to plugs of other makers, each in the words of its own firmware; and what the plug answers, tells and does.</summary>
public sealed class ForeignCommandTests
{
    [Theory]
    [InlineData("POWER2", "OFF")]
    [InlineData("power2", "0")]
    [InlineData("POWER2", "TOGGLE")]
    [InlineData("POWER0", "off")]
    [InlineData("Backlog", "POWER1 OFF; POWER2 OFF")]
    public void Tasmota_switches_off_and_says_so_twice_over(string command, string argument)
    {
        using var plug = new Plug("tasmota");
        plug.Send($"cmnd/plug/{command}", argument);

        Assert.Contains(("stat/plug/RESULT", """{"POWER2":"OFF"}"""), plug.Said);
        Assert.Contains(("stat/plug/POWER2", "OFF"), plug.Said);
        Assert.Equal(1, plug.Said.Count(said => said.Topic == "stat/plug/POWER2"));
        plug.IsDead();
    }

    [Fact]
    public void Every_Tasmota_hears_the_group()
    {
        using var plug = new Plug("tasmota");
        plug.Send("cmnd/tasmotas/POWER0", "OFF");
        plug.IsDead();
    }

    [Fact]
    public void Tasmota_answers_questions_and_changes_nothing()
    {
        using var plug = new Plug("tasmota");
        plug.Send("cmnd/plug/POWER2", "");
        Assert.Equal([("stat/plug/RESULT", """{"POWER2":"ON"}"""), ("stat/plug/POWER2", "ON")], plug.Said);

        plug.Send("cmnd/plug/POWER9", "OFF");
        Assert.Empty(plug.Said);

        plug.Send("cmnd/plug/STATUS", "8");
        Assert.StartsWith("""{"StatusSNS":{"Time":""", plug.Said.Single(said => said.Topic == "stat/plug/STATUS8").Text, StringComparison.Ordinal);

        plug.Send("cmnd/plug/Dance", "1");
        Assert.Equal([("stat/plug/RESULT", """{"Command":"Unknown","Input":"DANCE"}""")], plug.Said);
        Assert.True(plug.Watts > 100);
    }

    [Theory]
    [InlineData("60", 60)]
    [InlineData("3", 10)]
    [InlineData("9999", 3_600)]
    [InlineData("1", 300)]
    [InlineData("often", 10)]
    public void Tasmota_reports_as_often_as_it_is_told_within_its_limits(string argument, int seconds)
    {
        using var plug = new Plug("tasmota");
        plug.Send("cmnd/plug/TelePeriod", argument);
        Assert.Equal([("stat/plug/RESULT", $"{{\"TelePeriod\":{seconds}}}")], plug.Said);
        plug.Live(20);
        var first = plug.Said.Count(said => said.Topic == "tele/plug/SENSOR");
        Assert.InRange(first, 1, 2);
        plug.Live(seconds);
        Assert.InRange(plug.Said.Count(said => said.Topic == "tele/plug/SENSOR") - first, 1, 2);
    }

    [Theory]
    [InlineData("""{"id":7,"src":"phone","method":"Switch.Set","params":{"id":1,"on":false}}""", """{"id":7,"src":"plug","dst":"phone","result":{"was_on":true}}""")]
    [InlineData("""{"id":"a","src":"phone","method":"Switch.Toggle","params":{"id":1}}""", """{"id":"a","src":"plug","dst":"phone","result":{"was_on":true}}""")]
    public void Shelly_switches_off_answers_its_caller_and_notifies_everybody(string call, string answer)
    {
        using var plug = new Plug("shelly");
        plug.Send("plug/rpc", call);

        Assert.Contains(("phone/rpc", answer), plug.Said);
        plug.Live(1);
        Assert.Contains(plug.Said, said => said.Topic == "plug/events/rpc" && said.Text.Contains("""{"switch:1":{"id":1,"output":false,"source":"MQTT"}}"""[1..^1], StringComparison.Ordinal));
        plug.IsDead();
    }

    [Theory]
    [InlineData("""{"id":1,"src":"phone","method":"Switch.Set","params":{"id":9,"on":false}}""", -105)]
    [InlineData("""{"id":1,"src":"phone","method":"Switch.Set","params":{"id":1}}""", -103)]
    [InlineData("""{"id":1,"src":"phone","method":"Switch.Set"}""", -103)]
    [InlineData("""{"id":1,"src":"phone","method":"Cover.Open","params":{"id":0}}""", 404)]
    public void Shelly_says_what_is_wrong_with_a_call_and_does_nothing(string call, int code)
    {
        using var plug = new Plug("shelly");
        plug.Send("plug/rpc", call);
        Assert.Contains($"\"error\":{{\"code\":{code},", Assert.Single(plug.Said).Text, StringComparison.Ordinal);
        Assert.True(plug.Watts > 100);
    }

    [Theory]
    [InlineData("""{"id":1,"method":"Switch.Set","params":{"id":1,"on":false}}""")]
    [InlineData("no json")]
    [InlineData("[]")]
    [InlineData("{}")]
    public void Nobody_answers_who_gives_no_name(string call)
    {
        using var plug = new Plug("shelly");
        plug.Send("plug/rpc", call);
        Assert.DoesNotContain(plug.Said, said => said.Topic.EndsWith("/rpc", StringComparison.Ordinal));
    }

    [Fact]
    public void Shelly_turns_back_after_the_time_it_was_given_and_calls_it_a_timer()
    {
        using var plug = new Plug("shelly");
        plug.Send("plug/rpc", """{"id":1,"src":"phone","method":"Switch.Set","params":{"id":1,"on":false,"toggle_after":30}}""");
        plug.Live(28);
        Assert.Equal(0, plug.Watts);
        plug.Live(5);
        Assert.True(plug.Watts > 100);
        Assert.Contains(plug.Said, said => said.Text.Contains("\"output\":true,\"source\":\"timer\"", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("off")]
    [InlineData("toggle")]
    [InlineData("off,3600")]
    public void Shelly_listens_to_its_plain_topics_too(string word)
    {
        using var plug = new Plug("shelly");
        plug.Send("plug/command/switch:1", word);
        plug.Send("plug/command/switch:9", word);
        plug.IsDead();
        plug.Send("plug/command", "status_update");
        Assert.Equal(["plug/status/switch:0", "plug/status/switch:1", "plug/status/switch:2", "plug/status/switch:3"], plug.Said.Select(said => said.Topic));
    }

    [Theory]
    [InlineData("zigbee2mqtt/plug/set", """{"state_l2":"OFF"}""")]
    [InlineData("zigbee2mqtt/plug/set", """{"state_l2":"toggle"}""")]
    [InlineData("zigbee2mqtt/plug/set/state_l2", "OFF")]
    [InlineData("zigbee2mqtt/plug/l2/set", """{"state":"OFF"}""")]
    public void Zigbee2MQTT_switches_off_and_tells_its_whole_cache_with_the_power_of_before(string topic, string payload)
    {
        using var plug = new Plug("zigbee2mqtt");
        plug.Live(60);
        plug.Send(topic, payload);

        var told = Assert.Single(plug.Said);
        Assert.Equal("zigbee2mqtt/plug", told.Topic);
        Assert.Contains("\"state_l2\":\"OFF\"", told.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("\"power_l2\":0,", told.Text, StringComparison.Ordinal);
        plug.IsDead();
        plug.Send("zigbee2mqtt/plug/get", """{"power_l2":""}""");
        Assert.Contains("\"power_l2\":0,\"current_l2\":0.00", Assert.Single(plug.Said).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("zigbee2mqtt/plug/set", """{"colour":"red"}""")]
    [InlineData("zigbee2mqtt/plug/set", """{"state_l9":"OFF"}""")]
    [InlineData("zigbee2mqtt/plug/set", """{"state_l2":"MAYBE"}""")]
    [InlineData("zigbee2mqtt/plug/set", "OFF")]
    public void What_Zigbee2MQTT_cannot_do_is_in_its_log_and_nowhere_else(string topic, string payload)
    {
        using var plug = new Plug("zigbee2mqtt");
        plug.Send(topic, payload);
        var told = Assert.Single(plug.Said);
        Assert.Equal("zigbee2mqtt/bridge/logging", told.Topic);
        Assert.Contains("\"level\":\"error\"", told.Text, StringComparison.Ordinal);
        Assert.True(plug.Watts > 100);
    }

    [Theory]
    [InlineData("tasmota", "cmnd/plug/POWER2", "OFF", "ON")]
    [InlineData("shelly", "plug/command/switch:1", "off", "on")]
    [InlineData("zigbee2mqtt", "zigbee2mqtt/plug/set/state_l2", "OFF", "ON")]
    public void The_service_reads_the_relay_out_of_what_they_tell_and_the_power_that_follows(string dialect, string topic, string off, string on)
    {
        using var plug = new Plug(dialect);
        plug.Live(30);
        foreach (var (word, relay, power) in new[] { (off, 0.0, (Func<double, bool>)(watts => watts == 0)), (on, 1.0, watts => watts > 100) })
        {
            plug.Send(topic, word);
            plug.Live(90);
            Assert.Equal(relay, plug.Decoded(Metric.Relay));
            Assert.True(power(plug.Decoded(Metric.W)), $"{plug.Decoded(Metric.W)} W");
        }
    }

    [Fact]
    public void A_welded_relay_says_off_and_the_power_goes_on()
    {
        using var plug = new Plug("tasmota");
        plug.Point.IsWelded = true;
        plug.Send("cmnd/plug/POWER2", "OFF");
        plug.Live(30);
        Assert.Equal(0, plug.Decoded(Metric.Relay));
        Assert.True(plug.Decoded(Metric.W) > 100);
    }

    [RealServerFact("mosquitto")]
    public async Task Over_a_real_broker_three_plugs_obey_in_three_languages()
    {
        await using var broker = await MosquittoBroker.StartAsync();
        var client = new MqttClient(
            new MqttClientOptions { Host = broker.Host, Port = broker.Port, ClientId = "phone", Subscriptions = [new MqttSubscription("#")] }, TimeProvider.System);
        await client.StartAsync();
        await client.WaitSubscribedAsync(Until.DeadlineToken());
        var said = new List<string>();
        var listening = ListenAsync(client, said);
        using var stop = new CancellationTokenSource();
        var run = new LiveRun(
            Scenes.Parse(Plugs), 1, null, new BrokerAddress(broker.Host, broker.Port, false, null, null), Ledger.None, TextWriter.Null, TimeProvider.System).RunAsync(null, stop.Token);
        bool Heard(string text) { lock (said) return said.Exists(line => line.Contains(text, StringComparison.Ordinal)); }

        await Until.TrueAsync(() => Heard("tele/t/LWT Online") && Heard("sh/online true") && Heard("zigbee2mqtt/z/availability"), "the plugs are there");
        await client.PublishAsync("cmnd/t/POWER2"u8.ToArray(), "ON"u8.ToArray(), MqttQos.AtLeastOnce, false, null, Until.DeadlineToken());
        await client.PublishAsync("sh/rpc"u8.ToArray(), """{"id":1,"src":"phone","method":"Switch.Set","params":{"id":1,"on":true}}"""u8.ToArray(), MqttQos.AtLeastOnce, false, null, Until.DeadlineToken());
        await client.PublishAsync("zigbee2mqtt/z/set"u8.ToArray(), """{"state_l2":"ON"}"""u8.ToArray(), MqttQos.AtLeastOnce, false, null, Until.DeadlineToken());

        await Until.TrueAsync(() => Heard("stat/t/POWER2 ON"), "Tasmota answers");
        await Until.TrueAsync(() => Heard("phone/rpc {\"id\":1,\"src\":\"sh\",\"dst\":\"phone\",\"result\":{\"was_on\":false}}"), "Shelly answers");
        await Until.TrueAsync(() => Heard("\"state_l2\":\"ON\""), "Zigbee2MQTT tells its state");
        await stop.CancelAsync();
        await run;
        await client.StopAsync(Until.DeadlineToken());
        await listening;
        await client.DisposeAsync();
    }

    private const string Plugs = """
        name: plugs
        start: 2026-11-20T18:00:00+08:00
        step: 50ms
        sites:
          - id: a
            devices:
              - { id: t, kind: pile, sockets: 2, dialect: tasmota }
              - { id: sh, kind: pile, sockets: 2, dialect: shelly }
              - { id: z, kind: pile, sockets: 2, dialect: zigbee2mqtt }
        """;

    private static async Task ListenAsync(MqttClient client, List<string> said)
    {
        while (await client.ReceiveAsync() is { } batch)
        {
            using (batch)
            {
                for (var index = 0; index < batch.Count; index++)
                {
                    lock (said)
                        said.Add($"{Encoding.UTF8.GetString(batch[index].Topic)} {Encoding.UTF8.GetString(batch[index].Payload)}");
                }

                await batch.AcknowledgeAsync();
            }
        }
    }

    /// <summary>A plug of four sockets with a bike charging in the second.</summary>
    private sealed class Plug : IDisposable
    {
        private readonly World _world;
        private readonly ForeignFirmware _firmware;
        private readonly MessageDecoder _decoder = new(new DeviceTable());
        private readonly DeviceMessage _message = new();
        private readonly Dictionary<Metric, double> _decoded = [];

        public Plug(string dialect)
        {
            _world = Scenes.World($$"""
                name: plug
                start: 2026-11-20T18:00:00+08:00
                sites:
                  - id: a
                    circuits: [{ id: c, rated: 40, phase: 1 }]
                    devices: [{ id: plug, kind: pile, circuit: c, sockets: 4, dialect: {{dialect}}, period: 10s }]
                script: [{ at: 1s, for: 10h, do: plug, on: a/plug/s2, pack: 60V20Ah }]
                """);
            var device = (ChargingDevice)_world.Devices[0];
            Point = device.Points[1];
            _firmware = ForeignFirmware.Of(device.Seat.Dialect, device, new Randomness(1, "radio").Next, Hear);
            _firmware.PowerUp(_world.Now);
            _firmware.Connected(_world.Now);
            Live(30);
        }

        public ChargingPoint Point { get; }

        public double Watts => Point.TrueWatts;

        /// <summary>What it said since the last command.</summary>
        public List<(string Topic, string Text)> Said { get; } = [];

        public void Send(string topic, string payload)
        {
            Assert.Contains(_firmware.Subscriptions, filter => Hears(filter, topic));
            Said.Clear();
            _firmware.Receive(topic, Encoding.UTF8.GetBytes(payload), retained: false, _world.Now);
        }

        public void Live(int seconds)
        {
            for (var second = 0; second < seconds; second++)
            {
                _world.Step();
                _firmware.Tick(_world.Now);
            }
        }

        public void IsDead()
        {
            Live(1);
            Assert.Equal(0, Watts);
            Assert.False(Point.RelayClosed);
            Assert.Null(Point.Session);
        }

        /// <summary>What the service last read of the second socket.</summary>
        public double Decoded(Metric metric) => _decoded.GetValueOrDefault(metric, double.NaN);

        public void Dispose() => _firmware.Dispose();

        private static bool Hears(string filter, string topic)
        {
            var (levels, parts) = (filter.Split('/'), topic.Split('/'));
            return levels.Length == parts.Length && levels.Zip(parts).All(pair => pair.First == "+" || pair.First == pair.Second);
        }

        private void Hear(Outgoing message)
        {
            Said.Add((message.Topic, Encoding.UTF8.GetString(message.Payload.Span)));
            var outcome = _decoder.Decode(Encoding.UTF8.GetBytes(message.Topic), message.Payload.Span, message.Retain, _world.Now.ClockMs, _message);
            if (outcome.Result != DecodeResult.Decoded)
                return;
            foreach (var reading in _message.Readings.Readings)
            {
                foreach (var metric in new[] { Metric.Relay, Metric.W })
                {
                    if (reading.Channel.ToString() == "s2" && _message.Readings.TryGet(reading, metric, out var value))
                        _decoded[metric] = value;
                }
            }
        }
    }
}

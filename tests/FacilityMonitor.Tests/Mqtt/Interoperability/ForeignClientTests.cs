using System.Globalization;
using System.Text;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Tests.Conventions;

namespace FacilityMonitor.Tests.Mqtt.Interoperability;

/// <summary>Clients of other makers on the other side of a broker, in both versions: what we publish they read, what they publish we read.</summary>
public sealed class ForeignClientTests : InteroperabilityTest
{
    private const string Folder = "tests/FacilityMonitor.Tests/Mqtt/Interoperability/Foreign";
    private const string Paho = "/usr/lib/python3/dist-packages/paho/mqtt/client.py";
    private const string MqttJs = Folder + "/node_modules/mqtt/package.json";

    /// <summary>Both sides of each edge where a length takes another byte.</summary>
    private static readonly int[] Sizes = [0, 1, 100, 127, 128, 200, 16_300, 16_383, 16_384, 100_000];

    [RealServerFact("mosquitto_sub")]
    public Task Mosquitto_sub_reads_what_we_publish_with_mqtt_3_1_1() => MosquittoSubReads(MqttVersion.V311);

    [RealServerFact("mosquitto_sub")]
    public Task Mosquitto_sub_reads_what_we_publish_with_mqtt_5() => MosquittoSubReads(MqttVersion.V500);

    [RealServerFact("mosquitto_pub")]
    public Task We_read_what_mosquitto_pub_publishes_with_mqtt_3_1_1() => MosquittoPubIsRead(MqttVersion.V311);

    [RealServerFact("mosquitto_pub")]
    public Task We_read_what_mosquitto_pub_publishes_with_mqtt_5() => MosquittoPubIsRead(MqttVersion.V500);

    [RealServerFact("/usr/bin/python3", Paho)]
    public Task Paho_for_python_echoes_everything_with_mqtt_3_1_1() => EchoesEverything("/usr/bin/python3", "echo.py", MqttVersion.V311);

    [RealServerFact("/usr/bin/python3", Paho)]
    public Task Paho_for_python_echoes_everything_with_mqtt_5() => EchoesEverything("/usr/bin/python3", "echo.py", MqttVersion.V500);

    [RealServerFact("node", MqttJs)]
    public Task Mqtt_js_echoes_everything_with_mqtt_3_1_1() => EchoesEverything("node", "echo.mjs", MqttVersion.V311);

    [RealServerFact("node", MqttJs)]
    public Task Mqtt_js_echoes_everything_with_mqtt_5() => EchoesEverything("node", "echo.mjs", MqttVersion.V500);

    private async Task MosquittoSubReads(MqttVersion version)
    {
        await using var broker = await MosquittoBroker.StartAsync();
        string[] session = ["-p", $"{broker.Port}", "-V", Number(version), "-i", "foreign", "-c", "-t", "ours/#", "-q", "1", .. version == MqttVersion.V500 ? ["-x", "600"] : Array.Empty<string>()];
        // Makes a session and leaves; it prints nothing that would tell when it listens.
        await using (var subscribing = new ForeignProgram("mosquitto_sub", [.. session, "-E"]))
            await subscribing.EndsWellAsync();
        var client = await StartedAsync(Options(broker.Port, version, "worker"));
        var properties = new MqttPublishProperties { ContentType = "text/plain", UserProperties = [new("site", "豫园")], MessageExpiry = TimeSpan.FromHours(1) };
        await client.PublishAsync("ours/楼/1", "一"u8.ToArray(), MqttQos.AtLeastOnce, retain: false, properties, Until.DeadlineToken());
        await PublishAsync(client, "ours/n", Enumerable.Range(0, 500).Select(number => Encoding.UTF8.GetBytes($"{number}")));

        await using var reader = new ForeignProgram("mosquitto_sub", [.. session, "-C", "501", "-F", "%t|%q|%C|%P|%p"]);
        await reader.EndsWellAsync();
        var told = version == MqttVersion.V500 ? "text/plain|site:豫园" : "|";
        Assert.Equal([$"ours/楼/1|1|{told}|一", .. Enumerable.Range(0, 500).Select(number => $"ours/n|1|||{number}")], reader.Lines);
    }

    private async Task MosquittoPubIsRead(MqttVersion version)
    {
        await using var broker = await MosquittoBroker.StartAsync();
        var client = await SubscribedAsync(Options(broker.Port, version, "worker", new MqttSubscription("theirs/#", MqttQos.ExactlyOnce)));
        foreach (var qos in new[] { 0, 1, 2 })
        {
            string[] properties = version == MqttVersion.V500 ? ["-D", "publish", "user-property", "site", "豫园", "-D", "publish", "message-expiry-interval", "60"] : [];
            await using var writer = new ForeignProgram(
                "mosquitto_pub", ["-p", $"{broker.Port}", "-V", Number(version), "-t", $"theirs/楼/{qos}", "-q", $"{qos}", "-l", .. properties]);
            for (var number = 0; number < 200; number++)
                await writer.Input.WriteLineAsync($"{qos} {number}");
            writer.Input.Close();
            var received = await ReceiveAsync(client, 200);
            await writer.EndsWellAsync();

            Assert.Equal(
                Enumerable.Range(0, 200).Select(number => ($"theirs/楼/{qos}", (MqttQos)qos, $"{qos} {number}")),
                received.Select(message => (message.Topic, message.Qos, Encoding.UTF8.GetString(message.Payload))));
        }
    }

    /// <summary>The other side sends back whatever comes, with the quality the topic names, and says what else it saw of it.</summary>
    private async Task EchoesEverything(string program, string script, MqttVersion version)
    {
        await using var broker = await MosquittoBroker.StartAsync();
        var client = await SubscribedAsync(Options(broker.Port, version, "worker", new MqttSubscription("from/#", MqttQos.ExactlyOnce)));
        await using var echo = new ForeignProgram(program, [Path.Combine(SourceTree.Root, Folder, script), $"{broker.Port}", Level(version)]);
        await echo.PrintsAsync("ready");

        foreach (var qos in new[] { 0, 1, 2 })
        {
            var sent = Enumerable.Range(0, 60).Select(number => Payload(qos, number, Sizes[number % Sizes.Length])).ToList();
            await PublishAsync(client, $"to/{qos}/楼 3", sent);
            var received = await ReceiveAsync(client, sent.Count);
            Assert.All(received, message => Assert.Equal(($"from/{qos}/楼 3", (MqttQos)qos), (message.Topic, message.Qos)));
            Assert.Equal(sent, received.Select(message => message.Payload));
        }

        var properties = new MqttPublishProperties
        {
            ContentType = "application/json",
            ResponseTopic = "答/1",
            CorrelationData = new byte[] { 0, 1, 0xFF },
            UserProperties = [new("site", "豫园"), new("site", "again")],
        };
        await client.PublishAsync("to/1/properties", "x"u8.ToArray(), MqttQos.AtLeastOnce, retain: false, properties, Until.DeadlineToken());
        var seen = Encoding.UTF8.GetString((await ReceiveAsync(client, 1))[0].Payload);
        Assert.Equal(version == MqttVersion.V500 ? "application/json|答/1|0001ff|site=豫园,site=again" : "none", seen);

        await PublishAsync(client, "to/1/end", [[]]);
        await echo.EndsWellAsync();
        Assert.Equal((0L, 0L), (client.Counters.Losses, client.Counters.ProtocolErrors));
    }

    private static byte[] Payload(int qos, int number, int size)
    {
        var payload = new byte[size];
        new Random(qos * 1_000 + number).NextBytes(payload);
        return payload;
    }

    private static string Number(MqttVersion version) => version == MqttVersion.V500 ? "mqttv5" : "mqttv311";

    private static string Level(MqttVersion version) => ((int)version).ToString(CultureInfo.InvariantCulture);
}

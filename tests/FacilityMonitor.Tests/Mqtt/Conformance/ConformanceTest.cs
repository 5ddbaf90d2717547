using System.Text;
using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Tests.Mqtt.Conformance;

/// <summary>
/// A client and a server that follows a script, in one version of the protocol. Behaviour both versions demand is written
/// once, in the abstract class of its chapter; the sealed classes give it the number it has in their version.
/// </summary>
public abstract class ConformanceTest(MqttVersion version) : IAsyncLifetime
{
    private readonly List<MqttClient> _clients = [];
    private readonly List<ScriptedConnection> _connections = [];
    private readonly List<ScriptedServer> _servers = [];

    /// <summary>The server of the client connected last.</summary>
    private protected ScriptedServer Server { get; private set; } = new();

    protected MqttVersion Version { get; } = version;

    protected bool IsV5 => Version == MqttVersion.V500;

    protected MqttClientOptions Options => Server.Options(Version);

    public Task InitializeAsync()
    {
        _servers.Add(Server);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        // The connections first: a client that says goodbye waits for the other side to close. The listeners last: a client that still tries would go on
        // with a port that is free again, and knock at the server of another test that was just given it.
        foreach (var connection in _connections)
            connection.Dispose();
        foreach (var client in _clients)
            await client.DisposeAsync();
        foreach (var server in _servers)
            server.Dispose();
    }

    /// <remarks>Its clock stands still unless the test has one of its own. On a machine so busy that this process got no turn for ten seconds, a client with
    /// the system's clock gives the connection up that the script is just answering, and for half a minute it pings where the script expects silence.</remarks>
    protected async Task<MqttClient> StartAsync(MqttClientOptions? options = null, TimeProvider? time = null)
    {
        var client = new MqttClient(options ?? Options, time ?? new ManualTime());
        _clients.Add(client);
        await client.StartAsync();
        return client;
    }

    /// <summary>
    /// A server of its own for one more client of the test: the client before keeps coming back, and would be taken for it.
    /// </summary>
    private protected (ScriptedServer Server, MqttClientOptions Options) Elsewhere(MqttClientOptions options)
    {
        var server = new ScriptedServer();
        _servers.Add(server);
        return (server, options with { Port = server.Port });
    }

    /// <summary>The next connection, its CONNECT not read yet.</summary>
    private protected async Task<ScriptedConnection> AcceptAsync(ScriptedServer? server = null)
    {
        var connection = await (server ?? Server).AcceptAsync();
        connection.Version = Version;
        _connections.Add(connection);
        return connection;
    }

    /// <summary>The next connection, accepted.</summary>
    private protected Task<ScriptedConnection> AcceptClientAsync(bool sessionPresent = false, params byte[] properties) =>
        AcceptClientAsync(Server, sessionPresent, properties);

    private protected async Task<ScriptedConnection> AcceptClientAsync(ScriptedServer server, bool sessionPresent = false, params byte[] properties)
    {
        var connection = await server.AcceptClientAsync(Version, sessionPresent, properties);
        _connections.Add(connection);
        return connection;
    }

    private protected async Task<(MqttClient Client, ScriptedConnection Server)> ConnectAsync(
        MqttClientOptions? options = null, TimeProvider? time = null, params byte[] properties)
    {
        (Server, options) = Elsewhere(options ?? Options);
        var client = await StartAsync(options, time);
        var connection = await AcceptClientAsync(sessionPresent: false, properties);
        await client.WaitConnectedAsync(Until.DeadlineToken());
        return (client, connection);
    }

    protected async Task TheServersKeepAliveIsUsed()
    {
        var time = new ManualTime();
        var (client, server) = await ConnectAsync(time: time, properties: [0x13, 0, 8]);
        await WatchingAsync(client);

        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(0, server.Socket.Available);
        time.Advance(TimeSpan.FromSeconds(1));
        await server.ExpectAsync(0xC0, 0);
    }

    /// <summary>What a client with these options says first.</summary>
    private protected async Task<SentConnect> ConnectPacketAsync(MqttClientOptions options)
    {
        var (server, elsewhere) = Elsewhere(options);
        await StartAsync(elsewhere);
        return SentConnect.Parse(await (await AcceptAsync(server)).ReadAsync());
    }

    /// <summary>Every packet from here to the end of the connection, after the client was told to stop.</summary>
    private protected static async Task<List<ScriptedPacket>> StopAndReadAsync(MqttClient client, ScriptedConnection connection)
    {
        var stopping = client.StopAsync();
        var packets = await connection.ReadToEndAsync();
        connection.Dispose();
        await stopping;
        return packets;
    }

    protected static Task<MqttReasonCode> PublishAsync(
        MqttClient client, string payload = "x", MqttQos qos = MqttQos.AtLeastOnce, bool retain = false, MqttPublishProperties? properties = null) =>
        client.PublishAsync("t", Encoding.UTF8.GetBytes(payload), qos, retain, properties, Until.DeadlineToken()).AsTask();

    private protected static Task PubAckAsync(ScriptedConnection connection, int id) => connection.SendAsync(0x40, 2, (byte)(id >> 8), (byte)id);

    /// <summary>A PUBLISH as a server may send it, or must not.</summary>
    private protected byte[] Publish(byte[] topic, string payload = "x", int flags = 0, int id = 0, params byte[] properties)
    {
        byte[] packetId = (flags & 6) == 0 ? [] : [(byte)(id >> 8), (byte)id];
        byte[] propertyField = IsV5 ? [(byte)properties.Length, .. properties] : [];
        return ScriptedConnection.Packet(
            (byte)(0x30 | flags), [(byte)(topic.Length >> 8), (byte)topic.Length, .. topic, .. packetId, .. propertyField, .. Encoding.UTF8.GetBytes(payload)]);
    }

    /// <summary>Each packet, on a connection of its own, makes the client hang up: MQTT 5 says why, 3.1.1 cannot.</summary>
    private protected async Task EndsTheConnectionAsync(MqttClientOptions options, byte reason, params byte[][] packets)
    {
        var (server, elsewhere) = Elsewhere(options);
        var client = await StartAsync(elsewhere);
        foreach (var packet in packets)
        {
            using var connection = await AcceptClientAsync(server);
            if (options.Subscriptions.Count > 0)
                await connection.ReadAsync();
            await connection.SendAsync(packet);
            if (IsV5)
                await connection.ExpectAsync(0xE0, 1, reason);
            await connection.ExpectClosedAsync();
        }

        Assert.Equal(packets.Length, client.Counters.ProtocolErrors);
    }

    private protected Task EndsTheConnectionAsync(byte reason, params byte[][] packets) => EndsTheConnectionAsync(Options, reason, packets);

    /// <summary>Each answer to CONNECT makes the client hang up without another word.</summary>
    private protected async Task<MqttClient> IsNoAnswerToConnectAsync(MqttClientOptions options, params byte[][] answers)
    {
        var (server, elsewhere) = Elsewhere(options);
        var client = await StartAsync(elsewhere);
        foreach (var answer in answers)
        {
            using var connection = await AcceptAsync(server);
            await connection.ReadAsync();
            await connection.SendAsync(answer);
            Assert.Empty(await connection.ReadToEndAsync());
        }

        await Until.TrueAsync(() => client.Counters.ConnectsFailed >= answers.Length, "every attempt counts as failed");
        Assert.Equal(0, client.Counters.Connects);
        return client;
    }

    protected static async Task<MqttInboundBatch> ReceiveAsync(MqttClient client) => (await client.ReceiveAsync(Until.DeadlineToken()))!;

    /// <summary>Receives that many messages and acknowledges them batch by batch.</summary>
    protected static async Task<List<string>> TakeAsync(MqttClient client, int messages)
    {
        var payloads = new List<string>();
        while (payloads.Count < messages)
        {
            using var batch = await ReceiveAsync(client);
            for (var i = 0; i < batch.Count; i++)
                payloads.Add(Encoding.UTF8.GetString(batch[i].Payload));
            await batch.AcknowledgeAsync();
        }

        return payloads;
    }

    /// <summary>Waits until the client has begun to watch its connection; a clock moved before that would be lost on it.</summary>
    protected static Task WatchingAsync(MqttClient client) => Until.TrueAsync(() => client.Watching, "the connection is watched");

    protected static Task ConnectsAsync(MqttClient client, int connects) => Until.TrueAsync(() => client.Counters.Connects == connects, "the client connected again");

    /// <summary>The properties of a packet of MQTT 5 one after the other, its length in front as the protocol has it.</summary>
    private protected static byte[] WithProperties(byte first, byte[] head, params byte[] properties) =>
        ScriptedConnection.Packet(first, [.. head, (byte)properties.Length, .. properties]);
}

using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Tests.Mqtt;

/// <summary>A server that does exactly what a test says, with a codec of its own so that it cannot share the client's mistakes.</summary>
internal sealed class ScriptedServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public ScriptedServer() => _listener.Start();

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public MqttClientOptions Options(MqttVersion version = MqttVersion.V500, params MqttSubscription[] subscriptions) => new()
    {
        Host = "127.0.0.1",
        Port = Port,
        ClientId = "worker",
        Version = version,
        Subscriptions = subscriptions,
        Jitter = () => 0,
    };

    public async Task<ScriptedConnection> AcceptAsync() => new(await _listener.AcceptTcpClientAsync(Until.DeadlineToken()));

    /// <summary>Accepts a connection and answers its CONNECT; CONNACK's properties only in MQTT 5.</summary>
    public async Task<ScriptedConnection> AcceptClientAsync(MqttVersion version = MqttVersion.V500, bool sessionPresent = false, params byte[] properties)
    {
        var connection = await AcceptAsync();
        connection.Version = version;
        Assert.Equal(0x10, (await connection.ReadAsync()).First);
        await connection.ConnAckAsync(0, sessionPresent, properties);
        return connection;
    }

    public void Dispose() => _listener.Dispose();
}

internal sealed record ScriptedPacket(byte First, byte[] Body)
{
    public int Id => BinaryPrimitives.ReadUInt16BigEndian(First >> 4 == 3 ? Body.AsSpan(2 + BinaryPrimitives.ReadUInt16BigEndian(Body)) : Body);

    public override string ToString() => $"{First:X2} {Convert.ToHexString(Body)}";
}

internal sealed class ScriptedConnection(TcpClient client) : IDisposable
{
    private readonly NetworkStream _stream = client.GetStream();

    public MqttVersion Version { get; set; } = MqttVersion.V500;

    public Socket Socket => client.Client;

    public Task SendAsync(params byte[] bytes) => _stream.WriteAsync(bytes, Until.DeadlineToken()).AsTask();

    public Task ConnAckAsync(byte code, bool sessionPresent = false, params byte[] properties)
    {
        byte[] head = [(byte)(sessionPresent ? 1 : 0), code];
        return SendAsync(Packet(0x20, Version == MqttVersion.V500 ? [.. head, (byte)properties.Length, .. properties] : head));
    }

    public Task PublishAsync(string topic, string payload, int qos = 1, int id = 1, bool dup = false) =>
        SendAsync(Publish(topic, Encoding.UTF8.GetBytes(payload), qos, id, dup));

    public byte[] Publish(string topic, byte[] payload, int qos, int id, bool dup = false)
    {
        var name = Encoding.UTF8.GetBytes(topic);
        byte[] packetId = qos == 0 ? [] : [(byte)(id >> 8), (byte)id];
        byte[] properties = Version == MqttVersion.V500 ? [0] : [];
        return Packet((byte)(0x30 | qos << 1 | (dup ? 8 : 0)), [(byte)(name.Length >> 8), (byte)name.Length, .. name, .. packetId, .. properties, .. payload]);
    }

    public static byte[] Packet(byte first, byte[] body)
    {
        var length = new List<byte>();
        var rest = body.Length;
        do
        {
            length.Add((byte)(rest % 128 + (rest >= 128 ? 128 : 0)));
            rest /= 128;
        }
        while (rest > 0);
        return [first, .. length, .. body];
    }

    /// <summary>The next packet of the client.</summary>
    public async Task<ScriptedPacket> ReadAsync() => await ReadAsync(await ByteAsync());

    private async Task<ScriptedPacket> ReadAsync(byte first)
    {
        int length = 0, shift = 0, next;
        do
        {
            next = await ByteAsync();
            length += (next & 127) << shift;
            shift += 7;
        }
        while (next > 127);
        var body = new byte[length];
        await _stream.ReadExactlyAsync(body, Until.DeadlineToken());
        return new ScriptedPacket(first, body);
    }

    public async Task ExpectAsync(params byte[] packet)
    {
        var actual = await ReadAsync();
        Assert.Equal(Convert.ToHexString(packet), Convert.ToHexString(Packet(actual.First, actual.Body)));
    }

    /// <summary>The client has said nothing that was not read. It answers the release of a message it does not know at once, behind whatever it said before: an empty socket
    /// would only show that nothing has come yet.</summary>
    public async Task ExpectNothingSaidAsync()
    {
        await SendAsync(0x62, 2, 0x7A, 0xBC);
        await ExpectAsync(Version == MqttVersion.V500 ? [0x70, 3, 0x7A, 0xBC, 0x92] : [0x70, 2, 0x7A, 0xBC]);
    }

    /// <summary>The next bytes as they lie on the wire.</summary>
    public Task ReadRawAsync(byte[] bytes) => _stream.ReadExactlyAsync(bytes, Until.DeadlineToken()).AsTask();

    /// <summary>Every packet to the end of the connection, whichever way it ends; half a packet fails the test.</summary>
    public async Task<List<ScriptedPacket>> ReadToEndAsync()
    {
        var packets = new List<ScriptedPacket>();
        while (await FirstByteAsync() is { } first)
            packets.Add(await ReadAsync(first));
        return packets;
    }

    /// <summary>What arrives by one read of the socket.</summary>
    public async Task<byte[]> ReadOnceAsync()
    {
        var buffer = new byte[1 << 20];
        return buffer[..await _stream.ReadAsync(buffer, Until.DeadlineToken())];
    }

    /// <summary>Answers a SUBSCRIBE with the given codes.</summary>
    public async Task<ScriptedPacket> SubAckAsync(params byte[] codes)
    {
        var subscribe = await ReadAsync();
        Assert.Equal(0x82, subscribe.First);
        byte[] properties = Version == MqttVersion.V500 ? [0] : [];
        await SendAsync(Packet(0x90, [subscribe.Body[0], subscribe.Body[1], .. properties, .. codes]));
        return subscribe;
    }

    public async Task ExpectClosedAsync()
    {
        // Not by a thread that blocks: on two cores a few of them starve everything else that runs.
        Assert.Null(await FirstByteAsync());
    }

    public void Dispose() => client.Dispose();

    private async Task<byte?> FirstByteAsync()
    {
        var one = new byte[1];
        try
        {
            return await _stream.ReadAsync(one, Until.DeadlineToken()) == 0 ? null : one[0];
        }
        catch (IOException)
        {
            // Reset counts as closed.
            return null;
        }
    }

    private async Task<byte> ByteAsync()
    {
        var one = new byte[1];
        await _stream.ReadExactlyAsync(one, Until.DeadlineToken());
        return one[0];
    }
}

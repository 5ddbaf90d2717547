using System.Net;
using System.Net.Sockets;
using System.Text;
using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Benchmarks;

/// <summary>The least a reader of MQTT can do, and so what this machine and its broker allow: one read, a look at each header, one write of acknowledgements.</summary>
internal static class RawReader
{
    /// <summary>Its client identifier.</summary>
    public const string ClientId = "raw-socket";

    /// <summary>Makes its session, so that the broker keeps for it what is published.</summary>
    public static async Task OpenSessionAsync(int port, string filter)
    {
        await using var session = new MqttClient(
            new MqttClientOptions { Host = "127.0.0.1", Port = port, ClientId = ClientId, CleanStart = true, SessionExpiry = TimeSpan.FromHours(1), Subscriptions = [new MqttSubscription(filter)] },
            TimeProvider.System);
        await session.StartAsync();
        await session.WaitSubscribedAsync();
    }

    /// <summary>Reads and acknowledges what its session holds.</summary>
    /// <returns>How often it read.</returns>
    public static int Drain(int port, int messages)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = 512 << 10 };
        socket.Connect(IPAddress.Loopback, port);
        var id = Encoding.ASCII.GetBytes(ClientId);
        // MQTT 3.1.1 without clean session: the queue of the session made before is delivered.
        socket.Send([0x10, (byte)(12 + id.Length), 0, 4, .. "MQTT"u8, 4, 0, 0, 0, 0, (byte)id.Length, .. id]);
        var buffer = new byte[256 << 10];
        var acks = new byte[buffer.Length];
        var filled = 0;
        var reads = 0;
        for (var received = 0; received < messages; reads++)
        {
            var read = socket.Receive(buffer.AsSpan(filled));
            if (read == 0)
                throw new InvalidOperationException($"The broker closed the connection of the bare socket after {received} of {messages} messages.");
            filled += read;
            var (used, count, ackBytes) = Scan(buffer.AsSpan(0, filled), acks);
            received += count;
            buffer.AsSpan(used, filled - used).CopyTo(buffer);
            filled -= used;
            if (ackBytes > 0)
                socket.Send(acks.AsSpan(0, ackBytes));
        }

        return reads;
    }

    private static (int Used, int Count, int AckBytes) Scan(ReadOnlySpan<byte> bytes, Span<byte> acks)
    {
        int at = 0, count = 0, ackBytes = 0;
        while (bytes.Length - at >= 3)
        {
            // Bodies here are shorter than 16,384 bytes.
            var longForm = bytes[at + 1] >= 0x80;
            var header = longForm ? 3 : 2;
            var length = header + (longForm ? (bytes[at + 1] & 0x7F) + (bytes[at + 2] << 7) : bytes[at + 1]);
            if (bytes.Length - at < length)
                break;
            if (bytes[at] >> 4 == 3)
            {
                var id = at + header + 2 + (bytes[at + header] << 8 | bytes[at + header + 1]);
                acks[ackBytes] = 0x40;
                acks[ackBytes + 1] = 2;
                acks[ackBytes + 2] = bytes[id];
                acks[ackBytes + 3] = bytes[id + 1];
                ackBytes += 4;
                count++;
            }

            at += length;
        }

        return (at, count, ackBytes);
    }
}

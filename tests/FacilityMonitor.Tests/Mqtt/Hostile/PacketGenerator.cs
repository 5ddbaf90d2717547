using System.Text;
using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Tests.Mqtt.Hostile;

/// <summary>Packets of every kind a server sends or must not, most of them damaged; the same seed makes the same packets.</summary>
internal sealed class PacketGenerator(Random random, MqttVersion version)
{
    private static readonly string[] Topics = ["t", "fm/1/yuyuan/pile-01/data", "楼/3/充电", "a/b/c/d", "$SYS/x", "", "a/#", "+", "\0", "\uFEFFt"];
    private static readonly byte[] Interesting = [0x00, 0x01, 0x02, 0x7F, 0x80, 0x81, 0xC0, 0xED, 0xFE, 0xFF];

    private static readonly byte[] AckTypes = [0x40, 0x50, 0x62, 0x70];

    private readonly List<byte> _body = new(256);

    /// <summary>One in three as it should be, the others damaged; one in sixteen is noise from the beginning.</summary>
    public byte[] Next()
    {
        if (random.Next(16) == 0)
            return Noise(random.Next(1, 64));

        var packet = WellFormed();
        return random.Next(3) == 0 ? packet : Damaged(packet);
    }

    public byte[] WellFormed() => random.Next(16) switch
    {
        <= 6 => Publish(),
        <= 9 => Ack(),
        10 => SubAck(),
        11 => ConnAck(),
        12 => [0xD0, 0],
        13 => Disconnect(),
        14 => Framed(0xF0, [0x18, 0]),
        _ => Framed((byte)random.Next(256), Noise(random.Next(12))),
    };

    /// <summary>What a good server sends: it keeps the connection, and brings it into states where damage means something else.</summary>
    public byte[] Polite()
    {
        var id = random.Next(1, 30);
        byte[] properties = version == MqttVersion.V500 ? [0] : [];
        return random.Next(8) switch
        {
            <= 3 => Framed((byte)(0x30 | random.Next(3) << 1), [0, 1, (byte)'t', 0, (byte)id, .. properties, .. Noise(random.Next(100))]),
            4 or 5 => [0x62, 2, 0, (byte)id],
            6 => [0x40, 2, 0, (byte)random.Next(1, 9)],
            _ => [0xD0, 0],
        };
    }

    public byte[] ConnAck()
    {
        _body.Clear();
        _body.Add((byte)random.Next(2));
        _body.Add(random.Next(8) == 0 ? (byte)random.Next(256) : (byte)0);
        Properties(0x11, 0x12, 0x13, 0x15, 0x16, 0x1A, 0x1C, 0x1F, 0x21, 0x22, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2A);
        return Framed(0x20, [.. _body]);
    }

    private byte[] Publish()
    {
        _body.Clear();
        var qos = random.Next(3);
        Text(Topics[random.Next(random.Next(3) == 0 ? Topics.Length : 4)]);
        if (qos > 0)
            UInt16(random.Next(8) == 0 ? 0 : random.Next(1, 200));
        Properties(0x01, 0x02, 0x03, 0x08, 0x09, 0x0B, 0x23, 0x26);
        _body.AddRange(Noise(random.Next(50) == 0 ? random.Next(6_000) : random.Next(120)));
        return Framed((byte)(0x30 | qos << 1 | random.Next(2) | (qos > 0 && random.Next(4) == 0 ? 8 : 0)), [.. _body]);
    }

    private byte[] Ack()
    {
        _body.Clear();
        UInt16(random.Next(8) == 0 ? 0 : random.Next(1, 200));
        if (random.Next(2) == 0)
        {
            _body.Add((byte)random.Next(256));
            if (random.Next(2) == 0)
                Properties(0x1F, 0x26);
        }

        return Framed(AckTypes[random.Next(AckTypes.Length)], [.. _body]);
    }

    private byte[] SubAck()
    {
        _body.Clear();
        UInt16(random.Next(4) == 0 ? random.Next(65_536) : 65_535);
        Properties(0x1F, 0x26);
        _body.AddRange(Noise(random.Next(3)));
        return Framed(0x90, [.. _body]);
    }

    private byte[] Disconnect()
    {
        _body.Clear();
        if (random.Next(3) > 0)
        {
            _body.Add((byte)random.Next(256));
            Properties(0x11, 0x1C, 0x1F, 0x26);
        }

        return Framed(0xE0, [.. _body]);
    }

    /// <summary>None, some of those that belong here, and now and then one that does not.</summary>
    private void Properties(params ReadOnlySpan<byte> allowed)
    {
        if (version == MqttVersion.V311)
            return;

        var lengthAt = _body.Count;
        _body.Add(0);
        for (var count = random.Next(2) == 0 ? 0 : random.Next(5); count > 0; count--)
            Property(random.Next(20) == 0 ? (byte)random.Next(256) : allowed[random.Next(allowed.Length)]);
        var length = _body.Count - lengthAt - 1;
        if (length < 128)
        {
            _body[lengthAt] = (byte)length;
            return;
        }

        _body[lengthAt] = (byte)(length | 128);
        _body.Insert(lengthAt + 1, (byte)(length >> 7));
    }

    private void Property(byte id)
    {
        _body.Add(id);
        switch (id)
        {
            case 0x01 or 0x17 or 0x19 or 0x24 or 0x25 or 0x28 or 0x29 or 0x2A:
                _body.Add((byte)random.Next(random.Next(8) == 0 ? 256 : 2));
                break;
            case 0x13 or 0x21 or 0x22 or 0x23:
                UInt16(random.Next(65_536));
                break;
            case 0x02 or 0x11 or 0x18 or 0x27:
                UInt16(random.Next(65_536));
                UInt16(random.Next(65_536));
                break;
            case 0x0B:
                _body.Add((byte)random.Next(256));
                break;
            case 0x26:
                Text("k");
                Text("楼");
                break;
            default:
                Text(Topics[random.Next(Topics.Length)]);
                break;
        }
    }

    private byte[] Damaged(byte[] packet)
    {
        var bytes = new List<byte>(packet);
        for (var changes = random.Next(1, 5); changes > 0; changes--)
        {
            Damage(bytes);
            if (bytes.Count == 0)
                return Noise(1);
        }

        // With its length put right the damage reaches the parser behind the frame.
        return bytes.Count > 2 && packet.Length < 130 && random.Next(2) == 0 ? Framed(bytes[0], [.. bytes[2..]]) : [.. bytes];
    }

    private void Damage(List<byte> bytes)
    {
        var at = random.Next(bytes.Count);
        var length = Math.Min(random.Next(1, 9), bytes.Count - at);
        switch (random.Next(8))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                bytes[at] = Interesting[random.Next(Interesting.Length)];
                break;
            case 2:
                bytes[at] = (byte)random.Next(256);
                break;
            case 3:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 4:
                bytes.RemoveRange(at, length);
                break;
            case 5:
                bytes.InsertRange(at, Noise(length));
                break;
            case 6:
                bytes.InsertRange(at, bytes.GetRange(at, length));
                break;
            default:
                bytes.InsertRange(at, WellFormed());
                break;
        }
    }

    private static byte[] Framed(byte first, byte[] body) => ScriptedConnection.Packet(first, body);

    private byte[] Noise(int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private void Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        UInt16(bytes.Length);
        _body.AddRange(bytes);
    }

    private void UInt16(int value)
    {
        _body.Add((byte)(value >> 8));
        _body.Add((byte)value);
    }
}

using System.Text;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Mqtt.Packets;

namespace FacilityMonitor.Tests.Mqtt.Packets;

public sealed class PacketTests
{
    private static readonly MqttClientOptions Full = new()
    {
        Host = "h",
        ClientId = "ab",
        Username = "u",
        Password = "pw",
        KeepAlive = TimeSpan.FromSeconds(10),
        SessionExpiry = TimeSpan.FromSeconds(256),
        ReceiveMaximum = 16,
        MaximumPacketSize = 512,
        Will = new MqttWill("w", "x"u8.ToArray(), MqttQos.AtLeastOnce, Retain: true) { Delay = TimeSpan.FromSeconds(5) },
    };

    [Fact]
    public void Connect_of_3_1_1_has_the_flags_of_the_specifications_example()
    {
        var packet = ConnectPacket.Write(Full with { Version = MqttVersion.V311 }, cleanStart: true);

        // Name and level "MQTT" 4; user, password, will retained with QoS 1, clean session; keep-alive 10 s.
        Assert.Equal("10 1B 0004 4D515454 04 EE 000A 0002 6162 0001 77 0001 78 0001 75 0002 7077".Replace(" ", ""), Convert.ToHexString(packet));
    }

    [Fact]
    public void Connect_of_5_says_how_long_the_session_lives_and_what_we_accept()
    {
        var packet = ConnectPacket.Write(Full, cleanStart: false);

        Assert.Equal(
            "10 2F 0004 4D515454 05 EC 000A 0D 1100000100 210010 2700000200 0002 6162 05 1800000005 0001 77 0001 78 0001 75 0002 7077".Replace(" ", ""),
            Convert.ToHexString(packet));
    }

    [Fact]
    public void Subscribe_carries_the_options_only_in_version_5()
    {
        MqttSubscription[] asked =
        [
            new("a/b", MqttQos.AtLeastOnce) { RetainHandling = MqttRetainHandling.SendAtSubscribe },
            new("c/d", MqttQos.ExactlyOnce) { NoLocal = true, RetainAsPublished = true, RetainHandling = MqttRetainHandling.DoNotSend },
        ];

        // The 3.1.1 specification's example (figure 3.23).
        Assert.Equal("820E000A0003612F62010003632F6402", Convert.ToHexString(SubscribePacket.Write(10, asked, MqttVersion.V311)));
        Assert.Equal("820F000A000003612F62010003632F642E", Convert.ToHexString(SubscribePacket.Write(10, asked, MqttVersion.V500)));
    }

    [Theory]
    [InlineData(MqttVersion.V311, "32090003612F62000A3132")]
    [InlineData(MqttVersion.V500, "320A0003612F62000A003132")]
    public void Publish_is_written_as_the_specification_shows(MqttVersion version, string expected)
    {
        var packet = Written("a/b", "12"u8.ToArray(), MqttQos.AtLeastOnce, false, version, null, id: 10);

        Assert.Equal(expected, Convert.ToHexString(packet));
    }

    [Fact]
    public void Publish_properties_are_written_in_version_5_and_left_out_before()
    {
        var properties = new MqttPublishProperties
        {
            MessageExpiry = TimeSpan.FromSeconds(20),
            PayloadIsText = true,
            ContentType = "j",
            ResponseTopic = "r",
            CorrelationData = new byte[] { 7 },
            UserProperties = [new("k", "v"), new("k", "w")],
        };

        var v5 = Written("t", [], MqttQos.AtMostOnce, retain: true, MqttVersion.V500, properties);
        var v311 = Written("t", [], MqttQos.AtMostOnce, retain: true, MqttVersion.V311, properties);

        Assert.Equal("31 25 0001 74 21 0101 0200000014 0300016A 08000172 09000107 26 0001 6B 0001 76 26 0001 6B 0001 77".Replace(" ", ""), Convert.ToHexString(v5));
        Assert.Equal("310300 0174".Replace(" ", ""), Convert.ToHexString(v311));
    }

    [Fact]
    public void What_is_published_reads_back_the_same_whatever_it_is()
    {
        var random = new Random(20_261_120);
        for (var i = 0; i < 2_000; i++)
        {
            var version = random.Next(2) == 0 ? MqttVersion.V311 : MqttVersion.V500;
            var qos = (MqttQos)random.Next(2);
            var topic = new string('楼', random.Next(1, 60));
            var payload = new byte[random.Next(0, 300)];
            random.NextBytes(payload);
            var properties = random.Next(2) == 0 ? null : new MqttPublishProperties { ContentType = "x", MessageExpiry = TimeSpan.FromSeconds(1) };
            var packet = Written(topic, payload, qos, retain: true, version, properties, id: 4711);

            Assert.Equal(HeaderStatus.Read, FixedHeader.TryRead(packet, packet.Length, out var header));
            Assert.Equal(packet.Length, header.PacketLength);
            var body = packet.AsSpan(header.Length);
            Assert.Equal(MqttReasonCode.Success, PublishPacket.Read(body, header.Flags, version, out var layout));
            Assert.Equal(topic, Encoding.UTF8.GetString(body.Slice(layout.TopicOffset, layout.TopicLength)));
            Assert.Equal(payload, body.Slice(layout.PayloadOffset, layout.PayloadLength).ToArray());
            Assert.Equal(qos == MqttQos.AtMostOnce ? 0 : 4711, layout.PacketId);
        }
    }

    [Theory]
    [InlineData("36 0001 61 0001 00", MqttReasonCode.MalformedPacket)] // QoS 3
    [InlineData("38 0001 61 00", MqttReasonCode.MalformedPacket)] // DUP with QoS 0
    [InlineData("32 0001 61 0000 00", MqttReasonCode.ProtocolError)] // packet identifier 0
    [InlineData("30 0000 00", MqttReasonCode.ProtocolError)] // no topic, no alias
    [InlineData("30 0001 23 00", MqttReasonCode.MalformedPacket)] // # in a name
    [InlineData("30 0001 2B 00", MqttReasonCode.MalformedPacket)] // + in a name
    [InlineData("30 0001 00 00", MqttReasonCode.MalformedPacket)] // U+0000
    [InlineData("30 0001 FF 00", MqttReasonCode.MalformedPacket)] // not UTF-8
    [InlineData("30 0002 61", MqttReasonCode.MalformedPacket)] // cut off
    [InlineData("30 0001 61 03 23 0001", MqttReasonCode.TopicAliasInvalid)] // we offered none
    [InlineData("30 0001 61 02 0B 00", MqttReasonCode.ProtocolError)] // subscription identifier 0
    [InlineData("30 0001 61 02 01 02", MqttReasonCode.ProtocolError)] // flag that is neither 0 nor 1
    [InlineData("30 0001 61 04 01 00 01 00", MqttReasonCode.ProtocolError)] // twice
    [InlineData("30 0001 61 02 24 01", MqttReasonCode.MalformedPacket)] // a property of CONNACK
    [InlineData("30 0001 61 05 01 00", MqttReasonCode.MalformedPacket)] // properties longer than the packet
    [InlineData("30 0001 61 00", MqttReasonCode.Success)]
    [InlineData("30 0001 61 0D 26 0001 6B 0001 76 26 0001 6B 0000 31", MqttReasonCode.Success)] // user properties may repeat
    public void A_publish_that_breaks_a_rule_is_refused_with_its_reason(string packet, MqttReasonCode expected)
    {
        var bytes = Convert.FromHexString(packet.Replace(" ", ""));

        Assert.Equal(expected, PublishPacket.Read(bytes.AsSpan(1), bytes[0] & 0x0F, MqttVersion.V500, out _));
    }

    [Fact]
    public void ConnAck_of_5_announces_the_servers_limits()
    {
        var body = Convert.FromHexString("01 00 23 210014 2401 2500 2700000400 13003C 12 0004 61757430 1F 0003 686579 11 00000005".Replace(" ", ""));
        body[2] = (byte)(body.Length - 3);

        Assert.Equal(MqttReasonCode.Success, ConnAckPacket.Read(body, MqttVersion.V500, out var answer));
        Assert.True(answer.SessionPresent);
        Assert.Equal(20, answer.ReceiveMaximum);
        Assert.Equal(MqttQos.AtLeastOnce, answer.MaximumQos);
        Assert.False(answer.RetainAvailable);
        Assert.Equal(1024u, answer.MaximumPacketSize);
        Assert.Equal(TimeSpan.FromSeconds(60), answer.ServerKeepAlive);
        Assert.Equal("aut0", answer.AssignedClientId);
        Assert.Equal("hey", answer.ReasonString);
    }

    [Theory]
    [InlineData("0000", MqttVersion.V311, MqttReasonCode.Success)]
    [InlineData("0100", MqttVersion.V311, MqttReasonCode.Success)]
    [InlineData("0200", MqttVersion.V311, MqttReasonCode.MalformedPacket)] // reserved flag
    [InlineData("0105", MqttVersion.V311, MqttReasonCode.ProtocolError)] // refused, and yet a session
    [InlineData("000000", MqttVersion.V311, MqttReasonCode.MalformedPacket)]
    [InlineData("00", MqttVersion.V311, MqttReasonCode.MalformedPacket)]
    [InlineData("0000", MqttVersion.V500, MqttReasonCode.MalformedPacket)] // no properties
    [InlineData("000003210000", MqttVersion.V500, MqttReasonCode.ProtocolError)] // Receive Maximum 0
    public void ConnAck_is_checked(string body, MqttVersion version, MqttReasonCode expected) =>
        Assert.Equal(expected, ConnAckPacket.Read(Convert.FromHexString(body), version, out _));

    [Theory]
    [InlineData(1, MqttReasonCode.UnsupportedProtocolVersion)]
    [InlineData(2, MqttReasonCode.ClientIdentifierNotValid)]
    [InlineData(3, MqttReasonCode.ServerUnavailable)]
    [InlineData(4, MqttReasonCode.BadUserNameOrPassword)]
    [InlineData(5, MqttReasonCode.NotAuthorized)]
    [InlineData(6, MqttReasonCode.UnspecifiedError)]
    public void Return_codes_of_3_1_1_become_reason_codes_also_when_we_asked_for_5(byte code, MqttReasonCode expected)
    {
        foreach (var version in new[] { MqttVersion.V311, MqttVersion.V500 })
        {
            ConnAckPacket.Read([0, code], version, out var answer);
            Assert.Equal(expected, answer.ReasonCode);
        }
    }

    [Theory]
    [InlineData("0001", MqttReasonCode.Success)]
    [InlineData("000110", MqttReasonCode.NoMatchingSubscribers)]
    [InlineData("00018700", MqttReasonCode.NotAuthorized)]
    [InlineData("000187041F00016E", MqttReasonCode.NotAuthorized)]
    public void Acknowledgements_are_read_in_every_length_they_may_have(string body, MqttReasonCode reason)
    {
        Assert.Equal(MqttReasonCode.Success, AckPacket.Read(Convert.FromHexString(body), PacketType.PubAck, MqttVersion.V500, out var ack));
        Assert.Equal(new AckPacket(1, reason), ack);
    }

    [Theory]
    [InlineData("")]
    [InlineData("01")]
    [InlineData("0000")]
    [InlineData("00018701")]
    [InlineData("0001870000")]
    public void Broken_acknowledgements_are_refused(string body) =>
        Assert.NotEqual(MqttReasonCode.Success, AckPacket.Read(Convert.FromHexString(body), PacketType.PubAck, MqttVersion.V500, out _));

    private static byte[] Written(string topic, byte[] payload, MqttQos qos, bool retain, MqttVersion version, MqttPublishProperties? properties, ushort id = 0)
    {
        var publish = new OutboundPublish(Encoding.UTF8.GetBytes(topic), payload, qos, retain, version, properties);
        publish.Encode();
        if (id != 0 && qos != MqttQos.AtMostOnce)
            publish.Assign(id);
        return publish.Packet.ToArray();
    }
}

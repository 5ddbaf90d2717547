using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Tests.Mqtt.Conformance;

/// <summary>Chapters 1 and 2: strings, lengths, flags, packet identifiers.</summary>
public abstract class DataRepresentation(MqttVersion version) : ConformanceTest(version)
{
    /// <summary>Not UTF-8: an overlong form, a surrogate, a byte no character has, half a character, beyond U+10FFFF.</summary>
    private static readonly byte[][] IllFormed = [[0xC0, 0x80], [0xED, 0xA0, 0x80], [0xFF], [0xE6, 0xA5], [0xF4, 0x90, 0x80, 0x80]];

    protected async Task IllFormedTextIsNeitherTakenNorSent()
    {
        await EndsTheConnectionAsync(0x81, [.. IllFormed.Select(bytes => Publish(bytes))]);
        Assert.NotEmpty((Options with { ClientId = "a\uD800" }).Validate());
        Assert.NotEmpty((Options with { Username = "\uDC00" }).Validate());
        Assert.NotEmpty((Options with { Will = new MqttWill("\uD800\uD800", default) }).Validate());
        Assert.NotEmpty((Options with { Subscriptions = [new MqttSubscription("a/\uDFFF/b")] }).Validate());
        Assert.Empty((Options with { ClientId = "楼😀" }).Validate());
        await using var client = new MqttClient(Options, TimeProvider.System);
        await Assert.ThrowsAsync<ArgumentException>(async () => await client.PublishAsync("a\uD800b", default, MqttQos.AtLeastOnce, retain: false));
        await Assert.ThrowsAsync<ArgumentException>(async () => await client.PublishAsync(new byte[] { 0xFF }, default, MqttQos.AtLeastOnce, retain: false));
    }

    protected async Task TheNullCharacterIsNeitherTakenNorSent()
    {
        await EndsTheConnectionAsync(0x81, Publish("a\0b"u8.ToArray()), Publish([0]));
        Assert.NotEmpty((Options with { ClientId = "\0" }).Validate());
        Assert.NotEmpty((Options with { Will = new MqttWill("a\0", default) }).Validate());
        Assert.NotEmpty((Options with { Subscriptions = [new MqttSubscription("a\0")] }).Validate());
        await using var client = new MqttClient(Options, TimeProvider.System);
        await Assert.ThrowsAsync<ArgumentException>(async () => await client.PublishAsync("a\0", default, MqttQos.AtLeastOnce, retain: false));
    }

    protected async Task AByteOrderMarkIsACharacterLikeAnyOther()
    {
        byte[] marked = [0xEF, 0xBB, 0xBF, (byte)'t'];
        var (client, server) = await ConnectAsync();
        await server.SendAsync(Publish(marked));
        using var batch = await ReceiveAsync(client);
        Assert.Equal(marked, batch[0].Topic.ToArray());

        _ = client.PublishAsync("\uFEFFt", default, MqttQos.AtLeastOnce, retain: false).AsTask();
        Assert.Equal(marked, (await server.ReadAsync()).Body[2..6]);
    }

    /// <summary>Every kind of packet we send: the lower half of the first byte is what the table says.</summary>
    protected async Task ReservedFlagsAreSetAsTheTableSays()
    {
        var (client, server) = await ConnectAsync(Options with { Subscriptions = [new MqttSubscription("t", MqttQos.ExactlyOnce)] });
        var packets = new List<ScriptedPacket> { await server.SubAckAsync(2) };
        await server.PublishAsync("t", "one", qos: 1, id: 1);
        await server.PublishAsync("t", "two", qos: 2, id: 2);
        await TakeAsync(client, 2);
        packets.Add(await server.ReadAsync());
        packets.Add(await server.ReadAsync());
        await server.SendAsync(0x62, 2, 0, 2);
        packets.Add(await server.ReadAsync());
        await server.SendAsync(0x50, 2, 0, 99);
        packets.Add(await server.ReadAsync());
        packets.AddRange(await StopAndReadAsync(client, server));

        Assert.Equal([0x82, 0x40, 0x50, 0x70, 0x62, 0xE0], packets.Select(packet => (int)packet.First));
    }

    protected async Task WrongFlagsEndTheConnection()
    {
        byte[][] packets = [[0x41, 2, 0, 1], [0x54, 2, 0, 1], [0x60, 2, 0, 1], [0x63, 2, 0, 1], [0x78, 2, 0, 1], [0x92, 0], [0xD1, 0]];
        await EndsTheConnectionAsync(0x81, packets);
    }

    protected async Task APublishOfQos0HasNoIdentifier()
    {
        var (client, server) = await ConnectAsync();
        await PublishAsync(client, "abc", MqttQos.AtMostOnce);

        Assert.Equal((null, "abc"), (SentPublish.Parse(await server.ReadAsync(), IsV5).Id, "abc"));
        await server.PublishAsync("t", "abc", qos: 0);
        Assert.Equal(["abc"], await TakeAsync(client, 1));
    }

    protected async Task IdentifiersAreNotZeroAndNotInUse()
    {
        var (client, server) = await ConnectAsync(Options with { OutboundWindow = 3, Subscriptions = [new MqttSubscription("t")] });
        var subscribe = await server.SubAckAsync(1);
        var inUse = new Queue<int>();
        for (var i = 0; i < 20; i++)
        {
            _ = PublishAsync(client);
            var id = SentPublish.Parse(await server.ReadAsync(), IsV5).Id!.Value;
            Assert.NotEqual(0, id);
            Assert.DoesNotContain(id, inUse);
            inUse.Enqueue(id);
            if (inUse.Count == 3)
                await PubAckAsync(server, inUse.Dequeue());
        }

        Assert.NotEqual(0, subscribe.Id);
        await EndsTheConnectionAsync(Options, 0x82, Publish("t"u8.ToArray(), flags: 2, id: 0), [0x40, 2, 0, 0], [0x62, 2, 0, 0]);
    }

    protected async Task AcknowledgementsCarryTheIdentifierOfTheirMessage()
    {
        var (client, server) = await ConnectAsync();
        await server.PublishAsync("t", "one", qos: 1, id: 0x1234);
        await server.PublishAsync("t", "two", qos: 2, id: 0xFFFF);
        await TakeAsync(client, 2);

        await server.ExpectAsync(0x40, 2, 0x12, 0x34);
        await server.ExpectAsync(0x50, 2, 0xFF, 0xFF);
        await server.SendAsync(0x62, 2, 0xFF, 0xFF);
        await server.ExpectAsync(0x70, 2, 0xFF, 0xFF);
    }

    protected static byte[][] IllFormedPairs() =>
        [.. IllFormed.SelectMany(bytes => new[] { Pair(bytes, "v"u8.ToArray()), Pair("k"u8.ToArray(), bytes) })];

    protected static byte[] Pair(byte[] name, byte[] value) => [0x26, 0, (byte)name.Length, .. name, 0, (byte)value.Length, .. value];
}

public sealed class DataRepresentationV311() : DataRepresentation(MqttVersion.V311)
{
    [Fact]
    public Task MQTT_1_5_3_1_Text_that_is_not_utf_8_ends_the_connection_and_is_never_sent() => IllFormedTextIsNeitherTakenNorSent();

    [Fact]
    public Task MQTT_1_5_3_2_The_null_character_ends_the_connection_and_is_never_sent() => TheNullCharacterIsNeitherTakenNorSent();

    [Fact]
    public Task MQTT_1_5_3_3_A_byte_order_mark_is_kept() => AByteOrderMarkIsACharacterLikeAnyOther();

    [Fact]
    public Task MQTT_2_2_2_1_Reserved_flags_have_the_value_of_the_table() => ReservedFlagsAreSetAsTheTableSays();

    [Fact]
    public Task MQTT_2_2_2_2_Wrong_flags_end_the_connection() => WrongFlagsEndTheConnection();

    [Fact]
    public Task MQTT_2_3_1_1_Packet_identifiers_are_not_zero() => IdentifiersAreNotZeroAndNotInUse();

    [Fact]
    public Task MQTT_2_3_1_2_A_new_packet_gets_an_identifier_that_is_not_in_use() => IdentifiersAreNotZeroAndNotInUse();

    [Fact]
    public async Task MQTT_2_3_1_3_A_message_sent_again_keeps_its_identifier_until_it_is_acknowledged()
    {
        var (client, server) = await ConnectAsync();
        var publish = PublishAsync(client);
        var first = SentPublish.Parse(await server.ReadAsync(), IsV5);
        server.Dispose();
        using var second = await AcceptClientAsync(sessionPresent: true);
        var again = SentPublish.Parse(await second.ReadAsync(), IsV5);
        Assert.Equal(first.Id, again.Id);

        _ = PublishAsync(client, "next");
        Assert.NotEqual(first.Id, SentPublish.Parse(await second.ReadAsync(), IsV5).Id);
        await PubAckAsync(second, again.Id!.Value);
        Assert.Equal(MqttReasonCode.Success, await publish);
    }

    [Fact]
    public Task MQTT_2_3_1_5_A_message_of_qos_0_has_no_identifier() => APublishOfQos0HasNoIdentifier();

    [Fact]
    public Task MQTT_2_3_1_6_Acknowledgements_carry_the_identifier_of_their_message() => AcknowledgementsCarryTheIdentifierOfTheirMessage();
}

public sealed class DataRepresentationV500() : DataRepresentation(MqttVersion.V500)
{
    [Fact]
    public Task MQTT_1_5_4_1_Text_that_is_not_utf_8_ends_the_connection_and_is_never_sent() => IllFormedTextIsNeitherTakenNorSent();

    [Fact]
    public Task MQTT_1_5_4_2_The_null_character_ends_the_connection_and_is_never_sent() => TheNullCharacterIsNeitherTakenNorSent();

    [Fact]
    public Task MQTT_1_5_4_3_A_byte_order_mark_is_kept() => AByteOrderMarkIsACharacterLikeAnyOther();

    [Theory]
    [InlineData(0)]
    [InlineData(127 - 4)]
    [InlineData(128 - 4)]
    [InlineData(16_383 - 4)]
    [InlineData(16_384 - 4)]
    [InlineData(2_097_151 - 4)]
    [InlineData(2_097_152 - 4)]
    public async Task MQTT_1_5_5_1_A_length_is_written_with_as_few_bytes_as_will_do(int payload)
    {
        var (client, server) = await ConnectAsync();
        await client.PublishAsync("t", new byte[payload], MqttQos.AtMostOnce, retain: false, null, Until.DeadlineToken());

        // Two bytes of topic length, one of topic, one of property length.
        var length = payload + 4;
        byte[] expected = length switch
        {
            <= 127 => [(byte)length],
            <= 16_383 => [(byte)(length | 128), (byte)(length >> 7)],
            <= 2_097_151 => [(byte)(length | 128), (byte)(length >> 7 | 128), (byte)(length >> 14)],
            _ => [(byte)(length | 128), (byte)(length >> 7 | 128), (byte)(length >> 14 | 128), (byte)(length >> 21)],
        };
        var head = new byte[1 + expected.Length];
        await server.ReadRawAsync(head);
        Assert.Equal([0x30, .. expected], head);
    }

    [Fact]
    public async Task MQTT_1_5_7_1_Both_halves_of_a_user_property_are_text()
    {
        await EndsTheConnectionAsync(0x81, [.. IllFormedPairs().Select(pair => Publish("t"u8.ToArray(), properties: pair))]);
        await EndsTheConnectionAsync(Options, 0x81, Publish("t"u8.ToArray(), properties: Pair([0], [])), Publish("t"u8.ToArray(), properties: Pair([], [0])));
        await using var client = new MqttClient(Options, TimeProvider.System);
        foreach (var (name, value) in new[] { ("\uD800", "v"), ("k", "\0"), ("k", "\uDC00"), (new string('a', 65_536), "v") })
        {
            var properties = new MqttPublishProperties { UserProperties = [new(name, value)] };
            await Assert.ThrowsAsync<ArgumentException>(() => PublishAsync(client, properties: properties));
        }
    }

    [Fact]
    public Task MQTT_2_1_3_1_Reserved_flags_have_the_value_of_the_table() => ReservedFlagsAreSetAsTheTableSays();

    [Fact]
    public Task MQTT_2_1_3_1_Wrong_flags_end_the_connection() => WrongFlagsEndTheConnection();

    [Fact]
    public Task MQTT_2_2_1_2_A_message_of_qos_0_has_no_identifier() => APublishOfQos0HasNoIdentifier();

    [Fact]
    public Task MQTT_2_2_1_3_A_new_packet_gets_an_identifier_that_is_not_zero_and_not_in_use() => IdentifiersAreNotZeroAndNotInUse();

    [Fact]
    public Task MQTT_2_2_1_5_Acknowledgements_carry_the_identifier_of_their_message() => AcknowledgementsCarryTheIdentifierOfTheirMessage();

    [Fact]
    public async Task MQTT_2_2_2_1_No_properties_are_a_length_of_zero()
    {
        var will = new MqttWill("w", default);
        var (client, server) = await ConnectAsync(Options with { Subscriptions = [new MqttSubscription("t")] });
        var subscribe = await server.SubAckAsync(1);
        _ = PublishAsync(client);
        var publish = await server.ReadAsync();

        Assert.Equal(0, subscribe.Body[2]);
        Assert.Empty(SentPublish.Parse(publish, isV5: true).Properties);
        Assert.Equal([0], publish.Body[5..6]);
        Assert.Empty((await ConnectPacketAsync(Options with { Will = will })).WillProperties!);
    }
}

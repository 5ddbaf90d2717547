using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Tests.Mqtt.Conformance;

/// <summary>Chapter 3.3: messages, ours and the server's.</summary>
public abstract class PublishPackets(MqttVersion version) : ConformanceTest(version)
{
    protected async Task AMessageDeliveredAgainIsMarked()
    {
        var (client, first) = await ConnectAsync();
        _ = PublishAsync(client);
        Assert.False(SentPublish.Parse(await first.ReadAsync(), IsV5).Dup);
        first.Dispose();
        using var second = await AcceptClientAsync(sessionPresent: true);
        Assert.True(SentPublish.Parse(await second.ReadAsync(), IsV5).Dup);
    }

    protected async Task AMessageOfQos0IsNeverMarkedAndNoneIsTaken()
    {
        var (client, server) = await ConnectAsync();
        await PublishAsync(client, qos: MqttQos.AtMostOnce);
        Assert.False(SentPublish.Parse(await server.ReadAsync(), IsV5).Dup);
        server.Dispose();
        await client.DisposeAsync();
        await EndsTheConnectionAsync(0x81, Publish("t"u8.ToArray(), flags: 8));
    }

    protected async Task TheMarkDependsOnNothingButOurOwnRepetition()
    {
        var (client, server) = await ConnectAsync();
        await server.PublishAsync("t", "x", qos: 1, id: 1, dup: true);
        using var batch = await ReceiveAsync(client);
        Assert.True(batch[0].Dup);
        _ = PublishAsync(client, "x");
        Assert.False(SentPublish.Parse(await server.ReadAsync(), IsV5).Dup);
    }

    protected async Task AFourthQualityEndsTheConnectionAndCannotBeAskedFor()
    {
        await EndsTheConnectionAsync(0x81, Publish("t"u8.ToArray(), flags: 6, id: 1));
        await using var client = new MqttClient(Options, TimeProvider.System);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => PublishAsync(client, qos: (MqttQos)3));
    }

    protected async Task TheTopicIsTheFirstFieldAndUtf8()
    {
        var (client, server) = await ConnectAsync();
        _ = client.PublishAsync("楼/1", default, MqttQos.AtLeastOnce, retain: false).AsTask();
        Assert.Equal("楼/1", SentPublish.Parse(await server.ReadAsync(), IsV5).Topic);
        await server.PublishAsync("楼/2", "x", qos: 0);
        using var batch = await ReceiveAsync(client);
        Assert.Equal("楼/2"u8.ToArray(), batch[0].Topic.ToArray());
    }

    protected async Task WildcardsInATopicNameEndTheConnectionAndAreNotSent()
    {
        await EndsTheConnectionAsync(0x81, Publish("a/#"u8.ToArray()), Publish("+"u8.ToArray()), Publish("a+"u8.ToArray()));
        await using var client = new MqttClient(Options, TimeProvider.System);
        foreach (var topic in new[] { "a/#", "+", "a+b", "#" })
            await Assert.ThrowsAsync<ArgumentException>(async () => await client.PublishAsync(topic, default, MqttQos.AtMostOnce, retain: false));
        Assert.NotEmpty((Options with { Will = new MqttWill("a/+", default) }).Validate());
    }

    protected async Task EachQualityIsAnsweredAsItDemands()
    {
        var (client, server) = await ConnectAsync();
        await server.PublishAsync("t", "zero", qos: 0);
        await server.PublishAsync("t", "one", qos: 1, id: 1);
        await server.PublishAsync("t", "two", qos: 2, id: 2);
        Assert.Equal(["zero", "one", "two"], await TakeAsync(client, 3));

        await server.ExpectAsync(0x40, 2, 0, 1);
        await server.ExpectAsync(0x50, 2, 0, 2);
        Assert.Equal(["E0 "], (await StopAndReadAsync(client, server)).Select(packet => packet.ToString()));
    }
}

public sealed class PublishPacketsV311() : PublishPackets(MqttVersion.V311)
{
    [Fact]
    public Task MQTT_3_3_1_1_A_message_delivered_again_is_marked() => AMessageDeliveredAgainIsMarked();

    [Fact]
    public Task MQTT_3_3_1_2_A_message_of_qos_0_is_never_marked() => AMessageOfQos0IsNeverMarkedAndNoneIsTaken();

    [Fact]
    public Task MQTT_3_3_1_3_The_mark_depends_on_nothing_but_our_own_repetition() => TheMarkDependsOnNothingButOurOwnRepetition();

    [Fact]
    public Task MQTT_3_3_1_4_A_fourth_quality_ends_the_connection() => AFourthQualityEndsTheConnectionAndCannotBeAskedFor();

    [Fact]
    public Task MQTT_3_3_2_1_The_topic_is_the_first_field_and_utf_8() => TheTopicIsTheFirstFieldAndUtf8();

    [Fact]
    public Task MQTT_3_3_2_2_Wildcards_in_a_topic_name_end_the_connection() => WildcardsInATopicNameEndTheConnectionAndAreNotSent();

    [Fact]
    public Task MQTT_3_3_4_1_Each_quality_is_answered_as_it_demands() => EachQualityIsAnsweredAsItDemands();
}

public sealed class PublishPacketsV500() : PublishPackets(MqttVersion.V500)
{
    [Fact]
    public Task MQTT_3_3_1_1_A_message_delivered_again_is_marked() => AMessageDeliveredAgainIsMarked();

    [Fact]
    public Task MQTT_3_3_1_2_A_message_of_qos_0_is_never_marked() => AMessageOfQos0IsNeverMarkedAndNoneIsTaken();

    [Fact]
    public Task MQTT_3_3_1_3_The_mark_depends_on_nothing_but_our_own_repetition() => TheMarkDependsOnNothingButOurOwnRepetition();

    [Fact]
    public Task MQTT_3_3_1_4_A_fourth_quality_ends_the_connection() => AFourthQualityEndsTheConnectionAndCannotBeAskedFor();

    [Fact]
    public Task MQTT_3_3_2_1_The_topic_is_the_first_field_and_utf_8() => TheTopicIsTheFirstFieldAndUtf8();

    [Fact]
    public Task MQTT_3_3_2_2_Wildcards_in_a_topic_name_end_the_connection() => WildcardsInATopicNameEndTheConnectionAndAreNotSent();

    [Fact]
    public async Task MQTT_3_3_2_7_No_topic_alias_of_one_connection_means_anything_on_the_next() =>
        // We offer none, so the first is refused already, and a topic left out for its sake later as well.
        await EndsTheConnectionAsync(Options, 0x94, Publish("t"u8.ToArray(), properties: [0x23, 0, 1]), Publish([], properties: [0x23, 0, 1]));

    [Fact]
    public async Task MQTT_3_3_2_8_A_topic_alias_of_zero_is_neither_sent_nor_taken()
    {
        await EndsTheConnectionAsync(0x94, Publish("t"u8.ToArray(), properties: [0x23, 0, 0]));
        var (client, server) = await ConnectAsync();
        _ = PublishAsync(client);
        Assert.Empty(SentPublish.Parse(await server.ReadAsync(), isV5: true).Properties);
    }

    [Fact]
    public async Task MQTT_3_3_2_9_No_topic_alias_is_sent_above_the_servers_maximum()
    {
        var (client, server) = await ConnectAsync(properties: [0x22, 0, 10]);
        for (var i = 0; i < 12; i++)
        {
            await PublishAsync(client, qos: MqttQos.AtMostOnce);
            var sent = SentPublish.Parse(await server.ReadAsync(), isV5: true);
            Assert.Equal(("t", 0), (sent.Topic, sent.Properties.Length));
        }
    }

    [Fact]
    public Task MQTT_3_3_2_11_A_topic_alias_we_did_not_offer_ends_the_connection() =>
        EndsTheConnectionAsync(0x94, Publish("t"u8.ToArray(), properties: [0x23, 0xFF, 0xFF]));

    [Fact]
    public async Task MQTT_3_3_2_13_A_response_topic_is_utf_8()
    {
        await EndsTheConnectionAsync(0x81, Publish("t"u8.ToArray(), properties: [0x08, 0, 1, 0xFF]));
        await using var client = new MqttClient(Options, TimeProvider.System);
        await RefusesAsync(client, new MqttPublishProperties { ResponseTopic = "a\uD800" });
        await RefusesAsync(client, new MqttPublishProperties { ResponseTopic = "a\0" });
        await RefusesAsync(client, new MqttPublishProperties { ResponseTopic = "" });
    }

    [Fact]
    public async Task MQTT_3_3_2_14_A_response_topic_has_no_wildcards()
    {
        await using var client = new MqttClient(Options, TimeProvider.System);
        await RefusesAsync(client, new MqttPublishProperties { ResponseTopic = "a/+" });
        await RefusesAsync(client, new MqttPublishProperties { ResponseTopic = "#" });
        var (connected, server) = await ConnectAsync();
        _ = PublishAsync(connected, properties: new MqttPublishProperties { ResponseTopic = "答/1" });
        Assert.Equal([0x08, 0, 5, .. "答/1"u8], SentPublish.Parse(await server.ReadAsync(), isV5: true).Properties);
    }

    [Fact]
    public async Task MQTT_3_3_2_19_A_content_type_is_utf_8()
    {
        await EndsTheConnectionAsync(0x81, Publish("t"u8.ToArray(), properties: [0x03, 0, 2, 0xED, 0xA0]));
        await using var client = new MqttClient(Options, TimeProvider.System);
        await RefusesAsync(client, new MqttPublishProperties { ContentType = "\uDFFF" });
        await RefusesAsync(client, new MqttPublishProperties { ContentType = "a\0b" });
    }

    [Fact]
    public Task MQTT_3_3_4_1_Each_quality_is_answered_as_it_demands() => EachQualityIsAnsweredAsItDemands();

    [Fact]
    public async Task MQTT_3_3_4_6_Our_messages_carry_no_subscription_identifier()
    {
        var all = new MqttPublishProperties
        {
            MessageExpiry = TimeSpan.FromSeconds(1),
            PayloadIsText = true,
            ContentType = "c",
            ResponseTopic = "r",
            CorrelationData = new byte[] { 1 },
            UserProperties = [new("k", "v")],
        };
        var (client, server) = await ConnectAsync();
        _ = PublishAsync(client, properties: all);
        var sent = Convert.ToHexString(SentPublish.Parse(await server.ReadAsync(), isV5: true).Properties);
        Assert.Equal("0101" + "0200000001" + "03000163" + "08000172" + "09000101" + "2600016B000176", sent);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task MQTT_3_3_4_7_No_more_messages_are_under_way_than_the_server_takes(byte receiveMaximum)
    {
        var (client, server) = await ConnectAsync(properties: [0x21, 0, receiveMaximum]);
        var publishes = Enumerable.Range(0, 12).Select(i => PublishAsync(client, $"{i}")).ToList();
        var underWay = new Queue<int>();
        for (var i = 0; i < 12; i++)
        {
            underWay.Enqueue(SentPublish.Parse(await server.ReadAsync(), isV5: true).Id!.Value);
            if (underWay.Count < receiveMaximum)
                continue;

            await server.ExpectNothingSaidAsync();
            // A refusal frees a place like a success.
            var id = underWay.Dequeue();
            await server.SendAsync(0x40, 3, (byte)(id >> 8), (byte)id, (byte)(i % 2 == 0 ? 0x97 : 0x10));
        }

        foreach (var id in underWay)
            await PubAckAsync(server, id);
        await Task.WhenAll(publishes).WaitAsync(Until.DeadlineToken());
        Assert.True(client.Counters.PublishRefused >= 4);
    }

    [Fact]
    public async Task MQTT_3_3_4_8_Other_packets_do_not_wait_for_a_full_window()
    {
        var (client, server) = await ConnectAsync(properties: [0x21, 0, 1]);
        _ = PublishAsync(client, "under way");
        _ = PublishAsync(client, "waits");
        Assert.Equal("under way", SentPublish.Parse(await server.ReadAsync(), isV5: true).Text);
        await server.PublishAsync("t", "one", qos: 1, id: 1);
        await server.PublishAsync("t", "two", qos: 2, id: 2);
        await TakeAsync(client, 2);
        await server.ExpectAsync(0x40, 2, 0, 1);
        await server.ExpectAsync(0x50, 2, 0, 2);
        await server.SendAsync(0x62, 2, 0, 2);
        await server.ExpectAsync(0x70, 2, 0, 2);
        Assert.Equal(["E0 "], (await StopAndReadAsync(client, server)).Select(packet => packet.ToString()));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task MQTT_3_3_4_9_More_messages_under_way_than_we_take_end_the_connection(int qos)
    {
        var (client, server) = await ConnectAsync(Options with { ReceiveMaximum = 3 });
        for (var id = 1; id <= 3; id++)
            await server.PublishAsync("t", "x", qos, id);
        await server.PublishAsync("t", "free", qos: 0);
        await Until.TrueAsync(() => client.Counters.Received == 4, "the window is full");
        await server.PublishAsync("t", "x", qos, id: 4);
        await server.ExpectAsync(0xE0, 1, 0x93);
    }

    private static async Task RefusesAsync(MqttClient client, MqttPublishProperties properties) =>
        await Assert.ThrowsAsync<ArgumentException>(() => PublishAsync(client, properties: properties));
}

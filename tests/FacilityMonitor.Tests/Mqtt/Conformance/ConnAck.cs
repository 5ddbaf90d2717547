using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Tests.Mqtt.Conformance;

/// <summary>Chapter 3.2: the answer to CONNECT and the limits it sets.</summary>
public abstract class ConnAck(MqttVersion version) : ConformanceTest(version)
{
    /// <summary>CONNACK of this version with a code and flags.</summary>
    protected byte[] Answer(byte flags, byte code) => IsV5 ? [0x20, 3, flags, code, 0] : [0x20, 2, flags, code];

    protected async Task AnyOtherFirstPacketEndsTheConnection() =>
        await IsNoAnswerToConnectAsync(Options, [0xD0, 0], [0x90, 3, 0, 1, 0], Publish("t"u8.ToArray()), [0x40, 2, 0, 1], [0xE0, 0], [0xF0, 0]);

    protected async Task ARefusalThatSpeaksOfASessionEndsTheConnection()
    {
        var client = await IsNoAnswerToConnectAsync(Options, Answer(flags: 1, code: IsV5 ? (byte)0x87 : (byte)5));
        await Until.TrueAsync(() => client.LastChange.Loss is MqttLossReason.ProtocolError or MqttLossReason.None, "the reason is told");
        Assert.Equal(1, client.Counters.ProtocolErrors);
    }

    protected async Task ASessionDespiteOfCleanStartEndsTheConnection()
    {
        var client = await IsNoAnswerToConnectAsync(Options with { CleanStart = true }, Answer(flags: 1, code: 0));
        Assert.Equal(1, client.Counters.ProtocolErrors);
    }
}

public sealed class ConnAckV311() : ConnAck(MqttVersion.V311)
{
    [Fact]
    public Task MQTT_3_2_0_1_Any_other_first_packet_ends_the_connection() => AnyOtherFirstPacketEndsTheConnection();

    [Fact]
    public Task MQTT_3_2_2_1_A_session_despite_of_clean_session_ends_the_connection() => ASessionDespiteOfCleanStartEndsTheConnection();

    [Fact]
    public Task MQTT_3_2_2_4_A_refusal_that_speaks_of_a_session_ends_the_connection() => ARefusalThatSpeaksOfASessionEndsTheConnection();
}

public sealed class ConnAckV500() : ConnAck(MqttVersion.V500)
{
    [Fact]
    public Task MQTT_3_2_0_1_Any_other_first_packet_ends_the_connection() => AnyOtherFirstPacketEndsTheConnection();

    [Fact]
    public Task MQTT_3_2_0_2_A_second_answer_to_connect_ends_the_connection() => EndsTheConnectionAsync(0x82, Answer(0, 0));

    [Fact]
    public Task MQTT_3_2_2_1_Reserved_flags_end_the_connection() =>
        IsNoAnswerToConnectAsync(Options, Answer(2, 0), Answer(0x80, 0), Answer(3, 0));

    [Fact]
    public Task MQTT_3_2_2_2_A_session_despite_of_clean_start_ends_the_connection() => ASessionDespiteOfCleanStartEndsTheConnection();

    /// <summary>
    /// A client that begins with Clean Start has no state, and hangs up. One that begins without it has the state its caller
    /// keeps under this name: a service that restarts goes on where its journal ends, and so does this client.
    /// </summary>
    [Fact]
    public async Task MQTT_3_2_2_4_Who_begins_clean_has_no_state_and_hangs_up_and_who_does_not_has_the_state_of_its_caller()
    {
        await ASessionDespiteOfCleanStartEndsTheConnection();

        var heir = await StartAsync(Options with { ClientId = "heir" });
        await AcceptClientAsync(sessionPresent: true);
        await heir.WaitConnectedAsync(Until.DeadlineToken());
        Assert.True(heir.LastChange.SessionPresent || heir.State == MqttConnectionState.Subscribed);
    }

    [Fact]
    public async Task MQTT_3_2_2_5_Who_is_told_that_there_is_no_session_forgets_it()
    {
        var (client, first) = await ConnectAsync();
        _ = PublishAsync(client);
        await first.ReadAsync();
        await first.PublishAsync("t", "two", qos: 2, id: 7);
        await TakeAsync(client, 1);
        await first.ExpectAsync(0x50, 2, 0, 7);
        first.Dispose();

        // The publish is a new message of a new session, and so is the server's.
        using var second = await AcceptClientAsync(sessionPresent: false);
        Assert.False(SentPublish.Parse(await second.ReadAsync(), IsV5).Dup);
        await second.PublishAsync("t", "other", qos: 2, id: 7);
        Assert.Equal(["other"], await TakeAsync(client, 1));
    }

    [Fact]
    public Task MQTT_3_2_2_6_A_refusal_that_speaks_of_a_session_ends_the_connection() => ARefusalThatSpeaksOfASessionEndsTheConnection();

    [Theory]
    [InlineData(0, MqttQos.AtMostOnce, true)]
    [InlineData(0, MqttQos.AtLeastOnce, false)]
    [InlineData(1, MqttQos.AtLeastOnce, true)]
    public async Task MQTT_3_2_2_11_Nothing_is_sent_above_the_servers_maximum_qos(byte maximum, MqttQos qos, bool sent)
    {
        var (client, server) = await ConnectAsync(properties: [0x24, maximum]);
        await MayBeSentAsync(client, server, PublishAsync(client, "probe", qos), sent, MqttReasonCode.QosNotSupported);
    }

    [Theory]
    [InlineData(0, true, false)]
    [InlineData(0, false, true)]
    [InlineData(1, true, true)]
    public async Task MQTT_3_2_2_14_Nothing_is_retained_where_the_server_cannot(byte available, bool retain, bool sent)
    {
        var (client, server) = await ConnectAsync(properties: [0x25, available]);
        await MayBeSentAsync(client, server, PublishAsync(client, "probe", retain: retain), sent, MqttReasonCode.RetainNotSupported);
    }

    [Theory]
    [InlineData(13, true)]
    [InlineData(12, false)]
    public async Task MQTT_3_2_2_15_No_publish_is_larger_than_the_server_takes(byte limit, bool sent)
    {
        // 2 bytes of header, 3 of topic, 2 of identifier, 1 of properties, 5 of payload.
        var (client, server) = await ConnectAsync(properties: [0x27, 0, 0, 0, limit]);
        await MayBeSentAsync(client, server, PublishAsync(client, "probe"), sent, MqttReasonCode.PacketTooLarge);
    }

    [Theory]
    [InlineData(9, true)]
    [InlineData(8, false)]
    public async Task MQTT_3_2_2_15_Nor_is_a_subscribe(byte limit, bool sent)
    {
        // 2 bytes of header, 2 of identifier, 1 of properties, 3 of filter, 1 of options.
        var client = await StartAsync(Options with { Subscriptions = [new MqttSubscription("t")] });
        using var server = await AcceptClientAsync(sessionPresent: false, 0x27, 0, 0, 0, limit);
        if (sent)
        {
            Assert.Equal(0x82, (await server.ReadAsync()).First);
            return;
        }

        await server.ExpectAsync(0xE0, 0);
        await server.ExpectClosedAsync();
        server.Dispose();
        await Until.TrueAsync(() => client.Counters.Losses == 1, "the connection is given up");
    }

    [Fact]
    public async Task MQTT_3_2_2_15_Nor_is_an_unsubscribe()
    {
        var (client, first) = await ConnectAsync(Options with { Subscriptions = [new MqttSubscription(new string('a', 60))] });
        await first.SubAckAsync(1);
        await client.WaitSubscribedAsync(Until.DeadlineToken());
        client.Resubscribe([new MqttSubscription("kept")]);
        var second = await AcceptClientAsync(sessionPresent: true, 0x27, 0, 0, 0, 50);
        await second.SubAckAsync(1);
        Assert.Equal(["E0 "], (await second.ReadToEndAsync()).Select(packet => packet.ToString()));
    }

    [Fact]
    public async Task MQTT_3_2_2_15_A_limit_without_room_for_an_acknowledgement_is_no_connection() =>
        await IsNoAnswerToConnectAsync(Options, WithProperties(0x20, [0, 0], 0x27, 0, 0, 0, 4));

    [Fact]
    public Task MQTT_3_2_2_17_No_topic_alias_is_sent_above_the_servers_maximum() => NoAliasIsSentAsync([0x22, 0, 1]);

    [Fact]
    public Task MQTT_3_2_2_18_No_topic_alias_is_sent_where_the_server_offers_none() => NoAliasIsSentAsync([]);

    [Fact]
    public Task MQTT_3_2_2_21_The_servers_keep_alive_is_used() => TheServersKeepAliveIsUsed();

    private async Task NoAliasIsSentAsync(byte[] properties)
    {
        var (client, server) = await ConnectAsync(properties: properties);
        for (var i = 0; i < 3; i++)
        {
            _ = PublishAsync(client, properties: new MqttPublishProperties { PayloadIsText = true });
            var sent = SentPublish.Parse(await server.ReadAsync(), isV5: true);
            Assert.Equal(("t", "0101"), (sent.Topic, Convert.ToHexString(sent.Properties)));
        }
    }

    private static async Task MayBeSentAsync(MqttClient client, ScriptedConnection server, Task<MqttReasonCode> publish, bool sent, MqttReasonCode refusal)
    {
        if (sent)
        {
            Assert.Equal("probe", SentPublish.Parse(await server.ReadAsync(), isV5: true).Text);
            return;
        }

        Assert.Equal(refusal, await publish.WaitAsync(Until.DeadlineToken()));
        Assert.Equal(["E0 "], (await StopAndReadAsync(client, server)).Select(packet => packet.ToString()));
    }
}

using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Tests.Mqtt.Conformance;

/// <summary>Chapters 3.8 to 3.11: what we ask to hear, and the answer.</summary>
public abstract class Subscribe(MqttVersion version) : ConformanceTest(version)
{
    private protected async Task<ScriptedPacket> SentAsync(params MqttSubscription[] subscriptions)
    {
        var (server, options) = Elsewhere(Options with { Subscriptions = subscriptions });
        await StartAsync(options);
        return await (await AcceptClientAsync(server)).ReadAsync();
    }

    protected async Task TheReservedFlagsAreSet() => Assert.Equal(0x82, (await SentAsync(new MqttSubscription("t"))).First);

    protected async Task FiltersAreUtf8()
    {
        var packet = await SentAsync(new MqttSubscription("楼/+/1"));
        var filter = packet.Body[(IsV5 ? 5 : 4)..^1];
        Assert.Equal("楼/+/1"u8.ToArray(), filter);
        Assert.NotEmpty((Options with { Subscriptions = [new MqttSubscription("a\uDC00")] }).Validate());
    }

    protected async Task WithoutAFilterNoSubscribeIsSent()
    {
        var (client, server) = await ConnectAsync();
        await client.WaitSubscribedAsync(Until.DeadlineToken());
        Assert.Equal(["E0 "], (await StopAndReadAsync(client, server)).Select(packet => packet.ToString()));
    }

    protected async Task TheReservedBitsOfTheOptionsAreZero()
    {
        for (var qos = MqttQos.AtMostOnce; qos <= MqttQos.ExactlyOnce; qos++)
        {
            var everything = new MqttSubscription("t", qos) { NoLocal = true, RetainAsPublished = true, RetainHandling = MqttRetainHandling.DoNotSend };
            Assert.Equal((int)qos | (IsV5 ? 0x2C : 0), (await SentAsync(everything)).Body[^1]);
        }

        Assert.NotEmpty((Options with { Subscriptions = [new MqttSubscription("t", (MqttQos)3)] }).Validate());
        Assert.NotEmpty((Options with { Subscriptions = [new MqttSubscription("t") { RetainHandling = (MqttRetainHandling)3 }] }).Validate());
    }

    protected Task AnAnswerToAnotherSubscribeEndsTheConnection() => EndsTheConnectionAsync(Two, 0x82, Answer(0x00, 0x07, 1, 1));

    protected Task AnAnswerWithoutACodeForEachFilterEndsTheConnection() =>
        EndsTheConnectionAsync(Two, 0x82, Answer(0xFF, 0xFF, 1), Answer(0xFF, 0xFF, 1, 1, 1), Answer(0xFF, 0xFF));

    protected async Task CodesAreReadInTheOrderOfTheFilters()
    {
        var client = await StartAsync(Two);
        using var server = await AcceptClientAsync();
        await server.SubAckAsync(0x80, 0x02);
        var results = await client.WaitSubscribedAsync(Until.DeadlineToken());
        Assert.Equal([("a", true), ("b", false)], results.Select(result => (result.Subscription.Filter, result.Refused)));
    }

    protected Task ACodeThatIsNeitherQualityNorRefusalEndsTheConnection() =>
        EndsTheConnectionAsync(Two, 0x82, Answer(0xFF, 0xFF, 1, 3), Answer(0xFF, 0xFF, 0x7F, 1));

    /// <summary>A client that gives filters up, to the moment it has said so.</summary>
    private protected async Task<(MqttClient Client, ScriptedConnection Server, ScriptedPacket Unsubscribe)> GiveUpAsync(params string[] filters)
    {
        var (client, first) = await ConnectAsync(Options with { Subscriptions = [.. filters.Select(filter => new MqttSubscription(filter))] });
        await first.SubAckAsync([.. filters.Select(_ => (byte)1)]);
        await client.WaitSubscribedAsync(Until.DeadlineToken());
        client.Resubscribe([new MqttSubscription("kept")]);
        var second = await AcceptClientAsync(sessionPresent: true);
        await second.SubAckAsync(1);
        return (client, second, await second.ReadAsync());
    }

    protected async Task AnUnsubscribeHasItsReservedFlags() => Assert.Equal(0xA2, (await GiveUpAsync("gone")).Unsubscribe.First);

    protected async Task FiltersGivenUpAreUtf8()
    {
        var (_, _, unsubscribe) = await GiveUpAsync("楼/+", "b");
        byte[] first = [0, 5, .. "楼/+"u8], second = [0, 1, (byte)'b'];
        Assert.Equal([.. first, .. second], unsubscribe.Body[(IsV5 ? 3 : 2)..]);
    }

    protected async Task WithoutAFilterToGiveUpNoUnsubscribeIsSent()
    {
        var (client, first) = await ConnectAsync(Options with { Subscriptions = [new MqttSubscription("a")] });
        await first.SubAckAsync(1);
        client.Resubscribe([new MqttSubscription("a"), new MqttSubscription("b")]);
        var second = await AcceptClientAsync(sessionPresent: true);
        await second.SubAckAsync(1, 1);
        await client.WaitSubscribedAsync(Until.DeadlineToken());
        Assert.Equal(["E0 "], (await StopAndReadAsync(client, second)).Select(packet => packet.ToString()));
    }

    protected async Task AnAnswerToAnotherUnsubscribeEndsTheConnection()
    {
        var (client, server, _) = await GiveUpAsync("gone");
        await server.SendAsync(ScriptedConnection.Packet(0xB0, IsV5 ? [0, 7, 0, 0] : [0, 7]));
        Assert.Equal(IsV5, await server.ReadToEndAsync() is [{ First: 0xE0 }]);
        Assert.Equal(1, client.Counters.ProtocolErrors);
    }

    private MqttClientOptions Two => Options with { Subscriptions = [new MqttSubscription("a"), new MqttSubscription("b")] };

    private byte[] Answer(byte high, byte low, params byte[] codes) => ScriptedConnection.Packet(0x90, IsV5 ? [high, low, 0, .. codes] : [high, low, .. codes]);
}

public sealed class SubscribeV311() : Subscribe(MqttVersion.V311)
{
    [Fact]
    public Task MQTT_3_8_1_1_The_reserved_flags_are_set() => TheReservedFlagsAreSet();

    [Fact]
    public Task MQTT_3_8_3_1_Filters_are_utf_8() => FiltersAreUtf8();

    [Fact]
    public Task MQTT_3_8_3_3_Without_a_filter_no_subscribe_is_sent() => WithoutAFilterNoSubscribeIsSent();

    [Fact]
    public Task MQTT_3_8_3_4_The_reserved_bits_of_the_requested_qos_are_zero() => TheReservedBitsOfTheOptionsAreZero();

    [Fact]
    public Task MQTT_3_8_4_2_An_answer_to_another_subscribe_ends_the_connection() => AnAnswerToAnotherSubscribeEndsTheConnection();

    [Fact]
    public Task MQTT_3_8_4_5_An_answer_without_a_code_for_each_filter_ends_the_connection() => AnAnswerWithoutACodeForEachFilterEndsTheConnection();

    [Fact]
    public Task MQTT_3_9_3_1_Codes_are_read_in_the_order_of_the_filters() => CodesAreReadInTheOrderOfTheFilters();

    [Fact]
    public Task MQTT_3_9_3_2_A_reserved_code_ends_the_connection() => ACodeThatIsNeitherQualityNorRefusalEndsTheConnection();

    [Fact]
    public Task MQTT_3_10_1_1_An_unsubscribe_has_its_reserved_flags() => AnUnsubscribeHasItsReservedFlags();

    [Fact]
    public Task MQTT_3_10_3_1_Filters_given_up_are_utf_8() => FiltersGivenUpAreUtf8();

    [Fact]
    public Task MQTT_3_10_3_2_Without_a_filter_to_give_up_no_unsubscribe_is_sent() => WithoutAFilterToGiveUpNoUnsubscribeIsSent();

    [Fact]
    public Task MQTT_3_10_4_4_An_answer_to_another_unsubscribe_ends_the_connection() => AnAnswerToAnotherUnsubscribeEndsTheConnection();
}

public sealed class SubscribeV500() : Subscribe(MqttVersion.V500)
{
    [Fact]
    public Task MQTT_3_8_1_1_The_reserved_flags_are_set() => TheReservedFlagsAreSet();

    [Fact]
    public Task MQTT_3_8_3_1_Filters_are_utf_8() => FiltersAreUtf8();

    [Fact]
    public Task MQTT_3_8_3_2_Without_a_filter_no_subscribe_is_sent() => WithoutAFilterNoSubscribeIsSent();

    [Fact]
    public void MQTT_3_8_3_4_A_share_with_no_local_is_refused_before_connecting()
    {
        var share = new MqttSubscription("$share/workers/t");
        Assert.Empty((Options with { Subscriptions = [share] }).Validate());
        Assert.Contains("NoLocal", Assert.Single((Options with { Subscriptions = [share with { NoLocal = true }] }).Validate()));
    }

    [Fact]
    public Task MQTT_3_8_3_5_The_reserved_bits_of_the_options_are_zero() => TheReservedBitsOfTheOptionsAreZero();

    [Fact]
    public Task MQTT_3_8_4_2_An_answer_to_another_subscribe_ends_the_connection() => AnAnswerToAnotherSubscribeEndsTheConnection();

    [Fact]
    public Task MQTT_3_8_4_6_An_answer_without_a_code_for_each_filter_ends_the_connection() => AnAnswerWithoutACodeForEachFilterEndsTheConnection();

    [Fact]
    public Task MQTT_3_9_3_1_Codes_are_read_in_the_order_of_the_filters() => CodesAreReadInTheOrderOfTheFilters();

    [Fact]
    public Task MQTT_3_9_3_2_A_code_that_is_no_subscribe_reason_ends_the_connection() => ACodeThatIsNeitherQualityNorRefusalEndsTheConnection();

    [Fact]
    public Task MQTT_3_10_1_1_An_unsubscribe_has_its_reserved_flags() => AnUnsubscribeHasItsReservedFlags();

    [Fact]
    public Task MQTT_3_10_3_1_Filters_given_up_are_utf_8() => FiltersGivenUpAreUtf8();

    [Fact]
    public Task MQTT_3_10_3_2_Without_a_filter_to_give_up_no_unsubscribe_is_sent() => WithoutAFilterToGiveUpNoUnsubscribeIsSent();

    [Fact]
    public Task MQTT_3_10_4_5_An_answer_to_another_unsubscribe_ends_the_connection() => AnAnswerToAnotherUnsubscribeEndsTheConnection();

    [Fact]
    public async Task MQTT_3_11_3_1_An_answer_without_a_code_for_each_filter_ends_the_connection()
    {
        var (_, server, unsubscribe) = await GiveUpAsync("a", "b");
        await server.SendAsync(ScriptedConnection.Packet(0xB0, [unsubscribe.Body[0], unsubscribe.Body[1], 0, 0]));
        Assert.Equal(["E0 82"], (await server.ReadToEndAsync()).Select(packet => packet.ToString()));
    }
}

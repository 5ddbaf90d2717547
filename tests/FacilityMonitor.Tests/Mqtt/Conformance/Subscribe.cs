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
}

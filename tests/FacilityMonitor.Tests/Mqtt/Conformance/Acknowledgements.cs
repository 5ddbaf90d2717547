using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Tests.Mqtt.Conformance;

/// <summary>Chapters 3.4 to 3.7: the form of PUBACK, PUBREC, PUBREL and PUBCOMP. What they mean is chapter 4.</summary>
public abstract class Acknowledgements(MqttVersion version) : ConformanceTest(version)
{
    protected async Task APubRelHasItsReservedFlags()
    {
        var (_, server) = await ConnectAsync();
        await server.SendAsync(0x50, 2, 0, 9);
        Assert.Equal(0x62, (await server.ReadAsync()).First);
    }
}

public sealed class AcknowledgementsV311() : Acknowledgements(MqttVersion.V311)
{
    [Fact]
    public async Task MQTT_3_6_1_1_A_release_has_its_reserved_flags_and_a_wrong_one_ends_the_connection()
    {
        await APubRelHasItsReservedFlags();
        await EndsTheConnectionAsync(Options, 0x81, [0x60, 2, 0, 1], [0x64, 2, 0, 1], [0x6A, 2, 0, 1]);
    }
}

public sealed class AcknowledgementsV500() : Acknowledgements(MqttVersion.V500)
{
    /// <summary>Every reason the specification allows in PUBACK and PUBREC and a receiver can have.</summary>
    private static readonly MqttReasonCode[] Refusals =
    [
        MqttReasonCode.UnspecifiedError, MqttReasonCode.ImplementationSpecificError, MqttReasonCode.NotAuthorized,
        MqttReasonCode.TopicNameInvalid, MqttReasonCode.QuotaExceeded, MqttReasonCode.PayloadFormatInvalid,
    ];

    [Fact]
    public Task MQTT_3_4_2_1_An_acknowledgement_has_one_of_its_reasons() => ReasonsAreOfTheTableAsync(qos: 1, first: 0x40);

    [Fact]
    public Task MQTT_3_4_2_2_An_acknowledgement_carries_no_reason_string() => NoPropertiesAreSentAsync(qos: 1);

    [Fact]
    public Task MQTT_3_4_2_3_An_acknowledgement_carries_no_user_property() => NoPropertiesAreSentAsync(qos: 1);

    [Fact]
    public Task MQTT_3_5_2_1_A_receipt_has_one_of_its_reasons() => ReasonsAreOfTheTableAsync(qos: 2, first: 0x50);

    [Fact]
    public Task MQTT_3_5_2_2_A_receipt_carries_no_reason_string() => NoPropertiesAreSentAsync(qos: 2);

    [Fact]
    public Task MQTT_3_5_2_3_A_receipt_carries_no_user_property() => NoPropertiesAreSentAsync(qos: 2);

    [Fact]
    public async Task MQTT_3_6_1_1_A_release_has_its_reserved_flags_and_a_wrong_one_ends_the_connection()
    {
        await APubRelHasItsReservedFlags();
        await EndsTheConnectionAsync(Options, 0x81, [0x60, 2, 0, 1], [0x64, 2, 0, 1], [0x6A, 2, 0, 1]);
    }

    [Fact]
    public Task MQTT_3_6_2_1_A_release_has_one_of_its_reasons() => AnswersAsync([0x50, 2, 0, 9], [0x62, 3, 0, 9, 0x92]);

    [Fact]
    public Task MQTT_3_6_2_2_A_release_carries_no_reason_string() => AnswersAsync([0x50, 4, 0, 9, 0, 0], [0x62, 3, 0, 9, 0x92]);

    [Fact]
    public Task MQTT_3_6_2_3_A_release_carries_no_user_property() =>
        AnswersAsync([0x50, 11, 0, 9, 0, 7, 0x26, 0, 1, (byte)'k', 0, 1, (byte)'v'], [0x62, 3, 0, 9, 0x92]);

    [Fact]
    public Task MQTT_3_7_2_1_A_completion_has_one_of_its_reasons() => AnswersAsync([0x62, 2, 0, 9], [0x70, 3, 0, 9, 0x92]);

    [Fact]
    public Task MQTT_3_7_2_2_A_completion_carries_no_reason_string() => AnswersAsync([0x62, 4, 0, 9, 0x92, 0], [0x70, 3, 0, 9, 0x92]);

    [Fact]
    public Task MQTT_3_7_2_3_A_completion_carries_no_user_property() =>
        AnswersAsync([0x62, 11, 0, 9, 0, 7, 0x26, 0, 1, (byte)'k', 0, 1, (byte)'v'], [0x70, 3, 0, 9, 0x92]);

    private async Task AnswersAsync(byte[] packet, byte[] answer)
    {
        var (_, server) = await ConnectAsync();
        await server.SendAsync(packet);
        await server.ExpectAsync(answer);
    }

    private async Task ReasonsAreOfTheTableAsync(int qos, byte first)
    {
        var (client, server) = await ConnectAsync();
        for (var id = 1; id <= Refusals.Length; id++)
            await server.PublishAsync("t", "x", qos, id);
        var rejected = 0;
        while (rejected < Refusals.Length)
        {
            using var batch = await ReceiveAsync(client);
            for (var i = 0; i < batch.Count; i++)
            {
                Assert.Throws<ArgumentOutOfRangeException>(() => batch.Reject(i, MqttReasonCode.PacketTooLarge));
                Assert.Throws<ArgumentOutOfRangeException>(() => batch.Reject(i, MqttReasonCode.GrantedQos1));
                batch.Reject(i, Refusals[rejected++]);
            }

            await batch.AcknowledgeAsync();
        }

        for (var id = 1; id <= Refusals.Length; id++)
            await server.ExpectAsync(first, 3, 0, (byte)id, (byte)Refusals[id - 1]);
    }

    /// <summary>Under any limit the server can set: a success has four bytes, a refusal five.</summary>
    private async Task NoPropertiesAreSentAsync(int qos)
    {
        var (client, server) = await ConnectAsync(properties: [0x27, 0, 0, 0, 5]);
        await server.PublishAsync("t", "good", qos, id: 1);
        await TakeAsync(client, 1);
        await server.PublishAsync("t", "bad", qos, id: 2);
        using (var batch = await ReceiveAsync(client))
        {
            batch.Reject(0, MqttReasonCode.PayloadFormatInvalid);
            await batch.AcknowledgeAsync();
        }

        var first = (byte)(qos == 1 ? 0x40 : 0x50);
        await server.ExpectAsync(first, 2, 0, 1);
        await server.ExpectAsync(first, 3, 0, 2, 0x99);
    }
}

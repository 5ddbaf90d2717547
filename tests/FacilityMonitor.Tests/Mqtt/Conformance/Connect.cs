using System.Text;
using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Tests.Mqtt.Conformance;

/// <summary>Chapter 3.1: the first packet, and what the two sides keep because of it.</summary>
public abstract class Connect(MqttVersion version) : ConformanceTest(version)
{
    protected MqttClientOptions Full => Options with
    {
        ClientId = "pile-1",
        Username = "u",
        Password = "pw",
        Will = new MqttWill("w", "gone"u8.ToArray(), MqttQos.AtLeastOnce, Retain: true) { Delay = TimeSpan.FromSeconds(5) },
    };

    protected async Task ConnectIsTheFirstPacketAlsoWhenPublishesWait()
    {
        var waiting = await StartAsync();
        _ = PublishAsync(waiting);
        using var connection = await AcceptAsync();
        Assert.Equal(0x10, (await connection.ReadAsync()).First);
        // Refused, it has nothing more to say: whatever lay behind CONNECT would be here.
        await connection.ConnAckAsync((byte)(IsV5 ? 0x87 : 5));
        Assert.Empty(await connection.ReadToEndAsync());
    }

    protected async Task FieldsStandInTheirOrderAndNothingFollows()
    {
        var sent = await ConnectPacketAsync(Full);

        Assert.Equal(
            ("pile-1", "w", "gone", "u", "pw", 0),
            (sent.Client, Text(sent.WillTopic), Text(sent.WillPayload), Text(sent.Username), Text(sent.Password), sent.BytesLeft));
    }

    protected async Task WithoutAWillItsFlagsAreZeroAndItsFieldsAbsent()
    {
        var sent = await ConnectPacketAsync(Options);
        Assert.Equal((0, false, 0, 0), (sent.WillQos, sent.WillRetain, sent.Flags & 0x04, sent.BytesLeft));
    }

    protected async Task AWillHasItsFieldsAndItsFlags()
    {
        var sent = await ConnectPacketAsync(Full);
        Assert.Equal((1, true, "w", "gone"), (sent.WillQos, sent.WillRetain, Text(sent.WillTopic), Text(sent.WillPayload)));
    }

    protected async Task AWillMayHaveEachOfThreeQualitiesAndNoFourth()
    {
        for (var qos = MqttQos.AtMostOnce; qos <= MqttQos.ExactlyOnce; qos++)
            Assert.Equal((int)qos, (await ConnectPacketAsync(Options with { Will = new MqttWill("w", default, qos) })).WillQos);

        Assert.Contains("Will.Qos", Assert.Single((Options with { Will = new MqttWill("w", default, (MqttQos)3) }).Validate()));
    }

    protected async Task UserNameAndPasswordArePresentExactlyWhenTheirFlagsAre()
    {
        var without = await ConnectPacketAsync(Options);
        var userOnly = await ConnectPacketAsync(Options with { Username = "u" });
        var both = await ConnectPacketAsync(Options with { Username = "u", Password = "" });

        Assert.Equal((0, null, null, 0), (without.Flags & 0xC0, Text(without.Username), Text(without.Password), without.BytesLeft));
        Assert.Equal((0x80, "u", null, 0), (userOnly.Flags & 0xC0, Text(userOnly.Username), Text(userOnly.Password), userOnly.BytesLeft));
        Assert.Equal((0xC0, "u", "", 0), (both.Flags & 0xC0, Text(both.Username), Text(both.Password), both.BytesLeft));
    }

    protected async Task SilenceIsBrokenByAPingWithinTheKeepAlive()
    {
        var time = new ManualTime();
        var (client, server) = await ConnectAsync(Options with { KeepAlive = TimeSpan.FromSeconds(20) }, time);
        await WatchingAsync(client);
        var sinceLastPacket = 0;
        for (var second = 0; second < 100; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            sinceLastPacket++;
            if (second % 5 == 4 && sinceLastPacket >= 10)
            {
                await server.ExpectAsync(0xC0, 0);
                sinceLastPacket = 0;
                var before = client.Counters.ReceivedBytes;
                await server.SendAsync(0xD0, 0);
                await Until.TrueAsync(() => client.Counters.ReceivedBytes > before, "the answer was read");
                await WatchingAsync(client);
            }
        }

        Assert.InRange(sinceLastPacket, 0, 20);
        Assert.Equal(0, client.Counters.Losses);
    }

    protected async Task TheClientKeepsItsStateForTheNextConnection()
    {
        var (client, first) = await ConnectAsync();
        var publish = PublishAsync(client);
        var sent = await first.ReadAsync();
        await first.PublishAsync("t", "two", qos: 2, id: 7);
        await TakeAsync(client, 1);
        await first.ExpectAsync(0x50, 2, 0, 7);
        first.Dispose();

        // An unanswered publish, and an exactly-once message between its two handshakes.
        using var second = await AcceptClientAsync(sessionPresent: true);
        Assert.Equal(sent with { First = 0x3A }, await second.ReadAsync(), SamePacket);
        await second.PublishAsync("t", "two", qos: 2, id: 7, dup: true);
        await second.ExpectAsync(0x50, 2, 0, 7);
        await PubAckAsync(second, sent.Id);
        await publish;
        Assert.Equal(1, client.Counters.DuplicatesSuppressed);
    }

    protected async Task TheIdentifierStaysTheSameOverReconnects()
    {
        await StartAsync(Options with { ClientId = "pile-1" });
        for (var i = 0; i < 3; i++)
        {
            using var connection = await AcceptAsync();
            Assert.Equal("pile-1", SentConnect.Parse(await connection.ReadAsync()).Client);
            await connection.ConnAckAsync(0, sessionPresent: i > 0);
        }
    }

    protected async Task TheIdentifierIsTheFirstFieldAndUtf8()
    {
        var sent = await ConnectPacketAsync(Options with { ClientId = "充电桩-1" });
        Assert.Equal(Encoding.UTF8.GetBytes("充电桩-1"), sent.ClientId);
    }

    protected async Task TheWillTopicIsUtf8()
    {
        var sent = await ConnectPacketAsync(Options with { Will = new MqttWill("楼/状态", default) });
        Assert.Equal(Encoding.UTF8.GetBytes("楼/状态"), sent.WillTopic);
    }

    protected async Task TheUserNameIsUtf8()
    {
        var sent = await ConnectPacketAsync(Options with { Username = "物业" });
        Assert.Equal(Encoding.UTF8.GetBytes("物业"), sent.Username);
    }

    protected static string? Text(byte[]? bytes) => bytes is null ? null : Encoding.UTF8.GetString(bytes);

    private static bool SamePacket(ScriptedPacket expected, ScriptedPacket actual) => expected.ToString() == actual.ToString();
}

public sealed class ConnectV311() : Connect(MqttVersion.V311)
{
    [Fact]
    public Task MQTT_3_1_0_1_Connect_is_the_first_packet() => ConnectIsTheFirstPacketAlsoWhenPublishesWait();

    [Fact]
    public Task MQTT_3_1_2_4_Without_clean_session_the_client_keeps_its_state_for_the_next_connection() => TheClientKeepsItsStateForTheNextConnection();

    [Fact]
    public async Task MQTT_3_1_2_6_With_clean_session_every_connection_begins_a_new_session()
    {
        var client = await StartAsync(Options with { CleanStart = true });
        for (var i = 0; i < 3; i++)
        {
            using var connection = await AcceptAsync();
            Assert.True(SentConnect.Parse(await connection.ReadAsync()).CleanStart);
            await connection.ConnAckAsync(0);
            // The identifier that was between its handshakes last time is a new message's now.
            await connection.PublishAsync("t", $"{i}", qos: 2, id: 7);
            Assert.Equal([$"{i}"], await TakeAsync(client, 1));
            await connection.ExpectAsync(0x50, 2, 0, 7);
        }

        Assert.Equal(0, client.Counters.DuplicatesSuppressed);
    }

    [Fact]
    public Task MQTT_3_1_2_9_A_will_has_its_fields() => AWillHasItsFieldsAndItsFlags();

    [Fact]
    public Task MQTT_3_1_2_11_Without_a_will_its_flags_are_zero_and_its_fields_absent() => WithoutAWillItsFlagsAreZeroAndItsFieldsAbsent();

    [Fact]
    public Task MQTT_3_1_2_13_Without_a_will_its_qos_is_zero() => WithoutAWillItsFlagsAreZeroAndItsFieldsAbsent();

    [Fact]
    public Task MQTT_3_1_2_14_A_will_has_one_of_three_qualities() => AWillMayHaveEachOfThreeQualitiesAndNoFourth();

    [Fact]
    public Task MQTT_3_1_2_15_Without_a_will_it_is_not_retained() => WithoutAWillItsFlagsAreZeroAndItsFieldsAbsent();

    [Fact]
    public Task MQTT_3_1_2_18_Without_its_flag_there_is_no_user_name() => UserNameAndPasswordArePresentExactlyWhenTheirFlagsAre();

    [Fact]
    public Task MQTT_3_1_2_19_With_its_flag_there_is_a_user_name() => UserNameAndPasswordArePresentExactlyWhenTheirFlagsAre();

    [Fact]
    public Task MQTT_3_1_2_20_Without_its_flag_there_is_no_password() => UserNameAndPasswordArePresentExactlyWhenTheirFlagsAre();

    [Fact]
    public Task MQTT_3_1_2_21_With_its_flag_there_is_a_password() => UserNameAndPasswordArePresentExactlyWhenTheirFlagsAre();

    [Fact]
    public void MQTT_3_1_2_22_A_password_without_a_user_name_is_refused_before_connecting() =>
        Assert.Contains("Password", Assert.Single((Options with { Password = "pw" }).Validate()));

    [Fact]
    public Task MQTT_3_1_2_23_Silence_is_broken_by_a_ping_within_the_keep_alive() => SilenceIsBrokenByAPingWithinTheKeepAlive();

    [Fact]
    public Task MQTT_3_1_3_1_The_fields_stand_in_their_order() => FieldsStandInTheirOrderAndNothingFollows();

    [Fact]
    public Task MQTT_3_1_3_2_The_client_identifier_names_the_session_over_reconnects() => TheIdentifierStaysTheSameOverReconnects();

    [Fact]
    public Task MQTT_3_1_3_3_The_client_identifier_is_the_first_field() => TheIdentifierIsTheFirstFieldAndUtf8();

    [Fact]
    public Task MQTT_3_1_3_4_The_client_identifier_is_utf_8() => TheIdentifierIsTheFirstFieldAndUtf8();

    [Fact]
    public async Task MQTT_3_1_3_7_An_empty_client_identifier_comes_with_clean_session()
    {
        Assert.Contains("ClientId", Assert.Single((Options with { ClientId = "" }).Validate()));
        await StartAsync(Options with { ClientId = "", CleanStart = true });
        for (var i = 0; i < 2; i++)
        {
            using var connection = await AcceptAsync();
            var sent = SentConnect.Parse(await connection.ReadAsync());
            Assert.Equal(("", true), (sent.Client, sent.CleanStart));
            await connection.ConnAckAsync(0);
        }
    }

    [Fact]
    public Task MQTT_3_1_3_10_The_will_topic_is_utf_8() => TheWillTopicIsUtf8();

    [Fact]
    public Task MQTT_3_1_3_11_The_user_name_is_utf_8() => TheUserNameIsUtf8();
}

public sealed class ConnectV500() : Connect(MqttVersion.V500)
{
    [Fact]
    public Task MQTT_3_1_0_1_Connect_is_the_first_packet() => ConnectIsTheFirstPacketAlsoWhenPublishesWait();

    [Fact]
    public async Task MQTT_3_1_2_1_The_protocol_is_called_MQTT()
    {
        var sent = await ConnectPacketAsync(Options);
        Assert.Equal(("MQTT", 5), (sent.Protocol, sent.Level));
    }

    [Fact]
    public async Task MQTT_3_1_2_4_A_clean_start_discards_the_session_once_and_later_connects_resume_the_new_one()
    {
        await StartAsync(Options with { CleanStart = true });
        foreach (var clean in new[] { true, false, false })
        {
            using var connection = await AcceptAsync();
            Assert.Equal(clean, SentConnect.Parse(await connection.ReadAsync()).CleanStart);
            await connection.ConnAckAsync(0, sessionPresent: !clean);
        }
    }

    [Fact]
    public async Task MQTT_3_1_2_9_A_will_has_its_properties_and_its_fields()
    {
        await AWillHasItsFieldsAndItsFlags();
        Assert.Equal([0x18, 0, 0, 0, 5], (await ConnectPacketAsync(Full)).WillProperties!);
    }

    [Fact]
    public Task MQTT_3_1_2_11_Without_a_will_its_qos_is_zero() => WithoutAWillItsFlagsAreZeroAndItsFieldsAbsent();

    [Fact]
    public Task MQTT_3_1_2_12_A_will_has_one_of_three_qualities() => AWillMayHaveEachOfThreeQualitiesAndNoFourth();

    [Fact]
    public Task MQTT_3_1_2_13_Without_a_will_it_is_not_retained() => WithoutAWillItsFlagsAreZeroAndItsFieldsAbsent();

    [Fact]
    public Task MQTT_3_1_2_16_Without_its_flag_there_is_no_user_name() => UserNameAndPasswordArePresentExactlyWhenTheirFlagsAre();

    [Fact]
    public Task MQTT_3_1_2_17_With_its_flag_there_is_a_user_name() => UserNameAndPasswordArePresentExactlyWhenTheirFlagsAre();

    [Fact]
    public Task MQTT_3_1_2_18_Without_its_flag_there_is_no_password() => UserNameAndPasswordArePresentExactlyWhenTheirFlagsAre();

    [Fact]
    public async Task MQTT_3_1_2_19_With_its_flag_there_is_a_password_also_without_a_user_name()
    {
        await UserNameAndPasswordArePresentExactlyWhenTheirFlagsAre();
        var alone = await ConnectPacketAsync(Options with { Password = "pw" });
        Assert.Equal((0x40, null, "pw", 0), (alone.Flags & 0xC0, Text(alone.Username), Text(alone.Password), alone.BytesLeft));
    }

    [Fact]
    public Task MQTT_3_1_2_20_Silence_is_broken_by_a_ping_within_the_keep_alive() => SilenceIsBrokenByAPingWithinTheKeepAlive();

    [Fact]
    public Task MQTT_3_1_2_21_The_servers_keep_alive_is_used() => TheServersKeepAliveIsUsed();

    [Fact]
    public Task MQTT_3_1_2_23_The_client_keeps_its_state_for_the_next_connection() => TheClientKeepsItsStateForTheNextConnection();

    [Fact]
    public async Task MQTT_3_1_2_24_A_packet_larger_than_we_take_ends_the_connection_before_its_body_is_read()
    {
        // One byte more than the limit is announced; its body never comes.
        await EndsTheConnectionAsync(Options with { MaximumPacketSize = 1_000 }, 0x95, [0x30, 0xE6, 0x07]);

        var (client, server) = await ConnectAsync(Options with { MaximumPacketSize = 1_000 });
        await server.SendAsync(Publish("t"u8.ToArray(), new string('x', 1_000 - 7)));
        Assert.Equal(993, (await TakeAsync(client, 1))[0].Length);
    }

    [Fact]
    public Task MQTT_3_1_3_1_The_fields_stand_in_their_order() => FieldsStandInTheirOrderAndNothingFollows();

    [Fact]
    public Task MQTT_3_1_3_2_The_client_identifier_names_the_session_over_reconnects() => TheIdentifierStaysTheSameOverReconnects();

    [Fact]
    public async Task MQTT_3_1_3_2_An_identifier_the_server_assigned_names_the_session_from_then_on()
    {
        var client = await StartAsync(Options with { ClientId = "", CleanStart = true });
        foreach (var expected in new[] { "", "srv-7", "srv-7" })
        {
            using var connection = await AcceptAsync();
            Assert.Equal(expected, SentConnect.Parse(await connection.ReadAsync()).Client);
            await connection.ConnAckAsync(0, sessionPresent: expected.Length > 0, expected.Length > 0 ? [] : [0x12, 0, 5, .. "srv-7"u8]);
            await client.WaitConnectedAsync(Until.DeadlineToken());
        }
    }

    [Fact]
    public Task MQTT_3_1_3_3_The_client_identifier_is_the_first_field() => TheIdentifierIsTheFirstFieldAndUtf8();

    [Fact]
    public Task MQTT_3_1_3_4_The_client_identifier_is_utf_8() => TheIdentifierIsTheFirstFieldAndUtf8();

    [Fact]
    public Task MQTT_3_1_3_11_The_will_topic_is_utf_8() => TheWillTopicIsUtf8();

    [Fact]
    public Task MQTT_3_1_3_12_The_user_name_is_utf_8() => TheUserNameIsUtf8();
}

using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Tests.Mqtt.Conformance;

/// <summary>Chapters 3.12 to 3.15: ping, goodbye, and the authentication we do not take part in.</summary>
public abstract class Farewell(MqttVersion version) : ConformanceTest(version)
{
    protected async Task WithoutAnAnswerToAPingTheConnectionIsGivenUp()
    {
        var time = new ManualTime();
        var (client, server) = await ConnectAsync(Options with { KeepAlive = TimeSpan.FromSeconds(20) }, time);
        await WatchingAsync(client);
        time.Advance(TimeSpan.FromSeconds(10));
        await server.ExpectAsync(0xC0, 0);
        time.Advance(TimeSpan.FromSeconds(19));
        Assert.Equal(0, client.Counters.Losses);
        time.Advance(TimeSpan.FromSeconds(2));
        await Until.TrueAsync(() => client.Counters.Losses == 1, "the server is given up");
    }

    /// <summary>While acknowledgements, publishes and pings are pouring out of other threads.</summary>
    protected async Task NothingFollowsAGoodbyeAndTheConnectionIsClosed()
    {
        for (var round = 0; round < 20; round++)
        {
            var (client, server) = await ConnectAsync(Options with { ReceiveMaximum = 65_535 });
            using var enough = new CancellationTokenSource();
            var noise = Task.Run(async () =>
            {
                while (!enough.IsCancellationRequested)
                    await PublishAsync(client, qos: MqttQos.AtMostOnce);
            });
            await server.SendAsync([.. Enumerable.Range(1, 500).SelectMany(id => new byte[] { 0x62, 2, (byte)(id >> 8), (byte)id })]);
            await Until.TrueAsync(() => client.Counters.Published > round, "the noise is loud");

            var stopping = client.StopAsync();
            var packets = await server.ReadToEndAsync();
            await enough.CancelAsync();
            await noise;
            server.Dispose();
            await stopping;
            Assert.Equal("E0 ", packets[^1].ToString());
            Assert.Equal(1, packets.Count(packet => packet.First == 0xE0));
        }
    }
}

public sealed class FarewellV311() : Farewell(MqttVersion.V311)
{
    [Fact]
    public Task MQTT_3_12_4_1_Without_an_answer_to_a_ping_the_connection_is_given_up() => WithoutAnAnswerToAPingTheConnectionIsGivenUp();

    [Fact]
    public Task MQTT_3_14_4_1_After_a_goodbye_the_connection_is_closed() => NothingFollowsAGoodbyeAndTheConnectionIsClosed();

    [Fact]
    public Task MQTT_3_14_4_2_After_a_goodbye_nothing_is_sent() => NothingFollowsAGoodbyeAndTheConnectionIsClosed();
}

public sealed class FarewellV500() : Farewell(MqttVersion.V500)
{
    [Fact]
    public Task MQTT_3_12_4_1_Without_an_answer_to_a_ping_the_connection_is_given_up() => WithoutAnAnswerToAPingTheConnectionIsGivenUp();

    [Fact]
    public Task MQTT_3_14_0_1_A_goodbye_before_the_connection_is_accepted_is_no_answer() => IsNoAnswerToConnectAsync(Options, [0xE0, 0], [0xE0, 1, 0x87]);

    [Fact]
    public Task MQTT_3_14_1_1_Reserved_bits_in_a_goodbye_are_malformed() => EndsTheConnectionAsync(0x81, [0xE1, 0], [0xE8, 1, 0x8B]);

    [Fact]
    public async Task MQTT_3_14_2_1_A_goodbye_has_one_of_its_reasons()
    {
        var (plain, server) = await ConnectAsync();
        Assert.Equal("E0 ", (await StopAndReadAsync(plain, server))[^1].ToString());

        var (dying, second) = await ConnectAsync();
        var stopping = dying.StopAsync(publishWill: true);
        Assert.Equal("E0 04", (await second.ReadToEndAsync())[^1].ToString());
        second.Dispose();
        await stopping;
    }

    [Fact]
    public Task MQTT_3_14_2_2_A_session_expiry_in_the_servers_goodbye_is_malformed() => EndsTheConnectionAsync(0x81, [0xE0, 7, 0, 5, 0x11, 0, 0, 0, 1]);

    [Fact]
    public Task MQTT_3_14_2_3_A_goodbye_carries_no_reason_string() => MQTT_3_14_2_1_A_goodbye_has_one_of_its_reasons();

    [Fact]
    public async Task MQTT_3_14_2_4_A_goodbye_carries_no_user_property_also_when_the_server_erred()
    {
        var (_, server) = await ConnectAsync(properties: [0x27, 0, 0, 0, 5]);
        await server.SendAsync(0x30, 0xFF, 0xFF, 0xFF, 0x7F);
        Assert.Equal(["E0 95"], (await server.ReadToEndAsync()).Select(packet => packet.ToString()));
    }

    [Fact]
    public Task MQTT_3_14_4_1_After_a_goodbye_nothing_is_sent() => NothingFollowsAGoodbyeAndTheConnectionIsClosed();

    [Fact]
    public async Task MQTT_3_14_4_2_After_a_goodbye_the_connection_is_closed_also_when_the_server_erred()
    {
        var (client, server) = await ConnectAsync();
        await server.SendAsync(0x00, 0x00);
        Assert.Equal(["E0 82"], (await server.ReadToEndAsync()).Select(packet => packet.ToString()));
        server.Dispose();
        await AcceptClientAsync();
        await ConnectsAsync(client, 2);
    }

    [Fact]
    public async Task MQTT_3_15_1_1_An_authentication_packet_ends_the_connection_its_flags_wrong_or_right()
    {
        await EndsTheConnectionAsync(0x81, [0xF1, 0], [0xFF, 2, 0x18, 0]);
        await EndsTheConnectionAsync(Options, 0x82, [0xF0, 0], [0xF0, 2, 0x18, 0]);
    }
}

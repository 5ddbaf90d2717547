using System.Buffers.Binary;
using System.Text;
using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Tests.Mqtt;

/// <summary>A message that is void by now is not sent, whatever the broker was doing meanwhile.</summary>
public sealed class MessageExpiryTests : IDisposable
{
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(4);

    private readonly ScriptedServer _server = new();
    private readonly ManualTime _time = new();

    public void Dispose() => _server.Dispose();

    [Theory]
    [InlineData(MqttVersion.V500, 3_999, true)]
    [InlineData(MqttVersion.V500, 4_000, false)]
    [InlineData(MqttVersion.V311, 3_999, true)]
    [InlineData(MqttVersion.V311, 4_000, false)]
    public async Task A_message_that_waited_for_the_broker_is_sent_until_its_expiry_and_not_at_it(MqttVersion version, int waitedMs, bool isSent)
    {
        await using var client = new MqttClient(_server.Options(version), _time);
        var publish = PublishAsync(client, "off");
        _time.Advance(TimeSpan.FromMilliseconds(waitedMs));
        await client.StartAsync();
        using var connection = await _server.AcceptClientAsync(version);
        var end = client.PublishAsync("t", "end"u8.ToArray(), MqttQos.AtLeastOnce, retain: false).AsTask();

        var first = await connection.ReadAsync();

        Assert.Equal(isSent ? "off" : "end", Payload(first));
        Assert.False(end.IsCompleted);
        Assert.Equal(isSent ? 0 : 1, client.Counters.PublishExpired);
        if (isSent && version == MqttVersion.V500)
            Assert.Equal(1u, Expiry(first));
        if (!isSent)
            Assert.Equal(MqttReasonCode.ServerUnavailable, await publish);
    }

    [Theory]
    [InlineData(1_500, true)]
    [InlineData(4_000, false)]
    public async Task A_message_whose_acknowledgement_was_lost_comes_again_only_while_it_is_worth_anything(int waitedMs, bool isSentAgain)
    {
        await using var client = new MqttClient(_server.Options(), _time);
        await client.StartAsync();
        Task<MqttReasonCode> publish;
        using (var first = await _server.AcceptClientAsync())
        {
            publish = PublishAsync(client, "off");
            var sent = await first.ReadAsync();
            Assert.Equal((0x32, 4u), (sent.First, Expiry(sent)));
            _time.Advance(TimeSpan.FromMilliseconds(waitedMs));
        }

        using var second = await _server.AcceptClientAsync(MqttVersion.V500, sessionPresent: true);
        var end = client.PublishAsync("t", "end"u8.ToArray(), MqttQos.AtLeastOnce, retain: false).AsTask();
        var packet = await second.ReadAsync();

        Assert.False(end.IsCompleted);
        if (isSentAgain)
        {
            Assert.Equal((0x3A, "off", 2u), (packet.First, Payload(packet), Expiry(packet)));
            Assert.Equal(0, client.Counters.PublishExpired);
        }
        else
        {
            Assert.Equal((0x32, "end"), (packet.First, Payload(packet)));
            Assert.Equal(MqttReasonCode.ServerUnavailable, await publish);
            Assert.Equal((1, 0), (client.Counters.PublishExpired, client.Counters.Redelivered));
        }
    }

    [Fact]
    public async Task What_has_no_expiry_waits_for_ever()
    {
        await using var client = new MqttClient(_server.Options(), _time);
        var end = client.PublishAsync("t", "end"u8.ToArray(), MqttQos.AtLeastOnce, retain: false).AsTask();
        _time.Advance(TimeSpan.FromDays(30));
        await client.StartAsync();
        using var connection = await _server.AcceptClientAsync();

        Assert.Equal("end", Payload(await connection.ReadAsync()));
        Assert.False(end.IsCompleted);
    }

    private static Task<MqttReasonCode> PublishAsync(MqttClient client, string payload) => client.PublishAsync(
        "t", Encoding.UTF8.GetBytes(payload), MqttQos.AtLeastOnce, retain: false, new MqttPublishProperties { PayloadIsText = true, MessageExpiry = Ttl }).AsTask();

    private static string Payload(ScriptedPacket packet) => Encoding.UTF8.GetString(packet.Body.AsSpan()[^3..]);

    /// <summary>Topic, identifier, length of the properties, the flag of the text, then the expiry.</summary>
    private static uint Expiry(ScriptedPacket packet)
    {
        var at = 2 + BinaryPrimitives.ReadUInt16BigEndian(packet.Body) + 2 + 1 + 2;
        Assert.Equal(0x02, packet.Body[at]);
        return BinaryPrimitives.ReadUInt32BigEndian(packet.Body.AsSpan(at + 1));
    }
}

using System.Text;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Tests.Mqtt.Conformance;

namespace FacilityMonitor.Tests.Mqtt.Hostile;

/// <summary>Single packets that a server must never send, chosen by hand, each on a real connection: it ends with the right reason, and the next connection works.</summary>
public abstract class HostilePackets(MqttVersion version) : ConformanceTest(version)
{
    /// <summary>After each of the packets the client is as good as new.</summary>
    private protected async Task LeavesThenWorksAsync(byte reason, params byte[][] packets)
    {
        var (server, options) = Elsewhere(Options);
        var client = await StartAsync(options);
        foreach (var packet in packets)
        {
            using var hostile = await AcceptClientAsync(server);
            await hostile.SendAsync(packet);
            if (IsV5)
                await hostile.ExpectAsync(0xE0, 1, reason);
            await hostile.ExpectClosedAsync();
        }

        using var good = await AcceptClientAsync(server);
        await good.PublishAsync("t", "sane", qos: 1, id: 1);
        Assert.Equal(["sane"], await TakeAsync(client, 1));
        await good.ExpectAsync(0x40, 2, 0, 1);
        Assert.Equal(packets.Length, client.Counters.ProtocolErrors);
    }

    protected Task ATopicOfBrokenUtf8IsLeft() => LeavesThenWorksAsync(
        0x81, Publish([0xED, 0xA0, 0x80]), Publish([0xED, 0xBF, 0xBF]), Publish([0xC0, 0x80]), Publish([0xC0, 0xAF]), Publish([0xF4, 0x90, 0x80, 0x80]), Publish([(byte)'a', 0]), Publish([0xE6, 0xA5]));

    protected Task ReservedBitsAreLeft() => LeavesThenWorksAsync(0x81, [0x41, 2, 0, 1], [0x51, 2, 0, 1], [0x60, 2, 0, 1], [0x72, 2, 0, 1], [0x91, 3, 0, 1, 0], [0xB1, 2, 0, 1], [0xD1, 0], [0x36, 3, 0, 1, (byte)'t'], [0x38, 3, 0, 1, (byte)'t']);

    /// <summary>The largest length that can be written costs nothing: it is refused before a byte behind it is waited for.</summary>
    protected async Task TheLargestLengthCostsNothing()
    {
        var before = GC.GetTotalAllocatedBytes();
        await LeavesThenWorksAsync(0x95, [0x30, 0xFF, 0xFF, 0xFF, 0x7F], [0x40, 0xFF, 0xFF, 0xFF, 0x7F]);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 64 << 20);
    }

    protected Task ALengthOfFiveBytesIsLeft() => LeavesThenWorksAsync(0x81, [0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x00], [0x30, 0x80, 0x80, 0x80, 0x80, 0x01]);

    /// <summary>Zero bytes too many in a length say nothing else than the length: some small brokers keep four bytes for it. What follows is read where it stands.</summary>
    protected async Task ALengthWithZerosTooManyIsReadAsItIs()
    {
        var (client, server) = await ConnectAsync();
        byte[] body = IsV5 ? [0, 1, (byte)'t', 0, 7, 0x80, 0x00, (byte)'x'] : [0, 1, (byte)'t', 0, 7, (byte)'x'];
        await server.SendAsync([0x32, (byte)(body.Length | 0x80), 0x80, 0x80, 0x00, .. body]);
        Assert.Equal(["x"], await TakeAsync(client, 1));
        await server.ExpectAsync(0x40, 2, 0, 7);
    }

    /// <summary>Releases of what never was are answered, however many: and what they are answered with does not pile up while the server does not read.</summary>
    protected async Task ReleasesOfNothingAreAnsweredAndDoNotPileUp()
    {
        const int Releases = 50_000;
        var (client, server) = await ConnectAsync(Options with { WriteBufferBytes = 4 << 10 });
        var flood = server.SendAsync([.. Enumerable.Range(1, Releases).SelectMany(id => (byte[])[0x62, 2, (byte)(id >> 8), (byte)Math.Max(1, id & 0xFF)])]);
        for (var release = 0; release < Releases; release++)
            Assert.Equal(0x70, (await server.ReadAsync()).First);
        await flood;
        await server.ExpectNothingSaidAsync();
        Assert.Equal((0L, 0L), (client.Counters.ProtocolErrors, client.Counters.Losses));
    }
}

public sealed class HostilePacketsInMqtt311() : HostilePackets(MqttVersion.V311)
{
    [Fact]
    public Task A_topic_of_broken_utf8_is_left() => ATopicOfBrokenUtf8IsLeft();

    [Fact]
    public Task Reserved_bits_are_left() => ReservedBitsAreLeft();

    [Fact]
    public Task The_largest_length_costs_nothing() => TheLargestLengthCostsNothing();

    [Fact]
    public Task A_length_of_five_bytes_is_left() => ALengthOfFiveBytesIsLeft();

    [Fact]
    public Task A_length_with_zeros_too_many_is_read_as_it_is() => ALengthWithZerosTooManyIsReadAsItIs();

    [Fact]
    public Task Releases_of_nothing_are_answered_and_do_not_pile_up() => ReleasesOfNothingAreAnsweredAndDoNotPileUp();

    /// <summary>They are of the next version, or of nobody.</summary>
    [Fact]
    public Task Packets_of_another_version_are_left() => LeavesThenWorksAsync(0, [0xE0, 0], [0xF0, 0], [0x00, 0], [0x40, 3, 0, 1, 0], [0xB0, 2, 0, 1], [0x10, 0], [0x82, 0]);
}

public sealed class HostilePacketsInMqtt5() : HostilePackets(MqttVersion.V500)
{
    [Fact]
    public Task A_topic_of_broken_utf8_is_left() => ATopicOfBrokenUtf8IsLeft();

    [Fact]
    public Task Reserved_bits_are_left() => ReservedBitsAreLeft();

    [Fact]
    public Task The_largest_length_costs_nothing() => TheLargestLengthCostsNothing();

    [Fact]
    public Task A_length_of_five_bytes_is_left() => ALengthOfFiveBytesIsLeft();

    [Fact]
    public Task A_length_with_zeros_too_many_is_read_as_it_is() => ALengthWithZerosTooManyIsReadAsItIs();

    [Fact]
    public Task Releases_of_nothing_are_answered_and_do_not_pile_up() => ReleasesOfNothingAreAnsweredAndDoNotPileUp();

    [Fact]
    public Task A_property_told_twice_is_left() => LeavesThenWorksAsync(
        0x82, With(0x01, 1, 0x01, 1), With(0x02, 0, 0, 0, 9, 0x02, 0, 0, 0, 9), With(0x03, 0, 1, (byte)'a', 0x03, 0, 1, (byte)'a'), With(0x08, 0, 1, (byte)'a', 0x08, 0, 1, (byte)'a'),
        With(0x09, 0, 0, 0x09, 0, 0), [0x40, 11, 0, 1, 0, 7, 0x1F, 0, 0, 0x1F, 0, 1, (byte)'a'], [0xE0, 8, 0, 6, 0x1F, 0, 0, 0x1F, 0, 0]);

    [Fact]
    public async Task What_may_be_told_twice_is_taken()
    {
        var (client, server) = await ConnectAsync();
        await server.SendAsync(With(0x26, 0, 1, (byte)'k', 0, 1, (byte)'v', 0x26, 0, 1, (byte)'k', 0, 1, (byte)'v', 0x0B, 1, 0x0B, 2));
        Assert.Equal(["x"], await TakeAsync(client, 1));
    }

    /// <summary>We offer none, so no number is within the maximum: not the first, and not one that another connection had.</summary>
    [Fact]
    public Task A_topic_alias_is_left_with_and_without_a_name() => LeavesThenWorksAsync(
        0x94, With(0x23, 0, 0), With(0x23, 0, 1), With(0x23, 0xFF, 0xFF), Publish([], flags: 0, properties: [0x23, 0, 1]), Publish([], flags: 0, properties: [0x23, 0, 1]));

    [Fact]
    public Task A_message_without_a_name_is_left() => LeavesThenWorksAsync(0x82, Publish([]));

    [Fact]
    public Task A_subscription_of_number_zero_is_left() => LeavesThenWorksAsync(0x82, With(0x0B, 0), With(0x0B, 0x80, 0x00));

    [Fact]
    public Task Properties_that_are_none_or_lie_about_their_length_are_left() => LeavesThenWorksAsync(
        0x81, With(0x00), With(0x7F, 0), With(0xFF, 0), With(0x80, 0x01, 1), With(0x0B, 0xFF, 0xFF, 0xFF, 0xFF, 0x01), With(0x11, 0, 0, 0, 1), With(0x21, 0, 1), With(0x03, 0xFF, 0xFF, (byte)'a'),
        With(0x03, 0, 3, 0xED, 0xA0, 0x80), With(0x26, 0, 1, 0, 0, 0), [0x30, 4, 0, 1, (byte)'t', 0x7F], [0x30, 8, 0, 1, (byte)'t', 0xFF, 0xFF, 0xFF, 0xFF, 0x00], [0x30, 3, 0, 1, (byte)'t']);

    /// <summary>0x01 and 0x7F are no promise that anybody has the message.</summary>
    [Theory]
    [InlineData(0x01)]
    [InlineData(0x0F)]
    [InlineData(0x7F)]
    public async Task An_acknowledgement_with_a_success_that_is_none_is_left_and_the_message_sent_again(byte reason)
    {
        var (client, server) = await ConnectAsync();
        var publish = PublishAsync(client);
        var first = await server.ReadAsync();
        await server.SendAsync(0x40, 3, (byte)(first.Id >> 8), (byte)first.Id, reason);
        await server.ExpectAsync(0xE0, 1, 0x82);
        server.Dispose();
        Assert.False(publish.IsCompleted);
        using var next = await AcceptClientAsync(sessionPresent: true);
        var again = await next.ReadAsync();
        await PubAckAsync(next, again.Id);
        Assert.Equal(MqttReasonCode.Success, await publish);
    }

    [Fact]
    public Task A_release_with_a_reason_of_an_acknowledgement_is_left() => LeavesThenWorksAsync(0x82, [0x62, 3, 0, 1, 0x10], [0x70, 3, 0, 1, 0x10], [0x62, 3, 0, 1, 0x01]);

    /// <summary>It may ask for more pings than we want, never for fewer: with none at all a line that died unseen would look like a quiet evening.</summary>
    [Theory]
    [InlineData(0x00, 0x00)]
    [InlineData(0xFF, 0xFF)]
    public async Task A_server_that_wants_no_pings_gets_ours(byte high, byte low)
    {
        var time = new ManualTime();
        var (client, server) = await ConnectAsync(Options with { KeepAlive = TimeSpan.FromSeconds(20) }, time, 0x13, high, low);
        await WatchingAsync(client);

        time.Advance(TimeSpan.FromSeconds(10));

        await server.ExpectAsync(0xC0, 0);
    }

    [Fact]
    public async Task A_name_with_a_byte_order_mark_keeps_it()
    {
        var (client, server) = await ConnectAsync();
        await server.SendAsync(Publish([0xEF, 0xBB, 0xBF, (byte)'t'], flags: 2, id: 1));
        using var batch = await ReceiveAsync(client);
        Assert.Equal("\uFEFFt", Encoding.UTF8.GetString(batch[0].Topic));
    }

    private byte[] With(params byte[] properties) => Publish([(byte)'t'], properties: properties);
}

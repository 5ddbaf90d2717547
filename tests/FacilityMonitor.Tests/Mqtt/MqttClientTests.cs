using System.Text;
using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Tests.Mqtt;

/// <summary>The client against a server that follows a script.</summary>
public sealed class MqttClientTests : IDisposable
{
    private readonly ScriptedServer _server = new();

    public void Dispose() => _server.Dispose();

    [Fact]
    public async Task A_refused_login_is_reported_with_its_reason_and_tried_again()
    {
        await using var client = await StartAsync(_server.Options() with { Username = "u", Password = "wrong" });
        using (var connection = await _server.AcceptAsync())
        {
            await connection.ReadAsync();
            var refused = NextLossAsync(client);
            await connection.ConnAckAsync(0x86, false, 0x1F, 0, 2, (byte)'n', (byte)'o');
            var change = await refused;
            Assert.Equal((MqttLossReason.Refused, MqttReasonCode.BadUserNameOrPassword, "no"), (change.Loss, change.ReasonCode, change.Detail));
        }

        using var second = await _server.AcceptClientAsync();
        await client.WaitConnectedAsync(Until.DeadlineToken());
        Assert.Equal((1, 1), (client.Counters.Connects, client.Counters.ConnectsFailed));
    }

    [Fact]
    public async Task A_refused_subscription_is_reported_and_the_others_work()
    {
        await using var client = await StartAsync(_server.Options(MqttVersion.V500, new MqttSubscription("secret/#"), new MqttSubscription("t")));
        using var connection = await _server.AcceptClientAsync();
        await connection.SubAckAsync(0x87, 0x01);

        var results = await client.WaitSubscribedAsync(Until.DeadlineToken());

        Assert.Equal([MqttReasonCode.NotAuthorized, MqttReasonCode.GrantedQos1], results.Select(result => result.ReasonCode));
        Assert.Equal(["secret/#"], results.Where(result => result.Refused).Select(result => result.Subscription.Filter));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Subscriptions_are_made_again_at_every_connect_resumed_or_not(bool sessionPresent)
    {
        await using var client = await StartAsync(_server.Options(MqttVersion.V311, new MqttSubscription("t")));
        using (var first = await _server.AcceptClientAsync(MqttVersion.V311))
            await first.SubAckAsync(1);

        using var second = await _server.AcceptClientAsync(MqttVersion.V311, sessionPresent);
        await second.SubAckAsync(1);
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    public async Task Nothing_is_acknowledged_until_the_caller_says_durable(MqttVersion version)
    {
        await using var client = await StartAsync(_server.Options(version));
        using var connection = await _server.AcceptClientAsync(version);
        await connection.PublishAsync("t", "zero", qos: 0);
        await connection.PublishAsync("t", "one", qos: 1, id: 7);
        await connection.PublishAsync("t", "two", qos: 2, id: 8);
        var batches = await ReceiveAsync(client, messages: 3);
        await connection.ExpectNothingSaidAsync();

        foreach (var batch in batches)
            await batch.AcknowledgeAsync();

        await connection.ExpectAsync(0x40, 2, 0, 7);
        await connection.ExpectAsync(0x50, 2, 0, 8);
        await connection.SendAsync(0x62, 2, 0, 8);
        await connection.ExpectAsync(0x70, 2, 0, 8);
    }

    [Fact]
    public async Task The_acknowledgements_of_a_batch_are_one_write_in_order_of_arrival()
    {
        const int Messages = 1_000;
        await using var client = await StartAsync(_server.Options());
        using var connection = await _server.AcceptClientAsync();
        await connection.SendAsync([.. Enumerable.Range(1, Messages).SelectMany(id => connection.Publish("t", [1], 1, id))]);
        await Until.TrueAsync(() => client.Counters.Received == Messages, "everything was received");

        using var batch = (await client.ReceiveAsync(Until.DeadlineToken()))!;
        Assert.Equal(Messages, batch.Count);
        await batch.AcknowledgeAsync();

        var expected = Enumerable.Range(1, Messages).SelectMany(id => new byte[] { 0x40, 2, (byte)(id >> 8), (byte)id });
        Assert.Equal(expected, await connection.ReadOnceAsync());
    }

    [Fact]
    public async Task A_batch_that_is_durable_before_an_earlier_one_waits_for_it()
    {
        await using var client = await StartAsync(_server.Options());
        using var connection = await _server.AcceptClientAsync();
        var first = await OneAsync(client, connection, id: 1);
        var second = await OneAsync(client, connection, id: 2);

        await second.AcknowledgeAsync();
        second.Dispose();
        Assert.Equal(0, client.Counters.Acknowledged);
        await first.AcknowledgeAsync();
        first.Dispose();

        await connection.ExpectAsync(0x40, 2, 0, 1);
        await connection.ExpectAsync(0x40, 2, 0, 2);
    }

    [Fact]
    public async Task A_batch_given_back_unacknowledged_is_left_to_the_server_and_later_ones_pass()
    {
        await using var client = await StartAsync(_server.Options());
        using var connection = await _server.AcceptClientAsync();
        var first = await OneAsync(client, connection, id: 1);
        var second = await OneAsync(client, connection, id: 2);

        await second.AcknowledgeAsync();
        first.Dispose();
        second.Dispose();

        await connection.ExpectAsync(0x40, 2, 0, 2);
        Assert.Equal(1, client.Counters.Abandoned);
        Assert.Throws<ObjectDisposedException>(() => first[0]);
    }

    [Theory]
    [InlineData(MqttVersion.V500, new byte[] { 0x40, 3, 0, 1, 0x99 })]
    [InlineData(MqttVersion.V311, new byte[] { 0x40, 2, 0, 1 })]
    public async Task An_unusable_message_is_answered_with_its_reason_where_the_protocol_has_one(MqttVersion version, byte[] answer)
    {
        await using var client = await StartAsync(_server.Options(version));
        using var connection = await _server.AcceptClientAsync(version);
        using var batch = await OneAsync(client, connection, id: 1);

        batch.Reject(0, MqttReasonCode.PayloadFormatInvalid);
        await batch.AcknowledgeAsync();

        await connection.ExpectAsync(answer);
        Assert.Equal(1, client.Counters.Rejected);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(1, 7)]
    [InlineData(1, 50_000)]
    public async Task With_mqtt_3_1_1_a_message_that_is_too_large_is_skipped_in_whatever_pieces_it_comes(int qos, int pieceBytes)
    {
        await using var client = await StartAsync(_server.Options(MqttVersion.V311) with { MaximumPacketSize = 2_000, ReadBufferBytes = 512 });
        using var connection = await _server.AcceptClientAsync(MqttVersion.V311);
        var payload = new byte[pieceBytes < 10 ? 3_000 : 200_000];
        Random.Shared.NextBytes(payload);

        var bytes = (byte[])[.. connection.Publish("t", payload, qos, id: 9), .. connection.Publish("t", "behind"u8.ToArray(), qos: 1, id: 10)];
        var sending = Task.Run(async () =>
        {
            foreach (var piece in bytes.Chunk(pieceBytes))
                await connection.SendAsync(piece);
        });
        var heard = new List<(byte[] Payload, int Missing)>();
        while (heard.Count < 2)
        {
            using var batch = (await client.ReceiveAsync(Until.DeadlineToken()))!;
            for (var index = 0; index < batch.Count; index++)
                heard.Add((batch[index].Payload.ToArray(), batch[index].Missing));
            await batch.AcknowledgeAsync();
        }

        await sending;
        Assert.Equal(payload[..1_024], heard[0].Payload);
        Assert.Equal((payload.Length - 1_024, 0), (heard[0].Missing, heard[1].Missing));
        if (qos == 1)
            await connection.ExpectAsync(0x40, 2, 0, 9);
        await connection.ExpectAsync(0x40, 2, 0, 10);
        Assert.Equal((1, 2, 0), (client.Counters.TooLarge, client.Counters.Received, client.Counters.ProtocolErrors));
    }

    [Fact]
    public async Task With_mqtt_3_1_1_a_message_whose_topic_alone_is_too_large_still_ends_the_connection()
    {
        await using var client = await StartAsync(_server.Options(MqttVersion.V311) with { MaximumPacketSize = 2_000 });
        using var connection = await _server.AcceptClientAsync(MqttVersion.V311);

        await connection.SendAsync(connection.Publish(new string('t', 3_000), "x"u8.ToArray(), qos: 1, id: 9));

        await Until.TrueAsync(() => client.Counters.ProtocolErrors == 1, "it was noticed");
        Assert.Equal(0, client.Counters.TooLarge);
    }

    [Fact]
    public async Task An_acknowledgement_for_a_lost_connection_is_never_sent_on_the_next_one()
    {
        await using var client = await StartAsync(_server.Options());
        MqttInboundBatch old;
        using (var first = await _server.AcceptClientAsync())
            old = await OneAsync(client, first, id: 1);
        using var second = await _server.AcceptClientAsync(sessionPresent: true);
        await client.WaitConnectedAsync(Until.DeadlineToken());
        using var fresh = await OneAsync(client, second, id: 2);

        await old.AcknowledgeAsync();
        old.Dispose();
        await fresh.AcknowledgeAsync();

        await second.ExpectAsync(0x40, 2, 0, 2);
        Assert.Equal(1, client.Counters.AcksSuppressed);
    }

    [Fact]
    public async Task A_qos_2_message_sent_again_after_a_reconnect_is_delivered_once()
    {
        await using var client = await StartAsync(_server.Options());
        using (var first = await _server.AcceptClientAsync())
        {
            using var batch = await OneAsync(client, first, id: 9, qos: 2);
            await batch.AcknowledgeAsync();
            await first.ExpectAsync(0x50, 2, 0, 9);
        }

        using var second = await _server.AcceptClientAsync(sessionPresent: true);
        await second.PublishAsync("t", "again", qos: 2, id: 9, dup: true);
        await second.ExpectAsync(0x50, 2, 0, 9);
        await second.SendAsync(0x62, 2, 0, 9);
        await second.ExpectAsync(0x70, 2, 0, 9);
        using var next = await OneAsync(client, second, id: 9, qos: 2);
        Assert.Equal((2, 1), (client.Counters.Received - client.Counters.DuplicatesSuppressed, client.Counters.DuplicatesSuppressed));
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    public async Task A_qos_2_message_made_durable_after_its_connection_broke_is_recognised_by_its_dup_flag(bool dup, int delivered)
    {
        await using var client = await StartAsync(_server.Options());
        MqttInboundBatch late;
        using (var first = await _server.AcceptClientAsync())
            late = await OneAsync(client, first, id: 9, qos: 2);
        using var second = await _server.AcceptClientAsync(sessionPresent: true);
        await ConnectsAsync(client, 2);
        await late.AcknowledgeAsync();
        late.Dispose();

        await second.PublishAsync("t", "again", qos: 2, id: 9, dup);
        using var marker = await LastAsync(client, second, id: 10, messages: delivered + 1);

        Assert.Equal(1 - delivered, client.Counters.DuplicatesSuppressed);
    }

    [Fact]
    public async Task A_new_session_forgets_which_qos_2_messages_were_seen()
    {
        await using var client = await StartAsync(_server.Options());
        using (var first = await _server.AcceptClientAsync())
        {
            using var batch = await OneAsync(client, first, id: 9, qos: 2);
            await batch.AcknowledgeAsync();
            await first.ExpectAsync(0x50, 2, 0, 9);
        }

        using var second = await _server.AcceptClientAsync(sessionPresent: false);
        using var fresh = await OneAsync(client, second, id: 9, qos: 2);

        Assert.Equal(0, client.Counters.DuplicatesSuppressed);
    }

    [Theory]
    [InlineData(true, 0x3A)]
    [InlineData(false, 0x32)]
    public async Task An_unanswered_publish_is_sent_again_under_its_identifier_and_marked_when_the_session_resumed(bool sessionPresent, byte first)
    {
        await using var client = await StartAsync(_server.Options());
        Task<MqttReasonCode> publish;
        ScriptedPacket original;
        using (var connection = await _server.AcceptClientAsync())
        {
            publish = client.PublishAsync("t", "hello"u8.ToArray(), MqttQos.AtLeastOnce, retain: false).AsTask();
            original = await connection.ReadAsync();
            Assert.Equal(0x32, original.First);
        }

        using var next = await _server.AcceptClientAsync(sessionPresent: sessionPresent);
        var again = await next.ReadAsync();
        Assert.Equal((original with { First = first }).ToString(), again.ToString());
        Assert.False(publish.IsCompleted);

        await next.SendAsync(0x40, 3, (byte)(again.Id >> 8), (byte)again.Id, 0x10);
        Assert.Equal(MqttReasonCode.NoMatchingSubscribers, await publish);
        Assert.Equal((1, 1), (client.Counters.Redelivered, client.Counters.Published));
    }

    [Fact]
    public async Task Publishes_leave_in_order_within_the_servers_receive_maximum_and_the_rest_waits_its_turn()
    {
        var options = _server.Options() with { OutboundWindow = 10, OutboundQueue = 1 };
        await using var client = await StartAsync(options);
        using var connection = await _server.AcceptClientAsync(MqttVersion.V500, false, 0x21, 0, 2);
        await client.WaitConnectedAsync(Until.DeadlineToken());
        var answers = Enumerable.Range(0, 20)
            .Select(i => client.PublishAsync("t", new[] { (byte)i }, MqttQos.AtLeastOnce, retain: false).AsTask()).ToList();

        var underWay = new Queue<ScriptedPacket>();
        for (var i = 0; i < 20; i++)
        {
            var packet = await connection.ReadAsync();
            Assert.Equal(i, packet.Body[^1]);
            underWay.Enqueue(packet);
            if (underWay.Count < 2)
                continue;

            await connection.ExpectNothingSaidAsync();
            var oldest = underWay.Dequeue();
            await connection.SendAsync(0x40, 2, (byte)(oldest.Id >> 8), (byte)oldest.Id);
        }

        Assert.All(answers.Take(19), answer => Assert.Equal(MqttReasonCode.Success, answer.WaitAsync(Until.DeadlineToken()).Result));
        Assert.False(answers[19].IsCompleted);
    }

    [Fact]
    public async Task A_publisher_that_gives_up_while_waiting_for_a_place_is_not_sent()
    {
        await using var client = await StartAsync(_server.Options() with { OutboundWindow = 1, OutboundQueue = 0 });
        using var connection = await _server.AcceptClientAsync();
        await client.WaitConnectedAsync(Until.DeadlineToken());
        using var patience = new CancellationTokenSource();
        var first = client.PublishAsync("t", "1"u8.ToArray(), MqttQos.AtLeastOnce, retain: false).AsTask();
        var second = client.PublishAsync("t", "2"u8.ToArray(), MqttQos.AtLeastOnce, retain: false, null, patience.Token).AsTask();
        var third = client.PublishAsync("t", "3"u8.ToArray(), MqttQos.AtLeastOnce, retain: false).AsTask();

        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        var packet = await connection.ReadAsync();
        await connection.SendAsync(0x40, 2, (byte)(packet.Id >> 8), (byte)packet.Id);

        Assert.Equal((byte)'3', (await connection.ReadAsync()).Body[^1]);
        Assert.Equal(MqttReasonCode.Success, await first);
        Assert.False(third.IsCompleted);
    }

    [Fact]
    public async Task A_qos_0_message_without_a_connection_is_dropped_and_said_to_be()
    {
        await using var client = new MqttClient(_server.Options(), TimeProvider.System);

        Assert.Equal(MqttReasonCode.ServerUnavailable, await client.PublishAsync("t", default, MqttQos.AtMostOnce, retain: false));
        Assert.Equal(1, client.Counters.PublishDropped);
        await Assert.ThrowsAsync<ArgumentException>(async () => await client.PublishAsync("a/+", default, MqttQos.AtMostOnce, retain: false));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await client.PublishAsync("a", default, MqttQos.ExactlyOnce, retain: false));
    }

    [Theory]
    [InlineData(64)]
    [InlineData(1024)]
    [InlineData(262_144)]
    public async Task One_byte_at_a_time_is_enough(int buffer)
    {
        await using var client = await StartAsync(_server.Options() with { ReadBufferBytes = buffer, SocketReceiveBufferBytes = 1024 });
        using var connection = await _server.AcceptAsync();
        connection.Socket.NoDelay = true;
        await connection.ReadAsync();
        byte[] bytes =
        [
            0x20, 3, 0, 0, 0,
            .. connection.Publish("t", Encoding.UTF8.GetBytes(new string('a', 300)), 1, 1),
            .. connection.Publish("t", Encoding.UTF8.GetBytes(new string('b', 20)), 1, 2),
        ];
        foreach (var one in bytes)
            await connection.SendAsync(one);

        var batches = await ReceiveAsync(client, 2);
        Assert.Equal([300, 20], batches.SelectMany(batch => Enumerable.Range(0, batch.Count).Select(i => batch[i].Payload.Length)));
    }

    [Theory]
    [InlineData(64)]
    [InlineData(1024)]
    public async Task Small_buffers_do_not_stall_a_stream_of_messages(int bytes)
    {
        const int Messages = 3_000;
        await using var client = await StartAsync(_server.Options() with { ReadBufferBytes = bytes, SocketReceiveBufferBytes = bytes, ReceiveMaximum = Messages });
        using var connection = await _server.AcceptClientAsync();
        var sending = connection.SendAsync([.. Enumerable.Range(1, Messages).SelectMany(id => connection.Publish("t", new byte[id % 300], 1, id))]);

        var received = 0;
        while (received < Messages)
        {
            using var batch = (await client.ReceiveAsync(Until.DeadlineToken()))!;
            for (var i = 0; i < batch.Count; i++)
                Assert.Equal(++received % 300, batch[i].Payload.Length);
            await batch.AcknowledgeAsync();
        }

        await sending;
    }

    [Fact]
    public async Task A_caller_that_holds_its_batches_stops_the_flood_and_loses_nothing()
    {
        const int Messages = 20_000;
        var time = new ManualTime();
        var options = _server.Options() with
        {
            InboundBatchMessages = 10,
            InboundBatchesInFlight = 2,
            ReadBufferBytes = 4096,
            SocketReceiveBufferBytes = 4096,
            ReceiveMaximum = 65_535,
        };
        await using var client = await StartAsync(options, time);
        using var connection = await _server.AcceptClientAsync();
        var flood = connection.SendAsync([.. Enumerable.Range(1, Messages).SelectMany(id => connection.Publish("t", new byte[1_000], 1, id))]);
        await Until.TrueAsync(() => client.Counters.Received == 10, "the first batch is full");
        var held = new Queue<MqttInboundBatch>();
        for (var i = 1; i <= 2; i++)
        {
            held.Enqueue((await client.ReceiveAsync(Until.DeadlineToken()))!);
            await Until.TrueAsync(() => client.Counters.Received == 10 + 10 * i, "the next batch is full");
        }

        // Nobody reads for ten minutes. The server must still hear from us, and we must not blame it for being silent.
        var pause = client.Counters.Pauses;
        for (var i = 0; i < 40; i++)
        {
            time.Advance(TimeSpan.FromSeconds(15));
            await connection.ExpectAsync(0xC0, 0);
        }

        Assert.Equal((30, MqttConnectionState.Subscribed, pause), (client.Counters.Received, client.State, client.Counters.Pauses));
        Assert.False(flood.IsCompleted);
        var next = client.ReceiveAsync(Until.DeadlineToken());
        Assert.False(next.IsCompleted);

        var messages = 0;
        while (messages < Messages)
        {
            using (var batch = held.Dequeue())
            {
                messages += batch.Count;
                await batch.AcknowledgeAsync();
            }

            if (messages + held.Sum(batch => batch.Count) < Messages)
            {
                held.Enqueue((await next)!);
                next = client.ReceiveAsync(Until.DeadlineToken());
            }
        }

        await flood;
        Assert.Equal(0, client.Counters.Losses);
        await client.StopAsync(new CancellationToken(canceled: true));
        Assert.Null(await next);
    }

    [Fact]
    public async Task Pings_go_out_at_half_the_keep_alive_and_an_answer_keeps_the_connection()
    {
        var time = new ManualTime();
        await using var client = await StartAsync(_server.Options() with { KeepAlive = TimeSpan.FromSeconds(20) }, time);
        using var connection = await _server.AcceptClientAsync();
        await client.WaitConnectedAsync(Until.DeadlineToken());
        await WatchingAsync(client);

        for (var i = 0; i < 5; i++)
        {
            time.Advance(TimeSpan.FromSeconds(9));
            Assert.Equal(0, connection.Socket.Available);
            time.Advance(TimeSpan.FromSeconds(1));
            await connection.ExpectAsync(0xC0, 0);
            var before = client.Counters.ReceivedBytes;
            await connection.SendAsync(0xD0, 0);
            await Until.TrueAsync(() => client.Counters.ReceivedBytes > before, "the answer was read");
            await WatchingAsync(client);
        }

        Assert.Equal(0, client.Counters.Losses);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_a_ping_is_given_up_and_its_own_keep_alive_counts()
    {
        var time = new ManualTime();
        await using var client = await StartAsync(_server.Options(), time);
        using var connection = await _server.AcceptClientAsync(MqttVersion.V500, false, 0x13, 0, 8);
        await client.WaitConnectedAsync(Until.DeadlineToken());
        await WatchingAsync(client);

        time.Advance(TimeSpan.FromSeconds(4));
        await connection.ExpectAsync(0xC0, 0);
        time.Advance(TimeSpan.FromSeconds(7.9));
        Assert.Equal(0, client.Counters.Losses);
        var lost = NextLossAsync(client);
        time.Advance(TimeSpan.FromSeconds(0.1));

        Assert.Equal(MqttLossReason.KeepAliveTimeout, (await lost).Loss);
    }

    [Fact]
    public async Task A_publish_nobody_answers_makes_the_connection_suspect()
    {
        var time = new ManualTime();
        await using var client = await StartAsync(_server.Options() with { KeepAlive = TimeSpan.Zero }, time);
        using var connection = await _server.AcceptClientAsync();
        await client.WaitConnectedAsync(Until.DeadlineToken());
        await WatchingAsync(client);
        var publish = client.PublishAsync("t", default, MqttQos.AtLeastOnce, retain: false).AsTask();
        await connection.ReadAsync();

        time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(MqttConnectionState.Subscribed, client.State);
        var lost = NextLossAsync(client);
        time.Advance(TimeSpan.FromSeconds(7.5));

        Assert.Equal(MqttLossReason.AckTimeout, (await lost).Loss);
        Assert.False(publish.IsCompleted);
    }

    [Theory]
    [InlineData("30FFFFFF7F", 0x95)] // 256 MiB announced
    [InlineData("30FFFFFFFF01", 0x81)] // a length of five bytes
    [InlineData("3206000161000000", 0x82)] // packet identifier 0
    [InlineData("36060001610001" + "00", 0x81)] // QoS 3
    [InlineData("2003000000", 0x82)] // a second CONNACK
    [InlineData("8200", 0x81)] // a packet only clients send, with flags
    [InlineData("D101", 0x81)] // PINGRESP with flags; its body never comes
    [InlineData("D00100", 0x82)] // PINGRESP with a body
    [InlineData("9004FFFF0001", 0x82)] // an answer to no question
    public async Task A_packet_that_breaks_the_protocol_ends_the_connection_with_its_reason(string bytes, byte reason)
    {
        await using var client = await StartAsync(_server.Options());
        using (var connection = await _server.AcceptClientAsync())
        {
            await connection.SendAsync([.. Convert.FromHexString(bytes), 0, 0]);

            await connection.ExpectAsync(0xE0, 1, reason);
            await connection.ExpectClosedAsync();
        }

        using var second = await _server.AcceptClientAsync();
        await ConnectsAsync(client, 2);
        Assert.Equal(1, client.Counters.ProtocolErrors);
    }

    [Theory]
    [InlineData(2, 0)]
    [InlineData(3, 1)]
    public async Task More_unacknowledged_messages_than_agreed_end_the_connection(int messages, int errors)
    {
        await using var client = await StartAsync(_server.Options() with { ReceiveMaximum = 2 });
        using var connection = await _server.AcceptClientAsync();

        for (var id = 1; id <= messages; id++)
            await connection.PublishAsync("t", "x", 1, id);

        if (errors == 1)
            await connection.ExpectAsync(0xE0, 1, 0x93);
        else
            await Until.TrueAsync(() => client.Counters.Received == messages, "both arrived");
        Assert.Equal(errors, client.Counters.ProtocolErrors);
    }

    [Fact]
    public async Task A_server_that_sends_more_than_agreed_can_be_borne_and_is_counted()
    {
        await using var client = await StartAsync(_server.Options() with { ReceiveMaximum = 2, EnforceReceiveMaximum = false });
        using var connection = await _server.AcceptClientAsync();

        for (var id = 1; id <= 5; id++)
            await connection.PublishAsync("t", "x", 1, id);

        await Until.TrueAsync(() => client.Counters.Received == 5, "all arrived");
        Assert.Equal((3, 0), (client.Counters.OverReceiveMaximum, client.Counters.ProtocolErrors));
    }

    [Fact]
    public async Task A_server_that_says_goodbye_is_quoted()
    {
        await using var client = await StartAsync(_server.Options());
        using var connection = await _server.AcceptClientAsync();
        await client.WaitConnectedAsync(Until.DeadlineToken());

        var lost = NextLossAsync(client);
        await connection.SendAsync(0xE0, 7, 0x8B, 5, 0x1F, 0, 2, (byte)'b', (byte)'y');

        var change = await lost;
        Assert.Equal((MqttLossReason.ServerDisconnect, MqttReasonCode.ServerShuttingDown, "by"), (change.Loss, change.ReasonCode, change.Detail));
    }

    [Theory]
    [InlineData(false, new byte[] { 0xE0, 0 })]
    [InlineData(true, new byte[] { 0xE0, 1, 4 })]
    public async Task Stopping_writes_the_acknowledgements_given_and_then_says_goodbye(bool publishWill, byte[] goodbye)
    {
        await using var client = await StartAsync(_server.Options());
        using var connection = await _server.AcceptClientAsync();
        using var batch = await OneAsync(client, connection, id: 1);
        await batch.AcknowledgeAsync();
        var publish = client.PublishAsync("t", default, MqttQos.AtLeastOnce, retain: false).AsTask();

        var stopping = client.StopAsync(publishWill);

        await connection.ExpectAsync(0x40, 2, 0, 1);
        await connection.ReadAsync();
        await connection.ExpectAsync(goodbye);
        await connection.ExpectClosedAsync();
        connection.Dispose();
        await stopping;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => publish);
        Assert.Null(await client.ReceiveAsync());
        Assert.Equal(MqttConnectionState.Stopped, client.State);
    }

    [Fact]
    public async Task A_server_that_never_closes_cannot_keep_the_client_from_stopping()
    {
        var time = new ManualTime();
        await using var client = await StartAsync(_server.Options(), time);
        using var connection = await _server.AcceptClientAsync();
        await client.WaitConnectedAsync(Until.DeadlineToken());
        await WatchingAsync(client);

        var stopping = client.StopAsync();
        await connection.ExpectAsync(0xE0, 0);
        time.Advance(TimeSpan.FromSeconds(29));
        Assert.False(stopping.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));

        await stopping;
    }

    [Fact]
    public async Task A_caller_that_could_not_store_a_batch_gets_it_again()
    {
        await using var client = await StartAsync(_server.Options());
        using (var connection = await _server.AcceptClientAsync())
        {
            (await OneAsync(client, connection, id: 1)).Dispose();
            client.Reconnect();
            await connection.ExpectClosedAsync();
        }

        using var second = await _server.AcceptClientAsync(sessionPresent: true);
        using var again = await OneAsync(client, second, id: 1);
        await again.AcknowledgeAsync();
        await second.ExpectAsync(0x40, 2, 0, 1);
    }

    [Fact]
    public async Task A_watcher_sees_every_step_in_order()
    {
        await using var client = new MqttClient(_server.Options(), TimeProvider.System);
        var states = new List<MqttConnectionState>();
        var watching = Task.Run(async () =>
        {
            await foreach (var change in client.WatchAsync())
                states.Add(change.State);
        });
        await Until.TrueAsync(() => states.Count == 1, "the watcher began");
        await client.StartAsync();
        using (var connection = await _server.AcceptClientAsync())
            await client.WaitConnectedAsync(Until.DeadlineToken());
        using (var connection = await _server.AcceptClientAsync())
            await ConnectsAsync(client, 2);
        await client.StopAsync();
        await watching;

        MqttConnectionState[] expected =
        [
            MqttConnectionState.Idle,
            MqttConnectionState.Connecting, MqttConnectionState.Connected, MqttConnectionState.Subscribed, MqttConnectionState.Waiting,
            MqttConnectionState.Connecting, MqttConnectionState.Connected, MqttConnectionState.Subscribed,
        ];
        Assert.Equal(expected, states.Take(expected.Length));
        Assert.Equal(MqttConnectionState.Stopped, states[^1]);
    }

    private static async Task<MqttClient> StartAsync(MqttClientOptions options, TimeProvider? time = null)
    {
        var client = new MqttClient(options, time ?? TimeProvider.System);
        await client.StartAsync();
        return client;
    }

    /// <summary>Waits until the client has begun to watch its connection; a clock moved before that would be lost on it.</summary>
    private static Task WatchingAsync(MqttClient client) => Until.TrueAsync(() => client.Watching, "the connection is watched");

    private static Task ConnectsAsync(MqttClient client, int connects) => Until.TrueAsync(() => client.Counters.Connects == connects, "the client connected again");

    /// <summary>Watches from the call on: a reconnect without back-off passes too quickly to be looked for afterwards.</summary>
    private static async Task<MqttConnectionChange> NextLossAsync(MqttClient client)
    {
        await foreach (var change in client.WatchAsync(Until.DeadlineToken()))
        {
            if (change.State == MqttConnectionState.Waiting)
                return change;
        }

        throw new InvalidOperationException("The client stopped.");
    }

    private static async Task<MqttInboundBatch> OneAsync(MqttClient client, ScriptedConnection connection, int id, int qos = 1)
    {
        await connection.PublishAsync("t", "x", qos, id);
        return (await client.ReceiveAsync(Until.DeadlineToken()))!;
    }

    private static async Task<List<MqttInboundBatch>> ReceiveAsync(MqttClient client, int messages)
    {
        var batches = new List<MqttInboundBatch>();
        while (batches.Sum(batch => batch.Count) < messages)
            batches.Add((await client.ReceiveAsync(Until.DeadlineToken()))!);
        return batches;
    }

    /// <summary>Sends a message "last" and receives up to it; with a number, that many must have come by then.</summary>
    private static async Task<MqttInboundBatch> LastAsync(MqttClient client, ScriptedConnection connection, int id, int messages)
    {
        await connection.PublishAsync("t", "last", 1, id);
        var received = 0;
        while (true)
        {
            var batch = (await client.ReceiveAsync(Until.DeadlineToken()))!;
            received += batch.Count;
            if (batch[batch.Count - 1].Payload.SequenceEqual("last"u8))
            {
                Assert.True(messages == 0 || received == messages, $"{received} messages came instead of {messages}.");
                return batch;
            }

            batch.Dispose();
        }
    }
}

using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Tests.Mqtt.Conformance;

/// <summary>Chapter 4: sessions, delivery, order, topics, flow, errors.</summary>
public abstract class Operation(MqttVersion version) : ConformanceTest(version)
{
    protected async Task StateLivesAsLongAsTheConnection()
    {
        // The caller gave up; the message is under way all the same, and its identifier is not free.
        var (client, server) = await ConnectAsync(Options with { OutboundWindow = 2 });
        using var patience = new CancellationTokenSource();
        var given = client.PublishAsync("t", "1"u8.ToArray(), MqttQos.AtLeastOnce, retain: false, null, patience.Token).AsTask();
        var id = SentPublish.Parse(await server.ReadAsync(), IsV5).Id!.Value;
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        _ = PublishAsync(client, "2");
        Assert.NotEqual(id, SentPublish.Parse(await server.ReadAsync(), IsV5).Id);
        await PubAckAsync(server, id);
        await PublishAsync(client, "3", MqttQos.AtMostOnce);
        Assert.Equal("3", SentPublish.Parse(await server.ReadAsync(), IsV5).Text);
        Assert.Equal(0, client.Counters.ProtocolErrors);
    }

    protected async Task ManyPacketsInOnePieceAndOneInManyAreTheSame()
    {
        var (client, server) = await ConnectAsync();
        byte[] stream = [.. Publish("t"u8.ToArray(), "1"), .. Publish("t"u8.ToArray(), "2"), .. Publish("t"u8.ToArray(), new string('3', 5_000))];
        await server.SendAsync(stream);
        server.Socket.NoDelay = true;
        foreach (var one in stream.AsMemory(0, 12).ToArray())
            await server.SendAsync(one);
        await server.SendAsync(stream[12..]);
        var received = await TakeAsync(client, 6);
        Assert.Equal(received[..3], received[3..]);
        Assert.Equal(5_000, received[5].Length);
    }

    protected async Task Qos0IsSentAsQos0AndNotMarked()
    {
        var (client, server) = await ConnectAsync();
        await PublishAsync(client, qos: MqttQos.AtMostOnce);
        var sent = SentPublish.Parse(await server.ReadAsync(), IsV5);
        Assert.Equal((0, false, null), (sent.Qos, sent.Dup, sent.Id));
    }

    protected async Task Qos1IsSentUnmarkedUnderAFreshIdentifierAndOpenUntilAcknowledged()
    {
        var (client, server) = await ConnectAsync();
        var first = PublishAsync(client, "1");
        var second = PublishAsync(client, "2");
        var one = SentPublish.Parse(await server.ReadAsync(), IsV5);
        var two = SentPublish.Parse(await server.ReadAsync(), IsV5);
        Assert.Equal((1, false, 1, false), (one.Qos, one.Dup, two.Qos, two.Dup));
        Assert.NotEqual(one.Id, two.Id);

        // Other acknowledgements do not complete it.
        await server.SendAsync(0x70, 2, (byte)(one.Id!.Value >> 8), (byte)one.Id.Value);
        await PubAckAsync(server, two.Id!.Value);
        Assert.Equal(MqttReasonCode.Success, await second);
        Assert.False(first.IsCompleted);
        await PubAckAsync(server, one.Id.Value);
        Assert.Equal(MqttReasonCode.Success, await first);
    }

    protected async Task Qos1IsAcknowledgedOnceOwned()
    {
        var (client, server) = await ConnectAsync();
        await server.PublishAsync("t", "x", qos: 1, id: 7);
        using var batch = await ReceiveAsync(client);
        await server.ExpectNothingSaidAsync();
        await batch.AcknowledgeAsync();
        await server.ExpectAsync(0x40, 2, 0, 7);
    }

    protected async Task AnAcknowledgedIdentifierMeansANewMessageMarkedOrNot()
    {
        var (client, server) = await ConnectAsync();
        foreach (var dup in new[] { false, true, false })
        {
            await server.PublishAsync("t", $"{dup}", qos: 1, id: 7, dup);
            Assert.Equal([$"{dup}"], await TakeAsync(client, 1));
            await server.ExpectAsync(0x40, 2, 0, 7);
        }
    }

    protected async Task AReceiptOfAnUnknownMessageIsReleased()
    {
        var (_, server) = await ConnectAsync();
        await server.SendAsync(0x50, 2, 0x12, 0x34);
        var release = await server.ReadAsync();
        Assert.Equal((0x62, 0x1234), (release.First, release.Id));
    }

    protected async Task Qos2IsReceivedOnceOwned()
    {
        var (client, server) = await ConnectAsync();
        await server.PublishAsync("t", "x", qos: 2, id: 7);
        using var batch = await ReceiveAsync(client);
        await server.ExpectNothingSaidAsync();
        await batch.AcknowledgeAsync();
        await server.ExpectAsync(0x50, 2, 0, 7);
    }

    protected async Task ACopyBeforeItsReleaseIsReceivedAgainAndDeliveredOnce()
    {
        var (client, server) = await ConnectAsync();
        await server.PublishAsync("t", "first", qos: 2, id: 7);
        Assert.Equal(["first"], await TakeAsync(client, 1));
        await server.ExpectAsync(0x50, 2, 0, 7);
        await server.PublishAsync("t", "copy", qos: 2, id: 7, dup: true);
        await server.ExpectAsync(0x50, 2, 0, 7);
        await server.PublishAsync("t", "end", qos: 0);
        Assert.Equal(["end"], await TakeAsync(client, 1));
    }

    protected async Task AReleaseIsCompletedUnderItsIdentifierAndFreesIt()
    {
        var (client, server) = await ConnectAsync();
        for (var i = 0; i < 3; i++)
        {
            await server.PublishAsync("t", $"{i}", qos: 2, id: 7, dup: i == 2);
            Assert.Equal([$"{i}"], await TakeAsync(client, 1));
            await server.ExpectAsync(0x50, 2, 0, 7);
            await server.SendAsync(0x62, 2, 0, 7);
            await server.ExpectAsync(0x70, 2, 0, 7);
        }
    }

    protected async Task WhatWasNotAcknowledgedIsSentAgainInOrderAndNothingElse()
    {
        var (client, first) = await ConnectAsync();
        for (var i = 0; i < 5; i++)
            _ = PublishAsync(client, $"{i}");
        var ids = new List<int>();
        for (var i = 0; i < 5; i++)
            ids.Add(SentPublish.Parse(await first.ReadAsync(), IsV5).Id!.Value);
        await PubAckAsync(first, ids[1]);
        await PubAckAsync(first, ids[3]);
        await Until.TrueAsync(() => client.Counters.Published == 2, "two are acknowledged");
        first.Dispose();

        using var second = await AcceptClientAsync(sessionPresent: true);
        var again = new List<(string, int)>();
        for (var i = 0; i < 3; i++)
        {
            var sent = SentPublish.Parse(await second.ReadAsync(), IsV5);
            Assert.True(sent.Dup);
            again.Add((sent.Text, sent.Id!.Value));
        }

        Assert.Equal([("0", ids[0]), ("2", ids[2]), ("4", ids[4])], again);
        Assert.Equal(["E0 "], (await StopAndReadAsync(client, second)).Select(packet => packet.ToString()));
    }

    protected async Task WithinAConnectionNothingIsSentTwice()
    {
        var time = new ManualTime();
        var (client, server) = await ConnectAsync(Options with { AckTimeout = TimeSpan.FromMinutes(30), KeepAlive = TimeSpan.Zero }, time);
        await WatchingAsync(client);
        _ = PublishAsync(client);
        await server.ReadAsync();
        time.Advance(TimeSpan.FromMinutes(29));
        Assert.Equal(["E0 "], (await StopAndReadAsync(client, server)).Select(packet => packet.ToString()));
    }

    protected async Task WhatTheCallerCannotUseIsAcknowledgedAllTheSame()
    {
        var (client, server) = await ConnectAsync();
        await server.PublishAsync("nobody/asked", "junk", qos: 1, id: 1);
        using var batch = await ReceiveAsync(client);
        batch.Reject(0, MqttReasonCode.PayloadFormatInvalid);
        await batch.AcknowledgeAsync();
        Assert.Equal((0x40, 1), (await server.ReadAsync() is var ack ? ack.First : 0, 1));
    }

    protected async Task AcknowledgementsKeepTheOrderOfArrival(int qos)
    {
        var (client, server) = await ConnectAsync(Options with { InboundBatchMessages = 2 });
        int[] ids = [9, 3, 7, 1, 8, 2, 65_535, 4];
        await server.SendAsync([.. ids.SelectMany(id => Publish("t"u8.ToArray(), flags: qos << 1, id: id))]);
        var batches = new List<MqttInboundBatch>();
        while (batches.Sum(batch => batch.Count) < ids.Length)
            batches.Add(await ReceiveAsync(client));

        // The last is durable first.
        foreach (var batch in Enumerable.Reverse(batches))
        {
            await batch.AcknowledgeAsync();
            batch.Dispose();
        }

        foreach (var id in ids)
            Assert.Equal(((byte)(qos == 1 ? 0x40 : 0x50), id), (await server.ReadAsync() is var ack ? ack.First : (byte)0, ack.Id));
    }

    protected async Task ReleasesKeepTheOrderOfReceipts()
    {
        var (_, server) = await ConnectAsync();
        await server.SendAsync(0x50, 2, 0, 9, 0x50, 2, 0, 3, 0x50, 2, 0, 7);
        foreach (var id in new[] { 9, 3, 7 })
            Assert.Equal((0x62, id), (await server.ReadAsync() is var release ? release.First : 0, release.Id));
    }

    protected async Task NamesHaveNoWildcardsAndFiltersOnlyWhereTheyBelong()
    {
        await using var client = new MqttClient(Options, TimeProvider.System);
        await Assert.ThrowsAsync<ArgumentException>(async () => await client.PublishAsync("a/+/b", default, MqttQos.AtLeastOnce, retain: false));
        AssertFilters(good: ["#", "+", "a/#", "+/a/+", "/+", "+/#"], bad: []);
    }

    protected void AHashIsAloneAndLast() => AssertFilters(good: ["#", "a/#", "/#"], bad: ["a#", "a/#/b", "#/", "a/b#", "##"]);

    protected void APlusIsAloneInItsLevel() => AssertFilters(good: ["+", "+/+", "/+/", "a/+/b"], bad: ["a+", "+a", "a/b+/c", "++"]);

    protected async Task NamesAndFiltersHaveACharacter()
    {
        AssertFilters(good: ["a", "/", " "], bad: [""]);
        await using var client = new MqttClient(Options, TimeProvider.System);
        await Assert.ThrowsAsync<ArgumentException>(async () => await client.PublishAsync("", default, MqttQos.AtLeastOnce, retain: false));
        await EndsTheConnectionAsync((byte)(IsV5 ? 0x82 : 0), Publish([]));
    }

    protected async Task NamesAndFiltersHaveNoNullCharacter()
    {
        AssertFilters(good: [], bad: ["\0", "a/\0/b"]);
        await EndsTheConnectionAsync(0x81, Publish("a/\0"u8.ToArray()));
    }

    protected async Task NamesAndFiltersHaveAtMost65535Bytes()
    {
        // Characters of three bytes: 21,845 of them are exactly the limit.
        AssertFilters(good: [new string('楼', 21_845)], bad: [new string('楼', 21_845) + "a"]);
        var (client, server) = await ConnectAsync();
        _ = client.PublishAsync(new string('楼', 21_845), default, MqttQos.AtLeastOnce, retain: false).AsTask();
        Assert.Equal(21_845, SentPublish.Parse(await server.ReadAsync(), IsV5).Topic.Length);
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await client.PublishAsync(new string('楼', 21_846), default, MqttQos.AtLeastOnce, retain: false));
    }

    protected async Task ABrokenRuleEndsTheConnection()
    {
        // A packet of each type that a server must not send here, and packets that end too early or too late.
        byte[][] packets =
        [
            [0x00, 0], [0x10, 0], [0x80, 0], [0x82, 4, 0, 1, 0, 0], [0xA2, 4, 0, 1, 0, 0], [0xB0, 2, 0, 1], [0xC0, 0], [0xF0, 0],
            [0x40, 0], [0x40, 1, 0], [0x62, 0], [0xD0, 1, 0], [0x30, 0], [0x30, 1, 0], [0x30, 2, 0, 5],
        ];
        var client = await StartAsync();
        foreach (var packet in packets)
        {
            using var connection = await AcceptClientAsync();
            await connection.SendAsync(packet);
            var last = await connection.ReadToEndAsync();
            Assert.Equal(IsV5, last is [{ First: 0xE0 }]);
        }

        Assert.Equal(packets.Length, client.Counters.ProtocolErrors);
    }

    protected async Task WhatCouldNotBeProcessedIsFetchedAgainOverANewConnection()
    {
        var (client, first) = await ConnectAsync();
        await first.PublishAsync("t", "x", qos: 1, id: 1);
        (await ReceiveAsync(client)).Dispose();
        client.Reconnect();
        Assert.Empty(await first.ReadToEndAsync());
        using var second = await AcceptClientAsync(sessionPresent: true);
        await second.PublishAsync("t", "x", qos: 1, id: 1, dup: true);
        Assert.Equal(["x"], await TakeAsync(client, 1));
        await second.ExpectAsync(0x40, 2, 0, 1);
    }

    private protected void AssertFilters(string[] good, string[] bad)
    {
        Assert.All(good, filter => Assert.Empty((Options with { Subscriptions = [new MqttSubscription(filter)] }).Validate()));
        Assert.All(bad, filter => Assert.NotEmpty((Options with { Subscriptions = [new MqttSubscription(filter)] }).Validate()));
    }
}

public sealed class OperationV311() : Operation(MqttVersion.V311)
{
    [Fact]
    public Task MQTT_4_1_0_1_State_is_kept_for_the_whole_session() => StateLivesAsLongAsTheConnection();

    [Fact]
    public Task MQTT_4_1_0_2_A_session_lasts_at_least_as_long_as_its_connection() => StateLivesAsLongAsTheConnection();

    [Fact]
    public Task MQTT_4_3_1_1_Qos_0_is_sent_as_qos_0_and_not_marked() => Qos0IsSentAsQos0AndNotMarked();

    [Fact]
    public Task MQTT_4_3_2_1_Qos_1_is_sent_under_a_fresh_identifier_and_open_until_acknowledged() => Qos1IsSentUnmarkedUnderAFreshIdentifierAndOpenUntilAcknowledged();

    [Fact]
    public async Task MQTT_4_3_2_2_Qos_1_is_acknowledged_once_owned_and_its_identifier_is_free_then()
    {
        await Qos1IsAcknowledgedOnceOwned();
        await AnAcknowledgedIdentifierMeansANewMessageMarkedOrNot();
    }

    [Fact]
    public async Task MQTT_4_3_3_2_Qos_2_is_received_once_owned_and_delivered_once_and_freed_by_its_release()
    {
        await Qos2IsReceivedOnceOwned();
        await ACopyBeforeItsReleaseIsReceivedAgainAndDeliveredOnce();
        await AReleaseIsCompletedUnderItsIdentifierAndFreesIt();
    }

    [Fact]
    public Task MQTT_4_4_0_1_What_was_not_acknowledged_is_sent_again_under_its_identifier() => WhatWasNotAcknowledgedIsSentAgainInOrderAndNothingElse();

    [Fact]
    public Task MQTT_4_5_0_2_What_the_caller_cannot_use_is_acknowledged_all_the_same() => WhatTheCallerCannotUseIsAcknowledgedAllTheSame();

    [Fact]
    public Task MQTT_4_6_0_1_What_is_sent_again_keeps_its_order() => WhatWasNotAcknowledgedIsSentAgainInOrderAndNothingElse();

    [Fact]
    public Task MQTT_4_6_0_2_Acknowledgements_keep_the_order_of_arrival() => AcknowledgementsKeepTheOrderOfArrival(qos: 1);

    [Fact]
    public Task MQTT_4_6_0_3_Receipts_keep_the_order_of_arrival() => AcknowledgementsKeepTheOrderOfArrival(qos: 2);

    [Fact]
    public Task MQTT_4_6_0_4_Releases_keep_the_order_of_receipts() => ReleasesKeepTheOrderOfReceipts();

    [Fact]
    public Task MQTT_4_7_1_1_Wildcards_stand_in_filters_only() => NamesHaveNoWildcardsAndFiltersOnlyWhereTheyBelong();

    [Fact]
    public void MQTT_4_7_1_2_A_hash_is_alone_and_last() => AHashIsAloneAndLast();

    [Fact]
    public void MQTT_4_7_1_3_A_plus_is_alone_in_its_level() => APlusIsAloneInItsLevel();

    [Fact]
    public async Task MQTT_4_7_3_1_Names_and_filters_have_a_character()
    {
        // 3.1.1 has no aliases: an empty name is simply no name.
        AssertFilters(good: ["a"], bad: [""]);
        await NamesAndFiltersHaveACharacter();
    }

    [Fact]
    public Task MQTT_4_7_3_2_Names_and_filters_have_no_null_character() => NamesAndFiltersHaveNoNullCharacter();

    [Fact]
    public Task MQTT_4_7_3_3_Names_and_filters_have_at_most_65535_bytes() => NamesAndFiltersHaveAtMost65535Bytes();

    [Fact]
    public Task MQTT_4_8_0_1_A_broken_rule_ends_the_connection() => ABrokenRuleEndsTheConnection();

    [Fact]
    public Task MQTT_4_8_0_2_What_could_not_be_processed_for_now_ends_the_connection() => WhatCouldNotBeProcessedIsFetchedAgainOverANewConnection();

    [Fact]
    public Task MQTT_7_1_2_1_Tcp_is_a_stream_whatever_its_pieces() => ManyPacketsInOnePieceAndOneInManyAreTheSame();
}

public sealed class OperationV500() : Operation(MqttVersion.V500)
{
    [Fact]
    public Task MQTT_4_1_0_1_State_lives_as_long_as_the_connection() => StateLivesAsLongAsTheConnection();

    [Fact]
    public Task MQTT_4_2_0_1_Tcp_is_a_stream_whatever_its_pieces() => ManyPacketsInOnePieceAndOneInManyAreTheSame();

    [Fact]
    public Task MQTT_4_3_1_1_Qos_0_is_sent_as_qos_0_and_not_marked() => Qos0IsSentAsQos0AndNotMarked();

    [Fact]
    public Task MQTT_4_3_2_1_Qos_1_is_sent_under_a_fresh_identifier() => Qos1IsSentUnmarkedUnderAFreshIdentifierAndOpenUntilAcknowledged();

    [Fact]
    public Task MQTT_4_3_2_2_Qos_1_is_sent_as_qos_1_and_not_marked() => Qos1IsSentUnmarkedUnderAFreshIdentifierAndOpenUntilAcknowledged();

    [Fact]
    public Task MQTT_4_3_2_3_Qos_1_is_open_until_acknowledged() => Qos1IsSentUnmarkedUnderAFreshIdentifierAndOpenUntilAcknowledged();

    [Fact]
    public Task MQTT_4_3_2_4_Qos_1_is_acknowledged_once_owned() => Qos1IsAcknowledgedOnceOwned();

    [Fact]
    public Task MQTT_4_3_2_5_An_acknowledged_identifier_means_a_new_message() => AnAcknowledgedIdentifierMeansANewMessageMarkedOrNot();

    [Fact]
    public Task MQTT_4_3_3_4_A_receipt_is_released_under_its_identifier() => AReceiptOfAnUnknownMessageIsReleased();

    [Fact]
    public async Task MQTT_4_3_3_4_A_refusal_is_not_released()
    {
        var (client, server) = await ConnectAsync();
        await server.SendAsync(0x50, 3, 0, 9, 0x97);
        await server.PublishAsync("t", "x", qos: 1, id: 1);
        await TakeAsync(client, 1);
        await server.ExpectAsync(0x40, 2, 0, 1);
    }

    [Fact]
    public Task MQTT_4_3_3_8_Qos_2_is_received_once_owned() => Qos2IsReceivedOnceOwned();

    [Fact]
    public async Task MQTT_4_3_3_9_After_a_refusal_the_identifier_means_a_new_message()
    {
        var (client, server) = await ConnectAsync();
        await server.PublishAsync("t", "bad", qos: 2, id: 7);
        using (var batch = await ReceiveAsync(client))
        {
            batch.Reject(0, MqttReasonCode.PayloadFormatInvalid);
            await batch.AcknowledgeAsync();
        }

        await server.ExpectAsync(0x50, 3, 0, 7, 0x99);
        await server.PublishAsync("t", "good", qos: 2, id: 7, dup: true);
        Assert.Equal(["good"], await TakeAsync(client, 1));
    }

    [Fact]
    public Task MQTT_4_3_3_10_A_copy_before_its_release_is_received_again_and_delivered_once() => ACopyBeforeItsReleaseIsReceivedAgainAndDeliveredOnce();

    [Fact]
    public Task MQTT_4_3_3_11_A_release_is_completed_under_its_identifier() => AReleaseIsCompletedUnderItsIdentifierAndFreesIt();

    [Fact]
    public Task MQTT_4_3_3_12_A_completed_identifier_means_a_new_message() => AReleaseIsCompletedUnderItsIdentifierAndFreesIt();

    [Fact]
    public async Task MQTT_4_3_3_13_An_expired_message_is_acknowledged_to_the_end()
    {
        var (client, server) = await ConnectAsync();
        await server.SendAsync(Publish("t"u8.ToArray(), "late", flags: 4, id: 7, 0x02, 0, 0, 0, 0));
        Assert.Equal(["late"], await TakeAsync(client, 1));
        await server.ExpectAsync(0x50, 2, 0, 7);
        await server.SendAsync(0x62, 2, 0, 7);
        await server.ExpectAsync(0x70, 2, 0, 7);
    }

    [Fact]
    public async Task MQTT_4_4_0_1_What_was_not_acknowledged_is_sent_again_on_the_next_connection_and_only_there()
    {
        await WhatWasNotAcknowledgedIsSentAgainInOrderAndNothingElse();
        await WithinAConnectionNothingIsSentTwice();
    }

    [Fact]
    public async Task MQTT_4_4_0_2_A_refused_message_is_not_sent_again()
    {
        var (client, first) = await ConnectAsync();
        var publish = PublishAsync(client);
        var id = (await first.ReadAsync()).Id;
        await first.SendAsync(0x40, 3, (byte)(id >> 8), (byte)id, 0x97);
        Assert.Equal(MqttReasonCode.QuotaExceeded, await publish);
        first.Dispose();
        using var second = await AcceptClientAsync(sessionPresent: true);
        await ConnectsAsync(client, 2);
        Assert.Equal(["E0 "], (await StopAndReadAsync(client, second)).Select(packet => packet.ToString()));
    }

    [Fact]
    public Task MQTT_4_5_0_2_What_the_caller_cannot_use_is_acknowledged_all_the_same() => WhatTheCallerCannotUseIsAcknowledgedAllTheSame();

    [Fact]
    public Task MQTT_4_6_0_1_What_is_sent_again_keeps_its_order() => WhatWasNotAcknowledgedIsSentAgainInOrderAndNothingElse();

    [Fact]
    public Task MQTT_4_6_0_2_Acknowledgements_keep_the_order_of_arrival() => AcknowledgementsKeepTheOrderOfArrival(qos: 1);

    [Fact]
    public Task MQTT_4_6_0_3_Receipts_keep_the_order_of_arrival() => AcknowledgementsKeepTheOrderOfArrival(qos: 2);

    [Fact]
    public Task MQTT_4_6_0_4_Releases_keep_the_order_of_receipts() => ReleasesKeepTheOrderOfReceipts();

    [Fact]
    public Task MQTT_4_7_0_1_Wildcards_stand_in_filters_only() => NamesHaveNoWildcardsAndFiltersOnlyWhereTheyBelong();

    [Fact]
    public void MQTT_4_7_1_1_A_hash_is_alone_and_last() => AHashIsAloneAndLast();

    [Fact]
    public void MQTT_4_7_1_2_A_plus_is_alone_in_its_level() => APlusIsAloneInItsLevel();

    [Fact]
    public Task MQTT_4_7_3_1_Names_and_filters_have_a_character() => NamesAndFiltersHaveACharacter();

    [Fact]
    public Task MQTT_4_7_3_2_Names_and_filters_have_no_null_character() => NamesAndFiltersHaveNoNullCharacter();

    [Fact]
    public Task MQTT_4_7_3_3_Names_and_filters_have_at_most_65535_bytes() => NamesAndFiltersHaveAtMost65535Bytes();

    [Fact]
    public void MQTT_4_8_2_1_A_share_has_a_name() => AssertFilters(good: ["$share/a/t", "$share/a/#"], bad: ["$share//t", "$share/"]);

    [Fact]
    public void MQTT_4_8_2_2_A_share_name_has_no_wildcard_and_a_filter_behind_it() =>
        AssertFilters(good: ["$share/a//", "$share/a/+/b"], bad: ["$share/+/t", "$share/#", "$share/a", "$share/a/", "$share/a/b#"]);

    [Fact]
    public async Task MQTT_4_9_0_1_The_quota_begins_with_the_servers_receive_maximum()
    {
        // 65,535 where it says nothing: our own window is the narrower then.
        var (client, server) = await ConnectAsync(Options with { OutboundWindow = 2 });
        for (var i = 0; i < 3; i++)
            _ = PublishAsync(client, $"{i}");
        await server.ReadAsync();
        var second = await server.ReadAsync();
        await server.ExpectNothingSaidAsync();
        await PubAckAsync(server, second.Id);
        Assert.Equal("2", SentPublish.Parse(await server.ReadAsync(), isV5: true).Text);
    }

    [Fact]
    public async Task MQTT_4_9_0_2_Without_quota_no_message_above_qos_0_is_sent()
    {
        var (client, server) = await ConnectAsync(properties: [0x21, 0, 1]);
        _ = PublishAsync(client, "1");
        _ = PublishAsync(client, "2");
        var first = await server.ReadAsync();
        // An acknowledgement of nothing under way gives no quota back.
        await PubAckAsync(server, first.Id + 1);
        await server.ExpectNothingSaidAsync();
        await PubAckAsync(server, first.Id);
        Assert.Equal("2", SentPublish.Parse(await server.ReadAsync(), isV5: true).Text);
    }

    [Fact]
    public async Task MQTT_4_9_0_3_Without_quota_everything_else_goes_on()
    {
        var time = new ManualTime();
        var (client, server) = await ConnectAsync(Options with { KeepAlive = TimeSpan.FromSeconds(8) }, time, 0x21, 0, 1);
        await WatchingAsync(client);
        _ = PublishAsync(client, "under way");
        _ = PublishAsync(client, "waits");
        await server.ReadAsync();
        await server.SendAsync(0x62, 2, 0, 5);
        await server.ExpectAsync(0x70, 3, 0, 5, 0x92);
        time.Advance(TimeSpan.FromSeconds(6));
        await server.ExpectAsync(0xC0, 0);
    }

    [Fact]
    public Task MQTT_4_12_0_6_A_server_that_speaks_of_authentication_unasked_is_left() =>
        IsNoAnswerToConnectAsync(Options, WithProperties(0x20, [0, 0], 0x15, 0, 1, (byte)'m'), WithProperties(0x20, [0, 0], 0x16, 0, 1, 1), [0xF0, 2, 0x18, 0]);

    [Fact]
    public async Task MQTT_4_12_0_7_We_send_no_authentication_packet()
    {
        var (client, server) = await ConnectAsync();
        await server.SendAsync(0xF0, 2, 0x18, 0);
        Assert.Equal(["E0 82"], (await server.ReadToEndAsync()).Select(packet => packet.ToString()));
        Assert.Equal(1, client.Counters.ProtocolErrors);
    }

    [Fact]
    public Task MQTT_4_13_1_1_A_broken_rule_ends_the_connection_and_is_told_why() => ABrokenRuleEndsTheConnection();

    [Theory]
    [InlineData(0x8B, MqttLossReason.ServerDisconnect)]
    [InlineData(0x00, MqttLossReason.ServerDisconnect)]
    public async Task MQTT_4_13_2_1_After_the_servers_goodbye_the_connection_is_closed(byte reason, MqttLossReason expected)
    {
        var (client, server) = await ConnectAsync(Options with { Jitter = () => 0.99, ReconnectMin = TimeSpan.FromMinutes(1), ReconnectMax = TimeSpan.FromMinutes(1) });
        await server.SendAsync(0xE0, 1, reason);
        Assert.Empty(await server.ReadToEndAsync());
        await Until.TrueAsync(() => client.LastChange.Loss == expected, "the goodbye is understood");
        Assert.Equal((MqttReasonCode)reason, client.LastChange.ReasonCode);
    }
}

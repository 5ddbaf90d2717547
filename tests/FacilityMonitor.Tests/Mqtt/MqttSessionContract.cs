using System.Text;
using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Tests.Mqtt;

/// <summary>What ingest relies on, whoever's client is behind the port; each implementation runs the same tests.</summary>
public abstract class MqttSessionContract : IAsyncLifetime
{
    private readonly List<IMqttSession> _sessions = [];
    private readonly List<ScriptedConnection> _connections = [];

    private ScriptedServer Server { get; } = new();

    /// <summary>The clock of a session that a test is patient with.</summary>
    private ManualTime Time { get; } = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        // The listener last: a client that still tries must not knock at the server of another test that was just given its port.
        foreach (var connection in _connections)
            connection.Dispose();
        foreach (var session in _sessions)
            await session.DisposeAsync();
        Server.Dispose();
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    public async Task Nothing_is_acknowledged_until_the_caller_says_durable(MqttVersion version)
    {
        var (session, server) = await ConnectAsync(Server.Options(version));
        await server.PublishAsync("t", "zero", qos: 0);
        await server.PublishAsync("t", "one", qos: 1, id: 7);
        var batches = await ReceiveAsync(session, 2);
        await ExpectNothingSaidAsync(session, server);

        foreach (var batch in batches)
            await batch.AcknowledgeAsync();
        await ExpectAckAsync(server, 7);
    }

    [Fact]
    public async Task A_batch_that_is_durable_before_an_earlier_one_waits_for_it()
    {
        var (session, server) = await ConnectAsync(Server.Options());
        var first = await OneAsync(session, server, id: 1);
        var second = await OneAsync(session, server, id: 2);

        await second.AcknowledgeAsync();
        second.Dispose();
        await ExpectNothingSaidAsync(session, server);
        await first.AcknowledgeAsync();
        first.Dispose();
        await ExpectAckAsync(server, 1);
        await ExpectAckAsync(server, 2);
    }

    [Fact]
    public async Task A_batch_given_back_unacknowledged_is_left_to_the_server_and_later_ones_pass()
    {
        var (session, server) = await ConnectAsync(Server.Options());
        var first = await OneAsync(session, server, id: 1);
        var second = await OneAsync(session, server, id: 2);
        await second.AcknowledgeAsync();
        first.Dispose();
        second.Dispose();
        await ExpectAckAsync(server, 2);
    }

    [Theory]
    [InlineData(MqttVersion.V500, true)]
    [InlineData(MqttVersion.V311, false)]
    public async Task An_unusable_message_is_answered_with_its_reason_where_the_protocol_has_one(MqttVersion version, bool told)
    {
        var (session, server) = await ConnectAsync(Server.Options(version));
        using var batch = await OneAsync(session, server, id: 1);
        batch.Reject(0, MqttReasonCode.PayloadFormatInvalid);
        await batch.AcknowledgeAsync();
        var ack = await server.ReadAsync();
        Assert.Equal((0x40, 1, told), (ack.First, ack.Id, ack.Body.Length > 2 && ack.Body[2] == 0x99));
    }

    [Fact]
    public async Task An_acknowledgement_for_a_lost_connection_is_never_sent_on_the_next_one()
    {
        var (session, server) = await ConnectAsync(Server.Options());
        var old = await OneAsync(session, server, id: 1);
        server.Dispose();
        var next = await AcceptAsync(MqttVersion.V500, sessionPresent: true);
        await StateAsync(session, MqttConnectionState.Subscribed, connects: 2);
        using var fresh = await OneAsync(session, next, id: 2);
        await old.AcknowledgeAsync();
        old.Dispose();
        await fresh.AcknowledgeAsync();
        await ExpectAckAsync(next, 2);
    }

    [Fact]
    public async Task A_caller_that_holds_its_batches_gets_no_more_until_it_gives_one_back()
    {
        var (session, server) = await ConnectAsync(Server.Options() with { InboundBatchMessages = 1, InboundBatchesInFlight = 2 });
        for (var id = 1; id <= 5; id++)
            await server.PublishAsync("t", $"{id}", qos: 1, id);
        var first = (await session.ReceiveAsync(Until.DeadlineToken()))!;
        using var second = (await session.ReceiveAsync(Until.DeadlineToken()))!;
        var third = session.ReceiveAsync(Until.DeadlineToken()).AsTask();
        Assert.False(third.IsCompleted);
        await first.AcknowledgeAsync();
        first.Dispose();
        using var batch = (await third)!;
        Assert.Equal("3", Encoding.UTF8.GetString(batch[0].Payload));
    }

    [Fact]
    public async Task A_caller_that_may_hold_more_gets_more_and_then_no_more_than_before()
    {
        var (session, server) = await ConnectAsync(Server.Options() with { InboundBatchMessages = 1, InboundBatchesInFlight = 1 });
        for (var id = 1; id <= 5; id++)
            await server.PublishAsync("t", $"{id}", qos: 1, id);
        var held = new List<IMqttBatch> { (await session.ReceiveAsync(Until.DeadlineToken()))! };
        var waiting = session.ReceiveAsync(Until.DeadlineToken()).AsTask();
        Assert.False(waiting.IsCompleted);

        session.MayHold(3);
        held.Add((await waiting)!);
        held.Add((await session.ReceiveAsync(Until.DeadlineToken()))!);
        waiting = session.ReceiveAsync(Until.DeadlineToken()).AsTask();
        Assert.False(waiting.IsCompleted);

        session.MayHold(1);
        foreach (var batch in held)
        {
            Assert.False(waiting.IsCompleted);
            await batch.AcknowledgeAsync();
            batch.Dispose();
        }

        using (var fourth = (await waiting)!)
            Assert.Equal("4", Encoding.UTF8.GetString(fourth[0].Payload));
        Assert.Throws<ArgumentOutOfRangeException>(() => session.MayHold(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => session.MayHold(MqttClientOptions.InboundBatchesMax + 1));
    }

    [Fact]
    public async Task A_message_of_qos_1_is_sent_again_when_its_connection_breaks_and_completes_with_the_answer()
    {
        var (session, server) = await ConnectAsync(Server.Options());
        var publish = session.PublishAsync("t", "hello"u8.ToArray(), MqttQos.AtLeastOnce, retain: false, null, Until.DeadlineToken()).AsTask();
        Assert.Equal(0x32, (await server.ReadAsync()).First);
        server.Dispose();
        var next = await AcceptAsync(MqttVersion.V500, sessionPresent: true);
        var again = await next.ReadAsync();
        Assert.Equal(0x32, again.First & 0xF7);
        await next.SendAsync(0x40, 4, (byte)(again.Id >> 8), (byte)again.Id, 0x10, 0);
        Assert.Equal(MqttReasonCode.NoMatchingSubscribers, await publish);
    }

    [Fact]
    public async Task Without_a_connection_qos_0_is_given_up_and_a_wildcard_is_never_sent()
    {
        await using var session = Open(Server.Options());
        Assert.Equal(MqttReasonCode.ServerUnavailable, await session.PublishAsync("t", default, MqttQos.AtMostOnce, retain: false));
        await Assert.ThrowsAsync<ArgumentException>(async () => await session.PublishAsync("a/+", default, MqttQos.AtMostOnce, retain: false));
    }

    [Fact]
    public async Task A_refused_login_is_reported_with_its_reason_and_tried_again()
    {
        var session = Start(Server.Options() with { Username = "u", Password = "wrong", Jitter = () => 0.5 });
        var refusals = 0;
        var watching = Task.Run(async () =>
        {
            await foreach (var change in session.WatchAsync(Until.DeadlineToken()))
            {
                if (change is { State: MqttConnectionState.Waiting, Loss: MqttLossReason.Refused, ReasonCode: MqttReasonCode.BadUserNameOrPassword } && ++refusals == 2)
                    return;
            }
        });
        for (var i = 0; i < 2; i++)
        {
            using var connection = await Server.AcceptAsync();
            await connection.ReadAsync();
            await connection.ConnAckAsync(0x86);
        }

        await watching;
    }

    [Fact]
    public async Task Stopping_says_goodbye_and_ends_those_who_wait()
    {
        var (session, server) = await ConnectAsync(Server.Options());
        var waiting = session.ReceiveAsync(Until.DeadlineToken()).AsTask();
        var stopping = session.StopAsync();
        var packets = await server.ReadToEndAsync();
        server.Dispose();
        await stopping;
        Assert.Equal(0xE0, packets[^1].First);
        Assert.Null(await waiting);
        Assert.Equal(MqttConnectionState.Stopped, session.LastChange.State);
    }

    [RealServerFact("mosquitto")]
    public async Task A_backlog_of_a_real_broker_comes_in_order_without_a_gap_and_what_was_not_acknowledged_comes_again()
    {
        const int Messages = 3_000;
        await using var broker = await MosquittoBroker.StartAsync();
        var options = Server.Options(MqttVersion.V500, new MqttSubscription("t")) with { Port = broker.Port, EnforceReceiveMaximum = false, InboundBatchMessages = 100 };
        await using (var first = Open(options))
        {
            await first.StartAsync();
            await StateAsync(first, MqttConnectionState.Subscribed);
            await first.StopAsync();
        }

        await using (var device = Open(options with { ClientId = "device", Subscriptions = [] }))
        {
            await device.StartAsync();
            for (var number = 0; number < Messages; number++)
                await device.PublishAsync("t", BitConverter.GetBytes(number), MqttQos.AtLeastOnce, retain: false, null, Until.DeadlineToken());
        }

        var durable = 0;
        while (durable < Messages)
        {
            // Each process acknowledges some, takes one more batch and ends with it in its hands.
            await using var session = Open(options);
            await session.StartAsync();
            int? next = null;
            for (var batches = 0; batches < 12 && durable < Messages; batches++)
            {
                using var batch = (await session.ReceiveAsync(Until.DeadlineToken()))!;
                next ??= Math.Min(durable, BitConverter.ToInt32(batch[0].Payload));
                for (var i = 0; i < batch.Count; i++)
                    Assert.Equal(next++, BitConverter.ToInt32(batch[i].Payload));
                if (batches == 11)
                    break;
                durable = Math.Max(durable, next.Value);
                await batch.AcknowledgeAsync();
            }
        }
    }

    [Fact]
    public async Task After_a_reconnect_it_asks_for_its_filters_again_whether_or_not_the_server_kept_the_session()
    {
        var session = Start(Server.Options(MqttVersion.V500, new MqttSubscription("a"), new MqttSubscription("b/#")));
        foreach (var sessionPresent in new[] { false, true, false })
        {
            using var connection = await Server.AcceptClientAsync(MqttVersion.V500, sessionPresent);
            var subscribe = await connection.SubAckAsync(1, 1);
            Assert.Contains("b/#", Encoding.UTF8.GetString(subscribe.Body), StringComparison.Ordinal);
            await Until.TrueAsync(() => session.LastChange is { State: MqttConnectionState.Subscribed, Subscriptions.Count: 2 }, "both filters are answered");
            await connection.PublishAsync("a", $"{sessionPresent}", qos: 1, id: 9);
            using var batch = (await session.ReceiveAsync(Until.DeadlineToken()))!;
            Assert.Equal($"{sessionPresent}", Encoding.UTF8.GetString(batch[0].Payload));
        }
    }

    [RealServerFact("mosquitto")]
    public async Task A_broker_that_lost_the_session_is_asked_again_and_delivers()
    {
        // Without persistence a killed broker comes back knowing nobody.
        await using var broker = await MosquittoBroker.StartAsync("persistence false");
        var session = Start(Server.Options(MqttVersion.V500, new MqttSubscription("t")) with { Port = broker.Port, CleanStart = false, SessionExpiry = TimeSpan.FromHours(1), Jitter = () => 0.5 });
        await StateAsync(session, MqttConnectionState.Subscribed);
        await broker.KillAsync();
        await Until.TrueAsync(() => session.LastChange.State is not MqttConnectionState.Subscribed, "the loss is seen");
        await broker.StartAgainAsync();
        await StateAsync(session, MqttConnectionState.Subscribed);
        await using var device = Open(Server.Options() with { Port = broker.Port, ClientId = "device" });
        await device.StartAsync();
        Assert.Equal(MqttReasonCode.Success, await device.PublishAsync("t", "hello"u8.ToArray(), MqttQos.AtLeastOnce, retain: false, null, Until.DeadlineToken()));
        using var batch = (await session.ReceiveAsync(Until.DeadlineToken()))!;
        Assert.Equal("hello", Encoding.UTF8.GetString(batch[0].Payload));
    }

    [RealServerTheory("mosquitto")]
    [InlineData("ca.pem", null, true)]
    [InlineData("ca.pem", "127.0.0.1", true)]
    [InlineData("other-ca.pem", null, false)]
    [InlineData("ca.pem", "broker.example", false)]
    [InlineData(null, null, false)]
    public async Task A_broker_is_believed_only_if_our_authority_vouches_for_that_name(string? authority, string? name, bool isBelieved)
    {
        await using var broker = await StartTlsAsync("require_certificate false");
        var tls = new MqttTls { CaFile = authority is null ? null : Path.Combine(broker.Folder, authority), ServerName = name };
        var session = Start(Server.Options(MqttVersion.V500, new MqttSubscription("t")) with { Port = broker.Port, Tls = tls, Jitter = () => 0.5 });
        if (isBelieved)
        {
            await StateAsync(session, MqttConnectionState.Subscribed);
            Assert.Equal(MqttReasonCode.Success, await session.PublishAsync("t", "x"u8.ToArray(), MqttQos.AtLeastOnce, retain: false, null, Until.DeadlineToken()));
            return;
        }

        await AssertRefusedTlsAsync(session);
    }

    [RealServerTheory("mosquitto")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_broker_that_wants_our_certificate_gets_it(bool hasCertificate)
    {
        await using var broker = await StartTlsAsync("require_certificate true");
        var tls = new MqttTls { CaFile = Path.Combine(broker.Folder, "ca.pem") };
        if (hasCertificate)
            tls = tls with { ClientCertificateFile = Path.Combine(broker.Folder, "client.pem"), ClientKeyFile = Path.Combine(broker.Folder, "client.key") };
        var session = Start(Server.Options() with { Port = broker.Port, Tls = tls, Jitter = () => 0.5 });
        if (hasCertificate)
            await StateAsync(session, MqttConnectionState.Subscribed);
        else
            await Until.TrueAsync(() => session.LastChange is { State: MqttConnectionState.Waiting, Loss: not MqttLossReason.None }, "the broker hangs up");
    }

    [RealServerFact("mosquitto")]
    public async Task The_will_of_a_real_session_is_published_when_asked_for()
    {
        await using var broker = await MosquittoBroker.StartAsync();
        var options = Server.Options() with { Port = broker.Port };
        await using var watcher = Open(options with { ClientId = "watcher", Subscriptions = [new MqttSubscription("state")] });
        await watcher.StartAsync();
        await StateAsync(watcher, MqttConnectionState.Subscribed);
        await using (var mortal = Open(options with { ClientId = "mortal", Will = new MqttWill("state", "gone"u8.ToArray(), Retain: false) }))
        {
            await mortal.StartAsync();
            await StateAsync(mortal, MqttConnectionState.Subscribed);
            await mortal.StopAsync(publishWill: true);
        }

        using var batch = (await watcher.ReceiveAsync(Until.DeadlineToken()))!;
        Assert.Equal("gone", Encoding.UTF8.GetString(batch[0].Payload));
    }

    private static async Task<MosquittoBroker> StartTlsAsync(string certificates)
    {
        var folder = Directory.CreateTempSubdirectory("fm-certificates-").FullName;
        TestCertificates.WriteTo(folder);
        var broker = await MosquittoBroker.StartAsync(
            "listener {port} 127.0.0.1", $"cafile {folder}/ca.pem", $"certfile {folder}/server.pem", $"keyfile {folder}/server.key", certificates);
        foreach (var file in Directory.GetFiles(folder))
            File.Copy(file, Path.Combine(broker.Folder, Path.GetFileName(file)));
        Directory.Delete(folder, recursive: true);
        return broker;
    }

    /// <summary>It tries again and again, and never gets as far as being connected.</summary>
    private async Task AssertRefusedTlsAsync(IMqttSession session)
    {
        var refusals = 0;
        await foreach (var change in session.WatchAsync(Until.DeadlineToken()))
        {
            Assert.False(change.State is MqttConnectionState.Connected or MqttConnectionState.Subscribed, $"It is {change.State}.");
            if (change is { State: MqttConnectionState.Waiting, Loss: var loss })
            {
                Assert.Equal(TlsLoss, loss);
                if (++refusals == 2)
                    return;
            }
        }
    }

    [Fact]
    public async Task A_message_that_is_void_by_the_time_the_broker_is_there_is_never_sent()
    {
        var session = Open(Server.Options(), Time);
        _sessions.Add(session);
        var late = session.PublishAsync("t", "off"u8.ToArray(), MqttQos.AtLeastOnce, retain: false, new MqttPublishProperties { MessageExpiry = TimeSpan.FromMilliseconds(50) }).AsTask();
        Time.Advance(TimeSpan.FromMilliseconds(100));
        _ = session.StartAsync();
        var server = await AcceptAsync(MqttVersion.V500);
        var end = session.PublishAsync("t", "end"u8.ToArray(), MqttQos.AtLeastOnce, retain: false).AsTask();

        var first = await server.ReadAsync();

        Assert.EndsWith("end", Encoding.UTF8.GetString(first.Body), StringComparison.Ordinal);
        Assert.Equal(MqttReasonCode.ServerUnavailable, await late);
        Assert.False(end.IsCompleted);
    }

    // None at all would mean for ever.
    [Fact]
    public async Task What_is_worth_less_than_a_second_is_told_with_an_expiry_of_one()
    {
        var (session, server) = await ConnectAsync(Server.Options(), Time);
        var publish = session.PublishAsync("t", "off"u8.ToArray(), MqttQos.AtLeastOnce, retain: false, new MqttPublishProperties { MessageExpiry = TimeSpan.FromMilliseconds(900) }).AsTask();

        var packet = await server.ReadAsync();

        ReadOnlySpan<byte> oneSecond = [0x02, 0, 0, 0, 1];
        Assert.True(packet.Body.AsSpan().IndexOf(oneSecond) > 0, Convert.ToHexString(packet.Body));
        Assert.False(publish.IsCompleted);
    }

    [Fact]
    public async Task What_an_earlier_process_asked_for_and_nobody_wants_any_more_is_given_up()
    {
        var session = Start(Server.Options(MqttVersion.V500, new MqttSubscription("kept")) with { Retired = ["gone"] });
        Assert.Equal(["gone"], session.Retired);
        var server = await AcceptAsync(MqttVersion.V500, sessionPresent: true);
        // Which of the two comes first is the client's own affair.
        var said = new List<string>();
        for (var number = 0; number < 2; number++)
        {
            var packet = await server.ReadAsync();
            said.Add($"{packet.First:X2} {(Encoding.UTF8.GetString(packet.Body).Contains("gone", StringComparison.Ordinal) ? "gone" : "kept")}");
            await server.SendAsync(ScriptedConnection.Packet((byte)(packet.First == 0xA2 ? 0xB0 : 0x90), [packet.Body[0], packet.Body[1], 0, (byte)(packet.First == 0xA2 ? 0 : 1)]));
        }

        Assert.Equal(["82 kept", "A2 gone"], said.Order());
        await Until.TrueAsync(() => session.Retired.Count == 0, "the server having given it up");
    }

    [Fact]
    public async Task A_publish_that_nobody_answers_ends_the_connection()
    {
        var (session, server) = await ConnectAsync(Server.Options() with { KeepAlive = TimeSpan.Zero }, Time);
        var loss = LossAsync(session);
        var publish = session.PublishAsync("t", "off"u8.ToArray(), MqttQos.AtLeastOnce, retain: false, null, Until.DeadlineToken()).AsTask();
        Assert.Equal(0x32, (await server.ReadAsync()).First);

        Assert.Equal(MqttLossReason.AckTimeout, await PatienceEndsAsync(loss));
        Assert.False(publish.IsCompleted);
    }

    [Fact]
    public async Task Subscriptions_that_nobody_answers_end_the_connection()
    {
        var session = Open(Server.Options(MqttVersion.V500, new MqttSubscription("t")) with { KeepAlive = TimeSpan.Zero }, Time);
        _sessions.Add(session);
        var loss = LossAsync(session);
        await session.StartAsync();
        var server = await AcceptAsync(MqttVersion.V500);
        Assert.Equal(0x82, (await server.ReadAsync()).First);

        Assert.Equal(MqttLossReason.AckTimeout, await PatienceEndsAsync(loss));
    }

    [Fact]
    public async Task A_file_of_certificates_that_may_not_be_read_is_said_and_the_connection_tried_again()
    {
        using var folder = new TemporaryFolder();
        var authority = Path.Combine(folder.Path, "ca.pem");
        await File.WriteAllTextAsync(authority, "");
        var session = Open(Server.Options() with { Tls = new MqttTls { CaFile = authority } });
        _sessions.Add(session);
        // A folder in its place is refused as a file without rights is, also to root.
        File.Delete(authority);
        Directory.CreateDirectory(authority);
        var loss = LossAsync(session);
        await session.StartAsync();

        Assert.Equal(TlsLoss, await loss);
    }

    [Fact]
    public async Task What_is_given_up_and_nobody_confirms_ends_the_connection()
    {
        var session = Open(Server.Options(MqttVersion.V500, new MqttSubscription("kept")) with { Retired = ["gone"], KeepAlive = TimeSpan.Zero }, Time);
        _sessions.Add(session);
        var loss = LossAsync(session);
        await session.StartAsync();
        var server = await AcceptAsync(MqttVersion.V500);
        // Some give up first, others ask first: that is answered.
        for (var packet = await server.ReadAsync(); packet.First != 0xA2; packet = await server.ReadAsync())
            await server.SendAsync(ScriptedConnection.Packet(0x90, [packet.Body[0], packet.Body[1], 0, 1]));

        Assert.Equal(MqttLossReason.AckTimeout, await PatienceEndsAsync(loss));
    }

    /// <summary>Moves the clock on until the session has lost patience. Only now: a machine that stands still for a moment must not use it up.</summary>
    private async Task<MqttLossReason> PatienceEndsAsync(Task<MqttLossReason> loss)
    {
        await Until.TrueAsync(
            () =>
            {
                Time.Advance(TimeSpan.FromSeconds(1));
                return loss.IsCompleted;
            },
            "the connection is given up");
        return await loss;
    }

    /// <summary>Why the next connection is lost; watches from the call on.</summary>
    private static async Task<MqttLossReason> LossAsync(IMqttSession session)
    {
        await foreach (var change in session.WatchAsync(Until.DeadlineToken()))
        {
            if (change.State == MqttConnectionState.Waiting)
                return change.Loss;
        }

        throw new InvalidOperationException("The session stopped.");
    }

    /// <summary>How a certificate that is not believed is reported.</summary>
    protected virtual MqttLossReason TlsLoss => MqttLossReason.TlsFailed;

    protected abstract IMqttSession Open(MqttClientOptions options, TimeProvider time);

    private IMqttSession Open(MqttClientOptions options) => Open(options, TimeProvider.System);

    private IMqttSession Start(MqttClientOptions options, TimeProvider? time = null)
    {
        var session = Open(options, time ?? TimeProvider.System);
        _sessions.Add(session);
        _ = session.StartAsync();
        return session;
    }

    private async Task<ScriptedConnection> AcceptAsync(MqttVersion version, bool sessionPresent = false)
    {
        var connection = await Server.AcceptClientAsync(version, sessionPresent);
        _connections.Add(connection);
        return connection;
    }

    private async Task<(IMqttSession Session, ScriptedConnection Server)> ConnectAsync(MqttClientOptions options, TimeProvider? time = null)
    {
        var session = Start(options, time);
        var connection = await AcceptAsync(options.Version);
        await StateAsync(session, MqttConnectionState.Subscribed);
        return (session, connection);
    }

    private static async Task StateAsync(IMqttSession session, MqttConnectionState state, int connects = 1) =>
        await Until.TrueAsync(() => session.LastChange.State == state && (connects == 1 || session.LastChange.Number > 5), $"the session is {state}");

    private static async Task<IMqttBatch> OneAsync(IMqttSession session, ScriptedConnection server, int id)
    {
        await server.PublishAsync("t", "x", qos: 1, id);
        return (await session.ReceiveAsync(Until.DeadlineToken()))!;
    }

    private static async Task<List<IMqttBatch>> ReceiveAsync(IMqttSession session, int messages)
    {
        var batches = new List<IMqttBatch>();
        while (batches.Sum(batch => batch.Count) < messages)
            batches.Add((await session.ReceiveAsync(Until.DeadlineToken()))!);
        return batches;
    }

    /// <summary>The session has said nothing that was not read: what it is made to say now is the next thing that comes. An empty socket would only show that nothing has come yet.</summary>
    private static async Task ExpectNothingSaidAsync(IMqttSession session, ScriptedConnection server)
    {
        var saying = session.PublishAsync("sync", default, MqttQos.AtMostOnce, retain: false, null, Until.DeadlineToken());
        var said = await server.ReadAsync();
        Assert.Equal((0x30, "sync"), (said.First, Encoding.UTF8.GetString(said.Body, 2, 4)));
        Assert.Equal(MqttReasonCode.Success, await saying);
    }

    /// <summary>PUBACK in any of the lengths the protocol allows.</summary>
    private static async Task ExpectAckAsync(ScriptedConnection server, int id)
    {
        var ack = await server.ReadAsync();
        Assert.Equal((0x40, id, 0), (ack.First, ack.Id, ack.Body.Length > 2 ? ack.Body[2] : 0));
    }
}

public sealed class MqttClientSessionTests : MqttSessionContract
{
    protected override IMqttSession Open(MqttClientOptions options, TimeProvider time) => new MqttClient(options, time);
}

using System.Text;
using System.Text.Json;
using FacilityMonitor.Contract;
using FacilityMonitor.Control;
using FacilityMonitor.Readings;
using FirmwareSim;
using FirmwareSim.Devices;
using FirmwareSim.Physics;
using FirmwareSim.Protocol;

namespace FacilityMonitor.Tests.FirmwareSim;

/// <summary>The device's side of <c>fm/1</c>, told what happened second by second.</summary>
public sealed class FirmwareTests : IDisposable
{
    private const string HostTopic = "fm/1/state/monitor";

    private readonly Pile _pile;
    private readonly List<Outgoing> _published = [];
    private readonly List<MessageKey> _produced = [];
    private readonly List<MessageKey> _freed = [];
    private readonly Firmware _firmware;
    // A multiple of the period: reports are due at every full ten seconds.
    private ulong _entropy = 40_000;
    private long _nowMs = Scenes.StartMs;

    public FirmwareTests()
    {
        var random = new Randomness(1, "test");
        var points = Enumerable.Range(1, 2).Select(number => new ChargingPoint(ChannelId.Socket(number), new PointSettings(), 1, random)).ToArray();
        _pile = new Pile(new DeviceSeat { Site = "a", Id = "pile-1", PeriodS = 10 }, points, 16, 3);
        _firmware = Make(new FirmwareSettings());
        _firmware.PowerUp(Now);
    }

    private Moment Now => new(_nowMs, 1, _nowMs, 1);

    private IEnumerable<Outgoing> Counted => _published.Where(message => message.Key is not null);

    public void Dispose() => _firmware.Dispose();

    [Fact]
    public void A_connection_begins_with_a_retained_birth_and_then_online()
    {
        ConnectWithHost();
        Assert.Equal(["fm/1/a/pile-1/birth", "fm/1/a/pile-1/status"], _published.Select(message => message.Topic));
        Assert.All(_published, message => Assert.True(message.Retain));
        var birth = Body(_published[0]);
        Assert.Equal(_firmware.Boot, birth.GetProperty("boot").GetString());
        Assert.Equal(20_000, birth.GetProperty("buffer").GetInt32());
        Assert.Equal("online", Body(_published[1]).GetProperty("s").GetString());
    }

    [Fact]
    public void The_will_carries_the_number_of_the_connection_it_belongs_to_and_no_time()
    {
        var will = JsonDocument.Parse(_firmware.NextWill()).RootElement;
        ConnectWithHost();
        Assert.Equal("offline", will.GetProperty("s").GetString());
        Assert.Equal(will.GetProperty("bd").GetInt64(), Body(_published[0]).GetProperty("bd").GetInt64());
        Assert.False(will.TryGetProperty("ts", out _));

        _firmware.Disconnected();
        Assert.Equal(2, JsonDocument.Parse(_firmware.NextWill()).RootElement.GetProperty("bd").GetInt64());
    }

    [Fact]
    public void A_boot_has_its_counter_and_64_random_bits_and_fits_the_contract()
    {
        Assert.Matches("^c41-[0-9a-f]{16}$", _firmware.Boot);
        Assert.True(BootId.TryParse(Encoding.ASCII.GetBytes(_firmware.Boot), out _));
    }

    [Fact]
    public void Numbers_begin_at_zero_and_count_data_and_events_alike()
    {
        ConnectWithHost();
        Run(seconds: 12);
        _pile.Plug(_pile.Points[0], new Charger(PackCatalogue.Lead48V12, 0.5), "h:1");
        Run(seconds: 20);
        Assert.Equal([0L, 1, 2, 3], Counted.Select(message => message.Key!.Value.Seq));
        Assert.Contains(Counted, message => message.Topic.EndsWith("/event", StringComparison.Ordinal));
        Assert.All(Counted, message => Assert.Equal(message.Key!.Value.Seq, Body(message).GetProperty("seq").GetInt64()));
    }

    [Fact]
    public void An_event_goes_out_before_the_data_of_the_same_second()
    {
        ConnectWithHost();
        Run(seconds: 9);
        // The next report is due within this second for one of ten seconds: try them all.
        for (var second = 0; second < 10; second++)
        {
            _pile.Plug(_pile.Points[0], new Charger(PackCatalogue.Lead48V12, 0.5), "h:1");
            _published.Clear();
            Run(seconds: 1);
            Assert.EndsWith("/event", _published[0].Topic, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void After_an_outage_of_the_broker_the_backlog_comes_on_hist_and_new_readings_as_data()
    {
        ConnectWithHost();
        Run(seconds: 20);
        DeliverAll();
        _firmware.Disconnected();
        Run(seconds: 60);
        var before = Counted.Count();
        ConnectWithHost();
        _published.Clear();
        Run(seconds: 12);

        Assert.Equal(2, before);
        var hist = Counted.Where(message => message.Topic.EndsWith("/hist", StringComparison.Ordinal)).ToArray();
        Assert.Equal([2L, 3, 4, 5, 6, 7], hist.Select(message => message.Key!.Value.Seq));
        Assert.Equal(8, Assert.Single(Counted, message => message.Topic.EndsWith("/data", StringComparison.Ordinal)).Key!.Value.Seq);
    }

    [Fact]
    public void What_the_broker_had_not_taken_when_it_went_comes_again_with_the_identical_body()
    {
        ConnectWithHost();
        Run(seconds: 10);
        var first = Counted.Single();
        _firmware.Disconnected();
        ConnectWithHost();
        Run(seconds: 1);
        var again = Counted.Last();
        Assert.EndsWith("/hist", again.Topic, StringComparison.Ordinal);
        Assert.Equal(first.Payload.ToArray(), again.Payload.ToArray());
        Assert.Equal(first.Key, again.Key);
    }

    [Fact]
    public void While_the_host_says_offline_nothing_is_published_and_then_everything_as_hist()
    {
        ConnectWithHost();
        Host(online: false);
        Run(seconds: 30);
        Assert.Empty(Counted);
        Assert.Equal(3, _firmware.Backlog);
        Host(online: true);
        Run(seconds: 1);
        Assert.Equal(3, Counted.Count());
        Assert.All(Counted, message => Assert.EndsWith("/hist", message.Topic, StringComparison.Ordinal));
    }

    [Fact]
    public void Where_no_host_announces_itself_it_publishes_after_five_seconds_and_again_when_the_first_host_comes()
    {
        Connect();
        Run(seconds: 40);
        DeliverAll();
        var unheard = Counted.Select(message => message.Key!.Value.Seq).ToArray();
        Assert.Equal([0L, 1, 2, 3], unheard.Order());
        _published.Clear();
        Host(online: true);
        Run(seconds: 1);
        Assert.Equal([0L, 1, 2, 3], Counted.Where(message => message.Topic.EndsWith("/hist", StringComparison.Ordinal)).Select(message => message.Key!.Value.Seq));
    }

    [Fact]
    public void The_watermark_frees_everything_up_to_and_including_its_number()
    {
        ConnectWithHost();
        Run(seconds: 50);
        Assert.Equal(5, _firmware.Buffered);
        Acked(_firmware.Boot, 2);
        Assert.Equal([0L, 1, 2], _freed.Select(key => key.Seq));
        Assert.Equal(2, _firmware.Buffered);
        Acked(_firmware.Boot, -1);
        Acked("c1-0", 4);
        Assert.Equal(2, _firmware.Buffered);
        Acked(_firmware.Boot, 4);
        Assert.Equal(0, _firmware.Buffered);
    }

    [Fact]
    public void An_acknowledged_message_is_not_sent_again()
    {
        ConnectWithHost();
        Run(seconds: 30);
        Acked(_firmware.Boot, 1);
        _firmware.Disconnected();
        _published.Clear();
        ConnectWithHost();
        Run(seconds: 1);
        Assert.Equal([2L], Counted.Select(message => message.Key!.Value.Seq));
    }

    [Fact]
    public void A_resend_brings_the_asked_range_on_hist_and_says_what_is_gone()
    {
        ConnectWithHost();
        Run(seconds: 60);
        DeliverAll();
        Acked(_firmware.Boot, 1);
        var bodies = Counted.ToDictionary(message => message.Key!.Value.Seq, message => message.Payload.ToArray());
        _published.Clear();
        Command("""{"id":"r1","op":"resend","args":{"from":1,"to":3}}""");
        Run(seconds: 1);
        Assert.Equal([2L, 3], Counted.Select(message => message.Key!.Value.Seq));
        Assert.All(Counted, message => Assert.Equal(bodies[message.Key!.Value.Seq], message.Payload.ToArray()));
        var answer = Answers().Single();
        Assert.Equal(("r1", "done", "1 gone"), (answer.Id, answer.Result, answer.Reason));
    }

    [Fact]
    public void A_resend_as_the_service_writes_it_is_understood()
    {
        ConnectWithHost();
        Run(seconds: 30);
        _published.Clear();
        Assert.True(BootId.TryParse(Encoding.ASCII.GetBytes(_firmware.Boot), out var boot));
        _firmware.Receive(_firmware.CommandTopic, Fm1Downlink.Resend(new ResendRequest(boot, 0, 1), "x", _nowMs + 20_000, 20), retained: false, Now);
        Run(seconds: 1);
        Assert.Equal([0L, 1], Counted.Select(message => message.Key!.Value.Seq));
    }

    [Theory]
    [InlineData("""{"id":"c","op":"off","ch":"s9","ttl":20}""", "rejected")]
    [InlineData("""{"id":"c","op":"off","ch":"S1","ttl":20}""", "rejected")]
    [InlineData("""{"id":"c","op":"off","ttl":20}""", "rejected")]
    [InlineData("""{"id":"c","op":"fly","ttl":20}""", "rejected")]
    [InlineData("""{"id":"c","op":"limit","ch":"s1","ttl":20}""", "rejected")]
    [InlineData("""{"id":"c","op":"limit","ch":"s1","args":{"w":300},"ttl":20}""", "accepted done")]
    [InlineData("""{"id":"c","op":"on","ch":"s1","ttl":20}""", "accepted done")]
    [InlineData("""{"id":"c","op":"off","ch":"s1","exp":1}""", "expired")]
    [InlineData("""{"id":"c","op":"off","ch":"s1","ttl":0}""", "expired")]
    [InlineData("""{"id":"c","op":"off","ch":"s1" }""", "rejected")]
    [InlineData("""{"id":"c","op":"rebirth"}""", "done")]
    [InlineData("""{"id":"c","op":"reset","ttl":20}""", "accepted")]
    [InlineData("""{"id":"c"}""", "")]
    [InlineData("[]", "")]
    [InlineData("off", "")]
    public void A_command_is_answered_in_the_words_of_the_contract(string command, string results)
    {
        ConnectWithHost();
        Command(command);
        Assert.Equal(results, string.Join(' ', Answers().Select(answer => answer.Result)));
    }

    [Fact]
    public void A_command_expires_one_millisecond_after_its_time_and_not_at_it()
    {
        ConnectWithHost();
        Command($$"""{"id":"a","op":"on","ch":"s1","exp":{{_nowMs}}}""");
        Command($$"""{"id":"b","op":"on","ch":"s1","exp":{{_nowMs - 1}}}""");
        Assert.Equal(["accepted", "done", "expired"], Answers().Select(answer => answer.Result));
    }

    [Theory]
    [InlineData(20_000, "accepted done")]
    [InlineData(20_001, "expired")]
    public void A_command_that_lay_about_in_the_device_expires_by_its_time_to_live_whatever_the_clock_says(int layMs, string results)
    {
        ConnectWithHost();
        _firmware.Receive(_firmware.CommandTopic, """{"id":"a","op":"on","ch":"s1","ttl":20}"""u8.ToArray(), retained: false, Now, arrivedMs: _nowMs - layMs);
        Assert.Equal(results, string.Join(' ', Answers().Select(answer => answer.Result)));
    }

    [Fact]
    public void A_command_as_the_service_writes_it_is_done()
    {
        ConnectWithHost();
        _pile.Plug(_pile.Points[1], new Charger(PackCatalogue.Lead48V12, 0.5), "h:1");
        var order = new CommandOrder
        {
            Id = "a",
            Device = new DeviceId(Dialect.Fm1, "a", "pile-1"),
            Channel = ChannelId.Socket(2),
            Operation = Operation.Off,
            By = "cli:root",
            Why = "\"smell\" 焦味",
        };
        _firmware.Receive(_firmware.CommandTopic, Fm1Downlink.Command(order, _nowMs + 20_000, 20), retained: false, Now);
        Assert.Equal(["accepted", "done"], Answers().Select(answer => answer.Result));
        Assert.False(_pile.Points[1].RelayClosed);
    }

    [Fact]
    public void A_device_remembers_as_many_commands_as_may_still_be_sent_again() => Assert.Equal(
        (CommandLimits.IdsRemembered, CommandLimits.IdsRemembered), (Firmware.CommandsRemembered, 2 * CommandLimits.DeviceAMinute * CommandLimits.TtlMaxS / 60));

    [Fact]
    public void A_desired_configuration_is_taken_up_told_and_kept_over_a_restart()
    {
        ConnectWithHost();
        var desired = new DesiredConfiguration(3, 200);
        _published.Clear();
        Configure(desired, _nowMs);
        var status = Body(Assert.Single(_published));
        Assert.Equal((desired.Hash, "online"), (status.GetProperty("cfg").GetString(), status.GetProperty("s").GetString()));
        Configure(desired, _nowMs);
        Assert.Single(_published);
        Run(seconds: 30);
        Assert.Equal(10, Counted.Count(message => message.Topic.EndsWith("/data", StringComparison.Ordinal)));

        _pile.Plug(_pile.Points[0], new Charger(PackCatalogue.Lead48V12, 0.5), "h:1");
        _pile.Points[0].ExtraW = 300;
        Run(seconds: 5);
        Assert.False(_pile.Points[0].RelayClosed);

        _published.Clear();
        _firmware.Disconnected();
        _firmware.PowerUp(Now);
        ConnectWithHost();
        Assert.Equal((desired.Hash, 3), (Body(_published[0]).GetProperty("cfg").GetString(), Body(_published[0]).GetProperty("period").GetInt32()));
    }

    [Fact]
    public void A_configuration_whose_time_is_over_and_an_empty_one_change_nothing()
    {
        ConnectWithHost();
        _published.Clear();
        Configure(new DesiredConfiguration(3, null), _nowMs - 1);
        _firmware.Receive(_firmware.ConfigurationTopic, ReadOnlyMemory<byte>.Empty, retained: true, Now);
        Assert.Empty(_published);
    }

    [Fact]
    public void A_repeated_command_is_answered_again_and_not_done_again()
    {
        ConnectWithHost();
        Command("""{"id":"c","op":"on","ch":"s1","ttl":20}""");
        Command("""{"id":"d","op":"off","ch":"s1","ttl":20}""");
        Command("""{"id":"c","op":"on","ch":"s1","ttl":20}""");
        Assert.False(_pile.Points[0].RelayClosed);
        Assert.Equal("done", Answers().Last().Result);
        for (var other = 0; other < Firmware.CommandsRemembered; other++)
            Command($$"""{"id":"h{{other}}","op":"rebirth"}""");
        Command("""{"id":"c","op":"on","ch":"s1","ttl":20}""");
        Assert.False(_pile.Points[0].RelayClosed);
        for (var other = 0; other < Firmware.CommandsRemembered; other++)
            Command($$"""{"id":"o{{other}}","op":"limit","ch":"s2","args":{"w":300},"ttl":20}""");
        Command("""{"id":"c","op":"on","ch":"s1","ttl":20}""");
        Assert.True(_pile.Points[0].RelayClosed);
    }

    [Fact]
    public void A_retained_command_is_ignored()
    {
        ConnectWithHost();
        _firmware.Receive(_firmware.CommandTopic, """{"id":"c","op":"on","ch":"s1"}"""u8.ToArray(), retained: true, Now);
        Assert.Empty(Answers());
    }

    [Fact]
    public void Off_ends_the_session_with_reason_remote()
    {
        ConnectWithHost();
        _pile.Plug(_pile.Points[0], new Charger(PackCatalogue.Lead48V12, 0.5), "h:1");
        Run(seconds: 2);
        Command("""{"id":"c","op":"off","ch":"s1","ttl":20}""");
        Run(seconds: 1);
        var stop = Body(Counted.Last(message => message.Topic.EndsWith("/event", StringComparison.Ordinal))).GetProperty("r")[0];
        Assert.Equal("remote", stop.GetProperty("reason").GetString());
        Assert.Equal(0, _pile.Points[0].Meter.Watts);
    }

    [Fact]
    public void A_new_boot_counts_from_zero_and_keeps_what_the_old_one_owes()
    {
        ConnectWithHost();
        Run(seconds: 30);
        var old = _firmware.Boot;
        _firmware.Disconnected();
        _firmware.PowerUp(Now);
        _published.Clear();
        ConnectWithHost();
        Run(seconds: 12);
        Assert.NotEqual(old, _firmware.Boot);
        Assert.Equal([0L, 1, 2], Counted.Where(message => message.Key!.Value.Boot == old).Select(message => message.Key!.Value.Seq));
        Assert.Equal([0L], Counted.Where(message => message.Key!.Value.Boot == _firmware.Boot).Select(message => message.Key!.Value.Seq));
    }

    [Fact]
    public void A_full_buffer_drops_the_oldest_and_counts_it()
    {
        using var firmware = Make(new FirmwareSettings { BufferMessages = 3 });
        firmware.PowerUp(Now);
        for (var second = 0; second < 50; second++)
        {
            _nowMs += 1_000;
            firmware.Tick(Now);
        }

        Assert.Equal((3, 2L), (firmware.Buffered, firmware.Dropped));
        firmware.Connected(Now);
        firmware.Receive(HostTopic, Fm1Downlink.HostState(online: true, _nowMs), retained: true, Now);
        firmware.Tick(Now);
        Assert.Equal([2L, 3, 4], Counted.Select(message => message.Key!.Value.Seq));
    }

    [Fact]
    public void A_batch_that_would_be_too_long_is_split_into_numbered_messages()
    {
        using var firmware = Make(new FirmwareSettings { PayloadMax = 200 });
        firmware.PowerUp(Now);
        firmware.Connected(Now);
        firmware.Receive(HostTopic, Fm1Downlink.HostState(online: true, _nowMs), retained: true, Now);
        for (var second = 0; second < 10; second++)
        {
            _nowMs += 1_000;
            firmware.Tick(Now);
        }

        Assert.Equal([0L, 1], Counted.Select(message => message.Key!.Value.Seq));
        Assert.Equal(["s1", "s2"], Counted.Select(message => Body(message).GetProperty("r")[0].GetProperty("ch").GetString()));
    }

    [Fact]
    public void The_backlog_does_not_come_as_a_storm()
    {
        ConnectWithHost();
        _firmware.Disconnected();
        Run(seconds: 1_000);
        ConnectWithHost();
        _published.Clear();
        Run(seconds: 1);
        Assert.InRange(Counted.Count(), 20, 21);
    }

    [Fact]
    public void A_shutdown_says_so_and_no_more()
    {
        ConnectWithHost();
        _firmware.ShutDown(Now);
        Assert.Equal("shutdown", Body(_published[^1]).GetProperty("s").GetString());
        Assert.True(_published[^1].Retain);
        Assert.False(_firmware.IsConnected);
    }

    [Fact]
    public void Everything_produced_is_told_once()
    {
        ConnectWithHost();
        Run(seconds: 25);
        _firmware.Disconnected();
        Run(seconds: 25);
        ConnectWithHost();
        Run(seconds: 25);
        Assert.Equal(Enumerable.Range(0, _produced.Count).Select(number => (long)number), _produced.Select(key => key.Seq));
    }

    private Firmware Make(FirmwareSettings settings) =>
        new(_pile, settings, () => _entropy++, bootCount: 40, _published.Add, (key, _) => _produced.Add(key), _freed.Add);

    private void Connect() => _firmware.Connected(Now);

    private void ConnectWithHost()
    {
        Connect();
        Host(online: true);
    }

    private void Host(bool online) => _firmware.Receive(HostTopic, Fm1Downlink.HostState(online, _nowMs), retained: true, Now);

    private void Acked(string boot, long seq) =>
        _firmware.Receive(_firmware.AckedTopic, Encoding.UTF8.GetBytes($$"""{"boot":"{{boot}}","seq":{{seq}}}"""), retained: false, Now);

    private void Configure(DesiredConfiguration desired, long expiresMs) =>
        _firmware.Receive(_firmware.ConfigurationTopic, Fm1Downlink.Configuration(desired, expiresMs), retained: true, Now);

    private void Command(string json) => _firmware.Receive(_firmware.CommandTopic, Encoding.UTF8.GetBytes(json), retained: false, Now);

    private void DeliverAll()
    {
        foreach (var message in Counted.ToArray())
            _firmware.Delivered(message.Key!.Value);
    }

    private void Run(int seconds)
    {
        for (var second = 0; second < seconds; second++)
        {
            _nowMs += 1_000;
            _pile.Step(Now);
            _firmware.Tick(Now);
        }
    }

    private IEnumerable<(string? Id, string? Result, string? Reason)> Answers() =>
        from message in _published
        where message.Topic.EndsWith("/ack", StringComparison.Ordinal)
        let body = Body(message)
        select (body.GetProperty("id").GetString(), body.GetProperty("result").GetString(), body.TryGetProperty("reason", out var reason) ? reason.GetString() : null);

    private static JsonElement Body(Outgoing message) => JsonDocument.Parse(message.Payload).RootElement;
}

using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Control;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Tests.Rules;

/// <summary>Current that goes on though the socket is off. The <c>off</c> goes out at second 0 and may be done until second 20.</summary>
public sealed class WeldedRelayTests
{
    private readonly Scene _scene = new();

    [Theory]
    [InlineData(61, new string[] { "2 pending P1" })]
    [InlineData(62, new string[] { "2 pending P1", "62 active P1" })]
    public void Current_that_flows_for_a_minute_after_an_off_that_was_done_is_a_welded_relay(double lastS, string[] course)
    {
        Off().Ack(1, CommandResult.Done).Watts(2, 150).Watts(32, 150).Watts(lastS, 150);

        Assert.Equal(course, Course);
        Assert.Equal(lastS < 62 ? [] : [new CommandEffect("off-1", IsSeen: false, Scene.At(62))], _scene.Engine.Effects);
    }

    [Theory]
    [InlineData(new double[] { 2, 62 }, false)]
    [InlineData(new double[] { 2, 32, 62 }, true)]
    public void Two_readings_are_not_enough_however_long_they_lie_apart(double[] seconds, bool isAlert)
    {
        Off().Ack(1, CommandResult.Done);
        foreach (var second in seconds)
            Watts(second, 150);

        Assert.Equal(isAlert, IsActive);
    }

    [Theory]
    [InlineData(5, false)]
    [InlineData(5.1, true)]
    public void Five_watts_are_nothing_and_more_is_current(double watts, bool isAlert)
    {
        Off().Ack(1, CommandResult.Done).Watts(2, watts).Watts(32, watts).Watts(62, watts);

        Assert.Equal(isAlert, IsActive);
        Assert.Equal(!isAlert, Assert.Single(_scene.Engine.Effects).IsSeen);
    }

    [Fact]
    public void The_first_reading_without_current_proves_the_off_and_a_new_session_later_is_no_fault()
    {
        Off().Ack(1, CommandResult.Done).Watts(1, 150).Watts(2, 0);
        for (var second = 10; second < 200; second += 10)
            Watts(second, 150);

        Assert.Empty(_scene.Steps);
        Assert.Equal([new CommandEffect("off-1", IsSeen: true, Scene.At(2))], _scene.Engine.Effects);
    }

    [Theory]
    [InlineData(80, false)]
    [InlineData(81, true)]
    public void Without_an_answer_it_counts_from_the_moment_the_device_may_no_longer_do_it(double lastS, bool isAlert)
    {
        Off();
        for (var second = 1.0; second <= lastS; second += 10)
            Watts(second, 150);

        // 20 s belong to the device; the first reading behind them is that of second 21.
        Assert.Equal(isAlert, IsActive);
    }

    [Theory]
    [InlineData(CommandResult.Rejected)]
    [InlineData(CommandResult.Expired)]
    public void An_off_that_the_device_refused_was_not_done_and_nothing_is_welded(CommandResult result)
    {
        Off().Ack(1, result);
        Every10S(2, 150);

        Assert.Empty(_scene.Steps);
        Assert.Empty(_scene.Engine.Effects);
    }

    [Fact]
    public void An_off_that_failed_is_as_dangerous_as_one_that_was_not_answered()
    {
        Off().Ack(1, CommandResult.Failed);
        Every10S(2, 150);

        Assert.True(IsActive);
    }

    [Fact]
    public void An_off_that_did_not_go_out_after_all_is_forgotten()
    {
        Off();
        _scene.Engine.Command(Notice("off-1", Operation.Off) with { IsVoid = true }, Scene.At(1));
        Every10S(22, 150);

        Assert.Empty(_scene.Steps);
    }

    [Fact]
    public void An_on_that_brings_no_current_is_no_alert_and_one_that_does_is_proven()
    {
        _scene.Engine.Command(Notice("on-1", Operation.On), Scene.At(0));
        Ack(1, CommandResult.Done, "on-1");
        Every10S(2, 0);
        Assert.Empty(_scene.Engine.Effects);

        Watts(200, 150);
        Assert.Equal([new CommandEffect("on-1", IsSeen: true, Scene.At(200))], _scene.Engine.Effects);
        Assert.Empty(_scene.Steps);
    }

    [Fact]
    public void A_session_that_begins_after_the_off_switched_the_socket_on_again()
    {
        Off().Ack(1, CommandResult.Done);
        _scene.Observe(Event(3, EventKind.SessionStart));
        Every10S(4, 150);

        Assert.Empty(_scene.Steps);
    }

    [Fact]
    public void A_socket_that_calls_its_relay_open_and_delivers_power_is_welded_without_any_command()
    {
        for (var second = 0; second <= 60; second += 10)
            Reading(second, 150, relay: 0);

        Assert.Equal(["0 pending P1", "60 active P1"], Course);
        Assert.Equal("device", _scene.Steps[^1].Evidence["off_by"]);
    }

    [Fact]
    public void A_board_that_calls_its_relay_welded_is_believed_at_once_and_the_power_of_another_message_stands_beside_it()
    {
        Watts(0, 120).Word(15, "welded", relay: 0).Watts(30, 120).Word(45, "welded", relay: 0);

        Assert.Equal(["15 active P1"], Course);
        Assert.Equal(("device-word", 120.0), (_scene.Steps[0].Evidence["off_by"], _scene.Steps[0].Evidence["w"]));
        Assert.Contains("自报继电器粘连", _scene.Steps[0].Text.Zh, StringComparison.Ordinal);

        Word(75, "idle", relay: 0).Word(135, "idle", relay: 0);
        Assert.Equal(["15 active P1", "75 recovering P1", "135 cleared P1"], Course);
    }

    [Fact]
    public void An_off_is_not_proven_by_an_open_relay_of_a_board_that_calls_it_welded()
    {
        Off().Ack(1, CommandResult.Done);
        Word(2, "welded", relay: 0);

        Assert.Equal([new CommandEffect("off-1", IsSeen: false, Scene.At(2))], _scene.Engine.Effects);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_idle_word_without_power_proves_the_off_of_a_board_that_reports_the_power_of_sockets_in_use_alone(bool isAnswered)
    {
        Off();
        if (isAnswered)
            Ack(2, CommandResult.Done);
        for (var second = 60; second <= 540; second += 60)
            Word(second, "idle", relay: null);
        for (var second = 600; second <= 900; second += 60)
            WordAndWatts(second, "charging", 180);

        Assert.Empty(_scene.Steps);
        Assert.Equal([new CommandEffect("off-1", IsSeen: true, Scene.At(60))], _scene.Engine.Effects);
    }

    [Fact]
    public void An_idle_word_of_before_the_off_was_done_proves_nothing()
    {
        Off().Ack(5, CommandResult.Done).Word(4, "idle", relay: null);
        Every10S(6, 150);

        Assert.True(IsActive);
        Assert.Equal([new CommandEffect("off-1", IsSeen: false, Scene.At(66))], _scene.Engine.Effects);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_off_that_an_idle_word_proved_hides_no_weld(bool isOneMessage)
    {
        Off().Ack(2, CommandResult.Done).Word(10, "idle", relay: null);
        for (var second = 60; second <= 300; second += 60)
        {
            if (isOneMessage)
                WordAndWatts(second, "idle", 150);
            else
                Watts(second, 150).Word(second + 30, "idle", relay: null);
        }

        Assert.True(IsActive);
    }

    [Theory]
    [InlineData("idle", true)]
    [InlineData("charging", false)]
    [InlineData("full", false)]
    public void Power_between_two_words_accuses_only_if_both_call_the_socket_off(string word, bool isAlert)
    {
        for (var second = 0; second <= 240; second += 60)
        {
            Word(second, second % 120 == 0 ? "idle" : word, relay: null);
            Watts(second + 30, 120);
        }

        Assert.Equal(isAlert, IsActive);
    }

    [Fact]
    public void A_word_that_is_older_than_a_gap_says_nothing_of_what_flows_now()
    {
        for (var second = 0; second <= 3600; second += 600)
        {
            Word(second, "idle", relay: null);
            Watts(second + 590, 120);
        }

        Assert.Empty(_scene.Steps);
    }

    [Fact]
    public void A_relay_that_is_closed_again_was_closed_by_somebody()
    {
        Off().Ack(1, CommandResult.Done);
        Reading(2, 150, relay: 0);
        for (var second = 10; second <= 100; second += 10)
            Reading(second, 150, relay: 1);

        Assert.DoesNotContain(_scene.Steps, step => step.Condition == Condition.Active);
    }

    [Fact]
    public void A_relay_that_stays_closed_is_no_excuse()
    {
        Off().Ack(1, CommandResult.Done);
        for (var second = 2; second <= 70; second += 10)
            Reading(second, 150, relay: 1);

        Assert.True(IsActive);
    }

    [Fact]
    public void It_ends_a_minute_after_the_breaker_was_opened_and_says_what_to_do_until_then()
    {
        Off().Ack(1, CommandResult.Done);
        Every10S(2, 150);
        var text = _scene.Steps[^1].Text;
        Assert.Contains("断路器", text.Zh, StringComparison.Ordinal);
        Assert.Contains("breaker", text.En, StringComparison.Ordinal);
        Assert.Contains("150 W", text.En, StringComparison.Ordinal);
        Assert.Equal("off-1", _scene.Steps[^1].Evidence["command"]);

        Every10S(112, 0);

        Assert.Equal(["2 pending P1", "62 active P1", "112 recovering P1", "172 cleared P1"], Course);
        // What is over leaves nothing to watch.
        Every10S(300, 150);
        Assert.Equal(4, _scene.Steps.Count);
    }

    [Fact]
    public void A_welded_relay_that_is_heard_no_more_is_not_over()
    {
        Off().Ack(1, CommandResult.Done);
        Every10S(2, 150);
        _scene.Ticks(150, 700);

        Assert.Equal(Condition.NoData, _scene.Steps[^1].Condition);
    }

    [Fact]
    public void Readings_in_any_order_within_thirty_seconds_lead_to_the_same_alert()
    {
        double[] seconds = [2, 12, 22, 32, 42, 52, 62];
        foreach (var first in seconds)
        {
            var scene = new WeldedRelayTests();
            scene.Off().Ack(1, CommandResult.Done);
            foreach (var second in seconds.OrderBy(second => Math.Abs(second - first) < 1 ? second + 15 : second))
                scene.Watts(second, 150);
            Assert.True(scene.IsActive);
            Assert.Equal(Scene.At(2), scene._scene.Steps[^1].OnsetMs);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public void A_restart_anywhere_between_leads_to_the_same_steps(int restartBefore)
    {
        var whole = Course62(new WeldedRelayTests()._scene, -1);
        Assert.Equal(4, whole.Steps.Count);

        var restarted = Course62(new WeldedRelayTests()._scene, restartBefore);

        Assert.Equal(whole.Told, restarted.Told);
        Assert.Equal(whole.Steps.Select(step => (step.AlertId, step.Sequence, step.Text)), restarted.Steps.Select(step => (step.AlertId, step.Sequence, step.Text)));
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void The_end_of_a_siren_is_no_word_about_current(bool isEnd, bool isAlert)
    {
        _scene.Engine.Command(new CommandNotice(_scene.Device("pile-01"), "off-1", Operation.Off, ChannelId.Socket(1), Scene.At(20), IsEnd: isEnd), Scene.At(0));
        Ack(1, CommandResult.Done).Watts(2, 150).Watts(32, 150).Watts(62, 150);

        Assert.Equal(isAlert, IsActive);
    }

    [Fact]
    public void A_limit_of_the_registry_counts()
    {
        var scene = new Scene(Scene.Lane(ofSite: Scene.Set("welded-relay", "hold_s", 10)));
        scene.Engine.Command(new CommandNotice(scene.Device("pile-01"), "off-1", Operation.Off, ChannelId.Socket(1), Scene.At(5)), Scene.At(0));
        scene.Watts(6, 150).Watts(11, 150).Watts(16, 150);

        Assert.Equal(Condition.Active, scene.Steps[^1].Condition);
    }

    private IEnumerable<string> Course => _scene.Course;

    private bool IsActive => _scene.Steps.Any(step => step is { Rule: "welded-relay", Condition: Condition.Active });

    private static Scene Course62(Scene scene, int restartBefore)
    {
        Action<Scene>[] course =
        [
            at => at.Engine.Command(new CommandNotice(at.Device("pile-01"), "off-1", Operation.Off, ChannelId.Socket(1), Scene.At(20)), Scene.At(0)),
            at => at.Observe(AckOf(at, 1, CommandResult.Done, "off-1")),
            at => at.Watts(2, 150),
            at => at.Watts(32, 150),
            at => at.Watts(62, 150),
            at => at.Watts(70, 0),
            at => at.Watts(100, 0).Watts(131, 0),
        ];
        for (var step = 0; step < course.Length; step++)
        {
            if (step == restartBefore)
                scene = scene.Restarted(Scene.Lane());
            course[step](scene);
        }

        return scene;
    }

    private static DeviceMessage AckOf(Scene scene, double atS, CommandResult result, string id) => new()
    {
        Kind = MessageKind.Ack,
        Device = scene.Device("pile-01"),
        ReceivedMs = Scene.At(atS),
        CommandAck = new CommandAck(id, result, null),
    };

    private CommandNotice Notice(string id, Operation operation) => new(_scene.Device("pile-01"), id, operation, ChannelId.Socket(1), Scene.At(20));

    private WeldedRelayTests Off()
    {
        _scene.Engine.Command(Notice("off-1", Operation.Off), Scene.At(0));
        return this;
    }

    private WeldedRelayTests Ack(double atS, CommandResult result, string id = "off-1")
    {
        _scene.Observe(AckOf(_scene, atS, result, id));
        return this;
    }

    private WeldedRelayTests Watts(double atS, double watts)
    {
        _scene.Watts(atS, watts);
        return this;
    }

    private WeldedRelayTests Word(double atS, string word, double? relay)
    {
        var message = _scene.Message(atS, "s1", Metric.Relay, relay ?? 0);
        if (relay is null)
        {
            message.Readings.Clear();
            ref var empty = ref message.Readings.Add();
            (empty.Channel, empty.AtMs, empty.DeviceMs, empty.Quality) = (ChannelId.Socket(1), Scene.At(atS), Scene.At(atS), Quality.Good);
        }

        message.Readings.Readings[^1].State = word;
        _scene.Observe(message);
        return this;
    }

    private void WordAndWatts(double atS, string word, double watts)
    {
        var message = _scene.Message(atS, "s1", Metric.W, watts);
        message.Readings.Readings[^1].State = word;
        _scene.Observe(message);
    }

    private void Every10S(double fromS, double watts)
    {
        for (var second = fromS; second <= fromS + 100; second += 10)
            Watts(second, watts);
    }

    private void Reading(double atS, double watts, double relay)
    {
        var message = _scene.Message(atS, "s1", Metric.W, watts);
        message.Readings.AddValue(Metric.Relay, relay);
        _scene.Observe(message);
    }

    private DeviceMessage Event(double atS, EventKind kind)
    {
        var message = new DeviceMessage { Kind = MessageKind.Event, Device = _scene.Device("pile-01"), ReceivedMs = Scene.At(atS) };
        message.Events.Add(new DeviceEvent { Kind = kind, Channel = ChannelId.Socket(1), AtMs = Scene.At(atS), DeviceMs = Scene.At(atS) });
        return message;
    }
}

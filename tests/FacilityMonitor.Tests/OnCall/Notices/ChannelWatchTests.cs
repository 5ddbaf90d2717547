using System.Net;
using FacilityMonitor.Alerts;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.OnCall.Notices;
using FacilityMonitor.Tests.OnCall.Channels;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.OnCall.Notices;

public sealed class ChannelWatchTests
{
    private readonly List<AlertTransition> _told = [];

    [Fact]
    public async Task A_wrong_key_is_told_at_once_and_cleared_by_the_first_message_that_gets_through()
    {
        await using var fixture = new NoticeFixture("wecom-bot", "wecom-app");
        var watch = Watch(fixture);
        await fixture.StartAsync();
        fixture.Provider.Refuse = "93000";
        await fixture.PutAsync(NoticeFixture.Notice("a", ways: [("wecom-bot", "")]));
        await fixture.AdvanceUntilAsync(() => fixture.Timeline().Count == 2, "it is refused");

        await watch.CheckAsync(CancellationToken.None);
        await watch.CheckAsync(CancellationToken.None);

        var raised = Assert.Single(_told);
        Assert.Equal((ChannelWatch.Rule, Priority.P1, Condition.Active, "93000"), (raised.Rule, raised.Priority, raised.Condition, raised.Evidence["wecom-bot"]));
        Assert.Contains("wecom-bot（93000）", raised.Text.Zh, StringComparison.Ordinal);
        fixture.Provider.Refuse = null;
        await fixture.PutAsync(NoticeFixture.Notice("b", ways: [("wecom-bot", "")]));
        await fixture.AdvanceUntilAsync(() => fixture.Provider.Ledger.Count == 1, "it works again");
        await fixture.AdvanceUntilAsync(() => fixture.Count("select count(*) from channel_state where misconfigured = 1") == 0, "it is booked");
        await watch.CheckAsync(CancellationToken.None);
        Assert.Equal(Condition.Cleared, _told[^1].Condition);
    }

    [Fact]
    public async Task A_channel_that_is_only_down_for_a_moment_is_not_called_dead()
    {
        await using var fixture = new NoticeFixture("wecom-bot");
        var watch = Watch(fixture);
        fixture.Provider.Mischief = _ => Mischief.LostBefore;
        await fixture.StartAsync();
        await fixture.PutAsync(NoticeFixture.Notice("a", priority: Priority.P1, ways: [("wecom-bot", "")]));
        await fixture.AdvanceUntilAsync(() => fixture.Count("select count(*) from channel_state where failing_ms is not null") == 1, "it fails");
        await fixture.PassAsync(TimeSpan.FromMinutes(4.5), stepS: 2);
        await watch.CheckAsync(CancellationToken.None);
        Assert.Empty(_told);

        await fixture.PassAsync(TimeSpan.FromMinutes(1), stepS: 2);
        await watch.CheckAsync(CancellationToken.None);
        Assert.Equal(Condition.Active, Assert.Single(_told).Condition);
    }

    [Fact]
    public async Task A_test_of_which_one_packet_was_lost_is_said_to_whoever_asked_and_accuses_no_channel()
    {
        await using var fixture = new NoticeFixture("wecom-bot");
        var watch = Watch(fixture);
        await fixture.StartAsync();
        fixture.Provider.Mischief = _ => Mischief.LostBefore;

        var outcome = await watch.TestAsync(fixture.Worker.Channels[0], "", () => Task.CompletedTask);

        Assert.Equal(Fault.Passing, Assert.IsType<Outcome.Failed>(outcome).Fault);
        fixture.Provider.Mischief = _ => Mischief.None;
        await fixture.PassAsync(ChannelCondition.Patience + TimeSpan.FromMinutes(1), stepS: 10);
        await watch.CheckAsync(CancellationToken.None);
        Assert.Empty(_told);
    }

    [Fact]
    public async Task A_test_that_meets_a_wrong_key_accuses_the_channel_at_once()
    {
        await using var fixture = new NoticeFixture("wecom-bot");
        var watch = Watch(fixture);
        await fixture.StartAsync();
        // A worker that begins forgets what channels were accused of before.
        await Mqtt.Until.TrueAsync(() => fixture.Worker.LastRoundMs > 0, "the worker has begun");
        fixture.Provider.Refuse = "93000";

        await watch.TestAsync(fixture.Worker.Channels[0], "", () => Task.CompletedTask);

        await watch.CheckAsync(CancellationToken.None);
        Assert.Equal("93000", Assert.Single(_told).Evidence["wecom-bot"]);
    }

    [Fact]
    public async Task An_idle_channel_is_tried_every_six_hours_without_telling_anybody_where_the_provider_allows()
    {
        await using var fixture = new NoticeFixture([ChannelBench.Definition("wecom-app"), ChannelBench.Definition("wecom-bot"), ChannelBench.Definition("feishu-bot") with { ProbeTo = "" }]);
        var watch = Watch(fixture);
        await watch.CheckAsync(CancellationToken.None);
        await watch.CheckAsync(CancellationToken.None);

        // The app is asked for a token, the bot with a test group gets a test, the one without is left alone.
        Assert.Equal(2, fixture.Provider.Requests.Count);
        Assert.Contains("【测试】", Assert.Single(fixture.Provider.Ledger).Text, StringComparison.Ordinal);
        fixture.Time.Advance(ChannelWatch.ProbeEvery - TimeSpan.FromSeconds(1));
        await watch.CheckAsync(CancellationToken.None);
        Assert.Equal(2, fixture.Provider.Requests.Count);
        fixture.Time.Advance(TimeSpan.FromSeconds(1));
        await watch.CheckAsync(CancellationToken.None);
        Assert.Equal(4, fixture.Provider.Requests.Count);
        Assert.Empty(_told);
    }

    [Fact]
    public async Task The_heartbeat_goes_out_every_minute_and_only_while_notices_are_worked_on()
    {
        var time = new ManualTime();
        using var outside = new Outside();
        using var http = new HttpMessageInvoker(outside);
        var isWorking = true;
        using var heart = new HeartbeatWorker(new Uri("https://beat.example/very-secret"), new ProviderHttp(http, TimeSpan.FromSeconds(5), time), () => isWorking, time, NullLogger<HeartbeatWorker>.Instance);
        await heart.StartAsync(CancellationToken.None);
        await Mqtt.Until.TrueAsync(() => outside.Beats == 1, "the first beat");
        await PassAsync(61, () => outside.Beats == 2);
        isWorking = false;
        await PassAsync(180, () => time.GetUtcNow() > new DateTimeOffset(2026, 11, 20, 10, 4, 0, TimeSpan.Zero));
        Assert.Equal(2, outside.Beats);
        isWorking = true;
        await PassAsync(61, () => outside.Beats == 3);
        await heart.StopAsync(CancellationToken.None);

        async Task PassAsync(int seconds, Func<bool> until)
        {
            time.Advance(TimeSpan.FromSeconds(seconds));
            await Mqtt.Until.TrueAsync(until, $"{seconds} s pass");
        }
    }

    private ChannelWatch Watch(NoticeFixture fixture) => new(fixture.Worker, () => [], fixture.Database, _told.Add, fixture.Time, NullLogger<ChannelWatch>.Instance);

    private sealed class Outside : HttpMessageHandler
    {
        public int Beats { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Beats++;
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("OK") });
        }
    }
}

using System.Collections.Concurrent;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Answers;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.OnCall.Notices;
using FacilityMonitor.Registry;
using FacilityMonitor.Tests.OnCall.Channels;
using FacilityMonitor.Tests.OnCall.Notices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.OnCall.Answers;

/// <summary>The connection by which people answer, against a gateway that keeps DingTalk's rules.</summary>
public sealed class DingTalkStreamTests : IAsyncLifetime, IDisposable
{
    private readonly ManualTime _time = new();
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler());
    private readonly ConcurrentQueue<ChatAnswer> _asked = new();
    private readonly ConcurrentQueue<string> _logged = new();
    private readonly CancellationTokenSource _stopping = new();
    private FakeDingTalk _fake = null!;
    private DingTalkStream _stream = null!;
    private Task _running = Task.CompletedTask;
    private Func<ChatAnswer, Task<AnswerReply>> _answer = _ => Task.FromResult(new AnswerReply(AnswerKind.Done, new LocalText("已记下", "Noted")));

    public async Task InitializeAsync() => _fake = await FakeDingTalk.StartAsync();

    public async Task DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running.WaitAsync(TimeSpan.FromSeconds(20), WakingTime.Clock);
        await _fake.DisposeAsync();
    }

    public void Dispose()
    {
        _http.Dispose();
        _stopping.Dispose();
    }

    [Fact]
    public async Task What_somebody_writes_is_done_acknowledged_and_replied_to()
    {
        Start();
        await UntilAsync(() => _fake.Connects == 1, "it is connected");

        var frame = await _fake.WritesAsync("zhang", "确认 1234");
        await UntilAsync(() => _fake.Replies.Count == 1, "it is replied to");

        Assert.Equal(new ChatAnswer("app", "zhang", "确认 1234"), Assert.Single(_asked));
        Assert.Equal((frame, 200, """{"response":null}"""), Assert.Single(_fake.Acknowledged));
        Assert.Equal("已记下", Assert.Single(_fake.Replies));
        Assert.Equal((1, 1, 0), (_stream.Opened, _stream.Answers, _stream.Unreplied));
    }

    [Fact]
    public async Task What_our_disk_did_not_take_is_not_acknowledged_and_comes_again()
    {
        var isFull = true;
        _answer = _ => isFull ? throw new DatabaseUnavailableException("full", new IOException("full")) : Task.FromResult(new AnswerReply(AnswerKind.Done, new LocalText("已记下", "Noted")));
        Start();
        await UntilAsync(() => _fake.Connects == 1, "it is connected");
        var frame = await _fake.WritesAsync("zhang", "确认");
        await UntilAsync(() => _fake.Acknowledged.Any(one => one == (frame, 500, "{}")), "it is refused");
        Assert.Empty(_fake.Replies);

        isFull = false;
        _fake.Cut();
        await UntilAsync(() => _fake.Replies.Count == 1, "it came again");

        Assert.Contains((frame, 200, """{"response":null}"""), _fake.Acknowledged);
        Assert.Equal(1, _stream.Answers);
    }

    [Fact]
    public async Task What_comes_twice_is_done_and_replied_to_once()
    {
        Start();
        await UntilAsync(() => _fake.Connects == 1, "it is connected");
        await _fake.WritesAsync("zhang", "确认");
        await UntilAsync(() => _fake.Replies.Count == 1, "it is replied to");
        // The gateway did not hear us, and sends the same frame with the same id.
        await _fake.SendRawAsync("""{"specVersion":"1.0","type":"CALLBACK","headers":{"topic":"/v1.0/im/bot/messages/get","messageId":"frame-2","contentType":"application/json"},"data":"{\"text\":{\"content\":\"x\"}}"}""");
        await _fake.PushAsync("SYSTEM", "ping", "{}");
        await UntilAsync(() => _fake.Acknowledged.Count == 3, "all are acknowledged");

        Assert.Single(_asked);
        Assert.Single(_fake.Replies);
    }

    [Fact]
    public async Task A_ping_gets_its_own_words_back_and_what_nobody_wants_is_said_so_and_counted()
    {
        Start();
        await UntilAsync(() => _fake.Connects == 1, "it is connected");
        var ping = await _fake.PushAsync("SYSTEM", "ping", """{"opaque":"0a1b"}""");
        var strange = await _fake.PushAsync("EVENT", "*", """{"x":1}""");
        await _fake.SendRawAsync("this is no frame");
        await _fake.SendRawAsync("""{"type":"CALLBACK"}""");
        await UntilAsync(() => _fake.Acknowledged.Count == 2 && _stream.Frames == 4, "both are acknowledged");

        Assert.Equal([(ping, 200, """{"opaque":"0a1b"}"""), (strange, 404, "{}")], _fake.Acknowledged);
        Assert.Equal(3, _stream.Unwanted);
        Assert.Empty(_fake.Violations);
    }

    [Fact]
    public async Task A_connection_that_ends_with_notice_is_followed_by_another_with_a_ticket_of_its_own()
    {
        Start();
        await UntilAsync(() => _fake.Connects == 1, "it is connected");

        var notice = await _fake.PushAsync("SYSTEM", "disconnect", """{"reason":"planned"}""");
        await UntilAsync(() => _fake.Connects == 2, "it is connected again");
        await _fake.WritesAsync("zhang", "确认");
        await UntilAsync(() => _fake.Replies.Count == 1, "it works");

        Assert.Contains((notice, 200, """{"reason":"planned"}"""), _fake.Acknowledged);
        Assert.Equal(2, _fake.Opens);
        Assert.Empty(_fake.Violations);
        Assert.Null(_stream.DownSinceMs);
        // An end with notice is everyday and no line in the log.
        Assert.DoesNotContain(_logged, line => line.Contains("do not come", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_gateway_that_is_out_of_order_is_asked_ever_more_seldom_and_not_more_than_once_a_minute_for_ever()
    {
        _fake.IsDown = true;
        var began = _time.GetUtcNow();
        Start();
        await UntilAsync(() => _fake.Opens == 12, "it was asked twelve times");
        var minutes = (_time.GetUtcNow() - began).TotalMinutes;

        // 0, 1, 2, 4 … 32, then 60 s, each at least half and at most all of it.
        Assert.InRange(minutes, 2.5, 7);
        Assert.Equal("no-json-503", _stream.Fault);
    }

    [Fact]
    public async Task A_line_that_is_cut_is_said_once_and_comes_back()
    {
        Start();
        await UntilAsync(() => _fake.Connects == 1, "it is connected");
        _fake.IsDown = true;
        _fake.Cut();
        await UntilAsync(() => _fake.Opens >= 4, "it was tried");
        Assert.NotNull(_stream.DownSinceMs);
        _fake.IsDown = false;
        await UntilAsync(() => _fake.Connects == 2, "it is connected again");
        await UntilAsync(() => _stream.DownSinceMs is null, "it says so");

        Assert.Single(_logged, line => line.Contains("do not come", StringComparison.Ordinal));
        Assert.Equal(2, _logged.Count(line => line.Contains("Answers of people come", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Answers_that_have_not_come_for_five_minutes_are_an_alert_about_ourselves()
    {
        await using var notices = new NoticeFixture("wecom-bot");
        _fake.IsDown = true;
        Start();
        var told = new List<AlertTransition>();
        using var watch = new ChannelWatch(notices.Worker, () => [_stream], notices.Database, told.Add, _time, NullLogger<ChannelWatch>.Instance);
        await UntilAsync(() => _stream.DownSinceMs is not null, "it is down");
        var since = _stream.DownSinceMs!.Value;
        await watch.CheckAsync(CancellationToken.None);
        Assert.Empty(told);
        await UntilAsync(() => _time.GetUtcNow().ToUnixTimeMilliseconds() - since >= 300_000, "five minutes");

        await watch.CheckAsync(CancellationToken.None);

        var raised = Assert.Single(told);
        Assert.Equal((ChannelWatch.Rule, Priority.P1, Condition.Active), (raised.Rule, raised.Priority, raised.Condition));
        Assert.StartsWith("收不到大家的回复：app", raised.Text.Zh, StringComparison.Ordinal);
        _fake.IsDown = false;
        await UntilAsync(() => _stream.DownSinceMs is null, "it is back");
        await watch.CheckAsync(CancellationToken.None);
        Assert.Equal(Condition.Cleared, told[^1].Condition);
    }

    [Fact]
    public async Task A_wrong_secret_is_told_by_its_code_and_never_by_itself()
    {
        Start(secret: "another-secret-77");
        await UntilAsync(() => _stream.Fault is not null, "it is refused");

        Assert.Equal("invalidClientIdOrSecret", _stream.Fault);
        Assert.Contains(_logged, line => line.Contains("invalidClientIdOrSecret", StringComparison.Ordinal));
        Assert.DoesNotContain(_logged, line => line.Contains("another-secret-77", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("ws://gateway.example/connect")]
    [InlineData("http://127.0.0.1/connect")]
    [InlineData("connect")]
    public async Task A_ticket_goes_to_nobody_in_the_clear(string endpoint)
    {
        _fake.Endpoint = endpoint;
        Start();
        await UntilAsync(() => _stream.Fault is not null, "it is refused");

        Assert.Equal("no-secure-endpoint", _stream.Fault);
        Assert.Equal(0, _fake.Connects);
    }

    [Fact]
    public async Task A_frame_without_end_ends_the_connection_and_is_counted()
    {
        Start();
        await UntilAsync(() => _fake.Connects == 1, "it is connected");
        await _fake.SendRawAsync(new string('x', DingTalkStream.FrameBytesMax + 1));

        await UntilAsync(() => _fake.Connects == 2, "it is connected again");
        Assert.Equal(1, _stream.Unwanted);
    }

    [Theory]
    [InlineData("https://evil.example/robot/sendBySession?session=s1")]
    [InlineData("http://oapi.dingtalk.com/robot/sendBySession?session=s1")]
    [InlineData("https://oapi.dingtalk.com.evil.example/")]
    public async Task A_reply_goes_to_DingTalk_and_to_nobody_else(string replyTo)
    {
        Start();
        await UntilAsync(() => _fake.Connects == 1, "it is connected");
        await _fake.WritesAsync("zhang", "确认", replyTo);
        await UntilAsync(() => _fake.Acknowledged.Count == 1, "it is acknowledged");

        Assert.Equal((1, 1), (_stream.Answers, _stream.Unreplied));
    }

    [Fact]
    public async Task An_edit_of_the_channels_opens_what_is_new_closes_what_is_gone_and_leaves_the_rest_alone()
    {
        await using var alerts = new ResponseFixture();
        var desk = new AnswerDesk(alerts.Database, alerts.Registry, alerts.Log, _time);
        var settings = new OnCallSettings { WebhookTimeout = TimeSpan.FromSeconds(10), RetryMax = TimeSpan.FromSeconds(60), Expiry = TimeSpan.FromHours(24) };
        using var worker = new AnswerWorker([Definition()], _http, desk, settings, _time, NullLogger<AnswerWorker>.Instance);
        await worker.StartAsync(CancellationToken.None);
        await Mqtt.Until.TrueAsync(() => _fake.Connects == 1 && worker.Streams.Count == 1, "it is connected");
        var first = worker.Streams[0];

        worker.Use([ChannelBench.Definition("wecom-bot"), Definition(), Definition() with { Id = "second" }]);
        await Mqtt.Until.TrueAsync(() => _fake.Connects == 2 && worker.Streams.Count == 2, "the second is connected");
        Assert.Same(first, worker.Streams[0]);

        worker.Use([Definition() with { Id = "second" }]);
        await Mqtt.Until.TrueAsync(() => worker.Streams.Count == 1, "the first is closed");
        Assert.Equal("second", worker.Streams[0].Channel);
        Assert.Equal(2, _fake.Opens);
        await worker.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Somebody_of_another_organisation_and_a_picture_are_answered_and_do_nothing()
    {
        _answer = _ => Task.FromResult(new AnswerReply(AnswerKind.Stranger, new LocalText("没有登记", "not registered")));
        Start();
        await UntilAsync(() => _fake.Connects == 1, "it is connected");
        await _fake.WritesAsync(null, "确认");
        await _fake.PushAsync("CALLBACK", DingTalkStream.BotTopic, """{"msgtype":"picture","senderStaffId":"zhang","content":{"downloadCode":"x"}}""");
        await UntilAsync(() => _fake.Acknowledged.Count == 2, "both are acknowledged");

        Assert.Equal([new ChatAnswer("app", null, "确认"), new ChatAnswer("app", null, "")], _asked);
        Assert.Equal(0, _stream.Answers);
    }

    private ChannelDefinition Definition(string secret = FakeDingTalk.Secret) =>
        ChannelBench.Definition("dingtalk-app", "app") with { Url = _fake.Address, Secrets = new Dictionary<string, string> { ["client-secret"] = secret } };

    private void Start(string secret = FakeDingTalk.Secret)
    {
        _stream = new DingTalkStream(
            Definition(secret), _http, TimeSpan.FromSeconds(10),
            answer =>
            {
                _asked.Enqueue(answer);
                return _answer(answer);
            },
            _time, new QueueLog(_logged));
        _running = _stream.RunAsync(_stopping.Token);
    }

    /// <summary>The clock moves only while there is no connection: one that is being opened must not run out of a time that nobody took.</summary>
    private Task UntilAsync(Func<bool> condition, string what)
    {
        var looks = 0;
        return Mqtt.Until.TrueAsync(
            () =>
            {
                if (condition())
                    return true;
                if (_stream.DownSinceMs is not null && ++looks % 2 == 0)
                    _time.Advance(TimeSpan.FromSeconds(_fake.IsDown ? 2 : 0.5));
                return false;
            },
            what);
    }

    private sealed class QueueLog(ConcurrentQueue<string> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue(formatter(state, exception) + exception);
    }
}

using System.Net.WebSockets;
using System.Threading.Channels;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Channels;

namespace FacilityMonitor.OnCall.Answers;

/// <summary>DingTalk's Stream mode: a connection that we open brings what people write to the app's bot, so that an office behind a router can be answered.</summary>
/// <remarks>
/// An address and a ticket that is good once are asked for with the app's secret; the socket then brings frames, each of which is acknowledged when it is done with. What was
/// not acknowledged comes again. The server may end a connection with notice; then we acknowledge that, close, and open another. Sources: see <see cref="DingTalkFrame"/>,
/// and <c>client/client.go</c> there.
/// </remarks>
/// <param name="channel">The channel: address of DingTalk, client id and secret.</param>
/// <param name="client">The way out.</param>
/// <param name="timeout">How long opening a connection, and a reply, may take.</param>
/// <param name="answer">Does what a person wrote.</param>
/// <param name="time">The clock.</param>
/// <param name="log">The log.</param>
internal sealed partial class DingTalkStream(
    ChannelDefinition channel, HttpMessageInvoker client, TimeSpan timeout, Func<ChatAnswer, Task<AnswerReply>> answer, TimeProvider time, ILogger log)
{
    /// <summary>What people write to a bot.</summary>
    public const string BotTopic = "/v1.0/im/bot/messages/get";

    /// <summary>No frame is longer; a longer one ends the connection.</summary>
    public const int FrameBytesMax = 131_072;

    /// <summary>Frames that are known again when they come a second time.</summary>
    public const int RememberedMax = 1_000;

    /// <summary>Replies that may wait; what is beyond is counted and not said: what was answered is done all the same.</summary>
    public const int RepliesMax = 100;

    /// <summary>Longest pause between two attempts to open a connection.</summary>
    public static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(60);

    /// <summary>The other side is asked for a sign of life so often, and has so long for it.</summary>
    private static readonly TimeSpan LifeEvery = TimeSpan.FromSeconds(30);

    private readonly ILogger _log = log;
    private readonly ProviderHttp _http = new(client, timeout, time);
    private readonly Queue<string> _order = new();
    private readonly HashSet<string> _done = new(StringComparer.Ordinal);
    private readonly Channel<(Uri Address, string Text)> _replies = System.Threading.Channels.Channel.CreateBounded<(Uri, string)>(RepliesMax);
    private long _downSinceMs;
    private string? _fault;
    private long _opened;
    private long _frames;
    private long _answers;
    private long _unwanted;
    private long _unreplied;

    /// <summary>Name of the channel.</summary>
    public string Channel => channel.Id;

    /// <summary>Since when there is no connection, ms since 1970-01-01 UTC; null: there is one, or none was tried.</summary>
    public long? DownSinceMs => Interlocked.Read(ref _downSinceMs) is > 0 and var since ? since : null;

    /// <summary>Why there is none.</summary>
    public string? Fault => _fault;

    /// <summary>Connections opened since the start.</summary>
    public long Opened => Interlocked.Read(ref _opened);

    /// <summary>Frames that came since the start.</summary>
    public long Frames => Interlocked.Read(ref _frames);

    /// <summary>Answers that were done.</summary>
    public long Answers => Interlocked.Read(ref _answers);

    /// <summary>Frames that are none, are too long, or that nobody here wants.</summary>
    public long Unwanted => Interlocked.Read(ref _unwanted);

    /// <summary>Replies that could not be said.</summary>
    public long Unreplied => Interlocked.Read(ref _unreplied);

    /// <summary>Keeps a connection until we are stopped.</summary>
    public async Task RunAsync(CancellationToken stoppingToken)
    {
        var replying = ReplyAsync(stoppingToken);
        var failures = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            Outcome.Failed ended;
            try
            {
                var framesBefore = Frames;
                ended = await ConnectionAsync(stoppingToken);
                // A connection that brought something was a good one.
                failures = Frames > framesBefore ? 1 : failures + 1;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }

            Down(ended);
            await Task.Delay(RetryPlan.Pause(PauseMax, failures, ended.Wait, Random.Shared.NextDouble()), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await replying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>One connection, from its opening to its end.</summary>
    private async Task<Outcome.Failed> ConnectionAsync(CancellationToken stoppingToken)
    {
        var (address, refused) = await OpenAsync(stoppingToken);
        if (address is null)
            return refused!;
        using var socket = new ClientWebSocket();
        socket.Options.KeepAliveInterval = LifeEvery;
        socket.Options.KeepAliveTimeout = LifeEvery;
        try
        {
            using (var late = new CancellationTokenSource(timeout, time))
            using (var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stoppingToken))
                await socket.ConnectAsync(address, client, either.Token);
            Up();
            await ReceiveAsync(socket, stoppingToken);
            return new Outcome.Failed(Channels.Fault.Passing, "closed");
        }
        catch (WebSocketException error)
        {
            // Its message may hold the address, and that the ticket.
            return new Outcome.Failed(Channels.Fault.Passing, error.WebSocketErrorCode.ToString());
        }
        catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
        {
            return new Outcome.Failed(Channels.Fault.Passing, "timeout");
        }
    }

    /// <summary>Asks for an address and a ticket.</summary>
    private async Task<(Uri? Address, Outcome.Failed? Refused)> OpenAsync(CancellationToken stoppingToken)
    {
        var body = ProviderHttp.Write(json =>
        {
            json.WriteString("clientId"u8, channel["client-id"]);
            json.WriteString("clientSecret"u8, channel["client-secret"]);
            json.WriteStartArray("subscriptions"u8);
            json.WriteStartObject();
            json.WriteString("type"u8, "CALLBACK"u8);
            json.WriteString("topic"u8, BotTopic);
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteString("ua"u8, "facility-monitor"u8);
            json.WriteString("localIp"u8, ""u8);
        });
        var answered = await _http.PostAsync(new Uri(channel.Url!, "/v1.0/gateway/connections/open"), body, stoppingToken);
        if (answered.Json is null)
            return (null, answered.Unusable());
        if (answered.Value("endpoint") is not { Length: > 0 } endpoint || answered.Value("ticket") is not { Length: > 0 } ticket)
            return (null, ProviderCodes.DingTalkApp.Judge(answered.Value("code") ?? "no-ticket"));
        // The ticket is a secret: it goes to nobody in the clear.
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var address) || !(address.Scheme == "wss" || (address.Scheme == "ws" && address.IsLoopback)))
            return (null, new Outcome.Failed(Channels.Fault.Misconfigured, "no-secure-endpoint"));
        return (new Uri($"{endpoint}?ticket={Uri.EscapeDataString(ticket)}"), null);
    }

    private async Task ReceiveAsync(ClientWebSocket socket, CancellationToken stoppingToken)
    {
        var buffer = new byte[FrameBytesMax];
        while (true)
        {
            var length = 0;
            ValueWebSocketReceiveResult received;
            do
            {
                received = await socket.ReceiveAsync(buffer.AsMemory(length), stoppingToken);
                length += received.Count;
            }
            while (!received.EndOfMessage && received.MessageType != WebSocketMessageType.Close && length < FrameBytesMax);

            if (received.MessageType == WebSocketMessageType.Close)
                return;
            if (!received.EndOfMessage)
            {
                Interlocked.Increment(ref _unwanted);
                await CloseAsync(socket, WebSocketCloseStatus.MessageTooBig, stoppingToken);
                return;
            }

            Interlocked.Increment(ref _frames);
            if (DingTalkFrame.Read(buffer.AsMemory(0, length)) is not { } frame)
            {
                Interlocked.Increment(ref _unwanted);
                continue;
            }

            await socket.SendAsync(await TakeAsync(frame), WebSocketMessageType.Text, endOfMessage: true, stoppingToken);
            if (frame is { Type: "SYSTEM", Topic: "disconnect" })
            {
                await CloseAsync(socket, WebSocketCloseStatus.NormalClosure, stoppingToken);
                return;
            }
        }
    }

    /// <summary>Does what a frame wants.</summary>
    /// <returns>The frame that acknowledges it.</returns>
    private async Task<byte[]> TakeAsync(DingTalkFrame frame)
    {
        switch (frame)
        {
            // A ping wants its own words back; of the others we only have to say that we saw them.
            case { Type: "SYSTEM" }:
                return frame.Acknowledge(200, frame.Data);
            case { Type: "CALLBACK", Topic: BotTopic } when _done.Contains(frame.MessageId):
                return frame.Acknowledge(200, """{"response":null}""");
            case { Type: "CALLBACK", Topic: BotTopic }:
                return await MessageAsync(frame);
            default:
                Interlocked.Increment(ref _unwanted);
                return frame.Acknowledge(404, "{}");
        }
    }

    private async Task<byte[]> MessageAsync(DingTalkFrame frame)
    {
        // A picture, or a file: nothing to do, and nothing that should come again.
        var message = DingTalkMessage.Read(frame.Data) ?? new DingTalkMessage(null, "", null, 0);
        AnswerReply reply;
        try
        {
            reply = await answer(new ChatAnswer(channel.Id, message.Staff, message.Text));
        }
        catch (DatabaseUnavailableException)
        {
            // It comes again, and so does the person's wish.
            return frame.Acknowledge(500, "{}");
        }

        if (reply.Kind == AnswerKind.Done)
            Interlocked.Increment(ref _answers);
        LogAnswered(channel.Id, reply.Kind);
        Remember(frame.MessageId);
        if (!IsReplyAddress(message) || !_replies.Writer.TryWrite((message.ReplyTo!, channel.Language == "en" ? reply.Text.En : reply.Text.Zh)))
            Interlocked.Increment(ref _unreplied);
        return frame.Acknowledge(200, """{"response":null}""");
    }

    private void Remember(string messageId)
    {
        if (messageId.Length == 0 || !_done.Add(messageId))
            return;
        _order.Enqueue(messageId);
        if (_order.Count > RememberedMax)
            _done.Remove(_order.Dequeue());
    }

    /// <summary>Only to DingTalk itself, and only while it takes it.</summary>
    private bool IsReplyAddress(DingTalkMessage message) => message.ReplyTo is { } address && message.ReplyUntilMs > time.GetUtcNow().ToUnixTimeMilliseconds()
        && (address.Authority == channel.Url!.Authority || (address.Scheme == "https" && address.Host.EndsWith(".dingtalk.com", StringComparison.OrdinalIgnoreCase)));

    /// <summary>Says what became of it; apart from the frames, so that a reply that hangs keeps no other answer waiting.</summary>
    private async Task ReplyAsync(CancellationToken stoppingToken)
    {
        await foreach (var (address, text) in _replies.Reader.ReadAllAsync(stoppingToken))
        {
            var body = ProviderHttp.Write(json =>
            {
                json.WriteString("msgtype"u8, "text"u8);
                json.WriteStartObject("text"u8);
                json.WriteString("content"u8, text);
                json.WriteEndObject();
            });
            var said = await _http.PostAsync(address, body, stoppingToken);
            if (said.Value("errcode") == "0")
                continue;
            Interlocked.Increment(ref _unreplied);
            LogNotReplied(channel.Id, said.Lost ?? said.Value("errcode") ?? $"HTTP {said.Status}");
        }
    }

    private static async Task CloseAsync(ClientWebSocket socket, WebSocketCloseStatus status, CancellationToken stoppingToken) =>
        await socket.CloseOutputAsync(status, null, stoppingToken);

    private void Up()
    {
        Interlocked.Increment(ref _opened);
        Interlocked.Exchange(ref _downSinceMs, 0);
        if (_fault is not null || Opened == 1)
            LogUp(channel.Id);
        _fault = null;
    }

    private void Down(Outcome.Failed ended)
    {
        Interlocked.CompareExchange(ref _downSinceMs, time.GetUtcNow().ToUnixTimeMilliseconds(), 0);
        // Said once, not at every attempt; an end with notice is everyday.
        if (_fault is null && ended.Code != "closed")
            LogDown(channel.Id, ended.Code);
        _fault ??= ended.Code;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Answers of people come by {Channel}")]
    private partial void LogUp(string channel);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Answers of people do not come by {Channel} ({Code}); the connection is tried again and again")]
    private partial void LogDown(string channel, string code);

    [LoggerMessage(Level = LogLevel.Information, Message = "Somebody answered by {Channel}: {Kind}")]
    private partial void LogAnswered(string channel, AnswerKind kind);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Somebody who answered by {Channel} could not be told what became of it ({Code})")]
    private partial void LogNotReplied(string channel, string code);
}

using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using FacilityMonitor.OnCall.Answers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace FacilityMonitor.Tests.OnCall.Answers;

/// <summary>
/// DingTalk's Stream gateway on a free port of this machine, with the rules its open SDKs show: a ticket opens one connection; every frame wants an acknowledgement in a
/// certain form; what was not acknowledged with 200 or 404 comes again; the end of a connection is announced. It keeps what was violated.
/// </summary>
internal sealed class FakeDingTalk : IAsyncDisposable
{
    public const string ClientId = "dingapp1";
    public const string Secret = "dingtalk-secret-5a";

    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, bool> _tickets = new();
    private readonly Lock _gate = new();
    private readonly List<(string Id, string Frame)> _unacknowledged = [];
    private readonly ConcurrentQueue<string> _violations = new();
    private readonly ConcurrentQueue<(string Id, int Code, string Data)> _acknowledged = new();
    private readonly ConcurrentQueue<string> _replies = new();
    private WebSocket? _socket;
    private int _number;

    private FakeDingTalk()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.UseWebSockets();
        _app.Run(AnswerAsync);
    }

    public Uri Address => new(_app.Urls.First());

    /// <summary>Times that a connection was asked for.</summary>
    public int Opens { get; private set; }

    /// <summary>Times that the socket was opened.</summary>
    public int Connects { get; private set; }

    /// <summary>Whether the gateway answers that it is out of order.</summary>
    public bool IsDown { get; set; }

    /// <summary>What it says in place of the socket's address.</summary>
    public string? Endpoint { get; set; }

    public IReadOnlyCollection<string> Violations => _violations;

    /// <summary>What was acknowledged, and how.</summary>
    public IReadOnlyCollection<(string Id, int Code, string Data)> Acknowledged => _acknowledged;

    /// <summary>What was said in the chat.</summary>
    public IReadOnlyCollection<string> Replies => _replies;

    public static async Task<FakeDingTalk> StartAsync()
    {
        var fake = new FakeDingTalk();
        await fake._app.StartAsync();
        return fake;
    }

    /// <summary>Somebody writes to the bot.</summary>
    /// <returns>The frame's message id.</returns>
    public Task<string> WritesAsync(string? staff, string text, string? replyTo = null)
    {
        var staffPart = staff is null ? "" : $"\"senderStaffId\":{JsonSerializer.Serialize(staff)},";
        return PushAsync("CALLBACK", DingTalkStream.BotTopic, $$"""
            {"conversationId":"cid1","chatbotUserId":"$:LWCP","msgId":"m","senderNick":"x",{{staffPart}}"sessionWebhookExpiredTime":4102444800000,"conversationType":"1",
             "sessionWebhook":{{JsonSerializer.Serialize(replyTo ?? Address + "robot/sendBySession?session=s1")}},"robotCode":"dingapp1","msgtype":"text","text":{"content":{{JsonSerializer.Serialize(text)}} } }
            """);
    }

    public async Task<string> PushAsync(string type, string topic, string data)
    {
        var id = $"frame-{Interlocked.Increment(ref _number)}";
        var frame = JsonSerializer.Serialize(new { specVersion = "1.0", type, headers = new { topic, messageId = id, contentType = "application/json", time = "1795168800000" }, data });
        WebSocket? socket;
        lock (_gate)
        {
            _unacknowledged.Add((id, frame));
            socket = _socket;
        }

        await SendAsync(socket, frame);
        return id;
    }

    /// <summary>Sends what is no frame.</summary>
    public Task SendRawAsync(string text) => SendAsync(_socket, text);

    /// <summary>The line is cut.</summary>
    public void Cut() => _socket?.Abort();

    public async ValueTask DisposeAsync()
    {
        Cut();
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private static async Task SendAsync(WebSocket? socket, string text)
    {
        if (socket is { State: WebSocketState.Open })
            await socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value;
        if (path == "/connect" && context.WebSockets.IsWebSocketRequest)
        {
            await ConnectionAsync(context);
            return;
        }

        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var body = await reader.ReadToEndAsync();
        switch (path)
        {
            case "/v1.0/gateway/connections/open":
                await OpenAsync(context, body);
                break;
            case "/robot/sendBySession":
                _replies.Enqueue(JsonDocument.Parse(body).RootElement.GetProperty("text").GetProperty("content").GetString()!);
                await context.Response.WriteAsJsonAsync(new { errcode = 0, errmsg = "ok" });
                break;
            default:
                context.Response.StatusCode = 404;
                break;
        }
    }

    private async Task OpenAsync(HttpContext context, string body)
    {
        Opens++;
        if (IsDown)
        {
            context.Response.StatusCode = 503;
            return;
        }

        var json = JsonDocument.Parse(body).RootElement;
        if (json.GetProperty("clientId").GetString() != ClientId || json.GetProperty("clientSecret").GetString() != Secret)
        {
            context.Response.StatusCode = 401;
            await context.Response.WriteAsync("""{"code":"invalidClientIdOrSecret","requestid":"R","message":"wrong"}""");
            return;
        }

        var subscribed = json.GetProperty("subscriptions").EnumerateArray().Select(one => $"{one.GetProperty("type").GetString()} {one.GetProperty("topic").GetString()}").ToList();
        if (!subscribed.SequenceEqual(["CALLBACK " + DingTalkStream.BotTopic]) || context.Request.ContentType != "application/json")
            _violations.Enqueue("subscribed: " + string.Join(", ", subscribed));
        // A ticket has to be escaped by whoever uses it.
        var ticket = $"t+{Interlocked.Increment(ref _number)}/=";
        _tickets[ticket] = true;
        await context.Response.WriteAsJsonAsync(new { endpoint = Endpoint ?? $"ws://127.0.0.1:{Address.Port}/connect", ticket });
    }

    private async Task ConnectionAsync(HttpContext context)
    {
        if (!_tickets.TryRemove(context.Request.Query["ticket"].ToString(), out _))
        {
            _violations.Enqueue("a ticket that is none, or was used before");
            context.Response.StatusCode = 401;
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        List<string> again;
        lock (_gate)
        {
            _socket = socket;
            Connects++;
            again = [.. _unacknowledged.Select(one => one.Frame)];
        }

        try
        {
            foreach (var frame in again)
                await SendAsync(socket, frame);
            await ReadAsync(socket);
        }
        catch (Exception error) when (error is WebSocketException or OperationCanceledException)
        {
            // The line was cut, by one side or the other.
        }
    }

    private async Task ReadAsync(WebSocket socket)
    {
        var buffer = new byte[65_536];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
                return;
            }

            var json = JsonDocument.Parse(buffer.AsMemory(0, received.Count)).RootElement;
            var (id, code, data) = (json.GetProperty("headers").GetProperty("messageId").GetString()!, json.GetProperty("code").GetInt32(), json.GetProperty("data").GetString()!);
            if (json.GetProperty("headers").GetProperty("contentType").GetString() != "application/json" || json.GetProperty("message").ValueKind != JsonValueKind.String)
                _violations.Enqueue("an acknowledgement without its headers");
            JsonDocument.Parse(data).Dispose();
            lock (_gate)
            {
                if (!_unacknowledged.Exists(one => one.Id == id))
                    _violations.Enqueue("an acknowledgement of what was not sent: " + id);
                if (code is 200 or 404)
                    _unacknowledged.RemoveAll(one => one.Id == id);
            }

            _acknowledged.Enqueue((id, code, data));
        }
    }
}

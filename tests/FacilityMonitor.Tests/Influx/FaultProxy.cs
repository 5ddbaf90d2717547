using System.Net;
using Microsoft.AspNetCore.Http;

namespace FacilityMonitor.Tests.Influx;

/// <summary>What stands between the service and a database may do to a write.</summary>
internal enum WriteFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>It is passed on, and the answer takes five seconds.</summary>
    Slow,

    /// <summary>500.</summary>
    ServerError,

    /// <summary>429, with a <c>Retry-After</c> of two seconds.</summary>
    Busy,

    /// <summary>204, and the lines are gone.</summary>
    TakenAndLost,
}

/// <summary>Stands in front of a real database and spoils the writes to it.</summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private static readonly TimeSpan SlowAnswer = TimeSpan.FromSeconds(5);

    private readonly HttpClient _client;
    private readonly InfluxServer _database;
    private FakeInflux _front = null!;
    private int _restarts;
    private int _spoiled;
    private volatile WriteFault _fault;

    private FaultProxy(InfluxServer database) => (_database, _client) = (database, new HttpClient { Timeout = Mqtt.Until.RequestDeadline });

    public Uri Url => _front.Address;

    public WriteFault Fault
    {
        get => _fault;
        set => _fault = value;
    }

    /// <summary>How many writes it has spoiled.</summary>
    public int Spoiled => Volatile.Read(ref _spoiled);

    public static async Task<FaultProxy> StartAsync(InfluxServer database)
    {
        var proxy = new FaultProxy(database);
        proxy._front = await FakeInflux.StartAsync(proxy.AnswerAsync);
        return proxy;
    }

    /// <summary>The database looks as if it had started anew.</summary>
    public void Restart() => Interlocked.Increment(ref _restarts);

    public async ValueTask DisposeAsync()
    {
        await _front.DisposeAsync();
        _client.Dispose();
    }

    private async Task AnswerAsync(HttpContext context, Asked asked)
    {
        var fault = asked.Method == "POST" ? Fault : WriteFault.None;
        if (fault != WriteFault.None)
            Interlocked.Increment(ref _spoiled);
        switch (fault)
        {
            case WriteFault.ServerError:
                context.Response.StatusCode = (int)HttpStatusCode.InternalServerError;
                await context.Response.WriteAsync("{\"error\":\"timeout\"}");
                return;
            case WriteFault.Busy:
                context.Response.StatusCode = (int)HttpStatusCode.TooManyRequests;
                context.Response.Headers.RetryAfter = "2";
                return;
            case WriteFault.TakenAndLost:
                context.Response.StatusCode = (int)HttpStatusCode.NoContent;
                return;
            case WriteFault.Slow:
                await Task.Delay(SlowAnswer, context.RequestAborted);
                break;
        }

        using var request = new HttpRequestMessage(new HttpMethod(asked.Method), new Uri(_database.Url, asked.Path + asked.Query));
        if (asked.Method == "POST")
            request.Content = new StringContent(asked.Body);
        using var answer = await _client.SendAsync(request, context.RequestAborted);
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Where(header => header.Key.StartsWith("X-Influxdb", StringComparison.OrdinalIgnoreCase)))
            context.Response.Headers[name] = values.ToArray();
        var body = await answer.Content.ReadAsStringAsync(context.RequestAborted);
        if (asked.Path == "/debug/vars" && Volatile.Read(ref _restarts) is > 0 and var restarts)
            body = $"{{\"system\": {{\"started\":\"after restart {restarts}\"}}}}";
        if (body.Length > 0)
            await context.Response.WriteAsync(body, context.RequestAborted);
    }
}

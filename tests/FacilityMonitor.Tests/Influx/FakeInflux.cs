using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace FacilityMonitor.Tests.Influx;

/// <summary>A request as the server saw it.</summary>
internal sealed record Asked(string Method, string Path, string Query, string? Authorization, string? Encoding, string Body);

/// <summary>Answers over real HTTP as the documentation of a version of InfluxDB says; for what Debian's 1.6.7 cannot show.</summary>
internal sealed class FakeInflux : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Asked> _asked = new();

    private FakeInflux(Func<HttpContext, Asked, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(async context =>
        {
            var request = context.Request;
            var encoding = request.Headers.ContentEncoding.ToString();
            await using var body = encoding == "gzip" ? new GZipStream(request.Body, CompressionMode.Decompress) : request.Body;
            using var reader = new StreamReader(body, Encoding.UTF8);
            var asked = new Asked(request.Method, request.Path, request.QueryString.Value ?? "", request.Headers.Authorization, encoding, await reader.ReadToEndAsync());
            _asked.Enqueue(asked);
            await answer(context, asked);
        });
    }

    public Uri Address => new(_app.Urls.First());

    public IReadOnlyCollection<Asked> Asked => _asked;

    public static async Task<FakeInflux> StartAsync(Func<HttpContext, Asked, Task> answer)
    {
        var server = new FakeInflux(answer);
        await server._app.StartAsync();
        return server;
    }

    /// <summary>A server of a version: it says so to <c>/ping</c>, and answers writes with a status and a body.</summary>
    public static Task<FakeInflux> StartAsync(string? version, int status, string body = "", params (string Name, string Value)[] headers) => StartAsync(async (context, asked) =>
    {
        if (asked.Path == "/ping")
        {
            if (version is not null)
                context.Response.Headers["X-Influxdb-Version"] = version;
            context.Response.StatusCode = 204;
            return;
        }

        context.Response.StatusCode = status;
        foreach (var (name, value) in headers)
            context.Response.Headers[name] = value;
        if (body.Length > 0)
            await context.Response.WriteAsync(body);
    });

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}

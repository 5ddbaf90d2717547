using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using FacilityMonitor.Tests;

namespace FacilityMonitor.Benchmarks;

/// <summary>A receiver that accepts at once and notes when.</summary>
internal sealed class Webhook : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<long>> _accepted = new();

    public Webhook()
    {
        Address = new Uri($"http://127.0.0.1:{LoopbackPort.Free()}/alerts/");
        _listener.Prefixes.Add(Address.ToString());
        _listener.Start();
        _ = AcceptAsync();
    }

    public Uri Address { get; }

    /// <summary>When the first notification of an asset was accepted. Awaited, not polled: a loop that looks each millisecond would be a load of its own.</summary>
    public Task<long> Of(string asset) => Accepted(asset).Task;

    public void Dispose() => _listener.Close();

    private TaskCompletionSource<long> Accepted(string asset) =>
        _accepted.GetOrAdd(asset, _ => new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously));

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                using var body = await JsonDocument.ParseAsync(context.Request.InputStream);
                var at = TimeProvider.System.GetTimestamp();
                var root = body.RootElement;
                if (root.TryGetProperty("asset", out var asset) || (root.TryGetProperty("transition", out var step) && step.TryGetProperty("asset", out asset)))
                    Accepted(asset.GetString()!).TrySetResult(at);
                context.Response.Close();
            }
        }
        catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
        {
            // It was closed.
        }
    }
}

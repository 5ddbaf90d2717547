using System.Net;
using FacilityMonitor.Tests.Mqtt;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>The service as a process of its own, on a real broker and a real disk.</summary>
internal sealed class ServiceUnderTest : IAsyncDisposable
{
    public const string Password = "correct horse battery";

    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly int _port;

    private ServiceUnderTest(ProcessUnderTest process, int port, string data)
    {
        Process = process;
        _port = port;
        Url = UrlOf(port);
        Data = data;
    }

    public ProcessUnderTest Process { get; }

    public string Url { get; }

    public string Data { get; }

    public static string DataOf(string folder) => Path.Combine(folder, "data");

    /// <param name="broker">The broker it reads.</param>
    /// <param name="folder">Where its data go.</param>
    /// <param name="configuration">Its configuration folder; null: the demo's.</param>
    /// <param name="settings">Further settings, as environment variables.</param>
    public static async Task<ServiceUnderTest> StartAsync(MosquittoBroker broker, string folder, string? configuration = null, IReadOnlyDictionary<string, string>? settings = null)
    {
        // Between choosing a free port and listening on it somebody else may take it.
        for (var attempt = 1; ; attempt++)
        {
            var service = Create(broker, folder, configuration, settings);
            service.Process.Start();
            try
            {
                await service.ReadyAsync();
                return service;
            }
            catch (Exception error) when (error is InvalidOperationException or TimeoutException)
            {
                await service.DisposeAsync();
                if (attempt == 3 || !service.Process.Log.Contains("address already in use", StringComparison.Ordinal))
                    throw;
            }
        }
    }

    /// <summary>Waits until the process that we started is ready: whoever answers at its port may be somebody else.</summary>
    public Task ReadyAsync() => Process.UntilAsync(
        async () =>
        {
            if (Process.HasExited)
                throw new InvalidOperationException($"The service ended before it was ready:\n{Process.Log}");
            return LoopbackPort.IsListenedOnBy(_port, Process.Id) && await StatusAsync("/readyz") == HttpStatusCode.OK;
        },
        "the service being ready");

    private static string UrlOf(int port) => $"http://127.0.0.1:{port}";

    private static ServiceUnderTest Create(MosquittoBroker broker, string folder, string? configuration, IReadOnlyDictionary<string, string>? settings)
    {
        var port = LoopbackPort.Free();
        var data = DataOf(folder);
        var process = new ProcessUnderTest("facility-monitor", configuration is null ? ["run"] : ["run", "--config", configuration], new Dictionary<string, string>(settings ?? new Dictionary<string, string>())
        {
            ["FM_BROKER__PORT"] = broker.Port.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["FM_DATA__DIRECTORY"] = data,
            ["FM_WEB__URL"] = UrlOf(port),
            ["FM_WEB__SIGN_IN__PASSWORD"] = Password,
        });
        return new ServiceUnderTest(process, port, data);
    }

    public async Task<HttpStatusCode?> StatusAsync(string path)
    {
        try
        {
            using var answer = await _client.GetAsync(new Uri(Url + path));
            return answer.StatusCode;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await Process.DisposeAsync();
    }
}

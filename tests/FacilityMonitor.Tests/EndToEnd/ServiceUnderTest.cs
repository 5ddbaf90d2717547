using System.Net;
using FacilityMonitor.Tests.Mqtt;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>The service as a process of its own, on a real broker and a real disk.</summary>
internal sealed class ServiceUnderTest : IAsyncDisposable
{
    public const string Password = "correct horse battery";

    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(5) };

    private ServiceUnderTest(ProcessUnderTest process, string url, string data)
    {
        Process = process;
        Url = url;
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
        var url = $"http://127.0.0.1:{await ProcessUnderTest.FreePortAsync()}";
        var data = DataOf(folder);
        var process = new ProcessUnderTest("facility-monitor", configuration is null ? ["run"] : ["run", "--config", configuration], new Dictionary<string, string>(settings ?? new Dictionary<string, string>())
        {
            ["FM_BROKER__PORT"] = broker.Port.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["FM_DATA__DIRECTORY"] = data,
            ["FM_WEB__URL"] = url,
            ["FM_WEB__SIGN_IN__PASSWORD"] = Password,
        });
        var service = new ServiceUnderTest(process, url, data);
        process.Start();
        await service.ReadyAsync();
        return service;
    }

    public Task ReadyAsync() => Process.UntilAsync(async () => await StatusAsync("/readyz") == HttpStatusCode.OK, "the service being ready");

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

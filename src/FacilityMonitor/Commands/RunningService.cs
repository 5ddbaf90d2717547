using System.Net.Http.Headers;
using FacilityMonitor.Configuration;
using FacilityMonitor.Web;

namespace FacilityMonitor.Commands;

/// <summary>The service that runs on this machine, as the command line speaks to it.</summary>
internal static class RunningService
{
    /// <summary>Does something with it.</summary>
    /// <param name="config">Configuration folder that names its data directory.</param>
    /// <param name="call">What; its number is the command's exit code.</param>
    /// <returns>1 when there is none, or it does not answer; which was said.</returns>
    public static async Task<int> CallAsync(DirectoryInfo? config, Func<HttpClient, ServiceSettings, Task<int>> call)
    {
        var (settings, errors) = SettingsLoader.Load(ConfigurationFolder.Resolve(config), Environment.GetEnvironmentVariables());
        foreach (var error in errors)
            await Console.Error.WriteLineAsync(error.ToString());
        if (settings is null)
            return 1;
        if (ControlKey.Read(settings.Data.Directory) is not { } key)
        {
            await Console.Error.WriteLineAsync($"No service runs on {settings.Data.Directory}.");
            return 1;
        }

        // The certificate of a page is for its name; this is this machine, and the key is the proof.
        using var handler = new SocketsHttpHandler { UseProxy = false };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => new Uri(key.Url).IsLoopback;
        using var client = new HttpClient(handler) { BaseAddress = new Uri(key.Url), Timeout = TimeSpan.FromSeconds(15) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key.Secret);
        try
        {
            return await call(client, settings);
        }
        catch (HttpRequestException error)
        {
            await Console.Error.WriteLineAsync($"The service at {key.Url} does not answer: {error.Message}");
            return 1;
        }
    }
}

using System.Collections;
using System.Globalization;
using FacilityMonitor.Commands;
using FacilityMonitor.Configuration;
using FacilityMonitor.Ingest;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Tests;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Benchmarks;

/// <summary>The service as <c>run</c> composes it, in this process, so that its processor time and its memory can be counted.</summary>
internal sealed class Service : IAsyncDisposable
{
    private readonly WebApplication _app;

    private Service(WebApplication app) => _app = app;

    public IngestBooks Books => _app.Services.GetRequiredService<IngestBooks>();

    public IngestWorker Ingest => _app.Services.GetRequiredService<IngestWorker>();

    public MonitoringWorker Monitoring => _app.Services.GetRequiredService<MonitoringWorker>();

    public MessageJournal Journal => _app.Services.GetRequiredService<MessageJournal>();

    public Database Database => _app.Services.GetRequiredService<Database>();

    /// <summary>Composes it; nothing runs yet.</summary>
    public static Service Build(string folder, int brokerPort)
    {
        var console = Console.Out;
        // Its log is for people who run it; here it would stand between the figures.
        Console.SetOut(TextWriter.Null);
        try
        {
            var (settings, errors) = SettingsLoader.Load(folder, new Hashtable
            {
                ["FM_BROKER__PORT"] = brokerPort.ToString(CultureInfo.InvariantCulture),
                ["FM_DATA__DIRECTORY"] = Path.Combine(folder, "data"),
                ["FM_WEB__URL"] = $"http://127.0.0.1:{LoopbackPort.Free()}",
            });
            var loaded = FacilityLoader.Load(folder, RunCommand.Rules);
            if (settings is null || loaded.Facility is null)
                throw new InvalidOperationException(string.Join('\n', errors.Concat(loaded.Errors)));
            return new Service(RunCommand.Build(folder, () => loaded.Facility, settings));
        }
        finally
        {
            Console.SetOut(console);
        }
    }

    /// <summary>Starts it, and waits until it is ready: what is published before it has subscribed, no broker keeps for it.</summary>
    public async Task StartAsync()
    {
        await _app.StartAsync();
        var readiness = _app.Services.GetRequiredService<Readiness>();
        await UntilAsync(() => readiness.Obstacles().Count == 0, "being ready");
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    /// <summary>Waits for something that has to come.</summary>
    public static async Task UntilAsync(Func<bool> holds, string what, int everyMs = 2)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!holds())
        {
            if (TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromMinutes(2))
                throw new TimeoutException($"{what} did not come about within two minutes.");
            await Task.Delay(everyMs);
        }
    }
}

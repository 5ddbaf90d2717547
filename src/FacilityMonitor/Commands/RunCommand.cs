using System.CommandLine;
using FacilityMonitor.Configuration;
using FacilityMonitor.Control;
using FacilityMonitor.Edits;
using FacilityMonitor.Influx;
using FacilityMonitor.Ingest;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.OnCall.Notices;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;
using FacilityMonitor.Storage;
using FacilityMonitor.Users;
using FacilityMonitor.Web;

namespace FacilityMonitor.Commands;

/// <summary><c>run</c>: the service. Reads as its table of contents.</summary>
internal static class RunCommand
{
    public const string Name = "run";

    /// <summary>How long the service may take to end before it is cut off: the parts drain for <see cref="DrainMax"/>, then the database is closed. Below the
    /// <c>TimeoutStopSec</c> of the unit file.</summary>
    public static readonly TimeSpan StopMax = TimeSpan.FromSeconds(12);

    /// <summary>A stop drains what is on its way; five seconds are enough for a full batch on a slow disk.</summary>
    private static readonly TimeSpan DrainMax = TimeSpan.FromSeconds(5);

    /// <summary>What the registry may override, and within which limits.</summary>
    internal static KnownRules Rules { get; } = new(RuleCatalogue.All.ToDictionary(
        rule => rule.Name, rule => (IReadOnlyList<KnownRuleSetting>)[.. rule.Settings.Select(setting => new KnownRuleSetting(setting.Name, setting.Min, setting.Max))]));

    public static Command Create()
    {
        var config = new Option<DirectoryInfo?>("--config") { Description = "Configuration folder. Default: ./config, else the demo neighbourhood." };
        var command = new Command(Name, "Run the service (default).") { config };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var folder = ConfigurationFolder.Resolve(parsed.GetValue(config));
            // The registry of a district takes most of the start: it is read while the rest is put together.
            var reading = Task.Run(() => FacilityLoader.Load(folder, Rules), cancellationToken);
            var (settings, errors) = SettingsLoader.Load(folder, Environment.GetEnvironmentVariables());
            var language = SettingsLoader.LanguageOf(folder, Environment.GetEnvironmentVariables());
            var (channels, refused) = ChannelReader.Load(folder, settings?.Language ?? language);
            await using var app = settings is null || channels is null ? null : Build(folder, () => reading.GetAwaiter().GetResult().Facility!, settings, channels: channels);
            var registry = await reading;
            foreach (var error in registry.Errors.Concat(errors).Concat(refused))
                await Console.Error.WriteLineAsync(error.In(language));
            if (registry.Facility is null || app is null)
                return 1;
            try
            {
                await app.StartAsync(cancellationToken);
            }
            catch (IOException error)
            {
                // The data directory is in use, or the page's address is taken: words for a person, not a stack.
                await Console.Error.WriteLineAsync(error.Message);
                return 1;
            }

            await app.WaitForShutdownAsync(cancellationToken);
            // A part that failed has stopped the rest; a script has to see that it was no ordinary end.
            return app.Services.GetServices<IHostedService>().OfType<BackgroundService>().Any(part => part.ExecuteTask is { IsFaulted: true }) ? 1 : 0;
        });
        return command;
    }

    /// <param name="folder">The configuration folder.</param>
    /// <param name="facility">The registry, asked for when the first part needs it.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="time">The clock; null: the machine's.</param>
    /// <param name="channels">How people are told; null: no way.</param>
    /// <param name="also">Puts something else in place of a part.</param>
    internal static WebApplication Build(string folder, Func<Facility> facility, ServiceSettings settings, TimeProvider? time = null, IReadOnlyList<ChannelDefinition>? channels = null, Action<IServiceCollection>? also = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.AddSimpleConsole(options => { options.SingleLine = true; options.TimestampFormat = "yyyy-MM-dd HH:mm:ss "; });
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        // Both only warn of what is meant so: keys lie in the data directory, and pages are never cached.
        builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        builder.Logging.AddFilter("Microsoft.AspNetCore.Antiforgery", LogLevel.Error);
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        builder.Services.AddSingleton(settings);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = DrainMax);
        builder.WebHost.UseUrls(settings.Web.Url);

        builder.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<FacilitySource>(services, folder, facility(), Rules));
        builder.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<SettingsWatch>(services, folder, Environment.GetEnvironmentVariables()));
        builder.Services.AddHostedService(services => services.GetRequiredService<SettingsWatch>());
        builder.AddJournal(settings.Data);              // the spine: what was received, on disk
        builder.AddIngest();                           // MQTT → journal
        builder.AddStorage(StorageOptions.Of(settings.Data));   // journal → column blocks
        builder.AddInflux(settings);                   // journal → InfluxDB and back, if one is configured
        builder.AddMonitoring();                       // journal → alerts
        builder.AddOnCall(folder, settings, channels ?? []);   // alerts → people
        builder.AddControl(settings);                  // orders → devices
        builder.AddUsers();                            // who may see and do what
        builder.AddEdits();                            // what they change of the registry
        builder.AddWeb(settings);                      // journal → page

        also?.Invoke(builder.Services);
        var app = builder.Build();
        app.MapHealth();                               // is it alive, is it ready
        app.MapWeb();                                  // what managers see
        app.MapControl();                              // what they order
        app.MapReports();                              // what providers say of their messages
        app.MapAct();                                  // what a phone opens from a message
        app.MapResponseApi();                          // the same for programs
        return app;
    }
}

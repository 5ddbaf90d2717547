using FacilityMonitor.Registry;

namespace FacilityMonitor.Configuration;

/// <summary>The settings, and the registry that follows its files.</summary>
internal static class ConfigurationServices
{
    /// <summary>Reads a folder and registers <see cref="ServiceSettings"/> and <see cref="FacilitySource"/>.</summary>
    /// <param name="builder">The service.</param>
    /// <param name="folder">The configuration folder, see <see cref="ConfigurationFolder.Resolve"/>.</param>
    /// <param name="problems">Everything there is to mend, for the caller to print.</param>
    /// <param name="rules">The rules whose numbers may be overridden; null: names of rules are not checked.</param>
    /// <returns>The settings; null when there are errors: nothing is registered then, and the service must not start.</returns>
    public static ServiceSettings? AddConfiguration(
        this IHostApplicationBuilder builder, string folder, out IReadOnlyList<ConfigurationError> problems, KnownRules? rules = null)
    {
        var registry = FacilityLoader.Load(folder, rules);
        var (settings, errors) = SettingsLoader.Load(folder, Environment.GetEnvironmentVariables());
        problems = [.. registry.Errors, .. errors];
        if (registry.Facility is not { } facility || settings is null)
            return null;
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton(services => new FacilitySource(
            folder, facility, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<FacilitySource>>(), rules));
        return settings;
    }
}

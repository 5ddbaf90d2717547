namespace FacilityMonitor.Edits;

/// <summary>What managers change of the registry without a terminal.</summary>
internal static class EditServices
{
    public static void AddEdits(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<RegistryDesk>();
        builder.Services.AddSingleton<Rehearsal>();
        builder.Services.AddHostedService<ConfigurationAudit>();
    }
}

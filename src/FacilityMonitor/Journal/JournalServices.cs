using FacilityMonitor.Configuration;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Journal;

/// <summary>The database, the journal, and their upkeep.</summary>
internal static class JournalServices
{
    public static void AddJournal(this IHostApplicationBuilder builder, DataSettings settings)
    {
        builder.Services.AddSingleton(services => Database.Open(settings.Directory, services.GetRequiredService<TimeProvider>(), settings.ReserveBytes, services.GetRequiredService<ILogger<Database>>()));
        builder.Services.AddSingleton<DeviceTable>();
        builder.Services.AddSingleton<MessageJournal>();
        builder.Services.AddHostedService<JournalUpkeepWorker>();
    }
}

using FacilityMonitor.Readings;

namespace FacilityMonitor.Journal;

/// <summary>The database, the journal, and their upkeep.</summary>
internal static class JournalServices
{
    public static void AddJournal(this IHostApplicationBuilder builder, string dataDirectory)
    {
        builder.Services.AddSingleton(services => Database.Open(dataDirectory, services.GetRequiredService<TimeProvider>(), Database.ReserveBytes));
        builder.Services.AddSingleton<DeviceTable>();
        builder.Services.AddSingleton<MessageJournal>();
        builder.Services.AddHostedService<JournalUpkeepWorker>();
    }
}

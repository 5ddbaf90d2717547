using FacilityMonitor.Journal;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Storage;

/// <summary>The store of readings and what fills and trims it.</summary>
internal static class StorageServices
{
    public static void AddStorage(this IHostApplicationBuilder builder, StorageOptions? options = null)
    {
        builder.Services.AddSingleton(options ?? new StorageOptions());
        // The journal fills the table of devices; the latest values need it filled.
        builder.Services.AddSingleton(services =>
        {
            _ = services.GetRequiredService<MessageJournal>();
            return new EmbeddedStore(
                services.GetRequiredService<Database>(), services.GetRequiredService<DeviceTable>(), services.GetRequiredService<ILogger<EmbeddedStore>>());
        });
        builder.Services.AddSingleton<IReadingStore>(services => services.GetRequiredService<EmbeddedStore>());
        builder.Services.AddSingleton<BlockMerger>();
        builder.Services.AddSingleton<StoreWorker>();
        builder.Services.AddHostedService<MergeWorker>();
        builder.Services.AddHostedService(services => services.GetRequiredService<StoreWorker>());
    }
}

using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Registry;
using FacilityMonitor.Storage;

namespace FacilityMonitor.Influx;

/// <summary>Readings on their way to InfluxDB, where that is configured.</summary>
internal static class InfluxServices
{
    public static void AddInflux(this IHostApplicationBuilder builder, ServiceSettings settings)
    {
        if (settings.Influx is not { } influx)
        {
            builder.Services.AddHostedService<NoShipping>();
            return;
        }

        builder.Services.AddSingleton<IPointSink>(services => PointSinks.Open(influx, services.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<ShipWorker>(services, influx, settings.Data));
        builder.Services.AddHostedService(services => services.GetRequiredService<ShipWorker>());
        builder.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<ShipWatch>(
            services, new Func<ShipState>(() => services.GetRequiredService<ShipWorker>().State), influx.Horizon, settings.Data, new Action<AlertTransition>(services.GetRequiredService<MonitoringWorker>().Tell)));
        builder.Services.AddHostedService(services => services.GetRequiredService<ShipWatch>());
        if (settings.Data.Readings == ReadingsIn.Embedded)
            return;
        // Whoever asks for readings is given both layers instead of the embedded one.
        builder.Services.AddSingleton(services => new InfluxQueryClient(influx, new HttpMessageInvoker(InfluxQueryClient.Handler()), services.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton<IReadingStore>(services => Layered(
            services.GetRequiredService<EmbeddedStore>(), services.GetRequiredService<InfluxQueryClient>(), () => services.GetRequiredService<FacilitySource>().Current, settings.Data,
            () => services.GetRequiredService<BlockMerger>().WholeFrom));
    }

    /// <summary>The readings of both stores as one.</summary>
    public static LayeredStore Layered(EmbeddedStore embedded, InfluxQueryClient client, Func<FacilityIndex> registry, DataSettings data, Func<long> wholeFrom) =>
        new(embedded, new InfluxReadings(client, registry), data.Readings == ReadingsIn.Influx ? () => long.MaxValue : wholeFrom);

    /// <summary>Somebody who took InfluxDB out of the settings waits for nothing: without this the journal would keep every reading for it for ever.</summary>
    private sealed class NoShipping(Database database, MessageJournal journal) : IHostedService
    {
        public async Task StartAsync(CancellationToken cancellationToken)
        {
            try
            {
                await journal.ForgetAsync(ShipWorker.Cursor);
                await database.CommitAsync(CommitPriority.Housekeeping, connection =>
                {
                    Database.Execute(connection, "delete from shipping where name = $name", ("$name", ShipWorker.Cursor));
                    Database.Execute(connection, "delete from shipping_head");
                });
            }
            catch (DatabaseUnavailableException)
            {
                // The disk refuses, which ingest says loudly; the next start forgets it.
            }
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

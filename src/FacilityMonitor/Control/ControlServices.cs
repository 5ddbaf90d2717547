using FacilityMonitor.Configuration;
using FacilityMonitor.Ingest;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Control;

/// <summary>From orders to devices.</summary>
internal static class ControlServices
{
    public static void AddControl(this IHostApplicationBuilder builder, ServiceSettings settings)
    {
        builder.Services.AddSingleton<ControlCounts>();
        builder.Services.AddSingleton<UnwrittenCommands>();
        builder.Services.AddSingleton<DeviceWords>();
        builder.Services.AddSingleton(services =>
        {
            var (registry, monitoring) = (services.GetRequiredService<FacilitySource>(), services.GetRequiredService<MonitoringWorker>());
            return new CommandScenes(() => registry.Current, () => monitoring.State);
        });
        builder.Services.AddSingleton<CommandDesk>();
        builder.Services.AddSingleton(services =>
        {
            var ingest = services.GetRequiredService<IngestWorker>();
            return new CommandLink(
                // Not as soon as something is heard: what was said before may forbid the order, and stands before the answer to our subscriptions, as its acknowledgement would.
                () => ingest.Broker.State == MqttConnectionState.Subscribed,
                (topic, payload, properties) => ingest.PublishAsync(topic, payload, retain: false, properties, CancellationToken.None),
                (topic, payload, properties) => ingest.PublishAsync(topic, payload, retain: true, properties, CancellationToken.None));
        });
        builder.Services.AddSingleton(new CommandPace { Verify = settings.Control.Verify, RetentionDays = settings.Data.RetentionDays });
        builder.Services.AddSingleton<UnwrittenCommandWorker>();
        builder.Services.AddHostedService(services => services.GetRequiredService<UnwrittenCommandWorker>());
        builder.Services.AddSingleton<CommandWorker>();
        builder.Services.AddHostedService(services => services.GetRequiredService<CommandWorker>());
        builder.Services.AddHostedService<ConfigurationWorker>();
    }
}

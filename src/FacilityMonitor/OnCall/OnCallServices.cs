using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.OnCall.Notices;
using FacilityMonitor.OnCall.Responses;

namespace FacilityMonitor.OnCall;

/// <summary>Alerts, and those who are told.</summary>
internal static class OnCallServices
{
    public static void AddMonitoring(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<MonitoringWorker>();
        builder.Services.AddHostedService(services => services.GetRequiredService<MonitoringWorker>());
        builder.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<BooksWatch>(services, new Action<AlertTransition>(services.GetRequiredService<MonitoringWorker>().Tell)));
        builder.Services.AddHostedService(services => services.GetRequiredService<BooksWatch>());
        builder.Services.AddHostedService(services =>
        {
            var database = services.GetRequiredService<Database>();
            return new DiskWatch(
                database, services.GetRequiredService<ServiceSettings>().Ingest.DiskFreeMin, () => database.FreeDiskBytes, services.GetRequiredService<TimeProvider>(),
                services.GetRequiredService<MonitoringWorker>().Tell, services.GetRequiredService<ILogger<DiskWatch>>());
        });
    }

    public static void AddOnCall(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Outbox>();
        builder.Services.AddSingleton(services => new RetryPlan(services.GetRequiredService<ServiceSettings>().OnCall, Random.Shared.NextDouble));
        builder.Services.AddSingleton(services => new WebhookNotifier(
            new HttpMessageInvoker(WebhookNotifier.Handler()), services.GetRequiredService<ServiceSettings>().OnCall.WebhookTimeout, services.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton(services => ActLinks.Open(services.GetRequiredService<ServiceSettings>()));
        builder.Services.AddSingleton(services => ChannelSounds.From(services.GetService<IReadOnlyList<ChannelDefinition>>() ?? []));
        builder.Services.AddSingleton<ResponseLog>();
        builder.Services.AddSingleton<IDeliveryLog>(services => services.GetRequiredService<ResponseLog>());
        builder.Services.AddHostedService<EscalationWorker>();
        builder.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<ResponseWatch>(services, new Action<AlertTransition>(services.GetRequiredService<MonitoringWorker>().Tell)));
        builder.Services.AddHostedService(services => services.GetRequiredService<ResponseWatch>());
        builder.Services.AddSingleton<OutboxWorker>();
        builder.Services.AddHostedService(services => services.GetRequiredService<OutboxWorker>());
    }
}

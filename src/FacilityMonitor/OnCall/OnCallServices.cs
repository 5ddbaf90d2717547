using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Control;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.OnCall.Answers;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.OnCall.Notices;
using FacilityMonitor.OnCall.Responses;

namespace FacilityMonitor.OnCall;

/// <summary>Alerts, and those who are told.</summary>
internal static class OnCallServices
{
    /// <summary>Notices are looked at every second; a round that is older is one that hangs.</summary>
    private const long RoundAgeMaxMs = 15_000;

    /// <summary>Rules that are further behind guard nobody: then somebody outside has to ring, as notices go round all the same.</summary>
    private const long RulesLagMaxMs = 60_000;

    public static void AddMonitoring(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<MonitoringWorker>();
        builder.Services.AddHostedService(services => services.GetRequiredService<MonitoringWorker>());
        builder.Services.AddSingleton<RulesLag>();
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

    public static void AddOnCall(this IHostApplicationBuilder builder, string folder, ServiceSettings settings, IReadOnlyList<ChannelDefinition> channels)
    {
        builder.Services.AddSingleton<Outbox>();
        builder.Services.AddSingleton(services => new RetryPlan(services.GetRequiredService<ServiceSettings>().OnCall, Random.Shared.NextDouble));
        builder.Services.AddSingleton(services => new WebhookNotifier(
            new HttpMessageInvoker(WebhookNotifier.Handler()), services.GetRequiredService<ServiceSettings>().OnCall.WebhookTimeout, services.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton(services => ActLinks.Open(services.GetRequiredService<ServiceSettings>()));
        builder.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<ChannelSource>(services, folder, settings.Language, channels));
        builder.Services.AddSingleton(services =>
        {
            var sounds = ChannelSounds.From(channels);
            services.GetRequiredService<ChannelSource>().Changed += sounds.Use;
            return sounds;
        });
        builder.Services.AddSingleton<ResponseLog>();
        builder.Services.AddSingleton<ResponseDesk>();
        builder.Services.AddSingleton<AnsweredAlerts>();
        builder.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<ContactDesk>(services, settings.OnCall.VerifyDays));
        builder.Services.AddHostedService<ContactReminder>();
        builder.Services.AddSingleton<PhotoStore>();
        builder.Services.AddSingleton<IDeliveryLog>(services => services.GetRequiredService<ResponseLog>());
        builder.Services.AddHostedService<EscalationWorker>();
        builder.Services.AddHostedService<HandOverWorker>();
        builder.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<ResponseWatch>(services, new Action<AlertTransition>(services.GetRequiredService<MonitoringWorker>().Tell)));
        builder.Services.AddHostedService(services => services.GetRequiredService<ResponseWatch>());
        builder.Services.AddHostedService(services => ActivatorUtilities.CreateInstance<RosterWatch>(services, new Action<AlertTransition>(services.GetRequiredService<MonitoringWorker>().Tell)));
        builder.Services.AddHostedService(services => ActivatorUtilities.CreateInstance<OverdueWatch>(services, new Action<AlertTransition>(services.GetRequiredService<MonitoringWorker>().Tell)));
        builder.Services.AddSingleton<OutboxWorker>();
        builder.Services.AddHostedService(services => services.GetRequiredService<OutboxWorker>());
        builder.AddNotices(channels);
        builder.AddAnswers(channels);
        builder.Services.AddSingleton(services =>
        {
            var outcry = ActivatorUtilities.CreateInstance<Outcry>(services);
            services.GetRequiredService<MonitoringWorker>().UrgentUnwritten += outcry.Tell;
            return outcry;
        });
        builder.Services.AddHostedService(services => services.GetRequiredService<Outcry>());
        if (settings.OnCall.Heartbeat is { } heartbeat)
            builder.AddHeartbeat(heartbeat, settings.OnCall.WebhookTimeout);
    }

    private static void AddNotices(this IHostApplicationBuilder builder, IReadOnlyList<ChannelDefinition> channels)
    {
        builder.Services.AddSingleton(services => new ChannelFactory(
            new HttpMessageInvoker(WebhookNotifier.Handler()), services.GetRequiredService<ServiceSettings>().OnCall.WebhookTimeout,
            order => services.GetRequiredService<CommandDesk>().OrderAsync(order), services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<ConsoleNotifier>>()));
        builder.Services.AddSingleton(services =>
        {
            var worker = new NoticeWorker(
                services.GetRequiredService<Database>(), channels, services.GetRequiredService<ChannelFactory>().Create, services.GetServices<IDeliveryLog>(),
                services.GetRequiredService<ServiceSettings>().OnCall, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<NoticeWorker>>());
            // A fire does not wait for the next second.
            services.GetRequiredService<ResponseLog>().Changed += worker.Announce;
            services.GetRequiredService<ChannelSource>().Changed += worker.Use;
            return worker;
        });
        builder.Services.AddHostedService(services => services.GetRequiredService<NoticeWorker>());
        builder.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<ChannelWatch>(
            services, new Func<IReadOnlyList<DingTalkStream>>(() => services.GetRequiredService<AnswerWorker>().Streams), new Action<AlertTransition>(services.GetRequiredService<MonitoringWorker>().Tell)));
        builder.Services.AddHostedService(services => services.GetRequiredService<ChannelWatch>());
    }

    private static void AddAnswers(this IHostApplicationBuilder builder, IReadOnlyList<ChannelDefinition> channels)
    {
        builder.Services.AddSingleton<AnswerDesk>();
        builder.Services.AddSingleton(services =>
        {
            var worker = new AnswerWorker(
                channels, new HttpMessageInvoker(WebhookNotifier.Handler()), services.GetRequiredService<AnswerDesk>(), services.GetRequiredService<ServiceSettings>().OnCall,
                services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<AnswerWorker>>());
            services.GetRequiredService<ChannelSource>().Changed += worker.Use;
            return worker;
        });
        builder.Services.AddHostedService(services => services.GetRequiredService<AnswerWorker>());
    }

    /// <summary>Whether somebody outside may believe that we work.</summary>
    /// <param name="roundAgeMs">How long ago notices were looked at.</param>
    /// <param name="isRefused">Whether the disk refuses.</param>
    /// <param name="rulesLagMs">How long the oldest message waits for the rules.</param>
    internal static bool IsWorking(long roundAgeMs, bool isRefused, long rulesLagMs) => roundAgeMs < RoundAgeMaxMs && !isRefused && rulesLagMs <= RulesLagMaxMs;

    private static void AddHeartbeat(this IHostApplicationBuilder builder, Uri address, TimeSpan timeout)
    {
        builder.Services.AddSingleton(services =>
        {
            var (time, notices, database, lag) = (services.GetRequiredService<TimeProvider>(), services.GetRequiredService<NoticeWorker>(), services.GetRequiredService<Database>(), services.GetRequiredService<RulesLag>());
            return new HeartbeatWorker(
                address, new ProviderHttp(new HttpMessageInvoker(WebhookNotifier.Handler()), timeout, time),
                () => IsWorking(time.GetUtcNow().ToUnixTimeMilliseconds() - notices.LastRoundMs, database.State.Refusal is not null, lag.WaitsMs), time, services.GetRequiredService<ILogger<HeartbeatWorker>>());
        });
        builder.Services.AddHostedService(services => services.GetRequiredService<HeartbeatWorker>());
    }
}

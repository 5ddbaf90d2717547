using FacilityMonitor.Configuration;
using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Ingest;

/// <summary>From the broker to the journal.</summary>
internal static class IngestServices
{
    public static void AddIngest(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IngestBooks>();
        builder.Services.AddSingleton(new LastMessages());
        builder.Services.AddSingleton(services => OptionsOf(services.GetRequiredService<ServiceSettings>()));
        builder.Services.AddSingleton<IngestWorker>();
        builder.Services.AddHostedService(services => services.GetRequiredService<IngestWorker>());
        builder.Services.AddSingleton<Readiness>();
        builder.Services.AddSingleton<MessageRate>();
        builder.Services.AddHostedService(services => services.GetRequiredService<MessageRate>());
        builder.Services.AddHostedService(services => new SystemdWorker(Environment.GetEnvironmentVariable("NOTIFY_SOCKET"), services.GetRequiredService<TimeProvider>()));
    }

    internal static IngestOptions OptionsOf(ServiceSettings settings) => new()
    {
        Broker = new MqttClientOptions
        {
            Host = settings.Broker.Host,
            Port = settings.Broker.Port,
            Version = settings.Broker.Version,
            ClientId = settings.Broker.ClientId,
            Username = settings.Broker.Username,
            Password = settings.Broker.Password,
            Tls = settings.Broker.Tls,
            KeepAlive = settings.Broker.KeepAlive,
            SessionExpiry = settings.Broker.SessionExpiry,
            ReconnectMax = TimeSpan.FromSeconds(5),
            // Debian's mosquitto exceeds it after every longer absence of ours; to disconnect it then would bring the same backlog again and again.
            EnforceReceiveMaximum = false,
        },
        ClientId = settings.Broker.ClientId,
        ForeignTopics = settings.Broker.ForeignTopics,
        JournalBytesMax = settings.Data.JournalBytes,
        BatchMessages = settings.Ingest.BatchMessages,
    };
}

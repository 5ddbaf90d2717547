using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Configuration;

/// <summary>Everything a user tunes about the service itself; what stands where is in the registry. The keys and defaults are in <see cref="SettingsCatalogue"/>.</summary>
internal sealed record ServiceSettings
{
    public required BrokerSettings Broker { get; init; }

    public required DataSettings Data { get; init; }

    public required WebSettings Web { get; init; }

    public required IngestSettings Ingest { get; init; }

    public required OnCallSettings OnCall { get; init; }

    /// <summary>Language of the page and of notifications where nobody chose: <c>zh</c> or <c>en</c>.</summary>
    public required string Language { get; init; }
}

/// <summary>How the broker is reached. The password is never printed.</summary>
internal sealed record BrokerSettings(
    string Host, int Port, MqttVersion Version, string? Username, string? Password, MqttTls? Tls, string ClientId, IReadOnlyList<string> ForeignTopics, TimeSpan SessionExpiry)
{
    public override string ToString() => $"{Host}:{Port}";
}

/// <summary>Where readings are kept, and how long.</summary>
internal sealed record DataSettings(string Directory, int RetentionDays, long RetentionBytes);

/// <summary>Where the page is served, and who may see it. The password is never printed.</summary>
internal sealed record WebSettings(string Url, string? PublicUrl, string User, string? Password)
{
    public override string ToString() => Url;
}

/// <summary>How readings are taken in.</summary>
internal sealed record IngestSettings(int BatchMessages, TimeSpan LagMax, long DiskFreeMin);

/// <summary>How notifications are sent.</summary>
internal sealed record OnCallSettings(TimeSpan WebhookTimeout, TimeSpan RetryMax, TimeSpan Expiry);

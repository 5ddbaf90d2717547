using System.Globalization;
using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Configuration;

/// <summary>How the service runs: <c>settings.yaml</c>, overridden by <c>FM_…</c> variables. Read once at start. Defaults and ranges stand in <see cref="SettingsCatalogue"/>.</summary>
internal sealed record ServiceSettings
{
    public required BrokerSettings Broker { get; init; }

    public required DataSettings Data { get; init; }

    public required WebSettings Web { get; init; }

    public required IngestSettings Ingest { get; init; }

    public required MonitoringSettings Monitoring { get; init; }

    public required OnCallSettings OnCall { get; init; }

    public required ControlSettings Control { get; init; }

    /// <summary>Null: readings go to no InfluxDB, the default.</summary>
    public required InfluxSettings? Influx { get; init; }

    /// <summary>Language of the page and of messages where nobody chose: <c>zh</c> (default) or <c>en</c>.</summary>
    public required string Language { get; init; }
}

/// <summary>How the broker is reached. Prints as its address: the password is never shown.</summary>
internal sealed record BrokerSettings
{
    /// <summary>Name or address. Default 127.0.0.1.</summary>
    public required string Host { get; init; }

    /// <summary>1 to 65,535. Default 1883.</summary>
    public required int Port { get; init; }

    /// <summary>Default MQTT 5.</summary>
    public required MqttVersion Version { get; init; }

    /// <summary>Null: not encrypted, the default.</summary>
    public required MqttTls? Tls { get; init; }

    /// <summary>Null: anonymous, the default.</summary>
    public required string? Username { get; init; }

    /// <summary>The password, from the settings or from its file. Null: none.</summary>
    public required string? Password { get; init; }

    /// <summary>Who administers the accounts of devices. Default admin.</summary>
    public required string AdminUsername { get; init; }

    /// <summary>The administrator's password where it stands in the settings themselves. Null: in its file, or nowhere.</summary>
    public required string? AdminPassword { get; init; }

    /// <summary>The file with the administrator's password; null: none. It is read by who administers: the service need not be able to.</summary>
    public required string? AdminPasswordFile { get; init; }

    /// <summary>Names the session the broker keeps for us. Default facility-monitor.</summary>
    public required string ClientId { get; init; }

    /// <summary>Topics of foreign devices. None of them takes <c>fm/1</c> too.</summary>
    public required IReadOnlyList<string> ForeignTopics { get; init; }

    /// <summary>Longest silence between the broker and us, 5 to 600 s: half of it more, and the broker takes us for gone (MQTT-3.1.2-22). Default 30 s.</summary>
    public required TimeSpan KeepAlive { get; init; }

    /// <summary>How long the broker keeps the session while we are away, 1 to 1,000 h. Default 72 h.</summary>
    public required TimeSpan SessionExpiry { get; init; }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");
}

/// <summary>Where readings are kept, and where page, reports and export find them.</summary>
internal enum ReadingsIn
{
    /// <summary>In the embedded store, whether they are shipped to InfluxDB besides or not.</summary>
    Embedded,

    /// <summary>The newest days in the embedded store, everything in InfluxDB.</summary>
    Both,

    /// <summary>In InfluxDB only; the embedded store keeps what was said last, and what InfluxDB has not got yet.</summary>
    Influx,
}

/// <summary>Where readings are kept, and how long.</summary>
internal sealed record DataSettings
{
    /// <summary>Absolute. Default <c>data</c> in the working directory.</summary>
    public required string Directory { get; init; }

    /// <summary>Default: the embedded store.</summary>
    public ReadingsIn Readings { get; init; }

    /// <summary>Days that the embedded store keeps readings which InfluxDB has too, 1 to <see cref="RetentionDays"/>. Default 31.</summary>
    public int RecentDays { get; init; } = 31;

    /// <summary>Days that readings are kept, 1 to 36,500. Default 400.</summary>
    public required int RetentionDays { get; init; }

    /// <summary>Most bytes that readings may take, from 64 MiB. Default 20 GiB.</summary>
    public required long RetentionBytes { get; init; }

    /// <summary>Most bytes that messages not yet worked through may take, from 16 MiB. Default 4 GiB.</summary>
    public required long JournalBytes { get; init; }

    /// <summary>Bytes kept for alerts when the disk is full, 1 MiB to 4 GiB. Default 64 MiB.</summary>
    public required long ReserveBytes { get; init; }

    /// <summary>Most that photos of alerts may take, bytes. Default 2 GiB.</summary>
    public long PhotosBytes { get; init; } = 2L << 30;
}

/// <summary>Where the page is served, and who may see it. Prints as its address: the password is never shown.</summary>
internal sealed record WebSettings
{
    /// <summary>Where it listens. Default http://127.0.0.1:8080.</summary>
    public required string Url { get; init; }

    /// <summary>The address under which a phone opens the page; null when there is none.</summary>
    public required string? PublicUrl { get; init; }

    /// <summary>Who may see it. Default manager.</summary>
    public required string User { get; init; }

    /// <summary>The password of the page. Null: none is set and nobody can sign in, which is possible on a loopback address only.</summary>
    public required string? Password { get; init; }

    /// <summary>Whether a proxy of this machine tells from where a request comes, and whether it came by TLS. Default: no; then whoever connects is who it is.</summary>
    public bool IsBehindProxy { get; init; }

    public override string ToString() => Url;
}

/// <summary>How readings are taken in.</summary>
internal sealed record IngestSettings
{
    /// <summary>Most messages in one commit, 1 to 65,535. Default 5,000.</summary>
    public required int BatchMessages { get; init; }

    /// <summary>Lag beyond which the service is not ready, 1 to 3,600 s. Default 10 s.</summary>
    public required TimeSpan LagMax { get; init; }

    /// <summary>Free bytes of the disk below which the service is not ready. Default 512 MiB.</summary>
    public required long DiskFreeMin { get; init; }
}

/// <summary>From readings to alerts.</summary>
internal sealed record MonitoringSettings
{
    /// <summary>After our start nothing counts as silent for so long, 0 to 3,600 s. Default 120 s.</summary>
    public required TimeSpan StartupGrace { get; init; }

    /// <summary>How often the state of the rules is saved, 1 to 3,600 s. Default 30 s.</summary>
    public required TimeSpan SnapshotInterval { get; init; }
}

/// <summary>From alerts to people.</summary>
internal sealed record OnCallSettings
{
    /// <summary>How long a webhook may take to answer, 1 to 120 s. Default 10 s.</summary>
    public required TimeSpan WebhookTimeout { get; init; }

    /// <summary>Longest pause between two attempts, 1 to 3,600 s. Default 60 s.</summary>
    public required TimeSpan RetryMax { get; init; }

    /// <summary>Attempts end after this, which is then said, 1 to 168 h. Default 24 h.</summary>
    public required TimeSpan Expiry { get; init; }

    /// <summary>For how many days a confirmed contact counts, 7 to 365. Default 30; before its end the person is asked again.</summary>
    public int VerifyDays { get; init; } = Registry.Person.VerifiedForDays;

    /// <summary>The outside monitor that hears of us every minute; null: there is none. It holds a secret.</summary>
    public Uri? Heartbeat { get; init; }
}

/// <summary>From orders to devices.</summary>
internal sealed record ControlSettings
{
    /// <summary>Within this time of a command its effect must be measured, 10 to 600 s. Default 120 s: a minute of readings and a report that is late.</summary>
    public required TimeSpan Verify { get; init; }
}

/// <summary>Which write interface an InfluxDB is spoken to by.</summary>
internal enum InfluxVersion
{
    /// <summary>It is asked.</summary>
    Detect,

    /// <summary>1.x: <c>/write</c>, a database and perhaps a retention policy.</summary>
    V1,

    /// <summary>2.x, 3.x, Cloud, VictoriaMetrics: <c>/api/v2/write</c>, an organisation and a bucket.</summary>
    V2,
}

/// <summary>The InfluxDB that readings are shipped to. Prints as its address: token and password are never shown.</summary>
internal sealed record InfluxSettings
{
    /// <summary>Where it is.</summary>
    public required Uri Url { get; init; }

    /// <summary>Default: it is asked.</summary>
    public required InfluxVersion Version { get; init; }

    /// <summary>Database of 1.x, bucket of 2.x. Default facility.</summary>
    public required string Database { get; init; }

    /// <summary>Retention policy of 1.x; null: the database's own.</summary>
    public required string? RetentionPolicy { get; init; }

    /// <summary>Organisation of 2.x; null where there is none.</summary>
    public required string? Organization { get; init; }

    /// <summary>Null: anonymous, or by token.</summary>
    public required string? Username { get; init; }

    /// <summary>The password, from the settings or from its file. Null: none.</summary>
    public required string? Password { get; init; }

    /// <summary>The token, from the settings or from its file. Null: none.</summary>
    public required string? Token { get; init; }

    /// <summary>Readings in one request, 1 to 20,000. Default 5,000, what InfluxData recommends.</summary>
    public required int BatchReadings { get; init; }

    /// <summary>Longest that a reading waits for a batch to fill, 1 to 60 s. Default 1 s.</summary>
    public required TimeSpan Interval { get; init; }

    /// <summary>How long an answer may take, 1 to 300 s. Default 30 s.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>How far back readings are sent again after a restart of the database, 0 to 120 min. Default 10 min.</summary>
    public required TimeSpan Horizon { get; init; }

    public override string ToString() => $"{Url.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped)} ({Database})";
}

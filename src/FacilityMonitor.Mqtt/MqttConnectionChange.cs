namespace FacilityMonitor.Mqtt;

/// <summary>Where the client stands with its server. From <see cref="Connected"/> on, messages flow.</summary>
public enum MqttConnectionState
{
    /// <summary>Not started.</summary>
    Idle,

    /// <summary>Opening a connection.</summary>
    Connecting,

    /// <summary>Lost or refused; the next attempt waits for its back-off.</summary>
    Waiting,

    /// <summary>The server accepted the connection. A resumed session delivers from now on.</summary>
    Connected,

    /// <summary>The server answered the subscriptions as well; see <see cref="MqttConnectionChange.Subscriptions"/>.</summary>
    Subscribed,

    /// <summary>Stopped for good.</summary>
    Stopped,
}

/// <summary>Why a connection ended, or never came to be.</summary>
public enum MqttLossReason
{
    /// <summary>Nothing was lost.</summary>
    None,

    /// <summary>The name did not resolve or nobody listens.</summary>
    ConnectFailed,

    /// <summary>No CONNACK within <see cref="MqttClientOptions.ConnectTimeout"/>.</summary>
    ConnectTimeout,

    /// <summary>The certificates are unreadable, or the TLS handshake failed.</summary>
    TlsFailed,

    /// <summary>CONNACK refused; the reason code says why.</summary>
    Refused,

    /// <summary>The server closed the connection without a word.</summary>
    ClosedByServer,

    /// <summary>The server sent DISCONNECT; the reason code says why.</summary>
    ServerDisconnect,

    /// <summary>The network reported an error.</summary>
    NetworkError,

    /// <summary>The server did not answer a ping.</summary>
    KeepAliveTimeout,

    /// <summary>An acknowledgement did not come within <see cref="MqttClientOptions.AckTimeout"/>.</summary>
    AckTimeout,

    /// <summary>The server did not take our bytes for <see cref="MqttClientOptions.AckTimeout"/>.</summary>
    WriteTimeout,

    /// <summary>The server broke the protocol; the reason code is the one we told it.</summary>
    ProtocolError,

    /// <summary><see cref="MqttClient.Reconnect"/> was called.</summary>
    Requested,

    /// <summary>The client was stopped.</summary>
    Stopped,
}

/// <summary>One step in the life of the connection.</summary>
/// <param name="Number">1 for the first change; a gap shows a watcher that it was too slow for some.</param>
/// <param name="State">The state entered.</param>
/// <param name="At">When, by the client's clock.</param>
public sealed record MqttConnectionChange(long Number, MqttConnectionState State, DateTimeOffset At)
{
    /// <summary>Why the connection was lost, in state <see cref="MqttConnectionState.Waiting"/> or <see cref="MqttConnectionState.Stopped"/>.</summary>
    public MqttLossReason Loss { get; init; }

    /// <summary>The reason code that goes with it: of CONNACK, of DISCONNECT, or the one we sent.</summary>
    public MqttReasonCode ReasonCode { get; init; }

    /// <summary>In <see cref="MqttConnectionState.Connected"/>: whether the server still had our session.</summary>
    public bool SessionPresent { get; init; }

    /// <summary>In <see cref="MqttConnectionState.Connected"/>: the identifier in force, ours or the one the server assigned.</summary>
    public string? ClientId { get; init; }

    /// <summary>In <see cref="MqttConnectionState.Subscribed"/>: the answer to each subscription, in the order of the options.</summary>
    public IReadOnlyList<MqttSubscriptionResult> Subscriptions { get; init; } = [];

    /// <summary>In <see cref="MqttConnectionState.Waiting"/>: how long until the next attempt.</summary>
    public TimeSpan RetryIn { get; init; }

    /// <summary>For a person: the server's reason string or the error's text. May be null.</summary>
    public string? Detail { get; init; }
}

namespace FacilityMonitor.Mqtt;

/// <summary>Everything an <see cref="MqttClient"/> is told. Defaults suit a service that ingests a neighbourhood.</summary>
public sealed record MqttClientOptions
{
    /// <summary>Name or address of the server.</summary>
    public required string Host { get; init; }

    /// <summary>TCP port, 1 to 65,535. Default 1883; with TLS usually 8883.</summary>
    public int Port { get; init; } = 1883;

    /// <summary>Protocol version. Default 5.0.</summary>
    public MqttVersion Version { get; init; } = MqttVersion.V500;

    /// <summary>Client identifier. It names the session, so it must stay the same over restarts; empty lets the server choose.</summary>
    public required string ClientId { get; init; }

    /// <summary>
    /// Throw an existing session away. Default false. MQTT 5 does so at the first connect only and then resumes; in 3.1.1
    /// the flag also ends the session with the connection, so nothing is ever resumed.
    /// </summary>
    public bool CleanStart { get; init; }

    /// <summary>How long the server keeps the session and its queue after the connection ended (MQTT 5), 0 to 2^32−1 s. Default 72 h: a long weekend.</summary>
    public TimeSpan SessionExpiry { get; init; } = TimeSpan.FromHours(72);

    /// <summary>Longest silence towards the server, whole seconds to 65,535 s; zero switches it off. Default 30 s. The server's own wish wins.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Most unacknowledged QoS 1 and 2 messages the server may have under way to us (MQTT 5), 1 to 65,535. Default 20,000: four full batches.</summary>
    public ushort ReceiveMaximum { get; init; } = 20_000;

    /// <summary>
    /// Whether a server that sends more than <see cref="ReceiveMaximum"/> is disconnected with 0x93, as MQTT 5 §3.3.4 says. Default true. With false it is
    /// counted (<see cref="MqttCounters.OverReceiveMaximum"/>) and borne: memory stays bounded by the batches, since the socket is not read while there is no
    /// room. Mosquitto 2.0.11, which Debian 12 has, sends of a backlog a whole window for each acknowledgement (eclipse-mosquitto/mosquitto#2301).
    /// </summary>
    public bool EnforceReceiveMaximum { get; init; } = true;

    /// <summary>
    /// Largest packet accepted, bytes, 128 to 268,435,460. Judged by its header, before anything is buffered. Default 1 MiB, which brokers take for the payload alone
    /// (Mosquitto's message_size_limit), with room for the longest topic and as much again of properties. MQTT 5 announces it; a 3.1.1 server knows no such limit and would
    /// send a larger message again after every reconnect, so there it is skipped and its begin handed on, see <see cref="MqttInboundMessage.Missing"/>.
    /// </summary>
    public int MaximumPacketSize { get; init; } = (1 << 20) + (128 << 10);

    /// <summary>User name; null sends none.</summary>
    public string? Username { get; init; }

    /// <summary>Password; null sends none. 3.1.1 allows it only beside a user name.</summary>
    public string? Password { get; init; }

    /// <summary>Transport security; null connects in the clear.</summary>
    public MqttTls? Tls { get; init; }

    /// <summary>What the server publishes if we vanish; null is nothing.</summary>
    public MqttWill? Will { get; init; }

    /// <summary>Subscriptions made at every connect. Default none.</summary>
    public IReadOnlyList<MqttSubscription> Subscriptions { get; init; } = [];

    /// <summary>Filters that an earlier process asked for under this name and nobody wants any more: they are given up, or a kept session would go on delivering. Default none.</summary>
    public IReadOnlyList<string> Retired { get; init; } = [];

    /// <summary>Most QoS 1 publishes under way and not yet acknowledged, 1 to 65,534. Default 1,000; the server's Receive Maximum may lower it.</summary>
    public int OutboundWindow { get; init; } = 1_000;

    /// <summary>Publishes that may wait behind the window, 0 to 1,000,000. Default 1,000; further publishers wait in <c>PublishAsync</c>.</summary>
    public int OutboundQueue { get; init; } = 1_000;

    /// <summary>Most messages in a batch, 1 to 65,535. Default 5,000: one group commit.</summary>
    public int InboundBatchMessages { get; init; } = 5_000;

    /// <summary>Most bytes in a batch, 1 to 256 MiB. Default 4 MiB. A larger single message travels alone.</summary>
    public int InboundBatchBytes { get; init; } = 4 << 20;

    /// <summary>Most batches that a caller may ever hold, see <see cref="IMqttSession.MayHold"/>.</summary>
    public const int InboundBatchesMax = 4_096;

    /// <summary>Batches the caller may hold, 1 to 64. Default 4. While it does, one more is filled and then the socket is not read.</summary>
    public int InboundBatchesInFlight { get; init; } = 4;

    /// <summary>Upper edge of the first reconnect delay, 1 ms to <see cref="ReconnectMax"/>. Default 250 ms. It doubles with every attempt.</summary>
    public TimeSpan ReconnectMin { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Upper edge of any reconnect delay, to one day. Default 30 s. The delay is drawn evenly from zero to the edge ("full jitter").</summary>
    public TimeSpan ReconnectMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Time for name resolution, TCP, TLS and CONNACK together, 1 ms to one hour. Default 10 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time for PUBACK, SUBACK, PINGRESP and for the server to take our bytes, 1 ms to one hour. Default 30 s; then the connection counts as dead.</summary>
    public TimeSpan AckTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Receive buffer asked of the system (SO_RCVBUF), bytes, 0 to 64 MiB; 0 leaves its own choice. Default 512 KiB. Below that the
    /// server is asked for small segments as well (Linux), or the window would never open for a whole one and the stream would stall.
    /// </summary>
    public int SocketReceiveBufferBytes { get; init; } = 512 << 10;

    /// <summary>Buffer one read may fill, bytes, 64 to 16 MiB. Default 256 KiB. Devices in a simulator do with 4 KiB.</summary>
    public int ReadBufferBytes { get; init; } = 256 << 10;

    /// <summary>Answers not yet taken by the server, bytes, 1 KiB to 64 MiB. Default 1 MiB; beyond it publishes wait and reading stops.</summary>
    public int WriteBufferBytes { get; init; } = 1 << 20;

    /// <summary>Draws the reconnect jitter, 0 (incl.) to 1 (excl.). Default random; tests give their own.</summary>
    public Func<double> Jitter { get; init; } = Random.Shared.NextDouble;

    /// <summary>A test's own network: opens a connection in memory, where a socket would be too slow for a million packets.</summary>
    internal Func<Stream>? Network { get; init; }

    /// <summary>Says what is wrong, each with the option, its value and the fix; empty when all is well.</summary>
    /// <returns>Every error found, not only the first.</returns>
    public IReadOnlyList<string> Validate()
    {
        var errors = new List<string>();
        if (string.IsNullOrWhiteSpace(Host))
            errors.Add("Host is empty: name the server.");
        Range(errors, nameof(Port), Port, 1, 65_535);
        if (Version is not (MqttVersion.V311 or MqttVersion.V500))
            errors.Add($"Version is {(int)Version}: use V311 or V500.");
        Text(errors, nameof(ClientId), ClientId);
        if (ClientId is { Length: 0 } && !CleanStart)
            errors.Add("ClientId is empty without CleanStart: a session that is to be resumed needs a fixed name.");
        Range(errors, nameof(SessionExpiry), SessionExpiry, TimeSpan.Zero, TimeSpan.FromSeconds(uint.MaxValue));
        Range(errors, nameof(KeepAlive), KeepAlive, TimeSpan.Zero, TimeSpan.FromSeconds(ushort.MaxValue));
        if (KeepAlive > TimeSpan.Zero && KeepAlive < TimeSpan.FromSeconds(1))
            errors.Add($"KeepAlive is {KeepAlive}: use zero for off, or at least one second.");
        Range(errors, nameof(ReceiveMaximum), ReceiveMaximum, 1, ushort.MaxValue);
        Range(errors, nameof(MaximumPacketSize), MaximumPacketSize, 128, 268_435_460);
        Text(errors, nameof(Username), Username);
        Text(errors, nameof(Password), Password);
        if (Password is not null && Username is null && Version == MqttVersion.V311)
            errors.Add("Password is given without Username: MQTT 3.1.1 does not allow that.");
        ValidateTls(errors);
        ValidateWill(errors);
        ValidateSubscriptions(errors);
        Range(errors, nameof(OutboundWindow), OutboundWindow, 1, 65_534);
        Range(errors, nameof(OutboundQueue), OutboundQueue, 0, 1_000_000);
        Range(errors, nameof(InboundBatchMessages), InboundBatchMessages, 1, 65_535);
        Range(errors, nameof(InboundBatchBytes), InboundBatchBytes, 1, 256 << 20);
        Range(errors, nameof(InboundBatchesInFlight), InboundBatchesInFlight, 1, 64);
        Range(errors, nameof(ReconnectMax), ReconnectMax, TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(1));
        Range(errors, nameof(ReconnectMin), ReconnectMin, TimeSpan.FromMilliseconds(1), ReconnectMax);
        Range(errors, nameof(ConnectTimeout), ConnectTimeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1));
        Range(errors, nameof(AckTimeout), AckTimeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1));
        Range(errors, nameof(SocketReceiveBufferBytes), SocketReceiveBufferBytes, 0, 64 << 20);
        Range(errors, nameof(ReadBufferBytes), ReadBufferBytes, 64, 16 << 20);
        Range(errors, nameof(WriteBufferBytes), WriteBufferBytes, 1 << 10, 64 << 20);
        return errors;
    }

    private void ValidateTls(List<string> errors)
    {
        if (Tls is not null && Tls.ClientCertificateFile is null != Tls.ClientKeyFile is null)
            errors.Add("Tls.ClientCertificateFile and Tls.ClientKeyFile go together: give both or neither.");
        foreach (var file in new[] { Tls?.CaFile, Tls?.ClientCertificateFile, Tls?.ClientKeyFile })
        {
            if (file is not null && !File.Exists(file))
                errors.Add($"Tls file {file} does not exist.");
        }
    }

    private void ValidateWill(List<string> errors)
    {
        if (Will is null)
            return;

        if (!MqttTopic.IsName(Will.Topic))
            errors.Add($"Will.Topic is \"{Will.Topic}\": a topic name has 1 to 65,535 bytes and no wildcard.");
        if (Will.Qos > MqttQos.ExactlyOnce)
            errors.Add($"Will.Qos is {(int)Will.Qos}: use 0 to 2.");
        Range(errors, "Will.Payload length", Will.Payload.Length, 0, ushort.MaxValue);
        Range(errors, "Will.Delay", Will.Delay, TimeSpan.Zero, TimeSpan.FromSeconds(uint.MaxValue));
    }

    private void ValidateSubscriptions(List<string> errors)
    {
        foreach (var subscription in Subscriptions)
        {
            if (!MqttTopic.IsFilter(subscription.Filter))
                errors.Add($"Subscription \"{subscription.Filter}\": # stands last, + stands alone between slashes, and 1 to 65,535 bytes are allowed.");
            if (subscription.Qos > MqttQos.ExactlyOnce || subscription.RetainHandling > MqttRetainHandling.DoNotSend)
                errors.Add($"Subscription \"{subscription.Filter}\": QoS {(int)subscription.Qos}, RetainHandling {(int)subscription.RetainHandling}; both are 0 to 2.");
            if (Version == MqttVersion.V500 && MqttTopic.IsShared(subscription.Filter))
                ValidateShare(errors, subscription);
        }
    }

    private static void ValidateShare(List<string> errors, MqttSubscription subscription)
    {
        if (!MqttTopic.IsSharedFilter(subscription.Filter))
            errors.Add($"Subscription \"{subscription.Filter}\": a share is written $share/name/filter, its name without wildcards.");
        // What we publish may be another's share, and he would have to get it.
        if (subscription.NoLocal)
            errors.Add($"Subscription \"{subscription.Filter}\": NoLocal is not allowed on a share.");
    }

    private static void Text(List<string> errors, string name, string? value)
    {
        if (value is not null && !MqttText.IsValid(value))
            errors.Add($"{name} is too long, contains U+0000 or half a surrogate pair: at most 65,535 bytes of UTF-8.");
    }

    private static void Range<T>(List<string> errors, string name, T value, T least, T most)
        where T : IComparable<T>
    {
        if (value.CompareTo(least) < 0 || value.CompareTo(most) > 0)
            errors.Add($"{name} is {value}: use {least} to {most}.");
    }
}

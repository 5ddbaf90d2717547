using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using FacilityMonitor.Mqtt;
using Net = MQTTnet;

namespace FacilityMonitor.Ingest.MqttNet;

/// <summary>Our options, messages and reasons in MQTTnet's words.</summary>
internal static class MqttNetTranslation
{
    public static Net.MqttClientOptions Options(MqttClientOptions options, bool cleanStart)
    {
        var isV5 = options.Version == MqttVersion.V500;
        return new Net.MqttClientOptions
        {
            ChannelOptions = Channel(options),
            ClientId = options.ClientId,
            CleanSession = cleanStart,
            Credentials = options.Username is null && options.Password is null
                ? null
                : new Net.MqttClientCredentials(options.Username, options.Password is { } password ? Encoding.UTF8.GetBytes(password) : null),
            KeepAlivePeriod = options.KeepAlive,
            ProtocolVersion = isV5 ? Net.Formatter.MqttProtocolVersion.V500 : Net.Formatter.MqttProtocolVersion.V311,
            ReceiveMaximum = isV5 ? options.ReceiveMaximum : (ushort)0,
            MaximumPacketSize = isV5 ? (uint)options.MaximumPacketSize : 0,
            SessionExpiryInterval = isV5 ? (uint)options.SessionExpiry.TotalSeconds : 0,
            Timeout = options.ConnectTimeout,
            WillTopic = options.Will?.Topic,
            WillPayload = options.Will?.Payload.ToArray(),
            WillQualityOfServiceLevel = Quality(options.Will?.Qos ?? MqttQos.AtMostOnce),
            WillRetain = options.Will?.Retain ?? false,
            WillDelayInterval = isV5 ? (uint)(options.Will?.Delay.TotalSeconds ?? 0) : 0,
        };
    }

    public static Net.MqttClientSubscribeOptions Subscribe(MqttClientOptions options) => new()
    {
        TopicFilters = [.. options.Subscriptions.Select(subscription => Filter(subscription, options.Version == MqttVersion.V500))],
    };

    public static Net.MqttApplicationMessage Message(string topic, ReadOnlyMemory<byte> payload, MqttQos qos, bool retain, MqttPublishProperties? properties)
    {
        var message = new Net.MqttApplicationMessage
        {
            Topic = topic,
            Payload = new System.Buffers.ReadOnlySequence<byte>(payload),
            QualityOfServiceLevel = Quality(qos),
            Retain = retain,
        };
        if (properties is null)
            return message;

        message.ContentType = properties.ContentType;
        message.ResponseTopic = properties.ResponseTopic;
        message.CorrelationData = properties.CorrelationData.IsEmpty ? null : properties.CorrelationData.ToArray();
        // 0 would be left out, and mean for ever.
        message.MessageExpiryInterval = properties.MessageExpiry is { } expiry ? (uint)Math.Clamp(expiry.TotalSeconds, 1, uint.MaxValue) : 0;
        message.PayloadFormatIndicator = properties.PayloadIsText ? Net.Protocol.MqttPayloadFormatIndicator.CharacterData : Net.Protocol.MqttPayloadFormatIndicator.Unspecified;
        if (properties.UserProperties.Count > 0)
            message.UserProperties = [.. properties.UserProperties.Select(pair => new Net.Packets.MqttUserProperty(pair.Key, Encoding.UTF8.GetBytes(pair.Value)))];
        return message;
    }

    public static Loss LossOf(Net.MqttClientDisconnectedEventArgs gone) => gone.Exception switch
    {
        Net.Exceptions.MqttClientUnexpectedDisconnectReceivedException => new Loss(MqttLossReason.ServerDisconnect, (MqttReasonCode)gone.Reason, gone.ReasonString),
        Net.Exceptions.MqttProtocolViolationException broken => new Loss(MqttLossReason.ProtocolError, MqttReasonCode.ProtocolError, broken.Message),
        Net.Exceptions.MqttCommunicationTimedOutException => new Loss(MqttLossReason.KeepAliveTimeout),
        null when gone.Reason != Net.MqttClientDisconnectReason.NormalDisconnection => new Loss(MqttLossReason.ServerDisconnect, (MqttReasonCode)gone.Reason, gone.ReasonString),
        null => new Loss(MqttLossReason.ClosedByServer),
        var error => new Loss(MqttLossReason.NetworkError, Detail: error.Message),
    };

    /// <summary>Whether an error says only that the connection is gone. MQTTnet sets its own parts to null when one ends, and whoever is just using them meets that null.</summary>
    public static bool IsGone(Exception error) => error is Net.Exceptions.MqttCommunicationException or IOException or ObjectDisposedException or NullReferenceException;

    public static Loss LossOf(Exception error) => error switch
    {
        Net.Exceptions.MqttCommunicationTimedOutException or OperationCanceledException => new Loss(MqttLossReason.ConnectTimeout),
        Net.Exceptions.MqttProtocolViolationException => new Loss(MqttLossReason.ProtocolError, MqttReasonCode.ProtocolError, error.Message),
        NullReferenceException or ObjectDisposedException => new Loss(MqttLossReason.NetworkError),
        _ => new Loss(MqttLossReason.ConnectFailed, Detail: error.InnerException?.Message ?? error.Message),
    };

    private static Net.MqttClientTcpOptions Channel(MqttClientOptions options) => new()
    {
        RemoteEndpoint = new DnsEndPoint(options.Host, options.Port),
        // Its own default of 8 KiB lets the window fall below one segment on loopback, and the stream stalls.
        BufferSize = options.SocketReceiveBufferBytes > 0 ? options.SocketReceiveBufferBytes : 512 << 10,
        // Its own default resets the connection at the end, and destroys the last acknowledgements on their way.
        LingerState = new System.Net.Sockets.LingerOption(enable: false, seconds: 0),
        TlsOptions = options.Tls is { } tls ? Tls(options, tls) : new Net.MqttClientTlsOptions(),
    };

    private static Net.MqttClientTlsOptions Tls(MqttClientOptions options, MqttTls tls)
    {
        var translated = new Net.MqttClientTlsOptions { UseTls = true, TargetHost = tls.ServerName ?? options.Host };
        if (tls.CaFile is { } authority)
        {
            translated.TrustChain = [];
            translated.TrustChain.ImportFromPemFile(authority);
            // A private authority publishes no revocation list; the pin itself is the protection.
            translated.RevocationMode = X509RevocationMode.NoCheck;
        }

        if (tls.ClientCertificateFile is { } certificate)
            translated.ClientCertificatesProvider = new Net.DefaultMqttCertificatesProvider([X509Certificate2.CreateFromPemFile(certificate, tls.ClientKeyFile)]);
        return translated;
    }

    private static Net.Packets.MqttTopicFilter Filter(MqttSubscription subscription, bool isV5) => new()
    {
        Topic = subscription.Filter,
        QualityOfServiceLevel = Quality(subscription.Qos),
        NoLocal = isV5 && subscription.NoLocal,
        RetainAsPublished = isV5 && subscription.RetainAsPublished,
        RetainHandling = isV5 ? (Net.Protocol.MqttRetainHandling)subscription.RetainHandling : Net.Protocol.MqttRetainHandling.SendAtSubscribe,
    };

    private static Net.Protocol.MqttQualityOfServiceLevel Quality(MqttQos qos) => (Net.Protocol.MqttQualityOfServiceLevel)qos;
}

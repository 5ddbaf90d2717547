using System.Text;

namespace FacilityMonitor.Mqtt.Packets;

/// <summary>The server's answer to CONNECT with the limits it announced; a limit it left out has the specification's default.</summary>
internal sealed record ConnAckPacket
{
    public bool SessionPresent { get; init; }

    public MqttReasonCode ReasonCode { get; init; }

    public ushort ReceiveMaximum { get; private set; } = ushort.MaxValue;

    public MqttQos MaximumQos { get; private set; } = MqttQos.ExactlyOnce;

    public bool RetainAvailable { get; private set; } = true;

    public uint MaximumPacketSize { get; private set; } = uint.MaxValue;

    public TimeSpan? ServerKeepAlive { get; private set; }

    public string? AssignedClientId { get; private set; }

    public string? ReasonString { get; private set; }

    public static MqttReasonCode Read(ReadOnlySpan<byte> body, MqttVersion version, out ConnAckPacket packet)
    {
        var reader = new PacketReader(body);
        var flags = reader.Byte();
        var code = reader.Byte();
        // A server that knows only 3.1.1 refuses version 5 in its own form, without properties.
        if (body.Length == 2 && code != 0)
            version = MqttVersion.V311;
        packet = new ConnAckPacket
        {
            SessionPresent = flags == 1,
            ReasonCode = version == MqttVersion.V500 ? (MqttReasonCode)code : FromReturnCode(code),
        };
        if (reader.Failed || flags > 1)
            return MqttReasonCode.MalformedPacket;

        var error = version == MqttVersion.V500 ? packet.ReadProperties(ref reader) : MqttReasonCode.Success;
        if (error == MqttReasonCode.Success && !reader.AtEnd)
            error = MqttReasonCode.MalformedPacket;
        return error == MqttReasonCode.Success && packet is { SessionPresent: true, ReasonCode: not MqttReasonCode.Success }
            ? MqttReasonCode.ProtocolError
            : error;
    }

    private static MqttReasonCode FromReturnCode(byte code) => code switch
    {
        0 => MqttReasonCode.Success,
        1 => MqttReasonCode.UnsupportedProtocolVersion,
        2 => MqttReasonCode.ClientIdentifierNotValid,
        3 => MqttReasonCode.ServerUnavailable,
        4 => MqttReasonCode.BadUserNameOrPassword,
        5 => MqttReasonCode.NotAuthorized,
        _ => MqttReasonCode.UnspecifiedError,
    };

    private MqttReasonCode ReadProperties(ref PacketReader reader)
    {
        var properties = new PropertyReader(ref reader, PacketType.ConnAck);
        while (properties.Next())
        {
            if (properties is { Id: Property.ReceiveMaximum or Property.MaximumPacketSize, Number: 0 })
                return MqttReasonCode.ProtocolError;
            // We ask for no enhanced authentication, and a server must not offer it unasked.
            if (properties.Id is Property.AuthenticationMethod or Property.AuthenticationData)
                return MqttReasonCode.ProtocolError;
            // The smallest limit under which an acknowledgement with a reason still fits.
            if (properties is { Id: Property.MaximumPacketSize, Number: < AckPacket.MaximumWritten })
                return MqttReasonCode.PacketTooLarge;
            Apply(properties.Id, properties.Number, properties.Bytes);
        }

        return properties.Error;
    }

    private void Apply(byte id, uint number, ReadOnlySpan<byte> bytes)
    {
        switch (id)
        {
            case Property.ReceiveMaximum:
                ReceiveMaximum = (ushort)number;
                break;
            case Property.MaximumQos:
                MaximumQos = (MqttQos)number;
                break;
            case Property.RetainAvailable:
                RetainAvailable = number == 1;
                break;
            case Property.MaximumPacketSize:
                MaximumPacketSize = number;
                break;
            case Property.ServerKeepAlive:
                ServerKeepAlive = TimeSpan.FromSeconds(number);
                break;
            case Property.AssignedClientIdentifier:
                AssignedClientId = Encoding.UTF8.GetString(bytes);
                break;
            case Property.ReasonString:
                ReasonString = Encoding.UTF8.GetString(bytes);
                break;
            default:
                break;
        }
    }
}

using System.Text;

namespace FacilityMonitor.Mqtt.Packets;

internal static class DisconnectPacket
{
    public static byte[] Write(MqttReasonCode reason, MqttVersion version) =>
        version == MqttVersion.V500 && reason != MqttReasonCode.Success ? [0xE0, 1, (byte)reason] : [0xE0, 0];

    public static MqttReasonCode Read(ReadOnlySpan<byte> body, out MqttReasonCode reason, out string? text)
    {
        text = null;
        reason = MqttReasonCode.Success;
        if (body.IsEmpty)
            return MqttReasonCode.Success;

        var reader = new PacketReader(body);
        reason = (MqttReasonCode)reader.Byte();
        if (reader.AtEnd)
            return MqttReasonCode.Success;

        var properties = new PropertyReader(ref reader, PacketType.Disconnect);
        while (properties.Next())
        {
            if (properties.Id == Property.ReasonString)
                text = Encoding.UTF8.GetString(properties.Bytes);
        }

        return properties.Error == MqttReasonCode.Success && !reader.AtEnd ? MqttReasonCode.MalformedPacket : properties.Error;
    }
}

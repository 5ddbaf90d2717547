namespace FacilityMonitor.Mqtt.Packets;

internal static class UnsubscribePacket
{
    public static byte[] Write(ushort packetId, IReadOnlyList<string> filters, MqttVersion version)
    {
        var body = new PacketWriter().UInt16(packetId);
        if (version == MqttVersion.V500)
            body.Byte(0);
        foreach (var filter in filters)
            body.Text(filter);
        return body.ToPacket(PacketType.Unsubscribe, flags: 2);
    }

    /// <summary>3.1.1 answers with the number alone; 5 adds a code for every filter, which may say that it was not there: gone is gone.</summary>
    public static MqttReasonCode ReadAnswer(ReadOnlySpan<byte> body, MqttVersion version, int asked, out ushort packetId)
    {
        var reader = new PacketReader(body);
        packetId = reader.UInt16();
        if (reader.Failed)
            return MqttReasonCode.MalformedPacket;
        if (version == MqttVersion.V500 && new PropertyReader(ref reader, PacketType.UnsubAck).SkipAll() is var error and not MqttReasonCode.Success)
            return error;
        return reader.Failed || reader.Rest.Length != (version == MqttVersion.V500 ? asked : 0) ? MqttReasonCode.ProtocolError : MqttReasonCode.Success;
    }
}

namespace FacilityMonitor.Mqtt.Packets;

/// <summary>PUBACK, PUBREC, PUBREL and PUBCOMP: a packet identifier and, in MQTT 5, a reason.</summary>
internal readonly record struct AckPacket(ushort PacketId, MqttReasonCode ReasonCode)
{
    public const int MaximumWritten = 5;

    public static MqttReasonCode Read(ReadOnlySpan<byte> body, PacketType type, MqttVersion version, out AckPacket packet)
    {
        var reader = new PacketReader(body);
        var id = reader.UInt16();
        var reason = MqttReasonCode.Success;
        if (version == MqttVersion.V500 && !reader.AtEnd)
            reason = (MqttReasonCode)reader.Byte();

        packet = new AckPacket(id, reason);
        if (reader.Failed)
            return MqttReasonCode.MalformedPacket;
        // Between the successes of the table and the refusals lies nothing; a code from there is no promise to deliver.
        if (id == 0 || (reason < MqttReasonCode.UnspecifiedError && !IsSuccess(type, reason)))
            return MqttReasonCode.ProtocolError;
        if (version == MqttVersion.V500 && !reader.AtEnd && new PropertyReader(ref reader, type).SkipAll() is var error and not MqttReasonCode.Success)
            return error;
        return reader.AtEnd ? MqttReasonCode.Success : MqttReasonCode.MalformedPacket;
    }

    private static bool IsSuccess(PacketType type, MqttReasonCode reason) =>
        reason == MqttReasonCode.Success || (reason == MqttReasonCode.NoMatchingSubscribers && type is (PacketType.PubAck or PacketType.PubRec));

    /// <summary>Success takes the short form of four bytes, which both versions share; 3.1.1 has no other.</summary>
    public static int Write(Span<byte> target, PacketType type, ushort packetId, MqttReasonCode reason, MqttVersion version)
    {
        var withReason = reason != MqttReasonCode.Success && version == MqttVersion.V500;
        target[0] = (byte)((int)type << 4 | (type == PacketType.PubRel ? 2 : 0));
        target[1] = (byte)(withReason ? 3 : 2);
        target[2] = (byte)(packetId >> 8);
        target[3] = (byte)packetId;
        if (!withReason)
            return 4;

        target[4] = (byte)reason;
        return 5;
    }
}

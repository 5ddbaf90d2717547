namespace FacilityMonitor.Mqtt.Packets;

internal static class SubscribePacket
{
    public static byte[] Write(ushort packetId, IReadOnlyList<MqttSubscription> subscriptions, MqttVersion version)
    {
        var body = new PacketWriter().UInt16(packetId);
        if (version == MqttVersion.V500)
            body.Byte(0);
        foreach (var subscription in subscriptions)
            body.Text(subscription.Filter).Byte(Options(subscription, version));
        return body.ToPacket(PacketType.Subscribe, flags: 2);
    }

    /// <summary>One code for every subscription asked, in their order.</summary>
    public static MqttReasonCode ReadAnswer(
        ReadOnlySpan<byte> body, MqttVersion version, IReadOnlyList<MqttSubscription> asked, out ushort packetId, out MqttSubscriptionResult[] results)
    {
        results = [];
        var reader = new PacketReader(body);
        packetId = reader.UInt16();
        if (reader.Failed)
            return MqttReasonCode.MalformedPacket;
        if (version == MqttVersion.V500 && new PropertyReader(ref reader, PacketType.SubAck).SkipAll() is var error and not MqttReasonCode.Success)
            return error;
        if (reader.Failed || reader.Rest.Length != asked.Count)
            return MqttReasonCode.ProtocolError;

        results = new MqttSubscriptionResult[asked.Count];
        for (var i = 0; i < results.Length; i++)
        {
            var code = (MqttReasonCode)reader.Byte();
            // Between the qualities and the refusals lies nothing; a code from there is no promise to deliver.
            if (code is > MqttReasonCode.GrantedQos2 and < MqttReasonCode.UnspecifiedError)
                return MqttReasonCode.ProtocolError;
            results[i] = new MqttSubscriptionResult(asked[i], code);
        }

        return MqttReasonCode.Success;
    }

    private static byte Options(MqttSubscription subscription, MqttVersion version)
    {
        var options = (int)subscription.Qos;
        if (version == MqttVersion.V500)
            options |= (subscription.NoLocal ? 0x04 : 0) | (subscription.RetainAsPublished ? 0x08 : 0) | (int)subscription.RetainHandling << 4;
        return (byte)options;
    }
}

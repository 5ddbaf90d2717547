namespace FacilityMonitor.Mqtt.Packets;

internal static class ConnectPacket
{
    public static byte[] Write(MqttClientOptions options, bool cleanStart)
    {
        var body = new PacketWriter()
            .Text("MQTT")
            .Byte((byte)options.Version)
            .Byte(Flags(options, cleanStart))
            .UInt16((int)options.KeepAlive.TotalSeconds);
        if (options.Version == MqttVersion.V500)
            body.Properties(Properties(options));

        body.Text(options.ClientId);
        if (options.Will is { } will)
            WriteWill(body, will, options.Version);
        if (options.Username is { } username)
            body.Text(username);
        if (options.Password is { } password)
            body.Text(password);
        return body.ToPacket(PacketType.Connect);
    }

    private static byte Flags(MqttClientOptions options, bool cleanStart)
    {
        var flags = cleanStart ? 0x02 : 0;
        if (options.Will is { } will)
            flags |= 0x04 | (int)will.Qos << 3 | (will.Retain ? 0x20 : 0);
        if (options.Password is not null)
            flags |= 0x40;
        if (options.Username is not null)
            flags |= 0x80;
        return (byte)flags;
    }

    // Topic Alias Maximum is left out, which means 0: aliases save bytes on constrained links, and every message
    // would then depend on one that came before it.
    private static PacketWriter Properties(MqttClientOptions options) => new PacketWriter()
        .Byte(Property.SessionExpiry).UInt32((uint)options.SessionExpiry.TotalSeconds)
        .Byte(Property.ReceiveMaximum).UInt16(options.ReceiveMaximum)
        .Byte(Property.MaximumPacketSize).UInt32((uint)options.MaximumPacketSize);

    private static void WriteWill(PacketWriter body, MqttWill will, MqttVersion version)
    {
        if (version == MqttVersion.V500)
        {
            var properties = new PacketWriter();
            if (will.Delay > TimeSpan.Zero)
                properties.Byte(Property.WillDelay).UInt32((uint)will.Delay.TotalSeconds);
            body.Properties(properties);
        }

        body.Text(will.Topic).Binary(will.Payload.Span);
    }
}

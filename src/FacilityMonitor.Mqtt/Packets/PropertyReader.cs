namespace FacilityMonitor.Mqtt.Packets;

/// <summary>Walks the properties of a packet from the server and checks each against the specification's table.</summary>
internal ref struct PropertyReader
{
    private readonly PacketType _packet;
    private PacketReader _fields;
    private ulong _seen;

    public PropertyReader(ref PacketReader body, PacketType packet)
    {
        _packet = packet;
        _fields = new PacketReader(body.Take(body.VariableLength()));
        Error = body.Failed ? MqttReasonCode.MalformedPacket : MqttReasonCode.Success;
    }

    public MqttReasonCode Error { get; private set; }

    /// <summary>Value of a number or flag property.</summary>
    public uint Number { get; private set; }

    /// <summary>Value of a text or binary property, name of a pair.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    public byte Id { get; private set; }

    public bool Next()
    {
        if (Error != MqttReasonCode.Success || _fields.AtEnd)
            return false;

        Id = _fields.Byte();
        var form = Property.FormOf(Id, _packet);
        if (form == Property.Form.Unknown)
            return Fail(MqttReasonCode.MalformedPacket);
        if ((_seen & 1UL << Id) != 0 && !Property.MayRepeat(Id))
            return Fail(MqttReasonCode.ProtocolError);

        _seen |= 1UL << Id;
        ReadValue(form);
        if (_fields.Failed)
            return Fail(MqttReasonCode.MalformedPacket);

        return form != Property.Form.Flag || Number <= 1 || Fail(MqttReasonCode.ProtocolError);
    }

    /// <summary>Reads to the end for the sake of the checks alone.</summary>
    public MqttReasonCode SkipAll()
    {
        while (Next())
        {
        }

        return Error;
    }

    private void ReadValue(Property.Form form)
    {
        switch (form)
        {
            case Property.Form.Flag:
                Number = _fields.Byte();
                break;
            case Property.Form.UInt16:
                Number = _fields.UInt16();
                break;
            case Property.Form.UInt32:
                Number = _fields.UInt32();
                break;
            case Property.Form.Variable:
                Number = (uint)_fields.VariableLength();
                break;
            case Property.Form.Text:
                Bytes = _fields.Text();
                break;
            case Property.Form.Binary:
                Bytes = _fields.Binary();
                break;
            case Property.Form.Pair:
                Bytes = _fields.Text();
                _fields.Text();
                break;
            case Property.Form.Unknown:
                break;
        }
    }

    private bool Fail(MqttReasonCode error)
    {
        Error = error;
        return false;
    }
}

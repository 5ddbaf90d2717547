namespace FacilityMonitor.Mqtt;

/// <summary>
/// What happened to each QoS 2 packet identifier of the session. It lives as long as the client, over reconnects; a new
/// process starts empty and relies, like everybody after a crash, on the reader's own duplicate check.
/// </summary>
internal sealed class ExactlyOnceReceipts
{
    private Receipt[]? _receipts;

    internal enum Arrival
    {
        New,
        AlreadyDelivered,
        AlreadyDurable,
    }

    private enum Receipt : byte
    {
        None,

        /// <summary>Delivered on this connection, the caller has not said durable.</summary>
        Pending,

        /// <summary>PUBREC is sent; until PUBREL every copy is a duplicate.</summary>
        Durable,

        /// <summary>Was pending when its connection broke.</summary>
        Lost,

        /// <summary>Said durable after its connection broke. Only a copy marked as such is a duplicate:
        /// the server may have given the message up and reused the identifier.</summary>
        DurableLate,
    }

    public Arrival Publish(ushort id, bool dup)
    {
        _receipts ??= new Receipt[ushort.MaxValue + 1];
        ref var receipt = ref _receipts[id];
        if (receipt == Receipt.Pending)
            return Arrival.AlreadyDelivered;

        var durable = receipt == Receipt.Durable || receipt == Receipt.DurableLate && dup;
        receipt = durable ? Receipt.Durable : Receipt.Pending;
        return durable ? Arrival.AlreadyDurable : Arrival.New;
    }

    public void Acknowledge(ushort id, bool rejected) => Change(id, Receipt.Pending, rejected ? Receipt.None : Receipt.Durable);

    public void AcknowledgeLate(ushort id) => Change(id, Receipt.Lost, Receipt.DurableLate);

    /// <returns>Whether the identifier was known.</returns>
    public bool Release(ushort id)
    {
        if (_receipts is null || _receipts[id] is not (Receipt.Pending or Receipt.Durable))
            return false;

        _receipts[id] = Receipt.None;
        return true;
    }

    public void ConnectionLost()
    {
        for (var id = 0; id < _receipts?.Length; id++)
            Change((ushort)id, Receipt.Pending, Receipt.Lost);
    }

    public void SessionLost() => _receipts?.AsSpan().Clear();

    private void Change(ushort id, Receipt from, Receipt to)
    {
        if (_receipts is not null && _receipts[id] == from)
            _receipts[id] = to;
    }
}

namespace FirmwareSim.Protocol;

/// <summary>What a device keeps until the host's watermark covers it: bounded, oldest first.</summary>
/// <param name="capacity">Most messages it can keep; declared in the birth.</param>
internal sealed class MessageBuffer(int capacity)
{
    private readonly LinkedList<Entry> _entries = new();
    private readonly Dictionary<MessageKey, LinkedListNode<Entry>> _byKey = [];

    internal enum Delivery : byte
    {
        /// <summary>Never handed to a broker, or lost with the connection before the broker took it.</summary>
        Unsent,

        /// <summary>Published; the broker has not taken it yet.</summary>
        InFlight,

        /// <summary>The broker has it.</summary>
        Delivered,
    }

    public int Capacity => capacity;

    public int Count => _entries.Count;

    /// <summary>Messages that fell out at the old end because nobody acknowledged them.</summary>
    public long Dropped { get; private set; }

    /// <summary>Keeps a message. The oldest one goes when there is no room.</summary>
    public void Add(MessageKey key, byte[] payload)
    {
        if (_entries.Count == capacity)
        {
            _byKey.Remove(_entries.First!.Value.Key);
            _entries.RemoveFirst();
            Dropped++;
        }

        _byKey[key] = _entries.AddLast(new Entry(key, payload));
    }

    public bool TryGet(MessageKey key, out ReadOnlyMemory<byte> payload)
    {
        var isKept = _byKey.TryGetValue(key, out var node);
        payload = isKept ? node!.Value.Payload : default;
        return isKept;
    }

    public void Mark(MessageKey key, Delivery delivery)
    {
        if (_byKey.TryGetValue(key, out var node))
            node.Value.Delivery = delivery;
    }

    /// <summary>The connection is gone: what the broker had not taken counts as unsent again.</summary>
    public void LoseInFlight()
    {
        foreach (var entry in _entries)
        {
            if (entry.Delivery == Delivery.InFlight)
                entry.Delivery = Delivery.Unsent;
        }
    }

    /// <summary>Keys in the order they were produced; all of them, or only those no broker has.</summary>
    public IEnumerable<MessageKey> Keys(bool unsentOnly) =>
        _entries.Where(entry => !unsentOnly || entry.Delivery == Delivery.Unsent).Select(entry => entry.Key);

    /// <summary>Lets go of everything of a boot up to and including a number.</summary>
    public void Free(string boot, long through, Action<MessageKey> freed)
    {
        for (var node = _entries.First; node is not null;)
        {
            var next = node.Next;
            var key = node.Value.Key;
            if (key.Boot == boot && key.Seq > through)
                break;
            if (key.Boot == boot)
            {
                _byKey.Remove(key);
                _entries.Remove(node);
                freed(key);
            }

            node = next;
        }
    }

    private sealed class Entry(MessageKey key, byte[] payload)
    {
        public MessageKey Key { get; } = key;

        public byte[] Payload { get; } = payload;

        public Delivery Delivery { get; set; }
    }
}

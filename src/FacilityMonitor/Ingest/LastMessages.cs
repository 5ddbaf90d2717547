using System.Buffers.Binary;

namespace FacilityMonitor.Ingest;

/// <summary>A message as it came.</summary>
/// <param name="ReceivedMs">When it was received, ms since 1970-01-01 UTC.</param>
/// <param name="Fate">What became of it.</param>
/// <param name="Topic">Its topic.</param>
/// <param name="Payload">Its payload, or the begin of it.</param>
/// <param name="Length">How long the payload was, bytes.</param>
internal sealed record LastMessage(long ReceivedMs, MessageFate Fate, byte[] Topic, byte[] Payload, int Length);

/// <summary>The bytes of the newest messages, for whoever looks for a device's fault: the journal keeps what was understood of them, and that only until everybody has read it.</summary>
/// <remarks>
/// One ring of fixed size for all registered devices: to keep a message allocates nothing, and the oldest make room for it. At a restart it is empty.
/// Written by ingest, read by any thread; to read walks the ring once, some ten thousand messages at most.
/// </remarks>
internal sealed class LastMessages
{
    /// <summary>Messages of a device that are told.</summary>
    public const int Most = 20;

    /// <summary>What is kept of a payload, bytes.</summary>
    public const int PayloadMax = 4_096;

    /// <summary>Room for all of them, bytes: an hour of two hundred devices that say 300 B a minute, a minute of ten thousand.</summary>
    public const int Room = 4 << 20;

    private const int TopicMax = 512;

    /// <summary>Device, time, fate, and three lengths.</summary>
    private const int HeadBytes = 4 + 8 + 1 + 2 + 2 + 4;

    private readonly Lock _gate = new();
    private readonly byte[] _ring;

    /// <summary>Where the next is written.</summary>
    private int _head;

    /// <summary>The oldest. While <see cref="_isWrapped"/> it lies before <see cref="_wrap"/>, and all below <see cref="_head"/> are newer; else it is 0.</summary>
    private int _tail;
    private int _wrap;
    private bool _isWrapped;

    /// <param name="room">Room, bytes; at least that of the longest message.</param>
    public LastMessages(int room = Room)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(room, HeadBytes + TopicMax + PayloadMax);
        _ring = new byte[room];
    }

    /// <summary>Keeps a message.</summary>
    /// <param name="device">Number of its device.</param>
    /// <param name="topic">Topic in UTF-8.</param>
    /// <param name="payload">Payload.</param>
    /// <param name="receivedMs">When it was received.</param>
    /// <param name="fate">What became of it.</param>
    public void Keep(int device, ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload, long receivedMs, MessageFate fate)
    {
        var length = payload.Length;
        topic = topic[..Math.Min(topic.Length, TopicMax)];
        payload = payload[..Math.Min(length, PayloadMax)];
        var size = HeadBytes + topic.Length + payload.Length;
        lock (_gate)
        {
            if (_head + size > _ring.Length)
            {
                // What is left above is older than all below, or the begin of a new round.
                (_wrap, _head, _tail, _isWrapped) = (_head, 0, 0, true);
            }

            while (_isWrapped && _tail < _head + size)
            {
                _tail += SizeAt(_tail);
                if (_tail >= _wrap)
                    (_tail, _isWrapped) = (0, false);
            }

            var at = _ring.AsSpan(_head, size);
            BinaryPrimitives.WriteInt32LittleEndian(at, device);
            BinaryPrimitives.WriteInt64LittleEndian(at[4..], receivedMs);
            at[12] = (byte)fate;
            BinaryPrimitives.WriteUInt16LittleEndian(at[13..], (ushort)topic.Length);
            BinaryPrimitives.WriteUInt16LittleEndian(at[15..], (ushort)payload.Length);
            BinaryPrimitives.WriteInt32LittleEndian(at[17..], length);
            topic.CopyTo(at[HeadBytes..]);
            payload.CopyTo(at[(HeadBytes + topic.Length)..]);
            _head += size;
        }
    }

    /// <summary>The newest messages of a device, the newest first.</summary>
    /// <param name="device">Its number.</param>
    public IReadOnlyList<LastMessage> Of(int device)
    {
        lock (_gate)
        {
            var places = new Queue<int>(Most + 1);
            if (_isWrapped)
                Find(device, _tail, _wrap, places);
            Find(device, 0, _head, places);
            return [.. places.Reverse().Select(At)];
        }
    }

    private void Find(int device, int from, int to, Queue<int> places)
    {
        for (var at = from; at < to; at += SizeAt(at))
        {
            if (BinaryPrimitives.ReadInt32LittleEndian(_ring.AsSpan(at)) != device)
                continue;
            places.Enqueue(at);
            if (places.Count > Most)
                places.Dequeue();
        }
    }

    private LastMessage At(int place)
    {
        var at = _ring.AsSpan(place);
        var (topic, payload) = (BinaryPrimitives.ReadUInt16LittleEndian(at[13..]), BinaryPrimitives.ReadUInt16LittleEndian(at[15..]));
        return new LastMessage(
            BinaryPrimitives.ReadInt64LittleEndian(at[4..]), (MessageFate)at[12], at.Slice(HeadBytes, topic).ToArray(), at.Slice(HeadBytes + topic, payload).ToArray(), BinaryPrimitives.ReadInt32LittleEndian(at[17..]));
    }

    private int SizeAt(int place) => HeadBytes + BinaryPrimitives.ReadUInt16LittleEndian(_ring.AsSpan(place + 13)) + BinaryPrimitives.ReadUInt16LittleEndian(_ring.AsSpan(place + 15));
}

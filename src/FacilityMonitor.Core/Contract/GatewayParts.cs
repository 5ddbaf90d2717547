using FacilityMonitor.Readings;

namespace FacilityMonitor.Contract;

/// <summary>What one message of a gateway says of each of its devices. Buffers that are used again; one thread at a time.</summary>
internal sealed class GatewayParts
{
    private readonly List<Part> _parts = [];
    private byte[] _names = new byte[256];
    private int _nameLength;
    private int _firstReading;
    private int _firstName;
    private int _firstRefused;
    private int _refusedOfNobody;
    private int _next;

    /// <summary>The readings of all devices, one after another.</summary>
    public ReadingBuffer Readings { get; } = new();

    public int Count => _parts.Count;

    /// <summary>Why the first device that was left out was; null: none was.</summary>
    public DecodeOutcome? Fault { get; set; }

    /// <summary>What became of the message: it holds something of one device at least, or what was wrong with it, or nothing for us.</summary>
    public DecodeOutcome Outcome => Count > 0 ? DecodeOutcome.Decoded : Fault ?? ForeignDecoder.Empty(Readings);

    public void Clear()
    {
        _parts.Clear();
        Readings.Clear();
        Fault = null;
        _nameLength = 0;
        _refusedOfNobody = 0;
        _next = 0;
    }

    /// <summary>Begins a device; its readings follow.</summary>
    public void Begin(ReadOnlySpan<byte> name)
    {
        if (_nameLength + name.Length > _names.Length)
            Array.Resize(ref _names, Math.Max(_names.Length * 2, _nameLength + name.Length));
        name.CopyTo(_names.AsSpan(_nameLength));
        _firstName = _nameLength;
        _nameLength += name.Length;
        _firstReading = Readings.Count;
        _firstRefused = Readings.Refused;
    }

    /// <summary>Ends it; one that said nothing for us is no part.</summary>
    public void End(int unknownFields, DeviceStatus? status)
    {
        var refused = Readings.Refused - _firstRefused;
        if (Readings.Count > _firstReading || status is not null)
            _parts.Add(new Part(null, _firstName, _nameLength - _firstName, _firstReading, Readings.Count - _firstReading, unknownFields, refused, _firstRefused == 0, status));
        else
            _refusedOfNobody += refused;
    }

    /// <summary>Takes back all that was told of it.</summary>
    public void Cancel()
    {
        while (Readings.Count > _firstReading)
            Readings.RemoveLast();
        _refusedOfNobody += Readings.Refused - _firstRefused;
    }

    /// <summary>Finds or numbers the devices; leaves out those for which there is no room. Done only for a message that is whole: a broken one makes nobody known.</summary>
    public void Resolve(Dialect dialect, DeviceTable devices)
    {
        var kept = 0;
        for (var index = 0; index < _parts.Count; index++)
        {
            var part = _parts[index];
            if (devices.Resolve(dialect, [], _names.AsSpan(part.NameAt, part.NameLength)) is { } device)
                _parts[kept++] = part with { Device = device };
        }

        _parts.RemoveRange(kept, _parts.Count - kept);
    }

    /// <summary>Fills a message with the next device's part; false when there is none.</summary>
    public bool TryTake(DeviceMessage message)
    {
        if (_next >= _parts.Count)
            return false;
        var part = _parts[_next++];
        message.Device = part.Device;
        message.UnknownFields = part.UnknownFields;
        message.Status = part.Status;
        // Devices of which nothing else was told are no part, and still somebody's values were set aside.
        if (part.Refused + _refusedOfNobody is > 0 and var refused)
            message.OutOfRange = new OutOfRange(refused, part is { Refused: > 0, HasFirst: true } ? Readings.FirstRefused.Metric.Key() : null, Readings.FirstRefused.Value);
        _refusedOfNobody = 0;
        message.Kind = part.Status is null ? MessageKind.Data : MessageKind.Status;
        foreach (ref readonly var source in Readings.Readings.Slice(part.FirstReading, part.ReadingCount))
        {
            ref var copy = ref message.Readings.Add();
            copy = source with { Index = copy.Index, FirstValue = copy.FirstValue, ValueCount = 0 };
            foreach (ref readonly var value in Readings.ValuesOf(source))
                message.Readings.AddValue(value.Metric, value.Value);
        }

        return true;
    }

    private readonly record struct Part(Device? Device, int NameAt, int NameLength, int FirstReading, int ReadingCount, int UnknownFields, int Refused, bool HasFirst, DeviceStatus? Status);
}

using FacilityMonitor.Readings;

namespace FacilityMonitor.Contract;

/// <summary>What a message is for. The numbers are stored in the journal: add at the end.</summary>
public enum MessageKind : byte
{
    /// <summary>A live batch of readings; also every reading of a foreign device.</summary>
    Data = 0,

    /// <summary>Readings the device had buffered, or was asked to resend.</summary>
    Hist = 1,

    /// <summary>Discrete facts.</summary>
    Event = 2,

    /// <summary>What the device says about itself.</summary>
    Birth = 3,

    /// <summary>Online, offline, asleep; the will too.</summary>
    Status = 4,

    /// <summary>The answer to a command.</summary>
    Ack = 5,
}

/// <summary>Where a device has its time from.</summary>
public enum ClockSource : byte
{
    /// <summary>Set by NTP.</summary>
    Ntp = 0,

    /// <summary>A battery-backed clock.</summary>
    Rtc = 1,

    /// <summary>No clock: its times are not to be believed.</summary>
    None = 2,
}

/// <summary>The envelope of <c>data</c>, <c>hist</c> and <c>event</c>. A foreign message has none; see <see cref="DeviceMessage.HasEnvelope"/>.</summary>
/// <param name="Boot">The boot it counts in.</param>
/// <param name="Seq">Sequence number within the boot, 0 to 2^53.</param>
/// <param name="TsMs">Base time of the batch as the device tells it, ms since 1970-01-01 UTC.</param>
/// <param name="UpMs">Uptime in ms; null when not told.</param>
/// <param name="Clock">Where the device has its time from.</param>
public readonly record struct Envelope(BootId Boot, long Seq, long TsMs, long? UpMs, ClockSource Clock);

/// <summary>Values of a message that cannot be true, by its mapping or at all, and were set aside.</summary>
/// <param name="Count">How many.</param>
/// <param name="Path">Where the first of them stands, its metric's key where no mapping says more; null when there is none.</param>
/// <param name="Value">The first of them, as written.</param>
public readonly record struct OutOfRange(int Count, string? Path, double Value);

/// <summary>One message from a device, decoded. A mutable buffer that is used again for the next message, so that decoding allocates nothing.</summary>
/// <remarks>Not thread-safe. Filled by the decoder or by the journal's reader; everything in it is valid until the next <see cref="Clear"/>.</remarks>
public sealed class DeviceMessage
{
    /// <summary>What the message is for.</summary>
    public MessageKind Kind { get; set; }

    /// <summary>Who sent it; null only before it was resolved.</summary>
    public Device? Device { get; set; }

    /// <summary>Whether <see cref="Envelope"/> holds something: true for <c>data</c>, <c>hist</c>, <c>event</c> of <c>fm/1</c>.</summary>
    public bool HasEnvelope { get; set; }

    /// <summary>Boot, sequence and times as sent.</summary>
    public Envelope Envelope { get; set; }

    /// <summary>When we received it, ms since 1970-01-01 UTC.</summary>
    public long ReceivedMs { get; set; }

    /// <summary>Whether the broker delivered it as a retained message.</summary>
    public bool Retained { get; set; }

    /// <summary>The readings of <c>data</c>, <c>hist</c> or a foreign message, in payload order.</summary>
    public ReadingBuffer Readings { get; } = new();

    /// <summary>The facts of an <c>event</c>, in payload order.</summary>
    public List<DeviceEvent> Events { get; } = [];

    /// <summary>What a <c>birth</c> says.</summary>
    public Birth? Birth { get; set; }

    /// <summary>What a <c>status</c> says; a foreign device's availability too.</summary>
    public DeviceStatus? Status { get; set; }

    /// <summary>What an <c>ack</c> says.</summary>
    public CommandAck? CommandAck { get; set; }

    /// <summary>Fields that the contract does not know; ignored and counted.</summary>
    public int UnknownFields { get; set; }

    /// <summary>Values outside the range their mapping gives them, or that nothing can measure (<see cref="MetricKeys.IsPossible"/>); set aside and counted. Known after decoding, not
    /// after the journal.</summary>
    public OutOfRange OutOfRange { get; set; }

    /// <summary>What a foreign message is recognised by when the broker delivers it again, see <see cref="ForeignDeduplicator"/>; null for <c>fm/1</c>.</summary>
    public UInt128? ForeignHash { get; set; }

    /// <summary>What sets its readings apart from those of another message with the same time: the sequence number; of a foreign message, which has none, 0 to 999 from
    /// its hash. The same message has always the same.</summary>
    public long Distinction => HasEnvelope ? Envelope.Seq : ForeignHash is { } hash ? (long)(hash % 1000) : 0;

    /// <summary>Counts what the readings refused among what was set aside.</summary>
    internal void CountRefused()
    {
        if (Readings is { Refused: > 0 and var refused, FirstRefused: var first })
            SetAside(first.Metric.Key(), first.Value, refused);
    }

    /// <summary>Counts values that were set aside.</summary>
    internal void SetAside(string path, double value, int count = 1) =>
        OutOfRange = OutOfRange.Count == 0 ? new OutOfRange(count, path, value) : OutOfRange with { Count = OutOfRange.Count + count };

    /// <summary>Empties the message and keeps its buffers.</summary>
    public void Clear()
    {
        Kind = default;
        Device = null;
        HasEnvelope = false;
        Envelope = default;
        ReceivedMs = 0;
        Retained = false;
        Readings.Clear();
        Events.Clear();
        Birth = null;
        Status = null;
        CommandAck = null;
        UnknownFields = 0;
        OutOfRange = default;
        ForeignHash = null;
    }
}

using System.Globalization;
using FacilityMonitor.Contract;
using FacilityMonitor.Control;
using FacilityMonitor.Journal;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Ingest;

/// <summary>From the bytes of a message to a journal record or a dead letter: decode, book, write. Touches no network and no disk; one thread at a time.</summary>
internal sealed class IngestPipeline(DeviceTable devices, IngestBooks books, DeviceLedger ledger)
{
    private readonly MessageDecoder _decoder = new(devices);
    private readonly DeviceMessage _message = new();
    private readonly ForeignDeduplicator _foreign = new();
    private readonly HashSet<string> _outOfRange = new(StringComparer.Ordinal);
    private List<DeviceWord> _words = [];

    /// <summary>Keeps the bytes of what registered devices say; null: nobody does.</summary>
    public LastMessages? Last { get; init; }

    /// <summary>A path of a mapping, or a metric, has brought a value outside its range, for the first time since the start; the device, and what it wrote.</summary>
    public event Action<Device, OutOfRange>? OutOfRange;

    /// <summary>The registry's mappings from the next message on.</summary>
    public void Use(JsonMappings mappings) => _decoder.Use(mappings);

    /// <summary>The registry from the next message on: whom it names there is always room for.</summary>
    public void Use(FacilityIndex registry) => devices.Use(device => registry.Find(device) is not null, device => registry.Find(device)?.Entry.Sockets);

    /// <summary>Takes one message in. What a gateway says of several devices is a message of each, and all of them lie in this batch.</summary>
    /// <param name="topic">Topic in UTF-8.</param>
    /// <param name="payload">Payload.</param>
    /// <param name="retained">Whether it came retained.</param>
    /// <param name="dup">Whether the broker may have delivered it before.</param>
    /// <param name="receivedMs">When it was received.</param>
    /// <param name="position">The newest durable journal position.</param>
    /// <param name="writer">The batch it is written to.</param>
    /// <returns>What the broker is told once the batch is durable.</returns>
    public MqttReasonCode Take(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload, bool retained, bool dup, long receivedMs, long position, JournalWriter writer)
    {
        var outcome = _decoder.Decode(topic, payload, retained, receivedMs, _message);
        if (outcome.Result == DecodeResult.Ignored)
        {
            books.AddIgnored(_message.OutOfRange.Count);
            return MqttReasonCode.Success;
        }

        // A rejected message settles its number all the same: asking for it again would bring the same bytes.
        var isRepeated = IsRepeated(outcome.Result, topic, payload, dup, receivedMs, position);
        if (outcome.Result == DecodeResult.Rejected && !isRepeated)
        {
            Keep(_message.Device, topic, payload, receivedMs, MessageFate.DeadLetter);
            SetAside(topic, payload, outcome.Reason, outcome.Detail!, _message.Device, _message.Device is not { } teller || devices.IsStranger(teller), receivedMs, position, writer);
            return MqttReasonCode.PayloadFormatInvalid;
        }

        // One commit holds all devices of a gateway's message, so what is known of the first holds for the others: they were taken together or not at all.
        var (first, count) = (_message.Device!, 0);
        do
        {
            Book(isRepeated, receivedMs, position, writer);
            count++;
        }
        while (_decoder.TryNext(_message));
        // What a gateway says of several is for nobody who may see only one of them.
        if (count == 1 && _decoder.LeftOut is null)
            Keep(first, topic, payload, receivedMs, isRepeated ? MessageFate.Duplicate : MessageFate.Journaled);
        if (_decoder.LeftOut is not { } leftOut || isRepeated)
            return MqttReasonCode.Success;
        SetAside(topic, payload, leftOut.Reason, leftOut.Detail!, null, devices.IsStranger(first), receivedMs, position, writer);
        return leftOut.Reason == RejectReason.TooManyDevices ? MqttReasonCode.QuotaExceeded : MqttReasonCode.PayloadFormatInvalid;
    }

    /// <summary>Sets aside a message of which only the begin was received, because it is larger than any we take; nothing of it is read.</summary>
    /// <param name="topic">Topic in UTF-8.</param>
    /// <param name="begin">The begin of its payload.</param>
    /// <param name="missing">How many bytes are not there.</param>
    /// <param name="receivedMs">When it was received.</param>
    /// <param name="position">The newest durable journal position.</param>
    /// <param name="writer">The batch it is written to.</param>
    /// <returns>What the broker is told once the batch is durable.</returns>
    public MqttReasonCode TakeBegin(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> begin, int missing, long receivedMs, long position, JournalWriter writer)
    {
        var detail = string.Create(
            CultureInfo.InvariantCulture, $"payload: {(long)begin.Length + missing} bytes, more than is received; the first {begin.Length} are kept");
        SetAside(topic, begin, RejectReason.TooLarge, detail, null, isStranger: true, receivedMs, position, writer);
        return MqttReasonCode.PayloadFormatInvalid;
    }

    private void SetAside(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload, RejectReason reason, string detail, Device? device, bool isStranger, long receivedMs, long position, JournalWriter writer)
    {
        books.AddDeadLetter(reason);
        ledger.Book(device?.Number ?? HourBook.NobodysDevice, MessageFate.DeadLetter, receivedMs, position);
        writer.DeadLetter(topic, payload, reason, detail, receivedMs, device, isStranger);
    }

    /// <summary>Strangers have no page on which it would be read, and must not take the room of those who have one.</summary>
    private void Keep(Device? device, ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload, long receivedMs, MessageFate fate)
    {
        if (Last is not null && device is not null && !devices.IsStranger(device))
            Last.Keep(device.Number, topic, payload, receivedMs, fate);
    }

    private void Book(bool isRepeated, long receivedMs, long position, JournalWriter writer)
    {
        var device = _message.Device!;
        ledger.Book(device.Number, isRepeated ? MessageFate.Duplicate : MessageFate.Journaled, receivedMs, position);
        if (isRepeated)
        {
            books.AddDuplicate();
            writer.Duplicate(device, receivedMs);
            return;
        }

        if (ChannelRoom.LeaveOut(_message, devices) is > 0 and var leftOut)
            books.AddLeftOut(leftOut);
        books.AddJournaled(_message);
        // There are as many paths as the registry has fields; who edits them for months without a restart hears again of each.
        if (_message.OutOfRange is { Path: { } path } told && _outOfRange.Add(path))
            OutOfRange?.Invoke(device, told);
        writer.Message(_message);
        if (device.Id.Dialect == Dialect.Fm1 && (_message.CommandAck is not null || _message.Birth is not null || _message.Status?.Cfg is not null))
        {
            var abilities = _message.Birth is { } birth ? DeviceAbilities.Of(birth) : null;
            _words.Add(new DeviceWord(device.Number, receivedMs, _message.CommandAck, abilities, _message.Birth?.Boot.ToString(), _message.Birth?.Cfg ?? _message.Status?.Cfg));
        }
    }

    /// <summary>Takes the answers and births of the messages since the last call; null when there were none, as nearly always.</summary>
    public IReadOnlyList<DeviceWord>? TakeWords()
    {
        if (_words.Count == 0)
            return null;
        var words = _words;
        _words = [];
        return words;
    }

    private bool IsRepeated(DecodeResult result, ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload, bool dup, long receivedMs, long position)
    {
        if (_message.Device is not { } device)
            return false;
        if (_message.HasEnvelope)
        {
            var verdict = ledger.Observe(device.Number, _message.Envelope, receivedMs, position, _message.Kind != MessageKind.Hist);
            books.AddLost(ledger.TakeLost());
            return verdict == SequenceVerdict.Duplicate;
        }

        if (result == DecodeResult.Rejected)
            return false;
        if (_message.Kind is MessageKind.Birth or MessageKind.Status)
            return ledger.IsRepeated(device.Number, _message);
        if (device.Id.Dialect == Dialect.Fm1)
            return false;
        var hash = ForeignDeduplicator.HashOf(topic, payload);
        _message.ForeignHash = hash;
        return _foreign.IsRepeated(hash, dup, receivedMs);
    }

    /// <summary>Foreign messages of the last ten minutes that were forgotten because there were too many: were the broker to deliver one again, it would count twice.</summary>
    public long Forgotten => _foreign.Forgotten;

    /// <summary>Takes in a foreign message that was journaled before the restart: the broker may deliver it again.</summary>
    public void Remember(UInt128 hash, long receivedMs) => _foreign.Remember(hash, receivedMs);
}

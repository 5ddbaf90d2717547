using System.Globalization;
using System.Text;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Contract;

/// <summary>From a topic and its bytes to a message: recognises the dialect by the topic's shape and decodes it. Not thread-safe: one a thread.</summary>
public sealed class MessageDecoder
{
    private readonly DeviceTable _devices;
    private readonly Fm1Decoder _fm1 = new();
    private readonly ThingsBoardDecoder _thingsBoard;
    private readonly JsonMappingDecoder _mapped;
    private readonly GatewayParts _parts = new();
    private readonly ReadingMerger _merger = new();
    private JsonMappings _mappings = JsonMappings.Empty;

    /// <summary>
    /// Shelly devices that have shown a second channel. Their deltas often name the first one alone, which by itself looks like a plug of one channel; taken
    /// so, the first socket's readings would change over to <c>main</c> and back.
    /// </summary>
    private readonly HashSet<int> _severalChannels = [];

    /// <summary>A decoder without mappings.</summary>
    /// <param name="devices">Where devices get their numbers.</param>
    public MessageDecoder(DeviceTable devices)
    {
        var states = new StateTexts();
        _devices = devices;
        var sheet = new ChannelSheet();
        _thingsBoard = new ThingsBoardDecoder(states, sheet);
        _mapped = new JsonMappingDecoder(states, sheet);
    }

    /// <summary>The registry's mappings from now on. What they claim is theirs, also where a topic looks like a dialect we know.</summary>
    public void Use(JsonMappings mappings)
    {
        ArgumentNullException.ThrowIfNull(mappings);
        _mappings = mappings;
    }

    /// <summary>Decodes one message. A gateway tells of several devices in one: <see cref="TryNext"/> gives the others.</summary>
    /// <param name="topic">Topic in UTF-8.</param>
    /// <param name="payload">Payload, unchecked.</param>
    /// <param name="retained">Whether the broker delivered it as a retained message.</param>
    /// <param name="receivedMs">When it was received, ms since 1970-01-01 UTC.</param>
    /// <param name="message">Emptied and filled. On a rejection it holds the device and the envelope as far as they could be read.</param>
    public DecodeOutcome Decode(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload, bool retained, long receivedMs, DeviceMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        _parts.Clear();
        LeftOut = null;
        Begin(message, receivedMs, retained);
        if (topic.StartsWith(Fm1Topic.Prefix))
            return DecodeFm1(topic, payload, message);
        return DecodeMapped(topic, payload, message) ?? DecodeForeign(topic, payload, message);
    }

    /// <summary>The next device of the message that was decoded last; false when it spoke of no other. Whoever books messages books each of them.</summary>
    /// <param name="message">The message of the last device; emptied and filled.</param>
    public bool TryNext(DeviceMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        Begin(message, message.ReceivedMs, message.Retained);
        if (!_parts.TryTake(message))
            return false;
        Finish(message);
        return true;
    }

    private static void Begin(DeviceMessage message, long receivedMs, bool retained)
    {
        message.Clear();
        message.ReceivedMs = receivedMs;
        message.Retained = retained;
    }

    private DecodeOutcome DecodeFm1(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload, DeviceMessage message)
    {
        if (topic.StartsWith("fm/1/state/"u8))
            return DecodeOutcome.Ignored;
        if (!Fm1Topic.TryParse(topic, out var parsed))
            return DecodeOutcome.Rejected(RejectReason.UnknownTopic, $"topic: {Shown(topic)}; allowed: fm/1/<site>/<device>/birth|status|data|hist|event|ack");
        if (parsed.Kind is Fm1Kind.Cmd or Fm1Kind.Cfg or Fm1Kind.Acked)
            return DecodeOutcome.Ignored;
        if (!Fm1Topic.IsId(parsed.Site) || !Fm1Topic.IsId(parsed.Device))
            return DecodeOutcome.Rejected(RejectReason.BadId, $"topic: {Shown(topic)}; site and device are 1 to 48 characters of a-z, 0-9 and -");
        if (message.Retained && parsed.Kind is Fm1Kind.Data or Fm1Kind.Hist or Fm1Kind.Event)
            return DecodeOutcome.Rejected(RejectReason.RetainedData, $"topic: {Shown(topic)} came retained; publish readings without the retain flag");
        // A retained topic that was cleared has an empty payload; nobody speaks.
        if (payload.IsEmpty && parsed.Kind is Fm1Kind.Birth or Fm1Kind.Status)
            return DecodeOutcome.Ignored;
        message.Device = _devices.Resolve(Dialect.Fm1, parsed.Site, parsed.Device);
        return message.Device is null ? TooManyDevices() : _fm1.Decode(parsed.Kind, payload, message);
    }

    private DecodeOutcome DecodeForeign(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload, DeviceMessage message)
    {
        var foreign = ForeignTopic.Recognise(topic, payload);
        if (foreign.Kind == ForeignKind.Unknown)
            return DecodeOutcome.Rejected(RejectReason.UnknownTopic, $"topic: {Shown(topic)} is of no dialect this service reads");
        if (foreign.Kind == ForeignKind.Ignored || payload.IsEmpty)
            return DecodeOutcome.Ignored;
        if (RefuseName(foreign.Device, topic) is { } unnamed)
            return unnamed;
        if (RefusePayload(payload) is { } unread)
            return unread;
        if (foreign.Kind is ForeignKind.ThingsBoardGateway or ForeignKind.ThingsBoardConnect or ForeignKind.ThingsBoardDisconnect)
            return DecodeGateway(foreign.Kind, payload, message);
        message.Device = _devices.Resolve(foreign.Dialect, [], foreign.Device);
        if (message.Device is null)
            return TooManyDevices();
        message.Kind = MessageKind.Data;
        var outcome = foreign.Kind == ForeignKind.ThingsBoardTelemetry
            ? _thingsBoard.Device(payload, message)
            : ForeignDecoder.Decode(foreign, payload, _severalChannels.Contains(message.Device.Number), message);
        Finish(message);
        return outcome;
    }

    /// <summary>Why devices of the last message were left out, though others were taken; null: none was. The message is then set aside as well.</summary>
    public DecodeOutcome? LeftOut { get; private set; }

    /// <summary>A broken message is one of the broker's and becomes one dead letter. But a device behind the gateway whose part is broken, or for whom there is no room, must not
    /// silence its neighbours.</summary>
    private DecodeOutcome DecodeGateway(ForeignKind kind, ReadOnlySpan<byte> payload, DeviceMessage message)
    {
        var outcome = kind == ForeignKind.ThingsBoardGateway
            ? _thingsBoard.Gateway(payload, message.ReceivedMs, _parts)
            : _thingsBoard.Connection(payload, kind == ForeignKind.ThingsBoardConnect ? Presence.Online : Presence.Offline, _parts);
        if (outcome.Result != DecodeResult.Decoded)
            return outcome;
        var all = _parts.Count;
        _parts.Resolve(Dialect.ThingsBoard, _devices);
        if (_parts.Count == 0)
            return TooManyDevices();
        LeftOut = _parts.Fault ?? (_parts.Count < all ? TooManyDevices() : null);
        _parts.TryTake(message);
        Finish(message);
        return outcome;
    }

    /// <summary>Null when no mapping wants the message.</summary>
    private DecodeOutcome? DecodeMapped(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload, DeviceMessage message)
    {
        var claimed = false;
        foreach (var plan in _mappings.Plans)
        {
            if (!plan.Matches(topic))
                continue;
            claimed = true;
            if (payload.IsEmpty)
                break;
            if (RefusePayload(payload) is { } unread)
                return unread;
            if (_mapped.Decode(plan, payload, message) is not { } outcome)
                continue;
            var name = plan.Mapping.DeviceLevel is { } level ? TopicFilter.Level(topic, level) : _mapped.Name;
            if (outcome.Result == DecodeResult.Rejected && name.IsEmpty)
                return outcome;
            if (RefuseName(name, topic, plan.NamePrefix.Length) is { } unnamed)
            {
                message.Readings.Clear();
                return outcome.Result == DecodeResult.Rejected ? outcome : unnamed;
            }

            Span<byte> full = stackalloc byte[ForeignTopic.NameMax];
            plan.NamePrefix.CopyTo(full);
            name.CopyTo(full[plan.NamePrefix.Length..]);
            message.Device = _devices.Resolve(Dialect.Mapped, [], full[..(plan.NamePrefix.Length + name.Length)]);
            if (message.Device is null)
            {
                message.Readings.Clear();
                return TooManyDevices();
            }

            Finish(message);
            return outcome;
        }

        // Of a mapping's topic, but none of the messages it asks for; a dialect of ours may still know it.
        return claimed && ForeignTopic.Recognise(topic, payload).Kind == ForeignKind.Unknown ? DecodeOutcome.Ignored : null;
    }

    private static DecodeOutcome? RefuseName(ReadOnlySpan<byte> name, ReadOnlySpan<byte> topic, int prefixLength = 0)
    {
        if (!name.IsEmpty && name.Length + prefixLength <= ForeignTopic.NameMax && DeviceName.IsPlain(name))
            return null;
        return DecodeOutcome.Rejected(
            RejectReason.BadId, string.Create(CultureInfo.InvariantCulture, $"topic: {Shown(topic)}; a device's name is text of 1 to {ForeignTopic.NameMax - prefixLength} bytes {DeviceName.Without}"));
    }

    private static DecodeOutcome? RefusePayload(ReadOnlySpan<byte> payload)
    {
        if (payload.Length > ForeignDecoder.PayloadMax)
            return DecodeOutcome.Rejected(RejectReason.TooLarge, string.Create(CultureInfo.InvariantCulture, $"payload: {payload.Length} bytes, {ForeignDecoder.PayloadMax} are read"));
        return JsonText.Fault(payload) is { } fault ? DecodeOutcome.Rejected(RejectReason.BadUtf8, fault) : null;
    }

    /// <summary>What holds for every foreign reading: one a channel and instant, its plausibility, its place in time.</summary>
    private void Finish(DeviceMessage message)
    {
        // Merging fills the buffer anew.
        message.CountRefused();
        _merger.Merge(message.Readings);
        foreach (ref var reading in message.Readings.Readings)
        {
            if (message.Device!.Id.Dialect == Dialect.Shelly && reading.Channel.Kind == ChannelKind.Socket)
                _severalChannels.Add(message.Device.Number);
            if (Fm1Decoder.IsImplausible(message.Readings, reading))
                reading.Quality = Worst(reading.Quality, Quality.Suspect);
            Place(ref reading, message);
        }
    }

    /// <summary>A foreign message is live, so its time lies within a day of receipt; what is older was kept by somebody and told again.</summary>
    private static void Place(ref Reading reading, DeviceMessage message)
    {
        // Nobody knows how old a retained value is.
        if (message.Retained)
            reading.Quality = Worst(reading.Quality, Quality.Stale);
        if (ClockCorrection.IsBelieved(reading.AtMs, message.ReceivedMs))
            return;
        // Zigbee2MQTT tells its whole cache when it starts, with the hour each device was last heard: moved to now, a plug that died on Tuesday would live.
        // A ThingsBoard gateway keeps what it could not send, each value with its time.
        var kept = message.Retained || message.Device!.Id.Dialect is Dialect.Zigbee2Mqtt or Dialect.ThingsBoard;
        if (kept && ClockCorrection.CouldBePast(reading.AtMs, message.ReceivedMs))
        {
            reading.Quality = Worst(reading.Quality, Quality.Stale);
            return;
        }

        // A plug that never heard from a time server says 1970, one in the wrong zone lives in the future.
        reading.AtMs = message.ReceivedMs;
        reading.Quality = Worst(reading.Quality, Quality.Clock);
    }

    private static Quality Worst(Quality one, Quality other) => one > other ? one : other;

    private DecodeOutcome TooManyDevices() => DecodeOutcome.Rejected(RejectReason.TooManyDevices, NoRoom(_devices));

    private static string NoRoom(DeviceTable devices) => devices.Count >= DeviceTable.DevicesMax
        ? string.Create(CultureInfo.InvariantCulture, $"{DeviceTable.DevicesMax} devices are known already; no new one is taken in")
        : string.Create(CultureInfo.InvariantCulture, $"{DeviceTable.UnregisteredMax} devices are known that are not registered; no further one is taken in before it is");

    private static string Shown(ReadOnlySpan<byte> topic)
    {
        const int Most = 120;
        return Encoding.UTF8.GetString(topic[..Math.Min(topic.Length, Most)]) + (topic.Length > Most ? "…" : "");
    }
}

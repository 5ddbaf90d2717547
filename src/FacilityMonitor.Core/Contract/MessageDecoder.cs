using System.Globalization;
using System.Text;
using System.Text.Unicode;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Contract;

/// <summary>From a topic and its bytes to a message: recognises the dialect by the topic's shape and decodes it. Not thread-safe: one a thread.</summary>
/// <param name="devices">Where devices get their numbers.</param>
public sealed class MessageDecoder(DeviceTable devices)
{
    private readonly Fm1Decoder _fm1 = new();

    /// <summary>
    /// Shelly devices that have shown a second channel. Their deltas often name the first one alone, which by itself looks like a plug of one channel; taken
    /// so, the first socket's readings would change over to <c>main</c> and back.
    /// </summary>
    private readonly HashSet<int> _severalChannels = [];

    /// <summary>Decodes one message.</summary>
    /// <param name="topic">Topic in UTF-8.</param>
    /// <param name="payload">Payload, unchecked.</param>
    /// <param name="retained">Whether the broker delivered it as a retained message.</param>
    /// <param name="receivedMs">When it was received, ms since 1970-01-01 UTC.</param>
    /// <param name="message">Emptied and filled. On a rejection it holds the device and the envelope as far as they could be read.</param>
    public DecodeOutcome Decode(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload, bool retained, long receivedMs, DeviceMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        message.Clear();
        message.ReceivedMs = receivedMs;
        message.Retained = retained;
        return topic.StartsWith(Fm1Topic.Prefix)
            ? DecodeFm1(topic, payload, message)
            : DecodeForeign(topic, payload, message);
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
        message.Device = devices.Resolve(Dialect.Fm1, parsed.Site, parsed.Device);
        // A retained topic that was cleared has an empty payload; nobody speaks.
        if (payload.IsEmpty && parsed.Kind is Fm1Kind.Birth or Fm1Kind.Status)
            return DecodeOutcome.Ignored;
        return message.Device is null ? TooManyDevices() : _fm1.Decode(parsed.Kind, payload, message);
    }

    private DecodeOutcome DecodeForeign(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload, DeviceMessage message)
    {
        var foreign = ForeignTopic.Recognise(topic, payload);
        if (foreign.Kind == ForeignKind.Unknown)
            return DecodeOutcome.Rejected(RejectReason.UnknownTopic, $"topic: {Shown(topic)} is of no dialect this service reads");
        if (foreign.Kind == ForeignKind.Ignored || payload.IsEmpty)
            return DecodeOutcome.Ignored;
        if (foreign.Device.Length > ForeignTopic.NameMax || !Utf8.IsValid(foreign.Device) || foreign.Device.IndexOfAnyInRange((byte)0, (byte)0x1F) >= 0)
            return DecodeOutcome.Rejected(RejectReason.BadId, string.Create(CultureInfo.InvariantCulture, $"topic: {Shown(topic)}; a device's name is text of at most {ForeignTopic.NameMax} bytes"));
        if (payload.Length > ForeignDecoder.PayloadMax)
            return DecodeOutcome.Rejected(RejectReason.TooLarge, string.Create(CultureInfo.InvariantCulture, $"payload: {payload.Length} bytes, {ForeignDecoder.PayloadMax} are read"));
        if (JsonText.Fault(payload) is { } fault)
            return DecodeOutcome.Rejected(RejectReason.BadUtf8, fault);
        message.Device = devices.Resolve(foreign.Dialect, [], foreign.Device);
        if (message.Device is null)
            return TooManyDevices();
        message.Kind = MessageKind.Data;
        var outcome = ForeignDecoder.Decode(foreign, payload, _severalChannels.Contains(message.Device.Number), message);
        ForeignDecoder.MergeChannels(message.Readings);
        foreach (ref var reading in message.Readings.Readings)
        {
            if (foreign.Dialect == Dialect.Shelly && reading.Channel.Kind == ChannelKind.Socket)
                _severalChannels.Add(message.Device.Number);
            if (Fm1Decoder.IsImplausible(message.Readings, reading))
                reading.Quality = Worst(reading.Quality, Quality.Suspect);
            Place(ref reading, message);
        }

        return outcome;
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
        var kept = message.Retained || message.Device!.Id.Dialect == Dialect.Zigbee2Mqtt;
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

    private static DecodeOutcome TooManyDevices() =>
        DecodeOutcome.Rejected(RejectReason.TooManyDevices, string.Create(CultureInfo.InvariantCulture, $"{DeviceTable.DevicesMax} devices are known already; no new one is taken in"));

    private static string Shown(ReadOnlySpan<byte> topic)
    {
        const int Most = 120;
        return Encoding.UTF8.GetString(topic[..Math.Min(topic.Length, Most)]) + (topic.Length > Most ? "…" : "");
    }
}

using System.Globalization;
using System.Text;
using System.Text.Json;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Contract;

/// <summary>From a foreign payload to readings: one pure function a dialect, and what they share.</summary>
internal static class ForeignDecoder
{
    /// <summary>Longest foreign payload that is read, bytes: a full status of the largest meters has 8 KiB.</summary>
    public const int PayloadMax = 64 * 1024;

    private const int DepthMax = 16;

    /// <summary>White space around JSON and around plain words; some scripts end every payload with a line feed.</summary>
    public static ReadOnlySpan<byte> Space => " \t\r\n"u8;

    /// <summary>Decodes one payload into a message whose device and receipt time are set.</summary>
    /// <param name="topic">What the topic says.</param>
    /// <param name="payload">Text that can be read as such.</param>
    /// <param name="severalChannels">Whether the device has shown more than one channel before.</param>
    /// <param name="message">Filled.</param>
    public static DecodeOutcome Decode(in ForeignTopic topic, ReadOnlySpan<byte> payload, bool severalChannels, DeviceMessage message)
    {
        return topic.Kind switch
        {
            ForeignKind.TasmotaPresence => Online(payload, "Online"u8, "Offline"u8, message),
            ForeignKind.ShellyPresence => Online(payload, "true"u8, "false"u8, message),
            ForeignKind.ZigbeePresence when !payload.TrimStart(Space).StartsWith("{"u8) => Online(payload, "online"u8, "offline"u8, message),
            ForeignKind.TasmotaPower => TasmotaDecoder.Power(ForeignTopic.TasmotaRelay(topic.Part), payload.Trim(Space), message),
            ForeignKind.ZigbeeAttribute => ZigbeeDecoder.Attribute(topic.Part, payload.Trim(Space), message),
            // ThingsBoard has a reader of its own, which needs no document.
            ForeignKind.Unknown or ForeignKind.Ignored or ForeignKind.ThingsBoardTelemetry or ForeignKind.ThingsBoardGateway or ForeignKind.ThingsBoardConnect
                or ForeignKind.ThingsBoardDisconnect => DecodeOutcome.Ignored,
            ForeignKind.TasmotaSensor or ForeignKind.TasmotaState or ForeignKind.ShellyNotification or ForeignKind.ShellyComponent
                or ForeignKind.ZigbeeState or ForeignKind.ZigbeePresence => Json(topic, payload, severalChannels, message),
        };
    }

    private static DecodeOutcome Json(in ForeignTopic topic, ReadOnlySpan<byte> payload, bool severalChannels, DeviceMessage message)
    {
        JsonDocument document;
        try
        {
            var reader = new Utf8JsonReader(payload, new JsonReaderOptions { MaxDepth = DepthMax });
            document = JsonDocument.ParseValue(ref reader);
            if (reader.BytesConsumed < payload.Length && !payload[(int)reader.BytesConsumed..].Trim(Space).IsEmpty)
            {
                document.Dispose();
                return DecodeOutcome.Rejected(RejectReason.BadJson, "payload: something follows the JSON value");
            }
        }
        catch (JsonException error)
        {
            return DecodeOutcome.Rejected(RejectReason.BadJson, string.Create(CultureInfo.InvariantCulture, $"payload: not JSON at byte {error.BytePositionInLine}"));
        }

        using (document)
        {
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                return DecodeOutcome.Rejected(RejectReason.BadJson, "payload: not a JSON object");
            return topic.Kind switch
            {
                ForeignKind.TasmotaSensor => TasmotaDecoder.Sensor(root, message),
                ForeignKind.TasmotaState => TasmotaDecoder.State(root, message),
                ForeignKind.ShellyNotification => ShellyDecoder.Notification(root, severalChannels, message),
                ForeignKind.ShellyComponent => ShellyDecoder.Component(Encoding.UTF8.GetString(topic.Part), root, severalChannels, message),
                ForeignKind.ZigbeePresence => root.TryGetProperty("state", out var state) && state.ValueKind == JsonValueKind.String
                    ? Online(Encoding.UTF8.GetBytes(state.GetString()!), "online"u8, "offline"u8, message)
                    : DecodeOutcome.Rejected(RejectReason.MissingField, "state: missing"),
                _ => ZigbeeDecoder.State(root, message),
            };
        }
    }

    private static DecodeOutcome Online(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> online, ReadOnlySpan<byte> offline, DeviceMessage message)
    {
        payload = payload.Trim(Space);
        var here = payload.SequenceEqual(online);
        if (!here && !payload.SequenceEqual(offline))
        {
            return DecodeOutcome.Rejected(
                RejectReason.BadField,
                $"payload: \"{Encoding.UTF8.GetString(payload[..Math.Min(payload.Length, 40)])}\"; allowed: {Encoding.UTF8.GetString(online)} or {Encoding.UTF8.GetString(offline)}");
        }

        message.Kind = MessageKind.Status;
        message.Status = new DeviceStatus { Presence = here ? Presence.Online : Presence.Offline };
        return DecodeOutcome.Decoded;
    }

    /// <summary>Ends a decoder: a payload without anything for us is known and of no use, not wrong.</summary>
    public static DecodeOutcome Done(DeviceMessage message) => message.Readings.Count > 0 ? DecodeOutcome.Decoded : Empty(message.Readings);

    /// <summary>What becomes of a message without readings.</summary>
    public static DecodeOutcome Empty(ReadingBuffer readings) =>
        readings.Refused > 0 ? DecodeOutcome.Rejected(RejectReason.BadField, Impossible(readings.FirstRefused)) : DecodeOutcome.Ignored;

    /// <summary>Says what is wrong with a value that nothing can measure, where it was all that was told.</summary>
    public static string Impossible(MetricValue value) =>
        string.Create(CultureInfo.InvariantCulture, $"{value.Metric.Key()}: {value.Value}; allowed: a number of at most {value.Metric.Largest():0}, and nothing else was told");

    /// <summary>Begins a reading at an instant.</summary>
    public static void Begin(DeviceMessage message, ChannelId channel, long atMs)
    {
        ref var reading = ref message.Readings.Add();
        reading.Channel = channel;
        reading.AtMs = reading.DeviceMs = atMs;
    }

    /// <summary>Takes the newest reading back when it stayed empty.</summary>
    public static void EndOrRemove(DeviceMessage message)
    {
        var last = message.Readings.Readings[^1];
        if (last.ValueCount == 0 && last.State is null)
            message.Readings.RemoveLast();
    }

    /// <summary>Adds a number to the newest reading; text, null and a register below zero are left out, what can be no value is counted as refused.</summary>
    public static void Add(DeviceMessage message, JsonElement value, Metric metric)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && !(metric.IsCounter() && number < 0))
            message.Readings.AddValue(metric, number);
    }

    /// <summary>Adds a field of an object to the newest reading, if it is there.</summary>
    public static void Add(DeviceMessage message, JsonElement parent, string key, Metric metric)
    {
        if (parent.TryGetProperty(key, out var value))
            Add(message, value, metric);
    }

    /// <summary>Adds an energy given in kWh as Wh: the decimal point moves, no binary dust appears.</summary>
    public static void AddKilowattHours(DeviceMessage message, JsonElement value, Metric metric)
    {
        if (value.ValueKind != JsonValueKind.Number)
            return;
        // A register does not stand below zero; some firmware counts what is fed back down from it.
        if (value.TryGetDecimal(out var exact) && exact < 1e15m)
        {
            if (exact >= 0)
                message.Readings.AddValue(metric, (double)(exact * 1000m));
        }
        else if (value.TryGetDouble(out var number) && number >= 0)
        {
            message.Readings.AddValue(metric, number * 1000);
        }
    }

    /// <inheritdoc cref="AddKilowattHours(DeviceMessage, JsonElement, Metric)"/>
    public static void AddKilowattHours(DeviceMessage message, JsonElement parent, string key, Metric metric)
    {
        if (parent.TryGetProperty(key, out var value))
            AddKilowattHours(message, value, metric);
    }
}

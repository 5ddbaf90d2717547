using System.Globalization;
using System.Text;
using System.Text.Json;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Contract;

/// <summary>Zigbee2MQTT. The payload is a cached state: its fields may be of different ages, and it names no time unless it was told to.</summary>
internal static class ZigbeeDecoder
{
    private const int GangsMax = 8;

    private static readonly (string Key, Metric Metric, bool Kilowatthours)[] Fields =
    [
        ("power", Metric.W, false), ("voltage", Metric.V, false), ("current", Metric.A, false), ("energy", Metric.Wh, true),
        ("produced_energy", Metric.WhOut, true), ("power_factor", Metric.Pf, false), ("power_reactive", Metric.Var, false),
        ("power_apparent", Metric.Va, false), ("ac_frequency", Metric.Hz, false),
    ];

    public static DecodeOutcome State(JsonElement root, DeviceMessage message)
    {
        var at = root.TryGetProperty("last_seen", out var seen) ? DeviceTime.Read(seen) ?? message.ReceivedMs : message.ReceivedMs;
        var phases = root.TryGetProperty("power_phase_b", out _) || root.TryGetProperty("current_phase_b", out _) || root.TryGetProperty("voltage_phase_b", out _);
        ReadChannel(root, phases ? ChannelId.Phase(1) : ChannelId.Main, "", at, message);
        if (phases)
        {
            ReadChannel(root, ChannelId.Phase(2), "_phase_b", at, message);
            ReadChannel(root, ChannelId.Phase(3), "_phase_c", at, message);
        }

        // Endpoints of a multi-gang plug are called l1, l2 … there; they are sockets, not phases.
        for (var gang = 1; gang <= GangsMax; gang++)
            ReadChannel(root, ChannelId.Socket(gang), string.Create(CultureInfo.InvariantCulture, $"_l{gang}"), at, message);
        ReadSensors(root, at, message);
        return ForeignDecoder.Done(message);
    }

    public static DecodeOutcome Attribute(ReadOnlySpan<byte> attribute, ReadOnlySpan<byte> payload, DeviceMessage message)
    {
        var key = Encoding.UTF8.GetString(attribute);
        var text = Encoding.UTF8.GetString(payload[..Math.Min(payload.Length, 32)]);
        foreach (var (name, metric, kilowatthours) in Fields)
        {
            if (name != key)
                continue;
            if (!decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
                return DecodeOutcome.Rejected(RejectReason.BadField, $"{key}: \"{text}\" is no number");
            ForeignDecoder.Begin(message, ChannelId.Main, message.ReceivedMs);
            message.Readings.AddValue(metric, (double)(kilowatthours ? value * 1000m : value));
            return DecodeOutcome.Decoded;
        }

        if (key == "state" && text is "ON" or "OFF")
        {
            ForeignDecoder.Begin(message, ChannelId.Main, message.ReceivedMs);
            message.Readings.AddValue(Metric.Relay, text == "ON" ? 1 : 0);
        }

        return ForeignDecoder.Done(message);
    }

    private static void ReadChannel(JsonElement root, ChannelId channel, string suffix, long at, DeviceMessage message)
    {
        ForeignDecoder.Begin(message, channel, at);
        foreach (var (key, metric, kilowatthours) in Fields)
        {
            if (!root.TryGetProperty(key + suffix, out var value))
                continue;
            if (kilowatthours)
                ForeignDecoder.AddKilowattHours(message, value, metric);
            else
                ForeignDecoder.Add(message, value, metric);
        }

        if (root.TryGetProperty("state" + suffix, out var state) && state.ValueKind == JsonValueKind.String && state.GetString() is "ON" or "OFF")
            message.Readings.AddValue(Metric.Relay, state.GetString() == "ON" ? 1 : 0);
        Doubt(message);
        ForeignDecoder.EndOrRemove(message);
    }

    /// <summary>Off, and still a current: one of the two fields is old, and nobody can say which.</summary>
    private static void Doubt(DeviceMessage message)
    {
        var readings = message.Readings;
        ref var reading = ref readings.Readings[^1];
        if (readings.TryGet(reading, Metric.Relay, out var relay) && relay == 0
            && ((readings.TryGet(reading, Metric.A, out var amps) && amps > 0.05) || (readings.TryGet(reading, Metric.W, out var watts) && watts > 5)))
        {
            reading.Quality = Quality.Suspect;
        }
    }

    private static void ReadSensors(JsonElement root, long at, DeviceMessage message)
    {
        ForeignDecoder.Begin(message, ChannelId.Main, at);
        ForeignDecoder.Add(message, root, root.TryGetProperty("temperature", out _) ? "temperature" : "device_temperature", Metric.Tc);
        ForeignDecoder.Add(message, root, "humidity", Metric.Rh);
        ForeignDecoder.Add(message, root, "battery", Metric.Batt);
        if (root.TryGetProperty("smoke", out var smoke) && smoke.ValueKind is JsonValueKind.True or JsonValueKind.False)
            message.Readings.AddValue(Metric.Smoke, smoke.ValueKind == JsonValueKind.True ? 1 : 0);
        // "contact" is true when the door is closed.
        if (root.TryGetProperty("contact", out var contact) && contact.ValueKind is JsonValueKind.True or JsonValueKind.False)
            message.Readings.AddValue(Metric.Door, contact.ValueKind == JsonValueKind.True ? 0 : 1);
        ForeignDecoder.EndOrRemove(message);
    }
}

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

    /// <summary>What the mains give every channel alike.</summary>
    private static readonly string[] Common = ["voltage", "ac_frequency"];

    private static readonly string[] PhaseSuffixes = ["_phase_a", "_phase_b", "_phase_c"];

    public static DecodeOutcome State(JsonElement root, DeviceMessage message)
    {
        var at = root.TryGetProperty("last_seen", out var seen) ? DeviceTime.Read(seen) ?? message.ReceivedMs : message.ReceivedMs;
        var channels = Phases(root) ?? Gangs(root);
        // Where channels tell their own power, what bears no suffix is common to all or a total, and a total would be counted twice.
        var split = channels.Exists(channel => Has(root, "power", channel.Suffix));
        if (!split)
            ReadChannel(root, ChannelId.Main, "", split: false, at, message);
        foreach (var (channel, suffix) in channels)
            ReadChannel(root, channel, suffix, split, at, message);
        ReadSensors(root, split, at, message);
        return ForeignDecoder.Done(message);
    }

    /// <summary>The phases of a three-phase meter; some call the first one nothing. Null when it is none.</summary>
    private static List<(ChannelId Channel, string Suffix)>? Phases(JsonElement root)
    {
        if (!Array.Exists(PhaseSuffixes, suffix => Has(root, "power", suffix) || Has(root, "current", suffix) || Has(root, "voltage", suffix)))
            return null;
        var first = Has(root, "power", PhaseSuffixes[0]) || Has(root, "current", PhaseSuffixes[0]) || Has(root, "voltage", PhaseSuffixes[0]) ? PhaseSuffixes[0] : "";
        return [(ChannelId.Phase(1), first), (ChannelId.Phase(2), PhaseSuffixes[1]), (ChannelId.Phase(3), PhaseSuffixes[2])];
    }

    /// <summary>Endpoints of a multi-gang plug are called l1, l2 … there; they are sockets, not phases.</summary>
    private static List<(ChannelId Channel, string Suffix)> Gangs(JsonElement root)
    {
        List<(ChannelId, string)> gangs = [];
        for (var gang = 1; gang <= GangsMax; gang++)
        {
            var suffix = string.Create(CultureInfo.InvariantCulture, $"_l{gang}");
            if (Has(root, "state", suffix) || Array.Exists(Fields, field => Has(root, field.Key, suffix)))
                gangs.Add((ChannelId.Socket(gang), suffix));
        }

        return gangs;
    }

    private static bool Has(JsonElement root, string key, string suffix) => root.TryGetProperty(key + suffix, out _);

    public static DecodeOutcome Attribute(ReadOnlySpan<byte> attribute, ReadOnlySpan<byte> payload, DeviceMessage message)
    {
        var key = Encoding.UTF8.GetString(attribute);
        var text = Encoding.UTF8.GetString(payload[..Math.Min(payload.Length, 32)]);
        foreach (var (name, metric, kilowatthours) in Fields)
        {
            if (name != key)
                continue;
            // Beyond 10^15 it is no meter's number, and a thousand times more leaves what a decimal can hold.
            if (payload.Length > text.Length || !decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || Math.Abs(value) >= 1e15m)
                return DecodeOutcome.Rejected(RejectReason.BadField, $"{key}: \"{text}\" is no number");
            // A register does not stand below zero; some firmware counts what is fed back down from it.
            if (value < 0 && metric.IsCounter())
                return DecodeOutcome.Ignored;
            ForeignDecoder.Begin(message, ChannelId.Main, message.ReceivedMs);
            message.Readings.AddValue(metric, (double)(kilowatthours ? value * 1000m : value));
            ForeignDecoder.EndOrRemove(message);
            return ForeignDecoder.Done(message);
        }

        if (key == "state" && text is "ON" or "OFF")
        {
            ForeignDecoder.Begin(message, ChannelId.Main, message.ReceivedMs);
            message.Readings.AddValue(Metric.Relay, text == "ON" ? 1 : 0);
        }

        return ForeignDecoder.Done(message);
    }

    private static void ReadChannel(JsonElement root, ChannelId channel, string suffix, bool split, long at, DeviceMessage message)
    {
        ForeignDecoder.Begin(message, channel, at);
        foreach (var (key, metric, kilowatthours) in Fields)
        {
            // The nameless first phase has no register of its own: "energy" is the whole meter's.
            if (split && suffix.Length == 0 && metric.IsCounter())
                continue;
            if (!root.TryGetProperty(key + suffix, out var value) && !(split && Array.IndexOf(Common, key) >= 0 && root.TryGetProperty(key, out value)))
                continue;
            if (kilowatthours)
                ForeignDecoder.AddKilowattHours(message, value, metric);
            else
                ForeignDecoder.Add(message, value, metric);
        }

        if (!(split && suffix.Length == 0))
            ReadRelay(root, "state" + suffix, message);
        Doubt(message);
        ForeignDecoder.EndOrRemove(message);
    }

    private static void ReadRelay(JsonElement root, string key, DeviceMessage message)
    {
        if (root.TryGetProperty(key, out var state) && state.ValueKind == JsonValueKind.String && state.GetString() is "ON" or "OFF")
            message.Readings.AddValue(Metric.Relay, state.GetString() == "ON" ? 1 : 0);
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

    private static void ReadSensors(JsonElement root, bool split, long at, DeviceMessage message)
    {
        ForeignDecoder.Begin(message, ChannelId.Main, at);
        // One relay before several phases belongs to the whole device.
        if (split)
            ReadRelay(root, "state", message);
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

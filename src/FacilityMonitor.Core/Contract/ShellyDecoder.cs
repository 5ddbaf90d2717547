using System.Globalization;
using System.Text;
using System.Text.Json;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Contract;

/// <summary>Shelly Gen2 and later. A notification is a delta: what it does not name has not changed, so latest values merge metric by metric.</summary>
internal static class ShellyDecoder
{
    private static readonly string[] Phases = ["a", "b", "c"];

    public static DecodeOutcome Notification(JsonElement root, bool severalChannels, DeviceMessage message)
    {
        if (!root.TryGetProperty("method", out var method) || method.ValueKind != JsonValueKind.String)
            return DecodeOutcome.Rejected(RejectReason.MissingField, "method: missing");
        if (method.GetString() is not ("NotifyStatus" or "NotifyFullStatus"))
            return DecodeOutcome.Ignored;
        if (!root.TryGetProperty("params", out var changes) || changes.ValueKind != JsonValueKind.Object)
            return DecodeOutcome.Rejected(RejectReason.MissingField, "params: missing");
        var at = changes.TryGetProperty("ts", out var ts) ? DeviceTime.Read(ts) ?? message.ReceivedMs : message.ReceivedMs;
        var parts = changes.EnumerateObject().Where(part => part.Value.ValueKind == JsonValueKind.Object).ToList();
        // One channel alone is the device itself; beside others each is a socket of its own.
        var single = !severalChannels && parts.Select(part => Numbered(part.Name)).All(part => part.Number <= 0);
        foreach (var part in parts)
            Read(part.Name, part.Value, single, at, message);
        return ForeignDecoder.Done(message);
    }

    public static DecodeOutcome Component(string component, JsonElement status, bool severalChannels, DeviceMessage message)
    {
        Read(component, status, !severalChannels && Numbered(component).Number <= 0, message.ReceivedMs, message);
        return ForeignDecoder.Done(message);
    }

    private static (string Kind, int Number) Numbered(string component)
    {
        var colon = component.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
            return (component, -1);
        var kind = component[..colon];
        var counts = kind is "switch" or "pm1" or "em1" or "em1data" or "light" or "cover"
            && int.TryParse(component.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < ChannelId.NumberMax;
        return counts ? (kind, int.Parse(component.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture)) : (kind, -1);
    }

    private static void Read(string component, JsonElement status, bool single, long at, DeviceMessage message)
    {
        var (kind, number) = Numbered(component);
        var channel = single || number < 0 ? ChannelId.Main : ChannelId.Socket(number + 1);
        switch (kind)
        {
            case "switch" or "pm1" or "light" or "cover":
                ForeignDecoder.Begin(message, channel, at);
                ReadSwitch(status, message);
                ForeignDecoder.EndOrRemove(message);
                break;
            case "em1":
                ForeignDecoder.Begin(message, channel, at);
                ForeignDecoder.Add(message, status, "act_power", Metric.W);
                ForeignDecoder.Add(message, status, "aprt_power", Metric.Va);
                ForeignDecoder.Add(message, status, "voltage", Metric.V);
                ForeignDecoder.Add(message, status, "current", Metric.A);
                ForeignDecoder.Add(message, status, "pf", Metric.Pf);
                ForeignDecoder.Add(message, status, "freq", Metric.Hz);
                ForeignDecoder.EndOrRemove(message);
                break;
            case "em1data":
                ForeignDecoder.Begin(message, channel, at);
                ForeignDecoder.Add(message, status, "total_act_energy", Metric.Wh);
                ForeignDecoder.Add(message, status, "total_act_ret_energy", Metric.WhOut);
                ForeignDecoder.EndOrRemove(message);
                break;
            case "em" or "emdata":
                for (var phase = 0; phase < Phases.Length; phase++)
                {
                    ForeignDecoder.Begin(message, ChannelId.Phase(phase + 1), at);
                    ReadPhase(status, Phases[phase], message);
                    ForeignDecoder.EndOrRemove(message);
                }

                break;
            case "wifi":
                ReadOne(status, "rssi", Metric.Rssi, at, message);
                break;
            case "temperature":
                ReadOne(status, "tC", Metric.Tc, at, message);
                break;
            case "humidity":
                ReadOne(status, "rh", Metric.Rh, at, message);
                break;
            case "smoke" when status.TryGetProperty("alarm", out var alarm) && alarm.ValueKind is JsonValueKind.True or JsonValueKind.False:
                ForeignDecoder.Begin(message, ChannelId.Main, at);
                message.Readings.AddValue(Metric.Smoke, alarm.ValueKind == JsonValueKind.True ? 1 : 0);
                break;
        }
    }

    private static void ReadSwitch(JsonElement status, DeviceMessage message)
    {
        ForeignDecoder.Add(message, status, "apower", Metric.W);
        ForeignDecoder.Add(message, status, "aprtpower", Metric.Va);
        ForeignDecoder.Add(message, status, "voltage", Metric.V);
        ForeignDecoder.Add(message, status, "current", Metric.A);
        ForeignDecoder.Add(message, status, "freq", Metric.Hz);
        ForeignDecoder.Add(message, status, "pf", Metric.Pf);
        // "total" is Wh; "by_minute" beside it is mWh and only says the same again.
        if (status.TryGetProperty("aenergy", out var energy) && energy.ValueKind == JsonValueKind.Object)
            ForeignDecoder.Add(message, energy, "total", Metric.Wh);
        if (status.TryGetProperty("ret_aenergy", out var returned) && returned.ValueKind == JsonValueKind.Object)
            ForeignDecoder.Add(message, returned, "total", Metric.WhOut);
        if (status.TryGetProperty("temperature", out var temperature) && temperature.ValueKind == JsonValueKind.Object)
            ForeignDecoder.Add(message, temperature, "tC", Metric.Tc);
        if (status.TryGetProperty("output", out var output) && output.ValueKind is JsonValueKind.True or JsonValueKind.False)
            message.Readings.AddValue(Metric.Relay, output.ValueKind == JsonValueKind.True ? 1 : 0);
        if (status.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array)
            message.Readings.Readings[^1].State = Errors(errors);
    }

    /// <summary>As many of the errors as a state text holds, in the device's order; null when there are none.</summary>
    private static string? Errors(JsonElement errors)
    {
        var text = "";
        foreach (var error in errors.EnumerateArray())
        {
            if (error.ValueKind != JsonValueKind.String)
                continue;
            var longer = text.Length == 0 ? error.GetString()! : $"{text},{error.GetString()}";
            if (Encoding.UTF8.GetByteCount(longer) <= ReadingBuffer.StateLengthMax)
                text = longer;
        }

        return text.Length == 0 ? null : text;
    }

    private static void ReadPhase(JsonElement status, string phase, DeviceMessage message)
    {
        ForeignDecoder.Add(message, status, $"{phase}_act_power", Metric.W);
        ForeignDecoder.Add(message, status, $"{phase}_aprt_power", Metric.Va);
        ForeignDecoder.Add(message, status, $"{phase}_voltage", Metric.V);
        ForeignDecoder.Add(message, status, $"{phase}_current", Metric.A);
        ForeignDecoder.Add(message, status, $"{phase}_pf", Metric.Pf);
        ForeignDecoder.Add(message, status, $"{phase}_freq", Metric.Hz);
        ForeignDecoder.Add(message, status, $"{phase}_total_act_energy", Metric.Wh);
        ForeignDecoder.Add(message, status, $"{phase}_total_act_ret_energy", Metric.WhOut);
    }

    private static void ReadOne(JsonElement status, string key, Metric metric, long at, DeviceMessage message)
    {
        ForeignDecoder.Begin(message, ChannelId.Main, at);
        ForeignDecoder.Add(message, status, key, metric);
        ForeignDecoder.EndOrRemove(message);
    }
}

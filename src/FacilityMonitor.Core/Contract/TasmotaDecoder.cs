using System.Text.Json;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Contract;

/// <summary>Tasmota. A number may be a scalar, a list by channel, or an object by phase; time is local without an offset; energy is in kWh.</summary>
internal static class TasmotaDecoder
{
    private const int ChannelsMax = 32;

    /// <summary>What <c>ENERGY</c> calls things. Voltage and frequency are the mains' own and hold for every channel.</summary>
    private static readonly (string Key, Metric Metric, bool Kilowatthours, bool Common)[] Energy =
    [
        ("Power", Metric.W, false, false), ("ApparentPower", Metric.Va, false, false), ("ReactivePower", Metric.Var, false, false),
        ("Factor", Metric.Pf, false, false), ("Frequency", Metric.Hz, false, true), ("Voltage", Metric.V, false, true),
        ("Current", Metric.A, false, false), ("Total", Metric.Wh, true, false), ("ExportActive", Metric.WhOut, true, false),
    ];

    private static readonly string[] Phases = ["Phase1", "Phase2", "Phase3"];

    /// <summary>What optical heads (<c>SML</c>) call things, in lower case; the spelling is the user's own script.</summary>
    private static readonly (string Key, Metric Metric, bool Kilowatthours)[] Meter =
    [
        ("power", Metric.W, false), ("power_curr", Metric.W, false), ("power_total", Metric.W, false), ("voltage", Metric.V, false), ("volt", Metric.V, false),
        ("current", Metric.A, false), ("curr", Metric.A, false), ("amperage", Metric.A, false), ("freq", Metric.Hz, false),
        ("total_in", Metric.Wh, true), ("e_in", Metric.Wh, true), ("total_out", Metric.WhOut, true), ("e_out", Metric.WhOut, true),
    ];

    public static DecodeOutcome Sensor(JsonElement root, DeviceMessage message)
    {
        if (root.TryGetProperty("StatusSNS", out var wrapped) && wrapped.ValueKind == JsonValueKind.Object)
            root = wrapped;
        var at = root.TryGetProperty("Time", out var time) ? DeviceTime.Read(time) ?? message.ReceivedMs : message.ReceivedMs;
        var fahrenheit = root.TryGetProperty("TempUnit", out var unit) && unit.ValueKind == JsonValueKind.String && unit.GetString() == "F";
        // Beside the plug's own meter a "Voltage" or "Power" is that of a sensor on the board, and direct current.
        var metered = root.TryGetProperty("ENERGY"u8, out _);
        foreach (var part in root.EnumerateObject())
        {
            if (part.Value.ValueKind != JsonValueKind.Object)
                continue;
            if (part.NameEquals("ENERGY"u8))
                ReadEnergy(part.Value, at, message);
            else if (part.NameEquals("ANALOG"u8))
                ReadAnalog(part.Value, at, message);
            else if (!part.NameEquals("ESP32"u8) && (metered || !ReadMeter(part.Value, at, message)))
                ReadClimate(part.Value, at, fahrenheit, message);
        }

        return ForeignDecoder.Done(message);
    }

    public static DecodeOutcome State(JsonElement root, DeviceMessage message)
    {
        if (root.TryGetProperty("StatusSTS", out var wrapped) && wrapped.ValueKind == JsonValueKind.Object)
            root = wrapped;
        var at = root.TryGetProperty("Time", out var time) ? DeviceTime.Read(time) ?? message.ReceivedMs : message.ReceivedMs;
        foreach (var part in root.EnumerateObject())
        {
            if (part.Value.ValueKind == JsonValueKind.String && ForeignTopic.TasmotaRelay(System.Text.Encoding.UTF8.GetBytes(part.Name)) is >= 0 and var relay
                && OnOrOff(part.Value.GetString()) is { } on)
            {
                AddRelay(relay, on, at, message);
            }
            else if (part.NameEquals("Wifi"u8) && part.Value.ValueKind == JsonValueKind.Object)
            {
                // "RSSI" is a percentage there; "Signal" is dBm.
                ForeignDecoder.Begin(message, ChannelId.Main, at);
                ForeignDecoder.Add(message, part.Value, "Signal", Metric.Rssi);
                ForeignDecoder.EndOrRemove(message);
            }
        }

        return ForeignDecoder.Done(message);
    }

    public static DecodeOutcome Power(int relay, ReadOnlySpan<byte> payload, DeviceMessage message)
    {
        if (OnOrOff(System.Text.Encoding.UTF8.GetString(payload[..Math.Min(payload.Length, 8)])) is not { } on)
            return DecodeOutcome.Rejected(RejectReason.BadField, "payload: neither ON nor OFF");
        AddRelay(relay, on, message.ReceivedMs, message);
        return DecodeOutcome.Decoded;
    }

    private static bool? OnOrOff(string? text) => text switch { "ON" => true, "OFF" => false, _ => null };

    private static void AddRelay(int relay, bool on, long at, DeviceMessage message)
    {
        ForeignDecoder.Begin(message, relay == 0 ? ChannelId.Main : ChannelId.Socket(relay), at);
        message.Readings.AddValue(Metric.Relay, on ? 1 : 0);
    }

    private static void ReadEnergy(JsonElement energy, long at, DeviceMessage message)
    {
        var (channels, kind) = ChannelsOf(energy);
        var epoch = energy.TryGetProperty("TotalStartTime", out var start) && DeviceTime.Read(start) is { } startMs ? (uint?)(startMs / 1000) : null;
        if (channels == 0)
        {
            ForeignDecoder.Begin(message, ChannelId.Main, at);
            foreach (var (key, metric, kilowatthours, _) in Energy)
                Add(message, energy, key, metric, kilowatthours);
            EndEnergy(message, epoch);
            return;
        }

        for (var index = 0; index < channels; index++)
        {
            ForeignDecoder.Begin(message, ChannelId.Of(kind, index + 1), at);
            foreach (var (key, metric, kilowatthours, common) in Energy)
            {
                if (!energy.TryGetProperty(key, out var value))
                    continue;
                if (At(value, index) is { } own)
                    Add(message, own, metric, kilowatthours);
                else if (common && value.ValueKind == JsonValueKind.Number)
                    ForeignDecoder.Add(message, value, metric);
            }

            EndEnergy(message, epoch);
        }
    }

    private static void EndEnergy(DeviceMessage message, uint? epoch)
    {
        message.Readings.Readings[^1].CounterEpoch = epoch;
        ForeignDecoder.EndOrRemove(message);
    }

    private static (int Count, ChannelKind Kind) ChannelsOf(JsonElement energy)
    {
        var count = 0;
        var kind = ChannelKind.Socket;
        foreach (var (key, _, _, _) in Energy)
        {
            if (!energy.TryGetProperty(key, out var value))
                continue;
            if (value.ValueKind == JsonValueKind.Array)
            {
                count = Math.Max(count, value.GetArrayLength());
            }
            else if (value.ValueKind == JsonValueKind.Object && Array.FindLastIndex(Phases, phase => value.TryGetProperty(phase, out _)) is >= 0 and var last)
            {
                count = Math.Max(count, last + 1);
                kind = ChannelKind.Phase;
            }
        }

        return (Math.Min(count, kind == ChannelKind.Phase ? Phases.Length : ChannelsMax), kind);
    }

    private static JsonElement? At(JsonElement value, int index) => value.ValueKind switch
    {
        JsonValueKind.Array when index < value.GetArrayLength() => value[index],
        JsonValueKind.Object => value.TryGetProperty(Phases[index], out var own) ? own : null,
        _ => null,
    };

    private static void ReadAnalog(JsonElement analog, long at, DeviceMessage message)
    {
        var clamps = analog.EnumerateObject().Where(part => part.Name.StartsWith("CTEnergy", StringComparison.Ordinal) && part.Value.ValueKind == JsonValueKind.Object)
            .Take(ChannelsMax).ToList();
        for (var index = 0; index < clamps.Count; index++)
        {
            ForeignDecoder.Begin(message, clamps.Count == 1 ? ChannelId.Main : ChannelId.Socket(index + 1), at);
            Add(message, clamps[index].Value, "Power", Metric.W, kilowatthours: false);
            Add(message, clamps[index].Value, "Voltage", Metric.V, kilowatthours: false);
            Add(message, clamps[index].Value, "Current", Metric.A, kilowatthours: false);
            Add(message, clamps[index].Value, "Energy", Metric.Wh, kilowatthours: true);
            ForeignDecoder.EndOrRemove(message);
        }
    }

    private static bool ReadMeter(JsonElement meter, long at, DeviceMessage message)
    {
        var named = meter.EnumerateObject().Where(part => part.Value.ValueKind == JsonValueKind.Number)
            .Select(part => (Key: MeterKey(part.Name), part.Value)).ToList();
        var phased = named.Exists(part => part.Key is { Phase: > 0, Name: "power" or "power_curr" });
        var found = false;
        for (var phase = 0; phase <= Phases.Length; phase++)
        {
            ForeignDecoder.Begin(message, phase == 0 ? ChannelId.Main : ChannelId.Phase(phase), at);
            foreach (var (key, value) in named)
            {
                foreach (var (name, metric, kilowatthours) in Meter)
                {
                    // The total beside the phases' own power would be counted twice. The registers stay: a meter has none by phase.
                    if (key.Phase == phase && key.Name == name && !(phase == 0 && phased && metric == Metric.W))
                        Add(message, value, metric, kilowatthours);
                }
            }

            found |= message.Readings.Readings[^1].ValueCount > 0;
            ForeignDecoder.EndOrRemove(message);
        }

        return found;
    }

    /// <summary><c>power_L2</c> and <c>volt_p2</c> speak of phase 2; phase 0 is the whole meter.</summary>
    private static (string Name, int Phase) MeterKey(string name)
    {
        var key = name.ToLowerInvariant();
        return key.Length > 3 && key[^3] == '_' && key[^2] is 'l' or 'p' && key[^1] is >= '1' and <= '3' ? (key[..^3], key[^1] - '0') : (key, 0);
    }

    private static void ReadClimate(JsonElement sensor, long at, bool fahrenheit, DeviceMessage message)
    {
        ForeignDecoder.Begin(message, ChannelId.Main, at);
        if (fahrenheit && sensor.TryGetProperty("Temperature", out var temperature) && temperature.ValueKind == JsonValueKind.Number && temperature.TryGetDouble(out var degrees))
            message.Readings.AddValue(Metric.Tc, Math.Round((degrees - 32) / 1.8, 2));
        else
            ForeignDecoder.Add(message, sensor, "Temperature", Metric.Tc);
        ForeignDecoder.Add(message, sensor, "Humidity", Metric.Rh);
        ForeignDecoder.EndOrRemove(message);
    }

    private static void Add(DeviceMessage message, JsonElement parent, string key, Metric metric, bool kilowatthours)
    {
        if (parent.TryGetProperty(key, out var value))
            Add(message, value, metric, kilowatthours);
    }

    private static void Add(DeviceMessage message, JsonElement value, Metric metric, bool kilowatthours)
    {
        if (kilowatthours)
            ForeignDecoder.AddKilowattHours(message, value, metric);
        else
            ForeignDecoder.Add(message, value, metric);
    }
}

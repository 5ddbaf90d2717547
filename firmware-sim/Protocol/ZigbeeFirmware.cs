using System.Globalization;
using System.Text;
using System.Text.Json;
using FirmwareSim.Devices;

namespace FirmwareSim.Protocol;

/// <summary>A Zigbee plug or meter as Zigbee2MQTT tells of it: the whole cache at every report, its values of different ages.</summary>
internal sealed class ZigbeeFirmware(SimulatedDevice device, Func<ulong> entropy, Action<Outgoing> publish) : ForeignFirmware(device, publish)
{
    private readonly (double Watts, double Amps)[] _cached = new (double, double)[(device as ChargingDevice)?.Points.Count ?? (device as Meter)?.Elements.Count ?? 0];
    private readonly bool[] _relays = new bool[(device as ChargingDevice)?.Points.Count ?? 0];

    public override string WillTopic => $"{Topic}/availability";

    /// <summary>The object form, the form by attribute (<c>set/state_l2</c>), and the form by endpoint (<c>l2/set</c>).</summary>
    public override IReadOnlyList<string> Subscriptions => [$"{Topic}/set", $"{Topic}/set/+", $"{Topic}/+/set", $"{Topic}/get"];

    private string Topic => $"zigbee2mqtt/{Id}";

    public override byte[] NextWill() => """{"state":"offline"}"""u8.ToArray();

    protected override void Greet(in Moment now)
    {
        for (var index = 0; index < _relays.Length; index++)
            _relays[index] = IsOn(index);
        Publish(WillTopic, """{"state":"online"}""", retain: true);
    }

    protected override void Report(in Moment now)
    {
        // One attribute report refreshes one value; what is published is the whole cache, its fields of different ages.
        Refresh(isPower: entropy() % 3 != 0);
        Publish();
    }

    /// <summary>A relay reports by itself; the power in the cache beside it is that of before.</summary>
    protected override void Between(in Moment now)
    {
        var hasMoved = false;
        for (var index = 0; index < _relays.Length; index++)
        {
            hasMoved |= _relays[index] != IsOn(index);
            _relays[index] = IsOn(index);
        }

        if (hasMoved)
            Publish();
    }

    protected override void Obey(string topic, ReadOnlyMemory<byte> payload, in Moment now)
    {
        var verb = topic[(Topic.Length + 1)..].Split('/');
        if (verb is ["get"])
        {
            Refresh(isPower: true);
            Refresh(isPower: false);
            Publish();
        }
        else if (verb is ["set", var attribute])
        {
            Set(attribute, Encoding.UTF8.GetString(payload.Span));
        }
        else if (Object(payload) is { } wanted)
        {
            foreach (var property in wanted.EnumerateObject())
                Set(verb is [var endpoint, "set"] ? $"{property.Name}_{endpoint}" : property.Name, property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString()! : property.Value.GetRawText());
        }
        else
        {
            Complain($"Invalid JSON '{Encoding.UTF8.GetString(payload.Span)}', skipping...");
        }
    }

    /// <summary>Sets what can be set: the relays. Whether or not it moved, the whole cache is told.</summary>
    private void Set(string attribute, string value)
    {
        if (RelayOf(attribute) is not { } relay)
        {
            Complain($"No converter available for '{attribute}' ({value})");
            return;
        }

        bool? wanted = value.ToUpperInvariant() switch
        {
            "ON" => true,
            "OFF" => false,
            "TOGGLE" => !IsOn(relay),
            _ => null,
        };
        if (wanted is not { } on)
        {
            Complain($"Publish 'set' '{attribute}' to '{Id}' failed: '{value}' is not one of ON, OFF, TOGGLE");
            return;
        }

        Switch(relay, on);
        _relays[relay] = on;
        Publish();
    }

    /// <summary><c>state</c> is the first relay, also of a plug with several; <c>state_l2</c> the second. Null for what it has not.</summary>
    private int? RelayOf(string attribute)
    {
        if (attribute == "state")
            return Relays > 0 ? 0 : null;
        return attribute.StartsWith("state_l", StringComparison.Ordinal)
            && int.TryParse(attribute["state_l".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= Relays
            ? number - 1 : null;
    }

    /// <summary>The bridge has a log of its own, and that is all the answer there is to what it cannot do.</summary>
    private void Complain(string what) => Publish("zigbee2mqtt/bridge/logging", $"{{\"level\":\"error\",\"message\":{Quoted(what)},\"namespace\":\"z2m\"}}");

    private void Refresh(bool isPower)
    {
        for (var index = 0; index < _cached.Length; index++)
        {
            if (isPower)
                _cached[index].Watts = Elements[index].Watts;
            else
                _cached[index].Amps = Elements[index].Amps;
        }
    }

    private void Publish()
    {
        var fields = Elements.Select((element, index) =>
        {
            // Gangs of a plug and phases of a meter are spelt differently.
            var gang = Elements.Count == 1 ? "" : Pile is null ? index switch { 0 => "", 1 => "_phase_b", _ => "_phase_c" } : Text($"_l{index + 1}");
            var state = Pile is null ? "" : Text($",\"state{gang}\":\"{(IsOn(index) ? "ON" : "OFF")}\"");
            var energy = index > 0 && Pile is null ? "" : Text($",\"energy{gang}\":{element.ExactWattHours / 1000:0.00}");
            return Text($"\"power{gang}\":{_cached[index].Watts:0},\"current{gang}\":{_cached[index].Amps:0.00},\"voltage{gang}\":{element.Volts:0}{energy}{state}");
        });
        Publish(Topic, $"{{{string.Join(',', fields)},\"linkquality\":{90 + (entropy() % 60)}}}");
    }
}

using System.Globalization;
using System.Text;
using System.Text.Json;
using FirmwareSim.Devices;

namespace FirmwareSim.Protocol;

/// <summary>Which firmware a device speaks with.</summary>
internal enum SpokenDialect
{
    /// <summary>Our own contract.</summary>
    Fm1,

    /// <summary>Tasmota on a plug or meter: kWh, local time without an offset, retained LWT.</summary>
    Tasmota,

    /// <summary>Shelly Gen2: notifications that tell only what changed, presence not retained.</summary>
    Shelly,

    /// <summary>A Zigbee plug behind Zigbee2MQTT: the cached full state at every report, no time.</summary>
    Zigbee2Mqtt,

    /// <summary>A JUY pile board behind a gateway that makes JSON of it.</summary>
    Juy,
}

/// <summary>A firmware that is sold today, with its habits: no numbering, no buffer, no acknowledgement. What it says while nobody hears it is lost.</summary>
/// <remarks>Commands come in the dialect's own form. None of them knows an expiry, and a retained one is obeyed at every connect: that is how such plugs are switched by ghosts.</remarks>
internal abstract class ForeignFirmware(SimulatedDevice device, Action<Outgoing> publish) : DeviceFirmware(device)
{
    private long _nextMs;

    /// <summary>Makes the firmware of a dialect.</summary>
    /// <param name="dialect">Which one; not fm/1.</param>
    /// <param name="device">The pile or meter it speaks for.</param>
    /// <param name="entropy">Random bits.</param>
    /// <param name="publish">Where it publishes; called only while connected.</param>
    public static ForeignFirmware Of(SpokenDialect dialect, SimulatedDevice device, Func<ulong> entropy, Action<Outgoing> publish) => dialect switch
    {
        SpokenDialect.Tasmota => new TasmotaFirmware(device, publish),
        SpokenDialect.Shelly => new ShellyFirmware(device, publish),
        SpokenDialect.Zigbee2Mqtt => new ZigbeeFirmware(device, entropy, publish),
        SpokenDialect.Juy => new JuyFirmware(device, entropy, publish),
        SpokenDialect.Fm1 => throw new ArgumentOutOfRangeException(nameof(dialect)),
    };

    public override void PowerUp(in Moment trueNow) => _nextMs = trueNow.ClockMs + 1_000;

    public override void Connected(in Moment trueNow)
    {
        IsConnected = true;
        Greet(ByItsClock(trueNow));
    }

    public override void Disconnected() => IsConnected = false;

    public override void ShutDown(in Moment trueNow) => Disconnected();

    public override void Tick(in Moment trueNow)
    {
        var now = ByItsClock(trueNow);
        foreach (var fact in Device.TakeFacts())
            Tell(fact, now);
        Between(now);
        if (trueNow.ClockMs < _nextMs)
            return;
        _nextMs = trueNow.ClockMs + (long)(PeriodS * 1000);
        Report(now);
    }

    public override void Receive(string topic, ReadOnlyMemory<byte> payload, bool retained, in Moment trueNow, long? arrivedMs = null) =>
        Obey(topic, payload, ByItsClock(trueNow));

    /// <summary>How often it reports, s.</summary>
    protected double PeriodS { get; set; } = device.Seat.PeriodS;

    /// <summary>Says that it is there.</summary>
    protected abstract void Greet(in Moment now);

    /// <summary>Its period is over.</summary>
    protected abstract void Report(in Moment now);

    /// <summary>A fact; most dialects have no word for it.</summary>
    protected virtual void Tell(DeviceFact fact, in Moment now)
    {
    }

    /// <summary>Every step.</summary>
    protected virtual void Between(in Moment now)
    {
    }

    /// <summary>Somebody wants something of it, on one of <see cref="DeviceFirmware.Subscriptions"/>.</summary>
    protected virtual void Obey(string topic, ReadOnlyMemory<byte> payload, in Moment now)
    {
    }

    protected void Publish(string topic, string payload, bool retain = false)
    {
        // Without a connection it is lost: there is no buffer. The register goes on.
        if (IsConnected)
            publish(new Outgoing(topic, Encoding.UTF8.GetBytes(payload), retain, IsText: !payload.StartsWith('{')));
    }

    /// <summary>What it measures: a pile's sockets or a meter's phases.</summary>
    protected IReadOnlyList<Physics.Measurement> Elements { get; } = device switch
    {
        ChargingDevice charging => [.. charging.Points.Select(point => point.Meter)],
        Meter meter => meter.Elements,
        _ => throw new ArgumentException("only a pile, a cabinet or a meter speaks a foreign dialect", nameof(device)),
    };

    protected ChargingDevice? Pile => Device as ChargingDevice;

    /// <summary>How many relays it has; a meter has none.</summary>
    protected int Relays => Pile?.Points.Count ?? 0;

    /// <summary>What its relay of this index, from 0, stands at.</summary>
    protected bool IsOn(int relay) => Pile!.Points[relay].RelayClosed;

    protected void Switch(int relay, bool on) => Pile!.SwitchRemotely(Pile.Points[relay], on);

    protected string Id => Device.Seat.Id;

    protected static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>A text of somebody else's as a JSON string.</summary>
    protected static string Quoted(string text) => JsonSerializer.Serialize(text, Json.Relaxed);

    /// <summary>Reads a JSON object; null when it is none.</summary>
    protected static JsonElement? Object(ReadOnlyMemory<byte> payload)
    {
        try
        {
            using var document = JsonDocument.Parse(payload);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

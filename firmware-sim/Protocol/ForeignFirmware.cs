using System.Globalization;
using System.Text;
using FacilityMonitor.Contract;
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
        _nextMs = trueNow.ClockMs + (long)(Device.Seat.PeriodS * 1000);
        Report(now);
    }

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

    protected string Id => Device.Seat.Id;

    protected static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

internal sealed class TasmotaFirmware(SimulatedDevice device, Action<Outgoing> publish) : ForeignFirmware(device, publish)
{
    private readonly bool[] _relays = new bool[(device as ChargingDevice)?.Points.Count ?? 0];

    public override string WillTopic => $"tele/{Id}/LWT";

    public override byte[] NextWill() => "Offline"u8.ToArray();

    protected override void Greet(in Moment now)
    {
        for (var index = 0; index < _relays.Length; index++)
            _relays[index] = Pile!.Points[index].RelayClosed;
        Publish(WillTopic, "Online", retain: true);
        State(now);
    }

    protected override void Report(in Moment now)
    {
        State(now);
        // One value stands alone, several are a list; a three-phase meter names its phases. The voltage is common to all.
        string Each(Func<Physics.Measurement, double> value, string format)
        {
            var numbers = Elements.Select(element => value(element).ToString(format, CultureInfo.InvariantCulture)).ToList();
            return numbers.Count == 1 ? numbers[0]
                : Pile is null ? "{" + string.Join(',', numbers.Select((number, index) => $"\"Phase{index + 1}\":{number}")) + "}"
                : "[" + string.Join(',', numbers) + "]";
        }

        var volts = Pile is null ? Each(element => element.Volts, "0") : Elements[0].Volts.ToString("0", CultureInfo.InvariantCulture);
        Publish(
            $"tele/{Id}/SENSOR",
            Text($"{{\"Time\":\"{LocalTime(now)}\",\"ENERGY\":{{\"TotalStartTime\":\"2026-01-01T00:00:00\",\"Total\":{Each(element => element.ExactWattHours / 1000, "0.000")},\"Power\":{Each(element => element.Watts, "0")},\"Factor\":{Each(element => element.PowerFactor, "0.00")},\"Voltage\":{volts},\"Current\":{Each(element => element.Amps, "0.000")}}}}}"));
    }

    /// <summary>A relay that moves tells so at once, as plain text.</summary>
    protected override void Between(in Moment now)
    {
        for (var index = 0; index < _relays.Length; index++)
        {
            if (_relays[index] == Pile!.Points[index].RelayClosed)
                continue;
            _relays[index] = !_relays[index];
            Publish($"stat/{Id}/POWER{Number(index)}", _relays[index] ? "ON" : "OFF");
        }
    }

    private string Number(int index) => _relays.Length == 1 ? "" : (index + 1).ToString(CultureInfo.InvariantCulture);

    private void State(in Moment now)
    {
        var relays = string.Concat(_relays.Select((on, index) => $",\"POWER{Number(index)}\":\"{(on ? "ON" : "OFF")}\""));
        Publish($"tele/{Id}/STATE", Text($"{{\"Time\":\"{LocalTime(now)}\",\"UptimeSec\":{now.ClockMs / 1000 % 1_000_000}{relays},\"Wifi\":{{\"RSSI\":62,\"Signal\":-69}}}}"));
    }

    /// <summary>Local time without an offset: so it is set by default.</summary>
    private static string LocalTime(in Moment now) =>
        DateTimeOffset.FromUnixTimeMilliseconds(now.ClockMs + Moment.ShanghaiOffsetMs).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
}

internal sealed class ShellyFirmware(SimulatedDevice device, Action<Outgoing> publish) : ForeignFirmware(device, publish)
{
    /// <summary>How far the power must move before it tells.</summary>
    private const double TellsFromW = 0.5;

    private readonly double[] _toldW = [.. Enumerable.Repeat(double.NaN, (device as ChargingDevice)?.Points.Count ?? (device as Meter)?.Elements.Count ?? 0)];

    public override string WillTopic => $"{Id}/online";

    /// <summary>Captured from a real one: the will is not retained.</summary>
    public override bool RetainsWill => false;

    public override byte[] NextWill() => "false"u8.ToArray();

    protected override void Greet(in Moment now)
    {
        Publish(WillTopic, "true");
        Array.Fill(_toldW, double.NaN);
    }

    protected override void Report(in Moment now)
    {
        var parts = new List<string>();
        for (var index = 0; index < Elements.Count; index++)
        {
            var element = Elements[index];
            var isFull = double.IsNaN(_toldW[index]);
            // A delta: what did not change is not told.
            if (!isFull && Math.Abs(element.Watts - _toldW[index]) < TellsFromW)
                continue;
            _toldW[index] = element.Watts;
            if (Pile is { } pile)
                parts.Add(Switch(index, pile.Points[index], isFull));
        }

        if (Pile is null && parts.Count == 0)
            parts.AddRange(Phases());
        if (parts.Count > 0)
            Publish($"{Id}/events/rpc", Text($"{{\"src\":\"{Id}\",\"dst\":\"{Id}/events\",\"method\":\"NotifyStatus\",\"params\":{{\"ts\":{now.ClockMs / 1000.0:0.00},{string.Join(',', parts)}}}}}"));
    }

    private static string Switch(int index, ChargingPoint point, bool isFull)
    {
        var element = point.Meter;
        var relay = isFull ? Text($",\"output\":{(point.RelayClosed ? "true" : "false")},\"temperature\":{{\"tC\":{point.Celsius:0.0}}}") : "";
        return Text($"\"switch:{index}\":{{\"id\":{index}{relay},\"apower\":{element.Watts:0.0},\"voltage\":{element.Volts:0.0},\"current\":{element.Amps:0.000},\"aenergy\":{{\"total\":{element.ExactWattHours:0.000}}}}}");
    }

    private IEnumerable<string> Phases()
    {
        if (Elements.Count == 1)
            return [Text($"\"em1:0\":{{\"id\":0,\"act_power\":{Elements[0].Watts:0.0},\"voltage\":{Elements[0].Volts:0.0},\"current\":{Elements[0].Amps:0.000},\"pf\":{Elements[0].PowerFactor:0.00}}}")];
        var fields = Elements.Select((element, index) => Text(
            $"\"{"abc"[index]}_current\":{element.Amps:0.000},\"{"abc"[index]}_voltage\":{element.Volts:0.0},\"{"abc"[index]}_act_power\":{element.Watts:0.0},\"{"abc"[index]}_pf\":{element.PowerFactor:0.00}"));
        return [$"\"em:0\":{{\"id\":0,{string.Join(',', fields)},\"n_current\":null}}"];
    }
}

internal sealed class ZigbeeFirmware(SimulatedDevice device, Func<ulong> entropy, Action<Outgoing> publish) : ForeignFirmware(device, publish)
{
    private readonly (double Watts, double Amps)[] _cached = new (double, double)[(device as ChargingDevice)?.Points.Count ?? (device as Meter)?.Elements.Count ?? 0];

    public override string WillTopic => $"zigbee2mqtt/{Id}/availability";

    public override byte[] NextWill() => """{"state":"offline"}"""u8.ToArray();

    protected override void Greet(in Moment now) => Publish(WillTopic, """{"state":"online"}""", retain: true);

    protected override void Report(in Moment now)
    {
        // One attribute report refreshes one value; what is published is the whole cache, its fields of different ages.
        var isPower = entropy() % 3 != 0;
        for (var index = 0; index < _cached.Length; index++)
        {
            if (isPower)
                _cached[index].Watts = Elements[index].Watts;
            else
                _cached[index].Amps = Elements[index].Amps;
        }

        var fields = Elements.Select((element, index) =>
        {
            // Gangs of a plug and phases of a meter are spelt differently.
            var gang = Elements.Count == 1 ? "" : Pile is null ? index switch { 0 => "", 1 => "_phase_b", _ => "_phase_c" } : Text($"_l{index + 1}");
            var state = Pile is null ? "" : Text($",\"state{gang}\":\"{(Pile.Points[index].RelayClosed ? "ON" : "OFF")}\"");
            var energy = index > 0 && Pile is null ? "" : Text($",\"energy{gang}\":{element.ExactWattHours / 1000:0.00}");
            return Text($"\"power{gang}\":{_cached[index].Watts:0},\"current{gang}\":{_cached[index].Amps:0.00},\"voltage{gang}\":{element.Volts:0}{energy}{state}");
        });
        Publish($"zigbee2mqtt/{Id}", $"{{{string.Join(',', fields)},\"linkquality\":{90 + (entropy() % 60)}}}");
    }
}

/// <summary>A pile board as reference §1.2 describes it: ports from 1, used ones only, whole watts, hundredths of a kWh from the order's begin, settlements again and again.</summary>
internal sealed class JuyFirmware(SimulatedDevice device, Func<ulong> entropy, Action<Outgoing> publish) : ForeignFirmware(device, publish)
{
    private const int SettlementEveryMs = 10_000;

    private readonly List<(long AtMs, int Left, string Payload)> _settlements = [];

    /// <summary>Binary frames know no will: only the heartbeat ends.</summary>
    public override string? WillTopic => null;

    public override byte[] NextWill() => [];

    protected override void Greet(in Moment now) => Heartbeat();

    protected override void Report(in Moment now)
    {
        Heartbeat();
        var used = Pile!.Points.Select((point, index) => (Point: point, Index: index)).Where(entry => entry.Point.Session is not null).Select(entry => Text(
            $"{{\"port\":{entry.Index + 1},\"power\":{entry.Point.Meter.Watts:0},\"energy\":{Math.Floor(entry.Point.SessionWattHours / 10):0},\"{Misspelt("temp", "tmep")}\":{entry.Point.Celsius:0}}}")).ToList();
        // When all are idle nothing comes, which is no silence: the heartbeat goes on.
        if (used.Count > 0)
            Publish($"JUY/D2S/{Id}/88/DEV", Text($"{{\"voltage\":{Elements[0].Volts * 10:0},\"temp\":{Pile.Celsius + 6:0},\"ports\":[{string.Join(',', used)}]}}"));
    }

    protected override void Tell(DeviceFact fact, in Moment now)
    {
        if (fact.Kind != EventKind.SessionStop)
            return;
        // Nobody acknowledges, so it comes three to eight times.
        var payload = Text($"{{\"order\":\"{fact.Session}\",\"port\":{fact.Channel.Number},\"energy\":{Math.Floor((fact.Wh ?? 0) / 10):0},\"{Misspelt("reason", "resaon")}\":{Reason(fact.Reason)}}}");
        _settlements.Add((now.ClockMs, 3 + (int)(entropy() % 6), payload));
    }

    protected override void Between(in Moment now)
    {
        for (var index = _settlements.Count - 1; index >= 0; index--)
        {
            var (atMs, left, payload) = _settlements[index];
            if (atMs > now.ClockMs)
                continue;
            Publish($"JUY/D2S/{Id}/84/DEV", payload);
            if (left > 1)
                _settlements[index] = (now.ClockMs + SettlementEveryMs, left - 1, payload);
            else
                _settlements.RemoveAt(index);
        }
    }

    private static int Reason(StopReason? reason) => reason switch
    {
        StopReason.Full => 0,
        StopReason.Time => 1,
        StopReason.Money => 2,
        StopReason.OverPower => 5,
        StopReason.NoLoad or StopReason.Unplugged => 6,
        StopReason.OverTemperature => 7,
        StopReason.Smoke => 8,
        _ => 3,
    };

    /// <summary>Old boards spell some fields wrong for ever, because somebody reads them so.</summary>
    private string Misspelt(string right, string wrong) => Device.Seat.IsMisspelt ? wrong : right;

    private void Heartbeat()
    {
        static int State(ChargingPoint point) => point.HasBlownFuse ? 2 : point is { IsWelded: true, RelayClosed: false } ? 3 : point.Session is not null ? 1 : 0;
        Publish($"JUY/D2S/{Id}/82/DEV", Text($"{{\"signal\":{18 + (entropy() % 8)},\"temp\":{Pile!.Celsius + 6:0},\"state\":[{string.Join(',', Pile.Points.Select(State))}]}}"));
    }
}

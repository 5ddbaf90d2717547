using System.Globalization;
using System.Text;
using FirmwareSim.Devices;

namespace FirmwareSim.Protocol;

/// <summary>Tasmota: <c>tele</c> reports, <c>cmnd</c> commands, <c>stat</c> answers.</summary>
internal sealed class TasmotaFirmware(SimulatedDevice device, Action<Outgoing> publish) : ForeignFirmware(device, publish)
{
    /// <summary>Beyond so many commands in one backlog it forgets the rest.</summary>
    private const int BacklogMax = 30;

    private const int TelePeriodMin = 10;
    private const int TelePeriodMax = 3_600;

    /// <summary>What <c>TelePeriod 1</c> sets.</summary>
    private const int TelePeriodDefault = 300;

    private readonly bool[] _relays = new bool[(device as ChargingDevice)?.Points.Count ?? 0];

    public override string WillTopic => $"tele/{Id}/LWT";

    /// <summary>Its own commands, and those for every Tasmota at once.</summary>
    public override IReadOnlyList<string> Subscriptions => [$"cmnd/{Id}/+", "cmnd/tasmotas/+"];

    public override byte[] NextWill() => "Offline"u8.ToArray();

    protected override void Greet(in Moment now)
    {
        for (var index = 0; index < _relays.Length; index++)
            _relays[index] = IsOn(index);
        Publish(WillTopic, "Online", retain: true);
        Publish($"tele/{Id}/STATE", State(now));
    }

    protected override void Report(in Moment now)
    {
        Publish($"tele/{Id}/STATE", State(now));
        Publish($"tele/{Id}/SENSOR", Sensor(now));
    }

    /// <summary>A relay that moves tells so at once, as an object and as plain text.</summary>
    protected override void Between(in Moment now)
    {
        for (var index = 0; index < _relays.Length; index++)
        {
            if (_relays[index] != IsOn(index))
                TellRelay(index);
        }
    }

    protected override void Obey(string topic, ReadOnlyMemory<byte> payload, in Moment now) =>
        Obey(topic[(topic.LastIndexOf('/') + 1)..], Encoding.UTF8.GetString(payload.Span).Trim(), now);

    private void Obey(string word, string argument, in Moment now)
    {
        var command = word.ToUpperInvariant();
        if (command.StartsWith("POWER", StringComparison.Ordinal) && IsNumber(command["POWER".Length..], otherwise: 1, out var relay))
            Power(relay, argument);
        else if (command == "BACKLOG")
            OneByOne(argument, now);
        else if (command == "TELEPERIOD")
            TelePeriod(argument);
        else if (command == "STATE")
            Publish($"stat/{Id}/RESULT", State(now));
        else if (command == "STATUS" && argument is "8" or "10")
            Publish($"stat/{Id}/STATUS{argument}", $"{{\"StatusSNS\":{Sensor(now)}}}");
        else if (command == "STATUS" && argument is "11")
            Publish($"stat/{Id}/STATUS11", $"{{\"StatusSTS\":{State(now)}}}");
        else
            Publish($"stat/{Id}/RESULT", $"{{\"Command\":\"Unknown\",\"Input\":{Quoted(command)}}}");
    }

    /// <summary>Relays count from 1; 0 is all of them. A word it does not know, or none, asks how it stands; a relay it has not is no reason to say anything.</summary>
    private void Power(int number, string argument)
    {
        if (number > Relays)
            return;
        for (var index = Math.Max(0, number - 1); index < (number == 0 ? Relays : number); index++)
        {
            bool? wanted = argument.ToUpperInvariant() switch
            {
                "ON" or "1" or "TRUE" => true,
                "OFF" or "0" or "FALSE" => false,
                "TOGGLE" or "2" => !IsOn(index),
                _ => null,
            };
            if (wanted is { } on)
                Switch(index, on);
            TellRelay(index);
        }
    }

    private void OneByOne(string argument, in Moment now)
    {
        foreach (var line in argument.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Take(BacklogMax))
        {
            var parts = line.Split(' ', 2, StringSplitOptions.TrimEntries);
            // A backlog in a backlog is none.
            if (!parts[0].Equals("backlog", StringComparison.OrdinalIgnoreCase))
                Obey(parts[0], parts.Length > 1 ? parts[1] : "", now);
        }
    }

    private void TelePeriod(string argument)
    {
        if (int.TryParse(argument, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            PeriodS = seconds == 1 ? TelePeriodDefault : Math.Clamp(seconds, TelePeriodMin, TelePeriodMax);
        Publish($"stat/{Id}/RESULT", Text($"{{\"TelePeriod\":{PeriodS:0}}}"));
    }

    private void TellRelay(int index)
    {
        _relays[index] = IsOn(index);
        var word = _relays[index] ? "ON" : "OFF";
        Publish($"stat/{Id}/RESULT", $"{{\"POWER{Number(index)}\":\"{word}\"}}");
        Publish($"stat/{Id}/POWER{Number(index)}", word);
    }

    private string Number(int index) => _relays.Length == 1 ? "" : (index + 1).ToString(CultureInfo.InvariantCulture);

    private string State(in Moment now)
    {
        var relays = string.Concat(_relays.Select((on, index) => $",\"POWER{Number(index)}\":\"{(on ? "ON" : "OFF")}\""));
        return Text($"{{\"Time\":\"{LocalTime(now)}\",\"UptimeSec\":{now.ClockMs / 1000 % 1_000_000}{relays},\"Wifi\":{{\"RSSI\":62,\"Signal\":-69}}}}");
    }

    private string Sensor(in Moment now)
    {
        // One value stands alone, several are a list; a three-phase meter names its phases. The voltage is common to all.
        string Each(Func<Physics.Measurement, double> value, string format)
        {
            var numbers = Elements.Select(element => value(element).ToString(format, CultureInfo.InvariantCulture)).ToList();
            return numbers.Count == 1 ? numbers[0]
                : Pile is null ? "{" + string.Join(',', numbers.Select((number, index) => $"\"Phase{index + 1}\":{number}")) + "}"
                : "[" + string.Join(',', numbers) + "]";
        }

        var volts = Pile is null ? Each(element => element.Volts, "0") : Elements[0].Volts.ToString("0", CultureInfo.InvariantCulture);
        return Text($"{{\"Time\":\"{LocalTime(now)}\",\"ENERGY\":{{\"TotalStartTime\":\"2026-01-01T00:00:00\",\"Total\":{Each(element => element.ExactWattHours / 1000, "0.000")},\"Power\":{Each(element => element.Watts, "0")},\"Factor\":{Each(element => element.PowerFactor, "0.00")},\"Voltage\":{volts},\"Current\":{Each(element => element.Amps, "0.000")}}}}}");
    }

    private static bool IsNumber(string text, int otherwise, out int number)
    {
        number = otherwise;
        return text.Length == 0 || int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    /// <summary>Local time without an offset: so it is set by default.</summary>
    private static string LocalTime(in Moment now) =>
        DateTimeOffset.FromUnixTimeMilliseconds(now.ClockMs + Moment.ShanghaiOffsetMs).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
}

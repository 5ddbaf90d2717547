using System.Globalization;
using System.Text;
using System.Text.Json;
using FirmwareSim.Devices;

namespace FirmwareSim.Protocol;

/// <summary>Shelly Gen2: notifications, remote procedure calls with answers, and the plain control topics.</summary>
internal sealed class ShellyFirmware(SimulatedDevice device, Action<Outgoing> publish) : ForeignFirmware(device, publish)
{
    /// <summary>How far the power must move before it tells.</summary>
    private const double TellsFromW = 0.5;

    /// <summary>Longest time after which a relay turns back, s: a day.</summary>
    private const double TurnBackMaxS = 86_400;

    private const int MissingArgument = -103;
    private const int NotFound = -105;
    private const int NoHandler = 404;

    private const string SwitchPrefix = "switch:";

    private readonly double[] _toldW = [.. Enumerable.Repeat(double.NaN, (device as ChargingDevice)?.Points.Count ?? (device as Meter)?.Elements.Count ?? 0)];
    private readonly Relay[] _relays = [.. Enumerable.Range(0, (device as ChargingDevice)?.Points.Count ?? 0).Select(_ => new Relay())];

    public override string WillTopic => $"{Id}/online";

    /// <summary>Captured from a real one: the will is not retained.</summary>
    public override bool RetainsWill => false;

    public override IReadOnlyList<string> Subscriptions => [$"{Id}/rpc", $"{Id}/command", $"{Id}/command/+"];

    public override byte[] NextWill() => "false"u8.ToArray();

    protected override void Greet(in Moment now)
    {
        Publish(WillTopic, "true");
        Array.Fill(_toldW, double.NaN);
        for (var index = 0; index < _relays.Length; index++)
            _relays[index].IsTold = IsOn(index);
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
            if (Pile is not null)
                parts.Add($"\"{SwitchPrefix}{index}\":{Measured(index, isFull)}");
        }

        if (Pile is null && parts.Count == 0)
            parts.AddRange(Phases());
        if (parts.Count > 0)
            Notify(string.Join(',', parts), now);
    }

    /// <summary>Relays that turn back by themselves; and whatever moved one, it tells at once, with nothing beside it.</summary>
    protected override void Between(in Moment now)
    {
        for (var index = 0; index < _relays.Length; index++)
        {
            var relay = _relays[index];
            if (now.ClockMs >= relay.TurnsBackMs)
                Set(index, !IsOn(index), "timer", double.NaN, now);
            if (relay.IsTold == IsOn(index))
                continue;
            relay.IsTold = !relay.IsTold;
            Notify(Text($"\"{SwitchPrefix}{index}\":{{\"id\":{index},\"output\":{Word(relay.IsTold)},\"source\":\"{relay.Source}\"}}"), now);
            relay.Source = Relay.OwnScript;
        }
    }

    protected override void Obey(string topic, ReadOnlyMemory<byte> payload, in Moment now)
    {
        if (topic.EndsWith("/rpc", StringComparison.Ordinal))
            Call(payload, now);
        else
            Control(topic[(topic.LastIndexOf('/') + 1)..], Encoding.UTF8.GetString(payload.Span).Trim(), now);
    }

    /// <summary>A call is answered where its sender listens; one without a sender is carried out and not answered.</summary>
    private void Call(ReadOnlyMemory<byte> payload, in Moment now)
    {
        if (Object(payload) is not { } call || !call.TryGetProperty("method", out var method) || method.ValueKind != JsonValueKind.String)
            return;
        var arguments = call.TryGetProperty("params", out var found) && found.ValueKind == JsonValueKind.Object ? found : default;
        var answer = Answer(method.GetString()!, arguments, now);
        if (!call.TryGetProperty("src", out var source) || source.ValueKind != JsonValueKind.String || source.GetString() is not { Length: > 0 } sender)
            return;
        var id = call.TryGetProperty("id", out var number) && number.ValueKind is JsonValueKind.Number or JsonValueKind.String ? number.GetRawText() : "0";
        Publish($"{sender}/rpc", $"{{\"id\":{id},\"src\":\"{Id}\",\"dst\":{Quoted(sender)},{answer}}}");
    }

    private string Answer(string method, JsonElement arguments, in Moment now)
    {
        switch (method)
        {
            case "Shelly.GetStatus":
                return $"\"result\":{{{string.Join(',', Status())}}}";
            case "Switch.Set" or "Switch.Toggle" or "Switch.GetStatus" when Relays > 0:
                return Answer(method["Switch.".Length..], arguments, arguments.ValueKind == JsonValueKind.Object && arguments.TryGetProperty("id", out var id) ? id : default, now);
            default:
                return Error(NoHandler, $"No handler for {method}");
        }
    }

    private string Answer(string verb, JsonElement arguments, JsonElement id, in Moment now)
    {
        if (id.ValueKind != JsonValueKind.Number || !id.TryGetInt32(out var index))
            return Error(MissingArgument, "Missing required argument 'id'!");
        if (index < 0 || index >= Relays)
            return Error(NotFound, Text($"Argument 'id', value {index} not found!"));
        if (verb == "GetStatus")
            return $"\"result\":{Measured(index, isFull: true)}";
        var was = IsOn(index);
        var wanted = !was;
        if (verb == "Set")
        {
            if (!arguments.TryGetProperty("on", out var on) || on.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
                return Error(MissingArgument, "Missing required argument 'on'!");
            wanted = on.GetBoolean();
        }

        var turnsBackS = arguments.TryGetProperty("toggle_after", out var after) && after.ValueKind == JsonValueKind.Number ? after.GetDouble() : double.NaN;
        Set(index, wanted, "MQTT", turnsBackS, now);
        return $"\"result\":{{\"was_on\":{Word(was)}}}";
    }

    /// <summary><c>switch:1</c> with <c>on</c>, <c>off</c>, <c>toggle</c>, or <c>on,30</c> for half a minute; or <c>command</c> itself with <c>status_update</c>.</summary>
    private void Control(string component, string text, in Moment now)
    {
        if (component == "command" && text == "status_update")
        {
            for (var index = 0; index < Relays; index++)
                Publish(Text($"{Id}/status/{SwitchPrefix}{index}"), Measured(index, isFull: true));
        }

        if (!component.StartsWith(SwitchPrefix, StringComparison.Ordinal)
            || !int.TryParse(component[SwitchPrefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var relay) || relay >= Relays)
            return;
        var words = text.Split(',');
        bool? wanted = words[0] switch
        {
            "on" => true,
            "off" => false,
            "toggle" => !IsOn(relay),
            _ => null,
        };
        if (wanted is not { } on)
            return;
        var turnsBackS = words.Length > 1 && double.TryParse(words[1], CultureInfo.InvariantCulture, out var seconds) ? seconds : double.NaN;
        Set(relay, on, "MQTT", turnsBackS, now);
    }

    private void Set(int index, bool on, string source, double turnsBackS, in Moment now)
    {
        _relays[index].Source = source;
        _relays[index].TurnsBackMs = turnsBackS is > 0 and <= TurnBackMaxS ? now.ClockMs + (long)(turnsBackS * 1000) : long.MaxValue;
        Switch(index, on);
    }

    private void Notify(string parts, in Moment now) => Publish(
        $"{Id}/events/rpc", Text($"{{\"src\":\"{Id}\",\"dst\":\"{Id}/events\",\"method\":\"NotifyStatus\",\"params\":{{\"ts\":{now.ClockMs / 1000.0:0.00},{parts}}}}}"));

    private IEnumerable<string> Status() =>
        Pile is null ? Phases() : Enumerable.Range(0, Relays).Select(index => Text($"\"{SwitchPrefix}{index}\":{Measured(index, isFull: true)}"));

    private string Measured(int index, bool isFull)
    {
        var point = Pile!.Points[index];
        var element = point.Meter;
        var relay = isFull ? Text($",\"output\":{Word(point.RelayClosed)},\"temperature\":{{\"tC\":{point.Celsius:0.0}}}") : "";
        return Text($"{{\"id\":{index}{relay},\"apower\":{element.Watts:0.0},\"voltage\":{element.Volts:0.0},\"current\":{element.Amps:0.000},\"aenergy\":{{\"total\":{element.ExactWattHours:0.000}}}}}");
    }

    private IEnumerable<string> Phases()
    {
        if (Elements.Count == 1)
            return [Text($"\"em1:0\":{{\"id\":0,\"act_power\":{Elements[0].Watts:0.0},\"voltage\":{Elements[0].Volts:0.0},\"current\":{Elements[0].Amps:0.000},\"pf\":{Elements[0].PowerFactor:0.00}}}")];
        var fields = Elements.Select((element, index) => Text(
            $"\"{"abc"[index]}_current\":{element.Amps:0.000},\"{"abc"[index]}_voltage\":{element.Volts:0.0},\"{"abc"[index]}_act_power\":{element.Watts:0.0},\"{"abc"[index]}_pf\":{element.PowerFactor:0.00}"));
        return [$"\"em:0\":{{\"id\":0,{string.Join(',', fields)},\"n_current\":null}}"];
    }

    private static string Error(int code, string message) => Text($"\"error\":{{\"code\":{code},\"message\":{Quoted(message)}}}");

    private static string Word(bool value) => value ? "true" : "false";

    private sealed class Relay
    {
        /// <summary>What moved it when nobody asked: a script on the device itself, such as one that ends a charge.</summary>
        public const string OwnScript = "loopback";

        /// <summary>The position it told last.</summary>
        public bool IsTold { get; set; }

        public string Source { get; set; } = OwnScript;

        public long TurnsBackMs { get; set; } = long.MaxValue;
    }
}

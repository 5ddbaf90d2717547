using System.Diagnostics;
using FacilityMonitor.Readings;
using FirmwareSim.Devices;
using FirmwareSim.Physics;

namespace FirmwareSim.Scripting;

/// <summary>Begins and ends what the scenario makes happen, and keeps the truth about it.</summary>
internal sealed class ScriptRunner
{
    private readonly List<ScriptStep> _waiting;
    private readonly List<(ScriptStep Step, long FromMs, Action End)> _running = [];
    private readonly List<Truth> _truths = [];
    private readonly Dictionary<string, SimulatedSite> _sites;
    private readonly Randomness _random;
    private readonly long _startMs;

    public ScriptRunner(IReadOnlyList<ScriptStep> steps, IReadOnlyList<SimulatedSite> sites, Randomness random, long startMs)
    {
        _waiting = [.. steps.OrderBy(step => step.AtS)];
        _sites = sites.ToDictionary(site => site.Id);
        _random = random;
        _startMs = startMs;
    }

    public IReadOnlyList<Truth> Truths => _truths;

    public void Step(in Moment now)
    {
        var elapsedS = (now.ClockMs - _startMs) / 1000.0;
        for (var index = 0; index < _running.Count;)
        {
            var (step, fromMs, end) = _running[index];
            if (elapsedS < step.AtS + step.ForS)
            {
                index++;
                continue;
            }

            end();
            Keep(step, fromMs, now.ClockMs);
            _running.RemoveAt(index);
        }

        while (_waiting.Count > 0 && _waiting[0].AtS <= elapsedS)
        {
            var step = _waiting[0];
            _waiting.RemoveAt(0);
            _running.Add((step, now.ClockMs, Begin(step.Action)));
        }
    }

    public void Finish(in Moment now)
    {
        foreach (var (step, fromMs, end) in _running)
        {
            end();
            Keep(step, fromMs, now.ClockMs);
        }

        _running.Clear();
    }

    private void Keep(ScriptStep step, long fromMs, long toMs)
    {
        if (step.Rule is not null)
            _truths.Add(new Truth(fromMs, toMs, step.Rule, AssetOf(step.Action), step.Label));
    }

    /// <summary>Makes it so, and returns how it ends.</summary>
    private Action Begin(ScriptAction action)
    {
        switch (action)
        {
            case ScriptAction.SocketLoad load:
                var loaded = Point(load.Site, load.Device, load.Channel);
                // What is scripted is what the socket carries: whoever charged there has made room.
                if (loaded.IsPlugged)
                    loaded.Unplug();
                loaded.ExtraW += load.Watts;
                if (loaded.Session is null)
                    ((ChargingDevice)Device(load.Site, load.Device)).StartFor(loaded, "h:5c1e77a0");
                return () => loaded.ExtraW -= load.Watts;
            case ScriptAction.CircuitLoad load:
                return AddToCircuit(load.Site, load.Circuit, (circuit, _) => circuit.AddResistive(circuit.PhaseOf(0), load.Watts));
            case ScriptAction.FlyWire wire:
                var charger = new Charger(PackCatalogue.Find(wire.Pack)!, wire.Soc, _random);
                return AddToCircuit(wire.Site, wire.Circuit, (circuit, now) =>
                {
                    charger.Step(now.LifeS);
                    circuit.Add(circuit.PhaseOf(0), charger.Watts, charger.PowerFactor);
                });
            case ScriptAction.PlugIn plug:
                var point = Point(plug.Site, plug.Device, plug.Channel);
                if (!point.IsFree)
                    return () => { };
                ((ChargingDevice)Device(plug.Site, plug.Device)).Plug(point, new Charger(PackCatalogue.Find(plug.Pack)!, plug.Soc, _random), "h:2b90d4f1");
                return point.Unplug;
            case ScriptAction.Offline offline:
                var unreachable = Device(offline.Site, offline.Device);
                unreachable.IsReachable = false;
                return () => unreachable.IsReachable = true;
            case ScriptAction.Restart restart:
                Device(restart.Site, restart.Device).RestartsAsked++;
                return () => { };
            case ScriptAction.Trip trip:
                var tripped = Circuit(trip.Site, trip.Circuit);
                tripped.Cut();
                return tripped.Restore;
            case ScriptAction.Weld weld:
                var welded = Point(weld.Site, weld.Device, weld.Channel);
                welded.IsWelded = true;
                return () => welded.IsWelded = false;
            case ScriptAction.Hazard hazard:
                var shed = ((ShedSensors)Device(hazard.Site, hazard.Device)).Hazard;
                SetHazard(shed, hazard.Kind, hazard.Value);
                return () => SetHazard(shed, hazard.Kind, 0);
            case ScriptAction.Call call:
                var button = (CallButton)Device(call.Site, call.Device);
                button.Press();
                return button.Answer;
            case ScriptAction.BikeInLift bike:
                var blocker = (LiftBlocker)Device(bike.Site, bike.Device);
                blocker.Bike(isIn: true);
                return () => blocker.Bike(isIn: false);
            case ScriptAction.Climb climb:
                var climber = (Climber)Device(climb.Site, climb.Device);
                climber.BeginTrip(climb.Floors);
                climber.IsJammed = climb.Jams;
                return () => climber.IsJammed = false;
            case ScriptAction.Noise noise:
                var meter = (NoiseMeter)Device(noise.Site, noise.Device);
                meter.SourceDb = noise.Db;
                return () => meter.SourceDb = 0;
            default:
                throw new UnreachableException();
        }
    }

    private string AssetOf(ScriptAction action) => action switch
    {
        ScriptAction.SocketLoad load => ChannelAsset(load.Site, load.Device, load.Channel),
        ScriptAction.CircuitLoad load => $"{load.Site}/{load.Circuit}",
        ScriptAction.FlyWire wire => $"{wire.Site}/{wire.Circuit}",
        ScriptAction.PlugIn plug => ChannelAsset(plug.Site, plug.Device, plug.Channel),
        ScriptAction.Trip trip => $"{trip.Site}/{trip.Circuit}",
        ScriptAction.Weld weld => ChannelAsset(weld.Site, weld.Device, weld.Channel),
        ScriptAction.Offline offline => DeviceAsset(offline.Site, offline.Device),
        ScriptAction.Restart restart => DeviceAsset(restart.Site, restart.Device),
        ScriptAction.Hazard hazard => DeviceAsset(hazard.Site, hazard.Device),
        ScriptAction.Call call => DeviceAsset(call.Site, call.Device),
        ScriptAction.BikeInLift bike => DeviceAsset(bike.Site, bike.Device),
        ScriptAction.Climb climb => DeviceAsset(climb.Site, climb.Device),
        ScriptAction.Noise noise => DeviceAsset(noise.Site, noise.Device),
        _ => throw new UnreachableException(),
    };

    private static void SetHazard(ShedHazard shed, HazardKind kind, double value)
    {
        switch (kind)
        {
            case HazardKind.Smoke:
                shed.SmokeDbm = value;
                break;
            case HazardKind.Heat:
                shed.RiseK = value;
                break;
            case HazardKind.Hydrogen:
                shed.HydrogenPpm = value;
                break;
            case HazardKind.CarbonMonoxide:
                shed.CarbonMonoxidePpm = value;
                break;
            case HazardKind.Water:
                shed.WaterCm = value;
                break;
            case HazardKind.ExitBlocked:
                shed.ExitBlocked = value > 0;
                break;
        }
    }

    private Action AddToCircuit(string site, string circuit, Action<Circuit, Moment> draw)
    {
        var extras = _sites[site].Extras;
        var entry = (Circuit(site, circuit), draw);
        extras.Add(entry);
        return () => extras.Remove(entry);
    }

    private SimulatedDevice Device(string site, string device) => _sites[site].Devices.First(candidate => candidate.Seat.Id == device);

    private Circuit Circuit(string site, string circuit) => _sites[site].Circuits.First(candidate => candidate.Id == circuit);

    private ChargingPoint Point(string site, string device, string channel) =>
        ((ChargingDevice)Device(site, device)).Points.First(point => point.Channel.ToString() == channel);

    private string DeviceAsset(string site, string device) => Device(site, device).Seat.AssetPath(ChannelId.Main);

    private string ChannelAsset(string site, string device, string channel) =>
        Device(site, device).Seat.AssetPath(ChannelId.TryParse(channel, out var parsed) ? parsed : ChannelId.Main);
}

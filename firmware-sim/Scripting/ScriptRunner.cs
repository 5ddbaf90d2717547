using System.Diagnostics;
using FacilityMonitor.Readings;
using FirmwareSim.Devices;
using FirmwareSim.Physics;

namespace FirmwareSim.Scripting;

/// <summary>Begins and ends what the scenario makes happen, and keeps the truth about it.</summary>
internal sealed class ScriptRunner
{
    private readonly List<ScriptStep> _waiting;
    private readonly List<(ScriptStep Step, long FromMs, Course Course)> _running = [];
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
            var (step, fromMs, course) = _running[index];
            if (elapsedS < step.AtS + step.ForS)
            {
                course.Play?.Invoke((now.ClockMs - fromMs) / 1000.0);
                index++;
                continue;
            }

            course.End();
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
        foreach (var (step, fromMs, course) in _running)
        {
            course.End();
            Keep(step, fromMs, now.ClockMs);
        }

        _running.Clear();
    }

    private void Keep(ScriptStep step, long fromMs, long toMs)
    {
        if (step.Rule is not null)
            _truths.Add(new Truth(fromMs, toMs, step.Rule, AssetOf(step.Action), step.Label));
        else
            _truths.Add(new Truth(fromMs, toMs, Truth.None, AssetOf(step.Action), step.Label) { May = true });
    }

    /// <summary>What a step does while it lasts, told the seconds since its begin, and how it ends.</summary>
    private sealed record Course(Action End, Action<double>? Play = null);

    /// <summary>Makes it so, and returns how it ends.</summary>
    private Course Begin(ScriptAction action)
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
                return new(() => loaded.ExtraW -= load.Watts);
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
                // Whoever charged there has made room.
                if (point.IsPlugged)
                    point.Unplug();
                if (point.Session is not null)
                    point.SwitchOff(FacilityMonitor.Contract.StopReason.User, "idle");
                var pack = PackCatalogue.Find(plug.Pack)! with { HasShortedCell = plug.HasShortedCell };
                ((ChargingDevice)Device(plug.Site, plug.Device)).Plug(point, new Charger(pack, plug.Soc, _random), "h:2b90d4f1");
                return new(point.Unplug);
            case ScriptAction.Offline offline:
                var unreachable = Device(offline.Site, offline.Device);
                return CutOff([unreachable]);
            case ScriptAction.SiteOffline offline:
                return CutOff(_sites[offline.Site].Devices);
            case ScriptAction.Restart restart:
                var restarted = Device(restart.Site, restart.Device);
                restarted.RestartsAsked++;
                // While it boots, nobody gets through it.
                return CutOff([restarted]);
            case ScriptAction.WindowWire:
                return new(() => { });
            case ScriptAction.BurntContact burnt:
                var contact = Point(burnt.Site, burnt.Device, burnt.Channel).Contact;
                var before = contact.Milliohms;
                contact.Milliohms = burnt.Milliohms;
                return new(() => contact.Milliohms = before);
            case ScriptAction.SwitchOff off:
                ((ChargingDevice)Device(off.Site, off.Device)).SwitchOff(Point(off.Site, off.Device, off.Channel));
                return new(() => { });
            case ScriptAction.BlownFuse fuse:
                var blown = Point(fuse.Site, fuse.Device, fuse.Channel);
                blown.HasBlownFuse = true;
                return new(() => blown.HasBlownFuse = false);
            case ScriptAction.BatteryFire fire:
                return BatteryFire(((ShedSensors)Device(fire.Site, fire.Device)).Hazard, fire.LeadMin);
            case ScriptAction.Flood flood:
                var flooded = ((ShedSensors)Device(flood.Site, flood.Device)).Hazard;
                return new(() => flooded.WaterCm = 0, elapsedS => flooded.WaterCm = Math.Min(flood.Cm, flood.CmPerMin * elapsedS / 60));
            case ScriptAction.ClockJump jump:
                var clock = Device(jump.Site, jump.Device);
                clock.ClockErrorMs += (long)(jump.Seconds * 1000);
                return new(() => clock.ClockErrorMs -= (long)(jump.Seconds * 1000));
            case ScriptAction.Link link:
                return Spoil(Device(link.Site, link.Device).Link, link.Fault, link.Value);
            case ScriptAction.MeterExchange exchange:
                foreach (var element in Elements(exchange.Site, exchange.Device))
                    element.Exchange();
                return new(() => { });
            case ScriptAction.MeterForgets forgets:
                foreach (var element in Elements(forgets.Site, forgets.Device))
                    element.Forget();
                return new(() => { });
            case ScriptAction.MeterDrift drift:
                return Drift(Elements(drift.Site, drift.Device), drift.PercentPerDay);
            case ScriptAction.MainsShift shift:
                var mains = _sites[shift.Site].Mains;
                mains.ShiftV += shift.Volts;
                return new(() => mains.ShiftV -= shift.Volts);
            case ScriptAction.BrokenLamp broken:
                var lamp = (Lamp)Device(broken.Site, broken.Device);
                lamp.IsBroken = true;
                return new(() => lamp.IsBroken = false);
            case ScriptAction.Trip trip:
                var tripped = Circuit(trip.Site, trip.Circuit);
                tripped.Cut();
                return new(tripped.Restore);
            case ScriptAction.Weld weld:
                var welded = Point(weld.Site, weld.Device, weld.Channel);
                welded.IsWelded = true;
                return new(() => welded.IsWelded = false);
            case ScriptAction.Hazard hazard:
                var shed = ((ShedSensors)Device(hazard.Site, hazard.Device)).Hazard;
                SetHazard(shed, hazard.Kind, hazard.Value);
                return new(() => SetHazard(shed, hazard.Kind, 0));
            case ScriptAction.Call call:
                var button = (CallButton)Device(call.Site, call.Device);
                button.Press();
                return new(button.Answer);
            case ScriptAction.BikeInLift bike:
                var blocker = (LiftBlocker)Device(bike.Site, bike.Device);
                blocker.Bike(isIn: true);
                return new(() => blocker.Bike(isIn: false));
            case ScriptAction.Climb climb:
                var climber = (Climber)Device(climb.Site, climb.Device);
                climber.BeginTrip(climb.Floors, climb.Kilograms, climb.IsUnbelted);
                climber.IsJammed = climb.Jams;
                return new(() => climber.IsJammed = false);
            case ScriptAction.Noise noise:
                var meter = (NoiseMeter)Device(noise.Site, noise.Device);
                meter.SourceDb = noise.Db;
                return new(() => meter.SourceDb = 0);
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
        ScriptAction.WindowWire wire => wire.Site,
        ScriptAction.SiteOffline offline => offline.Site,
        ScriptAction.MainsShift shift => shift.Site,
        ScriptAction.BurntContact burnt => ChannelAsset(burnt.Site, burnt.Device, burnt.Channel),
        ScriptAction.SwitchOff off => ChannelAsset(off.Site, off.Device, off.Channel),
        ScriptAction.BlownFuse fuse => ChannelAsset(fuse.Site, fuse.Device, fuse.Channel),
        ScriptAction.BatteryFire fire => DeviceAsset(fire.Site, fire.Device),
        ScriptAction.Flood flood => DeviceAsset(flood.Site, flood.Device),
        ScriptAction.ClockJump jump => DeviceAsset(jump.Site, jump.Device),
        ScriptAction.Link link => DeviceAsset(link.Site, link.Device),
        ScriptAction.MeterExchange exchange => DeviceAsset(exchange.Site, exchange.Device),
        ScriptAction.MeterForgets forgets => DeviceAsset(forgets.Site, forgets.Device),
        ScriptAction.MeterDrift drift => DeviceAsset(drift.Site, drift.Device),
        ScriptAction.BrokenLamp broken => DeviceAsset(broken.Site, broken.Device),
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

    private static Course CutOff(IReadOnlyList<SimulatedDevice> devices)
    {
        foreach (var device in devices)
            device.IsCutOff = true;
        return new(() =>
        {
            foreach (var device in devices)
                device.IsCutOff = false;
        });
    }

    /// <summary>Gas first, then smoke, then heat. From the first vent gas it is minutes: H2 was measured 2 to 8 minutes before visible smoke, and flashover within one minute of flames.</summary>
    private static Course BatteryFire(ShedHazard shed, double leadMin)
    {
        static double Ramp(double minutes, double fromMin, double overMin) => Math.Clamp((minutes - fromMin) / overMin, 0, 1);

        return new(
            () =>
            {
                foreach (var kind in Enum.GetValues<HazardKind>())
                    SetHazard(shed, kind, 0);
            },
            elapsedS =>
            {
                var minutes = elapsedS / 60;
                shed.HydrogenPpm = 420 * Ramp(minutes, 0, 0.8 * leadMin);
                shed.CarbonMonoxidePpm = 350 * Ramp(minutes, 0.4 * leadMin, leadMin);
                shed.SmokeDbm = 3 * Ramp(minutes, leadMin, 1.5);
                shed.RiseK = 160 * Ramp(minutes, leadMin + 1, 3);
            });
    }

    private static Course Spoil(LinkFaults link, LinkFault fault, double value)
    {
        void Set(double to)
        {
            switch (fault)
            {
                case LinkFault.Duplicates:
                    link.DuplicateShare = to;
                    break;
                case LinkFault.Disorder:
                    link.HoldBackS = to;
                    break;
                case LinkFault.Flood:
                    link.ExtraPerS = to;
                    break;
                case LinkFault.Malformed:
                    link.MalformedShare = to;
                    break;
            }
        }

        Set(value);
        return new(() => Set(0));
    }

    private static Course Drift(IReadOnlyList<Measurement> elements, double percentPerDay)
    {
        foreach (var element in elements)
            element.Drift(percentPerDay);
        return new(() =>
        {
            foreach (var element in elements)
                element.Drift(0);
        });
    }

    /// <summary>The measuring elements of a meter, or of every socket of a pile.</summary>
    private IReadOnlyList<Measurement> Elements(string site, string device) => Device(site, device) switch
    {
        Meter meter => meter.Elements,
        ChargingDevice charging => [.. charging.Points.Select(point => point.Meter)],
        _ => throw new UnreachableException(),
    };

    private Course AddToCircuit(string site, string circuit, Action<Circuit, Moment> draw)
    {
        var extras = _sites[site].Extras;
        var entry = (Circuit(site, circuit), draw);
        extras.Add(entry);
        return new(() => extras.Remove(entry));
    }

    private SimulatedDevice Device(string site, string device) => _sites[site].Devices.First(candidate => candidate.Seat.Id == device);

    private Circuit Circuit(string site, string circuit) => _sites[site].Circuits.First(candidate => candidate.Id == circuit);

    private ChargingPoint Point(string site, string device, string channel) =>
        ((ChargingDevice)Device(site, device)).Points.First(point => point.Channel.ToString() == channel);

    private string DeviceAsset(string site, string device) => Device(site, device).Seat.AssetPath(ChannelId.Main);

    private string ChannelAsset(string site, string device, string channel) =>
        Device(site, device).Seat.AssetPath(ChannelId.TryParse(channel, out var parsed) ? parsed : ChannelId.Main);
}

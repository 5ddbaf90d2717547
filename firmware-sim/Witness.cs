using FirmwareSim.Devices;
using FirmwareSim.Physics;

namespace FirmwareSim;

/// <summary>Sees what really happens, whether a script made it happen or people and physics did, and writes the truth about it.</summary>
/// <remarks>Judges true values, not measured ones, and leaves room around every threshold of the rules' defaults (DESIGN §5): what is clearly beyond must be found, what is
/// near the edge may be. Only what a device on the network could have told is demanded.</remarks>
internal sealed class Witness
{
    private const double Hour = 3_600;
    private const int MeanMinutes = 180;

    /// <summary>A rule that compares a session with its user's own record does so from 1.5 times that and from 1.75 kWh up; a meter's error either way is beyond doubt here.</summary>
    private const double OwnRatio = 1.6;

    private const double OwnLeastWh = 1_850;

    /// <summary>Somebody who waits ten minutes for a socket has found none.</summary>
    private const double CrowdedAfterS = 15 * 60;

    private readonly List<Truth> _truths = [];
    private readonly Dictionary<(string Rule, string Asset), Sight> _open = [];
    private readonly List<(SimulatedSite Site, ChargingDevice Device, ChargingPoint Point, string Asset, TrueCharge Charge)> _points = [];
    private readonly List<(CrowdedPlace Place, string Asset)> _places = [];
    private readonly Dictionary<SimulatedSite, TrueRecords> _records = [];
    private readonly List<(Circuit Circuit, Meter Meter, string Asset, Mean Mean)> _circuits = [];
    private readonly List<(SimulatedDevice Device, string Asset)> _devices = [];
    private Moment _now;

    public Witness(IReadOnlyList<SimulatedSite> sites)
    {
        foreach (var site in sites)
        {
            _records[site] = new TrueRecords();
            _places.AddRange(site.Devices.OfType<ChargingDevice>().Where(device => device.Seat.Place is not null).GroupBy(device => device.Seat.Place)
                .Select(place => (new CrowdedPlace([.. place.SelectMany(device => device.Points.Select(point => (device, point)))]), $"{site.Id}/{place.Key}")));
            foreach (var device in site.Devices)
            {
                _devices.Add((device, device.Seat.AssetPath(FacilityMonitor.Readings.ChannelId.Main)));
                if (device is ChargingDevice charging)
                    _points.AddRange(charging.Points.Select(point => (site, charging, point, device.Seat.AssetPath(point.Channel), new TrueCharge())));
                if (device is Meter meter)
                    _circuits.Add((meter.Measured, meter, $"{site.Id}/{meter.Measured.Id}", new Mean(MeanMinutes)));
            }
        }
    }

    /// <summary>What has ended so far.</summary>
    public IReadOnlyList<Truth> Truths => _truths;

    public void Step(in Moment now)
    {
        _now = now;
        foreach (var (site, device, point, asset, charge) in _points)
            SeePoint(device, point, asset, charge, _records[site]);
        foreach (var (place, asset) in _places)
        {
            place.Step(now);
            See("full-not-unplugged", asset, place.IsNearly, place.IsPlainly, CrowdedAfterS, "full bikes hold sockets while none is free");
        }

        foreach (var (circuit, meter, asset, mean) in _circuits)
            SeeCircuit(circuit, meter, asset, mean);
        foreach (var (device, asset) in _devices)
            SeeDevice(device, asset);
    }

    /// <summary>Ends what is still going on.</summary>
    public void Finish()
    {
        foreach (var ((_, asset), sight) in _open)
            End(asset, sight);
        _open.Clear();
    }

    private void SeePoint(ChargingDevice device, ChargingPoint point, string asset, TrueCharge charge, TrueRecords records)
    {
        var watts = point.TrueWatts;
        var period = device.Seat.PeriodS;
        var isHeard = device.IsHeard;
        See("socket-overload", asset, watts > 940, isHeard && watts > 1_060, (3 * period) + 15, "more on one socket than it may carry");
        See("welded-relay", asset, point.IsWelded && !point.RelayClosed && watts > 4, isHeard && watts > 6, 60 + (4 * period), "current though the relay is off");
        if (point.Celsius > 58)
        {
            var others = device.Points.Where(other => other != point).Select(other => other.Celsius).Order().ToList();
            var above = others.Count == 0 ? 0 : point.Celsius - others[others.Count / 2];
            See("over-temperature", asset, true, isHeard && (point.Celsius >= 92 || (point.Celsius >= 70 && above >= 25)), 3 * period, "a contact that burns");
        }
        else
        {
            See("over-temperature", asset, false, false, 0, "");
        }

        if (charge.Step(point, _now) is { } ended)
            records.Add(ended.User, _now.ClockMs, ended.WattHours);
        See(
            "charge-too-long", asset, charge.PerhapsChargedS > 7.8 * Hour, isHeard && charge.ChargedS > 8.2 * Hour, 3 * period, "charging for more than eight hours");
        See("no-taper", asset, charge.NearPeakS > 9.8 * Hour, isHeard && charge.NearPeakS > 10.2 * Hour, 3 * period, "full current for more than ten hours");
        // One battery takes no more than it took; two on a splitter may, and then it shows. Where they do not, whoever says so is not wrong.
        var own = records.Most(charge.User, _now.ClockMs) is { } most && charge.HadTwoChargers ? Math.Max(OwnLeastWh, OwnRatio * most) : double.PositiveInfinity;
        See(
            "implausible-energy", asset, charge.WattHours > 4_800 || charge.HadTwoChargers, isHeard && (charge.WattHours > 5_200 || charge.WattHours > own), 3 * period,
            charge.HadTwoChargers ? "two chargers on one socket" : "more energy than any battery here holds");
        See(
            "reserved-socket-misuse", asset, point.IsReserved && point.Session is not null && !point.IsEntitledUser,
            isHeard, 3 * period, "somebody who is not entitled charges at a reserved socket");
    }

    private void SeeCircuit(Circuit circuit, Meter meter, string asset, Mean mean)
    {
        var period = meter.Seat.PeriodS;
        var isHeard = meter.IsHeard;
        if (circuit.RatedA is { } rated)
        {
            var amps = Math.Max(circuit.Amps(1), Math.Max(circuit.Amps(2), circuit.Amps(3)));
            var ratio = amps / rated;
            mean.Add(ratio, _now.ClockS);
            var hours = mean.IsFull ? mean.Value : 0;
            // Three ways to be overloaded, one rule. A minute or so at 1.2 In, twelve at 1.08, or three hours at 83 %.
            See("circuit-overload", asset, ratio > 1 || hours > 0.76, isHeard && (ratio > 1.2 || hours > 0.84), 45 + (4 * period), "more current than the circuit may carry");
            SeeAlso("circuit-overload", asset, "slow", ratio > 1, isHeard && ratio > 1.08, 12 * 60, "more current than the circuit may carry");
        }

        See("circuit-tripped", asset, !circuit.IsClosed, isHeard, 0, "the breaker is open");
        See("supply-lost", asset, circuit.Volts(circuit.PhaseOf(0)) <= 0, false, 0, "no voltage");
        var volts = circuit.Volts(circuit.PhaseOf(0));
        See("voltage-out-of-range", asset, volts is > 1 and (< 199 or > 234.5), isHeard && volts is > 1 and (< 195 or > 238), 12 * 60, "voltage outside what devices stand");
    }

    private void SeeDevice(SimulatedDevice device, string asset)
    {
        var period = device.Seat.PeriodS;
        var isHeard = device.IsHeard;
        // Where nobody is left to say so, what is told of the gateway has to do.
        See("offline", asset, !isHeard, device.IsPowered && device.IsSpokenFor, 180, "not reachable");
        See("silent", asset, !isHeard, false, 0, "not reachable");
        switch (device)
        {
            case ShedSensors shed:
                SeeShed(shed, asset, period, isHeard);
                break;
            case Climber climber:
                See("stuck", asset, climber.IsStuck, isHeard, 60 + (3 * period), "a passenger sits on the stairs and nothing moves");
                break;
            case CallButton button:
                See("call-pressed", asset, button.IsPressed, isHeard, 1, "somebody calls");
                See("call-unanswered", asset, button.IsPressed, isHeard, 60 + (2 * period), "nobody answers a call");
                break;
            case LiftBlocker blocker:
                See("e-bike-in-lift", asset, blocker.HasBike, isHeard, 60 + (2 * period), "an e-bike in the lift");
                break;
            case NoiseMeter noise:
                See("noise-limit", asset, noise.SourceDb > 0, false, 0, "noise on the square");
                break;
        }
    }

    private void SeeShed(ShedSensors shed, string asset, double period, bool isHeard)
    {
        var air = shed.Hazard;
        var gas = air.HydrogenPpm >= 60 || air.CarbonMonoxidePpm >= 60;
        var smoke = air.SmokeDbm >= 0.25;
        var heat = shed.Celsius >= 60;
        See("smoke", asset, air.SmokeDbm > 0.08, isHeard && smoke, 2 * period, "smoke");
        See("heat", asset, shed.Celsius > 35, isHeard && heat, 2 * period, "heat");
        See("gas", asset, air.HydrogenPpm > 35 || air.CarbonMonoxidePpm > 35, isHeard && gas, 35 + (2 * period), "gas from a battery");
        var signs = (gas ? 1 : 0) + (smoke ? 1 : 0) + (heat ? 1 : 0);
        See("thermal-runaway", asset, gas || smoke || heat, isHeard && signs >= 2, 35 + (2 * period), "a battery on its way to burn");
        See("water", asset, air.WaterCm > 4, isHeard && air.WaterCm > 5.5, 2 * period, "water on the floor");
        See("exit-blocked", asset, air.ExitBlocked, isHeard, 60 + (2 * period), "the way out is blocked");
    }

    /// <summary>Notes whether something is the case.</summary>
    /// <param name="rule">Whose matter it is.</param>
    /// <param name="asset">Where.</param>
    /// <param name="isSo">Whether it is so, at least nearly.</param>
    /// <param name="isPlain">Whether it is so beyond doubt.</param>
    /// <param name="demandedAfterS">How long it must be so beyond doubt, on the clock, until it has to be found.</param>
    /// <param name="label">What it is.</param>
    private void See(string rule, string asset, bool isSo, bool isPlain, double demandedAfterS, string label) => SeeAlso(rule, asset, "", isSo, isPlain, demandedAfterS, label);

    private void SeeAlso(string rule, string asset, string way, bool isSo, bool isPlain, double demandedAfterS, string label)
    {
        var key = (rule + way, asset);
        if (!_open.TryGetValue(key, out var sight))
        {
            if (!isSo)
                return;
            _open[key] = sight = new Sight(_now.ClockMs - (long)(_now.ClockS * 1000), rule, label);
        }

        if (!isSo)
        {
            _open.Remove(key);
            End(asset, sight);
            return;
        }

        sight.LastMs = _now.ClockMs;
        sight.PlainS = isPlain ? sight.PlainS + _now.ClockS : 0;
        if (!isPlain)
            sight.PlainFromMs = null;
        else
            sight.PlainFromMs ??= _now.ClockMs - (long)(_now.ClockS * 1000);
        if (sight.PlainS >= demandedAfterS && sight.PlainS > 0)
            sight.DemandedFromMs ??= sight.PlainFromMs;
    }

    private void End(string asset, Sight sight)
    {
        if (sight.DemandedFromMs is { } fromMs)
            _truths.Add(new Truth(fromMs, sight.LastMs, sight.Rule, asset, sight.Label));
        // Whoever is more careful than we may say so from the first sign to the last.
        if (sight.DemandedFromMs is null || sight.DemandedFromMs > sight.FromMs)
            _truths.Add(new Truth(sight.FromMs, sight.LastMs, sight.Rule, asset, sight.Label) { May = true });
    }

    /// <summary>Something that is going on.</summary>
    private sealed class Sight(long fromMs, string rule, string label)
    {
        public long FromMs { get; } = fromMs;

        public string Rule { get; } = rule;

        public string Label { get; } = label;

        public long LastMs { get; set; } = fromMs;

        public double PlainS { get; set; }

        public long? PlainFromMs { get; set; }

        /// <summary>Since when it has to be found.</summary>
        public long? DemandedFromMs { get; set; }
    }

    /// <summary>Mean over the last minutes.</summary>
    private sealed class Mean(int minutes)
    {
        private readonly double[] _minutes = new double[minutes];
        private double _sum;
        private double _minuteSum;
        private double _minuteS;
        private int _count;

        public bool IsFull => _count >= minutes;

        public double Value => _sum / minutes;

        public void Add(double value, double seconds)
        {
            _minuteSum += value * seconds;
            _minuteS += seconds;
            if (_minuteS < 60)
                return;
            var mean = _minuteSum / _minuteS;
            (_minuteSum, _minuteS) = (0, 0);
            _sum += mean - _minutes[_count % minutes];
            _minutes[_count % minutes] = mean;
            _count++;
        }
    }
}

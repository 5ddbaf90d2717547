using FirmwareSim.Devices;
using FirmwareSim.People;
using FirmwareSim.Physics;

namespace FirmwareSim;

/// <summary>One site: its supply, circuits, devices and people.</summary>
internal sealed class SimulatedSite
{
    private readonly List<SimulatedDevice> _devices = [];
    private readonly List<Meter> _meters = [];
    private readonly Dictionary<int, double> _trippedS = [];

    public required string Id { get; init; }

    public required Mains Mains { get; init; }

    /// <summary>How long a tripped breaker waits for somebody to switch it on again, s of life.</summary>
    public double ResetAfterS { get; init; } = 45 * 60;

    /// <summary>Every circuit, parents before their children.</summary>
    public required IReadOnlyList<Circuit> Circuits { get; init; }

    public required IReadOnlyList<(Circuit Circuit, BaseLoad Load)> Loads { get; init; }

    public List<Neighbours> People { get; } = [];

    /// <summary>What a script has put on circuits.</summary>
    public List<(Circuit Circuit, Action<Circuit, Moment> Draw)> Extras { get; } = [];

    public IReadOnlyList<SimulatedDevice> Devices => _devices;

    public void Add(SimulatedDevice device)
    {
        if (device is Meter meter)
            _meters.Add(meter);
        _devices.Add(device);
    }

    public void Step(in Moment now)
    {
        Mains.Step(now);
        ResetBreakers(now);
        foreach (var circuit in Circuits)
            circuit.Begin(Mains);
        foreach (var people in People)
            people.Step(now);
        foreach (var device in _devices)
        {
            if (device is not Meter)
                device.Step(now);
        }

        foreach (var (circuit, load) in Loads)
            load.Step(now, circuit);
        foreach (var (circuit, draw) in Extras)
            draw(circuit, now);
        for (var index = Circuits.Count - 1; index >= 0; index--)
            Circuits[index].End(now.ClockS);
        for (var phase = 1; phase <= 3; phase++)
        {
            var amps = 0.0;
            foreach (var circuit in Circuits)
                amps += circuit.Parent is null ? circuit.Amps(phase) : 0;
            Mains.Carry(phase, amps);
        }

        // Meters last: they see the whole step.
        foreach (var meter in _meters)
            meter.Step(now);
    }

    /// <summary>Somebody comes and switches on what has tripped by itself. What a script opened, the script closes.</summary>
    private void ResetBreakers(in Moment now)
    {
        for (var index = 0; index < Circuits.Count; index++)
        {
            var circuit = Circuits[index];
            if (circuit.IsCut || circuit.Breaker is not { HasTripped: true } breaker)
                continue;
            _trippedS[index] = _trippedS.GetValueOrDefault(index) + now.LifeS;
            if (_trippedS[index] < ResetAfterS)
                continue;
            _trippedS[index] = 0;
            breaker.Close();
        }
    }
}

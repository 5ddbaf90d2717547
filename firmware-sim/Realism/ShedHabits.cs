using FacilityMonitor.Contract;
using FirmwareSim.Devices;
using FirmwareSim.Scripting;

namespace FirmwareSim.Realism;

/// <summary>Four weeks of a shed of forty sockets, as its own piles count them.</summary>
internal sealed class ShedHabits
{
    private const int Days = 28;
    private const double StepS = 60;

    private const string Shed = """
        name: habits
        start: 2026-11-02T00:00:00+08:00
        step: 60s
        warm_up: 24h
        sites:
          - id: a
            circuits: [{ id: c, rated: 100, phases: 3, ohms: 0.02 }]
            devices:
              - { id: p1, kind: pile, place: shed, circuit: c, sockets: 20 }
              - { id: p2, kind: pile, place: shed, circuit: c, sockets: 20 }
            people: [{ place: shed }]
        """;

    private readonly List<(double Hour, bool IsFree)> _starts = [];
    private readonly List<(double Hour, bool IsFree)> _fetched = [];
    private readonly List<double> _chargingH = [];
    private readonly List<double> _kiloWattHours = [];
    private readonly Dictionary<string, long> _startedMs = [];
    private readonly Dictionary<StopReason, int> _reasons = [];

    private ShedHabits()
    {
    }

    /// <summary>Hour of every start, and whether it was a free day.</summary>
    public IReadOnlyList<(double Hour, bool IsFree)> Starts => _starts;

    /// <summary>When bikes were fetched, charged or not.</summary>
    public IReadOnlyList<(double Hour, bool IsFree)> Fetched => _fetched;

    /// <summary>Length of every session, h.</summary>
    public IReadOnlyList<double> SessionHours => _chargingH;

    /// <summary>Energy of every session, kWh.</summary>
    public IReadOnlyList<double> SessionKiloWattHours => _kiloWattHours;

    /// <summary>Sessions by why they ended.</summary>
    public IReadOnlyDictionary<StopReason, int> Reasons => _reasons;

    /// <summary>Starts a socket and day.</summary>
    public double StartsPerSocketAndDay { get; private set; }

    public static ShedHabits Watch(ulong seed)
    {
        var scenario = ScenarioReader.Read("habits", new StringReader(Shed)).Scenario!;
        var world = new World(scenario, seed, scenario.StartMs);
        var habits = new ShedHabits();
        var points = world.Devices.OfType<ChargingDevice>().SelectMany(device => device.Points).ToList();
        var held = points.Select(point => point.Charger).ToArray();
        for (var step = 0; step < Days * 86_400 / StepS; step++)
        {
            world.Step();
            foreach (var device in world.Devices)
            {
                foreach (var fact in device.TakeFacts())
                    habits.Note(fact, world.Now);
            }

            for (var index = 0; index < held.Length; index++)
            {
                if (held[index] is not null && held[index] != points[index].Charger)
                    habits._fetched.Add((world.Now.Hour, world.Now.IsWeekend));
                held[index] = points[index].Charger;
            }
        }

        habits.StartsPerSocketAndDay = habits._starts.Count / (double)Days / points.Count;
        return habits;
    }

    private void Note(DeviceFact fact, in Moment now)
    {
        if (fact.Kind == EventKind.SessionStart)
        {
            _starts.Add((now.Hour, now.IsWeekend));
            _startedMs[fact.Session!] = now.LifeMs;
        }
        else if (fact.Kind == EventKind.SessionStop && _startedMs.Remove(fact.Session!, out var startedMs))
        {
            _chargingH.Add((now.LifeMs - startedMs) / 3_600_000.0);
            _kiloWattHours.Add((fact.Wh ?? 0) / 1000);
            _reasons[fact.Reason!.Value] = _reasons.GetValueOrDefault(fact.Reason.Value) + 1;
        }
    }
}

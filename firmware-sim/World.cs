using FirmwareSim.Devices;
using FirmwareSim.Scripting;

namespace FirmwareSim;

/// <summary>Everything that is simulated, advanced in steps; the same scenario and seed give the same world, bit for bit, on one kind of machine.</summary>
internal sealed class World
{
    /// <summary>Most that life may run faster than the clock.</summary>
    public const double SpeedMax = 10_000;

    private const double WarmUpStepS = 60;

    /// <summary>Longest piece of life in one go: people decide and firmware supervises in between.</summary>
    private const double LifePieceS = 60;

    private readonly Scenario _scenario;
    private readonly ScriptRunner _script;
    private Witness? _witness;
    private readonly double _speed;
    private readonly long _startClockMs;
    private double _clockS;
    private double _lifeS;

    /// <param name="scenario">What is there and what happens.</param>
    /// <param name="seed">Which of the possible worlds.</param>
    /// <param name="startClockMs">What the devices' clocks say at the beginning, ms since 1970-01-01 UTC.</param>
    /// <param name="speed">How many times faster life runs than the clock; null: as the scenario says.</param>
    public World(Scenario scenario, ulong seed, long startClockMs, double? speed = null)
    {
        _scenario = scenario;
        _speed = speed ?? scenario.Speed;
        _startClockMs = startClockMs;
        Sites = WorldBuilder.Build(scenario, seed);
        Devices = [.. Sites.SelectMany(site => site.Devices)];
        _script = new ScriptRunner(scenario.Script, Sites, new Randomness(seed, "script"), startClockMs);
        WarmUp();
        Now = MomentAt(0, 0);
    }

    public IReadOnlyList<SimulatedSite> Sites { get; }

    public IReadOnlyList<SimulatedDevice> Devices { get; }

    public double StepS => _scenario.StepS;

    public Moment Now { get; private set; }

    /// <summary>What has happened, by its begin: what a script said of itself, and what was seen beside it; complete after <see cref="Finish"/>.</summary>
    public IEnumerable<Truth> Truths =>
        Sites.Select(site => new Truth(_startClockMs, Now.ClockMs, Truth.Observed, site.Id, "everything worth an alert is in this file"))
            .Concat(_script.Truths)
            .Concat(Sites.SelectMany(site => site.People).SelectMany(people => people.Truths).Where(done => done.ToMs >= _startClockMs))
            .Concat((_witness?.Truths ?? []).Where(seen => !_script.Truths.Any(told => Overlap(told, seen))))
            .OrderBy(truth => truth.FromMs).ThenBy(truth => truth.Asset, StringComparer.Ordinal).ThenBy(truth => truth.Rule, StringComparer.Ordinal).ThenBy(truth => truth.ToMs);

    /// <summary>One step of the clock, and as many times more of life.</summary>
    public void Step()
    {
        var pieces = Math.Max(1, (int)Math.Ceiling(_scenario.StepS * _speed / LifePieceS));
        for (var piece = 0; piece < pieces; piece++)
            Step(_scenario.StepS / pieces);
    }

    private void Step(double clockS)
    {
        _clockS += clockS;
        _lifeS += clockS * _speed;
        Now = MomentAt(clockS, clockS * _speed);
        _script.Step(Now);
        foreach (var site in Sites)
            site.Step(Now);
        _witness?.Step(Now);
    }

    /// <summary>Has everything that happens from now on looked at, for <see cref="Truths"/>. A load run goes without.</summary>
    public void Watch() => _witness ??= new Witness(Sites);

    /// <summary>Ends what is still open, so that it is in <see cref="Truths"/>.</summary>
    public void Finish()
    {
        _script.Finish(Now);
        foreach (var people in Sites.SelectMany(site => site.People))
            people.Finish();
        _witness?.Finish();
    }

    private static bool Overlap(Truth told, Truth seen) =>
        told.Rule == seen.Rule && told.Asset == seen.Asset && told.FromMs <= seen.ToMs && seen.FromMs <= told.ToMs;

    /// <summary>Life before the first step: coarse, and told to nobody.</summary>
    private void WarmUp()
    {
        for (var left = _scenario.WarmUpS; left > 0; left -= WarmUpStepS)
        {
            var now = new Moment(_startClockMs - (long)(left * 1000), WarmUpStepS, _scenario.StartMs - (long)(left * 1000), WarmUpStepS);
            foreach (var site in Sites)
                site.Step(now);
        }

        foreach (var device in Devices)
            device.TakeFacts();
    }

    private Moment MomentAt(double clockS, double lifeS) =>
        new(_startClockMs + (long)Math.Round(_clockS * 1000), clockS, _scenario.StartMs + (long)Math.Round(_lifeS * 1000), lifeS);
}

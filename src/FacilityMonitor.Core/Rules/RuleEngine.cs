using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>The engines of all sites. A pure function of the records it is given: the same records, the same alerts. Not thread-safe.</summary>
public sealed class RuleEngine
{
    private readonly DeviceTable _devices;
    private readonly Dictionary<string, SiteEngine> _sites = new(StringComparer.Ordinal);
    private readonly Dictionary<int, SiteEngine> _byDevice = [];
    private FacilityIndex _index;
    private long _startedMs;

    /// <summary>Engines for a registry, with nothing known yet.</summary>
    public RuleEngine(FacilityIndex index, DeviceTable devices)
    {
        _index = index;
        _devices = devices;
    }

    /// <summary>What every circuit carries now, by its path (<c>site/circuit</c>).</summary>
    public IEnumerable<CircuitState> Circuits =>
        from site in _sites
        from circuit in site.Value.Circuits
        let worst = circuit.Phases.OrderByDescending(phase => phase.Amps).FirstOrDefault()
        where circuit.Phases.Count > 0
        select new CircuitState($"{site.Key}/{circuit.Circuit.Id}", [.. circuit.Phases.Select(phase => phase.Amps)], circuit.Circuit.RatedA, worst.Level, worst.Trip);

    /// <summary>Takes in a message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="output">Where the steps of alerts go.</param>
    public void Observe(DeviceMessage message, List<AlertTransition> output)
    {
        ArgumentNullException.ThrowIfNull(message);
        var device = message.Device!;
        if (!_byDevice.TryGetValue(device.Number, out var engine))
            _byDevice[device.Number] = engine = EngineOf(SiteOf(device.Id));
        engine.Observe(message, output);
    }

    /// <summary>A second went by, ms since 1970-01-01 UTC.</summary>
    public void Tick(long atMs, List<AlertTransition> output)
    {
        foreach (var engine in _sites.Values)
            engine.Tick(atMs, output);
    }

    /// <summary>The service began.</summary>
    public void Started(long atMs)
    {
        _startedMs = atMs;
        foreach (var engine in _sites.Values)
            engine.Started(atMs);
    }

    /// <summary>Another registry came into force; what is known stays known.</summary>
    public void Reconfigure(FacilityIndex index)
    {
        var output = new ArrayBufferWriter<byte>();
        Save(output);
        _index = index;
        _sites.Clear();
        _byDevice.Clear();
        Load(output.WrittenSpan);
    }

    /// <summary>Writes everything it knows.</summary>
    public void Save(IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        foreach (var (name, engine) in _sites)
        {
            var part = new ArrayBufferWriter<byte>();
            engine.Save(part);
            var bytes = Encoding.UTF8.GetBytes(name);
            Int32(output, bytes.Length);
            output.Write(bytes);
            Int32(output, part.WrittenCount);
            output.Write(part.WrittenSpan);
        }
    }

    /// <summary>Takes back what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or of a newer format.</exception>
    public void Load(ReadOnlySpan<byte> input)
    {
        while (!input.IsEmpty)
        {
            var name = Encoding.UTF8.GetString(Take(ref input));
            EngineOf(name).Load(Take(ref input), _devices);
        }
    }

    private static void Int32(IBufferWriter<byte> output, int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(output.GetSpan(4), value);
        output.Advance(4);
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> input)
    {
        if (input.Length < 4 || BinaryPrimitives.ReadInt32LittleEndian(input) is var length && (length < 0 || length > input.Length - 4))
            throw new InvalidDataException("The rule snapshot breaks off.");
        var part = input.Slice(4, length);
        input = input[(4 + length)..];
        return part;
    }

    private string SiteOf(DeviceId device) => _index.Find(device)?.Site.Id ?? device.Site ?? "";

    private SiteEngine EngineOf(string site)
    {
        if (_sites.TryGetValue(site, out var engine))
            return engine;
        _sites[site] = engine = new SiteEngine(site.Length == 0 ? null : site, _index);
        engine.Started(_startedMs);
        return engine;
    }
}

/// <summary>What a circuit carries now.</summary>
/// <param name="Path"><c>site/circuit</c>.</param>
/// <param name="Amps">Current of each phase, A.</param>
/// <param name="RatedA">Rated current, A; null: not registered.</param>
/// <param name="Level">Thermal level H of the phase that carries most; the breaker trips at 1.</param>
/// <param name="Trip">When it is expected to trip; null: not at this load.</param>
public sealed record CircuitState(string Path, IReadOnlyList<double> Amps, double? RatedA, double Level, TripBand? Trip);

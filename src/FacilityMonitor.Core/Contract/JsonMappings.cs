namespace FacilityMonitor.Contract;

/// <summary>The mappings in force, made ready once. Immutable; threads may share it.</summary>
public sealed class JsonMappings
{
    private readonly JsonMappingPlan[] _plans;

    /// <summary>Makes them ready, in the order they are tried.</summary>
    public JsonMappings(IReadOnlyList<JsonMapping> mappings)
    {
        ArgumentNullException.ThrowIfNull(mappings);
        _plans = [.. mappings.Select(mapping => new JsonMappingPlan(mapping))];
        Topics = [.. mappings.Select(mapping => mapping.Topic).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>No mapping at all.</summary>
    public static JsonMappings Empty { get; } = new([]);

    /// <summary>Their topic filters, each once: what has to be subscribed.</summary>
    public IReadOnlyList<string> Topics { get; }

    internal ReadOnlySpan<JsonMappingPlan> Plans => _plans;
}

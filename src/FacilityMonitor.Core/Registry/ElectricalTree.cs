namespace FacilityMonitor.Registry;

/// <summary>The order of feeders and circuits.</summary>
public static class ElectricalTree
{
    /// <summary>Parents before children, else in the order given. Circuits on a cycle, or below one, come last.</summary>
    public static IReadOnlyList<Circuit> ParentsFirst(IReadOnlyList<Circuit> circuits)
    {
        ArgumentNullException.ThrowIfNull(circuits);
        var children = circuits.Where(circuit => circuit.Parent is not null).ToLookup(circuit => circuit.Parent!, StringComparer.Ordinal);
        var ids = circuits.Select(circuit => circuit.Id).ToHashSet(StringComparer.Ordinal);
        var placed = new HashSet<Circuit>(ReferenceEqualityComparer.Instance);
        var ordered = new List<Circuit>(circuits.Count);
        var waiting = new Queue<Circuit>(circuits.Where(circuit => circuit.Parent is null || !ids.Contains(circuit.Parent)));
        while (waiting.TryDequeue(out var circuit))
        {
            if (!placed.Add(circuit))
                continue;
            ordered.Add(circuit);
            foreach (var child in children[circuit.Id])
                waiting.Enqueue(child);
        }

        ordered.AddRange(circuits.Where(circuit => !placed.Contains(circuit)));
        return ordered;
    }

    /// <summary>A circuit and all that feed it, the nearest first; on a cycle none more often than there are circuits.</summary>
    /// <param name="circuits">The circuits of its site.</param>
    /// <param name="of">The circuit; null: there is none.</param>
    public static IEnumerable<Circuit> Feeding(IReadOnlyList<Circuit> circuits, Circuit? of)
    {
        ArgumentNullException.ThrowIfNull(circuits);
        return Walk();

        IEnumerable<Circuit> Walk()
        {
            var circuit = of;
            for (var depth = 0; circuit is not null && depth <= circuits.Count; depth++)
            {
                yield return circuit;
                var parent = circuit.Parent;
                circuit = circuits.FirstOrDefault(one => one.Id == parent);
            }
        }
    }
}

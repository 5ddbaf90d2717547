using System.Globalization;
using FacilityMonitor.Registry;
using FacilityMonitor.Storage;

namespace FacilityMonitor.Web;

/// <summary>What all main circuits of a site draw together, over time: the sum of their meters, where each of them told something.</summary>
internal static class SiteTotal
{
    /// <summary>Nominal voltage to neutral, V.</summary>
    private const double NominalV = 220;

    /// <summary>Shortest stretch that is added up, ms: meters speak once a minute, and not at the same moment.</summary>
    public const long StretchMinMs = 120_000;

    /// <summary>Main circuits that are added up; a site with more is fed by several companies.</summary>
    public const int CircuitsMax = 12;

    public static string Address(string site) => $"/series/{site}";

    /// <summary>Main circuits with a meter.</summary>
    public static IReadOnlyList<Circuit> Metered(Site site) => [.. site.Circuits.Where(circuit => circuit.Parent is null && circuit.Meter is not null).Take(CircuitsMax)];

    /// <summary>Main circuits that are not among those added up.</summary>
    public static IReadOnlyList<Circuit> Unmetered(Site site) => [.. site.Circuits.Where(circuit => circuit.Parent is null).Except(Metered(site))];

    /// <summary>What the breakers of the main circuits carry together at the nominal voltage, W; null: there is none, or the rating of one is not registered.</summary>
    public static double? RatedWatts(Site site) => RatedWatts([.. site.Circuits.Where(circuit => circuit.Parent is null)]);

    /// <summary>The same of some circuits: a sum is compared with what it is the sum of.</summary>
    public static double? RatedWatts(IReadOnlyList<Circuit> circuits) =>
        circuits.Count > 0 && circuits.All(circuit => circuit.RatedA is not null) ? circuits.Sum(circuit => circuit.RatedA!.Value * circuit.Phases * NominalV) : null;

    /// <summary>What the line of the rating is called.</summary>
    /// <param name="watts">The rating, W.</param>
    /// <param name="isAll">Whether every main circuit is in it.</param>
    public static LocalText RatedName(double watts, bool isAll)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{watts / 1000:0.#} kW");
        return isAll ? new LocalText($"总额定 {text}", $"rated {text} in all") : new LocalText($"有电表的总回路额定 {text}", $"metered main circuits rated {text}");
    }

    /// <summary>How long a stretch is when so many points were asked for, ms: long enough that each meter speaks in it, whenever it does.</summary>
    /// <param name="fromMs">Begin.</param>
    /// <param name="toMs">End.</param>
    /// <param name="points">Points that were asked for.</param>
    /// <param name="periodMs">Longest time between two readings of one of the meters, ms.</param>
    public static long Stretch(long fromMs, long toMs, int points, long periodMs) => Math.Max(Math.Max(StretchMinMs, 2 * periodMs), (toMs - fromMs + points - 1) / points);

    /// <summary>Adds lines up, stretch by stretch. Where one of them told nothing nothing is said: a sum without it would pass for less load than there was.</summary>
    /// <param name="lines">The points of each channel.</param>
    /// <param name="fromMs">Begin of the first stretch.</param>
    /// <param name="stretchMs">How long each is.</param>
    /// <returns>The mean is exact; least and most are those of the single lines added up, so the true ones lie within.</returns>
    public static IReadOnlyList<SeriesPoint> Sum(IReadOnlyList<IReadOnlyList<SeriesPoint>> lines, long fromMs, long stretchMs)
    {
        var stretches = new SortedDictionary<long, List<SeriesPoint>>();
        foreach (var line in lines)
        {
            foreach (var group in line.GroupBy(point => (point.AtMs - fromMs) / stretchMs))
            {
                var count = group.Sum(point => point.Count);
                var mean = group.Sum(point => point.Mean * point.Count) / count;
                if (!stretches.TryGetValue(group.Key, out var points))
                    stretches[group.Key] = points = [];
                points.Add(new SeriesPoint(0, group.Min(point => point.Min), group.Max(point => point.Max), mean, count));
            }
        }

        return
        [
            .. stretches.Where(stretch => stretch.Value.Count == lines.Count).Select(stretch => new SeriesPoint(
                fromMs + (stretch.Key * stretchMs), stretch.Value.Sum(point => point.Min), stretch.Value.Sum(point => point.Max), stretch.Value.Sum(point => point.Mean), stretch.Value.Sum(point => point.Count))),
        ];
    }
}

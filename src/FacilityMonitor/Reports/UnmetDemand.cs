using FacilityMonitor.Registry;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Reports;

/// <summary>A socket was in use.</summary>
/// <param name="Socket">Device and channel.</param>
/// <param name="StartMs">From when, ms since 1970-01-01 UTC.</param>
/// <param name="EndMs">Until when.</param>
internal readonly record struct SocketUse(string Socket, long StartMs, long EndMs);

/// <summary>When nobody who came to a shed could have charged: all the sockets that are for everybody were in use at once.</summary>
/// <param name="Place">The shed.</param>
/// <param name="Sockets">Its sockets for everybody; reserved ones help nobody else.</param>
/// <param name="FullMs">How long all of them were in use, ms.</param>
/// <param name="Times">How often.</param>
/// <param name="LongestMs">The longest of these, ms.</param>
/// <param name="WorstHour">The hour of the day with most of it, 0 to 23; null: it never was.</param>
/// <param name="HoursUnseen">Hours in which one of its piles said nothing: of these nothing is known.</param>
internal sealed record UnmetDemand(Place Place, int Sockets, long FullMs, int Times, long LongestMs, int? WorstHour, int HoursUnseen)
{
    private const long HourMs = 3_600_000;

    /// <summary>Works it out.</summary>
    /// <param name="place">The shed.</param>
    /// <param name="sockets">Its sockets for everybody.</param>
    /// <param name="uses">When each was in use, in any order; what lies outside the period is cut off, other sockets are passed over.</param>
    /// <param name="fromMs">Begin of the period.</param>
    /// <param name="untilMs">Its end.</param>
    /// <param name="hoursUnseen">Hours in which one of its piles said nothing.</param>
    public static UnmetDemand Of(Place place, IReadOnlySet<string> sockets, IEnumerable<SocketUse> uses, long fromMs, long untilMs, int hoursUnseen)
    {
        // One moment at a time, so that a bike which takes the place of another leaves no gap between them.
        var edges = new List<(long AtMs, string Socket, int Change)>();
        foreach (var use in uses.Where(use => sockets.Contains(use.Socket)))
        {
            var (start, end) = (Math.Max(use.StartMs, fromMs), Math.Min(use.EndMs, untilMs));
            if (start >= end)
                continue;
            edges.Add((start, use.Socket, 1));
            edges.Add((end, use.Socket, -1));
        }

        edges.Sort((left, right) => left.AtMs.CompareTo(right.AtMs));
        var inUse = new Dictionary<string, int>(StringComparer.Ordinal);
        var byHour = new long[24];
        var (busy, times, fullMs, longest, since) = (0, 0, 0L, 0L, default(long?));
        for (var index = 0; index < edges.Count;)
        {
            var at = edges[index].AtMs;
            for (; index < edges.Count && edges[index].AtMs == at; index++)
            {
                var (_, socket, change) = edges[index];
                var before = inUse.GetValueOrDefault(socket);
                inUse[socket] = before + change;
                busy += before == 0 ? 1 : before + change == 0 ? -1 : 0;
            }

            if (busy == sockets.Count && since is null)
            {
                (since, times) = (at, times + 1);
            }
            else if (busy < sockets.Count && since is { } began)
            {
                fullMs += at - began;
                longest = Math.Max(longest, at - began);
                Spread(byHour, began, at);
                since = null;
            }
        }

        return new UnmetDemand(place, sockets.Count, fullMs, times, longest, fullMs > 0 ? Array.IndexOf(byHour, byHour.Max()) : null, hoursUnseen);
    }

    private static void Spread(long[] byHour, long fromMs, long toMs)
    {
        for (var at = fromMs; at < toMs;)
        {
            var next = Math.Min(toMs, ((at / HourMs) + 1) * HourMs);
            byHour[(int)ShanghaiTime.HourOf(at)] += next - at;
            at = next;
        }
    }
}

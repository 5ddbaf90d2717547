using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Storage;

namespace FacilityMonitor.Reports;

/// <summary>What a channel's energy comes to in a period.</summary>
/// <param name="CountedWh">By its counter, right across resets, Wh; null: it has none.</param>
/// <param name="PowerWh">By its mean power, hour by hour, Wh; hours without a reading are missing from it. Null: it tells no power.</param>
internal sealed record ChannelEnergy(double? CountedWh, double? PowerWh);

/// <summary>Where the counters of a meter stood, added up over its channels, Wh.</summary>
/// <param name="BeginWh">At the last reading before the period, or at the first one in it.</param>
/// <param name="EndWh">At the last reading in it.</param>
internal sealed record CounterStand(double BeginWh, double EndWh);

/// <summary>What the store has of one device in a period, in hours: an hour in which it said anything counts as one in which it reported.</summary>
/// <param name="Entry">The device.</param>
/// <param name="HoursDue">Hours since it first spoke, as far as they lie in the period and in the past.</param>
/// <param name="HoursHeard">Hours in which it was there: with a reading, or, where a longer period is registered, with one no longer ago than that.</param>
/// <param name="LongestGap">Most hours in a row in which it was not.</param>
/// <param name="SilentHours">Which hours had no reading, whole hours since 1970-01-01 UTC.</param>
/// <param name="Energy">Energy of its channels.</param>
internal sealed record DeviceFigures(
    DeviceEntry Entry, int HoursDue, int HoursHeard, int LongestGap, IReadOnlySet<long> SilentHours, IReadOnlyDictionary<ChannelId, ChannelEnergy> Energy)
{
    /// <summary>Where the counters stood, by the circuit they count: two circuits may share a meter. Empty for what is no meter, and for a meter without a counter.</summary>
    public IReadOnlyDictionary<string, CounterStand> Stands { get; init; } = new Dictionary<string, CounterStand>();

    /// <summary>Hours since its last reading, up to the end.</summary>
    public int HoursSinceLast { get; init; }

    /// <summary>The last hour before the period in which it spoke, whole hours since 1970-01-01 UTC, where it was away from then into the period: what its counters rose by meanwhile counts in the period. Null: it was not away, or spoke no more.</summary>
    public long? AwaySinceHour { get; init; }

    /// <summary>Whether it never spoke, before or in the period: that is no outage.</summary>
    public bool NeverSpoke => HoursDue == 0;

    /// <summary>Share of its time in which it reported; null when it never spoke, or speaks only when something happens.</summary>
    public double? Share => NeverSpoke || Entry.SpeaksOnOccasion ? null : (double)HoursHeard / HoursDue;

    /// <summary>Adds up what the store gives.</summary>
    /// <param name="entry">The device.</param>
    /// <param name="hours">Its hours, in any order.</param>
    /// <param name="spokeBefore">Whether it spoke before the period.</param>
    /// <param name="fromMs">Begin of the period; a whole hour.</param>
    /// <param name="untilMs">Its end, or now if that is earlier; the hour that has begun is left out.</param>
    /// <param name="hourBefore">The last hour before the period in which it spoke, whole hours since 1970-01-01 UTC; null: not known.</param>
    public static DeviceFigures Of(DeviceEntry entry, IReadOnlyList<HourlyRollup> hours, bool spokeBefore, long fromMs, long untilMs, long? hourBefore = null)
    {
        var (first, end) = (HourlyRollup.HourOf(fromMs), HourlyRollup.HourOf(untilMs));
        var heard = hours.Where(hour => hour.Hour >= first && hour.Hour < end).Select(hour => hour.Hour).ToHashSet();
        var begin = spokeBefore ? first : heard.Count > 0 ? heard.Min() : end;
        var silent = new HashSet<long>();
        var covered = HoursCovered(entry);
        var (last, there, away, longest) = (hourBefore ?? begin - covered, 0, 0, 0);
        for (var hour = begin; hour < end; hour++)
        {
            if (heard.Contains(hour))
                last = hour;
            else
                silent.Add(hour);
            away = hour - last < covered ? 0 : away + 1;
            there += away == 0 ? 1 : 0;
            longest = Math.Max(longest, away);
        }

        var energy = hours.GroupBy(hour => hour.Channel).ToDictionary(channel => channel.Key, channel => new ChannelEnergy(Sum(channel, hour => hour.Wh), Sum(channel, hour => hour.MeanW)));
        return new DeviceFigures(entry, (int)(end - begin), there, longest, silent, energy)
        {
            HoursSinceLast = (int)(end - 1 - (heard.Count > 0 ? heard.Max() : begin - 1)),
            AwaySinceHour = hourBefore < first - covered && heard.Count > 0 ? hourBefore : null,
        };
    }

    /// <summary>For how many hours a reading tells that the device is there. One that reports once a day is not away in between; its time of day may wander by an hour.</summary>
    public static long HoursCovered(DeviceEntry entry)
    {
        const double HourS = HourlyRollup.HourMs / 1000.0;
        return entry.PeriodS > HourS ? (long)Math.Ceiling(entry.PeriodS.Value / HourS) + 1 : 1;
    }

    private static double? Sum(IEnumerable<HourlyRollup> hours, Func<HourlyRollup, double?> value)
    {
        var told = hours.Select(value).OfType<double>().ToList();
        return told.Count == 0 ? null : told.Sum();
    }
}

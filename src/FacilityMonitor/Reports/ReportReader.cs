using FacilityMonitor.Monitoring;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Storage;
using FacilityMonitor.Users;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Reports;

/// <summary>Reads what a report on a site is made of. Of each device only figures are kept, so that a month of two thousand sockets needs the memory of one pile.</summary>
/// <param name="connect">Opens a reader; the connection that writes is never used.</param>
/// <param name="store">The readings.</param>
/// <param name="devices">The devices that ever spoke.</param>
/// <param name="retentionDays">Days that readings are kept.</param>
internal sealed class ReportReader(Func<SqliteConnection> connect, IReadingStore store, DeviceTable devices, int retentionDays)
{
    /// <summary>Fly-wire cases that are looked through: years of a neighbourhood.</summary>
    private const int CasesMax = 10_000;

    /// <summary>Makes the report of a site on a month.</summary>
    /// <exception cref="IOException">The store of readings does not answer.</exception>
    public async Task<MonthReport> MonthAsync(FacilityIndex index, Site site, ReportPeriod period, long nowMs, CancellationToken cancellation)
    {
        var untilMs = Math.Min(period.ToMs, nowMs);
        var known = devices.All.Select(device => (Device: device, At: index.Find(device.Id))).Where(one => one.At?.Site.Id == site.Id).ToDictionary(one => one.At!.Entry.Id, one => one.Device, StringComparer.Ordinal);
        var figures = new List<DeviceFigures>(site.Devices.Count);
        foreach (var entry in site.Devices)
            figures.Add(await DeviceAsync(site, entry, known.GetValueOrDefault(entry.Id), period, untilMs, cancellation));
        var byId = figures.ToDictionary(device => device.Entry.Id, StringComparer.Ordinal);
        using var reader = connect();
        using var further = connect();
        return new MonthReport(
            site, period, nowMs, untilMs,
            AlertFigures.Of(Until(AlertLogReader.Read(reader, further, period, SiteScope.Of([site.Id]), withAwayBefore: true), cancellation), period.FromMs, untilMs),
            CircuitEnergy.Of(site, byId), figures, Unmet(reader, site, byId, known, period.FromMs, untilMs), Cases(reader, further, site, period.FromMs, untilMs))
        {
            KeptFromMs = nowMs - (long)TimeSpan.FromDays(retentionDays).TotalMilliseconds,
        };
    }

    private static IEnumerable<LoggedAlert> Until(IEnumerable<LoggedAlert> log, CancellationToken cancellation)
    {
        foreach (var alert in log)
        {
            cancellation.ThrowIfCancellationRequested();
            yield return alert;
        }
    }

    private async Task<DeviceFigures> DeviceAsync(Site site, DeviceEntry entry, Device? device, ReportPeriod period, long untilMs, CancellationToken cancellation)
    {
        if (device is null)
            return DeviceFigures.Of(entry, [], false, period.FromMs, untilMs);
        var hours = await store.HourlyAsync([device], period.FromMs, period.ToMs, cancellation);
        var before = await store.HourBeforeAsync(device, HourlyRollup.HourOf(period.FromMs), cancellation);
        var figures = DeviceFigures.Of(entry, hours, before is not null, period.FromMs, untilMs, before);
        var stands = new Dictionary<string, CounterStand>(StringComparer.Ordinal);
        foreach (var circuit in site.Circuits.Where(circuit => circuit.Meter == entry.Id))
        {
            if (await StandAsync(device, CircuitEnergy.ChannelsOf(circuit, figures), hours, before, period.FromMs, cancellation) is { } stand)
                stands.Add(circuit.Id, stand);
        }

        return figures with { Stands = stands };
    }

    /// <summary>Where a meter's counters stood at the begin and the end: two hours of readings are read for it.</summary>
    private async Task<CounterStand?> StandAsync(Device device, IReadOnlyList<ChannelId> channels, IReadOnlyList<HourlyRollup> hours, long? before, long fromMs, CancellationToken cancellation)
    {
        var counted = hours.Where(hour => hour.Wh is not null && channels.Contains(hour.Channel)).Select(hour => hour.Hour).ToList();
        if (counted.Count == 0)
            return null;
        var (first, last) = (counted.Min(), counted.Max());
        var begin = before is { } earlier ? await CountersAsync(device, earlier, isLast: true, cancellation) : [];
        // What was never told before the period begins with the period.
        foreach (var (channel, wh) in await CountersAsync(device, first, isLast: false, cancellation))
            begin.TryAdd(channel, wh);
        var end = await CountersAsync(device, last, isLast: true, cancellation);
        return channels.All(channel => begin.ContainsKey(channel) && end.ContainsKey(channel)) ? new CounterStand(channels.Sum(channel => begin[channel]), channels.Sum(channel => end[channel])) : null;
    }

    private async Task<Dictionary<ChannelId, double>> CountersAsync(Device device, long hour, bool isLast, CancellationToken cancellation)
    {
        var counters = new Dictionary<ChannelId, double>();
        await foreach (var reading in store.ReadingsAsync(device, hour * HourlyRollup.HourMs, (hour + 1) * HourlyRollup.HourMs, cancellation))
        {
            if (reading.Quality >= Quality.Suspect)
                continue;
            foreach (var value in reading.Values)
            {
                if (value.Metric == Metric.Wh && (isLast || !counters.ContainsKey(reading.Channel)))
                    counters[reading.Channel] = value.Value;
            }
        }

        return counters;
    }

    private List<UnmetDemand> Unmet(SqliteConnection reader, Site site, Dictionary<string, DeviceFigures> figures, Dictionary<string, Device> known, long fromMs, long untilMs)
    {
        var piles = site.Devices.Where(device => device.Place is not null && device.Sockets > 0).ToLookup(device => device.Place!, StringComparer.Ordinal);
        var names = known.ToDictionary(one => one.Value.Number, one => one.Key);
        var sockets = site.Places.ToDictionary(place => place.Id, place => piles[place.Id].SelectMany(OpenSockets).ToHashSet(StringComparer.Ordinal), StringComparer.Ordinal);
        var placeOf = sockets.SelectMany(place => place.Value.Select(socket => (socket, place.Key))).ToDictionary(StringComparer.Ordinal);
        var uses = site.Places.ToDictionary(place => place.Id, _ => new List<SocketUse>(), StringComparer.Ordinal);
        // A session is written when it ends: those that began in the period may have ended after it.
        foreach (var session in SessionLog.Read(reader, devices, fromMs, long.MaxValue))
        {
            if (session.StartMs < untilMs && names.TryGetValue(session.Device.Number, out var name) && $"{name}/{session.Channel}" is var socket && placeOf.TryGetValue(socket, out var place))
                uses[place].Add(new SocketUse(socket, session.StartMs, session.EndMs));
        }

        return
        [
            .. site.Places.Where(place => sockets[place.Id].Count > 0).Select(place => UnmetDemand.Of(
                place, sockets[place.Id], uses[place.Id], fromMs, untilMs, Unseen([.. piles[place.Id].Select(pile => figures[pile.Id])], fromMs, untilMs))),
        ];
    }

    /// <summary>Hours in which one of the piles said nothing, or had not spoken yet: of these nobody knows whether it was in use.</summary>
    private static int Unseen(IReadOnlyList<DeviceFigures> piles, long fromMs, long untilMs)
    {
        var (count, end) = (0, HourlyRollup.HourOf(untilMs));
        for (var hour = HourlyRollup.HourOf(fromMs); hour < end; hour++)
            count += piles.Any(pile => hour < end - pile.HoursDue || pile.SilentHours.Contains(hour)) ? 1 : 0;
        return count;
    }

    /// <summary>The sockets of a pile that are for everybody.</summary>
    private static IEnumerable<string> OpenSockets(DeviceEntry pile) => pile.SocketChannels.Except(pile.Reserved).Select(channel => $"{pile.Id}/{channel}");

    private static CaseFigures Cases(SqliteConnection reader, SqliteConnection further, Site site, long fromMs, long untilMs) => CaseFigures.Of(
        FlyWireCaseTable.List(reader, SiteScope.Of([site.Id]), CasesMax)
            .Select(entry => (entry, (IReadOnlyList<Response.ResponseEvent>)(entry.Case.SinceMs < untilMs ? [] : [.. ResponseTable.Timeline(further, entry.Alert).Select(line => line.Fact)]))),
        fromMs, untilMs);
}

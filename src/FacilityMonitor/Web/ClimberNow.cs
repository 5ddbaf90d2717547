using FacilityMonitor.Climbers;
using FacilityMonitor.Contract;
using FacilityMonitor.Monitoring;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Web;

/// <summary>What a stair-climber says of itself now.</summary>
/// <param name="State">Its own word of where it is; null: it says none.</param>
/// <param name="IsOccupied">Whether somebody sits on it; null: not told, or not now.</param>
/// <param name="Charge">Charge of its battery, %; null: not told, or not now.</param>
/// <param name="AtMs">When it was heard last, ms since 1970-01-01 UTC; null: never.</param>
/// <param name="Away">Key of why that is not the present; null: it is.</param>
/// <param name="TripEndMs">When it told the end of a trip last, since the service runs; null: it did not.</param>
internal sealed record ClimberWord(string? State, bool? IsOccupied, double? Charge, long? AtMs, string? Away, long? TripEndMs)
{
    public static ClimberWord Of(LiveView view, RegisteredDevice at, long nowMs)
    {
        if (view.Find(at.Site.Id, at.Entry.Id) is not { } device)
            return new ClimberWord(null, null, null, null, "never", null);
        var now = device.Channel(ChannelId.Main);
        var away = device.Presence is Presence.Offline or Presence.Shutdown ? "offline" : nowMs - device.HeardMs > view.FreshMs(device) ? "stale" : null;
        double? Told(Metric metric) => away is null && now is not null && now.Values.TryGet(metric, out var value) ? value.Value : null;
        return new ClimberWord(now?.State, Told(Metric.Occupied) is { } seat ? seat > 0 : null, Told(Metric.Soc) ?? Told(Metric.Batt), device.HeardMs, away, device.TripEndMs);
    }

    /// <summary>Where it is by its own word; a word of its maker's that we do not know is shown as it is.</summary>
    public LocalText? Where => State switch
    {
        null => null,
        "charging" => new("在充电座上充电", "charging on its dock"),
        { } word => StateText.Of(word),
    };
}

/// <summary>A stair-climber with what is known of it.</summary>
/// <param name="At">Where it is registered.</param>
/// <param name="Word">What it says.</param>
/// <param name="Trips">The trip it is on, then the latest that ended.</param>
/// <param name="Faults">What is wrong with it, and what was.</param>
/// <param name="Alerts">What is open on it.</param>
internal sealed record ClimberNow(RegisteredDevice At, ClimberWord Word, IReadOnlyList<ClimberTrip> Trips, IReadOnlyList<ClimberFault> Faults, IReadOnlyList<AssetAlert> Alerts)
{
    /// <summary>That it is tested, maintained or out of service, or that what feeds it is worked on; null: neither.</summary>
    public Permit? Permit { get; init; }

    /// <summary>What is booked ahead or now, the next first.</summary>
    public IReadOnlyList<ClimberBooking> Bookings { get; init; } = [];

    /// <summary>Trips and faults that are shown.</summary>
    public const int ShownMax = 20;

    /// <summary>The trip it is on; null: it is there.</summary>
    public ClimberTrip? Out => Trips is [{ ReturnedMs: null } trip, ..] ? trip : null;

    public IEnumerable<ClimberFault> Open => Faults.Where(fault => fault.MendedMs is null);

    /// <summary>When somebody was carried last, as far as it was written down or told.</summary>
    public long? LastTripMs => Out is not null ? null : new[] { Trips.Count > 0 ? Trips[0].ReturnedMs : null, Word.TripEndMs }.Max();

    /// <summary>All stair-climbers of some sites.</summary>
    public static IReadOnlyList<ClimberNow> All(Facility facility, LiveFeed feed, SqliteConnection reader, Func<RegisteredDevice, bool>? only = null)
    {
        var climbers = facility.Sites.SelectMany(site => site.Devices.Where(device => device.Kind == DeviceKind.Climber).Select(device => new RegisteredDevice(site, device))).Where(at => only?.Invoke(at) != false).ToList();
        var (words, open, now) = feed.Look((view, state, nowMs) => (climbers.ConvertAll(at => ClimberWord.Of(view, at, nowMs)), OpenOn(state, climbers), nowMs));
        var permits = PermitTable.Standing(reader, now);
        var alerts = AssetAlert.Of(open, reader).ToLookup(one => one.Asset, one => one.Alert, StringComparer.Ordinal);
        return
        [
            .. climbers.Select((at, index) => new ClimberNow(
                at, words[index], ClimberTable.Trips(reader, at.Site.Id, at.Entry.Id, ShownMax), ClimberTable.Faults(reader, at.Site.Id, at.Entry.Id, ShownMax),
                [.. alerts[at.AssetPath(ChannelId.Main)]]) { Permit = PermitText.On(permits, at, now), Bookings = ClimberTable.Bookings(reader, at.Site.Id, at.Entry.Id, now) }),
        ];
    }

    private static List<Alerts.AlertTransition> OpenOn(MonitoringState state, List<RegisteredDevice> climbers)
    {
        var paths = climbers.Select(at => at.AssetPath(ChannelId.Main)).ToHashSet(StringComparer.Ordinal);
        return [.. state.Alerts.Where(alert => paths.Contains(alert.Asset))];
    }
}

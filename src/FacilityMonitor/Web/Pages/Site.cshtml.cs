using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Ingest;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web.Pages;

/// <summary>A circuit of the site with what is open on it, and what is done to it or to what feeds it.</summary>
internal sealed record SiteCircuit(CircuitLoad Load, IReadOnlyList<AssetAlert> Alerts, Permit? Tag)
{
    public bool IsAbnormal => Alerts.Count > 0 || Load.Css is "over" or "near" || (Load.Amps.Count == 0 && Load.Circuit.Meter is not null && Tag is null);
}

/// <summary>A place with its sockets: those that one cause explains, and the rest pile by pile.</summary>
/// <param name="Id">Its id; empty: what stands nowhere.</param>
/// <param name="Name">What people call it; null: no place is registered.</param>
/// <param name="Count">All its sockets.</param>
/// <param name="Rolled">Those that share a cause.</param>
/// <param name="Single">The others.</param>
internal sealed record SitePlace(string Id, LocalText? Name, int Count, IReadOnlyList<(SharedCause Cause, IReadOnlyList<SocketNow> Sockets)> Rolled, IReadOnlyList<SocketNow> Single);

/// <summary>A value that a sensor tells.</summary>
/// <param name="Name">What is measured; with its channel, where there are several.</param>
/// <param name="Value">The value with its unit.</param>
/// <param name="IsBad">Whether it needs a person.</param>
internal sealed record SensorValue(LocalText Name, LocalText Value, bool IsBad);

/// <summary>A device without sockets.</summary>
/// <param name="Entry">The device.</param>
/// <param name="Values">What it tells.</param>
/// <param name="State">What it says of itself; null: nothing.</param>
/// <param name="AtMs">When it was heard last, ms since 1970-01-01 UTC; null: never.</param>
/// <param name="Away">Key of why its values are not the present ones; null: they are.</param>
/// <param name="Alerts">What is open on it.</param>
/// <param name="Permit">That it is tested, maintained or out of service, or that what feeds it is worked on; null: neither.</param>
internal sealed record SiteSensor(DeviceEntry Entry, IReadOnlyList<SensorValue> Values, LocalText? State, long? AtMs, string? Away, IReadOnlyList<AssetAlert> Alerts, Permit? Permit)
{
    /// <summary>Whether its silence is explained: it is worked on, or what feeds it.</summary>
    public bool IsMaintained => Away == SiteModel.Maintained;

    public bool IsAbnormal => (Away is not null && !IsMaintained) || Alerts.Count > 0 || Values.Any(value => value.IsBad);
}

/// <summary><c>/site/{site}?only=abnormal</c>: one site whole, circuits, sockets, sensors, and its day. <c>?socket=7&amp;pile=pile-01</c> jumps to a socket.</summary>
internal sealed class SiteModel(LiveFeed feed, IngestWorker ingest, Database database, FacilitySource registry, PersonNames names, TimeProvider time) : PageModel
{
    private HashSet<string> _needy = [];

    /// <summary>How the address says that only what is abnormal is shown.</summary>
    public const string Abnormal = "abnormal";

    private static readonly DeviceKind[] Environment = [DeviceKind.Shed, DeviceKind.Noise];

    private static readonly DeviceKind[] Riding = [DeviceKind.Climber, DeviceKind.LiftBlocker];

    public Site Site { get; private set; } = null!;

    public long NowMs { get; private set; }

    /// <summary>Whether no message can come: what is not there then says nothing.</summary>
    public bool IsDeaf => !ingest.IsHearing;

    /// <summary>Whether only what is abnormal is shown.</summary>
    public bool IsFiltered { get; private set; }

    public IReadOnlyList<SiteCircuit> Circuits { get; private set; } = [];

    public IReadOnlyList<SitePlace> Places { get; private set; } = [];

    /// <summary>Sensors of sheds and squares; climbers and lifts; the rest.</summary>
    public IReadOnlyList<(string Key, IReadOnlyList<SiteSensor> Sensors)> Groups { get; private set; } = [];

    /// <summary>Open alerts of the site.</summary>
    public IReadOnlyList<AssetAlert> Alerts { get; private set; } = [];

    /// <summary>All its sockets.</summary>
    public IReadOnlyList<SocketNow> Sockets { get; private set; } = [];

    /// <summary>What its main circuits carry together, W; null: of none it is known.</summary>
    public double? Watts { get; private set; }

    /// <summary>What they may carry together, W; null: of one it is not registered.</summary>
    public double? RatedWatts { get; private set; }

    /// <summary>Main circuits of which it is not known what they carry.</summary>
    public int Unknown { get; private set; }

    /// <summary>Its last hours and days as one line; null: no main circuit has a meter.</summary>
    public ChartView? Chart { get; private set; }

    /// <summary>The number that was asked for and of which there are several, or none; null: nothing was asked.</summary>
    /// <summary>Key of why a device is silent that is worked on, or on whose circuit a tag hangs.</summary>
    public const string Maintained = "maintenance";

    public int? Sought { get; private set; }

    public IReadOnlyList<SocketNow> Found { get; private set; } = [];

    public int Abnormals => Sockets.Count(socket => socket.IsAbnormal) + Circuits.Count(circuit => circuit.IsAbnormal) + Groups.Sum(group => group.Sensors.Count(sensor => sensor.IsAbnormal));

    /// <summary>Piles and cabinets that can be chosen.</summary>
    public IEnumerable<DeviceEntry> Piles => Site.Devices.Where(device => device.Sockets > 0);

    /// <summary>Whether something abnormal needs a person: more than an alert that is only information, that somebody has, or that another explains.</summary>
    public bool NeedsSomebody => Sockets.Any(socket => (socket.Alert is { } alert && !Needs(alert) ? socket with { Alert = null, State = socket.State == SocketState.Overload ? SocketState.Charging : socket.State } : socket).IsAbnormal)
        || Circuits.Any(circuit => (circuit with { Alerts = [.. circuit.Alerts.Where(Needs)] }).IsAbnormal)
        || Groups.Any(group => group.Sensors.Any(sensor => (sensor with { Alerts = [.. sensor.Alerts.Where(Needs)] }).IsAbnormal));

    /// <summary>Whether an alert needs somebody who has not come yet.</summary>
    public bool Needs(AssetAlert alert) => _needy.Contains(alert.Id);

    public IActionResult OnGet(string site, string? only, string? pile, int? socket)
    {
        if (registry.Current.FindSite(site) is not { } known)
            return new NotThere("no-site");
        (Site, IsFiltered) = (known, only == Abnormal);
        // The database is asked before: whoever holds up the live picture holds up every page.
        var (open, permits) = Read(feed.Look((_, state, _) => state.Alerts.Where(alert => alert.Site == known.Id).ToList()));
        feed.Look((view, state, nowMs) => Look(view, state, open, permits, nowMs));
        if (socket is { } number)
        {
            (Sought, Found) = (number, [.. Sockets.Where(one => one.Channel.Number == number && (string.IsNullOrEmpty(pile) || one.Device.Id == pile))]);
            if (Found.Count == 1)
                return Redirect($"{Links.Site(known.Id)}#{Found[0].Anchor}");
        }

        Chart = ChartOf();
        return Page();
    }

    /// <summary>What of these is shown.</summary>
    public IEnumerable<T> Shown<T>(IEnumerable<T> all, Func<T, bool> isAbnormal) => IsFiltered ? all.Where(isAbnormal) : all;

    /// <summary>Who has an alert, in words; empty: nobody.</summary>
    public string Takers(AssetAlert alert, string language) => string.Join(language == "en" ? ", " : "、", alert.Takers.Select(person => names.Of(person, language)));

    /// <summary>What the database knows of alerts that are open, and what is worked on.</summary>
    private (List<(string Asset, AssetAlert Alert)> Open, List<Permit> Permits) Read(List<AlertTransition> open)
    {
        using var reader = database.OpenReader();
        return (AssetAlert.Of(open, reader), PermitTable.Standing(reader, time.GetUtcNow().ToUnixTimeMilliseconds()));
    }

    private bool Look(LiveView view, MonitoringState state, List<(string Asset, AssetAlert Alert)> open, List<Permit> permits, long nowMs)
    {
        NowMs = nowMs;
        _needy = [.. state.Alerts.Where(state.NeedsSomebody).Select(alert => alert.AlertId)];
        Alerts = [.. open.Select(one => one.Alert)];
        var byAsset = open.ToLookup(one => one.Asset, one => one.Alert, StringComparer.Ordinal);
        var states = state.Circuits.ToDictionary(circuit => circuit.Path, StringComparer.Ordinal);
        Circuits =
        [
            .. Site.Circuits.Select(circuit => new SiteCircuit(
                CircuitLoad.Of(view, Site.Id, circuit, states.GetValueOrDefault($"{Site.Id}/{circuit.Id}"), nowMs), [.. byAsset[$"{Site.Id}/{circuit.Id}"]], PermitText.On(permits, Site, circuit, nowMs))),
        ];
        Sockets = [.. Site.Devices.Where(device => HasSockets(view, device)).SelectMany(device => SocketNow.Of(
            view, new RegisteredDevice(Site, device), path => byAsset[path].MinBy(alert => alert.Priority, StringComparer.Ordinal), path => PermitText.On(permits, path, nowMs), PowerOffModel.TagOn(permits, Site, device.Circuit, nowMs), nowMs))];
        Places = [.. PlacesOf(device => SharedCause.Of(view, Site, device, circuit => HasTripped(byAsset, circuit), nowMs))];
        var sensors = Site.Devices.Where(device => device.Kind != DeviceKind.Meter && !HasSockets(view, device)).Select(device => SensorOf(view, device, byAsset, PermitText.On(permits, new RegisteredDevice(Site, device), nowMs), nowMs)).ToList();
        Groups =
        [
            ("environment", [.. sensors.Where(sensor => Environment.Contains(sensor.Entry.Kind))]),
            ("climbers-lifts", [.. sensors.Where(sensor => Riding.Contains(sensor.Entry.Kind))]),
            ("other-devices", [.. sensors.Where(sensor => !Environment.Contains(sensor.Entry.Kind) && !Riding.Contains(sensor.Entry.Kind))]),
        ];
        var roots = Circuits.Where(circuit => circuit.Load.Circuit.Parent is null).Select(circuit => circuit.Load).ToList();
        Unknown = roots.Count(root => root.Watts is null);
        Watts = Unknown < roots.Count ? roots.Sum(root => root.Watts ?? 0) : null;
        RatedWatts = SiteTotal.RatedWatts(Site);
        return true;
    }

    private bool HasTripped(ILookup<string, AssetAlert> byAsset, string circuit) => byAsset[$"{Site.Id}/{circuit}"].Any(alert => alert.Rule is "circuit-tripped" or "supply-lost");

    /// <summary>Registered ones, and any other device on whose sockets somebody charges.</summary>
    private bool HasSockets(LiveView view, DeviceEntry device) => device.Sockets > 0
        || view.Find(Site.Id, device.Id)?.Channels.Any(pair => pair.Channel.Kind is ChannelKind.Socket or ChannelKind.Slot) == true;

    private IEnumerable<SitePlace> PlacesOf(Func<DeviceEntry, SharedCause?> causeOf)
    {
        foreach (var (id, name) in Site.Places.Select(place => (place.Id, Name: (LocalText?)place.Name)).Append(("", null)))
        {
            var here = Sockets.Where(socket => (socket.Device.Place ?? "") == id).ToList();
            if (here.Count == 0)
                continue;
            var (rolled, single) = SharedCause.Split(here, causeOf);
            yield return new SitePlace(id, name, here.Count, rolled, single);
        }
    }

    private SiteSensor SensorOf(LiveView view, DeviceEntry entry, ILookup<string, AssetAlert> byAsset, Permit? permit, long nowMs)
    {
        AssetAlert[] alerts = [.. byAsset[new RegisteredDevice(Site, entry).AssetPath(ChannelId.Main)]];
        if (view.Find(Site.Id, entry.Id) is not { } device)
            return new SiteSensor(entry, [], null, null, entry.SpeaksOnOccasion ? null : permit is not null ? Maintained : "never", alerts, permit);
        var away = device.Presence is Presence.Offline or Presence.Shutdown ? "offline" : SiteNow.IsSilent(view, entry, device, nowMs) ? "stale" : null;
        // It is silent because somebody works on it, or on what feeds it.
        if (away is not null && permit is not null)
            away = Maintained;
        var channels = device.Channels.ToList();
        var values = new List<SensorValue>();
        foreach (var (channel, now) in channels)
        {
            foreach (ref readonly var value in now.Values.All)
            {
                // What counts on tells nobody anything here, and the signal stands on the device's own page.
                if (!value.Metric.IsCounter() && value.Metric != Metric.Rssi && Quantity.Say(value.Metric, value.Value) is { } said)
                    values.Add(new SensorValue(AlertText.Join(channels.Count > 1 ? AlertText.Channel(channel) : null, said.Name), said.Value, Quantity.IsBad(value.Metric, value.Value)));
            }
        }

        return new SiteSensor(entry, values, channels.Select(pair => pair.Now.State).FirstOrDefault(text => text is not null) is { } word ? StateText.Of(word) : null, device.HeardMs, away, alerts, permit);
    }

    private ChartView? ChartOf()
    {
        var metered = SiteTotal.Metered(Site);
        if (metered.Count == 0)
            return null;
        var (rated, isAll) = (SiteTotal.RatedWatts(metered), SiteTotal.Unmetered(Site).Count == 0);
        return new ChartView(
            SiteTotal.Address(Site.Id), [new ChartLine("main", Site.Name)], [Quantity.Of(Metric.W)! with { Limit = rated, LimitName = rated is { } watts ? SiteTotal.RatedName(watts, isAll) : null }], [], NowMs);
    }
}

using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web.Pages;

/// <summary>A channel of a device as it is now.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="AtMs">Time of its newest reading, ms since 1970-01-01 UTC.</param>
/// <param name="IsOld">Whether that is no longer the present.</param>
/// <param name="State">What it said of itself.</param>
/// <param name="Values">What it measured, in the order of the quantities.</param>
internal sealed record ChannelRow(ChannelId Channel, long AtMs, bool IsOld, string? State, IReadOnlyList<LatestPart> Values)
{
    public double? Watts => Values.FirstOrDefault(value => value.Metric == Metric.W)?.Value;
}

/// <summary>One value with its own time.</summary>
internal sealed record LatestPart(Metric Metric, double Value, long AtMs);

/// <summary><c>/device/{site}/{device}?channel=s3</c>: what it is, what it says now, and its history.</summary>
internal sealed class DeviceModel(LiveFeed feed, Database database, FacilitySource registry, DeviceTable devices, Ingest.LastMessages last, KnownSecrets secrets) : PageModel
{
    private DeviceId? _id;

    public Site Site { get; private set; } = null!;

    public DeviceEntry Entry { get; private set; } = null!;

    public Place? Place => Site.Places.FirstOrDefault(place => place.Id == Entry.Place);

    /// <summary>The circuit it hangs on, or the one it measures.</summary>
    public Circuit? Circuit => Site.Circuits.FirstOrDefault(circuit => circuit.Id == Entry.Circuit) ?? Site.Circuits.FirstOrDefault(circuit => circuit.Meter == Entry.Id);

    public long NowMs { get; private set; }

    /// <summary>When it was heard last; null: never.</summary>
    public long? HeardMs { get; private set; }

    public bool IsAway { get; private set; }

    public Birth? Birth { get; private set; }

    public string Product => LiveJson.Product(Entry.Foreign?.Dialect ?? Dialect.Fm1);

    public IReadOnlyList<ChannelRow> Channels { get; private set; } = [];

    /// <summary>The channel that is shown; null: it has none yet.</summary>
    public ChannelRow? Chosen { get; private set; }

    public IReadOnlyList<ChartAlert> Alerts { get; private set; } = [];

    /// <summary>That it or the channel that is shown is tested, maintained or out of service, or that what feeds it is worked on; null: neither.</summary>
    public Permit? Permit { get; private set; }

    public RegisteredDevice At => new(Site, Entry);

    /// <summary>Where somebody may ask that it is tested or out of service; null: who looks may not.</summary>
    public string? PermitLink => HttpContext.Visitor().May(Right.Permit) ? $"/settings/permits?asset={Uri.EscapeDataString(At.AssetPath(ChannelId.Main))}" : null;

    /// <summary>How the last day and the last week were.</summary>
    public (IReadOnlyList<PastPart> Day, IReadOnlyList<PastPart> Week) Past { get; private set; }

    /// <summary>What it said last, byte for byte; null: nobody asked, or it is not for whoever looks.</summary>
    public IReadOnlyList<ShownMessage>? Messages { get; private set; }

    /// <summary>Whether whoever looks may read its messages: those who work on it.</summary>
    public bool MayRead => HttpContext.Visitor().May(Right.Permit);

    /// <summary>Its history; null while it has measured nothing that can be drawn.</summary>
    public ChartView? Chart { get; private set; }

    public IActionResult OnGet(string site, string device, string? channel, bool raw = false)
    {
        if (registry.Current.FindSite(site) is not { } known || known.Devices.FirstOrDefault(one => one.Id == device) is not { } entry)
            return new NotThere("no-device");
        (Site, Entry) = (known, entry);
        feed.Look((view, _, nowMs) => Look(view, nowMs));
        Chosen = Channels.FirstOrDefault(row => row.Channel.ToString() == channel) ?? (Channels.Count > 0 ? Channels[0] : null);
        var number = Number();
        using (var reader = database.OpenReader())
        {
            Alerts = AlertTimes.Of(reader, At.AssetPath(ChannelId.Main), NowMs - (long)SeriesDesk.SpanMax.TotalMilliseconds);
            Past = PastPart.Of(reader, entry, number, At.AssetPath(ChannelId.Main), Alerts, HeardMs, NowMs);
            var permits = PermitTable.Standing(reader, NowMs);
            Permit = PermitText.On(permits, At.AssetPath(Chosen?.Channel ?? ChannelId.Main), NowMs) ?? PermitText.On(permits, At, NowMs);
        }

        if (raw && MayRead)
            Messages = number is { } own ? [.. last.Of(own).Select(message => ShownMessage.Of(message, secrets))] : [];
        Chart = Chosen is { } chosen ? ChartOf(chosen) : null;
        return Page();
    }

    /// <summary>What a channel is called beside its device.</summary>
    public LocalText Name(ChannelId channel) => AlertText.Channel(channel) ?? Entry.Name;

    /// <summary>Its number among all that ever spoke; null: it never did.</summary>
    private int? Number() => _id is { } id ? devices.All.FirstOrDefault(device => device.Id == id)?.Number : null;

    private bool Look(LiveView view, long nowMs)
    {
        NowMs = nowMs;
        if (view.Find(Site.Id, Entry.Id) is not { } device)
            return false;
        _id = device.Id;
        (HeardMs, IsAway, Birth) = (device.HeardMs, device.Presence is Presence.Offline or Presence.Shutdown, device.Birth);
        var fresh = view.FreshMs(device);
        var rows = new List<ChannelRow>();
        foreach (var (channel, now) in device.Channels)
        {
            var values = new List<LatestPart>();
            foreach (ref readonly var value in now.Values.All)
                values.Add(new LatestPart(value.Metric, value.Value, value.AtMs));
            rows.Add(new ChannelRow(channel, now.AtMs, IsAway || nowMs - now.HeardMs > fresh, now.State, [.. values.OrderBy(value => value.Metric)]));
        }

        Channels = rows;
        return true;
    }

    /// <summary>Phases belong together, and are told apart by their dashes; a socket is looked at by itself.</summary>
    private ChartView? ChartOf(ChannelRow chosen)
    {
        var metrics = chosen.Values.Select(value => Quantity.Of(value.Metric)).OfType<ChartMetric>().Select(WithLimit).ToList();
        if (metrics.Count == 0)
            return null;
        var rows = chosen.Channel.Kind == ChannelKind.Phase ? Channels.Where(row => row.Channel.Kind == ChannelKind.Phase).Take(SeriesDesk.ChannelsMax) : [chosen];
        return new ChartView($"/series/{Site.Id}/{Entry.Id}", [.. rows.Select(row => new ChartLine(row.Channel.ToString(), Name(row.Channel)))], metrics, Alerts, NowMs);

        ChartMetric WithLimit(ChartMetric metric) => metric.Key == Metric.W.Key() && chosen.Channel.Kind is ChannelKind.Socket or ChannelKind.Slot && (Entry.Desired?.LimitW ?? Entry.SocketRatedW) is { } rated
            ? metric with { Limit = rated, LimitName = new LocalText(string.Create(CultureInfo.InvariantCulture, $"额定 {rated:0} W"), string.Create(CultureInfo.InvariantCulture, $"rated {rated:0} W")) }
            : metric;
    }
}

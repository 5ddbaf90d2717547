using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Ingest;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Users;

namespace FacilityMonitor.Web;

/// <summary>An alert on the wall.</summary>
/// <param name="Alert">What the rules say.</param>
/// <param name="Response">What it is for the people; null: nobody is called for it.</param>
internal sealed record WallAlert(AlertTransition Alert, AlertResponse? Response);

/// <summary>The site that has its turn.</summary>
/// <param name="Now">The site as it is now.</param>
/// <param name="Circuits">Its circuits, the heaviest first, as far as there is room.</param>
internal sealed record WallSite(SiteNow Now, IReadOnlyList<CircuitLoad> Circuits);

/// <summary>What hangs on the wall of the guard room: what needs somebody, always; and one site after the other.</summary>
internal sealed record WallView
{
    /// <summary>Alerts that are readable across a room.</summary>
    public const int AlertsMax = 5;

    /// <summary>Circuits of the same size.</summary>
    public const int CircuitsMax = 8;

    public required long NowMs { get; init; }

    /// <summary>Whether no message can come.</summary>
    public required bool IsDeaf { get; init; }

    /// <summary>When any device was last heard; null: never.</summary>
    public required long? HeardMs { get; init; }

    public required IReadOnlyList<WallAlert> Alerts { get; init; }

    /// <summary>All open alerts.</summary>
    public required int AlertCount { get; init; }

    /// <summary>Those of them that nobody has taken.</summary>
    public required int Unanswered { get; init; }

    /// <summary>The site whose turn it is; null: none is registered.</summary>
    public required WallSite? Site { get; init; }

    /// <summary>Whose turn it is, from 0.</summary>
    public required int Turn { get; init; }

    public required int Sites { get; init; }
}

/// <summary>Draws the wall from the live picture.</summary>
internal sealed class WallPainter(LiveFeed feed, Database database, FacilitySource registry, IngestWorker ingest)
{
    /// <summary>Alerts that are looked at for the few that are shown: a feeder with all that hangs on it.</summary>
    private const int LookedAtMax = 200;

    /// <summary>Takes what there is now.</summary>
    /// <param name="sites">Of which sites.</param>
    /// <param name="turn">Whose turn it is; beyond the last it begins anew.</param>
    public WallView Take(SiteScope sites, int turn)
    {
        var known = sites.Of(registry.Current.Facility).Sites;
        turn = known.Count == 0 ? 0 : turn % known.Count;
        var (nowMs, heard, open, site) = feed.Look((view, state, now) =>
            (now, Latest(view.All.Where(device => sites.Has(view, device))), sites.Of(state).Alerts, known.Count == 0 ? null : Of(view, state, known[turn], now)));
        using var reader = database.OpenReader();
        // What another alert explains has no place of its own: it would push out what nobody knows of yet.
        var alerts = open.Take(LookedAtMax).Select(alert => new WallAlert(alert, ResponseTable.Load(reader, alert.AlertId))).Where(alert => alert.Response?.SuppressedBy is null).Take(WallView.AlertsMax).ToList();
        return new WallView
        {
            NowMs = nowMs,
            IsDeaf = !ingest.IsHearing,
            HeardMs = heard,
            Alerts = alerts,
            AlertCount = open.Count,
            Unanswered = AlertList.Find(reader, new AlertFilter(AlertTab.Open, sites, ""), nowMs).Where(group => group.Priority <= Priority.P2).Sum(group => group.Alerts.Count),
            Site = site,
            Turn = turn,
            Sites = known.Count,
        };
    }

    /// <summary>Where the next turn is. Without a site, or with one, it is the same again.</summary>
    public static string Next(WallView wall) => string.Create(CultureInfo.InvariantCulture, $"/?wall=1&turn={(wall.Turn + 1) % Math.Max(1, wall.Sites)}");

    private static WallSite Of(LiveView view, MonitoringState state, Site site, long nowMs)
    {
        var now = SiteNow.Of(view, state, site, nowMs);
        return new WallSite(now, [.. now.Loads.OrderByDescending(load => load.Share ?? -1).Take(WallView.CircuitsMax)]);
    }

    private static long? Latest(IEnumerable<DeviceNow> devices) => devices.Select(device => (long?)device.HeardMs).DefaultIfEmpty().Max();
}

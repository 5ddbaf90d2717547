using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Rules;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Web;

/// <summary>How a socket or slot stands: the state code of every page, each with a colour, a sign and a word.</summary>
internal enum SocketState
{
    /// <summary>Nothing is plugged in.</summary>
    Idle,

    /// <summary>It charges.</summary>
    Charging,

    /// <summary>Full, and still plugged in.</summary>
    Full,

    /// <summary>Registered, and never heard of.</summary>
    Never,

    /// <summary>Its device said that it goes, or its broker or gateway did.</summary>
    Offline,

    /// <summary>Nothing new for three periods.</summary>
    Stale,

    /// <summary>Out of service, tested or maintained with a permit.</summary>
    Maintenance,

    /// <summary>It says so itself, or an alert on it is open.</summary>
    Fault,

    /// <summary>It draws more than it may.</summary>
    Overload,
}

/// <summary>An open alert on a thing, with who has it.</summary>
/// <param name="Id">The alert.</param>
/// <param name="Rule">The rule.</param>
/// <param name="Priority">How urgent, as it is written.</param>
/// <param name="Brief">What it says, in short.</param>
/// <param name="Takers">Who has acknowledged, by the names of people.yaml; empty: nobody.</param>
internal sealed record AssetAlert(string Id, string Rule, string Priority, LocalText Brief, IReadOnlyList<string> Takers)
{
    /// <summary>That it is a suspicion of fly-wire charging, and how likely, where its evidence says so; empty: it is none.</summary>
    public string Suspicion { get; private init; } = "";

    /// <summary>What kind it is, where the thing itself is named beside it; of what no rule of the registry raised the alert's own words.</summary>
    public LocalText Title => RuleCatalogue.All.FirstOrDefault(rule => rule.Name == Rule)?.Title ?? Brief;

    /// <summary>Some open alerts, each with its asset, in their order. What happened to them is not read again for it.</summary>
    public static List<(string Asset, AssetAlert Alert)> Of(IReadOnlyList<AlertTransition> alerts, SqliteConnection reader)
    {
        var takers = ResponseTable.Takers(reader, alerts.Select(alert => alert.AlertId));
        return [.. alerts.Select(alert => (alert.Asset, new AssetAlert(
            alert.AlertId, alert.Rule, alert.Priority.ToString(), PageText.Brief(alert.Text), takers.GetValueOrDefault(alert.AlertId) ?? []) { Suspicion = SuspicionOf(alert) }))];
    }

    private static string SuspicionOf(AlertTransition alert)
    {
        if (!FlyWireCase.IsBegunBy(alert.Rule))
            return "";
        return FlyWireCase.LikelihoodOf(alert.Evidence) is { } p ? $"◆ {ViewTexts.Number(p * 100)} %" : "◆";
    }
}

/// <summary>What one socket or slot says now.</summary>
/// <param name="Device">The pile or cabinet.</param>
/// <param name="Channel">Which.</param>
/// <param name="State">How it stands.</param>
/// <param name="Watts">Its power, W; null: not told, or not now.</param>
/// <param name="AtMs">When it was heard last, ms since 1970-01-01 UTC; null: never.</param>
internal sealed record SocketNow(DeviceEntry Device, ChannelId Channel, SocketState State, double? Watts, long? AtMs)
{
    /// <summary>Whether it is kept for old or disabled owners.</summary>
    public bool IsReserved => Device.Reserved.Contains(Channel);

    /// <summary>Whether its device or we doubt what it says.</summary>
    public bool IsDoubtful { get; init; }

    /// <summary>Whether it reports though the registry does not count it.</summary>
    public bool IsBeyond => Channel.Number > Device.Sockets;

    /// <summary>The open alert on it, the most urgent; null: none.</summary>
    public AssetAlert? Alert { get; init; }

    /// <summary>Until when it is worked on, or what feeds it, ms since 1970-01-01 UTC.</summary>
    public long? UntilMs { get; init; }

    /// <summary>Where on the page it is, and what a link jumps to.</summary>
    public string Anchor => $"{Device.Id}-{Channel}";

    /// <summary>Whether it is something that a person should look at.</summary>
    public bool IsAbnormal => Alert is not null || IsBeyond || State is SocketState.Never or SocketState.Offline or SocketState.Stale or SocketState.Fault or SocketState.Overload;

    /// <summary>Its style, the same word as on the live page, and the key of its text.</summary>
    public string Word => State switch
    {
        SocketState.Idle => "idle",
        SocketState.Charging => "charging",
        SocketState.Full => "full",
        SocketState.Never => "never",
        SocketState.Offline => "offline",
        SocketState.Stale => "stale",
        SocketState.Maintenance => "maintenance",
        SocketState.Fault => "fault",
        SocketState.Overload => "overload",
    };

    /// <summary>Every socket of a device: those that are registered, and those that report besides.</summary>
    /// <param name="view">The live picture.</param>
    /// <param name="at">The device.</param>
    /// <param name="alertOn">The open alert on an asset.</param>
    /// <param name="permitOn">The permit that covers an asset now.</param>
    /// <param name="tag">The one that hangs on what feeds the device: it explains silence, and what is heard all the same is shown; null: none.</param>
    /// <param name="nowMs">Now, ms since 1970-01-01 UTC.</param>
    public static IEnumerable<SocketNow> Of(LiveView view, RegisteredDevice at, Func<string, AssetAlert?> alertOn, Func<string, Permit?> permitOn, Permit? tag, long nowMs)
    {
        var device = view.Find(at.Site.Id, at.Entry.Id);
        var kind = at.Entry.Kind == DeviceKind.Cabinet ? ChannelKind.Slot : ChannelKind.Socket;
        var more = device?.Channels.Select(pair => pair.Channel).Where(channel => channel.Kind is ChannelKind.Socket or ChannelKind.Slot && (channel.Kind != kind || channel.Number > at.Entry.Sockets)) ?? [];
        foreach (var channel in Enumerable.Range(1, at.Entry.Sockets).Select(number => ChannelId.Of(kind, number)).Concat(more))
        {
            var path = at.AssetPath(channel);
            yield return Of(view, at.Entry, channel, device, alertOn(path), permitOn(path), tag, nowMs);
        }
    }

    private static SocketNow Of(LiveView view, DeviceEntry entry, ChannelId channel, DeviceNow? device, AssetAlert? alert, Permit? permit, Permit? tag, long nowMs)
    {
        var now = device?.Channel(channel);
        var watts = now is not null && now.Values.TryGet(Metric.W, out var told) ? told.Value : (double?)null;
        var away = AwayOf(view, device, now, nowMs);
        var state = StateOf(away, now, watts, alert, away is null ? permit : permit ?? tag);
        return new SocketNow(entry, channel, state, away is null && state != SocketState.Maintenance ? watts : null, now?.AtMs)
        {
            IsDoubtful = now?.Quality is Quality.Suspect or Quality.Bad,
            Alert = alert,
            UntilMs = (permit ?? tag)?.UntilMs,
        };
    }

    /// <summary>What endangers comes before what is worked on, though it fell silent since, and that before what is not known. What somebody tests may say what it likes.</summary>
    private static SocketState StateOf(SocketState? away, ChannelNow? now, double? watts, AssetAlert? alert, Permit? permit)
    {
        if (alert is not null && DangerOf(alert.Rule, alert.Priority, permit) is { } danger)
            return danger;
        if (permit is not null)
            return SocketState.Maintenance;
        if (away is { } gone)
            return gone;
        if (alert is not null || now!.State is "fault" or "fuse")
            return SocketState.Fault;
        if (now.State == "full")
            return SocketState.Full;
        return watts > FirstPicture.InUseW || now.State == "charging" ? SocketState.Charging : SocketState.Idle;
    }

    /// <summary>What an alert makes of the thing whatever that says of itself, on every page; null: permits and silence come before it.</summary>
    /// <param name="rule">Its rule.</param>
    /// <param name="priority">How urgent, as it is written.</param>
    /// <param name="permit">What covers the thing; null: nothing.</param>
    public static SocketState? DangerOf(string rule, string priority, Permit? permit) => rule == Overloads ? SocketState.Overload
        : priority is nameof(Priority.P0) or nameof(Priority.P1) && permit is not { Kind: PermitKind.Test } ? SocketState.Fault
        : null;

    /// <summary>Why what it said last is not the present; null: it is.</summary>
    private static SocketState? AwayOf(LiveView view, DeviceNow? device, ChannelNow? now, long nowMs) =>
        device is null || now is null ? SocketState.Never
        : device.Presence is Presence.Offline or Presence.Shutdown ? SocketState.Offline
        : now.Quality == Quality.Stale || nowMs - now.HeardMs > view.FreshMs(device) ? SocketState.Stale
        : null;

    /// <summary>The rule whose alert is the overload of the state code.</summary>
    private const string Overloads = "socket-overload";
}

using FacilityMonitor.Alerts;
using FacilityMonitor.Web.Pages;

namespace FacilityMonitor.Web;

/// <summary>A socket as a tile shows it.</summary>
/// <param name="Site">Site id.</param>
/// <param name="Socket">The socket.</param>
/// <param name="NowMs">Now, ms since 1970-01-01 UTC.</param>
/// <param name="Page">Knows what people are called.</param>
internal sealed record SocketTile(string Site, SocketNow Socket, long NowMs, SiteModel Page)
{
    public string Link => Socket.Alert is { } alert ? $"/alert/{alert.Id}" : $"{Links.Device(Site, Socket.Device.Id)}?channel={Socket.Channel}";

    /// <summary>Its sign; empty: an idle one has none.</summary>
    public string Sign(ViewTexts texts) => Socket.State switch
    {
        SocketState.Idle => "",
        SocketState.Charging => texts["sign-charging"],
        SocketState.Full => texts["sign-full"],
        SocketState.Never => "—",
        SocketState.Offline or SocketState.Stale => "×",
        SocketState.Maintenance => "⚒",
        SocketState.Fault => "!",
        SocketState.Overload => "▲",
    };

    /// <summary>Its number: what it draws, since when it is silent, until when it is worked on.</summary>
    public string Shown(ViewTexts texts) => Socket switch
    {
        { State: SocketState.Charging or SocketState.Overload or SocketState.Fault, Watts: { } watts } => $"{ViewTexts.Number(watts)} W",
        { State: SocketState.Offline or SocketState.Stale, AtMs: { } at } => texts.Span(NowMs - at),
        { State: SocketState.Maintenance, UntilMs: { } until } => AlertText.Clock(until)[6..11],
        _ => "",
    };

    public string Takers(ViewTexts texts) => Socket.Alert is { } alert ? Page.Takers(alert, texts.Language) : "";

    /// <summary>All of it in words.</summary>
    public string Label(ViewTexts texts)
    {
        string[] parts =
        [
            texts.In(AlertText.Channel(Socket.Channel)!), texts[Socket.Word], Shown(texts), Socket.Alert is { } alert ? $"{alert.Priority} {texts.In(alert.Brief)}" : "",
            Takers(texts) is { Length: > 0 } takers ? $"{texts["act-stage-acked"]} {takers}" : "", Socket.IsBeyond ? texts["not-registered"] : "", Socket.IsReserved ? texts["reserved"] : "",
            Socket.IsDoubtful ? texts["doubtful"] : "",
        ];
        return string.Join(" · ", parts.Where(part => part.Length > 0));
    }
}

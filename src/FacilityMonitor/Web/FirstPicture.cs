using System.Globalization;
using System.Text;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Ingest;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Web;

/// <summary>What the page says before its scripts run, and all it says without them: alerts, circuits, devices, new devices, and how the monitor itself is.</summary>
/// <remarks>Plain tables on purpose. The live picture is drawn by the page's module alone; this one shares its order, its words and its styles, not its markup.</remarks>
internal sealed class FirstPicture(FacilitySource registry, IngestWorker ingest, BooksWatch books)
{
    /// <summary>Power from which a channel is in use, W.</summary>
    private const double InUseW = 3;

    /// <summary>Errors of the configuration that are listed; mending those first mends most of the others.</summary>
    private const int ErrorsMax = 10;

    /// <summary>Hours of the books that are shown.</summary>
    private const int HoursShown = 6;

    public string Draw(LiveView view, MonitoringState state, long nowMs, string language)
    {
        var facility = registry.Current.Facility;
        var page = new Drawing(view, state.Circuits.ToDictionary(circuit => circuit.Path, StringComparer.Ordinal), nowMs, language);
        page.Open("main", "first");
        page.Line("p", "empty", $"{page.Say("as-of")} {AlertText.Clock(nowMs)}");
        var isDeaf = ingest.Broker.State is not MqttConnectionState.Subscribed;
        Banner(page, isDeaf);
        Alerts(page, state.Alerts, isDeaf);
        if (facility.Sites.Count == 0)
            page.Line("p", "empty", page.Say("no-sites"));
        foreach (var site in facility.Sites)
            OfSite(page, site);
        Unknown(page);
        Health(page);
        page.Close("main");
        return page.ToString();
    }

    /// <summary>What makes all that is shown below doubtful comes first.</summary>
    private void Banner(Drawing page, bool isDeaf)
    {
        if (isDeaf)
            page.Line("p", "lost", $"× {page.Say("deaf")}");
        var errors = registry.LastErrors;
        if (errors.Count == 0)
            return;
        page.Line("p", "lost", string.Create(CultureInfo.InvariantCulture, $"! {page.Say("configuration")} ({errors.Count})"));
        page.Open("ul", "attention");
        foreach (var error in errors.Take(ErrorsMax))
            page.Line("li", null, error.In(page.Language));
        page.Close("ul");
    }

    private static void Alerts(Drawing page, IReadOnlyList<AlertTransition> alerts, bool isDeaf)
    {
        page.Section("alerts");
        if (alerts.Count == 0)
            page.Line("p", isDeaf ? "attention" : "empty", page.Say(isDeaf ? "no-alerts-deaf" : "no-alerts"));
        page.Open("ul", "alerts");
        foreach (var alert in alerts)
            page.Line("li", alert.Priority.ToString().ToLowerInvariant(), $"{alert.Priority} {alert.Text.In(page.Language)}");
        page.Close("ul");
        page.Close("section");
    }

    private static void OfSite(Drawing page, Site site)
    {
        page.Open("section");
        page.Line("h2", null, site.Name.In(page.Language));
        if (site.Circuits.Count > 0)
        {
            page.Table("circuit", "load", "rated", "share", "trip");
            foreach (var circuit in site.Circuits)
                OfCircuit(page, site, circuit);
            page.EndTable();
        }

        page.Table("device", "in-use", "power", "heard");
        foreach (var entry in site.Devices)
            OfDevice(page, site, entry);
        page.EndTable();
        page.Close("section");
    }

    private static void OfCircuit(Drawing page, Site site, Circuit circuit)
    {
        var judged = page.Circuits.GetValueOrDefault($"{site.Id}/{circuit.Id}");
        var amps = circuit.Meter is null ? judged?.Amps ?? [] : page.View.Amps(site.Id, circuit, page.NowMs);
        var share = amps.Count > 0 && circuit.RatedA is { } rated ? amps.Max() / rated : (double?)null;
        page.Row(
            share > 1 ? "over" : null,
            circuit.Name.In(page.Language),
            amps.Count == 0 ? page.Say("no-reading") : string.Join(" / ", amps.Select(a => Drawing.Number(a, "0.0"))) + " A",
            circuit.RatedA is { } ratedA ? Drawing.Number(ratedA, "0.#") + " A" : page.Say("not-rated"),
            share is { } part ? (part > 1 ? "▲ " : "") + Drawing.Number(part * 100, "0") + " %" : "—",
            Trip(page, judged?.Trip));
    }

    private static string Trip(Drawing page, TripBand? trip) => trip switch
    {
        null => "",
        { ToS: null, FromS: < 60 } => page.Say("trip-soon-or-never"),
        { FromS: < 60 } band => $"< {Drawing.Number(Math.Ceiling(band.ToS!.Value / 60), "0")} {page.Say("minutes")}",
        { ToS: null } band => $"≥ {Drawing.Number(Math.Floor(band.FromS / 60), "0")} {page.Say("minutes")} · {page.Say("perhaps-never")}",
        { } band => $"{Drawing.Number(Math.Floor(band.FromS / 60), "0")}–{Drawing.Number(Math.Ceiling(band.ToS!.Value / 60), "0")} {page.Say("minutes")}",
    };

    private static void OfDevice(Drawing page, Site site, DeviceEntry entry)
    {
        if (page.View.Find(site.Id, entry.Id) is not { } device)
        {
            page.Row(null, entry.Name.In(page.Language), "", "", page.Say("never"));
            return;
        }

        var fresh = page.View.FreshMs(device);
        var now = device.Channels.Select(channel => channel.Now).Where(channel => page.NowMs - channel.HeardMs <= fresh).ToList();
        var watts = now.SelectMany(channel => channel.Values.TryGet(Metric.W, out var told) ? (double[])[told.Value] : []).ToList();
        var away = device.Presence is Presence.Offline or Presence.Shutdown ? page.Say("offline") : now.Count == 0 ? page.Say("stale") : null;
        // Sockets that report though the registry does not count them are said apart: they are in no "of so many".
        var more = device.Channels.Count(channel => channel.Channel is { Kind: ChannelKind.Socket or ChannelKind.Slot, Number: var number } && number > entry.Sockets);
        var beyond = more > 0 ? string.Create(CultureInfo.InvariantCulture, $" (+{more} {page.Say("not-registered")})") : "";
        page.Row(
            away is null ? null : "gone",
            entry.Name.In(page.Language),
            (entry.Sockets > 0 || more > 0) && away is null ? $"{watts.Count(w => w > InUseW)}/{entry.Sockets}{beyond}" : "",
            watts.Count > 0 && away is null ? Drawing.Number(watts.Sum(), "0") + " W" : "",
            (away is null ? "" : $"× {away} · ") + AlertText.Clock(device.HeardMs));
    }

    private void Unknown(Drawing page)
    {
        page.Section("unknown");
        var unknown = page.View.All.Where(device => page.View.Find(device.Id) is null).ToList();
        if (unknown.Count == 0)
            page.Line("p", "empty", page.Say("no-unknown"));
        else
            page.Line("p", null, $"{page.Say("unknown-help")} {registry.File}");
        page.Open("ul", "unknown");
        foreach (var device in unknown.Take(LiveView.OfferedMax))
        {
            page.Open("li");
            page.Line("span", null, $"{device.Id} · {LiveJson.Product(device.Id.Dialect)} {device.Birth?.Model} · {page.Say("heard")} {AlertText.Clock(device.HeardMs)}");
            if (page.View.Offer(device) is { } lines)
                page.Line("pre", null, lines);
            else if (RegistrationText.IsPerhapsGroup(device))
                page.Line("span", "age", page.Say("perhaps-group"));
            page.Close("li");
        }

        page.Close("ul");
        if (unknown.Count > LiveView.OfferedMax)
            page.Line("p", "empty", string.Create(CultureInfo.InvariantCulture, $"{page.Say("more")}: {unknown.Count - LiveView.OfferedMax}"));
        page.Close("section");
    }

    private void Health(Drawing page)
    {
        page.Section("health");
        var connected = ingest.Broker.State is MqttConnectionState.Subscribed;
        page.Line("p", connected ? null : "attention", $"{page.Say("broker")}: {page.Say(connected ? "connected" : "disconnected")}");
        var state = books.State;
        if (state.Holes.Count > 0)
            page.Line("p", "attention", page.Say("books-open"));
        page.Table("hour", "received", "stored", "duplicates", "dead-letters", "on-the-way");
        foreach (var hour in state.Hours.TakeLast(HoursShown).Reverse())
        {
            page.Row(
                hour.Hour <= state.SettledHour && hour.Open != 0 ? "attention" : null, AlertText.Clock(hour.Hour * HourBook.HourMs)[..^3],
                Drawing.Number(hour.Received, "0"), Drawing.Number(hour.Stored, "0"), Drawing.Number(hour.Duplicates, "0"), Drawing.Number(hour.DeadLetters, "0"), Drawing.Number(hour.Open, "0"));
        }

        page.EndTable();
        page.Close("section");
    }

    /// <summary>Writes markup; every text is escaped on its way in.</summary>
    private sealed class Drawing(LiveView view, IReadOnlyDictionary<string, CircuitState> circuits, long nowMs, string language)
    {
        private readonly StringBuilder _markup = new(8192);

        public LiveView View { get; } = view;

        public IReadOnlyDictionary<string, CircuitState> Circuits { get; } = circuits;

        public long NowMs { get; } = nowMs;

        public string Language { get; } = language;

        public static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

        public string Say(string key) => Texts.In(Language, key);

        public void Open(string element, string? style = null) => _markup.Append('<').Append(element).Append(style is null ? ">" : $" class=\"{style}\">");

        public void Close(string element) => _markup.Append("</").Append(element).Append('>');

        public void Line(string element, string? style, string text)
        {
            Open(element, style);
            _markup.Append(Page.Encode(text));
            Close(element);
        }

        public void Section(string key)
        {
            Open("section");
            Line("h2", null, Say(key));
        }

        /// <summary>A table whose first column names and whose others are numbers.</summary>
        public void Table(params ReadOnlySpan<string> columns)
        {
            _markup.Append("<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>");
            for (var index = 0; index < columns.Length; index++)
                Line("th", index == 0 ? null : "n", Say(columns[index]));
            _markup.Append("</tr></thead><tbody>");
        }

        public void Row(string? style, string name, params ReadOnlySpan<string> cells)
        {
            Open("tr", style);
            _markup.Append("<th scope=\"row\">").Append(Page.Encode(name)).Append("</th>");
            foreach (var cell in cells)
                Line("td", "n", cell);
            Close("tr");
        }

        public void EndTable() => _markup.Append("</tbody></table></div>");

        public override string ToString() => _markup.ToString();
    }
}

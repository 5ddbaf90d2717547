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

    /// <summary>New devices that are named; of more only the number is said.</summary>
    private const int UnknownMax = 50;

    /// <summary>Hours of the books that are shown.</summary>
    private const int HoursShown = 6;

    public string Draw(LiveView view, MonitoringState state, long nowMs, string language)
    {
        var facility = registry.Current.Facility;
        var page = new Drawing(view, state.Circuits.ToDictionary(circuit => circuit.Path, StringComparer.Ordinal), nowMs, language);
        page.Open("main", "first");
        page.Line("p", "empty", $"{page.Say("as-of")} {AlertText.Clock(nowMs)}");
        Alerts(page, state.Alerts);
        if (facility.Sites.Count == 0)
            page.Line("p", "empty", page.Say("no-sites"));
        foreach (var site in facility.Sites)
            OfSite(page, site);
        Unknown(page);
        Health(page);
        page.Close("main");
        return page.ToString();
    }

    private static void Alerts(Drawing page, IReadOnlyList<AlertTransition> alerts)
    {
        page.Section("alerts");
        if (alerts.Count == 0)
            page.Line("p", "empty", page.Say("no-alerts"));
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
        var watts = now.Where(channel => channel.Values.ContainsKey(Metric.W)).Select(channel => channel.Values[Metric.W].Value).ToList();
        var away = device.Presence is Presence.Offline or Presence.Shutdown ? page.Say("offline") : now.Count == 0 ? page.Say("stale") : null;
        page.Row(
            away is null ? null : "gone",
            entry.Name.In(page.Language),
            entry.Sockets > 0 && away is null ? $"{watts.Count(w => w > InUseW)}/{entry.Sockets}" : "",
            watts.Count > 0 && away is null ? Drawing.Number(watts.Sum(), "0") + " W" : "",
            (away is null ? "" : $"× {away} · ") + AlertText.Clock(device.HeardMs));
    }

    private static void Unknown(Drawing page)
    {
        page.Section("unknown");
        var unknown = page.View.All.Where(device => page.View.Find(device.Id) is null).ToList();
        if (unknown.Count == 0)
            page.Line("p", "empty", page.Say("no-unknown"));
        page.Open("ul", "unknown");
        foreach (var device in unknown.Take(UnknownMax))
            page.Line("li", null, $"{device.Id} · {device.Id.Dialect} {device.Birth?.Model} · {page.Say("heard")} {AlertText.Clock(device.HeardMs)}");
        page.Close("ul");
        if (unknown.Count > UnknownMax)
            page.Line("p", "empty", string.Create(CultureInfo.InvariantCulture, $"{page.Say("more")}: {unknown.Count - UnknownMax}"));
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

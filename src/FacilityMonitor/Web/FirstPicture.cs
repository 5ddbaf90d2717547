using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Web;

/// <summary>What the page says before its scripts run, and all it says without them: open alerts, circuits, devices. The scripts put the live picture in its place.</summary>
internal static class FirstPicture
{
    /// <summary>Power from which a channel is in use, W.</summary>
    private const double InUseW = 3;

    public static string Draw(Facility facility, LiveView view, MonitoringState state, long nowMs, string language)
    {
        var page = new StringBuilder(4096);
        string T(string key) => Escape(language == "en" ? Texts.All[key].En : Texts.All[key].Zh);
        string L(LocalText text) => Escape(language == "en" ? text.En : text.Zh);
        page.Append(CultureInfo.InvariantCulture, $"<main class=\"first\"><p class=\"empty\">{T("as-of")} {Clock(nowMs)}</p><section><h2>{T("alerts")}</h2>");
        if (state.Alerts.Count == 0)
            page.Append(CultureInfo.InvariantCulture, $"<p class=\"empty\">{T("no-alerts")}</p>");
        else
            page.Append(CultureInfo.InvariantCulture, $"<ul class=\"alerts\">{string.Concat(state.Alerts.Select(alert => $"<li class=\"{alert.Priority.ToString().ToLowerInvariant()}\"><b>{alert.Priority}</b> {L(alert.Text)}</li>"))}</ul>");
        page.Append("</section>");
        var circuits = state.Circuits.ToDictionary(circuit => circuit.Path, StringComparer.Ordinal);
        foreach (var site in facility.Sites)
        {
            page.Append(CultureInfo.InvariantCulture, $"<section><h2>{L(site.Name)}</h2><table><thead><tr><th>{T("device")}</th><th class=\"n\">{T("in-use")}</th><th class=\"n\">W</th><th>{T("heard")}</th></tr></thead><tbody>");
            foreach (var entry in site.Devices)
            {
                var now = view.Find(site.Id, entry.Id);
                var channels = now is null ? [] : now.Channels.Select(channel => channel.Now).ToList();
                var watts = channels.Select(channel => channel.Values.TryGetValue(Metric.W, out var w) ? w.Value : 0).ToList();
                page.Append(CultureInfo.InvariantCulture, $"<tr><th>{L(entry.Name)}</th><td class=\"n\">{(entry.Sockets > 0 ? $"{watts.Count(w => w > InUseW)}/{entry.Sockets}" : "")}</td><td class=\"n\">{(watts.Any(w => w > 0) ? watts.Sum().ToString("0", CultureInfo.InvariantCulture) : "")}</td><td>{(now is null ? T("never") : Clock(now.HeardMs))}</td></tr>");
            }

            page.Append("</tbody></table>");
            if (site.Circuits.Count > 0)
            {
                page.Append(CultureInfo.InvariantCulture, $"<table><thead><tr><th>{T("circuit")}</th><th class=\"n\">{T("load")}</th></tr></thead><tbody>");
                foreach (var circuit in site.Circuits)
                {
                    var load = circuits.TryGetValue($"{site.Id}/{circuit.Id}", out var known) && known.Amps.Count > 0 && known.RatedA is { } rated ? string.Create(CultureInfo.InvariantCulture, $"{known.Amps.Max() / rated * 100:0} %") : "";
                    page.Append(CultureInfo.InvariantCulture, $"<tr><th>{L(circuit.Name)}</th><td class=\"n\">{(circuit.RatedA is null ? T("not-rated") : load)}</td></tr>");
                }

                page.Append("</tbody></table>");
            }

            page.Append("</section>");
        }

        return page.Append("</main>").ToString();
    }

    private static string Clock(long ms) => Alerts.AlertText.Clock(ms);

    /// <summary>Chinese stays readable; what could be markup does not stay markup.</summary>
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    private static string Escape(string text) => Encoder.Encode(text);
}

using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web.Pages;

/// <summary>What draws from a circuit: a socket in use, a device, or a circuit below.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Link">Its page.</param>
/// <param name="Watts">Its power, W; null: not known now.</param>
internal sealed record Contributor(LocalText Name, string Link, double? Watts);

/// <summary>A suspected fly-wire on this circuit, with what happened since, the newest first.</summary>
internal sealed record CircuitCase(string Alert, FlyWireView Case, IReadOnlyList<TimelineEntry> Timeline);

/// <summary><c>/circuit/{site}/{circuit}</c>: how heavily it is loaded, was, and could be; what draws from it, and what draws that nothing below it explains.</summary>
internal sealed class CircuitModel(LiveFeed feed, Database database, ResponseDesk desk, FacilitySource registry, PersonNames names) : PageModel
{
    /// <summary>Contributors that are listed.</summary>
    public const int ContributorsMax = 30;

    /// <summary>What an ampere comes to at the nominal voltage, kVA.</summary>
    public const double NominalKv = 0.22;

    /// <summary>Lines of a case's timeline that are shown.</summary>
    private const int LinesMax = 12;

    /// <summary>Suspicions that are looked through: years of a neighbourhood.</summary>
    private const int CasesMax = 1_000;

    /// <summary>Errors of a class 1 meter and of the meters below it: what is within them is no load.</summary>
    private const double MeterError = 0.01;
    private const double BelowError = 0.02;

    public PersonNames Names => names;

    public Site Site { get; private set; } = null!;

    public Circuit Circuit { get; private set; } = null!;

    public CircuitLoad Load { get; private set; } = null!;

    public long NowMs { get; private set; }

    public Circuit? Parent => Site.Circuits.FirstOrDefault(other => other.Id == Circuit.Parent);

    public LocalText? MeterName => Circuit.Meter is { } id ? Site.Devices.FirstOrDefault(device => device.Id == id)?.Name ?? new LocalText(id, id) : null;

    public IReadOnlyList<Contributor> Contributors { get; private set; } = [];

    /// <summary>Devices and circuits below of which nothing is known now.</summary>
    public int Silent { get; private set; }

    /// <summary>What the circuit's meter tells beyond its contributors, W; null: it cannot be told.</summary>
    public double? Unmetered { get; private set; }

    /// <summary>How wrong that may be, W.</summary>
    public double UnmeteredError { get; private set; }

    public IReadOnlyList<CircuitCase> Cases { get; private set; } = [];

    public IReadOnlyList<ChartAlert> Alerts { get; private set; } = [];

    /// <summary>What is done to it or to what feeds it; null: nothing.</summary>
    public Permit? Tag { get; private set; }

    /// <summary>Its history; null without a meter.</summary>
    public ChartView? Chart { get; private set; }

    public IActionResult OnGet(string site, string circuit)
    {
        if (registry.Current.FindSite(site) is not { } known || known.Circuits.FirstOrDefault(one => one.Id == circuit) is not { } found)
            return new NotThere("no-circuit");
        (Site, Circuit) = (known, found);
        var path = $"{known.Id}/{found.Id}";
        var (nowMs, load, contributors) = feed.Look(Look);
        (NowMs, Load) = (nowMs, load);
        var sum = contributors.Sum(one => one.Watts ?? 0);
        Silent = contributors.Count(one => one.Watts is null);
        Unmetered = Load.Watts is { } watts && Silent == 0 ? watts - sum : null;
        UnmeteredError = ((Load.Watts ?? 0) * MeterError) + (sum * BelowError);
        Contributors = [.. contributors.Where(one => one.Watts is null or > FirstPicture.InUseW).OrderByDescending(one => one.Watts ?? double.MaxValue)];
        using (var reader = database.OpenReader())
        {
            Alerts = AlertTimes.Of(reader, path, NowMs - (long)SeriesDesk.SpanMax.TotalMilliseconds);
            Tag = PermitText.On(PermitTable.Standing(reader, NowMs), Site, Circuit, NowMs);
        }

        Cases = [.. desk.CasesOn(path, CasesMax).Select(Of)];
        Chart = found.Meter is { } meter ? ChartOf(meter) : null;
        return Page();
    }

    private CircuitCase Of(FlyWireCaseEntry entry) => new(entry.Alert, new FlyWireView(entry.Case, NowMs), [.. (desk.Find(entry.Alert)?.Timeline ?? []).Reverse().Take(LinesMax)]);

    private (long NowMs, CircuitLoad Load, List<Contributor> Contributors) Look(LiveView view, MonitoringState state, long nowMs)
    {
        var states = state.Circuits.ToDictionary(one => one.Path, StringComparer.Ordinal);
        var contributors = new List<Contributor>();
        foreach (var below in Site.Circuits.Where(one => one.Parent == Circuit.Id))
            contributors.Add(new Contributor(below.Name, Links.Circuit(Site.Id, below.Id), LoadOf(below).Watts));
        foreach (var device in Site.Devices.Where(one => one.Circuit == Circuit.Id && one.Id != Circuit.Meter))
            contributors.AddRange(Of(view, device, nowMs));
        return (nowMs, LoadOf(Circuit), contributors);

        CircuitLoad LoadOf(Circuit one) => CircuitLoad.Of(view, Site.Id, one, states.GetValueOrDefault($"{Site.Id}/{one.Id}"), nowMs);
    }

    /// <summary>The channels of a device that measure power, each by itself; a device of which nothing is known as a whole.</summary>
    private IEnumerable<Contributor> Of(LiveView view, DeviceEntry entry, long nowMs)
    {
        var (link, device) = (Links.Device(Site.Id, entry.Id), view.Find(Site.Id, entry.Id));
        var measuring = device?.Channels.Select(channel => channel.Now).Where(now => now.Values.TryGet(Metric.W, out _)).ToList() ?? [];
        if (device is null || measuring.Count == 0)
            return entry.Sockets > 0 ? [new Contributor(entry.Name, link, null)] : [];
        var fresh = device.Presence is Presence.Offline or Presence.Shutdown ? [] : measuring.Where(now => nowMs - now.HeardMs <= view.FreshMs(device)).ToList();
        return fresh.Count == 0
            ? [new Contributor(entry.Name, link, null)]
            : fresh.Select(now => new Contributor(AlertText.Join(entry.Name, AlertText.Channel(now.Channel)), $"{link}?channel={now.Channel}", now.Values.TryGet(Metric.W, out var watts) ? watts.Value : null));
    }

    private ChartView ChartOf(string meter)
    {
        var channels = CircuitLoad.ChannelsOf(Circuit);
        var lines = channels.Select(channel => new ChartLine(channel.ToString(), channels.Count == 1 ? Circuit.Name : AlertText.Channel(channel)!)).ToList();
        var rated = Circuit.RatedA is { } amps ? new LocalText(string.Create(CultureInfo.InvariantCulture, $"额定 {amps:0.#} A"), string.Create(CultureInfo.InvariantCulture, $"rated {amps:0.#} A")) : null;
        var power = Quantity.Of(Metric.W)!;
        ChartMetric[] metrics = [Quantity.Of(Metric.A)! with { Limit = Circuit.RatedA, LimitName = rated }, power];
        // Without anything below it the remainder is the whole.
        if (feed.Look((view, _, _) => UnmeteredSeries.Parts(view, Site, Circuit)) is { Count: > 0 })
        {
            var name = new LocalText(Texts.All["unmetered"].Zh, Texts.All["unmetered"].En);
            metrics = [.. metrics, power with { Key = "unmetered", Name = name, From = new ChartSource(UnmeteredSeries.Address(Site.Id, Circuit.Id), power.Key, [new ChartLine("main", name)]) }];
        }

        return new ChartView($"/series/{Site.Id}/{meter}", lines, metrics, Alerts, NowMs);
    }
}

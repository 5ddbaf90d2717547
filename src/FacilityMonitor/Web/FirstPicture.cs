using System.Globalization;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Ingest;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Rules;
using FacilityMonitor.Users;

namespace FacilityMonitor.Web;

/// <summary>The neighbourhood at one moment, in words.</summary>
internal sealed record Picture
{
    public required string AsOf { get; init; }

    /// <summary>Whether no message can come: what is not there then says nothing.</summary>
    public required bool IsDeaf { get; init; }

    /// <summary>Whether it is of one site out of several: what belongs to none is not in it then.</summary>
    public bool IsPart { get; init; }

    /// <summary>Whether nothing was ever heard of any device, though it could be.</summary>
    public required bool IsNew { get; init; }

    /// <summary>What is wrong with the configuration, as far as it is listed.</summary>
    public required IReadOnlyList<string> Errors { get; init; }

    public required int ErrorCount { get; init; }

    /// <summary>The first <see cref="FirstPicture.AlertsMax"/> in the order of attention.</summary>
    public required IReadOnlyList<PictureAlert> Alerts { get; init; }

    /// <summary>Open alerts that are not listed.</summary>
    public required int AlertsMore { get; init; }

    /// <summary>How many there are of each priority, and how long the oldest waits that nobody answered.</summary>
    public required string AlertSum { get; init; }

    public required IReadOnlyList<PictureSite> Sites { get; init; }

    /// <summary>What feeds what.</summary>
    public required Schematic Schematic { get; init; }

    public required IReadOnlyList<PictureUnknown> Unknown { get; init; }

    /// <summary>New devices that are not listed.</summary>
    public required int UnknownMore { get; init; }

    /// <summary>The file that new devices are registered in.</summary>
    public required string File { get; init; }

    public required bool AreBooksOpen { get; init; }

    /// <summary>The books of all sites; null for who does not see all.</summary>
    public required PictureTable? Books { get; init; }
}

/// <summary>An alert: its priority as a style, and what it says.</summary>
/// <param name="Css">Its style.</param>
/// <param name="Link">Its page.</param>
/// <param name="Text">What it says.</param>
/// <param name="Takers">Who has it; empty: nobody.</param>
internal sealed record PictureAlert(string Css, string Link, string Text, string Takers);

/// <summary>A site; without circuits it has no table of them.</summary>
internal sealed record PictureSite(string Id, LocalText Name, PictureTable? Circuits, PictureTable Devices);

/// <summary>A new device, the lines that register it, and whether it is perhaps a group.</summary>
internal sealed record PictureUnknown(string Text, string? Yaml, bool IsPerhapsGroup);

/// <summary>A table whose first column names and whose others are numbers.</summary>
/// <param name="Columns">Keys of their texts.</param>
/// <param name="Rows">The rows.</param>
internal sealed record PictureTable(IReadOnlyList<string> Columns, IReadOnlyList<PictureRow> Rows);

internal sealed record PictureRow(string? Css, string Name, params IReadOnlyList<string> Cells);

/// <summary>What the page says before its scripts run, and all it says without them: alerts, circuits, devices, new devices, and how the monitor itself is.</summary>
/// <remarks>Plain tables on purpose. The live picture is drawn by the page's module alone; this one shares its order, its words and its styles, not its markup.</remarks>
internal sealed class FirstPicture(FacilitySource registry, IngestWorker ingest, BooksWatch books, PersonNames names)
{
    /// <summary>Power from which a channel is in use, W.</summary>
    public const double InUseW = 3;

    /// <summary>Open alerts that the start page lists: what needs a person most, on one screen of a phone. All of them are in the inbox, by cause (reference §6).</summary>
    public const int AlertsMax = 5;

    /// <summary>Errors of the configuration that are listed; mending those first mends most of the others.</summary>
    private const int ErrorsMax = 10;

    /// <summary>Hours of the books that are shown.</summary>
    private const int HoursShown = 6;

    /// <summary>Takes it.</summary>
    public Picture Take(LiveView view, MonitoringState all, SiteScope sites, long nowMs, string language)
    {
        var state = sites.Of(all);
        var errors = sites.IsAll ? registry.LastErrors : [];
        var circuits = state.Circuits.ToDictionary(circuit => circuit.Path, StringComparer.Ordinal);
        var at = new Moment(view, state.Permits, nowMs, language);
        var isDeaf = !ingest.IsHearing;
        var unknown = view.All.Where(device => view.Find(device.Id) is null && sites.Has(view, device)).ToList();
        return new Picture
        {
            AsOf = ViewTexts.Clock(nowMs, language),
            IsDeaf = isDeaf,
            IsNew = !isDeaf && !view.All.Any(device => sites.Has(view, device)),
            Errors = [.. errors.Take(ErrorsMax).Select(error => error.In(language))],
            ErrorCount = errors.Count,
            Alerts = [.. state.Alerts.Take(AlertsMax).Select(alert => new PictureAlert(
                alert.Priority.ToString().ToLowerInvariant() + (state.NeedsSomebody(alert) ? "" : " taken"), "/alert/" + alert.AlertId, $"{alert.Priority} {alert.Text.In(language)}",
                string.Join(language == "en" ? ", " : "、", (state.Takers.GetValueOrDefault(alert.AlertId) ?? []).Select(person => names.Of(person, language)))))],
            AlertsMore = Math.Max(0, state.Alerts.Count - AlertsMax),
            AlertSum = SumOf(state, nowMs, language),
            Sites = [.. sites.Of(registry.Current.Facility).Sites.Select(site => OfSite(at, site, circuits))],
            Schematic = Schematic.Of(view, state, registry.Current.Facility, sites, isDeaf, nowMs, language),
            Unknown = [.. unknown.Take(LiveView.OfferedMax).Select(device => new PictureUnknown(
                $"{device.Id} · {LiveJson.Product(device.Id.Dialect)} {device.Birth?.Model} · {at.Say("heard")} {ViewTexts.Clock(device.HeardMs, language)}", view.Offer(device), RegistrationText.IsPerhapsGroup(device)))],
            UnknownMore = Math.Max(0, unknown.Count - LiveView.OfferedMax),
            File = sites.IsAll ? registry.File : "",
            AreBooksOpen = sites.IsAll && books.State.Holes.Count > 0,
            Books = !sites.IsAll ? null : new PictureTable(["hour", "received", "stored", "duplicates", "dead-letters", "on-the-way"], [.. books.State.Hours.TakeLast(HoursShown).Reverse().Select(hour => OfHour(hour, language))]),
        };
    }

    private static PictureSite OfSite(Moment at, Site site, Dictionary<string, CircuitState> circuits) => new(
        site.Id,
        site.Name,
        site.Circuits.Count == 0 ? null : new PictureTable(
            ["circuit", "load", "rated", "share", "trip"], [.. site.Circuits.Select(circuit => OfCircuit(at, site, circuit, circuits.GetValueOrDefault($"{site.Id}/{circuit.Id}")))]),
        new PictureTable(["device", "in-use", "power", "heard"], [.. site.Devices.Select(entry => OfDevice(at, site, entry))]));

    private static PictureRow OfCircuit(Moment at, Site site, Circuit circuit, CircuitState? judged)
    {
        var amps = circuit.Meter is null ? judged?.Amps ?? [] : at.View.Amps(site.Id, circuit, at.NowMs);
        var share = amps.Count > 0 && circuit.RatedA is { } rated ? amps.Max() / rated : (double?)null;
        return new PictureRow(
            share > 1 ? "over" : null,
            circuit.Name.In(at.Language),
            amps.Count == 0 ? at.Say("no-reading") : string.Join(" / ", amps.Select(a => Number(a, "0.0"))) + " A",
            circuit.RatedA is { } ratedA ? Number(ratedA, "0.#") + " A" : at.Say("not-rated"),
            share is { } part ? (part > 1 ? "▲ " : "") + Number(part * 100, "0") + " %" : "—",
            (at.Say(PermitText.On(at.Permits, site, circuit, at.NowMs)) + TripText.Of(judged?.Trip, at.Language)).TrimEnd(' ', '·'));
    }

    private static string SumOf(MonitoringState state, long nowMs, string language)
    {
        var counts = state.Alerts.GroupBy(alert => alert.Priority).OrderBy(group => group.Key).Select(group => string.Create(CultureInfo.InvariantCulture, $"{group.Key} {group.Count()}"));
        var waiting = state.Alerts.Where(state.NeedsSomebody).Select(alert => (long?)alert.OnsetMs).Min();
        return string.Join(" · ", waiting is { } since ? counts.Append($"{Texts.In(language, "oldest-unanswered")} {ViewTexts.Age(nowMs - since, language)}") : counts);
    }

    private static PictureRow OfDevice(Moment at, Site site, DeviceEntry entry)
    {
        var worked = at.Say(PermitText.On(at.Permits, new RegisteredDevice(site, entry), at.NowMs));
        if (at.View.Find(site.Id, entry.Id) is not { } device)
            return new PictureRow(null, entry.Name.In(at.Language), "", "", worked + at.Say("never"));
        var fresh = at.View.FreshMs(device);
        var now = device.Channels.Select(channel => channel.Now).Where(channel => at.NowMs - channel.HeardMs <= fresh).ToList();
        var watts = now.SelectMany(channel => channel.Values.TryGet(Metric.W, out var told) ? (double[])[told.Value] : []).ToList();
        var away = device.Presence is Presence.Offline or Presence.Shutdown ? at.Say("offline") : SiteNow.IsSilent(at.View, entry, device, at.NowMs) ? at.Say("stale") : null;
        // Sockets that report though the registry does not count them are said apart: they are in no "of so many".
        var more = device.Channels.Count(channel => channel.Channel is { Kind: ChannelKind.Socket or ChannelKind.Slot, Number: var number } && number > entry.Sockets);
        var beyond = more > 0 ? string.Create(CultureInfo.InvariantCulture, $" (+{more} {at.Say("not-registered")})") : "";
        return new PictureRow(
            away is null ? null : "gone",
            entry.Name.In(at.Language),
            (entry.Sockets > 0 || more > 0) && away is null ? $"{watts.Count(w => w > InUseW)}/{entry.Sockets}{beyond}" : "",
            watts.Count > 0 && away is null ? Number(watts.Sum(), "0") + " W" : "",
            worked + (away is null ? "" : $"× {away} · ") + ViewTexts.Clock(device.HeardMs, at.Language));
    }

    private PictureRow OfHour(HourBook hour, string language) => new(
        hour.Hour <= books.State.SettledHour && hour.Open != 0 ? "attention" : null, ViewTexts.Clock(hour.Hour * HourBook.HourMs, language)[..^3],
        Number(hour.Received, "0"), Number(hour.Stored, "0"), Number(hour.Duplicates, "0"), Number(hour.DeadLetters, "0"), Number(hour.Open, "0"));

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private readonly record struct Moment(LiveView View, IReadOnlyList<Permit> Permits, long NowMs, string Language)
    {
        public string Say(string key) => Texts.In(Language, key);

        public string Say(Permit? permit) => permit is null ? "" : $"⚒ {PermitText.Of(permit).In(Language)} · ";
    }
}

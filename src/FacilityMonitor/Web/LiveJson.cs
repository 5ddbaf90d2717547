using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Ingest;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Users;

namespace FacilityMonitor.Web;

/// <summary>What the health section is made of.</summary>
internal sealed record HealthSources(
    IngestWorker Ingest, MonitoringWorker Monitoring, BooksWatch Books, Database Database, MessageJournal Journal, Configuration.FacilitySource Registry, DeviceTable Devices, SignInAttempts SignIn,
    Control.ControlCounts Control, SeriesDesk Series, Reports.ReportDesk Reports, DutyLine Duty, RulesLag Lag, Influx.ShipWatch? Shipping = null, OnCall.Outcry? Outcry = null);

/// <summary>The link to the broker as a person sees it: an attempt that fails again is not a new loss.</summary>
/// <param name="IsConnected">Whether messages come.</param>
/// <param name="SinceMs">Since when it is so, ms since 1970-01-01 UTC.</param>
/// <param name="Loss">Why it was lost, a word for which the page has texts; null while it stands or when nothing is known.</param>
/// <param name="Detail">What the network or the broker said to it, in their words.</param>
internal sealed record BrokerLink(bool IsConnected, long SinceMs, MqttLossReason? Loss, string? Detail)
{
    public static BrokerLink Of(IngestWorker ingest) => Of(ingest.Broker, ingest.IsHearing);

    /// <param name="change">How the link stands.</param>
    /// <param name="isHearing">Whether messages come.</param>
    public static BrokerLink Of(MqttConnectionChange change, bool isHearing)
    {
        var since = change.At.ToUnixTimeMilliseconds();
        if (isHearing || change.Loss == MqttLossReason.None)
            return new(isHearing, since, null, null);
        return new(false, since, change.Loss, change.Detail ?? (change.ReasonCode == MqttReasonCode.Success ? null : change.ReasonCode.ToString()));
    }

    public BrokerLink Next(IngestWorker ingest) => Next(ingest.Broker, ingest.IsHearing);

    /// <param name="change">How the link stands.</param>
    /// <param name="isHearing">Whether messages come.</param>
    public BrokerLink Next(MqttConnectionChange change, bool isHearing)
    {
        var now = Of(change, isHearing);
        if (now.IsConnected || IsConnected)
            return now;
        return now.Loss is null ? this : this with { Loss = now.Loss, Detail = now.Detail };
    }
}

/// <summary>What the live feed counts.</summary>
/// <param name="Pages">Open pages.</param>
/// <param name="Refused">Pages refused because there were too many.</param>
/// <param name="SentAway">Pages sent away because they were too slow.</param>
/// <param name="NotShown">Messages of devices beyond what a page shows.</param>
/// <param name="Damaged">Journal entries that could not be read to their end, and devices that could not be written.</param>
internal readonly record struct LiveFeedCounts(int Pages, long Refused, long SentAway, long NotShown, long Damaged);

/// <summary>Writes what the page needs: the registry once, then devices as they change, and the monitor's own health.</summary>
internal static class LiveJson
{
    private const long FreeStep = 100L << 20;
    private const long BehindStep = 50;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The whole state, for a page that begins or comes back.</summary>
    public static byte[] Hello(string build, long nowMs, byte[] registry, byte[] devices, byte[] alerts, byte[] health) => Write(writer =>
    {
        writer.WriteString("build", build);
        writer.WriteNumber("now", nowMs);
        Part(writer, "registry", registry);
        Part(writer, "devices", devices);
        Part(writer, "alerts", alerts);
        Part(writer, "health", health);
    });

    public static byte[] Heartbeat(long nowMs) => Write(writer => writer.WriteNumber("now", nowMs));

    public static byte[] Registry(Facility facility, string file) => Write(writer =>
    {
        writer.WriteString("version", facility.Version);
        writer.WriteString("file", file);
        writer.WriteStartArray("sites");
        foreach (var site in facility.Sites)
            Site(writer, site);
        writer.WriteEndArray();
    });

    /// <summary>What devices say now.</summary>
    /// <param name="view">What is known of them.</param>
    /// <param name="devices">Which.</param>
    /// <param name="nowMs">Now, ms since 1970-01-01 UTC.</param>
    /// <param name="circuits">What circuits carry, as <see cref="Circuits"/> writes it; null: as told last.</param>
    /// <param name="leftOut">Told of a device that cannot be written, and why; the others are written all the same.</param>
    public static byte[] Devices(LiveView view, IReadOnlyList<DeviceNow> devices, long nowMs, byte[]? circuits, Action<DeviceNow, string> leftOut)
    {
        try
        {
            return Devices(view, devices, nowMs, circuits);
        }
        catch (ArgumentException)
        {
            // One device must not take the page from all others: written by itself, it is known.
            return Devices(view, [.. devices.Where(device => IsWritable(view, device, leftOut))], nowMs, circuits);
        }
    }

    private static bool IsWritable(LiveView view, DeviceNow device, Action<DeviceNow, string> leftOut)
    {
        try
        {
            WriteAny(writer => DeviceOf(writer, view, device));
            return true;
        }
        catch (ArgumentException error)
        {
            leftOut(device, error.Message);
            return false;
        }
    }

    private static byte[] Devices(LiveView view, IReadOnlyList<DeviceNow> devices, long nowMs, byte[]? circuits) => Write(writer =>
    {
        writer.WriteNumber("now", nowMs);
        writer.WriteStartArray("devices");
        foreach (var device in devices)
            DeviceOf(writer, view, device);
        writer.WriteEndArray();
        if (circuits is not null)
            Part(writer, "circuits", circuits);
    });

    /// <summary>What is open and who has it, and what is tested, maintained or out of service.</summary>
    /// <param name="state">What the rules say.</param>
    /// <param name="facility">The registry, of the same sites.</param>
    /// <param name="nameOf">What a person is called.</param>
    /// <param name="nowMs">Now, ms since 1970-01-01 UTC.</param>
    public static byte[] Alerts(MonitoringState state, Facility facility, Func<string, LocalText> nameOf, long nowMs) => Write(writer =>
    {
        var leading = new Dictionary<string, AlertTransition>(StringComparer.Ordinal);
        foreach (var alert in state.Alerts)
        {
            if (!leading.TryGetValue(alert.Asset, out var other) || alert.Priority < other.Priority)
                leading[alert.Asset] = alert;
        }

        writer.WriteStartArray("alerts");
        foreach (var alert in state.Alerts)
        {
            writer.WriteStartObject();
            writer.WriteString("id", alert.AlertId);
            writer.WriteString("rule", alert.Rule);
            writer.WriteString("priority", alert.Priority.ToString());
            if (state.NeedsSomebody(alert))
                writer.WriteBoolean("needs", true);
            writer.WriteString("condition", TransitionJson.State(alert.Condition));
            writer.WriteNumber("onset", alert.OnsetMs);
            writer.WriteNumber("at", alert.AtMs);
            writer.WriteString("asset", alert.Asset);
            if (FlyWireCase.IsBegunBy(alert.Rule))
                writer.WriteBoolean("suspected", true);
            // The page draws a thing by the most urgent alert on it, in the order of every page.
            if (leading[alert.Asset] == alert)
                writer.WriteString("mark", SocketNow.DangerOf(alert.Rule, alert.Priority.ToString(), PermitText.On(state.Permits, alert.Asset, nowMs))?.ToString().ToLowerInvariant() ?? "alert");
            if (state.Takers.GetValueOrDefault(alert.AlertId) is { Count: > 0 } takers)
            {
                var names = takers.Select(nameOf).ToList();
                Local(writer, "takers", new LocalText(string.Join('、', names.Select(name => name.Zh)), string.Join(", ", names.Select(name => name.En))));
            }

            Local(writer, "text", alert.Text);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("permits");
        foreach (var (asset, permit, isOfFeed) in PermitText.Marks(state.Permits, facility, nowMs))
        {
            writer.WriteStartObject();
            writer.WriteString("asset", asset);
            writer.WriteNumber("until", permit.UntilMs);
            if (isOfFeed)
                writer.WriteBoolean("feed", true);
            Local(writer, "text", PermitText.Of(permit));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });

    /// <summary>What circuits carry, a list. It changes with every report of a meter, which alerts do not.</summary>
    public static byte[] Circuits(MonitoringState state) => WriteAny(writer =>
    {
        writer.WriteStartArray();
        foreach (var circuit in state.Circuits)
        {
            // What an older version remembered of it may be no number until its devices speak again; JSON has no word for that.
            if (!double.IsFinite(circuit.Level) || circuit.Amps.Any(amps => !double.IsFinite(amps)))
                continue;
            writer.WriteStartObject();
            writer.WriteString("path", circuit.Path);
            writer.WriteNumber("level", Math.Round(circuit.Level, 3));
            writer.WriteStartArray("amps");
            foreach (var amps in circuit.Amps)
                writer.WriteNumberValue(Math.Round(amps, 2));
            writer.WriteEndArray();
            if (circuit.Trip is { } trip)
            {
                writer.WriteNumber("from", Math.Round(trip.FromS));
                if (trip.ToS is { } to)
                    writer.WriteNumber("to", Math.Round(to));
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });

    /// <summary>How the monitor itself is. What names devices is told of the reader's sites; books of all sites, and what is wrong with the configuration, to who sees all of them.</summary>
    public static byte[] Health(HealthSources from, BrokerLink link, LiveFeedCounts counts, SiteScope sites) => Write(writer =>
    {
        var (ingest, monitoring, hourly, database, journal, registry, devices, signIn, control, series, reports, line, lag, shipping, outcry) = from;
        var duty = line.Of(link, sites);
        Local(writer, "duty", duty.Text);
        writer.WriteBoolean("dutyBad", duty.IsBad);
        var books = ingest.Books;
        var state = database.State;
        writer.WriteStartObject("broker");
        writer.WriteBoolean("connected", link.IsConnected);
        writer.WriteNumber("since", link.SinceMs);
        writer.WriteString("loss", link.Loss?.ToString());
        writer.WriteString("detail", link.Detail);
        writer.WriteEndObject();
        if (sites.IsAll)
            Books(writer, books);
        Hours(writer, hourly.State, devices, registry.Current, sites);
        writer.WriteStartObject("journal");
        writer.WriteNumber("lagMs", Math.Max(ingest.LiveLagMs, ingest.LastLiveMs));
        writer.WriteNumber("rulesLateMs", lag.WaitsMs > RulesLag.LateMs ? lag.WaitsMs / DutyLine.LateStepMs * DutyLine.LateStepMs : 0);
        writer.WriteStartObject("readers");
        // Ingest's own cursor is where a restart reads from, and the rules' is their snapshot's: neither says how far behind anybody is.
        writer.WriteNumber("monitoring", Behind(journal.Last - monitoring.Position));
        if (journal.Cursors().TryGetValue(Storage.StoreWorker.Cursor, out var stored))
            writer.WriteNumber("store", Behind(journal.Last - stored));
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteStartObject("disk");
        // In steps of 100 MiB: what changes with every commit would be told with every commit.
        writer.WriteNumber("free", database.FreeDiskBytes / FreeStep * FreeStep);
        writer.WriteString("error", state.Refusal ?? state.Error);
        writer.WriteEndObject();
        if (shipping is not null)
            Shipping(writer, shipping);
        writer.WriteStartObject("limits");
        writer.WriteNumber("pages", counts.Pages);
        writer.WriteNumber("pagesRefused", counts.Refused);
        writer.WriteNumber("pagesSentAway", counts.SentAway);
        writer.WriteNumber("devicesNotShown", counts.NotShown);
        writer.WriteNumber("damaged", counts.Damaged + monitoring.Damaged);
        if (sites.IsAll)
        {
            writer.WriteNumber("wrongPasswords", signIn.Wrong);
            writer.WriteNumber("signInsRefused", signIn.Refused);
        }

        writer.WriteNumber("chartsRefused", series.Refused + reports.Refused);
        writer.WriteNumber("cfgBehind", control.ConfigurationsBehind);
        writer.WriteNumber("commandsRefused", control.Refused.Values.Sum());
        writer.WriteNumber("commandsExpired", control.Expired);
        writer.WriteNumber("answersUnknown", control.AnswersUnknown);
        writer.WriteNumber("outOfRange", books.OutOfRange);
        writer.WriteNumber("urgentWaiting", outcry?.Dropped ?? 0);
        writer.WriteEndObject();
        writer.WriteStartArray("configuration");
        foreach (var error in sites.IsAll ? registry.LastErrors : [])
        {
            writer.WriteStartObject();
            writer.WriteString("zh", error.In("zh"));
            writer.WriteString("en", error.In("en"));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });

    /// <summary>Some commits behind is the rhythm of a reader that writes every few seconds, not a lag, and no news to a page.</summary>
    private static long Behind(long commits) => commits / BehindStep * BehindStep;

    /// <summary>What changes with every batch is told in steps: nobody reads it faster.</summary>
    private static void Shipping(Utf8JsonWriter writer, Influx.ShipWatch shipping)
    {
        const long OldestStep = 10_000;
        var ship = shipping.State;
        writer.WriteStartObject("influx");
        writer.WriteString("target", ship.Target);
        if (ship.Trouble is { } trouble)
        {
            writer.WriteNumber("since", trouble.SinceMs);
            writer.WriteString("said", trouble.Words);
        }

        // Without trouble what waits is on its way, unless it waits for long.
        if ((ship.Trouble is not null || shipping.IsBehind) && ship.OldestMs is { } oldest)
            writer.WriteNumber("oldest", oldest / OldestStep * OldestStep);
        if (shipping.TimeToFull is { } left)
            Local(writer, "room", Influx.ShipWatch.About(left));
        writer.WriteNumber("repeats", ship.Repeats);
        writer.WriteNumber("setAside", ship.SetAside);
        writer.WriteNumber("skipped", ship.Skipped);
        writer.WriteEndObject();
    }

    private static void Books(Utf8JsonWriter writer, IngestBooks books)
    {
        writer.WriteStartObject("books");
        writer.WriteNumber("received", books.Received);
        writer.WriteNumber("journaled", books.Journaled);
        writer.WriteNumber("duplicates", books.Duplicates);
        writer.WriteNumber("deadLettered", books.DeadLetteredTotal);
        writer.WriteNumber("inFlight", books.InFlight);
        writer.WriteNumber("lost", books.Lost);
        writer.WriteNumber("hole", books.Received - books.Journaled - books.Duplicates - books.DeadLetteredTotal);
        writer.WriteNumber("readings", books.Readings);
        writer.WriteStartObject("reasons");
        foreach (var reason in Enum.GetValues<RejectReason>().Where(reason => books.DeadLettered(reason) > 0))
            writer.WriteNumber(reason.Key(), books.DeadLettered(reason));
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void Hours(Utf8JsonWriter writer, BooksState books, DeviceTable devices, FacilityIndex index, SiteScope sites)
    {
        writer.WriteNumber("settledHour", books.SettledHour);
        writer.WriteStartArray("hours");
        foreach (var hour in sites.IsAll ? books.Hours : [])
        {
            writer.WriteStartObject();
            writer.WriteNumber("hour", hour.Hour);
            writer.WriteNumber("received", hour.Received);
            writer.WriteNumber("stored", hour.Stored);
            writer.WriteNumber("duplicates", hour.Duplicates);
            writer.WriteNumber("deadLettered", hour.DeadLetters);
            writer.WriteNumber("open", hour.Open);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("holes");
        foreach (var hole in books.Holes)
        {
            var id = devices.Find(hole.Device)?.Id;
            if (!sites.Has(id is { } known ? index.Find(known)?.Site.Id ?? known.Site : null))
                continue;
            writer.WriteStartObject();
            writer.WriteString("device", id?.ToString() ?? "?");
            writer.WriteNumber("hour", hole.Hour);
            writer.WriteNumber("received", hole.Received);
            writer.WriteNumber("stored", hole.Stored);
            writer.WriteNumber("duplicates", hole.Duplicates);
            writer.WriteNumber("deadLettered", hole.DeadLetters);
            writer.WriteNumber("open", hole.Open);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        if (!sites.IsAll)
            return;
        writer.WriteStartObject("alertBooks");
        writer.WriteNumber("raised", books.Alerts.Raised);
        writer.WriteNumber("notified", books.Alerts.Notified);
        writer.WriteNumber("inFlight", books.Alerts.InFlight);
        writer.WriteNumber("undelivered", books.Alerts.Undelivered);
        writer.WriteNumber("withheld", books.Alerts.Withheld);
        writer.WriteNumber("nobody", books.Alerts.Nobody);
        writer.WriteEndObject();
    }

    private static void Site(Utf8JsonWriter writer, Site site)
    {
        writer.WriteStartObject();
        writer.WriteString("id", site.Id);
        Local(writer, "name", site.Name);
        writer.WriteStartArray("places");
        foreach (var place in site.Places)
        {
            writer.WriteStartObject();
            writer.WriteString("id", place.Id);
            Local(writer, "name", place.Name);
            writer.WriteString("kind", place.Kind.ToString());
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("circuits");
        foreach (var circuit in site.Circuits)
        {
            writer.WriteStartObject();
            writer.WriteString("id", circuit.Id);
            Local(writer, "name", circuit.Name);
            writer.WriteString("kind", circuit.Kind.ToString());
            if (circuit.RatedA is { } rated)
                writer.WriteNumber("ratedA", rated);
            writer.WriteNumber("phases", circuit.Phases);
            writer.WriteString("meter", circuit.Meter);
            writer.WriteString("meterChannel", circuit.MeterChannel?.ToString());
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("devices");
        foreach (var device in site.Devices)
        {
            writer.WriteStartObject();
            writer.WriteString("id", device.Id);
            Local(writer, "name", device.Name);
            writer.WriteString("kind", device.Kind.ToString());
            // Left out, not null: to the page "no place" is a place of its own.
            if (device.Place is { } place)
                writer.WriteString("place", place);
            writer.WriteNumber("sockets", device.Sockets);
            if (device.SpeaksOnOccasion)
                writer.WriteBoolean("quiet", true);
            writer.WriteStartArray("reserved");
            foreach (var channel in device.Reserved)
                writer.WriteStringValue(channel.ToString());
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void DeviceOf(Utf8JsonWriter writer, LiveView view, DeviceNow device)
    {
        var registered = view.Find(device.Id);
        writer.WriteStartObject();
        writer.WriteString("key", registered is null ? device.Id.ToString() : $"{registered.Site.Id}/{registered.Entry.Id}");
        writer.WriteBoolean("known", registered is not null);
        writer.WriteString("dialect", Product(device.Id.Dialect));
        writer.WriteString("name", device.Id.Name);
        writer.WriteString("site", device.Id.Site);
        writer.WriteNumber("first", device.FirstMs);
        writer.WriteNumber("heard", device.HeardMs);
        writer.WriteString("presence", device.Presence.ToString());
        writer.WriteNumber("fresh", view.FreshMs(device));
        if (device.Birth is { } birth)
        {
            writer.WriteString("model", birth.Model);
            writer.WriteString("firmware", birth.Firmware);
        }

        if (view.Offer(device) is { } lines)
            writer.WriteString("yaml", lines);
        else if (registered is null && RegistrationText.IsPerhapsGroup(device))
            writer.WriteBoolean("group", true);
        writer.WriteStartObject("channels");
        foreach (var (channel, now) in device.Channels)
        {
            writer.WriteStartObject(channel.ToString());
            writer.WriteNumber("at", now.AtMs);
            writer.WriteNumber("heard", now.HeardMs);
            writer.WriteString("quality", ReadingJson.Key(now.Quality));
            writer.WriteString("st", now.State);
            foreach (ref readonly var value in now.Values.All)
                writer.WriteNumber(value.Metric.Key(), value.Value);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    /// <summary>As its makers write it.</summary>
    public static string Product(Dialect dialect) => dialect switch
    {
        Dialect.Fm1 => "fm/1",
        Dialect.Tasmota => "Tasmota",
        Dialect.Shelly => "Shelly",
        Dialect.Zigbee2Mqtt => "Zigbee2MQTT",
        Dialect.ThingsBoard => "ThingsBoard",
        Dialect.Mapped => "JSON",
    };

    private static void Local(Utf8JsonWriter writer, string key, LocalText text)
    {
        writer.WriteStartObject(key);
        writer.WriteString("zh", text.Zh);
        writer.WriteString("en", text.En);
        writer.WriteEndObject();
    }

    private static void Part(Utf8JsonWriter writer, string name, byte[] json)
    {
        writer.WritePropertyName(name);
        writer.WriteRawValue(json, skipInputValidation: true);
    }

    private static byte[] Write(Action<Utf8JsonWriter> body) => WriteAny(writer =>
    {
        writer.WriteStartObject();
        body(writer);
        writer.WriteEndObject();
    });

    private static byte[] WriteAny(Action<Utf8JsonWriter> body)
    {
        var output = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(output, Options))
            body(writer);
        return output.WrittenSpan.ToArray();
    }
}

using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FacilityMonitor.Contract;
using FacilityMonitor.Ingest;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Web;

/// <summary>Writes what the page needs: the registry once, then devices as they change, and the monitor's own health.</summary>
internal static class LiveJson
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Registry(Facility facility) => Write(writer =>
    {
        writer.WriteString("version", facility.Version);
        writer.WriteStartArray("sites");
        foreach (var site in facility.Sites)
            Site(writer, site);
        writer.WriteEndArray();
    });

    public static string Devices(LiveView view, IReadOnlyList<DeviceNow> devices, long nowMs) => Write(writer =>
    {
        writer.WriteNumber("seq", view.Sequence);
        writer.WriteNumber("now", nowMs);
        writer.WriteStartArray("devices");
        foreach (var device in devices)
            DeviceOf(writer, view, device);
        writer.WriteEndArray();
    });

    public static string Alerts(MonitoringState state) => Write(writer =>
    {
        writer.WriteStartArray("alerts");
        foreach (var alert in state.Alerts)
        {
            writer.WriteStartObject();
            writer.WriteString("id", alert.AlertId);
            writer.WriteString("rule", alert.Rule);
            writer.WriteString("priority", alert.Priority.ToString());
            writer.WriteString("condition", TransitionJson.State(alert.Condition));
            writer.WriteNumber("onset", alert.OnsetMs);
            writer.WriteString("asset", alert.Asset);
            Local(writer, "text", alert.Text);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("circuits");
        foreach (var circuit in state.Circuits)
        {
            writer.WriteStartObject();
            writer.WriteString("path", circuit.Path);
            writer.WriteNumber("level", Math.Round(circuit.Level, 3));
            if (circuit.Trip is { } trip)
            {
                writer.WriteNumber("from", Math.Round(trip.FromS));
                if (trip.ToS is { } to)
                    writer.WriteNumber("to", Math.Round(to));
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteNumber("notDurable", state.NotDurable);
    });

    public static string Health(IngestWorker ingest, MonitoringWorker monitoring, BooksState hourly, Database database, MessageJournal journal, Configuration.FacilitySource registry, LiveView view, int viewers, long nowMs) => Write(writer =>
    {
        var books = ingest.Books;
        var state = database.State;
        writer.WriteNumber("now", nowMs);
        writer.WriteStartObject("broker");
        writer.WriteBoolean("connected", ingest.Broker.State is MqttConnectionState.Subscribed);
        writer.WriteNumber("since", ingest.Broker.At.ToUnixTimeMilliseconds());
        writer.WriteString("reason", ingest.Broker.Loss == MqttLossReason.None ? null : $"{ingest.Broker.Loss} {ingest.Broker.Detail}".Trim());
        writer.WriteEndObject();
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
        Hours(writer, hourly);
        writer.WriteStartObject("journal");
        writer.WriteNumber("position", journal.Last);
        writer.WriteNumber("lagMs", ingest.LiveLagMs);
        writer.WriteStartObject("readers");
        // Ingest's own cursor is where a restart reads from, and the rules' is their snapshot's: neither says how far behind anybody is.
        writer.WriteNumber("monitoring", journal.Last - monitoring.Position);
        if (journal.Cursors().TryGetValue(Storage.StoreWorker.Cursor, out var stored))
            writer.WriteNumber("store", journal.Last - stored);
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteStartObject("disk");
        writer.WriteNumber("free", new DriveInfo(database.Directory).AvailableFreeSpace);
        writer.WriteString("error", state.Error);
        writer.WriteNumber("slowestCommitMs", Math.Round(state.SlowestMs, 1));
        writer.WriteEndObject();
        writer.WriteNumber("viewers", viewers);
        writer.WriteNumber("notShown", view.NotShown);
        writer.WriteStartArray("configuration");
        foreach (var error in registry.LastErrors)
            writer.WriteStringValue(error.ToString());
        writer.WriteEndArray();
    });

    private static void Hours(Utf8JsonWriter writer, BooksState books)
    {
        writer.WriteNumber("settledHour", books.SettledHour);
        writer.WriteStartArray("hours");
        foreach (var hour in books.Hours)
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
        writer.WriteNumber("holes", books.Holes.Count);
        writer.WriteStartObject("alertBooks");
        writer.WriteNumber("raised", books.Alerts.Raised);
        writer.WriteNumber("notified", books.Alerts.Notified);
        writer.WriteNumber("inFlight", books.Alerts.InFlight);
        writer.WriteNumber("undelivered", books.Alerts.Undelivered);
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
            writer.WriteString("place", device.Place);
            writer.WriteNumber("sockets", device.Sockets);
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
        writer.WriteString("dialect", device.Id.Dialect.ToString());
        writer.WriteString("name", device.Id.Name);
        writer.WriteString("site", device.Id.Site);
        writer.WriteNumber("first", device.FirstMs);
        writer.WriteNumber("heard", device.HeardMs);
        writer.WriteString("presence", device.Presence.ToString());
        if ((registered?.Entry.PeriodS ?? device.Birth?.PeriodS) is { } period)
            writer.WriteNumber("period", period);
        if (device.Birth is { } birth)
        {
            writer.WriteString("model", birth.Model);
            writer.WriteString("firmware", birth.Firmware);
        }

        writer.WriteStartObject("channels");
        foreach (var (channel, now) in device.Channels)
        {
            writer.WriteStartObject(channel.ToString());
            writer.WriteNumber("at", now.AtMs);
            writer.WriteString("quality", ReadingJson.Key(now.Quality));
            writer.WriteString("st", now.State);
            foreach (var (metric, value) in now.Values)
                writer.WriteNumber(metric.Key(), value.Value);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void Local(Utf8JsonWriter writer, string key, LocalText text)
    {
        writer.WriteStartObject(key);
        writer.WriteString("zh", text.Zh);
        writer.WriteString("en", text.En);
        writer.WriteEndObject();
    }

    private static string Write(Action<Utf8JsonWriter> body)
    {
        var output = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(output, Options))
        {
            writer.WriteStartObject();
            body(writer);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}

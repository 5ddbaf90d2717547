using System.CommandLine;
using FacilityMonitor.Configuration;
using FacilityMonitor.Influx;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Commands;

/// <summary>What to export.</summary>
/// <param name="Site">Site id.</param>
/// <param name="Device">Device id at that site; null: all of them.</param>
/// <param name="FromMs">Begin, included; ms since 1970-01-01 UTC.</param>
/// <param name="ToMs">End, excluded.</param>
/// <param name="Format">In which form.</param>
/// <param name="Sessions">Whether charging sessions that ended in that time are wanted instead of readings.</param>
internal sealed record ExportRequest(string Site, string? Device, long FromMs, long ToMs, ExportFormat Format, bool Sessions = false);

/// <summary><c>export</c>: readings of a site as CSV, line protocol or JSON Lines, or its charging sessions as CSV or JSON Lines; works beside a running service, which may be up to ten seconds ahead.</summary>
internal static class ExportCommand
{
    private static readonly Dictionary<string, ExportFormat> Formats = new(StringComparer.OrdinalIgnoreCase)
    {
        ["csv"] = ExportFormat.Csv,
        ["jsonl"] = ExportFormat.Jsonl,
        ["line"] = ExportFormat.Line,
    };

    public static Command Create()
    {
        var config = new Option<DirectoryInfo?>("--config") { Description = "Configuration folder. Default: ./config, else the demo neighbourhood." };
        var site = new Option<string>("--site") { Description = "Site id.", Required = true };
        var device = new Option<string?>("--device") { Description = "Device id at that site; default: every device." };
        var from = new Option<string>("--from") { Description = "Begin, included; ISO 8601, without an offset Asia/Shanghai.", Required = true };
        var to = new Option<string>("--to") { Description = "End, excluded.", Required = true };
        var format = new Option<string>("--format") { Description = "The form.", HelpName = string.Join('|', Formats.Keys), Required = true };
        format.Validators.Add(given =>
        {
            if (!Formats.ContainsKey(given.GetValueOrDefault<string>() ?? ""))
                given.AddError($"--format \"{given.GetValueOrDefault<string>()}\": write {string.Join(", ", Formats.Keys.SkipLast(1))} or {Formats.Keys.Last()}.");
        });
        var sessions = new Option<bool>("--sessions") { Description = "Charging sessions that ended in that time, instead of readings; csv or jsonl." };
        var output = new Option<FileInfo?>("--out") { Description = "File to write; default: standard output." };
        var command = new Command("export", "Write stored readings or charging sessions for others to read.") { config, site, device, from, to, format, sessions, output };
        command.SetAction(async (parsed, cancellation) =>
        {
            if (!TryReadTime("--from", parsed.GetValue(from)!, out var fromMs) || !TryReadTime("--to", parsed.GetValue(to)!, out var toMs))
                return 2;
            if (toMs <= fromMs)
            {
                await Console.Error.WriteLineAsync("--to: must be later than --from.");
                return 2;
            }

            if (parsed.GetValue(sessions) && Formats[parsed.GetValue(format)!] == ExportFormat.Line)
            {
                await Console.Error.WriteLineAsync("--sessions: a session is no point in time; write --format csv or jsonl.");
                return 2;
            }

            var folder = ConfigurationFolder.Resolve(parsed.GetValue(config));
            var registry = FacilityLoader.Load(folder);
            var (settings, errors) = SettingsLoader.Load(folder, Environment.GetEnvironmentVariables());
            var language = SettingsLoader.LanguageOf(folder, Environment.GetEnvironmentVariables());
            foreach (var error in registry.Errors.Concat(errors).Where(error => !error.IsWarning))
                await Console.Error.WriteLineAsync(error.In(language));
            if (registry.Facility is null || settings is null)
                return 1;
            // Before the file is made: a refused export leaves no empty one behind.
            if (StoredData.Refusal(folder, settings.Data.Directory) is { } refusal)
            {
                await Console.Error.WriteLineAsync(refusal.In(language));
                return 1;
            }

            if (!FileOption.TryOpen("--out", parsed.GetValue(output)?.FullName ?? "-", FileOption.Write, Console.Error, out var file))
                return 1;
            var request = new ExportRequest(parsed.GetValue(site)!, parsed.GetValue(device), fromMs, toMs, Formats[parsed.GetValue(format)!], parsed.GetValue(sessions));
            await using var stream = file;
            var facility = new FacilityIndex(registry.Facility);
            using var influx = settings is { Influx: { } there, Data.Readings: not ReadingsIn.Embedded }
                ? new InfluxQueryClient(there, new HttpMessageInvoker(InfluxQueryClient.Handler()), TimeProvider.System) : null;
            try
            {
                return await RunAsync(
                    settings.Data.Directory, facility, request, stream, Console.Error, cancellation, influx is null ? null : embedded => StoredData.Layered(settings.Data, embedded, influx, facility));
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                await Console.Error.WriteLineAsync(error.Message);
                return 1;
            }
        });
        return command;
    }

    /// <summary>Exports; 0 when it was done, 1 when no such device ever spoke.</summary>
    /// <exception cref="IOException">There is no database in the directory, or InfluxDB does not answer; what came until then is written.</exception>
    public static async Task<int> RunAsync(
        string directory, FacilityIndex facility, ExportRequest request, Stream output, TextWriter messages, CancellationToken cancellation,
        Func<EmbeddedStore, IReadingStore>? layered = null)
    {
        var devices = new DeviceTable();
        using (var reader = Database.OpenReader(directory))
            MessageJournal.LoadDevices(reader, devices);
        var wanted = devices.All.Select(device => (Device: device, Place: PlaceOf(device, facility)))
            .Where(entry => entry.Place.Site == request.Site && (request.Device is null || entry.Place.Name == request.Device))
            .OrderBy(entry => entry.Place.Name, StringComparer.Ordinal).ToList();
        if (wanted.Count == 0)
        {
            await messages.WriteLineAsync($"Nothing was ever stored of {request.Site}{(request.Device is null ? "" : "/" + request.Device)}. Sites and devices that spoke are on the page; ids are those of the registry.");
            return 1;
        }

        if (request.Sessions)
            return await SessionsAsync(directory, devices, wanted.ToDictionary(entry => entry.Device.Number, entry => entry.Place.Name), request, output, messages);
        var embedded = new EmbeddedStore(() => Database.OpenReader(directory), devices, NullLogger.Instance);
        var store = layered?.Invoke(embedded) ?? embedded;
        using var export = new ReadingExport(request.Format, output);
        export.Begin();
        foreach (var (device, place) in wanted)
        {
            await foreach (var reading in store.ReadingsAsync(device, request.FromMs, request.ToMs, cancellation))
                export.Write(place.Site, place.Name, place.Kind, reading);
        }

        await messages.WriteLineAsync($"{export.Count} readings");
        if (embedded.Damaged > 0)
            await messages.WriteLineAsync($"{embedded.Damaged} damaged blocks were passed over");
        return 0;
    }

    private static async Task<int> SessionsAsync(
        string directory, DeviceTable devices, Dictionary<int, string> wanted, ExportRequest request, Stream output, TextWriter messages)
    {
        using var reader = Database.OpenReader(directory);
        using var export = new SessionExport(request.Format, output);
        export.Begin();
        foreach (var session in SessionLog.Read(reader, devices, request.FromMs, request.ToMs))
        {
            if (wanted.TryGetValue(session.Device.Number, out var name))
                export.Write(request.Site, name, session);
        }

        await messages.WriteLineAsync($"{export.Count} sessions");
        return 0;
    }

    private static (string? Site, string Name, DeviceKind? Kind) PlaceOf(Device device, FacilityIndex facility) =>
        facility.Find(device.Id) is { } registered ? (registered.Site.Id, registered.Entry.Id, registered.Entry.Kind) : (device.Id.Site, device.Id.Name, null);

    internal static bool TryReadTime(string option, string text, out long ms)
    {
        if (DecodeCommand.TryReadInstant(text, TimeProvider.System, out ms))
            return true;
        Console.Error.WriteLine($"{option}: \"{text}\" is no time; write for example 2026-11-20T10:00:00Z.");
        return false;
    }
}

using System.CommandLine;
using System.Text;
using FacilityMonitor.Configuration;
using FacilityMonitor.Influx;
using FacilityMonitor.Journal;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Reports;
using FacilityMonitor.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Commands;

/// <summary><c>report</c>: the report of a site on a month, as the page <c>/reports</c> makes it; works beside a running service, which may be up to ten seconds ahead.</summary>
internal static class ReportCommand
{
    private const string Text = ".txt";

    public static Command Create()
    {
        var config = new Option<DirectoryInfo?>("--config") { Description = "Configuration folder. Default: ./config, else the demo neighbourhood." };
        var site = new Option<string>("--site") { Description = "Site id.", Required = true };
        var month = new Option<string?>("--month") { Description = "Month, such as 2026-10. Default: the month that ended last." };
        var language = new Option<string?>("--language") { Description = "zh or en. Default: that of the settings.", HelpName = "zh|en" };
        language.Validators.Add(given =>
        {
            if (given.GetValueOrDefault<string?>() is not ("zh" or "en"))
                given.AddError($"--language \"{given.GetValueOrDefault<string?>()}\": write zh or en.");
        });
        var output = new Option<string?>("--out") { Description = "File to write; its ending says as what: .csv, .xlsx or .txt. Default: text on standard output." };
        output.Validators.Add(given =>
        {
            if (given.GetValueOrDefault<string?>() is { } file && !IsText(file) && FormatOf(file) is null)
                given.AddError($"--out \"{file}\": the ending says the form; write a name that ends in .csv, .xlsx or {Text}, or nothing for text on standard output.");
        });
        var command = new Command("report", "The report of a site on a month, with the numbers of the page: alerts, response times, energy, availability, unmet demand.") { config, site, month, language, output };
        command.SetAction(async (parsed, cancellation) =>
        {
            var folder = ConfigurationFolder.Resolve(parsed.GetValue(config));
            var registry = FacilityLoader.Load(folder);
            var (settings, errors) = SettingsLoader.Load(folder, Environment.GetEnvironmentVariables());
            var spoken = parsed.GetValue(language) ?? SettingsLoader.LanguageOf(folder, Environment.GetEnvironmentVariables());
            foreach (var error in registry.Errors.Concat(errors).Where(error => !error.IsWarning))
                await Console.Error.WriteLineAsync(error.In(spoken));
            if (registry.Facility is null || settings is null)
                return 1;
            var (facility, nowMs) = (new FacilityIndex(registry.Facility), TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
            var asked = Read(facility, parsed.GetValue(site)!, parsed.GetValue(month), nowMs);
            if (asked.Refusal is { } wrong)
            {
                await Console.Error.WriteLineAsync(wrong.In(spoken));
                return 2;
            }

            if (StoredData.Refusal(folder, settings.Data.Directory) is { } refusal)
            {
                await Console.Error.WriteLineAsync(refusal.In(spoken));
                return 1;
            }

            using var influx = settings is { Influx: { } there, Data.Readings: not ReadingsIn.Embedded }
                ? new InfluxQueryClient(there, new HttpMessageInvoker(InfluxQueryClient.Handler()), TimeProvider.System) : null;
            try
            {
                var document = await MakeAsync(settings.Data, facility, asked.Site!, asked.Period, spoken, nowMs, influx, cancellation);
                // The file is made when there is something to write into it: half a report never looks like one.
                var bytes = Write(document, parsed.GetValue(output));
                if (!FileOption.TryOpen("--out", parsed.GetValue(output) ?? "-", FileOption.Write, Console.Error, out var file))
                    return 1;
                await using (file)
                    await file.WriteAsync(bytes, cancellation);
                return 0;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                await Console.Error.WriteLineAsync(error.Message);
                return 1;
            }
        });
        return command;
    }

    /// <summary>What is asked for, or why it cannot be.</summary>
    internal static (Site? Site, ReportPeriod Period, LocalText? Refusal) Read(FacilityIndex facility, string site, string? month, long nowMs)
    {
        var period = ReportPeriod.LastCompleteMonth(nowMs);
        if (facility.FindSite(site) is not { } known)
        {
            var sites = string.Join(", ", facility.Facility.Sites.Select(one => one.Id));
            return (null, period, sites.Length > 0
                ? new($"--site “{site}”：没有登记这个点位，可以是 {sites}", $"--site \"{site}\": no such site is registered; write one of {sites}")
                : new($"--site “{site}”：还没有登记任何点位，请先编写 facility.yaml", $"--site \"{site}\": no site is registered at all; write facility.yaml first"));
        }

        var refusal = month is null ? null : ReportPeriod.ReadMonth(month, nowMs, out period);
        return (known, period, refusal is null ? null : new LocalText("--" + refusal.Zh, "--" + refusal.En));
    }

    /// <summary>Makes it from the data on disk, by the code that the page uses.</summary>
    /// <exception cref="IOException">There is no database in the directory, or InfluxDB does not answer.</exception>
    internal static async Task<ReportDocument> MakeAsync(
        DataSettings data, FacilityIndex facility, Site site, ReportPeriod period, string language, long nowMs, InfluxQueryClient? influx, CancellationToken cancellation)
    {
        var devices = new DeviceTable();
        using (var reader = Database.OpenReader(data.Directory))
            MessageJournal.LoadDevices(reader, devices);
        var embedded = new EmbeddedStore(() => Database.OpenReader(data.Directory), devices, NullLogger.Instance);
        var reports = new ReportReader(() => Database.OpenReader(data.Directory), influx is null ? embedded : StoredData.Layered(data, embedded, influx, facility), devices, data.RetentionDays);
        return MonthDocument.Of(await reports.MonthAsync(facility, site, period, nowMs, cancellation), facility, language);
    }

    /// <summary>Writes it as what a file's ending says; without a file as text.</summary>
    internal static byte[] Write(ReportDocument document, string? file)
    {
        using var bytes = new MemoryStream();
        if (file is not null && FormatOf(file) is { } format)
        {
            ReportFile.Write(document, format, bytes);
        }
        else
        {
            using var text = new StreamWriter(bytes, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true);
            ReportPlain.Write(document, text);
        }

        return bytes.ToArray();
    }

    private static bool IsText(string file) => file == "-" || Path.GetExtension(file).Equals(Text, StringComparison.OrdinalIgnoreCase);

    private static ReportFormat? FormatOf(string file) => ReportFile.FormatOf(Path.GetExtension(file).TrimStart('.').ToLowerInvariant());
}

using System.CommandLine;
using System.Text.Json;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.Users;

namespace FacilityMonitor.Commands;

/// <summary><c>audit</c>: who did what, when and from where. Reads the database itself, whether the service runs or not.</summary>
internal static class AuditCommand
{
    /// <summary>Days that are shown when nobody says otherwise.</summary>
    private const int DaysDefault = 30;

    /// <summary>Most lines.</summary>
    private const int LinesMax = 100_000;

    public static Command Create()
    {
        var config = new Option<DirectoryInfo?>("--config") { Description = "Configuration folder that names the data directory." };
        var days = NumberOption.WithDefault("--days", 1, 36_500, DaysDefault, $"So many days back. Default: {DaysDefault}.");
        var who = new Option<string?>("--user") { Description = "Only what this user did; \"command line\" and \"settings.yaml\" are users here." };
        var isJson = new Option<bool>("--json") { Description = "One JSON object a line." };
        var command = new Command("audit", "Who changed what, when and from where, the newest first: 0, or 1 when a line is not what was written.") { config, days, who, isJson };
        command.SetAction(async (parsed, _) =>
        {
            var folder = ConfigurationFolder.Resolve(parsed.GetValue(config));
            var (settings, errors) = SettingsLoader.Load(folder, Environment.GetEnvironmentVariables());
            foreach (var error in errors)
                await Console.Error.WriteLineAsync(error.ToString());
            if (settings is null)
                return 1;
            if (StoredData.Refusal(folder, settings.Data.Directory) is { } refusal)
            {
                await Console.Error.WriteLineAsync(refusal.In(settings.Language));
                return 1;
            }

            var since = TimeProvider.System.GetUtcNow().AddDays(-parsed.GetValue(days)).ToUnixTimeMilliseconds();
            return Write(settings.Data.Directory, since, parsed.GetValue(who), parsed.GetValue(isJson), settings.Language, Console.Out, Console.Error);
        });
        return command;
    }

    internal static int Write(string directory, long sinceMs, string? who, bool isJson, string language, TextWriter output, TextWriter errors)
    {
        using var reader = Database.OpenReader(directory);
        foreach (var entry in AuditLog.Newest(reader, SiteScope.All, sinceMs, who, LinesMax))
            output.WriteLine(isJson ? Json(entry) : $"{AlertText.Clocks(entry.AtMs).In(language)}  {(entry.Who.Length > 0 ? entry.Who : "-")}  {(entry.Place.Length > 0 ? entry.Place : "-")}  {AuditText.Of(entry).In(language)}");
        if (AuditLog.FirstBroken(reader) is not { } number)
            return 0;
        errors.WriteLine(language == "en"
            ? $"Line {number} of the audit is not what was written, or lines before it are gone. Keep a copy of {directory} and find out who changes it."
            : $"审计记录第 {number} 行不是当时写下的内容，或它之前的行被删去了。请保留 {directory} 的副本，查明谁改了它。");
        return 1;
    }

    private static string Json(AuditEntry entry) => JsonSerializer.Serialize(
        new Dictionary<string, object?>
        {
            ["at"] = DateTimeOffset.FromUnixTimeMilliseconds(entry.AtMs),
            ["who"] = entry.Who,
            ["from"] = entry.Place,
            ["what"] = entry.What,
            ["subject"] = entry.Subject,
            ["site"] = entry.Site,
            ["detail"] = entry.Detail,
        },
        Web.CommandJson.Options);
}

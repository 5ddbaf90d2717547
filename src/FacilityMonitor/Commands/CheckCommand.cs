using System.Collections;
using System.CommandLine;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.OnCall.Responses;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Commands;

/// <summary><c>check</c>: everything there is to mend in a configuration, and who would be told tonight.</summary>
internal static class CheckCommand
{
    public static Command Create()
    {
        var config = new Option<DirectoryInfo?>("--config") { Description = "Configuration folder. Default: ./config, else the demo neighbourhood." };
        var command = new Command("check", "Check registry and settings: every error at once, and tonight's chain.") { config };
        command.SetAction(parsed => Run(ConfigurationFolder.Resolve(parsed.GetValue(config)), Environment.GetEnvironmentVariables(), TimeProvider.System, Console.Out));
        return command;
    }

    /// <summary>Checks a folder; 0 when it can be run, 1 when not.</summary>
    public static int Run(string folder, IDictionary environment, TimeProvider time, TextWriter output)
    {
        var registry = FacilityLoader.Load(folder, environment: name => environment[name] as string);
        var (settings, refused) = SettingsLoader.Load(folder, environment);
        var language = SettingsLoader.LanguageOf(folder, environment);
        var (channels, unfit) = ChannelReader.Load(folder, language);
        var problems = registry.Errors.Concat(refused).Concat(unfit).ToList();
        foreach (var problem in problems)
            output.WriteLine(problem.In(language));
        if (registry.Facility is not { } facility || settings is null || channels is null)
        {
            var count = problems.Count(problem => !problem.IsWarning);
            output.WriteLine(language == "en" ? $"{count} errors: cannot be run like this." : $"{count} 处错误：不能这样运行。 {count} errors: cannot be run like this.");
            return 1;
        }

        new FacilityReport(facility, settings, TodayInShanghai(time), output).Write(folder);
        new ChannelReport(channels, settings, output).Write();
        var tonight = new TonightReport(facility, channels, settings, Confirmed(settings.Data.Directory), time, output);
        tonight.Write();
        if (tonight.Refusal() is not { } refusal)
            return 0;
        output.WriteLine(refusal.In(settings.Language));
        return 1;
    }

    /// <summary>What people confirmed to the service, where it has run.</summary>
    private static Dictionary<string, DateOnly> Confirmed(string directory)
    {
        if (!File.Exists(Path.Combine(directory, Database.FileName)))
            return [];
        try
        {
            using var reader = Database.OpenReader(directory);
            return ContactTable.Confirmed(reader);
        }
        catch (SqliteException)
        {
            // Somebody else's file, or of a version that knows no confirmations: then nothing is known to be confirmed.
            return [];
        }
    }

    /// <summary>Shanghai has had no summer time since 1991; a fixed offset needs no time zone database.</summary>
    private static DateOnly TodayInShanghai(TimeProvider time) => DateOnly.FromDateTime(time.GetUtcNow().ToOffset(TimeSpan.FromHours(8)).DateTime);
}

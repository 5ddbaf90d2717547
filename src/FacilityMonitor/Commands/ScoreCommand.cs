using System.CommandLine;
using System.Text;
using FacilityMonitor.Scoring;

namespace FacilityMonitor.Commands;

/// <summary><c>score</c>: what the rules told against what really happened.</summary>
internal static class ScoreCommand
{
    private const int GraceMinutes = 10;
    private const int GraceMinutesMax = 24 * 60;

    public static Command Create()
    {
        var alerts = new Option<string>("--alerts") { Description = "What replay wrote, or - for standard input.", Required = true };
        var truth = new Option<string>("--truth")
        {
            Description = "What really happened, JSON Lines: {\"from\":time,\"to\":time,\"rule\":name,\"asset\":registry path,\"label\":text}; \"may\":true where an alert is allowed and not demanded; "
                + "rule \"observed\" with a site as asset says how long that site was watched. firmware-sim write makes it.",
            Required = true,
        };
        var json = new Option<FileInfo?>("--json") { Description = "Also write the score as JSON, with everything missed and everything false." };
        var grace = NumberOption.WithDefault("--grace", 0, GraceMinutesMax, GraceMinutes, "Minutes after the end of something in which an alert about it still counts.");
        var command = new Command("score", "Precision, recall, delay and false alerts per site-week, by rule.") { alerts, truth, json, grace };
        command.SetAction(parsed => Run(
            parsed.GetValue(alerts)!, parsed.GetValue(truth)!, parsed.GetValue(json)?.FullName, parsed.GetValue(grace), Console.Out, Console.Error));
        return command;
    }

    internal static int Run(string alerts, string truth, string? json, int graceMinutes, TextWriter output, TextWriter errors)
    {
        if (!FileOption.TryOpen("--truth", truth, FileOption.Read, errors, out var truthFile))
            return 1;
        using var truthReader = new StreamReader(truthFile, Encoding.UTF8);
        if (!FileOption.TryOpen("--alerts", alerts, FileOption.Read, errors, out var alertFile))
            return 1;
        using var alertReader = new StreamReader(alertFile, Encoding.UTF8);
        try
        {
            var card = Scorecard.Of(ScoreInput.Truths(truthReader), ScoreInput.Rings(alertReader), graceMinutes * 60_000L);
            foreach (var line in ScoreReport.Markdown(card))
                output.WriteLine(line);
            if (json is null)
                return 0;
            if (!FileOption.TryOpen("--json", json, FileOption.Write, errors, out var target))
                return 1;
            using (target)
                ScoreReport.Json(card, target);
            return 0;
        }
        catch (Exception error) when (error is IOException or InvalidDataException)
        {
            errors.WriteLine(error.Message);
            return 1;
        }
    }
}

using System.CommandLine;
using FacilityMonitor.Evaluation;

namespace FacilityMonitor.Commands;

/// <summary><c>evaluate</c>: how well fly-wire charging is found on traces whose truth is known.</summary>
internal static class EvaluateCommand
{
    private const int IntervalMostS = 3600;
    private const double NoiseMostW = 1000;
    private const int RepeatMost = 100;

    /// <summary>The meter that marks are set for, W.</summary>
    private const double CommonNoiseW = 0.5;

    public static Command Create()
    {
        var traces = new Option<DirectoryInfo>("--traces") { Description = "Folder with ebikes/*.csv (minute,power_w; a charge a file) and appliances/*.csv.gz (trace,minute_of_day,mean_w,…; a device-day a trace).", Required = true };
        var noise = NumberOption.Optional<double>("--noise", 0, NoiseMostW, "Gaussian noise added to each value, W; without it none alone, and several in mixtures.");
        var interval = NumberOption.Optional("--interval", 1, IntervalMostS, "Seconds between values; finer traces are averaged, coarser ones keep their own. Default 60 alone, and several in mixtures.");
        var repeat = NumberOption.Optional("--repeat", 0, RepeatMost, "Also so many times with other offsets, appliances and lifts: how much of the result is chance.");
        var json = new Option<FileInfo?>("--json") { Description = "Where the result also goes as JSON." };
        var command = new Command("evaluate", "Hold the fly-wire detection against real power traces.") { traces, noise, interval, repeat, json };
        command.SetAction(parsed =>
        {
            try
            {
                return Run(parsed.GetValue(traces)!.FullName, parsed.GetValue(noise), parsed.GetValue(interval), parsed.GetValue(json)?.FullName, Console.Out, Console.Error, parsed.GetValue(repeat) ?? 0);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                Console.Error.WriteLine(error.Message);
                return 1;
            }
        });
        return command;
    }

    internal static int Run(string folder, double? noiseW, int? intervalS, string? json, TextWriter output, TextWriter errors, int repeat = 0)
    {
        TraceFolder traces;
        try
        {
            traces = TraceFolder.Read(folder);
        }
        catch (InvalidDataException error)
        {
            errors.WriteLine(error.Message);
            return 1;
        }

        var alone = new MeterModel(noiseW ?? 0, intervalS ?? 60);
        IReadOnlyList<MeterModel> mixtures = noiseW is null && intervalS is null
            ? [.. ChargerEvaluation.Meters, ChargerEvaluation.FineMeter]
            : [alone];
        var result = ChargerEvaluation.Run(traces, alone, mixtures);
        EvaluationReport.WriteMarkdown(result, output);
        if (repeat > 0)
            EvaluationReport.WriteRepeats(ChargerEvaluation.Repeat(traces, new MeterModel(noiseW ?? CommonNoiseW, intervalS ?? 60), repeat), output);
        if (json is not null)
            File.WriteAllText(json, EvaluationReport.ToJson(result) + "\n");
        return 0;
    }
}

using System.CommandLine;
using System.Globalization;
using System.Text;
using FirmwareSim.Scripting;
using FirmwareSim.Writing;

namespace FirmwareSim.Commands;

/// <summary><c>firmware-sim write</c>: what a broker would have received, and the truth about it.</summary>
internal static class WriteCommand
{
    /// <summary>Years of <c>--from</c>: the service takes no reading from before 2020, and longer than a century nobody plans.</summary>
    private const int FirstYear = 2020;

    private const int LastYear = 2120;

    public static Command Create()
    {
        var scenario = ScenarioOptions.Scenario();
        var devices = ScenarioOptions.Devices();
        var seed = ScenarioOptions.Seed();
        var speed = ScenarioOptions.Speed();
        var output = new Option<string>("--out") { Description = "File to write: x.jsonl; the truth goes to x.truth.jsonl.", Required = true };
        var from = new Option<string?>("--from") { Description = "What the clocks say at the beginning, such as 2026-11-20T10:00:00Z; default: the scenario's start." };
        var duration = new Option<string?>("--duration") { Description = "How long, on the clock: 90s, 10m, 24h; default: as the scenario says." };
        var command = new Command("write", "Write the messages of a scenario to a file, with the truth beside it.")
        {
            scenario, output, seed, from, duration, speed, devices,
        };
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(scenario),
            parsed.GetRequiredValue(output),
            parsed.GetValue(seed),
            parsed.GetValue(from),
            parsed.GetValue(duration),
            parsed.GetValue(speed),
            parsed.GetValue(devices),
            Console.Error));
        return command;
    }

    public static int Run(string name, string output, ulong seed, string? from, string? duration, double? speed, int? devices, TextWriter errors)
    {
        if (string.IsNullOrWhiteSpace(output))
            return ScenarioOptions.Wrong(errors, "--out", output, "name a file, such as x.jsonl");
        if (ScenarioOptions.Load(name, devices, errors) is not { } scenario)
            return ExitCode.Refused;
        var startMs = scenario.StartMs;
        if (from is not null)
        {
            if (!DateTimeOffset.TryParse(from, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var start) || start.Year is < FirstYear or > LastYear)
                return ScenarioOptions.Wrong(errors, "--from", from, $"use a time such as 2026-11-20T10:00:00Z, from {FirstYear} to {LastYear}");
            startMs = start.ToUnixTimeMilliseconds();
        }

        var durationS = duration is null ? scenario.DurationS : Durations.TryParse(duration) ?? -1;
        if (durationS <= 0)
            return ScenarioOptions.Wrong(errors, "--duration", duration ?? "", "use a time such as 90s, 10m or 24h");
        if (speed is { } given && !(given > 0 && given <= World.SpeedMax))
            return ScenarioOptions.Wrong(errors, "--speed", speed.Value.ToString(CultureInfo.InvariantCulture), "use a number above 0, up to 10000");

        try
        {
            WriteFiles(scenario, output, seed, startMs, durationS, speed);
            return ExitCode.Fine;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine($"{output}: {exception.Message}");
            return ExitCode.Refused;
        }
    }

    private static void WriteFiles(Scenario scenario, string output, ulong seed, long startMs, double durationS, double? speed)
    {
        var world = new World(scenario, seed, startMs, speed);
        var truthFile = Path.ChangeExtension(output, null) + ".truth.jsonl";
        using var messages = Open(output);
        using var truth = Open(truthFile);
        using var file = new MessageFile(world, scenario, seed, messages);
        file.Write(durationS);
        file.WriteTruth(truth);
    }

    private static StreamWriter Open(string path) => new(path, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), bufferSize: 1 << 16);
}

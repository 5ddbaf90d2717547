using System.CommandLine;
using System.Globalization;
using FirmwareSim.Scripting;

namespace FirmwareSim.Commands;

/// <summary><c>firmware-sim check</c>: a scenario file, without running it.</summary>
internal static class CheckCommand
{
    public static Command Create()
    {
        var scenario = ScenarioOptions.Scenario();
        var command = new Command("check", "Check a scenario file without running it: says every error with its line, key, value and fix, or what the scenario holds.") { scenario };
        command.SetAction(parsed => Run(parsed.GetRequiredValue(scenario), Console.Out, Console.Error));
        return command;
    }

    public static int Run(string name, TextWriter output, TextWriter errors)
    {
        if (ScenarioOptions.Load(name, devices: null, errors) is not { } scenario)
            return ExitCode.Refused;
        output.WriteLine($"{scenario.Name}: {scenario.AboutEn}");
        output.WriteLine(Contents(scenario));
        foreach (var (step, number) in scenario.Script.Select((step, number) => (step, number)).Where(entry => entry.step.AtS >= scenario.DurationS))
            output.WriteLine($"note: script[{number}].at: \"{Durations.Text(step.AtS)}\": write ends after {Durations.Text(scenario.DurationS)} and never comes to it; use a longer duration, or an earlier time");
        return ExitCode.Fine;
    }

    private static string Contents(Scenario scenario)
    {
        var culture = CultureInfo.InvariantCulture;
        var devices = scenario.Sites.SelectMany(site => site.Devices).ToList();
        var meters = scenario.Sites.SelectMany(site => site.Circuits).Count(circuit => circuit.Meter is not null);
        var (piles, sockets) = scenario.Fleet is { } fleet ? (fleet.Devices + (fleet.Gateways ?? 0), fleet.Devices * fleet.Sockets) : (0, 0);
        return string.Create(
            culture,
            $"Sites: {scenario.Sites.Count + (scenario.Fleet is null ? 0 : 1)}; devices: {devices.Count + meters + piles}; sockets and slots: {devices.Sum(device => device.Sockets) + sockets}; "
            + $"steps in the script: {scenario.Script.Count}; {Durations.Text(scenario.DurationS)} in steps of {Durations.Text(scenario.StepS)}, life {scenario.Speed:0.##} times as fast as the clock.");
    }
}

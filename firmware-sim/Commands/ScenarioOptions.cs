using System.CommandLine;
using FirmwareSim.Scripting;

namespace FirmwareSim.Commands;

/// <summary>What <c>run</c> and <c>write</c> have in common.</summary>
internal static class ScenarioOptions
{
    public static Option<string> Scenario() => new("--scenario")
    {
        Description = "A scenario file, or the name of one that came along: " + string.Join(", ", ScenarioReader.Shipped()) + ".",
        Required = true,
    };

    public static Option<ulong> Seed() => new("--seed") { Description = "Which of the possible worlds; the same seed gives the same one.", DefaultValueFactory = _ => 1 };

    public static Option<int?> Devices() => new("--devices") { Description = "How many devices the scenario's fleet has." };

    public static Option<double?> Speed() => new("--speed")
    {
        Description = "How many times faster people and batteries live than clocks run; timestamps and counters stay on the clock. Default: as the scenario says.",
    };

    /// <summary>Loads a scenario; null after saying everything that is wrong with it.</summary>
    public static Scenario? Load(string name, int? devices, TextWriter errors)
    {
        if (ScenarioReader.FindFile(name) is not { } file)
        {
            errors.WriteLine($"--scenario \"{name}\": no such file, and no scenario of that name; there are {string.Join(", ", ScenarioReader.Shipped())}");
            return null;
        }

        using var text = File.OpenText(file);
        var result = ScenarioReader.Read(file, text);
        foreach (var error in result.Errors)
            errors.WriteLine(error);
        if (result.Scenario is not { } scenario || devices is null)
            return result.Scenario;
        if (scenario.Fleet is null || devices < 1)
        {
            errors.WriteLine($"--devices {devices}: {(scenario.Fleet is null ? $"scenario {scenario.Name} has no fleet" : "use 1 or more")}");
            return null;
        }

        return scenario with { Fleet = scenario.Fleet with { Devices = devices.Value } };
    }

    public static int Wrong(TextWriter errors, string option, string value, string fix)
    {
        errors.WriteLine($"{option} \"{value}\": {fix}");
        return ExitCode.Usage;
    }
}

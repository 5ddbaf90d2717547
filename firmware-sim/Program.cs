using System.CommandLine;
using FirmwareSim.Commands;

var root = new RootCommand("firmware-sim: devices for people without hardware; speaks fm/1 in full.")
{
    RunCommand.Create(),
    WriteCommand.Create(),
    CheckCommand.Create(),
    RealismCommand.Create(),
};

var parsed = root.Parse(args);
if (parsed.Errors.Count == 0)
    return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(10) });

foreach (var error in parsed.Errors)
    await Console.Error.WriteLineAsync(error.Message);
await Console.Error.WriteLineAsync("See firmware-sim --help.");
return ExitCode.Usage;

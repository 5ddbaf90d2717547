using System.CommandLine;
using FacilityMonitor.Commands;

// Exit codes are part of the contract with scripts: 0 fine, 1 refused input or configuration, 2 wrong usage.
var root = new RootCommand("FacilityMonitor 设施卫士: watches the shared facilities of residential neighbourhoods.");
foreach (var command in CommandList.All)
    root.Subcommands.Add(command);

var parsed = root.Parse(args.Length == 0 ? ["run"] : args);
if (parsed.Errors.Count == 0)
    return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = parsed.CommandResult.Command.Name == RunCommand.Name ? RunCommand.StopMax : CommandList.StopMax });

foreach (var error in parsed.Errors)
    await Console.Error.WriteLineAsync(error.Message);
await Console.Error.WriteLineAsync("See facility-monitor --help.");
return 2;

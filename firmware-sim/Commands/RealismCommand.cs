using System.CommandLine;
using FirmwareSim.Realism;

namespace FirmwareSim.Commands;

/// <summary><c>firmware-sim realism</c>: the simulator measured against real charges and published figures.</summary>
internal static class RealismCommand
{
    public static Command Create()
    {
        var traces = new Option<string?>("--traces") { Description = $"Folder of real traces; default: the environment's {Trace.FolderVariable}. Without one the column stays empty." };
        var page = new Option<string?>("--page") { Description = "Also write a page with real and simulated curves side by side: x.html." };
        var command = new Command("realism", "Measure simulated charging against real traces and domain figures; prints a Markdown table.") { traces, page };
        command.SetAction(parsed => Run(
            parsed.GetValue(traces) ?? Environment.GetEnvironmentVariable(Trace.FolderVariable), parsed.GetValue(page), Console.Out, Console.Error));
        return command;
    }

    public static int Run(string? traces, string? page, TextWriter output, TextWriter errors)
    {
        try
        {
            var real = Trace.ReadFolder(traces);
            var habits = ShedHabits.Watch(RealismTable.Seed);
            var rows = RealismTable.Rows(real, habits);
            foreach (var line in RealismTable.Markdown(rows))
                output.WriteLine(line);
            if (page is not null)
                File.WriteAllText(page, RealismPage.Write(real, rows, habits));
            return ExitCode.Fine;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException)
        {
            errors.WriteLine($"{page ?? traces}: {exception.Message}");
            return ExitCode.Refused;
        }
    }
}

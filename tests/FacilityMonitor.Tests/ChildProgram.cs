using System.Diagnostics;

namespace FacilityMonitor.Tests;

/// <summary>The test assembly as a program of its own (see <see cref="StartupHook"/>): a process that may be killed, or whose memory nobody else uses.</summary>
internal static class ChildProgram
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    /// <summary>Starts the part of the assembly that looks for <paramref name="variable"/>.</summary>
    public static Process Start(string variable, string value)
    {
        var assembly = typeof(ChildProgram).Assembly.Location;
        var start = new ProcessStartInfo("dotnet", [assembly]) { RedirectStandardOutput = true };
        start.Environment[variable] = value;
        start.Environment["DOTNET_STARTUP_HOOKS"] = assembly;
        // What runs often is not compiled a second time in the background: that leaves some kilobytes on the heap, now and then in the middle of a measurement.
        start.Environment["DOTNET_TieredCompilation"] = "0";
        return Process.Start(start)!;
    }

    /// <summary>What it prints until it ends by itself; an exception if it does not, or ends with an error.</summary>
    public static async Task<string> RunAsync(string variable, string value)
    {
        using var child = Start(variable, value);
        try
        {
            var printed = await child.StandardOutput.ReadToEndAsync().WaitAsync(Deadline, WakingTime.Clock);
            await child.WaitForExitAsync().WaitAsync(Deadline, WakingTime.Clock);
            Assert.Equal(0, child.ExitCode);
            return printed;
        }
        finally
        {
            if (!child.HasExited)
                child.Kill();
        }
    }
}

using System.ComponentModel;
using System.Diagnostics;

namespace FacilityMonitor.Tests;

/// <summary>Programs of the system that a test needs to bring a disk into a state.</summary>
internal static class SystemTool
{
    /// <summary>Runs one to its end.</summary>
    /// <returns>Whether it is there and says that it succeeded.</returns>
    public static bool Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}

using System.Diagnostics;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>A program run to its end, as a person at a terminal runs it.</summary>
internal static class Terminal
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static async Task<(int Code, string Output, string Errors)> RunAsync(string program, string[] arguments, string folder, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = folder };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        using var deadline = new CancellationTokenSource(Patience, WakingTime.Clock);
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(deadline.Token), process.StandardError.ReadToEndAsync(deadline.Token));
        await process.WaitForExitAsync(deadline.Token);
        return (process.ExitCode, await output, await errors);
    }

    /// <summary>facility-monitor with these arguments.</summary>
    public static Task<(int Code, string Output, string Errors)> MonitorAsync(string folder, string[] arguments, params (string Name, string Value)[] environment) =>
        RunAsync("dotnet", [Path.Combine(AppContext.BaseDirectory, "facility-monitor.dll"), .. arguments], folder, environment);
}

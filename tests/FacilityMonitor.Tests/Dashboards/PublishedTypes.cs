using System.Diagnostics;
using System.Text;
using FacilityMonitor.Tests.Conventions;

namespace FacilityMonitor.Tests.Dashboards;

/// <summary>The types that Grafana publishes for its files, as the TypeScript compiler judges a file by them.</summary>
internal static class PublishedTypes
{
    /// <summary>Something that is there once tests/run.sh has installed the packages.</summary>
    public const string Installed = Folder + "/node_modules/@grafana/grafana-foundation-sdk/package.json";

    private const string Folder = "tests/FacilityMonitor.Tests/Dashboards/Types";

    /// <summary>Generous: the compiler takes some seconds for the types alone.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    /// <summary>What is wrong with each dashboard; an empty list for one that is well.</summary>
    public static async Task<IReadOnlyList<IReadOnlyList<string>>> FaultsAsync(IReadOnlyList<GrafanaDashboard> dashboards)
    {
        using var folder = new TemporaryFolder();
        var files = dashboards.Select((_, index) => Path.Combine(folder.Path, $"{index}.json")).ToArray();
        foreach (var (file, dashboard) in files.Zip(dashboards))
            await File.WriteAllTextAsync(file, dashboard.Json.ToJsonString());

        using var compiler = new Process
        {
            StartInfo = new ProcessStartInfo("node", [Path.Combine(SourceTree.Root, Folder, "check.mjs"), .. files]) { RedirectStandardOutput = true, StandardOutputEncoding = Encoding.UTF8 },
        };
        compiler.Start();
        using var late = new CancellationTokenSource(Deadline, WakingTime.Clock);
        try
        {
            var lines = (await compiler.StandardOutput.ReadToEndAsync(late.Token)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            await compiler.WaitForExitAsync(late.Token);
            Assert.True(compiler.ExitCode == (lines.Length == 0 ? 0 : 1), $"the compiler ended with {compiler.ExitCode}");
            Assert.DoesNotContain(lines, line => !files.Any(file => line.StartsWith(file, StringComparison.Ordinal)));
            return [.. files.Select(file => lines.Where(line => line.StartsWith(file + ":", StringComparison.Ordinal)).Select(line => line[(file.Length + 1)..]).ToArray())];
        }
        finally
        {
            if (!compiler.HasExited)
                compiler.Kill(entireProcessTree: true);
        }
    }
}

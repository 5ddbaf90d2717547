using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using FacilityMonitor.Tests.Conventions;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>What a person types first: src/run.sh, and the commands from the source.</summary>
public sealed class RunScriptTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--scenario", "nosuch", "there are: appliances bike-in-lift")]
    [InlineData("--config", "/nonexistent", "there is no such folder")]
    [InlineData("--data", "/proc/nonexistent", "cannot be made")]
    public async Task A_wrong_option_is_refused_by_name_and_value_before_anything_starts(string option, string value, string why)
    {
        var (code, output, errors) = await Terminal.RunAsync("bash", [Path.Combine(SourceTree.Root, "src/run.sh"), option, value], _folder.Path);

        Assert.Equal((2, ""), (code, output));
        Assert.Contains($"{option} \"{value}\": ", errors, StringComparison.Ordinal);
        Assert.Contains(why, errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_copy_of_the_demo_is_made_once_and_never_written_over()
    {
        var (from, to) = (Path.Combine(_folder.Path, "from"), Path.Combine(_folder.Path, "to"));
        Directory.CreateDirectory(from);
        await File.WriteAllTextAsync(Path.Combine(from, "facility.yaml"), "as delivered");

        Assert.Equal((0, "", ""), await SetupAsync($"copy_once '{from}' '{to}'"));
        Assert.Equal("as delivered", await File.ReadAllTextAsync(Path.Combine(to, "facility.yaml")));

        await File.WriteAllTextAsync(Path.Combine(to, "facility.yaml"), "edited");
        Assert.Equal((0, "", ""), await SetupAsync($"copy_once '{from}' '{to}'"));
        Assert.Equal("edited", await File.ReadAllTextAsync(Path.Combine(to, "facility.yaml")));
        Assert.Equal(["from", "to"], Directory.GetDirectories(_folder.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task A_password_is_made_in_silence_also_where_broken_pipes_are_ignored()
    {
        var (code, output, errors) = await SetupAsync("trap '' PIPE; for i in 1 2 3 4 5 6 7 8; do secret; echo; done");

        Assert.Equal((0, ""), (code, errors));
        var secrets = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(8, secrets.Distinct().Count());
        Assert.All(secrets, secret => Assert.Matches("^[a-z2-9]{20}$", secret));
    }

    [Fact]
    public async Task A_relative_folder_is_the_callers_also_from_the_source()
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, "mine"));
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "mine", "facility.yaml"), "sites:\n  - {id: lane, name: Lane}\n");
        // Debug or Release, as these tests were built.
        var build = Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(AppContext.BaseDirectory)))!;

        var (code, output, errors) = await Terminal.RunAsync(
            "dotnet", ["run", "--no-build", "-c", build, "--project", Path.Combine(SourceTree.Root, "src/FacilityMonitor"), "--", "check", "--config", "mine"], _folder.Path);

        Assert.True(code == 0, output + errors);
        Assert.Contains(Path.Combine(_folder.Path, "mine"), output, StringComparison.Ordinal);
        Assert.Contains("lane", output, StringComparison.Ordinal);
    }

    [RealServerFact("influxd")]
    public async Task The_demo_runs_whole_into_an_InfluxDB_of_its_own_and_leaves_nothing_behind()
    {
        var start = new ProcessStartInfo("bash", [Path.Combine(SourceTree.Root, "src/run.sh"), "--influx", "--data", _folder.Path]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var script = Process.Start(start)!;
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(5), WakingTime.Clock);
        try
        {
            var errors = script.StandardError.ReadToEndAsync(deadline.Token);
            var said = new StringBuilder();
            while (await script.StandardOutput.ReadLineAsync(deadline.Token) is { } line && !line.Contains("Ctrl-C", StringComparison.Ordinal))
                said.AppendLine(line);
            Assert.False(script.HasExited, $"{said}{(script.HasExited ? await errors : "")}");

            // What the simulated piles say is in the database that the script has named, a minute after nothing was installed.
            var url = Regex.Match(said.ToString(), @"InfluxDB +(?<url>http://127\.0\.0\.1:\d+)").Groups["url"].Value;
            using var client = new HttpClient { BaseAddress = new Uri(url) };
            while (!(await client.GetStringAsync(new Uri("/query?db=facility&q=select+count(w)+from+pile", UriKind.Relative), deadline.Token)).Contains("\"count\"", StringComparison.Ordinal))
                await Task.Delay(100, deadline.Token);
            Assert.Equal(["firmware-sim", "influxd", "monitor", "mosquitto"], Ours().Select(Kind).Order());

            using (var stop = Process.Start("kill", ["-TERM", script.Id.ToString(CultureInfo.InvariantCulture)]))
                await stop.WaitForExitAsync(deadline.Token);
            await script.WaitForExitAsync(deadline.Token);
            Assert.Equal((143, ""), (script.ExitCode, await errors));
            Assert.Empty(Ours());
        }
        finally
        {
            if (!script.HasExited)
                script.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Command lines of the processes that were started with this test's folder.</summary>
    private List<string> Ours()
    {
        List<string> lines = [];
        foreach (var process in Directory.GetDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])))
        {
            try
            {
                var line = File.ReadAllText(Path.Combine(process, "cmdline"));
                if (line.Contains(_folder.Path, StringComparison.Ordinal) && !line.Contains("run.sh", StringComparison.Ordinal))
                    lines.Add(line);
            }
            catch (IOException)
            {
                // It has ended meanwhile.
            }
        }

        return lines;
    }

    private static string Kind(string commandLine) =>
        ((string[])["firmware-sim", "influxd", "mosquitto"]).FirstOrDefault(name => commandLine.Contains(name, StringComparison.Ordinal)) ?? "monitor";

    private Task<(int Code, string Output, string Errors)> SetupAsync(string script) =>
        Terminal.RunAsync("bash", ["-c", $"set -euo pipefail; source '{Path.Combine(SourceTree.Root, "src/deploy/setup.sh")}'; {script}"], _folder.Path);
}

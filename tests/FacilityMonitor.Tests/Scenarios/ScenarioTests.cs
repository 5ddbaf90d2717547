using System.Diagnostics;
using FacilityMonitor.Commands;
using FacilityMonitor.Configuration;
using FacilityMonitor.Tests.Conventions;

namespace FacilityMonitor.Tests.Scenarios;

/// <summary>One folder a case: a registry, the messages that came in, and the steps of alerts that must come out of <c>replay</c>. A bug becomes a case.</summary>
/// <remarks>After a deliberate change run the tests once with FM_ACCEPT=1 and read the difference line by line before it is committed. What goes to standard
/// error stands in <c>errors.jsonl</c> where a case has some.</remarks>
public sealed class ScenarioTests
{
    private static readonly string Cases = Path.Combine(SourceTree.Root, "tests/FacilityMonitor.Tests/Scenarios/replay");

    public static TheoryData<string> Names => [.. Directory.EnumerateDirectories(Cases).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_messages_lead_to_exactly_these_alerts(string name)
    {
        var folder = Path.Combine(Cases, name);
        using var output = new TemporaryFolder();
        var file = Path.Combine(output.Path, "told.jsonl");
        var (code, _, errors) = Program("replay", "--config", folder, "--input", Path.Combine(folder, "input.jsonl"), "--out", file);
        var told = File.ReadAllText(file);
        var (expected, expectedErrors) = (Path.Combine(folder, "expected.jsonl"), Path.Combine(folder, "errors.jsonl"));
        if (Environment.GetEnvironmentVariable("FM_ACCEPT") == "1")
        {
            File.WriteAllText(expected, told);
            if (errors.Length > 0)
                File.WriteAllText(expectedErrors, errors);
        }

        Assert.Equal(0, code);
        Assert.Equal(File.ReadAllText(expected), told);
        Assert.Equal(File.Exists(expectedErrors) ? File.ReadAllText(expectedErrors) : "", errors);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_second_run_and_one_in_another_process_give_the_same_bytes(string name)
    {
        var folder = Path.Combine(Cases, name);

        Assert.Equal(File.ReadAllText(Path.Combine(folder, "expected.jsonl")), Replay(folder));
        Assert.Equal(Replay(folder), Replay(folder));
    }

    [Fact]
    public void No_case_was_lost() => Assert.True(Names.Count >= 15);

    /// <summary>Runs the real program.</summary>
    internal static (int Code, string Output, string Errors) Program(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "facility-monitor.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Neither the language nor the time zone of a machine may show in what is told.
        start.Environment["LC_ALL"] = "de_DE.UTF-8";
        start.Environment["TZ"] = "America/New_York";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(60)));
        return (process.ExitCode, output, errors.GetAwaiter().GetResult());
    }

    private static string Replay(string folder)
    {
        using var input = new StreamReader(Path.Combine(folder, "input.jsonl"));
        var told = new StringWriter { NewLine = "\n" };
        Assert.Equal(0, ReplayCommand.Run(FacilityLoader.Load(folder, RunCommand.Rules).Facility!, input, null, told, TextWriter.Null));
        return told.ToString();
    }
}

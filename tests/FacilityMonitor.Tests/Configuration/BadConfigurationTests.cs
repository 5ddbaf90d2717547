using System.Collections;
using System.Text.RegularExpressions;
using FacilityMonitor.Configuration;
using FacilityMonitor.Registry;
using FacilityMonitor.Tests.Conventions;

namespace FacilityMonitor.Tests.Configuration;

/// <summary>One folder a case: the files as somebody wrote them, and every message they get. <c>FM_ACCEPT=1</c> writes the messages anew, to be read before they are kept.</summary>
public sealed partial class BadConfigurationTests
{
    private static readonly string Cases = Path.Combine(SourceTree.Root, "tests/FacilityMonitor.Tests/Configuration/Cases");

    private static readonly KnownRules Rules = new(new Dictionary<string, IReadOnlyList<KnownRuleSetting>>
    {
        ["socket-overload"] = [new("limit_w", 100, 5_000), new("hold_s", 0, 600)],
    });

    public static TheoryData<string> Names => [.. Directory.EnumerateDirectories(Cases).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_message_is_told_at_once(string name)
    {
        var folder = Path.Combine(Cases, name);
        var problems = Problems(folder);
        var told = string.Concat(problems.Select(problem => problem.In("en").Replace(folder + Path.DirectorySeparatorChar, "", StringComparison.Ordinal) + "\n"));
        var file = Path.Combine(folder, "expected.txt");
        if (Environment.GetEnvironmentVariable("FM_ACCEPT") == "1")
            File.WriteAllText(file, told);

        Assert.Equal(File.ReadAllText(file), told);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_message_is_there_in_Chinese_too_and_no_secret_is_repeated(string name)
    {
        var problems = Problems(Path.Combine(Cases, name));

        Assert.NotEmpty(problems);
        Assert.All(problems, problem => Assert.Matches(Chinese(), problem.Text.Zh));
        Assert.All(problems, problem => Assert.DoesNotMatch(Chinese(), Quoted().Replace(problem.Text.En, "")));
        Assert.All(problems, problem => Assert.DoesNotContain("key-4711", problem.In("en") + problem.In("zh"), StringComparison.Ordinal));
    }

    private static List<ConfigurationError> Problems(string folder)
    {
        var environment = new Hashtable { ["WEBHOOK"] = "https://hook.example/key-4711" };
        var registry = FacilityLoader.Load(folder, Rules, name => environment[name] as string);
        var (_, refused) = SettingsLoader.Load(folder, environment);
        return [.. registry.Errors, .. refused];
    }

    [GeneratedRegex(@"\p{IsCJKUnifiedIdeographs}")]
    private static partial Regex Chinese();

    /// <summary>What an English message may quote in Chinese: values, and the name that stands as an example.</summary>
    [GeneratedRegex("'[^']*'|\\{[^}]*\\}|line such as .*")]
    private static partial Regex Quoted();
}

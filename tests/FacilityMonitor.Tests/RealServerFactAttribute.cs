namespace FacilityMonitor.Tests;

/// <summary>
/// A test against a real server program. Where the program is missing the test says that it was skipped and why; with
/// <c>FM_REQUIRE_SERVERS=1</c>, as in CI, it runs all the same and fails.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RealServerFactAttribute : FactAttribute
{
    public RealServerFactAttribute(string program)
    {
        Program = program;
        if (Environment.GetEnvironmentVariable("FM_REQUIRE_SERVERS") != "1" && FindProgram(program) is null)
            Skip = $"{program} is not installed; set FM_REQUIRE_SERVERS=1 to make this a failure.";
    }

    public string Program { get; }

    /// <summary>Full path of a program in PATH or in the administrator's folders, where Debian puts servers; null when it is missing.</summary>
    internal static string? FindProgram(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Append("/usr/sbin")
        .Append("/usr/local/sbin")
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);
}

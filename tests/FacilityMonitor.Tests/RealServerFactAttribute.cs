using FacilityMonitor.Tests.Conventions;

namespace FacilityMonitor.Tests;

/// <summary>
/// A test against a real server program. Where the program is missing the test says that it was skipped and why; with
/// <c>FM_REQUIRE_SERVERS=1</c>, as in CI, it runs all the same and fails.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RealServerFactAttribute : FactAttribute
{
    /// <param name="program">Its name in the path, or its full path.</param>
    /// <param name="library">A file it needs besides: a full path, or one below the root of the repository.</param>
    public RealServerFactAttribute(string program, string? library = null)
    {
        Program = program;
        Library = library;
        Skip = WhyNot(program, library);
    }

    public string Program { get; }

    public string? Library { get; }

    /// <summary>Full path of a program in PATH or in the administrator's folders, where Debian puts servers; null when it is missing.</summary>
    internal static string? FindProgram(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Append("/usr/sbin")
        .Append("/usr/local/sbin")
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);

    /// <summary>Why a test that needs a program does not run; null: it does.</summary>
    internal static string? WhyNot(string program, string? library = null)
    {
        if (Environment.GetEnvironmentVariable("FM_REQUIRE_SERVERS") == "1")
            return null;
        if (FindProgram(program) is null)
            return $"{program} is not installed; set FM_REQUIRE_SERVERS=1 to make this a failure.";
        return library is not null && !File.Exists(Path.Combine(SourceTree.Root, library))
            ? $"{program} lacks {library}; tests/run.sh installs it, and FM_REQUIRE_SERVERS=1 makes this a failure."
            : null;
    }
}

/// <summary>The same for a test of several cases.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RealServerTheoryAttribute : TheoryAttribute
{
    /// <param name="program">Its name in the path, or its full path.</param>
    public RealServerTheoryAttribute(string program)
    {
        Program = program;
        Skip = RealServerFactAttribute.WhyNot(program);
    }

    public string Program { get; }
}

namespace FacilityMonitor.Tests.Accounts;

/// <summary>A test against mosquitto with its dynamic security plugin, skipped like <see cref="RealServerFactAttribute"/> where either is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class DynamicSecurityFactAttribute : FactAttribute
{
    private const string Name = "mosquitto_dynamic_security.so";

    public DynamicSecurityFactAttribute()
    {
        if (Environment.GetEnvironmentVariable("FM_REQUIRE_SERVERS") == "1")
            return;
        if (RealServerFactAttribute.FindProgram("mosquitto") is null)
            Skip = "mosquitto is not installed; set FM_REQUIRE_SERVERS=1 to make this a failure.";
        else if (Found is null)
            Skip = $"mosquitto lacks {Name}, which Debian's package brings; set FM_REQUIRE_SERVERS=1 to make this a failure.";
    }

    /// <summary>The plugin. Debian keeps libraries in a folder of the machine's architecture.</summary>
    public static string Plugin => Found ?? throw new InvalidOperationException($"There is no {Name}, and FM_REQUIRE_SERVERS=1 asks for it.");

    private static string? Found { get; } = ((string[])["/usr/lib", "/usr/lib64", "/usr/local/lib"])
        .Where(Directory.Exists)
        .SelectMany(folder => Directory.EnumerateDirectories(folder).Prepend(folder))
        .Select(folder => Path.Combine(folder, Name))
        .FirstOrDefault(File.Exists);
}

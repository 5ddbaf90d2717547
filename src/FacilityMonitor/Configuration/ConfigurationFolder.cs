namespace FacilityMonitor.Configuration;

/// <summary>Which folder the configuration is read from.</summary>
internal static class ConfigurationFolder
{
    /// <summary>The given one; else <c>./config</c>; else the demo neighbourhood that is shipped beside the executable.</summary>
    public static string Resolve(DirectoryInfo? given)
    {
        if (given is not null)
            return given.FullName;
        var local = Path.GetFullPath("config");
        return Directory.Exists(local) ? local : Path.Combine(AppContext.BaseDirectory, "demo");
    }
}

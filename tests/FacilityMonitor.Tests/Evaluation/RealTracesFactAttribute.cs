using FacilityMonitor.Tests.Conventions;

namespace FacilityMonitor.Tests.Evaluation;

/// <summary>A test on real traces: the folder that FM_TRACES names, or the one beside the repository. Without either it is skipped and says so.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RealTracesFactAttribute : FactAttribute
{
    public RealTracesFactAttribute()
    {
        if (Folder is null)
            Skip = "No real traces: FM_TRACES names no folder and there is no ../shared/data/traces.";
    }

    internal static string? Folder { get; } = new[] { Environment.GetEnvironmentVariable("FM_TRACES"), Path.Combine(SourceTree.Root, "..", "shared", "data", "traces") }
        .FirstOrDefault(folder => !string.IsNullOrEmpty(folder) && Directory.Exists(folder));
}

using FacilityMonitor.Tests.Rules;
using FacilityMonitor.Tests.Storage;

/// <summary>Makes the test assembly its own child program (its entry point belongs to the test SDK, and a startup hook runs before it), and lays a slow disk under the service.</summary>
#pragma warning disable CA1050 // The runtime looks for exactly this name, outside any namespace.
internal static class StartupHook
#pragma warning restore CA1050
{
    public static void Initialize()
    {
        SlowDisk.LayUnderThisProcess();
        CrashTests.RunAsChild();
        EngineMemoryTests.RunAsChild();
    }
}

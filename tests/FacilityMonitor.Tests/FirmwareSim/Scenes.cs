using FirmwareSim;
using FirmwareSim.Scripting;

namespace FacilityMonitor.Tests.FirmwareSim;

/// <summary>Scenarios for tests: shipped ones, and small ones written out where they matter.</summary>
internal static class Scenes
{
    public static readonly long StartMs = new DateTimeOffset(2026, 11, 20, 10, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    public static Scenario Shipped(string name)
    {
        using var text = File.OpenText(ScenarioReader.FindFile(name)!);
        var result = ScenarioReader.Read(name, text);
        Assert.Empty(result.Errors);
        return result.Scenario!;
    }

    public static Scenario Parse(string yaml)
    {
        var result = ScenarioReader.Read("test.yaml", new StringReader(yaml));
        Assert.Empty(result.Errors);
        return result.Scenario!;
    }

    public static World World(string yaml, ulong seed = 1) => new(Parse(yaml), seed, StartMs);
}

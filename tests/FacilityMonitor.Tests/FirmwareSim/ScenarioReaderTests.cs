using FirmwareSim.Commands;
using FirmwareSim.Scripting;

namespace FacilityMonitor.Tests.FirmwareSim;

public sealed class ScenarioReaderTests
{
    [Theory]
    [InlineData("demo")]
    [InlineData("quiet-night")]
    [InlineData("evening-peak")]
    [InlineData("load")]
    public void Every_scenario_that_comes_along_is_valid(string name) => Assert.Equal(name, Scenes.Shipped(name).Name);

    [Fact]
    public void Every_error_is_said_at_once_with_its_line_key_and_fix()
    {
        const string Broken = """
            name: broken
            start: tomorrow
            speed: fast
            sites:
              - id: Jiu_Geng
                circuits:
                  - { id: c1, parent: c9, phases: 2 }
                  - { id: c1 }
                devices:
                  - { id: p1, kind: pile, circuit: c7, sockets: 0, reserved: [s99] }
                  - { id: p1, kind: toaster }
                people: [{ place: nowhere }]
            script:
              - { at: soon, do: socket-load, on: a/p1/s1, watts: 9999999 }
              - { do: dance }
              - { at: 5s, do: noise, on: Jiu_Geng/p1, db: 60 }
            colour: red
            """;
        var result = ScenarioReader.Read("x.yaml", new StringReader(Broken));
        Assert.Null(result.Scenario);
        string[] keys =
        [
            "start", "speed", "sites[0].id", "sites[0].circuits[0].phases", "sites[0].circuits", "sites[0].devices[0].sockets",
            "sites[0].devices[0].reserved", "sites[0].devices[1].kind", "sites[0].devices", "sites[0].people", "script[0].at", "script[0].on",
            "script[0].watts", "script[1].do", "script[1].at", "script[2].on", "colour",
        ];
        foreach (var key in keys)
            Assert.Contains(result.Errors, error => error.Key == key);
        Assert.Contains(result.Errors, error => error is { Key: "start", Line: 2, Value: "tomorrow" });
        Assert.Contains(result.Errors, error => error.ToString().StartsWith("x.yaml:3: speed: \"fast\": use a number", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("name: [")]
    [InlineData("- a list")]
    [InlineData("")]
    public void What_is_no_scenario_at_all_is_refused_with_one_error(string text) =>
        Assert.Single(ScenarioReader.Read("x.yaml", new StringReader(text)).Errors);

    [Fact]
    public void Circuits_that_hang_on_each_other_are_refused()
    {
        var result = ScenarioReader.Read("x.yaml", new StringReader("""
            name: x
            start: 2026-11-20T18:00:00+08:00
            sites: [{ id: a, circuits: [{ id: c1, parent: c2 }, { id: c2, parent: c1 }], devices: [{ id: l, kind: lamp, circuit: c1 }] }]
            """));
        Assert.Equal(2, result.Errors.Count);
        Assert.All(result.Errors, error => Assert.Contains("back to itself", error.Fix, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("100ms", 0.1)]
    [InlineData("90s", 90)]
    [InlineData("1.5m", 90)]
    [InlineData("8h", 28_800)]
    [InlineData("2d", 172_800)]
    [InlineData("5", 5)]
    public void A_length_of_time_is_read_as_people_write_it(string text, double seconds) => Assert.Equal(seconds, Durations.TryParse(text));

    [Theory]
    [InlineData("")]
    [InlineData("m")]
    [InlineData("-5s")]
    [InlineData("5 weeks")]
    public void Other_texts_are_no_length_of_time(string text) => Assert.Null(Durations.TryParse(text));

    [Fact]
    public void Write_ends_with_0_for_fine_1_for_refused_input_and_2_for_wrong_usage()
    {
        var folder = Directory.CreateTempSubdirectory("fm-sim-");
        try
        {
            var output = Path.Combine(folder.FullName, "x.jsonl");
            int Write(string scenario, string? from = null, string? duration = "5s", double? speed = null, string? to = null, int? devices = null) =>
                WriteCommand.Run(scenario, to ?? output, 1, from, duration, speed, devices, TextWriter.Null);

            Assert.Equal(0, Write("demo"));
            Assert.True(File.Exists(Path.Combine(folder.FullName, "x.truth.jsonl")));
            Assert.Equal(0, Write("load", devices: 3));
            Assert.Equal(1, Write("no-such-scenario"));
            Assert.Equal(1, Write("demo", devices: 3));
            Assert.Equal(1, Write("demo", to: Path.Combine(folder.FullName, "no", "such", "folder.jsonl")));
            Assert.Equal(2, Write("demo", from: "yesterday"));
            Assert.Equal(2, Write("demo", duration: "long"));
            Assert.Equal(2, Write("demo", speed: 0));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}

using FirmwareSim.Commands;
using FirmwareSim.Scripting;

namespace FacilityMonitor.Tests.FirmwareSim;

/// <summary><c>firmware-sim check</c>: what it says of files that people really write.</summary>
public sealed class CheckTests
{
    /// <summary>Twice as deep as what ends a program that loads it.</summary>
    private const int Deep = 400_000;

    public static TheoryData<string> Named => [.. ScenarioReader.Shipped()];

    [Theory]
    [MemberData(nameof(Named))]
    public void Every_scenario_that_came_along_is_fine_and_comes_to_every_step_of_its_script(string name)
    {
        var (code, output, errors) = Check(name);
        Assert.Equal((0, ""), (code, errors));
        Assert.StartsWith(name + ": ", output, StringComparison.Ordinal);
        Assert.DoesNotContain("note:", output, StringComparison.Ordinal);
    }

    [Fact]
    public void It_says_what_the_scenario_holds()
    {
        Assert.Contains("Sites: 3; devices: ", Check("demo").Output, StringComparison.Ordinal);
        Assert.Contains("15m in steps of 1s, life 60 times as fast as the clock.", Check("demo").Output, StringComparison.Ordinal);
        Assert.Contains("Sites: 1; devices: 20200; sockets and slots: 200000; steps in the script: 0; ", Check("district").Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("speed: 20000", "speed: \"20000\": use a number from 0.01 to 10000")]
    [InlineData("duration: 1 day", "duration: \"1 day\": use a time such as 90s")]
    [InlineData("colour: red", "colour: \"colour\": this key is not known here; known are ")]
    [InlineData("script: [{ at: 5s, do: offline, on: a/nobody }]", "script[0].on: \"a/nobody\": there is no such device")]
    [InlineData("script: [{ at: 5s, do: flood, on: a/l, cm: 5 }]", "no such device of kind")]
    [InlineData("script: [{ at: 5s, do: duplicates, on: a/t, share: 0.5 }]", "only fm1 devices")]
    [InlineData("warm_up: yes", "warm_up: \"yes\"")]
    public void What_is_wrong_is_said_with_line_key_value_and_fix(string line, string error)
    {
        var (code, output, errors) = Check(null, $$"""
            name: x
            start: 2026-11-20T18:00:00+08:00
            sites: [{ id: a, devices: [{ id: l, kind: lamp }, { id: t, kind: pile, dialect: tasmota }] }]
            {{line}}
            """);
        Assert.Equal((1, ""), (code, output));
        Assert.Matches(@"^\S+x\.yaml:4: ", errors);
        Assert.Contains(error, errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_step_after_the_end_is_pointed_out()
    {
        var (code, output, _) = Check(null, """
            name: x
            start: 2026-11-20T18:00:00+08:00
            duration: 1h
            sites: [{ id: a, devices: [{ id: l, kind: lamp }] }]
            script: [{ at: 90m, do: broken-lamp, on: a/l }]
            """);
        Assert.Equal(0, code);
        Assert.Contains("note: script[0].at: \"1h30m\": write ends after 1h", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\0\u0001\u0002")]
    [InlineData("a: b: c")]
    [InlineData("name: x\nname: y")]
    [InlineData("name: *nobody")]
    [InlineData("\tname: x")]
    [InlineData("? [1, 2]\n: x")]
    [InlineData("name: x\nsites: &a\n  - *a")]
    public void What_is_hardly_a_file_of_keys_ends_in_an_error_too(string text)
    {
        var (code, output, errors) = Check(null, text);
        Assert.Equal((1, ""), (code, output));
        Assert.Contains("x.yaml:", errors, StringComparison.Ordinal);
        // What somebody wrote into a file does not fill the screen.
        Assert.All(errors.Split('\n'), line => Assert.InRange(line.Length, 0, 400));
        Assert.DoesNotContain(": : ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_nested_beyond_reason_is_refused_and_ends_nothing()
    {
        var (code, _, errors) = Check(null, "name: " + new string('[', Deep) + new string(']', Deep));
        Assert.Equal(1, code);
        Assert.Contains("x.yaml", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_and_a_name_of_nothing_are_no_scenarios()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("no such file", Check(folder.Path).Errors, StringComparison.Ordinal);
        Assert.Contains("no such file", Check("demoo").Errors, StringComparison.Ordinal);
    }

    private static (int Code, string Output, string Errors) Check(string? name, string? text = null)
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "x.yaml");
        if (text is not null)
            File.WriteAllText(file, text);
        using var output = new StringWriter();
        using var errors = new StringWriter();
        return (CheckCommand.Run(name ?? file, output, errors), output.ToString(), errors.ToString());
    }
}

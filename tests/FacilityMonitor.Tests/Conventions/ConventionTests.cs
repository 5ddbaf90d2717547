using System.Text.RegularExpressions;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Tests.Conventions;

public sealed partial class ConventionTests
{
    private static readonly string[] Product = ["src", "firmware-sim"];

    [Theory]
    [InlineData(typeof(Reading))]
    public void Core_and_the_MQTT_client_know_the_base_library_only(Type inside) =>
        Assert.All(inside.Assembly.GetReferencedAssemblies(), reference => Assert.StartsWith("System", reference.Name, StringComparison.Ordinal));

    [Fact]
    public void Core_does_no_input_or_output()
    {
        var found = Lines(["src/FacilityMonitor.Core"], "*.cs")
            .Where(line => line.Text.Contains("System.IO", StringComparison.Ordinal) || line.Text.Contains("System.Net", StringComparison.Ordinal));

        Assert.Empty(found);
    }

    [Fact]
    public void Time_comes_from_the_time_provider()
    {
        var found = Lines(Product, "*.cs").Where(line => BannedClock().IsMatch(line.Text));

        Assert.Empty(found);
    }

    [Fact]
    public void Names_say_what_a_thing_is()
    {
        var found = Product.SelectMany(folder => SourceTree.Files(folder, "*.cs"))
            .Select(path => Path.GetFileNameWithoutExtension(path))
            .Where(name => EmptyName().IsMatch(name));

        Assert.Empty(found);
    }

    [Fact]
    public void Nothing_is_left_to_do_in_the_code()
    {
        string[] folders = [.. Product, "tests", "dashboards"];
        var found = folders.SelectMany(folder => Lines([folder], "*.cs").Concat(Lines([folder], "*.js")).Concat(Lines([folder], "*.sh")))
            .Where(line => LeftOver().IsMatch(line.Text) && !line.Path.EndsWith("ConventionTests.cs", StringComparison.Ordinal));

        Assert.Empty(found);
    }

    [Fact]
    public void Every_link_in_the_documentation_leads_somewhere()
    {
        var dead = from page in SourceTree.Files("", "*.md")
                   from Match link in Link().Matches(File.ReadAllText(page))
                   let target = link.Groups["target"].Value.Split('#')[0]
                   where target.Length > 0 && !target.Contains("://", StringComparison.Ordinal)
                   let path = Path.Combine(Path.GetDirectoryName(page)!, Uri.UnescapeDataString(target))
                   where !File.Exists(path) && !Directory.Exists(path)
                   select $"{Path.GetRelativePath(SourceTree.Root, page)}: {target}";

        Assert.Empty(dead);
    }

    private static IEnumerable<(string Path, int Number, string Text)> Lines(IEnumerable<string> folders, string pattern) =>
        from folder in folders
        from path in SourceTree.Files(folder, pattern)
        from line in File.ReadLines(path).Select((text, index) => (Path.GetRelativePath(SourceTree.Root, path), index + 1, text))
        select line;

    [GeneratedRegex(@"\bDateTime(Offset)?\.(Now|UtcNow|Today)\b|\bThread\.Sleep\b|\bEnvironment\.TickCount")]
    private static partial Regex BannedClock();

    [GeneratedRegex("(Manager|Util|Utils|Utility|Helper|Helpers|Info)$")]
    private static partial Regex EmptyName();

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX)\b|#region")]
    private static partial Regex LeftOver();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();
}

using System.Text;
using FacilityMonitor.Commands;
using FacilityMonitor.Contract;
using FacilityMonitor.Tests.Conventions;

namespace FacilityMonitor.Tests.Contract;

/// <summary>Raw bytes as devices send them, and the lines we read out of them; the wire form cannot drift unseen.</summary>
/// <remarks>After a deliberate change run the tests once with FM_ACCEPT=1 and read the difference line by line before it is committed.</remarks>
public sealed class GoldenPayloadTests
{
    /// <summary>The vendor formats we ship, read as an installer's registry reads them.</summary>
    private static readonly JsonMappings Mappings = ShippedMappings.All;

    private static readonly DateTimeOffset Received = new(2026, 1, 1, 0, 0, 5, TimeSpan.Zero);

    public static TheoryData<string> Cases()
    {
        var folder = Path.Combine(SourceTree.Root, "tests/FacilityMonitor.Tests/Payloads");
        return [.. SourceTree.Files("tests/FacilityMonitor.Tests/Payloads", "*.payload").Select(path => Path.GetRelativePath(folder, path)[..^".payload".Length])];
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_payload_is_read_as_it_always_was(string name)
    {
        var path = Path.Combine(SourceTree.Root, "tests/FacilityMonitor.Tests/Payloads", name);
        using var output = new MemoryStream();

        var exitCode = DecodeCommand.Run(
            Encoding.UTF8.GetBytes(File.ReadAllText(path + ".topic").Trim()), File.ReadAllBytes(path + ".payload"), Received.ToUnixTimeMilliseconds(), Mappings, output, TextWriter.Null);

        var actual = Encoding.UTF8.GetString(output.ToArray());
        var expected = path + ".expected.jsonl";
        if (Environment.GetEnvironmentVariable("FM_ACCEPT") == "1")
            File.WriteAllText(expected, actual);
        Assert.Equal(File.ReadAllText(expected), actual);
        Assert.Equal(name.EndsWith("-is-refused", StringComparison.Ordinal) ? 1 : 0, exitCode);
    }
}

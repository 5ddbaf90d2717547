using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using FacilityMonitor.Tests.Conventions;
using FirmwareSim.Commands;
using FirmwareSim.Physics;
using FirmwareSim.Realism;

namespace FacilityMonitor.Tests.FirmwareSim;

public sealed partial class RealismTests
{
    private const int RealColumn = 3;
    private static readonly string Readme = Path.Combine(SourceTree.Root, "firmware-sim", "README.md");
    private static readonly string? Traces = Environment.GetEnvironmentVariable(Trace.FolderVariable);

    [Fact]
    public void The_table_in_the_README_is_what_the_simulator_does_today()
    {
        var written = Between(File.ReadAllLines(Readme), "<!-- realism -->", "<!-- /realism -->");
        var now = RealismTable.Markdown(RealismTable.Rows(Trace.ReadFolder(Traces), ShedHabits.Watch(RealismTable.Seed))).ToList();
        var hasTraces = Trace.ReadFolder(Traces).Count > 0;
        // Without the traces, the rows about them and their column are taken as they stand.
        string Comparable(string row) => hasTraces ? row : string.Join('|', row.Split('|').Where((_, column) => column != RealColumn));
        var expected = hasTraces ? written : written.Where(row => !row.Contains("RMS", StringComparison.Ordinal));

        Assert.Equal(expected.Select(Comparable), now.Select(Comparable));
    }

    [Fact]
    public void A_curve_is_described_by_its_level_climb_taper_and_tail()
    {
        var curve = Enumerable.Range(0, 260).Select(minute => ((double)minute, minute switch
        {
            < 100 => 100 + (0.1 * minute),
            < 200 => 110 * Math.Exp((100 - minute) / 30.0),
            _ => 4.0,
        })).ToList();
        var shape = CurveShape.Of(curve)!;
        Assert.Equal(100, shape.LevelW, 3);
        Assert.Equal(0.1, shape.ClimbPercentPerMin, 3);
        Assert.Equal(30 * Math.Log(2), shape.To50Min, 0.7);
        Assert.Equal(30 * Math.Log(10), shape.To10Min, 0.7);
        Assert.Equal(4, shape.TailW, 3);
    }

    [Fact]
    public void A_curve_that_was_cut_has_no_taper_and_one_of_zeros_is_none()
    {
        var cut = Enumerable.Range(0, 60).Select(minute => ((double)minute, 100 + (0.1 * minute))).ToList();
        Assert.True(double.IsNaN(CurveShape.Of(cut)!.To90Min));
        Assert.True(double.IsNaN(CurveShape.Of(cut)!.TailW));
        Assert.Null(CurveShape.Of([.. Enumerable.Range(0, 60).Select(minute => ((double)minute, 0.0))]));
    }

    [Fact]
    public void The_nearest_curve_to_one_of_our_own_is_itself()
    {
        var curves = SimulatedCurves.Of(PackCatalogue.Lithium48V, 12, 5).ToList();
        var own = new Trace("own", [.. curves[7].Select(point => (point.Minute + 33, 1.7 * point.Watts))]);
        var (rms, _) = SimulatedCurves.Nearest(own, curves);
        Assert.InRange(rms, 0, 0.3);
        Assert.True(SimulatedCurves.Nearest(own, curves.Take(5)).RmsPercent > rms);
    }

    [Fact]
    public void The_page_shows_every_kind_of_pack_and_every_trace_there_is()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "ebikes"));
        var curve = SimulatedCurves.Of(PackCatalogue.Lithium48V, 1, 9).Single();
        File.WriteAllLines(
            Path.Combine(folder.Path, "ebikes", "lectric_x.csv"),
            curve.Select(point => string.Create(CultureInfo.InvariantCulture, $"{point.Minute},{point.Watts:F2}")).Prepend("minute,power_w"));
        var page = Path.Combine(folder.Path, "page.html");
        using var output = new StringWriter();

        Assert.Equal(0, RealismCommand.Run(folder.Path, page, output, TextWriter.Null));

        var html = File.ReadAllText(page);
        Assert.Contains("lectric_x: RMS", html, StringComparison.Ordinal);
        Assert.Equal(2, html.Split("class=\"real\"").Length - 1);
        Assert.Equal(1, html.Split("class=\"near\"").Length - 1);
        Assert.All(PackCatalogue.Street, entry => Assert.Contains($"<figcaption><b>{entry.Model.Name}<", html, StringComparison.Ordinal));
        Assert.Equal(6, html.Split("n = ").Length - 1);
        Assert.All(XDocument.Parse("<x>" + string.Concat(Svg().Matches(html).Select(match => match.Value)) + "</x>").Root!.Elements(), svg =>
        {
            Assert.NotEmpty((string?)svg.Attribute("aria-label") ?? "");
            Assert.All(svg.Elements("text"), text => Assert.NotEmpty(text.Value));
            // Nothing is drawn outside its frame.
            foreach (var point in svg.Elements("polyline").SelectMany(curve => ((string)curve.Attribute("points")!).Split(' ', StringSplitOptions.RemoveEmptyEntries)))
            {
                var xy = point.Split(',').Select(number => double.Parse(number, CultureInfo.InvariantCulture)).ToArray();
                Assert.InRange(xy[0], 45, 391);
                Assert.InRange(xy[1], 0, 207);
            }
        });
        Assert.Equal(html.Split("<svg").Length, html.Split("</svg>").Length);
        Assert.Contains("RMS", output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", html, StringComparison.Ordinal);
    }

    [Fact]
    public void A_trace_that_is_no_table_of_numbers_is_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "ebikes"));
        File.WriteAllText(Path.Combine(folder.Path, "ebikes", "bad.csv"), "minute,power_w\none,two\n");
        using var errors = new StringWriter();
        Assert.Equal(1, RealismCommand.Run(folder.Path, null, TextWriter.Null, errors));
        Assert.Contains("bad.csv", errors.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(113, 120)]
    [InlineData(100, 100)]
    [InlineData(1.1, 1.2)]
    [InlineData(337, 350)]
    [InlineData(46, 50)]
    public void An_axis_ends_at_a_round_number(double value, double end) => Assert.Equal(end, Plot.Beyond(value), 9);

    [GeneratedRegex("<svg.*?</svg>", RegexOptions.Singleline)]
    private static partial Regex Svg();

    private static List<string> Between(string[] lines, string from, string to) =>
        [.. lines.SkipWhile(line => line != from).Skip(1).TakeWhile(line => line != to)];
}

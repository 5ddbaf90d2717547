using System.Text.Json;
using FacilityMonitor.Commands;
using FacilityMonitor.Scoring;

namespace FacilityMonitor.Tests.Scoring;

public sealed class ScorecardTests
{
    private const long Minute = 60_000;
    private const long Start = 1_795_168_800_000;

    [Fact]
    public void An_alert_about_what_happened_is_right_and_its_delay_counts_from_the_begin()
    {
        var score = Only([Truth(10, 20)], [Ring(12)]);
        Assert.Equal((1, 1, 1, 1, 0), (score.Truths, score.Found, score.Rings, score.Right, score.False));
        Assert.Equal((1.0, 1.0, 120.0), (score.Recall, score.Precision, score.DelayMedianS));
    }

    [Theory]
    [InlineData(8.9, false)]
    [InlineData(9, true)]
    [InlineData(30, true)]
    [InlineData(30.1, false)]
    public void An_alert_counts_from_a_minute_before_until_the_grace_after(double rangMin, bool counts)
    {
        var score = Only([Truth(10, 20)], [Ring(rangMin, endMin: rangMin + 0.05)]);
        Assert.Equal(counts ? (1, 0) : (0, 1), (score.Right, score.False));
        Assert.Equal(counts ? 1 : 0, score.Found);
    }

    [Theory]
    [InlineData("a/shed/pile/s1", "a/shed/pile/s1", true)]
    [InlineData("a/shed/pile", "a/shed/pile/s1", true)]
    [InlineData("a/shed/pile/s1", "a/shed/pile", true)]
    [InlineData("a/shed/pile/s1", "a/shed/pile/s10", false)]
    [InlineData("a/shed/pile", "b/shed/pile", false)]
    public void An_alert_may_name_the_thing_or_what_it_is_part_of(string told, string happened, bool counts) =>
        Assert.Equal(counts ? 1 : 0, Only([Truth(10, 20) with { Asset = happened }], [Ring(12) with { Asset = told }]).Found);

    [Fact]
    public void An_alert_of_another_rule_finds_nothing()
    {
        var card = Card([Truth(10, 20)], [Ring(12) with { Rule = "other" }]);
        Assert.Equal((1, 0, 1), (card.Total.Truths, card.Total.Found, card.Total.False));
        Assert.Equal("overload", Assert.Single(card.Missed).Rule);
        Assert.Equal("other", Assert.Single(card.Wrong).Rule);
    }

    [Fact]
    public void One_that_rings_already_has_told_of_what_begins_meanwhile()
    {
        var score = Only([Truth(0, 10), Truth(15, 20)], [Ring(2, endMin: 18)]);
        Assert.Equal((2, 2, 1, 1, 0), (score.Truths, score.Found, score.Rings, score.Right, score.False));
        Assert.Equal([0.0, 120.0], score.DelaysS);
    }

    [Fact]
    public void What_ended_before_something_began_has_not_told_of_it()
    {
        var score = Only([Truth(30, 40)], [Ring(2, endMin: 10)]);
        Assert.Equal((0, 1), (score.Found, score.False));
    }

    [Fact]
    public void What_may_be_told_is_neither_missed_nor_false()
    {
        var silent = Only([Truth(10, 20) with { May = true }], []);
        Assert.Equal((0, 0, 0), (silent.Truths, silent.Found, silent.Rings));
        Assert.Null(silent.Recall);

        var told = Only([Truth(10, 20) with { May = true }], [Ring(12)]);
        Assert.Equal((0, 0, 1, 0), (told.Truths, told.Right, told.Explained, told.False));
        Assert.Null(told.Precision);
    }

    [Theory]
    [InlineData(25, 1, 0)]
    [InlineData(15, 0, 1)]
    public void One_that_rings_early_where_it_may_is_right_when_it_still_rings_once_it_must(double endMin, int right, int explained)
    {
        var score = Only([Truth(10, 40) with { May = true }, Truth(20, 40)], [Ring(12, endMin: endMin)]);
        Assert.Equal((right, explained, 0), (score.Right, score.Explained, score.False));
        Assert.Equal(right, score.Found);
    }

    [Fact]
    public void One_that_rings_before_anything_was_near_is_false_even_when_it_rings_on() =>
        Assert.Equal((0, 1), Only([Truth(10, 40) with { May = true }, Truth(20, 40)], [Ring(5, endMin: 30)]) is var score ? (score.Right, score.False) : default);

    [Fact]
    public void Ringing_twice_about_one_thing_is_not_false()
    {
        var score = Only([Truth(10, 20)], [Ring(12, endMin: 14), Ring(16)]);
        Assert.Equal((2, 2, 0), (score.Rings, score.Right, score.False));
        Assert.Equal(120, score.DelayMedianS);
    }

    [Fact]
    public void False_alerts_are_counted_by_the_weeks_the_sites_were_observed()
    {
        TruthLine Observed(string site) => new(Start, Start + (14 * 24 * 60 * Minute), TruthLine.Observed, site, "", May: false);
        var card = Card([Observed("a"), Observed("b")], [Ring(1), Ring(100), Ring(200)]);
        Assert.Equal(4, card.SiteWeeks, 6);
        Assert.Equal(0.75, card.FalsePerSiteWeek(card.Total));
        Assert.Equal(0, card.Total.Truths);
    }

    [Fact]
    public void Without_such_lines_the_span_of_both_files_counts_for_every_site_in_them()
    {
        var card = Card([Truth(0, 7 * 24 * 60)], [Ring(1) with { Asset = "b/x" }]);
        Assert.Equal(2, card.SiteWeeks, 6);
        Assert.Null(Card([], []).FalsePerSiteWeek(Card([], []).Total));
    }

    [Fact]
    public void Nine_of_ten_delays_are_within_the_second_figure()
    {
        var truths = Enumerable.Range(0, 10).Select(index => Truth(index * 100, (index * 100) + 20)).ToList();
        var rings = Enumerable.Range(0, 10).Select(index => Ring((index * 100) + index, endMin: (index * 100) + index + 1)).ToList();
        var score = Only(truths, rings);
        Assert.Equal((300.0, 480.0), (score.DelayMedianS, score.DelayP90S));
    }

    [Fact]
    public void A_step_of_an_alert_rings_when_it_becomes_active_and_again_only_after_it_cleared()
    {
        static string Step(int minute, string state, string alert = "1") =>
            $$$"""{"at":"2026-11-20T10:{{{minute:00}}}:00.000Z","alert":"{{{alert}}}","rule":"overload","priority":"P2","state":"{{{state}}}","asset":"a/p","text":{},"evidence":{}}""";
        var text = string.Join('\n', Step(0, "pending"), Step(1, "active"), Step(2, "active"), Step(3, "recovering"), Step(4, "active"), Step(5, "cleared"), "", Step(6, "pending"),
            Step(7, "cleared"), Step(8, "active"), Step(9, "active", "2"));
        var rings = ScoreInput.Rings(new StringReader(text));
        Assert.Equal([1, 8, 9], rings.Select(ring => DateTimeOffset.FromUnixTimeMilliseconds(ring.RangMs).Minute));
        Assert.Equal([true, false, false], rings.Select(ring => ring.EndMs != long.MaxValue));
    }

    [Theory]
    [InlineData("{\"from\":\"soon\",\"to\":\"2026-11-20T10:00:00Z\",\"rule\":\"x\",\"asset\":\"a\"}", "from")]
    [InlineData("{\"from\":\"2026-11-20T10:00:00Z\",\"to\":\"2026-11-20T10:00:00Z\",\"asset\":\"a\"}", "rule")]
    [InlineData("{\"from\":\"2026-11-20T10:00:01Z\",\"to\":\"2026-11-20T10:00:00Z\",\"rule\":\"x\",\"asset\":\"a\"}", "\"to\" is before \"from\"")]
    [InlineData("{\"from\":\"2026-11-20T10:00:00Z\",\"to\":\"2026-11-20T10:00:00Z\",\"rule\":\"x\",\"asset\":\"\"}", "asset")]
    [InlineData("{\"from\":\"2026-11-20T10:00:00Z\",\"to\":\"2026-11-20T10:00:00Z\",\"rule\":\"x\",\"asset\":\"a\",\"may\":\"yes\"}", "neither true nor false")]
    [InlineData("[1]", "object")]
    [InlineData("no json", "JSON")]
    public void A_truth_that_is_none_is_refused_with_its_line(string line, string word)
    {
        using var folder = new TemporaryFolder();
        var truth = Path.Combine(folder.Path, "truth.jsonl");
        File.WriteAllText(truth, "\n" + line + "\n");
        File.WriteAllText(Path.Combine(folder.Path, "alerts.jsonl"), "");
        using var errors = new StringWriter();
        Assert.Equal(1, ScoreCommand.Run(Path.Combine(folder.Path, "alerts.jsonl"), truth, null, 10, TextWriter.Null, errors));
        Assert.Contains("truth line 2", errors.ToString(), StringComparison.Ordinal);
        Assert.Contains(word, errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_report_is_a_table_for_people_and_JSON_with_everything_missed_and_false_for_scripts()
    {
        using var folder = new TemporaryFolder();
        string Path_(string name) => Path.Combine(folder.Path, name);
        File.WriteAllText(
            Path_("truth.jsonl"),
            """
            {"from":"2026-11-20T10:00:00Z","to":"2026-11-20T11:00:00Z","rule":"socket-overload","asset":"a/p/s1","label":"two chargers"}
            {"from":"2026-11-20T10:00:00Z","to":"2026-11-20T11:00:00Z","rule":"smoke","asset":"a/shed","label":"smoke"}
            {"from":"2026-11-20T00:00:00Z","to":"2026-11-27T00:00:00Z","rule":"observed","asset":"a"}
            """);
        File.WriteAllText(
            Path_("alerts.jsonl"),
            """
            {"at":"2026-11-20T10:00:30.000Z","alert":"1","rule":"socket-overload","state":"active","asset":"a/p/s1"}
            {"at":"2026-11-22T10:00:30.000Z","alert":"2","rule":"silent","state":"active","asset":"a/p"}
            """);
        using var output = new StringWriter();
        Assert.Equal(0, ScoreCommand.Run(Path_("alerts.jsonl"), Path_("truth.jsonl"), Path_("score.json"), 10, output, TextWriter.Null));

        var table = output.ToString();
        Assert.Contains("| `socket-overload` | 1 | 100 % | 1 | 100 % | 0 | 30 s / 30 s |", table, StringComparison.Ordinal);
        Assert.Contains("| `silent` | 0 | – | 1 | 0 % | 1 | – / – |", table, StringComparison.Ordinal);
        Assert.Matches(@"\| `smoke`[^|]*\| 1 \| 0 % \| 0 \| – \| 0 \| – / – \|", table);
        Assert.Contains("| **合计 total** | 2 | 50 % | 2 | 50 % | 1 | 30 s / 30 s |", table, StringComparison.Ordinal);
        var json = JsonDocument.Parse(File.ReadAllText(Path_("score.json"))).RootElement;
        Assert.Equal("a/shed", json.GetProperty("missed")[0].GetProperty("asset").GetString());
        Assert.Equal("silent", json.GetProperty("false")[0].GetProperty("rule").GetString());
        Assert.Equal(1, json.GetProperty("site_weeks").GetDouble());
    }

    private static RuleScore Only(IReadOnlyList<TruthLine> truths, IReadOnlyList<Ring> rings) => Assert.Single(Card(truths, rings).Rules);

    private static Scorecard Card(IReadOnlyList<TruthLine> truths, IReadOnlyList<Ring> rings) => Scorecard.Of(truths, rings, 10 * Minute);

    private static TruthLine Truth(double fromMin, double toMin) => new(At(fromMin), At(toMin), "overload", "a/p", "", May: false);

    private static Ring Ring(double rangMin, double? endMin = null) => new(At(rangMin), endMin is { } end ? At(end) : long.MaxValue, "overload", "a/p", "1");

    private static long At(double minutes) => Start + (long)(minutes * Minute);
}

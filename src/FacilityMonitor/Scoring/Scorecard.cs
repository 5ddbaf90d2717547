namespace FacilityMonitor.Scoring;

/// <summary>How one rule did.</summary>
/// <param name="Rule">Its name.</param>
/// <param name="Truths">What it had to find.</param>
/// <param name="Found">What of that it told while it happened, or shortly after.</param>
/// <param name="Rings">How often it rang.</param>
/// <param name="Right">Of these, about something that happened.</param>
/// <param name="Explained">Of these, about something that need not have been told: near an edge, or a consequence.</param>
/// <param name="False">The rest.</param>
/// <param name="DelaysS">From each begin to its alert, s, rising; 0 where it rang already.</param>
internal sealed record RuleScore(string Rule, int Truths, int Found, int Rings, int Right, int Explained, int False, IReadOnlyList<double> DelaysS)
{
    /// <summary>Of what it had to find, the share it found; null when there was nothing.</summary>
    public double? Recall => Truths == 0 ? null : (double)Found / Truths;

    /// <summary>Of what it told and was not explained otherwise, the share that was so; null when it told nothing.</summary>
    public double? Precision => Right + False == 0 ? null : (double)Right / (Right + False);

    public double? DelayMedianS => DelaysS.Count == 0 ? null : DelaysS[DelaysS.Count / 2];

    public double? DelayP90S => DelaysS.Count == 0 ? null : DelaysS[(int)Math.Ceiling(0.9 * DelaysS.Count) - 1];
}

/// <summary>What was told against what was so.</summary>
/// <param name="Rules">By rule, in the order of their names.</param>
/// <param name="SiteWeeks">How much was observed.</param>
/// <param name="Missed">What nobody told.</param>
/// <param name="Wrong">What was told and was not so.</param>
internal sealed record Scorecard(IReadOnlyList<RuleScore> Rules, double SiteWeeks, IReadOnlyList<TruthLine> Missed, IReadOnlyList<Ring> Wrong)
{
    /// <summary>Clocks of devices differ from that of the truth by some seconds: an alert may come this much before.</summary>
    private const long EarlyMs = 60_000;

    private const double WeekMs = 7 * 86_400_000.0;

    /// <summary>All rules together.</summary>
    public RuleScore Total => new(
        "total", Rules.Sum(rule => rule.Truths), Rules.Sum(rule => rule.Found), Rules.Sum(rule => rule.Rings), Rules.Sum(rule => rule.Right),
        Rules.Sum(rule => rule.Explained), Rules.Sum(rule => rule.False), [.. Rules.SelectMany(rule => rule.DelaysS).Order()]);

    /// <summary>False alerts in a week of one site; null when nothing was observed.</summary>
    public double? FalsePerSiteWeek(RuleScore rule) => SiteWeeks > 0 ? rule.False / SiteWeeks : null;

    /// <summary>Holds rings against truths.</summary>
    /// <param name="truths">What was so.</param>
    /// <param name="rings">What was told.</param>
    /// <param name="graceMs">How long after its end something may still be told: rules wait, and devices bring their backlog.</param>
    public static Scorecard Of(IReadOnlyList<TruthLine> truths, IReadOnlyList<Ring> rings, long graceMs)
    {
        var observed = truths.Where(truth => truth.Rule == TruthLine.Observed).ToList();
        var missed = new List<TruthLine>();
        var wrong = new List<Ring>();
        var rules = new List<RuleScore>();
        foreach (var rule in truths.Except(observed).Where(truth => truth.Rule != TruthLine.None).Select(truth => truth.Rule).Concat(rings.Select(ring => ring.Rule)).Distinct().Order(StringComparer.Ordinal))
        {
            var demanded = truths.Where(truth => truth.Rule == rule && !truth.May).ToList();
            var allowed = truths.Where(truth => truth.Rule == rule && truth.May).ToList();
            var told = rings.Where(ring => ring.Rule == rule).ToList();
            bool Tells(Ring ring, TruthLine truth) => IsAbout(ring.Asset, truth.Asset) && ring.RangMs >= truth.FromMs - EarlyMs && ring.RangMs <= truth.ToMs + graceMs;
            bool Covers(Ring ring, TruthLine truth) => IsAbout(ring.Asset, truth.Asset) && ring.RangMs <= truth.ToMs + graceMs && ring.EndMs >= truth.FromMs;

            var delays = new List<double>();
            foreach (var truth in demanded)
            {
                // One that rings already when something else of the same kind begins has told it, too.
                var first = told.Where(ring => Covers(ring, truth) || Tells(ring, truth)).MinBy(ring => ring.RangMs);
                if (first is null)
                    missed.Add(truth);
                else
                    delays.Add(Math.Max(0, first.RangMs - truth.FromMs) / 1000.0);
            }

            // One that rang a little early, where it may, and still rang when it had to, was right.
            var right = told.Where(ring => demanded.Exists(truth => Tells(ring, truth) || (Covers(ring, truth) && allowed.Exists(near => Tells(ring, near))))).ToList();
            var explained = told.Except(right).Where(ring => allowed.Exists(truth => Tells(ring, truth))).ToList();
            var rest = told.Except(right).Except(explained).ToList();
            wrong.AddRange(rest);
            rules.Add(new RuleScore(rule, demanded.Count, delays.Count, told.Count, right.Count, explained.Count, rest.Count, [.. delays.Order()]));
        }

        return new Scorecard(rules, Weeks(observed, truths, rings), missed, wrong);
    }

    /// <summary>A finding may name the thing, or what it stands on or in.</summary>
    private static bool IsAbout(string told, string happened) =>
        told == happened || happened.StartsWith(told + "/", StringComparison.Ordinal) || told.StartsWith(happened + "/", StringComparison.Ordinal);

    /// <summary>As the file says; without such lines, from the first to the last thing in either file, for every site in them.</summary>
    private static double Weeks(List<TruthLine> observed, IReadOnlyList<TruthLine> truths, IReadOnlyList<Ring> rings)
    {
        if (observed.Count > 0)
            return observed.Sum(line => line.ToMs - line.FromMs) / WeekMs;
        var moments = truths.SelectMany(truth => new[] { truth.FromMs, truth.ToMs }).Concat(rings.Select(ring => ring.RangMs)).ToList();
        var sites = truths.Select(truth => truth.Asset).Concat(rings.Select(ring => ring.Asset)).Select(asset => asset.Split('/')[0]).Distinct().Count();
        return moments.Count == 0 ? 0 : sites * (moments.Max() - moments.Min()) / WeekMs;
    }
}

using FacilityMonitor.Alerts;
using FacilityMonitor.Response;

namespace FacilityMonitor.Reports;

/// <summary>Alerts of one rule.</summary>
/// <param name="Rule">Its name.</param>
/// <param name="ByPriority">How many of each priority, P0 first.</param>
internal sealed record RuleCount(string Rule, IReadOnlyList<int> ByPriority)
{
    public int Total => ByPriority.Sum();
}

/// <summary>How soon people and readings reacted to alerts, each time from the moment of detection.</summary>
/// <param name="Alerts">How many alerts.</param>
/// <param name="Told">Until a channel took the first message; null: none was told.</param>
/// <param name="Acknowledged">Until somebody took it; null: nobody took one.</param>
/// <param name="Recovered">Until the readings were well; null: none is over.</param>
internal sealed record ResponseTimes(int Alerts, Spread? Told, Spread? Acknowledged, Spread? Recovered);

/// <summary>What the alert log of a period adds up to. Alerts belong to the period in which they were detected, with all that happened to them since.</summary>
/// <param name="ByRule">By rule, the most frequent first.</param>
/// <param name="ByPriority">How many of each priority, P0 first.</param>
/// <param name="Times">Of each priority, P0 first.</param>
/// <param name="AllTimes">Of all of them.</param>
/// <param name="Exercises">Tests and exercises, which are not counted.</param>
/// <param name="Strangers">Alerts about devices that nobody registered, which are not counted.</param>
/// <param name="Absences">Of each device, by its asset: how often in the period it was found to be away, and for how long of it, ms: an absence that began before has its time alone.</param>
internal sealed record AlertFigures(
    IReadOnlyList<RuleCount> ByRule, IReadOnlyList<int> ByPriority, IReadOnlyList<ResponseTimes> Times, ResponseTimes AllTimes, int Exercises, int Strangers,
    IReadOnlyDictionary<string, (int Count, long Ms)> Absences)
{
    private static readonly int Priorities = Enum.GetValues<Priority>().Length;

    /// <summary>P0 to P2 that people were called for and nobody took.</summary>
    public int Unanswered { get; private init; }

    /// <summary>P3 and held back ones that nobody took: nobody was asked to.</summary>
    public int UnansweredApart { get; private init; }

    /// <summary>Detected alerts that count.</summary>
    public int Total => ByPriority.Sum();

    /// <summary>Adds up a log. It is read once and not kept; of each alert three numbers stay.</summary>
    /// <param name="log">The alerts of the period, in any order; of those detected before it only how long the device was away in it counts.</param>
    /// <param name="fromMs">Begin of the period.</param>
    /// <param name="untilMs">Until when an alert that is still on has lasted.</param>
    public static AlertFigures Of(IEnumerable<LoggedAlert> log, long fromMs, long untilMs)
    {
        var (exercises, strangers, unanswered, apart) = (0, 0, 0, 0);
        var rules = new Dictionary<string, int[]>(StringComparer.Ordinal);
        var absences = new Dictionary<string, (int Count, long Ms)>(StringComparer.Ordinal);
        var times = Enumerable.Range(0, Priorities).Select(_ => new Collected()).ToArray();
        foreach (var alert in log)
        {
            if (!alert.Counts)
            {
                if (alert.DetectedMs < fromMs)
                    continue;
                exercises += alert.Exercise != Exercise.None ? 1 : 0;
                strangers += alert.Exercise == Exercise.None ? 1 : 0;
                continue;
            }

            if (alert.Rule is "offline" or "silent")
            {
                var (count, ms) = absences.GetValueOrDefault(alert.Asset);
                absences[alert.Asset] = (count + (alert.DetectedMs < fromMs ? 0 : 1), ms + Math.Max(0, Math.Min(alert.RecoveredMs ?? untilMs, untilMs) - Math.Max(alert.OnsetMs, fromMs)));
            }

            if (alert.DetectedMs < fromMs)
                continue;
            if (alert.AcknowledgedMs is null)
            {
                var isCalledFor = alert.Priority != Priority.P3 && !alert.IsSuppressed;
                unanswered += isCalledFor ? 1 : 0;
                apart += isCalledFor ? 0 : 1;
            }

            if (!rules.TryGetValue(alert.Rule, out var counts))
                rules[alert.Rule] = counts = new int[Priorities];
            counts[(int)alert.Priority]++;
            times[(int)alert.Priority].Add(alert);
        }

        var all = new Collected();
        foreach (var one in times)
            all.Add(one);
        return new AlertFigures(
            [.. rules.Select(rule => new RuleCount(rule.Key, rule.Value)).OrderByDescending(rule => rule.Total).ThenBy(rule => rule.Rule, StringComparer.Ordinal)],
            [.. times.Select(one => one.Alerts)], [.. times.Select(one => one.ToTimes())], all.ToTimes(), exercises, strangers, absences)
        {
            Unanswered = unanswered,
            UnansweredApart = apart,
        };
    }

    /// <summary>Times of alerts as they come in.</summary>
    private sealed class Collected
    {
        private readonly List<long> _told = [];
        private readonly List<long> _acknowledged = [];
        private readonly List<long> _recovered = [];

        public int Alerts { get; private set; }

        public void Add(LoggedAlert alert)
        {
            Alerts++;
            // Clocks are set back now and then: nothing takes less than no time.
            if (alert.ToldMs is { } told)
                _told.Add(Math.Max(0, told - alert.DetectedMs));
            if (alert.AcknowledgedMs is { } acknowledged)
                _acknowledged.Add(Math.Max(0, acknowledged - alert.DetectedMs));
            if (alert.RecoveredMs is { } recovered)
                _recovered.Add(Math.Max(0, recovered - alert.DetectedMs));
        }

        public void Add(Collected other)
        {
            Alerts += other.Alerts;
            _told.AddRange(other._told);
            _acknowledged.AddRange(other._acknowledged);
            _recovered.AddRange(other._recovered);
        }

        public ResponseTimes ToTimes() => new(Alerts, Spread.Of(_told), Spread.Of(_acknowledged), Spread.Of(_recovered));
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Response;

/// <summary>Where the handling of a suspected fly-wire stands. The numbers are stored: add at the end.</summary>
public enum FlyWireStage
{
    /// <summary>疑似: told, nobody has looked.</summary>
    Suspected = 0,

    /// <summary>已核实: somebody saw it.</summary>
    Confirmed = 1,

    /// <summary>排除: it was something else. The end; the circuit learns.</summary>
    Dismissed = 2,

    /// <summary>已劝导: the resident was asked to move.</summary>
    Advised = 3,

    /// <summary>整改通知: a notice with a date was given.</summary>
    Noticed = 4,

    /// <summary>复查: somebody is to look again.</summary>
    Recheck = 5,

    /// <summary>销号: it is gone. The end.</summary>
    Closed = 6,
}

/// <summary>The life of one suspected fly-wire: 疑似 → 已核实 or 排除 → 已劝导 or 整改通知 → 复查 → 销号, each stage with a due date.</summary>
/// <remarks>An alert is over when the load is off; the case goes on until somebody has looked, spoken, and looked again. One circuit has one open case: what is seen there the next
/// evening is another sight of it.</remarks>
/// <param name="Stage">Where it stands.</param>
/// <param name="SinceMs">Since when, ms since 1970-01-01 UTC.</param>
/// <param name="DueMs">By when the next step is due; null: it has ended.</param>
public sealed record FlyWireCase(FlyWireStage Stage, long SinceMs, long? DueMs)
{
    /// <summary>A suspicion is checked within a day: it may be gone by then, but the place tells.</summary>
    public const int CheckHours = 24;

    /// <summary>After it is confirmed somebody speaks with the resident within a day.</summary>
    public const int AdviseHours = 24;

    /// <summary>Advice is looked at again after three days, our choice.</summary>
    public const int AdvisedDays = 3;

    /// <summary>A notice gives a week, our choice.</summary>
    public const int NoticedDays = 7;

    /// <summary>A second look is taken within a day.</summary>
    public const int RecheckHours = 24;

    /// <summary>Rule of the alert that tells of a case whose next step is late.</summary>
    public const string OverdueRule = "fly-wire-overdue";

    /// <summary>Key of the curve among the numbers: an alert that ends without it knows nothing of the load any more.</summary>
    public const string Curve = "curve";

    /// <summary>Where the evidence has its probability, 0 to 1.</summary>
    public const string Likelihood = "p";

    /// <summary>How likely the evidence of a suspicion makes it, 0 to 1, as rules write it or as it was read back from JSON; null: it does not say.</summary>
    public static double? LikelihoodOf(IReadOnlyDictionary<string, object> evidence)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        return evidence.GetValueOrDefault(Likelihood) switch
        {
            double p => p,
            JsonElement { ValueKind: JsonValueKind.Number } p => p.GetDouble(),
            _ => null,
        };
    }

    private const long HourMs = 3_600_000;

    private static readonly HashSet<string> Openers = [ChargerOnPublicCircuit.Instance.Name, UnmeteredLoad.Instance.Name, FlyWireReport.Instance.Name];

    /// <summary>When it began, ms since 1970-01-01 UTC.</summary>
    public long OpenedMs { get; init; } = SinceMs;

    /// <summary>How often it was seen: once for each alert.</summary>
    public int Sights { get; init; } = 1;

    /// <summary>When it was last seen, ms since 1970-01-01 UTC.</summary>
    public long SeenMs { get; init; } = SinceMs;

    /// <summary>The numbers behind the suspicion as they were told last: level, minutes, climb, fit error, taper, hour, curve; once the load is off, of all of it. They stay when the alert is gone.</summary>
    public IReadOnlyDictionary<string, object> Evidence { get; init; } = new SortedDictionary<string, object>(StringComparer.Ordinal);

    /// <summary>What was written with the last step.</summary>
    public string Text { get; init; } = "";

    /// <summary>Whether an alert of this rule begins a case.</summary>
    public static bool IsBegunBy(string rule) => Openers.Contains(rule);

    /// <summary>Whether somebody found it true.</summary>
    public bool IsConfirmed => Stage is not (FlyWireStage.Suspected or FlyWireStage.Dismissed);

    /// <summary>Whether nothing more is to be done.</summary>
    public bool IsOver => DueMs is null;

    /// <summary>A case begins with a suspicion.</summary>
    /// <param name="atMs">When it was told.</param>
    /// <param name="evidence">The numbers behind it.</param>
    public static FlyWireCase Begin(long atMs, IReadOnlyDictionary<string, object>? evidence = null)
    {
        var begun = new FlyWireCase(FlyWireStage.Suspected, atMs, DueOf(FlyWireStage.Suspected, atMs));
        return evidence is null ? begun : begun with { Evidence = evidence };
    }

    /// <summary>The case after it was seen once more, or more surely.</summary>
    /// <param name="atMs">When it was told.</param>
    /// <param name="evidence">The numbers behind it.</param>
    /// <param name="isNewAlert">Whether another alert than before saw it.</param>
    public FlyWireCase Seen(long atMs, IReadOnlyDictionary<string, object> evidence, bool isNewAlert) =>
        this with { Sights = Sights + (isNewAlert ? 1 : 0), SeenMs = atMs, Evidence = evidence.Count > 0 ? evidence : Evidence };

    /// <summary>Whether the next step is late.</summary>
    public bool IsOverdue(long nowMs) => nowMs > DueMs;

    /// <summary>Stages that may follow this one.</summary>
    public IReadOnlyList<FlyWireStage> Next => Stage switch
    {
        FlyWireStage.Suspected => [FlyWireStage.Confirmed, FlyWireStage.Dismissed],
        FlyWireStage.Confirmed => [FlyWireStage.Advised, FlyWireStage.Noticed],
        FlyWireStage.Advised => [FlyWireStage.Noticed, FlyWireStage.Recheck],
        FlyWireStage.Noticed => [FlyWireStage.Recheck],
        // Still there: it goes back to words or to paper.
        FlyWireStage.Recheck => [FlyWireStage.Closed, FlyWireStage.Advised, FlyWireStage.Noticed],
        FlyWireStage.Dismissed or FlyWireStage.Closed => [],
    };

    /// <summary>Takes the case a stage further.</summary>
    /// <param name="stage">The next stage.</param>
    /// <param name="atMs">When somebody did so.</param>
    /// <param name="then">The case as it stands then.</param>
    /// <param name="text">What was written with it.</param>
    /// <returns>False when that stage does not follow this one, or the time lies before it.</returns>
    public bool TryMove(FlyWireStage stage, long atMs, [NotNullWhen(true)] out FlyWireCase? then, string text = "")
    {
        then = Next.Contains(stage) && atMs >= SinceMs ? this with { Stage = stage, SinceMs = atMs, DueMs = DueOf(stage, atMs), Text = text } : null;
        return then is not null;
    }

    private static long? DueOf(FlyWireStage stage, long atMs) => stage switch
    {
        FlyWireStage.Suspected => atMs + (CheckHours * HourMs),
        FlyWireStage.Confirmed => atMs + (AdviseHours * HourMs),
        FlyWireStage.Advised => atMs + (AdvisedDays * 24 * HourMs),
        FlyWireStage.Noticed => atMs + (NoticedDays * 24 * HourMs),
        FlyWireStage.Recheck => atMs + (RecheckHours * HourMs),
        FlyWireStage.Dismissed or FlyWireStage.Closed => null,
    };
}

using System.Diagnostics.CodeAnalysis;

namespace FacilityMonitor.Rules;

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

    private const long HourMs = 3_600_000;

    /// <summary>Whether nothing more is to be done.</summary>
    public bool IsOver => DueMs is null;

    /// <summary>A case begins with a suspicion.</summary>
    public static FlyWireCase Begin(long atMs) => At(FlyWireStage.Suspected, atMs);

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
    /// <returns>False when that stage does not follow this one, or the time lies before it.</returns>
    public bool TryMove(FlyWireStage stage, long atMs, [NotNullWhen(true)] out FlyWireCase? then)
    {
        then = Next.Contains(stage) && atMs >= SinceMs ? At(stage, atMs) : null;
        return then is not null;
    }

    /// <summary>What staff found teaches the circuit: the odds that an on-step there is a charger, from what they were and the cases that have ended.</summary>
    /// <param name="prior">Probability before anything was learned, 0 to 1.</param>
    /// <param name="confirmed">Cases that were confirmed.</param>
    /// <param name="dismissed">Cases that were dismissed.</param>
    /// <remarks>Each answer is one more observation beside one imagined of either kind (Laplace): a dismissal halves the odds, the next takes a third of the rest.</remarks>
    public static double Taught(double prior, int confirmed, int dismissed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(confirmed);
        ArgumentOutOfRangeException.ThrowIfNegative(dismissed);
        var odds = prior / (1 - prior) * (confirmed + 1) / (dismissed + 1);
        return odds / (1 + odds);
    }

    private static FlyWireCase At(FlyWireStage stage, long atMs) => new(stage, atMs, stage switch
    {
        FlyWireStage.Suspected => atMs + (CheckHours * HourMs),
        FlyWireStage.Confirmed => atMs + (AdviseHours * HourMs),
        FlyWireStage.Advised => atMs + (AdvisedDays * 24 * HourMs),
        FlyWireStage.Noticed => atMs + (NoticedDays * 24 * HourMs),
        FlyWireStage.Recheck => atMs + (RecheckHours * HourMs),
        FlyWireStage.Dismissed or FlyWireStage.Closed => null,
    });
}

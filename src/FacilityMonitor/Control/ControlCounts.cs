using System.Collections.Concurrent;

namespace FacilityMonitor.Control;

/// <summary>What became of orders and answers since the start, in numbers. Safe from any thread.</summary>
internal sealed class ControlCounts
{
    private readonly ConcurrentDictionary<string, long> _refused = new(StringComparer.Ordinal);
    private long _ordered;
    private long _repeated;
    private long _published;
    private long _expired;
    private long _answers;
    private long _answersRepeated;
    private long _answersUnknown;

    /// <summary>Orders taken.</summary>
    public long Ordered => Volatile.Read(ref _ordered);

    /// <summary>Orders that were there already under their id.</summary>
    public long Repeated => Volatile.Read(ref _repeated);

    /// <summary>Publishes of commands; the same command again counts again.</summary>
    public long Published => Volatile.Read(ref _published);

    /// <summary>Commands whose time passed before they could be sent.</summary>
    public long Expired => Volatile.Read(ref _expired);

    /// <summary>Answers that said something new.</summary>
    public long Answers => Volatile.Read(ref _answers);

    /// <summary>Answers that came twice, or too late to say anything.</summary>
    public long AnswersRepeated => Volatile.Read(ref _answersRepeated);

    /// <summary>Answers to an id that nobody knows, or from a device that was not asked.</summary>
    public long AnswersUnknown => Volatile.Read(ref _answersUnknown);

    /// <summary>Devices that do not run the configuration they should, now; see <see cref="ConfigurationWorker.BehindAfterMs"/>.</summary>
    public int ConfigurationsBehind { get; set; }

    /// <summary>Orders refused, by reason.</summary>
    public IReadOnlyDictionary<string, long> Refused => _refused;

    public void AddOrdered() => Interlocked.Increment(ref _ordered);

    public void AddRepeated() => Interlocked.Increment(ref _repeated);

    public void AddPublished() => Interlocked.Increment(ref _published);

    public void AddExpired() => Interlocked.Increment(ref _expired);

    public void AddRefused(string reason) => _refused.AddOrUpdate(reason, 1, (_, count) => count + 1);

    /// <summary>An answer; see <see cref="CommandBook.Happened"/>.</summary>
    public void AddAnswer(bool? isNews)
    {
        switch (isNews)
        {
            case true:
                Interlocked.Increment(ref _answers);
                break;
            case false:
                Interlocked.Increment(ref _answersRepeated);
                break;
            case null:
                Interlocked.Increment(ref _answersUnknown);
                break;
        }
    }
}

namespace FacilityMonitor.Influx;

/// <summary>What a database said to a batch of lines.</summary>
internal abstract record WriteAnswer
{
    /// <summary>It took all of them.</summary>
    public sealed record Written : WriteAnswer;

    /// <summary>It found fault with at least one of them; what it did with the others is not known.</summary>
    /// <param name="Words">What it said.</param>
    public sealed record Malformed(string Words) : WriteAnswer
    {
        /// <summary>How many lines it says it left out, having written the others; null when it does not say. Of several faults it tells one: there may be more.</summary>
        public int? Dropped { get; init; }
    }

    /// <summary>It took all but the oldest, which lie before what its retention policy keeps.</summary>
    /// <param name="Dropped">How many it left out.</param>
    /// <param name="Words">What it said.</param>
    public sealed record BeyondRetention(int Dropped, string Words) : WriteAnswer;

    /// <summary>The batch is too large for it.</summary>
    /// <param name="Words">What it said.</param>
    public sealed record TooLarge(string Words) : WriteAnswer;

    /// <summary>It takes nothing from us until somebody changes something: credentials, rights, a missing database.</summary>
    /// <param name="Words">What it said.</param>
    public sealed record Refused(string Words) : WriteAnswer;

    /// <summary>Not now: it is away, busy, or has trouble of its own.</summary>
    /// <param name="Wait">How long it asks us to wait; null when it does not say.</param>
    /// <param name="Words">What it said, or what happened.</param>
    public sealed record Later(TimeSpan? Wait, string Words) : WriteAnswer
    {
        /// <summary>Whether it can have been restarted meanwhile: one that only asks us to slow down has not.</summary>
        public bool MayHaveRestarted { get; init; } = true;
    }
}

/// <summary>A time series database that takes line protocol. Used by one thread at a time.</summary>
internal interface IPointSink
{
    /// <summary>Where it is, for people; without secrets.</summary>
    string Name { get; }

    /// <summary>Writes lines.</summary>
    /// <exception cref="OperationCanceledException">We are stopping; whether they were taken is not known.</exception>
    Task<WriteAnswer> WriteAsync(ReadOnlyMemory<byte> lines, CancellationToken cancellationToken);

    /// <summary>Something that is another after every restart of the database; null when it does not tell, or is away.</summary>
    Task<string?> BootAsync(CancellationToken cancellationToken);
}

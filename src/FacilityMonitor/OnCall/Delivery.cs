namespace FacilityMonitor.OnCall;

/// <summary>What became of an attempt to tell somebody. Reasons name the kind of fault and never the address: it is a secret.</summary>
internal abstract record Delivery
{
    private Delivery()
    {
    }

    /// <summary>The receiver took it.</summary>
    public sealed record Sent : Delivery;

    /// <summary>Not now.</summary>
    /// <param name="Wait">When the receiver wants it again; null: it did not say.</param>
    /// <param name="Reason">Why not.</param>
    public sealed record RetryAfter(TimeSpan? Wait, string Reason) : Delivery;

    /// <summary>Never in this form.</summary>
    public sealed record Refused(string Reason) : Delivery;
}

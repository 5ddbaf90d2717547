namespace FacilityMonitor.OnCall;

/// <summary>What became of an attempt to tell somebody.</summary>
internal abstract record Delivery
{
    private Delivery()
    {
    }

    /// <summary>The receiver took it.</summary>
    public sealed record Sent : Delivery;

    /// <summary>Not now; perhaps the receiver said when.</summary>
    public sealed record RetryAfter(TimeSpan? Wait, string Reason) : Delivery;

    /// <summary>Never in this form.</summary>
    public sealed record Refused(string Reason) : Delivery;
}

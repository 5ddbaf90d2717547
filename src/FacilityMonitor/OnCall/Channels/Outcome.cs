namespace FacilityMonitor.OnCall.Channels;

/// <summary>Why a provider did not take a message. Each class has its own way on.</summary>
internal enum Fault
{
    /// <summary>It may take it in a moment: no connection, no answer, busy. Tried again.</summary>
    Passing,

    /// <summary>We sent too much: the whole channel rests, and the next way is due at once.</summary>
    Limited,

    /// <summary>This address had too much: it rests, and the next way is due at once.</summary>
    AddressLimited,

    /// <summary>Key, signature, template or clock is wrong: nothing gets through until somebody mends it. The channel is reported as dead, and the next way is due at once.</summary>
    Misconfigured,

    /// <summary>The person's number or id is wrong. The next way is due at once.</summary>
    WrongAddress,

    /// <summary>The provider never takes this content. The next way is due at once.</summary>
    Unfit,
}

/// <summary>What a provider said. Codes are the provider's own or name the kind of fault; never an address or a secret.</summary>
internal abstract record Outcome
{
    private Outcome()
    {
    }

    /// <summary>It said in the body of its answer that it took the message.</summary>
    /// <param name="Receipt">What the provider will call it in later reports; null where it names none.</param>
    public sealed record Accepted(string? Receipt = null) : Outcome;

    /// <summary>It did not, or we do not know.</summary>
    /// <param name="Fault">Its class.</param>
    /// <param name="Code">The provider's code, or a word of ours.</param>
    /// <param name="Wait">When it may be tried again; null: that is for us to choose.</param>
    public sealed record Failed(Fault Fault, string Code, TimeSpan? Wait = null) : Outcome;
}

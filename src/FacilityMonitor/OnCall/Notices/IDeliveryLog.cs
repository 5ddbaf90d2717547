using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall.Notices;

/// <summary>What happened to a notice.</summary>
internal enum DeliveryKind
{
    /// <summary>A provider took it: that says nothing yet about the person.</summary>
    Accepted,

    /// <summary>It reached the telephone or mailbox.</summary>
    Delivered,

    /// <summary>One way of reaching the person came to nothing; the code says why.</summary>
    Failed,

    /// <summary>The next way is being tried.</summary>
    FailedOver,

    /// <summary>The person answered with a key or a button; the code is the key.</summary>
    Acknowledged,

    /// <summary>Every way came to nothing: the person was not told.</summary>
    Unreached,

    /// <summary>It was tried for as long as is allowed: the person was not told.</summary>
    Expired,

    /// <summary>It was no longer wanted before anybody took it.</summary>
    Withdrawn,
}

/// <summary>Something that happened to a notice.</summary>
/// <param name="Alert">The alert.</param>
/// <param name="Step">Step of its escalation.</param>
/// <param name="Person">Who was to be told.</param>
/// <param name="IsDrill">Whether it is an exercise.</param>
/// <param name="Kind">What happened.</param>
/// <param name="Channel">The channel; null where none is concerned.</param>
/// <param name="Code">The provider's code, the class of a failure, or the key that was pressed. Never holds an address or a secret.</param>
/// <param name="AtMs">When, ms since 1970-01-01 UTC.</param>
internal sealed record DeliveryEvent(string Alert, int Step, string Person, bool IsDrill, DeliveryKind Kind, string? Channel, string? Code, long AtMs);

/// <summary>Hears what became of notices: the timeline of their alert.</summary>
internal interface IDeliveryLog
{
    /// <summary>Notes an event within the commit that books it: both are on disk or neither is. Called on the writer's thread; must not wait.</summary>
    void Write(SqliteConnection connection, DeliveryEvent happened);
}

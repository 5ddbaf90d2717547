namespace FacilityMonitor.Contract;

/// <summary>Why a message could not be used; it is set aside as a dead letter under this reason. The numbers are stored: add at the end.</summary>
public enum RejectReason : byte
{
    /// <summary>No dialect has such a topic.</summary>
    UnknownTopic = 0,

    /// <summary>Site or device in the topic is not <c>[a-z0-9-]{1,48}</c>.</summary>
    BadId = 1,

    /// <summary>The payload is longer than the contract allows.</summary>
    TooLarge = 2,

    /// <summary>The payload is not UTF-8.</summary>
    BadUtf8 = 3,

    /// <summary>The payload is not JSON, or nested deeper than the contract needs.</summary>
    BadJson = 4,

    /// <summary><c>v</c> is not 1.</summary>
    UnsupportedVersion = 5,

    /// <summary>A field that must be there is not.</summary>
    MissingField = 6,

    /// <summary>A field holds what it may not hold.</summary>
    BadField = 7,

    /// <summary>More readings than one message may carry.</summary>
    TooManyReadings = 8,

    /// <summary>Readings of <c>fm/1</c> are never retained: it is an old one.</summary>
    RetainedData = 9,

    /// <summary>The table of devices is full.</summary>
    TooManyDevices = 10,
}

/// <summary>The texts of <see cref="RejectReason"/> as tables, counters and the command line spell them.</summary>
public static class RejectReasons
{
    /// <summary>The reason's text, such as <c>bad-field</c>.</summary>
    public static string Key(this RejectReason reason) => reason switch
    {
        RejectReason.UnknownTopic => "unknown-topic",
        RejectReason.BadId => "bad-id",
        RejectReason.TooLarge => "too-large",
        RejectReason.BadUtf8 => "bad-utf8",
        RejectReason.BadJson => "bad-json",
        RejectReason.UnsupportedVersion => "unsupported-version",
        RejectReason.MissingField => "missing-field",
        RejectReason.BadField => "bad-field",
        RejectReason.TooManyReadings => "too-many-readings",
        RejectReason.RetainedData => "retained-data",
        RejectReason.TooManyDevices => "too-many-devices",
    };
}

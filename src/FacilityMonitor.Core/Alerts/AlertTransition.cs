using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Alerts;

/// <summary>How soon somebody has to come. The numbers are stored.</summary>
public enum Priority : byte
{
    /// <summary>Life safety.</summary>
    P0 = 0,

    /// <summary>Hazard.</summary>
    P1 = 1,

    /// <summary>Service.</summary>
    P2 = 2,

    /// <summary>Information, in a digest.</summary>
    P3 = 3,
}

/// <summary>Condition of an alert. The numbers are stored: add at the end.</summary>
public enum Condition : byte
{
    /// <summary>Nothing is wrong.</summary>
    Normal = 0,

    /// <summary>A breach that has not lasted long enough.</summary>
    Pending = 1,

    /// <summary>The alert is on.</summary>
    Active = 2,

    /// <summary>No breach any more, but not for long enough.</summary>
    Recovering = 3,

    /// <summary>Over.</summary>
    Cleared = 4,

    /// <summary>It was on and nothing is heard: never the same as over.</summary>
    NoData = 5,
}

/// <summary>One step of an alert from one condition to the next, as the engine decided it.</summary>
public sealed record AlertTransition
{
    /// <summary>First 16 hex digits of SHA-256 of <c>site|rule|asset|onset-ms</c>.</summary>
    public required string AlertId { get; init; }

    /// <summary>Rule name, such as <c>circuit-overload</c>.</summary>
    public required string Rule { get; init; }

    /// <summary>How soon somebody has to come; may rise and fall while the alert is open.</summary>
    public required Priority Priority { get; init; }

    /// <summary>The new condition.</summary>
    public required Condition Condition { get; init; }

    /// <summary>Event time of the transition, ms since 1970-01-01 UTC.</summary>
    public required long AtMs { get; init; }

    /// <summary>Event time of the first breaching sample; fixed for the alert's life.</summary>
    public required long OnsetMs { get; init; }

    /// <summary>Site id; null for a foreign device that is not registered.</summary>
    public string? Site { get; init; }

    /// <summary>Device name; null when the alert is about a circuit or a site.</summary>
    public string? Device { get; init; }

    /// <summary>Channel; null when the alert is about a whole device, a circuit or a site.</summary>
    public ChannelId? Channel { get; init; }

    /// <summary>Registry path: <c>site/shed-1/pile-01/s1</c>, or <c>site/circuit-id</c>.</summary>
    public required string Asset { get; init; }

    /// <summary>Whether it is about a device that the registry does not name: it is judged and shown like any other, but anybody may invent such devices, so
    /// who is told of them is limited. Not stored with the step.</summary>
    public bool IsStranger { get; init; }

    /// <summary>What, where, since when, what happens next, what to do.</summary>
    public required LocalText Text { get; init; }

    /// <summary>The numbers behind it, by name, in ordinal order. Values are numbers, texts or booleans.</summary>
    public IReadOnlyDictionary<string, object> Evidence { get; init; } = new SortedDictionary<string, object>(StringComparer.Ordinal);

    /// <summary>Rises with every transition of this alert: id and sequence name a transition for ever. From 0, or higher where a late reading moved an onset.</summary>
    public int Sequence { get; init; }

    /// <summary>How often the alert came back after clearing, within the re-open window.</summary>
    public int FlapCount { get; init; }
}

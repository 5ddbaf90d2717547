using FacilityMonitor.Readings;

namespace FacilityMonitor.Contract;

/// <summary>
/// How the JSON of a vendor nobody else has seen becomes readings: written in the registry, no code. Checked by whoever reads the registry; a mapping that
/// contradicts itself does not get here.
/// </summary>
public sealed record JsonMapping
{
    /// <summary>Most mappings of a registry. A message is tried against each whose topic fits.</summary>
    public const int MappingsMax = 100;

    /// <summary>Most fields, groups of channels and words of one mapping, each.</summary>
    public const int PartsMax = 200;

    /// <summary><c>[a-z0-9-]{1,48}</c>.</summary>
    public required string Id { get; init; }

    /// <summary>
    /// <c>[a-z0-9-]{1,48}</c>. Stands before the device's own name: two vendors may both number theirs from 1, and one vendor's devices may speak on several
    /// topics, a mapping each.
    /// </summary>
    public required string Vendor { get; init; }

    /// <summary>Topic filter of the messages it reads.</summary>
    public required string Topic { get; init; }

    /// <summary>The level of the topic, from 1, that names the device; null when the payload does.</summary>
    public int? DeviceLevel { get; init; }

    /// <summary>Where in the payload the device is named; null when the topic names it.</summary>
    public JsonPath? DevicePath { get; init; }

    /// <summary>Which of the messages on its topic it reads; null: all.</summary>
    public JsonCondition? When { get; init; }

    /// <summary>Where the time stands; null: the time of receipt.</summary>
    public JsonTime? Time { get; init; }

    /// <summary>Where it stands whether the device is there; null: the vendor does not say.</summary>
    public JsonPresence? Presence { get; init; }

    /// <summary>Values of the device itself.</summary>
    public IReadOnlyList<JsonField> Fields { get; init; } = [];

    /// <summary>Values of its channels, a row each.</summary>
    public IReadOnlyList<JsonChannels> Channels { get; init; } = [];
}

/// <summary>A mapping reads a message only when it says one of these.</summary>
/// <param name="Path">Where to look.</param>
/// <param name="Is">What may stand there, as text: <c>report</c>, <c>88</c>, <c>true</c>.</param>
public sealed record JsonCondition(JsonPath Path, IReadOnlyList<string> Is);

/// <summary>How a vendor writes times.</summary>
public enum JsonTimeUnit : byte
{
    /// <summary>Told by its form: ISO, or seconds or milliseconds since 1970 by their size. Vendors mix them.</summary>
    Any,

    /// <summary>Seconds since 1970 UTC, decimals allowed.</summary>
    Seconds,

    /// <summary>Milliseconds since 1970 UTC.</summary>
    Milliseconds,

    /// <summary>ISO 8601 and its usual shortened forms; without an offset Asia/Shanghai.</summary>
    Iso,
}

/// <summary>Where the time stands.</summary>
/// <param name="Path">Where to look.</param>
/// <param name="Unit">How it is written.</param>
public sealed record JsonTime(JsonPath Path, JsonTimeUnit Unit);

/// <summary>Where it stands whether the device is there.</summary>
/// <param name="Path">Where to look.</param>
/// <param name="Words">What a text there means; another says nothing.</param>
public sealed record JsonPresence(JsonPath Path, IReadOnlyList<(string Text, Presence Presence)> Words);

/// <summary>What a field of a mapping fills.</summary>
public enum JsonFieldKind : byte
{
    /// <summary>A metric.</summary>
    Metric,

    /// <summary>The state text, <c>st</c>.</summary>
    State,

    /// <summary>The counter epoch, <c>ce</c>: a number as it is, a text (an order's id) by its hash.</summary>
    CounterEpoch,
}

/// <summary>One value of a payload.</summary>
public sealed record JsonField
{
    /// <summary>Where it stands; within its row's path when it is of a row.</summary>
    public required JsonPath Path { get; init; }

    /// <summary>What it fills.</summary>
    public required JsonFieldKind Kind { get; init; }

    /// <summary>The metric; without meaning for the other kinds.</summary>
    public Metric Metric { get; init; }

    /// <summary>The value is multiplied by this, which moves the unit to ours: 0.1, 1000.</summary>
    public decimal Scale { get; init; } = 1;

    /// <summary>Added after scaling.</summary>
    public decimal Offset { get; init; }

    /// <summary>For a state: what is shown in place of a text; for a true-or-false metric: which texts are <c>true</c> and <c>false</c>.</summary>
    public IReadOnlyList<(string Text, string Meaning)> Words { get; init; } = [];

    /// <summary>Values that mean "not measured", as text: <c>--</c>, <c>65535</c>.</summary>
    public IReadOnlyList<string> NotMeasured { get; init; } = [];

    /// <summary>Smallest and largest value that can be true, as written, before it is scaled; null: any. What lies outside is set aside, named and counted, and the rest of the
    /// message holds: a firmware that writes its version where others write the signal must not look like a strong signal.</summary>
    public (decimal Low, decimal High)? Range { get; init; }

    /// <summary>The channel of a field that belongs to no row.</summary>
    public ChannelId Channel { get; init; }

    /// <summary>It holds for every channel the message tells of: the mains' voltage.</summary>
    public bool OnEveryChannel { get; init; }
}

/// <summary>Where a row has the number of its channel from.</summary>
public enum JsonChannelNumber : byte
{
    /// <summary>Its position in the array, from 0.</summary>
    Position,

    /// <summary>The name of the member that holds it.</summary>
    Key,

    /// <summary>A field of the element.</summary>
    Field,
}

/// <summary>A row of channels.</summary>
public sealed record JsonChannels
{
    /// <summary>The row: <c>$.ports[*]</c>.</summary>
    public required JsonPath Each { get; init; }

    /// <summary>What they are.</summary>
    public required ChannelKind Kind { get; init; }

    /// <summary>Where the number is from.</summary>
    public required JsonChannelNumber Number { get; init; }

    /// <summary>Inside the element; null unless <see cref="JsonChannelNumber.Field"/>.</summary>
    public JsonPath? NumberPath { get; init; }

    /// <summary>Added to the number: positions begin with 0, channels with 1.</summary>
    public int NumberOffset { get; init; }

    /// <summary>Values of the element.</summary>
    public IReadOnlyList<JsonField> Fields { get; init; } = [];
}

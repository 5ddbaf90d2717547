using System.Text;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Contract;

/// <summary>A <see cref="JsonMapping"/> as a tree of the places it reads, walked once beside the payload. Immutable: threads may share it.</summary>
internal sealed class JsonMappingPlan
{
    /// <summary>Stands for "no row": the field belongs to the device itself.</summary>
    public const int NoGroup = -1;

    private readonly TopicFilter _topic;

    public JsonMappingPlan(JsonMapping mapping)
    {
        Mapping = mapping;
        _topic = new TopicFilter(mapping.Topic);
        NamePrefix = Encoding.UTF8.GetBytes(mapping.Vendor + "/");
        var root = new Building();
        if (mapping.DevicePath is { } device)
            root.At(device.Steps).Actions.Add(new PathAction { Path = device.ToString(), Fills = PathFill.DeviceName });
        if (mapping.When is { } when)
            root.At(when.Path.Steps).Actions.Add(new PathAction { Path = when.Path.ToString(), Fills = PathFill.Condition, Words = [.. when.Is.Select(text => new PathWord(text))] });
        if (mapping.Time is { } time)
            root.At(time.Path.Steps).Actions.Add(new PathAction { Path = time.Path.ToString(), Fills = PathFill.Time, Unit = time.Unit });
        if (mapping.Presence is { } presence)
        {
            root.At(presence.Path.Steps).Actions.Add(new PathAction
            {
                Path = presence.Path.ToString(),
                Fills = PathFill.Presence,
                Words = [.. presence.Words.Select(word => new PathWord(word.Text) { Presence = word.Presence })],
            });
        }

        foreach (var field in mapping.Fields)
            root.At(field.Path.Steps).Actions.Add(ActionOf(field, field.Path.ToString(), NoGroup));
        for (var group = 0; group < mapping.Channels.Count; group++)
            Add(root, mapping.Channels[group], group);
        Root = root.Build();
    }

    public JsonMapping Mapping { get; }

    /// <summary>The vendor and a slash: what every device name begins with.</summary>
    public byte[] NamePrefix { get; }

    public PathNode Root { get; }

    public bool Matches(ReadOnlySpan<byte> topic) => _topic.Matches(topic);

    private static void Add(Building root, JsonChannels channels, int group)
    {
        var element = root.At(channels.Each.Steps);
        var row = new PathGroup(group, channels.Kind, channels.Number, channels.NumberOffset, channels.Each.ToString());
        element.Groups.Add(row);
        if (channels.NumberPath is { } number)
            root.At(number.Steps).Actions.Add(new PathAction { Path = number.ToString(), Fills = PathFill.ChannelNumber, Group = group, Row = row });
        foreach (var field in channels.Fields)
            root.At(field.Path.Steps).Actions.Add(ActionOf(field, field.Path.ToString(), group));
    }

    private static PathAction ActionOf(JsonField field, string path, int group) => new()
    {
        Path = path,
        Fills = field.Kind switch
        {
            JsonFieldKind.Metric => field.Metric.IsBoolean() ? PathFill.Flag : PathFill.Number,
            JsonFieldKind.State => PathFill.State,
            JsonFieldKind.CounterEpoch => PathFill.CounterEpoch,
        },
        Group = group,
        Metric = field.Metric,
        Scale = field.Scale,
        Offset = field.Offset,
        Words = [.. field.Words.Select(word => new PathWord(word.Text) { Meaning = word.Meaning, Flag = word.Meaning == "true" })],
        NotMeasured = [.. field.NotMeasured.Select(Encoding.UTF8.GetBytes)],
        Low = field.Range is { } low ? (double)low.Low : double.NegativeInfinity,
        High = field.Range is { } high ? (double)high.High : double.PositiveInfinity,
        Channel = field.Channel,
        OnEveryChannel = field.OnEveryChannel,
    };

    /// <summary>A node while the tree grows.</summary>
    private sealed class Building
    {
        private readonly Dictionary<string, Building> _names = new(StringComparer.Ordinal);
        private readonly SortedDictionary<int, Building> _positions = [];
        private Building? _every;

        public List<PathAction> Actions { get; } = [];

        public List<PathGroup> Groups { get; } = [];

        public Building At(IReadOnlyList<JsonPathStep> steps) => steps.Aggregate(this, (node, step) => step.Kind switch
        {
            JsonPathStepKind.Name => node._names.TryGetValue(step.Name, out var known) ? known : node._names[step.Name] = new Building(),
            JsonPathStepKind.Index => node._positions.TryGetValue(step.Index, out var known) ? known : node._positions[step.Index] = new Building(),
            JsonPathStepKind.Every => node._every ??= new Building(),
        });

        public PathNode Build() => new()
        {
            Names = [.. _names.Select(pair => (Encoding.UTF8.GetBytes(pair.Key), pair.Value.Build()))],
            Positions = [.. _positions.Select(pair => (pair.Key, pair.Value.Build()))],
            Every = _every?.Build(),
            Actions = [.. Actions],
            Groups = [.. Groups],
        };
    }
}

/// <summary>One place of a payload and what lies below it.</summary>
internal sealed class PathNode
{
    public required (byte[] Name, PathNode Node)[] Names { get; init; }

    public required (int Position, PathNode Node)[] Positions { get; init; }

    /// <summary>Each element of the array or member of the object here; null when nobody asked for them all.</summary>
    public required PathNode? Every { get; init; }

    /// <summary>What is done with a value here.</summary>
    public required PathAction[] Actions { get; init; }

    /// <summary>The rows whose elements stand here.</summary>
    public required PathGroup[] Groups { get; init; }

    /// <summary>Whether something lies below.</summary>
    public bool HasBelow => Names.Length > 0 || Positions.Length > 0 || Every is not null;
}

/// <summary>A row of channels whose elements stand at a node.</summary>
internal sealed record PathGroup(int Index, ChannelKind Kind, JsonChannelNumber Number, int Offset, string Path);

internal enum PathFill : byte
{
    DeviceName,
    Condition,
    Time,
    Presence,
    ChannelNumber,
    Number,
    Flag,
    State,
    CounterEpoch,
}

/// <summary>What is done with the value at a node.</summary>
internal sealed class PathAction
{
    public required string Path { get; init; }

    public required PathFill Fills { get; init; }

    public int Group { get; init; } = JsonMappingPlan.NoGroup;

    /// <summary>The row whose number it tells.</summary>
    public PathGroup? Row { get; init; }

    public Metric Metric { get; init; }

    public decimal Scale { get; init; } = 1;

    public decimal Offset { get; init; }

    public PathWord[] Words { get; init; } = [];

    public byte[][] NotMeasured { get; init; } = [];

    /// <summary>Smallest value that can be true, as written.</summary>
    public double Low { get; init; } = double.NegativeInfinity;

    /// <summary>Largest value that can be true, as written.</summary>
    public double High { get; init; } = double.PositiveInfinity;

    public bool HasRange => double.IsFinite(Low);

    public ChannelId Channel { get; init; }

    public bool OnEveryChannel { get; init; }

    public JsonTimeUnit Unit { get; init; }
}

/// <summary>A text of the vendor and what it stands for.</summary>
internal sealed class PathWord(string text)
{
    public byte[] Text { get; } = Encoding.UTF8.GetBytes(text);

    public string Meaning { get; init; } = "";

    public bool Flag { get; init; }

    public Presence Presence { get; init; }
}

using System.Globalization;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Configuration;

/// <summary>Reads the <c>mappings:</c> of a registry: how the JSON of a vendor becomes readings. What contradicts itself is refused here, so that decoding need not ask.</summary>
internal sealed class JsonMappingReader
{
    private const double ScaleMax = 1e9;
    private const double OffsetMax = 1e9;
    private const int LevelMax = 20;
    private const int WordLengthMax = 60;

    /// <summary>What a field may fill beside a metric.</summary>
    private const string StateKey = "st";
    private const string EpochKey = "ce";

    private readonly List<JsonMapping> _read = [];
    private readonly Dictionary<string, MappingReader> _ids = new(StringComparer.Ordinal);

    /// <summary>The mappings read so far, in the order of the files.</summary>
    public IReadOnlyList<JsonMapping> Mappings => _read;

    /// <summary>Reads one mapping.</summary>
    public void Read(MappingReader reader)
    {
        var id = reader.Id();
        if (!_ids.TryAdd(id, reader) && id.Length > 0)
            reader.Error("id", $"'{id}' 已用在 {_ids[id].Mapping.File} 第 {_ids[id].Mapping.Line} 行；请另取一个", $"'{id}' is used already in {_ids[id].Mapping.File}, line {_ids[id].Mapping.Line}; choose another");
        var topic = Topic(reader);
        var mapping = new JsonMapping
        {
            Id = id,
            Vendor = reader.Reference("vendor") ?? id,
            Topic = topic ?? "?",
            DeviceLevel = Level(reader, topic),
            DevicePath = SinglePath(reader, "device", example: null),
            When = When(reader),
            Time = Time(reader),
            Presence = Presence(reader),
            Fields = Fields(reader, row: null),
            Channels = Limited(reader, "channels", [.. reader.Each("channels", "channels").Select(Channels)]),
        };
        CheckWhole(reader, mapping);
        reader.Close();
        if (_read.Count < JsonMapping.MappingsMax)
            _read.Add(mapping);
        else
            reader.Error("id", $"映射超过 {JsonMapping.MappingsMax} 个；请删去不用的", $"there are more than {JsonMapping.MappingsMax} mappings; remove those not in use");
    }

    private static void CheckWhole(MappingReader reader, JsonMapping mapping)
    {
        var (byTopic, byPayload) = (reader.Find("device-level") is not null, reader.Find("device") is not null);
        if (byTopic && byPayload)
            reader.Error("device", "与 device-level 同时写了；设备名只能来自一处，请删去一行", "stands beside device-level; the name comes from one place, remove one of the lines");
        else if (!byTopic && !byPayload)
            reader.Missing("device", "$.imei");
        if (mapping.Fields.Count == 0 && mapping.Channels.Count == 0 && mapping.Presence is null
            && reader.Find("fields") is null && reader.Find("channels") is null && reader.Find("presence") is null)
            reader.Missing("fields", "[{ path: $.power, metric: w }]");
        var told = new Dictionary<(Metric, ChannelId), JsonField>();
        foreach (var field in mapping.Fields.Where(field => field.Kind == JsonFieldKind.Metric && !field.OnEveryChannel))
        {
            if (!told.TryAdd((field.Metric, field.Channel), field))
                reader.Error("fields", $"{field.Path} 和 {told[(field.Metric, field.Channel)].Path} 都填 {field.Channel} 的 {field.Metric.Key()}；请删去一个或写明 channel",
                    $"{field.Path} and {told[(field.Metric, field.Channel)].Path} both fill {field.Metric.Key()} of {field.Channel}; remove one or give it a channel");
        }
    }

    private static string? Topic(MappingReader reader)
    {
        if (reader.RequiredText("topic", "vendor/+/report") is not { } topic)
            return null;
        if (topic.Length > 0 && TopicFilters.Refuse(topic) is not { } refusal)
            return topic;
        refusal = topic.Length == 0 ? new("是空的；请写主题，例如 vendor/+/report", "is empty; write a topic, for example vendor/+/report") : TopicFilters.Refuse(topic)!;
        reader.Error("topic", refusal.Zh, refusal.En);
        return null;
    }

    private static int? Level(MappingReader reader, string? topic)
    {
        if (reader.Integer("device-level", 1, LevelMax) is not { } level)
            return null;
        var levels = topic?.Split('/');
        if (levels is null || (level <= levels.Length && levels[level - 1] == "+") || (levels[^1] == "#" && level >= levels.Length))
            return level;
        // A level that never changes would make one device of them all.
        var first = Array.IndexOf(levels, "+") + 1;
        reader.Error("device-level", first > 0 ? $"'{topic}' 的第 {level} 级不是 '+'；设备名在第 {first} 级吗？" : $"'{topic}' 的第 {level} 级不是 '+'；请把设备名那一级写成 '+'",
            first > 0 ? $"level {level} of '{topic}' is no '+'; is the device named at level {first}?" : $"level {level} of '{topic}' is no '+'; write '+' where the device is named");
        return null;
    }

    private static JsonCondition? When(MappingReader reader)
    {
        if (reader.Below("when") is not { } when)
            return null;
        var path = SinglePath(when, "path", "$.cmd");
        if (when.Find("is") is null)
            when.Missing("is", "[report]");
        var words = Words(when, "is");
        when.Close();
        return path is null ? null : new JsonCondition(path, words);
    }

    private static JsonTime? Time(MappingReader reader)
    {
        if (reader.Below("time") is not { } time)
            return null;
        var path = SinglePath(time, "path", "$.ts");
        var unit = time.OneOf("unit", "s", "ms", "iso") switch { "s" => JsonTimeUnit.Seconds, "ms" => JsonTimeUnit.Milliseconds, "iso" => JsonTimeUnit.Iso, _ => JsonTimeUnit.Any };
        time.Close();
        return path is null ? null : new JsonTime(path, unit);
    }

    private static JsonPresence? Presence(MappingReader reader)
    {
        if (reader.Below("presence") is not { } presence)
            return null;
        var path = SinglePath(presence, "path", "$.event");
        if (presence.Find("words") is null)
            presence.Missing("words", "{ close: offline }");
        var words = new List<(string, Presence)>();
        foreach (var (text, meaning) in Pairs(presence))
        {
            var index = Array.IndexOf(Fm1Words.Presences, meaning);
            if (index >= 0)
                words.Add((text, (Presence)index));
            else
                presence.Error("words", $"'{meaning}' 不对；请写其中之一：{string.Join(", ", Fm1Words.Presences)}", $"'{meaning}' is none of the choices; write one of: {string.Join(", ", Fm1Words.Presences)}");
        }

        presence.Close();
        return path is null ? null : new JsonPresence(path, words);
    }

    private static JsonChannels Channels(MappingReader reader)
    {
        var each = RequiredPath(reader, "each", "$.ports[*]");
        if (each is { IsRow: false })
        {
            reader.Error("each", $"'{each}' 没有 [*]；请写成列表本身加 [*]，例如 {each}[*]", $"'{each}' has no [*]; write the list with [*] behind it, for example {each}[*]");
            each = null;
        }
        else if (each is { Steps: [.., { Kind: not JsonPathStepKind.Every }] })
        {
            reader.Error("each", $"'{each}' 不以 [*] 结尾；请停在列表上，余下的写进字段的 path", $"'{each}' does not end with [*]; stop at the list, what follows belongs in the fields' paths");
            each = null;
        }

        var kind = reader.OneOf("kind", "socket", "slot", "bay", "phase") switch
        {
            "slot" => ChannelKind.Slot,
            "bay" => ChannelKind.Bay,
            "phase" => ChannelKind.Phase,
            _ => ChannelKind.Socket,
        };
        if (reader.Find("number") is null)
            reader.Missing("number", "position");
        var (number, numberPath) = Number(reader, each);
        var channels = new JsonChannels
        {
            Each = each ?? NoPath,
            Kind = kind,
            Number = number,
            NumberPath = numberPath,
            NumberOffset = reader.Integer("number-offset", -ChannelId.NumberMax, ChannelId.NumberMax) ?? (number == JsonChannelNumber.Position ? 1 : 0),
            Fields = Fields(reader, each),
        };
        if (reader.Find("fields") is null)
            reader.Missing("fields", $"[{{ path: {(each is null ? "$.ports[*]" : each)}.power, metric: w }}]");
        reader.Close();
        return channels;
    }

    /// <summary>Stands where a path was refused: reading goes on, to tell of every mistake at once.</summary>
    private static JsonPath NoPath { get; } = JsonPath.TryParse("$[*]", out var path, out _) ? path! : throw new System.Diagnostics.UnreachableException();

    private static (JsonChannelNumber, JsonPath?) Number(MappingReader reader, JsonPath? each)
    {
        switch (reader.Text("number"))
        {
            case null or "position":
                return (JsonChannelNumber.Position, null);
            case "key":
                return (JsonChannelNumber.Key, null);
            case ['$', ..]:
                var path = Path(reader, "number");
                if (path is not null && each is not null && !path.IsWithin(each))
                    OutsideOfRow(reader, "number", path, each);
                return (JsonChannelNumber.Field, path);
            case var other:
                reader.Error("number", $"'{other}' 看不懂；请写 position（按次序）、key（按成员名）或路径，例如 {each?.ToString() ?? "$.ports[*]"}.no",
                    $"'{other}' is not understood; write position, key (the member's name) or a path, for example {each?.ToString() ?? "$.ports[*]"}.no");
                return (JsonChannelNumber.Position, null);
        }
    }

    private static void OutsideOfRow(MappingReader reader, string key, JsonPath path, JsonPath each) => reader.Error(key,
        $"'{path}' 不在 {each} 里；请以它开头，例如 {each}.power", $"'{path}' does not lie within {each}; begin with it, for example {each}.power");

    private static List<JsonField> Fields(MappingReader reader, JsonPath? row)
    {
        var isRow = reader.Find("each") is not null;
        return Limited(reader, "fields", [.. reader.Each("fields", "field").Select(field => Field(field, isRow, row)).OfType<JsonField>()]);
    }

    private static JsonField? Field(MappingReader reader, bool isOfRow, JsonPath? row)
    {
        var path = RequiredPath(reader, "path", isOfRow ? $"{row?.ToString() ?? "$.ports[*]"}.power" : "$.power");
        if (path is not null && row is not null && !path.IsWithin(row))
            OutsideOfRow(reader, "path", path, row);
        else if (path is { IsRow: true } && !isOfRow)
            reader.Error("path", $"'{path}' 有 [*]；一排通道请写进 channels", $"'{path}' has [*]; a row of channels belongs under channels");
        var (kind, metric) = Metric(reader);
        var isNumber = kind == JsonFieldKind.Metric && metric is { } known && !known.IsBoolean();
        var field = new JsonField
        {
            Path = path ?? NoPath,
            Kind = kind,
            Metric = metric ?? default,
            Scale = Decimal(reader, "scale", ScaleMax) ?? 1,
            Offset = Decimal(reader, "offset", OffsetMax) ?? 0,
            Words = Meanings(reader, kind, metric),
            NotMeasured = Words(reader, "not-measured"),
            Range = Range(reader, kind == JsonFieldKind.Metric && metric?.IsBoolean() != true),
            Channel = Channel(reader, isOfRow),
            OnEveryChannel = reader.OneOf("on-every-channel", "true", "false") == "true",
        };
        if (!isNumber && metric is not null && (reader.Find("scale") ?? reader.Find("offset")) is not null)
            reader.Error(reader.Find("scale") is null ? "offset" : "scale", "只能用于数值；请删去", "is for numbers only; remove it");
        if (field.Scale == 0)
            reader.Error("scale", "是 0，所有值都会变成 0；请写换算系数，例如 0.1", "is 0 and would make every value 0; write the factor, for example 0.1");
        if (isOfRow && field.OnEveryChannel)
            reader.Error("on-every-channel", "这个字段本来就属于每个通道；请删去", "the field belongs to each channel anyway; remove it");
        reader.Close();
        return path is null || (metric is null && kind == JsonFieldKind.Metric) ? null : field;
    }

    /// <summary>Two numbers as the vendor writes them: <c>range: [0, 31]</c>.</summary>
    private static (decimal Low, decimal High)? Range(MappingReader reader, bool isNumber)
    {
        if (reader.Find("range") is null)
            return null;
        var ends = Words(reader, "range");
        if (!isNumber)
            reader.Error("range", "只能用于数值；请删去", "is for numbers only; remove it");
        else if (ends is [var first, var second] && IsDecimal(first, out var low) && IsDecimal(second, out var high) && low < high)
            return (low, high);
        // What is no list has been said already.
        else if (reader.Find("range") is YamlSequence)
            reader.Error("range", $"'{string.Join(", ", ends)}' 不是范围；请写两个数，小的在前，按厂家写法、换算之前，例如 [0, 31]", $"'{string.Join(", ", ends)}' is no range; write two numbers, the smaller first, as the vendor writes them and before they are scaled, for example [0, 31]");
        return null;
    }

    private static bool IsDecimal(string text, out decimal value) => decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);

    private static (JsonFieldKind, Metric?) Metric(MappingReader reader)
    {
        if (reader.Find("metric") is null)
            reader.Missing("metric", "w");
        var text = reader.Text("metric");
        if (text is null or StateKey)
            return (text is null ? JsonFieldKind.Metric : JsonFieldKind.State, null);
        if (text == EpochKey)
            return (JsonFieldKind.CounterEpoch, null);
        if (MetricKeys.TryParse(text, out var metric))
            return (JsonFieldKind.Metric, metric);
        var known = Enumerable.Range(0, MetricKeys.Count).Select(index => ((Metric)index).Key()).Append(StateKey).Append(EpochKey).ToList();
        // What everybody else calls it is the likeliest slip; a register in kWh then wants its scale too.
        var usual = ThingsBoardDecoder.Known.FirstOrDefault(pair => pair.Key.Equals(text, StringComparison.OrdinalIgnoreCase)).Metric;
        var near = usual ?? Suggestion.For(text, known);
        reader.Error("metric", near is null ? $"'{text}' 不是指标；请写其中之一：{string.Join(", ", known)}" : $"'{text}' 不是指标；是不是 '{near}'？",
            near is null ? $"'{text}' is no metric; write one of: {string.Join(", ", known)}" : $"'{text}' is no metric; did you mean '{near}'?");
        return (JsonFieldKind.Metric, null);
    }

    private static ChannelId Channel(MappingReader reader, bool isOfRow)
    {
        if (reader.Text("channel") is not { } text)
            return ChannelId.Main;
        if (isOfRow)
            reader.Error("channel", "通道由 number 决定；请删去", "the channel comes from number; remove it");
        else if (ChannelId.TryParse(text, out var channel))
            return channel;
        else
            reader.Error("channel", $"'{text}' 不是通道；请写 main、l1…l3、s1…、k1…、b1…", $"'{text}' is no channel; write main, l1…l3, s1…, k1… or b1…");
        return ChannelId.Main;
    }

    private static List<(string, string)> Meanings(MappingReader reader, JsonFieldKind kind, Metric? metric)
    {
        var pairs = Pairs(reader);
        var isFlag = kind == JsonFieldKind.Metric && metric is { } known && known.IsBoolean();
        foreach (var (text, meaning) in pairs)
        {
            if (isFlag && meaning is not ("true" or "false"))
                reader.Error("words", $"'{text}' 的意思是 '{meaning}'；这个指标只有 true 和 false", $"'{text}' stands for '{meaning}'; this metric is true or false");
            else if (kind == JsonFieldKind.State && System.Text.Encoding.UTF8.GetByteCount(meaning) > ReadingBuffer.StateLengthMax)
                reader.Error("words", $"'{meaning}' 超过 {ReadingBuffer.StateLengthMax} 字节；请写短一些", $"'{meaning}' has more than {ReadingBuffer.StateLengthMax} bytes; shorten it");
        }

        if (pairs.Count > 0 && !isFlag && (kind == JsonFieldKind.CounterEpoch || metric is not null))
            reader.Error("words", "只能用于 st 和真假指标；请删去，数值换算用 scale", "is for st and for metrics that are true or false; remove it, numbers are turned by scale");
        return pairs;
    }

    /// <summary>Texts of the vendor and what they stand for: <c>words: { 0: idle, 1: charging }</c>.</summary>
    private static List<(string, string)> Pairs(MappingReader reader)
    {
        var pairs = new List<(string, string)>();
        if (reader.Below("words") is not { } words)
            return pairs;
        foreach (var (key, _) in words.Mapping.Entries)
        {
            if (words.Text(key.Text, WordLengthMax) is { } meaning)
                pairs.Add((key.Text, meaning));
        }

        return Limited(reader, "words", pairs);
    }

    private static List<string> Words(MappingReader reader, string key)
    {
        var words = new List<string>();
        foreach (var scalar in reader.Texts(key))
        {
            if (scalar.Text.Length <= WordLengthMax)
                words.Add(scalar.Text);
            else
                reader.Error(key, $"有 {scalar.Text.Length} 个字符，上限是 {WordLengthMax}；请写短一些", $"has {scalar.Text.Length} characters, the limit is {WordLengthMax}; shorten it");
        }

        return Limited(reader, key, words);
    }

    private static List<T> Limited<T>(MappingReader reader, string key, List<T> parts)
    {
        if (parts.Count > JsonMapping.PartsMax)
            reader.Error(key, $"有 {parts.Count} 项，上限是 {JsonMapping.PartsMax}；请拆成几个映射", $"has {parts.Count} items, the limit is {JsonMapping.PartsMax}; split it into several mappings");
        return parts;
    }

    private static decimal? Decimal(MappingReader reader, string key, double max) =>
        reader.Number(key, -max, max, "") is not null && decimal.TryParse(reader.Text(key), NumberStyles.Float, CultureInfo.InvariantCulture, out var exact) ? exact : null;

    private static JsonPath? RequiredPath(MappingReader reader, string key, string example)
    {
        if (reader.Find(key) is null)
            reader.Missing(key, example);
        return Path(reader, key);
    }

    /// <summary>A path to one place.</summary>
    private static JsonPath? SinglePath(MappingReader reader, string key, string? example)
    {
        var path = example is null ? Path(reader, key) : RequiredPath(reader, key, example);
        if (path is not { IsRow: true })
            return path;
        reader.Error(key, $"'{path}' 有 [*]，这里只能有一个值；请写一个确定的位置，例如 $.imei 或 $.list[0].imei", $"'{path}' has [*], and one value is wanted here; write one place, for example $.imei or $.list[0].imei");
        return null;
    }

    private static JsonPath? Path(MappingReader reader, string key)
    {
        if (reader.Text(key) is not { } text)
            return null;
        if (JsonPath.TryParse(text, out var path, out var refusal))
            return path;
        reader.Error(key, $"'{text}'：{refusal!.Zh}", $"'{text}': {refusal.En}");
        return null;
    }
}

using System.Globalization;
using System.Text;
using System.Text.Json;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Contract;

/// <summary>Reads a payload by a mapping: one pass beside the plan's tree, nothing allocated for readings. Not thread-safe.</summary>
/// <remarks>A fault does not end the pass: only its end tells whether the message is this mapping's at all, and whose it is.</remarks>
internal sealed class JsonMappingDecoder(StateTexts states, ChannelSheet sheet)
{
    /// <summary>Deepest nesting read, as of every foreign dialect.</summary>
    private const int DepthMax = 16;

    /// <summary>Elements with something in them; beyond it the message is refused before its rows fill memory.</summary>
    private const int RowsMax = 2 * ReadingBuffer.ReadingsMax;

    private readonly byte[] _name = new byte[ForeignTopic.NameMax];
    private int[] _rows = new int[4];
    private ChannelId?[] _numbers = new ChannelId?[4];
    private int _nameLength;
    private int _common;
    private bool _chosen;
    private long? _atMs;
    private Presence? _presence;
    private int _unknown;
    private OutOfRange _outOfRange;
    private RejectReason _reason;
    private string? _detail;

    /// <summary>The device as the payload names it; empty when it does not.</summary>
    public ReadOnlySpan<byte> Name => _name.AsSpan(0, _nameLength);

    /// <summary>Decodes one payload into <paramref name="message"/>, whose receipt time is set; its device is the caller's business.</summary>
    /// <returns>Null when the message is not one this mapping reads.</returns>
    public DecodeOutcome? Decode(JsonMappingPlan plan, ReadOnlySpan<byte> payload, DeviceMessage message)
    {
        Begin(plan);
        try
        {
            var reader = new Utf8JsonReader(payload, new JsonReaderOptions { MaxDepth = DepthMax });
            reader.Read();
            Walk(ref reader, plan.Root, isElement: false);
            // What follows the value is looked at too: the reader objects to anything but white space.
            reader.Read();
        }
        catch (JsonException error)
        {
            return DecodeOutcome.Rejected(RejectReason.BadJson, string.Create(CultureInfo.InvariantCulture, $"payload: not JSON at byte {error.BytePositionInLine}"));
        }

        if (plan.Mapping.When is not null && !_chosen)
            return null;
        if (_detail is null && plan.Mapping.DevicePath is { } device && _nameLength == 0)
            Fail(RejectReason.MissingField, $"{device}: missing, and it names the device");
        if (_detail is null && !sheet.WriteTo(message.Readings, _atMs ?? message.ReceivedMs, _common))
            Fail(RejectReason.TooManyReadings, string.Create(CultureInfo.InvariantCulture, $"payload: more than {ReadingBuffer.ReadingsMax} channels"));
        if (_detail is not null)
        {
            message.Readings.Clear();
            return DecodeOutcome.Rejected(_reason, _detail);
        }

        message.UnknownFields = _unknown;
        message.OutOfRange = _outOfRange;
        message.Kind = MessageKind.Data;
        if (message.Readings.Count > 0)
            return DecodeOutcome.Decoded;
        if (_presence is not { } presence)
            return DecodeOutcome.Ignored;
        message.Kind = MessageKind.Status;
        message.Status = new DeviceStatus { Presence = presence };
        return DecodeOutcome.Decoded;
    }

    private void Begin(JsonMappingPlan plan)
    {
        sheet.Clear();
        var groups = plan.Mapping.Channels.Count;
        if (_rows.Length < groups)
            (_rows, _numbers) = (new int[groups], new ChannelId?[groups]);
        _nameLength = _unknown = 0;
        _outOfRange = default;
        _common = -1;
        _chosen = false;
        _atMs = null;
        _presence = null;
        _detail = null;
    }

    /// <summary>Reads one value; the reader stands on its first token and is left on its last.</summary>
    private void Walk(ref Utf8JsonReader reader, PathNode node, bool isElement)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject when node.HasBelow:
                WalkObject(ref reader, node);
                break;
            case JsonTokenType.StartArray when node.HasBelow:
                WalkArray(ref reader, node);
                break;
            case JsonTokenType.StartObject or JsonTokenType.StartArray:
                foreach (var action in node.Actions)
                    Refuse(ref reader, action, "a single value");
                if (node.Actions.Length == 0 && !isElement)
                    _unknown++;
                reader.Skip();
                break;
            default:
                foreach (var action in node.Actions)
                    Apply(ref reader, action);
                break;
        }
    }

    private void WalkObject(ref Utf8JsonReader reader, PathNode node)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var below = Member(ref reader, node);
            if (node.Every is { } every)
            {
                // A copy looks at the member for the row; by its own name it may be asked for as well.
                var member = reader;
                var number = every.Groups.Length > 0 && !reader.ValueIsEscaped && Utf8Number(reader.ValueSpan) is { } key ? key : (int?)null;
                member.Read();
                Element(ref member, every, number, JsonChannelNumber.Key);
                if (below is null)
                {
                    reader = member;
                    continue;
                }
            }

            if (below is null)
            {
                _unknown++;
                reader.Skip();
                continue;
            }

            reader.Read();
            Walk(ref reader, below, isElement: false);
        }
    }

    private static PathNode? Member(ref Utf8JsonReader reader, PathNode node)
    {
        foreach (var (name, below) in node.Names)
        {
            if (reader.ValueTextEquals(name))
                return below;
        }

        return null;
    }

    private void WalkArray(ref Utf8JsonReader reader, PathNode node)
    {
        for (var position = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; position++)
        {
            PathNode? below = null;
            foreach (var (wanted, candidate) in node.Positions)
            {
                if (wanted == position)
                    below = candidate;
            }

            if (node.Every is { } every)
            {
                var element = reader;
                Element(ref element, every, position, JsonChannelNumber.Position);
                if (below is null)
                {
                    reader = element;
                    continue;
                }
            }

            if (below is not null)
                Walk(ref reader, below, isElement: false);
            else
                reader.Skip();
        }
    }

    /// <summary>One element of a row: its values gather in a row of the sheet, which gets its channel at the end, wherever the number stands.</summary>
    private void Element(ref Utf8JsonReader reader, PathNode node, int? number, JsonChannelNumber kind)
    {
        if (sheet.Rows + node.Groups.Length > RowsMax)
        {
            Fail(RejectReason.TooManyReadings, string.Create(CultureInfo.InvariantCulture, $"{(node.Groups.Length > 0 ? node.Groups[0].Path : "payload")}: more than {ReadingBuffer.ReadingsMax} channels"));
            reader.Skip();
            return;
        }

        foreach (var group in node.Groups)
        {
            _rows[group.Index] = sheet.Begin();
            _numbers[group.Index] = null;
        }

        Walk(ref reader, node, isElement: true);
        foreach (var group in node.Groups)
        {
            if (sheet.IsEmpty(_rows[group.Index]))
                continue;
            if (group.Number == kind && number is { } told)
                Number(group, told);
            if (_numbers[group.Index] is { } channel)
                sheet.Name(_rows[group.Index], channel);
            else
                Fail(RejectReason.MissingField, $"{group.Path}: an element without the number of its channel");
        }
    }

    private void Number(PathGroup group, double told)
    {
        var number = told + group.Offset;
        if (number >= 1 && number <= (group.Kind == ChannelKind.Phase ? 3 : ChannelId.NumberMax) && number == Math.Floor(number))
            _numbers[group.Index] = ChannelId.Of(group.Kind, (int)number);
        else
            Fail(RejectReason.BadField, string.Create(CultureInfo.InvariantCulture, $"{group.Path}: the channel's number is {number}; allowed: 1 to {(group.Kind == ChannelKind.Phase ? 3 : ChannelId.NumberMax)}"));
    }

    private static int? Utf8Number(ReadOnlySpan<byte> text) =>
        text.Length is > 0 and <= 4 && System.Buffers.Text.Utf8Parser.TryParse(text, out int number, out var used) && used == text.Length ? number : null;

    // ---- single values -----------------------------------------------------------------------------------------------

    private void Apply(ref Utf8JsonReader reader, PathAction action)
    {
        if (reader.TokenType == JsonTokenType.Null || IsNotMeasured(ref reader, action))
        {
            // Told twice, the last wins: then it was not measured.
            if (action.Fills is PathFill.Number or PathFill.Flag)
                sheet.Set(RowOf(action), action.Metric, double.NaN);
            return;
        }

        switch (action.Fills)
        {
            case PathFill.Number:
                if (!ScalarText.TryScaled(ref reader, action.Scale, action.Offset, out var value))
                    Refuse(ref reader, action, "a number");
                else if (value < 0 && action.Metric.IsCounter())
                    Refuse(ref reader, action, "a counter, 0 or more");
                else if (action.HasRange && ScalarText.TryNumber(ref reader, out var written) && !(written >= action.Low && written <= action.High))
                    SetAside(action, written);
                else if (!action.Metric.IsPossible(value))
                    SetAside(action, value);
                else
                    sheet.Set(RowOf(action), action.Metric, value);
                break;
            case PathFill.Flag:
                if ((action.Words.Length > 0 ? Word(ref reader, action)?.Flag : null) is { } named)
                    sheet.Set(RowOf(action), action.Metric, named ? 1 : 0);
                else if (ScalarText.Flag(ref reader) is { } flag)
                    sheet.Set(RowOf(action), action.Metric, flag ? 1 : 0);
                else if (action.Words.Length > 0)
                    // A word the vendor added since says nothing about true or false, and costs nobody the rest of the message.
                    _unknown++;
                else
                    Refuse(ref reader, action, "true, false, 1, 0, on, off, or one of its words");
                break;
            case PathFill.State:
                ApplyState(ref reader, action);
                break;
            case PathFill.CounterEpoch:
                ApplyEpoch(ref reader, action);
                break;
            case PathFill.DeviceName:
                ApplyName(ref reader, action);
                break;
            case PathFill.Condition:
                _chosen = Word(ref reader, action) is not null;
                break;
            case PathFill.Time:
                ApplyTime(ref reader, action);
                break;
            case PathFill.Presence:
                _presence = Word(ref reader, action)?.Presence ?? _presence;
                break;
            case PathFill.ChannelNumber:
                ApplyNumber(ref reader, action);
                break;
        }
    }

    private void SetAside(PathAction action, double written)
    {
        // Told twice, the last wins: then it was not measured.
        sheet.Set(RowOf(action), action.Metric, double.NaN);
        _outOfRange = _outOfRange.Count == 0 ? new OutOfRange(1, action.Path, written) : _outOfRange with { Count = _outOfRange.Count + 1 };
    }

    /// <summary>The row a value belongs to; a channel's own is begun by its element.</summary>
    private int RowOf(PathAction action)
    {
        if (action.Group != JsonMappingPlan.NoGroup)
            return _rows[action.Group];
        if (!action.OnEveryChannel)
            return sheet.RowOf(action.Channel);
        return _common >= 0 ? _common : _common = sheet.Begin();
    }

    private static bool IsNotMeasured(ref Utf8JsonReader reader, PathAction action)
    {
        if (action.NotMeasured.Length == 0)
            return false;
        Span<byte> text = stackalloc byte[ScalarText.TextMax];
        var length = ScalarText.Copy(ref reader, text);
        if (length < 0)
            return false;
        foreach (var sign in action.NotMeasured)
        {
            if (text[..length].SequenceEqual(sign))
                return true;
        }

        return false;
    }

    private static PathWord? Word(ref Utf8JsonReader reader, PathAction action)
    {
        Span<byte> text = stackalloc byte[ScalarText.TextMax];
        var length = ScalarText.Copy(ref reader, text);
        if (length < 0)
            return null;
        foreach (var word in action.Words)
        {
            if (text[..length].SequenceEqual(word.Text))
                return word;
        }

        return null;
    }

    private void ApplyState(ref Utf8JsonReader reader, PathAction action)
    {
        if (Word(ref reader, action) is { } word)
        {
            sheet.SetState(RowOf(action), word.Meaning);
            return;
        }

        // A state the vendor added since is shown as it is rather than hidden.
        Span<byte> text = stackalloc byte[ScalarText.TextMax];
        var length = ScalarText.Copy(ref reader, text);
        if (length is < 0 or > ReadingBuffer.StateLengthMax)
            Refuse(ref reader, action, string.Create(CultureInfo.InvariantCulture, $"a text of at most {ReadingBuffer.StateLengthMax} bytes"));
        else if (length > 0)
            sheet.SetState(RowOf(action), states.Get(text[..length]));
    }

    private void ApplyEpoch(ref Utf8JsonReader reader, PathAction action)
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetUInt32(out var number))
        {
            sheet.SetEpoch(RowOf(action), number);
            return;
        }

        Span<byte> text = stackalloc byte[ScalarText.TextMax];
        var length = ScalarText.Copy(ref reader, text);
        if (length < 0)
            Refuse(ref reader, action, string.Create(CultureInfo.InvariantCulture, $"a number or a text of at most {ScalarText.TextMax} bytes"));
        else if (length > 0)
            sheet.SetEpoch(RowOf(action), Hash(text[..length]));
    }

    private void ApplyName(ref Utf8JsonReader reader, PathAction action)
    {
        _nameLength = 0;
        Span<byte> text = stackalloc byte[ScalarText.TextMax];
        var length = ScalarText.Copy(ref reader, text);
        ReadOnlySpan<byte> name = length < 0 ? [] : text[..length];
        if (name.IsEmpty || name.Length > _name.Length || name.ContainsAny("+#"u8))
        {
            if (_detail is null)
                Fail(RejectReason.BadId, string.Create(CultureInfo.InvariantCulture, $"{action.Path}: {Shown(ref reader)}; a device's name is text of at most {ForeignTopic.NameMax} bytes without + and #"));
            return;
        }

        name.CopyTo(_name);
        _nameLength = name.Length;
    }

    private void ApplyNumber(ref Utf8JsonReader reader, PathAction action)
    {
        if (!ScalarText.TryNumber(ref reader, out var told))
            Refuse(ref reader, action, "the number of a channel");
        else
            Number(action.Row!, told);
    }

    private void ApplyTime(ref Utf8JsonReader reader, PathAction action)
    {
        Span<byte> text = stackalloc byte[ScalarText.TextMax];
        Span<char> characters = stackalloc char[ScalarText.TextMax];
        var length = ScalarText.Copy(ref reader, text);
        if (length <= 0)
        {
            Refuse(ref reader, action, "a time");
            return;
        }

        ReadOnlySpan<char> told = characters[..Encoding.UTF8.GetChars(text[..length], characters)];
        told = told.Trim();
        _atMs = action.Unit switch
        {
            JsonTimeUnit.Any => DeviceTime.Read(told) ?? Epoch(told, 1),
            JsonTimeUnit.Iso => DeviceTime.ReadIso(told),
            JsonTimeUnit.Seconds => Epoch(told, 1_000),
            JsonTimeUnit.Milliseconds => Epoch(told, 1),
        };
        if (_atMs is null)
        {
            Refuse(ref reader, action, action.Unit switch
            {
                JsonTimeUnit.Any => "a time: seconds or milliseconds since 1970, or 2026-01-01T08:00:00",
                JsonTimeUnit.Iso => "a time such as 2026-01-01T08:00:00",
                JsonTimeUnit.Seconds => "seconds since 1970",
                JsonTimeUnit.Milliseconds => "milliseconds since 1970",
            });
        }
    }

    /// <summary>A device that never heard the time says 0, which is a time and is corrected later; what lies beyond any calendar is none.</summary>
    private static long? Epoch(ReadOnlySpan<char> text, long factor) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && Math.Abs(value * factor) < 1e14 ? (long)Math.Round(value * factor) : null;

    /// <summary>FNV-1a: the same order has the same epoch after a restart and on every machine.</summary>
    private static uint Hash(ReadOnlySpan<byte> text)
    {
        var hash = 2_166_136_261u;
        foreach (var letter in text)
            hash = (hash ^ letter) * 16_777_619u;
        return hash;
    }

    // ---- refusals ----------------------------------------------------------------------------------------------------

    private void Refuse(ref Utf8JsonReader reader, PathAction action, string allowed)
    {
        if (_detail is null)
            Fail(RejectReason.BadField, $"{action.Path}: {Shown(ref reader)}; allowed: {allowed}");
    }

    private static string Shown(ref Utf8JsonReader reader)
    {
        const int Most = 40;
        var text = reader.ValueSpan;
        return reader.TokenType switch
        {
            JsonTokenType.StartObject => "an object",
            JsonTokenType.StartArray => "a list",
            JsonTokenType.String => $"\"{Encoding.UTF8.GetString(text[..Math.Min(text.Length, Most)])}{(text.Length > Most ? "…" : "")}\"",
            _ => Encoding.UTF8.GetString(text[..Math.Min(text.Length, Most)]),
        };
    }

    /// <summary>The first fault is told; what follows may only follow from it.</summary>
    private void Fail(RejectReason reason, string detail)
    {
        if (_detail is null)
            (_reason, _detail) = (reason, detail);
    }
}

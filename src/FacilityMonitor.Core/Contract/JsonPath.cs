using System.Globalization;
using System.Text;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Contract;

/// <summary>What one step of a <see cref="JsonPath"/> takes.</summary>
public enum JsonPathStepKind : byte
{
    /// <summary>The member of an object with this name.</summary>
    Name,

    /// <summary>The element of an array at this position, from 0.</summary>
    Index,

    /// <summary>Every element of an array, or every member of an object.</summary>
    Every,
}

/// <summary>One step of a path.</summary>
/// <param name="Kind">What it takes.</param>
/// <param name="Name">The member's name; empty unless <see cref="JsonPathStepKind.Name"/>.</param>
/// <param name="Index">The position from 0; 0 unless <see cref="JsonPathStepKind.Index"/>.</param>
public readonly record struct JsonPathStep(JsonPathStepKind Kind, string Name, int Index);

/// <summary>
/// A place in a JSON payload: the part of JSONPath (RFC 9535) that says one place or one row of places. <c>$</c>, then <c>.name</c>, <c>['name']</c>,
/// <c>[3]</c>, and at most one <c>[*]</c> or <c>.*</c>. Filters, slices, unions, negative positions and <c>..</c> are refused.
/// </summary>
public sealed class JsonPath
{
    /// <summary>Most steps of a path; payloads are read 16 deep.</summary>
    public const int StepsMax = 12;

    /// <summary>Highest position in an array.</summary>
    public const int IndexMax = 9_999;

    private readonly string _text;

    private JsonPath(string text, IReadOnlyList<JsonPathStep> steps)
    {
        _text = text;
        Steps = steps;
    }

    /// <summary>The steps, from the outside in; none is the payload itself.</summary>
    public IReadOnlyList<JsonPathStep> Steps { get; }

    /// <summary>Whether it says a row of places.</summary>
    public bool IsRow => Steps.Any(step => step.Kind == JsonPathStepKind.Every);

    /// <summary>Reads a path.</summary>
    /// <param name="text">The path as written.</param>
    /// <param name="path">What it says.</param>
    /// <param name="refusal">What is wrong and what to write instead; null when nothing is.</param>
    public static bool TryParse(string text, out JsonPath? path, out LocalText? refusal)
    {
        ArgumentNullException.ThrowIfNull(text);
        path = null;
        refusal = null;
        var steps = new List<JsonPathStep>();
        if (text.Length == 0 || text[0] != '$')
        {
            refusal = new("路径要以 $ 开头，例如 $.data.power", "a path begins with $, for example $.data.power");
            return false;
        }

        for (var at = 1; at < text.Length;)
        {
            if (Step(text, ref at, out var wrong) is not { } step)
            {
                refusal = wrong;
                return false;
            }

            steps.Add(step);
        }

        if (steps.Count > StepsMax)
            refusal = new($"有 {steps.Count} 级，上限是 {StepsMax}；请写短一些", $"has {steps.Count} steps, the limit is {StepsMax}; shorten it");
        else if (steps.Count(step => step.Kind == JsonPathStepKind.Every) > 1)
            refusal = new("有两个 [*]；一条路径只能展开一个列表，请为外层的每个下标各写一组 channels，例如 $.boards[0].ports[*]",
                "has two [*]; a path may open one list only, write one group of channels for each outer position, for example $.boards[0].ports[*]");
        else
            path = new JsonPath(text, steps);
        return path is not null;
    }

    /// <summary>Whether it lies at another path or below it.</summary>
    public bool IsWithin(JsonPath other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Steps.Count >= other.Steps.Count && Steps.Take(other.Steps.Count).SequenceEqual(other.Steps);
    }

    /// <summary>As it was written.</summary>
    public override string ToString() => _text;

    private static JsonPathStep? Step(string text, ref int at, out LocalText? wrong)
    {
        wrong = null;
        if (text[at] == '[')
            return Bracket(text, ref at, out wrong);
        if (text[at] != '.')
        {
            wrong = new($"第 {at + 1} 个字符 '{text[at]}' 处看不懂；级与级之间请写 '.' 或 '[…]'", $"is not understood at character {at + 1}, '{text[at]}'; between steps stands '.' or '[…]'");
            return null;
        }

        if (at + 1 < text.Length && text[at + 1] == '.')
        {
            wrong = new("'..'（任意深度）不支持；请把中间各级写全，例如 $.data.power", "'..' (any depth) is not read; write every step, for example $.data.power");
            return null;
        }

        if (at + 1 < text.Length && text[at + 1] == '*')
        {
            at += 2;
            return new(JsonPathStepKind.Every, "", 0);
        }

        var from = ++at;
        while (at < text.Length && IsNameCharacter(text[at], first: at == from))
            at++;
        if (at > from)
            return new(JsonPathStepKind.Name, text[from..at], 0);
        wrong = new("'.' 后面要有名称；名称以数字开头或含特殊字符时请写成 ['名称']", "a name must follow '.'; one that begins with a digit or holds other characters is written ['name']");
        return null;
    }

    private static bool IsNameCharacter(char letter, bool first) => letter == '_' || letter >= 0x80 || char.IsAsciiLetter(letter) || (!first && char.IsAsciiDigit(letter));

    private static JsonPathStep? Bracket(string text, ref int at, out LocalText? wrong)
    {
        wrong = null;
        at++;
        if (at < text.Length && text[at] is '\'' or '"')
            return Quoted(text, ref at, out wrong);
        var end = text.IndexOf(']', at);
        if (end < 0)
        {
            wrong = new("缺少 ']'；请补上", "']' is missing; add it");
            return null;
        }

        var inside = text[at..end].Trim();
        at = end + 1;
        if (inside == "*")
            return new(JsonPathStepKind.Every, "", 0);
        if (inside.Length is > 0 and <= 4 && inside.All(char.IsAsciiDigit) && (inside.Length == 1 || inside[0] != '0'))
            return new(JsonPathStepKind.Index, "", int.Parse(inside, CultureInfo.InvariantCulture));
        wrong = inside switch
        {
            ['?', ..] => new($"筛选 [{inside}] 不支持；请改用 when 选择消息，或写出下标 [0]", $"the filter [{inside}] is not read; choose messages with 'when', or write the position, [0]"),
            ['-', ..] => new($"负下标 [{inside}] 不支持；请从头数，例如 [0]", $"the negative position [{inside}] is not read; count from the front, for example [0]"),
            _ when inside.Contains(':', StringComparison.Ordinal) => new($"切片 [{inside}] 不支持；请写 [*]，或逐个写下标", $"the slice [{inside}] is not read; write [*], or each position"),
            _ when inside.Contains(',', StringComparison.Ordinal) => new($"并集 [{inside}] 不支持；请为每一个各写一行字段", $"the union [{inside}] is not read; write one field for each"),
            _ => new($"[{inside}] 看不懂；请写 [0] 到 [{IndexMax}]、[*] 或 ['名称']", $"[{inside}] is not understood; write [0] to [{IndexMax}], [*] or ['name']"),
        };
        return null;
    }

    private static JsonPathStep? Quoted(string text, ref int at, out LocalText? wrong)
    {
        wrong = null;
        var quote = text[at++];
        var name = new StringBuilder();
        for (; at < text.Length && text[at] != quote; at++)
        {
            if (text[at] == '\\' && ++at >= text.Length)
                break;
            name.Append(text[at]);
        }

        if (at + 1 < text.Length && text[at + 1] == ']')
        {
            at += 2;
            return new(JsonPathStepKind.Name, name.ToString(), 0);
        }

        wrong = at + 1 < text.Length && text[at + 1] == ','
            ? new("并集 ['a','b'] 不支持；请为每一个各写一行字段", "the union ['a','b'] is not read; write one field for each")
            : new($"缺少 {quote}]；名称请写成 ['名称']", $"{quote}] is missing; a name is written ['name']");
        return null;
    }
}

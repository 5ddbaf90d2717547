using System.Text;
using FacilityMonitor.Registry;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace FacilityMonitor.Configuration;

/// <summary>Reads one YAML file into elements that keep their place. The only code that knows the YAML package.</summary>
/// <remarks>
/// Not the package's own tree: that one stops at the first doubled key and lets a handful of aliases expand into gigabytes. Here a doubled key
/// stays in the mapping for the reader to report, and what aliases expand to is counted.
/// </remarks>
internal sealed class YamlText
{
    /// <summary>Largest file read, bytes: some 20,000 devices. A larger registry is split into facility/*.yaml.</summary>
    public const int BytesMax = 4 << 20;

    /// <summary>Deepest nesting; the registry needs eight.</summary>
    public const int DepthMax = 32;

    /// <summary>Most elements of a file with every alias written out.</summary>
    public const int ElementsMax = 1_000_000;

    private readonly Parser _parser;
    private readonly string _file;
    private readonly Dictionary<AnchorName, (YamlElement Element, long Weight)> _anchors = [];
    private long _weight;

    private YamlText(string text, string file)
    {
        _parser = new Parser(new StringReader(text));
        _file = file;
    }

    /// <summary>The content of a file; null when it is empty or its form is broken, which is then among the problems.</summary>
    public static YamlElement? Read(ReadOnlySpan<byte> bytes, string file, Problems problems)
    {
        if (bytes.Length > BytesMax)
        {
            problems.Error(file, $"文件有 {bytes.Length} 字节，上限是 {BytesMax}；请拆成 facility/*.yaml 多个文件",
                $"has {bytes.Length} bytes, the limit is {BytesMax}; split it into several facility/*.yaml");
            return null;
        }

        if (bytes.StartsWith(Encoding.UTF8.Preamble))
            bytes = bytes[Encoding.UTF8.Preamble.Length..];
        if (Decode(bytes) is not { } text)
        {
            var line = 1 + bytes[..FirstInvalid(bytes)].Count((byte)'\n');
            problems.Error(file, "不是 UTF-8 编码；请在编辑器里另存为 UTF-8", "is not UTF-8; save it as UTF-8 in your editor", line, 1);
            return null;
        }

        try
        {
            return new YamlText(text, file).Document();
        }
        catch (RefusedYamlException refused)
        {
            problems.Error(file, refused.Text.Zh, refused.Text.En, (int)refused.Start.Line, (int)refused.Start.Column);
        }
        catch (YamlException broken)
        {
            var line = Math.Max(1, (int)broken.Start.Line);
            var column = Math.Max(1, (int)broken.Start.Column);
            if (TabIndents(text, line) is { } tabbed)
                problems.Error(file, "用了制表符缩进；YAML 只能用空格，请换成空格", "is indented with a tab; YAML wants spaces, replace it", tabbed, 1);
            else
                problems.Error(file, $"YAML 写法有误：{Plain(broken)}；请核对这一行和上一行的缩进、冒号和引号",
                    $"is no valid YAML: {Plain(broken)}; check indentation, colons and quotes of this line and the one above", line, column);
        }
        catch (InvalidOperationException)
        {
            // The scanner of the package gives up like this, without a place, on a few texts it cannot make sense of (found by damaging files at random).
            problems.Error(file, "YAML 写法有误，读不下去；请核对缩进、冒号和引号", "is no valid YAML and cannot be read on; check indentation, colons and quotes");
        }

        return null;
    }

    private YamlElement? Document()
    {
        _parser.Consume<StreamStart>();
        if (_parser.Accept<StreamEnd>(out _))
            return null;
        _parser.Consume<DocumentStart>();
        var element = Element(depth: 0);
        _parser.Consume<DocumentEnd>();
        if (_parser.Accept<DocumentStart>(out var second))
            throw new RefusedYamlException(second.Start, second.End, new("这里又开始一个文档（---）；一个文件只能有一个，请删去这一行", "a second document begins here (---); one file holds one, remove the line"));
        return element is YamlScalar { IsNothing: true } ? null : element;
    }

    private YamlElement Element(int depth)
    {
        var head = _parser.Current!;
        if (depth > DepthMax)
            throw new RefusedYamlException(head.Start, head.End, new($"嵌套超过 {DepthMax} 层；请写得浅一些", $"is nested deeper than {DepthMax} levels; write it flatter"));
        Count(1, head);
        if (_parser.TryConsume<AnchorAlias>(out var alias))
        {
            if (!_anchors.TryGetValue(alias.Value, out var known))
                throw new RefusedYamlException(alias.Start, alias.End, new($"上面没有锚点 &{alias.Value}；请核对 '*' 后的名称", $"there is no anchor &{alias.Value} above; check the name after '*'"));
            Count(known.Weight, alias);
            return known.Element;
        }

        var before = _weight;
        var (line, column) = ((int)head.Start.Line, (int)head.Start.Column);
        YamlElement element;
        var anchor = head is NodeEvent node ? node.Anchor : AnchorName.Empty;
        if (_parser.TryConsume<Scalar>(out var scalar))
            element = new YamlScalar(_file, line, column, scalar.Value, scalar.Style == ScalarStyle.Plain);
        else if (_parser.TryConsume<SequenceStart>(out _))
            element = new YamlSequence(_file, line, column, Items(depth));
        else if (_parser.TryConsume<MappingStart>(out _))
            element = new YamlMapping(_file, line, column, Entries(depth));
        else
            throw new RefusedYamlException(head.Start, head.End, new("缺少一个值", "a value is missing"));
        if (!anchor.IsEmpty)
            _anchors[anchor] = (element, _weight - before);
        return element;
    }

    private List<YamlElement> Items(int depth)
    {
        var items = new List<YamlElement>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
            items.Add(Element(depth + 1));
        return items;
    }

    private List<(YamlScalar, YamlElement)> Entries(int depth)
    {
        var entries = new List<(YamlScalar, YamlElement)>();
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var at = _parser.Current!;
            if (Element(depth + 1) is not YamlScalar key)
                throw new RefusedYamlException(at.Start, at.End, new("键必须是一个词；请核对冒号和括号", "a key must be a word; check colons and brackets"));
            entries.Add((key, Element(depth + 1)));
        }

        return entries;
    }

    private void Count(long weight, ParsingEvent at)
    {
        _weight += weight;
        if (_weight > ElementsMax)
            throw new RefusedYamlException(at.Start, at.End, new($"把别名（*）都写开后超过 {ElementsMax} 个值；请少用别名", $"has more than {ElementsMax} values once its aliases (*) are written out; use fewer"));
    }

    private static string? Decode(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static int FirstInvalid(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        while (at < bytes.Length && Rune.DecodeFromUtf8(bytes[at..], out _, out var length) == System.Buffers.OperationStatus.Done)
            at += length;
        return at;
    }

    /// <summary>The tab is often on the line before or after the one the parser names.</summary>
    private static int? TabIndents(string text, int line)
    {
        var lines = text.Split('\n');
        for (var number = Math.Min(line + 1, lines.Length); number >= Math.Max(1, line - 1); number--)
        {
            if (lines[number - 1].TrimStart(' ').StartsWith('\t'))
                return number;
        }

        return null;
    }

    private static string Plain(YamlException broken) => broken.Message.TrimEnd('.', ' ') is { Length: > 0 } text ? char.ToLowerInvariant(text[0]) + text[1..] : "broken";

    /// <summary>Well-formed, but not what we read; says so in both languages.</summary>
    private sealed class RefusedYamlException(Mark start, Mark end, LocalText text) : YamlException(start, end, text.En)
    {
        public LocalText Text { get; } = text;
    }
}

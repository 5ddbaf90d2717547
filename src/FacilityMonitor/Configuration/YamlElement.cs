namespace FacilityMonitor.Configuration;

/// <summary>A piece of YAML that knows where it was written.</summary>
internal abstract class YamlElement(string file, int line, int column)
{
    public string File { get; } = file;

    public int Line { get; } = line;

    public int Column { get; } = column;

    /// <summary>What it is, for people.</summary>
    public abstract (string Zh, string En) Shape { get; }
}

internal sealed class YamlScalar(string file, int line, int column, string text, bool plain) : YamlElement(file, line, column)
{
    public string Text { get; } = text;

    /// <summary>Written without a value: <c>key:</c>, <c>key: ~</c>, <c>key: null</c>.</summary>
    public bool IsNothing { get; } = plain && text is "" or "~" or "null";

    public override (string Zh, string En) Shape => ("一个值", "a single value");
}

internal sealed class YamlSequence(string file, int line, int column, IReadOnlyList<YamlElement> items) : YamlElement(file, line, column)
{
    public IReadOnlyList<YamlElement> Items { get; } = items;

    public override (string Zh, string En) Shape => ("一个列表", "a list");
}

internal sealed class YamlMapping(string file, int line, int column, IReadOnlyList<(YamlScalar Key, YamlElement Value)> entries)
    : YamlElement(file, line, column)
{
    public IReadOnlyList<(YamlScalar Key, YamlElement Value)> Entries { get; } = entries;

    public override (string Zh, string En) Shape => ("一组键值", "keys with values");

    public YamlElement? Find(string key) => Entries.FirstOrDefault(entry => entry.Key.Text == key).Value;
}

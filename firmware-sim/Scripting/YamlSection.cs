using System.Globalization;
using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace FirmwareSim.Scripting;

/// <summary>Something wrong in a scenario file: where, what stands there, and what would be right.</summary>
internal sealed record ScenarioError(string File, long Line, string Key, string Value, string Fix)
{
    /// <summary>Longest part of a value that is repeated: who wrote a list of lists where a word belongs knows which one is meant.</summary>
    private const int ValueShownMax = 80;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}: {(Key.Length == 0 ? "" : $"{Key}: {Shown}: ")}{Fix}");

    private string Shown => Value.Length switch
    {
        0 => "(missing)",
        > ValueShownMax => $"\"{Value[..ValueShownMax]}…\"",
        _ => $"\"{Value}\"",
    };
}

/// <summary>One mapping of a scenario file. Reading never throws: what is wrong is noted, and a value that will do is returned so that reading goes on.</summary>
internal sealed partial class YamlSection(string file, YamlMappingNode node, string path, List<ScenarioError> errors)
{
    private readonly HashSet<string> _read = [];

    public long Line => node.Start.Line;

    public string Path => path;

    public bool Has(string key) => Find(key) is not null;

    public void Refuse(string key, string value, string fix) =>
        errors.Add(new ScenarioError(file, Find(key)?.Start.Line ?? node.Start.Line, PathOf(key), value, fix));

    public string? Text(string key)
    {
        switch (Find(key))
        {
            case null:
                return null;
            case YamlScalarNode { Value: { Length: > 0 } value }:
                return value;
            case var other:
                Refuse(key, other.ToString(), "write one word or text here");
                return null;
        }
    }

    /// <summary>An id; an empty one after an error.</summary>
    public string Id(string key)
    {
        var text = RequiredText(key);
        if (text.Length > 0 && !IdForm().IsMatch(text))
            Refuse(key, text, "use 1 to 48 of a-z, 0-9 and -");
        return text;
    }

    public string RequiredText(string key)
    {
        if (Find(key) is null)
            Refuse(key, "", "this is needed");
        return Text(key) ?? "";
    }

    public double? Number(string key, double least, double most)
    {
        if (Text(key) is not { } text)
            return null;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
            return number;
        Refuse(key, text, string.Create(CultureInfo.InvariantCulture, $"use a number from {least} to {most}"));
        return null;
    }

    public int? Count(string key, int least, int most)
    {
        if (Number(key, least, most) is not { } number)
            return null;
        if (number == Math.Floor(number))
            return (int)number;
        Refuse(key, Text(key)!, "use a whole number");
        return null;
    }

    public bool Flag(string key)
    {
        switch (Text(key))
        {
            case null or "false":
                return false;
            case "true":
                return true;
            case var other:
                Refuse(key, other, "use true or false");
                return false;
        }
    }

    /// <summary>A length of time: <c>90s</c>, <c>5m</c>, <c>8h</c>, <c>100ms</c>; in seconds.</summary>
    public double? Seconds(string key, double least, double most)
    {
        if (Text(key) is not { } text)
            return null;
        if (Durations.TryParse(text) is { } seconds && seconds >= least && seconds <= most)
            return seconds;
        Refuse(key, text, string.Create(CultureInfo.InvariantCulture, $"use a time such as 90s, 5m or 8h, from {least} s to {most} s"));
        return null;
    }

    public T Choice<T>(string key, IReadOnlyDictionary<string, T> choices, T otherwise)
    {
        if (Text(key) is not { } text)
        {
            if (Find(key) is null)
                Refuse(key, "", "use one of " + string.Join(", ", choices.Keys));
            return otherwise;
        }

        if (choices.TryGetValue(text, out var choice))
            return choice;
        Refuse(key, text, "use one of " + string.Join(", ", choices.Keys));
        return otherwise;
    }

    public IReadOnlyList<string> Texts(string key)
    {
        switch (Find(key))
        {
            case null:
                return [];
            case YamlSequenceNode list when list.All(item => item is YamlScalarNode):
                return [.. list.Select(item => ((YamlScalarNode)item).Value ?? "")];
            case var other:
                Refuse(key, other.ToString(), "use a list such as [s1, s2]");
                return [];
        }
    }

    /// <summary>A list of words, each one of the choices.</summary>
    public IReadOnlyList<T> Choices<T>(string key, IReadOnlyDictionary<string, T> choices)
    {
        var chosen = new List<T>();
        foreach (var text in Texts(key))
        {
            if (choices.TryGetValue(text, out var choice))
                chosen.Add(choice);
            else
                Refuse(key, text, "use some of " + string.Join(", ", choices.Keys));
        }

        return chosen;
    }

    public YamlSection? Section(string key)
    {
        switch (Find(key))
        {
            case null:
                return null;
            case YamlMappingNode mapping:
                return new YamlSection(file, mapping, PathOf(key), errors);
            case var other:
                Refuse(key, other.ToString(), "use a mapping of keys");
                return null;
        }
    }

    public IEnumerable<YamlSection> Sections(string key)
    {
        switch (Find(key))
        {
            case null:
                yield break;
            case YamlSequenceNode list:
                for (var index = 0; index < list.Children.Count; index++)
                {
                    var itemPath = string.Create(CultureInfo.InvariantCulture, $"{PathOf(key)}[{index}]");
                    if (list.Children[index] is YamlMappingNode mapping)
                        yield return new YamlSection(file, mapping, itemPath, errors);
                    else
                        errors.Add(new ScenarioError(file, list.Children[index].Start.Line, itemPath, list.Children[index].ToString(), "use a mapping of keys"));
                }

                break;
            case var other:
                Refuse(key, other.ToString(), "use a list");
                break;
        }
    }

    /// <summary>Call when everything known has been read: what is left is a slip of the pen.</summary>
    public void Done()
    {
        foreach (var (key, _) in node.Children)
        {
            if (key is YamlScalarNode { Value: { } name } && !_read.Contains(name))
                Refuse(name, name, "this key is not known here; known are " + string.Join(", ", _read.Order(StringComparer.Ordinal)));
        }
    }

    private YamlNode? Find(string key)
    {
        _read.Add(key);
        return node.Children.TryGetValue(new YamlScalarNode(key), out var value) ? value : null;
    }

    private string PathOf(string key) => path.Length == 0 ? key : $"{path}.{key}";

    [GeneratedRegex("^[a-z0-9-]{1,48}$")]
    private static partial Regex IdForm();
}

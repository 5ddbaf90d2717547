using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace FacilityMonitor.Configuration;

/// <summary>A part of a YAML file that knows where it stands: reads keys by name and type, remembers which were asked for, and collects every error.</summary>
internal sealed class YamlPart
{
    /// <summary>Largest configuration file, bytes.</summary>
    public const int FileBytesMax = 4 * 1024 * 1024;

    private readonly YamlMappingNode _node;
    private readonly string _file;
    private readonly string _path;
    private readonly List<ConfigurationError> _errors;
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);

    private YamlPart(YamlMappingNode node, string file, string path, List<ConfigurationError> errors)
    {
        _node = node;
        _file = file;
        _path = path;
        _errors = errors;
    }

    /// <summary>Line of the part, from 1.</summary>
    public int Line => (int)_node.Start.Line;

    /// <summary>Reads a file; null when it is no mapping or no YAML, which is among the errors then. An empty file is an empty mapping.</summary>
    public static YamlPart? Open(string path, string name, List<ConfigurationError> errors)
    {
        if (new FileInfo(path).Length > FileBytesMax)
        {
            errors.Add(new ConfigurationError(name, 0, 0, "", $"larger than {FileBytesMax / 1024 / 1024} MiB; split it into facility/*.yaml"));
            return null;
        }

        try
        {
            using var reader = new StreamReader(path);
            var stream = new YamlStream();
            stream.Load(new Parser(new Scanner(reader, skipComments: true)));
            if (stream.Documents.Count == 0)
                return new YamlPart([], name, "", errors);
            if (stream.Documents[0].RootNode is YamlMappingNode root)
                return new YamlPart(root, name, "", errors);
            errors.Add(new ConfigurationError(name, 1, 1, "", "the file must hold keys and values, such as \"sites:\""));
        }
        catch (YamlException error)
        {
            errors.Add(new ConfigurationError(name, (int)error.Start.Line, (int)error.Start.Column, "", $"not YAML: {error.Message}"));
        }
        catch (Exception error) when (error is InvalidOperationException or ArgumentException)
        {
            // The library's scanner answers some damaged files in this way; it knows no line then.
            errors.Add(new ConfigurationError(name, 0, 0, "", $"not YAML: {error.Message}"));
        }

        return null;
    }

    /// <summary>The text of a key; null when it is absent.</summary>
    public string? Text(string key) => Scalar(key)?.Value;

    /// <summary>The text of a key that must be there.</summary>
    public string RequiredText(string key)
    {
        if (Text(key) is { Length: > 0 } text)
            return text;
        Error(key, $"missing; add \"{key}: …\"");
        return "";
    }

    /// <summary>An id: 1 to 48 characters of a-z, 0-9 and -.</summary>
    public string RequiredId(string key = "id")
    {
        var text = RequiredText(key);
        if (text.Length > 0 && !Contract.Fm1Topic.IsId(System.Text.Encoding.UTF8.GetBytes(text)))
            Error(key, $"\"{text}\" is no id; use 1 to 48 characters of a-z, 0-9 and -");
        return text;
    }

    /// <summary>A number within a range; null when it is absent.</summary>
    public double? Number(string key, double least, double most)
    {
        if (Text(key) is not { } text)
            return null;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most)
            return value;
        Error(key, string.Create(CultureInfo.InvariantCulture, $"\"{text}\" is not a number from {least} to {most}"));
        return null;
    }

    /// <summary>A whole number within a range; null when it is absent.</summary>
    public int? Whole(string key, int least, int most)
    {
        if (Text(key) is not { } text)
            return null;
        if (int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most)
            return value;
        Error(key, string.Create(CultureInfo.InvariantCulture, $"\"{text}\" is not a whole number from {least} to {most}"));
        return null;
    }

    /// <summary>One of the words of an enumeration, written with dashes; null when it is absent.</summary>
    public T? Word<T>(string key)
        where T : struct, Enum
    {
        if (Text(key) is not { } text)
            return null;
        foreach (var value in Enum.GetValues<T>())
        {
            if (Dashed(value.ToString()) == text)
                return value;
        }

        var words = Enum.GetNames<T>().Select(Dashed).ToArray();
        Error(key, $"\"{text}\" is not one of {string.Join(", ", words)}{Suggestion(text, words)}");
        return null;
    }

    /// <summary>A date as 2026-12-31; null when it is absent.</summary>
    public DateOnly? Date(string key)
    {
        if (Text(key) is not { } text)
            return null;
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
            return date;
        Error(key, $"\"{text}\" is no date; write it as 2026-12-31");
        return null;
    }

    /// <summary>A text in both languages, as <c>{zh: …, en: …}</c> or plain; null when it is absent.</summary>
    public Registry.LocalText? Local(string key)
    {
        _asked.Add(key);
        switch (Find(key))
        {
            case null:
                return null;
            case YamlScalarNode { Value: { } plain }:
                return new Registry.LocalText(plain, plain);
            case YamlMappingNode mapping:
                var part = new YamlPart(mapping, _file, Below(key), _errors);
                var zh = part.RequiredText("zh");
                var en = part.Text("en");
                if (en is null)
                    part.Error("en", "missing; the English page shows the Chinese name", isWarning: true);
                part.End();
                return new Registry.LocalText(zh, en ?? zh);
            default:
                Error(key, "must be a text, or {zh: …, en: …}");
                return null;
        }
    }

    /// <summary>A text in both languages that must be there.</summary>
    public Registry.LocalText RequiredLocal(string key)
    {
        if (Local(key) is { } text)
            return text;
        if (Find(key) is null)
            Error(key, $"missing; add \"{key}: {{zh: …, en: …}}\"");
        return new Registry.LocalText("", "");
    }

    /// <summary>The parts of a list; empty when it is absent.</summary>
    public IEnumerable<YamlPart> List(string key)
    {
        _asked.Add(key);
        var node = Find(key);
        if (node is null or YamlScalarNode { Value: "" or null })
            yield break;
        if (node is not YamlSequenceNode sequence)
        {
            Error(key, "must be a list; begin each entry with \"- \"");
            yield break;
        }

        foreach (var (entry, index) in sequence.Children.Select((entry, index) => (entry, index)))
        {
            if (entry is YamlMappingNode mapping)
                yield return new YamlPart(mapping, _file, $"{Below(key)}[{NameOf(mapping, index)}]", _errors);
            else
                Add(entry, Below(key), "each entry must have keys and values", isWarning: false);
        }
    }

    /// <summary>The texts of a list; empty when it is absent.</summary>
    public IReadOnlyList<string> Texts(string key)
    {
        _asked.Add(key);
        switch (Find(key))
        {
            case null or YamlScalarNode { Value: "" or null }:
                return [];
            case YamlSequenceNode sequence when sequence.Children.All(entry => entry is YamlScalarNode):
                return [.. sequence.Children.Select(entry => ((YamlScalarNode)entry).Value ?? "")];
            default:
                Error(key, "must be a list of texts");
                return [];
        }
    }

    /// <summary>Whether a key is there.</summary>
    public bool Has(string key) => Find(key) is not null;

    /// <summary>The part below a key; null when it is absent.</summary>
    public YamlPart? Part(string key)
    {
        _asked.Add(key);
        switch (Find(key))
        {
            case null or YamlScalarNode { Value: "" or null }:
                return null;
            case YamlMappingNode mapping:
                return new YamlPart(mapping, _file, Below(key), _errors);
            default:
                Error(key, "must have keys and values below it");
                return null;
        }
    }

    /// <summary>The keys and the parts below, whatever they are called.</summary>
    public IEnumerable<(string Key, YamlPart Part)> Parts()
    {
        foreach (var key in Keys())
        {
            if (Part(key) is { } part)
                yield return (key, part);
        }
    }

    /// <summary>The keys, in the order of the file.</summary>
    public IEnumerable<string> Keys() => _node.Children.Keys.OfType<YamlScalarNode>().Select(key => key.Value ?? "");

    /// <summary>Says what is wrong with a key.</summary>
    public void Error(string key, string text, bool isWarning = false)
    {
        YamlNode node = Find(key) ?? _node;
        Add(node, Below(key), text, isWarning);
    }

    /// <summary>Says which keys nobody asked for.</summary>
    public void End()
    {
        foreach (var key in Keys().Where(key => !_asked.Contains(key)))
        {
            var node = _node.Children.Keys.First(candidate => candidate is YamlScalarNode scalar && scalar.Value == key);
            Add(node, Below(key), $"unknown key{Suggestion(key, _asked)}", isWarning: false);
        }
    }

    private static string NameOf(YamlMappingNode mapping, int index) =>
        mapping.Children.TryGetValue(new YamlScalarNode("id"), out var id) && id is YamlScalarNode { Value: { Length: > 0 } name } ? name : index.ToString(CultureInfo.InvariantCulture);

    private static string Dashed(string name) => string.Concat(name.Select((letter, index) => index > 0 && char.IsUpper(letter) ? "-" + char.ToLowerInvariant(letter) : char.ToLowerInvariant(letter).ToString()));

    private static string Suggestion(string text, IEnumerable<string> words)
    {
        var nearest = words.Select(word => (Word: word, Distance: Distance(text, word))).Where(pair => pair.Distance <= Math.Max(2, pair.Word.Length / 3) && pair.Distance < text.Length).OrderBy(pair => pair.Distance).FirstOrDefault();
        return nearest.Word is null ? "" : $"; did you mean \"{nearest.Word}\"?";
    }

    /// <summary>Levenshtein distance: how many letters differ.</summary>
    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (left[i - 1] == right[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[^1];
    }

    private YamlScalarNode? Scalar(string key)
    {
        _asked.Add(key);
        switch (Find(key))
        {
            case null:
                return null;
            case YamlScalarNode scalar:
                return scalar;
            default:
                Error(key, "must be a single value");
                return null;
        }
    }

    private YamlNode? Find(string key) => _node.Children.TryGetValue(new YamlScalarNode(key), out var node) ? node : null;

    private string Below(string key) => _path.Length == 0 ? key : $"{_path}.{key}";

    private void Add(YamlNode node, string path, string text, bool isWarning) =>
        _errors.Add(new ConfigurationError(_file, (int)node.Start.Line, (int)node.Start.Column, path, text, isWarning));
}

using System.Globalization;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Configuration;

/// <summary>Takes the values out of one mapping, typed; every key that was never asked for is unknown and reported by <see cref="Close"/>.</summary>
/// <remarks>A wrong value is reported and read as absent, so that one mistake does not hide the next one.</remarks>
internal sealed class MappingReader
{
    public const int IdLengthMax = 48;
    /// <summary>Longest text of a registry, UTF-16 units.</summary>
    public const int TextLengthMax = 200;

    private readonly Dictionary<string, YamlElement> _values = new(StringComparer.Ordinal);
    private readonly List<YamlScalar> _keys = [];
    private readonly List<string> _known = [];
    private readonly Problems _problems;

    public MappingReader(YamlMapping mapping, string path, Problems problems)
    {
        Mapping = mapping;
        Path = path;
        _problems = problems;
        foreach (var (key, value) in mapping.Entries)
        {
            _keys.Add(key);
            if (!_values.TryAdd(key.Text, value))
            {
                problems.Error(key, path, $"键 '{key.Text}' 在第 {_values[key.Text].Line} 行已经写过；请删去一处",
                    $"key '{key.Text}' is already there in line {_values[key.Text].Line}; remove one");
            }
        }
    }

    public YamlMapping Mapping { get; }

    public string Path { get; }

    public YamlElement At(string key) => _values.GetValueOrDefault(key) ?? Mapping;

    /// <summary>The value of a key; null when it is not there, or there without a value.</summary>
    public YamlElement? Find(string key)
    {
        if (!_known.Contains(key))
            _known.Add(key);
        return _values.GetValueOrDefault(key) is { } value and not YamlScalar { IsNothing: true } ? value : null;
    }

    public void Close()
    {
        foreach (var key in _keys.Where(key => !_known.Contains(key.Text)))
        {
            var near = Suggestion.For(key.Text, _known);
            var keys = string.Join(", ", _known);
            _problems.Error(key, Path,
                near is null ? $"不认识的键 '{key.Text}'；这里可以写：{keys}" : $"不认识的键 '{key.Text}'；是不是 '{near}'？",
                near is null ? $"unknown key '{key.Text}'; here can stand: {keys}" : $"unknown key '{key.Text}'; did you mean '{near}'?");
        }
    }

    public string PathOf(string key) => Path.Length > 0 ? $"{Path} › {key}" : key;

    public void Error(string key, string zh, string en) => _problems.Error(At(key), PathOf(key), zh, en);

    public void Missing(string key, string example) => _problems.Error(Mapping, Path,
        $"缺少 '{key}'；请加一行，例如 {key}: {example}", $"'{key}' is missing; add a line such as {key}: {example}");

    public string? Text(string key, int lengthMax = TextLengthMax)
    {
        if (Find(key) is not { } value)
            return null;
        if (value is not YamlScalar scalar)
        {
            WrongShape(key, value, ("一个值", "a single value"));
            return null;
        }

        if (scalar.Text.Length > lengthMax)
        {
            Error(key, $"有 {scalar.Text.Length} 个字符，上限是 {lengthMax}；请写短一些", $"has {scalar.Text.Length} characters, the limit is {lengthMax}; shorten it");
            return null;
        }

        if (scalar.Text.Any(char.IsControl))
        {
            Error(key, "含有换行或控制字符；请写成一行", "holds a line break or control character; write it in one line");
            return null;
        }

        return scalar.Text;
    }

    public string? RequiredText(string key, string example)
    {
        if (Find(key) is null)
            Missing(key, example);
        return Text(key);
    }

    /// <summary>An id that must be there. A badly formed one is reported and still returned: what refers to it is not wrong too.</summary>
    public string Id(string key = "id")
    {
        if (Find(key) is null)
        {
            Missing(key, "pile-01");
            return "";
        }

        return Reference(key) ?? "";
    }

    /// <summary>The id of something else.</summary>
    public string? Reference(string key)
    {
        var text = Text(key);
        if (text is not null && !IsId(text))
            NoId(At(key), PathOf(key), text);
        return text;
    }

    public static bool IsId(string text) =>
        text.Length is > 0 and <= IdLengthMax && text.All(letter => letter is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-');

    private void NoId(YamlElement at, string path, string text) => _problems.Error(at, path,
        $"'{text}' 不能作编号；请用 1 到 {IdLengthMax} 个小写字母、数字或 '-'", $"'{text}' is no id; use 1 to {IdLengthMax} of a-z, 0-9 and '-'");

    public double? Number(string key, double min, double max, string unit)
    {
        if (Text(key) is not { } text)
            return null;
        var range = double.IsInfinity(min) ? "" : FormattableString.Invariant($" {min}…{max}{(unit.Length > 0 ? " " + unit : "")}");
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || !double.IsFinite(number))
        {
            Error(key, $"'{text}' 不是数字；请只写数字{range}，不带单位", $"'{text}' is no number; write only the number{range}, without a unit");
            return null;
        }

        if (number >= min && number <= max)
            return number;
        Error(key, $"{text} 超出范围；请写{range}", $"{text} is out of range; write{range}");
        return null;
    }

    public int? Integer(string key, int min, int max)
    {
        if (Number(key, min, max, "") is not { } number)
            return null;
        if (number == Math.Floor(number))
            return (int)number;
        Error(key, FormattableString.Invariant($"{number} 不是整数；请写 {min}…{max} 的整数"), FormattableString.Invariant($"{number} is no whole number; write one of {min}…{max}"));
        return null;
    }

    public DateOnly? Date(string key)
    {
        if (Text(key) is not { } text)
            return null;
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
            return date;
        Error(key, $"'{text}' 不是日期；请写成 2027-03-31", $"'{text}' is no date; write it as 2027-03-31");
        return null;
    }

    /// <summary>A time of day, such as 08:00; 24:00 is midnight.</summary>
    public TimeOnly? Time(string key)
    {
        if (Text(key) is not { } text)
            return null;
        if (text == "24:00")
            return TimeOnly.MinValue;
        if (TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
            return time;
        Error(key, $"'{text}' 不是时刻；请写成 \"08:00\"", $"'{text}' is no time of day; write it as \"08:00\"");
        return null;
    }

    /// <summary>A moment on the wall clock of Shanghai, such as 2026-12-01 20:00; a date alone is its first moment.</summary>
    public DateTime? Moment(string key)
    {
        if (Text(key) is not { } text)
            return null;
        if (DateTime.TryParseExact(text, ["yyyy-MM-dd HH:mm", "yyyy-MM-ddTHH:mm", "yyyy-MM-dd"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var moment))
            return moment;
        Error(key, $"'{text}' 不是时间；请写成 2026-12-01 20:00", $"'{text}' is no moment; write it as 2026-12-01 20:00");
        return null;
    }

    public bool? YesOrNo(string key)
    {
        if (OneOf(key, "true", "false") is not { } text)
            return null;
        return text == "true";
    }

    public DateOnly RequiredDate(string key)
    {
        if (Find(key) is null)
            Missing(key, "2027-03-31");
        return Date(key) ?? default;
    }

    public T? Kind<T>(string key = "kind")
        where T : struct, Enum
    {
        var kinds = Words.All<T>();
        if (Find(key) is null)
        {
            Missing(key, kinds[0].Word);
            return null;
        }

        if (Text(key) is not { } text)
            return null;
        foreach (var (word, kind) in kinds)
        {
            if (word == text)
                return kind;
        }

        NotOneOf(key, text, [.. kinds.Select(kind => kind.Word)]);
        return null;
    }

    public string? OneOf(string key, params string[] words)
    {
        var text = Text(key);
        if (text is null || words.Contains(text))
            return text;
        NotOneOf(key, text, words);
        return null;
    }

    private void NotOneOf(string key, string text, IReadOnlyList<string> words)
    {
        var near = Suggestion.For(text, words);
        var all = string.Join(", ", words);
        Error(key, near is null ? $"'{text}' 不在可选之列；请写其中之一：{all}" : $"'{text}' 不在可选之列；是不是 '{near}'？",
            near is null ? $"'{text}' is none of the choices; write one of: {all}" : $"'{text}' is none of the choices; did you mean '{near}'?");
    }

    /// <summary>A name: <c>{zh: …, en: …}</c>, or one text for both. A Chinese name without an English one is told to <paramref name="untranslated"/>.</summary>
    public LocalText? Name(string key, Action<YamlElement>? untranslated = null)
    {
        if (Find(key) is not YamlMapping both)
        {
            if (Text(key) is not { } text)
                return null;
            if (text.Any(letter => letter > 0x2E80))
                untranslated?.Invoke(At(key));
            return new LocalText(text, text);
        }

        var reader = new MappingReader(both, PathOf(key), _problems);
        var zh = reader.Text("zh");
        var en = reader.Text("en");
        if (reader.Find("zh") is null)
            reader.Missing("zh", "久耕小区");
        else if (en is null)
            untranslated?.Invoke(both);
        reader.Close();
        return zh is null ? null : new LocalText(zh, en ?? zh);
    }

    public LocalText RequiredName(string key, Action<YamlElement>? untranslated)
    {
        if (Find(key) is null)
            Missing(key, "{ zh: 久耕小区, en: Jiugeng Estate }");
        return Name(key, untranslated) ?? new LocalText("?", "?");
    }

    /// <summary>A mapping below this one, or null.</summary>
    public MappingReader? Below(string key)
    {
        if (Find(key) is not { } value)
            return null;
        if (value is YamlMapping mapping)
            return new MappingReader(mapping, PathOf(key), _problems);
        WrongShape(key, value, ("一组键值", "keys with values"));
        return null;
    }

    /// <summary>The mappings of a list, each named by what it is and its id: <c>place ground</c>.</summary>
    public IEnumerable<MappingReader> Each(string key, string what)
    {
        var number = 0;
        foreach (var item in Items(key))
        {
            number++;
            var name = item is YamlMapping named && named.Find("id") is YamlScalar id ? $"{what} {id.Text}" : $"{what} {number}";
            var path = Path.Length > 0 ? $"{Path} › {name}" : name;
            if (item is YamlMapping mapping)
                yield return new MappingReader(mapping, path, _problems);
            else
                _problems.Error(item, path, $"应是一组键值，却是{item.Shape.Zh}；请写成 - {{ id: …, … }}", $"should be keys with values but is {item.Shape.En}; write - {{ id: …, … }}");
        }
    }

    /// <summary>The texts of a list.</summary>
    public IEnumerable<YamlScalar> Texts(string key)
    {
        foreach (var item in Items(key))
        {
            if (item is YamlScalar scalar && scalar.Text.Length <= TextLengthMax)
                yield return scalar;
            else
                _problems.Error(item, PathOf(key), $"应是短文字，却是{item.Shape.Zh}", $"should be a short text but is {item.Shape.En}");
        }
    }

    public IReadOnlyList<string> References(string key)
    {
        var ids = new List<string>();
        foreach (var scalar in Texts(key))
        {
            if (!IsId(scalar.Text))
                NoId(scalar, PathOf(key), scalar.Text);
            ids.Add(scalar.Text);
        }

        return ids;
    }

    private IReadOnlyList<YamlElement> Items(string key)
    {
        if (Find(key) is not { } value)
            return [];
        if (value is YamlSequence sequence)
            return sequence.Items;
        WrongShape(key, value, ("一个列表", "a list"));
        return [];
    }

    private void WrongShape(string key, YamlElement value, (string Zh, string En) wanted) =>
        Error(key, $"应是{wanted.Zh}，却是{value.Shape.Zh}", $"should be {wanted.En} but is {value.Shape.En}");
}

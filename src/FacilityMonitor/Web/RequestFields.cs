using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;

namespace FacilityMonitor.Web;

/// <summary>What a program asks for, field by field. The first thing that is wrong is kept, and says which field, what stands there, and what to write.</summary>
/// <remarks>A field that is misspelt or of another kind is never read as absent: <c>"untill"</c> must not shelve for ever, and <c>"by": "张三"</c> must not be written down as the manager.</remarks>
internal sealed partial class RequestFields
{
    /// <summary>Longest body.</summary>
    public const int BodyBytesMax = 16 * 1024;

    /// <summary>Most entries of a list.</summary>
    private const int ListMax = 50;

    /// <summary>Of a wrong value so much is said back.</summary>
    private const int QuotedMax = 60;

    private readonly Dictionary<string, JsonElement> _values = new(StringComparer.Ordinal);

    private RequestFields()
    {
    }

    /// <summary>What is wrong; null: nothing so far.</summary>
    public ResponseRefusal? Refusal { get; private set; }

    /// <summary>Reads the body of a request; an empty one has no fields.</summary>
    /// <param name="request">The request.</param>
    /// <param name="keys">Every field that can stand there.</param>
    public static async Task<RequestFields> ReadAsync(HttpRequest request, params string[] keys)
    {
        var fields = new RequestFields();
        var (bytes, refusal) = await BodyAsync(request);
        if (refusal is not null)
            fields.Refuse(refusal);
        else if (bytes.Length > 0)
            fields.Parse(request, bytes, keys);
        return fields;
    }

    /// <summary>Reads the query of a request.</summary>
    public static RequestFields Of(IQueryCollection query, params string[] keys)
    {
        var fields = new RequestFields();
        foreach (var (key, values) in query)
        {
            if (values.Count > 1)
                fields.Wrong(key, string.Join(',', values!), "只写一次", "once");
            else
                fields.Put(key, JsonSerializer.SerializeToElement(values.ToString()), keys);
        }

        return fields;
    }

    /// <summary>A text; null: it is not there.</summary>
    /// <param name="key">The field.</param>
    /// <param name="lengthMax">Most characters.</param>
    public string? Text(string key, int lengthMax = ResponseLife.TextMax)
    {
        if (!_values.TryGetValue(key, out var value) || value.ValueKind == JsonValueKind.Null)
            return null;
        if (value.ValueKind != JsonValueKind.String)
            return Wrong<string>(key, value.GetRawText(), "一段文字，放在引号里", "a text in quotation marks");
        string text;
        try
        {
            text = value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // Half of a character, as \ud800 alone is.
            return Wrong<string>(key, value.GetRawText(), "完整的文字", "whole characters");
        }

        return text.Length <= lengthMax
            ? text
            : Wrong<string>(key, text, string.Create(CultureInfo.InvariantCulture, $"最多 {lengthMax} 个字符"), string.Create(CultureInfo.InvariantCulture, $"{lengthMax} characters at most"));
    }

    /// <summary>A text that has to be there; empty where it is not.</summary>
    public string Required(string key, string example)
    {
        if (Text(key) is { Length: > 0 } text)
            return text;
        Refuse(new ResponseRefusal("body", new LocalText($"缺少 {key}；例如 \"{key}\": \"{example}\"", $"{key} is missing; such as \"{key}\": \"{example}\"")));
        return "";
    }

    /// <summary>One of some words; the default value where it is not there or is none of them.</summary>
    public T? Word<T>(string key, IReadOnlyList<(string Word, T Kind)> words)
        where T : struct
    {
        if (Text(key) is not { } text)
            return null;
        foreach (var (word, kind) in words)
        {
            if (word == text)
                return kind;
        }

        var all = string.Join(", ", words.Select(one => one.Word));
        Wrong(key, text, $"其中之一：{all}", $"one of: {all}");
        return null;
    }

    /// <summary>The same, and it has to be there.</summary>
    public T RequiredWord<T>(string key, IReadOnlyList<(string Word, T Kind)> words)
        where T : struct
    {
        var kind = Word(key, words);
        if (kind is null)
            Required(key, words[0].Word);
        return kind ?? default;
    }

    /// <summary>An instant, ms since 1970-01-01 UTC; null: it is not there. The offset has to be written: an hour that everybody reads another way wakes the wrong people.</summary>
    public long? Moment(string key)
    {
        if (Text(key) is not { } text)
            return null;
        // In an address a plus is read as a blank.
        text = text.Replace(' ', '+');
        if (WithOffset().IsMatch(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var at))
            return at.ToUnixTimeMilliseconds();
        Wrong(key, text, "带时区的时间，如 2026-11-21T20:00:00+08:00", "a time with its offset, such as 2026-11-21T20:00:00+08:00");
        return null;
    }

    /// <summary>The same, and it has to be there.</summary>
    public long RequiredMoment(string key)
    {
        var at = Moment(key);
        if (at is null)
            Required(key, "2026-11-21T20:00:00+08:00");
        return at ?? 0;
    }

    /// <summary>A whole number of a query; null: it is not there.</summary>
    public int? Number(string key, int min, int max)
    {
        if (Text(key) is not { } text)
            return null;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max)
            return number;
        Wrong(key, text, string.Create(CultureInfo.InvariantCulture, $"{min} 到 {max}"), string.Create(CultureInfo.InvariantCulture, $"{min} to {max}"));
        return null;
    }

    /// <summary>Texts; none where it is not there.</summary>
    public IReadOnlyList<string> Texts(string key, int lengthMax)
    {
        if (!_values.TryGetValue(key, out var value) || value.ValueKind == JsonValueKind.Null)
            return [];
        if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() <= ListMax && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String && IsWhole(item, lengthMax)))
            return [.. value.EnumerateArray().Select(item => item.GetString()!)];
        Wrong(key, value.GetRawText(), string.Create(CultureInfo.InvariantCulture, $"文字的列表，最多 {ListMax} 条，每条 {lengthMax} 个字符"), string.Create(CultureInfo.InvariantCulture, $"a list of {ListMax} texts at most, each of {lengthMax} characters at most"));
        return [];
    }

    /// <summary>Yes or no; no where it is not there.</summary>
    public bool Flag(string key)
    {
        if (!_values.TryGetValue(key, out var value) || value.ValueKind is JsonValueKind.Null or JsonValueKind.False)
            return false;
        if (value.ValueKind != JsonValueKind.True)
            Wrong(key, value.GetRawText(), "true 或 false", "true or false");
        return value.ValueKind == JsonValueKind.True;
    }

    /// <summary>Notes what else is wrong with a field.</summary>
    public void Wrong(string key, string value, string zh, string en)
    {
        var quoted = value.Length > QuotedMax ? value[..QuotedMax] + "…" : value;
        Refuse(new ResponseRefusal("body", new LocalText($"{key} 是 {quoted}；请写{zh}", $"{key} is {quoted}; write {en}")));
    }

    /// <summary>Notes a refusal; the first one counts.</summary>
    public void Refuse(ResponseRefusal refusal) => Refusal ??= refusal;

    private T? Wrong<T>(string key, string value, string zh, string en)
        where T : class
    {
        Wrong(key, value, zh, en);
        return null;
    }

    private static bool IsWhole(JsonElement item, int lengthMax)
    {
        try
        {
            return item.GetString()!.Length <= lengthMax;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>The body, whether its length was said before or not.</summary>
    private static async Task<(byte[] Bytes, ResponseRefusal? Refusal)> BodyAsync(HttpRequest request)
    {
        var buffer = new ArrayBufferWriter<byte>();
        while (buffer.WrittenCount <= BodyBytesMax)
        {
            var read = await request.Body.ReadAsync(buffer.GetMemory(4_096), request.HttpContext.RequestAborted);
            if (read == 0)
                return (buffer.WrittenSpan.ToArray(), null);
            buffer.Advance(read);
        }

        return ([], new ResponseRefusal("body", new LocalText($"请求超过 {BodyBytesMax} 字节", $"the body has more than {BodyBytesMax} bytes")));
    }

    private void Parse(HttpRequest request, byte[] bytes, string[] keys)
    {
        // Only what is said to be JSON: a form of another page cannot say so without asking us first.
        if (!request.HasJsonContentType())
        {
            Wrong("Content-Type", request.ContentType ?? "-", " application/json", "application/json");
            return;
        }

        try
        {
            using var document = JsonDocument.Parse(bytes);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                Refuse(new ResponseRefusal("body", new LocalText("应是一个 JSON 对象，如 {\"by\": \"wang\"}", "a JSON object is wanted, such as {\"by\": \"wang\"}")));
                return;
            }

            foreach (var property in document.RootElement.EnumerateObject())
                Put(property.Name, property.Value.Clone(), keys);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            Refuse(new ResponseRefusal("body", new LocalText("不是完整的 JSON；说明见 /api/openapi.json", "this is no whole JSON; see /api/openapi.json")));
        }
    }

    private void Put(string key, JsonElement value, string[] keys)
    {
        var all = string.Join(", ", keys);
        if (!keys.Contains(key))
            Refuse(new ResponseRefusal("body", new LocalText($"不认识 {Quoted(key)}；这里可以写：{all}", $"{Quoted(key)} is not known; here can stand: {all}")));
        else if (!_values.TryAdd(key, value))
            Refuse(new ResponseRefusal("body", new LocalText($"{key} 写了两次；请删去一处", $"{key} stands there twice; remove one")));
    }

    private static string Quoted(string key) => key.Length > QuotedMax ? key[..QuotedMax] + "…" : key;

    [GeneratedRegex("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,7})?)?(Z|[+-][0-9]{2}:[0-9]{2})$")]
    private static partial Regex WithOffset();
}

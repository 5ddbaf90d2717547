using System.Globalization;

namespace FacilityMonitor.Configuration;

/// <summary>What was refused about a value, in both languages.</summary>
internal sealed record Refusal(string Zh, string En);

/// <summary>One key of <c>settings.yaml</c>: the single place that knows its default, its range and its meaning.</summary>
internal abstract class Setting(string key, string defaultText, string range, string zh, string en)
{
    /// <summary>Dotted path: <c>web.sign-in.user</c>.</summary>
    public string Key { get; } = key;

    /// <summary>The variable that overrides it: levels by <c>__</c>, <c>-</c> as <c>_</c>.</summary>
    public string Variable { get; } = "FM_" + key.Replace(".", "__", StringComparison.Ordinal).Replace('-', '_').ToUpperInvariant();

    /// <summary>The default as one would write it; empty: nothing.</summary>
    public string DefaultText { get; } = defaultText;

    public string Range { get; } = range;

    public string Zh { get; } = zh;

    public string En { get; } = en;

    /// <summary>Its value is never repeated in a message.</summary>
    public bool IsSecret { get; init; }

    /// <summary>It is a list; in a variable its items are separated by commas.</summary>
    public bool IsList { get; init; }

    /// <summary>The value of a text; a refusal when it is none.</summary>
    public abstract object? Parse(string text, out Refusal? refusal);
}

/// <inheritdoc/>
internal sealed class Setting<T>(string key, T value, string defaultText, string range, string zh, string en, Func<string, (T Value, Refusal? Refusal)> parse)
    : Setting(key, defaultText, range, zh, en)
{
    public T Default => value;

    public override object? Parse(string text, out Refusal? refusal)
    {
        (var parsed, refusal) = parse(text);
        return parsed;
    }
}

/// <summary>How the values of settings are written.</summary>
internal static class SettingForm
{
    private const int TextLengthMax = 1_000;

    public static Setting<string> Text(string key, string value, string range, string zh, string en, Func<string, Refusal?>? check = null) =>
        new(key, value, value, range, zh, en, text => (text, Accept(text, check)));

    /// <summary>A text that need not be there.</summary>
    public static Setting<string?> Optional(string key, string range, string zh, string en, Func<string, Refusal?>? check = null, bool secret = false) =>
        new(key, null, "", range, zh, en, text => (text, Accept(text, check))) { IsSecret = secret };

    public static Setting<int> Integer(string key, int value, int min, int max, string unit, string zh, string en) =>
        new(key, value, Written(value), $"{Written(min)} … {Written(max)}{(unit.Length > 0 ? " " + unit : "")}", zh, en, text =>
            int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
                ? (number, null)
                : (value, new($"请写 {Written(min)} 到 {Written(max)} 的整数，不带单位", $"write a whole number from {Written(min)} to {Written(max)}, without a unit")));

    public static Setting<bool> YesOrNo(string key, bool value, string zh, string en) =>
        new(key, value, value ? "true" : "false", "true, false", zh, en, text =>
            text is "true" or "false" ? (text == "true", null) : (value, new("请写 true 或 false", "write true or false")));

    public static Setting<string> Choice(string key, string[] choices, string zh, string en) =>
        new(key, choices[0], choices[0], string.Join(", ", choices), zh, en, text =>
            choices.Contains(text) ? (text, null) : (choices[0], new($"请写其中之一：{string.Join(", ", choices)}", $"write one of: {string.Join(", ", choices)}")));

    public static Setting<IReadOnlyList<string>> List(string key, string[] value, string range, string zh, string en, Func<string, Refusal?> check) =>
        new(key, value, string.Join(", ", value), range, zh, en, text =>
        {
            var items = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            return (items, items.Select(check).FirstOrDefault(refusal => refusal is not null));
        })
        {
            IsList = true,
        };

    private static Refusal? Accept(string text, Func<string, Refusal?>? check) => text.Length is 0 or > TextLengthMax || text.Any(char.IsControl)
        ? new($"请写 1 到 {TextLengthMax} 个字符，不含控制字符", $"write 1 to {TextLengthMax} characters without control characters")
        : check?.Invoke(text);

    /// <summary>Plain digits: what stands in the table can be copied into the file.</summary>
    private static string Written(int number) => number.ToString(CultureInfo.InvariantCulture);
}

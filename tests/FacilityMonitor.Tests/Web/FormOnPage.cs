using System.Net;
using System.Text.RegularExpressions;

namespace FacilityMonitor.Tests.Web;

/// <summary>A form as it stands on a page: where it goes, and what is in it when nobody types anything more.</summary>
internal sealed partial record FormOnPage(string Action, IReadOnlyList<(string Name, string Value)> Fields)
{
    /// <summary>The value of a field; null: the form has none of this name.</summary>
    public string? this[string name] => Fields.Where(field => field.Name == name).Select(field => field.Value).FirstOrDefault();

    /// <summary>What is sent after somebody changed some of the fields; null: it is not sent, as a box without its tick. The proof is for who sends it.</summary>
    public (string, string)[] With(params IReadOnlyList<(string Name, string? Value)> changed) =>
    [
        .. Fields.Where(field => !field.Name.StartsWith("__", StringComparison.Ordinal) && !changed.Any(one => one.Name == field.Name)),
        .. changed.Where(one => one.Value is not null).Select(one => (one.Name, one.Value!)),
    ];

    /// <summary>The forms of a page, in their order.</summary>
    public static IReadOnlyList<FormOnPage> Of(string html) => [.. Form().Matches(html).Select(form => new FormOnPage(AttributeOf(form.Groups["head"].Value, "action") ?? "", [.. FieldsOf(form.Groups["body"].Value)]))];

    /// <summary>What a browser sends when the first button is pressed; files apart.</summary>
    private static IEnumerable<(string Name, string Value)> FieldsOf(string body)
    {
        foreach (Match input in Input().Matches(body))
        {
            if (AttributeOf(input.Value, "name") is { } name && AttributeOf(input.Value, "type") != "file" && (AttributeOf(input.Value, "type") != "checkbox" || input.Value.Contains(" checked", StringComparison.Ordinal)))
                yield return (name, AttributeOf(input.Value, "value") ?? "");
        }

        foreach (Match area in TextArea().Matches(body))
            yield return (AttributeOf(area.Groups["head"].Value, "name")!, WebUtility.HtmlDecode(area.Groups["text"].Value));
        foreach (Match select in Select().Matches(body))
        {
            var options = Option().Matches(select.Groups["body"].Value).Select(option => option.Value).ToList();
            yield return (AttributeOf(select.Groups["head"].Value, "name")!, AttributeOf(options.Find(option => option.Contains(" selected", StringComparison.Ordinal)) ?? options[0], "value")!);
        }

        if (Button().Match(body) is { Success: true } button && AttributeOf(button.Value, "name") is { } pressed)
            yield return (pressed, AttributeOf(button.Value, "value") ?? "");
    }

    private static string? AttributeOf(string tag, string name) => Regex.Match(tag, $" {name}=\"([^\"]*)\"") is { Success: true } found ? WebUtility.HtmlDecode(found.Groups[1].Value) : null;

    [GeneratedRegex("<form(?<head>[^>]*)>(?<body>.*?)</form>", RegexOptions.Singleline)]
    private static partial Regex Form();

    [GeneratedRegex("<input[^>]*>")]
    private static partial Regex Input();

    [GeneratedRegex("<textarea(?<head>[^>]*)>(?<text>[^<]*)</textarea>")]
    private static partial Regex TextArea();

    [GeneratedRegex("<select(?<head>[^>]*)>(?<body>.*?)</select>", RegexOptions.Singleline)]
    private static partial Regex Select();

    [GeneratedRegex("<option[^>]*>")]
    private static partial Regex Option();

    [GeneratedRegex("<button[^>]*>")]
    private static partial Regex Button();
}

using System.Globalization;
using FacilityMonitor.Registry;
using Microsoft.AspNetCore.Mvc.Rendering;
using Microsoft.AspNetCore.Mvc.ViewFeatures;

namespace FacilityMonitor.Web;

/// <summary>What a view says, in the language of who asked, by the key of the text. It is text; the view escapes it as it writes.</summary>
internal sealed class ViewTexts : IViewContextAware
{
    private HttpContext? _context;

    /// <summary><c>zh</c> or <c>en</c>.</summary>
    public string Language { get; private set; } = "zh";

    public bool IsEnglish => Language == "en";

    public string this[string key] => Texts.In(Language, key);

    public string In(LocalText text) => text.In(Language);

    /// <summary>Words in a row, as the language writes it.</summary>
    public string List(IEnumerable<string> words) => string.Join(IsEnglish ? ", " : "、", words);

    /// <summary>A number as every page writes it.</summary>
    public static string Number(double value, string format = "0") => value.ToString(format, CultureInfo.InvariantCulture);

    /// <summary>How long ago, in words.</summary>
    public string Age(long ms)
    {
        var seconds = Math.Max(0, ms) / 1000;
        var (count, key) = seconds switch { < 60 => (seconds, "age-seconds"), < 3600 => (seconds / 60, "age-minutes"), < 172_800 => (seconds / 3600, "age-hours"), _ => (seconds / 86_400, "age-days") };
        return string.Create(CultureInfo.InvariantCulture, $"{count} {this[key]}");
    }

    /// <summary>This very page in a language; what it shows stays.</summary>
    public string HereIn(string language)
    {
        var query = QueryString.Create(_context!.Request.Query.Where(part => part.Key != Texts.Choice).SelectMany(part => part.Value.Select(value => KeyValuePair.Create(part.Key, value))));
        return _context.Request.PathBase + _context.Request.Path + query.Add(Texts.Choice, language);
    }

    public void Contextualize(ViewContext viewContext)
    {
        _context = viewContext.HttpContext;
        Language = Texts.Language(_context);
    }
}

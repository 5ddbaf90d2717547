using System.Globalization;
using FacilityMonitor.Alerts;
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

    /// <summary>A moment on the wall clock of Shanghai.</summary>
    public string Clock(long ms) => Clock(ms, Language);

    /// <summary>A moment on the wall clock of Shanghai, in a language.</summary>
    public static string Clock(long ms, string language) => language == "en" ? AlertText.EnglishClock(ms) : AlertText.Clock(ms);

    /// <summary>A day without its year.</summary>
    public string Day(DateOnly day) => day.ToString(IsEnglish ? "d MMM" : "MM-dd", CultureInfo.InvariantCulture);

    /// <summary>How long ago, in words.</summary>
    public string Age(long ms) => Age(ms, Language);

    /// <summary>How long ago, in the words of a language.</summary>
    public static string Age(long ms, string language) => Long(ms, language, "age-seconds", "age-minutes", "age-hours", "age-days");

    /// <summary>How long, in words: where there is little room.</summary>
    public string Span(long ms) => Long(ms, Language, "span-seconds", "span-minutes", "span-hours", "span-days");

    private static string Long(long ms, string language, string secondsKey, string minutesKey, string hoursKey, string daysKey)
    {
        var seconds = Math.Max(0, ms) / 1000;
        var (count, key) = seconds switch { < 60 => (seconds, secondsKey), < 3600 => (seconds / 60, minutesKey), < 172_800 => (seconds / 3600, hoursKey), _ => (seconds / 86_400, daysKey) };
        return string.Create(CultureInfo.InvariantCulture, $"{count} {Texts.In(language, key)}");
    }

    /// <summary>How long until something, as a clock that runs down: 3:20, or 1:03:20; empty from a day on, where the date says more.</summary>
    public static string Left(long ms)
    {
        var left = TimeSpan.FromSeconds(Math.Max(0, ms) / 1000);
        return left.TotalDays >= 1 ? "" : left.ToString(left.TotalHours >= 1 ? @"h\:mm\:ss" : @"m\:ss", CultureInfo.InvariantCulture);
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

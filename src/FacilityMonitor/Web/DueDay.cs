using System.Globalization;

namespace FacilityMonitor.Web;

/// <summary>A day by which something has to be done.</summary>
/// <param name="Day">The day.</param>
/// <param name="Days">Days until it; below zero: it is over.</param>
internal readonly record struct DueDay(DateOnly Day, int Days)
{
    /// <summary>So many days before it is said.</summary>
    public const int SoonDays = 30;

    public static DueDay Of(DateOnly day, DateOnly today) => new(day, day.DayNumber - today.DayNumber);

    /// <summary>Its style: only what is late has the colour of an alert.</summary>
    public string? Css => Days < 0 ? "attention" : Days <= SoonDays ? "soon" : null;

    /// <summary>The day, and how far it is.</summary>
    public string Say(ViewTexts texts)
    {
        var day = Day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var far = Days switch
        {
            < 0 => string.Create(CultureInfo.InvariantCulture, $"▲ {texts["due-over"]} {-Days} {texts["span-days"]}"),
            0 => texts["due-today"],
            <= SoonDays => string.Create(CultureInfo.InvariantCulture, $"{texts["due-in"]} {Days} {texts["span-days"]}"),
            _ => "",
        };
        return far.Length == 0 ? day : $"{day} · {far}";
    }
}

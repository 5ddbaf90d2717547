namespace FirmwareSim.Physics;

/// <summary>Air temperature over the day, °C.</summary>
internal static class Weather
{
    /// <param name="now">When.</param>
    /// <param name="meanC">Mean of the day.</param>
    /// <param name="swingK">Half of what lies between the coldest hour (5 h) and the warmest (15 h): about 4 outdoors, 1 in a garage.</param>
    public static double Celsius(in Moment now, double meanC, double swingK) => meanC + (swingK * Math.Cos((now.Hour - 15) / 12 * Math.PI));
}

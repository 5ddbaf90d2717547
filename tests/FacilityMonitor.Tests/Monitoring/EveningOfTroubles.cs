using System.Globalization;

namespace FacilityMonitor.Tests.Monitoring;

/// <summary>Twelve minutes in the demo neighbourhood in which everything happens that the rules know of: overloads of sockets and circuits that come, swing, stop and
/// come back; a device that leaves and returns; one that falls silent; an alert whose data stop; a site that first speaks late.</summary>
internal static class EveningOfTroubles
{
    /// <summary>One entry every five seconds, with the five seconds behind it.</summary>
    public static List<Entry> Entries { get; } =
        [.. Enumerable.Range(0, 145).Select(number => new Entry(number * 5, [.. Messages(number * 5)], number == 0 ? [0] : [.. Enumerable.Range((number * 5) - 4, 5)]))];

    private static IEnumerable<(string Topic, string Payload)> Messages(int atS)
    {
        if (atS == 0)
        {
            yield return ("fm/1/huaihai/pile-01/birth", Birth);
            yield return ("fm/1/huaihai/call-1/birth", Birth);
        }

        // Two sockets over their limit: s7 comes back within the re-open window, s8 swings about the limit. Samples of s7 come late, and some come twice.
        var s7 = Watts("s7", Between(atS, 20, 60) || Between(atS, 300, 330) ? 1150 : 120, atS % 25 == 20 ? -7000 : 0);
        yield return ("fm/1/huaihai/pile-02/data", MonitoringFixture.Readings(atS / 5, atS, s7 + "," + Watts("s8", atS % 20 < 15 && Between(atS, 100, 200) ? 1300 : 80)));
        if (Between(atS, 40, 50))
            yield return ("fm/1/huaihai/pile-02/data", MonitoringFixture.Readings(10_000 + atS, atS, Watts("s7", 1150)));
        // One whose data stop while its alert is on.
        if (atS < 200)
            yield return ("fm/1/huaihai/pile-03/data", MonitoringFixture.Readings(atS / 5, atS, Watts("s1", atS > 150 ? 1500 : 10)));
        // One that leaves by its will and returns.
        if (!Between(atS, 210, 420))
            yield return ("fm/1/huaihai/pile-01/data", MonitoringFixture.Readings(atS / 5, atS, Watts("s2", 200)));
        if (atS is 210 or 180 or 190)
            yield return ("fm/1/huaihai/pile-01/status", """{"s":"offline","bd":1,"boot":"b-1"}""");
        // One that falls silent after half a minute.
        if (atS is > 0 and < 30)
            yield return ("fm/1/huaihai/call-1/data", MonitoringFixture.Readings(atS / 5, atS, """{"dt":0,"ch":"main","batt":80}"""));
        // A circuit that heats up and cools down, by its own meter of three phases.
        yield return ("fm/1/huaihai/meter-shed/data", MonitoringFixture.Readings(atS / 5, atS, string.Join(',', Enumerable.Range(1, 3).Select(phase => Amps(phase, Between(atS, 60, 240) ? 60 + (20 * phase) : 12)))));
        // Another site speaks only from here on.
        if (atS >= 250)
            yield return ("fm/1/panyu-road/pile-r1/data", MonitoringFixture.Readings(atS / 5, atS, Watts("s1", Between(atS, 400, 500) ? 1400 : 90)));
        // And one that nobody registered.
        yield return ("fm/1/elsewhere/pile-9/data", MonitoringFixture.Readings(atS / 5, atS, Watts("s1", atS is > 300 and < 600 ? 1900 : 50)));
    }

    private static string Birth => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"v":1,"boot":"b-1","bd":1,"ts":{{MonitoringFixture.Start.ToUnixTimeMilliseconds()}},"model":"PILE-20","fw":"1.0","clk":"ntp","period":20,"buffer":100,"channels":{"s2":{"metrics":["w"]} },"ops":["off"]}""");

    private static string Watts(string channel, int watts, int dt = 0) => string.Create(
        CultureInfo.InvariantCulture, $$"""{"dt":{{dt}},"ch":"{{channel}}","w":{{watts}},"v":228.0,"a":{{watts / 228.0:0.00}},"relay":true,"st":"charging"}""");

    private static string Amps(int phase, int amps) => string.Create(CultureInfo.InvariantCulture, $$"""{"dt":0,"ch":"l{{phase}}","a":{{amps}},"v":229.5}""");

    private static bool Between(int atS, int fromS, int toS) => atS >= fromS && atS < toS;
}

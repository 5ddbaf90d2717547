using FacilityMonitor.Readings;
using FacilityMonitor.Storage;

namespace FacilityMonitor.Tests.Web;

/// <summary>Three months of the shed's meter, as they stand in the store of a service that has run as long.</summary>
internal static class ChartHistory
{
    public const int Days = 90;

    private const int AtOnce = 400;

    /// <summary>Tells it: three phases, current and power. Every hour but the present one is joined when it is done.</summary>
    public static Task FillAsync(PageUnderTest page, TimeSpan every) => FillAsync(page, every, Days, "meter-shed", "l1", "l2", "l3");

    /// <summary>The same of any meter and as many days.</summary>
    public static async Task FillAsync(PageUnderTest page, TimeSpan every, int days, string meter, params string[] channels)
    {
        var joined = Joined(page);
        var to = page.NowMs;
        var from = to - (long)TimeSpan.FromDays(days).TotalMilliseconds;
        var readings = (int)((to - from) / every.TotalMilliseconds);
        for (var first = 0; first < readings; first += AtOnce)
        {
            await page.SayAsync(meter, Enumerable.Range(first, Math.Min(AtOnce, readings - first)).SelectMany(_ => channels, (reading, phase) =>
            {
                var amps = 10 + (reading * 7 % 300 / 10d);
                return (phase, from + (long)(reading * every.TotalMilliseconds), new[] { (Metric.A, amps), (Metric.W, Math.Round(amps * 220)) });
            }));
        }

        // Every hour but the first and the last is whole.
        await page.UntilAsync(() => Joined(page) >= joined + (days * 24) - 1, "every hour but one joined");
    }

    private static long Joined(PageUnderTest page)
    {
        using var reader = page.Database.OpenReader();
        return BlockTable.Number(reader, "select count(*) from hour_figures") ?? 0;
    }
}

using System.Globalization;
using System.Text.Json;
using FacilityMonitor.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Web;

/// <summary>What a chart costs, counted: hours that are unpacked, points and bytes that are sent.</summary>
public sealed class ChartCostTests : IDisposable
{
    private const long HourMs = 3_600_000;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Ninety_days_unpack_no_more_than_the_present_hours_and_a_day_no_more_than_its_own()
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path);
        await ChartHistory.FillAsync(page, TimeSpan.FromMinutes(12));
        await page.SignInAsync(PageUnderTest.Password);

        // As the page asks: stretches of three hours, of two minutes.
        var (hours, points, bytes) = await AskAsync(page, ChartHistory.Days * 24 * HourMs, 3 * HourMs);
        Assert.InRange(hours, 0, 3);
        Assert.Equal([720, 720, 720], points);
        Assert.InRange(bytes, 1, 128 * 1024);

        (hours, points, bytes) = await AskAsync(page, 24 * HourMs, 120_000);
        Assert.InRange(hours, 1, 25);
        Assert.All(points, count => Assert.InRange(count, 100, 720));
        Assert.InRange(bytes, 1, 128 * 1024);

        // A zoom over two months at any place.
        (hours, points, _) = await AskAsync(page, (61 * 24 * HourMs) + 12_345, null);
        Assert.InRange(hours, 0, 3);
        // A little more than two hours for each of 720 points: stretches of three hours.
        Assert.All(points, count => Assert.InRange(count, 488, 489));
    }

    private static async Task<(long Hours, IReadOnlyList<int> Points, int Bytes)> AskAsync(PageUnderTest page, long spanMs, long? widthMs)
    {
        var store = page.Services.GetRequiredService<EmbeddedStore>();
        var to = widthMs is { } width ? (page.NowMs + width - 1) / width * width : page.NowMs;
        var before = store.HoursRead;
        var address = string.Create(CultureInfo.InvariantCulture, $"/series/huaihai/meter-shed?channel=l1&channel=l2&channel=l3&metric=a&from={to - spanMs}&to={to}&points={(widthMs is { } one ? spanMs / one : 720)}");
        var body = await page.Client.GetByteArrayAsync(new Uri(address, UriKind.Relative));
        using var json = JsonDocument.Parse(body);
        return (store.HoursRead - before, [.. json.RootElement.GetProperty("channels").EnumerateArray().Select(channel => channel.GetProperty("at").GetArrayLength())], body.Length);
    }
}

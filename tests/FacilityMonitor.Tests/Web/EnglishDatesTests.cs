using FacilityMonitor.Alerts;
using System.Text.RegularExpressions;
using FacilityMonitor.Response;
using FacilityMonitor.Web;

namespace FacilityMonitor.Tests.Web;

/// <summary>11-12 is a day of November to one reader and of December to another: English pages name the month.</summary>
public sealed partial class EnglishDatesTests(AlertPagesFixture fixture) : IClassFixture<AlertPagesFixture>
{
    private const string Alert = "00000000000000a1";

    [Theory]
    [InlineData("2026-12-31T15:59:59Z", "12-31 23:59:59", "31 Dec 23:59:59")]
    [InlineData("2026-12-31T16:00:00Z", "01-01 00:00:00", "1 Jan 00:00:00")]
    public void A_moment_is_told_by_the_clock_of_Shanghai_in_either_language(string at, string zh, string en)
    {
        var ms = DateTimeOffset.Parse(at, System.Globalization.CultureInfo.InvariantCulture).ToUnixTimeMilliseconds();

        Assert.Equal((zh, en), (ViewTexts.Clock(ms, "zh"), ViewTexts.Clock(ms, "en")));
        Assert.Equal((zh, en), (AlertText.Clocks(ms).Zh, AlertText.Clocks(ms).En));
    }

    [Fact]
    public async Task No_English_page_tells_a_moment_in_two_numbers()
    {
        await fixture.RaiseAsync(fixture.Step(Alert));
        await fixture.DoesAsync("guard-a", Alert, new ResponseCommand.Acknowledge());
        await fixture.DoesAsync("guard-a", Alert, new ResponseCommand.Shelve(fixture.Page.NowMs + 7_200_000, "wait"));
        await fixture.Desk.AskAsync(new Permit("p1", PermitKind.OutOfService, "jiugeng/garage/pile-u2", fixture.Page.NowMs, fixture.Page.NowMs + 86_400_000, "manager-a", null, "wait", "guard-a"));
        await fixture.Page.SayAsync("pile-01", "s1", 100);
        // The next day: what was today says its day.
        fixture.Page.Time.Sleep(TimeSpan.FromHours(12));
        var told = 0;
        foreach (var path in (string[])["/", "/today", "/alerts?tab=all", "/alert/" + Alert, "/on-call", "/on-call/channels", "/status", "/sites", "/site/jiugeng", "/circuit/jiugeng/c-garage", "/device/jiugeng/pile-u1", "/climbers", "/climbers/jiugeng/climber-1", "/settings/permits", "/fly-wire", "/audit", "/me"])
        {
            var language = (path.Contains('?', StringComparison.Ordinal) ? "&" : "?") + "lang=";
            var (chinese, english) = (await fixture.Manager.TextAsync(path + language + "zh"), await fixture.Manager.TextAsync(path + language + "en"));
            var (here, there) = (Numbers().Count(chinese), Months().Count(english));
            Assert.True(here == there && Numbers().Count(english) == 0, $"{path} tells {here} moments in Chinese, {there} with a month and {Numbers().Count(english)} without in English");
            told += here;
        }

        Assert.InRange(told, 15, 500);
    }

    [GeneratedRegex("(?<![\\d-])11-2\\d \\d\\d:\\d\\d")]
    private static partial Regex Numbers();

    [GeneratedRegex("\\b2\\d Nov \\d\\d:\\d\\d")]
    private static partial Regex Months();
}

using System.Text.RegularExpressions;
using FacilityMonitor.Reports;

namespace FacilityMonitor.Tests.Reports;

/// <summary>Which time a report is about, and what is refused in words.</summary>
public sealed class ReportPeriodTests
{
    /// <summary>20 November 2026, 18:00 in Shanghai.</summary>
    private static readonly long Now = new DateTimeOffset(2026, 11, 20, 10, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    [Fact]
    public void Without_a_choice_it_is_the_month_that_ended_last_by_the_clock_of_Shanghai()
    {
        // 1 November begins there at 16:00 UTC of 31 October.
        var turn = new DateTimeOffset(2026, 10, 31, 16, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

        Assert.Equal("2026-09", ReportPeriod.LastCompleteMonth(turn - 1).Key);
        Assert.Equal("2026-10", ReportPeriod.LastCompleteMonth(turn).Key);
        Assert.Equal(turn, ReportPeriod.LastCompleteMonth(turn).ToMs);
        Assert.Equal(31 * 24 * 3_600_000L, ReportPeriod.LastCompleteMonth(turn).ToMs - ReportPeriod.LastCompleteMonth(turn).FromMs);
        Assert.Equal("2025-12", ReportPeriod.LastCompleteMonth(new DateTimeOffset(2026, 1, 15, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds()).Key);
    }

    [Theory]
    [InlineData("2026-11", true)]
    [InlineData("2020-01", true)]
    [InlineData("2026-12", false)]
    [InlineData("2019-12", false)]
    [InlineData("2026-13", false)]
    [InlineData("2026-1", false)]
    [InlineData("2026", false)]
    [InlineData("<script>alert(1)</script>", false)]
    [InlineData("9999-12", false)]
    public void A_month_is_a_month_that_has_begun_and_anything_else_is_refused_with_an_example(string text, bool isMonth)
    {
        var refusal = ReportPeriod.ReadMonth(text, Now, out var period);

        Assert.Equal(isMonth, refusal is null);
        if (isMonth)
            Assert.Equal(text, period.Key);
        else
            Assert.Matches("month: .*2026-(10|11-20)|month: .* too early", refusal!.En);
    }

    [Theory]
    [InlineData("2026-10-01", "2026-10-01", true)]
    [InlineData("2025-10-21", "2026-11-20", true)] // Thirteen months, both days included.
    [InlineData("2025-10-20", "2026-11-20", false)]
    [InlineData("2026-10-02", "2026-10-01", false)]
    [InlineData("2026-11-21", "2026-11-21", false)]
    [InlineData("2026-11-20", "2026-11-21", true)]
    [InlineData("2026-02-30", "2026-03-01", false)]
    [InlineData("", "2026-03-01", false)]
    [InlineData("0001-01-01", "0001-01-02", false)]
    [InlineData("2026-11-01", "9999-12-31", false)]
    public void Days_are_at_most_thirteen_months_in_order_and_begun(string from, string to, bool isFine)
    {
        var refusal = ReportPeriod.ReadDays(from, to, Now, out var period);

        Assert.Equal(isFine, refusal is null);
        if (isFine)
            Assert.Equal((from, to), (ReportPeriod.Day(period.First), ReportPeriod.Day(period.Last)));
        else
            Assert.True(refusal!.Zh.Length > 5 && refusal.En.Length > 5);
    }

    [Theory]
    [InlineData("2026-10-01", "2030-01-01", "to: 2030-01-01 is too far ahead; today is 2026-11-20")]
    [InlineData("2026-11-21", "2030-01-01", "from: 2026-11-21 is yet to come; today is 2026-11-20")]
    [InlineData("2026-11-21", "2026-11-22", "from: 2026-11-21 is yet to come; today is 2026-11-20")]
    [InlineData("2026-10-01", "2027-12-31", "at most 13 months; let to be 2027-10-31 or earlier")]
    [InlineData("2025-10-20", "2026-11-20", "at most 13 months; set from to 2025-10-21 or later")]
    [InlineData("2019-12-31", "2026-11-20", "from: 2019-12-31 is too early; from 2020 on")]
    public void A_refusal_names_the_day_that_is_wrong_and_one_that_will_do(string from, string to, string said)
    {
        var refusal = ReportPeriod.ReadDays(from, to, Now, out _)!;

        Assert.Equal(said, refusal.En);
        Assert.Equal(Regex.Matches(said, @"\d{4}-\d\d-\d\d").Select(day => day.Value), Regex.Matches(refusal.Zh, @"\d{4}-\d\d-\d\d").Select(day => day.Value));
    }

    [Fact]
    public void File_names_hold_the_site_and_the_time_and_nothing_a_system_chokes_on()
    {
        Assert.Equal("月报_淮海里_2026-10", ReportText.FileStem("月报", "淮海里", "2026-10"));
        Assert.Equal("a_b-c-d--e_f", ReportText.FileStem("a", "../b/c\\d: e", "f"));
        Assert.Equal(80, ReportText.FileStem(new string('长', 200)).Length);
    }

    [Theory]
    [InlineData(0, "0 秒", "0 s")]
    [InlineData(59_499, "59 秒", "59 s")]
    [InlineData(59_500, "1 分", "1 min")]
    [InlineData(754_000, "12 分 34 秒", "12 min 34 s")]
    [InlineData(7_500_000, "2 小时 5 分", "2 h 5 min")]
    [InlineData(93_600_000, "1 天 2 小时", "1 d 2 h")]
    public void A_stretch_of_time_is_said_in_its_two_largest_units(long ms, string zh, string en)
    {
        Assert.Equal(zh, ReportText.Time(ms, "zh"));
        Assert.Equal(en, ReportText.Time(ms, "en"));
    }

    [Fact]
    public void All_but_all_is_never_shown_as_all()
    {
        Assert.Equal("100.0", ReportText.Percent(new ReportCell.Share(1)));
        Assert.Equal("99.9", ReportText.Percent(new ReportCell.Share(0.99999)));
        Assert.Equal("99.9", ReportText.Percent(new ReportCell.Share(0.999)));
        Assert.Equal("0.0", ReportText.Percent(new ReportCell.Share(0)));
    }
}

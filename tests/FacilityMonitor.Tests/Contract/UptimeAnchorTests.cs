using FacilityMonitor.Contract;

namespace FacilityMonitor.Tests.Contract;

public sealed class UptimeAnchorTests
{
    private const long Began = 1_767_225_600_000;
    private const long Hour = 3_600_000;

    private static readonly BootId Boot = BootId.TryParse("x1"u8, out var boot) ? boot : default;

    [Fact]
    public void Messages_that_waited_at_the_broker_are_placed_when_they_were_measured()
    {
        var anchor = UptimeAnchor.First(Boot, Hour, Began + Hour);

        anchor = anchor.Heard(2 * Hour, Began + (4 * Hour));

        // Three hours passed between the two: the drift allowed for is 54 s, the two hours of waiting are not.
        Assert.Equal(Began + (3 * Hour / UptimeAnchor.DriftOneIn), anchor.BeganMs);
    }

    [Fact]
    public void A_less_delayed_message_is_believed_at_once()
    {
        var anchor = UptimeAnchor.First(Boot, Hour, Began + Hour + 20_000);

        Assert.Equal(Began, anchor.Heard(Hour + 60_000, Began + Hour + 60_000).BeganMs);
    }

    [Theory]
    [InlineData(-100)]
    [InlineData(100)]
    [InlineData(5_000)]
    public void After_a_month_the_readings_of_a_drifting_device_are_still_now(long partsPerMillion)
    {
        var anchor = UptimeAnchor.First(Boot, 0, Began);
        for (var minute = 1L; minute <= 30 * 24 * 60; minute++)
        {
            var received = Began + (minute * 60_000);
            var up = minute * 60 * (1_000_000 - partsPerMillion) / 1_000;
            anchor = anchor.Heard(up, received);
            Assert.InRange(anchor.BeganMs + up, received - 1_000, received);
        }
    }

    [Fact]
    public void An_uptime_that_ran_over_after_49_days_begins_anew()
    {
        const long RunsOver = 1L << 32;
        var anchor = UptimeAnchor.First(Boot, RunsOver - 30_000, Began + RunsOver - 30_000);

        anchor = anchor.Heard(30_000, Began + RunsOver + 30_000);

        Assert.Equal(Began + RunsOver, anchor.BeganMs);
    }
}

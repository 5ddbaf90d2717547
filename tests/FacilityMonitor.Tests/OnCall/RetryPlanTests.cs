using FacilityMonitor.Configuration;
using FacilityMonitor.OnCall;

namespace FacilityMonitor.Tests.OnCall;

public sealed class RetryPlanTests
{
    private static readonly OnCallSettings Settings = new() { WebhookTimeout = TimeSpan.FromSeconds(10), RetryMax = TimeSpan.FromSeconds(60), Expiry = TimeSpan.FromHours(24) };

    [Theory]
    [InlineData(1, 0.5, 1)]
    [InlineData(2, 1, 2)]
    [InlineData(3, 2, 4)]
    [InlineData(6, 16, 32)]
    [InlineData(7, 30, 60)]
    [InlineData(1_000_000, 30, 60)]
    public void The_pause_doubles_to_a_limit_and_is_spread_so_that_not_all_come_at_once(int failures, double leastS, double mostS)
    {
        Assert.Equal(leastS, new RetryPlan(Settings, () => 0).Pause(failures, null).TotalSeconds);
        Assert.Equal(mostS, new RetryPlan(Settings, () => 0.999_999_999).Pause(failures, null).TotalSeconds, 6);
        Assert.Equal((leastS + mostS) / 2, new RetryPlan(Settings, () => 0.5).Pause(failures, null).TotalSeconds, 6);
    }

    [Theory]
    [InlineData(0.1, 0.5)]
    [InlineData(90, 90)]
    [InlineData(600, 600)]
    [InlineData(601, 600)]
    [InlineData(1e9, 600)]
    public void A_receiver_is_left_alone_as_long_as_it_asks_but_no_longer_than_ten_minutes(double askedS, double expectedS)
    {
        Assert.Equal(expectedS, new RetryPlan(Settings, () => 0).Pause(1, TimeSpan.FromSeconds(askedS)).TotalSeconds);
    }
}

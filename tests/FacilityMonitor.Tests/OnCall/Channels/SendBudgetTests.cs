using FacilityMonitor.OnCall.Channels;
using FsCheck;

namespace FacilityMonitor.Tests.OnCall.Channels;

public sealed class SendBudgetTests
{
    private const long StartMs = 1_795_168_800_000;

    [Fact]
    public void No_window_wherever_it_starts_ever_holds_more_than_the_limit() => Prop.ForAll<PositiveInt, PositiveInt, Tuple<NonEmptyArray<PositiveInt>, bool>>((max, windowS, rest) =>
    {
        var (pausesMs, isLifeSafety) = (rest.Item1.Get, rest.Item2);
        var limit = new SendLimit(LimitScope.Channel, (max.Get % 20) + 1, TimeSpan.FromSeconds((windowS.Get % 30) + 1));
        var budget = new SendBudget([limit]);
        var (sent, now) = (new List<long>(), StartMs);
        foreach (var pause in pausesMs.Concat(pausesMs).Concat(pausesMs))
        {
            now += pause.Get * 37 % 700;
            if (budget.Wait("", isLifeSafety, now) > TimeSpan.Zero)
                continue;
            budget.Take("", now);
            sent.Add(now);
        }

        var windowMs = (long)limit.Window.TotalMilliseconds;
        var most = isLifeSafety ? limit.Max : limit.Max - limit.Reserved;
        Assert.All(sent, at => Assert.InRange(sent.Count(other => other > at - windowMs && other <= at), 1, most));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_wait_ends_exactly_when_there_is_room()
    {
        var budget = new SendBudget([new SendLimit(LimitScope.Channel, 2, TimeSpan.FromSeconds(60), Reserve: 0)]);
        budget.Take("", StartMs);
        budget.Take("", StartMs + 1_000);

        Assert.Equal(TimeSpan.FromMilliseconds(58_999), budget.Wait("", false, StartMs + 1_001));
        Assert.Equal(TimeSpan.FromMilliseconds(1), budget.Wait("", false, StartMs + 59_999));
        Assert.Equal(TimeSpan.Zero, budget.Wait("", false, StartMs + 60_000));
    }

    [Fact]
    public void What_is_kept_for_life_safety_is_kept_from_others_and_given_to_it()
    {
        var budget = new SendBudget([new SendLimit(LimitScope.Channel, 10, TimeSpan.FromSeconds(60))]);
        for (var number = 0; number < 7; number++)
        {
            Assert.Equal(TimeSpan.Zero, budget.Wait("", isLifeSafety: false, StartMs));
            budget.Take("", StartMs);
        }

        Assert.Equal(TimeSpan.FromSeconds(60), budget.Wait("", isLifeSafety: false, StartMs));
        Assert.Equal(TimeSpan.Zero, budget.Wait("", isLifeSafety: true, StartMs));
    }

    [Fact]
    public void A_clock_that_is_set_back_blocks_no_number_for_longer_than_its_window()
    {
        var budget = new SendBudget([new SendLimit(LimitScope.Address, 1, TimeSpan.FromSeconds(60))]);
        budget.Take("138", StartMs + 3_600_000);
        Assert.Equal(TimeSpan.FromSeconds(60), budget.Wait("138", isLifeSafety: true, StartMs));
        Assert.Equal(TimeSpan.Zero, budget.Wait("138", isLifeSafety: true, StartMs + 60_000));
        var breaker = new CircuitBreaker();
        for (var failure = 0; failure < CircuitBreaker.FailuresMax; failure++)
            breaker.Failed(StartMs + 3_600_000);
        Assert.Equal(CircuitBreaker.OpenFor, breaker.Wait(StartMs));
        Assert.True(breaker.IsProbing(StartMs + (long)CircuitBreaker.OpenFor.TotalMilliseconds));
    }

    [Fact]
    public void One_number_s_limit_is_nobody_else_s()
    {
        var budget = new SendBudget([new SendLimit(LimitScope.Address, 1, TimeSpan.FromSeconds(60))]);
        budget.Take("a", StartMs);

        Assert.Equal(TimeSpan.FromSeconds(60), budget.Wait("a", true, StartMs));
        Assert.Equal(TimeSpan.Zero, budget.Wait("b", true, StartMs));
        Assert.Equal(TimeSpan.Zero, budget.Wait("a", true, StartMs, LimitScope.Channel));
    }

    [Theory]
    [InlineData("2026-11-20T13:59:59.999Z", false)]
    [InlineData("2026-11-20T14:00:00.000Z", true)]
    [InlineData("2026-11-20T23:59:59.999Z", true)]
    [InlineData("2026-11-21T00:00:00.000Z", false)]
    public void A_night_limit_holds_from_22_to_8_o_clock_in_Shanghai(string at, bool isNight)
    {
        var now = DateTimeOffset.Parse(at, System.Globalization.CultureInfo.InvariantCulture).ToUnixTimeMilliseconds();
        var budget = new SendBudget([new SendLimit(LimitScope.Address, 1, TimeSpan.FromHours(10), Reserve: 1, IsNight: true)]);
        budget.Take("a", now);

        // One that went out by day does not count for the night.
        Assert.Equal(isNight, budget.Wait("a", isLifeSafety: true, now) > TimeSpan.Zero);
        // The one call of a night is for life safety alone.
        Assert.Equal(isNight, budget.Wait("a", isLifeSafety: false, now) > TimeSpan.Zero);
    }

    [Fact]
    public void Tonight_s_calls_are_those_of_the_tightest_limit()
    {
        Assert.Equal(1, ChannelKinds.All.Single(kind => kind.Word == "tencent-voice").Limits.Where(limit => limit.Per == LimitScope.Address).Min(limit => limit.InANight));
        Assert.Equal(18, ChannelKinds.All.Single(kind => kind.Word == "aliyun-voice").Limits.Where(limit => limit.Per == LimitScope.Address).Min(limit => limit.InANight));
    }

    [Fact]
    public void Every_hour_at_least_two_calls_to_a_person_are_kept_for_life_safety() =>
        Assert.True(ChannelKinds.All.Single(kind => kind.Word == "aliyun-voice").Limits.Single(limit => limit.Window == TimeSpan.FromHours(1)).Reserved >= 2);
}

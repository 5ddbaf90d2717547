using FacilityMonitor.Control;

namespace FacilityMonitor.Tests.Control;

public sealed class CommandLifeTests
{
    [Theory]
    [InlineData(Operation.Off, "Sent Accepted Done EffectSeen", CommandState.Verified)]
    [InlineData(Operation.Off, "Sent Done EffectMissing", CommandState.Unverified)]
    [InlineData(Operation.Off, "Sent EffectSeen Done Accepted", CommandState.Verified)]
    [InlineData(Operation.Off, "Sent NothingHeard Done", CommandState.Unverified)]
    [InlineData(Operation.Off, "Sent NothingHeard EffectSeen", CommandState.Verified)]
    [InlineData(Operation.Off, "Sent Done EffectMissing Done Accepted", CommandState.Unverified)]
    [InlineData(Operation.Limit, "Sent Accepted Done", CommandState.Done)]
    [InlineData(Operation.Limit, "Sent Done Accepted Rejected EffectMissing NothingHeard", CommandState.Done)]
    [InlineData(Operation.Limit, "Sent NothingHeard Done", CommandState.Done)]
    [InlineData(Operation.On, "Sent Rejected Done EffectSeen", CommandState.Rejected)]
    [InlineData(Operation.On, "Sent Accepted Failed", CommandState.Failed)]
    [InlineData(Operation.On, "Sent BrokerRefused Accepted", CommandState.Failed)]
    [InlineData(Operation.On, "Sent Expired Done", CommandState.Expired)]
    [InlineData(Operation.On, "Sent NothingHeard Expired", CommandState.Expired)]
    [InlineData(Operation.On, "NotSent Sent Done", CommandState.Expired)]
    [InlineData(Operation.On, "Sent NotSent", CommandState.Expired)]
    [InlineData(Operation.On, "Done EffectSeen Accepted NothingHeard", CommandState.Queued)]
    public void Words_that_come_late_twice_or_in_the_wrong_order_never_say_less_than_is_known(Operation operation, string events, CommandState end)
    {
        var state = CommandState.Queued;
        foreach (var happened in events.Split(' ').Select(Enum.Parse<CommandEvent>))
        {
            state = CommandLife.Next(state, happened, operation);
            Assert.Equal(state, CommandLife.Next(state, happened, operation));
        }

        Assert.Equal(end, state);
    }

    [Fact]
    public void What_is_over_stays_over_whatever_is_said()
    {
        foreach (var state in new[] { CommandState.Rejected, CommandState.Failed, CommandState.Expired, CommandState.Verified })
        {
            Assert.All(Enum.GetValues<Operation>(), operation => Assert.False(CommandLife.IsOpen(state, operation)));
            Assert.All(Enum.GetValues<CommandEvent>(), happened => Assert.Equal(state, CommandLife.Next(state, happened, Operation.Off)));
        }
    }
}

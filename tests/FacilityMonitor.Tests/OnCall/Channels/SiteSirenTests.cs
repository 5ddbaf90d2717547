using FacilityMonitor.Control;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Channels;

namespace FacilityMonitor.Tests.OnCall.Channels;

public sealed class SiteSirenTests
{
    private readonly List<CommandOrder> _orders = [];

    [Fact]
    public async Task A_notice_sounds_the_siren_once_however_often_it_is_tried()
    {
        var siren = new SiteSiren(Take, seconds: 90);

        await siren.SendAsync(ChannelBench.Message(), "huaihai/siren-1", CancellationToken.None);
        var outcome = await siren.SendAsync(ChannelBench.Message(), "huaihai/siren-1", CancellationToken.None);
        await siren.SendAsync(ChannelBench.Message(2), "huaihai/siren-1", CancellationToken.None);

        Assert.IsType<Outcome.Accepted>(outcome);
        Assert.All(_orders, order => Assert.Equal((Operation.Siren, 90, "huaihai", "siren-1"), (order.Operation, order.Seconds!.Value, order.Device.Site!, order.Device.Name)));
        // The same id is the same command to the desk and to the device; the next step is another one.
        Assert.Equal(_orders[0].Id, _orders[1].Id);
        Assert.NotEqual(_orders[0].Id, _orders[2].Id);
        Assert.True(CommandLimits.IsId(_orders[0].Id));
    }

    [Theory]
    [InlineData("site-rate", true)]
    [InlineData("not-announced", false)]
    public async Task What_the_interlocks_refuse_goes_to_the_next_way(string reason, bool isRate)
    {
        var siren = new SiteSiren(_ => Task.FromResult<OrderOutcome>(new OrderOutcome.Refused(new CommandRefusal(reason, new("x", "x")))), seconds: 60);

        Assert.Equal(new Outcome.Failed(isRate ? Fault.AddressLimited : Fault.WrongAddress, reason), await siren.SendAsync(ChannelBench.Message(), "huaihai/siren-1", CancellationToken.None));
    }

    [Fact]
    public async Task A_disk_that_refuses_the_command_is_tried_again_and_no_device_is_the_wrong_address()
    {
        var siren = new SiteSiren(_ => throw new DatabaseUnavailableException("full", new IOException()), seconds: 60);

        Assert.Equal(new Outcome.Failed(Fault.Passing, "disk"), await siren.SendAsync(ChannelBench.Message(), "huaihai/siren-1", CancellationToken.None));
        Assert.Equal(new Outcome.Failed(Fault.WrongAddress, "no-device"), await siren.SendAsync(ChannelBench.Message(), "siren-1", CancellationToken.None));
    }

    private Task<OrderOutcome> Take(CommandOrder order)
    {
        var isNew = _orders.TrueForAll(known => known.Id != order.Id);
        _orders.Add(order);
        var command = new StoredCommand { Order = order, Device = 1, State = CommandState.Queued, CreatedMs = 0, DueMs = 0, ExpiresMs = 0, ChangedMs = 0 };
        return Task.FromResult<OrderOutcome>(new OrderOutcome.Taken(command, isNew));
    }
}

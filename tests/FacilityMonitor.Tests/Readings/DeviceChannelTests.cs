using FacilityMonitor.Contract;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Tests.Readings;

/// <summary>How many channels a device may have: whoever may publish can name three thousand of each name he invents.</summary>
public sealed class DeviceChannelTests
{
    private readonly DeviceTable _devices = new();

    public DeviceChannelTests() => _devices.Use(device => device.Name == "pile-01", device => device.Name == "pile-01" ? 10 : null);

    [Fact]
    public void A_stranger_has_room_for_so_many_channels_and_main()
    {
        var ghost = Device("ghost");
        for (var socket = 1; socket <= 900; socket++)
            Assert.Equal(socket <= DeviceTable.ChannelsUnregisteredMax, _devices.Admits(ghost, ChannelId.Socket(socket)));

        Assert.True(_devices.Admits(ghost, ChannelId.Main));
        Assert.True(_devices.Admits(ghost, ChannelId.Socket(1)));
        Assert.Equal(DeviceTable.ChannelsUnregisteredMax, _devices.UnregisteredChannels);
        Assert.Equal(DeviceTable.ChannelsUnregisteredMax, _devices.TakeNewChannels().Count);
        Assert.Empty(_devices.TakeNewChannels());
    }

    [Fact]
    public void All_strangers_together_have_room_for_so_many()
    {
        for (var ghost = 0; ghost < 1_000; ghost++)
        {
            for (var socket = 1; socket <= DeviceTable.ChannelsUnregisteredMax; socket++)
                _devices.Admits(Device($"ghost-{ghost}"), ChannelId.Socket(socket));
        }

        Assert.Equal(DeviceTable.UnregisteredChannelsMax, _devices.UnregisteredChannels);
        Assert.False(_devices.Admits(Device("late"), ChannelId.Socket(1)));
        Assert.True(_devices.Admits(Device("late"), ChannelId.Main));
        Assert.True(_devices.Admits(Device("pile-01"), ChannelId.Socket(1)));
    }

    [Theory]
    [InlineData(10 + DeviceTable.NumbersBeyondSockets, true)]
    [InlineData(11 + DeviceTable.NumbersBeyondSockets, false)]
    public void A_registered_device_has_its_sockets_and_some_more(int number, bool admitted)
    {
        Assert.Equal(admitted, _devices.Admits(Device("pile-01"), ChannelId.Socket(number)));
        Assert.Equal(0, _devices.UnregisteredChannels);
    }

    [Fact]
    public void Bays_go_to_their_end_as_no_registry_counts_them() => Assert.True(_devices.Admits(Device("pile-01"), ChannelId.Of(ChannelKind.Bay, 999)));

    [Fact]
    public void What_a_stranger_announces_takes_room_like_what_it_tells()
    {
        var message = new DeviceMessage { Device = Device("ghost") };
        message.Birth = new Birth
        {
            Boot = default,
            Bd = 1,
            TsMs = 1,
            Model = "",
            Firmware = "",
            Clock = ClockSource.Ntp,
            Channels = [.. Enumerable.Range(1, 200).Select(socket => new BirthChannel(ChannelId.Socket(socket), null, []))],
            Ops = [],
        };

        Assert.Equal(200 - DeviceTable.ChannelsUnregisteredMax, ChannelRoom.LeaveOut(message, _devices));
        Assert.Equal((DeviceTable.ChannelsUnregisteredMax, DeviceTable.ChannelsUnregisteredMax), (message.Birth.Channels.Count, _devices.UnregisteredChannels));
    }

    [Fact]
    public void A_message_of_channels_that_are_known_costs_no_memory_to_look_at()
    {
        var message = new DeviceMessage { Device = Device("pile-01") };
        for (var socket = 1; socket <= 10; socket++)
            message.Readings.Add().Channel = ChannelId.Socket(socket);
        Assert.Equal(0, ChannelRoom.LeaveOut(message, _devices));

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var time = 0; time < 10_000; time++)
            ChannelRoom.LeaveOut(message, _devices);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.True(allocated < 10_000, $"{allocated} bytes for 10,000 messages");
    }

    [Fact]
    public void A_restart_gives_strangers_no_more_room_and_registering_one_gives_its_room_back()
    {
        var restarted = new DeviceTable();
        var ghost = Device("ghost");
        for (var socket = 1; socket <= DeviceTable.ChannelsUnregisteredMax; socket++)
            _devices.Admits(ghost, ChannelId.Socket(socket));
        restarted.Load(ghost);
        foreach (var channel in _devices.TakeNewChannels())
            restarted.Load(channel);

        restarted.Use(_ => false, _ => null);
        Assert.Equal(DeviceTable.ChannelsUnregisteredMax, restarted.UnregisteredChannels);
        Assert.False(restarted.Admits(ghost, ChannelId.Of(ChannelKind.Slot, 1)));
        Assert.True(restarted.Admits(ghost, ChannelId.Socket(1)));

        restarted.Use(_ => true, _ => 2);
        Assert.Equal(0, restarted.UnregisteredChannels);
        Assert.True(restarted.Admits(ghost, ChannelId.Of(ChannelKind.Slot, 1)));
    }

    private Device Device(string name) => _devices.Resolve(Dialect.Fm1, "lane"u8, System.Text.Encoding.UTF8.GetBytes(name))!;
}

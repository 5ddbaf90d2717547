using FirmwareSim.Protocol;

namespace FirmwareSim.Running;

/// <summary>A device's place in its gateway's connection.</summary>
/// <param name="gateway">Whose connection it is.</param>
/// <param name="station">Who sits there.</param>
/// <param name="number">Which of its connections this is.</param>
/// <param name="will">What the gateway says when it no longer hears the device.</param>
internal sealed class SharedSeat(LiveGateway gateway, LiveStation station, int number, byte[] will) : ILiveConnection
{
    public void Publish(Outgoing message) => gateway.Publish(station, number, message);

    public Task TearAsync()
    {
        if (station.Firmware is { WillTopic: { } topic } firmware && firmware.Device.IsSpokenFor)
            Publish(new Outgoing(topic, will, firmware.RetainsWill));
        return Task.CompletedTask;
    }

    public Task AbandonAsync() => Task.CompletedTask;

    public Task CloseAsync() => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

using FirmwareSim.Protocol;

namespace FirmwareSim.Running;

/// <summary>A device's way to a real broker: a connection of its own, or a place in a gateway's.</summary>
internal interface ILiveConnection : IAsyncDisposable
{
    void Publish(Outgoing message);

    /// <summary>Tears the connection as a power cut would, so that the broker publishes the will.</summary>
    Task TearAsync();

    /// <summary>Lets go of a connection that is lost already.</summary>
    Task AbandonAsync();

    /// <summary>Waits until what was published last has arrived, and says goodbye.</summary>
    Task CloseAsync();
}

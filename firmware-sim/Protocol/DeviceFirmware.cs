using FirmwareSim.Devices;

namespace FirmwareSim.Protocol;

/// <summary>What speaks for a device: <see cref="Firmware"/> in <c>fm/1</c>, or one of the <see cref="ForeignFirmware"/> that are sold today.</summary>
/// <remarks>A state machine without threads and without a clock: the caller tells it what happened and takes what it wants to publish.</remarks>
internal abstract class DeviceFirmware(SimulatedDevice device) : IDisposable
{
    public SimulatedDevice Device { get; } = device;

    /// <summary>The present boot; empty in dialects that do not tell.</summary>
    public virtual string Boot => "";

    public bool IsConnected { get; protected set; }

    /// <summary>Where the will goes; null for a device without one.</summary>
    public abstract string? WillTopic { get; }

    public virtual bool RetainsWill => true;

    /// <summary>Where a host tells what it has; null in dialects that do not know of such a thing.</summary>
    public virtual string? AckedTopic => null;

    /// <summary>Topics it listens to.</summary>
    public virtual IReadOnlyList<string> Subscriptions => [];

    public virtual int Buffered => 0;

    public virtual int Backlog => 0;

    public virtual long Dropped => 0;

    /// <summary>Powers it up.</summary>
    public abstract void PowerUp(in Moment trueNow);

    /// <summary>The will for the next connection.</summary>
    public abstract byte[] NextWill();

    /// <summary>A connection stands.</summary>
    public abstract void Connected(in Moment trueNow);

    /// <summary>The connection is gone.</summary>
    public abstract void Disconnected();

    /// <summary>Switched off in order.</summary>
    public abstract void ShutDown(in Moment trueNow);

    /// <summary>Time passes.</summary>
    public abstract void Tick(in Moment trueNow);

    /// <summary>The broker has a message.</summary>
    public virtual void Delivered(MessageKey key)
    {
    }

    /// <summary>Something came in on one of <see cref="Subscriptions"/>.</summary>
    /// <param name="topic">Where.</param>
    /// <param name="payload">What.</param>
    /// <param name="retained">Whether the broker had kept it.</param>
    /// <param name="trueNow">The moment it is worked on.</param>
    /// <param name="arrivedMs">When it came; null: just now.</param>
    public virtual void Receive(string topic, ReadOnlyMemory<byte> payload, bool retained, in Moment trueNow, long? arrivedMs = null)
    {
    }

    public virtual void Dispose() => GC.SuppressFinalize(this);

    /// <summary>The moment as this device's own clock tells it.</summary>
    protected Moment ByItsClock(in Moment trueNow) => trueNow with { ClockMs = trueNow.ClockMs + Device.ClockErrorMs };
}

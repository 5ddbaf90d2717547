using FirmwareSim.Protocol;

namespace FirmwareSim;

/// <summary>A device's firmware on its way to a broker: follows the power and the network that the world gives it.</summary>
internal abstract class Station(DeviceFirmware firmware)
{
    private int _restarts;
    private int _losses;
    private long _dialFromMs;

    public DeviceFirmware Firmware { get; } = firmware;

    /// <summary>Whether it has power and has booted.</summary>
    protected bool IsUp { get; private set; }

    /// <summary>Whether it is connected, or at it.</summary>
    protected abstract bool IsDialled { get; }

    public void Step(in Moment now)
    {
        FollowPower(now);
        FollowNetwork(now);
        if (IsUp)
            Firmware.Tick(now);
    }

    /// <summary>Begins to connect.</summary>
    protected abstract void Dial(in Moment now);

    /// <summary>The connection is torn: no goodbye, so that the will comes.</summary>
    protected abstract void HangUp(in Moment now);

    /// <summary>A new boot has begun.</summary>
    protected virtual void Booted()
    {
    }

    private void FollowPower(in Moment now)
    {
        var device = Firmware.Device;
        if (IsUp && (!device.IsPowered || device.RestartsAsked > _restarts))
        {
            if (IsDialled)
                HangUp(now);
            IsUp = false;
        }

        _restarts = device.RestartsAsked;
        if (IsUp || !device.IsPowered)
            return;
        IsUp = true;
        Firmware.PowerUp(now);
        Booted();
    }

    private void FollowNetwork(in Moment now)
    {
        var device = Firmware.Device;
        if (!device.IsReachable)
        {
            if (IsDialled)
                HangUp(now);
            _dialFromMs = long.MaxValue;
            return;
        }

        // The network is back: each device waits a time of its own, so that they do not all come at once.
        if (_dialFromMs == long.MaxValue)
            _dialFromMs = now.ClockMs + (long)(new Randomness((ulong)++_losses, $"{device}/reconnect").Between(0, device.Seat.ReconnectWithinS) * 1000);
        if (IsUp && !IsDialled && now.ClockMs >= _dialFromMs)
            Dial(now);
    }
}

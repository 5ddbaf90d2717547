using FirmwareSim.Protocol;

namespace FirmwareSim;

/// <summary>A device's firmware on its way to a broker: follows the power and the network that the world gives it.</summary>
internal abstract class Station(Firmware firmware)
{
    private int _restarts;

    public Firmware Firmware { get; } = firmware;

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
        if (IsDialled && !Firmware.Device.IsReachable)
            HangUp(now);
        else if (IsUp && !IsDialled && Firmware.Device.IsReachable)
            Dial(now);
    }
}

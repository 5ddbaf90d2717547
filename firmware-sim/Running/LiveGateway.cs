using FirmwareSim.Protocol;

namespace FirmwareSim.Running;

/// <summary>What a gateway carries over its one connection: who sits behind it, what each of them hears, and what becomes of them when the connection goes.</summary>
/// <remarks>The gateway is a device of its own with birth, status and will. A connection has one will, and that is the gateway's; so for a device that it no longer hears it says
/// itself what a broker would have said, and when it is gone its own will stands for everything behind it.</remarks>
/// <param name="own">The gateway itself.</param>
internal sealed class LiveGateway(LiveStation own)
{
    private const string HostStates = "fm/1/state/";

    /// <summary>Where the device stands in <c>fm/1/site/device/kind</c>.</summary>
    private const int DeviceLevel = 3;

    private readonly Dictionary<string, LiveStation> _behind = [];
    private readonly Dictionary<string, byte[]> _hosts = [];
    private readonly Dictionary<string, byte[]> _kept = [];

    /// <summary>What the devices behind it listen to.</summary>
    public IEnumerable<string> Subscriptions => _behind.Values.SelectMany(station => station.Firmware.Subscriptions);

    public void Carry(LiveStation station) => _behind.Add(station.Firmware.Device.Seat.Id, station);

    /// <summary>Its connection stands: so does that of everybody who sits there already.</summary>
    public void Connected(in Moment now)
    {
        foreach (var station in _behind.Values)
            Seat(station, now);
    }

    /// <summary>Its connection is gone, and with it that of everything behind it.</summary>
    public void Disconnected()
    {
        _kept.Clear();
        foreach (var station in _behind.Values)
            station.LoseSeat();
    }

    /// <summary>A device has sat down: it is connected as soon as the gateway is.</summary>
    public void Seat(LiveStation station, in Moment now)
    {
        if (!own.Firmware.IsConnected || !station.IsSeated || station.Firmware.IsConnected)
            return;
        station.Firmware.Connected(now);
        // What the broker keeps for it came when the gateway subscribed.
        foreach (var (topic, payload) in _hosts)
            station.Firmware.Receive(topic, payload, retained: true, now);
        foreach (var topic in station.Firmware.Subscriptions)
        {
            if (_kept.TryGetValue(topic, out var payload))
                station.Firmware.Receive(topic, payload, retained: true, now);
        }
    }

    /// <summary>Publishes for a device behind it; without a connection it goes nowhere.</summary>
    public void Publish(LiveStation station, int number, Outgoing message) => own.PublishFor(station, number, message);

    /// <summary>Everything behind it is switched off, while it can still say so.</summary>
    public void ShutDown(in Moment now)
    {
        foreach (var station in _behind.Values)
            station.Firmware.ShutDown(now);
    }

    /// <summary>Gives everybody what is theirs, and keeps what the broker had kept for who is not there yet.</summary>
    public void Distribute(Signal.Received received, in Moment now)
    {
        if (received.Topic.StartsWith(HostStates, StringComparison.Ordinal))
        {
            _hosts[received.Topic] = received.Payload;
            own.Receive(received, now);
            foreach (var station in _behind.Values)
                Give(station, received, now);
            return;
        }

        if (received.Retained)
            _kept[received.Topic] = received.Payload;
        if (_behind.TryGetValue(received.Topic.Split('/')[DeviceLevel], out var device))
            Give(device, received, now);
        else
            own.Receive(received, now);
    }

    /// <summary>What comes for a device that the gateway does not hear at the moment is lost, as with a connection of its own.</summary>
    private static void Give(LiveStation station, Signal.Received received, in Moment now)
    {
        if (station.Firmware.IsConnected)
            station.Receive(received, now);
    }
}

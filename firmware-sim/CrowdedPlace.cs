using FirmwareSim.Devices;

namespace FirmwareSim;

/// <summary>A place where batteries charge: whether bikes that are full keep others from a socket.</summary>
/// <param name="sockets">All its sockets, of all its piles.</param>
internal sealed class CrowdedPlace(IReadOnlyList<(ChargingDevice Device, ChargingPoint Point)> sockets)
{
    private const double Hour = 3_600;

    /// <summary>Two hours are the rule's own; a quarter less or more is near. What counts as full differs by half an hour between firmwares.</summary>
    private const double NearlyLateS = 1.5 * Hour;

    private const double PlainlyLateS = 2.75 * Hour;

    /// <summary>A socket that comes free for less than this is taken by the next bike of the evening: the same evening is still the same matter.</summary>
    private const double RoomS = Hour;

    private readonly double[] _fullS = new double[sockets.Count];
    private double _roomS = double.PositiveInfinity;

    /// <summary>Whether it is so, or was within the hour.</summary>
    public bool IsNearly { get; private set; }

    /// <summary>Whether it is so now, beyond doubt.</summary>
    public bool IsPlainly { get; private set; }

    public void Step(in Moment now)
    {
        var hasRoom = false;
        var longestS = 0.0;
        for (var index = 0; index < sockets.Count; index++)
        {
            var (device, point) = sockets[index];
            _fullS[index] = point.IsFull ? _fullS[index] + now.ClockS : 0;
            if (!device.IsHeard)
                continue;
            hasRoom |= point.IsFree;
            longestS = Math.Max(longestS, _fullS[index]);
        }

        // Nobody is asked to fetch a bike by night.
        var isNear = !hasRoom && longestS > NearlyLateS && now.IsBetween(6.9, 22.1);
        _roomS = isNear ? 0 : _roomS + now.ClockS;
        IsNearly = _roomS < RoomS && now.IsBetween(6.9, 22.1);
        IsPlainly = !hasRoom && longestS > PlainlyLateS && now.IsBetween(7, 22);
    }
}

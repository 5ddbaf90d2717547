using System.Globalization;
using FirmwareSim.Devices;
using FirmwareSim.Physics;

namespace FirmwareSim.People;

/// <summary>The people who charge in one place: they come by the hour of the day, take a free socket, and fetch their bikes in the morning.</summary>
internal sealed class Neighbours
{
    /// <summary>0.25 to 0.37 sockets stand for one bike.</summary>
    public const double SocketsPerBike = 0.31;

    /// <summary>59 % of bikes charge each day.</summary>
    public const double ChargesPerBikeAndDay = 0.59;

    private const int TriesPerArrival = 8;
    private const double TopUpShare = 0.12;
    private const double FetchWhenFullShare = 0.25;
    private const double EntitledShare = 0.04;
    private const long HourMs = 3_600_000;

    private readonly List<Resident> _residents = [];
    private readonly Dictionary<Resident, Stay> _stays = [];
    private readonly List<Resident> _leaving = [];
    private readonly IReadOnlyList<ChargingDevice> _devices;
    private readonly (ChargingDevice Device, ChargingPoint Point)[] _points;
    private readonly Randomness _random;
    private Moment _now;

    /// <param name="devices">Where they charge.</param>
    /// <param name="bikes">How many bikes; null: as many as the sockets serve.</param>
    /// <param name="packs">Draws the pack and charger of one of them.</param>
    /// <param name="random">Their habits and days.</param>
    public Neighbours(IReadOnlyList<ChargingDevice> devices, int? bikes, Func<Randomness, ChargerModel> packs, Randomness random)
    {
        _devices = devices;
        _random = random;
        _points = [.. devices.SelectMany(device => device.Points.Select(point => (device, point)))];
        var count = bikes ?? (int)Math.Round(_points.Length / SocketsPerBike);
        for (var index = 0; index < count; index++)
        {
            var user = string.Create(CultureInfo.InvariantCulture, $"h:{random.Next() >> 32:x8}");
            _residents.Add(new Resident(user, packs(random), random.Chance(EntitledShare)));
        }
    }

    public IReadOnlyList<Resident> Residents => _residents;

    public IReadOnlyList<ChargingDevice> Devices => _devices;

    /// <summary>Bikes that stand here now, charging or not.</summary>
    public int Parked => Math.Max(_stays.Count, (int)Math.Round(_residents.Count * Rhythm.ShareAtHome(_now)));

    /// <summary>Who came and found no socket.</summary>
    public long TurnedAway { get; private set; }

    public long Arrived { get; private set; }

    public void Step(in Moment now)
    {
        _now = now;
        Leave(now);
        var expected = _residents.Count * ChargesPerBikeAndDay * Rhythm.ShareOfDayPerHour(now) * now.LifeS / 3600;
        for (var arrivals = _random.Poisson(expected); arrivals > 0; arrivals--)
            Arrive(now);
    }

    private void Arrive(in Moment now)
    {
        if (PickResident() is not { } resident)
            return;
        Arrived++;
        if (PickPoint(resident) is not { } place)
        {
            TurnedAway++;
            return;
        }

        var soc = _random.Chance(TopUpShare) ? _random.Between(0.88, 0.97) : Math.Clamp(_random.Normal(0.45, 0.2), 0.08, 0.9);
        var charger = new Charger(resident.Bike.At(place.Device.Celsius), soc, _random);
        place.Device.Plug(place.Point, charger, resident.User);
        place.Point.IsEntitledUser = resident.IsEntitled;
        _stays[resident] = new Stay(place.Point, charger, LeavesAt(now), _random.Chance(FetchWhenFullShare));
    }

    private void Leave(in Moment now)
    {
        _leaving.Clear();
        foreach (var (resident, stay) in _stays)
        {
            var isFetched = stay.FetchWhenFull && stay.Point.Session is null;
            if (now.LifeMs >= stay.LeavesAtMs || isFetched)
                _leaving.Add(resident);
        }

        foreach (var resident in _leaving)
        {
            // Somebody may have made room meanwhile: what hangs there now is not theirs.
            var (point, charger, _, _) = _stays[resident];
            if (point.Charger == charger)
                point.Unplug();
            _stays.Remove(resident);
        }
    }

    /// <summary>Who comes after three leaves the bike until tomorrow morning, full or not; the others for some hours.</summary>
    private long LeavesAt(in Moment now)
    {
        if (now.IsBetween(2, 15))
            return now.LifeMs + (long)(_random.Between(2.5, 7) * HourMs);
        var hoursToMidnight = now.Hour < 2 ? -now.Hour : 24 - now.Hour;
        var morning = Math.Clamp(_random.Normal(7.7, 0.8), 5.5, 11);
        return now.LifeMs + (long)((hoursToMidnight + morning) * HourMs);
    }

    private Resident? PickResident()
    {
        for (var attempt = 0; attempt < TriesPerArrival && _residents.Count > 0; attempt++)
        {
            var candidate = _residents[_random.Below(_residents.Count)];
            if (!_stays.ContainsKey(candidate))
                return candidate;
        }

        return null;
    }

    private (ChargingDevice Device, ChargingPoint Point)? PickPoint(Resident resident)
    {
        var first = _random.Below(_points.Length);
        for (var offset = 0; offset < _points.Length; offset++)
        {
            var place = _points[(first + offset) % _points.Length];
            if (place.Point.IsFree && (!place.Point.IsReserved || resident.IsEntitled) && place.Device.IsPowered)
                return place;
        }

        return null;
    }

    private sealed record Stay(ChargingPoint Point, Charger Charger, long LeavesAtMs, bool FetchWhenFull);
}

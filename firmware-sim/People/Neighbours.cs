using System.Globalization;
using FirmwareSim.Devices;
using FirmwareSim.Physics;
using FirmwareSim.Scripting;

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

    /// <summary>Of the fly-wires, those on a public circuit; the others hang behind somebody's own meter.</summary>
    private const double PublicWireShare = 0.4;

    /// <summary>Shares of residents by habit: our choice, rare enough that a month of one estate has a few of each.</summary>
    private static readonly (Habit Habit, double Share)[] Habits =
    [
        (Habit.Splitter, 0.015), (Habit.LeavesCharger, 0.03), (Habit.LeavesForDays, 0.03), (Habit.TakesReserved, 0.01), (Habit.FlyWire, 0.008),
    ];

    private readonly List<Resident> _residents = [];
    private readonly Dictionary<Resident, Stay> _stays = [];
    private readonly List<Resident> _leaving = [];
    private readonly IReadOnlyList<ChargingDevice> _devices;
    private readonly (ChargingDevice Device, ChargingPoint Point)[] _points;
    private readonly List<Wire> _wires = [];
    private readonly List<Truth> _truths = [];
    private readonly IReadOnlyList<(Circuit Circuit, string Asset)> _public;
    private readonly string _site;
    private readonly int _roomFor;
    private readonly bool _hasHabits;
    private readonly Randomness _random;
    private Moment _now;

    /// <param name="devices">Where they charge.</param>
    /// <param name="place">Which place it is, how many bikes belong there, and for how many there is room.</param>
    /// <param name="packs">Draws the pack and charger of one of them.</param>
    /// <param name="random">Their habits and days.</param>
    /// <param name="site">Where they live.</param>
    /// <param name="tapped">Public circuits that somebody might tap, with their registry paths; null where nobody has habits.</param>
    public Neighbours(
        IReadOnlyList<ChargingDevice> devices, PeopleSpec place, Func<Randomness, ChargerModel> packs, Randomness random, string site,
        IReadOnlyList<(Circuit Circuit, string Asset)>? tapped = null)
    {
        _site = site;
        _roomFor = place.Capacity ?? int.MaxValue;
        _public = tapped ?? [];
        _hasHabits = tapped is not null;
        _devices = devices;
        _random = random;
        _points = [.. devices.SelectMany(device => device.Points.Select(point => (device, point)))];
        var count = place.Bikes ?? (int)Math.Round(_points.Length / SocketsPerBike);
        var entitled = 0;
        for (var index = 0; index < count; index++)
        {
            var user = string.Create(CultureInfo.InvariantCulture, $"h:{random.Next() >> 32:x8}");
            var bike = packs(random);
            var isEntitled = random.Chance(EntitledShare);
            entitled += isEntitled ? 1 : 0;
            // A registry lists who may use the reserved sockets, so these have the same names in every world.
            var resident = new Resident(isEntitled ? string.Create(CultureInfo.InvariantCulture, $"h:care-{place.Place}-{entitled}") : user, bike, isEntitled);
            _residents.Add(tapped is null ? resident : resident with { Habit = PickHabit(random) });
        }
    }

    public IReadOnlyList<Resident> Residents => _residents;

    public IReadOnlyList<ChargingDevice> Devices => _devices;

    /// <summary>Bikes that stand here now, charging or not.</summary>
    public int Parked => Math.Max(_stays.Count, Math.Min(_roomFor, (int)Math.Round(_residents.Count * Rhythm.ShareAtHome(_now))));

    /// <summary>Who came and found no socket.</summary>
    public long TurnedAway { get; private set; }

    public long Arrived { get; private set; }

    /// <summary>What habits led to, where no device can tell.</summary>
    public IReadOnlyList<Truth> Truths => _truths;

    public void Step(in Moment now)
    {
        _now = now;
        Leave(now);
        if (_hasHabits)
        {
            CarryUpstairs();
            Draw(now);
        }

        var expected = _residents.Count * ChargesPerBikeAndDay * Rhythm.ShareOfDayPerHour(now) * now.LifeS / 3600;
        for (var arrivals = _random.Poisson(expected); arrivals > 0; arrivals--)
            Arrive(now);
    }

    /// <summary>Ends what is still going on, for <see cref="Truths"/>.</summary>
    public void Finish()
    {
        foreach (var wire in _wires)
            Keep(wire, _now.ClockMs);
        _wires.Clear();
    }

    private static Habit PickHabit(Randomness random)
    {
        var left = random.Unit();
        foreach (var (habit, share) in Habits)
        {
            left -= share;
            if (left < 0)
                return habit;
        }

        return Habit.None;
    }

    private void Arrive(in Moment now)
    {
        if (PickResident(now) is not { } resident)
            return;
        Arrived++;
        if (resident.Habit == Habit.FlyWire)
        {
            HangOut(resident, now);
            return;
        }

        if (PickPoint(resident) is not { } place)
        {
            TurnedAway++;
            return;
        }

        var soc = _random.Chance(TopUpShare) ? _random.Between(0.88, 0.97) : Math.Clamp(_random.Normal(0.45, 0.2), 0.08, 0.9);
        var charger = new Charger(resident.Bike.At(place.Device.Celsius), soc, _random);
        place.Device.Plug(place.Point, charger, resident.User);
        place.Point.IsEntitledUser = resident.IsEntitled;
        if (resident.Habit == Habit.Splitter)
            place.Point.PlugSecond(new Charger(PackCatalogue.Pick(_random), _random.Between(0.1, 0.6), _random));
        _stays[resident] = new Stay(place.Point, charger, LeavesAt(resident, now), _random.Chance(FetchWhenFullShare));
    }

    /// <summary>A lead where none belongs: on a public circuit, or from the window, where nothing of ours measures.</summary>
    private void HangOut(Resident resident, in Moment now)
    {
        if (_wires.Exists(wire => wire.Resident == resident))
            return;
        var isPublic = _public.Count > 0 && _random.Chance(PublicWireShare);
        var (circuit, asset) = isPublic ? _public[_random.Below(_public.Count)] : (null, _site);
        _wires.Add(new Wire(resident, circuit, asset, new Charger(resident.Bike, _random.Between(0.15, 0.6), _random), now.ClockMs, LeavesAt(resident, now)));
    }

    private void Draw(in Moment now)
    {
        for (var index = _wires.Count - 1; index >= 0; index--)
        {
            var wire = _wires[index];
            wire.Charger.Step(now.LifeS);
            wire.Circuit?.Add(wire.Circuit.PhaseOf(0), wire.Charger.Watts, wire.Charger.PowerFactor);
            if (now.LifeMs < wire.UntilMs && !wire.Charger.IsDone)
                continue;
            Keep(wire, now.ClockMs);
            _wires.RemoveAt(index);
        }
    }

    private void Keep(Wire wire, long toMs) => _truths.Add(wire.Circuit is null
        ? new Truth(wire.FromMs, toMs, Truth.None, wire.Asset, "a lead from somebody's own window") { May = true }
        : new Truth(wire.FromMs, toMs, "charger-on-public-circuit", wire.Asset, "a neighbour's lead on a public circuit"));

    private void CarryUpstairs()
    {
        foreach (var (resident, stay) in _stays)
        {
            if (resident.Habit == Habit.LeavesCharger && stay.Charger.IsDone && stay.Point.Charger == stay.Charger && stay.Charger.HasPack)
                stay.Charger.TakePackAway();
        }
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
    private long LeavesAt(Resident resident, in Moment now)
    {
        if (resident.Habit == Habit.LeavesForDays)
            return now.LifeMs + (long)(_random.Between(40, 100) * HourMs);
        if (now.IsBetween(2, 15))
            return now.LifeMs + (long)(_random.Between(2.5, 7) * HourMs);
        var hoursToMidnight = now.Hour < 2 ? -now.Hour : 24 - now.Hour;
        // Nobody has to be early on a free day.
        var isFree = (now with { LifeMs = now.LifeMs + (long)(hoursToMidnight * HourMs) + HourMs }).IsWeekend;
        var morning = isFree ? Math.Clamp(_random.Normal(9.3, 1.3), 6, 13) : Math.Clamp(_random.Normal(7.7, 0.8), 5.5, 11);
        return now.LifeMs + (long)((hoursToMidnight + morning) * HourMs);
    }

    private Resident? PickResident(in Moment now)
    {
        for (var attempt = 0; attempt < TriesPerArrival && _residents.Count > 0; attempt++)
        {
            var candidate = _residents[_random.Below(_residents.Count)];
            // Old owners come in the daytime; who goes to work comes at any other hour, too.
            var isTheirHour = !candidate.IsEntitled || now.IsBetween(8, 18) || _random.Chance(0.3);
            if (isTheirHour && !_stays.ContainsKey(candidate))
                return candidate;
        }

        return null;
    }

    private (ChargingDevice Device, ChargingPoint Point)? PickPoint(Resident resident)
    {
        var first = _random.Below(_points.Length);
        // Who may, goes to the reserved ones first; who may not and does not care, last.
        if (resident.IsEntitled && Free(first, isReserved: true) is { } own)
            return own;
        return Free(first, isReserved: false) ?? (resident.Habit == Habit.TakesReserved ? Free(first, isReserved: true) : null);
    }

    private (ChargingDevice Device, ChargingPoint Point)? Free(int first, bool isReserved)
    {
        for (var offset = 0; offset < _points.Length; offset++)
        {
            var place = _points[(first + offset) % _points.Length];
            if (place.Point.IsReserved == isReserved && place.Point.IsFree && place.Device.IsPowered)
                return place;
        }

        return null;
    }

    private sealed record Stay(ChargingPoint Point, Charger Charger, long LeavesAtMs, bool FetchWhenFull);

    private sealed record Wire(Resident Resident, Circuit? Circuit, string Asset, Charger Charger, long FromMs, long UntilMs);
}

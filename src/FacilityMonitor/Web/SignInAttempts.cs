using System.Net;
using System.Net.Sockets;

namespace FacilityMonitor.Web;

/// <summary>Counts wrong passwords by where they come from, and makes that place wait. Somebody who guesses does not lock the manager out.</summary>
internal sealed class SignInAttempts(TimeProvider time)
{
    /// <summary>Wrong passwords from one place before it has to wait.</summary>
    public const int WrongMax = 5;

    /// <summary>Places remembered; when there are more, those beyond share one count, so that many addresses do not buy many guesses.</summary>
    public const int PlacesMax = 1_000;

    /// <summary>The first wait; each further one is twice as long.</summary>
    public static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(30);

    /// <summary>The longest wait.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(15);

    /// <summary>A place that was quiet for so long begins anew.</summary>
    public static readonly TimeSpan Forgotten = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, Place> _places = [];
    private readonly Place _others = new();

    /// <summary>Wrong passwords since the start.</summary>
    public long Wrong { get; private set; }

    /// <summary>Attempts refused unread because their place had to wait.</summary>
    public long Refused { get; private set; }

    /// <summary>Whether this place has to wait; counted when so.</summary>
    public bool MustWait(IPAddress? from)
    {
        lock (_gate)
        {
            var waits = Find(PlaceOf(from)) is { } place && time.GetUtcNow() < place.WaitsUntil;
            if (waits)
                Refused++;
            return waits;
        }
    }

    public void WasRight(IPAddress? from)
    {
        lock (_gate)
            _places.Remove(PlaceOf(from));
    }

    public void WasWrong(IPAddress? from)
    {
        lock (_gate)
        {
            Wrong++;
            var now = time.GetUtcNow();
            var place = FindOrAdd(PlaceOf(from), now);
            place.LastAt = now;
            if (++place.Wrong < WrongMax)
                return;
            place.Wrong = 0;
            place.WaitsUntil = now + TimeSpan.FromTicks(Math.Min(LongestWait.Ticks, FirstWait.Ticks << Math.Min(place.Waits, 10)));
            place.Waits++;
        }
    }

    /// <summary>A household or an attacker has a /64 of IPv6, not one address.</summary>
    private static IPAddress PlaceOf(IPAddress? from)
    {
        if (from is null)
            return IPAddress.None;
        if (from.IsIPv4MappedToIPv6)
            return from.MapToIPv4();
        if (from.AddressFamily != AddressFamily.InterNetworkV6)
            return from;
        var bytes = from.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }

    private Place? Find(IPAddress from) => _places.TryGetValue(from, out var place) ? place : _places.Count >= PlacesMax ? _others : null;

    private Place FindOrAdd(IPAddress from, DateTimeOffset now)
    {
        if (_places.Count >= PlacesMax && !_places.ContainsKey(from))
        {
            foreach (var (key, _) in _places.Where(place => now - place.Value.LastAt >= Forgotten).ToList())
                _places.Remove(key);
        }

        if (Find(from) is { } known)
        {
            if (now - known.LastAt >= Forgotten)
                (known.Wrong, known.Waits) = (0, 0);
            return known;
        }

        return _places[from] = new Place();
    }

    private sealed class Place
    {
        public int Wrong { get; set; }

        public int Waits { get; set; }

        public DateTimeOffset LastAt { get; set; }

        public DateTimeOffset WaitsUntil { get; set; }
    }
}

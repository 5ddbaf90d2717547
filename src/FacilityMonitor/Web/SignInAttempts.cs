using System.Net;
using System.Net.Sockets;

namespace FacilityMonitor.Web;

/// <summary>Counts wrong passwords by where they come from and by whose they should be, and makes that place or that name wait. Somebody who guesses does not lock out a person who comes
/// from where that person comes from usually.</summary>
/// <remarks>In memory: nobody but us restarts the service, and a guess that is written down would be work that a stranger orders.</remarks>
internal sealed class SignInAttempts(TimeProvider time)
{
    /// <summary>Wrong passwords from one place before it has to wait.</summary>
    public const int WrongMax = 5;

    /// <summary>Places remembered; when there are more, those beyond share one count, so that many addresses do not buy many guesses.</summary>
    public const int PlacesMax = 1_000;

    /// <summary>Wrong passwords for one name, from wherever, before it has to wait.</summary>
    public const int WrongOfNameMax = 10;

    /// <summary>Wrong passwords for one name in a row after which it is shut to places from where the person has not come: until a password or link is set for it
    /// (NIST SP 800-63B, 5.2.2: at most 100).</summary>
    public const int ShutAfter = 100;

    /// <summary>Names remembered, those included that nobody has: who guesses must not learn which there are.</summary>
    public const int NamesMax = 10_000;

    /// <summary>The first wait; each further one is twice as long.</summary>
    public static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(30);

    /// <summary>The longest wait.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(15);

    /// <summary>A place that was quiet for so long begins anew.</summary>
    public static readonly TimeSpan Forgotten = TimeSpan.FromHours(1);

    /// <summary>A name that nobody tried for so long begins anew.</summary>
    public static readonly TimeSpan NameForgotten = TimeSpan.FromDays(30);

    private readonly Lock _gate = new();
    private readonly Counts<IPAddress> _places = new(PlacesMax, Forgotten);
    private readonly Counts<string> _names = new(NamesMax, NameForgotten);

    /// <summary>Wrong passwords since the start.</summary>
    public long Wrong { get; private set; }

    /// <summary>Attempts refused unread because their place or name had to wait.</summary>
    public long Refused { get; private set; }

    /// <summary>Whether this place has to wait; counted when so.</summary>
    /// <param name="from">The place.</param>
    /// <param name="isKnown">Whether the person comes from there usually: then only what was wrong there counts, not what many strangers share.</param>
    public bool MustWait(IPAddress? from, bool isKnown = false) => Waits(_places, PlaceOf(from), isKnown);

    /// <summary>Whether this name has to wait, wherever it is not known to come from, or at one place that it is; counted when so.</summary>
    /// <param name="name">The name, with the place where it is known there.</param>
    /// <param name="isKnown">Whether the person comes from there usually: then it has a count of its own however many names there are.</param>
    public bool MustWait(string name, bool isKnown = false) => Waits(_names, name, isKnown);

    public void WasRight(IPAddress? from)
    {
        lock (_gate)
            _places.Remove(PlaceOf(from));
    }

    public void WasRight(string name)
    {
        lock (_gate)
            _names.Remove(name);
    }

    /// <param name="from">The place.</param>
    /// <param name="isKnown">Whether the person comes from there usually: then it has a count of its own however many places there are.</param>
    /// <returns>Whether the place has to wait from now on.</returns>
    public bool WasWrong(IPAddress? from, bool isKnown = false)
    {
        lock (_gate)
        {
            Wrong++;
            return _places.Add(PlaceOf(from), isKnown, WrongMax, int.MaxValue, time.GetUtcNow());
        }
    }

    /// <param name="name">The name, with the place where it is known there.</param>
    /// <param name="isKnown">Whether the person comes from there usually: there it has to wait, and is never shut.</param>
    /// <returns>Whether the name has to wait from now on.</returns>
    public bool WasWrong(string name, bool isKnown = false)
    {
        lock (_gate)
            return _names.Add(name, isKnown, WrongOfNameMax, isKnown ? int.MaxValue : ShutAfter, time.GetUtcNow());
    }

    /// <summary>A household or an attacker has a /64 of IPv6, not one address.</summary>
    public static IPAddress PlaceOf(IPAddress? from)
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

    private bool Waits<TKey>(Counts<TKey> counts, TKey key, bool isKnown)
        where TKey : notnull
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            var waits = counts.Find(key, isKnown, now) is { } count && now < count.WaitsUntil;
            if (waits)
                Refused++;
            return waits;
        }
    }

    /// <summary>Wrong passwords by place, or by name.</summary>
    private sealed class Counts<TKey>(int most, TimeSpan forgotten)
        where TKey : notnull
    {
        private readonly Dictionary<TKey, Count> _counts = [];
        private readonly Count _others = new();

        /// <summary>The count of its own, or where there is no room, and it is not known, that of all others. Whoever only has to wait adds nothing: here, too, room is made.</summary>
        public Count? Find(TKey key, bool isKnown, DateTimeOffset now)
        {
            if (_counts.TryGetValue(key, out var count))
                return count;
            if (isKnown || _counts.Count < most)
                return null;
            foreach (var (old, _) in _counts.Where(count => now - count.Value.LastAt >= forgotten).ToList())
                _counts.Remove(old);
            return _counts.Count < most ? null : _others;
        }

        public void Remove(TKey key) => _counts.Remove(key);

        public bool Add(TKey key, bool isKnown, int wrongMax, int shutAfter, DateTimeOffset now)
        {
            var count = FindOrAdd(key, isKnown, now);
            count.LastAt = now;
            count.Total++;
            if (++count.Wrong < wrongMax)
                return false;
            count.Wrong = 0;
            // Nobody can set a password for all others: they are never shut.
            count.WaitsUntil = count.Total >= shutAfter && count != _others ? DateTimeOffset.MaxValue : now + TimeSpan.FromTicks(Math.Min(LongestWait.Ticks, FirstWait.Ticks << Math.Min(count.Waits, 10)));
            count.Waits++;
            return true;
        }

        private Count FindOrAdd(TKey key, bool isKnown, DateTimeOffset now)
        {
            if (Find(key, isKnown, now) is { } known)
            {
                if (now - known.LastAt >= forgotten)
                    (known.Wrong, known.Waits, known.Total, known.WaitsUntil) = (0, 0, 0, default);
                return known;
            }

            return _counts[key] = new Count();
        }
    }

    private sealed class Count
    {
        public int Wrong { get; set; }

        public int Waits { get; set; }

        public int Total { get; set; }

        public DateTimeOffset LastAt { get; set; }

        public DateTimeOffset WaitsUntil { get; set; }
    }
}

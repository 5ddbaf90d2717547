using System.Runtime.CompilerServices;

namespace FacilityMonitor.Rules;

/// <summary>Tells bikes that came to a place and took no socket from those that did: a count of bikes that rises, and within ten minutes no socket that begins to draw power.</summary>
/// <remarks>A plain value. While a socket is not heard nothing is concluded.</remarks>
internal struct BikesAtSockets
{
    /// <summary>From the bike to its plug, or the other way round where the counter is slow, minutes.</summary>
    public const double PlugMin = 10;

    private const int KeptMax = 6;

    private Minutes _waiting;
    private Minutes _starts;
    private bool _isCounted;
    private int _bikes;

    /// <summary>So many bikes stand there.</summary>
    public void Count(double minute, double bikes)
    {
        var now = (int)Math.Clamp(bikes, 0, short.MaxValue);
        for (var more = _isCounted ? Math.Min(now - _bikes, KeptMax) : 0; more > 0; more--)
        {
            if (!Take(_starts, minute))
                Put(_waiting, minute);
        }

        (_isCounted, _bikes) = (true, now);
    }

    /// <summary>A socket began to draw power.</summary>
    public void Started(double minute)
    {
        if (!Take(_waiting, minute))
            Put(_starts, minute);
    }

    /// <summary>Sockets are not heard: who came may have plugged in.</summary>
    public void Forget() => (_waiting, _starts) = (default, default);

    /// <summary>Those who have had their ten minutes came by no socket.</summary>
    public void Settle(double minute, ref BikeArrivals arrivals)
    {
        foreach (ref var came in (Span<uint>)_waiting)
        {
            if (came == 0 || minute - came <= PlugMin)
                continue;
            arrivals.Came(came);
            came = 0;
        }
    }

    private static bool Take(Span<uint> minutes, double minute)
    {
        foreach (ref var one in minutes)
        {
            if (one == 0 || Math.Abs(minute - one) > PlugMin)
                continue;
            one = 0;
            return true;
        }

        return false;
    }

    private static void Put(Span<uint> minutes, double minute)
    {
        minutes[1..].CopyTo(minutes);
        minutes[^1] = (uint)minute;
    }

    [InlineArray(KeptMax)]
    private struct Minutes
    {
        private uint _first;
    }
}

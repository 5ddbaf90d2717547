using System.Runtime.CompilerServices;

namespace FacilityMonitor.Rules;

/// <summary>Bikes that came without going to a socket: into the lift of the building, or into the shed without plugging in. How often they do is learned, so that a lift in which e-bikes ride
/// all day says nothing of the one before a load.</summary>
/// <remarks>A plain value. Minutes are those since 1970.</remarks>
internal struct BikeArrivals
{
    /// <summary>How long before a load a bike may have come to be its own, minutes (reference §3.3 D), and how far the two clocks may differ.</summary>
    public const double BeforeMin = 30;
    public const double ClocksMin = 2;

    /// <summary>Words that follow within this are of one bike: a blocker speaks as long as it stands there.</summary>
    public const double OneBikeMin = 5;

    /// <summary>Assumed before anything was seen, counting as much as so many days: one bike a day.</summary>
    private const double FirstADay = 1;
    private const double FirstDays = 3;

    /// <summary>What was counted counts for half after a week.</summary>
    private const double HalfLifeDays = 7;

    /// <summary>So many times the mean of the day come in the busiest hours; loads that are no charger come then, too, so every bike is compared with those hours. Assumed.</summary>
    private const double BusyTimes = 3;

    private const double DayMin = 1440;
    private const int KeptMax = 8;

    private Minutes _kept;
    private uint _sinceMin;
    private float _bikes;
    private float _days;

    /// <summary>Somebody looks from here on.</summary>
    public void Watch(double minute)
    {
        if (_sinceMin == 0)
            _sinceMin = (uint)minute;
    }

    /// <summary>A bike came.</summary>
    public void Came(double minute)
    {
        Watch(minute);
        foreach (var kept in (ReadOnlySpan<uint>)_kept)
        {
            if (kept != 0 && Math.Abs(minute - kept) < OneBikeMin)
                return;
        }

        var (bikes, days) = At(minute);
        (_bikes, _days, _sinceMin) = ((float)bikes + 1, (float)days, (uint)Math.Max(_sinceMin, minute));
        Span<uint> all = _kept;
        all[1..].CopyTo(all);
        all[^1] = (uint)minute;
    }

    /// <summary>How many come a day.</summary>
    public readonly double ADay(double minute)
    {
        var (bikes, days) = At(minute);
        return (bikes + (FirstADay * FirstDays)) / (days + FirstDays);
    }

    /// <summary>How likely one came by chance in the time before a load.</summary>
    public readonly double Chance(double minute) => 1 - Math.Exp(-BusyTimes * ADay(minute) * BeforeMin / DayMin);

    /// <summary>Minutes from the last bike to a load; null: none came in the time before.</summary>
    public readonly double? Before(double startMin)
    {
        double? last = null;
        foreach (var kept in (ReadOnlySpan<uint>)_kept)
        {
            var before = startMin - kept;
            if (kept != 0 && before is >= -ClocksMin and <= BeforeMin && (last is null || before < last))
                last = before;
        }

        return last is { } found ? Math.Max(0, found) : null;
    }

    private readonly (double Bikes, double Days) At(double minute)
    {
        var passed = Math.Max(0, minute - _sinceMin) / DayMin;
        var left = Math.Pow(0.5, passed / HalfLifeDays);
        return (_bikes * left, (_days * left) + ((1 - left) * HalfLifeDays / Math.Log(2)));
    }

    [InlineArray(KeptMax)]
    private struct Minutes
    {
        private uint _first;
    }
}

using System.Runtime.CompilerServices;

namespace FacilityMonitor.Rules;

/// <summary>How warm the terminals of a circuit's meter were lately.</summary>
/// <remarks>
/// 60 to 700 W are 0.3 to 3 A, and warm no sound terminal: a milliohm makes 9 mW of 3 A. What grows by 5 K as such a load comes has a bad contact in its way, half an ohm of it, and those are
/// where somebody joined a lead by hand. A plain value; minutes are those since 1970.
/// </remarks>
internal struct TerminalWarmth
{
    /// <summary>A rise that is one, K: the same as where a socket's contact is judged.</summary>
    public const double RiseK = 5;

    /// <summary>A contact is as warm as it gets by then, minutes; and how far back the warmth before the load is looked for.</summary>
    public const double AfterMin = 60;
    public const double BeforeMin = 30;

    /// <summary>How likely terminals grow as much warmer by chance within that time: the sun on the box, another load. Assumed.</summary>
    public const double Chance = 0.07;

    /// <summary>Smaller changes are not kept, K.</summary>
    private const int ChangeK = 2;

    private const int KeptMax = 12;

    private Minutes _minutes;
    private Degrees _degrees;
    private byte _count;

    /// <summary>So warm it is.</summary>
    public void Take(double minute, double celsius)
    {
        var degrees = (sbyte)Math.Clamp(Math.Round(celsius), sbyte.MinValue, sbyte.MaxValue);
        if (_count > 0 && Math.Abs(degrees - _degrees[_count - 1]) < ChangeK)
            return;
        if (_count == KeptMax)
        {
            Span<uint> minutes = _minutes;
            Span<sbyte> all = _degrees;
            minutes[1..].CopyTo(minutes);
            all[1..].CopyTo(all);
            _count--;
        }

        (_minutes[_count], _degrees[_count]) = ((uint)minute, degrees);
        _count++;
    }

    /// <summary>How much warmer it became after a load came on than it was before; 0 where that is not known.</summary>
    public readonly double Rise(double startMin)
    {
        var (before, after) = (double.NaN, double.NegativeInfinity);
        for (var index = 0; index < _count; index++)
        {
            if (_minutes[index] <= startMin)
                before = double.IsNaN(before) || _minutes[index] < startMin - BeforeMin ? _degrees[index] : Math.Max(before, _degrees[index]);
            else if (_minutes[index] <= startMin + AfterMin)
                after = Math.Max(after, _degrees[index]);
        }

        return double.IsNaN(before) ? 0 : Math.Max(0, after - before);
    }

    [InlineArray(KeptMax)]
    private struct Minutes
    {
        private uint _first;
    }

    [InlineArray(KeptMax)]
    private struct Degrees
    {
        private sbyte _first;
    }
}

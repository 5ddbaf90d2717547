using System.Runtime.CompilerServices;

namespace FacilityMonitor.Rules;

/// <summary>The curve of one load: what is left of the circuit's power since its on-step when everything else is taken off, in knots of five minutes. Derived from the history whenever it is asked for.</summary>
internal struct ChargerCurve
{
    /// <summary>Minutes a knot covers: long enough that noise averages out, short enough for a taper of twenty minutes.</summary>
    public const double KnotMin = 5;

    /// <summary>Knots kept: ten hours, longer than a charge should take (national guide: 8 h).</summary>
    public const int KnotsMax = 120;

    private Values _minutes;
    private Values _watts;
    private Numbers _counts;
    private Numbers _pieces;

    /// <summary>Which piece of the curve comes next. Where others came to stay or left, the level is not known exactly: the curve goes on as a new piece.</summary>
    public byte Piece { get; set; }

    /// <summary>Power of the loads that came later and are still on, W.</summary>
    public double CompanyW { get; set; }

    /// <summary>Knots up to the newest.</summary>
    public int Count { get; private set; }

    /// <summary>How many values a knot holds; 0: none.</summary>
    public readonly byte CountOf(int knot) => _counts[knot];

    /// <summary>What is known of a knot: minutes since the on-step, power, and which piece it belongs to.</summary>
    public readonly (double Minutes, double Watts, byte Piece) Knot(int knot) => (_minutes[knot], _watts[knot], _pieces[knot]);

    /// <summary>Takes what the load draws at an age.</summary>
    /// <returns>False when it has gone on for longer than is kept.</returns>
    public bool Add(double ageMin, double watts)
    {
        var knot = (int)(ageMin / KnotMin);
        if (knot >= KnotsMax)
            return false;
        if (_pieces[knot] != Piece)
            _counts[knot] = 0;
        var count = _counts[knot];
        if (count < byte.MaxValue)
        {
            _counts[knot] = ++count;
            _pieces[knot] = Piece;
            _watts[knot] = count == 1 ? (float)watts : _watts[knot] + (((float)watts - _watts[knot]) / count);
            _minutes[knot] = count == 1 ? (float)ageMin : _minutes[knot] + (((float)ageMin - _minutes[knot]) / count);
        }

        Count = Math.Max(Count, knot + 1);
        return true;
    }

    [InlineArray(KnotsMax)]
    private struct Values
    {
        private float _first;
    }

    [InlineArray(KnotsMax)]
    private struct Numbers
    {
        private byte _first;
    }
}

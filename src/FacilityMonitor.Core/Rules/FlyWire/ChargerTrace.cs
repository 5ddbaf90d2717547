using System.Runtime.CompilerServices;

namespace FacilityMonitor.Rules;

/// <summary>A load that may be a charger: what is left of the circuit's power since its on-step when everything else is taken off, in knots of five minutes.</summary>
internal struct ChargerTrace
{
    /// <summary>Minutes a knot covers: long enough that noise averages out, short enough for a taper of twenty minutes.</summary>
    public const double KnotMin = 5;

    /// <summary>Knots kept: ten hours, longer than a charge should take (national guide: 8 h).</summary>
    public const int KnotsMax = 120;

    /// <summary>A hundredth of a minute is kept of each knot's time.</summary>
    private const double TimeSteps = 100;

    private Watts _watts;
    private Times _times;
    private Counts _counts;
    private Counts _pieces;

    public bool IsUsed;

    /// <summary>It went off, or cannot be followed any more. Its evidence stays until the place is needed.</summary>
    public bool IsOver;

    /// <summary>Its on-step came up from the level at which nothing is on.</summary>
    public bool IsFromFloor;

    public double StartMin;
    public double LastMin;

    /// <summary>The on-step, W.</summary>
    public float StepW;

    /// <summary>Level of the circuit before the step, W.</summary>
    public double BaseW;

    /// <summary>Steps of others since, summed, W.</summary>
    public double OthersW;

    /// <summary>What it draws, W.</summary>
    public double LastW;

    /// <summary>How fast that changes, W/min.</summary>
    public double TrendW;

    /// <summary>Scatter, wander and unrest of the circuit when it began, W: what has to be forgiven it.</summary>
    public float SigmaW;
    public float WanderW;
    public float UnrestBeforeW;

    /// <summary>Steps an hour of what was there before it.</summary>
    public float StepsBefore;

    /// <summary>Its own unrest, and that of the company it is in, W.</summary>
    public float UnrestW;
    public float CompanyUnrestW;
    public byte UnrestCount;
    public byte CompanyCount;

    /// <summary>Which loads came after it and are still on; changes whenever one comes or goes.</summary>
    public double Company;

    /// <summary>Their power, W.</summary>
    public float CompanyW;

    /// <summary>Small steps since its beginning that nobody else explains.</summary>
    public short Jumps;

    public short Count;
    public short ScoredKnot;
    public byte Piece;

    /// <summary>Evidence, natural logarithms of likelihood ratios.</summary>
    public float ClimbNats;
    public float TaperNats;
    public float UnsteadyNats;
    public float JumpyNats;
    public float RepeatNats;

    /// <summary>The best climb that was seen: share of the step a minute, for how long, scatter about it as a share of the step.</summary>
    public float ClimbShareAMin;
    public float ClimbMin;
    public float FitShare;

    /// <summary>How much of the step has gone without being switched off.</summary>
    public float Fallen;

    public float EnergyWh;

    /// <summary>How much more likely what was seen is of a charger than of anything else, natural logarithm.</summary>
    public readonly double Nats => ClimbNats + TaperNats - UnsteadyNats - JumpyNats - RepeatNats;

    public readonly bool IsOn => IsUsed && !IsOver;

    /// <summary>How many values a knot holds; 0: none.</summary>
    public readonly byte CountOf(int knot) => _counts[knot];

    /// <summary>What is known of a knot: minutes since the on-step, power, and which piece of the curve it belongs to. Between pieces the level is not known.</summary>
    public readonly (double Minutes, double Watts, byte Piece) Knot(int knot) => (_times[knot] / TimeSteps, _watts[knot], _pieces[knot]);

    /// <summary>Takes what it draws at a time.</summary>
    /// <returns>False when it has gone on for longer than is kept.</returns>
    public bool Add(double atMin, double watts)
    {
        var age = atMin - StartMin;
        var knot = (int)(age / KnotMin);
        if (knot >= KnotsMax)
            return false;
        if (_pieces[knot] != Piece)
            _counts[knot] = 0;
        var count = _counts[knot];
        if (count < byte.MaxValue)
        {
            var time = _times[knot] / TimeSteps;
            _watts[knot] = count == 0 ? (float)watts : _watts[knot] + (((float)watts - _watts[knot]) / (count + 1));
            _times[knot] = (ushort)Math.Round((count == 0 ? age : time + ((age - time) / (count + 1))) * TimeSteps);
            _counts[knot] = (byte)(count + 1);
            _pieces[knot] = Piece;
        }

        Count = (short)(knot + 1);
        return true;
    }

    [InlineArray(KnotsMax)]
    private struct Watts
    {
        private float _first;
    }

    [InlineArray(KnotsMax)]
    private struct Times
    {
        private ushort _first;
    }

    [InlineArray(KnotsMax)]
    private struct Counts
    {
        private byte _first;
    }
}

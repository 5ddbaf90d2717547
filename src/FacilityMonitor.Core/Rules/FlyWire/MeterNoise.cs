using System.Runtime.CompilerServices;

namespace FacilityMonitor.Rules;

/// <summary>What a meter and the loads behind it do by themselves: its sampling, its smallest step, the scatter of neighbouring values and the slow wander of the level.</summary>
/// <remarks>
/// The scatter σ is the median of |Δ| between neighbouring quiet values over 0.954: the difference of two normal values has √2·σ, and half of its
/// absolute values lie below 0.6745·√2·σ. A median, so that neither a lift nor a switching lamp counts as noise. It is never less than the meter's
/// quantisation, q/√12.
/// </remarks>
internal struct MeterNoise
{
    /// <summary>Differences kept for the median: 48 minutes at one value a minute, ± 15 % of σ.</summary>
    private const int DifferencesMax = 48;

    /// <summary>Fewest differences that make a median.</summary>
    private const int DifferencesMin = 7;

    private const double MedianOfDifference = 0.954;
    private const double QuantisationShare = 0.29;

    /// <summary>Steps a meter may have, W: finer ones do not matter beside σ.</summary>
    private const double FineStepW = 0.1;
    private const double WholeStepW = 1;

    /// <summary>The scatter assumed before anything was measured, W.</summary>
    private const double FirstSigmaW = 0.3;

    /// <summary>Length over which the level's wander is taken, minutes; the same as a knot of the curve.</summary>
    private const double SlotMin = ChargerTrace.KnotMin;
    private const double SlotWeight = 0.12;

    private Differences _differences;
    private int _count;
    private float _sigma;
    private float _interval;
    private bool _isFine;
    private double _slotAt;
    private double _slotSum;
    private float _slotLast;
    private float _wander;
    private byte _slotCount;
    private bool _hasSlot;
    private bool _hasLast;
    private bool _isBroken;

    /// <summary>Scatter of one value, W.</summary>
    public double SigmaW
    {
        readonly get => _sigma == 0 ? FirstSigmaW : _sigma;
        set => (_sigma, _count) = ((float)value, 0);
    }

    /// <summary>Usual time between two values, minutes.</summary>
    public readonly double IntervalMin => _interval == 0 ? 1 : _interval;

    /// <summary>Smallest step of the meter, W.</summary>
    public readonly double StepW => _isFine ? FineStepW : WholeStepW;

    /// <summary>How far the mean of five quiet minutes usually lies from that of the five before, W.</summary>
    public readonly double WanderW => _wander;

    /// <summary>Takes a value.</summary>
    /// <param name="minute">When.</param>
    /// <param name="watts">The value.</param>
    /// <param name="passedMin">Time since the value before.</param>
    /// <param name="differenceW">Difference to the value before; null when the two are no neighbours on one level.</param>
    /// <param name="isQuiet">Whether it lies on the level.</param>
    public void Add(double minute, double watts, double passedMin, double? differenceW, bool isQuiet)
    {
        _interval = (float)(IntervalMin + ((passedMin - IntervalMin) * 0.1));
        if (differenceW is { } difference)
            _differences[_count++ % DifferencesMax] = (float)difference;
        _isFine |= Math.Abs(watts - Math.Round(watts)) > 1e-6;
        Wander(minute, watts, isQuiet);
        var count = Math.Min(_count, DifferencesMax);
        if (count < DifferencesMin)
            return;
        Span<float> sorted = stackalloc float[DifferencesMax];
        sorted = sorted[..count];
        ((ReadOnlySpan<float>)_differences)[..count].CopyTo(sorted);
        sorted.Sort();
        _sigma = (float)Math.Max(sorted[count / 2] / MedianOfDifference, StepW * QuantisationShare);
        // The ring's position without the number that would one day overflow.
        if (_count >= 2 * DifferencesMax)
            _count -= DifferencesMax;
    }

    /// <summary>Something was switched: the values before and after are not compared.</summary>
    public void Break() => (_isBroken, _hasLast) = (true, false);

    /// <summary>Another load came or went: its noise is another.</summary>
    public void Forget() => _count = 0;

    private void Wander(double minute, double watts, bool isQuiet)
    {
        var slot = Math.Floor(minute / SlotMin);
        if (!_hasSlot || slot != _slotAt)
        {
            if (_slotCount > 0)
            {
                var mean = _slotSum / _slotCount;
                // One jump is no wander: it counts at most a little more than what was known.
                if (_hasLast && !_isBroken)
                    _wander += (float)((Math.Min(Math.Abs(mean - _slotLast), (3 * _wander) + 0.2) - _wander) * SlotWeight);
                (_slotLast, _hasLast) = ((float)mean, true);
            }

            (_slotAt, _hasSlot, _slotSum, _slotCount, _isBroken) = (slot, true, 0, 0, false);
        }

        if (!isQuiet || _slotCount == byte.MaxValue)
            return;
        _slotSum += watts;
        _slotCount++;
    }

    [InlineArray(DifferencesMax)]
    private struct Differences
    {
        private float _first;
    }
}

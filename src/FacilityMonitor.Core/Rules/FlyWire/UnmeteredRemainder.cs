namespace FacilityMonitor.Rules;

/// <summary>What a feeder's meter shows beyond the sum of its sockets, when the difference of the meters and what always runs is taken off.</summary>
/// <remarks>
/// The feeder is gain × sum + standing load: meters of class 1 and 2 differ by up to 3 %, which is a charger's power on twenty sockets, and lines,
/// piles and lamps draw something always. Both are learned by recursive least squares that forgets within days; never while a load is being followed,
/// or it would learn the thief. Clocks may differ by a minute, so nothing is compared for a minute and a half after the sum below has jumped.
/// </remarks>
internal struct UnmeteredRemainder
{
    /// <summary>How far two meters' clocks may differ, and the time in which a value on each side has come, ms.</summary>
    private const long SkewMs = 90_000;

    /// <summary>A jump below: less than any charger's start, more than the scatter of many sockets' values, W.</summary>
    private const double JumpW = 25;

    /// <summary>Classes 1 and 2 together, and the losses of the line.</summary>
    private const double GainLeast = 0.96;
    private const double GainMost = 1.06;
    private const double StandingMostW = 400;

    /// <summary>What was learned counts for half after so many values: three days at one a minute.</summary>
    private const double Forget = 1 - (1 / 6000.0);

    /// <summary>Before so many values the standing load is only the last difference's mean.</summary>
    private const int FirstValues = 30;
    private const double OutlierW = 45;

    private bool _hasBegun;
    private int _count;
    private long _jumpedMs;
    private double _belowW;
    private double _weight;
    private double _meanBelow;
    private double _meanFeeder;
    private double _squares;
    private double _products;

    /// <summary>Feeder over sum of sockets.</summary>
    public readonly double Gain => _squares < Spread ? 1 : Math.Clamp(_products / _squares, GainLeast, GainMost);

    /// <summary>What always runs, W.</summary>
    public readonly double StandingW => Math.Clamp(_meanFeeder - (Gain * _meanBelow), -StandingMostW, StandingMostW);

    /// <summary>Until the sum below has moved by some hundred watts for a while nothing is known of the gain.</summary>
    private static double Spread => 30.0 * 100 * 100;

    /// <summary>Something below told.</summary>
    public void Below(long atMs, double watts)
    {
        if (!_hasBegun || Math.Abs(watts - _belowW) > JumpW)
            _jumpedMs = atMs;
        (_hasBegun, _belowW) = (true, watts);
    }

    /// <summary>Takes a value of the feeder; false while the two cannot be compared.</summary>
    /// <param name="atMs">When.</param>
    /// <param name="feederW">What the feeder's meter shows.</param>
    /// <param name="belowW">Sum of what hangs below.</param>
    /// <param name="isFollowing">Whether a load is being followed in the remainder.</param>
    /// <param name="restW">What is left, standing load included: a level, like any circuit's.</param>
    public bool TryTake(long atMs, double feederW, double belowW, bool isFollowing, out double restW)
    {
        restW = feederW - (Gain * belowW);
        if (atMs - _jumpedMs < SkewMs)
            return false;
        if (_count < FirstValues || (!isFollowing && Math.Abs(restW - StandingW) < OutlierW))
            Learn(feederW, belowW);
        restW = feederW - (Gain * belowW);
        return _count >= FirstValues;
    }

    private void Learn(double feederW, double belowW)
    {
        _count = Math.Min(_count + 1, FirstValues);
        _weight = (_weight * Forget) + 1;
        _squares *= Forget;
        _products *= Forget;
        var (below, feeder) = (belowW - _meanBelow, feederW - _meanFeeder);
        _meanBelow += below / _weight;
        _meanFeeder += feeder / _weight;
        _squares += below * (belowW - _meanBelow);
        _products += below * (feederW - _meanFeeder);
    }
}

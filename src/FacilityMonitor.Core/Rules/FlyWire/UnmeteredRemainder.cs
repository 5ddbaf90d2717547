namespace FacilityMonitor.Rules;

/// <summary>What a feeder's meter shows beyond the sum of its sockets, when the difference of the meters and what always runs is taken off.</summary>
/// <remarks>
/// The feeder is gain × sum + standing load: meters of class 1 and 2 differ by up to 3 %, which is a charger's power on twenty sockets, and lines, piles and lamps draw something always.
/// The gain is learned from jumps alone: when a bike begins or ends, both sides move within two minutes, and nothing that is slow has a part in it. A regression over whole days takes the lamps
/// that burn while most bikes charge for a gain of 6 %, and a lead that is there every night, too. What the sum was told of is up to a period older than the feeder's value, and
/// clocks may differ by a minute: how much later is learned from how the rest follows the sum's slope; and nothing is compared for a minute and a half after the sum has jumped.
/// </remarks>
internal struct UnmeteredRemainder
{
    /// <summary>How far two meters' clocks may differ, and the time in which a value on each side has come, ms.</summary>
    private const long SkewMs = 90_000;

    /// <summary>A jump below: less than any charger's start, more than the scatter of many sockets' values, W.</summary>
    private const double JumpW = 25;

    /// <summary>Values on either side of a jump that are further apart tell of more than the jump, ms.</summary>
    private const long JumpMostMs = 6 * 60_000;

    /// <summary>Classes 1 and 2 together, and the losses of the line.</summary>
    private const double GainLeast = 0.96;
    private const double GainMost = 1.06;
    private const double StandingMostW = 400;

    /// <summary>A jump counts for a third after 400 more, for half after 277: some days of a shed.</summary>
    private const double ForgetJump = 1 - (1 / 400.0);

    /// <summary>Equal meters are assumed, as if so much had been seen already, W²: thirty jumps of 100 W.</summary>
    private const double FirstSquares = 30.0 * 100 * 100;

    /// <summary>What was learned of the standing load counts for a third after 6,000 more values, for half after 4,159: three days at one a minute.</summary>
    private const double Forget = 1 - (1 / 6000.0);

    /// <summary>Before so many values the standing load is only the last differences' mean.</summary>
    private const int FirstValues = 30;
    private const double OutlierW = 45;

    /// <summary>Values of the sum are told at most so much later than the feeder's, or earlier, minutes; and none later is assumed as if so much of slope had been seen, (W/min)².</summary>
    private const double LagMostMin = 1.5;
    private const double FirstSlopes = 400;

    /// <summary>The newest change a minute has this part in the slope.</summary>
    private const double SlopePart = 0.3;

    private bool _hasBegun;
    private bool _hasJumped;
    private int _count;
    private long _jumpedMs;
    private double _belowW;
    private double _weight;
    private double _restW;
    private double _squares;
    private double _products;
    private long _lastMs;
    private double _lastFeederW;
    private double _lastBelowW;
    private double _slope;
    private double _slopes;
    private double _lags;

    /// <summary>Feeder over sum of sockets.</summary>
    public readonly double Gain => Math.Clamp((_products + FirstSquares) / (_squares + FirstSquares), GainLeast, GainMost);

    /// <summary>What always runs, W.</summary>
    public readonly double StandingW => Math.Clamp(_restW, -StandingMostW, StandingMostW);

    /// <summary>How much later than the feeder's value the sum is told, minutes.</summary>
    public readonly double LagMin => Math.Clamp(_lags / (_slopes + FirstSlopes), -LagMostMin, LagMostMin);

    /// <summary>Something below told.</summary>
    /// <returns>How much more it is than before, W.</returns>
    public double Below(long atMs, double watts)
    {
        var more = _hasBegun ? watts - _belowW : 0;
        if (!_hasBegun || Math.Abs(more) > JumpW)
            (_jumpedMs, _hasJumped) = (atMs, true);
        (_hasBegun, _belowW) = (true, watts);
        return more;
    }

    /// <summary>Takes a value of the feeder; false while the two cannot be compared.</summary>
    /// <param name="atMs">When.</param>
    /// <param name="feederW">What the feeder's meter shows.</param>
    /// <param name="belowW">Sum of what hangs below.</param>
    /// <param name="isFollowing">Whether a load is being followed in the remainder.</param>
    /// <param name="restW">What is left, standing load included: a level, like any circuit's.</param>
    public bool TryTake(long atMs, double feederW, double belowW, bool isFollowing, out double restW)
    {
        restW = 0;
        if (atMs - _jumpedMs < SkewMs)
            return false;
        if (_hasJumped)
            Jump(atMs, feederW - _lastFeederW, belowW - _lastBelowW);
        else
            Slope((atMs - _lastMs) / 60_000.0, belowW - _lastBelowW);
        (_hasJumped, _lastMs, _lastFeederW, _lastBelowW) = (false, atMs, feederW, belowW);
        var raw = feederW - (Gain * belowW);
        restW = raw - (LagMin * _slope);
        if (_count < FirstValues || (!isFollowing && Math.Abs(restW - StandingW) < OutlierW))
            Learn(raw);
        return _count >= FirstValues;
    }

    /// <summary>A bike came or went: how much of it does the feeder show?</summary>
    private void Jump(long atMs, double feeder, double below)
    {
        _slope = 0;
        // Something else may have switched at the same time.
        if (_lastMs == 0 || atMs - _lastMs > JumpMostMs || Math.Abs(feeder - (Gain * below)) > OutlierW)
            return;
        _squares = (_squares * ForgetJump) + (below * below);
        _products = (_products * ForgetJump) + (below * feeder);
    }

    private void Slope(double minutes, double below)
    {
        if (minutes is > 0 and <= JumpMostMs / 60_000.0)
            _slope += SlopePart * ((below / minutes) - _slope);
        else if (minutes > 0)
            _slope = 0;
    }

    private void Learn(double raw)
    {
        _count = Math.Min(_count + 1, FirstValues);
        _weight = (_weight * Forget) + 1;
        var off = raw - (LagMin * _slope) - _restW;
        _restW += off / _weight;
        if (_count < FirstValues)
            return;
        _slopes = (_slopes * Forget) + (_slope * _slope);
        _lags = (_lags * Forget) + (_slope * (raw - _restW));
    }
}

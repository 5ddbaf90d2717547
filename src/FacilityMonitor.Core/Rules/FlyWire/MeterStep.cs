namespace FacilityMonitor.Rules;

/// <summary>Learns the smallest step of a meter from what it tells: the greatest common divisor of its values. A plain value of 20 bytes.</summary>
/// <remarks>
/// The least difference alone would take two lamps for a meter of 40 W. Of the newest changes only, so that one odd value, or a meter that is set otherwise, counts for some of them and not for ever.
/// </remarks>
internal struct MeterStep
{
    /// <summary>Changes in a window; the one before counts too.</summary>
    private const int WindowChanges = 32;

    /// <summary>Before so many changes nothing coarser than a watt is believed.</summary>
    private const int LeastChanges = 16;

    private const int TenthsAWatt = 10;

    /// <summary>A step of more is a meter in which nothing is seen anyway, 0.1 W.</summary>
    private const int MostTenths = 1000;

    private int _last;
    private int _now;
    private int _before;
    private int _changes;
    private bool _hasBegun;

    /// <summary>The step, W; a tenth is the finest that is kept.</summary>
    public readonly double Watts
    {
        get
        {
            var step = Divisor(_now, _before);
            if (step == 0 || (_before == 0 && _changes < LeastChanges))
                step = Divisor(TenthsAWatt, step);
            return Math.Min(step, MostTenths) / (double)TenthsAWatt;
        }
    }

    /// <summary>Takes a value as the meter told it.</summary>
    public void Take(double watts)
    {
        var tenths = (int)Math.Clamp(Math.Round(watts * TenthsAWatt), -int.MaxValue, int.MaxValue);
        if (_hasBegun && tenths == _last)
            return;
        (_hasBegun, _last) = (true, tenths);
        _now = Divisor(_now, Math.Abs(tenths));
        if (++_changes < WindowChanges)
            return;
        (_before, _now, _changes) = (_now, 0, 0);
    }

    private static int Divisor(int one, int other)
    {
        while (other != 0)
            (one, other) = (other, one % other);
        return one;
    }
}

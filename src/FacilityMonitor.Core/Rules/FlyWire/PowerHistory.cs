using System.Runtime.CompilerServices;

namespace FacilityMonitor.Rules;

/// <summary>The power of one circuit over the last twelve hours, a mean a minute: little enough to be kept for every circuit, and enough to look at a whole charge again whenever more of it is known.</summary>
/// <remarks>Tenths of a watt from −500 to 6,053 W in two bytes each. What is larger is a lift or a heater, and stays "larger".</remarks>
internal struct PowerHistory
{
    /// <summary>Minutes kept: a charge of ten hours, and what was before it.</summary>
    public const int Length = 720;

    /// <summary>The finest step that is kept, W.</summary>
    public const double StepW = 0.1;

    private const double LeastW = -500;

    private Codes _codes;
    private bool _hasBegun;
    private long _firstMin;
    private double _sumW;
    private int _count;

    /// <summary>The newest minute.</summary>
    public long NewestMin { get; private set; }

    /// <summary>Whether nothing was taken yet.</summary>
    public readonly bool IsEmpty => !_hasBegun;

    /// <summary>Takes a value. Of the newest minute the mean counts; what is older is not taken any more.</summary>
    /// <returns>Minutes since the newest value before; 0: the same minute, or an older one.</returns>
    public long Add(double minute, double watts)
    {
        var slot = (long)Math.Floor(minute);
        var passed = _hasBegun ? slot - NewestMin : 0;
        if (passed < 0)
            return 0;
        if (!_hasBegun)
        {
            (_hasBegun, _firstMin, NewestMin) = (true, slot, slot);
        }
        else if (passed > 0)
        {
            for (var silent = Math.Max(NewestMin + 1, slot - Length + 1); silent < slot; silent++)
                _codes[PlaceOf(silent)] = 0;
            (NewestMin, _sumW, _count) = (slot, 0, 0);
        }

        (_sumW, _count) = (_sumW + watts, _count + 1);
        _codes[PlaceOf(slot)] = (ushort)Math.Clamp(Math.Round(((_sumW / _count) - LeastW) / StepW) + 1, 1, ushort.MaxValue);
        return passed;
    }

    /// <summary>Forgets what was before the newest minute.</summary>
    public void Forget() => _firstMin = NewestMin;

    /// <summary>Lays the values out, the oldest first.</summary>
    /// <param name="minutes">Their minutes, counted from <paramref name="from"/>.</param>
    /// <param name="watts">The values.</param>
    /// <param name="from">The minute that counts as 0.</param>
    /// <returns>How many there are.</returns>
    public readonly int Read(Span<short> minutes, Span<float> watts, out long from)
    {
        from = NewestMin - Length + 1;
        var count = 0;
        for (var slot = Math.Max(from, _firstMin); slot <= NewestMin; slot++)
        {
            var code = _codes[PlaceOf(slot)];
            if (code == 0)
                continue;
            minutes[count] = (short)(slot - from);
            watts[count++] = WattsOf(code);
        }

        return count;
    }

    /// <summary>Reads the values of as many of the newest minutes as fit, the newest first.</summary>
    /// <returns>How many there are.</returns>
    public readonly int ReadNewest(Span<float> watts)
    {
        var count = 0;
        for (var slot = NewestMin; slot > NewestMin - watts.Length && slot >= _firstMin; slot--)
        {
            if (_codes[PlaceOf(slot)] is not 0 and var code)
                watts[count++] = WattsOf(code);
        }

        return count;
    }

    private static float WattsOf(ushort code) => (float)(((code - 1) * StepW) + LeastW);

    private static int PlaceOf(long slot) => (int)(((slot % Length) + Length) % Length);

    [InlineArray(Length)]
    private struct Codes
    {
        private ushort _first;
    }
}

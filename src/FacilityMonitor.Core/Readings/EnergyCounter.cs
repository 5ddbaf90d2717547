using FacilityMonitor.Rules;

namespace FacilityMonitor.Readings;

/// <summary>Energy of one channel from its rising counter, right across resets, counter epochs and short glitches; never from power.</summary>
/// <remarks>
/// <para>What a counter rose by counts at the later of its two readings, so the hours add up to exactly what the counter rose by.</para>
/// <para>A counter that falls within its epoch, or names a new epoch, has begun again at zero: its new value counts. A counter that falls and is back at its old value
/// within <see cref="GlitchMs"/> never fell (plugs tell 0 for a few seconds while they start): what was counted meanwhile is taken back and the rise since before counts.</para>
/// <para>A rise no installation of ours can draw (<see cref="PowerMaxW"/>) is a changed meter or nonsense and counts nothing. Bad and suspect readings are passed over.</para>
/// </remarks>
internal struct EnergyCounter
{
    /// <summary>Longest fall that is taken for a glitch, ms.</summary>
    public const long GlitchMs = 600_000;

    /// <summary>Most power a counter can see, W: twice a 3-phase feeder of 160 A. Our choice.</summary>
    public const double PowerMaxW = 250_000;

    /// <summary>Rise that is always believed, Wh: counters step, and two readings can share a millisecond.</summary>
    public const double StepWh = 50;

    private bool _begun;
    private double _wh;
    private long _atMs;
    private uint? _epoch;
    private bool _fell;
    private double _beforeWh;
    private long _beforeMs;
    private double _countedSinceFall;

    /// <summary>What the next reading adds, Wh; negative when it takes back what a glitch had added. Readings come in order of time.</summary>
    public double Add(long atMs, double wh, uint? epoch)
    {
        // No register stands below zero, and from NaN nothing ever comes back: a reading that was not taken.
        if (!(wh >= 0))
            return 0;
        var (begun, previousWh, previousMs) = (_begun, _wh, _atMs);
        var newEpoch = begun && epoch is not null && _epoch is not null && epoch != _epoch;
        (_begun, _wh, _atMs, _epoch) = (true, wh, atMs, epoch ?? _epoch);
        if (!begun)
            return 0;
        if (newEpoch)
        {
            _fell = false;
            return Believed(wh, atMs - previousMs);
        }

        if (_fell && atMs - _beforeMs > GlitchMs)
            _fell = false;
        if (_fell && wh >= _beforeWh)
        {
            _fell = false;
            return Believed(wh - _beforeWh, atMs - _beforeMs) - _countedSinceFall;
        }

        if (wh < previousWh)
        {
            if (!_fell)
                (_fell, _beforeWh, _beforeMs, _countedSinceFall) = (true, previousWh, previousMs, 0);
            return Count(Believed(wh, atMs - previousMs));
        }

        return Count(Believed(wh - previousWh, atMs - previousMs));
    }

    private double Count(double wh)
    {
        if (_fell)
            _countedSinceFall += wh;
        return wh;
    }

    private static double Believed(double wh, long ms) => wh <= StepWh + (PowerMaxW * ms / 3_600_000d) ? wh : 0;

    public readonly void Save(ref SnapshotWriter writer)
    {
        writer.Byte((byte)((_begun ? 1 : 0) | (_fell ? 2 : 0) | (_epoch is null ? 0 : 4)));
        writer.Double(_wh);
        writer.Int64(_atMs);
        writer.Int32(unchecked((int)(_epoch ?? 0)));
        if (!_fell)
            return;
        writer.Double(_beforeWh);
        writer.Int64(_beforeMs);
        writer.Double(_countedSinceFall);
    }

    public static EnergyCounter Load(ref SnapshotReader reader)
    {
        var flags = reader.Byte();
        var counter = new EnergyCounter { _begun = (flags & 1) != 0, _fell = (flags & 2) != 0, _wh = reader.Double(), _atMs = reader.Int64() };
        var epoch = unchecked((uint)reader.Int32());
        counter._epoch = (flags & 4) != 0 ? epoch : null;
        if (counter._fell)
            (counter._beforeWh, counter._beforeMs, counter._countedSinceFall) = (reader.Double(), reader.Int64(), reader.Double());
        return counter;
    }
}

using System.Runtime.CompilerServices;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Rules;

/// <summary>The last three moments of something; times of 0 are none.</summary>
[InlineArray(Length)]
internal struct LastThree
{
    public const int Length = 3;

    private long _first;

    /// <summary>Takes in a moment; the oldest goes.</summary>
    public void Add(long atMs)
    {
        for (var index = Length - 1; index > 0; index--)
            this[index] = this[index - 1];
        this[0] = atMs;
    }

    public readonly bool IsEmpty => this[0] == 0;

    /// <summary>How many of them lie within a time before another moment, that time included.</summary>
    public readonly int Within(long ms, long nowMs)
    {
        var count = 0;
        for (var index = 0; index < Length; index++)
            count += this[index] > 0 && nowMs - this[index] <= ms ? 1 : 0;
        return count;
    }

    public readonly void Save(ref SnapshotWriter writer)
    {
        for (var index = 0; index < Length; index++)
            writer.Int64(this[index]);
    }

    public static LastThree Load(ref SnapshotReader reader)
    {
        var loaded = new LastThree();
        for (var index = 0; index < Length; index++)
            loaded[index] = reader.Int64();
        return loaded;
    }
}

/// <summary>What one sample says of a socket; NaN and null: it does not say.</summary>
internal readonly record struct SocketSample(long AtMs, float Watts, double Wh, uint? Epoch, bool? Relay, SocketWord Word);

/// <summary>A session that runs, or is over and waits for the last reading of its counter. About 350 bytes: there is one only while somebody charges.</summary>
internal sealed class Session
{
    private CounterMemory? _counter;
    private Rare? _rare;
    private double _settledWh = double.NaN;
    private long _pendingMs;
    private double _powerWh;

    public required long OpenedMs { get; init; }

    public required long StartMs { get; set; }

    public required SessionSigns StartedBy { get; set; }

    public bool IsWhole { get; set; }

    /// <summary>When it was over; 0: it runs.</summary>
    public long EndMs { get; set; }

    public SessionSigns EndedBy { get; set; }

    public string? Name { get; set; }

    public string? User { get; set; }

    public StopReason? Reason { get; set; }

    public double? SettledWh
    {
        get => double.IsNaN(_settledWh) ? null : _settledWh;
        set => _settledWh = value ?? double.NaN;
    }

    /// <summary>The last sample or event that said anything.</summary>
    public long SeenMs { get; set; }

    /// <summary>Once it is over: when it is told, by engine time, if no later reading of its counter comes.</summary>
    public long DueMs
    {
        get => _pendingMs;
        set => _pendingMs = value;
    }

    /// <summary>The last sample with a power, and what it was.</summary>
    public long PowerMs { get; set; }

    public float Watts { get; set; }

    public int UnseenMs { get; set; }

    public ChargingCurve Curve;

    /// <summary>Since when nothing is plugged in as far as power says; 0: something is.</summary>
    public long QuietSinceMs { get; set; }

    public int QuietMs { get; set; }

    public byte QuietSamples { get; set; }

    /// <summary>Since when the signs agree that it is over, and in how many samples; 0: they do not.</summary>
    public long OverSinceMs
    {
        get => IsOver ? 0 : _pendingMs;
        set => _pendingMs = value;
    }

    public byte OverSamples { get; set; }

    /// <summary>Restarts after full, and when the last ones were.</summary>
    public int Restarts { get; set; }

    public LastThree RestartedMs => _rare?.RestartedMs ?? default;

    public bool IsOver => EndMs != 0;

    /// <summary>The last power that was a load, in percent of the peak; 255 and above is 255.</summary>
    public byte LoadPercent { get; set; }

    /// <summary>What may be the next battery's session, while that is not proven; null: nothing.</summary>
    public NextSession? Next
    {
        get => _rare?.Next;
        set
        {
            if (value is not null || _rare is not null)
                (_rare ??= new Rare()).Next = value;
        }
    }

    /// <summary>Whether its charger had all but finished when the load went: some cut themselves off at full, without a tail. X10P piles call a battery full from 45 W down, a quarter of a usual charger.</summary>
    public bool HasTapered => Curve.TaperMs >= SessionLimits.StageMs && LoadPercent <= 25;

    /// <summary>Since when its battery is full: as the device said, else as its power shows; 0: it is not.</summary>
    public long FullMs => Curve.FullMs;

    public bool HasCounter => _counter is { HasCounted: true };

    /// <summary>Energy so far, Wh.</summary>
    public double? Wh => HasCounter ? _counter!.Wh : SettledWh ?? (PowerMs > 0 ? _powerWh : null);

    public EnergySource EnergyFrom => HasCounter ? EnergySource.Counter
        : SettledWh is not null ? EnergySource.Settlement
        : PowerMs > 0 ? EnergySource.Power : EnergySource.None;

    /// <summary>Takes the counter's last reading of before the session.</summary>
    public void Before(long atMs, double wh, uint? epoch) => (_counter ??= new CounterMemory()).Before(atMs, wh, epoch);

    /// <summary>Takes in a counter's reading in order of time.</summary>
    public void Count(long atMs, double wh, uint? epoch) => (_counter ??= new CounterMemory()).Count(atMs, wh, epoch);

    /// <summary>Takes in a power in order of time.</summary>
    public void Power(long atMs, float watts, long gapMs, in SessionLimits limits)
    {
        // The same instant told twice is one sample, and what is no number is none: one would make the whole sum none.
        if (atMs == PowerMs || !float.IsFinite(watts))
            return;
        var passed = PowerMs == 0 ? 0 : atMs - PowerMs;
        var counted = passed > gapMs ? 0 : (int)passed;
        if (passed > gapMs)
            UnseenMs = (int)Math.Min(int.MaxValue, UnseenMs + passed);
        _powerWh += (Math.Max(0, watts) + Math.Max(0, Watts)) / 2.0 * counted / 3_600_000;
        var (beforeMs, beforeW) = (PowerMs, Watts);
        (PowerMs, Watts) = (atMs, watts);
        if (watts > SessionLimits.UnpluggedW)
            (LoadPercent, QuietSinceMs, QuietMs, QuietSamples) = ((byte)Math.Min(byte.MaxValue, 100 * watts / Math.Max(1, Curve.PeakW)), 0, 0, 0);
        else if (QuietSinceMs == 0)
            (QuietSinceMs, QuietSamples) = (atMs, 1);
        else
            (QuietMs, QuietSamples) = ((int)Math.Min(int.MaxValue, (long)QuietMs + counted), (byte)Math.Min(byte.MaxValue, QuietSamples + 1));
        if (!Curve.Step(atMs, watts, beforeW, counted, limits))
            return;
        // The sample before was the first that showed it.
        Restarts++;
        (_rare ??= new Rare()).RestartedMs.Add(beforeMs);
    }

    /// <summary>What it has come to, for <see cref="TakeBack"/>.</summary>
    public SessionMark Mark() => new()
    {
        Curve = Curve,
        Restarts = Restarts,
        RestartedMs = RestartedMs,
        PowerMs = PowerMs,
        Watts = Watts,
        LoadPercent = LoadPercent,
        UnseenMs = UnseenMs,
        SeenMs = SeenMs,
        PowerWh = _powerWh,
        CounterWh = _counter?.Wh ?? 0,
    };

    /// <summary>Goes back to what it had come to: what followed was another's.</summary>
    public void TakeBack(in SessionMark mark)
    {
        (Curve, Restarts, PowerMs, Watts, LoadPercent) = (mark.Curve, mark.Restarts, mark.PowerMs, mark.Watts, mark.LoadPercent);
        (UnseenMs, SeenMs, _powerWh, Next) = (mark.UnseenMs, mark.SeenMs, mark.PowerWh, null);
        if (_rare is not null)
            _rare.RestartedMs = mark.RestartedMs;
        _counter?.TakeBack(mark.CounterWh);
    }

    public void Save(ref SnapshotWriter writer)
    {
        writer.Int64(OpenedMs);
        writer.Int64(StartMs);
        writer.Byte((byte)StartedBy);
        writer.Byte((byte)((IsWhole ? 1 : 0) | (_counter is null ? 0 : 2) | (SettledWh is null ? 0 : 4) | (Next is null ? 0 : 8)));
        writer.Int64(EndMs);
        writer.Byte((byte)EndedBy);
        writer.Text(Name);
        writer.Text(User);
        writer.Byte(Reason is { } reason ? (byte)reason : byte.MaxValue);
        writer.Double(SettledWh ?? 0);
        writer.Int64(SeenMs);
        writer.Int64(DueMs);
        writer.Int64(PowerMs);
        writer.Single(Watts);
        writer.Int32(UnseenMs);
        Curve.Save(ref writer);
        writer.Int64(QuietSinceMs);
        writer.Int32(QuietMs);
        writer.Byte(QuietSamples);
        writer.Byte(OverSamples);
        writer.Int32(Restarts);
        if (Restarts > 0)
            RestartedMs.Save(ref writer);
        _counter?.Save(ref writer);
        writer.Double(_powerWh);
        writer.Byte(LoadPercent);
        Next?.Save(ref writer);
    }

    public static Session Load(ref SnapshotReader reader, byte format)
    {
        var session = new Session { OpenedMs = reader.Int64(), StartMs = reader.Int64(), StartedBy = (SessionSigns)reader.Byte() };
        var flags = reader.Byte();
        session.IsWhole = (flags & 1) != 0;
        session.EndMs = reader.Int64();
        session.EndedBy = (SessionSigns)reader.Byte();
        session.Name = reader.Text();
        session.User = reader.Text();
        session.Reason = reader.Byte() is var reason and not byte.MaxValue ? (StopReason)reason : null;
        var settled = reader.Double();
        session.SettledWh = (flags & 4) != 0 ? settled : null;
        session.SeenMs = reader.Int64();
        session.DueMs = reader.Int64();
        session.PowerMs = reader.Int64();
        session.Watts = reader.Single() is var watts && float.IsFinite(watts) ? watts : 0;
        session.UnseenMs = reader.Int32();
        session.Curve = ChargingCurve.Load(ref reader, format);
        session.QuietSinceMs = reader.Int64();
        session.QuietMs = reader.Int32();
        session.QuietSamples = reader.Byte();
        session.OverSamples = reader.Byte();
        session.Restarts = reader.Int32();
        if (session.Restarts > 0)
            session._rare = new Rare { RestartedMs = LastThree.Load(ref reader) };
        session._counter = (flags & 2) != 0 ? CounterMemory.Load(ref reader) : null;
        // A version that took any number may have left one here that is none.
        session._powerWh = reader.Double() is var wh && double.IsFinite(wh) ? wh : 0;
        if (format < SiteEngine.FormatOfOffWords)
            return session;
        session.LoadPercent = reader.Byte();
        session.Next = (flags & 8) != 0 ? NextSession.Load(ref reader, format) : null;
        return session;
    }

    /// <summary>What few sessions have; so most pay for neither.</summary>
    private sealed class Rare
    {
        public LastThree RestartedMs;

        public NextSession? Next { get; set; }
    }

    /// <summary>The counter of a socket that has one, over one session.</summary>
    private sealed class CounterMemory
    {
        private EnergyCounter _counter;
        private double _beforeWh = double.NaN;

        public double Wh { get; private set; }

        /// <summary>Whether the session itself was counted, and not only the time before it.</summary>
        public bool HasCounted { get; private set; }

        public void Before(long atMs, double wh, uint? epoch)
        {
            _beforeWh = wh;
            _counter.Add(atMs, wh, epoch);
        }

        public void Count(long atMs, double wh, uint? epoch)
        {
            // Many piles count from zero with each order: a fall at the begin is no glitch.
            if (wh < _beforeWh)
            {
                _counter = default;
                _counter.Add(atMs, 0, epoch);
            }

            _beforeWh = double.NaN;
            Wh = Math.Max(0, Wh + _counter.Add(atMs, wh, epoch));
            HasCounted = true;
        }

        public void TakeBack(double wh) => Wh = wh;

        public void Save(ref SnapshotWriter writer)
        {
            _counter.Save(ref writer);
            writer.Double(_beforeWh);
            writer.Double(Wh);
            writer.Byte(HasCounted ? (byte)1 : (byte)0);
        }

        public static CounterMemory Load(ref SnapshotReader reader) => new()
        {
            _counter = EnergyCounter.Load(ref reader),
            _beforeWh = reader.Double(),
            Wh = reader.Double(),
            HasCounted = reader.Byte() == 1,
        };
    }
}

/// <summary>What is kept of a socket's last session: enough to know its settlement again, and what rules count over several sessions.</summary>
internal sealed class PastSession
{
    public required long OpenedMs { get; init; }

    public required long StartMs { get; init; }

    public required long EndMs { get; init; }

    public required string? Name { get; set; }

    public required string? User { get; set; }

    public required StopReason? Reason { get; set; }

    /// <summary>Whether the device itself has settled it.</summary>
    public required bool IsSettled { get; set; }

    /// <summary>Since when the battery was full; 0: it was not.</summary>
    public required long FullMs { get; init; }

    /// <summary>Sessions in a row that never had a load: when the last three began.</summary>
    public LastThree DeadStartsMs;

    public void Save(ref SnapshotWriter writer)
    {
        writer.Int64(OpenedMs);
        writer.Int64(StartMs);
        writer.Int64(EndMs);
        writer.Text(Name);
        writer.Text(User);
        writer.Byte(Reason is { } reason ? (byte)reason : byte.MaxValue);
        writer.Byte(IsSettled ? (byte)1 : (byte)0);
        writer.Int64(FullMs);
        DeadStartsMs.Save(ref writer);
    }

    public static PastSession Load(ref SnapshotReader reader) => new()
    {
        OpenedMs = reader.Int64(),
        StartMs = reader.Int64(),
        EndMs = reader.Int64(),
        Name = reader.Text(),
        User = reader.Text(),
        Reason = reader.Byte() is var reason and not byte.MaxValue ? (StopReason)reason : null,
        IsSettled = reader.Byte() == 1,
        FullMs = reader.Int64(),
        DeadStartsMs = LastThree.Load(ref reader),
    };
}

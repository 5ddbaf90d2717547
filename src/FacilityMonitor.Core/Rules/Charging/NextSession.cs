namespace FacilityMonitor.Rules;

/// <summary>What a session had come to at one moment.</summary>
internal struct SessionMark
{
    public ChargingCurve Curve;
    public int Restarts;
    public LastThree RestartedMs;
    public long PowerMs;
    public float Watts;
    public byte LoadPercent;
    public int UnseenMs;
    public long SeenMs;
    public double PowerWh;
    public double CounterWh;

    public readonly void Save(ref SnapshotWriter writer)
    {
        Curve.Save(ref writer);
        writer.Int32(Restarts);
        RestartedMs.Save(ref writer);
        writer.Int64(PowerMs);
        writer.Single(Watts);
        writer.Byte(LoadPercent);
        writer.Int32(UnseenMs);
        writer.Int64(SeenMs);
        writer.Double(PowerWh);
        writer.Double(CounterWh);
    }

    public static SessionMark Load(ref SnapshotReader reader, byte format) => new()
    {
        Curve = ChargingCurve.Load(ref reader, format),
        Restarts = reader.Int32(),
        RestartedMs = LastThree.Load(ref reader),
        PowerMs = reader.Int64(),
        Watts = reader.Single(),
        LoadPercent = reader.Byte(),
        UnseenMs = reader.Int32(),
        SeenMs = reader.Int64(),
        PowerWh = reader.Double(),
        CounterWh = reader.Double(),
    };
}

/// <summary>What may be the session of the next battery, followed beside the one that is full. It is a top-up of that one until it has lasted.</summary>
/// <param name="session">It, from its first sample on.</param>
/// <param name="before">What the full one had come to until then.</param>
internal sealed class NextSession(Session session, in SessionMark before)
{
    private readonly SessionMark _before = before;

    public Session Session => session;

    public ref readonly SessionMark Before => ref _before;

    /// <summary>Whether it was seen for as long as a battery must lie still to be called full: a broken pack that starts again and again draws for ten minutes and more each time.</summary>
    public bool HasLasted => session.PowerMs - session.StartMs - session.UnseenMs >= SessionLimits.FullHoldMs;

    public void Save(ref SnapshotWriter writer)
    {
        session.Save(ref writer);
        _before.Save(ref writer);
    }

    public static NextSession Load(ref SnapshotReader reader, byte format)
    {
        var loaded = Session.Load(ref reader, format);
        return new NextSession(loaded, SessionMark.Load(ref reader, format));
    }
}

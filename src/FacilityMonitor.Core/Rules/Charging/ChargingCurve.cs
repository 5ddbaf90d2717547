namespace FacilityMonitor.Rules;

/// <summary>What the power of a whole session looked like. The numbers are stored: add at the end.</summary>
public enum CurveShape : byte
{
    /// <summary>Never a load.</summary>
    NoLoad = 0,

    /// <summary>Too short to say.</summary>
    TooShort = 1,

    /// <summary>Constant current to the end: cut off, or a charger that does not taper.</summary>
    Constant = 2,

    /// <summary>Constant current, then a taper: a charge as it should be.</summary>
    ConstantTaper = 3,

    /// <summary>It began in its taper: a top-up of a battery that was nearly full.</summary>
    Taper = 4,

    /// <summary>Two packs or more, one after the other.</summary>
    Packs = 5,
}

/// <summary>The stages of one session's power, followed sample by sample in event time. A gap counts for no stage.</summary>
internal record struct ChargingCurve
{
    /// <summary>Highest power that two samples in a row reached, W: an inrush or a wild reading is no peak.</summary>
    public float PeakW { get; set; }

    /// <summary>Counted time under load until the peak, ms.</summary>
    public int PeakAtMs { get; set; }

    /// <summary>Time at <see cref="SessionLimits.ConstantShare"/> of the peak so far and above, ms.</summary>
    public int ConstantMs { get; set; }

    /// <summary>The same since it was last below for two samples, ms.</summary>
    public int UnbrokenMs { get; set; }

    /// <summary>Time between full and constant, ms.</summary>
    public int TaperMs { get; set; }

    /// <summary>Of that, time below <see cref="SessionLimits.TrickleShare"/> of the peak so far, ms.</summary>
    public int TrickleMs { get; set; }

    /// <summary>Time below the full threshold after a load, ms.</summary>
    public int TailMs { get; set; }

    /// <summary>Since when the power lies still below the full threshold; 0: it does not.</summary>
    public long SteadySinceMs { get; set; }

    public int SteadyMs { get; set; }

    public float SteadyW { get; set; }

    /// <summary>Since when the battery is full; 0: it is not, as far as we see.</summary>
    public long FullMs { get; set; }

    /// <summary>Packs charged one after the other.</summary>
    public byte Packs { get; set; }

    public bool Dipped { get; set; }

    /// <summary>Samples in a row below the constant stage, to 2.</summary>
    public byte BelowSamples { get; set; }

    /// <summary>Whether it was below the full threshold since it last restarted.</summary>
    public bool WasLow { get; set; }

    /// <summary>Samples in a row above <see cref="SessionLimits.RestartW"/> after that, to 2.</summary>
    public byte RestartSamples { get; set; }

    /// <summary>Time above the full threshold, ms.</summary>
    public readonly int ChargedMs => (int)Math.Min(int.MaxValue, (long)ConstantMs + TaperMs);

    /// <summary>Time above the full threshold in which the battery took more than a trickle, ms.</summary>
    public readonly int EarnestMs => ChargedMs - TrickleMs;

    /// <summary>What it amounts to.</summary>
    public readonly CurveShape Shape
    {
        get
        {
            if (PeakW < SessionLimits.LoadW)
                return CurveShape.NoLoad;
            if (Packs > 1)
                return CurveShape.Packs;
            var tapers = TaperMs >= SessionLimits.StageMs;
            if (tapers && PeakAtMs <= SessionLimits.EarlyPeakMs && ConstantMs <= 2 * SessionLimits.EarlyPeakMs)
                return CurveShape.Taper;
            if (ConstantMs < SessionLimits.StageMs)
                return CurveShape.TooShort;
            return tapers ? CurveShape.ConstantTaper : CurveShape.Constant;
        }
    }

    /// <summary>Takes a sample.</summary>
    /// <param name="atMs">When.</param>
    /// <param name="w">Power, W.</param>
    /// <param name="lastW">Power of the sample before, W; 0: there was none.</param>
    /// <param name="countedMs">Time since the sample before; 0 after a gap.</param>
    /// <param name="limits">The limits.</param>
    /// <returns>Whether a full battery started again; told once, with its second sample.</returns>
    public bool Step(long atMs, float w, float lastW, int countedMs, in SessionLimits limits)
    {
        var borne = Math.Min(w, lastW);
        if (borne > PeakW)
            (PeakW, PeakAtMs) = (borne, Sum(ChargedMs, countedMs));
        if (PeakW < SessionLimits.LoadW)
            return false;
        if (w < limits.FullW)
            Low(atMs, w, countedMs);
        else
            High(w, countedMs);
        return Restart(w, limits);
    }

    private void High(float w, int countedMs)
    {
        (SteadySinceMs, SteadyMs) = (0, 0);
        if (w >= SessionLimits.ConstantShare * PeakW)
        {
            Packs = Dipped || Packs == 0 ? (byte)Math.Min(byte.MaxValue, Packs + 1) : Packs;
            (Dipped, BelowSamples) = (false, 0);
            ConstantMs = Sum(ConstantMs, countedMs);
            UnbrokenMs = Sum(UnbrokenMs, countedMs);
            return;
        }

        TaperMs = Sum(TaperMs, countedMs);
        if (w < SessionLimits.TrickleShare * PeakW)
            TrickleMs = Sum(TrickleMs, countedMs);
        Below(w);
    }

    private void Low(long atMs, float w, int countedMs)
    {
        // Without a current the plug is out, or the pile has cut it: that is no stage of a charge.
        if (w > SessionLimits.UnpluggedW)
            TailMs = Sum(TailMs, countedMs);
        Below(w);
        WasLow = true;
        if (SteadySinceMs == 0 || Math.Abs(w - SteadyW) > SessionLimits.FullBandW)
            (SteadySinceMs, SteadyMs, SteadyW) = (atMs, 0, w);
        else
            SteadyMs = Sum(SteadyMs, countedMs);
        if (FullMs == 0 && w > SessionLimits.UnpluggedW && PeakW >= SessionLimits.RestartW && SteadyMs >= SessionLimits.FullHoldMs)
            FullMs = SteadySinceMs;
    }

    private void Below(float w)
    {
        Dipped |= w < SessionLimits.DipShare * PeakW && ConstantMs >= SessionLimits.StageMs;
        BelowSamples = (byte)Math.Min(2, BelowSamples + 1);
        if (BelowSamples == 2)
            UnbrokenMs = 0;
    }

    private bool Restart(float w, in SessionLimits limits)
    {
        if (FullMs == 0 || !WasLow || w <= Math.Max(limits.FullW, SessionLimits.RestartW))
        {
            RestartSamples = 0;
            return false;
        }

        if (++RestartSamples < 2)
            return false;
        (WasLow, RestartSamples) = (false, 0);
        return true;
    }

    private static int Sum(int ms, int more) => (int)Math.Min(int.MaxValue, (long)ms + more);

    public readonly void Save(ref SnapshotWriter writer)
    {
        writer.Single(PeakW);
        writer.Int32(PeakAtMs);
        writer.Int32(ConstantMs);
        writer.Int32(UnbrokenMs);
        writer.Int32(TaperMs);
        writer.Int32(TailMs);
        writer.Int64(SteadySinceMs);
        writer.Int32(SteadyMs);
        writer.Single(SteadyW);
        writer.Int64(FullMs);
        writer.Byte(Packs);
        writer.Byte((byte)((Dipped ? 1 : 0) | (WasLow ? 2 : 0)));
        writer.Byte(BelowSamples);
        writer.Byte(RestartSamples);
        writer.Int32(TrickleMs);
    }

    public static ChargingCurve Load(ref SnapshotReader reader, byte format)
    {
        var curve = new ChargingCurve
        {
            PeakW = reader.Single(),
            PeakAtMs = reader.Int32(),
            ConstantMs = reader.Int32(),
            UnbrokenMs = reader.Int32(),
            TaperMs = reader.Int32(),
            TailMs = reader.Int32(),
            SteadySinceMs = reader.Int64(),
            SteadyMs = reader.Int32(),
            SteadyW = reader.Single(),
            FullMs = reader.Int64(),
            Packs = reader.Byte(),
        };
        var flags = reader.Byte();
        (curve.Dipped, curve.WasLow) = ((flags & 1) != 0, (flags & 2) != 0);
        (curve.BelowSamples, curve.RestartSamples) = (reader.Byte(), reader.Byte());
        curve.TrickleMs = format >= SiteEngine.FormatOfCrowds ? reader.Int32() : 0;
        return curve;
    }
}

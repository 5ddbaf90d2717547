namespace FirmwareSim.Physics;

/// <summary>How a charger's power falls once it holds the voltage, as a share of its peak over the minutes since the peak.</summary>
internal abstract record Taper
{
    private Taper()
    {
    }

    /// <summary>Share of the peak power, 1 falling to 0.</summary>
    public abstract double Share(double minutes);

    /// <summary>What is still to come: the integral of <see cref="Share"/> from here on, in minutes at peak power.</summary>
    public abstract double Remaining(double minutes);

    /// <summary>The same shape, so many times as long.</summary>
    public abstract Taper Stretched(double times);

    /// <summary>The minute of the taper at which <paramref name="remaining"/> minutes at peak are still to come; 0 when the taper is shorter than that.</summary>
    public double MinuteWith(double remaining)
    {
        if (remaining >= Remaining(0))
            return 0;
        var (low, high) = (0.0, 1_440.0);
        for (var round = 0; round < 40; round++)
        {
            var middle = (low + high) / 2;
            if (Remaining(middle) > remaining)
                low = middle;
            else
                high = middle;
        }

        return high;
    }

    /// <summary>Lithium: a shoulder that bends down to half the peak in 45 to 76 minutes, then an exponential. Fits the three measured 48 V curves
    /// (reference: 90/50/30/10 % of peak after 20/45/61/86, 20/50/71/106 and 20/76/106/132 minutes).</summary>
    /// <param name="ShoulderMin">Minutes from the peak to half of it.</param>
    /// <param name="Bend">1 is a straight line, 2 stays high for longer.</param>
    /// <param name="TauMin">Time constant of the exponential.</param>
    public sealed record Lithium(double ShoulderMin, double Bend, double TauMin) : Taper
    {
        public override double Share(double minutes) => minutes < ShoulderMin
            ? 1 - (0.5 * Math.Pow(minutes / ShoulderMin, Bend))
            : 0.5 * Math.Exp((ShoulderMin - minutes) / TauMin);

        public override double Remaining(double minutes)
        {
            if (minutes >= ShoulderMin)
                return TauMin * Share(minutes);
            var bent = (ShoulderMin - (minutes * Math.Pow(minutes / ShoulderMin, Bend))) * 0.5 / (Bend + 1);
            return ShoulderMin - minutes - bent + (0.5 * TauMin);
        }

        public override Taper Stretched(double times) => this with { ShoulderMin = ShoulderMin * times, TauMin = TauMin * times };
    }

    /// <summary>Lead-acid: a fast and a slow exponential. Fits the measured 0.31 C curve (90/50/30/10 % after 5/23/40/93 minutes).</summary>
    public sealed record LeadAcid(double FastShare, double FastTauMin, double SlowTauMin) : Taper
    {
        public override double Share(double minutes) =>
            (FastShare * Math.Exp(-minutes / FastTauMin)) + ((1 - FastShare) * Math.Exp(-minutes / SlowTauMin));

        public override double Remaining(double minutes) =>
            (FastShare * FastTauMin * Math.Exp(-minutes / FastTauMin)) + ((1 - FastShare) * SlowTauMin * Math.Exp(-minutes / SlowTauMin));

        public override Taper Stretched(double times) => this with { FastTauMin = FastTauMin * times, SlowTauMin = SlowTauMin * times };
    }

    /// <summary>The battery's own electronics cut at full current: no taper at all.</summary>
    public sealed record None : Taper
    {
        public override double Share(double minutes) => 0;

        public override double Remaining(double minutes) => 0;

        public override Taper Stretched(double times) => this;
    }
}

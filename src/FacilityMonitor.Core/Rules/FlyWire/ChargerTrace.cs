namespace FacilityMonitor.Rules;

/// <summary>A load that may be a charger: when the floor of a circuit's power rose, and what was found in its curve since.</summary>
internal struct ChargerTrace
{
    public bool IsUsed;

    /// <summary>It went off, or cannot be followed any more. Its evidence stays until the place is needed.</summary>
    public bool IsOver;

    /// <summary>Of one that is over: nobody saw it go off, it only lasted for longer than its curve is kept, or began before all that is.</summary>
    public bool IsLost;

    /// <summary>It is suspected: it is followed on when its curve is full, for who ends it says that it is off.</summary>
    public bool IsSuspected;

    /// <summary>When it went on, and when it was last seen.</summary>
    public double StartMin;
    public double LastMin;

    /// <summary>The on-step, W.</summary>
    public float StepW;

    /// <summary>The floor before the step, W.</summary>
    public float BaseW;

    /// <summary>What it draws, W.</summary>
    public float LastW;

    /// <summary>What lies below it now, W.</summary>
    public float FloorW;

    /// <summary>Scatter and wander of the circuit when it began, W: what has to be forgiven it.</summary>
    public float SigmaW;
    public float WanderW;

    /// <summary>Least and most that was taken off it since, W; see <see cref="Beside"/>.</summary>
    public float BesideLeastW;
    public float BesideMostW;

    /// <summary>Share of the values that lay a little above the floor before it.</summary>
    public float RestlessBefore;

    /// <summary>Evidence, natural logarithms of likelihood ratios.</summary>
    public float ClimbNats;
    public float TaperNats;
    public float RestlessNats;
    public float RepeatNats;

    /// <summary>The unrest when the climb was best.</summary>
    public float ClimbRestlessNats;

    /// <summary>The best climb that was seen: share of the step a minute, scatter about it as a share of the step.</summary>
    public float ClimbShareAMin;
    public float FitShare;

    /// <summary>How much of the step has gone without being switched off.</summary>
    public float Fallen;

    public float EnergyWh;

    /// <summary>How much more likely what was seen is of a charger than of anything else, natural logarithm.</summary>
    public readonly double Nats => Math.Max(0, ClimbNats - Math.Max(0, ClimbRestlessNats - RestlessNats)) + TaperNats - RestlessNats - RepeatNats;

    public readonly bool IsOn => IsUsed && !IsOver;

    /// <summary>The scatter that is forgiven it, W, of what a value has now: noise that began with the load is the load's own, but for what a meter's grows by with its reading (0.4 %,
    /// design §5).</summary>
    public readonly double ForgivenW(double sigmaW) => Math.Min(sigmaW, Math.Max(1.4 * SigmaW, 0.004 * StepW));
}

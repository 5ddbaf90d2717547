using System.Runtime.CompilerServices;

namespace FacilityMonitor.Rules;

/// <summary>What stands beside the curve of one load, natural logarithms of likelihood ratios; see <see cref="ChargerOdds"/>.</summary>
internal struct LoadSigns
{
    /// <summary>The load: when it began, and its step. 0: none.</summary>
    public double StartMin;
    public float StepW;

    /// <summary>It is over, and what it was believed to be is remembered.</summary>
    public bool IsOver;

    /// <summary>Somebody was told of it: its case teaches the circuit, not the nights.</summary>
    public bool IsTold;

    /// <summary>It is of chargers that belong here: theirs alone, together, or seen with something that switched on before.</summary>
    public bool IsExpected;

    public float HourNats;
    public float BikeNats;
    public float HeatNats;
    public float NightsNats;

    /// <summary>Minutes from the last bike to the load; of no meaning without <see cref="BikeNats"/>.</summary>
    public float BikeMin;

    /// <summary>How much warmer the terminals became, K.</summary>
    public float HeatK;

    /// <summary>What it drew when the suspicion of another load ended, W: what fell until then was that one's. 0: none did.</summary>
    public float DrewW;

    /// <summary>Logarithm of the odds that it is a charger, as seen last.</summary>
    public float OddsNats;

    /// <summary>How likely that is.</summary>
    public readonly double Probability => ChargerOdds.Probability(OddsNats);

    /// <summary>All that stands beside the curve.</summary>
    public readonly double Nats => HourNats + Math.Min(BikeNats + HeatNats + NightsNats, ChargerOdds.SignsNatsMost);
}

/// <summary>The signs of each load that is followed.</summary>
[InlineArray(ChargerSignature.TracesMax)]
internal struct AllSigns
{
    private LoadSigns _first;
}

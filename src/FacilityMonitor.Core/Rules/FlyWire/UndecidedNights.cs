namespace FacilityMonitor.Rules;

/// <summary>Loads that may have been a charger and were not sure enough to tell anybody: each counts as the part of a confirmed case that was believed of it, and is slowly forgotten.</summary>
/// <remarks>
/// What comes several times in one night is one thing seen several times, and counts once, as its surest. Only a load of the same size is helped by it: a charger draws what it drew last night.
/// A plain value; minutes are those since 1970.
/// </remarks>
internal struct UndecidedNights
{
    /// <summary>Less than this is no suspicion.</summary>
    public const double Least = 0.2;

    /// <summary>What begins within so many minutes is the same night.</summary>
    public const double NightMin = 720;

    /// <summary>Half is forgotten after a week.</summary>
    public const double HalfLifeMin = 7 * 1440;

    /// <summary>Loads of the same size, as a share: another pack, another state of charge.</summary>
    private const double SameShare = 0.25;

    private float _before;
    private float _tonight;
    private float _stepW;
    private uint _tonightMin;

    /// <summary>A load is over that was not told of.</summary>
    /// <param name="startMin">When it began.</param>
    /// <param name="stepW">What it drew, W.</param>
    /// <param name="probability">How likely it was a charger.</param>
    public void Ended(double startMin, double stepW, double probability)
    {
        if (probability < Least)
            return;
        if (!IsSame(stepW))
        {
            // Another load: the likelier of the two is remembered.
            if (probability > Known(startMin))
                (_before, _tonight, _stepW, _tonightMin) = (0, (float)probability, (float)stepW, (uint)startMin);
        }
        else if (startMin - _tonightMin < NightMin)
        {
            _tonight = Math.Max(_tonight, (float)probability);
        }
        else
        {
            (_before, _tonight, _tonightMin) = ((float)Known(startMin), (float)probability, (uint)startMin);
        }
    }

    /// <summary>What the nights before say of a load: so many confirmed cases.</summary>
    /// <param name="startMin">When it began.</param>
    /// <param name="stepW">What it draws, W.</param>
    /// <param name="most">They never count for more.</param>
    public readonly double Of(double startMin, double stepW, double most)
    {
        if (_tonightMin == 0 || !IsSame(stepW))
            return 0;
        return Math.Min(most, startMin - _tonightMin >= NightMin ? Known(startMin) : _before);
    }

    private readonly double Known(double minute) => (_before + _tonight) * Math.Pow(0.5, Math.Max(0, minute - _tonightMin) / HalfLifeMin);

    private readonly bool IsSame(double stepW) => Math.Abs(stepW - _stepW) <= SameShare * _stepW;
}

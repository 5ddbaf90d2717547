namespace FacilityMonitor.Readings;

/// <summary>How far a reading can be trusted; of several the worst, which is the highest, wins.</summary>
public enum Quality : byte
{
    /// <summary>As measured (<c>g</c> on the wire, and the default).</summary>
    Good = 0,

    /// <summary>An old value told again (<c>s</c> on the wire), or a retained foreign message.</summary>
    Stale = 1,

    /// <summary>Its time was corrected by us; the device's own time is kept beside it.</summary>
    Clock = 2,

    /// <summary>Physically implausible: V ≥ 100, A reported and |P| > 1.10·V·I + 2 W. Given by us only.</summary>
    Suspect = 3,

    /// <summary>The device says the value is bad (<c>b</c> on the wire).</summary>
    Bad = 4,
}

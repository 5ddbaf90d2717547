namespace FacilityMonitor.Registry;

/// <summary>What a team is to those who need help: the chain of an alert calls tiers, not persons.</summary>
public enum Tier
{
    /// <summary>The guard on shift (门岗, 夜班保安): paid, awake.</summary>
    Guard,

    /// <summary>The micro fire station (微型消防站): neighbours with extinguishers.</summary>
    MicroFireStation,

    /// <summary>The property manager (物业经理); where there is no property company, whoever looks after the house.</summary>
    PropertyManager,

    /// <summary>The grid officer (网格员).</summary>
    GridOfficer,

    /// <summary>Stair leaders (楼组长): unpaid, often old; called at night only if they chose it.</summary>
    StairLeader,

    /// <summary>The neighbourhood committee's duty (居委会值班).</summary>
    CommitteeDuty,

    /// <summary>The sub-district's duty office (街道值班).</summary>
    SubDistrict,
}

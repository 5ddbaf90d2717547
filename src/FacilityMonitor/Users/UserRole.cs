using System.Collections.Frozen;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Users;

/// <summary>What somebody is to the neighbourhood, as far as the page goes. Each user has one.</summary>
internal enum UserRole
{
    /// <summary>The property manager (物业经理): everything about alerts, people and rosters.</summary>
    PropertyManager,

    /// <summary>Whoever is called at night (值班人员): takes alerts and says how far they are.</summary>
    OnCall,

    /// <summary>The electrician (电工): takes alerts, holds them back while he works, and puts things out of service.</summary>
    Electrician,

    /// <summary>The auditor (审计员): sees everything, what people did included, and changes nothing.</summary>
    Auditor,

    /// <summary>The administrator (管理员): everything, and the users themselves.</summary>
    Administrator,
}

/// <summary>What can be asked of somebody who signed in. Each endpoint names the one it needs.</summary>
internal enum Right
{
    /// <summary>To look at the pages.</summary>
    See,

    /// <summary>To take an alert and say how far it is.</summary>
    Respond,

    /// <summary>To hold an alert back for a time.</summary>
    Shelve,

    /// <summary>To ask that something is tested, maintained or out of service, and to agree to it.</summary>
    Permit,

    /// <summary>To begin an exercise.</summary>
    Drill,

    /// <summary>To ask people whether what we send reaches them.</summary>
    Contacts,

    /// <summary>To see how much each person is called.</summary>
    Figures,

    /// <summary>To read what everybody did.</summary>
    Audit,

    /// <summary>To change what is registered: devices, people, rosters, numbers of rules.</summary>
    Registry,

    /// <summary>To add users, and to change what they may do.</summary>
    Users,
}

/// <summary>Who may do what.</summary>
internal static class Rights
{
    private static readonly FrozenDictionary<UserRole, FrozenSet<Right>> ByRole = Enum.GetValues<UserRole>().ToFrozenDictionary(role => role, role => List(role).ToFrozenSet());

    /// <summary>Whether a role may.</summary>
    public static bool May(this UserRole role, Right right) => ByRole[role].Contains(right);

    /// <summary>What a role is called.</summary>
    public static LocalText Name(UserRole role) => role switch
    {
        UserRole.PropertyManager => new("物业经理", "Property manager"),
        UserRole.OnCall => new("值班人员", "On call"),
        UserRole.Electrician => new("电工", "Electrician"),
        UserRole.Auditor => new("审计员", "Auditor"),
        UserRole.Administrator => new("管理员", "Administrator"),
    };

    private static Right[] List(UserRole role) => role switch
    {
        UserRole.PropertyManager => [Right.See, Right.Respond, Right.Shelve, Right.Permit, Right.Drill, Right.Contacts, Right.Figures, Right.Registry],
        UserRole.OnCall => [Right.See, Right.Respond],
        UserRole.Electrician => [Right.See, Right.Respond, Right.Shelve, Right.Permit],
        UserRole.Auditor => [Right.See, Right.Figures, Right.Audit],
        UserRole.Administrator => Enum.GetValues<Right>(),
    };
}

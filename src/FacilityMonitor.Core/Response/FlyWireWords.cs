using FacilityMonitor.Registry;

namespace FacilityMonitor.Response;

/// <summary>What people call the stages of a fly-wire case. No word of it names or accuses anybody.</summary>
internal static class FlyWireWords
{
    public static LocalText Of(FlyWireStage stage) => stage switch
    {
        FlyWireStage.Suspected => new("疑似", "suspected"),
        FlyWireStage.Confirmed => new("已核实", "confirmed"),
        FlyWireStage.Dismissed => new("排除", "dismissed"),
        FlyWireStage.Advised => new("已劝导", "advised"),
        FlyWireStage.Noticed => new("整改通知", "notice served"),
        FlyWireStage.Recheck => new("复查", "re-check"),
        FlyWireStage.Closed => new("销号", "closed"),
    };
}

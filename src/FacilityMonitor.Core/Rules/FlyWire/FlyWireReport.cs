using FacilityMonitor.Contract;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>Somebody saw a lead: the only way to those that hang on a household's own meter, which no circuit of ours can see.</summary>
/// <remarks>A camera says so itself (<c>camera</c>); a patrol and a resident by QR code are registered as a camera too: eyes without power values.</remarks>
internal sealed class FlyWireReport : StateRule<FlyWireReport.Report, FlyWireReport.ReportLimits>
{
    private FlyWireReport()
    {
    }

    /// <summary>The rule.</summary>
    public static FlyWireReport Instance { get; } = new();

    public override string Name => "fly-wire-report";

    public override LocalText Title { get; } = new("飞线举报", "Fly-wire reported");

    public override LocalText Detects { get; } = new("巡查、居民扫码或摄像头报告飞线：P2，现场检查后解除", "A patrol, a resident by QR code or a camera reports a fly-wire: P2, until somebody has inspected it");

    public override IReadOnlyList<RuleSetting> Settings => [];

    public override LocalText Next { get; } = new("家用电表后的飞线，系统无法从电流发现，只能靠人核实", "Behind a household's meter no current of ours shows it: only a person can check");

    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("到现场核实是否有人拉线充电", "Go and see whether somebody charges by a lead"),
        new("属实则劝导移到充电桩，并登记整改期限", "If so, ask them to move to a pile and note by when"),
        new("查完在现场登记检查，举报随即解除", "Note the inspection on the spot: it ends the report"),
    ];

    public override SubjectKind Subject => SubjectKind.Device;

    internal override EventSet Events { get; } = EventSet.Of(EventKind.Camera, EventKind.Inspection);

    internal override bool NeedsData => false;

    internal override bool AppliesTo(in Subject subject) => subject.Device?.Kind == DeviceKind.Camera;

    internal override ReportLimits LimitsFor(in Subject subject, SettingScopes scopes) => new();

    internal override void Step(ref Report state, in Sight sight, ReportLimits limits)
    {
        var isSeen = sight.IsEvent(EventKind.Camera) && sight.Event!.On != false;
        // Several words about one lead are one report.
        if (isSeen && state.SeenMs == 0)
            state.SeenMs = sight.AtMs;
        else if (!isSeen)
            state.SeenMs = 0;
    }

    internal override Verdict Judge(in Report state, ReportLimits limits, long nowMs) => Verdict.When(state.SeenMs > 0, Alerts.Priority.P2, state.SeenMs);

    internal override LocalText Explain(in Report state, ReportLimits limits, in Telling telling, SortedDictionary<string, object> evidence) =>
        new("有人或摄像头看到疑似拉线充电，须现场核实", "Somebody or a camera saw what may be charging by a lead; to be checked on the spot");

    /// <summary>What is remembered of one pair of eyes.</summary>
    internal struct Report
    {
        /// <summary>When it first saw the lead; 0: it sees none.</summary>
        public long SeenMs;
    }

    /// <summary>It has no settings.</summary>
    internal sealed record ReportLimits;
}

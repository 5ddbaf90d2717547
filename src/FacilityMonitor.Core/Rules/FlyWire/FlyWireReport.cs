using FacilityMonitor.Contract;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>Somebody saw a lead: the only way to those that hang on a household's own meter, which no circuit of ours can see.</summary>
/// <remarks>A camera says so itself (<c>camera</c>); a patrol and a resident by QR code are registered as a camera too: eyes without power values.</remarks>
internal sealed class FlyWireReport : StateRule<FlyWireReport.Report, FlyWireReport.ReportLimits>
{
    private static readonly RuleSetting KeepH = new("keep_h", "h", 24, 1, 720, "our choice: a charge and the next evening; its case goes on until somebody closes it");

    private FlyWireReport()
    {
    }

    /// <summary>The rule.</summary>
    public static FlyWireReport Instance { get; } = new();

    public override string Name => "fly-wire-report";

    public override LocalText Title { get; } = new("飞线举报", "Fly-wire reported");

    public override LocalText Detects { get; } = new("巡查、居民扫码或摄像头报告飞线：P2，最后一次报告 24 小时后或登记检查后解除", "A patrol, a resident by QR code or a camera reports a fly-wire: P2, until 24 h after the last word of it, or an inspection");

    public override IReadOnlyList<RuleSetting> Settings { get; } = [KeepH];

    public override LocalText Next { get; } = new("家用电表后的飞线，系统无法从电流发现，只能靠人核实", "Behind a household's meter no current of ours shows it: only a person can check");

    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("到现场核实是否有人拉线充电", "Go and see whether somebody charges by a lead"),
        new("属实则劝导移到充电桩，并登记整改期限", "If so, ask them to move to a pile and note by when"),
        new("查到什么记在案件里；24 小时没有新的报告，告警自行解除", "Note in its case what was found; without a new word the alert ends by itself after 24 h"),
    ];

    public override SubjectKind Subject => SubjectKind.Device;

    internal override EventSet Events { get; } = EventSet.Of(EventKind.Camera, EventKind.Inspection);

    internal override bool NeedsData => false;

    // Few of those eyes ever tell an inspection, and who scans a code tells none: without an end of its own a report would keep its case open, and be in the way of the next.
    internal override bool IsTimed => true;

    internal override int StateVersion => 2;

    internal override bool AppliesTo(in Subject subject) => subject.Device?.Kind == DeviceKind.Camera;

    internal override ReportLimits LimitsFor(in Subject subject, SettingScopes scopes) => new((long)(scopes.Value(this, KeepH) * 3_600_000));

    internal override void Step(ref Report state, in Sight sight, ReportLimits limits)
    {
        if (!sight.IsEvent(EventKind.Camera) || sight.Event!.On == false)
        {
            state = default;
            return;
        }

        // Several words about one lead are one report.
        if (!IsOn(state, limits, sight.AtMs))
            state.SeenMs = sight.AtMs;
        state.LastMs = sight.AtMs;
    }

    internal override Verdict Judge(in Report state, ReportLimits limits, long nowMs) => Verdict.When(IsOn(state, limits, nowMs), Alerts.Priority.P2, state.SeenMs);

    private static bool IsOn(in Report state, ReportLimits limits, long nowMs) => state.LastMs > 0 && nowMs - state.LastMs < limits.KeepMs;

    internal override LocalText Explain(in Report state, ReportLimits limits, in Telling telling, SortedDictionary<string, object> evidence) =>
        new("有人或摄像头看到疑似拉线充电，须现场核实", "Somebody or a camera saw what may be charging by a lead; to be checked on the spot");

    /// <summary>What is remembered of one pair of eyes.</summary>
    internal struct Report
    {
        /// <summary>When it first saw the lead; 0: it sees none.</summary>
        public long SeenMs;

        /// <summary>When that was last said; 0: it sees none.</summary>
        public long LastMs;
    }

    /// <summary>For how long a word of it counts.</summary>
    internal sealed record ReportLimits(long KeepMs);
}

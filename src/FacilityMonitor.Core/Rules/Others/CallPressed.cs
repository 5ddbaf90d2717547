using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>Since when a call waits: pressed and not answered.</summary>
internal record struct CallWaiting
{
    /// <summary>When it was pressed; 0: nobody waits.</summary>
    public long SinceMs { get; private set; }

    /// <summary>Takes a sight of a call button.</summary>
    public void Step(in Sight sight)
    {
        if (sight.IsEvent(EventKind.CallAnswered) || (sight.IsEvent(EventKind.Call) && sight.Event!.On == false))
            SinceMs = 0;
        else if (sight.IsEvent(EventKind.Call) && SinceMs == 0)
            SinceMs = sight.AtMs;
    }
}

/// <summary>Somebody pressed a call button. P2 at once, until it is answered.</summary>
internal sealed class CallPressed : StateRule<CallWaiting, CallPressed.CallLimits>
{
    private CallPressed()
    {
    }

    /// <summary>The rule.</summary>
    public static CallPressed Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "call-pressed";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("有人呼叫", "Call button pressed");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new(
        "按下呼叫按钮：P2，直到应答", "A call button is pressed: P2, until it is answered");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("呼叫的人可能跌倒或不舒服", "Whoever calls may have fallen or feel ill");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("马上应答或去看", "Answer, or go and see"),
        new("处理完在设备上按应答", "Press the answer key on the device when it is done"),
    ];

    /// <inheritdoc/>
    public override SubjectKind Subject => SubjectKind.Device;

    /// <inheritdoc/>
    internal override EventSet Events { get; } = EventSet.Of(EventKind.Call, EventKind.CallAnswered);

    /// <inheritdoc/>
    internal override bool NeedsData => false;

    internal override bool AppliesTo(in Subject subject) => subject.Device?.Kind is null or DeviceKind.CallButton;

    internal override CallLimits LimitsFor(in Subject subject, SettingScopes scopes) => new();

    internal override void Step(ref CallWaiting state, in Sight sight, CallLimits limits) => state.Step(sight);

    internal override Verdict Judge(in CallWaiting state, CallLimits limits, long nowMs) => Verdict.When(state.SinceMs > 0, Priority.P2, state.SinceMs);

    internal override LocalText Explain(in CallWaiting state, CallLimits limits, in Telling telling, SortedDictionary<string, object> evidence) =>
        state.SinceMs > 0 ? new LocalText("按下了呼叫按钮", "the call button was pressed") : new LocalText("已应答", "it was answered");

    internal sealed record CallLimits;
}

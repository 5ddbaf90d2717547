using FacilityMonitor.Registry;

namespace FacilityMonitor.Response;

/// <summary>What a person wants of an alert.</summary>
internal abstract record ResponseCommand
{
    private ResponseCommand()
    {
    }

    /// <summary>I take care of it (我来处理).</summary>
    public sealed record Acknowledge : ResponseCommand;

    /// <summary>I do not, after all.</summary>
    public sealed record Unacknowledge : ResponseCommand;

    /// <summary>Somebody else takes care of it (转给别人).</summary>
    public sealed record Assign(string To) : ResponseCommand;

    /// <summary>Says something, with or without a photo.</summary>
    public sealed record Comment(string Text, string? Photo) : ResponseCommand;

    /// <summary>I am on the way (前往中).</summary>
    public sealed record SetOut : ResponseCommand;

    /// <summary>I am there (我已到场).</summary>
    public sealed record Arrive : ResponseCommand;

    /// <summary>It is out (已扑灭).</summary>
    public sealed record Extinguished : ResponseCommand;

    /// <summary>There is nothing (误报).</summary>
    public sealed record FalseAlarm : ResponseCommand;

    /// <summary>It is over.</summary>
    public sealed record Close(CauseCode Cause, string Text, IReadOnlyList<string> Photos, string? WithoutPhoto) : ResponseCommand;

    /// <summary>Do not call anybody for it until a time.</summary>
    public sealed record Shelve(long UntilMs, string Reason) : ResponseCommand;

    /// <summary>Takes its fly-wire case a stage further.</summary>
    /// <param name="Stage">The next stage.</param>
    /// <param name="Text">What was found or agreed; a dismissal says what it was instead.</param>
    public sealed record MoveCase(FlyWireStage Stage, string Text) : ResponseCommand;

    /// <summary>Call people for it again.</summary>
    public sealed record Unshelve : ResponseCommand;
}

/// <summary>Why a command was not followed.</summary>
/// <param name="Reason">A word for programs.</param>
/// <param name="Text">Words for people: what stands in the way, and what to do.</param>
internal sealed record ResponseRefusal(string Reason, LocalText Text);

/// <summary>What a command leads to: facts, possibly none when it is so already; or a refusal.</summary>
internal abstract record ResponseDecision
{
    private ResponseDecision()
    {
    }

    /// <summary>It is done. No facts: it was so already, and a second press is harmless.</summary>
    public sealed record Done(IReadOnlyList<ResponseEvent> Events) : ResponseDecision;

    /// <summary>It is not done.</summary>
    public sealed record Refused(ResponseRefusal Refusal) : ResponseDecision;
}

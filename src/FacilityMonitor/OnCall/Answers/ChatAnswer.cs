namespace FacilityMonitor.OnCall.Answers;

/// <summary>What somebody wrote to us in a chat.</summary>
/// <param name="Channel">The channel it came by.</param>
/// <param name="Address">Who wrote it, as the channel's contacts name people; null: the provider does not say.</param>
/// <param name="Text">What.</param>
internal sealed record ChatAnswer(string Channel, string? Address, string Text);

/// <summary>What became of it.</summary>
internal enum AnswerKind
{
    /// <summary>It was done, or was so before.</summary>
    Done,

    /// <summary>It could not be done: the alert is over, or of no such code, or of more than one.</summary>
    NotDone,

    /// <summary>It says nothing that we know.</summary>
    NotUnderstood,

    /// <summary>Nobody of <c>people.yaml</c> has this address on this channel.</summary>
    Stranger,
}

/// <summary>What is answered.</summary>
/// <param name="Kind">What became of it.</param>
/// <param name="Text">What the person is told.</param>
internal sealed record AnswerReply(AnswerKind Kind, Registry.LocalText Text);

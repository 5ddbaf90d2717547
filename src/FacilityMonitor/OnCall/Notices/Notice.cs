using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;

namespace FacilityMonitor.OnCall.Notices;

/// <summary>One way to reach somebody.</summary>
/// <param name="Channel">Name of a channel of <c>channels.yaml</c>.</param>
/// <param name="Address">What the channel needs to find this person: a telephone number, a user id, a mail address; of a group bot whom it should mention, or empty.</param>
/// <param name="Replaces">What the provider calls an earlier message that this one takes the place of; null: it stands for itself.</param>
internal sealed record Reach(string Channel, string Address, string? Replaces = null);

/// <summary>What one person is to be told at one step of an escalation.</summary>
internal sealed record Notice
{
    /// <summary>The alert.</summary>
    public required string Alert { get; init; }

    /// <summary>Rises with every step of the alert's escalation, repeats and the end of the alert included: (alert, step, person) is told once.</summary>
    public required int Step { get; init; }

    /// <summary>Who is to be told.</summary>
    public required string Person { get; init; }

    /// <summary>How soon.</summary>
    public required Priority Priority { get; init; }

    /// <summary>It is an exercise, and every text begins with that word.</summary>
    public bool IsDrill { get; init; }

    /// <summary>The ways to reach the person, the one to try first in front. The next one is tried when this one fails, or does not succeed in time.</summary>
    public required IReadOnlyList<Reach> Reaches { get; init; }

    /// <summary>What and where, in a few words: what a voice says and what fits into the variable of a short message.</summary>
    public required LocalText Brief { get; init; }

    /// <summary>What, where, since when, what happens next, what to do; cut at the end where a channel has no room.</summary>
    public required LocalText Text { get; init; }

    /// <summary>Where the person can see and acknowledge it; null: there is no address that a phone can open. Never cut.</summary>
    public string? Link { get; init; }

    /// <summary>The same for every attempt: what comes twice is known by it.</summary>
    public string Key => string.Create(CultureInfo.InvariantCulture, $"{Alert}-{Step}-{Person}");
}

using System.Text.Json.Nodes;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Accounts;

/// <summary>What became of commands to the broker's account administration.</summary>
internal abstract record BrokerAnswer
{
    private BrokerAnswer()
    {
    }

    /// <summary>It answered; an answer for each command, in their order.</summary>
    public sealed record Answered(IReadOnlyList<CommandAnswer> Answers) : BrokerAnswer;

    /// <summary>It could not be asked, or did not answer: why, and what to do.</summary>
    public sealed record Failed(LocalText Why) : BrokerAnswer;
}

/// <summary>The answer to one command.</summary>
/// <param name="Error">The plugin's words for what is wrong; null: done.</param>
/// <param name="Data">What was asked for.</param>
internal sealed record CommandAnswer(string? Error, JsonNode? Data);

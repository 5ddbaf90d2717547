using FacilityMonitor.Contract;

namespace FacilityMonitor.Control;

/// <summary>How far a command has come. The numbers are stored: add at the end.</summary>
public enum CommandState : byte
{
    /// <summary>On our disk, not sent yet.</summary>
    Queued = 0,

    /// <summary>Given to the broker; sent again until it is answered or expired.</summary>
    Sent = 1,

    /// <summary>The device will do it.</summary>
    Accepted = 2,

    /// <summary>The device says that it did it.</summary>
    Done = 3,

    /// <summary>The device will not do it. The end.</summary>
    Rejected = 4,

    /// <summary>It was tried and failed, or the broker refused it. The end.</summary>
    Failed = 5,

    /// <summary>Its time passed before it could be sent, or before the device had it: it was not done. The end.</summary>
    Expired = 6,

    /// <summary>It was sent and nobody can say that it worked: no answer, no reading, or one that contradicts.</summary>
    Unverified = 7,

    /// <summary>Its effect was measured. The end.</summary>
    Verified = 8,
}

/// <summary>What can happen to a command.</summary>
public enum CommandEvent : byte
{
    /// <summary>It is given to the broker.</summary>
    Sent,

    /// <summary>Its time passed before it could be sent.</summary>
    NotSent,

    /// <summary>The broker refused it.</summary>
    BrokerRefused,

    /// <summary>The device will do it.</summary>
    Accepted,

    /// <summary>The device did it.</summary>
    Done,

    /// <summary>The device will not do it.</summary>
    Rejected,

    /// <summary>For the device it came too late.</summary>
    Expired,

    /// <summary>The device tried.</summary>
    Failed,

    /// <summary>Its effect was measured.</summary>
    EffectSeen,

    /// <summary>Measurements contradict it.</summary>
    EffectMissing,

    /// <summary>Nothing was heard for too long: neither answer nor measurement.</summary>
    NothingHeard,
}

/// <summary>How a command comes from state to state. Words may come late, twice and out of order: what says less than is known changes nothing.</summary>
public static class CommandLife
{
    /// <summary>The event that an answer is.</summary>
    public static CommandEvent EventOf(CommandResult result) => result switch
    {
        CommandResult.Accepted => CommandEvent.Accepted,
        CommandResult.Rejected => CommandEvent.Rejected,
        CommandResult.Expired => CommandEvent.Expired,
        CommandResult.Done => CommandEvent.Done,
        CommandResult.Failed => CommandEvent.Failed,
    };

    /// <summary>Whether somebody still waits for it: it may be sent, answered or measured.</summary>
    public static bool IsOpen(CommandState state, Operation operation) => state switch
    {
        CommandState.Queued or CommandState.Sent or CommandState.Accepted => true,
        CommandState.Done => operation.HasEffect(),
        CommandState.Rejected or CommandState.Failed or CommandState.Expired or CommandState.Unverified or CommandState.Verified => false,
    };

    /// <summary>The next state; the same one when the event says nothing new.</summary>
    public static CommandState Next(CommandState state, CommandEvent happened, Operation operation) => state switch
    {
        CommandState.Queued => happened switch
        {
            CommandEvent.Sent => CommandState.Sent,
            CommandEvent.NotSent => CommandState.Expired,
            _ => state,
        },
        CommandState.Sent => happened == CommandEvent.Accepted ? CommandState.Accepted : OfUnderWay(state, happened),
        CommandState.Accepted => OfUnderWay(state, happened),
        CommandState.Done => operation.HasEffect() ? OfDone(state, happened) : state,
        // A late word is better than none; but "done" does not outweigh a current that still flows.
        CommandState.Unverified => happened switch
        {
            CommandEvent.Done when !operation.HasEffect() => CommandState.Done,
            CommandEvent.Rejected => CommandState.Rejected,
            CommandEvent.Expired => CommandState.Expired,
            CommandEvent.Failed => CommandState.Failed,
            CommandEvent.EffectSeen => CommandState.Verified,
            _ => state,
        },
        CommandState.Rejected or CommandState.Failed or CommandState.Expired or CommandState.Verified => state,
    };

    private static CommandState OfUnderWay(CommandState state, CommandEvent happened) => happened switch
    {
        CommandEvent.Done => CommandState.Done,
        CommandEvent.Rejected => CommandState.Rejected,
        CommandEvent.Expired or CommandEvent.NotSent => CommandState.Expired,
        CommandEvent.Failed or CommandEvent.BrokerRefused => CommandState.Failed,
        CommandEvent.EffectSeen => CommandState.Verified,
        CommandEvent.EffectMissing or CommandEvent.NothingHeard => CommandState.Unverified,
        CommandEvent.Sent or CommandEvent.Accepted => state,
    };

    private static CommandState OfDone(CommandState state, CommandEvent happened) => happened switch
    {
        CommandEvent.EffectSeen => CommandState.Verified,
        CommandEvent.EffectMissing or CommandEvent.NothingHeard => CommandState.Unverified,
        _ => state,
    };
}

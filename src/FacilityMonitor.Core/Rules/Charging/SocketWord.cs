namespace FacilityMonitor.Rules;

/// <summary>What a socket calls its own state (<c>st</c>), as far as we understand it. One sign among others, never proof alone.</summary>
internal enum SocketWord : byte
{
    /// <summary>Nothing, or a word we do not know.</summary>
    None = 0,

    /// <summary>Nobody uses it.</summary>
    Idle = 1,

    /// <summary>A session runs.</summary>
    Charging = 2,

    /// <summary>The battery is full; the plug is still in.</summary>
    Full = 3,

    /// <summary>It was switched off; the plug is still in.</summary>
    Stopped = 4,

    /// <summary>It cannot be used, for a reason that no rule asks for: disabled, or simply at fault.</summary>
    Fault = 5,

    /// <summary>Its fuse is blown.</summary>
    Fuse = 6,

    /// <summary>Its relay no longer opens.</summary>
    Welded = 7,
}

/// <summary>Reads <see cref="SocketWord"/> from the texts of piles: <c>fm/1</c>'s own, and those the shipped mappings give.</summary>
internal static class SocketWords
{
    /// <summary>The word of a state text; <see cref="SocketWord.None"/> for one we do not know.</summary>
    public static SocketWord Of(string? text) => text switch
    {
        null => SocketWord.None,
        "charging" or "working" or "busy" or "in-use" => SocketWord.Charging,
        "idle" or "free" or "available" or "standby" => SocketWord.Idle,
        "full" or "charged" or "complete" or "finished" => SocketWord.Full,
        "stopped" or "off" or "paused" or "plugged" => SocketWord.Stopped,
        "disabled" or "fault" or "error" => SocketWord.Fault,
        "fuse" => SocketWord.Fuse,
        "welded" => SocketWord.Welded,
        _ => SocketWord.None,
    };

    /// <summary>Whether a socket that says so cannot be taken by the next bike.</summary>
    public static bool Blocks(this SocketWord word) => word is SocketWord.Charging or SocketWord.Full or SocketWord.Stopped || word.IsBroken();

    /// <summary>Whether a socket that says so charges nobody, whatever flows.</summary>
    public static bool IsBroken(this SocketWord word) => word is SocketWord.Fault or SocketWord.Fuse or SocketWord.Welded;
}

using FacilityMonitor.Contract;

namespace FacilityMonitor.Control;

/// <summary>The limits of commands. What is beyond is refused and counted.</summary>
public static class CommandLimits
{
    /// <summary>Shortest time a command may be worth anything, s: less does not outlast a modem's delay.</summary>
    public const int TtlMinS = 5;

    /// <summary>Longest, s. Whoever ordered it has looked away by then.</summary>
    public const int TtlMaxS = 120;

    /// <summary>Longest of what may energise (<see cref="Operations.MayEnergise"/>), s: a copy that the broker keeps for a device that is away is judged by nobody any more.</summary>
    public const int TtlEnergiseMaxS = 30;

    /// <summary>When nobody says otherwise, s.</summary>
    public const int TtlDefaultS = 20;

    /// <summary>Ids that a device remembers, so that the same command is not done twice (<c>fm/1</c>).</summary>
    public const int IdsRemembered = 32;

    /// <summary>
    /// Ids of commands to one device within a minute, once for protective ones and once for all others; see <see cref="IdsOf"/>. A device must remember every command that may
    /// still be sent again: 2 classes × 8 × 2 minutes of <see cref="TtlMaxS"/> are the <see cref="IdsRemembered"/>.
    /// </summary>
    public const int DeviceAMinute = 8;

    /// <summary>Commands to one site within a minute, once for protective ones and once for all others: a whole shed can be switched off at once.</summary>
    public const int SiteAMinute = 120;

    /// <summary>Longest id a caller may give, characters; ours are longer by a suffix and stay within the 64 a device has to remember.</summary>
    public const int IdLengthMax = 56;

    /// <summary>Longest reason, characters.</summary>
    public const int WhyLengthMax = 200;

    /// <summary>Longest name of who ordered it, characters.</summary>
    public const int ByLengthMax = 64;

    /// <summary>Least power limit of a socket, W: below it no charger starts.</summary>
    public const double LimitMinW = 10;

    /// <summary>Highest power limit of a socket, W, where the registry knows no rating: the highest tier of real piles.</summary>
    public const double LimitMaxW = 2_500;

    /// <summary>Shortest sounding of a siren, s.</summary>
    public const int SirenMinS = 1;

    /// <summary>Longest sounding of one command, s; to sound longer somebody has to ask again.</summary>
    public const int SirenMaxS = 180;

    /// <summary>When nobody says otherwise, s.</summary>
    public const int SirenDefaultS = 60;

    /// <summary>How long a measurement of an empty seat is believed, ms.</summary>
    public const long SeatFreshMs = 60_000;

    /// <summary>How long the end of a siren is worth sending, s: to be silent late is still right.</summary>
    public const int SirenEndTtlS = 3_600;

    /// <summary>How many ids a command is to a device: a siren's end has one of its own.</summary>
    public static int IdsOf(Operation operation) => operation == Operation.Siren ? 2 : 1;

    /// <summary>Longest time a command of an operation may be worth anything, s.</summary>
    public static int TtlMaxSOf(Operation operation) => operation.MayEnergise() ? TtlEnergiseMaxS : TtlMaxS;

    /// <summary>Whether it may name a command: the characters that are the same in every log, table and topic, and not a name that we give ourselves.</summary>
    public static bool IsId(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        return id.Length is > 0 and <= IdLengthMax && !id.StartsWith(Fm1Downlink.ResendIdPrefix, StringComparison.Ordinal)
            && id.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.' or ':');
    }
}

namespace FirmwareSim.Devices;

/// <summary>Habits of real pile firmware that its protocol does not ask for. A pile that speaks <c>fm/1</c> has none unless its scenario says so; a JUY board has those of
/// <see cref="Board"/> unless its scenario lists others.</summary>
[Flags]
internal enum Quirks
{
    None = 0,

    /// <summary>Sockets without an order are not reported; where all are idle only the board's own temperature comes.</summary>
    IdleUnreported = 1,

    /// <summary>Whole watts and hundredths of a kWh, as piles showed before their firmware v1.1.</summary>
    WholeWatts = 2,

    /// <summary>The energy counter begins anew with every order, and nothing says so.</summary>
    CounterPerOrder = 4,

    /// <summary>A settlement comes three to eight times, because nobody acknowledges it.</summary>
    RepeatedSettlements = 8,

    /// <summary>Some fields are spelt wrong, for ever, because somebody reads them so.</summary>
    Misspelt = 16,

    /// <summary>What a JUY board does by its protocol.</summary>
    Board = IdleUnreported | WholeWatts | CounterPerOrder | RepeatedSettlements,
}

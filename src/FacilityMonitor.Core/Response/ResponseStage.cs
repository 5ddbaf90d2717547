namespace FacilityMonitor.Response;

/// <summary>How far the people are with an alert. The numbers are stored: add at the end.</summary>
internal enum ResponseStage : byte
{
    /// <summary>Nobody, or not enough of them, has answered.</summary>
    Open = 0,

    /// <summary>Somebody takes care of it.</summary>
    Acked = 1,

    /// <summary>Somebody is on the way.</summary>
    EnRoute = 2,

    /// <summary>Somebody stands in front of it.</summary>
    OnScene = 3,

    /// <summary>It is over for the people, too.</summary>
    Closed = 4,
}

/// <summary>Why an alert is no emergency though it runs like one. The numbers are stored.</summary>
internal enum Exercise : byte
{
    /// <summary>It is meant.</summary>
    None = 0,

    /// <summary>Somebody tests this sensor (测试): only the tester is told.</summary>
    Test = 1,

    /// <summary>An exercise (演练): the whole chain runs, and every word of it says so.</summary>
    Drill = 2,
}

/// <summary>What was found to be the cause. The numbers are stored.</summary>
internal enum CauseCode : byte
{
    /// <summary>It burned.</summary>
    Fire = 0,

    /// <summary>A battery overheated.</summary>
    OverheatedBattery = 1,

    /// <summary>Too much load.</summary>
    Overload = 2,

    /// <summary>Fly-wire charging, seen by a person.</summary>
    FlyWire = 3,

    /// <summary>The sensor or device is faulty.</summary>
    SensorFault = 4,

    /// <summary>Somebody tested it.</summary>
    Test = 5,

    /// <summary>Somebody works on it.</summary>
    Maintenance = 6,

    /// <summary>Neighbours disagree.</summary>
    ResidentDispute = 7,

    /// <summary>Power or network was away.</summary>
    Network = 8,

    /// <summary>There was nothing.</summary>
    FalseAlarm = 9,

    /// <summary>Nobody found out.</summary>
    Unknown = 10,
}

/// <summary>Who does something, and by which way.</summary>
/// <param name="Person">Id of a registered person, or <c>manager</c> for whoever is signed in to the page.</param>
/// <param name="Via">How: <c>link</c>, <c>page</c>, <c>api</c>, <c>voice</c>, <c>card</c>, <c>cli</c>.</param>
internal sealed record Actor(string Person, string Via);

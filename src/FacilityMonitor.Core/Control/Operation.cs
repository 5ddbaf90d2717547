namespace FacilityMonitor.Control;

/// <summary>What a device can be told to do. The numbers are stored: add at the end.</summary>
public enum Operation : byte
{
    /// <summary>Open the relay of a socket, end a siren, stop a device.</summary>
    Off = 0,

    /// <summary>Close the relay.</summary>
    On = 1,

    /// <summary>Limit the power of a socket; <c>args.w</c>.</summary>
    Limit = 2,

    /// <summary>Open a lock.</summary>
    Unlock = 3,

    /// <summary>Start anew.</summary>
    Reset = 4,

    /// <summary>Send numbered messages again. Only ingest asks for it.</summary>
    Resend = 5,

    /// <summary>Publish the birth again.</summary>
    Rebirth = 6,

    /// <summary>Sound for <c>args.s</c> seconds.</summary>
    Siren = 7,

    /// <summary>Test itself.</summary>
    SelfTest = 8,

    /// <summary>Take a new firmware. The contract names it and does not say how yet: nobody can order it.</summary>
    Ota = 9,
}

/// <summary>What follows from the kind of an operation.</summary>
public static class Operations
{
    /// <summary>Whether something other than its answer shows that it was done: the current of a socket, the relay of a siren, the birth of another boot.</summary>
    public static bool HasEffect(this Operation operation) => operation is Operation.Off or Operation.On or Operation.Siren or Operation.Reset;

    /// <summary>Whether it makes things safer. Such commands have a rate of their own, so that no crowd of others stands before them.</summary>
    public static bool IsProtective(this Operation operation) => operation is Operation.Off or Operation.Siren;

    /// <summary>Whether something may carry current afterwards that did not before: a device that starts anew may come up with closed relays.</summary>
    public static bool MayEnergise(this Operation operation) => operation is Operation.On or Operation.Reset or Operation.Ota;
}

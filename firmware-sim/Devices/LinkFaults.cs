namespace FirmwareSim.Devices;

/// <summary>What is wrong with a device's way to the broker, and with the firmware that writes to it. Nothing, unless a script says so.</summary>
internal sealed class LinkFaults
{
    /// <summary>Share of messages that are published twice.</summary>
    public double DuplicateShare { get; set; }

    /// <summary>Longest time a message is held back, s.</summary>
    public double HoldBackS { get; set; }

    /// <summary>Messages a second more than the period asks for.</summary>
    public double ExtraPerS { get; set; }

    /// <summary>Share of messages that come out spoilt.</summary>
    public double MalformedShare { get; set; }
}

using FacilityMonitor.Contract;
using FacilityMonitor.Readings;

namespace FirmwareSim.Devices;

/// <summary>A discrete fact a device has to tell in an <c>event</c>.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Channel">Where.</param>
internal sealed record DeviceFact(EventKind Kind, ChannelId Channel)
{
    public StopReason? Reason { get; init; }

    public string? Session { get; init; }

    public string? User { get; init; }

    public double? Wh { get; init; }

    public bool? On { get; init; }
}

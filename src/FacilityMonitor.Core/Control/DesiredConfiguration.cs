using System.Security.Cryptography;
using FacilityMonitor.Contract;

namespace FacilityMonitor.Control;

/// <summary>How a device should be set, as the registry wants it. What is not wanted is left to the device.</summary>
/// <param name="PeriodS">How often it reports, whole seconds; null: as it likes.</param>
/// <param name="LimitW">The most power of each socket, W; null: as it likes.</param>
public sealed record DesiredConfiguration(int? PeriodS, double? LimitW)
{
    /// <summary>Longest <c>cfg</c> message, bytes: a small device keeps it in flash as it is.</summary>
    public const int BytesMax = 1_024;

    /// <summary>Shortest period, s: a second is what the rules count with.</summary>
    public const int PeriodMinS = 1;

    /// <summary>Longest period, s.</summary>
    public const int PeriodMaxS = 3_600;

    /// <summary>First 16 hex digits of SHA-256 of the wanted values: the same wish has the same hash, whenever it is told.</summary>
    public string Hash => Convert.ToHexStringLower(SHA256.HashData(Fm1Downlink.ConfigurationValues(this)).AsSpan(0, 8));
}

namespace FirmwareSim.Commands;

/// <summary>Exit codes are part of the contract with scripts.</summary>
internal static class ExitCode
{
    public const int Fine = 0;

    /// <summary>Refused input or configuration.</summary>
    public const int Refused = 1;

    public const int Usage = 2;
}

using System.CommandLine;

namespace FacilityMonitor.Commands;

/// <summary>Every command of <c>facility-monitor</c>, one line each.</summary>
internal static class CommandList
{
    /// <summary>How long a command that was told to end (Ctrl+C, SIGTERM) may go on before it is cut off.</summary>
    public static readonly TimeSpan StopMax = TimeSpan.FromSeconds(2);

    public static IReadOnlyList<Command> All =>
    [
        RunCommand.Create(),
        CheckCommand.Create(),
        DecodeCommand.Create(),
        ReplayCommand.Create(),
        ScoreCommand.Create(),
        EvaluateCommand.Create(),
        DeadLetterCommand.Create(),
        ExportCommand.Create(),
        ReportCommand.Create(),
        InfluxCommand.Create(),
        ControlCommand.Create(),
        DeviceCommand.Create(),
        ChannelCommand.Create(),
        DrillCommand.Create(),
        ContactCommand.Create(),
        UserCommand.Create(),
        AuditCommand.Create(),
    ];
}

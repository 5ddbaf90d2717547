using System.CommandLine;

namespace FacilityMonitor.Commands;

/// <summary>Every command of <c>facility-monitor</c>, one line each.</summary>
internal static class CommandList
{
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
        InfluxCommand.Create(),
        ControlCommand.Create(),
        DeviceCommand.Create(),
        ChannelCommand.Create(),
        DrillCommand.Create(),
    ];
}

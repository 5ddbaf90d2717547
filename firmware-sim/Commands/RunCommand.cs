using System.CommandLine;
using System.Globalization;
using FirmwareSim.Running;
using FirmwareSim.Scripting;

namespace FirmwareSim.Commands;

/// <summary><c>firmware-sim run</c>: the devices of a scenario on a real broker.</summary>
internal static class RunCommand
{
    private const string DefaultBroker = "mqtt://127.0.0.1:1883";

    public static Command Create()
    {
        var scenario = ScenarioOptions.Scenario();
        var seed = ScenarioOptions.Seed();
        var speed = ScenarioOptions.Speed();
        var devices = ScenarioOptions.Devices();
        var broker = new Option<string>("--broker")
        {
            Description = "mqtt://user:password@host:port, or mqtts://…",
            DefaultValueFactory = _ => DefaultBroker,
        };
        var passwordFile = new Option<string?>("--password-file") { Description = "File with the password, so that it is on no command line." };
        var ledger = new Option<string?>("--ledger") { Description = "File that gets a JSON line for every message produced and every message the watermark covered." };
        var duration = new Option<string?>("--duration") { Description = "End after this time: 90s, 10m; default: run until Ctrl-C." };
        var command = new Command("run", "Run the devices of a scenario on a broker, each with a connection of its own.")
        {
            scenario, broker, passwordFile, speed, seed, devices, ledger, duration,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            new Request(
                parsed.GetRequiredValue(scenario), parsed.GetRequiredValue(broker), parsed.GetValue(passwordFile), parsed.GetValue(speed), parsed.GetValue(seed),
                parsed.GetValue(devices), parsed.GetValue(ledger), parsed.GetValue(duration)),
            Console.Error,
            TimeProvider.System,
            cancellationToken));
        return command;
    }

    internal static async Task<int> RunAsync(Request request, TextWriter report, TimeProvider time, CancellationToken cancellationToken)
    {
        if (BrokerAddress.TryParse(request.Broker) is not { } broker)
            return ScenarioOptions.Wrong(report, "--broker", request.Broker, "use mqtt://user:password@host:port");
        var durationS = request.Duration is null ? (double?)null : Durations.TryParse(request.Duration) ?? -1;
        if (durationS <= 0)
            return ScenarioOptions.Wrong(report, "--duration", request.Duration!, "use a time such as 90s or 10m");
        if (request.Speed is { } speed && !(speed > 0 && speed <= World.SpeedMax))
            return ScenarioOptions.Wrong(report, "--speed", speed.ToString(CultureInfo.InvariantCulture), "use a number above 0, up to 10000");
        if (ScenarioOptions.Load(request.Scenario, request.Devices, report) is not { } scenario)
            return ExitCode.Refused;

        try
        {
            if (request.PasswordFile is not null)
                broker = broker with { Password = (await File.ReadAllTextAsync(request.PasswordFile, cancellationToken).ConfigureAwait(false)).Trim() };
            using var ledger = request.Ledger is null ? Ledger.None : Ledger.Open(request.Ledger);
            var run = new LiveRun(scenario, request.Seed, request.Speed, broker, ledger, report, time);
            await run.RunAsync(durationS is null ? null : TimeSpan.FromSeconds(durationS.Value), cancellationToken).ConfigureAwait(false);
            return ExitCode.Fine;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            await report.WriteLineAsync(exception.Message).ConfigureAwait(false);
            return ExitCode.Refused;
        }
    }

    internal sealed record Request(
        string Scenario, string Broker, string? PasswordFile, double? Speed, ulong Seed, int? Devices, string? Ledger, string? Duration);
}

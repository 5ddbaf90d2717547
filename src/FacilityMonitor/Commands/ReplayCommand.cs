using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Ingest;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Commands;

/// <summary><c>replay</c>: decode, rules and alerts over a message file, offline. Same input, same output, byte for byte.</summary>
internal static class ReplayCommand
{
    public static Command Create()
    {
        var config = new Option<DirectoryInfo>("--config") { Description = "Configuration folder.", Required = true };
        var input = new Option<string>("--input") { Description = "Message file, or - for standard input. JSON Lines ordered by \"at\": {\"at\": time, \"topic\": text, \"payload\": JSON} or \"base64\": text in place of payload; dead-letter export writes it.", Required = true };
        var output = new Option<FileInfo?>("--out") { Description = "Where the steps of alerts go; default: standard output." };
        var until = new Option<string?>("--until") { Description = "Let time run on to here after the last message, ISO 8601; without an offset Asia/Shanghai." };
        var command = new Command("replay", "Run the rules over a message file.") { config, input, output, until };
        command.SetAction(parsed =>
        {
            long? untilMs = null;
            if (parsed.GetValue(until) is { } end)
            {
                if (!DecodeCommand.TryReadInstant(end, TimeProvider.System, out var endMs))
                {
                    Console.Error.WriteLine($"--until: \"{end}\" is no time; write for example 2026-11-20T10:00:00Z.");
                    return 2;
                }

                untilMs = endMs;
            }

            var folder = parsed.GetValue(config)!.FullName;
            var loaded = FacilityLoader.Load(folder, RunCommand.Rules);
            var language = SettingsLoader.LanguageOf(folder, Environment.GetEnvironmentVariables());
            foreach (var error in loaded.Errors)
                Console.Error.WriteLine(error.In(language));
            if (loaded.Facility is null)
                return 1;
            if (!FileOption.TryOpen("--input", parsed.GetValue(input)!, FileOption.Read, Console.Error, out var source)
                || !FileOption.TryOpen("--out", parsed.GetValue(output)?.FullName ?? "-", FileOption.Write, Console.Error, out var target))
                return 1;
            try
            {
                using var reader = new StreamReader(source, Encoding.UTF8);
                using var writer = new StreamWriter(target);
                writer.NewLine = "\n";
                return Run(loaded.Facility, reader, untilMs, writer, Console.Error);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                Console.Error.WriteLine(error.Message);
                return 1;
            }
        });
        return command;
    }

    internal static int Run(Facility facility, TextReader input, long? untilMs, TextWriter output, TextWriter errors)
    {
        var devices = new DeviceTable();
        var decoder = new MessageDecoder(devices);
        decoder.Use(new JsonMappings(facility.Mappings));
        var ledger = new DeviceLedger();
        var engine = new RuleEngine(new FacilityIndex(facility), devices);
        var message = new DeviceMessage();
        var steps = new List<AlertTransition>();
        long now = 0;
        var number = 0;
        while (input.ReadLine() is { } line)
        {
            number++;
            if (line.Length == 0)
                continue;
            if (!MessageLine.TryRead(line, out var read, out var fault))
            {
                Fault(errors, number, "bad-line", fault!);
                return 1;
            }

            if (read.AtMs < now)
            {
                Fault(errors, number, "out-of-order", $"at {ReadingJson.Instant(read.AtMs)} after {ReadingJson.Instant(now)}; sort the file by \"at\"");
                return 1;
            }

            Advance(engine, ref now, read.AtMs, steps, output);
            var outcome = decoder.Decode(read.Topic, read.Payload, read.Retain, read.AtMs, message);
            if (outcome.Result == DecodeResult.Ignored)
                continue;
            // As on the way in: a rejected message settles its number too.
            if (message.HasEnvelope && message.Device is { } device && ledger.Observe(device.Number, message.Envelope, read.AtMs, 0) == SequenceVerdict.Duplicate)
                continue;
            if (outcome.Result == DecodeResult.Rejected)
            {
                Fault(errors, number, outcome.Reason.Key(), outcome.Detail!);
                continue;
            }

            do
                engine.Observe(message, steps);
            while (decoder.TryNext(message));
            Print(steps, output);
            // Nobody asks for them here, and a year of them is long.
            engine.Sessions.Clear();
            engine.Effects.Clear();
        }

        if (untilMs is { } until)
            Advance(engine, ref now, until, steps, output);
        return 0;
    }

    /// <summary>Ticks at every whole second that has been passed.</summary>
    private static void Advance(RuleEngine engine, ref long now, long toMs, List<AlertTransition> steps, TextWriter output)
    {
        if (now == 0)
        {
            // The first message is the beginning of time; the grace after a start of the service is not meant here.
            engine.Started(toMs - SiteEngine.GraceMs);
            now = toMs;
            return;
        }

        for (var second = (now / 1000) + 1; second * 1000 <= toMs; second++)
        {
            engine.Tick(second * 1000, steps);
            Print(steps, output);
        }

        now = Math.Max(now, toMs);
    }

    private static void Print(List<AlertTransition> steps, TextWriter output)
    {
        foreach (var step in steps)
            output.WriteLine(TransitionJson.Write(step));
        steps.Clear();
    }

    private static void Fault(TextWriter errors, int line, string reason, string detail) => errors.WriteLine(
        string.Create(CultureInfo.InvariantCulture, $"{{\"line\":{line},\"reason\":\"{reason}\",\"detail\":\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(detail)}\"}}"));
}

/// <summary>One line of a message file.</summary>
internal readonly record struct MessageLine(long AtMs, byte[] Topic, byte[] Payload, bool Retain)
{
    public static bool TryRead(string line, out MessageLine message, out string? fault)
    {
        message = default;
        fault = null;
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("at", out var at) || DeviceTime.Read(at) is not { } atMs)
                fault = "at: a time is missing";
            else if (!root.TryGetProperty("topic", out var topic) || topic.ValueKind != JsonValueKind.String)
                fault = "topic: missing";
            else if (root.TryGetProperty("base64", out var base64) && base64.ValueKind == JsonValueKind.String && base64.TryGetBytesFromBase64(out var bytes))
                message = new MessageLine(atMs, Encoding.UTF8.GetBytes(topic.GetString()!), bytes, IsRetained(root));
            else if (root.TryGetProperty("payload", out var payload))
                message = new MessageLine(atMs, Encoding.UTF8.GetBytes(topic.GetString()!), Encoding.UTF8.GetBytes(payload.GetRawText()), IsRetained(root));
            else
                fault = "payload or base64: missing";
        }
        catch (JsonException error)
        {
            fault = error.Message;
        }

        return fault is null;
    }

    private static bool IsRetained(JsonElement root) => root.TryGetProperty("retain", out var retain) && retain.ValueKind == JsonValueKind.True;
}

using System.Buffers;
using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Commands;

/// <summary><c>decode</c>: what the service reads out of one message, one JSON line a channel and instant.</summary>
internal static class DecodeCommand
{
    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create()
    {
        var topic = new Option<string>("--topic") { Description = "The message's topic; the dialect is recognised by its shape.", Required = true };
        var file = new Option<string>("--file") { Description = "File with the payload, or - for standard input.", DefaultValueFactory = _ => "-" };
        var at = new Option<string?>("--at") { Description = "Time of receipt, ISO 8601; without an offset Asia/Shanghai. Default: now." };
        var config = new Option<DirectoryInfo?>("--config") { Description = "Configuration folder whose mappings are tried first. Not needed for the built-in dialects." };
        var command = new Command("decode", "Decode one message and print what was read.") { topic, file, at, config };
        command.SetAction(parsed =>
        {
            if (!TryReadInstant(parsed.GetValue(at), TimeProvider.System, out var received))
            {
                Console.Error.WriteLine($"--at: \"{parsed.GetValue(at)}\" is no time; write for example 2026-11-20T10:00:00Z.");
                return 2;
            }

            var source = parsed.GetValue(file)!;
            byte[] payload;
            try
            {
                payload = ReadAll(source);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                Console.Error.WriteLine($"--file: {error.Message}");
                return 2;
            }

            if (Mappings(parsed.GetValue(config)) is not { } mappings)
                return 1;
            using var output = Console.OpenStandardOutput();
            return Run(Encoding.UTF8.GetBytes(parsed.GetValue(topic)!), payload, received, mappings, output, Console.Error);
        });
        return command;
    }

    /// <summary>The mappings of a folder, none without one; null when it cannot be read, which has been said then.</summary>
    private static JsonMappings? Mappings(DirectoryInfo? config)
    {
        if (config is null)
            return JsonMappings.Empty;
        var registry = FacilityLoader.Load(config.FullName, RunCommand.Rules);
        foreach (var error in registry.Errors.Where(error => !error.IsWarning))
            Console.Error.WriteLine(error);
        return registry.Facility is { } facility ? new JsonMappings(facility.Mappings) : null;
    }

    /// <summary>Decodes and prints; 0 when something was understood, 1 when it was rejected.</summary>
    public static int Run(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload, long receivedMs, JsonMappings mappings, Stream output, TextWriter hints)
    {
        var message = new DeviceMessage();
        var decoder = new MessageDecoder(new DeviceTable());
        decoder.Use(mappings);
        var outcome = decoder.Decode(topic, payload, retained: false, receivedMs, message);
        var end = outcome is { Result: DecodeResult.Rejected, Reason: RejectReason.BadJson } && EndsTooEarly(payload)
            ? string.Create(CultureInfo.InvariantCulture, $"; the payload ends after {payload.Length} bytes, before its JSON does") : "";
        switch (outcome.Result)
        {
            case DecodeResult.Rejected:
                Line(output, writer =>
                {
                    writer.WriteStartObject("rejected"u8);
                    writer.WriteString("reason"u8, outcome.Reason.Key());
                    writer.WriteString("detail"u8, outcome.Detail + end);
                    writer.WriteEndObject();
                });
                return 1;
            case DecodeResult.Ignored:
                Other(output, "ignored");
                return 0;
            case DecodeResult.Decoded:
                do
                {
                    Print(message, output);
                    // Who tries a mapping wants to know what it passes over; the lines themselves are for scripts.
                    if (message.UnknownFields > 0)
                        hints.WriteLine($"{message.Device!.Id.Name}: {message.UnknownFields} fields of the payload are not read");
                    if (message.OutOfRange is { Path: { } path } outside)
                        hints.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{message.Device!.Id.Name}: {outside.Count} values are outside the range they can have and set aside, the first: {path}: {outside.Value}"));
                }
                while (decoder.TryNext(message));
                if (decoder.LeftOut is { } leftOut)
                    hints.WriteLine($"left out: {leftOut.Reason.Key()}, {leftOut.Detail}");
                return 0;
        }

        return 0;
    }

    /// <summary>Whether all that is there is well-formed and only the rest is missing, as when a line was cut off while it was copied.</summary>
    private static bool EndsTooEarly(ReadOnlySpan<byte> payload)
    {
        try
        {
            var reader = new Utf8JsonReader(payload, isFinalBlock: false, default);
            while (reader.Read())
            {
            }

            return reader.BytesConsumed < payload.Length || reader.CurrentDepth > 0 || payload.IsEmpty;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static void Print(DeviceMessage message, Stream output)
    {
        // A heartbeat has no reading, a buffered event is history without one: say what it was rather than nothing.
        if (message.Readings.Count == 0)
        {
            Other(output, message.Kind switch
            {
                MessageKind.Birth => "birth",
                MessageKind.Status => "status",
                MessageKind.Ack => "ack",
                MessageKind.Event => "event",
                MessageKind.Data => "data",
                MessageKind.Hist => "hist",
            });
            return;
        }

        for (var index = 0; index < message.Readings.Count; index++)
        {
            var position = index;
            Line(output, writer =>
            {
                writer.WritePropertyName("reading"u8);
                ReadingJson.Write(writer, message.Device!.Id, message.Readings, message.Readings.Readings[position]);
            });
        }
    }

    private static void Other(Stream output, string kind) => Line(output, writer =>
    {
        writer.WriteStartObject("other"u8);
        writer.WriteString("kind"u8, kind);
        writer.WriteEndObject();
    });

    private static void Line(Stream output, Action<Utf8JsonWriter> body)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, Json))
        {
            writer.WriteStartObject();
            body(writer);
            writer.WriteEndObject();
        }

        output.Write(buffer.WrittenSpan);
        output.WriteByte((byte)'\n');
    }

    private static byte[] ReadAll(string source)
    {
        if (source != "-")
            return File.ReadAllBytes(source);
        using var input = Console.OpenStandardInput();
        using var memory = new MemoryStream();
        input.CopyTo(memory);
        return memory.ToArray();
    }

    internal static bool TryReadInstant(string? text, TimeProvider time, out long ms)
    {
        ms = time.GetUtcNow().ToUnixTimeMilliseconds();
        if (text is null)
            return true;
        if (!DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var instant))
            return false;
        var exact = instant.Kind == DateTimeKind.Unspecified ? new DateTimeOffset(instant, TimeSpan.FromHours(8)) : new DateTimeOffset(instant);
        ms = exact.ToUnixTimeMilliseconds();
        return true;
    }
}

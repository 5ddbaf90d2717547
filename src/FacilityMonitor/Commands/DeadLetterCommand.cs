using System.CommandLine;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Reports;

namespace FacilityMonitor.Commands;

/// <summary><c>dead-letter</c>: list and export what was set aside, and take it in again after a fix.</summary>
internal static class DeadLetterCommand
{
    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create()
    {
        var config = new Option<DirectoryInfo?>("--config") { Description = "Configuration folder that names the data directory.", Recursive = true };
        var list = new Command("list", "One line a message: id, time, reason, topic, detail.");
        list.SetAction(parsed => WithData(parsed.GetValue(config), directory => List(directory, Console.Out)));
        var output = new Option<FileInfo?>("--out") { Description = "File to write; default: standard output." };
        var export = new Command("export", "The messages as JSON Lines, as replay reads them.") { output };
        export.SetAction(parsed => WithData(parsed.GetValue(config), directory =>
        {
            if (!FileOption.TryOpen("--out", parsed.GetValue(output)?.FullName ?? "-", FileOption.Write, Console.Error, out var file))
                return 1;
            using var stream = file;
            return Export(directory, stream);
        }));
        var replay = new Command("replay", "Decode them again and journal what is understood now. The service must not be running.");
        replay.SetAction((parsed, _) => WithDataAsync(parsed.GetValue(config), directory =>
        {
            // The fix may be a mapping; with a registry that cannot be read nothing would be understood that was not before.
            var registry = FacilityLoader.Load(ConfigurationFolder.Resolve(parsed.GetValue(config)), RunCommand.Rules);
            foreach (var error in registry.Errors.Where(error => !error.IsWarning))
                Console.Error.WriteLine(error);
            return registry.Facility is { } facility ? ReplayAsync(directory, facility, TimeProvider.System, Console.Out) : Task.FromResult(1);
        }));
        return new Command("dead-letter", "Messages that could not be used.") { config, list, export, replay };
    }

    internal static int List(string directory, TextWriter output)
    {
        using var connection = Database.OpenReader(directory);
        foreach (var letter in DeadLetters.Read(connection))
        {
            var (topic, detail) = (ReportPlain.Line(letter.Topic), ReportPlain.Line(letter.Detail));
            output.WriteLine($"{letter.Id}\t{ReadingJson.Instant(letter.ReceivedMs)}\t{letter.Reason}\t{topic}\t{detail}{(letter.ReplayedMs is null ? "" : "\treplayed")}");
        }

        return 0;
    }

    internal static async Task<int> ReplayAsync(string directory, Facility facility, TimeProvider time, TextWriter output)
    {
        await using var database = Database.Open(directory, time);
        var (devices, registry) = (new DeviceTable(), new FacilityIndex(facility));
        var journal = new MessageJournal(database, devices);
        var decoder = new MessageDecoder(devices);
        decoder.Use(new JsonMappings(facility.Mappings));
        devices.Use(device => registry.Find(device) is not null, device => registry.Find(device)?.Entry.Sockets);
        var message = new DeviceMessage();
        var writer = new JournalWriter();
        int taken = 0, refused = 0, leftOut = 0;
        using var connection = database.OpenReader();
        foreach (var letter in DeadLetters.Read(connection).Where(letter => letter.ReplayedMs is null).ToList())
        {
            // The time of receipt stays what it was: the reading is as old as it is. So does retained: refused for that, it is refused again.
            var retained = letter.Reason == RejectReason.RetainedData.Key();
            var topic = Encoding.UTF8.GetBytes(letter.Topic);
            // What could be read of a gateway's message was taken when it came: it waits until all of it can be.
            if (DeadLetters.IsCut(letter.Topic) || decoder.Decode(topic, letter.Payload, retained, letter.ReceivedMs, message).Result != DecodeResult.Decoded || decoder.LeftOut is not null)
            {
                refused++;
                continue;
            }

            writer.Clear();
            // Told apart as when it came: what was stored then is the same reading.
            if (message is { HasEnvelope: false, Kind: MessageKind.Data, Device.Id.Dialect: not Dialect.Fm1 })
                message.ForeignHash = ForeignDeduplicator.HashOf(topic, letter.Payload);
            do
            {
                leftOut += ChannelRoom.LeaveOut(message, devices);
                writer.Message(message);
            }
            while (decoder.TryNext(message));
            await journal.AppendAsync(writer, (writing, _) => DeadLetters.MarkReplayed(writing, letter.Id, time.GetUtcNow().ToUnixTimeMilliseconds()));
            taken++;
        }

        await output.WriteLineAsync($"{taken} taken in, {refused} still not understood" + (leftOut > 0 ? $", {leftOut} readings of channels without room left out" : ""));
        return 0;
    }

    private static int Export(string directory, Stream stream)
    {
        using var connection = Database.OpenReader(directory);
        foreach (var letter in DeadLetters.Read(connection))
        {
            using (var writer = new Utf8JsonWriter(stream, Json))
            {
                writer.WriteStartObject();
                writer.WriteString("at"u8, ReadingJson.Instant(letter.ReceivedMs));
                writer.WriteString("topic"u8, letter.Topic);
                writer.WriteBase64String("base64"u8, letter.Payload);
                writer.WriteString("reason"u8, letter.Reason);
                writer.WriteString("detail"u8, letter.Detail);
                writer.WriteEndObject();
            }

            stream.WriteByte((byte)'\n');
        }

        return 0;
    }

    private static int WithData(DirectoryInfo? config, Func<string, int> run) => WithDataAsync(config, directory => Task.FromResult(run(directory))).GetAwaiter().GetResult();

    private static async Task<int> WithDataAsync(DirectoryInfo? config, Func<string, Task<int>> run)
    {
        var folder = ConfigurationFolder.Resolve(config);
        var (settings, errors) = SettingsLoader.Load(folder, Environment.GetEnvironmentVariables());
        var language = SettingsLoader.LanguageOf(folder, Environment.GetEnvironmentVariables());
        foreach (var error in errors)
            await Console.Error.WriteLineAsync(error.In(language));
        if (settings is null)
            return 1;
        // Taking letters in again opens the database for writing, which would make one where there is none.
        if (StoredData.Refusal(folder, settings.Data.Directory) is { } refusal)
        {
            await Console.Error.WriteLineAsync(refusal.In(language));
            return 1;
        }

        try
        {
            return await run(settings.Data.Directory);
        }
        catch (IOException error)
        {
            await Console.Error.WriteLineAsync(error.Message);
            return 1;
        }
    }
}

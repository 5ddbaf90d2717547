using System.CommandLine;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Influx;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Web;

namespace FacilityMonitor.Commands;

/// <summary><c>influx</c>: makes what readings need in an InfluxDB, and sends it what it has not got.</summary>
internal static class InfluxCommand
{
    private const int KeepDaysMax = 36_500;

    public static Command Create()
    {
        var config = new Option<DirectoryInfo?>("--config") { Description = "Configuration folder. Default: ./config, else the demo neighbourhood.", Recursive = true };
        var keep = NumberOption.Optional("--keep-days", 1, KeepDaysMax, "Days that InfluxDB keeps readings; default: for ever. What is there already is never changed.");
        var init = new Command("init", "Make the database or bucket, its retention, and on 2.x the mapping InfluxQL needs. Doing it twice does nothing.") { keep };
        init.SetAction((parsed, cancellation) => WithInfluxAsync(parsed.GetValue(config), (settings, _, influx) => InitAsync(influx, parsed.GetValue(keep), settings.Language, Console.Out, Console.Error, cancellation)));

        var from = new Option<string?>("--from") { Description = "Begin, included; ISO 8601, without an offset Asia/Shanghai. Default: the known gaps." };
        var to = new Option<string?>("--to") { Description = "End, excluded." };
        var list = new Option<bool>("--list") { Description = "Only tell the known gaps." };
        var backfill = new Command("backfill", "Send readings of the embedded store to InfluxDB; what is there already overwrites itself. Without --from and --to: what it is known not to have.") { from, to, list };
        backfill.SetAction((parsed, cancellation) =>
        {
            var (fromText, toText) = (parsed.GetValue(from), parsed.GetValue(to));
            if (fromText is null != toText is null || (fromText is not null && parsed.GetValue(list)))
            {
                Console.Error.WriteLine("backfill: give --from and --to together, or neither of them; --list goes with neither.");
                return Task.FromResult(2);
            }

            ShippingGap? wanted = null;
            if (fromText is not null)
            {
                if (!ExportCommand.TryReadTime("--from", fromText, out var fromMs) || !ExportCommand.TryReadTime("--to", toText!, out var toMs))
                    return Task.FromResult(2);
                if (toMs <= fromMs)
                {
                    Console.Error.WriteLine("--to: must be later than --from.");
                    return Task.FromResult(2);
                }

                wanted = new ShippingGap(fromMs, toMs);
            }

            return WithInfluxAsync(parsed.GetValue(config), async (settings, folder, influx) =>
            {
                if (StoredData.Refusal(folder, settings.Data.Directory) is { } refusal)
                {
                    await Console.Error.WriteLineAsync(refusal.In(settings.Language));
                    return 1;
                }

                if (parsed.GetValue(list))
                    return List(settings.Data.Directory, settings.Language, Console.Out);
                var registry = FacilityLoader.Load(folder);
                foreach (var error in registry.Errors.Where(error => !error.IsWarning))
                    await Console.Error.WriteLineAsync(error.In(settings.Language));
                if (registry.Facility is null)
                    return 1;
                using var sink = new InfluxClient(influx, new HttpMessageInvoker(WebhookNotifier.Handler()), TimeProvider.System);
                return await BackfillAsync(settings.Data.Directory, new FacilityIndex(registry.Facility), sink, influx.BatchReadings, wanted, settings.Language, TimeProvider.System, Console.Error, cancellation);
            });
        });
        return new Command("influx", "Set up InfluxDB, and fill what it has not got.") { config, init, backfill };
    }

    internal static async Task<int> InitAsync(InfluxSettings influx, int? keepDays, string language, TextWriter output, TextWriter errors, CancellationToken cancellation)
    {
        using var client = new InfluxQueryClient(influx, new HttpMessageInvoker(InfluxQueryClient.Handler()), TimeProvider.System);
        try
        {
            return await new InfluxSetup(influx, client, said => output.WriteLine(said.In(language))).RunAsync(keepDays, cancellation) ? 0 : 1;
        }
        catch (InfluxException error)
        {
            await errors.WriteLineAsync(error.Message);
            if (error.Status is 401 or 403)
            {
                await errors.WriteLineAsync(new LocalText(
                    "建库建 bucket 要管理员权限：可以只为这一次用 FM_INFLUX__USERNAME、FM_INFLUX__PASSWORD 或 FM_INFLUX__TOKEN 换成管理员。",
                    "Making a database or bucket takes the rights of an administrator: give them for this once by FM_INFLUX__USERNAME and FM_INFLUX__PASSWORD, or FM_INFLUX__TOKEN.").In(language));
            }
            else if (error.Status is null)
            {
                await errors.WriteLineAsync(new LocalText(
                    "那里没有 InfluxDB 应答：请核对 settings.yaml 的 influx.url，确认它在运行、这台机器连得到它，再运行一次。",
                    "No InfluxDB answers there: check influx.url in settings.yaml, that it runs and that this machine reaches it, then run this again.").In(language));
            }

            return 1;
        }
    }

    internal static int List(string directory, string language, TextWriter output)
    {
        using var connection = Database.OpenReader(directory);
        var gaps = ShippingGaps.Read(connection);
        foreach (var gap in gaps)
            output.WriteLine(Text(gap));
        if (gaps.Count == 0)
            output.WriteLine(new LocalText("没有已知的缺口。", "There is no known gap.").In(language));
        return 0;
    }

    /// <summary>Sends a time, or fills the known gaps; 0 when everything of it was sent.</summary>
    internal static async Task<int> BackfillAsync(
        string directory, FacilityIndex facility, IPointSink sink, int batchReadings, ShippingGap? wanted, string language, TimeProvider time, TextWriter messages, CancellationToken cancellation)
    {
        var devices = new DeviceTable();
        List<ShippingGap> gaps;
        using (var connection = Database.OpenReader(directory))
        {
            MessageJournal.LoadDevices(connection, devices);
            gaps = wanted is { } one ? [one] : ShippingGaps.Read(connection);
        }

        if (gaps.Count == 0)
            await messages.WriteLineAsync(new LocalText("没有已知的缺口，没有要补的。", "There is no known gap, and nothing to fill.").In(language));
        var backfill = new Backfill(
            directory, devices, facility, sink, batchReadings, time,
            (doneToMs, sent) => messages.WriteLine(new LocalText($"{ReadingJson.Instant(doneToMs)} 之前已补，共 {sent} 条", $"done until {ReadingJson.Instant(doneToMs)}, {sent} readings").In(language)));
        var isDone = true;
        foreach (var gap in gaps)
        {
            await messages.WriteLineAsync($"{Text(gap)} → {sink.Name}");
            long lastBlock;
            using (var connection = Database.OpenReader(directory))
                lastBlock = ShippingGaps.LastBlock(connection);
            var result = await backfill.RunAsync(gap.FromMs, gap.ToMs, cancellation);
            await messages.WriteLineAsync(new LocalText($"已补 {result.Sent} 条读数", $"{result.Sent} readings sent").In(language));
            if (result.Damaged > 0)
                await messages.WriteLineAsync(new LocalText($"有 {result.Damaged} 个坏块读不出来，已略过", $"{result.Damaged} damaged blocks were passed over").In(language));
            if (result.Refused > 0)
                await messages.WriteLineAsync(new LocalText($"有 {result.Refused} 条被它拒收：{result.Refusal}", $"it found fault with {result.Refused} readings: {result.Refusal}").In(language));
            // What is done is noted also when the rest is not.
            var noted = result.DoneToMs <= gap.FromMs || await NoteAsync(directory, gap.FromMs, result.DoneToMs, lastBlock, time, messages, cancellation);
            if (result.Trouble is { } trouble)
            {
                await messages.WriteLineAsync(new LocalText(
                    $"没有补完：{sink.Name}：{trouble}。{ReadingJson.Instant(result.DoneToMs)} 之前的已补；重复同一条命令即可，已有的只会覆盖自己。",
                    $"Not finished: {sink.Name}: {trouble}. Everything before {ReadingJson.Instant(result.DoneToMs)} is done; repeat the command, what is there overwrites itself.").In(language));
                return 1;
            }

            isDone &= noted && result.Refused == 0;
        }

        return isDone ? 0 : 1;
    }

    private static string Text(ShippingGap gap) => $"{ReadingJson.Instant(gap.FromMs)} … {ReadingJson.Instant(gap.ToMs)}";

    /// <summary>Takes what is filled out of the known gaps: by the service where one runs, for only it may write its database; else here.</summary>
    private static async Task<bool> NoteAsync(string directory, long fromMs, long toMs, long lastBlock, TimeProvider time, TextWriter messages, CancellationToken cancellation)
    {
        try
        {
            await using var database = Database.Open(directory, time);
            await database.CommitAsync(CommitPriority.Housekeeping, connection => ShippingGaps.Fill(connection, fromMs, toMs, lastBlock));
            return true;
        }
        catch (IOException)
        {
            // It is in use.
        }

        try
        {
            if (ControlKey.Read(directory) is { } key)
            {
                using var handler = new SocketsHttpHandler { UseProxy = false };
                handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => new Uri(key.Url).IsLoopback;
                using var client = new HttpClient(handler) { BaseAddress = new Uri(key.Url), Timeout = TimeSpan.FromSeconds(15) };
                client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key.Secret);
                using var content = new StringContent(JsonSerializer.Serialize(new Dictionary<string, long> { ["from"] = fromMs, ["to"] = toMs, ["block"] = lastBlock }), Encoding.UTF8, "application/json");
                using var answer = await client.PostAsync(new Uri("/control/influx/filled", UriKind.Relative), content, cancellation);
                if (answer.IsSuccessStatusCode)
                    return true;
                await messages.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"The service did not note it: {(int)answer.StatusCode}. Repeat the command later."));
                return false;
            }
        }
        catch (Exception error) when (error is HttpRequestException or UnauthorizedAccessException or IOException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            await messages.WriteLineAsync($"The service could not be told: {error.Message} Repeat the command as the user of the service.");
            return false;
        }

        await messages.WriteLineAsync($"What was filled could not be noted in {directory}: it is in use. Repeat the command later.");
        return false;
    }

    private static async Task<int> WithInfluxAsync(DirectoryInfo? config, Func<ServiceSettings, string, InfluxSettings, Task<int>> run)
    {
        var folder = ConfigurationFolder.Resolve(config);
        var (settings, errors) = SettingsLoader.Load(folder, Environment.GetEnvironmentVariables());
        var language = SettingsLoader.LanguageOf(folder, Environment.GetEnvironmentVariables());
        foreach (var error in errors)
            await Console.Error.WriteLineAsync(error.In(language));
        if (settings is null)
            return 1;
        if (settings.Influx is not { } influx)
        {
            await Console.Error.WriteLineAsync(new LocalText(
                $"没有设置 InfluxDB：请在 {folder} 的 settings.yaml 里写 influx.url，或用环境变量 FM_INFLUX__URL。",
                $"No InfluxDB is set: write influx.url in settings.yaml of {folder}, or give FM_INFLUX__URL.").In(language));
            return 1;
        }

        try
        {
            return await run(settings, folder, influx);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(error.Message);
            return 1;
        }
    }
}

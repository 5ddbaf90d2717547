using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Control;
using FacilityMonitor.Reports;
using FacilityMonitor.Web;

namespace FacilityMonitor.Commands;

/// <summary><c>command</c>: tells a device what to do, through the running service, and waits until it is known what became of it.</summary>
internal static class ControlCommand
{
    /// <summary>The device, or the broker, refused it, or it was tried and failed.</summary>
    public const int NotDone = 3;

    /// <summary>Its time was over before the device had it.</summary>
    public const int TooLate = 4;

    /// <summary>Nobody knows, or measurements contradict it.</summary>
    public const int Unproven = 5;

    private static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(500);

    public static Command Create()
    {
        var config = new Option<DirectoryInfo?>("--config") { Description = "Configuration folder that names the data directory of the running service." };
        var target = new Argument<string>("target") { Description = "<site>/<device> or <site>/<device>/<channel>, such as huaihai/pile-02/s7." };
        var operation = new Argument<string>("op") { Description = "off, on, limit, unlock, reset, rebirth, siren or selftest." };
        operation.AcceptOnlyFromAmong([.. Fm1Words.Operations.Where(word => word is not ("resend" or "ota"))]);
        var arguments = new Argument<string[]>("args") { Description = "limit: w=600 (W); siren: s=60 (seconds).", Arity = ArgumentArity.ZeroOrMore };
        var why = new Option<string>("--why") { Description = "The reason, for those who ask later.", DefaultValueFactory = _ => "" };
        var ttl = NumberOption.WithDefault("--ttl", CommandLimits.TtlMinS, CommandLimits.TtlMaxS, CommandLimits.TtlDefaultS, $"Seconds it is worth doing, {CommandLimits.TtlMinS} to {CommandLimits.TtlMaxS}; on and reset at most {CommandLimits.TtlEnergiseMaxS}.");
        var id = new Option<string?>("--id") { Description = "Names the command: the same id is the same command and is never done twice. Default: a new one." };
        var confirm = new Option<bool>("--confirm") { Description = "This is meant, though the socket is kept for an old or disabled owner." };
        var command = new Command("command", "Tell a device what to do, and wait for the outcome: 0 done, 1 refused, 2 wrong usage, 3 the device refused or failed, 4 too late, 5 unproven.")
        {
            target, operation, arguments, config, why, ttl, id, confirm,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (Body(parsed.GetRequiredValue(target), parsed.GetRequiredValue(operation), parsed.GetValue(arguments) ?? []) is not { } body)
            {
                await Console.Error.WriteLineAsync("Write it as: facility-monitor command <site>/<device>[/<channel>] <op> [w=WATTS | s=SECONDS]");
                return 2;
            }

            body["id"] = parsed.GetValue(id) ?? Guid.NewGuid().ToString("n");
            body["why"] = parsed.GetRequiredValue(why);
            body["ttl"] = parsed.GetRequiredValue(ttl);
            body["confirm"] = parsed.GetValue(confirm);
            // Only who may read the service's files comes so far; the name is for the book.
            body["by"] = "cli:" + Environment.UserName;
            var (settings, errors) = SettingsLoader.Load(ConfigurationFolder.Resolve(parsed.GetValue(config)), Environment.GetEnvironmentVariables());
            foreach (var error in errors)
                await Console.Error.WriteLineAsync(error.ToString());
            return settings is null ? 1 : await RunAsync(settings.Data.Directory, body, settings.Language, Console.Out, TimeProvider.System, cancellationToken);
        });
        return command;
    }

    internal static Dictionary<string, object?>? Body(string target, string operation, IReadOnlyList<string> arguments)
    {
        if (target.Split('/') is not [{ Length: > 0 } site, { Length: > 0 } device, .. { Length: <= 1 } channel])
            return null;
        var body = new Dictionary<string, object?> { ["site"] = site, ["device"] = device, ["op"] = operation };
        if (channel.Length == 1)
            body["channel"] = channel[0];
        foreach (var argument in arguments)
        {
            if (argument.Split('=') is not [("w" or "s") and var name, var text] || !double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
                return null;
            body[name] = number;
        }

        return body;
    }

    internal static async Task<int> RunAsync(string directory, Dictionary<string, object?> body, string language, TextWriter output, TimeProvider time, CancellationToken cancellationToken)
    {
        ControlKey? key;
        try
        {
            key = ControlKey.Read(directory);
        }
        catch (Exception error) when (error is UnauthorizedAccessException or IOException)
        {
            await output.WriteLineAsync($"{error.Message} Run it as the user of the service.");
            return 1;
        }

        if (key is null)
        {
            await output.WriteLineAsync($"No service runs on {directory}.");
            return 1;
        }

        // The certificate of a page is for its name; this is this machine, and the key is the proof.
        using var handler = new SocketsHttpHandler { UseProxy = false };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => new Uri(key.Url).IsLoopback;
        using var client = new HttpClient(handler) { BaseAddress = new Uri(key.Url), Timeout = TimeSpan.FromSeconds(15) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key.Secret);
        try
        {
            return await OrderAsync(client, body, language, output, time, cancellationToken);
        }
        catch (HttpRequestException error)
        {
            await output.WriteLineAsync($"The service at {key.Url} does not answer: {error.Message}");
            return 1;
        }
    }

    private static async Task<int> OrderAsync(
        HttpClient client, Dictionary<string, object?> body, string language, TextWriter output, TimeProvider time, CancellationToken cancellationToken)
    {
        using var content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(new Uri("/control/commands", UriKind.Relative), content, cancellationToken);
        if (answer.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.Accepted or HttpStatusCode.UnprocessableEntity))
        {
            await output.WriteLineAsync($"The service did not take it: {(int)answer.StatusCode}.");
            return 1;
        }

        var said = await BodyAsync(answer, cancellationToken);
        if (said.TryGetProperty("refused", out var refused))
        {
            await output.WriteLineAsync(ReportPlain.Line($"refused {refused.GetString()}: {said.GetProperty(language).GetString()}"));
            return 1;
        }

        var id = said.GetProperty("id").GetString()!;
        var last = "";
        while (true)
        {
            var (state, result) = (said.GetProperty("state").GetString()!, said.GetProperty("result").GetString());
            if (state != last)
                await output.WriteLineAsync($"{id} {last = state}{(result is null ? "" : $" ({ReportPlain.Line(result)})")}");
            if (!said.GetProperty("open").GetBoolean())
                return CodeOf(state);
            await Task.Delay(AskEvery, time, cancellationToken);
            using var next = await client.GetAsync(new Uri($"/control/commands/{Uri.EscapeDataString(id)}", UriKind.Relative), cancellationToken);
            next.EnsureSuccessStatusCode();
            said = await BodyAsync(next, cancellationToken);
        }
    }

    private static async Task<JsonElement> BodyAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        using var document = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancellationToken));
        return document.RootElement.Clone();
    }

    private static int CodeOf(string state) => state switch
    {
        "done" or "verified" => 0,
        "rejected" or "failed" => NotDone,
        "expired" => TooLate,
        _ => Unproven,
    };
}

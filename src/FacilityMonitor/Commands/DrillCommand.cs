using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace FacilityMonitor.Commands;

/// <summary><c>drill</c>: runs the real chain of a site, marked as an exercise, and says who answered in how many minutes.</summary>
internal static class DrillCommand
{
    private const int WaitMinutesMax = 24 * 60;
    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var config = new Option<DirectoryInfo?>("--config") { Description = "Configuration folder that names the data directory of the running service." };
        var site = new Argument<string>("site") { Description = "Site id." };
        var priority = new Option<string>("--priority") { Description = "P0, P1 or P2: whose chain.", DefaultValueFactory = _ => "P0" };
        priority.AcceptOnlyFromAmong("P0", "P1", "P2");
        var siren = new Option<bool>("--siren") { Description = "The siren sounds, too." };
        var wait = NumberOption.WithDefault("--wait-min", 1, WaitMinutesMax, 10, "How many minutes to wait for answers.");
        var command = new Command("drill", "Run the real chain of a site, marked as an exercise: 0 enough people answered, 1 not, 2 wrong usage.") { site, config, priority, siren, wait };
        command.SetAction((parsed, cancellationToken) => RunningService.CallAsync(
            parsed.GetValue(config), (client, settings) => RunAsync(
                client, parsed.GetRequiredValue(site), parsed.GetRequiredValue(priority), parsed.GetValue(siren), TimeSpan.FromMinutes(parsed.GetValue(wait)), settings.Language, Console.Out, TimeProvider.System,
                cancellationToken)));
        return command;
    }

    internal static async Task<int> RunAsync(
        HttpClient client, string site, string priority, bool siren, TimeSpan wait, string language, TextWriter output, TimeProvider time, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.Serialize(new Dictionary<string, object?> { ["site"] = site, ["priority"] = priority, ["siren"] = siren });
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(new Uri("/api/drills", UriKind.Relative), content, cancellationToken);
        using var said = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancellationToken));
        if (answer.StatusCode != HttpStatusCode.OK)
        {
            await output.WriteLineAsync(said.RootElement.GetProperty(language).GetString());
            return 1;
        }

        var alert = said.RootElement.GetProperty("alert").GetString()!;
        var began = time.GetTimestamp();
        while (true)
        {
            using var report = JsonDocument.Parse(await client.GetStringAsync(new Uri("/api/drills/" + alert, UriKind.Relative), cancellationToken));
            var isOver = report.RootElement.GetProperty("over").GetBoolean();
            if (isOver || time.GetElapsedTime(began) >= wait)
            {
                await SayAsync(report.RootElement, language, output);
                return isOver ? 0 : 1;
            }

            await Task.Delay(AskEvery, time, cancellationToken);
        }
    }

    private static async Task SayAsync(JsonElement report, string language, TextWriter output)
    {
        var isEnglish = language == "en";
        foreach (var call in report.GetProperty("called").EnumerateArray())
        {
            var answered = call.GetProperty("answeredAfterMin");
            var minutes = answered.ValueKind == JsonValueKind.Number ? answered.GetDouble().ToString("0.0", CultureInfo.InvariantCulture) : null;
            var outcome = (minutes, isEnglish) switch
            {
                (null, true) => "no answer",
                (null, false) => "没有回应",
                (_, true) => $"answered after {minutes} min",
                (_, false) => $"{minutes} 分钟后确认",
            };
            await output.WriteLineAsync($"{call.GetProperty("person").GetString()}  {outcome}");
        }

        foreach (var skipped in report.GetProperty("skipped").EnumerateArray())
            await output.WriteLineAsync((isEnglish ? "nobody to call: " : "无人可通知：") + skipped.GetString());
    }
}

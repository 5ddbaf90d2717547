using System.CommandLine;
using System.Net;
using System.Text;
using System.Text.Json;
using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;

namespace FacilityMonitor.Commands;

/// <summary><c>user</c>: who may sign in to the page, through the running service. Whoever may read its data directory may do everything here: it is how one gets in when nobody else can.</summary>
internal static class UserCommand
{
    private const string Users = "/control/users";

    public static Command Create()
    {
        var config = new Option<DirectoryInfo?>("--config") { Description = "Configuration folder that names the data directory of the running service.", Recursive = true };
        Argument<string> Name() => new("name") { Description = "What the person types to sign in: 1 to 48 of a-z, 0-9 and '-'." };
        string[] roles = [.. Words.All<UserRole>().Select(role => role.Word)];
        Task<int> CallAsync(ParseResult parsed, Func<HttpClient, string, Task<int>> call) => RunningService.CallAsync(parsed.GetValue(config), (client, settings) => call(client, settings.Language));

        Command Simple(string word, string description)
        {
            var name = Name();
            var command = new Command(word, description) { name };
            command.SetAction((parsed, cancellationToken) => CallAsync(parsed, (client, language) =>
                SendAsync(client, Path(parsed.GetRequiredValue(name), word), [], language, Console.Out, cancellationToken)));
            return command;
        }

        var list = new Command("list", "Everybody who may sign in: name, role, sites, whether disabled.");
        list.SetAction((parsed, cancellationToken) => CallAsync(parsed, (client, language) => ListAsync(client, language, Console.Out, cancellationToken)));

        var (addName, addRole) = (Name(), new Option<string>("--role") { Description = $"What the person is: {string.Join(", ", roles)}.", Required = true });
        var addSites = new Option<string>("--sites") { Description = "Ids of the sites between commas, or all.", Required = true };
        var display = new Option<string?>("--display") { Description = "How the person is called on the page. Default: as in people.yaml, or the name." };
        var person = new Option<string?>("--person") { Description = "Who it is in people.yaml. Default: whoever has the same id there." };
        var note = new Option<string?>("--note") { Description = "Whatever helps to tell who it is." };
        var typed = new Option<bool>("--password") { Description = "Ask for a password (a line of standard input) instead of printing a one-time link." };
        var add = new Command("add", "Add somebody. Prints a one-time link with which the person sets a password.") { addName, addRole, addSites, display, person, note, typed };
        add.SetAction((parsed, cancellationToken) => CallAsync(parsed, (client, language) => AddAsync(
            client, parsed.GetRequiredValue(addName),
            new()
            {
                ["name"] = parsed.GetRequiredValue(addName),
                ["role"] = parsed.GetRequiredValue(addRole),
                ["sites"] = parsed.GetRequiredValue(addSites),
                ["display"] = parsed.GetValue(display),
                ["person"] = parsed.GetValue(person),
                ["note"] = parsed.GetValue(note),
            },
            parsed.GetValue(typed) ? () => ReadPassword(language) : null, language, Console.Out, cancellationToken)));

        var (roleName, role) = (Name(), new Argument<string>("role") { Description = string.Join(", ", roles) + "." });
        var setRole = new Command("role", "Make somebody something else. Ends the person's sessions.") { roleName, role };
        setRole.SetAction((parsed, cancellationToken) => CallAsync(parsed, (client, language) => SendAsync(
            client, Path(parsed.GetRequiredValue(roleName), "role"), new() { ["role"] = parsed.GetRequiredValue(role) }, language, Console.Out, cancellationToken)));

        var (sitesName, sites) = (Name(), new Argument<string>("sites") { Description = "Ids of the sites between commas, or all." });
        var setSites = new Command("sites", "Say which sites somebody sees and acts on. Ends the person's sessions.") { sitesName, sites };
        setSites.SetAction((parsed, cancellationToken) => CallAsync(parsed, (client, language) => SendAsync(
            client, Path(parsed.GetRequiredValue(sitesName), "sites"), new() { ["sites"] = parsed.GetRequiredValue(sites) }, language, Console.Out, cancellationToken)));

        var (namesName, newDisplay, newPerson, newNote) = (Name(), new Option<string?>("--display") { Description = "How the person is called on the page." },
            new Option<string?>("--person") { Description = "Who it is in people.yaml; \"\" for whoever has the same id." }, new Option<string?>("--note") { Description = "Whatever helps to tell who it is." });
        var names = new Command("names", "Change how somebody is called, and who it is in people.yaml.") { namesName, newDisplay, newPerson, newNote };
        names.SetAction((parsed, cancellationToken) => CallAsync(parsed, (client, language) => SendAsync(
            client, Path(parsed.GetRequiredValue(namesName), "names"),
            new() { ["display"] = parsed.GetValue(newDisplay), ["person"] = parsed.GetValue(newPerson), ["note"] = parsed.GetValue(newNote) }, language, Console.Out, cancellationToken)));

        var (passwordName, link) = (Name(), new Option<bool>("--link") { Description = "Print a one-time link with which the person sets it, instead of asking for it here." });
        var password = new Command("password", "Give somebody another password: asked for, or a line of standard input; never an argument. Ends the person's sessions.") { passwordName, link };
        password.SetAction((parsed, cancellationToken) => CallAsync(parsed, (client, language) => parsed.GetValue(link)
            ? LinkAsync(client, Path(parsed.GetRequiredValue(passwordName), "link"), language, Console.Out, cancellationToken)
            : SendAsync(client, Path(parsed.GetRequiredValue(passwordName), "password"), new() { ["password"] = ReadPassword(language) }, language, Console.Out, cancellationToken)));

        var (sessionsName, end) = (Name(), new Option<bool>("--end") { Description = "End them all." });
        var sessions = new Command("sessions", "Where somebody is signed in.") { sessionsName, end };
        sessions.SetAction((parsed, cancellationToken) => CallAsync(parsed, (client, language) => parsed.GetValue(end)
            ? SendAsync(client, Path(parsed.GetRequiredValue(sessionsName), "sessions/end"), [], language, Console.Out, cancellationToken)
            : SessionsAsync(client, parsed.GetRequiredValue(sessionsName), language, Console.Out, cancellationToken)));

        var first = new Command("first", "While there is no user: another one-time link for the first administrator.");
        first.SetAction((parsed, cancellationToken) => CallAsync(parsed, (client, language) => LinkAsync(client, Users + "/first", language, Console.Out, cancellationToken)));

        return new Command("user", "Who may sign in to the page: 0 done, 1 refused, with the reason.")
        {
            config, list, add, setRole, setSites, names, password, sessions, first,
            Simple("disable", "Shut somebody out, at once."), Simple("enable", "Let somebody in again."),
        };
    }

    internal static async Task<int> ListAsync(HttpClient client, string language, TextWriter output, CancellationToken cancellationToken)
    {
        using var said = JsonDocument.Parse(await client.GetStringAsync(new Uri(Users, UriKind.Relative), cancellationToken));
        foreach (var user in said.RootElement.GetProperty("users").EnumerateArray())
        {
            string Of(string key) => user.GetProperty(key).GetString() ?? "";
            var role = Rights.Name(Words.All<UserRole>().First(one => one.Word == Of("role")).Kind).In(language);
            string[] parts =
            [
                Of("name"), role, Of("sites"), Of("display"), Of("person") is { Length: > 0 } person ? "= " + person : "", Of("note"),
                user.GetProperty("disabled").GetBoolean() ? In(language, "已停用", "disabled") : "",
                user.GetProperty("password").GetBoolean() ? "" : In(language, "还没有口令", "has no password yet"),
            ];
            await output.WriteLineAsync(string.Join("  ", parts.Where(part => part.Length > 0)));
        }

        return 0;
    }

    internal static async Task<int> AddAsync(
        HttpClient client, string name, Dictionary<string, string?> body, Func<string?>? password, string language, TextWriter output, CancellationToken cancellationToken)
    {
        if (await SendAsync(client, Users, body, language, output, cancellationToken) is > 0 and var refused)
            return refused;
        return password is null
            ? await LinkAsync(client, Path(name, "link"), language, output, cancellationToken)
            : await SendAsync(client, Path(name, "password"), new() { ["password"] = password() }, language, output, cancellationToken);
    }

    internal static async Task<int> LinkAsync(HttpClient client, string path, string language, TextWriter output, CancellationToken cancellationToken)
    {
        var (status, said) = await PostAsync(client, path, [], cancellationToken);
        await output.WriteLineAsync(status == HttpStatusCode.OK
            ? In(language, $"一次性链接，24 小时内有效，只能用一次：{said.GetProperty("link").GetString()}", $"One-time link, works once within 24 hours: {said.GetProperty("link").GetString()}")
            : said.GetProperty(language).GetString());
        return status == HttpStatusCode.OK ? 0 : 1;
    }

    internal static async Task<int> SessionsAsync(HttpClient client, string name, string language, TextWriter output, CancellationToken cancellationToken)
    {
        using var answer = await client.GetAsync(new Uri(Path(name, "sessions"), UriKind.Relative), cancellationToken);
        using var said = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancellationToken));
        if (answer.StatusCode != HttpStatusCode.OK)
        {
            await output.WriteLineAsync(said.RootElement.GetProperty(language).GetString());
            return 1;
        }

        foreach (var session in said.RootElement.GetProperty("sessions").EnumerateArray())
        {
            var (opened, seen) = (AlertText.Clocks(session.GetProperty("opened").GetInt64()), AlertText.Clocks(session.GetProperty("seen").GetInt64()));
            await output.WriteLineAsync(In(language, $"{opened.Zh} 登录，{seen.Zh} 用过", $"signed in {opened.En}, used {seen.En}") + $"  {session.GetProperty("place").GetString()}  {session.GetProperty("agent").GetString()}");
        }

        return 0;
    }

    internal static async Task<int> SendAsync(HttpClient client, string path, Dictionary<string, string?> body, string language, TextWriter output, CancellationToken cancellationToken)
    {
        var (status, said) = await PostAsync(client, path, body, cancellationToken);
        if (status == HttpStatusCode.NoContent)
            return 0;
        await output.WriteLineAsync(said.GetProperty(language).GetString());
        return 1;
    }

    internal static string Path(string name, string what) => $"{Users}/{Uri.EscapeDataString(name)}/{what}";

    /// <summary>A line of a pipe, or what is typed without being shown, twice.</summary>
    private static string? ReadPassword(string language)
    {
        if (Console.IsInputRedirected)
            return Console.In.ReadLine();
        var (first, second) = (Ask(In(language, "口令：", "Password: ")), Ask(In(language, "再输一次：", "Once more: ")));
        if (first == second)
            return first;
        Console.Error.WriteLine(In(language, "两次输入的口令不一样", "The two differ."));
        return "";

        static string Ask(string prompt)
        {
            Console.Error.Write(prompt);
            var text = new StringBuilder();
            while (Console.ReadKey(intercept: true) is var key && key.Key != ConsoleKey.Enter)
            {
                if (key.Key == ConsoleKey.Backspace && text.Length > 0)
                    text.Length--;
                else if (!char.IsControl(key.KeyChar))
                    text.Append(key.KeyChar);
            }

            Console.Error.WriteLine();
            return text.ToString();
        }
    }

    private static async Task<(HttpStatusCode Status, JsonElement Said)> PostAsync(HttpClient client, string path, Dictionary<string, string?> body, CancellationToken cancellationToken)
    {
        using var content = new StringContent(
            JsonSerializer.Serialize(body.Where(pair => pair.Value is not null).ToDictionary()), Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(new Uri(path, UriKind.Relative), content, cancellationToken);
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        if (answer.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.NoContent or HttpStatusCode.UnprocessableEntity))
            throw new HttpRequestException($"HTTP {(int)answer.StatusCode}");
        using var said = JsonDocument.Parse(text.Length == 0 ? "{}" : text);
        return (answer.StatusCode, said.RootElement.Clone());
    }

    private static string In(string language, string zh, string en) => language == "en" ? en : zh;
}

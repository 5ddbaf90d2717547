using System.CommandLine;
using System.Net;
using System.Text;
using System.Text.Json;

namespace FacilityMonitor.Commands;

/// <summary><c>contact</c>: which ways to people work, asked of the people themselves.</summary>
internal static class ContactCommand
{
    private static readonly Uri Contacts = new("/api/contacts", UriKind.Relative);

    public static Command Create()
    {
        var config = new Option<DirectoryInfo?>("--config") { Description = "Configuration folder that names the data directory of the running service.", Recursive = true };
        var list = new Command("list", "Every way to every person, and when the person confirmed it: 0 all confirmed within oncall.verify-days, 1 not.");
        list.SetAction((parsed, cancellationToken) => RunningService.CallAsync(
            parsed.GetValue(config), (client, settings) => ListAsync(client, settings.Language == "en", Console.Out, cancellationToken)));

        var whom = new Argument<string?>("person") { Description = "Id of the person.", Arity = ArgumentArity.ZeroOrOne };
        var channel = new Option<string?>("--channel") { Description = "Only this channel; default: each of the person." };
        var due = new Option<bool>("--due") { Description = "Everybody's ways that were not confirmed within oncall.verify-days." };
        var verify = new Command("verify", "Send a message that asks whether it arrived; the person answers by its link, a key on the telephone, or by telling its code: 0 sent, 1 not.") { whom, channel, due };
        verify.Validators.Add(result =>
        {
            if (result.GetValue(whom) is null == !result.GetValue(due))
                result.AddError("Give a person, or --due.");
        });
        verify.SetAction((parsed, cancellationToken) => RunningService.CallAsync(
            parsed.GetValue(config), (client, settings) => VerifyAsync(client, parsed.GetValue(whom), parsed.GetValue(channel), settings.Language == "en", Console.Out, cancellationToken)));

        var person = new Argument<string>("person") { Description = "Id of the person." };
        var code = new Argument<string>("code") { Description = "The six digits of the message." };
        var confirm = new Command("confirm", "The person told the code of a message: that way works. 0 noted, 1 not.") { person, code };
        confirm.SetAction((parsed, cancellationToken) => RunningService.CallAsync(
            parsed.GetValue(config), (client, settings) => ConfirmAsync(client, parsed.GetRequiredValue(person), parsed.GetRequiredValue(code), settings.Language, Console.Out, cancellationToken)));
        return new Command("contact", "Whether what we send reaches people.") { config, list, verify, confirm };
    }

    internal static async Task<int> ListAsync(HttpClient client, bool isEnglish, TextWriter output, CancellationToken cancellationToken)
    {
        using var contacts = JsonDocument.Parse(await client.GetStringAsync(Contacts, cancellationToken));
        foreach (var contact in contacts.RootElement.EnumerateArray())
        {
            var (person, channel, last) = (contact.GetProperty("person").GetString(), contact.GetProperty("channel").GetString(), contact.GetProperty("last").GetString());
            var state = (contact.GetProperty("verified").GetBoolean(), last, isEnglish) switch
            {
                (true, _, true) => $"confirmed on {last}",
                (true, _, false) => $"{last} 已确认",
                (false, null, true) => "never confirmed",
                (false, null, false) => "从没有确认过",
                (false, _, true) => $"to be confirmed anew, last on {last}",
                (false, _, false) => $"要重新确认，上次是 {last}",
            };
            await output.WriteLineAsync($"{person}  {channel}  {state}");
        }

        return contacts.RootElement.EnumerateArray().All(contact => contact.GetProperty("verified").GetBoolean()) ? 0 : 1;
    }

    internal static async Task<int> VerifyAsync(HttpClient client, string? person, string? channel, bool isEnglish, TextWriter output, CancellationToken cancellationToken)
    {
        var asked = new List<(string Person, string? Channel)>();
        if (person is not null)
        {
            asked.Add((person, channel));
        }
        else
        {
            using var contacts = JsonDocument.Parse(await client.GetStringAsync(Contacts, cancellationToken));
            asked.AddRange(contacts.RootElement.EnumerateArray().Where(contact => !contact.GetProperty("verified").GetBoolean())
                .Select(contact => (contact.GetProperty("person").GetString()!, contact.GetProperty("channel").GetString()))
                .Where(contact => channel is null || contact.Item2 == channel));
        }

        var isRefused = false;
        foreach (var (who, way) in asked)
        {
            var (status, said) = await PostAsync(client, $"/api/contacts/{Uri.EscapeDataString(who)}/ask", way is null ? [] : new() { ["channel"] = way }, cancellationToken);
            isRefused |= status != HttpStatusCode.NoContent;
            var outcome = status == HttpStatusCode.NoContent ? isEnglish ? "asked; waiting for the answer" : "已发出，等本人回答" : said.GetProperty(isEnglish ? "en" : "zh").GetString();
            await output.WriteLineAsync($"{who}  {way ?? (isEnglish ? "every way" : "全部")}  {outcome}");
        }

        return isRefused ? 1 : 0;
    }

    internal static async Task<int> ConfirmAsync(HttpClient client, string person, string code, string language, TextWriter output, CancellationToken cancellationToken)
    {
        var (status, said) = await PostAsync(client, $"/api/contacts/{Uri.EscapeDataString(person)}/confirm", new() { ["code"] = code }, cancellationToken);
        if (status != HttpStatusCode.OK)
        {
            await output.WriteLineAsync(said.GetProperty(language).GetString());
            return 1;
        }

        var channel = said.GetProperty("channel").GetString();
        await output.WriteLineAsync(language == "en" ? $"{person}: {channel} works." : $"{person}：{channel} 已确认。");
        return 0;
    }

    private static async Task<(HttpStatusCode Status, JsonElement Said)> PostAsync(HttpClient client, string path, Dictionary<string, string> body, CancellationToken cancellationToken)
    {
        using var content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(new Uri(path, UriKind.Relative), content, cancellationToken);
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        if (answer.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.NoContent or HttpStatusCode.UnprocessableEntity))
            throw new HttpRequestException($"HTTP {(int)answer.StatusCode}");
        using var said = JsonDocument.Parse(text.Length == 0 ? "{}" : text);
        return (answer.StatusCode, said.RootElement.Clone());
    }
}

using System.Globalization;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall.Answers;

/// <summary>Does what a person answers in a chat, on disk before they are told so.</summary>
/// <remarks>
/// Who wrote is whoever has that address on that channel in <c>people.yaml</c>; the provider vouches for the address. Nobody acknowledges what they were not told of: a code
/// that was overheard, or guessed, opens nothing.
/// </remarks>
internal sealed class AnswerDesk(Database database, FacilitySource registry, ResponseLog log, TimeProvider time)
{
    /// <summary>How far back a message can be answered: a code is only so long the code of one alert.</summary>
    public static readonly TimeSpan AnsweredFor = TimeSpan.FromHours(48);

    /// <summary>Alerts that are listed when somebody has to say which.</summary>
    private const int ListedMax = 5;

    /// <summary>Does it.</summary>
    /// <exception cref="DatabaseUnavailableException">The disk did not take it: nothing was done, and it may come again.</exception>
    public async Task<AnswerReply> AnswerAsync(ChatAnswer answer)
    {
        if (PersonOf(answer) is not { } person)
            return new AnswerReply(AnswerKind.Stranger, new LocalText(
                "这个账号没有登记，不能确认告警。请管理员在 people.yaml 里给你登记这个通道的联系方式。", "This account is not registered and cannot acknowledge. Have it added to your contacts in people.yaml."));
        if (AnswerPhrase.Read(answer.Text) is not { } phrase)
            return new AnswerReply(AnswerKind.NotUnderstood, new LocalText(
                "看不懂。要接手一条告警，请回复“确认”加上消息里的四位数，例如：确认 1234。", "Not understood. To take care of an alert answer “ack” and the four digits of its message, such as: ack 1234."));
        AnswerReply? reply = null;
        await database.CommitAsync(CommitPriority.Alerts, connection => reply = Acknowledge(connection, person, phrase, answer.Channel));
        log.Announce();
        return reply!;
    }

    private AnswerReply Acknowledge(SqliteConnection connection, string person, AnswerPhrase phrase, string channel)
    {
        var told = Told(connection, person);
        var meant = phrase.Code.Length == 0
            ? told.FindAll(one => one.IsCalling)
            : told.FindAll(one => AnswerCode.Of(one.Alert) == phrase.Code || IsNamed(one.Alert, phrase.Code));
        return meant.Count switch
        {
            0 when phrase.Code.Length == 0 => new AnswerReply(AnswerKind.NotDone, new LocalText("现在没有等你确认的告警。", "No alert waits for you now.")),
            0 => new AnswerReply(AnswerKind.NotDone, new LocalText(
                $"没有用 {phrase.Code} 通知过你，或那条告警已经关闭。{List(connection, told, isEnglish: false)}",
                $"You were told of nothing with {phrase.Code}, or it is closed. {List(connection, told, isEnglish: true)}")),
            1 => Acknowledge(connection, person, meant[0].Alert, channel),
            _ => new AnswerReply(AnswerKind.NotDone, new LocalText(
                $"有 {meant.Count} 条，请说明是哪一条。{List(connection, meant, isEnglish: false)}", $"There are {meant.Count}; say which. {List(connection, meant, isEnglish: true)}")),
        };
    }

    /// <summary>Whoever answers a message means everything that it told of.</summary>
    private AnswerReply Acknowledge(SqliteConnection connection, string person, string alert, string channel)
    {
        var by = new Actor(person, channel);
        var outcome = log.Command(connection, alert, new ResponseCommand.Acknowledge(), by);
        var members = ResponseTable.Members(connection, alert, null, person);
        foreach (var member in members)
            log.Command(connection, member, new ResponseCommand.Acknowledge(), by);
        var brief = PageText.Brief(ResponseTable.TextOf(connection, alert));
        return outcome switch
        {
            ResponseOutcome.Done done => new AnswerReply(AnswerKind.Done, Say(done, brief, members.Count)),
            ResponseOutcome.Refused refused => new AnswerReply(AnswerKind.NotDone, new LocalText($"{brief.Zh}：{refused.Refusal.Text.Zh}", $"{brief.En}: {refused.Refusal.Text.En}")),
            _ => new AnswerReply(AnswerKind.NotDone, new LocalText("这条告警已经没有了。", "That alert is no longer there.")),
        };
    }

    private static LocalText Say(ResponseOutcome.Done done, LocalText brief, int members)
    {
        var (zh, en) = done.IsNew ? ("已记下，由你处理：", "Noted, you take care of it: ") : ("你已经确认过：", "You have acknowledged it already: ");
        var (moreZh, moreEn) = members == 0
            ? ("", "")
            : (string.Create(CultureInfo.InvariantCulture, $"，连同另外 {members} 条"), string.Create(CultureInfo.InvariantCulture, $", and {members} more"));
        var (nextZh, nextEn) = done.State.IsAnswered
            ? ("。不再呼叫其他人。请到现场后在页面上说明情况。", ". Nobody else is called. When you are there, say on the page how it stands.")
            : ("。还需要另一个人确认，会继续呼叫。", ". One more person is needed; others are called on.");
        return new LocalText(zh + brief.Zh + moreZh + nextZh, en + brief.En + moreEn + nextEn);
    }

    private static string List(SqliteConnection connection, List<ToldAlert> alerts, bool isEnglish)
    {
        if (alerts.Count == 0)
            return "";
        var doubled = alerts.CountBy(one => AnswerCode.Of(one.Alert)).Where(count => count.Value > 1).Select(count => count.Key).ToHashSet(StringComparer.Ordinal);
        var lines = alerts.Take(ListedMax).Select(one =>
        {
            var code = AnswerCode.Of(one.Alert);
            var brief = PageText.Brief(ResponseTable.TextOf(connection, one.Alert));
            // Two with the same four digits are told apart by their names.
            return $"\n{AnswerCode.Phrase(doubled.Contains(code) ? ChannelMessage.ShortName(one.Alert) : code, isEnglish)}: {(isEnglish ? brief.En : brief.Zh)}";
        });
        return (isEnglish ? "You can answer:" : "可以回复：") + string.Concat(lines);
    }

    /// <summary>The name that stands behind # in the message, with its step or without.</summary>
    private static bool IsNamed(string alert, string code) => code.Split('-')[0] is var name && name.Length >= ChannelMessage.ShortName(alert).Length
        && alert.StartsWith(name, StringComparison.OrdinalIgnoreCase);

    /// <summary>Open alerts that a message told a person of, the most urgent first.</summary>
    private List<ToldAlert> Told(SqliteConnection connection, string person)
    {
        using var command = Database.Command(
            connection, """
            select response.alert, calling from response where stage < 4 and alert in (select alert from notice where person = $person and created_ms > $since and state in (1, 2))
              order by priority, raised_ms
            """,
            ("$person", person), ("$since", time.GetUtcNow().ToUnixTimeMilliseconds() - (long)AnsweredFor.TotalMilliseconds));
        using var rows = command.ExecuteReader();
        var told = new List<ToldAlert>();
        while (rows.Read())
            told.Add(new ToldAlert(rows.GetString(0), rows.GetBoolean(1)));
        return told;
    }

    private string? PersonOf(ChatAnswer answer) => answer.Address is null ? null : registry.Current.Facility.People.At(DutyRoster.Wall(time.GetUtcNow().ToUnixTimeMilliseconds()))
        .FirstOrDefault(person => person.Contacts.Any(contact => contact.Channel == answer.Channel && contact.Address == answer.Address))?.Id;

    private sealed record ToldAlert(string Alert, bool IsCalling);
}

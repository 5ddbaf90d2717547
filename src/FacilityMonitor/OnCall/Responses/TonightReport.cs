using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>Says whom a fire would call tonight, how many calls each of them can get, and where nobody would come.</summary>
/// <param name="facility">The registry.</param>
/// <param name="channels">The channels.</param>
/// <param name="settings">The settings.</param>
/// <param name="confirmed">Contacts that were confirmed in the running service: <see cref="ContactTable.Confirmed"/>.</param>
/// <param name="time">The clock.</param>
/// <param name="output">Where it is written.</param>
internal sealed class TonightReport(
    Facility facility, IReadOnlyList<ChannelDefinition> channels, ServiceSettings settings, IReadOnlyDictionary<string, DateOnly> confirmed, TimeProvider time, TextWriter output)
{
    /// <summary>The hour that is looked at: people sleep, and offices are closed.</summary>
    public const int Hour = 23;

    /// <summary>Gaps that are named.</summary>
    private const int GapsMax = 20;

    private readonly ChannelSounds _sounds = ChannelSounds.From(channels);
    private readonly DutyRoster _roster = new(facility.People);
    private readonly People _known = ContactDesk.With(facility.People, confirmed, ChannelSounds.From(channels), DateOnly.FromDateTime(DutyRoster.Wall(time.GetUtcNow().ToUnixTimeMilliseconds())), settings.OnCall.VerifyDays);

    private IEnumerable<Person> Present => facility.People.At(DutyRoster.Wall(time.GetUtcNow().ToUnixTimeMilliseconds()));

    /// <summary>Why this cannot be run: who gets messages with a link, and nobody can open it. Null: it can.</summary>
    public LocalText? Refusal()
    {
        var silent = Present.Where(person => person.Contacts.Count > 0 && person.Contacts.All(contact => _sounds.Of(contact.Channel) != Loudness.Voice && !IsAnswered(contact)))
            .Where(person => person.Contacts.Any(contact => channels.FirstOrDefault(channel => channel.Id == contact.Channel) is { Form.Kind: not (ChannelKind.Console or ChannelKind.Webhook or ChannelKind.Siren) }))
            .Select(person => person.Id).ToList();
        if (silent.Count == 0 || settings.Web.PublicUrl is not null)
            return null;
        var who = string.Join(", ", silent);
        return new LocalText(
            $"{who} 只能靠消息里的链接确认，但没有设 web.public-url；请写手机能打开的地址", $"{who} can acknowledge only by the link in a message, and web.public-url is not set; write the address that a phone can open");
    }

    /// <summary>Whether the person can answer where the message is.</summary>
    private bool IsAnswered(PersonContact contact) => channels.Any(channel => channel.Id == contact.Channel && channel.Form.IsAnswered);

    public void Write()
    {
        var today = DutyRoster.Wall(time.GetUtcNow().ToUnixTimeMilliseconds());
        var tonight = DutyRoster.Instant(today.Date.AddHours(Hour));
        output.WriteLine();
        Line(0, string.Create(CultureInfo.InvariantCulture, $"今晚 {Hour} 点如果起火（P0）"), string.Create(CultureInfo.InvariantCulture, $"If it burned tonight at {Hour}:00 (P0)"));
        if (facility.People.Teams.Count == 0)
            Gap(1, "people.yaml 里没有班组（teams）：不会逐级通知任何人", "people.yaml names no teams: nobody is called step by step");
        foreach (var site in facility.Sites.Where(_ => facility.People.Teams.Count > 0))
            Chain(site, tonight);
        Ways();
        Unverified(DateOnly.FromDateTime(today));
        Gaps(today);
    }

    private void Chain(Site site, long tonight)
    {
        var sirens = site.Devices.Where(device => device.Kind == DeviceKind.Siren).Select(device => device.Id).ToList();
        var board = new DutyBoard(_roster, _sounds.Of, _ => _sounds.Siren is null ? [] : sirens);
        Line(1, $"{site.Id}  {site.Name.Zh}", $"{site.Id}  {site.Name.En}");
        if (sirens.Count == 0 || _sounds.Siren is null)
            Gap(2, "没有会响的警报器", "no siren that would sound");
        var chain = facility.People.ChainOf(Priority.P0, site.Id);
        for (var number = 0; number < chain.Steps.Count; number++)
        {
            var step = chain.Steps[number];
            var found = board.Find(step, number, site.Id, Priority.P0, tonight, out var why);
            var names = found.Select(callee => (Zh: $"{callee.Person.Name.Zh}（{Channels(callee)}）", En: $"{callee.Person.Name.En} ({Channels(callee)})")).ToList();
            if (names.Count > 0)
                Line(2, string.Create(CultureInfo.InvariantCulture, $"+{step.AfterS} 秒 → {string.Join("、", names.Select(name => name.Zh))}"), string.Create(CultureInfo.InvariantCulture, $"+{step.AfterS} s → {string.Join(", ", names.Select(name => name.En))}"));
            if (names.Count == 0)
                Gap(2, string.Create(CultureInfo.InvariantCulture, $"+{step.AfterS} 秒 → 无人（{why}），立即跳到下一级"), string.Create(CultureInfo.InvariantCulture, $"+{step.AfterS} s → nobody ({why}), skipped at once"));
        }

        var wanted = ResponseLife.Required(Priority.P0, board.CountOnDuty(chain, site.Id, Priority.P0, tonight));
        Line(2, string.Create(CultureInfo.InvariantCulture, $"每 {chain.RepeatS / 60} 分钟重复，直到 {wanted} 人确认"), string.Create(CultureInfo.InvariantCulture, $"again every {chain.RepeatS / 60} min until {wanted} have acknowledged"));
    }

    /// <summary>How many calls and messages each person can get tonight: providers limit them by number.</summary>
    private void Ways()
    {
        foreach (var person in Present)
        {
            var (zh, en) = (new List<string>(), new List<string>());
            foreach (var contact in person.Contacts)
            {
                if (channels.FirstOrDefault(channel => channel.Id == contact.Channel) is not { } channel)
                {
                    Gap(1, $"{person.Name.Zh}：没有通道 '{contact.Channel}'，请核对 channels.yaml", $"{person.Name.En}: there is no channel '{contact.Channel}', check channels.yaml");
                    continue;
                }

                if (!channel.Form.Address.Fits(contact.Address))
                    Gap(1, $"{person.Name.Zh}：{contact.Channel} 的地址不对，应是{channel.Form.Address.Zh}", $"{person.Name.En}: the address of {contact.Channel} is wrong, it is {channel.Form.Address.En}");
                var nightly = channel.Limits.Where(limit => limit.Per == LimitScope.Address).Select(limit => limit.InANight).DefaultIfEmpty(int.MaxValue).Min();
                var (unitZh, unitEn) = channel.Form.IsVoice ? ("通", "calls") : ("条", "messages");
                zh.Add(nightly == int.MaxValue ? contact.Channel : string.Create(CultureInfo.InvariantCulture, $"{contact.Channel} 最多 {nightly} {unitZh}"));
                en.Add(nightly == int.MaxValue ? contact.Channel : string.Create(CultureInfo.InvariantCulture, $"{contact.Channel} at most {nightly} {unitEn}"));
            }

            if (zh.Count > 0)
                Line(1, $"{person.Name.Zh} 今晚：{string.Join("，", zh)}", $"{person.Name.En} tonight: {string.Join(", ", en)}");
            else
                Gap(1, $"{person.Name.Zh} 没有可用的联系方式", $"{person.Name.En} has no way to be reached");
        }
    }

    /// <summary>Ways that nobody confirmed, or not for long: a wrong digit shows only in the night that it is needed.</summary>
    private void Unverified(DateOnly today)
    {
        foreach (var (person, contact, _) in ContactDesk.States(_known, today).Where(state => !state.IsVerified))
        {
            var (zh, en) = contact.Verified is { } last
                ? ($"上次确认是 {last:yyyy-MM-dd}，已超过 {settings.OnCall.VerifyDays} 天", $"last confirmed on {last:yyyy-MM-dd}, more than {settings.OnCall.VerifyDays} days ago")
                : ("从没有由本人确认过", "never confirmed by the person");
            Gap(1, $"{person.Name.Zh}：{contact.Channel} {zh}；facility-monitor contact verify {person.Id}", $"{person.Name.En}: {contact.Channel} was {en}; facility-monitor contact verify {person.Id}");
        }
    }

    private void Gaps(DateTime today)
    {
        var gaps = DutyGaps.Find(facility, _known, _sounds, today, DutyGaps.DaysAhead);
        foreach (var gap in gaps.Take(GapsMax))
        {
            Gap(1, gap.Text.Zh, gap.Text.En);
        }

        if (gaps.Count > GapsMax)
            Gap(1, string.Create(CultureInfo.InvariantCulture, $"另有 {gaps.Count - GapsMax} 处"), string.Create(CultureInfo.InvariantCulture, $"and {gaps.Count - GapsMax} more"));
    }

    private static string Channels(Callee callee) => string.Join(" → ", callee.Contacts.Select(contact => contact.Channel));

    private void Gap(int depth, string zh, string en) => Line(depth, $"缺口 {zh}", $"gap: {en}");

    private void Line(int depth, string zh, string en) => output.WriteLine(new string(' ', 2 * depth) + (settings.Language == "en" ? en : zh));
}

using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.OnCall.Notices;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web.Pages;

/// <summary>A channel as it does.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="Condition">How it does; null: it was never tried.</param>
/// <param name="To">Whom a test can be sent to: by id and name; an empty id is the channel itself, where many read.</param>
internal sealed record ChannelTestRow(ChannelDefinition Channel, ChannelCondition? Condition, IReadOnlyList<(string Id, LocalText Name)> To);

/// <summary><c>/on-call/channels</c>: the channels to people, when each last took something, and a message to see whether it arrives. No address is shown or typed: it goes to somebody who is registered.</summary>
[Needs(Right.Contacts)]
[WritesAudit]
internal sealed class ChannelsModel(FacilitySource registry, ChannelSource channels, ChannelWatch watch, UserDesk audit, TimeProvider time) : PageModel
{
    public IReadOnlyList<ChannelTestRow> Rows { get; private set; } = [];

    public LocalText? Refusal { get; private set; }

    /// <summary>What was chosen by a press that was refused: it is drawn as it was, so that the next press rings nobody else. Null: nothing was.</summary>
    public (string Channel, string To)? Sent { get; private set; }

    /// <summary>The channel that took a test just now; null: none did.</summary>
    public string? Tested => Request.Query["tested"].ToString() is { Length: > 0 } tested && channels.Current.Any(channel => channel.Id == tested) ? tested : null;

    public long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    public void OnGet() => Fill();

    public async Task<IActionResult> OnPostAsync([FromForm] string? channel, [FromForm] string? to)
    {
        Fill();
        Sent = (channel ?? "", to ?? "");
        var visitor = HttpContext.Visitor();
        // Both are looked up among what the visitor is offered: nobody of another site, and no address of his own making.
        if (Rows.FirstOrDefault(row => row.Channel.Id == channel) is not { } row || row.To.All(one => one.Id != (to ?? "")))
            return Refuse(StatusCodes.Status422UnprocessableEntity, new("请选一个通道和收件的人", "choose a channel and to whom it goes"));
        var entry = new AuditEntry(NowMs, visitor.Name, visitor.Place, "channel-test", row.Channel.Id, visitor.Sites.InAudit, to ?? "");
        try
        {
            return await watch.TestAsync(row.Channel, AddressOf(row.Channel, to ?? ""), () => audit.NoteAsync(entry)) switch
            {
                Outcome.Accepted => Redirect("/on-call/channels?tested=" + Uri.EscapeDataString(row.Channel.Id)),
                Outcome.Failed failed => Refuse(StatusCodes.Status422UnprocessableEntity, FaultOf(row.Channel, failed)),
                _ => Refuse(StatusCodes.Status422UnprocessableEntity, new("刚刚发过，请等一分钟", "it was sent just now, wait a minute")),
            };
        }
        catch (DatabaseUnavailableException)
        {
            var (zh, en) = Texts.All["act-not-saved"];
            return Refuse(StatusCodes.Status503ServiceUnavailable, new(zh, en));
        }
    }

    private static LocalText FaultOf(ChannelDefinition channel, Outcome.Failed failed)
    {
        var what = FaultText.Of(failed.Fault);
        return new($"{channel.Id} 没有接受（{failed.Code}）：{what.Zh}", $"{channel.Id} refused it ({failed.Code}): {what.En}");
    }

    private string AddressOf(ChannelDefinition channel, string person) => person.Length == 0 ? ""
        : registry.Current.Facility.People.Find(person)!.Contacts.First(contact => contact.Channel == channel.Id).Address;

    private void Fill()
    {
        var (conditions, people, sites) = (watch.Read(), registry.Current.Facility.People, HttpContext.Visitor().Sites);
        Rows =
        [
            .. channels.Current.Where(channel => channel.Form.Kind != ChannelKind.Siren).Select(channel => new ChannelTestRow(channel, conditions.FirstOrDefault(one => one.Name == channel.Id),
            [
                .. channel.Form.IsRoom && channel.Form.Address.Fits("") && (sites.IsAll || people.At(DutyRoster.Wall(time.GetUtcNow().ToUnixTimeMilliseconds())).Any(person => person.Contacts.Any(contact => contact.Channel == channel.Id) && sites.Has(person.Id, people))) ? [("", new LocalText("群里所有人", "everybody in the group"))] : Array.Empty<(string, LocalText)>(),
                .. people.At(DutyRoster.Wall(time.GetUtcNow().ToUnixTimeMilliseconds())).Where(person => person.Contacts.Any(contact => contact.Channel == channel.Id) && sites.Has(person.Id, people)).Select(person => (person.Id, person.Name)),
            ])),
        ];
    }

    private PageResult Refuse(int status, LocalText why)
    {
        (Response.StatusCode, Refusal) = (status, why);
        Fill();
        return Page();
    }
}

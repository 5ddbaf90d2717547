using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Ingest;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web.Pages;

/// <summary>Alerts of one cause, as far as they are listed.</summary>
/// <param name="Group">All of them.</param>
/// <param name="Rows">Those that are shown.</param>
/// <param name="Shown">All that a tick at the cause means, as they are now.</param>
internal sealed record InboxGroup(AlertGroup Group, IReadOnlyList<AlertRow> Rows, ShownAlerts Shown);

/// <summary>What a press on the list asks for.</summary>
internal sealed record InboxForm
{
    /// <summary>Alerts that were ticked.</summary>
    public IReadOnlyList<string>? Alert { get; init; }

    /// <summary>Causes that were ticked: everything of them, named or not, as the page was written.</summary>
    public IReadOnlyList<string>? Group { get; init; }

    /// <summary>What the page was about: of each cause its alerts, and how urgent each was.</summary>
    public IReadOnlyList<string>? Shown { get; init; }

    /// <summary>The one alert whose own button was pressed.</summary>
    public string? One { get; init; }

    /// <summary>What is to be done with what was ticked.</summary>
    public string? Do { get; init; }

    /// <summary>To whom it is handed.</summary>
    public string? To { get; init; }

    /// <summary>Until when it is shelved, ms since 1970-01-01 UTC. A moment and no length: a second press changes nothing.</summary>
    public string? Until { get; init; }

    /// <summary>Why it is shelved.</summary>
    public string? Reason { get; init; }

    /// <summary>Whether an alert was ticked.</summary>
    public bool HasAlert(string alert) => Alert?.Contains(alert) == true;

    /// <summary>Whether a cause was ticked.</summary>
    public bool HasGroup(string cause) => Group?.Contains(cause) == true;
}

/// <summary><c>/alerts</c>: what is open, whose it is and what comes next, by its cause; taken, handed on or shelved, one or many at once. Everything that is chosen stands in the address.</summary>
[WritesAudit]
internal sealed class AlertsModel(Database database, ResponseDesk desk, FacilitySource registry, PersonNames names, AuditTrail audit, IngestWorker ingest, TimeProvider time) : PageModel
{
    /// <summary>Causes on a page.</summary>
    public const int GroupsMax = 50;

    /// <summary>Alerts of a cause that are named; a tick at the cause means all of them.</summary>
    public const int RowsMax = 10;

    /// <summary>More alerts than this in ten minutes is more than a person can follow (ISA-18.2): the page says so first.</summary>
    public const int FloodAlerts = 10;

    /// <summary>Alerts that a page is about, beside those that it names: some presses, and the page of a storm stays below 100 KB.</summary>
    private const int ShownMax = 4 * ResponseDesk.AtOnceMax;

    private const int PagesMax = 1_000;
    private const int NamesMax = 12;

    private static readonly TimeSpan FloodWindow = TimeSpan.FromMinutes(10);
    /// <summary>Times to shelve until lie hours apart.</summary>
    private const long UntilSlackMs = 30 * 60_000;

    private static readonly int[] ShelveHours = [1, 4, 8, 24, 168];
    private static readonly IReadOnlyList<(string, Priority)> Priorities = [.. Enum.GetValues<Priority>().Select(priority => (priority.ToString(), priority))];

    public PersonNames Names => names;

    public AlertTab Tab { get; private set; } = AlertTab.Open;

    /// <summary>The one site that is looked at; null: all that are the visitor's.</summary>
    public string? OnlySite { get; private set; }

    public Priority? OnlyPriority { get; private set; }

    /// <summary>The part of the list that is shown, from 1.</summary>
    public int Number { get; private set; } = 1;

    public int Pages { get; private set; } = 1;

    public IReadOnlyList<InboxGroup> Groups { get; private set; } = [];

    /// <summary>Causes in all.</summary>
    public int Causes { get; private set; }

    /// <summary>Alerts in all.</summary>
    public int Count { get; private set; }

    /// <summary>Alerts of the last ten minutes, when they are a flood; null: they are none.</summary>
    public int? Flood { get; private set; }

    /// <summary>Open alerts of devices that nobody registered: they are not in this list.</summary>
    public int Strangers { get; private set; }

    public long NowMs { get; private set; }

    /// <summary>What a press came to, beside what was done: why something was not.</summary>
    public IReadOnlyList<string> Refusals { get; private set; } = [];

    /// <summary>What was done; null: nothing was pressed.</summary>
    public (string Key, int Count)? Done { get; private set; }

    /// <summary>What was sent and not done, or not wholly: it is drawn as it was, so that the next press needs no ticks anew.</summary>
    public InboxForm Sent { get; private set; } = new();

    public bool MayRespond => HttpContext.Visitor().May(Right.Respond);

    public bool MayShelve => HttpContext.Visitor().May(Right.Shelve);

    public IReadOnlyList<Site> Sites => HttpContext.Visitor().Sites.Of(registry.Current.Facility).Sites;

    /// <summary>People it can be handed to.</summary>
    public IReadOnlyList<Person> Others => PeopleOf(HttpContext.Visitor(), registry.Current.Facility.People, time);

    /// <summary>Moments until which something can be shelved, with the hours to them.</summary>
    public IEnumerable<(long UntilMs, int Hours)> Shelvings => ShelveHours.Select(hours => ((NowMs / 60_000 * 60_000) + (hours * 3_600_000L), hours));

    /// <summary>Whether a time to shelve until is the one that was chosen: the page that comes back may be drawn a minute later.</summary>
    public bool IsChosen(long untilMs) => long.TryParse(Sent.Until, NumberStyles.None, CultureInfo.InvariantCulture, out var sent) && Math.Abs(untilMs - sent) < UntilSlackMs;

    public void OnGet()
    {
        if (Read() && Request.Query["did"].ToString() is { Length: > 0 } did)
            Done = DoneKey(did) is { } key && int.TryParse(Request.Query["n"], NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? (key, count) : null;
        Fill();
    }

    public async Task<IActionResult> OnPostAsync([FromForm] InboxForm form)
    {
        Sent = form;
        var visitor = HttpContext.Visitor();
        if (!MayRespond || (form.Do == "shelve" && !MayShelve))
            return Forbid();
        var isRead = Read();
        var what = string.IsNullOrEmpty(form.One) ? form.Do ?? "" : "acknowledge";
        if (!isRead || DoneKey(what) is not { } key || CommandOf(what, form) is not { } command)
            return Answer(StatusCodes.Status422UnprocessableEntity, isRead ? [Texts.In(HttpContext, "act-bad")] : []);
        var (chosen, missing, changed) = Chosen(form, visitor.Sites);
        if (chosen.Count == 0 && changed == 0)
            return Answer(StatusCodes.Status422UnprocessableEntity, [Texts.In(HttpContext, missing > 0 ? "inbox-gone" : "inbox-none-chosen")]);
        try
        {
            chosen = desk.Left(chosen, command, visitor.Actor);
            var now = chosen.Take(ResponseDesk.AtOnceMax).ToList();
            var outcomes = await desk.DoAsync(now, command, visitor.Actor, audit.EachOf(visitor, what));
            var done = outcomes.OfType<ResponseOutcome.Done>().Where(one => one.IsNew).ToList();
            var refusals = outcomes.OfType<ResponseOutcome.Refused>().GroupBy(refused => refused.Refusal.Text).Select(same => $"{Texts.In(HttpContext, "inbox-refused")} {same.Count()}: {same.Key.In(Texts.Language(HttpContext))}").ToList();
            if (changed > 0)
                refusals.Add($"{Texts.In(HttpContext, "inbox-changed")} {changed}");
            if (missing > 0)
                refusals.Add(Texts.In(HttpContext, "inbox-gone"));
            if (chosen.Count > now.Count)
                refusals.Add($"{Texts.In(HttpContext, "inbox-left")} {chosen.Count - now.Count}");
            if (refusals.Count == 0)
                return Redirect(Here(done: (what, done.Count)));
            Done = done.Count > 0 ? (key, done.Count) : null;
            return Answer(StatusCodes.Status422UnprocessableEntity, refusals);
        }
        catch (DatabaseUnavailableException)
        {
            return Answer(StatusCodes.Status503ServiceUnavailable, [Texts.In(HttpContext, "act-not-saved")]);
        }
    }

    /// <summary>The address of what is shown, or of something beside it.</summary>
    public string Here(AlertTab? tab = null, int? page = null, (string What, int Count)? done = null)
    {
        var query = new QueryString();
        if ((tab ?? Tab) != AlertTab.Open)
            query = query.Add("tab", Words.Of(tab ?? Tab));
        if (OnlySite is not null)
            query = query.Add("site", OnlySite);
        if (OnlyPriority is { } priority)
            query = query.Add("priority", priority.ToString());
        if ((page ?? (tab is null ? Number : 1)) is > 1 and var number)
            query = query.Add("page", number.ToString(CultureInfo.InvariantCulture));
        if (done is var (what, count))
            query = query.Add("did", what).Add("n", count.ToString(CultureInfo.InvariantCulture));
        return "/alerts" + query;
    }

    /// <summary>Reasons that are typed most, to be chosen with one tap.</summary>
    public static IReadOnlyList<string> ReasonKeys { get; } = ["inbox-reason-electrician", "inbox-reason-sent", "inbox-reason-works", "inbox-reason-sensor"];

    /// <summary>How urgent it is, as a sign and a word: nobody needs its colour.</summary>
    public static string Sign(AlertResponse state)
    {
        var sign = state.Priority switch
        {
            Priority.P0 or Priority.P1 => $"▲ {state.Priority}",
            Priority.P2 => $"! {state.Priority}",
            Priority.P3 => $"· {state.Priority}",
        };
        // Its own words say how likely.
        return FlyWireCase.IsBegunBy(state.Rule) ? sign + " ◆" : sign;
    }

    /// <summary>What a priority is about.</summary>
    public static string PriorityKey(Priority priority) => priority switch
    {
        Priority.P0 => "priority-life",
        Priority.P1 => "priority-hazard",
        Priority.P2 => "priority-service",
        Priority.P3 => "priority-information",
    };

    /// <summary>What a tab is called.</summary>
    public static string TabKey(AlertTab tab) => tab switch
    {
        AlertTab.Open => "inbox-open",
        AlertTab.Mine => "inbox-mine",
        AlertTab.All => "inbox-all",
        AlertTab.Recovered => "inbox-recovered",
    };

    /// <summary>Whether no message can come: an empty list is then no comfort.</summary>
    public bool IsDeaf => !ingest.IsHearing;

    /// <summary>What a list without anything says.</summary>
    /// <param name="tab">Which list.</param>
    /// <param name="isDeaf">Whether no message can come.</param>
    public static string EmptyKey(AlertTab tab, bool isDeaf) => tab switch
    {
        AlertTab.Open or AlertTab.All when isDeaf => "inbox-none-deaf",
        AlertTab.Open => "inbox-open-none",
        AlertTab.Mine => "inbox-mine-none",
        AlertTab.All => "inbox-all-none",
        AlertTab.Recovered => "inbox-recovered-none",
    };

    /// <summary>People somebody can hand alerts to: those who are with us, can be reached and look after one of his sites.</summary>
    internal static IReadOnlyList<Person> PeopleOf(Visitor visitor, People people, TimeProvider time) =>
        [.. people.At(DutyRoster.Wall(time.GetUtcNow().ToUnixTimeMilliseconds())).Where(person => person.Id != visitor.Person && person.Contacts.Count > 0 && visitor.Sites.Has(person.Id, people))];

    private static string? DoneKey(string what) => what switch
    {
        "acknowledge" => "inbox-did-acknowledge",
        "assign" => "inbox-did-assign",
        "shelve" => "inbox-did-shelve",
        _ => null,
    };

    private ResponseCommand? CommandOf(string what, InboxForm form) => what switch
    {
        "acknowledge" => new ResponseCommand.Acknowledge(),
        "assign" when Others.Any(person => person.Id == form.To) => new ResponseCommand.Assign(form.To!),
        "shelve" when long.TryParse(form.Until, NumberStyles.None, CultureInfo.InvariantCulture, out var until) => new ResponseCommand.Shelve(until, form.Reason ?? ""),
        _ => null,
    };

    /// <summary>What was ticked, as far as it is the visitor's and as it stood on the page, how many are not his, and how many came or grew more urgent since: a fire is not taken by a press on what was none.</summary>
    private (List<string> Alerts, int Missing, int Changed) Chosen(InboxForm form, SiteScope sites)
    {
        using var reader = database.OpenReader();
        var isOne = !string.IsNullOrEmpty(form.One);
        var ticked = isOne ? [form.One!] : (form.Alert ?? []).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var (seen, byCause) = (new Dictionary<string, Priority>(StringComparer.Ordinal), new Dictionary<string, ShownAlerts>(StringComparer.Ordinal));
        foreach (var one in (form.Shown ?? []).OfType<string>())
        {
            if (one.Split('=') is [var cause, var list] && ShownAlerts.Parse(list, ShownMax) is { } shown && byCause.TryAdd(cause, shown))
            {
                foreach (var (alert, priority) in shown.Priorities)
                    seen.TryAdd(alert, priority);
            }
        }

        var come = 0;
        if (!isOne && (form.Group ?? []).OfType<string>().ToHashSet(StringComparer.Ordinal) is { Count: > 0 } causes)
        {
            ticked.UnionWith(causes.SelectMany(cause => byCause.GetValueOrDefault(cause, ShownAlerts.None).Priorities.Keys));
            come = AlertList.Find(reader, Filter(sites), Now()).Where(group => causes.Contains(group.Cause)).SelectMany(group => group.Alerts).Count(alert => !ticked.Contains(alert));
        }

        var within = AlertList.Within(reader, sites, ticked);
        var risen = AlertList.Risen(reader, seen);
        var asSeen = within.FindAll(alert => seen.ContainsKey(alert) && !risen.Contains(alert));
        return (asSeen, ticked.Count - within.Count, come + within.Count - asSeen.Count);
    }

    private PageResult Answer(int status, IReadOnlyList<string> refusals)
    {
        (Response.StatusCode, Refusals) = (status, [.. Refusals, .. refusals]);
        Fill();
        return Page();
    }

    /// <summary>Reads what the address asks for; false: something in it is wrong, and is said.</summary>
    private bool Read()
    {
        var fields = RequestFields.Of(Request.Query, "tab", "site", "priority", "page", "did", "n", Texts.Choice);
        var (tab, site, priority, number) = (fields.Word("tab", Words.All<AlertTab>()), fields.Text("site"), fields.Text("priority") is "" ? null : fields.Word("priority", Priorities), fields.Number("page", 1, PagesMax));
        // The form of the filters sends what was not chosen as nothing.
        if (site is { Length: > 0 } && registry.Current.FindSite(site) is null)
        {
            var known = string.Join(", ", Sites.Take(NamesMax).Select(one => one.Id));
            fields.Wrong("site", site, $"其中之一：{known}", $"one of: {known}");
        }

        if (fields.Refusal is { } refusal)
        {
            Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
            Refusals = [refusal.Text.In(Texts.Language(HttpContext))];
            return false;
        }

        (Tab, OnlySite, OnlyPriority, Number) = (tab ?? AlertTab.Open, site is { Length: > 0 } ? site : null, priority, number ?? 1);
        return true;
    }

    private AlertFilter Filter(SiteScope sites) => new(Tab, OnlySite is { } one ? SiteScope.Of([one]) : sites, HttpContext.Visitor().Person, OnlyPriority);

    private void Fill()
    {
        NowMs = Now();
        var sites = HttpContext.Visitor().Sites;
        using var reader = database.OpenReader();
        var groups = AlertList.Find(reader, Filter(sites), NowMs);
        (Causes, Count, Pages) = (groups.Count, groups.Sum(group => group.Alerts.Count), Math.Max(1, (groups.Count + GroupsMax - 1) / GroupsMax));
        Number = Math.Min(Number, Pages);
        var room = ShownMax;
        Groups = [.. groups.Skip((Number - 1) * GroupsMax).Take(GroupsMax).Select(Shown)];
        Flood = AlertList.CountSince(reader, sites, NowMs - (long)FloodWindow.TotalMilliseconds) is > FloodAlerts and var many ? many : null;
        Strangers = Tab is AlertTab.Open or AlertTab.All ? AlertList.CountOfStrangers(reader, sites) : 0;

        InboxGroup Shown(AlertGroup group)
        {
            var rows = group.Alerts.Take(RowsMax).Select(alert => AlertList.Row(reader, alert)).ToList();
            // What is named can be ticked by itself, so it is always among them. As the rows say it: the list was read a moment before.
            var named = rows.Select(row => (row.State.Alert, row.State.Priority)).ToList();
            var shown = ShownAlerts.Of(named.Concat(group.Seen.Where(one => !named.Exists(row => row.Alert == one.Alert)).Take(room)), ShownMax);
            room -= shown.Priorities.Count - named.Count;
            return new InboxGroup(group, rows, shown);
        }
    }

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();
}

using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Users;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>An alert as a person sees it: what the rules say, what the people did.</summary>
/// <param name="Step">The last step of the rules.</param>
/// <param name="State">What it is for the people.</param>
/// <param name="Timeline">Everything that happened.</param>
/// <param name="Case">The fly-wire case that it began or belongs to; null: none.</param>
internal sealed record AlertDossier(AlertTransition Step, AlertResponse State, IReadOnlyList<TimelineEntry> Timeline, FlyWireCase? Case);

/// <summary>Who answered in an exercise, and how fast.</summary>
/// <param name="Alert">The exercise's alert.</param>
/// <param name="BeganMs">When it began.</param>
/// <param name="Called">Everybody who was called: when, and after how long they answered; null: not yet.</param>
/// <param name="Skipped">Steps that found nobody, in words of the program.</param>
/// <param name="IsOver">Whether enough answered, or it was closed.</param>
internal sealed record DrillReport(string Alert, long BeganMs, IReadOnlyList<(string Person, long CalledMs, TimeSpan? Answered)> Called, IReadOnlyList<string> Skipped, bool IsOver)
{
    /// <summary>Where it is.</summary>
    public required string Site { get; init; }

    /// <summary>Whose chain it runs.</summary>
    public required Priority Priority { get; init; }

    /// <summary>Who began it; null: an earlier version did not write it down.</summary>
    public string? By { get; init; }
}

/// <summary>What people want, brought to the log and committed. Any thread.</summary>
internal sealed class ResponseDesk(Database database, FacilitySource registry, ResponseLog log, TimeProvider time)
{
    /// <summary>Alerts that one press acts on. °</summary>
    public const int AtOnceMax = 500;

    /// <summary>Alerts in one commit: measured at 5 ms each, and a fire waits for no more than one commit. °</summary>
    private const int CommitMax = 50;

    /// <summary>Rule that an exercise's alert names.</summary>
    public const string DrillRule = "drill";

    /// <summary>Who began an exercise, in its alert's evidence. Stored.</summary>
    private const string BegunBy = "begun_by";

    /// <summary>Does what a person wants.</summary>
    /// <exception cref="DatabaseUnavailableException">The disk did not take it: nothing was done.</exception>
    public async Task<ResponseOutcome> DoAsync(string alert, ResponseCommand command, Actor by) => (await DoAsync([alert], command, by))[0];

    /// <summary>Does it for several alerts in their order, some of them in each commit. Whoever hears of several of a kind hears of those of one commit in one message.</summary>
    /// <param name="alerts">The alerts.</param>
    /// <param name="command">What is wanted.</param>
    /// <param name="by">Who wants it.</param>
    /// <param name="with">What is written in the same commit as what was done, so that there is never the one without the other; null: nothing.</param>
    /// <returns>What became of each.</returns>
    /// <exception cref="DatabaseUnavailableException">The disk did not take it: nothing was done, or of many only the first; to do it again is harmless.</exception>
    public async Task<IReadOnlyList<ResponseOutcome>> DoAsync(IReadOnlyList<string> alerts, ResponseCommand command, Actor by, Action<SqliteConnection, IReadOnlyList<ResponseOutcome>>? with = null)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(alerts.Count, AtOnceMax);
        if (command is ResponseCommand.Assign assign && log.Board.Find(assign.To, Priority.P2, time.GetUtcNow().ToUnixTimeMilliseconds()) is null)
        {
            var refused = new ResponseOutcome.Refused(new ResponseRefusal("unknown-person", new LocalText(
                $"没有可以联系的人员 '{assign.To}'；请在 people.yaml 里登记并写明联系方式", $"there is nobody '{assign.To}' who can be reached; register the person in people.yaml with a way to be reached")));
            return [.. alerts.Select(_ => refused)];
        }

        if (command is ResponseCommand.Assign { To: var to } && SiteNotOf(to, alerts) is { } site)
        {
            var refused = new ResponseOutcome.Refused(new ResponseRefusal("other-site", new LocalText(
                $"'{to}' 不负责点位 '{site}'，没有转交；请选负责那里的人", $"'{to}' does not look after the site '{site}', nothing was handed over; choose somebody who does")));
            return [.. alerts.Select(_ => refused)];
        }

        var outcomes = new List<ResponseOutcome>(alerts.Count);
        foreach (var some in alerts.Chunk(CommitMax))
        {
            IReadOnlyList<ResponseOutcome> done = [];
            await database.CommitAsync(CommitPriority.Alerts, connection =>
            {
                done = log.Command(connection, some, command, by);
                with?.Invoke(connection, done);
            });
            log.Announce();
            outcomes.AddRange(done);
        }

        if (outcomes.Any(outcome => outcome is ResponseOutcome.Done { IsNew: true, State.Case: not null }))
            log.AnnounceTaught();
        return outcomes;
    }

    /// <summary>A site of these that somebody does not look after; null: there is none.</summary>
    private string? SiteNotOf(string person, IReadOnlyList<string> alerts)
    {
        var people = log.Board.Roster.People;
        using var reader = database.OpenReader();
        return alerts.Select(alert => ResponseTable.Load(reader, alert)?.Site).Distinct().FirstOrDefault(site => !people.LooksAfter(person, site));
    }

    /// <summary>Of many alerts those that a command still changes, those that refuse it last: a press that does the first <see cref="AtOnceMax"/> gets further each time.</summary>
    public List<string> Left(IReadOnlyList<string> alerts, ResponseCommand command, Actor by)
    {
        // All of them are done at once.
        if (alerts.Count <= AtOnceMax)
            return [.. alerts];
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        using var reader = database.OpenReader();
        // How many have to take it changes nothing in whether one more does.
        return
        [
            .. alerts.Select(alert => (Alert: alert, Decision: ResponseTable.Load(reader, alert) is { } state ? ResponseLife.Decide(state, command, by, now, required: 1) : null))
                .Where(one => one.Decision is not ResponseDecision.Done { Events.Count: 0 }).OrderBy(one => one.Decision is ResponseDecision.Refused).Select(one => one.Alert),
        ];
    }

    /// <summary>An alert with everything that happened to it; null: it was never active.</summary>
    public AlertDossier? Find(string alert)
    {
        using var reader = database.OpenReader();
        if (ResponseTable.Load(reader, alert) is not { } state)
            return null;
        using var command = Database.Command(reader, "select body, onset_ms from alert where id = $alert", ("$alert", alert));
        using var row = command.ExecuteReader();
        if (!row.Read())
            return null;
        var ofCase = state.CaseOf is { } begunBy ? ResponseTable.Load(reader, begunBy)?.Case : state.Case;
        return new AlertDossier(StoredAlert.Read(row.GetString(0), row.GetInt64(1), 0) with { Evidence = StoredAlert.Evidence(row.GetString(0)) }, state, ResponseTable.Timeline(reader, alert), ofCase);
    }

    /// <summary>Other open alerts of the cause of one, that somebody has not taken, each with its priority.</summary>
    /// <param name="state">The one.</param>
    /// <param name="person">Who.</param>
    /// <param name="onlyTold">Only those that the person was told of.</param>
    public List<(string Alert, Priority Priority)> SameCause(AlertResponse state, string person, bool onlyTold)
    {
        using var reader = database.OpenReader();
        return AlertList.SameCause(reader, state, person, onlyTold);
    }

    /// <summary>Those of some alerts that are as somebody saw them on the page of one.</summary>
    /// <inheritdoc cref="AlertList.Unchanged" path="/param[@name!='connection']"/>
    public List<string> Unchanged(AlertResponse state, IReadOnlyDictionary<string, Priority> seen, string person, bool onlyTold)
    {
        using var reader = database.OpenReader();
        return AlertList.Unchanged(reader, state, seen, person, onlyTold);
    }

    /// <summary>What some alerts say.</summary>
    public List<AlertRow> Rows(IEnumerable<string> alerts)
    {
        using var reader = database.OpenReader();
        return [.. alerts.Select(alert => AlertList.Row(reader, alert))];
    }

    /// <summary>Alerts of some sites that are not closed, the most urgent first.</summary>
    public List<AlertResponse> Open(SiteScope sites, int most)
    {
        using var reader = database.OpenReader();
        using var command = Database.Command(reader, $"select alert from response where stage < 4 and {SiteScope.Sql} order by priority, raised_ms, alert limit $most", ("$sites", sites.Json), ("$most", most));
        using var rows = command.ExecuteReader();
        var alerts = new List<string>();
        while (rows.Read())
            alerts.Add(rows.GetString(0));
        return [.. alerts.Select(alert => ResponseTable.Load(reader, alert)!)];
    }

    /// <summary>What is open for the teams that a person is on duty in now.</summary>
    public List<OpenAlert> OpenFor(string person)
    {
        var (now, roster) = (time.GetUtcNow().ToUnixTimeMilliseconds(), log.Board.Roster);
        var teams = roster.People.Teams.Where(team => roster.OnDuty(team, DutyRoster.Wall(now)).Any(one => one.Id == person)).ToList();
        using var reader = database.OpenReader();
        return OpenAlerts.Of(reader, roster, teams, SiteScope.All, now);
    }

    /// <summary>Fly-wire cases of some sites, those that are due first.</summary>
    public List<FlyWireCaseEntry> Cases(SiteScope sites, int most)
    {
        using var reader = database.OpenReader();
        return FlyWireCaseTable.List(reader, sites, most);
    }

    /// <summary>Fly-wire cases of one circuit, the open one first.</summary>
    public List<FlyWireCaseEntry> CasesOn(string asset, int most)
    {
        using var reader = database.OpenReader();
        return FlyWireCaseTable.List(reader, SiteScope.All, most, asset);
    }

    /// <summary>Runs the real chain of a priority for a site, marked as an exercise. At most one a site is on.</summary>
    /// <param name="site">The site.</param>
    /// <param name="priority">Whose chain.</param>
    /// <param name="withSiren">Whether the siren sounds where the chain says so.</param>
    /// <param name="by">Who begins it.</param>
    /// <param name="with">What is written in the same commit; null: nothing.</param>
    /// <returns>The exercise's alert; null: there is no such site, or one is on.</returns>
    public async Task<string?> DrillAsync(string site, Priority priority, bool withSiren, Actor by, Action<SqliteConnection>? with = null)
    {
        if (registry.Current.FindSite(site) is not { } known)
            return null;
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var chain = DrillChain(site, priority, withSiren);
        var step = new AlertTransition
        {
            AlertId = AlertId.Of(site, DrillRule, site, now),
            Rule = DrillRule,
            Priority = priority,
            Condition = Condition.Active,
            AtMs = now,
            OnsetMs = now,
            Site = site,
            Asset = site,
            Evidence = new SortedDictionary<string, object>(StringComparer.Ordinal) { [BegunBy] = by.Person },
            Text = new LocalText(
                $"演练，{known.Name.Zh}：检验有没有人接、多久接。自 {AlertText.Clock(now)} 起，由 {by.Person} 发起。不是真的火情。请做：1. 像真的一样确认；2. 不用到场，不要拨打 119。",
                $"Exercise, {known.Name.En}: finds out who answers and how fast. Since {AlertText.EnglishClock(now)}, begun by {by.Person}. Nothing burns. Do: 1. Acknowledge it as if it were meant; 2. Do not come, do not call 119."),
        };
        string? begun = null;
        await database.CommitAsync(CommitPriority.Alerts, connection =>
        {
            begun = null;
            using var open = Database.Command(connection, "select count(*) from response where site = $site and exercise = $drill and stage < 4", ("$site", site), ("$drill", (int)Exercise.Drill));
            if ((long)open.ExecuteScalar()! > 0 || !AlertLog.Write(connection, step))
                return;
            // On the page it is over at once: nothing is wrong there.
            AlertLog.Write(connection, step with { Condition = Condition.Cleared, Sequence = 1 });
            log.Observe(connection, [step], Exercise.Drill, chain);
            with?.Invoke(connection);
            begun = step.AlertId;
        });
        log.Announce();
        return begun;
    }

    /// <summary>Who an exercise calls, and when: the chain that a real alert would have.</summary>
    public EscalationChain DrillChain(string site, Priority priority, bool withSiren)
    {
        var chain = registry.Current.Facility.People.ChainOf(priority, site);
        return withSiren ? chain : chain with { Steps = [.. chain.Steps.Select(step => step with { Siren = false })] };
    }

    /// <summary>The exercise that is on at a site; null: none is.</summary>
    public string? DrillOn(string site)
    {
        using var reader = database.OpenReader();
        using var open = Database.Command(reader, "select alert from response where site = $site and exercise = $drill and stage < 4", ("$site", site), ("$drill", (int)Exercise.Drill));
        return open.ExecuteScalar() as string;
    }

    /// <summary>Who answered in an exercise; null: there is none of this name.</summary>
    public DrillReport? Drill(string alert)
    {
        if (Find(alert) is not { State.Exercise: Exercise.Drill } dossier)
            return null;
        var facts = dossier.Timeline.Select(entry => entry.Fact).ToList();
        var called = new List<(string, long, TimeSpan?)>();
        foreach (var person in facts.OfType<ResponseEvent.StepFired>().SelectMany(fired => fired.People).Distinct())
        {
            var first = facts.OfType<ResponseEvent.StepFired>().First(fired => fired.People.Contains(person)).AtMs;
            var answered = facts.OfType<ResponseEvent.Acknowledged>().FirstOrDefault(fact => fact.By!.Person == person);
            called.Add((person, first, answered is null ? null : TimeSpan.FromMilliseconds(answered.AtMs - first)));
        }

        return new DrillReport(
            alert, dossier.State.RaisedMs, called, [.. facts.OfType<ResponseEvent.StepSkipped>().Select(skipped => skipped.Why).Distinct()],
            dossier.State.IsAnswered || dossier.State.Stage == ResponseStage.Closed)
        {
            Site = dossier.State.Site!,
            Priority = dossier.State.Priority,
            By = dossier.Step.Evidence.TryGetValue(BegunBy, out var by) ? by.ToString() : null,
        };
    }

    /// <summary>Permits that are in force, or may come to be.</summary>
    public List<Permit> Permits()
    {
        using var reader = database.OpenReader();
        return PermitTable.Standing(reader, time.GetUtcNow().ToUnixTimeMilliseconds());
    }

    /// <summary>Asks for a permit. A test holds at once; out of service when a second person agrees.</summary>
    /// <param name="permit">The permit.</param>
    /// <param name="with">What is written in the same commit. A form brings it: one that is sent twice, the same in everything, asks once. Null: nothing, and each is asked for.</param>
    public async Task<ResponseRefusal?> AskAsync(Permit permit, Action<SqliteConnection>? with = null)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        if (Judge(permit, now) is { } refusal)
            return refusal;
        if (permit.Kind == PermitKind.Test && !log.Tree.Assets.Any(known => IsAtOrBelow(permit.Asset, known)))
            return new ResponseRefusal("too-wide", new LocalText("测试只能是一个传感器或设备，不能是整个场所", "a test is of one sensor or device, never of a whole place"));
        ResponseRefusal? refused = null;
        await database.CommitAsync(CommitPriority.Alerts, connection =>
        {
            refused = null;
            if (with is not null && PermitTable.Standing(connection, now).Exists(permit.IsAgain))
                return;
            refused = permit.Kind == PermitKind.Test ? Permit.JudgeTests(permit, PermitTable.Tests(connection, permit.Asset, permit.FromMs - ResponseTiming.TestWindowMs)) : null;
            if (refused is not null)
                return;
            PermitTable.Ask(connection, permit, now);
            with?.Invoke(connection);
        });
        return refused;
    }

    /// <summary>Hangs a tag of work. One that is the same in everything that its form asks for hangs already when a button is pressed twice: then nothing is done.</summary>
    /// <param name="permit">The tag.</param>
    /// <param name="with">What is written in the same commit: of a tag that hangs there always is a line, and where the disk refuses the line nothing was done.</param>
    public async Task<ResponseRefusal?> HangAsync(Permit permit, Action<SqliteConnection> with)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        if (Judge(permit, now) is { } refusal)
            return refusal;
        await database.CommitAsync(CommitPriority.Alerts, connection =>
        {
            if (PermitTable.Standing(connection, now).Exists(permit.IsAgain))
                return;
            with(connection);
            PermitTable.Ask(connection, permit, now);
        });
        return null;
    }

    private ResponseRefusal? Judge(Permit permit, long now) => Permit.Judge(permit, now) ?? (IsRegistered(permit.Asset)
        ? null
        : new ResponseRefusal("unknown-asset", new LocalText($"没有登记 '{permit.Asset}'；写点位、场所、设备或通道的路径，如 jiugeng/shed-1/pile-01", $"'{permit.Asset}' is not registered; write the path of a site, place, device or channel, such as jiugeng/shed-1/pile-01")));

    /// <summary>Whether something is at, above or below a path: a permit for what is nowhere would protect nobody from a false alarm and look as if it did.</summary>
    private bool IsRegistered(string asset) => registry.Current.FindSite(asset.Split('/')[0]) is { } site
        && (asset == site.Id || log.Tree.Assets.Any(known => IsAtOrBelow(asset, known) || IsAtOrBelow(known, asset)));

    private static bool IsAtOrBelow(string asset, string other) => asset == other || asset.StartsWith(other + "/", StringComparison.Ordinal);

    /// <summary>A second person agrees to a permit.</summary>
    /// <param name="id">The permit.</param>
    /// <param name="person">Who.</param>
    /// <param name="with">What is written in the same commit; null: nothing.</param>
    public Task<ResponseRefusal?> ConfirmAsync(string id, string person, Action<SqliteConnection>? with = null) => ChangeAsync(
        id, person,
        (connection, permit, by, now) =>
        {
            PermitTable.Confirm(connection, permit, by, now);
            with?.Invoke(connection);
        },
        permit => Permit.JudgeSecond(permit, person));

    /// <summary>A permit ends early.</summary>
    /// <inheritdoc cref="ConfirmAsync" path="/param"/>
    public async Task<ResponseRefusal?> EndAsync(string id, string person, Action<SqliteConnection>? with = null)
    {
        var refusal = await ChangeAsync(
            id, person,
            (connection, permit, by, now) =>
            {
                PermitTable.End(connection, permit, by, now);
                log.Ended(connection, permit);
                with?.Invoke(connection);
            },
            _ => null);
        log.Announce();
        return refusal;
    }

    private async Task<ResponseRefusal?> ChangeAsync(
        string id, string person, Action<SqliteConnection, string, string, long> write, Func<Permit, ResponseRefusal?> judge)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        if (Permits().Find(permit => permit.Id == id && permit.EndedMs is null) is not { } permit)
            return new ResponseRefusal("unknown-permit", new LocalText("没有这张许可，或已经结束", "there is no such permit, or it is over"));
        if (judge(permit) is { } refusal)
            return refusal;
        await database.CommitAsync(CommitPriority.Alerts, connection => write(connection, id, person, now));
        return null;
    }
}

using FacilityMonitor.Climbers;
using FacilityMonitor.OnCall.Notices;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Tests.Monitoring;
using FacilityMonitor.Tests.OnCall;
using FacilityMonitor.Tests.OnCall.Channels;
using FacilityMonitor.Tests.OnCall.Notices;
using FacilityMonitor.Users;
using Condition = FacilityMonitor.Alerts.Condition;
using Priority = FacilityMonitor.Alerts.Priority;

namespace FacilityMonitor.Tests.Storage;

/// <summary>
/// Whatever operation of whatever file fails, is torn, or is the last one before a kill: alerts, notices, and what people did with them come to the same as on a good disk.
/// What <see cref="DiskFaultTests"/> does for the journal and the store, and <see cref="WriterFaultTests"/> for letters and commands.
/// </summary>
/// <remarks>Every story begins on a copy of files that were made once: to make them takes longer than the story.</remarks>
public sealed class BookFaultTests : IDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(200);

    /// <summary>A fire, an answer to it, and a contact that is asked and confirmed; each a commit of its own.</summary>
    private static readonly Func<ResponseFixture, Task>[] Night = [Fire, Acknowledge, AskContact, ConfirmContact];

    /// <summary>The same with everything else that people do, to its end.</summary>
    private static readonly Func<ResponseFixture, Task>[] WholeNight =
    [
        Fire,
        fixture => fixture.ReportAsync("fire", 1, "guard", DeliveryKind.Accepted),
        Acknowledge,
        fixture => Desk(fixture).DoAsync("fire", new ResponseCommand.Assign("grid"), Guard),
        AskContact,
        ConfirmContact,
        fixture => Desk(fixture).AskAsync(new Permit("p1", PermitKind.OutOfService, "huaihai/pile-07", fixture.NowMs, fixture.NowMs + 3_600_000, "manager", null, "换探头", "guard")),
        fixture => Desk(fixture).ConfirmAsync("p1", "grid"),
        fixture => Desk(fixture).DoAsync("fire", new ResponseCommand.Acknowledge(), new Actor("grid", "link")),
        fixture => fixture.RaiseAsync(ResponseFixture.Step("fire", Condition.Cleared, Priority.P0, "smoke", "huaihai/far-01", 1)),
        fixture => Desk(fixture).DoAsync("fire", new ResponseCommand.Close(CauseCode.FalseAlarm, "水汽", [], "到场时已散尽"), Guard),
    ];

    /// <summary>Users and their rights, and a stair-climber out and back, each with its line in the audit.</summary>
    private static readonly Func<ResponseFixture, Task>[] Office =
    [
        fixture => UserAsync(fixture, desk => desk.AddAsync(Machine, "guard-1", "小陈", "", UserRole.OnCall, SiteScope.Parse("huaihai"), person: null)),
        fixture => UserAsync(fixture, desk => desk.DoAsync(Machine, "guard-1", [new UserChange.Role(UserRole.PropertyManager), new UserChange.Names("陈工", "夜班", null)], seen: null)),
        fixture => UserAsync(fixture, desk => desk.DoAsync(Machine, "guard-1", new UserChange.Disable())),
        fixture => ClimberAsync(fixture, (desk, climber) => desk.BookAsync(Carer, climber, "guard", "3 号楼", fixture.NowMs + 3_600_000, fixture.NowMs + 7_200_000)),
        fixture => ClimberAsync(fixture, (desk, climber) => desk.TakeAsync(Carer, climber, "guard", "3 号楼", Enum.GetValues<PreTripCheck>().ToHashSet())),
        fixture => ClimberAsync(fixture, (desk, climber) => desk.NoteAsync(Carer, climber, "左履带松")),
        fixture => ClimberAsync(fixture, (desk, climber) => desk.ReturnAsync(Carer, climber)),
        fixture => ClimberAsync(fixture, (desk, climber) => desk.MendAsync(Carer, climber, fixture.Rows("select id from climber_fault").Single(), "已张紧")),
    ];

    private static Visitor Machine => Visitor.Machine(Visitor.CommandLine, "");

    private static Visitor Carer => Visitor.Machine("guard", "") with { Person = "guard" };

    private readonly TemporaryFolder _folder = new();

    private static Actor Guard => new("guard", "link");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(DiskTrouble.Main), MemberType = typeof(DiskTrouble))]
    public async Task Whatever_operation_fails_the_alerts_are_those_of_a_good_disk(string trouble) =>
        Assert.InRange(await AlertsAsync(trouble, [Smoke(0, isThere: true), Smoke(100, isThere: false)], withSnapshots: false), 40, 1_000);

    [Theory]
    [Trait("length", "long")]
    [MemberData(nameof(DiskTrouble.All), MemberType = typeof(DiskTrouble))]
    public async Task Whatever_operation_fails_the_alerts_and_what_the_rules_remember_are_those_of_a_good_disk(string trouble) =>
        Assert.InRange(await AlertsAsync(trouble, [Smoke(0, isThere: true), Smoke(100, isThere: false), Smoke(160, isThere: false)], withSnapshots: true), 80, 2_000);

    [Theory]
    [MemberData(nameof(DiskTrouble.Main), MemberType = typeof(DiskTrouble))]
    public async Task Whatever_operation_fails_a_notice_is_taken_once_and_booked(string trouble) => Assert.InRange(await NoticesAsync(trouble, "wecom-bot"), 20, 1_000);

    [Theory]
    [Trait("length", "long")]
    [MemberData(nameof(DiskTrouble.All), MemberType = typeof(DiskTrouble))]
    public async Task Whatever_operation_fails_a_notice_that_one_way_refuses_is_taken_once_by_the_next(string trouble) =>
        Assert.InRange(await NoticesAsync(trouble, "wecom-bot", "dingtalk-bot"), 40, 1_000);

    [Theory]
    [MemberData(nameof(DiskTrouble.Main), MemberType = typeof(DiskTrouble))]
    public async Task Whatever_operation_fails_what_people_do_is_done_once_and_whole(string trouble) => Assert.InRange(await PeopleAsync(trouble, Night, Everything, from: 1, more: 0), 30, 1_000);

    [Theory]
    [MemberData(nameof(DiskTrouble.Main), MemberType = typeof(DiskTrouble))]
    public async Task Whatever_operation_fails_users_and_climbers_are_as_the_audit_says_and_its_chain_is_whole(string trouble) =>
        Assert.InRange(await PeopleAsync(trouble, Office, Books, from: 0, more: 0), 20, 1_000);

    [Theory]
    [Trait("length", "long")]
    [MemberData(nameof(DiskTrouble.All), MemberType = typeof(DiskTrouble))]
    public async Task Whatever_operation_fails_everything_that_people_do_is_done_once_and_whole(string trouble) =>
        Assert.InRange(await PeopleAsync(trouble, WholeNight, Everything, from: 0, more: WholeNight.Length), 120, 2_000);

    [Fact]
    public async Task What_a_provider_took_while_the_disk_refused_for_long_is_sent_by_no_way_again()
    {
        FaultyDisk disk = null!;
        await using var fixture = new NoticeFixture([ChannelBench.Definition("wecom-bot"), ChannelBench.Definition("dingtalk-bot")], folder => disk = new FaultyDisk(folder));
        using var under = disk;
        // Between two looks of the worker, so that it looks again before the answer is booked.
        fixture.Provider.Latency = TimeSpan.FromSeconds(0.5);
        fixture.Provider.Mischief = _ =>
        {
            if (fixture.Provider.Requests.Count == 1)
                disk.Arm(1, DiskFault.Error, lasts: true);
            return Mischief.None;
        };
        await fixture.StartAsync();
        var notice = NoticeFixture.Notice(ways: [("wecom-bot", ""), ("dingtalk-bot", "")]);
        await fixture.PutAsync(notice);
        await fixture.AdvanceUntilAsync(() => fixture.Provider.Ledger.Count > 0, "the provider took it");
        await fixture.PassAsync(NoticeWorker.LeaseFor + TimeSpan.FromSeconds(5.25));
        disk.Heal();
        await fixture.AdvanceUntilAsync(() => fixture.StateOf(notice) == NoticeState.Accepted, "it is booked");
        await fixture.PassAsync(TimeSpan.FromSeconds(3));
        Assert.Single(fixture.Provider.Ledger);
        Assert.Equal(1, fixture.Count("select sum(attempts) from notice_way"));
    }

    /// <summary>A fire, as the rules write it, entry by entry.</summary>
    private static async Task<int> AlertsAsync(string name, Entry[] entries, bool withSnapshots)
    {
        var trouble = DiskTrouble.Of(name);
        await using var template = new MonitoringFixture(withSnapshots ? TimeSpan.FromSeconds(1) : TimeSpan.FromHours(1));
        await template.OpenAndRunAsync();
        await Mqtt.Until.TrueAsync(() => template.Rows("select name from cursor").Length == 1, "the rules have begun");

        var good = new List<string[]>();
        await TellAsync(failAt: 0);
        Assert.Equal(entries.Length, good.Select(told => told.Length).Where(lines => lines > 0).Distinct().Count());
        return await DiskTrouble.EveryOperationAsync(TellAsync);

        async Task<bool> TellAsync(int failAt)
        {
            await using var fixture = new MonitoringFixture(template) { ReserveBytes = trouble.ReserveBytes };
            using var disk = new FaultyDisk(fixture.Folder);
            await fixture.OpenAndRunAsync();
            trouble.Arm(disk, failAt);
            var mayBeKilled = trouble.IsKill;
            for (var next = 0; next < entries.Length; next++)
            {
                // A round of snapshots is due when the entry has been judged: nothing else comes that would wake the rules for it.
                if (withSnapshots)
                    fixture.Time.Advance(fixture.Settings.Monitoring.SnapshotInterval);
                var append = fixture.AppendAsync(entries[next], isLive: true);
                await WrittenAsync(append);
                if (mayBeKilled && disk.HasFailed)
                {
                    mayBeKilled = false;
                    // What was acknowledged is there; the broker brings the rest again.
                    var isAcknowledged = append.IsCompleted;
                    var remain = await fixture.CrashAsync(disk, append);
                    Assert.InRange(remain, isAcknowledged ? next + 1 : next, next + 1);
                    next = remain - 1;
                    await WrittenAsync(Task.CompletedTask);
                }

                if (failAt == 0)
                    good.Add(fixture.Told());
                else
                    Assert.Equal(next < 0 ? [] : good[next], fixture.Told());
            }

            Assert.False(fixture.Worker.ExecuteTask!.IsCompleted);
            return disk.HasFailed;

            Task WrittenAsync(Task append) => disk.UntilAsync(
                () => (mayBeKilled && disk.HasFailed) || fixture.Worker.ExecuteTask!.IsCompleted
                    || (append.IsCompleted && fixture.Worker.Position >= fixture.Journal.Last && fixture.Worker.State.NotDurable == 0),
                () => fixture.Time.Advance(Step),
                "the entry is judged and what came of it is on disk");
        }
    }

    private static Entry Smoke(int atS, bool isThere) => new(
        atS, [("fm/1/huaihai/shed-01/data", MonitoringFixture.Readings(atS, atS, $$"""{"dt":0,"ch":"main","smoke":{{(isThere ? "true" : "false")}}}"""))], [atS, atS + 1]);

    /// <summary>A notice whose last way takes it; those before refuse it.</summary>
    private static async Task<int> NoticesAsync(string name, params string[] channels)
    {
        var trouble = DiskTrouble.Of(name);
        var definitions = channels.Select(channel => ChannelBench.Definition(channel)).ToList();
        await using var template = new NoticeFixture(definitions);
        return await DiskTrouble.EveryOperationAsync(async failAt =>
        {
            FaultyDisk disk = null!;
            await using var fixture = new NoticeFixture(definitions, folder => disk = new FaultyDisk(folder), template.Data, trouble.ReserveBytes);
            using var under = disk;
            fixture.Provider.Mischief = request =>
            {
                fixture.Provider.Refuse = channels.Length > 1 && request.RequestUri!.Host == "wecom.test" ? "93000" : null;
                return Mischief.None;
            };
            await fixture.StartAsync();
            var notice = NoticeFixture.Notice(ways: [.. channels.Select(channel => (channel, ChannelBench.AddressOf(channel)))]);
            await HasLookedAsync();
            trouble.Arm(disk, failAt);
            var mayBeKilled = trouble.IsKill;
            if (!mayBeKilled)
                await disk.InsistAsync(() => fixture.PutAsync(notice));
            else if (!await PersistentWriter.TryAsync(() => fixture.PutAsync(notice)))
            {
                // It was not acknowledged: whoever raised it does so again.
                mayBeKilled = false;
                await fixture.CrashAsync(disk);
                await fixture.PutAsync(notice);
            }

            await disk.UntilAsync(() => (mayBeKilled && disk.HasFailed) || IsTaken(), () => fixture.GoOn(), "the notice is taken and booked");
            var mayBeDoubled = mayBeKilled && disk.HasFailed;
            if (mayBeDoubled)
                await fixture.CrashAsync(disk);
            await disk.UntilAsync(IsTaken, () => fixture.GoOn(), "the notice is taken and booked after all");
            await HasLookedAsync();
            var hasFailed = disk.HasFailed;
            disk.Heal();
            // Killed between the attempt and its booking nobody knows whether it was taken.
            Assert.InRange(fixture.Provider.Ledger.Count, 1, mayBeDoubled ? 2 : 1);
            Assert.Single(fixture.Timeline(), said => said.Contains("Accepted", StringComparison.Ordinal));
            Assert.False(fixture.Worker.ExecuteTask!.IsCompleted);
            return hasFailed;

            bool IsTaken() => fixture.Provider.Ledger.Count > 0 && fixture.StateOf(notice) == NoticeState.Accepted;

            // A whole turn of the worker, in which anything doubled would go out.
            Task HasLookedAsync()
            {
                var before = fixture.Time.GetUtcNow().ToUnixTimeMilliseconds();
                return disk.UntilAsync(() => fixture.Worker.LastRoundMs > before, () => fixture.GoOn(1), "the worker has looked");
            }
        });
    }

    /// <summary>Each step with each of its operations failing, on what the steps before left.</summary>
    /// <param name="name">How operations fail.</param>
    /// <param name="steps">The steps.</param>
    /// <param name="everything">What is on disk of what they do.</param>
    /// <param name="from">The first that has trouble.</param>
    /// <param name="more">So many steps are made behind the one that had the trouble.</param>
    private async Task<int> PeopleAsync(string name, Func<ResponseFixture, Task>[] steps, Func<ResponseFixture, List<string>> everything, int from, int more)
    {
        var trouble = DiskTrouble.Of(name);
        var (before, good) = (new List<string>(), new List<List<string>>());
        await using (var undisturbed = new ResponseFixture())
        {
            foreach (var step in steps)
            {
                before.Add(Path.Combine(_folder.Path, FormattableString.Invariant($"before-{before.Count}")));
                FaultyDisk.CopyFiles(undisturbed.Data, before[^1]);
                await step(undisturbed);
                good.Add(everything(undisturbed));
            }
        }

        Assert.Equal(steps.Length, good.Select(lines => string.Join('\n', lines)).Distinct().Count());
        var operations = 0;
        for (var number = from; number < steps.Length; number++)
            operations += await StepAsync(number);
        return operations;

        Task<int> StepAsync(int number) => DiskTrouble.EveryOperationAsync(async failAt =>
        {
            FaultyDisk disk = null!;
            await using var fixture = new ResponseFixture(folder => disk = new FaultyDisk(folder), before[number], trouble.ReserveBytes);
            using var under = disk;
            trouble.Arm(disk, failAt);
            if (trouble.IsKill)
                await KilledAsync();
            else
                await disk.InsistAsync(() => steps[number](fixture));
            var hasFailed = disk.HasFailed;
            disk.Heal();
            Assert.Equal(good[number], everything(fixture));
            for (var next = number + 1; hasFailed && next <= number + more && next < steps.Length; next++)
            {
                await steps[next](fixture);
                Assert.Equal(good[next], everything(fixture));
            }

            return hasFailed;

            async Task KilledAsync()
            {
                if (await PersistentWriter.TryAsync(() => steps[number](fixture)))
                    return;
                await fixture.CrashAsync(disk);
                var remains = everything(fixture);
                if (remains.SequenceEqual(good[number]))
                    return;
                // All of the step or nothing of it, and everything of those before.
                Assert.Equal(number == 0 ? [] : good[number - 1], remains);
                await steps[number](fixture);
            }
        });
    }

    private static Task Fire(ResponseFixture fixture) => fixture.RaiseAsync(ResponseFixture.Step("fire", Condition.Active, Priority.P0, "smoke", "huaihai/far-01"));

    private static async Task Acknowledge(ResponseFixture fixture) => await Desk(fixture).DoAsync("fire", new ResponseCommand.Acknowledge(), Guard);

    private static async Task AskContact(ResponseFixture fixture) => await Contacts(fixture).AskAsync("guard", null);

    private static async Task ConfirmContact(ResponseFixture fixture) => await Contacts(fixture).ConfirmAsync("guard", fixture.Rows("select code from contact_check where channel = 'sms'").Single());

    /// <summary>What is known in memory is what is on disk, whether it was taken or not.</summary>
    private static async Task UserAsync(ResponseFixture fixture, Func<UserDesk, Task<LocalText?>> act)
    {
        var directory = UserDirectory.Open(fixture.Database, fixture.Time);
        using var passwords = new PasswordCheck();
        using var desk = new UserDesk(fixture.Database, directory, passwords, fixture.Registry, fixture.Time);
        try
        {
            Assert.Null(await act(desk));
        }
        finally
        {
            Assert.Equal(UserDirectory.Open(fixture.Database, fixture.Time).All, directory.All);
        }
    }

    private static async Task ClimberAsync(ResponseFixture fixture, Func<ClimberDesk, RegisteredDevice, Task<LocalText?>> act)
    {
        var climber = new DeviceEntry { Id = "climber-1", Kind = DeviceKind.Climber, Name = new LocalText("爬楼机", "Stair-climber"), Operators = ["guard"] };
        Assert.Null(await act(new ClimberDesk(fixture.Database, fixture.Registry, fixture.Time), new RegisteredDevice(fixture.Facility.Sites[0], climber)));
    }

    /// <summary>What is on disk of users, climbers and the audit, without what is dice.</summary>
    private static List<string> Books(ResponseFixture fixture)
    {
        using (var connection = fixture.Database.OpenReader())
            Assert.Null(AuditLog.FirstBroken(connection));
        return fixture.Rows(
            """
            select line from (
              select 0 as part, number as first, 'audit ' || number || ' ' || what || ' ' || subject || ' ' || detail || ' ' || hash as line from audit
              union all select 1, 0, 'user ' || name || ' ' || display || ' ' || note || ' ' || role || ' ' || sites || ' ' || disabled from user
              union all select 2, 0, 'trip ' || device || ' ' || taken_ms || ' ' || operator || ' ' || destination || ' ' || coalesce(returned_ms, '') || ' ' || coalesce(returned_by, '') from climber_trip
              union all select 2, 0, 'booking ' || device || ' ' || from_ms || ' ' || to_ms || ' ' || operator || ' ' || coalesce(given_up_by, '') from climber_booking
              union all select 3, 0, 'fault ' || device || ' ' || text || ' ' || coalesce(mended_text, '') from climber_fault)
            order by part, first, line
            """);
    }

    private static ResponseDesk Desk(ResponseFixture fixture) => new(fixture.Database, fixture.Registry, fixture.Log, fixture.Time);

    private static ContactDesk Contacts(ResponseFixture fixture) => new(fixture.Database, fixture.Registry, fixture.Log, fixture.Sounds, fixture.Time);

    /// <summary>What is on disk of alerts, people and notices, without names and codes that are dice.</summary>
    private static List<string> Everything(ResponseFixture fixture) => fixture.Rows(
        """
        select line from (
          select 0 as part, alert as first, number as second, 'step ' || alert || ' ' || number || ' ' || body as line from alert_transition
          union all select 1, id, 0, 'alert ' || id || ' ' || condition || ' ' || priority || ' ' || body from alert
          union all select 2, alert, number, 'fact ' || alert || ' ' || number || ' ' || body || ' ' || hash from response_event
          union all select 3, alert, 0, 'response ' || alert || ' ' || stage || ' ' || condition || ' ' || answered || ' ' || coalesce(due_ms, '') || ' ' || events from response
          union all select 4, permit, 0, 'permit ' || permit || ' ' || what || ' ' || person || ' ' || until_ms from permit_event
          union all select 5, person, 0, 'contact ' || person || ' ' || channel || ' ' || (confirmed_ms is not null) || ' ' || coalesce(via, '') from contact_check
          union all select 6, '', id, 'notice ' || iif(alert like 'verify-%', 'verify', key) || ' ' || person || ' ' || state || ' ' || coalesce(result, '') || ' '
            || (select group_concat(channel || state, ',') from notice_way where notice = notice.id) from notice)
        order by part, first, second, line
        """);
}

using System.Globalization;
using System.Text.RegularExpressions;
using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Answers;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.OnCall.Notices;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Tests.Conventions;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.OnCall;

/// <summary>The power fails at every row that on-call writes, one after the other: alerts, presses, permits, exercises, contacts, cases, hand-overs, an edited roster and what providers report.</summary>
public sealed partial class ResponseCrashTests
{
    /// <summary>Tables of on-call, without those that only the worker of notices writes: <see cref="Notices.NoticeCrashTests"/> dies at every moment of that.</summary>
    private static readonly string[] Tables =
    [
        "alert", "alert_transition", "response", "response_event", "response_exempt", "page_member", "notice", "notice_way", "permit_event", "on_duty", "contact_check", "fly_wire_case",
    ];

    /// <summary>Every place of on-call that commits, with the tests that die there. A new one has to be named here, and so has its proof.</summary>
    private static readonly Dictionary<string, (int Places, string Proof)> Places = new(StringComparer.Ordinal)
    {
        ["Answers/AnswerDesk.cs"] = (1, nameof(Whatever_row_a_commit_dies_at_nothing_of_it_stays_and_the_next_attempt_does_it_all)),
        ["Notices/ChannelWatch.cs"] = (1, nameof(Whatever_row_a_commit_dies_at_nothing_of_it_stays_and_the_next_attempt_does_it_all)),
        ["Notices/NoticeWorker.cs"] = (1, nameof(Notices.NoticeCrashTests.Killed_at_any_moment_we_lose_nothing_and_say_it_at_most_twice)),
        ["Notices/ReportEndpoint.cs"] = (1, nameof(Whatever_row_a_commit_dies_at_nothing_of_it_stays_and_the_next_attempt_does_it_all)),
        ["OutboxWorker.cs"] = (2, nameof(OutboxTests.After_a_kill_between_sending_and_booking_it_is_sent_again_under_the_same_key)),
        ["Responses/ContactDesk.cs"] = (4, nameof(Whatever_row_a_commit_dies_at_nothing_of_it_stays_and_the_next_attempt_does_it_all)),
        ["Responses/EscalationWorker.cs"] = (1, nameof(Whatever_row_a_commit_dies_at_nothing_of_it_stays_and_the_next_attempt_does_it_all)),
        ["Responses/HandOverWorker.cs"] = (1, nameof(Whatever_row_a_commit_dies_at_nothing_of_it_stays_and_the_next_attempt_does_it_all)),
        ["Responses/ResponseDesk.cs"] = (5, nameof(Whatever_row_a_commit_dies_at_nothing_of_it_stays_and_the_next_attempt_does_it_all)),
    };

    [Fact]
    public void Every_place_that_commits_is_known_and_nothing_is_written_past_a_commit()
    {
        var folder = Path.Combine(SourceTree.Root, "src/FacilityMonitor/OnCall");
        var found = Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Select(file => (Name: Path.GetRelativePath(folder, file).Replace('\\', '/'), Places: DatabaseCommit().Count(File.ReadAllText(file)), Opens: File.ReadAllText(file).Contains("new SqliteConnection", StringComparison.Ordinal)))
            .ToList();
        Assert.Equal(Places.OrderBy(place => place.Key, StringComparer.Ordinal).Select(place => (place.Key, place.Value.Places)), found.Where(file => file.Places > 0).OrderBy(file => file.Name, StringComparer.Ordinal).Select(file => (file.Name, file.Places)));
        // A reader is query_only; who opens a connection of their own could write without a commit.
        Assert.DoesNotContain(found, file => file.Opens);
        // The proofs are tests of this assembly.
        var tests = typeof(ResponseCrashTests).Assembly.GetTypes().SelectMany(type => type.GetMethods()).Where(method => method.IsDefined(typeof(FactAttribute), inherit: true)).Select(method => method.Name).ToHashSet();
        Assert.All(Places.Values, place => Assert.Contains(place.Proof, tests));
    }

    [Fact]
    public async Task Whatever_row_a_commit_dies_at_nothing_of_it_stays_and_the_next_attempt_does_it_all()
    {
        var whole = await StoryAsync(isCut: false);
        var cut = await StoryAsync(isCut: true);

        Assert.Equal(whole.Rows, cut.Rows);
        // The story comes to every table, and the power failed at each row of it.
        Assert.All(Tables, table => Assert.Contains(whole.Rows, row => row.StartsWith(table + "|", StringComparison.Ordinal)));
        Assert.InRange(cut.Cuts, 200, 5_000);
    }

    /// <summary>A day of everything that people and providers do.</summary>
    private static async Task<(List<string> Rows, int Cuts)> StoryAsync(bool isCut)
    {
        await using var fixture = new ResponseFixture(Neighbourhood(night: "grid"));
        var power = new Power(fixture, isCut);
        await power.InstallAsync();
        await HandOverAsync();
        await Does(() => fixture.RaiseAsync(ResponseFixture.Step("fire", Condition.Active, Priority.P0, "smoke", "huaihai/far-01"), ResponseFixture.Step("h1", Condition.Active), ResponseFixture.Step("h2", Condition.Active, asset: "huaihai/pile-02")));
        await Does(() => fixture.RaiseAsync(ResponseFixture.Step("stranger", Condition.Active, asset: "huaihai/x") with { IsStranger = true }));
        await PassAsync(62);
        // The provider takes the call, and reports what became of it.
        await fixture.CommitAsync(connection =>
        {
            Database.Execute(connection, "update notice_way set state = 2, attempts = 1, receipt = 'r-' || notice where ordinal = 0");
            Database.Execute(connection, "update notice set state = 1");
        });
        await Does(() => fixture.ReportAsync("fire", 1, "guard", DeliveryKind.Accepted));
        await Does(() => fixture.CommitAsync(connection => NoticeReceipts.Book(connection, "voice", new ProviderReport(Receipt("fire", "fire"), null, "1", "key"), fixture.NowMs, [fixture.Log])));
        await Does(() => fixture.CommitAsync(connection => NoticeReceipts.Book(connection, "voice", new ProviderReport(Receipt("fire", "manager"), false, null, "busy"), fixture.NowMs, [fixture.Log])));
        await Does(() => fixture.CommitAsync(connection => ChannelBook.Fails(connection, "voice", new Outcome.Failed(Fault.Misconfigured, "x"), 0, fixture.NowMs)));
        await Does(() => Answers().AnswerAsync(new ChatAnswer("app", "guard", "确认 " + AnswerCode.Of("fire"))));
        foreach (var command in (ResponseCommand[])
            [
                new ResponseCommand.Unacknowledge(), new ResponseCommand.Acknowledge(), new ResponseCommand.Assign("grid"), new ResponseCommand.SetOut(), new ResponseCommand.Arrive(),
                new ResponseCommand.Comment("看见烟", new string('0', 64) + ".jpg"), new ResponseCommand.Extinguished(), new ResponseCommand.FalseAlarm(),
            ])
            await Does(() => Desk().DoAsync("fire", command, new Actor("guard", "link")));
        await Does(() => Desk().DoAsync("h1", new ResponseCommand.Shelve(fixture.NowMs + 3_600_000, "等配件"), new Actor("manager", "page")));
        await Does(() => Desk().DoAsync("h1", new ResponseCommand.Unshelve(), new Actor("manager", "page")));
        // Thirty things fall silent behind one.
        await Does(() => fixture.RaiseAsync([.. Enumerable.Range(3, 4).Select(number => ResponseFixture.Step($"s{number}", Condition.Active, Priority.P2, "offline", $"huaihai/pile-0{number}"))]));
        await Does(() => fixture.RaiseAsync(ResponseFixture.Step("root", Condition.Active, Priority.P1, "supply-lost", "huaihai/c-shed")));
        // A suspicion, a second sight of it, and its end.
        await Does(() => fixture.RaiseAsync(ResponseFixture.Step("w1", Condition.Active, Priority.P2, "charger-on-public-circuit", "huaihai/c-other")));
        await Does(() => fixture.RaiseAsync(ResponseFixture.Step("w2", Condition.Active, Priority.P2, "unmetered-load", "huaihai/c-other")));
        await Does(() => Desk().DoAsync("w2", new ResponseCommand.MoveCase(FlyWireStage.Dismissed, "水泵"), new Actor("grid", "page")));
        // Permits and exercises.
        var permit = new Permit("p1", PermitKind.OutOfService, "huaihai/pile-07", fixture.NowMs, fixture.NowMs + 3_600_000, "manager", null, "换探头", "guard");
        await Does(() => Desk().AskAsync(permit));
        await Does(() => Desk().ConfirmAsync("p1", "grid"));
        await Does(() => fixture.RaiseAsync(ResponseFixture.Step("covered", Condition.Active, Priority.P0, "smoke", "huaihai/pile-07")));
        await Does(() => Desk().EndAsync("p1", "grid"));
        await Does(() => Desk().HangAsync(new Permit("tag", PermitKind.Maintenance, "huaihai/c-other", fixture.NowMs, fixture.NowMs + 3_600_000, "manager", null, "换断路器", "manager"), _ => { }));
        await Does(() => Desk().DrillAsync("huaihai", Priority.P1, withSiren: false, new Actor("manager", "page")));
        // Contacts: asked, answered wrongly, by code, and by link.
        await Does(() => Contacts().AskAsync("guard", null));
        await Does(() => Contacts().ConfirmAsync("guard", "x"));
        await Does(() => Contacts().ConfirmAsync("guard", fixture.Rows("select code from contact_check where channel = 'sms'").Single()));
        await Does(() => Contacts().ConfirmAsync(new ActPass(fixture.Rows("select id from contact_check where channel = 'voice'").Single(), "guard")));
        await PassAsync(130);
        // Somebody edits the roster: others are on duty, and are told what is open.
        fixture.Register(Neighbourhood(night: "committee"));
        await HandOverAsync();
        await Does(() => fixture.RaiseAsync(ResponseFixture.Step("root", Condition.Cleared, Priority.P1, "supply-lost", "huaihai/c-shed", 1), ResponseFixture.Step("fire", Condition.Cleared, Priority.P0, "smoke", "huaihai/far-01", 1)));
        await Does(() => Desk().DoAsync("fire", new ResponseCommand.Close(CauseCode.FalseAlarm, "水汽", [], null), new Actor("guard", "link")));
        await PassAsync(16 * 60);
        await HandOverAsync();
        fixture.Time.Sleep(TimeSpan.FromDays(26));
        fixture.Time.Advance(TimeSpan.FromHours(-1));
        await Does(() => Contacts().AskEndingAsync());
        await PassAsync(1);
        return (power.Dump(withRandom: false), power.Cuts);

        Task Does(Func<Task> what) => power.DoesAsync(what);

        ResponseDesk Desk() => new(fixture.Database, fixture.Registry, fixture.Log, fixture.Time);

        ContactDesk Contacts() => new(fixture.Database, fixture.Registry, fixture.Log, fixture.Sounds, fixture.Time);

        AnswerDesk Answers() => new(fixture.Database, fixture.Registry, fixture.Log, fixture.Time);

        Task HandOverAsync() => power.DoesAsync(() => new HandOverWorker(fixture.Database, fixture.Log, fixture.Time, NullLogger<HandOverWorker>.Instance).TurnAsync());

        string Receipt(string alert, string person) => fixture.Rows($"select receipt from notice_way join notice on notice.id = notice where alert = '{alert}' and person = '{person}' and ordinal = 0").Last();

        async Task PassAsync(int seconds)
        {
            var end = fixture.NowMs + (seconds * 1_000L);
            while (fixture.NextTurnMs() is { } due && due <= end)
            {
                fixture.Time.Advance(TimeSpan.FromMilliseconds(Math.Max(0, due - fixture.NowMs)));
                var more = true;
                while (more)
                    await Does(() => fixture.CommitAsync(connection => more = fixture.Log.Elapse(connection, EscalationWorker.BatchMax, EscalationWorker.OthersMax)));
            }

            fixture.Time.Advance(TimeSpan.FromMilliseconds(Math.Max(0, end - fixture.NowMs)));
        }
    }

    private static Facility Neighbourhood(string night)
    {
        var people = ResponseFixture.Everybody();
        return Facility.Empty with
        {
            Sites = [ResponseFixture.Site()],
            People = people with { Teams = [.. people.Teams.Select(team => team.Tier == Tier.GridOfficer ? team with { Shifts = [team.Shifts[0] with { Persons = [night] }] } : team)] },
        };
    }

    [GeneratedRegex(@"atabase\s*\.CommitAsync\(")]
    private static partial Regex DatabaseCommit();

    /// <summary>Lets the power fail at one row after the other of a commit, until one goes through.</summary>
    private sealed partial class Power(ResponseFixture fixture, bool isCut)
    {
        private const int Enough = 1_000_000;

        /// <summary>Attempts without a word after which a step is one that writes nothing. A worker swallows a failure and tries again: that is quiet, too.</summary>
        private const int QuietMax = 40;

        private readonly Dictionary<string, List<string>> _columns = [];

        public int Cuts { get; private set; }

        public Task InstallAsync() => fixture.CommitAsync(connection =>
        {
            Database.Execute(connection, "create table power (rows_left integer not null)");
            Database.Execute(connection, "insert into power values ($enough)", ("$enough", Enough));
            foreach (var table in Tables)
            {
                foreach (var what in (string[])["insert", "update", "delete"])
                    Database.Execute(connection, $"create trigger power_{table}_{what} before {what} on {table} begin update power set rows_left = rows_left - 1; select raise(abort, 'the power fails') from power where rows_left < 0; end");
            }
        });

        public async Task DoesAsync(Func<Task> what)
        {
            var quiet = 0;
            for (var row = 0; isCut && quiet < QuietMax; row++)
            {
                await HoldsAsync(row);
                var before = Dump(withRandom: true);
                try
                {
                    await what();
                    quiet++;
                }
                catch (SqliteException)
                {
                    // As after a crash: what was in memory is gone.
                }

                // The count of what went through stays; that of what was undone is undone with it.
                if (Left() != row)
                {
                    await HoldsAsync(Enough);
                    return;
                }

                Cuts++;
                Assert.Equal(before, Dump(withRandom: true));
                if (Cuts % 25 == 0)
                    await fixture.KillAsync();
            }

            await HoldsAsync(Enough);
            await what();
        }

        private long Left() => long.Parse(fixture.Rows("select rows_left from power").Single(), CultureInfo.InvariantCulture);

        private Task HoldsAsync(long rows) => fixture.CommitAsync(connection => Database.Execute(connection, "update power set rows_left = $rows", ("$rows", rows)));

        /// <summary>Everything that is on disk.</summary>
        /// <param name="withRandom">With names and codes that are dice every time.</param>
        public List<string> Dump(bool withRandom)
        {
            using var reader = fixture.Database.OpenReader();
            var rows = new List<string>();
            foreach (var table in Tables)
            {
                var columns = Columns(reader, table).Where(column => withRandom || (table, column) is not (("contact_check", "id" or "code") or ("notice", "link")));
                Read(reader, $"select '{table}|' || " + string.Join(" || '|' || ", columns.Select(column => $"coalesce({column}, '')")) + $" from {table}", rows);
            }

            return [.. rows.Select(row => withRandom ? row : Dice().Replace(row, "?")).Order(StringComparer.Ordinal)];
        }

        private List<string> Columns(SqliteConnection reader, string table)
        {
            if (!_columns.TryGetValue(table, out var columns))
                Read(reader, $"select name from pragma_table_info('{table}')", _columns[table] = columns = []);
            return columns;
        }

        private static void Read(SqliteConnection reader, string sql, List<string> into)
        {
            using var command = Database.Command(reader, sql);
            using var rows = command.ExecuteReader();
            while (rows.Read())
                into.Add(rows.GetString(0));
        }

        [GeneratedRegex("verify-[0-9a-f]{8}|(?<=(确认码 |code ))[0-9]{6}")]
        private static partial Regex Dice();
    }
}

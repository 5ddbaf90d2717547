using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.OnCall.Notices;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Tests.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.OnCall;

/// <summary>A response log on a real database with people of its own and a clock that a test moves. It can be killed between any two commits.</summary>
internal sealed class ResponseFixture : IAsyncDisposable
{
    /// <summary>Saturday, 21 November 2026, 12:00 in Shanghai.</summary>
    public static readonly DateTimeOffset Noon = new(2026, 11, 21, 4, 0, 0, TimeSpan.Zero);

    private readonly TemporaryFolder _folder = new();
    private readonly long _reserveBytes;
    private int _lives;

    /// <param name="facility">Sites and people; null: those of here.</param>
    /// <param name="start">When it begins; null: at noon.</param>
    /// <param name="rooms">Channels that are group chats.</param>
    public ResponseFixture(Facility? facility = null, DateTimeOffset? start = null, params string[] rooms)
        : this(facility, start, rooms, _ => { }, template: null, reserveBytes: 0)
    {
    }

    /// <param name="prepare">Told the folder before the first file in it is opened.</param>
    /// <param name="template">A data folder that it begins with a copy of.</param>
    /// <param name="reserveBytes">What is held back of the disk.</param>
    public ResponseFixture(Action<string> prepare, string template, long reserveBytes)
        : this(facility: null, start: null, [], prepare, template, reserveBytes)
    {
    }

    private ResponseFixture(Facility? facility, DateTimeOffset? start, string[] rooms, Action<string> prepare, string? template, long reserveBytes)
    {
        prepare(_folder.Path);
        if (template is not null)
            FaultyDisk.CopyFiles(template, Data);
        _reserveBytes = reserveBytes;
        Sounds = new ChannelSounds(
            new Dictionary<string, Loudness> { ["app"] = Loudness.Message, ["sms"] = Loudness.Sms, ["voice"] = Loudness.Voice, ["siren"] = Loudness.Message }, "siren",
            rooms: new HashSet<string>(rooms, StringComparer.Ordinal), replaced: new HashSet<string>(["app"], StringComparer.Ordinal));
        Time = new ManualTime(start ?? Noon);
        Facility = facility ?? OneSite();
        Registry = new FacilitySource(_folder.Path, Facility, Time, NullLogger<FacilitySource>.Instance);
        Database = Database.Open(Data, Time, reserveBytes);
        Log = NewLog();
    }

    public ManualTime Time { get; }

    public Facility Facility { get; private set; }

    public FacilitySource Registry { get; private set; }

    public ChannelSounds Sounds { get; }

    public Database Database { get; private set; }

    public ResponseLog Log { get; private set; }

    public ActLinks Links { get; } = new("https://monitor.example.org/", new byte[32]);

    public long NowMs => Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Its data folder; another one after a kill.</summary>
    public string Data => Path.Combine(_folder.Path, FormattableString.Invariant($"data-{_lives}"));

    public static Facility OneSite() => Facility.Empty with { Sites = [Site()], People = Everybody() };

    public static Site Site(int devices = 30) => new()
    {
        Id = "huaihai",
        GuardPhone = "021-5555 0100",
        Name = new LocalText("淮海里", "Huaihai Lane"),
        Circuits = [new Circuit { Id = "c-shed", Name = new LocalText("车棚回路", "Shed circuit"), Kind = CircuitKind.Charging }, new Circuit { Id = "c-other", Name = new LocalText("另一回路", "Other circuit"), Kind = CircuitKind.Public }],
        Devices =
        [
            .. Enumerable.Range(1, devices).Select(number => Device(FormattableString.Invariant($"pile-{number:00}"), "c-shed")),
            .. Enumerable.Range(1, 3).Select(number => Device(FormattableString.Invariant($"far-{number:00}"), "c-other")),
            Device("siren-1", null) with { Kind = DeviceKind.Siren },
        ],
    };

    public static People Everybody() => new()
    {
        Persons = [.. Ids.Select(one => Person(one.Id))],
        Teams = [.. Ids.Select(one => new Team { Id = one.Id, Name = new LocalText(one.Id, one.Id), Tier = one.Tier, Shifts = [new Shift { From = TimeOnly.MinValue, To = TimeOnly.MinValue, Persons = [one.Id] }] })],
        Holidays = HolidayCalendar.BuiltIn,
    };

    public static AlertTransition Step(
        string alert, Condition condition, Priority priority = Priority.P1, string rule = "socket-overload", string asset = "huaihai/pile-01", int number = 0, string? site = "huaihai") => new()
        {
            AlertId = alert,
            Rule = rule,
            Priority = priority,
            Condition = condition,
            AtMs = Noon.ToUnixTimeMilliseconds(),
            OnsetMs = Noon.ToUnixTimeMilliseconds(),
            Site = site,
            Asset = asset,
            Sequence = number,
            Text = new LocalText($"过载，{asset}：{alert}。请做：1. 去看", $"Overload, {asset}: {alert}. Do: 1. Go and look"),
        };

    /// <summary>Does what monitoring does with steps.</summary>
    public Task RaiseAsync(params AlertTransition[] steps) => CommitAsync(connection => Log.Observe(connection, [.. steps.Where(step => AlertLog.Write(connection, step))]));

    public async Task<ResponseOutcome> DoesAsync(string person, string alert, ResponseCommand command)
    {
        ResponseOutcome outcome = null!;
        await CommitAsync(connection => outcome = Log.Command(connection, alert, command, new Actor(person, "link")));
        return outcome;
    }

    public Task ReportAsync(string alert, int page, string person, DeliveryKind kind, string? code = null) =>
        CommitAsync(connection => Log.Write(connection, new DeliveryEvent(alert, page, person, false, kind, "sms", code, NowMs)));

    /// <summary>The seconds go by, one turn each.</summary>
    public async Task PassAsync(double seconds)
    {
        var end = Time.GetUtcNow().AddSeconds(seconds);
        while (NextTurnMs() is { } due && due <= end.ToUnixTimeMilliseconds())
        {
            // To the next whole second at which something is due: as the worker, but without the empty turns.
            Time.Advance(TimeSpan.FromSeconds(Math.Max(0, Math.Min(Math.Ceiling((due - NowMs) / 1_000.0), (end - Time.GetUtcNow()).TotalSeconds))));
            await TurnAsync();
        }

        if (end > Time.GetUtcNow())
            Time.Advance(end - Time.GetUtcNow());
    }

    public async Task TurnAsync()
    {
        var more = true;
        while (more)
            await CommitAsync(connection => more = Log.Elapse(connection, EscalationWorker.BatchMax, EscalationWorker.OthersMax));
    }

    public Task CommitAsync(Action<SqliteConnection> write) => Database.CommitAsync(CommitPriority.Alerts, write);

    public AlertResponse State(string alert)
    {
        using var reader = Database.OpenReader();
        return ResponseTable.Load(reader, alert)!;
    }

    public List<TimelineEntry> Timeline(string alert)
    {
        using var reader = Database.OpenReader();
        return ResponseTable.Timeline(reader, alert);
    }

    /// <summary>Every notice: alert, page, person and state.</summary>
    public List<string> Notices(string? where = null) => Rows("select alert || ' ' || step || ' ' || person || case state when 0 then '' when 5 then ' withdrawn' when 3 then ' unreached' else ' ' || state end from notice"
        + (where is null ? "" : " where " + where) + " order by id");

    public List<string> Rows(string sql)
    {
        using var reader = Database.OpenReader();
        using var command = Database.Command(reader, sql);
        using var rows = command.ExecuteReader();
        var found = new List<string>();
        while (rows.Read())
            found.Add(rows.GetValue(0).ToString()!);
        return found;
    }

    /// <summary>What a kill leaves: every commit so far, and nothing that was in memory.</summary>
    public async Task KillAsync()
    {
        var from = Data;
        _lives++;
        Directory.CreateDirectory(Data);
        using (var connection = Database.OpenReader(from))
        using (var copy = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(Data, Database.FileName), Pooling = false }.ToString()))
        {
            copy.Open();
            connection.BackupDatabase(copy);
        }

        await Database.DisposeAsync();
        Database = Database.Open(Data, Time);
        Log = NewLog();
    }

    /// <summary>It was killed while it wrote: what its files hold is all that remains, a torn page too.</summary>
    /// <param name="disk">Where nothing was written any more.</param>
    public async Task CrashAsync(FaultyDisk disk)
    {
        var from = Data;
        _lives++;
        disk.CopyRemains(from, Data);
        disk.Heal();
        await Database.DisposeAsync();
        Database = Database.Open(Data, Time, _reserveBytes);
        Log = NewLog();
    }

    public void Register(Facility facility)
    {
        Facility = facility;
        Registry.Dispose();
        Registry = new FacilitySource(_folder.Path, facility, Time, NullLogger<FacilitySource>.Instance);
        Log = NewLog();
    }

    /// <summary>Whether the test itself left an alert without its place.</summary>
    public bool MayBeOpen { get; set; }

    public async ValueTask DisposeAsync()
    {
        // After every test: the equation of DESIGN §1.2. What is late because no turn was made is no hole.
        if (!MayBeOpen)
        {
            await TurnAsync();
            using var reader = Database.OpenReader();
            var books = ResponseBooks.Count(reader, NowMs);
            Assert.True(books.Balance, $"the books do not balance: {books}, {string.Join(' ', books.Holes)}");
        }

        Registry.Dispose();
        await Database.DisposeAsync();
        _folder.Dispose();
    }

    private static (string Id, Tier Tier)[] Ids =>
    [
        ("guard", Tier.Guard), ("fire", Tier.MicroFireStation), ("manager", Tier.PropertyManager), ("grid", Tier.GridOfficer), ("committee", Tier.CommitteeDuty), ("street", Tier.SubDistrict),
    ];

    private static Person Person(string id) => new()
    {
        Id = id,
        Name = new LocalText(id, id),
        Contacts = [new PersonContact("app", id, null), new PersonContact("sms", id, null), new PersonContact("voice", id, null)],
    };

    private static DeviceEntry Device(string id, string? circuit) => new() { Id = id, Name = new LocalText(id, id), Kind = DeviceKind.Pile, Circuit = circuit };

    private ResponseLog NewLog() => new(Registry, Sounds, Links, Time);

    /// <summary>When a turn of the worker would find something to do, ms; null: never.</summary>
    public long? NextTurnMs()
    {
        using var reader = Database.OpenReader();
        using var command = Database.Command(reader, "select min(due_ms) from (select due_ms from response where due_ms is not null union all select source.recovered_ms + 60000 from response as hidden join response as source on source.alert = hidden.suppressed_by where hidden.condition <> 4 and source.recovered_ms is not null)");
        return command.ExecuteScalar() as long?;
    }
}

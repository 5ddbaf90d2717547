using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;

namespace FacilityMonitor.Climbers;

/// <summary>Books stair-climbers, takes them out and back, and keeps what is wrong with them: judged where nothing else writes, and committed together with its line in the audit.</summary>
internal sealed class ClimberDesk(Database database, FacilitySource registry, TimeProvider time)
{
    /// <summary>Characters of what is written.</summary>
    public const int TextMax = 400;

    /// <summary>Characters of a destination.</summary>
    public const int DestinationMax = 60;

    /// <summary>Open faults of one: who notes a hundred should mend some first.</summary>
    public const int OpenFaultsMax = 100;

    /// <summary>Bookings of one that are not over.</summary>
    public const int BookingsMax = 50;

    /// <summary>How long one may be booked at a time: a trip takes half an hour, and others wait.</summary>
    public static readonly TimeSpan BookedMax = TimeSpan.FromHours(4);

    /// <summary>How far ahead one may be booked.</summary>
    public static readonly TimeSpan AheadMax = TimeSpan.FromDays(30);

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Whether somebody, if people.yaml names them, is still with us.</summary>
    public bool IsHere(string person) => !registry.Current.Facility.People.HasLeft(person, DutyRoster.Wall(NowMs));

    /// <summary>Takes one out. Whoever does the same again, as by a form that is sent twice, has done it once; so with <see cref="BookAsync"/>, <see cref="ReturnAsync"/> and <see cref="NoteAsync"/>.</summary>
    /// <param name="by">Who writes it down.</param>
    /// <param name="at">The climber.</param>
    /// <param name="rider">Who operates it.</param>
    /// <param name="destination">Where it goes.</param>
    /// <param name="done">What was looked at before.</param>
    /// <returns>Why not; null: it is out.</returns>
    /// <exception cref="DatabaseUnavailableException">The disk did not take it: nothing was done.</exception>
    public Task<LocalText?> TakeAsync(Visitor by, RegisteredDevice at, string rider, string destination, IReadOnlySet<PreTripCheck> done)
    {
        var (site, device) = (at.Site.Id, at.Entry.Id);
        if (WhyNot(by, at, rider, NowMs) is { } why)
            return Task.FromResult<LocalText?>(why);
        if (Enum.GetValues<PreTripCheck>().Any(check => !done.Contains(check)))
            return Refused("出车前的检查要一项项做完、打勾；有一项不行就不要出车，记下故障", "look at every point before you go and tick it; where one fails leave it there, and note the fault");
        if (destination.Length > DestinationMax)
            return Refused($"去处最多 {DestinationMax} 个字符", $"the destination has {DestinationMax} characters at most");
        LocalText? refusal = null;
        return CommitAsync(connection =>
        {
            refusal = null;
            var trip = ClimberTable.Out(connection, site, device);
            // Sent twice, as on a slow line: the first one did it.
            if (trip is not null && (trip.TakenBy, trip.Operator, trip.Destination) == (by.Person, rider, destination))
                return;
            if (trip is not null)
                refusal = new("已经有人取走了，还没有还", "somebody took it already, and it is not back");
            else if (ClimberTable.OpenFaults(connection, site, device) > 0)
                refusal = new("有没修好的故障，不能载人；修好并写明之后再用", "a fault is open: nobody is carried until it is mended and that is written down");
            if (refusal is not null)
                return;
            ClimberTable.Take(connection, site, device, new ClimberTrip(NewId(), NowMs, by.Person, rider, destination, null, null));
            Audit(connection, by, "climber-out", at, rider);
        }, () => refusal);
    }

    /// <summary>Books one ahead.</summary>
    /// <param name="by">Who asks.</param>
    /// <param name="at">The climber.</param>
    /// <param name="rider">Who is to operate it.</param>
    /// <param name="destination">Where it is to go.</param>
    /// <param name="fromMs">From when, ms since 1970-01-01 UTC.</param>
    /// <param name="toMs">Until when.</param>
    /// <returns>Why not; null: it is booked.</returns>
    /// <inheritdoc cref="TakeAsync" path="/exception"/>
    public Task<LocalText?> BookAsync(Visitor by, RegisteredDevice at, string rider, string destination, long fromMs, long toMs)
    {
        var (site, device, now) = (at.Site.Id, at.Entry.Id, NowMs);
        if (WhyNot(by, at, rider, Math.Max(fromMs, now)) is { } why)
            return Task.FromResult<LocalText?>(why);
        if (destination.Length > DestinationMax)
            return Refused($"去处最多 {DestinationMax} 个字符", $"the destination has {DestinationMax} characters at most");
        if (toMs <= now || fromMs > now + (long)AheadMax.TotalMilliseconds)
            return Refused($"请约从现在起 {AheadMax.TotalDays:0} 天以内的时间", $"choose a time within the next {AheadMax.TotalDays:0} days");
        if (toMs <= fromMs || toMs - fromMs > (long)BookedMax.TotalMilliseconds)
            return Refused($"一次最多约 {BookedMax.TotalHours:0} 小时", $"it is booked for {BookedMax.TotalHours:0} hours at most at a time");
        LocalText? refusal = null;
        return CommitAsync(connection =>
        {
            refusal = null;
            var standing = ClimberTable.Bookings(connection, site, device, now);
            var booking = new ClimberBooking(NewId(), fromMs, toMs, by.Person, rider, destination);
            if (standing.Exists(one => one with { Id = booking.Id } == booking))
                return;
            if (standing.Find(one => one.FromMs < toMs && fromMs < one.ToMs) is { } other)
                refusal = new($"{other.When("zh")} 已经有人约了；请换一个时间", $"it is booked already, {other.When("en")}; choose another time");
            else if (standing.Count >= BookingsMax)
                refusal = new($"没到的预约已有 {BookingsMax} 个", $"there are {BookingsMax} bookings already");
            if (refusal is not null)
                return;
            ClimberTable.Book(connection, site, device, booking, now);
            Audit(connection, by, "climber-booked", at, $"{booking.When("zh")} {rider}");
        }, () => refusal);
    }

    /// <summary>Gives a booking up. Anybody who may book can: whoever booked it may be ill. Given up twice it is given up once.</summary>
    /// <inheritdoc cref="TakeAsync" path="/exception"/>
    public async Task GiveUpAsync(Visitor by, RegisteredDevice at, string booking) => await CommitAsync(connection =>
    {
        if (ClimberTable.Bookings(connection, at.Site.Id, at.Entry.Id, NowMs).Find(one => one.Id == booking) is not { } standing)
            return;
        ClimberTable.GiveUp(connection, standing.Id, by.Person, NowMs);
        Audit(connection, by, "climber-given-up", at, $"{standing.When("zh")} {standing.Operator}");
    }, () => null);

    /// <summary>Brings one back.</summary>
    /// <inheritdoc cref="TakeAsync" path="/exception"/>
    public Task<LocalText?> ReturnAsync(Visitor by, RegisteredDevice at)
    {
        LocalText? refusal = null;
        return CommitAsync(connection =>
        {
            refusal = null;
            var last = ClimberTable.Trips(connection, at.Site.Id, at.Entry.Id, 1);
            if (last is [{ ReturnedMs: null } trip])
            {
                ClimberTable.Return(connection, trip.Id, by.Person, NowMs);
                Audit(connection, by, "climber-in", at, trip.Operator);
            }
            else if (last is not [{ } brought] || brought.ReturnedBy != by.Person)
            {
                refusal = new("它没有被取走", "it was not taken out");
            }
        }, () => refusal);
    }

    /// <summary>Notes what is wrong.</summary>
    /// <inheritdoc cref="TakeAsync" path="/exception"/>
    public Task<LocalText?> NoteAsync(Visitor by, RegisteredDevice at, string text)
    {
        if (RefusalOf(text) is { } wrong)
            return Task.FromResult<LocalText?>(wrong);
        LocalText? refusal = null;
        return CommitAsync(connection =>
        {
            refusal = null;
            if (ClimberTable.IsNoted(connection, at.Site.Id, at.Entry.Id, by.Person, text))
                return;
            if (ClimberTable.OpenFaults(connection, at.Site.Id, at.Entry.Id) >= OpenFaultsMax)
            {
                refusal = new($"没修好的故障已有 {OpenFaultsMax} 条", $"there are {OpenFaultsMax} open faults already");
                return;
            }

            ClimberTable.Note(connection, at.Site.Id, at.Entry.Id, new ClimberFault(NewId(), NowMs, by.Person, text, null, null, null));
            Audit(connection, by, "climber-fault", at, text);
        }, () => refusal);
    }

    /// <summary>Says that a fault is mended, and how.</summary>
    /// <inheritdoc cref="TakeAsync" path="/exception"/>
    public Task<LocalText?> MendAsync(Visitor by, RegisteredDevice at, string fault, string text)
    {
        if (RefusalOf(text) is { } wrong)
            return Task.FromResult<LocalText?>(wrong);
        LocalText? refusal = null;
        return CommitAsync(connection =>
        {
            refusal = null;
            if (ClimberTable.Mend(connection, at.Site.Id, at.Entry.Id, fault, by.Person, text, NowMs) == 0)
                refusal = new("没有这条没修好的故障", "there is no such open fault");
            else
                Audit(connection, by, "climber-mended", at, text);
        }, () => refusal);
    }

    private async Task<LocalText?> CommitAsync(Action<Microsoft.Data.Sqlite.SqliteConnection> write, Func<LocalText?> refusal)
    {
        await database.CommitAsync(CommitPriority.Alerts, write);
        return refusal();
    }

    /// <summary>Why somebody may not operate one, then; null: they may. Whoever leaves before that day is booked for nothing.</summary>
    private LocalText? WhyNot(Visitor by, RegisteredDevice at, string rider, long ms)
    {
        if (at.Entry.Operators.Count > 0 ? !at.Entry.Operators.Contains(rider) : rider != by.Person)
            return new("请选一位受过培训的操作员", "choose a trained operator");
        return registry.Current.Facility.People.HasLeft(rider, DutyRoster.Wall(ms)) ? new("到那天这位操作员已经离开，请选别人", "this operator has left by that day; choose another") : null;
    }

    private void Audit(Microsoft.Data.Sqlite.SqliteConnection connection, Visitor by, string what, RegisteredDevice at, string detail) =>
        AuditLog.Add(connection, new AuditEntry(NowMs, by.Name, by.Place, what, at.AssetPath(Readings.ChannelId.Main), at.Site.Id, detail));

    private static LocalText? RefusalOf(string text) => text.Length switch
    {
        0 => new("请写明是什么", "say what it is"),
        > TextMax => new($"最多 {TextMax} 个字符", $"{TextMax} characters at most"),
        _ => null,
    };

    private static Task<LocalText?> Refused(string zh, string en) => Task.FromResult<LocalText?>(new LocalText(zh, en));

    private static string NewId() => Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(8));
}

using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Reports;
using FacilityMonitor.Response;
using FacilityMonitor.Tests.Journal;
using FacilityMonitor.Tests.Web;
using FacilityMonitor.Users;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Reports;

/// <summary>The alert log of more than a year is looked at like that of a day: what is not on the page is counted, not read.</summary>
public sealed class AlertLogReaderTests : IDisposable
{
    private const int Alerts = 450;

    private static readonly DateTimeOffset Start = new(2026, 1, 10, 0, 0, 0, TimeSpan.FromHours(8));

    private readonly TemporaryFolder _folder = new();

    private static ReportPeriod Year { get; } = Period("2026-01-01", "2026-12-31");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Only_the_alerts_of_the_page_are_looked_into()
    {
        await using var database = await FilledAsync();
        using var rows = new CountedReader(_folder.Path);
        using var further = new CountedReader(_folder.Path);

        var page = AlertLogReader.Read(rows.Connection, further.Connection, Year, SiteScope.All, most: ReportDesk.PageMax, withText: true).ToList();
        var total = AlertLogReader.Count(rows.Connection, Year, SiteScope.All, null);

        Assert.Equal((ReportDesk.PageMax, Alerts), (page.Count, total));
        Assert.Equal(2, rows.Statements);
        // Its words, its facts, its letters.
        Assert.InRange(further.Statements, 1, 3 * ReportDesk.PageMax);
        var all = AlertLogReader.Read(rows.Connection, further.Connection, Year, SiteScope.All, withText: true).ToList();
        Assert.Equal(all.Take(ReportDesk.PageMax), page);
        Assert.Equal(Alerts, all.Count);
    }

    [Fact]
    public async Task A_day_is_found_by_when_its_alerts_were_detected_not_by_looking_through_the_years()
    {
        await using var database = await FilledAsync();
        using var reader = database.OpenReader();
        foreach (var (table, index) in ((string, string)[])[("response", "response_by_detection"), ("response_exempt", "response_exempt_by_detection")])
        {
            using var command = Database.Command(reader, "explain query plan " + AlertLogReader.Detected, ("$from", 0), ("$to", 1), ("$cleared", 0), ("$before", 0), ("$sites", null), ("$priority", null));
            using var plan = command.ExecuteReader();
            var lines = new List<string>();
            while (plan.Read())
                lines.Add(plan.GetString(3));
            Assert.Contains(lines, line => line.StartsWith($"SEARCH {table} ", StringComparison.Ordinal) && line.Contains(index, StringComparison.Ordinal));
            Assert.DoesNotContain(lines, line => line.StartsWith("SCAN ", StringComparison.Ordinal) && line.Contains(table, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task The_counts_of_sites_priorities_and_strangers_are_those_of_the_rows()
    {
        await using var database = await FilledAsync();
        using var reader = database.OpenReader();
        using var further = database.OpenReader();
        foreach (var sites in (SiteScope[])[SiteScope.All, SiteScope.Of(["huaihai"]), SiteScope.Of(["jiugeng", "huaihai"]), SiteScope.Of([])])
        {
            foreach (var priority in Enum.GetValues<Priority>().Cast<Priority?>().Append(null))
            {
                var rows = AlertLogReader.Read(reader, further, Year, sites, priority).ToList();
                Assert.Equal(rows.Count, AlertLogReader.Count(reader, Year, sites, priority));
                Assert.All(rows, row => Assert.True(sites.Has(row.Site) && (priority is null || row.Priority == priority)));
            }
        }

        Assert.Equal(Alerts / 10, AlertLogReader.Read(reader, further, Year, SiteScope.All).Count(row => row.Stage is null));
    }

    [Fact]
    public async Task An_alert_stands_in_the_log_by_the_most_urgent_that_it_was()
    {
        await using var database = Database.Open(_folder.Path, TimeProvider.System);
        await PastAlert.WriteAsync(database, new PastAlert("a1", "circuit-overload", "huaihai/c-shed", Priority.P2, Start));
        await database.CommitAsync(CommitPriority.Alerts, connection => ResponseTable.Append(
            connection, "a1", ResponseTable.Load(connection, "a1"),
            [
                new ResponseEvent.PriorityRose(Priority.P1, People.None.ChainOf(Priority.P1, "huaihai"), 0) { AtMs = Start.ToUnixTimeMilliseconds() + 1 },
                new ResponseEvent.PriorityFell(Priority.P3) { AtMs = Start.ToUnixTimeMilliseconds() + 2 },
            ]));
        using var reader = database.OpenReader();
        using var further = database.OpenReader();

        Assert.Equal(Priority.P1, Assert.Single(AlertLogReader.Read(reader, further, Year, SiteScope.All, Priority.P1)).Priority);
        Assert.Empty(AlertLogReader.Read(reader, further, Year, SiteScope.All, Priority.P3));
    }

    [Fact]
    public async Task A_database_from_before_is_looked_up_the_same()
    {
        await using (var before = await FilledAsync())
        {
            await before.CommitAsync(CommitPriority.Alerts, connection =>
            {
                foreach (var statement in (string[])["drop table climber_booking", "alter table dead_letter drop column stranger", "drop table subscription", "drop table stranger_channel", "drop table hour_figures", "drop index response_by_detection", "drop index response_exempt_by_detection", "alter table response drop column takers", "alter table response drop column highest", "alter table response_exempt drop column detected_ms", $"pragma user_version = {Version - 1}"])
                    Database.Execute(connection, statement);
            });
        }

        await using var database = Database.Open(_folder.Path, TimeProvider.System);

        using var reader = database.OpenReader();
        using var further = database.OpenReader();
        var rows = AlertLogReader.Read(reader, further, Year, SiteScope.All).ToList();
        Assert.Equal(Alerts, rows.Count);
        Assert.Equal(Enumerable.Range(0, Alerts).Select(Of).OrderByDescending(alert => alert.At).Select(alert => (alert.Id, alert.Priority, alert.IsStranger)), rows.Select(row => (row.Id, row.Priority, row.Stage is null)));
    }

    [Fact]
    public async Task A_page_of_the_log_does_not_wait_for_a_report()
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path);
        var desk = page.Services.GetRequiredService<ReportDesk>();
        using var writing = new SemaphoreSlim(0);
        using var written = new ManualResetEventSlim();
        var query = new AlertLogQuery(SiteScope.All, null, null, Year);
        var file = desk.LogFileAsync(
            query,
            (_, _) =>
            {
                writing.Release();
                Assert.True(written.Wait(TimeSpan.FromSeconds(60)));
            },
            default);
        Assert.True(await writing.WaitAsync(TimeSpan.FromSeconds(60)));

        Assert.IsType<ReportOutcome<AlertLogPage>.Made>(await desk.LogAsync(query, default).WaitAsync(TimeSpan.FromSeconds(60), WakingTime.Clock));

        written.Set();
        await Assert.IsType<ReportOutcome<Microsoft.AspNetCore.WebUtilities.FileBufferingWriteStream>.Made>(await file).Value.DisposeAsync();
    }

    [Fact]
    public async Task A_full_disk_is_told_as_that_and_not_as_a_store_that_is_away()
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path);
        var desk = page.Services.GetRequiredService<ReportDesk>();

        var outcome = await desk.LogFileAsync(new AlertLogQuery(SiteScope.All, null, null, Year), (_, _) => throw new IOException("No space left on device"), default);

        Assert.Equal("No space left on device", Assert.IsType<ReportOutcome<Microsoft.AspNetCore.WebUtilities.FileBufferingWriteStream>.NoRoom>(outcome).Said);
        Assert.Throws<ReportNotWrittenException>(() => ReportFile.Keep(_ => throw new IOException("No space left on device")));
        Assert.Throws<InvalidOperationException>(() => ReportFile.Keep(_ => throw new InvalidOperationException("a bug")));
        // The next one has its turn.
        var next = Assert.IsType<ReportOutcome<Microsoft.AspNetCore.WebUtilities.FileBufferingWriteStream>.Made>(await desk.LogFileAsync(new AlertLogQuery(SiteScope.All, null, null, Year), (_, file) => file.WriteByte(1), default));
        await next.Value.DisposeAsync();
    }

    private static int Version => Schema.Versions.ToList().FindIndex(version => version.Any(statement => statement.Contains("response_by_detection", StringComparison.Ordinal))) + 1;

    private static ReportPeriod Period(string from, string to)
    {
        Assert.Null(ReportPeriod.ReadDays(from, to, DateTimeOffset.Parse("2026-12-31T12:00:00Z", CultureInfo.InvariantCulture).ToUnixTimeMilliseconds(), out var period));
        return period;
    }

    private static PastAlert Of(int number) => new(
        string.Create(CultureInfo.InvariantCulture, $"{number:x16}"), "circuit-overload", number % 3 == 0 ? "jiugeng/c-garage" : "huaihai/c-shed", (Priority)(number % 4), Start.AddHours(number))
    {
        Told = 10,
        Acknowledged = 60,
        Recovered = 600,
        IsStranger = number % 10 == 7,
    };

    private async Task<Database> FilledAsync()
    {
        var database = Database.Open(_folder.Path, TimeProvider.System);
        await PastAlert.WriteAsync(database, [.. Enumerable.Range(0, Alerts).Select(Of)]);
        return database;
    }
}

using System.Collections.Concurrent;
using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.Tests.Mqtt;
using FacilityMonitor.Tests.Storage;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Tests.Monitoring;

/// <summary>A disk that stops within one certain commit, answers nothing for a while and goes on as if nothing had been.</summary>
public sealed class HangingDiskTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_disk_that_hangs_within_the_commit_of_a_snapshot_keeps_the_rules_from_nothing(bool isKilled)
    {
        var undisturbed = await EveningAsync(isDisturbed: false, isKilled: false);
        var disturbed = await EveningAsync(isDisturbed: true, isKilled);

        Assert.NotEmpty(undisturbed);
        Assert.Equal(undisturbed, disturbed);
    }

    [Fact]
    public async Task A_fire_whose_commit_was_the_last_that_the_disk_took_is_told_without_it()
    {
        await using var fixture = new MonitoringFixture(TimeSpan.FromHours(1));
        using var disk = new HangingDisk(fixture.Folder);
        await fixture.OpenAndRunAsync();
        var told = Urgent(fixture);
        await fixture.AppendAsync(Smoke(0, isThere: true));
        await fixture.CaughtUpAsync();
        await Until.TrueAsync(() => fixture.Rows("select id from alert where rule = 'smoke'").Length == 1, "the fire is on disk");
        Assert.Empty(told);

        // Whoever is to be told of it is claimed on disk first, and that is what hangs now.
        disk.Hang();
        var waiting = fixture.AppendAsync(new Entry(1, [], [1]), isLive: true);
        await UntilAsync(fixture, () => told.Any(step => step.Rule == "smoke"), "the fire being told without the disk");
        disk.GoOn();
        await waiting;
        await fixture.CaughtUpAsync();

        Assert.Single(told, step => step.Rule == "smoke");
    }

    [Fact]
    public async Task A_fire_that_was_written_long_before_the_disk_stopped_is_not_told_again()
    {
        await using var fixture = new MonitoringFixture(TimeSpan.FromHours(1));
        using var disk = new HangingDisk(fixture.Folder);
        await fixture.OpenAndRunAsync();
        var told = Urgent(fixture);
        await fixture.AppendAsync(Smoke(0, isThere: true));
        await fixture.CaughtUpAsync();
        await Until.TrueAsync(() => fixture.Rows("select id from alert where rule = 'smoke'").Length == 1, "the fire is on disk");
        fixture.Time.Advance(TimeSpan.FromSeconds(31));

        disk.Hang();
        // Another one, so that there is something to wait for.
        var waiting = fixture.AppendAsync(new Entry(32, [("fm/1/jiugeng/shed-garage/data", MonitoringFixture.Readings(1, 32, """{"dt":0,"ch":"main","smoke":true}"""))], [32]), isLive: true);
        await UntilAsync(fixture, () => !told.IsEmpty, "the second fire being told without the disk");
        disk.GoOn();
        await waiting;
        await fixture.CaughtUpAsync();

        Assert.DoesNotContain(told, step => step.Site == "huaihai");
    }

    /// <summary>As a backup program does, or somebody who typed <c>begin immediate</c> into sqlite3: for some seconds SQLite waits, then it says that it is busy.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_fire_while_somebody_else_holds_the_database_is_told_without_it_and_written_once_it_is_let_go(bool isLong)
    {
        await using var fixture = new MonitoringFixture(TimeSpan.FromHours(1));
        await fixture.OpenAndRunAsync();
        var told = Urgent(fixture);
        await fixture.AppendAsync(Smoke(0, isThere: false));
        await fixture.CaughtUpAsync();
        using var other = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(fixture.Data, Database.FileName), Pooling = false }.ToString());
        other.Open();
        using var held = other.BeginTransaction(deferred: false);

        var waiting = fixture.AppendAsync(Smoke(1, isThere: true), isLive: true);
        await UntilAsync(fixture, () => told.Any(step => step.Rule == "smoke"), "the fire being told without the database");
        if (isLong)
            await UntilAsync(fixture, () => fixture.Database.State.Refusal?.Contains("locked", StringComparison.Ordinal) == true, "the database being refused");
        Assert.False(waiting.IsCompleted);
        held.Rollback();
        await waiting;
        await fixture.CaughtUpAsync();
        await UntilAsync(fixture, () => fixture.Rows("select id from alert where rule = 'smoke'").Length == 1, "the fire being on disk");

        Assert.Single(told, step => step.Rule == "smoke");
        Assert.Null(fixture.Database.State.Refusal);
    }

    /// <summary>A fire, a snapshot in whose commit the disk hangs, and a fire elsewhere meanwhile.</summary>
    /// <returns>Everything that is told and written in the end.</returns>
    private static async Task<string[]> EveningAsync(bool isDisturbed, bool isKilled)
    {
        await using var fixture = new MonitoringFixture(TimeSpan.FromSeconds(5));
        using var disk = new HangingDisk(fixture.Folder);
        await fixture.OpenAndRunAsync();
        var told = Urgent(fixture);
        await fixture.AppendAsync(new Entry(0, [Garage(0, isThere: false)], [0]));
        await fixture.AppendAsync(Smoke(1, isThere: false));
        await fixture.CaughtUpAsync();
        if (isDisturbed)
            await disk.HangAtNextSnapshotAsync(fixture.Database);
        await fixture.AppendAsync(Smoke(7, isThere: false));
        if (isDisturbed)
            await UntilAsync(fixture, () => disk.IsHanging, "the disk hanging in the snapshot");
        // Seven seconds later by the clock of the devices, whatever ours was advanced.
        var fire = fixture.AppendAsync(new Entry(14, [Garage(14, isThere: true)], [14]), isLive: true);
        if (isDisturbed)
        {
            await UntilAsync(fixture, () => told.Any(step => step is { Rule: "smoke", Site: "jiugeng" }), "the fire being told while the disk hangs");
            Assert.Contains(fixture.Worker.State.Alerts, step => step.Rule == "smoke");
            disk.GoOn();
        }

        await fire;
        await fixture.CaughtUpAsync();
        await UntilAsync(fixture, () => fixture.Rows("select id from alert where rule = 'smoke'").Length == 1, "the fire being on disk");
        if (isKilled)
        {
            await fixture.KillAsync();
            await fixture.OpenAndRunAsync();
        }

        await fixture.AppendAsync(new Entry(100, [Garage(100, isThere: false)], [100]));
        await fixture.AppendAsync(new Entry(160, [Garage(160, isThere: false)], [160]));
        await fixture.CaughtUpAsync();
        await UntilAsync(fixture, () => fixture.Rows("select id from alert where rule = 'smoke' and condition = 4").Length == 1, "its end being on disk");
        return fixture.Told();
    }

    private static ConcurrentQueue<AlertTransition> Urgent(MonitoringFixture fixture)
    {
        var told = new ConcurrentQueue<AlertTransition>();
        fixture.Worker.UrgentUnwritten += told.Enqueue;
        return told;
    }

    private static Entry Smoke(int atS, bool isThere) => new(
        atS, [("fm/1/huaihai/shed-01/data", MonitoringFixture.Readings(atS, atS, $$"""{"dt":0,"ch":"main","smoke":{{(isThere ? "true" : "false")}}}"""))], [atS]);

    private static (string Topic, string Payload) Garage(int atS, bool isThere) =>
        ("fm/1/jiugeng/shed-garage/data", MonitoringFixture.Readings(atS, atS, $$"""{"dt":0,"ch":"main","smoke":{{(isThere ? "true" : "false")}}}"""));

    private static Task UntilAsync(MonitoringFixture fixture, Func<bool> holds, string what) => Until.TrueAsync(
        () =>
        {
            // A worker that failed tells why, instead of nothing ever happening.
            if (fixture.Worker.ExecuteTask is { IsFaulted: true } failed)
                failed.GetAwaiter().GetResult();
            fixture.Time.Advance(TimeSpan.FromMilliseconds(100));
            return holds();
        },
        what);

    /// <summary>The disk of faults, whose sync takes until it is told to go on.</summary>
    private sealed class HangingDisk : IDisposable
    {
        private readonly FaultyDisk _disk;
        private volatile TaskCompletionSource? _standstill;
        private volatile bool _isHanging;

        public HangingDisk(string folder) => _disk = new FaultyDisk(folder)
        {
            SyncTakes = () =>
            {
                if (_standstill is { } standstill)
                {
                    _isHanging = true;
                    standstill.Task.Wait();
                    _isHanging = false;
                }

                return TimeSpan.Zero;
            },
        };

        /// <summary>Whether a commit stands still in it.</summary>
        public bool IsHanging => _isHanging;

        public void Hang() => _standstill = new TaskCompletionSource();

        /// <summary>From within the next commit that writes a snapshot on.</summary>
        public Task HangAtNextSnapshotAsync(Database database) => database.CommitAsync(CommitPriority.Alerts, connection =>
        {
            var isFirst = true;
            connection.CreateFunction("snapshot_written", () =>
            {
                if (isFirst)
                    Hang();
                isFirst = false;
                return 0;
            });
            Database.Execute(connection, "create temp trigger hang before insert on snapshot begin select snapshot_written(); end");
        });

        public void GoOn()
        {
            var standstill = _standstill;
            _standstill = null;
            standstill?.TrySetResult();
        }

        public void Dispose()
        {
            GoOn();
            _disk.Dispose();
        }
    }
}

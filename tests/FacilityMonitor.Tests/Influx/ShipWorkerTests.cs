using System.Text;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Influx;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Storage;
using FacilityMonitor.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.Influx;

/// <summary>Shipping to a database that misbehaves in every way the documentation knows.</summary>
public sealed class ShipWorkerTests : IAsyncDisposable
{
    // 2026-11-20 10:00 UTC, where the test clock begins.
    private const long Now = 1_795_168_800_000;

    private readonly TemporaryFolder _folder = new();
    private readonly ScriptedSink _sink = new();
    private int _steps;
    private StoreFixture _data = null!;
    private ShipWorker? _worker;
    private FacilitySource _registry = null!;
    private long _journalBytes = 1L << 30;
    private int _seq;

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_the_journal_holds_is_written_once_and_in_order()
    {
        await StartAsync();
        await AppendAsync(messages: 25);
        await UntilAsync(() => _sink.Kept.Count == 25, "every reading is there");
        Assert.Equal(_sink.Kept, _sink.Writes.SelectMany(lines => lines).ToHashSet());
        Assert.Equal(25, _sink.Writes.Sum(lines => lines.Length));
        Assert.Equal(_sink.Writes.SelectMany(lines => lines), _sink.Writes.SelectMany(lines => lines).OrderBy(line => line[line.LastIndexOf(' ')..], StringComparer.Ordinal));
        Assert.All(_sink.Writes, lines => Assert.InRange(lines.Length, 1, 10));
        Assert.Contains("pile,site=lane,device=pile-01,channel=s1 quality=\"good\",w=0 1795168800000000000", _sink.Kept);
        Assert.Equal(25, _worker!.State.Shipped);
    }

    [Fact]
    public async Task A_few_readings_wait_for_company_no_longer_than_the_interval()
    {
        await StartAsync();
        await AppendAsync(messages: 3);
        await PassAsync(TimeSpan.FromMilliseconds(800));
        Assert.Empty(_sink.Writes);
        Assert.Equal(Now, _worker!.State.OldestMs);
        await UntilAsync(() => _sink.Kept.Count == 3, "the interval has passed");
        Assert.Single(_sink.Writes);
        await UntilAsync(() => _worker.State.OldestMs is null, "nothing waits");
    }

    [Fact]
    public async Task One_commit_larger_than_many_batches_goes_in_batches()
    {
        await StartAsync();
        await AppendInOneCommitAsync(messages: 95);
        await UntilAsync(() => _sink.Kept.Count == 95, "every reading is there");
        Assert.Equal([10, 10, 10, 10, 10, 10, 10, 10, 10, 5], _sink.Writes.Select(lines => lines.Length));
    }

    [Fact]
    public async Task While_it_is_away_attempts_become_rarer_and_afterwards_everything_is_there()
    {
        _sink.Answer = _ => new WriteAnswer.Later(null, "ConnectionError");
        await StartAsync();
        await AppendAsync(messages: 30);
        await UntilAsync(() => _sink.Writes.Count >= 3, "three attempts");
        Assert.Equal("ConnectionError", _worker!.State.Trouble!.Words);
        Assert.False(_worker.State.Trouble.NeedsSomebody);
        var attempts = _sink.Writes.Count;
        await PassAsync(TimeSpan.FromMinutes(10));
        // 1, 2, 4 … 60 s, each between its half and the whole.
        Assert.InRange(_sink.Writes.Count - attempts, 8, 30);
        Assert.Empty(_sink.Kept);

        _sink.Answer = _ => null;
        await UntilAsync(() => _sink.Kept.Count == 30, "it has caught up");
        await UntilAsync(() => _worker.State.Trouble is null, "the trouble is over");
    }

    [Fact]
    public async Task It_is_not_asked_again_before_it_wants_to_be()
    {
        _sink.Answer = _ => new WriteAnswer.Later(TimeSpan.FromSeconds(50), "HTTP 429");
        await StartAsync();
        await AppendAsync(messages: 1);
        await UntilAsync(() => _sink.Writes.Count == 1, "the first attempt");
        await PassAsync(TimeSpan.FromSeconds(45));
        Assert.Single(_sink.Writes);
        await UntilAsync(() => _sink.Writes.Count == 2, "the second attempt");
    }

    [Fact]
    public async Task One_bad_line_is_found_set_aside_with_the_words_of_the_server_and_all_others_are_written()
    {
        _sink.Answer = lines => lines.Any(line => line.Contains("w=7 ", StringComparison.Ordinal)) ? new WriteAnswer.Malformed("HTTP 400 field type conflict") : null;
        await StartAsync();
        await AppendInOneCommitAsync(messages: 30);
        await UntilAsync(() => _sink.Kept.Count == 29, "all the others are there");
        await UntilAsync(() => _worker!.State.SetAside == 1, "it is booked");
        using var connection = _data.Database.OpenReader();
        var letter = Assert.Single(DeadLetters.Read(connection));
        Assert.Equal((ShipWorker.DeadLetterReason, "HTTP 400 field type conflict", "influx/facility"), (letter.Reason, letter.Detail, letter.Topic));
        Assert.Contains("w=7 ", Encoding.UTF8.GetString(letter.Payload), StringComparison.Ordinal);
        // By halves: the batch of ten, and twice the depth.
        Assert.InRange(_sink.Writes.Count, 5, 3 + (2 * 5));
    }

    [Fact]
    public async Task When_nearly_every_line_is_refused_it_is_the_database_that_does_not_fit_and_nothing_is_set_aside()
    {
        _sink.Answer = _ => new WriteAnswer.Malformed("HTTP 400 anything");
        await StartAsync(batch: 1_000);
        await AppendInOneCommitAsync(messages: ShipWorker.SetAsideMax + 1);
        await UntilAsync(() => _worker!.State.Trouble is not null, "the trouble is known");
        Assert.True(_worker!.State.Trouble!.NeedsSomebody);
        Assert.Equal(0, _worker.State.SetAside);
        Assert.Equal(0, _data.Count("select count(*) from dead_letter"));

        _sink.Answer = _ => null;
        await UntilAsync(() => _sink.Kept.Count == ShipWorker.SetAsideMax + 1, "somebody mended it");
    }

    [Fact]
    public async Task A_small_batch_of_which_nothing_is_taken_is_set_aside_only_if_it_still_takes_what_it_took_before()
    {
        await StartAsync();
        await AppendAsync(messages: 3);
        await UntilAsync(() => _sink.Kept.Count == 3, "it takes readings");
        _sink.Answer = _ => new WriteAnswer.Malformed("HTTP 400 nothing suits it");
        await AppendAsync(messages: 2);
        await UntilAsync(() => _worker!.State.Trouble is { NeedsSomebody: true }, "the trouble is known");
        Assert.Equal(0, _worker!.State.SetAside);

        _sink.Answer = lines => lines.Any(line => line.Contains("w=3 ", StringComparison.Ordinal) || line.Contains("w=4 ", StringComparison.Ordinal)) ? new WriteAnswer.Malformed("HTTP 400 those") : null;
        await UntilAsync(() => _worker.State.SetAside == 2, "now it is the lines");
        await UntilAsync(() => _worker.State.Trouble is null, "the trouble is over");
    }

    [Fact]
    public async Task One_that_was_away_for_longer_than_the_horizon_is_sent_again_what_it_lost_in_the_crash()
    {
        await StartAsync();
        await AppendAsync(messages: 20);
        await UntilAsync(() => _sink.Kept.Count == 20 && _worker!.State.OldestMs is null, "every reading is there");
        _sink.LoseEverything(null);
        _sink.Answer = _ => new WriteAnswer.Later(null, "ConnectionError");
        await AppendAsync(messages: 5);
        await UntilAsync(() => _worker!.State.Trouble is not null, "it is away");
        await PassAsync(TimeSpan.FromMinutes(30));
        _sink.Boot = "second";
        _sink.Answer = _ => null;
        await UntilAsync(() => _sink.Kept.Count == 25, "the lost ones and the new ones are there");
    }

    [Fact]
    public async Task A_batch_that_is_too_large_for_it_goes_in_halves()
    {
        _sink.Answer = lines => lines.Length > 3 ? new WriteAnswer.TooLarge("HTTP 413") : null;
        await StartAsync();
        await AppendInOneCommitAsync(messages: 10);
        await UntilAsync(() => _sink.Kept.Count == 10, "every reading is there");
        Assert.Equal(0, _worker!.State.SetAside);
    }

    [Fact]
    public async Task A_refusal_is_kept_trying_and_loses_nothing()
    {
        _sink.Answer = _ => new WriteAnswer.Refused("HTTP 401 unauthorized access");
        await StartAsync();
        await AppendAsync(messages: 20);
        await UntilAsync(() => _worker!.State.Trouble is { NeedsSomebody: true }, "the trouble is known");
        _sink.Answer = _ => null;
        await UntilAsync(() => _sink.Kept.Count == 20, "the token was mended");
    }

    [Fact]
    public async Task What_it_took_and_then_lost_in_a_crash_is_sent_again()
    {
        await StartAsync();
        await AppendAsync(messages: 40);
        await UntilAsync(() => _sink.Kept.Count == 40 && _worker!.State.OldestMs is null, "every reading is there");
        _sink.LoseEverything("second");
        await UntilAsync(() => _sink.Kept.Count == 40, "every reading is there again");
        Assert.Equal(1, _worker!.State.Repeats);
        await PassAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(1, _worker.State.Repeats);
    }

    [Fact]
    public async Task One_that_tells_nothing_of_its_start_is_sent_everything_again_after_it_was_away()
    {
        _sink.Boot = null;
        await StartAsync();
        await AppendAsync(messages: 20);
        await UntilAsync(() => _sink.Kept.Count == 20, "every reading is there");
        _sink.LoseEverything(null);
        _sink.Answer = _ => new WriteAnswer.Later(null, "ConnectionError");
        await AppendAsync(messages: 5);
        await UntilAsync(() => _worker!.State.Trouble is not null, "it is away");
        _sink.Answer = _ => null;
        await UntilAsync(() => _sink.Kept.Count == 25, "the lost ones and the new ones are there");
    }

    [Fact]
    public async Task What_is_older_than_the_horizon_leaves_the_journal()
    {
        await StartAsync();
        await AppendAsync(messages: 10);
        await UntilAsync(() => _sink.Kept.Count == 10, "every reading is there");
        var first = Cursor();
        await PassAsync(TimeSpan.FromMinutes(9));
        await AppendAsync(messages: 1);
        await UntilAsync(() => _sink.Kept.Count == 11, "the next one is there");
        Assert.Equal(first, Cursor());

        await PassAsync(TimeSpan.FromMinutes(2));
        await AppendAsync(messages: 1);
        await UntilAsync(() => _sink.Kept.Count == 12 && Cursor() >= 10, "the old ones need not be kept");
        Assert.True(Cursor() < 12);
    }

    [Theory]
    [MemberData(nameof(DiskTrouble.Main), MemberType = typeof(DiskTrouble))]
    public async Task Whatever_operation_of_our_disk_fails_nothing_is_left_out_and_it_knows_how_far_it_is(string trouble) => Assert.InRange(await ShipAsync(trouble, commits: 2), 20, 500);

    [Theory]
    [Trait("length", "long")]
    [MemberData(nameof(DiskTrouble.All), MemberType = typeof(DiskTrouble))]
    public async Task Whatever_operation_of_our_disk_fails_nothing_of_many_commits_is_left_out(string trouble) => Assert.InRange(await ShipAsync(trouble, commits: 6), 40, 1_000);

    /// <summary>Commits of five readings in batches of four, one reading of each refused, with every operation of our disk failing in its turn.</summary>
    private async Task<int> ShipAsync(string name, int commits)
    {
        const int OfCommit = 5, Refused = 2;
        var trouble = DiskTrouble.Of(name);
        _sink.Answer = lines => lines.Any(line => ValueOf(line) % OfCommit == Refused) ? new WriteAnswer.Malformed("HTTP 400 field type conflict") : null;
        // The files on which every run begins: as a service leaves them that has not received anything.
        await StartAsync();
        await UntilAsync(() => _data.Count("select count(*) from cursor where name = 'influx'") == 1, "it has begun");
        await StopAsync();
        var looked = (Database: (Database?)null, Commits: 0L);
        return await DiskTrouble.EveryOperationAsync(TellAsync);

        async Task<bool> TellAsync(int failAt)
        {
            var folder = Path.Combine(_folder.Path, FormattableString.Invariant($"run-{failAt}"));
            FaultyDisk.CopyFiles(_folder.Path, folder);
            using var disk = new FaultyDisk(folder);
            _sink.LoseEverything("first");
            await StartAsync(batch: 4, folder: folder, reserveBytes: trouble.ReserveBytes);
            trouble.Arm(disk, failAt);
            var mayBeKilled = trouble.IsKill;
            for (var commit = 0; commit < commits; commit++)
            {
                if (!mayBeKilled)
                    await disk.InsistAsync(() => ReceiveAsync(commit));
                else if (!await PersistentWriter.TryAsync(() => ReceiveAsync(commit)))
                    await KillAsync(commit, isAcknowledged: false);
                await ShippedAsync(commit);
                if (!mayBeKilled || !disk.HasFailed)
                    continue;
                await KillAsync(commit, isAcknowledged: true);
                await ShippedAsync(commit);
            }

            Assert.False(_worker!.ExecuteTask!.IsCompleted);
            var hasFailed = disk.HasFailed;
            disk.Heal();
            await StopAsync();
            Directory.Delete(folder, recursive: true);
            return hasFailed;

            async Task KillAsync(int commit, bool isAcknowledged)
            {
                mayBeKilled = false;
                var remains = folder + "-killed";
                FaultyDisk.CopyFiles(folder, remains);
                disk.Heal();
                await StopAsync();
                Directory.Delete(folder, recursive: true);
                folder = remains;
                AssertNothingIsLeftOut(remains);
                await StartAsync(batch: 4, folder: remains);
                // What was not acknowledged comes again, unless it is there all the same.
                var received = _data.Count("select count(*) from journal");
                Assert.InRange(received, isAcknowledged ? commit + 1 : commit, commit + 1);
                if (received == commit)
                    await ReceiveAsync(commit);
            }

            Task ShippedAsync(int commit) => disk.UntilAsync(
                () => (mayBeKilled && disk.HasFailed) || IsShipped(commit), () => _data.Time.Advance(TimeSpan.FromMilliseconds(250)), "it is shipped, and on disk that it is");
        }

        Task ReceiveAsync(int commit)
        {
            _seq = commit * OfCommit;
            return AppendInOneCommitAsync(OfCommit);
        }

        bool IsShipped(int commit)
        {
            // A worker that failed tells why, instead of nothing ever happening.
            if (_worker!.ExecuteTask is { IsFaulted: true } failed)
                failed.GetAwaiter().GetResult();
            // What no commit has changed since the last look need not be read again.
            if (_sink.Kept.Count < (commit + 1) * (OfCommit - 1) || _worker.State.OldestMs is not null || looked == (_data.Database, _data.Database.State.Commits))
                return false;
            looked = (_data.Database, _data.Database.State.Commits);
            return _data.Count("select position from shipping") == _data.Journal.Last && _data.Count("select count(*) from dead_letter") == commit + 1;
        }

        // Whoever begins on these files sends nothing of what they say is shipped.
        void AssertNothingIsLeftOut(string remains)
        {
            using var reader = Database.OpenReader(remains);
            var shipped = BlockTable.Number(reader, "select count(*) from journal where position <= (select position from shipping)") ?? 0;
            var kept = _sink.Kept.Select(ValueOf).ToHashSet();
            for (var value = 0; value < shipped * OfCommit; value++)
                Assert.Equal(value % OfCommit != Refused, kept.Contains(value));
            Assert.Equal(shipped, BlockTable.Number(reader, "select count(*) from dead_letter"));
        }

        static int ValueOf(string line) => int.Parse(line[(line.IndexOf("w=", StringComparison.Ordinal) + 2)..line.LastIndexOf(' ')], System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task After_a_restart_of_ours_it_goes_on_where_it_was()
    {
        await StartAsync();
        await AppendAsync(messages: 20);
        await UntilAsync(() => _sink.Kept.Count == 20 && _data.Count("select position from shipping") == 20, "every reading is there and that is known");
        await StopAsync();
        var before = _sink.Writes.Count;
        await StartAsync();
        await AppendAsync(messages: 5);
        await UntilAsync(() => _sink.Kept.Count == 25, "the next ones are there");
        Assert.Equal(5, _sink.Writes.Skip(before).Sum(lines => lines.Length));
    }

    [Fact]
    public async Task After_a_restart_of_ours_and_of_its_own_what_it_may_have_lost_is_sent_again()
    {
        await StartAsync();
        await AppendAsync(messages: 20);
        await UntilAsync(() => _sink.Kept.Count == 20 && _data.Count("select position from shipping") == 20, "every reading is there and that is known");
        await StopAsync();
        _sink.LoseEverything("second");
        await StartAsync();
        await UntilAsync(() => _sink.Kept.Count == 20, "every reading is there again");
    }

    [Fact]
    public async Task A_full_journal_is_not_held_up_by_it_and_what_is_left_out_is_written_down()
    {
        _journalBytes = 20_000;
        _sink.Answer = _ => new WriteAnswer.Later(null, "ConnectionError");
        await StartAsync();
        await AppendAsync(messages: 1_000);
        await StoreAsync();
        await UntilAsync(() => _worker!.State.Skipped == 1, "it gave way");
        await UntilAsync(() => Cursor() == 1_000, "the journal may be trimmed");
        Assert.Equal(1, _data.Count("select count(*) from shipping_gap"));
        Assert.Equal(Now, _data.Count("select from_ms from shipping_gap"));

        // Trimmed by the upkeep; afterwards it goes on with what comes.
        while (await _data.Journal.TrimAsync(100))
        {
        }

        _sink.Answer = _ => null;
        await AppendAsync(messages: 3);
        await UntilAsync(() => _sink.Kept.Count == 3, "what came later is there");
    }

    [Fact]
    public async Task A_reading_of_a_device_that_nobody_registered_is_shipped_as_unknown()
    {
        await StartAsync();
        await AppendAsync(messages: 1, device: "pile-77");
        await UntilAsync(() => _sink.Kept.Count == 1, "the reading is there");
        Assert.StartsWith("unknown,site=lane,device=pile-77,channel=s1 ", Assert.Single(_sink.Kept), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_alert_is_one_point_at_its_onset_that_every_step_overwrites()
    {
        await StartAsync();
        await AlertAsync(Condition.Pending, Now);
        await AlertAsync(Condition.Active, Now + 10_000);
        await UntilAsync(() => _sink.Kept.Count == 1, "it is there");
        Assert.Equal(
            "alert,asset=lane/shed\\ 1/pile-01/s7,rule=socket-overload,site=lane id=\"a1\",state=\"active\",priority=1i,start=1795168800000i,"
            + "end=1795168800000i,text_zh=\"过载 \\\"1\\\"\",text_en=\"overload\" 1795168800000000000",
            Assert.Single(_sink.Kept));
        await AlertAsync(Condition.Cleared, Now + 60_000);
        await UntilAsync(() => _sink.Kept.Count == 2, "its end is there");
        var end = _sink.Writes[^1].Single();
        Assert.Contains("state=\"cleared\",priority=1i,start=1795168800000i,end=1795168860000i,", end, StringComparison.Ordinal);
        Assert.EndsWith(" 1795168800000000000", end, StringComparison.Ordinal);

        await UntilAsync(() => _data.Count("select alert_change from shipping") == 3, "that is known");
        _sink.LoseEverything("second");
        await UntilAsync(() => _sink.Kept.Contains(end), "it is there again after a crash of the database");
    }

    [Fact]
    public async Task An_alert_that_opened_again_has_lost_the_end_it_had()
    {
        await StartAsync();
        await AlertAsync(Condition.Cleared, Now + 60_000);
        await UntilAsync(() => _sink.Kept.Any(line => line.Contains(",end=1795168860000i,", StringComparison.Ordinal)), "its end is there");
        await AlertAsync(Condition.Active, Now + 90_000);
        await UntilAsync(() => _sink.Kept.Count == 2, "it is open again");
        Assert.Contains("state=\"active\",priority=1i,start=1795168800000i,end=1795168800000i,", _sink.Writes[^1].Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_servers_that_answer_by_turns_are_sent_everything_once_more_and_not_for_ever()
    {
        await StartAsync();
        await AppendAsync(messages: 20);
        await UntilAsync(() => _sink.Kept.Count == 20 && _worker!.State.OldestMs is null, "every reading is there");
        for (var look = 0; look < 40; look++)
        {
            _sink.Boot = _sink.Boot == "first" ? "second" : "first";
            await PassAsync(TimeSpan.FromSeconds(31), step: TimeSpan.FromSeconds(1.5));
        }

        Assert.Equal(1, _worker!.State.Repeats);
        // What was taken leaves the journal as ever.
        await AppendAsync(messages: 1);
        await UntilAsync(() => Cursor() >= 20, "the old ones need not be kept");
    }

    [Fact]
    public async Task One_that_tells_another_start_at_every_look_is_soon_not_believed()
    {
        await StartAsync();
        await AppendAsync(messages: 20);
        await UntilAsync(() => _sink.Kept.Count == 20, "every reading is there");
        for (var look = 0; look < 100; look++)
        {
            _sink.Boot = $"start {look}";
            await AppendAsync(messages: 1);
            await PassAsync(TimeSpan.FromSeconds(31), step: TimeSpan.FromSeconds(1.5));
        }

        Assert.InRange(_worker!.State.Repeats, 1, TargetStarts.UnseenMax);
        Assert.True(Cursor() > 20);
        Assert.Equal(120, _sink.Kept.Count);
    }

    [Fact]
    public async Task One_that_crashes_again_and_again_loses_nothing_and_is_not_sent_everything_all_the_time()
    {
        await StartAsync();
        for (var crash = 0; crash < 10; crash++)
        {
            await AppendAsync(messages: 10);
            await UntilAsync(() => _worker!.State is { OldestMs: null, Trouble: null }, "what came is taken");
            _sink.LoseEverything($"start {crash}");
            _sink.Answer = _ => new WriteAnswer.Later(null, "ConnectionError");
            await AppendAsync(messages: 1);
            await UntilAsync(() => _worker!.State.Trouble is not null, "it is away");
            _sink.Answer = _ => null;
            await PassAsync(TimeSpan.FromSeconds(20), step: TimeSpan.FromSeconds(1));
        }

        await UntilAsync(() => _sink.Kept.Count == 110, "every reading is there");
        // Ten crashes within four minutes: the first at once, then with pauses of 1, 2, 4 … minutes.
        Assert.InRange(_worker!.State.Repeats, 2, 6);
    }

    [Fact]
    public async Task A_crash_while_it_catches_up_is_noticed_before_it_has_caught_up()
    {
        const int Messages = 3_000;
        var (writes, noticed) = (0, 0);
        _sink.Answer = _ =>
        {
            // Each takes a second.
            _data.Time.Advance(TimeSpan.FromSeconds(1));
            if (++writes == 100)
                _sink.LoseEverything("second");
            // Counted here: whoever looks from outside may look many writes later.
            if (noticed == 0 && _worker!.State.Repeats == 1)
                noticed = writes;
            return null;
        };
        await StartAsync();
        await AppendInOneCommitAsync(Messages);
        await UntilAsync(() => noticed > 0, "the crash is noticed");
        Assert.True(noticed < 200);
        await UntilAsync(() => _worker!.State.OldestMs is null && _sink.Kept.Count == Messages, "what it lost in the middle of one commit is there too");
    }

    [Fact]
    public async Task What_lies_before_its_retention_policy_is_booked_together_and_holds_up_nothing()
    {
        var policy = Now + 2_000;
        _sink.Answer = lines => lines.Count(line => MsOf(line) < policy) is > 0 and var dropped
            ? new WriteAnswer.BeyondRetention(dropped, $"HTTP 400 partial write: points beyond retention policy dropped={dropped}")
            : null;
        await StartAsync(batch: 1_000);
        _data.Time.Advance(ShipWorker.RetentionMin + TimeSpan.FromMinutes(5));
        await AppendInOneCommitAsync(messages: 300);
        await UntilAsync(() => _worker!.State.SetAside == 200, "they are booked");
        await AppendAsync(messages: 1);
        await UntilAsync(() => _sink.Kept.Count == 101, "all the others are there");
        Assert.Equal(2, _sink.Writes.Count);
        using var connection = _data.Database.OpenReader();
        var letter = Assert.Single(DeadLetters.Read(connection));
        Assert.StartsWith("HTTP 400 partial write: points beyond retention policy dropped=200; 200 lines", letter.Detail, StringComparison.Ordinal);
        var kept = Encoding.UTF8.GetString(letter.Payload).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(200, kept.Length);
        Assert.All(kept, line => Assert.True(MsOf(line) < policy));
        Assert.Equal(101, _worker!.State.Shipped);
    }

    [Fact]
    public async Task A_database_whose_clock_is_a_year_ahead_gets_no_reading_thrown_away()
    {
        _sink.Answer = lines => new WriteAnswer.BeyondRetention(lines.Length, "HTTP 400 partial write: points beyond retention policy dropped=5");
        await StartAsync();
        await AppendAsync(messages: 5);
        await UntilAsync(() => _worker!.State.Trouble is { NeedsSomebody: true }, "the trouble is known");
        Assert.Equal(0, _data.Count("select count(*) from dead_letter"));
        _sink.Answer = _ => null;
        await UntilAsync(() => _sink.Kept.Count == 5, "its clock was set");
    }

    [Fact]
    public async Task A_search_for_many_bad_lines_pauses_so_that_the_database_can_serve_others()
    {
        _sink.Answer = lines => lines.Any(line => line.Contains("0 1795", StringComparison.Ordinal)) ? new WriteAnswer.Malformed("HTTP 400 those") : null;
        await StartAsync(batch: 1_000);
        // Every tenth, spread as badly as can be.
        await AppendInOneCommitAsync(messages: 900);
        await UntilAsync(() => _sink.Writes.Count >= ShipWorker.SearchBurst, "the search has begun");
        await Task.Yield();
        for (var burst = 1; burst <= 4; burst++)
        {
            await Mqtt.Until.TrueAsync(() => _sink.Writes.Count == burst * ShipWorker.SearchBurst, "a pause");
            _data.Time.Advance(TimeSpan.FromMilliseconds(999));
            await Task.Yield();
            Assert.Equal(burst * ShipWorker.SearchBurst, _sink.Writes.Count);
            _data.Time.Advance(TimeSpan.FromMilliseconds(1));
        }

        await UntilAsync(() => _worker!.State.SetAside == 90, "all are found");
        Assert.Equal(810, _sink.Kept.Count);
    }

    [Fact]
    public async Task A_search_that_is_interrupted_goes_on_where_it_was()
    {
        var asked = 0;
        _sink.Answer = lines => ++asked == 6 ? new WriteAnswer.Later(null, "HTTP 503")
            : lines.Any(line => line.Contains("w=7 ", StringComparison.Ordinal)) ? new WriteAnswer.Malformed("HTTP 400 field type conflict") : null;
        await StartAsync(batch: 32);
        await AppendInOneCommitAsync(messages: 32);
        await UntilAsync(() => _worker!.State.SetAside == 1 && _sink.Kept.Count == 31, "all the others are there");
        // The whole, by halves down to the one, and the attempt that failed.
        Assert.Equal(1 + (2 * 5) + 1, _sink.Writes.Count);
    }

    [Fact]
    public async Task What_is_set_aside_stays_one_dead_letter_when_everything_is_sent_again()
    {
        _sink.Answer = lines => lines.Any(line => line.Contains("w=7 ", StringComparison.Ordinal)) ? new WriteAnswer.Malformed("HTTP 400 field type conflict")
            : lines.Any(line => MsOf(line) == Now) ? new WriteAnswer.BeyondRetention(1, "HTTP 400 dropped=1") : null;
        await StartAsync();
        _data.Time.Advance(ShipWorker.RetentionMin + TimeSpan.FromMinutes(5));
        await AppendInOneCommitAsync(messages: 30);
        await UntilAsync(() => _sink.Kept.Count == 28 && _data.Count("select count(*) from dead_letter") == 2, "two are set aside");
        await StopAsync();
        _sink.LoseEverything("second");
        await StartAsync();
        _data.Time.Advance(ShipWorker.RetentionMin + TimeSpan.FromMinutes(5));
        await UntilAsync(() => _sink.Kept.Count == 28 && _worker!.State is { OldestMs: null, Repeats: 1 } && _data.Count("select position from shipping") == 1, "the others are there again");
        Assert.Equal(2, _data.Count("select count(*) from dead_letter"));
        Assert.Equal(0, _worker!.State.SetAside);
    }

    [Fact]
    public async Task What_is_set_aside_of_a_commit_that_is_only_partly_sent_is_booked_with_the_commit()
    {
        var (isAway, dies) = (false, true);
        _sink.Answer = lines =>
        {
            if (isAway)
                return new WriteAnswer.Later(null, "ConnectionError");
            if (lines.Any(line => line.Contains("w=7 ", StringComparison.Ordinal)))
                return new WriteAnswer.Malformed("HTTP 400 field type conflict");
            // The end of the first batch.
            isAway = dies && lines.Any(line => line.Contains("w=9 ", StringComparison.Ordinal));
            return null;
        };
        await AppendBeforeStartAsync();
        await UntilAsync(() => _sink.Kept.Count == 9, "the first batch is there but for one");
        await UntilAsync(() => _data.Count("select position from shipping") == 1, "the first commit is booked");
        Assert.Equal(0, _data.Count("select count(*) from dead_letter"));

        await StopAsync();
        (isAway, dies) = (false, false);
        await StartAsync();
        await UntilAsync(() => _sink.Kept.Count == 29 && _data.Count("select position from shipping") == 2, "all the others are there");
        Assert.Equal(1, _data.Count("select count(*) from dead_letter"));

        // Both commits are there when it begins: its first batch is the one and the beginning of the other.
        async Task AppendBeforeStartAsync()
        {
            await StartAsync();
            await _worker!.StopAsync(CancellationToken.None);
            await AppendInOneCommitAsync(messages: 5);
            await AppendInOneCommitAsync(messages: 25);
            await StopAsync();
            await StartAsync();
        }
    }

    [Fact]
    public async Task A_device_that_was_adopted_meanwhile_is_sent_again_under_the_name_it_had()
    {
        await StartAsync();
        await AppendAsync(messages: 10, device: "pile-77");
        await UntilAsync(() => _sink.Kept.Count == 10 && _data.Count("select position from shipping") == 10, "every reading is there and that is known");
        var before = _sink.Kept;
        await StopAsync();
        _sink.LoseEverything("second");
        await StartAsync(facility: Rules.Scene.Lane(more: [new DeviceEntry { Id = "pile-77", Name = new LocalText("77 号桩", "Pile 77"), Kind = DeviceKind.Pile }]));
        await UntilAsync(() => _sink.Kept.Count == 10, "every reading is there again");
        Assert.Equal(before, _sink.Kept);
        await AppendAsync(messages: 1, device: "pile-77");
        await UntilAsync(() => _sink.Kept.Count == 11, "the next one is there");
        Assert.StartsWith("pile,site=lane,device=pile-77,", _sink.Writes[^1].Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_messages_of_a_foreign_device_in_one_millisecond_are_two_points_and_each_is_always_the_same()
    {
        await StartAsync();
        await _data.AppendAsync(Foreign(hash: 41_007, watts: 1));
        await _data.AppendAsync(Foreign(hash: 41_008, watts: 2));
        await _data.AppendAsync(Foreign(hash: 41_008, watts: 2));
        await UntilAsync(() => _worker!.State is { Shipped: 3 }, "they are sent");
        Assert.Equal(
            ["unknown,device=plug,channel=main quality=\"good\",w=1 1795168800000007000", "unknown,device=plug,channel=main quality=\"good\",w=2 1795168800000008000"],
            _sink.Kept.Order(StringComparer.Ordinal));
    }

    private DeviceMessage Foreign(UInt128 hash, double watts)
    {
        var message = new DeviceMessage { Kind = MessageKind.Data, Device = _data.Devices.Resolve(Dialect.Tasmota, null, "plug"u8), ReceivedMs = Now, ForeignHash = hash };
        ref var reading = ref message.Readings.Add();
        (reading.Channel, reading.AtMs, reading.DeviceMs) = (ChannelId.Main, Now, Now);
        message.Readings.AddValue(Metric.W, watts);
        return message;
    }

    private static long MsOf(string line) => long.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture) / 1_000_000;

    private Task AlertAsync(Condition condition, long atMs) => _data.Database.CommitAsync(CommitPriority.Alerts, connection => AlertLog.Write(connection, new AlertTransition
    {
        AlertId = "a1",
        Sequence = _steps++,
        Condition = condition,
        Priority = Priority.P1,
        Rule = "socket-overload",
        Asset = "lane/shed 1/pile-01/s7",
        Site = "lane",
        OnsetMs = Now,
        AtMs = atMs,
        Text = new LocalText("过载 \"1\"", "overload"),
    }));

    private async Task StartAsync(int batch = 10, Facility? facility = null, string? folder = null, long reserveBytes = 0)
    {
        _data = new StoreFixture(folder ?? _folder.Path) { ReserveBytes = reserveBytes };
        await _data.StartAsync();
        // Time goes on over a restart.
        _registry = new FacilitySource(_folder.Path, facility ?? Rules.Scene.Lane(), _data.Time, NullLogger<FacilitySource>.Instance);
        _worker = new ShipWorker(
            new InfluxSettings
            {
                Url = new Uri("http://influx.example"),
                Version = InfluxVersion.Detect,
                Database = "facility",
                RetentionPolicy = null,
                Organization = null,
                Username = null,
                Password = null,
                Token = null,
                BatchReadings = batch,
                Interval = TimeSpan.FromSeconds(1),
                Timeout = TimeSpan.FromSeconds(30),
                Horizon = TimeSpan.FromMinutes(10),
            },
            new DataSettings { Directory = _folder.Path, RetentionDays = 1, RetentionBytes = 1 << 30, JournalBytes = _journalBytes, ReserveBytes = 0 },
            _sink, _data.Database, _data.Journal, _data.Worker, _registry, _data.Devices, _data.Time, NullLogger<ShipWorker>.Instance);
        await _worker.StartAsync(CancellationToken.None);
    }

    private async Task StopAsync()
    {
        if (_worker is null)
            return;
        await _worker.StopAsync(CancellationToken.None);
        _worker.Dispose();
        _worker = null;
        _registry.Dispose();
        await _data.DisposeAsync();
    }

    private async Task AppendAsync(int messages, string device = "pile-01")
    {
        for (var message = 0; message < messages; message++)
            await _data.AppendAsync(Message(device));
    }

    private async Task AppendInOneCommitAsync(int messages)
    {
        var writer = new JournalWriter();
        for (var message = 0; message < messages; message++)
            writer.Message(Message("pile-01"));
        await _data.Journal.AppendAsync(writer);
    }

    private DeviceMessage Message(string name)
    {
        var device = _data.Devices.Resolve(Dialect.Fm1, "lane"u8, Encoding.UTF8.GetBytes(name))!;
        var at = Now + (_seq * 10);
        var message = new DeviceMessage { Kind = MessageKind.Data, Device = device, HasEnvelope = true, ReceivedMs = at };
        message.Envelope = new Envelope(default, _seq, at, null, ClockSource.Ntp);
        ref var reading = ref message.Readings.Add();
        (reading.Channel, reading.AtMs, reading.DeviceMs) = (ChannelId.Socket(1), at, at);
        message.Readings.AddValue(Metric.W, _seq);
        _seq++;
        return message;
    }

    /// <summary>The embedded store takes what the journal has.</summary>
    private async Task StoreAsync()
    {
        await _data.Worker.ReadOnAsync(_data.Reader, CancellationToken.None);
        await _data.Worker.FlushAsync();
    }

    private long Cursor() => _data.Count("select position from cursor where name = 'influx'");

    /// <summary>Moves the clock in small steps until something has happened.</summary>
    private async Task UntilAsync(Func<bool> condition, string what)
    {
        await Mqtt.Until.TrueAsync(
            () =>
            {
                // A worker that failed tells why, instead of nothing ever happening.
                if (_worker?.ExecuteTask is { IsFaulted: true } failed)
                    failed.GetAwaiter().GetResult();
                if (condition())
                    return true;
                _data.Time.Advance(TimeSpan.FromMilliseconds(100));
                return false;
            },
            what);
    }

    /// <summary>Lets a time pass; whatever is due in it has its turn.</summary>
    private async Task PassAsync(TimeSpan time, TimeSpan? step = null)
    {
        var by = step ?? TimeSpan.FromMilliseconds(Math.Max(100, time.TotalMilliseconds / 500));
        for (var passed = TimeSpan.Zero; passed < time; passed += by)
        {
            _data.Time.Advance(by);
            // A turn of the pool for whoever was woken.
            for (var turn = 0; turn < 5; turn++)
                await Task.Yield();
            await Task.Delay(1);
        }
    }
}

using FacilityMonitor.Contract;
using FacilityMonitor.Control;
using FacilityMonitor.Tests.Mqtt;
using FacilityMonitor.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.Control;

/// <summary>What a danger needs goes out though the disk does not take it, and is in the book once it does.</summary>
public sealed class UnwrittenCommandTests
{
    [Fact]
    public async Task A_siren_that_the_disk_does_not_take_sounds_ends_and_comes_into_the_book_as_it_was()
    {
        FaultyDisk disk = null!;
        await using var fixture = await CommandFixture.StartAsync(folder => disk = new FaultyDisk(folder), hasSockets: false);
        using var under = disk;
        disk.Arm(1, DiskFault.Error, lasts: true);
        var sentMs = fixture.NowMs;

        Assert.True(fixture.Sender.TrySend(Siren(fixture, "s-1")));
        await fixture.UntilPublishedAsync(1);
        // Nobody answers: again, under the same id, with the same end of its time and never after it.
        await PassAsync(fixture, 20, () => Sent(fixture, "siren") == 4);
        await PassAsync(fixture, 20, () => Sent(fixture, "off") > 0);
        Assert.All(fixture.Published.Where(published => Op(published) == "siren"), published => Assert.Equal(sentMs + 20_000, published.Body.GetProperty("exp").GetInt64()));
        Assert.Equal((4, "s-1-end"), (Sent(fixture, "siren"), fixture.Published.First(published => Op(published) == "off").Body.GetProperty("id").GetString()));
        Assert.Null(fixture.Find("s-1"));

        disk.Heal();
        // Its answer waited for the disk with everything else, and is there first.
        await fixture.AckAsync("s-1", CommandResult.Done);
        await PassAsync(fixture, 10, () => fixture.Unwritten.Waiting.Count == 0);

        var booked = fixture.Find("s-1");
        Assert.Equal((CommandState.Done, sentMs, "done"), (booked.State, booked.SentMs!.Value, booked.Result));
        Assert.Equal(("s-1", false), Assert.Single(fixture.Notices().Where(notice => notice.Operation == Operation.Siren).Select(notice => (notice.Id, notice.IsVoid))));
        await PassAsync(fixture, 5, () => fixture.Find("s-1-end").State == CommandState.Sent);
        Assert.Equal(4, Sent(fixture, "siren"));
        Assert.Equal((1, 0), (fixture.Counts.Answers, fixture.Counts.AnswersUnknown));
    }

    [Fact]
    public async Task A_siren_that_nobody_answered_is_not_called_unanswered_before_its_answer_had_its_turn_at_the_disk()
    {
        FaultyDisk disk = null!;
        await using var fixture = await CommandFixture.StartAsync(folder => disk = new FaultyDisk(folder));
        using var under = disk;
        disk.Arm(1, DiskFault.Full, lasts: true);
        fixture.Sender.TrySend(Siren(fixture, "s-1"));
        await fixture.UntilPublishedAsync(1);
        fixture.Time.Advance(TimeSpan.FromHours(1));

        disk.Heal();
        await PassAsync(fixture, 5, () => fixture.Unwritten.Waiting.Count == 0);
        Assert.Equal(CommandState.Sent, fixture.Find("s-1").State);
        await fixture.AckAsync("s-1", CommandResult.Done);

        Assert.Equal(CommandState.Done, fixture.Find("s-1").State);
    }

    [Fact]
    public async Task An_order_whose_slow_commit_came_through_after_all_is_one_command_and_told_to_the_rules_once()
    {
        await using var fixture = await CommandFixture.StartAsync();
        fixture.IsUp = false;
        var order = fixture.Order("s-1", Operation.Siren, seconds: 30, channel: null);
        await fixture.InsertAsync(order);
        Assert.True(fixture.Sender.TrySend(order with { SentMs = fixture.NowMs }));
        fixture.IsUp = true;
        await PassAsync(fixture, 5, () => fixture.Unwritten.Waiting.Count == 0);
        await fixture.UntilAsync(CommandState.Sent, "s-1");

        Assert.Single(fixture.Notices());
        Assert.All(fixture.Published, published => Assert.Equal("s-1", published.Body.GetProperty("id").GetString()));
    }

    [Fact]
    public async Task The_end_of_an_earlier_siren_silences_none_that_sounds_now()
    {
        FaultyDisk disk = null!;
        await using var fixture = await CommandFixture.StartAsync(folder => disk = new FaultyDisk(folder), hasSockets: false);
        using var under = disk;
        await fixture.InsertAsync(fixture.Order("first", Operation.Siren, seconds: 10, channel: null));
        await fixture.UntilAsync(CommandState.Sent, "first");
        disk.Arm(1, DiskFault.Error, lasts: true);
        // One after the other from memory, each while the one before sounds; the end of the first is due meanwhile.
        fixture.Sender.TrySend(Siren(fixture, "second"));
        var secondMs = fixture.NowMs;
        await PassAsync(fixture, 10, () => fixture.NowMs >= secondMs + 9_000);
        fixture.Sender.TrySend(Siren(fixture, "third"));
        await PassAsync(fixture, 30, () => fixture.NowMs >= secondMs + 34_000);
        Assert.DoesNotContain(fixture.Published, published => Op(published) == "off");

        disk.Heal();
        await PassAsync(fixture, 20, () => Sent(fixture, "off") > 0);

        Assert.Equal(["third-end"], fixture.Published.Where(published => Op(published) == "off").Select(published => published.Body.GetProperty("id").GetString()!).Distinct());
        Assert.Equal((CommandState.Expired, "replaced"), (fixture.Find("first-end").State, fixture.Find("first-end").Result));
        Assert.Equal((CommandState.Expired, "replaced"), (fixture.Find("second-end").State, fixture.Find("second-end").Result));
    }

    [Fact]
    public async Task What_goes_out_without_the_disk_ends_what_it_replaces_in_memory_and_in_the_book()
    {
        FaultyDisk disk = null!;
        await using var fixture = await CommandFixture.StartAsync(folder => disk = new FaultyDisk(folder));
        using var under = disk;
        await fixture.InsertAsync(fixture.Order("on", Operation.On, ttlS: 30));
        await fixture.UntilAsync(CommandState.Sent, "on");
        disk.Arm(1, DiskFault.Error, lasts: true);
        fixture.Sender.TrySend(Siren(fixture, "sounds"));
        await fixture.UntilPublishedAsync(2);
        fixture.Time.Advance(TimeSpan.FromSeconds(1));
        fixture.Sender.TrySend(fixture.Order("off", ttlS: 60, channel: null) with { SentMs = fixture.NowMs });
        await PassAsync(fixture, 30, () => Sent(fixture, "off") >= 3);
        Assert.Equal((1, 1), (Sent(fixture, "siren"), Sent(fixture, "on")));

        disk.Heal();
        await PassAsync(fixture, 10, () => fixture.Unwritten.Waiting.Count == 0);

        Assert.Equal((CommandState.Unverified, CommandState.Unverified, CommandState.Sent), (fixture.Find("on").State, fixture.Find("sounds").State, fixture.Find("off").State));
        await PassAsync(fixture, 6, () => Sent(fixture, "off") >= 4);
        Assert.Equal((1, 1), (Sent(fixture, "siren"), Sent(fixture, "on")));
    }

    [Fact]
    public async Task An_end_that_nobody_answered_is_not_sent_again_once_the_siren_is_asked_to_sound_anew()
    {
        await using var fixture = await CommandFixture.StartAsync(hasSockets: false);
        await fixture.InsertAsync(fixture.Order("first", Operation.Siren, seconds: 10, channel: null));
        await PassAsync(fixture, 15, () => Sent(fixture, "off") > 0);
        await fixture.InsertAsync(fixture.Order("second", Operation.Siren, seconds: 60, channel: null));
        await fixture.UntilAsync(CommandState.Sent, "second");
        var ends = Sent(fixture, "off");

        await PassAsync(fixture, 20, () => fixture.NowMs > fixture.Find("second").SentMs + 15_000);

        Assert.Equal(ends, Sent(fixture, "off"));
        Assert.Equal((CommandState.Expired, "replaced"), (fixture.Find("first-end").State, fixture.Find("first-end").Result));
    }

    [Theory]
    [InlineData(Operation.Siren)]
    [InlineData(Operation.Off)]
    public async Task On_a_disk_that_takes_alerts_alone_what_a_danger_needs_goes_out_every_five_seconds_and_nothing_else_does(Operation operation)
    {
        await using var fixture = await CommandFixture.StartAsync();
        await fixture.InsertAsync(fixture.Order("sent", Operation.Limit, ttlS: 60, channel: "s2"));
        await fixture.UntilAsync(CommandState.Sent, "sent");
        await fixture.UntilPublishedAsync(1);
        fixture.ReserveBytes = 1L << 60;
        await fixture.RestartAsync(TimeSpan.Zero);
        var first = fixture.NowMs;
        await fixture.InsertAsync(fixture.Order("on", Operation.On, channel: "s2"));
        await fixture.InsertAsync(fixture.Order("danger", operation, seconds: operation == Operation.Siren ? 30 : null));

        await PassAsync(fixture, 2, () => fixture.Published.Any(IsOfDanger));
        await PassAsync(fixture, 20, () => fixture.NowMs >= first + 19_000);

        Assert.Equal(4, fixture.Published.Count(IsOfDanger));
        Assert.Equal((CommandState.Queued, CommandState.Queued), (fixture.Find("on").State, fixture.Find("danger").State));
        Assert.Equal(0, Sent(fixture, "on"));
        // What went out before is not held up by what waits for the disk.
        Assert.InRange(Sent(fixture, "limit"), 4, 5);
        // What nobody could send in time is over in time.
        await PassAsync(fixture, 5, () => fixture.Find("on").State == CommandState.Expired);
        // The rules were told of nothing but what is on disk.
        Assert.Equal("sent", Assert.Single(fixture.Notices()).Id);

        static bool IsOfDanger(PublishedCommand published) => published.Body.GetProperty("id").GetString() == "danger";
    }

    [Fact]
    public async Task A_siren_that_the_disk_took_and_whose_going_out_it_refuses_sounds_and_the_rules_are_told_once()
    {
        FaultyDisk disk = null!;
        await using var fixture = await CommandFixture.StartAsync(folder => disk = new FaultyDisk(folder));
        using var under = disk;
        fixture.IsUp = false;
        await fixture.InsertAsync(fixture.Order("s-1", Operation.Siren, seconds: 30, channel: null));
        disk.Arm(1, DiskFault.Full, lasts: true);
        fixture.IsUp = true;

        await PassAsync(fixture, 2, () => Sent(fixture, "siren") == 1);
        Assert.Equal(CommandState.Queued, fixture.Find("s-1").State);
        disk.Heal();
        await PassAsync(fixture, 4, () => fixture.Unwritten.Waiting.Count == 0);

        Assert.Equal(CommandState.Sent, fixture.Find("s-1").State);
        Assert.Equal("s-1", Assert.Single(fixture.Notices()).Id);
        Assert.Equal(1, Sent(fixture, "siren"));
    }

    [Fact]
    public async Task A_siren_does_not_wait_for_a_disk_that_hangs_and_what_that_takes_in_the_end_is_the_same_command()
    {
        using var hangs = new ManualResetEventSlim(initialState: true);
        FaultyDisk disk = null!;
        await using var fixture = await CommandFixture.StartAsync(folder => disk = Hanging(folder, hangs));
        using var under = disk;
        fixture.IsUp = false;
        await fixture.InsertAsync(fixture.Order("on", Operation.On, channel: "s2"));
        await fixture.InsertAsync(fixture.Order("s-1", Operation.Siren, seconds: 30, channel: null));
        hangs.Reset();
        fixture.IsUp = true;

        await PassAsync(fixture, 4, () => Sent(fixture, "siren") == 1);
        Assert.Equal((CommandState.Queued, CommandState.Queued), (fixture.Find("s-1").State, fixture.Find("on").State));
        hangs.Set();
        await PassAsync(fixture, 4, () => fixture.Unwritten.Waiting.Count == 0 && Sent(fixture, "on") == 1);

        Assert.Equal((CommandState.Sent, CommandState.Sent), (fixture.Find("s-1").State, fixture.Find("on").State));
        Assert.Equal(["on", "s-1"], fixture.Notices().Select(notice => notice.Id).Order());
        Assert.Equal(1, Sent(fixture, "siren"));
    }

    [Fact]
    public async Task An_on_that_waited_for_a_disk_that_hung_is_not_sent_behind_the_off_that_was_ordered_after_it()
    {
        using var hangs = new ManualResetEventSlim(initialState: true);
        FaultyDisk disk = null!;
        await using var fixture = await CommandFixture.StartAsync(folder => disk = Hanging(folder, hangs));
        using var under = disk;
        using var desk = Desk(fixture);
        hangs.Reset();
        var on = desk.OrderAsync(fixture.Order("on", Operation.On, ttlS: 30).Order);
        fixture.Time.Advance(TimeSpan.FromSeconds(1));
        var off = desk.OrderAsync(fixture.Order("off", ttlS: 60).Order);
        // The second that it waits for the disk; what is read of the device then has a second of its own, in which no time goes by.
        fixture.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.IsType<OrderOutcome.Taken>(await off);
        await PassAsync(fixture, 5, () => Sent(fixture, "off") == 1);
        Assert.False(on.IsCompleted);

        hangs.Set();
        Assert.IsType<OrderOutcome.Taken>(await on);
        await PassAsync(fixture, 20, () => Sent(fixture, "off") >= 3);

        Assert.Equal(0, Sent(fixture, "on"));
        Assert.Equal((CommandState.Expired, CommandBook.ReplacedBy("off"), CommandState.Sent), (fixture.Find("on").State, fixture.Find("on").Result, fixture.Find("off").State));
        Assert.Equal("off", Assert.Single(fixture.Notices()).Id);
    }

    [Fact]
    public async Task An_order_whose_turn_comes_when_its_time_is_over_is_refused()
    {
        using var hangs = new ManualResetEventSlim(initialState: true);
        FaultyDisk disk = null!;
        await using var fixture = await CommandFixture.StartAsync(folder => disk = Hanging(folder, hangs));
        using var under = disk;
        using var desk = Desk(fixture);
        hangs.Reset();
        var before = desk.OrderAsync(fixture.Order("before", Operation.On, channel: "s2").Order);
        var waits = desk.OrderAsync(fixture.Order("waits", Operation.On).Order);
        // Whoever pressed has long looked away.
        fixture.Time.Advance(TimeSpan.FromMinutes(5));

        hangs.Set();
        await before;
        Assert.Equal("late", Assert.IsType<OrderOutcome.Refused>(await waits).Refusal.Reason);
        await PassAsync(fixture, 5, () => fixture.Find("before").State == CommandState.Expired);
        Assert.Null(fixture.Find("waits"));
        Assert.Empty(fixture.Published);
    }

    [Fact]
    public async Task The_next_repeat_of_an_off_does_not_wait_for_the_end_of_another_command_on_a_disk_that_hangs()
    {
        using var hangs = new ManualResetEventSlim(initialState: true);
        FaultyDisk disk = null!;
        await using var fixture = await CommandFixture.StartAsync(folder => disk = Hanging(folder, hangs));
        using var under = disk;
        await fixture.InsertAsync(fixture.Order("test", Operation.SelfTest, ttlS: 5, channel: null));
        await fixture.UntilAsync(CommandState.Sent, "test");
        await fixture.InsertAsync(fixture.Order("off", ttlS: 120));
        await fixture.UntilAsync(CommandState.Sent, "off");
        hangs.Reset();

        // The end of the other is due within it.
        await PassAsync(fixture, 60, () => Sent(fixture, "off") >= 9);
        hangs.Set();
        await PassAsync(fixture, 5, () => fixture.Find("test").State == CommandState.Unverified);
    }

    [Fact]
    public async Task On_a_disk_that_takes_alerts_alone_each_off_counts_once()
    {
        await using var fixture = await CommandFixture.StartAsync();
        fixture.ReserveBytes = 1L << 60;
        await fixture.RestartAsync(TimeSpan.Zero);
        using var desk = Desk(fixture);
        for (var number = 0; number < CommandLimits.DeviceAMinute; number++)
        {
            var id = $"off-{number}";
            Assert.IsType<OrderOutcome.Taken>(await desk.OrderAsync(fixture.Order(id, ttlS: 60, channel: $"s{1 + (number % 2)}").Order));
            await PassAsync(fixture, 3, () => fixture.Unwritten.Find(id) is not null);
        }

        Assert.Equal("device-rate", Assert.IsType<OrderOutcome.Refused>(await desk.OrderAsync(fixture.Order("more").Order)).Refusal.Reason);
    }

    [Fact]
    public async Task What_was_ordered_while_the_clock_was_ahead_makes_no_later_order_count_for_more_than_a_minute()
    {
        await using var fixture = await CommandFixture.StartAsync();
        fixture.IsUp = false;
        var ahead = fixture.NowMs + 3_600_000;
        await fixture.InsertAsync(fixture.Order("ahead") with { CreatedMs = ahead, DueMs = ahead, ExpiresMs = ahead + 20_000 });
        await fixture.InsertAsync(fixture.Order("now"));
        Assert.True(fixture.Find("now").CreatedMs > ahead);

        using var reader = fixture.Database.OpenReader();
        Assert.Equal((1, 1), CommandBook.Since(reader, fixture.Pile.Number, "lane", protective: true, fixture.NowMs + 1));
    }

    [Fact]
    public async Task What_waits_in_memory_counts_as_newer_than_what_may_energise_and_silences_no_siren_after_it()
    {
        await using var fixture = await CommandFixture.StartAsync();
        Assert.True(fixture.Unwritten.TryAdd(fixture.Order("off", ttlS: 60, channel: null)));
        var later = fixture.NowMs + 10_000;

        Assert.True(fixture.Unwritten.Replaces(fixture.Order("on", Operation.On) with { CreatedMs = later }));
        Assert.False(fixture.Unwritten.Replaces(fixture.Order("siren", Operation.Siren, seconds: 30, channel: null) with { CreatedMs = later }));
        Assert.False(fixture.Unwritten.Replaces(fixture.Order("off-2", channel: null) with { CreatedMs = later }));
    }

    [Fact]
    public void No_more_wait_in_memory_than_may()
    {
        var unwritten = new UnwrittenCommands();
        var order = new CommandOrder { Id = "a", Device = new(FacilityMonitor.Readings.Dialect.Fm1, "lane", "siren-1"), Operation = Operation.Siren, By = "oncall" };
        var command = new StoredCommand { Order = order, Device = 1, State = CommandState.Queued, CreatedMs = 0, DueMs = 0, ExpiresMs = 20_000, ChangedMs = 0, SentMs = 0 };
        for (var number = 0; number < UnwrittenCommands.WaitingMax; number++)
            Assert.True(unwritten.TryAdd(command with { Order = order with { Id = $"s-{number}" } }));
        Assert.False(unwritten.TryAdd(command));

        unwritten.Booked("s-7");
        Assert.True(unwritten.TryAdd(command));
        Assert.Null(unwritten.Find("s-7"));
        Assert.NotNull(unwritten.Find("a"));

        // What is long over gives its place, and an "off" gives its own to a siren.
        Assert.False(unwritten.TryAdd(command with { Order = order with { Id = "soon" }, SentMs = 20_000 + (CommandLimits.SirenMaxS * 1000L) }));
        Assert.True(unwritten.TryAdd(command with { Order = order with { Id = "off", Operation = Operation.Off }, SentMs = 20_001 + (CommandLimits.SirenMaxS * 1000L) }));
        Assert.Null(unwritten.Find("s-0"));
        Assert.False(unwritten.TryAdd(command with { Order = order with { Id = "off-2", Operation = Operation.Off } }));
        Assert.True(unwritten.TryAdd(command with { Order = order with { Id = "siren" } }));
        Assert.Equal((null, UnwrittenCommands.WaitingMax), (unwritten.Find("off"), unwritten.Waiting.Count));
    }

    private static FaultyDisk Hanging(string folder, ManualResetEventSlim hangs) => new(folder)
    {
        SyncTakes = () =>
        {
            // Not for ever: a test that fails meanwhile has to end.
            hangs.Wait(TimeSpan.FromSeconds(60));
            return TimeSpan.Zero;
        },
    };

    private static CommandDesk Desk(CommandFixture fixture) => new(
        fixture.Database, fixture.Scenes, fixture.Devices, fixture.Words, fixture.Unwritten, fixture.Sender, fixture.Counts, fixture.Time, NullLogger<CommandDesk>.Instance);

    private static StoredCommand Siren(CommandFixture fixture, string id) => fixture.Order(id, Operation.Siren, seconds: 30, channel: null) with { SentMs = fixture.NowMs };

    private static string Op(PublishedCommand published) => published.Body.GetProperty("op").GetString()!;

    private static int Sent(CommandFixture fixture, string operation) => fixture.Published.Count(published => Op(published) == operation);

    /// <summary>Lets the seconds go by until it holds, and no more of them.</summary>
    private static Task PassAsync(CommandFixture fixture, int seconds, Func<bool> holds, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(holds))] string what = "")
    {
        var end = fixture.NowMs + (seconds * 1_000L);
        return Until.TrueAsync(
            () =>
            {
                if (holds())
                    return true;
                if (fixture.NowMs < end)
                    fixture.Time.Advance(TimeSpan.FromMilliseconds(200));
                return false;
            },
            what);
    }
}

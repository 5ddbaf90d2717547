using FacilityMonitor.Contract;
using FacilityMonitor.Control;
using FacilityMonitor.Tests.Mqtt;
using FacilityMonitor.Tests.Storage;

namespace FacilityMonitor.Tests.Control;

/// <summary>What a danger needs goes out though the disk does not take it, and is in the book once it does.</summary>
public sealed class UnwrittenCommandTests
{
    [Fact]
    public async Task A_siren_that_the_disk_does_not_take_sounds_ends_and_comes_into_the_book_as_it_was()
    {
        FaultyDisk disk = null!;
        await using var fixture = await CommandFixture.StartAsync(folder => disk = new FaultyDisk(folder));
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
        await using var fixture = await CommandFixture.StartAsync(folder => disk = new FaultyDisk(folder));
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
        await using var fixture = await CommandFixture.StartAsync();
        await fixture.InsertAsync(fixture.Order("first", Operation.Siren, seconds: 10, channel: null));
        await PassAsync(fixture, 15, () => Sent(fixture, "off") > 0);
        await fixture.InsertAsync(fixture.Order("second", Operation.Siren, seconds: 60, channel: null));
        await fixture.UntilAsync(CommandState.Sent, "second");
        var ends = Sent(fixture, "off");

        await PassAsync(fixture, 20, () => fixture.NowMs > fixture.Find("second").SentMs + 15_000);

        Assert.Equal(ends, Sent(fixture, "off"));
        Assert.Equal((CommandState.Expired, "replaced"), (fixture.Find("first-end").State, fixture.Find("first-end").Result));
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
    }

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

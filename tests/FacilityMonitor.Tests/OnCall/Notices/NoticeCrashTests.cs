using FacilityMonitor.OnCall.Notices;
using FacilityMonitor.Tests.Conventions;
using FacilityMonitor.Tests.OnCall.Channels;

namespace FacilityMonitor.Tests.OnCall.Notices;

/// <summary>We are killed at every moment there is, one after the other: nobody is forgotten, and nobody hears a thing more than twice.</summary>
public sealed class NoticeCrashTests
{
    /// <summary>What happens to a notice beside the crash.</summary>
    public static TheoryData<string> Stories => ["taken", "first way refused", "answer lost", "first way limited", "second way unreachable", "taken up after a kill"];

    /// <summary>All writing of the worker passes <see cref="NoticeMoment.Committing"/> and <see cref="NoticeMoment.Committed"/>: a step that went another way would not be among the crashes.</summary>
    [Fact]
    public void The_worker_writes_in_one_place_so_that_no_step_is_left_out()
    {
        var source = File.ReadAllText(Path.Combine(SourceTree.Root, "src/FacilityMonitor/OnCall/Notices/NoticeWorker.cs"));

        Assert.Equal(2, source.Split(".CommitAsync(").Length);
        Assert.DoesNotContain("Database.Execute(", source, StringComparison.Ordinal);
        foreach (var moment in Enum.GetNames<NoticeMoment>())
            Assert.Equal(2, source.Split($"Invoke(NoticeMoment.{moment})").Length);
    }

    [Fact]
    public async Task Every_moment_there_is_and_every_kind_of_end_is_among_those_we_are_killed_at()
    {
        var (moments, told) = (new HashSet<NoticeMoment>(), new HashSet<string>(StringComparer.Ordinal));
        foreach (var story in Stories)
            await RunAsync(story, crashAt: -1, moments, told);

        Assert.Equal(Enum.GetValues<NoticeMoment>(), moments.Order());
        // Ends without acceptance have stories of their own in NoticeWorkerTests; reports of providers in NoticeReceiptsTests.
        Assert.Equal([nameof(DeliveryKind.Accepted), nameof(DeliveryKind.Failed), nameof(DeliveryKind.FailedOver)], told.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Stories))]
    public async Task Killed_at_any_moment_we_lose_nothing_and_say_it_at_most_twice(string story)
    {
        var moments = await RunAsync(story, crashAt: -1);
        Assert.InRange(moments, 5, 60);
        for (var moment = 0; moment < moments; moment++)
            await RunAsync(story, moment);
    }

    /// <summary>Runs a story, with a crash at one of its moments.</summary>
    /// <returns>How many moments it had.</returns>
    private static async Task<int> RunAsync(string story, int crashAt, HashSet<NoticeMoment>? seen = null, HashSet<string>? told = null)
    {
        await using var fixture = new NoticeFixture("wecom-bot", "aliyun-sms");
        var moments = 0;
        fixture.Moment = moment =>
        {
            if (moment is { } reached)
                seen?.Add(reached);
            if (Interlocked.Increment(ref moments) - 1 == crashAt)
                throw new CrashException();
        };
        var lost = 0;
        fixture.Provider.Mischief = request => story switch
        {
            "answer lost" when lost++ == 0 => Mischief.LostAfter,
            "second way unreachable" when request.RequestUri!.Host == "wecom.test" => Mischief.LostBefore,
            _ => Mischief.None,
        };
        fixture.Provider.Refuse = story switch { "first way refused" => "93000", "first way limited" => "45009", _ => null };
        if (fixture.Provider.Refuse is not null)
        {
            fixture.Provider.Mischief = request =>
            {
                // Only the first provider refuses.
                fixture.Provider.Refuse = request.RequestUri!.Host == "wecom.test" ? (story == "first way refused" ? "93000" : "45009") : null;
                return Mischief.None;
            };
        }

        if (story == "taken up after a kill")
            await LeaveClaimedAsync(fixture);
        await fixture.RestartAsync(withMoments: true);
        var notice = NoticeFixture.Notice(ways: [("wecom-bot", ""), ("aliyun-sms", ChannelBench.Phone)]);
        var hasCrashed = false;
        try
        {
            await fixture.PutAsync(notice);
        }
        catch (CrashException)
        {
            hasCrashed = true;
        }

        await fixture.AdvanceUntilAsync(() => fixture.HasCrashed || IsOver(fixture, notice), $"{story}, crash at {crashAt}");
        hasCrashed |= fixture.HasCrashed;
        if (crashAt >= 0)
        {
            // The last moment may come when everything is booked.
            await fixture.AdvanceUntilAsync(() => fixture.HasCrashed || hasCrashed || moments > crashAt, $"{story}: the crash at {crashAt}");
            await fixture.RestartAsync();
            await fixture.AdvanceUntilAsync(() => IsOver(fixture, notice), $"{story}, after the crash at {crashAt}");
        }

        await fixture.PassAsync(TimeSpan.FromSeconds(3));
        var arrivals = fixture.Provider.Ledger.Count;
        var most = (crashAt >= 0 ? 2 : 1) + (story == "answer lost" ? 1 : 0);
        Assert.True(arrivals >= 1, $"{story}, crash at {crashAt}: nobody was told");
        Assert.True(arrivals <= most, $"{story}, crash at {crashAt}: told {arrivals} times");
        told?.UnionWith(fixture.Timeline().Select(said => said.Split(' ')[2]));
        Assert.Equal(NoticeState.Accepted, fixture.StateOf(notice));
        Assert.Single(fixture.Timeline(), said => said.Contains("Accepted", StringComparison.Ordinal));
        Assert.Equal(0, fixture.Count("select count(*) from notice_way where state in (0, 1)"));
        Assert.Equal(0, fixture.Count("select count(*) from notice_attempt where ended_ms is null"));
        return moments;
    }

    /// <summary>As a process leaves it that was killed while a message was on its way.</summary>
    private static async Task LeaveClaimedAsync(NoticeFixture fixture)
    {
        await fixture.PutAsync(NoticeFixture.Notice(ways: [("wecom-bot", ""), ("aliyun-sms", ChannelBench.Phone)]));
        await fixture.Database.CommitAsync(FacilityMonitor.Journal.CommitPriority.Alerts, connection => FacilityMonitor.Journal.Database.Execute(
            connection, "update notice_way set state = 1, attempts = 1, lease = 'dead', lease_ms = 1 where ordinal = 0"));
    }

    private static bool IsOver(NoticeFixture fixture, Notice notice) => fixture.Count("select count(*) from notice") == 1 && fixture.StateOf(notice) != NoticeState.Queued;
}

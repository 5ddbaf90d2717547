using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Control;
using FacilityMonitor.OnCall;
using FacilityMonitor.Tests.Control;
using FacilityMonitor.Tests.OnCall;

namespace FacilityMonitor.Tests.Storage;

/// <summary>
/// Whatever write of whatever file fails, and however: letters and commands come to the same end as on a good disk, nobody is told twice, and no worker dies of it.
/// What <see cref="DiskFaultTests"/> does for the journal and the store.
/// </summary>
public sealed class WriterFaultTests
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(200);

    [Theory]
    [InlineData("Full", false)]
    [InlineData("Full", true)]
    [InlineData("Error", false)]
    [InlineData("Error", true)]
    [InlineData("Torn", false)]
    [InlineData("Torn", true)]
    public Task Whatever_operation_fails_every_letter_is_sent_once_and_booked(string fault, bool lasts) => EachAsync(fault, lasts, LettersAsync, 10);

    [Theory]
    [InlineData("Full", false)]
    [InlineData("Full", true)]
    [InlineData("Error", false)]
    [InlineData("Error", true)]
    [InlineData("Torn", false)]
    [InlineData("Torn", true)]
    public Task Whatever_operation_fails_a_command_is_one_command_and_ends_as_the_device_says(string fault, bool lasts) => EachAsync(fault, lasts, CommandAsync, 10);

    [Theory]
    [InlineData("Full", true)]
    [InlineData("Error", false)]
    [InlineData("Torn", true)]
    public Task Whatever_operation_fails_a_siren_sounds_once_and_is_ended_once(string fault, bool lasts) => EachAsync(fault, lasts, SirenAsync, 10);

    /// <summary>Every operation in its turn, until there are not so many.</summary>
    private static async Task EachAsync(string fault, bool lasts, Func<Action<FaultyDisk>, Task<bool>> run, int least)
    {
        var failAt = 0;
        bool hasFailed;
        do
        {
            failAt++;
            hasFailed = await run(disk => disk.Arm(failAt, Enum.Parse<DiskFault>(fault), lasts));
        }
        while (hasFailed);
        Assert.InRange(failAt, least, 2_000);
    }

    private static async Task<bool> LettersAsync(Action<FaultyDisk> arm)
    {
        FaultyDisk disk = null!;
        await using var fixture = new OutboxFixture(folder => disk = new FaultyDisk(folder), ("guard", []), ("manager", []));
        using var under = disk;
        await fixture.StartAsync();
        arm(disk);
        await disk.InsistAsync(() => fixture.TellAsync(OutboxFixture.Step("a", 1, Condition.Active, Priority.P0)));
        await SentAsync(2);
        await disk.InsistAsync(() => fixture.TellAsync(OutboxFixture.Step("a", 2, Condition.Cleared), OutboxFixture.Step("b", 1, Condition.Active)));
        await SentAsync(6);
        var hasFailed = disk.HasFailed;
        disk.Heal();
        Assert.Equal(
            ["a-1-guard", "a-1-manager", "a-2-guard", "a-2-manager", "b-1-guard", "b-1-manager"],
            fixture.Attempts.Select(attempt => attempt.Key).Order(StringComparer.Ordinal));
        Assert.False(fixture.Worker.ExecuteTask!.IsCompleted);
        return hasFailed;

        Task SentAsync(int letters) => disk.UntilAsync(() => fixture.Count(OutboxState.Sent) == letters, () => fixture.Time.Advance(Step), $"{letters} letters are booked as sent");
    }

    private static async Task<bool> CommandAsync(Action<FaultyDisk> arm)
    {
        FaultyDisk disk = null!;
        await using var fixture = await CommandFixture.StartAsync(folder => disk = new FaultyDisk(folder));
        using var under = disk;
        arm(disk);
        await disk.InsistAsync(() => fixture.InsertAsync(fixture.Order(ttlS: 100)));
        await UntilAsync(() => fixture.Published.Count > 0, "the command is published");
        await disk.InsistAsync(() => fixture.AckAsync("c-1", CommandResult.Accepted));
        await disk.InsistAsync(() => fixture.AckAsync("c-1", CommandResult.Done));
        await UntilAsync(() => fixture.Find().State == CommandState.Done, "the command is done");
        // What went out from memory may be answered before the rules are told of it.
        await UntilAsync(() => fixture.Unwritten.Waiting.Count == 0, "the rules are told of it");
        var hasFailed = disk.HasFailed;
        disk.Heal();
        Assert.All(fixture.Published, published => Assert.Equal("c-1", published.Body.GetProperty("id").GetString()));
        Assert.Equal(("c-1", false), Assert.Single(fixture.Notices().Select(notice => (notice.Id, notice.IsVoid))));
        return hasFailed;

        Task UntilAsync(Func<bool> condition, string what) => disk.UntilAsync(condition, () => fixture.Time.Advance(Step), what);
    }

    private static async Task<bool> SirenAsync(Action<FaultyDisk> arm)
    {
        FaultyDisk disk = null!;
        await using var fixture = await CommandFixture.StartAsync(folder => disk = new FaultyDisk(folder), hasSockets: false);
        using var under = disk;
        arm(disk);
        await disk.InsistAsync(() => fixture.InsertAsync(fixture.Order(operation: Operation.Siren, ttlS: 100, seconds: 1, channel: null)));
        await UntilAsync(() => fixture.Published.Count > 0, "the siren is published");
        await disk.InsistAsync(() => fixture.AckAsync("c-1", CommandResult.Done));
        await UntilAsync(() => fixture.Published.Any(published => published.Body.GetProperty("op").GetString() == "off"), "its end is published");
        await disk.InsistAsync(() => fixture.AckAsync("c-1-end", CommandResult.Done));
        await UntilAsync(() => fixture.Find("c-1-end").State == CommandState.Done, "its end is done");
        await UntilAsync(() => fixture.Unwritten.Waiting.Count == 0, "the rules are told of it");
        var hasFailed = disk.HasFailed;
        disk.Heal();
        Assert.Equal(["c-1 siren", "c-1-end off"], fixture.Published.Select(published => $"{published.Body.GetProperty("id").GetString()} {published.Body.GetProperty("op").GetString()}").Distinct());
        Assert.Equal([("c-1", false), ("c-1-end", false)], fixture.Notices().Select(notice => (notice.Id, notice.IsVoid)));
        return hasFailed;

        Task UntilAsync(Func<bool> condition, string what) => disk.UntilAsync(condition, () => fixture.Time.Advance(Step), what);
    }
}

using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using FacilityMonitor.Tests.Storage;

namespace FacilityMonitor.Tests.Journal;

public sealed class DeadLettersTests
{
    [Theory]
    [InlineData(3_000, 0)]
    [InlineData(2_999, 1)]
    [InlineData(1_000, 2)]
    public async Task The_oldest_beyond_the_bytes_that_are_kept_go_first(long bytesMax, int excess)
    {
        await using var data = new StoreFixture();
        await data.StartAsync();
        var writer = new JournalWriter();
        for (var letter = 0; letter < 3; letter++)
            writer.DeadLetter("t"u8, new byte[1_000], RejectReason.BadJson, "x", 1, null);
        await data.Journal.AppendAsync(writer);

        using var reader = data.Database.OpenReader();
        Assert.Equal(excess, DeadLetters.Excess(reader, bytesMax));
        var pruned = 0;
        await data.Database.CommitAsync(CommitPriority.Housekeeping, connection => pruned = DeadLetters.Prune(connection, excess, 20));
        Assert.Equal(excess, pruned);
        Assert.Equal(3 - excess, DeadLetters.Read(reader).Count());
    }
}

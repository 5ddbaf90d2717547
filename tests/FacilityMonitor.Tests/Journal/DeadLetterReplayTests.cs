using FacilityMonitor.Commands;
using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Tests.Journal;

public sealed class DeadLetterReplayTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(RejectReason.BadJson, "1 taken in, 0 still not understood")]
    [InlineData(RejectReason.RetainedData, "0 taken in, 1 still not understood")]
    public async Task A_message_is_taken_in_once_after_a_fix_but_not_when_it_was_refused_for_being_retained(RejectReason reason, string said)
    {
        var time = new ManualTime();
        await using (var database = Database.Open(_folder.Path, time))
        {
            var writer = new JournalWriter();
            writer.DeadLetter(
                "fm/1/huaihai/pile-01/data"u8, """{"v":1,"boot":"b1","seq":1,"ts":1767225600000,"up":1,"clk":"ntp","r":[{"dt":0,"ch":"s1","w":5}]}"""u8,
                reason, "as the old version saw it", 1_767_225_600_100, null);
            await new MessageJournal(database, new DeviceTable()).AppendAsync(writer);
        }

        Assert.Equal(said, await ReplayAsync(time));
        if (reason == RejectReason.BadJson)
            Assert.Equal("0 taken in, 0 still not understood", await ReplayAsync(time));
    }

    private async Task<string> ReplayAsync(TimeProvider time)
    {
        using var output = new StringWriter();
        Assert.Equal(0, await DeadLetterCommand.ReplayAsync(_folder.Path, FacilityMonitor.Contract.JsonMappings.Empty, time, output));
        return output.ToString().Trim();
    }
}

using FacilityMonitor.Commands;
using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using FacilityMonitor.Readings;
using FacilityMonitor.Tests.Rules;

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

    /// <summary>What could be read of it was taken when it came; it is not told twice, and the letter stays until the rest can be read.</summary>
    [Fact]
    public async Task A_gateways_message_of_which_a_part_is_still_broken_waits_for_the_fix()
    {
        var time = new ManualTime();
        await SetAsideAsync(time, ("v1/gateway/telemetry", """{"a":{"power":1},"bad":[{"ts":"noon","values":{"power":1}}],"c":{"power":3}}"""));

        Assert.Equal("0 taken in, 1 still not understood", await ReplayAsync(time));
        using var reader = Database.OpenReader(_folder.Path);
        Assert.Null(Assert.Single(DeadLetters.Read(reader)).ReplayedMs);
        using var journaled = Database.Command(reader, "select count(*) from journal where messages > 0");
        Assert.Equal(0L, journaled.ExecuteScalar());
    }

    /// <summary>Letters of strangers are bounded like their messages.</summary>
    [Fact]
    public async Task Strangers_find_no_more_room_than_when_they_came()
    {
        var time = new ManualTime();
        var sockets = string.Join(',', Enumerable.Range(1, 200).Select(socket => $"{{\"ch\":\"s{socket}\",\"w\":5}}"));
        await SetAsideAsync(time, [.. Enumerable.Range(0, 3).Select(ghost => ($"fm/1/lane/ghost-{ghost}/data", $$"""{"v":1,"boot":"b1","seq":1,"ts":1767225600000,"up":1,"clk":"ntp","r":[{{sockets}}]}"""))]);

        Assert.Equal($"3 taken in, 0 still not understood, {3 * (200 - DeviceTable.ChannelsUnregisteredMax)} readings of channels without room left out", await ReplayAsync(time));
        using var reader = Database.OpenReader(_folder.Path);
        using var channels = Database.Command(reader, "select count(*) from stranger_channel");
        Assert.Equal(3L * DeviceTable.ChannelsUnregisteredMax, channels.ExecuteScalar());
    }

    private async Task SetAsideAsync(TimeProvider time, params (string Topic, string Payload)[] letters)
    {
        await using var database = Database.Open(_folder.Path, time);
        var writer = new JournalWriter();
        foreach (var (topic, payload) in letters)
            writer.DeadLetter(System.Text.Encoding.UTF8.GetBytes(topic), System.Text.Encoding.UTF8.GetBytes(payload), RejectReason.BadField, "as it was seen then", 1_767_225_600_100, null);
        await new MessageJournal(database, new DeviceTable()).AppendAsync(writer);
    }

    private async Task<string> ReplayAsync(TimeProvider time)
    {
        using var output = new StringWriter();
        Assert.Equal(0, await DeadLetterCommand.ReplayAsync(_folder.Path, Scene.Lane(), time, output));
        return output.ToString().Trim();
    }
}

using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Tests.Mqtt;

public sealed class OutboxTests
{
    [Fact]
    public async Task What_is_appended_during_a_write_leaves_together_in_the_next_one()
    {
        await using var stream = new GatedStream();
        var outbox = new Outbox(stream, limit: 10, TimeProvider.System, _ => { }, () => { });

        outbox.Append([1]);
        outbox.Flush();
        outbox.Append([2, 3]);
        outbox.Flush();
        outbox.Append([4]);
        outbox.Flush();
        stream.Open();
        await outbox.FinishAsync(default);

        Assert.Equal(["01", "020304"], stream.Writes);
    }

    [Theory]
    [InlineData(9, true)]
    [InlineData(10, false)]
    public void There_is_room_below_the_limit_and_none_on_it(int pending, bool room)
    {
        using var stream = new GatedStream();
        var outbox = new Outbox(stream, limit: 10, TimeProvider.System, _ => { }, () => { });

        outbox.Append(new byte[pending]);

        Assert.Equal(room, outbox.HasRoom);
    }

    [Fact]
    public void A_write_the_server_does_not_take_is_seen_to_stall()
    {
        var time = new ManualTime();
        using var stream = new GatedStream();
        var outbox = new Outbox(stream, limit: 10, time, _ => { }, () => { });
        outbox.Append([1]);
        outbox.Flush();

        time.Advance(TimeSpan.FromSeconds(31));

        Assert.Equal(TimeSpan.FromSeconds(31), outbox.Stalled);
    }

    private sealed class GatedStream : MemoryStream
    {
        private readonly TaskCompletionSource _open = new();

        public List<string> Writes { get; } = [];

        public void Open() => _open.SetResult();

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await _open.Task;
            Writes.Add(Convert.ToHexString(buffer.Span));
        }
    }
}
